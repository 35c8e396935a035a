/* dataset://ID/path: the files of a dataset's version, each pinned to the ETag that its manifest
 * names, and reached by what the server gave for this dataset: the session's own keys neither help
 * nor hinder. The manifest comes by configuration (fs.azure.headrace.dataset.ID, and
 * fs.azure.headrace.access.ID, which is renewed); nothing is listed and nothing asked before bytes
 * are read. Read-only. */
#include "base/check.h"
#include "blob/backend.h"
#include "base/buf.h"
#include "wire/base64.h"
#include "wire/sas.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PARTS_MAX 10000
#define PACKED_MAX ((size_t)64 << 20)
#define UNPACKED_MAX ((size_t)512 << 20)

struct pinned_file {
    const char *path, *url;
    struct hr_blob_stat stat;
};

struct hr_blob_dataset {
    struct hr_blob_dataset *next;
    struct hr_arena *arena;
    const char *id;
    /* by path; NULL until its manifest came; never changed after */
    struct pinned_file *files;
    size_t count;
    struct hr_blob_config *config; /* what reaches them, over the session's endpoints */
    char **parts;                  /* of the manifest, while they come */
    size_t part_count, parts_here;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct pinned_file *)a)->path, ((const struct pinned_file *)b)->path);
}

/* ---- from configuration ---- */

static enum hr_code malformed(const char *id, const char *what, struct hr_err *err)
{
    return hr_fail(err, HR_E_INVALID, "the manifest of dataset '%.64s' is malformed: %s", id, what);
}

static enum hr_code read_file(struct hr_blob_dataset *set,
                              const json_t *item,
                              struct pinned_file *file,
                              struct hr_err *err)
{
    const char *path = json_string_value(json_object_get(item, "path")),
               *url = json_string_value(json_object_get(item, "url")),
               *etag = json_string_value(json_object_get(item, "etag")),
               *modified = json_string_value(json_object_get(item, "modified"));
    if (!path ||
        !url ||
        !etag ||
        !*etag ||
        strlen(etag) >= HR_BLOB_ETAG_MAX ||
        !json_is_integer(json_object_get(item, "size")))
        return malformed(set->id, "a file lacks path, url, etag or size", err);
    *file = (struct pinned_file){hr_strdup(set->arena, path),
                                 hr_strdup(set->arena, url),
                                 {.size = json_integer_value(json_object_get(item, "size"))}};
    strcpy(file->stat.etag, etag);
    if (modified && !hr_sas_time(modified, &file->stat.mtime_ms))
        return malformed(set->id, "a file's time is none", err);
    return HR_OK;
}

static enum hr_code read_files(struct hr_blob_dataset *set, const json_t *files, struct hr_err *err)
{
    json_t *item;
    size_t i;
    if (!json_is_array(files))
        return malformed(set->id, "it has no files", err);
    struct pinned_file *read =
        HR_NEW_ARRAY(set->arena, struct pinned_file, json_array_size(files) + 1);
    json_array_foreach(files, i, item) HR_TRY(read_file(set, item, &read[i], err));
    qsort(read, json_array_size(files), sizeof *read, by_path);
    set->count = json_array_size(files);
    __atomic_store_n(&set->files, read, __ATOMIC_RELEASE); /* readers take it from here on */
    return HR_OK;
}

static enum hr_code read_access(struct hr_blob_dataset *set,
                                const json_t *storage,
                                struct hr_err *err)
{
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach(json_object_get(storage, "conf"), key, value)
        HR_TRY(hr_blob_config_set(set->config, key, json_string_value(value), err));
    json_array_foreach(json_object_get(storage, "endpoints"), i, value)
    {
        const char *account = json_string_value(json_object_get(value, "account"));
        if (!account)
            return malformed(set->id, "an endpoint has no account", err);
        HR_TRY(hr_blob_config_endpoint(set->config, account,
                                       json_string_value(json_object_get(value, "url")),
                                       json_string_value(json_object_get(value, "caFile")), err));
    }
    json_object_foreach(json_object_get(storage, "bearer"), key, value)
        HR_TRY(hr_blob_config_bearer(set->config, key, json_string_value(value), err));
    return HR_OK;
}

void hr_blob_datasets_free(struct hr_blob_dataset *set)
{
    while (set) {
        struct hr_blob_dataset *next = set->next;
        hr_blob_config_free(set->config);
        for (size_t i = 0; i < set->part_count; i++)
            free(set->parts[i]);
        free(set->parts);
        hr_arena_free(set->arena);
        set = next;
    }
}

struct hr_blob_dataset *hr_blob_dataset_new(struct hr_blob_config *config,
                                            const char *id,
                                            struct hr_blob_dataset *next)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_dataset *set = HR_NEW(arena, struct hr_blob_dataset);
    *set = (struct hr_blob_dataset){.next = next,
                                    .arena = arena,
                                    .id = hr_strdup(arena, id),
                                    .config = hr_blob_config_over(config)};
    return set;
}

struct hr_blob_dataset *hr_blob_dataset_find(struct hr_blob_dataset *set, const char *id)
{
    while (set && strcmp(set->id, id))
        set = set->next;
    return set;
}

/* Access and files come in either order, and again when a session is replayed. An id's files never
 * change: the first ones stay. */
static enum hr_code dataset_set(struct hr_blob_dataset *set,
                                bool access,
                                const char *text,
                                struct hr_err *err)
{
    json_error_t error;
    if (!access && set->files)
        return HR_OK;
    json_t *document = json_loads(text, 0, &error);
    enum hr_code code = !json_is_object(document) ? malformed(set->id, "not JSON", err)
                        : access ? read_access(set, document, err)
                                 : read_files(set, json_object_get(document, "files"), err);
    json_decref(document);
    return code;
}

/* ---- a large manifest, in parts: a configuration request has to name its session within 64 KiB
 * (gate) ---- */

static enum hr_code join_parts(struct hr_blob_dataset *set, struct hr_buf *out, struct hr_err *err)
{
    for (size_t i = 0; i < set->part_count; i++) {
        hr_buf_adds(out, set->parts[i]);
        free(set->parts[i]);
    }
    free(set->parts);
    set->parts = NULL;
    set->part_count = set->parts_here = 0;
    return hr_buf_check(out, hr_printf(set->arena, "the manifest of dataset '%.64s'", set->id),
                        err);
}

static bool unpack(const struct hr_buf *text, unsigned char *packed, char *json, size_t length)
{
    size_t packed_len;
    uLongf got = length;
    return packed &&
           json &&
           hr_base64_decode_into(hr_buf_text(text), hr_buf_len(text), packed, &packed_len) &&
           uncompress((unsigned char *)json, &got, packed, packed_len) == Z_OK &&
           got == length;
}

static enum hr_code unpack_parts(struct hr_blob_dataset *set, size_t length, struct hr_err *err)
{
    struct hr_buf text;
    hr_buf_init(&text, PACKED_MAX);
    enum hr_code code = join_parts(set, &text, err);
    if (code) {
        hr_buf_release(&text);
        return code;
    }
    unsigned char *packed = malloc(HR_BASE64_BYTES(hr_buf_len(&text)) + 1);
    char *json = malloc(length + 1);
    if (unpack(&text, packed, json, length)) {
        json[length] = 0;
        code = dataset_set(set, false, json, err);
    } else {
        code = malformed(set->id, "its parts do not unpack", err);
    }
    free(json);
    free(packed);
    hr_buf_release(&text);
    return code;
}

enum hr_code hr_blob_dataset_part(struct hr_blob_dataset *set,
                                  const char *number,
                                  const char *value,
                                  struct hr_err *err)
{
    size_t at, count, length;
    int used = 0;
    if (set->files)
        return HR_OK;
    if (sscanf(number, "%zu", &at) != 1 ||
        sscanf(value, "%zu/%zu:%n", &count, &length, &used) != 2 ||
        !used ||
        !count ||
        count > PARTS_MAX ||
        at >= count ||
        length > UNPACKED_MAX ||
        (set->parts && set->part_count != count))
        return malformed(set->id, "a part of it is none", err);
    if (!set->parts) {
        set->parts = calloc(count, sizeof *set->parts);
        HR_CHECK(set->parts);
        set->part_count = count;
    }
    if (!set->parts[at]) {
        set->parts[at] = strdup(value + used);
        set->parts_here++;
    }
    return set->parts_here == count ? unpack_parts(set, length, err) : HR_OK;
}

struct hr_blob_config *hr_blob_dataset_config(const struct hr_blob_dataset *set)
{
    return set->config;
}

/* a manifest's files, whole (ID) or in parts (ID.N), and its storage */
#define DATASET_KEY "fs.azure.headrace.dataset."
#define ACCESS_KEY "fs.azure.headrace.access."

static enum hr_code take_key(struct hr_blob_config *config,
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
    if (!len ||
        len >= sizeof id ||
        strchr(name, '/') ||
        hr_blob_config_base(config) ||
        (part && access))
        return hr_fail(err, HR_E_INVALID, "'%s' names no dataset", key);
    memcpy(id, name, len);
    id[len] = 0;
    struct hr_blob_dataset *set = hr_blob_config_dataset(config, id, true);
    return part ? hr_blob_dataset_part(set, part + 1, value, err)
                : dataset_set(set, access, value, err);
}

static const struct hr_blob_key keys[] = {
    {.pattern = DATASET_KEY "*", .take = take_key},
    {.pattern = ACCESS_KEY "*", .take = take_key},
    {.pattern = NULL},
};

/* ---- places ---- */

static size_t first_at(const struct hr_blob_dataset *set, const char *path)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(set->files[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum hr_code pinned_parse(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 const char *rest,
                                 struct hr_blob_place *place,
                                 struct hr_err *err)
{
    size_t len = strcspn(rest, "/"), end = strlen(rest);
    place->container = hr_strndup(arena, rest, len);
    while (end > len && rest[end - 1] == '/')
        end--;
    place->path = end > len ? hr_strndup(arena, rest + len + 1, end - len - 1) : "";
    place->host = place->account = "";
    place->root = hr_printf(arena, "dataset://%s", place->container);
    place->location =
        *place->path ? hr_printf(arena, "%s/%s", place->root, place->path) : place->root;
    place->dataset = hr_blob_config_dataset(blob->config, place->container, false);
    if (place->dataset && __atomic_load_n(&place->dataset->files, __ATOMIC_ACQUIRE))
        return HR_OK;
    hr_fail(err, HR_E_NOT_FOUND, "the dataset of '%.512s' is not known to this session", location);
    return hr_fail_hint(err, "Dataset.get_by_name(ws, …).to_spark_dataframe() makes it known");
}

static const struct pinned_file *file_at(const struct hr_blob_place *place)
{
    size_t at = first_at(place->dataset, place->path);
    return at < place->dataset->count && !strcmp(place->dataset->files[at].path, place->path)
               ? &place->dataset->files[at]
               : NULL;
}

static bool below(const char *folder, const char *path)
{
    size_t len = strlen(folder);
    return !len || (!strncmp(folder, path, len) && path[len] == '/');
}

static bool folder_at(const struct hr_blob_place *place)
{
    const struct hr_blob_dataset *set = place->dataset;
    for (size_t i = first_at(set, place->path);
         i < set->count && !strncmp(set->files[i].path, place->path, strlen(place->path)); i++)
        if (below(place->path, set->files[i].path))
            return true;
    return !*place->path;
}

static enum hr_code pinned_stat(struct hr_blob *blob,
                                const struct hr_blob_place *place,
                                struct hr_blob_stat *stat,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    const struct pinned_file *file = file_at(place);
    (void)blob;
    (void)cancel;
    *stat = (struct hr_blob_stat){.is_dir = true};
    if (file)
        *stat = file->stat;
    else if (!folder_at(place))
        return hr_fail(err, HR_E_NOT_FOUND, "'%s' is not in the dataset", place->location);
    return HR_OK;
}

static enum hr_code pinned_list(struct hr_blob *blob,
                                struct hr_arena *arena,
                                const struct hr_blob_place *place,
                                const struct hr_blob_list_options *options,
                                struct hr_blob_page *page,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    const struct hr_blob_dataset *set = place->dataset;
    size_t skip = *place->path ? strlen(place->path) + 1 : 0;
    const char *last = NULL;
    (void)blob;
    (void)cancel;
    if (file_at(place))
        return hr_fail(err, HR_E_INVALID, "'%s' is a file, not a folder", place->location);
    if (!folder_at(place))
        return hr_fail(err, HR_E_NOT_FOUND, "'%s' is not in the dataset", place->location);
    page->entries = HR_NEW_ARRAY(arena, struct hr_blob_entry, set->count + 1);
    for (size_t i = 0; i < set->count; i++) {
        if (!below(place->path, set->files[i].path))
            continue;
        const char *name = set->files[i].path + skip,
                   *slash = options->recursive ? NULL : strchr(name, '/');
        struct hr_blob_stat stat = set->files[i].stat;
        if (slash) {
            name = hr_strndup(arena, name, (size_t)(slash - name));
            stat = (struct hr_blob_stat){.is_dir = true};
            if (last && !strcmp(last, name))
                continue;
            last = name;
        }
        page->entries[page->count++] =
            (struct hr_blob_entry){hr_printf(arena, "%s/%s", place->location, name), name, stat};
    }
    return HR_OK;
}

/* from here on the reader is the account's, of the object that the manifest names, at its version
 */
static enum hr_code pinned_open(struct hr_blob_reader *reader, struct hr_err *err)
{
    const struct pinned_file *file = file_at(&reader->place);
    struct hr_blob_dataset *set = reader->place.dataset;
    if (!file)
        return hr_fail(err, HR_E_NOT_FOUND, "'%s' is not in the dataset", reader->place.location);
    reader->stat = file->stat;
    HR_TRY(hr_blob_place_parse(reader->blob, reader->arena, file->url, &reader->place, err));
    if (!(reader->place.backend->abilities & HR_BLOB_PINS))
        return hr_fail(err, HR_E_UNSUPPORTED, "'%s' of a dataset is not in a storage account",
                       file->url);
    reader->place.dataset = set;
    reader->backend = reader->place.backend;
    return reader->backend->open(reader, err);
}

static const char *const schemes[] = {"dataset", NULL};

static const struct hr_blob_backend pinned_backend = {
    .name = "dataset",
    .schemes = schemes,
    .abilities = HR_BLOB_READ_ONLY,
    .parse = pinned_parse,
    .stat = pinned_stat,
    .list = pinned_list,
    .open = pinned_open,
};

const struct hr_blob_kind hr_blob_dataset_kind = {
    .backends = (const struct hr_blob_backend *const[]){&pinned_backend, NULL},
    .keys = keys,
};
