/* Role assignments, in Synapse's dialect (under a workspace's own address) and in ARM's (under any
 * scope). */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/arm/private.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define AUTHORIZATION "providers/Microsoft.Authorization"

static const struct {
    enum hr_action action;
    const char *name;
    bool data;
} action_names[] = {
    {HR_ACT_READ, "*/read", false},
    {HR_ACT_WRITE, "*", false},
    {HR_ACT_ASSIGN, "Microsoft.Authorization/roleAssignments/*", false},
    {HR_ACT_LINK, "Microsoft.Synapse/workspaces/*", false},
    {HR_ACT_SYNAPSE_READ, "Microsoft.Synapse/workspaces/read", false},
    {HR_ACT_USE_COMPUTE, "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action", true},
    {HR_ACT_VIEW_LOGS, "Microsoft.Synapse/workspaces/bigDataPools/viewLogs/action", true},
    {HR_ACT_CANCEL, "Microsoft.Synapse/workspaces/cancelPipelineRun/action", true},
    {HR_ACT_SYNAPSE_WRITE, "Microsoft.Synapse/workspaces/notebooks/write", true},
    {HR_ACT_SYNAPSE_ASSIGN, "Microsoft.Synapse/workspaces/roleAssignments/write", false},
    {HR_ACT_BLOB_READ, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
     true},
    {HR_ACT_BLOB_WRITE, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
     true},
};

static json_t *permissions_of(const struct hr_role *role)
{
    json_t *actions = json_array(), *data = json_array();
    for (size_t i = 0; i < HR_LEN(action_names); i++)
        if (role->actions & action_names[i].action)
            json_array_append_new(action_names[i].data ? data : actions,
                                  json_string(action_names[i].name));
    return json_pack("[{s:o, s:[], s:o, s:[]}]", "actions", actions, "notActions", "dataActions",
                     data, "notDataActions");
}

static enum hr_code find_role(const char *text,
                              struct hr_rest *req,
                              bool synapse,
                              const struct hr_role **role,
                              struct hr_err *err)
{
    (void)req;
    *role = text ? hr_role_find(text) : NULL;
    if (*role && ((*role)->family == HR_ROLES_SYNAPSE) == synapse)
        return HR_OK;
    if (!text)
        return hr_fail(err, HR_E_INVALID, "the role is missing");
    return hr_fail(err, HR_E_NOT_FOUND, "there is no %s role \"%.100s\"",
                   synapse ? "Synapse" : "Azure", text);
}

/* any principal is found by GUID; a name is a convenience of ours */
static enum hr_code find_principal(struct hr_rest *req,
                                   const char *text,
                                   struct hr_principal *principal,
                                   struct hr_err *err)
{
    if (!text || !*text)
        return hr_fail(err, HR_E_INVALID, "\"principalId\" is missing");
    return hr_identity_find(req->site->identity, text, principal, err);
}

static const char *kind_of(struct hr_rest *req, const char *id)
{
    struct hr_principal principal;
    return hr_identity_find(req->site->identity, id, &principal, NULL)
               ? "Unknown"
               : hr_strdup(req->arena, principal.kind);
}

static enum hr_code find_assignment(struct hr_rest *req,
                                    struct hr_assignment_row **row,
                                    struct hr_err *err)
{
    const char *id = hr_rest_param(req, "assignment");
    HR_TRY(hr_store_assignment_get(req->site->store, req->arena, id, row, err));
    return *row ? HR_OK
                : hr_fail(err, HR_E_NOT_FOUND, "role assignment \"%.100s\" does not exist", id);
}

/* ---- Synapse ---- */

static const char *address_scope(struct hr_rest *req)
{
    return hr_printf(req->arena, "workspaces/%s", req->synapse ? req->synapse : req->site->synapse);
}

/* workspaces/NAME[/bigDataPools/POOL] in the case of the things that it names, which must be there
 * and behind this address */
static enum hr_code synapse_scope(struct hr_rest *req,
                                  const char *text,
                                  const char **scope,
                                  struct hr_err *err)
{
    char *part[4], *save = NULL, *copy = hr_strdup(req->arena, text ? text : address_scope(req));
    size_t count = 0;
    for (char *word = strtok_r(copy, "/", &save); word && count < 4;
         word = strtok_r(NULL, "/", &save))
        part[count++] = word;
    if ((count != 2 && count != 4) ||
        strcasecmp(part[0], "workspaces") ||
        (count == 4 && strcasecmp(part[2], "bigDataPools")))
        return hr_fail(
            err, HR_E_INVALID,
            "scope \"%.200s\" is neither \"workspaces/NAME\" nor \"workspaces/NAME/bigDataPools/POOL\"",
            text);
    const char *id = hr_site_synapse_id(req->site, req->arena, part[1]);
    if (!id || (req->synapse && strcasecmp(req->synapse, part[1])))
        return hr_fail(err, HR_E_NOT_FOUND, "Synapse workspace \"%.100s\" does not exist%s",
                       part[1], id ? " at this address" : "");
    *scope = hr_printf(req->arena, "workspaces/%s", strrchr(id, '/') + 1);
    if (count == 2)
        return HR_OK;
    const char *pool = hr_site_pool_id(req->site, req->arena, part[1], part[3]);
    if (!pool)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "Spark pool \"%.100s\" does not exist in Synapse workspace \"%s\"", part[3],
                       part[1]);
    *scope = hr_printf(req->arena, "%s/bigDataPools/%s", *scope, strrchr(pool, '/') + 1);
    return HR_OK;
}

static json_t *synapse_view(struct hr_rest *req, const struct hr_assignment_row *row)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", row->id, "roleDefinitionId", row->role,
                     "principalId", row->principal, "scope", row->scope, "principalType",
                     kind_of(req, row->principal));
}

enum hr_code hr_arm_synapse_role_put(struct hr_rest *req, struct hr_err *err)
{
    const struct hr_role *role;
    struct hr_principal principal;
    struct hr_assignment_row *row;
    const char *scope;
    HR_TRY(synapse_scope(req, hr_rest_string(req, "scope"), &scope, err));
    HR_TRY(hr_rest_check(req, HR_ACT_SYNAPSE_ASSIGN, scope, err));
    HR_TRY(find_role(hr_rest_string(req, "roleId"), req, true, &role, err));
    HR_TRY(find_principal(req, hr_rest_string(req, "principalId"), &principal, err));
    enum hr_code code =
        hr_identity_assign(req->site->identity, req->arena, hr_rest_param(req, "assignment"), role,
                           principal.id, scope, req->who.id, &row, err);
    if (code && !(code == HR_E_EXISTS && row))
        return code;
    hr_rest_reply(req, 200, synapse_view(req, row));
    return HR_OK;
}

static enum hr_code one_of_synapse(struct hr_rest *req,
                                   enum hr_action action,
                                   struct hr_assignment_row **row,
                                   struct hr_err *err)
{
    HR_TRY(hr_rest_check(req, action, address_scope(req), err));
    HR_TRY(find_assignment(req, row, err));
    if (!hr_access_covers(address_scope(req), (*row)->scope))
        return hr_fail(err, HR_E_NOT_FOUND, "role assignment \"%s\" does not exist at this address",
                       (*row)->id);
    return HR_OK;
}

enum hr_code hr_arm_synapse_role_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_row *row;
    HR_TRY(one_of_synapse(req, HR_ACT_SYNAPSE_READ, &row, err));
    hr_rest_reply(req, 200, synapse_view(req, row));
    return HR_OK;
}

enum hr_code hr_arm_synapse_role_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_row *row;
    HR_TRY(one_of_synapse(req, HR_ACT_SYNAPSE_ASSIGN, &row, err));
    HR_TRY(hr_identity_unassign(req->site->identity, row->id, err));
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}

static bool fits(const char *wanted, const char *value)
{
    return !wanted || !*wanted || !strcasecmp(wanted, value);
}

enum hr_code hr_arm_synapse_role_list(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_rows rows;
    const char *role = hr_rest_query(req, "roleId"), *principal = hr_rest_query(req, "principalId"),
               *scope = hr_rest_query(req, "scope");
    HR_TRY(hr_rest_check(req, HR_ACT_SYNAPSE_READ, address_scope(req), err));
    HR_TRY(hr_store_assignment_list(req->site->store, req->arena, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        if (hr_access_covers(address_scope(req), rows.at[i].scope) &&
            fits(role, rows.at[i].role) &&
            fits(principal, rows.at[i].principal) &&
            fits(scope, rows.at[i].scope))
            json_array_append_new(list, synapse_view(req, &rows.at[i]));
    hr_rest_reply(req, 200,
                  json_pack("{s:i, s:o}", "count", (int)json_array_size(list), "value", list));
    return HR_OK;
}

static json_t *synapse_definition(const struct hr_role *role)
{
    json_t *scopes = json_pack("[s]", "workspaces/{workspaceName}");
    if (role->pool_scope)
        json_array_append_new(
            scopes, json_string("workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}"));
    return json_pack("{s:s, s:s, s:b, s:s, s:o, s:o, s:s}", "id", role->id, "name", role->name,
                     "isBuiltIn", 1, "description", role->text, "permissions", permissions_of(role),
                     "scopes", scopes, "availabilityStatus", "Available");
}

enum hr_code hr_arm_synapse_definitions(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    json_t *list = json_array();
    for (const struct hr_role *role = NULL; (role = hr_role_next(role));)
        if (role->family == HR_ROLES_SYNAPSE)
            json_array_append_new(list, synapse_definition(role));
    hr_rest_reply(req, 200, list);
    return HR_OK;
}

enum hr_code hr_arm_synapse_definition(struct hr_rest *req, struct hr_err *err)
{
    const struct hr_role *role;
    HR_TRY(find_role(hr_rest_param(req, "definition"), req, true, &role, err));
    hr_rest_reply(req, 200, synapse_definition(role));
    return HR_OK;
}

enum hr_code hr_arm_synapse_scopes(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200,
                  json_pack("[s, s]", "workspaces/{workspaceName}",
                            "workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}"));
    return HR_OK;
}

/* what a principal may do: for oneself always, for others by who may see the workspace */
enum hr_code hr_arm_synapse_check(struct hr_rest *req, struct hr_err *err)
{
    const char *scope, *subject = json_string_value(
                           json_object_get(json_object_get(req->body, "subject"), "principalId"));
    json_t *actions = json_object_get(req->body, "actions"), *action, *list = NULL;
    struct hr_principal principal;
    size_t i;
    HR_TRY(synapse_scope(req, hr_rest_string(req, "scope"), &scope, err));
    HR_TRY(find_principal(req, subject, &principal, err));
    if (strcmp(principal.id, req->who.id))
        HR_TRY(hr_rest_check(req, HR_ACT_SYNAPSE_READ, scope, err));
    list = json_array();
    json_array_foreach(actions, i, action)
    {
        const char *name = json_string_value(json_object_get(action, "id"));
        bool allowed = false;
        for (size_t k = 0; name && k < HR_LEN(action_names); k++)
            if (!strcasecmp(action_names[k].name, name))
                allowed = !hr_identity_check(req->site->identity, &principal,
                                             action_names[k].action, scope, NULL);
        json_array_append_new(list, json_pack("{s:s, s:s}", "accessDecision",
                                              allowed ? "Allowed" : "NotAllowed", "actionId",
                                              name ? name : ""));
    }
    hr_rest_reply(req, 200, json_pack("{s:o}", "AccessDecisions", list));
    json_object_set(req->reply, "accessDecisions", list);
    return HR_OK;
}

/* ---- ARM ---- */

/* the path's scope in canonical case */
static enum hr_code arm_scope(struct hr_rest *req, const char **scope, struct hr_err *err)
{
    struct hr_arm_id id;
    HR_TRY(hr_arm_id_parse(req->arena, hr_rest_param(req, "scope"), &id, err));
    HR_TRY(hr_arm_check_subscription(req, id.subscription, err));
    struct hr_resource_row *row = NULL;
    if (id.type)
        HR_TRY(hr_store_resource_get(req->site->store, req->arena, id.text, &row, err));
    *scope = row ? row->id : id.text;
    return HR_OK;
}

static const char *definition_id(struct hr_rest *req, const char *role)
{
    return hr_printf(req->arena, "/subscriptions/%s/" AUTHORIZATION "/roleDefinitions/%s",
                     req->site->subscription, role);
}

static json_t *role_view(struct hr_rest *req, const struct hr_assignment_row *row)
{
    char created[32];
    hr_clock_iso8601(row->created_ms, created);
    return json_pack("{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "id",
                     json_sprintf("%s/" AUTHORIZATION "/roleAssignments/%s", row->scope, row->id),
                     "name", row->id, "type", "Microsoft.Authorization/roleAssignments",
                     "properties", "roleDefinitionId", definition_id(req, row->role), "principalId",
                     row->principal, "principalType", kind_of(req, row->principal), "scope",
                     row->scope, "createdOn", created, "updatedOn", created, "createdBy",
                     row->created_by);
}

enum hr_code hr_arm_role_put(struct hr_rest *req, struct hr_err *err)
{
    json_t *properties = json_object_get(req->body, "properties");
    const char *scope,
        *role_id = json_string_value(json_object_get(properties, "roleDefinitionId")),
        *id = hr_rest_param(req, "assignment");
    const struct hr_role *role;
    struct hr_principal principal;
    struct hr_assignment_row *row;
    HR_TRY(arm_scope(req, &scope, err));
    HR_TRY(hr_rest_check(req, HR_ACT_ASSIGN, scope, err));
    HR_TRY(find_role(role_id, req, false, &role, err));
    HR_TRY(find_principal(req, json_string_value(json_object_get(properties, "principalId")),
                          &principal, err));
    enum hr_code code = hr_identity_assign(req->site->identity, req->arena, id, role, principal.id,
                                           scope, req->who.id, &row, err);
    if (code && !(code == HR_E_EXISTS && row && !strcasecmp(row->id, id)))
        return code;
    hr_rest_reply(req, code ? 200 : 201, role_view(req, row));
    return HR_OK;
}

static enum hr_code one_of_arm(struct hr_rest *req,
                               enum hr_action action,
                               struct hr_assignment_row **row,
                               struct hr_err *err)
{
    const char *scope;
    HR_TRY(arm_scope(req, &scope, err));
    HR_TRY(hr_rest_check(req, action, scope, err));
    HR_TRY(find_assignment(req, row, err));
    if (strcasecmp((*row)->scope, scope))
        return hr_fail(err, HR_E_NOT_FOUND, "role assignment \"%s\" does not exist on scope \"%s\"",
                       (*row)->id, scope);
    return HR_OK;
}

enum hr_code hr_arm_role_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_row *row;
    HR_TRY(one_of_arm(req, HR_ACT_READ, &row, err));
    hr_rest_reply(req, 200, role_view(req, row));
    return HR_OK;
}

enum hr_code hr_arm_role_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_row *row;
    HR_TRY(one_of_arm(req, HR_ACT_ASSIGN, &row, err));
    json_t *view = role_view(req, row);
    enum hr_code code = hr_identity_unassign(req->site->identity, row->id, err);
    if (code)
        json_decref(view);
    else
        hr_rest_reply(req, 200, view);
    return code;
}

/* the filters that Azure's tools send: "atScope()", "principalId eq '…'", "assignedTo('…')",
 * "roleName eq '…'" */
static enum hr_code read_filter(
    struct hr_rest *req, const char *name, const char **value, bool *at_scope, struct hr_err *err)
{
    const char *filter = hr_rest_query(req, "$filter");
    char key[32] = "", quoted[200] = "";
    *value = NULL;
    *at_scope = filter && !strncasecmp(filter, "atScope()", 9);
    if (!filter || !*filter || !strcasecmp(filter, "atScope()"))
        return HR_OK;
    const char *rest =
        *at_scope ? filter + 9 + (strncasecmp(filter + 9, " and ", 5) ? 0 : 5) : filter;
    bool assigned = sscanf(rest, "assignedTo('%199[^']')", quoted) == 1;
    if (!assigned &&
        (sscanf(rest, "%31s eq '%199[^']'", key, quoted) != 2 || strcasecmp(key, name)))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "filter \"%.200s\" is not supported: \"atScope()\", \"%s eq '…'\" and \"assignedTo('…')\" are",
            filter, name);
    *value = hr_strdup(req->arena, quoted);
    return HR_OK;
}

enum hr_code hr_arm_role_list(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_rows rows;
    const char *scope, *principal;
    bool at_scope;
    HR_TRY(arm_scope(req, &scope, err));
    HR_TRY(hr_rest_check(req, HR_ACT_READ, scope, err));
    HR_TRY(read_filter(req, "principalId", &principal, &at_scope, err));
    HR_TRY(hr_store_assignment_list(req->site->store, req->arena, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++) {
        bool above = hr_access_covers(rows.at[i].scope, scope),
             below = !at_scope && hr_access_covers(scope, rows.at[i].scope);
        if ((above || below) && fits(principal, rows.at[i].principal))
            json_array_append_new(list, role_view(req, &rows.at[i]));
    }
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

static json_t *arm_definition(struct hr_rest *req, const struct hr_role *role)
{
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:o, s:[s]}}", "id",
                     definition_id(req, role->id), "name", role->id, "type",
                     "Microsoft.Authorization/roleDefinitions", "properties", "roleName",
                     role->name, "description", role->text, "type", "BuiltInRole", "permissions",
                     permissions_of(role), "assignableScopes", "/");
}

enum hr_code hr_arm_role_definitions(struct hr_rest *req, struct hr_err *err)
{
    const char *name;
    bool at_scope;
    HR_TRY(read_filter(req, "roleName", &name, &at_scope, err));
    json_t *list = json_array();
    for (const struct hr_role *role = NULL; (role = hr_role_next(role));)
        if (role->family != HR_ROLES_SYNAPSE && fits(name, role->name))
            json_array_append_new(list, arm_definition(req, role));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

/* What the caller itself may do on the scope: one entry an assignment that counts there. Nobody
 * else's is shown, so nothing is checked. */
enum hr_code hr_arm_permissions(struct hr_rest *req, struct hr_err *err)
{
    struct hr_assignment_rows rows;
    const char *scope;
    HR_TRY(arm_scope(req, &scope, err));
    HR_TRY(hr_store_assignment_of(req->site->store, req->arena, req->who.id, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++) {
        const struct hr_role *role = hr_role_find(rows.at[i].role);
        json_t *one =
            role && hr_access_covers(rows.at[i].scope, scope) ? permissions_of(role) : NULL;
        json_array_extend(list, one);
        json_decref(one);
    }
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_arm_role_definition(struct hr_rest *req, struct hr_err *err)
{
    const struct hr_role *role;
    HR_TRY(find_role(hr_rest_param(req, "definition"), req, false, &role, err));
    hr_rest_reply(req, 200, arm_definition(req, role));
    return HR_OK;
}
