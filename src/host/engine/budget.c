#include "host/engine/budget.h"
#include "base/check.h"
#include "base/limits.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_NS (20 * 1000 * 1000L)
#define LOOKS_WHEN_IDLE \
    50 /* then the watch sleeps until a query wakes it: a burst of small ones wakes it once */

struct budget {
    int64_t bytes;
    atomic_int_fast64_t made; /* by kernels, in vectors that are in use */
    atomic_int working;       /* queries for which DuckDB works */
    atomic_bool asleep;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct running *queries;
    bool ending;
    /* what the process held when nothing worked: allocators keep what was freed */
    int64_t idle_bytes;
    int statm;
    pthread_t watch;
};

/* ---- how much ---- */

static int64_t number_in(const char *path)
{
    char text[64] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return INT64_MAX;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return end == text || errno || value <= 0 ? INT64_MAX : value; /* "max" is no number */
}

/* the least of the limits of this process's control group and those above it */
static int64_t group_limit(void)
{
    int64_t least = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    char line[4096] = "", path[4200];
    FILE *groups = fopen("/proc/self/cgroup", "re");
    while (groups && fgets(line, sizeof line, groups) && strncmp(line, "0::", 3))
        line[0] = 0;
    if (groups)
        fclose(groups);
    line[strcspn(line, "\n")] = 0;
    for (char *group = line[0] ? line + 3 : NULL; group;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", strcmp(group, "/") ? group : "");
        int64_t here = number_in(path);
        least = here < least ? here : least;
        char *slash = strrchr(group, '/');
        if (!slash || !*group || !strcmp(group, "/"))
            break;
        *slash = 0;
    }
    return least;
}

int64_t hr_budget_default(void)
{
    int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE),
            group = group_limit();
    return (machine < group ? machine : group) / HR_SESSION_MEMORY_SHARE;
}

enum hr_code hr_budget_used_up(const struct budget *budget, struct hr_err *err)
{
    hr_fail(
        err, HR_E_NOMEM,
        "the session's memory is used up: the statement needs more than the %lld MiB that a session may hold",
        (long long)(budget->bytes >> 20));
    return hr_fail_hint(
        err,
        "let it hold less at once: shorter texts and arrays, fewer values collected into one row, rows filtered or aggregated before they are joined "
        "or sorted");
}

/* ---- the watch ---- */

/* what is this process's alone: not what it shares with others (libraries, mapped files) */
static int64_t process_bytes(const struct budget *budget)
{
    char text[128];
    long size, resident, shared;
    ssize_t len = pread(budget->statm, text, sizeof text - 1, 0);
    if (len <= 0)
        return 0;
    text[len] = 0;
    if (sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3)
        return 0;
    return (int64_t)(resident - shared) * sysconf(_SC_PAGESIZE);
}

static void end_all(struct budget *budget)
{
    for (struct running *query = budget->queries; query; query = query->next) {
        int not_yet = STOP_NOT;
        if (atomic_compare_exchange_strong(&query->stop, &not_yet, STOP_MEMORY))
            duckdb_interrupt(query->connection);
    }
}

/* with the lock held, every LOOK_EVERY_NS; whether anything works */
static bool look(struct budget *budget)
{
    int64_t held = process_bytes(budget);
    if (!atomic_load(&budget->working)) {
        budget->idle_bytes = held;
        return false;
    }
    int64_t base = budget->idle_bytes > budget->bytes ? budget->idle_bytes : budget->bytes;
    if (held > base + HR_SESSION_MEMORY_MARGIN)
        end_all(budget);
    return true;
}

static void pause_until_next(struct budget *budget)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += LOOK_EVERY_NS;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    pthread_cond_timedwait(&budget->wake, &budget->lock, &at);
}

static void *keep_watch(void *arg)
{
    struct budget *budget = arg;
    int idle = 0;
    pthread_mutex_lock(&budget->lock);
    while (!budget->ending) {
        idle = look(budget) ? 0 : idle + 1;
        if (idle < LOOKS_WHEN_IDLE) {
            pause_until_next(budget);
            continue;
        }
        malloc_trim(1 << 20);
        atomic_store(&budget->asleep, true);
        while (!budget->ending && !atomic_load(&budget->working))
            pthread_cond_wait(&budget->wake, &budget->lock);
        atomic_store(&budget->asleep, false);
        idle = 0;
    }
    pthread_mutex_unlock(&budget->lock);
    return NULL;
}

static void wake(struct budget *budget)
{
    pthread_mutex_lock(&budget->lock);
    pthread_cond_broadcast(&budget->wake);
    pthread_mutex_unlock(&budget->lock);
}

void hr_budget_begin(struct budget *budget)
{
    atomic_fetch_add(&budget->working, 1);
    if (atomic_load(&budget->asleep))
        wake(budget);
}

void hr_budget_end(struct budget *budget)
{
    atomic_fetch_sub(&budget->working, 1);
}

struct budget *hr_budget_new(int64_t bytes)
{
    struct budget *budget = calloc(1, sizeof *budget);
    pthread_condattr_t attr;
    HR_CHECK(budget);
    budget->bytes = bytes > 0 ? bytes : hr_budget_default();
    budget->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    pthread_mutex_init(&budget->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&budget->wake, &attr);
    pthread_condattr_destroy(&attr);
    HR_CHECK(!pthread_create(&budget->watch, NULL, keep_watch, budget));
    return budget;
}

void hr_budget_free(struct budget *budget)
{
    if (!budget)
        return;
    HR_CHECK(!budget->queries);
    pthread_mutex_lock(&budget->lock);
    budget->ending = true;
    pthread_mutex_unlock(&budget->lock);
    wake(budget);
    pthread_join(budget->watch, NULL);
    if (budget->statm >= 0)
        close(budget->statm);
    pthread_cond_destroy(&budget->wake);
    pthread_mutex_destroy(&budget->lock);
    free(budget);
}

/* ---- queries ---- */

static void unlink_query(struct budget *budget, struct running *query)
{
    struct running **at = &budget->queries;
    while (*at && *at != query)
        at = &(*at)->next;
    if (*at)
        *at = query->next;
}

void hr_budget_enter(struct budget *budget, struct running *query, duckdb_connection connection)
{
    duckdb_client_context context;
    duckdb_connection_get_client_context(connection, &context);
    pthread_mutex_lock(&budget->lock);
    unlink_query(budget, query);
    query->connection = connection;
    query->id = duckdb_client_context_get_connection_id(context);
    query->next = budget->queries;
    budget->queries = query;
    pthread_mutex_unlock(&budget->lock);
    duckdb_destroy_client_context(&context);
}

void hr_budget_leave(struct budget *budget, struct running *query)
{
    pthread_mutex_lock(&budget->lock);
    unlink_query(budget, query);
    pthread_mutex_unlock(&budget->lock);
}

const atomic_int *hr_budget_stop_of(struct budget *budget, idx_t connection_id)
{
    const atomic_int *found = NULL;
    pthread_mutex_lock(&budget->lock);
    for (struct running *query = budget->queries; query && !found; query = query->next)
        if (query->id == connection_id)
            found = &query->stop;
    pthread_mutex_unlock(&budget->lock);
    return found;
}

/* ---- kernels ---- */

bool hr_budget_take(struct budget *budget, int64_t bytes)
{
    if (bytes <= budget->bytes && atomic_fetch_add(&budget->made, bytes) + bytes <= budget->bytes)
        return true;
    if (bytes <= budget->bytes)
        atomic_fetch_sub(&budget->made, bytes);
    return false;
}

void hr_budget_give(struct budget *budget, int64_t bytes)
{
    atomic_fetch_sub(&budget->made, bytes);
}
