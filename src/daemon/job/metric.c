/* Metrics, in Azure's second shape: a name, columns, and values that each have a step and a row of
 * data. MLflow's single numbers are rows of one column. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/job/private.h"
#include <string.h>

#define NAME_MAX_BYTES 255
#define DATA_MAX (1024 * 1024)

static enum hr_code add_value(struct hr_rest *req,
                              struct hr_metric_row *metric,
                              json_t *value,
                              struct hr_err *err)
{
    json_t *data = json_object_get(value, "data"), *step = json_object_get(value, "step");
    if (!json_is_object(data))
        return hr_fail(err, HR_E_INVALID, "a value of metric \"%s\" has no \"data\"", metric->name);
    metric->data = hr_job_dump(req->arena, data);
    if (strlen(metric->data) > DATA_MAX)
        return hr_fail(err, HR_E_LIMIT, "a value of metric \"%s\" is larger than %d bytes",
                       metric->name, DATA_MAX);
    metric->step = json_is_integer(step) ? json_integer_value(step) : 0;
    metric->at_ms = hr_clock_ms();
    metric->mark = json_string_value(json_object_get(value, "metricId"));
    return hr_store_metric_add(req->site->store, metric, err);
}

static enum hr_code add_metric(struct hr_rest *req,
                               const struct hr_run_row *row,
                               json_t *item,
                               struct hr_err *err)
{
    const char *name = json_string_value(json_object_get(item, "name")),
               *kind = json_string_value(
                   json_object_get(json_object_get(item, "properties"), "uxMetricType"));
    json_t *columns = json_object_get(item, "columns"), *values = json_object_get(item, "value"),
           *value;
    size_t i;
    if (!name || !*name || strlen(name) > NAME_MAX_BYTES)
        return hr_fail(err, HR_E_INVALID, "a metric's name is 1 to %d bytes of text",
                       NAME_MAX_BYTES);
    if (!json_is_array(values))
        return hr_fail(err, HR_E_INVALID, "metric \"%s\" has no list \"value\"", name);
    struct hr_metric_row metric = {
        .run = row->seq,
        .name = name,
        .kind = kind ? kind : "azureml.v1.scalar",
        .columns = json_is_object(columns) ? hr_job_dump(req->arena, columns) : "{}"};
    json_array_foreach(values, i, value) HR_TRY(add_value(req, &metric, value, err));
    return HR_OK;
}

/* all of a request or nothing of it */
enum hr_code hr_metric_batch(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *values = json_object_get(req->body, "values"), *item;
    size_t i;
    int64_t count;
    HR_TRY(hr_job_find(req, HR_ACT_WRITE, &row, err));
    if (!json_is_array(values))
        return hr_fail(err, HR_E_INVALID, "\"values\" is not a list");
    HR_TRY(hr_store_metric_count(req->site->store, row->seq, &count, err));
    if (count >= JOB_METRICS_MAX)
        return hr_fail(err, HR_E_LIMIT,
                       "run \"%s\" holds %d metric values already: no more are kept", row->id,
                       JOB_METRICS_MAX);
    enum hr_code code = hr_store_begin(req->site->store, err);
    json_array_foreach(values, i, item) if (!code) code = add_metric(req, row, item, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code) {
        hr_store_rollback(req->site->store);
        return code;
    }
    hr_rest_reply(req, 200, json_pack("{s:[]}", "errors"));
    return HR_OK;
}

static json_t *value_view(struct hr_rest *req, const struct hr_metric_row *metric)
{
    return json_pack("{s:o, s:s, s:I, s:o}", "metricId",
                     json_sprintf("%lld", (long long)metric->seq), "createdUtc",
                     hr_view_iso(req->arena, metric->at_ms), "step", (json_int_t)metric->step,
                     "data", hr_job_json(metric->data));
}

static json_t *series_view(const struct hr_run_row *row, const struct hr_metric_row *metric)
{
    json_t *view = json_pack("{s:s, s:o, s:{s:s}, s:[]}", "name", metric->name, "columns",
                             hr_job_json(metric->columns), "properties", "uxMetricType",
                             metric->kind, "value");
    json_object_set_new(view, "dataContainerId", json_sprintf("dcid.%s", row->id));
    return view;
}

/* every metric, each with its values in the order in which they were logged: {name: series} */
static enum hr_code collect(struct hr_rest *req,
                            struct hr_run_row *row,
                            const char *name,
                            bool values,
                            json_t **series,
                            struct hr_err *err)
{
    struct hr_metric_rows rows;
    HR_TRY(hr_store_metric_list(req->site->store, req->arena, row->seq, name, &rows, err));
    *series = json_object();
    for (size_t i = 0; i < rows.count; i++) {
        json_t *one = json_object_get(*series, rows.at[i].name);
        if (!one) {
            one = series_view(row, &rows.at[i]);
            json_object_set_new(*series, rows.at[i].name, one);
        }
        if (values)
            json_array_append_new(json_object_get(one, "value"), value_view(req, &rows.at[i]));
    }
    return HR_OK;
}

/* POST {metricName}: one metric, whole. GET: all of them, in {value: […]} */
enum hr_code hr_metric_full(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *series, *one;
    const char *name = hr_rest_string(req, "metricName"), *key;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    HR_TRY(collect(req, row, name, true, &series, err));
    if (name) {
        one = json_incref(json_object_get(series, name));
        json_decref(series);
        if (!one)
            return hr_fail(err, HR_E_NOT_FOUND, "run \"%s\" has no metric \"%.100s\"", row->id,
                           name);
        hr_rest_reply(req, 200, one);
        return HR_OK;
    }
    json_t *list = json_array();
    json_object_foreach(series, key, one) json_array_append(list, one);
    json_decref(series);
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_metric_list(struct hr_rest *req, struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *series, *one;
    const char *name;
    HR_TRY(hr_job_find(req, HR_ACT_READ, &row, err));
    HR_TRY(collect(req, row, NULL, false, &series, err));
    json_t *list = json_array();
    json_object_foreach(series, name, one) json_array_append_new(
        list, json_pack("{s:{s:s, s:{}, s:n}, s:O, s:O}", "metricKey", "name", name, "labels",
                        "namespace", "columns", json_object_get(one, "columns"), "properties",
                        json_object_get(one, "properties")));
    json_decref(series);
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}
