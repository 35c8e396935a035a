/* One execution, on a worker thread: the plan's bytes to decoded plan, to query, to Arrow batches;
 * or a command. */
#include "host/connect/calls/execute.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/connect/calls/result.h"
#include "host/connect/decode/types.h"
#include "host/sql/sql.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- results ---- */

struct delivery {
    struct hr_sink sink;
    struct operation *operation;
    struct env *env;
    struct hr_result *result;
    int64_t start;
    /* until the first batch took it along: it saves the client a response */
    PB(DataType) * schema;
    /* a command's result, which leaves as a local relation; else NULL */
    struct hr_buf *collected;
};

static enum hr_code deliver(void *arg, int64_t rows, char *bytes, size_t len, struct hr_err *err)
{
    struct delivery *delivery = arg;
    if (delivery->collected) {
        hr_buf_add(delivery->collected, bytes, len);
        free(bytes);
        return hr_buf_check(delivery->collected, "a command's result", err);
    }
    int64_t start = delivery->start;
    PB(DataType) *schema = delivery->schema;
    delivery->start += rows;
    delivery->schema = NULL;
    return hr_operation_give_batch(delivery->operation, schema, start, rows, bytes, len, err);
}

static enum hr_arrow_codec codec_of(const struct env *env)
{
    const char *name = hr_env_conf(env, "spark.sql.execution.arrow.compression.codec");
    return !name || !strcasecmp(name, "none") ? HR_ARROW_PLAIN
           : !strcasecmp(name, "lz4")         ? HR_ARROW_LZ4
                                              : HR_ARROW_ZSTD;
}

static enum hr_code new_result(struct delivery *delivery,
                               const struct hr_type *schema,
                               struct hr_err *err)
{
    const struct env *env = delivery->env;
    const char *level = hr_env_conf(env, "spark.sql.execution.arrow.compression.zstd.level");
    const char *rows = hr_conf_get_set(&env->conf, "spark.sql.execution.arrow.maxRecordsPerBatch");
    struct hr_result_options options = {
        .style.timezone = hr_env_conf(env, "spark.sql.session.timeZone"),
        .codec = codec_of(env),
        .level = level ? atoi(level) : 0,
        .style.large_types =
            hr_conf_is_true(&env->conf, "spark.sql.execution.arrow.useLargeVarTypes"),
        .rows_max = rows ? atoll(rows) : 0};
    if (options.rows_max < 0)
        options.rows_max = 0;
    return hr_result_new(env->arena, schema, &options, deliver, delivery, &delivery->result, err);
}

static enum hr_code give_chunk(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    return hr_result_add(((struct delivery *)sink)->result, chunk, err);
}

static enum hr_code set_query(struct operation *operation,
                              struct hr_query *query,
                              struct hr_err *err)
{
    pthread_mutex_lock(&operation->lock);
    bool cancelled = operation->cancelled;
    operation->query = query;
    pthread_mutex_unlock(&operation->lock);
    return cancelled ? hr_fail_spark(err, "OPERATION_CANCELED", NULL) : HR_OK;
}

static enum hr_code give_metrics(struct env *env,
                                 struct operation *operation,
                                 struct hr_query *query,
                                 struct hr_err *err)
{
    const struct hr_metrics *metrics;
    size_t count = hr_query_metrics(query, &metrics);
    if (!count)
        return HR_OK;
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    message.n_observed_metrics = count;
    message.observed_metrics =
        HR_NEW_ARRAY(env->arena, PB(ExecutePlanResponse__ObservedMetrics) *, count);
    for (size_t i = 0; i < count; i++) {
        PB(ExecutePlanResponse__ObservedMetrics) *out =
            PB_NEW(env->arena, ExecutePlanResponse__ObservedMetrics,
                   EXECUTE_PLAN_RESPONSE__OBSERVED_METRICS);
        size_t fields = metrics[i].type->field_count;
        out->name = (char *)metrics[i].name;
        out->keys = HR_NEW_ARRAY(env->arena, char *, fields);
        out->values = HR_NEW_ARRAY(env->arena, PB(Expression__Literal) *, fields);
        out->n_keys = out->n_values = fields;
        for (size_t k = 0; k < fields; k++) {
            out->keys[k] = (char *)metrics[i].type->fields[k].name;
            out->values[k] = hr_connect_literal_encode(env->arena, metrics[i].type->fields[k].type,
                                                       metrics[i].values[k]);
        }
        message.observed_metrics[i] = out;
    }
    return hr_operation_give(operation, &message, err);
}

static enum hr_code run_delivery(struct delivery *delivery,
                                 const struct hr_rel *rel,
                                 struct hr_query **out,
                                 struct hr_err *err)
{
    struct env *env = delivery->env;
    struct hr_query *query;
    HR_TRY(hr_query_prepare(env->session->engine, env->arena, &env->base, rel, &query, err));
    *out = query;
    HR_TRY(set_query(delivery->operation, query, err));
    delivery->sink.chunk = give_chunk;
    HR_TRY(new_result(delivery, hr_query_schema(query), err));
    delivery->schema = hr_connect_type_encode(env->arena, hr_query_schema(query));
    HR_TRY(hr_query_run(query, &delivery->sink, err));
    hr_operation_hold(delivery->operation);
    return hr_result_finish(delivery->result, err);
}

static enum hr_code run_query(struct env *env,
                              struct operation *operation,
                              const struct hr_rel *rel,
                              struct hr_err *err)
{
    struct delivery delivery = {.operation = operation, .env = env};
    struct hr_query *query = NULL;
    HR_TRY(run_delivery(&delivery, rel, &query, err));
    return give_metrics(env, operation, query, err);
}

/* runs a query whose rows are wanted here: as Arrow streams, end to end */
static enum hr_code execute_collect(struct env *env,
                                    struct operation *operation,
                                    const struct hr_rel *rel,
                                    struct hr_buf *arrow,
                                    const struct hr_type **schema,
                                    struct hr_err *err)
{
    struct delivery delivery = {.operation = operation, .env = env, .collected = arrow};
    struct hr_query *query = NULL;
    HR_TRY(run_delivery(&delivery, rel, &query, err));
    *schema = hr_query_schema(query);
    return HR_OK;
}

/* ---- commands ---- */

enum hr_code hr_execute_give_relation(struct operation *operation,
                                      PB(Relation) * relation,
                                      struct hr_err *err)
{
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    PB(ExecutePlanResponse__SqlCommandResult)
    result = PB_INIT(EXECUTE_PLAN_RESPONSE__SQL_COMMAND_RESULT);
    result.relation = relation;
    message.response_type_case =
        SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_SQL_COMMAND_RESULT;
    message.sql_command_result = &result;
    return hr_operation_give(operation, &message, err);
}

/* the text of spark.sql(); NULL when the relation is something else */
static const struct hr_rel *sql_of(const struct hr_rel *rel)
{
    if (rel->kind == HR_REL_WITH_RELATIONS)
        rel = rel->input;
    return rel->kind == HR_REL_SQL ? rel : NULL;
}

/* a query is answered with itself and run when it is collected; anything else is run at once */
static enum hr_code run_sql(struct env *env,
                            struct operation *operation,
                            struct hr_operation_plan *plan,
                            struct hr_err *err)
{
    const struct hr_rel *sql = sql_of(plan->rel);
    struct hr_sql_statement statement;
    if (!sql)
        return hr_fail(err, HR_E_INVALID, "plan is not valid: a SQL command without SQL");
    HR_TRY(hr_env_parse_statement(env, sql->sql.text, &statement, err));
    if (statement.query) {
        struct hr_typed *typed;
        /* errors show where the user wrote the text */
        HR_TRY(hr_analyze(env->arena, &env->base, plan->rel, &typed, err));
        return hr_execute_give_relation(operation, (PB(Relation) *)plan->message, err);
    }
    return hr_command_run(env, operation, statement.command, true, err);
}

static enum hr_code give_resources(struct env *env, struct operation *operation, struct hr_err *err)
{
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    PB(GetResourcesCommandResult) result = PB_INIT(GET_RESOURCES_COMMAND_RESULT);
    (void)env;
    message.response_type_case =
        SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_GET_RESOURCES_COMMAND_RESULT;
    message.get_resources_command_result = &result;
    return hr_operation_give(operation, &message, err);
}

/* df.checkpoint(), df.localCheckpoint(): the rows are kept as a local relation; when not eager, the
 * plan itself */
static enum hr_code checkpoint(struct env *env,
                               struct operation *operation,
                               struct hr_operation_plan *plan,
                               struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct view *view = HR_NEW(arena, struct view);
    struct hr_buf arrow;
    const struct hr_type *schema;
    char id[37];
    atomic_init(&view->refs, 1);
    view->arena = arena;
    hr_buf_init(&arrow, HR_ARTIFACT_MAX);
    enum hr_code code = execute_collect(env, operation, plan->rel, &arrow, &schema, err);
    if (code) {
        hr_buf_release(&arrow);
        hr_view_drop(view);
        return code;
    }
    struct hr_buf json;
    hr_buf_init(&json, HR_BUF_GROWS);
    hr_type_json(schema, &json);
    view->rel = hr_rel_new(arena, HR_REL_LOCAL, NULL);
    view->rel->local.arrow = hr_memdup(arena, hr_buf_text(&arrow), hr_buf_len(&arrow));
    view->rel->local.arrow_len = hr_buf_len(&arrow);
    view->rel->local.schema = hr_buf_keep(&json, arena);
    hr_buf_release(&arrow);
    hr_uuid_new(id);
    pthread_mutex_lock(&env->session->lock);
    hr_map_put(&env->session->cached, id, view);
    pthread_mutex_unlock(&env->session->lock);
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    PB(CheckpointCommandResult) result = PB_INIT(CHECKPOINT_COMMAND_RESULT);
    PB(CachedRemoteRelation) relation = PB_INIT(CACHED_REMOTE_RELATION);
    relation.relation_id = id;
    result.relation = &relation;
    message.response_type_case =
        SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_CHECKPOINT_COMMAND_RESULT;
    message.checkpoint_command_result = &result;
    return hr_operation_give(operation, &message, err);
}

static void forget_cached(struct env *env, const char *id)
{
    pthread_mutex_lock(&env->session->lock);
    struct view *view = hr_map_remove(&env->session->cached, id);
    pthread_mutex_unlock(&env->session->lock);
    hr_view_drop(view);
}

/* ---- all ---- */

static enum hr_code run_plan(struct env *env, struct operation *operation, struct hr_err *err)
{
    struct hr_operation_plan plan;
    PB(Plan) *message = hr_decode_message(env->arena, &spark__connect__plan__descriptor,
                                          operation->request, operation->request_len, err);
    if (!message)
        return err->code;
    HR_TRY(hr_decode_plan(env->arena, message, &plan, err));
    HR_TRY(hr_env_bind(env, plan.rel, err));
    if (plan.command)
        HR_TRY(hr_env_bind(env, plan.command->input, err));
    switch (plan.kind) {
    case HR_OPERATION_QUERY:
        return run_query(env, operation, plan.rel, err);
    case HR_OPERATION_SQL:
        return run_sql(env, operation, &plan, err);
    case HR_OPERATION_COMMAND:
        return hr_command_run(env, operation, plan.command, false, err);
    case HR_OPERATION_RESOURCES:
        return give_resources(env, operation, err);
    case HR_OPERATION_CHECKPOINT:
        return checkpoint(env, operation, &plan, err);
    case HR_OPERATION_FORGET_CACHED:
        forget_cached(env, plan.id);
        return HR_OK;
    }
    return hr_fail(err, HR_E_INTERNAL, "operation of an unknown kind");
}

static enum hr_code give_complete(struct operation *operation, struct hr_err *err)
{
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    PB(ExecutePlanResponse__ResultComplete)
    complete = PB_INIT(EXECUTE_PLAN_RESPONSE__RESULT_COMPLETE);
    if (!operation->reattachable)
        return HR_OK;
    message.response_type_case =
        SPARK__CONNECT__EXECUTE_PLAN_RESPONSE__RESPONSE_TYPE_RESULT_COMPLETE;
    message.result_complete = &complete;
    return hr_operation_give(operation, &message, err);
}

static void end_query(struct operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    operation->query = NULL;
    pthread_mutex_unlock(&operation->lock);
}

static void execute(struct operation *operation)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct env *env;
    enum hr_code code = hr_env_new(arena, operation->session, &env, &err);
    if (!code) {
        env->operation = operation;
        code = run_plan(env, operation, &err);
    }
    end_query(operation);
    if (!code)
        code = give_complete(operation, &err);
    if (code == HR_E_CANCELLED)
        hr_fail_spark(&err, "OPERATION_CANCELED", NULL);
    hr_operation_done(operation, code ? &err : NULL);
    if (code && operation->replayed)
        hr_log(HR_LOG_WARN, "journal.replay", "session", operation->session->id, "error", err.msg,
               NULL);
    hr_arena_free(arena);
    hr_operation_drop(operation);
}

void hr_execute_plan(void *operation)
{
    execute(operation);
}

void hr_execute_replayed(struct session *session, const void *plan, size_t len)
{
    execute(hr_operation_new_replayed(session, plan, len));
}
