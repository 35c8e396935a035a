/* Regular expressions, Java's (value/java_text.h). A pattern is mostly constant: each thread keeps
 * the last ones compiled. */
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include "host/engine/functions/set.h"
#include "host/value/java_text.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 8

struct kept {
    char *pattern;
    size_t len;
    struct hr_regex *regex;
    uint64_t used;
};

/* what a thread keeps goes with it: threads of the engine come and go with queries */
static pthread_key_t kept_key;
static pthread_once_t kept_once = PTHREAD_ONCE_INIT;

static void release_kept(void *arg)
{
    struct kept *kept = arg;
    for (size_t i = 0; i < KEPT; i++) {
        free(kept[i].pattern);
        hr_regex_free(kept[i].regex);
    }
    free(kept);
}

static void make_key(void)
{
    HR_CHECK(!pthread_key_create(&kept_key, release_kept));
}

static struct kept *thread_kept(void)
{
    pthread_once(&kept_once, make_key);
    struct kept *kept = pthread_getspecific(kept_key);
    if (!kept) {
        kept = calloc(KEPT, sizeof *kept);
        HR_CHECK(kept && !pthread_setspecific(kept_key, kept));
    }
    return kept;
}

static const struct hr_regex *compiled(struct hr_rows *rows,
                                       struct hr_text pattern,
                                       const char *function)
{
    struct kept *kept = thread_kept();
    static _Thread_local uint64_t clock;
    /* the one used longest ago: a function with two patterns keeps both */
    struct kept *slot = &kept[0];
    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i].regex &&
            kept[i].len == pattern.len &&
            !memcmp(kept[i].pattern, pattern.bytes, pattern.len)) {
            kept[i].used = ++clock;
            return kept[i].regex;
        }
        if (kept[i].used < slot->used)
            slot = &kept[i];
    }
    struct hr_regex *regex = hr_regex_new(pattern.bytes, pattern.len);
    if (!regex) {
        struct hr_err err;
        struct hr_arena *scratch = hr_arena_new(NULL);
        hr_fail_spark(&err, "INVALID_PARAMETER_VALUE.PATTERN", "parameter", "`regexp`",
                      "functionName", function, "value",
                      hr_printf(scratch, "'%.*s'", (int)pattern.len, pattern.bytes), NULL);
        hr_arena_free(scratch);
        hr_kernel_fail(rows, &err);
        return NULL;
    }
    free(slot->pattern);
    hr_regex_free(slot->regex);
    *slot = (struct kept){malloc(pattern.len + 1), pattern.len, regex, ++clock};
    if (slot->pattern)
        memcpy(slot->pattern, pattern.bytes, pattern.len);
    else
        slot->len = SIZE_MAX; /* never found again */
    return regex;
}

void hr_k_rlike(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *regex = compiled(rows, hr_row_text(rows, 1, row), "`rlike`");
    size_t spans[2];
    if (regex)
        HR_OUT(rows, row, bool) = hr_regex_find(regex, text.bytes, text.len, 0, spans, 1);
}

/* a group that the pattern lacks, a $ or \\ with nothing behind it */
static void bad_replacement(struct hr_rows *rows, idx_t row, struct hr_err *err)
{
    static const char *const names[] = {"source", "pattern", "replacement"};
    const char *texts[3];
    char position[16];
    struct hr_arena *scratch = hr_arena_new(NULL);
    for (size_t i = 0; i < HR_LEN(names); i++) {
        struct hr_text text = hr_row_text(rows, i, row);
        texts[i] = hr_strndup(scratch, text.bytes, text.len);
    }
    snprintf(position, sizeof position, "%d", HR_ROW(rows, 3, row, int32_t));
    hr_fail_spark(err, "INVALID_REGEXP_REPLACE", names[0], texts[0], names[1], texts[1], names[2],
                  texts[2], "position", position, NULL);
    hr_arena_free(scratch);
}

void hr_k_regexp_replace(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), with = hr_row_text(rows, 2, row);
    const struct hr_regex *regex = compiled(rows, hr_row_text(rows, 1, row), "`regexp_replace`");
    if (!regex)
        return;
    int32_t position = HR_ROW(rows, 3, row, int32_t);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    struct hr_watch watch = hr_kernel_watching(rows);
    size_t from = position > 1 ? hr_utf8_offset(text.bytes, text.len, (size_t)position - 1) : 0;
    if (hr_regex_replace(regex, text.bytes, text.len, from, with.bytes, with.len, &watch, &buf))
        hr_out_buf(rows, row, &buf);
    else if (!rows->failed) {
        struct hr_err err;
        bad_replacement(rows, row, &err);
        hr_kernel_fail(rows, &err);
    }
    hr_buf_release(&buf);
}

static bool group_ok(struct hr_rows *rows,
                     const struct hr_regex *regex,
                     int group,
                     const char *function)
{
    int count = hr_regex_group_count(regex);
    if (group >= 0 && group <= count)
        return true;
    struct hr_err err;
    char index[16], most[16];
    snprintf(index, sizeof index, "%d", group);
    snprintf(most, sizeof most, "%d", count);
    hr_fail_spark(&err, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "parameter", "`idx`",
                  "functionName", function, "groupCount", most, "groupIndex", index, NULL);
    hr_kernel_fail(rows, &err);
    return false;
}

#define LOOK_EVERY (1 << 16) /* matches, before it is asked whether to stop */

/* where a match and its groups stand: two places a group, as many as the pattern has */
struct spans {
    size_t few[2 * 16], *at;
    int count;
};

static size_t *spans_for(const struct hr_regex *regex, struct spans *spans)
{
    spans->count = hr_regex_group_count(regex) + 1;
    spans->at = spans->count > 16 ? malloc(2 * sizeof(size_t) * (size_t)spans->count) : spans->few;
    HR_CHECK(spans->at);
    return spans->at;
}

static void spans_release(struct spans *spans)
{
    if (spans->at != spans->few)
        free(spans->at);
}

void hr_k_regexp_extract(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *regex = compiled(rows, hr_row_text(rows, 1, row), "`regexp_extract`");
    int group = HR_ROW(rows, 2, row, int32_t);
    if (!regex || !group_ok(rows, regex, group, "`regexp_extract`"))
        return;
    struct spans found;
    const size_t *spans = spans_for(regex, &found);
    bool took = hr_regex_find(regex, text.bytes, text.len, 0, found.at, found.count) &&
                spans[2 * group] != SIZE_MAX;
    hr_out_text(rows, row, took ? text.bytes + spans[2 * group] : "",
                took ? spans[2 * group + 1] - spans[2 * group] : 0);
    spans_release(&found);
}

/* ---- lists of strings: appended to the result's child ---- */

void hr_k_regexp_extract_all(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *regex =
        compiled(rows, hr_row_text(rows, 1, row), "`regexp_extract_all`");
    int group = HR_ROW(rows, 2, row, int32_t);
    if (!regex || !group_ok(rows, regex, group, "`regexp_extract_all`"))
        return;
    struct spans found;
    size_t *spans = spans_for(regex, &found);
    struct list_out list = list_begin(rows, row);
    for (size_t from = 0; from != SIZE_MAX &&
                          !rows->failed &&
                          hr_regex_find(regex, text.bytes, text.len, from, spans, found.count);
         from = hr_regex_after(text.bytes, text.len, spans)) {
        bool took = spans[2 * group] != SIZE_MAX;
        list_add(&list, took ? text.bytes + spans[2 * group] : "",
                 took ? spans[2 * group + 1] - spans[2 * group] : 0);
    }
    list_end(&list);
    spans_release(&found);
}

void hr_k_regexp_count(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *regex = compiled(rows, hr_row_text(rows, 1, row), "`regexp_count`");
    size_t spans[2];
    int32_t count = 0;
    for (size_t from = 0;
         regex && from != SIZE_MAX && hr_regex_find(regex, text.bytes, text.len, from, spans, 1);
         from = hr_regex_after(text.bytes, text.len, spans)) {
        count++;
        if (count % LOOK_EVERY == 0 && !hr_kernel_room(rows, 0))
            return;
    }
    HR_OUT(rows, row, int32_t) = count;
}

/* Java counts the units of UTF-16: two where UTF-8 has four bytes */
static int32_t utf16_length(const char *text, size_t len)
{
    size_t units = hr_utf8_length(text, len);
    for (size_t i = 0; i < len; i++)
        units += (unsigned char)text[i] >= 0xF0;
    return (int32_t)units;
}

void hr_k_regexp_instr(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *regex = compiled(rows, hr_row_text(rows, 1, row), "`regexp_instr`");
    size_t spans[2];
    bool found = regex && hr_regex_find(regex, text.bytes, text.len, 0, spans, 1);
    HR_OUT(rows, row, int32_t) = found ? utf16_length(text.bytes, spans[0]) + 1 : 0;
}

/* String.split(regex, limit), but an empty match at the start makes no part, and limit 0 is as -1:
 * trailing empty strings stay */
void hr_k_split(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), pattern = hr_row_text(rows, 1, row);
    int32_t limit = HR_ROW(rows, 2, row, int32_t);
    struct list_out list = list_begin(rows, row);
    size_t spans[2], start = 0;
    if (!pattern.len) { /* every character by itself */
        for (size_t at = 0; at < text.len && !rows->failed;) {
            size_t n = hr_utf8_offset(text.bytes + at, text.len - at, 1);
            if (limit > 0 && (idx_t)limit == list.count + 1)
                n = text.len - at;
            list_add(&list, text.bytes + at, n);
            at += n;
        }
        if (!text.len)
            list_add(&list, "", 0);
        list_end(&list);
        return;
    }
    const struct hr_regex *regex = compiled(rows, pattern, "`split`");
    if (!regex)
        return;
    for (size_t from = 0; from != SIZE_MAX &&
                          !rows->failed &&
                          hr_regex_find(regex, text.bytes, text.len, from, spans, 1);
         from = hr_regex_after(text.bytes, text.len, spans)) {
        if (limit > 0 && list.count + 1 >= (idx_t)limit)
            break;
        if (spans[1] == 0) /* an empty match at the start */
            continue;
        list_add(&list, text.bytes + start, spans[0] - start);
        start = spans[1];
    }
    list_add(&list, text.bytes + start, text.len - start);
    list_end(&list);
}

/* ---- str_to_map ---- */

static void put_entry(struct hr_rows *rows,
                      idx_t at,
                      struct hr_text pair,
                      const struct hr_regex *delimiter)
{
    size_t span[2];
    duckdb_list_vector_reserve(rows->result, at + 1);
    duckdb_list_vector_set_size(rows->result, at + 1);
    duckdb_vector entry = duckdb_list_vector_get_child(rows->result),
                  value = duckdb_struct_vector_get_child(entry, 1);
    bool parted = hr_regex_find(delimiter, pair.bytes, pair.len, 0, span, 1);
    duckdb_vector_assign_string_element_len(duckdb_struct_vector_get_child(entry, 0), at,
                                            pair.bytes, parted ? span[0] : pair.len);
    if (parted) {
        duckdb_vector_assign_string_element_len(value, at, pair.bytes + span[1],
                                                pair.len - span[1]);
        return;
    }
    duckdb_vector_ensure_validity_writable(value);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(value), at);
}

static void fail_twice(struct hr_rows *rows, const char *key, size_t len)
{
    struct hr_err err;
    struct hr_arena *scratch = hr_arena_new(NULL);
    hr_fail_spark(&err, "DUPLICATED_MAP_KEY", "key", hr_strndup(scratch, key, len),
                  "mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\"", NULL);
    hr_arena_free(scratch);
    hr_kernel_fail(rows, &err);
}

/* str_to_map(text, between pairs, between key and value): the delimiters are patterns */
void hr_k_str_to_map(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    const struct hr_regex *pairs = compiled(rows, hr_row_text(rows, 1, row), "`str_to_map`");
    const struct hr_regex *parts =
        pairs ? compiled(rows, hr_row_text(rows, 2, row), "`str_to_map`") : NULL;
    idx_t start = duckdb_list_vector_get_size(rows->result), count = 0;
    size_t span[2], at_key[2], from = 0, at = 0;
    bool twice;
    struct hr_set keys;
    hr_set_begin(&keys, rows, rows->types->result->key);
    keys.items[0] = (struct hr_set_items){
        duckdb_struct_vector_get_child(duckdb_list_vector_get_child(rows->result), 0), start, 0};
    for (bool more = parts != NULL; more && hr_kernel_made(rows, 2 * sizeof(duckdb_string_t));
         count++) {
        more = at != SIZE_MAX &&
               hr_regex_find(pairs, text.bytes, text.len, at, span, 1) &&
               span[1] > span[0];
        put_entry(rows, start + count,
                  (struct hr_text){text.bytes + from, (more ? span[0] : text.len) - from}, parts);
        if (!hr_set_add(&keys, (uint32_t)count, &twice))
            break;
        if (twice) {
            size_t len = (more ? span[0] : text.len) - from;
            if (hr_regex_find(parts, text.bytes + from, len, 0, at_key, 1))
                len = at_key[0];
            fail_twice(rows, text.bytes + from, len);
            break;
        }
        if (more) {
            from = span[1];
            at = hr_regex_after(text.bytes, text.len, span);
        }
    }
    hr_set_release(&keys);
    ((duckdb_list_entry *)duckdb_vector_get_data(rows->result))[row] =
        (duckdb_list_entry){start, count};
}
