/* Runs as Azure shows them: run history's Run and RunDetails, ARM's job. */
#include "base/clock.h"
#include "base/check.h"
#include "daemon/job/private.h"
#include <string.h>

const char *hr_view_iso(struct hr_arena *arena, int64_t ms)
{
    if (!ms)
        return NULL;
    char *text = hr_arena_alloc(arena, 32);
    hr_clock_iso8601(ms, text);
    return text;
}

static json_t *user_view(struct hr_rest *req, const char *id)
{
    struct hr_principal who;
    bool known = !hr_identity_find(req->site->identity, id, &who, NULL);
    return json_pack("{s:s, s:s, s:s}", "userObjectId", id, "userTenantId",
                     hr_identity_tenant(req->site->identity), "userName", known ? who.name : id);
}

/* our {code, message, traceback} as Azure's ErrorResponse */
static json_t *error_view(const struct hr_run_row *row)
{
    if (!row->error)
        return json_null();
    json_t *ours = hr_job_json(row->error), *trace = json_object_get(ours, "traceback");
    json_t *error = json_pack("{s:O?, s:O?}", "code", json_object_get(ours, "code"), "message",
                              json_object_get(ours, "message"));
    if (json_is_string(trace))
        json_object_set_new(error, "debugInfo", json_pack("{s:O}", "stackTrace", trace));
    json_decref(ours);
    return json_pack("{s:o}", "error", error);
}

static json_t *inputs_view(const json_t *spec)
{
    json_t *list = json_array(), *input;
    const char *name;
    json_object_foreach(json_object_get(spec, "inputs"), name, input)
    {
        const char *uri = json_string_value(json_object_get(input, "uri")),
                   *mode = json_string_value(json_object_get(input, "mode"));
        if (!uri)
            continue;
        const char *mechanism = mode && strstr(mode, "Mount")     ? "Mount"
                                : mode && !strcmp(mode, "Direct") ? "Direct"
                                                                  : "Download";
        json_array_append_new(
            list, json_pack("{s:{s:O?, s:O?, s:O?}, s:s, s:{s:s, s:s, s:O?}, s:s}", "identifier",
                            "savedId", json_object_get(input, "datasetId"), "registeredId",
                            json_object_get(input, "datasetName"), "registeredVersion",
                            json_object_get(input, "datasetVersion"), "consumptionType", "RunInput",
                            "inputDetails", "inputName", name, "mechanism", mechanism,
                            "pathOnCompute", json_object_get(input, "pathOnCompute"), "uri", uri));
    }
    return list;
}

static json_t *duration_view(const struct hr_run_row *row)
{
    if (!row->started_ms || !row->ended_ms)
        return json_null();
    long long ms = (long long)(row->ended_ms - row->started_ms);
    return json_sprintf("%02lld:%02lld:%02lld.%03lld", ms / 3600000, ms / 60000 % 60,
                        ms / 1000 % 60, ms % 1000);
}

static const char *type_of(const struct hr_run_row *row)
{
    return strcmp(row->kind, "script") ? "azureml.interactive" : "azureml.scriptrun";
}

json_t *hr_view_run(struct hr_rest *req, const struct hr_run_row *row)
{
    struct hr_arena *arena = req->arena;
    json_t *spec = hr_job_json(row->spec);
    json_t *view = json_pack(
        "{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s, s:s?, s:s?, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:O}",
        "runId", row->id, "runNumber", (json_int_t)row->number, "rootRunId", row->id, "runUuid",
        row->id, "experimentId", row->experiment_id, "experimentName", row->experiment, "status",
        row->status, "displayName", row->name ? row->name : row->id, "scriptName", row->script,
        "target", row->compute, "createdUtc", hr_view_iso(arena, row->created_ms), "startTimeUtc",
        hr_view_iso(arena, row->started_ms), "endTimeUtc", hr_view_iso(arena, row->ended_ms),
        "createdBy", user_view(req, row->owner), "userId", row->owner, "properties",
        hr_job_json(row->properties), "tags", hr_job_json(row->tags), "parameters",
        hr_job_json(row->params), "error", error_view(row), "inputDatasets", inputs_view(spec),
        "duration", duration_view(row), "runType", type_of(row), "hidden", 0, "runDefinition",
        spec);
    json_decref(spec);
    HR_CHECK(view);
    json_object_set_new(view, "dataContainerId", json_sprintf("dcid.%s", row->id));
    return view;
}

/* the log's address carries its own key, as Azure's carry a SAS: clients fetch it without a token
 */
static json_t *logs_view(struct hr_rest *req, const struct hr_run_row *row)
{
    json_t *logs = json_object();
    if (!strcmp(row->kind, "script"))
        json_object_set_new(logs, "user_logs/std_log.txt",
                            json_sprintf("%s/history/v1.0%s/runs/%s/log/%s", req->origin,
                                         row->workspace, row->id, row->log_key));
    return logs;
}

json_t *hr_view_details(struct hr_rest *req, const struct hr_run_row *row)
{
    json_t *view = hr_view_run(req, row);
    json_object_set_new(view, "createdTimeUtc",
                        json_string(hr_view_iso(req->arena, row->created_ms)));
    json_object_set_new(view, "logFiles", logs_view(req, row));
    json_object_set_new(view, "warnings", json_array());
    return view;
}

static json_t *service(const char *kind, json_t *endpoint)
{
    return json_pack("{s:s, s:o}", "jobServiceType", kind, "endpoint", endpoint);
}

json_t *hr_view_job(struct hr_rest *req, const struct hr_run_row *row)
{
    static const char *const shown[] = {
        "command",   "codeId",   "environmentId", "environmentVariables",
        "inputs",    "outputs",  "description",   "limits",
        "resources", "identity", "distribution"};
    json_t *spec = hr_job_json(row->spec), *properties = json_object();
    for (size_t i = 0; i < HR_LEN(shown); i++)
        if (json_object_get(spec, shown[i]))
            json_object_set(properties, shown[i], json_object_get(spec, shown[i]));
    json_decref(spec);
    if (!json_object_get(properties, "command"))
        json_object_set_new(properties, "command", json_string(""));
    json_t *services = json_object();
    json_object_set_new(services, "Studio",
                        service("Studio", json_sprintf("%s/studio/runs/%s", req->origin, row->id)));
    json_object_set_new(
        services, "Tracking",
        service("Tracking", json_sprintf("%s/mlflow/v1.0%s", req->origin, row->workspace)));
    json_object_update_new(
        properties,
        json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:b, s:o, s:o}", "jobType", "Command",
                  "status", row->status, "displayName", row->name ? row->name : row->id,
                  "experimentName", row->experiment, "computeId", row->compute, "properties",
                  hr_job_json(row->properties), "tags", hr_job_json(row->tags), "isArchived", 0,
                  "services", services, "parameters", hr_job_json(row->params)));
    struct hr_principal who;
    bool known = !hr_identity_find(req->site->identity, row->owner, &who, NULL);
    json_t *view =
        json_pack("{s:o, s:s, s:s, s:o, s:{s:s, s:s, s:s}}", "id",
                  json_sprintf("%s/jobs/%s", row->workspace, row->id), "name", row->id, "type",
                  "Microsoft.MachineLearningServices/workspaces/jobs", "properties", properties,
                  "systemData", "createdAt", hr_view_iso(req->arena, row->created_ms), "createdBy",
                  known ? who.name : row->owner, "createdByType", "User");
    HR_CHECK(view);
    return view;
}

json_t *hr_view_experiment(const struct hr_experiment_row *row, struct hr_arena *arena)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:s}", "experimentId", row->id, "name", row->name,
                     "createdUtc", hr_view_iso(arena, row->created_ms), "tags",
                     hr_job_json(row->tags), "artifactLocation", "");
}
