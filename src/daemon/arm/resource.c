#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "daemon/arm/private.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SPARK_VERSION "4.2"

/* ---- names ---- */

static const struct {
    const char *type, *what, *also; /* also: allowed beside letters and digits */
    size_t least, most;
} names[] = {
    {HR_TYPE_GROUP, "resource group", "-_.()", 1, 90},
    {HR_TYPE_ML, "workspace", "-_", 3, 33},
    {HR_TYPE_COMPUTE, "compute", "-", 2, 16},
    {HR_TYPE_LINK, "linked service", "-_", 1, 64},
    {HR_TYPE_SYNAPSE, "Synapse workspace", "-", 1, 50},
    {HR_TYPE_POOL, "Spark pool", "", 1, 15},
    {HR_TYPE_STORAGE, "storage account", "", 3, 24},
};

static const char *what_of(const char *type)
{
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (!strcasecmp(names[i].type, type))
            return names[i].what;
    return "resource";
}

enum hr_code hr_arm_check_name(const char *type, const char *name, struct hr_err *err)
{
    for (size_t i = 0; i < HR_LEN(names); i++) {
        if (strcasecmp(names[i].type, type))
            continue;
        size_t len = strlen(name);
        bool good = len >= names[i].least &&
                    len <= names[i].most &&
                    isalnum((unsigned char)name[0]) &&
                    (name[len - 1] != '-');
        for (const char *c = name; *c; c++)
            good = good && (isalnum((unsigned char)*c) || strchr(names[i].also, *c));
        if (good && (strcasecmp(type, HR_TYPE_COMPUTE) || isalpha((unsigned char)name[0])))
            return HR_OK;
        return hr_fail(err, HR_E_INVALID,
                       "%s name \"%.100s\" is not %zu to %zu letters%s, digits%s%s", names[i].what,
                       name, names[i].least, names[i].most,
                       strcasecmp(type, HR_TYPE_COMPUTE) ? "" : " (a letter first)",
                       names[i].also[0] ? " or any of " : "", names[i].also);
    }
    return HR_OK;
}

/* ---- JSON ---- */

json_t *hr_arm_json(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    return json_object();
}

const char *hr_arm_dump(struct hr_arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy = hr_strdup(arena, text ? text : "{}");
    free(text);
    return copy;
}

enum hr_code hr_arm_body_object(struct hr_rest *req,
                                const char *name,
                                json_t **object,
                                struct hr_err *err)
{
    json_t *found = json_object_get(req->body, name);
    *object = NULL;
    if (!found || json_is_null(found))
        *object = json_object();
    else if (json_is_object(found))
        *object = json_deep_copy(found);
    else
        return hr_fail(err, HR_E_INVALID, "\"%s\" of the request body is not an object", name);
    return HR_OK;
}

/* ---- ids ---- */

enum hr_code hr_arm_check_subscription(struct hr_rest *req,
                                       const char *subscription,
                                       struct hr_err *err)
{
    if (strcasecmp(subscription, req->site->subscription))
        return hr_fail(err, HR_E_NOT_FOUND,
                       "subscription \"%.100s\" does not exist; this server's is \"%s\"",
                       subscription, req->site->subscription);
    return HR_OK;
}

enum hr_code hr_arm_request_id(struct hr_rest *req,
                               size_t drop,
                               struct hr_arm_id *id,
                               struct hr_err *err)
{
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    for (const char *at = req->route->pattern; *at;) {
        if (*at == '{') {
            size_t len = strcspn(at, "}");
            hr_buf_adds(&text, hr_rest_param(req, hr_strndup(req->arena, at + 1, len - 1)));
            at += len + 1;
        } else {
            hr_buf_addc(&text, *at++);
        }
    }
    char *copy = hr_buf_keep(&text, req->arena);
    while (drop--)
        *strrchr(copy, '/') = 0;
    HR_TRY(hr_arm_id_parse(req->arena, copy, id, err));
    return hr_arm_check_subscription(req, id->subscription, err);
}

/* the command that shows which there are, where there is one */
static enum hr_code show_next(const struct hr_rest *req,
                              const struct hr_arm_id *id,
                              struct hr_err *err)
{
    static const struct {
        const char *type, *list, *holder;
    } lists[] = {
        {HR_TYPE_ML, "workspace list", NULL},           {HR_TYPE_SYNAPSE, "synapse list", NULL},
        {HR_TYPE_COMPUTE, "compute list", "workspace"}, {HR_TYPE_LINK, "link list", "workspace"},
        {HR_TYPE_POOL, "pool list", "synapse"},
    };
    for (size_t i = 0; i < HR_LEN(lists); i++) {
        if (!id->type || strcmp(lists[i].type, id->type))
            continue;
        const char *group = "", *holder = "";
        if (strcasecmp(id->group, req->site->resource_group))
            group = hr_printf(req->arena, " --resource-group %s", id->group);
        if (lists[i].holder)
            holder = hr_printf(req->arena, " --%s %s", lists[i].holder, id->name[id->depth - 2]);
        return hr_fail_command(err, "headrace %s%s%s", lists[i].list, group, holder);
    }
    return err->code;
}

enum hr_code hr_arm_find(struct hr_rest *req,
                         const char *id,
                         struct hr_resource_row **row,
                         struct hr_err *err)
{
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id, row, err));
    if (*row)
        return HR_OK;
    struct hr_arm_id parsed;
    HR_TRY(hr_arm_id_parse(req->arena, id, &parsed, err));
    const char *type = parsed.type ? parsed.type : "subscription";
    hr_fail(err, HR_E_NOT_FOUND, "%s \"%s\" does not exist in \"%s\"", what_of(type),
            parsed.depth ? parsed.name[parsed.depth - 1] : parsed.group, parsed.parent);
    return show_next(req, &parsed, err);
}

/* ---- views: what a reply adds to a row ---- */

static void view_workspace(struct hr_rest *req,
                           const struct hr_resource_row *row,
                           json_t *properties)
{
    (void)row;
    const char *guid = json_string_value(json_object_get(properties, "workspaceId"));
    json_object_set_new(properties, "discoveryUrl",
                        json_sprintf("%s/discovery/workspaces/%s", req->origin, guid ? guid : ""));
    json_object_set_new(properties, "mlFlowTrackingUri",
                        json_sprintf("%s/mlflow/v1.0%s", req->origin, row->id));
}

static void view_synapse(struct hr_rest *req, const struct hr_resource_row *row, json_t *properties)
{
    json_object_set_new(properties, "connectivityEndpoints",
                        json_pack("{s:o, s:o}", "dev",
                                  json_sprintf("%s/synapse/%s", req->origin, row->name), "web",
                                  json_sprintf("%s/studio?workspace=%s", req->origin, row->name)));
}

static const struct {
    const char *type;
    void (*fill)(struct hr_rest *req, const struct hr_resource_row *row, json_t *properties);
} views[] = {
    {HR_TYPE_ML, view_workspace},
    {HR_TYPE_SYNAPSE, view_synapse},
    {HR_TYPE_COMPUTE, hr_arm_compute_fill},
};

static json_t *identity_view(struct hr_rest *req, const struct hr_resource_row *row)
{
    return json_pack("{s:s, s:s, s:s}", "type", "SystemAssigned", "principalId", row->identity,
                     "tenantId", hr_identity_tenant(req->site->identity));
}

json_t *hr_arm_view(struct hr_rest *req, const struct hr_resource_row *row)
{
    char created[32], changed[32];
    hr_clock_iso8601(row->created_ms, created);
    hr_clock_iso8601(row->changed_ms, changed);
    json_t *properties = hr_arm_json(row->properties);
    if (!json_object_get(properties, "provisioningState"))
        json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
    for (size_t i = 0; i < HR_LEN(views); i++)
        if (!strcasecmp(views[i].type, row->type))
            views[i].fill(req, row, properties);
    json_t *view = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:{s:s, s:s, s:s, s:s}}", "id",
                             row->id, "name", row->name, "type", row->type, "location",
                             row->location, "tags", hr_arm_json(row->tags), "properties",
                             properties, "systemData", "createdAt", created, "createdBy",
                             row->created_by, "createdByType", "User", "lastModifiedAt", changed);
    HR_CHECK(view);
    if (row->identity)
        json_object_set_new(view, "identity", identity_view(req, row));
    return view;
}

static json_t *arm_value_list(struct hr_rest *req, const struct hr_resource_rows *rows)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++)
        json_array_append_new(list, hr_arm_view(req, &rows->at[i]));
    return json_pack("{s:o}", "value", list);
}

/* ---- any resource ---- */

static bool is_link(const struct hr_resource_row *row)
{
    return !strcasecmp(strrchr(row->type, '/'), "/linkedServices");
}

/* Those that may be got. When there are some and none may, that is said rather than an empty list.
 */
static enum hr_code keep_links(struct hr_rest *req,
                               struct hr_resource_rows *rows,
                               struct hr_err *err)
{
    enum hr_code code = HR_OK;
    size_t kept = 0, count = rows->count;
    for (size_t i = 0; i < count; i++) {
        enum hr_code one =
            is_link(&rows->at[i]) ? hr_arm_link_may_get(req, &rows->at[i], err) : HR_OK;
        code = one ? one : code;
        if (!one)
            rows->at[kept++] = rows->at[i];
    }
    rows->count = kept;
    return kept ? HR_OK : code;
}

enum hr_code hr_arm_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *row;
    HR_TRY(hr_arm_request_id(req, 0, &id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_READ, id.text, err));
    HR_TRY(hr_arm_find(req, id.text, &row, err));
    if (is_link(row))
        HR_TRY(hr_arm_link_may_get(req, row, err));
    hr_rest_reply(req, 200, hr_arm_view(req, row));
    return HR_OK;
}

/* the resources of one type in the workspace or group that the path names */
enum hr_code hr_arm_list(struct hr_rest *req, struct hr_err *err)
{
    const char *pattern = req->route->pattern, *word = strrchr(pattern, '/') + 1;
    bool in_group = strchr(strstr(pattern, "/providers/") + 11, '/') == word - 1;
    struct hr_arm_id parent;
    struct hr_resource_rows rows;
    HR_TRY(hr_arm_request_id(req, in_group ? 3 : 1, &parent, err));
    HR_TRY(hr_rest_check(req, HR_ACT_READ, parent.text, err));
    struct hr_resource_row *holder;
    HR_TRY(hr_arm_find(req, parent.text, &holder, err));
    const char *type = in_group ? strstr(pattern, "/providers/") + 11
                                : hr_printf(req->arena, "%s/%s", parent.type, word);
    HR_TRY(hr_store_resource_list(req->site->store, req->arena, parent.text, type, &rows, err));
    HR_TRY(keep_links(req, &rows, err));
    hr_rest_reply(req, 200, arm_value_list(req, &rows));
    return HR_OK;
}

/* … and in the whole subscription: those that the principal may see */
enum hr_code hr_arm_list_all(struct hr_rest *req, struct hr_err *err)
{
    struct hr_resource_rows rows;
    HR_TRY(hr_arm_check_subscription(req, hr_rest_param(req, "subscription"), err));
    HR_TRY(hr_store_resource_all(req->site->store, req->arena,
                                 strstr(req->route->pattern, "/providers/") + 11, &rows, err));
    size_t kept = 0;
    for (size_t i = 0; i < rows.count; i++)
        if (!hr_rest_check(req, HR_ACT_READ, rows.at[i].id, NULL))
            rows.at[kept++] = rows.at[i];
    rows.count = kept;
    hr_rest_reply(req, 200, arm_value_list(req, &rows));
    return HR_OK;
}

enum hr_code hr_arm_groups(struct hr_rest *req, struct hr_err *err)
{
    struct hr_resource_rows rows;
    struct hr_arm_id subscription;
    HR_TRY(hr_arm_request_id(req, 1, &subscription, err));
    HR_TRY(hr_store_resource_list(req->site->store, req->arena, subscription.text, HR_TYPE_GROUP,
                                  &rows, err));
    size_t kept = 0;
    for (size_t i = 0; i < rows.count; i++)
        if (!hr_rest_check(req, HR_ACT_READ, rows.at[i].id, NULL))
            rows.at[kept++] = rows.at[i];
    rows.count = kept;
    hr_rest_reply(req, 200, arm_value_list(req, &rows));
    return HR_OK;
}

enum hr_code hr_arm_put(struct hr_rest *req,
                        const struct hr_arm_id *id,
                        json_t *properties,
                        const char *identity,
                        bool *created,
                        struct hr_resource_row **row,
                        struct hr_err *err)
{
    json_t *tags;
    HR_TRY(hr_arm_body_object(req, "tags", &tags, err));
    const char *location = hr_rest_string(req, "location");
    int64_t now = hr_clock_ms();
    struct hr_resource_row wanted = {.id = id->text,
                                     .type = id->type,
                                     .parent = id->parent,
                                     .name = id->depth ? id->name[id->depth - 1] : id->group,
                                     .location = location ? location : req->site->location,
                                     .properties = hr_arm_dump(req->arena, properties),
                                     .tags = hr_arm_dump(req->arena, tags),
                                     .identity = identity,
                                     .created_by = req->who.id,
                                     .created_ms = now,
                                     .changed_ms = now};
    json_decref(tags);
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id->text, row, err));
    *created = !*row;
    HR_TRY(*created ? hr_store_resource_add(req->site->store, &wanted, err)
                    : hr_store_resource_update(req->site->store, id->text, wanted.properties,
                                               wanted.tags, now, err));
    return hr_store_resource_get(req->site->store, req->arena, id->text, row, err);
}

/* ---- the containers ---- */

/* what every PUT of a resource begins with: its id, a good name, the right to change, a parent that
 * is there */
static enum hr_code begin_put(struct hr_rest *req,
                              struct hr_arm_id *id,
                              json_t **properties,
                              struct hr_resource_row **before,
                              struct hr_err *err)
{
    HR_TRY(hr_arm_request_id(req, 0, id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_WRITE, id->text, err));
    HR_TRY(hr_arm_check_name(id->type, id->depth ? id->name[id->depth - 1] : id->group, err));
    if (id->group && id->depth) {
        struct hr_resource_row *parent;
        HR_TRY(hr_arm_find(req, id->parent, &parent, err));
    }
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id->text, before, err));
    return hr_arm_body_object(req, "properties", properties, err);
}

/* a property that the server makes: kept from the row that is there, else made */
static void keep_or_make(json_t *properties, const struct hr_resource_row *before, const char *name)
{
    json_t *old = hr_arm_json(before ? before->properties : NULL);
    const char *kept = json_string_value(json_object_get(old, name));
    char made[37];
    hr_uuid_new(made);
    json_object_set_new(properties, name, json_string(kept ? kept : made));
    json_decref(old);
}

static enum hr_code finish_put(struct hr_rest *req,
                               const struct hr_arm_id *id,
                               json_t *properties,
                               struct hr_err *err)
{
    bool created;
    struct hr_resource_row *row;
    json_object_del(properties, "provisioningState");
    enum hr_code code = hr_arm_put(req, id, properties, NULL, &created, &row, err);
    json_decref(properties);
    if (!code)
        hr_rest_reply(req, created ? 201 : 200, hr_arm_view(req, row));
    return code;
}

enum hr_code hr_arm_group_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *before;
    json_t *properties;
    HR_TRY(begin_put(req, &id, &properties, &before, err));
    return finish_put(req, &id, properties, err);
}

enum hr_code hr_arm_workspace_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *before;
    json_t *properties;
    HR_TRY(begin_put(req, &id, &properties, &before, err));
    keep_or_make(properties, before, "workspaceId");
    return finish_put(req, &id, properties, err);
}

/* Synapse workspaces have one name space, as in Azure: their role scopes and addresses name nothing
 * else */
enum hr_code hr_arm_synapse_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *before;
    json_t *properties;
    HR_TRY(begin_put(req, &id, &properties, &before, err));
    const char *other = hr_site_synapse_id(req->site, req->arena, id.name[0]);
    if (!before && other) {
        json_decref(properties);
        return hr_fail(err, HR_E_EXISTS, "Synapse workspace name \"%s\" is taken by \"%s\"",
                       id.name[0], other);
    }
    keep_or_make(properties, before, "workspaceUID");
    HR_TRY(finish_put(req, &id, properties, err));
    if (before)
        return HR_OK;
    /* as in Azure: who makes a Synapse workspace administers it */
    struct hr_assignment_row *assigned;
    enum hr_code code = hr_identity_assign(
        req->site->identity, req->arena, NULL, hr_role_find("Synapse Administrator"), req->who.id,
        hr_printf(req->arena, "workspaces/%s", id.name[0]), req->who.id, &assigned, err);
    return code == HR_E_EXISTS ? HR_OK : code;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; text && *words; words++)
        if (!strcasecmp(text, *words))
            return true;
    return false;
}

/* An embedded pool is the machine that serves it: its nodes are kept as they were asked for, in
 * Azure's words, and a session names its own sizes. What Azure does not know either, and other
 * hardware, is refused. */
static enum hr_code check_nodes(const json_t *properties, struct hr_err *err)
{
    static const char *const sizes[] = {"None",   "Small",   "Medium",   "Large",
                                        "XLarge", "XXLarge", "XXXLarge", NULL};
    static const char *const families[] = {"None", "MemoryOptimized", NULL};
    const json_t *size = json_object_get(properties, "nodeSize"),
                 *family = json_object_get(properties, "nodeSizeFamily"),
                 *count = json_object_get(properties, "nodeCount");
    if (size && !is_one_of(json_string_value(size), sizes))
        return hr_fail(
            err, HR_E_INVALID,
            "\"nodeSize\" is none of None, Small, Medium, Large, XLarge, XXLarge and XXXLarge");
    if (family && !is_one_of(json_string_value(family), families))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "\"nodeSizeFamily\" is not MemoryOptimized: an embedded pool has the hardware of its server");
    if (count && (!json_is_integer(count) || json_integer_value(count) < 0))
        return hr_fail(err, HR_E_INVALID, "\"nodeCount\" is not a whole number");
    return HR_OK;
}

static enum hr_code check_version(const json_t *properties, struct hr_err *err)
{
    const char *version = json_string_value(json_object_get(properties, "sparkVersion"));
    if (!version || !strncmp(version, SPARK_VERSION, strlen(SPARK_VERSION)))
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED,
                   "Spark version \"%.20s\" is not what an embedded pool runs: it is \"%s\"",
                   version, SPARK_VERSION);
}

enum hr_code hr_arm_pool_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *before;
    json_t *properties;
    HR_TRY(begin_put(req, &id, &properties, &before, err));
    enum hr_code code = check_version(properties, err);
    if (!code)
        code = check_nodes(properties, err);
    if (code) {
        json_decref(properties);
        return code;
    }
    json_object_set_new(properties, "sparkVersion", json_string(SPARK_VERSION));
    HR_TRY(finish_put(req, &id, properties, err));
    req->status = 200; /* azure-mgmt-synapse takes 201 for a failure */
    return HR_OK;
}

/* ---- a fresh home ---- */

static enum hr_code add(struct hr_site *site,
                        struct hr_arena *arena,
                        const char *by,
                        const char *id_text,
                        json_t *properties,
                        struct hr_err *err)
{
    struct hr_arm_id id;
    HR_TRY(hr_arm_id_parse(arena, id_text, &id, err));
    int64_t now = hr_clock_ms();
    struct hr_resource_row row = {.id = id.text,
                                  .type = id.type,
                                  .parent = id.parent,
                                  .name = id.depth ? id.name[id.depth - 1] : id.group,
                                  .location = site->location,
                                  .properties = hr_arm_dump(arena, properties),
                                  .tags = "{}",
                                  .created_by = by,
                                  .created_ms = now,
                                  .changed_ms = now};
    json_decref(properties);
    return hr_store_resource_add(site->store, &row, err);
}

static enum hr_code bootstrap(struct hr_site *site,
                              struct hr_arena *arena,
                              const char *by,
                              struct hr_err *err)
{
    char guid[2][37];
    hr_uuid_new(guid[0]);
    hr_uuid_new(guid[1]);
    const char *group = hr_printf(arena, "/subscriptions/%s/resourceGroups/%s", site->subscription,
                                  site->resource_group);
    const char *synapse =
        hr_printf(arena, "%s/providers/Microsoft.Synapse/workspaces/%s", group, site->synapse);
    const char *account =
        hr_printf(arena, "%s/providers/Microsoft.Storage/storageAccounts/%s", group, site->account);
    HR_TRY(add(site, arena, by, group, json_object(), err));
    HR_TRY(add(site, arena, by, account, json_pack("{s:b}", "isHnsEnabled", 1), err));
    HR_TRY(add(site, arena, by,
               hr_printf(arena, "%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
                         group, site->workspace),
               json_pack("{s:s, s:s, s:s}", "workspaceId", guid[0], "friendlyName", site->workspace,
                         "storageAccount", account),
               err));
    HR_TRY(add(site, arena, by, synapse, json_pack("{s:s}", "workspaceUID", guid[1]), err));
    HR_TRY(add(site, arena, by, hr_printf(arena, "%s/bigDataPools/%s", synapse, site->pool),
               json_pack("{s:s}", "sparkVersion", SPARK_VERSION), err));
    const struct {
        const char *role, *scope;
    } given[] = {
        {"Owner", hr_printf(arena, "/subscriptions/%s", site->subscription)},
        {"Synapse Administrator", hr_printf(arena, "workspaces/%s", site->synapse)},
        {"Storage Blob Data Contributor", account},
    };
    struct hr_assignment_row *row;
    for (size_t i = 0; i < HR_LEN(given); i++)
        HR_TRY(hr_identity_assign(site->identity, arena, NULL, hr_role_find(given[i].role), by,
                                  given[i].scope, by, &row, err));
    return HR_OK;
}

enum hr_code hr_arm_bootstrap(struct hr_site *site,
                              const struct hr_principal *owner,
                              struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = bootstrap(site, arena, owner->id, err);
    hr_arena_free(arena);
    return code;
}
