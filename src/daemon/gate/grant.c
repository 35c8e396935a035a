/* The grants that sessions' hosts hold: kept for a while, renewed under calls that last, and ended
 * by message. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/gate/private.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GRANT_MS (25 * 1000) /* grants hold 60 seconds */

#define STEP_MS                                                                                   \
    (5 * 1000) /* of the wall clock, by which a grant's end is told: who set it ended the grants, \
                  or lengthened them */

struct kept_grant {
    char *text;
    int64_t made_ms, made_wall_ms;
};

static void free_grant(void *arg)
{
    struct kept_grant *kept = arg;
    free(kept->text);
    free(kept);
}

void hr_gate_grant_keep(struct hr_session *session, const char *grant)
{
    struct kept_grant *kept = calloc(1, sizeof *kept);
    HR_CHECK(kept);
    kept->text = grant ? strdup(grant) : NULL;
    kept->made_ms = hr_clock_mono_ms();
    kept->made_wall_ms = hr_clock_ms();
    hr_session_set_slot(session, HR_SESSION_SLOT_GATE, kept, free_grant);
}

static const struct kept_grant *fresh(const struct hr_session *session)
{
    const struct kept_grant *kept = hr_session_slot(session, HR_SESSION_SLOT_GATE);
    if (!kept)
        return NULL;
    int64_t age = hr_clock_mono_ms() - kept->made_ms,
            step = hr_clock_ms() - kept->made_wall_ms - age;
    bool is_stepped = step > STEP_MS || step < -STEP_MS;
    return age < GRANT_MS && !is_stepped ? kept : NULL;
}

static enum hr_code ask(struct hr_gate *gate,
                        struct hr_arena *arena,
                        struct hr_session *session,
                        const char **grant,
                        struct hr_err *err)
{
    struct hr_session_info info = hr_session_info(session);
    *grant = NULL;
    if (gate->options.admit)
        HR_TRY(gate->options.admit(arena, info.principal, info.id, false, grant, gate->options.arg,
                                   err));
    hr_gate_grant_keep(session, *grant);
    return HR_OK;
}

enum hr_code hr_gate_grant(struct hr_gate *gate,
                           struct hr_arena *arena,
                           struct hr_session *session,
                           const char **grant,
                           struct hr_err *err)
{
    const struct kept_grant *kept = fresh(session);
    if (!kept)
        return ask(gate, arena, session, grant, err);
    *grant = kept->text ? hr_strdup(arena, kept->text) : NULL;
    return HR_OK;
}

/* ---- messages ---- */

struct message {
    struct hr_gate_told told;
};

static void over(struct hr_http_call *call)
{
    struct message *message = hr_http_call_user(call);
    if (message->told.told)
        message->told.told(message->told.arg);
    free(message);
}

static void on_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    (void)trailers;
    over(call);
}

static void on_failed(struct hr_http_call *call, const struct hr_err *err)
{
    (void)err; /* a host that is gone holds no grant */
    over(call);
}

static void on_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    (void)call, (void)headers;
    if (status / 100 != 2)
        hr_log(HR_LOG_ERROR, "gate.control-refused", NULL);
}

static bool send_message(struct hr_session *session,
                         const char *grant,
                         const char *revocation,
                         const struct hr_gate_told *told)
{
    static const struct hr_call_handler handler = {
        .response = on_response, .end = on_end, .failed = on_failed};
    struct hr_http_client *client = hr_session_client(session);
    if (!client || !(grant || revocation))
        return false;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct message *message = calloc(1, sizeof *message);
    HR_CHECK(message);
    if (told)
        message->told = *told;
    struct hr_header fields[2];
    size_t count = 0;
    if (grant)
        fields[count++] = (struct hr_header){"authorization", hr_printf(arena, "Bearer %s", grant)};
    if (revocation)
        fields[count++] = (struct hr_header){HR_GATE_REVOCATION, revocation};
    hr_http_call_finish(hr_http_call_start(client, "POST", HR_GATE_CONTROL, NULL,
                                           &(struct hr_headers){fields, count}, &handler, message));
    hr_arena_free(arena);
    return true;
}

void hr_gate_forget(struct hr_gate *gate, const char *principal)
{
    for (struct hr_session *at = NULL;
         gate->options.sessions && (at = hr_session_next(gate->options.sessions, at));)
        if (!strcasecmp(hr_session_info(at).principal, principal))
            hr_session_set_slot(at, HR_SESSION_SLOT_GATE, NULL, NULL);
}

void hr_gate_end(struct hr_gate *gate, const char *principal, const char *why)
{
    for (struct hr_session *at = NULL, *next; gate->options.sessions; at = next) {
        next = hr_session_next(gate->options.sessions, at);
        if (at && !strcasecmp(hr_session_info(at).principal, principal))
            hr_session_end(at, why);
        if (!next)
            return;
    }
}

/* Who may still use the pool gets a new grant in the same message, so that what runs by another
 * role goes on. */
size_t hr_gate_revoke(struct hr_gate *gate,
                      const char *principal,
                      const char *revocation,
                      const struct hr_gate_told *told)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    size_t sent = 0;
    hr_gate_forget(gate, principal);
    for (struct hr_session *at = NULL;
         gate->options.sessions && (at = hr_session_next(gate->options.sessions, at));) {
        const char *grant;
        if (strcasecmp(hr_session_info(at).principal, principal) || !hr_session_client(at))
            continue;
        if (ask(gate, arena, at, &grant, NULL))
            grant = NULL;
        sent += send_message(at, grant, revocation, told);
    }
    hr_arena_free(arena);
    return sent;
}

/* A call that outlasts its grant goes on with the next one; a principal that may not go on gets
 * none, and what it holds runs out. */
void hr_gate_renew(struct hr_gate *gate)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    for (struct hr_session *at = NULL;
         gate->options.sessions && (at = hr_session_next(gate->options.sessions, at));) {
        const char *grant;
        if (hr_session_info(at).calls &&
            hr_session_client(at) &&
            !fresh(at) &&
            !ask(gate, arena, at, &grant, NULL))
            send_message(at, grant, NULL, NULL);
    }
    hr_arena_free(arena);
}
