#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/utf8.h"
#include "torture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char order[16];

static void note(void *letter)
{
    strncat(order, letter, 1);
}

static void arenas_free_children_first_and_hooks_newest_first(void **state)
{
    (void)state;
    order[0] = 0;
    struct hr_arena *parent = hr_arena_new(NULL), *child = hr_arena_new(parent),
                    *other = hr_arena_new(parent);
    hr_arena_on_free(parent, note, "p");
    hr_arena_on_free(parent, note, "q");
    hr_arena_on_free(child, note, "c");
    hr_arena_on_free(other, note, "o");
    hr_arena_free(other);
    hr_arena_free(parent);
    assert_string_equal(order, "ocqp");
}

static void arenas_give_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    for (size_t size = 0; size < 20000; size = size * 2 + 1) {
        unsigned char *bytes = hr_arena_alloc(arena, size);
        assert_int_equal((uintptr_t)bytes % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, size);
    }
    assert_null(hr_arena_try(arena, SIZE_MAX / 2));
    assert_null(hr_arena_try(arena, SIZE_MAX));
    assert_string_equal(hr_printf(arena, "%s-%d", "a", 7), "a-7");
    hr_arena_free(arena);
}

static void buffers_keep_their_maximum(void **state)
{
    (void)state;
    struct hr_buf buf;
    hr_buf_init(&buf, 10);
    assert_true(hr_buf_adds(&buf, "0123456789"));
    assert_false(hr_buf_addc(&buf, 'x'));
    assert_false(hr_buf_ok(&buf));
    assert_false(hr_buf_adds(&buf, ""));
    hr_buf_release(&buf);
    assert_string_equal(hr_buf_text(&buf), "");
    hr_buf_init(&buf, 1000);
    for (int i = 0; i < 100; i++)
        assert_true(hr_buf_addf(&buf, "%d,", i));
    hr_buf_drop(&buf, 4);
    assert_memory_equal(hr_buf_text(&buf), "2,3,", 4);
    hr_buf_release(&buf);
}

static void a_full_buffer_fails_by_name(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_buf buf, whole;
    struct hr_err err;
    const char *text;
    hr_buf_init(&buf, 4);
    hr_buf_adds(&buf, "four");
    assert_int_equal(hr_buf_take(&buf, arena, "a word", &text, &err), HR_OK);
    assert_string_equal(text, "four");
    hr_buf_adds(&buf, "fiver");
    assert_int_equal(hr_buf_mark(&buf), 0);
    hr_buf_patch(&buf, 0, "x", 1);
    hr_buf_cut(&buf, 0);
    hr_buf_init(&whole, 100);
    hr_buf_adds(&whole, "joined");
    assert_false(hr_buf_join(&whole, &buf) || hr_buf_ok(&whole));
    assert_int_equal(hr_buf_check(&buf, "a word", &err), HR_E_LIMIT);
    assert_string_equal(err.msg, "a word is larger than the limit of 4 bytes");
    assert_int_equal(hr_buf_take(&buf, arena, "a word", &text, &err), HR_E_LIMIT);
    assert_null(text);
    assert_string_equal(hr_buf_keep(&buf, arena), ""); /* released, it is whole again */
    hr_arena_free(arena);
}

enum reading { TEXT, LEN, BYTES, STEAL, KEEP, READINGS };

static void read_full(enum reading how)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_buf buf;
    size_t len;
    hr_buf_init(&buf, 4);
    hr_buf_adds(&buf, "fiver");
    switch (how) {
    case TEXT:
        hr_buf_text(&buf);
        break;
    case LEN:
        hr_buf_len(&buf);
        break;
    case BYTES:
        hr_buf_bytes(&buf);
        break;
    case STEAL:
        hr_buf_steal(&buf, &len);
        break;
    case KEEP:
        hr_buf_keep(&buf, arena);
        break;
    case READINGS:
        break;
    }
}

static void a_full_buffer_is_never_read(void **state)
{
    (void)state;
    for (enum reading how = TEXT; how <= READINGS; how++) {
        int status;
        pid_t child = fork();
        if (!child) {
            close(STDERR_FILENO);
            read_full(how);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(how == READINGS ? WIFEXITED(status)
                                    : WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static enum hr_code three_appends(void *arg)
{
    struct hr_buf buf;
    const char *text;
    hr_buf_init(&buf, 100);
    hr_buf_addc(&buf, 'a');
    hr_buf_adds(&buf, "b");
    hr_buf_addf(&buf, "%d", 1);
    enum hr_code code = hr_buf_take(&buf, arg, "three", &text, NULL);
    if (!code)
        assert_string_equal(text, "ab1");
    return code;
}

static void torture_fails_each_append_once(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    assert_int_equal(hr_torture(three_appends, arena), 3);
    hr_arena_free(arena);
}

static void maps_find_replace_remove_and_keep_order(void **state)
{
    (void)state;
    struct hr_map map;
    hr_map_init_nocase(&map);
    char key[32];
    for (intptr_t i = 1; i <= 1000; i++) {
        snprintf(key, sizeof key, "Key%d", (int)i);
        assert_null(hr_map_put(&map, key, (void *)i));
    }
    for (intptr_t i = 1; i <= 1000; i += 2) {
        snprintf(key, sizeof key, "kEY%d", (int)i);
        assert_ptr_equal(hr_map_remove(&map, key), (void *)i);
    }
    assert_int_equal(map.count, 500);
    assert_ptr_equal(hr_map_put(&map, "key2", (void *)7), (void *)2);
    intptr_t expected = 2;
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(&map, entry)); expected += 2)
        assert_ptr_equal(entry->value, (void *)(expected == 2 ? 7 : expected));
    assert_int_equal(expected, 1002);
    for (intptr_t i = 0; i < 5000; i++) {
        hr_map_put(&map, "churn", (void *)1);
        hr_map_remove(&map, "churn");
    }
    assert_int_equal(map.count, 500);
    assert_true(map.cap < 5000);
    hr_map_release(&map);
}

static void spark_errors_fill_their_template(void **state)
{
    (void)state;
    struct hr_err err;
    char text[4096];
    assert_int_equal(hr_fail_spark(&err, "PATH_NOT_FOUND", "path", "file:/a \"b\"", NULL),
                     HR_E_SPARK);
    hr_err_spark_text(&err, text, sizeof text);
    assert_string_equal(text,
                        "[PATH_NOT_FOUND] Path does not exist: file:/a \"b\". SQLSTATE: 42K03");
    assert_string_equal(err.params, "{\"path\":\"file:/a \\\"b\\\"\"}");
}

static void the_documentations_address_needs_no_mention(void **state)
{
    struct hr_err err;
    (void)state;
    hr_fail_spark(&err, "CANNOT_MODIFY_CONFIG", "key", "\"a\"", NULL);
    assert_non_null(
        strstr(err.msg, "'https://spark.apache.org/docs/latest/sql-migration-guide.html"));
    assert_non_null(strstr(err.params, "\"docroot\""));
}

static void errors_cross_a_text_channel_whole(void **state)
{
    (void)state;
    struct hr_err err, back;
    char wrapped[20000];
    hr_fail_spark(&err, "DIVIDE_BY_ZERO", "config", "\"spark.sql.ansi.enabled\"", NULL);
    strcpy(err.context, "{\"fragment\":\"1/0\"}");
    char *text = hr_err_encoded(&err);
    snprintf(wrapped, sizeof wrapped, "Invalid Input Error: %s and more", text);
    free(text);
    assert_true(hr_err_decode(wrapped, &back));
    assert_memory_equal(&err, &back, sizeof err);
    assert_false(hr_err_decode("Invalid Input Error: nothing", &back));
    assert_false(hr_err_decode("\x01headrace-error:{broken", &back));
}

static void every_condition_has_a_class_and_a_row_of_its_own(void **state)
{
    (void)state;
    for (int code = HR_OK; code <= HR_E_SPARK; code++)
        assert_non_null(hr_code_info((enum hr_code)code)->azure);
    assert_non_null(strstr(hr_condition_find("UNRESOLVED_COLUMN.WITH_SUGGESTION")->java_class,
                           "AnalysisException"));
    assert_null(hr_condition_find("NO_SUCH_CONDITION"));
}

static void times_print_as_the_wires_want_them(void **state)
{
    (void)state;
    char text[40];
    hr_clock_rfc1123(1763823600123, text);
    assert_string_equal(text, "Sat, 22 Nov 2025 15:00:00 GMT");
    hr_clock_iso8601(1763823600123, text);
    assert_string_equal(text, "2025-11-22T15:00:00.123Z");
    char a[37], b[37];
    hr_uuid_new(a);
    hr_uuid_new(b);
    assert_string_not_equal(a, b);
    assert_int_equal(a[14], '4');
}

/* every code point there and back; each form that is not the shortest, or of no character, is none
 */
static void utf8_is_read_as_it_is_written(void **state)
{
    (void)state;
    char bytes[8];
    uint32_t read;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        size_t len = hr_utf8_put(bytes, point);
        bool surrogate = point >= 0xD800 && point < 0xE000;
        assert_int_equal(len, point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
        assert_int_equal(hr_utf8_next(bytes, sizeof bytes, &read), surrogate ? 0 : len);
        assert_true(surrogate || read == point);
        assert_int_equal(hr_utf8_valid(bytes, len), !surrogate);
        assert_int_equal(hr_utf8_next(bytes, len - 1, &read), 0);
        assert_int_equal(hr_utf8_length(bytes, len), 1);
    }
    assert_int_equal(hr_utf8_put(bytes, 0x110000), 0);
    assert_int_equal(hr_utf8_put(bytes, UINT32_MAX), 0);
    static const char *const none[] = {"\x80",
                                       "\xbf",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xff",
                                       "\xc3(",
                                       "\xe2\x82(",
                                       "\xf0\x9f\x98(",
                                       "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < HR_LEN(none); i++) {
        assert_int_equal(hr_utf8_next(none[i], strlen(none[i]), &read), 0);
        assert_false(hr_utf8_valid(none[i], strlen(none[i])));
        char *behind = malloc(32); /* where eight bytes are looked at together too */
        size_t len = (size_t)sprintf(behind, "0123456789%s", none[i]);
        assert_false(hr_utf8_valid(behind, len));
        free(behind);
    }
    assert_true(hr_utf8_valid("", 0));
}

static void hexadecimal_is_read_in_either_case(void **state)
{
    (void)state;
    unsigned char bytes[256], back[256];
    char text[2 * sizeof bytes + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    hr_hex_encode(bytes, sizeof bytes, text);
    assert_int_equal(strlen(text), 2 * sizeof bytes);
    assert_memory_equal(text + 2 * 0xab, "abac", 4);
    assert_true(hr_hex_decode(text, sizeof bytes, back));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_true(hr_hex_decode("aBCd", 2, back));
    assert_memory_equal(back, "\xab\xcd", 2);
    static const char *const none[] = {"a", "ag", "abc", "ab g", " abc", "+abc", "0xab", ""};
    for (size_t i = 0; i < HR_LEN(none); i++)
        assert_false(hr_hex_decode(none[i], 2, back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_free_children_first_and_hooks_newest_first),
        cmocka_unit_test(arenas_give_zeroed_aligned_memory),
        cmocka_unit_test(buffers_keep_their_maximum),
        cmocka_unit_test(a_full_buffer_fails_by_name),
        cmocka_unit_test(a_full_buffer_is_never_read),
        cmocka_unit_test(torture_fails_each_append_once),
        cmocka_unit_test(maps_find_replace_remove_and_keep_order),
        cmocka_unit_test(spark_errors_fill_their_template),
        cmocka_unit_test(errors_cross_a_text_channel_whole),
        cmocka_unit_test(the_documentations_address_needs_no_mention),
        cmocka_unit_test(every_condition_has_a_class_and_a_row_of_its_own),
        cmocka_unit_test(utf8_is_read_as_it_is_written),
        cmocka_unit_test(hexadecimal_is_read_in_either_case),
        cmocka_unit_test(times_print_as_the_wires_want_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
