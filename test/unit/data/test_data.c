#include "daemon/data/private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <cmocka.h>
#include "io/file.h"
#include "../torture.h"

static void patterns_match_within_a_segment_or_across(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool fits;
    } cases[] = {
        {"a/*.csv", "a/b.csv", true},
        {"a/*.csv", "a/b/c.csv", false},
        {"a/**/*.csv", "a/b.csv", true},
        {"a/**/*.csv", "a/b/c/d.csv", true},
        {"a/**/*.csv", "ab/c.csv", false},
        {"**", "x/y/z", true},
        {"**/part-*", "part-1", true},
        {"**/part-*", "x/y/part-1", true},
        {"**/part-*", "x/apart-1", false},
        {"a/**", "a/b/c", true},
        {"a/**", "b/c", false},
        {"?b", "ab", true},
        {"?b", "/b", false},
        {"[a-c]x", "bx", true},
        {"[^a-c]x", "bx", false},
        {"[!a]x", "bx", true},
        {"[]x", "[]x", true},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},
        {"x**y", "x/1/2/y", true},
        {"*/*/c", "a/b/c", true},
        {"*/c", "a/b/c", false},
        {"**/b/*/d", "a/b/x/b/c/d", true},
        {"**/b/*/d", "a/b/c/x/d", false},
        {"*", "", true},
        {"a", "", false},
        {"", "", true},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        if (hr_data_glob_match(cases[i].pattern, cases[i].name) != cases[i].fits)
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
    assert_false(hr_data_glob_match(pattern, name));
    for (size_t i = 0; i < 1022; i += 2)
        memcpy(pattern + i, "*a", 2);
    strcpy(pattern + 1022, "b");
    assert_false(hr_data_glob_match(pattern, name));
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
    const char *files =
        "{\"files\":[{\"path\":\"b/c.csv\",\"url\":\"wasbs://demo@x.blob.core.windows.net/t/b/c.csv\",\"etag\":\"\\\"2\\\"\",\"size\":7},"
        "{\"path\":\"a.csv\",\"url\":\"wasbs://demo@x.blob.core.windows.net/t/a.csv\",\"etag\":\"\\\"1\\\"\",\"size\":5,"
        "\"modified\":\"2026-11-22T15:00:00.000Z\"}]}";
    assert_int_equal(hr_blob_new(config, NULL, &blob, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/a.csv", &stat, NULL, &err), HR_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "not known to this session"));
    assert_int_equal(hr_blob_config_set(config, "spark.hadoop.fs.azure.headrace.dataset.id",
                                        "{\"files\":[{\"path\":\"a\"}]}", &err),
                     HR_E_INVALID);
    assert_int_equal(
        hr_blob_config_set(config, "spark.hadoop.fs.azure.headrace.dataset.id", files, &err),
        HR_OK);
    assert_int_equal(hr_blob_config_set(config, "fs.azure.headrace.access.id",
                                        "{\"conf\":{}, \"endpoints\":[{\"url\":\"http://x\"}]}",
                                        &err),
                     HR_E_INVALID);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/a.csv", &stat, NULL, &err), HR_OK);
    assert_int_equal(stat.size, 5);
    assert_string_equal(stat.etag, "\"1\"");
    assert_int_equal(hr_blob_stat(blob, "dataset://id/b/", &stat, NULL, &err), HR_OK);
    assert_true(stat.is_dir);
    assert_int_equal(hr_blob_stat(blob, "dataset://id/nope", &stat, NULL, &err), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_list(blob, arena, "dataset://id", NULL, &page, NULL, &err), HR_OK);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.entries[1].location, "dataset://id/b");
    assert_int_equal(hr_blob_list_all(blob, arena, "dataset://id/", true, &page, NULL, &err),
                     HR_OK);
    assert_string_equal(page.entries[1].location, "dataset://id/b/c.csv");
    assert_int_equal(hr_blob_list(blob, arena, "dataset://id/a.csv", NULL, &page, NULL, &err),
                     HR_E_INVALID);
    assert_int_equal(hr_blob_put(blob, "dataset://id/new", "x", 1, NULL, NULL, &err),
                     HR_E_UNSUPPORTED);
    assert_int_equal(hr_blob_delete(blob, "dataset://id/a.csv", false, NULL, &err),
                     HR_E_UNSUPPORTED);
    hr_blob_free(blob);
    hr_blob_config_free(config);
    hr_arena_free(arena);
}

struct listed {
    const char *root;
    bool known;
    size_t len;
    char text[4096], digest[65];
};

static void compare_listing(struct listed *listed, const struct data_listing *listing)
{
    char text[sizeof listed->text];
    size_t len = ZSTD_decompress(text, sizeof text, listing->files, listing->files_size);
    assert_false(ZSTD_isError(len));
    assert_int_equal(len, listing->files_len);
    if (!listed->known) {
        memcpy(listed->text, text, listed->len = len);
        strcpy(listed->digest, listing->digest);
        listed->known = true;
    }
    assert_int_equal(len, listed->len);
    assert_memory_equal(text, listed->text, len);
    assert_string_equal(listing->digest, listed->digest);
    assert_int_equal(listing->file_count, 2);
    assert_int_equal(listing->bytes, 8);
}

static enum hr_code list_folder(void *arg)
{
    struct listed *listed = arg;
    struct data_work *work = hr_data_work_new();
    struct hr_datastore_row store = {.name = "here"};
    struct data_path path = {&store, "", false};
    struct data_listing listing = {
        .type = "tabular", .definition = "{}", .paths = &path, .roots = &listed->root, .count = 1};
    struct hr_err err = {0};
    work->config = hr_blob_config_new();
    work->cancel = (struct hr_blob_cancel){0};
    work->arg = &listing;
    enum hr_code code = hr_data_listing_run(work, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "manifest"));
    } else
        compare_listing(listed, &listing);
    hr_data_work_free(work);
    return code;
}

static void a_manifest_is_packed_whole_or_refused(void **state)
{
    (void)state;
    static struct listed listed;
    char root[] = "/tmp/hr-data-XXXXXX", path[64];
    assert_non_null(mkdtemp(root));
    listed.root = root;
    snprintf(path, sizeof path, "%s/a \"1\".csv", root);
    assert_int_equal(hr_file_write(path, 0600, "a,b\n", 4, NULL), HR_OK);
    snprintf(path, sizeof path, "%s/b\\2.csv", root);
    assert_int_equal(hr_file_write(path, 0600, "c,d\n", 4, NULL), HR_OK);
    assert_int_equal(list_folder(&listed), HR_OK);
    assert_true(hr_torture(list_folder, &listed) > 50);
    assert_int_equal(hr_file_remove_tree(root, NULL), HR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_within_a_segment_or_across),
        cmocka_unit_test(patterns_are_bounded_in_time),
        cmocka_unit_test(a_dataset_in_storage_is_its_manifest),
        cmocka_unit_test(a_manifest_is_packed_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
