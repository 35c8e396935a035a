#include "daemon/arm/private.h"

#define AUTHORIZATION "/{scope*}/providers/Microsoft.Authorization"

static const struct hr_route table[] = {
    /* open: where things are, and tokens (which carry their own secret) */
    {"GET", "/health", hr_arm_health, HR_ROUTE_OPEN},
    {"GET", "/metadata/endpoints", hr_arm_metadata, HR_ROUTE_OPEN},
    {"GET", "/discovery/workspaces/{workspace}", hr_arm_discovery, HR_ROUTE_OPEN},
    {"GET", "/adfs/{tenant}/.well-known/openid-configuration", hr_arm_openid, HR_ROUTE_OPEN},
    {"POST", "/adfs/{tenant}/oauth2/v2.0/token", hr_arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/{tenant}/v2.0/.well-known/openid-configuration", hr_arm_openid, HR_ROUTE_OPEN},
    {"GET", "/{tenant}/.well-known/openid-configuration", hr_arm_openid, HR_ROUTE_OPEN},
    {"POST", "/{tenant}/oauth2/v2.0/token", hr_arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"POST", "/{tenant}/oauth2/token", hr_arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/common/discovery/instance", hr_arm_instance, HR_ROUTE_OPEN},
    {"POST", "/msi/{secret}", hr_arm_msi, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/msi/{secret}", hr_arm_msi, HR_ROUTE_OPEN},
    {"POST", "/msi", hr_arm_msi, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/msi", hr_arm_msi, HR_ROUTE_OPEN},

    {"GET", "/tenants", hr_arm_tenants},
    {"GET", "/subscriptions", hr_arm_subscriptions},
    {"GET", HR_ARM_SUBSCRIPTION, hr_arm_subscription},
    {"GET", HR_ARM_SUBSCRIPTION "/resourceGroups", hr_arm_groups},
    {"GET", HR_ARM_GROUP, hr_arm_get},
    {"PUT", HR_ARM_GROUP, hr_arm_group_put},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.MachineLearningServices/workspaces",
     hr_arm_list_all},
    {"GET", HR_ARM_ML, hr_arm_list},
    {"GET", HR_ARM_ML "/{workspace}", hr_arm_get},
    {"PUT", HR_ARM_ML "/{workspace}", hr_arm_workspace_put},
    {"GET", HR_ARM_ML "/{workspace}/linkedServices", hr_arm_list},
    {"GET", HR_ARM_ML "/{workspace}/linkedServices/{link}", hr_arm_get},
    {"PUT", HR_ARM_ML "/{workspace}/linkedServices/{link}", hr_arm_link_put},
    {"DELETE", HR_ARM_ML "/{workspace}/linkedServices/{link}", hr_arm_link_delete},
    {"GET", HR_ARM_ML "/{workspace}/computes", hr_arm_list},
    {"GET", HR_ARM_ML "/{workspace}/computes/{compute}", hr_arm_get},
    {"PUT", HR_ARM_ML "/{workspace}/computes/{compute}", hr_arm_compute_put},
    {"DELETE", HR_ARM_ML "/{workspace}/computes/{compute}", hr_arm_compute_delete},
    {"GET",
     HR_ARM_SUBSCRIPTION
     "/providers/Microsoft.MachineLearningServices/locations/{location}/computeOperationsStatus/{operation}",
     hr_arm_operation},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.Synapse/workspaces", hr_arm_list_all},
    {"GET", HR_ARM_SYNAPSE, hr_arm_list},
    {"GET", HR_ARM_SYNAPSE "/{synapse}", hr_arm_get},
    {"PUT", HR_ARM_SYNAPSE "/{synapse}", hr_arm_synapse_put},
    {"GET", HR_ARM_SYNAPSE "/{synapse}/bigDataPools", hr_arm_list},
    {"GET", HR_ARM_SYNAPSE "/{synapse}/bigDataPools/{pool}", hr_arm_get},
    {"PUT", HR_ARM_SYNAPSE "/{synapse}/bigDataPools/{pool}", hr_arm_pool_put},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.Storage/storageAccounts", hr_arm_list_all},
    {"GET", HR_ARM_STORAGE, hr_arm_list},
    {"GET", HR_ARM_STORAGE "/{account}", hr_arm_get},

    /* at a Synapse workspace's own address */
    {"GET", "/roleAssignments", hr_arm_synapse_role_list},
    {"GET", "/roleAssignments/{assignment}", hr_arm_synapse_role_get},
    {"PUT", "/roleAssignments/{assignment}", hr_arm_synapse_role_put},
    {"DELETE", "/roleAssignments/{assignment}", hr_arm_synapse_role_delete},
    {"GET", "/roleDefinitions", hr_arm_synapse_definitions},
    {"GET", "/roleDefinitions/{definition}", hr_arm_synapse_definition},
    {"GET", "/rbacScopes", hr_arm_synapse_scopes},
    {"POST", "/checkAccessSynapseRbac", hr_arm_synapse_check},

    {"GET", AUTHORIZATION "/roleAssignments", hr_arm_role_list},
    {"GET", AUTHORIZATION "/roleAssignments/{assignment}", hr_arm_role_get},
    {"PUT", AUTHORIZATION "/roleAssignments/{assignment}", hr_arm_role_put},
    {"DELETE", AUTHORIZATION "/roleAssignments/{assignment}", hr_arm_role_delete},
    {"GET", AUTHORIZATION "/roleDefinitions", hr_arm_role_definitions},
    {"GET", AUTHORIZATION "/permissions", hr_arm_permissions},
    {"GET", AUTHORIZATION "/roleDefinitions/{definition}", hr_arm_role_definition},

    {"GET", "/v1.0/me", hr_arm_me},
    {"GET", "/v1.0/defaults", hr_arm_defaults},
    {"GET", "/v1.0/users", hr_arm_user_list},
    {"POST", "/v1.0/users", hr_arm_user_post},
    {"GET", "/v1.0/users/{principal}", hr_arm_user_get},
    {"DELETE", "/v1.0/users/{principal}", hr_arm_user_delete},
    {"GET", "/v1.0/directoryObjects/{principal}", hr_arm_user_get},
};

const struct hr_routes *hr_arm_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
