/* Local relations: Arrow record batches that came in a message, read in place by DuckDB's threads,
 * 2,048 rows at a time. */
#include "base/check.h"
#include "host/format/files/files.h"
#include "host/format/local.h"
#include "wire/arrow.h"
#include <stdio.h>
#include <stdlib.h>

struct local_scan {
    struct hr_arrow_stream stream;
    const struct hr_type *schema;
    int64_t rows;
};

struct local_run {
    const struct local_scan *state;
    int *out;
    size_t out_count;
    size_t piece_count;
    atomic_size_t next_piece;
};

struct slice {
    const struct hr_arrow_field *field;
    const struct hr_arrow_array *array;
    int64_t from;
    idx_t rows;
};

static bool is_valid(const struct hr_arrow_array *array, int64_t i)
{
    return !array->validity || (array->validity[i >> 3] >> (i & 7) & 1);
}

static int64_t offset_of(const struct slice *s, int64_t i)
{
    return hr_arrow_is_large(s->field->kind) ? ((const int64_t *)s->array->offsets)[i]
                                             : ((const int32_t *)s->array->offsets)[i];
}

static int64_t integer_at(const struct slice *s, int64_t i)
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

static void put_nulls(const struct slice *s, duckdb_vector vector)
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

static double real_at(const struct slice *s, int64_t i)
{
    if (s->field->kind == HR_ARROW_FLOAT)
        return ((const float *)s->array->data)[i];
    return s->field->kind == HR_ARROW_DOUBLE ? ((const double *)s->array->data)[i]
                                             : (double)integer_at(s, i);
}

static void put_strings(const struct slice *s, duckdb_vector vector)
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

static void put_decimals(const struct slice *s, const struct hr_type *type, void *out)
{
    for (idx_t i = 0; i < s->rows; i++) {
        __int128 v;
        memcpy(&v, (const char *)s->array->data + (s->from + (int64_t)i) * 16, 16);
        for (int d = s->field->scale; d < type->scale; d++)
            v *= 10;
        if (type->precision <= 4)
            ((int16_t *)out)[i] = (int16_t)v;
        else if (type->precision <= 9)
            ((int32_t *)out)[i] = (int32_t)v;
        else if (type->precision <= 18)
            ((int64_t *)out)[i] = (int64_t)v;
        else
            memcpy((char *)out + i * 16, &v, 16);
    }
}

static void put(const struct slice *s, const struct hr_type *type, duckdb_vector vector);

/* lists and maps: the children of all rows of the slice stand behind each other in the child vector
 */
static void put_list(const struct slice *s, const struct hr_type *type, duckdb_vector vector)
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
    struct slice inner = {&s->field->children[0], &s->array->children[0], begin,
                          (idx_t)(end - begin)};
    if (type->id == HR_TYPE_ARRAY) {
        put(&inner, type->element, child);
        return;
    }
    struct slice keys = {&inner.field->children[0], &inner.array->children[0], begin, inner.rows};
    struct slice values = {&inner.field->children[1], &inner.array->children[1], begin, inner.rows};
    put(&keys, type->key, duckdb_struct_vector_get_child(child, 0));
    put(&values, type->element, duckdb_struct_vector_get_child(child, 1));
}

static void put(const struct slice *s, const struct hr_type *type, duckdb_vector vector)
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
            struct slice child = {&s->field->children[i], &s->array->children[i], s->from, s->rows};
            put(&child, type->fields[i].type, duckdb_struct_vector_get_child(vector, i));
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
            ((bool *)out)[i] = whole != 0;
            break;
        case HR_TYPE_BYTE:
            ((int8_t *)out)[i] = (int8_t)whole;
            break;
        case HR_TYPE_SHORT:
            ((int16_t *)out)[i] = (int16_t)whole;
            break;
        case HR_TYPE_INT:
        case HR_TYPE_YEAR_MONTH:
            ((int32_t *)out)[i] = (int32_t)whole;
            break;
        case HR_TYPE_LONG:
            ((int64_t *)out)[i] = whole;
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

static enum hr_code spark_type(struct hr_arena *arena,
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
        HR_TRY(spark_type(arena, &field->children[0], &element, err));
        *type = hr_type_array(arena, element, field->children[0].nullable);
    } else if (field->kind == HR_ARROW_MAP) {
        const struct hr_type *key, *value;
        HR_TRY(spark_type(arena, &field->children[0].children[0], &key, err));
        HR_TRY(spark_type(arena, &field->children[0].children[1], &value, err));
        *type = hr_type_map(arena, key, value, field->children[0].children[1].nullable);
    } else if (field->kind == HR_ARROW_STRUCT) {
        struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, field->child_count + 1);
        for (size_t i = 0; i < field->child_count; i++) {
            fields[i] = (struct hr_field){hr_strdup(arena, field->children[i].name), NULL,
                                          field->children[i].nullable, NULL};
            HR_TRY(spark_type(arena, &field->children[i], &fields[i].type, err));
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
static bool fits(const struct hr_arrow_field *field, const struct hr_type *type)
{
    enum hr_arrow_kind kind = field->kind;
    bool whole = kind >= HR_ARROW_INT8 && kind <= HR_ARROW_UINT32;
    switch (type->id) {
    case HR_TYPE_UDT:
        return fits(field, type->element);
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
               fits(&field->children[0], type->element);
    case HR_TYPE_MAP:
        return kind == HR_ARROW_MAP &&
               fits(&field->children[0].children[0], type->key) &&
               fits(&field->children[0].children[1], type->element);
    case HR_TYPE_STRUCT:
        if (kind != HR_ARROW_STRUCT || field->child_count != type->field_count)
            return false;
        for (size_t i = 0; i < type->field_count; i++)
            if (!fits(&field->children[i], type->fields[i].type))
                return false;
        return true;
    default:
        return false;
    }
}

enum hr_code hr_local_schema(struct hr_arena *arena,
                             const char *text,
                             const struct hr_type **schema,
                             struct hr_err *err)
{
    while (*text == ' ' || *text == '\n' || *text == '\t')
        text++;
    HR_TRY(*text == '{' || *text == '"' ? hr_type_from_json(arena, text, schema, err)
                                        : hr_type_from_ddl(arena, text, schema, err));
    if ((*schema)->id != HR_TYPE_STRUCT) {
        struct hr_field field = {"value", *schema, true, NULL};
        *schema = hr_type_struct(arena, &field, 1);
    }
    return HR_OK;
}

/* ---- the scan ---- */

static enum hr_code begin(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err)
{
    (void)err;
    struct local_run *run = calloc(1, sizeof *run);
    HR_CHECK(run);
    run->state = scan->state;
    run->out = calloc(want->out_count + 1, sizeof(int));
    HR_CHECK(run->out);
    if (want->out_count)
        memcpy(run->out, want->out, want->out_count * sizeof(int));
    run->out_count = want->out_count;
    idx_t size = duckdb_vector_size();
    for (size_t b = 0; b < run->state->stream.batch_count; b++)
        run->piece_count += ((idx_t)run->state->stream.batches[b].rows + size - 1) / size;
    *threads = run->piece_count ? run->piece_count : 1;
    *global = run;
    return HR_OK;
}

static enum hr_code fill(void *global, void *local, duckdb_data_chunk out, struct hr_err *err)
{
    struct local_run *run = global;
    (void)local;
    (void)err;
    idx_t size = duckdb_vector_size();
    size_t piece = atomic_fetch_add(&run->next_piece, 1);
    duckdb_data_chunk_set_size(out, 0);
    if (piece >= run->piece_count)
        return HR_OK;
    const struct hr_arrow_batch *batch = run->state->stream.batches;
    for (;; batch++) {
        size_t pieces = ((idx_t)batch->rows + size - 1) / size;
        if (piece < pieces)
            break;
        piece -= pieces;
    }
    int64_t from = (int64_t)(piece * size),
            rows = batch->rows - from < (int64_t)size ? batch->rows - from : (int64_t)size;
    for (size_t v = 0; v < run->out_count; v++) {
        int column = run->out[v];
        if (column < 0)
            continue;
        struct slice slice = {&run->state->stream.schema.fields[column], &batch->columns[column],
                              from, (idx_t)rows};
        put(&slice, run->state->schema->fields[column].type, duckdb_data_chunk_get_vector(out, v));
    }
    duckdb_data_chunk_set_size(out, (idx_t)rows);
    return HR_OK;
}

static void end(void *global)
{
    struct local_run *run = global;
    free(run->out);
    free(run);
}

static const struct hr_scan_ops local_ops = {.begin = begin, .fill = fill, .end = end};

static enum hr_code open_local(struct hr_scan *scan,
                               struct local_scan *state,
                               const void *arrow,
                               size_t len,
                               const char *schema,
                               struct hr_err *err)
{
    const struct hr_type *type = NULL;
    if (schema && *schema)
        HR_TRY(hr_local_schema(scan->arena, schema, &type, err));
    if (len) {
        void *copy = hr_arena_try(scan->arena, len);
        if (!copy)
            return hr_fail(err, HR_E_NOMEM, "no memory for a local relation of %zu bytes", len);
        memcpy(copy, arrow, len);
        HR_TRY(hr_arrow_read(scan->arena, copy, len, &state->stream, err));
        struct hr_arrow_field all = {.kind = HR_ARROW_STRUCT,
                                     .children = state->stream.schema.fields,
                                     .child_count = state->stream.schema.count};
        if (!type)
            HR_TRY(spark_type(scan->arena, &all, &type, err));
        else if (!fits(&all, type))
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                                 "a local relation whose Arrow types differ from its schema", NULL);
    } else if (!type) {
        return hr_fail(err, HR_E_INVALID, "a local relation has neither data nor a schema");
    }
    state->schema = scan->schema = type;
    for (size_t i = 0; i < state->stream.batch_count; i++)
        state->rows += state->stream.batches[i].rows;
    scan->rows_guess = (uint64_t)state->rows;
    return HR_OK;
}

enum hr_code hr_format_local(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const void *arrow,
                             size_t len,
                             const char *schema,
                             struct hr_source **source,
                             struct hr_err *err)
{
    (void)env;
    struct hr_scan *scan = hr_scan_new(format, &local_ops);
    struct local_scan *state = HR_NEW(scan->arena, struct local_scan);
    scan->state = state;
    enum hr_code code = open_local(scan, state, arrow, len, schema, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, "local", "LocalRelation");
    return HR_OK;
}
