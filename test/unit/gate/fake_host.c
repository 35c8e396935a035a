/* What the gate's test runs in the place of a session host. `fake_host --socket PATH --journal FILE
 * --spill FOLDER`; a call's method says what it does: Config answers the request's bytes, its grant
 * and its pid as headers; ExecutePlan sends 256 MB; Interrupt dies; AnalyzePlan never answers;
 * ReleaseSession answers an empty message. /headrace/grant is the gate's own message: Config tells
 * how many grants and revocations came. The journal counts its Config calls. */
#include "base/limits.h"
#include "http/http.h"
#include "io/loop.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOTAL (256u << 20)

static struct hr_loop *loop;
static const char *journal;
static char block[1 << 18];
static int grants, revocations;

static int journal_lines(bool add)
{
    int lines = 0, c;
    FILE *file = fopen(journal, "a+");
    if (add)
        fputc('\n', file);
    fflush(file);
    rewind(file);
    while ((c = fgetc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void nothing(void *arg)
{
    (void)arg;
}

static void flood(struct hr_exchange *exchange)
{
    size_t *left = hr_exchange_user(exchange);
    while (left && *left && hr_exchange_queued(exchange) < HR_HTTP_HIGH_MARK) {
        hr_exchange_write(exchange, (struct hr_bytes){block, sizeof block, nothing, NULL});
        *left -= sizeof block;
        if (!*left)
            hr_exchange_finish(exchange,
                               &(struct hr_headers){&(struct hr_header){"grpc-status", "0"}, 1});
    }
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    const char *method = strrchr(request->path, '/') + 1,
               *grant = hr_header_get(&request->headers, "authorization");
    struct hr_arena *arena = hr_exchange_arena(exchange);
    (void)arg;
    if (!strcmp(request->path, "/headrace/grant")) {
        grants += grant != NULL;
        revocations += hr_header_get(&request->headers, "headrace-revocation") != NULL;
        hr_exchange_reply(exchange, 204, NULL, "", 0);
        return;
    }
    if (!strcmp(method, "Interrupt"))
        raise(SIGKILL);
    if (!strcmp(method, "AnalyzePlan"))
        return;
    struct hr_header fields[] = {
        {"content-type", "application/grpc"},
        {"x-grant", grant ? grant : ""},
        {"x-pid", hr_printf(arena, "%d", getpid())},
        {"x-journal", hr_printf(arena, "%d", journal_lines(!strcmp(method, "Config")))},
        {"x-control", hr_printf(arena, "%d grants, %d revocations", grants, revocations)}};
    hr_exchange_start(exchange, 200, &(struct hr_headers){fields, 5});
    if (!strcmp(method, "ExecutePlan")) {
        size_t *left = HR_NEW(arena, size_t);
        *left = TOTAL;
        hr_exchange_set_user(exchange, left);
        flood(exchange);
    }
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    if (!strcmp(strrchr(hr_exchange_request(exchange)->path, '/'), "/Config"))
        hr_exchange_write(exchange, hr_exchange_take(exchange, bytes, len));
}

static void on_end(struct hr_exchange *exchange)
{
    const char *method = strrchr(hr_exchange_request(exchange)->path, '/') + 1;
    if (!strcmp(method, "Config") || !strcmp(method, "ReleaseSession"))
        hr_exchange_finish(exchange,
                           &(struct hr_headers){&(struct hr_header){"grpc-status", "0"}, 1});
}

static void on_signal(int number, void *arg)
{
    (void)number, (void)arg;
    hr_loop_stop(loop);
}

static void spill(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/spilled", folder);
    if (mkdir(folder, 0700) || close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)))
        exit(1);
}

int main(int argc, char **argv)
{
    static const struct hr_exchange_handler handler = {on_request, on_data, on_end, flood, NULL};
    struct hr_http_server_options options = {.handler = &handler};
    struct hr_http_server *server;
    for (int i = 1; i + 1 < argc; i++) {
        if (!strcmp(argv[i], "--socket"))
            options.unix_path = argv[i + 1];
        if (!strcmp(argv[i], "--journal"))
            journal = argv[i + 1];
        if (!strcmp(argv[i], "--spill"))
            spill(argv[i + 1]);
    }
    if (!journal || hr_loop_new(&loop, NULL) || hr_http_server_start(loop, &options, &server, NULL))
        return 1;
    hr_loop_on_signal(loop, SIGTERM, on_signal, NULL);
    hr_loop_run(loop);
    hr_http_server_close(server);
    hr_loop_free(loop);
    return 0;
}
