/* sequence(start, stop[, step]) of numbers, dates and timestamps. A step of months and days is
 * counted from the start each time (so that the ends of months stay ends, and a day keeps its clock
 * across a change of it); a step of hours or less is exact. */
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include <stdio.h>
#include <string.h>

#define ELEMENTS_MAX ((int64_t)INT32_MAX - 15) /* Spark's longest array */
#define DAYS_OF_MONTH 28                       /* the shortest: a bound for the length */

struct step {
    int64_t months, days, micros;
}; /* of numbers: micros */

static int64_t integer_at(const struct hr_rows *rows, size_t arg, idx_t row)
{
    return hr_whole_at(rows->data[arg], rows->types->args[arg], row);
}

static void put(struct list_out *list, const struct hr_type *type, int64_t value)
{
    idx_t at = list_grow(list);
    hr_whole_put(duckdb_vector_get_data(list->child), type, at, value);
}

static bool is_moment(enum hr_type_id type)
{
    return type == HR_TYPE_DATE || type == HR_TYPE_TIMESTAMP || type == HR_TYPE_TIMESTAMP_NTZ;
}

static struct step step_of(const struct hr_rows *rows, idx_t row, bool forward)
{
    bool moments = is_moment(rows->types->args[0]->id);
    if (rows->arg_count < 3)
        return moments ? (struct step){.days = forward ? 1 : -1}
                       : (struct step){.micros = forward ? 1 : -1};
    if (rows->types->args[2]->id == HR_TYPE_CALENDAR_INTERVAL) {
        duckdb_interval interval = HR_ROW(rows, 2, row, duckdb_interval);
        return (struct step){interval.months, interval.days, interval.micros};
    }
    int64_t value = integer_at(rows, 2, row);
    if (rows->types->args[2]->id == HR_TYPE_YEAR_MONTH)
        return (struct step){.months = value};
    if (rows->types->args[2]->id == HR_TYPE_DAY_TIME)
        return (struct step){.days = value / HR_US_PER_DAY, .micros = value % HR_US_PER_DAY};
    return (struct step){.micros = value};
}

static void bad_boundaries(struct hr_rows *rows, int64_t start, int64_t stop, int64_t by)
{
    struct hr_err err;
    char requirement[120];
    snprintf(requirement, sizeof requirement, "Illegal sequence boundaries: %lld to %lld by %lld",
             (long long)start, (long long)stop, (long long)by);
    hr_fail_spark(&err, "", "requirement", requirement, NULL);
    hr_kernel_fail(rows, &err);
}

static void too_long(struct hr_rows *rows, hr_int128 count)
{
    struct hr_err err;
    char text[HR_DECIMAL_TEXT_MAX], most[24];
    hr_print_decimal(count, 0, text);
    snprintf(most, sizeof most, "%lld", (long long)ELEMENTS_MAX);
    hr_fail_spark(&err, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "numberOfElements", text,
                  "maxRoundedArrayLength", most, "parameter", "`count`", "functionName",
                  "`sequence`", NULL);
    hr_kernel_fail(rows, &err);
}

/* start to stop by a step of `by`: how many there may be; false after a failure */
static bool length_is_possible(struct hr_rows *rows, int64_t start, int64_t stop, hr_int128 by)
{
    bool ok = by > 0 ? start <= stop : by < 0 ? start >= stop : start == stop;
    if (!ok) {
        bad_boundaries(rows, start, stop, (int64_t)by);
        return false;
    }
    hr_int128 count = by ? ((hr_int128)stop - start) / by + 1 : 1;
    if (count > ELEMENTS_MAX) {
        too_long(rows, count);
        return false;
    }
    return hr_kernel_room(rows, (uint64_t)count * LIST_ITEM_BYTES);
}

/* exact steps: numbers, days of dates, microseconds of timestamps */
static void even_steps(struct hr_rows *rows, idx_t row, int64_t start, int64_t stop, int64_t by)
{
    if (!length_is_possible(rows, start, stop, by))
        return;
    struct list_out list = list_begin(rows, row);
    int64_t count = by ? (int64_t)(((hr_int128)stop - start) / by) : 0;
    for (int64_t i = 0; i <= count && !rows->failed; i++)
        put(&list, rows->types->args[0], (int64_t)(start + (hr_int128)i * by));
    list_end(&list);
}

/* false when the result is out of range */
static bool add_step(int64_t start_us,
                     const struct step *step,
                     int64_t times,
                     const struct hr_zone *zone,
                     int64_t *out)
{
    int64_t local, days, micros, utc;
    if (!hr_zone_local_of(zone, start_us, &local) ||
        !hr_add_months(local, step->months * times, &local))
        return false;
    if (__builtin_mul_overflow(step->days * times, HR_US_PER_DAY, &days) ||
        __builtin_add_overflow(local, days, &local))
        return false;
    return !__builtin_mul_overflow(step->micros, times, &micros) &&
           hr_zone_utc_of(zone, local, &utc) &&
           !__builtin_add_overflow(utc, micros, out);
}

static void calendar_steps(
    struct hr_rows *rows, idx_t row, int64_t start, int64_t stop, const struct step *step)
{
    enum hr_type_id type = rows->types->args[0]->id;
    bool dates = type == HR_TYPE_DATE;
    const struct hr_zone *zone = type == HR_TYPE_TIMESTAMP ? rows->types->zone : hr_zone_utc();
    hr_int128 by = (hr_int128)step->months * DAYS_OF_MONTH * HR_US_PER_DAY +
                   (hr_int128)step->days * HR_US_PER_DAY +
                   step->micros;
    int64_t from = start, to = stop;
    bool fits = !dates || (!__builtin_mul_overflow(start, HR_US_PER_DAY, &from) &&
                           !__builtin_mul_overflow(stop, HR_US_PER_DAY, &to));
    if (!fits) {
        struct hr_err err;
        hr_fail_spark(&err, "ARITHMETIC_OVERFLOW", "message", "long overflow", "alternative", "",
                      "config", "\"spark.sql.ansi.enabled\"", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    if (!length_is_possible(rows, from, to, by))
        return;
    int64_t at = from;
    struct list_out list = list_begin(rows, row);
    for (int64_t i = 1; (by < 0 ? at >= to : at <= to) && !rows->failed; i++) {
        put(&list, rows->types->args[0], dates ? hr_floor_div(at, HR_US_PER_DAY) : at);
        if (!by || !add_step(from, step, i, zone, &at))
            break;
    }
    list_end(&list);
}

/* dates have no parts of a day */
static bool step_fits_dates(struct hr_rows *rows, const struct step *step)
{
    if (step->months || step->days)
        return true;
    struct hr_err err;
    const struct hr_type *type = rows->types->args[2];
    const char *name = type->id == HR_TYPE_YEAR_MONTH ? "year-month interval"
                       : type->id == HR_TYPE_DAY_TIME ? "interval day to second"
                                                      : "day interval";
    hr_fail_spark(&err, "_LEGACY_ERROR_TEMP_3242", "intervalType", name, NULL);
    hr_kernel_fail(rows, &err);
    return false;
}

void hr_k_sequence(struct hr_rows *rows, idx_t row)
{
    int64_t start = integer_at(rows, 0, row), stop = integer_at(rows, 1, row);
    enum hr_type_id type = rows->types->args[0]->id;
    struct step step = step_of(rows, row, start <= stop);
    if (!is_moment(type)) {
        even_steps(rows, row, start, stop, step.micros);
        return;
    }
    if (type == HR_TYPE_DATE && !step_fits_dates(rows, &step))
        return;
    bool days_only = type == HR_TYPE_DATE && !step.months && !step.micros;
    if (days_only)
        even_steps(rows, row, start, stop, step.days);
    else if (!step.months && !step.days)
        even_steps(rows, row, start, stop, step.micros);
    else
        calendar_steps(rows, row, start, stop, &step);
}
