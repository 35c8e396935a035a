#include "host/format/format.h"
#include "base/check.h"
#include "base/map.h"
#include "host/format/files/cache.h"
#include "host/format/csv/csv.h"
#include "host/format/json/json.h"
#include "host/format/local.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CACHE_BYTES (64 * 1024 * 1024)
#define CACHE_FILE_BYTES (8 * 1024 * 1024)

enum hr_code hr_format_open(duckdb_database database,
                            struct hr_blob *blob,
                            const struct hr_format_options *options,
                            struct hr_format **out,
                            struct hr_err *err)
{
    struct hr_format *format = calloc(1, sizeof *format);
    HR_CHECK(format);
    format->database = database;
    format->blob = blob;
    pthread_mutex_init(&format->lock, NULL);
    hr_map_init(&format->by_identity);
    hr_map_init(&format->swept);
    pthread_mutex_init(&format->connection_lock, NULL);
    format->cache = hr_cache_new(
        options && options->cache_bytes ? options->cache_bytes : CACHE_BYTES,
        options && options->cache_file_bytes ? options->cache_file_bytes : CACHE_FILE_BYTES);
    format->stop_of = options ? options->stop_of : NULL;
    format->stop_arg = options ? options->stop_arg : NULL;
    enum hr_code code =
        duckdb_connect(database, &format->connection) == DuckDBSuccess
            ? HR_OK
            : hr_fail(err, HR_E_INTERNAL, "the engine gives no connection to the readers");
    if (!code)
        code = hr_scan_functions(format, err);
    if (code) {
        hr_format_close(format);
        return code;
    }
    *out = format;
    return HR_OK;
}

void hr_format_close(struct hr_format *format)
{
    if (!format)
        return;
    if (format->connection)
        duckdb_disconnect(&format->connection);
    hr_cache_free(format->cache);
    pthread_mutex_destroy(&format->lock);
    pthread_mutex_destroy(&format->connection_lock);
    hr_map_release(&format->by_identity);
    hr_map_release(&format->swept);
    free(format->scans);
    free(format);
}

void hr_format_count(struct hr_format *format, struct hr_format_counts *counts)
{
    *counts =
        (struct hr_format_counts){format->bytes_read, format->files_listed, format->rows_parsed,
                                  format->schema_hits, format->cache_hits};
}

typedef enum hr_code reader(struct hr_format *format,
                            struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_rel *rel,
                            const struct hr_type *user,
                            struct hr_source **source,
                            struct hr_err *err);

/* The names that formats had in older versions of Spark and in its packages: classes, so their case
 * counts. */
static const struct {
    const char *old, *name;
} old_names[] = {
#define CLASS(name) "org.apache.spark.sql." name
    {"com.databricks.spark.csv", "csv"},
    {CLASS("execution.datasources.csv.CSVFileFormat"), "csv"},
    {CLASS("execution.datasources.v2.csv.CSVDataSourceV2"), "csv"},
    {CLASS("execution.datasources.text.TextFileFormat"), "text"},
    {CLASS("execution.datasources.v2.text.TextDataSourceV2"), "text"},
    {CLASS("json"), "json"},
    {CLASS("json.DefaultSource"), "json"},
    {CLASS("execution.datasources.json"), "json"},
    {CLASS("execution.datasources.json.DefaultSource"), "json"},
    {CLASS("execution.datasources.json.JsonFileFormat"), "json"},
    {CLASS("execution.datasources.v2.json.JsonDataSourceV2"), "json"},
    {CLASS("parquet"), "parquet"},
    {CLASS("parquet.DefaultSource"), "parquet"},
    {CLASS("execution.datasources.parquet"), "parquet"},
    {CLASS("execution.datasources.parquet.DefaultSource"), "parquet"},
    {CLASS("execution.datasources.parquet.ParquetFileFormat"), "parquet"},
    {CLASS("execution.datasources.v2.parquet.ParquetDataSourceV2"), "parquet"},
    {CLASS("hive.orc"), "orc"},
    {CLASS("hive.orc.DefaultSource"), "orc"},
    {CLASS("execution.datasources.orc.OrcFileFormat"), "orc"},
    {CLASS("execution.datasources.jdbc"), "jdbc"},
    {CLASS("jdbc"), "jdbc"},
    {"com.databricks.spark.avro", "avro"},
    {"com.databricks.spark.xml", "xml"},
    {"org.apache.spark.ml.source.libsvm", "libsvm"},
#undef CLASS
};

const char *hr_format_name(const char *name)
{
    for (size_t i = 0; i < HR_LEN(old_names); i++)
        if (!strcmp(old_names[i].old, name))
            return old_names[i].name;
    return name;
}

/* formats by the names that spark.read.format takes */
static const struct {
    const char *name;
    reader *read;
} readers[] = {
    {"csv", hr_csv_read},
    {"parquet", hr_parquet_read},
    {"json", hr_json_read},
    {"text", hr_text_read},
};
static const char *const refused[] = {"orc",   "avro",   "jdbc",   "binaryFile", "xml",
                                      "image", "libsvm", "delta",  "iceberg",    "hudi",
                                      "kafka", "rate",   "socket", "noop"};

enum hr_code hr_format_unknown(const char *name, struct hr_err *err)
{
    for (size_t i = 0; i < HR_LEN(refused); i++)
        if (!strcasecmp(refused[i], name)) {
            char feature[120];
            snprintf(feature, sizeof feature, "the data source %.80s", name);
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
        }
    return hr_fail_spark(err, "DATA_SOURCE_NOT_FOUND", "provider", name, NULL);
}

enum hr_code hr_format_check_corrupt(struct hr_arena *arena,
                                     const struct hr_field *field,
                                     struct hr_err *err)
{
    if (field->type->id == HR_TYPE_STRING)
        return HR_OK;
    struct hr_buf sql;
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_type_sql(field->type, &sql);
    hr_fail_spark(err, "INVALID_CORRUPT_RECORD_TYPE", "columnName",
                  hr_printf(arena, "`%s`", field->name), "actualType",
                  hr_printf(arena, "\"%s\"", hr_buf_text(&sql)), NULL);
    hr_buf_release(&sql);
    return HR_E_SPARK;
}

static const char *twice(struct hr_arena *arena, const struct hr_type *type, bool sensitive);

static const char *twice_in(struct hr_arena *arena, const struct hr_type *schema, bool sensitive)
{
    struct hr_map seen;
    sensitive ? hr_map_init(&seen) : hr_map_init_nocase(&seen);
    const char *found = NULL;
    for (size_t i = 0; i < schema->field_count && !found; i++)
        if (hr_map_put(&seen, schema->fields[i].name, arena))
            found = schema->fields[i].name;
    hr_map_release(&seen);
    for (size_t i = 0; i < schema->field_count && !found; i++)
        found = twice(arena, schema->fields[i].type, sensitive);
    return found;
}

/* a name that stands twice in one struct of the type; NULL when there is none */
static const char *twice(struct hr_arena *arena, const struct hr_type *type, bool sensitive)
{
    if (type->id == HR_TYPE_STRUCT)
        return twice_in(arena, type, sensitive);
    if (type->id == HR_TYPE_ARRAY)
        return twice(arena, type->element, sensitive);
    if (type->id != HR_TYPE_MAP)
        return NULL;
    const char *found = twice(arena, type->key, sensitive);
    return found ? found : twice(arena, type->element, sensitive);
}

/* two columns or fields of one name: Spark's check of every relation of files */
static enum hr_code check_names(struct hr_arena *arena,
                                struct hr_env *env,
                                const struct hr_type *schema,
                                struct hr_err *err)
{
    const char *found = twice(arena, schema, hr_conf_bool(env, "spark.sql.caseSensitive", false));
    if (!found)
        return HR_OK;
    char *name = hr_printf(arena, "`%s`", found);
    for (char *p = name; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    return hr_fail_spark(err, "COLUMN_ALREADY_EXISTS", "columnName", name, NULL);
}

static bool has_char(const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return has_char(type->element);
    if (type->id == HR_TYPE_MAP)
        return has_char(type->key) || has_char(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (has_char(type->fields[i].type))
            return true;
    return type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR;
}

static enum hr_code given_schema(struct hr_arena *arena,
                                 const char *text,
                                 const struct hr_type **schema,
                                 struct hr_err *err)
{
    HR_TRY(hr_local_schema(arena, text, schema, err));
    return has_char(*schema) ? hr_fail_spark(err, "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING", NULL)
                             : HR_OK;
}

enum hr_code hr_format_parse(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_rel *rel,
                             struct hr_format_rows *rows,
                             struct hr_source **source,
                             struct hr_err *err)
{
    const char *name = rel->parse.format ? rel->parse.format : "";
    bool csv = !strcasecmp(name, "csv");
    if (!csv && strcasecmp(name, "json"))
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(arena, "spark.read.%s of a column of strings", name), NULL);
    if (rows->schema->field_count != 1 || rows->schema->fields[0].type->id != HR_TYPE_STRING)
        return hr_fail(err, HR_E_INVALID, "only one column of strings can be parsed as %s", name);
    HR_TRY((csv ? hr_csv_parse_strings : hr_json_parse_strings)(format, arena, env, rel, rows,
                                                                source, err));
    return check_names(arena, env, (*source)->schema, err);
}

enum hr_code hr_format_read(struct hr_format *format,
                            struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_rel *rel,
                            struct hr_source **source,
                            struct hr_err *err)
{
    if (rel->kind == HR_REL_LOCAL)
        return hr_format_local(format, arena, env, rel->local.arrow, rel->local.arrow_len,
                               rel->local.schema, source, err);
    HR_CHECK(rel->kind == HR_REL_READ_FILES);
    const char *name = hr_format_name(rel->read_files.format
                                          ? rel->read_files.format
                                          : hr_conf(env, "spark.sql.sources.default", "parquet"));
    const struct hr_type *user = NULL;
    if (rel->read_files.streaming)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "streaming reads", NULL);
    for (size_t i = 0; i < HR_LEN(readers); i++)
        if (!strcasecmp(readers[i].name, name)) {
            if (rel->read_files.schema && *rel->read_files.schema)
                HR_TRY(given_schema(arena, rel->read_files.schema, &user, err));
            HR_TRY(readers[i].read(format, arena, env, rel, user, source, err));
            return check_names(arena, env, (*source)->schema, err);
        }
    return hr_format_unknown(name, err);
}
