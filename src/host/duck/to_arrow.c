#include "host/duck/to_arrow.h"
#include "host/duck/value.h"
#include <stdlib.h>
#include <string.h>

static struct hr_arrow_field *fields_new(struct hr_arena *arena,
                                         struct hr_arrow_field *parent,
                                         size_t count)
{
    parent->children = HR_NEW_ARRAY(arena, struct hr_arrow_field, count);
    parent->child_count = count;
    return parent->children;
}

static enum hr_code map_field(struct hr_arena *arena,
                              const struct hr_type *type,
                              const struct hr_arrow_style *style,
                              struct hr_arrow_field *field,
                              struct hr_err *err)
{
    struct hr_arrow_field *entries = fields_new(arena, field, 1);
    *entries = (struct hr_arrow_field){.name = "entries", .kind = HR_ARROW_STRUCT};
    struct hr_arrow_field *pair = fields_new(arena, entries, 2);
    HR_TRY(hr_arrow_field_of(arena, "key", type->key, false, style, &pair[0], err));
    return hr_arrow_field_of(arena, "value", type->element, type->contains_null, style, &pair[1],
                             err);
}

static const enum hr_arrow_kind kinds[] = {
    [HR_TYPE_VOID] = HR_ARROW_NULL,           [HR_TYPE_BOOLEAN] = HR_ARROW_BOOL,
    [HR_TYPE_BYTE] = HR_ARROW_INT8,           [HR_TYPE_SHORT] = HR_ARROW_INT16,
    [HR_TYPE_INT] = HR_ARROW_INT32,           [HR_TYPE_LONG] = HR_ARROW_INT64,
    [HR_TYPE_FLOAT] = HR_ARROW_FLOAT,         [HR_TYPE_DOUBLE] = HR_ARROW_DOUBLE,
    [HR_TYPE_DECIMAL] = HR_ARROW_DECIMAL128,  [HR_TYPE_STRING] = HR_ARROW_UTF8,
    [HR_TYPE_CHAR] = HR_ARROW_UTF8,           [HR_TYPE_VARCHAR] = HR_ARROW_UTF8,
    [HR_TYPE_BINARY] = HR_ARROW_BINARY,       [HR_TYPE_DATE] = HR_ARROW_DATE32,
    [HR_TYPE_TIMESTAMP] = HR_ARROW_TIMESTAMP, [HR_TYPE_TIMESTAMP_NTZ] = HR_ARROW_TIMESTAMP,
    [HR_TYPE_TIME] = HR_ARROW_TIME64,         [HR_TYPE_YEAR_MONTH] = HR_ARROW_MONTHS,
    [HR_TYPE_DAY_TIME] = HR_ARROW_DURATION,   [HR_TYPE_CALENDAR_INTERVAL] = HR_ARROW_MONTH_DAY_NANO,
    [HR_TYPE_ARRAY] = HR_ARROW_LIST,          [HR_TYPE_MAP] = HR_ARROW_MAP,
    [HR_TYPE_STRUCT] = HR_ARROW_STRUCT,       [HR_TYPE_VARIANT] = HR_ARROW_STRUCT,
};

/* the Arrow field that Spark makes of a type */
enum hr_code hr_arrow_field_of(struct hr_arena *arena,
                               const char *name,
                               const struct hr_type *type,
                               bool nullable,
                               const struct hr_arrow_style *style,
                               struct hr_arrow_field *field,
                               struct hr_err *err)
{
    if (type->id == HR_TYPE_UDT)
        return hr_arrow_field_of(arena, name, type->element, nullable, style, field, err);
    if (type->id == HR_TYPE_VARIANT)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "results of type VARIANT",
                             NULL);
    *field = (struct hr_arrow_field){.name = name,
                                     .kind = kinds[type->id],
                                     .nullable = nullable,
                                     .precision = type->precision,
                                     .scale = type->scale};
    if (style->large_types && field->kind == HR_ARROW_UTF8)
        field->kind = HR_ARROW_LARGE_UTF8;
    if (style->large_types && field->kind == HR_ARROW_BINARY)
        field->kind = HR_ARROW_LARGE_BINARY;
    switch (type->id) {
    case HR_TYPE_TIMESTAMP:
        field->timezone = style->timezone;
        field->unit = HR_ARROW_MICRO;
        return HR_OK;
    case HR_TYPE_TIMESTAMP_NTZ:
    case HR_TYPE_DAY_TIME:
        field->unit = HR_ARROW_MICRO;
        return HR_OK;
    case HR_TYPE_TIME:
        field->unit = HR_ARROW_NANO;
        return HR_OK;
    case HR_TYPE_ARRAY:
        return hr_arrow_field_of(arena, "element", type->element, type->contains_null, style,
                                 fields_new(arena, field, 1), err);
    case HR_TYPE_MAP:
        return map_field(arena, type, style, field, err);
    case HR_TYPE_STRUCT:
        fields_new(arena, field, type->field_count);
        for (size_t i = 0; i < type->field_count; i++)
            HR_TRY(hr_arrow_field_of(arena, type->fields[i].name, type->fields[i].type,
                                     type->fields[i].nullable, style, &field->children[i], err));
        return HR_OK;
    default:
        return HR_OK;
    }
}

static const struct hr_type *plain(const struct hr_type *type)
{
    while (type->id == HR_TYPE_UDT)
        type = type->element;
    return type;
}

/* the columns mirror the Arrow fields: a map's child is a column of its entries */
void hr_gathered_init(struct hr_arena *arena,
                      struct hr_gathered *column,
                      const struct hr_type *type,
                      const struct hr_arrow_field *field)
{
    column->type = plain(type);
    column->field = field;
    column->children = HR_NEW_ARRAY(arena, struct hr_gathered, field->child_count);
    if (column->type->id == HR_TYPE_ARRAY) {
        hr_gathered_init(arena, &column->children[0], column->type->element, &field->children[0]);
    } else if (column->type->id == HR_TYPE_MAP) {
        struct hr_field pair[] = {
            {"key", column->type->key, false, NULL},
            {"value", column->type->element, column->type->contains_null, NULL}};
        hr_gathered_init(arena, &column->children[0], hr_type_struct(arena, pair, 2),
                         &field->children[0]);
    } else {
        for (size_t i = 0; i < field->child_count; i++)
            hr_gathered_init(arena, &column->children[i], column->type->fields[i].type,
                             &field->children[i]);
    }
}

void hr_gathered_release(struct hr_gathered *column)
{
    for (size_t i = 0; i < column->field->child_count; i++)
        hr_gathered_release(&column->children[i]);
    free(column->validity);
    free(column->data);
    free(column->offsets);
}

/* ---- gathering ---- */

static bool grow(void *buffer, size_t *room, size_t need)
{
    if (need <= *room)
        return true;
    size_t size = *room ? *room : 4096;
    while (size < need)
        size *= 2;
    void *more = realloc(*(void **)buffer, size);
    if (!more)
        return false;
    memset((char *)more + *room, 0, size - *room);
    *(void **)buffer = more;
    *room = size;
    return true;
}

static void set_bits(uint8_t *bits, int64_t from, int64_t count)
{
    for (; count && from % 8; from++, count--)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
    memset(bits + from / 8, 0xFF, (size_t)(count / 8));
    for (from += count / 8 * 8, count %= 8; count; from++, count--)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
}

/* bits beyond the length are kept zero, so that setting is enough */
static bool add_validity(struct hr_gathered *column,
                         const uint64_t *valid,
                         idx_t start,
                         idx_t count)
{
    int64_t length = column->length;
    if (!valid && !column->null_count)
        return true;
    if (!grow(&column->validity, &column->validity_room,
              (size_t)(length + (int64_t)count + 7) / 8 + 8))
        return false;
    if (!column->null_count)
        set_bits(column->validity, 0, length);
    if (!valid) {
        set_bits(column->validity, length, (int64_t)count);
        return true;
    }
    if (length % 8 == 0 && start == 0) {
        uint8_t *to = column->validity + length / 8;
        memcpy(to, valid, (count + 7) / 8);
        if (count % 8)
            to[count / 8] &= (uint8_t)((1 << count % 8) - 1);
        int64_t ones = 0;
        for (idx_t i = 0; i < (count + 7) / 8; i++)
            ones += __builtin_popcount(to[i]);
        column->null_count += (int64_t)count - ones;
        return true;
    }
    for (idx_t i = 0; i < count; i++) {
        int64_t at = length + (int64_t)i;
        if (valid[(start + i) / 64] >> ((start + i) % 64) & 1)
            column->validity[at / 8] |= (uint8_t)(1 << at % 8);
        else
            column->null_count++;
    }
    return true;
}

static bool row_valid(const uint64_t *valid, idx_t row)
{
    return !valid || (valid[row / 64] >> (row % 64) & 1);
}

static bool add_fixed(struct hr_gathered *column, const void *values, idx_t start, idx_t count)
{
    size_t width = (size_t)hr_arrow_width(column->field), at = (size_t)column->length * width;
    if (!grow(&column->data, &column->data_room, at + count * width))
        return false;
    memcpy(column->data + at, (const char *)values + start * width, count * width);
    column->data_len = at + count * width;
    return true;
}

/* Read as bytes, and only where a value is: what stands in the place of a NULL need not be a bool
 * at all, and a compiler may take a bool's other bits for zero and let them run into its
 * neighbours. */
static bool add_booleans(struct hr_gathered *column,
                         const uint8_t *values,
                         const uint64_t *valid,
                         idx_t start,
                         idx_t count)
{
    if (!grow(&column->data, &column->data_room, (size_t)(column->length + (int64_t)count + 7) / 8))
        return false;
    for (idx_t i = 0; i < count; i++) {
        int64_t at = column->length + (int64_t)i;
        if (row_valid(valid, start + i) && values[start + i])
            column->data[at / 8] |= (uint8_t)(1 << at % 8);
    }
    column->data_len = (size_t)(column->length + (int64_t)count + 7) / 8;
    return true;
}

/* DuckDB stores a decimal in the smallest integer that holds its precision */
static bool add_decimals(struct hr_gathered *column, const void *values, idx_t start, idx_t count)
{
    int precision = column->type->precision;
    if (precision > 18)
        return add_fixed(column, values, start, count);
    size_t at = (size_t)column->length * 16;
    if (!grow(&column->data, &column->data_room, at + count * 16))
        return false;
    int64_t *to = (int64_t *)(void *)(column->data + at);
    for (idx_t i = 0; i < count; i++) {
        int64_t value = precision > 9   ? ((const int64_t *)values)[start + i]
                        : precision > 4 ? ((const int32_t *)values)[start + i]
                                        : ((const int16_t *)values)[start + i];
        to[2 * i] = value;
        to[2 * i + 1] = value >> 63;
    }
    column->data_len = at + count * 16;
    return true;
}

static bool add_intervals(struct hr_gathered *column,
                          const duckdb_interval *values,
                          idx_t start,
                          idx_t count)
{
    size_t at = (size_t)column->length * 16;
    if (!grow(&column->data, &column->data_room, at + count * 16))
        return false;
    for (idx_t i = 0; i < count; i++, at += 16) {
        int64_t nanos = (int64_t)((uint64_t)values[start + i].micros * 1000u);
        memcpy(column->data + at, &values[start + i].months, 4);
        memcpy(column->data + at + 4, &values[start + i].days, 4);
        memcpy(column->data + at + 8, &nanos, 8);
    }
    column->data_len = at;
    return true;
}

static enum hr_code too_long(struct hr_err *err)
{
    return hr_fail(err, HR_E_LIMIT, "one batch of a result holds more than 2 GiB in one column");
}

static void put_offset(struct hr_gathered *column, int64_t row, int64_t offset)
{
    if (hr_arrow_is_large(column->field->kind))
        ((int64_t *)column->offsets)[row] = offset;
    else
        ((int32_t *)column->offsets)[row] = (int32_t)offset;
}

static bool grow_offsets(struct hr_gathered *column, idx_t count)
{
    size_t width = hr_arrow_is_large(column->field->kind) ? 8 : 4;
    return grow(&column->offsets, &column->offsets_room,
                (size_t)(column->length + (int64_t)count + 1) * width);
}

static enum hr_code no_memory(struct hr_err *err)
{
    return hr_fail(err, HR_E_NOMEM, "no memory for a batch of the result");
}

static enum hr_code add_texts(struct hr_gathered *column,
                              duckdb_string_t *values,
                              const uint64_t *valid,
                              idx_t start,
                              idx_t count,
                              struct hr_err *err)
{
    size_t total = column->data_len;
    for (idx_t i = 0; i < count; i++)
        if (row_valid(valid, start + i))
            total += values[start + i].value.inlined.length;
    if (total > INT32_MAX)
        return too_long(err);
    if (!grow_offsets(column, count) || !grow(&column->data, &column->data_room, total))
        return no_memory(err);
    size_t at = column->data_len;
    for (idx_t i = 0; i < count; i++) {
        const duckdb_string_t *text = &values[start + i];
        if (row_valid(valid, start + i)) {
            uint32_t len = text->value.inlined.length;
            /* nothing but empty texts: there is no data yet to copy to */
            if (len)
                memcpy(column->data + at,
                       len <= 12 ? text->value.inlined.inlined : text->value.pointer.ptr, len);
            at += len;
        }
        put_offset(column, column->length + (int64_t)i + 1, (int64_t)at);
    }
    column->data_len = at;
    return HR_OK;
}

/* children of neighbouring rows mostly stand next to each other: runs are copied as one */
static enum hr_code add_lists(struct hr_gathered *column,
                              duckdb_vector vector,
                              const uint64_t *valid,
                              idx_t start,
                              idx_t count,
                              struct hr_err *err)
{
    const duckdb_list_entry *entries = duckdb_vector_get_data(vector);
    duckdb_vector items = duckdb_list_vector_get_child(vector);
    struct hr_gathered *child = &column->children[0];
    uint64_t from = 0, len = 0;
    int64_t end = child->length;
    if (!grow_offsets(column, count))
        return no_memory(err);
    for (idx_t i = 0; i < count; i++) {
        const duckdb_list_entry *entry = &entries[start + i];
        if (row_valid(valid, start + i) && entry->length) {
            if (len && entry->offset != from + len) {
                HR_TRY(hr_gathered_add(child, items, NULL, from, len, err));
                len = 0;
            }
            if (!len)
                from = entry->offset;
            len += entry->length;
            end += (int64_t)entry->length;
        }
        if (end > INT32_MAX)
            return too_long(err);
        put_offset(column, column->length + (int64_t)i + 1, end);
    }
    return len ? hr_gathered_add(child, items, NULL, from, len, err) : HR_OK;
}

static enum hr_code add_values(struct hr_gathered *column,
                               duckdb_vector vector,
                               const uint64_t *valid,
                               idx_t start,
                               idx_t count,
                               struct hr_err *err)
{
    bool fits = true;
    switch (column->field->kind) {
    case HR_ARROW_NULL:
        return HR_OK;
    case HR_ARROW_BOOL:
        fits = add_booleans(column, duckdb_vector_get_data(vector), valid, start, count);
        break;
    case HR_ARROW_DECIMAL128:
        fits = add_decimals(column, duckdb_vector_get_data(vector), start, count);
        break;
    case HR_ARROW_MONTH_DAY_NANO:
        fits = add_intervals(column, duckdb_vector_get_data(vector), start, count);
        break;
    case HR_ARROW_UTF8:
    case HR_ARROW_LARGE_UTF8:
    case HR_ARROW_BINARY:
    case HR_ARROW_LARGE_BINARY:
        return add_texts(column, duckdb_vector_get_data(vector), valid, start, count, err);
    case HR_ARROW_LIST:
    case HR_ARROW_MAP:
        return add_lists(column, vector, valid, start, count, err);
    case HR_ARROW_STRUCT:
        for (size_t i = 0; i < column->field->child_count; i++)
            HR_TRY(hr_gathered_add(&column->children[i], duckdb_struct_vector_get_child(vector, i),
                                   valid, start, count, err));
        return HR_OK;
    default:
        fits = add_fixed(column, duckdb_vector_get_data(vector), start, count);
        break;
    }
    return fits ? HR_OK : no_memory(err);
}

/* by widths that the compiler knows: a call for each null would cost more than the query */
static inline void clear_cell(uint8_t *cell, size_t width)
{
    switch (width) {
    case 1:
        *cell = 0;
        break;
    case 4:
        memset(cell, 0, 4);
        break;
    case 8:
        memset(cell, 0, 8);
        break;
    case 16:
        memset(cell, 0, 16);
        break;
    default:
        memset(cell, 0, width);
    }
}

/* What stands under a NULL is a leftover of whoever used the memory before, another query perhaps:
 * it does not leave. */
static void clear_nulls(
    uint8_t *cells, size_t width, const uint64_t *valid, idx_t start, idx_t count)
{
    for (idx_t i = 0; i < count;) {
        idx_t row = start + i, bit = row % 64, left = 64 - bit;
        if (left > count - i)
            left = count - i;
        uint64_t nulls = ~valid[row / 64] >> bit;
        if (left < 64)
            nulls &= (1ull << left) - 1;
        for (; nulls; nulls &= nulls - 1)
            clear_cell(cells + (i + (idx_t)__builtin_ctzll(nulls)) * width, width);
        i += left;
    }
}

/* the rows of a field that are there, which are none where its struct is not: indexed as `valid` is
 */
static uint64_t *both_valid(const uint64_t *valid, const uint64_t *parent, idx_t start, idx_t count)
{
    idx_t first = start / 64, words = (start + count + 63) / 64;
    uint64_t *both = malloc(words * sizeof *both);
    for (idx_t i = first; both && i < words; i++)
        both[i] = valid[i] & parent[i];
    return both;
}

/* parent: which rows of the struct around it are there, NULL for all */
enum hr_code hr_gathered_add(struct hr_gathered *column,
                             duckdb_vector vector,
                             const uint64_t *parent,
                             idx_t start,
                             idx_t count,
                             struct hr_err *err)
{
    if (column->field->kind == HR_ARROW_NULL) {
        column->length += (int64_t)count;
        return HR_OK;
    }
    const uint64_t *valid = duckdb_vector_get_validity(vector);
    uint64_t *both = NULL;
    if (valid && parent) {
        both = both_valid(valid, parent, start, count);
        if (!both)
            return no_memory(err);
    }
    if (both)
        valid = both;
    else if (parent)
        valid = parent;
    enum hr_code code = add_validity(column, valid, start, count) ? HR_OK : no_memory(err);
    if (!code)
        code = add_values(column, vector, valid, start, count, err);
    int width = hr_arrow_width(column->field);
    if (!code && valid && width > 0)
        clear_nulls(column->data + (size_t)column->length * (size_t)width, (size_t)width, valid,
                    start, count);
    if (!code)
        column->length += (int64_t)count;
    free(both);
    return code;
}

/* ---- as Arrow arrays ---- */

size_t hr_gathered_bytes(const struct hr_gathered *column)
{
    size_t bytes = column->data_len +
                   (column->null_count ? (size_t)column->length / 8 : 0) +
                   (hr_arrow_has_offsets(column->field->kind) ? 8 * (size_t)column->length : 0) +
                   64;
    for (size_t i = 0; i < column->field->child_count; i++)
        bytes += hr_gathered_bytes(&column->children[i]);
    return bytes;
}

void hr_gathered_array(struct hr_arena *arena,
                       const struct hr_gathered *column,
                       struct hr_arrow_array *array)
{
    static const int64_t none[1];
    *array = (struct hr_arrow_array){.length = column->length,
                                     .null_count = column->null_count,
                                     .validity = column->validity,
                                     .offsets = column->offsets ? column->offsets : none,
                                     .data = column->data,
                                     .data_len = column->data_len};
    array->children = HR_NEW_ARRAY(arena, struct hr_arrow_array, column->field->child_count);
    for (size_t i = 0; i < column->field->child_count; i++)
        hr_gathered_array(arena, &column->children[i], &array->children[i]);
}

void hr_gathered_clear(struct hr_gathered *column)
{
    if (column->validity)
        memset(column->validity, 0,
               column->validity_room < (size_t)column->length / 8 + 1
                   ? column->validity_room
                   : (size_t)column->length / 8 + 1);
    if (column->field->kind == HR_ARROW_BOOL)
        memset(column->data ? column->data : (uint8_t *)"", 0, column->data ? column->data_len : 0);
    column->length = column->null_count = 0;
    column->data_len = 0;
    for (size_t i = 0; i < column->field->child_count; i++)
        hr_gathered_clear(&column->children[i]);
}
