/* Numbers: bits, bases, and the functions of a real that DuckDB lacks. */
#include "base/hex.h"
#include "host/engine/functions/kernels.h"
#include "wire/base64.h"
#include <strings.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Java's shifts: the count modulo the width; byte and short count as int */
void hr_k_shift(struct hr_rows *rows, idx_t row)
{
    int kind = HR_ROW(rows, 0, row, int32_t), count = HR_ROW(rows, 2, row, int32_t);
    if (rows->types->args[1]->id == HR_TYPE_LONG) {
        int64_t x = HR_ROW(rows, 1, row, int64_t);
        count &= 63;
        HR_OUT(rows, row, int64_t) = kind == 1   ? (int64_t)((uint64_t)x << count)
                                     : kind == 2 ? x >> count
                                                 : (int64_t)((uint64_t)x >> count);
        return;
    }
    int32_t x = rows->types->args[1]->id == HR_TYPE_INT     ? HR_ROW(rows, 1, row, int32_t)
                : rows->types->args[1]->id == HR_TYPE_SHORT ? HR_ROW(rows, 1, row, int16_t)
                                                            : HR_ROW(rows, 1, row, int8_t);
    count &= 31;
    int32_t value = kind == 1   ? (int32_t)((uint32_t)x << count)
                    : kind == 2 ? x >> count
                                : (int32_t)((uint32_t)x >> count);
    switch (rows->types->result->id) {
    case HR_TYPE_BYTE:
        HR_OUT(rows, row, int8_t) = (int8_t)value;
        break;
    case HR_TYPE_SHORT:
        HR_OUT(rows, row, int16_t) = (int16_t)value;
        break;
    default:
        HR_OUT(rows, row, int32_t) = value;
        break;
    }
}

void hr_k_atanh(struct hr_rows *rows, idx_t row)
{
    double x = HR_ROW(rows, 0, row, double);
    HR_OUT(rows, row, double) = 0.5 * (log1p(x) - log1p(-x));
}

/* functions of a double: NaN, or NULL, where Spark has it and DuckDB fails */
#define HR_REAL(name, value)                          \
    void hr_k_##name(struct hr_rows *rows, idx_t row) \
    {                                                 \
        double x = HR_ROW(rows, 0, row, double);      \
        HR_OUT(rows, row, double) = value;            \
    }
HR_REAL(sqrt, sqrt(x))
HR_REAL(sin, sin(x))
HR_REAL(cos, cos(x))
HR_REAL(tan, tan(x))
HR_REAL(asin, asin(x))
HR_REAL(acos, acos(x))
HR_REAL(cot, 1 / tan(x))
HR_REAL(sec, 1 / cos(x))
HR_REAL(csc, 1 / sin(x))
HR_REAL(acosh, acosh(x))
HR_REAL(sign, isnan(x) ? x : (x > 0) - (x < 0))

static void logarithm(struct hr_rows *rows, idx_t row, double (*of)(double), double above)
{
    double x = HR_ROW(rows, 0, row, double);
    if (x <= above)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, double) = of(x);
}

void hr_k_ln(struct hr_rows *rows, idx_t row)
{
    logarithm(rows, row, log, 0);
}
void hr_k_log10(struct hr_rows *rows, idx_t row)
{
    logarithm(rows, row, log10, 0);
}
void hr_k_log2(struct hr_rows *rows, idx_t row)
{
    logarithm(rows, row, log2, 0);
}
void hr_k_log1p(struct hr_rows *rows, idx_t row)
{
    logarithm(rows, row, log1p, -1);
}

/* log(base, x) */
void hr_k_log_of(struct hr_rows *rows, idx_t row)
{
    double base = HR_ROW(rows, 0, row, double), x = HR_ROW(rows, 1, row, double);
    if (base <= 0 || x <= 0)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, double) = log(x) / log(base);
}

void hr_k_factorial(struct hr_rows *rows, idx_t row)
{
    int32_t n = HR_ROW(rows, 0, row, int32_t);
    int64_t product = 1;
    if (n < 0 || n > 20) {
        hr_out_null(rows, row);
        return;
    }
    for (int32_t i = 2; i <= n; i++)
        product *= i;
    HR_OUT(rows, row, int64_t) = product;
}

void hr_k_expm1(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, double) = expm1(HR_ROW(rows, 0, row, double));
}
/* one Newton step behind the library's root, so that cubes have their exact root as in Java */
void hr_k_cbrt(struct hr_rows *rows, idx_t row)
{
    double x = HR_ROW(rows, 0, row, double), root = cbrt(x);
    HR_OUT(rows, row, double) =
        root != 0 && isfinite(root) ? root - (root * root * root - x) / (3 * root * root) : root;
}

void hr_k_hypot(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, double) = hypot(HR_ROW(rows, 0, row, double), HR_ROW(rows, 1, row, double));
}

void hr_k_bin(struct hr_rows *rows, idx_t row)
{
    uint64_t x = (uint64_t)HR_ROW(rows, 0, row, int64_t);
    char text[65];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + (x & 1));
        x >>= 1;
    } while (x);
    hr_out_text(rows, row, text + at, sizeof text - at);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'z' ? c - 'a' + 10
           : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                  : 99;
}

/* an odd number of digits has a zero before it */
static bool unhex(struct hr_text text, struct hr_buf *out)
{
    size_t i = text.len % 2;
    int first = i ? hr_hex_digit(text.bytes[0]) : 0;
    if (i)
        hr_buf_addc(out, (char)first);
    for (; first >= 0 && i < text.len; i += 2) {
        char byte;
        if (!hr_hex_decode(text.bytes + i, 1, &byte))
            return false;
        hr_buf_addc(out, byte);
    }
    return first >= 0;
}

void hr_k_unhex(struct hr_rows *rows, idx_t row)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    if (unhex(hr_row_text(rows, 0, row), &buf))
        hr_out_buf(rows, row, &buf);
    else
        hr_out_null(rows, row);
    hr_buf_release(&buf);
}

/* MIME's alphabet; white space is skipped, as Java's decoder skips it */
static bool unbase64(struct hr_text text, struct hr_buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        if (!text.bytes[i] || !strchr(" \n\r\t", text.bytes[i]))
            hr_buf_addc(out, text.bytes[i]);
    if (!hr_buf_ok(out))
        return true; /* hr_out_buf says so */
    size_t len;
    bool good = hr_base64_decode_into(hr_buf_text(out), hr_buf_len(out),
                                      (unsigned char *)hr_buf_bytes(out), &len);
    if (good)
        hr_buf_cut(out, len);
    return good;
}

/* to_binary(text, 'hex' | 'base64' | 'utf-8') */
static void to_binary(struct hr_rows *rows, idx_t row, bool strict)
{
    struct hr_text text = hr_row_text(rows, 0, row), format = hr_row_text(rows, 1, row);
    struct hr_buf buf;
    char name[16];
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    snprintf(name, sizeof name, "%.*s", (int)(format.len < 15 ? format.len : 15), format.bytes);
    bool ok = true;
    if (!strcasecmp(name, "hex"))
        ok = unhex(text, &buf);
    else if (!strcasecmp(name, "base64"))
        ok = unbase64(text, &buf);
    else
        hr_buf_add(&buf, text.bytes, text.len);
    if (ok) {
        hr_out_buf(rows, row, &buf);
    } else if (!strict) {
        hr_out_null(rows, row);
    } else {
        struct hr_err err;
        struct hr_arena *scratch = hr_arena_new(NULL);
        hr_fail_spark(&err, "CONVERSION_INVALID_INPUT", "str",
                      hr_printf(scratch, "'%.*s'", (int)text.len, text.bytes), "fmt",
                      !strcasecmp(name, "hex") ? "'HEX'" : "'BASE64'", "targetType", "\"BINARY\"",
                      "suggestion", "`try_to_binary`", NULL);
        hr_arena_free(scratch);
        hr_kernel_fail(rows, &err);
    }
    hr_buf_release(&buf);
}

void hr_k_to_binary(struct hr_rows *rows, idx_t row)
{
    to_binary(rows, row, true);
}
void hr_k_try_to_binary(struct hr_rows *rows, idx_t row)
{
    to_binary(rows, row, false);
}

static void conv_overflow(struct hr_rows *rows)
{
    struct hr_err err;
    hr_fail_spark(&err, "ARITHMETIC_OVERFLOW", "message", "Overflow in function conv()",
                  "alternative", "", "config", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

/* the digits up to the first that is none; false: more than 64 bits, of which all are set then */
static bool read_based(struct hr_text text, int base, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.bytes[i]);
        if (digit >= base)
            break;
        if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
            __builtin_add_overflow(*value, (uint64_t)digit, value)) {
            *value = UINT64_MAX;
            return false;
        }
    }
    return true;
}

static void write_based(struct hr_rows *rows, idx_t row, uint64_t value, int base, bool minus)
{
    char out[72];
    size_t at = sizeof out;
    do {
        out[--at] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % (uint64_t)base];
        value /= (uint64_t)base;
    } while (value);
    if (minus)
        out[--at] = '-';
    hr_out_text(rows, row, out + at, sizeof out - at);
}

/* Spark's NumberConverter.convert: 64 bits, all of them set by what does not fit; signed where the
 * wanted base is negative */
static void conv(struct hr_rows *rows, idx_t row, bool ansi)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    int64_t from = HR_ROW(rows, 1, row, int32_t), to = HR_ROW(rows, 2, row, int32_t);
    int64_t base = to < 0 ? -to : to;
    while (text.len && text.bytes[0] == ' ')
        text = (struct hr_text){text.bytes + 1, text.len - 1};
    while (text.len && text.bytes[text.len - 1] == ' ')
        text.len--;
    if (from < 2 || from > 36 || base < 2 || base > 36 || !text.len) {
        hr_out_null(rows, row);
        return;
    }
    bool negative = text.bytes[0] == '-';
    uint64_t value;
    if (!read_based((struct hr_text){text.bytes + negative, text.len - negative}, (int)from,
                    &value) &&
        ansi) {
        conv_overflow(rows);
        return;
    }
    bool high = value >> 63;
    if (negative && to > 0)
        value = high ? UINT64_MAX : -value;
    if (to < 0 && high) {
        value = -value;
        negative = true;
    }
    write_based(rows, row, value, (int)base, negative && to < 0);
}

void hr_k_conv(struct hr_rows *rows, idx_t row)
{
    conv(rows, row, true);
}
void hr_k_conv_wrap(struct hr_rows *rows, idx_t row)
{
    conv(rows, row, false);
}

void hr_k_bit_count(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = __builtin_popcountll((uint64_t)HR_ROW(rows, 0, row, int64_t));
}
void hr_k_bit_get(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int8_t) =
        (int8_t)((uint64_t)HR_ROW(rows, 0, row, int64_t) >> (HR_ROW(rows, 1, row, int32_t) & 63) &
                 1);
}

void hr_k_width_bucket(struct hr_rows *rows, idx_t row)
{
    double value = HR_ROW(rows, 0, row, double), low = HR_ROW(rows, 1, row, double),
           high = HR_ROW(rows, 2, row, double);
    int64_t buckets = HR_ROW(rows, 3, row, int64_t);
    if (buckets <= 0 ||
        buckets == INT64_MAX ||
        isnan(value) ||
        low == high ||
        isnan(low) ||
        isinf(low) ||
        isnan(high) ||
        isinf(high)) {
        hr_out_null(rows, row);
        return;
    }
    double lower = low < high ? low : high, upper = low < high ? high : low;
    int64_t bucket;
    if (value < lower)
        bucket = low < high ? 0 : buckets + 1;
    else if (value >= upper && !(low > high && value == upper))
        bucket = low < high ? buckets + 1 : 0;
    else
        bucket = (int64_t)((double)buckets * (low < high ? (value - low) / (high - low)
                                                         : (low - value) / (low - high))) +
                 1;
    HR_OUT(rows, row, int64_t) = bucket;
}

/* ---- moments of a list, updated value by value as Spark's CentralMomentAgg does ---- */

struct moments {
    double n, mean, m2, m3, m4;
};

static struct moments moments_of(const struct hr_rows *rows, idx_t row)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)rows->data[0])[row];
    const double *values = duckdb_vector_get_data(duckdb_list_vector_get_child(rows->args[0]));
    struct moments m = {0, 0, 0, 0, 0};
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        double n = m.n + 1, delta = values[i] - m.mean, step = delta / n, mean = m.mean + step;
        double m2 = m.m2 + delta * (delta - step), step2 = step * step, delta2 = delta * delta;
        double m3 = m.m3 - 3 * step * m2 + delta * (delta2 - step2);
        m.m4 = m.m4 - 4 * step * m3 - 6 * step2 * m2 + delta * (delta * delta2 - step * step2);
        m.m3 = m3;
        m.m2 = m2;
        m.mean = mean;
        m.n = n;
    }
    return m;
}

void hr_k_skewness(struct hr_rows *rows, idx_t row)
{
    struct moments m = moments_of(rows, row);
    if (m.n == 0 || m.m2 == 0)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, double) = sqrt(m.n) * m.m3 / sqrt(m.m2 * m.m2 * m.m2);
}

void hr_k_kurtosis(struct hr_rows *rows, idx_t row)
{
    struct moments m = moments_of(rows, row);
    if (m.n == 0 || m.m2 == 0)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, double) = m.n * m.m4 / (m.m2 * m.m2) - 3;
}

/* ---- as pandas counts: free of bias, null where there are too few values, 0 where they are all
 * but equal ---- */

#define ALL_EQUAL 1e-14

void hr_k_pandas_skewness(struct hr_rows *rows, idx_t row)
{
    struct moments m = moments_of(rows, row);
    if (m.n < 3)
        hr_out_null(rows, row);
    else if (m.m2 < ALL_EQUAL)
        HR_OUT(rows, row, double) = 0;
    else
        HR_OUT(rows, row, double) =
            sqrt(m.n - 1) * (m.n / (m.n - 2)) * m.m3 / sqrt(m.m2 * m.m2 * m.m2);
}

void hr_k_pandas_kurtosis(struct hr_rows *rows, idx_t row)
{
    struct moments m = moments_of(rows, row);
    if (m.n < 4) {
        hr_out_null(rows, row);
        return;
    }
    if (m.m2 < ALL_EQUAL) {
        HR_OUT(rows, row, double) = 0;
        return;
    }
    double above = (m.n - 1) * (m.n + 1) / ((m.n - 2) * (m.n - 3)),
           bias = (m.n - 1) * (m.n - 1) / ((m.n - 2) * (m.n - 3));
    HR_OUT(rows, row, double) = above * (m.n * m.m4) / (m.m2 * m.m2) - 3 * bias;
}
