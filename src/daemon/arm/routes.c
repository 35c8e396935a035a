#include "daemon/arm/private.h"

#define AUTHORIZATION "/{scope*}/providers/Microsoft.Authorization"

static const struct hr_route table[] = {
    /* open: where things are, and tokens (which carry their own secret) */
    {"GET", "/health", arm_health, HR_ROUTE_OPEN},
    {"GET", "/metadata/endpoints", arm_metadata, HR_ROUTE_OPEN},
    {"GET", "/discovery/workspaces/{workspace}", arm_discovery, HR_ROUTE_OPEN},
    {"GET", "/adfs/{tenant}/.well-known/openid-configuration", arm_openid, HR_ROUTE_OPEN},
    {"POST", "/adfs/{tenant}/oauth2/v2.0/token", arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/{tenant}/v2.0/.well-known/openid-configuration", arm_openid, HR_ROUTE_OPEN},
    {"GET", "/{tenant}/.well-known/openid-configuration", arm_openid, HR_ROUTE_OPEN},
    {"POST", "/{tenant}/oauth2/v2.0/token", arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"POST", "/{tenant}/oauth2/token", arm_token, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/common/discovery/instance", arm_instance, HR_ROUTE_OPEN},
    {"POST", "/msi/{secret}", arm_msi, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/msi/{secret}", arm_msi, HR_ROUTE_OPEN},
    {"POST", "/msi", arm_msi, HR_ROUTE_OPEN | HR_ROUTE_FORM},
    {"GET", "/msi", arm_msi, HR_ROUTE_OPEN},

    {"GET", "/tenants", arm_tenants},
    {"GET", "/subscriptions", arm_subscriptions},
    {"GET", HR_ARM_SUBSCRIPTION, arm_subscription},
    {"GET", HR_ARM_SUBSCRIPTION "/resourceGroups", arm_groups},
    {"GET", HR_ARM_GROUP, arm_get},
    {"PUT", HR_ARM_GROUP, arm_group_put},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.MachineLearningServices/workspaces",
     arm_list_all},
    {"GET", HR_ARM_ML, arm_list},
    {"GET", HR_ARM_ML "/{workspace}", arm_get},
    {"PUT", HR_ARM_ML "/{workspace}", arm_workspace_put},
    {"GET", HR_ARM_ML "/{workspace}/linkedServices", arm_list},
    {"GET", HR_ARM_ML "/{workspace}/linkedServices/{link}", arm_get},
    {"PUT", HR_ARM_ML "/{workspace}/linkedServices/{link}", arm_link_put},
    {"DELETE", HR_ARM_ML "/{workspace}/linkedServices/{link}", arm_link_delete},
    {"GET", HR_ARM_ML "/{workspace}/computes", arm_list},
    {"GET", HR_ARM_ML "/{workspace}/computes/{compute}", arm_get},
    {"PUT", HR_ARM_ML "/{workspace}/computes/{compute}", arm_compute_put},
    {"DELETE", HR_ARM_ML "/{workspace}/computes/{compute}", arm_compute_delete},
    {"GET",
     HR_ARM_SUBSCRIPTION
     "/providers/Microsoft.MachineLearningServices/locations/{location}/computeOperationsStatus/{operation}",
     arm_operation},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.Synapse/workspaces", arm_list_all},
    {"GET", HR_ARM_SYNAPSE, arm_list},
    {"GET", HR_ARM_SYNAPSE "/{synapse}", arm_get},
    {"PUT", HR_ARM_SYNAPSE "/{synapse}", arm_synapse_put},
    {"GET", HR_ARM_SYNAPSE "/{synapse}/bigDataPools", arm_list},
    {"GET", HR_ARM_SYNAPSE "/{synapse}/bigDataPools/{pool}", arm_get},
    {"PUT", HR_ARM_SYNAPSE "/{synapse}/bigDataPools/{pool}", arm_pool_put},

    {"GET", HR_ARM_SUBSCRIPTION "/providers/Microsoft.Storage/storageAccounts", arm_list_all},
    {"GET", HR_ARM_STORAGE, arm_list},
    {"GET", HR_ARM_STORAGE "/{account}", arm_get},

    /* at a Synapse workspace's own address */
    {"GET", "/roleAssignments", arm_synapse_role_list},
    {"GET", "/roleAssignments/{assignment}", arm_synapse_role_get},
    {"PUT", "/roleAssignments/{assignment}", arm_synapse_role_put},
    {"DELETE", "/roleAssignments/{assignment}", arm_synapse_role_delete},
    {"GET", "/roleDefinitions", arm_synapse_definitions},
    {"GET", "/roleDefinitions/{definition}", arm_synapse_definition},
    {"GET", "/rbacScopes", arm_synapse_scopes},
    {"POST", "/checkAccessSynapseRbac", arm_synapse_check},

    {"GET", AUTHORIZATION "/roleAssignments", arm_role_list},
    {"GET", AUTHORIZATION "/roleAssignments/{assignment}", arm_role_get},
    {"PUT", AUTHORIZATION "/roleAssignments/{assignment}", arm_role_put},
    {"DELETE", AUTHORIZATION "/roleAssignments/{assignment}", arm_role_delete},
    {"GET", AUTHORIZATION "/roleDefinitions", arm_role_definitions},
    {"GET", AUTHORIZATION "/permissions", arm_permissions},
    {"GET", AUTHORIZATION "/roleDefinitions/{definition}", arm_role_definition},

    {"GET", "/v1.0/me", arm_me},
    {"GET", "/v1.0/defaults", arm_defaults},
    {"GET", "/v1.0/users", arm_user_list},
    {"POST", "/v1.0/users", arm_user_post},
    {"GET", "/v1.0/users/{principal}", arm_user_get},
    {"DELETE", "/v1.0/users/{principal}", arm_user_delete},
    {"GET", "/v1.0/directoryObjects/{principal}", arm_user_get},
};

const struct hr_routes *hr_arm_routes(void)
{
    static const struct hr_routes routes = {.at = table, .count = HR_LEN(table)};
    return &routes;
}
