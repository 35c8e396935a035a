/* The configuration keys of Azure's accounts (Hadoop's, and a few of our own), and what they say
 * about one container of one account. */
#include "blob/azure/azure.h"
#include "wire/sharedkey.h"
#include <string.h>
#include <strings.h>

/* ---- what a key's value may be ---- */

static const char *last_name(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot ? dot + 1 : class_name;
}

static enum hr_code check_key(const char *name, const char *value, struct hr_err *err)
{
    if (hr_sharedkey_key_valid(value))
        return HR_OK;
    return hr_fail(err, HR_E_INVALID, "the value of '%s' is not an account key: not base64", name);
}

static enum hr_code check_sas(const char *name, const char *value, struct hr_err *err)
{
    if (strstr(value, "sig=") && !strpbrk(value, " \r\n"))
        return HR_OK;
    return hr_fail(err, HR_E_INVALID, "the value of '%s' is not a SAS token: it has no 'sig='",
                   name);
}

static enum hr_code check_auth_type(const char *name, const char *value, struct hr_err *err)
{
    static const char *const types[] = {"SharedKey", "SAS", "OAuth"};
    for (size_t i = 0; i < HR_LEN(types); i++)
        if (!strcmp(value, types[i]))
            return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED,
                   "the authentication type '%s' of '%s' is not done; use SharedKey, SAS or OAuth",
                   value, name);
}

static enum hr_code check_sas_provider(const char *name, const char *value, struct hr_err *err)
{
    (void)name;
    if (!strcmp(last_name(value), "FixedSASTokenProvider"))
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED,
                   "the SAS provider '%s' is not done; set fs.azure.sas.fixed.token", value);
}

static enum hr_code check_oauth_provider(const char *name, const char *value, struct hr_err *err)
{
    (void)name;
    if (!strcmp(last_name(value), "ClientCredsTokenProvider"))
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED,
                   "the OAuth provider '%s' is not done; use ClientCredsTokenProvider",
                   last_name(value));
}

/* Hadoop's own Azure file systems, which is what this is */
static enum hr_code check_class(const char *name, const char *value, struct hr_err *err)
{
    (void)name;
    if (strstr(value, "org.apache.hadoop.fs.azure"))
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED, "the file system class '%s' is not done", value);
}

const struct hr_blob_key hr_azure_keys[] = {
    {.pattern = "fs.azure.account.key.*", .check = check_key},
    {.pattern = "fs.azure.account.key", .check = check_key},
    {.pattern = "fs.azure.account.keyprovider.*",
     .refusal =
         "key providers run Java classes; set fs.azure.account.key.<account>.blob.core.windows.net"},
    {.pattern = "fs.azure.sas.fixed.token*", .check = check_sas},
    {.pattern = "fs.azure.sas.token.provider.type*", .check = check_sas_provider},
    {.pattern = "fs.azure.sas.*", .check = check_sas},
    {.pattern = "fs.azure.account.auth.type*", .check = check_auth_type},
    {.pattern = "fs.azure.account.oauth.provider.type*", .check = check_oauth_provider},
    {.pattern = "fs.azure.account.oauth2.client.id*"},
    {.pattern = "fs.azure.account.oauth2.client.secret*"},
    {.pattern = "fs.azure.account.oauth2.client.endpoint*"},
    {.pattern = "fs.azure.account.oauth2.*",
     .refusal =
         "of OAuth only client credentials are done (client.id, client.secret, client.endpoint)"},
    {.pattern = "fs.azure.headrace.endpoint.*", .check = hr_blob_config_check_url},
    {.pattern = "fs.azure.headrace.ca.*"},
    {.pattern = "fs.azure.storage.emulator.account.name",
     .refusal = "set fs.azure.headrace.endpoint.<account> to the emulator's address"},
    {.pattern = "fs.azure", .check = check_class},
    {.pattern = "fs.azure.*", .refusal = "it is not one that storage has; see doc/blob.md"},
    {.pattern = "fs.wasb.impl", .check = check_class},
    {.pattern = "fs.wasbs.impl", .check = check_class},
    {.pattern = "fs.abfs.impl", .check = check_class},
    {.pattern = "fs.abfss.impl", .check = check_class},
    {.pattern = "fs.AbstractFileSystem.wasb.*", .check = check_class},
    {.pattern = "fs.AbstractFileSystem.abfs*", .check = check_class},
    {.pattern = NULL},
};

/* ---- lookups; the lock is held ---- */

struct look {
    const struct hr_blob_config *config;
    struct hr_arena *arena;
    const char *host, *account, *container;
    const char *other_host; /* the same account's name in the other dialect */
};

static const char *get(const struct look *look, const char *key)
{
    return hr_blob_config_value(look->config, look->arena, key);
}

/* name.HOST, then name.OTHER_HOST, then name alone: Hadoop keeps wasb's and abfs's keys apart,
 * users rarely do */
static const char *get_for_account(const struct look *look, const char *name, const char **found)
{
    const char *const keys[] = {hr_printf(look->arena, "%s.%s", name, look->host),
                                hr_printf(look->arena, "%s.%s", name, look->other_host), name};
    for (size_t i = 0; i < HR_LEN(keys); i++) {
        const char *value = get(look, keys[i]);
        if (value) {
            if (found)
                *found = keys[i];
            return value;
        }
    }
    return NULL;
}

static const char *find_sas(const struct look *look, const char **found)
{
    const char *const keys[] = {
        hr_printf(look->arena, "fs.azure.sas.%s.%s", look->container, look->host),
        hr_printf(look->arena, "fs.azure.sas.%s.%s", look->container, look->other_host),
    };
    for (size_t i = 0; i < HR_LEN(keys); i++) {
        const char *value = get(look, keys[i]);
        if (value) {
            *found = keys[i];
            return value;
        }
    }
    return get_for_account(look, "fs.azure.sas.fixed.token", found);
}

/* as portals show it, with the '?' before it, or without */
static const char *bare_sas(const char *sas)
{
    if (sas && *sas == '?')
        return sas + 1;
    return sas;
}

static const char *other_host(struct hr_arena *arena, const char *host)
{
    const char *at = strstr(host, ".blob."), *to = ".dfs.";
    if (!at) {
        at = strstr(host, ".dfs.");
        to = ".blob.";
    }
    return at ? hr_printf(arena, "%.*s%s%s", (int)(at - host), host, to,
                          at + strlen(to) + (to[1] == 'd' ? 1 : -1))
              : host;
}

static void use(struct hr_azure_access *access,
                enum hr_azure_auth auth,
                const char *secret,
                const char *key_name)
{
    access->auth = auth;
    access->secret.text = (char *)secret;
    access->key_name = key_name;
}

static enum hr_code choose_oauth(const struct look *look,
                                 struct hr_azure_access *access,
                                 struct hr_err *err)
{
    const char *found,
        *provider = get_for_account(look, "fs.azure.account.oauth.provider.type", &found);
    const char *secret = get_for_account(look, "fs.azure.account.oauth2.client.secret", &found);
    access->client_id = get_for_account(look, "fs.azure.account.oauth2.client.id", NULL);
    access->token_endpoint = get_for_account(look, "fs.azure.account.oauth2.client.endpoint", NULL);
    if (!provider || !secret || !access->client_id || !access->token_endpoint) {
        hr_fail(err, HR_E_STORAGE_DENIED,
                "the account '%s' is set to OAuth, but its client credentials are not complete",
                look->account);
        return hr_fail_hint(
            err,
            "set fs.azure.account.oauth.provider.type and fs.azure.account.oauth2.client.id, .secret and .endpoint");
    }
    use(access, HR_AZURE_CLIENT_CREDENTIALS, secret, found);
    return HR_OK;
}

static enum hr_code choose(const struct look *look,
                           struct hr_azure_access *access,
                           struct hr_err *err)
{
    const char *found = NULL, *type = get_for_account(look, "fs.azure.account.auth.type", NULL);
    if (type && !strcmp(type, "OAuth"))
        return choose_oauth(look, access, err);
    const char *sas = bare_sas(find_sas(look, &found));
    if (sas && (!type || !strcmp(type, "SAS"))) {
        use(access, HR_AZURE_SAS, sas, found);
        return HR_OK;
    }
    if (type && !strcmp(type, "SAS")) {
        hr_fail(err, HR_E_STORAGE_DENIED,
                "the account '%s' is set to SAS, but no SAS is set for it", look->account);
        return hr_fail_hint(err, "set fs.azure.sas.fixed.token or fs.azure.sas.%s.%s",
                            look->container, look->host);
    }
    const char *key = get_for_account(look, "fs.azure.account.key", &found);
    if (key) {
        use(access, HR_AZURE_SHARED_KEY, key, found);
        return HR_OK;
    }
    const char *token = get(look, hr_printf(look->arena, "bearer:%s", look->account));
    enum hr_azure_auth without_key = HR_AZURE_ANONYMOUS;
    if (token)
        without_key = HR_AZURE_BEARER;
    else if (access->overridden && hr_blob_config_has_roles(look->config))
        without_key = HR_AZURE_BY_ROLE;
    use(access, without_key, token, NULL);
    return HR_OK;
}

static void locate(const struct look *look, struct hr_azure_access *access)
{
    const char *base =
        get(look, hr_printf(look->arena, "fs.azure.headrace.endpoint.%s", look->account));
    access->ca_file = get(look, hr_printf(look->arena, "fs.azure.headrace.ca.%s", look->account));
    if (!base) {
        base = get(look, hr_printf(look->arena, "endpoint:%s", look->account));
        access->ca_file = get(look, hr_printf(look->arena, "ca:%s", look->account));
    }
    size_t len = base ? strlen(base) : 0;
    while (len && base[len - 1] == '/')
        len--;
    access->overridden = base != NULL;
    access->base_url = base ? hr_strndup(look->arena, base, len) : NULL;
}

enum hr_code hr_azure_keys_access(struct hr_blob_config *config,
                                  struct hr_arena *arena,
                                  const char *host,
                                  const char *account,
                                  const char *container,
                                  struct hr_azure_access *access,
                                  struct hr_err *err)
{
    struct look look = {config, arena, host, account, container, other_host(arena, host)};
    *access = (struct hr_azure_access){0};
    hr_blob_config_lock(config);
    locate(&look, access);
    struct look below = look;
    below.config = hr_blob_config_base(config);
    if (!access->base_url && below.config)
        locate(&below, access);
    if (!access->base_url)
        access->base_url = hr_printf(arena, "https://%s", host);
    enum hr_code code = choose(&look, access, err);
    hr_blob_config_unlock(config);
    return code;
}
