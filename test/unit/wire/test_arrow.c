#include "wire/arrow.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const int64_t longs[] = {1, -2, 3};
static const int32_t offsets[] = {0, 2, 2, 5};
static const uint8_t validity[] = {0x05};
static const int32_t item_offsets[] = {0, 1, 1, 3};

static struct hr_arrow_field item[] = {
    {.name = "element", .kind = HR_ARROW_INT64, .nullable = true}};
static struct hr_arrow_field entry[] = {{.name = "key", .kind = HR_ARROW_INT64},
                                        {.name = "value", .kind = HR_ARROW_UTF8, .nullable = true}};
static struct hr_arrow_field entries[] = {
    {.name = "entries", .kind = HR_ARROW_STRUCT, .children = entry, .child_count = 2}};
static struct hr_arrow_field fields[] = {
    {.name = "a", .kind = HR_ARROW_INT64, .metadata_key = "k", .metadata_value = "v"},
    {.name = "text", .kind = HR_ARROW_UTF8, .nullable = true},
    {.name = "at", .kind = HR_ARROW_TIMESTAMP, .unit = HR_ARROW_MICRO, .timezone = "Europe/Paris"},
    {.name = "list", .kind = HR_ARROW_LIST, .nullable = true, .children = item, .child_count = 1},
    {.name = "map", .kind = HR_ARROW_MAP, .children = entries, .child_count = 1},
    {.name = "nothing", .kind = HR_ARROW_NULL, .nullable = true},
    {.name = "dec", .kind = HR_ARROW_DECIMAL128, .precision = 10, .scale = 2},
};
static const struct hr_arrow_schema schema = {fields, HR_LEN(fields)};

static void write_sample(struct hr_buf *out, enum hr_arrow_codec codec)
{
    static const __int128 decimals[] = {125, -1, 0};
    struct hr_arrow_array numbers = {.length = 3, .data = longs};
    struct hr_arrow_array words = {.length = 3,
                                   .null_count = 1,
                                   .validity = validity,
                                   .offsets = offsets,
                                   .data = "abcde",
                                   .data_len = 5};
    struct hr_arrow_array pair[] = {numbers, words};
    struct hr_arrow_array record = {.length = 3, .children = pair};
    struct hr_arrow_array arrays[] = {numbers,
                                      words,
                                      numbers,
                                      {.length = 3, .offsets = item_offsets, .children = &numbers},
                                      {.length = 3, .offsets = item_offsets, .children = &record},
                                      {.length = 3},
                                      {.length = 3, .data = decimals}};
    hr_buf_init(out, 1 << 20);
    hr_arrow_write_schema(out, &schema);
    hr_arrow_write_batch(out, &schema, arrays, 3, codec, 0);
    hr_arrow_write_end(out);
    assert_true(hr_buf_ok(out));
}

static void round_trip(enum hr_arrow_codec codec)
{
    struct hr_buf out;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_arrow_stream stream;
    struct hr_err err = {0};
    write_sample(&out, codec);
    assert_int_equal(hr_arrow_read(arena, hr_buf_text(&out), hr_buf_len(&out), &stream, &err),
                     HR_OK);
    assert_int_equal(stream.batch_count, 1);
    assert_int_equal(stream.schema.count, HR_LEN(fields));
    for (size_t i = 0; i < HR_LEN(fields); i++) {
        assert_string_equal(stream.schema.fields[i].name, fields[i].name);
        assert_int_equal(stream.schema.fields[i].kind, fields[i].kind);
        assert_int_equal(stream.schema.fields[i].nullable, fields[i].nullable);
    }
    assert_string_equal(stream.schema.fields[2].timezone, "Europe/Paris");
    assert_int_equal(stream.schema.fields[6].precision, 10);
    const struct hr_arrow_array *columns = stream.batches[0].columns;
    assert_memory_equal(columns[0].data, longs, sizeof longs);
    assert_int_equal(columns[1].null_count, 1);
    assert_memory_equal(columns[1].data, "abcde", 5);
    assert_int_equal(((const int32_t *)columns[3].offsets)[3], 3);
    assert_memory_equal(columns[4].children[0].children[1].data, "abcde", 5);
    hr_arena_free(arena);
    hr_buf_release(&out);
}

static void test_plain(void **state)
{
    (void)state;
    round_trip(HR_ARROW_PLAIN);
}
static void test_lz4(void **state)
{
    (void)state;
    round_trip(HR_ARROW_LZ4);
}
static void test_zstd(void **state)
{
    (void)state;
    round_trip(HR_ARROW_ZSTD);
}

static void test_two_streams_are_one(void **state)
{
    (void)state;
    struct hr_buf out, both;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_arrow_stream stream;
    write_sample(&out, HR_ARROW_PLAIN);
    hr_buf_init(&both, 1 << 20);
    hr_buf_add(&both, hr_buf_text(&out), hr_buf_len(&out));
    hr_buf_add(&both, hr_buf_text(&out), hr_buf_len(&out));
    assert_int_equal(hr_arrow_read(arena, hr_buf_text(&both), hr_buf_len(&both), &stream, NULL),
                     HR_OK);
    assert_int_equal(stream.batch_count, 2);
    hr_arena_free(arena);
    hr_buf_release(&out);
    hr_buf_release(&both);
}

/* every cut and many flips of a valid stream are read or refused, never a crash (run under the
 * sanitizers) */
static void test_damaged(void **state)
{
    (void)state;
    struct hr_buf out;
    struct hr_arrow_stream stream;
    size_t refused = 0;
    write_sample(&out, HR_ARROW_ZSTD);
    for (size_t len = 0; len < hr_buf_len(&out); len++) {
        struct hr_arena *arena = hr_arena_new(NULL);
        char *cut = malloc(len ? len : 1);
        memcpy(cut, hr_buf_text(&out), len);
        refused += hr_arrow_read(arena, cut, len, &stream, NULL) != HR_OK;
        free(cut);
        hr_arena_free(arena);
    }
    assert_true(refused > hr_buf_len(&out) / 2);
    for (size_t i = 0; i < hr_buf_len(&out); i++)
        for (int bit = 0; bit < 8; bit += 3) {
            struct hr_arena *arena = hr_arena_new(NULL);
            hr_buf_bytes(&out)[i] ^= (char)(1 << bit);
            hr_arrow_read(arena, hr_buf_text(&out), hr_buf_len(&out), &stream, NULL);
            hr_buf_bytes(&out)[i] ^= (char)(1 << bit);
            hr_arena_free(arena);
        }
    hr_buf_release(&out);
}

static void test_text_must_be_utf8(void **state)
{
    (void)state;
    struct hr_buf out;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_arrow_stream stream;
    struct hr_err err = {0};
    static const int32_t ends[] = {0, 1, 2};
    struct hr_arrow_field field = {.name = "t", .kind = HR_ARROW_UTF8};
    struct hr_arrow_schema one = {&field, 1};
    /* one letter cut in two */
    struct hr_arrow_array array = {.length = 2, .offsets = ends, .data = "\xc3\xa9", .data_len = 2};
    hr_buf_init(&out, 1 << 16);
    hr_arrow_write_schema(&out, &one);
    hr_arrow_write_batch(&out, &one, &array, 2, HR_ARROW_PLAIN, 0);
    hr_arrow_write_end(&out);
    assert_int_equal(hr_arrow_read(arena, hr_buf_text(&out), hr_buf_len(&out), &stream, &err),
                     HR_E_INVALID);
    assert_non_null(strstr(err.msg, "UTF-8"));
    hr_arena_free(arena);
    hr_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_lz4),
        cmocka_unit_test(test_zstd),    cmocka_unit_test(test_two_streams_are_one),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_text_must_be_utf8)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
