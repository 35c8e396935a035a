#include "host/value/random.h"
#include "host/value/hash.h"
#include <math.h>

#define ARRAY_SEED 0x3c074a61 /* scala.util.hashing.MurmurHash3.arraySeed */

/* ---- XORShiftRandom ---- */

void hr_xorshift_seed(struct hr_xorshift *random, int64_t seed)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)seed >> (56 - 8 * i));
    int32_t low = hr_murmur3_bytes(bytes, sizeof bytes, ARRAY_SEED),
            high = hr_murmur3_bytes(bytes, sizeof bytes, low);
    *random = (struct hr_xorshift){.state = (uint64_t)(uint32_t)high << 32 | (uint32_t)low};
}

static uint64_t next_bits(struct hr_xorshift *random, int bits)
{
    uint64_t next = random->state ^ random->state << 21;
    next ^= next >> 35;
    next ^= next << 4;
    random->state = next;
    return next & ((1ull << bits) - 1);
}

double hr_xorshift_double(struct hr_xorshift *random)
{
    uint64_t high = next_bits(random, 26) << 27;
    return (double)(high + next_bits(random, 27)) * 0x1.0p-53;
}

double hr_xorshift_gaussian(struct hr_xorshift *random)
{
    double x, y, s;
    if (random->has_gaussian) {
        random->has_gaussian = false;
        return random->next_gaussian;
    }
    do {
        x = 2 * hr_xorshift_double(random) - 1;
        y = 2 * hr_xorshift_double(random) - 1;
        s = x * x + y * y;
    } while (s >= 1 || s == 0);
    double scale = sqrt(-2 * log(s) / s);
    random->next_gaussian = y * scale;
    random->has_gaussian = true;
    return x * scale;
}

/* ---- java.util.Random ---- */

#define JAVA_MASK ((1ull << 48) - 1)

void hr_java_random_seed(struct hr_java_random *random, int64_t seed)
{
    random->state = ((uint64_t)seed ^ 0x5DEECE66Dull) & JAVA_MASK;
}

static int32_t java_int(struct hr_java_random *random)
{
    random->state = (random->state * 0x5DEECE66Dull + 0xB) & JAVA_MASK;
    return (int32_t)(uint32_t)(random->state >> 16);
}

int64_t hr_java_random_long(struct hr_java_random *random)
{
    uint64_t high = (uint64_t)(int64_t)java_int(random) << 32;
    return (int64_t)(high + (uint64_t)(int64_t)java_int(random));
}

/* ---- Well19937c ---- */

enum { R = 624, M1 = 70, M2 = 179, M3 = 449 };

void hr_well_seed(struct hr_well *well, int64_t seed)
{
    well->index = 0;
    well->v[0] = (uint32_t)((uint64_t)seed >> 32);
    well->v[1] = (uint32_t)seed;
    for (int i = 2; i < R; i++) {
        int64_t l = (int32_t)well->v[i - 2]; /* as Java widens it: with its sign */
        well->v[i] = (uint32_t)(1812433253ll * (l ^ l >> 30) + i);
    }
}

static uint32_t well_bits(struct hr_well *well, int bits)
{
    uint32_t *v = well->v;
    int at = well->index, before = (at + R - 1) % R, second = (at + R - 2) % R;
    uint32_t v0 = v[at], m1 = v[(at + M1) % R], m2 = v[(at + M2) % R], m3 = v[(at + M3) % R];
    uint32_t z0 = (0x80000000u & v[before]) ^ (0x7FFFFFFFu & v[second]);
    uint32_t z1 = (v0 ^ v0 << 25) ^ (m1 ^ m1 >> 27), z2 = m2 >> 9 ^ (m3 ^ m3 >> 1), z3 = z1 ^ z2;
    uint32_t z4 = z0 ^ (z1 ^ z1 << 9) ^ (z2 ^ z2 << 21) ^ (z3 ^ z3 >> 21);
    v[at] = z3;
    v[before] = z4;
    v[second] &= 0x80000000u;
    well->index = before;
    z4 ^= (z4 << 7) & 0xe46e1700u;
    z4 ^= (z4 << 15) & 0x9b868000u;
    return z4 >> (32 - bits);
}

static double well_double(struct hr_well *well)
{
    uint64_t high = (uint64_t)well_bits(well, 26) << 26;
    return (double)(high | well_bits(well, 26)) * 0x1.0p-52;
}

int hr_well_poisson(struct hr_well *well, double mean)
{
    double p = exp(-mean), r = 1;
    int n = 0;
    while (n < 1000 * mean) {
        r *= well_double(well);
        if (r < p)
            return n;
        n++;
    }
    return n;
}
