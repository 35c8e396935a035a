#include "mount/manifest.h"
#include "blob/blob.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool hr_manifest_time(const json_t *value, int64_t *ms)
{
    struct tm when = {0};
    if (json_is_number(value)) {
        double seconds = json_number_value(value);
        *ms = seconds > -1e11 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
        return true;
    }
    const char *rest = json_is_string(value)
                           ? strptime(json_string_value(value), "%Y-%m-%dT%H:%M:%S", &when)
                           : NULL;
    if (!rest)
        return false;
    *ms = (int64_t)timegm(&when) * 1000;
    if (*rest == '.') {
        char *end;
        double part = strtod(rest, &end);
        *ms += part > 0 && part < 1 ? (int64_t)(part * 1000) : 0;
        rest = end;
    }
    int hours, minutes;
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) == 2)
        *ms += (*rest == '+' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000;
    return true;
}

static enum hr_code text_of(
    const json_t *object, const char *name, size_t at, const char **text, struct hr_err *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return hr_fail(err, HR_E_INVALID, "the manifest's file %zu has no text as \"%s\"", at,
                       name);
    *text = json_string_value(value);
    return HR_OK;
}

/* texts stay the document's: the tree copies what it keeps */
static enum hr_code file_of(const json_t *object,
                            size_t at,
                            struct hr_mount_tree_file *file,
                            struct hr_err *err)
{
    const json_t *size = json_object_get(object, "size");
    HR_TRY(text_of(object, "path", at, &file->path, err));
    HR_TRY(text_of(object, "url", at, &file->location, err));
    HR_TRY(text_of(object, "etag", at, &file->etag, err));
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return hr_fail(err, HR_E_INVALID, "'%s' has no size in the manifest", file->path);
    if (!*file->etag || strlen(file->etag) >= HR_BLOB_ETAG_MAX || strpbrk(file->etag, "\r\n"))
        return hr_fail(err, HR_E_INVALID,
                       "'%s' has no ETag in the manifest: its version cannot be pinned",
                       file->path);
    if (!hr_blob_is_remote(file->location) || strpbrk(file->location, "\r\n"))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "'%s' is at '%s': a mount reads storage accounts only", file->path,
                       file->location);
    file->size = (int64_t)json_integer_value(size);
    hr_manifest_time(json_object_get(object, "modified"), &file->mtime_ms);
    return HR_OK;
}

static enum hr_code files_of(struct hr_manifest *manifest,
                             struct hr_arena *arena,
                             const json_t *list,
                             struct hr_err *err)
{
    size_t count = json_array_size(list);
    struct hr_mount_tree_file *files = calloc(count + 1, sizeof *files);
    int64_t newest = 0;
    if (!json_is_array(list) || !files) {
        free(files);
        return hr_fail(err, HR_E_INVALID, "the manifest has no list of \"files\"");
    }
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < count && !code; i++) {
        code = file_of(json_array_get(list, i), i, &files[i], err);
        newest = files[i].mtime_ms > newest ? files[i].mtime_ms : newest;
    }
    if (!code)
        code = hr_mount_tree_build(&manifest->tree, arena, files, count, newest, err);
    free(files);
    return code;
}

static const char *scalar(struct hr_arena *arena, const json_t *value)
{
    if (json_is_integer(value))
        return hr_printf(arena, "%lld", (long long)json_integer_value(value));
    return hr_strdup(arena, json_is_string(value) ? json_string_value(value) : "");
}

enum hr_code hr_manifest_parse(struct hr_manifest *manifest,
                               struct hr_arena *arena,
                               const char *bytes,
                               size_t len,
                               json_t **storage,
                               struct hr_err *err)
{
    json_error_t why;
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    *manifest = (struct hr_manifest){0};
    *storage = NULL;
    if (!json)
        return hr_fail(err, HR_E_INVALID, "the manifest is not JSON: line %d: %s", why.line,
                       why.text);
    manifest->id = scalar(arena, json_object_get(json, "id"));
    manifest->name = scalar(arena, json_object_get(json, "name"));
    manifest->version = scalar(arena, json_object_get(json, "version"));
    enum hr_code code = files_of(manifest, arena, json_object_get(json, "files"), err);
    if (!code)
        *storage = json_incref(json_object_get(json, "storage"));
    json_decref(json);
    return code;
}
