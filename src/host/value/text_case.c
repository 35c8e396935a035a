/* Case as Spark has it: Unicode's full mappings, where one character may become several, and the
 * final sigma. The simple mappings are utf8proc's. The table is Unicode's SpecialCasing.txt as far
 * as it holds in every language. */
#include "host/value/java_text.h"
#include "base/buf.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* sorted by point; unused places are 0 */
static const struct special {
    unsigned point, upper[3], title[3];
} specials[] = {
    {0xdf, {0x53, 0x53}, {0x53, 0x73}},
    {0x149, {0x2bc, 0x4e}, {0x2bc, 0x4e}},
    {0x1f0, {0x4a, 0x30c}, {0x4a, 0x30c}},
    {0x390, {0x399, 0x308, 0x301}, {0x399, 0x308, 0x301}},
    {0x3b0, {0x3a5, 0x308, 0x301}, {0x3a5, 0x308, 0x301}},
    {0x587, {0x535, 0x552}, {0x535, 0x582}},
    {0x1e96, {0x48, 0x331}, {0x48, 0x331}},
    {0x1e97, {0x54, 0x308}, {0x54, 0x308}},
    {0x1e98, {0x57, 0x30a}, {0x57, 0x30a}},
    {0x1e99, {0x59, 0x30a}, {0x59, 0x30a}},
    {0x1e9a, {0x41, 0x2be}, {0x41, 0x2be}},
    {0x1f50, {0x3a5, 0x313}, {0x3a5, 0x313}},
    {0x1f52, {0x3a5, 0x313, 0x300}, {0x3a5, 0x313, 0x300}},
    {0x1f54, {0x3a5, 0x313, 0x301}, {0x3a5, 0x313, 0x301}},
    {0x1f56, {0x3a5, 0x313, 0x342}, {0x3a5, 0x313, 0x342}},
    {0x1f80, {0x1f08, 0x399}, {0x1f88}},
    {0x1f81, {0x1f09, 0x399}, {0x1f89}},
    {0x1f82, {0x1f0a, 0x399}, {0x1f8a}},
    {0x1f83, {0x1f0b, 0x399}, {0x1f8b}},
    {0x1f84, {0x1f0c, 0x399}, {0x1f8c}},
    {0x1f85, {0x1f0d, 0x399}, {0x1f8d}},
    {0x1f86, {0x1f0e, 0x399}, {0x1f8e}},
    {0x1f87, {0x1f0f, 0x399}, {0x1f8f}},
    {0x1f88, {0x1f08, 0x399}, {0x1f88}},
    {0x1f89, {0x1f09, 0x399}, {0x1f89}},
    {0x1f8a, {0x1f0a, 0x399}, {0x1f8a}},
    {0x1f8b, {0x1f0b, 0x399}, {0x1f8b}},
    {0x1f8c, {0x1f0c, 0x399}, {0x1f8c}},
    {0x1f8d, {0x1f0d, 0x399}, {0x1f8d}},
    {0x1f8e, {0x1f0e, 0x399}, {0x1f8e}},
    {0x1f8f, {0x1f0f, 0x399}, {0x1f8f}},
    {0x1f90, {0x1f28, 0x399}, {0x1f98}},
    {0x1f91, {0x1f29, 0x399}, {0x1f99}},
    {0x1f92, {0x1f2a, 0x399}, {0x1f9a}},
    {0x1f93, {0x1f2b, 0x399}, {0x1f9b}},
    {0x1f94, {0x1f2c, 0x399}, {0x1f9c}},
    {0x1f95, {0x1f2d, 0x399}, {0x1f9d}},
    {0x1f96, {0x1f2e, 0x399}, {0x1f9e}},
    {0x1f97, {0x1f2f, 0x399}, {0x1f9f}},
    {0x1f98, {0x1f28, 0x399}, {0x1f98}},
    {0x1f99, {0x1f29, 0x399}, {0x1f99}},
    {0x1f9a, {0x1f2a, 0x399}, {0x1f9a}},
    {0x1f9b, {0x1f2b, 0x399}, {0x1f9b}},
    {0x1f9c, {0x1f2c, 0x399}, {0x1f9c}},
    {0x1f9d, {0x1f2d, 0x399}, {0x1f9d}},
    {0x1f9e, {0x1f2e, 0x399}, {0x1f9e}},
    {0x1f9f, {0x1f2f, 0x399}, {0x1f9f}},
    {0x1fa0, {0x1f68, 0x399}, {0x1fa8}},
    {0x1fa1, {0x1f69, 0x399}, {0x1fa9}},
    {0x1fa2, {0x1f6a, 0x399}, {0x1faa}},
    {0x1fa3, {0x1f6b, 0x399}, {0x1fab}},
    {0x1fa4, {0x1f6c, 0x399}, {0x1fac}},
    {0x1fa5, {0x1f6d, 0x399}, {0x1fad}},
    {0x1fa6, {0x1f6e, 0x399}, {0x1fae}},
    {0x1fa7, {0x1f6f, 0x399}, {0x1faf}},
    {0x1fa8, {0x1f68, 0x399}, {0x1fa8}},
    {0x1fa9, {0x1f69, 0x399}, {0x1fa9}},
    {0x1faa, {0x1f6a, 0x399}, {0x1faa}},
    {0x1fab, {0x1f6b, 0x399}, {0x1fab}},
    {0x1fac, {0x1f6c, 0x399}, {0x1fac}},
    {0x1fad, {0x1f6d, 0x399}, {0x1fad}},
    {0x1fae, {0x1f6e, 0x399}, {0x1fae}},
    {0x1faf, {0x1f6f, 0x399}, {0x1faf}},
    {0x1fb2, {0x1fba, 0x399}, {0x1fba, 0x345}},
    {0x1fb3, {0x391, 0x399}, {0x1fbc}},
    {0x1fb4, {0x386, 0x399}, {0x386, 0x345}},
    {0x1fb6, {0x391, 0x342}, {0x391, 0x342}},
    {0x1fb7, {0x391, 0x342, 0x399}, {0x391, 0x342, 0x345}},
    {0x1fbc, {0x391, 0x399}, {0x1fbc}},
    {0x1fc2, {0x1fca, 0x399}, {0x1fca, 0x345}},
    {0x1fc3, {0x397, 0x399}, {0x1fcc}},
    {0x1fc4, {0x389, 0x399}, {0x389, 0x345}},
    {0x1fc6, {0x397, 0x342}, {0x397, 0x342}},
    {0x1fc7, {0x397, 0x342, 0x399}, {0x397, 0x342, 0x345}},
    {0x1fcc, {0x397, 0x399}, {0x1fcc}},
    {0x1fd2, {0x399, 0x308, 0x300}, {0x399, 0x308, 0x300}},
    {0x1fd3, {0x399, 0x308, 0x301}, {0x399, 0x308, 0x301}},
    {0x1fd6, {0x399, 0x342}, {0x399, 0x342}},
    {0x1fd7, {0x399, 0x308, 0x342}, {0x399, 0x308, 0x342}},
    {0x1fe2, {0x3a5, 0x308, 0x300}, {0x3a5, 0x308, 0x300}},
    {0x1fe3, {0x3a5, 0x308, 0x301}, {0x3a5, 0x308, 0x301}},
    {0x1fe4, {0x3a1, 0x313}, {0x3a1, 0x313}},
    {0x1fe6, {0x3a5, 0x342}, {0x3a5, 0x342}},
    {0x1fe7, {0x3a5, 0x308, 0x342}, {0x3a5, 0x308, 0x342}},
    {0x1ff2, {0x1ffa, 0x399}, {0x1ffa, 0x345}},
    {0x1ff3, {0x3a9, 0x399}, {0x1ffc}},
    {0x1ff4, {0x38f, 0x399}, {0x38f, 0x345}},
    {0x1ff6, {0x3a9, 0x342}, {0x3a9, 0x342}},
    {0x1ff7, {0x3a9, 0x342, 0x399}, {0x3a9, 0x342, 0x345}},
    {0x1ffc, {0x3a9, 0x399}, {0x1ffc}},
    {0xfb00, {0x46, 0x46}, {0x46, 0x66}},
    {0xfb01, {0x46, 0x49}, {0x46, 0x69}},
    {0xfb02, {0x46, 0x4c}, {0x46, 0x6c}},
    {0xfb03, {0x46, 0x46, 0x49}, {0x46, 0x66, 0x69}},
    {0xfb04, {0x46, 0x46, 0x4c}, {0x46, 0x66, 0x6c}},
    {0xfb05, {0x53, 0x54}, {0x53, 0x74}},
    {0xfb06, {0x53, 0x54}, {0x53, 0x74}},
    {0xfb13, {0x544, 0x546}, {0x544, 0x576}},
    {0xfb14, {0x544, 0x535}, {0x544, 0x565}},
    {0xfb15, {0x544, 0x53b}, {0x544, 0x56b}},
    {0xfb16, {0x54e, 0x546}, {0x54e, 0x576}},
    {0xfb17, {0x544, 0x53d}, {0x544, 0x56d}},
};

/* pairs of Unicode 16 and 17, which Spark's ICU knows and utf8proc's Unicode 15 does not: count of
 * them, `gap` from the capital to the small letter */
static const struct newer {
    unsigned capital;
    int count, gap;
} newer[] = {
    {0x1c89, 1, 1},      {0xa7cb, 1, 0x264 - 0xa7cb},
    {0xa7cc, 1, 1},      {0xa7ce, 1, 1},
    {0xa7d2, 1, 1},      {0xa7d4, 1, 1},
    {0xa7da, 1, 1},      {0xa7dc, 1, 0x19b - 0xa7dc},
    {0x10d50, 22, 0x20}, {0x16ea0, 25, 0x1b},
};

static unsigned to_upper(unsigned point)
{
    for (size_t i = 0; i < HR_LEN(newer); i++)
        if (point - (newer[i].capital + (unsigned)newer[i].gap) < (unsigned)newer[i].count)
            return point - (unsigned)newer[i].gap;
    return (unsigned)utf8proc_toupper((utf8proc_int32_t)point);
}

static unsigned to_lower(unsigned point)
{
    for (size_t i = 0; i < HR_LEN(newer); i++)
        if (point - newer[i].capital < (unsigned)newer[i].count)
            return point + (unsigned)newer[i].gap;
    return (unsigned)utf8proc_tolower((utf8proc_int32_t)point);
}

static unsigned to_title(unsigned point)
{
    unsigned upper = to_upper(point);
    bool is_newer = upper != (unsigned)utf8proc_toupper((utf8proc_int32_t)point);
    return is_newer ? upper : (unsigned)utf8proc_totitle((utf8proc_int32_t)point);
}

#define CAPITAL_I_WITH_DOT 0x130
#define CAPITAL_SIGMA 0x3a3
#define SMALL_SIGMA 0x3c3
#define FINAL_SIGMA 0x3c2
#define COMBINING_DOT 0x307

static int compare(const void *point, const void *row)
{
    unsigned a = *(const unsigned *)point, b = ((const struct special *)row)->point;
    return (a > b) - (a < b);
}

static const struct special *special(unsigned point)
{
    return bsearch(&point, specials, HR_LEN(specials), sizeof *specials, compare);
}

/* the code point at `at` and its length in bytes; 0 where it is not UTF-8 */
static size_t point_at(const char *text, size_t len, size_t at, unsigned *point)
{
    return hr_utf8_next(text + at, len - at, point);
}

static void put_all(struct hr_buf *out, const unsigned points[3])
{
    for (int i = 0; i < 3 && points[i]; i++)
        hr_utf8_add(out, points[i]);
}

static bool is_cased(unsigned point)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    if (category == UTF8PROC_CATEGORY_LU ||
        category == UTF8PROC_CATEGORY_LL ||
        category == UTF8PROC_CATEGORY_LT)
        return true;
    if (to_upper(point) != point || to_lower(point) != point)
        return true;
    return utf8proc_isupper((utf8proc_int32_t)point) || utf8proc_islower((utf8proc_int32_t)point);
}

/* what a word's letters are looked for across: marks, modifiers, and the punctuation of words */
static bool is_case_ignorable(unsigned point)
{
    static const unsigned points[] = {'\'',   '.',    ':',    0xb7,   0x387,  0x55f,
                                      0x5f4,  0x2018, 0x2019, 0x2024, 0x2027, 0xfe13,
                                      0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a};
    for (size_t i = 0; i < HR_LEN(points); i++)
        if (points[i] == point)
            return true;
    switch (utf8proc_category((utf8proc_int32_t)point)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return false;
    }
}

static bool cased_follows(const char *text, size_t len, size_t at)
{
    unsigned point;
    for (size_t n; at < len && (n = point_at(text, len, at, &point)); at += n)
        if (!is_case_ignorable(point))
            return is_cased(point);
    return false;
}

/* ---- runs of ASCII, which most texts are ---- */

static size_t ascii_end(const char *text, size_t len, size_t at)
{
    size_t stop = len - at > HR_WATCH_EVERY ? at + HR_WATCH_EVERY : len;
    uint64_t eight;
    for (; at + sizeof eight <= stop; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (at < stop && !((unsigned char)text[at] & 0x80))
        at++;
    return at;
}

/* the bytes, those of the 26 letters from `first` on in the other case */
static void put_ascii(const char *text, size_t len, char first, struct hr_buf *out)
{
    char *to = hr_buf_room(out, len);
    for (size_t i = 0; to && i < len; i++)
        to[i] = (char)(text[i] ^ ((unsigned char)(text[i] - first) < 26) << 5);
    if (to)
        hr_buf_grew(out, len);
}

/* asked where a text is in `at`; false: end here */
static bool goes_on(const struct hr_watch *watch, size_t at, size_t *asked)
{
    if (!watch || at - *asked < HR_WATCH_EVERY)
        return true;
    *asked = at;
    return watch->go_on(watch->arg, 0);
}

void hr_text_upper(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out)
{
    unsigned point;
    for (size_t at = 0, n, asked = 0; at < len && goes_on(watch, at, &asked); at += n ? n : 1) {
        n = ascii_end(text, len, at) - at;
        if (n) {
            put_ascii(text + at, n, 'a', out);
            continue;
        }
        n = point_at(text, len, at, &point);
        const struct special *found = n ? special(point) : NULL;
        if (!n)
            hr_buf_addc(out, text[at]);
        else if (found)
            put_all(out, found->upper);
        else
            hr_utf8_add(out, to_upper(point));
    }
}

/* after_cased: whether the last character that is not ignorable was cased, which makes a sigma a
 * final one */
static void put_lower(
    const char *text, size_t len, size_t next, unsigned point, bool after_cased, struct hr_buf *out)
{
    if (point == CAPITAL_I_WITH_DOT) {
        hr_utf8_add(out, 'i');
        hr_utf8_add(out, COMBINING_DOT);
    } else if (point == CAPITAL_SIGMA) {
        hr_utf8_add(out,
                    after_cased && !cased_follows(text, len, next) ? FINAL_SIGMA : SMALL_SIGMA);
    } else {
        hr_utf8_add(out, to_lower(point));
    }
}

/* behind a run of ASCII, where one is cased only by its letters */
static bool cased_behind(const char *run, size_t len, bool before)
{
    while (len && is_case_ignorable((unsigned char)run[len - 1]))
        len--;
    return len ? is_cased((unsigned char)run[len - 1]) : before;
}

void hr_text_lower(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out)
{
    bool after_cased = false;
    unsigned point;
    for (size_t at = 0, n, asked = 0; at < len && goes_on(watch, at, &asked); at += n ? n : 1) {
        n = ascii_end(text, len, at) - at;
        if (n) {
            put_ascii(text + at, n, 'A', out);
            /* at the end nobody asks */
            after_cased = at + n < len && cased_behind(text + at, n, after_cased);
            continue;
        }
        n = point_at(text, len, at, &point);
        if (!n) {
            hr_buf_addc(out, text[at]);
            continue;
        }
        put_lower(text, len, at + n, point, after_cased, out);
        if (!is_case_ignorable(point))
            after_cased = is_cased(point);
    }
}

void hr_text_initcap(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out)
{
    bool first = true, after_cased = false;
    unsigned point;
    for (size_t at = 0, n, asked = 0; at < len && goes_on(watch, at, &asked); at += n ? n : 1) {
        n = point_at(text, len, at, &point);
        if (!n) {
            hr_buf_addc(out, text[at]);
            continue;
        }
        const struct special *found = first ? special(point) : NULL;
        if (found)
            put_all(out, found->title);
        else if (first)
            hr_utf8_add(out, to_title(point));
        else
            put_lower(text, len, at + n, point, after_cased, out);
        first = point == ' ';
        if (!is_case_ignorable(point))
            after_cased = is_cased(point);
    }
}
