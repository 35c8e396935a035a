/* MLflow's tracking REST over the same runs: experiments, runs, metrics, parameters and tags. An
 * MLflow metric is a scalar of ours, a parameter one of the run's parameters. Files:
 * mlflow_artifact.c. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/job/private.h"
#include "daemon/job/search.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEARCH_DEFAULT 1000
#define SEARCH_MAX 50000
#define DEFAULT_EXPERIMENT "Default" /* MLflow's experiment "0" */

/* ---- answers ---- */

static const struct {
    enum hr_code code;
    const char *name;
} error_names[] = {
    {HR_E_NOT_FOUND, "RESOURCE_DOES_NOT_EXIST"}, {HR_E_EXISTS, "RESOURCE_ALREADY_EXISTS"},
    {HR_E_INVALID, "INVALID_PARAMETER_VALUE"},   {HR_E_DENIED, "PERMISSION_DENIED"},
    {HR_E_UNSUPPORTED, "NOT_IMPLEMENTED"},       {HR_E_LIMIT, "REQUEST_LIMIT_EXCEEDED"},
};

void hr_mlflow_error(struct hr_rest *req, const struct hr_err *err)
{
    const char *name = "INTERNAL_ERROR";
    char message[sizeof err->msg + sizeof err->hint + 32];
    hr_err_text(err, message, sizeof message);
    for (size_t i = 0; i < HR_LEN(error_names); i++)
        if (error_names[i].code == err->code)
            name = error_names[i].name;
    hr_rest_reply(req, hr_code_info(err->code)->http,
                  json_pack("{s:s, s:s}", "error_code", name, "message", message));
}

void hr_mlflow_failed(struct hr_rest *req, const struct hr_err *err)
{
    hr_mlflow_error(req, err);
    hr_rest_send(req);
}

/* of a POST's body, or of a GET's query */
static const char *text_of(struct hr_rest *req, const char *name)
{
    return req->body ? hr_rest_string(req, name) : hr_rest_query(req, name);
}

static const char *status_of(const struct hr_run_row *row)
{
    static const struct {
        const char *ours, *theirs;
    } names[] = {
        {"Completed", "FINISHED"}, {"Failed", "FAILED"},       {"Canceled", "KILLED"},
        {"Queued", "SCHEDULED"},   {"Preparing", "SCHEDULED"},
    };
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (!strcmp(names[i].ours, row->status))
            return names[i].theirs;
    return "RUNNING";
}

static json_t *pairs_view(const char *text)
{
    json_t *object = hr_job_json(text), *list = json_array(), *value;
    const char *name;
    json_object_foreach(object, name, value)
        json_array_append_new(list, json_pack("{s:s, s:O}", "key", name, "value", value));
    json_decref(object);
    return list;
}

static bool scalar_of(const struct hr_metric_row *row, double *value)
{
    json_t *data = hr_job_json(row->data), *one = json_object_get(data, row->name);
    const char *text = json_string_value(one);
    char *end = NULL;
    *value = text                   ? strtod(text, &end)
             : json_is_boolean(one) ? json_is_true(one)
                                    : json_number_value(one);
    bool number = text ? *text && !*end : json_is_number(one) || json_is_boolean(one);
    json_decref(data);
    return number;
}

/* JSON has no nan: MLflow reads protobuf's texts for it */
static json_t *number_view(double value)
{
    return isnan(value)   ? json_string("NaN")
           : isinf(value) ? json_string(value < 0 ? "-Infinity" : "Infinity")
                          : json_real(value);
}

static json_t *metric_view(const struct hr_metric_row *row, double value)
{
    return json_pack("{s:s, s:o, s:I, s:I}", "key", row->name, "value", number_view(value),
                     "timestamp", (json_int_t)row->at_ms, "step", (json_int_t)row->step);
}

/* the last value of each scalar */
static enum hr_code last_metrics(struct hr_rest *req,
                                 const struct hr_run_row *row,
                                 json_t **list,
                                 struct hr_err *err)
{
    struct hr_metric_rows rows;
    HR_TRY(hr_store_metric_last(req->site->store, req->arena, row->seq, &rows, err));
    double value;
    *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        if (scalar_of(&rows.at[i], &value))
            json_array_append_new(*list, metric_view(&rows.at[i], value));
    return HR_OK;
}

static enum hr_code run_of(struct hr_rest *req,
                           const struct hr_run_row *row,
                           json_t **view,
                           struct hr_err *err)
{
    json_t *metrics, *tags = pairs_view(row->tags);
    struct hr_principal who;
    bool known = !hr_identity_find(req->site->identity, row->owner, &who, NULL);
    const char *name = row->name ? row->name : row->id;
    HR_TRY(last_metrics(req, row, &metrics, err));
    json_array_append_new(tags, json_pack("{s:s, s:s}", "key", "mlflow.runName", "value", name));
    *view = json_pack(
        "{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:s}, s:{s:o, s:o, s:o}}", "info",
        "run_id", row->id, "run_uuid", row->id, "run_name", name, "experiment_id",
        row->experiment_id, "user_id", known ? who.name : row->owner, "status", status_of(row),
        "start_time", (json_int_t)(row->started_ms ? row->started_ms : row->created_ms), "end_time",
        row->ended_ms ? json_integer(row->ended_ms) : json_null(), "artifact_uri",
        hr_mlflow_location(req->arena, row->experiment_id, row->id), "lifecycle_stage", "active",
        "data", "metrics", metrics, "params", pairs_view(row->params), "tags", tags);
    HR_CHECK(*view);
    return HR_OK;
}

static enum hr_code reply_run(struct hr_rest *req, const struct hr_run_row *row, struct hr_err *err)
{
    json_t *view;
    HR_TRY(run_of(req, row, &view, err));
    hr_rest_reply(req, 200, json_pack("{s:o}", "run", view));
    return HR_OK;
}

/* [{key, value}] as an object */
static json_t *object_of(const json_t *pairs)
{
    json_t *object = json_object(), *pair;
    size_t i;
    json_array_foreach((json_t *)pairs, i, pair)
    {
        const char *key = json_string_value(json_object_get(pair, "key"));
        if (key && strcmp(key, "mlflow.runName"))
            json_object_set(object, key, json_object_get(pair, "value"));
    }
    return object;
}

static enum hr_code merge_pairs(struct hr_rest *req,
                                const char *what,
                                const json_t *pairs,
                                const char **text,
                                struct hr_err *err)
{
    json_t *object = object_of(pairs);
    enum hr_code code = hr_job_merge(req->arena, what, object, text, err);
    json_decref(object);
    return code;
}

static void forget_json(void *json)
{
    json_decref(json);
}

/* ---- experiments ---- */

static json_t *experiment_of(struct hr_rest *req, const struct hr_experiment_row *row)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "experiment_id", row->id, "name",
                     row->name, "artifact_location", hr_mlflow_location(req->arena, row->id, NULL),
                     "lifecycle_stage", "active", "creation_time", (json_int_t)row->created_ms,
                     "last_update_time", (json_int_t)row->created_ms, "tags",
                     pairs_view(row->tags));
}

static enum hr_code experiments_find(struct hr_rest *req, const char *name, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_job_experiment(req, workspace, name && strcmp(name, "0") ? name : DEFAULT_EXPERIMENT,
                             false, &row, err));
    hr_rest_reply(req, 200, json_pack("{s:o}", "experiment", experiment_of(req, row)));
    return HR_OK;
}

static enum hr_code experiments_get(struct hr_rest *req, struct hr_err *err)
{
    return experiments_find(req, text_of(req, "experiment_id"), err);
}

static enum hr_code experiments_by_name(struct hr_rest *req, struct hr_err *err)
{
    return experiments_find(req, text_of(req, "experiment_name"), err);
}

static enum hr_code experiments_create(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *name = text_of(req, "name"),
                           *location = text_of(req, "artifact_location"), *tags = "{}";
    struct hr_experiment_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    if (!name)
        return hr_fail(err, HR_E_INVALID, "\"name\" is missing");
    if (location && *location)
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "\"artifact_location\" is not supported: artifacts lie in the workspace's own storage");
    HR_TRY(merge_pairs(req, "tags", json_object_get(req->body, "tags"), &tags, err));
    HR_TRY(hr_store_experiment_get(req->site->store, req->arena, workspace, name, &row, err));
    if (row)
        return hr_fail(err, HR_E_EXISTS, "experiment \"%.100s\" exists already", name);
    HR_TRY(hr_job_experiment(req, workspace, name, true, &row, err));
    row->tags = tags;
    HR_TRY(hr_store_experiment_update(req->site->store, row, err));
    hr_rest_reply(req, 200, json_pack("{s:s}", "experiment_id", row->id));
    return HR_OK;
}

static enum hr_code experiments_tag(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *id = text_of(req, "experiment_id");
    struct hr_experiment_row *row;
    json_t *one = json_pack("[O]", req->body);
    hr_arena_on_free(req->arena, forget_json, one);
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_experiment(req, workspace, id && strcmp(id, "0") ? id : DEFAULT_EXPERIMENT, false,
                             &row, err));
    HR_TRY(merge_pairs(req, "tags", one, &row->tags, err));
    HR_TRY(hr_store_experiment_update(req->site->store, row, err));
    hr_rest_reply(req, 200, json_object());
    return HR_OK;
}

/* ---- runs ---- */

static enum hr_code find(struct hr_rest *req,
                         enum hr_action action,
                         struct hr_run_row **row,
                         struct hr_err *err)
{
    const char *id = text_of(req, "run_id") ? text_of(req, "run_id") : text_of(req, "run_uuid");
    return hr_job_find_named(req, action, id ? id : "", NULL, row, err);
}

static enum hr_code runs_create(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *experiment = text_of(req, "experiment_id"),
                           *name = text_of(req, "run_name");
    char id[37];
    struct hr_experiment_row *of;
    bool none = !experiment || !strcmp(experiment, "0");
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(
        hr_job_experiment(req, workspace, none ? DEFAULT_EXPERIMENT : experiment, none, &of, err));
    hr_uuid_new(id);
    int64_t now = hr_clock_ms(),
            started = json_integer_value(json_object_get(req->body, "start_time"));
    struct hr_run_row row = {.workspace = workspace,
                             .id = id,
                             .experiment_id = of->id,
                             .experiment = of->name,
                             .kind = "interactive",
                             .status = "Running",
                             .owner = req->who.id,
                             .name = name && *name ? name : NULL,
                             .spec = "{}",
                             .properties = "{}",
                             .tags = "{}",
                             .params = "{}",
                             .created_ms = now,
                             .started_ms = started > 0 ? started : now};
    HR_TRY(merge_pairs(req, "tags", json_object_get(req->body, "tags"), &row.tags, err));
    HR_TRY(hr_store_run_add(req->site->store, &row, err));
    return reply_run(req, &row, err);
}

static enum hr_code runs_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    HR_TRY(find(req, HR_ACT_READ, &row, err));
    return reply_run(req, row, err);
}

static int64_t end_time(struct hr_rest *req)
{
    int64_t given = json_integer_value(json_object_get(req->body, "end_time"));
    return given > 0 ? given : hr_clock_ms();
}

/* MLflow says FINISHED when a script that resumed its run ends: of a script's run that is the
 * runner's to say */
static enum hr_code runs_update(struct hr_rest *req, struct hr_err *err)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {
        {"FINISHED", "Completed"}, {"FAILED", "Failed"},        {"KILLED", "Canceled"},
        {"RUNNING", "Running"},    {"SCHEDULED", "NotStarted"},
    };
    struct hr_run_row *row;
    const char *status = text_of(req, "status"), *name = text_of(req, "run_name");
    HR_TRY(find(req, HR_ACT_WRITE, &row, err));
    for (size_t i = 0; i < HR_LEN(names) && status && strcmp(row->kind, "script"); i++)
        if (!strcasecmp(names[i].theirs, status)) {
            row->status = names[i].ours;
            row->ended_ms = hr_job_ended(row->status) ? end_time(req) : 0;
        }
    if (name && *name)
        row->name = name;
    HR_TRY(hr_store_run_update(req->site->store, row, err));
    json_t *view;
    HR_TRY(run_of(req, row, &view, err));
    hr_rest_reply(req, 200, json_pack("{s:O}", "run_info", json_object_get(view, "info")));
    json_decref(view);
    return HR_OK;
}

/* a run while it is searched for; what it is asked for is read when it is */
struct candidate {
    struct hr_run_row *row;
    json_t *params, *tags;
    struct hr_metric_rows metrics;
    bool metrics_read;
};

static json_t *kept_json(struct hr_rest *req, const char *text)
{
    json_t *json = hr_job_json(text);
    hr_arena_on_free(req->arena, forget_json, json);
    return json;
}

static struct search_value text_value(const char *text)
{
    return (struct search_value){.there = text != NULL, .text = text};
}

static struct search_value number_value(double n)
{
    return (struct search_value){.there = true, .number = true, .n = n};
}

static struct search_value metric_of(struct hr_rest *req, struct candidate *run, const char *key)
{
    double value;
    if (!run->metrics_read)
        run->metrics_read =
            !hr_store_metric_last(req->site->store, req->arena, run->row->seq, &run->metrics, NULL);
    for (size_t i = 0; i < run->metrics.count; i++)
        if (!strcmp(run->metrics.at[i].name, key) && scalar_of(&run->metrics.at[i], &value))
            return number_value(value);
    return (struct search_value){0};
}

static const char *shown_name(const struct hr_run_row *row)
{
    return row->name ? row->name : row->id;
}

static int64_t start_of(const struct hr_run_row *row)
{
    return row->started_ms ? row->started_ms : row->created_ms;
}

/* clang-format off: columns */
static const struct search_attribute run_attributes[] = {
    {"run_id", "run_id", false},
    {"run_uuid", "run_id", false},
    {"run_name", "run_name", false},
    {"run name", "run_name", false},
    {"status", "status", false},
    {"user_id", "user_id", false},
    {"experiment_id", "experiment_id", false},
    {"artifact_uri", "artifact_uri", false},
    {"lifecycle_stage", "lifecycle_stage", false},
    {"start_time", "start_time", true},
    {"created", "start_time", true},
    {"end_time", "end_time", true},
    {NULL, NULL, false},
};
/* clang-format on */
static const struct search_kind runs_kind = {
    "runs", SEARCH_METRIC | SEARCH_PARAM | SEARCH_TAG | SEARCH_ATTRIBUTE, run_attributes};

static struct search_value attribute_of(struct hr_rest *req,
                                        const struct hr_run_row *row,
                                        const char *key)
{
    struct hr_principal who;
    if (!strcmp(key, "start_time"))
        return number_value((double)start_of(row));
    if (!strcmp(key, "end_time"))
        return row->ended_ms ? number_value((double)row->ended_ms) : (struct search_value){0};
    if (!strcmp(key, "run_id"))
        return text_value(row->id);
    if (!strcmp(key, "run_name"))
        return text_value(shown_name(row));
    if (!strcmp(key, "status"))
        return text_value(status_of(row));
    if (!strcmp(key, "experiment_id"))
        return text_value(row->experiment_id);
    if (!strcmp(key, "artifact_uri"))
        return text_value(hr_mlflow_location(req->arena, row->experiment_id, row->id));
    if (!strcmp(key, "user_id"))
        return text_value(hr_identity_find(req->site->identity, row->owner, &who, NULL)
                              ? row->owner
                              : hr_strdup(req->arena, who.name));
    return text_value("active");
}

static struct search_value run_value(void *item,
                                     enum search_entity entity,
                                     const char *key,
                                     void *arg)
{
    struct candidate *run = item;
    struct hr_rest *req = arg;
    if (entity == SEARCH_METRIC)
        return metric_of(req, run, key);
    if (entity == SEARCH_ATTRIBUTE)
        return attribute_of(req, run->row, key);
    if (entity == SEARCH_TAG && !strcmp(key, "mlflow.runName"))
        return text_value(shown_name(run->row));
    json_t **from = entity == SEARCH_TAG ? &run->tags : &run->params;
    if (!*from)
        *from = kept_json(req, entity == SEARCH_TAG ? run->row->tags : run->row->params);
    return text_value(json_string_value(json_object_get(*from, key)));
}

static bool in_experiments(const json_t *ids, const struct hr_run_row *row)
{
    json_t *id;
    size_t i;
    json_array_foreach((json_t *)ids, i, id)
    {
        const char *text = json_string_value(id);
        if (text && (!strcasecmp(text, row->experiment_id) ||
                     (!strcmp(text, "0") && !strcmp(row->experiment, DEFAULT_EXPERIMENT))))
            return true;
    }
    return false;
}

/* which part of what was found is answered */
struct window {
    size_t from, max;
    bool deleted;
};

static enum hr_code read_window(struct hr_rest *req,
                                const char *view_type,
                                struct window *window,
                                struct hr_err *err)
{
    const char *token = text_of(req, "page_token"), *view = text_of(req, view_type);
    json_t *max = json_object_get(req->body, "max_results");
    char *end = NULL;
    *window = (struct window){.max = SEARCH_DEFAULT};
    if (token && *token)
        window->from = strtoull(token, &end, 10);
    if (end && *end)
        return hr_fail(err, HR_E_INVALID, "Invalid page token: '%.100s'", token);
    if (max && (json_integer_value(max) < 1 || json_integer_value(max) > SEARCH_MAX))
        return hr_fail(
            err, HR_E_INVALID,
            "Invalid value for request parameter max_results. It must be at least 1 and at most %d",
            SEARCH_MAX);
    if (max)
        window->max = (size_t)json_integer_value(max);
    /* nothing is deleted and kept: none to show */
    window->deleted = view && !strcasecmp(view, "DELETED_ONLY");
    return HR_OK;
}

static void reply_page(
    struct hr_rest *req, const char *name, json_t *list, const struct window *window, size_t found)
{
    json_t *page = json_pack("{s:o}", name, list);
    if (!window->deleted && window->from + window->max < found)
        json_object_set_new(page, "next_page_token",
                            json_sprintf("%zu", window->from + window->max));
    hr_rest_reply(req, 200, page);
}

struct candidates {
    struct candidate **at;
    size_t count, cap;
};

static void take_candidate(struct hr_arena *arena, struct candidates *found, struct candidate *run)
{
    if (found->count == found->cap) {
        found->cap = found->cap ? 2 * found->cap : 256;
        struct candidate **more = HR_NEW_ARRAY(arena, struct candidate *, found->cap);
        if (found->count)
            memcpy(more, found->at, found->count * sizeof *more);
        found->at = more;
    }
    found->at[found->count++] = run;
}

/* newest first */
static enum hr_code find_runs(struct hr_rest *req,
                              const char *workspace,
                              const struct search *search,
                              struct candidates *found,
                              struct hr_err *err)
{
    const json_t *ids = json_object_get(req->body, "experiment_ids");
    struct hr_run_rows rows = {0};
    int64_t before = 0;
    do {
        HR_TRY(hr_store_run_list(req->site->store, req->arena, workspace, NULL, before,
                                 JOB_LIST_MAX, &rows, err));
        for (size_t i = 0; i < rows.count; i++) {
            struct candidate *run = HR_NEW(req->arena, struct candidate);
            *run = (struct candidate){.row = &rows.at[i]};
            before = rows.at[i].seq;
            if (in_experiments(ids, run->row) && hr_search_matches(search, run, run_value, req))
                take_candidate(req->arena, found, run);
        }
    } while (rows.count == JOB_LIST_MAX);
    return HR_OK;
}

static enum hr_code runs_search(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct search *search;
    struct window window;
    struct candidates found = {0};
    json_t *list = json_array(), *view;
    hr_arena_on_free(req->arena, forget_json, list);
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_search_parse(req->arena, &runs_kind, text_of(req, "filter"),
                           json_object_get(req->body, "order_by"), &search, err));
    HR_TRY(read_window(req, "run_view_type", &window, err));
    HR_TRY(find_runs(req, workspace, search, &found, err));
    hr_search_sort(search, req->arena, (void **)found.at, found.count, run_value, req);
    for (size_t i = window.from; i < found.count && i - window.from < window.max && !window.deleted;
         i++) {
        HR_TRY(run_of(req, found.at[i]->row, &view, err));
        json_array_append_new(list, view);
    }
    reply_page(req, "runs", json_incref(list), &window, found.count);
    return HR_OK;
}

static const struct search_attribute experiment_attributes[] = {
    {"name", "name", false},
    {"experiment_id", "experiment_id", false},
    {"creation_time", "creation_time", true},
    {"last_update_time", "last_update_time", true},
    {NULL, NULL, false},
};
static const struct search_kind experiments_kind = {"experiments", SEARCH_TAG | SEARCH_ATTRIBUTE,
                                                    experiment_attributes};

static struct search_value experiment_value(void *item,
                                            enum search_entity entity,
                                            const char *key,
                                            void *arg)
{
    const struct hr_experiment_row *row = item;
    if (entity == SEARCH_TAG)
        return text_value(json_string_value(json_object_get(kept_json(arg, row->tags), key)));
    if (!strcmp(key, "name"))
        return text_value(row->name);
    return strcmp(key, "experiment_id") ? number_value((double)row->created_ms)
                                        : text_value(row->id);
}

static enum hr_code experiments_search(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_experiment_rows rows;
    struct search *search;
    struct window window;
    size_t count = 0;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_search_parse(req->arena, &experiments_kind, text_of(req, "filter"),
                           json_object_get(req->body, "order_by"), &search, err));
    HR_TRY(read_window(req, "view_type", &window, err));
    HR_TRY(hr_store_experiment_list(req->site->store, req->arena, workspace, &rows, err));
    void **found = HR_NEW_ARRAY(req->arena, void *, rows.count + 1);
    for (size_t i = 0; i < rows.count; i++)
        if (hr_search_matches(search, &rows.at[i], experiment_value, req))
            found[count++] = &rows.at[i];
    hr_search_sort(search, req->arena, found, count, experiment_value, req);
    json_t *list = json_array();
    for (size_t i = window.from; i < count && i - window.from < window.max && !window.deleted; i++)
        json_array_append_new(list, experiment_of(req, found[i]));
    reply_page(req, "experiments", list, &window, count);
    return HR_OK;
}

/* ---- what is logged ---- */

static enum hr_code add_metric(struct hr_rest *req,
                               const struct hr_run_row *row,
                               const json_t *metric,
                               struct hr_err *err)
{
    const char *key = json_string_value(json_object_get(metric, "key"));
    json_t *value = json_object_get(metric, "value"), *at = json_object_get(metric, "timestamp"),
           *step = json_object_get(metric, "step");
    if (!key || !*key || strlen(key) > 255 || !(json_is_number(value) || json_is_string(value)))
        return hr_fail(err, HR_E_INVALID,
                       "a metric is a \"key\" of 1 to 255 bytes and a \"value\"");
    json_t *data = json_object(), *columns = json_object();
    json_object_set_new(data, key,
                        json_is_integer(value) ? json_real(json_number_value(value))
                                               : json_incref(value));
    json_object_set_new(columns, key, json_string("Double"));
    const struct hr_metric_row kept = {.run = row->seq,
                                       .name = key,
                                       .kind = "azureml.v1.scalar",
                                       .columns = hr_job_dump(req->arena, columns),
                                       .data = hr_job_dump(req->arena, data),
                                       .step = json_integer_value(step),
                                       .at_ms = json_is_integer(at) ? json_integer_value(at)
                                                                    : hr_clock_ms()};
    json_decref(data);
    json_decref(columns);
    return hr_store_metric_add(req->site->store, &kept, err);
}

/* A parameter keeps its value: whoever logs another one has mistaken the run. */
static enum hr_code check_params(struct hr_rest *req,
                                 const struct hr_run_row *row,
                                 const json_t *params,
                                 struct hr_err *err)
{
    json_t *kept = json_deep_copy(kept_json(req, row->params)), *param;
    enum hr_code code = HR_OK;
    size_t i;
    json_array_foreach((json_t *)params, i, param)
    {
        const char *key = json_string_value(json_object_get(param, "key"));
        const char *value = json_string_value(json_object_get(param, "value"));
        const char *before = key ? json_string_value(json_object_get(kept, key)) : NULL;
        if (!code && before && value && strcmp(before, value))
            code = hr_fail(
                err, HR_E_INVALID,
                "Changing param values is not allowed. Param with key='%.250s' was already logged with "
                "value='%.500s' for run ID='%s'. Attempted logging new value '%.500s'.",
                key, before, row->id, value);
        if (key && value)
            json_object_set_new(kept, key, json_string(value));
    }
    json_decref(kept);
    return code;
}

/* a tag of MLflow's own that is the run's name */
static void take_name(struct hr_run_row *row, const json_t *tags)
{
    json_t *tag;
    size_t i;
    json_array_foreach((json_t *)tags, i, tag)
    {
        const char *key = json_string_value(json_object_get(tag, "key"));
        const char *value = json_string_value(json_object_get(tag, "value"));
        if (key && value && *value && !strcmp(key, "mlflow.runName"))
            row->name = value;
    }
}

/* all of it or nothing */
static enum hr_code log_all(struct hr_rest *req,
                            const json_t *metrics,
                            const json_t *params,
                            const json_t *tags,
                            struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *metric;
    size_t i;
    int64_t count;
    HR_TRY(find(req, HR_ACT_WRITE, &row, err));
    HR_TRY(hr_store_metric_count(req->site->store, row->seq, &count, err));
    if (json_array_size(metrics) && count >= JOB_METRICS_MAX)
        return hr_fail(err, HR_E_LIMIT,
                       "run \"%s\" holds %d metric values already: no more are kept", row->id,
                       JOB_METRICS_MAX);
    HR_TRY(check_params(req, row, params, err));
    HR_TRY(merge_pairs(req, "parameters", params, &row->params, err));
    HR_TRY(merge_pairs(req, "tags", tags, &row->tags, err));
    take_name(row, tags);
    enum hr_code code = hr_store_begin(req->site->store, err);
    json_array_foreach((json_t *)metrics, i, metric) if (!code) code =
        add_metric(req, row, metric, err);
    if (!code && (json_array_size(params) || json_array_size(tags)))
        code = hr_store_run_update(req->site->store, row, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    else
        hr_rest_reply(req, 200, json_object());
    return code;
}

static enum hr_code log_one(struct hr_rest *req, int kind, struct hr_err *err)
{
    json_t *list = json_pack("[O]", req->body);
    enum hr_code code = log_all(req, kind == 0 ? list : NULL, kind == 1 ? list : NULL,
                                kind == 2 ? list : NULL, err);
    json_decref(list);
    return code;
}

static enum hr_code log_metric(struct hr_rest *req, struct hr_err *err)
{
    return log_one(req, 0, err);
}

static enum hr_code log_parameter(struct hr_rest *req, struct hr_err *err)
{
    return log_one(req, 1, err);
}

static enum hr_code set_tag(struct hr_rest *req, struct hr_err *err)
{
    return log_one(req, 2, err);
}

static enum hr_code log_batch(struct hr_rest *req, struct hr_err *err)
{
    return log_all(req, json_object_get(req->body, "metrics"), json_object_get(req->body, "params"),
                   json_object_get(req->body, "tags"), err);
}

static enum hr_code delete_tag(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    const char *key = text_of(req, "key");
    HR_TRY(find(req, HR_ACT_WRITE, &row, err));
    if (!key || !json_object_get(kept_json(req, row->tags), key))
        return hr_fail(err, HR_E_NOT_FOUND, "No tag with name: %.250s in run with id %s",
                       key ? key : "", row->id);
    json_t *change = json_object();
    json_object_set_new(change, key, json_null());
    enum hr_code code = hr_job_merge(req->arena, "tags", change, &row->tags, err);
    json_decref(change);
    HR_TRY(code);
    HR_TRY(hr_store_run_update(req->site->store, row, err));
    hr_rest_reply(req, 200, json_object());
    return HR_OK;
}

static enum hr_code metric_history(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    struct hr_metric_rows rows;
    const char *key = text_of(req, "metric_key");
    double value;
    HR_TRY(find(req, HR_ACT_READ, &row, err));
    HR_TRY(
        hr_store_metric_list(req->site->store, req->arena, row->seq, key ? key : "", &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        if (scalar_of(&rows.at[i], &value))
            json_array_append_new(list, metric_view(&rows.at[i], value));
    hr_rest_reply(req, 200, json_pack("{s:o}", "metrics", list));
    return HR_OK;
}

/* ---- models ---- */

/* There are none: its client asks before it downloads a run's whole folder. Making one is refused.
 */
static enum hr_code models_search(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    hr_rest_reply(req, 200, json_pack("{s:[]}", "models"));
    return HR_OK;
}

/* ---- the table ---- */

/* clang-format off: columns */
static const struct {
    const char *method, *noun, *verb;
    hr_rest_handler *run;
} calls[] = {
    {"GET", "experiments", "get", experiments_get},
    {"GET", "experiments", "get-by-name", experiments_by_name},
    {"POST", "experiments", "set-experiment-tag", experiments_tag},
    {"POST", "experiments", "create", experiments_create},
    {"POST", "experiments", "search", experiments_search},
    {"GET", "experiments", "search", experiments_search},
    {"POST", "runs", "create", runs_create},
    {"GET", "runs", "get", runs_get},
    {"POST", "runs", "update", runs_update},
    {"POST", "runs", "search", runs_search},
    {"POST", "runs", "log-metric", log_metric},
    {"POST", "runs", "log-parameter", log_parameter},
    {"POST", "runs", "log-batch", log_batch},
    {"POST", "runs", "set-tag", set_tag},
    {"POST", "runs", "delete-tag", delete_tag},
    {"GET", "metrics", "get-history", metric_history},
    {"GET", "artifacts", "list", hr_mlflow_artifacts},
    {"POST", "logged-models", "search", models_search},
};
/* clang-format on */

/* the calls whose addresses are shorter or longer than a noun and a verb */
enum hr_code hr_mlflow_unknown(struct hr_rest *req, struct hr_err *err)
{
    hr_fail(err, HR_E_UNSUPPORTED, "MLflow's \"%.100s\" is not supported",
            hr_rest_param(req, "call"));
    hr_mlflow_error(req, err);
    return HR_OK;
}

enum hr_code hr_mlflow_call(struct hr_rest *req, struct hr_err *err)
{
    const char *noun = hr_rest_param(req, "noun"), *verb = hr_rest_param(req, "verb");
    enum hr_code code = HR_E_UNSUPPORTED;
    size_t i = 0;
    while (i < HR_LEN(calls) && (strcmp(calls[i].method, req->route->method) ||
                                 strcmp(calls[i].noun, noun) ||
                                 strcmp(calls[i].verb, verb)))
        i++;
    if (i < HR_LEN(calls))
        code = calls[i].run(req, err);
    else
        hr_fail(err, code, "MLflow's \"%.50s/%.50s\" is not supported", noun, verb);
    if (code)
        hr_mlflow_error(req, err);
    return HR_OK;
}
