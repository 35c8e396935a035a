#include "daemon/home.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "daemon/arm/arm.h"
#include "daemon/sample.h"
#include "io/file.h"
#include "wire/base64.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define OWNER "owner"
#define LONGEST_SOCKET "/run/interpreters.sock.new"
#define HOME_BYTES_MAX (sizeof((struct sockaddr_un *)0)->sun_path - sizeof LONGEST_SOCKET)
#define ACCOUNT_KEY_BYTES 64 /* Azure's account keys: 64 bytes in base64 */

/* names of what a fresh home holds; setting -> default */
static const struct {
    const char *setting, *value;
    size_t at;
} defaults[] = {
    {"resource_group", "headrace", offsetof(struct hr_site, resource_group)},
    {"location", "local", offsetof(struct hr_site, location)},
    {"workspace", "headrace-ml", offsetof(struct hr_site, workspace)},
    {"synapse", "headrace-synapse", offsetof(struct hr_site, synapse)},
    {"pool", "embedded", offsetof(struct hr_site, pool)},
    {"account", "dprepdata", offsetof(struct hr_site, account)},
    {"container", "demo", offsetof(struct hr_site, container)},
};

static enum hr_code folders(struct hr_home *home, struct hr_err *err)
{
    const struct {
        const char **path;
        const char *name;
    } all[] = {
        {&home->site.run_dir, "run"},
        {&home->tls_dir, "tls"},
        {&home->log_dir, "log"},
        {&home->storage_dir, "storage"},
    };
    for (size_t i = 0; i < HR_LEN(all); i++) {
        *all[i].path = hr_printf(home->arena, "%s/%s", home->site.home, all[i].name);
        HR_TRY(hr_file_mkdirs(*all[i].path, err));
    }
    home->site.ca_file = hr_printf(home->arena, "%s/ca.pem", home->tls_dir);
    home->endpoint_file = hr_printf(home->arena, "%s/endpoint.json", home->site.run_dir);
    return HR_OK;
}

static enum hr_code lock(struct hr_home *home, struct hr_err *err)
{
    enum hr_code code =
        hr_file_lock(hr_printf(home->arena, "%s/lock", home->site.home), &home->lock, err);
    if (code != HR_E_EXISTS)
        return code;
    char *text;
    size_t len;
    json_t *endpoint = NULL;
    if (!hr_file_read(home->arena, home->endpoint_file, 1 << 16, &text, &len, NULL))
        endpoint = json_loadb(text, len, 0, NULL);
    json_int_t pid = json_integer_value(json_object_get(endpoint, "pid"));
    json_decref(endpoint);
    if (pid)
        return hr_fail(err, HR_E_EXISTS, "home \"%s\" is served already, by process %lld",
                       home->site.home, (long long)pid);
    return hr_fail(err, HR_E_EXISTS,
                   "home \"%s\" is served already, by a process that is still starting",
                   home->site.home);
}

/* ---- settings ---- */

static enum hr_code read_setting(struct hr_home *home,
                                 const char *name,
                                 const char *missing,
                                 const char **value,
                                 struct hr_err *err)
{
    HR_TRY(hr_store_setting_get(home->site.store, home->arena, name, value, err));
    if (*value)
        return HR_OK;
    *value = hr_strdup(home->arena, missing);
    return hr_store_setting_put(home->site.store, name, missing, err);
}

static enum hr_code read_settings(struct hr_home *home, struct hr_err *err)
{
    char subscription[37];
    unsigned char key[ACCOUNT_KEY_BYTES];
    char encoded[HR_BASE64_SIZE(ACCOUNT_KEY_BYTES)];
    hr_uuid_new(subscription);
    hr_random_bytes(key, sizeof key);
    hr_base64_encode(key, sizeof key, encoded);
    HR_TRY(read_setting(home, "subscription", subscription, &home->site.subscription, err));
    HR_TRY(read_setting(home, "account_key", encoded, &home->account_key, err));
    for (size_t i = 0; i < HR_LEN(defaults); i++)
        HR_TRY(read_setting(home, defaults[i].setting, defaults[i].value,
                            (const char **)((char *)&home->site + defaults[i].at), err));
    home->site.account_id = hr_printf(
        home->arena,
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Storage/storageAccounts/%s",
        home->site.subscription, home->site.resource_group, home->site.account);
    return HR_OK;
}

static int stored_port(struct hr_home *home, const char *name)
{
    const char *value = NULL;
    hr_store_setting_get(home->site.store, home->arena, name, &value, NULL);
    return value ? atoi(value) : 0;
}

/* ---- the owner ---- */

static enum hr_code new_token(struct hr_home *home, struct hr_err *err)
{
    char token[HR_TOKEN_TEXT];
    HR_TRY(hr_identity_token_new(home->site.identity, home->owner.id, token, err));
    home->token = hr_strdup(home->arena, token);
    return HR_OK;
}

static const char *token_file(struct hr_home *home)
{
    return hr_printf(home->arena, "%s/token", home->site.home);
}

static enum hr_code write_token(struct hr_home *home, struct hr_err *err)
{
    return hr_file_write(token_file(home), 0600, home->token, strlen(home->token), err);
}

/* a fresh home's content, in one transaction */
static enum hr_code fill(struct hr_home *home, struct hr_err *err)
{
    HR_TRY(hr_identity_open(home->site.store, &home->site.identity, err));
    HR_TRY(read_settings(home, err));
    if (!hr_identity_find(home->site.identity, OWNER, &home->owner, NULL))
        return HR_OK;
    HR_TRY(hr_identity_principal_new(home->site.identity, OWNER, "User", &home->owner, err));
    HR_TRY(new_token(home, err));
    HR_TRY(hr_sample_owe(home, err));
    return hr_arm_bootstrap(&home->site, &home->owner, err);
}

/* only its hash is in the store; a lost file gets a new token */
static enum hr_code find_token(struct hr_home *home, struct hr_err *err)
{
    char *text;
    size_t len;
    struct hr_principal who;
    if (home->token)
        return write_token(home, err);
    if (!hr_file_read(home->arena, token_file(home), 4096, &text, &len, NULL)) {
        text[strcspn(text, "\r\n")] = 0;
        home->token = text;
        if (!hr_identity_authenticate(home->site.identity, text, &who, NULL) &&
            !strcmp(who.id, home->owner.id))
            return HR_OK;
    }
    HR_TRY(new_token(home, err));
    hr_log(HR_LOG_WARN, "owner.token.new", "why", "the token file was missing or not the owner's",
           NULL);
    return write_token(home, err);
}

static enum hr_code open_store(struct hr_home *home, struct hr_err *err)
{
    HR_TRY(hr_store_open(hr_printf(home->arena, "%s/state.db", home->site.home), &home->site.store,
                         err));
    HR_TRY(hr_store_begin(home->site.store, err));
    enum hr_code code = fill(home, err);
    if (!code)
        code = hr_store_commit(home->site.store, err);
    if (code) {
        hr_store_rollback(home->site.store);
        return code;
    }
    HR_TRY(hr_sample_place(home, err));
    home->last_port = stored_port(home, "port");
    home->last_storage_port = stored_port(home, "storage_port");
    return find_token(home, err);
}

static enum hr_code open_home(const char *folder, struct hr_home *home, struct hr_err *err)
{
    HR_TRY(hr_file_mkdirs(folder, err));
    char *path = realpath(folder, NULL);
    if (!path)
        return hr_fail(err, HR_E_IO, "home \"%s\" cannot be resolved", folder);
    home->site.home = hr_strdup(home->arena, path);
    free(path);
    /* endpoint.json tells it, and JSON is UTF-8 */
    if (!hr_utf8_valid(home->site.home, strlen(home->site.home)))
        return hr_fail(err, HR_E_INVALID,
                       "home \"%s\" is not a path in UTF-8: serve from another one", folder);
    if (strlen(home->site.home) > HOME_BYTES_MAX)
        return hr_fail(
            err, HR_E_INVALID,
            "home \"%s\" has %zu bytes, and sockets below it leave room for %zu: serve from a shorter path",
            home->site.home, strlen(home->site.home), HOME_BYTES_MAX);
    HR_TRY(folders(home, err));
    HR_TRY(lock(home, err));
    unlink(home->endpoint_file); /* whoever waits for it waits for this server */
    home->site.started_ms = hr_clock_ms();
    return open_store(home, err);
}

enum hr_code hr_home_open(const char *folder, struct hr_home *home, struct hr_err *err)
{
    *home = (struct hr_home){.arena = hr_arena_new(NULL), .lock = -1};
    enum hr_code code = open_home(folder, home, err);
    if (code)
        hr_home_close(home);
    return code;
}

void hr_home_close(struct hr_home *home)
{
    hr_identity_close(home->site.identity);
    hr_store_close(home->site.store);
    if (home->lock >= 0)
        close(home->lock);
    hr_arena_free(home->arena);
    *home = (struct hr_home){.lock = -1};
}

/* ---- endpoint.json ---- */

static enum hr_code remember(
    struct hr_home *home, const char *name, int before, int port, struct hr_err *err)
{
    if (before == port)
        return HR_OK;
    return hr_store_setting_put(home->site.store, name, hr_printf(home->arena, "%d", port), err);
}

enum hr_code hr_home_publish(struct hr_home *home,
                             const char *connect,
                             int storage_port,
                             struct hr_err *err)
{
    const struct hr_site *site = &home->site;
    HR_TRY(remember(home, "port", home->last_port, site->port, err));
    HR_TRY(remember(home, "storage_port", home->last_storage_port, storage_port, err));
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
        "url", site->http_url, "https_url", site->https_url, "connect", connect, "storage_url",
        site->storage_url, "account_key", home->account_key, "token", home->token, "ca_file",
        site->ca_file, "pid", (int)getpid(), "subscription_id", site->subscription,
        "resource_group", site->resource_group, "workspace", site->workspace, "synapse_workspace",
        site->synapse, "pool", site->pool, "account", site->account, "container", site->container,
        "tenant_id", hr_identity_tenant(site->identity), "principal_id", home->owner.id);
    HR_CHECK(json);
    char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    enum hr_code code = hr_file_write(home->endpoint_file, 0600, text, strlen(text), err);
    free(text);
    return code;
}
