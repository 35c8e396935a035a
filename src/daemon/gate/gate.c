#include "daemon/gate/private.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/grpc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVICE "/spark.connect.SparkConnectService/"
#define CLONE "headrace-clone" /* to the host: the file for the clone's journal */
#define UNRECORDED                                                                                 \
    "headrace-unrecorded" /* to the host: "full" or "broken", why what it keeps would not be found \
                             again */
#define CLONED "headrace-cloned" /* from it: the clone's id */
#define SCAN_BYTES_MAX \
    (64 *              \
     1024) /* clients put the ids first; a message that does not name them by here is refused */
#define AHEAD_BYTES_MAX \
    (16 *               \
     1024 *             \
     1024) /* of a request, while its host starts: above a stream's window, so never reached */
#define KEPT_BYTES_MAX \
    (1024 * 1024) /* of a request, until its answer begins: to send it again to another host */

struct relay { /* in the exchange's arena */
    struct hr_gate *gate;
    struct hr_exchange *exchange;
    struct hr_session *session;
    struct hr_session_wait wait;
    struct hr_http_client *client;
    struct hr_http_call *call;
    const char *principal;
    /* the request, until its answer begins or it is too large to be kept */
    struct hr_buf ahead;
    size_t owed_up, owed_down; /* bytes not yet consumed on either side */
    bool request_ended, scanned, answered, releases, over, kept, again;
    /* of CloneSession: where the source's host writes what the clone begins with */
    const char *clone_journal;
    int clone_number;
};

/* ---- refusals ---- */

static void status_fields(struct relay *relay,
                          const struct hr_err *err,
                          struct hr_header out[static 2])
{
    struct hr_arena *arena = hr_exchange_arena(relay->exchange);
    struct hr_buf message;
    char text[sizeof err->msg + sizeof err->hint + sizeof err->tail];
    hr_err_spark_text(err, text, sizeof text);
    hr_buf_init(&message, HR_BUF_GROWS);
    hr_grpc_percent_encode(&message, text);
    out[0] =
        (struct hr_header){"grpc-status", hr_printf(arena, "%d", hr_code_info(err->code)->grpc)};
    out[1] = (struct hr_header){"grpc-message", hr_buf_keep(&message, arena)};
}

static void fail(struct relay *relay, const struct hr_err *err)
{
    struct hr_header fields[3];
    if (relay->over)
        return;
    relay->over = true;
    status_fields(relay, err, fields);
    if (relay->answered) {
        hr_exchange_finish(relay->exchange, &(struct hr_headers){fields, 2});
        return;
    }
    fields[2] = (struct hr_header){"content-type", "application/grpc"};
    hr_exchange_start(relay->exchange, 200, &(struct hr_headers){fields, 3});
    hr_exchange_finish(relay->exchange, NULL);
}

static void refuse(struct relay *relay, enum hr_code code, const char *text)
{
    struct hr_err err;
    hr_fail(&err, code, "%s", text);
    fail(relay, &err);
}

/* ---- from the host ---- */

/* A clone lives in a host of its own: the journal that its source's host wrote is all that it
 * needs. */
static bool take_clone(struct relay *relay, const struct hr_headers *headers)
{
    const char *id = hr_header_get(headers, CLONED);
    struct hr_err err;
    if (!id || !relay->gate->options.sessions) {
        unlink(relay->clone_journal);
        return true; /* the host refused: its own answer says why */
    }
    enum hr_code code = hr_session_clone(relay->gate->options.sessions, relay->principal, id,
                                         relay->clone_number, &err);
    if (!code)
        return true;
    if (code == HR_E_EXISTS)
        hr_fail_spark(&err, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS",
                      "targetSessionId", id, NULL);
    unlink(relay->clone_journal);
    hr_http_call_cancel(relay->call);
    relay->call = NULL;
    fail(relay, &err);
    return false;
}

static void on_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    struct relay *relay = hr_http_call_user(call);
    if (relay->clone_journal && !take_clone(relay, headers))
        return;
    relay->answered = true;
    relay->kept = false;
    hr_buf_release(&relay->ahead);
    hr_exchange_start(relay->exchange, status, headers);
}

static void on_response_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    struct relay *relay = hr_http_call_user(call);
    hr_exchange_write(relay->exchange, hr_http_call_take(call, bytes, len));
    if (hr_exchange_queued(relay->exchange) < HR_HTTP_HIGH_MARK)
        hr_http_call_consume(call, len);
    else
        relay->owed_down += len;
}

static void on_response_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct relay *relay = hr_http_call_user(call);
    relay->call = NULL;
    if (!relay->answered) {
        refuse(relay, HR_E_INTERNAL, "the session's host answered without headers");
        return;
    }
    relay->over = true;
    hr_exchange_finish(relay->exchange, trailers);
    if (relay->releases)
        hr_session_end(relay->session, "its client released it");
}

static void on_call_writable(struct hr_http_call *call)
{
    struct relay *relay = hr_http_call_user(call);
    hr_exchange_consume(relay->exchange, relay->owed_up);
    relay->owed_up = 0;
}

static void on_host(struct hr_session_wait *wait,
                    struct hr_http_client *client,
                    const struct hr_err *err);
static void answer_release(struct relay *relay, const char *session_id);

/* A host begins ExecutePlan's answer in the turn in which it takes the request, so without that
 * beginning nothing has run; the other calls may be done twice. So a call that has no beginning of
 * an answer is sent again, once, to the host that takes over: whoever calls just when a host dies
 * does not notice. */
static bool try_again(struct relay *relay)
{
    if (relay->answered || relay->again || !relay->kept)
        return false;
    relay->again = true;
    relay->wait.fn = on_host;
    hr_session_connect(relay->session, &relay->wait);
    return true;
}

static void on_call_failed(struct hr_http_call *call, const struct hr_err *why)
{
    struct relay *relay = hr_http_call_user(call);
    struct hr_err err;
    relay->call = NULL;
    bool reset = why->code == HR_E_CANCELLED, ended = hr_session_info(relay->session).ended;
    if (!reset && !ended && hr_session_has(relay->session, relay->client))
        hr_session_lost(relay->session); /* a host's socket breaks with its host; the process's end
                                            is heard of later */
    if (relay->releases && !relay->answered && !reset) {
        answer_release(relay, hr_session_info(relay->session).id);
        hr_session_end(relay->session, "its client released it");
        return;
    }
    if (!reset && !ended && try_again(relay))
        return;
    if (ended) {
        hr_fail(&err, HR_E_CANCELLED, "the session was ended while this call ran");
    } else if (reset) {
        hr_fail(&err, HR_E_INTERNAL, "the session's host broke the call off: %s", why->msg);
    } else {
        /* not UNAVAILABLE, which makes clients run it again by themselves: what it wrote may be
         * there */
        hr_fail(&err, HR_E_INTERNAL, "the session's host process ended while this call ran: %s",
                why->msg);
        hr_fail_hint(
            &err,
            "run it again: a new process takes over the session, with its configuration and temporary views");
    }
    hr_log(ended ? HR_LOG_INFO : HR_LOG_WARN, "gate.call-failed", "session",
           hr_session_info(relay->session).id, "principal", relay->principal, "why", err.msg, NULL);
    fail(relay, &err);
}

static const struct hr_call_handler call_handler = {on_response, on_response_data, on_response_end,
                                                    on_call_writable, on_call_failed};

/* ---- to the host ---- */

/* what a client may not say to a host */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"authorization", "host", CLONE, UNRECORDED};
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static struct hr_headers host_headers(struct relay *relay, const char *grant)
{
    const struct hr_headers *given = &hr_exchange_request(relay->exchange)->headers;
    struct hr_arena *arena = hr_exchange_arena(relay->exchange);
    struct hr_headers out = {HR_NEW_ARRAY(arena, struct hr_header, given->count + 3), 0};
    for (size_t i = 0; i < given->count; i++)
        if (!is_ours(given->at[i].name))
            out.at[out.count++] = given->at[i];
    enum hr_code recorded = hr_session_record(relay->session);
    if (recorded)
        out.at[out.count++] =
            (struct hr_header){UNRECORDED, recorded == HR_E_FULL ? "full" : "broken"};
    if (grant)
        out.at[out.count++] =
            (struct hr_header){"authorization", hr_printf(arena, "Bearer %s", grant)};
    if (relay->clone_journal)
        out.at[out.count++] = (struct hr_header){CLONE, relay->clone_journal};
    return out;
}

static void on_host(struct hr_session_wait *wait,
                    struct hr_http_client *client,
                    const struct hr_err *err)
{
    struct relay *relay = (struct relay *)((char *)wait - offsetof(struct relay, wait));
    const struct hr_request *request = hr_exchange_request(relay->exchange);
    struct hr_err refused;
    const char *grant;
    if (client && hr_gate_grant(relay->gate, hr_exchange_arena(relay->exchange), relay->session,
                                &grant, &refused)) {
        client = NULL; /* its host started meanwhile, and its right ended */
        err = &refused;
    }
    if (!client) {
        fail(relay, err);
        return;
    }
    struct hr_headers headers = host_headers(relay, grant);
    relay->client = client;
    relay->call = hr_http_call_start(client, request->method, request->target, NULL, &headers,
                                     &call_handler, relay);
    hr_http_call_hold(relay->call);
    hr_http_call_write(relay->call, (struct hr_bytes){hr_buf_text(&relay->ahead),
                                                      hr_buf_len(&relay->ahead), NULL, NULL});
    hr_exchange_consume(relay->exchange, relay->owed_up);
    relay->owed_up = 0;
    relay->kept = hr_buf_len(&relay->ahead) <= KEPT_BYTES_MAX;
    if (!relay->kept)
        hr_buf_release(&relay->ahead);
    if (relay->request_ended)
        hr_http_call_finish(relay->call);
}

/* a session that is not there has nothing to release: no process is started to say so */
static void answer_release(struct relay *relay, const char *session_id)
{
    size_t len = strlen(session_id); /* below 256: two bytes of length at most */
    uint8_t message[HR_GRPC_HEAD_BYTES + 4 + HR_GRPC_ID_MAX], *at = message + HR_GRPC_HEAD_BYTES;
    struct hr_header type = {"content-type", "application/grpc"}, status = {"grpc-status", "0"};
    *at++ = 0x0a;
    if (len > 127)
        *at++ = (uint8_t)(len | 0x80);
    *at++ = (uint8_t)(len > 127 ? len >> 7 : len);
    memcpy(at, session_id, len);
    at += len;
    hr_grpc_frame_head(message, (size_t)(at - message) - HR_GRPC_HEAD_BYTES);
    relay->over = true;
    hr_exchange_start(relay->exchange, 200, &(struct hr_headers){&type, 1});
    hr_exchange_write(relay->exchange,
                      (struct hr_bytes){message, (size_t)(at - message), NULL, NULL});
    hr_exchange_finish(relay->exchange, &(struct hr_headers){&status, 1});
}

static enum hr_code find_session(struct relay *relay, const char *id, struct hr_err *err)
{
    const struct hr_gate_options *options = &relay->gate->options;
    struct hr_session *session = hr_session_find(options->sessions, relay->principal, id);
    const char *grant = NULL;
    if (session)
        HR_TRY(
            hr_gate_grant(relay->gate, hr_exchange_arena(relay->exchange), session, &grant, err));
    else if (options->admit)
        HR_TRY(options->admit(hr_exchange_arena(relay->exchange), relay->principal, id, true,
                              &grant, options->arg, err));
    if (!session) {
        HR_TRY(hr_session_open(options->sessions, relay->principal, id, &session, err));
        hr_gate_grant_keep(session, grant);
    }
    relay->session = hr_session_ref(session);
    hr_session_busy(session, 1);
    return HR_OK;
}

/* Spark's own rule; kept here too, so that no process is started for what its host would refuse */
static bool is_session_id(const char *id)
{
    return strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36;
}

static void scanned(struct relay *relay, const struct hr_grpc_ids *ids)
{
    struct hr_err err = {0};
    relay->scanned = true;
    if (!relay->gate->options.sessions) {
        refuse(relay, HR_E_UNAVAILABLE, "the server stops");
        return;
    }
    if (!ids->session_id[0]) {
        refuse(relay, HR_E_INVALID, "the request names no session: its field session_id is empty");
        return;
    }
    if (!is_session_id(ids->session_id)) {
        hr_fail_spark(&err, "INVALID_HANDLE.FORMAT", "handle", ids->session_id, NULL);
        fail(relay, &err);
        return;
    }
    relay->releases = !strcmp(hr_exchange_request(relay->exchange)->path, SERVICE "ReleaseSession");
    if (relay->releases &&
        !hr_session_find(relay->gate->options.sessions, relay->principal, ids->session_id)) {
        answer_release(relay, ids->session_id);
        return;
    }
    if (find_session(relay, ids->session_id, &err)) {
        fail(relay, &err);
        return;
    }
    if (!strcmp(hr_exchange_request(relay->exchange)->path, SERVICE "CloneSession"))
        relay->clone_number =
            hr_sessions_reserve(relay->gate->options.sessions, hr_exchange_arena(relay->exchange),
                                &relay->clone_journal);
    relay->wait.fn = on_host;
    hr_session_connect(relay->session, &relay->wait);
}

static void scan(struct relay *relay)
{
    const uint8_t *bytes = (const uint8_t *)hr_buf_text(&relay->ahead);
    size_t len = hr_buf_len(&relay->ahead);
    struct hr_grpc_ids ids;
    if (!len && !relay->request_ended)
        return;
    if (len && bytes[0]) {
        refuse(relay, bytes[0] == 1 ? HR_E_UNSUPPORTED : HR_E_INVALID,
               bytes[0] == 1 ? "compressed gRPC messages are not supported" : "not a gRPC message");
        return;
    }
    if (len < HR_GRPC_HEAD_BYTES) {
        if (relay->request_ended)
            refuse(relay, HR_E_INVALID, "the request ended before its message");
        return;
    }
    size_t size =
        (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4];
    if (size > HR_GRPC_MESSAGE_MAX) {
        refuse(relay, HR_E_LIMIT, "the message is larger than the limit of 128 MiB");
        return;
    }
    bool whole = len - HR_GRPC_HEAD_BYTES >= size;
    enum hr_grpc_scan got = hr_grpc_scan_ids(bytes + HR_GRPC_HEAD_BYTES,
                                             whole ? size : len - HR_GRPC_HEAD_BYTES, whole, &ids);
    if (got == HR_GRPC_SCAN_FOUND)
        scanned(relay, &ids);
    else if (got == HR_GRPC_SCAN_BAD)
        refuse(
            relay, HR_E_INVALID,
            "the request is not a valid message: its session_id and user_context cannot be read");
    else if (relay->request_ended)
        refuse(relay, HR_E_INVALID, "the request ended inside its message");
    else if (len > SCAN_BYTES_MAX)
        refuse(relay, HR_E_INVALID, "the request does not name its session in its first 64 KiB");
}

/* ---- from the client ---- */

/* for another host, should this one be lost; what is too large, or has no memory, is not sent again
 */
static void keep(struct relay *relay, const void *bytes, size_t len)
{
    bool fits = hr_buf_len(&relay->ahead) + len <= KEPT_BYTES_MAX;
    relay->kept = fits && hr_buf_add(&relay->ahead, bytes, len);
    if (!relay->kept)
        hr_buf_release(&relay->ahead);
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    struct relay *relay = hr_exchange_user(exchange);
    if (relay->over) {
        hr_exchange_consume(exchange, len);
        return;
    }
    if (relay->call) {
        if (relay->kept)
            keep(relay, bytes, len);
        hr_http_call_write(relay->call, hr_exchange_take(exchange, bytes, len));
        if (hr_http_call_queued(relay->call) < HR_HTTP_HIGH_MARK)
            hr_exchange_consume(exchange, len);
        else
            relay->owed_up += len;
        return;
    }
    hr_buf_add(&relay->ahead, bytes, len);
    relay->owed_up += len;
    if (!hr_buf_ok(&relay->ahead))
        refuse(relay, HR_E_NOMEM, "no memory for the request");
    else if (!relay->scanned)
        scan(relay);
}

static void on_end(struct hr_exchange *exchange)
{
    struct relay *relay = hr_exchange_user(exchange);
    relay->request_ended = true;
    if (relay->over)
        return;
    if (relay->call)
        hr_http_call_finish(relay->call);
    else if (!relay->scanned)
        scan(relay);
}

static void on_writable(struct hr_exchange *exchange)
{
    struct relay *relay = hr_exchange_user(exchange);
    size_t owed = relay->owed_down;
    relay->owed_down = 0;
    if (relay->call && owed)
        hr_http_call_consume(relay->call, owed);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct relay *relay = hr_exchange_user(exchange);
    (void)finished;
    if (relay->call)
        hr_http_call_cancel(relay->call); /* a client that went away: its host hears of it */
    hr_session_unwait(&relay->wait);
    hr_buf_release(&relay->ahead);
    if (relay->session) {
        hr_session_busy(relay->session, -1);
        hr_session_unref(relay->session);
    }
}

static const struct hr_exchange_handler exchange_handler = {NULL, on_data, on_end, on_writable,
                                                            on_closed};

/* ---- the gate ---- */

struct hr_gate *hr_gate_new(const struct hr_gate_options *options)
{
    struct hr_gate *gate = calloc(1, sizeof *gate);
    HR_CHECK(gate && options->authenticate);
    gate->options = *options;
    return gate;
}

void hr_gate_stop(struct hr_gate *gate)
{
    gate->options.sessions = NULL;
}

void hr_gate_free(struct hr_gate *gate)
{
    free(gate);
}

bool hr_gate_wants(const struct hr_request *request)
{
    const char *type = hr_header_get(&request->headers, "content-type");
    return request->http2 && type && !strncmp(type, "application/grpc", 16);
}

void hr_gate_take(struct hr_gate *gate, struct hr_exchange *exchange)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    struct relay *relay = HR_NEW(hr_exchange_arena(exchange), struct relay);
    struct hr_err err = {0};
    relay->gate = gate;
    relay->exchange = exchange;
    hr_buf_init(&relay->ahead, AHEAD_BYTES_MAX);
    hr_exchange_set_user(exchange, relay);
    hr_exchange_set_handler(exchange, &exchange_handler);
    hr_exchange_hold(exchange);
    if (strncmp(request->path, SERVICE, sizeof SERVICE - 1) || strcmp(request->method, "POST")) {
        hr_fail(&err, HR_E_UNSUPPORTED, "not a call of Spark Connect: '%.200s'", request->path);
        fail(relay, &err);
    } else if (!gate->options.sessions) {
        refuse(relay, HR_E_UNAVAILABLE, "the server stops");
    } else if (gate->options.authenticate(exchange, &relay->principal, gate->options.arg, &err)) {
        fail(relay, &err);
    }
}
