/* Linked services: a Machine Learning workspace's link to a Synapse workspace, with a managed
 * identity of its own. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/arm/private.h"
#include "http/http.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum hr_code read_target(struct hr_rest *req,
                                json_t *properties,
                                struct hr_resource_row **target,
                                struct hr_err *err)
{
    const char *text = json_string_value(json_object_get(properties, "linkedServiceResourceId"));
    struct hr_arm_id id;
    if (!text)
        return hr_fail(err, HR_E_INVALID, "\"properties.linkedServiceResourceId\" is missing");
    HR_TRY(hr_arm_id_parse(req->arena, text, &id, err));
    HR_TRY(hr_arm_check_subscription(req, id.subscription, err));
    if (!id.type || strcasecmp(id.type, HR_TYPE_SYNAPSE))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "a link to \"%s\" is not possible: a linked service names a Synapse workspace",
            id.text);
    HR_TRY(hr_rest_check(req, HR_ACT_LINK, id.text, err));
    return hr_arm_find(req, id.text, target, err);
}

static const char *target_of(struct hr_rest *req, const struct hr_resource_row *link)
{
    json_t *properties = hr_arm_json(link->properties);
    const char *target = hr_strdup(
        req->arena, json_string_value(json_object_get(properties, "linkedServiceResourceId")));
    json_decref(properties);
    return target ? target : "";
}

/* identity and link are one unit: neither is ever seen alone */
static enum hr_code add_link(struct hr_rest *req,
                             const struct hr_arm_id *id,
                             const struct hr_resource_row *target,
                             struct hr_resource_row **row,
                             struct hr_err *err)
{
    struct hr_principal identity;
    char unique[37];
    bool created;
    hr_uuid_new(unique);
    unique[8] = 0;
    json_t *properties =
        json_pack("{s:s, s:s}", "linkedServiceResourceId", target->id, "linkType", "Synapse");
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = hr_identity_principal_new(
        req->site->identity, hr_printf(req->arena, "%s-%s", id->name[1], unique),
        "ServicePrincipal", &identity, err);
    if (!code)
        code = hr_arm_put(req, id, properties, identity.id, &created, row, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    json_decref(properties);
    return code;
}

/* The article: whoever gets a linked service is User or Contributor of its Synapse workspace, in
 * Synapse's roles or in Azure's. */
enum hr_code hr_arm_link_may_get(struct hr_rest *req,
                                 const struct hr_resource_row *link,
                                 struct hr_err *err)
{
    const char *target = target_of(req, link), *name = strrchr(target, '/');
    if (!name || !hr_rest_check(req, HR_ACT_WRITE, target, NULL))
        return HR_OK;
    return hr_rest_check(req, HR_ACT_SYNAPSE_READ, hr_printf(req->arena, "workspaces/%s", name + 1),
                         err);
}

enum hr_code hr_arm_link_put(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *row, *target, *workspace;
    json_t *properties;
    HR_TRY(hr_arm_request_id(req, 0, &id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_WRITE, id.text, err));
    HR_TRY(hr_arm_check_name(id.type, id.name[1], err));
    HR_TRY(hr_arm_find(req, id.parent, &workspace, err));
    HR_TRY(hr_arm_body_object(req, "properties", &properties, err));
    enum hr_code code = read_target(req, properties, &target, err);
    json_decref(properties);
    HR_TRY(code);
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id.text, &row, err));
    if (row && strcasecmp(target_of(req, row), target->id))
        return hr_fail(err, HR_E_EXISTS, "linked service \"%s\" exists already and links \"%s\"",
                       row->name, target_of(req, row));
    /* a form that two people fill in at once: the second must learn that the name was taken since
     */
    const char *none = hr_header_get(&hr_exchange_request(req->exchange)->headers, "if-none-match");
    if (row && none && !strcmp(none, "*"))
        return hr_fail(err, HR_E_EXISTS, "linked service \"%s\" exists already and links \"%s\"",
                       row->name, target_of(req, row));
    if (!row)
        HR_TRY(add_link(req, &id, target, &row, err));
    hr_rest_reply(req, 200, hr_arm_view(req, row)); /* 201 is an error to Microsoft's v1 package */
    return HR_OK;
}

/* computes of the link's workspace whose pool is in the linked Synapse workspace, while no other
 * link leads there */
static enum hr_code arm_attached(struct hr_rest *req,
                                 const struct hr_resource_row *link,
                                 struct hr_resource_rows *computes,
                                 struct hr_err *err)
{
    struct hr_resource_rows links;
    const char *target = target_of(req, link);
    HR_TRY(hr_store_resource_list(req->site->store, req->arena, link->parent, HR_TYPE_COMPUTE,
                                  computes, err));
    HR_TRY(hr_store_resource_list(req->site->store, req->arena, link->parent, HR_TYPE_LINK, &links,
                                  err));
    for (size_t i = 0; i < links.count; i++)
        if (strcasecmp(links.at[i].id, link->id) &&
            !strcasecmp(target_of(req, &links.at[i]), target))
            computes->count = 0;
    size_t kept = 0;
    for (size_t i = 0; i < computes->count; i++) {
        json_t *properties = hr_arm_json(computes->at[i].properties);
        const char *pool = json_string_value(json_object_get(properties, "resourceId"));
        if (pool && hr_access_covers(target, pool))
            computes->at[kept++] = computes->at[i];
        json_decref(properties);
    }
    computes->count = kept;
    return HR_OK;
}

static enum hr_code remove_link(struct hr_rest *req,
                                const struct hr_resource_row *row,
                                const struct hr_resource_rows *computes,
                                struct hr_err *err)
{
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = hr_store_resource_remove(req->site->store, row->id, err);
    for (size_t i = 0; i < computes->count && !code; i++)
        code = hr_store_resource_remove(req->site->store, computes->at[i].id, err);
    if (!code && row->identity)
        code = hr_identity_principal_remove(req->site->identity, row->identity, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    return code;
}

/* computes that hang on the link are never detached silently: ?detachComputes=true says so */
enum hr_code hr_arm_link_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_arm_id id;
    struct hr_resource_row *row;
    struct hr_resource_rows computes;
    const char *detach = hr_rest_query(req, "detachComputes");
    HR_TRY(hr_arm_request_id(req, 0, &id, err));
    HR_TRY(hr_rest_check(req, HR_ACT_WRITE, id.text, err));
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id.text, &row, err));
    if (!row) {
        hr_rest_reply(req, 204, NULL);
        return HR_OK;
    }
    HR_TRY(arm_attached(req, row, &computes, err));
    if (computes.count && !(detach && !strcasecmp(detach, "true"))) {
        const char *list = computes.at[0].name;
        for (size_t i = 1; i < computes.count; i++)
            list = hr_printf(req->arena, "%s, %s", list, computes.at[i].name);
        hr_fail(err, HR_E_EXISTS, "linked service \"%s\" has computes attached: %s", row->name,
                list);
        hr_fail_hint(
            err,
            "detach them first, or say that they go too: unregister(detach_computes=True), "
            "headrace link remove %s --detach-computes, or detachComputes=true in the request",
            row->name);
        return HR_E_EXISTS;
    }
    HR_TRY(remove_link(req, row, &computes, err));
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}
