/* What a watch is asked while giant texts are read: that it is asked throughout, that its no ends
 * the reading, and that what is held is counted and no more than the text's own size times a
 * constant. */
#include "host/format/files/cache.h"
#include "host/format/csv/csv.h"
#include "host/format/json/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TIMES 200000

struct asked {
    size_t times, most;
    uint64_t made, given;
};

static bool go_on(void *arg, uint64_t made)
{
    struct asked *asked = arg;
    asked->made += made;
    return ++asked->times < asked->most;
}

static void give(void *arg, uint64_t bytes)
{
    ((struct asked *)arg)->given += bytes;
}

static char *repeated(const char *head, const char *body, const char *tail, size_t *len)
{
    size_t size = strlen(body);
    char *text = malloc(strlen(head) + TIMES * size + strlen(tail) + HR_BYTES_PAD),
         *to = stpcpy(text, head);
    for (size_t i = 0; i < TIMES; i++)
        to = memcpy(to, body, size), to += size;
    to = stpcpy(to, tail);
    *len = (size_t)(to - text);
    memset(to, 0, HR_BYTES_PAD);
    return text;
}

static const char *const bodies[][3] = {
    {"[", "1,", "1]"},
    {"[", "\"\\n\",", "1]"},
    {"{\"a\":[", "{\"b\":null},", "{}]}"},
    {"{", "\"\\u0041\":\"x\\ty\",", "\"b\":[]}"},
    {"[\"", "\\\\", "\"]"},
};

static bool parse(const char *const body[3], struct asked *asked)
{
    static const struct hr_json json;
    struct hr_watch watch = {go_on, asked, give};
    struct hr_bump bump = {.pace.watch = &watch};
    struct hr_json_node *root;
    size_t len;
    char *text = repeated(body[0], body[1], body[2], &len);
    bool whole = hr_json_parse(&json, text, len, &bump, &root);
    assert_int_equal(whole, !bump.pace.ended);
    assert_true(asked->made < len * 128 + (1 << 20));
    hr_bump_release(&bump);
    assert_true(asked->made - asked->given < HR_WATCH_EVERY);
    free(text);
    return whole;
}

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_LEN(bodies); i++) {
        struct asked all = {.most = SIZE_MAX}, few = {.most = 3};
        assert_true(parse(bodies[i], &all));
        if (i == 4) /* one text, read at once */
            continue;
        assert_true(all.times >= TIMES / HR_PACE_STEPS);
        assert_false(parse(bodies[i], &few));
        assert_int_equal(few.times, 3);
    }
}

static void test_json_inference(void **state)
{
    (void)state;
    static const struct hr_json json = {.corrupt = "_corrupt_record"};
    struct asked asked = {.most = 20};
    struct hr_watch watch = {go_on, &asked, give};
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_json_inference *inference = hr_json_inference_new(arena, &json, &watch);
    struct hr_err err;
    size_t len;
    char *text = repeated("[", "{\"b\":null},", "{}]", &len);
    assert_int_equal(hr_json_infer(inference, text, len, &err), HR_E_CANCELLED);
    assert_int_equal(asked.times, 20);
    free(text);
    hr_json_inference_free(inference);
    hr_arena_free(arena);
}

/* fields of a record, at most one more than maxColumns; *made: what it took */
static size_t fields(const char *body, int64_t max_columns, struct asked *asked)
{
    struct hr_csv csv = {.sep = ",",
                         .sep_len = 1,
                         .quote = '"',
                         .escape = '\\',
                         .escape_escape = HR_CSV_NONE,
                         .comment = HR_CSV_NONE,
                         .max_columns = max_columns,
                         .max_chars = -1};
    struct hr_watch watch = {go_on, asked, give};
    struct hr_bump bump = {.pace.watch = &watch};
    struct hr_csv_lexer lexer;
    size_t len;
    char *text = repeated("", body, "x", &len);
    hr_csv_lexer_init(&lexer, &csv, &bump);
    hr_csv_lexer_feed(&lexer, text, text + len, true);
    assert_int_equal(hr_csv_next(&lexer), HR_CSV_RECORD);
    size_t count = lexer.record.count;
    assert_true(asked->made < len * 64 + (1 << 20));
    hr_csv_lexer_release(&lexer);
    hr_bump_release(&bump);
    assert_true(asked->made - asked->given < HR_WATCH_EVERY);
    free(text);
    return count;
}

static void test_csv(void **state)
{
    (void)state;
    static const char *const records[] = {"1,", "\"a\\\"b\",", "\"a\"b\","};
    for (size_t i = 0; i < HR_LEN(records); i++) {
        struct asked all = {.most = SIZE_MAX}, bounded = {.most = SIZE_MAX};
        assert_int_equal(fields(records[i], -1, &all), TIMES + 1);
        assert_true(all.times > 1);
        assert_int_equal(fields(records[i], 1000, &bounded), 1001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_json_inference),
                                       cmocka_unit_test(test_csv)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
