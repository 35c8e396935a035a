#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "wire/azure.h"
#include "wire/base64.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = hr_arena_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    hr_arena_free(*state);
    return 0;
}

static void base64_is_read_as_it_is_written(void **state)
{
    struct hr_arena *arena = *state;
    unsigned char bytes[64], into[HR_BASE64_BYTES(HR_BASE64_SIZE(sizeof bytes))];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 251);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        size_t got;
        const char *text = hr_base64_text(arena, bytes, len),
                   *url = hr_base64url_text(arena, bytes, len);
        assert_int_equal(strlen(text) + 1, HR_BASE64_SIZE(len));
        assert_null(strpbrk(url, "+/="));
        assert_true(hr_base64_decode_into(text, strlen(text), into, &got));
        assert_int_equal(got, len);
        assert_memory_equal(into, bytes, len);
        unsigned char *back = hr_base64url_decode(arena, url, strlen(url), &got);
        assert_int_equal(got, len);
        assert_memory_equal(back, bytes, len);
        assert_int_equal(back[len], 0);
        size_t bare = strcspn(text, "=");
        assert_non_null(hr_base64_decode(arena, text, bare, &got)); /* padding may be left out */
        assert_int_equal(got, len);
    }
}

static void what_is_not_base64_is_none(void **state)
{
    static const char *const none[] = {"A",    "AAAAA",    "A=",   "AA=",  "=AAA",  "A=AA",
                                       "AA=A", "AAA-",     "AAA_", " AAA", "AAA\n", "AA A",
                                       "A===", "AAAA====", "====", "="};
    struct hr_arena *arena = *state;
    size_t got;
    for (size_t i = 0; i < HR_LEN(none); i++)
        assert_null(hr_base64_decode(arena, none[i], strlen(none[i]), &got));
    assert_null(hr_base64url_decode(arena, "AA+/", 4, &got));
    assert_non_null(hr_base64url_decode(arena, "AA-_", 4, &got));
    assert_non_null(hr_base64_decode(arena, "", 0, &got));
    assert_int_equal(got, 0);
}

static void escapes_are_decoded_or_refused(void **state)
{
    struct hr_arena *arena = *state;
    assert_string_equal(hr_uri_decode_text(arena, "a%20b+%C3%bc", 12), "a b+\xc3\xbc");
    assert_string_equal(hr_uri_decode_form(arena, "a%20b+%C3%bc", 12), "a b \xc3\xbc");
    static const char *const none[] = {"%", "%4", "a%4", "%4g", "%g4", "%%41", "%00", "% 1", "%+1"};
    for (size_t i = 0; i < HR_LEN(none); i++) {
        assert_null(hr_uri_decode_text(arena, none[i], strlen(none[i])));
        assert_null(hr_uri_decode_form(arena, none[i], strlen(none[i])));
    }
    assert_null(hr_uri_decode_text(arena, "%41", 2)); /* what follows the text is not read */
}

static void containers_have_azures_names(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        {"abc", true},
        {"a-b-c", true},
        {"0ab", true},
        {"$root", true},
        {"$web", true},
        {"123456789012345678901234567890123456789012345678901234567890123", true},
        {"1234567890123456789012345678901234567890123456789012345678901234", false},
        {"", false},
        {"ab", false},
        {"-ab", false},
        {"ab-", false},
        {"a--b", false},
        {"Abc", false},
        {"a_c", false},
        {"a.c", false},
        {"$rootx", false},
        {"$logs", false},
        {"a\xc3\xbc", false},
    };
    (void)state;
    for (size_t i = 0; i < HR_LEN(cases); i++)
        assert_int_equal(hr_azure_container_valid(cases[i].name, strlen(cases[i].name)),
                         cases[i].valid);
    assert_true(hr_azure_container_valid("abc@x", 3));
}

static void xml_carries_what_it_may(void **state)
{
    (void)state;
    assert_true(hr_xml_carries("a\t\r\n\xc3\xbc\xf0\x9f\x98\x80"));
    static const char *const none[] = {"\1",           "a\x1f",    "\xef\xbf\xbe", "\xef\xbf\xbf",
                                       "\xed\xa0\x80", "\xc0\x80", "\xc3"};
    for (size_t i = 0; i < HR_LEN(none); i++)
        assert_false(hr_xml_carries(none[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(base64_is_read_as_it_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_base64_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_are_decoded_or_refused, setup, teardown),
        cmocka_unit_test(containers_have_azures_names),
        cmocka_unit_test(xml_carries_what_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
