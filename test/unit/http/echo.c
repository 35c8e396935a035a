/* A server to try src/http with real clients: `echo [--tls CERT KEY] [--unix PATH] [--body-max N]`
 * prints its port and serves until SIGTERM. /echo    sends the body back as it comes, held /collect
 * answers the collected body /bytes?N sends N bytes from one shared block        /never    never
 * answers     /late  answers after its time */
#include "base/check.h"
#include "base/limits.h"
#include "http/http.h"
#include "io/loop.h"
#include "io/tls.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hr_loop *loop;
static char block[1 << 20];

struct state {
    size_t left, owed;
    struct hr_timer *late;
};

static void nothing(void *arg)
{
    (void)arg;
}

static void send_more(struct hr_exchange *exchange)
{
    struct state *state = hr_exchange_user(exchange);
    if (!state)
        return;
    while (state->left && hr_exchange_queued(exchange) < HR_HTTP_HIGH_MARK) {
        size_t part = state->left < sizeof block ? state->left : sizeof block;
        hr_exchange_write(exchange, (struct hr_bytes){block, part, nothing, NULL});
        state->left -= part;
        if (!state->left)
            hr_exchange_finish(exchange, NULL);
    }
    if (state->owed && hr_exchange_queued(exchange) < HR_HTTP_LOW_MARK) {
        hr_exchange_consume(exchange, state->owed);
        state->owed = 0;
    }
}

static void collected(struct hr_exchange *exchange, const char *body, size_t len)
{
    hr_exchange_reply(exchange, 200, "application/octet-stream", body, len);
}

static void answer_late(void *arg)
{
    ((struct state *)hr_exchange_user(arg))->late = NULL;
    hr_exchange_set_user(arg, NULL);
    hr_exchange_reply(arg, 200, "text/plain", "late\n", 5);
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    (void)arg;
    struct state *state = HR_NEW(hr_exchange_arena(exchange), struct state);
    if (!strcmp(request->path, "/echo")) {
        hr_exchange_set_user(exchange, state);
        hr_exchange_hold(exchange);
        hr_exchange_start(exchange, 200, NULL);
    } else if (!strcmp(request->path, "/collect")) {
        hr_exchange_collect(exchange, collected);
    } else if (!strcmp(request->path, "/bytes")) {
        hr_exchange_set_user(exchange, state);
        state->left = strtoull(request->query, NULL, 10);
        hr_exchange_start(exchange, 200, NULL);
        send_more(exchange);
    } else if (!strcmp(request->path, "/late")) {
        hr_exchange_set_user(exchange, state);
        state->late = hr_timer_start(loop, 300, 0, answer_late, exchange);
    } else if (strcmp(request->path, "/never")) {
        char *text = hr_printf(hr_exchange_arena(exchange), "%s %s http%s%s %s\n", request->method,
                               request->target, request->http2 ? "2" : "1",
                               request->tls ? " tls" : "", request->authority);
        hr_exchange_reply(exchange, strcmp(request->path, "/") ? 404 : 200, "text/plain", text,
                          strlen(text));
    }
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    struct state *state = hr_exchange_user(exchange);
    if (!state || strcmp(hr_exchange_request(exchange)->path, "/echo"))
        return;
    hr_exchange_write(exchange, hr_exchange_take(exchange, bytes, len));
    if (hr_exchange_queued(exchange) < HR_HTTP_HIGH_MARK)
        hr_exchange_consume(exchange, len);
    else
        state->owed += len;
}

static void on_end(struct hr_exchange *exchange)
{
    if (hr_exchange_user(exchange) && !strcmp(hr_exchange_request(exchange)->path, "/echo"))
        hr_exchange_finish(exchange,
                           &(struct hr_headers){&(struct hr_header){"x-trailer", "yes"}, 1});
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct state *state = hr_exchange_user(exchange);
    (void)finished;
    if (state)
        hr_timer_stop(state->late);
}

static void on_signal(int signal, void *arg)
{
    (void)signal, (void)arg;
    hr_loop_stop(loop);
}

int main(int argc, char **argv)
{
    static const struct hr_exchange_handler handler = {.request = on_request,
                                                       .data = on_data,
                                                       .end = on_end,
                                                       .writable = send_more,
                                                       .closed = on_closed};
    struct hr_http_server_options options = {
        .host = "127.0.0.1", .plain_text = true, .handler = &handler};
    struct hr_err err = {0};
    struct hr_tls *tls = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--unix"))
            options.unix_path = argv[++i];
        else if (!strcmp(argv[i], "--body-max"))
            options.body_max = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--head-ms"))
            options.head_ms = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--stall-ms"))
            options.stall_ms = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--idle-ms"))
            options.idle_ms = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--connections-max"))
            options.connections_max = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--tls-only"))
            options.plain_text = false;
        else if (!strcmp(argv[i], "--tls") &&
                 i + 2 < argc &&
                 hr_tls_server_new(argv[i + 1], argv[i + 2], &tls, &err) == HR_OK)
            i += 2;
    }
    options.tls = tls;
    struct hr_http_server *server;
    if (hr_loop_new(&loop, &err) || hr_http_server_start(loop, &options, &server, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    hr_loop_on_signal(loop, SIGTERM, on_signal, NULL);
    printf("%d\n", hr_http_server_port(server));
    fflush(stdout);
    hr_loop_run(loop);
    hr_http_server_close(server);
    hr_loop_free(loop);
    hr_tls_free(tls);
    return 0;
}
