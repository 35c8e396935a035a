/* Locations of Azure's accounts: "wasbs://container@account.blob.core.windows.net/path" and
 * "abfss://container@account.dfs.core.windows.net/path". */
#include "blob/azure/azure.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "wire/azure.h"
#include <string.h>

bool hr_azure_is_dfs(const struct hr_blob_place *place)
{
    return place->backend == &hr_azure_abfs;
}

enum hr_code hr_azure_parse(struct hr_blob *blob,
                            struct hr_arena *arena,
                            const char *location,
                            const char *rest,
                            struct hr_blob_place *place,
                            struct hr_err *err)
{
    (void)blob;
    size_t authority = strcspn(rest, "/");
    const char *at = memchr(rest, '@', authority);
    size_t host_len = at ? (size_t)(rest + authority - at - 1) : 0;
    const char *dot = host_len ? memchr(at + 1, '.', host_len) : NULL;
    if (!dot || dot == at + 1) {
        hr_fail(err, HR_E_INVALID, "the location '%.512s' does not name a container and an account",
                location);
        return hr_fail_hint(err, "write %.*s://container@account.%s.core.windows.net/path",
                            (int)strcspn(location, ":"), location,
                            hr_azure_is_dfs(place) ? "dfs" : "blob");
    }
    if (!hr_azure_container_valid(rest, (size_t)(at - rest)))
        return hr_fail(
            err, HR_E_INVALID,
            "'%.*s' is not a container name: 3 to 63 lower-case letters, digits and single hyphens",
            (int)(at - rest), rest);
    for (const char *c = at + 1; c < rest + authority; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:", *c))
            return hr_fail(err, HR_E_INVALID, "'%.*s' is not a host name", (int)host_len, at + 1);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    bool cleaned = hr_blob_clean(&out, rest + authority, false);
    place->path = hr_strdup(arena, hr_buf_len(&out) ? hr_buf_text(&out) + 1 : "");
    hr_buf_release(&out);
    if (!cleaned)
        return hr_fail(
            err, HR_E_INVALID,
            "the location '%.512s' has a segment '.' or '..', which blob names cannot have",
            location);
    size_t characters = hr_utf8_length(place->path, strlen(place->path));
    if (characters > HR_BLOB_NAME_MAX)
        return hr_fail(err, HR_E_INVALID,
                       "the blob name '%.64s…' has %zu characters, more than Azure's %d",
                       place->path, characters, HR_BLOB_NAME_MAX);
    place->container = hr_strndup(arena, rest, (size_t)(at - rest));
    place->host = hr_strndup(arena, at + 1, host_len);
    place->account = hr_strndup(arena, at + 1, (size_t)(dot - at - 1));
    place->root =
        hr_printf(arena, "%.*s%.*s", (int)(rest - location), location, (int)authority, rest);
    place->location =
        *place->path ? hr_printf(arena, "%s/%s", place->root, place->path) : place->root;
    return HR_OK;
}

/* ---- the same place in the dialect that renames ---- */

static bool is_hierarchical(struct hr_blob *blob,
                            const struct hr_blob_place *place,
                            const struct hr_blob_cancel *cancel)
{
    struct hr_azure_session *session = hr_azure_session_of(blob);
    pthread_mutex_lock(&session->lock);
    uintptr_t known = (uintptr_t)hr_map_get(&session->hierarchical, place->account);
    pthread_mutex_unlock(&session->lock);
    if (known)
        return known == 2;
    bool yes = hr_azure_hierarchical(blob, place, cancel);
    pthread_mutex_lock(&session->lock);
    hr_map_put(&session->hierarchical, place->account, (void *)(uintptr_t)(yes ? 2 : 1));
    pthread_mutex_unlock(&session->lock);
    return yes;
}

const char *hr_azure_renaming_name(struct hr_blob *blob,
                                   struct hr_arena *arena,
                                   const struct hr_blob_place *flat,
                                   const struct hr_blob_cancel *cancel)
{
    struct hr_blob_place place;
    const char *dot = strstr(flat->location, ".blob."), *rest = flat->location + strlen("wasb");
    if (!dot)
        return NULL;
    const char *other =
        hr_printf(arena, "abfs%.*s.dfs.%s", (int)(dot - rest), rest, dot + strlen(".blob."));
    if (hr_blob_place_parse(blob, arena, other, &place, NULL) ||
        strcmp(place.account, flat->account))
        return NULL;
    return is_hierarchical(blob, &place, cancel) ? other : NULL;
}
