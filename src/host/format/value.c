#include "host/format/value.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
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

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* plain decimals whose digits and power of ten are exact doubles (Clinger): nearly every number in a file */
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

/* Java's grammar around strtod's: surrounding white space, a trailing f, F, d or D, "NaN" and "Infinity" by exact case */
static bool double_text(const char *text, size_t len, char *copy, size_t size)
{
    while (len && (unsigned char)*text <= ' ')
        text++, len--;
    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    if (!len || len >= size)
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    const char *body = copy + (*copy == '-' || *copy == '+');
    if (!strcmp(body, "NaN") || !strcmp(body, "Infinity"))
        return true;
    bool hex = body[0] == '0' && (body[1] == 'x' || body[1] == 'X');
    char last = copy[len - 1];
    if (last == 'f' || last == 'F' || last == 'd' || last == 'D') {
        if (hex && !strpbrk(body, "pP"))
            return false;
        copy[--len] = 0;
    }
    if (hex && !strpbrk(body, "pP"))
        return false;
    return ((unsigned char)(body[0] - '0') < 10 || body[0] == '.') && body[0];
}

bool hr_value_double(const char *text, size_t len, double *value)
{
    if (double_fast(text, text + len, value))
        return true;
    char copy[512], *end;
    if (!double_text(text, len, copy, sizeof copy))
        return false;
    *value = strtod(copy, &end);
    return end != copy && !*end;
}

bool hr_value_float(const char *text, size_t len, float *value)
{
    char copy[512], *end;
    if (!double_text(text, len, copy, sizeof copy))
        return false;
    *value = strtof(copy, &end);
    return end != copy && !*end;
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
    if (dropped) {          /* kept as the first 38 digits: right for rounding at 38, and precision tells that it is wider */
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

/* ---- the calendar ---- */

int64_t hr_civil_days(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400, doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void hr_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

bool hr_civil_valid(int64_t year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (month == 2 && leap);
}

static void trim(const char **text, size_t *len)
{
    while (*len && ((unsigned char)**text <= ' ' || **text == 0x7f))
        ++*text, --*len;
    while (*len && ((unsigned char)(*text)[*len - 1] <= ' ' || (*text)[*len - 1] == 0x7f))
        --*len;
}

bool hr_value_date(const char *s, size_t len, int32_t *days)
{
    trim(&s, &len);
    if (!len)
        return false;
    int64_t parts[3] = {1, 1, 1}, value = 0;
    int i = 0, count = 0;
    size_t j = 0;
    int sign = s[0] == '-' ? -1 : 1;
    if (s[0] == '-' || s[0] == '+')
        j++;
    for (; j < len && !(i == 2 && (s[j] == ' ' || s[j] == 'T')); j++) {
        if (i < 2 && s[j] == '-') {
            if (i == 0 ? count < 4 || count > 7 : count < 1 || count > 2)
                return false;
            parts[i++] = value;
            value = count = 0;
            continue;
        }
        unsigned digit = (unsigned char)s[j] - '0';
        if (digit > 9 || count > 7)
            return false;
        value = value * 10 + digit;
        count++;
    }
    if (i == 0 ? count < 4 || count > 7 : count < 1 || count > 2)
        return false;
    if (i < 2 && j < len)
        return false;
    parts[i] = value;
    parts[0] *= sign;
    if (!hr_civil_valid(parts[0], (int)parts[1], (int)parts[2]))
        return false;
    int64_t all = hr_civil_days(parts[0], (int)parts[1], (int)parts[2]);
    *days = (int32_t)all;
    return all >= INT32_MIN && all <= INT32_MAX;
}

/* segments of a timestamp: year month day hour minute second fraction */
static bool segment_ok(int i, int count)
{
    return i == 6 || (i == 0 ? count >= 4 && count <= 6 : count > 0 && count <= 2);
}

bool hr_value_timestamp(const char *s, size_t len, const struct hr_zone *zone, int32_t today, int64_t *micros, bool *had_zone)
{
    trim(&s, &len);
    if (!len)
        return false;
    int64_t seg[7] = {1, 1, 1, 0, 0, 0, 0}, value = 0;
    int i = 0, count = 0, fraction = 0, sign = 0;
    bool only_time = false;
    const char *zone_name = NULL;
    size_t j = 0, zone_len = 0;
    if (s[0] == '-' || s[0] == '+')
        sign = s[j++] == '-' ? -1 : 1;
    for (; j < len && !zone_name; j++) {
        unsigned digit = (unsigned char)s[j] - '0';
        char b = s[j];
        if (digit <= 9) {
            if (i == 6)
                fraction++;
            if (count > 18)
                return false;
            if (i != 6 || count < 6)
                value = value * 10 + digit;
            count++;
            continue;
        }
        if (j == 0 && b == 'T') {
            only_time = true;
            i += 3;
            continue;
        }
        int next = i + 1, slot = i;
        if (i < 2) {
            if (b == ':' && i == 0 && !sign) {
                only_time = true;
                slot = 3;
                next = 4;
            } else if (b != '-') {
                return false;
            }
        } else if (i == 2) {
            if (b != ' ' && b != 'T')
                return false;
        } else if (i == 3 || i == 4) {
            if (b != ':')
                return false;
        } else if (!(b == '.' && i == 5)) {
            zone_name = s + j;
            zone_len = len - j;
        }
        if (!segment_ok(slot, count))
            return false;
        seg[slot] = value;
        value = count = 0;
        i = next;
    }
    if (!zone_name) {
        if (!segment_ok(i, count))
            return false;
        seg[i] = value;
    }
    for (; fraction < 6; fraction++)
        seg[6] *= 10;
    if (sign < 0)
        seg[0] = -seg[0];
    int64_t day = today;
    if (!only_time) {
        if (!hr_civil_valid(seg[0], (int)seg[1], (int)seg[2]))
            return false;
        day = hr_civil_days(seg[0], (int)seg[1], (int)seg[2]);
    }
    if (seg[3] > 23 || seg[4] > 59 || seg[5] > 59)
        return false;
    int64_t seconds = day * 86400 + seg[3] * 3600 + seg[4] * 60 + seg[5];
    *had_zone = zone_name != NULL;
    if (zone_name) {
        int32_t offset;
        trim(&zone_name, &zone_len);
        if (hr_zone_fixed(zone_name, zone_len, &offset)) {
            seconds -= offset;
        } else {
            struct hr_arena *scratch = hr_arena_new(NULL);
            const struct hr_zone *named = hr_zone_find(scratch, zone_name, zone_len);
            if (named)
                seconds = hr_zone_to_utc(named, seconds);
            hr_arena_free(scratch);
            if (!named)
                return false;
        }
    } else if (zone) {
        seconds = hr_zone_to_utc(zone, seconds);
    }
    return !__builtin_mul_overflow(seconds, (int64_t)1000000, micros) && !__builtin_add_overflow(*micros, seg[6], micros);
}

/* ---- to text ---- */

void hr_text_long(struct hr_buf *out, int64_t value)
{
    char text[24], *p = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--p = '-';
    hr_buf_add(out, p, (size_t)(text + sizeof text - p));
}

/* Double.toString's layout of the shortest digits d1d2d3… x 10^exponent */
static void java_layout(struct hr_buf *out, const char *digits, int count, int exponent)
{
    if (exponent >= -3 && exponent < 7) {
        if (exponent < 0) {
            hr_buf_adds(out, "0.");
            for (int i = -1; i > exponent; i--)
                hr_buf_addc(out, '0');
            hr_buf_add(out, digits, (size_t)count);
            return;
        }
        for (int i = 0; i <= exponent; i++)
            hr_buf_addc(out, i < count ? digits[i] : '0');
        hr_buf_addc(out, '.');
        if (count > exponent + 1)
            hr_buf_add(out, digits + exponent + 1, (size_t)(count - exponent - 1));
        else
            hr_buf_addc(out, '0');
        return;
    }
    hr_buf_addc(out, digits[0]);
    hr_buf_addc(out, '.');
    if (count > 1)
        hr_buf_add(out, digits + 1, (size_t)(count - 1));
    else
        hr_buf_addc(out, '0');
    hr_buf_addc(out, 'E');
    hr_text_long(out, exponent);
}

static void real_text(struct hr_buf *out, double value, bool single)
{
    if (isnan(value)) {
        hr_buf_adds(out, "NaN");
        return;
    }
    if (signbit(value))
        hr_buf_addc(out, '-');
    value = fabs(value);
    if (isinf(value)) {
        hr_buf_adds(out, "Infinity");
        return;
    }
    if (value == 0) {
        hr_buf_adds(out, "0.0");
        return;
    }
    char text[40];
    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
            break;
    }
    char *e = strchr(text, 'e');
    int exponent = atoi(e + 1), count = 0;
    char digits[24];
    for (char *p = text; p < e; p++)
        if (*p != '.')
            digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    java_layout(out, digits, count, exponent);
}

void hr_text_double(struct hr_buf *out, double value) { real_text(out, value, false); }
void hr_text_float(struct hr_buf *out, float value) { real_text(out, value, true); }

void hr_text_decimal(struct hr_buf *out, __int128 unscaled, int scale)
{
    char text[48], *p = text + sizeof text;
    unsigned __int128 rest = unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
    int count = 0;
    do {
        if (count == scale && scale)
            *--p = '.';
        *--p = (char)('0' + (int)(rest % 10));
        count++;
    } while ((rest /= 10) || count <= scale);
    if (unscaled < 0)
        *--p = '-';
    hr_buf_add(out, p, (size_t)(text + sizeof text - p));
}

void hr_text_date(struct hr_buf *out, int32_t days)
{
    int64_t year;
    int month, day;
    hr_civil_from_days(days, &year, &month, &day);
    if (year > 9999)
        hr_buf_addc(out, '+');
    hr_buf_addf(out, year < 0 ? "%05lld-%02d-%02d" : "%04lld-%02d-%02d", (long long)year, month, day);
}

void hr_text_timestamp(struct hr_buf *out, int64_t micros)
{
    int64_t days = micros / 86400000000 - (micros % 86400000000 < 0), rest = micros - days * 86400000000;
    hr_text_date(out, (int32_t)days);
    int fraction = (int)(rest % 1000000), seconds = (int)(rest / 1000000);
    hr_buf_addf(out, " %02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (!fraction)
        return;
    char text[8];
    int n = snprintf(text, sizeof text, "%06d", fraction);
    while (text[n - 1] == '0')
        n--;
    hr_buf_addc(out, '.');
    hr_buf_add(out, text, (size_t)n);
}

/* ---- UTF-8 ---- */

static inline bool tail(unsigned char c) { return (c & 0xc0) == 0x80; }

/* length of the valid sequence at p, or minus the length of the malformed part that Java's decoder replaces by one U+FFFD */
static int utf8_step(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);
    unsigned char a = *p;
    if (a < 0x80)
        return 1;
    if (a >= 0xc2 && a <= 0xdf)
        return left > 1 && tail(p[1]) ? 2 : -1;
    if (a >= 0xe0 && a <= 0xef) {
        if (left < 2 || !tail(p[1]) || (a == 0xe0 && p[1] < 0xa0))
            return -1;
        if (left < 3 || !tail(p[2]))
            return -2;
        return a == 0xed && p[1] >= 0xa0 ? -3 : 3;
    }
    if (a >= 0xf0 && a <= 0xf4) {
        if (left < 2 || !tail(p[1]) || (a == 0xf0 && p[1] < 0x90) || (a == 0xf4 && p[1] > 0x8f))
            return -1;
        if (left < 3 || !tail(p[2]))
            return -2;
        return left < 4 || !tail(p[3]) ? -3 : 4;
    }
    return -1;
}

bool hr_utf8_valid(const char *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + len;
    while (p < end) {
        uint64_t word;
        if (end - p >= 8 && (memcpy(&word, p, 8), !(word & 0x8080808080808080ull))) {
            p += 8;
            continue;
        }
        int step = utf8_step(p, end);
        if (step < 0)
            return false;
        p += step;
    }
    return true;
}

bool hr_utf8_repair(const char *bytes, size_t len, struct hr_buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + len, *from = p;
    while (p < end) {
        int step = utf8_step(p, end);
        if (step < 0) {
            hr_buf_add(out, from, (size_t)(p - from));
            hr_buf_adds(out, "\xef\xbf\xbd");
            p -= step;
            from = p;
        } else {
            p += step;
        }
    }
    return hr_buf_add(out, from, (size_t)(p - from));
}
