/* The account's tree: a page of a listing is of one time, whatever changes places meanwhile. */
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

#define PARTS 4
#define LISTINGS 3000

struct exchanging { struct hr_tree *tree; atomic_bool over; int done; };

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
        int fd = open(hr_printf(arena, "%s/%s", folder, side), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
}

static void check_page(struct hr_tree *tree)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_tree_list list = {.kind = HR_LIST_FLAT, .prefix = "old/", .after = "", .from = "", .max = 100};
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_is_of_one_time)};
    return cmocka_run_group_tests_name("account tree", tests, NULL, NULL);
}
