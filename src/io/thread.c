#include "io/thread.h"
#include "base/check.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct job {
    void (*fn)(void *arg);
    void *arg;
    struct job *next;
};

struct hr_thread {
    pthread_t id;
    pthread_mutex_t lock; /* over the queue; no job runs under it, so each may post */
    pthread_cond_t more;
    struct job *first, **last;
    bool ending;
};

static void *work(void *arg)
{
    struct hr_thread *thread = arg;
    for (;;) {
        pthread_mutex_lock(&thread->lock);
        while (!thread->first && !thread->ending)
            pthread_cond_wait(&thread->more, &thread->lock);
        struct job *job = thread->first;
        if (job && !(thread->first = job->next))
            thread->last = &thread->first;
        pthread_mutex_unlock(&thread->lock);
        if (!job)
            return NULL;
        job->fn(job->arg);
        free(job);
    }
}

enum hr_code hr_thread_new(const char *name,
                           size_t stack_bytes,
                           struct hr_thread **out,
                           struct hr_err *err)
{
    struct hr_thread *thread = calloc(1, sizeof *thread);
    HR_CHECK(thread);
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->more, NULL);
    thread->last = &thread->first;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (stack_bytes)
        HR_CHECK(!pthread_attr_setstacksize(&attributes, stack_bytes));
    int failed = pthread_create(&thread->id, &attributes, work, thread);
    pthread_attr_destroy(&attributes);
    if (failed) {
        free(thread);
        return hr_fail(err, HR_E_NOMEM, "no thread '%s': %s", name, strerror(failed));
    }
    char shown[16]; /* the kernel's limit */
    strncpy(shown, name, sizeof shown - 1);
    shown[sizeof shown - 1] = 0;
    pthread_setname_np(thread->id, shown);
    *out = thread;
    return HR_OK;
}

void hr_thread_post(struct hr_thread *thread, void (*fn)(void *arg), void *arg)
{
    struct job *job = malloc(sizeof *job);
    HR_CHECK(job);
    *job = (struct job){fn, arg, NULL};
    pthread_mutex_lock(&thread->lock);
    HR_CHECK(!thread->ending);
    *thread->last = job;
    thread->last = &job->next;
    pthread_cond_signal(&thread->more);
    pthread_mutex_unlock(&thread->lock);
}

void hr_thread_free(struct hr_thread *thread)
{
    if (!thread)
        return;
    pthread_mutex_lock(&thread->lock);
    thread->ending = true;
    pthread_cond_signal(&thread->more);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->id, NULL);
    pthread_cond_destroy(&thread->more);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}
