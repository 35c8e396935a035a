#include "io/loop.h"
#include "base/check.h"
#include "io/loop_private.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

struct message {
    void (*fn)(void *arg);
    void *arg;
    struct message *next;
};

struct hr_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t prepare;
    /* over messages and stopping; no message runs under it, so each may post and stop */
    pthread_mutex_t lock;
    struct message *first, **last;
    bool stopping, claimed;
    struct hr_deferred deferred; /* the head of a ring */
};

struct hr_timer {
    uv_timer_t uv;
    void (*fn)(void *arg);
    void *arg;
};

struct watcher {
    uv_signal_t uv;
    void (*fn)(int signal, void *arg);
    void *arg;
};

struct hr_watch {
    uv_poll_t uv;
    int fd;
    void (*fn)(int fd, void *arg);
    void *arg;
};

static void *must(void *memory)
{
    HR_CHECK(memory);
    return memory;
}

static bool run_messages(struct hr_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct message *at = loop->first;
    bool stopping = loop->stopping;
    loop->first = NULL;
    loop->last = &loop->first;
    loop->stopping = false;
    pthread_mutex_unlock(&loop->lock);
    while (at) {
        struct message *next = at->next;
        at->fn(at->arg);
        free(at);
        at = next;
    }
    return stopping;
}

static void on_wake(uv_async_t *wake)
{
    struct hr_loop *loop = wake->data;
    if (run_messages(loop))
        uv_stop(&loop->uv);
}

static void run_deferred(struct hr_loop *loop)
{
    while (loop->deferred.next != &loop->deferred) {
        struct hr_deferred *at = loop->deferred.next;
        hr_loop_undefer(loop, at);
        at->fn(at->arg);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    run_deferred(prepare->data);
}

enum hr_code hr_loop_new(struct hr_loop **out, struct hr_err *err)
{
    struct hr_loop *loop = must(calloc(1, sizeof *loop));
    int failed = uv_loop_init(&loop->uv);
    if (failed) {
        free(loop);
        return hr_fail(err, HR_E_IO, "the event loop cannot start: %s", uv_strerror(failed));
    }
    signal(SIGPIPE, SIG_IGN);
    /* a write above the limit of files' sizes fails, as one on a full disk does */
    signal(SIGXFSZ, SIG_IGN);
    pthread_mutex_init(&loop->lock, NULL);
    loop->last = &loop->first;
    loop->deferred.next = loop->deferred.prev = &loop->deferred;
    loop->uv.data = loop;
    failed = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (failed) { /* no descriptor is left for it */
        uv_loop_close(&loop->uv);
        pthread_mutex_destroy(&loop->lock);
        free(loop);
        return hr_fail(err, HR_E_IO, "the event loop cannot start: %s", uv_strerror(failed));
    }
    HR_CHECK(!uv_prepare_init(&loop->uv, &loop->prepare));
    HR_CHECK(!uv_prepare_start(&loop->prepare, on_prepare));
    loop->wake.data = loop->prepare.data = loop;
    uv_unref((uv_handle_t *)&loop->prepare);
    *out = loop;
    return HR_OK;
}

void hr_loop_run(struct hr_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void hr_loop_stop(struct hr_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->stopping = true;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

void hr_loop_post(struct hr_loop *loop, void (*fn)(void *arg), void *arg)
{
    struct message *message = must(malloc(sizeof *message));
    *message = (struct message){fn, arg, NULL};
    pthread_mutex_lock(&loop->lock);
    *loop->last = message;
    loop->last = &message->next;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle); /* the handle is its struct's first member */
}

static void close_left(uv_handle_t *handle, void *arg)
{
    struct hr_loop *loop = arg;
    if (uv_is_closing(handle))
        return;
    bool own = handle == (uv_handle_t *)&loop->wake || handle == (uv_handle_t *)&loop->prepare;
    bool ours = handle->type == UV_TIMER || handle->type == UV_SIGNAL || handle->type == UV_POLL;
    uv_close(handle, own || !ours ? NULL : free_handle);
}

void hr_loop_free(struct hr_loop *loop)
{
    if (!loop)
        return;
    run_messages(loop);
    run_deferred(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_walk(&loop->uv, close_left, loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    run_messages(loop);
    hr_child_loop_freed(loop);
    HR_CHECK(!uv_loop_close(&loop->uv));
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

static void on_timer(uv_timer_t *uv)
{
    struct hr_timer *timer = (struct hr_timer *)uv;
    bool once = !uv_timer_get_repeat(uv);
    void (*fn)(void *) = timer->fn;
    void *arg = timer->arg;
    if (once)
        uv_close((uv_handle_t *)uv, free_handle);
    fn(arg);
}

struct hr_timer *hr_timer_start(
    struct hr_loop *loop, uint64_t ms, uint64_t repeat_ms, void (*fn)(void *arg), void *arg)
{
    struct hr_timer *timer = must(calloc(1, sizeof *timer));
    timer->fn = fn;
    timer->arg = arg;
    uv_update_time(&loop->uv); /* the loop's idea of now may be a long callback old */
    uv_timer_init(&loop->uv, &timer->uv);
    uv_timer_start(&timer->uv, on_timer, ms, repeat_ms);
    return timer;
}

void hr_timer_stop(struct hr_timer *timer)
{
    if (timer && !uv_is_closing((uv_handle_t *)&timer->uv))
        uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void on_signal(uv_signal_t *uv, int number)
{
    struct watcher *watcher = (struct watcher *)uv;
    watcher->fn(number, watcher->arg);
}

void hr_loop_on_signal(struct hr_loop *loop,
                       int number,
                       void (*fn)(int signal, void *arg),
                       void *arg)
{
    struct watcher *watcher = must(calloc(1, sizeof *watcher));
    watcher->fn = fn;
    watcher->arg = arg;
    uv_signal_init(&loop->uv, &watcher->uv);
    uv_signal_start(&watcher->uv, on_signal, number);
    uv_unref((uv_handle_t *)&watcher->uv);
}

void hr_loop_defer(struct hr_loop *loop, struct hr_deferred *deferred)
{
    if (deferred->next)
        return;
    deferred->next = &loop->deferred;
    deferred->prev = loop->deferred.prev;
    deferred->prev->next = deferred->next->prev = deferred;
}

void hr_loop_undefer(struct hr_loop *loop, struct hr_deferred *deferred)
{
    (void)loop;
    if (!deferred->next)
        return;
    deferred->prev->next = deferred->next;
    deferred->next->prev = deferred->prev;
    deferred->next = deferred->prev = NULL;
}

static void on_readable(uv_poll_t *uv, int status, int events)
{
    struct hr_watch *watch = (struct hr_watch *)uv;
    (void)status, (void)events;
    watch->fn(watch->fd, watch->arg);
}

struct hr_watch *hr_watch_start(struct hr_loop *loop,
                                int fd,
                                void (*fn)(int fd, void *arg),
                                void *arg)
{
    struct hr_watch *watch = must(calloc(1, sizeof *watch));
    watch->fd = fd;
    watch->fn = fn;
    watch->arg = arg;
    HR_CHECK(!uv_poll_init(&loop->uv, &watch->uv, fd));
    HR_CHECK(!uv_poll_start(&watch->uv, UV_READABLE | UV_DISCONNECT, on_readable));
    return watch;
}

void hr_watch_stop(struct hr_watch *watch)
{
    if (watch && !uv_is_closing((uv_handle_t *)&watch->uv))
        uv_close((uv_handle_t *)&watch->uv, free_handle);
}

struct uv_loop_s *hr_loop_uv(struct hr_loop *loop)
{
    return &loop->uv;
}

bool hr_loop_claim_children(struct hr_loop *loop)
{
    bool first = !loop->claimed;
    loop->claimed = true;
    return first;
}
