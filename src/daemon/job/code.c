/* Snapshots: ARM v2 codes. A client asks for a place (startPendingUpload), puts its files there by
 * itself, and names them a version. What it uploads goes to the storage account, never through this
 * process. */
#include "base/buf.h"
#include "base/clock.h"
#include "daemon/job/private.h"
#include "wire/sas.h"
#include <string.h>
#include <strings.h>

#define TYPE "Microsoft.MachineLearningServices/workspaces/codes/versions"
#define UPLOAD_MS ((int64_t)6 * 3600 * 1000)
#define SKEW_MS 300000

enum hr_code hr_storage_url(struct hr_arena *arena,
                            const char *container,
                            const char *blob,
                            const char *permissions,
                            int64_t lasts_ms,
                            const char **url,
                            struct hr_err *err)
{
    const struct hr_site *site = hr_job.site;
    char from[32], until[32];
    if (!site->storage_url)
        return hr_fail(err, HR_E_UNAVAILABLE, "the storage account is not ready yet");
    hr_clock_iso8601(hr_clock_ms() - SKEW_MS, from);
    hr_clock_iso8601(hr_clock_ms() + lasts_ms, until);
    size_t len = strlen(blob);
    bool folder = len && blob[len - 1] == '/';
    blob = folder ? hr_strndup(arena, blob, len - 1) : blob;
    strcpy(from + 19, "Z"); /* whole seconds: older clients parse no others */
    strcpy(until + 19, "Z");
    struct hr_sas sas = {.sv = "2021-08-06",
                         .sp = permissions,
                         .st = from,
                         .se = until,
                         .sip = "",
                         .spr = "",
                         .ses = "",
                         .sr = folder  ? "d"
                               : *blob ? "b"
                                       : "c",
                         .si = "",
                         .sdd = folder ? "1" : "",
                         .snapshot = "",
                         .rscc = "",
                         .rscd = "",
                         .rsce = "",
                         .rscl = "",
                         .rsct = "",
                         .ss = "",
                         .srt = "",
                         .sig = ""};
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    hr_buf_addf(&text, "%s/%s/%s%s", site->storage_url, site->account, container, *blob ? "/" : "");
    hr_uri_encode(&text, blob, "/");
    hr_buf_addc(&text, '?');
    enum hr_code code =
        hr_sas_make(&sas, site->account, container, blob, hr_job.options.account_key, &text, err);
    *url = hr_buf_keep(&text, arena);
    return code;
}

static const char *base_url(struct hr_arena *arena)
{
    return hr_printf(arena, "%s/%s/" HR_JOB_CODE_CONTAINER,
                     hr_job.site->storage_url ? hr_job.site->storage_url : "",
                     hr_job.site->account);
}

enum hr_code hr_code_pending_upload(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *url, *kind = hr_rest_string(req, "pendingUploadType");
    char id[37];
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_check_id("code name", hr_rest_param(req, "code"), err));
    HR_TRY(hr_job_check_id("version", hr_rest_param(req, "version"), err));
    if (kind && strcasecmp(kind, "TemporaryBlobReference"))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "pending upload type \"%.50s\" is not supported: only \"TemporaryBlobReference\" is",
            kind);
    /* a folder of its own, in the place of the container of its own that Azure gives: clients put
     * their files at its top */
    hr_uuid_new(id);
    HR_TRY(hr_storage_url(req->arena, HR_JOB_CODE_CONTAINER, hr_printf(req->arena, "%s/", id),
                          "rcwl", UPLOAD_MS, &url, err));
    hr_rest_reply(req, 200,
                  json_pack("{s:s, s:s, s:{s:o, s:s, s:{s:s, s:s}}}", "pendingUploadId", id,
                            "pendingUploadType", "TemporaryBlobReference",
                            "blobReferenceForConsumption", "blobUri",
                            json_sprintf("%s/%s", base_url(req->arena), id), "storageAccountArmId",
                            "", "credential", "credentialType", "SAS", "sasUri", url));
    return HR_OK;
}

static json_t *code_view(struct hr_rest *req, const struct hr_resource_row *row)
{
    json_t *kept = hr_job_json(row->properties);
    json_t *view = json_pack("{s:s, s:s, s:s, s:{s:o, s:b, s:b, s:o, s:{}, s:s}}", "id", row->id,
                             "name", row->name, "type", TYPE, "properties", "codeUri",
                             json_sprintf("%s/%s", base_url(req->arena),
                                          json_string_value(json_object_get(kept, "prefix"))),
                             "isAnonymous", 1, "isArchived", 0, "properties",
                             json_deep_copy(json_object_get(kept, "properties")), "tags",
                             "provisioningState", "Succeeded");
    json_decref(kept);
    return view;
}

/* the snapshot's place in our container, from an address that we gave: its account's, with or
 * without a SAS */
static enum hr_code prefix_of(struct hr_rest *req,
                              const char *uri,
                              const char **prefix,
                              struct hr_err *err)
{
    const char *base = base_url(req->arena), *at = strstr(uri, "/" HR_JOB_CODE_CONTAINER "/");
    size_t len = strlen(base);
    bool ours = !strncmp(uri, base, len) && uri[len] == '/';
    if (!ours)
        return hr_fail(err, HR_E_INVALID,
                       "\"codeUri\" is not an address that startPendingUpload gave: \"%.300s\"",
                       at ? at : uri);
    size_t end = strcspn(uri + len + 1, "?");
    *prefix = hr_strndup(req->arena, uri + len + 1, end);
    while (end && (*prefix)[end - 1] == '/')
        ((char *)*prefix)[--end] = 0;
    return end ? HR_OK : hr_fail(err, HR_E_INVALID, "\"codeUri\" names no folder");
}

enum hr_code hr_code_put(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *prefix = NULL, *code = hr_rest_param(req, "code"),
                           *version = hr_rest_param(req, "version");
    json_t *properties = json_object_get(req->body, "properties");
    const char *uri = json_string_value(json_object_get(properties, "codeUri"));
    HR_TRY(hr_job_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_job_check_id("code name", code, err));
    HR_TRY(hr_job_check_id("version", version, err));
    if (!uri)
        return hr_fail(err, HR_E_INVALID, "\"properties.codeUri\" is missing");
    HR_TRY(prefix_of(req, uri, &prefix, err));
    const char *none = "{}";
    HR_TRY(hr_job_merge(req->arena, "properties", json_object_get(properties, "properties"), &none,
                        err));
    json_t *mine = hr_job_json(none),
           *kept = json_pack("{s:s, s:o}", "prefix", prefix, "properties", mine);
    struct hr_resource_row row = {
        .id = hr_printf(req->arena, "%s/codes/%s/versions/%s", workspace, code, version),
        .type = TYPE,
        .parent = hr_printf(req->arena, "%s/codes/%s", workspace, code),
        .name = version,
        .location = req->site->location,
        .properties = hr_job_dump(req->arena, kept),
        .tags = "{}",
        .created_by = req->who.id,
        .created_ms = hr_clock_ms(),
        .changed_ms = hr_clock_ms()};
    json_decref(kept);
    struct hr_resource_row *before;
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, row.id, &before, err));
    if (before && strcmp(before->properties, row.properties))
        return hr_fail(err, HR_E_EXISTS,
                       "version \"%s\" of code \"%s\" exists already, with other files", version,
                       code);
    if (!before)
        HR_TRY(hr_store_resource_add(req->site->store, &row, err));
    hr_rest_reply(req, before ? 200 : 201, code_view(req, &row));
    return HR_OK;
}

enum hr_code hr_code_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *code = hr_rest_param(req, "code"),
                           *version = hr_rest_param(req, "version");
    struct hr_resource_row *row;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_resource_get(
        req->site->store, req->arena,
        hr_printf(req->arena, "%s/codes/%s/versions/%s", workspace, code, version), &row, err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND, "version \"%.100s\" of code \"%.100s\" does not exist",
                       version, code);
    hr_rest_reply(req, 200, code_view(req, row));
    return HR_OK;
}

enum hr_code hr_code_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_resource_rows rows;
    HR_TRY(hr_job_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_resource_list(
        req->site->store, req->arena,
        hr_printf(req->arena, "%s/codes/%s", workspace, hr_rest_param(req, "code")), TYPE, &rows,
        err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, code_view(req, &rows.at[i]));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}
