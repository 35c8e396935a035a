#include "host/duck/value.h"
#include "host/format/json/value.h"
#include <math.h>

static bool is_number(const struct hr_json_node *node)
{
    return node->kind == HR_JSON_INTEGER || node->kind == HR_JSON_REAL;
}

static bool real(const struct hr_json_node *node, double *value)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {
        {"NaN", NAN},
        {"+INF", INFINITY},
        {"INF", INFINITY},
        {"+Infinity", INFINITY},
        {"Infinity", INFINITY},
        {"-INF", -INFINITY},
        {"-Infinity", -INFINITY},
    };
    if (node->kind == HR_JSON_INTEGER ||
        (node->kind == HR_JSON_REAL && (unsigned char)(node->text[node->len - 1] - '0') < 10))
        return hr_value_double(node->text, node->len, value);
    if (node->kind != HR_JSON_REAL && node->kind != HR_JSON_STRING)
        return false;
    for (size_t i = 0; i < HR_LEN(words); i++)
        if (strlen(words[i].text) == node->len && !memcmp(words[i].text, node->text, node->len)) {
            *value = words[i].value;
            return true;
        }
    return false;
}

static bool decimal(const struct hr_type *type,
                    const struct hr_json_node *node,
                    void *data,
                    idx_t row)
{
    struct hr_decimal read;
    hr_int128 v;
    if ((!is_number(node) && (node->kind != HR_JSON_STRING || !node->len)) ||
        !hr_value_bigdecimal(node->text, node->len, node->kind == HR_JSON_STRING, &read) ||
        !hr_value_decimal(&read, type->precision, type->scale, &v))
        return false;
    hr_decimal_put(data, type, row, v);
    return true;
}

static bool date(const struct hr_json *json, const struct hr_json_node *node, int32_t *days)
{
    int64_t whole;
    if (node->kind != HR_JSON_STRING || !node->len)
        return false;
    if (hr_value_date(json->date_format, json->fallback_dates, node->text, node->len, days))
        return true;
    /* Spark 1.5 wrote days since 1970 */
    if (!json->fallback_dates ||
        !hr_value_long(node->text, node->len, &whole) ||
        whole != (int32_t)whole)
        return false;
    *days = (int32_t)whole;
    return true;
}

static bool timestamp(const struct hr_json *json, const struct hr_json_node *node, int64_t *micros)
{
    if (node->kind == HR_JSON_INTEGER)
        return hr_value_long(node->text, node->len, micros) &&
               !__builtin_mul_overflow(*micros, HR_US_PER_SECOND, micros);
    return node->kind == HR_JSON_STRING &&
           node->len &&
           hr_value_timestamp(json->timestamp_format, json->fallback_timestamps, json->zone,
                              node->text, node->len, micros);
}

static bool ntz(const struct hr_json *json, const struct hr_json_node *node, int64_t *micros)
{
    return node->kind == HR_JSON_STRING &&
           node->len &&
           hr_value_ntz(json->ntz_format, node->text, node->len, micros);
}

static bool base64(const struct hr_json_node *node, struct hr_bump *bump, duckdb_string_t *out)
{
    if (node->kind != HR_JSON_STRING)
        return false;
    char *bytes = hr_bump_alloc(bump, node->len + 4);
    size_t made = 0;
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < node->len; i++) {
        char c = node->text[i];
        int v = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
        if (c == '=')
            break;
        if (v < 0)
            return false;
        bits = bits << 6 | (unsigned)v;
        if (++count % 4) {
            if (count % 4 > 1)
                bytes[made++] = (char)(bits >> (count % 4 == 2 ? 4 : 2));
        } else {
            bytes[made++] = (char)bits;
        }
    }
    *out = hr_string_ref(bytes, made);
    return true;
}

static bool whole(const struct hr_json_node *node, int64_t min, int64_t max, int64_t *value)
{
    return node->kind == HR_JSON_INTEGER &&
           hr_value_long(node->text, node->len, value) &&
           *value >= min &&
           *value <= max;
}

static bool scalar(const struct hr_json *json,
                   const struct hr_type *type,
                   const struct hr_json_node *node,
                   struct hr_bump *bump,
                   void *data,
                   idx_t row)
{
    int64_t v;
    double d;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        ((bool *)data)[row] = node->kind == HR_JSON_TRUE;
        return node->kind == HR_JSON_TRUE || node->kind == HR_JSON_FALSE;
    case HR_TYPE_BYTE:
        return whole(node, INT8_MIN, INT8_MAX, &v) && ((((int8_t *)data)[row] = (int8_t)v), true);
    case HR_TYPE_SHORT:
        return whole(node, INT16_MIN, INT16_MAX, &v) &&
               ((((int16_t *)data)[row] = (int16_t)v), true);
    case HR_TYPE_INT:
        return whole(node, INT32_MIN, INT32_MAX, &v) &&
               ((((int32_t *)data)[row] = (int32_t)v), true);
    case HR_TYPE_LONG:
        return whole(node, INT64_MIN, INT64_MAX, &((int64_t *)data)[row]);
    case HR_TYPE_FLOAT:
        if (is_number(node) && hr_value_float(node->text, node->len, &((float *)data)[row]))
            return true;
        return real(node, &d) && ((((float *)data)[row] = (float)d), true);
    case HR_TYPE_DOUBLE:
        return real(node, &((double *)data)[row]);
    case HR_TYPE_DECIMAL:
        return decimal(type, node, data, row);
    case HR_TYPE_DATE:
        return date(json, node, &((int32_t *)data)[row]);
    case HR_TYPE_TIMESTAMP:
        return timestamp(json, node, &((int64_t *)data)[row]);
    case HR_TYPE_TIMESTAMP_NTZ:
        return ntz(json, node, &((int64_t *)data)[row]);
    case HR_TYPE_BINARY:
        return base64(node, bump, &((duckdb_string_t *)data)[row]);
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        ((duckdb_string_t *)data)[row] = node->kind == HR_JSON_STRING
                                             ? hr_string_ref(node->text, node->len)
                                             : hr_string_ref(node->raw, node->raw_len);
        return node->kind == HR_JSON_STRING || hr_utf8_valid(node->raw, node->raw_len);
    default:
        return false;
    }
}

#define ELEMENT_BYTES 32 /* of a list: a value, and as much again while the vector grows */

/* 0 when the bump's pace has ended */
static size_t children(const struct hr_json_node *node, struct hr_bump *bump)
{
    size_t count = 0;
    for (const struct hr_json_node *at = node->child;
         at && hr_pace_step(&bump->pace, ELEMENT_BYTES); at = at->next)
        count++;
    return bump->pace.ended ? 0 : count;
}

/* lists and maps fail as a whole when one element does */
static bool put_list(const struct hr_json *json,
                     const struct hr_type *type,
                     const struct hr_json_node *node,
                     struct hr_bump *bump,
                     duckdb_vector vector,
                     idx_t row)
{
    bool is_map = type->id == HR_TYPE_MAP;
    if (node->kind != (is_map ? HR_JSON_OBJECT : HR_JSON_ARRAY))
        return false;
    idx_t begin = duckdb_list_vector_get_size(vector), count = children(node, bump), i = begin;
    duckdb_list_vector_reserve(vector, begin + count);
    duckdb_list_vector_set_size(vector, begin + count);
    ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row] = (duckdb_list_entry){begin, count};
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    bool ok = true;
    for (const struct hr_json_node *at = node->child; i < begin + count; at = at->next, i++) {
        if (!is_map) {
            ok &= hr_json_put(json, type->element, at, bump, child, i);
            continue;
        }
        duckdb_vector keys = duckdb_struct_vector_get_child(child, 0);
        ((duckdb_string_t *)duckdb_vector_get_data(keys))[i] = hr_string_ref(at->key, at->key_len);
        ok &=
            hr_json_put(json, type->element, at, bump, duckdb_struct_vector_get_child(child, 1), i);
    }
    return ok;
}

static const struct hr_json_node *member(const struct hr_json_node *node,
                                         const char *name,
                                         struct hr_bump *bump)
{
    const struct hr_json_node *found = NULL;
    size_t len = strlen(name);
    for (const struct hr_json_node *at = node->child; at && hr_pace_step(&bump->pace, 0);
         at = at->next)
        if (at->key_len == len && !memcmp(at->key, name, len))
            found = at; /* the last one of a name wins */
    return found;
}

static bool put_struct(const struct hr_json *json,
                       const struct hr_type *type,
                       const struct hr_json_node *node,
                       struct hr_bump *bump,
                       duckdb_vector vector,
                       idx_t row)
{
    bool ok = true;
    for (size_t i = 0; i < type->field_count; i++)
        ok &= hr_json_put(json, type->fields[i].type, member(node, type->fields[i].name, bump),
                          bump, duckdb_struct_vector_get_child(vector, i), row);
    return ok;
}

bool hr_json_put(const struct hr_json *json,
                 const struct hr_type *type,
                 const struct hr_json_node *node,
                 struct hr_bump *bump,
                 duckdb_vector vector,
                 idx_t row)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    if (!node || node->kind == HR_JSON_NULL) {
        hr_vector_null_all(type, vector, row);
        return true;
    }
    uint64_t *validity = duckdb_vector_get_validity(vector);
    if (validity)
        duckdb_validity_set_row_valid(validity, row);
    if (type->id == HR_TYPE_STRUCT && node->kind == HR_JSON_OBJECT)
        return put_struct(json, type, node, bump, vector, row); /* keeps what could be read of it */
    bool ok;
    if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP)
        ok = put_list(json, type, node, bump, vector, row);
    else
        ok = type->id != HR_TYPE_STRUCT &&
             scalar(json, type, node, bump, duckdb_vector_get_data(vector), row);
    if (!ok)
        hr_vector_null_all(type, vector, row);
    return ok;
}

bool hr_json_check(const struct hr_json *json,
                   const struct hr_type *type,
                   const struct hr_json_node *node,
                   struct hr_bump *bump)
{
    char scratch[16];
    bool ok = true;
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    if (!node || node->kind == HR_JSON_NULL)
        return true;
    switch (type->id) {
    case HR_TYPE_STRUCT:
        if (node->kind != HR_JSON_OBJECT)
            return false;
        for (size_t i = 0; i < type->field_count; i++)
            ok &= hr_json_check(json, type->fields[i].type,
                                member(node, type->fields[i].name, bump), bump);
        return ok;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
        if (node->kind != (type->id == HR_TYPE_MAP ? HR_JSON_OBJECT : HR_JSON_ARRAY))
            return false;
        for (const struct hr_json_node *at = node->child; at && hr_pace_step(&bump->pace, 0);
             at = at->next)
            ok &= hr_json_check(json, type->element, at, bump);
        return ok;
    default:
        return scalar(json, type, node, bump, scratch, 0);
    }
}

const struct hr_json_node *hr_json_member(const struct hr_json_node *node,
                                          const char *name,
                                          struct hr_bump *bump)
{
    return member(node, name, bump);
}

bool hr_json_readable(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_VOID:
    case HR_TYPE_TIME:
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
    case HR_TYPE_CALENDAR_INTERVAL:
    case HR_TYPE_VARIANT:
        return false;
    case HR_TYPE_ARRAY:
    case HR_TYPE_UDT:
        return hr_json_readable(type->element);
    case HR_TYPE_MAP:
        return type->key->id == HR_TYPE_STRING && hr_json_readable(type->element);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            if (!hr_json_readable(type->fields[i].type))
                return false;
        return true;
    default:
        return true;
    }
}
