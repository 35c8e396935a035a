/* One value of any type that Spark orders, in an engine's vector: its order, its hash, its size.
 * Spark's equality within arrays: NaN equals NaN and is the greatest, -0.0 equals 0.0, NULL equals
 * NULL and comes first. Private to engine/functions. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_ELEMENT_H
#define HR_HOST_ENGINE_FUNCTIONS_ELEMENT_H
#include "host/engine/kernel.h"

bool hr_element_is_null(const struct hr_type *type, duckdb_vector vector, idx_t row);

/* < 0, 0, > 0. The types of both are equal but for what may be null. */
int hr_element_compare(
    const struct hr_type *type, duckdb_vector a, idx_t at_a, duckdb_vector b, idx_t at_b);

/* the same, of two numbers of which either may be the wider, decimals apart; or of equal types */
int hr_element_compare_as(const struct hr_type *type_a,
                          duckdb_vector a,
                          idx_t at_a,
                          const struct hr_type *type_b,
                          duckdb_vector b,
                          idx_t at_b);

/* equal values have equal hashes: xxhash64's */
uint64_t hr_element_hash(const struct hr_type *type, duckdb_vector vector, idx_t row);

/* bytes that a copy of it takes beside its place in a list */
uint64_t hr_element_bytes(const struct hr_type *type, duckdb_vector vector, idx_t row);

/* A number whose order is the values', which are not NULL. Equal numbers are equal values, unless
 * HR_RANK_PART says that they may differ in more. Of texts it is eight bytes from `skip` on (0 for
 * all others), of structs and arrays it tells of the first part. */
enum hr_rank { HR_RANK_WHOLE, HR_RANK_PART, HR_RANK_MORE_BYTES /* a text goes on behind them */ };
enum hr_rank hr_element_rank(
    const struct hr_type *type, duckdb_vector vector, idx_t row, size_t skip, uint64_t *rank);

/* -0.0 becomes 0.0 in so many values, whatever they are in. False: the statement is to end. */
bool hr_elements_settle_zeros(struct hr_rows *rows,
                              const struct hr_type *type,
                              duckdb_vector vector,
                              idx_t from,
                              idx_t count);
#endif
