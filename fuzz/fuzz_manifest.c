/* A dataset's manifest: whatever parses is a tree in which every file is found by its path, every
 * child by its name, and times are numbers. */
#include "base/check.h"
#include "mount/manifest.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_node(const struct hr_mount_tree *tree, struct hr_arena *arena, uint32_t node)
{
    const struct hr_mount_tree_node *one = &tree->nodes[node];
    HR_CHECK(one->parent < tree->count && (!node || one->parent < node));
    HR_CHECK(hr_mount_tree_find(tree, hr_mount_tree_path(tree, arena, node)) == node);
    if (!hr_mount_tree_is_folder(tree, node)) {
        HR_CHECK(one->size >= 0 &&
                 *hr_mount_tree_etag(tree, node) &&
                 strchr(hr_mount_tree_location(tree, arena, node), ':'));
        return;
    }
    HR_CHECK(one->first > node && one->first + one->count <= tree->count);
    for (uint32_t i = 0; i < one->count; i++) {
        const char *name = hr_mount_tree_name(tree, one->first + i);
        HR_CHECK(*name &&
                 strlen(name) <= HR_TREE_NAME_MAX &&
                 !strchr(name, '/') &&
                 strcmp(name, ".") &&
                 strcmp(name, ".."));
        HR_CHECK(hr_mount_tree_child(tree, node, name) == one->first + i);
        HR_CHECK(tree->nodes[one->first + i].parent == node);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_manifest manifest;
    struct hr_err err = {0};
    json_t *storage = NULL;
    if (!hr_manifest_parse(&manifest, arena, (const char *)bytes, len, &storage, &err)) {
        for (uint32_t i = 0; i < manifest.tree.count; i++)
            check_node(&manifest.tree, arena, i);
    } else {
        HR_CHECK(err.code && *err.msg && !storage);
    }
    json_decref(storage);
    hr_arena_free(arena);
    return 0;
}
