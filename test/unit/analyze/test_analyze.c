/* The analyzer over parsed SQL: names, types, nullability, and Spark's errors with their
 * parameters. What real Spark answers is in test/spark; these are the rules by themselves, without
 * an engine. */
#include "host/analyze/analyze.h"
#include "host/analyze/functions/catalogue.h"
#include "host/sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

static const char *ansi = "true", *case_sensitive;

static const char *conf(struct hr_env *env, const char *key)
{
    (void)env;
    return !strcmp(key, "spark.sql.ansi.enabled")    ? ansi
           : !strcmp(key, "spark.sql.caseSensitive") ? case_sensitive
                                                     : NULL;
}

static struct hr_rel *view(struct hr_env *env, struct hr_arena *arena, const struct hr_names *name)
{
    (void)env;
    struct hr_rel *rel = NULL;
    struct hr_err err;
    if (!strcasecmp(name->at[0], "t"))
        assert_int_equal(
            hr_sql_parse_query(
                arena,
                "SELECT * FROM VALUES (1, 'a', 1.50, 2.5D), (NULL, NULL, NULL, NULL) AS v(i, s, c, d)",
                NULL, &rel, &err),
            HR_OK);
    return rel;
}

static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 0;
}
static const struct hr_env_ops ops = {.conf = conf, .view = view, .now_us = now_us};
static struct hr_env env = {&ops};

static enum hr_code analyze(struct hr_arena *arena,
                            const char *sql,
                            struct hr_typed **typed,
                            struct hr_err *err)
{
    struct hr_rel *rel;
    assert_int_equal(hr_sql_parse_query(arena, sql, NULL, &rel, err), HR_OK);
    return hr_analyze(arena, &env, rel, typed, err);
}

/* "name type?" of every column, '?' when nullable */
static void expect_schema(const char *sql, const char *want)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_typed *typed;
    struct hr_err err = {0};
    if (analyze(arena, sql, &typed, &err))
        fail_msg("%s: [%s] %s", sql, err.condition, err.msg);
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 16);
    for (size_t i = 0; i < typed->schema->field_count; i++) {
        hr_buf_addf(&buf, "%s%s ", i ? ", " : "", typed->schema->fields[i].name);
        hr_type_simple(typed->schema->fields[i].type, &buf);
        hr_buf_adds(&buf, typed->schema->fields[i].nullable ? "?" : "");
    }
    assert_string_equal(hr_buf_text(&buf), want);
    hr_buf_release(&buf);
    hr_arena_free(arena);
}

static void expect_error(const char *sql, const char *condition, const char *params)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_typed *typed;
    struct hr_err err = {0};
    assert_int_not_equal(analyze(arena, sql, &typed, &err), HR_OK);
    assert_string_equal(err.condition, condition);
    if (!strstr(err.params, params))
        fail_msg("%s: %s lacks %s", sql, err.params, params);
    hr_arena_free(arena);
}

static void test_names(void **state)
{
    (void)state;
    expect_schema("SELECT i + 1, count(1) FROM t GROUP BY i + 1", "(i + 1) int?, count(1) bigint");
    expect_schema("SELECT cast(i AS string), cast(i + 1 AS string), -i, upper(s) AS u, I FROM t",
                  "i string?, CAST((i + 1) AS STRING) string?, (- i) int?, u string?, I int?");
    expect_schema(
        "SELECT CASE WHEN i > 1 THEN 'x' END, i IN (1, 2), s LIKE 'a%', i IS NULL FROM t",
        "CASE WHEN (i > 1) THEN x END string?, (i IN (1, 2)) boolean?, s LIKE a% boolean?, (i IS NULL) boolean");
}

static void test_types(void **state)
{
    (void)state;
    expect_schema("SELECT 1 + 1L, 1 / 2, 5 div 2, 1.5 + 1, 1.50 * 2.25, 10.0 / 3",
                  "(1 + 1) bigint, (1 / 2) double?, (5 div 2) bigint?, (1.5 + 1) decimal(3,1)?, "
                  "(1.50 * 2.25) decimal(7,4), (10.0 / 3) decimal(8,6)?");
    expect_schema(
        "SELECT sum(i) AS a, sum(c) AS b, avg(c) AS c, avg(i) AS d, count(s) AS e, max(s) AS f FROM t",
        "a bigint?, b decimal(13,2)?, c decimal(7,6)?, d double?, e bigint, f string?");
    expect_schema("SELECT array(1, 2L), map('a', 1), named_struct('x', 1)['x'] AS x",
                  "array(1, 2) array<bigint>, map(a, 1) map<string,int>, x int");
    expect_schema("SELECT i FROM t UNION ALL SELECT 1.5", "i decimal(11,1)?");
}

static void test_ansi_decides_coercion(void **state)
{
    (void)state;
    expect_schema("SELECT i + '1' AS x, coalesce(s, 1) AS y FROM t", "x bigint?, y bigint");
    ansi = "false";
    expect_schema("SELECT i + '1' AS x, coalesce(s, 1) AS y FROM t", "x double?, y string");
    ansi = "true";
}

static void test_joins(void **state)
{
    (void)state;
    expect_schema(
        "SELECT * FROM t a JOIN t b USING (i)",
        "i int?, s string?, c decimal(3,2)?, d double?, s string?, c decimal(3,2)?, d double?");
    expect_schema("SELECT r.id FROM range(2) l LEFT JOIN range(2) r ON l.id = r.id", "id bigint?");
    expect_schema("SELECT * FROM range(2) l LEFT SEMI JOIN range(2) r ON l.id = r.id", "id bigint");
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("SELECT nope FROM t", "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                 "\"objectName\":\"`nope`\"");
    expect_error("SELECT nope(1)", "UNRESOLVED_ROUTINE", "`nope`");
    expect_error("SELECT upper(1, 2)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "\"actualNum\":\"2\"");
    expect_error("SELECT i + array(1) FROM t", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                 "ARRAY<INT>");
    expect_error("SELECT s FROM t GROUP BY i", "MISSING_AGGREGATION", "any_value(s)");
    expect_error("SELECT id FROM range(1) a JOIN range(1) b", "AMBIGUOUS_REFERENCE",
                 "[`a`.`id`, `b`.`id`]");
    expect_error("SELECT * FROM nowhere", "TABLE_OR_VIEW_NOT_FOUND", "`nowhere`");
    expect_error("SELECT i FROM t WHERE sum(i) > 1", "INVALID_WHERE_CONDITION", "sum(i)");
    expect_error("SELECT i FROM t ORDER BY 3", "ORDER_BY_POS_OUT_OF_RANGE", "\"index\":\"3\"");
    expect_error("SELECT sum(sum(i)) FROM t", "NESTED_AGGREGATE_FUNCTION", "");
    expect_error("SELECT 1 UNION SELECT 1, 2", "NUM_COLUMNS_MISMATCH", "UNION");
}

static void test_case_sensitivity(void **state)
{
    (void)state;
    case_sensitive = "true";
    expect_error("SELECT I FROM t", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "`I`");
    case_sensitive = NULL;
}

/* rows are found by each of their names, and their letters and counts hold together */
static void test_catalogue(void **state)
{
    (void)state;
    const struct hr_function *rows;
    size_t count = hr_function_list(&rows);
    assert_true(count > 250);
    for (size_t i = 0; i < count; i++) {
        char name[64] = "";
        const char *registered;
        strncpy(name, rows[i].name, strcspn(rows[i].name + 1, ",") + 1);
        assert_ptr_equal(hr_function_find(name, &registered), &rows[i]);
        assert_true(rows[i].least >= 0 && (rows[i].most < 0 || rows[i].most >= rows[i].least));
        assert_true(rows[i].emit ||
                    (rows[i].flags & HR_F_GENERATOR) ||
                    hr_function_is(&rows[i], "grouping") ||
                    hr_function_is(&rows[i], "grouping_id"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_ansi_decides_coercion),
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_case_sensitivity),
        cmocka_unit_test(test_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
