/* Workspaces, Synapse workspaces and pools: one kind of command over ARM resources. */
#include "cli/common.h"

static const struct hr_column resource_columns[] = {
    {"NAME", "name"}, {"STATE", "properties.provisioningState"}, {"ID", "id"}};
static const struct hr_option resource_options[] = {HR_HOME_OPTION, HR_JSON_OPTION,
                                                    HR_GROUP_OPTION};
static const struct hr_option pool_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    HR_GROUP_OPTION,
    {"synapse", "NAME", "the Synapse workspace (the server's own)"},
};

struct kind {
    const char *provider, *version;
    bool in_synapse;
};
static const struct kind workspace_kind = {"Microsoft.MachineLearningServices/workspaces",
                                           "2022-05-01", false};
static const struct kind synapse_kind = {"Microsoft.Synapse/workspaces", "2021-03-01", false};
static const struct kind pool_kind = {"Microsoft.Synapse/workspaces", "2021-03-01", true};

static enum hr_code resource_path(const struct hr_args *args,
                                  struct hr_client *client,
                                  const struct kind *kind,
                                  const char *name,
                                  const char **path,
                                  struct hr_err *err)
{
    const char *group, *synapse = NULL;
    struct hr_arena *arena = client->arena;
    HR_TRY(hr_cli_group_path(args, client, &group, err));
    if (kind->in_synapse)
        HR_TRY(hr_cli_name(args, client, "synapse", "synapse_workspace", &synapse, err));
    const char *base = kind->in_synapse
                           ? hr_printf(arena, "%s/providers/%s/%s/bigDataPools", group,
                                       kind->provider, hr_client_escape(arena, synapse))
                           : hr_printf(arena, "%s/providers/%s", group, kind->provider);
    *path = hr_printf(arena, "%s%s%s?api-version=%s", base, name ? "/" : "",
                      name ? hr_client_escape(arena, name) : "", kind->version);
    return HR_OK;
}

static enum hr_code resource(const struct hr_args *args,
                             struct hr_arena *arena,
                             const struct kind *kind,
                             const char *method,
                             const char *name,
                             json_t *body,
                             struct hr_err *err)
{
    struct hr_client *client;
    const char *path = NULL;
    json_t *reply;
    enum hr_code code = hr_cli_find(args, arena, &client, err);
    if (!code)
        code = resource_path(args, client, kind, name, &path, err);
    if (code) {
        json_decref(body);
        return code;
    }
    HR_TRY(hr_cli_call(client, method, path, body, &reply, err));
    return hr_cli_show(args, reply, resource_columns, HR_LEN(resource_columns));
}

#define RESOURCE_COMMANDS(kind)                                                                 \
    static enum hr_code run_##kind##_create(const struct hr_args *args, struct hr_arena *arena, \
                                            struct hr_err *err)                                 \
    {                                                                                           \
        return resource(args, arena, &kind##_kind, "PUT", args->positional[0],                  \
                        json_pack("{s:{}}", "properties"), err);                                \
    }                                                                                           \
    static enum hr_code run_##kind##_show(const struct hr_args *args, struct hr_arena *arena,   \
                                          struct hr_err *err)                                   \
    {                                                                                           \
        return resource(args, arena, &kind##_kind, "GET", args->positional[0], NULL, err);      \
    }                                                                                           \
    static enum hr_code run_##kind##_list(const struct hr_args *args, struct hr_arena *arena,   \
                                          struct hr_err *err)                                   \
    {                                                                                           \
        return resource(args, arena, &kind##_kind, "GET", NULL, NULL, err);                     \
    }
RESOURCE_COMMANDS(workspace)
RESOURCE_COMMANDS(synapse)
RESOURCE_COMMANDS(pool)

static const struct hr_command commands[] = {
    {"workspace create", "NAME", "make a Machine Learning workspace", 1, 1,
     HR_OPTIONS(resource_options), run_workspace_create},
    {"workspace list", "", "Machine Learning workspaces", 0, 0, HR_OPTIONS(resource_options),
     run_workspace_list},
    {"workspace show", "NAME", "one Machine Learning workspace", 1, 1, HR_OPTIONS(resource_options),
     run_workspace_show},
    {"synapse create", "NAME", "make a Synapse workspace", 1, 1, HR_OPTIONS(resource_options),
     run_synapse_create},
    {"synapse list", "", "Synapse workspaces", 0, 0, HR_OPTIONS(resource_options),
     run_synapse_list},
    {"synapse show", "NAME", "one Synapse workspace", 1, 1, HR_OPTIONS(resource_options),
     run_synapse_show},
    {"pool create", "NAME", "make an embedded Spark pool", 1, 1, HR_OPTIONS(pool_options),
     run_pool_create},
    {"pool list", "", "the Spark pools of a Synapse workspace", 0, 0, HR_OPTIONS(pool_options),
     run_pool_list},
    {"pool show", "NAME", "one Spark pool", 1, 1, HR_OPTIONS(pool_options), run_pool_show},
};
const struct hr_command_group hr_resource_commands = {"Workspaces and pools", commands,
                                                      HR_LEN(commands)};
