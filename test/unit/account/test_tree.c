/* The account's tree: a page of a listing is of one time, whatever changes places meanwhile; what
 * blocks a blob has is kept whole or the blob is not. */
#include "account/tree.h"
#include "base/check.h"
#include "io/file.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../torture.h"

#define PARTS 4
#define LISTINGS 3000

struct exchanging {
    struct hr_tree *tree;
    atomic_bool over;
    int done;
};

static void *exchange_again_and_again(void *arg)
{
    struct exchanging *exchanging = arg;
    while (!atomic_load(&exchanging->over)) {
        struct hr_arena *arena = hr_arena_new(NULL);
        const struct hr_tree_conditions none = {0};
        HR_CHECK(!hr_tree_exchange(exchanging->tree, arena, "data", "new", "old", &none));
        exchanging->done++;
        hr_arena_free(arena);
        usleep(50);
    }
    return NULL;
}

/* data/SIDE/part=N/SIDE, empty: plain files are the account's own form */
static void make_side(struct hr_arena *arena, const char *root, const char *side)
{
    struct hr_err err;
    for (int part = 0; part < PARTS; part++) {
        const char *folder = hr_printf(arena, "%s/data/%s/part=%d", root, side, part);
        assert_int_equal(hr_file_mkdirs(folder, &err), HR_OK);
        int fd =
            open(hr_printf(arena, "%s/%s", folder, side), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
}

static void check_page(struct hr_tree *tree)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_tree_list list = {
        .kind = HR_LIST_FLAT, .prefix = "old/", .after = "", .from = "", .max = 100};
    struct hr_tree_item *items;
    size_t count;
    bool more;
    assert_null(hr_tree_list(tree, arena, "data", &list, &items, &count, &more));
    assert_int_equal(count, PARTS);
    for (size_t i = 1; i < count; i++)
        assert_string_equal(strrchr(items[i].name, '/'), strrchr(items[0].name, '/'));
    hr_arena_free(arena);
}

static void a_page_is_of_one_time(void **state)
{
    (void)state;
    char root[] = "/tmp/headrace-tree-XXXXXX";
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_tree tree;
    struct hr_err err;
    pthread_t thread;
    assert_non_null(mkdtemp(root));
    assert_int_equal(hr_tree_open(&tree, root, &err), HR_OK);
    struct hr_tree_meta meta = {0};
    assert_null(hr_tree_container_create(&tree, arena, "data", &meta));
    make_side(arena, root, "old");
    make_side(arena, root, "new");
    struct exchanging exchanging = {.tree = &tree};
    assert_int_equal(pthread_create(&thread, NULL, exchange_again_and_again, &exchanging), 0);
    for (int i = 0; i < LISTINGS; i++)
        check_page(&tree);
    atomic_store(&exchanging.over, true);
    pthread_join(thread, NULL);
    assert_true(exchanging.done > 0);
    hr_tree_close(&tree);
    assert_int_equal(hr_file_remove_tree(root, &err), HR_OK);
    hr_arena_free(arena);
}

static void put_block(struct hr_tree *tree,
                      struct hr_arena *arena,
                      const char *id,
                      const char *text)
{
    struct hr_tree_temp temp;
    assert_null(hr_tree_temp_new(tree, &temp));
    assert_int_equal(write(temp.fd, text, strlen(text)), strlen(text));
    assert_null(hr_tree_block_put(tree, arena, &temp, "data", "blob", id));
    hr_tree_temp_drop(&temp);
}

/* what the blob is then: its bytes, and what they are made of */
static void check_blob(struct hr_tree *tree, struct hr_arena *arena)
{
    static const int64_t sizes[] = {4, 3, 4};
    struct hr_tree_item item;
    struct hr_tree_blocks blocks;
    char bytes[64];
    int fd;
    assert_null(hr_tree_read(tree, arena, "data", "blob", &item, &fd));
    assert_int_equal(read(fd, bytes, sizeof bytes), 11);
    assert_memory_equal(bytes, "one,twoone,", 11);
    close(fd);
    assert_null(hr_tree_blocks(tree, arena, "data", "blob", true, &blocks));
    assert_int_equal(blocks.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(blocks.at[i].size, sizes[i]);
}

static enum hr_code commit(void *arg)
{
    static const struct hr_tree_choice choices[] = {{"b1", 'L'}, {"b2", 'U'}, {"b1", 'L'}};
    static const struct hr_tree_conditions none;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_tree *tree = arg;
    struct hr_tree_meta meta = {0};
    struct hr_tree_item item;
    put_block(tree, arena, "b1", "one,");
    put_block(tree, arena, "b2", "two");
    const char *code =
        hr_tree_blocks_commit(tree, arena, "data", "blob", choices, HR_LEN(choices), &meta, &none);
    if (code) {
        assert_string_equal(code, "InternalError");
        assert_string_equal(hr_tree_stat(tree, arena, "data", "blob", &item), "BlobNotFound");
    } else {
        check_blob(tree, arena);
        assert_null(hr_tree_delete(tree, arena, "data", "blob", &none, false));
    }
    hr_arena_free(arena);
    return code ? HR_E_LIMIT : HR_OK;
}

static void a_blob_has_the_list_of_its_blocks_or_is_not_committed(void **state)
{
    (void)state;
    char root[] = "/tmp/headrace-tree-XXXXXX";
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_tree tree;
    struct hr_err err;
    struct hr_tree_meta meta = {0};
    assert_non_null(mkdtemp(root));
    assert_int_equal(hr_tree_open(&tree, root, &err), HR_OK);
    assert_null(hr_tree_container_create(&tree, arena, "data", &meta));
    assert_int_equal(hr_torture(commit, &tree), 3);
    hr_tree_close(&tree);
    assert_int_equal(hr_file_remove_tree(root, &err), HR_OK);
    hr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_of_one_time),
        cmocka_unit_test(a_blob_has_the_list_of_its_blocks_or_is_not_committed)};
    return cmocka_run_group_tests_name("account tree", tests, NULL, NULL);
}
