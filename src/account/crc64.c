#include "account/crc64.h"
#include "wire/base64.h"
#include <pthread.h>

#define POLYNOMIAL 0x9A6C9329AC4BC9B5ull

static uint64_t table[256];

static void fill(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        table[i] = crc;
    }
}

uint64_t hr_crc64(uint64_t before, const void *bytes, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
    const unsigned char *at = bytes;
    uint64_t crc = ~before;
    for (size_t i = 0; i < len; i++)
        crc = crc >> 8 ^ table[(crc ^ at[i]) & 0xff];
    return ~crc;
}

void hr_crc64_text(uint64_t crc, char out[HR_CRC64_TEXT])
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(crc >> 8 * i);
    hr_base64_encode(bytes, sizeof bytes, out);
}
