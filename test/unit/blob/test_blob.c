/* blob/ without an account: names, configuration, local files, stages, globs. What needs an account
 * is in test/storage. */
#include "blob/blob.h"
#include "blob/azure/azure.h"
#include "blob/config.h"
#include "blob/transfer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <openssl/evp.h>
#include <cmocka.h>
#include "../answer.h"
#include "../torture.h"

struct fixture {
    struct hr_arena *arena;
    struct hr_blob_config *config;
    struct hr_blob *blob;
    char root[64];
    struct hr_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->root, "/tmp/hr-blob-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    f->arena = hr_arena_new(NULL);
    f->config = hr_blob_config_new();
    assert_int_equal(hr_blob_new(f->config, NULL, &f->blob, NULL), HR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hr_blob_delete(f->blob, f->root, true, NULL, NULL);
    hr_blob_free(f->blob);
    hr_blob_config_free(f->config);
    hr_arena_free(f->arena);
    free(f);
    return 0;
}

static const char *at(struct fixture *f, const char *name)
{
    return hr_blob_join(f->arena, f->root, name);
}

static void names_have_one_spelling(void **state)
{
    struct fixture *f = *state;
    static const char *const pairs[][2] = {
        {"/a//b/./c/", "/a/b/c"},
        {"/a/../b", "/b"},
        {"/", "/"},
        {"file:///a/b", "/a/b"},
        {"file:/a b", "/a b"},
        {"file://localhost/a%20b", "/a%20b"},
        {"wasbs://demo@acct.blob.core.windows.net", "wasbs://demo@acct.blob.core.windows.net"},
        {"wasbs://demo@acct.blob.core.windows.net//a///b/",
         "wasbs://demo@acct.blob.core.windows.net/a/b"},
        {"wasbs://$web@acct.blob.core.windows.net/x", "wasbs://$web@acct.blob.core.windows.net/x"},
        {"abfss://demo@acct.dfs.core.windows.net/a%20b c",
         "abfss://demo@acct.dfs.core.windows.net/a%20b c"},
    };
    for (size_t i = 0; i < HR_LEN(pairs); i++) {
        const char *normal;
        assert_int_equal(hr_blob_normalize(f->blob, f->arena, pairs[i][0], &normal, NULL), HR_OK);
        assert_string_equal(normal, pairs[i][1]);
    }
    static const struct {
        const char *location;
        enum hr_code code;
        const char *says;
    } bad[] = {
        {"", HR_E_INVALID, "empty"},
        {"s3a://b/x", HR_E_UNSUPPORTED, "S3 is not done"},
        {"adl://x.azuredatalakestore.net/y", HR_E_UNSUPPORTED, "retired"},
        {"hdfs://nn/x", HR_E_UNSUPPORTED, "HDFS"},
        {"magic://x/y", HR_E_UNSUPPORTED, "not known"},
        {"file://host/x", HR_E_INVALID, "names a host"},
        {"wasbs://acct.blob.core.windows.net/x", HR_E_INVALID, "container and an account"},
        {"wasbs://demo@acct/x", HR_E_INVALID, "container and an account"},
        {"wasbs://De@acct.blob.core.windows.net/x", HR_E_INVALID, "container name"},
        {"wasbs://demo@a_b.blob.core.windows.net/x", HR_E_INVALID, "host name"},
        {"wasbs://demo@acct.blob.core.windows.net/a/../../b", HR_E_INVALID, "'..'"},
        {"abfss://demo@acct.dfs.core.windows.net/./b", HR_E_INVALID, "'.'"},
    };
    for (size_t i = 0; i < HR_LEN(bad); i++) {
        const char *normal;
        assert_int_equal(hr_blob_normalize(f->blob, f->arena, bad[i].location, &normal, &f->err),
                         bad[i].code);
        assert_non_null(strstr(f->err.msg, bad[i].says));
    }
    char *longest = hr_printf(f->arena, "wasbs://demo@acct.blob.core.windows.net/%01025d", 1);
    assert_int_equal(
        hr_blob_normalize(f->blob, f->arena, longest, (const char **)&longest, &f->err),
        HR_E_INVALID);
    assert_non_null(strstr(f->err.msg, "1025 characters"));
}

static void keys_choose_the_credentials(void **state)
{
    struct fixture *f = *state;
    const char *host = "acct.blob.core.windows.net";
    struct hr_azure_access access;
    assert_true(
        hr_blob_config_knows("spark.hadoop.fs.azure.account.key.acct.blob.core.windows.net"));
    assert_false(hr_blob_config_knows("spark.sql.shuffle.partitions"));
    assert_int_equal(hr_azure_keys_access(f->config, f->arena, host, "acct", "demo", &access, NULL),
                     HR_OK);
    assert_int_equal(access.auth, HR_AZURE_ANONYMOUS);
    assert_string_equal(access.base_url, "https://acct.blob.core.windows.net");
    assert_int_equal(hr_blob_config_bearer(f->config, "acct", "tok", NULL), HR_OK);
    assert_int_equal(hr_blob_config_set(
                         f->config, "spark.hadoop.fs.azure.account.key.acct.blob.core.windows.net",
                         "AAAA", NULL),
                     HR_OK);
    assert_int_equal(hr_azure_keys_access(f->config, f->arena, "acct.dfs.core.windows.net", "acct",
                                          "demo", &access, NULL),
                     HR_OK);
    assert_int_equal(access.auth, HR_AZURE_SHARED_KEY);
    assert_string_equal(access.secret.text, "AAAA");
    assert_int_equal(hr_blob_config_set(f->config, "fs.azure.sas.demo.acct.blob.core.windows.net",
                                        "?sv=1&sig=x", NULL),
                     HR_OK);
    assert_int_equal(hr_azure_keys_access(f->config, f->arena, host, "acct", "demo", &access, NULL),
                     HR_OK);
    assert_int_equal(access.auth, HR_AZURE_SAS);
    assert_string_equal(access.secret.text, "sv=1&sig=x");
    assert_int_equal(
        hr_azure_keys_access(f->config, f->arena, host, "acct", "other", &access, NULL), HR_OK);
    assert_int_equal(access.auth, HR_AZURE_SHARED_KEY);
    assert_int_equal(hr_blob_config_set(f->config, "fs.azure.account.auth.type", "SharedKey", NULL),
                     HR_OK);
    assert_int_equal(hr_azure_keys_access(f->config, f->arena, host, "acct", "demo", &access, NULL),
                     HR_OK);
    assert_int_equal(access.auth, HR_AZURE_SHARED_KEY);
    assert_int_equal(hr_blob_config_set(f->config, "fs.azure.account.auth.type", "OAuth", NULL),
                     HR_OK);
    assert_int_equal(
        hr_azure_keys_access(f->config, f->arena, host, "acct", "demo", &access, &f->err),
        HR_E_STORAGE_DENIED);
    assert_non_null(strstr(f->err.hint, "oauth2.client.id"));
    assert_int_equal(hr_blob_config_set(f->config, "fs.azure.account.auth.type", NULL, NULL),
                     HR_OK);
    assert_int_equal(
        hr_blob_config_endpoint(f->config, "acct", "http://127.0.0.1:1/acct/", NULL, NULL), HR_OK);
    assert_int_equal(hr_azure_keys_access(f->config, f->arena, host, "acct", "demo", &access, NULL),
                     HR_OK);
    assert_string_equal(access.base_url, "http://127.0.0.1:1/acct");
    static const char *const refused[][2] = {
        {"fs.azure.account.key.acct.blob.core.windows.net", "not a key!"},
        {"fs.azure.sas.demo.acct.blob.core.windows.net", "nothing"},
        {"fs.azure.account.auth.type", "Custom"},
        {"fs.azure.account.oauth.provider.type",
         "org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider"},
        {"fs.azure.account.oauth2.msi.tenant", "x"},
        {"fs.azure.block.size", "1"},
        {"fs.s3a.access.key", "x"},
        {"fs.adl.oauth2.client.id", "x"},
        {"fs.azure.headrace.endpoint.acct", "ftp://x"},
        {"fs.wasbs.impl", "com.example.Other"},
        {"fs.azure.storage.emulator.account.name", "x"},
    };
    for (size_t i = 0; i < HR_LEN(refused); i++) {
        assert_int_not_equal(hr_blob_config_set(f->config, refused[i][0], refused[i][1], &f->err),
                             HR_OK);
        assert_null(strstr(f->err.msg, "not a key!"));
    }
}

static void a_file_appears_whole_or_not(void **state)
{
    struct fixture *f = *state;
    struct hr_blob_writer *writer;
    struct hr_blob_stat stat;
    char *bytes;
    size_t len;
    const char *path = at(f, "deep/er/x.txt");
    assert_int_equal(hr_blob_create(f->blob, path, NULL, NULL, &writer, NULL), HR_OK);
    assert_int_equal(hr_blob_write(writer, "hello", 5, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, path, &stat, NULL, &f->err), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_commit(writer, &stat, NULL), HR_OK);
    assert_int_equal(stat.size, 5);
    assert_int_equal(hr_blob_read_all(f->blob, f->arena, path, 100, &bytes, &len, NULL, NULL),
                     HR_OK);
    assert_string_equal(bytes, "hello");
    assert_int_equal(hr_blob_read_all(f->blob, f->arena, path, 4, &bytes, &len, NULL, &f->err),
                     HR_E_LIMIT);
    struct hr_blob_write_options once = {.overwrite = false}, matching = {.if_match = stat.etag};
    assert_int_equal(hr_blob_put(f->blob, path, "x", 1, &once, NULL, &f->err), HR_E_EXISTS);
    assert_int_equal(hr_blob_put(f->blob, path, "second", 6, &matching, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, path, "third", 5, &matching, NULL, &f->err),
                     HR_E_CHANGED);
    assert_int_equal(hr_blob_create(f->blob, path, NULL, NULL, &writer, NULL), HR_OK);
    hr_blob_abort(writer);
    struct hr_blob_page page;
    assert_int_equal(
        hr_blob_list_all(f->blob, f->arena, at(f, "deep/er"), false, &page, NULL, NULL), HR_OK);
    assert_int_equal(page.count, 1); /* no temporary file is left */
}

static void a_changed_file_is_never_mixed(void **state)
{
    struct fixture *f = *state;
    const char *path = at(f, "x");
    struct hr_blob_reader *reader;
    struct hr_blob_stat stat;
    char bytes[8];
    size_t got;
    assert_int_equal(hr_blob_put(f->blob, path, "12345678", 8, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, path, &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_open(f->blob, path, &stat, NULL, &reader, NULL), HR_OK);
    assert_int_equal(hr_blob_read(reader, bytes, 4, &got, NULL), HR_OK);
    FILE *file = fopen(path, "a"); /* in place */
    fputs("9", file);
    fclose(file);
    assert_int_equal(hr_blob_read(reader, bytes, 4, &got, &f->err), HR_E_CHANGED);
    assert_non_null(strstr(f->err.msg, path));
    hr_blob_close(reader);
    assert_int_equal(hr_blob_open(f->blob, path, &stat, NULL, &reader, &f->err), HR_E_CHANGED);
}

static void a_stage_commits_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct hr_blob_stage *stage;
    struct hr_blob_stat stat;
    assert_int_equal(hr_blob_stage_begin(f->blob, at(f, "out"), &stage, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "out/a"), "1", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "out/b"), "2", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "outside"), "3", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stage_count(stage), 2);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "out/a"), &stat, NULL, NULL), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "outside"), &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stage_commit(stage, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "out/b"), &stat, NULL, NULL), HR_OK);

    struct hr_blob_write_options once = {.overwrite = false};
    assert_int_equal(hr_blob_stage_begin(f->blob, at(f, "out"), &stage, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "out/c"), "1", 1, &once, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "out/d"), "2", 1, &once, NULL, NULL), HR_OK);
    FILE *other = fopen(at(f, "out/d"), "w"); /* somebody else's, meanwhile */
    fclose(other);
    assert_int_equal(hr_blob_stage_commit(stage, NULL, &f->err), HR_E_EXISTS);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "out/c"), &stat, NULL, NULL), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_stage_begin(f->blob, at(f, "out"), &stage, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "out/e"), "1", 1, NULL, NULL, NULL), HR_OK);
    hr_blob_stage_abort(stage);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "out/e"), &stat, NULL, NULL), HR_E_NOT_FOUND);
}

static size_t glob_count(struct fixture *f, const char *pattern)
{
    struct hr_blob_page page;
    assert_int_equal(hr_blob_glob(f->blob, f->arena, at(f, pattern), &page, NULL, &f->err), HR_OK);
    return page.count;
}

static void globs_are_hadoops(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {
        "a1.csv",           "a2.csv",           "b1.csv", "y=2020/m=1/x.csv",
        "y=2020/m=2/x.csv", "y=2021/m=1/x.csv", "q*x",    "\xc3\xbc.csv"};
    for (size_t i = 0; i < HR_LEN(files); i++)
        assert_int_equal(hr_blob_put(f->blob, at(f, files[i]), "", 0, NULL, NULL, NULL), HR_OK);
    static const struct {
        const char *pattern;
        size_t count;
    } cases[] = {
        {"a1.csv", 1},
        {"none", 0},
        {"*.csv", 4},
        {"a?.csv", 2},
        {"?.csv", 1},
        {"[\xc3\xbc].csv", 1},
        {"[\xc3\xa9].csv", 0}, /* shares its first byte */
        {"[^\xc3\xa9].csv", 1},
        {"[a\xc3\xa0-\xc3\xbf].csv", 1},
        {"[\\\xc3\xbc\\]].csv", 1},
        {"[ab]1.csv", 2},
        {"[^a]1.csv", 1},
        {"[a-b]?.csv", 3},
        {"{a1,b1}.csv", 2},
        {"{a,b}{1,2}.csv", 3},
        {"y=*/m=1/*.csv", 2},
        {"y=2020/*/x.csv", 2},
        {"y=2020", 1},
        {"*/x.csv", 0},
        {"q\\*x", 1},
        {"a*c*v", 2},
        {"{y=2020,y=2021}/m=1", 2},
        {"a*{1,1}.csv", 1},
        {"none/*", 0},
        {"a1.csv/*", 0},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        assert_int_equal(glob_count(f, cases[i].pattern), cases[i].count);
    struct hr_blob_page page;
    assert_int_equal(hr_blob_glob(f->blob, f->arena, "/tmp/{a", &page, NULL, &f->err),
                     HR_E_INVALID);
    assert_int_equal(hr_blob_glob(f->blob, f->arena, "/tmp/[a", &page, NULL, &f->err),
                     HR_E_INVALID);
    const char *many = at(
        f, "{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}{1,2,3,4,5,6,7,8,9,0}");
    assert_int_equal(hr_blob_glob(f->blob, f->arena, many, &page, NULL, &f->err), HR_E_LIMIT);
}

static void names_alone_are_matched_alike(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *pattern, *name;
        bool fits;
    } cases[] = {
        {"*.{csv,txt}", "a.txt", true},
        {"*.{csv,txt}", "a.tx", false},
        {"{a1,{b1,\xc3\xbc}}.csv", "\xc3\xbc.csv", true},
        {"[!a]*", "a1", false},
        {"[]a]1.csv", "]1.csv", true},
        {"?.csv", "\xc3\xbc.csv", true},
        {"", "a", false},
        {"*", ".a", true},
        {"a[*]", "a*", true},
    };
    struct hr_blob_names names;
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        assert_int_equal(hr_blob_names_parse(f->arena, cases[i].pattern, &names, NULL), HR_OK);
        assert_int_equal(hr_blob_names_fit(&names, cases[i].name), cases[i].fits);
    }
    static const char *const broken[] = {"{a", "[a", "[]", "[^]", "{a,[b}"};
    for (size_t i = 0; i < HR_LEN(broken); i++)
        assert_int_equal(hr_blob_names_parse(f->arena, broken[i], &names, &f->err), HR_E_INVALID);
}

static void changing_says_what_stands_in_the_way(void **state)
{
    struct fixture *f = *state;
    struct hr_blob_stat stat;
    assert_int_equal(hr_blob_put(f->blob, at(f, "d/x"), "1", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_delete(f->blob, at(f, "d"), false, NULL, &f->err), HR_E_INVALID);
    assert_int_equal(hr_blob_rename(f->blob, at(f, "d"), at(f, "e"), false, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_mkdir(f->blob, at(f, "d/p/q"), NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_mkdir(f->blob, at(f, "d/p/q"), NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_rename(f->blob, at(f, "e"), at(f, "d"), false, NULL, &f->err),
                     HR_E_EXISTS);
    assert_int_equal(hr_blob_mkdir(f->blob, at(f, "e/x"), NULL, &f->err), HR_E_EXISTS);
    assert_int_equal(hr_blob_delete(f->blob, at(f, "d"), true, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "d"), &stat, NULL, NULL), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_delete(f->blob, at(f, "d"), true, NULL, &f->err), HR_E_NOT_FOUND);
    assert_int_equal(hr_blob_rename(f->blob, "wasbs://demo@a.blob.core.windows.net/x",
                                    "wasbs://demo@a.blob.core.windows.net/y", false, NULL, &f->err),
                     HR_E_UNSUPPORTED);
    struct hr_blob *held;
    struct hr_blob_options options = {.local_root = f->root};
    assert_int_equal(hr_blob_new(f->config, &options, &held, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(held, "e/x", &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(held, "/etc/passwd", &stat, NULL, &f->err), HR_E_STORAGE_DENIED);
    assert_int_equal(hr_blob_stat(held, "../../etc/passwd", &stat, NULL, &f->err),
                     HR_E_STORAGE_DENIED);
    assert_int_equal(symlink("/etc", at(f, "link")), 0);
    assert_int_equal(hr_blob_stat(held, "link/passwd", &stat, NULL, &f->err), HR_E_STORAGE_DENIED);
    hr_blob_free(held);
}

static void folders_change_places_where_the_store_can(void **state)
{
    struct fixture *f = *state;
    struct hr_blob_stat stat;
    assert_int_equal(hr_blob_put(f->blob, at(f, "new/a"), "1", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_put(f->blob, at(f, "old/b"), "2", 1, NULL, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_exchange(f->blob, at(f, "new"), at(f, "old"), NULL, &f->err), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "old/a"), &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "new/b"), &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_exchange(f->blob, at(f, "new"), at(f, "none"), NULL, &f->err),
                     HR_E_UNSUPPORTED);
    assert_int_equal(hr_blob_stat(f->blob, at(f, "new/b"), &stat, NULL, NULL), HR_OK);
    assert_int_equal(hr_blob_exchange(f->blob, "wasbs://demo@a.blob.core.windows.net/x",
                                      "wasbs://demo@a.blob.core.windows.net/y", NULL, &f->err),
                     HR_E_UNSUPPORTED);
    assert_int_equal(hr_blob_exchange(f->blob, "abfss://demo@a.dfs.core.windows.net/x",
                                      "abfss://other@a.dfs.core.windows.net/y", NULL, &f->err),
                     HR_E_UNSUPPORTED);
}

/* ---- the kinds' rows ---- */

static const struct hr_blob_backend *owner_of(const char *scheme)
{
    const struct hr_blob_backend *owner = NULL;
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        for (size_t j = 0; hr_blob_kinds[i]->backends[j]; j++) {
            const struct hr_blob_backend *backend = hr_blob_kinds[i]->backends[j];
            for (size_t k = 0; backend->schemes[k]; k++)
                if (!strcmp(backend->schemes[k], scheme)) {
                    assert_null(owner);
                    owner = backend;
                }
        }
    return owner;
}

/* what an ability says can be done has a function, and what it says cannot has a reason */
static void check_backend(const struct hr_blob_backend *backend)
{
    unsigned can = backend->abilities;
    bool writes = !(can & HR_BLOB_READ_ONLY);
    for (size_t i = 0; backend->schemes[i]; i++) {
        assert_ptr_equal(owner_of(backend->schemes[i]), backend);
        assert_null(hr_blob_scheme_refusal(backend->schemes[i], strlen(backend->schemes[i])));
    }
    assert_true(backend->parse && backend->stat && backend->list && backend->open);
    assert_int_equal(writes, backend->create && backend->remove && backend->mkdir);
    assert_int_equal(writes,
                     backend->write && backend->finish && backend->publish && backend->drop);
    assert_int_equal(!!(can & HR_BLOB_ATOMIC_RENAME), backend->rename != NULL);
    assert_int_equal(!!(can & HR_BLOB_EXCHANGE), backend->exchange != NULL);
    assert_int_equal(writes && !backend->rename, backend->cannot_rename != NULL);
    assert_true(writes || !(can & (HR_BLOB_ATOMIC_RENAME | HR_BLOB_EXCHANGE)));
}

static void each_kinds_row_is_whole(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        for (size_t j = 0; hr_blob_kinds[i]->backends[j]; j++, count++)
            check_backend(hr_blob_kinds[i]->backends[j]);
    assert_int_equal(count, 4);
    assert_true(hr_blob_can_rename("/a/b") && hr_blob_can_rename("ABFS://c@a.dfs.x/y"));
    assert_false(hr_blob_can_rename("wasb://c@a.blob.x/y") || hr_blob_can_rename("dataset://id/x"));
    assert_true(hr_blob_is_remote("dataset://id/x") && hr_blob_is_remote("magic://x/y"));
    assert_false(hr_blob_is_remote("FILE:/a") || hr_blob_is_remote("a:b/c"));
}

static void check_read_only(struct hr_blob *blob, const char *location)
{
    const enum hr_code codes[] = {
        hr_blob_put(blob, location, "x", 1, NULL, NULL, NULL),
        hr_blob_delete(blob, location, false, NULL, NULL),
        hr_blob_mkdir(blob, location, NULL, NULL),
        hr_blob_rename(blob, location, "/tmp/x", false, NULL, NULL),
        hr_blob_exchange(blob, location, location, NULL, NULL),
    };
    struct hr_err err;
    for (size_t i = 0; i < HR_LEN(codes); i++)
        assert_int_equal(codes[i], HR_E_UNSUPPORTED);
    hr_blob_delete(blob, location, true, NULL, &err);
    assert_non_null(strstr(err.msg, "read-only"));
}

/* the manifest as a session is told it: packed, in four parts */
static enum hr_code tell_parts(void *arg)
{
    static const char json[] =
        "{\"files\":[{\"path\":\"a.csv\",\"url\":\"wasbs://demo@x.blob.core.windows.net/t/a.csv\",\"etag\":\"\\\"1\\\"\",\"size\":5}]}";
    unsigned char packed[512];
    char text[1024], part[1100], number[8];
    uLongf len = sizeof packed;
    struct hr_blob_config *config = hr_blob_config_new();
    struct hr_blob *blob;
    struct hr_blob_stat stat;
    struct hr_err err = {0};
    (void)arg;
    assert_int_equal(compress(packed, &len, (const unsigned char *)json, sizeof json - 1), Z_OK);
    size_t size = (size_t)EVP_EncodeBlock((unsigned char *)text, packed, (int)len),
           piece = size / 4 + 1;
    struct hr_blob_dataset *set = hr_blob_config_dataset(config, "id", true);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < 4 && !code; i++) {
        snprintf(number, sizeof number, "%zu", i);
        snprintf(part, sizeof part, "4/%zu:%.*s", sizeof json - 1, (int)piece, text + i * piece);
        code = hr_blob_dataset_part(set, number, part, &err);
    }
    assert_int_equal(hr_blob_new(config, NULL, &blob, NULL), HR_OK);
    enum hr_code found = hr_blob_stat(blob, "dataset://id/a.csv", &stat, NULL, NULL);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "dataset 'id'"));
        assert_int_not_equal(found, HR_OK);
    } else {
        assert_int_equal(found, HR_OK);
        assert_int_equal(stat.size, 5);
        check_read_only(blob, "dataset://id/a.csv");
    }
    hr_blob_free(blob);
    hr_blob_config_free(config);
    return code;
}

static void a_manifest_in_parts_is_read_whole_or_refused(void **state)
{
    (void)state;
    assert_int_equal(hr_torture(tell_parts, NULL), 4);
}

/* ---- an account that gives one answer ---- */

/* on the mover's thread, where the appends are made */
static enum hr_code torture_it(struct hr_blob_transfer *transfer,
                               struct curl_slist **headers,
                               struct hr_err *err)
{
    (void)headers, (void)err;
    hr_buf_torture(*(long *)transfer->arg);
    return HR_OK;
}

static enum hr_code leave_it(struct hr_blob_transfer *transfer,
                             struct curl_slist **headers,
                             struct hr_err *err)
{
    (void)headers, (void)err;
    *(bool *)transfer->arg = hr_buf_tortured();
    hr_buf_torture(0);
    return HR_OK;
}

static void check_transfer(const struct answer *answer,
                           struct hr_blob_transfer *transfer,
                           enum hr_code code)
{
    char etag[32];
    hr_transfer_header(transfer, "etag", etag, sizeof etag);
    if (code) {
        assert_int_equal(code, HR_E_IO);
        assert_true(*transfer->err.msg);
        return;
    }
    assert_string_equal(etag, "\"0x1\"");
    assert_int_equal(hr_buf_len(&transfer->response), strlen(answer->body));
    assert_memory_equal(hr_buf_text(&transfer->response), answer->body, strlen(answer->body));
}

/* hr_torture's loop, with the appends on another thread */
static void an_answer_is_read_whole_or_its_request_fails(void **state)
{
    struct answer answer = {.status = "200 OK",
                            .headers = "ETag: \"0x1\"\r\nx-ms-meta-a: b\r\n",
                            .body = "<?xml version=\"1.0\"?><List/>"};
    struct hr_blob_mover *mover;
    bool met = true;
    (void)state;
    answer_start(&answer);
    assert_int_equal(hr_mover_new(&(struct hr_blob_mover_options){1, 5000}, &mover, NULL), HR_OK);
    for (long nth = 1; met; nth++) {
        struct hr_blob_transfer tortured = {
            .method = "GET", .url = answer.url, .prepare = torture_it, .arg = &nth};
        struct hr_blob_transfer after = {
            .method = "GET", .url = answer.url, .prepare = leave_it, .arg = &met};
        hr_mover_submit(mover, &tortured);
        enum hr_code code = hr_mover_wait(mover, &tortured, NULL, NULL);
        hr_mover_submit(mover, &after);
        assert_int_equal(hr_mover_wait(mover, &after, NULL, NULL), HR_OK);
        check_transfer(&answer, &tortured, code);
        check_transfer(&answer, &after, HR_OK);
        assert_int_equal(!code, !met);
        assert_true(!met || nth < 1000);
        assert_true(met || nth > 20);
        hr_transfer_release(&tortured);
        hr_transfer_release(&after);
    }
    hr_mover_free(mover);
    answer_stop(&answer);
}

/* "not over another one": a condition guards it, so that even a small object is a block and its
 * list */
static enum hr_code put_guarded(void *arg)
{
    struct hr_blob *blob = arg;
    const struct hr_blob_write_options options = {.overwrite = false};
    struct hr_err err = {0};
    enum hr_code code = hr_blob_put(blob, "wasbs://demo@acct.blob.core.windows.net/x", "text", 4,
                                    &options, NULL, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "the list of a blob's blocks"));
    }
    return code;
}

static void a_list_of_blocks_is_sent_whole_or_not(void **state)
{
    struct answer answer = {.status = "201 Created",
                            .headers =
                                "ETag: \"0x1\"\r\nLast-Modified: Tue, 01 Dec 2026 04:00:00 GMT\r\n",
                            .body = ""};
    struct hr_blob_config *config = hr_blob_config_new();
    struct hr_blob *blob;
    (void)state;
    answer_start(&answer);
    assert_int_equal(hr_blob_config_endpoint(config, "acct", answer.url, NULL, NULL), HR_OK);
    assert_int_equal(
        hr_blob_config_set(config, "fs.azure.account.key.acct.blob.core.windows.net", "AAAA", NULL),
        HR_OK);
    assert_int_equal(hr_blob_new(config, NULL, &blob, NULL), HR_OK);
    assert_true(hr_torture(put_guarded, blob) >= 3);
    hr_blob_free(blob);
    hr_blob_config_free(config);
    answer_stop(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_have_one_spelling, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_choose_the_credentials, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_appears_whole_or_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_file_is_never_mixed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stage_commits_all_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(globs_are_hadoops, setup, teardown),
        cmocka_unit_test_setup_teardown(names_alone_are_matched_alike, setup, teardown),
        cmocka_unit_test(an_answer_is_read_whole_or_its_request_fails),
        cmocka_unit_test(a_list_of_blocks_is_sent_whole_or_not),
        cmocka_unit_test(a_manifest_in_parts_is_read_whole_or_refused),
        cmocka_unit_test_setup_teardown(folders_change_places_where_the_store_can, setup, teardown),
        cmocka_unit_test(each_kinds_row_is_whole),
        cmocka_unit_test_setup_teardown(changing_says_what_stands_in_the_way, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
