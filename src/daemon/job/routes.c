#include "daemon/job/private.h"

#define ML \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
#define HISTORY "/history/v1.0" ML
#define MLFLOW "/mlflow/v1.0" ML "/api/2.0/mlflow"
#define MLFLOW_ANY "/mlflow/v1.0" ML "/api/{call*}"
#define MLFLOW_FILES "/mlflow/v1.0" ML "/api/2.0/mlflow-artifacts/artifacts"
#define METRIC "/metric/v2.0" ML

/* of one run, under each of the three roots that run history has */
#define RUN_CALLS(root)                                                                    \
    {"GET", root "/runs/{run}", hr_run_get}, {"PATCH", root "/runs/{run}", hr_run_patch},  \
        {"GET", root "/runs/{run}/details", hr_run_details},                               \
        {"GET", root "/runs/{run}/children", hr_run_children},                             \
        {"POST", root "/runs/{run}/events", hr_run_event},                                 \
        {"GET", root "/runs/{run}/artifacts", hr_artifact_list},                           \
        {"GET", root "/runs/{run}/artifacts/contentinfo", hr_artifact_info},               \
        {"GET", root "/runs/{run}/artifacts/prefix/contentinfo", hr_artifact_prefix_info}, \
        {"POST", root "/runs/{run}/artifacts/batch/metadata", hr_artifact_create},         \
    {                                                                                      \
        "POST", root "/runs/{run}/cancel", hr_run_cancel                                   \
    }

#define EXPERIMENT_CALLS(root)                                            \
    {"GET", root, hr_experiment_get}, {"GET", root "/runs", hr_run_list}, \
        {"POST", root "/runs:query", hr_run_query}, RUN_CALLS(root)

static const struct hr_route table[] = {
    {"GET", ML "/jobs", hr_job_list},
    {"PUT", ML "/jobs/{run}", hr_job_put},
    {"GET", ML "/jobs/{run}", hr_job_get},
    {"DELETE", ML "/jobs/{run}", hr_job_delete},
    {"POST", ML "/jobs/{run}/cancel", hr_job_cancel},
    {"GET", ML "/codes/{code}/versions", hr_code_list},
    {"GET", ML "/codes/{code}/versions/{version}", hr_code_get},
    {"PUT", ML "/codes/{code}/versions/{version}", hr_code_put},
    {"POST", ML "/codes/{code}/versions/{version}/startPendingUpload", hr_code_pending_upload},
    {"GET", ML "/environments/{environment}/versions/{version}", hr_environment_get},

    {"GET", HISTORY "/experiments", hr_experiment_list},
    {"POST", HISTORY "/experiments:query", hr_experiment_query},
    {"POST", HISTORY "/experiments/{experiment}", hr_experiment_post},
    EXPERIMENT_CALLS(HISTORY "/experiments/{experiment}"),
    EXPERIMENT_CALLS(HISTORY "/experimentids/{experiment}"),
    {"GET", HISTORY "/runs", hr_run_list},
    {"POST", HISTORY "/rundata", hr_run_data},
    {"GET", HISTORY "/runs/{run}/log/{key}", hr_run_log, HR_ROUTE_OPEN},
    RUN_CALLS(HISTORY),

    {"POST", METRIC "/runs/{run}/batch", hr_metric_batch},
    {"POST", METRIC "/runs/{run}/full", hr_metric_full},
    {"GET", METRIC "/runs/{run}/full", hr_metric_full},
    {"POST", METRIC "/runs/{run}/list", hr_metric_list},

    {"GET", MLFLOW_FILES, hr_mlflow_list},
    {"PUT", MLFLOW_FILES "/{path*}", hr_mlflow_put, HR_ROUTE_STREAM},
    {"GET", MLFLOW_FILES "/{path*}", hr_mlflow_get, HR_ROUTE_STREAM},
    {"DELETE", MLFLOW_FILES "/{path*}", hr_mlflow_delete, HR_ROUTE_STREAM},
    {"GET", MLFLOW "/{noun}/{verb}", hr_mlflow_call},
    {"POST", MLFLOW "/{noun}/{verb}", hr_mlflow_call},
    {"GET", MLFLOW_ANY, hr_mlflow_unknown},
    {"POST", MLFLOW_ANY, hr_mlflow_unknown},
    {"PUT", MLFLOW_ANY, hr_mlflow_unknown},
    {"PATCH", MLFLOW_ANY, hr_mlflow_unknown},
    {"DELETE", MLFLOW_ANY, hr_mlflow_unknown},
};

const struct hr_routes *hr_job_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
