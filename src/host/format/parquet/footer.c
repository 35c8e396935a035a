/* What the footers of Parquet files say: a tree of columns a file, read by DuckDB's parquet_schema
 * and kept; and Spark's types of it (ParquetToSparkSchemaConverter), merged where that is asked for
 * (StructType.merge). */
#include "base/check.h"
#include "base/limits.h"
#include "host/format/files/cache.h"
#include "host/format/parquet/parquet.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define STORED "org.apache.spark.sql.parquet.row.metadata"

struct hr_parquet_footer {
    struct hr_cached base;
    struct hr_arena *arena;
    struct hr_parquet_node root;
};

const struct hr_parquet_node *hr_parquet_root(const struct hr_parquet_footer *footer)
{
    return &footer->root;
}

void hr_parquet_drop(struct hr_parquet_footer *footer)
{
    if (footer)
        hr_cached_drop(&footer->base);
}

static void footer_destroy(struct hr_cached *item)
{
    hr_arena_free(((struct hr_parquet_footer *)item)->arena);
}

/* ---- a row of parquet_schema ---- */

struct element {
    char *name, *type, *repetition, *converted, *logical;
    int64_t children, scale, precision;
};

/* the columns, in this order */
#define ELEMENT_COLUMNS \
    "name, type, repetition_type, converted_type, logical_type, num_children, scale, precision, column_id"
enum {
    AT_NAME,
    AT_TYPE,
    AT_REPETITION,
    AT_CONVERTED,
    AT_LOGICAL,
    AT_CHILDREN,
    AT_SCALE,
    AT_PRECISION,
    AT_ID
};

static struct element element_at(duckdb_result *result, idx_t row)
{
    return (struct element){
        .name = duckdb_value_varchar(result, AT_NAME, row),
        .type = duckdb_value_varchar(result, AT_TYPE, row),
        .repetition = duckdb_value_varchar(result, AT_REPETITION, row),
        .converted = duckdb_value_varchar(result, AT_CONVERTED, row),
        .logical = duckdb_value_varchar(result, AT_LOGICAL, row),
        .children = duckdb_value_int64(result, AT_CHILDREN, row),
        .scale = duckdb_value_int64(result, AT_SCALE, row),
        .precision = duckdb_value_int64(result, AT_PRECISION, row),
    };
}

static void element_free(struct element *element)
{
    duckdb_free(element->name);
    duckdb_free(element->type);
    duckdb_free(element->repetition);
    duckdb_free(element->converted);
    duckdb_free(element->logical);
}

static bool is(const char *text, const char *word)
{
    return text && !strcmp(text, word);
}
static bool begins(const char *text, const char *word)
{
    return text && !strncmp(text, word, strlen(word));
}

static const struct {
    const char *name, *spark;
    enum hr_parquet_physical physical;
} physicals[] = {
    {"BOOLEAN", "BOOLEAN", HR_PARQUET_BOOLEAN},
    {"INT32", "INT32", HR_PARQUET_INT32},
    {"INT64", "INT64", HR_PARQUET_INT64},
    {"INT96", "INT96", HR_PARQUET_INT96},
    {"FLOAT", "FLOAT", HR_PARQUET_FLOAT},
    {"DOUBLE", "DOUBLE", HR_PARQUET_DOUBLE},
    {"BYTE_ARRAY", "BINARY", HR_PARQUET_BINARY},
    {"FIXED_LEN_BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY", HR_PARQUET_FIXED},
};

const char *hr_parquet_physical_name(enum hr_parquet_physical physical)
{
    for (size_t i = 0; i < HR_LEN(physicals); i++)
        if (physicals[i].physical == physical)
            return physicals[i].spark;
    HR_CHECK(false);
}

/* converted types, the older way to say it */
static const struct {
    const char *name;
    enum hr_parquet_meaning meaning;
    int bits;
    int64_t per_second;
    const char *logical;
} converted[] = {
    {"UTF8", HR_PARQUET_TEXT, 0, 0, "STRING"},
    {"ENUM", HR_PARQUET_TEXT, 0, 0, "ENUM"},
    {"JSON", HR_PARQUET_TEXT, 0, 0, "JSON"},
    {"BSON", HR_PARQUET_PLAIN, 0, 0, "BSON"},
    {"DATE", HR_PARQUET_DATE, 0, 0, "DATE"},
    {"DECIMAL", HR_PARQUET_DECIMAL, 0, 0, "DECIMAL"},
    {"INT_8", HR_PARQUET_INT, 8, 0, "INTEGER(8,true)"},
    {"INT_16", HR_PARQUET_INT, 16, 0, "INTEGER(16,true)"},
    {"INT_32", HR_PARQUET_INT, 32, 0, "INTEGER(32,true)"},
    {"INT_64", HR_PARQUET_INT, 64, 0, "INTEGER(64,true)"},
    {"UINT_8", HR_PARQUET_UINT, 8, 0, "INTEGER(8,false)"},
    {"UINT_16", HR_PARQUET_UINT, 16, 0, "INTEGER(16,false)"},
    {"UINT_32", HR_PARQUET_UINT, 32, 0, "INTEGER(32,false)"},
    {"UINT_64", HR_PARQUET_UINT, 64, 0, "INTEGER(64,false)"},
    {"TIME_MILLIS", HR_PARQUET_TIME, 0, 1000, "TIME(MILLIS,true)"},
    {"TIME_MICROS", HR_PARQUET_TIME, 0, 1000000, "TIME(MICROS,true)"},
    {"TIMESTAMP_MILLIS", HR_PARQUET_TIMESTAMP, 0, 1000, "TIMESTAMP(MILLIS,true)"},
    {"TIMESTAMP_MICROS", HR_PARQUET_TIMESTAMP, 0, 1000000, "TIMESTAMP(MICROS,true)"},
    {"INTERVAL", HR_PARQUET_OTHER, 0, 0, "INTERVAL"},
};

static void by_converted(const char *name, struct hr_parquet_node *node)
{
    for (size_t i = 0; i < HR_LEN(converted); i++) {
        if (!is(name, converted[i].name))
            continue;
        node->meaning = converted[i].meaning;
        node->bits = converted[i].bits;
        node->per_second = converted[i].per_second;
        node->logical = converted[i].logical;
        node->utc = node->meaning == HR_PARQUET_TIMESTAMP;
    }
}

/* logical types that need no more than their name */
static const struct {
    const char *name;
    enum hr_parquet_meaning meaning;
    const char *logical;
} logicals[] = {
    {"StringType", HR_PARQUET_TEXT, "STRING"}, {"EnumType", HR_PARQUET_TEXT, "ENUM"},
    {"JsonType", HR_PARQUET_TEXT, "JSON"},     {"BsonType", HR_PARQUET_PLAIN, "BSON"},
    {"DateType", HR_PARQUET_DATE, "DATE"},     {"DecimalType", HR_PARQUET_DECIMAL, "DECIMAL"},
    {"UUIDType", HR_PARQUET_UUID, "UUID"},     {"Float16Type", HR_PARQUET_FLOAT16, "FLOAT16"},
    {"NullType", HR_PARQUET_NULL, ""},
};

/* DuckDB prints Thrift's structs: "TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>,
 * MICROS=MicroSeconds(), NANOS=<null>))" */
static void by_logical(struct hr_arena *arena, const char *text, struct hr_parquet_node *node)
{
    static const struct {
        const char *mark, *name;
        int64_t per_second;
    } units[] = {
        {"MilliSeconds", "MILLIS", 1000},
        {"MicroSeconds", "MICROS", 1000000},
        {"NanoSeconds", "NANOS", 1000000000},
    };
    size_t len = strcspn(text, "(");
    for (size_t i = 0; i < HR_LEN(logicals); i++)
        if (strlen(logicals[i].name) == len && begins(text, logicals[i].name)) {
            node->meaning = logicals[i].meaning;
            node->logical = logicals[i].logical;
            return;
        }
    /* bitWidth is printed as a character of that code */
    if (begins(text, "IntType(")) {
        const char *width = strstr(text, "bitWidth=");
        bool is_signed = strstr(text, "isSigned=1") != NULL;
        node->bits = width ? (unsigned char)width[9] : 0;
        node->meaning = is_signed ? HR_PARQUET_INT : HR_PARQUET_UINT;
        node->logical =
            hr_printf(arena, "INTEGER(%d,%s)", node->bits, is_signed ? "true" : "false");
        return;
    }
    node->meaning = begins(text, "TimestampType(") ? HR_PARQUET_TIMESTAMP
                    : begins(text, "TimeType(")    ? HR_PARQUET_TIME
                                                   : HR_PARQUET_OTHER;
    node->logical = hr_strndup(arena, text, len);
    node->utc = strstr(text, "isAdjustedToUTC=1") != NULL;
    for (size_t i = 0; i < HR_LEN(units) && node->meaning != HR_PARQUET_OTHER; i++)
        if (strstr(text, units[i].mark)) {
            node->per_second = units[i].per_second;
            node->logical = hr_printf(arena, "%s(%s,%s)",
                                      node->meaning == HR_PARQUET_TIME ? "TIME" : "TIMESTAMP",
                                      units[i].name, node->utc ? "true" : "false");
        }
}

static void read_leaf(struct hr_arena *arena,
                      const struct element *element,
                      struct hr_parquet_node *node)
{
    node->shape = HR_PARQUET_LEAF;
    node->logical = "";
    for (size_t i = 0; i < HR_LEN(physicals); i++)
        if (is(element->type, physicals[i].name))
            node->physical = physicals[i].physical;
    by_converted(element->converted, node);
    if (element->logical && *element->logical)
        by_logical(arena, element->logical, node);
    node->precision = (int)element->precision;
    node->scale = (int)element->scale;
    if (node->meaning == HR_PARQUET_DECIMAL)
        node->logical = hr_printf(arena, "DECIMAL(%d,%d)", node->precision, node->scale);
}

/* ---- the tree ---- */

struct rows {
    duckdb_result *result;
    idx_t at, end;
    struct hr_arena *arena;
};

/* Spark's rules for the older spellings of a list (the specification's "backward-compatibility
 * rules") */
static bool is_element(const struct hr_parquet_node *repeated, const char *list)
{
    if (repeated->shape != HR_PARQUET_STRUCT || repeated->count != 1)
        return true;
    size_t len = strlen(list);
    return is(repeated->name, "array") ||
           (begins(repeated->name, list) && is(repeated->name + len, "_tuple"));
}

static void shape_group(const struct element *element, struct hr_parquet_node *node)
{
    bool list = is(element->converted, "LIST") || begins(element->logical, "ListType(");
    bool map = is(element->converted, "MAP") ||
               is(element->converted, "MAP_KEY_VALUE") ||
               begins(element->logical, "MapType(");
    node->shape = HR_PARQUET_STRUCT;
    if ((!list && !map) || node->count != 1)
        return;
    struct hr_parquet_node *repeated = node->children;
    if (repeated->shape == HR_PARQUET_LIST) /* read as a bare repeated field */
        repeated = repeated->children;
    if (map && repeated->shape == HR_PARQUET_STRUCT && repeated->count == 2) {
        node->shape = HR_PARQUET_MAP;
        node->children = repeated->children;
        node->count = 2;
    } else if (list) {
        node->shape = HR_PARQUET_LIST;
        node->children = is_element(repeated, node->name) ? repeated : repeated->children;
    }
}

static struct hr_parquet_node read_node(struct rows *rows)
{
    HR_CHECK(rows->at < rows->end);
    struct element element = element_at(rows->result, rows->at++);
    struct hr_parquet_node node = {.name =
                                       hr_strdup(rows->arena, element.name ? element.name : "")};
    if (element.type) {
        read_leaf(rows->arena, &element, &node);
    } else {
        node.count = (size_t)element.children;
        node.children = HR_NEW_ARRAY(rows->arena, struct hr_parquet_node, node.count + 1);
        for (size_t i = 0; i < node.count; i++)
            node.children[i] = read_node(rows);
        shape_group(&element, &node);
    }
    if (is(element.repetition, "REPEATED")) {
        struct hr_parquet_node *inner = HR_NEW(rows->arena, struct hr_parquet_node);
        *inner = node;
        node = (struct hr_parquet_node){
            .name = node.name, .shape = HR_PARQUET_LIST, .children = inner, .count = 1};
    }
    element_free(&element);
    return node;
}

bool hr_parquet_same(const struct hr_parquet_node *a, const struct hr_parquet_node *b)
{
    if (a->shape != b->shape || a->count != b->count || strcmp(a->name, b->name))
        return false;
    if (a->shape == HR_PARQUET_LEAF)
        return a->physical == b->physical &&
               a->meaning == b->meaning &&
               a->bits == b->bits &&
               a->per_second == b->per_second &&
               a->utc == b->utc &&
               a->precision == b->precision &&
               a->scale == b->scale &&
               !strcmp(a->logical, b->logical);
    for (size_t i = 0; i < a->count; i++)
        if (!hr_parquet_same(&a->children[i], &b->children[i]))
            return false;
    return true;
}

/* ---- reading and keeping ---- */

static void file_list(const struct hr_file *files,
                      const size_t *which,
                      size_t count,
                      struct hr_buf *out)
{
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        hr_parquet_literal(files[which[i]].location, out);
    }
    hr_buf_addc(out, ']');
}

static void key_of(const struct hr_file *file, struct hr_buf *key)
{
    hr_buf_clear(key);
    hr_buf_addf(key, "footer|%s|%s|%lld", file->location, file->stat.etag,
                (long long)file->stat.size);
}

static struct hr_parquet_footer *make_footer(duckdb_result *result, idx_t *row, idx_t end)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_parquet_footer *footer = HR_NEW(arena, struct hr_parquet_footer);
    struct rows rows = {result, *row, end, arena};
    footer->arena = arena;
    atomic_init(&footer->base.refs, 1);
    footer->base.destroy = footer_destroy;
    footer->root = read_node(&rows);
    footer->root.shape = HR_PARQUET_STRUCT;
    footer->root.name = "";
    footer->base.cost = 1024 + 256 * (size_t)(rows.at - *row);
    *row = rows.at;
    return footer;
}

/* the footers of files[which[0 … count)], by one statement */
static enum hr_code read_footers(struct hr_format *format,
                                 const struct hr_file *files,
                                 const size_t *which,
                                 size_t count,
                                 struct hr_parquet_footer **footers,
                                 struct hr_err *err)
{
    struct hr_buf sql;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "SELECT " ELEMENT_COLUMNS " FROM parquet_schema(");
    file_list(files, which, count, &sql);
    hr_buf_addc(&sql, ')');
    duckdb_result result;
    enum hr_code code = hr_parquet_query(format, &sql, &result, err);
    hr_buf_release(&sql);
    HR_TRY(code);
    idx_t row = 0, rows = duckdb_row_count(&result);
    for (size_t i = 0; i < count; i++) {
        /* every file begins with its root */
        HR_CHECK(row < rows && !duckdb_value_int64(&result, AT_ID, row));
        footers[which[i]] = make_footer(&result, &row, rows);
    }
    HR_CHECK(row == rows);
    duckdb_destroy_result(&result);
    return HR_OK;
}

static enum hr_code no_footer(const char *location, struct hr_err *err)
{
    if (err && (err->code != HR_E_INTERNAL || err->condition[0]))
        return err->code;
    struct hr_arena *scratch = hr_arena_new(NULL);
    hr_fail_spark(err, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "path",
                  hr_files_spark_path(scratch, location), NULL);
    hr_arena_free(scratch);
    return HR_E_SPARK;
}

/* DuckDB does not say which of several files is none: each is asked alone */
static enum hr_code read_each(struct hr_format *format,
                              const struct hr_file *files,
                              const size_t *which,
                              size_t count,
                              struct hr_parquet_footer **footers,
                              struct hr_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (read_footers(format, files, &which[i], 1, footers, err))
            return no_footer(files[which[i]].location, err);
    return HR_OK;
}

enum hr_code hr_parquet_footers(struct hr_format *format,
                                const struct hr_file *files,
                                size_t count,
                                struct hr_parquet_footer **footers,
                                struct hr_err *err)
{
    size_t *missing = calloc(count + 1, sizeof *missing), missing_count = 0;
    struct hr_buf key;
    struct hr_err first = {0};
    HR_CHECK(missing);
    hr_buf_init(&key, HR_BUF_GROWS);
    for (size_t i = 0; i < count; i++) {
        key_of(&files[i], &key);
        footers[i] =
            files[i].stat.etag[0]
                ? (struct hr_parquet_footer *)hr_cache_get(format->cache, hr_buf_text(&key))
                : NULL;
        if (!footers[i])
            missing[missing_count++] = i;
    }
    enum hr_code code = HR_OK;
    if (missing_count && read_footers(format, files, missing, missing_count, footers, &first))
        code = read_each(format, files, missing, missing_count, footers, err);
    for (size_t i = 0; i < missing_count && !code; i++) {
        const struct hr_file *file = &files[missing[i]];
        key_of(file, &key);
        if (file->stat.etag[0])
            footers[missing[i]] = (struct hr_parquet_footer *)hr_cache_put(
                format->cache, hr_buf_text(&key), &footers[missing[i]]->base);
    }
    for (size_t i = 0; i < count && code; i++) {
        hr_parquet_drop(footers[i]);
        footers[i] = NULL;
    }
    hr_buf_release(&key);
    free(missing);
    return code;
}

enum hr_code hr_parquet_is_empty(struct hr_format *format,
                                 const char *location,
                                 bool *empty,
                                 struct hr_err *err)
{
    struct hr_buf sql;
    duckdb_result result;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "SELECT num_rows FROM parquet_file_metadata(");
    hr_parquet_literal(location, &sql);
    hr_buf_addc(&sql, ')');
    enum hr_code code = hr_parquet_query(format, &sql, &result, err);
    hr_buf_release(&sql);
    HR_TRY(code);
    *empty = duckdb_row_count(&result) && !duckdb_value_int64(&result, 0, 0);
    duckdb_destroy_result(&result);
    return HR_OK;
}

/* ---- Spark's types ---- */

struct inferring {
    struct hr_arena *arena;
    bool ntz, nanos_long, int96, binary_text;
};

static enum hr_code illegal(const struct inferring *in,
                            const struct hr_parquet_node *node,
                            struct hr_err *err)
{
    const char *physical = hr_parquet_physical_name(node->physical);
    return hr_fail_spark(
        err, "PARQUET_TYPE_ILLEGAL", "parquetType",
        *node->logical ? hr_printf(in->arena, "%s (%s)", physical, node->logical) : physical, NULL);
}

static enum hr_code int_type(const struct inferring *in,
                             const struct hr_parquet_node *node,
                             const struct hr_type **type)
{
    static const enum hr_type_id whole[] = {HR_TYPE_BYTE, HR_TYPE_SHORT, HR_TYPE_INT, HR_TYPE_LONG};
    int size = node->bits == 8 ? 0 : node->bits == 16 ? 1 : node->bits == 32 ? 2 : 3;
    if (node->meaning == HR_PARQUET_INT)
        *type = hr_type_basic(whole[size]);
    else
        *type = size == 3 ? hr_type_decimal(in->arena, 20, 0) : hr_type_basic(whole[size + 1]);
    return HR_OK;
}

static enum hr_code leaf_type(const struct inferring *in,
                              const struct hr_parquet_node *node,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    static const enum hr_type_id plain[] = {
        [HR_PARQUET_BOOLEAN] = HR_TYPE_BOOLEAN, [HR_PARQUET_INT32] = HR_TYPE_INT,
        [HR_PARQUET_INT64] = HR_TYPE_LONG,      [HR_PARQUET_INT96] = HR_TYPE_TIMESTAMP,
        [HR_PARQUET_FLOAT] = HR_TYPE_FLOAT,     [HR_PARQUET_DOUBLE] = HR_TYPE_DOUBLE,
        [HR_PARQUET_BINARY] = HR_TYPE_BINARY,   [HR_PARQUET_FIXED] = HR_TYPE_BINARY,
    };
    if (node->physical == HR_PARQUET_INT96 && !in->int96)
        return hr_fail(
            err, HR_E_INVALID,
            "INT96 is not supported unless it's interpreted as timestamp. Please try to set spark.sql.parquet.int96AsTimestamp "
            "to true.");
    switch (node->meaning) {
    case HR_PARQUET_PLAIN:
    case HR_PARQUET_NULL:
        *type = hr_type_basic(node->physical == HR_PARQUET_BINARY && in->binary_text
                                  ? HR_TYPE_STRING
                                  : plain[node->physical]);
        return HR_OK;
    case HR_PARQUET_INT:
    case HR_PARQUET_UINT:
        return int_type(in, node, type);
    case HR_PARQUET_DATE:
        *type = hr_type_basic(HR_TYPE_DATE);
        return HR_OK;
    case HR_PARQUET_TEXT:
        *type = hr_type_basic(HR_TYPE_STRING);
        return HR_OK;
    case HR_PARQUET_DECIMAL:
        if (node->precision < 1 ||
            node->precision > HR_TYPE_DECIMAL_MAX ||
            node->scale > node->precision)
            return illegal(in, node, err);
        *type = hr_type_decimal(in->arena, node->precision, node->scale);
        return HR_OK;
    case HR_PARQUET_TIMESTAMP:
        if (node->per_second == 1000000000 && !in->nanos_long)
            return illegal(in, node, err);
        if (node->per_second == 1000000000)
            *type = hr_type_basic(HR_TYPE_LONG);
        else
            *type =
                hr_type_basic(node->utc || !in->ntz ? HR_TYPE_TIMESTAMP : HR_TYPE_TIMESTAMP_NTZ);
        return HR_OK;
    case HR_PARQUET_TIME:
        return node->per_second == 1000000 ? hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL)
                                           : illegal(in, node, err);
    default:
        return illegal(in, node, err);
    }
}

static enum hr_code type_of(const struct inferring *in,
                            const struct hr_parquet_node *node,
                            const struct hr_type **type,
                            struct hr_err *err)
{
    const struct hr_type *element, *key;
    switch (node->shape) {
    case HR_PARQUET_LEAF:
        return leaf_type(in, node, type, err);
    case HR_PARQUET_LIST:
        HR_TRY(type_of(in, &node->children[0], &element, err));
        *type = hr_type_array(in->arena, element, true);
        return HR_OK;
    case HR_PARQUET_MAP:
        HR_TRY(type_of(in, &node->children[0], &key, err));
        HR_TRY(type_of(in, &node->children[1], &element, err));
        *type = hr_type_map(in->arena, key, element, true);
        return HR_OK;
    default:
        break;
    }
    struct hr_field *fields = HR_NEW_ARRAY(in->arena, struct hr_field, node->count + 1);
    for (size_t i = 0; i < node->count; i++) {
        fields[i] =
            (struct hr_field){hr_strdup(in->arena, node->children[i].name), NULL, true, NULL};
        HR_TRY(type_of(in, &node->children[i], &fields[i].type, err));
    }
    *type = hr_type_struct(in->arena, fields, node->count);
    return HR_OK;
}

/* ---- merging ---- */

static const struct hr_type *merge(struct hr_arena *arena,
                                   const struct hr_type *left,
                                   const struct hr_type *right,
                                   bool sensitive);

static const struct hr_type *merge_structs(struct hr_arena *arena,
                                           const struct hr_type *left,
                                           const struct hr_type *right,
                                           bool sensitive)
{
    struct hr_field *fields =
        HR_NEW_ARRAY(arena, struct hr_field, left->field_count + right->field_count + 1);
    size_t count = left->field_count;
    if (count)
        memcpy(fields, left->fields, count * sizeof *fields);
    for (size_t i = 0; i < right->field_count; i++) {
        const struct hr_field *field = &right->fields[i];
        size_t at = 0;
        while (at < left->field_count &&
               (sensitive ? strcmp : strcasecmp)(fields[at].name, field->name))
            at++;
        if (at == left->field_count) {
            fields[count++] = *field;
            continue;
        }
        /* below the top Spark's names count by case */
        fields[at].type = merge(arena, fields[at].type, field->type, true);
        if (!fields[at].type)
            return NULL;
    }
    return hr_type_struct(arena, fields, count);
}

/* StructType.merge; NULL where the two do not go together */
static const struct hr_type *merge(struct hr_arena *arena,
                                   const struct hr_type *left,
                                   const struct hr_type *right,
                                   bool sensitive)
{
    if (left->id != right->id)
        return NULL;
    if (left->id == HR_TYPE_STRUCT)
        return merge_structs(arena, left, right, sensitive);
    if (left->id == HR_TYPE_ARRAY) {
        const struct hr_type *element = merge(arena, left->element, right->element, true);
        return element ? hr_type_array(arena, element, true) : NULL;
    }
    if (left->id == HR_TYPE_MAP) {
        const struct hr_type *key = merge(arena, left->key, right->key, true),
                             *value = merge(arena, left->element, right->element, true);
        return key && value ? hr_type_map(arena, key, value, true) : NULL;
    }
    if (left->id == HR_TYPE_DECIMAL && left->scale == right->scale)
        return left->precision > right->precision ? left : right;
    return hr_type_same_shape(left, right) ? left : NULL;
}

static enum hr_code cannot_merge(struct hr_arena *arena,
                                 const struct hr_type *left,
                                 const struct hr_type *right,
                                 struct hr_err *err)
{
    struct hr_buf a, b;
    hr_buf_init(&a, HR_BUF_GROWS);
    hr_buf_init(&b, HR_BUF_GROWS);
    hr_type_sql(left, &a);
    hr_type_sql(right, &b);
    hr_fail_spark(err, "CANNOT_MERGE_SCHEMAS", "left", hr_printf(arena, "\"%s\"", hr_buf_text(&a)),
                  "right", hr_printf(arena, "\"%s\"", hr_buf_text(&b)), NULL);
    hr_buf_release(&a);
    hr_buf_release(&b);
    return HR_E_SPARK;
}

/* ---- inferring ---- */

/* Spark's own schema, which its writers leave in the footer; *schema NULL when there is none that
 * can be read */
static enum hr_code stored_schema(struct hr_format *format,
                                  struct hr_arena *arena,
                                  const char *location,
                                  const struct hr_type **schema,
                                  struct hr_err *err)
{
    struct hr_buf sql;
    duckdb_result result;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "SELECT decode(value) FROM parquet_kv_metadata(");
    hr_parquet_literal(location, &sql);
    hr_buf_adds(&sql, ") WHERE decode(key) = '" STORED "'");
    enum hr_code code = hr_parquet_query(format, &sql, &result, err);
    hr_buf_release(&sql);
    *schema = NULL;
    if (code)
        return no_footer(location, err);
    char *text = duckdb_row_count(&result) ? duckdb_value_varchar(&result, 0, 0) : NULL;
    struct hr_err ignored = {0};
    if (text && hr_type_from_json(arena, text, schema, &ignored))
        *schema = NULL;
    duckdb_free(text);
    duckdb_destroy_result(&result);
    return HR_OK;
}

static enum hr_code file_schema(struct hr_format *format,
                                const struct inferring *in,
                                const struct hr_file *file,
                                const struct hr_type **schema,
                                struct hr_err *err)
{
    HR_TRY(stored_schema(format, in->arena, file->location, schema, err));
    if (*schema && (*schema)->id == HR_TYPE_STRUCT)
        return HR_OK;
    struct hr_parquet_footer *footer;
    HR_TRY(hr_parquet_footers(format, file, 1, &footer, err));
    enum hr_code code = type_of(in, &footer->root, schema, err);
    hr_parquet_drop(footer);
    return code;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct hr_file *)a)->location, ((const struct hr_file *)b)->location);
}

static const struct hr_file *summary(const struct hr_files *files, const char *name)
{
    for (size_t i = 0; i < files->summary_count; i++)
        if (is(strrchr(files->summaries[i].location, '/') + 1, name))
            return &files->summaries[i];
    return NULL;
}

/* what Spark looks at, in its order */
static size_t touched(struct hr_arena *arena,
                      const struct hr_files *files,
                      bool merging,
                      struct hr_file **out)
{
    struct hr_file *sorted =
        HR_NEW_ARRAY(arena, struct hr_file, files->count + files->summary_count + 1);
    size_t count = files->count;
    if (count)
        memcpy(sorted, files->at, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_path);
    *out = sorted;
    if (merging) {
        for (size_t i = 0; i < files->summary_count; i++)
            sorted[count++] = files->summaries[i];
        return count;
    }
    const struct hr_file *one = summary(files, "_common_metadata");
    if (!one)
        one = summary(files, "_metadata");
    if (one)
        sorted[0] = *one;
    return one || count ? 1 : 0;
}

struct asked {
    const struct inferring *in;
    bool merging, sensitive;
};

static enum hr_code infer(struct hr_format *format,
                          struct hr_arena *arena,
                          const void *options,
                          const struct hr_files *files,
                          const struct hr_type **schema,
                          struct hr_err *err)
{
    const struct asked *asked = options;
    struct inferring in = *asked->in;
    struct hr_file *at;
    size_t count = touched(arena, files, asked->merging, &at);
    in.arena = arena;
    if (!count)
        return hr_fail_spark(err, "UNABLE_TO_INFER_SCHEMA", "format", "Parquet", NULL);
    HR_TRY(file_schema(format, &in, &at[0], schema, err));
    for (size_t i = 1; i < count; i++) {
        const struct hr_type *next;
        HR_TRY(file_schema(format, &in, &at[i], &next, err));
        const struct hr_type *merged = merge(arena, *schema, next, asked->sensitive);
        if (!merged)
            return cannot_merge(arena, *schema, next, err);
        *schema = merged;
    }
    return HR_OK;
}

enum hr_code hr_parquet_infer(struct hr_format *format,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_files *files,
                              bool merging,
                              const struct hr_type **schema,
                              struct hr_err *err)
{
    struct inferring in = {
        .arena = arena,
        .ntz = hr_conf_bool(env, "spark.sql.parquet.inferTimestampNTZ.enabled", true),
        .nanos_long = hr_conf_bool(env, "spark.sql.legacy.parquet.nanosAsLong", false),
        .int96 = hr_conf_bool(env, "spark.sql.parquet.int96AsTimestamp", true),
        .binary_text = hr_conf_bool(env, "spark.sql.parquet.binaryAsString", false),
    };
    struct asked asked = {&in, merging, hr_conf_bool(env, "spark.sql.caseSensitive", false)};
    if (!hr_files_versioned(files) || !files->count)
        return infer(format, arena, &asked, files, schema, err);
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    hr_buf_addf(&key, "parquet|%d%d%d%d%d%d\n", in.ntz, in.nanos_long, in.int96, in.binary_text,
                merging, asked.sensitive);
    hr_files_key(files, &key);
    for (size_t i = 0; i < files->summary_count; i++)
        hr_buf_addf(&key, "%s|%s\n", files->summaries[i].location, files->summaries[i].stat.etag);
    enum hr_code code =
        hr_cache_schema(format, arena, hr_buf_text(&key), infer, &asked, files, schema, err);
    hr_buf_release(&key);
    return code;
}
