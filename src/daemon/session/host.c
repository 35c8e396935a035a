/* Host processes: started or adopted, found ready, held, ended, reaped. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/session/private.h"
#include "io/file.h"
#include "io/thread.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROBE_MS 2
#define START_MS 20000 /* a host that is not ready by then is ended */
#define END_MS 2000
#define FAILURES_MAX 3 /* this many starts in a row fail: no more spares for a while */
#define REST_MS 10000
#define KILLED_MS 1000 /* the end of a process that was killed */
#define HOLD "/headrace/hold"

static uint64_t now_ms(void)
{
    return hr_clock_mono_ns() / 1000000;
}

char *hr_session_path(const struct hr_sessions *sessions, int number, const char *kind)
{
    char *path;
    HR_CHECK(asprintf(&path, "%s/%d.%s",
                      strcmp(kind, "sock") ? sessions->folder : sessions->sockets, number,
                      kind) > 0);
    return path;
}

static void send_signal(struct host *host, int number)
{
    if (host->child)
        hr_child_kill(host->child, number);
    else if (host->pidfd >= 0)
        pidfd_send_signal(host->pidfd, number, NULL, 0);
}

static void close_client(struct host *host)
{
    struct hr_http_client *client = host->client;
    if (host->held)
        hr_http_call_cancel(host->held);
    host->held = NULL;
    host->client = NULL;
    hr_http_client_close(client);
}

static bool is_known(const struct hr_sessions *sessions, int number)
{
    for (const struct host *at = sessions->hosts; at; at = at->next)
        if (at->number == number)
            return true;
    return false;
}

/* ---- spill folders: one a host, for DuckDB's names in them are always the same ---- */

static char *spill_path(const struct hr_sessions *sessions, int number)
{
    char *path = NULL;
    if (sessions->spill)
        HR_CHECK(asprintf(&path, "%s/%d", sessions->spill, number) > 0);
    return path;
}

static void remove_spill(void *arg)
{
    struct hr_err err;
    if (hr_file_remove_tree(arg, &err))
        hr_log(HR_LOG_WARN, "session.spill-not-removed", "path", (char *)arg, "error", err.msg,
               NULL);
    free(arg);
}

/* -1: a name that is no host's */
static int number_of(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);
    return *name && !*end && number > 0 && number < INT_MAX ? (int)number : -1;
}

int hr_hosts_last_spill(const struct hr_sessions *sessions)
{
    int last = 0;
    DIR *folder = sessions->spill ? opendir(sessions->spill) : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (number_of(entry->d_name) > last)
            last = number_of(entry->d_name);
    if (folder)
        closedir(folder);
    return last;
}

void hr_hosts_sweep_spills(struct hr_sessions *sessions)
{
    DIR *folder = sessions->spill ? opendir(sessions->spill) : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char *path;
        if (!strcmp(entry->d_name, ".") ||
            !strcmp(entry->d_name, "..") ||
            is_known(sessions, number_of(entry->d_name)))
            continue;
        HR_CHECK(asprintf(&path, "%s/%s", sessions->spill, entry->d_name) > 0);
        hr_thread_post(sessions->remover, remove_spill, path);
    }
    if (folder)
        closedir(folder);
}

static void release(struct host *host)
{
    free(host->socket);
    free(host->journal);
    free(host->spill);
    free(host->command);
    free(host);
}

static void forget(struct host *host)
{
    struct hr_sessions *sessions = host->sessions;
    for (struct host **at = &sessions->hosts; *at; at = &(*at)->next)
        if (*at == host) {
            *at = host->next;
            break;
        }
    unlink(host->socket);
    if (!host->taken)
        unlink(host->journal); /* a spare's: nothing is in it */
    hr_timer_stop(host->probe);
    close_client(host);
    hr_watch_stop(host->gone);
    if (host->pidfd >= 0)
        close(host->pidfd);
    if (host->spill)
        hr_thread_post(sessions->remover, remove_spill, host->spill);
    host->spill = NULL;
    release(host);
}

static void describe(char *out, size_t size, int status, int number)
{
    if (number)
        snprintf(out, size, "it was killed by signal %d (%s)", number, strsignal(number));
    else if (status == HR_EXIT_FULL)
        snprintf(out, size, "the disk of the server's home is full");
    else
        snprintf(out, size, "it exited with status %d", status);
}

static void note_failure(struct hr_sessions *sessions)
{
    if (++sessions->failures < FAILURES_MAX)
        return;
    sessions->rest_until_ms = now_ms() + REST_MS;
    hr_log(HR_LOG_ERROR, "session.hosts-do-not-start", "program", sessions->host[0], NULL);
}

static void gone(struct host *host, enum hr_code code, const char *why)
{
    struct hr_sessions *sessions = host->sessions;
    struct hr_session *session = host->session;
    char pid[16];
    bool ready = host->ready, expected = host->ending;
    snprintf(pid, sizeof pid, "%d", host->pid);
    if (!expected)
        hr_log(HR_LOG_WARN, "session.host-died", "pid", pid, "why", why, "session",
               session ? session->id : NULL, NULL);
    if (!ready && !expected)
        note_failure(sessions);
    forget(host);
    if (session)
        hr_session_host_died(session, ready, code, why);
    hr_hosts_refill_soon(sessions, 100);
}

static void on_exited(struct hr_child *child, int status, int number, void *arg)
{
    struct host *host = arg;
    char why[128];
    (void)child;
    host->child = NULL;
    describe(why, sizeof why, status, number);
    gone(host, status == HR_EXIT_FULL ? HR_E_FULL : HR_E_INTERNAL, why);
}

static void on_adopted_exited(int fd, void *arg)
{
    (void)fd;
    gone(arg, HR_E_INTERNAL, "its process, which an earlier server had started, ended");
}

/* ---- holding: a call that stays open as long as this daemon lives ---- */

static void on_hold_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct host *host = hr_http_call_user(call);
    (void)trailers;
    host->held = NULL;
}

/* a broken call is a broken host: the end of its process is told by the kernel, and what hangs by
 * the calls on it */
static void on_hold_failed(struct hr_http_call *call, const struct hr_err *err)
{
    struct host *host = hr_http_call_user(call);
    (void)err;
    host->held = NULL;
}

static void hold(struct host *host)
{
    static const struct hr_call_handler handler = {.end = on_hold_end, .failed = on_hold_failed};
    hr_http_client_connect(host->sessions->loop, host->socket, NULL, 0, NULL, &host->client, NULL);
    host->held = hr_http_call_start(host->client, "POST", HOLD, NULL, &(struct hr_headers){NULL, 0},
                                    &handler, host);
    hr_http_call_finish(host->held); /* the answer is what stays open */
}

/* One that listens is ready. The probe costs a system call every few milliseconds of a start, and
 * nothing after; the host needs no protocol for it. */
static void probe(void *arg)
{
    struct host *host = arg;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, host->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool up = fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address);
    if (fd >= 0)
        close(fd);
    if (!up && now_ms() - host->started_ms > START_MS) {
        hr_log(HR_LOG_ERROR, "session.host-not-ready", "socket", host->socket, NULL);
        hr_timer_stop(host->probe);
        host->probe = NULL;
        note_failure(host->sessions);
        send_signal(host, SIGKILL);
    }
    if (!up)
        return;
    hr_timer_stop(host->probe);
    host->probe = NULL;
    hold(host);
    host->ready = true;
    host->sessions->failures = 0;
    if (host->session)
        hr_session_host_ready(host->session);
    hr_hosts_refill_soon(host->sessions, 0); /* spares are started one after the other */
}

/* every path in it is the host's own, by its number */
static enum hr_code spawn(struct host *host, struct hr_err *err)
{
    struct hr_sessions *sessions = host->sessions;
    const char *const own[] = {"--socket",
                               host->socket,
                               "--journal",
                               host->journal,
                               "--linger",
                               sessions->linger,
                               host->spill ? "--spill" : NULL,
                               host->spill,
                               NULL};
    size_t count = 0;
    while (sessions->host[count])
        count++;
    const char **argv = calloc(count + HR_LEN(own), sizeof *argv);
    HR_CHECK(argv);
    memcpy(argv, sessions->host, count * sizeof *argv);
    memcpy(argv + count, own, sizeof own);
    unlink(host->socket);
    struct hr_child_options options = {.argv = argv,
                                       .env = (const char *const *)sessions->env,
                                       .in = HR_CHILD_NULL,
                                       .out = HR_CHILD_NULL,
                                       .error = HR_CHILD_INHERIT,
                                       .die_with_parent = true,
                                       .exited = on_exited,
                                       .arg = host};
    enum hr_code code = hr_child_spawn(sessions->loop, &options, &host->child, err);
    free(argv);
    return code;
}

/* somebody may have removed them under the running server: a cleaner of /tmp, or a person */
static enum hr_code ensure_folders(const struct hr_sessions *sessions, struct hr_err *err)
{
    HR_TRY(hr_file_mkdirs(sessions->folder, err));
    HR_TRY(hr_file_mkdirs(sessions->sockets, err));
    return sessions->spill ? hr_file_mkdirs(sessions->spill, err) : HR_OK;
}

enum hr_code hr_host_start(struct hr_sessions *sessions,
                           const char *journal,
                           struct host **out,
                           struct hr_err *err)
{
    /* half a command is none: what came before hr_sessions_set_host waits */
    HR_CHECK(sessions->host[0]);
    struct host *host = calloc(1, sizeof *host);
    HR_CHECK(host);
    host->sessions = sessions;
    host->number = sessions->next_number++;
    host->socket = hr_session_path(sessions, host->number, "sock");
    host->journal = journal ? strdup(journal) : hr_session_path(sessions, host->number, "journal");
    host->spill = spill_path(sessions, host->number);
    host->command = strdup(sessions->command);
    host->started_ms = now_ms();
    host->pidfd = -1;
    enum hr_code code = ensure_folders(sessions, err);
    if (!code)
        code = spawn(host, err);
    if (code) {
        note_failure(sessions);
        release(host);
        return code;
    }
    host->pid = hr_child_pid(host->child);
    host->next = sessions->hosts;
    sessions->hosts = host;
    host->probe = hr_timer_start(sessions->loop, PROBE_MS, PROBE_MS, probe, host);
    *out = host;
    return HR_OK;
}

/* ---- those of an earlier daemon ---- */

/* the process that listens on a socket of ours; 0: none, or another user's */
static int listener_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t len = sizeof who;
    if (strlen(path) >= sizeof address.sun_path)
        return 0;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool known = fd >= 0 &&
                 !connect(fd, (struct sockaddr *)&address, sizeof address) &&
                 !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
    if (fd >= 0)
        close(fd);
    return known && who.uid == geteuid() ? (int)who.pid : 0;
}

struct host *hr_host_adopt(struct hr_sessions *sessions,
                           int number,
                           const char *journal,
                           const char *command)
{
    char *path = hr_session_path(sessions, number, "sock");
    int pid = listener_of(path), pidfd = pid ? pidfd_open(pid, 0) : -1;
    if (pidfd < 0) {
        free(path);
        return NULL;
    }
    struct host *host = calloc(1, sizeof *host);
    HR_CHECK(host);
    *host = (struct host){.sessions = sessions,
                          .pidfd = pidfd,
                          .socket = path,
                          .journal = strdup(journal),
                          .number = number,
                          .pid = pid,
                          .spill = spill_path(sessions, number),
                          .command = strdup(command),
                          .started_ms = now_ms(),
                          .next = sessions->hosts};
    sessions->hosts = host;
    host->gone = hr_watch_start(sessions->loop, pidfd, on_adopted_exited, host);
    hold(host);
    host->ready = true;
    return host;
}

/* spares of the earlier daemon, and hosts of sessions that ended with it */
void hr_hosts_end_unknown(struct hr_sessions *sessions)
{
    DIR *folder = opendir(sessions->sockets);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char *kind, path[4400];
        long number = strtol(entry->d_name, &kind, 10);
        if (kind == entry->d_name || strcmp(kind, ".sock") || is_known(sessions, (int)number))
            continue;
        snprintf(path, sizeof path, "%s/%s", sessions->sockets, entry->d_name);
        int pid = listener_of(path), pidfd = pid ? pidfd_open(pid, 0) : -1;
        if (pidfd >= 0) {
            pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
            close(pidfd);
        }
        unlink(path);
    }
    if (folder)
        closedir(folder);
}

void hr_host_end(struct host *host)
{
    if (host->ending)
        return;
    host->ending = true;
    host->kill_ms = now_ms() + END_MS;
    host->session = NULL;
    hr_timer_stop(host->probe);
    host->probe = NULL;
    close_client(host);
    send_signal(host, SIGTERM);
}

static int spares(const struct hr_sessions *sessions, bool ready_only)
{
    int count = 0;
    for (const struct host *at = sessions->hosts; at; at = at->next)
        count += !at->session && !at->ending && (at->ready || !ready_only);
    return count;
}

struct host *hr_host_spare(struct hr_sessions *sessions)
{
    struct host *found = NULL;
    for (struct host *at = sessions->hosts; at; at = at->next)
        if (!at->session && !at->ending && (!found || at->ready))
            found = at;
    return found;
}

static void refill(void *arg)
{
    struct hr_sessions *sessions = arg;
    struct host *host;
    sessions->refill = NULL;
    if (!sessions->host[0])
        return;
    for (const struct host *at = sessions->hosts; at; at = at->next)
        if (!at->session && !at->ending && !at->ready)
            return; /* its being ready brings the next */
    if (sessions->freeing || spares(sessions, false) >= sessions->spares)
        return;
    uint64_t now = now_ms();
    if (now < sessions->rest_until_ms)
        hr_hosts_refill_soon(sessions, sessions->rest_until_ms - now + 1);
    else if (hr_host_start(sessions, NULL, &host, NULL))
        hr_hosts_refill_soon(sessions, REST_MS);
}

void hr_hosts_refill(struct hr_sessions *sessions)
{
    hr_timer_stop(sessions->refill);
    refill(sessions);
}

void hr_hosts_refill_soon(struct hr_sessions *sessions, uint64_t ms)
{
    if (!sessions->refill && !sessions->freeing)
        sessions->refill = hr_timer_start(sessions->loop, ms, 0, refill, sessions);
}

void hr_hosts_sweep(struct hr_sessions *sessions, uint64_t now)
{
    for (struct host *at = sessions->hosts; at; at = at->next)
        if (at->ending && now > at->kill_ms)
            send_signal(at, SIGKILL);
}

void hr_hosts_replace(struct hr_sessions *sessions)
{
    for (struct host *at = sessions->hosts; at; at = at->next) {
        if (!strcmp(at->command, sessions->command))
            continue;
        if (at->session)
            hr_session_lost(at->session);
        else
            hr_host_end(at);
    }
}

/* it writes nothing any more: what it spilled can be removed */
static void await_end(const struct host *host)
{
    int pidfd = host->pidfd >= 0 ? host->pidfd : pidfd_open(host->pid, 0);
    if (pidfd < 0)
        return;
    poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, KILLED_MS);
    if (pidfd != host->pidfd)
        close(pidfd);
}

void hr_hosts_free(struct hr_sessions *sessions)
{
    for (struct host *at = sessions->hosts; at; at = at->next)
        send_signal(at, SIGKILL); /* what must survive it stands in its journal */
    while (sessions->hosts) {
        struct host *host = sessions->hosts;
        await_end(host);
        if (host->child)
            hr_child_forget(host->child);
        forget(host);
    }
}
