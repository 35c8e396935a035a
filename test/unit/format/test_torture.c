/* df.write with each append failing once, for every format that writes: the files have the same
 * bytes, or there is an error and no file. spark.read of Parquet: the same schema and rows, or an
 * error. Locally; DuckDB works on this thread. */
#include "host/format/format.h"
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/file.h"
#include "../torture.h"

#define BYTES_MAX 65536
#define ROWS \
    "SELECT c0::INTEGER c0, c1, c2::DOUBLE c2, c3::INTEGER[] c3 FROM (VALUES (1, 'one, \"two\"', 1.5, [1, 2]), (NULL, NULL, NULL, NULL), (-7, 'a text of more than twelve bytes', 0.1, [])) t(c0, c1, c2, c3)"

static duckdb_database database;
static duckdb_connection connection;
static struct hr_blob_config *config;
static struct hr_blob *blob;
static struct hr_format *format;
/* in memory, where there is such a place: each write is synced */
static char root[] = "/dev/shm/hr-torture-XXXXXX";

static const char *no_conf(struct hr_env *env, const char *key)
{
    (void)env, (void)key;
    return NULL;
}
static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 0;
}
static const struct hr_env_ops ops = {.conf = no_conf, .now_us = now_us};
static struct hr_env env = {&ops};

struct written {
    const char *format;
    bool partitioned, nested;
    const char *sql;
    bool known;
    size_t len;
    char bytes[BYTES_MAX];
};

static enum hr_code failed(duckdb_result *result, struct hr_err *err)
{
    enum hr_code code = hr_fail(err, HR_E_IO, "%s", duckdb_result_error(result));
    duckdb_destroy_result(result);
    return code;
}

static enum hr_code pull(struct hr_format_rows *rows,
                         enum hr_code (*take)(void *arg,
                                              duckdb_data_chunk chunk,
                                              struct hr_err *err),
                         void *arg,
                         struct hr_err *err)
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

/* the bytes of every file below, in no order: one file a folder is what these writes make. _SUCCESS
 * is empty. */
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
        fields[i] = (struct hr_field){
            .name = hr_printf(arena, "c %zu", i), .type = hr_type_basic(ids[i]), .nullable = true};
    fields[3] = (struct hr_field){.name = "list",
                                  .type = hr_type_array(arena, hr_type_basic(HR_TYPE_INT), true),
                                  .nullable = true};
    return hr_type_struct(arena, fields, nested ? 4 : 3);
}

static enum hr_code write_once(void *arg)
{
    static char bytes[BYTES_MAX];
    struct written *written = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_write write = {
        .format = written->format, .path = hr_printf(arena, "%s/out", root), .mode = HR_SAVE_ERROR};
    if (written->partitioned) {
        write.partition_by = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
        write.partition_by.at[0] = "c 1";
    }
    struct hr_format_rows rows = {.schema = schema_of(arena, written->nested),
                                  .sql = written->sql,
                                  .pull = pull,
                                  .execute = execute};
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
    written =
        (struct written){.format = name, .partitioned = partitioned, .nested = nested, .sql = sql};
    assert_int_equal(write_once(&written), HR_OK);
    assert_true(written.len > 10);
    long refused = hr_torture(write_once, &written);
    print_message("%s%s: %ld appends, %zu bytes\n", name, partitioned ? ", partitioned" : "",
                  refused, written.len);
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
    torture("parquet", true, true, ROWS, 3);
}

/* ---- reading Parquet ---- */

struct reading {
    const char *schema, *merge;
    bool metadata, known;
    char text[4096];
};

/* footers are kept by a file's version: each run reads them anew */
static void touch(const char *folder)
{
    static time_t second = 1000;
    static const char *const names[] = {"p=1/a.parquet", "p=2/b.parquet", "p=2/none.parquet"};
    struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
    char path[600];
    second++;
    for (size_t i = 0; i < HR_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
}

static void copy_to(const char *folder, const char *name, const char *sql)
{
    char path[600], statement[2000];
    snprintf(path, sizeof path, "%s/%.3s", folder, name);
    assert_int_equal(hr_file_mkdirs(path, NULL), HR_OK);
    snprintf(statement, sizeof statement, "COPY (%s) TO '%s/%s' (FORMAT parquet)", sql, folder,
             name);
    assert_int_equal(duckdb_query(connection, statement, NULL), DuckDBSuccess);
}

/* every row with all its columns as text; of _metadata the file's name: the rest tells of the time
 */
static enum hr_code rows_text(
    const struct hr_source *source, bool metadata, char *text, size_t size, struct hr_err *err)
{
    struct hr_buf sql;
    duckdb_result result;
    size_t count = source->schema->field_count, wanted[8];
    hr_buf_init(&sql, 1 << 20);
    hr_buf_adds(&sql, "SELECT string_agg(t, ';' ORDER BY t) FROM (SELECT concat_ws('|'");
    for (size_t i = 0; i < count + metadata; i++)
        hr_buf_addf(&sql, ", coalesce(c%zu%s, 'NULL')", wanted[i] = i,
                    i < count ? "::VARCHAR" : ".f1::VARCHAR");
    hr_buf_adds(&sql, ") t FROM ");
    enum hr_code code = source->emit(source, wanted, count + metadata, &sql, err);
    if (!code) {
        hr_buf_addc(&sql, ')');
        code = hr_buf_check(&sql, "the statement", err);
    }
    if (!code && duckdb_query(connection, hr_buf_text(&sql), &result) != DuckDBSuccess)
        fail_msg("%s", duckdb_result_error(&result));
    hr_buf_release(&sql);
    if (code)
        return code;
    char *value = duckdb_value_varchar(&result, 0, 0);
    snprintf(text, size, "%s", value);
    duckdb_free(value);
    duckdb_destroy_result(&result);
    return HR_OK;
}

static enum hr_code read_once(void *arg)
{
    static char text[4096];
    struct reading *reading = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *path = hr_printf(arena, "%s/in", root);
    struct hr_option option = {"mergeSchema", reading->merge};
    struct hr_rel *rel = hr_rel_new(arena, HR_REL_READ_FILES, NULL);
    struct hr_source *source;
    struct hr_err err = {0};
    rel->read_files.format = "parquet";
    rel->read_files.schema = reading->schema;
    rel->read_files.paths = (struct hr_names){&path, 1};
    rel->read_files.options = (struct hr_options){&option, 1};
    touch(path);
    enum hr_code code = hr_format_read(format, arena, &env, rel, &source, &err);
    if (!code)
        code = rows_text(source, reading->metadata, text, sizeof text, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_true(*err.msg);
    } else if (reading->known) {
        assert_string_equal(text, reading->text);
    } else {
        strcpy(reading->text, text);
        reading->known = true;
    }
    hr_arena_free(arena);
    return code;
}

static void torture_reading(const char *schema, const char *merge, const char *expected, long least)
{
    static struct reading reading;
    reading = (struct reading){.schema = schema, .merge = merge, .metadata = schema};
    assert_int_equal(read_once(&reading), HR_OK);
    assert_string_equal(reading.text, expected);
    long refused = hr_torture(read_once, &reading);
    print_message("reading: %ld appends\n", refused);
    assert_true(refused >= least);
}

/* two groups of files, and one without rows whose types fit neither */
static void test_reads(void **state)
{
    (void)state;
    char folder[64];
    snprintf(folder, sizeof folder, "%s/in", root);
    copy_to(folder, "p=1/a.parquet",
            "SELECT 1::INTEGER id, 'one' s, [1, 2]::INTEGER[] list UNION ALL SELECT 2, NULL, NULL");
    copy_to(folder, "p=2/b.parquet", "SELECT 3::INTEGER id, 'three' s, 1.5::DOUBLE more");
    copy_to(folder, "p=2/none.parquet", "SELECT 'x' id, {'a': 1} s WHERE false");
    torture_reading(
        "id INT, s STRING, list ARRAY<INT>, more DOUBLE", "false",
        "1|one|[1, 2]|NULL|1|a.parquet;2|NULL|NULL|NULL|1|a.parquet;3|three|NULL|1.5|2|b.parquet",
        20);
    copy_to(folder, "p=2/none.parquet", "SELECT 1::INTEGER id, 'x' s WHERE false");
    torture_reading(NULL, "true", "1|one|[1, 2]|NULL|1;2|NULL|NULL|NULL|1;3|three|NULL|1.5|2", 20);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_writes), cmocka_unit_test(test_reads)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
