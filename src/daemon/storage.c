#include "daemon/storage.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/job/job.h"
#include "daemon/notices.h"
#include "http/http.h"
#include "io/child.h"
#include "io/file.h"
#include "io/loop.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256
#define PAUSE_FIRST_MS 50 /* before it is started again; doubled while it keeps dying young */
#define PAUSE_MAX_MS 5000
#define YOUNG_MS 10000
#define TAKEN_MS 1000
#define TAKEN_PAUSE_MS 10

struct hr_storage {
    struct hr_storage_options options;
    struct hr_child *child;
    struct hr_watch *watch;
    struct hr_timer *again;
    int listener, port, pipe; /* pipe: its standard output, one line once it serves */
    char line[LINE_MAX_BYTES];
    size_t got;
    uint64_t started_ms, pause_ms;
    bool served, stopping;
};

static uint64_t now_ms(void)
{
    return hr_clock_mono_ns() / 1000000;
}

static void close_pipe(struct hr_storage *storage)
{
    hr_watch_stop(storage->watch);
    storage->watch = NULL;
    if (storage->pipe >= 0)
        close(storage->pipe);
    storage->pipe = -1;
}

static void on_line(int fd, void *arg)
{
    struct hr_storage *storage = arg;
    ssize_t got = read(fd, storage->line + storage->got, LINE_MAX_BYTES - 1 - storage->got);
    if (got > 0)
        storage->got += (size_t)got;
    if (got > 0 && !memchr(storage->line, '\n', storage->got) && storage->got < LINE_MAX_BYTES - 1)
        return;
    storage->line[storage->got] = 0;
    bool ready = !strncmp(storage->line, "ready ", 6), first = !storage->served;
    hr_watch_stop(storage->watch);
    storage->watch = NULL;
    if (!ready)
        return; /* it ended instead, which on_exit is told */
    storage->served = true;
    if (first)
        storage->options.ready(storage->port, storage->options.arg);
    else
        hr_log(HR_LOG_INFO, "serve.account-restarted", NULL);
}

static enum hr_code launch(struct hr_storage *storage, struct hr_err *err);

static void start_again(void *arg)
{
    struct hr_storage *storage = arg;
    struct hr_err err = {0};
    storage->again = NULL;
    if (!launch(storage, &err))
        return;
    hr_log(HR_LOG_ERROR, "serve.account-does-not-start", "why", err.msg, NULL);
    storage->again = hr_timer_start(storage->options.loop, PAUSE_MAX_MS, 0, start_again, storage);
}

static void on_exit_of(struct hr_child *child, int status, int signal, void *arg)
{
    struct hr_storage *storage = arg;
    struct hr_err err;
    char pause[24];
    (void)child;
    storage->child = NULL;
    close_pipe(storage);
    if (storage->stopping)
        return;
    hr_fail(&err, HR_E_UNAVAILABLE, "the storage account ended (%s %d): see log/account.log",
            signal ? "signal" : "status", signal ? signal : status);
    if (!storage->served) {
        storage->options.failed(&err, storage->options.arg);
        return;
    }
    bool young = now_ms() - storage->started_ms < YOUNG_MS;
    storage->pause_ms = !young || !storage->pause_ms           ? PAUSE_FIRST_MS
                        : storage->pause_ms * 2 < PAUSE_MAX_MS ? storage->pause_ms * 2
                                                               : PAUSE_MAX_MS;
    snprintf(pause, sizeof pause, "%d", (int)storage->pause_ms);
    hr_log(HR_LOG_ERROR, "serve.account-ended", "why", err.msg, "again_in_ms", pause, NULL);
    storage->again =
        hr_timer_start(storage->options.loop, storage->pause_ms, 0, start_again, storage);
}

static enum hr_code spawn(struct hr_storage *storage, const char *const *argv, struct hr_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return hr_fail(err, HR_E_IO, "no pipe for the storage account");
    const struct hr_home *home = storage->options.home;
    char path[4400];
    snprintf(path, sizeof path, "%s/account.log", home->log_dir);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct hr_child_options options = {.argv = argv,
                                       .in = HR_CHILD_NULL,
                                       .out = ends[1],
                                       .error = log < 0 ? HR_CHILD_NULL : log,
                                       .fds = &storage->listener,
                                       .fd_count = 1,
                                       .die_with_parent = true,
                                       .exited = on_exit_of,
                                       .arg = storage};
    enum hr_code code = hr_child_spawn(storage->options.loop, &options, &storage->child, err);
    close(ends[1]);
    if (log >= 0)
        close(log);
    if (code) {
        close(ends[0]);
        return code;
    }
    storage->pipe = ends[0];
    storage->got = 0;
    storage->started_ms = now_ms();
    storage->watch = hr_watch_start(storage->options.loop, ends[0], on_line, storage);
    return HR_OK;
}

static enum hr_code launch(struct hr_storage *storage, struct hr_err *err)
{
    const struct hr_home *home = storage->options.home;
    struct hr_arena *arena = hr_arena_new(NULL);
    char self[4096];
    const char *key_file = hr_printf(arena, "%s/account.key", home->site.run_dir),
               *server = hr_printf(arena, "%s/server", home->tls_dir);
    enum hr_code code = hr_child_self(self, sizeof self, err);
    if (!code)
        code = hr_file_write(key_file, 0600, home->account_key, strlen(home->account_key), err);
    const char *argv[] = {self,
                          "account",
                          "--home",
                          home->site.home,
                          "--account",
                          home->site.account,
                          "--key-file",
                          key_file,
                          "--container",
                          home->site.container,
                          "--container",
                          HR_JOB_CODE_CONTAINER,
                          "--container",
                          HR_JOB_RUN_CONTAINER,
                          "--listen-fd",
                          "3",
                          "--grant-key",
                          hr_notices_key_file(&home->site, arena),
                          "--resource-id",
                          home->site.account_id,
                          "--notices",
                          hr_notices_socket(&home->site, arena, "account"),
                          "--revoked",
                          hr_notices_revoked_file(&home->site, arena),
                          storage->options.tls ? "--tls-cert" : NULL,
                          hr_printf(arena, "%s.pem", server),
                          "--tls-key",
                          hr_printf(arena, "%s.key", server),
                          NULL};
    if (!code)
        code = spawn(storage, argv, err);
    hr_arena_free(arena);
    return code;
}

static enum hr_code open_listener(struct hr_storage *storage, struct hr_err *err)
{
    const struct hr_storage_options *options = &storage->options;
    int port = options->port ? options->port : options->home->last_storage_port;
    enum hr_code code = hr_http_listen(options->listen, port, &storage->listener, err);
    for (int i = 0; code == HR_E_EXISTS && port && i < TAKEN_MS / TAKEN_PAUSE_MS; i++) {
        /* a killed daemon's account has it for a moment longer */
        usleep(TAKEN_PAUSE_MS * 1000);
        code = hr_http_listen(options->listen, port, &storage->listener, err);
    }
    if (code && !options->port && port) /* the last start's port is somebody else's now */
        code = hr_http_listen(options->listen, 0, &storage->listener, err);
    storage->port = code ? 0 : hr_http_listen_port(storage->listener);
    return code;
}

enum hr_code hr_storage_start(const struct hr_storage_options *options,
                              struct hr_storage **out,
                              struct hr_err *err)
{
    struct hr_storage *storage = calloc(1, sizeof *storage);
    HR_CHECK(storage);
    storage->options = *options;
    storage->listener = storage->pipe = -1;
    enum hr_code code = open_listener(storage, err);
    if (!code)
        code = launch(storage, err);
    if (code)
        hr_storage_free(storage);
    else
        *out = storage;
    return code;
}

void hr_storage_stop(struct hr_storage *storage)
{
    if (!storage || storage->stopping)
        return;
    storage->stopping = true;
    hr_timer_stop(storage->again);
    close_pipe(storage);
    if (storage->child)
        hr_child_kill(storage->child, SIGTERM);
}

void hr_storage_free(struct hr_storage *storage)
{
    if (!storage)
        return;
    if (storage->listener >= 0)
        close(storage->listener);
    free(storage);
}
