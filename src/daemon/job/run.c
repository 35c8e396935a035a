/* What every handler of runs shares: finding them with the right to, names, JSON columns, folders.
 */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/job/private.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_MAX 255
#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

struct job hr_job;

enum hr_code hr_job_workspace(struct hr_rest *req,
                              enum hr_action action,
                              const char **id,
                              struct hr_err *err)
{
    struct hr_resource_row *row;
    const char *
        name = hr_rest_param(req, "workspace"),
       *asked = hr_printf(
           req->arena,
           "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
           hr_rest_param(req, "subscription"), hr_rest_param(req, "group"), name);
    HR_TRY(hr_rest_check(req, action, asked, err));
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, asked, &row, err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "workspace \"%.100s\" does not exist in resource group \"%.100s\"", name,
                       hr_rest_param(req, "group"));
    *id = row->id;
    return HR_OK;
}

static const char *param_or_null(const struct hr_rest *req, const char *name)
{
    for (size_t i = 0; i < req->param_count; i++)
        if (!strcmp(req->params[i].name, name))
            return req->params[i].value;
    return NULL;
}

enum hr_code hr_job_find(struct hr_rest *req,
                         enum hr_action action,
                         struct hr_run_row **row,
                         struct hr_err *err)
{
    return hr_job_find_named(req, action, hr_rest_param(req, "run"),
                             param_or_null(req, "experiment"), row, err);
}

enum hr_code hr_job_find_named(struct hr_rest *req,
                               enum hr_action action,
                               const char *id,
                               const char *experiment,
                               struct hr_run_row **row,
                               struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_job_workspace(req, action, &workspace, err));
    hr_runner_look(req->arena, workspace, id);
    HR_TRY(hr_store_run_get(req->site->store, req->arena, workspace, id, row, err));
    bool other = *row &&
                 experiment &&
                 strcasecmp((*row)->experiment, experiment) &&
                 strcasecmp((*row)->experiment_id, experiment);
    if (*row && !other)
        return HR_OK;
    if (experiment)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "run \"%.100s\" does not exist in experiment \"%.100s\"", id, experiment);
    return hr_fail(err, HR_E_NOT_FOUND, "run \"%.100s\" does not exist in workspace \"%.100s\"", id,
                   hr_rest_param(req, "workspace"));
}

enum hr_code hr_job_check_id(const char *what, const char *id, struct hr_err *err)
{
    size_t len = strlen(id);
    if (len && len <= ID_MAX && !id[strspn(id, ID_CHARACTERS)] && id[0] != '.' && id[0] != '-')
        return HR_OK;
    return hr_fail(
        err, HR_E_INVALID,
        "%s \"%.300s\" is not 1 to %d of letters, digits, '-', '_' and '.', a letter, digit or '_' first",
        what, id, ID_MAX);
}

enum hr_code hr_job_experiment(struct hr_rest *req,
                               const char *workspace,
                               const char *name,
                               bool make,
                               struct hr_experiment_row **row,
                               struct hr_err *err)
{
    struct hr_store *store = req->site->store;
    HR_TRY(hr_store_experiment_get(store, req->arena, workspace, name, row, err));
    if (*row)
        return HR_OK;
    if (!make)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "experiment \"%.100s\" does not exist in workspace \"%.100s\"", name,
                       hr_rest_param(req, "workspace"));
    HR_TRY(hr_job_check_id("experiment name", name, err));
    char *id = hr_arena_alloc(req->arena, 37);
    hr_uuid_new(id);
    *row = HR_NEW(req->arena, struct hr_experiment_row);
    **row = (struct hr_experiment_row){id, workspace, name, "{}", req->who.id, hr_clock_ms()};
    return hr_store_experiment_add(store, *row, err);
}

bool hr_job_ended(const char *status)
{
    return !strcmp(status, "Completed") || !strcmp(status, "Failed") || !strcmp(status, "Canceled");
}

json_t *hr_job_json(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    return json ? json : json_object();
}

const char *hr_job_dump(struct hr_arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    HR_CHECK(text);
    const char *copy = hr_strdup(arena, text);
    free(text);
    return copy;
}

/* Azure keeps texts: what a client sends as a number or a flag is kept as it would print */
static json_t *as_text(json_t *value)
{
    if (json_is_string(value))
        return json_incref(value);
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_t *made = json_string(text ? text : "");
    free(text);
    return made;
}

enum hr_code hr_job_merge(struct hr_arena *arena,
                          const char *what,
                          json_t *changes,
                          const char **text,
                          struct hr_err *err)
{
    if (!changes || json_is_null(changes))
        return HR_OK;
    if (!json_is_object(changes))
        return hr_fail(err, HR_E_INVALID, "\"%s\" is not an object", what);
    json_t *merged = hr_job_json(*text), *value;
    const char *name;
    enum hr_code code = HR_OK;
    json_object_foreach(changes, name, value)
    {
        json_t *kept = json_is_null(value) ? NULL : as_text(value);
        if (kept && json_string_length(kept) > JOB_TEXT_MAX)
            code = hr_fail(err, HR_E_LIMIT, "\"%s\" of \"%s\" is longer than %d bytes", name, what,
                           JOB_TEXT_MAX);
        if (kept)
            json_object_set_new(merged, name, kept);
        else
            json_object_del(merged, name);
    }
    if (!code && json_object_size(merged) > JOB_PROPERTIES_MAX)
        code =
            hr_fail(err, HR_E_LIMIT, "\"%s\" holds more than %d values", what, JOB_PROPERTIES_MAX);
    if (!code)
        *text = hr_job_dump(arena, merged);
    json_decref(merged);
    return code;
}

/* named by the number, not by the id, which a client chooses */
const char *hr_job_folder(struct hr_arena *arena, int64_t seq)
{
    return hr_printf(arena, "%s/runs/%lld", hr_job.site->home, (long long)seq);
}

const char *hr_job_log_path(struct hr_arena *arena, int64_t seq)
{
    return hr_printf(arena, "%s/user_logs/std_log.txt", hr_job_folder(arena, seq));
}
