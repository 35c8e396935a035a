/* Percentiles: the check of computed percentages, and percentile with a frequency. */
#include "base/check.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- percentages(p, strict, function): p, or why it is none ---- */

static void fail_percentage(struct hr_rows *rows, idx_t row, double value)
{
    struct hr_text name = hr_row_text(rows, 2, row);
    struct hr_err err;
    char function[64], text[64];
    if (isnan(value)) {
        hr_fail_spark(&err, "java.lang.IllegalArgumentException", "message",
                      "requirement failed: percentile should be in the range [0.0, 1.0]", NULL);
    } else {
        snprintf(function, sizeof function, "\"%.*s\"", (int)name.len, name.bytes);
        snprintf(text, sizeof text, "%.15gD", value);
        hr_fail_spark(&err, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "sqlExpr", function, "exprName",
                      "percentage", "valueRange", "[0.0, 1.0]", "currentValue", text, NULL);
    }
    hr_kernel_fail(rows, &err);
}

static void fail_null(struct hr_rows *rows, idx_t row)
{
    struct hr_text name = hr_row_text(rows, 2, row);
    struct hr_err err;
    char function[64];
    snprintf(function, sizeof function, "\"%.*s\"", (int)name.len, name.bytes);
    hr_fail_spark(&err, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "sqlExpr", function, "exprName",
                  "percentage", NULL);
    hr_kernel_fail(rows, &err);
}

/* NaN is Java's 0 where a rank is made of it */
static double percentage(struct hr_rows *rows, idx_t row, double value)
{
    bool strict = HR_ROW(rows, 1, row, bool);
    if (isnan(value) && !strict)
        return 0;
    if (!(value >= 0 && value <= 1))
        fail_percentage(rows, row, value);
    return value;
}

void hr_k_percentages(struct hr_rows *rows, idx_t row)
{
    if (hr_row_is_null(rows, 0, row)) {
        fail_null(rows, row);
        return;
    }
    if (rows->types->args[0]->id != HR_TYPE_ARRAY) {
        HR_OUT(rows, row, double) = percentage(rows, row, HR_ROW(rows, 0, row, double));
        return;
    }
    duckdb_list_entry entry = HR_ROW(rows, 0, row, duckdb_list_entry);
    duckdb_vector values = duckdb_list_vector_get_child(rows->args[0]);
    uint64_t *valid = duckdb_vector_get_validity(values);
    struct list_out list = list_begin(rows, row);
    for (idx_t i = entry.offset; i < entry.offset + entry.length && !rows->failed; i++) {
        bool null = valid && !duckdb_validity_row_is_valid(valid, i);
        double value = null ? 0 : ((double *)duckdb_vector_get_data(values))[i];
        idx_t at = list_grow(&list);
        ((double *)duckdb_vector_get_data(list.child))[at] = percentage(rows, row, value);
    }
    list_end(&list);
}

/* ---- weighted_percentile(pairs of value and frequency, percentages) ---- */

/* last: how many there are up to this one */
struct weighted {
    double value;
    int64_t last;
};

static int compare_doubles(double x, double y)
{
    if (isnan(x) || isnan(y))
        return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}

static int compare_weighted(const void *x, const void *y)
{
    return compare_doubles(((const struct weighted *)x)->value,
                           ((const struct weighted *)y)->value);
}

static void fail_frequency(struct hr_rows *rows, int64_t frequency)
{
    struct hr_err err;
    char text[32], value[32];
    snprintf(text, sizeof text, "\"%" PRId64 "\"", frequency);
    snprintf(value, sizeof value, "%" PRId64 "L", frequency);
    hr_fail_spark(&err, "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION", "frequencyExpression", text,
                  "negativeValue", value, NULL);
    hr_kernel_fail(rows, &err);
}

/* the sorted pairs of a row, those that count; NULL: failed */
static struct weighted *pairs_of(struct hr_rows *rows, idx_t row, size_t *count)
{
    duckdb_list_entry entry = HR_ROW(rows, 0, row, duckdb_list_entry);
    duckdb_vector pairs = duckdb_list_vector_get_child(rows->args[0]);
    const double *values = duckdb_vector_get_data(duckdb_struct_vector_get_child(pairs, 0));
    const int64_t *times = duckdb_vector_get_data(duckdb_struct_vector_get_child(pairs, 1));
    if (!hr_kernel_room(rows, (entry.length + 1) * sizeof(struct weighted)))
        return NULL;
    struct weighted *all = malloc((entry.length + 1) * sizeof *all);
    HR_CHECK(all);
    *count = 0;
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (times[i] < 0) {
            fail_frequency(rows, times[i]);
            free(all);
            return NULL;
        }
        if (times[i])
            all[(*count)++] = (struct weighted){values[i], times[i]};
    }
    qsort(all, *count, sizeof *all, compare_weighted);
    for (size_t i = 1; i < *count; i++)
        all[i].last = (int64_t)((uint64_t)all[i].last + (uint64_t)all[i - 1].last);
    return all;
}

/* the value of that rank, from 0 on */
static double ranked(const struct weighted *all, size_t count, int64_t rank)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].last > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return all[low].value;
}

static double percentile_of(const struct weighted *all, size_t count, double share)
{
    double position = (double)(all[count - 1].last - 1) * share, under = floor(position),
           over = ceil(position);
    double lower = ranked(all, count, (int64_t)under), upper = ranked(all, count, (int64_t)over);
    if (under == over || lower == upper)
        return lower;
    return (over - position) * lower + (position - under) * upper;
}

static void write_percentiles(struct hr_rows *rows,
                              idx_t row,
                              const struct weighted *all,
                              size_t count)
{
    duckdb_list_entry entry = HR_ROW(rows, 1, row, duckdb_list_entry);
    const double *shares = duckdb_vector_get_data(duckdb_list_vector_get_child(rows->args[1]));
    struct list_out list = list_begin(rows, row);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        idx_t at = list_grow(&list);
        ((double *)duckdb_vector_get_data(list.child))[at] = percentile_of(all, count, shares[i]);
    }
    list_end(&list);
}

void hr_k_weighted_percentile(struct hr_rows *rows, idx_t row)
{
    size_t count;
    struct weighted *all = pairs_of(rows, row, &count);
    if (!all)
        return;
    if (!count)
        hr_out_null(rows, row);
    else if (rows->types->args[1]->id == HR_TYPE_ARRAY)
        write_percentiles(rows, row, all, count);
    else
        HR_OUT(rows, row, double) = percentile_of(all, count, HR_ROW(rows, 1, row, double));
    free(all);
}
