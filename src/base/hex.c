#include "base/hex.h"

void hr_hex_encode(const void *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[from[i] >> 4];
        *out++ = digits[from[i] & 15];
    }
    *out = 0;
}

bool hr_hex_decode(const char *text, size_t len, void *out)
{
    unsigned char *to = out;
    for (size_t i = 0; i < len; i++) {
        int high = hr_hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hr_hex_digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
