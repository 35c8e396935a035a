/* A growing byte buffer that is told its maximum when it is created (curl's dynbuf is the model).
 * An append beyond the maximum, or without memory, empties the buffer and sticks: every later append fails too, so a
 * writer may check once, at the end, with hr_buf_ok. The bytes are always NUL-terminated. */
#ifndef HR_BASE_BUF_H
#define HR_BASE_BUF_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hr_buf {
    char *data;          /* NUL-terminated; NULL while nothing was appended */
    size_t len, cap, max;
    bool failed;
};

void hr_buf_init(struct hr_buf *buf, size_t max);
void hr_buf_release(struct hr_buf *buf);              /* frees the bytes; the buffer may be used again */
void hr_buf_clear(struct hr_buf *buf);                /* len = 0, memory kept */
bool hr_buf_reserve(struct hr_buf *buf, size_t more); /* room for `more` bytes after len */
bool hr_buf_add(struct hr_buf *buf, const void *bytes, size_t len);
bool hr_buf_adds(struct hr_buf *buf, const char *text);
bool hr_buf_addc(struct hr_buf *buf, char c);
bool hr_buf_addf(struct hr_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool hr_buf_vaddf(struct hr_buf *buf, const char *format, va_list args);
void hr_buf_drop(struct hr_buf *buf, size_t front);   /* remove the first `front` bytes */
char *hr_buf_steal(struct hr_buf *buf, size_t *len);  /* the caller frees with free(); the buffer is empty after */
static inline bool hr_buf_ok(const struct hr_buf *buf) { return !buf->failed; }
static inline const char *hr_buf_text(const struct hr_buf *buf) { return buf->data ? buf->data : ""; }
#endif
