/* Mounting a dataset: finds the version, then becomes headrace-mount; what is mounted; unmounting.
 */
#include "cli/common.h"
#include "io/child.h"
#include "mount/point.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 32

static const struct hr_option mount_options[] = {
    HR_HOME_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"manifest", "FILE", "a manifest instead of a dataset; its access is not renewed"},
    {"path", "PATH", "a version's address on the server instead of a dataset's name"},
    {"detach", NULL, "return when it is mounted, and go on in the background"},
    {"log", "FILE", "where messages go when detached (nowhere)"},
    {"with-pid", "PID", "end when this process ends"},
    {"patience", "SECONDS",
     "how long a read waits for an account or a server that does not answer (60)"},
    {"check", "SECONDS",
     "at most so long between two questions whether the role is still there (20)"},
    {"allow-other", NULL, "other users of this machine may read too"},
};

struct words {
    const char *at[WORDS_MAX];
    size_t count;
};

static void add(struct words *words, const char *name, const char *value)
{
    words->at[words->count++] = name;
    if (value)
        words->at[words->count++] = value;
}

/* FUSE cannot be had: a status of its own, so that callers can download instead */
static enum hr_code check_fuse(struct hr_err *err)
{
    enum hr_code code = hr_mount_fuse_check(err);
    if (!code && !dlopen("libfuse3.so.3", RTLD_LAZY))
        code = hr_fail(err, HR_E_UNSUPPORTED,
                       "the library libfuse3 is not installed: it is in Debian's package fuse3");
    if (!code)
        return HR_OK;
    fprintf(stderr, "headrace: %s\n", err->msg);
    exit(HR_MOUNT_EXIT_NO_FUSE);
}

/* "name" or "name:3" to the version's address */
static enum hr_code find_version(const struct hr_args *args,
                                 struct hr_client *client,
                                 const char *dataset,
                                 const char **path,
                                 struct hr_err *err)
{
    struct hr_arena *arena = client->arena;
    const char *workspace, *colon = strrchr(dataset, ':'), *version = colon ? colon + 1 : NULL;
    const char *name = colon ? hr_strndup(arena, dataset, (size_t)(colon - dataset)) : dataset;
    json_t *reply;
    if (version && (!*version || version[strspn(version, "0123456789")]))
        return hr_fail(err, HR_E_INVALID,
                       "\"%s\" is not a version: NAME or NAME:NUMBER is asked for", version);
    HR_TRY(hr_cli_workspace_path(args, client, &workspace, err));
    HR_TRY(hr_cli_call(
        client, "GET",
        hr_printf(arena, "/dataset/v1.0%s/datasets/query/name=%s?includeLatestDefinition=true",
                  workspace, hr_client_escape(arena, name)),
        NULL, &reply, err));
    const char *id = hr_strdup(arena, json_string_value(json_object_get(reply, "datasetId")));
    const json_t *latest = json_object_get(json_object_get(reply, "latest"), "versionId");
    if (!version)
        version = json_is_integer(latest)
                      ? hr_printf(arena, "%lld", (long long)json_integer_value(latest))
                      : hr_strdup(arena, json_string_value(latest));
    json_decref(reply);
    if (!id || !version)
        return hr_fail(err, HR_E_INTERNAL,
                       "the server's answer about dataset \"%s\" is not understood", name);
    *path = hr_printf(arena, "/dataset/v1.0%s/datasets/%s/versions/%s", workspace,
                      hr_client_escape(arena, id), version);
    return HR_OK;
}

static void add_server(struct hr_client *client, struct words *words)
{
    /* read again by the mount when the server comes back elsewhere */
    if (client->home) {
        add(words, "--home", client->home);
    } else {
        add(words, "--url", client->url);
        if (*client->ca_file)
            add(words, "--ca-file", client->ca_file);
    }
}

static enum hr_code become(struct hr_arena *arena, struct words *words, struct hr_err *err)
{
    char path[4096];
    HR_TRY(hr_child_self(path, sizeof path - 8, err));
    words->at[0] = hr_printf(arena, "%s-mount", path);
    execv(words->at[0], (char *const *)words->at);
    return hr_fail(err, HR_E_NOT_FOUND, "\"%s\" cannot be run: %s", words->at[0], strerror(errno));
}

static enum hr_code run_mount(const struct hr_args *args,
                              struct hr_arena *arena,
                              struct hr_err *err)
{
    static const char *const passed[] = {"manifest", "log", "with-pid", "patience", "check"};
    struct words words = {.count = 1};
    struct hr_client *client;
    const char *path = hr_args_get(args, "path");
    bool named = !path && !hr_args_get(args, "manifest");
    if (args->count != (named ? 2u : 1u)) {
        hr_fail(err, HR_E_INVALID,
                named ? "a dataset and a folder are asked for" : "only a folder is asked for");
        return hr_fail_command(err, "headrace mount --help");
    }
    HR_TRY(check_fuse(err));
    if (named || path)
        HR_TRY(hr_cli_find(args, arena, &client, err));
    if (named)
        HR_TRY(find_version(args, client, args->positional[0], &path, err));
    if (path) {
        add(&words, "--path", path);
        add_server(client, &words);
    }
    for (size_t i = 0; i < HR_LEN(passed); i++)
        if (hr_args_get(args, passed[i]))
            add(&words, hr_printf(arena, "--%s", passed[i]), hr_args_get(args, passed[i]));
    if (hr_args_has(args, "detach"))
        add(&words, "--detach", NULL);
    if (hr_args_has(args, "allow-other"))
        add(&words, "--allow-other", NULL);
    add(&words, "--", args->positional[args->count - 1]);
    return become(arena, &words, err);
}

/* ---- what is mounted ---- */

static const struct hr_option list_options[] = {HR_JSON_OPTION};
static const struct hr_column list_columns[] = {
    {"FOLDER", "folder"}, {"DATASET", "dataset"}, {"STATE", "state"}, {"PROCESS", "process"}};

static enum hr_code run_list(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_mount_entry *entries;
    size_t count;
    HR_TRY(hr_mount_list(arena, true, &entries, &count, err));
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *name =
            strncmp(entries[i].source, "headrace:", 9) ? entries[i].source : entries[i].source + 9;
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:s, s:i}", "folder", entries[i].dir, "dataset",
                                        name, "state", entries[i].dead ? "dead" : "mounted",
                                        "process", (int)entries[i].pid));
    }
    return hr_cli_show(args, rows, list_columns, HR_LEN(list_columns));
}

static const struct hr_option unmount_options[] = {
    {"lazy", NULL, "also while files are in use: it goes when they are closed"}};

static enum hr_code run_unmount(const struct hr_args *args,
                                struct hr_arena *arena,
                                struct hr_err *err)
{
    HR_TRY(hr_mount_point_unmount(arena, args->positional[0], hr_args_has(args, "lazy"), err));
    printf("unmounted %s\n", args->positional[0]);
    return HR_OK;
}

static const struct hr_command commands[] = {
    {"mount list", "", "what is mounted; a \"dead\" one's process was killed: unmount it", 0, 0,
     HR_OPTIONS(list_options), run_list},
    {"mount", "DATASET[:VERSION] DIR",
     "show a dataset's version as files, read-only, until it is unmounted", 1, 2,
     HR_OPTIONS(mount_options), run_mount,
     "It prints one line when the files are there, and stays; SIGTERM, Ctrl-C or `headrace unmount DIR` end it. Exit status 3: this machine\n"
     "has no FUSE, and says why. Reading fetches what is read; a file that is no longer the registered one fails, and its attribute\n"
     "user.headrace.error says why.\n"},
    {"unmount", "DIR", "take a mount away, also one whose process was killed", 1, 1,
     HR_OPTIONS(unmount_options), run_unmount},
};
const struct hr_command_group hr_mount_commands = {"Mounts", commands, HR_LEN(commands)};
