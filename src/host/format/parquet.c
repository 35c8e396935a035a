/* Parquet through DuckDB's own reader and writer; names, types and places are ours. */
#include "base/check.h"
#include "base/limits.h"
#include "host/format/cache.h"
#include "host/format/write.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SPARK_VERSION "4.2.0"

/* ---- SQL text ---- */

static void quoted_text(const char *text, char quote, struct hr_buf *out)
{
    hr_buf_addc(out, quote);
    for (; *text; text++) {
        if (*text == quote)
            hr_buf_addc(out, quote);
        hr_buf_addc(out, *text);
    }
    hr_buf_addc(out, quote);
}

static void name(const char *text, struct hr_buf *out) { quoted_text(text, '"', out); }
static void literal(const char *text, struct hr_buf *out) { quoted_text(text, '\'', out); }

static bool has_struct(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_STRUCT: return true;
    case HR_TYPE_ARRAY: case HR_TYPE_UDT: return has_struct(type->element);
    case HR_TYPE_MAP: return has_struct(type->key) || has_struct(type->element);
    default: return false;
    }
}

/* an expression of the engine's type (fields f0, f1 …) to one whose structs have Spark's names, or back */
static void rename_fields(const char *from, const struct hr_type *type, bool to_names, int depth, struct hr_buf *out)
{
    char variable[16];
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    if (!has_struct(type)) {
        hr_buf_adds(out, from);
        return;
    }
    struct hr_buf inner;
    hr_buf_init(&inner, HR_BUF_GROWS);
    snprintf(variable, sizeof variable, "x%d", depth);
    if (type->id == HR_TYPE_STRUCT) {
        hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE struct_pack(", from);
        for (size_t i = 0; i < type->field_count; i++) {
            char engine[24];
            snprintf(engine, sizeof engine, "f%zu", i);
            if (i)
                hr_buf_adds(out, ", ");
            name(to_names ? type->fields[i].name : engine, out);
            hr_buf_adds(out, " := ");
            hr_buf_clear(&inner);
            hr_buf_addf(&inner, "struct_extract(%s, ", from);
            literal(to_names ? engine : type->fields[i].name, &inner);
            hr_buf_addc(&inner, ')');
            char *member = hr_buf_steal(&inner, NULL);
            rename_fields(member, type->fields[i].type, to_names, depth + 1, out);
            free(member);
        }
        hr_buf_adds(out, ") END");
    } else if (type->id == HR_TYPE_ARRAY) {
        hr_buf_addf(out, "list_transform(%s, lambda %s: ", from, variable);
        rename_fields(variable, type->element, to_names, depth + 1, out);
        hr_buf_addc(out, ')');
    } else {
        hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE map(list_transform(map_keys(%s), lambda %s: ", from, from, variable);
        rename_fields(variable, type->key, to_names, depth + 1, out);
        hr_buf_addf(out, "), list_transform(map_values(%s), lambda %s: ", from, variable);
        rename_fields(variable, type->element, to_names, depth + 1, out);
        hr_buf_adds(out, ")) END");
    }
    hr_buf_release(&inner);
}

/* ---- writing ---- */

static const struct { const char *name, *duckdb, *extension; } codecs[] = {
    {"snappy", "snappy", ".snappy"}, {"none", "uncompressed", ""}, {"uncompressed", "uncompressed", ""}, {"gzip", "gzip", ".gz"},
    {"zstd", "zstd", ".zstd"}, {"brotli", "brotli", ".br"}, {"lz4_raw", "lz4_raw", ".lz4raw"},
};

static enum hr_code codec_of(struct hr_writing *writing, size_t *index, struct hr_err *err)
{
    const char *codec = hr_option_get(&writing->write->options, "compression");
    if (!codec)
        codec = hr_option_get(&writing->write->options, "parquet.compression");
    if (!codec)
        codec = hr_conf(writing->env, "spark.sql.parquet.compression.codec", "snappy");
    for (*index = 0; *index < HR_LEN(codecs); ++*index)
        if (!strcasecmp(codecs[*index].name, codec))
            return HR_OK;
    if (!strcasecmp(codec, "lzo") || !strcasecmp(codec, "lz4"))
        return hr_refuse_option(err, "parquet", "compression", codec);
    return hr_fail_spark(err, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "codecName", codec, "availableCodecs",
                         "brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip", NULL);
}

static void spark_schema(const struct hr_writing *writing, struct hr_buf *out)
{
    struct hr_field *fields = HR_NEW_ARRAY(writing->arena, struct hr_field, writing->column_count + 1);
    for (size_t i = 0; i < writing->column_count; i++)
        fields[i] = *writing->columns[i].field;
    hr_type_json(hr_type_struct(writing->arena, fields, writing->column_count), out);
}

static void copy_statement(struct hr_writing *writing, const char *from, const char *filter, const char *target, size_t codec, struct hr_buf *out)
{
    struct hr_buf schema;
    hr_buf_init(&schema, HR_BUF_GROWS);
    spark_schema(writing, &schema);
    hr_buf_adds(out, "COPY (SELECT ");
    for (size_t i = 0; i < writing->column_count; i++) {
        char column[24];
        snprintf(column, sizeof column, "c%d", writing->columns[i].at);
        if (i)
            hr_buf_adds(out, ", ");
        rename_fields(column, writing->columns[i].field->type, true, 0, out);
        hr_buf_adds(out, " AS ");
        name(writing->columns[i].field->name, out);
    }
    hr_buf_addf(out, " FROM %s%s) TO ", from, filter);
    literal(target, out);
    hr_buf_addf(out, " (FORMAT parquet, COMPRESSION %s, USE_TMP_FILE false, KV_METADATA {'org.apache.spark.version': '" SPARK_VERSION "', "
                "'org.apache.spark.sql.parquet.row.metadata': ", codecs[codec].duckdb);
    literal(hr_buf_text(&schema), out);
    hr_buf_adds(out, "})");
    hr_buf_release(&schema);
}

static const char *file_name(struct hr_writing *writing, const char *folder, int part, size_t codec)
{
    const char *in = *folder ? hr_blob_join(writing->arena, writing->place, folder) : writing->place;
    return hr_blob_join(writing->arena, in, hr_printf(writing->arena, "part-%05d-%s%cc000%s.parquet", part, writing->uuid, writing->partition_count ? '.' : '-',
                                                      codecs[codec].extension));
}

static enum hr_code own_query(struct hr_format *format, const struct hr_buf *sql, duckdb_result *result, struct hr_err *err)
{
    HR_TRY(hr_buf_check(sql, "a statement over Parquet files", err));
    pthread_mutex_lock(&format->connection_lock);
    duckdb_state state = duckdb_query(format->connection, hr_buf_text(sql), result);
    pthread_mutex_unlock(&format->connection_lock);
    if (state == DuckDBSuccess)
        return HR_OK;
    const char *text = duckdb_result_error(result);
    enum hr_code code = text && hr_err_decode(text, err) ? HR_E_SPARK : hr_fail(err, HR_E_INTERNAL, "%s", text ? text : "the statement failed");
    duckdb_destroy_result(result);
    return err && err->code ? err->code : code;
}

static void partition_text(const struct hr_writing *writing, size_t i, struct hr_buf *out)
{
    const struct hr_column *column = &writing->partitions[i];
    enum hr_type_id id = column->field->type->id;
    if (id == HR_TYPE_TIMESTAMP || id == HR_TYPE_TIMESTAMP_NTZ) {
        hr_buf_adds(out, "regexp_replace(strftime(");
        if (id == HR_TYPE_TIMESTAMP) {
            hr_buf_adds(out, "timezone(");
            literal(hr_conf(writing->env, "spark.sql.session.timeZone", "UTC"), out);
            hr_buf_addf(out, ", c%d)", column->at);
        } else {
            hr_buf_addf(out, "c%d", column->at);
        }
        hr_buf_adds(out, ", '%Y-%m-%d %H:%M:%S.%f'), '\\.?0+$', '')");
    } else {
        hr_buf_addf(out, "nullif(CAST(c%d AS VARCHAR), '')", column->at);
    }
}

/* rows are computed once, into a table, and written a file at a time */
static enum hr_code write_partitions(struct hr_writing *writing, const char *table, size_t codec, struct hr_err *err)
{
    struct hr_buf sql, folder, filter;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_init(&folder, HR_BUF_GROWS);
    hr_buf_init(&filter, HR_BUF_GROWS);
    hr_buf_adds(&sql, "SELECT DISTINCT ");
    for (size_t i = 0; i < writing->partition_count; i++) {
        hr_buf_adds(&sql, i ? ", " : "");
        partition_text(writing, i, &sql);
    }
    /* without folders the first part is written even when it is empty */
    if (writing->partition_count)
        hr_buf_addf(&sql, ", part FROM %s ORDER BY ALL", table);
    else
        hr_buf_addf(&sql, "part FROM (SELECT part FROM %s UNION ALL SELECT 0) ORDER BY ALL", table);
    duckdb_result result;
    enum hr_code code = own_query(writing->format, &sql, &result, err);
    idx_t rows = code ? 0 : duckdb_row_count(&result);
    for (idx_t r = 0; r < rows && !code; r++) {
        hr_buf_clear(&folder);
        hr_buf_clear(&filter);
        for (size_t i = 0; i < writing->partition_count; i++) {
            bool is_null = duckdb_value_is_null(&result, i, r);
            char *value = is_null ? NULL : duckdb_value_varchar(&result, i, r);
            if (i)
                hr_buf_addc(&folder, '/');
            hr_partition_folder(writing->partitions[i].field->name, value ? value : "", is_null, &folder);
            hr_buf_adds(&filter, i ? " AND " : " WHERE ");
            partition_text(writing, i, &filter);
            hr_buf_adds(&filter, " IS NOT DISTINCT FROM ");
            if (value)
                literal(value, &filter);
            else
                hr_buf_adds(&filter, "NULL");
            duckdb_free(value);
        }
        int part = duckdb_value_int32(&result, writing->partition_count, r);
        hr_buf_addf(&filter, "%spart = %d", writing->partition_count ? " AND " : " WHERE ", part);
        const char *target = file_name(writing, hr_buf_text(&folder), part, codec);
        char *slash = strrchr(target, '/');
        if (hr_blob_can_rename(target))
            code = hr_blob_mkdir(writing->format->blob, hr_strndup(writing->arena, target, (size_t)(slash - target)), writing->cancel, err);
        hr_buf_clear(&sql);
        copy_statement(writing, table, hr_buf_text(&filter), target, codec, &sql);
        duckdb_result copied;
        if (!code && !(code = own_query(writing->format, &sql, &copied, err)))
            duckdb_destroy_result(&copied);
    }
    if (rows || !code)
        duckdb_destroy_result(&result);
    hr_buf_release(&sql);
    hr_buf_release(&folder);
    hr_buf_release(&filter);
    return code;
}

static enum hr_code write_partitioned(struct hr_writing *writing, size_t codec, struct hr_err *err)
{
    const char *table = hr_printf(writing->arena, "\"hr_write_%s\"", writing->uuid);
    const struct hr_format_rows *rows = writing->rows;
    const char *part = rows->parts < 2 ? "CAST(0 AS INTEGER)" : rows->has_part ? hr_printf(writing->arena, "CAST(c%zu AS INTEGER)", rows->schema->field_count)
                                            : hr_printf(writing->arena, "CAST((row_number() OVER () - 1) %% %d AS INTEGER)", rows->parts);
    HR_TRY(rows->execute(writing->rows, hr_printf(writing->arena, "CREATE TABLE %s AS SELECT *, %s AS part FROM (%s)", table, part, rows->sql), err));
    enum hr_code code = write_partitions(writing, table, codec, err);
    duckdb_result result;
    struct hr_err ignored = {0};
    struct hr_buf drop;
    hr_buf_init(&drop, HR_BUF_GROWS);
    hr_buf_addf(&drop, "DROP TABLE %s", table);
    if (!own_query(writing->format, &drop, &result, &ignored))
        duckdb_destroy_result(&result);
    hr_buf_release(&drop);
    return code;
}

enum hr_code hr_parquet_write(struct hr_writing *writing, struct hr_err *err)
{
    size_t codec;
    HR_TRY(codec_of(writing, &codec, err));
    if (writing->max_records)
        return hr_refuse_option(err, "parquet", "maxRecordsPerFile", hr_printf(writing->arena, "%lld", (long long)writing->max_records));
    /* what reads INT96 and microseconds gets the same values; milliseconds are others */
    const char *timestamps = hr_conf(writing->env, "spark.sql.parquet.outputTimestampType", "INT96");
    if (!strcasecmp(timestamps, "TIMESTAMP_MILLIS"))
        return hr_refuse_option(err, "parquet", "spark.sql.parquet.outputTimestampType", timestamps);
    for (size_t i = 0; i < writing->column_count; i++) {
        enum hr_type_id id = writing->columns[i].field->type->id;
        if (id == HR_TYPE_CALENDAR_INTERVAL || id == HR_TYPE_VARIANT || id == HR_TYPE_TIME)
            return hr_format_refuse_type(writing->arena, "Parquet", writing->columns[i].field, err);
    }
    if (writing->partition_count || writing->rows->parts > 1)
        return write_partitioned(writing, codec, err);
    struct hr_buf sql;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    copy_statement(writing, hr_printf(writing->arena, "(%s)", writing->rows->sql), "", file_name(writing, "", 0, codec), codec, &sql);
    enum hr_code code = hr_buf_check(&sql, "the statement that writes a file", err);
    if (!code)
        code = writing->rows->execute(writing->rows, hr_buf_text(&sql), err);
    hr_buf_release(&sql);
    return code;
}

/* ---- reading ---- */

struct parquet_source {
    struct hr_format *format;
    struct hr_files files;
    const struct hr_type *schema;      /* all columns, partition columns among them */
    const bool *in_file;               /* is column i read from files? */
    const struct hr_zone *zone;
};

/* DuckDB's type, as DESCRIBE prints it, to Spark's */
static const struct hr_type *type_of(struct hr_arena *arena, duckdb_logical_type type)
{
    const struct hr_type *made = NULL, *inner, *key;
    duckdb_logical_type child;
    switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN: return hr_type_basic(HR_TYPE_BOOLEAN);
    case DUCKDB_TYPE_TINYINT: return hr_type_basic(HR_TYPE_BYTE);
    case DUCKDB_TYPE_SMALLINT: case DUCKDB_TYPE_UTINYINT: return hr_type_basic(HR_TYPE_SHORT);
    case DUCKDB_TYPE_INTEGER: case DUCKDB_TYPE_USMALLINT: return hr_type_basic(HR_TYPE_INT);
    case DUCKDB_TYPE_BIGINT: case DUCKDB_TYPE_UINTEGER: return hr_type_basic(HR_TYPE_LONG);
    case DUCKDB_TYPE_UBIGINT: return hr_type_decimal(arena, 20, 0);
    case DUCKDB_TYPE_FLOAT: return hr_type_basic(HR_TYPE_FLOAT);
    case DUCKDB_TYPE_DOUBLE: return hr_type_basic(HR_TYPE_DOUBLE);
    case DUCKDB_TYPE_DECIMAL: return hr_type_decimal(arena, duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_VARCHAR: case DUCKDB_TYPE_ENUM: case DUCKDB_TYPE_UUID: return hr_type_basic(HR_TYPE_STRING);
    case DUCKDB_TYPE_BLOB: return hr_type_basic(HR_TYPE_BINARY);
    case DUCKDB_TYPE_DATE: return hr_type_basic(HR_TYPE_DATE);
    case DUCKDB_TYPE_TIMESTAMP_TZ: return hr_type_basic(HR_TYPE_TIMESTAMP);
    case DUCKDB_TYPE_TIMESTAMP: case DUCKDB_TYPE_TIMESTAMP_NS: case DUCKDB_TYPE_TIMESTAMP_MS: case DUCKDB_TYPE_TIMESTAMP_S:
        return hr_type_basic(HR_TYPE_TIMESTAMP_NTZ);
    case DUCKDB_TYPE_LIST:
        child = duckdb_list_type_child_type(type);
        inner = type_of(arena, child);
        duckdb_destroy_logical_type(&child);
        return inner ? hr_type_array(arena, inner, true) : NULL;
    case DUCKDB_TYPE_MAP:
        child = duckdb_map_type_key_type(type);
        key = type_of(arena, child);
        duckdb_destroy_logical_type(&child);
        child = duckdb_map_type_value_type(type);
        inner = type_of(arena, child);
        duckdb_destroy_logical_type(&child);
        return key && inner ? hr_type_map(arena, key, inner, true) : NULL;
    case DUCKDB_TYPE_STRUCT: {
        idx_t count = duckdb_struct_type_child_count(type);
        struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, count + 1);
        for (idx_t i = 0; i < count; i++) {
            char *field = duckdb_struct_type_child_name(type, i);
            child = duckdb_struct_type_child_type(type, i);
            fields[i] = (struct hr_field){hr_strdup(arena, field), type_of(arena, child), true, NULL};
            duckdb_destroy_logical_type(&child);
            duckdb_free(field);
            if (!fields[i].type)
                return NULL;
        }
        made = hr_type_struct(arena, fields, count);
        return made;
    }
    default: return NULL;
    }
}

static void file_list(const struct hr_files *files, size_t from, size_t count, struct hr_buf *out)
{
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        literal(files->at[from + i].location, out);
    }
    hr_buf_addc(out, ']');
}

static enum hr_code footer_error(const char *location, struct hr_err *err)
{
    if (err && (err->code != HR_E_INTERNAL || err->condition[0]))
        return err->code;
    struct hr_arena *scratch = hr_arena_new(NULL);
    hr_fail_spark(err, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "path", hr_files_spark_path(scratch, location), NULL);
    hr_arena_free(scratch);
    return HR_E_SPARK;
}

/* the schema of files [from, from + count): Spark's own text in the footer of the first, else from its types */
static enum hr_code footer_schema(struct hr_format *format, struct hr_arena *arena, const struct hr_files *files, size_t from, size_t count, bool merge,
                                  const struct hr_type **schema, struct hr_err *err)
{
    struct hr_buf sql;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "SELECT * FROM read_parquet(");
    file_list(files, from, count, &sql);
    hr_buf_addf(&sql, ", hive_partitioning = false, union_by_name = %s) LIMIT 0", merge ? "true" : "false");
    duckdb_result result;
    enum hr_code code = own_query(format, &sql, &result, err);
    hr_buf_release(&sql);
    if (code)
        return footer_error(files->at[from].location, err);
    idx_t columns = duckdb_column_count(&result);
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, columns + 1);
    for (idx_t i = 0; i < columns && !code; i++) {
        duckdb_logical_type type = duckdb_column_logical_type(&result, i);
        fields[i] = (struct hr_field){hr_strdup(arena, duckdb_column_name(&result, i)), type_of(arena, type), true, NULL};
        duckdb_destroy_logical_type(&type);
        if (!fields[i].type)
            code = hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", hr_printf(arena, "the Parquet type of the column `%s`", fields[i].name), NULL);
    }
    duckdb_destroy_result(&result);
    *schema = hr_type_struct(arena, fields, columns);
    return code;
}

static const struct hr_type *all_nullable(struct hr_arena *arena, const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return hr_type_array(arena, all_nullable(arena, type->element), true);
    if (type->id == HR_TYPE_MAP)
        return hr_type_map(arena, all_nullable(arena, type->key), all_nullable(arena, type->element), true);
    if (type->id != HR_TYPE_STRUCT)
        return type;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].type = all_nullable(arena, fields[i].type);
        fields[i].nullable = true;
    }
    return hr_type_struct(arena, fields, type->field_count);
}

/* Spark's own schema, which its writers leave in the footer; NULL when there is none */
static const struct hr_type *stored_schema(struct hr_format *format, struct hr_arena *arena, const char *location)
{
    struct hr_buf sql;
    struct hr_err ignored = {0};
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_buf_adds(&sql, "SELECT decode(value) FROM parquet_kv_metadata(");
    literal(location, &sql);
    hr_buf_adds(&sql, ") WHERE decode(key) = 'org.apache.spark.sql.parquet.row.metadata'");
    duckdb_result result;
    const struct hr_type *schema = NULL;
    enum hr_code code = own_query(format, &sql, &result, &ignored);
    hr_buf_release(&sql);
    if (code)
        return NULL;
    if (duckdb_row_count(&result)) {
        char *text = duckdb_value_varchar(&result, 0, 0);
        if (text && hr_type_from_json(arena, text, &schema, &ignored))
            schema = NULL;
        duckdb_free(text);
    }
    duckdb_destroy_result(&result);
    return schema ? all_nullable(arena, schema) : NULL;
}

static int field_at(const struct hr_type *schema, const char *field, bool sensitive)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (!(sensitive ? strcmp : strcasecmp)(schema->fields[i].name, field))
            return (int)i;
    return -1;
}

/* a file's column to Spark's type in the engine's form */
static void read_column(const struct hr_field *field, const char *column, struct hr_buf *out)
{
    if (has_struct(field->type)) {
        rename_fields(column, field->type, false, 0, out);
        return;
    }
    hr_buf_addf(out, "CAST(%s AS ", column);
    hr_type_duckdb(field->type, out);
    hr_buf_addc(out, ')');
}

static void partition_literal(const struct parquet_source *state, const char *value, const struct hr_type *type, struct hr_buf *out)
{
    if (!value) {
        hr_buf_adds(out, "CAST(NULL AS ");
    } else if (type->id == HR_TYPE_TIMESTAMP) {
        int64_t micros = 0;
        hr_parse_timestamp(value, strlen(value), state->zone, 0, &micros);
        hr_buf_addf(out, "CAST(make_timestamptz(%lld) AS ", (long long)micros);
    } else {
        hr_buf_adds(out, "CAST(");
        literal(value, out);
        hr_buf_adds(out, " AS ");
    }
    hr_type_duckdb(type, out);
    hr_buf_addc(out, ')');
}

/* files that share a folder's partition values are read together */
static bool same_partition(const struct parquet_source *state, const struct hr_file *a, const struct hr_file *b)
{
    for (size_t i = 0; i < state->files.partition_count; i++) {
        const char *x = a->partition[i], *y = b->partition[i];
        if ((x == NULL) != (y == NULL) || (x && strcmp(x, y)))
            return false;
    }
    return true;
}

/* Spark's _metadata of a row: its file's, and the row's place in it */
static void metadata_column(const struct hr_file *const *group, size_t group_count, struct hr_buf *out)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_file *files = HR_NEW_ARRAY(scratch, struct hr_file, group_count + 1);
    for (size_t i = 0; i < group_count; i++)
        files[i] = *group[i];
    hr_buf_adds(out, "struct_insert(list_extract(");
    hr_files_metadata(scratch, &(struct hr_files){.at = files, .count = group_count}, out);
    hr_buf_adds(out, ", list_position([");
    for (size_t i = 0; i < group_count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        literal(group[i]->location, out);
    }
    hr_buf_adds(out, "], \"hr filename\")), f6 := CAST(file_row_number AS BIGINT))");
    hr_arena_free(scratch);
}

static void select_part(const struct parquet_source *state, const struct hr_file *first, const struct hr_file *const *group, size_t group_count, const size_t *wanted,
                        size_t count, struct hr_buf *out)
{
    bool metadata = false;
    hr_buf_adds(out, "SELECT ");
    for (size_t i = 0; i < count; i++) {
        if (wanted[i] == state->schema->field_count) {
            metadata = true;
            hr_buf_adds(out, i ? ", " : "");
            metadata_column(group, group_count, out);
            hr_buf_addf(out, " AS c%zu", i);
            continue;
        }
        const struct hr_field *field = &state->schema->fields[wanted[i]];
        int partition = hr_files_partition(&state->files, field->name, true);
        if (i)
            hr_buf_adds(out, ", ");
        if (partition >= 0) {
            partition_literal(state, first->partition[partition], field->type, out);
        } else if (!state->in_file[wanted[i]]) {
            hr_buf_adds(out, "CAST(NULL AS ");
            hr_type_duckdb(field->type, out);
            hr_buf_addc(out, ')');
        } else {
            struct hr_buf column;
            hr_buf_init(&column, HR_BUF_GROWS);
            name(field->name, &column);
            read_column(field, hr_buf_text(&column), out);
            hr_buf_release(&column);
        }
        hr_buf_addf(out, " AS c%zu", i);
    }
    if (!count)
        hr_buf_adds(out, "true AS c0");
    hr_buf_adds(out, " FROM read_parquet([");
    for (size_t i = 0; i < group_count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        literal(group[i]->location, out);
    }
    hr_buf_addf(out, "], hive_partitioning = false, union_by_name = true%s)", metadata ? ", filename = 'hr filename', file_row_number = true" : "");
}

static enum hr_code emit(const struct hr_source *source, const size_t *wanted, size_t count, struct hr_buf *out, struct hr_err *err)
{
    const struct parquet_source *state = source->state;
    size_t total = state->files.count;
    const struct hr_file **group = calloc(total + 1, sizeof *group);
    bool *done = calloc(total + 1, sizeof *done), any = false;
    HR_CHECK(group && done);
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < total; i++) {
        size_t members = 0;
        if (done[i])
            continue;
        for (size_t j = i; j < total; j++)
            if (!done[j] && (!state->files.partition_count || same_partition(state, &state->files.at[i], &state->files.at[j]))) {
                group[members++] = &state->files.at[j];
                done[j] = true;
            }
        if (any)
            hr_buf_adds(out, " UNION ALL ");
        any = true;
        select_part(state, &state->files.at[i], group, members, wanted, count, out);
    }
    if (!any) {
        hr_buf_adds(out, "SELECT ");
        for (size_t i = 0; i < count; i++) {
            hr_buf_adds(out, i ? ", CAST(NULL AS " : "CAST(NULL AS ");
            hr_type_duckdb(wanted[i] < state->schema->field_count ? state->schema->fields[wanted[i]].type : source->metadata, out);
            hr_buf_addf(out, ") AS c%zu", i);
        }
        hr_buf_adds(out, count ? " WHERE false" : "true AS c0 WHERE false");
    }
    hr_buf_addc(out, ')');
    free(group);
    free(done);
    return hr_buf_check(out, "the statement", err);
}

static enum hr_code schema_of(struct hr_format *format, struct hr_arena *arena, const struct hr_rel *rel, struct hr_env *env, struct parquet_source *state,
                              const struct hr_type *user, const struct hr_type **data, const struct hr_type **in_files, struct hr_err *err)
{
    bool merge, sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    HR_TRY(hr_option_bool(&rel->read_files.options, "mergeSchema", hr_conf_bool(env, "spark.sql.parquet.mergeSchema", false), &merge, err));
    if (!state->files.count) {
        *data = *in_files = user;
        return user ? HR_OK : hr_fail_spark(err, "UNABLE_TO_INFER_SCHEMA", "format", "Parquet", NULL);
    }
    HR_TRY(footer_schema(format, arena, &state->files, 0, merge || user ? state->files.count : 1, merge || user, in_files, err));
    if (user) {
        *data = user;
        return HR_OK;
    }
    const struct hr_type *stored = merge ? NULL : stored_schema(format, arena, state->files.at[0].location);
    *data = *in_files;
    if (stored) {
        struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, (*in_files)->field_count + 1);
        for (size_t i = 0; i < (*in_files)->field_count; i++) {
            int at = field_at(stored, (*in_files)->fields[i].name, sensitive);
            fields[i] = at >= 0 ? stored->fields[at] : (*in_files)->fields[i];
        }
        *data = hr_type_struct(arena, fields, (*in_files)->field_count);
    }
    return HR_OK;
}

enum hr_code hr_parquet_read(struct hr_format *format, struct hr_arena *arena, struct hr_env *env, const struct hr_rel *rel, const struct hr_type *user,
                             struct hr_source **source, struct hr_err *err)
{
    struct parquet_source *state = HR_NEW(arena, struct parquet_source);
    const struct hr_type *data, *in_files = NULL;
    const char *zone_name;
    bool sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    state->format = format;
    HR_TRY(hr_conf_zone(env, NULL, &state->zone, &zone_name, err));
    HR_TRY(hr_files_find(format, arena, env, &rel->read_files.paths, &rel->read_files.options, user, &state->files, err));
    HR_TRY(schema_of(format, arena, rel, env, state, user, &data, &in_files, err));
    state->schema = all_nullable(arena, hr_files_schema(arena, &state->files, data, sensitive));
    bool *in_file = HR_NEW_ARRAY(arena, bool, state->schema->field_count + 1);
    for (size_t i = 0; in_files && i < state->schema->field_count; i++)
        in_file[i] = field_at(in_files, state->schema->fields[i].name, false) >= 0;
    state->in_file = in_file;
    struct hr_source *made = HR_NEW(arena, struct hr_source);
    *made = (struct hr_source){.schema = state->schema, .format = "parquet", .files = state->files.uris, .name = "parquet", .emit = emit,
                                .metadata = hr_files_metadata_type(arena, true), .state = state};
    *source = made;
    return HR_OK;
}
