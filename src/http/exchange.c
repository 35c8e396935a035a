/* One request and its response, whichever protocol carries it. */
#include "http/exchange.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hr_exchange *hr_exchange_new(struct hr_peer *peer)
{
    struct hr_exchange *exchange = calloc(1, sizeof *exchange);
    HR_CHECK(exchange);
    exchange->peer = peer;
    exchange->handler = peer->server->options.handler;
    exchange->arena = hr_arena_new(NULL);
    exchange->request.peer_uid = peer->uid;
    exchange->request.tls = peer->tls;
    exchange->window_ms = hr_http_now_ms();
    memcpy(exchange->request.peer, peer->name, sizeof exchange->request.peer);
    return exchange;
}

static void split_target(struct hr_exchange *exchange)
{
    struct hr_request *request = &exchange->request;
    const char *mark = strchr(request->target, '?');
    request->path =
        mark ? hr_strndup(exchange->arena, request->target, (size_t)(mark - request->target))
             : request->target;
    request->query = mark ? mark + 1 : "";
}

static void refuse_too_large(struct hr_exchange *exchange)
{
    char text[128];
    int len =
        snprintf(text, sizeof text, "the request's body is larger than the limit of %zu bytes\n",
                 exchange->body_max);
    exchange->dropped = true;
    if (exchange->started)
        hr_exchange_abort(exchange);
    else
        hr_exchange_reply(exchange, 413, "text/plain", text, (size_t)len);
    exchange->settled = true;
}

static void exchange_continue(struct hr_exchange *exchange);

void hr_exchange_got_request(struct hr_exchange *exchange,
                             bool expects_continue,
                             uint64_t content_length)
{
    const struct hr_http_server_options *options = &exchange->peer->server->options;
    split_target(exchange);
    exchange->expects = expects_continue;
    exchange->body_max = options->body_max;
    if (exchange->body_max && content_length > exchange->body_max) {
        refuse_too_large(exchange);
        return;
    }
    exchange->handler->request(exchange, options->arg);
    /* hr_exchange_collect has a limit of its own */
    if (exchange->body_max && content_length > exchange->body_max && !exchange->started) {
        refuse_too_large(exchange);
        return;
    }
    if (!options->continue_by_hand && !exchange->started)
        exchange_continue(exchange);
}

void hr_exchange_got_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    size_t max = exchange->body_max;
    exchange->body_seen += len;
    if (exchange->dropped) {
        hr_exchange_consume(exchange, len);
        return;
    }
    if (max && exchange->body_seen > max) {
        refuse_too_large(exchange);
        return;
    }
    if (exchange->collected) {
        hr_buf_add(&exchange->body, bytes, len);
        hr_exchange_consume(exchange, len);
    } else if (exchange->handler->data) {
        exchange->handler->data(exchange, bytes, len);
    } else {
        hr_exchange_consume(exchange, len);
    }
}

void hr_exchange_got_end(struct hr_exchange *exchange)
{
    exchange->ended = true;
    if (exchange->dropped)
        return;
    if (exchange->collected && hr_buf_ok(&exchange->body))
        exchange->collected(exchange, hr_buf_text(&exchange->body), hr_buf_len(&exchange->body));
    else if (exchange->collected)
        hr_exchange_reply(exchange, 503, "text/plain", "no memory for the request's body\n", 33);
    else if (exchange->handler->end)
        exchange->handler->end(exchange);
}

void hr_exchange_gone(struct hr_exchange *exchange, bool finished)
{
    if (exchange->handler->closed)
        exchange->handler->closed(exchange, finished);
    hr_buf_release(&exchange->body);
    hr_arena_free(exchange->arena);
    free(exchange);
}

bool hr_exchange_stalled(struct hr_exchange *exchange, uint64_t now_ms, bool may_send)
{
    uint64_t stall_ms = exchange->peer->server->options.stall_ms;
    if (exchange->ended)
        return false;
    if (may_send && now_ms - exchange->window_ms <= stall_ms)
        return false;
    bool slow = may_send &&
                exchange->body_seen - exchange->window_bytes < stall_ms * HR_HTTP_BODY_RATE / 1000;
    exchange->window_ms = now_ms;
    exchange->window_bytes = exchange->body_seen;
    return slow;
}

/* ---- HTTP/2's side ---- */

static void h2_headers(struct hr_h2_stream *stream, bool end)
{
    if (stream->owner) /* a request's trailers: nothing here is defined by one */
        return;
    struct hr_exchange *exchange = hr_exchange_new(stream->h2->owner);
    struct hr_request *request = &exchange->request;
    uint64_t length = 0;
    bool expects = false;
    stream->owner = exchange;
    exchange->stream = stream;
    request->http2 = true;
    request->method = request->scheme = request->authority = request->target = "";
    struct hr_header *plain =
        HR_NEW_ARRAY(exchange->arena, struct hr_header, stream->field_count + 1);
    request->headers.at = plain;
    for (size_t i = 0; i < stream->field_count; i++) {
        const struct hr_header *field = &stream->fields[i];
        const char **pseudo = !strcmp(field->name, ":method")      ? &request->method
                              : !strcmp(field->name, ":path")      ? &request->target
                              : !strcmp(field->name, ":scheme")    ? &request->scheme
                              : !strcmp(field->name, ":authority") ? &request->authority
                                                                   : NULL;
        if (pseudo)
            *pseudo = field->value;
        else
            plain[request->headers.count++] = *field;
        if (!strcmp(field->name, "content-length"))
            length = strtoull(field->value, NULL, 10); /* nghttp2 has checked it */
        if (!strcmp(field->name, "expect"))
            expects = !strcmp(field->value, "100-continue");
        if (!strcmp(field->name, "host") && !*request->authority)
            request->authority = field->value;
    }
    (void)end;
    if (*request->target != '/' && strcmp(request->target, "*")) {
        split_target(exchange);
        exchange->dropped = true;
        hr_exchange_reply(exchange, 400, "text/plain", "the target is not a path\n", 25);
        exchange->settled = true;
        return;
    }
    hr_exchange_got_request(exchange, expects, length);
}

static void h2_data(struct hr_h2_stream *stream, const uint8_t *bytes, size_t len)
{
    if (stream->owner)
        hr_exchange_got_data(stream->owner, bytes, len);
}

static void h2_end(struct hr_h2_stream *stream)
{
    if (stream->owner)
        hr_exchange_got_end(stream->owner);
}

static void h2_writable(struct hr_h2_stream *stream)
{
    struct hr_exchange *exchange = stream->owner;
    if (exchange && exchange->handler->writable)
        exchange->handler->writable(exchange);
}

static void h2_closed(struct hr_h2_stream *stream, uint32_t error, const struct hr_err *why)
{
    if (stream->owner)
        hr_exchange_gone(stream->owner, stream->local_end && !why && error == NGHTTP2_NO_ERROR);
}

static void h2_gone(struct hr_h2 *h2, const struct hr_err *why)
{
    (void)why;
    hr_peer_gone(h2->owner);
}

const struct hr_h2_handler hr_exchange_h2_handler = {.headers = h2_headers,
                                                     .data = h2_data,
                                                     .end = h2_end,
                                                     .writable = h2_writable,
                                                     .closed = h2_closed,
                                                     .gone = h2_gone};

/* ---- what handlers call ---- */

struct hr_arena *hr_exchange_arena(struct hr_exchange *exchange)
{
    return exchange->arena;
}

const struct hr_request *hr_exchange_request(const struct hr_exchange *exchange)
{
    return &exchange->request;
}

void hr_exchange_limit(struct hr_exchange *exchange, size_t body_max)
{
    exchange->body_max = body_max;
}

void hr_exchange_set_handler(struct hr_exchange *exchange,
                             const struct hr_exchange_handler *handler)
{
    exchange->handler = handler;
}

void hr_exchange_set_user(struct hr_exchange *exchange, void *user)
{
    exchange->user = user;
}

void *hr_exchange_user(const struct hr_exchange *exchange)
{
    return exchange->user;
}

void hr_exchange_hold(struct hr_exchange *exchange)
{
    exchange->held = true;
    if (exchange->stream)
        exchange->stream->held = true;
}

void hr_exchange_consume(struct hr_exchange *exchange, size_t len)
{
    if (exchange->held && exchange->stream)
        hr_h2_consume(exchange->stream, len);
    else if (exchange->held)
        hr_h1_consume(exchange->h1, len);
}

static void exchange_continue(struct hr_exchange *exchange)
{
    if (!exchange->expects || exchange->started || exchange->body_seen)
        return;
    exchange->expects = false;
    if (exchange->stream)
        hr_h2_interim(exchange->stream, 100);
    else
        hr_h1_continue(exchange->h1);
}

struct hr_bytes hr_exchange_take(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    return hr_conn_take(exchange->peer->conn, bytes, len);
}

static bool is_head(const struct hr_exchange *exchange)
{
    return !strcmp(exchange->request.method, "HEAD");
}

void hr_exchange_start(struct hr_exchange *exchange, int status, const struct hr_headers *headers)
{
    if (exchange->settled)
        return;
    HR_CHECK(!exchange->started);
    exchange->started = true;
    if (exchange->stream)
        hr_h2_respond(exchange->stream, status, headers);
    else
        hr_h1_respond(exchange->h1, status, headers);
}

void hr_exchange_write(struct hr_exchange *exchange, struct hr_bytes bytes)
{
    HR_CHECK(exchange->started);
    if (exchange->settled || is_head(exchange) || exchange->finished || !bytes.len) {
        if (bytes.release)
            bytes.release(bytes.arg);
    } else if (exchange->stream) {
        hr_h2_write(exchange->stream, bytes);
    } else {
        hr_h1_write(exchange->h1, bytes);
    }
}

void hr_exchange_finish(struct hr_exchange *exchange, const struct hr_headers *trailers)
{
    HR_CHECK(exchange->started);
    if (exchange->finished || exchange->settled)
        return;
    exchange->finished = true;
    exchange->dropped = true; /* what is left of the request has no reader */
    if (exchange->stream)
        hr_h2_finish(exchange->stream, trailers);
    else
        hr_h1_finish(exchange->h1);
}

size_t hr_exchange_queued(const struct hr_exchange *exchange)
{
    return exchange->stream ? exchange->stream->queued : hr_h1_queued(exchange->h1);
}

void hr_exchange_abort(struct hr_exchange *exchange)
{
    exchange->dropped = true;
    if (exchange->stream)
        hr_h2_reset(exchange->stream, NGHTTP2_CANCEL);
    else
        hr_h1_abort(exchange->h1);
}

void hr_exchange_reply_headers(struct hr_exchange *exchange,
                               int status,
                               const struct hr_headers *headers,
                               const void *body,
                               size_t len)
{
    size_t given = headers ? headers->count : 0;
    struct hr_header *fields = HR_NEW_ARRAY(exchange->arena, struct hr_header, given + 1);
    struct hr_headers all = {fields, given};
    if (given)
        memcpy(fields, headers->at, given * sizeof *fields);
    if (status != 204 && status != 304 && !(headers && hr_header_get(headers, "content-length")))
        fields[all.count++] =
            (struct hr_header){"content-length", hr_printf(exchange->arena, "%zu", len)};
    hr_exchange_start(exchange, status, &all);
    hr_exchange_write(exchange, (struct hr_bytes){body, len, NULL, NULL});
    hr_exchange_finish(exchange, NULL);
}

void hr_exchange_reply(struct hr_exchange *exchange,
                       int status,
                       const char *content_type,
                       const void *body,
                       size_t len)
{
    struct hr_header field = {"content-type", content_type};
    hr_exchange_reply_headers(exchange, status, &(struct hr_headers){&field, content_type ? 1 : 0},
                              body, len);
}

void hr_exchange_collect(struct hr_exchange *exchange,
                         void (*done)(struct hr_exchange *exchange, const char *body, size_t len))
{
    exchange->collected = done;
    if (!exchange->body_max)
        exchange->body_max = HR_REST_BODY_MAX;
    hr_buf_init(&exchange->body, exchange->body_max);
}
