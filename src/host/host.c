#include "host/duck/database.h"
#include "host/host.h"
#include "access/access.h"
#include "base/limits.h"
#include "base/log.h"
#include "host/connect/connect.h"
#include "host/engine/engine.h"
#include "host/hold.h"
#include "io/file.h"
#include "io/loop.h"
#include <ctype.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONF_MAX 256
#define THREADS_MAX 1024
#define BYTES_MAX 9e18
#define LINGER_MAX 1e9 /* seconds */

struct host {
    struct hr_loop *loop;
    struct hr_http_server *server;
    struct hr_connect *connect;
    struct hr_hold *hold;
    int spill_lock;
};

struct arguments {
    char *address;
    const char *socket;
    int port;
    uint64_t linger_ms;
    struct hr_connect_options connect;
    struct hr_connect_setting settings[CONF_MAX];
    const char *grant_key;
    unsigned char key[HR_GRANT_KEY_BYTES];
};

static const char usage[] =
    "usage: headrace host --listen ADDRESS:PORT | --socket PATH [--journal FILE] [--spill DIR] [--threads N] [--memory BYTES]\n"
    "                     [--conf KEY=VALUE]... [--linger SECONDS]\n"
    "                     [--grant-key FILE [--accounts RESOURCE-ID]]\n";

/* "90m", "1.5g", a number of bytes */
static bool read_bytes(const char *text, int64_t *bytes)
{
    static const struct {
        char letter;
        int64_t bytes;
    } units[] = {{0, 1}, {'k', 1 << 10}, {'m', 1 << 20}, {'g', 1 << 30}};
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(value > 0) || (*end && end[1]))
        return false;
    for (size_t i = 0; i < HR_LEN(units); i++) {
        if (tolower((unsigned char)*end) != units[i].letter)
            continue;
        value *= (double)units[i].bytes;
        *bytes = value >= 1 && value < BYTES_MAX ? (int64_t)value : 0;
        return *bytes > 0;
    }
    return false;
}

static bool read_count(const char *text, int *count)
{
    char *end;
    long value = strtol(text, &end, 10);
    *count = value > 0 && value <= THREADS_MAX ? (int)value : 0;
    return end != text && !*end && *count > 0;
}

static bool read_seconds(const char *text, uint64_t *ms)
{
    char *end;
    double value = strtod(text, &end);
    *ms = value > 0 && value < LINGER_MAX ? (uint64_t)(value * 1000) : 0;
    return end != text && !*end && *ms > 0;
}

/* [::1]:8080 and 127.0.0.1:8080 */
static bool split_address(struct arguments *arguments, const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon ||
        colon == text ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        !colon[1])
        return false;
    bool brackets = *text == '[' && colon[-1] == ']';
    arguments->address = strndup(text + brackets, (size_t)(colon - text) - 2 * brackets);
    arguments->port = atoi(colon + 1);
    return arguments->port < 65536;
}

static bool add_setting(struct arguments *arguments, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text || arguments->connect.setting_count == CONF_MAX)
        return false;
    *equals = 0;
    arguments->settings[arguments->connect.setting_count++] =
        (struct hr_connect_setting){text, equals + 1};
    return true;
}

static enum hr_code load_grant_key(struct arguments *arguments, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    char *text;
    size_t len;
    enum hr_code code = hr_file_read(arena, arguments->grant_key, 1024, &text, &len, err);
    if (!code && !hr_grant_key_parse(text, arguments->key))
        code = hr_fail(err, HR_E_INVALID, "the grant key in '%s' is not %d bytes in hexadecimal",
                       arguments->grant_key, HR_GRANT_KEY_BYTES);
    hr_arena_free(arena);
    arguments->connect.grant_key = arguments->key;
    return code;
}

static bool parse(struct arguments *arguments, int argc, char **argv)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"socket", required_argument, NULL, 's'},
                                            {"journal", required_argument, NULL, 'j'},
                                            {"spill", required_argument, NULL, 'p'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"memory", required_argument, NULL, 'm'},
                                            {"conf", required_argument, NULL, 'c'},
                                            {"linger", required_argument, NULL, 'i'},
                                            {"grant-key", required_argument, NULL, 'g'},
                                            {"accounts", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    bool ok = true;
    arguments->connect.settings = arguments->settings;
    optind = 1;
    for (int at; ok && (at = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (at) {
        case 'l':
            ok = split_address(arguments, optarg);
            break;
        case 's':
            arguments->socket = optarg;
            break;
        case 'j':
            arguments->connect.journal = optarg;
            break;
        case 'p':
            arguments->connect.spill_dir = optarg;
            break;
        case 't':
            ok = read_count(optarg, &arguments->connect.threads);
            break;
        case 'm':
            ok = read_bytes(optarg, &arguments->connect.memory_bytes);
            break;
        case 'c':
            ok = add_setting(arguments, optarg);
            break;
        case 'g':
            arguments->grant_key = optarg;
            break;
        case 'a':
            arguments->connect.accounts = optarg;
            break;
        case 'i':
            ok = read_seconds(optarg, &arguments->linger_ms);
            break;
        default:
            ok = false;
        }
    return ok && optind == argc && (arguments->address || arguments->socket);
}

static void on_signal(int signal, void *arg)
{
    struct host *host = arg;
    (void)signal;
    hr_loop_stop(host->loop);
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    struct host *host = arg;
    if (hr_hold_wants(hr_exchange_request(exchange))) {
        hr_hold_take(host->hold, exchange);
        return;
    }
    hr_exchange_set_handler(exchange, hr_connect_handler());
    hr_connect_handler()->request(exchange, host->connect);
}

static enum hr_code start(struct host *host, struct arguments *arguments, struct hr_err *err)
{
    static const struct hr_exchange_handler handler = {.request = on_request};
    struct hr_http_server_options server = {.host = arguments->address,
                                            .port = arguments->port,
                                            .unix_path = arguments->socket,
                                            .handler = &handler,
                                            .arg = host};
    if (arguments->grant_key)
        HR_TRY(load_grant_key(arguments, err));
    if (arguments->connect.spill_dir)
        HR_TRY(hr_duck_spill_claim(arguments->connect.spill_dir, &host->spill_lock, err));
    HR_TRY(hr_loop_new(&host->loop, err));
    hr_loop_on_signal(host->loop, SIGTERM, on_signal, host);
    hr_loop_on_signal(host->loop, SIGINT, on_signal, host);
    arguments->connect.loop = host->loop;
    HR_TRY(hr_connect_new(&arguments->connect, &host->connect, err));
    host->hold = hr_hold_new(host->loop, host->connect, arguments->linger_ms);
    return hr_http_server_start(host->loop, &server, &host->server, err);
}

int hr_host_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct host host = {.spill_lock = -1};
    struct hr_err err = {0};
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        return 0;
    }
    if (!parse(&arguments, argc, argv)) {
        free(arguments.address);
        fputs(usage, stderr);
        return 2;
    }
    /* Memory of a host counts: many of them stand beside each other. A few arenas serve the worker
     * threads well enough. */
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    if (start(&host, &arguments, &err)) {
        fprintf(stderr, "headrace host: %s\n", err.msg);
        return err.code == HR_E_FULL ? HR_EXIT_FULL : 1;
    }
    if (arguments.address)
        printf("headrace host: listening on %s:%d\n", arguments.address,
               hr_http_server_port(host.server));
    else
        printf("headrace host: listening on %s\n", arguments.socket);
    fflush(stdout);
    hr_loop_run(host.loop);
    hr_http_server_stop(host.server);
    hr_hold_stop(host.hold);
    hr_connect_free(host.connect);
    hr_loop_free(host.loop);
    hr_hold_free(host.hold);
    if (host.spill_lock >= 0)
        close(host.spill_lock);
    free(arguments.address);
    return 0;
}
