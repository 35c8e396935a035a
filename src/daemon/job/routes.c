#include "daemon/job/private.h"

#define ML \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
#define HISTORY "/history/v1.0" ML
#define MLFLOW "/mlflow/v1.0" ML "/api/2.0/mlflow"
#define MLFLOW_ANY "/mlflow/v1.0" ML "/api/{call*}"
#define MLFLOW_FILES "/mlflow/v1.0" ML "/api/2.0/mlflow-artifacts/artifacts"
#define METRIC "/metric/v2.0" ML

/* of one run, under each of the three roots that run history has */
#define RUN_CALLS(root)                                                                 \
    {"GET", root "/runs/{run}", run_get}, {"PATCH", root "/runs/{run}", run_patch},     \
        {"GET", root "/runs/{run}/details", run_details},                               \
        {"GET", root "/runs/{run}/children", run_children},                             \
        {"POST", root "/runs/{run}/events", run_event},                                 \
        {"GET", root "/runs/{run}/artifacts", artifact_list},                           \
        {"GET", root "/runs/{run}/artifacts/contentinfo", artifact_info},               \
        {"GET", root "/runs/{run}/artifacts/prefix/contentinfo", artifact_prefix_info}, \
        {"POST", root "/runs/{run}/artifacts/batch/metadata", artifact_create},         \
    {                                                                                   \
        "POST", root "/runs/{run}/cancel", run_cancel                                   \
    }

#define EXPERIMENT_CALLS(root)                                      \
    {"GET", root, experiment_get}, {"GET", root "/runs", run_list}, \
        {"POST", root "/runs:query", run_query}, RUN_CALLS(root)

static const struct hr_route table[] = {
    {"GET", ML "/jobs", job_list},
    {"PUT", ML "/jobs/{run}", job_put},
    {"GET", ML "/jobs/{run}", job_get},
    {"DELETE", ML "/jobs/{run}", job_delete},
    {"POST", ML "/jobs/{run}/cancel", job_cancel},
    {"GET", ML "/codes/{code}/versions", code_list},
    {"GET", ML "/codes/{code}/versions/{version}", code_get},
    {"PUT", ML "/codes/{code}/versions/{version}", code_put},
    {"POST", ML "/codes/{code}/versions/{version}/startPendingUpload", code_pending_upload},
    {"GET", ML "/environments/{environment}/versions/{version}", environment_get},

    {"GET", HISTORY "/experiments", experiment_list},
    {"POST", HISTORY "/experiments:query", experiment_query},
    {"POST", HISTORY "/experiments/{experiment}", experiment_post},
    EXPERIMENT_CALLS(HISTORY "/experiments/{experiment}"),
    EXPERIMENT_CALLS(HISTORY "/experimentids/{experiment}"),
    {"GET", HISTORY "/runs", run_list},
    {"POST", HISTORY "/rundata", run_data},
    {"GET", HISTORY "/runs/{run}/log/{key}", run_log, HR_ROUTE_OPEN},
    RUN_CALLS(HISTORY),

    {"POST", METRIC "/runs/{run}/batch", metric_batch},
    {"POST", METRIC "/runs/{run}/full", metric_full},
    {"GET", METRIC "/runs/{run}/full", metric_full},
    {"POST", METRIC "/runs/{run}/list", metric_list},

    {"GET", MLFLOW_FILES, mlflow_list},
    {"PUT", MLFLOW_FILES "/{path*}", mlflow_put, HR_ROUTE_STREAM},
    {"GET", MLFLOW_FILES "/{path*}", mlflow_get, HR_ROUTE_STREAM},
    {"DELETE", MLFLOW_FILES "/{path*}", mlflow_delete, HR_ROUTE_STREAM},
    {"GET", MLFLOW "/{noun}/{verb}", mlflow_call},
    {"POST", MLFLOW "/{noun}/{verb}", mlflow_call},
    {"GET", MLFLOW_ANY, mlflow_unknown},
    {"POST", MLFLOW_ANY, mlflow_unknown},
    {"PUT", MLFLOW_ANY, mlflow_unknown},
    {"PATCH", MLFLOW_ANY, mlflow_unknown},
    {"DELETE", MLFLOW_ANY, mlflow_unknown},
};

const struct hr_routes *hr_job_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
