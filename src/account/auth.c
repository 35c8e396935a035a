/* Who asks, and may they? SharedKey and SharedKeyLite, SAS, and bearer tokens that are the daemon's
 * grants. */
#include "account/api.h"
#include "base/clock.h"
#include "wire/sas.h"
#include "wire/sharedkey.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLOCK_SKEW_MS (15 * 60 * 1000)

static struct hr_sharedkey_request signed_request(const struct request *request)
{
    const struct hr_headers *from = &request->http->headers;
    struct hr_sharedkey_header *headers =
        HR_NEW_ARRAY(request->arena, struct hr_sharedkey_header, from->count + 1);
    for (size_t i = 0; i < from->count; i++)
        headers[i] = (struct hr_sharedkey_header){from->at[i].name, from->at[i].value};
    return (struct hr_sharedkey_request){
        request->method, request->account->name, request->http->path, request->http->query, headers,
        from->count};
}

static const char *check_shared_key(struct request *request, const char *authorization)
{
    struct hr_sharedkey_parsed parsed;
    struct hr_err err;
    if (!hr_sharedkey_parse(authorization, &parsed))
        return hr_account_refuse(request, "AuthenticationFailed",
                                 "The Authorization header is not well formed.");
    if (strcmp(parsed.account, request->account->name))
        return hr_account_refuse(request, "AuthenticationFailed",
                                 "The request is signed for the account '%s'.", parsed.account);
    const char *date = hr_account_header(request, "x-ms-date");
    date = date ? date : hr_account_header(request, "date");
    int64_t sent = date ? (int64_t)curl_getdate(date, NULL) * 1000 : -1, now = hr_clock_ms();
    if (sent < 0 || sent > now + CLOCK_SKEW_MS || sent < now - CLOCK_SKEW_MS)
        return hr_account_refuse(request, "AuthenticationFailed",
                                 "Request date header too old or missing: '%s'.", date ? date : "");
    struct hr_sharedkey_request as_signed = signed_request(request);
    if (hr_sharedkey_verify(&as_signed, &parsed, request->account->key, &err))
        return hr_account_refuse(request, "AuthenticationFailed", "%s", err.msg);
    return NULL;
}

static void take_overrides(struct request *request, const struct hr_sas *sas)
{
    const struct {
        const char *name, *value;
    } given[] = {
        {"cache-control", sas->rscc},    {"content-disposition", sas->rscd},
        {"content-encoding", sas->rsce}, {"content-language", sas->rscl},
        {"content-type", sas->rsct},
    };
    _Static_assert(HR_LEN(given) == HR_LEN(request->overrides), "one each");
    for (size_t i = 0; i < HR_LEN(given); i++) {
        request->overrides[i].name = given[i].name;
        request->overrides[i].value =
            given[i].value[0] ? hr_strdup(request->arena, given[i].value) : NULL;
    }
}

static const char *check_sas(struct request *request,
                             const struct hr_query *query,
                             const char *container,
                             const char *name,
                             const char *permissions)
{
    struct hr_sas sas;
    struct hr_err err;
    const char *code = "AuthenticationFailed";
    char ip[64];
    snprintf(ip, sizeof ip, "%.*s", (int)strcspn(request->http->peer, ":"), request->http->peer);
    if (hr_sas_parse(query, &sas, &err))
        return hr_account_refuse(request, code, "%s.", err.msg);
    struct hr_sas_use use = {request->account->name, container, name,         permissions,
                             request->http->tls,     ip,        hr_clock_ms()};
    if (hr_sas_verify(&sas, &use, request->account->key, &code, &err))
        return hr_account_refuse(request, code, "%s.", err.msg);
    if (query == &request->query)
        take_overrides(request, &sas);
    char principal[37] = "";
    if (sas.si[0] && hr_revoked_mark(&request->account->revoked, sas.si, principal))
        return hr_account_refuse(
            request, "AuthorizationPermissionMismatch",
            "The role of principal '%s' for which this SAS was given was taken away.", principal);
    return NULL;
}

static const char *refuse_role(struct request *request, const struct hr_err *err)
{
    char text[sizeof err->msg + sizeof err->hint + 32];
    hr_err_text(err, text, sizeof text);
    return hr_account_refuse(request, "AuthorizationPermissionMismatch", "%s", text);
}

static const char *check_grant(struct request *request,
                               const char *token,
                               const char *container,
                               const char *permissions)
{
    const struct account *account = request->account;
    struct hr_grant *grant;
    struct hr_err err;
    if (!account->grants)
        return hr_account_refuse(request, "AuthenticationFailed", "This account takes no tokens.");
    if (hr_grant_accept(request->arena, account->grant_key, &account->revoked, token, hr_clock_ms(),
                        &grant, &err))
        return hr_account_refuse(request, "AuthenticationFailed", "%s.", err.msg);
    enum hr_action action = strpbrk(permissions, "rl") ? HR_ACT_BLOB_READ : HR_ACT_BLOB_WRITE;
    const char *scope = *container
                            ? hr_printf(request->arena, "%s/blobServices/default/containers/%s",
                                        account->resource_id, container)
                            : account->resource_id;
    if (hr_grant_decide(grant, action, scope, &err))
        return refuse_role(request, &err);
    return NULL;
}

static const char *authorize(struct request *request,
                             const struct hr_query *query,
                             const char *container,
                             const char *name,
                             const char *permissions)
{
    const char *authorization = hr_account_header(request, "authorization");
    if (hr_sas_present(query) && (!authorization || query != &request->query))
        return check_sas(request, query, container, name, permissions);
    if (!authorization)
        return hr_account_refuse(request, "NoAuthenticationInformation",
                                 "The request has no Authorization header and no SAS.");
    if (!strncasecmp(authorization, "Bearer ", 7))
        return check_grant(request, authorization + 7, container, permissions);
    return check_shared_key(request, authorization);
}

/* what a SAS must be for: listing a directory is done at its filesystem's address, and is an
 * operation on the directory */
static const char *signed_name(const struct request *request)
{
    const char *directory = hr_account_param(request, "directory");
    if (*request->name || !directory || request->operation->run != hr_api_list_paths)
        return request->name;
    size_t end = strlen(directory);
    while (end && directory[end - 1] == '/')
        end--;
    size_t skip = end && directory[0] == '/';
    return hr_strndup(request->arena, directory + skip, end - skip);
}

const char *hr_account_authorize(struct request *request)
{
    return authorize(request, &request->query, request->container, signed_name(request),
                     request->operation->permissions);
}

const char *hr_account_source_refused(struct request *request, const char *code)
{
    request->source_code = code;
    return "CannotVerifyCopySource";
}

const char *hr_account_authorize_source(
    struct request *request, const char *container, const char *name, const char *query, bool own)
{
    struct hr_query parsed;
    if (hr_query_parse(request->arena, query, &parsed, NULL))
        return "InvalidSourceUri";
    bool with_sas = hr_sas_present(&parsed);
    if (!with_sas && !own)
        return hr_account_source_refused(request, "NoAuthenticationInformation");
    const char *code =
        authorize(request, with_sas ? &parsed : &request->query, container, name, "r");
    return code ? hr_account_source_refused(request, code) : NULL;
}
