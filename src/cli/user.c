#include "cli/common.h"

static const struct hr_column user_columns[] = {
    {"NAME", "displayName"}, {"PRINCIPAL", "id"}, {"KIND", "principalType"}};
static const struct hr_option user_create_options[] = {
    HR_HOME_OPTION,
    HR_JSON_OPTION,
    {"no-reader", NULL, "without the role Reader on the server's resource group"}};

static enum hr_code run_user_create(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    json_t *reply, *body = json_pack("{s:s, s:b}", "displayName", args->positional[0], "reader",
                                     !hr_args_has(args, "no-reader"));
    if (!body)
        return hr_fail(err, HR_E_INVALID, "the name is not UTF-8");
    enum hr_code code = hr_cli_find(args, arena, &client, err);
    if (code) {
        json_decref(body);
        return code;
    }
    HR_TRY(hr_cli_call(client, "POST", "/v1.0/users", body, &reply, err));
    json_t *made =
        json_pack("{s:O, s:O, s:O}", "name", json_object_get(reply, "displayName"), "principal",
                  json_object_get(reply, "id"), "token", json_object_get(reply, "token"));
    json_decref(reply);
    static const struct hr_column columns[] = {
        {"NAME", "name"}, {"PRINCIPAL", "principal"}, {"TOKEN (told once)", "token"}};
    return hr_cli_show(args, made, columns, HR_LEN(columns));
}

static enum hr_code run_user_list(const struct hr_args *args,
                                  struct hr_arena *arena,
                                  struct hr_err *err)
{
    struct hr_client *client;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(hr_cli_call(client, "GET", "/v1.0/users", NULL, &reply, err));
    return hr_cli_show(args, reply, user_columns, HR_LEN(user_columns));
}

static enum hr_code run_user_remove(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    struct hr_client *client;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(hr_cli_call(
        client, "DELETE",
        hr_printf(arena, "/v1.0/users/%s", hr_client_escape(arena, args->positional[0])), NULL,
        &reply, err));
    json_decref(reply);
    return HR_OK;
}

static const struct hr_command commands[] = {
    {"user create", "NAME", "make a user; prints its principal and its token, once", 1, 1,
     HR_OPTIONS(user_create_options), run_user_create},
    {"user list", "", "users and managed identities", 0, 0, HR_OPTIONS(hr_plain_options),
     run_user_list},
    {"user remove", "NAME", "remove a user with its token and roles", 1, 1,
     HR_OPTIONS(hr_plain_options), run_user_remove},
};
const struct hr_command_group hr_user_commands = {"Users", commands, HR_LEN(commands)};
