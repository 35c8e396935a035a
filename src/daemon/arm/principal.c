/* Principals, in the shapes of Microsoft Graph's users. A user is made with a token, told once, and
 * Reader on the first resource group: enough to see what is there and to be refused by the role
 * that is missing, not by the first thing looked at. */
#include "daemon/arm/private.h"
#include <string.h>
#include <strings.h>

static json_t *view(const struct hr_principal *principal)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "id", principal->id, "displayName", principal->name,
                     "userPrincipalName", principal->name, "principalType", principal->kind);
}

static const char *whole(struct hr_rest *req)
{
    return hr_printf(req->arena, "/subscriptions/%s", req->site->subscription);
}

static enum hr_code make(struct hr_rest *req,
                         const char *name,
                         struct hr_principal *made,
                         char token[static HR_TOKEN_TEXT],
                         struct hr_err *err)
{
    struct hr_assignment_row *row;
    const char *scope =
        hr_printf(req->arena, "%s/resourceGroups/%s", whole(req), req->site->resource_group);
    HR_TRY(hr_identity_principal_new(req->site->identity, name, "User", made, err));
    HR_TRY(hr_identity_token_new(req->site->identity, made->id, token, err));
    if (json_is_false(json_object_get(req->body, "reader")))
        return HR_OK;
    return hr_identity_assign(req->site->identity, req->arena, NULL, hr_role_find("Reader"),
                              made->id, scope, req->who.id, &row, err);
}

enum hr_code hr_arm_user_post(struct hr_rest *req, struct hr_err *err)
{
    const char *name = hr_rest_string(req, "displayName");
    char token[HR_TOKEN_TEXT];
    struct hr_principal made;
    HR_TRY(hr_rest_check(req, HR_ACT_ASSIGN, whole(req), err));
    if (!name)
        return hr_fail(err, HR_E_INVALID, "\"displayName\" is missing");
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = make(req, name, &made, token, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code) {
        hr_store_rollback(req->site->store);
        return code;
    }
    json_t *reply = view(&made);
    json_object_set_new(reply, "token", json_string(token));
    hr_rest_reply(req, 201, reply);
    return HR_OK;
}

enum hr_code hr_arm_user_list(struct hr_rest *req, struct hr_err *err)
{
    struct hr_principal_rows rows;
    HR_TRY(hr_store_principal_list(req->site->store, req->arena, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", rows.at[i].id,
                                              "displayName", rows.at[i].name, "userPrincipalName",
                                              rows.at[i].name, "principalType", rows.at[i].kind));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_arm_user_get(struct hr_rest *req, struct hr_err *err)
{
    struct hr_principal found;
    HR_TRY(hr_identity_find(req->site->identity, hr_rest_param(req, "principal"), &found, err));
    hr_rest_reply(req, 200, view(&found));
    return HR_OK;
}

enum hr_code hr_arm_user_delete(struct hr_rest *req, struct hr_err *err)
{
    struct hr_principal found;
    HR_TRY(hr_rest_check(req, HR_ACT_ASSIGN, whole(req), err));
    HR_TRY(hr_identity_find(req->site->identity, hr_rest_param(req, "principal"), &found, err));
    if (!strcmp(found.id, req->who.id))
        return hr_fail(err, HR_E_INVALID, "principal \"%s\" cannot remove itself", found.name);
    if (strcmp(found.kind, "User"))
        return hr_fail(err, HR_E_INVALID,
                       "principal \"%s\" is a managed identity: it goes with its linked service",
                       found.name);
    HR_TRY(hr_identity_principal_remove(req->site->identity, found.id, err));
    hr_rest_reply(req, 204, NULL);
    return HR_OK;
}

enum hr_code hr_arm_me(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200, view(&req->who));
    return HR_OK;
}
