/* What stands before resources: where things are (cloud metadata, discovery), tokens,
 * subscriptions. */
#include "base/clock.h"
#include "base/limits.h"
#include "daemon/arm/private.h"
#include <string.h>
#include <strings.h>

enum hr_code hr_arm_health(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200, json_pack("{s:s}", "status", "ok"));
    return HR_OK;
}

/* Microsoft's v1 packages insist on the name AzureCloud, azure-ai-ml takes the one it is told */
enum hr_code hr_arm_metadata(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    static const char *const clouds[] = {"AzureCloud", "LocalCloud"};
    json_t *list = json_array();
    for (size_t i = 0; i < HR_LEN(clouds); i++)
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:{s:s, s:[s, s, s], s:s, s:s}, s:{s:s, s:s, s:s}}", "name",
                      clouds[i], "resourceManager", req->origin, "portal", req->origin,
                      "authentication", "loginEndpoint", req->origin, "audiences", req->origin,
                      "https://management.azure.com/", "https://management.core.windows.net/",
                      "tenant", hr_identity_tenant(req->site->identity), "identityProvider", "AAD",
                      "suffixes", "storage", "core.windows.net", "keyVaultDns", "vault.azure.net",
                      "synapseAnalytics", "dev.azuresynapse.net"));
    hr_rest_reply(req, 200, list);
    return HR_OK;
}

/* MSAL asks whether an authority is known before it asks the authority: every one that is asked
 * about here is this server */
enum hr_code hr_arm_instance(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    const char *tenant = hr_identity_tenant(req->site->identity);
    hr_rest_reply(
        req, 200,
        json_pack("{s:o, s:s, s:[]}", "tenant_discovery_endpoint",
                  json_sprintf("%s/%s/v2.0/.well-known/openid-configuration", req->origin, tenant),
                  "api-version", "1.1", "metadata"));
    return HR_OK;
}

/* Below /adfs/ everything is once more: an authority whose path begins so is a private cloud's to
 * Azure's libraries, and they do not ask Microsoft whether they may know it. `headrace env` exports
 * that one. */
enum hr_code hr_arm_openid(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    bool private_cloud = !strncmp(req->route->pattern, "/adfs/", 6);
    const char *base = hr_printf(req->arena, "%s%s/%s", req->origin, private_cloud ? "/adfs" : "",
                                 hr_identity_tenant(req->site->identity));
    hr_rest_reply(req, 200,
                  json_pack("{s:o, s:o, s:s, s:o, s:[s], s:[s, s]}", "token_endpoint",
                            json_sprintf("%s/oauth2/v2.0/token", base), "authorization_endpoint",
                            json_sprintf("%s/oauth2/v2.0/authorize", base), "issuer",
                            hr_printf(req->arena, "%s/v2.0", base), "device_authorization_endpoint",
                            json_sprintf("%s/oauth2/v2.0/devicecode", base),
                            "response_types_supported", "token",
                            "token_endpoint_auth_methods_supported", "client_secret_post",
                            "client_secret_basic"));
    return HR_OK;
}

static enum hr_code reply_token(struct hr_rest *req,
                                const struct hr_principal *who,
                                const char *resource,
                                struct hr_err *err)
{
    const char *jwt;
    HR_TRY(hr_identity_access_token(
        req->site->identity, req->arena, who, resource,
        hr_printf(req->arena, "%s/%s/", req->origin, hr_identity_tenant(req->site->identity)), &jwt,
        err));
    json_int_t expires = hr_clock_ms() / 1000 + HR_ACCESS_TOKEN_SECONDS;
    hr_rest_reply(req, 200,
                  json_pack("{s:s, s:s, s:i, s:i, s:s, s:s}", "token_type", "Bearer",
                            "access_token", jwt, "expires_in", HR_ACCESS_TOKEN_SECONDS,
                            "ext_expires_in", HR_ACCESS_TOKEN_SECONDS, "expires_on",
                            hr_printf(req->arena, "%lld", (long long)expires), "resource",
                            resource));
    return HR_OK;
}

/* OAuth's own error shape: azure-identity shows error_description */
static enum hr_code reply_oauth_error(struct hr_rest *req,
                                      int status,
                                      const char *error,
                                      const char *text)
{
    hr_rest_reply(req, status,
                  json_pack("{s:s, s:s, s:[i]}", "error", error, "error_description", text,
                            "error_codes", 7000215));
    return HR_OK;
}

/* client_credentials: the client is a principal (its GUID or name), the secret its token */
enum hr_code hr_arm_token(struct hr_rest *req, struct hr_err *err)
{
    const char *grant = hr_rest_string(req, "grant_type"),
               *client = hr_rest_string(req, "client_id"),
               *secret = hr_rest_string(req, "client_secret");
    const char *scope = hr_rest_string(req, "scope"), *resource = hr_rest_string(req, "resource");
    struct hr_principal named, who;
    if (!grant || strcmp(grant, "client_credentials"))
        return reply_oauth_error(req, 400, "unsupported_grant_type",
                                 "this server gives tokens for grant_type client_credentials only");
    if (!client ||
        !secret ||
        hr_identity_find(req->site->identity, client, &named, NULL) ||
        hr_identity_authenticate(req->site->identity, secret, &who, NULL) ||
        strcmp(named.id, who.id))
        return reply_oauth_error(
            req, 401, "invalid_client",
            "client_id is not a principal of this server, or client_secret is not its token");
    return reply_token(req, &who,
                       resource ? resource
                       : scope  ? scope
                                : "https://management.azure.com/",
                       err);
}

/* Managed identity, in the shapes of a virtual machine, of App Service and of Machine Learning: the
 * secret header is the token. Clients that send no secret (a virtual machine's) have it in the
 * address that they are told, /msi/TOKEN. */
enum hr_code hr_arm_msi(struct hr_rest *req, struct hr_err *err)
{
    static const char *const secrets[] = {"secret", "x-identity-header"};
    const struct hr_headers *headers = &hr_exchange_request(req->exchange)->headers;
    const char *secret = NULL, *resource = hr_rest_string(req, "resource");
    for (size_t i = 0; i < HR_LEN(secrets) && !secret; i++)
        secret = hr_header_get(headers, secrets[i]);
    if (!secret && strstr(req->route->pattern, "{secret}"))
        secret = hr_rest_param(req, "secret");
    if (!resource)
        resource = hr_rest_query(req, "resource");
    if (!resource)
        return hr_fail(err, HR_E_INVALID, "\"resource\" is missing");
    struct hr_principal who;
    if (secret)
        HR_TRY(hr_identity_authenticate(req->site->identity, secret, &who, err));
    else
        HR_TRY(hr_identity_authenticate_header(req->site->identity,
                                               hr_header_get(headers, "authorization"), &who, err));
    return reply_token(req, &who, resource, err);
}

/* services of a workspace: every one of them is this server */
enum hr_code hr_arm_discovery(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    static const char *const services[] = {
        "api",        "catalog",    "experimentation", "history",
        "hyperdrive", "management", "modelmanagement", "pipelines",
        "studio",     "ws",         "workspace"};
    json_t *map = json_object();
    for (size_t i = 0; i < HR_LEN(services); i++)
        json_object_set_new(map, services[i], json_string(req->origin));
    hr_rest_reply(req, 200, map);
    return HR_OK;
}

static json_t *subscription_view(struct hr_rest *req)
{
    const char *id = req->site->subscription;
    return json_pack("{s:o, s:s, s:s, s:s, s:s}", "id", json_sprintf("/subscriptions/%s", id),
                     "subscriptionId", id, "displayName", "Headrace", "state", "Enabled",
                     "tenantId", hr_identity_tenant(req->site->identity));
}

enum hr_code hr_arm_subscriptions(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    hr_rest_reply(req, 200, json_pack("{s:[o]}", "value", subscription_view(req)));
    return HR_OK;
}

enum hr_code hr_arm_subscription(struct hr_rest *req, struct hr_err *err)
{
    HR_TRY(hr_arm_check_subscription(req, hr_rest_param(req, "subscription"), err));
    hr_rest_reply(req, 200, subscription_view(req));
    return HR_OK;
}

/* what is meant where a command or a client names none: names only, no addresses and no secrets */
enum hr_code hr_arm_defaults(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    const struct hr_site *site = req->site;
    hr_rest_reply(req, 200,
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "subscription_id",
                            site->subscription, "resource_group", site->resource_group, "workspace",
                            site->workspace, "synapse_workspace", site->synapse, "pool", site->pool,
                            "account", site->account, "container", site->container, "tenant_id",
                            hr_identity_tenant(site->identity)));
    return HR_OK;
}

enum hr_code hr_arm_tenants(struct hr_rest *req, struct hr_err *err)
{
    (void)err;
    const char *tenant = hr_identity_tenant(req->site->identity);
    hr_rest_reply(req, 200,
                  json_pack("{s:[{s:o, s:s, s:s}]}", "value", "id",
                            json_sprintf("/tenants/%s", tenant), "tenantId", tenant, "displayName",
                            "Headrace"));
    return HR_OK;
}
