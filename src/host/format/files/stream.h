/* A file as one stream of UTF-8 bytes: decompressed, decoded from its charset, its byte order mark
 * taken off. One thread. */
#ifndef HR_HOST_FORMAT_STREAM_H
#define HR_HOST_FORMAT_STREAM_H
#include "host/format/files/files.h"

struct hr_stream;
/* charset: Java's name; NULL or UTF-8 leaves the bytes as they are */
enum hr_code hr_stream_open(struct hr_format *format,
                            const struct hr_file *file,
                            const char *charset,
                            struct hr_stream **stream,
                            struct hr_err *err);
/* *got 0: the end */
enum hr_code hr_stream_read(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err);
void hr_stream_close(struct hr_stream *stream); /* NULL is fine */
/* Is there such a charset, and may lines be split before they are decoded (ASCII stays one byte)?
 */
bool hr_stream_charset(const char *name, bool *ascii_compatible);
bool hr_stream_is_utf8(const char *name);
#endif
