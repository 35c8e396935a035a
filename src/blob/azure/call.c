/* Building, signing and judging requests. */
#include "blob/azure/azure.h"
#include "base/check.h"
#include "base/clock.h"
#include "wire/sas.h"
#include "wire/sharedkey.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_VERSION "2021-12-02"

const char *hr_azure_param(struct hr_arena *arena, const char *name, const char *value)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_buf_addf(&out, "&%s=", name);
    hr_uri_encode(&out, value, "");
    return hr_buf_keep(&out, arena);
}

enum hr_code hr_azure_access(struct hr_blob *blob,
                             struct hr_arena *arena,
                             const struct hr_blob_place *place,
                             struct hr_azure_access *access,
                             struct hr_err *err)
{
    struct hr_blob_config *config =
        place->dataset ? hr_blob_dataset_config(place->dataset) : blob->config;
    return hr_azure_keys_access(config, arena, place->host, place->account, place->container,
                                access, err);
}

/* ---- headers of one attempt, on the mover's thread ---- */

static void append(struct curl_slist **list, const char *name, const char *value)
{
    struct hr_buf line;
    hr_buf_init(&line, HR_BUF_GROWS);
    hr_buf_addf(&line, "%s: %s", name, value);
    struct curl_slist *more = curl_slist_append(*list, hr_buf_text(&line));
    HR_CHECK(more);
    *list = more;
    hr_buf_release(&line);
}

static enum hr_code prepare(struct hr_blob_transfer *transfer,
                            struct curl_slist **list,
                            struct hr_err *err)
{
    struct hr_azure_call *call = transfer->arg;
    struct hr_sharedkey_header headers[AZURE_HEADERS_MAX + 4];
    size_t count = 0;
    char date[32], length[24];
    hr_clock_rfc1123(hr_clock_ms(), date);
    headers[count++] = (struct hr_sharedkey_header){"x-ms-date", date};
    headers[count++] = (struct hr_sharedkey_header){"x-ms-version", SERVICE_VERSION};
    bool typed = false;
    for (size_t i = 0; i < call->header_count; i++) {
        headers[count++] =
            (struct hr_sharedkey_header){call->headers[i].name, call->headers[i].value};
        typed |= !strcmp(call->headers[i].name, "Content-Type");
    }
    for (size_t i = 0; i < count; i++)
        append(list, headers[i].name, headers[i].value);
    *list = curl_slist_append(*list, "Expect:");
    if (!typed)
        *list = curl_slist_append(*list, "Content-Type:");
    if (call->token) {
        struct hr_buf bearer;
        hr_buf_init(&bearer, HR_BUF_GROWS);
        hr_buf_addf(&bearer, "Bearer %s", call->token);
        append(list, "Authorization", hr_buf_text(&bearer));
        hr_buf_release(&bearer);
    }
    if (call->access->auth != HR_AZURE_SHARED_KEY)
        return HR_OK;
    if (transfer->body_len) {
        snprintf(length, sizeof length, "%zu", transfer->body_len);
        headers[count++] = (struct hr_sharedkey_header){"content-length", length};
    }
    struct hr_sharedkey_request request = {
        transfer->method, call->place->account, call->sign_path, call->sign_query, headers, count};
    struct hr_buf authorization;
    hr_buf_init(&authorization, HR_BUF_GROWS);
    enum hr_code code =
        hr_sharedkey_authorize(&request, call->access->secret.text, &authorization, err);
    if (!code)
        append(list, "Authorization", hr_buf_text(&authorization));
    hr_buf_release(&authorization);
    return code;
}

/* ---- a call ---- */

enum hr_code hr_azure_call(struct hr_azure_call *call,
                           struct hr_blob *blob,
                           struct hr_arena *arena,
                           const struct hr_blob_place *place,
                           const struct hr_azure_access *access,
                           const char *method,
                           const char *path,
                           const char *query,
                           struct hr_err *err)
{
    *call =
        (struct hr_azure_call){.blob = blob, .place = place, .access = access, .sign_query = query};
    struct hr_buf url;
    hr_buf_init(&url, HR_BUF_GROWS);
    hr_buf_addf(&url, "%s/%s", access->base_url, place->container);
    if (path) {
        hr_buf_addc(&url, '/');
        hr_uri_encode(&url, path, "/");
    }
    const char *plain = hr_strdup(arena, hr_buf_text(&url)), *host = strstr(plain, "://");
    host = host ? host + 3 : plain;
    call->sign_path = host + strcspn(host, "/");
    bool sas = access->auth == HR_AZURE_SAS;
    if (*query || sas)
        hr_buf_addf(&url, "?%s%s%s", query, *query && sas ? "&" : "",
                    sas ? access->secret.text : "");
    call->transfer = (struct hr_blob_transfer){.method = method,
                                               .url = hr_buf_keep(&url, arena),
                                               .ca_file = access->ca_file,
                                               .prepare = prepare,
                                               .arg = call};
    bool write = strcmp(method, "GET") && strcmp(method, "HEAD");
    struct hr_blob_need need = {place->account, place->container, access->base_url, write};
    if (access->auth == HR_AZURE_BY_ROLE)
        HR_TRY(hr_blob_config_role_token(blob->config, arena, &need, place->location, &call->token,
                                         err));
    if (access->auth == HR_AZURE_BEARER)
        call->token = access->secret.text;
    if (access->auth == HR_AZURE_CLIENT_CREDENTIALS)
        HR_TRY(hr_azure_token(blob, arena, access, &call->token, err));
    return HR_OK;
}

void hr_azure_header(struct hr_azure_call *call, const char *name, const char *value)
{
    HR_CHECK(call->header_count < AZURE_HEADERS_MAX);
    call->headers[call->header_count].name = name;
    call->headers[call->header_count++].value = value;
}

enum hr_code hr_azure_send(struct hr_azure_call *call, struct hr_err *err)
{
    struct hr_blob_mover *mover;
    HR_TRY(hr_blob_mover_of(call->blob, &mover, err));
    call->transfer.arg = call;
    hr_mover_submit(mover, &call->transfer);
    return HR_OK;
}

enum hr_code hr_azure_wait(struct hr_azure_call *call,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err)
{
    struct hr_err why;
    enum hr_code code = hr_mover_wait(call->transfer.mover, &call->transfer, cancel, &why);
    if (!code)
        return HR_OK;
    hr_fail(err, code, "cannot reach '%s': %s", call->place->location, why.msg);
    return hr_fail_hint_of(err, &why);
}

void hr_azure_end(struct hr_azure_call *call)
{
    hr_transfer_release(&call->transfer);
}

enum hr_code hr_azure_do(struct hr_azure_call *call,
                         const char *what,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err)
{
    HR_TRY(hr_azure_send(call, err));
    HR_TRY(hr_azure_wait(call, cancel, err));
    return call->transfer.status / 100 == 2 ? HR_OK : hr_azure_fail(call, what, err);
}

void hr_azure_stat_of(const struct hr_azure_call *call, struct hr_blob_stat *stat)
{
    char value[HR_BLOB_ETAG_MAX];
    hr_transfer_header(&call->transfer, "etag", stat->etag, sizeof stat->etag);
    time_t modified = curl_getdate(
        hr_transfer_header(&call->transfer, "last-modified", value, sizeof value), NULL);
    stat->mtime_ms = modified < 0 ? 0 : (int64_t)modified * 1000;
    bool marked = !strcasecmp(
        hr_transfer_header(&call->transfer, "x-ms-meta-hdi_isfolder", value, sizeof value), "true");
    stat->is_dir = marked || !strcasecmp(hr_transfer_header(&call->transfer, "x-ms-resource-type",
                                                            value, sizeof value),
                                         "directory");
}

/* ---- what an error says ---- */

/* Azure's code and sentence: the header for the code, the body (XML from blob, JSON from dfs) for
 * both */
static void read_error(
    const struct hr_azure_call *call, char *azure, size_t azure_size, char *text, size_t text_size)
{
    const struct hr_buf *body = &call->transfer.response;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_xml *root;
    hr_transfer_header(&call->transfer, "x-ms-error-code", azure, azure_size);
    text[0] = 0;
    const char *start = hr_buf_text(body) + strspn(hr_buf_text(body), " \xef\xbb\xbf\r\n");
    if (*start == '{') {
        json_t *json = json_loads(start, 0, NULL), *error = json_object_get(json, "error");
        const char *code = json_string_value(json_object_get(error, "code")),
                   *message = json_string_value(json_object_get(error, "message"));
        if (code && !*azure)
            snprintf(azure, azure_size, "%s", code);
        snprintf(text, text_size, "%s", message ? message : "");
        json_decref(json);
    } else if (*start == '<' &&
               !hr_xml_parse(arena, hr_buf_text(body), hr_buf_len(body), &root, NULL)) {
        if (!*azure)
            snprintf(azure, azure_size, "%s", hr_xml_text(root, "Code"));
        const char *detail = hr_xml_text(root, "AuthenticationErrorDetail");
        snprintf(text, text_size, "%s", *detail ? detail : hr_xml_text(root, "Message"));
    }
    text[strcspn(text, "\r\n")] = 0; /* what follows is a request id and the time */
    hr_arena_free(arena);
}

static enum hr_code fail_sas(const struct hr_azure_call *call, const char *why, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_query query;
    struct hr_sas sas;
    const struct hr_blob_place *place = call->place;
    bool parsed = !hr_query_parse(arena, call->access->secret.text, &query, NULL) &&
                  !hr_sas_parse(&query, &sas, NULL);
    if (parsed && sas.expiry_ms <= hr_clock_ms())
        hr_fail(err, HR_E_STORAGE_DENIED,
                "authentication failed for account '%s': the SAS for '%s' expired at %s",
                place->account, place->container, sas.se);
    else
        hr_fail(err, HR_E_STORAGE_DENIED,
                "authentication failed for account '%s': the SAS for '%s' was not accepted: %s",
                place->account, place->container, why);
    hr_arena_free(arena);
    return hr_fail_hint(err, "make a new SAS and set it as %s", call->access->key_name);
}

static enum hr_code fail_authentication(const struct hr_azure_call *call,
                                        const char *why,
                                        struct hr_err *err)
{
    const char *account = call->place->account;
    switch (call->access->auth) {
    case HR_AZURE_SAS:
        return fail_sas(call, why, err);
    case HR_AZURE_SHARED_KEY:
        hr_fail(err, HR_E_STORAGE_DENIED,
                "authentication failed for account '%s': the account key was not accepted",
                account);
        return hr_fail_hint(err, "check the value of %s; keys may have been rotated",
                            call->access->key_name);
    case HR_AZURE_ANONYMOUS:
        hr_fail(
            err, HR_E_STORAGE_DENIED,
            "authentication failed for account '%s': no key and no SAS is set for it, and '%s' cannot be read without",
            account, call->place->location);
        return hr_fail_hint(err, "set fs.azure.account.key.%s or fs.azure.sas.%s.%s",
                            call->place->host, call->place->container, call->place->host);
    case HR_AZURE_BEARER:
    case HR_AZURE_BY_ROLE:
    case HR_AZURE_CLIENT_CREDENTIALS:
        break;
    }
    return hr_fail(err, HR_E_STORAGE_DENIED,
                   "authentication failed for account '%s': the token was not accepted: %s",
                   account, why);
}

/* explained by the credential that was used */
static const char authentication[] = "authentication failed";

static const struct {
    const char *azure;
    enum hr_code code;
    const char *says;
} known_errors[] = {
    {"ContainerNotFound", HR_E_NOT_FOUND, NULL},
    {"FilesystemNotFound", HR_E_NOT_FOUND, NULL},
    {"ContainerBeingDeleted", HR_E_NOT_FOUND, NULL},
    {"BlobNotFound", HR_E_NOT_FOUND, "it does not exist"},
    {"PathNotFound", HR_E_NOT_FOUND, "it does not exist"},
    {"SourcePathNotFound", HR_E_NOT_FOUND, "it does not exist"},
    {"ResourceNotFound", HR_E_NOT_FOUND, "it does not exist"},
    {"BlobAlreadyExists", HR_E_EXISTS, "it exists already"},
    {"PathAlreadyExists", HR_E_EXISTS, "it exists already"},
    {"ConditionNotMet", HR_E_CHANGED, "it is not the expected version"},
    {"TargetConditionNotMet", HR_E_CHANGED, "it is not the expected version"},
    {"SourceConditionNotMet", HR_E_CHANGED, "it is not the expected version"},
    {"DirectoryNotEmpty", HR_E_INVALID, "the folder is not empty"},
    {"DirectoryIsNotEmpty", HR_E_INVALID, "the folder is not empty"},
    {"LeaseIdMissing", HR_E_STORAGE_DENIED, "somebody holds a lease on it"},
    {"PublicAccessNotPermitted", HR_E_STORAGE_DENIED, authentication},
    {"NoAuthenticationInformation", HR_E_STORAGE_DENIED, authentication},
    {"AuthenticationFailed", HR_E_STORAGE_DENIED, authentication},
    {"InvalidAuthenticationInfo", HR_E_STORAGE_DENIED, authentication},
    {"AccountIsDisabled", HR_E_STORAGE_DENIED, "the account is disabled"},
};

static enum hr_code code_of_status(int status)
{
    switch (status) {
    case 400:
        return HR_E_INVALID;
    case 401:
    case 403:
        return HR_E_STORAGE_DENIED;
    case 404:
        return HR_E_NOT_FOUND;
    case 409:
        return HR_E_EXISTS;
    case 412:
        return HR_E_CHANGED;
    case 413:
        return HR_E_LIMIT;
    case 507:
        return HR_E_FULL;
    case 501:
        return HR_E_UNSUPPORTED;
    case 408:
    case 429:
        return HR_E_STORAGE_DOWN;
    default:
        return status >= 500 ? HR_E_STORAGE_DOWN : HR_E_IO;
    }
}

enum hr_code hr_azure_fail(const struct hr_azure_call *call, const char *what, struct hr_err *err)
{
    char azure[128], text[1024];
    const struct hr_blob_place *place = call->place;
    int status = call->transfer.status;
    read_error(call, azure, sizeof azure, text, sizeof text);
    enum hr_code code = code_of_status(status);
    const char *says = NULL;
    for (size_t i = 0; i < HR_LEN(known_errors); i++)
        if (!strcmp(known_errors[i].azure, azure)) {
            code = known_errors[i].code;
            says = known_errors[i].says;
        }
    if (says == authentication || status == 401 || (status == 403 && !*azure))
        return fail_authentication(call, *text ? text : azure, err);
    if (!strcmp(azure, "ContainerNotFound") ||
        !strcmp(azure, "FilesystemNotFound") ||
        !strcmp(azure, "ContainerBeingDeleted"))
        return hr_fail(err, code, "the container '%s' of account '%s' does not exist ('%s')",
                       place->container, place->account, place->location);
    if (!strncmp(azure, "Authorization", 13)) {
        hr_fail(err, HR_E_STORAGE_DENIED, "cannot %s '%s': %s", what, place->location,
                *text ? text : azure);
        return hr_fail_hint(err, "the %s in use does not permit this",
                            call->access->auth == HR_AZURE_SAS ? "SAS" : "identity");
    }
    if (says || (code == HR_E_NOT_FOUND && (says = "it does not exist")))
        return hr_fail(err, code, "cannot %s '%s': %s", what, place->location, says);
    if (code == HR_E_FULL)
        return hr_fail(err, code, "cannot %s '%s': %s", what, place->location,
                       *text ? text : "the account's disk is full");
    return hr_fail(err, code, "cannot %s '%s': the account answered %d%s%s%s%s (%d attempt%s)",
                   what, place->location, status, *azure ? " " : "", azure, *text ? ": " : "", text,
                   call->transfer.attempts, call->transfer.attempts == 1 ? "" : "s");
}
