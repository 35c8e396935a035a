/* Commands: views, writes, and what spark.sql() runs at once. Worker threads. */
#include "host/connect/execute.h"
#include "host/connect/texts.h"
#include "host/plan/print.h"
#include "host/sql/sql.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- binding: what a plan names is put in its place ---- */

static void drop_view(void *view) { view_drop(view); }

static enum hr_code bind_cached(struct env *env, struct hr_rel *rel, struct hr_err *err)
{
    pthread_mutex_lock(&env->session->lock);
    struct view *view = hr_map_get(&env->session->cached, rel->cached_remote.id);
    if (view)
        atomic_fetch_add(&view->refs, 1);
    pthread_mutex_unlock(&env->session->lock);
    if (!view)
        return hr_fail(err, HR_E_INVALID, "cached relation \"%s\" does not exist in this session", rel->cached_remote.id);
    hr_arena_on_free(env->arena, drop_view, view);
    int64_t plan_id = rel->plan_id;
    *rel = *view->rel;
    rel->plan_id = plan_id;
    return HR_OK;
}

enum hr_code env_bind(struct env *env, struct hr_rel *rel, struct hr_err *err)
{
    for (; rel; rel = rel->input) {
        if (rel->kind == HR_REL_CACHED_REMOTE)
            return bind_cached(env, rel, err);
        if (rel->kind == HR_REL_CATALOG)
            return catalog_bind(env, rel, err);
        if (rel->kind == HR_REL_WITH_RELATIONS)
            for (size_t i = 0; i < rel->with_relations.count; i++)
                HR_TRY(env_bind(env, rel->with_relations.references[i], err));
        if (rel->right)
            HR_TRY(env_bind(env, rel->right, err));
    }
    return HR_OK;
}

/* A view made of a DataFrame keeps what its plan named when it was made, as Spark's does: views of that name may change later, or be
 * this very one. Names that a WITH clause defines are its own. */
struct binding { struct env *env; struct hr_arena *arena; };

static bool is_cte(const struct hr_rel *rel, const struct hr_rel *const *scopes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < scopes[i]->cte.count; k++)
            if (rel->read_table.name.count == 1 && !strcasecmp(scopes[i]->cte.at[k].name, rel->read_table.name.at[0]))
                return true;
    return false;
}

#define SCOPES_MAX 64

static enum hr_code bind_views(struct binding *binding, struct hr_rel *rel, const struct hr_rel **scopes, size_t count, struct hr_err *err);

static enum hr_code bind_table(struct binding *binding, struct hr_rel *rel)
{
    struct view *view = session_find_view(binding->env->session, &rel->read_table.name);
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

static enum hr_code bind_sql(struct binding *binding, struct hr_rel *rel, const struct hr_rel **scopes, size_t count, struct hr_err *err)
{
    struct hr_rel *parsed;
    if (rel->sql.positional.count || rel->sql.named_count)
        return HR_OK;
    HR_TRY(binding->env->base.ops->parse(&binding->env->base, binding->arena, rel->sql.text, &parsed, err));
    HR_TRY(bind_views(binding, parsed, scopes, count, err));
    int64_t plan_id = rel->plan_id;
    *rel = *parsed;
    rel->plan_id = plan_id;
    return HR_OK;
}

static enum hr_code bind_views(struct binding *binding, struct hr_rel *rel, const struct hr_rel **scopes, size_t count, struct hr_err *err)
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
                return hr_fail(err, HR_E_LIMIT, "WITH clauses are nested deeper than %d", SCOPES_MAX);
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
static enum hr_code view_command(struct env *env, struct operation *operation, struct hr_arena *arena, struct hr_command **command, struct hr_err *err)
{
    struct hr_operation_plan plan;
    struct hr_sql_statement statement;
    PB(Plan) *message = hr_decode_message(arena, &spark__connect__plan__descriptor, operation->request, operation->request_len, err);
    if (!message)
        return err->code;
    HR_TRY(hr_decode_plan(arena, message, &plan, err));
    *command = plan.command;
    if (plan.command)
        return HR_OK;
    const struct hr_rel *sql = plan.rel->kind == HR_REL_WITH_RELATIONS ? plan.rel->input : plan.rel;
    struct env own = *env;
    own.arena = arena;
    HR_TRY(env_parse_statement(&own, sql->sql.text, &statement, err));
    *command = statement.command;
    return HR_OK;
}

static enum hr_code fill_view(struct env *env, struct operation *operation, bool from_sql, struct view *view, struct hr_err *err)
{
    struct hr_command *command = NULL;
    struct hr_typed *typed;
    const struct hr_rel *scopes[SCOPES_MAX];
    HR_TRY(view_command(env, operation, view->arena, &command, err));
    HR_TRY(env_bind(env, command->input, err));
    if (!from_sql)
        HR_TRY(bind_views(&(struct binding){env, view->arena}, command->input, scopes, 0, err));
    if (!operation->replayed) {                                     /* an error shows now, not at the first use */
        HR_TRY(hr_analyze(env->arena, &env->base, command->input, &typed, err));
        if (command->view.columns.count && command->view.columns.count != typed->schema->field_count)
            return hr_fail(err, HR_E_INVALID, "view has %zu column names for %zu columns", command->view.columns.count,
                           typed->schema->field_count);
    }
    view->rel = command->input;
    view->columns = command->view.columns;
    view->global = command->view.global;
    view->name = (char *)command->view.name.at[command->view.name.count - 1];
    return HR_OK;
}

struct journalled { struct session *session; char *bytes; size_t len; };

static void journal_posted(void *arg)
{
    struct journalled *entry = arg;
    journal_command(entry->session, entry->bytes, entry->len);
    session_drop(entry->session);
    free(entry->bytes);
    free(entry);
}

/* the journal belongs to the loop's thread */
void journal_plan(struct operation *operation)
{
    struct journalled *entry = malloc(sizeof *entry);
    char *bytes = malloc(operation->request_len + 1);
    if (!entry || !bytes || operation->replayed) {
        free(entry);
        free(bytes);
        return;
    }
    memcpy(bytes, operation->request, operation->request_len);
    *entry = (struct journalled){session_keep(operation->session), bytes, operation->request_len};
    hr_loop_post(operation->session->connect->loop, journal_posted, entry);
}

static enum hr_code create_view(struct env *env, struct operation *operation, const struct hr_command *command, bool from_sql, struct hr_err *err)
{
    if (!command->view.temporary)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "CREATE VIEW without TEMPORARY", NULL);
    if (command->view.name.count > 1 && !command->view.global)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "temporary views with a qualified name", NULL);
    struct hr_arena *arena = hr_arena_new(NULL);
    struct view *view = HR_NEW(arena, struct view);
    atomic_init(&view->refs, 1);
    view->arena = arena;
    enum hr_code code = fill_view(env, operation, from_sql, view, err);
    if (code) {
        view_drop(view);
        return code;
    }
    code = session_create_view(env->session, view, command->view.replace, err);
    if (code && command->view.if_not_exists && !strcmp(err->condition, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"))
        return HR_OK;
    if (!code)
        journal_plan(operation);
    return code;
}

/* ---- writes ---- */

static bool operation_is_cancelled(void *arg)
{
    struct operation *operation = arg;
    pthread_mutex_lock(&operation->lock);
    bool cancelled = operation->cancelled;
    pthread_mutex_unlock(&operation->lock);
    return cancelled;
}

static enum hr_code write_out(struct env *env, struct operation *operation, const struct hr_command *command, struct hr_err *err)
{
    struct hr_query *query;
    struct hr_format_rows rows;
    struct hr_blob_cancel cancel = {operation_is_cancelled, operation};
    if (!command->write.path)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             command->write.insert_into ? "insertInto" : command->write.table.count ? "saveAsTable" : "saving without a path", NULL);
    HR_TRY(hr_query_prepare(env->session->engine, env->arena, &env->base, command->input, &query, err));
    pthread_mutex_lock(&operation->lock);
    operation->query = query;
    bool cancelled = operation->cancelled;
    pthread_mutex_unlock(&operation->lock);
    if (cancelled)
        return hr_fail_spark(err, "OPERATION_CANCELED", NULL);
    env_query_rows(env->arena, query, &rows);
    return hr_format_write(env->session->format, env->arena, &env->base, &command->write, &rows, &cancel, err);
}

/* ---- SET, RESET, SHOW, DESCRIBE, EXPLAIN ---- */

static enum hr_code run_set(struct env *env, const struct hr_command *command, struct texts *texts, struct hr_err *err)
{
    texts_columns(texts, "!key", "!value", NULL);
    if (!command->set.key) {
        for (struct hr_map_entry *at = NULL; (at = hr_map_next(&env->conf.values, at));)
            if (!hr_blob_config_knows(at->key))
                texts_row(texts, at->key, (char *)at->value);
        return HR_OK;
    }
    if (command->set.value) {
        HR_TRY(session_set(env->session, command->set.key, command->set.value, err));
        journal_config_from_worker(env->session, command->set.key, command->set.value);
        texts_row(texts, command->set.key, command->set.value);
        return HR_OK;
    }
    const char *value = env_conf(env, command->set.key);
    texts_row(texts, command->set.key, value ? value : "<undefined>");
    return HR_OK;
}

static enum hr_code run_reset(struct env *env, const struct hr_command *command, struct hr_err *err)
{
    if (command->set.key)
        return session_set(env->session, command->set.key, NULL, err);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&env->conf.values, at));)
        if (hr_conf_is_modifiable(at->key))
            HR_TRY(session_set(env->session, at->key, NULL, err));
    return HR_OK;
}

static enum hr_code run_describe(struct env *env, const struct hr_command *command, struct texts *texts, struct hr_err *err)
{
    struct hr_rel *rel = command->input;
    struct hr_typed *typed;
    if (command->describe.is_function || command->describe.column)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             command->describe.is_function ? "DESCRIBE FUNCTION" : "DESCRIBE of one column", NULL);
    if (!rel) {
        rel = hr_rel_new(env->arena, HR_REL_READ_TABLE, NULL);
        rel->read_table.name = command->describe.name;
    }
    HR_TRY(hr_analyze(env->arena, &env->base, rel, &typed, err));
    texts_columns(texts, "col_name", "data_type", "comment", NULL);
    for (size_t i = 0; i < typed->schema->field_count; i++) {
        struct hr_buf type;
        hr_buf_init(&type, 1 << 20);
        hr_type_simple(typed->schema->fields[i].type, &type);
        texts_row(texts, typed->schema->fields[i].name, hr_buf_text(&type), NULL);
        hr_buf_release(&type);
    }
    return HR_OK;
}

static enum hr_code run_explain(struct env *env, const struct hr_command *command, struct texts *texts, struct hr_err *err)
{
    struct hr_typed *typed;
    struct hr_buf text;
    HR_TRY(hr_analyze(env->arena, &env->base, command->input, &typed, err));
    hr_buf_init(&text, HR_REST_BODY_MAX);
    hr_buf_adds(&text, "== Physical Plan ==\n");
    hr_print_rel(command->input, 0, &text);
    hr_buf_addc(&text, '\n');
    texts_columns(texts, "plan", NULL);
    texts_row(texts, hr_buf_text(&text));
    hr_buf_release(&text);
    return HR_OK;
}

static enum hr_code uncache(struct env *env, const struct hr_command *command, struct hr_err *err)
{
    if (command->cache.name.count) {
        enum hr_code code = catalog_cache(env, &command->cache.name, false, err);
        return code && command->cache.if_exists ? HR_OK : code;
    }
    pthread_mutex_lock(&env->session->lock);
    hr_map_release(&env->session->persisted);
    hr_map_init(&env->session->persisted);
    pthread_mutex_unlock(&env->session->lock);
    return HR_OK;
}

/* ---- all ---- */

static enum hr_code run(struct env *env, struct operation *operation, struct hr_command *command, bool from_sql, struct texts *texts,
                        struct hr_err *err)
{
    switch (command->kind) {
    case HR_COMMAND_CREATE_VIEW:
        return create_view(env, operation, command, from_sql, err);
    case HR_COMMAND_DROP_VIEW:
        if (!session_drop_view(env->session, &command->drop.name, false) && !command->drop.if_exists)
            return catalog_not_found(env, &command->drop.name, err);
        journal_plan(operation);
        return HR_OK;
    case HR_COMMAND_WRITE:
        return write_out(env, operation, command, err);
    case HR_COMMAND_WRITE_V2:
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "writeTo", NULL);
    case HR_COMMAND_SET:
        return run_set(env, command, texts, err);
    case HR_COMMAND_RESET:
        return run_reset(env, command, err);
    case HR_COMMAND_SHOW:
        return catalog_show(env, command, texts, err);
    case HR_COMMAND_DESCRIBE:
        return run_describe(env, command, texts, err);
    case HR_COMMAND_EXPLAIN:
        return run_explain(env, command, texts, err);
    case HR_COMMAND_CACHE:
        if (command->input || command->cache.options.count)
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "CACHE TABLE with a query or options", NULL);
        return catalog_cache(env, &command->cache.name, true, err);
    case HR_COMMAND_UNCACHE:
        return uncache(env, command, err);
    case HR_COMMAND_USE:
        return catalog_use(env, command, err);
    case HR_COMMAND_UNSUPPORTED:
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", command->unsupported.what, NULL);
    }
    return hr_fail(err, HR_E_INTERNAL, "command of an unknown kind");
}

enum hr_code command_run(struct env *env, struct operation *operation, struct hr_command *command, bool from_sql, struct hr_err *err)
{
    struct texts *texts = texts_new(env->arena);
    HR_TRY(run(env, operation, command, from_sql, texts, err));
    return from_sql ? execute_give_relation(operation, texts_relation(texts, env->arena), err) : HR_OK;
}
