#include "host/duck/value.h"
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

static void string_text(const duckdb_string_t *text, struct hr_buf *out)
{
    duckdb_string_t copy =
        *text; /* DuckDB's accessor takes no constant one; a short text is in it */
    hr_buf_add(out, duckdb_string_t_data(&copy), duckdb_string_t_length(copy));
}

void hr_column_text(const struct hr_column *column,
                    idx_t row,
                    const struct hr_value_text *how,
                    struct hr_buf *out)
{
    const struct hr_type *type = column->field->type;
    const void *data = column->data;
    while (type->id == HR_TYPE_UDT)
        type = type->element;
    switch (type->id) {
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
        string_text((const duckdb_string_t *)data + row, out);
        break;
    case HR_TYPE_DECIMAL:
        decimal_text(hr_decimal_at(data, type, row), type->scale, out);
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
    default:
        hr_value_text(column->vector, row, type, how->zone, HR_TEXT_CAST, out);
        break;
    }
}
