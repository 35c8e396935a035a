/* Durable state of training: experiments, runs, metrics, artifacts. Part of the store (store.h):
 * loop's thread only, one function per statement, rows in the caller's arena. Experiment names and
 * run ids are unique in their workspace, without case. */
#ifndef HR_DAEMON_STORE_RUN_H
#define HR_DAEMON_STORE_RUN_H
#include "daemon/store/store.h"

struct hr_experiment_row {
    const char *id, *workspace, *name, *tags, *created_by; /* tags: a JSON object */
    int64_t created_ms;
};
struct hr_experiment_rows {
    struct hr_experiment_row *at;
    size_t count;
};
enum hr_code hr_store_experiment_add(struct hr_store *store,
                                     const struct hr_experiment_row *row,
                                     struct hr_err *err);
/* its tags */
enum hr_code hr_store_experiment_update(struct hr_store *store,
                                        const struct hr_experiment_row *row,
                                        struct hr_err *err);
enum hr_code hr_store_experiment_get(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *workspace,
                                     const char *name_or_id,
                                     struct hr_experiment_row **row,
                                     struct hr_err *err);
enum hr_code hr_store_experiment_list(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *workspace,
                                      struct hr_experiment_rows *rows,
                                      struct hr_err *err);

struct hr_run_row {
    /* of the whole server; never used again */
    int64_t seq;
    /* experiment: its name, read only */
    const char *workspace, *id, *experiment_id, *experiment;
    int64_t number;                                       /* in its experiment, from 1 */
    const char *kind;                                     /* script | interactive */
    const char *status, *owner, *compute, *name, *script; /* name: what people see */
    const char *spec, *properties, *tags, *params;        /* JSON objects */
    /* JSON {code, message, traceback}, or NULL */
    const char *error;
    /* of the token that its process has; of its log's address */
    const char *token_hash, *log_key;
    int64_t created_ms, started_ms, ended_ms; /* 0: not yet */
};
struct hr_run_rows {
    struct hr_run_row *at;
    size_t count;
};
/* sets seq and number */
enum hr_code hr_store_run_add(struct hr_store *store, struct hr_run_row *row, struct hr_err *err);
/* everything that may change */
enum hr_code hr_store_run_update(struct hr_store *store,
                                 const struct hr_run_row *row,
                                 struct hr_err *err);
enum hr_code hr_store_run_get(struct hr_store *store,
                              struct hr_arena *arena,
                              const char *workspace,
                              const char *id,
                              struct hr_run_row **row,
                              struct hr_err *err);
enum hr_code hr_store_run_at(struct hr_store *store,
                             struct hr_arena *arena,
                             int64_t seq,
                             struct hr_run_row **row,
                             struct hr_err *err);
/* newest first; experiment_id NULL: of all; those with a smaller seq than `before` (0: from the
 * newest) */
enum hr_code hr_store_run_list(struct hr_store *store,
                               struct hr_arena *arena,
                               const char *workspace,
                               const char *experiment_id,
                               int64_t before,
                               int limit,
                               struct hr_run_rows *rows,
                               struct hr_err *err);
/* script runs that have not ended, oldest first */
enum hr_code hr_store_run_open(struct hr_store *store,
                               struct hr_arena *arena,
                               struct hr_run_rows *rows,
                               struct hr_err *err);
/* with what belongs to it */
enum hr_code hr_store_run_remove(struct hr_store *store, int64_t seq, struct hr_err *err);

struct hr_metric_row {
    int64_t seq, run;
    /* kind: Azure's uxMetricType; columns, data: JSON objects */
    const char *name, *kind, *columns, *data;
    /* the client's own id of the value, kept once; or NULL */
    const char *mark;
    int64_t step, at_ms;
};
struct hr_metric_rows {
    struct hr_metric_row *at;
    size_t count;
};
enum hr_code hr_store_metric_add(struct hr_store *store,
                                 const struct hr_metric_row *row,
                                 struct hr_err *err);
/* in the order in which they were logged; name NULL: all */
enum hr_code hr_store_metric_list(struct hr_store *store,
                                  struct hr_arena *arena,
                                  int64_t run,
                                  const char *name,
                                  struct hr_metric_rows *rows,
                                  struct hr_err *err);
/* the last value of each */
enum hr_code hr_store_metric_last(struct hr_store *store,
                                  struct hr_arena *arena,
                                  int64_t run,
                                  struct hr_metric_rows *rows,
                                  struct hr_err *err);
enum hr_code hr_store_metric_count(struct hr_store *store,
                                   int64_t run,
                                   int64_t *count,
                                   struct hr_err *err);

struct hr_artifact_row {
    int64_t run;
    const char *path;
    int64_t size, created_ms;
};
struct hr_artifact_rows {
    struct hr_artifact_row *at;
    size_t count;
};
enum hr_code hr_store_artifact_put(struct hr_store *store,
                                   const struct hr_artifact_row *row,
                                   struct hr_err *err);
/* the file of that path, and what is below it as a folder */
enum hr_code hr_store_artifact_remove(struct hr_store *store,
                                      int64_t run,
                                      const char *path,
                                      struct hr_err *err);
enum hr_code hr_store_artifact_list(struct hr_store *store,
                                    struct hr_arena *arena,
                                    int64_t run,
                                    struct hr_artifact_rows *rows,
                                    struct hr_err *err);
#endif
