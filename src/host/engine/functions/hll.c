/* approx_count_distinct: HyperLogLog++ with Spark's hash, registers and estimate. A value becomes
 * (register, rank) in one number; the distinct numbers of a group, at most 64 a register, are its
 * sketch. */
#include "host/engine/functions/hll_data.h"
#include "host/engine/functions/kernels.h"
#include <math.h>
#include <stdlib.h>

#define NEIGHBOURS 6
#define TABLE_BITS_MAX 18

/* the mean bias of the raw estimates nearest to this one */
static double bias_of(int bits, double estimate)
{
    const double *estimates = hll_tables[bits - 4].estimates, *biases = hll_tables[bits - 4].biases;
    size_t count = hll_tables[bits - 4].count, nearest = 0;
    while (nearest < count && estimates[nearest] < estimate)
        nearest++;
    size_t low = nearest + 1 > NEIGHBOURS ? nearest + 1 - NEIGHBOURS : 0,
           high = low + NEIGHBOURS < count ? low + NEIGHBOURS : count;
    while (high < count && fabs(estimate - estimates[high]) < fabs(estimate - estimates[low])) {
        low++;
        high++;
    }
    double sum = 0;
    for (size_t i = low; i < high; i++)
        sum += biases[i];
    return sum / (double)(high - low);
}

static double alpha(int bits, double registers)
{
    return bits == 4   ? 0.673
           : bits == 5 ? 0.697
           : bits == 6 ? 0.709
                       : 0.7213 / (1 + 1.079 / registers);
}

static double estimate(const unsigned char *ranks, int bits)
{
    size_t count = (size_t)1 << bits, empty = 0;
    double inverse = 0, registers = (double)count;
    for (size_t i = 0; i < count; i++) {
        inverse += 1.0 / (double)((uint64_t)1 << ranks[i]);
        empty += !ranks[i];
    }
    double raw = alpha(bits, registers) * registers * registers / inverse;
    double corrected =
        bits <= TABLE_BITS_MAX && raw < 5 * registers ? raw - bias_of(bits, raw) : raw;
    if (!empty)
        return corrected;
    double linear = registers * log(registers / (double)empty);
    bool small =
        (bits <= TABLE_BITS_MAX && linear <= hll_thresholds[bits - 4]) || raw <= 2.5 * registers;
    return small ? linear : corrected;
}

void hr_k_hll_estimate(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int64_t) = 0;
    if (hr_row_is_null(rows, 0, row))
        return;
    int bits = HR_ROW(rows, 1, row, int32_t);
    duckdb_list_entry entry = HR_ROW(rows, 0, row, duckdb_list_entry);
    const int64_t *keys = duckdb_vector_get_data(duckdb_list_vector_get_child(rows->args[0]));
    unsigned char *ranks = calloc((size_t)1 << bits, 1);
    if (!ranks) {
        struct hr_err err;
        hr_fail(&err, HR_E_NOMEM, "no memory for a sketch of %d bits", bits);
        hr_kernel_fail(rows, &err);
        return;
    }
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        unsigned char rank = (unsigned char)(keys[i] & 63);
        if (rank > ranks[keys[i] >> 6])
            ranks[keys[i] >> 6] = rank;
    }
    HR_OUT(rows, row, int64_t) = (int64_t)floor(estimate(ranks, bits) + 0.5);
    free(ranks);
}
