/* A Spark Connect server that does nothing: the floor under every latency figure.
 *
 * nothing RECORDING PORT answers each gRPC call with the next recorded answer of its path (the last
 * one again when they run out), over the same nghttp2 server as Headrace. bench/record.py makes the
 * recording from a real server: what a client measures against this one is the client, the wire and
 * the kernel, and no plan, analysis or execution. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/map.h"
#include "http/http.h"
#include "io/loop.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    const char *bytes;
    size_t len;
};
struct answers {
    struct answer *at;
    size_t count, next;
};

static struct hr_map answers_of; /* path -> struct answers */
static char *recording;

static void request_arrived(struct hr_exchange *exchange, void *arg)
{
    (void)arg;
    (void)exchange;
}

static void request_ended(struct hr_exchange *exchange)
{
    struct hr_header head = {"content-type", "application/grpc"}, status = {"grpc-status", "0"},
                     unknown = {"grpc-status", "12"};
    struct answers *answers = hr_map_get(&answers_of, hr_exchange_request(exchange)->path);
    hr_exchange_start(exchange, 200, &(struct hr_headers){&head, 1});
    if (!answers) {
        hr_exchange_finish(exchange, &(struct hr_headers){&unknown, 1});
        return;
    }
    struct answer *answer = &answers->at[answers->next];
    if (answers->next + 1 < answers->count)
        answers->next++;
    hr_exchange_write(exchange, (struct hr_bytes){.data = answer->bytes, .len = answer->len});
    hr_exchange_finish(exchange, &(struct hr_headers){&status, 1});
}

static size_t read_number(const char **at)
{
    unsigned char b[4];
    memcpy(b, *at, 4);
    *at += 4;
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* the recording: path length, path, answer length, answer; lengths of four bytes, big-endian */
static void load(const char *file)
{
    FILE *in = fopen(file, "rb");
    HR_CHECK(in);
    fseek(in, 0, SEEK_END);
    size_t size = (size_t)ftell(in);
    rewind(in);
    recording = malloc(size);
    HR_CHECK(recording && fread(recording, 1, size, in) == size);
    fclose(in);
    hr_map_init(&answers_of);
    for (const char *at = recording; at < recording + size;) {
        size_t len = read_number(&at);
        char *path = strndup(at, len);
        at += len;
        struct answers *answers = hr_map_get(&answers_of, path);
        if (!answers) {
            answers = calloc(1, sizeof *answers);
            hr_map_put(&answers_of, path, answers);
        }
        free(path);
        answers->at = realloc(answers->at, (answers->count + 1) * sizeof *answers->at);
        len = read_number(&at);
        answers->at[answers->count++] = (struct answer){at, len};
        at += len;
    }
}

int main(int argc, char **argv)
{
    static const struct hr_exchange_handler handler = {.request = request_arrived,
                                                       .end = request_ended};
    if (argc != 3) {
        fputs("usage: nothing RECORDING PORT\n", stderr);
        return 2;
    }
    load(argv[1]);
    struct hr_loop *loop;
    struct hr_http_server *server;
    struct hr_err err;
    HR_CHECK(hr_loop_new(&loop, &err) == HR_OK);
    struct hr_http_server_options options = {
        .host = "127.0.0.1", .port = atoi(argv[2]), .plain_text = true, .handler = &handler};
    if (hr_http_server_start(loop, &options, &server, &err)) {
        fprintf(stderr, "nothing: %s\n", err.msg);
        return 1;
    }
    printf("%d\n", hr_http_server_port(server));
    fflush(stdout);
    hr_loop_run(loop);
    return 0;
}
