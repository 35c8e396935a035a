/* Training runs: submitted, listed, looked at, followed, cancelled. A submission reads the folder
 * by the rules of the Python package, so that command is a Python of ours; everything else talks to
 * the server's run history. */
#include "base/buf.h"
#include "cli/common.h"
#include "io/child.h"
#include "io/file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIST_MAX 200
#define PAUSE_MS 200 /* between two looks at a run that is followed */
#define ORDER_REPLY_MAX (4 * 1024 * 1024)

static const struct hr_column run_columns[] = {
    {"RUN", "runId"},        {"NAME", "displayName"},      {"EXPERIMENT", "experimentName"},
    {"STATUS", "status"},    {"BY", "createdBy.userName"}, {"STARTED", "startTimeUtc"},
    {"DURATION", "duration"}};
static const struct hr_column metric_columns[] = {
    {"METRIC", "name"}, {"LAST", "last"}, {"VALUES", "count"}, {"STEP", "step"}};
static const struct hr_column file_columns[] = {
    {"FILE", "path"}, {"BYTES", "contentLength"}, {"CREATED", "createdTime"}};

struct place {
    struct hr_client *client;
    const char *workspace;
};

static enum hr_code open_place(const struct hr_args *args,
                               struct hr_arena *arena,
                               struct place *place,
                               struct hr_err *err)
{
    HR_TRY(hr_cli_find(args, arena, &place->client, err));
    return hr_cli_workspace_path(args, place->client, &place->workspace, err);
}

static enum hr_code ask(struct place *place,
                        const char *method,
                        const char *run,
                        const char *rest,
                        json_t **reply,
                        struct hr_err *err)
{
    struct hr_arena *arena = place->client->arena;
    return hr_cli_call(place->client, method,
                       hr_printf(arena, "/history/v1.0%s/runs/%s%s", place->workspace,
                                 hr_client_escape(arena, run), rest),
                       strcmp(method, "GET") ? json_object() : NULL, reply, err);
}

/* ---- list, show, metrics, files, cancel ---- */

static enum hr_code run_list(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct place place;
    json_t *reply;
    const char *experiment = hr_args_get(args, "experiment");
    int top;
    HR_TRY(hr_args_number(args, "last", LIST_MAX, 1, 500, &top, err));
    HR_TRY(open_place(args, arena, &place, err));
    const char *inside =
        experiment ? hr_printf(arena, "/experiments/%s", hr_client_escape(arena, experiment)) : "";
    HR_TRY(hr_cli_call(
        place.client, "GET",
        hr_printf(arena, "/history/v1.0%s%s/runs?$top=%d", place.workspace, inside, top), NULL,
        &reply, err));
    return hr_cli_show(args, reply, run_columns, HR_LEN(run_columns));
}

static bool ended(const char *status)
{
    return !strcmp(status, "Completed") || !strcmp(status, "Failed") || !strcmp(status, "Canceled");
}

static void print_error(const json_t *details)
{
    const json_t *error = json_object_get(json_object_get(details, "error"), "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    if (message)
        printf("\n%s\n", message);
}

static enum hr_code run_show(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct place place;
    json_t *details;
    HR_TRY(open_place(args, arena, &place, err));
    HR_TRY(ask(&place, "GET", args->positional[0], "/details", &details, err));
    json_t *kept = json_incref(details);
    hr_cli_show(args, details, run_columns, HR_LEN(run_columns));
    if (!hr_args_has(args, "json"))
        print_error(kept);
    json_decref(kept);
    return HR_OK;
}

/* one row a metric: its last value, as it prints */
static json_t *metric_rows(const json_t *reply)
{
    json_t *rows = json_array(), *series;
    size_t i;
    json_array_foreach(json_object_get(reply, "value"), i, series)
    {
        json_t *values = json_object_get(series, "value"),
               *last = json_array_get(values, json_array_size(values) - 1),
               *data = json_object_get(last, "data"),
               *only = json_object_get(data, json_string_value(json_object_get(series, "name")));
        char *text =
            json_dumps(only ? only : data, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(8));
        json_array_append_new(
            rows, json_pack("{s:O, s:s, s:I, s:O}", "name", json_object_get(series, "name"), "last",
                            text ? text : "", "count", (json_int_t)json_array_size(values), "step",
                            json_object_get(last, "step")));
        free(text);
    }
    return rows;
}

static enum hr_code run_metrics(const struct hr_args *args,
                                struct hr_arena *arena,
                                struct hr_err *err)
{
    struct place place;
    json_t *reply;
    HR_TRY(open_place(args, arena, &place, err));
    HR_TRY(hr_cli_call(place.client, "GET",
                       hr_printf(arena, "/metric/v2.0%s/runs/%s/full", place.workspace,
                                 hr_client_escape(arena, args->positional[0])),
                       NULL, &reply, err));
    if (hr_args_has(args, "json"))
        return hr_cli_show(args, reply, NULL, 0);
    json_t *rows = metric_rows(reply);
    json_decref(reply);
    return hr_cli_show(args, rows, metric_columns, HR_LEN(metric_columns));
}

static enum hr_code run_files(const struct hr_args *args,
                              struct hr_arena *arena,
                              struct hr_err *err)
{
    struct place place;
    json_t *reply;
    HR_TRY(open_place(args, arena, &place, err));
    HR_TRY(ask(&place, "GET", args->positional[0], "/artifacts", &reply, err));
    return hr_cli_show(args, reply, file_columns, HR_LEN(file_columns));
}

static enum hr_code run_cancel(const struct hr_args *args,
                               struct hr_arena *arena,
                               struct hr_err *err)
{
    struct place place;
    json_t *reply;
    HR_TRY(open_place(args, arena, &place, err));
    HR_TRY(ask(&place, "GET", args->positional[0], "", &reply, err));
    const char *status = hr_strdup(arena, json_string_value(json_object_get(reply, "status")));
    json_decref(reply);
    if (ended(status))
        return hr_fail(err, HR_E_EXISTS, "run \"%s\" has ended already: it is %s",
                       args->positional[0], status);
    HR_TRY(ask(&place, "POST", args->positional[0], "/cancel", &reply, err));
    return hr_cli_show(args, reply, run_columns, HR_LEN(run_columns));
}

/* ---- logs ---- */

/* prints what is behind *offset */
static enum hr_code print_more(struct place *place,
                               const json_t *details,
                               size_t *offset,
                               struct hr_err *err)
{
    const char *url = json_string_value(
        json_object_get(json_object_get(details, "logFiles"), "user_logs/std_log.txt"));
    const char *path = url ? strstr(url, "/history/") : NULL;
    if (!path)
        return HR_OK;
    for (;;) {
        char *bytes;
        size_t len;
        HR_TRY(hr_cli_bytes(place->client,
                            hr_printf(place->client->arena, "%s?offset=%zu", path, *offset), &bytes,
                            &len, err));
        if (len)
            fwrite(bytes, 1, len, stdout);
        free(bytes);
        if (!len)
            break;
        *offset += len;
    }
    fflush(stdout);
    return HR_OK;
}

/* the log as it grows, to the run's end; a run that failed is a failure of ours */
static enum hr_code follow(struct place *place, const char *run, bool wait, struct hr_err *err)
{
    size_t offset = 0;
    for (;;) {
        json_t *details;
        HR_TRY(ask(place, "GET", run, "/details", &details, err));
        const char *status =
            hr_strdup(place->client->arena, json_string_value(json_object_get(details, "status")));
        enum hr_code code = print_more(place, details, &offset, err);
        const char *why = json_string_value(json_object_get(
            json_object_get(json_object_get(details, "error"), "error"), "message"));
        if (!code && wait && ended(status) && strcmp(status, "Completed"))
            code = hr_fail(err, HR_E_INTERNAL, "run \"%s\" is %s: %s", run, status,
                           why ? why : "no reason is known");
        json_decref(details);
        if (code || !wait || ended(status))
            return code;
        nanosleep(&(struct timespec){0, PAUSE_MS * 1000000L}, NULL);
    }
}

static enum hr_code run_logs(const struct hr_args *args, struct hr_arena *arena, struct hr_err *err)
{
    struct place place;
    HR_TRY(open_place(args, arena, &place, err));
    return follow(&place, args->positional[0], hr_args_has(args, "follow"), err);
}

/* ---- submit ---- */

/* the Python that has our package, as `serve` finds it: named, beside this program, the active
 * environment's */
static const char *find_python(struct hr_arena *arena, const char **tree)
{
    char self[4096];
    const char *named = getenv("HEADRACE_PYTHON"), *active = getenv("VIRTUAL_ENV");
    *tree = NULL;
    if (!hr_child_self(self, sizeof self, NULL)) {
        *strrchr(self, '/') = 0;
        const char *beside = hr_printf(arena, "%s/python3", self),
                   *source = hr_printf(arena, "%s/../python", self);
        if (hr_file_exists(hr_printf(arena, "%s/headrace/azureml/submit.py", source)))
            *tree = source;
        if (!(named && *named) && !access(beside, X_OK))
            return beside;
    }
    if (named && *named)
        return named;
    return active ? hr_printf(arena, "%s/bin/python", active) : "python3";
}

static enum hr_code run_python(struct hr_client *client,
                               const char *order,
                               struct hr_buf *reply,
                               struct hr_err *err)
{
    int ends[2], status = 0;
    const char *tree, *python = find_python(client->arena, &tree), *old = getenv("PYTHONPATH");
    if (pipe(ends))
        return hr_fail(err, HR_E_IO, "no pipe: %s", strerror(errno));
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        setenv("HEADRACE_URL", client->url, 1);
        setenv("HEADRACE_TOKEN", client->token.text, 1);
        setenv("HEADRACE_CA_FILE", client->ca_file, 1);
        if (tree)
            setenv("PYTHONPATH", old && *old ? hr_printf(client->arena, "%s:%s", tree, old) : tree,
                   1);
        execlp(python, python, "-m", "headrace.azureml.submit", order, (char *)NULL);
        fprintf(stderr, "headrace: \"%s\" cannot be run: %s\n", python, strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    char piece[4096];
    for (ssize_t got; pid > 0 && (got = read(ends[0], piece, sizeof piece)) > 0;)
        hr_buf_add(reply, piece, (size_t)got);
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return hr_fail(err, HR_E_IO, "no process: %s", strerror(errno));
    if (status) /* it has said why */
        exit(WIFEXITED(status) && WEXITSTATUS(status) < 3 ? WEXITSTATUS(status) : 1);
    return hr_buf_check(reply, "what the submission said", err);
}

static enum hr_code read_order(const struct hr_args *args,
                               const struct place *place,
                               char **text,
                               struct hr_err *err)
{
    const char *experiment = hr_args_get(args, "experiment");
    int seconds;
    HR_TRY(hr_args_number(args, "timeout", 0, 1, 7 * 24 * 3600, &seconds, err));
    json_t *words = json_array();
    for (size_t i = 2; i < args->count; i++)
        json_array_append_new(words, json_string(args->positional[i]));
    json_t *order =
        json_pack("{s:s, s:s, s:s, s:o, s:s, s:s?, s:s?, s:s?, s:b}", "workspace", place->workspace,
                  "folder", args->positional[0], "script", args->positional[1], "arguments", words,
                  "experiment", experiment ? experiment : "Default", "inputs",
                  hr_args_get(args, "input"), "python", hr_args_get(args, "python"), "name",
                  hr_args_get(args, "name"), "download", hr_args_has(args, "download"));
    if (order && seconds)
        json_object_set_new(order, "timeout", json_integer(seconds));
    *text = order ? json_dumps(order, JSON_COMPACT) : NULL;
    json_decref(order);
    return *text ? HR_OK : hr_fail(err, HR_E_INVALID, "the command's words are not UTF-8");
}

static enum hr_code run_submit(const struct hr_args *args,
                               struct hr_arena *arena,
                               struct hr_err *err)
{
    struct place place;
    struct hr_buf reply;
    char *order;
    HR_TRY(open_place(args, arena, &place, err));
    HR_TRY(read_order(args, &place, &order, err));
    hr_buf_init(&reply, ORDER_REPLY_MAX);
    enum hr_code code = run_python(place.client, order, &reply, err);
    free(order);
    json_t *run = code ? NULL : json_loads(hr_buf_text(&reply), 0, NULL);
    hr_buf_release(&reply);
    if (!code && !run)
        return hr_fail(err, HR_E_INTERNAL, "the submission said nothing that can be read");
    HR_TRY(code);
    const char *id = hr_strdup(arena, json_string_value(json_object_get(run, "runId")));
    bool wait = hr_args_has(args, "follow");
    if (!wait)
        return hr_cli_show(args, run, run_columns, HR_LEN(run_columns));
    json_decref(run);
    printf("run %s\n", id);
    fflush(stdout);
    return follow(&place, id, true, err);
}

/* ---- the table ---- */

#define PLACE_OPTIONS HR_HOME_OPTION, HR_GROUP_OPTION, HR_WORKSPACE_OPTION

static const struct hr_option submit_options[] = {
    PLACE_OPTIONS,
    HR_JSON_OPTION,
    {"experiment", "NAME", "under which it is kept (Default)"},
    {"name", "TEXT", "what people see instead of its id"},
    {"input", "NAME=DATASET[:VERSION],…",
     "datasets that it reads; @NAME as an argument is where their files are"},
    {"download", NULL, "download its inputs instead of mounting them"},
    {"python", "FILE", "the Python that runs it, on the server's machine (the server's own)"},
    {"timeout", "SECONDS", "it is ended after this"},
    {"follow", NULL, "print what it prints, and wait for its end"},
};
static const struct hr_option list_options[] = {PLACE_OPTIONS,
                                                HR_JSON_OPTION,
                                                {"experiment", "NAME", "only this experiment's"},
                                                {"last", "N", "so many at most (200)"}};
static const struct hr_option look_options[] = {PLACE_OPTIONS, HR_JSON_OPTION};
static const struct hr_option log_options[] = {PLACE_OPTIONS,
                                               {"follow", NULL, "go on until the run's end"}};

static const struct hr_command commands[] = {
    {"run submit", "DIR SCRIPT [ARG…]", "run a script of a folder on the server", 2, HR_ARGS_MAX,
     HR_OPTIONS(submit_options), run_submit,
     "Arguments that begin with dashes stand behind --:\n  headrace run submit src train.py --input data=points --follow -- --data @data --rate "
     "0.1\nWith --follow the exit status is 1 when the run failed or was cancelled. .amlignore, else .gitignore, leaves files out.\n"},
    {"run list", "", "runs, newest first", 0, 0, HR_OPTIONS(list_options), run_list},
    {"run show", "RUN", "one run, and why it failed", 1, 1, HR_OPTIONS(look_options), run_show},
    {"run logs", "RUN", "what its script has printed", 1, 1, HR_OPTIONS(log_options), run_logs},
    {"run metrics", "RUN", "what it has logged", 1, 1, HR_OPTIONS(look_options), run_metrics},
    {"run files", "RUN", "the files that are kept with it", 1, 1, HR_OPTIONS(look_options),
     run_files},
    {"run cancel", "RUN", "end it", 1, 1, HR_OPTIONS(look_options), run_cancel},
};
const struct hr_command_group hr_run_commands = {"Runs", commands, HR_LEN(commands)};
