/* Which files a path means: globs, hidden files, recursion, filters by name and time. */
#include "host/format/files/files.h"
#include "host/format/files/partitions.h"
#include "host/format/files/tables.h"
#include <jansson.h>
#include <stdlib.h>

struct find {
    struct hr_format *format;
    struct hr_arena *arena;
    struct hr_env *env;
    const struct hr_options *options;
    bool filtered;
    struct hr_blob_names filter; /* pathGlobFilter */
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
    if (find->filtered && !hr_blob_names_fit(&find->filter, hr_files_name(location)))
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
        if (hr_blob_hidden(hr_files_name(location))) /* even when it is named by itself */
            return HR_OK;
        if (find->parquet)
            HR_TRY(
                hr_tables_refuse_above(&asked, hr_files_parent(find->arena, location), true, err));
        add_file(find, location, stat,
                 find->base_path ? find->base_path : hr_files_parent(find->arena, location), true);
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
        if (find->parquet && is_summary(hr_files_name(entry->name)))
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

static enum hr_code add_glob(struct find *find, const char *pattern, struct hr_err *err)
{
    struct hr_blob *blob = find->format->blob;
    struct hr_blob_page page;
    enum hr_code code = hr_blob_glob(blob, find->arena, pattern, &page, NULL, err);
    if (code == HR_E_NOT_FOUND || (!code && !page.count)) {
        const char *normal;
        HR_TRY(hr_blob_normalize(blob, find->arena, pattern, &normal, err));
        return not_found(find, normal, err);
    }
    HR_TRY(code);
    for (size_t i = 0; i < page.count; i++)
        HR_TRY(add_root(find, page.entries[i].location, &page.entries[i].stat, err));
    return HR_OK;
}

static enum hr_code add_path(struct find *find, const char *path, struct hr_err *err)
{
    if (hr_blob_has_glob(path))
        return add_glob(find, path, err);
    struct hr_blob *blob = find->format->blob;
    struct hr_blob_stat stat;
    const char *normal;
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

/* ---- all of it ---- */

static enum hr_code read_options(struct find *find, struct hr_files *files, struct hr_err *err)
{
    const struct hr_options *options = find->options;
    files->ignore_missing = hr_conf_bool(find->env, "spark.sql.files.ignoreMissingFiles", false);
    files->ignore_corrupt = hr_conf_bool(find->env, "spark.sql.files.ignoreCorruptFiles", false);
    HR_TRY(hr_option_bool(options, "recursiveFileLookup", false, &find->recursive, err));
    HR_TRY(hr_option_bool(options, "ignoreMissingFiles", files->ignore_missing,
                          &files->ignore_missing, err));
    HR_TRY(hr_option_bool(options, "ignoreCorruptFiles", files->ignore_corrupt,
                          &files->ignore_corrupt, err));
    HR_TRY(time_option(find, "modifiedBefore", &find->has_before, &find->before_ms, err));
    HR_TRY(time_option(find, "modifiedAfter", &find->has_after, &find->after_ms, err));
    const char *filter = hr_option_get(options, "pathGlobFilter");
    find->filtered = filter != NULL;
    if (filter)
        HR_TRY(hr_blob_names_parse(find->arena, filter, &find->filter, err));
    const char *base = hr_option_get(options, "basePath");
    if (!base)
        return HR_OK;
    return hr_blob_normalize(find->format->blob, find->arena, base, &find->base_path, err);
}

/* the paths of load(), else those of the options "path" and "paths" */
static enum hr_code add_paths(struct find *find,
                              const struct hr_names *paths,
                              struct hr_files *files,
                              struct hr_err *err)
{
    const char *single = hr_option_get(find->options, "path");
    const char *several = hr_option_get(find->options, "paths");
    files->first = single ? single : "";
    if (paths->count)
        files->first = paths->at[0];
    for (size_t i = 0; i < paths->count; i++)
        HR_TRY(add_path(find, paths->at[i], err));
    if (paths->count)
        return HR_OK;
    if (single)
        HR_TRY(add_path(find, single, err));
    return several ? json_paths(find, several, err) : HR_OK;
}

/* without partition columns only what stands directly in a root is read */
static bool is_read(const struct find *find,
                    const struct hr_files *files,
                    const bool *in_partition,
                    size_t i)
{
    if (files->partition_count)
        return in_partition[i];
    return find->direct[i] || find->recursive;
}

static enum hr_code keep_files(struct find *find,
                               const struct hr_type *user_schema,
                               struct hr_files *files,
                               struct hr_err *err)
{
    const struct hr_tables_asked asked = {find->format->blob, find->env, HR_TABLES_READ};
    bool *in_partition = HR_NEW_ARRAY(find->arena, bool, find->count + 1);
    if (!find->recursive)
        HR_TRY(hr_partitions_find(find->arena, find->env, find->files, find->bases, in_partition,
                                  find->count, user_schema, files, err));
    files->at = find->files;
    for (size_t i = 0; i < find->count; i++) {
        if (!is_read(find, files, in_partition, i))
            continue;
        HR_TRY(hr_tables_refuse_file(&asked, &find->tables, find->files[i].location, err));
        files->at[files->count++] = find->files[i];
    }
    if (files->count)
        qsort(files->at, files->count, sizeof *files->at, by_size);
    return HR_OK;
}

static void describe_files(struct hr_arena *arena, struct hr_files *files)
{
    files->uris.at = HR_NEW_ARRAY(arena, const char *, files->count + 1);
    files->uris.count = files->count;
    for (size_t i = 0; i < files->count; i++) {
        files->bytes += files->at[i].stat.size;
        files->uris.at[i] = hr_files_uri(arena, files->at[i].location);
    }
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
    *files = (struct hr_files){.parquet = find.parquet};
    HR_TRY(read_options(&find, files, err));
    HR_TRY(add_paths(&find, paths, files, err));
    HR_TRY(keep_files(&find, user_schema, files, err));
    files->summaries = find.summaries;
    files->summary_count = find.summary_count;
    describe_files(arena, files);
    atomic_fetch_add(&format->files_listed, files->count);
    return HR_OK;
}
