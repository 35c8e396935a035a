#include "host/format/text_value.h"
#include "base/check.h"
#include "base/utf8.h"
#include "host/format/files/files.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DECIMAL_DIGITS_MAX 38

/* ---- numbers ---- */

bool hr_value_long(const char *text, size_t len, int64_t *value)
{
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    uint64_t sum = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned char)*p - '0';
        if (digit > 9 || sum > (UINT64_MAX >> 1) / 10 + 1)
            return false;
        sum = sum * 10 + digit;
    }
    if (sum > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* plain decimals whose digits and power of ten are exact doubles (Clinger): nearly every number in
 * a file */
static bool double_fast(const char *p, const char *end, double *value)
{
    bool negative = p < end && *p == '-';
    if (negative)
        p++;
    uint64_t mantissa = 0;
    int count = 0, fraction = 0;
    for (; p < end && (unsigned char)(*p - '0') < 10; p++, count++)
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (p < end && *p == '.')
        for (p++; p < end && (unsigned char)(*p - '0') < 10; p++, count++, fraction++)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (p != end || !count || count > 18 || mantissa > (1ull << 53) || fraction > 22)
        return false;
    double v = (double)mantissa / powers[fraction];
    *value = negative ? -v : v;
    return true;
}

#define DOUBLE_SMALL 512 /* of more letters a text is copied to memory of its own */

/* Java's grammar around strtod's: a trailing f, F, d or D, "NaN" and "Infinity" by exact case.
 * `text` is changed. */
static bool double_text(char *text, size_t len)
{
    const char *body = text + (*text == '-' || *text == '+');
    if (!strcmp(body, "NaN") || !strcmp(body, "Infinity"))
        return true;
    bool hex = body[0] == '0' && (body[1] == 'x' || body[1] == 'X');
    char last = text[len - 1];
    if (last == 'f' || last == 'F' || last == 'd' || last == 'D') {
        if (hex && !strpbrk(body, "pP"))
            return false;
        text[--len] = 0;
    }
    if (hex && !strpbrk(body, "pP"))
        return false;
    return ((unsigned char)(body[0] - '0') < 10 || body[0] == '.') && body[0];
}

/* the text without the white space around it, NUL-terminated, in `small` or, if that is too small,
 * in memory to be freed; NULL: nothing is left */
static char *trimmed(const char *text, size_t len, char small[static DOUBLE_SMALL], size_t *out_len)
{
    while (len && (unsigned char)*text <= ' ')
        text++, len--;
    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    if (!len)
        return NULL;
    char *copy = len < DOUBLE_SMALL ? small : malloc(len + 1);
    HR_CHECK(copy);
    memcpy(copy, text, len);
    copy[len] = 0;
    *out_len = len;
    return copy;
}

static bool read_double(const char *text, size_t len, double *value, float *single)
{
    char small[DOUBLE_SMALL], *end;
    char *copy = trimmed(text, len, small, &len);
    bool ok = copy && double_text(copy, len);
    if (ok && value)
        *value = strtod(copy, &end);
    if (ok && single)
        *single = strtof(copy, &end);
    ok = ok && end != copy && !*end;
    if (copy != small)
        free(copy);
    return ok;
}

bool hr_value_double(const char *text, size_t len, double *value)
{
    return double_fast(text, text + len, value) || read_double(text, len, value, NULL);
}

bool hr_value_float(const char *text, size_t len, float *value)
{
    return read_double(text, len, NULL, value);
}

bool hr_value_boolean(const char *text, size_t len, bool *value)
{
    if (len == 4 && !strncasecmp(text, "true", 4))
        return *value = true;
    if (len == 5 && !strncasecmp(text, "false", 5)) {
        *value = false;
        return true;
    }
    return false;
}

bool hr_value_bigdecimal(const char *text, size_t len, bool skip_commas, struct hr_decimal *value)
{
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    unsigned __int128 sum = 0;
    int count = 0, digits = 0, dropped = 0;
    int64_t scale = 0;
    bool point = false, any = false, nonzero_dropped = false;
    for (; p < end; p++) {
        if (*p == ',' && skip_commas)
            continue;
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        unsigned digit = (unsigned char)*p - '0';
        if (digit > 9)
            break;
        any = true;
        scale += point;
        if (count < DECIMAL_DIGITS_MAX) {
            sum = sum * 10 + digit;
            if (sum)
                count++;
        } else {
            dropped++;
            nonzero_dropped |= digit != 0;
        }
        digits++;
    }
    (void)digits;
    (void)nonzero_dropped;
    if (!any)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t exponent;
        char copy[24];
        size_t n = 0;
        for (p++; p < end && n < sizeof copy; p++)
            if (*p != ',' || !skip_commas)
                copy[n++] = *p;
        if (!hr_value_long(copy, n, &exponent) || exponent > INT32_MAX || exponent < INT32_MIN)
            return false;
        scale -= exponent;
    }
    if (p != end || scale > INT32_MAX || scale < INT32_MIN)
        return false;
    value->unscaled = negative ? -(__int128)sum : (__int128)sum;
    value->precision = (count ? count : 1) + dropped;
    value->scale = (int)scale;
    /* kept as the first 38 digits: right for rounding at 38, and precision tells that it is wider
     */
    if (dropped) {
        value->scale -= dropped;
    }
    return true;
}

static bool multiply10(__int128 *value, int times)
{
    for (; times > 0; times--)
        if (__builtin_mul_overflow(*value, (__int128)10, value))
            return false;
    return true;
}

bool hr_value_decimal(const struct hr_decimal *from, int precision, int scale, __int128 *value)
{
    __int128 v = from->unscaled, limit = 1;
    int down = from->scale - scale;
    if (down > 0) {
        for (; down > 1 && v; down--)
            v /= 10;
        if (down > 1)
            v = 0;
        int last = (int)(v % 10);
        v = v / 10 + (last >= 5) - (last <= -5);
    } else if (v && (-down > DECIMAL_DIGITS_MAX || !multiply10(&v, -down))) {
        return false;
    }
    if (!multiply10(&limit, precision))
        return false;
    *value = v;
    return v < limit && v > -limit;
}

/* ---- UTF-8 ---- */

/* of what is not UTF-8 at p, the length that Java's decoder replaces by one U+FFFD: as much as
 * could still have become a character */
static size_t malformed_len(const unsigned char *p, size_t left)
{
    bool three = p[0] >= 0xe0 && p[0] <= 0xef, four = p[0] >= 0xf0 && p[0] <= 0xf4;
    if (!(three || four) || left < 2 || hr_utf8_starts((char)p[1]))
        return 1;
    if (p[0] == 0xe0 && p[1] < 0xa0)
        return 1;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 1;
    if (left < 3 || hr_utf8_starts((char)p[2]))
        return 2;
    return 3;
}

bool hr_utf8_repair(const char *bytes, size_t len, struct hr_buf *out)
{
    size_t from = 0;
    for (size_t at = 0; at < len;) {
        uint32_t point;
        size_t size = hr_utf8_next(bytes + at, len - at, &point);
        if (size) {
            at += size;
            continue;
        }
        hr_buf_add(out, bytes + from, at - from);
        hr_buf_adds(out, "\xef\xbf\xbd");
        at += malformed_len((const unsigned char *)bytes + at, len - at);
        from = at;
    }
    return hr_buf_add(out, bytes + from, len - from);
}

/* ---- times ---- */

bool hr_value_date(
    const struct hr_pattern *pattern, bool fallback, const char *text, size_t len, int32_t *days)
{
    struct hr_moment moment;
    if (pattern && hr_pattern_parse(pattern, text, len, &moment)) {
        *days = (int32_t)hr_floor_div(moment.local_us, HR_US_PER_DAY);
        return true;
    }
    return fallback && hr_parse_date(text, len, days);
}

bool hr_value_timestamp(const struct hr_pattern *pattern,
                        bool fallback,
                        const struct hr_zone *zone,
                        const char *text,
                        size_t len,
                        int64_t *micros)
{
    struct hr_moment moment;
    if (pattern && hr_pattern_parse(pattern, text, len, &moment))
        return hr_moment_to_utc(&moment, zone, micros);
    return fallback && hr_parse_timestamp(text, len, zone, hr_now_us(), micros);
}

bool hr_value_ntz(const struct hr_pattern *pattern, const char *text, size_t len, int64_t *micros)
{
    struct hr_moment moment;
    if (!pattern)
        return hr_parse_timestamp_ntz(text, len, false, micros);
    if (!hr_pattern_parse(pattern, text, len, &moment) || moment.has_zone)
        return false;
    *micros = moment.local_us;
    return true;
}
