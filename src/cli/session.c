/* Sessions that notebooks started (Livy's), and their statements. */
#include "cli/common.h"
#include <stdio.h>
#include <string.h>

static const struct hr_column session_columns[] = {
    {"ID", "id"}, {"NAME", "name"}, {"OWNER", "owner"}, {"STATE", "state"}, {"KIND", "kind"}};
static const struct hr_column statement_columns[] = {
    {"ID", "id"}, {"STATE", "state"}, {"RESULT", "output.status"}, {"CODE", "code"}};

/* "/sessions/ID" and what stands behind it */
static enum hr_code ask(const struct hr_args *args,
                        struct hr_arena *arena,
                        const char *method,
                        const char *rest,
                        json_t **reply,
                        struct hr_err *err)
{
    struct hr_client *client;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    const char *path =
        hr_printf(arena, "/sessions/%s%s", hr_client_escape(arena, args->positional[0]), rest);
    enum hr_code code = hr_cli_call(client, method, path, NULL, reply, err);
    return code == HR_E_NOT_FOUND ? hr_fail_command(err, "headrace session list") : code;
}

/* the rows that Livy's lists carry under a name of their own */
static enum hr_code show_rows(const struct hr_args *args,
                              json_t *reply,
                              const char *name,
                              const struct hr_column *columns,
                              size_t count)
{
    json_t *rows = json_incref(json_object_get(reply, name));
    json_decref(reply);
    return hr_cli_show(args, rows, columns, count);
}

static enum hr_code run_session_list(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    struct hr_client *client;
    json_t *reply;
    HR_TRY(hr_cli_find(args, arena, &client, err));
    HR_TRY(hr_cli_call(client, "GET", "/sessions?size=1000&ended=true", NULL, &reply, err));
    return show_rows(args, reply, "sessions", session_columns, HR_LEN(session_columns));
}

static enum hr_code run_session_show(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    json_t *reply;
    HR_TRY(ask(args, arena, "GET", "", &reply, err));
    return hr_cli_show(args, reply, session_columns, HR_LEN(session_columns));
}

/* a statement's code on one line, for the table */
static void flatten_code(json_t *statements)
{
    json_t *row;
    size_t i;
    json_array_foreach(statements, i, row)
    {
        char line[81];
        const char *code = json_string_value(json_object_get(row, "code"));
        snprintf(line, sizeof line, "%s", code ? code : "");
        size_t end = strlen(line);
        /* a cut character is left out */
        while (end && ((unsigned char)line[end - 1] & 0x80) && code && strlen(code) > end)
            line[--end] = 0;
        for (char *c = line; (c = strpbrk(c, "\r\n\t")); c++)
            *c = ' ';
        json_object_set_new(row, "code", json_string(line));
    }
}

static enum hr_code run_session_statements(const struct hr_args *args,
                                           struct hr_arena *arena,
                                           struct hr_err *err)
{
    json_t *reply;
    HR_TRY(ask(args, arena, "GET", "/statements?size=1000", &reply, err));
    if (!hr_args_has(args, "json"))
        flatten_code(json_object_get(reply, "statements"));
    return show_rows(args, reply, "statements", statement_columns, HR_LEN(statement_columns));
}

static enum hr_code run_session_log(const struct hr_args *args,
                                    struct hr_arena *arena,
                                    struct hr_err *err)
{
    json_t *reply, *line;
    size_t i;
    HR_TRY(ask(args, arena, "GET", "/log?size=-1", &reply, err));
    if (hr_args_has(args, "json"))
        hr_print_json(json_object_get(reply, "log"));
    else
        json_array_foreach(json_object_get(reply, "log"), i, line) puts(json_string_value(line));
    json_decref(reply);
    return HR_OK;
}

static enum hr_code run_session_stop(const struct hr_args *args,
                                     struct hr_arena *arena,
                                     struct hr_err *err)
{
    json_t *reply;
    HR_TRY(ask(args, arena, "DELETE", "", &reply, err));
    json_decref(reply);
    printf("session \"%s\" is stopped\n", args->positional[0]);
    return HR_OK;
}

static const struct hr_option stop_options[] = {HR_HOME_OPTION};

static const struct hr_command commands[] = {
    {"session list", "", "notebooks' sessions that you may see", 0, 0, HR_OPTIONS(hr_plain_options),
     run_session_list},
    {"session show", "ID", "one session", 1, 1, HR_OPTIONS(hr_plain_options), run_session_show},
    {"session statements", "ID", "what ran in it", 1, 1, HR_OPTIONS(hr_plain_options),
     run_session_statements},
    {"session log", "ID", "its log", 1, 1, HR_OPTIONS(hr_plain_options), run_session_log},
    {"session stop", "ID", "stop it", 1, 1, HR_OPTIONS(stop_options), run_session_stop},
};
const struct hr_command_group hr_session_commands = {"Sessions", commands, HR_LEN(commands)};
