/* Java's regular expressions on PCRE2: regex_translate.c rewrites the pattern. \d \w \s are ASCII
 * in both, since PCRE2_UCP is Java's U flag. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/check.h"
#include "host/value/java_text.h"
#include "host/value/regex_translate.h"
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_STEPS_MAX                                                                           \
    10000000 /* a pattern that backtracks without end fails to match rather than hang the session \
              */

struct hr_regex {
    pcre2_code *code;
    uint32_t groups;
};

struct hr_regex *hr_regex_new(const char *pattern, size_t len)
{
    struct hr_buf text;
    bool unicode;
    hr_buf_init(&text, HR_BUF_GROWS);
    if (!hr_regex_translate(pattern, len, &text, &unicode)) {
        hr_buf_release(&text);
        return NULL;
    }
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (unicode ? PCRE2_UCP : 0);
    int code;
    PCRE2_SIZE at;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)hr_buf_text(&text), hr_buf_len(&text), options,
                                         &code, &at, context);
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

/* what a thread matches with; it goes with the thread */
struct matching {
    pcre2_match_data *data;
    uint32_t groups;
    pcre2_match_context *context;
};

static pthread_key_t matching_key;
static pthread_once_t matching_once = PTHREAD_ONCE_INIT;

static void release_matching(void *arg)
{
    struct matching *matching = arg;
    pcre2_match_data_free(matching->data);
    pcre2_match_context_free(matching->context);
    free(matching);
}

static void make_key(void)
{
    HR_CHECK(!pthread_key_create(&matching_key, release_matching));
}

static struct matching *thread_matching(uint32_t groups)
{
    pthread_once(&matching_once, make_key);
    struct matching *matching = pthread_getspecific(matching_key);
    if (!matching) {
        matching = calloc(1, sizeof *matching);
        HR_CHECK(matching && !pthread_setspecific(matching_key, matching));
        matching->context = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(matching->context, MATCH_STEPS_MAX);
    }
    if (!matching->data || matching->groups < groups) {
        pcre2_match_data_free(matching->data);
        matching->groups = groups + 16;
        matching->data = pcre2_match_data_create(matching->groups, NULL);
    }
    return matching;
}

bool hr_regex_find(const struct hr_regex *regex,
                   const char *text,
                   size_t len,
                   size_t from,
                   size_t *spans,
                   int groups)
{
    if (from > len)
        return false;
    struct matching *matching = thread_matching(regex->groups + 1);
    pcre2_match_data *data = matching->data;
    /* PCRE looks whether the text is UTF-8 from where it starts to the end: once is enough for a
     * text that is searched again and again */
    uint32_t options = from ? PCRE2_NO_UTF_CHECK : 0;
    int got = pcre2_match(regex->code, (PCRE2_SPTR)(text ? text : ""), len, from, options, data,
                          matching->context);
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
    while (next < len && !hr_utf8_starts(text[next]))
        next++;
    return next;
}

/* $1, ${name} and \x of Matcher.appendReplacement; a group number takes further digits while such a
 * group exists */
static bool add_replacement(const struct hr_regex *regex,
                            const char *text,
                            const size_t *spans,
                            const char *with,
                            size_t len,
                            struct hr_buf *out)
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
            char name[HR_REGEX_NAME_MAX + 1];
            if (!end)
                return false;
            hr_regex_group_name(with + i + 2, (size_t)(end - with - i - 2), name);
            group = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
            i = (size_t)(end - with);
        } else if (i + 1 < len && with[i + 1] >= '0' && with[i + 1] <= '9') {
            group = with[++i] - '0';
            while (i + 1 < len &&
                   with[i + 1] >= '0' &&
                   with[i + 1] <= '9' &&
                   group * 10 + with[i + 1] - '0' <= (int)regex->groups)
                group = group * 10 + (with[++i] - '0');
        }
        if (group < 0 || group > (int)regex->groups)
            return false;
        if (spans[2 * group] != SIZE_MAX)
            hr_buf_add(out, text + spans[2 * group], spans[2 * group + 1] - spans[2 * group]);
    }
    return true;
}

bool hr_regex_replace(const struct hr_regex *regex,
                      const char *text,
                      size_t len,
                      size_t from,
                      const char *with,
                      size_t with_len,
                      const struct hr_watch *watch,
                      struct hr_buf *out)
{
    size_t small[2 * 16], *spans = small, copied = 0, told = 0, looked = from;
    int groups = (int)regex->groups + 1;
    if (groups > 16 && !(spans = malloc(2 * sizeof *spans * (size_t)groups)))
        return false;
    bool ok = true;
    for (size_t at = from;
         ok && at != SIZE_MAX && hr_regex_find(regex, text, len, at, spans, groups);
         at = hr_regex_after(text, len, spans)) {
        hr_buf_add(out, text + copied, spans[0] - copied);
        ok = add_replacement(regex, text, spans, with, with_len, out);
        copied = spans[1];
        if (!hr_buf_ok(out))
            break; /* too long: who reads it is told */
        size_t made = hr_buf_len(out);
        if (!ok || !watch || (made - told < HR_WATCH_EVERY && copied - looked < HR_WATCH_EVERY))
            continue;
        ok = watch->go_on(watch->arg, made - told);
        told = made;
        looked = copied;
    }
    if (ok)
        hr_buf_add(out, text + copied, len - copied);
    if (spans != small)
        free(spans);
    return ok;
}
