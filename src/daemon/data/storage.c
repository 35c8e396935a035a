/* Where a datastore's bytes are, and who is given what to reach them: never a key, but a SAS made
 * from it, for reading or for writing, that ends soon; or the SAS that the datastore has; or, by
 * role on another server's account, a token. */
#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "daemon/data/private.h"
#include "wire/sas.h"
#include <string.h>
#include <strings.h>

#define SAS_VERSION "2021-08-06"

static bool is_ours(const struct hr_rest *req, const struct hr_datastore_row *row)
{
    return !row->address && !strcasecmp(row->account, req->site->account);
}

const char *hr_data_location(struct hr_arena *arena,
                             const struct hr_datastore_row *row,
                             const char *path)
{
    bool dfs = !strcmp(row->type, "AzureDataLakeGen2");
    return hr_printf(arena, "%s://%s@%s.%s.core.windows.net%s%s", dfs ? "abfss" : "wasbs",
                     row->container, row->account, dfs ? "dfs" : "blob", *path ? "/" : "", path);
}

/* another server's account has no resource here: roles for it are given where the workspace's own
 * account would be */
static const char *data_container_scope(struct hr_rest *req,
                                        const char *workspace,
                                        const struct hr_datastore_row *row)
{
    (void)workspace;
    return hr_printf(
        req->arena,
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Storage/storageAccounts/%s/blobServices/default/containers/%s",
        req->site->subscription, req->site->resource_group, row->account, row->container);
}

/* May the caller read (or write) what the datastore holds: by the workspace role that may list its
 * secrets, or by a storage role. *by_role says which. HR_E_DENIED names the storage role. */
static enum hr_code data_may(struct hr_rest *req,
                             const char *workspace,
                             const struct hr_datastore_row *row,
                             bool write,
                             bool *by_role,
                             struct hr_err *err)
{
    *by_role = false;
    if (strcmp(row->credential, "None") && !hr_rest_check(req, HR_ACT_WRITE, workspace, NULL))
        return HR_OK;
    *by_role = true;
    return hr_rest_check(req, write ? HR_ACT_BLOB_WRITE : HR_ACT_BLOB_READ,
                         data_container_scope(req, workspace, row), err);
}

/* ---- SAS ---- */

static enum hr_code key_of(struct hr_rest *req,
                           const struct hr_datastore_row *row,
                           const char **key,
                           struct hr_err *err)
{
    *key = row->secret;
    if (is_ours(req, row) && strcmp(row->credential, "Sas") && !*key)
        return hr_store_setting_get(req->site->store, req->arena, "account_key", key, err);
    return HR_OK;
}

static enum hr_code make_sas(struct hr_rest *req,
                             const struct hr_datastore_row *row,
                             const char *key,
                             const char *permissions,
                             const char *mark,
                             int64_t ends_ms,
                             const char **out,
                             struct hr_err *err)
{
    char ends[32];
    struct hr_buf text;
    hr_clock_iso8601(ends_ms, ends);
    strcpy(strchr(ends, '.'), "Z"); /* whole seconds */
    struct hr_sas sas = {.sv = SAS_VERSION,
                         .sp = permissions,
                         .st = "",
                         .se = ends,
                         .sip = "",
                         .spr = "",
                         .sig = "",
                         .ses = "",
                         .sr = "c",
                         .si = mark,
                         .sdd = "",
                         .snapshot = "",
                         .rscc = "",
                         .rscd = "",
                         .rsce = "",
                         .rscl = "",
                         .rsct = "",
                         .ss = "",
                         .srt = "",
                         .expiry_ms = ends_ms};
    hr_buf_init(&text, HR_BUF_GROWS);
    enum hr_code code = hr_sas_make(&sas, row->account, row->container, "", key, &text, err);
    *out = hr_buf_keep(&text, req->arena);
    return code;
}

/* a SAS in the place of the key */
enum hr_code hr_data_store_sas(struct hr_rest *req,
                               const struct hr_datastore_row *row,
                               const char **sas,
                               struct hr_err *err)
{
    const char *key;
    *sas = row->secret;
    if (!strcmp(row->credential, "Sas"))
        return HR_OK;
    HR_TRY(key_of(req, row, &key, err));
    return make_sas(req, row, key, "racwdl", "", hr_clock_ms() + DATA_SECONDS * 1000LL, sas, err);
}

static const char *address_of(struct hr_rest *req, const struct hr_datastore_row *row)
{
    return row->address ? row->address
           : is_ours(req, row)
               ? hr_printf(req->arena, "%s/%s", req->site->storage_url, row->account)
               : NULL;
}

static const char *ca_of(struct hr_rest *req, const struct hr_datastore_row *row)
{
    return is_ours(req, row) && !strncmp(req->site->storage_url, "https:", 6) ? req->site->ca_file
                                                                              : NULL;
}

/* requests are taken before our own account has started, too */
static enum hr_code check_ready(struct hr_rest *req,
                                const struct hr_datastore_row *row,
                                struct hr_err *err)
{
    if (is_ours(req, row) && !req->site->storage_url)
        return hr_fail(err, HR_E_UNAVAILABLE, "the storage account \"%s\" is not ready yet",
                       row->account);
    return HR_OK;
}

/* ---- for readers ---- */

struct storage {
    json_t *conf, *endpoints, *bearer;
    int64_t ends_ms;
};

/* it names who asks and opens nothing here: another server must not be able to be its bearer at
 * ours */
static void add_token(struct hr_rest *req, const struct hr_datastore_row *row, struct storage *to)
{
    json_object_set_new(
        to->bearer, row->account,
        json_string(hr_claims_token(req->arena, req->who.id, req->who.name, hr_clock_ms())));
}

static enum hr_code add_credential(struct hr_rest *req,
                                   const struct hr_datastore_row *row,
                                   bool write,
                                   bool by_role,
                                   struct storage *to,
                                   struct hr_err *err)
{
    const char *key, *sas = row->secret;
    if (strcmp(row->credential, "Sas")) {
        HR_TRY(key_of(req, row, &key, err));
        if (!key) {
            add_token(req, row, to);
            return HR_OK;
        }
        /* only our own account knows the mark; elsewhere the SAS holds its time */
        const char *mark = by_role && is_ours(req, row)
                               ? hr_identity_role_mark(req->site->identity, req->arena, req->who.id)
                               : "";
        HR_TRY(make_sas(req, row, key, write ? "rcwdl" : "rl", mark, to->ends_ms, &sas, err));
    }
    json_object_set_new(to->conf,
                        hr_printf(req->arena, "fs.azure.sas.%s.%s.blob.core.windows.net",
                                  row->container, row->account),
                        json_string(*sas == '?' ? sas + 1 : sas));
    return HR_OK;
}

static enum hr_code add_store(struct hr_rest *req,
                              const char *workspace,
                              const struct hr_datastore_row *row,
                              bool write,
                              struct storage *to,
                              struct hr_err *err)
{
    bool by_role;
    HR_TRY(data_may(req, workspace, row, write, &by_role, err));
    int64_t ends = hr_clock_ms() + (by_role ? DATA_ROLE_SECONDS : DATA_SECONDS) * 1000LL;
    if (!to->ends_ms || ends < to->ends_ms)
        to->ends_ms = ends;
    HR_TRY(check_ready(req, row, err));
    HR_TRY(add_credential(req, row, write, by_role, to, err));
    const char *address = address_of(req, row);
    if (address)
        json_array_append_new(to->endpoints, json_pack("{s:s, s:s, s:s?}", "account", row->account,
                                                       "url", address, "caFile", ca_of(req, row)));
    return HR_OK;
}

enum hr_code hr_data_storage(struct hr_rest *req,
                             const char *workspace,
                             const struct hr_datastore_row *const *rows,
                             size_t count,
                             bool write,
                             json_t **out,
                             struct hr_err *err)
{
    struct storage to = {json_object(), json_array(), json_object(), 0};
    char ends[32];
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < count && !code; i++)
        code = add_store(req, workspace, rows[i], write, &to, err);
    hr_clock_iso8601(to.ends_ms, ends);
    *out = json_pack("{s:o, s:o, s:o, s:s}", "conf", to.conf, "endpoints", to.endpoints, "bearer",
                     to.bearer, "expiresOn", ends);
    HR_CHECK(*out);
    if (code) {
        json_decref(*out);
        *out = NULL;
    }
    return code;
}

/* ---- for ourselves ---- */

enum hr_code hr_data_configure(struct hr_rest *req,
                               const struct hr_datastore_row *row,
                               struct hr_blob_config *config,
                               struct hr_err *err)
{
    HR_TRY(check_ready(req, row, err));
    const char *key, *address = address_of(req, row);
    if (address)
        HR_TRY(hr_blob_config_endpoint(config, row->account, address, ca_of(req, row), err));
    if (!strcmp(row->credential, "Sas"))
        return hr_blob_config_set(config,
                                  hr_printf(req->arena, "fs.azure.sas.%s.%s.blob.core.windows.net",
                                            row->container, row->account),
                                  row->secret, err);
    HR_TRY(key_of(req, row, &key, err));
    return key ? hr_blob_config_set(config,
                                    hr_printf(req->arena,
                                              "fs.azure.account.key.%s.blob.core.windows.net",
                                              row->account),
                                    key, err)
               : HR_OK;
}

enum hr_code hr_data_configure_by(const json_t *storage,
                                  struct hr_blob_config *config,
                                  struct hr_err *err)
{
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach(json_object_get(storage, "conf"), key, value)
        HR_TRY(hr_blob_config_set(config, key, json_string_value(value), err));
    json_array_foreach(json_object_get(storage, "endpoints"), i, value)
        HR_TRY(hr_blob_config_endpoint(config, json_string_value(json_object_get(value, "account")),
                                       json_string_value(json_object_get(value, "url")),
                                       json_string_value(json_object_get(value, "caFile")), err));
    json_object_foreach(json_object_get(storage, "bearer"), key, value)
        HR_TRY(hr_blob_config_bearer(config, key, json_string_value(value), err));
    return HR_OK;
}
