/* arm's own: handlers, by file, and what they share. */
#ifndef HR_DAEMON_ARM_PRIVATE_H
#define HR_DAEMON_ARM_PRIVATE_H
#include "daemon/arm/arm.h"
#include "daemon/arm/id.h"

/* cloud.c: what stands before resources: addresses, tokens, subscriptions */
hr_rest_handler arm_health, arm_metadata, arm_openid, arm_instance, arm_token, arm_msi,
    arm_discovery, arm_subscriptions, arm_subscription, arm_tenants;
/* resource.c */
hr_rest_handler arm_get, arm_list, arm_list_all, arm_groups, arm_group_put, arm_workspace_put,
    arm_synapse_put, arm_pool_put;
/* link.c, compute.c */
enum hr_code arm_link_may_get(struct hr_rest *req,
                              const struct hr_resource_row *link,
                              struct hr_err *err);
hr_rest_handler arm_link_put, arm_link_delete, arm_compute_put, arm_compute_delete, arm_operation;
/* role.c: Synapse's and ARM's */
hr_rest_handler arm_synapse_role_put, arm_synapse_role_get, arm_synapse_role_list,
    arm_synapse_role_delete, arm_synapse_definitions, arm_synapse_definition, arm_synapse_scopes,
    arm_synapse_check, arm_role_put, arm_role_get, arm_role_list, arm_permissions, arm_role_delete,
    arm_role_definitions, arm_role_definition;
/* principal.c */
hr_rest_handler arm_user_post, arm_user_list, arm_user_get, arm_user_delete, arm_me, arm_defaults;

/* ---- shared ---- */
/* the id that a route's pattern spells with the request's names; `drop` leaves out so many segments
 * at its end */
enum hr_code arm_request_id(struct hr_rest *req,
                            size_t drop,
                            struct hr_arm_id *id,
                            struct hr_err *err);
enum hr_code arm_check_subscription(struct hr_rest *req,
                                    const char *subscription,
                                    struct hr_err *err);
/* the row, or HR_E_NOT_FOUND naming it */
enum hr_code arm_find(struct hr_rest *req,
                      const char *id,
                      struct hr_resource_row **row,
                      struct hr_err *err);
/* a resource as JSON; NULL is never returned */
json_t *arm_view(struct hr_rest *req, const struct hr_resource_row *row);
/* what every compute shows */
void arm_compute_fill(struct hr_rest *req, const struct hr_resource_row *row, json_t *properties);
json_t *arm_value_list(struct hr_rest *req, const struct hr_resource_rows *rows);
enum hr_code arm_check_name(const char *type, const char *name, struct hr_err *err);
json_t *arm_json(const char *text); /* an object, {} when text is none */
/* body's object of that name, {} when absent (a new reference); anything else is refused */
enum hr_code arm_body_object(struct hr_rest *req,
                             const char *name,
                             json_t **object,
                             struct hr_err *err);
/* adds the row or updates its properties and tags; *created says which. Takes no references. */
enum hr_code arm_put(struct hr_rest *req,
                     const struct hr_arm_id *id,
                     json_t *properties,
                     const char *identity,
                     bool *created,
                     struct hr_resource_row **row,
                     struct hr_err *err);
const char *arm_dump(struct hr_arena *arena, const json_t *json);
enum hr_code arm_attached(struct hr_rest *req,
                          const struct hr_resource_row *link,
                          struct hr_resource_rows *computes,
                          struct hr_err *err);
#endif
