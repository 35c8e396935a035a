/* Moments by calendar units: timestampadd, timestampdiff, make_timestamp. */
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct unit {
    const char *name;
    int months, days;
    int64_t micros;
} units[] = {
    {"year", 12, 0, 0},
    {"quarter", 3, 0, 0},
    {"month", 1, 0, 0},
    {"week", 0, 7, 0},
    {"day", 0, 1, 0},
    {"dayofyear", 0, 1, 0},
    {"hour", 0, 0, 3600 * HR_US_PER_SECOND},
    {"minute", 0, 0, 60 * HR_US_PER_SECOND},
    {"second", 0, 0, HR_US_PER_SECOND},
    {"millisecond", 0, 0, 1000},
    {"microsecond", 0, 0, 1},
};

static const struct unit *unit_of(struct hr_rows *rows, idx_t row, const char *function)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    for (size_t i = 0; i < HR_LEN(units); i++)
        if (strlen(units[i].name) == text.len && !strncasecmp(units[i].name, text.bytes, text.len))
            return &units[i];
    struct hr_err err;
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *value = hr_printf(scratch, "'%.*s'", (int)text.len, text.bytes);
    hr_fail_spark(&err, "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "functionName", function,
                  "parameter", "`unit`", "invalidValue", value, NULL);
    hr_arena_free(scratch);
    hr_kernel_fail(rows, &err);
    return NULL;
}

static const struct hr_zone *zone_for(const struct hr_rows *rows, size_t arg)
{
    return rows->types->args[arg]->id == HR_TYPE_TIMESTAMP_NTZ ? hr_zone_utc() : rows->types->zone;
}

/* the start of the last window that a time is in, less `back`; windows begin every `slide` from
 * `start` on */
void hr_k_window_start(struct hr_rows *rows, idx_t row)
{
    int64_t at = HR_ROW(rows, 0, row, int64_t), slide = HR_ROW(rows, 1, row, int64_t);
    int64_t start = HR_ROW(rows, 2, row, int64_t), back = HR_ROW(rows, 3, row, int64_t), since;
    bool fits = !__builtin_sub_overflow(at, start, &since);
    fits = fits && !__builtin_sub_overflow(at, hr_floor_mod(since, slide), &at);
    fits = fits && !__builtin_sub_overflow(at, back, &at);
    HR_OUT(rows, row, int64_t) = at;
    if (fits)
        return;
    struct hr_err err;
    hr_fail_spark(&err, "ARITHMETIC_OVERFLOW", "message", "overflow", "alternative",
                  " Use 'try_add' to tolerate overflow and return NULL instead.", "config",
                  "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

/* The moment at which the clock of a zone shows `local`. Where it shows it twice, the one with the
 * offset that `near` has; where it never does, as much later as the gap is long. */
static bool moment_near(const struct hr_zone *zone, int64_t near, int64_t local, int64_t *out)
{
    int64_t offset = hr_zone_offset_at(zone, near) * HR_US_PER_SECOND, shown;
    if (!__builtin_sub_overflow(local, offset, out) &&
        hr_zone_local_of(zone, *out, &shown) &&
        shown == local)
        return true;
    return hr_zone_utc_of(zone, local, out);
}

/* timestampadd(unit, n, moment): days and longer keep the clock of the session's zone, shorter ones
 * are exact */
void hr_k_timestamp_add(struct hr_rows *rows, idx_t row)
{
    const struct unit *unit = unit_of(rows, row, "`timestampadd`");
    if (!unit)
        return;
    const struct hr_zone *zone = zone_for(rows, 2);
    int64_t count = HR_ROW(rows, 1, row, int64_t), at = HR_ROW(rows, 2, row, int64_t);
    int64_t step, local, out = 0;
    bool fits;
    if (unit->micros) {
        fits = !__builtin_mul_overflow(count, unit->micros, &step) &&
               !__builtin_add_overflow(at, step, &out);
    } else if (unit->months) {
        fits = !__builtin_mul_overflow(count, (int64_t)unit->months, &step) &&
               hr_zone_local_of(zone, at, &local) &&
               hr_add_months(local, step, &local) &&
               moment_near(zone, at, local, &out);
    } else {
        fits = !__builtin_mul_overflow(count, unit->days * HR_US_PER_DAY, &step) &&
               hr_zone_local_of(zone, at, &local) &&
               !__builtin_add_overflow(local, step, &local) &&
               moment_near(zone, at, local, &out);
    }
    if (fits) {
        HR_OUT(rows, row, int64_t) = out;
        return;
    }
    struct hr_err err;
    char operation[64];
    snprintf(operation, sizeof operation, "add %lldL %s", (long long)count, unit->name);
    hr_fail_spark(&err, "DATETIME_OVERFLOW", "operation", operation, NULL);
    hr_kernel_fail(rows, &err);
}

/* timestampdiff(unit, from, to): whole units, toward zero */
void hr_k_timestamp_diff(struct hr_rows *rows, idx_t row)
{
    const struct unit *unit = unit_of(rows, row, "`timestampdiff`");
    if (!unit)
        return;
    struct hr_clock from = hr_zone_clock(zone_for(rows, 1), HR_ROW(rows, 1, row, int64_t));
    struct hr_clock to = hr_zone_clock(zone_for(rows, 2), HR_ROW(rows, 2, row, int64_t));
    if (!unit->months) {
        hr_int128 whole = (hr_int128)(to.day - from.day) * HR_US_PER_DAY + to.micros - from.micros;
        whole /= unit->micros ? unit->micros : unit->days * HR_US_PER_DAY;
        HR_OUT(rows, row, int64_t) = (int64_t)whole;
        if (whole != (int64_t)whole)
            hr_arithmetic_failure(rows, "long overflow");
        return;
    }
    int64_t y1, y2;
    int m1, m2, d1, d2;
    hr_civil_from_days((int32_t)from.day, &y1, &m1, &d1);
    hr_civil_from_days((int32_t)to.day, &y2, &m2, &d2);
    int64_t months = (y2 - y1) * 12 + m2 - m1;
    int64_t part1 = d1 * HR_US_PER_DAY + from.micros, part2 = d2 * HR_US_PER_DAY + to.micros;
    months -= months > 0 && part2 < part1;
    months += months < 0 && part2 > part1;
    HR_OUT(rows, row, int64_t) = months / unit->months;
}

/* make_timestamp(year, month, day, hour, minute, second [, zone]) */
static void make(struct hr_rows *rows, idx_t row, bool strict)
{
    int64_t year = HR_ROW(rows, 0, row, int32_t);
    int month = HR_ROW(rows, 1, row, int32_t), day = HR_ROW(rows, 2, row, int32_t),
        hour = HR_ROW(rows, 3, row, int32_t), minute = HR_ROW(rows, 4, row, int32_t);
    double second = HR_ROW(rows, 5, row, double);
    const struct hr_zone *zone =
        rows->types->result->id == HR_TYPE_TIMESTAMP_NTZ ? hr_zone_utc() : rows->types->zone;
    /* the last second may be written as 60 */
    bool carry = second == 60;
    if (rows->arg_count > 6) {
        zone = hr_zone_at(rows, 6, row);
        if (!zone)
            return;
    }
    bool valid = hr_is_valid_date(year, month, day) &&
                 hour >= 0 &&
                 hour < 24 &&
                 minute >= 0 &&
                 minute < 60 &&
                 second >= 0 &&
                 (second < 60 || carry);
    if (valid) {
        hr_int128 local = (hr_int128)hr_days_from_civil(year, month, day) * HR_US_PER_DAY +
                          (hour * 3600 + minute * 60) * HR_US_PER_SECOND +
                          llround(second * 1e6);
        if (!hr_zone_utc_of(zone, local, &HR_OUT(rows, row, int64_t)))
            hr_arithmetic_failure(rows, "long overflow");
        return;
    }
    if (!strict) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    hr_fail_spark(&err, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", "rangeMessage",
                  "Invalid value for a field of the timestamp", "ansiConfig",
                  "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

void hr_k_make_timestamp(struct hr_rows *rows, idx_t row)
{
    make(rows, row, true);
}
void hr_k_make_timestamp_null(struct hr_rows *rows, idx_t row)
{
    make(rows, row, false);
}

/* ---- moments and intervals ---- */

void hr_date_overflow(struct hr_rows *rows)
{
    struct hr_err err;
    hr_fail_spark(&err, "ARITHMETIC_OVERFLOW", "message", "overflow", "alternative", "", "config",
                  "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

static void date_plus_months(struct hr_rows *rows, idx_t row, int64_t months)
{
    int64_t year;
    int month, day;
    hr_civil_from_days(HR_ROW(rows, 0, row, int32_t), &year, &month, &day);
    int64_t total = year * 12 + month - 1 + months;
    year = hr_floor_div(total, 12);
    month = (int)hr_floor_mod(total, 12) + 1;
    int last = hr_days_in_month(year, month);
    if (!hr_date_of(year, month, day < last ? day : last, &HR_OUT(rows, row, int32_t)))
        hr_date_overflow(rows);
}

/* plus_months(moment, months, sign), by the calendar of the session's zone */
void hr_k_plus_months(struct hr_rows *rows, idx_t row)
{
    int64_t months = (int64_t)HR_ROW(rows, 1, row, int32_t) * HR_ROW(rows, 2, row, int32_t), local;
    if (rows->types->args[0]->id == HR_TYPE_DATE) {
        date_plus_months(rows, row, months);
        return;
    }
    const struct hr_zone *zone = zone_for(rows, 0);
    int64_t at = HR_ROW(rows, 0, row, int64_t);
    if (!hr_zone_local_of(zone, at, &local) ||
        !hr_add_months(local, months, &local) ||
        !moment_near(zone, at, local, &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

/* plus_micros(moment, interval, sign): whole days keep the clock of the session's zone, the rest is
 * exact */
void hr_k_plus_micros(struct hr_rows *rows, idx_t row)
{
    const struct hr_zone *zone = zone_for(rows, 0);
    int64_t at = HR_ROW(rows, 0, row, int64_t), interval = HR_ROW(rows, 1, row, int64_t), local;
    if (HR_ROW(rows, 2, row, int32_t) < 0 && __builtin_sub_overflow(0, interval, &interval)) {
        hr_arithmetic_failure(rows, "long overflow");
        return;
    }
    int64_t rest = interval % HR_US_PER_DAY;
    bool fits = hr_zone_local_of(zone, at, &local) &&
                !__builtin_add_overflow(local, interval - rest, &local);
    if (fits && interval != rest)
        fits = moment_near(zone, at, local, &at);
    fits = fits && !__builtin_add_overflow(at, rest, &at);
    if (fits)
        HR_OUT(rows, row, int64_t) = at;
    else
        hr_arithmetic_failure(rows, "long overflow");
}

/* what the clock of the session's zone has gone on: a change of clocks is no time */
void hr_k_micros_between(struct hr_rows *rows, idx_t row)
{
    int64_t to, from;
    bool fits = hr_zone_local_of(zone_for(rows, 0), HR_ROW(rows, 0, row, int64_t), &to) &&
                hr_zone_local_of(zone_for(rows, 1), HR_ROW(rows, 1, row, int64_t), &from) &&
                !__builtin_sub_overflow(to, from, &HR_OUT(rows, row, int64_t));
    if (!fits)
        hr_arithmetic_failure(rows, "long overflow");
}

/* ---- intervals from numbers ---- */

static void interval_overflow(struct hr_rows *rows)
{
    struct hr_err err;
    hr_fail_spark(&err, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", NULL);
    hr_kernel_fail(rows, &err);
}

static bool add_units(int64_t *micros, int32_t count, int64_t unit)
{
    int64_t more;
    return !__builtin_mul_overflow((int64_t)count, unit, &more) &&
           !__builtin_add_overflow(*micros, more, micros);
}

/* days, hours, minutes, seconds with six decimals */
void hr_k_make_day_time(struct hr_rows *rows, idx_t row)
{
    int64_t micros = (int64_t)hr_decimal_at(rows->data[3], rows->types->args[3], row);
    bool fits = add_units(&micros, HR_ROW(rows, 0, row, int32_t), HR_US_PER_DAY);
    fits = fits && add_units(&micros, HR_ROW(rows, 1, row, int32_t), 3600000000);
    fits = fits && add_units(&micros, HR_ROW(rows, 2, row, int32_t), 60000000);
    if (fits)
        HR_OUT(rows, row, int64_t) = micros;
    else
        interval_overflow(rows);
}

void hr_k_make_year_month(struct hr_rows *rows, idx_t row)
{
    int64_t months = (int64_t)HR_ROW(rows, 0, row, int32_t) * 12 + HR_ROW(rows, 1, row, int32_t);
    if (months == (int32_t)months)
        HR_OUT(rows, row, int32_t) = (int32_t)months;
    else
        interval_overflow(rows);
}
