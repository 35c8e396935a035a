#include "host/format/files/files.h"
#include "base/check.h"
#include "base/map.h"
#include "base/clock.h"
#include "host/format/files/partitions.h"
#include "host/format/files/tables.h"
#include "host/format/text_value.h"
#include <ctype.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- options ---- */

enum hr_code hr_option_bool(const struct hr_options *options,
                            const char *key,
                            bool fallback,
                            bool *value,
                            struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (!text)
        return HR_OK;
    if (!hr_value_boolean(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s flag can be true or false.", key);
    return HR_OK;
}

enum hr_code hr_option_long(const struct hr_options *options,
                            const char *key,
                            int64_t fallback,
                            int64_t *value,
                            struct hr_err *err)
{
    const char *text = hr_option_get(options, key);
    *value = fallback;
    if (text && !hr_value_long(text, strlen(text), value))
        return hr_fail(err, HR_E_INVALID, "%s should be an integer. Found %s.", key, text);
    return HR_OK;
}

enum hr_code hr_option_pattern(struct hr_arena *arena,
                               const char *text,
                               enum hr_pattern_use use,
                               const struct hr_pattern **pattern,
                               struct hr_err *err)
{
    const char *problem = NULL;
    *pattern = NULL;
    if (text && !(*pattern = hr_pattern_new(arena, text, strlen(text), use, &problem)))
        return hr_fail_spark(err, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "pattern", text,
                             NULL);
    return HR_OK;
}

int64_t hr_now_us(void)
{
    return hr_clock_ms() * 1000;
}

struct hr_options hr_options_copy(struct hr_arena *arena, const struct hr_options *options)
{
    struct hr_options made = {HR_NEW_ARRAY(arena, struct hr_option, options->count + 1),
                              options->count};
    for (size_t i = 0; i < options->count; i++)
        made.at[i] = (struct hr_option){hr_strdup(arena, options->at[i].key),
                                        hr_strdup(arena, options->at[i].value)};
    return made;
}

const char *hr_conf(struct hr_env *env, const char *key, const char *fallback)
{
    const char *value = env ? env->ops->conf(env, key) : NULL;
    return value ? value : fallback;
}

bool hr_conf_bool(struct hr_env *env, const char *key, bool fallback)
{
    return !strcasecmp(hr_conf(env, key, fallback ? "true" : "false"), "true");
}

enum hr_code hr_conf_zone(struct hr_env *env,
                          const struct hr_options *options,
                          const struct hr_zone **zone,
                          const char **name,
                          struct hr_err *err)
{
    const char *text = options ? hr_option_get(options, "timeZone") : NULL;
    if (!text)
        text = hr_conf(env, "spark.sql.session.timeZone", "UTC");
    *name = text;
    *zone = hr_zone_find(text, strlen(text));
    return *zone ? HR_OK : hr_fail(err, HR_E_INVALID, "unknown time zone: \"%s\"", text);
}

enum hr_code hr_format_refuse_type(struct hr_arena *arena,
                                   const char *format,
                                   const struct hr_field *field,
                                   struct hr_err *err)
{
    if (field->type->id == HR_TYPE_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL);
    if (field->type->id == HR_TYPE_YEAR_MONTH || field->type->id == HR_TYPE_DAY_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(arena, "interval columns in %s files", format), NULL);
    struct hr_buf sql;
    hr_buf_init(&sql, HR_BUF_GROWS);
    hr_type_sql(field->type, &sql);
    hr_fail_spark(err, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "format", format, "columnName",
                  hr_printf(arena, "`%s`", field->name), "columnType",
                  hr_printf(arena, "\"%s\"", hr_buf_text(&sql)), NULL);
    hr_buf_release(&sql);
    return HR_E_SPARK;
}

/* ---- names ---- */

static const char *base_name(const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash ? slash + 1 : location;
}

static const struct {
    const char *suffix;
    enum hr_codec codec;
    bool here;
} codecs[] = {
    {".gz", HR_CODEC_GZIP, true},      {".deflate", HR_CODEC_DEFLATE, true},
    {".zst", HR_CODEC_ZSTD, true},     {".bz2", HR_CODEC_BZIP2, false},
    {".snappy", HR_CODEC_NONE, false}, {".lz4", HR_CODEC_NONE, false},
};

enum hr_code hr_files_codec(const char *location, enum hr_codec *codec, struct hr_err *err)
{
    const char *name = base_name(location);
    size_t len = strlen(name);
    *codec = HR_CODEC_NONE;
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        size_t n = strlen(codecs[i].suffix);
        if (len < n || strcmp(name + len - n, codecs[i].suffix))
            continue;
        *codec = codecs[i].codec;
        if (!codecs[i].here) {
            char feature[300];
            snprintf(feature, sizeof feature, "reading files compressed as %s (%.200s)",
                     codecs[i].suffix + 1, name);
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
        }
    }
    return HR_OK;
}

static bool is_remote(const char *location)
{
    return strstr(location, "://") != NULL;
}

const char *hr_files_spark_path(struct hr_arena *arena, const char *location)
{
    return is_remote(location) ? location : hr_printf(arena, "file:%s", location);
}

const char *hr_files_uri(struct hr_arena *arena, const char *location)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    if (!is_remote(location))
        hr_buf_adds(&out, "file://");
    const char *scheme = strstr(location, "://");
    for (const char *p = location; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = isalnum(c) || strchr("-_.~/!$&'()*+,;=:@", c) || (scheme && p < scheme + 3);
        hr_buf_addf(&out, plain ? "%c" : "%%%02X", c);
    }
    return hr_buf_keep(&out, arena);
}

/* ---- finding ---- */

struct find {
    struct hr_format *format;
    struct hr_arena *arena;
    struct hr_env *env;
    const struct hr_options *options;
    const char *glob_filter;
    bool recursive, has_before, has_after;
    int64_t before_ms, after_ms;
    const char *base_path;
    struct hr_file *files;
    size_t count, cap;
    /* of each file: the path behind which partition folders begin */
    const char **bases;
    bool *direct; /* of each file: it is a root, or stands directly in one */
    bool parquet;
    struct hr_file *summaries;
    size_t summary_count;
    struct hr_tables tables;
};

static bool wanted_file(const struct find *find,
                        const char *location,
                        const struct hr_blob_stat *stat)
{
    if (find->glob_filter && fnmatch(find->glob_filter, base_name(location), 0))
        return false;
    if (find->has_before && stat->mtime_ms >= find->before_ms)
        return false;
    return !find->has_after || stat->mtime_ms > find->after_ms;
}

static void add_file(struct find *find,
                     const char *location,
                     const struct hr_blob_stat *stat,
                     const char *base,
                     bool direct)
{
    if (!wanted_file(find, location, stat))
        return;
    if (find->count == find->cap) {
        size_t cap = find->cap ? find->cap * 2 : 16;
        struct hr_file *files = HR_NEW_ARRAY(find->arena, struct hr_file, cap);
        const char **bases = HR_NEW_ARRAY(find->arena, const char *, cap);
        bool *directs = HR_NEW_ARRAY(find->arena, bool, cap);
        if (find->count) {
            memcpy(files, find->files, find->count * sizeof *files);
            memcpy(bases, find->bases, find->count * sizeof *bases);
            memcpy(directs, find->direct, find->count * sizeof *directs);
        }
        find->files = files;
        find->bases = bases;
        find->direct = directs;
        find->cap = cap;
    }
    find->files[find->count] = (struct hr_file){.location = location, .stat = *stat};
    find->bases[find->count] = base;
    find->direct[find->count++] = direct;
}

static const char *parent_of(struct hr_arena *arena, const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash && slash > location ? hr_strndup(arena, location, (size_t)(slash - location))
                                     : "/";
}

/* `_metadata` and `_common_metadata` hold schemas for those who write many files: no data */
static bool is_summary(const char *name)
{
    return !strcmp(name, "_metadata") || !strcmp(name, "_common_metadata");
}

static void add_summary(struct find *find, const struct hr_blob_entry *entry)
{
    struct hr_file *grown = HR_NEW_ARRAY(find->arena, struct hr_file, find->summary_count + 1);
    if (find->summary_count)
        memcpy(grown, find->summaries, find->summary_count * sizeof *grown);
    grown[find->summary_count++] =
        (struct hr_file){.location = entry->location, .stat = entry->stat};
    find->summaries = grown;
}

static enum hr_code add_root(struct find *find,
                             const char *location,
                             const struct hr_blob_stat *stat,
                             struct hr_err *err)
{
    const struct hr_tables_asked asked = {find->format->blob, find->env, HR_TABLES_READ};
    if (!stat->is_dir) {
        if (hr_blob_hidden(base_name(location))) /* even when it is named by itself */
            return HR_OK;
        if (find->parquet)
            HR_TRY(hr_tables_refuse_above(&asked, parent_of(find->arena, location), true, err));
        add_file(find, location, stat,
                 find->base_path ? find->base_path : parent_of(find->arena, location), true);
        return HR_OK;
    }
    struct hr_blob_page page;
    HR_TRY(hr_blob_list_all(find->format->blob, find->arena, location, true, &page, NULL, err));
    HR_TRY(hr_tables_look(&asked, find->arena, location, &page, &find->tables, err));
    HR_TRY(hr_tables_refuse_above(&asked, location, false, err));
    for (size_t i = 0; i < page.count; i++) {
        struct hr_blob_entry *entry = &page.entries[i];
        if (entry->stat.is_dir)
            continue;
        if (find->parquet && is_summary(base_name(entry->name)))
            add_summary(find, entry);
        else if (!hr_blob_hidden_below(entry->name))
            add_file(find, entry->location, &entry->stat,
                     find->base_path ? find->base_path : location, !strchr(entry->name, '/'));
    }
    return HR_OK;
}

static enum hr_code not_found(struct find *find, const char *path, struct hr_err *err)
{
    return hr_fail_spark(err, "PATH_NOT_FOUND", "path", hr_files_spark_path(find->arena, path),
                         NULL);
}

static enum hr_code add_path(struct find *find, const char *path, struct hr_err *err)
{
    const char *normal;
    struct hr_blob *blob = find->format->blob;
    if (hr_blob_has_glob(path)) {
        struct hr_blob_page page;
        enum hr_code code = hr_blob_glob(blob, find->arena, path, &page, NULL, err);
        if (code == HR_E_NOT_FOUND || (!code && !page.count)) {
            HR_TRY(hr_blob_normalize(blob, find->arena, path, &normal, err));
            return not_found(find, normal, err);
        }
        HR_TRY(code);
        for (size_t i = 0; i < page.count; i++)
            HR_TRY(add_root(find, page.entries[i].location, &page.entries[i].stat, err));
        return HR_OK;
    }
    struct hr_blob_stat stat;
    HR_TRY(hr_blob_normalize(blob, find->arena, path, &normal, err));
    enum hr_code code = hr_blob_stat(blob, normal, &stat, NULL, err);
    if (code == HR_E_NOT_FOUND)
        return not_found(find, normal, err);
    HR_TRY(code);
    return add_root(find, normal, &stat, err);
}

static enum hr_code time_option(
    struct find *find, const char *key, bool *has, int64_t *ms, struct hr_err *err)
{
    const char *text = hr_option_get(find->options, key);
    if (!text)
        return HR_OK;
    const struct hr_zone *zone;
    const char *name;
    HR_TRY(hr_conf_zone(find->env, find->options, &zone, &name, err));
    int64_t micros;
    if (!hr_parse_timestamp(text, strlen(text), zone, hr_now_us(), &micros))
        return hr_fail(
            err, HR_E_INVALID,
            "the timestamp provided for the '%s' option is invalid. The expected format is 'YYYY-MM-DDTHH:mm:ss', but the provided "
            "timestamp: %s",
            key, text);
    *has = true;
    *ms = micros / 1000;
    return HR_OK;
}

/* ---- all of it ---- */

static const struct hr_field *field_named(const struct hr_type *schema,
                                          const char *name,
                                          bool case_sensitive)
{
    for (size_t i = 0; schema && i < schema->field_count; i++)
        if (!(case_sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return &schema->fields[i];
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const struct hr_file *x = a, *y = b;
    if (x->stat.size != y->stat.size)
        return x->stat.size < y->stat.size ? 1 : -1;
    return strcmp(x->location, y->location);
}

static enum hr_code json_paths(struct find *find, const char *text, struct hr_err *err)
{
    json_t *list = json_loads(text, 0, NULL);
    enum hr_code code = json_is_array(list)
                            ? HR_OK
                            : hr_fail(err, HR_E_INVALID, "the option 'paths' is not a JSON list");
    for (size_t i = 0; !code && i < json_array_size(list); i++)
        if (json_string_value(json_array_get(list, i)))
            code = add_path(find, json_string_value(json_array_get(list, i)), err);
    json_decref(list);
    return code;
}

enum hr_code hr_files_find(struct hr_format *format,
                           struct hr_arena *arena,
                           struct hr_env *env,
                           const struct hr_names *paths,
                           const struct hr_options *options,
                           const struct hr_type *user_schema,
                           struct hr_files *files,
                           struct hr_err *err)
{
    struct find find = {.format = format,
                        .arena = arena,
                        .env = env,
                        .options = options,
                        .parquet = files->parquet};
    const struct hr_tables_asked asked = {format->blob, env, HR_TABLES_READ};
    *files = (struct hr_files){.parquet = find.parquet};
    find.glob_filter = hr_option_get(options, "pathGlobFilter");
    HR_TRY(hr_option_bool(options, "recursiveFileLookup", false, &find.recursive, err));
    HR_TRY(hr_option_bool(options, "ignoreMissingFiles",
                          hr_conf_bool(env, "spark.sql.files.ignoreMissingFiles", false),
                          &files->ignore_missing, err));
    HR_TRY(hr_option_bool(options, "ignoreCorruptFiles",
                          hr_conf_bool(env, "spark.sql.files.ignoreCorruptFiles", false),
                          &files->ignore_corrupt, err));
    HR_TRY(time_option(&find, "modifiedBefore", &find.has_before, &find.before_ms, err));
    HR_TRY(time_option(&find, "modifiedAfter", &find.has_after, &find.after_ms, err));
    if (hr_option_get(options, "basePath"))
        HR_TRY(hr_blob_normalize(format->blob, arena, hr_option_get(options, "basePath"),
                                 &find.base_path, err));
    const char *single = hr_option_get(options, "path"), *several = hr_option_get(options, "paths");
    files->first = paths->count ? paths->at[0] : single ? single : "";
    for (size_t i = 0; i < paths->count; i++)
        HR_TRY(add_path(&find, paths->at[i], err));
    if (!paths->count && single)
        HR_TRY(add_path(&find, single, err));
    if (!paths->count && several)
        HR_TRY(json_paths(&find, several, err));
    bool *in_partition = HR_NEW_ARRAY(arena, bool, find.count + 1);
    if (!find.recursive)
        HR_TRY(hr_partitions_find(arena, env, find.files, find.bases, in_partition, find.count,
                                  user_schema, files, err));
    size_t kept = 0;
    /* without partition columns only what stands directly in a root is read */
    for (size_t i = 0; i < find.count; i++) {
        bool keeps = files->partition_count ? in_partition[i] : find.direct[i] || find.recursive;
        if (!keeps)
            continue;
        HR_TRY(hr_tables_refuse_file(&asked, &find.tables, find.files[i].location, err));
        find.files[kept++] = find.files[i];
    }
    files->summaries = find.summaries;
    files->summary_count = find.summary_count;
    files->at = find.files;
    files->count = kept;
    if (kept)
        qsort(files->at, kept, sizeof *files->at, by_size);
    files->uris = (struct hr_names){HR_NEW_ARRAY(arena, const char *, kept + 1), kept};
    for (size_t i = 0; i < kept; i++) {
        files->bytes += files->at[i].stat.size;
        files->uris.at[i] = hr_files_uri(arena, files->at[i].location);
    }
    atomic_fetch_add(&format->files_listed, kept);
    return HR_OK;
}

void hr_files_key(const struct hr_files *files, struct hr_buf *out)
{
    for (size_t i = 0; i < files->count; i++) {
        hr_buf_addf(out, "%s|%s|%lld", files->at[i].location, files->at[i].stat.etag,
                    (long long)files->at[i].stat.size);
        for (size_t c = 0; c < files->partition_count; c++)
            hr_buf_addf(out, "|%s", files->at[i].partition[c] ? files->at[i].partition[c] : "\x01");
        hr_buf_addc(out, '\n');
    }
}

int hr_files_partition(const struct hr_files *files, const char *name, bool case_sensitive)
{
    for (size_t i = 0; i < files->partition_count; i++)
        if (!(case_sensitive ? strcmp : strcasecmp)(files->partitions[i].name, name))
            return (int)i;
    return -1;
}

const struct hr_type *hr_files_schema(struct hr_arena *arena,
                                      const struct hr_files *files,
                                      const struct hr_type *data,
                                      bool case_sensitive)
{
    size_t count = 0;
    struct hr_field *fields =
        HR_NEW_ARRAY(arena, struct hr_field, data->field_count + files->partition_count + 1);
    for (size_t i = 0; i < data->field_count; i++) {
        int partition = hr_files_partition(files, data->fields[i].name, case_sensitive);
        fields[count] = partition >= 0 ? files->partitions[partition] : data->fields[i];
        fields[count++].nullable = true;
    }
    for (size_t i = 0; i < files->partition_count; i++)
        if (!field_named(data, files->partitions[i].name, case_sensitive))
            fields[count++] = files->partitions[i];
    return hr_type_struct(arena, fields, count);
}

const struct hr_type *hr_files_without_partitions(struct hr_arena *arena,
                                                  const struct hr_type *user,
                                                  const struct hr_files *files,
                                                  bool sensitive)
{
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, user->field_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < user->field_count; i++)
        if (hr_files_partition(files, user->fields[i].name, sensitive) < 0)
            fields[count++] = user->fields[i];
    return hr_type_struct(arena, fields, count);
}

bool hr_files_versioned(const struct hr_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (!files->at[i].stat.etag[0])
            return false;
    return true;
}

bool hr_files_compressed(const struct hr_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->at[i].codec != HR_CODEC_NONE)
            return true;
    return false;
}

/* ---- _metadata ---- */

const struct hr_type *hr_files_metadata_type(struct hr_arena *arena, bool row_index)
{
    static const struct {
        const char *name;
        enum hr_type_id id;
    } columns[] = {
        {"file_path", HR_TYPE_STRING},       {"file_name", HR_TYPE_STRING},
        {"file_size", HR_TYPE_LONG},         {"file_block_start", HR_TYPE_LONG},
        {"file_block_length", HR_TYPE_LONG}, {"file_modification_time", HR_TYPE_TIMESTAMP},
        {"row_index", HR_TYPE_LONG},
    };
    size_t count = HR_LEN(columns) - !row_index;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, count);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct hr_field){columns[i].name, hr_type_basic(columns[i].id), false, NULL};
    return hr_type_struct(arena, fields, count);
}

static void sql_text(const char *text, struct hr_buf *out)
{
    hr_buf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            hr_buf_addc(out, '\'');
        hr_buf_addc(out, *text);
    }
    hr_buf_addc(out, '\'');
}

void hr_files_metadata(struct hr_arena *arena, const struct hr_files *files, struct hr_buf *out)
{
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < files->count; i++) {
        const struct hr_file *file = &files->at[i];
        const char *uri = hr_files_uri(arena, file->location);
        if (!strncmp(uri, "file:///", 8))
            uri = hr_printf(arena, "file:%s", uri + 7);
        hr_buf_adds(out, i ? ", {'f0': " : "{'f0': ");
        sql_text(uri, out);
        hr_buf_adds(out, ", 'f1': ");
        sql_text(base_name(uri), out);
        hr_buf_addf(
            out,
            ", 'f2': CAST(%lld AS BIGINT), 'f3': CAST(0 AS BIGINT), 'f4': CAST(%lld AS BIGINT), 'f5': make_timestamptz(CAST(%lld AS BIGINT))}",
            (long long)file->stat.size, (long long)file->stat.size,
            (long long)file->stat.mtime_ms * 1000);
    }
    hr_buf_addc(out, ']');
}
