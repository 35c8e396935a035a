/* Linked services, and the computes that are attached through them. */
#include "cli/common.h"
#include <stdio.h>
#include <strings.h>
#include <string.h>
#include <unistd.h>

#define LINK_API "?api-version=2020-04-01-preview"
#define COMPUTE_API "?api-version=2020-02-02"

static const struct hr_option here_options[] = {HR_HOME_OPTION, HR_JSON_OPTION, HR_GROUP_OPTION,
                                                HR_WORKSPACE_OPTION};

/* the address of a thing in the workspace: PATH/kind[/name] */
static enum hr_code address(const struct hr_args *args,
                            struct hr_client *client,
                            const char *kind,
                            const char *name,
                            const char **path,
                            struct hr_err *err)
{
    const char *workspace;
    HR_TRY(hr_cli_workspace_path(args, client, &workspace, err));
    *path = hr_printf(client->arena, "%s/%s%s%s", workspace, kind, name ? "/" : "",
                      name ? hr_client_escape(client->arena, name) : "");
    return HR_OK;
}

static enum hr_code look(const struct hr_args *args,
                         struct hr_arena *arena,
                         const char *kind,
                         const char *query,
                         const struct hr_column *columns,
                         size_t count,
                         struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, kind, args->count ? args->positional[0] : NULL, &path, err));
    HR_TRY(hr_cli_call(client, "GET", hr_printf(arena, "%s%s", path, query), NULL, &reply, err));
    return hr_cli_show(args, reply, columns, count);
}

/* a Synapse workspace's resource id: --synapse's, else the server's own */
static enum hr_code synapse_id(const struct hr_args *args,
                               struct hr_client *client,
                               const char **id,
                               struct hr_err *err)
{
    const char *group, *name;
    HR_TRY(hr_cli_name(args, client, "synapse", "synapse_workspace", &name, err));
    HR_TRY(hr_cli_group_path(args, client, &group, err));
    *id = hr_printf(client->arena, "%s/providers/Microsoft.Synapse/workspaces/%s", group, name);
    return HR_OK;
}

/* ---- linked services ---- */

static const struct hr_column link_columns[] = {{"NAME", "name"},
                                                {"MANAGED IDENTITY", "identity.principalId"},
                                                {"LINKS TO", "properties.linkedServiceResourceId"}};
static const struct hr_option link_create_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"synapse", "NAME", "the Synapse workspace to link to (the server's own)"},
};

static enum hr_code run_link_create(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    const char *path, *target = NULL;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "linkedServices", args->positional[0], &path, err));
    HR_TRY(synapse_id(args, client, &target, err));
    json_t *body = json_pack("{s:{s:s}, s:{s:s}}", "identity", "type", "SystemAssigned",
                             "properties", "linkedServiceResourceId", target);
    HR_TRY(hr_cli_call(client, "PUT", hr_printf(arena, "%s" LINK_API, path), body, &reply, err));
    return hr_cli_show(args, reply, link_columns, HR_LEN(link_columns));
}

static enum hr_code run_link_look(const struct hr_args *args,
                                  struct hr_arena *arena,
                                  struct hr_err *err)
{
    return look(args, arena, "linkedServices", LINK_API, link_columns, HR_LEN(link_columns), err);
}

static const struct hr_option link_remove_options[] = {
    HR_HOME_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"detach-computes", NULL,
     "detach the computes that hang on it; without this they keep the link"},
};

static enum hr_code run_link_remove(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    const char *path, *detach = hr_args_has(args, "detach-computes") ? "&detachComputes=true" : "";
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "linkedServices", args->positional[0], &path, err));
    HR_TRY(hr_cli_remove(client, "linked service", args->positional[0],
                         hr_printf(arena, "%s" LINK_API "%s", path, detach), err));
    printf("linked service \"%s\" is removed\n", args->positional[0]);
    return HR_OK;
}

/* ---- computes ---- */

static const struct hr_column compute_columns[] = {
    {"NAME", "name"},
    {"TYPE", "properties.computeType"},
    {"STATE", "properties.provisioningState"},
    {"WHY", "properties.provisioningErrors.0.error.message"},
    {"POOL", "properties.resourceId"}};
static const struct hr_option attach_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    HR_WORKSPACE_OPTION,
    {"link", "NAME", "the linked service (the workspace's only one)"},
    {"pool", "NAME", "the Spark pool in its Synapse workspace (the server's own)"},
};

/* the Synapse workspace of the link that was named, or of the only one */
static enum hr_code linked_workspace(const struct hr_args *args,
                                     struct hr_client *client,
                                     const char **target,
                                     struct hr_err *err)
{
    const char *path, *wanted = hr_args_get(args, "link");
    json_t *reply, *row, *found = NULL;
    size_t i, count = 0;
    HR_TRY(address(args, client, "linkedServices", NULL, &path, err));
    HR_TRY(hr_cli_call(client, "GET", hr_printf(client->arena, "%s" LINK_API, path), NULL, &reply,
                       err));
    json_array_foreach(json_object_get(reply, "value"), i, row)
    {
        if (wanted && strcasecmp(json_string_value(json_object_get(row, "name")), wanted))
            continue;
        found = row;
        count++;
    }
    json_t *id = json_object_get(json_object_get(found, "properties"), "linkedServiceResourceId");
    *target = hr_strdup(client->arena, json_is_string(id) ? json_string_value(id) : "");
    json_decref(reply);
    if (wanted && !count)
        return hr_fail(err, HR_E_NOT_FOUND, "there is no linked service \"%s\"", wanted);
    if (!count) {
        hr_fail(err, HR_E_NOT_FOUND, "the workspace has no linked service");
        hr_fail_command(err, "headrace link create NAME");
        return HR_E_NOT_FOUND;
    }
    return count == 1
               ? HR_OK
               : hr_fail(err, HR_E_INVALID,
                         "the workspace has %zu linked services: option \"--link\" is missing",
                         count);
}

/* an attach is asynchronous: until it is done, or has failed and says why */
static enum hr_code wait_for_compute(struct hr_client *client,
                                     const char *path,
                                     json_t **compute,
                                     struct hr_err *err)
{
    for (;;) {
        HR_TRY(hr_cli_call(client, "GET", path, NULL, compute, err));
        json_t *properties = json_object_get(*compute, "properties");
        const char *state = json_string_value(json_object_get(properties, "provisioningState"));
        json_t *why = json_object_get(
            json_array_get(json_object_get(properties, "provisioningErrors"), 0), "error");
        if (state && !strcmp(state, "Succeeded"))
            return HR_OK;
        if (state && !strcmp(state, "Failed")) {
            hr_fail(err, HR_E_INVALID, "the attach failed: %s",
                    json_string_value(json_object_get(why, "message")));
            json_decref(*compute);
            return HR_E_INVALID;
        }
        json_decref(*compute);
        usleep(100000);
    }
}

static enum hr_code run_compute_attach(const struct hr_args *args,
                                       struct hr_arena *arena,
                                       struct hr_err *err)
{
    struct hr_client *client;
    const char *path, *synapse, *pool;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(linked_workspace(args, client, &synapse, err));
    HR_TRY(hr_cli_name(args, client, "pool", "pool", &pool, err));
    HR_TRY(address(args, client, "computes", args->positional[0], &path, err));
    path = hr_printf(arena, "%s" COMPUTE_API, path);
    json_t *body =
        json_pack("{s:{s:s, s:s, s:b}}", "properties", "computeType", "SynapseSpark", "resourceId",
                  hr_printf(arena, "%s/bigDataPools/%s", synapse, pool), "isAttachedCompute", 1);
    HR_TRY(hr_cli_call(client, "PUT", path, body, &reply, err));
    json_decref(reply);
    HR_TRY(wait_for_compute(client, path, &reply, err));
    return hr_cli_show(args, reply, compute_columns, HR_LEN(compute_columns));
}

static enum hr_code run_compute_look(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    return look(args, arena, "computes", COMPUTE_API, compute_columns, HR_LEN(compute_columns),
                err);
}

static enum hr_code run_compute_detach(const struct hr_args *args,
                                       struct hr_arena *arena,
                                       struct hr_err *err)
{
    struct hr_client *client;
    const char *path;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(address(args, client, "computes", args->positional[0], &path, err));
    path = hr_printf(arena, "%s" COMPUTE_API "&underlyingResourceAction=Detach", path);
    HR_TRY(hr_cli_remove(client, "compute", args->positional[0], path, err));
    printf("compute \"%s\" is detached\n", args->positional[0]);
    return HR_OK;
}

static const struct hr_command commands[] = {
    {"link create", "NAME", "link the workspace to a Synapse workspace", 1, 1,
     HR_OPTIONS(link_create_options), run_link_create,
     "The link gets a managed identity; runs need it to hold a Synapse role (headrace role assign).\n"},
    {"link list", "", "linked services and their managed identities", 0, 0,
     HR_OPTIONS(here_options), run_link_look},
    {"link show", "NAME", "one linked service", 1, 1, HR_OPTIONS(here_options), run_link_look},
    {"link remove", "NAME", "unlink", 1, 1, HR_OPTIONS(link_remove_options), run_link_remove},
    {"compute attach", "NAME", "attach a Spark pool as a compute, and wait until it is", 1, 1,
     HR_OPTIONS(attach_options), run_compute_attach,
     "  headrace compute attach prep-pool --link synapselink1 --pool embedded\n"},
    {"compute list", "", "the workspace's computes", 0, 0, HR_OPTIONS(here_options),
     run_compute_look},
    {"compute show", "NAME", "one compute", 1, 1, HR_OPTIONS(here_options), run_compute_look},
    {"compute detach", "NAME", "detach a compute; its pool stays", 1, 1, HR_OPTIONS(here_options),
     run_compute_detach},
};
const struct hr_command_group hr_link_commands = {"Linked services and computes", commands,
                                                  HR_LEN(commands)};
