#include "host/format/tables.h"
#include <stdio.h>
#include <string.h>

/* what tells a table's folder */
static const struct { const char *log, *name; } formats[] = {{"_delta_log", "Delta Lake"}, {".hoodie", "Apache Hudi"}};
#define ICEBERG "Apache Iceberg"

/* Delta's own switch, in its own words; here it lets the other two through as well */
#define CHECK "spark.databricks.delta.formatCheck.enabled"

static bool is_asked(const struct hr_tables_asked *asked) { return hr_conf_bool(asked->env, CHECK, true); }

static enum hr_code refuse(const struct hr_tables_asked *asked, const char *folder, const char *name, const char *log, struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    bool reads = asked->use == HR_TABLES_READ;
    hr_fail_spark(err, reads ? "UNSUPPORTED_FEATURE.READ_FILES_OF_TABLE" : "UNSUPPORTED_FEATURE.WRITE_FILES_INTO_TABLE", "path",
                  hr_files_spark_path(scratch, folder), "format", name, "log", log, "config", "\"" CHECK "\"", NULL);
    hr_arena_free(scratch);
    return HR_E_SPARK;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), n = strlen(suffix);
    return len >= n && !strcmp(text + len - n, suffix);
}

static bool is_below(const char *name, const char *folder)
{
    size_t len = strlen(folder);
    return !strncmp(name, folder, len) && (!name[len] || name[len] == '/');
}

enum hr_code hr_tables_refuse_listed(const struct hr_tables_asked *asked, const char *folder, const struct hr_blob_page *page, struct hr_err *err)
{
    if (!is_asked(asked))
        return HR_OK;
    for (size_t i = 0; i < page->count; i++) {
        const char *name = page->entries[i].name;
        for (size_t f = 0; f < HR_LEN(formats); f++)
            if (is_below(name, formats[f].log))
                return refuse(asked, folder, formats[f].name, formats[f].log, err);
        if (is_below(name, "metadata") && has_suffix(name, ".metadata.json"))
            return refuse(asked, folder, ICEBERG, "metadata/*.metadata.json", err);
    }
    return HR_OK;
}

static const char *last_part(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    return slash ? slash + 1 : folder;
}

static const char *above(struct hr_arena *arena, const char *folder)
{
    const char *slash = strrchr(folder, '/');
    bool root = !slash || slash == folder || slash[-1] == '/';     /* "/", "wasbs://container" */
    return root ? NULL : hr_strndup(arena, folder, (size_t)(slash - folder));
}

static enum hr_code is_there(const struct hr_tables_asked *asked, const char *location, bool *there, struct hr_err *err)
{
    struct hr_blob_stat stat;
    struct hr_err ignored = {0};
    enum hr_code code = hr_blob_stat(asked->blob, location, &stat, NULL, &ignored);
    *there = !code && stat.is_dir;
    if (!code || code == HR_E_NOT_FOUND || code == HR_E_STORAGE_DENIED)    /* whoever may read these files alone reads them */
        return HR_OK;
    if (err)
        *err = ignored;
    return code;
}

static enum hr_code look(const struct hr_tables_asked *asked, struct hr_arena *arena, const char *folder, struct hr_err *err)
{
    bool there;
    for (size_t f = 0; f < HR_LEN(formats); f++) {
        HR_TRY(is_there(asked, hr_blob_join(arena, folder, formats[f].log), &there, err));
        if (there)
            return refuse(asked, folder, formats[f].name, formats[f].log, err);
    }
    return HR_OK;
}

/* an Iceberg table keeps its files in `data`, beside `metadata` */
static enum hr_code look_iceberg(const struct hr_tables_asked *asked, struct hr_arena *arena, const char *folder, struct hr_err *err)
{
    bool there;
    struct hr_blob_page page;
    struct hr_blob_list_options options = {.recursive = false};
    const char *metadata = hr_blob_join(arena, folder, "metadata");
    HR_TRY(is_there(asked, metadata, &there, err));
    if (!there)
        return HR_OK;
    HR_TRY(hr_blob_list(asked->blob, arena, metadata, &options, &page, NULL, err));
    for (size_t i = 0; i < page.count; i++)
        if (has_suffix(page.entries[i].name, ".metadata.json"))
            return refuse(asked, folder, ICEBERG, "metadata/*.metadata.json", err);
    return HR_OK;
}

static enum hr_code refuse_above(const struct hr_tables_asked *asked, struct hr_arena *arena, const char *folder, bool itself, struct hr_err *err)
{
    if (itself)
        HR_TRY(look(asked, arena, folder, err));
    if (itself && asked->use == HR_TABLES_WRITE)
        HR_TRY(look_iceberg(asked, arena, folder, err));
    while (folder && strchr(last_part(folder), '=')) {
        folder = above(arena, folder);
        if (folder)
            HR_TRY(look(asked, arena, folder, err));
    }
    if (!folder || strcmp(last_part(folder), "data"))
        return HR_OK;
    folder = above(arena, folder);
    return folder ? look_iceberg(asked, arena, folder, err) : HR_OK;
}

enum hr_code hr_tables_refuse_above(const struct hr_tables_asked *asked, const char *folder, bool itself, struct hr_err *err)
{
    if (!is_asked(asked) || !strncmp(folder, "dataset://", 10))            /* a dataset's files were looked at when it was saved */
        return HR_OK;
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = refuse_above(asked, arena, folder, itself, err);
    hr_arena_free(arena);
    return code;
}
