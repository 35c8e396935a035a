#include "cli/common.h"
#include <string.h>

const struct hr_option hr_plain_options[2] = {HR_HOME_OPTION, HR_JSON_OPTION};

enum hr_code hr_cli_find(const struct hr_args *args,
                         struct hr_arena *arena,
                         struct hr_client **client,
                         struct hr_err *err)
{
    return hr_client_find(arena, hr_args_get(args, "home"), client, err);
}

/* The words made sense here, and the server has its reasons: that is not HR_E_INVALID, for which
 * the command ends with status 2. */
static enum hr_code of_server(enum hr_code code, struct hr_err *err)
{
    if (code != HR_E_INVALID)
        return code;
    err->code = HR_E_DENIED;
    return HR_E_DENIED;
}

enum hr_code hr_cli_call(struct hr_client *client,
                         const char *method,
                         const char *path,
                         json_t *body,
                         json_t **reply,
                         struct hr_err *err)
{
    return of_server(hr_client_call(client, method, path, body, NULL, reply, err), err);
}

enum hr_code hr_cli_remove(struct hr_client *client,
                           const char *what,
                           const char *name,
                           const char *path,
                           struct hr_err *err)
{
    int status;
    json_t *reply;
    HR_TRY(of_server(hr_client_call(client, "DELETE", path, NULL, &status, &reply, err), err));
    json_decref(reply);
    if (status == 204)
        return hr_fail(err, HR_E_NOT_FOUND, "there is no %s \"%s\"", what, name);
    return HR_OK;
}

enum hr_code hr_cli_bytes(
    struct hr_client *client, const char *path, char **bytes, size_t *len, struct hr_err *err)
{
    struct hr_client_request request = {.method = "GET", .path = path};
    struct hr_client_answer answer;
    HR_TRY(of_server(hr_client_send(client, &request, &answer, err), err));
    *bytes = answer.bytes;
    *len = answer.len;
    return HR_OK;
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
                         struct hr_client *client,
                         const char *option,
                         const char *field,
                         const char **value,
                         struct hr_err *err)
{
    *value = hr_args_get(args, option);
    return *value ? HR_OK : hr_client_default(client, field, value, err);
}

enum hr_code hr_cli_group_path(const struct hr_args *args,
                               struct hr_client *client,
                               const char **path,
                               struct hr_err *err)
{
    const char *subscription, *group;
    HR_TRY(hr_client_default(client, "subscription_id", &subscription, err));
    HR_TRY(hr_cli_name(args, client, "resource-group", "resource_group", &group, err));
    *path = hr_printf(client->arena, "/subscriptions/%s/resourceGroups/%s", subscription,
                      hr_client_escape(client->arena, group));
    return HR_OK;
}

enum hr_code hr_cli_workspace_path(const struct hr_args *args,
                                   struct hr_client *client,
                                   const char **path,
                                   struct hr_err *err)
{
    const char *group, *name;
    HR_TRY(hr_cli_group_path(args, client, &group, err));
    HR_TRY(hr_cli_name(args, client, "workspace", "workspace", &name, err));
    *path = hr_printf(client->arena, "%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
                      group, hr_client_escape(client->arena, name));
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
        out = hr_printf(arena, "%s/%s", out, hr_client_escape(arena, word));
    return out;
}
