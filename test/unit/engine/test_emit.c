/* The SQL that a plan becomes is linear in the plan: every function of the catalogue, nested in
 * each of its arguments. */
#include "host/analyze/functions/catalogue.h"
#include "host/engine/engine.h"
#include "host/sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct hr_engine *engine;

static const char *conf(struct hr_env *env, const char *key)
{
    (void)env;
    return !strcmp(key, "spark.sql.session.timeZone") ? "UTC" : NULL;
}

static bool cancels;
static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 0;
}
static bool is_cancelled(struct hr_env *env)
{
    (void)env;
    return cancels;
}
static const struct hr_env_ops ops = {.conf = conf, .now_us = now_us, .is_cancelled = is_cancelled};
static struct hr_env env = {&ops};

/* an argument of each type, none of them a name or a constant, which may stand anywhere as often as
 * one likes */
static const char *const values[] = {
    "CAST(id AS INT)",
    "id + 1",
    "id + 0.5D",
    "CAST(id AS DECIMAL(10,2))",
    "CAST(id AS STRING)",
    "id > 0",
    "CAST(CAST(id AS STRING) AS BINARY)",
    "date_add(DATE '2020-01-01', CAST(id AS INT))",
    "timestamp_seconds(id)",
    "CAST(timestamp_seconds(id) AS TIMESTAMP_NTZ)",
    "array(id, 2L)",
    "array(CAST(id AS STRING))",
    "array(array(id))",
    "map('a', id)",
    "named_struct('a', id)",
    "array(named_struct('a', id, 'b', id))",
};
static const char *const others[] = {"1",
                                     "'a'",
                                     "id + 1",
                                     "x -> x",
                                     "(x, y) -> x",
                                     "(x, y) -> true",
                                     "x -> true",
                                     "(x, y, z) -> y",
                                     "'2020-01-01'",
                                     "array(id)",
                                     "map('b', id)"};

static struct hr_expr *parse_expr(struct hr_arena *arena, const char *sql)
{
    struct hr_expr *expr;
    struct hr_err err = {0};
    /* a lambda stands only there */
    if (hr_sql_parse_expr(arena, hr_printf(arena, "f(%s)", sql), NULL, &expr, &err))
        fail_msg("%s: %s", sql, err.msg);
    return expr->call.args.at[0];
}

static struct hr_rel *select_of(struct hr_arena *arena, struct hr_expr *expr)
{
    struct hr_rel *rel;
    struct hr_err err = {0};
    assert_int_equal(hr_sql_parse_query(arena, "SELECT id FROM range(3)", NULL, &rel, &err), HR_OK);
    struct hr_rel *project = hr_rel_new(arena, HR_REL_PROJECT, rel);
    project->project.exprs = (struct hr_exprs){HR_NEW_ARRAY(arena, struct hr_expr *, 1), 1};
    project->project.exprs.at[0] = expr;
    return project;
}

struct nest {
    const char *name;
    size_t count, at;
    const char *value, *other;
};

static struct hr_expr *build(struct hr_arena *arena, const struct nest *nest, size_t levels)
{
    struct hr_expr *expr = parse_expr(arena, nest->value);
    for (size_t level = 0; level < levels; level++) {
        struct hr_expr *call = hr_expr_new(arena, HR_EXPR_CALL);
        call->call.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
        call->call.name.at[0] = nest->name;
        call->call.args =
            (struct hr_exprs){HR_NEW_ARRAY(arena, struct hr_expr *, nest->count), nest->count};
        for (size_t i = 0; i < nest->count; i++)
            call->call.args.at[i] =
                i == nest->at ? expr : parse_expr(arena, nest->other ? nest->other : nest->value);
        expr = call;
    }
    return expr;
}

/* how long the SQL is; 0 when it cannot be nested so */
static size_t length(const struct nest *nest, size_t levels)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_query *query;
    struct hr_err err = {0};
    size_t len = 0;
    if (!hr_query_prepare(engine, arena, &env, select_of(arena, build(arena, nest, levels)), &query,
                          &err))
        len = strlen(hr_query_sql(query));
    hr_arena_free(arena);
    return len;
}

static size_t faults;

/* whether it can be nested at all; counts what grows faster than its depth */
static bool nests(const struct nest *nest)
{
    size_t four = length(nest, 4), eight = length(nest, 8), twelve = length(nest, 12);
    if (!twelve)
        return false;
    if (twelve - eight > (eight - four) * 3 / 2 + 300) {
        print_error(
            "%s of %zu arguments, nested in argument %zu of %s and %s: %zu, %zu, %zu characters at 4, 8, 12 levels\n",
            nest->name, nest->count, nest->at + 1, nest->value,
            nest->other ? nest->other : "itself", four, eight, twelve);
        faults++;
    }
    return true;
}

static bool try_values(struct nest *nest)
{
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        nest->value = values[v];
        nest->other = NULL;
        if (length(nest, 2) && nests(nest))
            return true;
        for (size_t o = 0; o < sizeof others / sizeof *others && nest->count > 1; o++) {
            nest->other = others[o];
            if (length(nest, 2) && nests(nest))
                return true;
        }
    }
    return false;
}

static void test_linear(void **state)
{
    (void)state;
    const struct hr_function *rows;
    size_t count = hr_function_list(&rows), nested = 0;
    for (size_t f = 0; f < count; f++) {
        char name[64];
        size_t len = strcspn(rows[f].name, ",");
        if (rows[f].flags & (HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR))
            continue; /* none of them stands in another */
        if (*rows[f].name == '$')
            continue; /* the analyzer's own, with arguments of its choice */
        if (!strcmp(rows[f].name, "assert_true"))
            continue; /* Spark's message quotes the argument, in which its message stands again */
        snprintf(name, sizeof name, "%.*s", (int)len, rows[f].name);
        size_t most = rows[f].most < 0 || rows[f].most > 4 ? 4 : (size_t)rows[f].most;
        for (size_t n = rows[f].least ? (size_t)rows[f].least : 1;
             n <= most || n == (size_t)rows[f].least; n++)
            for (size_t at = 0; at < n; at++)
                nested += try_values(&(struct nest){.name = name, .count = n, .at = at});
    }
    print_message("%zu ways to nest\n", nested);
    assert_int_equal(faults, 0);
    assert_true(nested > 250);
}

static void test_parts(void **state)
{
    (void)state;
    static const char *const templates[] = {
        "CASE WHEN id = 1 THEN id ELSE %s END", "CASE WHEN %s = 1 THEN 1L ELSE 2L END",
        "CAST(CAST(%s AS STRING) AS BIGINT)",   "named_struct('a', %s, 'b', 1).a",
        "if(%s BETWEEN id AND 3, id, 2L)",
    };
    for (size_t t = 0; t < sizeof templates / sizeof *templates; t++) {
        size_t lens[3];
        for (size_t k = 0; k < 3; k++) {
            struct hr_arena *arena = hr_arena_new(NULL);
            const char *text = "id";
            for (size_t i = 0; i < 4 * (k + 1); i++)
                text = hr_printf(arena, templates[t], text);
            struct hr_query *query;
            struct hr_err err = {0};
            if (hr_query_prepare(engine, arena, &env, select_of(arena, parse_expr(arena, text)),
                                 &query, &err))
                fail_msg("%s: %s", text, err.msg);
            lens[k] = strlen(hr_query_sql(query));
            hr_arena_free(arena);
        }
        assert_true(lens[2] - lens[1] <= (lens[1] - lens[0]) * 3 / 2 + 300);
    }
}

/* a plan that takes long to analyze and write ends when the query is cancelled meanwhile */
static void test_cancelled(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_expr *list = hr_expr_new(arena, HR_EXPR_CALL);
    struct hr_query *query;
    struct hr_err err = {0};
    list->call.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    list->call.name.at[0] = "greatest";
    list->call.args = (struct hr_exprs){HR_NEW_ARRAY(arena, struct hr_expr *, 5000), 5000};
    for (size_t i = 0; i < 5000; i++)
        list->call.args.at[i] = parse_expr(arena, "id + 1");
    cancels = true;
    enum hr_code code = hr_query_prepare(engine, arena, &env, select_of(arena, list), &query, &err);
    cancels = false;
    assert_int_equal(code, HR_E_CANCELLED);
    hr_arena_free(arena);
}

int main(void)
{
    struct hr_err err;
    if (hr_engine_open(&(struct hr_engine_options){.threads = 1, .memory_bytes = 512 << 20},
                       &engine, &err))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_linear), cmocka_unit_test(test_parts),
                                       cmocka_unit_test(test_cancelled)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hr_engine_close(engine);
    return failed;
}
