/* Types: every text form, both parsers, equality. The expected texts are Spark 4.2's own answers.
 */
#include "host/duck/type.h"
#include "host/plan/type.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

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

static const char *written(void (*write)(const struct hr_type *, struct hr_buf *),
                           const struct hr_type *type)
{
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    write(type, &buf);
    char *text = hr_strdup(arena, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return text;
}

static const struct hr_type *ddl(const char *text)
{
    const struct hr_type *type = NULL;
    struct hr_err err = {0};
    if (hr_type_from_ddl(arena, text, &type, &err))
        fail_msg("%s: %s %s", text, err.condition, err.msg);
    return type;
}

static const struct {
    const char *ddl, *simple, *sql, *json, *duckdb;
} forms[] = {
    {"int", "int", "INT", "\"integer\"", "INTEGER"},
    {"dec(5,2)", "decimal(5,2)", "DECIMAL(5,2)", "\"decimal(5,2)\"", "DECIMAL(5,2)"},
    {"decimal", "decimal(10,0)", "DECIMAL(10,0)", "\"decimal(10,0)\"", "DECIMAL(10,0)"},
    {"character(3)", "char(3)", "CHAR(3)", "\"char(3)\"", "VARCHAR"},
    {"interval", "interval", "INTERVAL", "\"interval\"", "INTERVAL"},
    {"interval year", "interval year", "INTERVAL YEAR", "\"interval year\"", "INTEGER"},
    {"interval day to second", "interval day to second", "INTERVAL DAY TO SECOND",
     "\"interval day to second\"", "BIGINT"},
    {"time", "time(6)", "TIME(6)", "\"time(6)\"", "BIGINT"},
    {"timestamp without time zone", "timestamp_ntz", "TIMESTAMP_NTZ", "\"timestamp_ntz\"",
     "TIMESTAMP"},
    {"array<byte>", "array<tinyint>", "ARRAY<TINYINT>",
     "{\"type\":\"array\",\"elementType\":\"byte\",\"containsNull\":true}", "TINYINT[]"},
    {"map<string, real>", "map<string,float>", "MAP<STRING, FLOAT>",
     "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"float\",\"valueContainsNull\":true}",
     "MAP(VARCHAR, FLOAT)"},
    {"a: int", "struct<a:int>", "STRUCT<a: INT>",
     "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}}]}",
     "STRUCT(f0 INTEGER)"},
    {"`a b` int not null comment 'x''y'", "struct<a b:int>",
     "STRUCT<`a b`: INT NOT NULL COMMENT 'x\\'y'>",
     "{\"type\":\"struct\",\"fields\":[{\"name\":\"a b\",\"type\":\"integer\",\"nullable\":false,\"metadata\":{\"comment\":\"x'y\"}}]}",
     "STRUCT(f0 INTEGER)"},
    {"c string collate unicode_ci", "struct<c:string collate UNICODE_CI>",
     "STRUCT<c: STRING COLLATE UNICODE_CI>",
     "{\"type\":\"struct\",\"fields\":[{\"name\":\"c\",\"type\":\"string\",\"nullable\":true,"
     "\"metadata\":{\"__COLLATIONS\":{\"c\":\"icu.UNICODE_CI\"}}}]}",
     "STRUCT(f0 VARCHAR)"},
    {"", "struct<>", "STRUCT<>", "{\"type\":\"struct\",\"fields\":[]}", "STRUCT(f0 INTEGER)"},
    {"select int, 1a int, a int, a int", "struct<select:int,1a:int,a:int,a:int>",
     "STRUCT<select: INT, `1a`: INT, a: INT, a: INT>", NULL,
     "STRUCT(f0 INTEGER, f1 INTEGER, f2 INTEGER, f3 INTEGER)"},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_LEN(forms); i++) {
        const struct hr_type *type = ddl(forms[i].ddl), *back = NULL;
        assert_string_equal(written(hr_type_simple, type), forms[i].simple);
        assert_string_equal(written(hr_type_sql, type), forms[i].sql);
        assert_string_equal(written(hr_duck_type_sql, type), forms[i].duckdb);
        const char *json = written(hr_type_json, type);
        if (forms[i].json)
            assert_string_equal(json, forms[i].json);
        assert_int_equal(hr_type_from_json(arena, json, &back, NULL), HR_OK);
        assert_true(hr_type_equal(type, back));
        assert_true(hr_type_equal(type, hr_type_copy(arena, type)));
    }
}

static const struct {
    const char *ddl, *condition, *params;
} refused[] = {
    {"foo", "PARSE_SYNTAX_ERROR", "{\"error\":\"end of input\",\"hint\":\"\"}"},
    {"a foo", "UNSUPPORTED_DATATYPE", "{\"typeName\":\"\\\"FOO\\\"\"}"},
    {"char", "PARSE_SYNTAX_ERROR", "{\"error\":\"end of input\",\"hint\":\"\"}"},
    {"array<int", "PARSE_SYNTAX_ERROR", "{\"error\":\"'<'\",\"hint\":\"\"}"},
    {"a int default 3", "PARSE_SYNTAX_ERROR", "{\"error\":\"'default'\",\"hint\":\"\"}"},
    {"numeric(39,2)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", NULL},
    {"time(7)", "UNSUPPORTED_TIME_PRECISION", NULL},
    {"interval second to day", "PARSE_SYNTAX_ERROR", "{\"error\":\"'to'\",\"hint\":\"\"}"},
    {"a-b int", "INVALID_IDENTIFIER", "{\"ident\":\"a-b\"}"},
    {"int(3)", "PARSE_SYNTAX_ERROR", NULL},
    {"a `", "PARSE_SYNTAX_ERROR", NULL},
    {"a int comment 'x", "PARSE_SYNTAX_ERROR", NULL},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_LEN(refused); i++) {
        const struct hr_type *type;
        struct hr_err err = {0};
        assert_int_equal(hr_type_from_ddl(arena, refused[i].ddl, &type, &err), HR_E_SPARK);
        assert_string_equal(err.condition, refused[i].condition);
        if (refused[i].params)
            assert_string_equal(err.params, refused[i].params);
    }
}

static void test_depth(void **state)
{
    (void)state;
    struct hr_buf buf;
    struct hr_err err = {0};
    const struct hr_type *type;
    hr_buf_init(&buf, 1 << 20);
    for (int i = 0; i < 10000; i++)
        hr_buf_adds(&buf, "array<");
    assert_int_equal(hr_type_from_ddl(arena, hr_buf_text(&buf), &type, &err), HR_E_SPARK);
    assert_string_equal(err.condition, "FAILED_TO_PARSE_TOO_COMPLEX");
    hr_buf_clear(&buf);
    for (int i = 0; i < 1000; i++)
        hr_buf_adds(&buf, "{\"type\":\"array\",\"containsNull\":true,\"elementType\":");
    hr_buf_adds(&buf, "\"integer\"");
    for (int i = 0; i < 1000; i++)
        hr_buf_adds(&buf, "}");
    assert_int_equal(hr_type_from_json(arena, hr_buf_text(&buf), &type, &err), HR_E_SPARK);
    hr_buf_release(&buf);
}

static void test_json_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{}",
                                      "\"strin\"",
                                      "\"decimal(40,2)\"",
                                      "\"interval day to year\"",
                                      "{\"type\":\"array\"}",
                                      "{\"type\":\"struct\",\"fields\":[1]}",
                                      "[1]",
                                      "\"decimal(5,2)x\"",
                                      "\"interval day to second \""};
    for (size_t i = 0; i < HR_LEN(bad); i++) {
        const struct hr_type *type;
        struct hr_err err = {0};
        assert_int_equal(hr_type_from_json(arena, bad[i], &type, &err), HR_E_SPARK);
        assert_string_equal(err.condition, "INVALID_JSON_DATA_TYPE");
    }
}

static void test_tree(void **state)
{
    (void)state;
    const struct hr_type *type = ddl(
        "b array<int>, m map<string,int>, s struct<x: int not null, y: array<struct<q:decimal(2,1)>>>");
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    hr_type_tree(type, 0, &buf);
    assert_string_equal(hr_buf_text(&buf),
                        "root\n"
                        " |-- b: array (nullable = true)\n"
                        " |    |-- element: integer (containsNull = true)\n"
                        " |-- m: map (nullable = true)\n"
                        " |    |-- key: string\n"
                        " |    |-- value: integer (valueContainsNull = true)\n"
                        " |-- s: struct (nullable = true)\n"
                        " |    |-- x: integer (nullable = false)\n"
                        " |    |-- y: array (nullable = true)\n"
                        " |    |    |-- element: struct (containsNull = true)\n"
                        " |    |    |    |-- q: decimal(2,1) (nullable = true)\n");
    hr_buf_clear(&buf);
    hr_type_tree(type, 1, &buf);
    assert_string_equal(
        hr_buf_text(&buf),
        "root\n |-- b: array (nullable = true)\n |-- m: map (nullable = true)\n |-- s: struct (nullable = true)\n");
    hr_buf_release(&buf);
}

/* types that differ in one thing each, of which hr_type_simple shows none */
static void test_key(void **state)
{
    (void)state;
    static const char *const all[] = {
        "a int",
        "a int not null",
        "a int comment 'x'",
        "b int",
        "`a:int,b` int",
        "a int, b int",
        "a array<int>",
        "a array<int> not null",
        "a struct<b: int>",
        "a struct<b: int not null>",
        "a char(3)",
        "a varchar(3)",
        "a varchar(4)",
        "a string",
        "a string collate UNICODE",
        "a interval year",
        "a interval month",
        "a decimal(5,2)",
        "a decimal(5,1)",
        "a map<int,string>",
        "a map<string,int>",
    };
    for (size_t i = 0; i < HR_LEN(all); i++)
        for (size_t j = 0; j < HR_LEN(all); j++) {
            const struct hr_type *x = ddl(all[i]), *y = ddl(all[j]);
            bool equal = !strcmp(written(hr_type_key, x), written(hr_type_key, y));
            assert_int_equal(equal, i == j);
            assert_int_equal(equal, hr_type_equal(x, y));
        }
    const struct hr_type *full = hr_type_array(arena, hr_type_basic(HR_TYPE_INT), true),
                         *none = hr_type_array(arena, hr_type_basic(HR_TYPE_INT), false);
    assert_string_not_equal(written(hr_type_key, full), written(hr_type_key, none));
}

static void test_cut(void **state)
{
    (void)state;
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    for (int i = 0; i < 30; i++)
        hr_buf_addf(&buf, "%sc%d int", i ? "," : "", i);
    const struct hr_type *type = ddl(hr_buf_text(&buf));
    assert_non_null(strstr(written(hr_type_simple, type), "c24:int,... 5 more fields>"));
    assert_non_null(strstr(written(hr_type_catalog, type), "c28:int,c29:int>"));
    hr_buf_release(&buf);
}

static void test_equality(void **state)
{
    (void)state;
    assert_true(hr_type_same_shape(ddl("a int not null"), ddl("a int comment 'x'")));
    assert_false(hr_type_equal(ddl("a int not null"), ddl("a int")));
    assert_false(hr_type_equal(ddl("a int comment 'x'"), ddl("a int")));
    assert_false(hr_type_same_shape(ddl("a int"), ddl("A int")));
    assert_false(hr_type_same_shape(ddl("decimal(3,1)"), ddl("decimal(3,2)")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth), cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_tree),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_key),   cmocka_unit_test(test_equality),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
