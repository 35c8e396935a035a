#include "base/utf8.h"
#include <string.h>

size_t hr_utf8_next(const char *text, size_t len, uint32_t *point)
{
    const uint8_t *at = (const uint8_t *)text;
    if (!len)
        return 0;
    if (at[0] < 0x80) {
        *point = at[0];
        return 1;
    }
    size_t size = 2;
    if (at[0] >= 0xF0)
        size = 4;
    else if (at[0] >= 0xE0)
        size = 3;
    if (at[0] < 0xC2 || at[0] > 0xF4 || size > len)
        return 0;
    uint32_t c = at[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (hr_utf8_starts(text[i]))
            return 0;
        c = c << 6 | (at[i] & 0x3Fu);
    }
    static const uint32_t least[] = {[2] = 0x80, [3] = 0x800, [4] = 0x10000};
    bool surrogate = c >= 0xD800 && c < 0xE000;
    if (c < least[size] || c > 0x10FFFF || surrogate)
        return 0;
    *point = c;
    return size;
}

bool hr_utf8_valid(const void *bytes, size_t len)
{
    const char *text = bytes;
    for (size_t i = 0; i < len;) {
        uint64_t eight;
        uint32_t point;
        if (len - i >= 8 && (memcpy(&eight, text + i, 8), !(eight & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        size_t size = hr_utf8_next(text + i, len - i, &point);
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
