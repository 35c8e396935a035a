#include "base/clock.h"
#include "daemon/livy/private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- which session, and whose ---- */

/* the Synapse root names a pool; Livy's stands for the server's own */
static const char *pool_of(struct hr_rest *req)
{
    return strstr(req->route->pattern, "{pool}") ? hr_rest_param(req, "pool") : NULL;
}

static const char *synapse_of(struct hr_rest *req)
{
    return req->synapse ? req->synapse : req->site->synapse;
}

static bool shown(struct hr_rest *req, const struct livy_session *session)
{
    const char *pool = pool_of(req), *ended = hr_rest_query(req, "ended");
    /* ours: Livy's own clients never see what was deleted */
    bool all = ended && !strcmp(ended, "true");
    if (!pool)
        return all || !session->hidden;
    return !strcasecmp(session->pool, pool) && !strcasecmp(session->synapse, synapse_of(req));
}

static const char *scope_of(struct hr_rest *req, const struct livy_session *session)
{
    return hr_printf(req->arena, "workspaces/%s/bigDataPools/%s", session->synapse, session->pool);
}

static bool owns(struct hr_rest *req, const struct livy_session *session)
{
    return !strcmp(session->owner.id, req->who.id);
}

/* others' sessions are seen by who may read the pool's logs, ended by who may cancel, and used by
 * nobody */
static enum hr_code find_for(struct hr_rest *req,
                             enum hr_action action,
                             struct livy_session **out,
                             struct hr_err *err)
{
    const char *id = hr_rest_param(req, "id");
    char *end;
    long long number = strtoll(id, &end, 10);
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next) {
        bool named =
            *end
                ? !strcmp(session->name, id) && owns(req, session) && !hr_livy_session_over(session)
                : session->id == number;
        if (!named || !*id || !shown(req, session))
            continue;
        if (!owns(req, session) && action == HR_ACT_USE_COMPUTE)
            return hr_fail(err, HR_E_DENIED,
                           "session %lld is \"%s\"'s: only its owner runs statements in it",
                           (long long)session->id, session->owner.name);
        if (!owns(req, session))
            HR_TRY(hr_rest_check(req, action, scope_of(req, session), err));
        else
            session->seen_ms = hr_clock_mono_ms();
        *out = session;
        return HR_OK;
    }
    return hr_fail(err, HR_E_NOT_FOUND, "Session '%.100s' not found.", id);
}

static enum hr_code find_statement(struct hr_rest *req,
                                   enum hr_action action,
                                   struct livy_session **session,
                                   struct livy_statement **statement,
                                   struct hr_err *err)
{
    HR_TRY(find_for(req, action, session, err));
    *statement = hr_livy_statement_find(*session, hr_rest_param(req, "statement"));
    if (*statement)
        return HR_OK;
    return hr_fail(err, HR_E_NOT_FOUND, "Statement '%.50s' of session '%lld' not found.",
                   hr_rest_param(req, "statement"), (long long)(*session)->id);
}

static int64_t number_of(struct hr_rest *req, const char *name, int64_t missing)
{
    const char *text = hr_rest_query(req, name);
    return text && *text ? strtoll(text, NULL, 10) : missing;
}

static livy_render *view_of(struct hr_rest *req)
{
    return pool_of(req) ? hr_livy_synapse_view : hr_livy_view;
}

/* Livy's clients insist on 201 for what was made, Synapse's on 200 */
static void reply_made(struct hr_rest *req, json_t *json, long long id)
{
    if (!pool_of(req))
        hr_rest_header(
            req, "location",
            hr_printf(req->arena, "%s/%lld", hr_exchange_request(req->exchange)->path, id));
    hr_rest_reply(req, pool_of(req) ? 200 : 201, json);
}

static bool settled(struct livy_session *session, struct livy_statement *statement)
{
    (void)statement;
    return session->state != LIVY_STARTING && session->state != LIVY_NOT_STARTED;
}

static bool statement_settled(struct livy_session *session, struct livy_statement *statement)
{
    return hr_livy_statement_over(statement) || hr_livy_session_over(session);
}

/* ---- sessions ---- */

static hr_rest_handler session_list, session_post, session_get, session_delete, session_stop,
    session_state, session_log, session_interrupt, session_connect, session_complete, session_reset,
    statement_list, statement_post, statement_get, statement_cancel, batch_list, batch_post,
    batch_get, ui_executors, ui_empty;

static enum hr_code session_list(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    int64_t from = number_of(req, "from", 0), size = number_of(req, "size", 100), at = 0;
    json_t *list = json_array();
    const char *pool = pool_of(req);
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next) {
        if (!shown(req, session) ||
            (!owns(req, session) &&
             hr_rest_check(req, HR_ACT_VIEW_LOGS, scope_of(req, session), NULL)))
            continue;
        if (at >= from && (size < 0 || at < from + size))
            json_array_append_new(list,
                                  (pool ? hr_livy_synapse_view : hr_livy_view)(req, session, NULL));
        at++;
    }
    hr_rest_reply(req, 200,
                  json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from, "total", (json_int_t)at,
                            "sessions", list));
    return HR_OK;
}

static enum hr_code find_pool(struct hr_rest *req,
                              const char **synapse,
                              const char **pool_id,
                              struct hr_err *err)
{
    const char *pool = pool_of(req) ? pool_of(req) : req->site->pool;
    *synapse = synapse_of(req);
    HR_TRY(hr_rest_check(req, HR_ACT_USE_COMPUTE,
                         hr_printf(req->arena, "workspaces/%s/bigDataPools/%s", *synapse, pool),
                         err));
    *pool_id = hr_site_pool_id(req->site, req->arena, *synapse, pool);
    if (!*pool_id)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "Spark pool \"%.100s\" does not exist in Synapse workspace \"%.100s\"", pool,
                       *synapse);
    return HR_OK;
}

/* the workspace that the session's `ws` will be: it must be there, and the caller's to read */
static enum hr_code check_workspace(struct hr_rest *req, struct hr_err *err)
{
    struct hr_resource_row *row;
    const char *group, *name, *id = hr_livy_workspace_tag(req->arena, req->body, &group, &name);
    if (!id)
        return HR_OK;
    HR_TRY(hr_rest_check(req, HR_ACT_READ, id, err));
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id, &row, err));
    return row ? HR_OK
               : hr_fail(err, HR_E_NOT_FOUND,
                         "workspace \"%.100s\" does not exist in resource group \"%.100s\"", name,
                         group);
}

static enum hr_code session_post(struct hr_rest *req, struct hr_err *err)
{
    const char *synapse, *pool_id;
    struct livy_session *session;
    HR_TRY(find_pool(req, &synapse, &pool_id, err));
    HR_TRY(check_workspace(req, err));
    HR_TRY(hr_livy_session_new(req, synapse, pool_id, !pool_of(req), &session, err));
    reply_made(req, view_of(req)(req, session, NULL), (long long)session->id);
    return HR_OK;
}

static enum hr_code session_get(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    hr_livy_hold(req, session, NULL, settled, view_of(req), LIVY_HOLD_MS);
    return HR_OK;
}

static enum hr_code session_state(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    hr_livy_hold(req, session, NULL, settled, hr_livy_state_view, LIVY_HOLD_MS);
    return HR_OK;
}

static enum hr_code end_session(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_CANCEL, &session, err));
    hr_livy_session_end(session, LIVY_KILLED,
                        hr_printf(req->arena, "stopped by %s", req->who.name));
    session->hidden = true;
    hr_store_session_end(hr_livy.site->store, session->id, LIVY_DELETED, hr_clock_ms(), NULL);
    return HR_OK;
}

static enum hr_code session_delete(struct hr_rest *req, struct hr_err *err)
{
    HR_TRY(end_session(req, err));
    hr_rest_reply(req, 200, json_pack("{s:s}", "msg", "deleted"));
    return HR_OK;
}

static enum hr_code session_stop(struct hr_rest *req, struct hr_err *err)
{
    HR_TRY(end_session(req, err));
    hr_rest_reply(req, 204, NULL);
    return HR_OK;
}

static enum hr_code session_log(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    hr_rest_reply(
        req, 200,
        hr_livy_log_view(session, number_of(req, "from", -1), number_of(req, "size", 100)));
    return HR_OK;
}

static enum hr_code session_interrupt(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_USE_COMPUTE, &session, err));
    bool any = false;
    for (size_t i = 0; i < session->statement_count; i++)
        any |= hr_livy_statement_cancel(session, session->statements[i]);
    hr_rest_reply(req, 200, json_pack("{s:s}", "msg", any ? "interrupted" : "nothing was running"));
    return HR_OK;
}

static enum hr_code session_connect(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_USE_COMPUTE, &session, err));
    session->active_ms = hr_clock_mono_ms();
    hr_rest_reply(req, 200, view_of(req)(req, session, NULL));
    return HR_OK;
}

static enum hr_code session_reset(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_USE_COMPUTE, &session, err));
    session->active_ms = hr_clock_mono_ms();
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}

static enum hr_code session_complete(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    const char *code = hr_rest_string(req, "code");
    json_t *cursor = json_object_get(req->body, "cursor");
    HR_TRY(find_for(req, HR_ACT_USE_COMPUTE, &session, err));
    if (!code)
        return hr_fail(err, HR_E_INVALID, "\"code\" is missing");
    if (!session->channel_open)
        return hr_fail(err, HR_E_EXISTS, "session %lld is %s", (long long)session->id,
                       hr_livy_state_name(session->state));
    char id[24];
    snprintf(id, sizeof id, "c%d", session->next_completion++);
    hr_livy_hold_completion(req, session, id);
    hr_livy_send(
        session,
        json_pack("{s:s, s:s, s:s, s:I}", "op", "complete", "id", id, "code", code, "cursor",
                  json_is_integer(cursor) ? json_integer_value(cursor) : (json_int_t)strlen(code)));
    return HR_OK;
}

/* ---- statements ---- */

static enum hr_code statement_list(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    const char *order = hr_rest_query(req, "order");
    bool down = order && !strcasecmp(order, "desc");
    size_t count = session->statement_count;
    int64_t from = number_of(req, "from", 0), size = number_of(req, "size", (int64_t)count);
    json_t *list = json_array();
    for (int64_t i = from < 0 ? 0 : from; i < (int64_t)count && (size < 0 || i < from + size); i++)
        json_array_append_new(
            list, hr_livy_statement_view(
                      req, session, session->statements[down ? count - 1 - (size_t)i : (size_t)i]));
    hr_rest_reply(
        req, 200,
        json_pack("{s:I, s:o}", "total_statements", (json_int_t)count, "statements", list));
    return HR_OK;
}

static enum hr_code statement_post(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    struct livy_statement *statement;
    const char *code = hr_rest_string(req, "code");
    HR_TRY(find_for(req, HR_ACT_USE_COMPUTE, &session, err));
    if (hr_livy_session_over(session))
        return hr_fail(err, HR_E_INVALID, "session %lld is %s: %s", (long long)session->id,
                       hr_livy_state_name(session->state), session->why);
    if (!code)
        return hr_fail(err, HR_E_INVALID, "\"code\" is missing");
    /* a role that was taken away ends what its session may do */
    HR_TRY(hr_rest_check(req, HR_ACT_USE_COMPUTE, scope_of(req, session), err));
    HR_TRY(hr_livy_statement_new(session, code, hr_rest_string(req, "kind"),
                                 hr_rest_string(req, "cell"), &statement, err));
    reply_made(req, hr_livy_statement_view(req, session, statement), statement->id);
    return HR_OK;
}

static enum hr_code statement_get(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    struct livy_statement *statement;
    HR_TRY(find_statement(req, HR_ACT_VIEW_LOGS, &session, &statement, err));
    hr_livy_hold(req, session, statement, statement_settled, hr_livy_statement_view, LIVY_HOLD_MS);
    return HR_OK;
}

static enum hr_code statement_cancel(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    struct livy_statement *statement;
    HR_TRY(find_statement(req, HR_ACT_CANCEL, &session, &statement, err));
    /* 200 either way, as Livy has it: the message tells */
    if (hr_livy_statement_cancel(session, statement))
        hr_rest_reply(req, 200, json_pack("{s:s}", "msg", "canceled"));
    else
        hr_rest_reply(req, 200,
                      json_pack("{s:o}", "msg",
                                json_sprintf("statement %d had ended already", statement->id)));
    return HR_OK;
}

/* ---- batches: none ---- */

static enum hr_code batch_list(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200,
                  json_pack("{s:I, s:i, s:[]}", "from", (json_int_t)number_of(req, "from", 0),
                            "total", 0, "sessions"));
    return HR_OK;
}

static enum hr_code batch_post(struct hr_rest *req, struct hr_err *err)
{
    (void)req; /* 400, not 501: sparkmagic tries again what it takes for a server's failure */
    return hr_fail(
        err, HR_E_INVALID,
        "Rejected, Reason: batch jobs are not supported by this pool: run the code as statements of a session");
}

static enum hr_code batch_get(struct hr_rest *req, struct hr_err *err)
{
    return hr_fail(err, HR_E_NOT_FOUND, "Session '%.100s' not found.", hr_rest_param(req, "id"));
}

/* ---- Spark's UI, as far as %synapse asks it ---- */

static enum hr_code ui_executors(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    hr_rest_reply(req, 200,
                  json_pack("[{s:s, s:s, s:b, s:i, s:i}]", "id", "driver", "hostPort", "localhost",
                            "isActive", !hr_livy_session_over(session), "activeTasks", 0,
                            "totalCores", 1));
    return HR_OK;
}

static enum hr_code ui_empty(struct hr_rest *req, struct hr_err *err)
{
    struct livy_session *session;
    HR_TRY(find_for(req, HR_ACT_VIEW_LOGS, &session, err));
    hr_rest_reply(req, 200, json_array());
    return HR_OK;
}

/* both roots have the same calls */
#define SYNAPSE "/livyApi/versions/{version}/sparkPools/{pool}"
#define CALLS(root)                                                                               \
    {"GET", root "/sessions", session_list}, {"POST", root "/sessions", session_post},            \
        {"GET", root "/sessions/{id}", session_get},                                              \
        {"DELETE", root "/sessions/{id}", session_delete},                                        \
        {"GET", root "/sessions/{id}/state", session_state},                                      \
        {"GET", root "/sessions/{id}/log", session_log},                                          \
        {"POST", root "/sessions/{id}/stop", session_stop},                                       \
        {"POST", root "/sessions/{id}/interrupt", session_interrupt},                             \
        {"POST", root "/sessions/{id}/connect", session_connect},                                 \
        {"POST", root "/sessions/{id}/completion", session_complete},                             \
        {"PUT", root "/sessions/{id}/reset-timeout", session_reset},                              \
        {"GET", root "/sessions/{id}/statements", statement_list},                                \
        {"POST", root "/sessions/{id}/statements", statement_post},                               \
        {"GET", root "/sessions/{id}/statements/{statement}", statement_get},                     \
        {"POST", root "/sessions/{id}/statements/{statement}/cancel", statement_cancel},          \
        {"GET", root "/sessions/{id}/applications/{app}/executors", ui_executors},                \
        {"GET", root "/sessions/{id}/applications/{app}/jobs", ui_empty},                         \
        {"GET", root "/sessions/{id}/applications/{app}/stages", ui_empty},                       \
        {"GET", root "/batches", batch_list}, {"POST", root "/batches", batch_post},              \
        {"GET", root "/batches/{id}", batch_get}, {"GET", root "/batches/{id}/state", batch_get}, \
        {"GET", root "/batches/{id}/log", batch_get},                                             \
    {                                                                                             \
        "DELETE", root "/batches/{id}", batch_get                                                 \
    }

/* Livy's own version, whose REST this is: clients look at it before their first session */
static enum hr_code version(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200,
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "version", "0.8.0-incubating", "url",
                            req->origin, "branch", "", "revision", "", "date", "", "user",
                            "headrace"));
    return HR_OK;
}

static const struct hr_route table[] = {
    {"GET", "/version", version},
    {"GET", SYNAPSE "/version", version},
    CALLS(""),
    CALLS(SYNAPSE),
};

const struct hr_routes *hr_livy_routes(void)
{
    static const struct hr_routes routes = {
        .at = table, .count = HR_LEN(table), .livy_errors = true};
    return &routes;
}

/* ---- life ---- */

enum hr_code hr_livy_start(struct hr_site *site,
                           const struct hr_livy_options *options,
                           struct hr_err *err)
{
    hr_livy = (struct livy){.site = site, .options = options};
    snprintf(hr_livy.parent_socket, sizeof hr_livy.parent_socket, "%s/interpreters.sock",
             site->run_dir);
    hr_livy_sweep_sockets();
    HR_TRY(hr_livy_recover(err));
    hr_livy.janitor = hr_timer_start(site->loop, 500, 500, hr_livy_janitor, NULL);
    return hr_livy_parent_ready(err);
}

const char *hr_livy_scope(struct hr_arena *arena, const char *session_uuid)
{
    struct livy_session *session = hr_livy_session_by_uuid(session_uuid);
    return session
               ? hr_printf(arena, "workspaces/%s/bigDataPools/%s", session->synapse, session->pool)
               : NULL;
}

const struct hr_sizes *hr_livy_sizes(const char *session_uuid)
{
    const struct livy_session *session = hr_livy_session_by_uuid(session_uuid);
    return session ? &session->sizes : NULL;
}

void hr_livy_stop(void)
{
    if (!hr_livy.site) /* the server's start failed before ours */
        return;
    hr_livy.stopping = true;
    hr_timer_stop(hr_livy.janitor);
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next) {
        hr_livy_session_end(session, LIVY_KILLED, "the server was stopped");
        hr_livy_wake(session);
    }
    hr_livy_parent_stop();
    while (hr_livy.sessions)
        hr_livy_session_forget(hr_livy.sessions);
    hr_livy_sweep_sockets();
}
