#include "host/format/files/write.h"
#include <math.h>

#define TIMESTAMP_PATTERN            \
    "yyyy-MM-dd'T'HH:mm:ss[.SSS][XX" \
    "X]"
#define NTZ_PATTERN "yyyy-MM-dd'T'HH:mm:ss[.SSS]"

enum hr_code hr_value_text_options(struct hr_arena *arena,
                                   struct hr_env *env,
                                   const struct hr_options *options,
                                   struct hr_value_text *how,
                                   struct hr_err *err)
{
    const char *date = hr_option_get(options, "dateFormat"),
               *stamp = hr_option_get(options, "timestampFormat");
    const char *ntz = hr_option_get(options, "timestampNTZFormat"), *zone_name;
    HR_TRY(
        hr_option_pattern(arena, date ? date : "yyyy-MM-dd", HR_PATTERN_FORMAT, &how->date, err));
    HR_TRY(hr_option_pattern(arena, stamp ? stamp : TIMESTAMP_PATTERN, HR_PATTERN_FORMAT,
                             &how->timestamp, err));
    HR_TRY(hr_option_pattern(arena, ntz ? ntz : NTZ_PATTERN, HR_PATTERN_FORMAT, &how->ntz, err));
    return hr_conf_zone(env, options, &how->zone, &zone_name, err);
}

void hr_column_bind(struct hr_column *column, duckdb_vector vector)
{
    column->vector = vector;
    column->data = duckdb_vector_get_data(vector);
    column->validity = duckdb_vector_get_validity(vector);
}

/* BigDecimal.toString: plain digits unless the number is small against its scale */
static void decimal_text(hr_int128 value, int scale, struct hr_buf *out)
{
    char digits[HR_DECIMAL_TEXT_MAX];
    size_t len = hr_print_decimal(value < 0 ? -value : value, 0, digits);
    int exponent = (int)len - 1 - scale;
    if (scale == 0 || exponent >= -6) {
        len = hr_print_decimal(value, scale, digits);
        hr_buf_add(out, digits, len);
        return;
    }
    if (value < 0)
        hr_buf_addc(out, '-');
    hr_buf_addc(out, digits[0]);
    if (len > 1) {
        hr_buf_addc(out, '.');
        hr_buf_add(out, digits + 1, len - 1);
    }
    hr_buf_addf(out, "E%+d", exponent);
}

static hr_int128 decimal_at(const struct hr_column *column, idx_t row)
{
    int precision = column->field->type->precision;
    if (precision <= 4)
        return ((const int16_t *)column->data)[row];
    if (precision <= 9)
        return ((const int32_t *)column->data)[row];
    if (precision <= 18)
        return ((const int64_t *)column->data)[row];
    hr_int128 value;
    memcpy(&value, (const char *)column->data + row * 16, 16);
    return value;
}

static void string_text(const struct hr_column *column, idx_t row, struct hr_buf *out)
{
    duckdb_string_t *s = &((duckdb_string_t *)column->data)[row];
    hr_buf_add(out, duckdb_string_t_data(s), duckdb_string_t_length(*s));
}

static void integer_text(int64_t value, struct hr_buf *out)
{
    char text[HR_INTEGER_TEXT_MAX];
    hr_buf_add(out, text, hr_print_integer(value, text));
}

void hr_column_text(const struct hr_column *column,
                    idx_t row,
                    const struct hr_value_text *how,
                    struct hr_buf *out)
{
    const struct hr_type *type = column->field->type;
    char text[HR_INTERVAL_TEXT_MAX];
    const void *data = column->data;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        hr_buf_adds(out, ((const bool *)data)[row] ? "true" : "false");
        break;
    case HR_TYPE_BYTE:
        integer_text(((const int8_t *)data)[row], out);
        break;
    case HR_TYPE_SHORT:
        integer_text(((const int16_t *)data)[row], out);
        break;
    case HR_TYPE_INT:
        integer_text(((const int32_t *)data)[row], out);
        break;
    case HR_TYPE_LONG:
        integer_text(((const int64_t *)data)[row], out);
        break;
    case HR_TYPE_FLOAT:
        hr_buf_add(out, text, hr_print_float(((const float *)data)[row], text));
        break;
    case HR_TYPE_DOUBLE:
        hr_buf_add(out, text, hr_print_double(((const double *)data)[row], text));
        break;
    case HR_TYPE_DECIMAL:
        decimal_text(decimal_at(column, row), type->scale, out);
        break;
    case HR_TYPE_DATE:
        hr_pattern_format_date(how->date, ((const int32_t *)data)[row], out);
        break;
    case HR_TYPE_TIMESTAMP:
        hr_pattern_format(how->timestamp, ((const int64_t *)data)[row], how->zone, out);
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        hr_pattern_format(how->ntz, ((const int64_t *)data)[row], hr_zone_utc(), out);
        break;
    case HR_TYPE_YEAR_MONTH:
        hr_buf_add(out, text,
                   hr_print_year_month(((const int32_t *)data)[row], type->first_unit,
                                       type->last_unit, text));
        break;
    case HR_TYPE_DAY_TIME:
        hr_buf_add(out, text,
                   hr_print_day_time(((const int64_t *)data)[row], type->first_unit,
                                     type->last_unit, text));
        break;
    case HR_TYPE_UDT: {
        struct hr_field field = *column->field;
        struct hr_column inner = *column;
        field.type = type->element;
        inner.field = &field;
        hr_column_text(&inner, row, how, out);
        break;
    }
    default:
        string_text(column, row, out);
        break;
    }
}
