#include "base/limits.h"
#include "host/connect/decode/decode.h"
#include "host/connect/decode/fingerprint.h"
#include "host/connect/decode/scan.h"
#include "host/connect/decode/types.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zstd.h>
#include <cmocka.h>

#define PLAN_CASE(name) SPARK__CONNECT__PLAN__OP_TYPE_##name
#define REL_CASE(name) SPARK__CONNECT__RELATION__REL_TYPE_##name

static struct hr_arena *arena;
static struct hr_err err;

static int set_up(void **state)
{
    (void)state;
    arena = hr_arena_new(NULL);
    err = (struct hr_err){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_free(arena);
    return 0;
}

static PB(Relation) * range(int64_t end)
{
    PB(Relation) *rel = PB_NEW(arena, Relation, RELATION);
    rel->rel_type_case = REL_CASE(RANGE);
    rel->range = PB_NEW(arena, Range, RANGE);
    rel->range->end = end;
    rel->range->step = 1;
    return rel;
}

static PB(Relation) * limit(PB(Relation) * input, int32_t count)
{
    PB(Relation) *rel = PB_NEW(arena, Relation, RELATION);
    rel->rel_type_case = REL_CASE(LIMIT);
    rel->limit = PB_NEW(arena, Limit, LIMIT);
    rel->limit->input = input;
    rel->limit->limit = count;
    return rel;
}

static enum hr_code decode_bytes(const uint8_t *bytes, size_t len, struct hr_operation_plan *out)
{
    PB(Plan) *plan = hr_decode_message(arena, &spark__connect__plan__descriptor, bytes, len, &err);
    return plan ? hr_decode_plan(arena, plan, out, &err) : err.code;
}

/* through the wire's bytes, as requests come */
static enum hr_code decode(PB(Relation) * rel, struct hr_operation_plan *out)
{
    PB(Plan) plan = PB_INIT(PLAN);
    plan.op_type_case = PLAN_CASE(ROOT);
    plan.root = rel;
    size_t len = spark__connect__plan__get_packed_size(&plan);
    uint8_t *bytes = hr_arena_alloc(arena, len);
    spark__connect__plan__pack(&plan, bytes);
    return decode_bytes(bytes, len, out);
}

static void test_relation(void **state)
{
    (void)state;
    struct hr_operation_plan plan;
    PB(Relation) *rel = limit(range(9), 4);
    rel->common = PB_NEW(arena, RelationCommon, RELATION_COMMON);
    rel->common->_plan_id_case = 2;
    rel->common->plan_id = 77;
    assert_int_equal(decode(rel, &plan), HR_OK);
    assert_int_equal(plan.kind, HR_OPERATION_QUERY);
    assert_int_equal(plan.rel->kind, HR_REL_LIMIT);
    assert_int_equal(plan.rel->plan_id, 77);
    assert_int_equal(plan.rel->limit.count->literal->integer, 4);
    assert_int_equal(plan.rel->input->kind, HR_REL_RANGE);
    assert_int_equal(plan.rel->input->plan_id, HR_NO_PLAN_ID);
    assert_int_equal(plan.rel->input->range.end, 9);
    assert_false(plan.rel->input->range.has_start);
}

static void test_missing_parts_are_refused(void **state)
{
    (void)state;
    struct hr_operation_plan plan;
    assert_int_equal(decode(limit(NULL, 4), &plan), HR_E_INVALID);
    assert_non_null(strstr(err.msg, "without its input"));
    assert_int_equal(decode(PB_NEW(arena, Relation, RELATION), &plan), HR_E_INVALID);
    assert_int_equal(decode_bytes((const uint8_t *)"", 0, &plan), HR_E_INVALID);
}

static void test_refused_by_name(void **state)
{
    (void)state;
    struct hr_operation_plan plan;
    PB(Relation) *rel = PB_NEW(arena, Relation, RELATION);
    rel->rel_type_case = REL_CASE(WITH_WATERMARK);
    rel->with_watermark = PB_NEW(arena, WithWatermark, WITH_WATERMARK);
    assert_int_equal(decode(rel, &plan), HR_E_SPARK);
    assert_string_equal(err.condition, "UNSUPPORTED_FEATURE");
    assert_non_null(strstr(err.msg, "withWatermark"));
}

static size_t varint(uint8_t *out, size_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

/* `depth` messages in each other, written from the inside out */
static uint8_t *nested(size_t depth, size_t *len)
{
    size_t room = depth * 12 + 16, at = room;
    uint8_t *bytes = hr_arena_alloc(arena, room), head[12];
    for (size_t i = 0; i < depth; i++) {
        size_t inside = room - at, used = 0;
        /* Relation.limit, Limit.input; the outermost is Plan.root */
        head[used++] = i % 2 ? 0x42 : 0x0a;
        used += varint(head + used, inside);
        at -= used;
        memcpy(bytes + at, head, used);
    }
    *len = room - at;
    return bytes + at;
}

static void test_depth(void **state)
{
    (void)state;
    size_t len;
    uint8_t *bytes = nested(HR_PLAN_DEPTH_MAX - 1, &len);
    assert_int_equal(hr_scan_message(&spark__connect__plan__descriptor, bytes, len, &err), HR_OK);
    bytes = nested(HR_PLAN_DEPTH_MAX + 1, &len);
    assert_int_equal(hr_scan_message(&spark__connect__plan__descriptor, bytes, len, &err),
                     HR_E_LIMIT);
    bytes = nested(1000001, &len);
    assert_int_equal(hr_scan_message(&spark__connect__plan__descriptor, bytes, len, &err),
                     HR_E_LIMIT);
}

static void test_text_is_checked(void **state)
{
    (void)state;
    struct hr_operation_plan plan;
    PB(Relation) *rel = PB_NEW(arena, Relation, RELATION);
    rel->rel_type_case = REL_CASE(SQL);
    rel->sql = PB_NEW(arena, SQL, SQL);
    rel->sql->query = "SELECT '\xc3'";
    assert_int_equal(decode(rel, &plan), HR_E_INVALID);
    assert_non_null(strstr(err.msg, "UTF-8"));
}

static void test_compressed(void **state)
{
    (void)state;
    PB(Relation) *rel = limit(range(3), 1);
    PB(Plan) plan = PB_INIT(PLAN);
    PB(Plan__CompressedOperation) packed = PB_INIT(PLAN__COMPRESSED_OPERATION);
    struct hr_operation_plan out;
    size_t len = spark__connect__relation__get_packed_size(rel), room = ZSTD_compressBound(len);
    uint8_t *bytes = hr_arena_alloc(arena, len), *zstd = hr_arena_alloc(arena, room);
    spark__connect__relation__pack(rel, bytes);
    packed.data = (ProtobufCBinaryData){ZSTD_compress(zstd, room, bytes, len, 1), zstd};
    packed.op_type = SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_RELATION;
    packed.compression_codec = SPARK__CONNECT__COMPRESSION_CODEC__COMPRESSION_CODEC_ZSTD;
    plan.op_type_case = PLAN_CASE(COMPRESSED_OPERATION);
    plan.compressed_operation = &packed;
    assert_int_equal(hr_decode_plan(arena, &plan, &out, &err), HR_OK);
    assert_int_equal(out.rel->kind, HR_REL_LIMIT);
    packed.data.len--;
    assert_int_equal(hr_decode_plan(arena, &plan, &out, &err), HR_E_INVALID);
}

static void test_names(void **state)
{
    (void)state;
    struct hr_names names;
    assert_int_equal(hr_decode_name(arena, "a.`b.``c`.d", &names, &err), HR_OK);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.at[0], "a");
    assert_string_equal(names.at[1], "b.`c");
    assert_string_equal(names.at[2], "d");
    static const char *const wrong[] = {"", ".", "a.", "`a", "a`b`", "`a`b", "a..b"};
    for (size_t i = 0; i < HR_LEN(wrong); i++)
        assert_int_equal(hr_decode_name(arena, wrong[i], &names, &err), HR_E_SPARK);
    assert_string_equal(err.condition, "INVALID_ATTRIBUTE_NAME_SYNTAX");
}

static void decimal_is(const char *text, const char *digits, int precision, int scale)
{
    PB(Expression__Literal) in = PB_INIT(EXPRESSION__LITERAL);
    PB(Expression__Literal__Decimal) decimal = PB_INIT(EXPRESSION__LITERAL__DECIMAL);
    struct hr_literal *out;
    decimal.value = (char *)text;
    in.literal_type_case = SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_DECIMAL;
    in.decimal = &decimal;
    assert_int_equal(hr_connect_literal_decode(arena, &in, &out, &err), HR_OK);
    assert_string_equal(out->text.bytes, digits);
    assert_int_equal(out->type->precision, precision);
    assert_int_equal(out->type->scale, scale);
}

static void test_decimals(void **state)
{
    (void)state;
    decimal_is("12.50", "12.50", 4, 2);
    decimal_is("-0.005", "-0.005", 3, 3);
    decimal_is("1E+3", "1000", 4, 0);
    decimal_is("1.5E-3", "0.0015", 4, 4);
    decimal_is("0", "0", 1, 0);
}

static void test_types_there_and_back(void **state)
{
    (void)state;
    static const char ddl[] =
        "a INT NOT NULL, d DECIMAL(20,4), l ARRAY<STRING>, m MAP<STRING, STRUCT<x: DATE, y: TIMESTAMP_NTZ>>, "
        "i INTERVAL DAY TO SECOND, ym INTERVAL YEAR TO MONTH, b BINARY, v VARCHAR(7)";
    const struct hr_type *type, *back;
    assert_int_equal(hr_type_from_ddl(arena, ddl, &type, &err), HR_OK);
    assert_int_equal(
        hr_connect_type_decode(arena, hr_connect_type_encode(arena, type), &back, &err), HR_OK);
    assert_true(hr_type_equal(type, back));
}

static void test_fingerprint(void **state)
{
    (void)state;
    struct hr_fingerprint one, two, three;
    PB(Relation) *a = limit(range(9), 4), *b = limit(range(9), 4);
    a->common = PB_NEW(arena, RelationCommon, RELATION_COMMON);
    a->common->_plan_id_case = 2;
    a->common->plan_id = 5;
    hr_fingerprint(arena, &a->base, &one);
    hr_fingerprint(arena, &b->base, &two);
    hr_fingerprint(arena, &limit(range(9), 5)->base, &three);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.bytes, two.bytes, one.len);
    assert_true(one.hash == two.hash && one.hash != three.hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_relation),
                                       cmocka_unit_test(test_missing_parts_are_refused),
                                       cmocka_unit_test(test_refused_by_name),
                                       cmocka_unit_test(test_depth),
                                       cmocka_unit_test(test_text_is_checked),
                                       cmocka_unit_test(test_compressed),
                                       cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_decimals),
                                       cmocka_unit_test(test_types_there_and_back),
                                       cmocka_unit_test(test_fingerprint)};
    struct CMUnitTest each[HR_LEN(tests)];
    for (size_t i = 0; i < HR_LEN(tests); i++) {
        each[i] = tests[i];
        each[i].setup_func = set_up;
        each[i].teardown_func = tear_down;
    }
    return cmocka_run_group_tests_name("connect_decode", each, NULL, NULL);
}
