/* Hadoop's globs, segment by segment: a segment without glob characters costs no listing. */
#include "blob/backend.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

#define ALTERNATIVES_MAX 1000 /* of all {…} of one pattern together */

/* ---- one segment ---- */

/* the character at *at, which is passed; a byte that is not UTF-8 stands for itself */
static uint32_t take(const char **at)
{
    uint32_t point = (unsigned char)**at;
    size_t len = hr_utf8_next(*at, strnlen(*at, 4), &point);
    *at += len ? len : 1;
    return point;
}

/* a member of a class, written plain or behind a backslash */
static uint32_t take_member(const char **pattern)
{
    if (**pattern == '\\' && (*pattern)[1])
        ++*pattern;
    return take(pattern);
}

static bool match_class(const char **pattern, uint32_t c)
{
    const char *p = *pattern + 1;
    bool negated = *p == '^' || *p == '!', hit = false;
    p += negated;
    for (bool first = true; *p && (*p != ']' || first); first = false) {
        uint32_t low = take_member(&p), high = low;
        if (p[0] == '-' && p[1] && p[1] != ']') {
            p++;
            high = take(&p);
        }
        hit |= c >= low && c <= high;
    }
    *pattern = *p ? p + 1 : p;
    return hit != negated;
}

/* '?' and a class take one character of UTF-8; linear, with one point to go back to */
static bool match(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        const char *p = pattern, *next = text;
        uint32_t c = take(&next);
        size_t len = (size_t)(next - text);
        if (*p == '*') {
            star = ++pattern;
            resume = text;
            continue;
        }
        bool fits = false;
        if (*p == '?') {
            fits = true;
            p++;
        } else if (*p == '[') {
            fits = match_class(&p, c);
        } else if (*p) {
            p += *p == '\\' && p[1];
            fits = *p++ == *text;
            len = 1;
        }
        if (fits) {
            pattern = p;
            text += len;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    return !pattern[strspn(pattern, "*")];
}

/* ---- {a,b}: every alternative is a pattern of its own ---- */

struct patterns {
    const char **at;
    size_t count, cap;
};

/* behind the class that begins at `open`; NULL: it does not end */
static const char *class_end(const char *open)
{
    const char *p = open + 1;
    p += *p == '^' || *p == '!';
    for (bool first = true; *p && (*p != ']' || first); first = false)
        p += *p == '\\' && p[1] ? 2 : 1;
    return *p ? p + 1 : NULL;
}

static enum hr_code check_classes(const char *pattern, struct hr_err *err)
{
    for (const char *p = pattern; *p;) {
        const char *next = p + (*p == '\\' && p[1] ? 2 : 1);
        if (*p == '[')
            next = class_end(p);
        if (!next)
            return hr_fail(err, HR_E_INVALID, "the pattern '%.512s' has a '[' without its ']'",
                           pattern);
        p = next;
    }
    return HR_OK;
}

static enum hr_code expand(struct hr_arena *arena,
                           const char *pattern,
                           struct patterns *out,
                           struct hr_err *err)
{
    const char *open = pattern;
    for (; *open && *open != '{'; open++)
        open += *open == '\\' && open[1];
    if (!*open) {
        if (out->count == out->cap)
            return hr_fail(err, HR_E_LIMIT, "the pattern '%.512s' has more than %d alternatives",
                           pattern, ALTERNATIVES_MAX);
        out->at[out->count++] = pattern;
        return check_classes(pattern, err);
    }
    const char *start = open + 1, *close = start;
    for (int depth = 1; *close; close++) {
        close += *close == '\\' && close[1];
        depth += (*close == '{') - (*close == '}');
        if (!depth)
            break;
    }
    if (!*close)
        return hr_fail(err, HR_E_INVALID, "the pattern '%.512s' has a '{' without its '}'",
                       pattern);
    for (const char *p = start, *from = start;; p++) {
        int depth = 0;
        for (; p < close && !(*p == ',' && !depth); p++) {
            p += *p == '\\' && p[1];
            depth += (*p == '{') - (*p == '}');
        }
        HR_TRY(expand(arena,
                      hr_printf(arena, "%.*s%.*s%s", (int)(open - pattern), pattern,
                                (int)(p - from), from, close + 1),
                      out, err));
        if (p >= close)
            return HR_OK;
        from = p + 1;
    }
}

/* ---- names alone ---- */

enum hr_code hr_blob_names_parse(struct hr_arena *arena,
                                 const char *pattern,
                                 struct hr_blob_names *names,
                                 struct hr_err *err)
{
    struct patterns patterns = {HR_NEW_ARRAY(arena, const char *, ALTERNATIVES_MAX), 0,
                                ALTERNATIVES_MAX};
    HR_TRY(expand(arena, hr_strdup(arena, pattern), &patterns, err));
    *names = (struct hr_blob_names){patterns.at, patterns.count};
    return HR_OK;
}

bool hr_blob_names_fit(const struct hr_blob_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (match(names->patterns[i], name))
            return true;
    return false;
}

/* ---- walking ---- */

struct search {
    struct hr_blob *blob;
    struct hr_arena *arena, *scratch;
    const struct hr_blob_cancel *cancel;
    struct hr_blob_page *found;
    size_t cap;
};

static void add(struct search *search, const struct hr_blob_entry *entry)
{
    struct hr_blob_page *found = search->found;
    if (found->count == search->cap) {
        search->cap = search->cap ? 2 * search->cap : 16;
        struct hr_blob_entry *more = HR_NEW_ARRAY(search->arena, struct hr_blob_entry, search->cap);
        if (found->count)
            memcpy(more, found->entries, found->count * sizeof *more);
        found->entries = more;
    }
    struct hr_blob_entry copy = *entry;
    copy.location = hr_strdup(search->arena, entry->location);
    const char *slash = strrchr(copy.location, '/');
    copy.name = slash ? slash + 1 : copy.location;
    found->entries[found->count++] = copy;
}

static char *unquote(struct hr_arena *arena, const char *text, size_t len)
{
    char *out = hr_strndup(arena, text, len), *to = out;
    for (const char *from = out; *from; from++) {
        from += *from == '\\' && from[1];
        *to++ = *from;
    }
    *to = 0;
    return out;
}

static bool has_wild(const char *segment, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (segment[i] == '\\' && i + 1 < len)
            i++;
        else if (strchr("*?[", segment[i]))
            return true;
    }
    return false;
}

static enum hr_code found_at(struct search *search, const char *location, struct hr_err *err)
{
    struct hr_blob_entry entry = {0};
    HR_TRY(hr_blob_normalize(search->blob, search->scratch, location, &entry.location, err));
    enum hr_code code = hr_blob_stat(search->blob, location, &entry.stat, search->cancel, err);
    if (code == HR_E_NOT_FOUND)
        return HR_OK;
    if (!code)
        add(search, &entry);
    return code;
}

/* folder: exists or not, a literal; rest: the pattern below it, no leading slash */
static enum hr_code descend(struct search *search,
                            const char *folder,
                            const char *rest,
                            struct hr_err *err)
{
    size_t len = strcspn(rest, "/");
    while (*rest && !has_wild(rest, len)) {
        folder = hr_blob_join(search->scratch, folder, unquote(search->scratch, rest, len));
        rest += len + strspn(rest + len, "/");
        len = strcspn(rest, "/");
    }
    if (!*rest)
        return found_at(search, folder, err);
    const char *segment = hr_strndup(search->scratch, rest, len),
               *below = rest + len + strspn(rest + len, "/");
    struct hr_blob_page page;
    enum hr_code code =
        hr_blob_list_all(search->blob, search->scratch, folder, false, &page, search->cancel, err);
    if (code == HR_E_NOT_FOUND || code == HR_E_INVALID)
        return HR_OK; /* no such folder, or a file: nothing below it fits */
    for (size_t i = 0; i < page.count && !code; i++) {
        if (!match(segment, page.entries[i].name))
            continue;
        if (!*below)
            add(search, &page.entries[i]);
        else if (page.entries[i].stat.is_dir)
            code = descend(search, page.entries[i].location, below, err);
    }
    return code;
}

static int by_location(const void *a, const void *b)
{
    return strcmp(((const struct hr_blob_entry *)a)->location,
                  ((const struct hr_blob_entry *)b)->location);
}

/* the part of a location that is never a pattern: scheme and authority, "/" or "" */
static size_t literal_len(const char *location)
{
    const char *authority = hr_blob_is_remote(location) ? strstr(location, "://") : NULL;
    if (!authority)
        return location[0] == '/';
    return (size_t)(authority - location) + 3 + strcspn(authority + 3, "/");
}

enum hr_code hr_blob_glob(struct hr_blob *blob,
                          struct hr_arena *arena,
                          const char *pattern,
                          struct hr_blob_page *matches,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err)
{
    struct search search = {blob, arena, hr_arena_new(NULL), cancel, matches, 0};
    struct patterns patterns = {HR_NEW_ARRAY(search.scratch, const char *, ALTERNATIVES_MAX), 0,
                                ALTERNATIVES_MAX};
    *matches = (struct hr_blob_page){0};
    if (!hr_blob_is_remote(pattern) && !strncmp(pattern, "file:", 5))
        pattern += 5 + (pattern[5] == '/' ? strspn(pattern + 5, "/") - 1 : 0);
    struct hr_blob_place place;
    enum hr_code code = hr_blob_has_glob(pattern)
                            ? HR_OK
                            : hr_blob_place_parse(blob, search.scratch, pattern, &place, err);
    if (!code)
        code = expand(search.scratch, pattern, &patterns, err);
    for (size_t i = 0; i < patterns.count && !code; i++) {
        size_t literal = literal_len(patterns.at[i]);
        const char *root = literal ? hr_strndup(search.scratch, patterns.at[i], literal) : ".";
        const char *rest = patterns.at[i] + literal;
        code = descend(&search, root, rest + strspn(rest, "/"), err);
    }
    hr_arena_free(search.scratch);
    if (code || !matches->count)
        return code;
    qsort(matches->entries, matches->count, sizeof *matches->entries, by_location);
    size_t kept = 1; /* two alternatives may fit the same file */
    for (size_t i = 1; i < matches->count; i++)
        if (strcmp(matches->entries[i].location, matches->entries[kept - 1].location))
            matches->entries[kept++] = matches->entries[i];
    matches->count = kept;
    return HR_OK;
}
