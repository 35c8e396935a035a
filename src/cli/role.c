#include "access/access.h"
#include "base/clock.h"
#include "cli/common.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct hr_option assign_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    {"assignee", "PRINCIPAL", "who gets it: a principal's GUID or name"},
    {"scope", "SCOPE",
     "workspaces/NAME[/bigDataPools/POOL] for Synapse roles, a resource id for the others"},
};

static bool is_synapse(const char *scope)
{
    return !strncasecmp(scope, "workspaces/", 11);
}

static enum hr_code find_assignee(struct hr_client *client,
                                  const char *text,
                                  const char **id,
                                  struct hr_err *err)
{
    json_t *reply;
    HR_TRY(hr_cli_call(client, "GET",
                       hr_printf(client->arena, "/v1.0/directoryObjects/%s",
                                 hr_client_escape(client->arena, text)),
                       NULL, &reply, err));
    *id = hr_strdup(client->arena, json_string_value(json_object_get(reply, "id")));
    json_decref(reply);
    return HR_OK;
}

/* a Synapse scope's address on the server: /synapse/NAME */
static const char *synapse_address(struct hr_arena *arena, const char *scope)
{
    char *name = hr_strdup(arena, scope + 11);
    name[strcspn(name, "/")] = 0;
    return hr_printf(arena, "/synapse/%s", hr_client_escape(arena, name));
}

static enum hr_code find_role(const char *text, const struct hr_role **role, struct hr_err *err)
{
    *role = hr_role_find(text);
    if (*role)
        return HR_OK;
    hr_fail(err, HR_E_NOT_FOUND, "there is no role \"%s\"", text);
    return hr_fail_command(err, "headrace role definition");
}

static enum hr_code print_one(const struct hr_role *role,
                              const char *principal,
                              const char *scope,
                              const char *state,
                              struct hr_err *err)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "role", role->name, "principal", principal,
                             "scope", scope, "state", state);
    if (!json)
        return hr_fail(err, HR_E_INVALID, "the scope is not UTF-8");
    hr_print_json(json);
    json_decref(json);
    return HR_OK;
}

static enum hr_code run_role_assign(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    const char *assignee, *scope, *principal, *path;
    char guid[37];
    json_t *reply, *body;
    const struct hr_role *role;
    HR_TRY(find_role(args->positional[0], &role, err));
    HR_TRY(hr_cli_need(args, "assignee", &assignee, err));
    HR_TRY(hr_cli_need(args, "scope", &scope, err));
    HR_TRY(hr_access_check_scope(role, scope, err));
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(find_assignee(client, assignee, &principal, err));
    hr_uuid_new(guid);
    if (role->family == HR_ROLES_SYNAPSE) {
        path = hr_printf(arena, "%s/roleAssignments/%s?api-version=2020-12-01",
                         synapse_address(arena, scope), guid);
        body = json_pack("{s:s, s:s, s:s}", "roleId", role->id, "principalId", principal, "scope",
                         scope);
    } else {
        path = hr_printf(
            arena, "%s/providers/Microsoft.Authorization/roleAssignments/%s?api-version=2022-04-01",
            hr_cli_escape_path(arena, scope), guid);
        body = json_pack("{s:{s:s, s:s}}", "properties", "roleDefinitionId", role->id,
                         "principalId", principal);
    }
    enum hr_code code = hr_cli_call(client, "PUT", path, body, &reply, err);
    if (code == HR_E_EXISTS) { /* what was asked for is so */
        if (hr_args_has(args, "json"))
            return print_one(role, principal, scope, "already", err);
        printf("\"%s\" has role \"%s\" on \"%s\" already\n", assignee, role->name, scope);
        return HR_OK;
    }
    HR_TRY(code);
    if (hr_args_has(args, "json"))
        hr_print_json(reply);
    else
        printf("\"%s\" now has role \"%s\" on \"%s\"\n", assignee, role->name, scope);
    json_decref(reply);
    return HR_OK;
}

static const struct hr_option role_list_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    {"assignee", "PRINCIPAL", "only this principal's"},
    {"scope", "SCOPE", "only on and below this scope, and above it for resource ids"},
};

/* where the assignments are listed that stand on the scope, above it and below it; a Synapse
 * workspace's are listed whole */
static const char *assignments_path(struct hr_arena *arena, const char *scope)
{
    return is_synapse(scope)
               ? hr_printf(arena, "%s/roleAssignments", synapse_address(arena, scope))
               : hr_printf(arena, "%s/providers/Microsoft.Authorization/roleAssignments",
                           hr_cli_escape_path(arena, scope));
}

/* one shape for both dialects: role, principal, scope, id */
static json_t *flat(json_t *row, json_t *names)
{
    json_t *in = json_object_get(row, "properties") ? json_object_get(row, "properties") : row;
    const char *role_id = json_string_value(json_object_get(in, "roleDefinitionId")),
               *principal = json_string_value(json_object_get(in, "principalId"));
    const struct hr_role *role = hr_role_find(role_id ? role_id : "");
    json_t *name = json_object_get(names, principal ? principal : "");
    return json_pack("{s:s, s:s, s:O, s:O, s:O}", "role", role ? role->name : "", "principal",
                     principal ? principal : "", "name",
                     name ? name : json_object_get(in, "principalId"), "scope",
                     json_object_get(in, "scope"), "id",
                     json_object_get(row, json_object_get(row, "name") ? "name" : "id"));
}

static enum hr_code principal_names(struct hr_client *client, json_t **names, struct hr_err *err)
{
    json_t *reply, *row;
    size_t i;
    HR_TRY(hr_cli_call(client, "GET", "/v1.0/users", NULL, &reply, err));
    *names = json_object();
    json_array_foreach(json_object_get(reply, "value"), i, row) json_object_set(
        *names, json_string_value(json_object_get(row, "id")), json_object_get(row, "displayName"));
    json_decref(reply);
    return HR_OK;
}

/* lists of several scopes have in common what stands above them */
static bool is_listed(const json_t *list, const json_t *one)
{
    const json_t *row;
    size_t i;
    json_array_foreach(list, i, row) if (json_equal(json_object_get(row, "id"),
                                                    json_object_get(one, "id"))) return true;
    return false;
}

static enum hr_code add_assignments(struct hr_client *client,
                                    const char *path,
                                    const char *principal,
                                    json_t *names,
                                    json_t *list,
                                    struct hr_err *err)
{
    json_t *reply, *row;
    size_t i;
    HR_TRY(hr_cli_call(client, "GET", path, NULL, &reply, err));
    json_array_foreach(json_object_get(reply, "value"), i, row)
    {
        json_t *one = flat(row, names);
        const char *who = json_string_value(json_object_get(one, "principal"));
        bool wanted = !principal || (who && !strcasecmp(who, principal));
        if (wanted && !is_listed(list, one))
            json_array_append(list, one);
        json_decref(one);
    }
    json_decref(reply);
    return HR_OK;
}

/* who may not list the subscription's assignments lists those of each workspace that they see */
static enum hr_code add_workspaces(struct hr_client *client,
                                   const char *subscription,
                                   const char *principal,
                                   json_t *names,
                                   json_t *list,
                                   struct hr_err *err)
{
    json_t *reply, *row;
    size_t i;
    HR_TRY(hr_cli_call(client, "GET",
                       hr_printf(client->arena,
                                 "%s/providers/Microsoft.MachineLearningServices/workspaces",
                                 subscription),
                       NULL, &reply, err));
    enum hr_code code = HR_OK;
    json_array_foreach(json_object_get(reply, "value"), i, row) if (!code) code = add_assignments(
        client, assignments_path(client->arena, json_string_value(json_object_get(row, "id"))),
        principal, names, list, err);
    json_decref(reply);
    return code;
}

/* without a scope: the subscription's and every Synapse workspace's that may be seen */
static enum hr_code add_all(const struct hr_args *args,
                            struct hr_client *client,
                            const char *principal,
                            json_t *names,
                            json_t *list,
                            struct hr_err *err)
{
    const char *group;
    json_t *reply, *row;
    size_t i;
    HR_TRY(hr_cli_group_path(args, client, &group, err));
    const char *subscription =
        hr_strndup(client->arena, group, (size_t)(strstr(group, "/resourceGroups/") - group));
    enum hr_code code = add_assignments(
        client,
        hr_printf(client->arena, "%s/providers/Microsoft.Authorization/roleAssignments",
                  subscription),
        principal, names, list, err);
    if (code == HR_E_DENIED)
        code = add_workspaces(client, subscription, principal, names, list, err);
    HR_TRY(code);
    HR_TRY(hr_cli_call(
        client, "GET",
        hr_printf(client->arena, "%s/providers/Microsoft.Synapse/workspaces", subscription), NULL,
        &reply, err));
    json_array_foreach(json_object_get(reply, "value"), i, row)
    {
        const char *path = hr_printf(client->arena, "/synapse/%s/roleAssignments",
                                     json_string_value(json_object_get(row, "name")));
        if (!code)
            code = add_assignments(client, path, principal, names, list, err);
        /* it is seen, but not who may what there */
        if (code == HR_E_DENIED)
            code = HR_OK;
    }
    json_decref(reply);
    return code;
}

/* ids are for programs: with --json */
static const struct hr_column assignment_columns[] = {
    {"NAME", "name"}, {"ROLE", "role"}, {"SCOPE", "scope"}};

static int by_name(const void *a, const void *b)
{
    json_t *const *left = a, *const *right = b;
    static const char *const fields[] = {"name", "scope", "role"};
    int order = 0;
    for (size_t i = 0; i < HR_LEN(fields) && !order; i++)
        order = strcasecmp(json_string_value(json_object_get(*left, fields[i])),
                           json_string_value(json_object_get(*right, fields[i])));
    return order;
}

static json_t *sorted(struct hr_arena *arena, json_t *list)
{
    size_t count = json_array_size(list);
    json_t **rows = HR_NEW_ARRAY(arena, json_t *, count + 1), *out = json_array();
    for (size_t i = 0; i < count; i++)
        rows[i] = json_array_get(list, i);
    qsort(rows, count, sizeof *rows, by_name);
    for (size_t i = 0; i < count; i++)
        json_array_append(out, rows[i]);
    json_decref(list);
    return out;
}

static enum hr_code run_role_list(const struct hr_args *args,
                                  struct hr_arena *arena,
                                  struct hr_err *err)
{
    struct hr_client *client;
    const char *scope = hr_args_get(args, "scope"), *principal = NULL;
    json_t *names, *list;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    if (hr_args_has(args, "assignee"))
        HR_TRY(find_assignee(client, hr_args_get(args, "assignee"), &principal, err));
    HR_TRY(principal_names(client, &names, err));
    list = json_array();
    enum hr_code code;
    if (!scope)
        code = add_all(args, client, principal, names, list, err);
    else
        code = add_assignments(client, assignments_path(arena, scope), principal, names, list, err);
    json_decref(names);
    if (code) {
        json_decref(list);
        return code;
    }
    return hr_cli_show(args, sorted(arena, list), assignment_columns, HR_LEN(assignment_columns));
}

static const struct hr_option role_remove_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    {"scope", "SCOPE", "the scope that it stands on"},
    {"assignee", "PRINCIPAL", "whose"},
};

/* the id of the assignment among those listed, in the arena; NULL: none */
static const char *find_assignment(struct hr_arena *arena,
                                   json_t *list,
                                   const struct hr_role *role,
                                   const char *scope)
{
    json_t *row;
    size_t i;
    json_array_foreach(
        list, i, row) if (!strcasecmp(json_string_value(json_object_get(row, "scope")), scope) &&
                          !strcmp(json_string_value(json_object_get(row, "role")),
                                  role->name)) return hr_strdup(arena,
                                                                json_string_value(
                                                                    json_object_get(row, "id")));
    return NULL;
}

static enum hr_code run_role_remove(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    const char *assignee, *scope, *principal;
    const struct hr_role *role;
    HR_TRY(find_role(args->positional[0], &role, err));
    HR_TRY(hr_cli_need(args, "assignee", &assignee, err));
    HR_TRY(hr_cli_need(args, "scope", &scope, err));
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(find_assignee(client, assignee, &principal, err));
    const char *base = assignments_path(arena, scope);
    json_t *list = json_array(), *names = json_object(), *reply;
    enum hr_code code = add_assignments(client, base, principal, names, list, err);
    const char *id = code ? NULL : find_assignment(arena, list, role, scope);
    json_decref(list);
    json_decref(names);
    HR_TRY(code);
    if (!id)
        return hr_fail(err, HR_E_NOT_FOUND, "\"%s\" does not have role \"%s\" on \"%s\"", assignee,
                       role->name, scope);
    HR_TRY(hr_cli_call(client, "DELETE", hr_printf(arena, "%s/%s", base, id), NULL, &reply, err));
    json_decref(reply);
    if (hr_args_has(args, "json"))
        return print_one(role, principal, scope, "removed", err);
    printf("\"%s\" no longer has role \"%s\" on \"%s\"\n", assignee, role->name, scope);
    return HR_OK;
}

static enum hr_code run_role_definition(const struct hr_args *args,
                                        struct hr_arena *arena,
                                        struct hr_err *err)
{
    (void)arena;
    (void)err;
    json_t *list = json_array();
    for (const struct hr_role *role = NULL; (role = hr_role_next(role));)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", role->name, "id",
                                              role->id, "family", hr_role_family_name(role->family),
                                              "text", role->text));
    static const struct hr_column columns[] = {
        {"ROLE", "name"}, {"FAMILY", "family"}, {"ID", "id"}, {"FOR", "text"}};
    return hr_cli_show(args, list, columns, HR_LEN(columns));
}

/* ---- explain ---- */

static const struct hr_option explain_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    {"assignee", "PRINCIPAL", "only this principal: a GUID or a name"},
    {"scope", "SCOPE", "what is to be used: a resource id, or workspaces/NAME[/bigDataPools/POOL]"},
};

/* every assignment that was told, as the decision takes them */
static struct hr_assignment *as_given(struct hr_arena *arena, json_t *list)
{
    struct hr_assignment *given =
        HR_NEW_ARRAY(arena, struct hr_assignment, json_array_size(list) + 1);
    json_t *row;
    size_t i;
    json_array_foreach(list, i, row) given[i] =
        (struct hr_assignment){json_string_value(json_object_get(row, "principal")),
                               json_string_value(json_object_get(row, "role")),
                               json_string_value(json_object_get(row, "scope"))};
    return given;
}

/* may it, and by which assignments or for want of which role: the server's own decision, over the
 * assignments that it listed */
static json_t *explain_one(struct hr_arena *arena,
                           const struct hr_question *question,
                           const struct hr_action_info *action,
                           const struct hr_assignment *given,
                           size_t count)
{
    json_t *by = json_array();
    const char *why = "";
    for (const struct hr_assignment *at = NULL;
         (at = hr_access_giver(question, given, count, at));) {
        json_array_append_new(by, json_pack("{s:s, s:s}", "role", at->role, "scope", at->scope));
        why = hr_printf(arena, "%s%s\"%s\" on %s", why, *why ? ", " : "", at->role, at->scope);
    }
    bool allowed = json_array_size(by);
    json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "name", question->name, "principal",
                            question->principal, "action", action->word, "scope", question->scope,
                            "allowed", allowed, "assignments", by);
    struct hr_err refused;
    if (!allowed && hr_access_decide(question, given, count, &refused)) {
        json_object_set_new(out, "missing",
                            json_pack("{s:s, s:s}", "role", action->role, "scope",
                                      hr_access_grantable(arena, action, question->scope)));
        json_object_set_new(out, "command", json_string(refused.hint));
        why = refused.hint;
    }
    json_object_set_new(out, "why", json_string(why));
    return out;
}

static bool fits_scope(const struct hr_action_info *action, const char *scope)
{
    return (action->family == HR_ROLES_SYNAPSE) == is_synapse(scope) &&
           (action->family != HR_ROLES_STORAGE ||
            strcasestr(scope, "/storageAccounts/") ||
            !strcasestr(scope, "/providers/"));
}

static enum hr_code find_action(const struct hr_args *args,
                                const char *scope,
                                const struct hr_action_info **action,
                                struct hr_err *err)
{
    char words[512] = "";
    *action = NULL;
    if (!args->count)
        return HR_OK;
    *action = hr_action_find(args->positional[0]);
    if (*action && fits_scope(*action, scope))
        return HR_OK;
    for (const struct hr_action_info *at = NULL; (at = hr_action_next(at));)
        if (fits_scope(at, scope))
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s",
                     *words ? ", " : "", at->word);
    hr_fail(err, HR_E_INVALID,
            *action ? "action \"%s\" is nothing that is done to \"%s\""
                    : "there is no action \"%s\"",
            args->positional[0], scope);
    return hr_fail_hint(err, "on this scope: %s", words);
}

static json_t *explain_all(struct hr_arena *arena,
                           const struct hr_action_info *only,
                           const char *scope,
                           const char *principal,
                           json_t *names,
                           json_t *list)
{
    json_t *out = json_array(), *name;
    struct hr_assignment *given = as_given(arena, list);
    const char *id;
    json_object_foreach(
        names, id,
        name) for (const struct hr_action_info *action = NULL;
                   (action = hr_action_next(
                        action));) if ((only ? action == only : fits_scope(action, scope)) &&
                                       (!principal || !strcasecmp(principal, id)))
        json_array_append_new(out, explain_one(arena,
                                               &(struct hr_question){id, json_string_value(name),
                                                                     action->action, scope},
                                               action, given, json_array_size(list)));
    return out;
}

static enum hr_code run_role_explain(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    static const struct hr_column columns[] = {{"NAME", "name"},
                                               {"ACTION", "action"},
                                               {"MAY", "allowed"},
                                               {"BY, OR THE COMMAND THAT GRANTS IT", "why"}};
    struct hr_client *client;
    const struct hr_action_info *action;
    const char *scope, *principal = NULL;
    json_t *names, *list, *out = NULL;
    HR_TRY(hr_cli_need(args, "scope", &scope, err));
    HR_TRY(find_action(args, scope, &action, err));
    HR_TRY(hr_cli_find(args, arena, &client, err));
    if (hr_args_has(args, "assignee"))
        HR_TRY(find_assignee(client, hr_args_get(args, "assignee"), &principal, err));
    HR_TRY(principal_names(client, &names, err));
    list = json_array();
    enum hr_code code =
        add_assignments(client, assignments_path(arena, scope), NULL, names, list, err);
    if (!code)
        out = explain_all(arena, action, scope, principal, names, list);
    json_decref(names);
    json_decref(list);
    return code ? code : hr_cli_show(args, out, columns, HR_LEN(columns));
}

static const struct hr_command commands[] = {
    {"role assign", "ROLE", "give a principal a role on a scope", 1, 1, HR_OPTIONS(assign_options),
     run_role_assign,
     "  headrace role assign \"Synapse Apache Spark Administrator\" --assignee anna --scope workspaces/headrace-synapse\n"},
    {"role remove", "ROLE", "take a role away", 1, 1, HR_OPTIONS(role_remove_options),
     run_role_remove},
    {"role list", "", "who has which role where", 0, 0, HR_OPTIONS(role_list_options),
     run_role_list},
    {"role explain", "[ACTION]",
     "who may do what on a scope, and by which assignment or for want of which role", 0, 1,
     HR_OPTIONS(explain_options), run_role_explain,
     "  headrace role explain use-compute --scope workspaces/headrace-synapse --assignee anna\n"
     "  headrace role explain read-data --scope /subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/NAME\n"
     "actions: read, write, assign, link; read-data, write-data; see-synapse, use-compute, view-logs, cancel, change-synapse, assign-synapse.\n"
     "Without one, all that fit the scope.\n"},
    {"role definition", "", "the roles there are", 0, 0, HR_OPTIONS(hr_plain_options),
     run_role_definition},
};
const struct hr_command_group hr_role_commands = {"Roles", commands, HR_LEN(commands)};
