#include "host/engine/functions/element.h"
#include "host/duck/value.h"
#include <string.h>

static bool is_null_at(duckdb_vector vector, idx_t row)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    return valid && !duckdb_validity_row_is_valid(valid, row);
}

bool hr_element_is_null(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    return type->id == HR_TYPE_VOID || is_null_at(vector, row);
}

static bool is_bytes(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING ||
           type->id == HR_TYPE_CHAR ||
           type->id == HR_TYPE_VARCHAR ||
           type->id == HR_TYPE_BINARY ||
           type->id == HR_TYPE_VARIANT;
}

static bool is_real(const struct hr_type *type)
{
    return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE;
}

/* ---- order ---- */

static int compare_reals(double a, double b)
{
    if (a != a || b != b)
        return (a != a) - (b != b);
    return (a > b) - (a < b);
}

static int compare_bytes(duckdb_string_t *a, duckdb_string_t *b)
{
    size_t len_a = duckdb_string_t_length(*a), len_b = duckdb_string_t_length(*b);
    size_t shorter = len_a < len_b ? len_a : len_b;
    int order = memcmp(duckdb_string_t_data(a), duckdb_string_t_data(b), shorter);
    return order ? order : (len_a > len_b) - (len_a < len_b);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* no order of Spark's, which has none: keys of maps are compared */
static int compare_intervals(const duckdb_interval *a, const duckdb_interval *b)
{
    int order = compare_numbers(a->months, b->months);
    if (!order)
        order = compare_numbers(a->days, b->days);
    return order ? order : compare_numbers(a->micros, b->micros);
}

static int compare_lists(
    const struct hr_type *type, duckdb_vector a, idx_t at_a, duckdb_vector b, idx_t at_b)
{
    duckdb_list_entry list_a = ((duckdb_list_entry *)duckdb_vector_get_data(a))[at_a],
                      list_b = ((duckdb_list_entry *)duckdb_vector_get_data(b))[at_b];
    duckdb_vector items_a = duckdb_list_vector_get_child(a),
                  items_b = duckdb_list_vector_get_child(b);
    for (idx_t i = 0; i < list_a.length && i < list_b.length; i++) {
        int order = hr_element_compare(type->element, items_a, list_a.offset + i, items_b,
                                       list_b.offset + i);
        if (order)
            return order;
    }
    return (list_a.length > list_b.length) - (list_a.length < list_b.length);
}

static int compare_structs(
    const struct hr_type *type, duckdb_vector a, idx_t at_a, duckdb_vector b, idx_t at_b)
{
    int order = 0;
    for (size_t i = 0; i < type->field_count && !order; i++)
        order = hr_element_compare(type->fields[i].type, duckdb_struct_vector_get_child(a, i), at_a,
                                   duckdb_struct_vector_get_child(b, i), at_b);
    return order;
}

int hr_element_compare(
    const struct hr_type *type, duckdb_vector a, idx_t at_a, duckdb_vector b, idx_t at_b)
{
    bool null_a = hr_element_is_null(type, a, at_a), null_b = hr_element_is_null(type, b, at_b);
    if (null_a || null_b)
        return null_b - null_a;
    if (type->id == HR_TYPE_UDT)
        return hr_element_compare(type->element, a, at_a, b, at_b);
    if (type->id == HR_TYPE_ARRAY)
        return compare_lists(type, a, at_a, b, at_b);
    if (type->id == HR_TYPE_STRUCT)
        return compare_structs(type, a, at_a, b, at_b);
    void *data_a = duckdb_vector_get_data(a), *data_b = duckdb_vector_get_data(b);
    if (is_bytes(type))
        return compare_bytes((duckdb_string_t *)data_a + at_a, (duckdb_string_t *)data_b + at_b);
    if (is_real(type))
        return compare_reals(hr_real_at(data_a, type, at_a), hr_real_at(data_b, type, at_b));
    if (type->id == HR_TYPE_DECIMAL) {
        hr_int128 x = hr_decimal_at(data_a, type, at_a), y = hr_decimal_at(data_b, type, at_b);
        return (x > y) - (x < y);
    }
    if (type->id == HR_TYPE_CALENDAR_INTERVAL)
        return compare_intervals((duckdb_interval *)data_a + at_a,
                                 (duckdb_interval *)data_b + at_b);
    return compare_numbers(hr_whole_at(data_a, type, at_a), hr_whole_at(data_b, type, at_b));
}

static double number_at(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    const void *data = duckdb_vector_get_data(vector);
    return is_real(type) ? hr_real_at(data, type, row) : (double)hr_whole_at(data, type, row);
}

int hr_element_compare_as(const struct hr_type *type_a,
                          duckdb_vector a,
                          idx_t at_a,
                          const struct hr_type *type_b,
                          duckdb_vector b,
                          idx_t at_b)
{
    if (type_a->id == type_b->id)
        return hr_element_compare(type_a, a, at_a, b, at_b);
    if (is_real(type_a) || is_real(type_b))
        return compare_reals(number_at(type_a, a, at_a), number_at(type_b, b, at_b));
    return compare_numbers(hr_whole_at(duckdb_vector_get_data(a), type_a, at_a),
                           hr_whole_at(duckdb_vector_get_data(b), type_b, at_b));
}

/* ---- rank ---- */

#define SIGN ((uint64_t)1 << 63)

static uint64_t rank_of_real(double value)
{
    uint64_t bits;
    if (value != value)
        return UINT64_MAX;
    value = value == 0 ? 0 : value;
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
}

static enum hr_rank rank_of_bytes(duckdb_string_t *text, size_t skip, uint64_t *rank)
{
    const char *bytes = duckdb_string_t_data(text);
    size_t len = duckdb_string_t_length(*text);
    for (size_t i = skip; i < skip + sizeof *rank; i++)
        *rank = *rank << 8 | (i < len ? (unsigned char)bytes[i] : 0);
    return len > skip + sizeof *rank ? HR_RANK_MORE_BYTES : HR_RANK_PART;
}

static uint64_t rank_of_part(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    uint64_t rank;
    if (hr_element_is_null(type, vector, row))
        return 1;
    hr_element_rank(type, vector, row, 0, &rank);
    return rank >> 1 | SIGN;
}

enum hr_rank hr_element_rank(
    const struct hr_type *type, duckdb_vector vector, idx_t row, size_t skip, uint64_t *rank)
{
    void *data = duckdb_vector_get_data(vector);
    *rank = 0;
    if (type->id == HR_TYPE_UDT)
        return hr_element_rank(type->element, vector, row, skip, rank);
    if (type->id == HR_TYPE_ARRAY) {
        duckdb_list_entry list = ((duckdb_list_entry *)data)[row];
        if (list.length)
            *rank = rank_of_part(type->element, duckdb_list_vector_get_child(vector), list.offset);
        return HR_RANK_PART;
    }
    if (type->id == HR_TYPE_STRUCT) {
        if (type->field_count)
            *rank =
                rank_of_part(type->fields[0].type, duckdb_struct_vector_get_child(vector, 0), row);
        return HR_RANK_PART;
    }
    if (is_bytes(type))
        return rank_of_bytes((duckdb_string_t *)data + row, skip, rank);
    if (is_real(type)) {
        *rank = rank_of_real(hr_real_at(data, type, row));
        return HR_RANK_WHOLE;
    }
    if (type->id == HR_TYPE_DECIMAL) {
        hr_int128 value = hr_decimal_at(data, type, row);
        bool is_long = type->precision > 18;
        *rank = (uint64_t)(is_long ? value >> 64 : value) ^ SIGN;
        return is_long ? HR_RANK_PART : HR_RANK_WHOLE;
    }
    *rank = (uint64_t)hr_whole_at(data, type, row) ^ SIGN;
    return HR_RANK_WHOLE;
}

/* ---- size ---- */

static uint64_t bytes_of_items(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    duckdb_list_entry list = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
    duckdb_vector items = duckdb_list_vector_get_child(vector), keys = NULL;
    uint64_t bytes = 0;
    if (type->id == HR_TYPE_MAP) {
        keys = duckdb_struct_vector_get_child(items, 0);
        items = duckdb_struct_vector_get_child(items, 1);
    }
    for (idx_t i = list.offset; i < list.offset + list.length; i++) {
        bytes += sizeof(duckdb_string_t) + hr_element_bytes(type->element, items, i);
        if (keys)
            bytes += sizeof(duckdb_string_t) + hr_element_bytes(type->key, keys, i);
    }
    return bytes;
}

uint64_t hr_element_bytes(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    uint64_t bytes = 0;
    if (hr_element_is_null(type, vector, row))
        return 0;
    if (is_bytes(type)) {
        duckdb_string_t text = ((duckdb_string_t *)duckdb_vector_get_data(vector))[row];
        return duckdb_string_is_inlined(text) ? 0 : duckdb_string_t_length(text);
    }
    if (type->id == HR_TYPE_STRUCT) {
        for (size_t i = 0; i < type->field_count; i++)
            bytes += sizeof(duckdb_string_t) +
                     hr_element_bytes(type->fields[i].type,
                                      duckdb_struct_vector_get_child(vector, i), row);
        return bytes;
    }
    return type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP ? bytes_of_items(type, vector, row)
                                                                : 0;
}

/* ---- zeros ---- */

static bool has_reals(const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_UDT)
        return has_reals(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (has_reals(type->fields[i].type))
            return true;
    return is_real(type);
}

static bool settle_real_zeros(
    struct hr_rows *rows, const struct hr_type *type, void *data, idx_t from, idx_t count)
{
    float *floats = data;
    double *doubles = data;
    for (idx_t i = from; i < from + count; i++) {
        if (!hr_kernel_step(rows))
            return false;
        if (type->id == HR_TYPE_FLOAT)
            floats[i] = floats[i] == 0 ? 0 : floats[i];
        else
            doubles[i] = doubles[i] == 0 ? 0 : doubles[i];
    }
    return true;
}

static bool settle_zeros_of_lists(
    struct hr_rows *rows, const struct hr_type *type, duckdb_vector vector, idx_t from, idx_t count)
{
    const duckdb_list_entry *lists = duckdb_vector_get_data(vector);
    duckdb_vector items = duckdb_list_vector_get_child(vector);
    for (idx_t i = from; i < from + count; i++) {
        if (is_null_at(vector, i))
            continue;
        if (!hr_elements_settle_zeros(rows, type->element, items, lists[i].offset, lists[i].length))
            return false;
    }
    return true;
}

bool hr_elements_settle_zeros(
    struct hr_rows *rows, const struct hr_type *type, duckdb_vector vector, idx_t from, idx_t count)
{
    if (!has_reals(type))
        return true;
    if (type->id == HR_TYPE_UDT)
        return hr_elements_settle_zeros(rows, type->element, vector, from, count);
    if (type->id == HR_TYPE_ARRAY)
        return settle_zeros_of_lists(rows, type, vector, from, count);
    if (type->id != HR_TYPE_STRUCT)
        return settle_real_zeros(rows, type, duckdb_vector_get_data(vector), from, count);
    for (size_t i = 0; i < type->field_count; i++)
        if (!hr_elements_settle_zeros(rows, type->fields[i].type,
                                      duckdb_struct_vector_get_child(vector, i), from, count))
            return false;
    return true;
}
