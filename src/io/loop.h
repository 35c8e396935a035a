/* The event loop: one thread owns one loop, everything else is a message (hr_loop_post).
 *
 * Every function here is for the loop's own thread, except hr_loop_post and hr_loop_stop, which any
 * thread may call. hr_loop_new ignores SIGPIPE and SIGXFSZ for the process: a closed socket and a
 * file that may not grow are error codes, not a death. The loop owns its timers and signal
 * watchers; hr_loop_free closes what is left. Only src/io and src/http know that libuv is
 * underneath. */
#ifndef HR_IO_LOOP_H
#define HR_IO_LOOP_H
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct hr_loop;
struct hr_timer;
struct uv_loop_s;

enum hr_code hr_loop_new(struct hr_loop **loop, struct hr_err *err);
/* until hr_loop_stop; may be run again after */
void hr_loop_run(struct hr_loop *loop);
void hr_loop_stop(struct hr_loop *loop); /* any thread */
/* runs the close callbacks of what is still open; messages not yet run are run */
void hr_loop_free(struct hr_loop *loop);

/* runs fn(arg) on the loop's thread, in the order of posting; any thread */
void hr_loop_post(struct hr_loop *loop, void (*fn)(void *arg), void *arg);

/* fn after `ms`, then every `repeat_ms` (0: once, and the timer frees itself after fn).
 * hr_timer_stop frees the timer. */
struct hr_timer *hr_timer_start(
    struct hr_loop *loop, uint64_t ms, uint64_t repeat_ms, void (*fn)(void *arg), void *arg);
/* NULL is fine; not from a once-timer's own fn */
void hr_timer_stop(struct hr_timer *timer);

/* fn(signal, arg) on the loop's thread whenever the process gets the signal, until the loop is
 * freed */
void hr_loop_on_signal(struct hr_loop *loop,
                       int signal,
                       void (*fn)(int signal, void *arg),
                       void *arg);

/* Work put off to the moment before the loop next waits: what many callbacks of one turn ask for is
 * done once (a connection's writes leave in one system call), and nothing is freed under a caller's
 * feet. The struct is the caller's, zeroed at first. */
struct hr_deferred {
    void (*fn)(void *arg);
    void *arg;
    struct hr_deferred *next, *prev; /* the loop's */
};
/* once per turn, however often it is asked for */
void hr_loop_defer(struct hr_loop *loop, struct hr_deferred *deferred);
/* fine when it is not queued */
void hr_loop_undefer(struct hr_loop *loop, struct hr_deferred *deferred);

/* fn(fd, arg) while fd can be read; the fd stays the caller's, and is closed after hr_watch_stop */
struct hr_watch;
struct hr_watch *hr_watch_start(struct hr_loop *loop,
                                int fd,
                                void (*fn)(int fd, void *arg),
                                void *arg);
void hr_watch_stop(struct hr_watch *watch); /* NULL is fine */

struct uv_loop_s *hr_loop_uv(struct hr_loop *loop); /* for src/http */
#endif
