/* Bytes as hexadecimal digits. Any thread. */
#ifndef HR_BASE_HEX_H
#define HR_BASE_HEX_H
#include <stdbool.h>
#include <stddef.h>

/* -1: it is none */
static inline int hr_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
/* in lower case; `out` has room for 2 * len + 1 and is closed */
void hr_hex_encode(const void *bytes, size_t len, char *out);
/* of 2 * len digits in either case; what follows them is the caller's to judge. False: they are not
 * all there, and `out` holds nothing of use. */
bool hr_hex_decode(const char *text, size_t len, void *out);
#endif
