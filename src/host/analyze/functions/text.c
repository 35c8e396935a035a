/* Types of functions over JSON, maps from text, and moments by units. */
#include "host/analyze/functions/rules.h"
#include <stdlib.h>

/* timestampadd, timestampdiff: dates are midnights; a sum has its moment's type */
enum hr_code hr_rule_timestamp_add(struct hr_call *call)
{
    struct analysis *a = call->scope->a;
    bool sum = *call->function->result == '-';
    HR_TRY(hr_finish_call(call));
    for (size_t i = sum ? 2 : 1; i < 3; i++)
        if (args_of(call)[i]->type->id == HR_TYPE_DATE ||
            args_of(call)[i]->type->id == HR_TYPE_VOID)
            args_of(call)[i] = hr_cast_implicit(a, args_of(call)[i], BASIC(TIMESTAMP));
    if (sum)
        call->out->type = args_of(call)[2]->type;
    return HR_OK;
}

/* what Spark puts in the place of arguments that are left out, and prints in names: 'text, an int,
 * a decimal, or ~ for NULL */
static const struct filling {
    const char *function;
    const char *values[7];
} fillings[] = {
    {"str_to_map", {NULL, "',", "':"}},
    {"mask", {NULL, "'X", "'x", "'n", "~"}},
    {"make_dt_interval", {"0", "0", "0", "0.000000"}},
    {"make_ym_interval", {"0", "0"}},
    {"make_interval", {"0", "0", "0", "0", "0", "0", "0.000000"}},
    {"try_make_interval", {"0", "0", "0", "0", "0", "0", "0.000000"}},
    {"sentences", {NULL, "'", "'"}},
};

static struct hr_texpr *filling_value(struct analysis *a, const char *value)
{
    if (*value == '\'')
        return hr_literal_string(a, value + 1);
    if (*value == '~')
        return hr_literal_null(a, BASIC(STRING));
    if (!strchr(value, '.'))
        return hr_literal_int(a, BASIC(INT), atoll(value));
    struct hr_literal *decimal = NEW(a, struct hr_literal);
    decimal->type = hr_type_decimal(a->arena, 8, 6);
    decimal->text.bytes = value;
    decimal->text.len = strlen(value);
    return hr_literal_of(a, decimal);
}

/* the seconds of an interval are DECIMAL(18,6): what is finer is rounded, what is no number is
 * NULL, what is too large fails */
static void seconds_to_decimal(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **seconds = &args_of(call)[count_of(call) - 1];
    *seconds = hr_cast_implicit(a, *seconds, hr_type_decimal(a->arena, 18, 6));
    call->out->nullable = call->out->nullable || (*seconds)->nullable;
}

enum hr_code hr_rule_filled(struct hr_call *call)
{
    struct analysis *a = call->scope->a;
    size_t n = call->out->call.args.count;
    for (size_t i = 0; i < HR_LEN(fillings); i++) {
        if (strcmp(call->function->name, fillings[i].function))
            continue;
        struct hr_texpr **args = ARRAY(a, struct hr_texpr *, (size_t)call->function->most);
        for (size_t k = 0; k < (size_t)call->function->most; k++)
            args[k] = k < n ? args_of(call)[k] : filling_value(a, fillings[i].values[k]);
        call->out->call.args = (struct hr_texprs){args, (size_t)call->function->most};
    }
    HR_TRY(hr_finish_call(call));
    if (strstr(call->function->name, "make_") && *call->function->result != 'm')
        seconds_to_decimal(call);
    if (!strcmp(call->function->name, "str_to_map"))
        call->out->type = hr_type_map(a->arena, BASIC(STRING), BASIC(STRING), true);
    if (strstr(call->function->name, "make_interval"))
        call->out->type = BASIC(CALENDAR_INTERVAL);
    return HR_OK;
}

/* options stand in map('key', 'value', …), literals all */
static enum hr_code check_options(struct hr_call *call, size_t at)
{
    struct analysis *a = of(call);
    if (count_of(call) <= at)
        return HR_OK;
    const struct hr_texpr *map = args_of(call)[at];
    if (map->kind != HR_T_CALL || !hr_function_is(map->call.function, "map"))
        return hr_fail_spark(a->err, "INVALID_OPTIONS.NON_MAP_FUNCTION", NULL);
    for (size_t i = 0; i < map->call.args.count; i++) {
        const struct hr_texpr *text = map->call.args.at[i];
        if (!hr_is_string(text->type) || text->type->id != HR_TYPE_STRING)
            return hr_fail_spark(a->err, "INVALID_OPTIONS.NON_STRING_TYPE", "mapType",
                                 hr_type_quoted(a, map->type), NULL);
        if (text->kind != HR_T_LITERAL || text->literal->is_null)
            return hr_fail_spark(
                a->err, "UNSUPPORTED_FEATURE", "feature",
                hr_printf(a->arena, "options of '%s' that are not literals", call->name), NULL);
    }
    return HR_OK;
}

static bool has_json(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_ARRAY:
        return has_json(type->element);
    case HR_TYPE_MAP:
        return has_json(type->key) && has_json(type->element);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            if (!has_json(type->fields[i].type))
                return false;
        return true;
    case HR_TYPE_CALENDAR_INTERVAL:
    case HR_TYPE_VARIANT:
    case HR_TYPE_TIME:
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
    case HR_TYPE_UDT:
        return false;
    default:
        return true;
    }
}

/* what is read from text may be missing everywhere */
static const struct hr_type *as_nullable(struct hr_arena *arena, const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return hr_type_array(arena, as_nullable(arena, type->element), true);
    if (type->id == HR_TYPE_MAP)
        return hr_type_map(arena, as_nullable(arena, type->key), as_nullable(arena, type->element),
                           true);
    if (type->id != HR_TYPE_STRUCT)
        return type;
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, type->field_count + 1);
    for (size_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].nullable = true;
        fields[i].type = as_nullable(arena, type->fields[i].type);
    }
    return hr_type_struct(arena, fields, type->field_count);
}

/* the schema that from_json and from_csv are given: DDL, or JSON, as PySpark sends a schema object
 */
static enum hr_code schema_argument(struct hr_call *call, const struct hr_type **type)
{
    struct analysis *a = of(call);
    const struct hr_texpr *schema = args_of(call)[1];
    if (schema->kind == HR_T_CALL && hr_is_foldable(schema))
        return hr_fail_spark(
            a->err, "UNSUPPORTED_FEATURE", "feature",
            hr_printf(a->arena, "a schema of '%s' that is not a string literal", call->name), NULL);
    if (schema->kind != HR_T_LITERAL ||
        schema->type->id != HR_TYPE_STRING ||
        schema->literal->is_null)
        return hr_fail_spark(a->err, "INVALID_SCHEMA.NON_STRING_LITERAL", "inputSchema",
                             hr_expr_sql(a, schema), NULL);
    const char *text = hr_strndup(a->arena, schema->literal->text.bytes, schema->literal->text.len);
    return *text == '{' || *text == '"' ? hr_type_from_json(a->arena, text, type, a->err)
                                        : hr_type_from_ddl(a->arena, text, type, a->err);
}

enum hr_code hr_rule_from_json(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_type *type;
    HR_TRY(check_options(call, 2));
    HR_TRY(hr_finish_call(call));
    HR_TRY(schema_argument(call, &type));
    call->out->type = as_nullable(a->arena, type);
    if (type->id != HR_TYPE_STRUCT && type->id != HR_TYPE_ARRAY && type->id != HR_TYPE_MAP)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "sqlExpr",
                             hr_expr_sql(a, call->out), "schema", hr_type_quoted(a, type), NULL);
    if (type->id == HR_TYPE_MAP)
        call->out->call.function = hr_function_find("$from_json_map", NULL);
    return HR_OK;
}

enum hr_code hr_rule_from_csv(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_type *type;
    HR_TRY(check_options(call, 2));
    HR_TRY(hr_finish_call(call));
    HR_TRY(schema_argument(call, &type));
    if (type->id != HR_TYPE_STRUCT)
        return hr_fail_spark(a->err, "INVALID_SCHEMA.NON_STRUCT_TYPE", "inputSchema",
                             hr_expr_sql(a, args_of(call)[1]), "dataType", hr_type_quoted(a, type),
                             NULL);
    call->out->type = as_nullable(a->arena, type);
    return HR_OK;
}

/* to_json, to_csv */
enum hr_code hr_rule_to_text(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool json = hr_function_is(call->function, "to_json");
    HR_TRY(check_options(call, 1));
    HR_TRY(hr_finish_call(call));
    const struct hr_type *type = args_of(call)[0]->type;
    if (json && type->id == HR_TYPE_VOID)
        return HR_OK;
    if (type->id != HR_TYPE_STRUCT &&
        !(json && (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP)))
        return json ? hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "sqlExpr",
                                    hr_expr_sql(a, call->out), "schema", hr_type_quoted(a, type),
                                    NULL)
                    : hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "sqlExpr",
                                    hr_expr_sql(a, call->out), "functionName", "`to_csv`",
                                    "dataType", hr_type_quoted(a, type), NULL);
    return !json || has_json(type) ? HR_OK
                                   : hr_refuse(a->err, "to_json of %s", hr_type_quoted(a, type));
}

/* schema_of_json, schema_of_csv: of a text that is known now */
enum hr_code hr_rule_schema_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(check_options(call, 1));
    HR_TRY(hr_finish_call(call));
    const struct hr_texpr *text = args_of(call)[0];
    if (!hr_is_foldable(text))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName",
                             hr_function_is(call->function, "schema_of_json") ? "`json`" : "`csv`",
                             "inputType", "\"STRING\"", "inputExpr", hr_expr_sql(a, text), NULL);
    while (text->kind == HR_T_CAST)
        text = text->cast.child;
    if (text->kind == HR_T_LITERAL && text->literal->is_null)
        return hr_fail_spark(
            a->err, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "sqlExpr", hr_expr_sql(a, call->out),
            "exprName", hr_function_is(call->function, "schema_of_json") ? "json" : "csv", NULL);
    return HR_OK;
}

enum hr_code hr_rule_sentences(struct hr_call *call)
{
    HR_TRY(hr_rule_filled(call));
    struct analysis *a = of(call);
    call->out->type = hr_type_array(a->arena, hr_type_array(a->arena, BASIC(STRING), false), false);
    return HR_OK;
}

enum hr_code hr_rule_json_keys(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->type = hr_type_array(of(call)->arena, BASIC(STRING), true);
    return HR_OK;
}

/* json_tuple(json, names …): a stack of one row */
enum hr_code hr_rule_json_tuple(struct hr_call *call)
{
    struct analysis *a = of(call);
    size_t n = count_of(call);
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!hr_is_string(args_of(call)[i]->type) && args_of(call)[i]->type->id != HR_TYPE_VOID)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_STRING_TYPE", "sqlExpr",
                                 hr_expr_sql(a, call->out), "funcName", "`json_tuple`", NULL);
    args[0] = hr_literal_int(a, BASIC(INT), 1);
    for (size_t i = 1; i < n; i++) {
        struct hr_texpr *pair[] = {args_of(call)[0], args_of(call)[i]};
        HR_TRY(hr_call_typed(call->scope, "$json_field", pair, 2, &args[i]));
    }
    HR_TRY(hr_instead(call, "stack", args, n));
    struct hr_field *fields = ARRAY(a, struct hr_field, n);
    for (size_t i = 0; i + 1 < n; i++)
        fields[i] = (struct hr_field){hr_printf(a->arena, "c%zu", i), BASIC(STRING), true, NULL};
    call->out->type = hr_type_struct(a->arena, fields, n - 1);
    return HR_OK;
}

enum hr_code hr_rule_assert_true(struct hr_call *call)
{
    struct analysis *a = of(call);
    if (count_of(call) == 1)
        hr_add_arg(call, hr_literal_string(a, hr_printf(a->arena, "'%s' is not true!",
                                                        hr_pretty_name(a, args_of(call)[0]))));
    return hr_finish_call(call);
}

enum hr_code hr_rule_to_binary(struct hr_call *call)
{
    static const char *const formats[] = {"hex", "utf-8", "utf8", "base64"};
    struct analysis *a = of(call);
    HR_TRY(hr_finish_call(call));
    call->out->nullable = true;
    if (count_of(call) == 1)
        return HR_OK;
    const struct hr_texpr *format = args_of(call)[1];
    if (!hr_is_foldable(format))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`fmt`", "inputType",
                             "\"STRING\"", "inputExpr", hr_expr_sql(a, format), NULL);
    if (format->kind != HR_T_LITERAL || format->literal->is_null)
        return HR_OK;
    for (size_t i = 0; i < HR_LEN(formats); i++)
        if (strlen(formats[i]) == format->literal->text.len &&
            !strncasecmp(formats[i], format->literal->text.bytes, format->literal->text.len)) {
            call->out->nullable =
                !i || !strncmp(call->function->name, "try_", 4) || hr_any_nullable(call);
            return HR_OK;
        }
    return hr_fail_spark(
        a->err, "DATATYPE_MISMATCH.INVALID_ARG_VALUE", "sqlExpr", hr_expr_sql(a, call->out),
        "inputName", "fmt", "requireType", "case-insensitive \"STRING\"", "validValues",
        "'hex', 'utf-8', 'utf8', 'base64'", "inputValue",
        hr_printf(a->arena, "'%.*s'", (int)format->literal->text.len, format->literal->text.bytes),
        NULL);
}

/* input_file_name() and its like: the file of the row below, out of _metadata; without files '' and
 * -1 */
enum hr_code hr_rule_input_file(struct hr_call *call)
{
    static const struct {
        const char *name, *field, *shown;
    } kinds[] = {
        {"input_file_name", "file_path", "$input_file"},
        {"input_file_block_start", "file_block_start", "$input_start"},
        {"input_file_block_length", "file_block_length", "$input_length"},
    };
    struct analysis *a = of(call);
    const struct hr_attr *found = NULL;
    bool has_files = false;
    size_t count = 0, kind = 0;
    if (!a->metadata) {
        a->wants_metadata = true;
        return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(a->arena, "%s() here", call->name), NULL);
    }
    while (!hr_function_is(call->function, kinds[kind].name))
        kind++;
    for (size_t k = 0; k < call->scope->input_count; k++)
        for (size_t i = 0; i < call->scope->inputs[k]->output.count; i++)
            if (call->scope->inputs[k]->output.at[i]->of_file) {
                found = call->scope->inputs[k]->output.at[i];
                count++;
            }
    for (size_t i = 0; i < a->source_count; i++)
        has_files |= a->sources[i]->metadata != NULL;
    if (!has_files)
        return hr_finish_call(call);
    if (count != 1)
        return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(a->arena, "%s() above a join or an aggregate", call->name),
                             NULL);
    struct hr_texpr *value;
    HR_TRY(hr_extract_value(call->scope, hr_column_of(a, found),
                            hr_literal_string(a, kinds[kind].field), &value));
    return hr_instead(call, kinds[kind].shown, &value, 1);
}
