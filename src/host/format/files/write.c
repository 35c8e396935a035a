/* df.write: checks what is asked, says where the rows go, and leaves it to the commit (commit.c) to
 * write and to show them. */
#include "host/format/files/write.h"
#include "host/format/files/tables.h"
#include "base/check.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- columns ---- */

static int column_named(const struct hr_writing *writing, const char *name)
{
    const struct hr_type *schema = writing->rows->schema;
    for (size_t i = 0; i < schema->field_count; i++)
        if (!(writing->case_sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return (int)i;
    return -1;
}

static enum hr_code check_names(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_type *schema = writing->rows->schema;
    for (size_t i = 0; i < schema->field_count; i++)
        if (column_named(writing, schema->fields[i].name) != (int)i) {
            char *name = hr_printf(writing->arena, "`%s`", schema->fields[i].name);
            for (char *p = name; *p && !writing->case_sensitive; p++)
                if (*p >= 'A' && *p <= 'Z')
                    *p = (char)(*p + 32);
            return hr_fail_spark(err, "COLUMN_ALREADY_EXISTS", "columnName", name, NULL);
        }
    return HR_OK;
}

static enum hr_code split_columns(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_type *schema = writing->rows->schema;
    const struct hr_names *by = &writing->write->partition_by;
    bool *taken = HR_NEW_ARRAY(writing->arena, bool, schema->field_count + 1);
    writing->columns = HR_NEW_ARRAY(writing->arena, struct hr_column, schema->field_count + 1);
    writing->partitions = HR_NEW_ARRAY(writing->arena, struct hr_column, by->count + 1);
    if (writing->text != &hr_csv_format) /* Spark's csv writer alone lets names repeat */
        HR_TRY(check_names(writing, err));
    for (size_t i = 0; i < by->count; i++) {
        int at = column_named(writing, by->at[i]);
        if (at < 0) {
            struct hr_buf text;
            hr_buf_init(&text, HR_BUF_GROWS);
            hr_type_simple(schema, &text);
            hr_fail(err, HR_E_INVALID, "Partition column `%s` not found in schema %s.", by->at[i],
                    hr_buf_text(&text));
            hr_buf_release(&text);
            return HR_E_INVALID;
        }
        enum hr_type_id id = schema->fields[at].type->id;
        if (id == HR_TYPE_ARRAY ||
            id == HR_TYPE_MAP ||
            id == HR_TYPE_STRUCT ||
            id == HR_TYPE_VARIANT ||
            id == HR_TYPE_BINARY)
            return hr_fail_spark(
                err, "UNSUPPORTED_FEATURE", "feature",
                hr_printf(writing->arena, "partitioning by the column `%s` of its type", by->at[i]),
                NULL);
        taken[at] = true;
        writing->partitions[writing->partition_count++] =
            (struct hr_column){.field = &schema->fields[at], .at = at};
    }
    if (by->count && by->count == schema->field_count)
        return hr_fail_spark(err, "ALL_PARTITION_COLUMNS_NOT_ALLOWED", NULL);
    for (size_t i = 0; i < schema->field_count; i++)
        if (!taken[i])
            writing->columns[writing->column_count++] =
                (struct hr_column){.field = &schema->fields[i], .at = (int)i};
    return HR_OK;
}

/* ---- options ---- */

enum hr_code hr_refuse_option(struct hr_err *err,
                              const char *format,
                              const char *key,
                              const char *value)
{
    char feature[300];
    snprintf(feature, sizeof feature, "the %s option \"%.100s\" with the value \"%.100s\"", format,
             key, value);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

static const struct {
    const char *name, *extension;
    bool here;
} codecs[] = {
    {"none", "", true},           {"uncompressed", "", true},
    {"gzip", ".gz", true},        {"deflate", ".deflate", true},
    {"bzip2", ".bz2", false},     {"lz4", ".lz4", false},
    {"snappy", ".snappy", false},
};

static enum hr_code text_codec(struct hr_writing *writing, struct hr_err *err)
{
    const char *name = hr_option_get(&writing->write->options, "compression");
    if (!name)
        name = hr_option_get(&writing->write->options, "codec");
    writing->codec_name = writing->codec_extension = "";
    if (!name)
        return HR_OK;
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        if (strcasecmp(codecs[i].name, name))
            continue;
        if (!codecs[i].here)
            return hr_refuse_option(err, writing->text->name, "compression", name);
        writing->codec_name = codecs[i].name;
        writing->codec_extension = codecs[i].extension;
        return HR_OK;
    }
    return hr_fail_spark(err, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "codecName",
                         name, "availableCodecs",
                         "bzip2, deflate, uncompressed, snappy, none, lz4, gzip", NULL);
}

static enum hr_code common_options(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_write *write = writing->write;
    const char *records = hr_conf(writing->env, "spark.sql.files.maxRecordsPerFile", "0"),
               *overwrite = hr_option_get(&write->options, "partitionOverwriteMode");
    if (write->buckets || write->bucket_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support bucketBy right now.");
    if (write->sort_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support sortBy right now.");
    if (write->cluster_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support clusterBy right now.");
    if (!overwrite)
        overwrite = hr_conf(writing->env, "spark.sql.sources.partitionOverwriteMode", "STATIC");
    if (strcasecmp(overwrite, "dynamic") && strcasecmp(overwrite, "static"))
        return hr_fail(err, HR_E_INVALID,
                       "the option partitionOverwriteMode is \"%s\": it may be static or dynamic",
                       overwrite);
    writing->dynamic = !strcasecmp(overwrite, "dynamic") &&
                       write->mode == HR_SAVE_OVERWRITE &&
                       write->partition_by.count;
    return hr_option_long(&write->options, "maxRecordsPerFile", atoll(records),
                          &writing->max_records, err);
}

/* ---- the place ---- */

/* "/", "abfss://container@host" */
static bool is_root(const char *location)
{
    const char *slash = strrchr(location, '/');
    return !slash || !slash[1] || (slash > location && slash[-1] == '/');
}

/* a file of the input that stands in the target: it would be gone before it is read, as Spark sees
 * it */
static bool reads_target(const struct hr_writing *writing)
{
    const char *uri = hr_files_uri(writing->arena, writing->target);
    size_t len = strlen(uri);
    for (size_t i = 0; i < writing->rows->inputs.count; i++) {
        const char *input = writing->rows->inputs.at[i];
        if (!strncmp(input, uri, len) && (!input[len] || input[len] == '/'))
            return true;
        if (!strncmp(input, writing->target, strlen(writing->target)) &&
            input[strlen(writing->target)] == '/')
            return true;
    }
    return false;
}

static const struct {
    const char *name;
    const struct hr_text_format *text;
} writers[] = {
    {"csv", &hr_csv_format},
    {"json", &hr_json_format},
    {"text", &hr_text_format_plain},
    {"parquet", NULL},
};

static enum hr_code choose(struct hr_writing *writing, struct hr_err *err)
{
    const char *given = writing->write->format,
               *name = hr_format_name(
                   given ? given : hr_conf(writing->env, "spark.sql.sources.default", "parquet"));
    for (size_t i = 0; i < HR_LEN(writers); i++)
        if (!strcasecmp(writers[i].name, name)) {
            writing->text = writers[i].text;
            return HR_OK;
        }
    return hr_format_unknown(name, err);
}

enum hr_code hr_format_write(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_write *write,
                             struct hr_format_rows *rows,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err)
{
    struct hr_writing *writing = HR_NEW(arena, struct hr_writing);
    struct hr_blob_stat stat;
    *writing = (struct hr_writing){.format = format,
                                   .arena = arena,
                                   .env = env,
                                   .write = write,
                                   .rows = rows,
                                   .cancel = cancel};
    writing->case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    hr_uuid_new(writing->uuid);
    HR_TRY(choose(writing, err));
    HR_TRY(common_options(writing, err));
    HR_TRY(hr_blob_normalize(format->blob, arena, write->path, &writing->target, err));
    enum hr_code code = hr_blob_stat(format->blob, writing->target, &stat, cancel, err);
    if (code && code != HR_E_NOT_FOUND)
        return code;
    bool exists = !code;
    if (exists && write->mode == HR_SAVE_ERROR)
        return hr_fail_spark(err, "PATH_ALREADY_EXISTS", "outputPath",
                             hr_files_spark_path(arena, writing->target), NULL);
    if (exists && write->mode == HR_SAVE_IGNORE)
        return HR_OK;
    if (exists && write->mode == HR_SAVE_OVERWRITE && !writing->dynamic && reads_target(writing))
        return hr_fail_spark(err, "UNSUPPORTED_OVERWRITE.PATH", "path",
                             hr_files_spark_path(arena, writing->target), NULL);
    const struct hr_tables_asked asked = {format->blob, env, HR_TABLES_WRITE};
    HR_TRY(hr_tables_refuse_above(&asked, writing->target, exists && stat.is_dir, err));
    HR_TRY(split_columns(writing, err));
    if (writing->text) {
        HR_TRY(text_codec(writing, err));
        HR_TRY(writing->text->open(writing, err));
    }
    if (exists && !stat.is_dir) {
        if (write->mode == HR_SAVE_APPEND)
            return hr_fail(err, HR_E_INVALID, "the path is a file, not a folder: \"%s\"",
                           write->path);
        if (!hr_blob_can_rename(writing->target))
            return hr_fail(err, HR_E_INVALID, "the path is a blob, not a folder: \"%s\"",
                           write->path);
    }
    bool root = is_root(writing->target) && write->mode != HR_SAVE_APPEND;
    if (root && !hr_blob_is_remote(writing->target)) {
        hr_fail(
            err, HR_E_UNSUPPORTED,
            "'%s' is the root of the file system: what stands there cannot be replaced in one step",
            writing->target);
        return hr_fail_hint(err, "write to a folder in it");
    }
    const char *renaming =
        root || hr_blob_can_rename(writing->target) || (exists && write->mode == HR_SAVE_APPEND)
            ? NULL
            : hr_blob_hierarchical(format->blob, arena, writing->target, cancel);
    if (renaming)
        writing->target = renaming; /* the same folder: it appears, or is replaced, as one */
    if (err)
        *err = (struct hr_err){0};
    return hr_blob_can_rename(writing->target) && !root ? hr_commit_renaming(writing, exists, err)
                                                        : hr_commit_staged(writing, exists, err);
}
