/* Every function of the catalogue, and statements of every kind of relation, with each of their
 * appends failing once: while the SQL is written, while DuckDB folds what is constant, while
 * kernels run and the result is shown. Each run ends with a named error or with the same rows. */
#include "host/analyze/functions/catalogue.h"
#include "host/engine/engine.h"
#include "host/duck/value.h"
#include "host/sql/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../torture.h"

#define ROWS \
    " FROM VALUES (1, 'one'), (CAST(NULL AS INT), CAST(NULL AS STRING)), (-7, 'a text of more than twelve bytes') AS t(ci, cs)"
#define ARGUMENTS_MAX 4

static struct hr_engine *engine;

static const char *conf(struct hr_env *env, const char *key)
{
    (void)env;
    return !strcmp(key, "spark.sql.session.timeZone") ? "America/Los_Angeles" : NULL;
}

static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 1600000000000000;
}
static const struct hr_env_ops ops = {.conf = conf, .now_us = now_us};
static struct hr_env env = {&ops};

/* ---- one statement ---- */

#define TEXT_MAX 16384

struct shown {
    struct hr_sink sink;
    const struct hr_type *schema;
    char text[TEXT_MAX];
};

static void print_value(duckdb_vector vector,
                        idx_t row,
                        const struct hr_type *type,
                        struct hr_buf *out)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    if (valid && !duckdb_validity_row_is_valid(valid, row))
        hr_buf_adds(out, "NULL");
    else if (type->id != HR_TYPE_VOID)
        hr_value_text(vector, row, type, hr_zone_utc(), HR_TEXT_CAST, out);
}

/* the rows as text, by a buffer that takes no part */
static enum hr_code print(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    struct shown *shown = (struct shown *)sink;
    struct hr_buf buf;
    (void)err;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_buf_adds(&buf, shown->text);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
        for (size_t i = 0; i < shown->schema->field_count; i++) {
            print_value(duckdb_data_chunk_get_vector(chunk, i), row, shown->schema->fields[i].type,
                        &buf);
            hr_buf_addc(&buf, i + 1 < shown->schema->field_count ? '|' : '\n');
        }
    assert_true(hr_buf_len(&buf) < sizeof shown->text);
    strcpy(shown->text, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return HR_OK;
}

static enum hr_code take(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    struct shown *shown = (struct shown *)sink;
    (void)err;
    duckdb_string_t *text = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    size_t len = duckdb_string_t_length(*text);
    assert_true(len < sizeof shown->text);
    memcpy(shown->text, duckdb_string_t_data(text), len);
    shown->text[len] = 0;
    return HR_OK;
}

/* the statements are run by df.show(), which has a printer of its own */
static bool shows;

static enum hr_code run(const char *sql, char *text, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct shown shown = {.sink = {NULL, shows ? take : print}};
    struct hr_query *query;
    struct hr_rel *rel;
    enum hr_code code = hr_sql_parse_query(arena, sql, NULL, &rel, err);
    if (!code && shows) {
        rel = hr_rel_new(arena, HR_REL_SHOW_STRING, rel);
        rel->show.rows = 20;
    }
    if (!code)
        code = hr_query_prepare(engine, arena, &env, rel, &query, err);
    if (!code)
        shown.schema = hr_query_schema(query);
    if (!code)
        code = hr_query_run(query, &shown.sink, err);
    hr_arena_free(arena);
    if (!code && text)
        strcpy(text, shown.text);
    return code;
}

struct statement {
    const char *sql;
    char want[TEXT_MAX];
};
static size_t statements, appends, wrong;

/* a failure has a name: a code that is not the engine's own, and a text */
static enum hr_code again(void *arg)
{
    const struct statement *statement = arg;
    static char got[sizeof statement->want];
    struct hr_err err = {0};
    enum hr_code code = run(statement->sql, got, &err);
    bool named = code != HR_E_INTERNAL && *err.msg;
    if (code ? named : !strcmp(got, statement->want))
        return code;
    wrong++;
    print_error("%s\n  gave %s\n", statement->sql, code ? err.msg : got);
    return code;
}

static bool torture(const char *sql)
{
    static struct statement statement;
    static char twice[sizeof statement.want];
    struct hr_err err;
    statement.sql = sql;
    if (run(sql, statement.want, &err) || run(sql, twice, &err) || strcmp(statement.want, twice))
        return false; /* it does not run, or gives something else each time */
    statements++;
    appends += (size_t)hr_torture(again, &statement);
    return true;
}

/* ---- functions ---- */

static const char *const values[] = {
    "'a text of more than twelve bytes'",
    "7",
    "1.5BD",
    "2.5D",
    "'a,b;c=1'",
    "X'00FF'",
    "true",
    "DATE'2020-02-29'",
    "TIMESTAMP'2020-02-29 12:34:56'",
    "INTERVAL '3' MONTH",
    "INTERVAL '1 02:03:04' DAY TO SECOND",
    "array(1, NULL, 3)",
    "array('x', NULL)",
    "map('k', 7)",
    "named_struct('f', 7, 'g', array('y'))",
    "(x -> x)",
    "((x, y) -> x)",
};
static const char *const others[] = {"1", "'a'", "array(1, 2)", "map('k', 1)"};

static const char *call(struct hr_arena *arena,
                        const struct hr_function *function,
                        const char *name,
                        const char *const *arguments,
                        size_t count)
{
    if (strcspn(name, "+-*/%&|^~=<>!$") != strlen(name) ||
        !strcmp(name, "when") ||
        !strcmp(name, "casewhen"))
        return NULL; /* operators stand among the statements */
    const char *text = hr_printf(arena, "SELECT `%s`(", name);
    for (size_t i = 0; i < count; i++)
        text = hr_printf(arena, "%s%s%s", text, i ? ", " : "", arguments[i]);
    return hr_printf(arena, "%s)%s", text,
                     function->flags & HR_F_WINDOW ? " OVER (ORDER BY 1)" : "");
}

/* the first arguments of each kind that it takes */
static bool torture_count(const struct hr_function *function, const char *name, size_t count)
{
    const char *arguments[ARGUMENTS_MAX];
    bool done = false;
    for (size_t v = 0; v < HR_LEN(values) && !done; v++)
        for (size_t o = 0; o < (count > 1 ? HR_LEN(others) : 1) && !done; o++) {
            struct hr_arena *arena = hr_arena_new(NULL);
            for (size_t i = 0; i < count; i++)
                arguments[i] = i ? others[o] : values[v];
            const char *sql = call(arena, function, name, arguments, count);
            done = sql && torture(sql);
            hr_arena_free(arena);
        }
    return done;
}

static void test_functions(void **state)
{
    (void)state;
    const struct hr_function *rows;
    const char *unused;
    hr_function_find("abs", &unused); /* counts the arguments of all */
    size_t count = hr_function_list(&rows), done = 0;
    for (size_t f = 0; f < count; f++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(rows[f].name, ","), rows[f].name);
        int most = rows[f].most < 0 ? rows[f].least + 1 : rows[f].most;
        for (int n = most < ARGUMENTS_MAX ? most : ARGUMENTS_MAX; n >= rows[f].least; n--)
            if (torture_count(&rows[f], name, (size_t)n)) {
                done++;
                break;
            }
    }
    print_message("%zu of %zu functions, %zu appends\n", done, count, appends);
    assert_int_equal(wrong, 0);
    assert_true(done > 300);
}

/* ---- what the table of functions does not reach ---- */

#define JSON_TYPES                                                                                                                                  \
    "1Y, 2S, 3, 4L, 1.5F, 2.5D, 1.25BD, 'x', X'00FF', true, DATE'2020-02-29', TIMESTAMP'2020-02-29 12:34:56', TIMESTAMP_NTZ'2020-02-29 12:34:56', " \
    "array(1, NULL), map('k', array(1)), named_struct('f', 1, 'g', named_struct('h', 'y'))"
#define TYPES                                                                                                                                       \
    "1Y, 2S, 3, 4L, 1.5F, 2.5D, 1.25BD, 'x', X'00FF', true, DATE'2020-02-29', TIMESTAMP'2020-02-29 12:34:56', TIMESTAMP_NTZ'2020-02-29 12:34:56', " \
    "INTERVAL '3' MONTH, INTERVAL '1 02:03:04' DAY TO SECOND, array(1, NULL), map('k', array(1)), named_struct('f', 1, 'g', named_struct('h', 'y'))"

static const char *const texts[] = {
    "SELECT concat_ws('|', cs, CAST(ci AS STRING), array(cs, 'x'))" ROWS,
    "SELECT to_json(struct(" JSON_TYPES "))",
    "SELECT CAST(struct(" TYPES ") AS STRING)",
    "SELECT to_csv(struct(1, 2.5D, 'a,\"b', DATE'2020-02-29', true))",
    "SELECT from_json('{\"a\":1,\"b\":[1,2],\"c\":{\"d\":\"x\"}}', 'a INT, b ARRAY<INT>, c STRUCT<d: STRING>')",
    "SELECT from_csv('1,x,2.5', 'a INT, b STRING, c DOUBLE')",
    "SELECT schema_of_json('{\"a\":[{\"b\":1}]}'), schema_of_csv('1,x')",
    "SELECT get_json_object(concat('{\"a\":{\"b\":\"', cs, '\"}}'), '$.a'), json_array_length('[1,2]'), json_object_keys('{\"a\":1}')" ROWS,
    "SELECT json_tuple(concat('{\"a\":\"', cs, '\",\"b\":2}'), 'a', 'b')" ROWS,
    "SELECT format_string('%05d|%s|%8.3f|%x', ci, cs, 1.5D, ci), format_number(ci * 1000.5D, 2), date_format(DATE'2020-02-29', 'EEEE, d MMMM y')" ROWS,
    "SELECT CAST(ci AS STRING), CAST(ci * 1.5D AS STRING), CAST(CAST(ci AS DECIMAL(20,3)) AS STRING), CAST(timestamp_seconds(ci) AS STRING)" ROWS,
    "SELECT regexp_replace(cs, '(o)(n)', '<$2$1>'), regexp_extract(cs, '(t.)', 1), regexp_extract_all(cs, '(.e)'), split(cs, '[ e]'), translate(cs, 'et', 'x')" ROWS,
    "SELECT initcap(cs), upper(cs), lower(cs), reverse(cs), repeat(cs, 3), lpad(cs, 20, '*'), rpad(cs, 20, '*'), hex(cs), base64(cs), soundex(cs), mask(cs)" ROWS,
    "SELECT url_encode(cs), url_decode('a%20b'), parse_url('http://h/p?q=' || ci, 'QUERY', 'q'), sentences(cs), str_to_map('a:1,b:2'), bin(ci), conv(cs, 36, 10)" ROWS,
    "SELECT md5(cs), sha1(cs), sha2(cs, 256), crc32(cs), xxhash64(cs, ci), hash(cs), encode(cs, 'UTF-16'), decode(encode(cs, 'UTF-8'), 'UTF-8')" ROWS,
    "SELECT date_format(timestamp_seconds(ci), 'yyyy-MM-dd HH:mm:ss.SSS VV'), from_unixtime(ci), to_date('29/02/2020', 'dd/MM/yyyy')" ROWS,
    "SELECT array_join(array(cs, 'b'), '-', 'none'), concat(cs, '-', ci), map_from_arrays(array('a'), array(cs)), element_at(map('a', cs), 'a')" ROWS,
    "SELECT ci + 1, ci - 1, ci * 2, ci / 2, ci % 2, -ci, ci & 3, ci | 4, ci ^ 1, ~ci, ci = 1, ci <=> 1, ci < 2, NOT ci > 1, cs || 'x', ci DIV 2" ROWS,
    "SELECT CASE WHEN ci > 0 THEN cs WHEN ci < 0 THEN 'neg' ELSE 'none' END, CASE ci WHEN 1 THEN 'a' END, if(ci > 1, cs, 'z'), cs LIKE 'o%', cs RLIKE 'n.'" ROWS,
    "SELECT cs IN ('one', 'two'), ci BETWEEN 1 AND 3, cs IS NULL, coalesce(cs, 'none'), transform(array(ci, 2), (x, i) -> x + i), filter(array(1, 2), x -> x > ci)" ROWS,
    /* of constants the engine makes the answer when it prepares a statement, and keeps that: these
       are of rows */
    "SELECT to_json(struct(cs, ci, map(coalesce(cs, 'k'), ci))), to_csv(struct(ci, cs)), unhex(hex(cs)), to_binary(hex(cs), 'hex'), overlay(cs PLACING 'x' FROM 2)" ROWS,
    "SELECT make_valid_utf8(cs), quote(cs), CAST(ci AS INTERVAL MONTH)" ROWS,
    "SELECT try_cast('x' AS INT), try_divide(1, 0), CAST('2020-02-29' AS DATE), CAST('1' AS INT), CAST(array('1', '2') AS ARRAY<INT>), CAST('x' AS BINARY)",
};

static const char *const relations[] = {
    "SELECT cs, count(*), sum(ci), avg(ci), max(cs), collect_list(ci), count(DISTINCT cs)" ROWS
    " GROUP BY cs HAVING count(*) > 0 ORDER BY cs NULLS FIRST LIMIT 2",
    "SELECT cs, ci, grouping_id(), sum(ci)" ROWS " GROUP BY CUBE (cs, ci) ORDER BY ALL",
    "SELECT cs, ci, sum(ci)" ROWS " GROUP BY GROUPING SETS ((cs), (ci), ()) ORDER BY ALL",
    "SELECT row_number() OVER (PARTITION BY cs ORDER BY ci), sum(ci) OVER (ORDER BY ci ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), lag(ci, 1, 0) OVER (ORDER BY ci)" ROWS,
    "SELECT a.id, b.id FROM range(3) a LEFT JOIN range(2) b ON a.id = b.id ORDER BY 1",
    "SELECT * FROM range(2) a JOIN range(3) b USING (id) ORDER BY id",
    "SELECT * FROM range(3) a WHERE EXISTS (SELECT 1 FROM range(2) b WHERE a.id = b.id) ORDER BY id",
    "SELECT (SELECT max(id) FROM range(5)) AS m, id FROM range(2)",
    "SELECT * FROM range(2) WHERE id IN (SELECT id FROM range(1))",
    "SELECT * FROM range(2) a CROSS JOIN range(2) b ORDER BY ALL",
    "SELECT * FROM range(3) a ANTI JOIN range(2) b ON a.id = b.id",
    "WITH t AS (SELECT id, id * 2 AS d FROM range(4)) SELECT * FROM t WHERE d > 2 UNION ALL SELECT 9, 9 ORDER BY 1",
    "SELECT 1 AS a UNION SELECT 2 ORDER BY a",
    "SELECT id FROM range(4) INTERSECT SELECT id FROM range(2) ORDER BY id",
    "SELECT id FROM range(4) EXCEPT SELECT id FROM range(2) ORDER BY id",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM (SELECT id, id % 2 AS k FROM range(4)) PIVOT (sum(id) FOR k IN (0 AS zero, 1 AS one))",
    "SELECT * FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (v FOR n IN (a, b)) ORDER BY n",
    "SELECT id, e FROM range(2) LATERAL VIEW explode(array(id, 7)) t AS e ORDER BY ALL",
    "SELECT posexplode(array('a', 'b'))",
    "SELECT inline(array(named_struct('a', 1, 'b', 'x')))",
    "SELECT stack(2, 1, 'a', 2, 'b')",
    "SELECT DISTINCT cs" ROWS " ORDER BY cs",
    "SELECT id, `a b`, s.x FROM (SELECT id, 1 AS `a b`, named_struct('x', id) AS s FROM range(2))",
    "SELECT * EXCEPT (cs)" ROWS,
    "SELECT id FROM range(5) ORDER BY id DESC LIMIT 2 OFFSET 1",
    "SELECT count(DISTINCT cs, ci) FILTER (WHERE ci > 0)" ROWS,
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT n FROM t ORDER BY n",
    "SELECT id FROM (SELECT id FROM range(20)) TABLESAMPLE (50 PERCENT) REPEATABLE (1)",
    "SELECT percentile(ci, 0.5, 2), listagg(DISTINCT CAST(ci AS STRING), ',') WITHIN GROUP (ORDER BY CAST(ci AS STRING))" ROWS,
    "SELECT percentile(ci, 0.5), approx_percentile(ci, 0.5), mode(cs), first(cs), any_value(cs), max_by(cs, ci), corr(ci, ci), listagg(cs, ',')" ROWS,
};

static void torture_all(const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!torture(list[i])) {
            struct hr_err err = {0};
            run(list[i], NULL, &err);
            fail_msg("%s: %s", list[i], err.msg);
        }
    assert_int_equal(wrong, 0);
}

/* Schemas are of constants: each run has another text, of the same schema */
static enum hr_code show_schema(void *arg)
{
    static int number;
    char sql[200], text[TEXT_MAX];
    struct hr_err err = {0};
    (void)arg;
    number++;
    snprintf(sql, sizeof sql,
             "SELECT schema_of_json('{\"a\":[{\"b\":%d}]}'), schema_of_csv('%d,x')", number,
             number);
    enum hr_code code = run(sql, text, &err);
    if (code)
        assert_true(code != HR_E_INTERNAL && *err.msg);
    else
        assert_string_equal(text,
                            "STRUCT<a: ARRAY<STRUCT<b: BIGINT>>>|STRUCT<_c0: INT, _c1: STRING>\n");
    return code;
}

static void test_schemas(void **state)
{
    (void)state;
    assert_true(hr_torture(show_schema, NULL) > 10);
}

static void test_texts(void **state)
{
    (void)state;
    torture_all(texts, HR_LEN(texts));
}

static void test_relations(void **state)
{
    (void)state;
    torture_all(relations, HR_LEN(relations));
    shows = true;
    torture_all((const char *const[]){"SELECT ci, cs, array(cs), 1.5D AS d" ROWS}, 1);
    shows = false;
    print_message("%zu statements, %zu appends\n", statements, appends);
}

int main(void)
{
    struct hr_err err;
    if (hr_engine_open(&(struct hr_engine_options){.threads = 1, .memory_bytes = 512 << 20},
                       &engine, &err))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_schemas), cmocka_unit_test(test_texts),
                                       cmocka_unit_test(test_relations),
                                       cmocka_unit_test(test_functions)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hr_engine_close(engine);
    return failed;
}
