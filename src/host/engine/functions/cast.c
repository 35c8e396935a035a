/* Spark's casts: ANSI (fails), try (NULL) and legacy (NULL, wraps, truncates). Those that DuckDB
 * does the same way never come here. */
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum mode { ANSI, TRY, LEGACY };

/* the type as Spark's messages quote it, into `name`, which the caller releases */
static const char *sql_name(const struct hr_type *type, struct hr_buf *name)
{
    hr_buf_init(name, HR_BUF_GROWS);
    hr_buf_addc(name, '"');
    hr_type_sql(type, name);
    hr_buf_addc(name, '"');
    return hr_buf_text(name);
}

static bool is_text(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR;
}

static void malformed(struct hr_rows *rows, idx_t row, enum mode mode)
{
    if (mode != ANSI) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    struct hr_buf source, target, value;
    struct hr_text text = hr_row_text(rows, 0, row);
    hr_buf_init(&value, HR_BUF_GROWS);
    hr_buf_addc(&value, '\'');
    hr_buf_add(&value, text.bytes, text.len);
    hr_buf_addc(&value, '\'');
    hr_fail_spark(&err, "CAST_INVALID_INPUT", "expression", hr_buf_text(&value), "sourceType",
                  sql_name(rows->types->args[0], &source), "targetType",
                  sql_name(rows->types->result, &target), "ansiConfig",
                  "\"spark.sql.ansi.enabled\"", NULL);
    hr_buf_release(&value);
    hr_buf_release(&source);
    hr_buf_release(&target);
    hr_kernel_fail(rows, &err);
}

static void overflow(struct hr_rows *rows, idx_t row, enum mode mode)
{
    if (mode != ANSI) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    const struct hr_type *from = rows->types->args[0];
    struct hr_buf value, source, target;
    hr_buf_init(&value, HR_BUF_GROWS);
    hr_value_text(rows->args[0], row, from, rows->types->zone, HR_TEXT_CAST, &value);
    static const char *const suffix[] = {[HR_TYPE_BYTE] = "Y",   [HR_TYPE_SHORT] = "S",
                                         [HR_TYPE_LONG] = "L",   [HR_TYPE_FLOAT] = "",
                                         [HR_TYPE_DOUBLE] = "D", [HR_TYPE_DECIMAL] = "BD"};
    bool number = from->id != HR_TYPE_DOUBLE ||
                  (!isnan(HR_ROW(rows, 0, row, double)) && !isinf(HR_ROW(rows, 0, row, double)));
    if (number && from->id < HR_LEN(suffix) && suffix[from->id])
        hr_buf_adds(&value, suffix[from->id]);
    hr_fail_spark(&err, "CAST_OVERFLOW", "value", hr_buf_text(&value), "sourceType",
                  sql_name(from, &source), "targetType", sql_name(rows->types->result, &target),
                  "ansiConfig", "\"spark.sql.ansi.enabled\"", NULL);
    hr_buf_release(&source);
    hr_buf_release(&target);
    hr_buf_release(&value);
    hr_kernel_fail(rows, &err);
}

static void decimal_overflow(struct hr_rows *rows, idx_t row, enum mode mode)
{
    if (mode != ANSI) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_err err;
    struct hr_buf value;
    char precision[8], scale[8];
    hr_buf_init(&value, HR_BUF_GROWS);
    hr_value_text(rows->args[0], row, rows->types->args[0], rows->types->zone, HR_TEXT_CAST,
                  &value);
    snprintf(precision, sizeof precision, "%d", rows->types->result->precision);
    snprintf(scale, sizeof scale, "%d", rows->types->result->scale);
    hr_fail_spark(&err, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "value", hr_buf_text(&value),
                  "precision", precision, "scale", scale, "config", "\"spark.sql.ansi.enabled\"",
                  NULL);
    hr_buf_release(&value);
    hr_kernel_fail(rows, &err);
}

static void limits(const struct hr_type *type, int64_t *min, int64_t *max)
{
    switch (type->id) {
    case HR_TYPE_BYTE:
        *min = INT8_MIN;
        *max = INT8_MAX;
        break;
    case HR_TYPE_SHORT:
        *min = INT16_MIN;
        *max = INT16_MAX;
        break;
    case HR_TYPE_INT:
        *min = INT32_MIN;
        *max = INT32_MAX;
        break;
    default:
        *min = INT64_MIN;
        *max = INT64_MAX;
        break;
    }
}

static void put_integer(struct hr_rows *rows, idx_t row, int64_t value)
{
    switch (rows->types->result->id) {
    case HR_TYPE_BYTE:
        HR_OUT(rows, row, int8_t) = (int8_t)value;
        break;
    case HR_TYPE_SHORT:
        HR_OUT(rows, row, int16_t) = (int16_t)value;
        break;
    case HR_TYPE_INT:
        HR_OUT(rows, row, int32_t) = (int32_t)value;
        break;
    default:
        HR_OUT(rows, row, int64_t) = value;
        break;
    }
}

static void checked_integer(
    struct hr_rows *rows, idx_t row, enum mode mode, int64_t value, bool fits)
{
    int64_t min, max;
    limits(rows->types->result, &min, &max);
    if (mode != LEGACY && (!fits || value < min || value > max))
        overflow(rows, row, mode);
    else
        put_integer(rows, row, value); /* legacy: Java's narrowing */
}

static int64_t integer_at(const struct hr_rows *rows, idx_t row)
{
    return hr_whole_at(rows->data[0], rows->types->args[0], row);
}

static double real_at(const struct hr_rows *rows, idx_t row)
{
    return hr_real_at(rows->data[0], rows->types->args[0], row);
}

/* Java's (long) and (int) of a double: NaN is 0, beyond the ends is the end; narrower types go
 * through int */
static int64_t java_narrow(double value, const struct hr_type *to)
{
    if (isnan(value))
        return 0;
    if (to->id == HR_TYPE_LONG)
        return value >= 9223372036854775807.0    ? INT64_MAX
               : value <= -9223372036854775808.0 ? INT64_MIN
                                                 : (int64_t)value;
    return value >= 2147483647.0 ? INT32_MAX : value <= -2147483648.0 ? INT32_MIN : (int64_t)value;
}

static void real_to_integer(struct hr_rows *rows, idx_t row, enum mode mode)
{
    double value = real_at(rows, row);
    if (mode == LEGACY) {
        put_integer(rows, row, java_narrow(value, rows->types->result));
        return;
    }
    int64_t min, max;
    limits(rows->types->result, &min, &max);
    /* Spark compares floor and ceil with the ends */
    bool fits = floor(value) <= (double)max && ceil(value) >= (double)min;
    checked_integer(rows, row, mode, fits ? java_narrow(value, rows->types->result) : 0, fits);
}

static void decimal_to_integer(struct hr_rows *rows, idx_t row, enum mode mode)
{
    const struct hr_type *from = rows->types->args[0];
    hr_int128 value = hr_decimal_at(rows->data[0], from, row) / hr_power_of_ten(from->scale);
    checked_integer(rows, row, mode, (int64_t)value, value == (hr_int128)(int64_t)value);
}

static void to_decimal(struct hr_rows *rows, idx_t row, enum mode mode)
{
    const struct hr_type *from = rows->types->args[0], *to = rows->types->result;
    hr_int128 value = 0;
    char text[HR_DOUBLE_TEXT_MAX];
    struct hr_text input;
    enum hr_decimal_result result = HR_DECIMAL_OK;
    switch (from->id) {
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        input = hr_row_text(rows, 0, row);
        result = hr_parse_decimal(input.bytes, input.len, to->precision, to->scale, &value);
        if (result == HR_DECIMAL_MALFORMED) {
            malformed(rows, row, mode);
            return;
        }
        break;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE: {
        double real = real_at(rows, row);
        if (isnan(real) || isinf(real)) { /* in ANSI mode too */
            hr_out_null(rows, row);
            return;
        }
        result =
            hr_parse_decimal(text, hr_print_double(real, text), to->precision, to->scale, &value);
        break;
    }
    case HR_TYPE_DECIMAL:
        if (!hr_decimal_rescale(hr_decimal_at(rows->data[0], from, row), from->scale, to->scale,
                                &value) ||
            !hr_decimal_fits(value, to->precision))
            result = HR_DECIMAL_OVERFLOW;
        break;
    case HR_TYPE_TIMESTAMP:
        if (!hr_decimal_rescale(integer_at(rows, row), 6, to->scale, &value) ||
            !hr_decimal_fits(value, to->precision))
            result = HR_DECIMAL_OVERFLOW;
        break;
    default:
        if (!hr_decimal_rescale(integer_at(rows, row), 0, to->scale, &value) ||
            !hr_decimal_fits(value, to->precision))
            result = HR_DECIMAL_OVERFLOW;
        break;
    }
    if (result != HR_DECIMAL_OK)
        decimal_overflow(rows, row, mode);
    else
        hr_decimal_put(rows->out, to, row, value);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void from_text(struct hr_rows *rows, idx_t row, enum mode mode)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_type *to = rows->types->result;
    int64_t min, max, integer = 0;
    bool ok = false;
    switch (to->id) {
    case HR_TYPE_BOOLEAN:
        ok = hr_parse_boolean(text.bytes, text.len, &HR_OUT(rows, row, bool));
        break;
    case HR_TYPE_BYTE:
    case HR_TYPE_SHORT:
    case HR_TYPE_INT:
    case HR_TYPE_LONG:
        limits(to, &min, &max);
        ok = hr_parse_integer(text.bytes, text.len, min, max, mode == LEGACY, &integer);
        put_integer(rows, row, integer);
        break;
    case HR_TYPE_FLOAT:
        ok = hr_parse_float(text.bytes, text.len, &HR_OUT(rows, row, float));
        break;
    case HR_TYPE_DOUBLE:
        ok = hr_parse_double(text.bytes, text.len, &HR_OUT(rows, row, double));
        break;
    case HR_TYPE_DATE:
        ok = hr_parse_date(text.bytes, text.len, &HR_OUT(rows, row, int32_t));
        break;
    case HR_TYPE_TIMESTAMP:
        ok = hr_parse_timestamp(text.bytes, text.len, rows->types->zone, now_us(),
                                &HR_OUT(rows, row, int64_t));
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        ok = hr_parse_timestamp_ntz(text.bytes, text.len, true, &HR_OUT(rows, row, int64_t));
        break;
    case HR_TYPE_BINARY:
        hr_out_text(rows, row, text.bytes, text.len);
        return;
    default:
        break;
    }
    if (!ok)
        malformed(rows, row, mode);
}

static void to_text(struct hr_rows *rows, idx_t row)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_value_text(rows->args[0], row, rows->types->args[0], rows->types->zone, HR_TEXT_CAST, &buf);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

/* Spark casts the microseconds to a BIGINT, and says so where they do not fit */
static void micros_overflow(struct hr_rows *rows, double us)
{
    struct hr_err err;
    char value[HR_DOUBLE_TEXT_MAX + 1];
    size_t len = hr_print_double(us, value);
    memcpy(value + len, "D", sizeof "D");
    hr_fail_spark(&err, "CAST_OVERFLOW", "value", value, "sourceType", "\"DOUBLE\"", "targetType",
                  "\"BIGINT\"", "ansiConfig", "\"spark.sql.ansi.enabled\"", NULL);
    hr_kernel_fail(rows, &err);
}

static void real_to_timestamp(struct hr_rows *rows, idx_t row, enum mode mode)
{
    double seconds = real_at(rows, row), us = seconds * 1e6;
    int64_t *out = &HR_OUT(rows, row, int64_t);
    if (isnan(seconds) || isinf(seconds)) {
        if (mode == ANSI)
            overflow(rows, row, mode);
        else
            hr_out_null(rows, row);
        return;
    }
    if (us >= -0x1p63 && us < 0x1p63)
        *out = (int64_t)us;
    else if (mode == LEGACY)
        *out = us < 0 ? INT64_MIN : INT64_MAX;
    else if (mode == TRY)
        hr_out_null(rows, row);
    else
        micros_overflow(rows, us);
}

/* Days may lie beyond what microseconds count: Java's multiplyExact. */
static void date_to_local(struct hr_rows *rows, idx_t row)
{
    if (__builtin_mul_overflow((int64_t)HR_ROW(rows, 0, row, int32_t), HR_US_PER_DAY,
                               &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

static void local_to_timestamp(struct hr_rows *rows, idx_t row, hr_int128 local)
{
    if (!hr_zone_utc_of(rows->types->zone, local, &HR_OUT(rows, row, int64_t)))
        hr_arithmetic_failure(rows, "long overflow");
}

static void to_timestamp(struct hr_rows *rows, idx_t row, enum mode mode)
{
    const struct hr_type *from = rows->types->args[0];
    int64_t *out = &HR_OUT(rows, row, int64_t);
    switch (from->id) {
    case HR_TYPE_DATE:
        local_to_timestamp(rows, row, (hr_int128)HR_ROW(rows, 0, row, int32_t) * HR_US_PER_DAY);
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        local_to_timestamp(rows, row, HR_ROW(rows, 0, row, int64_t));
        break;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        real_to_timestamp(rows, row, mode);
        break;
    case HR_TYPE_DECIMAL: {
        hr_int128 value;
        hr_decimal_rescale(hr_decimal_at(rows->data[0], from, row), from->scale, 6, &value);
        *out = (int64_t)value;
        break;
    }
    case HR_TYPE_BOOLEAN:
        *out = HR_ROW(rows, 0, row, bool);
        break;
    default:
        if (__builtin_mul_overflow(integer_at(rows, row), HR_US_PER_SECOND, out))
            overflow(rows, row, ANSI);
        break;
    }
}

static void from_timestamp(struct hr_rows *rows, idx_t row, enum mode mode)
{
    int64_t us = HR_ROW(rows, 0, row, int64_t);
    switch (rows->types->result->id) {
    case HR_TYPE_DATE:
        HR_OUT(rows, row, int32_t) = (int32_t)hr_zone_clock(rows->types->zone, us).day;
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        if (!hr_zone_local_of(rows->types->zone, us, &HR_OUT(rows, row, int64_t)))
            hr_arithmetic_failure(rows, "long overflow");
        break;
    case HR_TYPE_BOOLEAN:
        HR_OUT(rows, row, bool) = us != 0;
        break;
    case HR_TYPE_FLOAT:
        HR_OUT(rows, row, float) = (float)((double)us / 1e6);
        break;
    case HR_TYPE_DOUBLE:
        HR_OUT(rows, row, double) = (double)us / 1e6;
        break;
    default:
        checked_integer(rows, row, mode, hr_floor_div(us, HR_US_PER_SECOND), true);
        break;
    }
}

static void from_decimal(struct hr_rows *rows, idx_t row, enum mode mode)
{
    const struct hr_type *from = rows->types->args[0];
    char text[HR_DECIMAL_TEXT_MAX];
    size_t len;
    double real;
    switch (rows->types->result->id) {
    /* through text: BigDecimal.doubleValue rounds correctly */
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        len = hr_print_decimal(hr_decimal_at(rows->data[0], from, row), from->scale, text);
        if (rows->types->result->id == HR_TYPE_FLOAT) {
            hr_parse_float(text, len, &HR_OUT(rows, row, float));
            break;
        }
        hr_parse_double(text, len, &real);
        HR_OUT(rows, row, double) = real;
        break;
    case HR_TYPE_BOOLEAN:
        HR_OUT(rows, row, bool) = hr_decimal_at(rows->data[0], from, row) != 0;
        break;
    default:
        decimal_to_integer(rows, row, mode);
        break;
    }
}

/* What analyze/ let through without asking: a value read by another's width would be taken for
 * where bytes are. */
static bool is_castable(const struct hr_type *from, const struct hr_type *to)
{
    bool nested = from->id == HR_TYPE_STRUCT ||
                  from->id == HR_TYPE_ARRAY ||
                  from->id == HR_TYPE_MAP ||
                  from->id == HR_TYPE_VARIANT;
    return !nested && (to->id != HR_TYPE_BINARY || is_text(from));
}

static void cast(struct hr_rows *rows, idx_t row, enum mode mode)
{
    const struct hr_type *from = rows->types->args[0], *to = rows->types->result;
    if (!is_text(to) && !is_castable(from, to)) {
        struct hr_err err;
        struct hr_buf source, target;
        hr_fail(&err, HR_E_UNSUPPORTED, "a cast of %s to %s", sql_name(from, &source),
                sql_name(to, &target));
        hr_buf_release(&source);
        hr_buf_release(&target);
        hr_kernel_fail(rows, &err);
        return;
    }
    if (is_text(to))
        to_text(rows, row);
    else if (to->id == HR_TYPE_DECIMAL)
        to_decimal(rows, row, mode);
    else if (is_text(from))
        from_text(rows, row, mode);
    else if (to->id == HR_TYPE_TIMESTAMP)
        to_timestamp(rows, row, mode);
    else if (from->id == HR_TYPE_TIMESTAMP)
        from_timestamp(rows, row, mode);
    else if (from->id == HR_TYPE_DATE && to->id == HR_TYPE_TIMESTAMP_NTZ)
        date_to_local(rows, row);
    else if (from->id == HR_TYPE_DECIMAL)
        from_decimal(rows, row, mode);
    else if (from->id == HR_TYPE_FLOAT || from->id == HR_TYPE_DOUBLE) {
        if (to->id == HR_TYPE_FLOAT)
            HR_OUT(rows, row, float) = (float)real_at(rows, row);
        else if (to->id == HR_TYPE_BOOLEAN)
            HR_OUT(rows, row, bool) = real_at(rows, row) != 0;
        else
            real_to_integer(rows, row, mode);
    } else if (hr_type_is_integral(to)) {
        int64_t value = integer_at(rows, row);
        if (from->id == HR_TYPE_YEAR_MONTH && from->first_unit == HR_UNIT_YEAR)
            value /= 12;
        if (from->id == HR_TYPE_DAY_TIME) {
            static const int64_t sizes[] = {86400000000, 3600000000, 60000000, 1000000};
            value /= sizes[from->first_unit];
        }
        checked_integer(rows, row, mode, value, true);
    } else
        hr_out_null(rows, row);
}

void hr_k_cast(struct hr_rows *rows, idx_t row)
{
    cast(rows, row, ANSI);
}
void hr_k_try_cast(struct hr_rows *rows, idx_t row)
{
    cast(rows, row, TRY);
}
void hr_k_legacy_cast(struct hr_rows *rows, idx_t row)
{
    cast(rows, row, LEGACY);
}

void hr_k_show(struct hr_rows *rows, idx_t row)
{
    if (hr_row_is_null(rows, 0, row)) {
        hr_out_text(rows, row, "NULL", 4);
        return;
    }
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_value_text(rows->args[0], row, rows->types->args[0], rows->types->zone, HR_TEXT_SHOW, &buf);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}
