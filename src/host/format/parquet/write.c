/* Writing Parquet through DuckDB's own writer; names, types and places are ours. */
#include "host/duck/quote.h"
#include "base/check.h"
#include "base/limits.h"
#include "host/format/parquet/parquet.h"
#include "host/format/files/partitions.h"
#include "host/format/files/write.h"
#include "host/value/value.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SPARK_VERSION "4.2.0"

/* ---- SQL text ---- */

void hr_parquet_literal(const char *text, struct hr_buf *out)
{
    hr_duck_text(text, strlen(text), out);
}

static bool has_struct(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_STRUCT:
        return true;
    case HR_TYPE_ARRAY:
    case HR_TYPE_UDT:
        return has_struct(type->element);
    case HR_TYPE_MAP:
        return has_struct(type->key) || has_struct(type->element);
    default:
        return false;
    }
}

/* an expression of the engine's type (fields f0, f1 …) to one whose structs have Spark's names */
static void rename_fields(const char *from,
                          const struct hr_type *type,
                          int depth,
                          struct hr_buf *out)
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
            hr_duck_name(type->fields[i].name, out);
            hr_buf_adds(out, " := ");
            hr_buf_clear(&inner);
            hr_buf_addf(&inner, "struct_extract(%s, ", from);
            hr_parquet_literal(engine, &inner);
            hr_buf_addc(&inner, ')');
            char *member = hr_buf_steal(&inner, NULL);
            rename_fields(member, type->fields[i].type, depth + 1, out);
            free(member);
        }
        hr_buf_adds(out, ") END");
    } else if (type->id == HR_TYPE_ARRAY) {
        hr_buf_addf(out, "list_transform(%s, lambda %s: ", from, variable);
        rename_fields(variable, type->element, depth + 1, out);
        hr_buf_addc(out, ')');
    } else {
        hr_buf_addf(
            out, "CASE WHEN %s IS NULL THEN NULL ELSE map(list_transform(map_keys(%s), lambda %s: ",
            from, from, variable);
        rename_fields(variable, type->key, depth + 1, out);
        hr_buf_addf(out, "), list_transform(map_values(%s), lambda %s: ", from, variable);
        rename_fields(variable, type->element, depth + 1, out);
        hr_buf_adds(out, ")) END");
    }
    hr_buf_release(&inner);
}

/* ---- writing ---- */

static const struct {
    const char *name, *duckdb, *extension;
} codecs[] = {
    {"snappy", "snappy", ".snappy"},
    {"none", "uncompressed", ""},
    {"uncompressed", "uncompressed", ""},
    {"gzip", "gzip", ".gz"},
    {"zstd", "zstd", ".zstd"},
    {"brotli", "brotli", ".br"},
    {"lz4_raw", "lz4_raw", ".lz4raw"},
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
    return hr_fail_spark(err, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "codecName",
                         codec, "availableCodecs",
                         "brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip", NULL);
}

static void spark_schema(const struct hr_writing *writing, struct hr_buf *out)
{
    struct hr_field *fields =
        HR_NEW_ARRAY(writing->arena, struct hr_field, writing->column_count + 1);
    for (size_t i = 0; i < writing->column_count; i++)
        fields[i] = *writing->columns[i].field;
    hr_type_json(hr_type_struct(writing->arena, fields, writing->column_count), out);
}

static void copy_statement(struct hr_writing *writing,
                           const char *from,
                           const char *filter,
                           const char *target,
                           size_t codec,
                           struct hr_buf *out)
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
        rename_fields(column, writing->columns[i].field->type, 0, out);
        hr_buf_adds(out, " AS ");
        hr_duck_name(writing->columns[i].field->name, out);
    }
    hr_buf_addf(out, " FROM %s%s) TO ", from, filter);
    hr_parquet_literal(target, out);
    hr_buf_addf(
        out,
        " (FORMAT parquet, COMPRESSION %s, USE_TMP_FILE false, KV_METADATA {'org.apache.spark.version': '" SPARK_VERSION
        "', "
        "'org.apache.spark.sql.parquet.row.metadata': ",
        codecs[codec].duckdb);
    hr_parquet_literal(hr_buf_text(&schema), out);
    hr_buf_adds(out, "})");
    hr_buf_release(&schema);
}

static const char *file_name(struct hr_writing *writing, const char *folder, int part, size_t codec)
{
    const char *in =
        *folder ? hr_blob_join(writing->arena, writing->place, folder) : writing->place;
    return hr_blob_join(writing->arena, in,
                        hr_printf(writing->arena, "part-%05d-%s%cc000%s.parquet", part,
                                  writing->uuid, writing->partition_count ? '.' : '-',
                                  codecs[codec].extension));
}

enum hr_code hr_parquet_query(struct hr_format *format,
                              const struct hr_buf *sql,
                              duckdb_result *result,
                              struct hr_err *err)
{
    HR_TRY(hr_buf_check(sql, "a statement over Parquet files", err));
    pthread_mutex_lock(&format->connection_lock);
    duckdb_state state = duckdb_query(format->connection, hr_buf_text(sql), result);
    pthread_mutex_unlock(&format->connection_lock);
    if (state == DuckDBSuccess)
        return HR_OK;
    const char *text = duckdb_result_error(result);
    enum hr_code code =
        text && hr_err_decode(text, err)
            ? HR_E_SPARK
            : hr_fail(err, HR_E_INTERNAL, "%s", text ? text : "the statement failed");
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
            hr_parquet_literal(hr_conf(writing->env, "spark.sql.session.timeZone", "UTC"), out);
            hr_buf_addf(out, ", c%d)", column->at);
        } else {
            hr_buf_addf(out, "c%d", column->at);
        }
        hr_buf_adds(out, ", '%Y-%m-%d %H:%M:%S.%f'), '\\.?0+$', '')");
    } else {
        hr_buf_addf(out, "nullif(nullif(CAST(c%d AS VARCHAR), ''), '" HR_PARTITION_NULL "')",
                    column->at);
    }
}

/* numbers as Java prints them, where the engine's text is another one */
static const char *folder_text(const struct hr_writing *writing,
                               size_t i,
                               const char *value,
                               char text[static HR_DOUBLE_TEXT_MAX])
{
    enum hr_type_id id = writing->partitions[i].field->type->id;
    if (id == HR_TYPE_DOUBLE)
        text[hr_print_double(strtod(value, NULL), text)] = 0;
    else if (id == HR_TYPE_FLOAT)
        text[hr_print_float(strtof(value, NULL), text)] = 0;
    else
        return value;
    return text;
}

/* the rows, computed once into a table, that are written a file at a time */
struct parted {
    struct hr_writing *writing;
    const char *table;
    size_t codec;
    duckdb_result
        files; /* a row for each file: the values of the partition columns, and its part */
    struct hr_buf sql, folder, filter;
};

static enum hr_code find_files(struct parted *parted, struct hr_err *err)
{
    const struct hr_writing *writing = parted->writing;
    struct hr_buf *sql = &parted->sql;
    hr_buf_adds(sql, "SELECT DISTINCT ");
    for (size_t i = 0; i < writing->partition_count; i++) {
        hr_buf_adds(sql, i ? ", " : "");
        partition_text(writing, i, sql);
    }
    /* without folders the first part is written even when it is empty */
    if (writing->partition_count)
        hr_buf_addf(sql, ", part FROM %s ORDER BY ALL", parted->table);
    else
        hr_buf_addf(sql, "part FROM (SELECT part FROM %s UNION ALL SELECT 0) ORDER BY ALL",
                    parted->table);
    return hr_parquet_query(writing->format, sql, &parted->files, err);
}

static void add_folder(struct parted *parted, size_t column, const char *value)
{
    const struct hr_writing *writing = parted->writing;
    char number[HR_DOUBLE_TEXT_MAX + 1];
    const char *text = value ? folder_text(writing, column, value, number) : "";
    if (column)
        hr_buf_addc(&parted->folder, '/');
    hr_partition_folder(writing->partitions[column].field->name, text, !value, &parted->folder);
}

static void add_filter(struct parted *parted, size_t column, const char *value)
{
    hr_buf_adds(&parted->filter, column ? " AND " : " WHERE ");
    partition_text(parted->writing, column, &parted->filter);
    hr_buf_adds(&parted->filter, " IS NOT DISTINCT FROM ");
    if (value)
        hr_parquet_literal(value, &parted->filter);
    else
        hr_buf_adds(&parted->filter, "NULL");
}

/* the folder of a file, and which of the table's rows are in it */
static int describe_file(struct parted *parted, idx_t file)
{
    size_t columns = parted->writing->partition_count;
    hr_buf_clear(&parted->folder);
    hr_buf_clear(&parted->filter);
    for (size_t i = 0; i < columns; i++) {
        bool is_null = duckdb_value_is_null(&parted->files, i, file);
        char *value = is_null ? NULL : duckdb_value_varchar(&parted->files, i, file);
        add_folder(parted, i, value);
        add_filter(parted, i, value);
        duckdb_free(value);
    }
    int part = duckdb_value_int32(&parted->files, columns, file);
    hr_buf_addf(&parted->filter, "%spart = %d", columns ? " AND " : " WHERE ", part);
    return part;
}

static enum hr_code make_folder(struct hr_writing *writing, const char *file, struct hr_err *err)
{
    if (!hr_blob_can_rename(file))
        return HR_OK;
    const char *folder = hr_files_parent(writing->arena, file);
    return hr_blob_mkdir(writing->format->blob, folder, writing->cancel, err);
}

static enum hr_code write_file(struct parted *parted, idx_t file, struct hr_err *err)
{
    struct hr_writing *writing = parted->writing;
    int part = describe_file(parted, file);
    const char *folder = hr_buf_text(&parted->folder);
    const char *target = file_name(writing, folder, part, parted->codec);
    HR_TRY(hr_part_failed(writing, folder, make_folder(writing, target, err), err));
    hr_buf_clear(&parted->sql);
    copy_statement(writing, parted->table, hr_buf_text(&parted->filter), target, parted->codec,
                   &parted->sql);
    duckdb_result copied;
    HR_TRY(hr_parquet_query(writing->format, &parted->sql, &copied, err));
    duckdb_destroy_result(&copied);
    return HR_OK;
}

static enum hr_code write_files(struct parted *parted, struct hr_err *err)
{
    HR_TRY(find_files(parted, err));
    enum hr_code code = HR_OK;
    idx_t count = duckdb_row_count(&parted->files);
    for (idx_t file = 0; file < count && !code; file++)
        code = write_file(parted, file, err);
    duckdb_destroy_result(&parted->files);
    return code;
}

/* SQL for the part that a row goes to */
static const char *part_sql(const struct hr_writing *writing)
{
    const struct hr_format_rows *rows = writing->rows;
    if (rows->parts < 2)
        return "CAST(0 AS INTEGER)";
    if (rows->has_part)
        return hr_printf(writing->arena, "CAST(c%zu AS INTEGER)", rows->schema->field_count);
    return hr_printf(writing->arena, "CAST((row_number() OVER () - 1) %% %d AS INTEGER)",
                     rows->parts);
}

static void drop_table(const struct hr_writing *writing, const char *table)
{
    duckdb_result result;
    struct hr_err ignored = {0};
    struct hr_buf sql;
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_buf_addf(&sql, "DROP TABLE %s", table);
    if (!hr_parquet_query(writing->format, &sql, &result, &ignored))
        duckdb_destroy_result(&result);
    hr_buf_release(&sql);
}

static enum hr_code write_partitioned(struct hr_writing *writing, size_t codec, struct hr_err *err)
{
    const struct hr_format_rows *rows = writing->rows;
    const char *table = hr_printf(writing->arena, "\"hr_write_%s\"", writing->uuid);
    const char *create =
        hr_printf(writing->arena, "CREATE TABLE %s AS SELECT *, %s AS part FROM (%s)", table,
                  part_sql(writing), rows->sql);
    HR_TRY(rows->execute(writing->rows, create, err));
    struct parted parted = {.writing = writing, .table = table, .codec = codec};
    hr_buf_init(&parted.sql, HR_SQL_EMITTED_MAX);
    hr_buf_init(&parted.folder, HR_BUF_GROWS);
    hr_buf_init(&parted.filter, HR_BUF_GROWS);
    enum hr_code code = write_files(&parted, err);
    hr_buf_release(&parted.sql);
    hr_buf_release(&parted.folder);
    hr_buf_release(&parted.filter);
    drop_table(writing, table);
    return code;
}

enum hr_code hr_parquet_write(struct hr_writing *writing, struct hr_err *err)
{
    size_t codec;
    HR_TRY(codec_of(writing, &codec, err));
    if (writing->max_records)
        return hr_refuse_option(err, "parquet", "maxRecordsPerFile",
                                hr_printf(writing->arena, "%lld", (long long)writing->max_records));
    /* what reads INT96 and microseconds gets the same values; milliseconds are others */
    const char *timestamps =
        hr_conf(writing->env, "spark.sql.parquet.outputTimestampType", "INT96");
    if (!strcasecmp(timestamps, "TIMESTAMP_MILLIS"))
        return hr_refuse_option(err, "parquet", "spark.sql.parquet.outputTimestampType",
                                timestamps);
    for (size_t i = 0; i < writing->column_count; i++) {
        enum hr_type_id id = writing->columns[i].field->type->id;
        if (id == HR_TYPE_CALENDAR_INTERVAL || id == HR_TYPE_VARIANT || id == HR_TYPE_TIME)
            return hr_format_refuse_type(writing->arena, "Parquet", writing->columns[i].field, err);
    }
    if (writing->partition_count || writing->rows->parts > 1)
        return write_partitioned(writing, codec, err);
    struct hr_buf sql;
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    copy_statement(writing, hr_printf(writing->arena, "(%s)", writing->rows->sql), "",
                   file_name(writing, "", 0, codec), codec, &sql);
    enum hr_code code = hr_buf_check(&sql, "the statement that writes a file", err);
    if (!code)
        code = writing->rows->execute(writing->rows, hr_buf_text(&sql), err);
    hr_buf_release(&sql);
    return code;
}
