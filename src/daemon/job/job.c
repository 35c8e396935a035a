/* ARM v2 jobs: how a script run is submitted, listed, cancelled, removed. Only command jobs on the
 * local compute run; every property of a command job is honoured or refused by its name. */
#include "base/check.h"
#include "base/clock.h"
#include "base/hex.h"
#include "daemon/job/private.h"
#include "io/file.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOCAL "local"
#define ENVIRONMENT \
    "headrace-local" /* the one environment: this server's own Python, or one that a run names */
#define COMMAND_MAX (64 * 1024)
#define INPUTS_MAX 100

/* ---- what a command job may say ---- */

static bool empty(const json_t *value)
{
    return !value ||
           json_is_null(value) ||
           (json_is_object(value) && !json_object_size(value)) ||
           (json_is_array(value) && !json_array_size(value)) ||
           (json_is_string(value) && !json_string_length(value)) ||
           json_is_false(value);
}

/* taken up below, or without meaning for a run that is submitted (what a server fills in) */
static const char *const known[] = {
    "jobType", "experimentName", "displayName",   "description",
    "command", "codeId",         "environmentId", "environmentVariables",
    "inputs",  "outputs",        "computeId",     "limits",
    "tags",    "properties",     "resources",     "identity",
    "status",  "isArchived",     "parameters",    "services"};

static enum hr_code refuse_others(const json_t *properties, struct hr_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)properties, name, value)
    {
        bool found = false;
        for (size_t i = 0; i < HR_LEN(known) && !found; i++)
            found = !strcmp(known[i], name);
        if (!found && !empty(value))
            return hr_fail(err, HR_E_UNSUPPORTED, "\"%s\" of a job is not supported", name);
    }
    return HR_OK;
}

static enum hr_code check_kind(const json_t *properties, struct hr_err *err)
{
    const char *kind = json_string_value(json_object_get(properties, "jobType"));
    if (!kind || strcasecmp(kind, "Command"))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "job type \"%.50s\" is not supported: only \"Command\" is",
                       kind ? kind : "");
    return refuse_others(properties, err);
}

/* "local", or the id or name of an attached Spark pool: then the script gets a Spark session of it
 */
static enum hr_code check_compute(struct hr_rest *req,
                                  const char *workspace,
                                  const json_t *properties,
                                  json_t *spec,
                                  const char **compute,
                                  struct hr_err *err)
{
    const char *text = json_string_value(json_object_get(properties, "computeId"));
    const char *name = text && strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
    struct hr_resource_row *row;
    *compute = LOCAL;
    if (!name || !*name || !strcasecmp(name, LOCAL))
        return HR_OK;
    HR_TRY(hr_store_resource_get(req->site->store, req->arena,
                                 hr_printf(req->arena, "%s/computes/%s", workspace, name), &row,
                                 err));
    if (!row)
        return hr_fail(
            err, HR_E_NOT_FOUND,
            "compute \"%.100s\" does not exist in workspace \"%.100s\": there is \"local\", and what is attached",
            name, hr_rest_param(req, "workspace"));
    *compute = row->name;
    return hr_pool_resolve(req->arena, workspace, row, spec, err);
}

static enum hr_code check_environment(const json_t *properties, struct hr_err *err)
{
    const char *text = json_string_value(json_object_get(properties, "environmentId"));
    if (!text || !*text || strcasestr(text, ENVIRONMENT))
        return HR_OK;
    return hr_fail(
        err, HR_E_UNSUPPORTED,
        "environment \"%.200s\" is not supported: a run uses a Python of this machine (\"" ENVIRONMENT
        "\"); images and conda "
        "files are not built",
        text);
}

/* PT1H30M, P2D, PT90S; 0: none */
static bool parse_duration(const char *text, int64_t *seconds)
{
    bool time = false;
    *seconds = 0;
    if (*text++ != 'P' || !*text)
        return false;
    while (*text) {
        if (*text == 'T') {
            time = true;
            text++;
            continue;
        }
        char *end;
        double value = strtod(text, &end);
        static const char units[] = "DHMS";
        const char *unit = *end ? strchr(units, *end) : NULL;
        if (end == text ||
            !unit ||
            value < 0 ||
            value > 1e9 ||
            (time ? *unit == 'D' : *unit != 'D'))
            return false;
        *seconds += (int64_t)(value * (*unit == 'D'   ? 86400
                                       : *unit == 'H' ? 3600
                                       : *unit == 'M' ? 60
                                                      : 1));
        text = end + 1;
    }
    return true;
}

static enum hr_code read_limits(const json_t *properties, json_t *spec, struct hr_err *err)
{
    const json_t *limits = json_object_get(properties, "limits");
    const char *text = json_string_value(json_object_get(limits, "timeout"));
    int64_t seconds;
    if (!text)
        return HR_OK;
    if (!parse_duration(text, &seconds) || !seconds || seconds > JOB_TIMEOUT_MAX_S)
        return hr_fail(
            err, HR_E_INVALID,
            "\"limits.timeout\" is not a duration of 1 second to %d days, such as PT1H30M: \"%.50s\"",
            JOB_TIMEOUT_MAX_S / 86400, text);
    json_object_set_new(spec, "timeoutSeconds", json_integer(seconds));
    json_object_set(spec, "limits", (json_t *)limits);
    return HR_OK;
}

static enum hr_code check_resources(const json_t *properties, struct hr_err *err)
{
    const json_t *resources = json_object_get(properties, "resources"),
                 *count = json_object_get(resources, "instanceCount");
    static const char *const others[] = {"instanceType", "dockerArgs"};
    if (json_is_integer(count) && json_integer_value(count) != 1)
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "\"resources.instanceCount\" other than 1 is not supported: a run is one process");
    for (size_t i = 0; i < HR_LEN(others); i++)
        if (!empty(json_object_get(resources, others[i])))
            return hr_fail(err, HR_E_UNSUPPORTED,
                           "\"resources.%s\" is not supported on the local compute", others[i]);
    return HR_OK;
}

static enum hr_code check_identity(const json_t *properties, bool pool, struct hr_err *err)
{
    const json_t *identity = json_object_get(properties, "identity");
    const char *kind = json_string_value(json_object_get(identity, "identityType"));
    if (!kind || !strcasecmp(kind, pool ? "Managed" : "UserIdentity"))
        return HR_OK;
    if (pool)
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "identity \"%.50s\" is not supported on a Spark pool: a run there acts for the linked service",
            kind);
    return hr_fail(
        err, HR_E_UNSUPPORTED,
        "identity \"%.50s\" is not supported on the local compute: a run there acts for its user",
        kind);
}

static const char *const modes[] = {"ReadOnlyMount", "Download", "Direct"};

static enum hr_code check_input(const char *name, const json_t *input, struct hr_err *err)
{
    const char *kind = json_string_value(json_object_get(input, "jobInputType")),
               *mode = json_string_value(json_object_get(input, "mode"));
    bool found = !mode;
    HR_TRY(hr_job_check_id("input name", name, err));
    if (kind && !strcasecmp(kind, "literal"))
        return HR_OK;
    if (!json_string_value(json_object_get(input, "uri")))
        return hr_fail(err, HR_E_INVALID, "input \"%s\" has no \"uri\"", name);
    for (size_t i = 0; i < HR_LEN(modes); i++)
        found = found || !strcasecmp(modes[i], mode);
    if (!found)
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "mode \"%.50s\" of input \"%s\" is not supported: ReadOnlyMount, Download and Direct are",
            mode, name);
    return HR_OK;
}

static enum hr_code check_inputs(const json_t *properties, struct hr_err *err)
{
    json_t *inputs = json_object_get(properties, "inputs"), *value;
    const char *name;
    if (json_object_size(inputs) > INPUTS_MAX)
        return hr_fail(err, HR_E_LIMIT, "a run has at most %d inputs", INPUTS_MAX);
    json_object_foreach(inputs, name, value) HR_TRY(check_input(name, value, err));
    json_object_foreach(json_object_get(properties, "outputs"), name, value) if (
        !empty(json_object_get(
            value,
            "uri"))) return hr_fail(err, HR_E_UNSUPPORTED,
                                    "a \"uri\" of output \"%.100s\" is not supported: outputs are kept with the run",
                                    name);
    return HR_OK;
}

static enum hr_code read_code(struct hr_rest *req,
                              const char *workspace,
                              const json_t *properties,
                              json_t *spec,
                              struct hr_err *err)
{
    const char *id = json_string_value(json_object_get(properties, "codeId"));
    struct hr_resource_row *row;
    if (!id || !*id)
        return HR_OK;
    if (!strncasecmp(id, "azureml:", 8))
        id += 8;
    const char *tail = strcasestr(id, "/codes/");
    HR_TRY(hr_store_resource_get(req->site->store, req->arena,
                                 tail ? hr_printf(req->arena, "%s%s", workspace, tail) : id, &row,
                                 err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND, "code \"%.300s\" does not exist", id);
    json_t *kept = hr_job_json(row->properties);
    json_object_set(spec, "codePrefix", json_object_get(kept, "prefix"));
    json_object_set_new(spec, "codeId", json_string(row->id));
    json_decref(kept);
    return HR_OK;
}

static enum hr_code read_environment(const json_t *properties, struct hr_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(
        json_object_get(properties, "environmentVariables"), name,
        value) if (!*name ||
                   strchr(name, '=') ||
                   !json_is_string(
                       value)) return hr_fail(err, HR_E_INVALID,
                                              "\"environmentVariables.%.100s\" is not a text",
                                              name);
    return HR_OK;
}

static enum hr_code fill_spec(struct hr_rest *req,
                              const char *workspace,
                              const json_t *properties,
                              json_t *spec,
                              const char **compute,
                              struct hr_err *err)
{
    static const char *const kept[] = {"command",  "environmentId", "environmentVariables",
                                       "inputs",   "outputs",       "resources",
                                       "identity", "description"};
    const char *command = json_string_value(json_object_get(properties, "command"));
    HR_TRY(check_kind(properties, err));
    HR_TRY(check_compute(req, workspace, properties, spec, compute, err));
    HR_TRY(check_environment(properties, err));
    HR_TRY(check_resources(properties, err));
    HR_TRY(check_identity(properties, json_object_get(spec, "spark") != NULL, err));
    HR_TRY(check_inputs(properties, err));
    HR_TRY(read_environment(properties, err));
    if (!command || !*command || strlen(command) > COMMAND_MAX)
        return hr_fail(err, HR_E_INVALID, "\"command\" is missing or longer than %d bytes",
                       COMMAND_MAX);
    for (size_t i = 0; i < HR_LEN(kept); i++)
        if (!empty(json_object_get(properties, kept[i])))
            json_object_set(spec, kept[i], json_object_get(properties, kept[i]));
    HR_TRY(read_limits(properties, spec, err));
    return read_code(req, workspace, properties, spec, err);
}

/* ---- requests ---- */

static enum hr_code check_room(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_rows open;
    HR_TRY(hr_store_run_open(req->site->store, req->arena, &open, err));
    if (open.count >= JOB_OPEN_MAX)
        return hr_fail(err, HR_E_LIMIT,
                       "%d runs wait or run already: wait for some to end, or cancel some",
                       JOB_OPEN_MAX);
    return HR_OK;
}

static const char *random_key(struct hr_arena *arena)
{
    unsigned char bytes[24];
    char *text = hr_arena_alloc(arena, 2 * sizeof bytes + 1);
    hr_random_bytes(bytes, sizeof bytes);
    hr_hex_encode(bytes, sizeof bytes, text);
    return text;
}

static enum hr_code submit(struct hr_rest *req,
                           const char *workspace,
                           const char *id,
                           const json_t *properties,
                           struct hr_run_row **out,
                           struct hr_err *err)
{
    const char *name = json_string_value(json_object_get(properties, "experimentName")),
               *kept = "{}", *tags = "{}";
    struct hr_experiment_row *experiment;
    json_t *spec = json_object();
    const char *compute = LOCAL;
    enum hr_code code = fill_spec(req, workspace, properties, spec, &compute, err);
    const char *text = hr_job_dump(req->arena, spec);
    json_decref(spec);
    HR_TRY(code);
    HR_TRY(check_room(req, err));
    HR_TRY(hr_job_merge(req->arena, "properties", json_object_get(properties, "properties"), &kept,
                        err));
    HR_TRY(hr_job_merge(req->arena, "tags", json_object_get(properties, "tags"), &tags, err));
    HR_TRY(hr_job_experiment(req, workspace, name ? name : "Default", true, &experiment, err));
    json_t *own = hr_job_json(kept);
    const char *script =
        hr_strdup(req->arena, json_string_value(json_object_get(own, "azureml.scriptName")));
    json_decref(own);
    *out = HR_NEW(req->arena, struct hr_run_row);
    **out =
        (struct hr_run_row){.workspace = workspace,
                            .id = id,
                            .experiment_id = experiment->id,
                            .experiment = experiment->name,
                            .kind = "script",
                            .status = "Queued",
                            .owner = req->who.id,
                            .compute = compute,
                            .name = json_string_value(json_object_get(properties, "displayName")),
                            .script = script,
                            .spec = text,
                            .properties = kept,
                            .tags = tags,
                            .params = "{}",
                            .log_key = random_key(req->arena),
                            .created_ms = hr_clock_ms()};
    return hr_store_run_add(req->site->store, *out, err);
}

/* what may change of a job that is there: its tags and display name */
static enum hr_code update(struct hr_rest *req,
                           struct hr_run_row *row,
                           const json_t *properties,
                           struct hr_err *err)
{
    const char *command = json_string_value(json_object_get(properties, "command")), *name;
    json_t *spec = hr_job_json(row->spec);
    const char *before = json_string_value(json_object_get(spec, "command"));
    bool same = !command || (before && !strcmp(before, command));
    json_decref(spec);
    if (!same)
        return hr_fail(err, HR_E_EXISTS,
                       "a run with the id \"%s\" exists already, with another command", row->id);
    HR_TRY(hr_job_merge(req->arena, "tags", json_object_get(properties, "tags"), &row->tags, err));
    if ((name = json_string_value(json_object_get(properties, "displayName"))))
        row->name = name;
    return hr_store_run_update(req->site->store, row, err);
}

enum hr_code hr_job_put(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *id = hr_rest_param(req, "run");
    struct hr_run_row *row;
    const json_t *properties = json_object_get(req->body, "properties");
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_check_id("run id", id, err));
    if (!json_is_object(properties))
        return hr_fail(err, HR_E_INVALID, "\"properties\" is missing");
    HR_TRY(hr_store_run_get(req->site->store, req->arena, workspace, id, &row, err));
    bool made = !row;
    if (row)
        HR_TRY(update(req, row, properties, err));
    else
        HR_TRY(submit(req, workspace, id, properties, &row, err));
    hr_runner_pump();
    HR_TRY(hr_store_run_at(req->site->store, req->arena, row->seq, &row, err));
    hr_rest_reply(req, made ? 201 : 200, hr_view_job(req, row));
    return HR_OK;
}

enum hr_code hr_job_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    hr_rest_reply(req, 200, hr_view_job(req, row));
    return HR_OK;
}

enum hr_code hr_job_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *skip = hr_rest_query(req, "$skip");
    struct hr_run_rows rows;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_run_list(req->site->store, req->arena, workspace, NULL,
                             skip ? strtoll(skip, NULL, 10) : 0, JOB_LIST_MAX, &rows, err));
    json_t *list = json_array(), *page = json_pack("{s:o}", "value", list);
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, hr_view_job(req, &rows.at[i]));
    if (rows.count == JOB_LIST_MAX)
        json_object_set_new(page, "nextLink",
                            json_sprintf("%s%s/jobs?$skip=%lld", req->origin, workspace,
                                         (long long)rows.at[rows.count - 1].seq));
    hr_rest_reply(req, 200, page);
    return HR_OK;
}

enum hr_code hr_job_cancel(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    HR_TRY(hr_runner_cancel(req->arena, row,
                            hr_printf(req->arena, "cancelled by %s", req->who.name), err));
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}

enum hr_code hr_job_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    if (!row->ended_ms && strcmp(row->kind, "interactive"))
        return hr_fail(err, HR_E_EXISTS, "run \"%s\" is %s: cancel it first", row->id, row->status);
    HR_TRY(hr_store_begin(req->site->store, err));
    HR_TRY(hr_store_run_remove(req->site->store, row->seq, err));
    HR_TRY(hr_store_commit(req->site->store, err));
    hr_file_remove_tree(hr_job_folder(req->arena, row->seq), NULL);
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}

/* azure-ai-ml looks a named environment up before it submits */
enum hr_code hr_environment_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *name = hr_rest_param(req, "environment");
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    if (strcasecmp(name, ENVIRONMENT))
        return hr_fail(
            err, HR_E_NOT_FOUND,
            "environment \"%.100s\" does not exist: the one environment is \"" ENVIRONMENT "\"",
            name);
    hr_rest_reply(req, 200,
                  json_pack("{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:b, s:b, s:{}, s:{}}}", "id",
                            json_sprintf("%s/environments/" ENVIRONMENT "/versions/1", workspace),
                            "name", "1", "type",
                            "Microsoft.MachineLearningServices/workspaces/environments/versions",
                            "properties", "environmentType", "UserCreated", "osType", "Linux",
                            "description", "a Python of the server's own machine", "isAnonymous", 0,
                            "isArchived", 0, "tags", "properties"));
    return HR_OK;
}
