/* Text to values by the rules of Spark's csv and json sources where they differ from casts
 * (host/value): Java's Integer.parseInt, Double.parseDouble, BigDecimal, and Java's decoding of
 * broken UTF-8. Pure functions. */
#ifndef HR_HOST_FORMAT_TEXT_VALUE_H
#define HR_HOST_FORMAT_TEXT_VALUE_H
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "host/value/value.h"

enum hr_parse_mode { HR_MODE_PERMISSIVE, HR_MODE_DROPMALFORMED, HR_MODE_FAILFAST };

/* Long.parseLong: sign and digits, nothing else */
bool hr_value_long(const char *text, size_t len, int64_t *value);
/* Double.parseDouble */
bool hr_value_double(const char *text, size_t len, double *value);
bool hr_value_float(const char *text, size_t len, float *value);
/* true, false, any case */
bool hr_value_boolean(const char *text, size_t len, bool *value);

/* BigDecimal(text). Commas are skipped when asked (the US number format). precision counts all
 * digits; beyond 38 the last ones are not in unscaled (scale says so). */
struct hr_decimal {
    hr_int128 unscaled;
    int precision, scale;
};
bool hr_value_bigdecimal(const char *text, size_t len, bool skip_commas, struct hr_decimal *value);
/* rescaled HALF_UP to (precision, scale); false when it does not fit */
bool hr_value_decimal(const struct hr_decimal *from, int precision, int scale, hr_int128 *value);

/* by the pattern (NULL: none), else leniently when that is allowed */
bool hr_value_date(
    const struct hr_pattern *pattern, bool fallback, const char *text, size_t len, int32_t *days);
bool hr_value_timestamp(const struct hr_pattern *pattern,
                        bool fallback,
                        const struct hr_zone *zone,
                        const char *text,
                        size_t len,
                        int64_t *micros);
/* without a pattern leniently */
bool hr_value_ntz(const struct hr_pattern *pattern, const char *text, size_t len, int64_t *micros);

/* appends the text with every malformed part replaced by U+FFFD, as Java's decoder does */
bool hr_utf8_repair(const char *bytes, size_t len, struct hr_buf *out);
#endif
