/* Host processes: started, found ready, ended, reaped. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/session/private.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROBE_MS 2
#define START_MS 20000           /* a host that is not ready by then is ended */
#define END_MS 2000
#define FAILURES_MAX 3           /* this many starts in a row fail: no more spares for a while */
#define REST_MS 10000

static uint64_t now_ms(void)
{
    return hr_clock_mono_ns() / 1000000;
}

char *session_path(const struct hr_sessions *sessions, int number, const char *kind)
{
    char *path;
    HR_CHECK(asprintf(&path, "%s/%d.%s", strcmp(kind, "sock") ? sessions->folder : sessions->sockets, number, kind) > 0);
    return path;
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
        unlink(host->journal);   /* a spare's: nothing is in it */
    hr_timer_stop(host->probe);
    free(host->socket);
    free(host->journal);
    free(host);
}

static void describe(char *out, size_t size, int status, int number)
{
    if (number)
        snprintf(out, size, "it was killed by signal %d (%s)", number, strsignal(number));
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

static void on_exited(struct hr_child *child, int status, int number, void *arg)
{
    struct host *host = arg;
    struct hr_sessions *sessions = host->sessions;
    struct hr_session *session = host->session;
    char why[128], pid[16];
    (void)child;
    bool ready = host->ready, expected = host->ending;
    host->child = NULL;
    describe(why, sizeof why, status, number);
    snprintf(pid, sizeof pid, "%d", host->pid);
    if (!expected)
        hr_log(HR_LOG_WARN, "session.host-died", "pid", pid, "why", why, "session", session ? session->id : NULL, NULL);
    if (!ready && !expected)
        note_failure(sessions);
    forget(host);
    if (session)
        session_host_died(session, ready, why);
    hosts_refill_soon(sessions, 100);
}

/* One that listens is ready. The probe costs a system call every few milliseconds of a start, and nothing after; the host needs no
 * protocol for it. */
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
        hr_child_kill(host->child, SIGKILL);
    }
    if (!up)
        return;
    hr_timer_stop(host->probe);
    host->probe = NULL;
    host->ready = true;
    host->sessions->failures = 0;
    if (host->session)
        session_host_ready(host->session);
    hosts_refill_soon(host->sessions, 0);   /* spares are started one after the other */
}

enum hr_code host_start(struct hr_sessions *sessions, const char *journal, struct host **out, struct hr_err *err)
{
    struct host *host = calloc(1, sizeof *host);
    HR_CHECK(host);
    host->sessions = sessions;
    host->number = sessions->next_number++;
    host->socket = session_path(sessions, host->number, "sock");
    host->journal = journal ? strdup(journal) : session_path(sessions, host->number, "journal");
    host->started_ms = now_ms();
    size_t count = 0;
    while (sessions->host[count])
        count++;
    const char **argv = calloc(count + 5, sizeof *argv);
    HR_CHECK(argv);
    memcpy(argv, sessions->host, count * sizeof *argv);
    const char *const more[] = {"--socket", host->socket, "--journal", host->journal};
    memcpy(argv + count, more, sizeof more);
    unlink(host->socket);
    struct hr_child_options options = {.argv = argv, .env = (const char *const *)sessions->env, .in = HR_CHILD_NULL, .out = HR_CHILD_NULL,
                                       .error = HR_CHILD_INHERIT, .die_with_parent = true, .exited = on_exited, .arg = host};
    enum hr_code code = hr_child_spawn(sessions->loop, &options, &host->child, err);
    free(argv);
    if (code) {
        note_failure(sessions);
        free(host->socket);
        free(host->journal);
        free(host);
        return code;
    }
    host->pid = hr_child_pid(host->child);
    host->next = sessions->hosts;
    sessions->hosts = host;
    host->probe = hr_timer_start(sessions->loop, PROBE_MS, PROBE_MS, probe, host);
    *out = host;
    return HR_OK;
}

void host_end(struct host *host)
{
    if (host->ending)
        return;
    host->ending = true;
    host->kill_ms = now_ms() + END_MS;
    host->session = NULL;
    hr_timer_stop(host->probe);
    host->probe = NULL;
    hr_child_kill(host->child, SIGTERM);
}

static int spares(const struct hr_sessions *sessions, bool ready_only)
{
    int count = 0;
    for (const struct host *at = sessions->hosts; at; at = at->next)
        count += !at->session && !at->ending && (at->ready || !ready_only);
    return count;
}

size_t hr_sessions_spares(const struct hr_sessions *sessions)
{
    return (size_t)spares(sessions, true);
}

struct host *host_spare(struct hr_sessions *sessions)
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
    for (const struct host *at = sessions->hosts; at; at = at->next)
        if (!at->session && !at->ending && !at->ready)
            return;                    /* its being ready brings the next */
    if (sessions->freeing || spares(sessions, false) >= sessions->spares)
        return;
    uint64_t now = now_ms();
    if (now < sessions->rest_until_ms)
        hosts_refill_soon(sessions, sessions->rest_until_ms - now + 1);
    else if (host_start(sessions, NULL, &host, NULL))
        hosts_refill_soon(sessions, REST_MS);
}

void hosts_refill(struct hr_sessions *sessions)
{
    hr_timer_stop(sessions->refill);
    refill(sessions);
}

void hosts_refill_soon(struct hr_sessions *sessions, uint64_t ms)
{
    if (!sessions->refill && !sessions->freeing)
        sessions->refill = hr_timer_start(sessions->loop, ms, 0, refill, sessions);
}

void hosts_sweep(struct hr_sessions *sessions, uint64_t now)
{
    for (struct host *at = sessions->hosts; at; at = at->next)
        if (at->ending && at->child && now > at->kill_ms)
            hr_child_kill(at->child, SIGKILL);
}

void hosts_end_spares(struct hr_sessions *sessions)
{
    for (struct host *at = sessions->hosts; at; at = at->next)
        if (!at->session)
            host_end(at);
}

void hosts_free(struct hr_sessions *sessions)
{
    while (sessions->hosts) {
        struct host *host = sessions->hosts;
        hr_child_forget(host->child);
        hr_child_kill(host->child, SIGKILL);   /* what must survive it stands in its journal */
        forget(host);
    }
}
