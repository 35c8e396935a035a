/* Work that waits for storage: one thread a request, so that a datastore that does not answer holds up nobody else. */
#include "base/check.h"
#include "daemon/data/private.h"
#include "io/loop.h"
#include "io/thread.h"
#include <stdatomic.h>
#include <stdlib.h>

#define WORKS_MAX 16
#define STACK_BYTES (1024 * 1024)

static struct {
    struct data_work *first;
    size_t count;
    atomic_bool stopping;
} works;

static bool cancelled(void *arg)
{
    (void)arg;
    return atomic_load(&works.stopping);
}

struct data_work *data_work_new(void)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct data_work *work = HR_NEW(arena, struct data_work);
    work->arena = arena;
    work->cancel = (struct hr_blob_cancel){cancelled, NULL};
    return work;
}

void data_work_free(struct data_work *work)
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
            works.count--;
            return;
        }
}

/* on the loop's thread: the work is done, its thread about to end */
static void deliver(void *arg)
{
    struct data_work *work = arg;
    struct hr_rest *req = work->req;
    hr_thread_free(work->thread);
    forget(work);
    if (req && !atomic_load(&works.stopping)) {
        enum hr_code code = work->code ? work->code : work->done(req, work, &work->err);
        req->gone = NULL;
        if (code)
            hr_rest_send_error(req, &work->err);
        else
            hr_rest_send(req);
    }
    data_work_free(work);
}

struct posted { struct data_work *work; struct hr_loop *loop; };

static void job(void *arg)
{
    struct posted *posted = arg;
    struct data_work *work = posted->work;
    work->code = work->run(work, &work->err);
    hr_loop_post(posted->loop, deliver, work);
}

static void gone(struct hr_rest *req)
{
    struct data_work *work = req->user;
    work->req = NULL;
}

enum hr_code data_work_start(struct hr_rest *req, struct data_work *work, struct hr_err *err)
{
    enum hr_code code = works.count < WORKS_MAX && !atomic_load(&works.stopping)
                            ? hr_thread_new("data", STACK_BYTES, &work->thread, err)
                            : hr_fail(err, HR_E_NOMEM, "%d requests are talking to storage already: try again", WORKS_MAX);
    if (code) {
        data_work_free(work);
        return code;
    }
    struct posted *posted = HR_NEW(work->arena, struct posted);
    *posted = (struct posted){work, req->site->loop};
    work->req = req;
    work->next = works.first;
    works.first = work;
    works.count++;
    req->user = work;
    req->gone = gone;
    hr_rest_defer(req);
    hr_thread_post(work->thread, job, posted);
    return HR_OK;
}

/* what was posted meanwhile still comes, and finds no request */
void hr_data_stop(void)
{
    atomic_store(&works.stopping, true);
    for (struct data_work *work = works.first; work; work = work->next) {
        work->req = NULL;
        hr_thread_free(work->thread);
        work->thread = NULL;
    }
}
