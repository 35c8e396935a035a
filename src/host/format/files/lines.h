/* Lines of a file (or the whole of it, as one) out of a stream: what the json and text readers go
 * through. One thread. */
#ifndef HR_HOST_FORMAT_LINES_H
#define HR_HOST_FORMAT_LINES_H
#include "host/format/files/stream.h"

struct hr_record_lines;
/* separator NULL: \n, \r\n and \r; whole: the file is one line. pace is asked for each part that is
 * read, and is the caller's: HR_E_CANCELLED when it ends. */
enum hr_code hr_record_lines_open(struct hr_format *format,
                                  const struct hr_file *file,
                                  const char *charset,
                                  const char *separator,
                                  bool whole,
                                  struct hr_pace *pace,
                                  struct hr_record_lines **lines,
                                  struct hr_err *err);
/* *text NULL: the end. The text lives until the next call that has no room */
enum hr_code hr_record_lines_next(struct hr_record_lines *lines,
                                  const char **text,
                                  size_t *len,
                                  struct hr_err *err);
/* the next line is had without moving the ones before it */
bool hr_record_lines_has_room(const struct hr_record_lines *lines);
void hr_record_lines_close(struct hr_record_lines *lines);
#endif
