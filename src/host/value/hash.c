#include "host/value/hash.h"
#include <string.h>

static uint32_t rotate32(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

static uint32_t mix_k(uint32_t k)
{
    return rotate32(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

static uint32_t mix_h(uint32_t h, uint32_t k)
{
    return rotate32(h ^ k, 13) * 5 + 0xe6546b64u;
}

static int32_t finish32(uint32_t h, uint32_t len)
{
    h ^= len;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return (int32_t)(h ^ h >> 16);
}

int32_t hr_murmur3_int(int32_t value, int32_t seed)
{
    return finish32(mix_h((uint32_t)seed, mix_k((uint32_t)value)), 4);
}

int32_t hr_murmur3_long(int64_t value, int32_t seed)
{
    uint32_t h = mix_h((uint32_t)seed, mix_k((uint32_t)value));
    return finish32(mix_h(h, mix_k((uint32_t)((uint64_t)value >> 32))), 8);
}

int32_t hr_murmur3_bytes(const void *bytes, size_t len, int32_t seed)
{
    const unsigned char *at = bytes;
    uint32_t h = (uint32_t)seed, word;
    size_t i = 0;
    for (; i + 4 <= len; i += 4) {
        memcpy(&word, at + i, 4);
        h = mix_h(h, mix_k(word));
    }
    for (; i < len; i++)
        h = mix_h(h, mix_k((uint32_t)(int32_t)(int8_t)at[i]));
    return finish32(h, (uint32_t)len);
}

#define PRIME1 0x9E3779B185EBCA87u
#define PRIME2 0xC2B2AE3D27D4EB4Fu
#define PRIME3 0x165667B19E3779F9u
#define PRIME4 0x85EBCA77C2B2AE63u
#define PRIME5 0x27D4EB2F165667C5u

static uint64_t rotate64(uint64_t value, int by)
{
    return value << by | value >> (64 - by);
}

static uint64_t finish64(uint64_t h)
{
    h = (h ^ h >> 33) * PRIME2;
    h = (h ^ h >> 29) * PRIME3;
    return h ^ h >> 32;
}

static uint64_t step_long(uint64_t h, uint64_t value)
{
    return rotate64(h ^ rotate64(value * PRIME2, 31) * PRIME1, 27) * PRIME1 + PRIME4;
}

static uint64_t step_int(uint64_t h, uint32_t value)
{
    return rotate64(h ^ (uint64_t)value * PRIME1, 23) * PRIME2 + PRIME3;
}

int64_t hr_xxhash64_int(int32_t value, int64_t seed)
{
    return (int64_t)finish64(step_int((uint64_t)seed + PRIME5 + 4, (uint32_t)value));
}

int64_t hr_xxhash64_long(int64_t value, int64_t seed)
{
    return (int64_t)finish64(step_long((uint64_t)seed + PRIME5 + 8, (uint64_t)value));
}

static uint64_t round_of(uint64_t lane, uint64_t value)
{
    return rotate64(lane + value * PRIME2, 31) * PRIME1;
}

static uint64_t read64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

int64_t hr_xxhash64_bytes(const void *bytes, size_t len, int64_t seed)
{
    const unsigned char *at = bytes, *end = at + len;
    uint64_t h = (uint64_t)seed + PRIME5;
    if (len >= 32) {
        uint64_t lanes[4] = {(uint64_t)seed + PRIME1 + PRIME2, (uint64_t)seed + PRIME2,
                             (uint64_t)seed, (uint64_t)seed - PRIME1};
        for (; end - at >= 32; at += 32)
            for (int i = 0; i < 4; i++)
                lanes[i] = round_of(lanes[i], read64(at + i * 8));
        h = rotate64(lanes[0], 1) +
            rotate64(lanes[1], 7) +
            rotate64(lanes[2], 12) +
            rotate64(lanes[3], 18);
        for (int i = 0; i < 4; i++)
            h = (h ^ round_of(0, lanes[i])) * PRIME1 + PRIME4;
    }
    h += len;
    for (; end - at >= 8; at += 8)
        h = step_long(h, read64(at));
    if (end - at >= 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        h = step_int(h, word);
        at += 4;
    }
    for (; at < end; at++)
        h = rotate64(h ^ *at * PRIME5, 11) * PRIME1;
    return (int64_t)finish64(h);
}

size_t hr_decimal_bytes(hr_int128 value, unsigned char out[static 16])
{
    unsigned __int128 bits = (unsigned __int128)value;
    unsigned char whole[16];
    for (int i = 15; i >= 0; i--, bits >>= 8)
        whole[i] = (unsigned char)bits;
    size_t skip = 0;
    unsigned char fill = value < 0 ? 0xff : 0;
    while (skip < 15 && whole[skip] == fill && (whole[skip + 1] & 0x80) == (fill & 0x80))
        skip++;
    memcpy(out, whole + skip, 16 - skip);
    return 16 - skip;
}
