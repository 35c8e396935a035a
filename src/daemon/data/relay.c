/* The storage account at this server's own address, with its TLS: /storage/ACCOUNT/CONTAINER/PATH,
 * for clients that cannot take the account's (azure-ai-ml makes it itself) or will not speak to it
 * in plain text (Azure's libraries with a token). Who may is the account's to say, by the SAS in
 * the query; a token of this server becomes a grant, so that roles are asked. SharedKey signs
 * another path and is refused. */
#include "daemon/data/private.h"
#include "daemon/rest/relay.h"
#include <string.h>
#include <strings.h>

/* behind the second segment, as it was sent */
static const char *rest_of(const char *target)
{
    const char *account = strchr(target + 1, '/');
    return account ? account + 1 + strcspn(account + 1, "/?") : "";
}

/* "dprepdata", and what stands behind it in a host name */
static bool names_account(const struct hr_site *site, const char *text)
{
    size_t len = strlen(site->account);
    if (strncasecmp(text, site->account, len))
        return false;
    return !text[len] ||
           !strncasecmp(text + len, ".blob.", 6) ||
           !strncasecmp(text + len, ".dfs.", 5);
}

static const char *credential(struct hr_rest *req, const char *given)
{
    struct hr_principal who;
    const char *grant;
    struct hr_err err;
    if (strncasecmp(given, "Bearer ", 7) ||
        hr_identity_authenticate_header(req->site->identity, given, &who, &err) ||
        hr_identity_grant_for(req->site->identity, req->arena, who.id, req->site->account_id,
                              &grant, &err))
        return given; /* the account refuses it in its own words */
    return hr_printf(req->arena, "Bearer %s", grant);
}

static struct hr_headers forwarded(struct hr_rest *req)
{
    static const char *const dropped[] = {"host",   "connection", "keep-alive", "transfer-encoding",
                                          "expect", "te",         "upgrade",    "http2-settings"};
    const struct hr_headers *given = &hr_exchange_request(req->exchange)->headers;
    struct hr_headers out = {HR_NEW_ARRAY(req->arena, struct hr_header, given->count + 1), 0};
    for (size_t i = 0; i < given->count; i++) {
        const struct hr_header *header = &given->at[i];
        size_t k = 0;
        while (k < HR_LEN(dropped) && strcmp(dropped[k], header->name))
            k++;
        if (k < HR_LEN(dropped))
            continue;
        const char *value =
            strcmp(header->name, "authorization") ? header->value : credential(req, header->value);
        out.at[out.count++] = (struct hr_header){header->name, value, NULL};
    }
    return out;
}

enum hr_code hr_data_relay(struct hr_rest *req, struct hr_err *err)
{
    const struct hr_request *request = hr_exchange_request(req->exchange);
    const char *account = hr_rest_param(req, "account"), *rest = rest_of(request->target);
    if (!names_account(req->site, account))
        return hr_fail(
            err, HR_E_NOT_FOUND,
            "this server has the storage account \"%s\", and the address names \"%.100s\"",
            req->site->account, account);
    struct hr_relay_call call = {.method = request->method,
                                 .headers = forwarded(req),
                                 .whole = true,
                                 .failed = hr_rest_send_error,
                                 .target = hr_printf(req->arena, "/%s%s%s", req->site->account,
                                                     *rest == '/' ? "" : "/", rest)};
    return hr_relay_start(req, &call, err);
}
