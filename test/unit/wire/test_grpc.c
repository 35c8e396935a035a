#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "wire/grpc.h"
#include <stdlib.h>
#include <string.h>

static void frames_are_read_at_every_split(void **state)
{
    (void)state;
    static const char input[] = "\0\0\0\0\3abc\0\0\0\0\0\0\0\0\0\2de";
    for (size_t step = 1; step < sizeof input; step++) {
        struct hr_grpc_reader reader;
        char seen[64] = "";
        hr_grpc_reader_init(&reader, 100);
        for (size_t from = 0; from < sizeof input - 1; from += step) {
            size_t part = sizeof input - 1 - from < step ? sizeof input - 1 - from : step;
            const char *at = input + from;
            const uint8_t *message;
            size_t len;
            do {
                assert_int_equal(
                    hr_grpc_read(&reader, &at, input + from + part, &message, &len, NULL), HR_OK);
                if (message) {
                    strncat(seen, (const char *)message, len);
                    strcat(seen, ";");
                }
            } while (message);
        }
        assert_string_equal(seen, "abc;;de;");
        assert_false(hr_grpc_reader_partial(&reader));
        hr_grpc_reader_release(&reader);
    }
}

static void a_message_above_the_limit_is_refused_by_its_length(void **state)
{
    (void)state;
    struct hr_grpc_reader reader;
    const uint8_t *message;
    size_t len;
    hr_grpc_reader_init(&reader, 10);
    const char *at = "\0\0\0\0\x0b";
    assert_int_equal(hr_grpc_read(&reader, &at, at + 5, &message, &len, NULL), HR_E_LIMIT);
    at = "\1\0\0\0\1x";
    assert_int_equal(hr_grpc_read(&reader, &at, at + 6, &message, &len, NULL), HR_E_UNSUPPORTED);
    at = "PRI * HTTP";
    assert_int_equal(hr_grpc_read(&reader, &at, at + 10, &message, &len, NULL), HR_E_INVALID);
    hr_grpc_reader_release(&reader);
}

static void messages_survive_percent_encoding(void **state)
{
    (void)state;
    struct hr_buf out;
    hr_buf_init(&out, 100);
    assert_true(hr_grpc_percent_encode(&out, "50% of\n'\xc3\xa9'"));
    assert_string_equal(hr_buf_text(&out), "50%25 of%0A'%C3%A9'");
    hr_grpc_percent_decode(hr_buf_bytes(&out));
    assert_string_equal(hr_buf_text(&out), "50% of\n'\xc3\xa9'");
    hr_buf_release(&out);
}

static enum hr_grpc_scan scan(const char *bytes, size_t len, bool whole, struct hr_grpc_ids *ids)
{
    /* its own block, so that a sanitizer sees a read past it */
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    enum hr_grpc_scan got = hr_grpc_scan_ids(copy, len, whole, ids);
    free(copy);
    return got;
}

static void ids_are_found_and_nothing_else_is_read(void **state)
{
    (void)state;
    struct hr_grpc_ids ids;
    /* the user's name before its id; garbage behind */
    static const char good[] = "\x0a\x03sid\x12\x06\x12\x01n\x0a\x01u\xff\xff";
    assert_int_equal(scan(good, sizeof good - 1, false, &ids), HR_GRPC_SCAN_FOUND);
    assert_string_equal(ids.session_id, "sid");
    assert_string_equal(ids.user_id, "u");
    for (size_t len = 0; len < 13; len++)
        assert_int_equal(scan(good, len, false, &ids), HR_GRPC_SCAN_MORE);
    /* other fields first, no user */
    static const char other[] = "\x18\x96\x01\x31zzzzzzzz\x3a\x02zz\x0a\x03sid";
    assert_int_equal(scan(other, sizeof other - 1, true, &ids), HR_GRPC_SCAN_FOUND);
    assert_string_equal(ids.session_id, "sid");
    assert_string_equal(ids.user_id, "");
    assert_int_equal(scan(other, sizeof other - 2, true, &ids), HR_GRPC_SCAN_BAD);
    /* no user, and a large field of which little is there */
    static const char nobody[] = "\x0a\x03sid\x1a\xff\xff\xff\x7fzz";
    for (size_t len = 0; len < 6; len++)
        assert_int_equal(scan(nobody, len, false, &ids), HR_GRPC_SCAN_MORE);
    assert_int_equal(scan(nobody, 10, false, &ids), HR_GRPC_SCAN_FOUND);
    assert_string_equal(ids.session_id, "sid");
    assert_string_equal(ids.user_id, "");
}

static void malformed_messages_are_bad(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\x0a\x03s\x00d", 5},
        {"\x0a\x02\xc0\x80", 4},
        {"\x0a\x03\xed\xa0\x80", 5},
        {"\x08\x01", 2},
        {"\x0b", 1},
        {"\x02\x00", 2},
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11},
        {"\x0a\x01x\x12\x02\x0a\x05", 7},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11},
        {"\x0a\xac\x02", 3}, /* 300 bytes that never come: too long to wait for */
    };
    struct hr_grpc_ids ids;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(
            scan(rows[i].bytes, rows[i].len, i + 1 == sizeof rows / sizeof rows[0], &ids),
            HR_GRPC_SCAN_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read_at_every_split),
        cmocka_unit_test(a_message_above_the_limit_is_refused_by_its_length),
        cmocka_unit_test(messages_survive_percent_encoding),
        cmocka_unit_test(ids_are_found_and_nothing_else_is_read),
        cmocka_unit_test(malformed_messages_are_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
