#include "account/account.h"
#include "access/access.h"
#include "account/request.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include "io/tls.h"
#include "wire/azure.h"
#include "wire/base64.h"
#include "wire/sharedkey.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES 64 /* as Azure's */
#define CONTAINERS_MAX 64

struct settings {
    const char *home, *name, *listen, *key_file, *cert, *cert_key, *grant_key, *resource_id,
        *notices, *revoked;
    const char *containers[CONTAINERS_MAX];
    size_t container_count;
    int listen_fd;
};

static const struct option options[] = {
    {"home", required_argument, NULL, 'h'},
    {"account", required_argument, NULL, 'a'},
    {"listen", required_argument, NULL, 'l'},
    {"key-file", required_argument, NULL, 'k'},
    {"tls-cert", required_argument, NULL, 'c'},
    {"tls-key", required_argument, NULL, 'e'},
    {"container", required_argument, NULL, 'n'},
    {"grant-key", required_argument, NULL, 'g'},
    {"resource-id", required_argument, NULL, 'r'},
    {"listen-fd", required_argument, NULL, 'f'},
    {"notices", required_argument, NULL, 'o'},
    {"revoked", required_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: headrace account --home DIR --account NAME [--listen ADDRESS:PORT] [--key-file FILE] [--container NAME]...\n"
    "                        [--tls-cert FILE --tls-key FILE] [--grant-key FILE --resource-id ID]\n";

static enum hr_code parse_settings(int argc,
                                   char **argv,
                                   struct settings *settings,
                                   struct hr_err *err)
{
    *settings = (struct settings){.listen = "127.0.0.1:0"};
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        switch (option) {
        case 'h':
            settings->home = optarg;
            break;
        case 'a':
            settings->name = optarg;
            break;
        case 'l':
            settings->listen = optarg;
            break;
        case 'k':
            settings->key_file = optarg;
            break;
        case 'c':
            settings->cert = optarg;
            break;
        case 'e':
            settings->cert_key = optarg;
            break;
        case 'g':
            settings->grant_key = optarg;
            break;
        case 'r':
            settings->resource_id = optarg;
            break;
        case 'o':
            settings->notices = optarg;
            break;
        case 'v':
            settings->revoked = optarg;
            break;
        case 'f':
            settings->listen_fd = atoi(optarg);
            break;
        case 'n':
            if (settings->container_count == CONTAINERS_MAX)
                return hr_fail(err, HR_E_LIMIT, "more than %d containers", CONTAINERS_MAX);
            settings->containers[settings->container_count++] = optarg;
            break;
        default:
            return hr_fail(err, HR_E_INVALID, "`headrace account --help` lists the options");
        }
    }
    if (optind < argc)
        return hr_fail(err, HR_E_INVALID, "the argument '%s' is not known", argv[optind]);
    if (!settings->home || !settings->name)
        return hr_fail(err, HR_E_INVALID, "--home and --account are required");
    size_t len = strlen(settings->name);
    if (len < 3 ||
        len > 24 ||
        strspn(settings->name, "abcdefghijklmnopqrstuvwxyz0123456789") != len)
        return hr_fail(err, HR_E_INVALID,
                       "'%s' is not an account name: 3 to 24 lower-case letters and digits",
                       settings->name);
    if (!settings->cert != !settings->cert_key)
        return hr_fail(err, HR_E_INVALID, "--tls-cert and --tls-key come together");
    if (!settings->grant_key != !settings->resource_id)
        return hr_fail(err, HR_E_INVALID, "--grant-key and --resource-id come together");
    if ((settings->notices || settings->revoked) && (!settings->notices || !settings->grant_key))
        return hr_fail(
            err, HR_E_INVALID,
            "--notices and --revoked are about grants: they need --grant-key, and --revoked needs --notices");
    return HR_OK;
}

static enum hr_code load_key(struct account *account,
                             struct hr_arena *arena,
                             const char *path,
                             struct hr_err *err)
{
    char *text;
    size_t len;
    if (!hr_file_exists(path)) {
        unsigned char bytes[KEY_BYTES];
        char encoded[HR_BASE64_SIZE(KEY_BYTES)];
        hr_random_bytes(bytes, sizeof bytes);
        size_t encoded_len = hr_base64_encode(bytes, sizeof bytes, encoded);
        HR_TRY(hr_file_write(path, 0600, encoded, encoded_len, err));
    }
    HR_TRY(hr_file_read(arena, path, 1024, &text, &len, err));
    text[strcspn(text, " \r\n")] = 0;
    if (!hr_sharedkey_key_valid(text))
        return hr_fail(err, HR_E_INVALID, "the key in '%s' is not base64", path);
    account->key = text;
    return HR_OK;
}

static enum hr_code load_grant_key(struct account *account,
                                   struct hr_arena *arena,
                                   const struct settings *settings,
                                   struct hr_err *err)
{
    char *text;
    size_t len;
    if (!settings->grant_key)
        return HR_OK;
    HR_TRY(hr_file_read(arena, settings->grant_key, 1024, &text, &len, err));
    if (!hr_grant_key_parse(text, account->grant_key))
        return hr_fail(err, HR_E_INVALID, "the grant key in '%s' is not %zu bytes in hexadecimal",
                       settings->grant_key, sizeof account->grant_key);
    account->grants = true;
    account->resource_id = settings->resource_id;
    return HR_OK;
}

static enum hr_code make_containers(struct account *account,
                                    struct hr_arena *arena,
                                    const struct settings *settings,
                                    struct hr_err *err)
{
    for (size_t i = 0; i < settings->container_count; i++) {
        struct hr_tree_meta meta = {0};
        if (!hr_azure_container_valid(settings->containers[i], strlen(settings->containers[i])))
            return hr_fail(err, HR_E_INVALID, "'%s' is not a container name",
                           settings->containers[i]);
        const char *code =
            hr_tree_container_create(&account->tree, arena, settings->containers[i], &meta);
        if (code && strcmp(code, "ContainerAlreadyExists"))
            return hr_fail(err, HR_E_IO, "cannot make the container '%s': %s",
                           settings->containers[i], code);
    }
    return HR_OK;
}

static enum hr_code start_server(struct account *account,
                                 struct hr_arena *arena,
                                 const struct settings *settings,
                                 struct hr_tls **tls,
                                 struct hr_err *err)
{
    const char *colon = strrchr(settings->listen, ':');
    if (!colon && settings->listen_fd <= 0)
        return hr_fail(err, HR_E_INVALID, "--listen '%s' is not ADDRESS:PORT", settings->listen);
    if (settings->cert)
        HR_TRY(hr_tls_server_new(settings->cert, settings->cert_key, tls, err));
    struct hr_http_server_options server = {.listen_fd = settings->listen_fd,
                                            .tls = *tls,
                                            .plain_text = !*tls,
                                            .handler = &hr_account_handler,
                                            .arg = account};
    if (settings->listen_fd <= 0) {
        /* [::1]:0 */
        size_t bracket = settings->listen[0] == '[' && colon > settings->listen && colon[-1] == ']';
        server.host = hr_strndup(arena, settings->listen + bracket,
                                 (size_t)(colon - settings->listen) - 2 * bracket);
        server.port = atoi(colon + 1);
    }
    return hr_http_server_start(account->loop, &server, &account->server, err);
}

static void on_signal(int signal, void *arg)
{
    struct account *account = arg;
    hr_log(HR_LOG_INFO, "account_stopping", "account", account->name, "signal",
           signal == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
    hr_loop_stop(account->loop);
}

static enum hr_code serve(struct account *account,
                          struct hr_arena *arena,
                          const struct settings *settings,
                          int *lock,
                          struct hr_tls **tls,
                          struct hr_http_server **notices,
                          struct hr_err *err)
{
    const char *root = hr_printf(arena, "%s/storage/%s", settings->home, settings->name);
    HR_TRY(hr_file_mkdirs(root, err));
    enum hr_code code = hr_file_lock(hr_printf(arena, "%s.lock", root), lock, err);
    if (code == HR_E_EXISTS)
        return hr_fail(err, code, "another process serves the account '%s' in '%s'", settings->name,
                       settings->home);
    HR_TRY(code);
    HR_TRY(load_key(account, arena,
                    settings->key_file ? settings->key_file : hr_printf(arena, "%s.key", root),
                    err));
    HR_TRY(load_grant_key(account, arena, settings, err));
    HR_TRY(hr_tree_open(&account->tree, root, err));
    HR_TRY(make_containers(account, arena, settings, err));
    for (size_t i = 0; i < HR_ACCOUNT_WORKERS; i++)
        HR_TRY(hr_thread_new("account", 0, &account->workers[i], err));
    if (settings->notices)
        HR_TRY(
            hr_account_notices(account, arena, settings->notices, settings->revoked, notices, err));
    HR_TRY(start_server(account, arena, settings, tls, err));
    hr_loop_on_signal(account->loop, SIGTERM, on_signal, account);
    hr_loop_on_signal(account->loop, SIGINT, on_signal, account);
    printf("ready port=%d\n", hr_http_server_port(account->server));
    fflush(stdout);
    hr_loop_run(account->loop);
    return HR_OK;
}

int hr_account_main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        fputs(usage, stdout);
        return 0;
    }
    struct hr_arena *arena = hr_arena_new(NULL);
    struct account account = {.operations = hr_account_operations,
                              .operation_count = hr_account_operation_count};
    struct settings settings;
    struct hr_tls *tls = NULL;
    struct hr_http_server *notices = NULL;
    struct hr_err err = {0};
    int lock = -1;
    account.counts = HR_NEW_ARRAY(arena, _Atomic uint64_t, hr_account_operation_count);
    enum hr_code code = parse_settings(argc, argv, &settings, &err);
    account.name = settings.name;
    if (!code)
        code = hr_loop_new(&account.loop, &err);
    if (!code)
        code = serve(&account, arena, &settings, &lock, &tls, &notices, &err);
    if (notices)
        hr_http_server_stop(notices);
    if (account.server)
        hr_http_server_stop(account.server);
    for (size_t i = 0; i < HR_ACCOUNT_WORKERS; i++)
        hr_thread_free(account.workers[i]);
    if (account.loop)
        hr_loop_free(account.loop);
    hr_tls_free(tls);
    if (account.tree.root)
        hr_tree_close(&account.tree);
    if (lock >= 0)
        close(lock);
    hr_arena_free(arena);
    if (code)
        fprintf(stderr, "headrace account: %s%s%s\n", err.msg, err.hint[0] ? "; " : "", err.hint);
    return code ? 1 : 0;
}
