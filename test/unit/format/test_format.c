/* Sources and their lifetime, the memory of small files, and text to numbers, over local files. */
#include "host/duck/type.h"
#include "host/format/format.h"
#include "host/duck/vector.h"
#include "host/format/text_value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    duckdb_database database;
    duckdb_connection connection;
    struct hr_blob_config *config;
    struct hr_blob *blob;
    struct hr_format *format;
    struct hr_arena *arena;
    char path[64];
};

static const char *no_conf(struct hr_env *env, const char *key)
{
    (void)env, (void)key;
    return NULL;
}
static const struct hr_env_ops ops = {.conf = no_conf};
static struct hr_env env = {&ops};

static void put(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    static struct fixture f;
    struct hr_err err = {0};
    snprintf(f.path, sizeof f.path, "/tmp/hr-format-%d.csv", (int)getpid());
    f.config = hr_blob_config_new();
    f.arena = hr_arena_new(NULL);
    assert_int_equal(duckdb_open(NULL, &f.database), DuckDBSuccess);
    assert_int_equal(duckdb_connect(f.database, &f.connection), DuckDBSuccess);
    assert_int_equal(hr_blob_new(f.config, NULL, &f.blob, &err), HR_OK);
    assert_int_equal(hr_format_open(f.database, f.blob, NULL, &f.format, &err), HR_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hr_arena_free(f->arena);
    duckdb_disconnect(&f->connection);
    hr_format_close(f->format);
    duckdb_close(&f->database);
    hr_blob_free(f->blob);
    hr_blob_config_free(f->config);
    unlink(f->path);
    return 0;
}

/* SELECT over columns 0 and 1 of the csv file with a header */
static char *select_text(struct fixture *f, struct hr_arena *arena)
{
    struct hr_option header = {"header", "true"}, infer = {"inferSchema", "true"},
                     *both = HR_NEW_ARRAY(arena, struct hr_option, 2);
    both[0] = header;
    both[1] = infer;
    struct hr_rel *rel = hr_rel_new(arena, HR_REL_READ_FILES, NULL);
    const char **paths = HR_NEW_ARRAY(arena, const char *, 1);
    paths[0] = f->path;
    rel->read_files.format = "csv";
    rel->read_files.paths = (struct hr_names){paths, 1};
    rel->read_files.options = (struct hr_options){both, 2};
    struct hr_source *source;
    struct hr_err err = {0};
    assert_int_equal(hr_format_read(f->format, arena, &env, rel, &source, &err), HR_OK);
    struct hr_buf sql;
    hr_buf_init(&sql, 4096);
    hr_buf_adds(&sql, "SELECT sum(c0), max(c1) FROM ");
    assert_int_equal(source->emit(source, (size_t[]){0, 1}, 2, &sql, &err), HR_OK);
    return hr_buf_steal(&sql, NULL);
}

static void expect(duckdb_prepared_statement statement, int64_t sum, const char *max)
{
    duckdb_result result;
    assert_int_equal(duckdb_execute_prepared(statement, &result), DuckDBSuccess);
    assert_int_equal(duckdb_value_int64(&result, 0, 0), sum);
    char *text = duckdb_value_varchar(&result, 1, 0);
    assert_string_equal(text, max);
    duckdb_free(text);
    duckdb_destroy_result(&result);
}

static void a_statement_outlives_the_arena(void **state)
{
    struct fixture *f = *state;
    struct hr_arena *arena = hr_arena_new(f->arena);
    put(f, "n,s\n1,a\n2,a longer text than twelve bytes\n3,a\n");
    char *sql = select_text(f, arena);
    duckdb_prepared_statement statement;
    assert_int_equal(duckdb_prepare(f->connection, sql, &statement), DuckDBSuccess);
    free(sql);
    hr_arena_free(arena);
    expect(statement, 6, "a longer text than twelve bytes");
    expect(statement, 6, "a longer text than twelve bytes");
    duckdb_destroy_prepare(&statement);
}

static void the_second_action_reads_nothing(void **state)
{
    struct fixture *f = *state;
    struct hr_format_counts before, after;
    put(f, "n,s\n10,x\n20,y\n");
    for (int i = 0; i < 2; i++) {
        hr_format_count(f->format, &before);
        struct hr_arena *arena = hr_arena_new(f->arena);
        char *sql = select_text(f, arena);
        duckdb_prepared_statement statement;
        assert_int_equal(duckdb_prepare(f->connection, sql, &statement), DuckDBSuccess);
        expect(statement, 30, "y");
        duckdb_destroy_prepare(&statement);
        free(sql);
        hr_arena_free(arena);
    }
    hr_format_count(f->format, &after);
    assert_int_equal(after.bytes_read, before.bytes_read);
    assert_int_equal(after.rows_parsed, before.rows_parsed);
    assert_int_equal(after.schema_hits, before.schema_hits + 1);
    assert_int_equal(after.cache_hits, before.cache_hits + 1);
}

static void a_closed_scan_is_an_error(void **state)
{
    struct fixture *f = *state;
    duckdb_result result;
    assert_int_equal(duckdb_query(f->connection, "SELECT * FROM hr_scan(999999, [0])", &result),
                     DuckDBError);
    assert_non_null(strstr(duckdb_result_error(&result), "the scan is closed"));
    duckdb_destroy_result(&result);
}

static void numbers_as_java_reads_them(void **state)
{
    (void)state;
    int64_t whole;
    double real;
    static const struct {
        const char *text;
        bool ok;
    } longs[] = {
        {"0", true},
        {"+5", true},
        {"-9223372036854775808", true},
        {"9223372036854775808", false},
        {"", false},
        {"-", false},
        {" 1", false},
        {"1.0", false},
    };
    for (size_t i = 0; i < HR_LEN(longs); i++)
        assert_int_equal(hr_value_long(longs[i].text, strlen(longs[i].text), &whole), longs[i].ok);
    static const struct {
        const char *text;
        bool ok;
    } doubles[] = {
        {"1", true},        {" 1.5 ", true}, {"1e3", true},  {"1f", true},
        {"1d", true},       {".5", true},    {"5.", true},   {"NaN", true},
        {"Infinity", true}, {"nan", false},  {"inf", false}, {"0x10", false},
        {"0x1p3", true},    {"", false},     {"1_0", false}, {"1e", false},
    };
    for (size_t i = 0; i < HR_LEN(doubles); i++)
        assert_int_equal(hr_value_double(doubles[i].text, strlen(doubles[i].text), &real),
                         doubles[i].ok);
}

static void broken_utf8_as_java_decodes_it(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"a\xff", "a\xef\xbf\xbd"},       {"\xc3(", "\xef\xbf\xbd("},
        {"\xed\xa0\x80", "\xef\xbf\xbd"}, {"\xf0\x9f\x98", "\xef\xbf\xbd"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        struct hr_buf out;
        hr_buf_init(&out, 100);
        hr_utf8_repair(cases[i].from, strlen(cases[i].from), &out);
        assert_string_equal(hr_buf_text(&out), cases[i].to);
        hr_buf_release(&out);
    }
}

static void expect_alike(duckdb_logical_type a, duckdb_logical_type b)
{
    assert_int_equal(duckdb_get_type_id(a), duckdb_get_type_id(b));
    duckdb_logical_type (*child)(duckdb_logical_type, idx_t) =
        duckdb_get_type_id(a) == DUCKDB_TYPE_STRUCT ? duckdb_struct_type_child_type : NULL;
    idx_t count = child ? duckdb_struct_type_child_count(a) : 0;
    if (child)
        assert_int_equal(count, duckdb_struct_type_child_count(b));
    for (idx_t i = 0; i < count; i++) {
        duckdb_logical_type x = child(a, i), y = child(b, i);
        expect_alike(x, y);
        duckdb_destroy_logical_type(&x);
        duckdb_destroy_logical_type(&y);
    }
    if (duckdb_get_type_id(a) == DUCKDB_TYPE_LIST || duckdb_get_type_id(a) == DUCKDB_TYPE_MAP) {
        bool list = duckdb_get_type_id(a) == DUCKDB_TYPE_LIST;
        duckdb_logical_type x =
            list ? duckdb_list_type_child_type(a) : duckdb_map_type_value_type(a);
        duckdb_logical_type y =
            list ? duckdb_list_type_child_type(b) : duckdb_map_type_value_type(b);
        expect_alike(x, y);
        duckdb_destroy_logical_type(&x);
        duckdb_destroy_logical_type(&y);
    }
}

/* the type that is made and the type that is written are one */
static void types_as_duckdb_has_them(void **state)
{
    struct fixture *f = *state;
    static const char *const all[] = {
        "void",
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "float",
        "double",
        "decimal(4,1)",
        "decimal(38,18)",
        "string",
        "char(3)",
        "varchar(3)",
        "binary",
        "date",
        "timestamp",
        "timestamp_ntz",
        "time",
        "interval year",
        "interval day to second",
        "interval",
        "variant",
        "array<variant>",
        "map<string,array<date>>",
        "struct<a: int, b: struct<c: string>>",
        "struct<>",
        "array<struct<>>",
    };
    for (size_t i = 0; i < HR_LEN(all); i++) {
        const struct hr_type *type;
        struct hr_err err = {0};
        struct hr_buf sql;
        duckdb_result result;
        if (hr_type_from_ddl(f->arena, all[i], &type, &err))
            fail_msg("%s: %s", all[i], err.msg);
        hr_buf_init(&sql, 1 << 12);
        hr_buf_adds(&sql, "SELECT CAST(NULL AS ");
        hr_duck_type_sql(type, &sql);
        hr_buf_addc(&sql, ')');
        assert_int_equal(duckdb_query(f->connection, hr_buf_text(&sql), &result), DuckDBSuccess);
        duckdb_logical_type made = hr_duck_type(type),
                            written = duckdb_column_logical_type(&result, 0);
        expect_alike(made, written);
        duckdb_destroy_logical_type(&made);
        duckdb_destroy_logical_type(&written);
        duckdb_destroy_result(&result);
        hr_buf_release(&sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_outlives_the_arena),
        cmocka_unit_test(the_second_action_reads_nothing),
        cmocka_unit_test(a_closed_scan_is_an_error),
        cmocka_unit_test(types_as_duckdb_has_them),
        cmocka_unit_test(numbers_as_java_reads_them),
        cmocka_unit_test(broken_utf8_as_java_decodes_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
