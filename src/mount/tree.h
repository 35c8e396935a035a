/* The files of one dataset version as a tree of folders, in memory and compact: about a hundred
 * bytes a file.
 *
 * Made once from the manifest's files, in any order, then never changed: any thread may read it. A
 * node is named by its index; the root is 0. The children of a folder stand together, sorted
 * bytewise by name, so a look-up is a binary search and a listing is a slice. Not for: storage,
 * FUSE; it knows neither. */
#ifndef HR_MOUNT_TREE_H
#define HR_MOUNT_TREE_H
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

#define HR_TREE_NAME_MAX 255u /* the kernel's limit of one name */
#define HR_TREE_PATH_MAX \
    4000u /* below PATH_MAX, so that a whole path can be opened under a mount point */
#define HR_TREE_NONE UINT32_MAX

struct hr_mount_tree_node {
    uint32_t name, parent; /* name: into the text pool */
    /* a folder's children; of a file: HR_TREE_NONE and the index of the base of its location */
    uint32_t first, count;
    int64_t size; /* a folder: how many of its children are folders */
    int64_t mtime_ms;
    /* into the text pool; rest: of the location behind its base, HR_TREE_NONE when it is the path
     */
    uint32_t etag, rest;
};

struct hr_mount_tree {
    struct hr_mount_tree_node *nodes;
    uint32_t count, files;
    int64_t bytes; /* of all files */
    char *pool;
    const char **bases;
};

struct hr_mount_tree_file {
    const char *path; /* "a/b.csv": relative, no empty, "." or ".." segment */
    const char *location, *etag;
    int64_t size, mtime_ms;
};

/* Sorts `files`; copies their texts into the arena. Names that no folder can hold together, or no
 * kernel can show, are refused by name. */
enum hr_code hr_mount_tree_build(struct hr_mount_tree *tree,
                                 struct hr_arena *arena,
                                 struct hr_mount_tree_file *files,
                                 size_t count,
                                 int64_t mtime_ms,
                                 struct hr_err *err);

static inline bool hr_mount_tree_is_folder(const struct hr_mount_tree *tree, uint32_t node)
{
    return tree->nodes[node].first != HR_TREE_NONE;
}
static inline const char *hr_mount_tree_name(const struct hr_mount_tree *tree, uint32_t node)
{
    return tree->pool + tree->nodes[node].name;
}
static inline const char *hr_mount_tree_etag(const struct hr_mount_tree *tree, uint32_t node)
{
    return tree->pool + tree->nodes[node].etag;
}
/* HR_TREE_NONE: there is none */
uint32_t hr_mount_tree_child(const struct hr_mount_tree *tree, uint32_t folder, const char *name);
/* from the root; "" is the root */
uint32_t hr_mount_tree_find(const struct hr_mount_tree *tree, const char *path);
/* "a/b.csv"; "" for the root */
char *hr_mount_tree_path(const struct hr_mount_tree *tree, struct hr_arena *arena, uint32_t node);
/* of a file */
char *hr_mount_tree_location(const struct hr_mount_tree *tree,
                             struct hr_arena *arena,
                             uint32_t node);
#endif
