/* The client against the server, in one loop: whole calls, back-pressure both ways, cancelled and
 * failed calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/limits.h"
#include "http/http.h"
#include "io/loop.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "../torture.h"

#define TOTAL (64u << 20)

static struct hr_loop *loop;
static struct hr_http_server *server;
static struct hr_http_client *client;
static char path[64];
static int server_closed, server_finished;

/* ---- the server: /echo, /flood, /trailers-only, /silent, /collect ---- */

static size_t flooded, released;

static void count_release(void *arg)
{
    released += (size_t)(uintptr_t)arg;
}

static void flood(struct hr_exchange *exchange)
{
    static const char block[100000];
    while (flooded < TOTAL && hr_exchange_queued(exchange) < HR_HTTP_HIGH_MARK) {
        hr_exchange_write(
            exchange, (struct hr_bytes){block, sizeof block, count_release, (void *)sizeof block});
        flooded += sizeof block;
    }
    if (flooded >= TOTAL)
        hr_exchange_finish(exchange, NULL);
}

static void collected(struct hr_exchange *exchange, const char *body, size_t len)
{
    hr_exchange_reply(exchange, 200, "text/plain", body, len);
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    assert_string_equal(arg, "arg");
    assert_int_equal(request->peer_uid, getuid());
    if (!strcmp(request->path, "/echo")) {
        hr_exchange_start(exchange, 200,
                          &(struct hr_headers){&(struct hr_header){"x-query", request->query}, 1});
    } else if (!strcmp(request->path, "/flood")) {
        hr_exchange_start(exchange, 200, NULL);
        flood(exchange);
    } else if (!strcmp(request->path, "/trailers-only")) {
        hr_exchange_start(exchange, 200,
                          &(struct hr_headers){&(struct hr_header){"grpc-status", "12"}, 1});
        hr_exchange_finish(exchange, NULL);
    } else if (!strcmp(request->path, "/collect")) {
        hr_exchange_collect(exchange, collected);
    }
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    if (!strcmp(hr_exchange_request(exchange)->path, "/echo"))
        hr_exchange_write(exchange, hr_exchange_take(exchange, bytes, len));
}

static void on_end(struct hr_exchange *exchange)
{
    if (!strcmp(hr_exchange_request(exchange)->path, "/echo"))
        hr_exchange_finish(exchange,
                           &(struct hr_headers){&(struct hr_header){"grpc-status", "0"}, 1});
}

static void on_writable(struct hr_exchange *exchange)
{
    if (!strcmp(hr_exchange_request(exchange)->path, "/flood"))
        flood(exchange);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    (void)exchange;
    server_closed++;
    server_finished += finished;
}

static const struct hr_exchange_handler handler = {on_request, on_data, on_end, on_writable,
                                                   on_closed};

static int setup(void **state)
{
    (void)state;
    server_closed = server_finished = 0;
    flooded = released = 0;
    snprintf(path, sizeof path, "/tmp/hr-http-%d.sock", getpid());
    if (hr_loop_new(&loop, NULL))
        return 1;
    struct hr_http_server_options options = {.unix_path = path, .handler = &handler, .arg = "arg"};
    return hr_http_server_start(loop, &options, &server, NULL) ||
           hr_http_client_connect(loop, path, NULL, 0, NULL, &client, NULL);
}

static int teardown(void **state)
{
    (void)state;
    hr_http_client_close(client);
    hr_http_server_close(server);
    hr_loop_free(loop);
    return access(path, F_OK) == 0;
}

/* ---- the client's side: one record a call ---- */

struct seen {
    int status, ended, failed;
    size_t bytes, held;
    char query[32], trailer[32];
    struct hr_err err;
};

static void saw_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    struct seen *seen = hr_http_call_user(call);
    const char *query = hr_header_get(headers, "x-query"),
               *grpc = hr_header_get(headers, "grpc-status");
    seen->status = status;
    snprintf(seen->query, sizeof seen->query, "%s", query ? query : "");
    snprintf(seen->trailer, sizeof seen->trailer, "%s", grpc ? grpc : "");
    if (headers->count)
        assert_int_not_equal(headers->at[0].name[0], ':');
}

static void saw_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    struct seen *seen = hr_http_call_user(call);
    (void)bytes;
    seen->bytes += len;
}

static void saw_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct seen *seen = hr_http_call_user(call);
    const char *grpc = hr_header_get(trailers, "grpc-status");
    seen->ended++;
    if (grpc)
        snprintf(seen->trailer, sizeof seen->trailer, "%s", grpc);
    hr_loop_stop(loop);
}

static void saw_failure(struct hr_http_call *call, const struct hr_err *err)
{
    struct seen *seen = hr_http_call_user(call);
    seen->failed++;
    seen->err = *err;
    hr_loop_stop(loop);
}

static const struct hr_call_handler calls = {saw_response, saw_data, saw_end, NULL, saw_failure};

static void stop(void *arg)
{
    (void)arg;
    hr_loop_stop(loop);
}

static void a_call_goes_there_and_back(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct hr_http_call *call =
        hr_http_call_start(client, "POST", "/echo?q=1", NULL, NULL, &calls, &seen);
    hr_http_call_write(call, (struct hr_bytes){"hello", 5, NULL, NULL});
    hr_http_call_finish(call);
    hr_loop_run(loop);
    assert_int_equal(seen.status, 200);
    assert_int_equal(seen.bytes, 5);
    assert_string_equal(seen.query, "q=1");
    assert_string_equal(seen.trailer, "0");
    hr_timer_start(loop, 20, 0, stop, NULL);
    hr_loop_run(loop);
    assert_int_equal(server_finished, 1);
}

static void a_response_may_be_its_headers_alone(void **state)
{
    (void)state;
    struct seen seen = {0};
    hr_http_call_finish(
        hr_http_call_start(client, "POST", "/trailers-only", NULL, NULL, &calls, &seen));
    hr_loop_run(loop);
    assert_int_equal(seen.ended, 1);
    assert_string_equal(seen.trailer, "12");
}

/* nothing is consumed: the server must stop at the window and the marks, and others on the
 * connection must not */
static void a_held_response_stops_its_sender_alone(void **state)
{
    (void)state;
    struct seen held = {0}, other = {0};
    struct hr_http_call *call =
        hr_http_call_start(client, "GET", "/flood", NULL, NULL, &calls, &held);
    hr_http_call_hold(call);
    hr_http_call_finish(call);
    hr_timer_start(loop, 200, 0, stop, NULL);
    hr_loop_run(loop);
    assert_in_range(held.bytes, 1 << 20, 16 << 20);
    assert_in_range(flooded, held.bytes, held.bytes + HR_HTTP_HIGH_MARK + 200000);
    struct hr_http_call *small =
        hr_http_call_start(client, "POST", "/echo", NULL, NULL, &calls, &other);
    hr_http_call_write(small, (struct hr_bytes){"x", 1, NULL, NULL});
    hr_http_call_finish(small);
    hr_loop_run(loop);
    assert_int_equal(other.ended, 1);
    assert_int_equal(held.ended, 0);
    for (int turns = 0; !held.ended && turns < 1000; turns++) {
        size_t before = held.bytes;
        hr_http_call_consume(call, before - held.held);
        held.held = before;
        hr_timer_start(loop, 1, 0, stop, NULL);
        hr_loop_run(loop);
    }
    assert_int_equal(held.ended, 1);
    assert_int_equal(held.bytes, flooded);
    assert_int_equal(released, flooded);
}

static void a_cancelled_call_closes_its_exchange(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct hr_http_call *call =
        hr_http_call_start(client, "GET", "/flood", NULL, NULL, &calls, &seen);
    hr_http_call_hold(call);
    hr_timer_start(loop, 50, 0, stop, NULL);
    hr_loop_run(loop);
    hr_http_call_cancel(call);
    hr_timer_start(loop, 50, 0, stop, NULL);
    hr_loop_run(loop);
    assert_int_equal(server_closed, 1);
    assert_int_equal(server_finished, 0);
    assert_int_equal(seen.ended + seen.failed, 0);
    assert_int_equal(released, flooded);
    /* before it was sent */
    hr_http_call_cancel(hr_http_call_start(client, "GET", "/flood", NULL, NULL, &calls, &seen));
}

static void a_lost_server_fails_its_calls_and_the_next_connects_anew(void **state)
{
    (void)state;
    struct seen seen = {0}, none = {0}, again = {0};
    hr_http_call_finish(hr_http_call_start(client, "GET", "/silent", NULL, NULL, &calls, &seen));
    hr_timer_start(loop, 50, 0, stop, NULL);
    hr_loop_run(loop);
    hr_http_server_close(server);
    hr_loop_run(loop);
    assert_int_equal(seen.failed, 1);
    assert_int_equal(seen.err.code, HR_E_UNAVAILABLE);
    hr_http_call_finish(hr_http_call_start(client, "GET", "/silent", NULL, NULL, &calls, &none));
    hr_loop_run(loop);
    assert_int_equal(none.failed, 1);
    assert_false(hr_http_client_alive(client));
    struct hr_http_server_options options = {.unix_path = path, .handler = &handler, .arg = "arg"};
    assert_int_equal(hr_http_server_start(loop, &options, &server, NULL), HR_OK);
    hr_http_call_finish(hr_http_call_start(client, "POST", "/echo", NULL, NULL, &calls, &again));
    hr_loop_run(loop);
    assert_int_equal(again.ended, 1);
    assert_true(hr_http_client_alive(client));
}

static void a_path_in_use_is_refused(void **state)
{
    (void)state;
    struct hr_http_server_options options = {.unix_path = path, .handler = &handler, .arg = "arg"};
    struct hr_http_server *second;
    struct hr_err err;
    assert_int_equal(hr_http_server_start(loop, &options, &second, &err), HR_E_EXISTS);
    assert_non_null(strstr(err.msg, path));
}

#define COLLECT "POST /collect HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"

static int connect_plain(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Three requests that do not wait for each other's answers, over HTTP/1: every body comes back, or
 * a status says why not, or the connection ends. */
static enum hr_code pipeline(void *arg)
{
    static const char *const pieces[] = {COLLECT "hello" COLLECT "wo", "rld" COLLECT "th", "ree"};
    char text[4096] = "";
    size_t len = 0;
    int fd = connect_plain(), whole = 0;
    bool over = false;
    (void)arg;
    for (size_t i = 0; i < 3; i++) {
        send(fd, pieces[i], strlen(pieces[i]), MSG_NOSIGNAL);
        hr_timer_start(loop, 1, 0, stop, NULL);
        hr_loop_run(loop);
    }
    for (int turns = 0;
         turns < 1000 && !over && !strstr(text, "\r\n\r\nthree") && !strstr(text, " 503 ");
         turns++) {
        hr_timer_start(loop, 1, 0, stop, NULL);
        hr_loop_run(loop);
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, MSG_DONTWAIT);
        over = got == 0;
        len += got > 0 ? (size_t)got : 0;
        text[len] = 0;
    }
    close(fd);
    for (const char *at = text; (at = strstr(at, "HTTP/1.1 200")); at++)
        whole++;
    if (whole == 3) {
        assert_true(strstr(text, "\r\n\r\nhello") &&
                    strstr(text, "\r\n\r\nworld") &&
                    strstr(text, "\r\n\r\nthree"));
        return HR_OK;
    }
    assert_true(over || strstr(text, "HTTP/1.1 503"));
    return HR_E_LIMIT;
}

/* the same over HTTP/2, where nothing is sent ahead */
static enum hr_code collect(void *arg)
{
    struct seen seen = {0};
    (void)arg;
    struct hr_http_call *call =
        hr_http_call_start(client, "POST", "/collect", NULL, NULL, &calls, &seen);
    for (int i = 0; i < 3; i++) {
        hr_http_call_write(call, (struct hr_bytes){"hello", 5, NULL, NULL});
        hr_timer_start(loop, 1, 0, stop, NULL);
        hr_loop_run(loop);
    }
    hr_http_call_finish(call);
    while (!seen.ended)
        hr_loop_run(loop);
    assert_int_equal(seen.failed, 0);
    if (seen.status == 503)
        return HR_E_NOMEM;
    assert_int_equal(seen.status, 200);
    assert_int_equal(seen.bytes, 15);
    return HR_OK;
}

static void a_body_comes_whole_or_is_refused(void **state)
{
    (void)state;
    assert_true(hr_torture(pipeline, NULL) >= 4);
    assert_true(hr_torture(collect, NULL) >= 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_call_goes_there_and_back),
        T(a_response_may_be_its_headers_alone),
        T(a_held_response_stops_its_sender_alone),
        T(a_cancelled_call_closes_its_exchange),
        T(a_lost_server_fails_its_calls_and_the_next_connects_anew),
        T(a_path_in_use_is_refused),
        T(a_body_comes_whole_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
