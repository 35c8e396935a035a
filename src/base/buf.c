#include "base/buf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hr_buf_init(struct hr_buf *buf, size_t max)
{
    *buf = (struct hr_buf){.max = max};
}

void hr_buf_release(struct hr_buf *buf)
{
    free(buf->data);
    hr_buf_init(buf, buf->max);
}

void hr_buf_clear(struct hr_buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = 0;
}

static bool fail(struct hr_buf *buf)
{
    hr_buf_release(buf);
    buf->failed = true;
    return false;
}

bool hr_buf_reserve(struct hr_buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > buf->max - buf->len)
        return fail(buf);
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap += cap / 2;
    char *data = realloc(buf->data, cap);
    if (!data)
        return fail(buf);
    buf->data = data;
    buf->cap = cap;
    return true;
}

bool hr_buf_add(struct hr_buf *buf, const void *bytes, size_t len)
{
    if (!hr_buf_reserve(buf, len))
        return false;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = 0;
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

bool hr_buf_vaddf(struct hr_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    bool ok = len >= 0 && hr_buf_reserve(buf, (size_t)len);
    if (ok) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return ok;
}

bool hr_buf_addf(struct hr_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = hr_buf_vaddf(buf, format, args);
    va_end(args);
    return ok;
}

void hr_buf_drop(struct hr_buf *buf, size_t front)
{
    if (front >= buf->len) {
        hr_buf_clear(buf);
        return;
    }
    memmove(buf->data, buf->data + front, buf->len - front + 1);
    buf->len -= front;
}

char *hr_buf_steal(struct hr_buf *buf, size_t *len)
{
    char *data = buf->data;
    if (len)
        *len = buf->len;
    buf->data = NULL;
    hr_buf_init(buf, buf->max);
    return data;
}
