/* Java's pattern, read by its own grammar, written in the subset of PCRE2's that means the same.
 *
 * What differs: Java folds case in ASCII alone unless the u flag is there, so folding is written
 * out as classes; its line ends are \n \r \r\n \x85
 * \u2028 \u2029, so . ^ $ are written out; \b asks for Unicode letters though \w does not; classes
 * have unions, intersections and nested classes; and PCRE2 knows a good deal that Java refuses.
 * Flags therefore live here and none but i (of Unicode) is passed on. */
#include "host/value/regex_translate.h"
#include "host/value/hash.h"
#include "base/arena.h"
#include "base/hex.h"
#include "base/utf8.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 200
#define NO_LINE_END "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]"
#define LAST_LINE_END "(?=(?:\\r\\n|(?<!\\r)\\n|[\\r\\x{85}\\x{2028}\\x{2029}])?\\z)"
#define ANY_LINE_END "(?=\\r\\n|(?<!\\r)\\n|[\\r\\x{85}\\x{2028}\\x{2029}]|\\z)"
#define LINE_START "(?:\\A|(?<=[\\n\\x{85}\\x{2028}\\x{2029}])(?!\\z)|(?<=\\r)(?!\\n)(?!\\z))"
#define WORD "[\\p{L}\\p{Nd}_\\p{Mn}]" /* what Java's \b takes for a word's character */
#define BOUNDARY "(?:(?<=" WORD ")(?!" WORD ")|(?<!" WORD ")(?=" WORD "))"
#define NO_BOUNDARY "(?:(?<=" WORD ")(?=" WORD ")|(?<!" WORD ")(?!" WORD "))"

enum flags {
    FOLD = 1,
    MULTILINE = 2,
    DOT_ALL = 4,
    FOLD_UNICODE = 8,
    COMMENTS = 16,
    UNIX_LINES = 32,
    UNICODE_CLASS = 64
};

struct reader {
    const char *at, *end;
    struct hr_buf *out;
    unsigned flags;
    int depth, groups, all_groups;
    bool bad, unicode;
};

static const struct {
    const char *java, *pcre;
} properties[] = {
    {"Lower", "a-z"},
    {"Upper", "A-Z"},
    {"ASCII", "\\x00-\\x7f"},
    {"Alpha", "A-Za-z"},
    {"Digit", "0-9"},
    {"Alnum", "0-9A-Za-z"},
    {"Punct", "!-\\/:-@\\[-`{-~"},
    {"Graph", "!-~"},
    {"Print", " -~"},
    {"Blank", " \\t"},
    {"Cntrl", "\\x00-\\x1f\\x7f"},
    {"XDigit", "0-9a-fA-F"},
    {"Space", " \\t\\n\\x0b\\f\\r"},
    {"IsAlphabetic", "\\p{L}\\p{Nl}"},
    {"IsLetter", "\\p{L}"},
    {"IsDigit", "\\p{Nd}"},
    {"IsUppercase", "\\p{Lu}"},
    {"IsLowercase", "\\p{Ll}"},
    {"IsTitlecase", "\\p{Lt}"},
    {"IsPunctuation", "\\p{P}"},
    {"IsControl", "\\p{Cc}"},
    {"IsWhite_Space", "\\s\\x{85}\\p{Z}"},
    {"javaLowerCase", "\\p{Ll}"},
    {"javaUpperCase", "\\p{Lu}"},
    {"javaWhitespace",
     " \\t\\n\\x0b\\f\\r\\x1c-\\x1f\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}"},
    {"javaLetter", "\\p{L}"},
    {"javaDigit", "\\p{Nd}"},
    {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
    {"L1", "\\x00-\\xff"},
    {"LC", "\\p{L&}"},
    {"InBasicLatin", "\\x00-\\x7f"},
    {"InBasic_Latin", "\\x00-\\x7f"},
    {"InLatin-1Supplement", "\\x{80}-\\x{ff}"},
    {"InGreek", "\\x{370}-\\x{3ff}"},
    {"InCyrillic", "\\x{400}-\\x{4ff}"},
    {"InHebrew", "\\x{590}-\\x{5ff}"},
    {"InArabic", "\\x{600}-\\x{6ff}"},
    {"InThai", "\\x{e00}-\\x{e7f}"},
    {"InHiragana", "\\x{3040}-\\x{309f}"},
    {"InKatakana", "\\x{30a0}-\\x{30ff}"},
    {"InCJKUnifiedIdeographs", "\\x{4e00}-\\x{9fff}"},
};

static bool more(const struct reader *r)
{
    return r->at < r->end;
}
static int peek(const struct reader *r)
{
    return more(r) ? (unsigned char)*r->at : -1;
}
static int peek_at(const struct reader *r, size_t n)
{
    return (size_t)(r->end - r->at) > n ? (unsigned char)r->at[n] : -1;
}

static bool take(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len))
        return false;
    r->at += len;
    return true;
}

/* one code point of the pattern; a byte that is not of UTF-8 stands for itself */
static unsigned next_point(struct reader *r)
{
    uint32_t point;
    size_t len = hr_utf8_next(r->at, (size_t)(r->end - r->at), &point);
    if (!len)
        return (unsigned char)*r->at++;
    r->at += len;
    return point;
}

static bool is_ascii_letter(unsigned point)
{
    return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
}

static bool folds_ascii(const struct reader *r)
{
    return (r->flags & FOLD) && !(r->flags & FOLD_UNICODE);
}

/* a character as itself, in a class or out of one */
static void put_point(struct hr_buf *out, unsigned point)
{
    if (point < 0x80 && isalnum((int)point))
        hr_buf_addc(out, (char)point);
    else
        hr_buf_addf(out, "\\x{%x}", point);
}

static void put_literal(struct reader *r, unsigned point)
{
    if (!folds_ascii(r) || !is_ascii_letter(point)) {
        put_point(r->out, point);
        return;
    }
    hr_buf_addf(r->out, "[%c%c]", (char)point, (char)(point ^ 0x20));
}

/* ---- escapes ---- */

static bool read_hex(struct reader *r, int least, int most, unsigned *point)
{
    int digits = 0, digit;
    *point = 0;
    while (digits < most && more(r) && (digit = hr_hex_digit(*r->at)) >= 0) {
        *point = *point * 16 + (unsigned)digit;
        digits++;
        r->at++;
    }
    return digits >= least;
}

static bool read_unicode(struct reader *r, unsigned *point)
{
    unsigned low;
    if (!read_hex(r, 4, 4, point))
        return false;
    const char *back = r->at;
    if (*point < 0xd800 || *point > 0xdbff || !take(r, "\\u"))
        return true;
    if (read_hex(r, 4, 4, &low) && low >= 0xdc00 && low <= 0xdfff)
        *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    else
        r->at = back;
    return true;
}

static bool read_octal(struct reader *r, unsigned *point)
{
    int digits = 0;
    for (*point = 0; digits < 3 && peek(r) >= '0' && peek(r) <= '7'; digits++, r->at++) {
        if (*point * 8 + (unsigned)(*r->at - '0') > 0377)
            break;
        *point = *point * 8 + (unsigned)(*r->at - '0');
    }
    return digits > 0;
}

/* an escape that is one character: \n, \x41, \., \u0041; *known is false for one that is something
 * else. r stands behind the backslash. */
static bool read_point_escape(struct reader *r, unsigned *point, bool *known)
{
    static const struct {
        char letter;
        unsigned point;
    } letters[] = {{'t', 9}, {'n', 10}, {'r', 13}, {'f', 12}, {'a', 7}, {'e', 27}};
    int letter = peek(r);
    *known = true;
    for (size_t i = 0; i < HR_LEN(letters); i++)
        if (letters[i].letter == letter) {
            r->at++;
            *point = letters[i].point;
            return true;
        }
    if (take(r, "x{"))
        return read_hex(r, 1, 6, point) && take(r, "}") && *point <= 0x10ffff;
    if (take(r, "x"))
        return read_hex(r, 2, 2, point);
    if (take(r, "u"))
        return read_unicode(r, point);
    if (take(r, "0"))
        return read_octal(r, point);
    if (letter == 'c' && peek_at(r, 1) >= 0) {
        *point = (unsigned)(peek_at(r, 1) ^ 64);
        r->at += 2;
        return true;
    }
    *known = letter >= 0 && !isalnum(letter);
    if (*known)
        *point = next_point(r);
    return letter >= 0;
}

/* \p{…} and \P{…}: what stands between the brackets of a class; r stands behind the p */
static bool read_property(struct reader *r, bool negated)
{
    char name[64];
    size_t len = 1;
    if (take(r, "{")) {
        const char *end = memchr(r->at, '}', (size_t)(r->end - r->at));
        len = end ? (size_t)(end - r->at) : sizeof name;
        if (len >= sizeof name)
            return false;
        memcpy(name, r->at, len);
        r->at = end + 1;
    } else if (more(r)) {
        name[0] = *r->at++;
    } else {
        return false;
    }
    name[len] = 0;
    char *value = strchr(name, '=');
    value = value ? value + 1 : name;
    const char *pcre = NULL;
    bool any_case = folds_ascii(r) && (!strcmp(value, "Lower") || !strcmp(value, "Upper"));
    for (size_t i = 0; i < HR_LEN(properties) && !pcre; i++)
        if (!strcmp(properties[i].java, any_case ? "Alpha" : value))
            pcre = properties[i].pcre;
    if (pcre) {
        hr_buf_addf(r->out, "[%s%s]", negated ? "^" : "", pcre);
        return true;
    }
    if (!strncmp(value, "Is", 2))
        value += 2;
    /* a category or a script: PCRE2 refuses what it does not know */
    hr_buf_addf(r->out, "\\%c{%s}", negated ? 'P' : 'p', value);
    return true;
}

/* ---- classes ---- */

static void read_class(struct reader *r);

/* other case's part of a range, in ASCII */
static void put_folded_range(struct hr_buf *out, unsigned from, unsigned to)
{
    for (unsigned first = 'A'; first <= 'a'; first += 'a' - 'A') {
        unsigned low = from > first ? from : first, high = to < first + 25 ? to : first + 25;
        if (low <= high)
            hr_buf_addf(out, "%c-%c", (char)(low ^ 0x20), (char)(high ^ 0x20));
    }
}

static bool class_point(struct reader *r, unsigned *point)
{
    bool known = true;
    if (peek(r) != '\\') {
        *point = next_point(r);
        return true;
    }
    r->at++;
    return read_point_escape(r, point, &known) && known;
}

static void class_range(struct reader *r, struct hr_buf *simple)
{
    unsigned from, to;
    if (!class_point(r, &from)) {
        r->bad = true;
        return;
    }
    to = from;
    bool range =
        peek(r) == '-' && peek_at(r, 1) >= 0 && peek_at(r, 1) != ']' && peek_at(r, 1) != '[';
    if (range) {
        r->at++;
        r->bad = r->bad || !class_point(r, &to) || to < from;
    }
    put_point(simple, from);
    if (to != from) {
        hr_buf_addc(simple, '-');
        put_point(simple, to);
    }
    if (folds_ascii(r))
        put_folded_range(simple, from, to);
}

/* an escape of a class that is a set: \d, \p{L}; returns false when it is a character */
static bool class_set_escape(struct reader *r, struct hr_buf *simple, struct hr_buf *sets)
{
    int letter = peek_at(r, 1);
    if (letter == 'p' || letter == 'P') {
        struct hr_buf *out = r->out;
        r->at += 2;
        hr_buf_addc(sets, '|');
        r->out = sets;
        r->bad = r->bad || !read_property(r, letter == 'P');
        r->out = out;
        return true;
    }
    if (letter < 0 || !strchr("dDwWsShHvV", letter))
        return false;
    r->at += 2;
    hr_buf_addf(simple, "\\%c", letter);
    return true;
}

static void class_quoted(struct reader *r, struct hr_buf *simple)
{
    r->at += 2;
    while (more(r) && !take(r, "\\E")) {
        unsigned point = next_point(r);
        put_point(simple, point);
        if (folds_ascii(r))
            put_folded_range(simple, point, point);
    }
}

/* One operand of &&: an alternation of a plain class, sets and nested classes, all one character
 * long. */
static void class_operand(struct reader *r, bool first, struct hr_buf *out)
{
    struct hr_buf simple, sets;
    hr_buf_init(&simple, HR_BUF_GROWS);
    hr_buf_init(&sets, HR_BUF_GROWS);
    bool any = false;
    for (; more(r) && !r->bad; any = true) {
        int c = peek(r);
        if (c == ']' && (any || !first))
            break;
        if (c == '&' && peek_at(r, 1) == '&')
            break;
        if ((r->flags & COMMENTS) && isspace(c)) {
            r->at++;
            continue;
        }
        if (c == '[') {
            struct hr_buf *keep = r->out;
            hr_buf_addc(&sets, '|');
            r->out = &sets;
            read_class(r);
            r->out = keep;
        } else if (c == '\\' && peek_at(r, 1) == 'Q') {
            class_quoted(r, &simple);
        } else if (c != '\\' || !class_set_escape(r, &simple, &sets)) {
            class_range(r, &simple);
        }
    }
    if (hr_buf_len(&simple))
        hr_buf_addf(out, "(?:[%s]%s)", hr_buf_text(&simple), hr_buf_text(&sets));
    else
        hr_buf_addf(out, "(?:%s)", hr_buf_len(&sets) ? hr_buf_text(&sets) + 1 : "(?!)");
    hr_buf_release(&simple);
    hr_buf_release(&sets);
}

static void read_class(struct reader *r)
{
    struct hr_buf *out = r->out, operand, before;
    if (++r->depth > DEPTH_MAX) {
        r->bad = true;
        return;
    }
    r->at++;
    bool negated = take(r, "^");
    hr_buf_init(&before, HR_BUF_GROWS);
    for (bool first = true; !r->bad; first = false) {
        hr_buf_init(&operand, HR_BUF_GROWS);
        class_operand(r, first, &operand);
        bool and = !r->bad && take(r, "&&");
        hr_buf_addf(&before, and ? "(?=%s)" : "%s", hr_buf_text(&operand));
        hr_buf_release(&operand);
        if (!and)
            break;
    }
    r->bad = r->bad || !take(r, "]");
    if (!r->bad)
        hr_buf_addf(out, negated ? "(?:(?!%s)(?s:.))" : "(?:%s)", hr_buf_text(&before));
    hr_buf_release(&before);
    r->depth--;
}

/* ---- outside of classes ---- */

static bool read_flags(struct reader *r)
{
    static const struct {
        char letter;
        unsigned flag;
    } letters[] = {{'i', FOLD},
                   {'m', MULTILINE},
                   {'s', DOT_ALL},
                   {'u', FOLD_UNICODE},
                   {'x', COMMENTS},
                   {'d', UNIX_LINES},
                   {'U', UNICODE_CLASS | FOLD_UNICODE}};
    bool off = false;
    for (; more(r) && *r->at != ')' && *r->at != ':'; r->at++) {
        unsigned flag = 0;
        for (size_t i = 0; i < HR_LEN(letters); i++)
            if (letters[i].letter == *r->at)
                flag = letters[i].flag;
        if (*r->at == '-' && !off)
            off = true;
        else if (!flag)
            return false;
        else
            r->flags = off ? r->flags & ~flag : r->flags | flag;
    }
    if (r->flags & UNICODE_CLASS)
        r->unicode = true;
    return more(r);
}

static void put_fold(struct reader *r, unsigned before)
{
    bool now = (r->flags & FOLD) && (r->flags & FOLD_UNICODE),
         then = (before & FOLD) && (before & FOLD_UNICODE);
    if (now != then)
        hr_buf_adds(r->out, now ? "(?i)" : "(?-i)");
}

static void read_alternation(struct reader *r);

void hr_regex_group_name(const char *name, size_t len, char out[static HR_REGEX_NAME_MAX + 1])
{
    if (len <= HR_REGEX_NAME_MAX)
        snprintf(out, HR_REGEX_NAME_MAX + 1, "%.*s", (int)len, name);
    else
        snprintf(out, HR_REGEX_NAME_MAX + 1, "%.16s%016llx", name,
                 (unsigned long long)hr_xxhash64_bytes(name, len, 42));
}

static bool read_group_name(struct reader *r)
{
    char name[HR_REGEX_NAME_MAX + 1];
    const char *start = r->at;
    if (!isalpha(peek(r)))
        return false;
    while (isalnum(peek(r)))
        r->at++;
    hr_regex_group_name(start, (size_t)(r->at - start), name);
    hr_buf_addf(r->out, "(?<%s>", name);
    return take(r, ">");
}

static void read_group(struct reader *r)
{
    static const char *const kinds[] = {"?:", "?=", "?!", "?>", "?<=", "?<!"};
    unsigned before = r->flags;
    size_t kind = 0;
    r->at++;
    while (kind < HR_LEN(kinds) && !take(r, kinds[kind]))
        kind++;
    if (kind < HR_LEN(kinds)) {
        hr_buf_addf(r->out, "(%s", kinds[kind]);
    } else if (take(r, "?<")) {
        r->groups++;
        r->bad = r->bad || !read_group_name(r);
    } else if (take(r, "?")) {
        if (!read_flags(r)) {
            r->bad = true;
            return;
        }
        if (take(r, ")")) { /* to the end of the group around */
            put_fold(r, before);
            return;
        }
        r->at++;
        hr_buf_adds(r->out, "(?:");
        put_fold(r, before);
    } else {
        r->groups++;
        hr_buf_addc(r->out, '(');
    }
    read_alternation(r);
    r->bad = r->bad || !take(r, ")");
    hr_buf_addc(r->out, ')');
    r->flags = before;
}

/* \1 \12: more digits while there is such a group; one that never comes matches nothing */
static void read_reference(struct reader *r)
{
    int group = *r->at++ - '0';
    while (isdigit(peek(r)) && group * 10 + peek(r) - '0' <= r->all_groups)
        group = group * 10 + *r->at++ - '0';
    if (group > r->all_groups)
        hr_buf_adds(r->out, "(?!)");
    else
        hr_buf_addf(r->out, folds_ascii(r) ? "(?i:\\g{%d})" : "\\g{%d}", group);
}

static void read_escape(struct reader *r)
{
    static const struct {
        char letter;
        const char *pcre;
    } letters[] = {
        {'b', BOUNDARY}, {'B', NO_BOUNDARY}, {'A', "\\A"}, {'z', "\\z"}, {'G', "\\G"}, {'R', "\\R"},
        {'X', "\\X"},    {'d', "\\d"},       {'D', "\\D"}, {'w', "\\w"}, {'W', "\\W"}, {'s', "\\s"},
        {'S', "\\S"},    {'h', "\\h"},       {'H', "\\H"}, {'v', "\\v"}, {'V', "\\V"},
    };
    unsigned point;
    bool known;
    r->at++;
    int letter = peek(r);
    for (size_t i = 0; i < HR_LEN(letters); i++)
        if (letters[i].letter == letter) {
            r->at++;
            hr_buf_adds(r->out, letters[i].pcre);
            return;
        }
    if (letter == 'Z') {
        r->at++;
        hr_buf_adds(r->out, r->flags & UNIX_LINES ? "(?=\\n?\\z)" : LAST_LINE_END);
    } else if (letter == 'p' || letter == 'P') {
        r->at++;
        r->bad = r->bad || !read_property(r, letter == 'P');
    } else if (letter >= '1' && letter <= '9') {
        read_reference(r);
    } else if (take(r, "k<")) {
        const char *end = memchr(r->at, '>', (size_t)(r->end - r->at));
        r->bad = r->bad || !end;
        if (end) {
            char name[HR_REGEX_NAME_MAX + 1];
            hr_regex_group_name(r->at, (size_t)(end - r->at), name);
            hr_buf_addf(r->out, folds_ascii(r) ? "(?i:\\k<%s>)" : "\\k<%s>", name);
            r->at = end + 1;
        }
    } else if (take(r, "Q")) {
        while (more(r) && !take(r, "\\E"))
            put_literal(r, next_point(r));
    } else if (read_point_escape(r, &point, &known) && known) {
        put_literal(r, point);
    } else {
        r->bad = true;
    }
}

/* * + ? {n,m} and what makes them lazy or possessive */
static bool read_quantifier(struct reader *r)
{
    const char *start = r->at;
    if (peek(r) == '{') {
        r->at++;
        if (!isdigit(peek(r))) {
            r->bad = true;
            return false;
        }
        while (isdigit(peek(r)))
            r->at++;
        if (take(r, ","))
            while (isdigit(peek(r)))
                r->at++;
        if (!take(r, "}")) {
            r->bad = true;
            return false;
        }
    } else if (more(r) && strchr("*+?", *r->at)) {
        r->at++;
    } else {
        return false;
    }
    if (peek(r) == '?' || peek(r) == '+')
        r->at++;
    hr_buf_add(r->out, start, (size_t)(r->at - start));
    return true;
}

static void skip_comments(struct reader *r)
{
    while ((r->flags & COMMENTS) && more(r) && (isspace(peek(r)) || peek(r) == '#')) {
        if (*r->at == '#')
            while (more(r) && *r->at != '\n' && *r->at != '\r')
                r->at++;
        else
            r->at++;
    }
}

/* false when it was something that cannot be repeated */
static bool read_atom(struct reader *r)
{
    switch (peek(r)) {
    case '(':
        read_group(r);
        return true;
    case '[':
        read_class(r);
        return true;
    case '\\':
        read_escape(r);
        return true;
    case '.':
        r->at++;
        hr_buf_adds(r->out, r->flags & DOT_ALL      ? "(?s:.)"
                            : r->flags & UNIX_LINES ? "[^\\n]"
                                                    : NO_LINE_END);
        return true;
    case '^':
        r->at++;
        hr_buf_adds(r->out, !(r->flags & MULTILINE) ? "\\A"
                            : r->flags & UNIX_LINES ? "(?:\\A|(?<=\\n)(?!\\z))"
                                                    : LINE_START);
        return true;
    case '$':
        r->at++;
        if (r->flags & UNIX_LINES)
            hr_buf_adds(r->out, r->flags & MULTILINE ? "(?=\\n|\\z)" : "(?=\\n?\\z)");
        else
            hr_buf_adds(r->out, r->flags & MULTILINE ? ANY_LINE_END : LAST_LINE_END);
        return true;
    case '*':
    case '+':
    case '?':
    case '{':
        return false;
    default:
        put_literal(r, next_point(r));
        return true;
    }
}

static void read_alternation(struct reader *r)
{
    if (++r->depth > DEPTH_MAX)
        r->bad = true;
    for (;;) {
        skip_comments(r);
        if (r->bad || !more(r) || *r->at == ')')
            break;
        if (*r->at == '|') {
            r->at++;
            hr_buf_addc(r->out, '|');
            continue;
        }
        /* nothing to repeat: "Dangling meta character" */
        if (!read_atom(r)) {
            r->bad = true;
            break;
        }
        skip_comments(r);
        if (!r->bad && read_quantifier(r)) {
            skip_comments(r);
            if (!r->bad && more(r) && strchr("*+?{", *r->at))
                r->bad = true;
        }
    }
    r->depth--;
}

/* groups are counted first: a reference may come before its group */
static int count_groups(const char *pattern, size_t len)
{
    struct hr_buf scratch;
    struct reader r = {.at = pattern, .end = pattern + len, .out = &scratch, .all_groups = 1 << 20};
    hr_buf_init(&scratch, HR_BUF_GROWS);
    read_alternation(&r);
    hr_buf_release(&scratch);
    return r.groups;
}

bool hr_regex_translate(const char *pattern, size_t len, struct hr_buf *out, bool *unicode)
{
    struct reader r = {
        .at = pattern, .end = pattern + len, .out = out, .all_groups = count_groups(pattern, len)};
    read_alternation(&r);
    *unicode = r.unicode;
    return !r.bad && !more(&r);
}
