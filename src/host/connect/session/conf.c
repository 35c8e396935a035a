#include "host/connect/session/conf.h"
#include "base/arena.h"
#include "host/connect/session/conf_core.h"
#include "host/connect/session/conf_refused.h"
#include "host/connect/session/conf_table.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <stdio.h>

enum kind { TEXT, BOOLEAN, INT, LONG, DOUBLE, BYTES, TIME, OPTIONS, ZONE };

struct entry {
    const char *key, *value;
    enum kind kind;
    bool is_static;
    const char *options;
};

static const struct entry entries[] = {
#define X(key, value, kind, is_static, options) {key, value, kind, is_static, options},
    HR_CONF_KEYS(X)
#undef X
};

static const struct refused {
    const char *key, *value;
} refused[] = {
#define X(key, value) {key, value},
    HR_CONF_REFUSED(X)
#undef X
};

static const char *const core[] = {
#define X(key) key,
    HR_CONF_CORE(X)
#undef X
};

static int compare(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entry *)entry)->key);
}

static int compare_refused(const void *key, const void *entry)
{
    return strcmp(key, ((const struct refused *)entry)->key);
}

static int compare_text(const void *key, const void *text)
{
    return strcmp(key, *(const char *const *)text);
}

static const struct entry *find(const char *key)
{
    return bsearch(key, entries, sizeof entries / sizeof entries[0], sizeof entries[0], compare);
}

void hr_conf_init(struct hr_conf *conf)
{
    hr_map_init(&conf->values);
}

void hr_conf_release(struct hr_conf *conf)
{
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&conf->values, at));)
        free(at->value);
    hr_map_release(&conf->values);
}

void hr_conf_put(struct hr_conf *conf, const char *key, const char *value)
{
    free(hr_map_put(&conf->values, key, strdup(value)));
}

void hr_conf_copy(struct hr_conf *to, const struct hr_conf *from)
{
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&from->values, at));)
        hr_conf_put(to, at->key, at->value);
}

/* ---- values ---- */

static enum hr_code mismatch(const char *key,
                             const char *value,
                             const char *kind,
                             struct hr_err *err)
{
    char quoted[300];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    return hr_fail_spark(err, "INVALID_CONF_VALUE.TYPE_MISMATCH", "confName", quoted, "confValue",
                         value, "confType", kind, NULL);
}

static bool is_number(const char *text, enum kind kind)
{
    char *end;
    text += strspn(text, " ");
    if (!*text)
        return false;
    if (kind == DOUBLE)
        strtod(text, &end);
    else if (strtoll(text, &end, 10) != (int)strtol(text, NULL, 10) && kind == INT)
        return false;
    return !end[strspn(end, " ")];
}

/* 10, 10k, 1mb, 30s, 5min: a whole number and a unit */
static bool has_unit(const char *text, const char *const *units)
{
    char *end;
    strtoll(text, &end, 10);
    if (end == text)
        return false;
    for (; *units; units++)
        if (!strcasecmp(end, *units))
            return true;
    return false;
}

static bool is_option(const char *text, const char *options)
{
    size_t len = strlen(text);
    for (const char *at = options; at; at = strchr(at, ',') ? strchr(at, ',') + 2 : NULL)
        if (!strncasecmp(at, text, len) && (!at[len] || at[len] == ','))
            return true;
    return false;
}

/* IANA names by the system's tzdata; UTC, Z, GMT+h, +hh:mm */
static bool is_zone(const char *zone)
{
    char path[300];
    struct stat st;
    if (!strncmp(zone, "UTC", 3) || !strncmp(zone, "GMT", 3))
        zone += 3;
    if (!*zone ||
        !strcmp(zone, "Z") ||
        ((*zone == '+' || *zone == '-') &&
         zone[1] &&
         strspn(zone + 1, "0123456789:") == strlen(zone + 1)))
        return true;
    if (strstr(zone, "..") || *zone == '/')
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
    return !stat(path, &st) && S_ISREG(st.st_mode);
}

static enum hr_code check_value(const struct entry *entry, const char *value, struct hr_err *err)
{
    static const char *const bytes[] = {"",   "b", "k",  "kb", "m",  "mb", "g",
                                        "gb", "t", "tb", "p",  "pb", NULL};
    static const char *const times[] = {"", "us", "ms", "s", "m", "min", "h", "d", NULL};
    char quoted[300];
    snprintf(quoted, sizeof quoted, "\"%s\"", entry->key);
    switch (entry->kind) {
    case TEXT:
        return HR_OK;
    case BOOLEAN:
        return !strcasecmp(value, "true") || !strcasecmp(value, "false")
                   ? HR_OK
                   : mismatch(entry->key, value, "boolean", err);
    case INT:
        return is_number(value, INT) ? HR_OK : mismatch(entry->key, value, "int", err);
    case LONG:
        return is_number(value, LONG) ? HR_OK : mismatch(entry->key, value, "long", err);
    case DOUBLE:
        return is_number(value, DOUBLE) ? HR_OK : mismatch(entry->key, value, "double", err);
    case BYTES:
        return has_unit(value, bytes) ? HR_OK : mismatch(entry->key, value, "bytes in BYTE", err);
    case TIME:
        return has_unit(value, times) ? HR_OK
                                      : mismatch(entry->key, value, "time in MILLISECONDS", err);
    case OPTIONS:
        return is_option(value, entry->options)
                   ? HR_OK
                   : hr_fail_spark(err, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS", "confName",
                                   quoted, "confValue", value, "confOptions", entry->options, NULL);
    case ZONE:
        return is_zone(value) ? HR_OK
                              : hr_fail_spark(err, "INVALID_CONF_VALUE.TIME_ZONE", "confName",
                                              quoted, "confValue", value, NULL);
    }
    return HR_OK;
}

/* ---- access ---- */

static enum hr_code check_key(const char *key, struct hr_err *err)
{
    const struct entry *entry = find(key);
    char quoted[300];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    if (entry && entry->is_static)
        return hr_fail_spark(err, "CANNOT_MODIFY_STATIC_CONFIG", "key", quoted, NULL);
    if (!entry && bsearch(key, core, HR_LEN(core), sizeof *core, compare_text))
        return hr_fail_spark(err, "CANNOT_MODIFY_CONFIG", "key", quoted, NULL);
    return HR_OK;
}

static enum hr_code check_refused(const char *key, const char *value, struct hr_err *err)
{
    const struct refused *found =
        bsearch(key, refused, HR_LEN(refused), sizeof *found, compare_refused);
    char feature[400];
    if (!found || (found->value && !strcasecmp(found->value, value)))
        return HR_OK;
    snprintf(feature, sizeof feature, "the configuration %.150s = %.150s", key, value);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

static enum hr_code conf_check(const char *key, const char *value, struct hr_err *err)
{
    const struct entry *entry = find(key);
    HR_TRY(check_key(key, err));
    HR_TRY(entry ? check_value(entry, value, err) : HR_OK);
    return check_refused(key, value, err);
}

enum hr_code hr_conf_set(struct hr_conf *conf,
                         const char *key,
                         const char *value,
                         struct hr_err *err)
{
    HR_TRY(conf_check(key, value, err));
    hr_conf_put(conf, key, value);
    return HR_OK;
}

enum hr_code hr_conf_unset(struct hr_conf *conf, const char *key, struct hr_err *err)
{
    HR_TRY(check_key(key, err));
    free(hr_map_remove(&conf->values, key));
    return HR_OK;
}

const char *hr_conf_get_set(const struct hr_conf *conf, const char *key)
{
    return hr_map_get(&conf->values, key);
}

const char *hr_conf_get(const struct hr_conf *conf, const char *key)
{
    const char *value = hr_map_get(&conf->values, key);
    if (value)
        return value;
    const struct entry *entry = find(key);
    return entry ? entry->value : NULL;
}

bool hr_conf_may_set(const char *key)
{
    struct hr_err unused;
    return !check_key(key, &unused);
}

bool hr_conf_is_known(const char *key)
{
    return find(key);
}

bool hr_conf_is_modifiable(const char *key)
{
    const struct entry *entry = find(key);
    return entry && !entry->is_static;
}

bool hr_conf_is_true(const struct hr_conf *conf, const char *key)
{
    const char *value = hr_conf_get(conf, key);
    return value && !strcasecmp(value, "true");
}
