/* Any bytes are SQL text, an expression, a name, a type in DDL and in JSON: all must end in a plan
 * or in an error, and plans print. */
#include "host/plan/print.h"
#include "host/sql/sql.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    char *text = hr_strndup(arena, (const char *)data, size);
    struct hr_sql_statement statement;
    struct hr_expr *expr;
    struct hr_names names;
    const struct hr_type *type;
    struct hr_err err;
    struct hr_buf out;
    hr_buf_init(&out, 16 << 20);
    if (!hr_sql_parse_statement(arena, text, NULL, &statement, &err)) {
        if (statement.query)
            hr_print_rel(statement.query, 0, &out);
        else
            hr_print_command(statement.command, &out);
    }
    hr_buf_clear(&out);
    if (!hr_sql_parse_expr(
            arena, text,
            &(struct hr_sql_options){.time_zone = "Europe/Paris", .double_quoted_names = true},
            &expr, &err))
        hr_print_expr(expr, &out);
    hr_buf_clear(&out);
    hr_sql_parse_names(arena, text, &names, &err);
    if (!hr_sql_parse_type(arena, text, &type, &err)) {
        hr_type_json(type, &out);
        hr_type_tree(type, 0, &out);
        hr_type_sql(type, &out);
    }
    hr_type_from_json(arena, text, &type, &err);
    hr_buf_release(&out);
    hr_arena_free(arena);
    return 0;
}
