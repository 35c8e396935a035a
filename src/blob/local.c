/* Local files. A writer makes a hidden temporary file beside its target and renames it; the kernel
 * reads ahead. */
#include "blob/backend.h"
#include "base/clock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static enum hr_code fail_errno(struct hr_err *err, int number, const char *what, const char *path)
{
    enum hr_code code = number == ENOENT || number == ENOTDIR ? HR_E_NOT_FOUND
                        : number == EACCES || number == EPERM ? HR_E_STORAGE_DENIED
                        : number == EEXIST                    ? HR_E_EXISTS
                                                              : HR_E_IO;
    if (number == ENOENT)
        return hr_fail(err, code, "'%s' does not exist", path);
    if (hr_errno_is_full(number))
        return hr_fail_write(err, number, "cannot %s '%s'", what, path);
    return hr_fail(err, code, "cannot %s '%s': %s", what, path, strerror(number));
}

/* ---- names ---- */

static enum hr_code check_root(struct hr_blob *blob, const char *path, struct hr_err *err)
{
    size_t len = blob->local_root ? strlen(blob->local_root) : 0;
    if (!len)
        return HR_OK;
    /* the deepest folder that exists, with links resolved, decides */
    char real[PATH_MAX], *cut, *copy = strdup(path);
    while (!realpath(copy, real) && (cut = strrchr(copy, '/')))
        cut[cut == copy ? 1 : 0] = 0;
    free(copy);
    if (!strncmp(real, blob->local_root, len) &&
        (!real[len] || real[len] == '/' || blob->local_root[len - 1] == '/'))
        return HR_OK;
    return hr_fail(err, HR_E_STORAGE_DENIED,
                   "the path '%s' is outside the folder that this session may use, '%s'", path,
                   blob->local_root);
}

static enum hr_code local_parse(struct hr_blob *blob,
                                struct hr_arena *arena,
                                const char *location,
                                const char *rest,
                                struct hr_blob_place *place,
                                struct hr_err *err)
{
    const char *path = location;
    (void)rest;
    if (!strncasecmp(path, "file:", 5)) {
        path += 5;
        if (!strncmp(path, "//localhost/", 12))
            path += 11;
        else if (!strncmp(path, "//", 2) && path[2] != '/')
            return hr_fail(err, HR_E_INVALID,
                           "the file address '%.512s' names a host; write file:///path", location);
    }
    if (!*path)
        return hr_fail(err, HR_E_INVALID, "the path is empty");
    if (strlen(path) >= PATH_MAX)
        return hr_fail(err, HR_E_INVALID, "the path '%.64s…' is too long: %zu bytes, at most %d",
                       path, strlen(path), PATH_MAX - 1);
    char cwd[PATH_MAX];
    if (*path != '/' && !blob->local_root && !getcwd(cwd, sizeof cwd))
        return hr_fail(err, HR_E_IO, "the relative path '%s' has no folder to start from", path);
    struct hr_buf whole, out;
    hr_buf_init(&whole, HR_BUF_GROWS);
    hr_buf_init(&out, HR_BUF_GROWS);
    if (*path != '/')
        hr_buf_addf(&whole, "%s/", blob->local_root ? blob->local_root : cwd);
    hr_buf_adds(&whole, path);
    hr_blob_clean(&out, hr_buf_text(&whole), true);
    place->path = hr_strdup(arena, hr_buf_len(&out) ? hr_buf_text(&out) : "/");
    hr_buf_release(&whole);
    hr_buf_release(&out);
    place->location = place->path;
    place->root = "";
    return check_root(blob, place->path, err);
}

/* ---- looking ---- */

static void fill(const struct stat *from, struct hr_blob_stat *to)
{
    *to = (struct hr_blob_stat){.is_dir = S_ISDIR(from->st_mode)};
    to->mtime_ms = (int64_t)from->st_mtim.tv_sec * 1000 + from->st_mtim.tv_nsec / 1000000;
    if (to->is_dir)
        return;
    to->size = from->st_size;
    snprintf(to->etag, sizeof to->etag, "\"%llx-%llx-%llx.%lx\"", (unsigned long long)from->st_ino,
             (unsigned long long)from->st_size, (unsigned long long)from->st_mtim.tv_sec,
             from->st_mtim.tv_nsec);
}

static enum hr_code local_stat(struct hr_blob *blob,
                               const struct hr_blob_place *place,
                               struct hr_blob_stat *stat_out,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    struct stat st;
    (void)blob, (void)cancel;
    if (stat(place->path, &st))
        return fail_errno(err, errno, "look at", place->path);
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return hr_fail(err, HR_E_INVALID, "'%s' is neither a file nor a folder", place->path);
    fill(&st, stat_out);
    return HR_OK;
}

/* ---- listing ---- */

struct walk {
    struct hr_arena *arena;
    struct hr_blob_page *page;
    const struct hr_blob_cancel *cancel;
    size_t cap;
    bool recursive;
};

static void add_entry(struct walk *walk, const char *path, const char *name, const struct stat *st)
{
    struct hr_blob_page *page = walk->page;
    if (page->count == walk->cap) {
        walk->cap = walk->cap ? 2 * walk->cap : 64;
        struct hr_blob_entry *more = HR_NEW_ARRAY(walk->arena, struct hr_blob_entry, walk->cap);
        if (page->count)
            memcpy(more, page->entries, page->count * sizeof *more);
        page->entries = more;
    }
    struct hr_blob_entry *entry = &page->entries[page->count++];
    entry->location = path;
    entry->name = name;
    fill(st, &entry->stat);
}

static enum hr_code walk_folder(
    struct walk *walk, const char *path, const char *prefix, int depth, struct hr_err *err)
{
    if (depth > 100)
        return hr_fail(err, HR_E_LIMIT, "the folder '%s' is nested more than 100 deep", path);
    HR_TRY(hr_blob_check_cancel(walk->cancel, path, err));
    DIR *dir = opendir(path);
    if (!dir)
        return fail_errno(err, errno, "list", path);
    enum hr_code code = HR_OK;
    for (struct dirent *item; !code && (item = readdir(dir));) {
        struct stat st;
        if (!strcmp(item->d_name, ".") ||
            !strcmp(item->d_name, "..") ||
            fstatat(dirfd(dir), item->d_name, &st, 0))
            continue; /* gone meanwhile, or a dangling link */
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
            continue;
        const char *child = hr_blob_join(walk->arena, path, item->d_name);
        const char *name = *prefix ? hr_printf(walk->arena, "%s/%s", prefix, item->d_name)
                                   : hr_strdup(walk->arena, item->d_name);
        add_entry(walk, child, name, &st);
        if (walk->recursive && S_ISDIR(st.st_mode))
            code = walk_folder(walk, child, name, depth + 1, err);
    }
    closedir(dir);
    return code;
}

/* one page: a local folder is read whole anyway */
static enum hr_code local_list(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const struct hr_blob_place *place,
                               const struct hr_blob_list_options *options,
                               struct hr_blob_page *page,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err)
{
    struct hr_blob_stat st;
    HR_TRY(local_stat(blob, place, &st, cancel, err));
    if (!st.is_dir)
        return hr_fail(err, HR_E_INVALID, "'%s' is a file, not a folder", place->path);
    struct walk walk = {arena, page, cancel, 0, options->recursive};
    return walk_folder(&walk, place->path, "", 0, err);
}

/* ---- reading ---- */

static enum hr_code local_open(struct hr_blob_reader *reader, struct hr_err *err)
{
    const char *path = reader->place.path;
    struct stat st;
    struct hr_blob_stat now;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to hang on a pipe */
    if (fd < 0)
        return fail_errno(err, errno, "open", path);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return hr_fail(err, HR_E_INVALID, "'%s' is not a file", path);
    }
    fill(&st, &now);
    if (reader->stat.etag[0] && strcmp(reader->stat.etag, now.etag)) {
        close(fd);
        return hr_fail(err, HR_E_CHANGED, "'%s' changed between being listed and being opened",
                       path);
    }
    reader->stat = now;
    int *state = HR_NEW(reader->arena, int);
    *state = fd;
    reader->state = state;
    return HR_OK;
}

static enum hr_code local_read_at(struct hr_blob_reader *reader,
                                  void *bytes,
                                  size_t len,
                                  int64_t offset,
                                  bool sequential,
                                  size_t *got,
                                  struct hr_err *err)
{
    int fd = *(int *)reader->state;
    struct stat st;
    struct hr_blob_stat now;
    (void)sequential;
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)bytes + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, errno, "read", reader->place.path);
        if (n == 0)
            break;
        done += (size_t)n;
        *got = done;
    }
    /* asked after the bytes: a change before or during the read shows in it */
    if (fstat(fd, &st))
        return fail_errno(err, errno, "look at", reader->place.path);
    fill(&st, &now);
    if (strcmp(now.etag, reader->stat.etag))
        return hr_fail(err, HR_E_CHANGED, "'%s' changed while it was read", reader->place.path);
    atomic_fetch_add_explicit(&reader->blob->local_read, *got, memory_order_relaxed);
    return HR_OK;
}

static void local_close(struct hr_blob_reader *reader)
{
    close(*(int *)reader->state);
}

/* ---- writing ---- */

struct local_write {
    int fd;
    char *part;
};

static enum hr_code make_parents(const char *path, struct hr_err *err)
{
    char *copy = strdup(path);
    enum hr_code code = HR_OK;
    for (char *slash = copy + 1; !code && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        if (mkdir(copy, 0777) && errno != EEXIST)
            code = fail_errno(err, errno, "make the folder", copy);
        *slash = '/';
    }
    free(copy);
    return code;
}

static enum hr_code local_create(struct hr_blob_writer *writer, struct hr_err *err)
{
    const char *path = writer->place.path, *slash = strrchr(path, '/');
    struct stat st;
    char uuid[37];
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return hr_fail(err, HR_E_EXISTS, "'%s' is a folder", path);
    if (!writer->options.overwrite && !writer->options.if_match[0] && !stat(path, &st))
        return hr_fail(err, HR_E_EXISTS, "'%s' exists already", path);
    HR_TRY(make_parents(path, err));
    hr_uuid_new(uuid);
    struct local_write *state = HR_NEW(writer->arena, struct local_write);
    state->part =
        hr_printf(writer->arena, "%.*s/.headrace-%s.part", (int)(slash - path), path, uuid);
    state->fd = open(state->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (state->fd < 0)
        return fail_errno(err, errno, "write", path);
    writer->state = state;
    return HR_OK;
}

static enum hr_code local_write(struct hr_blob_writer *writer,
                                const void *bytes,
                                size_t len,
                                struct hr_err *err)
{
    struct local_write *state = writer->state;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(state->fd, (const char *)bytes + done, len - done);
        if (n < 0 && errno != EINTR)
            return fail_errno(err, errno, "write", writer->place.path);
        done += n > 0 ? (size_t)n : 0;
    }
    atomic_fetch_add_explicit(&writer->blob->local_written, len, memory_order_relaxed);
    return HR_OK;
}

static enum hr_code local_finish(struct hr_blob_writer *writer, bool staged, struct hr_err *err)
{
    struct local_write *state = writer->state;
    (void)staged;
    if (fsync(state->fd))
        return fail_errno(err, errno, "store", writer->place.path);
    return HR_OK;
}

static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static enum hr_code check_match(const struct hr_blob_writer *writer, struct hr_err *err)
{
    struct stat st;
    struct hr_blob_stat now = {0};
    if (!writer->options.if_match[0])
        return HR_OK;
    if (!stat(writer->place.path, &st))
        fill(&st, &now);
    if (strcmp(now.etag, writer->options.if_match))
        return hr_fail(err, HR_E_CHANGED, "'%s' is not the version that was to be replaced",
                       writer->place.path);
    return HR_OK;
}

static enum hr_code local_publish(struct hr_blob_writer *writer,
                                  struct hr_blob_stat *stat_out,
                                  struct hr_err *err)
{
    struct local_write *state = writer->state;
    const char *path = writer->place.path;
    struct stat st;
    HR_TRY(check_match(writer, err));
    int failed = writer->options.overwrite || writer->options.if_match[0]
                     ? rename(state->part, path)
                     : renameat2(AT_FDCWD, state->part, AT_FDCWD, path, RENAME_NOREPLACE);
    if (failed)
        return errno == EEXIST ? hr_fail(err, HR_E_EXISTS, "'%s' exists already", path)
                               : fail_errno(err, errno, "write", path);
    state->part = NULL;
    sync_folder(path);
    if (!fstat(state->fd, &st))
        fill(&st, stat_out);
    return HR_OK;
}

static void local_drop(struct hr_blob_writer *writer)
{
    struct local_write *state = writer->state;
    if (state->part)
        unlink(state->part);
    close(state->fd);
}

/* ---- changing ---- */

static enum hr_code remove_tree(const char *path,
                                const struct hr_blob_cancel *cancel,
                                int depth,
                                struct hr_err *err)
{
    if (depth > 100)
        return hr_fail(err, HR_E_LIMIT, "the folder '%s' is nested more than 100 deep", path);
    HR_TRY(hr_blob_check_cancel(cancel, path, err));
    DIR *dir = opendir(path);
    if (!dir)
        return fail_errno(err, errno, "list", path);
    enum hr_code code = HR_OK;
    for (struct dirent *item; !code && (item = readdir(dir));) {
        struct stat st;
        char child[PATH_MAX];
        if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
            continue;
        if ((size_t)snprintf(child, sizeof child, "%s/%s", path, item->d_name) >= sizeof child)
            code = hr_fail(err, HR_E_LIMIT, "a path under '%.512s' is too long", path);
        else if (!lstat(child, &st) && S_ISDIR(st.st_mode))
            code = remove_tree(child, cancel, depth + 1, err);
        else if (unlink(child) && errno != ENOENT)
            code = fail_errno(err, errno, "delete", child);
    }
    closedir(dir);
    if (!code && rmdir(path) && errno != ENOENT)
        code = fail_errno(err, errno, "delete", path);
    return code;
}

static enum hr_code local_remove(struct hr_blob *blob,
                                 const struct hr_blob_place *place,
                                 bool recursive,
                                 const struct hr_blob_cancel *cancel,
                                 struct hr_err *err)
{
    struct stat st;
    (void)blob;
    if (lstat(place->path, &st))
        return fail_errno(err, errno, "delete", place->path);
    if (S_ISDIR(st.st_mode) && recursive)
        return remove_tree(place->path, cancel, 0, err);
    if (!(S_ISDIR(st.st_mode) ? rmdir(place->path) : unlink(place->path)))
        return HR_OK;
    return errno == ENOTEMPTY || errno == EEXIST
               ? hr_fail(err, HR_E_INVALID, "the folder '%s' is not empty", place->path)
               : fail_errno(err, errno, "delete", place->path);
}

static enum hr_code local_mkdir(struct hr_blob *blob,
                                const struct hr_blob_place *place,
                                const struct hr_blob_cancel *cancel,
                                struct hr_err *err)
{
    struct stat st;
    (void)blob, (void)cancel;
    HR_TRY(make_parents(place->path, err));
    if (!mkdir(place->path, 0777))
        return HR_OK;
    if (errno == EEXIST && !stat(place->path, &st) && S_ISDIR(st.st_mode))
        return HR_OK;
    return errno == EEXIST ? hr_fail(err, HR_E_EXISTS, "'%s' is a file", place->path)
                           : fail_errno(err, errno, "make the folder", place->path);
}

static enum hr_code local_rename(struct hr_blob *blob,
                                 const struct hr_blob_place *from,
                                 const struct hr_blob_place *to,
                                 bool overwrite,
                                 const struct hr_blob_cancel *cancel,
                                 struct hr_err *err)
{
    (void)blob, (void)cancel;
    struct stat st;
    if (lstat(from->path, &st))
        return fail_errno(err, errno, "rename", from->path);
    HR_TRY(make_parents(to->path, err));
    unsigned flags = overwrite && !S_ISDIR(st.st_mode) ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, from->path, AT_FDCWD, to->path, flags))
        return errno == EEXIST || errno == ENOTEMPTY
                   ? hr_fail(err, HR_E_EXISTS, "'%s' exists already", to->path)
                   : fail_errno(err, errno, "rename", from->path);
    sync_folder(to->path);
    return HR_OK;
}

/* not every file system can: then nothing was done */
static enum hr_code local_exchange(struct hr_blob *blob,
                                   const struct hr_blob_place *from,
                                   const struct hr_blob_place *to,
                                   const struct hr_blob_cancel *cancel,
                                   struct hr_err *err)
{
    (void)blob, (void)cancel;
    if (!renameat2(AT_FDCWD, from->path, AT_FDCWD, to->path, RENAME_EXCHANGE))
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED, "'%s' and '%s' cannot be exchanged: %s", from->path,
                   to->path, strerror(errno));
}

static const char *const schemes[] = {"file", NULL};

const struct hr_blob_backend hr_blob_local = {
    .name = "local",
    .schemes = schemes,
    .abilities = HR_BLOB_OF_MACHINE | HR_BLOB_ATOMIC_RENAME | HR_BLOB_EXCHANGE,
    .parse = local_parse,
    .stat = local_stat,
    .list = local_list,
    .open = local_open,
    .read_at = local_read_at,
    .close = local_close,
    .create = local_create,
    .write = local_write,
    .finish = local_finish,
    .publish = local_publish,
    .drop = local_drop,
    .remove = local_remove,
    .mkdir = local_mkdir,
    .rename = local_rename,
    .exchange = local_exchange,
};

const struct hr_blob_kind hr_blob_local_kind = {
    .backends = (const struct hr_blob_backend *const[]){&hr_blob_local, NULL},
};
