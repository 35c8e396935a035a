#include "daemon/arm/id.h"
#include "daemon/data/private.h"

#define W HR_ARM_ML "/{workspace}"
#define STORES "/datastore/v1.0" W "/datastores"
#define SETS "/dataset/v1.0" W "/datasets"
#define SAVED "/dataset/v1.0" W "/saveddatasets"

#define RELAY(method)                                                                     \
    {method, "/storage/{account}", data_relay, HR_ROUTE_OPEN | HR_ROUTE_STREAM},          \
    {                                                                                     \
        method, "/storage/{account}/{path*}", data_relay, HR_ROUTE_OPEN | HR_ROUTE_STREAM \
    }

static const struct hr_route table[] = {
    RELAY("GET"),
    RELAY("HEAD"),
    RELAY("PUT"),
    RELAY("POST"),
    RELAY("PATCH"),
    RELAY("DELETE"),

    /* the v1 services */
    {"GET", STORES, data_store_list},
    {"POST", STORES, data_store_post},
    {"GET", STORES "/default", data_store_default},
    {"PUT", STORES "/default/{store}", data_store_set_default},
    {"GET", STORES "/{store}", data_store_get},
    {"PUT", STORES "/{store}", data_store_put},
    {"DELETE", STORES "/{store}", data_store_delete},
    {"POST", STORES "/{store}/access", data_store_access},

    {"GET", SETS, data_set_list},
    {"POST", SETS, data_set_post},
    {"GET", SETS "/query/{query}", data_set_named},
    {"GET", SETS "/{dataset}", data_set_get},
    {"DELETE", SETS "/{dataset}", data_set_delete},
    {"GET", SETS "/{dataset}/versions", data_set_versions},
    {"GET", SETS "/{dataset}/versions/{version}", data_set_version},
    {"PATCH", SETS "/{dataset}/versions/{version}", data_set_patch},
    {"DELETE", SETS "/{dataset}/versions/{version}", data_set_version_delete},
    {"GET", SETS "/{dataset}/versions/{version}/manifest", data_set_manifest},
    {"GET", SETS "/{dataset}/versions/{version}/content", data_set_content},
    {"POST", SETS "/{dataset}/versions/{version}/access", data_set_access},
    {"POST", SAVED, data_saved_post},
    {"GET", SAVED "/{dataset}", data_saved_get},

    /* the ARM resources */
    {"GET", W "/datastores", data_store_arm_list},
    {"GET", W "/datastores/{store}", data_store_arm_get},
    {"PUT", W "/datastores/{store}", data_store_arm_put},
    {"DELETE", W "/datastores/{store}", data_store_delete},
    {"POST", W "/datastores/{store}/listSecrets", data_store_secrets},
    {"GET", W "/data", data_arm_list},
    {"GET", W "/data/{name}", data_arm_get},
    {"DELETE", W "/data/{name}", data_arm_delete},
    {"GET", W "/data/{name}/versions", data_arm_versions},
    {"GET", W "/data/{name}/versions/{version}", data_arm_version_get},
    {"PUT", W "/data/{name}/versions/{version}", data_arm_version_put},
    {"DELETE", W "/data/{name}/versions/{version}", data_arm_version_delete},
};

const struct hr_routes *hr_data_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
