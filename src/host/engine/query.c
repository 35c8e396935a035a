/* A query: analyzed, written as SQL, prepared; and what its failures say. */
#include "host/duck/error.h"
#include "host/engine/query.h"
#include <stdlib.h>

static enum hr_code register_uses(struct hr_engine *engine,
                                  duckdb_connection connection,
                                  const struct emit *e,
                                  struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&engine->pool.lock);
    for (size_t i = 0; i < e->use_count && !code; i++) {
        if (hr_map_has(&engine->pool.registered, e->uses[i].name))
            continue;
        code = hr_kernel_register(connection, engine->budget, &e->uses[i], err);
        if (!code)
            hr_map_put(&engine->pool.registered, e->uses[i].name, (void *)e->uses[i].kernel);
    }
    pthread_mutex_unlock(&engine->pool.lock);
    return code;
}

static void free_query(void *arg)
{
    struct hr_query *query = arg;
    hr_budget_leave(query->engine->budget, &query->running);
    if (query->has_prepared && query->keep_prepared) {
        hr_pool_give_statement(&query->engine->pool, query->sql, query->connection,
                               query->prepared);
        return;
    }
    if (query->has_prepared)
        duckdb_destroy_prepare(&query->prepared);
    if (query->connection)
        hr_pool_give(&query->engine->pool, &query->connection);
}

enum hr_code hr_query_write(struct hr_query *query,
                            const struct hr_node *node,
                            const char **sql,
                            struct hr_err *err)
{
    const char *zone = query->env->ops->conf(query->env, "spark.sql.session.timeZone");
    const char *ansi = query->env->ops->conf(query->env, "spark.sql.ansi.enabled");
    struct emit e = {.arena = query->arena,
                     .env = query->env,
                     .err = err,
                     .zone = zone ? zone : "UTC",
                     .ansi = !ansi || !strcasecmp(ansi, "true")};
    HR_TRY(hr_emit_statement(&e, node, sql));
    return register_uses(query->engine, query->connection, &e, err);
}

static enum hr_code cancelled(struct hr_err *err)
{
    return hr_fail(err, HR_E_CANCELLED, "operation has been canceled");
}

/* what a query that was told to end says; OK: it was not */
enum hr_code hr_query_stopped(const struct hr_query *query, struct hr_err *err)
{
    int why = atomic_load(&query->running.stop);
    if (why == STOP_MEMORY)
        return hr_budget_used_up(query->engine->budget, err);
    return why == STOP_CANCELLED ? cancelled(err) : HR_OK;
}

/* The Parquet file that the plan reads, or what it reads them from if there are several; NULL: it
 * reads none. */
static const char *parquet_read(const struct hr_typed *typed)
{
    const char *path = NULL;
    for (size_t i = 0; i < typed->source_count; i++) {
        const struct hr_source *source = typed->sources[i];
        if (strcmp(source->format, "parquet") || !source->files.count)
            continue;
        bool one = !path && source->files.count == 1;
        path = one ? source->files.at[0] : source->name;
    }
    return path;
}

/* what the engine says of a file whose footer is whole and whose pages are not */
static bool is_damaged(const char *text)
{
    static const char *const signs[] = {"TProtocolException",   "TTransportException", "orrupt",
                                        "ecompression failure", "Out of buffer",       "arquet"};
    for (size_t i = 0; i < HR_LEN(signs); i++)
        if (strstr(text, signs[i]))
            return true;
    return false;
}

/* the failure that DuckDB tells by its text, unless the query was told to end or its memory was
 * used up */
enum hr_code hr_query_failed(const struct hr_query *query, const char *text, struct hr_err *err)
{
    HR_TRY(hr_query_stopped(query, err));
    enum hr_code code = hr_duck_error(text && *text ? text : "unknown cause", err);
    const char *path =
        code == HR_E_INTERNAL && is_damaged(text ? text : "") ? parquet_read(query->typed) : NULL;
    if (path)
        return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path", path, NULL);
    return code == HR_E_NOMEM ? hr_budget_used_up(query->engine->budget, err) : code;
}

/* constants are computed while a statement is prepared, so that this too is watched */
enum hr_code hr_query_prepare_sql(struct hr_query *query,
                                  const char *sql,
                                  duckdb_prepared_statement *out,
                                  struct hr_err *err)
{
    hr_budget_begin(query->engine->budget);
    duckdb_state state = duckdb_prepare(query->connection, sql, out);
    hr_budget_end(query->engine->budget);
    if (state == DuckDBSuccess)
        return HR_OK;
    enum hr_code code = hr_query_failed(query, duckdb_prepare_error(*out), err);
    duckdb_destroy_prepare(out);
    return code;
}

/* the statement kept for this text takes the place of the query's connection */
static void take_statement(struct hr_query *query)
{
    struct hr_engine *engine = query->engine;
    struct statement found;
    if (!hr_pool_take_statement(&engine->pool, query->sql, &found))
        return;
    /* before the old one is another's: the watch interrupts what stands there */
    hr_budget_enter(engine->budget, &query->running, found.connection);
    hr_pool_give(&engine->pool, &query->connection);
    query->connection = found.connection;
    query->prepared = found.prepared;
    query->has_prepared = true;
}

enum hr_code hr_query_prepare(struct hr_engine *engine,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              struct hr_query **out,
                              struct hr_err *err)
{
    struct hr_err unused;
    if (!err)
        err = &unused;
    struct hr_query *query = HR_NEW(arena, struct hr_query);
    query->engine = engine;
    query->arena = arena;
    query->env = env;
    HR_TRY(hr_analyze(arena, env, rel, &query->typed, err));
    HR_TRY(hr_pool_connect(&engine->pool, &query->connection, err));
    hr_budget_enter(engine->budget, &query->running, query->connection);
    hr_arena_on_free(arena, free_query, query);
    HR_TRY(hr_query_write(query, query->typed->node, &query->sql, err));
    take_statement(query);
    *out = query;
    return HR_OK;
}

const struct hr_type *hr_query_schema(const struct hr_query *query)
{
    return query->typed->schema;
}

const struct hr_typed *hr_query_typed(const struct hr_query *query)
{
    return query->typed;
}

const char *hr_query_sql(const struct hr_query *query)
{
    return query->sql;
}
