#include "daemon/data/private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void patterns_match_within_a_segment_or_across(void **state)
{
    (void)state;
    static const struct { const char *pattern, *name; bool fits; } cases[] = {
        {"a/*.csv", "a/b.csv", true},       {"a/*.csv", "a/b/c.csv", false},     {"a/**/*.csv", "a/b.csv", true},
        {"a/**/*.csv", "a/b/c/d.csv", true}, {"a/**/*.csv", "ab/c.csv", false},  {"**", "x/y/z", true},
        {"**/part-*", "part-1", true},      {"**/part-*", "x/y/part-1", true},   {"**/part-*", "x/apart-1", false},
        {"a/**", "a/b/c", true},            {"a/**", "b/c", false},              {"?b", "ab", true},
        {"?b", "/b", false},                {"[a-c]x", "bx", true},              {"[^a-c]x", "bx", false},
        {"[!a]x", "bx", true},              {"[]x", "[]x", true},                {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},         {"x**y", "x/1/2/y", true},           {"*/*/c", "a/b/c", true},
        {"*/c", "a/b/c", false},            {"**/b/*/d", "a/b/x/b/c/d", true},   {"**/b/*/d", "a/b/c/x/d", false},
        {"*", "", true},                    {"a", "", false},                    {"", "", true},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        if (data_glob_match(cases[i].pattern, cases[i].name) != cases[i].fits)
            fail_msg("\"%s\" against \"%s\"", cases[i].pattern, cases[i].name);
}

/* many stars against a long name that does not fit: bounded work, not every way to divide it */
static void patterns_are_bounded_in_time(void **state)
{
    (void)state;
    char pattern[1025], name[1025];
    memset(name, 'a', 1024);
    name[1024] = 0;
    for (size_t i = 0; i < 1023; i += 3)
        memcpy(pattern + i, "**a", 3);
    strcpy(pattern + 1023, "b");
    assert_false(data_glob_match(pattern, name));
    for (size_t i = 0; i < 1022; i += 2)
        memcpy(pattern + i, "*a", 2);
    strcpy(pattern + 1022, "b");
    assert_false(data_glob_match(pattern, name));
}

static void a_dataset_in_storage_is_its_manifest(void **state)
{
    (void)state;
    struct hr_err err;
    struct hr_blob_config *config = hr_blob_config_new();
    struct hr_blob *blob;
    struct hr_blob_stat stat;
    struct hr_blob_page page;
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *files = "{\"files\":[{\"path\":\"b/c.csv\",\"url\":\"wasbs://demo@x.blob.core.windows.net/t/b/c.csv\",\"etag\":\"\\\"2\\\"\",\"size\":7},"
                        "{\"path\":\"a.csv\",\"url\":\"wasbs://demo@x.blob.core.windows.net/t/a.csv\",\"etag\":\"\\\"1\\\"\",\"size\":5,"
                        "\"modified\":\"2026-11-22T15:00:00.000Z\"}]}";
    assert_int_equal(hr_blob_new(config, NULL, &blob, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/a.csv", &stat, NULL, &err), HR_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "not known to this session"));
    assert_int_equal(hr_blob_config_set(config, "spark.hadoop.fs.azure.headrace.dataset.id", "{\"files\":[{\"path\":\"a\"}]}", &err), HR_E_INVALID);
    assert_int_equal(hr_blob_config_set(config, "spark.hadoop.fs.azure.headrace.dataset.id", files, &err), HR_OK);
    assert_int_equal(hr_blob_config_set(config, "fs.azure.headrace.access.id", "{\"conf\":{}, \"endpoints\":[{\"url\":\"http://x\"}]}", &err), HR_E_INVALID);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/a.csv", &stat, NULL, &err), HR_OK);
    assert_int_equal(stat.size, 5);
    assert_string_equal(stat.etag, "\"1\"");
    assert_int_equal(hr_blob_stat(blob, "dataset://id/b/", &stat, NULL, &err), HR_OK);
    assert_true(stat.is_dir);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/nope", &stat, NULL, &err), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_list(blob, arena, "dataset://id", NULL, &page, NULL, &err), HR_OK);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.entries[1].location, "dataset://id/b");
    assert_int_equal(hr_blob_list_all(blob, arena, "dataset://id/", true, &page, NULL, &err), HR_OK);
    assert_string_equal(page.entries[1].location, "dataset://id/b/c.csv");
    assert_int_equal(hr_blob_list(blob, arena, "dataset://id/a.csv", NULL, &page, NULL, &err), HR_E_INVALID);
    assert_int_equal(hr_blob_put(blob, "dataset://id/new", "x", 1, NULL, NULL, &err), HR_E_UNSUPPORTED);
    assert_int_equal(hr_blob_delete(blob, "dataset://id/a.csv", false, NULL, &err), HR_E_UNSUPPORTED);
    hr_blob_free(blob);
    hr_blob_config_free(config);
    hr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_within_a_segment_or_across),
        cmocka_unit_test(patterns_are_bounded_in_time),
        cmocka_unit_test(a_dataset_in_storage_is_its_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
