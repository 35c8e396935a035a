/* Work that waits for storage: one thread a request, so that a datastore that does not answer holds
 * up nobody else. So many at a time; the others wait their turn. */
#include "base/check.h"
#include "daemon/data/private.h"
#include "io/loop.h"
#include "io/thread.h"
#include <stdatomic.h>
#include <stdlib.h>

#define RUNNING_MAX 16
#define WAITING_MAX 1000
#define STACK_BYTES (1024 * 1024)

static struct {
    struct data_work *first; /* running ones and waiting ones, in order of coming */
    size_t running, waiting;
    atomic_bool stopping;
} works;

static bool cancelled(void *arg)
{
    (void)arg;
    return atomic_load(&works.stopping);
}

struct data_work *hr_data_work_new(void)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct data_work *work = HR_NEW(arena, struct data_work);
    work->arena = arena;
    work->cancel = (struct hr_blob_cancel){cancelled, NULL};
    return work;
}

void hr_data_work_free(struct data_work *work)
{
    if (!work)
        return;
    hr_blob_config_free(work->config);
    hr_arena_free(work->arena);
}

static void forget(struct data_work *work)
{
    for (struct data_work **at = &works.first; *at; at = &(*at)->next)
        if (*at == work) {
            *at = work->next;
            return;
        }
}

static void start_waiting(void);

static void answer(struct data_work *work)
{
    struct hr_rest *req = work->req;
    forget(work);
    if (req && !atomic_load(&works.stopping)) {
        enum hr_code code = work->code ? work->code : work->done(req, work, &work->err);
        req->gone = NULL;
        if (code)
            hr_rest_send_error(req, &work->err);
        else
            hr_rest_send(req);
    }
    hr_data_work_free(work);
}

/* on the loop's thread: the work is done, its thread about to end */
static void deliver(void *arg)
{
    struct data_work *work = arg;
    hr_thread_free(work->thread);
    works.running--;
    answer(work);
    start_waiting();
}

static void job(void *arg)
{
    struct data_work *work = arg;
    work->code = work->run(work, &work->err);
    hr_loop_post(work->loop, deliver, work);
}

static void start(struct data_work *work)
{
    works.waiting--;
    work->code = hr_thread_new("data", STACK_BYTES, &work->thread, &work->err);
    if (work->code) {
        answer(work);
        return;
    }
    works.running++;
    hr_thread_post(work->thread, job, work);
}

/* those whose client went while they waited are not begun */
static void start_waiting(void)
{
    struct data_work *next;
    for (struct data_work *work = works.first;
         work && works.running < RUNNING_MAX && !atomic_load(&works.stopping); work = next) {
        next = work->next;
        if (work->thread)
            continue;
        if (work->req) {
            start(work);
        } else {
            works.waiting--;
            forget(work);
            hr_data_work_free(work);
        }
    }
}

static void gone(struct hr_rest *req)
{
    struct data_work *work = req->user;
    work->req = NULL;
}

enum hr_code hr_data_work_start(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    struct data_work **last = &works.first;
    if (works.waiting >= WAITING_MAX || atomic_load(&works.stopping)) {
        hr_data_work_free(work);
        return hr_fail(err, HR_E_NOMEM, "%d requests wait for storage already: try again",
                       WAITING_MAX);
    }
    while (*last)
        last = &(*last)->next;
    *last = work;
    works.waiting++;
    work->req = req;
    work->loop = req->site->loop;
    req->user = work;
    req->gone = gone;
    hr_rest_defer(req);
    start_waiting();
    return HR_OK;
}

/* what was posted meanwhile still comes, and finds no request; what waited is not begun */
void hr_data_stop(void)
{
    struct data_work *next;
    atomic_store(&works.stopping, true);
    for (struct data_work *work = works.first; work; work = next) {
        next = work->next;
        work->req = NULL;
        if (work->thread) {
            hr_thread_free(work->thread);
            work->thread = NULL;
        } else {
            forget(work);
            hr_data_work_free(work);
        }
    }
}
