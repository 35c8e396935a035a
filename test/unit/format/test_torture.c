/* df.write with each append failing once, for every format that writes: the files have the same bytes, or there is an error and no file. Locally; DuckDB
 * works on this thread. */
#include "host/format/format.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/file.h"
#include "../torture.h"

#define BYTES_MAX 65536
#define ROWS "SELECT c0::INTEGER c0, c1, c2::DOUBLE c2, c3::INTEGER[] c3 FROM (VALUES (1, 'one, \"two\"', 1.5, [1, 2]), (NULL, NULL, NULL, NULL), (-7, 'a text of more than twelve bytes', 0.1, [])) t(c0, c1, c2, c3)"

static duckdb_database database;
static duckdb_connection connection;
static struct hr_blob_config *config;
static struct hr_blob *blob;
static struct hr_format *format;
/* in memory, where there is such a place: each write is synced */
static char root[] = "/dev/shm/hr-torture-XXXXXX";

static const char *no_conf(struct hr_env *env, const char *key) { (void)env, (void)key; return NULL; }
static int64_t now_us(struct hr_env *env) { (void)env; return 0; }
static const struct hr_env_ops ops = {.conf = no_conf, .now_us = now_us};
static struct hr_env env = {&ops};

struct written { const char *format; bool partitioned, nested; const char *sql; bool known; size_t len; char bytes[BYTES_MAX]; };

static enum hr_code failed(duckdb_result *result, struct hr_err *err)
{
    enum hr_code code = hr_fail(err, HR_E_IO, "%s", duckdb_result_error(result));
    duckdb_destroy_result(result);
    return code;
}

static enum hr_code pull(struct hr_format_rows *rows, enum hr_code (*take)(void *arg, duckdb_data_chunk chunk, struct hr_err *err), void *arg, struct hr_err *err)
{
    duckdb_result result;
    enum hr_code code = HR_OK;
    if (duckdb_query(connection, rows->sql, &result) != DuckDBSuccess)
        return failed(&result, err);
    for (duckdb_data_chunk chunk; !code && (chunk = duckdb_fetch_chunk(result));) {
        code = take(arg, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return code;
}

static enum hr_code execute(struct hr_format_rows *rows, const char *statement, struct hr_err *err)
{
    duckdb_result result;
    (void)rows;
    if (duckdb_query(connection, statement, &result) != DuckDBSuccess)
        return failed(&result, err);
    duckdb_destroy_result(&result);
    return HR_OK;
}

/* the bytes of every file below, in no order: one file a folder is what these writes make. _SUCCESS is empty. */
static void gather(const char *folder, char *bytes, size_t *len)
{
    DIR *list = opendir(folder);
    char *names[64], path[600];
    size_t count = 0;
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            names[count++] = strdup(entry->d_name);
    if (list)
        closedir(list);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (strcmp(names[i], names[j]) > 0) {
                char *other = names[i];
                names[i] = names[j];
                names[j] = other;
            }
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = strncmp(names[i], "part-", 5) ? NULL : fopen(path, "r");
        if (file)
            *len += fread(bytes + *len, 1, BYTES_MAX - *len, file);
        else
            gather(path, bytes, len);
        if (file)
            fclose(file);
        free(names[i]);
    }
}

static const struct hr_type *schema_of(struct hr_arena *arena, bool nested)
{
    static const enum hr_type_id ids[] = {HR_TYPE_INT, HR_TYPE_STRING, HR_TYPE_DOUBLE};
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, 4);
    for (size_t i = 0; i < 3; i++)
        fields[i] = (struct hr_field){.name = hr_printf(arena, "c %zu", i), .type = hr_type_basic(ids[i]), .nullable = true};
    fields[3] = (struct hr_field){.name = "list", .type = hr_type_array(arena, hr_type_basic(HR_TYPE_INT), true), .nullable = true};
    return hr_type_struct(arena, fields, nested ? 4 : 3);
}

static enum hr_code write_once(void *arg)
{
    static char bytes[BYTES_MAX];
    struct written *written = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_write write = {.format = written->format, .path = hr_printf(arena, "%s/out", root), .mode = HR_SAVE_ERROR};
    if (written->partitioned) {
        write.partition_by = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
        write.partition_by.at[0] = "c 1";
    }
    struct hr_format_rows rows = {.schema = schema_of(arena, written->nested), .sql = written->sql, .pull = pull, .execute = execute};
    enum hr_code code = hr_format_write(format, arena, &env, &write, &rows, NULL, &err);
    size_t len = 0;
    gather(write.path, bytes, &len);
    if (code) {
        assert_int_not_equal(code, HR_E_INTERNAL);
        assert_true(*err.msg);
        assert_int_equal(len, 0);
        assert_false(hr_file_exists(write.path));
    } else if (written->known) {
        assert_int_equal(len, written->len);
        assert_memory_equal(bytes, written->bytes, len);
    } else {
        memcpy(written->bytes, bytes, written->len = len);
        written->known = true;
    }
    hr_file_remove_tree(write.path, NULL);
    hr_arena_free(arena);
    return code;
}

static void torture(const char *name, bool partitioned, bool nested, const char *sql, long least)
{
    static struct written written;
    written = (struct written){.format = name, .partitioned = partitioned, .nested = nested, .sql = sql};
    assert_int_equal(write_once(&written), HR_OK);
    assert_true(written.len > 10);
    long refused = hr_torture(write_once, &written);
    print_message("%s%s: %ld appends, %zu bytes\n", name, partitioned ? ", partitioned" : "", refused, written.len);
    assert_true(refused >= least);
}

static void test_writes(void **state)
{
    (void)state;
    torture("csv", false, false, ROWS, 5);
    torture("csv", true, false, ROWS, 5);
    torture("json", false, true, ROWS, 10);
    torture("json", true, true, ROWS, 10);
    torture("parquet", false, true, ROWS, 3);
}

static int setup(void **state)
{
    (void)state;
    struct hr_err err = {0};
    duckdb_config options;
    if (!mkdtemp(root)) {
        strcpy(root, "/tmp/hr-torture-XXXXXX");
        assert_non_null(mkdtemp(root));
    }
    config = hr_blob_config_new();
    assert_int_equal(duckdb_create_config(&options), DuckDBSuccess);
    assert_int_equal(duckdb_set_config(options, "threads", "1"), DuckDBSuccess);
    assert_int_equal(duckdb_open_ext(NULL, &database, options, NULL), DuckDBSuccess);
    duckdb_destroy_config(&options);
    assert_int_equal(duckdb_connect(database, &connection), DuckDBSuccess);
    assert_int_equal(hr_blob_new(config, NULL, &blob, &err), HR_OK);
    assert_int_equal(hr_format_open(database, blob, NULL, &format, &err), HR_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    duckdb_disconnect(&connection);
    hr_format_close(format);
    duckdb_close(&database);
    hr_blob_free(blob);
    hr_blob_config_free(config);
    return hr_file_remove_tree(root, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_writes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
