#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/livy/private.h"
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct livy hr_livy;

/* ---- small things ---- */

void hr_livy_log(struct livy_session *session, const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (session->log_count == LIVY_LOG_MAX) {
        free(session->log[0]);
        memmove(session->log, session->log + 1, sizeof *session->log * (LIVY_LOG_MAX - 1));
        session->log_count--;
        session->log_dropped++;
    }
    session->log[session->log_count] = strdup(line);
    HR_CHECK(session->log[session->log_count++]);
}

bool hr_livy_session_over(const struct livy_session *session)
{
    return session->state == LIVY_DEAD ||
           session->state == LIVY_KILLED ||
           session->state == LIVY_ERROR ||
           session->state == LIVY_SUCCESS;
}

bool hr_livy_session_busy(const struct livy_session *session)
{
    for (size_t i = session->statement_count; i-- > 0;)
        if (!hr_livy_statement_over(session->statements[i]))
            return true;
    return false;
}

struct livy_session *hr_livy_session_by_uuid(const char *uuid)
{
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next)
        if (!strcmp(session->uuid, uuid))
            return session;
    return NULL;
}

static void enter(struct livy_session *session, enum livy_state state)
{
    session->state = state;
    if (!session->at_ms[state])
        session->at_ms[state] = hr_clock_ms();
}

/* ---- what was asked for ---- */

/* "90", "30m", "1h", "45s", "500ms": a bare number is seconds, as in Livy */
static enum hr_code read_duration(json_t *body, const char *name, int64_t *ms, struct hr_err *err)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000},     {"s", 1000},    {"ms", 1},      {"m", 60000},
                 {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    json_t *value = json_object_get(body, name);
    if (!value || json_is_null(value))
        return HR_OK;
    const char *text = json_string_value(value);
    char *unit = NULL;
    long long number = json_is_integer(value) ? json_integer_value(value)
                       : text                 ? strtoll(text, &unit, 10)
                                              : -1;
    for (size_t i = 0; i < HR_LEN(units) && number >= 0 && (!text || unit != text); i++) {
        if (strcasecmp(text ? unit : "", units[i].unit) || number > INT64_MAX / 86400000)
            continue;
        if (number)
            *ms = number * units[i].ms;
        return HR_OK;
    }
    return hr_fail(err, HR_E_INVALID, "Rejected, Reason: \"%s\" is not a duration like \"30m\"",
                   name);
}

static enum hr_code check_kind(const char *kind, struct hr_err *err)
{
    static const char *const known[] = {"pyspark", "python", "python3", "sql", "shared"};
    for (size_t i = 0; i < HR_LEN(known); i++)
        if (!kind || !*kind || !strcasecmp(kind, known[i]))
            return HR_OK;
    return hr_fail(
        err, HR_E_INVALID,
        "Rejected, Reason: kind \"%.50s\" is not supported by this pool: it runs \"pyspark\" and \"sql\"",
        kind);
}

/* libraries would have to be fetched and put on the interpreter's path: not done, so not accepted
 */
static enum hr_code check_libraries(json_t *body, struct hr_err *err)
{
    static const char *const lists[] = {"jars", "pyFiles", "files", "archives"};
    for (size_t i = 0; i < HR_LEN(lists); i++)
        if (json_array_size(json_object_get(body, lists[i])))
            return hr_fail(err, HR_E_INVALID,
                           "Rejected, Reason: \"%s\" is not supported by this pool", lists[i]);
    return HR_OK;
}

static enum hr_code check_proxy(json_t *body, const struct hr_principal *who, struct hr_err *err)
{
    const char *proxy = json_string_value(json_object_get(body, "proxyUser"));
    if (!proxy || !*proxy || !strcasecmp(proxy, who->name) || !strcasecmp(proxy, who->id))
        return HR_OK;
    return hr_fail(err, HR_E_DENIED,
                   "Rejected, Reason: principal \"%s\" may not start a session for \"%.100s\"",
                   who->name, proxy);
}

static enum hr_code check_name(struct hr_rest *req, const char *name, struct hr_err *err)
{
    if (name && *name && isdigit((unsigned char)*name))
        return hr_fail(err, HR_E_INVALID,
                       "Rejected, Reason: session name \"%.100s\" starts with a digit", name);
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next)
        if (name &&
            *name &&
            !hr_livy_session_over(session) &&
            !strcmp(session->name, name) &&
            !strcmp(session->owner.id, req->who.id))
            return hr_fail(err, HR_E_INVALID, "Rejected, Reason: Duplicate session name: %.100s",
                           name);
    return HR_OK;
}

/* text of a JSON text or whole number; NULL: neither */
static const char *plain_text(struct hr_arena *arena, const json_t *value)
{
    if (json_is_integer(value))
        return hr_printf(arena, "%lld", (long long)json_integer_value(value));
    return json_is_string(value) ? hr_strdup(arena, json_string_value(value)) : NULL;
}

/* the request's own fields, else Spark's settings of the same things */
static enum hr_code read_sizes(json_t *body, struct livy_session *session, struct hr_err *err)
{
    struct hr_err why;
    for (size_t i = 0; i < HR_SIZE_COUNT; i++) {
        json_t *field = json_object_get(body, hr_size_table[i].field),
               *setting = json_object_get(json_object_get(body, "conf"), hr_size_table[i].setting);
        json_t *value = field && !json_is_null(field) ? field : setting;
        if (!value || json_is_null(value))
            continue;
        session->sizes.at[i] = plain_text(session->arena, value);
        if (!session->sizes.at[i])
            return hr_fail(err, HR_E_INVALID,
                           "Rejected, Reason: \"%s\" is neither a text nor a whole number",
                           hr_size_table[i].field);
    }
    int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    if (hr_sizes_check(&session->sizes, machine, &why))
        return hr_fail(err, why.code, "Rejected, Reason: %s", why.msg);
    return HR_OK;
}

static enum hr_code check_request(struct hr_rest *req,
                                  bool unique_name,
                                  struct livy_session *session,
                                  struct hr_err *err)
{
    HR_TRY(check_kind(hr_rest_string(req, "kind"), err));
    HR_TRY(check_libraries(req->body, err));
    HR_TRY(check_proxy(req->body, &req->who, err));
    if (unique_name)
        HR_TRY(check_name(req, hr_rest_string(req, "name"), err));
    HR_TRY(read_duration(req->body, "ttl", &session->idle_limit_ms, err));
    HR_TRY(read_duration(req->body, "idleTimeout", &session->idle_limit_ms, err));
    HR_TRY(read_duration(req->body, "heartbeatTimeoutInSecond", &session->heartbeat_ms, err));
    json_t *conf = json_object_get(req->body, "conf");
    if (conf && !json_is_object(conf) && !json_is_null(conf))
        return hr_fail(err, HR_E_INVALID, "Rejected, Reason: \"conf\" is not an object");
    HR_TRY(read_sizes(req->body, session, err));
    size_t open = 0;
    for (struct livy_session *other = hr_livy.sessions; other; other = other->next)
        open += !hr_livy_session_over(other);
    if (open >= HR_SESSIONS_MAX)
        return hr_fail(err, HR_E_INVALID,
                       "Rejected, Reason: %d sessions are open, the most that this server holds",
                       HR_SESSIONS_MAX);
    return HR_OK;
}

/* ---- start ---- */

static bool is_size(const char *setting)
{
    for (size_t i = 0; i < HR_SIZE_COUNT; i++)
        if (!strcmp(hr_size_table[i].setting, setting))
            return true;
    return false;
}

/* what the interpreter sets; sizes go by the grant */
static json_t *conf_as_text(json_t *conf)
{
    json_t *out = json_object(), *value;
    const char *name;
    json_object_foreach(conf, name, value)
    {
        if (is_size(name))
            continue;
        if (json_is_string(value))
            json_object_set(out, name, value);
        else if (json_is_boolean(value))
            json_object_set_new(out, name, json_string(json_is_true(value) ? "true" : "false"));
        else if (json_is_integer(value))
            json_object_set_new(out, name,
                                json_sprintf("%lld", (long long)json_integer_value(value)));
        else if (json_is_real(value))
            json_object_set_new(out, name, json_sprintf("%g", json_real_value(value)));
    }
    return out;
}

/* `ws` is the workspace that a client's tag names (%synapse start -w), else the home's first. No
 * tag: *id NULL. */
const char *hr_livy_workspace_tag(struct hr_arena *arena,
                                  const json_t *request,
                                  const char **group,
                                  const char **name)
{
    static const char middle[] = "/providers/Microsoft.MachineLearningServices/workspaces/";
    const char *tag =
        json_string_value(json_object_get(json_object_get(request, "tags"), "workspace"));
    const char *groups = tag ? strcasestr(tag, "/resourceGroups/") : NULL,
               *provider = groups ? strcasestr(groups, middle) : NULL;
    if (!provider || strncasecmp(tag, "/subscriptions/", 15))
        return NULL;
    *name = provider + strlen(middle);
    *group = hr_strndup(arena, groups + 16, (size_t)(provider - groups - 16));
    return **name && !strchr(*name, '/') && **group && !strchr(*group, '/') ? tag : NULL;
}

void hr_livy_session_ask(struct livy_session *session)
{
    session->asked++;
    const struct hr_site *site = hr_livy.site;
    const char *group = site->resource_group, *workspace = site->workspace, *tagged_group, *tagged;
    if (hr_livy_workspace_tag(session->arena, session->request, &tagged_group, &tagged)) {
        group = tagged_group;
        workspace = tagged;
    }
    /* no user_id: a Connect client that joins by the session's id sends none either, and a host
     * tells sessions apart by both */
    json_t *message = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "op", "spawn", "id", session->uuid, "socket",
        session->socket, "connect", hr_livy.options->connect, "token", session->token, "session_id",
        session->uuid, "conf", conf_as_text(json_object_get(session->request, "conf")));
    json_object_set_new(
        message, "session",
        json_pack("{s:o, s:s, s:s, s:s}", "id", json_sprintf("%lld", (long long)session->id),
                  "name", session->name, "app_id", session->app_id, "user", session->owner.name));
    json_object_set_new(message, "workspace",
                        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "subscription_id",
                                  site->subscription, "resource_group", group, "workspace_name",
                                  workspace, "url", site->https_url, "token", session->token,
                                  "ca_file", site->ca_file));
    hr_livy_parent_send(message);
}

static void drop_oldest_ended(void)
{
    size_t ended = 0;
    for (struct livy_session *session = hr_livy.sessions; session;) {
        struct livy_session *next = session->next;
        if (hr_livy_session_over(session) && !session->pid && ++ended > LIVY_ENDED_MAX)
            hr_livy_session_forget(session);
        session = next;
    }
}

static enum hr_code record(struct livy_session *session, struct hr_err *err)
{
    char *text = json_dumps(session->request, JSON_COMPACT);
    struct hr_session_row row = {0,          session->uuid, session->owner.id, session->pool_id,
                                 "starting", text,          hr_clock_ms(),     0};
    enum hr_code code = hr_store_session_add(hr_livy.site->store, &row, err);
    free(text);
    session->id = row.id;
    return code;
}

static void fill_names(struct livy_session *session, const char *name)
{
    session->app_id = hr_printf(session->arena, "application_%lld_%04lld",
                                (long long)hr_livy.site->started_ms, (long long)session->id);
    session->socket =
        hr_printf(session->arena, "%s/i%lld.sock", hr_livy.site->run_dir, (long long)session->id);
    session->name = name && *name
                        ? hr_strdup(session->arena, name)
                        : hr_printf(session->arena, "session-%lld", (long long)session->id);
}

static struct livy_session *make(struct hr_arena *arena, const struct hr_principal *owner)
{
    struct livy_session *session = HR_NEW(arena, struct livy_session);
    session->arena = arena;
    session->owner = *owner;
    session->idle_limit_ms = LIVY_IDLE_MS;
    session->active_ms = session->seen_ms = hr_clock_mono_ms();
    hr_uuid_new(session->uuid);
    return session;
}

enum hr_code hr_livy_session_new(struct hr_rest *req,
                                 const char *synapse,
                                 const char *pool_id,
                                 bool unique_name,
                                 struct livy_session **out,
                                 struct hr_err *err)
{
    struct livy_session *session = make(hr_arena_new(NULL), &req->who);
    const char *kind = hr_rest_string(req, "kind");
    session->kind = hr_strdup(session->arena, kind && *kind ? kind : "pyspark");
    session->request = req->body ? json_incref(req->body) : json_object();
    session->pool_id = hr_strdup(session->arena, pool_id);
    session->pool = strrchr(session->pool_id, '/') + 1;
    session->synapse = hr_strdup(session->arena, synapse);
    enum hr_code code = check_request(req, unique_name, session, err);
    if (!code)
        code = hr_livy_parent_ready(err);
    if (!code)
        code = record(session, err);
    if (code) {
        json_decref(session->request);
        hr_arena_free(session->arena);
        return code;
    }
    fill_names(session, hr_rest_string(req, "name"));
    hr_identity_lend(hr_livy.site->identity, &session->owner, session->token);
    session->next = hr_livy.sessions;
    hr_livy.sessions = session;
    enter(session, LIVY_NOT_STARTED);
    enter(session, LIVY_STARTING);
    hr_livy_log(session, "session %lld of %s on pool %s of Synapse workspace %s",
                (long long)session->id, session->owner.name, session->pool, session->synapse);
    hr_livy_session_ask(session);
    drop_oldest_ended();
    *out = session;
    return HR_OK;
}

/* ---- its interpreter ---- */

static void on_open(void *arg)
{
    struct livy_session *session = arg;
    session->channel_open = true;
    enter(session, LIVY_IDLE);
    session->active_ms = session->seen_ms = hr_clock_mono_ms();
    hr_livy_log(session, "started as %s", session->app_id);
    hr_livy_statements_flush(session);
    hr_livy_wake(session);
}

static void on_line(char *text, size_t len, void *arg)
{
    json_t *event = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    if (event)
        hr_livy_event(arg, event);
    json_decref(event);
}

static void on_closed(const char *why, void *arg)
{
    struct livy_session *session = arg;
    session->channel = NULL;
    session->channel_open = false;
    (void)why;
    if (!hr_livy_session_over(session))
        hr_livy_session_end(session, LIVY_DEAD, "the interpreter of the session died");
}

void hr_livy_session_spawned(struct livy_session *session, int pid)
{
    static const struct hr_lines_handler handler = {on_open, on_line, on_closed};
    session->pid = pid;
    if (hr_livy_session_over(session)) { /* deleted meanwhile */
        kill(pid, SIGKILL);
        return;
    }
    session->channel = hr_lines_connect(hr_livy.site->loop, session->socket, LIVY_KILL_MS,
                                        LIVY_LINE_MAX, &handler, session);
}

void hr_livy_session_exited(struct livy_session *session, const char *why)
{
    session->pid = 0;
    session->kill_at_ms = 0;
    unlink(session->socket);
    if (!hr_livy_session_over(session))
        hr_livy_session_end(session, LIVY_DEAD, why);
}

/* ---- end ---- */

void hr_livy_session_end(struct livy_session *session, enum livy_state state, const char *why)
{
    if (hr_livy_session_over(session))
        return;
    enter(session, LIVY_SHUTTING_DOWN);
    enter(session, state);
    session->why = hr_strdup(session->arena, why ? why : "");
    hr_livy_log(session, "%s: %s", hr_livy_state_name(state), session->why);
    if (session->channel_open)
        hr_livy_send(session, json_pack("{s:s, s:s}", "op", "shutdown", "id", "end"));
    if (session->pid)
        session->kill_at_ms = hr_clock_mono_ms() + LIVY_KILL_MS;
    hr_livy_statements_fail(session, session->why);
    hr_identity_return(hr_livy.site->identity, session->token);
    hr_store_session_end(hr_livy.site->store, session->id, hr_livy_state_name(state), hr_clock_ms(),
                         NULL);
    if (hr_livy.options->released)
        hr_livy.options->released(&session->owner, session->uuid, hr_livy.options->arg);
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)session->id);
    hr_log(HR_LOG_INFO, "session.end", "session", id, "principal", session->owner.name, "state",
           hr_livy_state_name(state), "why", session->why, NULL);
    hr_livy_wake(session);
}

void hr_livy_session_forget(struct livy_session *session)
{
    for (struct livy_session **at = &hr_livy.sessions; *at; at = &(*at)->next) {
        if (*at == session) {
            *at = session->next;
            break;
        }
    }
    hr_livy_wake_without(session, NULL);
    hr_lines_close(session->channel);
    for (size_t i = 0; i < session->statement_count; i++)
        hr_livy_statement_free(session, session->statements[i]);
    free(session->statements);
    for (size_t i = 0; i < session->log_count; i++)
        free(session->log[i]);
    json_decref(session->request);
    hr_arena_free(session->arena);
}

/* A socket's file stays when its interpreter was killed, or the server before it. Interpreters are
 * not adopted: what an earlier server's still listen on is of no use to anybody. */
void hr_livy_sweep_sockets(void)
{
    DIR *folder = opendir(hr_livy.site->run_dir);
    struct hr_arena *arena = hr_arena_new(NULL);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        long long number;
        int len = 0;
        if (sscanf(entry->d_name, "i%lld.sock%n", &number, &len) == 1 && len && !entry->d_name[len])
            unlink(hr_printf(arena, "%s/%s", hr_livy.site->run_dir, entry->d_name));
    }
    if (folder)
        closedir(folder);
    hr_arena_free(arena);
}

/* ---- time ---- */

static void look_after(struct livy_session *session, int64_t now)
{
    if (session->pid && session->kill_at_ms && now >= session->kill_at_ms) {
        kill(session->pid, SIGKILL);
        session->kill_at_ms = now + LIVY_KILL_MS;
    }
    if (hr_livy_session_over(session))
        return;
    /* a busy session is not idle, however long its statement runs */
    if (hr_livy_session_busy(session)) {
        session->active_ms = now;
        return;
    }
    if (session->idle_limit_ms && now - session->active_ms > session->idle_limit_ms)
        hr_livy_session_end(session, LIVY_KILLED, "the session was idle for longer than its limit");
    else if (session->heartbeat_ms && now - session->seen_ms > session->heartbeat_ms)
        hr_livy_session_end(
            session, LIVY_KILLED,
            "the session's client was not heard of for longer than its heartbeat limit");
}

void hr_livy_janitor(void *arg)
{
    (void)arg;
    int64_t now = hr_clock_mono_ms();
    for (struct livy_session *session = hr_livy.sessions, *next; session; session = next) {
        next = session->next;
        look_after(session, now);
    }
}

/* ---- after a restart: what ran is over, and says so; what had ended is still known ---- */

static void let_die(struct livy_session *session)
{
    enter(session, LIVY_DEAD);
    session->why = "the server was restarted";
    hr_livy_log(session, "dead: the server was restarted");
    hr_store_session_end(hr_livy.site->store, session->id, "dead", hr_clock_ms(), NULL);
    if (hr_livy.options->released) /* its host may live still */
        hr_livy.options->released(&session->owner, session->uuid, hr_livy.options->arg);
}

static void end_again(struct livy_session *session, const struct hr_session_row *row)
{
    enum livy_state state = LIVY_KILLED;
    for (enum livy_state i = 0; i < LIVY_STATE_COUNT; i++)
        state = !strcmp(hr_livy_state_name(i), row->state) ? i : state;
    session->hidden = !strcmp(row->state, LIVY_DELETED);
    session->at_ms[LIVY_SHUTTING_DOWN] = session->at_ms[state] = row->ended_ms;
    enter(session, state);
    session->why = "it had ended before the server was started";
    hr_livy_log(session, "%s: %s", hr_livy_state_name(state), session->why);
}

static void revive(const struct hr_session_row *row)
{
    struct hr_principal owner;
    if (hr_identity_find(hr_livy.site->identity, row->owner, &owner, NULL))
        return;
    struct livy_session *session = make(hr_arena_new(NULL), &owner);
    json_t *request = json_loads(row->request, 0, NULL);
    session->id = row->id;
    session->request = request ? request : json_object();
    snprintf(session->uuid, sizeof session->uuid, "%s", row->uuid);
    session->pool_id = hr_strdup(session->arena, row->pool);
    session->pool =
        strrchr(session->pool_id, '/') ? strrchr(session->pool_id, '/') + 1 : session->pool_id;
    char *synapse = hr_strdup(session->arena, strcasestr(row->pool, "/workspaces/")
                                                  ? strcasestr(row->pool, "/workspaces/") + 12
                                                  : "");
    synapse[strcspn(synapse, "/")] = 0;
    session->synapse = synapse;
    const char *kind = json_string_value(json_object_get(session->request, "kind"));
    session->kind = hr_strdup(session->arena, kind ? kind : "pyspark");
    fill_names(session, json_string_value(json_object_get(session->request, "name")));
    session->at_ms[LIVY_STARTING] = row->created_ms;
    session->next = hr_livy.sessions;
    hr_livy.sessions = session;
    if (row->ended_ms)
        end_again(session, row);
    else
        let_die(session);
}

enum hr_code hr_livy_recover(struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_session_rows rows;
    enum hr_code code = hr_store_session_list(hr_livy.site->store, arena,
                                              HR_SESSIONS_MAX + LIVY_ENDED_MAX, &rows, err);
    size_t ended = 0;
    for (size_t i = 0; !code && i < rows.count; i++)
        ended += rows.at[i].ended_ms != 0;
    for (size_t i = code ? 0 : rows.count; i-- > 0;) { /* the oldest first */
        if (!rows.at[i].ended_ms || ended <= LIVY_ENDED_MAX)
            revive(&rows.at[i]);
        ended -= rows.at[i].ended_ms != 0;
    }
    hr_arena_free(arena);
    return code;
}
