#include "blob/config.h"
#include "base/check.h"
#include "base/buf.h"
#include "base/map.h"
#include "wire/sharedkey.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct hr_blob_config {
    pthread_mutex_t lock;
    struct hr_blob_roles roles;
    /* key without "spark.hadoop." -> value; "endpoint:ACCOUNT", "ca:ACCOUNT", "bearer:ACCOUNT" are
     * ours */
    struct hr_map values;
    struct hr_blob_config *base; /* or NULL; lives longer */
    struct hr_blob_dataset *datasets;
};

/* ---- the keys ---- */

enum rule {
    KEEP,
    KEEP_KEY,
    KEEP_SAS,
    AUTH_TYPE,
    SAS_PROVIDER,
    OAUTH_PROVIDER,
    ENDPOINT,
    DATASET,
    OUR_CLASS,
    REFUSE
};

#define DATASET_KEY                                                                        \
    "fs.azure.headrace.dataset." /* a manifest's files, whole (ID) or in parts (ID.N); see \
                                    dataset.c */
#define ACCESS_KEY "fs.azure.headrace.access." /* and its storage */

/* a key is the pattern, or starts with it when it ends in '*'; the first that fits counts */
static const struct {
    const char *pattern;
    enum rule rule;
    const char *why;
} rules[] = {
    {"fs.azure.account.key.*", KEEP_KEY, NULL},
    {"fs.azure.account.key", KEEP_KEY, NULL},
    {"fs.azure.account.keyprovider.*", REFUSE,
     "key providers run Java classes; set fs.azure.account.key.<account>.blob.core.windows.net"},
    {"fs.azure.sas.fixed.token*", KEEP_SAS, NULL},
    {"fs.azure.sas.token.provider.type*", SAS_PROVIDER, NULL},
    {"fs.azure.sas.*", KEEP_SAS, NULL},
    {"fs.azure.account.auth.type*", AUTH_TYPE, NULL},
    {"fs.azure.account.oauth.provider.type*", OAUTH_PROVIDER, NULL},
    {"fs.azure.account.oauth2.client.id*", KEEP, NULL},
    {"fs.azure.account.oauth2.client.secret*", KEEP, NULL},
    {"fs.azure.account.oauth2.client.endpoint*", KEEP, NULL},
    {"fs.azure.account.oauth2.*", REFUSE,
     "of OAuth only client credentials are done (client.id, client.secret, client.endpoint)"},
    {"fs.azure.headrace.endpoint.*", ENDPOINT, NULL},
    {"fs.azure.headrace.ca.*", KEEP, NULL},
    {DATASET_KEY "*", DATASET, NULL},
    {ACCESS_KEY "*", DATASET, NULL},
    {"fs.azure.storage.emulator.account.name", REFUSE,
     "set fs.azure.headrace.endpoint.<account> to the emulator's address"},
    {"fs.azure", OUR_CLASS, NULL},
    {"fs.azure.*", REFUSE, "it is not one that storage has; see doc/blob.md"},
    {"fs.adl.*", REFUSE,
     "Azure Data Lake Storage Gen1 (adl://) was retired by Azure; use abfss://"},
    {"dfs.adls.*", REFUSE,
     "Azure Data Lake Storage Gen1 (adl://) was retired by Azure; use abfss://"},
    {"fs.s3*", REFUSE, "S3 is not done; use wasbs://, abfss:// or local paths"},
    {"fs.gs.*", REFUSE, "Google Cloud Storage is not done; use wasbs://, abfss:// or local paths"},
    {"fs.wasb.impl", OUR_CLASS, NULL},
    {"fs.wasbs.impl", OUR_CLASS, NULL},
    {"fs.abfs.impl", OUR_CLASS, NULL},
    {"fs.abfss.impl", OUR_CLASS, NULL},
    {"fs.AbstractFileSystem.wasb.*", OUR_CLASS, NULL},
    {"fs.AbstractFileSystem.abfs*", OUR_CLASS, NULL},
};

static const char *bare(const char *key)
{
    return strncmp(key, "spark.hadoop.", 13) ? key : key + 13;
}

static bool fits(const char *pattern, const char *key)
{
    size_t len = strlen(pattern);
    return len && pattern[len - 1] == '*' ? !strncmp(key, pattern, len - 1) : !strcmp(key, pattern);
}

static int rule_of(const char *key)
{
    for (size_t i = 0; i < HR_LEN(rules); i++)
        if (fits(rules[i].pattern, key))
            return (int)i;
    return -1;
}

bool hr_blob_config_knows(const char *key)
{
    return rule_of(bare(key)) >= 0;
}

static const char *last_name(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot ? dot + 1 : class_name;
}

static bool http_url(const char *text)
{
    size_t scheme = !strncmp(text, "http://", 7) ? 7 : !strncmp(text, "https://", 8) ? 8 : 0;
    return scheme && text[scheme] && !strpbrk(text, " ?#\r\n\"");
}

static enum hr_code check_value(
    enum rule rule, const char *why, const char *key, const char *value, struct hr_err *err)
{
    switch (rule) {
    case KEEP:
        return HR_OK;
    case KEEP_KEY:
        if (!hr_sharedkey_key_valid(value))
            return hr_fail(err, HR_E_INVALID, "the value of '%s' is not an account key: not base64",
                           key);
        return HR_OK;
    case KEEP_SAS:
        if (!strstr(value, "sig=") || strpbrk(value, " \r\n"))
            return hr_fail(err, HR_E_INVALID,
                           "the value of '%s' is not a SAS token: it has no 'sig='", key);
        return HR_OK;
    case AUTH_TYPE:
        if (!strcmp(value, "SharedKey") || !strcmp(value, "SAS") || !strcmp(value, "OAuth"))
            return HR_OK;
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "the authentication type '%s' of '%s' is not done; use SharedKey, SAS or OAuth", value,
            key);
    case SAS_PROVIDER:
        if (!strcmp(last_name(value), "FixedSASTokenProvider"))
            return HR_OK;
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "the SAS provider '%s' is not done; set fs.azure.sas.fixed.token", value);
    case OAUTH_PROVIDER:
        if (!strcmp(last_name(value), "ClientCredsTokenProvider"))
            return HR_OK;
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "the OAuth provider '%s' is not done; use ClientCredsTokenProvider",
                       last_name(value));
    case ENDPOINT:
        if (http_url(value))
            return HR_OK;
        return hr_fail(err, HR_E_INVALID, "the endpoint '%s' is not an http or https address",
                       value);
    case DATASET:
        return HR_OK;
    case OUR_CLASS:
        if (strstr(value, "org.apache.hadoop.fs.azure"))
            return HR_OK;
        return hr_fail(err, HR_E_UNSUPPORTED, "the file system class '%s' is not done", value);
    case REFUSE:
        break;
    }
    return hr_fail(err, HR_E_UNSUPPORTED, "the option '%s' is not supported: %s", key, why);
}

/* ---- the store ---- */

struct hr_blob_config *hr_blob_config_new(void)
{
    struct hr_blob_config *config = calloc(1, sizeof *config);
    HR_CHECK(config);
    pthread_mutex_init(&config->lock, NULL);
    hr_map_init(&config->values);
    return config;
}

struct hr_blob_config *hr_blob_config_over(struct hr_blob_config *base)
{
    struct hr_blob_config *config = hr_blob_config_new();
    config->base = base;
    return config;
}

struct hr_blob_dataset *hr_blob_config_dataset(struct hr_blob_config *config,
                                               const char *id,
                                               bool make)
{
    pthread_mutex_lock(&config->lock);
    struct hr_blob_dataset *set = hr_blob_dataset_find(config->datasets, id);
    if (!set && make)
        set = config->datasets = hr_blob_dataset_new(config, id, config->datasets);
    pthread_mutex_unlock(&config->lock);
    return set;
}

static enum hr_code set_dataset(struct hr_blob_config *config,
                                const char *key,
                                const char *value,
                                struct hr_err *err)
{
    bool access = !strncmp(key, ACCESS_KEY, strlen(ACCESS_KEY));
    const char *name = key + strlen(access ? ACCESS_KEY : DATASET_KEY), *part = strchr(name, '.');
    char id[64];
    size_t len = part ? (size_t)(part - name) : strlen(name);
    if (!value)
        return HR_OK; /* what reads it goes on */
    if (!len || len >= sizeof id || strchr(name, '/') || config->base || (part && access))
        return hr_fail(err, HR_E_INVALID, "'%s' names no dataset", key);
    memcpy(id, name, len);
    id[len] = 0;
    struct hr_blob_dataset *set = hr_blob_config_dataset(config, id, true);
    return part ? hr_blob_dataset_part(set, part + 1, value, err)
                : hr_blob_dataset_set(set, access, value, err);
}

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void hr_blob_config_free(struct hr_blob_config *config)
{
    if (!config)
        return;
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(&config->values, entry));)
        wipe(entry->value);
    hr_map_release(&config->values);
    hr_blob_datasets_free(config->datasets);
    pthread_mutex_destroy(&config->lock);
    free(config);
}

static void put(struct hr_blob_config *config, const char *key, const char *value)
{
    pthread_mutex_lock(&config->lock);
    wipe(value ? hr_map_put(&config->values, key, strdup(value))
               : hr_map_remove(&config->values, key));
    pthread_mutex_unlock(&config->lock);
}

enum hr_code hr_blob_config_set(struct hr_blob_config *config,
                                const char *key,
                                const char *value,
                                struct hr_err *err)
{
    key = bare(key);
    int i = rule_of(key);
    if (i < 0)
        return HR_OK;
    if (value && !*value)
        value = NULL;
    if (rules[i].rule == DATASET)
        return set_dataset(config, key, value, err);
    if (value)
        HR_TRY(check_value(rules[i].rule, rules[i].why, key, value, err));
    if (value && rules[i].rule == KEEP_SAS && *value == '?')
        value++;
    put(config, key, value);
    return HR_OK;
}

static void put_named(struct hr_blob_config *config,
                      const char *kind,
                      const char *account,
                      const char *value)
{
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    hr_buf_addf(&key, "%s:%s", kind, account);
    put(config, hr_buf_text(&key), value);
    hr_buf_release(&key);
}

enum hr_code hr_blob_config_endpoint(struct hr_blob_config *config,
                                     const char *account,
                                     const char *base_url,
                                     const char *ca_file,
                                     struct hr_err *err)
{
    if (base_url)
        HR_TRY(check_value(ENDPOINT, NULL, account, base_url, err));
    put_named(config, "endpoint", account, base_url);
    put_named(config, "ca", account, ca_file);
    return HR_OK;
}

enum hr_code hr_blob_config_bearer(struct hr_blob_config *config,
                                   const char *account,
                                   const char *token,
                                   struct hr_err *err)
{
    if (token && strpbrk(token, " \r\n"))
        return hr_fail(err, HR_E_INVALID, "the token for account '%s' is not one: it has blanks",
                       account);
    put_named(config, "bearer", account, token);
    return HR_OK;
}

void hr_blob_config_roles(struct hr_blob_config *config, const struct hr_blob_roles *roles)
{
    config->roles = *roles;
}

enum hr_code hr_blob_config_role_token(struct hr_blob_config *config,
                                       struct hr_arena *arena,
                                       const struct hr_blob_need *need,
                                       const char *location,
                                       const char **token,
                                       struct hr_err *err)
{
    struct hr_err why;
    *token = NULL;
    enum hr_code code = config->roles.token(arena, need, token, config->roles.arg, &why);
    if (!code)
        return HR_OK;
    hr_fail(err, code, "cannot %s '%s': %s", need->write ? "write" : "read", location, why.msg);
    return hr_fail_hint_of(err, &why);
}

/* ---- lookups; the lock is held ---- */

struct look {
    struct hr_blob_config *config;
    struct hr_arena *arena;
    const char *host, *account, *container;
    const char *other_host; /* the same account's name in the other dialect */
};

static const char *get(const struct look *look, const char *key)
{
    return hr_strdup(look->arena, hr_map_get(&look->config->values, key));
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

static void use(struct hr_blob_access *access,
                enum hr_blob_auth auth,
                const char *secret,
                const char *key_name)
{
    access->auth = auth;
    access->secret.text = (char *)secret;
    access->key_name = key_name;
}

static enum hr_code choose_oauth(const struct look *look,
                                 struct hr_blob_access *access,
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
    use(access, HR_BLOB_CLIENT_CREDENTIALS, secret, found);
    return HR_OK;
}

static enum hr_code choose(const struct look *look,
                           struct hr_blob_access *access,
                           struct hr_err *err)
{
    const char *found = NULL, *type = get_for_account(look, "fs.azure.account.auth.type", NULL);
    if (type && !strcmp(type, "OAuth"))
        return choose_oauth(look, access, err);
    const char *sas = find_sas(look, &found);
    if (sas && (!type || !strcmp(type, "SAS"))) {
        use(access, HR_BLOB_SAS, sas, found);
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
        use(access, HR_BLOB_SHARED_KEY, key, found);
        return HR_OK;
    }
    const char *token = get(look, hr_printf(look->arena, "bearer:%s", look->account));
    bool by_role = look->config->roles.token && access->overridden;
    use(access,
        token     ? HR_BLOB_BEARER
        : by_role ? HR_BLOB_BY_ROLE
                  : HR_BLOB_ANONYMOUS,
        token, NULL);
    return HR_OK;
}

static void locate(const struct look *look, struct hr_blob_access *access)
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

enum hr_code hr_blob_config_access(struct hr_blob_config *config,
                                   struct hr_arena *arena,
                                   const char *host,
                                   const char *account,
                                   const char *container,
                                   struct hr_blob_access *access,
                                   struct hr_err *err)
{
    struct look look = {config, arena, host, account, container, other_host(arena, host)};
    *access = (struct hr_blob_access){0};
    pthread_mutex_lock(&config->lock);
    locate(&look, access);
    if (!access->base_url && config->base) {
        struct look below = look;
        below.config = config->base;
        pthread_mutex_lock(&config->base->lock);
        locate(&below, access);
        pthread_mutex_unlock(&config->base->lock);
    }
    if (!access->base_url)
        access->base_url = hr_printf(arena, "https://%s", host);
    enum hr_code code = choose(&look, access, err);
    pthread_mutex_unlock(&config->lock);
    return code;
}
