#include "blob/backend.h"
#include <string.h>
#include <strings.h>

static size_t scheme_len(const char *location)
{
    size_t len =
        strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    /* one letter would be a drive; "a:b" is a file name */
    return len > 1 && location[len] == ':' && location[len + 1] == '/' ? len : 0;
}

static bool has_scheme(const struct hr_blob_backend *backend, const char *scheme, size_t len)
{
    for (size_t i = 0; backend->schemes[i]; i++)
        if (strlen(backend->schemes[i]) == len && !strncasecmp(backend->schemes[i], scheme, len))
            return true;
    return false;
}

/* whose scheme it is, or NULL */
static const struct hr_blob_backend *backend_of(const char *scheme, size_t len)
{
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        for (size_t j = 0; hr_blob_kinds[i]->backends[j]; j++)
            if (has_scheme(hr_blob_kinds[i]->backends[j], scheme, len))
                return hr_blob_kinds[i]->backends[j];
    return NULL;
}

static bool can(const char *location, enum hr_blob_ability ability)
{
    size_t len = scheme_len(location);
    const struct hr_blob_backend *backend = len ? backend_of(location, len) : &hr_blob_local;
    return backend && (backend->abilities & ability);
}

bool hr_blob_is_remote(const char *location)
{
    return !can(location, HR_BLOB_OF_MACHINE);
}

bool hr_blob_has_glob(const char *location)
{
    for (; *location; location++) {
        if (*location == '\\' && location[1])
            location++;
        else if (strchr("*?[{", *location))
            return true;
    }
    return false;
}

bool hr_blob_can_rename(const char *location)
{
    return can(location, HR_BLOB_ATOMIC_RENAME);
}

char *hr_blob_join(struct hr_arena *arena, const char *folder, const char *name)
{
    size_t len = strlen(folder);
    bool slash = len && folder[len - 1] == '/';
    return hr_printf(arena, "%s%s%s", folder, slash || !*name ? "" : "/", name);
}

bool hr_blob_clean(struct hr_buf *out, const char *path, bool up)
{
    size_t start = hr_buf_len(out);
    while (*path) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        bool dot = len == 1 && path[0] == '.', dots = len == 2 && !strncmp(path, "..", 2);
        if (!up && (dot || dots))
            return false;
        if (dots) {
            size_t keep = hr_buf_len(out);
            while (keep > start && hr_buf_text(out)[keep - 1] != '/')
                keep--;
            hr_buf_cut(out, keep > start ? keep - 1 : start);
        } else if (len && !dot) {
            hr_buf_addc(out, '/');
            hr_buf_add(out, path, len);
        }
        path += len;
    }
    return true;
}

enum hr_code hr_blob_place_parse(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 struct hr_blob_place *place,
                                 struct hr_err *err)
{
    size_t len = scheme_len(location);
    *place = (struct hr_blob_place){.backend = len ? backend_of(location, len) : &hr_blob_local};
    if (place->backend && (place->backend->abilities & HR_BLOB_OF_MACHINE))
        return place->backend->parse(blob, arena, location, location, place, err);
    if (place->backend && strncmp(location + len, "://", 3))
        return hr_fail(err, HR_E_INVALID, "the location '%.512s' lacks '//' behind its scheme",
                       location);
    if (place->backend)
        return place->backend->parse(blob, arena, location, location + len + 3, place, err);
    const char *refusal = hr_blob_scheme_refusal(location, len);
    if (refusal)
        return hr_fail(err, HR_E_UNSUPPORTED, "the scheme '%.*s' of '%.512s' is not supported: %s",
                       (int)len, location, location, refusal);
    return hr_fail(
        err, HR_E_UNSUPPORTED,
        "the scheme '%.*s' of '%.512s' is not known; use a local path, wasbs:// or abfss://",
        (int)len, location, location);
}

enum hr_code hr_blob_normalize(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const char *location,
                               const char **normal,
                               struct hr_err *err)
{
    struct hr_blob_place place;
    HR_TRY(hr_blob_place_parse(blob, arena, location, &place, err));
    *normal = place.location;
    return HR_OK;
}

/* ---- names that no reader sees ---- */

static bool hidden(const char *name, size_t len)
{
    static const char copying[] = "._COPYING_";
    size_t end = sizeof copying - 1;
    if (len > end && !memcmp(name + len - end, copying, end))
        return true;
    if (!len || *name == '.')
        return len > 0;
    return *name == '_' && !memchr(name, '=', len);
}

bool hr_blob_hidden(const char *name)
{
    return hidden(name, strlen(name));
}

bool hr_blob_hidden_below(const char *relative)
{
    for (const char *part = relative; *part;) {
        size_t len = strcspn(part, "/");
        if (hidden(part, len))
            return true;
        part += len + (part[len] == '/');
    }
    return false;
}

/* ---- logs of table formats ---- */

const struct hr_blob_table hr_blob_tables[] = {
    {"Delta Lake", "_delta_log", NULL},
    {"Apache Hudi", ".hoodie", NULL},
    {"Apache Iceberg", "metadata", ".metadata.json"},
    {NULL, NULL, NULL},
};

bool hr_blob_has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), n = strlen(suffix);
    return len >= n && !strcmp(text + len - n, suffix);
}

static bool is_part(const char *part, const char *name)
{
    size_t len = strcspn(part, "/");
    return len == strlen(name) && !memcmp(part, name, len);
}

const struct hr_blob_table *hr_blob_table_of(const char *relative, size_t *folder_len)
{
    for (const char *part = relative; *part;) {
        for (const struct hr_blob_table *table = hr_blob_tables; table->format; table++) {
            if (!is_part(part, table->log) ||
                (table->marks && !hr_blob_has_suffix(part, table->marks)))
                continue;
            *folder_len = part > relative ? (size_t)(part - relative) - 1 : 0;
            return table;
        }
        part += strcspn(part, "/");
        part += *part == '/';
    }
    return NULL;
}
