/* One command of `headrace`: its words, what it takes, and its function. */
#ifndef HR_CLI_COMMAND_H
#define HR_CLI_COMMAND_H
#include "cli/args.h"
#include "client/client.h"

struct hr_command {
    const char *name;     /* "role assign" */
    const char *operands; /* "ROLE", for the help */
    const char *text;     /* one line */
    size_t least, most;   /* operands */
    const struct hr_option *options;
    size_t option_count;
    enum hr_code (*run)(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err);
    const char *more; /* behind the options in its help; may be NULL */
};

/* the commands of one subject, as the help shows them together */
struct hr_command_group {
    const char *title;
    const struct hr_command *commands;
    size_t count;
};

extern const struct hr_command_group hr_server_commands, hr_user_commands, hr_role_commands,
    hr_resource_commands, hr_link_commands, hr_session_commands, hr_dataset_commands,
    hr_mount_commands, hr_run_commands;

/* output.c: a table for people, JSON for programs */
/* path: names (or indexes of arrays) joined by '.', into a row */
struct hr_column {
    const char *title, *path;
};
void hr_print_table(json_t *rows, const struct hr_column *columns, size_t count);
void hr_print_json(const json_t *json);
#endif
