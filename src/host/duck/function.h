/* Functions of ours in DuckDB, with Spark's types. */
#ifndef HR_HOST_DUCK_FUNCTION_H
#define HR_HOST_DUCK_FUNCTION_H
#include "host/plan/type.h"
#include <duckdb.h>

/* a scalar function; everything but extra is only read while it is registered */
struct hr_duck_scalar {
    const char *name;
    const struct hr_type *result, *const *args;
    size_t arg_count;
    bool sees_nulls, is_volatile;
    void
        *extra; /* for init and run; released with the database, or by whoever registered in vain */
    duckdb_delete_callback_t release;
    duckdb_scalar_function_init_t init;
    duckdb_scalar_function_t run;
};

/* a table function that reads only the columns that are asked for */
struct hr_duck_table {
    const char *name;
    const struct hr_type *const *args;
    size_t arg_count;
    void *extra;
    duckdb_table_function_bind_t bind;
    duckdb_table_function_init_t init, join; /* once a statement; once a thread of it */
    duckdb_table_function_t fill;
};

enum hr_code hr_duck_scalar_register(duckdb_connection connection,
                                     const struct hr_duck_scalar *scalar,
                                     struct hr_err *err);
enum hr_code hr_duck_table_register(duckdb_connection connection,
                                    const struct hr_duck_table *table,
                                    struct hr_err *err);
#endif
