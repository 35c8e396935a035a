/* What the command reads of its own processes: whole, or refused by name. */
#include "cli/command.h"
#include "io/file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "../answer.h"
#include "../torture.h"

#define JSON "{\"subscription_id\": \"s\", \"list\": [1, 2, 3]}"

static struct answer answer = {
    .status = "200 OK", .headers = "content-type: application/json\r\n", .body = JSON};

static int start(void **state)
{
    (void)state;
    answer_start(&answer);
    return 0;
}
static int stop(void **state)
{
    (void)state;
    answer_stop(&answer);
    return 0;
}

static enum hr_code named(enum hr_code code, const struct hr_err *err)
{
    if (!code)
        return HR_OK;
    assert_int_equal(code, HR_E_LIMIT);
    assert_non_null(strstr(err->msg, "larger than the limit"));
    return code;
}

/* the Python that submits is a script, which says what it would */
static enum hr_code submit(void *arg)
{
    const struct hr_command *command = &hr_run_commands.commands[0];
    char *words[] = {"folder", "train.py", "--workspace", "ws", "--resource-group", "rg", "--json"};
    struct hr_args args;
    struct hr_err err = {0};
    struct hr_arena *arena = hr_arena_new(NULL);
    (void)arg;
    assert_string_equal(command->name, "run submit");
    assert_int_equal(hr_args_parse(7, words, command->options, command->option_count, &args, &err),
                     HR_OK);
    args.command = command->name;
    enum hr_code code = command->run(&args, arena, &err);
    hr_arena_free(arena);
    return named(code, &err);
}

static void a_submission_is_read_whole_or_refused(void **state)
{
    char script[] = "/tmp/hr-cli-XXXXXX";
    static const char text[] = "#!/bin/sh\nprintf '{\"runId\": '\nsleep 0.05\nprintf '\"r1\"}'\n";
    (void)state;
    int fd = mkstemp(script);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(fchmod(fd, 0700), 0);
    close(fd);
    setenv("HEADRACE_URL", answer.url, 1);
    setenv("HEADRACE_TOKEN", "t", 1);
    setenv("HEADRACE_PYTHON", script, 1);
    assert_true(hr_torture(submit, NULL) >= 1);
    unlink(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_submission_is_read_whole_or_refused)};
    return cmocka_run_group_tests(tests, start, stop);
}
