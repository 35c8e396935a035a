/* Azure Blob and ADLS Gen2: looking and changing. The two dialects differ in listing, folders and
 * renaming; reading is the same. */
#include "blob/azure/azure.h"
#include "base/check.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELETES_AT_ONCE 16

/* ---- listing ---- */

struct listing {
    struct hr_blob *blob;
    struct hr_arena *arena;
    const struct hr_blob_place *place;
    struct hr_blob_page *page;
    struct hr_map seen; /* a folder may come as a prefix and as its marker blob */
    size_t cap;
};

static void set_etag(struct hr_blob_stat *stat, const char *etag)
{
    bool quoted = etag[0] == '"' || !etag[0];
    snprintf(stat->etag, sizeof stat->etag, "%s%s%s", quoted ? "" : "\"", etag, quoted ? "" : "\"");
}

/* name: the blob's whole name; a trailing slash says folder */
static void add_entry(struct listing *listing, const char *name, const struct hr_blob_stat *stat)
{
    const char *folder = listing->place->path;
    size_t skip = *folder ? strlen(folder) + 1 : 0, len = strlen(name);
    while (len && name[len - 1] == '/')
        len--;
    if (len <= skip || strncmp(name, folder, skip ? skip - 1 : 0))
        return; /* the folder itself, by its marker */
    char *shown = hr_strndup(listing->arena, name + skip, len - skip);
    if (hr_map_has(&listing->seen, shown))
        return;
    hr_map_put(&listing->seen, shown, shown);
    struct hr_blob_page *page = listing->page;
    if (page->count == listing->cap) {
        listing->cap = listing->cap ? 2 * listing->cap : 256;
        struct hr_blob_entry *more =
            HR_NEW_ARRAY(listing->arena, struct hr_blob_entry, listing->cap);
        if (page->count)
            memcpy(more, page->entries, page->count * sizeof *more);
        page->entries = more;
    }
    page->entries[page->count++] = (struct hr_blob_entry){
        hr_printf(listing->arena, "%s/%s", listing->place->location, shown), shown, *stat};
}

static const char *blob_name(struct hr_arena *arena, const struct hr_xml *node)
{
    const struct hr_xml *name = hr_xml_find(node, "Name");
    if (!name)
        return "";
    const char *encoded = hr_xml_attribute(name, "Encoded");
    const char *decoded = encoded && !strcmp(encoded, "true")
                              ? hr_uri_decode_text(arena, name->text, strlen(name->text))
                              : name->text;
    return decoded ? decoded : "";
}

static enum hr_code read_blob_page(struct listing *listing,
                                   const struct hr_azure_call *call,
                                   struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_xml *root;
    enum hr_code code = hr_xml_parse(scratch, hr_buf_text(&call->transfer.response),
                                     hr_buf_len(&call->transfer.response), &root, err);
    const struct hr_xml *blobs = code ? NULL : hr_xml_find(root, "Blobs");
    for (const struct hr_xml *node = blobs ? blobs->child : NULL; node; node = node->next) {
        struct hr_blob_stat stat = {0};
        const struct hr_xml *properties = hr_xml_find(node, "Properties");
        stat.is_dir =
            !strcmp(node->name, "BlobPrefix") ||
            !strcmp(hr_xml_text(properties, "ResourceType"), "directory") ||
            !strcasecmp(hr_xml_text(hr_xml_find(node, "Metadata"), "hdi_isfolder"), "true");
        time_t modified = curl_getdate(hr_xml_text(properties, "Last-Modified"), NULL);
        stat.mtime_ms = modified < 0 ? 0 : (int64_t)modified * 1000;
        if (!stat.is_dir) {
            stat.size = atoll(hr_xml_text(properties, "Content-Length"));
            set_etag(&stat, hr_xml_text(properties, "Etag"));
        }
        add_entry(listing, blob_name(scratch, node), &stat);
    }
    const char *marker = code ? "" : hr_xml_text(root, "NextMarker");
    listing->page->marker = *marker ? hr_strdup(listing->arena, marker) : NULL;
    hr_arena_free(scratch);
    return code;
}

static const char *json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* numbers and truth values come as texts from some versions of the service */
static int64_t json_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : atoll(json_text(object, name));
}

static enum hr_code read_dfs_page(struct listing *listing,
                                  const struct hr_azure_call *call,
                                  struct hr_err *err)
{
    json_error_t why;
    json_t *json = json_loadb(hr_buf_text(&call->transfer.response),
                              hr_buf_len(&call->transfer.response), 0, &why),
           *item;
    if (!json)
        return hr_fail(err, HR_E_IO, "the list of '%s' cannot be read: %s",
                       listing->place->location, why.text);
    size_t i;
    json_array_foreach(json_object_get(json, "paths"), i, item)
    {
        struct hr_blob_stat stat = {0};
        stat.is_dir = json_is_true(json_object_get(item, "isDirectory")) ||
                      !strcmp(json_text(item, "isDirectory"), "true");
        time_t modified = curl_getdate(json_text(item, "lastModified"), NULL);
        stat.mtime_ms = modified < 0 ? 0 : (int64_t)modified * 1000;
        if (!stat.is_dir) {
            stat.size = json_number(item, "contentLength");
            set_etag(&stat, json_text(item, "etag"));
        }
        add_entry(listing, json_text(item, "name"), &stat);
    }
    json_decref(json);
    listing->page->marker =
        hr_transfer_header_whole(&call->transfer, "x-ms-continuation", listing->arena);
    return HR_OK;
}

static const char *list_query(struct hr_arena *arena,
                              const struct hr_blob_place *place,
                              const struct hr_blob_list_options *options)
{
    const char *path = place->path;
    if (hr_azure_is_dfs(place))
        return hr_printf(arena, "resource=filesystem&recursive=%s&maxResults=%d%s%s",
                         options->recursive ? "true" : "false", options->max,
                         *path ? hr_azure_param(arena, "directory", path) : "",
                         options->marker ? hr_azure_param(arena, "continuation", options->marker)
                                         : "");
    return hr_printf(arena, "restype=container&comp=list&include=metadata&maxresults=%d%s%s%s",
                     options->max,
                     *path ? hr_azure_param(arena, "prefix", hr_printf(arena, "%s/", path)) : "",
                     options->recursive ? "" : "&delimiter=%2F",
                     options->marker ? hr_azure_param(arena, "marker", options->marker) : "");
}

static enum hr_code list_page(struct listing *listing,
                              const struct hr_blob_list_options *options,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err)
{
    struct hr_arena *arena = listing->arena;
    struct hr_azure_access access;
    struct hr_azure_call call;
    HR_TRY(hr_azure_access(listing->blob, arena, listing->place, &access, err));
    HR_TRY(hr_azure_call(&call, listing->blob, arena, listing->place, &access, "GET", NULL,
                         list_query(arena, listing->place, options), err));
    call.transfer.response_max = 32 * 1024 * 1024;
    enum hr_code code = hr_azure_do(&call, "list", cancel, err);
    if (!code)
        code =
            (hr_azure_is_dfs(listing->place) ? read_dfs_page : read_blob_page)(listing, &call, err);
    hr_azure_end(&call);
    return code;
}

static enum hr_code azure_list(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const struct hr_blob_place *place,
                               const struct hr_blob_list_options *options,
                               struct hr_blob_page *page,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    struct listing listing = {.blob = blob, .arena = arena, .place = place, .page = page};
    hr_map_init(&listing.seen);
    enum hr_code code = list_page(&listing, options, cancel, err);
    hr_map_release(&listing.seen);
    /* what dfs says of a file that is listed */
    bool conflict = hr_azure_is_dfs(place) && code == HR_E_EXISTS;
    if ((code && !conflict) || page->count || page->marker || options->marker || !*place->path)
        return code;
    /* nothing listed: an empty folder, a file, or nothing at all? */
    struct hr_blob_stat stat;
    HR_TRY(hr_azure_stat(blob, place, &stat, cancel, err));
    return stat.is_dir
               ? HR_OK
               : hr_fail(err, HR_E_INVALID, "'%s' is a file, not a folder", place->location);
}

/* ---- stat ---- */

static enum hr_code stat_folder(struct hr_blob *blob,
                                struct hr_arena *arena,
                                const struct hr_blob_place *place,
                                struct hr_blob_stat *stat,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    struct hr_blob_page page = {0};
    struct listing listing = {.blob = blob, .arena = arena, .place = place, .page = &page};
    struct hr_blob_list_options options = {.recursive = true, .max = 1};
    hr_map_init(&listing.seen);
    enum hr_code code;
    do {
        code = list_page(&listing, &options, cancel, err);
        options.marker = page.marker;
    } while (
        !code && !page.count && page.marker); /* a page may be empty and still have a next one */
    hr_map_release(&listing.seen);
    *stat = (struct hr_blob_stat){.is_dir = true};
    if (!code && !page.count && *place->path)
        code = hr_fail(err, HR_E_NOT_FOUND, "'%s' does not exist", place->location);
    return code;
}

static enum hr_code stat_path(struct hr_blob *blob,
                              struct hr_arena *arena,
                              const struct hr_blob_place *place,
                              struct hr_blob_stat *stat,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err)
{
    struct hr_azure_access access;
    struct hr_azure_call call;
    char value[64];
    HR_TRY(hr_azure_access(blob, arena, place, &access, err));
    HR_TRY(hr_azure_call(&call, blob, arena, place, &access, "HEAD", place->path, "", err));
    enum hr_code code = hr_azure_do(&call, "look at", cancel, err);
    if (!code) {
        hr_azure_stat_of(&call, stat);
        stat->size =
            stat->is_dir
                ? 0
                : atoll(hr_transfer_header(&call.transfer, "content-length", value, sizeof value));
        if (stat->is_dir)
            stat->etag[0] = 0;
    }
    bool no_container =
        strstr(hr_transfer_header(&call.transfer, "x-ms-error-code", value, sizeof value),
               "ContainerNotFound") ||
        !strcmp(value, "FilesystemNotFound");
    hr_azure_end(&call);
    /* of flat blobs a folder is only a prefix */
    return code == HR_E_NOT_FOUND && !hr_azure_is_dfs(place) && !no_container
               ? stat_folder(blob, arena, place, stat, cancel, err)
               : code;
}

enum hr_code hr_azure_stat(struct hr_blob *blob,
                           const struct hr_blob_place *place,
                           struct hr_blob_stat *stat,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    *stat = (struct hr_blob_stat){0};
    enum hr_code code =
        (*place->path ? stat_path : stat_folder)(blob, arena, place, stat, cancel, err);
    hr_arena_free(arena);
    return code;
}

/* ---- deleting ---- */

/* blobs[0..count) at the same time; one that is gone already is fine */
static enum hr_code delete_blobs(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const struct hr_blob_place *place,
                                 const struct hr_azure_access *access,
                                 const char *const *names,
                                 size_t count,
                                 const struct hr_blob_cancel *cancel,
                                 struct hr_err *err)
{
    struct hr_azure_call *calls = HR_NEW_ARRAY(arena, struct hr_azure_call, count);
    enum hr_code code = HR_OK;
    size_t sent = 0;
    for (; sent < count && !code; sent += !code) {
        code =
            hr_azure_call(&calls[sent], blob, arena, place, access, "DELETE", names[sent], "", err);
        if (!code)
            code = hr_azure_send(&calls[sent], err);
    }
    for (size_t i = 0; i < sent; i++) {
        enum hr_code one = hr_azure_wait(&calls[i], cancel, code ? NULL : err);
        if (!one && calls[i].transfer.status / 100 != 2 && calls[i].transfer.status != 404)
            one = hr_azure_fail(&calls[i], "delete", code ? NULL : err);
        code = code ? code : one;
        hr_azure_end(&calls[i]);
    }
    return code;
}

/* the deepest first: on accounts with real folders a folder must be empty */
static enum hr_code remove_flat_folder(struct hr_blob *blob,
                                       struct hr_arena *arena,
                                       const struct hr_blob_place *place,
                                       const struct hr_azure_access *access,
                                       bool recursive,
                                       const struct hr_blob_cancel *cancel,
                                       struct hr_err *err)
{
    struct hr_blob_page all;
    HR_TRY(hr_blob_list_all(blob, arena, place->location, true, &all, cancel, err));
    if (all.count && !recursive)
        return hr_fail(err, HR_E_INVALID, "the folder '%s' is not empty", place->location);
    for (int folders = 0; folders < 2; folders++) {
        const char *names[DELETES_AT_ONCE];
        size_t n = 0;
        for (size_t i = all.count; i-- > 0;) {
            if (all.entries[i].stat.is_dir == (folders == 1))
                names[n++] = hr_printf(arena, "%s/%s", place->path, all.entries[i].name);
            if (n && (n == (folders ? 1 : DELETES_AT_ONCE) || !i)) {
                HR_TRY(delete_blobs(blob, arena, place, access, names, n, cancel, err));
                n = 0;
            }
        }
    }
    /* its marker */
    return delete_blobs(blob, arena, place, access, &place->path, 1, cancel, err);
}

static enum hr_code remove_dfs(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const struct hr_blob_place *place,
                               const struct hr_azure_access *access,
                               const char *recursive,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    const char *marker = NULL;
    do { /* a large folder is deleted in several steps */
        struct hr_azure_call call;
        const char *query = hr_printf(arena, "recursive=%s%s", recursive,
                                      marker ? hr_azure_param(arena, "continuation", marker) : "");
        HR_TRY(hr_azure_call(&call, blob, arena, place, access, "DELETE", place->path, query, err));
        enum hr_code code = hr_azure_do(&call, "delete", cancel, err);
        marker = hr_transfer_header_whole(&call.transfer, "x-ms-continuation", arena);
        hr_azure_end(&call);
        HR_TRY(code);
    } while (marker);
    return HR_OK;
}

enum hr_code hr_azure_remove(struct hr_blob *blob,
                             const struct hr_blob_place *place,
                             bool recursive,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_azure_access access;
    struct hr_blob_stat stat;
    enum hr_code code = hr_azure_access(blob, arena, place, &access, err);
    if (!code && hr_azure_is_dfs(place))
        code = remove_dfs(blob, arena, place, &access, recursive ? "true" : "false", cancel, err);
    else if (!code && !(code = hr_azure_stat(blob, place, &stat, cancel, err)))
        code = stat.is_dir
                   ? remove_flat_folder(blob, arena, place, &access, recursive, cancel, err)
                   : delete_blobs(blob, arena, place, &access, &place->path, 1, cancel, err);
    hr_arena_free(arena);
    return code;
}

/* ---- folders ---- */

static enum hr_code put_folder(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const struct hr_blob_place *place,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    struct hr_azure_access access;
    struct hr_azure_call call;
    HR_TRY(hr_azure_access(blob, arena, place, &access, err));
    HR_TRY(hr_azure_call(&call, blob, arena, place, &access, "PUT", place->path,
                         hr_azure_is_dfs(place) ? "resource=directory" : "", err));
    if (!hr_azure_is_dfs(place)) {
        hr_azure_header(&call, "x-ms-blob-type", "BlockBlob");
        hr_azure_header(&call, "x-ms-meta-hdi_isfolder", "true");
    }
    hr_azure_header(&call, "If-None-Match", "*");
    enum hr_code code = hr_azure_do(&call, "make the folder", cancel, err);
    hr_azure_end(&call);
    return code;
}

static enum hr_code azure_mkdir(struct hr_blob *blob,
                                const struct hr_blob_place *place,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    struct hr_blob_stat stat;
    enum hr_code code = hr_azure_stat(blob, place, &stat, cancel, err);
    if (!code && !stat.is_dir)
        return hr_fail(err, HR_E_EXISTS, "'%s' is a file", place->location);
    if (code != HR_E_NOT_FOUND)
        return code;
    struct hr_arena *arena = hr_arena_new(NULL);
    code = put_folder(blob, arena, place, cancel, err);
    hr_arena_free(arena);
    if (code == HR_E_EXISTS && !hr_azure_stat(blob, place, &stat, cancel, NULL) && stat.is_dir)
        return HR_OK; /* somebody else made it meanwhile */
    return code;
}

/* ---- renaming (dfs) ---- */

static enum hr_code rename_path(struct hr_blob *blob,
                                struct hr_arena *arena,
                                const struct hr_blob_place *from,
                                const struct hr_blob_place *to,
                                bool overwrite,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    struct hr_azure_access access;
    struct hr_buf source;
    struct hr_blob_stat before, after;
    struct hr_azure_call call;
    HR_TRY(hr_azure_access(blob, arena, from, &access, err));
    HR_TRY(hr_azure_stat(blob, from, &before, cancel, err));
    hr_buf_init(&source, HR_BUF_GROWS);
    hr_buf_addf(&source, "/%s/", from->container);
    hr_uri_encode(&source, from->path, "/");
    if (access.auth == HR_AZURE_SAS)
        hr_buf_addf(&source, "?%s", access.secret.text);
    const char *text = hr_buf_keep(&source, arena);
    HR_TRY(hr_azure_call(&call, blob, arena, to, &access, "PUT", to->path, "", err));
    hr_azure_header(&call, "x-ms-rename-source", text);
    if (!overwrite || before.is_dir)
        hr_azure_header(&call, "If-None-Match", "*");
    enum hr_code code = hr_azure_do(&call, "rename to", cancel, err);
    hr_azure_end(&call);
    /* an earlier attempt may have done it although its answer was lost: then the target is it, ETag
     * and all */
    if (code &&
        !before.is_dir &&
        !hr_azure_stat(blob, to, &after, cancel, NULL) &&
        !strcmp(before.etag, after.etag))
        return HR_OK;
    return code;
}

static enum hr_code folder_tag(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const struct hr_blob_place *place,
                               const struct hr_azure_access *access,
                               struct hr_blob_stat *stat,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    struct hr_azure_call call;
    HR_TRY(hr_azure_call(&call, blob, arena, place, access, "HEAD", place->path, "", err));
    enum hr_code code = hr_azure_do(&call, "look at", cancel, err);
    if (!code)
        hr_azure_stat_of(&call, stat);
    hr_azure_end(&call);
    return code;
}

/* The condition on the source's ETag keeps a repeated request, of which the first answer was lost,
 * from changing them back. */
static enum hr_code exchange(struct hr_blob *blob,
                             struct hr_arena *arena,
                             const struct hr_blob_place *from,
                             const struct hr_blob_place *to,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err)
{
    struct hr_azure_access access;
    struct hr_buf source;
    struct hr_blob_stat before, after;
    struct hr_azure_call call;
    char done[8];
    HR_TRY(hr_azure_access(blob, arena, from, &access, err));
    HR_TRY(folder_tag(blob, arena, from, &access, &before, cancel, err));
    hr_buf_init(&source, HR_BUF_GROWS);
    hr_buf_addf(&source, "/%s/", from->container);
    hr_uri_encode(&source, from->path, "/");
    if (access.auth == HR_AZURE_SAS)
        hr_buf_addf(&source, "?%s", access.secret.text);
    const char *text = hr_buf_keep(&source, arena);
    HR_TRY(hr_azure_call(&call, blob, arena, to, &access, "PUT", to->path, "", err));
    hr_azure_header(&call, "x-ms-rename-source", text);
    hr_azure_header(&call, "x-ms-source-if-match", before.etag);
    hr_azure_header(&call, "x-ms-headrace-exchange", "true");
    hr_azure_header(&call, "If-None-Match", "*");
    enum hr_code code = hr_azure_do(&call, "exchange with", cancel, err);
    bool exchanged =
        !code && *hr_transfer_header(&call.transfer, "x-ms-headrace-exchange", done, sizeof done);
    hr_azure_end(&call);
    if (exchanged || (code &&
                      !folder_tag(blob, arena, to, &access, &after, cancel, NULL) &&
                      !strcmp(before.etag, after.etag)))
        return HR_OK;
    return code == HR_E_EXISTS || code == HR_E_CHANGED
               ? hr_fail(err, HR_E_UNSUPPORTED, "the account does not exchange folders")
               : code;
}

static enum hr_code azure_exchange(struct hr_blob *blob,
                                   const struct hr_blob_place *from,
                                   const struct hr_blob_place *to,
                                   const struct hr_blob_cancel *cancel,
                                   struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = exchange(blob, arena, from, to, cancel, err);
    hr_arena_free(arena);
    return code;
}

bool hr_azure_hierarchical(struct hr_blob *blob,
                           const struct hr_blob_place *place,
                           const struct hr_blob_cancel *cancel)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_azure_access access;
    struct hr_azure_call call;
    struct hr_err ignored = {0};
    char enabled[8] = "";
    if (!hr_azure_access(blob, arena, place, &access, &ignored) &&
        !hr_azure_call(&call, blob, arena, place, &access, "HEAD", "", "resource=filesystem",
                       &ignored)) {
        if (!hr_azure_do(&call, "look at", cancel, &ignored))
            hr_transfer_header(&call.transfer, "x-ms-namespace-enabled", enabled, sizeof enabled);
        hr_azure_end(&call);
    }
    hr_arena_free(arena);
    return !strcasecmp(enabled, "true");
}

enum hr_code hr_azure_rename(struct hr_blob *blob,
                             const struct hr_blob_place *from,
                             const struct hr_blob_place *to,
                             bool overwrite,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = rename_path(blob, arena, from, to, overwrite, cancel, err);
    hr_arena_free(arena);
    return code;
}

/* ---- the kind ---- */

static void *session_new(void)
{
    struct hr_azure_session *session = calloc(1, sizeof *session);
    HR_CHECK(session);
    pthread_mutex_init(&session->lock, NULL);
    hr_map_init(&session->hierarchical);
    return session;
}

static void session_free(void *kept)
{
    struct hr_azure_session *session = kept;
    hr_azure_tokens_free(session);
    hr_map_release(&session->hierarchical);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

struct hr_azure_session *hr_azure_session_of(const struct hr_blob *blob)
{
    return hr_blob_kept(blob, &hr_azure_kind);
}

/* what both dialects do alike, or tell apart themselves */
#define BOTH_DIALECTS                                                                          \
    .parse = hr_azure_parse, .stat = hr_azure_stat, .list = azure_list, .open = hr_azure_open, \
    .read_at = hr_azure_read_at, .close = hr_azure_close, .create = hr_azure_create,           \
    .write = hr_azure_write, .finish = hr_azure_finish, .publish = hr_azure_publish,           \
    .drop = hr_azure_drop, .remove = hr_azure_remove, .mkdir = azure_mkdir,                    \
    .ahead = hr_azure_read_ahead

static const char *const wasb_schemes[] = {"wasb", "wasbs", NULL};
static const char *const abfs_schemes[] = {"abfs", "abfss", NULL};

static const struct hr_blob_backend wasb = {
    .name = "wasb",
    .schemes = wasb_schemes,
    .abilities = HR_BLOB_CONTAINERS | HR_BLOB_PINS,
    .cannot_rename =
        "wasb has no atomic rename; use abfss:// on an account with a hierarchical namespace",
    .renaming_name = hr_azure_renaming_name,
    BOTH_DIALECTS,
};

const struct hr_blob_backend hr_azure_abfs = {
    .name = "abfs",
    .schemes = abfs_schemes,
    .abilities = HR_BLOB_CONTAINERS | HR_BLOB_PINS | HR_BLOB_ATOMIC_RENAME | HR_BLOB_EXCHANGE,
    .rename = hr_azure_rename,
    .exchange = azure_exchange,
    BOTH_DIALECTS,
};

const struct hr_blob_kind hr_azure_kind = {
    .backends = (const struct hr_blob_backend *const[]){&wasb, &hr_azure_abfs, NULL},
    .keys = hr_azure_keys,
    .session_new = session_new,
    .session_free = session_free,
};
