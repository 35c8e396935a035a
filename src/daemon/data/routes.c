#include "daemon/arm/id.h"
#include "daemon/data/private.h"

#define W HR_ARM_ML "/{workspace}"
#define STORES "/datastore/v1.0" W "/datastores"
#define SETS "/dataset/v1.0" W "/datasets"
#define SAVED "/dataset/v1.0" W "/saveddatasets"

#define RELAY(method)                                                                        \
    {method, "/storage/{account}", hr_data_relay, HR_ROUTE_OPEN | HR_ROUTE_STREAM},          \
    {                                                                                        \
        method, "/storage/{account}/{path*}", hr_data_relay, HR_ROUTE_OPEN | HR_ROUTE_STREAM \
    }

static const struct hr_route table[] = {
    RELAY("GET"),
    RELAY("HEAD"),
    RELAY("PUT"),
    RELAY("POST"),
    RELAY("PATCH"),
    RELAY("DELETE"),

    /* the v1 services */
    {"GET", STORES, hr_data_store_list},
    {"POST", STORES, hr_data_store_post},
    {"GET", STORES "/default", hr_data_store_default},
    {"PUT", STORES "/default/{store}", hr_data_store_set_default},
    {"GET", STORES "/{store}", hr_data_store_get},
    {"PUT", STORES "/{store}", hr_data_store_put},
    {"DELETE", STORES "/{store}", hr_data_store_delete},
    {"POST", STORES "/{store}/access", hr_data_store_access},

    {"GET", SETS, hr_data_set_list},
    {"POST", SETS, hr_data_set_post},
    {"GET", SETS "/query/{query}", hr_data_set_named},
    {"GET", SETS "/{dataset}", hr_data_set_get},
    {"DELETE", SETS "/{dataset}", hr_data_set_delete},
    {"GET", SETS "/{dataset}/versions", hr_data_set_versions},
    {"GET", SETS "/{dataset}/versions/{version}", hr_data_set_version},
    {"PATCH", SETS "/{dataset}/versions/{version}", hr_data_set_patch},
    {"DELETE", SETS "/{dataset}/versions/{version}", hr_data_set_version_delete},
    {"GET", SETS "/{dataset}/versions/{version}/manifest", hr_data_set_manifest},
    {"GET", SETS "/{dataset}/versions/{version}/content", hr_data_set_content},
    {"POST", SETS "/{dataset}/versions/{version}/access", hr_data_set_access},
    {"POST", SAVED, hr_data_saved_post},
    {"GET", SAVED "/{dataset}", hr_data_saved_get},

    /* the ARM resources */
    {"GET", W "/datastores", hr_data_store_arm_list},
    {"GET", W "/datastores/{store}", hr_data_store_arm_get},
    {"PUT", W "/datastores/{store}", hr_data_store_arm_put},
    {"DELETE", W "/datastores/{store}", hr_data_store_delete},
    {"POST", W "/datastores/{store}/listSecrets", hr_data_store_secrets},
    {"GET", W "/data", hr_data_arm_list},
    {"GET", W "/data/{name}", hr_data_arm_get},
    {"DELETE", W "/data/{name}", hr_data_arm_delete},
    {"GET", W "/data/{name}/versions", hr_data_arm_versions},
    {"GET", W "/data/{name}/versions/{version}", hr_data_arm_version_get},
    {"PUT", W "/data/{name}/versions/{version}", hr_data_arm_version_put},
    {"DELETE", W "/data/{name}/versions/{version}", hr_data_arm_version_delete},
};

const struct hr_routes *hr_data_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
