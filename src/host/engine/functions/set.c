/* Arrays as sets, and what asks for an element. The sets' elements keep the order in which they
 * came, the first of equal ones stays. */
#include "host/engine/functions/set.h"
#include "host/engine/functions/element.h"
#include "host/duck/value.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include <stdlib.h>
#include <string.h>

/* ---- the set ---- */

void hr_set_begin(struct hr_set *set, struct hr_rows *rows, const struct hr_type *type)
{
    *set = (struct hr_set){.rows = rows, .type = type, .mask = HR_SET_FEW - 1};
    set->places = set->few;
}

static uint64_t bytes_of_places(const struct hr_set *set)
{
    return (set->mask + 1) * sizeof *set->places;
}

static void free_places(struct hr_set *set)
{
    if (set->places == set->few)
        return;
    struct hr_watch watch = hr_kernel_watching(set->rows);
    watch.give(watch.arg, bytes_of_places(set));
    free(set->places);
}

void hr_set_release(struct hr_set *set)
{
    free_places(set);
    set->places = set->few;
}

static uint32_t half_hash(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static const struct hr_set_items *items_of(const struct hr_set *set, uint32_t number)
{
    bool second = set->items[1].vector && number >= set->items[1].number;
    return &set->items[second];
}

static uint32_t hash_of(const struct hr_set *set, uint32_t number)
{
    const struct hr_set_items *in = items_of(set, number);
    return half_hash(hr_element_hash(set->type, in->vector, in->from + number - in->number));
}

static bool is_same(const struct hr_set *set, uint32_t a, uint32_t b)
{
    const struct hr_set_items *in_a = items_of(set, a), *in_b = items_of(set, b);
    return !hr_element_compare(set->type, in_a->vector, in_a->from + a - in_a->number, in_b->vector,
                               in_b->from + b - in_b->number);
}

static uint32_t item_of(const uint64_t *place)
{
    return (uint32_t)*place - 1;
}

/* in place of an equal one */
static void put_item(uint64_t *place, uint32_t number)
{
    *place = (*place & ~(uint64_t)UINT32_MAX) | ((uint64_t)number + 1);
}

/* the place of an equal item, or a free one; NULL: the statement is to end, and has failed */
static uint64_t *find(struct hr_set *set, uint32_t hash, uint32_t number, bool *found)
{
    *found = false;
    for (uint64_t at = hash & set->mask; hr_kernel_step(set->rows); at = (at + 1) & set->mask) {
        uint64_t *place = &set->places[at];
        if (!*place)
            return place;
        if (*place >> 32 == hash && is_same(set, item_of(place), number)) {
            *found = true;
            return place;
        }
    }
    return NULL;
}

static uint64_t *find_item(struct hr_set *set, uint32_t number, bool *found)
{
    return find(set, hash_of(set, number), number, found);
}

static void move_places(struct hr_set *set, const uint64_t *from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = from[i] >> 32 & set->mask;
        while (from[i] && set->places[at])
            at = (at + 1) & set->mask;
        if (from[i])
            set->places[at] = from[i];
    }
}

static bool grow(struct hr_set *set)
{
    struct hr_set before = *set;
    uint64_t count = 2 * (set->mask + 1);
    if (!hr_kernel_room(set->rows, count * sizeof *set->places))
        return false;
    set->places = calloc(count, sizeof *set->places);
    HR_CHECK(set->places);
    set->mask = count - 1;
    move_places(set, before.places, count / 2);
    if (before.places != set->few)
        free_places(&before);
    return true;
}

bool hr_set_add(struct hr_set *set, uint32_t number, bool *found)
{
    uint32_t hash = hash_of(set, number);
    if (set->count * 2 > set->mask && !grow(set))
        return false;
    uint64_t *place = find(set, hash, number, found);
    if (place && !*found) {
        *place = (uint64_t)hash << 32;
        put_item(place, number);
        set->count++;
    }
    return place;
}

/* ---- arrays of a row ---- */

struct array {
    duckdb_vector items;
    const struct hr_type *type; /* theirs */
    idx_t from, count;
};

static struct array array_at(struct hr_rows *rows, size_t arg, idx_t row)
{
    duckdb_list_entry list = HR_ROW(rows, arg, row, duckdb_list_entry);
    return (struct array){duckdb_list_vector_get_child(rows->args[arg]),
                          rows->types->args[arg]->element, list.offset, list.length};
}

static bool is_null_item(const struct array *array, idx_t i)
{
    return hr_element_is_null(array->type, array->items, array->from + i);
}

/* ---- arrays made of other arrays' items ---- */

struct picks {
    struct hr_rows *rows;
    struct array of;
    duckdb_selection_vector all;
    sel_t *at;
    idx_t count;
};

static struct picks picks_begin(struct hr_rows *rows, struct array of)
{
    duckdb_selection_vector all = duckdb_create_selection_vector(of.count + 1);
    return (struct picks){rows, of, all, duckdb_selection_vector_get_data_ptr(all), 0};
}

/* false: the statement is to end */
static bool pick(struct picks *picks, idx_t i)
{
    idx_t at = picks->of.from + i;
    picks->at[picks->count++] = (sel_t)at;
    return hr_kernel_made(picks->rows,
                          LIST_ITEM_BYTES + hr_element_bytes(picks->of.type, picks->of.items, at));
}

static void picks_copy(struct picks *picks, idx_t start)
{
    struct hr_rows *rows = picks->rows;
    duckdb_vector to = duckdb_list_vector_get_child(rows->result);
    if (!rows->failed && list_copy(rows, picks->of.items, picks->all, picks->count, to, start))
        hr_elements_settle_zeros(rows, picks->of.type, to, start, picks->count);
}

static void picks_release(struct picks *picks)
{
    duckdb_destroy_selection_vector(picks->all);
}

/* ---- array_distinct, array_union, array_except, array_intersect ---- */

struct pair {
    struct array first, second;
    struct hr_set set; /* numbers: first those of the first */
};

/* the sets of a row: of the arguments in this order. Too many for one array fail as in Spark. */
static bool pair_begin(
    struct hr_rows *rows, idx_t row, size_t first, size_t second, struct pair *pair)
{
    *pair = (struct pair){array_at(rows, first, row), array_at(rows, second, row), {0}};
    uint64_t count = pair->first.count + pair->second.count;
    if (count > HR_ARRAY_ITEMS_MAX) {
        hr_too_many_items(rows, rows->name, (int64_t)count);
        return false;
    }
    hr_set_begin(&pair->set, rows, pair->first.type);
    pair->set.items[0] = (struct hr_set_items){pair->first.items, pair->first.from, 0};
    pair->set.items[1] =
        (struct hr_set_items){pair->second.items, pair->second.from, (uint32_t)pair->first.count};
    return true;
}

/* the items of one of the two that are not in the set yet, from this number on */
static bool add_all(struct hr_set *set, uint32_t number, idx_t count, struct picks *picks)
{
    bool found;
    for (idx_t i = 0; i < count; i++)
        if (!hr_set_add(set, number + (uint32_t)i, &found) || (picks && !found && !pick(picks, i)))
            return false;
    return true;
}

void hr_k_array_distinct(struct hr_rows *rows, idx_t row)
{
    struct array array = array_at(rows, 0, row);
    struct picks picks = picks_begin(rows, array);
    struct hr_set set;
    hr_set_begin(&set, rows, array.type);
    set.items[0] = (struct hr_set_items){array.items, array.from, 0};
    if (add_all(&set, 0, array.count, &picks))
        picks_copy(&picks, list_of(rows, row, picks.count));
    hr_set_release(&set);
    picks_release(&picks);
}

void hr_k_array_union(struct hr_rows *rows, idx_t row)
{
    struct pair pair;
    if (!pair_begin(rows, row, 0, 1, &pair))
        return;
    struct picks first = picks_begin(rows, pair.first), second = picks_begin(rows, pair.second);
    if (add_all(&pair.set, 0, pair.first.count, &first) &&
        add_all(&pair.set, (uint32_t)pair.first.count, pair.second.count, &second)) {
        idx_t start = list_of(rows, row, first.count + second.count);
        picks_copy(&first, start);
        picks_copy(&second, start + first.count);
    }
    hr_set_release(&pair.set);
    picks_release(&first);
    picks_release(&second);
}

void hr_k_array_except(struct hr_rows *rows, idx_t row)
{
    struct pair pair;
    if (!pair_begin(rows, row, 1, 0, &pair))
        return;
    struct picks picks = picks_begin(rows, pair.second);
    if (add_all(&pair.set, 0, pair.first.count, NULL) &&
        add_all(&pair.set, (uint32_t)pair.first.count, pair.second.count, &picks))
        picks_copy(&picks, list_of(rows, row, picks.count));
    hr_set_release(&pair.set);
    picks_release(&picks);
}

/* what is found is put in its equal's place, and so is not found again */
static bool pick_common(struct pair *pair, struct picks *picks)
{
    bool found;
    for (idx_t i = 0; i < pair->second.count; i++) {
        uint32_t number = (uint32_t)(pair->first.count + i);
        uint64_t *place = find_item(&pair->set, number, &found);
        if (!place)
            return false;
        if (!found || item_of(place) >= pair->first.count)
            continue;
        put_item(place, number);
        if (!pick(picks, i))
            return false;
    }
    return true;
}

void hr_k_array_intersect(struct hr_rows *rows, idx_t row)
{
    struct pair pair;
    if (!pair_begin(rows, row, 1, 0, &pair))
        return;
    struct picks picks = picks_begin(rows, pair.second);
    if (add_all(&pair.set, 0, pair.first.count, NULL) && pick_common(&pair, &picks))
        picks_copy(&picks, list_of(rows, row, picks.count));
    hr_set_release(&pair.set);
    picks_release(&picks);
}

/* ---- arrays_overlap, array_position ---- */

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN, ANSWER_ENDED };

static void put_answer(struct hr_rows *rows, idx_t row, enum answer answer)
{
    if (answer == ANSWER_UNKNOWN)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, bool) = answer == ANSWER_YES;
}

/* whether a value of one is one of the other; nulls are equal to nothing */
static enum answer overlap(struct pair *pair)
{
    enum answer answer = ANSWER_NO;
    bool found;
    for (idx_t i = 0; i < pair->first.count; i++)
        if (is_null_item(&pair->first, i))
            answer = ANSWER_UNKNOWN;
        else if (!hr_set_add(&pair->set, (uint32_t)i, &found))
            return ANSWER_ENDED;
    for (idx_t i = 0; i < pair->second.count; i++) {
        if (is_null_item(&pair->second, i)) {
            answer = ANSWER_UNKNOWN;
            continue;
        }
        if (!find_item(&pair->set, (uint32_t)(pair->first.count + i), &found))
            return ANSWER_ENDED;
        if (found)
            return ANSWER_YES;
    }
    return answer;
}

void hr_k_arrays_overlap(struct hr_rows *rows, idx_t row)
{
    idx_t counts[] = {HR_ROW(rows, 0, row, duckdb_list_entry).length,
                      HR_ROW(rows, 1, row, duckdb_list_entry).length};
    struct pair pair;
    size_t less = counts[1] < counts[0]; /* is what is put into the set */
    if (!counts[0] || !counts[1]) {
        put_answer(rows, row, ANSWER_NO);
        return;
    }
    if (!pair_begin(rows, row, less, !less, &pair))
        return;
    put_answer(rows, row, overlap(&pair));
    hr_set_release(&pair.set);
}

/* array_position(array, value): from 1; 0 where it is not */
void hr_k_array_position(struct hr_rows *rows, idx_t row)
{
    struct array array = array_at(rows, 0, row);
    int64_t found = 0;
    for (idx_t i = 0; !found && i < array.count && hr_kernel_step(rows); i++)
        if (!is_null_item(&array, i) &&
            !hr_element_compare(array.type, array.items, array.from + i, rows->args[1], row))
            found = (int64_t)i + 1;
    HR_OUT(rows, row, int64_t) = found;
}

/* ---- nullif: the first argument, unless it is the second ---- */

/* The first row copies the vector. A number may be narrower than what it is compared with. */
void hr_k_nullif(struct hr_rows *rows, idx_t row)
{
    const struct hr_type *type = rows->types->args[0];
    if (!row) {
        duckdb_selection_vector all = duckdb_create_selection_vector(rows->count);
        sel_t *at = duckdb_selection_vector_get_data_ptr(all);
        for (idx_t i = 0; i < rows->count; i++)
            at[i] = (sel_t)i;
        duckdb_vector_copy_sel(rows->args[0], rows->result, all, rows->count, 0, 0);
        duckdb_destroy_selection_vector(all);
    }
    if (!hr_kernel_made(rows, hr_element_bytes(type, rows->args[0], row)))
        return;
    if (!hr_row_is_null(rows, 0, row) &&
        !hr_row_is_null(rows, 1, row) &&
        !hr_element_compare_as(type, rows->args[0], row, rows->types->args[1], rows->args[1], row))
        hr_out_null(rows, row);
}

/* ---- maps of keys and values ---- */

static void fail_twice(struct hr_rows *rows, const struct array *keys, idx_t i)
{
    struct hr_err err;
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    hr_value_text(keys->items, keys->from + i, keys->type, hr_zone_utc(), HR_TEXT_CAST, &text);
    hr_fail_spark(&err, "DUPLICATED_MAP_KEY", "key", hr_buf_text(&text), "mapKeyDedupPolicy",
                  "\"spark.sql.mapKeyDedupPolicy\"", NULL);
    hr_buf_release(&text);
    hr_kernel_fail(rows, &err);
}

static bool check_key(struct hr_rows *rows, struct hr_set *set, const struct array *keys, idx_t i)
{
    struct hr_err err;
    bool found;
    if (is_null_item(keys, i)) {
        hr_fail_spark(&err, "NULL_MAP_KEY", NULL);
        hr_kernel_fail(rows, &err);
        return false;
    }
    if (!hr_set_add(set, (uint32_t)i, &found))
        return false;
    if (found)
        fail_twice(rows, keys, i);
    return !found;
}

/* no key is null or there twice */
static bool check_keys(struct hr_rows *rows, const struct array *keys)
{
    struct hr_set set;
    hr_set_begin(&set, rows, keys->type);
    set.items[0] = (struct hr_set_items){keys->items, keys->from, 0};
    bool fine = true;
    for (idx_t i = 0; fine && i < keys->count; i++)
        fine = check_key(rows, &set, keys, i);
    hr_set_release(&set);
    return fine;
}

/* keys and values into the row's map; where they begin */
static bool put_map(struct hr_rows *rows,
                    idx_t row,
                    const struct array *keys,
                    const struct array *values,
                    idx_t *start)
{
    struct picks picked[] = {picks_begin(rows, *keys), picks_begin(rows, *values)};
    bool fine = true;
    for (size_t part = 0; part < 2; part++)
        for (idx_t i = 0; fine && i < keys->count; i++)
            fine = pick(&picked[part], i);
    *start = list_of(rows, row, fine ? keys->count : 0);
    duckdb_vector entries = duckdb_list_vector_get_child(rows->result);
    for (size_t part = 0; fine && part < 2; part++)
        fine = list_copy(rows, picked[part].of.items, picked[part].all, keys->count,
                         duckdb_struct_vector_get_child(entries, part), *start);
    picks_release(&picked[0]);
    picks_release(&picked[1]);
    return fine;
}

static bool are_too_many(struct hr_rows *rows, idx_t count)
{
    if (count > HR_ARRAY_ITEMS_MAX)
        hr_too_many_items(rows, rows->name, (int64_t)count);
    return rows->failed;
}

void hr_k_map_from_arrays(struct hr_rows *rows, idx_t row)
{
    struct array keys = array_at(rows, 0, row), values = array_at(rows, 1, row);
    struct hr_err err;
    idx_t start;
    if (keys.count != values.count) {
        hr_fail_spark(&err, "_LEGACY_ERROR_TEMP_2128", NULL);
        hr_kernel_fail(rows, &err);
        return;
    }
    if (!are_too_many(rows, keys.count) && check_keys(rows, &keys))
        put_map(rows, row, &keys, &values, &start);
}

/* an array of pairs, as one of the fields */
static struct array field_of(const struct array *pairs, size_t field)
{
    return (struct array){duckdb_struct_vector_get_child(pairs->items, field),
                          pairs->type->fields[field].type, pairs->from, pairs->count};
}

/* NULL where a pair is; keys are settled, as map_from_arrays' are not */
void hr_k_map_from_entries(struct hr_rows *rows, idx_t row)
{
    struct array pairs = array_at(rows, 0, row);
    struct array keys = field_of(&pairs, 0), values = field_of(&pairs, 1);
    idx_t start;
    for (idx_t i = 0; i < pairs.count && hr_kernel_step(rows); i++)
        if (is_null_item(&pairs, i)) {
            hr_out_null(rows, row);
            return;
        }
    if (are_too_many(rows, keys.count) || !check_keys(rows, &keys))
        return;
    if (put_map(rows, row, &keys, &values, &start))
        hr_elements_settle_zeros(
            rows, keys.type,
            duckdb_struct_vector_get_child(duckdb_list_vector_get_child(rows->result), 0), start,
            keys.count);
}
