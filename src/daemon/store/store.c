#include "daemon/store/store.h"
#include "base/check.h"
#include "daemon/store/private.h"
#include "daemon/store/schema.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* every statement of the server, by name */
#define PRINCIPAL "SELECT id, name, kind, created_ms FROM principal "
#define ASSIGNMENT "SELECT id, role, principal, scope, created_by, created_ms FROM assignment "
#define RESOURCE \
    "SELECT id, type, parent, name, location, properties, tags, identity, created_by, created_ms, changed_ms FROM resource "
#define OPERATION \
    "SELECT id, resource, kind, status, error, owner, started_ms, ended_ms FROM operation "
#define STATEMENTS(X)                                                                                                    \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                                          \
    X(COMMIT, "COMMIT")                                                                                                  \
    X(ROLLBACK, "ROLLBACK")                                                                                              \
    X(SETTING_GET, "SELECT value FROM setting WHERE name = ?1")                                                          \
    X(SETTING_PUT,                                                                                                       \
      "INSERT INTO setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")                                 \
    X(PRINCIPAL_ADD, "INSERT INTO principal VALUES (?1, ?2, ?3, ?4)")                                                    \
    X(PRINCIPAL_GET, PRINCIPAL "WHERE id = ?1")                                                                          \
    X(PRINCIPAL_NAMED, PRINCIPAL "WHERE name = ?1")                                                                      \
    X(PRINCIPAL_LIST, PRINCIPAL "ORDER BY name")                                                                         \
    X(PRINCIPAL_REMOVE, "DELETE FROM principal WHERE id = ?1")                                                           \
    X(TOKEN_ADD, "INSERT INTO token VALUES (?1, ?2, ?3)")                                                                \
    X(TOKEN_PRINCIPAL,                                                                                                   \
      "SELECT p.id, p.name, p.kind, p.created_ms FROM token t JOIN principal p ON p.id = t.principal WHERE t.hash = ?1") \
    X(TOKEN_REMOVE, "DELETE FROM token WHERE hash = ?1")                                                                 \
    X(TOKEN_REMOVE_OF, "DELETE FROM token WHERE principal = ?1")                                                         \
    X(ASSIGNMENT_ADD, "INSERT INTO assignment VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                          \
    X(ASSIGNMENT_GET, ASSIGNMENT "WHERE id = ?1")                                                                        \
    X(ASSIGNMENT_REMOVE, "DELETE FROM assignment WHERE id = ?1")                                                         \
    X(ASSIGNMENT_REMOVE_UNDER,                                                                                           \
      "DELETE FROM assignment WHERE scope = ?1 OR substr(scope, 1, length(?1) + 1) = ?1 || '/' COLLATE NOCASE")          \
    X(ASSIGNMENT_LIST, ASSIGNMENT "ORDER BY created_ms, id")                                                             \
    X(ASSIGNMENT_OF, ASSIGNMENT "WHERE principal = ?1 ORDER BY created_ms, id")                                          \
    X(RESOURCE_ADD, "INSERT INTO resource VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")                        \
    X(RESOURCE_UPDATE,                                                                                                   \
      "UPDATE resource SET properties = ?2, tags = ?3, changed_ms = ?4 WHERE id = ?1")                                   \
    X(RESOURCE_GET, RESOURCE "WHERE id = ?1")                                                                            \
    X(RESOURCE_LIST, RESOURCE "WHERE parent = ?1 AND type = ?2 ORDER BY name")                                           \
    X(RESOURCE_ALL, RESOURCE "WHERE type = ?1 ORDER BY created_ms, id")                                                  \
    X(RESOURCE_REMOVE,                                                                                                   \
      "DELETE FROM resource WHERE id = ?1 OR substr(id, 1, length(?1) + 1) = ?1 || '/' COLLATE NOCASE")                  \
    X(OPERATION_ADD,                                                                                                     \
      "INSERT INTO operation (id, resource, kind, status, owner, started_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")           \
    X(OPERATION_END, "UPDATE operation SET status = ?2, error = ?3, ended_ms = ?4 WHERE id = ?1")                        \
    X(OPERATION_GET, OPERATION "WHERE id = ?1")                                                                          \
    X(OPERATION_OPEN, OPERATION "WHERE ended_ms = 0 ORDER BY started_ms")                                                \
    X(SESSION_ADD,                                                                                                       \
      "INSERT INTO session (uuid, owner, pool, state, request, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")             \
    X(SESSION_END, "UPDATE session SET state = ?2, ended_ms = ?3 WHERE id = ?1")                                         \
    X(SESSION_LIST,                                                                                                      \
      "SELECT id, uuid, owner, pool, state, request, created_ms, ended_ms FROM session ORDER BY id DESC LIMIT ?1")

#define OTHERS_MAX 128

enum statement {
#define X(name, sql) S_##name,
    STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

static const char *const sql_of[] = {
#define X(name, sql) sql,
    STATEMENTS(X)
#undef X
};

struct hr_store {
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENT_COUNT]; /* made at first use */
    /* those of the store's other files */
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } others[OTHERS_MAX];
    size_t other_count;
};

static enum hr_code failed(struct hr_store *store, struct hr_err *err)
{
    int rc = sqlite3_extended_errcode(store->db);
    const char *text = sqlite3_errmsg(store->db);
    if (rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_UNIQUE)
        return hr_fail(err, HR_E_EXISTS, "the name is taken");
    if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
        return hr_fail(err, HR_E_NOT_FOUND, "the principal does not exist");
    if (sqlite3_errcode(store->db) == SQLITE_FULL) {
        hr_fail(err, HR_E_FULL, "the server cannot keep this: the disk of its home is full");
        return hr_fail_hint(err, "free space there, and do it again");
    }
    return hr_fail(err, HR_E_IO, "the server's store failed: %s", text);
}

static enum hr_code run_script(struct hr_store *store, const char *sql, struct hr_err *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) ? failed(store, err) : HR_OK;
}

static int version_of(struct hr_store *store)
{
    sqlite3_stmt *stmt;
    int version = -1;
    if (!sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &stmt, NULL) &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static enum hr_code migrate(struct hr_store *store, const char *path, struct hr_err *err)
{
    int version = version_of(store);
    if (version < 0)
        return failed(store, err);
    if (version > (int)HR_LEN(migrations))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "store \"%s\" was written by a newer headrace (schema %d, this one knows %d)", path,
            version, (int)HR_LEN(migrations));
    for (; version < (int)HR_LEN(migrations); version++) {
        char done[64];
        sqlite3_snprintf(sizeof done, done, "PRAGMA user_version = %d; COMMIT", version + 1);
        HR_TRY(run_script(store, "BEGIN IMMEDIATE", err));
        HR_TRY(run_script(store, migrations[version], err));
        HR_TRY(run_script(store, done, err));
    }
    return HR_OK;
}

enum hr_code hr_store_open(const char *path, struct hr_store **out, struct hr_err *err)
{
    struct hr_store *store = calloc(1, sizeof *store);
    HR_CHECK(store);
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    enum hr_code code = sqlite3_open_v2(path, &store->db, flags, NULL) ? failed(store, err) : HR_OK;
    if (!code)
        code = run_script(
            store,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -512",
            err);
    if (!code)
        code = migrate(store, path, err);
    if (code) {
        hr_store_close(store);
        return code;
    }
    *out = store;
    return HR_OK;
}

void hr_store_close(struct hr_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->prepared[i]);
    for (size_t i = 0; i < store->other_count; i++)
        sqlite3_finalize(store->others[i].stmt);
    sqlite3_close(store->db);
    free(store);
}

/* kinds: t text (NULL allowed), i int64_t */
static sqlite3_stmt *bind(struct hr_store *store, enum statement which, const char *kinds, ...)
{
    sqlite3_stmt **stmt = &store->prepared[which];
    if (!*stmt &&
        sqlite3_prepare_v3(store->db, sql_of[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL))
        return NULL;
    sqlite3_reset(*stmt);
    va_list args;
    va_start(args, kinds);
    for (int i = 0; kinds[i]; i++) {
        if (kinds[i] == 't')
            sqlite3_bind_text(*stmt, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        else
            sqlite3_bind_int64(*stmt, i + 1, va_arg(args, int64_t));
    }
    va_end(args);
    return *stmt;
}

/* a statement without rows */
static enum hr_code finish(struct hr_store *store, sqlite3_stmt *stmt, struct hr_err *err)
{
    if (!stmt)
        return failed(store, err);
    enum hr_code code = sqlite3_step(stmt) == SQLITE_DONE ? HR_OK : failed(store, err);
    sqlite3_reset(stmt);
    return code;
}

static const char *text_at(sqlite3_stmt *stmt, int column, struct hr_arena *arena)
{
    return hr_strdup(arena, (const char *)sqlite3_column_text(stmt, column));
}

/* rows of any struct: `read` fills one from the current row */
struct rows {
    char *at;
    size_t count;
};
typedef void read_row(sqlite3_stmt *stmt, struct hr_arena *arena, void *row);

static enum hr_code collect(struct hr_store *store,
                            sqlite3_stmt *stmt,
                            struct hr_arena *arena,
                            size_t size,
                            read_row *read,
                            struct rows *rows,
                            struct hr_err *err)
{
    *rows = (struct rows){0};
    if (!stmt)
        return failed(store, err);
    size_t cap = 0;
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (rows->count == cap) {
            size_t more = cap ? cap * 2 : 8;
            char *grown = hr_arena_alloc(arena, more * size);
            if (cap)
                memcpy(grown, rows->at, cap * size);
            rows->at = grown;
            cap = more;
        }
        read(stmt, arena, rows->at + rows->count++ * size);
    }
    enum hr_code code = rc == SQLITE_DONE ? HR_OK : failed(store, err);
    sqlite3_reset(stmt);
    return code;
}

/* the one row, or NULL */
static enum hr_code single(struct hr_store *store,
                           sqlite3_stmt *stmt,
                           struct hr_arena *arena,
                           size_t size,
                           read_row *read,
                           void *row,
                           struct hr_err *err)
{
    struct rows rows;
    HR_TRY(collect(store, stmt, arena, size, read, &rows, err));
    *(void **)row = rows.count ? rows.at : NULL;
    return HR_OK;
}

#define LIST(stmt, type, read, out)                                               \
    do {                                                                          \
        struct rows rows_;                                                        \
        HR_TRY(collect(store, (stmt), arena, sizeof(type), (read), &rows_, err)); \
        (out)->at = (type *)(void *)rows_.at;                                     \
        (out)->count = rows_.count;                                               \
        return HR_OK;                                                             \
    } while (0)

/* ---- for the store's other files ---- */

static sqlite3_stmt *other(struct hr_store *store, const char *sql)
{
    for (size_t i = 0; i < store->other_count; i++)
        if (store->others[i].sql == sql)
            return store->others[i].stmt;
    HR_CHECK(store->other_count < OTHERS_MAX);
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL))
        return NULL;
    store->others[store->other_count].sql = sql;
    store->others[store->other_count++].stmt = stmt;
    return stmt;
}

sqlite3_stmt *hr_store_bind(struct hr_store *store, const char *sql, const char *kinds, ...)
{
    sqlite3_stmt *stmt = other(store, sql);
    if (!stmt)
        return NULL;
    sqlite3_reset(stmt);
    va_list args;
    va_start(args, kinds);
    for (int i = 0; kinds[i]; i++) {
        const void *bytes;
        if (kinds[i] == 't') {
            sqlite3_bind_text(stmt, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        } else if (kinds[i] == 'b') {
            bytes = va_arg(args, const void *);
            sqlite3_bind_blob64(stmt, i + 1, bytes, va_arg(args, size_t), SQLITE_TRANSIENT);
        } else {
            sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
        }
    }
    va_end(args);
    return stmt;
}

enum hr_code hr_store_finish(struct hr_store *store, sqlite3_stmt *stmt, struct hr_err *err)
{
    enum hr_code code = finish(store, stmt, err);
    if (stmt)
        sqlite3_clear_bindings(stmt); /* a manifest's bytes are not kept */
    return code;
}

const char *hr_store_text(sqlite3_stmt *stmt, int column, struct hr_arena *arena)
{
    return text_at(stmt, column, arena);
}

enum hr_code hr_store_collect(struct hr_store *store,
                              sqlite3_stmt *stmt,
                              struct hr_arena *arena,
                              size_t size,
                              hr_store_read *read,
                              void **at,
                              size_t *count,
                              struct hr_err *err)
{
    struct rows rows;
    HR_TRY(collect(store, stmt, arena, size, read, &rows, err));
    *at = rows.at;
    *count = rows.count;
    return HR_OK;
}

enum hr_code hr_store_begin(struct hr_store *store, struct hr_err *err)
{
    return finish(store, bind(store, S_BEGIN, ""), err);
}

enum hr_code hr_store_commit(struct hr_store *store, struct hr_err *err)
{
    return finish(store, bind(store, S_COMMIT, ""), err);
}

void hr_store_rollback(struct hr_store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        finish(store, bind(store, S_ROLLBACK, ""), NULL);
}

/* ---- settings ---- */

static void read_setting(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(const char **)row = text_at(stmt, 0, arena);
}

enum hr_code hr_store_setting_get(struct hr_store *store,
                                  struct hr_arena *arena,
                                  const char *name,
                                  const char **value,
                                  struct hr_err *err)
{
    const char **found;
    HR_TRY(single(store, bind(store, S_SETTING_GET, "t", name), arena, sizeof *found, read_setting,
                  &found, err));
    *value = found ? *found : NULL;
    return HR_OK;
}

enum hr_code hr_store_setting_put(struct hr_store *store,
                                  const char *name,
                                  const char *value,
                                  struct hr_err *err)
{
    return finish(store, bind(store, S_SETTING_PUT, "tt", name, value), err);
}

/* ---- principals and tokens ---- */

static void read_principal(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_principal_row *)row =
        (struct hr_principal_row){text_at(stmt, 0, arena), text_at(stmt, 1, arena),
                                  text_at(stmt, 2, arena), sqlite3_column_int64(stmt, 3)};
}

enum hr_code hr_store_principal_add(struct hr_store *store,
                                    const struct hr_principal_row *row,
                                    struct hr_err *err)
{
    enum hr_code code = finish(
        store, bind(store, S_PRINCIPAL_ADD, "ttti", row->id, row->name, row->kind, row->created_ms),
        err);
    return code == HR_E_EXISTS
               ? hr_fail(err, code, "a principal named \"%s\" exists already", row->name)
               : code;
}

enum hr_code hr_store_principal_get(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *id,
                                    struct hr_principal_row **row,
                                    struct hr_err *err)
{
    return single(store, bind(store, S_PRINCIPAL_GET, "t", id), arena, sizeof **row, read_principal,
                  row, err);
}

enum hr_code hr_store_principal_named(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *name,
                                      struct hr_principal_row **row,
                                      struct hr_err *err)
{
    return single(store, bind(store, S_PRINCIPAL_NAMED, "t", name), arena, sizeof **row,
                  read_principal, row, err);
}

enum hr_code hr_store_principal_list(struct hr_store *store,
                                     struct hr_arena *arena,
                                     struct hr_principal_rows *rows,
                                     struct hr_err *err)
{
    LIST(bind(store, S_PRINCIPAL_LIST, ""), struct hr_principal_row, read_principal, rows);
}

enum hr_code hr_store_principal_remove(struct hr_store *store, const char *id, struct hr_err *err)
{
    return finish(store, bind(store, S_PRINCIPAL_REMOVE, "t", id), err);
}

enum hr_code hr_store_token_add(struct hr_store *store,
                                const char *hash,
                                const char *principal,
                                int64_t created_ms,
                                struct hr_err *err)
{
    return finish(store, bind(store, S_TOKEN_ADD, "tti", hash, principal, created_ms), err);
}

enum hr_code hr_store_token_principal(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *hash,
                                      struct hr_principal_row **row,
                                      struct hr_err *err)
{
    return single(store, bind(store, S_TOKEN_PRINCIPAL, "t", hash), arena, sizeof **row,
                  read_principal, row, err);
}

enum hr_code hr_store_token_remove(struct hr_store *store, const char *hash, struct hr_err *err)
{
    return finish(store, bind(store, S_TOKEN_REMOVE, "t", hash), err);
}

/* ---- role assignments ---- */

static void read_assignment(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_assignment_row *)row = (struct hr_assignment_row){
        text_at(stmt, 0, arena), text_at(stmt, 1, arena), text_at(stmt, 2, arena),
        text_at(stmt, 3, arena), text_at(stmt, 4, arena), sqlite3_column_int64(stmt, 5)};
}

enum hr_code hr_store_assignment_add(struct hr_store *store,
                                     const struct hr_assignment_row *row,
                                     struct hr_err *err)
{
    return finish(store,
                  bind(store, S_ASSIGNMENT_ADD, "ttttti", row->id, row->role, row->principal,
                       row->scope, row->created_by, row->created_ms),
                  err);
}

enum hr_code hr_store_assignment_get(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *id,
                                     struct hr_assignment_row **row,
                                     struct hr_err *err)
{
    return single(store, bind(store, S_ASSIGNMENT_GET, "t", id), arena, sizeof **row,
                  read_assignment, row, err);
}

enum hr_code hr_store_assignment_remove(struct hr_store *store, const char *id, struct hr_err *err)
{
    return finish(store, bind(store, S_ASSIGNMENT_REMOVE, "t", id), err);
}

enum hr_code hr_store_assignment_list(struct hr_store *store,
                                      struct hr_arena *arena,
                                      struct hr_assignment_rows *rows,
                                      struct hr_err *err)
{
    LIST(bind(store, S_ASSIGNMENT_LIST, ""), struct hr_assignment_row, read_assignment, rows);
}

enum hr_code hr_store_assignment_of(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *principal,
                                    struct hr_assignment_rows *rows,
                                    struct hr_err *err)
{
    LIST(bind(store, S_ASSIGNMENT_OF, "t", principal), struct hr_assignment_row, read_assignment,
         rows);
}

/* ---- resources ---- */

static void read_resource(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_resource_row *)row =
        (struct hr_resource_row){.id = text_at(stmt, 0, arena),
                                 .type = text_at(stmt, 1, arena),
                                 .parent = text_at(stmt, 2, arena),
                                 .name = text_at(stmt, 3, arena),
                                 .location = text_at(stmt, 4, arena),
                                 .properties = text_at(stmt, 5, arena),
                                 .tags = text_at(stmt, 6, arena),
                                 .identity = text_at(stmt, 7, arena),
                                 .created_by = text_at(stmt, 8, arena),
                                 .created_ms = sqlite3_column_int64(stmt, 9),
                                 .changed_ms = sqlite3_column_int64(stmt, 10)};
}

enum hr_code hr_store_resource_add(struct hr_store *store,
                                   const struct hr_resource_row *row,
                                   struct hr_err *err)
{
    enum hr_code code =
        finish(store,
               bind(store, S_RESOURCE_ADD, "tttttttttii", row->id, row->type, row->parent,
                    row->name, row->location, row->properties, row->tags ? row->tags : "{}",
                    row->identity, row->created_by, row->created_ms, row->changed_ms),
               err);
    return code == HR_E_EXISTS ? hr_fail(err, code, "resource \"%s\" exists already", row->id)
                               : code;
}

enum hr_code hr_store_resource_update(struct hr_store *store,
                                      const char *id,
                                      const char *properties,
                                      const char *tags,
                                      int64_t changed_ms,
                                      struct hr_err *err)
{
    return finish(store, bind(store, S_RESOURCE_UPDATE, "ttti", id, properties, tags, changed_ms),
                  err);
}

enum hr_code hr_store_resource_get(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *id,
                                   struct hr_resource_row **row,
                                   struct hr_err *err)
{
    return single(store, bind(store, S_RESOURCE_GET, "t", id), arena, sizeof **row, read_resource,
                  row, err);
}

enum hr_code hr_store_resource_list(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *parent,
                                    const char *type,
                                    struct hr_resource_rows *rows,
                                    struct hr_err *err)
{
    LIST(bind(store, S_RESOURCE_LIST, "tt", parent, type), struct hr_resource_row, read_resource,
         rows);
}

enum hr_code hr_store_resource_all(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *type,
                                   struct hr_resource_rows *rows,
                                   struct hr_err *err)
{
    LIST(bind(store, S_RESOURCE_ALL, "t", type), struct hr_resource_row, read_resource, rows);
}

enum hr_code hr_store_resource_remove(struct hr_store *store, const char *id, struct hr_err *err)
{
    return finish(store, bind(store, S_RESOURCE_REMOVE, "t", id), err);
}

/* ---- operations ---- */

static void read_operation(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_operation_row *)row = (struct hr_operation_row){
        text_at(stmt, 0, arena),       text_at(stmt, 1, arena),      text_at(stmt, 2, arena),
        text_at(stmt, 3, arena),       text_at(stmt, 4, arena),      text_at(stmt, 5, arena),
        sqlite3_column_int64(stmt, 6), sqlite3_column_int64(stmt, 7)};
}

enum hr_code hr_store_operation_add(struct hr_store *store,
                                    const struct hr_operation_row *row,
                                    struct hr_err *err)
{
    return finish(store,
                  bind(store, S_OPERATION_ADD, "ttttti", row->id, row->resource, row->kind,
                       row->status, row->owner, row->started_ms),
                  err);
}

enum hr_code hr_store_operation_end(struct hr_store *store,
                                    const char *id,
                                    const char *status,
                                    const char *error,
                                    int64_t ended_ms,
                                    struct hr_err *err)
{
    return finish(store, bind(store, S_OPERATION_END, "ttti", id, status, error, ended_ms), err);
}

enum hr_code hr_store_operation_get(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *id,
                                    struct hr_operation_row **row,
                                    struct hr_err *err)
{
    return single(store, bind(store, S_OPERATION_GET, "t", id), arena, sizeof **row, read_operation,
                  row, err);
}

enum hr_code hr_store_operation_open(struct hr_store *store,
                                     struct hr_arena *arena,
                                     struct hr_operation_rows *rows,
                                     struct hr_err *err)
{
    LIST(bind(store, S_OPERATION_OPEN, ""), struct hr_operation_row, read_operation, rows);
}

/* ---- sessions ---- */

static void read_session(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_session_row *)row = (struct hr_session_row){
        sqlite3_column_int64(stmt, 0), text_at(stmt, 1, arena),      text_at(stmt, 2, arena),
        text_at(stmt, 3, arena),       text_at(stmt, 4, arena),      text_at(stmt, 5, arena),
        sqlite3_column_int64(stmt, 6), sqlite3_column_int64(stmt, 7)};
}

enum hr_code hr_store_session_add(struct hr_store *store,
                                  struct hr_session_row *row,
                                  struct hr_err *err)
{
    HR_TRY(finish(store,
                  bind(store, S_SESSION_ADD, "ttttti", row->uuid, row->owner, row->pool, row->state,
                       row->request, row->created_ms),
                  err));
    row->id = sqlite3_last_insert_rowid(store->db);
    return HR_OK;
}

enum hr_code hr_store_session_end(
    struct hr_store *store, int64_t id, const char *state, int64_t ended_ms, struct hr_err *err)
{
    return finish(store, bind(store, S_SESSION_END, "iti", id, state, ended_ms), err);
}

enum hr_code hr_store_session_list(struct hr_store *store,
                                   struct hr_arena *arena,
                                   int limit,
                                   struct hr_session_rows *rows,
                                   struct hr_err *err)
{
    LIST(bind(store, S_SESSION_LIST, "i", (int64_t)limit), struct hr_session_row, read_session,
         rows);
}
