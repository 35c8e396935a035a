/* Mount points: may this folder be mounted on, what is mounted where, and unmounting, also what a
 * killed mount left behind. Works on /proc/self/mountinfo and the kernel; no libfuse, no server:
 * the command line uses it too. Any thread. */
#ifndef HR_MOUNT_POINT_H
#define HR_MOUNT_POINT_H
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <sys/types.h>

#define HR_MOUNT_FSTYPE "fuse.headrace"
#define HR_MOUNT_EXIT_NO_FUSE \
    3 /* the exit status that says: FUSE cannot be had here; callers download instead */

struct hr_mount_entry {
    const char *dir, *type, *source; /* source: "headrace:NAME:VERSION" for ours */
    bool ours, dead;                 /* dead: its process is gone; seen without waiting for it */
    pid_t pid;                       /* of ours; 0 when it does not say */
};

/* what is mounted, in the kernel's order; ours alone when only_ours */
enum hr_code hr_mount_list(struct hr_arena *arena,
                           bool only_ours,
                           struct hr_mount_entry **entries,
                           size_t *count,
                           struct hr_err *err);

/* Is there FUSE on this machine, for this user? HR_E_UNSUPPORTED says why not. */
enum hr_code hr_mount_fuse_check(struct hr_err *err);

/* An empty folder on which nothing is mounted, as *real (in the arena). A mount of ours whose
 * process was killed is taken away first, and *repaired says so. */
enum hr_code hr_mount_point_prepare(
    struct hr_arena *arena, const char *dir, const char **real, bool *repaired, struct hr_err *err);

/* Takes a mount of ours away, and waits for its process to end. HR_E_EXISTS when files in it are in
 * use, unless lazy: then it goes when they are closed. */
enum hr_code hr_mount_point_unmount(struct hr_arena *arena,
                                    const char *dir,
                                    bool lazy,
                                    struct hr_err *err);

/* the same by its real path, without looking what it is: how a mount ends itself */
enum hr_code hr_mount_point_detach(const char *real, bool lazy, struct hr_err *err);
#endif
