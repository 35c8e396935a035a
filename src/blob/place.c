#include "blob/backend.h"
#include "base/limits.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* every scheme a user may write: those that work, and why the others do not */
static const struct {
    const char *name;
    bool dfs;
    const char *refusal;
} schemes[] = {
    {"wasb", false, NULL},
    {"wasbs", false, NULL},
    {"abfs", true, NULL},
    {"abfss", true, NULL},
    {"adl", false,
     "Azure Data Lake Storage Gen1 was retired by Azure; copy the data to Gen2 and use abfss://"},
    {"s3", false, "S3 is not done"},
    {"s3a", false, "S3 is not done"},
    {"s3n", false, "S3 is not done"},
    {"hdfs", false, "there is no HDFS cluster here"},
    {"dbfs", false, "DBFS belongs to Databricks; use the path below it"},
    {"http", false, "use wasbs:// for blobs, or download the file first"},
    {"https", false, "use wasbs:// for blobs, or download the file first"},
    {"gs", false, "Google Cloud Storage is not done"},
    {"ftp", false, "FTP is not done"},
    {"azureml", false, "use the datastore's wasbs:// path"},
};

static size_t scheme_len(const char *location)
{
    size_t len =
        strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    /* one letter would be a drive; "a:b" is a file name */
    return len > 1 && location[len] == ':' && location[len + 1] == '/' ? len : 0;
}

bool hr_blob_is_remote(const char *location)
{
    size_t len = scheme_len(location);
    return len && !(len == 4 && !strncasecmp(location, "file", 4));
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
    return !hr_blob_is_remote(location) || !strncasecmp(location, "abfs", 4);
}

char *hr_blob_join(struct hr_arena *arena, const char *folder, const char *name)
{
    size_t len = strlen(folder);
    bool slash = len && folder[len - 1] == '/';
    return hr_printf(arena, "%s%s%s", folder, slash || !*name ? "" : "/", name);
}

/* path segments, each once: no empty ones, "." dropped; ".." takes one off where `up` allows it */
static bool clean(struct hr_buf *out, const char *path, bool up)
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

static enum hr_code check_root(struct hr_blob *blob, const char *path, struct hr_err *err)
{
    size_t len = blob->local_root ? strlen(blob->local_root) : 0;
    if (!len)
        return HR_OK;
    /* the deepest folder that exists, with links resolved, decides */
    char real[PATH_MAX], *cut, *copy = strdup(path);
    while (!realpath(copy, real) && (cut = strrchr(copy, '/')))
        cut[cut == copy ? 1 : 0] = 0;
    free(copy);
    if (!strncmp(real, blob->local_root, len) &&
        (!real[len] || real[len] == '/' || blob->local_root[len - 1] == '/'))
        return HR_OK;
    return hr_fail(err, HR_E_STORAGE_DENIED,
                   "the path '%s' is outside the folder that this session may use, '%s'", path,
                   blob->local_root);
}

static enum hr_code parse_local(struct hr_blob *blob,
                                struct hr_arena *arena,
                                const char *location,
                                struct hr_blob_place *place,
                                struct hr_err *err)
{
    const char *path = location;
    if (!strncasecmp(path, "file:", 5)) {
        path += 5;
        if (!strncmp(path, "//localhost/", 12))
            path += 11;
        else if (!strncmp(path, "//", 2) && path[2] != '/')
            return hr_fail(err, HR_E_INVALID,
                           "the file address '%.512s' names a host; write file:///path", location);
    }
    if (!*path)
        return hr_fail(err, HR_E_INVALID, "the path is empty");
    if (strlen(path) >= PATH_MAX)
        return hr_fail(err, HR_E_INVALID, "the path '%.64s…' is too long: %zu bytes, at most %d",
                       path, strlen(path), PATH_MAX - 1);
    char cwd[PATH_MAX];
    if (*path != '/' && !blob->local_root && !getcwd(cwd, sizeof cwd))
        return hr_fail(err, HR_E_IO, "the relative path '%s' has no folder to start from", path);
    struct hr_buf whole, out;
    hr_buf_init(&whole, HR_BUF_GROWS);
    hr_buf_init(&out, HR_BUF_GROWS);
    if (*path != '/')
        hr_buf_addf(&whole, "%s/", blob->local_root ? blob->local_root : cwd);
    hr_buf_adds(&whole, path);
    clean(&out, hr_buf_text(&whole), true);
    place->path = hr_strdup(arena, hr_buf_len(&out) ? hr_buf_text(&out) : "/");
    hr_buf_release(&whole);
    hr_buf_release(&out);
    place->backend = &hr_blob_local;
    place->location = place->path;
    place->root = "";
    return check_root(blob, place->path, err);
}

static size_t utf8_len(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool container_name_valid(const char *name, size_t len)
{
    if (len == 5 && !strncmp(name, "$root", 5))
        return true;
    if (len < 3 || len > 63 || name[0] == '-' || name[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name[i]) ||
            (name[i] == '-' && name[i + 1] == '-'))
            return false;
    return true;
}

static enum hr_code parse_azure(struct hr_arena *arena,
                                const char *location,
                                const char *rest,
                                struct hr_blob_place *place,
                                struct hr_err *err)
{
    size_t authority = strcspn(rest, "/");
    const char *at = memchr(rest, '@', authority);
    size_t host_len = at ? (size_t)(rest + authority - at - 1) : 0;
    const char *dot = host_len ? memchr(at + 1, '.', host_len) : NULL;
    if (!dot || dot == at + 1) {
        hr_fail(err, HR_E_INVALID, "the location '%.512s' does not name a container and an account",
                location);
        return hr_fail_hint(err, "write %.*s://container@account.%s.core.windows.net/path",
                            (int)strcspn(location, ":"), location, place->dfs ? "dfs" : "blob");
    }
    if (!container_name_valid(rest, (size_t)(at - rest)))
        return hr_fail(
            err, HR_E_INVALID,
            "'%.*s' is not a container name: 3 to 63 lower-case letters, digits and single hyphens",
            (int)(at - rest), rest);
    for (const char *c = at + 1; c < rest + authority; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:", *c))
            return hr_fail(err, HR_E_INVALID, "'%.*s' is not a host name", (int)host_len, at + 1);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    bool cleaned = clean(&out, rest + authority, false);
    place->path = hr_strdup(arena, hr_buf_len(&out) ? hr_buf_text(&out) + 1 : "");
    hr_buf_release(&out);
    if (!cleaned)
        return hr_fail(
            err, HR_E_INVALID,
            "the location '%.512s' has a segment '.' or '..', which blob names cannot have",
            location);
    if (utf8_len(place->path) > HR_BLOB_NAME_MAX)
        return hr_fail(err, HR_E_INVALID,
                       "the blob name '%.64s…' has %zu characters, more than Azure's %d",
                       place->path, utf8_len(place->path), HR_BLOB_NAME_MAX);
    place->container = hr_strndup(arena, rest, (size_t)(at - rest));
    place->host = hr_strndup(arena, at + 1, host_len);
    place->account = hr_strndup(arena, at + 1, (size_t)(dot - at - 1));
    place->root =
        hr_printf(arena, "%.*s%.*s", (int)(rest - location), location, (int)authority, rest);
    place->location =
        *place->path ? hr_printf(arena, "%s/%s", place->root, place->path) : place->root;
    place->backend = &hr_blob_azure;
    return HR_OK;
}

enum hr_code hr_blob_place_parse(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 struct hr_blob_place *place,
                                 struct hr_err *err)
{
    *place = (struct hr_blob_place){0};
    size_t len = scheme_len(location);
    if (!hr_blob_is_remote(location))
        return parse_local(blob, arena, location, place, err);
    if (!strncasecmp(location, "dataset://", 10))
        return hr_blob_dataset_place(blob, arena, location, location + 10, place, err);
    for (size_t i = 0; i < HR_LEN(schemes); i++) {
        if (strlen(schemes[i].name) != len || strncasecmp(schemes[i].name, location, len))
            continue;
        if (schemes[i].refusal)
            return hr_fail(err, HR_E_UNSUPPORTED,
                           "the scheme '%s' of '%.512s' is not supported: %s", schemes[i].name,
                           location, schemes[i].refusal);
        if (strncmp(location + len, "://", 3))
            return hr_fail(err, HR_E_INVALID, "the location '%.512s' lacks '//' behind its scheme",
                           location);
        place->dfs = schemes[i].dfs;
        return parse_azure(arena, location, location + len + 3, place, err);
    }
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
