#include "host/duck/value.h"
#include <stdio.h>

static void write_null(enum hr_text_style style, struct hr_buf *out)
{
    hr_buf_adds(out, style == HR_TEXT_SHOW ? "NULL" : "null");
}

static void nested(duckdb_vector vector,
                   idx_t row,
                   const struct hr_type *type,
                   const struct hr_zone *zone,
                   enum hr_text_style style,
                   struct hr_buf *out)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    if (valid && !duckdb_validity_row_is_valid(valid, row))
        write_null(style, out);
    else
        hr_value_text(vector, row, type, zone, style, out);
}

static void list_text(duckdb_vector vector,
                      idx_t row,
                      const struct hr_type *type,
                      const struct hr_zone *zone,
                      enum hr_text_style style,
                      struct hr_buf *out)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    bool map = type->id == HR_TYPE_MAP;
    hr_buf_addc(out, map ? '{' : '[');
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (i > entry.offset)
            hr_buf_adds(out, ", ");
        if (map) {
            nested(duckdb_struct_vector_get_child(child, 0), i, type->key, zone, style, out);
            hr_buf_adds(out, " -> ");
            nested(duckdb_struct_vector_get_child(child, 1), i, type->element, zone, style, out);
        } else
            nested(child, i, type->element, zone, style, out);
    }
    hr_buf_addc(out, map ? '}' : ']');
}

static void struct_text(duckdb_vector vector,
                        idx_t row,
                        const struct hr_type *type,
                        const struct hr_zone *zone,
                        enum hr_text_style style,
                        struct hr_buf *out)
{
    hr_buf_addc(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        nested(duckdb_struct_vector_get_child(vector, i), row, type->fields[i].type, zone, style,
               out);
    }
    hr_buf_addc(out, '}');
}

/* nanoseconds of the day */
static void time_text(int64_t ns, struct hr_buf *out)
{
    char fraction[16];
    hr_buf_addf(out, "%02d:%02d:%02d", (int)(ns / 3600000000000), (int)(ns / 60000000000 % 60),
                (int)(ns / 1000000000 % 60));
    if (ns % 1000000000 == 0)
        return;
    int len = snprintf(fraction, sizeof fraction, ".%09d", (int)(ns % 1000000000));
    while (len && fraction[len - 1] == '0')
        len--;
    hr_buf_add(out, fraction, (size_t)len);
}

static void binary_text(const duckdb_string_t *value, enum hr_text_style style, struct hr_buf *out)
{
    duckdb_string_t copy = *value;
    const char *bytes = duckdb_string_t_data((duckdb_string_t *)value);
    size_t len = duckdb_string_t_length(copy);
    if (style == HR_TEXT_CAST) {
        hr_buf_add(out, bytes, len);
        return;
    }
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < len; i++)
        hr_buf_addf(out, "%s%02X", i ? " " : "", (unsigned char)bytes[i]);
    hr_buf_addc(out, ']');
}

void hr_value_text(duckdb_vector vector,
                   idx_t row,
                   const struct hr_type *type,
                   const struct hr_zone *zone,
                   enum hr_text_style style,
                   struct hr_buf *out)
{
    void *data = duckdb_vector_get_data(vector);
    char text[128];
    switch (type->id) {
    case HR_TYPE_VOID:
        write_null(style, out);
        break;
    case HR_TYPE_BOOLEAN:
        hr_buf_adds(out, ((bool *)data)[row] ? "true" : "false");
        break;
    case HR_TYPE_BYTE:
    case HR_TYPE_SHORT:
    case HR_TYPE_INT:
    case HR_TYPE_LONG:
        hr_buf_add(out, text, hr_print_integer(hr_whole_at(data, type, row), text));
        break;
    case HR_TYPE_FLOAT:
        hr_buf_add(out, text, hr_print_float(((float *)data)[row], text));
        break;
    case HR_TYPE_DOUBLE:
        hr_buf_add(out, text, hr_print_double(((double *)data)[row], text));
        break;
    case HR_TYPE_DECIMAL:
        hr_buf_add(out, text, hr_print_decimal(hr_decimal_at(data, type, row), type->scale, text));
        break;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        hr_buf_add(out, duckdb_string_t_data((duckdb_string_t *)data + row),
                   duckdb_string_t_length(((duckdb_string_t *)data)[row]));
        break;
    case HR_TYPE_BINARY:
        binary_text((duckdb_string_t *)data + row, style, out);
        break;
    case HR_TYPE_DATE:
        hr_buf_add(out, text, hr_print_date(((int32_t *)data)[row], text));
        break;
    case HR_TYPE_TIMESTAMP:
        hr_buf_add(out, text, hr_print_clock(hr_zone_clock(zone, ((int64_t *)data)[row]), text));
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        hr_buf_add(out, text, hr_print_timestamp(((int64_t *)data)[row], text));
        break;
    case HR_TYPE_YEAR_MONTH:
        hr_buf_add(
            out, text,
            hr_print_year_month(((int32_t *)data)[row], type->first_unit, type->last_unit, text));
        break;
    case HR_TYPE_DAY_TIME:
        hr_buf_add(
            out, text,
            hr_print_day_time(((int64_t *)data)[row], type->first_unit, type->last_unit, text));
        break;
    case HR_TYPE_CALENDAR_INTERVAL: {
        duckdb_interval value = ((duckdb_interval *)data)[row];
        hr_buf_add(out, text,
                   hr_print_calendar_interval(value.months, value.days, value.micros, text));
        break;
    }
    case HR_TYPE_TIME:
        time_text(((int64_t *)data)[row], out);
        break;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
        list_text(vector, row, type, zone, style, out);
        break;
    case HR_TYPE_STRUCT:
        struct_text(vector, row, type, zone, style, out);
        break;
    case HR_TYPE_UDT:
        hr_value_text(vector, row, type->element, zone, style, out);
        break;
    case HR_TYPE_VARIANT:
        break; /* shown nowhere */
    }
}
