/* SQL text to plan: the shape of what is built, and Spark's own errors where it refuses. */
#include "base/limits.h"
#include "host/plan/print.h"
#include "host/sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "../torture.h"

static struct hr_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = hr_arena_new(NULL);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    hr_arena_free(arena);
    return 0;
}

static const char *taken(struct hr_buf *buf)
{
    char *text = hr_strdup(arena, hr_buf_text(buf));
    hr_buf_release(buf);
    return text;
}

static const char *expr_text(const char *sql)
{
    struct hr_expr *expr;
    struct hr_err err = {0};
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    if (hr_sql_parse_expr(arena, sql, NULL, &expr, &err))
        hr_buf_addf(&buf, "%s %s", err.condition, err.params);
    else
        hr_print_expr(expr, &buf);
    return taken(&buf);
}

static const char *statement_text(const char *sql)
{
    struct hr_sql_statement statement;
    struct hr_err err = {0};
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    if (hr_sql_parse_statement(arena, sql, NULL, &statement, &err))
        hr_buf_addf(&buf, "%s %s", err.condition, err.params);
    else if (statement.query)
        hr_print_rel(statement.query, 0, &buf);
    else
        hr_print_command(statement.command, &buf);
    return taken(&buf);
}

struct pair {
    const char *sql, *expected;
};

static const struct pair exprs[] = {
    {"a + b * c", "+(a, *(b, c))"},
    {"a or b and not c", "or(a, and(b, not(c)))"},
    {"a and b and c and d", "and(and(a, b), and(c, d))"},
    {"a = b is null", "isNull(==(a, b))"},
    {"a <> 1", "not(==(a, 1))"},
    {"a <=> null", "<=>(a, NULL)"},
    {"a & b | c ^ d", "|(&(a, b), ^(c, d))"},
    {"1 << 2 + 3", "<<(1, +(2, 3))"},
    {"-1", "-1"},
    {"- a", "$negate(a)"},
    {"1 - 1", "-(1, 1)"},
    {"a -1", "-(a, 1)"},
    {"- -1", "$negate(-1)"},
    {"-9223372036854775808", "-9223372036854775808:bigint"},
    {"5 div 2 % 3", "%(div(5, 2), 3)"},
    {"a || 'x' || b", "concat(concat(a, 'x'), b)"},
    {"a between 1 and 2 and b", "and(between(a, 1, 2), b)"},
    {"a not between 1 and 2", "not(between(a, 1, 2))"},
    {"a not in (1, 2)", "not(in(a, 1, 2))"},
    {"a like 'x%' escape '!'", "like(a, 'x%', '!')"},
    {"a not ilike any ('x', 'y')", "$notlikeany(lower(a), lower('x'), lower('y'))"},
    {"a not ilike any ('x', b)", "or(not(ilike(a, 'x')), not(ilike(a, b)))"},
    {"a regexp 'x'", "rlike(a, 'x')"},
    {"a is not true", "not(<=>(a, true))"},
    {"a is distinct from b", "not(<=>(a, b))"},
    {"case when a then 1 else 2 end", "when(a, 1, 2)"},
    {"case a when 1 then 'x' end", "when(==(a, 1), 'x')"},
    {"cast(a as array<map<string, int>>)", "cast(a as array<map<string,int>>)"},
    {"try_cast(a as decimal(10, 2))", "try_cast(a as decimal(10,2))"},
    {"a.b::int + 1", "+(cast(a.b as int), 1)"},
    {"a[0].b['c']", "a[0]['b']['c']"},
    {"extract(year from d)", "extract('year', d)"},
    {"substring(a from 2 for 3)", "substring(a, 2, 3)"},
    {"trim(both 'x' from a)", "trim('x', a)"},
    {"trim(leading from a)", "ltrim(a)"},
    {"position('a' in b)", "locate('a', b)"},
    {"overlay(a placing b from 1)", "overlay(a, b, 1)"},
    {"dateadd(day, 1, d)", "timestampadd('day', 1, d)"},
    {"date_add(d, 1)", "date_add(d, 1)"},
    {"interval 1 year 2 months", "14:interval year to month"},
    {"interval '1 02:03:04.5' day to second", "93784500000:interval day to second"},
    {"interval -'1-2' year to month", "-14:interval year to month"},
    {"interval '1' day + x", "+(86400000000:interval day, x)"},
    {"interval '2 weeks'", "1209600000000:interval day"},
    {"date'2020-01-01'", "18262:date"},
    {"timestamp '1970-01-01 00:00:01'", "1000000:timestamp"},
    {"time'12:00:00'", "43200000000000:time(6)"},
    {"X'1F0'", "X'01F0'"},
    {"1L", "1:bigint"},
    {"1S", "1:smallint"},
    {"1Y", "1:tinyint"},
    {"1D", "1:double"},
    {"1.5F", "1.5:float"},
    {"1.5BD", "1.5:decimal(2,1)"},
    {".5", "0.5:decimal(1,1)"},
    {"1.", "1:decimal(1,0)"},
    {"0.05", "0.05:decimal(2,2)"},
    {"1e3", "1000:double"},
    {"1e3BD", "1000:decimal(4,0)"},
    {"12345678901", "12345678901:bigint"},
    {"12345678901234567890", "12345678901234567890:decimal(20,0)"},
    {"'it''s' \"a\"\"b\"", "'it\\x27sa\"b'"},
    {"'\\u0041\\101\\%\\n'", "'AA\\x5c%\\x0a'"},
    {"r'\\n'", "'\\x5cn'"},
    {"`a b`.`c``d`", "`a b`.`c``d`"},
    {"transform(xs, x -> x + y)", "transform(xs, (x) -> +($x, y))"},
    {"aggregate(xs, 0, (a, x) -> a + x.f)", "aggregate(xs, 0, (a, x) -> +($a, $x['f']))"},
    {"f(a => 1, b => x -> x)", "f(a => 1, b => (x) -> $x)"},
    {"count(distinct a, b) filter (where c) over (partition by d order by e desc nulls last rows between 1 preceding and current row)",
     "count(distinct a, b) filter (c) over (partition d order e desc nulls last rows $negate(1) and current row)"},
    {"lag(a) ignore nulls over w", "lag(a) ignore nulls over (w)"},
    {"percentile_cont(0.5) within group (order by a)",
     "percentile_cont(0.5:decimal(1,1)) within (a asc)"},
    {"first(a ignore nulls)", "first(a) ignore nulls"},
    {"(1, a, b as c)", "named_struct('col1', 1, 'a', a, 'c', b as c)"},
    {"struct(1 as a, 2)", "struct(1 as a, 2)"},
    {"exists(xs, x -> x > 0)", "exists(xs, (x) -> >($x, 0))"},
    {"exists (select 1)", "exists[project 1 {one_row}]"},
    {"a in (select b from t)", "in[a; project b {read t}]"},
    {"(a, b) in (select 1, 2)", "in[a, b; project 1, 2 {one_row}]"},
    {"((select 1))", "scalar[project 1 {one_row}]"},
    {"((select 1) union (select 2))",
     "scalar[set_op union {project 1 {one_row}} {project 2 {one_row}}]"},
    {"((select 1) + 1)", "+(scalar[project 1 {one_row}], 1)"},
    {"a as b", "a as b"},
    {"a b", "a as b"},
    {"stack(1, 2) as (x, y)", "stack(1, 2) as (x, y)"},
    {"t.*", "t.*"},
    {"* except (a, b.c)", "* except (a, b.c)"},
    {":a + ?", "+(:a, ?0)"},
    {"identifier('a.b')", "a.b"},
    /* keywords as names */
    {"left + order", "+(left, order)"},
    {"left('a', 1)", "left('a', 1)"},
    {"values + case.x", "+(values, case.x)"},
    {"date + timestamp", "+(date, timestamp)"},
    {"select.from", "select.from"},
    {"t.order.group", "t.order.group"},
    {"interval + 1", "+(interval, 1)"},
    {"filter(xs, x -> x)", "filter(xs, (x) -> $x)"},
    {"if(end, first, last)", "if(end, first, last)"},
    {"exists", "exists"},
    {"over(1)", "over(1)"},
    {"limit + offset", "+(limit, offset)"},
};

static const struct pair statements[] = {
    {"select a, b c from t where a > 1 order by b desc limit 10 offset 2",
     "limit 10\n  offset 2\n    sort b desc\n      project a, b as c\n        filter >(a, 1)\n          read t\n"},
    {"select distinct a from t", "deduplicate\n  project a\n    read t\n"},
    {"select a, count(*) from t group by a having count(*) > 1",
     "aggregate by keys[a] select[a, count(*)] having >(count(*), 1)\n  read t\n"},
    {"select a from t group by all", "aggregate by all select[a]\n  read t\n"},
    {"select a, b from t group by a, b with rollup",
     "aggregate rollup keys[a, b] select[a, b]\n  read t\n"},
    {"select a from t group by cube(a, b)", "aggregate cube keys[a, b] select[a]\n  read t\n"},
    {"select a from t group by a, rollup(b, (c, d))",
     "aggregate sets keys[a, b, c, d] sets (a, b, c, d), (a, b), (a) select[a]\n  read t\n"},
    {"select a from t group by grouping sets ((a, b), a, ())",
     "aggregate sets keys[a, b] sets (a, b), (a), () select[a]\n  read t\n"},
    {"select * from a left join b using (id), c",
     "project *\n  join inner\n    join left using id\n      read a\n      read b\n    read c\n"},
    {"select * from a natural full outer join b",
     "project *\n  join natural full\n    read a\n    read b\n"},
    {"select * from a left anti join b on a.x = b.x",
     "project *\n  join anti on ==(a.x, b.x)\n    read a\n    read b\n"},
    {"select * from a, lateral (select a.x) t",
     "project *\n  lateral_join inner\n    read a\n    subquery_alias t\n      project a.x\n        one_row\n"},
    {"select * from (a join b) x",
     "project *\n  subquery_alias x\n    join inner\n      read a\n      read b\n"},
    {"with x as (select 1), y(a) as (select * from x) select * from y",
     "cte x() as [project 1 {one_row}], y(a) as [project * {read x}]\n  project *\n    read y\n"},
    {"select 1 union all select 2 intersect select 3",
     "set_op union all\n  project 1\n    one_row\n  set_op intersect\n    project 2\n      one_row\n    project 3\n      one_row\n"},
    {"values (1, 2), (3, 4)", "values (1, 2), (3, 4)\n"},
    {"select * from values 1, 2 as t(a)",
     "project *\n  subquery_alias t(a)\n    values (1), (2)\n"},
    {"select * from range(1, 5) r", "project *\n  subquery_alias r\n    range 1 5 1\n"},
    {"select * from explode(array(1))", "project *\n  table_function explode(array(1))\n"},
    {"select * from csv.`/a/b.csv`", "project *\n  read csv `/a/b.csv`\n"},
    {"select * from t lateral view outer explode(a) x as y, z",
     "project *\n  generate outer explode(a) x(y, z)\n    read t\n"},
    {"select * from t pivot (sum(a) as s for b in ('x' as p, 'y'))",
     "project *\n  aggregate pivot rest aggregates[sum(a) as s] for b in['x' as p, 'y']\n    read t\n"},
    {"select * from t unpivot include nulls (v for n in (a as x, b))",
     "project *\n  unpivot rest nulls v for n in[a, b]\n    read t\n"},
    {"select * from t tablesample (10 percent) repeatable (3) s",
     "project *\n  subquery_alias s\n    sample 0 0.1 seed 3\n      read t\n"},
    {"select /*+ broadcast(t), x */ 1",
     "hint broadcast with[t]\n  hint x\n    project 1\n      one_row\n"},
    {"select sum(a) over w from t window w as (partition by b)",
     "windows w over (partition b)\n  project sum(a) over (w)\n    read t\n"},
    {"from t select a", "project a\n  read t\n"},
    {"table t", "read t\n"},
    {"select a from t distribute by b sort by c",
     "sort local c asc\n  repartition b\n    project a\n      read t\n"},
    {"select a from t order by all desc", "sort ALL desc\n  project a\n    read t\n"},
    {"/* a /* b */ */ select 1 -- c\n;;", "project 1\n  one_row\n"},
    {"create or replace temp view v(a comment 'x', b) comment 'c' as select 1, 2",
     "create_view replace temporary v(a, b) comment=c\n  project 1, 2\n    one_row\n"},
    {"create temporary view v using csv options (path '/x', header true)",
     "create_view temporary v\n  read csv `/x` path=/x header=true\n"},
    {"create global temporary view v as table t", "create_view global temporary v\n  read t\n"},
    {"drop view if exists a.b", "drop_view a.b if_exists\n"},
    {"set spark.a.b = c d;", "set key=spark.a.b value=c d\n"},
    {"set", "set\n"},
    {"set -v", "set verbose\n"},
    {"SET TIME ZONE 'Europe/Paris'", "set key=spark.sql.session.timeZone value=Europe/Paris\n"},
    {"reset a.b", "reset key=a.b\n"},
    {"show tables in d like 'a*'", "show TABLES d like=a*\n"},
    {"show functions", "show FUNCTIONS \n"},
    {"desc extended t", "describe extended t\n"},
    {"describe function abs", "describe function abs\n"},
    {"explain formatted select 1", "explain FORMATTED\n  project 1\n    one_row\n"},
    {"cache lazy table v as select 1", "cache v lazy\n  project 1\n    one_row\n"},
    {"uncache table if exists v", "uncache v if_exists\n"},
    {"use database d", "use NAMESPACE d\n"},
    {"create table t (a int)", "unsupported CREATE TABLE\n"},
    {"insert into t values (1)", "unsupported INSERT\n"},
    {"alter table t rename to u", "unsupported ALTER TABLE\n"},
    /* refused, as Spark does */
    {"", "PARSE_EMPTY_STATEMENT {}"},
    {"selec 1", "PARSE_SYNTAX_ERROR {\"error\":\"'selec'\",\"hint\":\"\"}"},
    {"select", "PARSE_SYNTAX_ERROR {\"error\":\"end of input\",\"hint\":\"\"}"},
    {"select 1 1", "PARSE_SYNTAX_ERROR {\"error\":\"'1'\",\"hint\":\": extra input '1'\"}"},
    {"select 'a", "PARSE_SYNTAX_ERROR {\"error\":\"'''\",\"hint\":\"\"}"},
    {"select 1 /* x", "UNCLOSED_BRACKETED_COMMENT {}"},
    {"select cast(1 as foo)", "UNSUPPORTED_DATATYPE {\"typeName\":\"\\\"FOO\\\"\"}"},
    {"select 300Y",
     "INVALID_NUMERIC_LITERAL_RANGE {\"rawStrippedQualifier\":\"300\",\"minValue\":\"-128\",\"maxValue\":\"127\",\"typeName\":\"tinyint\"}"},
    {"select date'x'", "INVALID_TYPED_LITERAL {\"valueType\":\"\\\"DATE\\\"\",\"value\":\"'x'\"}"},
    {"select * from a-b", "INVALID_IDENTIFIER {\"ident\":\"a-b\"}"},
    {"create temp view if not exists v as select 1", "_LEGACY_ERROR_TEMP_0053 {}"},
};

static void check_all(const struct pair *pairs, size_t count, const char *(*text)(const char *))
{
    for (size_t i = 0; i < count; i++) {
        const char *got = text(pairs[i].sql);
        if (strcmp(got, pairs[i].expected))
            fail_msg("%s\n   gives %s\nexpected %s", pairs[i].sql, got, pairs[i].expected);
    }
}

static void test_expressions(void **state)
{
    (void)state;
    check_all(exprs, HR_LEN(exprs), expr_text);
}
static void test_statements(void **state)
{
    (void)state;
    check_all(statements, HR_LEN(statements), statement_text);
}

static void test_origin(void **state)
{
    (void)state;
    struct hr_rel *query;
    assert_int_equal(hr_sql_parse_query(arena, "select 1,\n  a / 0 from t", NULL, &query, NULL),
                     HR_OK);
    const struct hr_origin *origin = query->project.exprs.at[1]->origin;
    assert_int_equal(origin->start, 12);
    assert_int_equal(origin->stop, 17);
    assert_int_equal(origin->line, 2);
    assert_int_equal(origin->column, 2);
}

static void test_message(void **state)
{
    (void)state;
    struct hr_sql_statement statement;
    struct hr_err err;
    char text[4096];
    assert_int_equal(
        hr_sql_parse_statement(arena, "select 1 +\n  from t x y z", NULL, &statement, &err),
        HR_E_SPARK);
    hr_err_spark_text(&err, text, sizeof text);
    assert_string_equal(
        text,
        "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601 (line 2, pos 9)\n\n== SQL ==\n"
        "select 1 +\n  from t x y z\n---------^^^\n");
}

/* nesting and length are refused before they can exhaust the stack */
static void test_bounds(void **state)
{
    (void)state;
    static const char *const parts[] = {"(",     "not ", "- ", "a + ",     "case when ",
                                        "cast(", "f(",   "a[", "(select ", "select * from (",
                                        "x -> "};
    for (size_t i = 0; i < HR_LEN(parts); i++) {
        struct hr_buf buf;
        hr_buf_init(&buf, HR_SQL_BYTES_MAX);
        hr_buf_adds(&buf, "select ");
        for (int j = 0; j < 20000; j++)
            hr_buf_adds(&buf, parts[i]);
        struct hr_sql_statement statement;
        struct hr_err err;
        assert_int_equal(hr_sql_parse_statement(arena, hr_buf_text(&buf), NULL, &statement, &err),
                         HR_E_SPARK);
        hr_buf_release(&buf);
    }
}

static void test_long_chains(void **state)
{
    (void)state;
    struct hr_buf buf;
    struct hr_sql_statement statement;
    hr_buf_init(&buf, HR_SQL_BYTES_MAX);
    hr_buf_adds(&buf, "select a = 0");
    for (int j = 0; j < 20000; j++)
        hr_buf_addf(&buf, " or a = %d", j);
    assert_int_equal(hr_sql_parse_statement(arena, hr_buf_text(&buf), NULL, &statement, NULL),
                     HR_OK);
    hr_buf_release(&buf);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *last;
    } good[] = {
        {"a", 1, "a"},          {"a.b", 2, "b"}, {"`a.b`.c d", 2, "c d"},
        {"a.`b``c`", 2, "b`c"}, {"", 1, ""},     {"`a`", 1, "a"},
    };
    static const char *const bad[] = {"`a", "a`b", "`a`b", "a.", ".a", "a..b"};
    struct hr_names names;
    struct hr_err err;
    for (size_t i = 0; i < HR_LEN(good); i++) {
        assert_int_equal(hr_sql_parse_names(arena, good[i].text, &names, &err), HR_OK);
        assert_int_equal(names.count, good[i].count);
        assert_string_equal(names.at[names.count - 1], good[i].last);
    }
    for (size_t i = 0; i < HR_LEN(bad); i++) {
        assert_int_equal(hr_sql_parse_names(arena, bad[i], &names, &err), HR_E_SPARK);
        assert_string_equal(err.condition, "INVALID_ATTRIBUTE_NAME_SYNTAX");
    }
}

static const char *value_of(void *arg, const char *name)
{
    (void)arg;
    return !strcmp(name, "a") ? "one ${b}" : !strcmp(name, "b") ? "two" : NULL;
}

static enum hr_code substitute(void *arg)
{
    const char *text;
    struct hr_err err = {0};
    (void)arg;
    enum hr_code code =
        hr_sql_substitute(arena, "SELECT ${a}, '${spark:b}${none}'", value_of, NULL, &text, &err);
    if (code)
        assert_int_equal(code, HR_E_LIMIT);
    else
        assert_string_equal(text, "SELECT one two, 'two'");
    return code;
}

static void test_substitution_is_whole_or_refused(void **state)
{
    (void)state;
    assert_int_equal(hr_torture(substitute, NULL), strlen("SELECT one two, 'two'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions), cmocka_unit_test(test_statements),
        cmocka_unit_test(test_origin),      cmocka_unit_test(test_message),
        cmocka_unit_test(test_bounds),      cmocka_unit_test(test_long_chains),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_substitution_is_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
