#include "daemon/rest/relay.h"
#include "base/limits.h"
#include "base/log.h"
#include "io/tls.h"
#include <stdlib.h>
#include <string.h>

static struct {
    struct hr_http_client *client;
    struct hr_tls *tls;
} account;

struct relay { /* in the exchange's arena */
    struct hr_rest *req;
    struct hr_relay_call call;
    struct hr_http_call *upstream;
    int status;
    const char *refusal;
    int64_t sent;              /* bytes of the request's body */
    size_t owed_up, owed_down; /* bytes not yet consumed on either side */
    bool piping, over;
};

/* ---- the connection ---- */

static enum hr_code connect_account(struct hr_site *site, struct hr_err *err)
{
    if (account.client)
        return HR_OK;
    if (!site->storage_url)
        return hr_fail(err, HR_E_UNAVAILABLE, "the storage account is not ready yet");
    struct hr_arena *arena = hr_arena_new(NULL);
    bool secure = !strncmp(site->storage_url, "https:", 6);
    const char *authority = strstr(site->storage_url, "://") + 3, *colon = strrchr(authority, ':');
    const char *host = hr_strndup(arena, authority, (size_t)(colon - authority));
    enum hr_code code = secure ? hr_tls_client_new(site->ca_file, &account.tls, err) : HR_OK;
    if (!code)
        code = hr_http_client_connect(site->loop, NULL, host, atoi(colon + 1), account.tls,
                                      &account.client, err);
    hr_arena_free(arena);
    return code;
}

void hr_relay_stop(void)
{
    if (account.client)
        hr_http_client_close(account.client);
    account.client = NULL;
}

/* ---- the end ---- */

static void fail(struct relay *relay, const struct hr_err *err)
{
    if (relay->over)
        return;
    relay->over = true;
    if (relay->piping)
        hr_exchange_abort(
            relay->req->exchange); /* a broken answer, never a short one that looks whole */
    else
        relay->call.failed(relay->req, err);
}

static void finish(struct relay *relay)
{
    struct hr_err err = {0};
    relay->over = true;
    if (relay->piping)
        hr_exchange_finish(relay->req->exchange, NULL);
    else if (relay->call.done(relay->req, relay->status, relay->refusal, relay->sent, &err))
        relay->call.failed(relay->req, &err);
    else
        hr_rest_send(relay->req);
}

/* ---- from the account ---- */

static void pipe_through(struct relay *relay, int status, const struct hr_headers *headers)
{
    static const char *const kept[] = {"content-type",     "content-length", "content-range",
                                       "content-encoding", "etag",           "last-modified",
                                       "accept-ranges"};
    struct hr_header out[HR_LEN(kept) + 2] = {{"cache-control", "no-store", NULL},
                                              {"x-content-type-options", "nosniff", NULL}};
    size_t count = 2;
    for (size_t i = 0; i < HR_LEN(kept); i++) {
        const char *value = hr_header_get(headers, kept[i]);
        if (value)
            out[count++] = (struct hr_header){kept[i], value, NULL};
    }
    relay->piping = true;
    hr_exchange_start(relay->req->exchange, status, &(struct hr_headers){out, count});
}

static bool of_connection(const char *name)
{
    return !strcmp(name, "connection") ||
           !strcmp(name, "keep-alive") ||
           !strcmp(name, "transfer-encoding");
}

static void pipe_whole(struct relay *relay, int status, const struct hr_headers *headers)
{
    struct hr_header *out = HR_NEW_ARRAY(relay->req->arena, struct hr_header, headers->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        if (!of_connection(headers->at[i].name))
            out[count++] = headers->at[i];
    relay->piping = true;
    hr_exchange_start(relay->req->exchange, status, &(struct hr_headers){out, count});
}

static void on_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    struct relay *relay = hr_http_call_user(call);
    relay->status = status;
    relay->refusal = hr_strdup(relay->req->arena, hr_header_get(headers, "x-ms-error-code"));
    if (relay->call.whole)
        pipe_whole(relay, status, headers);
    else if (relay->call.through && status < 300)
        pipe_through(relay, status, headers);
}

static void on_response_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    struct relay *relay = hr_http_call_user(call);
    if (!relay->piping) {
        hr_http_call_consume(call, len);
        return;
    }
    hr_exchange_write(relay->req->exchange, hr_http_call_take(call, bytes, len));
    if (hr_exchange_queued(relay->req->exchange) < HR_HTTP_HIGH_MARK)
        hr_http_call_consume(call, len);
    else
        relay->owed_down += len;
}

static void on_response_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct relay *relay = hr_http_call_user(call);
    (void)trailers;
    relay->upstream = NULL;
    if (!relay->over)
        finish(relay);
}

static void on_call_writable(struct hr_http_call *call)
{
    struct relay *relay = hr_http_call_user(call);
    hr_exchange_consume(relay->req->exchange, relay->owed_up);
    relay->owed_up = 0;
}

static void on_call_failed(struct hr_http_call *call, const struct hr_err *why)
{
    struct relay *relay = hr_http_call_user(call);
    struct hr_err err;
    relay->upstream = NULL;
    hr_fail(&err, HR_E_UNAVAILABLE, "the storage account broke the transfer off: %s", why->msg);
    hr_log(HR_LOG_WARN, "relay.failed", "why", why->msg, NULL);
    fail(relay, &err);
}

static const struct hr_call_handler call_handler = {on_response, on_response_data, on_response_end,
                                                    on_call_writable, on_call_failed};

/* ---- from the client ---- */

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    struct relay *relay = hr_exchange_user(exchange);
    if (!relay->upstream) {
        hr_exchange_consume(exchange, len);
        return;
    }
    relay->sent += (int64_t)len;
    hr_http_call_write(relay->upstream, hr_exchange_take(exchange, bytes, len));
    if (hr_http_call_queued(relay->upstream) < HR_HTTP_HIGH_MARK)
        hr_exchange_consume(exchange, len);
    else
        relay->owed_up += len;
}

static void on_end(struct hr_exchange *exchange)
{
    struct relay *relay = hr_exchange_user(exchange);
    if (relay->upstream)
        hr_http_call_finish(relay->upstream);
}

static void on_writable(struct hr_exchange *exchange)
{
    struct relay *relay = hr_exchange_user(exchange);
    size_t owed = relay->owed_down;
    relay->owed_down = 0;
    if (relay->upstream && owed)
        hr_http_call_consume(relay->upstream, owed);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct relay *relay = hr_exchange_user(exchange);
    (void)finished;
    relay->over = true;
    relay->req->closed = true;
    if (relay->upstream)
        hr_http_call_cancel(relay->upstream);
    relay->upstream = NULL;
}

static const struct hr_exchange_handler exchange_handler = {NULL, on_data, on_end, on_writable,
                                                            on_closed};

enum hr_code hr_relay_start(struct hr_rest *req,
                            const struct hr_relay_call *call,
                            struct hr_err *err)
{
    HR_TRY(connect_account(req->site, err));
    struct relay *relay = HR_NEW(req->arena, struct relay);
    *relay = (struct relay){.req = req, .call = *call};
    hr_exchange_set_user(req->exchange, relay);
    hr_exchange_set_handler(req->exchange, &exchange_handler);
    hr_exchange_hold(req->exchange);
    hr_rest_defer(req);
    relay->upstream = hr_http_call_start(account.client, call->method, call->target, NULL,
                                         &call->headers, &call_handler, relay);
    hr_http_call_hold(relay->upstream);
    return HR_OK;
}
