#include "mount/point.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define END_WAIT_MS 5000 /* for the process of an unmounted mount */

/* ---- what is mounted ---- */

/* mountinfo writes space, tab, newline and backslash as \ooo */
static char *unescape(char *text)
{
    char *out = text;
    for (const char *at = text; *at; at++) {
        if (*at == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] && at[3]) {
            *out++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            at += 3;
        } else {
            *out++ = *at;
        }
    }
    *out = 0;
    return text;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(char *line, struct hr_mount_entry *entry)
{
    char *save, *dash = strstr(line, " - "), *dir = NULL;
    if (!dash)
        return false;
    *dash = 0;
    strtok_r(line, " ", &save);
    for (int i = 1; i <= 4; i++)
        dir = strtok_r(NULL, " ", &save);
    char *type = strtok_r(dash + 3, " ", &save), *source = strtok_r(NULL, " ", &save);
    if (!dir || !type || !source)
        return false;
    *entry = (struct hr_mount_entry){.dir = unescape(dir),
                                     .type = type,
                                     .source = unescape(source),
                                     .ours = !strcmp(type, HR_MOUNT_FSTYPE)};
    return true;
}

static void ask(struct hr_mount_entry *entry)
{
    char pid[32];
    ssize_t len = getxattr(entry->dir, "user.headrace.pid", pid, sizeof pid - 1);
    pid[len > 0 ? len : 0] = 0;
    entry->pid = (pid_t)atoi(pid);
    entry->dead = len < 0 && errno == ENOTCONN;
}

enum hr_code hr_mount_list(struct hr_arena *arena,
                           bool only_ours,
                           struct hr_mount_entry **entries,
                           size_t *count,
                           struct hr_err *err)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0, cap = 64;
    if (!file)
        return hr_fail(err, HR_E_IO, "/proc/self/mountinfo cannot be read: %s", strerror(errno));
    *entries = HR_NEW_ARRAY(arena, struct hr_mount_entry, cap);
    *count = 0;
    while (getline(&line, &room, file) > 0) {
        struct hr_mount_entry entry;
        line[strcspn(line, "\n")] = 0;
        if (!parse_line(hr_strdup(arena, line), &entry) || (only_ours && !entry.ours))
            continue;
        if (*count == cap) {
            struct hr_mount_entry *more = HR_NEW_ARRAY(arena, struct hr_mount_entry, cap * 2);
            memcpy(more, *entries, cap * sizeof *more);
            *entries = more;
            cap *= 2;
        }
        (*entries)[(*count)++] = entry;
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < *count; i++)
        if ((*entries)[i].ours)
            ask(&(*entries)[i]);
    return HR_OK;
}

/* the topmost mount on this very path; NULL: none */
static struct hr_mount_entry *mounted_on(struct hr_arena *arena,
                                         const char *real,
                                         struct hr_err *err)
{
    struct hr_mount_entry *entries;
    size_t count;
    if (hr_mount_list(arena, false, &entries, &count, err))
        return NULL;
    while (count--)
        if (!strcmp(entries[count].dir, real))
            return &entries[count];
    return NULL;
}

/* realpath would ask a dead mount; its parent is enough */
static enum hr_code real_of(struct hr_arena *arena,
                            const char *dir,
                            const char **real,
                            struct hr_err *err)
{
    char path[PATH_MAX];
    if (realpath(dir, path)) {
        *real = hr_strdup(arena, path);
        return HR_OK;
    }
    int why = errno;
    char *copy = hr_strdup(arena, dir);
    size_t len = strlen(copy);
    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = 0;
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (slash)
        *slash = 0;
    if ((why == ENOTCONN || why == EACCES) && realpath(!slash          ? "."
                                                       : slash == copy ? "/"
                                                                       : copy,
                                                       path)) {
        *real = hr_printf(arena, "%s/%s", strcmp(path, "/") ? path : "", name);
        return HR_OK;
    }
    if (why == ENOENT)
        return hr_fail(err, HR_E_NOT_FOUND, "the mount point '%s' does not exist", dir);
    return hr_fail(err, HR_E_IO, "the mount point '%s' cannot be reached: %s", dir, strerror(why));
}

/* ---- FUSE at all ---- */

static const char *fusermount(void)
{
    static const char *const places[] = {"/usr/bin/fusermount3", "/bin/fusermount3",
                                         "/usr/local/bin/fusermount3"};
    for (size_t i = 0; i < HR_LEN(places); i++)
        if (!access(places[i], X_OK))
            return places[i];
    return NULL;
}

enum hr_code hr_mount_fuse_check(struct hr_err *err)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return hr_fail(err, HR_E_UNSUPPORTED, "there is no /dev/fuse on this machine");
    if (fd < 0)
        return hr_fail(err, HR_E_UNSUPPORTED, "/dev/fuse cannot be opened: %s", strerror(errno));
    close(fd);
    if (geteuid() && !fusermount())
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "there is no fusermount3, which mounts for users: it is in Debian's package fuse3");
    return HR_OK;
}

/* ---- taking away ---- */

static enum hr_code by_fusermount(const char *real, bool lazy, struct hr_err *err)
{
    const char *program = fusermount();
    if (!program)
        return hr_fail(err, HR_E_UNSUPPORTED, "there is no fusermount3 to unmount '%s' with", real);
    char *const argv[] = {(char *)program, (char *)"-u", (char *)"-q", (char *)(lazy ? "-z" : "--"),
                          (char *)real,    NULL};
    char *const env[] = {(char *)"LC_ALL=C", (char *)"PATH=/usr/bin:/bin:/usr/sbin:/sbin", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status = 0, failed = posix_spawn(&pid, program, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return hr_fail(err, HR_E_IO, "\"%s\" cannot be run: %s", program, strerror(failed));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return HR_OK;
    return hr_fail(err, HR_E_EXISTS,
                   "'%s' cannot be unmounted: files in it are in use, or it is another user's",
                   real);
}

enum hr_code hr_mount_point_detach(const char *real, bool lazy, struct hr_err *err)
{
    if (geteuid())
        return by_fusermount(real, lazy, err);
    if (!umount2(real, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)))
        return HR_OK;
    if (errno == EBUSY)
        return hr_fail(err, HR_E_EXISTS, "'%s' cannot be unmounted: files in it are in use", real);
    return hr_fail(err, HR_E_IO, "'%s' cannot be unmounted: %s", real, strerror(errno));
}

/* a descriptor of the process: it tells of the end even before its parent has waited for it */
static void wait_for_end(pid_t pid)
{
    struct pollfd ends = {.fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1,
                          .events = POLLIN};
    if (ends.fd < 0)
        return;
    poll(&ends, 1, END_WAIT_MS);
    close(ends.fd);
}

enum hr_code hr_mount_point_unmount(struct hr_arena *arena,
                                    const char *dir,
                                    bool lazy,
                                    struct hr_err *err)
{
    const char *real;
    HR_TRY(real_of(arena, dir, &real, err));
    struct hr_mount_entry *entry = mounted_on(arena, real, err);
    if (!entry || !entry->ours)
        return hr_fail(err, HR_E_NOT_FOUND, "no dataset is mounted on '%s'%s%s", dir,
                       entry ? ", but a file system of type " : "", entry ? entry->type : "");
    enum hr_code code = hr_mount_point_detach(real, lazy || entry->dead, err);
    if (code == HR_E_EXISTS)
        hr_fail_command(err, "headrace unmount --lazy %s", dir);
    if (!code && !lazy)
        wait_for_end(entry->pid);
    return code;
}

/* ---- may it be mounted on ---- */

static enum hr_code check_empty(const char *dir, struct hr_err *err)
{
    DIR *listing = opendir(dir);
    if (!listing)
        return hr_fail(err, errno == ENOTDIR ? HR_E_INVALID : HR_E_IO, "the mount point '%s' %s%s",
                       dir, errno == ENOTDIR ? "is not a folder" : "cannot be listed: ",
                       errno == ENOTDIR ? "" : strerror(errno));
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(listing));)
        empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    closedir(listing);
    return empty ? HR_OK
                 : hr_fail(err, HR_E_EXISTS,
                           "the mount point '%s' is not empty: a mount would hide what is in it",
                           dir);
}

enum hr_code hr_mount_point_prepare(
    struct hr_arena *arena, const char *dir, const char **real, bool *repaired, struct hr_err *err)
{
    *repaired = false;
    enum hr_code code = real_of(arena, dir, real, err);
    if (code == HR_E_NOT_FOUND)
        return hr_fail_command(err, "mkdir -p %s", dir);
    HR_TRY(code);
    struct hr_mount_entry *entry = mounted_on(arena, *real, err);
    if (entry && entry->ours && entry->dead) {
        HR_TRY(hr_mount_point_detach(*real, true, err));
        *repaired = true;
        entry = mounted_on(arena, *real, err);
    }
    if (entry) {
        hr_fail(err, HR_E_EXISTS, "the mount point '%s' is in use: %s is mounted on it", dir,
                entry->source);
        return entry->ours ? hr_fail_command(err, "headrace unmount %s", dir) : HR_E_EXISTS;
    }
    return check_empty(*real, err);
}
