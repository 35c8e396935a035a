#include "host/duck/from_arrow.h"
#include "host/duck/value.h"
#include "host/duck/vector.h"
#include <stdio.h>
#include <string.h>

static bool is_valid(const struct hr_arrow_array *array, int64_t i)
{
    return !array->validity || (array->validity[i >> 3] >> (i & 7) & 1);
}

static int64_t offset_of(const struct hr_arrow_slice *s, int64_t i)
{
    return hr_arrow_is_large(s->field->kind) ? ((const int64_t *)s->array->offsets)[i]
                                             : ((const int32_t *)s->array->offsets)[i];
}

static int64_t integer_at(const struct hr_arrow_slice *s, int64_t i)
{
    switch (s->field->kind) {
    case HR_ARROW_INT8:
        return ((const int8_t *)s->array->data)[i];
    case HR_ARROW_INT16:
        return ((const int16_t *)s->array->data)[i];
    case HR_ARROW_UINT8:
        return ((const uint8_t *)s->array->data)[i];
    case HR_ARROW_UINT16:
        return ((const uint16_t *)s->array->data)[i];
    case HR_ARROW_UINT32:
        return ((const uint32_t *)s->array->data)[i];
    case HR_ARROW_INT32:
    case HR_ARROW_DATE32:
    case HR_ARROW_TIME32:
    case HR_ARROW_MONTHS:
        return ((const int32_t *)s->array->data)[i];
    case HR_ARROW_BOOL:
        return ((const uint8_t *)s->array->data)[i >> 3] >> (i & 7) & 1;
    default:
        return ((const int64_t *)s->array->data)[i];
    }
}

static int64_t in_micros(int64_t v, enum hr_arrow_unit unit)
{
    switch (unit) {
    case HR_ARROW_SECOND:
        return v * 1000000;
    case HR_ARROW_MILLI:
        return v * 1000;
    case HR_ARROW_NANO:
        return v / 1000 - (v % 1000 < 0);
    default:
        return v;
    }
}

static int64_t in_nanos(int64_t v, enum hr_arrow_unit unit)
{
    return unit == HR_ARROW_SECOND  ? v * 1000000000
           : unit == HR_ARROW_MILLI ? v * 1000000
           : unit == HR_ARROW_MICRO ? v * 1000
                                    : v;
}

static void put_nulls(const struct hr_arrow_slice *s, duckdb_vector vector)
{
    if (!s->array->validity && s->field->kind != HR_ARROW_NULL)
        return;
    for (idx_t i = 0; i < s->rows; i++)
        if (s->field->kind == HR_ARROW_NULL || !is_valid(s->array, s->from + (int64_t)i))
            hr_vector_null(vector, i);
}

static bool is_real(enum hr_arrow_kind kind)
{
    return kind == HR_ARROW_FLOAT || kind == HR_ARROW_DOUBLE;
}

static double real_at(const struct hr_arrow_slice *s, int64_t i)
{
    if (s->field->kind == HR_ARROW_FLOAT)
        return ((const float *)s->array->data)[i];
    return s->field->kind == HR_ARROW_DOUBLE ? ((const double *)s->array->data)[i]
                                             : (double)integer_at(s, i);
}

static void put_strings(const struct hr_arrow_slice *s, duckdb_vector vector)
{
    duckdb_string_t *out = duckdb_vector_get_data(vector);
    const char *bytes = s->array->data;
    for (idx_t i = 0; i < s->rows; i++) {
        int64_t at = s->from + (int64_t)i;
        if (!is_valid(s->array, at)) {
            memset(&out[i], 0, sizeof out[i]);
        } else if (s->field->kind == HR_ARROW_FIXED_BINARY) {
            out[i] = hr_string_ref(bytes + at * s->field->width, (size_t)s->field->width);
        } else {
            int64_t begin = offset_of(s, at);
            out[i] = hr_string_ref(bytes + begin, (size_t)(offset_of(s, at + 1) - begin));
        }
    }
}

static void put_decimals(const struct hr_arrow_slice *s, const struct hr_type *type, void *out)
{
    for (idx_t i = 0; i < s->rows; i++) {
        __int128 v;
        memcpy(&v, (const char *)s->array->data + (s->from + (int64_t)i) * 16, 16);
        for (int d = s->field->scale; d < type->scale; d++)
            v *= 10;
        hr_decimal_put(out, type, i, v);
    }
}

/* lists and maps: the children of all rows of the slice stand behind each other in the child vector
 */
static void put_list(const struct hr_arrow_slice *s,
                     const struct hr_type *type,
                     duckdb_vector vector)
{
    duckdb_list_entry *entries = duckdb_vector_get_data(vector);
    int64_t begin = s->rows ? offset_of(s, s->from) : 0,
            end = s->rows ? offset_of(s, s->from + (int64_t)s->rows) : 0;
    duckdb_list_vector_reserve(vector, (idx_t)(end - begin));
    duckdb_list_vector_set_size(vector, (idx_t)(end - begin));
    for (idx_t i = 0; i < s->rows; i++) {
        int64_t at = offset_of(s, s->from + (int64_t)i);
        entries[i].offset = (uint64_t)(at - begin);
        entries[i].length = (uint64_t)(offset_of(s, s->from + (int64_t)i + 1) - at);
    }
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    struct hr_arrow_slice inner = {&s->field->children[0], &s->array->children[0], begin,
                                   (idx_t)(end - begin)};
    if (type->id == HR_TYPE_ARRAY) {
        hr_arrow_slice_put(&inner, type->element, child);
        return;
    }
    struct hr_arrow_slice keys = {&inner.field->children[0], &inner.array->children[0], begin,
                                  inner.rows};
    struct hr_arrow_slice values = {&inner.field->children[1], &inner.array->children[1], begin,
                                    inner.rows};
    hr_arrow_slice_put(&keys, type->key, duckdb_struct_vector_get_child(child, 0));
    hr_arrow_slice_put(&values, type->element, duckdb_struct_vector_get_child(child, 1));
}

void hr_arrow_slice_put(const struct hr_arrow_slice *s,
                        const struct hr_type *type,
                        duckdb_vector vector)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    put_nulls(s, vector);
    if (s->field->kind == HR_ARROW_NULL)
        return;
    void *out = duckdb_vector_get_data(vector);
    switch (type->id) {
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
        put_strings(s, vector);
        return;
    case HR_TYPE_DECIMAL:
        put_decimals(s, type, out);
        return;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
        put_list(s, type, vector);
        return;
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++) {
            struct hr_arrow_slice child = {&s->field->children[i], &s->array->children[i], s->from,
                                           s->rows};
            hr_arrow_slice_put(&child, type->fields[i].type,
                               duckdb_struct_vector_get_child(vector, i));
        }
        for (idx_t i = 0; s->array->validity && i < s->rows; i++)
            if (!is_valid(s->array, s->from + (int64_t)i))
                hr_vector_null_all(type, vector, i);
        return;
    default:
        break;
    }
    for (idx_t i = 0; i < s->rows; i++) {
        int64_t at = s->from + (int64_t)i, whole = is_real(s->field->kind) ? 0 : integer_at(s, at);
        switch (type->id) {
        case HR_TYPE_BOOLEAN:
        case HR_TYPE_BYTE:
        case HR_TYPE_SHORT:
        case HR_TYPE_INT:
        case HR_TYPE_LONG:
        case HR_TYPE_YEAR_MONTH:
            hr_whole_put(out, type, i, whole);
            break;
        case HR_TYPE_FLOAT:
            ((float *)out)[i] = (float)real_at(s, at);
            break;
        case HR_TYPE_DOUBLE:
            ((double *)out)[i] = real_at(s, at);
            break;
        case HR_TYPE_DATE:
            ((int32_t *)out)[i] =
                s->field->kind == HR_ARROW_DATE64 ? (int32_t)(whole / 86400000) : (int32_t)whole;
            break;
        case HR_TYPE_TIMESTAMP:
        case HR_TYPE_TIMESTAMP_NTZ:
        case HR_TYPE_DAY_TIME:
            ((int64_t *)out)[i] = in_micros(whole, s->field->unit);
            break;
        case HR_TYPE_TIME:
            ((int64_t *)out)[i] = in_nanos(whole, s->field->unit);
            break;
        default:
            break;
        }
    }
}

/* ---- Arrow's types and Spark's ---- */

enum hr_code hr_arrow_type_of(struct hr_arena *arena,
                              const struct hr_arrow_field *field,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    static const enum hr_type_id plain[HR_ARROW_KIND_COUNT] = {
        [HR_ARROW_BOOL] = HR_TYPE_BOOLEAN,        [HR_ARROW_INT8] = HR_TYPE_BYTE,
        [HR_ARROW_INT16] = HR_TYPE_SHORT,         [HR_ARROW_INT32] = HR_TYPE_INT,
        [HR_ARROW_INT64] = HR_TYPE_LONG,          [HR_ARROW_UINT8] = HR_TYPE_SHORT,
        [HR_ARROW_UINT16] = HR_TYPE_INT,          [HR_ARROW_UINT32] = HR_TYPE_LONG,
        [HR_ARROW_FLOAT] = HR_TYPE_FLOAT,         [HR_ARROW_DOUBLE] = HR_TYPE_DOUBLE,
        [HR_ARROW_DATE32] = HR_TYPE_DATE,         [HR_ARROW_DATE64] = HR_TYPE_DATE,
        [HR_ARROW_TIME64] = HR_TYPE_TIME,         [HR_ARROW_TIME32] = HR_TYPE_TIME,
        [HR_ARROW_DURATION] = HR_TYPE_DAY_TIME,   [HR_ARROW_MONTHS] = HR_TYPE_YEAR_MONTH,
        [HR_ARROW_UTF8] = HR_TYPE_STRING,         [HR_ARROW_LARGE_UTF8] = HR_TYPE_STRING,
        [HR_ARROW_BINARY] = HR_TYPE_BINARY,       [HR_ARROW_LARGE_BINARY] = HR_TYPE_BINARY,
        [HR_ARROW_FIXED_BINARY] = HR_TYPE_BINARY,
    };
    if (field->kind == HR_ARROW_NULL) {
        *type = hr_type_basic(HR_TYPE_VOID);
    } else if (field->kind == HR_ARROW_TIMESTAMP) {
        *type = hr_type_basic(field->timezone ? HR_TYPE_TIMESTAMP : HR_TYPE_TIMESTAMP_NTZ);
    } else if (field->kind == HR_ARROW_DECIMAL128) {
        *type = hr_type_decimal(arena, field->precision, field->scale);
    } else if (field->kind == HR_ARROW_LIST || field->kind == HR_ARROW_LARGE_LIST) {
        const struct hr_type *element;
        HR_TRY(hr_arrow_type_of(arena, &field->children[0], &element, err));
        *type = hr_type_array(arena, element, field->children[0].nullable);
    } else if (field->kind == HR_ARROW_MAP) {
        const struct hr_type *key, *value;
        HR_TRY(hr_arrow_type_of(arena, &field->children[0].children[0], &key, err));
        HR_TRY(hr_arrow_type_of(arena, &field->children[0].children[1], &value, err));
        *type = hr_type_map(arena, key, value, field->children[0].children[1].nullable);
    } else if (field->kind == HR_ARROW_STRUCT) {
        struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, field->child_count + 1);
        for (size_t i = 0; i < field->child_count; i++) {
            fields[i] = (struct hr_field){hr_strdup(arena, field->children[i].name), NULL,
                                          field->children[i].nullable, NULL};
            HR_TRY(hr_arrow_type_of(arena, &field->children[i], &fields[i].type, err));
        }
        *type = hr_type_struct(arena, fields, field->child_count);
    } else if (plain[field->kind]) {
        *type = hr_type_basic(plain[field->kind]);
    } else {
        char feature[200];
        snprintf(feature, sizeof feature, "a local relation with the Arrow type %s",
                 hr_arrow_kind_name(field->kind));
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
    }
    return HR_OK;
}

/* may `put` read an Arrow field as a Spark type? */
bool hr_arrow_fits(const struct hr_arrow_field *field, const struct hr_type *type)
{
    enum hr_arrow_kind kind = field->kind;
    bool whole = kind >= HR_ARROW_INT8 && kind <= HR_ARROW_UINT32;
    switch (type->id) {
    case HR_TYPE_UDT:
        return hr_arrow_fits(field, type->element);
    case HR_TYPE_VOID:
        return kind == HR_ARROW_NULL;
    default:
        break;
    }
    if (kind == HR_ARROW_NULL)
        return true;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        return kind == HR_ARROW_BOOL;
    case HR_TYPE_BYTE:
        return kind == HR_ARROW_INT8;
    case HR_TYPE_SHORT:
        return kind == HR_ARROW_INT8 || kind == HR_ARROW_INT16 || kind == HR_ARROW_UINT8;
    case HR_TYPE_INT:
        return whole && kind != HR_ARROW_INT64 && kind != HR_ARROW_UINT32;
    case HR_TYPE_LONG:
        return whole;
    case HR_TYPE_FLOAT:
        return kind == HR_ARROW_FLOAT;
    case HR_TYPE_DOUBLE:
        return is_real(kind) || whole;
    case HR_TYPE_DECIMAL:
        return kind == HR_ARROW_DECIMAL128 &&
               field->scale <= type->scale &&
               field->precision - field->scale <= type->precision - type->scale;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        return kind == HR_ARROW_UTF8 || kind == HR_ARROW_LARGE_UTF8;
    case HR_TYPE_BINARY:
        return kind == HR_ARROW_BINARY ||
               kind == HR_ARROW_LARGE_BINARY ||
               kind == HR_ARROW_FIXED_BINARY;
    case HR_TYPE_DATE:
        return kind == HR_ARROW_DATE32 || kind == HR_ARROW_DATE64;
    case HR_TYPE_TIMESTAMP:
    case HR_TYPE_TIMESTAMP_NTZ:
        return kind == HR_ARROW_TIMESTAMP;
    case HR_TYPE_TIME:
        return kind == HR_ARROW_TIME32 || kind == HR_ARROW_TIME64;
    case HR_TYPE_DAY_TIME:
        return kind == HR_ARROW_DURATION;
    case HR_TYPE_YEAR_MONTH:
        return kind == HR_ARROW_MONTHS || kind == HR_ARROW_INT32;
    case HR_TYPE_ARRAY:
        return (kind == HR_ARROW_LIST || kind == HR_ARROW_LARGE_LIST) &&
               hr_arrow_fits(&field->children[0], type->element);
    case HR_TYPE_MAP:
        return kind == HR_ARROW_MAP &&
               hr_arrow_fits(&field->children[0].children[0], type->key) &&
               hr_arrow_fits(&field->children[0].children[1], type->element);
    case HR_TYPE_STRUCT:
        if (kind != HR_ARROW_STRUCT || field->child_count != type->field_count)
            return false;
        for (size_t i = 0; i < type->field_count; i++)
            if (!hr_arrow_fits(&field->children[i], type->fields[i].type))
                return false;
        return true;
    default:
        return false;
    }
}
