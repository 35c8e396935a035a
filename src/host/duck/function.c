#include "host/duck/function.h"
#include "host/duck/type.h"

static enum hr_code registered(duckdb_state state, const char *name, struct hr_err *err)
{
    if (state == DuckDBSuccess)
        return HR_OK;
    return hr_fail(err, HR_E_INTERNAL, "cannot register function '%s'", name);
}

enum hr_code hr_duck_scalar_register(duckdb_connection connection,
                                     const struct hr_duck_scalar *scalar,
                                     struct hr_err *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, scalar->name);
    for (size_t i = 0; i < scalar->arg_count; i++) {
        duckdb_logical_type type = hr_duck_type(scalar->args[i]);
        duckdb_scalar_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type result = hr_duck_type(scalar->result);
    duckdb_scalar_function_set_return_type(function, result);
    duckdb_destroy_logical_type(&result);
    if (scalar->sees_nulls)
        duckdb_scalar_function_set_special_handling(function);
    if (scalar->is_volatile)
        duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_extra_info(function, scalar->extra, scalar->release);
    duckdb_scalar_function_set_init(function, scalar->init);
    duckdb_scalar_function_set_function(function, scalar->run);
    duckdb_state state = duckdb_register_scalar_function(connection, function);
    duckdb_destroy_scalar_function(&function);
    return registered(state, scalar->name, err);
}

enum hr_code hr_duck_table_register(duckdb_connection connection,
                                    const struct hr_duck_table *table,
                                    struct hr_err *err)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, table->name);
    for (size_t i = 0; i < table->arg_count; i++) {
        duckdb_logical_type type = hr_duck_type(table->args[i]);
        duckdb_table_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_table_function_set_extra_info(function, table->extra, NULL);
    duckdb_table_function_set_bind(function, table->bind);
    duckdb_table_function_set_init(function, table->init);
    duckdb_table_function_set_local_init(function, table->join);
    duckdb_table_function_set_function(function, table->fill);
    duckdb_table_function_supports_projection_pushdown(function, true);
    duckdb_state state = duckdb_register_table_function(connection, function);
    duckdb_destroy_table_function(&function);
    return registered(state, table->name, err);
}
