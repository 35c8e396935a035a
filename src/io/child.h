/* Child processes: spawned and reaped on a loop's thread.
 *
 * A child gets only the descriptors that it is given. With die_with_parent the kernel kills it
 * (SIGKILL) when the thread that spawned it ends, so a killed daemon leaves nothing behind. A
 * struct hr_child is the loop's; it is gone after `exited`. */
#ifndef HR_IO_CHILD_H
#define HR_IO_CHILD_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct hr_loop;
struct hr_child;

/* for in, out and error: /dev/null, or the parent's own */
enum { HR_CHILD_NULL = -1, HR_CHILD_INHERIT = -2 };

struct hr_child_options {
    /* closed by NULL; argv[0] is looked up in PATH unless it has a slash */
    const char *const *argv;
    /* NAME=value set beside the parent's environment, closed by NULL; NAME alone unsets. NULL: none
     */
    const char *const *env;
    const char *cwd;    /* NULL: the parent's */
    int in, out, error; /* descriptors, or HR_CHILD_* */
    const int *fds;
    size_t fd_count; /* become 3, 4, … in the child */
    bool die_with_parent;
    /* its own process group: hr_child_kill reaches its children too */
    bool new_group;
    /* exit status, or the signal that killed it; may be NULL */
    void (*exited)(struct hr_child *child, int status, int signal, void *arg);
    void *arg;
};
enum hr_code hr_child_spawn(struct hr_loop *loop,
                            const struct hr_child_options *options,
                            struct hr_child **child,
                            struct hr_err *err);
int hr_child_pid(const struct hr_child *child);
void hr_child_kill(struct hr_child *child, int signal);
/* `exited` will not be called; the child is reaped while the loop lives */
void hr_child_forget(struct hr_child *child);

/* the path of the running executable, for spawning another role of it; the caller's buffer */
enum hr_code hr_child_self(char *path, size_t size, struct hr_err *err);
#endif
