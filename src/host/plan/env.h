/* What the analyzer may ask of the world: configuration, views, files. connect/ implements it for a
 * session, tests with tables. */
#ifndef HR_HOST_PLAN_ENV_H
#define HR_HOST_PLAN_ENV_H
#include "host/plan/plan.h"

/* One resolved scan: files (or a local relation) with their schema. Made by env->read, alive as
 * long as the arena it was made in and as long as any statement that reads it. The analyzer sees
 * `schema`; the emitter calls `emit`. */
struct hr_source {
    const struct hr_type *schema; /* a struct; partition columns last, as in Spark */
    /* of files: what _metadata is, wanted as the column behind the schema's last; else NULL */
    const struct hr_type *metadata;
    const char *format;    /* "csv", "parquet", …, "local" */
    struct hr_names files; /* for inputFiles and EXPLAIN */
    const char *name;      /* what Spark's messages call it */
    /* emit's text names these very bytes for ever: a statement that reads them may be kept prepared
     */
    bool is_stable;
    /* Appends a DuckDB table expression for FROM. It yields exactly the wanted columns (indices
     * into schema, in this order), named c0, c1 …, in the types of hr_duck_type_sql. wanted_count
     * may be 0 (a count): then it yields rows with any one column. */
    enum hr_code (*emit)(const struct hr_source *source,
                         const size_t *wanted,
                         size_t wanted_count,
                         struct hr_buf *out,
                         struct hr_err *err);
    void *state;
};

struct hr_env;
struct hr_env_ops {
    /* the session's value, else Spark's default, else NULL */
    const char *(*conf)(struct hr_env *env, const char *key);
    enum hr_code (*read)(struct hr_env *env,
                         struct hr_arena *arena,
                         const struct hr_rel *rel,
                         struct hr_source **source,
                         struct hr_err *err);
    /* rel: READ_FILES, LOCAL, CACHED_LOCAL, PARSE's input not included */
    /* NULL when there is none */
    struct hr_rel *(*view)(struct hr_env *env, struct hr_arena *arena, const struct hr_names *name);
    /* a query */
    enum hr_code (*parse)(struct hr_env *env,
                          struct hr_arena *arena,
                          const char *sql,
                          struct hr_rel **rel,
                          struct hr_err *err);
    enum hr_code (*parse_expr)(struct hr_env *env,
                               struct hr_arena *arena,
                               const char *sql,
                               struct hr_expr **expr,
                               struct hr_err *err);
    /* the same for the whole query */
    int64_t (*now_us)(struct hr_env *env);
    const char *(*user)(struct hr_env *env);
    /* runs rel now and gives its first column, at most `limit` values: a pivot whose values were
     * not named. May be NULL. */
    enum hr_code (*values)(struct hr_env *env,
                           struct hr_arena *arena,
                           const struct hr_rel *rel,
                           size_t limit,
                           struct hr_literals *values,
                           struct hr_err *err);
    /* what was registered under this name: "Python function", "Java function" …; NULL when nothing
     * was. May be NULL. */
    const char *(*registered)(struct hr_env *env, const char *name);
    /* asked now and then, by whoever may take long. May be NULL. */
    bool (*is_cancelled)(struct hr_env *env);
};
struct hr_env {
    const struct hr_env_ops *ops;
};
#endif
