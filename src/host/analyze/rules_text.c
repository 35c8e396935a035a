/* Types of functions over JSON, maps from text, and moments by units. */
#include "host/analyze/rules.h"
#include <stdlib.h>

/* timestampadd, timestampdiff: dates are midnights; a sum has its moment's type */
enum hr_code hr_rule_timestamp_add(struct hr_call *call)
{
    struct analysis *a = call->scope->a;
    bool sum = *call->function->result == '-';
    HR_TRY(finish_call(call));
    for (size_t i = sum ? 2 : 1; i < 3; i++)
        if (args_of(call)[i]->type->id == HR_TYPE_DATE || args_of(call)[i]->type->id == HR_TYPE_VOID)
            args_of(call)[i] = cast_implicit(a, args_of(call)[i], BASIC(TIMESTAMP));
    if (sum)
        call->out->type = args_of(call)[2]->type;
    return HR_OK;
}

/* what Spark puts in the place of arguments that are left out, and prints in names: 'text, an int, a decimal, or ~ for NULL */
static const struct filling { const char *function; const char *values[6]; } fillings[] = {
    {"str_to_map", {NULL, "',", "':"}},
    {"mask", {NULL, "'X", "'x", "'n", "~"}},
    {"make_dt_interval", {"0", "0", "0", "0.000000"}},
    {"make_ym_interval", {"0", "0"}},
};

static struct hr_texpr *filling_value(struct analysis *a, const char *value)
{
    if (*value == '\'')
        return literal_string(a, value + 1);
    if (*value == '~')
        return literal_null(a, BASIC(STRING));
    if (!strchr(value, '.'))
        return literal_int(a, BASIC(INT), atoll(value));
    struct hr_literal *decimal = NEW(a, struct hr_literal);
    decimal->type = hr_type_decimal(a->arena, 8, 6);
    decimal->text.bytes = value;
    decimal->text.len = strlen(value);
    return literal_of(a, decimal);
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
    HR_TRY(finish_call(call));
    if (!strcmp(call->function->name, "str_to_map"))
        call->out->type = hr_type_map(a->arena, BASIC(STRING), BASIC(STRING), true);
    return HR_OK;
}

static enum hr_code refuse_options(struct hr_call *call, size_t at)
{
    if (call->out->call.args.count <= at)
        return HR_OK;
    return hr_fail_spark(call->scope->a->err, "UNSUPPORTED_FEATURE", "feature", hr_printf(call->scope->a->arena, "options of '%s'", call->name), NULL);
}

/* what is read from text may be missing everywhere */
static const struct hr_type *as_nullable(struct hr_arena *arena, const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return hr_type_array(arena, as_nullable(arena, type->element), true);
    if (type->id == HR_TYPE_MAP)
        return hr_type_map(arena, as_nullable(arena, type->key), as_nullable(arena, type->element), true);
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

enum hr_code hr_rule_from_json(struct hr_call *call)
{
    struct analysis *a = call->scope->a;
    const struct hr_texpr *schema = args_of(call)[1];
    const struct hr_type *type;
    HR_TRY(refuse_options(call, 2));
    HR_TRY(finish_call(call));
    if (schema->kind != HR_T_LITERAL || schema->type->id != HR_TYPE_STRING || schema->literal->is_null)
        return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE", "feature", "a schema of 'from_json' that is not a string literal", NULL);
    const char *text = hr_strndup(a->arena, schema->literal->text.bytes, schema->literal->text.len);
    /* PySpark sends a schema object as its JSON */
    HR_TRY(*text == '{' || *text == '"' ? hr_type_from_json(a->arena, text, &type, a->err) : hr_type_from_ddl(a->arena, text, &type, a->err));
    call->out->type = as_nullable(a->arena, type);
    if (type->id != HR_TYPE_STRUCT && type->id != HR_TYPE_ARRAY && type->id != HR_TYPE_MAP)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "sqlExpr", expr_sql(a, call->out), "schema", type_sql(a, type), NULL);
    return HR_OK;
}
