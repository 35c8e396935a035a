/* Runners: one process a script run, started, looked at, ended. What a runner says stands in its
 * folder's status.json; that it lives is said by the lock it holds. So one that was started by a
 * server which died is supervised like our own. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/job/private.h"
#include "io/child.h"
#include "io/file.h"
#include "io/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CODE_READ_MS \
    ((int64_t)24 * 3600 * 1000) /* for fetching a snapshot, after any wait for the server */

#define SWEEP_MS 500
#define AGAIN_MS 1000      /* until an end that the store could not keep is recorded again */
#define RUNNER_NOT_FINAL 5 /* exit status: as in python/headrace/runner/run.py */

struct runner {
    int64_t seq;
    struct hr_child *child; /* NULL: adopted */
    int pid;
    bool unfinished;       /* it said so by its exit status */
    bool queue;            /* nobody runs it, and it is to be started again */
    const char *failed_as; /* the error's code when it did not end by itself */
    /* it has ended, why, and the store could not keep that yet: at again_ms it is tried again.
     * NULL: it runs */
    char *over;
    int64_t again_ms;
    int64_t kill_at_ms;   /* it was told to end; 0: not */
    struct timespec seen; /* of status.json */
    struct runner *next;
};

static const char *file_of(struct hr_arena *arena, int64_t seq, const char *name)
{
    return hr_printf(arena, "%s/%s", hr_job_folder(arena, seq), name);
}

static bool holds_lock(struct hr_arena *arena, int64_t seq)
{
    int fd;
    const char *path = file_of(arena, seq, "lock");
    if (!hr_file_exists(path))
        return false;
    enum hr_code code = hr_file_lock(path, &fd, NULL);
    if (!code)
        close(fd);
    return code == HR_E_EXISTS;
}

static json_t *read_status(struct hr_arena *arena, int64_t seq)
{
    char *text;
    size_t len;
    return hr_file_read(arena, file_of(arena, seq, "status.json"), JOB_STATUS_MAX, &text, &len,
                        NULL)
               ? NULL
               : json_loadb(text, len, 0, NULL);
}

static struct runner *find(int64_t seq)
{
    struct runner *at = hr_job.runners;
    while (at && at->seq != seq)
        at = at->next;
    return at;
}

static void forget(struct runner *runner)
{
    for (struct runner **at = &hr_job.runners; *at; at = &(*at)->next)
        if (*at == runner) {
            *at = runner->next;
            break;
        }
    free(runner->over);
    free(runner);
}

/* ---- what it wrote ---- */

static const char *error_json(struct hr_arena *arena, const char *code, const char *message)
{
    json_t *json = json_pack("{s:s, s:s}", "code", code, "message", message);
    const char *text = hr_job_dump(arena, json);
    json_decref(json);
    return text;
}

/* the hashes of the run's token and of its Spark session's stand in one text */
static enum hr_code remove_tokens(struct hr_arena *arena,
                                  struct hr_run_row *row,
                                  struct hr_err *err)
{
    char *save = NULL, *copy = hr_strdup(arena, row->token_hash ? row->token_hash : "");
    for (char *hash = strtok_r(copy, " ", &save); hash; hash = strtok_r(NULL, " ", &save))
        HR_TRY(hr_identity_token_remove(hr_job.site->identity, hash, err));
    row->token_hash = NULL;
    return HR_OK;
}

static void end_session(const struct hr_run_row *row)
{
    struct hr_principal who;
    json_t *spec = hr_job_json(row->spec), *spark = json_object_get(spec, "spark");
    const char *identity = json_string_value(json_object_get(spark, "identity")),
               *session = json_string_value(json_object_get(spark, "session"));
    if (identity && session && !hr_identity_find(hr_job.site->identity, identity, &who, NULL))
        hr_job.options.released(&who, session, hr_job.options.arg);
    json_decref(spec);
}

static enum hr_code settle(struct hr_arena *arena, struct hr_run_row *row, struct hr_err *err)
{
    HR_TRY(hr_store_begin(hr_job.site->store, err));
    HR_TRY(remove_tokens(arena, row, err));
    HR_TRY(hr_store_run_update(hr_job.site->store, row, err));
    HR_TRY(hr_store_commit(hr_job.site->store, err));
    end_session(row);
    hr_log(HR_LOG_INFO, "run.ended", "run", row->id, "status", row->status, NULL);
    /* its token and addresses are worth nothing now */
    unlink(file_of(arena, row->seq, "run.json"));
    return HR_OK;
}

/* the run is over: as its runner said, or because there is no runner any more */
static enum hr_code end_run(struct hr_arena *arena,
                            const struct runner *runner,
                            struct hr_run_row *row,
                            const json_t *status,
                            const char *why,
                            struct hr_err *err)
{
    const char *state = json_string_value(json_object_get(status, "state"));
    json_t *error = json_object_get(status, "error"),
           *started = json_object_get(status, "startedMs"),
           *ended = json_object_get(status, "endedMs");
    bool said = state && hr_job_ended(state);
    if (!row->started_ms)
        row->started_ms = json_integer_value(started);
    row->ended_ms = said && json_is_integer(ended) ? json_integer_value(ended) : hr_clock_ms();
    if (said)
        row->error = json_is_object(error) ? hr_job_dump(arena, error) : NULL;
    else if (strcmp(row->status, "CancelRequested"))
        row->error = error_json(arena, runner->failed_as, why);
    row->status = said ? state : strcmp(row->status, "CancelRequested") ? "Failed" : "Canceled";
    return settle(arena, row, err);
}

/* processes that were told to end, and are ended when `timer` says so */
struct sweep {
    char *folder;
    struct hr_timer *timer;
    struct sweep *next;
};
static struct sweep *sweeps;

static void sweep_rest(void *arg)
{
    struct sweep *sweep = arg, **at = &sweeps;
    while (*at != sweep)
        at = &(*at)->next;
    *at = sweep->next;
    hr_sweep_processes(sweep->folder, SIGKILL);
    free(sweep->folder);
    free(sweep);
}

/* what is left of a run whose runner did not sweep: told to end (a mount takes its folder down),
 * and ended a moment later */
static void sweep(struct hr_arena *arena, int64_t seq)
{
    const char *folder = hr_job_folder(arena, seq);
    if (!hr_sweep_processes(folder, SIGTERM))
        return;
    struct sweep *sweep = calloc(1, sizeof *sweep);
    HR_CHECK(sweep && (sweep->folder = strdup(folder)));
    sweep->next = sweeps;
    sweeps = sweep;
    sweep->timer = hr_timer_start(hr_job.site->loop, SWEEP_MS, 0, sweep_rest, sweep);
}

/* it ran to its end, and what it left is not kept yet: the next runner goes on there */
static bool not_final(const json_t *status)
{
    const char *state = json_string_value(json_object_get(status, "state"));
    return state &&
           !strcmp(state, "Finalizing") &&
           json_is_object(json_object_get(status, "final"));
}

static enum hr_code record_end(struct runner *runner,
                               struct hr_arena *arena,
                               const json_t *status,
                               const char *why,
                               struct hr_err *err)
{
    struct hr_run_row *row = NULL;
    HR_TRY(hr_store_run_at(hr_job.site->store, arena, runner->seq, &row, err));
    if (!row || row->ended_ms)
        return HR_OK;
    if (!runner->queue && !(runner->unfinished && not_final(status)))
        return end_run(arena, runner, row, status, why, err);
    row->status = "Queued";
    return hr_store_run_update(hr_job.site->store, row, err);
}

/* A full disk keeps no end: then the runner stays in the list, and says again how it ended until
 * the store has it. */
static bool finish_one(struct runner *runner, const char *why)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    json_t *status = read_status(arena, runner->seq);
    const char *state = json_string_value(json_object_get(status, "state"));
    /* one that ended well has swept behind itself */
    if (!runner->over && (!state || !hr_job_ended(state)))
        sweep(arena, runner->seq);
    enum hr_code code = record_end(runner, arena, status, why, &err);
    json_decref(status);
    hr_arena_free(arena);
    if (!code) {
        forget(runner);
        return true;
    }
    hr_store_rollback(hr_job.site->store);
    if (!runner->over) {
        hr_log(HR_LOG_ERROR, "run.not-recorded", "error", err.msg, NULL);
        HR_CHECK(runner->over = strdup(why));
    }
    runner->again_ms = hr_clock_mono_ms() + AGAIN_MS;
    return false;
}

static void finish(struct runner *runner, const char *why)
{
    if (finish_one(runner, why))
        hr_runner_pump();
}

static void on_exited(struct hr_child *child, int status, int number, void *arg)
{
    struct runner *runner = arg;
    char why[200];
    (void)child;
    if (number)
        snprintf(why, sizeof why, "the process that ran it was killed by signal %d (%s)", number,
                 strsignal(number));
    else
        snprintf(why, sizeof why,
                 "the process that ran it ended with status %d: see runner.log in the run's folder",
                 status);
    runner->child = NULL;
    runner->unfinished = !number && status == RUNNER_NOT_FINAL;
    finish(runner, why);
}

static enum hr_code note(struct runner *runner, struct hr_arena *arena, struct hr_err *err)
{
    struct hr_run_row *row;
    json_t *status = read_status(arena, runner->seq);
    const char *state = json_string_value(json_object_get(status, "state"));
    int64_t started = json_integer_value(json_object_get(status, "startedMs"));
    runner->pid = json_is_integer(json_object_get(status, "pid"))
                      ? (int)json_integer_value(json_object_get(status, "pid"))
                      : runner->pid;
    state = hr_strdup(arena, state);
    json_decref(status);
    if (!state || hr_job_ended(state)) /* the end is recorded when it has ended */
        return HR_OK;
    HR_TRY(hr_store_run_at(hr_job.site->store, arena, runner->seq, &row, err));
    if (!row || row->ended_ms || (!strcmp(row->status, state) && row->started_ms == started))
        return HR_OK;
    if (strcmp(row->status, "CancelRequested"))
        row->status = state;
    row->started_ms = started;
    return hr_store_run_update(hr_job.site->store, row, err);
}

static void look(struct runner *runner, struct hr_arena *arena)
{
    struct stat info;
    struct hr_err err;
    if (runner->over)
        return;
    if (!stat(file_of(arena, runner->seq, "status.json"), &info) &&
        memcmp(&info.st_mtim, &runner->seen, sizeof runner->seen)) {
        if (!note(runner, arena, &err))
            runner->seen = info.st_mtim;
        else
            hr_log(HR_LOG_ERROR, "run.not-recorded", "error", err.msg, NULL);
    }
    if (runner->kill_at_ms && hr_clock_mono_ms() > runner->kill_at_ms && runner->pid > 0) {
        runner->kill_at_ms = hr_clock_mono_ms() + JOB_GRACE_MS;
        /* it holds the lock or is our child: the pid is its own */
        kill(runner->pid, SIGKILL);
    }
}

void hr_runner_look(struct hr_arena *arena, const char *workspace, const char *id)
{
    struct hr_run_row *row;
    if (!hr_job.runners ||
        hr_store_run_get(hr_job.site->store, arena, workspace, id, &row, NULL) ||
        !row)
        return;
    struct runner *runner = find(row->seq);
    if (runner)
        look(runner, arena);
}

static void tick(void *arg)
{
    (void)arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    for (struct runner *at = hr_job.runners, *next; at; at = next) {
        next = at->next;
        bool adopted = !at->child && !at->over;
        look(at, arena);
        if (at->over && hr_clock_mono_ms() > at->again_ms) {
            finish(at, at->over);
            break; /* the list has changed */
        }
        if (adopted && !holds_lock(arena, at->seq)) {
            finish(at, "the process that ran it ended while the server was down or starting");
            break;
        }
    }
    hr_arena_free(arena);
    if (!hr_job.runners) {
        hr_timer_stop(hr_job.timer);
        hr_job.timer = NULL;
    }
}

static struct runner *add(int64_t seq)
{
    struct runner *runner = calloc(1, sizeof *runner);
    HR_CHECK(runner);
    runner->seq = seq;
    runner->failed_as = "RunnerDied";
    runner->next = hr_job.runners;
    hr_job.runners = runner;
    if (!hr_job.timer)
        hr_job.timer = hr_timer_start(hr_job.site->loop, JOB_POLL_MS, JOB_POLL_MS, tick, NULL);
    return runner;
}

/* ---- starting ---- */

static enum hr_code write_order(struct hr_arena *arena,
                                struct hr_run_row *row,
                                const char *token,
                                const char *remote,
                                struct hr_err *err)
{
    const char *code = NULL;
    json_t *spec = hr_job_json(row->spec);
    const char *prefix = json_string_value(json_object_get(spec, "codePrefix"));
    enum hr_code failed =
        prefix ? hr_storage_url(arena, HR_JOB_CODE_CONTAINER, "", "rl", CODE_READ_MS, &code, err)
               : HR_OK;
    if (failed) {
        json_decref(spec);
        return failed;
    }
    char self[4096];
    if (hr_child_self(self, sizeof self, NULL))
        self[0] = 0;
    json_t *order =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s, s:O}", "run", row->id,
                  "experiment", row->experiment, "workspace", row->workspace, "url",
                  hr_job.site->https_url, "caFile", hr_job.site->ca_file, "token", token, "code",
                  code, "sparkRemote", remote, "headrace", self, "spec", spec);
    json_decref(spec);
    HR_CHECK(order);
    const char *text = hr_job_dump(arena, order);
    json_decref(order);
    return hr_file_write(file_of(arena, row->seq, "run.json"), 0600, text, strlen(text), err);
}

static enum hr_code spawn(struct hr_arena *arena,
                          struct hr_run_row *row,
                          struct runner *runner,
                          struct hr_err *err)
{
    const char *folder = hr_job_folder(arena, row->seq), *path = hr_job.options.python_path,
               *old = getenv("PYTHONPATH");
    const char *argv[] = {hr_job.options.python, "-m", "headrace.runner", folder, NULL};
    int lock;
    /* the runner's from its first moment: it gets the descriptor */
    HR_TRY(hr_file_lock(file_of(arena, row->seq, "lock"), &lock, err));
    const char *with_path =
        path ? hr_printf(arena, "PYTHONPATH=%s%s%s", path, old ? ":" : "", old ? old : "") : NULL;
    const char *env[] = {"PYTHONUNBUFFERED=1", with_path, NULL};
    int log = open(file_of(arena, row->seq, "runner.log"),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct hr_child_options options = {.argv = argv,
                                       .env = env,
                                       .cwd = folder,
                                       .in = HR_CHILD_NULL,
                                       .out = log < 0 ? HR_CHILD_NULL : log,
                                       .error = log < 0 ? HR_CHILD_NULL : log,
                                       .fds = &lock,
                                       .fd_count = 1,
                                       .new_group = true,
                                       .exited = on_exited,
                                       .arg = runner};
    enum hr_code code = hr_child_spawn(hr_job.site->loop, &options, &runner->child, err);
    close(lock);
    if (log >= 0)
        close(log);
    if (!code)
        runner->pid = hr_child_pid(runner->child);
    return code;
}

/* the address of the run's Spark session, with a token of the linked service's identity; its role
 * is asked for once more */
static enum hr_code open_session(struct hr_arena *arena,
                                 struct hr_run_row *row,
                                 const char **remote,
                                 struct hr_err *err)
{
    char token[HR_TOKEN_TEXT], hash[65];
    struct hr_principal identity;
    json_t *spec = hr_job_json(row->spec), *spark = json_object_get(spec, "spark");
    enum hr_code code = spark ? hr_pool_check(spark, &identity, err) : HR_OK;
    if (spark && !code)
        code = hr_identity_token_new(hr_job.site->identity, identity.id, token, err);
    if (spark && !code) {
        hr_identity_token_hash(token, hash);
        row->token_hash = hr_printf(arena, "%s %s", row->token_hash, hash);
        *remote = hr_printf(arena, "%stoken=%s;session_id=%s", hr_job.options.connect, token,
                            json_string_value(json_object_get(spark, "session")));
    }
    json_decref(spec);
    return code;
}

/* The state is written first: a server that dies between that and the spawn finds neither lock nor
 * status.json, and starts it again. */
static enum hr_code start(struct hr_arena *arena, struct hr_run_row *row, struct hr_err *err)
{
    char token[HR_TOKEN_TEXT], hash[65];
    struct hr_principal owner;
    const char *remote = NULL;
    HR_TRY(hr_identity_find(hr_job.site->identity, row->owner, &owner, err));
    HR_TRY(hr_store_begin(hr_job.site->store, err));
    HR_TRY(remove_tokens(arena, row, err));
    HR_TRY(hr_identity_token_new(hr_job.site->identity, owner.id, token, err));
    hr_identity_token_hash(token, hash);
    row->token_hash = hr_strdup(arena, hash);
    HR_TRY(open_session(arena, row, &remote, err));
    row->status = "Preparing";
    HR_TRY(hr_store_run_update(hr_job.site->store, row, err));
    HR_TRY(hr_store_commit(hr_job.site->store, err));
    HR_TRY(hr_file_mkdirs(hr_printf(arena, "%s/user_logs", hr_job_folder(arena, row->seq)), err));
    HR_TRY(write_order(arena, row, token, remote, err));
    /* of a server that ended; a run that is to be cancelled is not started */
    unlink(file_of(arena, row->seq, "cancel"));
    struct runner *runner = add(row->seq);
    enum hr_code code = spawn(arena, row, runner, err);
    if (code)
        forget(runner);
    else
        hr_log(HR_LOG_INFO, "run.started", "run", row->id, "owner", owner.name, NULL);
    return code;
}

static void start_or_fail(struct hr_arena *arena, struct hr_run_row *row)
{
    struct hr_err err = {0};
    if (!start(arena, row, &err))
        return;
    hr_store_rollback(hr_job.site->store);
    struct runner *none = add(row->seq);
    none->failed_as = "RunNotStarted";
    finish_one(none, hr_strdup(arena, err.msg));
}

void hr_runner_pump(void)
{
    if (!hr_job.ready || hr_job.stopping)
        return;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_run_rows rows = {0};
    struct hr_err err;
    int running = 0;
    for (struct runner *at = hr_job.runners; at; at = at->next)
        running++;
    if (hr_store_run_open(hr_job.site->store, arena, &rows, &err))
        hr_log(HR_LOG_ERROR, "run.queue", "error", err.msg, NULL);
    for (size_t i = 0; i < rows.count && running < JOB_RUNNING_MAX; i++)
        if (!strcmp(rows.at[i].status, "Queued") && !find(rows.at[i].seq)) {
            start_or_fail(arena, &rows.at[i]);
            running += find(rows.at[i].seq) != NULL;
        }
    hr_arena_free(arena);
}

/* ---- ending ---- */

static enum hr_code tell_to_end(struct hr_arena *arena,
                                int64_t seq,
                                const char *why,
                                struct hr_err *err)
{
    return hr_file_write(file_of(arena, seq, "cancel"), 0600, why, strlen(why), err);
}

enum hr_code hr_runner_cancel(struct hr_arena *arena,
                              struct hr_run_row *row,
                              const char *why,
                              struct hr_err *err)
{
    struct runner *runner = find(row->seq);
    if (row->ended_ms)
        return HR_OK;
    if (!runner) {
        row->status = "Canceled";
        row->ended_ms = hr_clock_ms();
        return settle(arena, row, err);
    }
    HR_TRY(tell_to_end(arena, row->seq, why, err));
    runner->kill_at_ms = hr_clock_mono_ms() + JOB_GRACE_MS;
    row->status = "CancelRequested";
    return hr_store_run_update(hr_job.site->store, row, err);
}

/* ---- life ---- */

void hr_job_start(struct hr_site *site, const struct hr_job_options *options)
{
    hr_job = (struct job){.site = site, .options = *options};
}

static void find_again(struct hr_arena *arena, struct hr_run_row *row)
{
    json_t *status = read_status(arena, row->seq);
    bool began = status != NULL && !not_final(status), over = not_final(status);
    json_decref(status);
    if (!strcmp(row->status, "Queued"))
        return;
    if (holds_lock(arena, row->seq)) {
        struct runner *runner = add(row->seq);
        if (!strcmp(row->status, "CancelRequested"))
            runner->kill_at_ms = hr_clock_mono_ms() + JOB_GRACE_MS;
        hr_log(HR_LOG_INFO, "run.found-again", "run", row->id, NULL);
    } else if (over || (!began && strcmp(row->status, "CancelRequested"))) {
        struct runner *none = add(row->seq);
        none->queue = true;
        finish_one(none, "");
    } else {
        finish(add(row->seq), "the process that ran it ended while the server was down");
    }
}

void hr_job_ready(void)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_run_rows rows = {0};
    struct hr_err err;
    if (hr_store_run_open(hr_job.site->store, arena, &rows, &err))
        hr_log(HR_LOG_ERROR, "run.queue", "error", err.msg, NULL);
    for (size_t i = 0; i < rows.count; i++)
        find_again(arena, &rows.at[i]);
    hr_arena_free(arena);
    hr_job.ready = true;
    hr_runner_pump();
}

void hr_job_stop(void)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    hr_job.stopping = true;
    for (struct runner *at = hr_job.runners, *next; at; at = next) {
        next = at->next;
        tell_to_end(arena, at->seq, "the server was stopped", NULL);
        if (at->child)
            hr_child_forget(at->child);
        free(at->over);
        free(at);
    }
    hr_job.runners = NULL;
    while (sweeps) {
        hr_timer_stop(sweeps->timer);
        sweep_rest(sweeps);
    }
    hr_timer_stop(hr_job.timer);
    hr_job.timer = NULL;
    hr_arena_free(arena);
}
