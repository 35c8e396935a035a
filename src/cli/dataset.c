/* Datastores and datasets. Downloading reads storage here, as a session would: dataset://ID, each
 * file at the version that was registered. */
#include "blob/blob.h"
#include "cli/common.h"
#include "io/file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECRET_MAX 8192
#define PIECE ((size_t)1 << 20)

static const struct hr_option here_options[] = {HR_HOME_OPTION, HR_JSON_OPTION, HR_GROUP_OPTION,
                                                HR_WORKSPACE_OPTION};

/* the address of a service's thing in the workspace: /SERVICE/v1.0/WORKSPACE/kind[/name] */
static enum hr_code address(const struct hr_args *args,
                            struct hr_client *client,
                            const char *kind,
                            const char *name,
                            const char **path,
                            struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_cli_workspace_path(args, client, &workspace, err));
    *path = hr_printf(client->arena, "/%.*s/v1.0%s/%s%s%s", (int)strlen(kind) - 1, kind, workspace,
                      kind, name ? "/" : "", name ? hr_client_escape(client->arena, name) : "");
    return HR_OK;
}

/* ---- datastores ---- */

static const struct hr_column store_columns[] = {{"NAME", "name"},
                                                 {"TYPE", "dataStoreType"},
                                                 {"ACCOUNT", "azureStorageSection.accountName"},
                                                 {"CONTAINER", "azureStorageSection.containerName"},
                                                 {"BY", "azureStorageSection.credentialType"},
                                                 {"DEFAULT", "isDefault"}};
static const struct hr_option store_register_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"container", "NAME", "the container, or a Data Lake's file system (the server's own)"},
    {"account", "NAME", "the storage account (the server's own, by its key)"},
    {"type", "TYPE", "blob or gen2 (blob)"},
    {"key-file", "FILE", "the account's key, in a file; - is standard input"},
    {"sas-file", "FILE", "a SAS of the container, in a file; - is standard input"},
    {"by-role", NULL, "no credentials: who reads needs a storage role"},
    {"endpoint", "URL", "where the account answers, when that is neither here nor Azure"},
    {"description", "TEXT", "what it is for"},
    {"overwrite", NULL, "replace a datastore of this name"},
    {"skip-validation", NULL, "do not look whether the container can be reached"},
};

static enum hr_code run_store_look(const struct hr_args *args,
                                   struct hr_arena *arena,
                                   struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(
        address(args, client, "datastores", args->count ? args->positional[0] : NULL, &path, err));
    HR_TRY(hr_cli_call(client, "GET", hr_printf(arena, "%s?includeSecret=false", path), NULL,
                       &reply, err));
    return hr_cli_show(args, reply, store_columns, HR_LEN(store_columns));
}

/* a secret never stands in a command line, where every process can read it */
static enum hr_code read_secret(struct hr_arena *arena,
                                const char *path,
                                const char **secret,
                                struct hr_err *err)
{
    char text[SECRET_MAX + 1];
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return hr_fail(err, HR_E_NOT_FOUND, "\"%s\" cannot be read: %s", path, strerror(errno));
    size_t got = fread(text, 1, SECRET_MAX, file);
    if (!standard)
        fclose(file);
    text[got] = 0;
    while (got && strchr(" \t\r\n", text[got - 1]))
        text[--got] = 0;
    *secret = hr_strdup(arena, text);
    explicit_bzero(text, sizeof text);
    return got ? HR_OK : hr_fail(err, HR_E_INVALID, "\"%s\" is empty", path);
}

static enum hr_code read_credential(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    bool own,
                                    const char **type,
                                    const char **secret,
                                    struct hr_err *err)
{
    const char *key = hr_args_get(args, "key-file"), *sas = hr_args_get(args, "sas-file");
    bool role = hr_args_has(args, "by-role");
    *secret = NULL;
    *type = key || (own && !sas && !role) ? "AccountKey" : sas ? "Sas" : "None";
    if (!!key + !!sas + role > 1)
        return hr_fail(
            err, HR_E_INVALID,
            "options \"--key-file\", \"--sas-file\" and \"--by-role\" exclude each other");
    if (!own && !key && !sas && !role)
        return hr_fail(err, HR_E_INVALID,
                       "option \"--key-file\", \"--sas-file\" or \"--by-role\" is missing");
    return key || sas ? read_secret(arena, key ? key : sas, secret, err) : HR_OK;
}

static enum hr_code run_store_register(const struct hr_args *args,
                                       struct hr_arena *arena,
                                       struct hr_err *err)
{
    struct hr_client *client;
    const char *path, *credential, *secret, *type = hr_args_get(args, "type"),
                                            *name = args->positional[0];
    const char *own_account, *account, *container;
    bool overwrite = hr_args_has(args, "overwrite"), gen2 = type && !strcmp(type, "gen2");
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    if (type && !gen2 && strcmp(type, "blob"))
        return hr_fail(err, HR_E_INVALID, "type \"%s\" is neither blob nor gen2", type);
    HR_TRY(hr_client_default(client, "account", &own_account, err));
    HR_TRY(hr_cli_name(args, client, "account", "account", &account, err));
    HR_TRY(hr_cli_name(args, client, "container", "container", &container, err));
    bool own = !strcmp(account, own_account);
    HR_TRY(read_credential(args, arena, own && !hr_args_get(args, "endpoint"), &credential, &secret,
                           err));
    HR_TRY(address(args, client, "datastores", overwrite ? name : NULL, &path, err));
    json_t *body = json_pack(
        "{s:s, s:s, s:s?, s:{s:s, s:s, s:s?, s:s, s:s?}}", "name", name, "dataStoreType",
        gen2 ? "AzureDataLakeGen2" : "AzureBlob", "description", hr_args_get(args, "description"),
        "azureStorageSection", "accountName", account, "containerName", container, "endpoint",
        hr_args_get(args, "endpoint"), "credentialType", credential, "credential", secret);
    path = hr_printf(arena, "%s?includeSecret=false%s", path,
                     hr_args_has(args, "skip-validation") ? "&skipValidation=true" : "");
    HR_TRY(hr_cli_call(client, overwrite ? "PUT" : "POST", path, body, &reply, err));
    return hr_cli_show(args, reply, store_columns, HR_LEN(store_columns));
}

static enum hr_code run_store_default(const struct hr_args *args,
                                      struct hr_arena *arena,
                                      struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "datastores", "default", &path, err));
    path = hr_printf(arena, "%s/%s?includeSecret=false", path,
                     hr_client_escape(arena, args->positional[0]));
    HR_TRY(hr_cli_call(client, "PUT", path, NULL, &reply, err));
    return hr_cli_show(args, reply, store_columns, HR_LEN(store_columns));
}

static enum hr_code run_store_remove(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "datastores", args->positional[0], &path, err));
    HR_TRY(hr_cli_remove(client, "datastore", args->positional[0], path, err));
    printf("datastore \"%s\" is removed; what it points to stays\n", args->positional[0]);
    return HR_OK;
}

/* ---- datasets ---- */

static const struct hr_column set_columns[] = {{"NAME", "name"},
                                               {"VERSION", "latest.versionId"},
                                               {"TYPE", "datasetType"},
                                               {"FILES", "latest.fileCount"},
                                               {"BYTES", "latest.size"},
                                               {"CREATED", "latest.createdTime"},
                                               {"DESCRIPTION", "latest.description"}};
static const struct hr_column file_columns[] = {
    {"PATH", "path"}, {"BYTES", "size"}, {"MODIFIED", "modified"}, {"ETAG", "etag"}};
static const struct hr_option set_register_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"datastore", "NAME", "where the paths are (the default datastore)"},
    {"format", "FORMAT", "a table of csv, json or parquet files; without it, files as they are"},
    {"separator", "CHARACTER", "of csv (,)"},
    {"no-header", NULL, "csv without names: Column1, Column2, …"},
    {"description", "TEXT", "what it is"},
    {"new-version", NULL, "the next version of a name that is taken"},
};

/* NAME or NAME:VERSION to the version's address; *id and *version say which, when asked for */
static enum hr_code find_version(const struct hr_args *args,
                                 struct hr_client *client,
                                 const char *text,
                                 const char **path,
                                 bool *versioned,
                                 struct hr_err *err)
{
    struct hr_arena *arena = client->arena;
    const char *colon = strrchr(text, ':'), *sets;
    const char *name = colon ? hr_strndup(arena, text, (size_t)(colon - text)) : text;
    json_t *reply;
    if (colon && (!colon[1] || colon[1 + strspn(colon + 1, "0123456789")]))
        return hr_fail(err, HR_E_INVALID,
                       "\"%s\" is not a version: NAME or NAME:NUMBER is asked for", colon + 1);
    HR_TRY(address(args, client, "datasets", NULL, &sets, err));
    HR_TRY(hr_cli_call(client, "GET",
                       hr_printf(arena, "%s/query/name=%s", sets, hr_client_escape(arena, name)),
                       NULL, &reply, err));
    const char *id = hr_strdup(arena, json_string_value(json_object_get(reply, "datasetId")));
    json_decref(reply);
    *versioned = colon != NULL;
    *path = hr_printf(arena, "%s/%s/versions/%s", sets, id, colon ? colon + 1 : "latest");
    return HR_OK;
}

static enum hr_code run_set_list(const struct hr_args *args,
                                 struct hr_arena *arena,
                                 struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "datasets", NULL, &path, err));
    HR_TRY(hr_cli_call(client, "GET", path, NULL, &reply, err));
    return hr_cli_show(args, reply, set_columns, HR_LEN(set_columns));
}

/* without a version: all of them, newest first */
static enum hr_code run_set_show(const struct hr_args *args,
                                 struct hr_arena *arena,
                                 struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    bool versioned;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(find_version(args, client, args->positional[0], &path, &versioned, err));
    if (!versioned)
        path = hr_strndup(arena, path, (size_t)(strrchr(path, '/') - path));
    HR_TRY(hr_cli_call(client, "GET", path, NULL, &reply, err));
    return hr_cli_show(args, reply, set_columns, HR_LEN(set_columns));
}

static enum hr_code add_reader(const struct hr_args *args, json_t *steps, struct hr_err *err)
{
    const char *format = hr_args_get(args, "format"), *separator = hr_args_get(args, "separator");
    bool csv = format && !strcmp(format, "csv");
    if (!csv && (separator || hr_args_has(args, "no-header")))
        return hr_fail(err, HR_E_INVALID,
                       "options \"--separator\" and \"--no-header\" belong to --format csv");
    if (separator && strlen(separator) != 1)
        return hr_fail(err, HR_E_INVALID, "separator \"%s\" is not one character", separator);
    if (!format)
        return HR_OK;
    if (csv)
        return json_array_append_new(
                   steps, json_pack("{s:{s:s, s:s, s:s, s:b}}", "read_delimited", "delimiter",
                                    separator ? separator : ",", "header",
                                    hr_args_has(args, "no-header") ? "no_header"
                                                                   : "all_files_same_headers",
                                    "encoding", "utf8", "infer_column_types", 1))
                   ? HR_E_NOMEM
                   : HR_OK;
    const char *reader = !strcmp(format, "json")      ? "read_json_lines"
                         : !strcmp(format, "parquet") ? "read_parquet"
                                                      : NULL;
    if (!reader)
        return hr_fail(err, HR_E_INVALID, "format \"%s\" is not csv, json or parquet", format);
    return json_array_append_new(steps, json_pack("{s:{}}", reader)) ? HR_E_NOMEM : HR_OK;
}

/* --datastore's name, else the default's */
static enum hr_code store_name(const struct hr_args *args,
                               struct hr_client *client,
                               const char **name,
                               struct hr_err *err)
{
    const char *path;
    json_t *reply;
    *name = hr_args_get(args, "datastore");
    if (*name)
        return HR_OK;
    HR_TRY(address(args, client, "datastores", "default", &path, err));
    HR_TRY(hr_cli_call(client, "GET", hr_printf(client->arena, "%s?includeSecret=false", path),
                       NULL, &reply, err));
    *name = hr_strdup(client->arena, json_string_value(json_object_get(reply, "name")));
    json_decref(reply);
    return HR_OK;
}

static enum hr_code run_set_register(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    struct hr_client *client;
    const char *path, *store;
    json_t *reply, *paths = json_array(), *steps = json_array();
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(store_name(args, client, &store, err));
    HR_TRY(add_reader(args, steps, err));
    for (size_t i = 1; i < args->count; i++)
        json_array_append_new(paths, json_pack("{s:o}", "pattern",
                                               json_sprintf("azureml://datastores/%s/paths/%s",
                                                            store, args->positional[i])));
    HR_TRY(address(args, client, "datasets", NULL, &path, err));
    json_t *body = json_pack("{s:s, s:s, s:s?, s:{s:{s:o, s:o}}}", "name", args->positional[0],
                             "datasetType", hr_args_get(args, "format") ? "tabular" : "file",
                             "description", hr_args_get(args, "description"), "latest", "dataflow",
                             "paths", paths, "transformations", steps);
    path = hr_printf(arena, "%s?ifExistsOk=%s", path,
                     hr_args_has(args, "new-version") ? "true" : "false");
    HR_TRY(hr_cli_call(client, "POST", path, body, &reply, err));
    return hr_cli_show(args, reply, set_columns, HR_LEN(set_columns));
}

static enum hr_code manifest_of(const struct hr_args *args,
                                struct hr_arena *arena,
                                json_t **manifest,
                                struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    bool versioned;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(find_version(args, client, args->positional[0], &path, &versioned, err));
    return hr_cli_call(client, "GET", hr_printf(arena, "%s/manifest", path), NULL, manifest, err);
}

static enum hr_code run_set_files(const struct hr_args *args,
                                  struct hr_arena *arena,
                                  struct hr_err *err)
{
    json_t *manifest;
    HR_TRY(manifest_of(args, arena, &manifest, err));
    json_t *files = json_incref(json_object_get(manifest, "files"));
    json_decref(manifest);
    return hr_cli_show(args, files, file_columns, HR_LEN(file_columns));
}

static enum hr_code run_set_remove(const struct hr_args *args,
                                   struct hr_arena *arena,
                                   struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    bool versioned;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(find_version(args, client, args->positional[0], &path, &versioned, err));
    if (!versioned)
        path = hr_strndup(arena, path, (size_t)(strstr(path, "/versions/") - path));
    HR_TRY(hr_cli_call(client, "DELETE", path, NULL, &reply, err));
    json_decref(reply);
    printf("dataset \"%s\" is removed; its files stay\n", args->positional[0]);
    return HR_OK;
}

/* ---- downloading ---- */

static const struct hr_option download_options[] = {
    HR_HOME_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"overwrite", NULL, "replace files that are there"},
};

static enum hr_code know(struct hr_blob_config *config,
                         const char *key,
                         const json_t *json,
                         struct hr_err *err)
{
    char *text = json_dumps(json, JSON_COMPACT);
    enum hr_code code = hr_blob_config_set(config, key, text, err);
    free(text);
    return code;
}

static enum hr_code copy(struct hr_blob_reader *reader,
                         FILE *out,
                         const char *target,
                         struct hr_err *err)
{
    char *piece = malloc(PIECE);
    size_t got = 0;
    enum hr_code code = piece ? HR_OK : hr_fail(err, HR_E_NOMEM, "no memory to copy with");
    do {
        if (!code)
            code = hr_blob_read(reader, piece, PIECE, &got, err);
        if (!code && fwrite(piece, 1, got, out) != got)
            code = hr_fail(err, HR_E_IO, "\"%s\" cannot be written: %s", target, strerror(errno));
    } while (!code && got);
    free(piece);
    return code;
}

/* complete under its own name, or not there */
static enum hr_code fetch(struct hr_arena *arena,
                          struct hr_blob *blob,
                          const char *location,
                          const char *target,
                          struct hr_err *err)
{
    struct hr_blob_reader *reader;
    char *folder = hr_strdup(arena, target),
         *partial = hr_printf(arena, "%s.partial-%d", target, (int)getpid());
    *strrchr(folder, '/') = 0;
    HR_TRY(hr_file_mkdirs(*folder ? folder : "/", err));
    HR_TRY(hr_blob_open(blob, location, NULL, NULL, &reader, err));
    FILE *out = fopen(partial, "wxe");
    enum hr_code code =
        out ? copy(reader, out, target, err)
            : hr_fail(err, HR_E_IO, "\"%s\" cannot be made: %s", partial, strerror(errno));
    if (out && fclose(out) && !code)
        code = hr_fail(err, HR_E_IO, "\"%s\" cannot be written: %s", target, strerror(errno));
    if (!code && rename(partial, target))
        code = hr_fail(err, HR_E_IO, "\"%s\" cannot be put in place: %s", target, strerror(errno));
    if (code && out)
        unlink(partial);
    hr_blob_close(reader);
    return code;
}

static bool leaves_folder(const char *path)
{
    for (const char *at = path; *at; at += strcspn(at, "/"), at += *at == '/') {
        size_t len = strcspn(at, "/");
        if (!len || (len == 2 && !strncmp(at, "..", 2)) || (len == 1 && *at == '.'))
            return true;
    }
    return !*path;
}

static enum hr_code check_targets(struct hr_arena *arena,
                                  const json_t *files,
                                  const char *folder,
                                  bool overwrite,
                                  struct hr_err *err)
{
    json_t *file;
    size_t i;
    json_array_foreach(files, i, file)
    {
        const char *path = json_string_value(json_object_get(file, "path"));
        if (leaves_folder(path))
            return hr_fail(err, HR_E_INVALID, "\"%s\" cannot be a file below \"%s\"", path, folder);
        if (!overwrite && !access(hr_printf(arena, "%s/%s", folder, path), F_OK)) {
            hr_fail(err, HR_E_EXISTS, "\"%s/%s\" exists already", folder, path);
            return hr_fail_hint(err, "--overwrite replaces it");
        }
    }
    return HR_OK;
}

static enum hr_code download(struct hr_arena *arena,
                             struct hr_blob *blob,
                             const json_t *manifest,
                             const char *folder,
                             struct hr_err *err)
{
    const char *id = json_string_value(json_object_get(manifest, "savedDatasetId"));
    const json_t *files = json_object_get(manifest, "files");
    json_t *file;
    size_t i;
    json_t *document = json_pack("{s:O}", "files", files);
    enum hr_code code = know(hr_blob_config_of(blob),
                             hr_printf(arena, "fs.azure.headrace.dataset.%s", id), document, err);
    json_decref(document);
    if (!code)
        code = know(hr_blob_config_of(blob), hr_printf(arena, "fs.azure.headrace.access.%s", id),
                    json_object_get(manifest, "storage"), err);
    json_array_foreach(files, i, file)
    {
        const char *path = json_string_value(json_object_get(file, "path"));
        struct hr_arena *own = hr_arena_new(NULL);
        if (!code)
            code = fetch(own, blob, hr_printf(own, "dataset://%s/%s", id, path),
                         hr_printf(own, "%s/%s", folder, path), err);
        hr_arena_free(own);
    }
    return code;
}

static enum hr_code run_set_download(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    const char *folder = args->positional[1];
    struct hr_blob *blob;
    json_t *manifest;
    HR_TRY(manifest_of(args, arena, &manifest, err));
    if (folder[0] != '/') {
        char here[4096];
        if (!getcwd(here, sizeof here))
            return hr_fail(err, HR_E_IO, "the working folder has no name");
        folder = hr_printf(arena, "%s/%s", here, folder);
    }
    HR_TRY(check_targets(arena, json_object_get(manifest, "files"), folder,
                         hr_args_has(args, "overwrite"), err));
    struct hr_blob_config *config = hr_blob_config_new();
    enum hr_code code = hr_blob_new(config, NULL, &blob, err);
    if (!code) {
        code = download(arena, blob, manifest, folder, err);
        hr_blob_free(blob);
    }
    hr_blob_config_free(config);
    size_t count = json_array_size(json_object_get(manifest, "files"));
    if (!code)
        printf("%zu %s in %s\n", count, count == 1 ? "file is" : "files are", args->positional[1]);
    json_decref(manifest);
    return code;
}

static const struct hr_command commands[] = {
    {"datastore list", "", "the workspace's datastores", 0, 0, HR_OPTIONS(here_options),
     run_store_look},
    {"datastore show", "NAME", "one datastore; never its secrets", 1, 1, HR_OPTIONS(here_options),
     run_store_look},
    {"datastore register", "NAME", "name a container, and how it is reached", 1, 1,
     HR_OPTIONS(store_register_options), run_store_register,
     "  headrace datastore register mydatastore --container demo\n"
     "  headrace datastore register theirs --account theiraccount --container raw --sas-file theirs.sas\n"},
    {"datastore set-default", "NAME", "make it the workspace's default", 1, 1,
     HR_OPTIONS(here_options), run_store_default},
    {"datastore remove", "NAME", "remove a datastore; what it points to stays", 1, 1,
     HR_OPTIONS(here_options), run_store_remove},
    {"dataset list", "", "the workspace's datasets, at their latest versions", 0, 0,
     HR_OPTIONS(here_options), run_set_list},
    {"dataset show", "NAME[:VERSION]", "one dataset's versions, or one of them", 1, 1,
     HR_OPTIONS(here_options), run_set_show},
    {"dataset register", "NAME PATH…", "register files by path, folder or pattern", 2, HR_ARGS_MAX,
     HR_OPTIONS(set_register_options), run_set_register,
     "  headrace dataset register blob_dset Titanic.csv --datastore mydatastore --format csv\n"
     "  headrace dataset register training /training_data/ '/more/**/*.csv' --new-version\n"},
    {"dataset files", "NAME[:VERSION]", "the files of a version", 1, 1, HR_OPTIONS(here_options),
     run_set_files},
    {"dataset download", "NAME[:VERSION] DIR",
     "the files of a version, exactly as they were registered", 2, 2, HR_OPTIONS(download_options),
     run_set_download},
    {"dataset remove", "NAME[:VERSION]", "remove a dataset, or one version; the files stay", 1, 1,
     HR_OPTIONS(here_options), run_set_remove},
};
const struct hr_command_group hr_dataset_commands = {"Datastores and datasets", commands,
                                                     HR_LEN(commands)};
