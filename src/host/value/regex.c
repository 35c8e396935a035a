/* Java's regular expressions on PCRE2. The syntaxes agree but for what translate() rewrites; \d \w \s \b are ASCII in both, since
 * PCRE2_UCP stays off, as Java without UNICODE_CHARACTER_CLASS. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "host/value/java_text.h"
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_STEPS_MAX 10000000     /* a pattern that backtracks without end fails to match rather than hang the session */

struct hr_regex {
    pcre2_code *code;
    uint32_t groups;
};

static const struct { const char *java, *pcre; } classes[] = {
    {"\\p{Lower}", "[a-z]"}, {"\\p{Upper}", "[A-Z]"}, {"\\p{ASCII}", "[\\x00-\\x7f]"}, {"\\p{Alpha}", "[A-Za-z]"}, {"\\p{Digit}", "[0-9]"},
    {"\\p{Alnum}", "[0-9A-Za-z]"}, {"\\p{Punct}", "[!-\\/:-@\\[-`{-~]"}, {"\\p{Graph}", "[!-~]"}, {"\\p{Print}", "[ -~]"}, {"\\p{Blank}", "[ \\t]"},
    {"\\p{Cntrl}", "[\\x00-\\x1f\\x7f]"}, {"\\p{XDigit}", "[0-9a-fA-F]"}, {"\\p{Space}", "[ \\t\\n\\x0b\\f\\r]"},
    {"\\p{IsAlphabetic}", "\\p{L}"}, {"\\p{IsLetter}", "\\p{L}"}, {"\\p{IsDigit}", "\\p{Nd}"}, {"\\p{javaLowerCase}", "\\p{Ll}"},
    {"\\p{javaUpperCase}", "\\p{Lu}"}, {"\\p{IsLatin}", "\\p{Latin}"}, {"\\p{IsGreek}", "\\p{Greek}"}, {"\\p{IsCyrillic}", "\\p{Cyrillic}"},
};

/* rewrites what Java writes otherwise; inside a [class] a POSIX-like \p{Alpha} loses its brackets */
static void translate(const char *pattern, size_t len, struct hr_buf *out)
{
    bool in_class = false;
    for (size_t i = 0; i < len; i++) {
        if (pattern[i] == '\\' && i + 1 < len) {
            bool found = false;
            for (size_t c = 0; c < HR_LEN(classes) && !found; c++) {
                size_t java_len = strlen(classes[c].java), pcre_len = strlen(classes[c].pcre);
                if (len - i < java_len || memcmp(pattern + i, classes[c].java, java_len))
                    continue;
                bool bracketed = classes[c].pcre[0] == '[';
                hr_buf_add(out, classes[c].pcre + (in_class && bracketed), pcre_len - (in_class && bracketed ? 2 : 0));
                i += java_len - 1;
                found = true;
            }
            if (found)
                continue;
            if (pattern[i + 1] == 'u' && len - i >= 6) {       /* \uhhhh */
                hr_buf_addf(out, "\\x{%.4s}", pattern + i + 2);
                i += 5;
                continue;
            }
            hr_buf_add(out, pattern + i, 2);
            i++;
            continue;
        }
        if (pattern[i] == '[' && in_class) {                   /* a union: [a[bc]] */
            hr_buf_adds(out, "\\[");
            continue;
        }
        if (pattern[i] == '[') {
            in_class = true;
            hr_buf_addc(out, '[');
            if (i + 1 < len && pattern[i + 1] == '^')
                hr_buf_addc(out, pattern[++i]);
            continue;
        }
        if (pattern[i] == ']')
            in_class = false;
        hr_buf_addc(out, pattern[i]);
    }
}

/* class unions and intersections mean something else in PCRE2: refused rather than matched wrongly */
static bool has_class_algebra(const char *pattern, size_t len)
{
    bool in_class = false;
    for (size_t i = 0; i < len; i++) {
        if (pattern[i] == '\\')
            i++;
        else if (in_class && (pattern[i] == '[' || (pattern[i] == '&' && i + 1 < len && pattern[i + 1] == '&')))
            return true;
        else if (pattern[i] == '[')
            in_class = true;
        else if (pattern[i] == ']')
            in_class = false;
    }
    return false;
}

struct hr_regex *hr_regex_new(const char *pattern, size_t len)
{
    if (has_class_algebra(pattern, len))
        return NULL;
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    translate(pattern, len, &text);
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
    int code;
    PCRE2_SIZE at;

    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)hr_buf_text(&text), hr_buf_len(&text), PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
    pcre2_compile_context_free(context);
    hr_buf_release(&text);
    if (!compiled)
        return NULL;
    struct hr_regex *regex = calloc(1, sizeof *regex);
    if (!regex) {
        pcre2_code_free(compiled);
        return NULL;
    }
    regex->code = compiled;
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); /* without JIT it still matches */
    pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    return regex;
}

void hr_regex_free(struct hr_regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    free(regex);
}

int hr_regex_group_count(const struct hr_regex *regex)
{
    return (int)regex->groups;
}

bool hr_regex_find(const struct hr_regex *regex, const char *text, size_t len, size_t from, size_t *spans, int groups)
{
    static _Thread_local pcre2_match_data *data;
    static _Thread_local uint32_t data_groups;
    static _Thread_local pcre2_match_context *context;
    if (from > len)
        return false;
    if (!context) {
        context = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(context, MATCH_STEPS_MAX);
    }
    if (!data || data_groups < regex->groups + 1) {
        pcre2_match_data_free(data);
        data_groups = regex->groups + 16;
        data = pcre2_match_data_create(data_groups, NULL);
    }
    int got = pcre2_match(regex->code, (PCRE2_SPTR)(text ? text : ""), len, from, 0, data, context);
    if (got < 0)
        return false;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    for (int g = 0; g < groups; g++) {
        bool part = (uint32_t)g <= regex->groups && (g < got) && ends[2 * g] != PCRE2_UNSET;
        spans[2 * g] = part ? ends[2 * g] : SIZE_MAX;
        spans[2 * g + 1] = part ? ends[2 * g + 1] : SIZE_MAX;
    }
    return true;
}

size_t hr_regex_after(const char *text, size_t len, const size_t *spans)
{
    if (spans[1] > spans[0])
        return spans[1];
    if (spans[1] >= len)
        return SIZE_MAX;
    size_t next = spans[1] + 1;
    while (next < len && ((unsigned char)text[next] & 0xc0) == 0x80)
        next++;
    return next;
}

/* $1, ${name} and \x of Matcher.appendReplacement; a group number takes further digits while such a group exists */
static bool add_replacement(const struct hr_regex *regex, const char *text, const size_t *spans, const char *with, size_t len, struct hr_buf *out)
{
    for (size_t i = 0; i < len; i++) {
        if (with[i] == '\\') {
            if (++i == len)
                return false;
            hr_buf_addc(out, with[i]);
            continue;
        }
        if (with[i] != '$') {
            hr_buf_addc(out, with[i]);
            continue;
        }
        int group = -1;
        if (i + 1 < len && with[i + 1] == '{') {
            const char *end = memchr(with + i, '}', len - i);
            char name[64];
            if (!end || (size_t)(end - with - i - 2) >= sizeof name)
                return false;
            memcpy(name, with + i + 2, (size_t)(end - with - i - 2));
            name[end - with - i - 2] = 0;
            group = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
            i = (size_t)(end - with);
        } else if (i + 1 < len && with[i + 1] >= '0' && with[i + 1] <= '9') {
            group = with[++i] - '0';
            while (i + 1 < len && with[i + 1] >= '0' && with[i + 1] <= '9' && group * 10 + with[i + 1] - '0' <= (int)regex->groups)
                group = group * 10 + (with[++i] - '0');
        }
        if (group < 0 || group > (int)regex->groups)
            return false;
        if (spans[2 * group] != SIZE_MAX)
            hr_buf_add(out, text + spans[2 * group], spans[2 * group + 1] - spans[2 * group]);
    }
    return true;
}

bool hr_regex_replace(const struct hr_regex *regex, const char *text, size_t len, size_t from, const char *with, size_t with_len, struct hr_buf *out)
{
    size_t small[2 * 16], *spans = small, copied = 0;
    int groups = (int)regex->groups + 1;
    if (groups > 16 && !(spans = malloc(2 * sizeof *spans * (size_t)groups)))
        return false;
    bool ok = true;
    for (size_t at = from; ok && at != SIZE_MAX && hr_regex_find(regex, text, len, at, spans, groups); at = hr_regex_after(text, len, spans)) {
        hr_buf_add(out, text + copied, spans[0] - copied);
        ok = add_replacement(regex, text, spans, with, with_len, out);
        copied = spans[1];
    }
    if (ok)
        hr_buf_add(out, text + copied, len - copied);
    if (spans != small)
        free(spans);
    return ok;
}
