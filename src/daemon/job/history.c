/* Run history: experiments, runs, their details, tags and logs; how interactive runs begin and end.
 */
#include "base/clock.h"
#include "base/check.h"
#include "daemon/job/private.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- experiments ---- */

enum hr_code hr_experiment_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_rows rows;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_experiment_list(req->site->store, req->arena, workspace, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, hr_view_experiment(&rows.at[i], req->arena));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_experiment_query(struct hr_rest *req, struct hr_err *err)
{
    const char *filter = hr_rest_string(req, "filter");
    if (filter && *filter)
        return hr_fail(err, HR_E_UNSUPPORTED, "\"filter\" of experiments:query is not supported");
    return hr_experiment_list(req, err);
}

enum hr_code hr_experiment_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_job_experiment(req, workspace, hr_rest_param(req, "experiment"), false, &row, err));
    hr_rest_reply(req, 200, hr_view_experiment(row, req->arena));
    return HR_OK;
}

enum hr_code hr_experiment_post(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_experiment(req, workspace, hr_rest_param(req, "experiment"), true, &row, err));
    hr_rest_reply(req, 200, hr_view_experiment(row, req->arena));
    return HR_OK;
}

/* ---- lists of runs ---- */

static enum hr_code list(
    struct hr_rest *req, const char *experiment, int limit, int64_t before, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_row *row = NULL;
    struct hr_run_rows rows;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    if (experiment)
        HR_TRY(hr_job_experiment(req, workspace, experiment, false, &row, err));
    limit = limit > 0 && limit < JOB_LIST_MAX ? limit : JOB_LIST_MAX;
    HR_TRY(hr_store_run_list(req->site->store, req->arena, workspace, row ? row->id : NULL, before,
                             limit, &rows, err));
    json_t *value = json_array(), *page = json_pack("{s:o}", "value", value);
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(value, hr_view_run(req, &rows.at[i]));
    if ((int)rows.count == limit)
        json_object_set_new(page, "continuationToken",
                            json_sprintf("%lld", (long long)rows.at[rows.count - 1].seq));
    hr_rest_reply(req, 200, page);
    return HR_OK;
}

static int64_t number_of(const char *text)
{
    return text ? strtoll(text, NULL, 10) : 0;
}

/* newest first; ?$top=N&continuationToken=… */
enum hr_code hr_run_list(struct hr_rest *req, struct hr_err *err)
{
    const char *experiment =
        strstr(req->route->pattern, "{experiment}") ? hr_rest_param(req, "experiment") : NULL;
    return list(req, experiment, (int)number_of(hr_rest_query(req, "$top")),
                number_of(hr_rest_query(req, "continuationToken")), err);
}

enum hr_code hr_run_query(struct hr_rest *req, struct hr_err *err)
{
    const char *filter = hr_rest_string(req, "filter"), *order = hr_rest_string(req, "orderBy");
    if (filter && *filter)
        return hr_fail(err, HR_E_UNSUPPORTED, "\"filter\" of runs:query is not supported");
    if (order && *order)
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "\"orderBy\" of runs:query is not supported: runs come newest first");
    const char *experiment =
        strstr(req->route->pattern, "{experiment}") ? hr_rest_param(req, "experiment") : NULL;
    return list(req, experiment, (int)json_integer_value(json_object_get(req->body, "top")),
                number_of(hr_rest_string(req, "continuationToken")), err);
}

/* ---- one run ---- */

enum hr_code hr_run_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    hr_rest_reply(req, 200, hr_view_run(req, row));
    return HR_OK;
}

enum hr_code hr_run_details(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    hr_rest_reply(req, 200, hr_view_details(req, row));
    return HR_OK;
}

/* POST rundata {runId, selectRunMetadata…}: what azure-ai-ml asks for */
enum hr_code hr_run_data(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *id = hr_rest_string(req, "runId");
    struct hr_run_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_run_get(req->site->store, req->arena, workspace, id ? id : "", &row, err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND, "run \"%.100s\" does not exist", id ? id : "");
    hr_rest_reply(req, 200, json_pack("{s:o}", "runMetadata", hr_view_run(req, row)));
    return HR_OK;
}

enum hr_code hr_run_children(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    hr_rest_reply(req, 200, json_pack("{s:[]}", "value"));
    return HR_OK;
}

enum hr_code hr_run_cancel(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    HR_TRY(hr_runner_cancel(req->arena, row,
                            hr_printf(req->arena, "cancelled by %s", req->who.name), err));
    hr_rest_reply(req, 200, hr_view_run(req, row));
    return HR_OK;
}

/* ---- changes ---- */

static enum hr_code start_interactive(struct hr_rest *req,
                                      struct hr_run_row **row,
                                      struct hr_err *err)
{
    const char *workspace, *id = hr_rest_param(req, "run");
    struct hr_experiment_row *experiment;
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_check_id("run id", id, err));
    HR_TRY(hr_job_experiment(req, workspace, hr_rest_param(req, "experiment"), true, &experiment,
                             err));
    int64_t now = hr_clock_ms();
    *row = HR_NEW(req->arena, struct hr_run_row);
    **row = (struct hr_run_row){.workspace = workspace,
                                .id = id,
                                .experiment_id = experiment->id,
                                .experiment = experiment->name,
                                .kind = "interactive",
                                .status = "Running",
                                .owner = req->who.id,
                                .spec = "{}",
                                .properties = "{}",
                                .tags = "{}",
                                .params = "{}",
                                .created_ms = now,
                                .started_ms = now};
    return hr_store_run_add(req->site->store, *row, err);
}

/* an interactive run's state is what its notebook says; a script run's is what its runner says */
static enum hr_code set_status(struct hr_run_row *row,
                               const char *status,
                               const char *error,
                               struct hr_err *err)
{
    if (!strcmp(row->kind, "script"))
        return hr_fail(
            err, HR_E_INVALID,
            "the status of run \"%s\" is set by what its script does: cancel it to end it",
            row->id);
    if (row->ended_ms && strcmp(row->status, status))
        return hr_fail(err, HR_E_EXISTS, "run \"%s\" has ended: it is %s", row->id, row->status);
    static const char *const known[] = {"NotStarted", "Preparing", "Running", "Finalizing",
                                        "Completed",  "Failed",    "Canceled"};
    for (size_t i = 0; i < HR_LEN(known); i++)
        if (!strcasecmp(known[i], status)) {
            row->status = known[i];
            if (hr_job_ended(row->status) && !row->ended_ms)
                row->ended_ms = hr_clock_ms();
            if (error)
                row->error = error;
            return HR_OK;
        }
    return hr_fail(err, HR_E_INVALID, "\"%.50s\" is not a run's status", status);
}

/* Azure's ErrorResponse {error: {code, message}} as we keep it */
static const char *error_of(struct hr_arena *arena, const json_t *response)
{
    json_t *error = json_object_get(response, "error");
    if (!json_is_object(error))
        return NULL;
    json_t *kept = json_pack("{s:O?, s:O?}", "code", json_object_get(error, "code"), "message",
                             json_object_get(error, "message"));
    const char *text = hr_job_dump(arena, kept);
    json_decref(kept);
    return text;
}

/* names that are taken up, or say nothing that could be lost */
static const char *const patchable[] = {
    "runId",      "status",          "displayName", "name",       "description",  "tags",
    "properties", "parameters",      "error",       "endTimeUtc", "startTimeUtc", "experimentId",
    "runType",    "dataContainerId", "target"};

static enum hr_code change(struct hr_rest *req, struct hr_run_row *row, struct hr_err *err)
{
    json_t *body = req->body, *value;
    const char *name, *status = hr_rest_string(req, "status");
    json_object_foreach(body, name, value)
    {
        bool found = json_is_null(value);
        for (size_t i = 0; i < HR_LEN(patchable) && !found; i++)
            found = !strcmp(patchable[i], name);
        if (!found)
            return hr_fail(err, HR_E_UNSUPPORTED, "\"%s\" of a run cannot be changed", name);
    }
    HR_TRY(hr_job_merge(req->arena, "tags", json_object_get(body, "tags"), &row->tags, err));
    HR_TRY(hr_job_merge(req->arena, "properties", json_object_get(body, "properties"),
                        &row->properties, err));
    HR_TRY(hr_job_merge(req->arena, "parameters", json_object_get(body, "parameters"), &row->params,
                        err));
    const char *shown = hr_rest_string(req, "displayName") ? hr_rest_string(req, "displayName")
                                                           : hr_rest_string(req, "name");
    if (shown)
        row->name = shown;
    if (status && strcasecmp(status, row->status))
        HR_TRY(set_status(row, status, error_of(req->arena, json_object_get(body, "error")), err));
    return hr_store_run_update(req->site->store, row, err);
}

/* changes a run; by an experiment's name it makes an interactive one that is not there */
enum hr_code hr_run_patch(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row = NULL;
    enum hr_code code = hr_job_find(req, HR_ACT_WRITE, &row, err);
    if (code == HR_E_NOT_FOUND && !row && strstr(req->route->pattern, "{experiment}"))
        code = start_interactive(req, &row, err);
    HR_TRY(code);
    if (req->body)
        HR_TRY(change(req, row, err));
    hr_rest_reply(req, 200, hr_view_run(req, row));
    return HR_OK;
}

/* {"event": {"name": "Microsoft.MachineLearning.Run.Completed"}}: as Azure's v1 package ends a run
 */
enum hr_code hr_run_event(struct hr_rest *req, struct hr_err *err)
{
    static const struct {
        const char *name, *status;
    } events[] = {
        {"Microsoft.MachineLearning.Run.Start", "Running"},
        {"Microsoft.MachineLearning.Run.Completed", "Completed"},
        {"Microsoft.MachineLearning.Run.Failed", "Failed"},
        {"Microsoft.MachineLearning.Run.Canceled", "Canceled"},
        {"Microsoft.MachineLearning.Run.Heartbeat", NULL},
    };
    struct hr_run_row *row;
    json_t *event =
        json_object_get(req->body, "event") ? json_object_get(req->body, "event") : req->body;
    const char *name = json_string_value(json_object_get(event, "name"));
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    for (size_t i = 0; i < HR_LEN(events) && name; i++) {
        if (strcasecmp(events[i].name, name))
            continue;
        if (events[i].status) {
            HR_TRY(set_status(row, events[i].status,
                              error_of(req->arena, json_object_get(event, "data")), err));
            HR_TRY(hr_store_run_update(req->site->store, row, err));
        }
        hr_rest_reply(req, 200, json_object());
        return HR_OK;
    }
    return hr_fail(err, HR_E_UNSUPPORTED, "event \"%.100s\" is not known", name ? name : "");
}

/* ---- the log ---- */

static void send_bytes(struct hr_rest *req, const char *bytes, size_t len)
{
    struct hr_header headers[] = {{"content-type", "text/plain; charset=utf-8"},
                                  {"cache-control", "no-store"},
                                  {"x-content-type-options", "nosniff"}};
    req->sent = true;
    hr_exchange_reply_headers(req->exchange, 200, &(struct hr_headers){headers, HR_LEN(headers)},
                              bytes, len);
}

/* what the script has printed, from ?offset=N on, at most JOB_LOG_PIECE of it. The address carries
 * the run's own key, and opens nothing else. */
enum hr_code hr_run_log(struct hr_rest *req, struct hr_err *err)
{
    const char *key = hr_rest_param(req, "key"), *offset = hr_rest_query(req, "offset");
    const char *workspace = hr_printf(
        req->arena,
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
        hr_rest_param(req, "subscription"), hr_rest_param(req, "group"),
        hr_rest_param(req, "workspace"));
    struct hr_run_row *row;
    HR_TRY(hr_store_run_get(req->site->store, req->arena, workspace, hr_rest_param(req, "run"),
                            &row, err));
    size_t len = row && row->log_key ? strlen(row->log_key) : 0;
    unsigned char differs = (unsigned char)(!len || strlen(key) != len);
    for (size_t i = 0; !differs && i < len; i++)
        differs |= (unsigned char)(key[i] ^ row->log_key[i]);
    if (differs)
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the log's address is not valid: ask for the run's details again");
    int fd = open(hr_job_log_path(req->arena, row->seq), O_RDONLY | O_CLOEXEC);
    char *bytes = fd < 0 ? NULL : hr_arena_alloc(req->arena, JOB_LOG_PIECE);
    ssize_t got =
        fd < 0 ? 0 : pread(fd, bytes, JOB_LOG_PIECE, offset ? strtoll(offset, NULL, 10) : 0);
    if (fd >= 0)
        close(fd);
    send_bytes(req, bytes ? bytes : "", got > 0 ? (size_t)got : 0);
    return HR_OK;
}
