#include "host/duck/literal.h"
#include "host/duck/value.h"

static void text_of(struct hr_arena *arena, const char *bytes, size_t len, struct hr_literal *out)
{
    out->text.len = len;
    out->text.bytes = hr_strndup(arena, bytes, len);
}

static void decimal_text(struct hr_arena *arena, hr_int128 value, struct hr_literal *out)
{
    char text[HR_DECIMAL_TEXT_MAX];
    text_of(arena, text, hr_print_decimal(value, out->type->scale, text), out);
}

static void items_new(struct hr_arena *arena, size_t count, struct hr_literal *out)
{
    out->items.count = count;
    out->items.at = HR_NEW_ARRAY(arena, struct hr_literal *, count + 1);
}

static void list_items(struct hr_arena *arena,
                       duckdb_vector vector,
                       duckdb_list_entry entry,
                       struct hr_literal *out)
{
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    items_new(arena, entry.length, out);
    for (idx_t i = 0; i < entry.length; i++)
        out->items.at[i] = hr_duck_literal(arena, child, out->type->element, entry.offset + i);
}

/* key, value, key, value … */
static void map_items(struct hr_arena *arena,
                      duckdb_vector vector,
                      duckdb_list_entry entry,
                      struct hr_literal *out)
{
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    duckdb_vector keys = duckdb_struct_vector_get_child(child, 0);
    duckdb_vector values = duckdb_struct_vector_get_child(child, 1);
    items_new(arena, entry.length * 2, out);
    for (idx_t i = 0; i < entry.length; i++) {
        idx_t at = entry.offset + i;
        out->items.at[2 * i] = hr_duck_literal(arena, keys, out->type->key, at);
        out->items.at[2 * i + 1] = hr_duck_literal(arena, values, out->type->element, at);
    }
}

static void struct_items(struct hr_arena *arena,
                         duckdb_vector vector,
                         idx_t row,
                         struct hr_literal *out)
{
    items_new(arena, out->type->field_count, out);
    for (size_t i = 0; i < out->type->field_count; i++)
        out->items.at[i] = hr_duck_literal(arena, duckdb_struct_vector_get_child(vector, i),
                                           out->type->fields[i].type, row);
}

static void interval_of(const duckdb_interval *interval, struct hr_literal *out)
{
    out->calendar.months = interval->months;
    out->calendar.days = interval->days;
    out->calendar.micros = interval->micros;
}

struct hr_literal *hr_duck_literal(struct hr_arena *arena,
                                   duckdb_vector vector,
                                   const struct hr_type *type,
                                   idx_t row)
{
    struct hr_literal *out = HR_NEW(arena, struct hr_literal);
    out->type = type;
    uint64_t *valid = duckdb_vector_get_validity(vector);
    out->is_null = (valid && !duckdb_validity_row_is_valid(valid, row)) || type->id == HR_TYPE_VOID;
    if (out->is_null)
        return out;
    void *data = duckdb_vector_get_data(vector);
    duckdb_string_t *text = (duckdb_string_t *)data + row;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        out->boolean = ((bool *)data)[row];
        break;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        out->real = hr_real_at(data, type, row);
        break;
    case HR_TYPE_DECIMAL:
        decimal_text(arena, hr_decimal_at(data, type, row), out);
        break;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
        text_of(arena, duckdb_string_t_data(text), duckdb_string_t_length(*text), out);
        break;
    case HR_TYPE_ARRAY:
        list_items(arena, vector, ((duckdb_list_entry *)data)[row], out);
        break;
    case HR_TYPE_MAP:
        map_items(arena, vector, ((duckdb_list_entry *)data)[row], out);
        break;
    case HR_TYPE_STRUCT:
        struct_items(arena, vector, row, out);
        break;
    case HR_TYPE_CALENDAR_INTERVAL:
        interval_of((duckdb_interval *)data + row, out);
        break;
    default:
        out->integer = hr_whole_at(data, type, row);
        break;
    }
    return out;
}
