/* Running a prepared query: its rows to a sink, or as show() has them, then its metrics. */
#include "base/clock.h"
#include "host/duck/literal.h"
#include "host/duck/type.h"
#include "host/engine/query.h"
#include <stdlib.h>

#define STATEMENT_BYTES_MAX (32 * 1024) /* of a statement that is kept for the next query */
#define HELP_AFTER_NS (3 * 1000 * 1000) /* a query that takes longer gets the other threads */

static void query_wants_help(struct hr_query *query)
{
    if (query->is_helped || hr_clock_mono_ns() - query->begun < HELP_AFTER_NS)
        return;
    query->is_helped = true;
    hr_duck_help(&query->engine->duck);
}

static void query_ends_help(struct hr_query *query)
{
    if (query->is_helped)
        hr_duck_help_ends(&query->engine->duck);
    query->is_helped = false;
}

typedef enum hr_code (*chunk_fn)(void *arg, duckdb_data_chunk chunk, struct hr_err *err);

static enum hr_code drain(
    struct hr_query *query, duckdb_result *result, chunk_fn fn, void *arg, struct hr_err *err)
{
    for (;;) {
        HR_TRY(hr_query_stopped(query, err));
        query_wants_help(query);
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk) {
            const char *text = duckdb_result_error(result);
            return text && *text ? hr_query_failed(query, text, err) : HR_OK;
        }
        idx_t rows = duckdb_data_chunk_get_size(chunk);
        enum hr_code code = rows ? fn(arg, chunk, err) : HR_OK;
        duckdb_destroy_data_chunk(&chunk);
        HR_TRY(code);
    }
}

/* A stream that was not read to its end keeps its transaction until the connection's next
 * statement, which rolls it back: what would be registered meanwhile went with it. */
static void end_unfinished(const struct hr_query *query)
{
    duckdb_result none;
    duckdb_query(query->connection, "ROLLBACK", &none);
    duckdb_destroy_result(&none);
}

static enum hr_code run_pending(struct hr_query *query,
                                duckdb_pending_result pending,
                                chunk_fn fn,
                                void *arg,
                                struct hr_err *err)
{
    duckdb_result result;
    query->begun = hr_clock_mono_ns();
    duckdb_pending_state step;
    do
        step = duckdb_pending_execute_task(pending);
    while (step == DUCKDB_PENDING_RESULT_NOT_READY &&
           hr_clock_mono_ns() - query->begun < HELP_AFTER_NS);
    if (step == DUCKDB_PENDING_ERROR)
        return hr_query_failed(query, duckdb_pending_error(pending), err);
    if (!duckdb_pending_execution_is_finished(step))
        query_wants_help(query);
    duckdb_state state = duckdb_execute_pending(pending, &result);
    enum hr_code code =
        state == DuckDBSuccess ? HR_OK : hr_query_failed(query, duckdb_result_error(&result), err);
    if (!code)
        code = drain(query, &result, fn, arg, err);
    duckdb_destroy_result(&result);
    query_ends_help(query);
    if (code)
        end_unfinished(query);
    return code;
}

static enum hr_code run_prepared(struct hr_query *query,
                                 duckdb_prepared_statement prepared,
                                 chunk_fn fn,
                                 void *arg,
                                 struct hr_err *err)
{
    duckdb_pending_result pending;
    HR_TRY(hr_query_stopped(query, err));
    hr_budget_begin(query->engine->budget);
    enum hr_code code;
    if (duckdb_pending_prepared_streaming(prepared, &pending) == DuckDBSuccess)
        code = run_pending(query, pending, fn, arg, err);
    else
        code = hr_query_failed(query, duckdb_pending_error(pending), err);
    duckdb_destroy_pending(&pending);
    hr_budget_end(query->engine->budget);
    if (code)
        HR_TRY(hr_query_stopped(query, err)); /* whatever it says of the end that it was told */
    return code;
}

static enum hr_code to_sink(void *arg, duckdb_data_chunk chunk, struct hr_err *err)
{
    struct hr_sink *sink = arg;
    return sink->chunk(sink, chunk, err);
}

static enum hr_code to_show(void *arg, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    hr_show_add(arg, chunk);
    return HR_OK;
}

static enum hr_code run_show(struct hr_query *query, struct hr_sink *sink, struct hr_err *err)
{
    struct show *show = hr_show_new(query->typed);
    enum hr_code code = run_prepared(query, query->prepared, to_show, show, err);
    size_t len;
    char *text;
    struct hr_err unshown;
    enum hr_code shown = hr_show_finish(show, &text, &len, code ? &unshown : err);
    code = code ? code : shown;
    if (!code) {
        duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
        duckdb_data_chunk chunk = duckdb_create_data_chunk(&type, 1);
        duckdb_data_chunk_set_size(chunk, 1);
        duckdb_vector_assign_string_element_len(duckdb_data_chunk_get_vector(chunk, 0), 0,
                                                text ? text : "", len);
        code = sink->chunk(sink, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
        duckdb_destroy_logical_type(&type);
    }
    free(text);
    return code;
}

/* ---- one row, for metrics and constants ---- */

struct first_row {
    struct hr_arena *arena;
    const struct hr_type *type;
    struct hr_literal **values;
    bool found;
};

static enum hr_code take_first(void *arg, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    struct first_row *row = arg;
    if (row->found)
        return HR_OK;
    row->found = true;
    for (size_t i = 0; i < row->type->field_count; i++)
        row->values[i] = hr_duck_literal(row->arena, duckdb_data_chunk_get_vector(chunk, i),
                                         row->type->fields[i].type, 0);
    return HR_OK;
}

static enum hr_code one_row(struct hr_query *query,
                            const struct hr_node *node,
                            const struct hr_type *type,
                            struct hr_literal **values,
                            struct hr_err *err)
{
    const char *sql;
    duckdb_prepared_statement prepared;
    HR_TRY(hr_query_write(query, node, &sql, err));
    HR_TRY(hr_query_prepare_sql(query, sql, &prepared, err));
    struct first_row row = {query->arena, type, values, false};
    enum hr_code code = run_prepared(query, prepared, take_first, &row, err);
    duckdb_destroy_prepare(&prepared);
    if (!code && !row.found)
        return hr_fail(err, HR_E_INTERNAL, "no row where one was due");
    return code;
}

/* metrics are aggregates over a part of the plan: each is one further statement, after the result
 */
static enum hr_code run_metrics(struct hr_query *query, struct hr_err *err)
{
    const struct hr_typed *typed = query->typed;
    query->metrics = HR_NEW_ARRAY(query->arena, struct hr_metrics, typed->observation_count + 1);
    for (size_t i = 0; i < typed->observation_count; i++) {
        const struct hr_observation *o = &typed->observations[i];
        struct hr_literal **values =
            HR_NEW_ARRAY(query->arena, struct hr_literal *, o->schema->field_count + 1);
        HR_TRY(one_row(query, o->node, o->schema, values, err));
        query->metrics[query->metric_count++] = (struct hr_metrics){o->name, o->schema, values};
    }
    return HR_OK;
}

/* a text whose sources name exact bytes means the same next time */
static bool is_keepable(const struct hr_query *query)
{
    for (size_t i = 0; i < query->typed->source_count; i++)
        if (!query->typed->sources[i]->is_stable)
            return false;
    return strlen(query->sql) <= STATEMENT_BYTES_MAX;
}

static enum hr_code run(struct hr_query *query, struct hr_sink *sink, struct hr_err *err)
{
    if (sink->schema)
        HR_TRY(sink->schema(sink, query->typed->schema, err));
    if (!query->has_prepared) {
        HR_TRY(hr_query_prepare_sql(query, query->sql, &query->prepared, err));
        query->has_prepared = true;
    }
    if (query->typed->root == HR_ROOT_ROWS)
        HR_TRY(run_prepared(query, query->prepared, to_sink, sink, err));
    else
        HR_TRY(run_show(query, sink, err));
    query->keep_prepared = is_keepable(query);
    return run_metrics(query, err);
}

enum hr_code hr_query_run(struct hr_query *query, struct hr_sink *sink, struct hr_err *err)
{
    struct hr_err unused;
    if (!err)
        err = &unused;
    enum hr_code code = run(query, sink, err);
    if (code == HR_E_SPARK)
        hr_engine_context(query->typed, err);
    return code;
}

size_t hr_query_metrics(struct hr_query *query, const struct hr_metrics **metrics)
{
    *metrics = query->metrics;
    return query->metric_count;
}

enum hr_code hr_query_execute(struct hr_query *query, const char *sql, struct hr_err *err)
{
    duckdb_result result;
    HR_TRY(hr_query_stopped(query, err));
    hr_duck_help(&query->engine->duck);
    hr_budget_begin(query->engine->budget);
    duckdb_state state = duckdb_query(query->connection, sql, &result);
    hr_budget_end(query->engine->budget);
    hr_duck_help_ends(&query->engine->duck);
    enum hr_code code =
        state == DuckDBSuccess ? HR_OK : hr_query_failed(query, duckdb_result_error(&result), err);
    duckdb_destroy_result(&result);
    return code;
}

void hr_query_cancel(struct hr_query *query)
{
    atomic_store(&query->running.stop, STOP_CANCELLED);
    duckdb_interrupt(query->connection);
}
