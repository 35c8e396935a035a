/* Datasets: a name and its versions; each version a saved dataset, which is a definition and the
 * manifest that it gave. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/data/private.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_LONGEST 255

/* ---- finding ---- */

static enum hr_code read_version(const char *text, int64_t *version, struct hr_err *err)
{
    char *end;
    *version = 0;
    if (!strcasecmp(text, "latest"))
        return HR_OK;
    *version = strtoll(text, &end, 10);
    if (*end || *version < 1 || !isdigit((unsigned char)text[0]))
        return hr_fail(err, HR_E_INVALID, "version \"%.50s\" is not a number from 1, or \"latest\"",
                       text);
    return HR_OK;
}

static struct hr_dataset_row *row_of_saved(struct hr_rest *req, const struct hr_saved_row *saved)
{
    struct hr_dataset_row *row = HR_NEW(req->arena, struct hr_dataset_row);
    *row = (struct hr_dataset_row){.id = saved->id,
                                   .workspace = saved->workspace,
                                   .type = saved->type,
                                   .version = 1,
                                   .saved = saved->id,
                                   .definition = saved->definition,
                                   .digest = saved->digest,
                                   .file_count = saved->file_count,
                                   .bytes = saved->bytes,
                                   .description = "",
                                   .tags = "{}",
                                   .created_by = saved->created_by,
                                   .created_ms = saved->created_ms};
    return row;
}

static enum hr_code missing(struct hr_rest *req,
                            const char *name,
                            int64_t version,
                            struct hr_err *err)
{
    const char *workspace = hr_rest_param(req, "workspace");
    if (!version) {
        hr_fail(err, HR_E_NOT_FOUND, "dataset \"%.255s\" does not exist in workspace \"%s\"", name,
                workspace);
        return hr_fail_command(err, "headrace dataset list");
    }
    hr_fail(err, HR_E_NOT_FOUND, "dataset \"%.255s\" has no version %lld in workspace \"%s\"", name,
            (long long)version, workspace);
    return hr_fail_command(err, "headrace dataset show %.255s", name);
}

/* by the id of a dataset (any version) or of a saved one */
enum hr_code hr_data_set_find(struct hr_rest *req,
                              const char *workspace,
                              struct hr_dataset_row **row,
                              struct hr_err *err)
{
    const char *id = hr_rest_param(req, "dataset"), *text = "latest";
    struct hr_saved_row *saved = NULL;
    int64_t version;
    for (size_t i = 0; i < req->param_count; i++)
        if (!strcmp(req->params[i].name, "version"))
            text = req->params[i].value;
    HR_TRY(read_version(text, &version, err));
    HR_TRY(
        hr_store_dataset_get(req->site->store, req->arena, workspace, id, NULL, version, row, err));
    if (!*row)
        HR_TRY(hr_store_saved_get(req->site->store, req->arena, workspace, id, &saved, err));
    if (saved)
        *row = row_of_saved(req, saved);
    if (*row)
        return HR_OK;
    struct hr_dataset_row *latest = NULL; /* of a dataset that is there, for its name */
    if (version)
        HR_TRY(hr_store_dataset_get(req->site->store, req->arena, workspace, id, NULL, 0, &latest,
                                    err));
    return missing(req, latest ? latest->name : id, version, err);
}

/* ---- showing ---- */

static enum hr_code reply_list(struct hr_rest *req,
                               const struct hr_dataset_rows *rows,
                               json_t *(*view)(struct hr_rest *req,
                                               const struct hr_dataset_row *row))
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++)
        json_array_append_new(list, view(req, &rows->at[i]));
    hr_rest_reply(req, 200, json_pack("{s:o}", "value", list));
    return HR_OK;
}

enum hr_code hr_data_set_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_dataset_list(req->site->store, req->arena, workspace, &rows, err));
    return reply_list(req, &rows, hr_data_set_view);
}

enum hr_code hr_data_set_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    hr_rest_reply(req, 200, hr_data_set_view(req, row));
    return HR_OK;
}

enum hr_code hr_data_set_version(struct hr_rest *req, struct hr_err *err)
{
    return hr_data_set_get(req, err);
}

enum hr_code hr_data_saved_get(struct hr_rest *req, struct hr_err *err)
{
    return hr_data_set_get(req, err);
}

enum hr_code hr_data_set_named(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *query = hr_rest_param(req, "query");
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    if (strncasecmp(query, "name=", 5))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "the query \"%.100s\" is not supported: \"name=…\" is", query);
    HR_TRY(hr_store_dataset_get(req->site->store, req->arena, workspace, NULL, query + 5, 0, &row,
                                err));
    if (!row)
        return missing(req, query + 5, 0, err);
    hr_rest_reply(req, 200, hr_data_set_view(req, row));
    return HR_OK;
}

enum hr_code hr_data_set_versions(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_dataset_versions(req->site->store, req->arena, workspace,
                                     hr_rest_param(req, "dataset"), &rows, err));
    return rows.count ? reply_list(req, &rows, hr_data_set_view)
                      : missing(req, hr_rest_param(req, "dataset"), 0, err);
}

/* ---- saving and registering ---- */

struct saving {
    /* name NULL: saved only; description, tags NULL: none were given */
    const char *workspace, *name, *description, *tags;
    bool new_version, arm;
    /* ARM's clients say which; 0: the next */
    int64_t version;
};

static enum hr_code save(struct hr_rest *req,
                         const char *workspace,
                         const struct data_listing *listing,
                         struct hr_saved_row **row,
                         struct hr_err *err)
{
    char id[37];
    HR_TRY(
        hr_store_saved_digest(req->site->store, req->arena, workspace, listing->digest, row, err));
    if (*row)
        return HR_OK;
    hr_uuid_new(id);
    *row = HR_NEW(req->arena, struct hr_saved_row);
    **row = (struct hr_saved_row){.id = hr_strdup(req->arena, id),
                                  .workspace = workspace,
                                  .type = hr_strdup(req->arena, listing->type),
                                  .definition = hr_strdup(req->arena, listing->definition),
                                  .digest = hr_strdup(req->arena, listing->digest),
                                  .file_count = listing->file_count,
                                  .bytes = listing->bytes,
                                  .files = listing->files,
                                  .files_size = listing->files_size,
                                  .files_len = listing->files_len,
                                  .created_by = req->who.id,
                                  .created_ms = hr_clock_ms()};
    return hr_store_saved_add(req->site->store, *row, err);
}

static enum hr_code may_add(const struct saving *saving,
                            const struct hr_dataset_row *latest,
                            const struct hr_saved_row *saved,
                            struct hr_err *err)
{
    if (!latest)
        return HR_OK;
    if (strcmp(latest->type, saved->type))
        return hr_fail(err, HR_E_EXISTS,
                       "dataset \"%s\" is registered already and is a %s dataset, not a %s one",
                       latest->name, latest->type, saved->type);
    if (saving->new_version)
        return HR_OK;
    hr_fail(
        err, HR_E_EXISTS,
        "dataset \"%s\" is registered already: version %lld has another definition or other files",
        latest->name, (long long)latest->version);
    return hr_fail_hint(
        err,
        "register it with create_new_version=True (headrace dataset register --new-version), or under another name");
}

static enum hr_code add_version(struct hr_rest *req,
                                const struct saving *saving,
                                const struct hr_dataset_row *latest,
                                const struct hr_saved_row *saved,
                                struct hr_dataset_row **row,
                                struct hr_err *err)
{
    char id[37];
    hr_uuid_new(id);
    *row = row_of_saved(req, saved);
    (*row)->id = latest ? latest->id : hr_strdup(req->arena, id);
    (*row)->name = latest ? latest->name : saving->name;
    (*row)->version = saving->version ? saving->version : latest ? latest->version + 1 : 1;
    (*row)->description = saving->description ? saving->description : "";
    (*row)->tags = saving->tags ? saving->tags : "{}";
    (*row)->created_by = req->who.id;
    (*row)->created_ms = hr_clock_ms();
    return hr_store_dataset_add(req->site->store, *row, err);
}

/* the same definition with the same files is the same version; its words may be new */
static enum hr_code keep_version(struct hr_rest *req,
                                 const struct saving *saving,
                                 struct hr_dataset_row *latest,
                                 struct hr_err *err)
{
    if (!saving->description && !saving->tags)
        return HR_OK;
    if (saving->description)
        latest->description = saving->description;
    if (saving->tags)
        latest->tags = saving->tags;
    return hr_store_dataset_edit(req->site->store, latest->id, latest->version, latest->description,
                                 latest->tags, err);
}

static enum hr_code version_taken(struct hr_rest *req,
                                  const struct saving *saving,
                                  const struct hr_saved_row *saved,
                                  struct hr_dataset_row **row,
                                  struct hr_err *err)
{
    *row = NULL;
    if (!saving->version)
        return HR_OK;
    HR_TRY(hr_store_dataset_get(req->site->store, req->arena, saving->workspace, NULL, saving->name,
                                saving->version, row, err));
    if (*row && strcmp((*row)->digest, saved->digest))
        return hr_fail(
            err, HR_E_EXISTS,
            "version %lld of dataset \"%s\" exists already with another definition or other files; a version never changes",
            (long long)saving->version, saving->name);
    return HR_OK;
}

static enum hr_code register_saved(struct hr_rest *req,
                                   const struct saving *saving,
                                   const struct hr_saved_row *saved,
                                   struct hr_dataset_row **row,
                                   struct hr_err *err)
{
    struct hr_dataset_row *latest;
    HR_TRY(version_taken(req, saving, saved, row, err));
    if (*row)
        return keep_version(req, saving, *row, err);
    HR_TRY(hr_store_dataset_get(req->site->store, req->arena, saving->workspace, NULL, saving->name,
                                0, &latest, err));
    if (latest && !saving->version && !strcmp(latest->digest, saved->digest)) {
        *row = latest;
        return keep_version(req, saving, latest, err);
    }
    HR_TRY(may_add(saving, latest, saved, err));
    return add_version(req, saving, latest, saved, row, err);
}

static enum hr_code finish(struct hr_rest *req,
                           const struct saving *saving,
                           const struct data_listing *listing,
                           struct hr_dataset_row **row,
                           struct hr_err *err)
{
    struct hr_saved_row *saved;
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = save(req, saving->workspace, listing, &saved, err);
    if (!code && saving->name)
        code = register_saved(req, saving, saved, row, err);
    else if (!code)
        *row = row_of_saved(req, saved);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    return code;
}

struct job {
    struct data_listing *listing;
    struct saving saving;
};

static enum hr_code run(struct data_work *work, struct hr_err *err)
{
    struct job *job = work->arg;
    work->arg = job->listing;
    enum hr_code code = hr_data_listing_run(work, err);
    work->arg = job;
    return code;
}

static enum hr_code done(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    struct job *job = work->arg;
    struct hr_dataset_row *row;
    const char *workspace;
    /* roles as they are now */
    HR_TRY(hr_data_workspace(req, job->saving.name ? HR_ACT_WRITE : HR_ACT_READ, &workspace, err));
    HR_TRY(finish(req, &job->saving, job->listing, &row, err));
    hr_rest_reply(req, 200,
                  job->saving.arm ? hr_data_set_arm_view(req, row) : hr_data_set_view(req, row));
    return HR_OK;
}

/* lists what the definition means, with the caller's right to read it, then saves */
static enum hr_code start(struct hr_rest *req,
                          const struct saving *saving,
                          const struct data_definition *definition,
                          struct hr_err *err)
{
    const struct hr_datastore_row **rows =
        HR_NEW_ARRAY(req->arena, const struct hr_datastore_row *, definition->count);
    json_t *storage;
    for (size_t i = 0; i < definition->count; i++)
        rows[i] = definition->paths[i].store;
    HR_TRY(hr_data_storage(req, saving->workspace, rows, definition->count, false, &storage, err));
    struct data_work *work = hr_data_work_new();
    struct job *job = HR_NEW(work->arena, struct job);
    work->config = hr_blob_config_new();
    enum hr_code code = hr_data_configure_by(storage, work->config, err);
    json_decref(storage);
    if (code) {
        hr_data_work_free(work);
        return code;
    }
    *job = (struct job){hr_data_listing_new(work, definition), *saving};
    work->arg = job;
    work->run = run;
    work->done = done;
    return hr_data_work_start(req, work, err);
}

static enum hr_code check_name(const char *name, struct hr_err *err)
{
    size_t len = strlen(name);
    bool good =
        len && len <= NAME_LONGEST && isalnum((unsigned char)name[0]) && name[len - 1] != ' ';
    for (const char *c = name; *c; c++)
        good = good && (isalnum((unsigned char)*c) || strchr("-_. ", *c));
    return good
               ? HR_OK
               : hr_fail(
                     err, HR_E_INVALID,
                     "dataset name \"%.255s\" is not 1 to %d letters, digits, spaces or any of -_. (a letter or digit first)",
                     name, NAME_LONGEST);
}

static enum hr_code read_words(struct hr_rest *req,
                               const json_t *from,
                               struct saving *saving,
                               struct hr_err *err)
{
    json_t *tags = json_object_get(from, "tags");
    saving->description = json_string_value(json_object_get(from, "description"));
    if (tags && !json_is_null(tags) && !json_is_object(tags))
        return hr_fail(err, HR_E_INVALID, "\"tags\" is not an object");
    if (json_object_size(tags))
        saving->tags = hr_data_dump(req->arena, tags);
    return HR_OK;
}

enum hr_code hr_data_set_post(struct hr_rest *req, struct hr_err *err)
{
    struct saving saving = {.new_version = hr_data_is_true(req, "ifExistsOk") ||
                                           hr_data_is_true(req, "updateDefinitionIfExists")};
    struct data_definition definition;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &saving.workspace, err));
    saving.name = hr_rest_string(req, "name");
    if (!saving.name)
        return hr_fail(err, HR_E_INVALID, "\"name\" is missing");
    HR_TRY(check_name(saving.name, err));
    HR_TRY(read_words(req, req->body, &saving, err));
    HR_TRY(hr_data_definition_read(
        req, saving.workspace, hr_rest_string(req, "datasetType"),
        json_object_get(json_object_get(req->body, "latest"), "dataflow"), &definition, err));
    return start(req, &saving, &definition, err);
}

/* Unregistered: whoever may read the workspace and the data may save what he means to read */
enum hr_code hr_data_saved_post(struct hr_rest *req, struct hr_err *err)
{
    struct saving saving = {0};
    struct data_definition definition;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &saving.workspace, err));
    json_t *flow = json_object_get(req->body, "dataflow");
    if (!flow)
        flow = json_object_get(json_object_get(req->body, "latest"), "dataflow");
    HR_TRY(hr_data_definition_read(req, saving.workspace, hr_rest_string(req, "datasetType"), flow,
                                   &definition, err));
    return start(req, &saving, &definition, err);
}

/* ---- words and removing ---- */

enum hr_code hr_data_set_patch(struct hr_rest *req, struct hr_err *err)
{
    struct saving saving = {0};
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &saving.workspace, err));
    HR_TRY(hr_data_set_find(req, saving.workspace, &row, err));
    HR_TRY(read_words(req, req->body, &saving, err));
    if (json_is_object(json_object_get(req->body, "tags")))
        saving.tags = hr_data_dump(req->arena,
                                   json_object_get(req->body, "tags")); /* {} takes them all away */
    if (!row->name)
        return hr_fail(err, HR_E_INVALID,
                       "the dataset is not registered: it has no description or tags");
    HR_TRY(keep_version(req, &saving, row, err));
    hr_rest_reply(req, 200, hr_data_set_view(req, row));
    return HR_OK;
}

/* the files stay, and saved datasets are read by their id as before */
static enum hr_code remove_versions(struct hr_rest *req,
                                    const char *id,
                                    int64_t version,
                                    struct hr_err *err)
{
    HR_TRY(hr_store_begin(req->site->store, err));
    enum hr_code code = hr_store_dataset_remove(req->site->store, id, version, err);
    if (!code)
        code = hr_store_commit(req->site->store, err);
    if (code)
        hr_store_rollback(req->site->store);
    else
        hr_rest_reply(req, 200, NULL);
    return code;
}

enum hr_code hr_data_set_delete(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    if (!row->name)
        return hr_fail(err, HR_E_INVALID, "dataset \"%s\" is not registered", row->id);
    return remove_versions(req, row->id, 0, err);
}

enum hr_code hr_data_set_version_delete(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(hr_data_set_find(req, workspace, &row, err));
    return remove_versions(req, row->id, row->version, err);
}

/* ---- ARM's door: data assets ---- */

static enum hr_code find_named(struct hr_rest *req,
                               const char *workspace,
                               int64_t version,
                               struct hr_dataset_row **row,
                               struct hr_err *err)
{
    const char *name = hr_rest_param(req, "name");
    HR_TRY(hr_store_dataset_get(req->site->store, req->arena, workspace, NULL, name, version, row,
                                err));
    return *row ? HR_OK : missing(req, name, version, err);
}

enum hr_code hr_data_arm_list(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(hr_store_dataset_list(req->site->store, req->arena, workspace, &rows, err));
    return reply_list(req, &rows, hr_data_set_container_view);
}

enum hr_code hr_data_arm_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(find_named(req, workspace, 0, &row, err));
    hr_rest_reply(req, 200, hr_data_set_container_view(req, row));
    return HR_OK;
}

enum hr_code hr_data_arm_versions(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace, *top = hr_rest_query(req, "$top");
    struct hr_dataset_row *row;
    struct hr_dataset_rows rows;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(find_named(req, workspace, 0, &row, err));
    HR_TRY(hr_store_dataset_versions(req->site->store, req->arena, workspace, row->id, &rows, err));
    if (top && (size_t)atoi(top) < rows.count && atoi(top) > 0)
        rows.count = (size_t)atoi(top); /* newest first, as clients ask with createdtime desc */
    return reply_list(req, &rows, hr_data_set_arm_view);
}

enum hr_code hr_data_arm_version_get(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    int64_t version;
    HR_TRY(hr_data_workspace(req, HR_ACT_READ, &workspace, err));
    HR_TRY(read_version(hr_rest_param(req, "version"), &version, err));
    HR_TRY(find_named(req, workspace, version, &row, err));
    hr_rest_reply(req, 200, hr_data_set_arm_view(req, row));
    return HR_OK;
}

static enum hr_code arm_definition(struct hr_rest *req,
                                   const char *workspace,
                                   const json_t *properties,
                                   struct data_definition *definition,
                                   struct hr_err *err)
{
    const char *type = json_string_value(json_object_get(properties, "dataType")),
               *uri = json_string_value(json_object_get(properties, "dataUri"));
    if (!uri)
        return hr_fail(err, HR_E_INVALID, "\"properties.dataUri\" is missing");
    if (type && strcasecmp(type, "uri_file") && strcasecmp(type, "uri_folder")) {
        hr_fail(
            err, HR_E_UNSUPPORTED,
            "data of type \"%.50s\" is not registered by this address: uri_file and uri_folder are",
            type);
        return hr_fail_hint(
            err,
            "tabular data: Dataset.Tabular.from_….register, or headrace dataset register --format csv");
    }
    json_t *flow = json_pack("{s:[{s:s}]}", "paths",
                             type && !strcasecmp(type, "uri_file") ? "file" : "folder", uri);
    enum hr_code code = hr_data_definition_read(req, workspace, "file", flow, definition, err);
    json_decref(flow);
    return code;
}

enum hr_code hr_data_arm_version_put(struct hr_rest *req, struct hr_err *err)
{
    struct saving saving = {.new_version = true, .arm = true};
    struct data_definition definition;
    const json_t *properties = json_object_get(req->body, "properties");
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &saving.workspace, err));
    saving.name = hr_rest_param(req, "name");
    HR_TRY(check_name(saving.name, err));
    HR_TRY(read_version(hr_rest_param(req, "version"), &saving.version, err));
    if (!saving.version)
        return hr_fail(err, HR_E_INVALID, "a version is put by its number");
    if (json_is_true(json_object_get(properties, "isArchived"))) {
        hr_fail(err, HR_E_UNSUPPORTED, "archiving version %lld of \"%s\" is not supported",
                (long long)saving.version, saving.name);
        return hr_fail_hint(err, "headrace dataset remove %s:%lld takes it away; its files stay",
                            saving.name, (long long)saving.version);
    }
    HR_TRY(read_words(req, properties, &saving, err));
    HR_TRY(arm_definition(req, saving.workspace, properties, &definition, err));
    return start(req, &saving, &definition, err);
}

enum hr_code hr_data_arm_delete(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(find_named(req, workspace, 0, &row, err));
    return remove_versions(req, row->id, 0, err);
}

enum hr_code hr_data_arm_version_delete(struct hr_rest *req, struct hr_err *err)
{
    const char *workspace;
    struct hr_dataset_row *row;
    int64_t version;
    HR_TRY(hr_data_workspace(req, HR_ACT_WRITE, &workspace, err));
    HR_TRY(read_version(hr_rest_param(req, "version"), &version, err));
    HR_TRY(find_named(req, workspace, version, &row, err));
    return remove_versions(req, row->id, row->version, err);
}
