/* A growing byte buffer that is told its maximum when it is created (curl's dynbuf is the model).
 *
 * An append beyond the maximum, or without memory, empties the buffer and sticks: every later
 * append fails too, so a writer may check once, at the end. It must: a buffer that failed cannot be
 * read. hr_buf_text, hr_buf_len, hr_buf_steal and hr_buf_keep assert that nothing failed, so that a
 * text which is too long is never taken for an empty one. Whoever may meet the maximum ends with
 * hr_buf_take or hr_buf_check, which say what was too large.
 *
 * HR_BUF_GROWS as the maximum: for text in proportion to what is in memory already (a name quoted,
 * a type printed, a message). Such a buffer cannot fail: without memory the process aborts, as it
 * does for an arena's small memory.
 *
 * The members belong to buf.c and to the functions here. Between two calls one of these holds:
 *   empty   data_ NULL, len_ and cap_ 0: nothing was appended yet, or the bytes were given away
 *   whole   len_ <= max_, len_ < cap_, and data_[len_] is the zero that every reader may rely on
 *   failed  as empty, with failed_ set; never with HR_BUF_GROWS
 * A buffer may be moved by assignment: nothing points into it. Pointers into its bytes end with the
 * next append, cut or drop. */
#ifndef HR_BASE_BUF_H
#define HR_BASE_BUF_H
#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hr_buf {
    char *data_; /* NULL while nothing was appended */
    size_t len_, cap_, max_;
    enum hr_code failed_; /* HR_E_LIMIT or HR_E_NOMEM; HR_OK while whole */
};

#define HR_BUF_GROWS (SIZE_MAX / 2) /* so that no sum of lengths overflows */

void hr_buf_init(struct hr_buf *buf, size_t max);
/* frees the bytes; the buffer may be used again */
void hr_buf_release(struct hr_buf *buf);
void hr_buf_clear(struct hr_buf *buf); /* no bytes, memory kept; a failure sticks */

/* ---- appending: false when the buffer failed, now or before */
bool hr_buf_add(struct hr_buf *buf, const void *bytes, size_t len);
bool hr_buf_adds(struct hr_buf *buf, const char *text);
bool hr_buf_addc(struct hr_buf *buf, char c);
bool hr_buf_addf(struct hr_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* a failed `more` fails buf too, which must be one that can */
bool hr_buf_join(struct hr_buf *buf, const struct hr_buf *more);
/* where `len` bytes may be written behind the end; NULL: failed */
char *hr_buf_room(struct hr_buf *buf, size_t len);
void hr_buf_grew(struct hr_buf *buf, size_t len); /* so many of them were written */

/* ---- going back. A mark is 0 in a buffer that failed, and nothing happens to such a buffer. */
size_t hr_buf_mark(const struct hr_buf *buf); /* bytes so far */
/* over bytes that are there */
void hr_buf_patch(struct hr_buf *buf, size_t at, const void *bytes, size_t len);
void hr_buf_cut(struct hr_buf *buf, size_t len);    /* keeps the first `len` bytes */
void hr_buf_drop(struct hr_buf *buf, size_t front); /* removes the first `front` bytes */

/* ---- the end */
static inline bool hr_buf_ok(const struct hr_buf *buf)
{
    return !buf->failed_;
}
/* HR_E_LIMIT "<what> is larger than the limit of <max> bytes", or HR_E_NOMEM, when the buffer
 * failed */
enum hr_code hr_buf_check(const struct hr_buf *buf, const char *what, struct hr_err *err);
/* the text, copied into arena, or hr_buf_check's error (*text is NULL then); releases the buffer in
 * either case */
enum hr_code hr_buf_take(struct hr_buf *buf,
                         struct hr_arena *arena,
                         const char *what,
                         const char **text,
                         struct hr_err *err);

/* these assert that the buffer did not fail */
/* the text, copied into arena; releases the buffer */
char *hr_buf_keep(struct hr_buf *buf, struct hr_arena *arena);
/* the caller frees with free(), NULL if empty; the buffer is empty after */
char *hr_buf_steal(struct hr_buf *buf, size_t *len);
static inline size_t hr_buf_len(const struct hr_buf *buf)
{
    HR_CHECK(!buf->failed_);
    return buf->len_;
}
static inline const char *hr_buf_text(const struct hr_buf *buf)
{
    HR_CHECK(!buf->failed_);
    return buf->data_ ? buf->data_ : "";
}
static inline char *hr_buf_bytes(struct hr_buf *buf) /* to be changed in place; NULL if empty */
{
    HR_CHECK(!buf->failed_);
    return buf->data_;
}

/* ---- tests: of the calling thread's appends that may fail, the n-th from now does; 0 ends that.
 */
void hr_buf_torture(long nth);
bool hr_buf_tortured(void); /* whether the n-th came */
#endif
