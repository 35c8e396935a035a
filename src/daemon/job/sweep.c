/* What a run started and left: found by the variable that every one of its processes inherits, so
 * that neither a new session nor a parent's death hides one. Reads /proc once; only processes of
 * our own user can be read, and no other is ours. */
#include "base/arena.h"
#include "base/buf.h"
#include "daemon/job/private.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "HEADRACE_RUN_FOLDER="
#define ENVIRON_MAX (16 * 1024 * 1024) /* more than the kernel lets anybody have */
#define PIECE 65536

/* the environment of a process; empty when it cannot be read */
static void read_environment(int fd, struct hr_buf *out)
{
    if (!hr_buf_ok(out))
        hr_buf_release(out);
    hr_buf_clear(out);
    for (char *room; (room = hr_buf_room(out, PIECE));) {
        ssize_t got = read(fd, room, PIECE);
        if (got <= 0)
            return;
        hr_buf_grew(out, (size_t)got);
    }
}

static bool belongs(const char *pid, const char *wanted, struct hr_buf *environment)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    read_environment(fd, environment);
    close(fd);
    if (!hr_buf_ok(environment))
        return false;
    const char *end = hr_buf_text(environment) + hr_buf_len(environment);
    for (const char *at = hr_buf_text(environment); at < end; at += strlen(at) + 1)
        if (!strcmp(at, wanted))
            return true;
    return false;
}

int hr_sweep_processes(const char *folder, int number)
{
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *wanted = hr_printf(arena, VARIABLE "%s", folder);
    struct hr_buf environment;
    hr_buf_init(&environment, ENVIRON_MAX);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(proc));)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            atoi(entry->d_name) != getpid() &&
            belongs(entry->d_name, wanted, &environment)) {
            kill(atoi(entry->d_name), number);
            count++;
        }
    closedir(proc);
    hr_buf_release(&environment);
    hr_arena_free(arena);
    return count;
}
