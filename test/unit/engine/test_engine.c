/* The engine over parsed SQL: one SELECT where one will do, Spark's errors out of DuckDB, show's
 * layout, cancelling. */
#include "host/engine/engine.h"
#include "host/sql/sql.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct hr_engine *engine;

static const char *conf(struct hr_env *env, const char *key)
{
    (void)env;
    return !strcmp(key, "spark.sql.session.timeZone") ? "UTC" : NULL;
}

static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 0;
}
static const struct hr_env_ops ops = {.conf = conf, .now_us = now_us};
static struct hr_env env = {&ops};

struct text_sink {
    struct hr_sink sink;
    char text[4096];
    uint64_t rows;
};

static enum hr_code take(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    struct text_sink *s = (struct text_sink *)sink;
    s->rows += duckdb_data_chunk_get_size(chunk);
    duckdb_string_t *text = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    if (!s->text[0] &&
        duckdb_data_chunk_get_column_count(chunk) == 1 &&
        duckdb_string_t_length(*text) < sizeof s->text)
        memcpy(s->text, duckdb_string_t_data(text), duckdb_string_t_length(*text));
    return HR_OK;
}

static enum hr_code count_rows(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    ((struct text_sink *)sink)->rows += duckdb_data_chunk_get_size(chunk);
    return HR_OK;
}

static struct hr_rel *parse(struct hr_arena *arena, const char *sql)
{
    struct hr_rel *rel;
    struct hr_err err = {0};
    if (hr_sql_parse_query(arena, sql, NULL, &rel, &err))
        fail_msg("%s: %s", sql, err.msg);
    return rel;
}

static void expect_show(const char *sql, const char *want)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_rel *show = hr_rel_new(arena, HR_REL_SHOW_STRING, parse(arena, sql));
    show->show.rows = 2;
    show->show.truncate = 20;
    struct hr_query *query;
    struct hr_err err = {0};
    struct text_sink sink = {.sink = {NULL, take}};
    if (hr_query_prepare(engine, arena, &env, show, &query, &err) ||
        hr_query_run(query, &sink.sink, &err))
        fail_msg("%s: %s", sql, err.msg);
    assert_string_equal(sink.text, want);
    hr_arena_free(arena);
}

static void expect_failure(const char *sql, const char *condition)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_query *query;
    struct hr_err err = {0};
    struct text_sink sink = {.sink = {NULL, count_rows}};
    enum hr_code code = hr_query_prepare(engine, arena, &env, parse(arena, sql), &query, &err);
    if (!code)
        code = hr_query_run(query, &sink.sink, &err);
    assert_int_equal(code, HR_E_SPARK);
    assert_string_equal(err.condition, condition);
    hr_arena_free(arena);
}

static void test_show(void **state)
{
    (void)state;
    expect_show("SELECT id, 'x' AS word FROM range(2)",
                "+---+----+\n| id|word|\n+---+----+\n|  0|   x|\n|  1|   x|\n+---+----+\n");
    expect_show("SELECT id FROM range(3)",
                "+---+\n| id|\n+---+\n|  0|\n|  1|\n+---+\nonly showing top 2 rows");
    expect_show(
        "SELECT 'abcdefghijklmnopqrstuvwxyz' AS a, null AS b",
        "+--------------------+----+\n|                   a|   b|\n+--------------------+----+\n"
        "|abcdefghijklmnopq...|NULL|\n+--------------------+----+\n");
    expect_show(
        "SELECT '日本' AS a, array(1, null) AS b, 1.0D AS c",
        "+----+---------+---+\n|   a|        b|  c|\n+----+---------+---+\n|日本|[1, NULL]|1.0|\n+----+---------+---+\n");
}

static void test_failures(void **state)
{
    (void)state;
    expect_failure("SELECT 1 / 0", "DIVIDE_BY_ZERO");
    expect_failure("SELECT 2147483647 + 1", "ARITHMETIC_OVERFLOW");
    expect_failure("SELECT 127Y + 1Y", "BINARY_ARITHMETIC_OVERFLOW");
    expect_failure("SELECT CAST('a' AS INT)", "CAST_INVALID_INPUT");
    expect_failure("SELECT CAST(300 AS TINYINT)", "CAST_OVERFLOW");
    expect_failure("SELECT array(1)[3]", "INVALID_ARRAY_INDEX");
    expect_failure("SELECT (SELECT id FROM range(2))", "SCALAR_SUBQUERY_TOO_MANY_ROWS");
    expect_failure("SELECT sum(x) FROM VALUES (9223372036854775807L), (1L) AS t(x)",
                   "ARITHMETIC_OVERFLOW");
}

/* scan, filter, project, group, sort and limit are one SELECT over the scan */
static void test_flat(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_query *query;
    struct hr_err err = {0};
    assert_int_equal(
        hr_query_prepare(
            engine, arena, &env,
            parse(
                arena,
                "SELECT id, count(*) AS c FROM range(9) WHERE id > 1 GROUP BY id ORDER BY c DESC LIMIT 3"),
            &query, &err),
        HR_OK);
    const char *sql = hr_query_sql(query), *first = strstr(sql, "SELECT");
    assert_non_null(first);
    assert_null(strstr(first + 1, "SELECT"));
    hr_arena_free(arena);
}

static void *cancel_soon(void *query)
{
    usleep(100000);
    hr_query_cancel(query);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_query *query;
    struct hr_err err = {0};
    struct text_sink sink = {.sink = {NULL, count_rows}};
    assert_int_equal(
        hr_query_prepare(
            engine, arena, &env,
            parse(arena,
                  "SELECT count(*) FROM range(10000000) a JOIN range(10000000) b ON a.id <> b.id"),
            &query, &err),
        HR_OK);
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_soon, query);
    assert_int_equal(hr_query_run(query, &sink.sink, &err), HR_E_CANCELLED);
    pthread_join(thread, NULL);
    hr_arena_free(arena);
}

int main(void)
{
    struct hr_err err;
    if (hr_engine_open(&(struct hr_engine_options){.threads = 2, .memory_bytes = 512 << 20},
                       &engine, &err))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_flat),
        cmocka_unit_test(test_cancel),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hr_engine_close(engine);
    return failed;
}
