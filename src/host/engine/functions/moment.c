/* Dates and times: the parts that need the session's zone, Java's patterns, or Spark's errors. */
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct hr_clock clock_at(const struct hr_rows *rows, size_t arg, idx_t row)
{
    bool no_zone = rows->types->args[arg]->id == HR_TYPE_TIMESTAMP_NTZ;
    return hr_zone_clock(no_zone ? hr_zone_utc() : rows->types->zone,
                         HR_ROW(rows, arg, row, int64_t));
}

void hr_k_hour(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)(clock_at(rows, 0, row).micros / 3600000000);
}
void hr_k_minute(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)(clock_at(rows, 0, row).micros / 60000000 % 60);
}
void hr_k_second(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)(clock_at(rows, 0, row).micros / 1000000 % 60);
}
void hr_k_seconds(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)(clock_at(rows, 0, row).micros % 60000000);
}

/* ---- patterns: each thread keeps the last ones ---- */

#define KEPT 8

struct kept {
    struct hr_arena *arena;
    struct hr_pattern *pattern;
    char *text;
    size_t len;
    enum hr_pattern_use use;
};

static const struct hr_pattern *pattern_for(struct hr_rows *rows,
                                            struct hr_text text,
                                            enum hr_pattern_use use)
{
    static _Thread_local struct kept kept[KEPT];
    static _Thread_local unsigned next;
    for (size_t i = 0; i < KEPT; i++)
        if (kept[i].pattern &&
            kept[i].use == use &&
            kept[i].len == text.len &&
            !memcmp(kept[i].text, text.bytes, text.len))
            return kept[i].pattern;
    struct kept *slot = &kept[next++ % KEPT];
    hr_arena_free(slot->arena);
    *slot = (struct kept){.arena = hr_arena_new(NULL), .len = text.len, .use = use};
    const char *problem = "unknown";
    slot->text = hr_strndup(slot->arena, text.bytes, text.len);
    slot->pattern = hr_pattern_new(slot->arena, text.bytes, text.len, use, &problem);
    if (!slot->pattern) {
        struct hr_err err;
        hr_fail_spark(&err, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "pattern",
                      hr_printf(slot->arena, "'%s'", slot->text), NULL);
        hr_kernel_fail(rows, &err);
    }
    return slot->pattern;
}

void hr_k_date_format(struct hr_rows *rows, idx_t row)
{
    const struct hr_pattern *pattern =
        pattern_for(rows, hr_row_text(rows, 1, row), HR_PATTERN_FORMAT);
    if (!pattern)
        return;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    if (hr_pattern_format(pattern, HR_ROW(rows, 0, row, int64_t), rows->types->zone, &buf)) {
        hr_out_buf(rows, row, &buf);
    } else {
        struct hr_err err;
        hr_fail(&err, HR_E_UNSUPPORTED,
                "the pattern letters 'zzzz' in the zone '%s': only UTC's full name is known",
                hr_zone_name(rows->types->zone));
        hr_kernel_fail(rows, &err);
    }
    hr_buf_release(&buf);
}

static void cannot_parse(struct hr_rows *rows, idx_t row)
{
    struct hr_err err;
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_arena *scratch = hr_arena_new(NULL);
    bool date = rows->types->result->id == HR_TYPE_DATE;
    const char *message =
        hr_printf(scratch, "Text '%.*s' could not be parsed", (int)text.len, text.bytes);
    hr_fail_spark(&err, "CANNOT_PARSE_TIMESTAMP", "message", message, "func",
                  date ? "`try_to_date`" : "`try_to_timestamp`", NULL);
    hr_arena_free(scratch);
    hr_kernel_fail(rows, &err);
}

static void parse_moment(struct hr_rows *rows, idx_t row, bool strict)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_pattern *pattern =
        pattern_for(rows, hr_row_text(rows, 1, row), HR_PATTERN_PARSE);
    struct hr_moment moment;
    if (!pattern)
        return;
    if (!hr_pattern_parse(pattern, text.bytes, text.len, &moment)) {
        if (strict)
            cannot_parse(rows, row);
        else
            hr_out_null(rows, row);
        return;
    }
    int64_t utc;
    if (!hr_moment_to_utc(&moment, rows->types->zone, &utc)) {
        hr_arithmetic_failure(rows, "long overflow");
        return;
    }
    switch (rows->types->result->id) {
    case HR_TYPE_DATE:
        HR_OUT(rows, row, int32_t) = (int32_t)hr_zone_clock(rows->types->zone, utc).day;
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        HR_OUT(rows, row, int64_t) = moment.local_us;
        break;
    default:
        HR_OUT(rows, row, int64_t) = utc;
        break;
    }
}

void hr_k_parse_moment(struct hr_rows *rows, idx_t row)
{
    parse_moment(rows, row, true);
}
void hr_k_parse_moment_null(struct hr_rows *rows, idx_t row)
{
    parse_moment(rows, row, false);
}

/* ---- truncation ---- */

enum unit {
    UNIT_NONE,
    MICROSECOND,
    MILLISECOND,
    SECOND,
    MINUTE,
    HOUR,
    DAY,
    WEEK,
    MONTH,
    QUARTER,
    YEAR
};

static enum unit unit_of(struct hr_text text)
{
    static const struct {
        const char *name;
        enum unit unit;
    } names[] = {
        {"microsecond", MICROSECOND},
        {"millisecond", MILLISECOND},
        {"second", SECOND},
        {"minute", MINUTE},
        {"hour", HOUR},
        {"day", DAY},
        {"dd", DAY},
        {"week", WEEK},
        {"month", MONTH},
        {"mon", MONTH},
        {"mm", MONTH},
        {"quarter", QUARTER},
        {"year", YEAR},
        {"yyyy", YEAR},
        {"yy", YEAR},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == text.len && !strncasecmp(names[i].name, text.bytes, text.len))
            return names[i].unit;
    return UNIT_NONE;
}

static int64_t truncated_days(int64_t days, enum unit unit)
{
    int64_t year;
    int month, day;
    if (unit == WEEK)
        return days - hr_floor_mod(days + 3, 7); /* 1970-01-01 was a Thursday */
    hr_civil_from_days((int32_t)days, &year, &month, &day);
    if (unit == YEAR)
        month = 1;
    if (unit == QUARTER)
        month = (month - 1) / 3 * 3 + 1;
    return hr_days_from_civil(year, month, 1);
}

void hr_k_date_trunc(struct hr_rows *rows, idx_t row)
{
    enum unit unit = unit_of(hr_row_text(rows, 0, row));
    static const int64_t sizes[] = {[MICROSECOND] = 1,   [MILLISECOND] = 1000,
                                    [SECOND] = 1000000,  [MINUTE] = 60000000,
                                    [HOUR] = 3600000000, [DAY] = HR_US_PER_DAY};
    int64_t us = HR_ROW(rows, 1, row, int64_t);
    if (unit == UNIT_NONE) {
        hr_out_null(rows, row);
        return;
    }
    const struct hr_zone *zone = unit <= SECOND ? hr_zone_utc() : rows->types->zone;
    hr_int128 local = (hr_int128)us + hr_zone_offset_at(zone, us) * HR_US_PER_SECOND;
    int64_t size = unit <= DAY ? sizes[unit] : HR_US_PER_DAY, rest = (int64_t)(local % size);
    local -= rest < 0 ? rest + size : rest;
    if (unit > DAY)
        local = (hr_int128)truncated_days((int64_t)(local / HR_US_PER_DAY), unit) * HR_US_PER_DAY;
    if (!hr_zone_utc_of(zone, local, &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

/* Spark counts days in 32 bits, which wrap */
static int32_t wrapped_days(int64_t days)
{
    return (int32_t)(uint32_t)(uint64_t)days;
}

/* ---- parts of dates for which the engine's ends lie nearer than Spark's ---- */

struct week {
    int64_t year;
    int number;
};

/* by ISO 8601: a week belongs to the year of its Thursday */
static struct week week_of(int32_t days)
{
    struct week week;
    int month, day;
    int64_t thursday = (int64_t)days - hr_floor_mod((int64_t)days + 3, 7) + 3;
    hr_civil_from_days(days, &week.year, &month, &day);
    if (thursday < hr_days_from_civil(week.year, 1, 1))
        week.year--;
    else if (thursday >= hr_days_from_civil(week.year + 1, 1, 1))
        week.year++;
    week.number = (int)((thursday - hr_days_from_civil(week.year, 1, 1)) / 7) + 1;
    return week;
}

void hr_k_week_of_year(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = week_of(HR_ROW(rows, 0, row, int32_t)).number;
}

void hr_k_year_of_week(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = (int32_t)week_of(HR_ROW(rows, 0, row, int32_t)).year;
}

void hr_k_last_day(struct hr_rows *rows, idx_t row)
{
    int64_t year, days = HR_ROW(rows, 0, row, int32_t);
    int month, day;
    hr_civil_from_days((int32_t)days, &year, &month, &day);
    HR_OUT(rows, row, int32_t) = wrapped_days(days + hr_days_in_month(year, month) - day);
}

void hr_k_date_diff(struct hr_rows *rows, idx_t row)
{
    int64_t end = HR_ROW(rows, 0, row, int32_t), start = HR_ROW(rows, 1, row, int32_t);
    HR_OUT(rows, row, int32_t) = wrapped_days(end - start);
}

void hr_k_trunc(struct hr_rows *rows, idx_t row)
{
    enum unit unit = unit_of(hr_row_text(rows, 1, row));
    if (unit < WEEK)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, int32_t) =
            wrapped_days(truncated_days(HR_ROW(rows, 0, row, int32_t), unit));
}

/* ---- the rest ---- */

static void next_day(struct hr_rows *rows, idx_t row, bool strict)
{
    static const char *const names[7][3] = {{"su", "sun", "sunday"},   {"mo", "mon", "monday"},
                                            {"tu", "tue", "tuesday"},  {"we", "wed", "wednesday"},
                                            {"th", "thu", "thursday"}, {"fr", "fri", "friday"},
                                            {"sa", "sat", "saturday"}};
    struct hr_text text = hr_row_text(rows, 1, row);
    int64_t days = HR_ROW(rows, 0, row, int32_t);
    for (int d = 0; d < 7; d++)
        for (int k = 0; k < 3; k++)
            if (strlen(names[d][k]) == text.len &&
                !strncasecmp(names[d][k], text.bytes, text.len)) {
                int today = (int)hr_floor_mod(days + 4, 7); /* 1970-01-01 was a Thursday */
                int ahead = (d - today + 7) % 7;
                HR_OUT(rows, row, int32_t) = wrapped_days(days + (ahead ? ahead : 7));
                return;
            }
    if (!strict) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *name = hr_printf(scratch, "\"%.*s\"", (int)text.len, text.bytes);
    hr_fail_spark(&err, "ILLEGAL_DAY_OF_WEEK", "string", name, NULL);
    hr_arena_free(scratch);
    hr_kernel_fail(rows, &err);
}

void hr_k_next_day(struct hr_rows *rows, idx_t row)
{
    next_day(rows, row, true);
}
void hr_k_next_day_null(struct hr_rows *rows, idx_t row)
{
    next_day(rows, row, false);
}

void hr_k_months_between(struct hr_rows *rows, idx_t row)
{
    struct hr_clock a = clock_at(rows, 0, row), b = clock_at(rows, 1, row);
    int64_t y1, y2;
    int m1, m2, day1, day2;
    hr_civil_from_days((int32_t)a.day, &y1, &m1, &day1);
    hr_civil_from_days((int32_t)b.day, &y2, &m2, &day2);
    double months = (double)((y1 - y2) * 12 + m1 - m2);
    bool last1 = day1 == hr_days_in_month(y1, m1), last2 = day2 == hr_days_in_month(y2, m2);
    if (day1 == day2 || (last1 && last2)) {
        HR_OUT(rows, row, double) = months;
        return;
    }
    int64_t seconds = (int64_t)(day1 - day2) * 86400 + a.micros / 1000000 - b.micros / 1000000;
    double value = months + (double)seconds / (31 * 86400.0);
    HR_OUT(rows, row, double) = HR_ROW(rows, 2, row, bool) ? round(value * 1e8) / 1e8 : value;
}

static void make_date(struct hr_rows *rows, idx_t row, bool strict)
{
    int32_t year = HR_ROW(rows, 0, row, int32_t), month = HR_ROW(rows, 1, row, int32_t),
            day = HR_ROW(rows, 2, row, int32_t);
    if (hr_date_of(year, month, day, &HR_OUT(rows, row, int32_t)))
        return;
    if (hr_is_valid_date(year, month, day)) {
        hr_date_overflow(rows);
        return;
    }
    if (!strict) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    char message[128];
    if (month < 1 || month > 12)
        snprintf(message, sizeof message, "Invalid value for MonthOfYear (valid values 1 - 12): %d",
                 month);
    else if (day < 1 || day > 31)
        snprintf(message, sizeof message,
                 "Invalid value for DayOfMonth (valid values 1 - 28/31): %d", day);
    else
        snprintf(message, sizeof message, "Invalid date");
    hr_fail_spark(&err, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", "rangeMessage", message,
                  "ansiConfig", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

void hr_k_make_date(struct hr_rows *rows, idx_t row)
{
    make_date(rows, row, true);
}
void hr_k_make_date_null(struct hr_rows *rows, idx_t row)
{
    make_date(rows, row, false);
}

const struct hr_zone *hr_zone_at(struct hr_rows *rows, size_t arg, idx_t row)
{
    struct hr_text name = hr_row_text(rows, arg, row);
    const struct hr_zone *zone = hr_zone_find(name.bytes, name.len);
    if (zone)
        return zone;
    struct hr_err err;
    struct hr_arena *scratch = hr_arena_new(NULL);
    hr_fail_spark(&err, "INVALID_TIMEZONE", "timeZone", hr_strndup(scratch, name.bytes, name.len),
                  NULL);
    hr_arena_free(scratch);
    hr_kernel_fail(rows, &err);
    return NULL;
}

static const struct hr_zone *zone_arg(struct hr_rows *rows, idx_t row)
{
    return hr_zone_at(rows, 1, row);
}

void hr_k_from_utc(struct hr_rows *rows, idx_t row)
{
    const struct hr_zone *zone = zone_arg(rows, row);
    if (zone && !hr_zone_local_of(zone, HR_ROW(rows, 0, row, int64_t), &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

void hr_k_to_utc(struct hr_rows *rows, idx_t row)
{
    const struct hr_zone *zone = zone_arg(rows, row);
    if (zone && !hr_zone_utc_of(zone, HR_ROW(rows, 0, row, int64_t), &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

/* convert_timezone(source, target, local time) */
void hr_k_convert_timezone(struct hr_rows *rows, idx_t row)
{
    const struct hr_zone *from = hr_zone_at(rows, 0, row),
                         *to = from ? hr_zone_at(rows, 1, row) : NULL;
    int64_t utc;
    if (!to)
        return;
    if (!hr_zone_utc_of(from, HR_ROW(rows, 2, row, int64_t), &utc) ||
        !hr_zone_local_of(to, utc, &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

/* ---- moments from numbers ---- */

void hr_arithmetic_failure(struct hr_rows *rows, const char *message)
{
    struct hr_err err;
    hr_fail_spark(&err, "java.lang.ArithmeticException", "message", message, NULL);
    hr_kernel_fail(rows, &err);
}

static void exact_timestamp(struct hr_rows *rows, idx_t row, hr_int128 value, const char *failure)
{
    if (value != (hr_int128)(int64_t)value)
        hr_arithmetic_failure(rows, failure);
    else
        HR_OUT(rows, row, int64_t) = (int64_t)value;
}

static void decimal_timestamp(struct hr_rows *rows,
                              idx_t row,
                              const struct hr_type *type,
                              int32_t scale)
{
    hr_int128 value = hr_decimal_at(rows->data[0], type, row), divisor = 1, product;
    for (int i = 0; i < type->scale; i++)
        divisor *= 10;
    if (__builtin_mul_overflow(value, (hr_int128)scale, &product))
        hr_arithmetic_failure(rows, "Overflow");
    else if (product % divisor)
        hr_arithmetic_failure(rows, "Rounding necessary");
    else
        exact_timestamp(rows, row, product / divisor, "Overflow");
}

/* a double to a long as Java casts it: what is beyond is the last one */
static int64_t java_long(double value)
{
    if (value >= 0x1p63)
        return INT64_MAX;
    return value < -0x1p63 ? INT64_MIN : (int64_t)value;
}

/* timestamp_seconds, _millis, _micros: the number, and the microseconds that one of it is */
void hr_k_timestamp_of(struct hr_rows *rows, idx_t row)
{
    const struct hr_type *type = rows->types->args[0];
    int32_t scale = HR_ROW(rows, 1, row, int32_t);
    int64_t whole;
    double real;
    switch (type->id) {
    case HR_TYPE_DECIMAL:
        decimal_timestamp(rows, row, type, scale);
        return;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        real = type->id == HR_TYPE_FLOAT ? (double)HR_ROW(rows, 0, row, float)
                                         : HR_ROW(rows, 0, row, double);
        if (isfinite(real))
            HR_OUT(rows, row, int64_t) = java_long(real * scale);
        else
            hr_out_null(rows, row);
        return;
    case HR_TYPE_BYTE:
        whole = HR_ROW(rows, 0, row, int8_t);
        break;
    case HR_TYPE_SHORT:
        whole = HR_ROW(rows, 0, row, int16_t);
        break;
    case HR_TYPE_LONG:
        whole = HR_ROW(rows, 0, row, int64_t);
        break;
    default:
        whole = HR_ROW(rows, 0, row, int32_t);
        break;
    }
    exact_timestamp(rows, row, (hr_int128)whole * scale, "long overflow");
}

/* days beyond an int wrap around, as Java's do */
void hr_k_date_shift(struct hr_rows *rows, idx_t row)
{
    uint32_t days = HR_ROW(rows, 1, row, uint32_t), sign = HR_ROW(rows, 2, row, uint32_t);
    HR_OUT(rows, row, uint32_t) = HR_ROW(rows, 0, row, uint32_t) + days * sign;
}
