/* The engine: a DuckDB in memory; queries: analyze, write SQL, prepare, run, cancel. */
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "host/duck/error.h"
#include "host/duck/literal.h"
#include "host/engine/budget.h"
#include "host/engine/internal.h"
#include "io/file.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATEMENTS_MAX 24 /* prepared statements kept for the next query of the same text … */
#define STATEMENT_BYTES_MAX (32 * 1024) /* … that is no longer than this */
#define HELP_AFTER_NS (3 * 1000 * 1000) /* a query that takes longer gets the other threads */
#define THREADS_MAX 64
#define ENGINE_DEPTH_MAX \
    "1000000" /* ours come before: HR_PLAN_DEPTH_MAX, HR_SQL_EMITTED_DEPTH_MAX */
#define SPILL_PREFIX \
    "engine-" /* of an engine's own folder: DuckDB's names in it are always the same */
#define TASKS_LEAST                                                               \
    3 /* with fewer DuckDB makes the table of every aggregation 2 MB, else 256 KB \
       */

/* A statement kept prepared, idle, with the connection that it belongs to. */
struct statement {
    char *sql;
    duckdb_connection connection;
    duckdb_prepared_statement prepared;
    uint64_t used;
};

/* The threads beside a query's own. DuckDB has none of its own here: waking them costs a small
 * query more than it takes, so they are started when a query turns out to be long. */
struct helpers {
    pthread_t at[THREADS_MAX];
    int count, wanted, users;
    duckdb_task_state tasks;
    pthread_mutex_t lock;
};

struct hr_engine {
    duckdb_database database;
    char *spill; /* NULL: none */
    struct helpers helpers;
    struct budget *budget;
    pthread_mutex_t lock;       /* of what follows */
    struct hr_map registered;   /* kernels, by registered name */
    duckdb_connection spare[8]; /* connections to use again */
    size_t spare_count;
    struct statement statements[STATEMENTS_MAX];
    size_t statement_count;
    uint64_t statement_clock;
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

static enum hr_code config_set(duckdb_config config,
                               const char *name,
                               const char *value,
                               struct hr_err *err)
{
    if (duckdb_set_config(config, name, value) != DuckDBSuccess)
        return hr_fail(err, HR_E_INTERNAL, "engine option '%s' refused value '%s'", name, value);
    return HR_OK;
}

static int thread_count(const struct hr_engine_options *options)
{
    cpu_set_t set;
    int count = options && options->threads > 0           ? options->threads
                : !sched_getaffinity(0, sizeof set, &set) ? CPU_COUNT(&set)
                                                          : 1;
    return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : count;
}

static enum hr_code configure(duckdb_config config,
                              const struct hr_engine_options *options,
                              const char *spill,
                              struct hr_err *err)
{
    char text[64];
    /* nothing is loaded or fetched behind our back */
    HR_TRY(config_set(config, "autoinstall_known_extensions", "false", err));
    HR_TRY(config_set(config, "autoload_known_extensions", "false", err));
    HR_TRY(config_set(config, "preserve_insertion_order", "true", err));
    HR_TRY(config_set(config, "max_expression_depth", ENGINE_DEPTH_MAX, err));
    HR_TRY(config_set(config, "default_null_order", "nulls_first", err));
    int threads = thread_count(options);
    snprintf(text, sizeof text, "%d", threads < TASKS_LEAST ? TASKS_LEAST : threads);
    HR_TRY(config_set(config, "threads", text, err));
    /* all of them are ours: see struct helpers */
    HR_TRY(config_set(config, "external_threads", text, err));
    int64_t memory =
        options && options->memory_bytes > 0 ? options->memory_bytes : hr_budget_default();
    snprintf(text, sizeof text, "%lldMiB", (long long)(memory >> 20));
    HR_TRY(config_set(config, "memory_limit", text, err));
    /* nor read from a folder that all share */
    HR_TRY(config_set(config, "allow_persistent_secrets", "false", err));
    return config_set(config, "temp_directory", spill ? spill : "", err);
}

/* ---- spilling: a folder an engine, as two in one folder write over each other's files ---- */

static void remove_folder(const char *path)
{
    struct hr_err err;
    if (hr_file_remove_tree(path, &err))
        hr_log(HR_LOG_WARN, "engine.spill-not-removed", "path", path, "error", err.msg, NULL);
}

enum hr_code hr_engine_spill_claim(const char *folder, int *lock, struct hr_err *err)
{
    char path[4400];
    HR_TRY(hr_file_mkdirs(folder, err));
    snprintf(hr_duck_spill_folder, sizeof hr_duck_spill_folder, "%s", folder);
    snprintf(path, sizeof path, "%s/lock", folder);
    enum hr_code code = hr_file_lock(path, lock, err);
    if (code == HR_E_EXISTS)
        return hr_fail(err, code,
                       "another process spills to '%s': give each host a folder of its own",
                       folder);
    HR_TRY(code);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, SPILL_PREFIX, strlen(SPILL_PREFIX)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove_folder(path);
    }
    if (list)
        closedir(list);
    return HR_OK;
}

static enum hr_code make_spill(const struct hr_engine_options *options,
                               char **out,
                               struct hr_err *err)
{
    if (!options || !options->spill_dir)
        return HR_OK;
    HR_TRY(hr_file_mkdirs(options->spill_dir, err));
    HR_CHECK(asprintf(out, "%s/" SPILL_PREFIX "XXXXXX", options->spill_dir) > 0);
    if (mkdtemp(*out))
        return HR_OK;
    enum hr_code code =
        hr_fail_write(err, errno, "cannot make a folder for spilling in '%s'", options->spill_dir);
    free(*out);
    *out = NULL;
    return code;
}

enum hr_code hr_engine_open(const struct hr_engine_options *options,
                            struct hr_engine **out,
                            struct hr_err *err)
{
    struct hr_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return hr_fail(err, HR_E_NOMEM, "no memory for an engine");
    duckdb_config config;
    if (duckdb_create_config(&config) != DuckDBSuccess) {
        free(engine);
        return hr_fail(err, HR_E_NOMEM, "no memory for an engine");
    }
    enum hr_code code = make_spill(options, &engine->spill, err);
    if (!code)
        code = configure(config, options, engine->spill, err);
    char *problem = NULL;
    if (!code && duckdb_open_ext(NULL, &engine->database, config, &problem) != DuckDBSuccess)
        code = hr_fail(err, HR_E_INTERNAL, "cannot open the engine: %s",
                       problem ? problem : "unknown cause");
    duckdb_free(problem);
    duckdb_destroy_config(&config);
    if (code) {
        if (engine->spill)
            remove_folder(engine->spill);
        free(engine->spill);
        free(engine);
        return code;
    }
    pthread_mutex_init(&engine->lock, NULL);
    pthread_mutex_init(&engine->helpers.lock, NULL);
    engine->helpers.wanted = thread_count(options) - 1;
    engine->budget = hr_budget_new(options ? options->memory_bytes : 0);
    hr_map_init(&engine->registered);
    *out = engine;
    return HR_OK;
}

static void *help(void *tasks)
{
    duckdb_execute_tasks_state(tasks);
    return NULL;
}

static void helpers_start(struct hr_engine *engine)
{
    struct helpers *helpers = &engine->helpers;
    pthread_mutex_lock(&helpers->lock);
    if (helpers->users++ == 0 && helpers->wanted) {
        helpers->tasks = duckdb_create_task_state(engine->database);
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        /* they evaluate what a plan nests */
        HR_CHECK(!pthread_attr_setstacksize(&attributes, HR_ANALYZE_STACK_BYTES));
        while (helpers->count < helpers->wanted &&
               !pthread_create(&helpers->at[helpers->count], &attributes, help, helpers->tasks))
            helpers->count++;
        pthread_attr_destroy(&attributes);
    }
    pthread_mutex_unlock(&helpers->lock);
}

static void helpers_stop(struct hr_engine *engine)
{
    struct helpers *helpers = &engine->helpers;
    pthread_mutex_lock(&helpers->lock);
    if (--helpers->users == 0 && helpers->wanted) {
        duckdb_finish_execution(helpers->tasks);
        while (helpers->count)
            pthread_join(helpers->at[--helpers->count], NULL);
        duckdb_destroy_task_state(helpers->tasks);
    }
    pthread_mutex_unlock(&helpers->lock);
}

static void query_wants_help(struct hr_query *query)
{
    if (query->is_helped || hr_clock_mono_ns() - query->begun < HELP_AFTER_NS)
        return;
    query->is_helped = true;
    helpers_start(query->engine);
}

static void query_ends_help(struct hr_query *query)
{
    if (query->is_helped)
        helpers_stop(query->engine);
    query->is_helped = false;
}

void hr_engine_forget(struct hr_engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_lock(&engine->lock);
    while (engine->statement_count) {
        struct statement *statement = &engine->statements[--engine->statement_count];
        duckdb_destroy_prepare(&statement->prepared);
        duckdb_disconnect(&statement->connection);
        free(statement->sql);
    }
    pthread_mutex_unlock(&engine->lock);
}

void hr_engine_close(struct hr_engine *engine)
{
    if (!engine)
        return;
    hr_engine_forget(engine);
    while (engine->spare_count)
        duckdb_disconnect(&engine->spare[--engine->spare_count]);
    duckdb_close(&engine->database);
    if (engine->spill)
        remove_folder(engine->spill);
    free(engine->spill);
    hr_budget_free(engine->budget);
    hr_map_release(&engine->registered);
    pthread_mutex_destroy(&engine->lock);
    pthread_mutex_destroy(&engine->helpers.lock);
    free(engine);
}

duckdb_database hr_engine_database(struct hr_engine *engine)
{
    return engine->database;
}

static enum hr_code take_connection(struct hr_engine *engine,
                                    duckdb_connection *out,
                                    struct hr_err *err)
{
    pthread_mutex_lock(&engine->lock);
    bool spare = engine->spare_count > 0;
    if (spare)
        *out = engine->spare[--engine->spare_count];
    pthread_mutex_unlock(&engine->lock);
    if (!spare && duckdb_connect(engine->database, out) != DuckDBSuccess)
        return hr_fail(err, HR_E_NOMEM, "the engine refused a connection");
    return HR_OK;
}

static void give_connection(struct hr_engine *engine, duckdb_connection *connection)
{
    pthread_mutex_lock(&engine->lock);
    bool kept = engine->spare_count < HR_LEN(engine->spare);
    if (kept)
        engine->spare[engine->spare_count++] = *connection;
    pthread_mutex_unlock(&engine->lock);
    if (!kept)
        duckdb_disconnect(connection);
}

/* the statement kept for this text, if there is one that nobody uses: it takes the place of the
 * query's connection */
static void take_statement(struct hr_query *query)
{
    struct hr_engine *engine = query->engine;
    struct statement found = {0};
    pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; i < engine->statement_count && !found.sql; i++)
        if (!strcmp(engine->statements[i].sql, query->sql)) {
            found = engine->statements[i];
            engine->statements[i] = engine->statements[--engine->statement_count];
        }
    pthread_mutex_unlock(&engine->lock);
    if (!found.sql)
        return;
    free(found.sql);
    /* before the old one is another's: the watch interrupts what stands there */
    hr_budget_enter(engine->budget, &query->running, found.connection);
    give_connection(engine, &query->connection);
    query->connection = found.connection;
    query->prepared = found.prepared;
    query->has_prepared = true;
}

/* keeps the query's statement and connection for the next one of its text; the one used longest ago
 * makes room */
static void give_statement(struct hr_query *query)
{
    struct hr_engine *engine = query->engine;
    struct statement kept = {strdup(query->sql), query->connection, query->prepared, 0},
                     dropped = {0};
    HR_CHECK(kept.sql);
    pthread_mutex_lock(&engine->lock);
    kept.used = ++engine->statement_clock;
    size_t place = engine->statement_count;
    if (place == STATEMENTS_MAX) {
        place = 0;
        for (size_t i = 1; i < STATEMENTS_MAX; i++)
            if (engine->statements[i].used < engine->statements[place].used)
                place = i;
        dropped = engine->statements[place];
    } else {
        engine->statement_count++;
    }
    engine->statements[place] = kept;
    pthread_mutex_unlock(&engine->lock);
    if (dropped.sql) {
        free(dropped.sql);
        duckdb_destroy_prepare(&dropped.prepared);
        give_connection(engine, &dropped.connection);
    }
}

/* a text whose sources name exact bytes means the same next time */
static bool is_keepable(const struct hr_query *query)
{
    for (size_t i = 0; i < query->typed->source_count; i++)
        if (!query->typed->sources[i]->is_stable)
            return false;
    return strlen(query->sql) <= STATEMENT_BYTES_MAX;
}

static enum hr_code register_uses(struct hr_engine *engine,
                                  duckdb_connection connection,
                                  const struct emit *e,
                                  struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&engine->lock);
    for (size_t i = 0; i < e->use_count && !code; i++) {
        if (hr_map_has(&engine->registered, e->uses[i].name))
            continue;
        code = hr_kernel_register(connection, engine->budget, &e->uses[i], err);
        if (!code)
            hr_map_put(&engine->registered, e->uses[i].name, (void *)e->uses[i].kernel);
    }
    pthread_mutex_unlock(&engine->lock);
    return code;
}

static void free_query(void *arg)
{
    struct hr_query *query = arg;
    hr_budget_leave(query->engine->budget, &query->running);
    if (query->has_prepared && query->keep_prepared) {
        give_statement(query);
        return;
    }
    if (query->has_prepared)
        duckdb_destroy_prepare(&query->prepared);
    if (query->connection)
        give_connection(query->engine, &query->connection);
}

static enum hr_code write_sql(struct hr_query *query,
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
static enum hr_code stopped(const struct hr_query *query, struct hr_err *err)
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
static enum hr_code failed(const struct hr_query *query, const char *text, struct hr_err *err)
{
    HR_TRY(stopped(query, err));
    enum hr_code code = hr_duck_error(text && *text ? text : "unknown cause", err);
    const char *path =
        code == HR_E_INTERNAL && is_damaged(text ? text : "") ? parquet_read(query->typed) : NULL;
    if (path)
        return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path", path, NULL);
    return code == HR_E_NOMEM ? hr_budget_used_up(query->engine->budget, err) : code;
}

/* constants are computed while a statement is prepared, so that this too is watched */
static enum hr_code prepare(struct hr_query *query,
                            const char *sql,
                            duckdb_prepared_statement *out,
                            struct hr_err *err)
{
    hr_budget_begin(query->engine->budget);
    duckdb_state state = duckdb_prepare(query->connection, sql, out);
    hr_budget_end(query->engine->budget);
    if (state == DuckDBSuccess)
        return HR_OK;
    enum hr_code code = failed(query, duckdb_prepare_error(*out), err);
    duckdb_destroy_prepare(out);
    return code;
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
    HR_TRY(take_connection(engine, &query->connection, err));
    hr_budget_enter(engine->budget, &query->running, query->connection);
    hr_arena_on_free(arena, free_query, query);
    HR_TRY(write_sql(query, query->typed->node, &query->sql, err));
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

const atomic_int *hr_engine_stop_of(void *engine, idx_t connection)
{
    return hr_budget_stop_of(((struct hr_engine *)engine)->budget, connection);
}

void hr_query_cancel(struct hr_query *query)
{
    atomic_store(&query->running.stop, STOP_CANCELLED);
    duckdb_interrupt(query->connection);
}

/* ---- running ---- */

typedef enum hr_code (*chunk_fn)(void *arg, duckdb_data_chunk chunk, struct hr_err *err);

static enum hr_code drain(
    struct hr_query *query, duckdb_result *result, chunk_fn fn, void *arg, struct hr_err *err)
{
    for (;;) {
        HR_TRY(stopped(query, err));
        query_wants_help(query);
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk) {
            const char *text = duckdb_result_error(result);
            return text && *text ? failed(query, text, err) : HR_OK;
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
        return failed(query, duckdb_pending_error(pending), err);
    if (!duckdb_pending_execution_is_finished(step))
        query_wants_help(query);
    duckdb_state state = duckdb_execute_pending(pending, &result);
    enum hr_code code =
        state == DuckDBSuccess ? HR_OK : failed(query, duckdb_result_error(&result), err);
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
    HR_TRY(stopped(query, err));
    hr_budget_begin(query->engine->budget);
    enum hr_code code;
    if (duckdb_pending_prepared_streaming(prepared, &pending) == DuckDBSuccess)
        code = run_pending(query, pending, fn, arg, err);
    else
        code = failed(query, duckdb_pending_error(pending), err);
    duckdb_destroy_pending(&pending);
    hr_budget_end(query->engine->budget);
    if (code)
        HR_TRY(stopped(query, err)); /* whatever it says of the end that it was told */
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
    HR_TRY(write_sql(query, node, &sql, err));
    HR_TRY(prepare(query, sql, &prepared, err));
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

static enum hr_code run(struct hr_query *query, struct hr_sink *sink, struct hr_err *err)
{
    if (sink->schema)
        HR_TRY(sink->schema(sink, query->typed->schema, err));
    if (!query->has_prepared) {
        HR_TRY(prepare(query, query->sql, &query->prepared, err));
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
    HR_TRY(stopped(query, err));
    helpers_start(query->engine);
    hr_budget_begin(query->engine->budget);
    duckdb_state state = duckdb_query(query->connection, sql, &result);
    hr_budget_end(query->engine->budget);
    helpers_stop(query->engine);
    enum hr_code code =
        state == DuckDBSuccess ? HR_OK : failed(query, duckdb_result_error(&result), err);
    duckdb_destroy_result(&result);
    return code;
}

struct column_sink {
    struct hr_sink sink;
    struct hr_arena *arena;
    const struct hr_type *type;
    struct hr_literals *values;
    size_t limit;
};

static enum hr_code column_schema(struct hr_sink *sink,
                                  const struct hr_type *schema,
                                  struct hr_err *err)
{
    (void)err;
    ((struct column_sink *)sink)->type = schema->fields[0].type;
    return HR_OK;
}

static enum hr_code column_chunk(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    struct column_sink *s = (struct column_sink *)sink;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk) && s->values->count < s->limit;
         row++)
        s->values->at[s->values->count++] =
            hr_duck_literal(s->arena, duckdb_data_chunk_get_vector(chunk, 0), s->type, row);
    return HR_OK;
}

enum hr_code hr_engine_values(struct hr_engine *engine,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              size_t limit,
                              struct hr_literals *values,
                              struct hr_err *err)
{
    struct hr_query *query;
    *values = (struct hr_literals){HR_NEW_ARRAY(arena, struct hr_literal *, limit + 1), 0};
    struct column_sink sink = {{column_schema, column_chunk}, arena, NULL, values, limit};
    HR_TRY(hr_query_prepare(engine, arena, env, rel, &query, err));
    return hr_query_run(query, &sink.sink, err);
}
