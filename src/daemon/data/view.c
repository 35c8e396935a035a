/* Rows as JSON, in the shapes of the v1 services and of ARM; and the workspace that a path names.
 */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/arm/id.h"
#include "daemon/data/private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_STORE "workspaceblobstore"

json_t *hr_data_json(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    return json_object();
}

const char *hr_data_dump(struct hr_arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    const char *copy = hr_strdup(arena, text ? text : "{}");
    free(text);
    return copy;
}

bool hr_data_is_true(struct hr_rest *req, const char *query)
{
    const char *value = hr_rest_query(req, query);
    return value && !strcasecmp(value, "true");
}

/* ---- the workspace ---- */

/* as Azure makes one with each workspace: on its account's container, by the account's key */
static enum hr_code make_default(struct hr_rest *req, const char *workspace, struct hr_err *err)
{
    struct hr_datastore_row *row;
    HR_TRY(hr_store_datastore_get(req->site->store, req->arena, workspace, NULL, &row, err));
    if (row)
        return HR_OK;
    int64_t now = hr_clock_ms();
    struct hr_datastore_row made = {.workspace = workspace,
                                    .name = DEFAULT_STORE,
                                    .type = "AzureBlob",
                                    .account = req->site->account,
                                    .container = req->site->container,
                                    .credential = "AccountKey",
                                    .description = "",
                                    .tags = "{}",
                                    .is_default = 1,
                                    .created_by = req->who.id,
                                    .created_ms = now,
                                    .changed_ms = now};
    return hr_store_datastore_put(req->site->store, &made, err);
}

enum hr_code hr_data_workspace(struct hr_rest *req,
                               enum hr_action action,
                               const char **workspace,
                               struct hr_err *err)
{
    struct hr_resource_row *row;
    const char *subscription = hr_rest_param(req, "subscription"),
               *group = hr_rest_param(req, "group"), *name = hr_rest_param(req, "workspace");
    const char *id =
        hr_printf(req->arena, "/subscriptions/%s/resourceGroups/%s/providers/" HR_TYPE_ML "/%s",
                  subscription, group, name);
    if (strcasecmp(subscription, req->site->subscription))
        return hr_fail(err, HR_E_NOT_FOUND,
                       "subscription \"%.100s\" does not exist; this server's is \"%s\"",
                       subscription, req->site->subscription);
    HR_TRY(hr_rest_check(req, action, id, err));
    HR_TRY(hr_store_resource_get(req->site->store, req->arena, id, &row, err));
    if (!row)
        return hr_fail(err, HR_E_NOT_FOUND,
                       "workspace \"%.100s\" does not exist in resource group \"%.100s\"", name,
                       group);
    *workspace = row->id;
    return make_default(req, row->id, err);
}

/* ---- datastores ---- */

static const char *time_text(struct hr_arena *arena, int64_t ms)
{
    char text[32];
    hr_clock_iso8601(ms, text);
    return hr_strdup(arena, text);
}

static const char *protocol_of(const struct hr_datastore_row *row)
{
    return row->address && !strncmp(row->address, "http:", 5) ? "http" : "https";
}

static const char *secret_of(struct hr_rest *req, const struct hr_datastore_row *row)
{
    const char *key = row->secret;
    if (!key && !strcmp(row->credential, "AccountKey"))
        hr_store_setting_get(req->site->store, req->arena, "account_key", &key, NULL);
    return key;
}

json_t *hr_data_store_view(struct hr_rest *req, const struct hr_datastore_row *row, bool secrets)
{
    const char *secret = secrets ? secret_of(req, row) : NULL;
    json_t *section =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:s, s:s}", "accountName", row->account,
                  "containerName", row->container, "endpoint",
                  row->address ? row->address : "core.windows.net", "protocol", protocol_of(row),
                  "credentialType", row->credential, "isSas", !strcmp(row->credential, "Sas"),
                  "credential", secret, "subscriptionId", req->site->subscription, "resourceGroup",
                  req->site->resource_group);
    json_t *view = json_pack(
        "{s:s, s:s, s:b, s:b, s:o, s:s, s:o, s:s, s:s, s:s}", "name", row->name, "dataStoreType",
        row->type, "hasBeenValidated", 1, "isDefault", (int)row->is_default, "azureStorageSection",
        section, "description", row->description, "tags", hr_data_json(row->tags), "createdBy",
        row->created_by, "createdTime", time_text(req->arena, row->created_ms), "modifiedTime",
        time_text(req->arena, row->changed_ms));
    HR_CHECK(view);
    return view;
}

/* azure-ai-ml makes an account's address itself, https://NAME.blob.SUFFIX, and no name server knows
 * that of our account. For the datastore to which it uploads local files it is told a name that
 * makes the address one of this server's own: HOST:PORT/storage/NAME (relay.c). */
bool hr_data_store_relayed(struct hr_rest *req, const struct hr_datastore_row *row)
{
    const struct hr_request *request = hr_exchange_request(req->exchange);
    const char *agent = hr_header_get(&request->headers, "user-agent");
    bool ours = !row->address && !strcasecmp(row->account, req->site->account);
    return ours &&
           row->is_default &&
           request->tls &&
           request->authority &&
           agent &&
           strstr(agent, "azure-ai-ml");
}

static const char *account_for(struct hr_rest *req, const struct hr_datastore_row *row)
{
    if (!hr_data_store_relayed(req, row))
        return row->account;
    return hr_printf(req->arena, "%s/storage/%s", hr_exchange_request(req->exchange)->authority,
                     row->account);
}

json_t *hr_data_store_arm_view(struct hr_rest *req, const struct hr_datastore_row *row)
{
    bool dfs = !strcmp(row->type, "AzureDataLakeGen2");
    json_t *view = json_pack(
        "{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:b, s:s, s:o, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}",
        "id", json_sprintf("%s/datastores/%s", row->workspace, row->name), "name", row->name,
        "type", HR_TYPE_ML "/datastores", "properties", "datastoreType", row->type, "accountName",
        account_for(req, row), dfs ? "filesystem" : "containerName", row->container, "endpoint",
        row->address ? row->address : "core.windows.net", "protocol", protocol_of(row),
        "credentials", "credentialsType", row->credential, "isDefault", (int)row->is_default,
        "description", row->description, "tags", hr_data_json(row->tags),
        "serviceDataAccessAuthIdentity", "None", "subscriptionId", req->site->subscription,
        "resourceGroup", req->site->resource_group, "systemData", "createdAt",
        time_text(req->arena, row->created_ms), "createdBy", row->created_by, "createdByType",
        "User", "lastModifiedAt", time_text(req->arena, row->changed_ms));
    HR_CHECK(view);
    return view;
}

/* ---- datasets ---- */

json_t *hr_data_set_view(struct hr_rest *req, const struct hr_dataset_row *row)
{
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)row->version);
    const char *made = time_text(req->arena, row->created_ms);
    json_t *latest =
        json_pack("{s:s?, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:{s:s}}", "datasetId",
                  row->id, "versionId", version, "savedDatasetId", row->saved, "dataflow",
                  row->definition, "description", row->description, "tags", hr_data_json(row->tags),
                  "createdTime", made, "createdBy", row->created_by, "fileCount", row->file_count,
                  "size", row->bytes, "datasetDefinitionState", "state", "active");
    json_t *view =
        json_pack("{s:s?, s:s?, s:s, s:s, s:b, s:s, s:o, s:s, s:o}", "datasetId", row->id, "name",
                  row->name, "datasetType", row->type, "description", row->description, "isVisible",
                  row->name != NULL, "createdTime", made, "tags", hr_data_json(row->tags),
                  "savedDatasetId", row->saved, "latest", latest);
    HR_CHECK(view);
    return view;
}

static const char *data_type(const struct hr_dataset_row *row)
{
    if (!strcmp(row->type, "tabular"))
        return "mltable";
    json_t *definition = hr_data_json(row->definition),
           *path = json_array_get(json_object_get(definition, "paths"), 0);
    bool file = json_object_get(path, "file") != NULL;
    json_decref(definition);
    return file ? "uri_file" : "uri_folder";
}

static json_t *data_uri(const struct hr_dataset_row *row)
{
    json_t *definition = hr_data_json(row->definition),
           *path = json_array_get(json_object_get(definition, "paths"), 0);
    const char *name;
    json_t *value, *uri = json_string("");
    json_object_foreach(path, name, value)
    {
        const char *tail = json_string_value(value);
        json_decref(uri);
        uri = json_sprintf("azureml:/%s%s", row->workspace, strstr(tail, "/datastores/"));
    }
    json_decref(definition);
    return uri;
}

json_t *hr_data_set_arm_view(struct hr_rest *req, const struct hr_dataset_row *row)
{
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)row->version);
    const char *made = time_text(req->arena, row->created_ms);
    json_t *view = json_pack(
        "{s:o, s:s, s:s, s:{s:s, s:o, s:s, s:o, s:b, s:b, s:{s:s, s:s}}, s:{s:s, s:s, s:s, s:s}}",
        "id", json_sprintf("%s/data/%s/versions/%s", row->workspace, row->name, version), "name",
        version, "type", HR_TYPE_ML "/data/versions", "properties", "dataType", data_type(row),
        "dataUri", data_uri(row), "description", row->description, "tags", hr_data_json(row->tags),
        "isAnonymous", 0, "isArchived", 0, "properties", "datasetId", row->id, "savedDatasetId",
        row->saved, "systemData", "createdAt", made, "createdBy", row->created_by, "createdByType",
        "User", "lastModifiedAt", made);
    HR_CHECK(view);
    return view;
}

json_t *hr_data_set_container_view(struct hr_rest *req, const struct hr_dataset_row *row)
{
    char version[24], next[24];
    snprintf(version, sizeof version, "%lld", (long long)row->version);
    snprintf(next, sizeof next, "%lld", (long long)row->version + 1);
    json_t *view =
        json_pack("{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:o, s:b}, s:{s:s, s:s}}", "id",
                  json_sprintf("%s/data/%s", row->workspace, row->name), "name", row->name, "type",
                  HR_TYPE_ML "/data", "properties", "dataType", data_type(row), "latestVersion",
                  version, "nextVersion", next, "description", row->description, "tags",
                  hr_data_json(row->tags), "isArchived", 0, "systemData", "createdAt",
                  time_text(req->arena, row->created_ms), "createdBy", row->created_by);
    HR_CHECK(view);
    return view;
}
