/* arm's own: handlers, by file, and what they share. */
#ifndef HR_DAEMON_ARM_PRIVATE_H
#define HR_DAEMON_ARM_PRIVATE_H
#include "daemon/arm/arm.h"
#include "daemon/arm/id.h"

/* cloud.c: what stands before resources: addresses, tokens, subscriptions */
hr_rest_handler hr_arm_health, hr_arm_metadata, hr_arm_openid, hr_arm_instance, hr_arm_token,
    hr_arm_msi, hr_arm_discovery, hr_arm_subscriptions, hr_arm_subscription, hr_arm_tenants;
/* resource.c */
hr_rest_handler hr_arm_get, hr_arm_list, hr_arm_list_all, hr_arm_groups, hr_arm_group_put,
    hr_arm_workspace_put, hr_arm_synapse_put, hr_arm_pool_put;
/* link.c, compute.c */
enum hr_code hr_arm_link_may_get(struct hr_rest *req,
                                 const struct hr_resource_row *link,
                                 struct hr_err *err);
hr_rest_handler hr_arm_link_put, hr_arm_link_delete, hr_arm_compute_put, hr_arm_compute_delete,
    hr_arm_operation;
/* role.c: Synapse's and ARM's */
hr_rest_handler hr_arm_synapse_role_put, hr_arm_synapse_role_get, hr_arm_synapse_role_list,
    hr_arm_synapse_role_delete, hr_arm_synapse_definitions, hr_arm_synapse_definition,
    hr_arm_synapse_scopes, hr_arm_synapse_check, hr_arm_role_put, hr_arm_role_get, hr_arm_role_list,
    hr_arm_permissions, hr_arm_role_delete, hr_arm_role_definitions, hr_arm_role_definition;
/* principal.c */
hr_rest_handler hr_arm_user_post, hr_arm_user_list, hr_arm_user_get, hr_arm_user_delete, hr_arm_me,
    hr_arm_defaults;

/* ---- shared ---- */
/* the id that a route's pattern spells with the request's names; `drop` leaves out so many segments
 * at its end */
enum hr_code hr_arm_request_id(struct hr_rest *req,
                               size_t drop,
                               struct hr_arm_id *id,
                               struct hr_err *err);
enum hr_code hr_arm_check_subscription(struct hr_rest *req,
                                       const char *subscription,
                                       struct hr_err *err);
/* the row, or HR_E_NOT_FOUND naming it */
enum hr_code hr_arm_find(struct hr_rest *req,
                         const char *id,
                         struct hr_resource_row **row,
                         struct hr_err *err);
/* a resource as JSON; NULL is never returned */
json_t *hr_arm_view(struct hr_rest *req, const struct hr_resource_row *row);
/* what every compute shows */
void hr_arm_compute_fill(struct hr_rest *req,
                         const struct hr_resource_row *row,
                         json_t *properties);
enum hr_code hr_arm_check_name(const char *type, const char *name, struct hr_err *err);
json_t *hr_arm_json(const char *text); /* an object, {} when text is none */
/* body's object of that name, {} when absent (a new reference); anything else is refused */
enum hr_code hr_arm_body_object(struct hr_rest *req,
                                const char *name,
                                json_t **object,
                                struct hr_err *err);
/* adds the row or updates its properties and tags; *created says which. Takes no references. */
enum hr_code hr_arm_put(struct hr_rest *req,
                        const struct hr_arm_id *id,
                        json_t *properties,
                        const char *identity,
                        bool *created,
                        struct hr_resource_row **row,
                        struct hr_err *err);
const char *hr_arm_dump(struct hr_arena *arena, const json_t *json);
#endif
