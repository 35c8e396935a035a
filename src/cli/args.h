/* A command's words: positional ones and --name VALUE options, each checked against what the
 * command knows. */
#ifndef HR_CLI_ARGS_H
#define HR_CLI_ARGS_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define HR_ARGS_MAX 32

struct hr_option {
    const char *name;  /* without dashes */
    const char *value; /* what its value is called in the help; NULL: a flag */
    const char *text;
};

struct hr_args {
    const char *command; /* "role assign" */
    const char *positional[HR_ARGS_MAX];
    size_t count;
    const struct hr_option *options;
    size_t option_count;
    const char *values[HR_ARGS_MAX]; /* of options[i]; "" for a flag that is set */
};

/* options: the command's own and, behind them, the common ones */
enum hr_code hr_args_parse(int argc,
                           char **argv,
                           const struct hr_option *options,
                           size_t count,
                           struct hr_args *args,
                           struct hr_err *err);
const char *hr_args_get(const struct hr_args *args, const char *name); /* NULL: not given */
bool hr_args_has(const struct hr_args *args, const char *name);
enum hr_code hr_args_number(const struct hr_args *args,
                            const char *name,
                            int missing,
                            int least,
                            int most,
                            int *value,
                            struct hr_err *err);
#endif
