#include "mount/tree.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/map.h"
#include <stdlib.h>
#include <string.h>

struct building {
    struct hr_mount_tree *tree;
    struct hr_arena *arena;
    const struct hr_mount_tree_file *files;
    size_t count, cap;
    struct hr_buf pool;
    struct hr_map bases;     /* base -> index + 1 */
    struct hr_buf base_list; /* of const char * */
    /* of each node that is a folder: its files, and where their names begin */
    struct slice {
        size_t low, high, depth;
    } *slices;
    size_t slice_cap;
};

/* ---- order: '/' before everything else, so that a folder's files stand together and its children
 * are in bytewise order of name ---- */

static unsigned rank(char c)
{
    return c == '/' ? 1 : c ? (unsigned char)c + 1u : 0;
}

static int by_path(const void *a, const void *b)
{
    const char *left = ((const struct hr_mount_tree_file *)a)->path,
               *right = ((const struct hr_mount_tree_file *)b)->path;
    while (*left && *left == *right)
        left++, right++;
    return (int)rank(*left) - (int)rank(*right);
}

/* ---- what is refused ---- */

static enum hr_code check_path(const char *path, struct hr_err *err)
{
    if (strlen(path) > HR_TREE_PATH_MAX)
        return hr_fail(err, HR_E_LIMIT, "the path '%.100s…' has more than %u bytes", path,
                       HR_TREE_PATH_MAX);
    for (const char *segment = path;; segment += strcspn(segment, "/") + 1) {
        size_t len = strcspn(segment, "/");
        if (!len ||
            (len == 1 && *segment == '.') ||
            (len == 2 && segment[0] == '.' && segment[1] == '.'))
            return hr_fail(
                err, HR_E_INVALID,
                "the path '%s' is not relative to the dataset: a file system has no names that are empty, '.' or '..'",
                path);
        if (len > HR_TREE_NAME_MAX)
            return hr_fail(
                err, HR_E_LIMIT,
                "the name '%.60s…' in '%.60s…' has more than %u bytes: a file system cannot show it",
                segment, path, HR_TREE_NAME_MAX);
        if (!segment[len])
            return HR_OK;
    }
}

static enum hr_code check_files(const struct hr_mount_tree_file *files,
                                size_t count,
                                struct hr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = i ? strlen(files[i - 1].path) : 0;
        HR_TRY(check_path(files[i].path, err));
        if (i && !strncmp(files[i].path, files[i - 1].path, len) && !files[i].path[len])
            return hr_fail(err, HR_E_INVALID, "the path '%s' stands twice in the manifest",
                           files[i].path);
        if (i && !strncmp(files[i].path, files[i - 1].path, len) && files[i].path[len] == '/')
            return hr_fail(
                err, HR_E_INVALID,
                "'%s' is a file and, with '%s', a folder: a file system cannot show both",
                files[i - 1].path, files[i].path);
        if (files[i].size < 0)
            return hr_fail(err, HR_E_INVALID, "'%s' has a negative size", files[i].path);
    }
    return HR_OK;
}

/* ---- building ---- */

static uint32_t add_text(struct building *b, const char *text, size_t len)
{
    uint32_t at = (uint32_t)hr_buf_mark(&b->pool);
    hr_buf_add(&b->pool, text, len);
    hr_buf_addc(&b->pool, 0);
    return at;
}

static uint32_t base_index(struct building *b, const char *location, size_t len)
{
    char *base = strndup(location, len);
    HR_CHECK(base);
    uintptr_t known = (uintptr_t)hr_map_get(&b->bases, base);
    if (!known) {
        const char *kept = hr_strdup(b->arena, base);
        hr_buf_add(&b->base_list, &kept, sizeof kept);
        known = hr_buf_mark(&b->base_list) / sizeof kept;
        hr_map_put(&b->bases, base, (void *)known);
    }
    free(base);
    return (uint32_t)known - 1;
}

static uint32_t new_node(struct building *b, uint32_t parent)
{
    struct hr_mount_tree *tree = b->tree;
    if (tree->count == b->cap) {
        b->cap = b->cap * 2;
        tree->nodes = realloc(tree->nodes, b->cap * sizeof *tree->nodes);
        b->slices = realloc(b->slices, b->cap * sizeof *b->slices);
        HR_CHECK(tree->nodes && b->slices);
    }
    tree->nodes[tree->count] = (struct hr_mount_tree_node){.parent = parent};
    b->slices[tree->count] = (struct slice){0};
    return tree->count++;
}

static void make_file(struct building *b,
                      struct hr_mount_tree_node *node,
                      const struct hr_mount_tree_file *file)
{
    size_t path = strlen(file->path), location = strlen(file->location);
    bool behind = location >= path && !strcmp(file->location + location - path, file->path);
    size_t base = behind ? location - path
                         : (size_t)(strrchr(file->location, '/')
                                        ? strrchr(file->location, '/') + 1 - file->location
                                        : 0);
    node->first = HR_TREE_NONE;
    node->count = base_index(b, file->location, base);
    node->rest = behind ? HR_TREE_NONE : add_text(b, file->location + base, location - base);
    node->etag = add_text(b, file->etag, strlen(file->etag));
    node->size = file->size;
    node->mtime_ms = file->mtime_ms;
    b->tree->files++;
    b->tree->bytes += file->size;
}

/* the children of one folder, from its slice of the files: each run of one name is a file or a
 * folder */
static void fill_folder(struct building *b, uint32_t folder)
{
    struct slice slice = b->slices[folder];
    b->tree->nodes[folder].first = b->tree->count;
    for (size_t low = slice.low, high; low < slice.high; low = high) {
        const char *name = b->files[low].path + slice.depth;
        size_t len = strcspn(name, "/");
        for (high = low + 1; high < slice.high; high++) {
            const char *other = b->files[high].path + slice.depth;
            if (strncmp(other, name, len) || (other[len] && other[len] != '/'))
                break;
        }
        uint32_t child = new_node(b, folder);
        struct hr_mount_tree_node *node = &b->tree->nodes[child];
        node->name = add_text(b, name, len);
        if (name[len]) {
            b->slices[child] = (struct slice){low, high, slice.depth + len + 1};
            node->mtime_ms = b->tree->nodes[0].mtime_ms;
            b->tree->nodes[folder].size++;
        } else {
            make_file(b, node, &b->files[low]);
        }
    }
    b->tree->nodes[folder].count = b->tree->count - b->tree->nodes[folder].first;
}

enum hr_code hr_mount_tree_build(struct hr_mount_tree *tree,
                                 struct hr_arena *arena,
                                 struct hr_mount_tree_file *files,
                                 size_t count,
                                 int64_t mtime_ms,
                                 struct hr_err *err)
{
    *tree = (struct hr_mount_tree){0};
    qsort(files, count, sizeof *files, by_path);
    HR_TRY(check_files(files, count, err));
    struct building b = {
        .tree = tree, .arena = arena, .files = files, .cap = count + count / 8 + 16};
    hr_buf_init(&b.pool, UINT32_MAX - 1);
    hr_buf_init(&b.base_list, UINT32_MAX);
    hr_map_init(&b.bases);
    tree->nodes = calloc(b.cap, sizeof *tree->nodes);
    b.slices = calloc(b.cap, sizeof *b.slices);
    HR_CHECK(tree->nodes && b.slices);
    uint32_t root = new_node(&b, 0);
    tree->nodes[root].mtime_ms = mtime_ms;
    tree->nodes[root].name = add_text(&b, "", 0);
    b.slices[root] = (struct slice){0, count, 0};
    /* breadth first: a folder's children are made together, behind all before */
    for (uint32_t i = 0; i < tree->count; i++)
        if (!tree->nodes[i].first)
            fill_folder(&b, i);
    bool fits = hr_buf_ok(&b.pool) && hr_buf_ok(&b.base_list);
    struct hr_mount_tree_node *nodes = hr_memdup(arena, tree->nodes, tree->count * sizeof *nodes);
    free(tree->nodes);
    tree->nodes = nodes;
    tree->pool = fits ? hr_memdup(arena, hr_buf_text(&b.pool), hr_buf_len(&b.pool)) : NULL;
    tree->bases = fits && hr_buf_len(&b.base_list)
                      ? hr_memdup(arena, hr_buf_text(&b.base_list), hr_buf_len(&b.base_list))
                      : NULL;
    free(b.slices);
    hr_buf_release(&b.pool);
    hr_buf_release(&b.base_list);
    hr_map_release(&b.bases);
    return fits ? HR_OK
                : hr_fail(err, HR_E_LIMIT, "the names of the dataset's %zu files are over 4 GB",
                          count);
}

/* ---- reading ---- */

uint32_t hr_mount_tree_child(const struct hr_mount_tree *tree, uint32_t folder, const char *name)
{
    const struct hr_mount_tree_node *node = &tree->nodes[folder];
    if (node->first == HR_TREE_NONE)
        return HR_TREE_NONE;
    uint32_t low = node->first, high = node->first + node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(hr_mount_tree_name(tree, middle), name);
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return HR_TREE_NONE;
}

uint32_t hr_mount_tree_find(const struct hr_mount_tree *tree, const char *path)
{
    char name[HR_TREE_NAME_MAX + 1];
    uint32_t node = 0;
    while (*path && node != HR_TREE_NONE) {
        size_t len = strcspn(path, "/");
        if (len > HR_TREE_NAME_MAX)
            return HR_TREE_NONE;
        memcpy(name, path, len);
        name[len] = 0;
        node = hr_mount_tree_child(tree, node, name);
        path += len + (path[len] == '/');
    }
    return node;
}

char *hr_mount_tree_path(const struct hr_mount_tree *tree, struct hr_arena *arena, uint32_t node)
{
    size_t len = 0;
    for (uint32_t at = node; at; at = tree->nodes[at].parent)
        len += strlen(hr_mount_tree_name(tree, at)) + 1;
    char *path = hr_arena_alloc(arena, len + 1), *end = path + (len ? len - 1 : 0);
    *end = 0;
    for (uint32_t at = node; at; at = tree->nodes[at].parent) {
        size_t name = strlen(hr_mount_tree_name(tree, at));
        end -= name;
        memcpy(end, hr_mount_tree_name(tree, at), name);
        if (end > path)
            *--end = '/';
    }
    return path;
}

char *hr_mount_tree_location(const struct hr_mount_tree *tree,
                             struct hr_arena *arena,
                             uint32_t node)
{
    const struct hr_mount_tree_node *file = &tree->nodes[node];
    const char *rest = file->rest == HR_TREE_NONE ? hr_mount_tree_path(tree, arena, node)
                                                  : tree->pool + file->rest;
    return hr_printf(arena, "%s%s", tree->bases[file->count], rest);
}
