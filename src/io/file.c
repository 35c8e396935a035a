#include "io/file.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum hr_code fail_errno(struct hr_err *err, const char *what, const char *path)
{
    if (hr_errno_is_full(errno))
        return hr_fail_write(err, errno, "cannot %s '%s'", what, path);
    enum hr_code code = errno == ENOENT                     ? HR_E_NOT_FOUND
                        : errno == EACCES || errno == EPERM ? HR_E_DENIED
                                                            : HR_E_IO;
    return hr_fail(err, code, "cannot %s '%s': %s", what, path, strerror(errno));
}

static enum hr_code read_open(struct hr_arena *arena,
                              int fd,
                              const char *path,
                              size_t max,
                              char **bytes,
                              size_t *len,
                              struct hr_err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return fail_errno(err, "read", path);
    if (!S_ISREG(status.st_mode))
        return hr_fail(err, HR_E_INVALID, "not a file: '%s'", path);
    if ((size_t)status.st_size > max)
        return hr_fail(err, HR_E_LIMIT, "the file '%s' has %lld bytes, more than %zu", path,
                       (long long)status.st_size, max);
    size_t size = (size_t)status.st_size, used = 0;
    char *out = hr_arena_alloc(arena, size + 1);
    while (used < size) {
        ssize_t got = read(fd, out + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "read", path);
        if (!got)
            break;
        used += (size_t)got;
    }
    *bytes = out;
    if (len)
        *len = used;
    return HR_OK;
}

enum hr_code hr_file_read(struct hr_arena *arena,
                          const char *path,
                          size_t max,
                          char **bytes,
                          size_t *len,
                          struct hr_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "open", path);
    enum hr_code code = read_open(arena, fd, path, max, bytes, len, err);
    close(fd);
    return code;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd); /* some file systems refuse it on folders; the rename itself has happened */
    close(fd);
}

enum hr_code hr_file_write(
    const char *path, mode_t mode, const void *bytes, size_t len, struct hr_err *err)
{
    char temporary[PATH_MAX], id[37];
    hr_uuid_new(id);
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.%.8s.tmp", path, id) >= sizeof temporary)
        return hr_fail(err, HR_E_INVALID, "the path '%s' is too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return fail_errno(err, "create", temporary);
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, bytes, len) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) && ok) {
        saved = errno;
        ok = false;
    }
    if (ok && !rename(temporary, path)) {
        sync_folder_of(path);
        return HR_OK;
    }
    errno = ok ? errno : saved;
    enum hr_code code = fail_errno(err, "write", path);
    unlink(temporary);
    return code;
}

enum hr_code hr_file_mkdirs(const char *path, struct hr_err *err)
{
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return hr_fail(err, HR_E_INVALID, "the path '%s' is too long", path);
    for (char *at = part + 1; *part; at++) {
        if (*at && *at != '/')
            continue;
        char saved = *at;
        *at = 0;
        if (mkdir(part, 0700) && errno != EEXIST)
            return fail_errno(err, "create the folder", part);
        *at = saved;
        if (!saved)
            break;
    }
    struct stat status;
    if (stat(path, &status))
        return fail_errno(err, "create the folder", path);
    return S_ISDIR(status.st_mode) ? HR_OK : hr_fail(err, HR_E_EXISTS, "not a folder: '%s'", path);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

enum hr_code hr_file_remove_tree(const char *path, struct hr_err *err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
        return fail_errno(err, "remove", path);
    return HR_OK;
}

bool hr_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

enum hr_code hr_file_lock(const char *path, int *out, struct hr_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "open", path);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        bool taken = errno == EWOULDBLOCK;
        close(fd);
        return taken ? hr_fail(err, HR_E_EXISTS, "another process holds '%s'", path)
                     : hr_fail(err, HR_E_IO, "cannot lock '%s'", path);
    }
    *out = fd;
    return HR_OK;
}
