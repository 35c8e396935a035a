/* A worker thread with a stated stack and a queue of jobs, run one after the other in the order of
 * posting. The loop's thread (or any other) posts; a job answers with hr_loop_post. */
#ifndef HR_IO_THREAD_H
#define HR_IO_THREAD_H
#include "base/error.h"
#include <stddef.h>

struct hr_thread;

/* 0: the system's default stack */
enum hr_code hr_thread_new(const char *name,
                           size_t stack_bytes,
                           struct hr_thread **thread,
                           struct hr_err *err);
/* any thread, until hr_thread_free */
void hr_thread_post(struct hr_thread *thread, void (*job)(void *arg), void *arg);
/* runs what is queued, then joins; NULL is fine */
void hr_thread_free(struct hr_thread *thread);
#endif
