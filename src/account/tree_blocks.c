/* Blocks and appends: files of their own in ROOT/.headrace/blocks/KEY until a commit joins them. A
 * blob made of blocks keeps their names and sizes in ROOT/.headrace/lists/ETAG. */
#include "account/tree_meta.h"
#include "base/buf.h"
#include "base/hex.h"
#include "io/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS_MAX 100000 /* uncommitted, of one blob: Azure's limit */

static const char *folder_of(struct hr_tree *tree,
                             struct hr_arena *arena,
                             const char *container,
                             const char *name)
{
    char key[65];
    hr_tree_key(key, container, name);
    return hr_printf(arena, "%s/blocks/%s", tree->own, key);
}

static const char *block_path(struct hr_arena *arena, const char *folder, const char *id)
{
    char *hex = hr_arena_alloc(arena, 2 * strlen(id) + 1);
    hr_hex_encode(id, strlen(id), hex);
    return hr_printf(arena, "%s/b-%s", folder, hex);
}

static const char *unhex(struct hr_arena *arena, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *id = hr_arena_alloc(arena, len + 1);
    return hr_hex_decode(hex, len, id) ? id : "";
}

static const char *keep_as(struct hr_tree_temp *temp, const char *folder, const char *path)
{
    if (fsync(temp->fd) || (mkdir(folder, 0700) && errno != EEXIST) || rename(temp->path, path))
        return hr_tree_errno(errno, "InternalError");
    temp->path[0] = 0;
    hr_tree_sync_parent(path);
    return NULL;
}

static void add(struct hr_arena *arena,
                struct hr_tree_blocks *blocks,
                size_t *cap,
                const char *id,
                int64_t size)
{
    if (blocks->count == *cap) {
        *cap = *cap ? 2 * *cap : 64;
        struct hr_tree_block *more = HR_NEW_ARRAY(arena, struct hr_tree_block, *cap);
        if (blocks->count)
            memcpy(more, blocks->at, blocks->count * sizeof *more);
        blocks->at = more;
    }
    blocks->at[blocks->count++] = (struct hr_tree_block){id, size};
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct hr_tree_block *)a)->id, ((const struct hr_tree_block *)b)->id);
}

/* the files of a folder whose names start with prefix, sorted by the rest of the name */
static void waiting(struct hr_arena *arena,
                    const char *folder,
                    const char *prefix,
                    struct hr_tree_blocks *blocks)
{
    DIR *dir = opendir(folder);
    size_t cap = 0;
    *blocks = (struct hr_tree_blocks){0};
    if (!dir)
        return;
    for (struct dirent *at; (at = readdir(dir));) {
        struct stat st;
        if (!strncmp(at->d_name, prefix, strlen(prefix)) &&
            !fstatat(dirfd(dir), at->d_name, &st, 0))
            add(arena, blocks, &cap, hr_strdup(arena, at->d_name + strlen(prefix)), st.st_size);
    }
    closedir(dir);
    if (blocks->count)
        qsort(blocks->at, blocks->count, sizeof *blocks->at, by_id);
}

const char *hr_tree_block_put(struct hr_tree *tree,
                              struct hr_arena *arena,
                              struct hr_tree_temp *temp,
                              const char *container,
                              const char *name,
                              const char *id)
{
    const char *folder = folder_of(tree, arena, container, name);
    struct hr_tree_blocks blocks;
    if (!hr_tree_container_there(tree, arena, container))
        return "ContainerNotFound";
    waiting(arena, folder, "b-", &blocks);
    if (blocks.count >= BLOCKS_MAX)
        return "BlockCountExceedsLimit";
    if (blocks.count && strlen(blocks.at[0].id) != 2 * strlen(id))
        return "InvalidBlobOrBlock"; /* all ids of a blob have one length */
    return keep_as(temp, folder, block_path(arena, folder, id));
}

static const char *read_list(struct hr_tree *tree,
                             struct hr_arena *arena,
                             const char *etag,
                             struct hr_tree_blocks *blocks)
{
    char *text;
    size_t len, cap = 0;
    *blocks = (struct hr_tree_blocks){0};
    const char *path =
        hr_printf(arena, "%s/lists/%.*s", tree->own, (int)strlen(etag) - 2, etag + 1);
    if (hr_file_read(arena, path, 64 << 20, &text, &len, NULL))
        return NULL; /* put whole: it has no blocks */
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        char *space = strchr(line, ' ');
        if (!space)
            return "InternalError";
        *space = 0;
        add(arena, blocks, &cap, line, atoll(space + 1));
    }
    return NULL;
}

const char *hr_tree_blocks(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           bool committed,
                           struct hr_tree_blocks *blocks)
{
    struct hr_tree_item item;
    if (committed) {
        const char *code = hr_tree_stat(tree, arena, container, name, &item);
        return code ? code : read_list(tree, arena, item.meta.etag, blocks);
    }
    waiting(arena, folder_of(tree, arena, container, name), "b-", blocks);
    for (size_t i = 0; i < blocks->count; i++)
        blocks->at[i].id = unhex(arena, blocks->at[i].id);
    return hr_tree_container_there(tree, arena, container) ? NULL : "ContainerNotFound";
}

/* ---- joining blocks ---- */

struct join {
    struct hr_tree *tree;
    struct hr_arena *arena;
    const char *folder;
    struct hr_tree_temp *temp;
    struct hr_tree_blocks old; /* the committed ones, in the blob's order */
    int old_fd;
    struct hr_buf list;
};

static const char *take_waiting(struct join *join, const char *id)
{
    struct stat st;
    int fd = open(block_path(join->arena, join->folder, id), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "InvalidBlockList";
    const char *code =
        fstat(fd, &st) ? "InternalError" : hr_tree_copy_bytes(fd, join->temp->fd, st.st_size);
    close(fd);
    hr_buf_addf(&join->list, "%s %lld\n", id, (long long)st.st_size);
    return code;
}

static const char *take_committed(struct join *join, const char *id)
{
    int64_t offset = 0;
    for (size_t i = 0; i < join->old.count; i++) {
        struct hr_tree_block *block = &join->old.at[i];
        if (!strcmp(block->id, id)) {
            hr_buf_addf(&join->list, "%s %lld\n", id, (long long)block->size);
            return lseek(join->old_fd, offset, SEEK_SET) < 0
                       ? "InternalError"
                       : hr_tree_copy_bytes(join->old_fd, join->temp->fd, block->size);
        }
        offset += block->size;
    }
    return "InvalidBlockList";
}

static const char *take(struct join *join, const struct hr_tree_choice *choice)
{
    if (choice->kind == 'C')
        return take_committed(join, choice->id);
    const char *code = take_waiting(join, choice->id);
    return code && !strcmp(code, "InvalidBlockList") && choice->kind == 'L'
               ? take_committed(join, choice->id)
               : code;
}

static const char *publish(struct join *join,
                           const char *container,
                           const char *name,
                           const char *old_etag,
                           struct hr_tree_meta *meta,
                           const struct hr_tree_conditions *conditions)
{
    struct hr_tree *tree = join->tree;
    struct hr_tree_item now;
    struct hr_err err;
    if (fsync(join->temp->fd))
        return hr_tree_errno(errno, "InternalError");
    pthread_mutex_lock(&tree->lock);
    const char *code = NULL;
    /* bytes were taken from the old version: it must still be the one that is replaced */
    if (old_etag &&
        (hr_tree_stat(tree, join->arena, container, name, &now) || strcmp(now.meta.etag, old_etag)))
        code = "ConditionNotMet";
    hr_tree_tag(tree, meta);
    const char *path = hr_printf(join->arena, "%s/lists/%.*s", tree->own,
                                 (int)strlen(meta->etag) - 2, meta->etag + 1);
    if (!code && !hr_buf_ok(&join->list))
        code = "InternalError";
    if (!code && hr_file_write(path, 0600, hr_buf_text(&join->list), hr_buf_len(&join->list), &err))
        code = err.code == HR_E_FULL ? "InsufficientStorage" : "InternalError";
    if (!code && (code = hr_tree_commit_locked(tree, join->arena, join->temp, container, name, meta,
                                               conditions, false)))
        unlink(path);
    pthread_mutex_unlock(&tree->lock);
    return code;
}

const char *hr_tree_blocks_commit(struct hr_tree *tree,
                                  struct hr_arena *arena,
                                  const char *container,
                                  const char *name,
                                  const struct hr_tree_choice *choices,
                                  size_t count,
                                  struct hr_tree_meta *meta,
                                  const struct hr_tree_conditions *conditions)
{
    struct hr_tree_temp temp;
    struct hr_tree_item old;
    struct join join = {tree, arena, folder_of(tree, arena, container, name), &temp, {0}, -1, {0}};
    const char *code = hr_tree_read(tree, arena, container, name, &old, &join.old_fd),
               *old_etag = NULL;
    if (code && strcmp(code, "BlobNotFound"))
        return code;
    if (!code && !old.is_dir && (code = read_list(tree, arena, old.meta.etag, &join.old))) {
        close(join.old_fd);
        return code;
    }
    hr_buf_init(&join.list, 16 << 20);
    code = hr_tree_temp_new(tree, &temp);
    for (size_t i = 0; i < count && !code; i++) {
        code = take(&join, &choices[i]);
        if (choices[i].kind != 'U' && join.old.count)
            old_etag = old.meta.etag;
    }
    if (!code)
        code = publish(&join, container, name, old_etag, meta, conditions);
    if (!code) {
        fsync(temp.fd);
        hr_tree_sync_parent(hr_tree_path(tree, arena, container, name));
        /* blocks not in the list are dropped, as on Azure */
        hr_file_remove_tree(join.folder, NULL);
    }
    hr_tree_temp_drop(&temp);
    hr_buf_release(&join.list);
    if (join.old_fd >= 0)
        close(join.old_fd);
    return code;
}

/* ---- appends ---- */

const char *hr_tree_append(struct hr_tree *tree,
                           struct hr_arena *arena,
                           struct hr_tree_temp *temp,
                           const char *container,
                           const char *name,
                           int64_t position)
{
    struct hr_tree_item item;
    const char *folder = folder_of(tree, arena, container, name),
               *code = hr_tree_stat(tree, arena, container, name, &item);
    if (code)
        return !strcmp(code, "BlobNotFound") ? "PathNotFound" : "FilesystemNotFound";
    if (item.is_dir)
        return "PathConflict";
    if (position < item.size)
        return "InvalidFlushPosition";
    return keep_as(temp, folder, hr_printf(arena, "%s/a-%020lld", folder, (long long)position));
}

/* the appends from `size` to `position`, without a gap; *end is where they end */
static const char *join_appends(struct hr_arena *arena,
                                const char *folder,
                                const struct hr_tree_blocks *appends,
                                int64_t size,
                                int64_t position,
                                int to)
{
    for (size_t i = 0; i < appends->count && size < position; i++) {
        if (atoll(appends->at[i].id) != size)
            return "InvalidFlushPosition";
        int fd = open(hr_printf(arena, "%s/a-%s", folder, appends->at[i].id), O_RDONLY | O_CLOEXEC);
        const char *code =
            fd < 0 ? "InternalError" : hr_tree_copy_bytes(fd, to, appends->at[i].size);
        if (fd >= 0)
            close(fd);
        if (code)
            return code;
        size += appends->at[i].size;
    }
    return size == position ? NULL : "InvalidFlushPosition";
}

static const char *make_flushed(struct hr_tree *tree,
                                struct hr_arena *arena,
                                const char *folder,
                                const struct hr_tree_item *old,
                                int old_fd,
                                int64_t position,
                                struct hr_tree_temp *temp)
{
    struct hr_tree_blocks appends;
    waiting(arena, folder, "a-", &appends);
    if (!old->size &&
        appends.count == 1 &&
        !atoll(appends.at[0].id) &&
        appends.at[0].size == position) {
        /* one append is the whole file: it becomes it without a copy */
        snprintf(temp->path, sizeof temp->path, "%s/a-%s", folder, appends.at[0].id);
        temp->fd = open(temp->path, O_RDWR | O_CLOEXEC);
        return temp->fd < 0 ? hr_tree_errno(errno, "InvalidFlushPosition") : NULL;
    }
    const char *code = hr_tree_temp_new(tree, temp);
    if (!code)
        code = hr_tree_copy_bytes(old_fd, temp->fd, old->size);
    return code ? code : join_appends(arena, folder, &appends, old->size, position, temp->fd);
}

static void over(const char **field, const char *value)
{
    if (value)
        *field = value;
}

const char *hr_tree_flush(struct hr_tree *tree,
                          struct hr_arena *arena,
                          const char *container,
                          const char *name,
                          int64_t position,
                          struct hr_tree_meta *changes,
                          const struct hr_tree_conditions *conditions,
                          struct hr_tree_meta *meta)
{
    struct hr_tree_item old;
    struct hr_tree_temp temp = {.fd = -1};
    int fd;
    const char *folder = folder_of(tree, arena, container, name),
               *code = hr_tree_read(tree, arena, container, name, &old, &fd);
    if (code)
        return !strcmp(code, "BlobNotFound") ? "PathNotFound" : "FilesystemNotFound";
    code = old.is_dir ? "PathConflict" : hr_tree_check(conditions, &old, true, false);
    *meta = old.meta;
    if (!code)
        code = make_flushed(tree, arena, folder, &old, fd, position, &temp);
    if (!code) {
        struct hr_tree_conditions same = {.if_match = old.meta.etag};
        over(&meta->content_type, changes->content_type);
        over(&meta->content_encoding, changes->content_encoding);
        over(&meta->content_language, changes->content_language);
        over(&meta->content_disposition, changes->content_disposition);
        over(&meta->cache_control, changes->cache_control);
        meta->md5 = changes->md5;
        meta->etag[0] = 0;
        code = hr_tree_commit(tree, arena, &temp, container, name, meta, &same, true);
    }
    if (!code)
        hr_file_remove_tree(folder, NULL);
    else if (temp.path[0] && !strncmp(temp.path, folder, strlen(folder)))
        temp.path[0] = 0; /* an append stays where it is */
    hr_tree_temp_drop(&temp);
    close(fd);
    return code;
}
