#include "base/utf8.h"
#include <string.h>

/* the six bits of a byte that goes on with a character; far above them where it does not */
static inline uint32_t tail(char byte)
{
    uint32_t bits = (unsigned char)byte ^ 0x80u;
    return bits < 0x40 ? bits : 1u << 30;
}

static inline size_t next(const char *text, size_t len, uint32_t *point)
{
    uint32_t c = (unsigned char)text[0];
    if (c < 0x80) {
        *point = c;
        return 1;
    }
    if (c < 0xE0) {
        if (len < 2)
            return 0;
        *point = (c & 0x1F) << 6 | tail(text[1]);
        return *point >= 0x80 && *point < 0x800 && c >= 0xC0 ? 2 : 0;
    }
    if (c < 0xF0) {
        if (len < 3)
            return 0;
        uint32_t more = tail(text[1]), last = tail(text[2]);
        if ((more | last) >= 0x40)
            return 0;
        *point = (c & 0xF) << 12 | more << 6 | last;
        bool surrogate = *point >= 0xD800 && *point < 0xE000;
        return *point >= 0x800 && !surrogate ? 3 : 0;
    }
    if (len < 4 || c > 0xF4)
        return 0;
    uint32_t more = tail(text[1]), third = tail(text[2]), last = tail(text[3]);
    if ((more | third | last) >= 0x40)
        return 0;
    *point = (c & 7) << 18 | more << 12 | third << 6 | last;
    return *point >= 0x10000 && *point <= 0x10FFFF ? 4 : 0;
}

size_t hr_utf8_next(const char *text, size_t len, uint32_t *point)
{
    uint32_t found;
    size_t size = len ? next(text, len, &found) : 0;
    if (size)
        *point = found;
    return size;
}

static inline bool eight_ascii(const char *text)
{
    uint64_t eight;
    memcpy(&eight, text, sizeof eight);
    return !(eight & 0x8080808080808080u);
}

bool hr_utf8_valid(const void *bytes, size_t len)
{
    const char *text = bytes;
    size_t i = 0;
    while (i < len) {
        while (len - i >= 8 && eight_ascii(text + i))
            i += 8;
        if (i == len)
            return true;
        uint32_t point;
        size_t size = next(text + i, len - i, &point);
        if (!size)
            return false;
        i += size;
    }
    return true;
}

size_t hr_utf8_length(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += hr_utf8_starts(text[i]);
    return count;
}

size_t hr_utf8_put(char out[static 4], uint32_t point)
{
    static const unsigned char marks[] = {[2] = 0xC0, [3] = 0xE0, [4] = 0xF0};
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point > 0x10FFFF)
        return 0;
    size_t size = 2;
    if (point >= 0x10000)
        size = 4;
    else if (point >= 0x800)
        size = 3;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)(marks[size] | point);
    return size;
}

void hr_utf8_add(struct hr_buf *out, uint32_t point)
{
    char bytes[4];
    hr_buf_add(out, bytes, hr_utf8_put(bytes, point));
}
