/* Arrow arrays into DuckDB's vectors. */
#ifndef HR_HOST_DUCK_FROM_ARROW_H
#define HR_HOST_DUCK_FROM_ARROW_H
#include "host/plan/type.h"
#include "wire/arrow.h"
#include <duckdb.h>

/* some rows of an array */
struct hr_arrow_slice {
    const struct hr_arrow_field *field;
    const struct hr_arrow_array *array;
    int64_t from;
    idx_t rows;
};

/* the Spark type of an Arrow field, in arena; UNSUPPORTED_FEATURE when Spark has none */
enum hr_code hr_arrow_type_of(struct hr_arena *arena,
                              const struct hr_arrow_field *field,
                              const struct hr_type **type,
                              struct hr_err *err);
/* may a slice of the field be put into a vector of the type? */
bool hr_arrow_fits(const struct hr_arrow_field *field, const struct hr_type *type);
/* into the vector's first rows; texts of more than 12 bytes point into the array */
void hr_arrow_slice_put(const struct hr_arrow_slice *slice,
                        const struct hr_type *type,
                        duckdb_vector vector);
#endif
