/* What a session was told of storage: keys and their values, by which the kinds of storage find
 * their accounts. Which keys there are, each kind says itself (kinds.c). */
#include "blob/config.h"
#include "blob/backend.h"
#include "base/check.h"
#include "base/buf.h"
#include "base/map.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct hr_blob_config {
    /* over values and the list of datasets; before base's (config.h) */
    pthread_mutex_t lock;
    struct hr_blob_roles roles;
    /* key without "spark.hadoop." -> value; "endpoint:ACCOUNT", "ca:ACCOUNT", "bearer:ACCOUNT" are
     * ours */
    struct hr_map values;
    struct hr_blob_config *base; /* or NULL; lives longer */
    struct hr_blob_dataset *datasets;
};

/* ---- the keys ---- */

static const char *bare(const char *key)
{
    return strncmp(key, "spark.hadoop.", 13) ? key : key + 13;
}

/* A key is the pattern, or starts with it where that ends in '*' */
static bool fits(const char *pattern, const char *key)
{
    size_t len = strlen(pattern);
    if (pattern[len - 1] == '*')
        return !strncmp(key, pattern, len - 1);
    return !strcmp(key, pattern);
}

/* the longest pattern that fits: each kind's rows may stand in any order */
static const struct hr_blob_key *closer(const struct hr_blob_key *rows,
                                        const char *key,
                                        const struct hr_blob_key *best)
{
    for (; rows && rows->pattern; rows++) {
        if (!fits(rows->pattern, key))
            continue;
        if (!best || strlen(rows->pattern) > strlen(best->pattern))
            best = rows;
    }
    return best;
}

static const struct hr_blob_key *row_of(const char *key)
{
    const struct hr_blob_key *best = closer(hr_blob_keys_not_done, key, NULL);
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        best = closer(hr_blob_kinds[i]->keys, key, best);
    return best;
}

bool hr_blob_config_knows(const char *key)
{
    return row_of(bare(key)) != NULL;
}

enum hr_code hr_blob_config_check_url(const char *key, const char *value, struct hr_err *err)
{
    (void)key;
    size_t scheme = 0;
    if (!strncmp(value, "http://", 7))
        scheme = 7;
    else if (!strncmp(value, "https://", 8))
        scheme = 8;
    if (scheme && value[scheme] && !strpbrk(value, " ?#\r\n\""))
        return HR_OK;
    return hr_fail(err, HR_E_INVALID, "the endpoint '%s' is not an http or https address", value);
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
    const struct hr_blob_key *row = row_of(key);
    if (!row)
        return HR_OK;
    if (value && !*value)
        value = NULL;
    if (row->take)
        return row->take(config, key, value, err);
    if (value && row->refusal)
        return hr_fail(err, HR_E_UNSUPPORTED, "the option '%s' is not supported: %s", key,
                       row->refusal);
    if (value && row->check)
        HR_TRY(row->check(key, value, err));
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
        HR_TRY(hr_blob_config_check_url(account, base_url, err));
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

/* ---- lookups ---- */

void hr_blob_config_lock(struct hr_blob_config *config)
{
    pthread_mutex_lock(&config->lock);
    if (config->base)
        pthread_mutex_lock(&config->base->lock);
}

void hr_blob_config_unlock(struct hr_blob_config *config)
{
    if (config->base)
        pthread_mutex_unlock(&config->base->lock);
    pthread_mutex_unlock(&config->lock);
}

const char *hr_blob_config_value(const struct hr_blob_config *config,
                                 struct hr_arena *arena,
                                 const char *key)
{
    return hr_strdup(arena, hr_map_get(&config->values, key));
}

const struct hr_blob_config *hr_blob_config_base(const struct hr_blob_config *config)
{
    return config->base;
}

bool hr_blob_config_has_roles(const struct hr_blob_config *config)
{
    return config->roles.token != NULL;
}
