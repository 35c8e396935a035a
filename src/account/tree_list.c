/* Listing in bytewise order of whole names, page by page, without keeping anything between pages.
 * A folder counts twice in that order: as itself ("a") and as what is in it ("a/…"), with "a.csv"
 * between the two. */
#include "account/tree_meta.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
    struct hr_tree *tree;
    struct hr_arena *arena;
    const char *container;
    const struct hr_tree_list *list;
    struct hr_tree_item *items;
    size_t count, cap;
    bool more;
};

static void add(struct walk *walk, const struct hr_tree_item *item)
{
    if (walk->count == walk->list->max) {
        walk->more = true;
        return;
    }
    if (walk->count == walk->cap) {
        walk->cap = walk->cap ? 2 * walk->cap : 64;
        struct hr_tree_item *more = HR_NEW_ARRAY(walk->arena, struct hr_tree_item, walk->cap);
        if (walk->count)
            memcpy(more, walk->items, walk->count * sizeof *more);
        walk->items = more;
    }
    walk->items[walk->count++] = *item;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* names in a folder; a sub-folder comes as "name" and as "name/" */
static size_t read_names(struct walk *walk, const char *path, const char ***names)
{
    size_t count = 0, cap = 64;
    const char **at = HR_NEW_ARRAY(walk->arena, const char *, cap);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat st;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        bool folder = entry->d_type == DT_DIR;
        if (entry->d_type == DT_UNKNOWN &&
            !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            folder = S_ISDIR(st.st_mode);
        if (count + 2 > cap) {
            const char **more = HR_NEW_ARRAY(walk->arena, const char *, 2 * cap);
            memcpy(more, at, count * sizeof *more);
            at = more;
            cap *= 2;
        }
        at[count++] = hr_strdup(walk->arena, entry->d_name);
        if (folder)
            at[count++] = hr_printf(walk->arena, "%s/", entry->d_name);
    }
    if (dir)
        closedir(dir);
    qsort(at, count, sizeof *at, by_text);
    *names = at;
    return count;
}

/* can anything below "folder/" have the prefix and stand behind `after`? */
static bool worth(const struct walk *walk, const char *folder)
{
    const char *prefix = walk->list->prefix, *after = walk->list->after;
    size_t len = strlen(folder), prefix_len = strlen(prefix);
    if (strncmp(folder, prefix, len < prefix_len ? len : prefix_len))
        return false;
    return strncmp(folder, after, len) >= 0 && strncmp(folder, walk->list->from, len) >= 0;
}

static bool wanted(const struct walk *walk, const char *name)
{
    const struct hr_tree_list *list = walk->list;
    return !strncmp(name, list->prefix, strlen(list->prefix)) &&
           strcmp(name, list->after) > 0 &&
           strcmp(name, list->from) >= 0;
}

static void consider(struct walk *walk, const char *name)
{
    struct hr_tree_item item;
    enum hr_tree_list_kind kind = walk->list->kind;
    if (!wanted(walk, name) || hr_tree_stat(walk->tree, walk->arena, walk->container, name, &item))
        return;
    /* of flat blobs, a folder shows only where it was made on purpose; by levels, as its prefix */
    if (item.is_dir && (kind == HR_LIST_LEVEL || (kind == HR_LIST_FLAT && !item.kept)))
        return;
    add(walk, &item);
}

static void walk_folder(struct walk *walk, const char *folder)
{
    const char **names;
    size_t count =
        read_names(walk, hr_tree_path(walk->tree, walk->arena, walk->container, folder), &names);
    for (size_t i = 0; i < count && !walk->more; i++) {
        const char *name = hr_printf(walk->arena, "%s%s", folder, names[i]);
        if (name[strlen(name) - 1] != '/') {
            consider(walk, name);
        } else if (walk->list->kind == HR_LIST_LEVEL || walk->list->kind == HR_LIST_PATHS_LEVEL) {
            struct hr_tree_item prefix = {.name = name, .is_dir = true};
            if (walk->list->kind == HR_LIST_LEVEL && wanted(walk, name))
                add(walk, &prefix);
        } else if (worth(walk, name)) {
            walk_folder(walk, name);
        }
    }
}

static void walk_page(struct walk *walk)
{
    const char *prefix = walk->list->prefix, *slash = strrchr(prefix, '/');
    const char *start = slash ? hr_strndup(walk->arena, prefix, (size_t)(slash + 1 - prefix)) : "";
    walk->count = 0;
    walk->more = false;
    /* "../" is no folder of ours */
    if (!*start || !hr_tree_name_fault(hr_strndup(walk->arena, start, strlen(start) - 1)))
        walk_folder(walk, start);
}

/* whether no folders changed places meanwhile */
static bool walk_undisturbed(struct walk *walk)
{
    uint_fast64_t before = atomic_load(&walk->tree->exchanges);
    walk_page(walk);
    return !(before % 2) && before == atomic_load(&walk->tree->exchanges);
}

const char *hr_tree_list(struct hr_tree *tree,
                         struct hr_arena *arena,
                         const char *container,
                         const struct hr_tree_list *list,
                         struct hr_tree_item **items,
                         size_t *count,
                         bool *more)
{
    struct walk walk = {.tree = tree, .arena = arena, .container = container, .list = list};
    if (!hr_tree_container_there(tree, arena, container))
        return "ContainerNotFound";
    if (!walk_undisturbed(&walk)) { /* once more, and this time nothing changes places */
        pthread_mutex_lock(&tree->lock);
        walk_page(&walk);
        pthread_mutex_unlock(&tree->lock);
    }
    *items = walk.items;
    *count = walk.count;
    *more = walk.more;
    return NULL;
}
