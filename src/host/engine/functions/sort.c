/* Sorting within a row: stable, in Spark's order, stopped within it. Values stand beside their
 * rank (element.h), which settles most comparisons. */
#include "host/engine/functions/element.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include <stdlib.h>
#include <string.h>

struct ranked {
    uint64_t rank;
    idx_t at;
};

struct sorting {
    struct hr_rows *rows;
    const struct hr_type *type;
    duckdb_vector items;
    bool descending;
    struct ranked *values;
    idx_t count;
    sel_t *nulls; /* in the order in which they came */
    idx_t null_count;
};

/* some neighbours of the values, with as much room beside */
struct run {
    struct ranked *values, *spare;
    idx_t count;
};

/* ranks of so many; what all of them are */
static enum hr_rank rank_run(struct sorting *s, const struct run *run, size_t skip)
{
    enum hr_rank all = HR_RANK_WHOLE;
    for (idx_t i = 0; i < run->count && hr_kernel_step(s->rows); i++) {
        struct ranked *value = &run->values[i];
        enum hr_rank rank = hr_element_rank(s->type, s->items, value->at, skip, &value->rank);
        if (s->descending)
            value->rank = ~value->rank;
        all = rank > all ? rank : all;
    }
    return all;
}

/* ---- few values, or those whose ranks are equal: by merging ---- */

/* whether a may stand before b, which came after it */
static inline bool stays(const struct sorting *s, const struct ranked *a, const struct ranked *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank;
    int order = hr_element_compare(s->type, s->items, a->at, s->items, b->at);
    return s->descending ? order >= 0 : order <= 0;
}

/* the sorted from … middle and middle … end, as one to `to` */
static bool merge(
    struct sorting *s, const struct ranked *from, struct ranked *to, idx_t middle, idx_t end)
{
    idx_t a = 0, b = middle;
    /* what is sorted already is moved as it is */
    if (middle == end || stays(s, &from[middle - 1], &from[middle])) {
        memcpy(to, from, end * sizeof *to);
        return hr_kernel_step(s->rows);
    }
    for (idx_t i = 0; i < end; i++) {
        if (!hr_kernel_step(s->rows))
            return false;
        bool first = b == end || (a < middle && stays(s, &from[a], &from[b]));
        to[i] = from[first ? a++ : b++];
    }
    return true;
}

/* runs of twice the width from runs of the width, until there is one */
static bool merge_sort(struct sorting *s, const struct run *run)
{
    struct ranked *from = run->values, *to = run->spare;
    for (idx_t width = 1; width < run->count; width *= 2) {
        for (idx_t start = 0; start < run->count; start += 2 * width) {
            idx_t rest = run->count - start, end = rest < 2 * width ? rest : 2 * width;
            idx_t middle = width < end ? width : end;
            if (!merge(s, from + start, to + start, middle, end))
                return false;
        }
        struct ranked *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != run->values)
        memcpy(run->values, from, run->count * sizeof *from);
    return true;
}

/* ---- many values: by the bytes of their ranks, the last first ---- */

#define BYTE_VALUES 256
#define RANK_BYTES sizeof(uint64_t)
#define MANY 256 /* from here on by bytes */

static bool sort_by_byte(struct sorting *s,
                         const struct ranked *from,
                         struct ranked *to,
                         idx_t count,
                         unsigned shift,
                         const idx_t counts[static BYTE_VALUES])
{
    idx_t next[BYTE_VALUES], start = 0;
    for (size_t byte = 0; byte < BYTE_VALUES; byte++) {
        next[byte] = start;
        start += counts[byte];
    }
    for (idx_t i = 0; i < count; i++) {
        if (!hr_kernel_step(s->rows))
            return false;
        to[next[from[i].rank >> shift & 0xff]++] = from[i];
    }
    return true;
}

static bool byte_sort(struct sorting *s, const struct run *run)
{
    idx_t counts[RANK_BYTES][BYTE_VALUES] = {{0}};
    struct ranked *from = run->values, *to = run->spare;
    for (idx_t i = 0; i < run->count; i++)
        for (size_t byte = 0; byte < RANK_BYTES; byte++)
            counts[byte][from[i].rank >> (8 * byte) & 0xff]++;
    for (size_t byte = 0; byte < RANK_BYTES; byte++) {
        unsigned shift = 8 * (unsigned)byte;
        if (counts[byte][from[0].rank >> shift & 0xff] == run->count)
            continue; /* it is the same in all */
        if (!sort_by_byte(s, from, to, run->count, shift, counts[byte]))
            return false;
        struct ranked *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != run->values)
        memcpy(run->values, from, run->count * sizeof *from);
    return true;
}

/* ---- any ---- */

#define RANKS_MAX 16 /* of a text one behind the other; what they leave equal is merged */

static bool sort_run(struct sorting *s, const struct run *run, unsigned ranks);

/* the values whose ranks are equal */
static bool sort_ties(struct sorting *s, const struct run *run, enum hr_rank rank, unsigned ranks)
{
    for (idx_t i = 0; i < run->count;) {
        idx_t end = i + 1;
        while (end < run->count && run->values[end].rank == run->values[i].rank)
            end++;
        struct run ties = {run->values + i, run->spare + i, end - i};
        bool by_bytes = rank == HR_RANK_MORE_BYTES && ranks < RANKS_MAX && ties.count >= MANY;
        if (ties.count > 1 && !(by_bytes ? sort_run(s, &ties, ranks) : merge_sort(s, &ties)))
            return false;
        i = end;
    }
    return true;
}

/* texts of the same bytes so far, as many as there were ranks */
static bool sort_run(struct sorting *s, const struct run *run, unsigned ranks)
{
    enum hr_rank rank = rank_run(s, run, ranks * RANK_BYTES);
    if (s->rows->failed)
        return false;
    if (run->count < MANY)
        return merge_sort(s, run);
    return byte_sort(s, run) && (rank == HR_RANK_WHOLE || sort_ties(s, run, rank, ranks + 1));
}

/* the values apart from the nulls */
static bool take_values(struct sorting *s, duckdb_list_entry list)
{
    for (idx_t at = list.offset; at < list.offset + list.length; at++) {
        if (!hr_kernel_made(s->rows, LIST_ITEM_BYTES + hr_element_bytes(s->type, s->items, at)))
            return false;
        if (hr_element_is_null(s->type, s->items, at))
            s->nulls[s->null_count++] = (sel_t)at;
        else
            s->values[s->count++].at = at;
    }
    return true;
}

/* the places of all, in their order */
static void places_of(const struct sorting *s, bool nulls_first, sel_t *at)
{
    idx_t n = 0;
    for (idx_t i = 0; nulls_first && i < s->null_count; i++)
        at[n++] = s->nulls[i];
    for (idx_t i = 0; i < s->count; i++)
        at[n++] = (sel_t)s->values[i].at;
    for (idx_t i = 0; !nulls_first && i < s->null_count; i++)
        at[n++] = s->nulls[i];
}

static void put_sorted(struct sorting *s, idx_t row, bool nulls_first)
{
    idx_t count = s->count + s->null_count;
    duckdb_selection_vector all = duckdb_create_selection_vector(count + 1);
    places_of(s, nulls_first, duckdb_selection_vector_get_data_ptr(all));
    idx_t start = list_of(s->rows, row, count);
    list_copy(s->rows, s->items, all, count, duckdb_list_vector_get_child(s->rows->result), start);
    duckdb_destroy_selection_vector(all);
}

static void sort_row(struct hr_rows *rows, idx_t row, bool descending, bool nulls_first)
{
    duckdb_list_entry list = HR_ROW(rows, 0, row, duckdb_list_entry);
    uint64_t bytes = list.length * (2 * sizeof(struct ranked) + sizeof(sel_t));
    if (!hr_kernel_room(rows, bytes))
        return;
    void *values = malloc(list.length * sizeof(struct ranked) + 1),
         *spare = malloc(list.length * sizeof(struct ranked) + 1),
         *nulls = malloc(list.length * sizeof(sel_t) + 1);
    HR_CHECK(values && spare && nulls);
    struct sorting s = {.rows = rows,
                        .type = rows->types->args[0]->element,
                        .items = duckdb_list_vector_get_child(rows->args[0]),
                        .descending = descending,
                        .values = values,
                        .nulls = nulls};
    struct run all = {values, spare, 0};
    bool taken = take_values(&s, list);
    all.count = s.count;
    if (taken && sort_run(&s, &all, 0))
        put_sorted(&s, row, nulls_first);
    free(values);
    free(spare);
    free(nulls);
    struct hr_watch watch = hr_kernel_watching(rows);
    watch.give(watch.arg, bytes);
}

/* sort_array(array, ascending): nulls are the least */
void hr_k_sort_array(struct hr_rows *rows, idx_t row)
{
    bool ascending = HR_ROW(rows, 1, row, bool);
    sort_row(rows, row, !ascending, ascending);
}

/* array_sort(array): nulls come last */
void hr_k_array_sort(struct hr_rows *rows, idx_t row)
{
    sort_row(rows, row, false, false);
}
