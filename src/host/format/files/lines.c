#include "host/format/files/lines.h"
#include "base/check.h"
#include "host/format/scan.h"
#include <stdlib.h>

#define BUFFER_BYTES (512 * 1024)
#define LINE_BYTES_MAX (1u << 30)

struct hr_record_lines {
    struct hr_stream *stream;
    const char *separator;
    size_t separator_len;
    bool whole, is_end, given;
    struct hr_pace *pace;
    char *buffer;
    size_t cap, len, at;
    size_t searched; /* bytes from `at` on that end no line */
};

enum hr_code hr_record_lines_open(struct hr_format *format,
                                  const struct hr_file *file,
                                  const char *charset,
                                  const char *separator,
                                  bool whole,
                                  struct hr_pace *pace,
                                  struct hr_record_lines **out,
                                  struct hr_err *err)
{
    struct hr_record_lines *lines = calloc(1, sizeof *lines);
    HR_CHECK(lines);
    lines->separator = separator;
    lines->separator_len = separator ? strlen(separator) : 0;
    lines->whole = whole;
    lines->pace = pace;
    lines->cap = BUFFER_BYTES;
    lines->buffer = malloc(lines->cap + 1);
    HR_CHECK(lines->buffer);
    enum hr_code code = hr_stream_open(format, file, charset, &lines->stream, err);
    if (code) {
        hr_record_lines_close(lines);
        return code;
    }
    *out = lines;
    return HR_OK;
}

void hr_record_lines_close(struct hr_record_lines *lines)
{
    if (!lines)
        return;
    hr_stream_close(lines->stream);
    free(lines->buffer);
    free(lines);
}

/* more bytes behind what is not yet given; the buffer moves */
static enum hr_code more(struct hr_record_lines *lines, struct hr_err *err)
{
    size_t separator = lines->separator_len ? lines->separator_len : 1;
    if (lines->at)
        memmove(lines->buffer, lines->buffer + lines->at, lines->len - lines->at);
    lines->len -= lines->at;
    lines->at = 0;
    /* the last bytes may be half of a separator */
    lines->searched = lines->len < separator ? 0 : lines->len - separator;
    if (lines->len * 2 > lines->cap) {
        if (lines->cap > LINE_BYTES_MAX)
            return hr_fail(err, HR_E_LIMIT, "one line is larger than %u MB", LINE_BYTES_MAX >> 20);
        lines->cap *= 2;
        lines->buffer = realloc(lines->buffer, lines->cap + 1);
        HR_CHECK(lines->buffer);
    }
    size_t got;
    if (!hr_pace_ask(lines->pace))
        return hr_scan_ended(err);
    HR_TRY(hr_stream_read(lines->stream, lines->buffer + lines->len, lines->cap - lines->len, &got,
                          err));
    lines->len += got;
    lines->is_end = got == 0;
    return HR_OK;
}

/* the end of the line at `at`; *width its separator's bytes; NULL: not in the buffer */
static const char *find_end(const struct hr_record_lines *lines, size_t *width)
{
    const char *p = lines->buffer + lines->at + lines->searched, *end = lines->buffer + lines->len;
    if (lines->separator_len) {
        const char *found = memmem(p, (size_t)(end - p), lines->separator, lines->separator_len);
        *width = lines->separator_len;
        return found;
    }
    const char *n = memchr(p, '\n', (size_t)(end - p)),
               *r = memchr(p, '\r', (size_t)((n ? n : end) - p));
    *width = 1;
    if (!r)
        return n;
    if (r + 1 == end && !lines->is_end)
        return NULL;
    *width = r + 1 < end && r[1] == '\n' ? 2 : 1;
    return r;
}

enum hr_code hr_record_lines_next(struct hr_record_lines *lines,
                                  const char **text,
                                  size_t *len,
                                  struct hr_err *err)
{
    for (;;) {
        size_t width = 0;
        const char *end = lines->whole ? NULL : find_end(lines, &width);
        if (!end && !lines->is_end) {
            HR_TRY(more(lines, err));
            continue;
        }
        if (!end) {
            bool none = lines->whole ? lines->given : lines->at == lines->len;
            *text = none ? NULL : lines->buffer + lines->at;
            *len = lines->len - lines->at;
            lines->at = lines->len;
            lines->searched = 0;
            lines->given = true;
            return HR_OK;
        }
        *text = lines->buffer + lines->at;
        *len = (size_t)(end - *text);
        lines->at = (size_t)(end - lines->buffer) + width;
        lines->searched = 0;
        return HR_OK;
    }
}

bool hr_record_lines_has_room(const struct hr_record_lines *lines)
{
    size_t width;
    return lines->is_end || (!lines->whole && find_end(lines, &width));
}
