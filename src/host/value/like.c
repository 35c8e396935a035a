/* Patterns of LIKE: a pattern is read into runs once, and each text is gone through once. What
 * stands before the first % is at the text's start, what stands behind the last at its end, and
 * each part between is where it first can be: an earlier place never spoils a later part. */
#include "host/value/java_text.h"
#include "base/check.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* so many characters of any kind, then bytes of the pattern; `opens` a part: a % stands before it
 */
struct run {
    size_t any;
    size_t at, len;
    bool opens;
};

struct hr_like {
    char *bytes;
    size_t bytes_cap; /* the pattern without its escapes */
    struct run *runs;
    size_t count, cap;
};

/* one text being matched; steps since its watch was asked */
struct matching {
    const struct hr_like *like;
    const struct hr_watch *watch;
    size_t steps;
    bool ended;
};

struct hr_like *hr_like_new(void)
{
    struct hr_like *like = calloc(1, sizeof *like);
    HR_CHECK(like);
    return like;
}

void hr_like_free(struct hr_like *like)
{
    if (!like)
        return;
    free(like->bytes);
    free(like->runs);
    free(like);
}

/* ---- reading ---- */

static size_t point_len(const char *text, size_t len)
{
    size_t n = 1;
    while (n < len && !hr_utf8_starts(text[n]))
        n++;
    return n;
}

static struct run *new_run(struct hr_like *like, size_t at, bool opens)
{
    if (like->count == like->cap) {
        like->cap = like->cap ? 2 * like->cap : 8;
        like->runs = realloc(like->runs, like->cap * sizeof *like->runs);
        HR_CHECK(like->runs);
    }
    like->runs[like->count] = (struct run){.at = at, .opens = opens};
    return &like->runs[like->count++];
}

static bool starts(const char *text, size_t len, const char *with, size_t with_len)
{
    return with_len && len >= with_len && !memcmp(text, with, with_len);
}

enum hr_like_fault hr_like_read(struct hr_like *like,
                                const char *pattern,
                                size_t len,
                                const char *escape,
                                size_t escape_len,
                                size_t *bad,
                                size_t *bad_len)
{
    /* there are bytes for an empty pattern too: it is compared like any other */
    if (like->bytes_cap <= len) {
        free(like->bytes);
        like->bytes = malloc(len + 1);
        HR_CHECK(like->bytes);
        like->bytes_cap = len + 1;
    }
    like->count = 0;
    struct run *run = new_run(like, 0, false);
    size_t made = 0;
    for (size_t at = 0, n; at < len; at += n) {
        bool escaped = starts(pattern + at, len - at, escape, escape_len);
        at += escaped ? escape_len : 0;
        if (at == len)
            return HR_LIKE_ESCAPE_ENDS;
        n = point_len(pattern + at, len - at);
        bool is_wild = pattern[at] == '%' || pattern[at] == '_';
        if (escaped && !is_wild && !starts(pattern + at, n, escape, escape_len)) {
            *bad = at;
            *bad_len = n;
            return HR_LIKE_ESCAPES_OTHER;
        }
        if (escaped || !is_wild) {
            memcpy(like->bytes + made, pattern + at, n);
            made += n;
            run->len += n;
        } else if (pattern[at] == '_') {
            if (run->len)
                run = new_run(like, made, false);
            run->any++;
        } else if (!run->opens || run->any || run->len) /* %% is % */
            run = new_run(like, made, true);
    }
    return HR_LIKE_READ;
}

enum hr_like_shape hr_like_shape(const struct hr_like *like, const char **bytes, size_t *len)
{
    const struct run *first = like->runs, *second = first + 1, *third = first + 2;
    bool plain = true;
    for (size_t i = 0; i < like->count; i++)
        plain = plain && !like->runs[i].any;
    *bytes = like->bytes;
    *len = first->len;
    if (!plain || like->count > 3)
        return HR_LIKE_OTHER;
    if (like->count == 1)
        return HR_LIKE_EQUAL;
    if (like->count == 2 && !second->len)
        return HR_LIKE_PREFIX;
    *len = second->len;
    if (first->len)
        return HR_LIKE_OTHER;
    if (like->count == 2)
        return HR_LIKE_SUFFIX;
    return third->len ? HR_LIKE_OTHER : HR_LIKE_CONTAINS;
}

/* ---- matching ---- */

static bool goes_on(struct matching *m, size_t steps)
{
    m->steps += steps;
    if (m->steps < HR_WATCH_EVERY)
        return !m->ended;
    m->steps = 0;
    m->ended = m->ended || (m->watch && !m->watch->go_on(m->watch->arg, 0));
    return !m->ended;
}

static size_t part_end(const struct hr_like *like, size_t first)
{
    size_t i = first + 1;
    while (i < like->count && !like->runs[i].opens)
        i++;
    return i;
}

/* behind so many characters from `at` on; NULL when there are not so many */
static const char *skip(const char *at, const char *end, size_t characters)
{
    while (characters--) {
        if (at == end)
            return NULL;
        at += point_len(at, (size_t)(end - at));
    }
    return at;
}

static const char *skip_back(const char *from, const char *at, size_t characters)
{
    while (characters--) {
        if (at == from)
            return NULL;
        at--;
        while (at > from && !hr_utf8_starts(*at))
            at--;
    }
    return at;
}

/* the runs, whose first has its characters skipped already, at just this place: behind them, or
 * NULL */
static const char *match_here(struct matching *m,
                              const struct run *run,
                              const struct run *stop,
                              const char *at,
                              const char *end)
{
    for (const struct run *next = run; next < stop; next++) {
        if (next > run)
            at = skip(at, end, next->any);
        if (!at ||
            (size_t)(end - at) < next->len ||
            memcmp(at, m->like->bytes + next->at, next->len))
            return NULL;
        if (!goes_on(m, next->len + next->any))
            return NULL;
        at += next->len;
    }
    return at;
}

/* the runs where they first stand: behind them, or NULL */
static const char *match_first(struct matching *m,
                               const struct run *run,
                               const struct run *stop,
                               const char *at,
                               const char *end)
{
    at = skip(at, end, run->any);
    while (at && goes_on(m, 1)) {
        const char *from = at;
        at = memmem(at, (size_t)(end - at), m->like->bytes + run->at, run->len);
        if (!at || !goes_on(m, (size_t)(at - from)))
            return NULL;
        const char *behind = match_here(m, run, stop, at, end);
        if (behind)
            return behind;
        at++;
    }
    return NULL;
}

/* the runs at the text's end: where they begin, or NULL */
static const char *match_last(const struct hr_like *like,
                              const struct run *run,
                              const struct run *stop,
                              const char *from,
                              const char *end)
{
    while (stop > run) {
        stop--;
        if ((size_t)(end - from) < stop->len ||
            memcmp(end - stop->len, like->bytes + stop->at, stop->len))
            return NULL;
        end = skip_back(from, end - stop->len, stop->any);
        if (!end)
            return NULL;
    }
    return end;
}

bool hr_like_match(const struct hr_like *like,
                   const char *text,
                   size_t len,
                   const struct hr_watch *watch)
{
    struct matching m = {.like = like, .watch = watch};
    const struct run *runs = like->runs, *all = runs + like->count;
    const char *end = text + len, *at = skip(text, end, runs->any);
    size_t part = part_end(like, 0);
    at = at ? match_here(&m, runs, runs + part, at, end) : NULL;
    if (!at || part == like->count)
        return at == end;
    size_t last = like->count - 1;
    while (!runs[last].opens)
        last--;
    end = match_last(like, runs + last, all, at, end);
    if (!end)
        return false;
    for (; at && part < last; part = part_end(like, part))
        at = match_first(&m, runs + part, runs + part_end(like, part), at, end);
    return at != NULL;
}
