#include "host/format/files/tables.h"
#include <stdio.h>
#include <string.h>

/* Delta's own switch, in its own words; here it lets the other two through as well */
#define CHECK "spark.databricks.delta.formatCheck.enabled"

static bool is_asked(const struct hr_tables_asked *asked)
{
    return hr_conf_bool(asked->env, CHECK, true);
}

static enum hr_code refuse(const struct hr_tables_asked *asked,
                           const char *folder,
                           const struct hr_blob_table *table,
                           struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    bool reads = asked->use == HR_TABLES_READ;
    const char *log =
        table->marks ? hr_printf(scratch, "%s/*%s", table->log, table->marks) : table->log;
    hr_fail_spark(err,
                  reads ? "UNSUPPORTED_FEATURE.READ_FILES_OF_TABLE"
                        : "UNSUPPORTED_FEATURE.WRITE_FILES_INTO_TABLE",
                  "path", hr_files_spark_path(scratch, folder), "format", table->format, "log", log,
                  "config", "\"" CHECK "\"", NULL);
    hr_arena_free(scratch);
    return HR_E_SPARK;
}

static bool is_below(const char *location, const char *folder)
{
    size_t len = strlen(folder);
    return !strncmp(location, folder, len) && location[len] == '/';
}

static void add(struct hr_tables *found,
                struct hr_arena *arena,
                const char *folder,
                const struct hr_blob_table *table)
{
    if (found->count && !strcmp(found->at[found->count - 1].folder, folder))
        return; /* a log has many files */
    if (found->count == found->cap) {
        size_t cap = found->cap ? 2 * found->cap : 8;
        struct hr_tables_found *grown = HR_NEW_ARRAY(arena, struct hr_tables_found, cap);
        if (found->count)
            memcpy(grown, found->at, found->count * sizeof *grown);
        found->at = grown;
        found->cap = cap;
    }
    found->at[found->count++] = (struct hr_tables_found){folder, table};
}

enum hr_code hr_tables_look(const struct hr_tables_asked *asked,
                            struct hr_arena *arena,
                            const char *folder,
                            const struct hr_blob_page *page,
                            struct hr_tables *found,
                            struct hr_err *err)
{
    if (!is_asked(asked))
        return HR_OK;
    for (size_t i = 0; i < page->count; i++) {
        size_t len;
        const char *name = page->entries[i].name;
        const struct hr_blob_table *table = hr_blob_table_of(name, &len);
        if (table && !len)
            return refuse(asked, folder, table, err);
        if (table)
            add(found, arena, hr_blob_join(arena, folder, hr_strndup(arena, name, len)), table);
    }
    return HR_OK;
}

enum hr_code hr_tables_refuse_file(const struct hr_tables_asked *asked,
                                   const struct hr_tables *found,
                                   const char *location,
                                   struct hr_err *err)
{
    for (size_t i = 0; i < found->count; i++)
        if (is_below(location, found->at[i].folder))
            return refuse(asked, found->at[i].folder, found->at[i].table, err);
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
    bool root = !slash || slash == folder || slash[-1] == '/'; /* "/", "wasbs://container" */
    return root ? NULL : hr_strndup(arena, folder, (size_t)(slash - folder));
}

static enum hr_code is_there(const struct hr_tables_asked *asked,
                             const char *location,
                             bool *there,
                             struct hr_err *err)
{
    struct hr_blob_stat stat;
    struct hr_err ignored = {0};
    enum hr_code code = hr_blob_stat(asked->blob, location, &stat, NULL, &ignored);
    *there = !code && stat.is_dir;
    /* whoever may read these files alone reads them */
    if (!code || code == HR_E_NOT_FOUND || code == HR_E_STORAGE_DENIED)
        return HR_OK;
    if (err)
        *err = ignored;
    return code;
}

/* the log's name alone tells, where it does not take a look at what the log holds */
static enum hr_code look(const struct hr_tables_asked *asked,
                         struct hr_arena *arena,
                         const char *folder,
                         struct hr_err *err)
{
    bool there;
    for (const struct hr_blob_table *table = hr_blob_tables; table->format; table++) {
        if (table->marks)
            continue;
        HR_TRY(is_there(asked, hr_blob_join(arena, folder, table->log), &there, err));
        if (there)
            return refuse(asked, folder, table, err);
    }
    return HR_OK;
}

static enum hr_code look_within(const struct hr_tables_asked *asked,
                                struct hr_arena *arena,
                                const char *folder,
                                const struct hr_blob_table *table,
                                struct hr_err *err)
{
    bool there;
    struct hr_blob_page page;
    const char *log = hr_blob_join(arena, folder, table->log);
    HR_TRY(is_there(asked, log, &there, err));
    if (!there)
        return HR_OK;
    HR_TRY(hr_blob_list_all(asked->blob, arena, log, false, &page, NULL, err));
    for (size_t i = 0; i < page.count; i++)
        if (hr_blob_has_suffix(page.entries[i].name, table->marks))
            return refuse(asked, folder, table, err);
    return HR_OK;
}

/* an Iceberg table keeps its files in `data`, beside `metadata` */
static enum hr_code look_marked(const struct hr_tables_asked *asked,
                                struct hr_arena *arena,
                                const char *folder,
                                struct hr_err *err)
{
    for (const struct hr_blob_table *table = hr_blob_tables; table->format; table++)
        if (table->marks)
            HR_TRY(look_within(asked, arena, folder, table, err));
    return HR_OK;
}

static enum hr_code refuse_above(const struct hr_tables_asked *asked,
                                 struct hr_arena *arena,
                                 const char *folder,
                                 bool itself,
                                 struct hr_err *err)
{
    if (itself)
        HR_TRY(look(asked, arena, folder, err));
    if (itself && asked->use == HR_TABLES_WRITE)
        HR_TRY(look_marked(asked, arena, folder, err));
    while (folder && strchr(last_part(folder), '=')) {
        folder = above(arena, folder);
        if (folder)
            HR_TRY(look(asked, arena, folder, err));
    }
    if (!folder || strcmp(last_part(folder), "data"))
        return HR_OK;
    folder = above(arena, folder);
    return folder ? look_marked(asked, arena, folder, err) : HR_OK;
}

enum hr_code hr_tables_refuse_above(const struct hr_tables_asked *asked,
                                    const char *folder,
                                    bool itself,
                                    struct hr_err *err)
{
    /* a dataset's files were looked at when it was saved */
    if (!is_asked(asked) || !strncmp(folder, "dataset://", 10))
        return HR_OK;
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = refuse_above(asked, arena, folder, itself, err);
    hr_arena_free(arena);
    return code;
}
