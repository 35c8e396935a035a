/* Datastores: an account, a container, and how it is reached. Both doors, v1's and ARM's, fill the
 * same row. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/data/private.h"
#include "wire/azure.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 255

/* ---- showing ---- */

/* a datastore that there is; NULL asks for the default */
static enum hr_code find(struct hr_rest *req,
                         const char *workspace,
                         const char *name,
                         struct hr_datastore_row **row,
                         struct hr_err *err)
{
    HR_TRY(hr_store_datastore_get(req->site->store, req->arena, workspace, name, row, err));
    if (*row)
        return HR_OK;
    hr_fail(err, HR_E_NOT_FOUND, "datastore \"%.255s\" does not exist in workspace \"%s\"", name,
            hr_rest_param(req, "workspace"));
    return hr_fail_command(err, "headrace datastore list");
}

/* Azure's listSecrets: who may change the workspace */
static bool may_list_secrets(struct hr_rest *req, const char *workspace)
{
    const char *asked = hr_rest_query(req, "includeSecret");
    return !(asked && !strcasecmp(asked, "false")) &&
           !hr_rest_check(req, HR_ACT_WRITE, workspace, NULL);
}

static enum hr_code reply_one(struct hr_rest *req,
                              const char *workspace,
                              const char *name,
                              struct hr_err *err)
{
    struct hr_datastore_row *row;
    HR_TRY(find(req, workspace, name, &row, err));
    hr_rest_reply(req, 200, hr_data_store_view(req, row, may_list_secrets(req, workspace)));
    return HR_OK;
}

enum hr_code hr_data_store_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    return reply_one(req, workspace, hr_rest_param(req, "store"), err);
}

enum hr_code hr_data_store_default(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    return reply_one(req, workspace, NULL, err);
}

enum hr_code hr_data_store_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_datastore_list(req->site->store, req->arena, workspace, &rows, err));
    bool secrets = may_list_secrets(req, workspace);
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        json_array_append_new(list, hr_data_store_view(req, &rows.at[i], secrets));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_data_store_arm_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(find(req, workspace, hr_rest_param(req, "store"), &row, err));
    hr_rest_reply(req, 200, hr_data_store_arm_view(req, row));
    return HR_OK;
}

enum hr_code hr_data_store_arm_list(struct hr_rest *req, struct hr_err *err)
{
    static const char *const unknown[] = {"count", "names", "searchText", "orderBy", "$skip"};
    const char *workspace, *only = hr_rest_query(req, "isDefault");
    struct hr_datastore_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    for (size_t i = 0; i < HR_LEN(unknown); i++)
        if (hr_rest_query(req, unknown[i]) && strcmp(unknown[i], "count"))
            return hr_fail(err, HR_E_UNSUPPORTED,
                           "the query parameter \"%s\" of a list of datastores is not supported",
                           unknown[i]);
    HR_TRY(hr_store_datastore_list(req->site->store, req->arena, workspace, &rows, err));
    json_t *list = json_array();
    for (size_t i = 0; i < rows.count; i++)
        if (!only || !strcasecmp(only, "true") == !!rows.at[i].is_default)
            json_array_append_new(list, hr_data_store_arm_view(req, &rows.at[i]));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_data_store_secrets(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(find(req, workspace, hr_rest_param(req, "store"), &row, err));
    /* the relay takes no key */
    if (hr_data_store_relayed(req, row) && strcmp(row->credential, "None")) {
        const char *sas;
        HR_TRY(hr_data_store_sas(req, row, &sas, err));
        hr_rest_reply(req, 200, json_pack("{s:s, s:s}", "secretsType", "Sas", "sasToken", sas));
        return HR_OK;
    }
    json_t *view = hr_data_store_view(req, row, true);
    const char *secret = json_string_value(
        json_object_get(json_object_get(view, "azureStorageSection"), "credential"));
    json_t *reply = !strcmp(row->credential, "None") ? NULL
                    : !strcmp(row->credential, "Sas")
                        ? json_pack("{s:s, s:s?}", "secretsType", "Sas", "sasToken", secret)
                        : json_pack("{s:s, s:s?}", "secretsType", "AccountKey", "key", secret);
    json_decref(view);
    if (!reply)
        return hr_fail(err, HR_E_INVALID, "datastore \"%s\" has no secrets: it is used by role",
                       row->name);
    hr_rest_reply(req, 200, reply);
    return HR_OK;
}

enum hr_code hr_data_store_access(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *wanted = hr_rest_string(req, "permissions");
    struct hr_datastore_row *row;
    json_t *storage;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(find(req, workspace, hr_rest_param(req, "store"), &row, err));
    if (wanted && strcmp(wanted, "read") && strcmp(wanted, "write"))
        return hr_fail(err, HR_E_INVALID, "\"permissions\" is \"%.50s\", not \"read\" or \"write\"",
                       wanted);
    HR_TRY(hr_data_storage(req, workspace, (const struct hr_datastore_row *const *)&row, 1,
                           wanted && !strcmp(wanted, "write"), &storage, err));
    hr_rest_reply(req, 200, storage);
    return HR_OK;
}

/* ---- reading a body ---- */

static enum hr_code check_name(const char *name, struct hr_err *err)
{
    bool good = *name && strlen(name) <= NAME_MAX_LEN && strcasecmp(name, "default");
    for (const char *c = name; *c; c++)
        good = good && (isalnum((unsigned char)*c) || *c == '_');
    return good
               ? HR_OK
               : hr_fail(
                     err, HR_E_INVALID,
                     "datastore name \"%.255s\" is not 1 to %d letters, digits or underscores (and not \"default\")",
                     name, NAME_MAX_LEN);
}

static enum hr_code check_account(const char *name, struct hr_err *err)
{
    size_t len = name ? strlen(name) : 0;
    bool good = len >= 3 && len <= 24;
    for (const char *c = name; good && *c; c++)
        good = islower((unsigned char)*c) || isdigit((unsigned char)*c);
    return good ? HR_OK
                : hr_fail(err, HR_E_INVALID,
                          "account name \"%.100s\" is not 3 to 24 lower-case letters, digits",
                          name ? name : "");
}

static enum hr_code check_container(const char *name, struct hr_err *err)
{
    if (name && hr_azure_container_valid(name, strlen(name)))
        return HR_OK;
    return hr_fail(
        err, HR_E_INVALID,
        "container name \"%.100s\" is not 3 to 63 lower-case letters, digits or single hyphens",
        name ? name : "");
}

/* where the account answers, when that is neither here nor Azure: a whole address, or a domain as
 * Azure's own core.windows.net */
static enum hr_code read_address(struct hr_rest *req,
                                 const char *endpoint,
                                 const char *protocol,
                                 struct hr_datastore_row *row,
                                 struct hr_err *err)
{
    row->address = NULL;
    if (protocol && strcasecmp(protocol, "http") && strcasecmp(protocol, "https"))
        return hr_fail(err, HR_E_INVALID, "protocol \"%.50s\" is neither http nor https", protocol);
    if (!endpoint || !*endpoint || !strcasecmp(endpoint, "core.windows.net"))
        return HR_OK;
    if (strpbrk(endpoint, " ?#\r\n\"@") || strlen(endpoint) > 512)
        return hr_fail(err, HR_E_INVALID, "endpoint \"%.200s\" is not an address", endpoint);
    if (strstr(endpoint, "://"))
        row->address = endpoint;
    else
        row->address =
            hr_printf(req->arena, "%s://%s.%s.%s", protocol ? protocol : "https", row->account,
                      strcmp(row->type, "AzureBlob") ? "dfs" : "blob", endpoint);
    if (strncmp(row->address, "http://", 7) && strncmp(row->address, "https://", 8))
        return hr_fail(err, HR_E_INVALID, "endpoint \"%.200s\" is not an http or https address",
                       endpoint);
    return HR_OK;
}

static enum hr_code read_credential(const char *type,
                                    const char *secret,
                                    bool ours,
                                    struct hr_datastore_row *row,
                                    struct hr_err *err)
{
    static const char *const known[] = {"AccountKey", "Sas", "None"};
    if (!type || !*type)
        type = secret ? "AccountKey" : "None";
    for (size_t i = 0; i < HR_LEN(known); i++)
        if (!strcasecmp(known[i], type))
            row->credential = known[i];
    if (!row->credential) {
        hr_fail(err, HR_E_UNSUPPORTED,
                "credentials of type \"%.50s\" are not supported: AccountKey, Sas and None are",
                type);
        return hr_fail_hint(err, "None is access by the role of whoever reads");
    }
    row->secret = strcmp(row->credential, "None") ? secret : NULL;
    if (!strcmp(row->credential, "AccountKey") && !secret && ours)
        return HR_OK; /* this server knows its own account's key, and who may register may list it
                       */
    if (strcmp(row->credential, "None") && (!secret || !*secret))
        return hr_fail(err, HR_E_INVALID, "credentials of type \"%s\" come without their secret",
                       row->credential);
    return HR_OK;
}

static enum hr_code read_type(const char *type, struct hr_datastore_row *row, struct hr_err *err)
{
    static const char *const known[] = {"AzureBlob", "AzureDataLakeGen2"};
    for (size_t i = 0; i < HR_LEN(known) && type; i++)
        if (!strcasecmp(known[i], type))
            row->type = known[i];
    return row->type
               ? HR_OK
               : hr_fail(
                     err, HR_E_UNSUPPORTED,
                     "datastores of type \"%.50s\" are not supported: AzureBlob and AzureDataLakeGen2 are",
                     type ? type : "");
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && *text ? text : NULL;
}

struct parts {
    const char *type, *account, *container, *endpoint, *protocol, *credential, *secret;
};

/* v1: dataStoreType and azureStorageSection; a few clients name Data Lake's own section */
static enum hr_code parts_of_v1(struct hr_rest *req, struct parts *parts, struct hr_err *err)
{
    const json_t *section = json_object_get(req->body, "azureStorageSection");
    if (!json_is_object(section))
        return hr_fail(err, HR_E_INVALID, "\"azureStorageSection\" is missing");
    if (json_object_get(section, "clientCredentials") &&
        !json_is_null(json_object_get(section, "clientCredentials")))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "service principals as a datastore's credentials are not supported: use a key, a SAS or none");
    *parts =
        (struct parts){hr_rest_string(req, "dataStoreType"), string_of(section, "accountName"),
                       string_of(section, "containerName"),  string_of(section, "endpoint"),
                       string_of(section, "protocol"),       string_of(section, "credentialType"),
                       string_of(section, "credential")};
    return HR_OK;
}

static enum hr_code parts_of_arm(struct hr_rest *req, struct parts *parts, struct hr_err *err)
{
    const json_t *properties = json_object_get(req->body, "properties"),
                 *credentials = json_object_get(properties, "credentials"),
                 *secrets = json_object_get(credentials, "secrets");
    if (!json_is_object(properties))
        return hr_fail(err, HR_E_INVALID, "\"properties\" is missing");
    const char *container = string_of(properties, "containerName"),
               *key = string_of(secrets, "key");
    *parts = (struct parts){string_of(properties, "datastoreType"),
                            string_of(properties, "accountName"),
                            container ? container : string_of(properties, "filesystem"),
                            string_of(properties, "endpoint"),
                            string_of(properties, "protocol"),
                            string_of(credentials, "credentialsType"),
                            key ? key : string_of(secrets, "sasToken")};
    return HR_OK;
}

static enum hr_code read_tags(struct hr_rest *req,
                              const json_t *tags,
                              struct hr_datastore_row *row,
                              struct hr_err *err)
{
    row->tags = "{}";
    if (!tags || json_is_null(tags))
        return HR_OK;
    if (!json_is_object(tags))
        return hr_fail(err, HR_E_INVALID, "\"tags\" is not an object");
    row->tags = hr_data_dump(req->arena, tags);
    return HR_OK;
}

static enum hr_code read_row(struct hr_rest *req,
                             const char *workspace,
                             const char *name,
                             bool arm,
                             struct hr_datastore_row *row,
                             struct hr_err *err)
{
    struct parts parts = {0};
    const json_t *from = arm ? json_object_get(req->body, "properties") : req->body;
    *row = (struct hr_datastore_row){.workspace = workspace,
                                     .name = name,
                                     .created_by = req->who.id,
                                     .created_ms = hr_clock_ms()};
    row->changed_ms = row->created_ms;
    HR_TRY(check_name(name, err));
    HR_TRY(arm ? parts_of_arm(req, &parts, err) : parts_of_v1(req, &parts, err));
    HR_TRY(read_type(parts.type, row, err));
    HR_TRY(check_account(parts.account, err));
    HR_TRY(check_container(parts.container, err));
    row->account = parts.account;
    row->container = parts.container;
    HR_TRY(read_address(req, parts.endpoint, parts.protocol, row, err));
    HR_TRY(read_credential(parts.credential, parts.secret,
                           !row->address && !strcasecmp(row->account, req->site->account), row,
                           err));
    const char *description = string_of(from, "description");
    row->description = description ? description : "";
    return read_tags(req, json_object_get(from, "tags"), row, err);
}

/* ---- registering: the container is looked at, on a thread, before the row is kept ---- */

struct registering {
    const char *location;
    bool replace, arm, check;
};

static enum hr_code look(struct data_work *work, struct hr_err *err)
{
    struct registering *what = work->arg;
    struct hr_blob_options options = {.attempts = 2, .timeout_ms = 10000};
    struct hr_blob_list_options one = {.max = 1};
    struct hr_blob_page page;
    struct hr_blob *blob;
    HR_TRY(hr_blob_new(work->config, &options, &blob, err));
    enum hr_code code =
        hr_blob_list(blob, work->arena, what->location, &one, &page, &work->cancel, err);
    hr_blob_free(blob);
    if (code)
        hr_fail_hint(
            err,
            "mend it, or register it without this check: skip_validation=True, --skip-validation");
    return code;
}

static bool same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && !strcmp(a, b));
}

static bool same_store(const struct hr_datastore_row *a, const struct hr_datastore_row *b)
{
    return same(a->type, b->type) &&
           same(a->account, b->account) &&
           same(a->container, b->container) &&
           same(a->address, b->address) &&
           same(a->credential, b->credential) &&
           same(a->secret, b->secret);
}

/* the body is read again: the row of the first reading is the same, and the store may have changed
 * meanwhile */
static enum hr_code keep(struct hr_rest *req, struct registering *what, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_row row, *before;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    bool named = what->replace || what->arm;
    const char *name = named ? hr_rest_param(req, "store") : hr_rest_string(req, "name");
    HR_TRY(read_row(req, workspace, name ? name : "", what->arm, &row, err));
    HR_TRY(hr_store_datastore_get(req->site->store, req->arena, workspace, row.name, &before, err));
    if (before && !what->replace && !same_store(before, &row)) {
        hr_fail(err, HR_E_EXISTS,
                "datastore \"%s\" exists already and points to container \"%s\" of account \"%s\"",
                before->name, before->container, before->account);
        return hr_fail_hint(err, "register it with overwrite, or under another name");
    }
    if (before) {
        row.name = before->name;
        row.is_default = before->is_default;
        row.created_by = before->created_by;
        row.created_ms = before->created_ms;
    }
    HR_TRY(hr_store_datastore_put(req->site->store, &row, err));
    if (what->arm)
        hr_rest_reply(req, before ? 200 : 201, hr_data_store_arm_view(req, &row));
    else
        hr_rest_reply(req, 200, hr_data_store_view(req, &row, may_list_secrets(req, workspace)));
    return HR_OK;
}

static enum hr_code looked(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    return keep(req, work->arg, err);
}

static enum hr_code store_register(struct hr_rest *req, bool replace, bool arm, struct hr_err *err)
{
    const char *workspace,
        *name = replace || arm ? hr_rest_param(req, "store") : hr_rest_string(req, "name");
    struct hr_datastore_row row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    if (!name)
        return hr_fail(err, HR_E_INVALID, "\"name\" is missing");
    HR_TRY(read_row(req, workspace, name, arm, &row, err));
    struct registering what = {hr_data_location(req->arena, &row, ""), replace, arm, true};
    /* by role nothing can be looked at before somebody with a role reads; on our own account we can
     */
    bool none = !strcmp(row.credential, "None") &&
                (row.address || strcasecmp(row.account, req->site->account));
    if (hr_data_is_true(req, "skipValidation") || none)
        return keep(req, &what, err);
    struct data_work *work = hr_data_work_new();
    work->config = hr_blob_config_new();
    work->run = look;
    work->done = looked;
    what.location = hr_strdup(work->arena, what.location);
    work->arg = hr_memdup(work->arena, &what, sizeof what);
    enum hr_code code = hr_data_configure(req, &row, work->config, err);
    if (code) {
        hr_data_work_free(work);
        return code;
    }
    return hr_data_work_start(req, work, err);
}

enum hr_code hr_data_store_post(struct hr_rest *req, struct hr_err *err)
{
    return store_register(req, false, false, err);
}

enum hr_code hr_data_store_put(struct hr_rest *req, struct hr_err *err)
{
    return store_register(req, true, false, err);
}

enum hr_code hr_data_store_arm_put(struct hr_rest *req, struct hr_err *err)
{
    return store_register(req, true, true, err);
}

/* ---- the default, and removing ---- */

enum hr_code hr_data_store_set_default(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(find(req, workspace, hr_rest_param(req, "store"), &row, err));
    HR_TRY(hr_store_datastore_default(req->site->store, workspace, row->name, err));
    return reply_one(req, workspace, row->name, err);
}

/* what it points to stays. Datasets that name it say so when they are read. */
enum hr_code hr_data_store_delete(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_datastore_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_store_datastore_get(req->site->store, req->arena, workspace,
                                  hr_rest_param(req, "store"), &row, err));
    if (!row) {
        hr_rest_reply(req, 204, NULL);
        return HR_OK;
    }
    if (row->is_default) {
        hr_fail(err, HR_E_EXISTS, "datastore \"%s\" is the workspace's default", row->name);
        return hr_fail_hint(
            err, "headrace datastore set-default NAME makes another one the default first");
    }
    HR_TRY(hr_store_datastore_remove(req->site->store, workspace, row->name, err));
    hr_rest_reply(req, 200, NULL);
    return HR_OK;
}
