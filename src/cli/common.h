/* What the commands share: their options, the way to the server, and how an answer is shown. */
#ifndef HR_CLI_COMMON_H
#define HR_CLI_COMMON_H
#include "cli/command.h"

#define HR_HOME_OPTION {"home", "DIR", "the server's home ($HEADRACE_HOME, else ~/.headrace)"}
#define HR_JSON_OPTION {"json", NULL, "JSON for programs instead of a table for people"}
#define HR_GROUP_OPTION {"resource-group", "NAME", "the resource group (the server's own)"}
#define HR_WORKSPACE_OPTION \
    {"workspace", "NAME", "the Machine Learning workspace (the server's own)"}
#define HR_OPTIONS(list) list, HR_LEN(list)

extern const struct hr_option hr_plain_options[2]; /* --home and --json */

enum hr_code hr_cli_find(const struct hr_args *args,
                         struct hr_arena *arena,
                         struct hr_wire *wire,
                         struct hr_err *err);
/* body is taken; *reply is a new reference */
enum hr_code hr_cli_call(const struct hr_wire *wire,
                         const char *method,
                         const char *path,
                         json_t *body,
                         json_t **reply,
                         struct hr_err *err);
/* Prints one thing or a list of them (an array, or {"value": array}), and lets go of it. */
enum hr_code hr_cli_show(const struct hr_args *args,
                         json_t *reply,
                         const struct hr_column *columns,
                         size_t count);
enum hr_code hr_cli_need(const struct hr_args *args,
                         const char *name,
                         const char **value,
                         struct hr_err *err);
/* every segment escaped, slashes kept */
const char *hr_cli_escape_path(struct hr_arena *arena, const char *scope);
/* what --OPTION says, else the server's own: hr_wire_default(FIELD) */
enum hr_code hr_cli_name(const struct hr_args *args,
                         struct hr_wire *wire,
                         const char *option,
                         const char *field,
                         const char **value,
                         struct hr_err *err);
/* "/subscriptions/S/resourceGroups/G": the server's own, the group --resource-group's if given */
enum hr_code hr_cli_group_path(const struct hr_args *args,
                               struct hr_wire *wire,
                               const char **path,
                               struct hr_err *err);
/* the Machine Learning workspace's resource id, --workspace's if given */
enum hr_code hr_cli_workspace_path(const struct hr_args *args,
                                   struct hr_wire *wire,
                                   const char **path,
                                   struct hr_err *err);
#endif
