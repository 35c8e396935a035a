#include "access/sizes.h"
#include "base/limits.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT_MAX 1000000

const struct hr_size_info hr_size_table[HR_SIZE_COUNT] = {
#define X(size, field, setting, memory, missing) {field, setting, memory, missing},
    HR_SIZES(X)
#undef X
};

/* shifts of bytes; Spark's suffixes */
static const struct {
    const char *suffix;
    int shift;
} units[] = {
    {"", 20},  {"b", 0},   {"k", 10}, {"kb", 10}, {"m", 20}, {"mb", 20},
    {"g", 30}, {"gb", 30}, {"t", 40}, {"tb", 40}, {"p", 50}, {"pb", 50},
};

/* a whole number from 1, with a unit behind it where it is a memory; 0: it is none */
static int64_t value_of(const char *text, bool memory)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return 0;
    long long number = strtoll(text, &end, 10);
    if (number < 1)
        return 0;
    if (!memory)
        return !*end && number <= COUNT_MAX ? number : 0;
    for (size_t i = 0; i < HR_LEN(units); i++)
        if (!strcasecmp(end, units[i].suffix))
            return number <= INT64_MAX >> units[i].shift ? number << units[i].shift : 0;
    return 0;
}

static int64_t get(const struct hr_sizes *sizes, enum hr_size size)
{
    const char *text = sizes->at[size] ? sizes->at[size] : hr_size_table[size].missing;
    return value_of(text, hr_size_table[size].memory);
}

bool hr_sizes_named(const struct hr_sizes *sizes)
{
    for (size_t i = 0; i < HR_SIZE_COUNT; i++)
        if (sizes->at[i])
            return true;
    return false;
}

static int64_t cores(const struct hr_sizes *sizes)
{
    return get(sizes, HR_SIZE_DRIVER_CORES) +
           get(sizes, HR_SIZE_EXECUTORS) * get(sizes, HR_SIZE_EXECUTOR_CORES);
}

int hr_sizes_threads(const struct hr_sizes *sizes)
{
    return (int)cores(sizes);
}

/* saturated: a million executors of petabytes */
int64_t hr_sizes_memory(const struct hr_sizes *sizes)
{
    int64_t all, executors = get(sizes, HR_SIZE_EXECUTORS);
    if (__builtin_mul_overflow(executors, get(sizes, HR_SIZE_EXECUTOR_MEMORY), &all) ||
        __builtin_add_overflow(all, get(sizes, HR_SIZE_DRIVER_MEMORY), &all))
        return INT64_MAX;
    return all;
}

static enum hr_code check_text(enum hr_size size, const char *text, struct hr_err *err)
{
    const struct hr_size_info *info = &hr_size_table[size];
    if (value_of(text, info->memory))
        return HR_OK;
    return hr_fail(err, HR_E_INVALID, "\"%s\" is \"%.50s\": it must be %s", info->field, text,
                   info->memory ? "a whole number with a unit, like \"512m\" or \"2g\""
                                : "a whole number from 1");
}

enum hr_code hr_sizes_check(const struct hr_sizes *sizes, int64_t machine_bytes, struct hr_err *err)
{
    if (!hr_sizes_named(sizes))
        return HR_OK;
    for (size_t i = 0; i < HR_SIZE_COUNT; i++)
        if (sizes->at[i])
            HR_TRY(check_text((enum hr_size)i, sizes->at[i], err));
    int64_t memory = hr_sizes_memory(sizes);
    if (memory > machine_bytes)
        return hr_fail(
            err, HR_E_INVALID,
            "driver and executors together ask for %.1f GiB of memory, and the machine of this pool has %.1f GiB: ask for less, or name no sizes",
            (double)memory / (1 << 30), (double)machine_bytes / (1 << 30));
    if (memory < HR_SESSION_MEMORY_MIN)
        return hr_fail(
            err, HR_E_INVALID,
            "driver and executors together ask for %lld KiB of memory: a session needs %lld MiB",
            (long long)(memory >> 10), HR_SESSION_MEMORY_MIN >> 20);
    if (cores(sizes) > HR_SESSION_THREADS_MAX)
        return hr_fail(
            err, HR_E_INVALID,
            "driver and executors together ask for %lld cores, and a session of this pool has %d at most: ask for fewer",
            (long long)cores(sizes), HR_SESSION_THREADS_MAX);
    return HR_OK;
}
