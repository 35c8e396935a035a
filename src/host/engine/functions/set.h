/* A set of values in vectors, by hashing: linear in them, whatever they are. One row's; an item is
 * known by its number. Private to engine/functions. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_SET_H
#define HR_HOST_ENGINE_FUNCTIONS_SET_H
#include "host/engine/kernel.h"

#define HR_SET_FEW 32 /* places that need no memory of their own */

/* values of one vector, the first of which has this number */
struct hr_set_items {
    duckdb_vector vector;
    idx_t from;
    uint32_t number;
};

/* what is looked for must be among the items; released by hr_set_release */
struct hr_set {
    struct hr_rows *rows;
    const struct hr_type *type;
    struct hr_set_items items[2]; /* the second's numbers follow the first's */
    uint64_t *places;             /* half a hash, and the item's number + 1; 0: free */
    uint64_t mask, count;
    uint64_t few[HR_SET_FEW];
};

/* finds an equal item, or adds this one. False: the statement is to end, and has failed. */
bool hr_set_add(struct hr_set *set, uint32_t number, bool *found);
void hr_set_begin(struct hr_set *set, struct hr_rows *rows, const struct hr_type *type);
void hr_set_release(struct hr_set *set);
#endif
