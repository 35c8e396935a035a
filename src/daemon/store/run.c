#include "daemon/store/run.h"
#include "base/check.h"
#include "daemon/store/private.h"

#define EXPERIMENT "SELECT id, workspace, name, tags, created_by, created_ms FROM experiment "
#define RUN                                                                                                                            \
    "SELECT r.seq, r.workspace, r.id, r.experiment, e.name, r.number, r.kind, r.status, r.owner, r.compute, r.name, r.script, r.spec," \
    " r.properties, r.tags, r.params, r.error, r.token_hash, r.log_key, r.created_ms, r.started_ms, r.ended_ms"                        \
    " FROM run r JOIN experiment e ON e.id = r.experiment "

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

/* ---- experiments ---- */

static void read_experiment(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_experiment_row *)row =
        (struct hr_experiment_row){hr_store_text(stmt, 0, arena), hr_store_text(stmt, 1, arena),
                                   hr_store_text(stmt, 2, arena), hr_store_text(stmt, 3, arena),
                                   hr_store_text(stmt, 4, arena), sqlite3_column_int64(stmt, 5)};
}

enum hr_code hr_store_experiment_add(struct hr_store *store,
                                     const struct hr_experiment_row *row,
                                     struct hr_err *err)
{
    return hr_store_finish(store,
                           hr_store_bind(store,
                                         "INSERT INTO experiment VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                         "ttttti", row->id, row->workspace, row->name, row->tags,
                                         row->created_by, row->created_ms),
                           err);
}

enum hr_code hr_store_experiment_update(struct hr_store *store,
                                        const struct hr_experiment_row *row,
                                        struct hr_err *err)
{
    return hr_store_finish(store,
                           hr_store_bind(store, "UPDATE experiment SET tags = ?2 WHERE id = ?1",
                                         "tt", row->id, row->tags),
                           err);
}

enum hr_code hr_store_experiment_get(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *workspace,
                                     const char *name_or_id,
                                     struct hr_experiment_row **row,
                                     struct hr_err *err)
{
    return single(store,
                  hr_store_bind(store, EXPERIMENT "WHERE workspace = ?1 AND (name = ?2 OR id = ?2)",
                                "tt", workspace, name_or_id),
                  arena, sizeof **row, read_experiment, row, err);
}

enum hr_code hr_store_experiment_list(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *workspace,
                                      struct hr_experiment_rows *rows,
                                      struct hr_err *err)
{
    LIST(hr_store_bind(store, EXPERIMENT "WHERE workspace = ?1 ORDER BY created_ms, id", "t",
                       workspace),
         struct hr_experiment_row, read_experiment, rows);
}

/* ---- runs ---- */

static void read_run(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_run_row *)row = (struct hr_run_row){.seq = sqlite3_column_int64(stmt, 0),
                                                    .workspace = hr_store_text(stmt, 1, arena),
                                                    .id = hr_store_text(stmt, 2, arena),
                                                    .experiment_id = hr_store_text(stmt, 3, arena),
                                                    .experiment = hr_store_text(stmt, 4, arena),
                                                    .number = sqlite3_column_int64(stmt, 5),
                                                    .kind = hr_store_text(stmt, 6, arena),
                                                    .status = hr_store_text(stmt, 7, arena),
                                                    .owner = hr_store_text(stmt, 8, arena),
                                                    .compute = hr_store_text(stmt, 9, arena),
                                                    .name = hr_store_text(stmt, 10, arena),
                                                    .script = hr_store_text(stmt, 11, arena),
                                                    .spec = hr_store_text(stmt, 12, arena),
                                                    .properties = hr_store_text(stmt, 13, arena),
                                                    .tags = hr_store_text(stmt, 14, arena),
                                                    .params = hr_store_text(stmt, 15, arena),
                                                    .error = hr_store_text(stmt, 16, arena),
                                                    .token_hash = hr_store_text(stmt, 17, arena),
                                                    .log_key = hr_store_text(stmt, 18, arena),
                                                    .created_ms = sqlite3_column_int64(stmt, 19),
                                                    .started_ms = sqlite3_column_int64(stmt, 20),
                                                    .ended_ms = sqlite3_column_int64(stmt, 21)};
}

enum hr_code hr_store_run_add(struct hr_store *store, struct hr_run_row *row, struct hr_err *err)
{
    sqlite3_stmt *stmt = hr_store_bind(
        store,
        "INSERT INTO run (workspace, id, experiment, number, kind, status, owner, compute, name, script, spec,"
        " properties, tags, params, error, token_hash, log_key, created_ms, started_ms, ended_ms)"
        " VALUES (?1, ?2, ?3, 1 + (SELECT coalesce(max(number), 0) FROM run WHERE experiment = ?3), ?4, ?5, ?6, ?7, ?8,"
        " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        "ttttttttttttttttiii", row->workspace, row->id, row->experiment_id, row->kind, row->status,
        row->owner, row->compute, row->name, row->script, row->spec, row->properties, row->tags,
        row->params, row->error, row->token_hash, row->log_key, row->created_ms, row->started_ms,
        row->ended_ms);
    enum hr_code code = hr_store_finish(store, stmt, err);
    if (code == HR_E_EXISTS)
        return hr_fail(err, code, "a run with the id \"%s\" exists already", row->id);
    row->seq = code ? 0 : sqlite3_last_insert_rowid(sqlite3_db_handle(stmt));
    return code;
}

enum hr_code hr_store_run_update(struct hr_store *store,
                                 const struct hr_run_row *row,
                                 struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "UPDATE run SET status = ?2, name = ?3, properties = ?4, tags = ?5, params = ?6, error = ?7,"
            " token_hash = ?8, started_ms = ?9, ended_ms = ?10 WHERE seq = ?1",
            "ittttttt"
            "ii",
            row->seq, row->status, row->name, row->properties, row->tags, row->params, row->error,
            row->token_hash, row->started_ms, row->ended_ms),
        err);
}

enum hr_code hr_store_run_get(struct hr_store *store,
                              struct hr_arena *arena,
                              const char *workspace,
                              const char *id,
                              struct hr_run_row **row,
                              struct hr_err *err)
{
    return single(
        store,
        hr_store_bind(store, RUN "WHERE r.workspace = ?1 AND r.id = ?2", "tt", workspace, id),
        arena, sizeof **row, read_run, row, err);
}

enum hr_code hr_store_run_at(struct hr_store *store,
                             struct hr_arena *arena,
                             int64_t seq,
                             struct hr_run_row **row,
                             struct hr_err *err)
{
    return single(store, hr_store_bind(store, RUN "WHERE r.seq = ?1", "i", seq), arena,
                  sizeof **row, read_run, row, err);
}

enum hr_code hr_store_run_list(struct hr_store *store,
                               struct hr_arena *arena,
                               const char *workspace,
                               const char *experiment_id,
                               int64_t before,
                               int limit,
                               struct hr_run_rows *rows,
                               struct hr_err *err)
{
    LIST(
        hr_store_bind(
            store,
            RUN
            "WHERE r.workspace = ?1 AND (?2 IS NULL OR r.experiment = ?2) AND (?3 = 0 OR r.seq < ?3)"
            " ORDER BY r.seq DESC LIMIT ?4",
            "ttii", workspace, experiment_id, before, (int64_t)limit),
        struct hr_run_row, read_run, rows);
}

enum hr_code hr_store_run_open(struct hr_store *store,
                               struct hr_arena *arena,
                               struct hr_run_rows *rows,
                               struct hr_err *err)
{
    LIST(hr_store_bind(store, RUN "WHERE r.ended_ms = 0 AND r.kind = 'script' ORDER BY r.seq", ""),
         struct hr_run_row, read_run, rows);
}

enum hr_code hr_store_run_remove(struct hr_store *store, int64_t seq, struct hr_err *err)
{
    HR_TRY(hr_store_finish(
        store, hr_store_bind(store, "DELETE FROM metric WHERE run = ?1", "i", seq), err));
    HR_TRY(hr_store_finish(
        store, hr_store_bind(store, "DELETE FROM artifact WHERE run = ?1", "i", seq), err));
    return hr_store_finish(store, hr_store_bind(store, "DELETE FROM run WHERE seq = ?1", "i", seq),
                           err);
}

/* ---- metrics ---- */

static void read_metric(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_metric_row *)row = (struct hr_metric_row){.seq = sqlite3_column_int64(stmt, 0),
                                                          .run = sqlite3_column_int64(stmt, 1),
                                                          .name = hr_store_text(stmt, 2, arena),
                                                          .kind = hr_store_text(stmt, 3, arena),
                                                          .columns = hr_store_text(stmt, 4, arena),
                                                          .data = hr_store_text(stmt, 5, arena),
                                                          .step = sqlite3_column_int64(stmt, 6),
                                                          .at_ms = sqlite3_column_int64(stmt, 7)};
}

enum hr_code hr_store_metric_add(struct hr_store *store,
                                 const struct hr_metric_row *row,
                                 struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(store,
                      "INSERT INTO metric (run, name, kind, columns, data, step, at_ms, mark)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, mark) DO NOTHING",
                      "ittttiit", row->run, row->name, row->kind, row->columns, row->data,
                      row->step, row->at_ms, row->mark),
        err);
}

enum hr_code hr_store_metric_list(struct hr_store *store,
                                  struct hr_arena *arena,
                                  int64_t run,
                                  const char *name,
                                  struct hr_metric_rows *rows,
                                  struct hr_err *err)
{
    LIST(hr_store_bind(store,
                       "SELECT seq, run, name, kind, columns, data, step, at_ms FROM metric"
                       " WHERE run = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY seq",
                       "it", run, name),
         struct hr_metric_row, read_metric, rows);
}

enum hr_code hr_store_metric_last(struct hr_store *store,
                                  struct hr_arena *arena,
                                  int64_t run,
                                  struct hr_metric_rows *rows,
                                  struct hr_err *err)
{
    LIST(
        hr_store_bind(
            store,
            "SELECT seq, run, name, kind, columns, data, step, at_ms FROM metric"
            " WHERE seq IN (SELECT max(seq) FROM metric WHERE run = ?1 GROUP BY name) ORDER BY seq",
            "i", run),
        struct hr_metric_row, read_metric, rows);
}

static void read_count(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    (void)arena;
    *(int64_t *)row = sqlite3_column_int64(stmt, 0);
}

enum hr_code hr_store_metric_count(struct hr_store *store,
                                   int64_t run,
                                   int64_t *count,
                                   struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    int64_t *found = NULL;
    enum hr_code code =
        single(store, hr_store_bind(store, "SELECT count(*) FROM metric WHERE run = ?1", "i", run),
               arena, sizeof *found, read_count, &found, err);
    *count = found ? *found : 0;
    hr_arena_free(arena);
    return code;
}

/* ---- artifacts ---- */

static void read_artifact(sqlite3_stmt *stmt, struct hr_arena *arena, void *row)
{
    *(struct hr_artifact_row *)row =
        (struct hr_artifact_row){sqlite3_column_int64(stmt, 0), hr_store_text(stmt, 1, arena),
                                 sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3)};
}

enum hr_code hr_store_artifact_put(struct hr_store *store,
                                   const struct hr_artifact_row *row,
                                   struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(store,
                      "INSERT INTO artifact VALUES (?1, ?2, ?3, ?4)"
                      " ON CONFLICT (run, path) DO UPDATE SET size = ?3, created_ms = ?4",
                      "itii", row->run, row->path, row->size, row->created_ms),
        err);
}

enum hr_code hr_store_artifact_remove(struct hr_store *store,
                                      int64_t run,
                                      const char *path,
                                      struct hr_err *err)
{
    return hr_store_finish(
        store,
        hr_store_bind(
            store,
            "DELETE FROM artifact WHERE run = ?1 AND (path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')",
            "it", run, path),
        err);
}

enum hr_code hr_store_artifact_list(struct hr_store *store,
                                    struct hr_arena *arena,
                                    int64_t run,
                                    struct hr_artifact_rows *rows,
                                    struct hr_err *err)
{
    LIST(hr_store_bind(
             store, "SELECT run, path, size, created_ms FROM artifact WHERE run = ?1 ORDER BY path",
             "i", run),
         struct hr_artifact_row, read_artifact, rows);
}
