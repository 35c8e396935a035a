/* HTTP/1.1 on a server's connection: one exchange at a time; what a client sends ahead waits in
 * `ahead`. */
#include "base/check.h"
#include "base/limits.h"
#include "http/exchange.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_BYTES (1024 * 1024) /* a held body is read this far ahead */
#define DISCARD_BYTES                                                           \
    (64 * 1024) /* a rest of a body that is read past for the connection's sake \
                 */

struct hr_h1 {
    struct hr_peer *peer;
    struct hr_conn *conn;
    struct hr_http1 parser;
    struct hr_exchange *exchange;
    struct hr_buf ahead;
    struct hr_deferred advance;
    enum hr_http1_framing framing;
    size_t unconsumed;
    uint64_t head_since_ms; /* 0: between requests */
    bool keep_alive, response_done, request_done, blocked, over, broken, parsing;
};

static void process(struct hr_h1 *h1);

static void refuse_text(struct hr_h1 *h1, int status, const char *reason)
{
    struct hr_buf out;
    char length[24];
    snprintf(length, sizeof length, "%zu", strlen(reason) + 1);
    struct hr_header fields[] = {{"content-type", "text/plain"}, {"content-length", length}};
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_http1_write_head(&out, status, &(struct hr_headers){fields, 2}, HR_HTTP1_LENGTH, false);
    hr_buf_addf(&out, "%s\n", reason);
    hr_conn_write(h1->conn, hr_buf_text(&out), hr_buf_len(&out));
    hr_buf_release(&out);
}

void hr_h1_refuse(struct hr_h1 *h1, int status, const char *reason)
{
    if (h1->over)
        return;
    h1->over = true;
    if (!h1->exchange || !h1->exchange->started)
        refuse_text(h1, status, reason);
    if (h1->exchange)
        h1->exchange->started = h1->exchange->dropped = h1->exchange->settled = true;
    hr_conn_end(h1->conn, true);
}

static struct hr_header copy_header(struct hr_arena *arena, const struct hr_header *from)
{
    return (struct hr_header){hr_strdup(arena, from->name), hr_strdup(arena, from->value),
                              hr_strdup(arena, from->sent)};
}

static void begin(struct hr_h1 *h1)
{
    struct hr_http1 *parser = &h1->parser;
    struct hr_exchange *exchange = hr_exchange_new(h1->peer);
    struct hr_request *request = &exchange->request;
    struct hr_arena *arena = exchange->arena;
    exchange->h1 = h1;
    h1->exchange = exchange;
    h1->keep_alive = parser->keep_alive;
    h1->response_done = h1->request_done = h1->blocked = false;
    h1->unconsumed = 0;
    h1->head_since_ms = 0;
    request->method = hr_strdup(arena, parser->method);
    request->target = hr_strdup(arena, parser->target);
    request->authority = hr_strdup(arena, parser->authority);
    request->scheme = h1->peer->tls ? "https" : "http";
    request->headers.count = parser->headers.count;
    request->headers.at = HR_NEW_ARRAY(arena, struct hr_header, parser->headers.count + 1);
    for (size_t i = 0; i < parser->headers.count; i++)
        request->headers.at[i] = copy_header(arena, &parser->headers.at[i]);
    hr_exchange_got_request(exchange, parser->expect_continue, parser->content_length);
}

static void got_data(struct hr_h1 *h1)
{
    struct hr_exchange *exchange = h1->exchange;
    if (exchange->held) {
        h1->unconsumed += h1->parser.data_len;
        if (h1->unconsumed >= HOLD_BYTES)
            hr_conn_read(h1->conn, false);
    }
    hr_exchange_got_data(exchange, h1->parser.data, h1->parser.data_len);
}

/* the next request is looked at only once this one's response is out of our hands */
static void advance(void *arg)
{
    struct hr_h1 *h1 = arg;
    struct hr_exchange *exchange = h1->exchange;
    if (h1->over || !exchange || !h1->response_done)
        return;
    if (!h1->request_done && h1->keep_alive)
        return;
    if (!h1->keep_alive) {
        h1->over = true;
        hr_conn_end(h1->conn, !h1->request_done);
        return; /* gone with the connection */
    }
    h1->exchange = NULL;
    hr_exchange_gone(exchange, true);
    hr_conn_read(h1->conn, true);
    process(h1);
}

static void advance_later(struct hr_h1 *h1)
{
    hr_loop_defer(h1->conn->loop, &h1->advance);
}

static bool may_parse(const struct hr_h1 *h1)
{
    return !h1->over && !h1->conn->closing && (!h1->exchange || !h1->request_done);
}

static void parse(struct hr_h1 *h1, const char **at, const char *end)
{
    while (may_parse(h1)) {
        switch (hr_http1_next(&h1->parser, at, end)) {
        case HR_HTTP1_MORE:
            if (!h1->exchange && !hr_http1_idle(&h1->parser) && !h1->head_since_ms)
                h1->head_since_ms = hr_http_now_ms();
            return;
        case HR_HTTP1_HEAD:
            begin(h1);
            break;
        case HR_HTTP1_DATA:
            got_data(h1);
            break;
        case HR_HTTP1_END:
            h1->request_done = true;
            hr_exchange_got_end(h1->exchange);
            advance_later(h1);
            break;
        case HR_HTTP1_BAD:
            hr_h1_refuse(h1, h1->parser.status, h1->parser.reason);
            break;
        }
    }
}

static void process(struct hr_h1 *h1)
{
    if (!hr_buf_len(&h1->ahead) || h1->parsing)
        return;
    const char *at = hr_buf_text(&h1->ahead), *end = at + hr_buf_len(&h1->ahead);
    h1->parsing = true;
    parse(h1, &at, end);
    h1->parsing = false;
    hr_buf_drop(&h1->ahead, (size_t)(at - hr_buf_text(&h1->ahead)));
}

static void input(struct hr_conn *conn, const char *bytes, size_t len)
{
    struct hr_h1 *h1 = conn->owner;
    const char *at = bytes;
    if (hr_buf_len(&h1->ahead)) {
        at += len;
        if (hr_buf_add(&h1->ahead, bytes, len))
            process(h1);
    } else {
        parse(h1, &at, bytes + len);
    }
    if (at < bytes + len)
        hr_buf_add(&h1->ahead, at, (size_t)(bytes + len - at));
    if (!hr_buf_ok(&h1->ahead)) {
        hr_buf_release(&h1->ahead);
        hr_h1_refuse(h1, 413, "more was sent ahead of its turn than is kept");
        return;
    }
    if (hr_buf_len(&h1->ahead))
        hr_conn_read(conn, false); /* one block ahead is enough */
}

static bool produce(struct hr_conn *conn)
{
    struct hr_h1 *h1 = conn->owner;
    size_t before = conn->queued;
    if (h1->blocked && conn->queued < HR_HTTP_LOW_MARK) {
        h1->blocked = false;
        if (h1->exchange && !h1->exchange->finished && h1->exchange->handler->writable)
            h1->exchange->handler->writable(h1->exchange);
    }
    return conn->queued > before;
}

static void lost(struct hr_conn *conn, const struct hr_err *why)
{
    struct hr_h1 *h1 = conn->owner;
    struct hr_exchange *exchange = h1->exchange;
    (void)why;
    hr_loop_undefer(conn->loop, &h1->advance);
    h1->exchange = NULL;
    h1->over = true;
    if (exchange)
        hr_exchange_gone(exchange, h1->response_done && !conn->queued && !h1->broken);
    hr_peer_gone(h1->peer);
    hr_http1_release(&h1->parser);
    hr_buf_release(&h1->ahead);
    free(h1);
}

static const struct hr_conn_handler h1_handler = {.input = input, .produce = produce, .lost = lost};

struct hr_h1 *hr_h1_new(struct hr_peer *peer)
{
    struct hr_h1 *h1 = calloc(1, sizeof *h1);
    HR_CHECK(h1);
    h1->peer = peer;
    h1->conn = peer->conn;
    h1->advance = (struct hr_deferred){.fn = advance, .arg = h1};
    hr_http1_init(&h1->parser);
    hr_buf_init(&h1->ahead, 1024 * 1024);
    peer->conn->handler = &h1_handler;
    peer->conn->owner = h1;
    return h1;
}

/* ---- the response ---- */

void hr_h1_respond(struct hr_h1 *h1, int status, const struct hr_headers *fields)
{
    struct hr_exchange *exchange = h1->exchange;
    struct hr_buf out;
    bool sized = fields && hr_header_get(fields, "content-length");
    bool none = status == 204 || status == 304 || !strcmp(exchange->request.method, "HEAD");
    h1->framing = none               ? HR_HTTP1_NO_BODY
                  : sized            ? HR_HTTP1_LENGTH
                  : h1->parser.minor ? HR_HTTP1_CHUNKED
                                     : HR_HTTP1_UNTIL_CLOSE;
    if (h1->framing == HR_HTTP1_UNTIL_CLOSE)
        h1->keep_alive = false;
    bool long_rest = h1->parser.chunked || h1->parser.content_length > DISCARD_BYTES;
    if (!h1->request_done && (exchange->expects || (long_rest && status >= 400)))
        h1->keep_alive =
            false; /* refused: what is still to come is not worth reading, or may never come */
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_http1_write_head(&out, status, fields, h1->framing, h1->keep_alive);
    hr_conn_write(h1->conn, hr_buf_text(&out), hr_buf_len(&out));
    hr_buf_release(&out);
}

void hr_h1_write(struct hr_h1 *h1, struct hr_bytes bytes)
{
    if (h1->framing == HR_HTTP1_NO_BODY) {
        if (bytes.release)
            bytes.release(bytes.arg);
        return;
    }
    if (h1->framing == HR_HTTP1_CHUNKED) {
        char head[24];
        hr_conn_write(h1->conn, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", bytes.len));
    }
    struct hr_chunk *chunk = hr_chunk_new(bytes);
    hr_conn_write_chunk(h1->conn, chunk, chunk->data, chunk->len);
    hr_chunk_unref(chunk);
    if (h1->framing == HR_HTTP1_CHUNKED)
        hr_conn_write(h1->conn, "\r\n", 2);
    if (h1->conn->queued >= HR_HTTP_HIGH_MARK)
        h1->blocked = true;
}

void hr_h1_finish(struct hr_h1 *h1)
{
    if (h1->framing == HR_HTTP1_CHUNKED)
        hr_conn_write(h1->conn, "0\r\n\r\n", 5);
    h1->response_done = true;
    if (h1->unconsumed)
        hr_h1_consume(h1, h1->unconsumed);
    advance_later(h1);
}

void hr_h1_continue(struct hr_h1 *h1)
{
    hr_conn_write(h1->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

void hr_h1_consume(struct hr_h1 *h1, size_t len)
{
    h1->unconsumed -= len < h1->unconsumed ? len : h1->unconsumed;
    if (h1->unconsumed < HOLD_BYTES && !hr_buf_len(&h1->ahead) && !h1->over)
        hr_conn_read(h1->conn, true);
}

void hr_h1_abort(struct hr_h1 *h1)
{
    h1->broken = true;
    hr_conn_close(h1->conn, NULL);
}

size_t hr_h1_queued(const struct hr_h1 *h1)
{
    return h1->conn->queued;
}

bool hr_h1_busy(const struct hr_h1 *h1)
{
    return h1->exchange != NULL;
}

bool hr_h1_stalled(const struct hr_h1 *h1, uint64_t now_ms)
{
    const struct hr_conn *conn = h1->conn;
    const struct hr_http_server_options *options = &h1->peer->server->options;
    if (!h1->exchange)
        return h1->head_since_ms ? now_ms - h1->head_since_ms > options->head_ms
                                 : now_ms - conn->active_ms >
                                       (options->idle_ms ? options->idle_ms : HR_HTTP1_IDLE_MS);
    if (conn->queued)
        return now_ms - conn->active_ms > 5 * options->stall_ms; /* a reader may think a while */
    return !h1->request_done && hr_exchange_stalled(h1->exchange, now_ms, conn->reading);
}
