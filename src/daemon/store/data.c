#include "daemon/store/data.h"
#include "base/check.h"
#include "daemon/store/private.h"
#include <string.h>

#define DATASTORE                                                                                                                \
    "SELECT workspace, name, type, account, container, address, credential, secret, description, tags, is_default, created_by, " \
    "created_ms, changed_ms FROM datastore "
#define SAVED \
    "SELECT id, workspace, type, definition, digest, file_count, bytes, files_len, created_by, created_ms"
#define DATASET                                                                                                                    \
    "SELECT d.id, d.workspace, d.name, s.type, v.version, v.saved, s.definition, s.digest, s.file_count, s.bytes, v.description, " \
    "v.tags, v.created_by, v.created_ms FROM dataset d JOIN dataset_version v ON v.dataset = d.id JOIN saved_dataset s ON s.id = v.saved "
#define LATEST "(SELECT max(l.version) FROM dataset_version l WHERE l.dataset = d.id)"

/* the one row of what was asked, or NULL */
static enum hr_code single(struct hr_store *store,
                           sqlite3_stmt *stmt,
                           struct hr_arena *arena,
                           size_t size,
                           hr_store_read *read,
                           void *row,
                           struct hr_err *err)
{
    void *at;
    size_t count;
    HR_TRY(hr_store_collect(store, stmt, arena, size, read, &at, &count, err));
    *(void **)row = count ? at : NULL;
    return HR_OK;
}

#define LIST(stmt, type, read, out)                                                               \
    do {                                                                                          \
        void *at_;                                                                                \
        size_t count_;                                                                            \
        HR_TRY(hr_store_collect(store, (stmt), arena, sizeof(type), (read), &at_, &count_, err)); \
        (out)->at = (type *)at_;                                                                  \
        (out)->count = count_;                                                                    \
        return HR_OK;                                                                             \
    } while (0)

/* ---- datastores ---- */

static void read_datastore(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    const char *text[10];
    for (int i = 0; i < 10; i++)
        text[i] = hr_store_text(stmt, i, arena);
    *(struct hr_datastore_row *)row = (struct hr_datastore_row){text[0],
                                                                text[1],
                                                                text[2],
                                                                text[3],
                                                                text[4],
                                                                text[5],
                                                                text[6],
                                                                text[7],
                                                                text[8],
                                                                text[9],
                                                                sqlite3_column_int64(stmt, 10),
                                                                hr_store_text(stmt, 11, arena),
                                                                sqlite3_column_int64(stmt, 12),
                                                                sqlite3_column_int64(stmt, 13)};
}

enum hr_code hr_store_datastore_put(struct hr_store *store,
                                    const struct hr_datastore_row *row,
                                    struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "INSERT OR REPLACE INTO datastore VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            "ttttttttttitii", row->workspace, row->name, row->type, row->account, row->container,
            row->address, row->credential, row->secret, row->description, row->tags,
            row->is_default, row->created_by, row->created_ms, row->changed_ms),
        err);
}

enum hr_code hr_store_datastore_get(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *workspace,
                                    const char *name,
                                    struct hr_datastore_row **row,
                                    struct hr_err *err)
{
    sqlite3_stmt *stmt =
        name
            ? hr_store_bind(store, DATASTORE "WHERE workspace = ?1 AND name = ?2", "tt", workspace,
                            name)
            : hr_store_bind(store, DATASTORE "WHERE workspace = ?1 AND is_default", "t", workspace);
    return single(store, stmt, arena, sizeof **row, read_datastore, row, err);
}

enum hr_code hr_store_datastore_list(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *workspace,
                                     struct hr_datastore_rows *rows,
                                     struct hr_err *err)
{
    LIST(hr_store_bind(store, DATASTORE "WHERE workspace = ?1 ORDER BY name", "t", workspace),
         struct hr_datastore_row, read_datastore, rows);
}

enum hr_code hr_store_datastore_default(struct hr_store *store,
                                        const char *workspace,
                                        const char *name,
                                        struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(store, "UPDATE datastore SET is_default = (name = ?2) WHERE workspace = ?1",
                      "tt", workspace, name),
        err);
}

enum hr_code hr_store_datastore_remove(struct hr_store *store,
                                       const char *workspace,
                                       const char *name,
                                       struct hr_err *err)
{
    return hr_store_finish(store,
                           hr_store_bind(store,
                                         "DELETE FROM datastore WHERE workspace = ?1 AND name = ?2",
                                         "tt", workspace, name),
                           err);
}

/* ---- saved datasets ---- */

static void read_saved(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    struct hr_saved_row *saved = row;
    *saved = (struct hr_saved_row){.id = hr_store_text(stmt, 0, arena),
                                   .workspace = hr_store_text(stmt, 1, arena),
                                   .type = hr_store_text(stmt, 2, arena),
                                   .definition = hr_store_text(stmt, 3, arena),
                                   .digest = hr_store_text(stmt, 4, arena),
                                   .file_count = sqlite3_column_int64(stmt, 5),
                                   .bytes = sqlite3_column_int64(stmt, 6),
                                   .files_len = sqlite3_column_int64(stmt, 7),
                                   .created_by = hr_store_text(stmt, 8, arena),
                                   .created_ms = sqlite3_column_int64(stmt, 9)};
    if (sqlite3_column_count(stmt) < 11)
        return;
    saved->files_size = (size_t)sqlite3_column_bytes(stmt, 10);
    saved->files = hr_memdup(arena, sqlite3_column_blob(stmt, 10), saved->files_size);
}

enum hr_code hr_store_saved_add(struct hr_store *store,
                                const struct hr_saved_row *row,
                                struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "INSERT INTO saved_dataset VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            "tttttiiitib", row->id, row->workspace, row->type, row->definition, row->digest,
            row->file_count, row->bytes, row->files_len, row->created_by, row->created_ms,
            row->files, row->files_size),
        err);
}

enum hr_code hr_store_saved_get(struct hr_store *store,
                                struct hr_arena *arena,
                                const char *workspace,
                                const char *id,
                                struct hr_saved_row **row,
                                struct hr_err *err)
{
    return single(store,
                  hr_store_bind(store,
                                SAVED ", files FROM saved_dataset WHERE workspace = ?1 AND id = ?2",
                                "tt", workspace, id),
                  arena, sizeof **row, read_saved, row, err);
}

enum hr_code hr_store_saved_digest(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *workspace,
                                   const char *digest,
                                   struct hr_saved_row **row,
                                   struct hr_err *err)
{
    return single(store,
                  hr_store_bind(store,
                                SAVED
                                " FROM saved_dataset WHERE digest = ?2 AND workspace = ?1 LIMIT 1",
                                "tt", workspace, digest),
                  arena, sizeof **row, read_saved, row, err);
}

/* ---- named datasets and their versions ---- */

static void read_dataset(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_dataset_row *)row =
        (struct hr_dataset_row){.id = hr_store_text(stmt, 0, arena),
                                .workspace = hr_store_text(stmt, 1, arena),
                                .name = hr_store_text(stmt, 2, arena),
                                .type = hr_store_text(stmt, 3, arena),
                                .version = sqlite3_column_int64(stmt, 4),
                                .saved = hr_store_text(stmt, 5, arena),
                                .definition = hr_store_text(stmt, 6, arena),
                                .digest = hr_store_text(stmt, 7, arena),
                                .file_count = sqlite3_column_int64(stmt, 8),
                                .bytes = sqlite3_column_int64(stmt, 9),
                                .description = hr_store_text(stmt, 10, arena),
                                .tags = hr_store_text(stmt, 11, arena),
                                .created_by = hr_store_text(stmt, 12, arena),
                                .created_ms = sqlite3_column_int64(stmt, 13)};
}

enum hr_code hr_store_dataset_get(struct hr_store *store,
                                  struct hr_arena *arena,
                                  const char *workspace,
                                  const char *id,
                                  const char *name,
                                  int64_t version,
                                  struct hr_dataset_row **row,
                                  struct hr_err *err)
{
    sqlite3_stmt *stmt = hr_store_bind(
        store,
        DATASET
        "WHERE d.workspace = ?1 AND (d.id = ?2 OR d.name = ?3) AND v.version = CASE ?4 WHEN 0 THEN " LATEST
        " ELSE ?4 END",
        "ttti", workspace, id, name, version);
    return single(store, stmt, arena, sizeof **row, read_dataset, row, err);
}

enum hr_code hr_store_dataset_list(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *workspace,
                                   struct hr_dataset_rows *rows,
                                   struct hr_err *err)
{
    LIST(hr_store_bind(store,
                       DATASET "WHERE d.workspace = ?1 AND v.version = " LATEST " ORDER BY d.name",
                       "t", workspace),
         struct hr_dataset_row, read_dataset, rows);
}

enum hr_code hr_store_dataset_versions(struct hr_store *store,
                                       struct hr_arena *arena,
                                       const char *workspace,
                                       const char *id,
                                       struct hr_dataset_rows *rows,
                                       struct hr_err *err)
{
    LIST(hr_store_bind(store,
                       DATASET "WHERE d.workspace = ?1 AND d.id = ?2 ORDER BY v.version DESC", "tt",
                       workspace, id),
         struct hr_dataset_row, read_dataset, rows);
}

enum hr_code hr_store_dataset_add(struct hr_store *store,
                                  const struct hr_dataset_row *row,
                                  struct hr_err *err)
{
    HR_TRY(hr_store_finish(
        store,
        hr_store_bind(store, "INSERT OR IGNORE INTO dataset VALUES (?1, ?2, ?3, ?4)", "ttti",
                      row->id, row->workspace, row->name, row->created_ms),
        err));
    return hr_store_finish(
        store,
        hr_store_bind(store, "INSERT INTO dataset_version VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                      "titttti", row->id, row->version, row->saved, row->description, row->tags,
                      row->created_by, row->created_ms),
        err);
}

enum hr_code hr_store_dataset_edit(struct hr_store *store,
                                   const char *id,
                                   int64_t version,
                                   const char *description,
                                   const char *tags,
                                   struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "UPDATE dataset_version SET description = ?3, tags = ?4 WHERE dataset = ?1 AND version = ?2",
            "titt", id, version, description, tags),
        err);
}

enum hr_code hr_store_dataset_remove(struct hr_store *store,
                                     const char *id,
                                     int64_t version,
                                     struct hr_err *err)
{
    HR_TRY(hr_store_finish(
        store,
        hr_store_bind(store,
                      "DELETE FROM dataset_version WHERE dataset = ?1 AND (version = ?2 OR ?2 = 0)",
                      "ti", id, version),
        err));
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "DELETE FROM dataset WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM dataset_version WHERE dataset = ?1)",
            "t", id),
        err);
}
