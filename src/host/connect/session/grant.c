/* Who may call this host: the daemon's signed grant, on every call. A host that stands alone (no
 * key) asks for none.
 *
 * The first good grant says whose the host is and for which session; from then on a grant for
 * another principal or session is refused. The newest grant is kept: what runs on workers reads
 * storage by it. The daemon renews it, and ends it, by POST /headrace/grant. */
#include "base/clock.h"
#include "base/log.h"
#include "host/connect/private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONTROL_PATH "/headrace/grant"
#define REVOCATION "headrace-revocation"

void hr_guard_init(struct guard *guard, const unsigned char *key)
{
    pthread_mutex_init(&guard->lock, NULL);
    guard->on = key != NULL;
    if (key)
        memcpy(guard->key, key, sizeof guard->key);
}

void hr_guard_release(struct guard *guard)
{
    hr_arena_free(guard->arena);
    pthread_mutex_destroy(&guard->lock);
}

static enum hr_code check_owner(const struct guard *guard,
                                const struct hr_grant *grant,
                                struct hr_err *err)
{
    if (!grant->session)
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the grant of principal \"%s\" was made for no session", grant->principal);
    if (*guard->principal && strcasecmp(guard->principal, grant->principal))
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the grant is principal \"%s\"'s: this host serves a session of another",
                       grant->principal);
    if (*guard->session && strcasecmp(guard->session, grant->session))
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the grant was made for session \"%s\": this host serves another",
                       grant->session);
    return HR_OK;
}

/* arena: the grant's; kept with it, or freed */
static enum hr_code keep(struct guard *guard,
                         struct hr_arena *arena,
                         struct hr_grant *grant,
                         const char *text,
                         struct hr_err *err)
{
    enum hr_code code = check_owner(guard, grant, err);
    bool newer = !code && (!guard->grant || grant->issued_ms > guard->grant->issued_ms);
    if (!code && !*guard->principal) {
        snprintf(guard->principal, sizeof guard->principal, "%s", grant->principal);
        snprintf(guard->session, sizeof guard->session, "%s", grant->session);
    }
    if (newer) {
        hr_arena_free(guard->arena);
        guard->arena = arena;
        guard->grant = grant;
        guard->text = hr_strdup(arena, text);
    } else {
        hr_arena_free(arena);
    }
    return code;
}

/* the newest is nearly always what comes: its signature is not looked at again */
static enum hr_code accept(struct guard *guard, const char *text, struct hr_err *err)
{
    int64_t now = hr_clock_ms();
    if (guard->grant &&
        !strcmp(guard->text, text) &&
        now < guard->grant->expires_ms &&
        !hr_revoked_covers(&guard->revoked, guard->grant))
        return HR_OK;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_grant *grant;
    enum hr_code code = hr_grant_accept(arena, guard->key, &guard->revoked, text, now, &grant, err);
    if (!code)
        return keep(guard, arena, grant, text, err);
    hr_arena_free(arena);
    return code;
}

static const char *bearer(const struct hr_request *request)
{
    const char *given = hr_header_get(&request->headers, "authorization");
    return given && !strncasecmp(given, "Bearer ", 7) ? given + 7 : NULL;
}

static enum hr_code check_peer(const struct hr_request *request, struct hr_err *err)
{
    if (request->peer_uid < 0 || request->peer_uid == (int)getuid())
        return HR_OK;
    return hr_fail(err, HR_E_UNAUTHENTICATED, "the caller is another user of this machine (uid %d)",
                   request->peer_uid);
}

enum hr_code hr_guard_admit(struct guard *guard,
                            const struct hr_request *request,
                            struct hr_err *err)
{
    if (!guard->on)
        return HR_OK;
    HR_TRY(check_peer(request, err));
    const char *text = bearer(request);
    if (!text) {
        hr_fail(err, HR_E_UNAUTHENTICATED,
                "the call carries no grant: this session host was started by a server");
        return hr_fail_hint(
            err, "call the server's own address, with a token: 'headrace env' prints both");
    }
    pthread_mutex_lock(&guard->lock);
    enum hr_code code = accept(guard, text, err);
    pthread_mutex_unlock(&guard->lock);
    return code;
}

enum hr_code hr_guard_fits(const struct guard *guard, const char *session_id, struct hr_err *err)
{
    if (!guard->on || !strcasecmp(guard->session, session_id))
        return HR_OK;
    return hr_fail(err, HR_E_UNAUTHENTICATED,
                   "the grant was made for session \"%s\", not for \"%.64s\"", guard->session,
                   session_id);
}

static void copy(struct hr_arena *arena,
                 const struct guard *guard,
                 struct hr_grant *grant,
                 const char **text)
{
    const struct hr_grant *from = guard->grant;
    struct hr_assignment *list = HR_NEW_ARRAY(arena, struct hr_assignment, from->count + 1);
    *grant = *from;
    grant->principal = hr_strdup(arena, from->principal);
    grant->name = hr_strdup(arena, from->name);
    grant->session = hr_strdup(arena, from->session);
    grant->scope = hr_strdup(arena, from->scope);
    for (size_t i = 0; i < from->count; i++)
        list[i] =
            (struct hr_assignment){grant->principal, hr_strdup(arena, from->assignments[i].role),
                                   hr_strdup(arena, from->assignments[i].scope)};
    grant->assignments = list;
    *text = hr_strdup(arena, guard->text);
}

/* the newest grant and its text, copied; any thread. HR_E_UNAUTHENTICATED: none, over, or revoked
 */
static enum hr_code guard_current(struct guard *guard,
                                  struct hr_arena *arena,
                                  struct hr_grant *grant,
                                  const char **text,
                                  struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&guard->lock);
    if (!guard->grant)
        code = hr_fail(err, HR_E_UNAUTHENTICATED, "this host holds no grant");
    else if (hr_revoked_covers(&guard->revoked, guard->grant))
        code = hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" was revoked",
                       guard->grant->principal);
    else if (hr_clock_ms() >= guard->grant->expires_ms)
        code = hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" is over",
                       guard->grant->principal);
    else
        copy(arena, guard, grant, text);
    pthread_mutex_unlock(&guard->lock);
    return code;
}

bool hr_guard_sizes(struct guard *guard, struct hr_arena *arena, struct hr_sizes *sizes)
{
    pthread_mutex_lock(&guard->lock);
    bool named = guard->grant && hr_sizes_named(&guard->grant->sizes);
    for (size_t i = 0; named && i < HR_SIZE_COUNT; i++)
        sizes->at[i] = hr_strdup(arena, guard->grant->sizes.at[i]);
    pthread_mutex_unlock(&guard->lock);
    return named;
}

/* ---- storage by role ---- */

static bool is_ours(const struct hr_connect_options *options, const struct hr_blob_need *need)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *key = hr_printf(arena, "fs.azure.headrace.endpoint.%s", need->account);
    bool found = false;
    for (size_t i = 0; i < options->setting_count; i++)
        found |= !strcmp(options->settings[i].key, key) &&
                 !strcmp(options->settings[i].value, need->base_url);
    hr_arena_free(arena);
    return found;
}

/* The decision is made here for every account, so that its refusal is the same everywhere and no
 * request leaves. Only the account of this host's own server is given the grant, and decides once
 * more; another one gets a token that names the principal and gives nothing here. */
static enum hr_code role_token(struct hr_arena *arena,
                               const struct hr_blob_need *need,
                               const char **token,
                               void *arg,
                               struct hr_err *err)
{
    struct hr_connect *connect = arg;
    struct hr_grant grant;
    const char *text = NULL;
    struct hr_err why;
    enum hr_code code = guard_current(&connect->guard, arena, &grant, &text, &why);
    const char *scope = hr_printf(arena, "%s/%s/blobServices/default/containers/%s",
                                  connect->options.accounts, need->account, need->container);
    if (!code)
        code = hr_grant_decide(&grant, need->write ? HR_ACT_BLOB_WRITE : HR_ACT_BLOB_READ, scope,
                               &why);
    if (!code) {
        *token = is_ours(&connect->options, need)
                     ? text
                     : hr_claims_token(arena, grant.principal, grant.name, hr_clock_ms());
        return HR_OK;
    }
    hr_fail(err, HR_E_STORAGE_DENIED, "%s", why.msg);
    return hr_fail_hint_of(err, &why);
}

void hr_guard_storage(struct hr_connect *connect, struct hr_blob_config *config)
{
    if (connect->guard.on && connect->options.accounts)
        hr_blob_config_roles(config, &(struct hr_blob_roles){role_token, connect});
}

/* ---- the daemon's messages ---- */

/* nothing that runs for somebody who may not run it any more */
static void cancel_all(struct hr_connect *connect)
{
    for (struct hr_map_entry *session = NULL; (session = hr_map_next(&connect->sessions, session));)
        for (struct hr_map_entry *at = NULL;
             (at = hr_map_next(&((struct session *)session->value)->operations, at));)
            hr_operation_cancel(at->value);
}

static enum hr_code take_revocation(struct guard *guard, const char *text, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_revocation revocation;
    enum hr_code code = hr_revocation_verify(arena, guard->key, text, &revocation, err);
    if (!code)
        hr_revoked_add(&guard->revoked, &revocation, hr_clock_ms());
    hr_arena_free(arena);
    return code;
}

static enum hr_code take_message(struct hr_connect *connect,
                                 const struct hr_request *request,
                                 struct hr_err *err)
{
    struct guard *guard = &connect->guard;
    const char *grant = bearer(request), *revocation = hr_header_get(&request->headers, REVOCATION);
    enum hr_code code = check_peer(request, err);
    pthread_mutex_lock(&guard->lock);
    if (!code && grant)
        code = accept(guard, grant, err);
    if (!code && revocation)
        code = take_revocation(guard, revocation, err);
    bool ended = !code && guard->grant && hr_revoked_covers(&guard->revoked, guard->grant);
    pthread_mutex_unlock(&guard->lock);
    if (ended) {
        hr_log(HR_LOG_INFO, "grant.revoked", "principal", guard->principal, "session",
               guard->session, NULL);
        cancel_all(connect);
    }
    return code;
}

bool hr_guard_control(struct hr_connect *connect, struct hr_exchange *exchange)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    struct hr_err err;
    if (!connect->guard.on || strcmp(request->path, CONTROL_PATH))
        return false;
    enum hr_code code = take_message(connect, request, &err);
    if (code)
        hr_log(HR_LOG_WARN, "grant.message-refused", "why", err.msg, NULL);
    hr_exchange_reply(exchange, code ? 401 : 204, NULL, "", 0);
    return true;
}
