/* A row's list being written: of strings one by one, or of values copied. Private to
 * engine/functions. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_LIST_OUT_H
#define HR_HOST_ENGINE_FUNCTIONS_LIST_OUT_H
#include "host/engine/kernel.h"

#define LIST_ITEM_BYTES \
    32 /* a value, its place in a list that it is made from, and as much again while that grows */

struct list_out {
    struct hr_rows *rows;
    duckdb_vector list;
    idx_t row;
    duckdb_vector child;
    idx_t start, count;
};

static inline struct list_out list_begin_in(struct hr_rows *rows, duckdb_vector list, idx_t row)
{
    return (struct list_out){
        rows, list, row, duckdb_list_vector_get_child(list), duckdb_list_vector_get_size(list), 0};
}

static inline struct list_out list_begin(struct hr_rows *rows, idx_t row)
{
    return list_begin_in(rows, rows->result, row);
}

/* room for one more; returns its place in list->child */
static inline idx_t list_grow(struct list_out *list)
{
    idx_t at = list->start + list->count++;
    duckdb_list_vector_reserve(list->list, at + 1);
    duckdb_list_vector_set_size(list->list, at + 1);
    list->child = duckdb_list_vector_get_child(list->list);
    return at;
}

static inline void list_add(struct list_out *list, const char *bytes, size_t len)
{
    if (!hr_kernel_made(list->rows, sizeof(duckdb_string_t) + len))
        return;
    idx_t at = list_grow(list);
    duckdb_vector_assign_string_element_len(list->child, at, bytes, len);
}

static inline void list_end(struct list_out *list)
{
    ((duckdb_list_entry *)duckdb_vector_get_data(list->list))[list->row] =
        (duckdb_list_entry){list->start, list->count};
}

/* room for so many in the row's list; where they begin */
static inline idx_t list_of(struct hr_rows *rows, idx_t row, idx_t count)
{
    idx_t start = duckdb_list_vector_get_size(rows->result);
    duckdb_list_vector_reserve(rows->result, start + count);
    duckdb_list_vector_set_size(rows->result, start + count);
    HR_OUT(rows, row, duckdb_list_entry) = (duckdb_list_entry){start, count};
    return start;
}

#define LIST_COPIED_AT_ONCE ((idx_t)1 << 16) /* before it is asked whether to go on */

/* the values that stand at so many places, behind one another; false: the statement is to end */
static inline bool list_copy(struct hr_rows *rows,
                             duckdb_vector from,
                             duckdb_selection_vector places,
                             idx_t count,
                             duckdb_vector to,
                             idx_t start)
{
    for (idx_t done = 0; done < count;) {
        idx_t end = count - done > LIST_COPIED_AT_ONCE ? done + LIST_COPIED_AT_ONCE : count;
        if (done && !hr_kernel_room(rows, 0))
            return false;
        duckdb_vector_copy_sel(from, to, places, end, done, start + done);
        done = end;
    }
    return true;
}
#endif
