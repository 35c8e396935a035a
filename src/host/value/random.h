/* Java's and Spark's pseudo-random sequences, number by number, so that rand(seed), randn(seed) and
 * samples draw what Spark draws for data that is one partition. Plain values: the caller owns them,
 * one thread uses one at a time. */
#ifndef HR_HOST_VALUE_RANDOM_H
#define HR_HOST_VALUE_RANDOM_H
#include <stdbool.h>
#include <stdint.h>

/* org.apache.spark.util.random.XORShiftRandom, which is a java.util.Random */
struct hr_xorshift {
    uint64_t state;
    double next_gaussian;
    bool has_gaussian;
};
void hr_xorshift_seed(struct hr_xorshift *random, int64_t seed);
double hr_xorshift_double(struct hr_xorshift *random); /* [0, 1) */
double hr_xorshift_gaussian(struct hr_xorshift *random);

/* java.util.Random */
struct hr_java_random {
    uint64_t state;
};
void hr_java_random_seed(struct hr_java_random *random, int64_t seed);
int64_t hr_java_random_long(struct hr_java_random *random);

/* Well19937c, the generator behind PoissonDistribution of commons-math3, which Spark samples with
 * replacement by */
struct hr_well {
    uint32_t v[624];
    int index;
};
void hr_well_seed(struct hr_well *well, int64_t seed);
int hr_well_poisson(struct hr_well *well, double mean); /* mean under 40 */
#endif
