/* A version's manifest for its readers: the files as they were when it was saved, and what reaches
 * them now. */
#include "base/check.h"
#include "daemon/data/private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

struct unpacking {
    const char *head; /* the answer up to the files */
    const void *files;
    size_t files_size, files_len;
    const char **roots; /* where its datastores point now; NULL at the end */
    char *text;         /* the whole answer, malloc'ed */
    size_t len;
};

/* A datastore that was registered anew for another container reaches none of the files: said here,
 * not by each read's refusal */
static enum hr_code check_roots(const struct unpacking *what, const char *files, struct hr_err *err)
{
    static const char key[] = "\"url\":\"";
    const char *url = strstr(files, key), *place = url ? strstr(url, "://") : NULL;
    for (size_t i = 0; place && what->roots[i]; i++) {
        const char *root = strstr(what->roots[i], "://");
        size_t account = strcspn(root, ".");
        if (!strncmp(root, place, account + 1))
            return HR_OK;
    }
    if (!place)
        return HR_OK;
    hr_fail(err, HR_E_CHANGED,
            "the dataset's files are in '%.*s', and its datastores point elsewhere since",
            (int)strcspn(url + strlen(key), "/") + 2 + (int)strcspn(place + 3, "/"),
            url + strlen(key));
    return hr_fail_hint(err, "register the datastore as it was, or the dataset again");
}

/* 100,000 files unpack to some 20 MB: not on the loop's thread */
static enum hr_code unpack(struct data_work *work, struct hr_err *err)
{
    struct unpacking *what = work->arg;
    size_t head = strlen(what->head);
    what->text = hr_arena_alloc(work->arena, head + what->files_len + 2);
    memcpy(what->text, what->head, head);
    size_t got = ZSTD_decompress(what->text + head, what->files_len, what->files, what->files_size);
    if (ZSTD_isError(got) || got != what->files_len)
        return hr_fail(err, HR_E_IO, "the stored manifest cannot be unpacked");
    strcpy(what->text + head + got, "}");
    what->len = head + got + 1;
    return check_roots(what, what->text + head, err);
}

static enum hr_code unpacked(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    struct unpacking *what = work->arg;
    (void)err;
    hr_rest_reply_text(req, 200, what->text, what->len);
    return HR_OK;
}

enum hr_code hr_data_set_storage(struct hr_rest *req,
                                 const char *workspace,
                                 const struct hr_dataset_row *row,
                                 json_t **storage,
                                 struct hr_err *err)
{
    struct data_definition definition;
    HR_TRY(hr_data_definition_of(req, workspace, row->type, row->definition, &definition, err));
    const struct hr_datastore_row **rows =
        HR_NEW_ARRAY(req->arena, const struct hr_datastore_row *, definition.count);
    size_t count = 0;
    for (size_t i = 0; i < definition.count; i++) {
        bool there = false;
        for (size_t k = 0; k < count; k++)
            there = there || !strcmp(rows[k]->name, definition.paths[i].store->name);
        if (!there)
            rows[count++] = definition.paths[i].store;
    }
    return hr_data_storage(req, workspace, rows, count, false, storage, err);
}

static enum hr_code roots_of(struct hr_rest *req,
                             const char *workspace,
                             const struct hr_dataset_row *row,
                             struct hr_arena *arena,
                             const char ***roots,
                             struct hr_err *err)
{
    struct data_definition definition;
    HR_TRY(hr_data_definition_of(req, workspace, row->type, row->definition, &definition, err));
    *roots = HR_NEW_ARRAY(arena, const char *, definition.count + 1);
    for (size_t i = 0; i < definition.count; i++)
        (*roots)[i] = hr_data_location(arena, definition.paths[i].store, "");
    return HR_OK;
}

static const char *head_of(struct hr_rest *req, const struct hr_dataset_row *row, json_t *storage)
{
    json_t *definition = hr_data_json(row->definition);
    json_t *head = json_pack(
        "{s:s, s:s?, s:o, s:s, s:s, s:I, s:I, s:o, s:o}", "id", row->id, "name", row->name,
        "version", json_sprintf("%lld", (long long)row->version), "savedDatasetId", row->saved,
        "type", row->type, "fileCount", row->file_count, "size", row->bytes, "transformations",
        json_incref(json_object_get(definition, "transformations")), "storage", storage);
    HR_CHECK(head);
    json_decref(definition);
    char *text = json_dumps(head, JSON_COMPACT);
    json_decref(head);
    text[strlen(text) - 1] = 0; /* its closing brace */
    const char *copy = hr_printf(req->arena, "%s,\"files\":", text);
    free(text);
    return copy;
}

enum hr_code hr_data_set_manifest(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    struct hr_saved_row *saved;
    json_t *storage;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    HR_TRY(hr_data_set_storage(req, workspace, row, &storage, err));
    const char *head = head_of(req, row, storage);
    struct data_work *work = hr_data_work_new();
    enum hr_code code =
        hr_store_saved_get(req->site->store, work->arena, workspace, row->saved, &saved, err);
    if (!code && !saved)
        code = hr_fail(err, HR_E_NOT_FOUND, "the manifest of dataset \"%s\" is not there", row->id);
    const char **roots = NULL;
    if (!code)
        code = roots_of(req, workspace, row, work->arena, &roots, err);
    if (code) {
        hr_data_work_free(work);
        return code;
    }
    struct unpacking *what = HR_NEW(work->arena, struct unpacking);
    *what = (struct unpacking){.roots = roots,
                               .head = hr_strdup(work->arena, head),
                               .files = saved->files,
                               .files_size = saved->files_size,
                               .files_len = (size_t)saved->files_len};
    work->arg = what;
    work->run = unpack;
    work->done = unpacked;
    return hr_data_work_start(req, work, err);
}

enum hr_code hr_data_set_access(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    json_t *storage;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    HR_TRY(hr_data_set_storage(req, workspace, row, &storage, err));
    hr_rest_reply(req, 200, storage);
    return HR_OK;
}
