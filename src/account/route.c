/* Which operation a request is. */
#include "account/request.h"
#include "wire/azure.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* dprepdata.blob.localhost, dprepdata.dfs.example: the account is in the host name. Else it is the
 * path's first segment, as for emulators. */
static bool host_names_account(struct request *request)
{
    const char *host = request->http->authority ? request->http->authority : "";
    size_t len = strlen(request->account->name);
    if (strncasecmp(host, request->account->name, len) || host[len] != '.')
        return false;
    if (!strncasecmp(host + len, ".dfs.", 5))
        request->dfs = true;
    else if (strncasecmp(host + len, ".blob.", 6))
        return false;
    return true;
}

static const char *split_path(struct request *request)
{
    const char *path = request->http->path;
    if (*path != '/')
        return "InvalidUri";
    path++;
    request->host_style = host_names_account(request);
    if (!request->host_style) {
        size_t len = strcspn(path, "/");
        char *account = hr_uri_decode_text(request->arena, path, len);
        if (!account || strcmp(account, request->account->name))
            return hr_account_refuse(
                request, "ResourceNotFound",
                "This server has the account '%s', and the address names '%.*s'.",
                request->account->name, (int)len, path);
        path += len + (path[len] == '/');
    }
    size_t len = strcspn(path, "/");
    request->container = hr_uri_decode_text(request->arena, path, len);
    path += len + (path[len] == '/');
    request->name = hr_uri_decode_text(request->arena, path, strlen(path));
    if (!request->container || !request->name)
        return hr_account_refuse(request, "InvalidUri",
                                 "The path is not properly percent-encoded, or holds a NUL.");
    if (*request->container &&
        !hr_azure_container_valid(request->container, strlen(request->container)))
        return hr_account_refuse(request, "InvalidResourceName",
                                 "'%.100s' is not a container name.", request->container);
    size_t end = strlen(request->name);
    if (end && request->name[end - 1] == '/' && request->dfs)
        request->name = hr_strndup(request->arena, request->name, end - 1);
    const char *fault = *request->name ? hr_tree_name_fault(request->name) : NULL;
    return fault ? hr_account_refuse(request, "InvalidResourceName", "%s.", fault) : NULL;
}

/* On path-style addresses both dialects share a host: only dfs has resource=, action= and these.
 * What they have in common behaves the same. */
static bool looks_dfs(const struct request *request)
{
    const char *resource = hr_account_param(request, "resource"),
               *accept = hr_account_header(request, "accept");
    return resource ||
           hr_account_param(request, "action") ||
           hr_account_header(request, "x-ms-rename-source") ||
           (!strcmp(request->method, "DELETE") && hr_account_param(request, "recursive")) ||
           (accept && !strcmp(accept, "application/json"));
}

static bool same(const char *wanted, const char *given)
{
    if (!wanted)
        return !given;
    return given && !strcasecmp(wanted, given);
}

static bool fits(const struct operation *operation, const struct request *request, char level)
{
    const char *resource = hr_account_param(request, "resource"),
               *action = hr_account_param(request, "action");
    if (strcmp(operation->method, request->method) || operation->level != level)
        return false;
    if (!same(operation->comp, hr_account_param(request, "comp")) ||
        !same(operation->resource, resource ? resource : action))
        return false;
    return !operation->header || hr_account_header(request, operation->header);
}

/* what would change the meaning of a request that is otherwise known: never silently ignored */
static const char *const refused_headers[] = {
    "x-ms-lease-id",
    "x-ms-source-lease-id",
    "x-ms-proposed-lease-id",
    "x-ms-lease-action",
    "x-ms-tags",
    "x-ms-if-tags",
    "x-ms-source-if-tags",
    "x-ms-access-tier",
    "x-ms-encryption-key",
    "x-ms-encryption-scope",
    "x-ms-default-encryption-scope",
    "x-ms-immutability-policy-until-date",
    "x-ms-legal-hold",
    "x-ms-expiry-option",
    "x-ms-expiry-time",
    "x-ms-structured-body",
    "x-ms-acl",
    "x-ms-owner",
    "x-ms-group",
    "x-ms-permissions",
    "x-ms-umask",
    "x-ms-copy-source-authorization",
    "x-ms-seal-blob",
    "x-ms-copy-source-tag-option",
};
static const char *const refused_params[] = {"snapshot", "versionid", "deletetype", "leaseid",
                                             "showonly"};

static const char *check_refused(struct request *request)
{
    for (size_t i = 0; i < HR_LEN(refused_headers); i++) {
        const char *value = hr_account_header(request, refused_headers[i]);
        /* the data lake client sends an empty lease with a rename */
        if (value && *value)
            return hr_account_refuse(request, "NotImplemented", "The header '%s' is not done.",
                                     refused_headers[i]);
    }
    for (size_t i = 0; i < HR_LEN(refused_params); i++)
        if (hr_account_param(request, refused_params[i]))
            return hr_account_refuse(request, "NotImplemented",
                                     "The query parameter '%s' is not done.", refused_params[i]);
    return NULL;
}

/* Any version is served as the newest that is known here; what is no version is refused. */
static const char *check_version(struct request *request)
{
    const char *version = hr_account_header(request, "x-ms-version");
    int used = 0;
    if (!version)
        return NULL;
    sscanf(version, "%*4[0-9]-%*2[0-9]-%*2[0-9]%n", &used);
    if (used == 10 && !version[10])
        return NULL;
    return hr_account_refuse(request, "InvalidHeaderValue", "x-ms-version is '%.32s'.", version);
}

const char *hr_account_route(struct request *request)
{
    struct hr_err err;
    const char *fault = check_version(request);
    if (fault)
        return fault;
    if (hr_query_parse(request->arena, request->http->query, &request->query, &err))
        return hr_account_refuse(request, "InvalidQueryParameterValue", "%s.", err.msg);
    request->dfs = looks_dfs(request);
    const char *code = split_path(request);
    if (code)
        return code;
    char level = *request->name ? 'b' : *request->container ? 'c' : 's';
    for (size_t i = 0; i < hr_account_operation_count; i++)
        if (fits(&hr_account_operations[i], request, level)) {
            request->operation = &hr_account_operations[i];
            return request->operation->run ? check_refused(request) : NULL;
        }
    const char *comp = hr_account_param(request, "comp");
    return hr_account_refuse(request, "NotImplemented",
                             "This account does not have '%s' with '%s'.", request->method,
                             comp ? comp : "this query");
}
