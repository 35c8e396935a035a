#include "io/child.h"
#include "base/check.h"
#include "io/loop.h"
#include "io/loop_private.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A SIGCHLD is one bit for all children, so each of ours is asked after; children of libraries are
 * left to them. The list is process-wide because a signal is; each child's parent is told on the
 * loop that spawned it. */
struct hr_child {
    pid_t pid;
    bool group, forgotten;
    struct hr_loop *loop;
    void (*exited)(struct hr_child *child, int status, int signal, void *arg);
    void *arg;
    struct hr_child *next;
};

/* Over the list, which holds the children of all loops: any of them may spawn. A child is taken off
 * it by its own loop's thread, which alone reaps and kills it, so its pid is its own until then.
 * `exited` is called without the lock: it may spawn the next one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hr_child *children;

static struct hr_child *take_dead(struct hr_loop *loop, int *status)
{
    pthread_mutex_lock(&lock);
    struct hr_child **at = &children;
    for (; *at; at = &(*at)->next) {
        if ((*at)->loop != loop)
            continue;
        pid_t got = waitpid((*at)->pid, status, WNOHANG);
        if (got == (*at)->pid || (got < 0 && errno == ECHILD))
            break;
    }
    struct hr_child *child = *at;
    if (child)
        *at = child->next;
    pthread_mutex_unlock(&lock);
    return child;
}

static void reap(int number, void *arg)
{
    struct hr_child *child;
    int status = 0;
    (void)number;
    while ((child = take_dead(arg, &status))) {
        if (child->exited && !child->forgotten)
            child->exited(child, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                          WIFSIGNALED(status) ? WTERMSIG(status) : 0, child->arg);
        free(child);
        status = 0;
    }
}

void hr_child_loop_freed(struct hr_loop *loop)
{
    pthread_mutex_lock(&lock);
    for (struct hr_child **at = &children, *gone; (gone = *at);) {
        if (gone->loop != loop) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        free(gone);
    }
    pthread_mutex_unlock(&lock);
}

/* what the child does between fork and exec: no allocation, no locks */
struct plan {
    const struct hr_child_options *options;
    const char *path;
    char **env;
    int report; /* errno goes here when exec fails; closed by it when not */
    pid_t parent;
    int null;
    int *moved;
};

_Noreturn static void fail(int report)
{
    int number = errno;
    _exit(write(report, &number, sizeof number) < 0 ? 126 : 127);
}

static void set_stream(const struct plan *plan, int fd, int target, int report)
{
    if (fd == HR_CHILD_INHERIT)
        return;
    if (dup2(fd == HR_CHILD_NULL ? plan->null : fd, target) < 0)
        fail(report);
}

static void give_fds(const struct plan *plan, int report)
{
    const struct hr_child_options *options = plan->options;
    int top = 3 + (int)options->fd_count;
    for (size_t i = 0; i < options->fd_count; i++)
        if ((plan->moved[i] = fcntl(options->fds[i], F_DUPFD_CLOEXEC, top)) < 0)
            fail(report);
    for (size_t i = 0; i < options->fd_count; i++)
        if (dup2(plan->moved[i], 3 + (int)i) < 0)
            fail(report);
}

static void close_others(int keep, int from)
{
#ifdef SYS_close_range
    if ((keep <= from || !syscall(SYS_close_range, from, keep - 1, 0)) &&
        !syscall(SYS_close_range, keep + 1, ~0u, 0))
        return;
#endif
    for (int fd = from; fd < 65536; fd++)
        if (fd != keep)
            close(fd);
}

_Noreturn static void become(const struct plan *plan)
{
    const struct hr_child_options *options = plan->options;
    int report = fcntl(plan->report, F_DUPFD_CLOEXEC, 3 + (int)options->fd_count);
    sigset_t none;
    if (report < 0)
        fail(plan->report); /* no descriptor is left; going on would close the child's own */
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (options->die_with_parent) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != plan->parent)
            _exit(127); /* it died before the request was made */
    }
    if (options->new_group)
        setpgid(0, 0);
    set_stream(plan, options->in, 0, report);
    set_stream(plan, options->out, 1, report);
    set_stream(plan, options->error, 2, report);
    give_fds(plan, report);
    close_others(report, 3 + (int)options->fd_count);
    if (!options->cwd || !chdir(options->cwd))
        execvpe(plan->path, (char *const *)options->argv, plan->env);
    fail(report);
}

extern char **environ;

static bool same_name(const char *setting, const char *other)
{
    size_t len = strcspn(setting, "=");
    return !strncmp(setting, other, len) && (other[len] == '=' || !other[len]);
}

static char **merged_env(const char *const *changes)
{
    size_t count = 0, added = 0, used = 0;
    while (environ[count])
        count++;
    while (changes && changes[added])
        added++;
    char **env = calloc(count + added + 1, sizeof *env);
    HR_CHECK(env);
    for (size_t i = 0; i < count; i++) {
        bool changed = false;
        for (size_t k = 0; k < added && !changed; k++)
            changed = same_name(changes[k], environ[i]);
        if (!changed)
            env[used++] = environ[i];
    }
    for (size_t k = 0; k < added; k++)
        if (strchr(changes[k], '='))
            env[used++] = (char *)changes[k];
    return env;
}

static enum hr_code fork_and_exec(struct plan *plan, pid_t *pid, struct hr_err *err)
{
    int ends[2], failed = 0;
    if (pipe2(ends, O_CLOEXEC))
        return hr_fail(err, HR_E_IO, "cannot start '%s': %s", plan->path, strerror(errno));
    plan->report = ends[1];
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* a handler of ours must not run in the child */
    *pid = fork();
    if (!*pid)
        become(plan);
    int fork_errno = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(ends[1]);
    ssize_t got = 0;
    if (*pid > 0)
        do
            got = read(ends[0], &failed, sizeof failed);
        while (got < 0 && errno == EINTR);
    close(ends[0]);
    if (*pid < 0)
        return hr_fail(err, HR_E_NOMEM, "cannot start '%s': %s", plan->path, strerror(fork_errno));
    if (got != sizeof failed)
        return HR_OK;
    waitpid(*pid, NULL, 0);
    return hr_fail(err, failed == ENOENT ? HR_E_NOT_FOUND : HR_E_IO, "cannot start '%s': %s",
                   plan->path, strerror(failed));
}

enum hr_code hr_child_spawn(struct hr_loop *loop,
                            const struct hr_child_options *options,
                            struct hr_child **out,
                            struct hr_err *err)
{
    if (hr_loop_claim_children(loop))
        hr_loop_on_signal(loop, SIGCHLD, reap, loop);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return hr_fail(err, HR_E_IO, "cannot start '%s': /dev/null: %s", options->argv[0],
                       strerror(errno));
    struct plan plan = {.options = options,
                        .path = options->argv[0],
                        .env = merged_env(options->env),
                        .parent = getpid(),
                        .null = null};
    plan.moved = calloc(options->fd_count + 1, sizeof *plan.moved);
    HR_CHECK(plan.moved);
    pid_t pid = -1;
    enum hr_code code = fork_and_exec(&plan, &pid, err);
    close(plan.null);
    free(plan.moved);
    free(plan.env);
    if (code)
        return code;
    struct hr_child *child = calloc(1, sizeof *child);
    HR_CHECK(child);
    *child = (struct hr_child){.pid = pid,
                               .group = options->new_group,
                               .loop = loop,
                               .exited = options->exited,
                               .arg = options->arg};
    pthread_mutex_lock(&lock);
    child->next = children;
    children = child;
    pthread_mutex_unlock(&lock);
    if (out)
        *out = child;
    return HR_OK;
}

int hr_child_pid(const struct hr_child *child)
{
    return child->pid;
}

void hr_child_kill(struct hr_child *child, int number)
{
    /* not yet reaped, so the pid is still its own */
    kill(child->group ? -child->pid : child->pid, number);
}

void hr_child_forget(struct hr_child *child)
{
    child->forgotten = true;
}

enum hr_code hr_child_self(char *path, size_t size, struct hr_err *err)
{
    ssize_t got = readlink("/proc/self/exe", path, size);
    if (got < 0 || (size_t)got >= size)
        return hr_fail(err, HR_E_IO, "the path of the running program cannot be read");
    path[got] = 0;
    return HR_OK;
}
