/* Spark's hash functions: hash() is Murmur3 (32 bits, seed 42), xxhash64() is XXH64 (seed 42). Each
 * step takes the hash so far as its seed, so a row is hashed column by column, and NULL leaves the
 * seed as it is.
 *
 * How Spark feeds its types: boolean, byte, short, int, date as int; long, timestamp, float and
 * double bits (−0.0 as 0.0), decimals of up to 18 digits (unscaled) as long; longer decimals as
 * their big-endian two's complement bytes; strings and binary as bytes. */
#ifndef HR_HOST_VALUE_HASH_H
#define HR_HOST_VALUE_HASH_H
#include "host/value/value.h"

int32_t hr_murmur3_int(int32_t value, int32_t seed);
int32_t hr_murmur3_long(int64_t value, int32_t seed);
/* Spark's variant: trailing bytes one by one, sign-extended */
int32_t hr_murmur3_bytes(const void *bytes, size_t len, int32_t seed);

int64_t hr_xxhash64_int(int32_t value, int64_t seed);
int64_t hr_xxhash64_long(int64_t value, int64_t seed);
int64_t hr_xxhash64_bytes(const void *bytes, size_t len, int64_t seed);

/* a decimal's big-endian two's complement, in as few bytes as hold it (BigInteger.toByteArray); the
 * length, at most 16 */
size_t hr_decimal_bytes(hr_int128 value, unsigned char out[static 16]);
#endif
