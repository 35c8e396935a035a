/* A value out of a vector, as the plan's literals are. */
#ifndef HR_HOST_DUCK_LITERAL_H
#define HR_HOST_DUCK_LITERAL_H
#include "host/plan/plan.h"
#include <duckdb.h>

/* a copy, in arena */
struct hr_literal *hr_duck_literal(struct hr_arena *arena,
                                   duckdb_vector vector,
                                   const struct hr_type *type,
                                   idx_t row);
#endif
