#include "cli/args.h"
#include "base/check.h"
#include "cli/suggest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum hr_code refuse_option(const struct hr_args *args,
                                  const char *word,
                                  size_t len,
                                  struct hr_err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, word);
    struct hr_suggestion meant = {.word = name};
    for (size_t i = 0; i < args->option_count; i++)
        hr_suggest(&meant, args->options[i].name);
    if (meant.best)
        return hr_fail(err, HR_E_INVALID,
                       "option \"--%s\" is not known here: did you mean \"--%s\"?", name,
                       meant.best);
    return hr_fail(err, HR_E_INVALID, "option \"--%s\" is not known here", name);
}

static enum hr_code take_option(
    int argc, char **argv, int *at, struct hr_args *args, struct hr_err *err)
{
    const char *word = argv[*at] + 2, *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; i < args->option_count; i++) {
        const struct hr_option *option = &args->options[i];
        if (strlen(option->name) != len || strncmp(option->name, word, len))
            continue;
        if (!option->value) {
            if (equals)
                return hr_fail(err, HR_E_INVALID, "option \"--%s\" takes no value", option->name);
            args->values[i] = "";
        } else if (equals) {
            args->values[i] = equals + 1;
        } else if (*at + 1 < argc) {
            args->values[i] = argv[++*at];
        } else {
            return hr_fail(err, HR_E_INVALID, "option \"--%s\" needs a value: %s", option->name,
                           option->value);
        }
        return HR_OK;
    }
    return refuse_option(args, word, len, err);
}

enum hr_code hr_args_parse(int argc,
                           char **argv,
                           const struct hr_option *options,
                           size_t count,
                           struct hr_args *args,
                           struct hr_err *err)
{
    HR_CHECK(count <= HR_ARGS_MAX);
    *args = (struct hr_args){.options = options, .option_count = count};
    bool only_positional = false;
    for (int i = 0; i < argc; i++) {
        if (!only_positional && !strcmp(argv[i], "--")) {
            only_positional = true;
        } else if (!only_positional && !strncmp(argv[i], "--", 2)) {
            HR_TRY(take_option(argc, argv, &i, args, err));
        } else {
            if (args->count == HR_ARGS_MAX)
                return hr_fail(err, HR_E_INVALID, "too many words");
            args->positional[args->count++] = argv[i];
        }
    }
    return HR_OK;
}

const char *hr_args_get(const struct hr_args *args, const char *name)
{
    for (size_t i = 0; i < args->option_count; i++)
        if (!strcmp(args->options[i].name, name))
            return args->values[i];
    HR_CHECK(!"an option of this command");
    return NULL;
}

bool hr_args_has(const struct hr_args *args, const char *name)
{
    return hr_args_get(args, name) != NULL;
}

enum hr_code hr_args_number(const struct hr_args *args,
                            const char *name,
                            int missing,
                            int least,
                            int most,
                            int *value,
                            struct hr_err *err)
{
    const char *text = hr_args_get(args, name);
    char *end;
    long number = text ? strtol(text, &end, 10) : missing;
    if (text && (*end || !*text || number < least || number > most))
        return hr_fail(err, HR_E_INVALID, "option \"--%s\" is \"%s\", not a number from %d to %d",
                       name, text, least, most);
    *value = (int)number;
    return HR_OK;
}
