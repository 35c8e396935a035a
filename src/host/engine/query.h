/* What the files that prepare and run queries share; private to engine/. */
#ifndef HR_HOST_ENGINE_QUERY_H
#define HR_HOST_ENGINE_QUERY_H
#include "host/duck/database.h"
#include "host/engine/budget.h"
#include "host/engine/internal.h"
#include "host/engine/pool.h"

struct hr_engine {
    struct hr_duck duck;
    struct pool pool;
    struct budget *budget;
};

struct hr_query {
    struct hr_engine *engine;
    struct hr_arena *arena;
    struct hr_env *env;
    struct hr_typed *typed;
    const char *sql;
    duckdb_connection connection;
    duckdb_prepared_statement prepared;
    /* keep: it ended well, and its text means the same next time */
    bool has_prepared, keep_prepared;
    bool is_helped;
    uint64_t begun;         /* of the run, monotonic */
    struct running running; /* its stop says that it is to end, and why */
    struct hr_metrics *metrics;
    size_t metric_count;
};

/* what a query that was told to end says; OK: it was not */
enum hr_code hr_query_stopped(const struct hr_query *query, struct hr_err *err);
/* the failure that DuckDB tells by its text, unless the query was told to end or its memory was
 * used up */
enum hr_code hr_query_failed(const struct hr_query *query, const char *text, struct hr_err *err);
/* the SQL of a part of the plan, its kernels registered */
enum hr_code hr_query_write(struct hr_query *query,
                            const struct hr_node *node,
                            const char **sql,
                            struct hr_err *err);
/* constants are computed while a statement is prepared, so that this too is watched */
enum hr_code hr_query_prepare_sql(struct hr_query *query,
                                  const char *sql,
                                  duckdb_prepared_statement *out,
                                  struct hr_err *err);
#endif
