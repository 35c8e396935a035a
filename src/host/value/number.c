#include "host/value/value.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    /* UTF8String.trimAll: whitespace and ISO control characters */
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_space(**text))
        (*text)++, (*len)--;
    while (*len && is_space((*text)[*len - 1]))
        (*len)--;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

bool hr_parse_integer(
    const char *text, size_t len, int64_t min, int64_t max, bool allow_fraction, int64_t *out)
{
    trim(&text, &len);
    if (!len)
        return false;
    bool negative = *text == '-';
    if (negative || *text == '+')
        text++, len--;
    if (!len)
        return false;
    /* accumulated below zero, since the smallest value has no positive */
    int64_t value = 0;
    size_t i = 0;
    for (; i < len && is_digit(text[i]); i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text[i] - '0', &value))
            return false;
    if (i < len && !(allow_fraction && text[i] == '.' && all_digits(text + i + 1, len - i - 1)))
        return false;
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

/* Java's grammar for a decimal or hexadecimal floating point literal, with an optional f, F, d or D
 * behind it */
static bool is_java_float(const char *at, const char *end)
{
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    bool hex = end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    if (hex)
        at += 2;
    size_t digits = 0;
    bool point = false, exponent = false;
    for (; at < end; at++) {
        bool hex_digit = hex && ((*at >= 'a' && *at <= 'f') || (*at >= 'A' && *at <= 'F'));
        if (is_digit(*at) || hex_digit)
            digits++;
        else if (*at == '.' && !point)
            point = true;
        else
            break;
    }
    if (!digits)
        return false;
    if (at < end && ((!hex && (*at == 'e' || *at == 'E')) || (hex && (*at == 'p' || *at == 'P')))) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        const char *start = at;
        while (at < end && is_digit(*at))
            at++;
        exponent = at > start;
        if (!exponent)
            return false;
    }
    if (hex && !exponent)
        return false;
    if (at < end && strchr("fFdD", *at))
        at++;
    return at == end;
}

/* NUL-terminated copy of a number's text, without the type letter, which strtod does not know */
static char *number_text(const char *text, size_t len, char *small, size_t room)
{
    if (len &&
        strchr("fFdD", text[len - 1]) &&
        !(len > 2 &&
          (text[1] == 'x' || text[1] == 'X' || text[2] == 'x' || text[2] == 'X') &&
          !memchr(text, 'p', len) &&
          !memchr(text, 'P', len)))
        len--;
    char *copy = len < room ? small : malloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = 0;
    }
    return copy;
}

static bool special_double(const char *text, size_t len, double *out)
{
    static const struct {
        const char *text;
        double value;
    } special[] = {
        {"inf", INFINITY},      {"+inf", INFINITY},
        {"infinity", INFINITY}, {"+infinity", INFINITY},
        {"-inf", -INFINITY},    {"-infinity", -INFINITY},
        {"nan", NAN},
    };
    for (size_t i = 0; i < HR_LEN(special); i++)
        if (strlen(special[i].text) == len && !strncasecmp(special[i].text, text, len)) {
            *out = special[i].value;
            return true;
        }
    return false;
}

static bool parse_real(const char *text, size_t len, double *wide, float *narrow)
{
    trim(&text, &len);
    double special;
    if (special_double(text, len, &special)) {
        if (wide)
            *wide = special;
        else
            *narrow = (float)special;
        return true;
    }
    if (!len || !is_java_float(text, text + len))
        return false;
    char small[64], *copy = number_text(text, len, small, sizeof small);
    if (!copy)
        return false;
    if (wide)
        *wide = strtod(copy, NULL);
    else
        *narrow = strtof(copy, NULL);
    if (copy != small)
        free(copy);
    return true;
}

bool hr_parse_double(const char *text, size_t len, double *out)
{
    return parse_real(text, len, out, NULL);
}

bool hr_parse_float(const char *text, size_t len, float *out)
{
    return parse_real(text, len, NULL, out);
}

hr_int128 hr_power_of_ten(int exponent)
{
    static const int64_t small[] = {1,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000};
    if (exponent <= 18)
        return small[exponent];
    if (exponent <= 36)
        return (hr_int128)small[18] * small[exponent - 18];
    return (hr_int128)small[18] * small[18] * small[exponent - 36];
}

bool hr_decimal_fits(hr_int128 value, int precision)
{
    hr_int128 limit = hr_power_of_ten(precision);
    return value < limit && value > -limit;
}

bool hr_decimal_rescale(hr_int128 value, int from, int to, hr_int128 *out)
{
    if (to >= from) {
        if (to - from > 38)
            return value == 0 ? (*out = 0, true) : false;
        return !__builtin_mul_overflow(value, hr_power_of_ten(to - from), out);
    }
    if (from - to > 38) {
        *out = 0;
        return true;
    }
    hr_int128 unit = hr_power_of_ten(from - to), quotient = value / unit, rest = value % unit;
    if (rest < 0)
        rest = -rest;
    if (rest >= unit - rest)
        quotient += value < 0 ? -1 : 1;
    *out = quotient;
    return true;
}

/* A decimal literal taken apart: significant digits without leading zeros, and the power of ten of
 * the last one. */
struct digits {
    bool negative;
    const char *at;   /* first significant character; may contain one '.' */
    size_t count;     /* significant digits, '.' not counted */
    int64_t exponent; /* value = digits * 10^exponent */
};

static bool read_digits(const char *text, size_t len, struct digits *out)
{
    trim(&text, &len);
    const char *end = text + len;
    *out = (struct digits){0};
    if (text < end && (*text == '-' || *text == '+'))
        out->negative = *text++ == '-';
    bool any = false, point = false;
    int64_t fraction = 0;
    for (; text < end && (is_digit(*text) || (*text == '.' && !point)); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        any = true;
        fraction += point;
        if (!out->at && *text != '0')
            out->at = text;
        out->count += out->at != NULL;
    }
    if (!any)
        return false;
    int64_t exponent = 0;
    if (text < end && (*text == 'e' || *text == 'E')) {
        text++;
        bool minus = text < end && *text == '-';
        if (text < end && (*text == '-' || *text == '+'))
            text++;
        if (text == end)
            return false;
        for (; text < end && is_digit(*text); text++)
            if (exponent < 100000)
                exponent = exponent * 10 + (*text - '0');
        if (minus)
            exponent = -exponent;
    }
    out->exponent = exponent - fraction;
    return text == end;
}

/* the first `keep` significant digits as a number (keep <= 38); *next is the digit behind them, or
 * 0 */
static hr_int128 leading_digits(const struct digits *digits, int64_t keep, int *next)
{
    hr_int128 value = 0;
    *next = 0;
    const char *at = digits->at;
    for (size_t seen = 0; seen < digits->count; at++) {
        if (*at == '.')
            continue;
        if ((int64_t)seen >= keep) {
            *next = *at - '0';
            break;
        }
        value = value * 10 + (*at - '0');
        seen++;
    }
    return value;
}

enum hr_decimal_result hr_parse_decimal(
    const char *text, size_t len, int precision, int scale, hr_int128 *out)
{
    struct digits digits;
    if (!read_digits(text, len, &digits))
        return HR_DECIMAL_MALFORMED;
    *out = 0;
    if (!digits.count)
        return HR_DECIMAL_OK;
    /* how many of the significant digits stand at or above the last decimal place that is kept */
    int64_t keep = (int64_t)digits.count + digits.exponent + scale;
    if (keep < 0)
        return HR_DECIMAL_OK;
    if (keep > precision)
        return HR_DECIMAL_OVERFLOW;
    int next;
    hr_int128 value = leading_digits(&digits, keep, &next);
    if (keep > (int64_t)digits.count)
        value *= hr_power_of_ten((int)(keep - (int64_t)digits.count));
    if (next >= 5)
        value++;
    if (!hr_decimal_fits(value, precision))
        return HR_DECIMAL_OVERFLOW;
    *out = digits.negative ? -value : value;
    return HR_DECIMAL_OK;
}

bool hr_measure_decimal(const char *text, size_t len, int *precision, int *scale)
{
    struct digits digits;
    if (!read_digits(text, len, &digits))
        return false;
    int64_t fraction = digits.exponent < 0 ? -digits.exponent : 0;
    int64_t whole =
        digits.exponent > 0 ? (int64_t)digits.count + digits.exponent : (int64_t)digits.count;
    if (whole < fraction)
        whole = fraction;
    if (whole > 38 || fraction > 38)
        return false;
    *precision = whole ? (int)whole : 1;
    *scale = (int)fraction;
    return true;
}

bool hr_parse_boolean(const char *text, size_t len, bool *out)
{
    static const char *const yes[] = {"t", "true", "y", "yes", "1"}, *const no[] = {"f", "false",
                                                                                    "n", "no", "0"};
    trim(&text, &len);
    for (size_t i = 0; i < HR_LEN(yes); i++) {
        if (strlen(yes[i]) == len && !strncasecmp(yes[i], text, len))
            return *out = true, true;
        if (strlen(no[i]) == len && !strncasecmp(no[i], text, len))
            return *out = false, true;
    }
    return false;
}

size_t hr_print_integer(int64_t value, char out[static HR_INTEGER_TEXT_MAX])
{
    char reversed[HR_INTEGER_TEXT_MAX];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t count = 0, len = 0;
    do
        reversed[count++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        out[len++] = '-';
    while (count)
        out[len++] = reversed[--count];
    return len;
}

/* the shortest digits that read back as value: tries fewer digits first for the common short ones
 */
static int shortest(double value, bool is_float, char digits[24], int *exponent)
{
    char text[40];
    /* Java prints two digits at least: 4.9E-324 */
    int low = 2, high = is_float ? 9 : 17, found = high;
    /* readability of n digits is monotonic but for rare ties, so a scan from 15 (6) down and up
     * beats a scan from 1 */
    int middle = is_float ? 6 : 15;
    for (int tries = middle; tries >= low; tries = tries > 8 ? tries - 4 : tries - 1) {
        snprintf(text, sizeof text, "%.*e", tries - 1, value);
        bool same = is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
        if (!same)
            break;
        found = tries;
    }
    if (found <= middle) {
        while (found > low) {
            snprintf(text, sizeof text, "%.*e", found - 2, value);
            if (is_float ? strtof(text, NULL) != (float)value : strtod(text, NULL) != value)
                break;
            found--;
        }
    } else {
        for (found = middle + 1; found < high; found++) {
            snprintf(text, sizeof text, "%.*e", found - 1, value);
            if (is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
                break;
        }
    }
    snprintf(text, sizeof text, "%.*e", found - 1, value);
    int count = 0;
    char *e = strchr(text, 'e');
    for (char *at = text; at < e; at++)
        if (*at != '.')
            digits[count++] = *at;
    *exponent = atoi(e + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

static size_t put(char *out, size_t at, const char *text)
{
    size_t len = strlen(text);
    memcpy(out + at, text, len);
    return at + len;
}

/* Double.toString: plain between 10^-3 and 10^7, else d.dddE±n; always at least one digit behind
 * the point */
static size_t print_real(double value, bool is_float, char *out)
{
    if (isnan(value))
        return put(out, 0, "NaN");
    size_t at = signbit(value) ? put(out, 0, "-") : 0;
    value = fabs(value);
    if (isinf(value))
        return put(out, at, "Infinity");
    if (value == 0)
        return put(out, at, "0.0");
    if (value < 1e7 && value == (double)(int64_t)value) {
        char digits[HR_INTEGER_TEXT_MAX];
        size_t len = hr_print_integer((int64_t)value, digits);
        memcpy(out + at, digits, len);
        return put(out, at + len, ".0");
    }
    char digits[24] = "0";
    int exponent, count = shortest(value, is_float, digits, &exponent), i = 0;
    if (exponent >= -3 && exponent < 7) {
        if (exponent < 0) {
            at = put(out, at, "0.");
            for (int zero = -1; zero > exponent; zero--)
                out[at++] = '0';
        } else {
            for (; i <= exponent; i++)
                out[at++] = i < count ? digits[i] : '0';
            out[at++] = '.';
        }
        if (i >= count)
            out[at++] = '0';
        for (; i < count; i++)
            out[at++] = digits[i];
        return at;
    }
    out[at++] = digits[0];
    out[at++] = '.';
    if (count == 1)
        out[at++] = '0';
    for (i = 1; i < count; i++)
        out[at++] = digits[i];
    out[at++] = 'E';
    char number[HR_INTEGER_TEXT_MAX];
    size_t len = hr_print_integer(exponent, number);
    memcpy(out + at, number, len);
    return at + len;
}

size_t hr_print_double(double value, char out[static HR_DOUBLE_TEXT_MAX])
{
    return print_real(value, false, out);
}

size_t hr_print_float(float value, char out[static HR_DOUBLE_TEXT_MAX])
{
    return print_real(value, true, out);
}

size_t hr_print_decimal(hr_int128 value, int scale, char out[static HR_DECIMAL_TEXT_MAX])
{
    char reversed[HR_DECIMAL_TEXT_MAX];
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    size_t count = 0, len = 0;
    do {
        if (scale && count == (size_t)scale)
            reversed[count++] = '.';
        /* 64-bit division where it will do: most decimals are small */
        if (rest <= UINT64_MAX) {
            uint64_t low = (uint64_t)rest;
            reversed[count++] = (char)('0' + low % 10);
            rest = low / 10;
        } else {
            reversed[count++] = (char)('0' + (int)(rest % 10));
            rest /= 10;
        }
    } while (rest || count < (size_t)scale + (scale ? 2 : 1));
    if (value < 0)
        out[len++] = '-';
    while (count)
        out[len++] = reversed[--count];
    return len;
}
