#include "access/access.h"
#include "base/check.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct hr_action_info actions[] = {
#define X(action, bit, word, role, family, text) {action, word, role, text, family},
    HR_ACTIONS(X)
#undef X
};

static const struct hr_action_info *info_of(enum hr_action action)
{
    for (size_t i = 0; i < HR_LEN(actions); i++)
        if (actions[i].action == action)
            return &actions[i];
    HR_CHECK(!"an action of the table");
    return NULL;
}

const struct hr_action_info *hr_action_find(const char *word)
{
    for (size_t i = 0; i < HR_LEN(actions); i++)
        if (!strcasecmp(actions[i].word, word))
            return &actions[i];
    return NULL;
}

const struct hr_action_info *hr_action_next(const struct hr_action_info *action)
{
    const struct hr_action_info *next = action ? action + 1 : actions;
    return next < actions + HR_LEN(actions) ? next : NULL;
}

static size_t trimmed(const char *scope)
{
    size_t len = strlen(scope);
    while (len && scope[len - 1] == '/')
        len--;
    return len;
}

bool hr_access_covers(const char *scope, const char *resource)
{
    size_t len = trimmed(scope);
    if (!len)
        return scope[0] == '/' &&
               resource[0] == '/'; /* the root of resource ids, not of Synapse's scopes */
    return !strncasecmp(scope, resource, len) && (!resource[len] || resource[len] == '/');
}

/* Synapse gives most roles on the whole workspace only: a refusal on a pool names the workspace */
static void grantable_scope(const struct hr_role *role, const char *scope, char *out, size_t size)
{
    size_t len = strlen(scope);
    if (role->family == HR_ROLES_SYNAPSE && !role->pool_scope) {
        const char *name = strchr(scope, '/');
        const char *end = name ? strchr(name + 1, '/') : NULL;
        if (end)
            len = (size_t)(end - scope);
    }
    snprintf(out, size, "%.*s", (int)len, scope);
}

const char *hr_access_grantable(struct hr_arena *arena,
                                const struct hr_action_info *action,
                                const char *scope)
{
    char *out = hr_arena_alloc(arena, strlen(scope) + 1);
    grantable_scope(hr_role_find(action->role), scope, out, strlen(scope) + 1);
    return out;
}

const struct hr_assignment *hr_access_giver(const struct hr_question *question,
                                            const struct hr_assignment *given,
                                            size_t count,
                                            const struct hr_assignment *after)
{
    for (const struct hr_assignment *at = after ? after + 1 : given; at < given + count; at++) {
        const struct hr_role *role = hr_role_find(at->role);
        if (role &&
            role->actions & question->action &&
            !strcasecmp(at->principal, question->principal) &&
            hr_access_covers(at->scope, question->scope))
            return at;
    }
    return NULL;
}

/* what the last segment of a scope is called by people */
/* clang-format off: columns */
static const struct {
    const char *type, *word;
} things[] = {
    {"subscriptions", "subscription"},
    {"resourceGroups", "resource group"},
    {"linkedServices", "linked service"},
    {"computes", "compute"},
    {"bigDataPools", "Spark pool"},
    {"storageAccounts", "storage account"},
    {"containers", "container"},
    {"datastores", "datastore"},
    {"datasets", "dataset"},
    {"workspaces", "workspace"},
};
/* clang-format on */

/* "Spark pool "embedded"" of …/bigDataPools/embedded */
static void name_thing(const char *scope, char *out, size_t size)
{
    int len = (int)trimmed(scope), name = len;
    while (name && scope[name - 1] != '/')
        name--;
    int end = name ? name - 1 : 0, type = end;
    while (type && scope[type - 1] != '/')
        type--;
    const char *word = "";
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++)
        if (strlen(things[i].type) == (size_t)(end - type) &&
            !strncasecmp(things[i].type, scope + type, (size_t)(end - type)))
            word = things[i].word;
    if (!len)
        snprintf(out, size, "this server");
    else
        snprintf(out, size, "%s%s\"%.*s\"", word, *word ? " " : "", len - name, scope + name);
}

enum hr_code hr_access_decide(const struct hr_question *question,
                              const struct hr_assignment *given,
                              size_t count,
                              struct hr_err *err)
{
    if (hr_access_giver(question, given, count, NULL))
        return HR_OK;
    const struct hr_action_info *info = info_of(question->action);
    char scope[512];
    grantable_scope(hr_role_find(info->role), question->scope, scope, sizeof scope);
    char who[256], thing[256];
    bool named = question->name && *question->name;
    snprintf(who, sizeof who, named ? "\"%s\" (%s)" : "\"%s\"",
             named ? question->name : question->principal, question->principal);
    name_thing(question->scope, thing, sizeof thing);
    hr_fail(err, HR_E_DENIED, "principal %s may not %s %s: role \"%s\" is missing on scope \"%s\"",
            who, info->text, thing, info->role, scope);
    hr_fail_grant(err, "headrace role assign \"%s\" --assignee %s --scope %s", info->role,
                  question->principal, scope);
    return HR_E_DENIED;
}

enum hr_code hr_access_check_scope(const struct hr_role *role,
                                   const char *scope,
                                   struct hr_err *err)
{
    bool synapse = !strncasecmp(scope, "workspaces/", 11) && scope[11];
    if (role->family != HR_ROLES_SYNAPSE) {
        if (scope[0] == '/')
            return HR_OK;
        return hr_fail(err, HR_E_INVALID,
                       "role \"%s\" needs a resource id as its scope, not \"%s\"", role->name,
                       scope);
    }
    if (!synapse)
        return hr_fail(err, HR_E_INVALID,
                       "role \"%s\" needs a scope \"workspaces/NAME\", not \"%s\"", role->name,
                       scope);
    const char *rest = strchr(scope + 11, '/');
    if (rest && rest[1] && !role->pool_scope)
        return hr_fail(err, HR_E_INVALID,
                       "role \"%s\" is given on a whole workspace, not on \"%s\"", role->name,
                       scope);
    if (rest &&
        rest[1] &&
        (strncasecmp(rest, "/bigDataPools/", 14) || !rest[14] || strchr(rest + 14, '/')))
        return hr_fail(
            err, HR_E_INVALID,
            "scope \"%s\" is neither \"workspaces/NAME\" nor \"workspaces/NAME/bigDataPools/POOL\"",
            scope);
    return HR_OK;
}
