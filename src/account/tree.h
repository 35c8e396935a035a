/* The account's folder tree: ROOT/CONTAINER/path is the blob itself, a plain file that a person may
 * read, copy in or edit.
 *
 * What HTTP knows about a version (ETag, times, content headers, MD5, metadata) is an extended
 * attribute of the same inode, bound to the file's size and time: a file put there or edited by
 * hand is a version of its own, with an ETag made of inode, size and time. A version is written to
 * a temporary file, synced, given its attribute and renamed: data and properties appear together or
 * not at all. ROOT/.headrace holds temporary files, uncommitted blocks and appends.
 *
 * Folders made by a dfs request or a folder marker are kept; those that only hold blobs go with
 * their last blob, as on flat accounts.
 *
 * Functions return NULL or the Azure error code of the refusal. Any thread; what must be one step
 * is under the tree's lock. Not here: HTTP, authorization. */
#ifndef HR_ACCOUNT_TREE_H
#define HR_ACCOUNT_TREE_H
#include "base/arena.h"
#include "base/error.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hr_tree {
    char *root, *own; /* own: ROOT/.headrace */
    /* Whoever checks conditions and then changes names does both under it: a version that was
     * looked at is the one replaced. What takes long stands outside: bodies are written to
     * temporary files before, folders that were deleted are moved away under it and removed after.
     * Readers take none: an open file is one version. The tree's only lock; operations do not nest.
     */
    pthread_mutex_t lock;
    uint64_t last_tag;
    /* begun and ended, each counted: odd while one is under way */
    atomic_uint_fast64_t exchanges;
};

struct hr_tree_pair {
    const char *name, *value;
};

struct hr_tree_meta {
    char etag[40]; /* with its quotes */
    int64_t modified_ms, created_ms;
    /* NULL: not set */
    const char *content_type, *content_encoding, *content_language, *content_disposition,
        *cache_control, *md5;
    /* of the copy that made it, if one did; done: milliseconds, as text */
    const char *copy_id, *copy_source, *copy_done;
    struct hr_tree_pair *pairs; /* user metadata */
    size_t pair_count;
};

struct hr_tree_item {
    const char *name;
    bool is_dir, kept; /* kept: a folder that stays when it is empty */
    int64_t size;
    struct hr_tree_meta meta;
};

/* If-… of a request; NULL or 0 when absent. exists_code: what If-None-Match: * answers when there
 * is one */
struct hr_tree_conditions {
    const char *if_match, *if_none_match;
    int64_t if_modified_ms, if_unmodified_ms;
    const char *exists_code;
};

enum hr_code hr_tree_open(struct hr_tree *tree, const char *root, struct hr_err *err);
void hr_tree_close(struct hr_tree *tree);

/* NULL when the name can be a file here; else why not, for the detail */
const char *hr_tree_name_fault(const char *name);

const char *hr_tree_container_create(struct hr_tree *tree,
                                     struct hr_arena *arena,
                                     const char *container,
                                     struct hr_tree_meta *meta);
const char *hr_tree_container_delete(struct hr_tree *tree,
                                     struct hr_arena *arena,
                                     const char *container,
                                     const struct hr_tree_conditions *conditions);
/* name "" is the container */
const char *hr_tree_stat(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const char *name,
                         struct hr_tree_item *item);
const char *hr_tree_check(const struct hr_tree_conditions *conditions,
                          const struct hr_tree_item *item,
                          bool exists,
                          bool reading);

/* an open version to read: the descriptor stays on it whatever happens to its name */
const char *hr_tree_read(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const char *name,
                         struct hr_tree_item *item,
                         int *fd);

struct hr_tree_temp {
    int fd;
    char path[4096];
};
const char *hr_tree_temp_new(struct hr_tree *tree, struct hr_tree_temp *temp);
void hr_tree_temp_drop(struct hr_tree_temp *temp); /* fine when committed */

/* from where both descriptors stand */
const char *hr_tree_copy_bytes(int from, int to, int64_t len);

/* makes the temporary file the blob; meta's etag and times are set */
const char *hr_tree_commit(struct hr_tree *tree,
                           struct hr_arena *arena,
                           struct hr_tree_temp *temp,
                           const char *container,
                           const char *name,
                           struct hr_tree_meta *meta,
                           const struct hr_tree_conditions *conditions,
                           bool keep_parents);
/* new metadata and content headers, same bytes, new ETag */
const char *hr_tree_update(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           const struct hr_tree_conditions *conditions,
                           void (*change)(struct hr_tree_item *item, void *arg),
                           void *arg,
                           struct hr_tree_meta *meta);
const char *hr_tree_mkdir(struct hr_tree *tree,
                          struct hr_arena *arena,
                          const char *container,
                          const char *name,
                          struct hr_tree_meta *meta,
                          const struct hr_tree_conditions *conditions);
const char *hr_tree_delete(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           const struct hr_tree_conditions *conditions,
                           bool recursive);
/* two folders change places, in one step */
const char *hr_tree_exchange(struct hr_tree *tree,
                             struct hr_arena *arena,
                             const char *container,
                             const char *name,
                             const char *other,
                             const struct hr_tree_conditions *source_conditions);
const char *hr_tree_rename(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *from_container,
                           const char *from,
                           const char *to_container,
                           const char *to,
                           const struct hr_tree_conditions *conditions,
                           const struct hr_tree_conditions *source_conditions);

/* ---- blocks and appends, not yet visible ---- */
struct hr_tree_block {
    const char *id;
    int64_t size;
};
struct hr_tree_blocks {
    struct hr_tree_block *at;
    size_t count;
};
const char *hr_tree_block_put(struct hr_tree *tree,
                              struct hr_arena *arena,
                              struct hr_tree_temp *temp,
                              const char *container,
                              const char *name,
                              const char *id);
const char *hr_tree_blocks(struct hr_tree *tree,
                           struct hr_arena *arena,
                           const char *container,
                           const char *name,
                           bool committed,
                           struct hr_tree_blocks *blocks);
/* kind: 'C'ommitted, 'U'ncommitted, 'L'atest */
struct hr_tree_choice {
    const char *id;
    char kind;
};
const char *hr_tree_blocks_commit(struct hr_tree *tree,
                                  struct hr_arena *arena,
                                  const char *container,
                                  const char *name,
                                  const struct hr_tree_choice *choices,
                                  size_t count,
                                  struct hr_tree_meta *meta,
                                  const struct hr_tree_conditions *conditions);
const char *hr_tree_append(struct hr_tree *tree,
                           struct hr_arena *arena,
                           struct hr_tree_temp *temp,
                           const char *container,
                           const char *name,
                           int64_t position);
const char *hr_tree_flush(struct hr_tree *tree,
                          struct hr_arena *arena,
                          const char *container,
                          const char *name,
                          int64_t position,
                          struct hr_tree_meta *changes,
                          const struct hr_tree_conditions *conditions,
                          struct hr_tree_meta *meta);

/* ---- listing, in bytewise order of the whole names ---- */
enum hr_tree_list_kind { HR_LIST_FLAT, HR_LIST_LEVEL, HR_LIST_PATHS, HR_LIST_PATHS_LEVEL };
struct hr_tree_list {
    /* blobs flat; blobs by '/'; dfs paths, recursive or one level */
    enum hr_tree_list_kind kind;
    const char *prefix; /* of names; dfs: a folder, with '/' behind it */
    const char *after;  /* names up to and including this one are left out; "" */
    const char *from;   /* names before this one are left out; "" */
    size_t max;
};
/* A page shows every folder as it was before or after an exchange, never a part of each.
 * level: an item with is_dir and a name that ends in '/' is a prefix. *more: there is more behind
 * the last */
const char *hr_tree_list(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const struct hr_tree_list *list,
                         struct hr_tree_item **items,
                         size_t *count,
                         bool *more);
const char *hr_tree_containers(struct hr_tree *tree,
                               struct hr_arena *arena,
                               struct hr_tree_item **items,
                               size_t *count);
#endif
