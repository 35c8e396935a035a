/* What runs leave: files in the storage account, under ExperimentRun/dcid.RUN. The record of them
 * is here, the bytes are not: clients get addresses with a shared access signature and fetch, or
 * put, the bytes themselves. */
#include "base/clock.h"
#include "daemon/job/private.h"
#include <string.h>

#define READ_MS ((int64_t)3600 * 1000)
#define WRITE_MS ((int64_t)24 * 3600 * 1000)
#define PATH_LONGEST 800 /* the account's names end at 1024, and ours begins with the run's */
#define BATCH_MAX 2000

const char *hr_job_artifact_blob(struct hr_arena *arena,
                                 const struct hr_run_row *row,
                                 const char *path)
{
    return hr_printf(arena, "ExperimentRun/dcid.%s/%s", row->id, path);
}

enum hr_code hr_job_check_artifact(const char *path, struct hr_err *err)
{
    size_t len = path ? strlen(path) : 0;
    bool inside =
        len && len <= PATH_LONGEST && path[0] != '/' && path[len - 1] != '/' && !strchr(path, '\\');
    for (const char *at = path; inside && at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
        size_t part = strcspn(at, "/");
        inside = part && strncmp(at, ".", part) && !(part == 2 && !strncmp(at, "..", 2));
    }
    return inside ? HR_OK
                  : hr_fail(err, HR_E_INVALID,
                            "artifact path \"%.300s\" is not a relative path of at most %d bytes",
                            path ? path : "", PATH_LONGEST);
}

static json_t *artifact_view(struct hr_rest *req,
                             const struct hr_run_row *row,
                             const struct hr_artifact_row *artifact)
{
    return json_pack("{s:o, s:s, s:o, s:s, s:s, s:I}", "artifactId",
                     json_sprintf("ExperimentRun/dcid.%s/%s", row->id, artifact->path), "origin",
                     "ExperimentRun", "container", json_sprintf("dcid.%s", row->id), "path",
                     artifact->path, "createdTime", hr_view_iso(req->arena, artifact->created_ms),
                     "contentLength", (json_int_t)artifact->size);
}

static enum hr_code info_view(struct hr_rest *req,
                              const struct hr_run_row *row,
                              const char *path,
                              const char *permissions,
                              int64_t lasts,
                              json_t **view,
                              struct hr_err *err)
{
    const char *url;
    HR_TRY(hr_storage_url(req->arena, HR_JOB_RUN_CONTAINER,
                          hr_job_artifact_blob(req->arena, row, path), permissions, lasts, &url,
                          err));
    *view = json_pack("{s:s, s:s, s:o, s:s}", "contentUri", url, "origin", "ExperimentRun",
                      "container", json_sprintf("dcid.%s", row->id), "path", path);
    return HR_OK;
}

enum hr_code hr_artifact_list(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    struct hr_artifact_rows rows;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    HR_TRY(hr_store_artifact_list(req->site->store, req->arena, row->seq, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, artifact_view(req, row, &rows.at[i]));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_artifact_info(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    struct hr_artifact_rows rows;
    const char *path = hr_rest_query(req, "path");
    json_t *view;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    HR_TRY(hr_job_check_artifact(path, err));
    HR_TRY(hr_store_artifact_list(req->site->store, req->arena, row->seq, &rows, err));
    for (size_t i = 0; i < rows.count; i++)
        if (!strcmp(rows.at[i].path, path)) {
            HR_TRY(info_view(req, row, path, "r", READ_MS, &view, err));
            hr_rest_reply(req, 200, view);
            return HR_OK;
        }
    return hr_fail(err, HR_E_NOT_FOUND, "run \"%s\" has no file \"%.300s\"", row->id, path);
}

enum hr_code hr_artifact_prefix_info(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    struct hr_artifact_rows rows;
    const char *prefix = hr_rest_query(req, "path");
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    HR_TRY(hr_store_artifact_list(req->site->store, req->arena, row->seq, &rows, err));
    json_t *list = json_array(), *view;
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < rows.count && !code; i++) {
        if (prefix && strncmp(rows.at[i].path, prefix, strlen(prefix)))
            continue;
        code = info_view(req, row, rows.at[i].path, "r", READ_MS, &view, err);
        if (!code)
            json_array_append_new(list, view);
    }
    if (code)
        json_decref(list);
    else
        hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return code;
}

static enum hr_code add(struct hr_rest *req,
                        const struct hr_run_row *row,
                        json_t *item,
                        json_t *artifacts,
                        json_t *infos,
                        struct hr_err *err)
{
    const char *path = json_string_value(json_object_get(item, "path"));
    HR_TRY(hr_job_check_artifact(path, err));
    struct hr_artifact_row artifact = {
        row->seq, path, json_integer_value(json_object_get(item, "contentLength")), hr_clock_ms()};
    json_t *view;
    HR_TRY(hr_store_artifact_put(req->site->store, &artifact, err));
    HR_TRY(info_view(req, row, path, "cw", WRITE_MS, &view, err));
    json_object_set_new(infos, path, view);
    json_object_set_new(artifacts, path, artifact_view(req, row, &artifact));
    return HR_OK;
}

/* records paths and answers with addresses to put them at; recording one again gives a new address
 */
enum hr_code hr_artifact_create(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *paths = json_object_get(req->body, "paths"), *item, *artifacts, *infos;
    size_t i;
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    if (!json_is_array(paths) || json_array_size(paths) > BATCH_MAX)
        return hr_fail(err, HR_E_INVALID, "\"paths\" is not a list of at most %d", BATCH_MAX);
    artifacts = json_object();
    infos = json_object();
    enum hr_code code = hr_store_begin(req->site->store, err);
    json_array_foreach(paths, i, item) if (!code) code = add(req, row, item, artifacts, infos, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code) {
        hr_store_rollback(req->site->store);
        json_decref(artifacts);
        json_decref(infos);
        return code;
    }
    hr_rest_reply(req, 200,
                  json_pack("{s:o, s:o, s:{}}", "artifacts", artifacts,
                            "artifactContentInformation", infos, "errors"));
    return HR_OK;
}
