/* Division, remainder, wrapping and decimal arithmetic, rounding: where Spark's rules are not
 * DuckDB's. */
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void divide_by_zero(struct hr_rows *rows)
{
    struct hr_err err;
    hr_fail_spark(&err, "DIVIDE_BY_ZERO", "config", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

static void remainder_by_zero(struct hr_rows *rows)
{
    struct hr_err err;
    hr_fail_spark(&err, "REMAINDER_BY_ZERO", "config", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

static void arithmetic_overflow(struct hr_rows *rows, const char *alternative)
{
    struct hr_err err;
    hr_fail_spark(&err, "ARITHMETIC_OVERFLOW", "message", "overflow", "alternative", alternative,
                  "config", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

void hr_k_divide(struct hr_rows *rows, idx_t row)
{
    double divisor = HR_ROW(rows, 1, row, double);
    if (divisor == 0)
        divide_by_zero(rows);
    else
        HR_OUT(rows, row, double) = HR_ROW(rows, 0, row, double) / divisor;
}

void hr_k_divide_null(struct hr_rows *rows, idx_t row)
{
    double divisor = HR_ROW(rows, 1, row, double);
    if (divisor == 0)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, double) = HR_ROW(rows, 0, row, double) / divisor;
}

void hr_k_int_divide(struct hr_rows *rows, idx_t row)
{
    int64_t x = HR_ROW(rows, 0, row, int64_t), y = HR_ROW(rows, 1, row, int64_t);
    if (!y)
        divide_by_zero(rows);
    else if (x == INT64_MIN && y == -1)
        arithmetic_overflow(rows,
                            " Use 'try_divide' to tolerate overflow and return NULL instead.");
    else
        HR_OUT(rows, row, int64_t) = x / y;
}

void hr_k_int_divide_null(struct hr_rows *rows, idx_t row)
{
    int64_t x = HR_ROW(rows, 0, row, int64_t), y = HR_ROW(rows, 1, row, int64_t);
    if (!y)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, int64_t) = y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
}

static int64_t integer_arg(const struct hr_rows *rows, size_t arg, idx_t row)
{
    switch (rows->types->args[arg]->id) {
    case HR_TYPE_BYTE:
        return HR_ROW(rows, arg, row, int8_t);
    case HR_TYPE_SHORT:
        return HR_ROW(rows, arg, row, int16_t);
    case HR_TYPE_INT:
    case HR_TYPE_YEAR_MONTH:
        return HR_ROW(rows, arg, row, int32_t);
    default:
        return HR_ROW(rows, arg, row, int64_t);
    }
}

static void put_wrapped(struct hr_rows *rows, idx_t row, int64_t value)
{
    switch (rows->types->result->id) {
    case HR_TYPE_BYTE:
        HR_OUT(rows, row, int8_t) = (int8_t)value;
        break;
    case HR_TYPE_SHORT:
        HR_OUT(rows, row, int16_t) = (int16_t)value;
        break;
    case HR_TYPE_INT:
    case HR_TYPE_YEAR_MONTH:
        HR_OUT(rows, row, int32_t) = (int32_t)value;
        break;
    default:
        HR_OUT(rows, row, int64_t) = value;
        break;
    }
}

static void remainder_of(struct hr_rows *rows, idx_t row, bool ansi)
{
    const struct hr_type *type = rows->types->result;
    if (type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE) {
        bool single = type->id == HR_TYPE_FLOAT;
        double x = single ? (double)HR_ROW(rows, 0, row, float) : HR_ROW(rows, 0, row, double);
        double y = single ? (double)HR_ROW(rows, 1, row, float) : HR_ROW(rows, 1, row, double);
        if (y == 0 && ansi)
            remainder_by_zero(rows);
        else if (y == 0)
            hr_out_null(rows, row);
        else if (single)
            HR_OUT(rows, row, float) = (float)fmod(x, y);
        else
            HR_OUT(rows, row, double) = fmod(x, y);
        return;
    }
    int64_t x = integer_arg(rows, 0, row), y = integer_arg(rows, 1, row);
    if (!y && ansi)
        remainder_by_zero(rows);
    else if (!y)
        hr_out_null(rows, row);
    else
        put_wrapped(rows, row, y == -1 ? 0 : x % y);
}

void hr_k_remainder(struct hr_rows *rows, idx_t row)
{
    remainder_of(rows, row, true);
}
void hr_k_remainder_null(struct hr_rows *rows, idx_t row)
{
    remainder_of(rows, row, false);
}

void hr_k_wrap(struct hr_rows *rows, idx_t row)
{
    uint64_t x = (uint64_t)integer_arg(rows, 1, row), y = (uint64_t)integer_arg(rows, 2, row);
    int op = HR_ROW(rows, 0, row, int32_t);
    put_wrapped(rows, row, (int64_t)(op == '+' ? x + y : op == '-' ? x - y : x * y));
}

void hr_k_negate(struct hr_rows *rows, idx_t row)
{
    static const int64_t least[] = {
        [HR_TYPE_BYTE] = INT8_MIN,        [HR_TYPE_SHORT] = INT16_MIN,
        [HR_TYPE_INT] = INT32_MIN,        [HR_TYPE_LONG] = INT64_MIN,
        [HR_TYPE_YEAR_MONTH] = INT32_MIN, [HR_TYPE_DAY_TIME] = INT64_MIN};
    int64_t x = integer_arg(rows, 0, row);
    if (x == least[rows->types->result->id])
        arithmetic_overflow(rows, "");
    else
        put_wrapped(rows, row, -x);
}

void hr_k_negate_wrap(struct hr_rows *rows, idx_t row)
{
    put_wrapped(rows, row, (int64_t)(0 - (uint64_t)integer_arg(rows, 0, row)));
}

void hr_k_absolute(struct hr_rows *rows, idx_t row)
{
    int64_t x = integer_arg(rows, 0, row);
    if (x < 0)
        hr_k_negate(rows, row);
    else
        put_wrapped(rows, row, x);
}

void hr_k_absolute_wrap(struct hr_rows *rows, idx_t row)
{
    int64_t x = integer_arg(rows, 0, row);
    put_wrapped(rows, row, x < 0 ? (int64_t)(0 - (uint64_t)x) : x);
}

/* ---- intervals: their overflow is an error in every mode ---- */

static void interval_overflow(struct hr_rows *rows, const char *try)
{
    struct hr_err err;
    hr_fail_spark(&err, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "functionName", try, NULL);
    hr_kernel_fail(rows, &err);
}

static int64_t whole_at(struct hr_rows *rows, size_t arg, idx_t row)
{
    switch (rows->types->args[arg]->id) {
    case HR_TYPE_BYTE:
        return HR_ROW(rows, arg, row, int8_t);
    case HR_TYPE_SHORT:
        return HR_ROW(rows, arg, row, int16_t);
    case HR_TYPE_INT:
    case HR_TYPE_YEAR_MONTH:
        return HR_ROW(rows, arg, row, int32_t);
    default:
        return HR_ROW(rows, arg, row, int64_t);
    }
}

static bool put_interval(struct hr_rows *rows, idx_t row, hr_int128 value)
{
    bool months = rows->types->result->id == HR_TYPE_YEAR_MONTH;
    if (value != (months ? (hr_int128)(int32_t)value : (hr_int128)(int64_t)value))
        return false;
    if (months)
        HR_OUT(rows, row, int32_t) = (int32_t)value;
    else
        HR_OUT(rows, row, int64_t) = (int64_t)value;
    return true;
}

/* interval_op(operator, a, b): sums of intervals, products of one and a whole number */
void hr_k_interval_op(struct hr_rows *rows, idx_t row)
{
    int op = HR_ROW(rows, 0, row, int32_t);
    hr_int128 a = whole_at(rows, 1, row), b = whole_at(rows, 2, row), value = a * b;
    if (op == '+')
        value = a + b;
    else if (op == '-')
        value = a - b;
    if (put_interval(rows, row, value))
        return;
    if (op != '*') {
        interval_overflow(rows, op == '+' ? "`try_add`" : "`try_subtract`");
        return;
    }
    bool months = rows->types->result->id == HR_TYPE_YEAR_MONTH;
    hr_arithmetic_failure(rows, months ? "integer overflow" : "long overflow");
}

/* interval_sum(sum in 128 bits) */
void hr_k_interval_sum(struct hr_rows *rows, idx_t row)
{
    if (!put_interval(rows, row, HR_ROW(rows, 0, row, hr_int128)))
        interval_overflow(rows, "`try_add`");
}

void hr_k_checked_sum(struct hr_rows *rows, idx_t row)
{
    hr_int128 value = HR_ROW(rows, 0, row, hr_int128);
    if (value != (hr_int128)(int64_t)value)
        arithmetic_overflow(rows, " Use 'try_add' to tolerate overflow and return NULL instead.");
    else
        HR_OUT(rows, row, int64_t) = (int64_t)value;
}

void hr_k_wrapped_sum(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int64_t) = (int64_t)HR_ROW(rows, 0, row, hr_int128);
}

/* ---- decimals: exact 256-bit intermediate results, then HALF_UP to the result's scale ---- */

typedef unsigned __int128 u128;
struct wide {
    u128 high, low;
}; /* unsigned */

static struct wide wide_multiply(u128 x, u128 y)
{
    u128 mask = ~(uint64_t)0, x0 = x & mask, x1 = x >> 64, y0 = y & mask, y1 = y >> 64;
    u128 low = x0 * y0, middle = x1 * y0 + (low >> 64), other = x0 * y1 + (middle & mask);
    return (struct wide){x1 * y1 + (middle >> 64) + (other >> 64), (other << 64) | (low & mask)};
}

/* quotient of 256 by 128 bits, bit by bit; false when it needs more than 128 */
static bool wide_divide(struct wide n, u128 d, u128 *quotient, u128 *rest)
{
    if (n.high >= d)
        return false;
    u128 r = n.high, q = 0;
    for (int i = 127; i >= 0; i--) {
        bool carry = r >> 127;
        r = (r << 1) | ((n.low >> i) & 1);
        q <<= 1;
        if (carry || r >= d) {
            r -= d;
            q |= 1;
        }
    }
    *quotient = q;
    *rest = r;
    return true;
}

static u128 magnitude(hr_int128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

/* value * 10^up / divisor, rounded HALF_UP */
static bool scaled_quotient(u128 value, int up, u128 divisor, u128 *out)
{
    u128 rest;
    struct wide n = {0, value};
    while (up > 0) {
        int step = up > 38 ? 38 : up;
        if (n.high)
            return false;
        n = wide_multiply(n.low, (u128)hr_power_of_ten(step));
        up -= step;
    }
    if (!wide_divide(n, divisor, out, &rest))
        return false;
    if (rest >= divisor - rest)
        (*out)++;
    return true;
}

static bool decimal_multiply(hr_int128 x, hr_int128 y, int down, u128 *out)
{
    u128 rest, q;
    struct wide n = wide_multiply(magnitude(x), magnitude(y));
    if (down <= 0) {
        if (n.high)
            return false;
        *out = n.low;
        return true;
    }
    u128 d = (u128)hr_power_of_ten(down > 38 ? 38 : down);
    if (!wide_divide(n, d, &q, &rest))
        return false;
    if (rest >= d - rest)
        q++;
    *out = q;
    return true;
}

static void decimal_failure(struct hr_rows *rows, idx_t row, bool ansi)
{
    if (!ansi) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    char precision[8], scale[8];
    snprintf(precision, sizeof precision, "%d", rows->types->result->precision);
    snprintf(scale, sizeof scale, "%d", rows->types->result->scale);
    hr_fail_spark(&err, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "value", "", "precision",
                  precision, "scale", scale, "config", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

static bool decimal_sum(hr_int128 x,
                        const struct hr_type *a,
                        hr_int128 y,
                        const struct hr_type *b,
                        int sign,
                        const struct hr_type *to,
                        hr_int128 *out)
{
    int scale = a->scale > b->scale ? a->scale : b->scale;
    hr_int128 left, right, sum;
    if (!hr_decimal_rescale(x, a->scale, scale, &left) ||
        !hr_decimal_rescale(y, b->scale, scale, &right))
        return false;
    if (__builtin_add_overflow(left, sign < 0 ? -right : right, &sum))
        return false;
    return hr_decimal_rescale(sum, scale, to->scale, out);
}

static void decimal_op(struct hr_rows *rows, idx_t row, bool ansi)
{
    const struct hr_type *a = rows->types->args[1], *b = rows->types->args[2],
                         *to = rows->types->result;
    int op = HR_ROW(rows, 0, row, int32_t);
    hr_int128 x = hr_decimal_at(rows->data[1], a, row), y = hr_decimal_at(rows->data[2], b, row),
              value = 0;
    bool negative = (x < 0) != (y < 0), ok = false;
    u128 q = 0;
    if ((op == '/' || op == '%' || op == 'd') && !y) {
        if (!ansi)
            hr_out_null(rows, row);
        else if (op == '%')
            remainder_by_zero(rows);
        else
            divide_by_zero(rows);
        return;
    }
    switch (op) {
    case '+':
        ok = decimal_sum(x, a, y, b, 1, to, &value);
        break;
    case '-':
        ok = decimal_sum(x, a, y, b, -1, to, &value);
        break;
    case '*':
        ok = decimal_multiply(x, y, a->scale + b->scale - to->scale, &q);
        value = negative ? -(hr_int128)q : (hr_int128)q;
        break;
    case '/': {
        int up = to->scale - a->scale + b->scale;
        ok = up >= 0
                 ? scaled_quotient(magnitude(x), up, magnitude(y), &q)
                 : scaled_quotient(magnitude(x), 0, magnitude(y) * (u128)hr_power_of_ten(-up), &q);
        value = negative ? -(hr_int128)q : (hr_int128)q;
        break;
    }
    default: { /* at a common scale */
        int scale = a->scale > b->scale ? a->scale : b->scale;
        hr_int128 left, right;
        ok = hr_decimal_rescale(x, a->scale, scale, &left) &&
             hr_decimal_rescale(y, b->scale, scale, &right);
        if (ok && op == 'd') {
            HR_OUT(rows, row, int64_t) = (int64_t)(left / right);
            return;
        }
        if (ok)
            ok = hr_decimal_rescale(left % right, scale, to->scale, &value);
        break;
    }
    }
    if (!ok || !hr_decimal_fits(value, to->precision))
        decimal_failure(rows, row, ansi);
    else
        hr_decimal_put(rows->out, to, row, value);
}

void hr_k_decimal_op(struct hr_rows *rows, idx_t row)
{
    decimal_op(rows, row, true);
}
void hr_k_decimal_op_null(struct hr_rows *rows, idx_t row)
{
    decimal_op(rows, row, false);
}

/* ---- rounding ---- */

static hr_int128 round_at(hr_int128 value, int drop, bool half_even)
{
    if (drop <= 0)
        return value;
    if (drop > 38)
        return 0;
    hr_int128 unit = hr_power_of_ten(drop), q = value / unit, rest = value % unit;
    if (rest < 0)
        rest = -rest;
    bool up = rest > unit - rest || (rest == unit - rest && (!half_even || q % 2 != 0));
    return q + (up ? value < 0 ? -1 : 1 : 0);
}

/* Spark rounds a double by its shortest decimal text: BigDecimal(d).setScale */
static double round_text(double value, int scale, bool half_even, bool single)
{
    char text[HR_DOUBLE_TEXT_MAX], plain[64];
    if (isnan(value) || isinf(value) || scale > 15 + 17)
        return value;
    size_t len = single ? hr_print_float((float)value, text) : hr_print_double(value, text);
    int precision, digits;
    hr_int128 unscaled;
    if (!hr_measure_decimal(text, len, &precision, &digits) || digits <= scale)
        return value;
    if (hr_parse_decimal(text, len, 38, digits, &unscaled) != HR_DECIMAL_OK)
        return value;
    hr_int128 rounded = round_at(unscaled, digits - scale, half_even);
    if (scale < 0) {
        len = hr_print_decimal(rounded, 0, plain);
        len += (size_t)snprintf(plain + len, sizeof plain - len, "E%d", -scale);
    } else
        len = hr_print_decimal(rounded, scale, plain);
    double out = value;
    hr_parse_double(plain, len, &out);
    return out;
}

#define ROUND_MOST 646456993 /* the digits of Java's largest number */

static void round_row(struct hr_rows *rows, idx_t row, bool half_even)
{
    const struct hr_type *from = rows->types->args[0], *to = rows->types->result;
    int scale = HR_ROW(rows, 1, row, int32_t);
    if (scale < -ROUND_MOST) {
        if (hr_type_is_integral(from))
            arithmetic_overflow(rows, "");
        else
            hr_arithmetic_failure(rows, "BigInteger would overflow supported range");
        return;
    }
    switch (from->id) {
    case HR_TYPE_DOUBLE:
        HR_OUT(rows, row, double) =
            round_text(HR_ROW(rows, 0, row, double), scale, half_even, false);
        return;
    case HR_TYPE_FLOAT:
        HR_OUT(rows, row, float) =
            (float)round_text((double)HR_ROW(rows, 0, row, float), scale, half_even, true);
        return;
    case HR_TYPE_DECIMAL: {
        hr_int128 value = hr_decimal_at(rows->data[0], from, row);
        int drop = from->scale - scale;
        hr_int128 rounded = round_at(value, drop, half_even);
        if (scale < 0)
            rounded *= hr_power_of_ten(-scale > 38 ? 38 : -scale);
        if (!hr_decimal_fits(rounded, to->precision))
            decimal_failure(rows, row, true);
        else
            hr_decimal_put(rows->out, to, row, rounded);
        return;
    }
    default:
        break;
    }
    int64_t value = integer_arg(rows, 0, row);
    if (scale < 0) {
        if (scale < -19) {
            put_wrapped(rows, row, 0);
            return;
        }
        hr_int128 rounded = round_at(value, -scale, half_even) * hr_power_of_ten(-scale);
        static const int bits[] = {
            [HR_TYPE_BYTE] = 7, [HR_TYPE_SHORT] = 15, [HR_TYPE_INT] = 31, [HR_TYPE_LONG] = 63};
        hr_int128 most = ((hr_int128)1 << bits[from->id]) - 1;
        if (rounded > most || rounded < -most - 1) {
            arithmetic_overflow(rows, "");
            return;
        }
        value = (int64_t)rounded;
    }
    put_wrapped(rows, row, value);
}

void hr_k_round(struct hr_rows *rows, idx_t row)
{
    round_row(rows, row, false);
}
void hr_k_bround(struct hr_rows *rows, idx_t row)
{
    round_row(rows, row, true);
}

/* pmod: the remainder brought into [0, |divisor|) … of the divisor's sign, as Spark's Pmod */
void hr_k_pmod(struct hr_rows *rows, idx_t row)
{
    const struct hr_type *type = rows->types->result;
    if (type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE) {
        bool single = type->id == HR_TYPE_FLOAT;
        double x = single ? (double)HR_ROW(rows, 0, row, float) : HR_ROW(rows, 0, row, double);
        double y = single ? (double)HR_ROW(rows, 1, row, float) : HR_ROW(rows, 1, row, double),
               r = fmod(x, y);
        if (y == 0) {
            remainder_by_zero(rows);
            return;
        }
        r = r < 0 ? fmod(r + y, y) : r;
        if (single)
            HR_OUT(rows, row, float) = (float)r;
        else
            HR_OUT(rows, row, double) = r;
        return;
    }
    if (type->id == HR_TYPE_DECIMAL) {
        const struct hr_type *a = rows->types->args[0], *b = rows->types->args[1];
        int scale = a->scale > b->scale ? a->scale : b->scale;
        hr_int128 x, y, r;
        if (!hr_decimal_rescale(hr_decimal_at(rows->data[0], a, row), a->scale, scale, &x) ||
            !hr_decimal_rescale(hr_decimal_at(rows->data[1], b, row), b->scale, scale, &y)) {
            decimal_failure(rows, row, true);
            return;
        }
        if (!y) {
            remainder_by_zero(rows);
            return;
        }
        r = x % y;
        r = r < 0 ? (r + y) % y : r;
        hr_decimal_rescale(r, scale, type->scale, &r);
        hr_decimal_put(rows->out, type, row, r);
        return;
    }
    int64_t x = integer_arg(rows, 0, row), y = integer_arg(rows, 1, row);
    if (!y) {
        remainder_by_zero(rows);
        return;
    }
    int64_t r = y == -1 ? 0 : x % y;
    put_wrapped(rows, row, r < 0 ? (int64_t)(((hr_int128)r + y) % y) : r);
}

/* ---- products of a list, as pandas-on-Spark has them ---- */

static bool product_of_longs(const struct hr_rows *rows, idx_t row, int64_t *product)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)rows->data[0])[row];
    const int64_t *values = duckdb_vector_get_data(duckdb_list_vector_get_child(rows->args[0]));
    bool fits = true;
    *product = 1;
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++)
        fits = !__builtin_mul_overflow(*product, values[i], product) && fits;
    return fits;
}

/* by logarithms, as Spark's; a zero makes zero of whatever else there is */
static double product_of_doubles(const struct hr_rows *rows, idx_t row)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)rows->data[0])[row];
    const double *values = duckdb_vector_get_data(duckdb_list_vector_get_child(rows->args[0]));
    double logs = 0, sign = 1;
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (values[i] == 0)
            return 0;
        if (values[i] < 0)
            sign = -sign;
        logs += log(fabs(values[i]));
    }
    return sign * exp(logs);
}

void hr_k_pandas_product(struct hr_rows *rows, idx_t row)
{
    if (rows->types->result->id == HR_TYPE_DOUBLE)
        HR_OUT(rows, row, double) = product_of_doubles(rows, row);
    else if (!product_of_longs(rows, row, &HR_OUT(rows, row, int64_t)))
        arithmetic_overflow(rows,
                            " Use 'try_multiply' to tolerate overflow and return NULL instead.");
}

/* with ANSI mode off */
void hr_k_pandas_product_wrap(struct hr_rows *rows, idx_t row)
{
    product_of_longs(rows, row, &HR_OUT(rows, row, int64_t));
}
