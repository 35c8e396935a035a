#include "base/buf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local long torture; /* appends until one fails; 0: never */
static _Thread_local bool tortured;

void hr_buf_torture(long nth)
{
    torture = nth;
    tortured = false;
}

bool hr_buf_tortured(void)
{
    return tortured;
}

static bool torture_now(void)
{
    if (--torture)
        return false;
    tortured = true;
    return true;
}

void hr_buf_init(struct hr_buf *buf, size_t max)
{
    *buf = (struct hr_buf){.max_ = max};
}

void hr_buf_release(struct hr_buf *buf)
{
    free(buf->data_);
    hr_buf_init(buf, buf->max_);
}

void hr_buf_clear(struct hr_buf *buf)
{
    buf->len_ = 0;
    if (buf->data_)
        buf->data_[0] = 0;
}

static bool fail(struct hr_buf *buf, enum hr_code code)
{
    HR_CHECK(buf->max_ != HR_BUF_GROWS);
    hr_buf_release(buf);
    buf->failed_ = code;
    return false;
}

/* the invariants in buf.h, looked at where the buffer grows: seldom, and before memory is touched
 */
static bool intact(const struct hr_buf *buf)
{
    if (!buf->data_)
        return !buf->len_ && !buf->cap_;
    return buf->len_ < buf->cap_ && buf->len_ <= buf->max_ && !buf->data_[buf->len_];
}

/* room for `more` bytes and the zero behind them; after it, appending is only copying */
static bool reserve(struct hr_buf *buf, size_t more)
{
    if (buf->failed_)
        return false;
    if (torture && buf->max_ != HR_BUF_GROWS && torture_now())
        return fail(buf, HR_E_LIMIT);
    if (more > buf->max_ - buf->len_)
        return fail(buf, HR_E_LIMIT);
    size_t need = buf->len_ + more + 1;
    if (need <= buf->cap_)
        return true;
    HR_CHECK(intact(buf));
    size_t cap = buf->cap_ ? buf->cap_ : 64;
    while (cap < need)
        cap += cap / 2;
    char *data = realloc(buf->data_, cap);
    if (!data)
        return fail(buf, HR_E_NOMEM);
    buf->data_ = data;
    buf->cap_ = cap;
    return true;
}

bool hr_buf_add(struct hr_buf *buf, const void *bytes, size_t len)
{
    if (!reserve(buf, len))
        return false;
    if (len)
        memcpy(buf->data_ + buf->len_, bytes, len);
    buf->len_ += len;
    buf->data_[buf->len_] = 0;
    return true;
}

bool hr_buf_adds(struct hr_buf *buf, const char *text)
{
    return hr_buf_add(buf, text, strlen(text));
}

bool hr_buf_addc(struct hr_buf *buf, char c)
{
    return hr_buf_add(buf, &c, 1);
}

static bool buf_vaddf(struct hr_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    bool ok = len >= 0 && reserve(buf, (size_t)len);
    if (len < 0)
        fail(buf, HR_E_LIMIT); /* more than INT_MAX bytes */
    if (ok) {
        vsnprintf(buf->data_ + buf->len_, (size_t)len + 1, format, again);
        buf->len_ += (size_t)len;
    }
    va_end(again);
    return ok;
}

bool hr_buf_addf(struct hr_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = buf_vaddf(buf, format, args);
    va_end(args);
    return ok;
}

bool hr_buf_join(struct hr_buf *buf, const struct hr_buf *more)
{
    if (buf->failed_)
        return false;
    if (more->failed_)
        return fail(buf, more->failed_);
    return hr_buf_add(buf, hr_buf_text(more), more->len_);
}

char *hr_buf_room(struct hr_buf *buf, size_t len)
{
    return reserve(buf, len) ? buf->data_ + buf->len_ : NULL;
}

void hr_buf_grew(struct hr_buf *buf, size_t len)
{
    HR_CHECK(!buf->failed_ && buf->len_ + len < buf->cap_);
    buf->len_ += len;
    buf->data_[buf->len_] = 0;
}

size_t hr_buf_mark(const struct hr_buf *buf)
{
    return buf->len_;
}

void hr_buf_patch(struct hr_buf *buf, size_t at, const void *bytes, size_t len)
{
    if (buf->failed_)
        return;
    HR_CHECK(at <= buf->len_ && len <= buf->len_ - at);
    memcpy(buf->data_ + at, bytes, len);
}

void hr_buf_cut(struct hr_buf *buf, size_t len)
{
    if (buf->failed_ || !buf->data_)
        return;
    HR_CHECK(len <= buf->len_);
    buf->len_ = len;
    buf->data_[len] = 0;
}

void hr_buf_drop(struct hr_buf *buf, size_t front)
{
    if (front >= buf->len_) {
        hr_buf_clear(buf);
        return;
    }
    memmove(buf->data_, buf->data_ + front, buf->len_ - front + 1);
    buf->len_ -= front;
}

enum hr_code hr_buf_check(const struct hr_buf *buf, const char *what, struct hr_err *err)
{
    if (buf->failed_ == HR_E_NOMEM)
        return hr_fail(err, HR_E_NOMEM, "no memory for %s", what);
    if (buf->failed_)
        return hr_fail(err, HR_E_LIMIT, "%s is larger than the limit of %zu bytes", what,
                       buf->max_);
    return HR_OK;
}

char *hr_buf_keep(struct hr_buf *buf, struct hr_arena *arena)
{
    char *text = hr_strndup(arena, hr_buf_text(buf), hr_buf_len(buf));
    hr_buf_release(buf);
    return text;
}

enum hr_code hr_buf_take(struct hr_buf *buf,
                         struct hr_arena *arena,
                         const char *what,
                         const char **text,
                         struct hr_err *err)
{
    *text = NULL;
    enum hr_code code = hr_buf_check(buf, what, err);
    char *copy = code ? NULL : hr_arena_try(arena, buf->len_ + 1);
    if (copy)
        memcpy(copy, hr_buf_text(buf), buf->len_ + 1);
    else if (!code)
        code = hr_fail(err, HR_E_NOMEM, "no memory for %s", what);
    hr_buf_release(buf);
    *text = copy;
    return code;
}

char *hr_buf_steal(struct hr_buf *buf, size_t *len)
{
    HR_CHECK(!buf->failed_);
    char *data = buf->data_;
    if (len)
        *len = buf->len_;
    buf->data_ = NULL;
    hr_buf_init(buf, buf->max_);
    return data;
}
