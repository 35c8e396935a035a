/* Commands: views, writes, and what spark.sql() runs at once. Worker threads. */
#include "host/connect/calls/execute.h"
#include "host/connect/texts.h"
#include "host/plan/print.h"
#include "host/sql/sql.h"
#include <stdio.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- binding: what a plan names is put in its place ---- */

static void drop_view(void *view)
{
    hr_view_drop(view);
}

static enum hr_code bind_cached(struct env *env, struct hr_rel *rel, struct hr_err *err)
{
    pthread_mutex_lock(&env->session->lock);
    struct view *view = hr_map_get(&env->session->cached, rel->cached_remote.id);
    if (view)
        atomic_fetch_add(&view->refs, 1);
    pthread_mutex_unlock(&env->session->lock);
    if (!view)
        return hr_fail(err, HR_E_INVALID, "cached relation \"%s\" does not exist in this session",
                       rel->cached_remote.id);
    hr_arena_on_free(env->arena, drop_view, view);
    int64_t plan_id = rel->plan_id;
    *rel = *view->rel;
    rel->plan_id = plan_id;
    return HR_OK;
}

enum hr_code hr_env_bind(struct env *env, struct hr_rel *rel, struct hr_err *err)
{
    for (; rel; rel = rel->input) {
        if (rel->kind == HR_REL_CACHED_REMOTE)
            return bind_cached(env, rel, err);
        if (rel->kind == HR_REL_CATALOG)
            return hr_catalog_bind(env, rel, err);
        if (rel->kind == HR_REL_WITH_RELATIONS)
            for (size_t i = 0; i < rel->with_relations.count; i++)
                HR_TRY(hr_env_bind(env, rel->with_relations.references[i], err));
        if (rel->right)
            HR_TRY(hr_env_bind(env, rel->right, err));
    }
    return HR_OK;
}

/* A view made of a DataFrame keeps what its plan named when it was made, as Spark's does: views of
 * that name may change later, or be this very one. Names that a WITH clause defines are its own. */
struct binding {
    struct env *env;
    struct hr_arena *arena;
};

static bool is_cte(const struct hr_rel *rel, const struct hr_rel *const *scopes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < scopes[i]->cte.count; k++)
            if (rel->read_table.name.count == 1 &&
                !strcasecmp(scopes[i]->cte.at[k].name, rel->read_table.name.at[0]))
                return true;
    return false;
}

#define SCOPES_MAX 64

static enum hr_code bind_views(struct binding *binding,
                               struct hr_rel *rel,
                               const struct hr_rel **scopes,
                               size_t count,
                               struct hr_err *err);

static enum hr_code bind_table(struct binding *binding, struct hr_rel *rel)
{
    struct view *view = hr_spark_session_find_view(binding->env->session, &rel->read_table.name);
    if (!view)
        return HR_OK;
    hr_arena_on_free(binding->arena, drop_view, view);
    struct hr_rel *input = view->rel;
    if (view->columns.count) {
        input = hr_rel_new(binding->arena, HR_REL_TO_DF, view->rel);
        input->to_df.names = view->columns;
    }
    const char *name = rel->read_table.name.at[rel->read_table.name.count - 1];
    int64_t plan_id = rel->plan_id;
    memset(rel, 0, sizeof *rel);
    rel->kind = HR_REL_SUBQUERY_ALIAS;
    rel->plan_id = plan_id;
    rel->input = input;
    rel->alias.alias = name;
    return HR_OK;
}

static enum hr_code bind_sql(struct binding *binding,
                             struct hr_rel *rel,
                             const struct hr_rel **scopes,
                             size_t count,
                             struct hr_err *err)
{
    struct hr_rel *parsed;
    if (rel->sql.positional.count || rel->sql.named_count)
        return HR_OK;
    HR_TRY(binding->env->base.ops->parse(&binding->env->base, binding->arena, rel->sql.text,
                                         &parsed, err));
    HR_TRY(bind_views(binding, parsed, scopes, count, err));
    int64_t plan_id = rel->plan_id;
    *rel = *parsed;
    rel->plan_id = plan_id;
    return HR_OK;
}

static enum hr_code bind_views(struct binding *binding,
                               struct hr_rel *rel,
                               const struct hr_rel **scopes,
                               size_t count,
                               struct hr_err *err)
{
    for (; rel; rel = rel->input) {
        if (rel->kind == HR_REL_READ_TABLE)
            return is_cte(rel, scopes, count) ? HR_OK : bind_table(binding, rel);
        if (rel->kind == HR_REL_SQL)
            return bind_sql(binding, rel, scopes, count, err);
        if (rel->kind == HR_REL_WITH_RELATIONS)
            for (size_t i = 0; i < rel->with_relations.count; i++)
                HR_TRY(bind_views(binding, rel->with_relations.references[i], scopes, count, err));
        if (rel->kind == HR_REL_CTE) {
            if (count == SCOPES_MAX)
                return hr_fail(err, HR_E_LIMIT, "WITH clauses are nested deeper than %d",
                               SCOPES_MAX);
            scopes[count++] = rel;
            for (size_t i = 0; i < rel->cte.count; i++)
                HR_TRY(bind_views(binding, rel->cte.at[i].plan, scopes, count, err));
        }
        if (rel->right)
            HR_TRY(bind_views(binding, rel->right, scopes, count, err));
    }
    return HR_OK;
}

/* ---- views ---- */

/* the command once more, in the view's own arena: it outlives the request */
static enum hr_code view_command(struct env *env,
                                 struct operation *operation,
                                 struct hr_arena *arena,
                                 struct hr_command **command,
                                 struct hr_err *err)
{
    struct hr_operation_plan plan;
    struct hr_sql_statement statement;
    PB(Plan) *message = hr_decode_message(arena, &spark__connect__plan__descriptor,
                                          operation->request, operation->request_len, err);
    if (!message)
        return err->code;
    HR_TRY(hr_decode_plan(arena, message, &plan, err));
    *command = plan.command;
    if (plan.command)
        return HR_OK;
    const struct hr_rel *sql = plan.rel->kind == HR_REL_WITH_RELATIONS ? plan.rel->input : plan.rel;
    struct env own = *env;
    own.arena = arena;
    HR_TRY(hr_env_parse_statement(&own, sql->sql.text, &statement, err));
    *command = statement.command;
    return HR_OK;
}

static enum hr_code fill_view(struct env *env,
                              struct operation *operation,
                              bool from_sql,
                              struct view *view,
                              struct hr_err *err)
{
    struct hr_command *command = NULL;
    struct hr_typed *typed;
    const struct hr_rel *scopes[SCOPES_MAX];
    HR_TRY(view_command(env, operation, view->arena, &command, err));
    HR_TRY(hr_env_bind(env, command->input, err));
    if (!from_sql)
        HR_TRY(bind_views(&(struct binding){env, view->arena}, command->input, scopes, 0, err));
    /* an error shows now, not at the first use */
    if (!operation->replayed) {
        HR_TRY(hr_analyze(env->arena, &env->base, command->input, &typed, err));
        if (command->view.columns.count &&
            command->view.columns.count != typed->schema->field_count)
            return hr_fail(err, HR_E_INVALID, "view has %zu column names for %zu columns",
                           command->view.columns.count, typed->schema->field_count);
    }
    view->rel = command->input;
    view->columns = command->view.columns;
    view->global = command->view.global;
    view->name = (char *)command->view.name.at[command->view.name.count - 1];
    return HR_OK;
}

static enum hr_code create_view(struct env *env,
                                struct operation *operation,
                                const struct hr_command *command,
                                bool from_sql,
                                struct hr_err *err)
{
    if (!command->view.temporary)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "CREATE VIEW without TEMPORARY",
                             NULL);
    if (command->view.name.count > 1 && !command->view.global)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             "temporary views with a qualified name", NULL);
    struct hr_arena *arena = hr_arena_new(NULL);
    struct view *view = HR_NEW(arena, struct view);
    atomic_init(&view->refs, 1);
    view->arena = arena;
    enum hr_code code = fill_view(env, operation, from_sql, view, err);
    if (code) {
        hr_view_drop(view);
        return code;
    }
    code = hr_spark_session_create_view(env->session, view, command->view.replace, operation, err);
    if (code &&
        command->view.if_not_exists &&
        !strcmp(err->condition, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"))
        return HR_OK;
    return code;
}

static enum hr_code run_drop_view(struct env *env,
                                  struct operation *operation,
                                  const struct hr_command *command,
                                  struct hr_err *err)
{
    bool dropped;
    HR_TRY(hr_spark_session_drop_view(env->session, &command->drop.name, false, operation, &dropped,
                                      err));
    return dropped || command->drop.if_exists ? HR_OK
                                              : hr_catalog_not_found(env, &command->drop.name, err);
}

/* ---- functions ---- */

static enum hr_code register_function(struct env *env,
                                      struct operation *operation,
                                      const struct hr_command *command,
                                      struct hr_err *err)
{
    struct session *session = env->session;
    pthread_mutex_lock(&session->connect->journal_lock);
    enum hr_code code = hr_journal_plan(operation, err);
    if (!code) {
        pthread_mutex_lock(&session->lock);
        hr_map_put(&session->functions, command->function.name, (void *)command->function.what);
        pthread_mutex_unlock(&session->lock);
    }
    pthread_mutex_unlock(&session->connect->journal_lock);
    return code;
}

/* ---- writes ---- */

static bool write_is_cancelled(void *operation)
{
    return hr_operation_is_cancelled(operation);
}

static bool is_hint(const struct hr_rel *rel, const char *name)
{
    return rel->kind == HR_REL_HINT && !strcasecmp(rel->hint.name, name);
}

static int32_t hint_parts(const struct hr_rel *rel)
{
    const struct hr_exprs *given = &rel->hint.parameters;
    bool number = given->count &&
                  given->at[0]->kind == HR_EXPR_LITERAL &&
                  hr_type_is_integral(given->at[0]->literal->type);
    return number ? (int32_t)given->at[0]->literal->integer : 1;
}

/* in how many partitions Spark would have the rows, as far as the plan says it: 1 where it does not
 */
static int32_t parts_of(struct env *env, const struct hr_rel *rel)
{
    struct hr_rel *parsed;
    struct hr_err ignored;
    switch (rel->kind) {
    case HR_REL_REPARTITION:
        if (rel->repartition.shuffle || rel->repartition.exprs.count)
            return rel->repartition.partitions ? rel->repartition.partitions : 1;
        return rel->repartition.partitions < parts_of(env, rel->input) ? rel->repartition.partitions
                                                                       : parts_of(env, rel->input);
    case HR_REL_HINT:
        if (is_hint(rel, "REPARTITION") || is_hint(rel, "REPARTITION_BY_RANGE"))
            return hint_parts(rel);
        if (is_hint(rel, "COALESCE") && hint_parts(rel) < parts_of(env, rel->input))
            return hint_parts(rel);
        return parts_of(env, rel->input);
    case HR_REL_PROJECT:
    case HR_REL_FILTER:
    case HR_REL_WITH_COLUMNS:
    case HR_REL_RENAME_COLUMNS:
    case HR_REL_DROP:
    case HR_REL_TO_DF:
    case HR_REL_TO_SCHEMA:
    case HR_REL_SUBQUERY_ALIAS:
    case HR_REL_FILL_NA:
    case HR_REL_DROP_NA:
    case HR_REL_REPLACE:
    case HR_REL_SAMPLE:
    case HR_REL_WITH_RELATIONS:
        return rel->input ? parts_of(env, rel->input) : 1;
    case HR_REL_SORT:
        return rel->sort.is_global ? 1 : parts_of(env, rel->input);
    case HR_REL_SQL:
        return env->base.ops->parse(&env->base, env->arena, rel->sql.text, &parsed, &ignored)
                   ? 1
                   : parts_of(env, parsed);
    default:
        return 1;
    }
}

static struct hr_expr *int_expr(struct env *env, int32_t value)
{
    return hr_expr_integer(env->arena, hr_type_basic(HR_TYPE_INT), value);
}

/* repartition(n, columns): each row's file as a column more, by Spark's hash; repartitionByRange(n,
 * columns): n ranges in order */
static struct hr_rel *with_part(struct env *env, struct hr_rel *rel)
{
    struct hr_arena *arena = env->arena;
    const struct hr_exprs *by = &rel->repartition.exprs;
    int32_t parts = rel->repartition.partitions;
    struct hr_expr *part, *name = hr_expr_new(arena, HR_EXPR_ALIAS),
                          **list = HR_NEW_ARRAY(arena, struct hr_expr *, 2);
    if (by->at[0]->kind == HR_EXPR_SORT) {
        struct hr_expr *window = hr_expr_new(arena, HR_EXPR_WINDOW);
        window->window.function = hr_expr_call(arena, "ntile", 1, int_expr(env, parts));
        window->window.order = *by;
        part = hr_expr_call(arena, "-", 2, window, int_expr(env, 1));
    } else {
        struct hr_expr *hash = hr_expr_call(arena, "hash", 0);
        hash->call.args = *by;
        part = hr_expr_call(arena, "pmod", 2, hash, int_expr(env, parts));
    }
    name->alias.child = part;
    name->alias.names = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    name->alias.names.at[0] = "part";
    list[0] = hr_expr_new(arena, HR_EXPR_STAR);
    list[1] = name;
    struct hr_rel *project = hr_rel_new(arena, HR_REL_PROJECT, rel);
    project->project.exprs = (struct hr_exprs){list, 2};
    return project;
}

static enum hr_code write_out(struct env *env,
                              struct operation *operation,
                              const struct hr_command *command,
                              struct hr_err *err)
{
    struct hr_query *query;
    struct hr_format_rows rows;
    struct hr_blob_cancel cancel = {write_is_cancelled, operation};
    if (!command->write.path)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             command->write.insert_into   ? "insertInto"
                             : command->write.table.count ? "saveAsTable"
                                                          : "saving without a path",
                             NULL);
    struct hr_rel *input = command->input;
    int32_t parts = parts_of(env, input);
    bool has_part =
        parts > 1 && input->kind == HR_REL_REPARTITION && input->repartition.exprs.count;
    if (has_part)
        input = with_part(env, input);
    HR_TRY(hr_query_prepare(env->session->engine, env->arena, &env->base, input, &query, err));
    pthread_mutex_lock(&operation->lock);
    operation->query = query;
    bool cancelled = operation->cancelled;
    pthread_mutex_unlock(&operation->lock);
    if (cancelled)
        return hr_fail_spark(err, "OPERATION_CANCELED", NULL);
    hr_env_query_rows(env->arena, query, &rows);
    rows.parts = parts;
    rows.has_part = has_part;
    if (has_part)
        rows.schema = hr_type_struct(env->arena, rows.schema->fields, rows.schema->field_count - 1);
    hr_journal_writes(operation);
    return hr_format_write(env->session->format, env->arena, &env->base, &command->write, &rows,
                           &cancel, err);
}

/* ---- SET, RESET, SHOW, DESCRIBE, EXPLAIN ---- */

static enum hr_code run_set(struct env *env,
                            const struct hr_command *command,
                            struct texts *texts,
                            struct hr_err *err)
{
    hr_texts_columns(texts, "!key", "!value", NULL);
    if (!command->set.key) {
        for (struct hr_map_entry *at = NULL; (at = hr_map_next(&env->conf.values, at));)
            if (!hr_blob_config_knows(at->key))
                hr_texts_row(texts, at->key, (char *)at->value);
        return HR_OK;
    }
    if (command->set.value) {
        HR_TRY(
            hr_spark_session_set_durably(env->session, command->set.key, command->set.value, err));
        hr_texts_row(texts, command->set.key, command->set.value);
        return HR_OK;
    }
    const char *value = hr_env_conf(env, command->set.key);
    hr_texts_row(texts, command->set.key, value ? value : "<undefined>");
    return HR_OK;
}

/* what the session's host was started with comes back, as Spark's own configuration does */
static const char *started_with(const struct env *env, const char *key)
{
    const struct hr_connect_options *options = &env->session->connect->options;
    const char *value = NULL;
    for (size_t i = 0; i < options->setting_count; i++)
        if (!strcmp(options->settings[i].key, key))
            value = options->settings[i].value;
    return value;
}

static enum hr_code run_reset(struct env *env, const struct hr_command *command, struct hr_err *err)
{
    if (command->set.key)
        return hr_spark_session_set_durably(env->session, command->set.key,
                                            started_with(env, command->set.key), err);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&env->conf.values, at));)
        if (hr_conf_may_set(at->key))
            HR_TRY(hr_spark_session_set_durably(env->session, at->key, started_with(env, at->key),
                                                err));
    return HR_OK;
}

static const char *comment_of(struct hr_arena *arena, const struct hr_field *field)
{
    json_t *metadata = field->metadata ? json_loads(field->metadata, 0, NULL) : NULL;
    const char *comment = json_string_value(json_object_get(metadata, "comment"));
    comment = comment ? hr_strdup(arena, comment) : NULL;
    json_decref(metadata);
    return comment;
}

static enum hr_code run_describe(struct env *env,
                                 const struct hr_command *command,
                                 struct texts *texts,
                                 struct hr_err *err)
{
    struct hr_rel *rel = command->input;
    struct hr_typed *typed;
    if (command->describe.is_function || command->describe.column)
        return hr_fail_spark(
            err, "UNSUPPORTED_FEATURE", "feature",
            command->describe.is_function ? "DESCRIBE FUNCTION" : "DESCRIBE of one column", NULL);
    if (!rel) {
        rel = hr_rel_new(env->arena, HR_REL_READ_TABLE, NULL);
        rel->read_table.name = command->describe.name;
    }
    HR_TRY(hr_analyze(env->arena, &env->base, rel, &typed, err));
    hr_texts_columns(texts, "col_name", "data_type", "comment", NULL);
    for (size_t i = 0; i < typed->schema->field_count; i++) {
        struct hr_buf type;
        hr_buf_init(&type, HR_BUF_GROWS);
        hr_type_simple(typed->schema->fields[i].type, &type);
        hr_texts_row(texts, typed->schema->fields[i].name, hr_buf_text(&type),
                     comment_of(env->arena, &typed->schema->fields[i]));
        hr_buf_release(&type);
    }
    return HR_OK;
}

static enum hr_code run_explain(struct env *env,
                                const struct hr_command *command,
                                struct texts *texts,
                                struct hr_err *err)
{
    struct hr_typed *typed;
    struct hr_buf text;
    HR_TRY(hr_analyze(env->arena, &env->base, command->input, &typed, err));
    hr_buf_init(&text, HR_REST_BODY_MAX);
    enum hr_code code =
        hr_explain_text(env, command->input, typed, command->explain.mode, &text, err);
    if (!code)
        code = hr_buf_check(&text, "the plan's text", err);
    if (!code) {
        hr_texts_columns(texts, "plan", NULL);
        hr_texts_row(texts, hr_buf_text(&text));
    }
    hr_buf_release(&text);
    return code;
}

static enum hr_code uncache(struct env *env, const struct hr_command *command, struct hr_err *err)
{
    if (command->cache.name.count) {
        enum hr_code code = hr_catalog_cache(env, &command->cache.name, false, err);
        return code && command->cache.if_exists ? HR_OK : code;
    }
    pthread_mutex_lock(&env->session->lock);
    hr_map_release(&env->session->persisted);
    hr_map_init(&env->session->persisted);
    pthread_mutex_unlock(&env->session->lock);
    return HR_OK;
}

/* ---- all ---- */

static enum hr_code run(struct env *env,
                        struct operation *operation,
                        struct hr_command *command,
                        bool from_sql,
                        struct texts *texts,
                        struct hr_err *err)
{
    switch (command->kind) {
    case HR_COMMAND_CREATE_VIEW:
        return create_view(env, operation, command, from_sql, err);
    case HR_COMMAND_DROP_VIEW:
        return run_drop_view(env, operation, command, err);
    case HR_COMMAND_REGISTER:
        return register_function(env, operation, command, err);
    case HR_COMMAND_WRITE:
        return write_out(env, operation, command, err);
    case HR_COMMAND_WRITE_V2:
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "writeTo", NULL);
    case HR_COMMAND_SET:
        return run_set(env, command, texts, err);
    case HR_COMMAND_RESET:
        return run_reset(env, command, err);
    case HR_COMMAND_SHOW:
        return hr_catalog_show(env, command, texts, err);
    case HR_COMMAND_DESCRIBE:
        return run_describe(env, command, texts, err);
    case HR_COMMAND_EXPLAIN:
        return run_explain(env, command, texts, err);
    case HR_COMMAND_CACHE:
        if (command->input || command->cache.options.count)
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                                 "CACHE TABLE with a query or options", NULL);
        return hr_catalog_cache(env, &command->cache.name, true, err);
    case HR_COMMAND_UNCACHE:
        return uncache(env, command, err);
    case HR_COMMAND_USE:
        return hr_catalog_use(env, command, err);
    case HR_COMMAND_UNSUPPORTED:
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", command->unsupported.what,
                             NULL);
    }
    return hr_fail(err, HR_E_INTERNAL, "command of an unknown kind");
}

enum hr_code hr_command_run(struct env *env,
                            struct operation *operation,
                            struct hr_command *command,
                            bool from_sql,
                            struct hr_err *err)
{
    struct texts *texts = hr_texts_new(env->arena);
    HR_TRY(run(env, operation, command, from_sql, texts, err));
    if (!from_sql)
        return HR_OK;
    PB(Relation) * answer;
    HR_TRY(hr_texts_relation(texts, env->arena, &answer, err));
    return hr_execute_give_relation(operation, answer, err);
}
