#include "cli/common.h"
#include <string.h>

const struct hr_option hr_plain_options[2] = {HR_HOME_OPTION, HR_JSON_OPTION};

enum hr_code hr_cli_find(const struct hr_args *args,
                         struct hr_arena *arena,
                         struct hr_wire *wire,
                         struct hr_err *err)
{
    return hr_wire_find(arena, hr_args_get(args, "home"), wire, err);
}

enum hr_code hr_cli_call(const struct hr_wire *wire,
                         const char *method,
                         const char *path,
                         json_t *body,
                         json_t **reply,
                         struct hr_err *err)
{
    int status;
    return hr_wire_call(wire, method, path, body, &status, reply, err);
}

enum hr_code hr_cli_show(const struct hr_args *args,
                         json_t *reply,
                         const struct hr_column *columns,
                         size_t count)
{
    json_t *rows = json_object_get(reply, "value");
    if (hr_args_has(args, "json")) {
        hr_print_json(rows ? rows : reply);
    } else {
        json_t *list = rows                   ? json_incref(rows)
                       : json_is_array(reply) ? json_incref(reply)
                                              : json_pack("[O]", reply);
        hr_print_table(list, columns, count);
        json_decref(list);
    }
    json_decref(reply);
    return HR_OK;
}

enum hr_code hr_cli_name(const struct hr_args *args,
                         struct hr_wire *wire,
                         const char *option,
                         const char *field,
                         const char **value,
                         struct hr_err *err)
{
    *value = hr_args_get(args, option);
    return *value ? HR_OK : hr_wire_default(wire, field, value, err);
}

enum hr_code hr_cli_group_path(const struct hr_args *args,
                               struct hr_wire *wire,
                               const char **path,
                               struct hr_err *err)
{
    const char *subscription, *group;
    HR_TRY(hr_wire_default(wire, "subscription_id", &subscription, err));
    HR_TRY(hr_cli_name(args, wire, "resource-group", "resource_group", &group, err));
    *path = hr_printf(wire->arena, "/subscriptions/%s/resourceGroups/%s", subscription,
                      hr_wire_escape(wire->arena, group));
    return HR_OK;
}

enum hr_code hr_cli_workspace_path(const struct hr_args *args,
                                   struct hr_wire *wire,
                                   const char **path,
                                   struct hr_err *err)
{
    const char *group, *name;
    HR_TRY(hr_cli_group_path(args, wire, &group, err));
    HR_TRY(hr_cli_name(args, wire, "workspace", "workspace", &name, err));
    *path = hr_printf(wire->arena, "%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
                      group, hr_wire_escape(wire->arena, name));
    return HR_OK;
}

enum hr_code hr_cli_need(const struct hr_args *args,
                         const char *name,
                         const char **value,
                         struct hr_err *err)
{
    *value = hr_args_get(args, name);
    if (*value)
        return HR_OK;
    hr_fail(err, HR_E_INVALID, "option \"--%s\" is missing", name);
    return hr_fail_command(err, "headrace %s --help", args->command);
}

const char *hr_cli_escape_path(struct hr_arena *arena, const char *scope)
{
    const char *out = "";
    char *save = NULL, *copy = hr_strdup(arena, scope);
    for (char *word = strtok_r(copy, "/", &save); word; word = strtok_r(NULL, "/", &save))
        out = hr_printf(arena, "%s/%s", out, hr_wire_escape(arena, word));
    return out;
}
