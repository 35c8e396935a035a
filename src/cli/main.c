/* The command `headrace`: finds the command that was meant, checks its words, runs it. */
#include "account/account.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/suggest.h"
#include "io/child.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef HR_VERSION
#define HR_VERSION "0"
#endif

/* the roles that are processes of their own read their own words */
static int run_host(int argc, char **argv)
{
    char path[4096];
    struct hr_err err;
    (void)argc;
    if (hr_child_self(path, sizeof path - 8, &err)) {
        fprintf(stderr, "headrace: %s\n", err.msg);
        return 1;
    }
    strcat(path, "-host");
    argv[0] = path;
    execv(path, argv);
    fprintf(stderr, "headrace: \"%s\" cannot be run: it belongs beside headrace\n", path);
    return 1;
}

static const struct {
    const char *name, *text;
    int (*run)(int argc, char **argv);
} processes[] = {
    {"host", "one session host, alone: a Spark Connect server", run_host},
    {"account", "the storage account, alone: Azure's blob and dfs interfaces on a folder",
     hr_account_main},
};

static const struct hr_command_group *const groups[] = {
    &hr_server_commands,   &hr_user_commands,  &hr_role_commands,
    &hr_resource_commands, &hr_link_commands,  &hr_session_commands,
    &hr_dataset_commands,  &hr_mount_commands, &hr_run_commands,
};

/* over every command of every group: NULL begins, NULL ends */
static const struct hr_command *next_command(const struct hr_command *command)
{
    for (size_t i = 0; i < HR_LEN(groups); i++) {
        const struct hr_command *first = groups[i]->commands, *last = first + groups[i]->count - 1;
        if (!command)
            return first;
        if (command < first || command > last)
            continue;
        return command < last           ? command + 1
               : i + 1 < HR_LEN(groups) ? groups[i + 1]->commands
                                        : NULL;
    }
    return NULL;
}

#define WORDS_WIDTH 26

/* in characters: one of "PATH…" is three bytes */
static int width_of(const char *text)
{
    return (int)hr_utf8_length(text, strlen(text));
}

/* words that are longer than their column have a line of their own */
static void print_line(const char *name, const char *operands, const char *text)
{
    char words[64];
    snprintf(words, sizeof words, "%s%s%s", name, *operands ? " " : "", operands);
    int room = WORDS_WIDTH - width_of(words);
    printf("  %s", words);
    if (room < 0) {
        printf("\n  ");
        room = WORDS_WIDTH;
    }
    printf("%*s %s\n", room, "", text);
}

static void print_commands(void)
{
    puts(
        "headrace: Spark-style data preparation next to training\n\nusage: headrace COMMAND [OPTIONS]\n");
    for (size_t i = 0; i < HR_LEN(groups); i++) {
        printf("%s\n", groups[i]->title);
        for (size_t k = 0; k < groups[i]->count; k++)
            print_line(groups[i]->commands[k].name, groups[i]->commands[k].operands,
                       groups[i]->commands[k].text);
        putchar('\n');
    }
    puts("Processes, run alone");
    for (size_t i = 0; i < HR_LEN(processes); i++)
        print_line(processes[i].name, "", processes[i].text);
    print_line("version", "", "print the version");
    puts(
        "\nheadrace COMMAND --help says more about one. The server is found by --home, $HEADRACE_URL, $HEADRACE_HOME or ~/.headrace.");
}

static void print_help(const struct hr_command *command)
{
    printf("usage: headrace %s%s%s%s\n\n%s\n\n", command->name, *command->operands ? " " : "",
           command->operands, command->option_count ? " [OPTIONS]" : "", command->text);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct hr_option *option = &command->options[i];
        char words[64];
        snprintf(words, sizeof words, "--%s%s%s", option->name, option->value ? " " : "",
                 option->value ? option->value : "");
        printf("  %-24s %s\n", words, option->text);
    }
    if (command->more)
        printf("\n%s", command->more);
}

/* the command whose words the arguments begin with */
static const struct hr_command *find_command(int argc, char **argv, int *used)
{
    for (const struct hr_command *command = NULL; (command = next_command(command));) {
        char words[64], *save = NULL;
        int count = 0;
        bool same = true;
        snprintf(words, sizeof words, "%s", command->name);
        for (char *word = strtok_r(words, " ", &save); word && same;
             word = strtok_r(NULL, " ", &save), count++)
            same = count < argc && !strcmp(argv[count], word);
        if (same) {
            *used = count;
            return command;
        }
    }
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

static int fail(const struct hr_err *err)
{
    bool advice = err->hint[0] && err->hint_kind == HR_HINT_ADVICE;
    fprintf(stderr, "headrace: %s%s%s\n", err->msg, advice ? "; " : "", advice ? err->hint : "");
    if (err->hint[0] && !advice)
        fprintf(stderr, "try: %s\n", err->hint);
    return err->code == HR_E_INVALID ? 2 : 1;
}

static enum hr_code run(const struct hr_command *command, int argc, char **argv, struct hr_err *err)
{
    struct hr_args args;
    if (hr_args_parse(argc, argv, command->options, command->option_count, &args, err))
        return hr_fail_command(err, "headrace %s --help", command->name);
    args.command = command->name;
    if (args.count < command->least)
        hr_fail(err, HR_E_INVALID, "a word is missing: headrace %s %s", command->name,
                command->operands);
    else if (args.count > command->most)
        hr_fail(err, HR_E_INVALID, "there is a word too many: \"%s\"",
                args.positional[command->most]);
    if (args.count < command->least || args.count > command->most)
        return hr_fail_command(err, "headrace %s --help", command->name);
    for (size_t i = 0; i < command->least; i++)
        if (!*args.positional[i]) { /* a script's unset variable: as a name it would ask for all
                                       there are */
            hr_fail(err, HR_E_INVALID, "word %zu of %s is empty", i + 1, command->operands);
            return hr_fail_command(err, "headrace %s --help", command->name);
        }
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = command->run(&args, arena, err);
    hr_arena_free(arena);
    return code;
}

static bool in_family(const struct hr_command *command, const char *family)
{
    size_t len = strlen(family);
    return !strncmp(command->name, family, len) && command->name[len] == ' ';
}

/* "headrace role": the commands that begin so */
static bool print_family(const char *word, FILE *out)
{
    bool found = false;
    for (const struct hr_command *command = NULL; (command = next_command(command));) {
        if (!in_family(command, word))
            continue;
        if (out)
            fprintf(out, "  headrace %s%s%s: %s\n", command->name, *command->operands ? " " : "",
                    command->operands, command->text);
        found = true;
    }
    return found;
}

/* what other tools call it; the first that the subject has is meant */
/* clang-format off: columns */
static const struct {
    const char *said, *ours;
} synonyms[] = {
    {"delete", "remove"},   {"delete", "detach"}, {"delete", "stop"},   {"rm", "remove"},
    {"rm", "detach"},       {"ls", "list"},       {"get", "show"},      {"describe", "show"},
    {"new", "create"},      {"add", "create"},    {"add", "register"},  {"add", "assign"},
    {"create", "register"}, {"create", "attach"}, {"create", "submit"}, {"start", "submit"},
    {"stop", "cancel"},     {"kill", "stop"},     {"kill", "cancel"},   {"cancel", "stop"},
    {"upload", "register"}, {"log", "logs"},      {"logs", "log"},
};
/* clang-format on */

static const struct hr_command *find_synonym(const char *family, const char *verb)
{
    char name[64];
    for (size_t i = 0; i < HR_LEN(synonyms); i++) {
        snprintf(name, sizeof name, "%s %s", family, synonyms[i].ours);
        for (const struct hr_command *command = NULL;
             !strcmp(synonyms[i].said, verb) && (command = next_command(command));)
            if (!strcmp(command->name, name))
                return command;
    }
    return NULL;
}

/* the command of the subject whose verb is near */
static const struct hr_command *find_verb(const char *family, const char *verb)
{
    const struct hr_command *found = NULL;
    struct hr_suggestion meant = {.word = verb};
    for (const struct hr_command *command = NULL; (command = next_command(command));) {
        const char *best = meant.best;
        if (!in_family(command, family))
            continue;
        hr_suggest(&meant, strchr(command->name, ' ') + 1);
        if (meant.best != best)
            found = command;
    }
    return found;
}

/* the subject, or the command of one word, that is near */
static const char *find_first(struct hr_arena *arena, const char *word)
{
    struct hr_suggestion meant = {.word = word};
    for (const struct hr_command *command = NULL; (command = next_command(command));)
        hr_suggest(&meant, hr_strndup(arena, command->name, strcspn(command->name, " ")));
    return meant.best;
}

/* the name of the command that was meant, or its first word; NULL: cannot be guessed */
static const char *find_meant(struct hr_arena *arena, const char *first, const char *second)
{
    const char *family = print_family(first, NULL) ? first : find_first(arena, first);
    if (!family || !second)
        return family == first ? NULL : family;
    const struct hr_command *command = find_synonym(family, second);
    if (!command)
        command = find_verb(family, second);
    if (command)
        return command->name;
    return family == first ? NULL : family;
}

static int refuse_command(const char *first, const char *second)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    bool family = print_family(first, NULL);
    const char *name = family && second ? hr_printf(arena, "%s %s", first, second) : first;
    const char *meant = find_meant(arena, first, second);
    fprintf(stderr, "headrace: there is no command \"%s\"", name);
    if (meant)
        fprintf(stderr, ": did you mean \"%s\"?\ntry: headrace %s --help\n", meant, meant);
    else if (family)
        fprintf(stderr, "; there are:\n");
    else
        fprintf(stderr, "\ntry: headrace help\n");
    if (!meant)
        print_family(first, stderr);
    hr_arena_free(arena);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2 ||
        !strcmp(argv[1], "help") ||
        !strcmp(argv[1], "--help") ||
        !strcmp(argv[1], "-h")) {
        print_commands();
        return argc < 2 ? 2 : 0;
    }
    if (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version")) {
        puts("headrace " HR_VERSION);
        return 0;
    }
    for (size_t i = 0; i < HR_LEN(processes); i++)
        if (!strcmp(argv[1], processes[i].name))
            return processes[i].run(argc - 1, argv + 1);
    int used = 0;
    const struct hr_command *command = find_command(argc - 1, argv + 1, &used);
    if (!command && asks_for_help(argc, argv) && print_family(argv[1], stdout))
        return 0;
    if (!command)
        return refuse_command(argv[1], argc > 2 && argv[2][0] != '-' ? argv[2] : NULL);
    if (asks_for_help(argc, argv)) {
        print_help(command);
        return 0;
    }
    struct hr_err err = {0};
    return run(command, argc - 1 - used, argv + 1 + used, &err) ? fail(&err) : 0;
}
