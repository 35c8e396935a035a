/* engine/: a typed plan to closed DuckDB SQL; run, cancel, progress; chunks out.
 *
 * One engine a session host: an in-memory DuckDB with bounded threads and memory; extensions are
 * neither loaded nor looked for. An engine may be used by several threads; a query belongs to the
 * thread that prepared it, but hr_query_cancel and hr_query_progress may be called from any thread
 * while the query lives. The query needs its arena, its env's sources and its engine alive. Errors
 * that arise inside DuckDB come back as Spark's. */
#ifndef HR_HOST_ENGINE_ENGINE_H
#define HR_HOST_ENGINE_ENGINE_H
#include "host/analyze/analyze.h"
#include <duckdb.h>
#include <stdatomic.h>

struct hr_engine;
struct hr_query;

struct hr_engine_options {
    int threads; /* 0: the processors that this process may use */
    /* 0: a share of the machine's or the control group's, HR_SESSION_MEMORY_SHARE */
    int64_t memory_bytes;
    /* it makes a folder of its own there, and removes it at its end; NULL: no spilling */
    const char *spill_dir;
};

/* Receives a result. A function that fails ends the query with its code. Called on the thread of
 * hr_query_run, in this order: schema once, chunk any number of times. */
struct hr_sink {
    /* may be NULL */
    enum hr_code (*schema)(struct hr_sink *sink, const struct hr_type *schema, struct hr_err *err);
    /* the engine frees chunk */
    enum hr_code (*chunk)(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err);
};

/* One observed set of metrics (df.observe): one value for each field of the type. */
struct hr_metrics {
    const char *name;
    const struct hr_type *type;
    struct hr_literal **values;
};

enum hr_code hr_engine_open(const struct hr_engine_options *options,
                            struct hr_engine **engine,
                            struct hr_err *err);
/* NULL is fine; no query may live */
void hr_engine_close(struct hr_engine *engine);
/* lets go of the statements kept prepared, and so of the scans they read; NULL is fine */
void hr_engine_forget(struct hr_engine *engine);
duckdb_database hr_engine_database(struct hr_engine *engine);

/* analyzes, writes the SQL, prepares it; freed with its arena */
enum hr_code hr_query_prepare(struct hr_engine *engine,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              struct hr_query **query,
                              struct hr_err *err);
/* known without running */
const struct hr_type *hr_query_schema(const struct hr_query *query);
const struct hr_typed *hr_query_typed(const struct hr_query *query);
/* yields columns c0, c1 … in hr_duck_type_sql's types; kernels registered; for rows only */
const char *hr_query_sql(const struct hr_query *query);
/* once */
enum hr_code hr_query_run(struct hr_query *query, struct hr_sink *sink, struct hr_err *err);
/* a struct hr_engine: an hr_stop_fn for what reads below it (format/) */
const atomic_int *hr_engine_stop_of(void *engine, idx_t connection);
/* run returns HR_E_CANCELLED, also when not yet called */
void hr_query_cancel(struct hr_query *query);
/* after run */
size_t hr_query_metrics(struct hr_query *query, const struct hr_metrics **metrics);

/* runs another module's statement with the engine's error mapping (COPY of a writer …) on a
 * connection that has all kernels of query */
enum hr_code hr_query_execute(struct hr_query *query, const char *sql, struct hr_err *err);

/* runs rel and gives its first column: what connect's env->values needs */
enum hr_code hr_engine_values(struct hr_engine *engine,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              size_t limit,
                              struct hr_literals *values,
                              struct hr_err *err);
#endif
