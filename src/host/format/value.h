/* Text to Spark's values and back, by the rules of Spark's data sources (Java's Integer.parseInt, Double.parseDouble, BigDecimal;
 * Spark's stringToDate and stringToTimestamp). Pure functions; no allocation unless a buffer is given. */
#ifndef HR_HOST_FORMAT_VALUE_H
#define HR_HOST_FORMAT_VALUE_H
#include "base/buf.h"
#include "host/format/zone.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hr_value_long(const char *text, size_t len, int64_t *value);                  /* Long.parseLong: sign and digits, nothing else */
bool hr_value_double(const char *text, size_t len, double *value);                 /* Double.parseDouble */
bool hr_value_float(const char *text, size_t len, float *value);
bool hr_value_boolean(const char *text, size_t len, bool *value);                  /* true, false, any case */

/* digits with an unscaled value: BigDecimal(text). Commas are skipped when asked (the US number format). False: not a number, or
 * more than 38 digits behind rounding to nothing. */
struct hr_decimal { __int128 unscaled; int precision, scale; };
bool hr_value_bigdecimal(const char *text, size_t len, bool skip_commas, struct hr_decimal *value);
/* rescaled HALF_UP to (precision, scale); false when it does not fit */
bool hr_value_decimal(const struct hr_decimal *from, int precision, int scale, __int128 *value);

bool hr_value_date(const char *text, size_t len, int32_t *days);                   /* Spark's stringToDate */
/* Spark's stringToTimestamp. Without a zone in the text `zone` decides; had_zone tells. A text of a time only needs `today` (days). */
bool hr_value_timestamp(const char *text, size_t len, const struct hr_zone *zone, int32_t today, int64_t *micros, bool *had_zone);

bool hr_civil_valid(int64_t year, int month, int day);
int64_t hr_civil_days(int64_t year, int month, int day);
void hr_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

/* ---- to text ---- */
void hr_text_long(struct hr_buf *out, int64_t value);
void hr_text_double(struct hr_buf *out, double value);      /* Double.toString */
void hr_text_float(struct hr_buf *out, float value);
void hr_text_decimal(struct hr_buf *out, __int128 unscaled, int scale);   /* plain digits */
void hr_text_date(struct hr_buf *out, int32_t days);        /* yyyy-MM-dd */
void hr_text_timestamp(struct hr_buf *out, int64_t micros); /* yyyy-MM-dd HH:mm:ss[.ffffff], of local micros */

/* ---- UTF-8 ---- */
bool hr_utf8_valid(const char *bytes, size_t len);
/* appends the text with every malformed part replaced by U+FFFD, as Java's decoder does */
bool hr_utf8_repair(const char *bytes, size_t len, struct hr_buf *out);
#endif
