/* Strings: positions count code points, as Spark's UTF8String does. */
#include "base/limits.h"
#include "base/utf8.h"
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include "host/value/java_text.h"
#include "wire/uri.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* substring, lpad, rpad, overlay and reverse count bytes in bytes, characters in text */
static bool is_binary(const struct hr_rows *rows)
{
    return rows->types->args[0]->id == HR_TYPE_BINARY;
}

static int64_t text_length(const struct hr_rows *rows, struct hr_text text)
{
    return is_binary(rows) ? (int64_t)text.len : (int64_t)hr_utf8_length(text.bytes, text.len);
}

/* how many bytes the first characters take */
static size_t text_offset(const struct hr_rows *rows, struct hr_text text, size_t characters)
{
    return is_binary(rows) ? characters : hr_utf8_offset(text.bytes, text.len, characters);
}

static struct hr_text text_part(const struct hr_rows *rows,
                                struct hr_text text,
                                int64_t pos,
                                int64_t len)
{
    size_t from, to;
    if (!is_binary(rows)) {
        hr_utf8_substring(text.bytes, text.len, pos, len, &from, &to);
        return (struct hr_text){text.bytes + from, to - from};
    }
    int64_t have = (int64_t)text.len, start = pos > 0 ? pos - 1 : pos;
    if (pos < 0)
        start = have + pos;
    int32_t room = (int32_t)(uint32_t)(have - start); /* wraps around, as Java's does */
    int64_t end = room < len ? have : start + len;
    start = start < 0 ? 0 : start;
    if (start >= end)
        return (struct hr_text){text.bytes, 0};
    return (struct hr_text){text.bytes + start, (size_t)(end - start)};
}

void hr_k_substring(struct hr_rows *rows, idx_t row)
{
    struct hr_text part = text_part(rows, hr_row_text(rows, 0, row), HR_ROW(rows, 1, row, int32_t),
                                    HR_ROW(rows, 2, row, int32_t));
    hr_out_text(rows, row, part.bytes, part.len);
}

static const char *find(const char *text, size_t len, const char *part, size_t part_len)
{
    return part_len ? memmem(text, len, part, part_len) : text;
}

/* locate(part, text, from): from 0 or less is 0 */
void hr_k_locate(struct hr_rows *rows, idx_t row)
{
    struct hr_text part = hr_row_text(rows, 0, row), text = hr_row_text(rows, 1, row);
    int32_t from = HR_ROW(rows, 2, row, int32_t);
    if (from < 1) {
        HR_OUT(rows, row, int32_t) = 0;
        return;
    }
    size_t start = hr_utf8_offset(text.bytes, text.len, (size_t)from - 1);
    const char *hit =
        start > text.len ? NULL : find(text.bytes + start, text.len - start, part.bytes, part.len);
    HR_OUT(rows, row, int32_t) =
        !part.len ? 1
        : hit     ? (int32_t)hr_utf8_length(text.bytes, (size_t)(hit - text.bytes)) + 1
                  : 0;
}

void hr_k_chr(struct hr_rows *rows, idx_t row)
{
    int64_t n = HR_ROW(rows, 0, row, int64_t);
    char out[4];
    hr_out_text(rows, row, out, n < 0 ? 0 : hr_utf8_put(out, (unsigned)(n & 0xFF)));
}

void hr_k_find_in_set(struct hr_rows *rows, idx_t row)
{
    struct hr_text word = hr_row_text(rows, 0, row), list = hr_row_text(rows, 1, row);
    int32_t index = 0;
    if (!memchr(word.bytes, ',', word.len)) {
        int32_t n = 1;
        for (size_t from = 0; from <= list.len && !index; n++) {
            const char *comma = memchr(list.bytes + from, ',', list.len - from);
            size_t to = comma ? (size_t)(comma - list.bytes) : list.len;
            if (to - from == word.len && !memcmp(list.bytes + from, word.bytes, word.len))
                index = n;
            from = to + 1;
        }
    }
    HR_OUT(rows, row, int32_t) = index;
}

void hr_k_format_number(struct hr_rows *rows, idx_t row)
{
    const struct hr_type *type = rows->types->args[0];
    int places = HR_ROW(rows, 1, row, int32_t);
    if (places < 0) {
        hr_out_null(rows, row);
        return;
    }
    if (!hr_kernel_room(rows, 2 * (uint64_t)places))
        return;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    switch (type->id) {
    case HR_TYPE_BYTE:
        hr_format_decimal(HR_ROW(rows, 0, row, int8_t), 0, places, &buf);
        break;
    case HR_TYPE_SHORT:
        hr_format_decimal(HR_ROW(rows, 0, row, int16_t), 0, places, &buf);
        break;
    case HR_TYPE_INT:
        hr_format_decimal(HR_ROW(rows, 0, row, int32_t), 0, places, &buf);
        break;
    case HR_TYPE_LONG:
        hr_format_decimal(HR_ROW(rows, 0, row, int64_t), 0, places, &buf);
        break;
    case HR_TYPE_FLOAT:
        hr_format_number((double)HR_ROW(rows, 0, row, float), places, &buf);
        break;
    case HR_TYPE_DECIMAL:
        hr_format_decimal(hr_decimal_at(rows->data[0], type, row), type->scale, places, &buf);
        break;
    default:
        hr_format_number(HR_ROW(rows, 0, row, double), places, &buf);
        break;
    }
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

static struct hr_argument argument_at(struct hr_rows *rows,
                                      size_t arg,
                                      idx_t row,
                                      struct hr_arena *arena)
{
    const struct hr_type *type = rows->types->args[arg];
    struct hr_argument out = {.kind = HR_ARG_INTEGER, .bits = 32};
    if (hr_row_is_null(rows, arg, row) || type->id == HR_TYPE_VOID)
        return (struct hr_argument){.kind = HR_ARG_NULL};
    switch (type->id) {
    case HR_TYPE_BYTE:
        out.integer = HR_ROW(rows, arg, row, int8_t);
        out.bits = 8;
        return out;
    case HR_TYPE_SHORT:
        out.integer = HR_ROW(rows, arg, row, int16_t);
        out.bits = 16;
        return out;
    /* days, months and microseconds are the numbers that they are inside of Spark */
    case HR_TYPE_INT:
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        out.integer = HR_ROW(rows, arg, row, int32_t);
        return out;
    case HR_TYPE_LONG:
    case HR_TYPE_TIMESTAMP:
    case HR_TYPE_TIMESTAMP_NTZ:
    case HR_TYPE_DAY_TIME:
        out.integer = HR_ROW(rows, arg, row, int64_t);
        out.bits = 64;
        return out;
    case HR_TYPE_FLOAT:
        return (struct hr_argument){
            .kind = HR_ARG_REAL, .bits = 32, .real = (double)HR_ROW(rows, arg, row, float)};
    case HR_TYPE_DOUBLE:
        return (struct hr_argument){
            .kind = HR_ARG_REAL, .bits = 64, .real = HR_ROW(rows, arg, row, double)};
    case HR_TYPE_BOOLEAN:
        return (struct hr_argument){.kind = HR_ARG_BOOLEAN,
                                    .boolean = HR_ROW(rows, arg, row, bool)};
    default:
        break;
    }
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_value_text(rows->args[arg], row, type, rows->types->zone, HR_TEXT_CAST, &buf);
    out = (struct hr_argument){.kind = type->id == HR_TYPE_STRING ? HR_ARG_TEXT : HR_ARG_OTHER};
    if (type->id == HR_TYPE_DECIMAL)
        out.class = "org.apache.spark.sql.types.Decimal";
    if (hr_buf_whole(rows, &buf)) {
        out.len = hr_buf_len(&buf);
        out.text = hr_strndup(arena, hr_buf_text(&buf), out.len);
    }
    hr_buf_release(&buf);
    return out;
}

void hr_k_format_string(struct hr_rows *rows, idx_t row)
{
    if (hr_row_is_null(rows, 0, row)) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_text format = hr_row_text(rows, 0, row);
    struct hr_argument *args = HR_NEW_ARRAY(arena, struct hr_argument, rows->arg_count);
    for (size_t i = 1; i < rows->arg_count; i++)
        args[i - 1] = argument_at(rows, i, row, arena);
    if (rows->failed) {
        hr_arena_free(arena);
        return;
    }
    struct hr_buf buf;
    char problem[HR_FORMAT_PROBLEM_MAX];
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    if (hr_java_format(format.bytes, format.len, args, rows->arg_count - 1, &buf, problem))
        hr_out_buf(rows, row, &buf);
    else {
        struct hr_err err;
        hr_fail_spark(&err, "java.lang.IllegalArgumentException", "message", problem, NULL);
        hr_kernel_fail(rows, &err);
    }
    hr_buf_release(&buf);
    hr_arena_free(arena);
}

static void cased(
    struct hr_rows *rows,
    idx_t row,
    void (*map)(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out))
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    map(text.bytes, text.len, &watch, &buf);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

void hr_k_upper(struct hr_rows *rows, idx_t row)
{
    cased(rows, row, hr_text_upper);
}
void hr_k_lower(struct hr_rows *rows, idx_t row)
{
    cased(rows, row, hr_text_lower);
}
void hr_k_initcap(struct hr_rows *rows, idx_t row)
{
    cased(rows, row, hr_text_initcap);
}

/* -1: the kernel has failed */
static int distance_of(struct hr_rows *rows, idx_t row, int most)
{
    struct hr_text a = hr_row_text(rows, 0, row), b = hr_row_text(rows, 1, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    if (!hr_kernel_made(rows, a.len * sizeof(uint32_t) + b.len * (sizeof(uint32_t) + sizeof(int))))
        return -1;
    int distance = hr_levenshtein(a.bytes, a.len, b.bytes, b.len, most, &watch);
    if (distance < 0 && !rows->failed) {
        struct hr_err err;
        hr_fail(&err, HR_E_NOMEM, "no memory for the distance of texts of %zu and %zu bytes", a.len,
                b.len);
        hr_kernel_fail(rows, &err);
    }
    return distance;
}

void hr_k_levenshtein(struct hr_rows *rows, idx_t row)
{
    HR_OUT(rows, row, int32_t) = distance_of(rows, row, INT32_MAX);
}

void hr_k_levenshtein_most(struct hr_rows *rows, idx_t row)
{
    int32_t most = HR_ROW(rows, 2, row, int32_t);
    int distance = most < 0 ? -1 : distance_of(rows, row, most);
    HR_OUT(rows, row, int32_t) = distance > most ? -1 : distance;
}

void hr_k_soundex(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_soundex(text.bytes, text.len, &buf);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

/* A text of `len` bytes, made in memory of its own before the vector takes it: both are counted
 * first. NULL: there is no room. */
static char *new_text(struct hr_rows *rows, uint64_t len)
{
    struct hr_err err;
    if (!hr_kernel_room(rows, 2 * len))
        return NULL;
    if (len > HR_FUNCTION_TEXT_MAX) {
        hr_fail(&err, HR_E_LIMIT,
                "a text that the function %s makes has %llu bytes, and may have %zu", rows->name,
                (unsigned long long)len, HR_FUNCTION_TEXT_MAX);
        hr_kernel_fail(rows, &err);
        return NULL;
    }
    char *text = malloc(len + 1);
    if (!text) {
        hr_fail(&err, HR_E_NOMEM, "no memory for a text of %llu bytes", (unsigned long long)len);
        hr_kernel_fail(rows, &err);
    }
    return text;
}

static void put_text(struct hr_rows *rows, idx_t row, char *text, size_t len)
{
    duckdb_vector_assign_string_element_len(rows->result, row, text, len);
    free(text);
}

/* texts or bytes, one behind the other */
void hr_k_concat(struct hr_rows *rows, idx_t row)
{
    char few[512], *made = few, *out;
    uint64_t len = 0;
    for (size_t i = 0; i < rows->arg_count; i++)
        len += hr_row_text(rows, i, row).len;
    if (len > sizeof few && !(made = new_text(rows, len)))
        return;
    out = made;
    for (size_t i = 0; i < rows->arg_count; i++) {
        struct hr_text part = hr_row_text(rows, i, row);
        out = (char *)mempcpy(out, part.bytes, part.len);
    }
    if (made == few)
        hr_out_text(rows, row, few, len);
    else
        put_text(rows, row, made, len);
}

struct joined {
    char *out;
    uint64_t len;
    size_t count;
};

/* one more text behind those before it; without `out` its length is counted alone */
static void join_one(struct joined *all, struct hr_text between, struct hr_text part)
{
    if (all->out) {
        all->out = all->count ? (char *)mempcpy(all->out, between.bytes, between.len) : all->out;
        all->out = (char *)mempcpy(all->out, part.bytes, part.len);
    }
    all->len += part.len + (all->count ? between.len : 0);
    all->count++;
}

/* the texts of an array; null is left out unless there is a text for it */
static void join_list(struct hr_rows *rows,
                      size_t arg,
                      idx_t row,
                      struct hr_text between,
                      const struct hr_text *for_null,
                      struct joined *all)
{
    duckdb_list_entry entry = HR_ROW(rows, arg, row, duckdb_list_entry);
    duckdb_vector child = duckdb_list_vector_get_child(rows->args[arg]);
    uint64_t *valid = duckdb_vector_get_validity(child);
    duckdb_string_t *texts = duckdb_vector_get_data(child);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (!valid || duckdb_validity_row_is_valid(valid, i))
            join_one(all, between,
                     (struct hr_text){duckdb_string_t_data(&texts[i]),
                                      duckdb_string_t_length(texts[i])});
        else if (for_null)
            join_one(all, between, *for_null);
    }
}

static void join_array(struct hr_rows *rows, idx_t row, struct joined *all)
{
    struct hr_text for_null = {0};
    if (rows->arg_count == 3)
        for_null = hr_row_text(rows, 2, row);
    join_list(rows, 0, row, hr_row_text(rows, 1, row), rows->arg_count == 3 ? &for_null : NULL,
              all);
}

/* concat_ws: texts and arrays of them behind the separator, without those that are null */
static void join_arguments(struct hr_rows *rows, idx_t row, struct joined *all)
{
    struct hr_text between = hr_row_text(rows, 0, row);
    for (size_t i = 1; i < rows->arg_count; i++) {
        if (hr_row_is_null(rows, i, row))
            continue;
        if (rows->types->args[i]->id == HR_TYPE_ARRAY)
            join_list(rows, i, row, between, NULL, all);
        else
            join_one(all, between, hr_row_text(rows, i, row));
    }
}

/* what `join_all` joins: counted first, then written into room that was asked for */
static void join_texts(struct hr_rows *rows,
                       idx_t row,
                       void (*join_all)(struct hr_rows *rows, idx_t row, struct joined *all))
{
    struct joined counted = {0}, written = {0};
    join_all(rows, row, &counted);
    if (!counted.len) {
        hr_out_text(rows, row, "", 0);
        return;
    }
    char *made = new_text(rows, counted.len);
    if (!made)
        return;
    written.out = made;
    join_all(rows, row, &written);
    put_text(rows, row, made, counted.len);
}

/* join(texts, between[, for null]): nulls are left out unless there is a text for them */
void hr_k_join(struct hr_rows *rows, idx_t row)
{
    join_texts(rows, row, join_array);
}

void hr_k_concat_ws(struct hr_rows *rows, idx_t row)
{
    if (hr_row_is_null(rows, 0, row))
        hr_out_null(rows, row);
    else
        join_texts(rows, row, join_arguments);
}

/* len bytes of `unit` again and again */
static void fill(char *out, size_t len, struct hr_text unit)
{
    size_t done = unit.len < len ? unit.len : len;
    memcpy(out, unit.bytes, done);
    for (; done < len; done += done < len - done ? done : len - done)
        memcpy(out + done, out, done < len - done ? done : len - done);
}

void hr_k_repeat(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    int32_t times = HR_ROW(rows, 1, row, int32_t);
    uint64_t len = times > 0 ? text.len * (uint64_t)times : 0;
    if (!len) {
        hr_out_text(rows, row, "", 0);
        return;
    }
    char *made = new_text(rows, len);
    if (!made)
        return;
    fill(made, len, text);
    put_text(rows, row, made, len);
}

/* replace(text, part, with): no part, no change */
void hr_k_replace(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), part = hr_row_text(rows, 1, row),
                   with = hr_row_text(rows, 2, row);
    const char *end = text.bytes + text.len, *at = text.bytes, *hit;
    uint64_t count = 0;
    for (const char *p = text.bytes;
         part.len && (p = memmem(p, (size_t)(end - p), part.bytes, part.len)); p += part.len)
        count++;
    if (!count) {
        hr_out_text(rows, row, text.bytes, text.len);
        return;
    }
    uint64_t len = text.len - count * part.len + count * with.len;
    char *made = new_text(rows, len), *out = made;
    if (!made)
        return;
    for (; (hit = memmem(at, (size_t)(end - at), part.bytes, part.len)); at = hit + part.len) {
        out = (char *)mempcpy(out, at, (size_t)(hit - at));
        out = (char *)mempcpy(out, with.bytes, with.len);
    }
    memcpy(out, at, (size_t)(end - at));
    put_text(rows, row, made, len);
}

static void pad(struct hr_rows *rows, idx_t row, bool left)
{
    struct hr_text text = hr_row_text(rows, 0, row), fill_text = hr_row_text(rows, 2, row);
    int64_t want = HR_ROW(rows, 1, row, int32_t), have = text_length(rows, text);
    if (want <= have || !fill_text.len) {
        size_t keep = want <= 0      ? 0
                      : want >= have ? text.len
                                     : text_offset(rows, text, (size_t)want);
        hr_out_text(rows, row, text.bytes, keep);
        return;
    }
    int64_t missing = want - have, unit = text_length(rows, fill_text);
    size_t padding = (size_t)(missing / unit) * fill_text.len +
                     text_offset(rows, fill_text, (size_t)(missing % unit));
    char *made = new_text(rows, padding + text.len);
    if (!made)
        return;
    fill(left ? made : made + text.len, padding, fill_text);
    memcpy(left ? made + padding : made, text.bytes, text.len);
    put_text(rows, row, made, padding + text.len);
}

void hr_k_lpad(struct hr_rows *rows, idx_t row)
{
    pad(rows, row, true);
}
void hr_k_rpad(struct hr_rows *rows, idx_t row)
{
    pad(rows, row, false);
}

/* substring(text, 1, pos - 1) || with || substring(text, pos + length) */
void hr_k_overlay(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), with = hr_row_text(rows, 1, row);
    int32_t pos = HR_ROW(rows, 2, row, int32_t), len = HR_ROW(rows, 3, row, int32_t);
    int64_t length = len >= 0 ? len : text_length(rows, with);
    struct hr_text before = text_part(rows, text, 1, (int64_t)pos - 1),
                   behind = text_part(rows, text, (int64_t)pos + length, INT32_MAX);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_buf_add(&buf, before.bytes, before.len);
    hr_buf_add(&buf, with.bytes, with.len);
    hr_buf_add(&buf, behind.bytes, behind.len);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

void hr_k_reverse(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    for (size_t to = text.len; to && hr_kernel_step(rows);) {
        size_t from = to - 1;
        while (!is_binary(rows) && from && !hr_utf8_starts(text.bytes[from]))
            from--;
        hr_buf_add(&buf, text.bytes + from, to - from);
        to = from;
    }
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

void hr_k_split_part(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), by = hr_row_text(rows, 1, row);
    int32_t n = HR_ROW(rows, 2, row, int32_t);
    struct hr_err err;
    if (!n) {
        hr_fail_spark(&err, "INVALID_INDEX_OF_ZERO", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    int32_t parts = 1;
    for (size_t at = 0; by.len && at < text.len; parts++) {
        const char *hit = find(text.bytes + at, text.len - at, by.bytes, by.len);
        if (!hit)
            break;
        at = (size_t)(hit - text.bytes) + by.len;
    }
    int32_t want = n > 0 ? n : parts + n + 1;
    if (want < 1 || want > parts) {
        hr_out_text(rows, row, "", 0);
        return;
    }
    size_t from = 0;
    for (int32_t i = 1; i < want; i++)
        from = (size_t)(find(text.bytes + from, text.len - from, by.bytes, by.len) - text.bytes) +
               by.len;
    const char *end = by.len ? find(text.bytes + from, text.len - from, by.bytes, by.len) : NULL;
    hr_out_text(rows, row, text.bytes + from,
                end ? (size_t)(end - text.bytes) - from : text.len - from);
}

void hr_k_substring_index(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), by = hr_row_text(rows, 1, row);
    size_t from, to;
    struct hr_watch watch = hr_kernel_watching(rows);
    hr_substring_index(text.bytes, text.len, by.bytes, by.len, HR_ROW(rows, 2, row, int32_t),
                       &watch, &from, &to);
    hr_out_text(rows, row, text.bytes + from, to - from);
}

static size_t point_len(const struct hr_text *text, size_t at)
{
    size_t n = 1;
    while (at + n < text->len && !hr_utf8_starts(text->bytes[at + n]))
        n++;
    return n;
}

void hr_k_translate(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), from = hr_row_text(rows, 1, row),
                   to = hr_row_text(rows, 2, row);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    for (size_t at = 0; at < text.len && hr_kernel_step(rows);) {
        size_t n = point_len(&text, at), f = 0, t = 0;
        /* the first of equal characters counts */
        while (f < from.len && hr_kernel_step(rows)) {
            size_t m = point_len(&from, f);
            if (m == n && !memcmp(from.bytes + f, text.bytes + at, n))
                break;
            f += m;
            t += t < to.len ? point_len(&to, t) : 0;
        }
        if (f >= from.len)
            hr_buf_add(&buf, text.bytes + at, n);
        else if (t < to.len)
            hr_buf_add(&buf, to.bytes + t, point_len(&to, t));
        at += n;
    }
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

/* java.net.URLEncoder: letters, digits and .-*_ stay, a space is a plus sign */
void hr_k_url_encode(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    for (size_t i = 0; i < text.len && hr_kernel_step(rows); i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        bool plain = (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') ||
                     (c && strchr(".-*_", c));
        if (plain)
            hr_buf_addc(&buf, (char)c);
        else if (c == ' ')
            hr_buf_addc(&buf, '+');
        else
            hr_buf_addf(&buf, "%%%02X", c);
    }
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

static void url_decode(struct hr_rows *rows, idx_t row, bool strict)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    bool bad = !hr_uri_decode(&buf, text.bytes, text.len, ' ') && hr_buf_ok(&buf);
    if (bad && !strict) {
        hr_out_null(rows, row);
    } else if (bad) {
        struct hr_err err;
        struct hr_arena *scratch = hr_arena_new(NULL);
        const char *url = hr_printf(scratch, "%.*s", (int)text.len, text.bytes);
        hr_fail_spark(&err, "CANNOT_DECODE_URL", "url", url, NULL);
        hr_arena_free(scratch);
        hr_kernel_fail(rows, &err);
    } else
        hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

void hr_k_url_decode(struct hr_rows *rows, idx_t row)
{
    url_decode(rows, row, true);
}
void hr_k_try_url_decode(struct hr_rows *rows, idx_t row)
{
    url_decode(rows, row, false);
}
