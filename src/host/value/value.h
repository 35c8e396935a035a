/* Spark's values as text, and back: what casts, readers, writers and functions share. Pure
 * functions of bytes; no DuckDB, no plan.
 *
 * Semantics: Spark 4.2's UTF8String, SparkDateTimeUtils, Cast and Java 17's formats. Every parser
 * takes text that need not be NUL-terminated, never reads past it, and returns false for what Spark
 * calls malformed (the caller makes the error or the NULL). Every printer writes at most its stated
 * maximum, returns the length, and does not NUL-terminate.
 *
 * Days count from 1970-01-01 in the proleptic Gregorian calendar; timestamps are microseconds from
 * 1970-01-01 00:00:00 (UTC for TIMESTAMP, local for TIMESTAMP_NTZ). Everything here may be called
 * from any thread. */
#ifndef HR_HOST_VALUE_VALUE_H
#define HR_HOST_VALUE_VALUE_H
#include "base/arena.h"
#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An unscaled decimal, up to 38 digits. The engine's vectors hold them at multiples of 8 bytes,
 * which is less than a compiler takes for granted. */
typedef __int128 hr_int128 __attribute__((aligned(8)));

#define HR_US_PER_SECOND INT64_C(1000000)
#define HR_US_PER_DAY (INT64_C(86400) * HR_US_PER_SECOND)

/* ---- numbers ---- */
/* whitespace and control characters around are trimmed; [+-]digits; allow_fraction: digits '.'
 * digits, the fraction dropped (non-ANSI cast) */
bool hr_parse_integer(
    const char *text, size_t len, int64_t min, int64_t max, bool allow_fraction, int64_t *out);
/* Java's Double.parseDouble after trimming, and Spark's inf, infinity, nan in any case */
bool hr_parse_double(const char *text, size_t len, double *out);
bool hr_parse_float(const char *text, size_t len, float *out);
enum hr_decimal_result { HR_DECIMAL_OK, HR_DECIMAL_MALFORMED, HR_DECIMAL_OVERFLOW };
/* rounds HALF_UP to scale; overflow when the result has more than precision digits */
enum hr_decimal_result hr_parse_decimal(
    const char *text, size_t len, int precision, int scale, hr_int128 *out);
/* the smallest precision and scale that hold text exactly (schema inference, literals); false when
 * malformed or beyond 38 digits */
bool hr_measure_decimal(const char *text, size_t len, int *precision, int *scale);
/* t true y yes 1, f false n no 0; trimmed, any case */
bool hr_parse_boolean(const char *text, size_t len, bool *out);
bool hr_decimal_fits(hr_int128 value, int precision);
hr_int128 hr_power_of_ten(int exponent); /* 0 … 38 */
/* rounds value from scale to a smaller or larger scale, HALF_UP; false on overflow of 128 bits */
bool hr_decimal_rescale(hr_int128 value, int from, int to, hr_int128 *out);

#define HR_DOUBLE_TEXT_MAX 32
/* Double.toString: 1.0, 1.0E10, NaN, Infinity */
size_t hr_print_double(double value, char out[static HR_DOUBLE_TEXT_MAX]);
size_t hr_print_float(float value, char out[static HR_DOUBLE_TEXT_MAX]);
#define HR_DECIMAL_TEXT_MAX 48
/* toPlainString */
size_t hr_print_decimal(hr_int128 value, int scale, char out[static HR_DECIMAL_TEXT_MAX]);
#define HR_INTEGER_TEXT_MAX 24
size_t hr_print_integer(int64_t value, char out[static HR_INTEGER_TEXT_MAX]);

/* ---- calendar ---- */
int64_t hr_days_from_civil(int64_t year, int month, int day); /* may be beyond a date's 32 bits */
void hr_civil_from_days(int32_t days, int64_t *year, int *month, int *day);
bool hr_is_valid_date(int64_t year, int month, int day); /* Java's: year ±999999999 */
/* a valid date within a date's 32 bits */
bool hr_date_of(int64_t year, int month, int day, int32_t *days);
int hr_days_in_month(int64_t year, int month);
/* months later by the calendar, the day cut to its month's last; microseconds of a local clock;
 * false on overflow */
bool hr_add_months(int64_t local_us, int64_t months, int64_t *out);
static inline int64_t hr_floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b != 0 && ((a < 0) != (b < 0)) ? q - 1 : q;
}
static inline int64_t hr_floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && ((rest < 0) != (b < 0)) ? rest + b : rest;
}

/* ---- time zones ---- */
struct hr_zone;
/* "UTC", "Z", "America/Los_Angeles", "+01:30", "GMT+1", "UTC-8", the old three-letter names. Zones
 * are found once and kept; NULL when unknown. */
const struct hr_zone *hr_zone_find(const char *name, size_t len);
const struct hr_zone *hr_zone_utc(void);
const char *hr_zone_name(const struct hr_zone *zone);
/* seconds east of UTC at that instant */
int32_t hr_zone_offset_at(const struct hr_zone *zone, int64_t utc_us);
/* as Java's ZonedDateTime.ofLocal: gaps move on, overlaps take the earlier offset */
int64_t hr_zone_to_utc(const struct hr_zone *zone, int64_t local_us);
/* the same of any local clock; false beyond the first and last microsecond, where the above stays
 */
bool hr_zone_utc_of(const struct hr_zone *zone, hr_int128 local_us, int64_t *utc_us);
int64_t hr_zone_to_local(const struct hr_zone *zone, int64_t utc_us);
/* the same as one number; false where none of 64 bits holds it, within a zone's offset of the first
 * and last microsecond */
bool hr_zone_local_of(const struct hr_zone *zone, int64_t utc_us, int64_t *local_us);
/* what a clock shows: days since 1970-01-01 and the microseconds of the day; of any moment */
struct hr_clock {
    int64_t day, micros;
};
struct hr_clock hr_zone_clock(const struct hr_zone *zone, int64_t utc_us);
const char *hr_zone_abbreviation(const struct hr_zone *zone, int64_t utc_us); /* "PST", "Z" */

/* ---- dates and times as Spark casts them ---- */
/* [+-]y*[-m[m][-d[d]]], anything behind ' ' or 'T' */
bool hr_parse_date(const char *text, size_t len, int32_t *days);
/* the zone in the text, else `zone`; a time without a date takes today's date (now_us) in that zone
 */
bool hr_parse_timestamp(
    const char *text, size_t len, const struct hr_zone *zone, int64_t now_us, int64_t *us);
bool hr_parse_timestamp_ntz(const char *text, size_t len, bool allow_zone, int64_t *us);
#define HR_DATE_TEXT_MAX 24
size_t hr_print_date(int32_t days, char out[static HR_DATE_TEXT_MAX]); /* 2026-11-22 */
#define HR_TIMESTAMP_TEXT_MAX 48
/* 2026-11-22 15:00:00.123 */
size_t hr_print_clock(struct hr_clock clock, char out[static HR_TIMESTAMP_TEXT_MAX]);
size_t hr_print_timestamp(int64_t local_us, char out[static HR_TIMESTAMP_TEXT_MAX]);

/* ---- intervals ---- */
#define HR_INTERVAL_TEXT_MAX 96
/* ANSI text: INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 02:03:04.5' DAY TO SECOND; units as in
 * struct hr_type */
size_t hr_print_year_month(int32_t months,
                           int first_unit,
                           int last_unit,
                           char out[static HR_INTERVAL_TEXT_MAX]);
size_t hr_print_day_time(int64_t us,
                         int first_unit,
                         int last_unit,
                         char out[static HR_INTERVAL_TEXT_MAX]);
/* 1 years 2 months 3 days */
size_t hr_print_calendar_interval(int32_t months,
                                  int32_t days,
                                  int64_t us,
                                  char out[static HR_INTERVAL_TEXT_MAX]);

/* ---- Java date and time patterns (java.time.format.DateTimeFormatter as Spark 4 allows it) ----
 */
struct hr_pattern;
enum hr_pattern_use { HR_PATTERN_FORMAT, HR_PATTERN_PARSE };
/* NULL when the pattern is invalid or has a letter that Spark refuses; *problem then says what, in
 * words */
struct hr_pattern *hr_pattern_new(struct hr_arena *arena,
                                  const char *text,
                                  size_t len,
                                  enum hr_pattern_use use,
                                  const char **problem);
/* false when the pattern asks for what is not known here: the full name of a zone other than UTC */
bool hr_pattern_format(const struct hr_pattern *pattern,
                       int64_t utc_us,
                       const struct hr_zone *zone,
                       struct hr_buf *out);
/* the same of a date at midnight */
bool hr_pattern_format_date(const struct hr_pattern *pattern, int32_t days, struct hr_buf *out);
/* zone NULL: offset seconds */
struct hr_moment {
    int64_t local_us;
    bool has_date, has_time, has_zone;
    int32_t offset;
    const struct hr_zone *zone;
};
bool hr_pattern_parse(const struct hr_pattern *pattern,
                      const char *text,
                      size_t len,
                      struct hr_moment *out);
/* false beyond the first and last microsecond */
bool hr_moment_to_utc(const struct hr_moment *moment,
                      const struct hr_zone *session_zone,
                      int64_t *utc_us);
#endif
