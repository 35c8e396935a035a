/* MLflow's artifacts: the files of a run by the tracking server's address alone
 * ("mlflow-artifacts:/EXPERIMENT/RUN/artifacts/PATH"), since its client has no other. They are the
 * run's files like all others (artifact.c); their bytes pass through, by pieces, to and from the
 * account. */
#include "base/buf.h"
#include "base/clock.h"
#include "daemon/job/private.h"
#include "daemon/rest/relay.h"
#include "wire/uri.h"
#include <string.h>
#include <strings.h>

#define TRANSFER_MS ((int64_t)24 * 3600 * 1000)

struct place { /* what an address names; req->user while bytes pass */
    struct hr_run_row *row;
    const char *path; /* "" is the run's root */
};

/* ---- addresses ---- */

const char *hr_mlflow_location(struct hr_arena *arena, const char *experiment_id, const char *run)
{
    if (!run)
        return hr_printf(arena, "mlflow-artifacts:/%s", experiment_id);
    return hr_printf(arena, "mlflow-artifacts:/%s/%s/artifacts", experiment_id, run);
}

/* EXPERIMENT/RUN/artifacts[/PATH] */
static enum hr_code find_place(struct hr_rest *req,
                               enum hr_action action,
                               const char *text,
                               struct place *place,
                               struct hr_err *err)
{
    const char *run = strchr(text, '/'), *word = run ? strchr(run + 1, '/') : NULL;
    size_t len = word ? strcspn(word + 1, "/") : 0;
    if (!word || len != 9 || strncmp(word + 1, "artifacts", len))
        return hr_fail(err, HR_E_INVALID,
                       "artifact path \"%.300s\" is not below a run: EXPERIMENT/RUN/artifacts",
                       text);
    const char *experiment = hr_strndup(req->arena, text, (size_t)(run - text));
    const char *id = hr_strndup(req->arena, run + 1, (size_t)(word - run - 1));
    HR_TRY(hr_job_find_named(req, action, id, experiment, &place->row, err));
    place->path = word + 1 + len;
    place->path += *place->path == '/';
    return *place->path ? hr_job_check_artifact(place->path, err) : HR_OK;
}

static enum hr_code place_of_file(struct hr_rest *req,
                                  enum hr_action action,
                                  struct place **place,
                                  struct hr_err *err)
{
    *place = HR_NEW(req->arena, struct place);
    HR_TRY(find_place(req, action, hr_rest_param(req, "path"), *place, err));
    if (!*(*place)->path)
        return hr_fail(err, HR_E_INVALID, "the address names no file");
    /* MLflow's client does not encode names: behind a question mark it would be cut off */
    if (*hr_exchange_request(req->exchange)->query)
        return hr_fail(err, HR_E_INVALID,
                       "artifact names with \"?\" cannot be told from a query: rename the file");
    req->user = *place;
    return HR_OK;
}

/* ---- bytes ---- */

static const char *target_of(struct hr_rest *req,
                             const struct place *place,
                             const char *permissions,
                             const char *query,
                             struct hr_err *err)
{
    const char *url, *blob = hr_job_artifact_blob(req->arena, place->row, place->path);
    if (hr_storage_url(req->arena, HR_JOB_RUN_CONTAINER, blob, permissions, TRANSFER_MS, &url, err))
        return NULL;
    const char *path = strchr(strstr(url, "://") + 3, '/');
    return hr_printf(req->arena, "%s%s", path, query);
}

static enum hr_code pass(struct hr_rest *req,
                         const struct place *place,
                         struct hr_relay_call *call,
                         const char *permissions,
                         const char *query,
                         struct hr_err *err)
{
    call->failed = hr_mlflow_failed;
    call->target = target_of(req, place, permissions, query, err);
    return call->target ? hr_relay_start(req, call, err) : err->code;
}

static enum hr_code refused(const struct place *place,
                            int status,
                            const char *refusal,
                            struct hr_err *err)
{
    const char *why = refusal ? refusal : "";
    if (status == 404)
        return hr_fail(err, HR_E_NOT_FOUND, "run \"%s\" has no file \"%.300s\"", place->row->id,
                       place->path);
    if (status == 409)
        return hr_fail(
            err, HR_E_EXISTS,
            "\"%.300s\" cannot be a file of run \"%s\": a part of its path is one, or it is a folder (%s)",
            place->path, place->row->id, why);
    if (status == 400 || status == 413 || status == 416)
        return hr_fail(err, HR_E_INVALID,
                       "file \"%.300s\" of run \"%s\" is refused by the storage account: %s",
                       place->path, place->row->id, why);
    return hr_fail(err, HR_E_UNAVAILABLE, "the storage account answered %d %s", status, why);
}

static enum hr_code was_put(
    struct hr_rest *req, int status, const char *refusal, int64_t sent, struct hr_err *err)
{
    const struct place *place = req->user;
    if (status != 201)
        return refused(place, status, refusal, err);
    HR_TRY(hr_store_artifact_put(
        req->site->store,
        &(struct hr_artifact_row){place->row->seq, place->path, sent, hr_clock_ms()}, err));
    hr_rest_reply(req, 200, json_object());
    return HR_OK;
}

static enum hr_code put(struct hr_rest *req, struct hr_err *err)
{
    struct place *place;
    const char *length =
        hr_header_get(&hr_exchange_request(req->exchange)->headers, "content-length");
    const char *type = hr_header_get(&hr_exchange_request(req->exchange)->headers, "content-type");
    struct hr_header headers[] = {
        {"x-ms-blob-type", "BlockBlob", NULL},
        {"x-ms-blob-content-type", type ? type : "application/octet-stream", NULL},
        {"content-length", length, NULL}};
    HR_TRY(place_of_file(req, HR_ACT_WRITE, &place, err));
    struct hr_relay_call call = {
        .method = "PUT", .headers = {headers, length ? 3 : 2}, .done = was_put};
    return pass(req, place, &call, "cw", "", err);
}

static enum hr_code was_not_got(
    struct hr_rest *req, int status, const char *refusal, int64_t sent, struct hr_err *err)
{
    (void)sent;
    return refused(req->user, status, refusal, err);
}

static enum hr_code get(struct hr_rest *req, struct hr_err *err)
{
    struct place *place;
    const char *range = hr_header_get(&hr_exchange_request(req->exchange)->headers, "range");
    struct hr_header header = {"x-ms-range", range, NULL};
    HR_TRY(place_of_file(req, HR_ACT_READ, &place, err));
    struct hr_relay_call call = {
        .method = "GET", .headers = {&header, range ? 1 : 0}, .through = true, .done = was_not_got};
    return pass(req, place, &call, "r", "", err);
}

static enum hr_code was_removed(
    struct hr_rest *req, int status, const char *refusal, int64_t sent, struct hr_err *err)
{
    const struct place *place = req->user;
    (void)sent;
    if (status >= 300 && status != 404)
        return refused(place, status, refusal, err);
    HR_TRY(hr_store_artifact_remove(req->site->store, place->row->seq, place->path, err));
    hr_rest_reply(req, 200, json_object());
    return HR_OK;
}

static enum hr_code remove_all(struct hr_rest *req, struct hr_err *err)
{
    struct place *place;
    HR_TRY(place_of_file(req, HR_ACT_WRITE, &place, err));
    struct hr_relay_call call = {.method = "DELETE", .done = was_removed};
    return pass(req, place, &call, "d", "&recursive=true", err);
}

static enum hr_code answer(struct hr_rest *req, enum hr_code code, const struct hr_err *err)
{
    if (code)
        hr_mlflow_error(req, err);
    return HR_OK;
}

enum hr_code hr_mlflow_put(struct hr_rest *req, struct hr_err *err)
{
    return answer(req, put(req, err), err);
}

enum hr_code hr_mlflow_get(struct hr_rest *req, struct hr_err *err)
{
    return answer(req, get(req, err), err);
}

enum hr_code hr_mlflow_delete(struct hr_rest *req, struct hr_err *err)
{
    return answer(req, remove_all(req, err), err);
}

/* ---- lists ---- */

/* files and folders right below the path; a name is `front` and what follows the path */
static enum hr_code files_below(struct hr_rest *req,
                                const struct place *place,
                                bool whole_names,
                                json_t **files,
                                struct hr_err *err)
{
    struct hr_artifact_rows rows;
    size_t len = strlen(place->path);
    const char *last = "";
    HR_TRY(hr_store_artifact_list(req->site->store, req->arena, place->row->seq, &rows, err));
    *files = json_array();
    for (size_t i = 0; i < rows.count; i++) {
        const char *path = rows.at[i].path;
        if (len && (strncmp(path, place->path, len) || path[len] != '/'))
            continue;
        const char *below = len ? path + len + 1 : path;
        size_t part = strcspn(below, "/");
        const char *name = hr_strndup(req->arena, below, part);
        const char *shown =
            whole_names && len ? hr_printf(req->arena, "%s/%s", place->path, name) : name;
        if (below[part] && strcmp(name, last))
            json_array_append_new(*files, json_pack("{s:s, s:b}", "path", shown, "is_dir", 1));
        else if (!below[part])
            json_array_append_new(*files, json_pack("{s:s, s:b, s:I}", "path", shown, "is_dir", 0,
                                                    "file_size", (json_int_t)rows.at[i].size));
        last = below[part] ? name : last;
    }
    return HR_OK;
}

static enum hr_code list(struct hr_rest *req, struct hr_err *err)
{
    const char *path = hr_rest_query(req, "path");
    struct place place;
    json_t *files;
    HR_TRY(find_place(req, HR_ACT_READ, path ? path : "", &place, err));
    HR_TRY(files_below(req, &place, false, &files, err));
    hr_rest_reply(req, 200, json_pack("{s:o}", "files", files));
    return HR_OK;
}

enum hr_code hr_mlflow_list(struct hr_rest *req, struct hr_err *err)
{
    return answer(req, list(req, err), err);
}

/* the tracking API's own list: paths from the run's root */
enum hr_code hr_mlflow_artifacts(struct hr_rest *req, struct hr_err *err)
{
    const char *path = hr_rest_query(req, "path"), *id = hr_rest_query(req, "run_id");
    struct place place = {.path = path ? path : ""};
    json_t *files;
    HR_TRY(hr_job_find_named(req, HR_ACT_READ, id ? id : "", NULL, &place.row, err));
    if (*place.path)
        HR_TRY(hr_job_check_artifact(place.path, err));
    HR_TRY(files_below(req, &place, true, &files, err));
    hr_rest_reply(req, 200,
                  json_pack("{s:s, s:o}", "root_uri",
                            hr_mlflow_location(req->arena, place.row->experiment_id, place.row->id),
                            "files", files));
    return HR_OK;
}
