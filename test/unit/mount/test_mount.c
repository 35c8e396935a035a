#include "mount/manifest.h"
#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../torture.h"

static enum hr_code build(struct hr_mount_tree *tree,
                          struct hr_arena *arena,
                          const char *const *paths,
                          size_t count,
                          struct hr_err *err)
{
    struct hr_mount_tree_file *files = calloc(count + 1, sizeof *files);
    for (size_t i = 0; i < count; i++)
        files[i] = (struct hr_mount_tree_file){
            paths[i], hr_printf(arena, "wasbs://c@a.blob.core.windows.net/base/%s", paths[i]),
            "\"0x1\"", (int64_t)i, 0};
    enum hr_code code = hr_mount_tree_build(tree, arena, files, count, 7, err);
    free(files);
    return code;
}

static void folders_hold_their_children_in_order(void **state)
{
    (void)state;
    static const char *const paths[] = {"b/z",   "a b", "a/2",      "a/10",
                                        "b/y/x", "a!",  "\xc3\xa4", "a/sub/sub/deep"};
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_tree tree;
    assert_int_equal(build(&tree, arena, paths, HR_LEN(paths), NULL), HR_OK);
    assert_int_equal(tree.files, HR_LEN(paths));
    const struct hr_mount_tree_node *root = &tree.nodes[0];
    static const char *const names[] = {"a", "a b", "a!", "b", "\xc3\xa4"};
    assert_int_equal(root->count, HR_LEN(names));
    for (uint32_t i = 0; i < root->count; i++) {
        assert_non_null(hr_mount_tree_name(&tree, root->first + i));
        assert_int_not_equal(hr_mount_tree_child(&tree, 0, names[i]), HR_TREE_NONE);
        assert_true(!i || strcmp(hr_mount_tree_name(&tree, root->first + i - 1),
                                 hr_mount_tree_name(&tree, root->first + i)) < 0);
    }
    assert_int_equal(root->size, 2); /* of its children two are folders */
    for (size_t i = 0; i < HR_LEN(paths); i++) {
        uint32_t node = hr_mount_tree_find(&tree, paths[i]);
        assert_int_not_equal(node, HR_TREE_NONE);
        assert_false(hr_mount_tree_is_folder(&tree, node));
        assert_int_equal(tree.nodes[node].size, i);
        assert_string_equal(hr_mount_tree_path(&tree, arena, node), paths[i]);
        assert_string_equal(
            hr_mount_tree_location(&tree, arena, node),
            hr_printf(arena, "wasbs://c@a.blob.core.windows.net/base/%s", paths[i]));
    }
    assert_true(hr_mount_tree_is_folder(&tree, hr_mount_tree_find(&tree, "a/sub/sub")));
    assert_int_equal(tree.nodes[hr_mount_tree_find(&tree, "a/sub")].parent,
                     hr_mount_tree_find(&tree, "a"));
    static const char *const absent[] = {"a/1", "c", "a/sub/sub/deep/er", "a b/c", "A"};
    for (size_t i = 0; i < HR_LEN(absent); i++)
        assert_int_equal(hr_mount_tree_find(&tree, absent[i]), HR_TREE_NONE);
    hr_arena_free(arena);
}

static void what_no_folder_can_hold_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *const paths[2];
        const char *text;
    } cases[] = {
        {{"a", "a"}, "stands twice"},        {{"a", "a/b"}, "is a file and"},
        {{"a/b/c", "a/b"}, "is a file and"}, {{".", "x"}, "not relative"},
        {{"a/../b", "x"}, "not relative"},   {{"a//b", "x"}, "not relative"},
        {{"a/", "x"}, "not relative"},       {{"/a", "x"}, "not relative"},
        {{"", "x"}, "not relative"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        struct hr_arena *arena = hr_arena_new(NULL);
        struct hr_mount_tree tree;
        struct hr_err err = {0};
        assert_int_not_equal(build(&tree, arena, cases[i].paths, 2, &err), HR_OK);
        assert_non_null(strstr(err.msg, cases[i].text));
        hr_arena_free(arena);
    }
}

static void an_empty_version_is_an_empty_folder(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_tree tree;
    assert_int_equal(build(&tree, arena, NULL, 0, NULL), HR_OK);
    assert_true(hr_mount_tree_is_folder(&tree, 0));
    assert_int_equal(tree.nodes[0].count, 0);
    assert_int_equal(hr_mount_tree_find(&tree, "x"), HR_TREE_NONE);
    hr_arena_free(arena);
}

static void a_hundred_thousand_files_are_small(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct hr_arena *arena = hr_arena_new(NULL), *scratch = hr_arena_new(NULL);
    struct hr_mount_tree_file *files = calloc(COUNT, sizeof *files);
    struct hr_mount_tree tree;
    for (int i = 0; i < COUNT; i++) {
        const char *path =
            hr_printf(scratch, "year=%d/part-%05d.parquet", i % 97, (i * 7919) % COUNT);
        files[i] = (struct hr_mount_tree_file){
            path, hr_printf(scratch, "abfss://c@a.dfs.core.windows.net/long/base/of/all/%s", path),
            "\"0x8DA0000000000000\"", i, 0};
    }
    assert_int_equal(hr_mount_tree_build(&tree, arena, files, COUNT, 0, NULL), HR_OK);
    assert_true(hr_arena_used(arena) < 110 * COUNT);
    assert_int_equal(tree.count, COUNT + 97 + 1);
    for (int i = 0; i < COUNT; i += 1009)
        assert_string_equal(
            hr_mount_tree_location(
                &tree, scratch,
                hr_mount_tree_find(&tree, hr_printf(scratch, "year=%d/part-%05d.parquet", i % 97,
                                                    (i * 7919) % COUNT))),
            hr_printf(scratch,
                      "abfss://c@a.dfs.core.windows.net/long/base/of/all/year=%d/part-%05d.parquet",
                      i % 97, (i * 7919) % COUNT));
    free(files);
    hr_arena_free(scratch);
    hr_arena_free(arena);
}

static void locations_need_not_end_in_the_path(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_tree_file files[] = {{"0/a.csv", "wasbs://c@a/other/b.csv", "e", 1, 0},
                                         {"1/a.csv", "wasbs://d@a/x/1/a.csv", "e", 1, 0}};
    struct hr_mount_tree tree;
    assert_int_equal(hr_mount_tree_build(&tree, arena, files, 2, 0, NULL), HR_OK);
    assert_string_equal(hr_mount_tree_location(&tree, arena, hr_mount_tree_find(&tree, "0/a.csv")),
                        "wasbs://c@a/other/b.csv");
    assert_string_equal(hr_mount_tree_location(&tree, arena, hr_mount_tree_find(&tree, "1/a.csv")),
                        "wasbs://d@a/x/1/a.csv");
    hr_arena_free(arena);
}

static void manifests_are_read(void **state)
{
    (void)state;
    static const char text[] =
        "{\"id\":\"i\",\"name\":\"n\",\"version\":12,\"more\":[1],\"files\":[{\"path\":\"x\",\"url\":\"abfss://c@a.dfs.core.windows.net/x\","
        "\"etag\":\"\\\"0x1\\\"\",\"size\":9,\"modified\":\"2026-11-22T20:45:00.250Z\",\"extra\":null}],\"storage\":{\"conf\":{}}}";
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_manifest manifest;
    json_t *storage;
    assert_int_equal(hr_manifest_parse(&manifest, arena, text, sizeof text - 1, &storage, NULL),
                     HR_OK);
    assert_string_equal(manifest.version, "12");
    assert_int_equal(manifest.tree.nodes[1].mtime_ms, 1795380300250);
    assert_string_equal(hr_mount_tree_etag(&manifest.tree, 1), "\"0x1\"");
    assert_true(json_is_object(storage));
    json_decref(storage);
    hr_arena_free(arena);
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"\"1970-01-01T00:00:01Z\"", 1000},
        {"\"1970-01-01T01:00:00+01:00\"", 0},
        {"\"1970-01-01T00:00:00-00:30\"", 1800000},
        {"12.5", 12500},
        {"\"1969-12-31T23:59:59.5Z\"", -500},
        {"\"tomorrow\"", -1},
        {"null", -1},
        {"\"\"", -1},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        int64_t ms = -1;
        json_t *value = json_loads(cases[i].text, JSON_DECODE_ANY, NULL);
        bool read = hr_manifest_time(value, &ms);
        assert_int_equal(ms, cases[i].ms);
        assert_int_equal(read, cases[i].ms != -1);
        json_decref(value);
    }
}

static enum hr_code print_tree(void *arg)
{
    static const char *const paths[] = {"b/z", "a b", "a/2", "a/sub/deep"};
    char *known = arg, seen[1024] = "";
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_tree tree;
    struct hr_err err = {0};
    enum hr_code code = build(&tree, arena, paths, HR_LEN(paths), &err);
    for (uint32_t node = 0; !code && node < tree.count; node++)
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s=%s;",
                 hr_mount_tree_name(&tree, node),
                 hr_mount_tree_is_folder(&tree, node) ? "" : hr_mount_tree_etag(&tree, node));
    hr_arena_free(arena);
    assert_true(!code || *err.msg);
    if (!code && !*known)
        strcpy(known, seen);
    if (!code)
        assert_string_equal(seen, known);
    return code;
}

static void each_append_of_a_tree_fails_once(void **state)
{
    (void)state;
    char known[1024] = "";
    assert_int_equal(print_tree(known), HR_OK);
    assert_true(hr_torture(print_tree, known) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_append_of_a_tree_fails_once),
        cmocka_unit_test(folders_hold_their_children_in_order),
        cmocka_unit_test(what_no_folder_can_hold_is_refused),
        cmocka_unit_test(an_empty_version_is_an_empty_folder),
        cmocka_unit_test(a_hundred_thousand_files_are_small),
        cmocka_unit_test(locations_need_not_end_in_the_path),
        cmocka_unit_test(manifests_are_read),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
