/* Expected values are real Spark 4.2's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/value/hash.h"
#include "host/value/java_text.h"

static void hashes_are_sparks(void **state)
{
    (void)state;
    assert_int_equal(hr_murmur3_int(1, 42), -559580957);
    assert_int_equal(hr_murmur3_long(1, 42), -1712319331);
    assert_int_equal(hr_murmur3_bytes("Spark", 5, 42), 228093765);
    assert_int_equal(hr_murmur3_bytes("", 0, 42), 142593372);
    assert_int_equal(hr_murmur3_bytes("abcdefghi", 9, 42), -1830117711);
    assert_int_equal(hr_murmur3_bytes("\xc3\x9cn\xc3\xaf", 5, 42), 327141413);
    assert_int_equal(hr_murmur3_long(150, 42), -2056712946);
    unsigned char bytes[16];
    /* 123456789012345678901.00 */
    hr_int128 big = (hr_int128)INT64_C(1234567890123456789) * 10000 + 100;
    assert_int_equal(hr_murmur3_bytes(bytes, hr_decimal_bytes(big, bytes), 42), 1231578605);
    assert_true(hr_xxhash64_int(1, 42) == INT64_C(-6698625589789238999));
    assert_true(hr_xxhash64_long(1, 42) == INT64_C(-7001672635703045582));
    assert_true(hr_xxhash64_bytes("Spark", 5, 42) == INT64_C(-4294468057691064905));
    const char *text = "a long string that is more than thirty-two bytes in length, yes";
    assert_true(hr_xxhash64_bytes(text, strlen(text), 42) == INT64_C(-2296225060210749508));
    assert_true(hr_xxhash64_bytes(bytes, hr_decimal_bytes(big, bytes), 42) ==
                INT64_C(-3522729907989825574));
    assert_true(hr_xxhash64_bytes("", 0, 42) == INT64_C(-7444071767201028348));
}

static const char *formatted(const char *format, size_t count, const struct hr_argument *args)
{
    static char out[256];
    struct hr_buf buf;
    char problem[HR_FORMAT_PROBLEM_MAX];
    hr_buf_init(&buf, 1000000);
    bool ok = hr_java_format(format, strlen(format), args, count, &buf, problem);
    snprintf(out, sizeof out, "%s", ok ? hr_buf_text(&buf) : problem);
    hr_buf_release(&buf);
    return out;
}

#define INT(v) {.kind = HR_ARG_INTEGER, .integer = (v), .bits = 32}
#define REAL(v) {.kind = HR_ARG_REAL, .real = (v), .bits = 64}
#define TEXT(v) {.kind = HR_ARG_TEXT, .text = (v), .len = strlen(v)}

static void formats_are_javas(void **state)
{
    (void)state;
    const struct {
        const char *format, *expected;
        struct hr_argument arg;
    } cases[] = {
        {"%08.3f", "-003.142", REAL(-3.14159)},
        {"%(d", "(5)", INT(-5)},
        {"% d", " 5", INT(5)},
        {"%h", "c3e28528", TEXT("hello")},
        {"%S", "ABC", TEXT("abc")},
        {"%,.2f", "1,234,567.89", REAL(1234567.891)},
        {"%.0f", "3", REAL(2.5)},
        {"%.1f", "0.3", REAL(0.25)},
        {"%5d|", " null|", {.kind = HR_ARG_NULL}},
        {"%c", "A", INT(65)},
        {"%x", "ffffffff", INT(-1)},
        {"%g", "0.000100000", REAL(0.0001)},
        {"%-5s|", "ab   |", TEXT("ab")},
        {"%.2s", "cd", TEXT("cde")},
        {"%05d", "00042", INT(42)},
        {"%e", "1.234568e+04", REAL(12345.678)},
        {"%1$s%1$s%<s", "aaa", TEXT("a")},
        {"100%%", "100%", TEXT("")},
        {"%q", "Conversion = 'q'", INT(1)},
        {"%d", "d != org.apache.spark.unsafe.types.UTF8String", TEXT("a")},
        {"%q", "Conversion = 'q'", {.kind = HR_ARG_NULL}},
        {"%s %s", "Format specifier '%s'", TEXT("a")},
        {"%1$s %3$s", "Format specifier '%3$s'", TEXT("a")},
        {"%", "Conversion = '%'", TEXT("a")},
        {"%5", "Conversion = '5'", TEXT("a")},
        {"%999999999d", "a width or precision beyond 100000", INT(1)},
        {"%.f", "Conversion = '.'", REAL(1)},
        {"%-s", "%-s", TEXT("a")},
        {"%f", "f != java.lang.Integer", INT(1)},
        {"%d", "d != java.lang.Double", REAL(1)},
        {"%e", "e != java.lang.Boolean", {.kind = HR_ARG_BOOLEAN}},
        {"%c", "Code point = 0x110000", INT(1114112)},
        {"%,d", "1,234,567", INT(1234567)},
        {"%+d", "+5", INT(5)},
        {"%X", "FF", INT(255)},
        {"%o", "10", INT(8)},
        {"%s", "1.0", REAL(1)},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        if (strcmp(formatted(cases[i].format, 1, &cases[i].arg), cases[i].expected))
            fail_msg("%s gave %s, Spark gives %s", cases[i].format,
                     formatted(cases[i].format, 1, &cases[i].arg), cases[i].expected);
}

static void numbers_are_grouped_as_decimal_format_does(void **state)
{
    (void)state;
    const struct {
        double value;
        int places;
        const char *expected;
    } cases[] = {
        {12332.5, 0, "12,332"}, {-0.5, 0, "-0"}, {1e15, 2, "1,000,000,000,000,000.00"},
        {0.125, 2, "0.12"},     {2.5, 0, "2"},   {12332.123456, 4, "12,332.1235"},
    };
    struct hr_buf buf;
    for (size_t i = 0; i < HR_LEN(cases); i++) {
        hr_buf_init(&buf, 1000);
        hr_format_number(cases[i].value, cases[i].places, &buf);
        assert_string_equal(hr_buf_text(&buf), cases[i].expected);
        hr_buf_release(&buf);
    }
    hr_buf_init(&buf, 1000);
    hr_format_decimal(135, 3, 2, &buf);
    assert_string_equal(hr_buf_text(&buf), "0.14");
    hr_buf_clear(&buf);
    hr_format_decimal(-5, 0, 2, &buf);
    assert_string_equal(hr_buf_text(&buf), "-5.00");
    hr_buf_release(&buf);
}

static const char *replaced(const char *text, const char *pattern, const char *with)
{
    static char out[256];
    struct hr_regex *regex = hr_regex_new(pattern, strlen(pattern));
    if (!regex)
        return "refused";
    struct hr_buf buf;
    hr_buf_init(&buf, 1000);
    bool ok = hr_regex_replace(regex, text, strlen(text), 0, with, strlen(with), NULL, &buf);
    snprintf(out, sizeof out, "%s", ok ? hr_buf_text(&buf) : "no such group");
    hr_buf_release(&buf);
    hr_regex_free(regex);
    return out;
}

static bool go_on(void *asked, uint64_t made)
{
    *(uint64_t *)asked += made;
    return true;
}

/* a text beyond the buffer's maximum ends the replacing; who reads the buffer is told */
static void a_replacement_that_is_too_long_is_told(void **state)
{
    (void)state;
    uint64_t asked = 0;
    struct hr_watch watch = {go_on, &asked};
    struct hr_regex *regex = hr_regex_new("a", 1);
    struct hr_buf buf;
    hr_buf_init(&buf, 10);
    assert_true(hr_regex_replace(regex, "aaaaaaaa", 8, 0, "bbb", 3, &watch, &buf));
    assert_false(hr_buf_ok(&buf));
    hr_buf_release(&buf);
    hr_regex_free(regex);
}

static void expressions_are_javas(void **state)
{
    (void)state;
    assert_string_equal(replaced("100-200", "(\\d+)", "num"), "num-num");
    assert_string_equal(replaced("a1b2", "([a-z])(\\d)", "$2$1"), "1a2b");
    assert_string_equal(replaced("abc", "", "-"), "-a-b-c-");
    assert_string_equal(replaced("aaa", "a*", "X"), "XX");
    assert_string_equal(replaced("\xc3\xa9", "", "-"), "-\xc3\xa9-");
    assert_string_equal(replaced("x", "x", "$3"), "no such group");
    assert_string_equal(replaced("x", "(", ""), "refused");
    assert_string_equal(replaced("wxy", "[a-z&&[^x]]", "_"), "_x_");
    assert_string_equal(replaced("abcd", "[a[c-d]]", "_"), "_b__");
    assert_string_equal(replaced("abcd", "[^a[c-d]]", "_"), "a_cd");
    assert_string_equal(replaced("\xc3\x84"
                                 "Aa",
                                 "(?i)[\xc3\xa4"
                                 "a]",
                                 "_"),
                        "\xc3\x84__");
    assert_string_equal(replaced("\xc3\x84", "(?iu)\xc3\xa4", "_"), "_");
    assert_string_equal(replaced("a\r\n", "$", "_"), "a_\r\n_");
    const char *not_javas[] = {"{",     "a{,2}",    "a**",   "*",         "\\K",     "\\g1",
                               "(?#c)", "(?P<n>a)", "(?|a)", "(?<n_m>a)", "(*FAIL)", "(?R)",
                               "[a",    "a)",       "\\u12", "[z-a]"};
    for (size_t i = 0; i < HR_LEN(not_javas); i++)
        assert_string_equal(replaced("x", not_javas[i], ""), "refused");
    assert_string_equal(replaced("A1!", "[\\p{Punct}\\p{Digit}]", "_"), "A__");
    assert_string_equal(replaced("ab", "(?<first>a)(b)", "${first}$2$11"), "aba1");
    size_t spans[6];
    struct hr_regex *regex = hr_regex_new("(a)|(b)", 7);
    assert_int_equal(hr_regex_group_count(regex), 2);
    assert_true(hr_regex_find(regex, "xb", 2, 0, spans, 3));
    assert_int_equal(spans[0], 1);
    assert_true(spans[2] == SIZE_MAX);
    assert_int_equal(spans[4], 1);
    hr_regex_free(regex);
    regex = hr_regex_new("(x+x+)+y", 8);
    assert_false(hr_regex_find(regex, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 52, 0,
                               spans, 1));
    hr_regex_free(regex);
}

static void strings_are_sparks(void **state)
{
    (void)state;
    static const char *const codes[][2] = {
        {"Miller", "M460"}, {"Tymczak", "T522"},  {"", ""},
        {"123", "123"},     {"Ashcraft", "A261"}, {"Pfister", "P236"}};
    struct hr_buf buf;
    for (size_t i = 0; i < HR_LEN(codes); i++) {
        hr_buf_init(&buf, 100);
        hr_soundex(codes[i][0], strlen(codes[i][0]), &buf);
        assert_string_equal(hr_buf_text(&buf), codes[i][1]);
        hr_buf_release(&buf);
    }
    assert_int_equal(hr_levenshtein("kitten", 6, "sitting", 7, INT32_MAX, NULL), 3);
    assert_int_equal(hr_levenshtein("", 0, "abc", 3, INT32_MAX, NULL), 3);
    assert_int_equal(hr_levenshtein("kitten", 6, "sitting", 7, 3, NULL), 3);
    assert_int_equal(hr_levenshtein("kitten", 6, "sitting", 7, 2, NULL), 3);
    assert_int_equal(hr_levenshtein("kitten", 6, "sitting", 7, 1, NULL), 2);
    assert_int_equal(hr_levenshtein("", 0, "abc", 3, 0, NULL), 1);
    assert_int_equal(hr_levenshtein("same", 4, "same", 4, 0, NULL), 0);
    static const struct {
        const char *text;
        int64_t position, length;
        const char *expected;
    } parts[] = {
        {"Spark SQL", -3, INT32_MAX, "SQL"},
        {"Spark SQL", 0, 3, "Spa"},
        {"Spark", -10, 7, "Sp"},
        {"Spark", 2, 0, ""},
        {"Spark", 9, 2, ""},
        {"\xc3\x9cn\xc3\xaf", 2, 2, "n\xc3\xaf"},
        {"Spark", 2, INT64_MAX, "park"},
        {"Spark", 2, -1, ""},
    };
    for (size_t i = 0; i < HR_LEN(parts); i++) {
        size_t from, to;
        hr_utf8_substring(parts[i].text, strlen(parts[i].text), parts[i].position, parts[i].length,
                          &from, &to);
        assert_int_equal(to - from, strlen(parts[i].expected));
        assert_memory_equal(parts[i].text + from, parts[i].expected, to - from);
    }
    size_t from, to;
    hr_substring_index("www.apache.org", 14, ".", 1, 2, NULL, &from, &to);
    assert_int_equal(to, 10);
    hr_substring_index("www.apache.org", 14, ".", 1, -2, NULL, &from, &to);
    assert_int_equal(from, 4);
}

/* ---- LIKE ---- */

static bool likes(const char *text, const char *pattern)
{
    size_t bad, bad_len;
    struct hr_like *like = hr_like_new();
    assert_int_equal(hr_like_read(like, pattern, strlen(pattern), "\\", 1, &bad, &bad_len),
                     HR_LIKE_READ);
    bool found = hr_like_match(like, text, strlen(text), NULL);
    hr_like_free(like);
    return found;
}

/* by the definition: what a % stands for is tried at every length */
static bool defined(const char *text, const char *pattern)
{
    if (!*pattern)
        return !*text;
    if (*pattern == '%')
        return defined(text, pattern + 1) || (*text && defined(text + 1, pattern));
    return *text && (*pattern == '_' || *pattern == *text) && defined(text + 1, pattern + 1);
}

static void every_short(
    const char *letters, int count, int len, char *out, void (*each)(const char *made))
{
    for (int made = 0, all = 1; made < len; made++, all *= count)
        for (int n = 0; n < all; n++) {
            for (int i = 0, rest = n; i < made; i++, rest /= count)
                out[i] = letters[rest % count];
            out[made] = 0;
            each(out);
        }
}

static char like_text[8], like_pattern[8];
static void try_text(const char *text)
{
    assert_int_equal(likes(text, like_pattern), defined(text, like_pattern));
}
static void try_pattern(const char *pattern)
{
    (void)pattern;
    every_short("ab", 2, 6, like_text, try_text);
}

static void patterns_match_by_their_definition(void **state)
{
    (void)state;
    every_short("ab_%", 4, 6, like_pattern, try_pattern);
}

static void patterns_match_whole_characters(void **state)
{
    (void)state;
    assert_true(likes("\U0001F600", "_") &&
                !likes("\U0001F600", "__") &&
                likes("\u00e9\U0001F600x", "__x"));
    assert_true(likes("e\u0301", "__") && likes("a\nb", "a_b") && likes("a\nb", "%b"));
    assert_true(likes("x\u00e9\u00e8y", "%_\u00e8_"));
    assert_true(likes("a%b_\\", "a\\%b\\_\\\\") && !likes("axb_\\", "a\\%b\\_\\\\"));
    assert_true(likes("", "%%") && likes("", "") && !likes("", "_"));
}

static bool never(void *arg, uint64_t made)
{
    (void)made;
    ++*(int *)arg;
    return false;
}

static void patterns_are_no_puzzles(void **state)
{
    (void)state;
    enum { LONG = 1 << 20 };
    char *text = malloc(LONG + 1), pattern[4002];
    memset(text, 'a', LONG);
    text[LONG] = 0;
    for (size_t i = 0; i < 4000; i += 2)
        memcpy(pattern + i, "%a", 2);
    memcpy(pattern + 4000, "b", 2);
    assert_false(likes(text, pattern)); /* backtracking has no end here */
    assert_false(likes(text, "%a%a%ab%"));
    size_t bad, bad_len;
    int asked = 0;
    struct hr_watch watch = {never, &asked};
    struct hr_like *like = hr_like_new();
    memset(pattern, 'a', 4000);
    memcpy(pattern, "%a_", 3);
    memcpy(pattern + 3998, "b%", 3);
    assert_int_equal(hr_like_read(like, pattern, 4000, "\\", 1, &bad, &bad_len), HR_LIKE_READ);
    /* text times pattern: it asks, and ends when told to */
    assert_false(hr_like_match(like, text, LONG, &watch));
    assert_int_equal(asked, 1);
    hr_like_free(like);
    free(text);
}

static void escapes_are_checked(void **state)
{
    (void)state;
    size_t bad, bad_len, len;
    const char *bytes;
    struct hr_like *like = hr_like_new();
    assert_int_equal(hr_like_read(like, "a\\", 2, "\\", 1, &bad, &bad_len), HR_LIKE_ESCAPE_ENDS);
    assert_int_equal(hr_like_read(like, "a\\\u00e9", 4, "\\", 1, &bad, &bad_len),
                     HR_LIKE_ESCAPES_OTHER);
    assert_true(bad == 2 && bad_len == 2);
    assert_int_equal(hr_like_read(like, "%a\u00e9%%", 6, "\u00e9", 2, &bad, &bad_len),
                     HR_LIKE_READ);
    assert_int_equal(hr_like_shape(like, &bytes, &len), HR_LIKE_CONTAINS);
    assert_true(len == 2 && !memcmp(bytes, "a%", 2));
    assert_int_equal(hr_like_read(like, "a%%", 3, "%", 1, &bad, &bad_len), HR_LIKE_READ);
    assert_int_equal(hr_like_shape(like, &bytes, &len), HR_LIKE_EQUAL);
    assert_true(len == 2 && !memcmp(bytes, "a%", 2));
    static const struct {
        const char *pattern;
        enum hr_like_shape shape;
    } shapes[] = {
        {"", HR_LIKE_EQUAL},     {"ab", HR_LIKE_EQUAL},    {"ab%", HR_LIKE_PREFIX},
        {"%", HR_LIKE_PREFIX},   {"%ab", HR_LIKE_SUFFIX},  {"%ab%%", HR_LIKE_CONTAINS},
        {"a%b", HR_LIKE_OTHER},  {"%a_", HR_LIKE_OTHER},   {"_", HR_LIKE_OTHER},
        {"a%b%", HR_LIKE_OTHER}, {"%a%b%", HR_LIKE_OTHER}, {"_%", HR_LIKE_OTHER},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        hr_like_read(like, shapes[i].pattern, strlen(shapes[i].pattern), "\\", 1, &bad, &bad_len);
        assert_int_equal(hr_like_shape(like, &bytes, &len), shapes[i].shape);
    }
    hr_like_free(like);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_sparks),
        cmocka_unit_test(formats_are_javas),
        cmocka_unit_test(numbers_are_grouped_as_decimal_format_does),
        cmocka_unit_test(expressions_are_javas),
        cmocka_unit_test(a_replacement_that_is_too_long_is_told),
        cmocka_unit_test(strings_are_sparks),
        cmocka_unit_test(patterns_match_by_their_definition),
        cmocka_unit_test(patterns_match_whole_characters),
        cmocka_unit_test(patterns_are_no_puzzles),
        cmocka_unit_test(escapes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
