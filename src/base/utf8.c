#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

static bool tail_valid(const uint8_t *at, size_t more)
{
    for (size_t i = 1; i <= more; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return !(at[0] == 0xE0 && at[1] < 0xA0) &&
           !(at[0] == 0xED && at[1] > 0x9F) &&
           !(at[0] == 0xF0 && at[1] < 0x90) &&
           !(at[0] == 0xF4 && at[1] > 0x8F);
}

bool hr_utf8_valid(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len;) {
        uint64_t eight;
        if (len - i >= 8 && (memcpy(&eight, at + i, 8), !(eight & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        uint8_t c = at[i];
        size_t more = c < 0x80 ? 0 : c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (more && (c < 0xC2 || c > 0xF4 || more >= len - i || !tail_valid(at + i, more)))
            return false;
        i += more + 1;
    }
    return true;
}
