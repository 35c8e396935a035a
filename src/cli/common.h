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
                         struct hr_client **client,
                         struct hr_err *err);
/* hr_client_call; what the server refuses with 400 is HR_E_DENIED here */
enum hr_code hr_cli_call(struct hr_client *client,
                         const char *method,
                         const char *path,
                         json_t *body,
                         json_t **reply,
                         struct hr_err *err);
/* DELETE, which answers 204 where nothing was: a program may not care, a person who mistyped does
 */
enum hr_code hr_cli_remove(struct hr_client *client,
                           const char *what,
                           const char *name,
                           const char *path,
                           struct hr_err *err);
/* the bytes of an answer that is not JSON; the caller frees them */
enum hr_code hr_cli_bytes(
    struct hr_client *client, const char *path, char **bytes, size_t *len, struct hr_err *err);
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
/* what --OPTION says, else the server's own: hr_client_default(FIELD) */
enum hr_code hr_cli_name(const struct hr_args *args,
                         struct hr_client *client,
                         const char *option,
                         const char *field,
                         const char **value,
                         struct hr_err *err);
/* "/subscriptions/S/resourceGroups/G": the server's own, the group --resource-group's if given */
enum hr_code hr_cli_group_path(const struct hr_args *args,
                               struct hr_client *client,
                               const char **path,
                               struct hr_err *err);
/* the Machine Learning workspace's resource id, --workspace's if given */
enum hr_code hr_cli_workspace_path(const struct hr_args *args,
                                   struct hr_client *client,
                                   const char **path,
                                   struct hr_err *err);
#endif
