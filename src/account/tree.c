#include "account/tree_meta.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "io/file.h"
#include "wire/azure.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ABANDONED_SECONDS (7 * 24 * 3600)

/* ---- names and paths ---- */

const char *hr_tree_name_fault(const char *name)
{
    if (hr_utf8_length(name, strlen(name)) > HR_BLOB_NAME_MAX)
        return "the name has more than 1024 characters";
    for (const char *segment = name;;) {
        size_t len = strcspn(segment, "/");
        if (!len)
            return "the name has an empty segment";
        if (len > 255)
            return "a segment of the name has more than 255 bytes";
        if ((len == 1 && segment[0] == '.') || (len == 2 && !strncmp(segment, "..", 2)))
            return "the name has a segment '.' or '..'";
        if (!segment[len])
            return NULL;
        segment += len + 1;
    }
}

char *hr_tree_path(struct hr_tree *tree,
                   struct hr_arena *arena,
                   const char *container,
                   const char *name)
{
    return hr_printf(arena, "%s/%s%s%s", tree->root, container, *name ? "/" : "", name);
}

const char *hr_tree_errno(int number, const char *missing)
{
    switch (number) {
    case ENOENT:
        return missing;
    case ENOTDIR:
        return missing;
    case EEXIST:
    case EISDIR:
        return "PathConflict";
    case ENAMETOOLONG:
        return "InvalidResourceName";
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        hr_log(HR_LOG_ERROR, "storage_full", "why", strerror(number), NULL);
        return "InsufficientStorage";
    case EMFILE:
    case ENFILE:
        hr_log(HR_LOG_ERROR, "too_few_descriptors", "why", strerror(number), "hint",
               "raise the limit of open files: ulimit -n", NULL);
        return "ServerBusy";
    case EROFS:
    case EACCES:
    case EPERM:
    case EIO:
        hr_log(HR_LOG_ERROR, "storage_failed", "why", strerror(number), NULL);
        return "InternalError";
    default:
        hr_log(HR_LOG_WARN, "storage_failed", "why", strerror(number), NULL);
        return "InternalError";
    }
}

void hr_tree_key(char out[65], const char *container, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    EVP_DigestUpdate(context, container, strlen(container) + 1);
    EVP_DigestUpdate(context, name, strlen(name));
    EVP_DigestFinal_ex(context, digest, &len);
    EVP_MD_CTX_free(context);
    hr_hex_encode(digest, 32, out);
}

static void sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

void hr_tree_sync_parent(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    sync_folder(folder);
}

/* ---- open, close ---- */

/* blocks and appends that nobody committed within a week, as on Azure */
static void drop_abandoned(struct hr_arena *arena, const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *at; dir && (at = readdir(dir));) {
        struct stat st;
        if (at->d_name[0] != '.' &&
            !fstatat(dirfd(dir), at->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            st.st_mtim.tv_sec < time(NULL) - ABANDONED_SECONDS)
            hr_file_remove_tree(hr_printf(arena, "%s/%s", folder, at->d_name), NULL);
    }
    if (dir)
        closedir(dir);
}

enum hr_code hr_tree_open(struct hr_tree *tree, const char *root, struct hr_err *err)
{
    *tree = (struct hr_tree){.root = strdup(root)};
    struct hr_arena *arena = hr_arena_new(NULL);
    tree->own = strdup(hr_printf(arena, "%s/.headrace", root));
    pthread_mutex_init(&tree->lock, NULL);
    static const char *const folders[] = {"tmp", "blocks", "lists"};
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < HR_LEN(folders) && !code; i++) {
        const char *folder = hr_printf(arena, "%s/%s", tree->own, folders[i]);
        if (i == 0)
            code = hr_file_remove_tree(folder, err); /* of a process that died */
        if (!code)
            code = hr_file_mkdirs(folder, err);
        if (i == 1 && !code)
            drop_abandoned(arena, folder);
    }
    hr_arena_free(arena);
    return code;
}

void hr_tree_close(struct hr_tree *tree)
{
    free(tree->root);
    free(tree->own);
    pthread_mutex_destroy(&tree->lock);
}

const char *hr_tree_temp_new(struct hr_tree *tree, struct hr_tree_temp *temp)
{
    char uuid[37];
    hr_uuid_new(uuid);
    snprintf(temp->path, sizeof temp->path, "%s/tmp/%s", tree->own, uuid);
    temp->fd = open(temp->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (temp->fd < 0) {
        temp->path[0] = 0;
        return hr_tree_errno(errno, "InternalError");
    }
    return NULL;
}

void hr_tree_temp_drop(struct hr_tree_temp *temp)
{
    if (temp->path[0])
        unlink(temp->path);
    if (temp->fd > 0)
        close(temp->fd);
    *temp = (struct hr_tree_temp){.fd = -1};
}

const char *hr_tree_copy_bytes(int from, int to, int64_t len)
{
    while (len > 0) {
        ssize_t n =
            copy_file_range(from, NULL, to, NULL, (size_t)(len < (1 << 30) ? len : 1 << 30), 0);
        if (n < 0 &&
            (errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP)) {
            char bytes[65536];
            n = read(from, bytes, len < (int64_t)sizeof bytes ? (size_t)len : sizeof bytes);
            if (n > 0)
                n = write(to, bytes, (size_t)n);
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? hr_tree_errno(errno, "InternalError") : "InternalError";
        len -= n;
    }
    return NULL;
}

/* ---- looking ---- */

bool hr_tree_container_there(struct hr_tree *tree, struct hr_arena *arena, const char *container)
{
    struct stat st;
    return !stat(hr_tree_path(tree, arena, container, ""), &st) && S_ISDIR(st.st_mode);
}

const char *hr_tree_read(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const char *name,
                         struct hr_tree_item *item,
                         int *fd)
{
    struct stat st;
    *item = (struct hr_tree_item){.name = name};
    *fd = open(hr_tree_path(tree, arena, container, name),
               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (*fd < 0 || fstat(*fd, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        int number = *fd < 0 ? errno : ENOENT;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        if (number == ELOOP)
            number = ENOENT; /* a link is not a blob */
        return hr_tree_container_there(tree, arena, container)
                   ? hr_tree_errno(number, "BlobNotFound")
                   : "ContainerNotFound";
    }
    hr_tree_meta_read(arena, *fd, &st, item);
    return NULL;
}

const char *hr_tree_stat(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const char *name,
                         struct hr_tree_item *item)
{
    int fd;
    const char *code = hr_tree_read(tree, arena, container, name, item, &fd);
    if (!code)
        close(fd);
    return code;
}

static bool tag_in(const char *list, const char *etag)
{
    if (!strcmp(list, "*"))
        return true;
    for (const char *at = list; (at = strstr(at, etag)); at++)
        if (at == list || strchr(" ,", at[-1]))
            return true;
    /* clients that strip the quotes */
    size_t len = strlen(etag);
    return len > 2 && strlen(list) == len - 2 && !strncmp(list, etag + 1, len - 2);
}

const char *hr_tree_check(const struct hr_tree_conditions *conditions,
                          const struct hr_tree_item *item,
                          bool exists,
                          bool reading)
{
    const char *etag = item->meta.etag;
    int64_t modified = item->meta.modified_ms / 1000 * 1000;
    if (!conditions)
        return NULL;
    if (conditions->if_match && (!exists || !tag_in(conditions->if_match, etag)))
        return "ConditionNotMet";
    if (conditions->if_unmodified_ms && exists && modified > conditions->if_unmodified_ms)
        return "ConditionNotMet";
    if (conditions->if_none_match && exists && tag_in(conditions->if_none_match, etag))
        return reading ? "NotModified"
               : !strcmp(conditions->if_none_match, "*") && conditions->exists_code
                   ? conditions->exists_code
                   : "ConditionNotMet";
    if (conditions->if_modified_ms && exists && modified <= conditions->if_modified_ms)
        return reading ? "NotModified" : "ConditionNotMet";
    return NULL;
}

/* ---- containers ---- */

static const char *mark_folder(struct hr_tree *tree, const char *path, struct hr_tree_meta *meta)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) {
        if (fd >= 0)
            close(fd);
        return hr_tree_errno(errno, "BlobNotFound");
    }
    hr_tree_tag(tree, meta);
    const char *code = hr_tree_meta_write(fd, &st, meta);
    fsync(fd);
    close(fd);
    return code;
}

const char *hr_tree_container_create(struct hr_tree *tree,
                                     struct hr_arena *arena,
                                     const char *container,
                                     struct hr_tree_meta *meta)
{
    const char *path = hr_tree_path(tree, arena, container, ""), *code = NULL;
    pthread_mutex_lock(&tree->lock);
    if (mkdir(path, 0700))
        code = errno == EEXIST ? "ContainerAlreadyExists" : hr_tree_errno(errno, "InternalError");
    if (!code && (code = mark_folder(tree, path, meta)))
        rmdir(path);
    pthread_mutex_unlock(&tree->lock);
    sync_folder(tree->root);
    return code;
}

/* moved away in one step, then removed at leisure */
static const char *bury(struct hr_tree *tree,
                        struct hr_arena *arena,
                        const char *path,
                        const char **grave)
{
    char uuid[37];
    hr_uuid_new(uuid);
    *grave = hr_printf(arena, "%s/tmp/%s", tree->own, uuid);
    if (rename(path, *grave))
        return hr_tree_errno(errno, "BlobNotFound");
    hr_tree_sync_parent(path);
    return NULL;
}

const char *hr_tree_container_delete(struct hr_tree *tree,
                                     struct hr_arena *arena,
                                     const char *container,
                                     const struct hr_tree_conditions *conditions)
{
    struct hr_tree_item item;
    const char *grave = NULL;
    pthread_mutex_lock(&tree->lock);
    const char *code = hr_tree_stat(tree, arena, container, "", &item);
    if (!code)
        code = hr_tree_check(conditions, &item, true, false);
    if (!code)
        code = bury(tree, arena, hr_tree_path(tree, arena, container, ""), &grave);
    pthread_mutex_unlock(&tree->lock);
    if (!code)
        hr_file_remove_tree(grave, NULL);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hr_tree_item *)a)->name, ((const struct hr_tree_item *)b)->name);
}

const char *hr_tree_containers(struct hr_tree *tree,
                               struct hr_arena *arena,
                               struct hr_tree_item **items,
                               size_t *count)
{
    DIR *dir = opendir(tree->root);
    size_t cap = 0;
    *items = NULL;
    *count = 0;
    if (!dir)
        return hr_tree_errno(errno, "InternalError");
    for (struct dirent *at; (at = readdir(dir));) {
        struct hr_tree_item item;
        const char *name = hr_strdup(arena, at->d_name);
        if (!hr_azure_container_valid(name, strlen(name)) ||
            hr_tree_stat(tree, arena, name, "", &item) ||
            !item.is_dir)
            continue;
        if (*count == cap) {
            cap = cap ? 2 * cap : 16;
            struct hr_tree_item *more = HR_NEW_ARRAY(arena, struct hr_tree_item, cap);
            if (*count)
                memcpy(more, *items, *count * sizeof *more);
            *items = more;
        }
        (*items)[*count] = item;
        (*items)[(*count)++].name = name;
    }
    closedir(dir);
    if (*count)
        qsort(*items, *count, sizeof **items, by_name);
    return NULL;
}

/* ---- changing ---- */

/* the folders above path, below the container; keep: they stay when they are empty */
static const char *make_parents(struct hr_tree *tree,
                                struct hr_arena *arena,
                                const char *container,
                                const char *name,
                                bool keep)
{
    char *copy = hr_strdup(arena, name);
    for (char *slash = copy; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        const char *path = hr_tree_path(tree, arena, container, copy);
        struct stat st;
        if (!mkdir(path, 0700)) {
            struct hr_tree_meta meta = {0};
            const char *code = keep ? mark_folder(tree, path, &meta) : NULL;
            hr_tree_sync_parent(path);
            if (code)
                return code;
        } else if (errno != EEXIST) {
            return hr_tree_errno(errno, "ContainerNotFound");
        } else if (lstat(path, &st) || !S_ISDIR(st.st_mode)) {
            return "PathConflict";
        }
        *slash = '/';
    }
    return NULL;
}

/* empty folders above a removed blob go, up to one that is kept */
static void prune_parents(struct hr_tree *tree,
                          struct hr_arena *arena,
                          const char *container,
                          const char *name)
{
    char *copy = hr_strdup(arena, name);
    for (char *slash; (slash = strrchr(copy, '/'));) {
        struct hr_tree_item item;
        *slash = 0;
        if (hr_tree_stat(tree, arena, container, copy, &item) ||
            item.kept ||
            rmdir(hr_tree_path(tree, arena, container, copy)))
            return;
    }
}

static void drop_block_list(struct hr_tree *tree, struct hr_arena *arena, const char *etag)
{
    unlink(hr_printf(arena, "%s/lists/%.*s", tree->own, (int)strlen(etag) - 2, etag + 1));
}

const char *hr_tree_commit_locked(struct hr_tree *tree,
                                  struct hr_arena *arena,
                                  struct hr_tree_temp *temp,
                                  const char *container,
                                  const char *name,
                                  struct hr_tree_meta *meta,
                                  const struct hr_tree_conditions *conditions,
                                  bool keep_parents)
{
    struct hr_tree_item old;
    struct stat st;
    const char *path = hr_tree_path(tree, arena, container, name),
               *code = hr_tree_stat(tree, arena, container, name, &old);
    bool exists = !code;
    if (code && strcmp(code, "BlobNotFound"))
        return code;
    if (exists && old.is_dir)
        return "ResourceTypeMismatch";
    if ((code = hr_tree_check(conditions, &old, exists, false)))
        return code;
    if (exists)
        meta->created_ms = old.meta.created_ms;
    if ((code = make_parents(tree, arena, container, name, keep_parents)))
        return code;
    if (!meta->etag[0])
        hr_tree_tag(tree, meta);
    if (fstat(temp->fd, &st))
        return hr_tree_errno(errno, "InternalError");
    if (!(code = hr_tree_meta_write(temp->fd, &st, meta)) && rename(temp->path, path))
        code = hr_tree_errno(errno, "ContainerNotFound");
    if (code) {
        prune_parents(tree, arena, container, name);
        return code;
    }
    temp->path[0] = 0;
    if (exists)
        drop_block_list(tree, arena, old.meta.etag);
    return NULL;
}

/* a blob put whole drops the blocks and appends that waited for its name */
static void discard_waiting(struct hr_tree *tree,
                            struct hr_arena *arena,
                            const char *container,
                            const char *name)
{
    char key[65];
    hr_tree_key(key, container, name);
    const char *folder = hr_printf(arena, "%s/blocks/%s", tree->own, key);
    if (hr_file_exists(folder))
        hr_file_remove_tree(folder, NULL);
}

const char *hr_tree_commit(struct hr_tree *tree,
                           struct hr_arena *arena,
                           struct hr_tree_temp *temp,
                           const char *container,
                           const char *name,
                           struct hr_tree_meta *meta,
                           const struct hr_tree_conditions *conditions,
                           bool keep_parents)
{
    if (fsync(temp->fd))
        return hr_tree_errno(errno, "InternalError");
    pthread_mutex_lock(&tree->lock);
    const char *code =
        hr_tree_commit_locked(tree, arena, temp, container, name, meta, conditions, keep_parents);
    pthread_mutex_unlock(&tree->lock);
    if (code)
        return code;
    discard_waiting(tree, arena, container, name);
    /* the attribute and the name, in the journal before we answer */
    fsync(temp->fd);
    hr_tree_sync_parent(hr_tree_path(tree, arena, container, name));
    return NULL;
}

const char *hr_tree_update(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           const struct hr_tree_conditions *conditions,
                           void (*change)(struct hr_tree_item *item, void *arg),
                           void *arg,
                           struct hr_tree_meta *meta)
{
    struct hr_tree_item item;
    struct stat st;
    int fd;
    pthread_mutex_lock(&tree->lock);
    const char *code = hr_tree_read(tree, arena, container, name, &item, &fd);
    char old[40] = "";
    if (!code) {
        code = hr_tree_check(conditions, &item, true, false);
        snprintf(old, sizeof old, "%s", item.meta.etag);
    }
    if (!code) {
        change(&item, arg);
        hr_tree_tag(tree, &item.meta);
        code = fstat(fd, &st) ? "InternalError" : hr_tree_meta_write(fd, &st, &item.meta);
    }
    if (!code) /* the blocks stay the same */
        rename(hr_printf(arena, "%s/lists/%.*s", tree->own, (int)strlen(old) - 2, old + 1),
               hr_printf(arena, "%s/lists/%.*s", tree->own, (int)strlen(item.meta.etag) - 2,
                         item.meta.etag + 1));
    pthread_mutex_unlock(&tree->lock);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    *meta = item.meta;
    return code;
}

const char *hr_tree_mkdir(struct hr_tree *tree,
                          struct hr_arena *arena,
                          const char *container,
                          const char *name,
                          struct hr_tree_meta *meta,
                          const struct hr_tree_conditions *conditions)
{
    struct hr_tree_item item;
    const char *path = hr_tree_path(tree, arena, container, name);
    pthread_mutex_lock(&tree->lock);
    const char *code = hr_tree_stat(tree, arena, container, name, &item);
    bool exists = !code;
    code = code && strcmp(code, "BlobNotFound") ? code : NULL;
    if (!code)
        code = hr_tree_check(conditions, &item, exists, false);
    if (!code && exists && !item.is_dir)
        code = "PathConflict";
    if (!code && !exists)
        code = make_parents(tree, arena, container, name, true);
    if (!code && !exists && mkdir(path, 0700))
        code = hr_tree_errno(errno, "ContainerNotFound");
    if (!code && exists)
        meta->created_ms = item.meta.created_ms;
    if (!code)
        code = mark_folder(tree, path, meta);
    pthread_mutex_unlock(&tree->lock);
    if (!code)
        hr_tree_sync_parent(path);
    return code;
}

const char *hr_tree_delete(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           const struct hr_tree_conditions *conditions,
                           bool recursive)
{
    struct hr_tree_item item;
    const char *path = hr_tree_path(tree, arena, container, name), *grave = NULL;
    pthread_mutex_lock(&tree->lock);
    const char *code = hr_tree_stat(tree, arena, container, name, &item);
    if (!code)
        code = hr_tree_check(conditions, &item, true, false);
    if (!code && item.is_dir && recursive)
        code = bury(tree, arena, path, &grave);
    else if (!code && (item.is_dir ? rmdir(path) : unlink(path)))
        code = errno == ENOTEMPTY || errno == EEXIST ? "DirectoryNotEmpty"
                                                     : hr_tree_errno(errno, "BlobNotFound");
    if (!code) {
        drop_block_list(tree, arena, item.meta.etag);
        hr_tree_sync_parent(path);
        prune_parents(tree, arena, container, name);
    }
    pthread_mutex_unlock(&tree->lock);
    if (grave)
        hr_file_remove_tree(grave, NULL);
    return code;
}

static const char *rename_locked(struct hr_tree *tree,
                                 struct hr_arena *arena,
                                 const char *from_container,
                                 const char *from,
                                 const char *to_container,
                                 const char *to,
                                 const struct hr_tree_conditions *conditions,
                                 const struct hr_tree_conditions *source_conditions)
{
    struct hr_tree_item source, target;
    const char *code = hr_tree_stat(tree, arena, from_container, from, &source);
    if (code)
        return !strcmp(code, "BlobNotFound") ? "SourcePathNotFound" : "FilesystemNotFound";
    if (hr_tree_check(source_conditions, &source, true, false))
        return "SourceConditionNotMet";
    code = hr_tree_stat(tree, arena, to_container, to, &target);
    if (code && strcmp(code, "BlobNotFound"))
        return code;
    bool exists = !code;
    if ((code = hr_tree_check(conditions, &target, exists, false)))
        return code;
    if (exists && (target.is_dir || source.is_dir) && !(target.is_dir && source.is_dir))
        return "PathConflict";
    const char *slash = strrchr(to, '/');
    struct hr_tree_item parent;
    if (slash && hr_tree_stat(tree, arena, to_container,
                              hr_strndup(arena, to, (size_t)(slash - to)), &parent))
        return "RenameDestinationParentPathNotFound";
    if (slash && !parent.is_dir)
        return "PathConflict";
    const char *new_path = hr_tree_path(tree, arena, to_container, to);
    if (rename(hr_tree_path(tree, arena, from_container, from), new_path))
        return errno == ENOTEMPTY || errno == EEXIST ? "PathAlreadyExists"
               : errno == EINVAL                     ? "InvalidRenameSourcePath"
                                                     : hr_tree_errno(errno, "SourcePathNotFound");
    if (source.is_dir && !source.kept)
        mark_folder(tree, new_path, &source.meta);
    if (exists && !target.is_dir)
        drop_block_list(tree, arena, target.meta.etag);
    prune_parents(tree, arena, from_container, from);
    return NULL;
}

const char *hr_tree_exchange(struct hr_tree *tree,
                             struct hr_arena *arena,
                             const char *container,
                             const char *name,
                             const char *other,
                             const struct hr_tree_conditions *source_conditions)
{
    struct hr_tree_item source, target;
    const char *from = hr_tree_path(tree, arena, container, name),
               *to = hr_tree_path(tree, arena, container, other);
    pthread_mutex_lock(&tree->lock);
    const char *code = hr_tree_stat(tree, arena, container, name, &source);
    if (!code && hr_tree_check(source_conditions, &source, true, false))
        code = "SourceConditionNotMet";
    if (!code)
        code = hr_tree_stat(tree, arena, container, other, &target);
    if (!code && !(source.is_dir && target.is_dir))
        code = "PathConflict";
    atomic_fetch_add(&tree->exchanges, 1);
    if (!code && renameat2(-1, from, -1, to, RENAME_EXCHANGE))
        code = errno == EINVAL ? "InvalidRenameSourcePath"
                               : hr_tree_errno(errno, "SourcePathNotFound");
    atomic_fetch_add(&tree->exchanges, 1);
    pthread_mutex_unlock(&tree->lock);
    if (!code) {
        hr_tree_sync_parent(to);
        hr_tree_sync_parent(from);
    }
    return code;
}

const char *hr_tree_rename(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *from_container,
                           const char *from,
                           const char *to_container,
                           const char *to,
                           const struct hr_tree_conditions *conditions,
                           const struct hr_tree_conditions *source_conditions)
{
    pthread_mutex_lock(&tree->lock);
    const char *code = rename_locked(tree, arena, from_container, from, to_container, to,
                                     conditions, source_conditions);
    pthread_mutex_unlock(&tree->lock);
    if (!code) {
        hr_tree_sync_parent(hr_tree_path(tree, arena, to_container, to));
        hr_tree_sync_parent(hr_tree_path(tree, arena, from_container, from));
    }
    return code;
}
