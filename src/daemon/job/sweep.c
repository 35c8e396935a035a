/* What a run started and left: found by the variable that every one of its processes inherits, so that neither a new session nor a
 * parent's death hides one. Reads /proc once; only processes of our own user can be read, and no other is ours. */
#include "base/arena.h"
#include "daemon/job/private.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "HEADRACE_RUN_FOLDER="
#define ENVIRON_MAX (256 * 1024)

static bool belongs(const char *pid, const char *wanted, char *room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t got = 0;
    for (ssize_t n; got < ENVIRON_MAX && (n = read(fd, room + got, ENVIRON_MAX - got)) > 0;)
        got += (size_t)n;
    close(fd);
    room[got] = 0;
    for (const char *at = room; at < room + got; at += strlen(at) + 1)
        if (!strcmp(at, wanted))
            return true;
    return false;
}

int sweep_processes(const char *folder, int number)
{
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *wanted = hr_printf(arena, VARIABLE "%s", folder);
    char *room = hr_arena_alloc(arena, ENVIRON_MAX + 1);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(proc));)
        if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid() && belongs(entry->d_name, wanted, room)) {
            kill(atoi(entry->d_name), number);
            count++;
        }
    closedir(proc);
    hr_arena_free(arena);
    return count;
}
