/* Positions in arrays. */
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include "host/duck/vector.h"
#include <stdio.h>

void hr_too_many_items(struct hr_rows *rows, const char *function, int64_t count)
{
    struct hr_err err;
    char text[24], most[24], name[64];
    snprintf(text, sizeof text, "%lld", (long long)count);
    snprintf(most, sizeof most, "%lld", (long long)HR_ARRAY_ITEMS_MAX);
    snprintf(name, sizeof name, "`%s`", function);
    hr_fail_spark(&err, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "numberOfElements", text,
                  "maxRoundedArrayLength", most, "functionName", name, NULL);
    hr_kernel_fail(rows, &err);
}

static void bad_index(struct hr_rows *rows, const char *condition, int64_t index, int64_t size)
{
    struct hr_err err;
    char i[24], n[24];
    snprintf(i, sizeof i, "%lld", (long long)index);
    snprintf(n, sizeof n, "%lld", (long long)size);
    hr_fail_spark(&err, condition, "indexValue", i, "arraySize", n, NULL);
    hr_kernel_fail(rows, &err);
}

/* a[i]: from 0 */
static void array_index(struct hr_rows *rows, idx_t row, bool strict)
{
    int64_t index = HR_ROW(rows, 0, row, int64_t), size = HR_ROW(rows, 1, row, int64_t);
    if (index >= 0 && index < size)
        HR_OUT(rows, row, int64_t) = index + 1;
    else if (strict)
        bad_index(rows, "INVALID_ARRAY_INDEX", index, size);
    else
        hr_out_null(rows, row);
}

void hr_k_array_index(struct hr_rows *rows, idx_t row)
{
    array_index(rows, row, true);
}
void hr_k_array_index_null(struct hr_rows *rows, idx_t row)
{
    array_index(rows, row, false);
}

/* element_at: from 1, negative from the end; 0 is an error in every mode */
static void element_index(struct hr_rows *rows, idx_t row, bool strict)
{
    int64_t index = HR_ROW(rows, 0, row, int64_t), size = HR_ROW(rows, 1, row, int64_t);
    struct hr_err err;
    if (!index) {
        hr_fail_spark(&err, "INVALID_INDEX_OF_ZERO", NULL);
        hr_kernel_fail(rows, &err);
    } else if (index <= size && index >= -size)
        HR_OUT(rows, row, int64_t) = index;
    else if (strict)
        bad_index(rows, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT", index, size);
    else
        hr_out_null(rows, row);
}

void hr_k_element_index(struct hr_rows *rows, idx_t row)
{
    element_index(rows, row, true);
}
void hr_k_element_index_null(struct hr_rows *rows, idx_t row)
{
    element_index(rows, row, false);
}

/* elt(n, …): the index given is n - 1, the failure names n */
void hr_k_elt_index(struct hr_rows *rows, idx_t row)
{
    int64_t index = HR_ROW(rows, 0, row, int64_t), size = HR_ROW(rows, 1, row, int64_t);
    if (index >= 0 && index < size)
        HR_OUT(rows, row, int64_t) = index + 1;
    else
        bad_index(rows, "INVALID_ARRAY_INDEX", index + 1, size);
}

/* slice(array, start, length): where it begins in DuckDB's terms; 0 for nothing */
void hr_k_slice_start(struct hr_rows *rows, idx_t row)
{
    int64_t size = HR_ROW(rows, 0, row, int64_t), start = HR_ROW(rows, 1, row, int64_t),
            length = HR_ROW(rows, 2, row, int64_t);
    struct hr_err err;
    char text[24];
    if (!start) {
        hr_fail_spark(&err, "INVALID_PARAMETER_VALUE.START", "parameter", "`start`", "functionName",
                      "`slice`", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    if (length < 0) {
        snprintf(text, sizeof text, "%lld", (long long)length);
        hr_fail_spark(&err, "INVALID_PARAMETER_VALUE.LENGTH", "parameter", "`length`", "length",
                      text, "functionName", "`slice`", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    int64_t from = start > 0 ? start : size + start + 1;
    HR_OUT(rows, row, int64_t) = from < 1 || from > size || !length ? 0 : from;
}

/* array_insert: the place before which the item goes, from 1; beyond the end or before the start
 * the gap is NULLs. Negative places count from the end, -1 behind the last. */
void hr_k_insert_place(struct hr_rows *rows, idx_t row)
{
    int64_t place = HR_ROW(rows, 0, row, int64_t), size = HR_ROW(rows, 1, row, int64_t);
    struct hr_err err;
    if (!place) {
        hr_fail_spark(&err, "INVALID_INDEX_OF_ZERO", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    int64_t far = place > 0 ? place : -place, count = far > size ? far : size + 1;
    if (count > HR_ARRAY_ITEMS_MAX) {
        hr_too_many_items(rows, "array_insert", count);
        return;
    }
    if (hr_kernel_room(rows, (uint64_t)count * LIST_ITEM_BYTES))
        HR_OUT(rows, row, int64_t) = place > 0 ? place : size + place + 2;
}

/* a permutation of 1 … n: of a seed always the same */
void hr_k_shuffled(struct hr_rows *rows, idx_t row)
{
    int64_t size = HR_ROW(rows, 0, row, int64_t), seed = HR_ROW(rows, 1, row, int64_t);
    if (!hr_kernel_room(rows, (uint64_t)size * sizeof(int64_t)))
        return;
    uint64_t state = (uint64_t)seed * 0x9e3779b97f4a7c15ull + 1;
    duckdb_vector list = rows->result;
    idx_t start = duckdb_list_vector_get_size(list);
    duckdb_list_vector_reserve(list, start + (idx_t)size);
    duckdb_list_vector_set_size(list, start + (idx_t)size);
    int64_t *at = (int64_t *)duckdb_vector_get_data(duckdb_list_vector_get_child(list)) + start;
    for (int64_t i = 0; i < size; i++)
        at[i] = i + 1;
    for (int64_t i = size - 1; i > 0; i--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        int64_t k = (int64_t)(state % (uint64_t)(i + 1)), kept = at[i];
        at[i] = at[k];
        at[k] = kept;
    }
    ((duckdb_list_entry *)duckdb_vector_get_data(list))[row] =
        (duckdb_list_entry){start, (uint64_t)size};
}

/* ---- pivoted(pairs, k, n[, absent]): a list of n, in which the answer k of each pair stands at
 * the pair's place ---- */

#define ABSENT UINT32_MAX

/* which pair has which place. A pair's first field is its place, from 0; two of one place there are
 * none. */
static void find_places(struct hr_rows *rows, duckdb_list_entry pairs, sel_t *at, idx_t places)
{
    duckdb_vector pair = duckdb_list_vector_get_child(rows->args[0]);
    const int32_t *place = duckdb_vector_get_data(duckdb_struct_vector_get_child(pair, 0));
    for (idx_t i = 0; i < places; i++)
        at[i] = ABSENT;
    for (idx_t i = pairs.offset; i < pairs.offset + pairs.length; i++) {
        HR_CHECK(place[i] >= 0 && (idx_t)place[i] < places);
        at[place[i]] = (sel_t)i;
    }
}

/* what is absent is NULL, or what the aggregate says of no rows */
static void put_absent(
    struct hr_rows *rows, idx_t row, duckdb_selection_vector one, duckdb_vector child, idx_t at)
{
    if (rows->arg_count < 4) {
        hr_vector_null_all(rows->types->result->element, child, at);
        return;
    }
    duckdb_selection_vector_get_data_ptr(one)[0] = (sel_t)row;
    duckdb_vector_copy_sel(rows->args[3], child, one, 1, 0, at);
}

void hr_k_pivoted(struct hr_rows *rows, idx_t row)
{
    duckdb_list_entry pairs = HR_ROW(rows, 0, row, duckdb_list_entry);
    idx_t field = (idx_t)HR_ROW(rows, 1, row, int32_t) + 1,
          places = (idx_t)HR_ROW(rows, 2, row, int32_t);
    idx_t start = duckdb_list_vector_get_size(rows->result);
    if (!hr_kernel_room(rows, places * LIST_ITEM_BYTES))
        return;
    duckdb_list_vector_reserve(rows->result, start + places);
    duckdb_list_vector_set_size(rows->result, start + places);
    duckdb_vector child = duckdb_list_vector_get_child(rows->result);
    duckdb_vector answers =
        duckdb_struct_vector_get_child(duckdb_list_vector_get_child(rows->args[0]), field);
    duckdb_selection_vector all = duckdb_create_selection_vector(places + 1),
                            one = duckdb_create_selection_vector(1);
    sel_t *at = duckdb_selection_vector_get_data_ptr(all);
    find_places(rows, pairs, at, places);
    /* neighbours that are there are copied as one */
    for (idx_t i = 0; i < places;) {
        idx_t end = i;
        while (end < places && at[end] != ABSENT)
            end++;
        if (end > i)
            duckdb_vector_copy_sel(answers, child, all, end, i, start + i);
        else
            put_absent(rows, row, one, child, start + end++);
        i = end;
    }
    duckdb_destroy_selection_vector(all);
    duckdb_destroy_selection_vector(one);
    HR_OUT(rows, row, duckdb_list_entry) = (duckdb_list_entry){start, places};
}

/* exists and forall over the lambda's answers: true (false) when one is, else NULL when one is NULL
 */
static void quantify(struct hr_rows *rows, idx_t row, bool decisive)
{
    duckdb_list_entry list = HR_ROW(rows, 0, row, duckdb_list_entry);
    duckdb_vector child = duckdb_list_vector_get_child(rows->args[0]);
    const bool *answers = duckdb_vector_get_data(child);
    uint64_t *valid = duckdb_vector_get_validity(child);
    bool unknown = false;
    for (idx_t i = list.offset; i < list.offset + list.length; i++) {
        if (valid && !duckdb_validity_row_is_valid(valid, i)) {
            unknown = true;
        } else if (answers[i] == decisive) {
            HR_OUT(rows, row, bool) = decisive;
            return;
        }
    }
    if (unknown)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, bool) = !decisive;
}

void hr_k_any_true(struct hr_rows *rows, idx_t row)
{
    quantify(rows, row, true);
}
void hr_k_all_true(struct hr_rows *rows, idx_t row)
{
    quantify(rows, row, false);
}

/* true, which the engine does not know beforehand; where it stands a cancelled statement ends */
void hr_k_always(struct hr_rows *rows, idx_t row)
{
    if (row == 0 && !hr_kernel_room(rows, 0))
        return;
    HR_OUT(rows, row, bool) = true;
}

void hr_k_bitmap_count(struct hr_rows *rows, idx_t row)
{
    struct hr_text bits = hr_row_text(rows, 0, row);
    int64_t count = 0;
    for (size_t i = 0; i < bits.len; i++)
        count += __builtin_popcount((unsigned char)bits.bytes[i]);
    HR_OUT(rows, row, int64_t) = count;
}

/* ---- what DuckDB's functions are about to make: they count nothing, and nothing stops them within
 * a row ---- Volatile, so that a constant call is not computed while the statement is prepared:
 * DuckDB's constants take some 150 bytes an item. */

/* a count of items, when there is room for them */
void hr_k_item_count(struct hr_rows *rows, idx_t row)
{
    int64_t count = HR_ROW(rows, 0, row, int64_t);
    if (hr_kernel_room(rows, count > 0 ? (uint64_t)count * LIST_ITEM_BYTES : 0))
        HR_OUT(rows, row, int64_t) = count;
}
