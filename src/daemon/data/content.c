/* Bytes of one file of a version, as they were registered: what a preview shows. Read as the
 * caller, on a thread, by ranges that name the manifest's ETag: the file as it is now, when that is
 * another, is refused and not shown. */
#include "base/check.h"
#include "daemon/data/private.h"
#include "wire/base64.h"
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

struct content {
    const void *files; /* the packed manifest */
    size_t files_size, files_len;
    const char *path;
    int64_t offset, length;
    json_t *reply;
};

static void release(void *arg)
{
    struct content *what = arg;
    json_decref(what->reply);
}

/* A manifest may hold 500,000 files: it is searched as text, and the one entry is parsed */
static enum hr_code find_file(struct data_work *work, json_t **file, struct hr_err *err)
{
    struct content *what = work->arg;
    char *text = malloc(what->files_len + 1);
    if (!text)
        return hr_fail(err, HR_E_NOMEM, "no memory for a manifest of %zu bytes", what->files_len);
    size_t got = ZSTD_decompress(text, what->files_len, what->files, what->files_size);
    enum hr_code code = HR_OK;
    if (ZSTD_isError(got) || got != what->files_len)
        code = hr_fail(err, HR_E_IO, "the stored manifest cannot be unpacked");
    struct hr_buf needle;
    hr_buf_init(&needle, HR_BUF_GROWS);
    hr_buf_adds(&needle, "{\"path\":");
    hr_data_add_text(&needle, what->path);
    hr_buf_adds(&needle, ",\"url\":");
    const char *at = code ? NULL : memmem(text, got, hr_buf_text(&needle), hr_buf_len(&needle));
    *file = at ? json_loadb(at, got - (size_t)(at - text), JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    hr_buf_release(&needle);
    free(text);
    if (!code && !*file)
        code = hr_fail(err, HR_E_NOT_FOUND, "the dataset's version holds no file \"%.300s\"",
                       what->path);
    return code;
}

static json_t *encoded(struct hr_arena *arena, const unsigned char *bytes, size_t len)
{
    return json_string(hr_base64_text(arena, bytes, len));
}

static enum hr_code read_range(struct data_work *work,
                               const json_t *file,
                               struct hr_blob *blob,
                               struct hr_err *err)
{
    struct content *what = work->arg;
    const char *etag = json_string_value(json_object_get(file, "etag")),
               *url = json_string_value(json_object_get(file, "url"));
    struct hr_blob_stat known = {.size = json_integer_value(json_object_get(file, "size"))};
    struct hr_blob_reader *reader;
    if (!url || !etag || strlen(etag) >= sizeof known.etag)
        return hr_fail(err, HR_E_IO, "the stored manifest's entry of \"%.300s\" is not whole",
                       what->path);
    strcpy(known.etag, etag);
    int64_t left = what->offset < known.size ? known.size - what->offset : 0,
            wanted = what->length < left ? what->length : left;
    unsigned char *bytes = hr_arena_alloc(work->arena, (size_t)wanted + 1);
    size_t got = 0;
    HR_TRY(hr_blob_open(blob, url, &known, &work->cancel, &reader, err));
    enum hr_code code =
        wanted ? hr_blob_read_at(reader, bytes, (size_t)wanted, what->offset, &got, err) : HR_OK;
    hr_blob_close(reader);
    HR_TRY(code);
    what->reply =
        json_pack("{s:s, s:I, s:s, s:I, s:I, s:o}", "path", what->path, "size",
                  (json_int_t)known.size, "etag", etag, "offset", (json_int_t)what->offset,
                  "length", (json_int_t)got, "data", encoded(work->arena, bytes, got));
    return HR_OK;
}

static enum hr_code read_content(struct data_work *work, struct hr_err *err)
{
    struct hr_blob_options options = {.attempts = 3,
                                      .timeout_ms = 15000,
                                      .read_ahead_bytes = DATA_CONTENT_MAX,
                                      .range_bytes = DATA_CONTENT_MAX};
    struct hr_blob *blob;
    json_t *file;
    HR_TRY(find_file(work, &file, err));
    enum hr_code code = hr_blob_new(work->config, &options, &blob, err);
    if (!code) {
        code = read_range(work, file, blob, err);
        hr_blob_free(blob);
    }
    json_decref(file);
    return code;
}

static enum hr_code reply_content(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    struct content *what = work->arg;
    (void)err;
    hr_rest_reply(req, 200, json_incref(what->reply));
    return HR_OK;
}

static enum hr_code number(struct hr_rest *req,
                           const char *name,
                           int64_t missing,
                           int64_t most,
                           int64_t *value,
                           struct hr_err *err)
{
    const char *text = hr_rest_query(req, name);
    char *end;
    *value = text ? strtoll(text, &end, 10) : missing;
    if (text && (!*text || *end || *value < 0 || *value > most))
        return hr_fail(err, HR_E_INVALID, "%s=\"%.40s\" is not a number from 0 to %lld", name, text,
                       (long long)most);
    return HR_OK;
}

/* what the thread needs, in the work's own arena */
static enum hr_code prepare(struct hr_rest *req,
                            const char *workspace,
                            const struct hr_dataset_row *row,
                            struct data_work *work,
                            struct hr_err *err)
{
    struct content *what = HR_NEW(work->arena, struct content);
    struct hr_saved_row *saved;
    json_t *storage;
    const char *path = hr_rest_query(req, "path");
    *what = (struct content){.path = hr_strdup(work->arena, path ? path : "")};
    hr_arena_on_free(work->arena, release, what);
    work->arg = what;
    HR_TRY(number(req, "offset", 0, INT64_MAX / 2, &what->offset, err));
    HR_TRY(number(req, "length", 64 * 1024, DATA_CONTENT_MAX, &what->length, err));
    HR_TRY(hr_store_saved_get(req->site->store, work->arena, workspace, row->saved, &saved, err));
    if (!saved)
        return hr_fail(err, HR_E_NOT_FOUND, "the manifest of dataset \"%s\" is not there", row->id);
    what->files = saved->files;
    what->files_size = saved->files_size;
    what->files_len = (size_t)saved->files_len;
    HR_TRY(hr_data_set_storage(req, workspace, row, &storage, err));
    work->config = hr_blob_config_new();
    enum hr_code code = hr_data_configure_by(storage, work->config, err);
    json_decref(storage);
    return code;
}

enum hr_code hr_data_set_content(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    struct data_work *work = hr_data_work_new();
    enum hr_code code = prepare(req, workspace, row, work, err);
    if (code) {
        hr_data_work_free(work);
        return code;
    }
    work->run = read_content;
    work->done = reply_content;
    return hr_data_work_start(req, work, err);
}
