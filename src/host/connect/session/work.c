/* Worker threads: one job each at a time, started when all are busy, a few kept. The table of
 * workers is the loop's. */
#include "host/connect/private.h"
#include <stdlib.h>

#define IDLE_WORKERS 2

struct worker {
    struct worker *next;
    struct hr_connect *connect;
    struct hr_thread *thread;
    bool busy;
    void (*job)(void *arg);
    void *arg;
};

static void retire(struct hr_connect *connect)
{
    size_t idle = 0;
    for (struct worker **at = &connect->workers; *at;) {
        struct worker *worker = *at;
        if (worker->busy || ++idle <= IDLE_WORKERS) {
            at = &worker->next;
            continue;
        }
        *at = worker->next;
        hr_thread_free(worker->thread);
        free(worker);
    }
}

static void finished(void *arg)
{
    struct worker *worker = arg;
    struct hr_connect *connect = worker->connect;
    worker->busy = false;
    connect->busy--;
    if (connect->stopping && !connect->busy)
        hr_loop_stop(connect->loop);
    else if (!connect->stopping)
        retire(connect);
}

static void run(void *arg)
{
    struct worker *worker = arg;
    worker->job(worker->arg);
    hr_loop_post(worker->connect->loop, finished, worker);
}

enum hr_code hr_work_start(struct hr_connect *connect,
                           void (*job)(void *arg),
                           void *arg,
                           struct hr_err *err)
{
    struct worker *worker = connect->workers;
    while (worker && worker->busy)
        worker = worker->next;
    if (!worker) {
        worker = calloc(1, sizeof *worker);
        if (!worker)
            return hr_fail(err, HR_E_NOMEM, "no memory for a worker thread");
        worker->connect = connect;
        enum hr_code code = hr_thread_new("hr-query", HR_ANALYZE_STACK_BYTES, &worker->thread, err);
        if (code) {
            free(worker);
            return code;
        }
        worker->next = connect->workers;
        connect->workers = worker;
    }
    worker->busy = true;
    worker->job = job;
    worker->arg = arg;
    connect->busy++;
    hr_thread_post(worker->thread, run, worker);
    return HR_OK;
}

/* the loop has stopped: what runs was cancelled, its last messages are run so that the workers can
 * be freed */
void hr_work_stop(struct hr_connect *connect)
{
    connect->stopping = true;
    if (connect->busy)
        hr_loop_run(connect->loop);
    while (connect->workers) {
        struct worker *worker = connect->workers;
        connect->workers = worker->next;
        hr_thread_free(worker->thread);
        free(worker);
    }
}
