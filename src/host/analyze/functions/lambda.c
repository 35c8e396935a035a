/* Types of higher-order functions. */
#include "host/analyze/functions/rules.h"

/* ---- higher-order functions ---- */

/* Spark takes any expression for a lambda that ignores its parameters */
static void constant_lambda(struct hr_call *call,
                            size_t at,
                            const struct hr_type **types,
                            const bool *nullable,
                            size_t count)
{
    struct analysis *a = of(call);
    struct hr_texpr *body = args_of(call)[at],
                    *out = hr_texpr_new(a, HR_T_LAMBDA, body->type, body->nullable);
    /* made in an earlier round of aggregate_lambda */
    if (body->kind == HR_T_LAMBDA)
        return;
    const struct hr_attr **params = ARRAY(a, const struct hr_attr *, count);
    for (size_t i = 0; i < count; i++)
        params[i] = hr_attr_new(a, "col", types[i], nullable[i]);
    out->lambda.body = body;
    out->lambda.params = params;
    out->lambda.count = count;
    args_of(call)[at] = out;
}

static enum hr_code resolve_lambda(struct hr_call *call,
                                   size_t at,
                                   const struct hr_type **types,
                                   const bool *nullable,
                                   size_t least,
                                   size_t most)
{
    struct analysis *a = of(call);
    const struct hr_expr *lambda = call->expr->call.args.at[at];
    if (lambda->kind != HR_EXPR_LAMBDA) {
        constant_lambda(call, at, types, nullable, least);
        return HR_OK;
    }
    size_t n = lambda->lambda.params.count;
    if (n < least || n > most)
        return hr_fail_spark(a->err, "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                             "expectedNumArgs", hr_printf(a->arena, "%zu", n), "actualNumArgs",
                             hr_printf(a->arena, "%zu", least), NULL);
    const struct hr_attr **params = ARRAY(a, const struct hr_attr *, n);
    for (size_t i = 0; i < n; i++)
        params[i] = hr_attr_new(a, lambda->lambda.params.at[i], types[i], nullable[i]);
    struct lambda_scope scope = {params, n, call->scope->lambda};
    struct scope inner = *call->scope;
    inner.lambda = &scope;
    struct hr_texpr *body;
    HR_TRY(hr_resolve_expr(&inner, lambda->lambda.body, &body));
    call->scope->correlated = call->scope->correlated || inner.correlated;
    call->scope->alias_used = inner.alias_used;
    struct hr_texpr *out = hr_texpr_new(a, HR_T_LAMBDA, body->type, body->nullable);
    out->lambda.body = body;
    out->lambda.params = params;
    out->lambda.count = n;
    args_of(call)[at] = out;
    return hr_check_lambda(call->scope, out);
}

enum hr_code hr_need_collection(struct hr_call *call, size_t at, enum hr_type_id id)
{
    struct analysis *a = of(call);
    if (args_of(call)[at]->type->id == id)
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                         hr_quote(a, call->name), "paramIndex", hr_ordinal((int)at), "requiredType",
                         id == HR_TYPE_ARRAY ? "\"ARRAY\"" : "\"MAP\"", "inputSql",
                         hr_expr_sql(a, args_of(call)[at]), "inputType",
                         hr_type_quoted(a, args_of(call)[at]->type), NULL);
}

static enum hr_code lambda_boolean(struct hr_call *call, size_t at)
{
    struct hr_texpr *lambda = args_of(call)[at];
    if (lambda->type->id == HR_TYPE_VOID) {
        lambda->lambda.body = hr_cast_implicit(of(call), lambda->lambda.body, BASIC(BOOLEAN));
        lambda->type = BASIC(BOOLEAN);
    }
    if (lambda->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                         hr_quote(of(call), call->name), "paramIndex", "second", "requiredType",
                         "\"BOOLEAN\"", "inputSql", hr_expr_sql(of(call), lambda), "inputType",
                         hr_type_quoted(of(call), lambda->type), NULL);
}

static enum hr_code aggregate_lambda(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_ARRAY));
    /* the accumulator may have to be wider than the start value: Spark casts the start to the
     * merge's type */
    const struct hr_type *zero = args[1]->type;
    for (int round = 0; round < 2; round++) {
        const struct hr_type *types[] = {zero, args[0]->type->element};
        bool nullable[] = {true, args[0]->type->contains_null};
        HR_TRY(resolve_lambda(call, 2, types, nullable, 2, 2));
        if (hr_type_same_shape(args[2]->type, zero))
            break;
        const struct hr_type *wide = zero->id == HR_TYPE_VOID ? args[2]->type : NULL;
        if (!wide)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                                 hr_quote(a, call->name), "paramIndex", "third", "requiredType",
                                 hr_type_quoted(a, zero), "inputSql", hr_expr_sql(a, args[2]),
                                 "inputType", hr_type_quoted(a, args[2]->type), NULL);
        zero = wide;
        args[1] = hr_cast_implicit(a, args[1], zero);
    }
    call->out->type = zero;
    call->out->nullable = args[0]->nullable || args[2]->nullable || args[1]->nullable;
    if (count_of(call) == 4) {
        const struct hr_type *types[] = {zero};
        bool nullable[] = {true};
        HR_TRY(resolve_lambda(call, 3, types, nullable, 1, 1));
        call->out->type = args[3]->type;
        call->out->nullable = args[0]->nullable || args[3]->nullable;
        return HR_OK;
    }
    call->out->nullable = true;
    return HR_OK;
}

static enum hr_code map_lambda(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_MAP));
    const struct hr_type *map = args[0]->type, *types[] = {map->key, map->element};
    bool nullable[] = {false, map->contains_null};
    HR_TRY(resolve_lambda(call, 1, types, nullable, 2, 2));
    call->out->nullable = args[0]->nullable;
    const char *name = call->function->name;
    if (!strcmp(name, "map_filter")) {
        call->out->type = map;
        return lambda_boolean(call, 1);
    }
    if (!strcmp(name, "transform_keys")) {
        call->out->type = hr_type_map(a->arena, args[1]->type, map->element, map->contains_null);
        return hr_need_map_key(call, args[1]->type);
    }
    call->out->type = hr_type_map(a->arena, map->key, args[1]->type, args[1]->nullable);
    return HR_OK;
}

enum hr_code hr_rule_higher_order(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const char *name = call->function->name;
    if (!strncmp(name, "aggregate", 9))
        return aggregate_lambda(call);
    if (!strncmp(name, "map_", 4) || !strncmp(name, "transform_", 10))
        return map_lambda(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_ARRAY));
    const struct hr_type *element = args[0]->type->element;
    bool contains = args[0]->type->contains_null;
    if (!strcmp(name, "zip_with")) {
        HR_TRY(hr_need_collection(call, 1, HR_TYPE_ARRAY));
        const struct hr_type *types[] = {element, args[1]->type->element};
        bool nullable[] = {true, true};
        HR_TRY(resolve_lambda(call, 2, types, nullable, 2, 2));
        call->out->type = hr_type_array(a->arena, args[2]->type, args[2]->nullable);
        call->out->nullable = args[0]->nullable || args[1]->nullable;
        return HR_OK;
    }
    const struct hr_type *types[] = {element, BASIC(INT)};
    bool nullable[] = {contains, false};
    bool indexed = !strcmp(name, "transform") || !strcmp(name, "filter");
    HR_TRY(resolve_lambda(call, 1, types, nullable, 1, indexed ? 2 : 1));
    call->out->nullable = args[0]->nullable;
    if (!strcmp(name, "transform")) {
        call->out->type = hr_type_array(a->arena, args[1]->type, args[1]->nullable);
        return HR_OK;
    }
    HR_TRY(lambda_boolean(call, 1));
    call->out->type = !strcmp(name, "filter") ? args[0]->type : BASIC(BOOLEAN);
    if (strcmp(name, "filter"))
        call->out->nullable = args[0]->nullable || args[1]->nullable;
    return HR_OK;
}

enum hr_code hr_rule_map_zip_with(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_MAP));
    HR_TRY(hr_need_collection(call, 1, HR_TYPE_MAP));
    const struct hr_type *left = args[0]->type, *right = args[1]->type,
                         *key = hr_wider_type(a, left->key, right->key);
    if (!key)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES", "sqlExpr",
                             hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                             "leftType", hr_type_quoted(a, left->key), "rightType",
                             hr_type_quoted(a, right->key), NULL);
    args[0] = hr_cast_implicit(a, args[0],
                               hr_type_map(a->arena, key, left->element, left->contains_null));
    args[1] = hr_cast_implicit(a, args[1],
                               hr_type_map(a->arena, key, right->element, right->contains_null));
    const struct hr_type *types[] = {key, left->element, right->element};
    bool nullable[] = {false, true, true};
    HR_TRY(resolve_lambda(call, 2, types, nullable, 3, 3));
    call->out->type = hr_type_map(a->arena, key, args[2]->type, args[2]->nullable);
    call->out->nullable = args[0]->nullable || args[1]->nullable;
    return HR_OK;
}

/* ---- more of strings, dates and collections ---- */

enum hr_code hr_rule_array_sort(struct hr_call *call)
{
    if (count_of(call) == 2)
        return hr_refuse(of(call)->err, "array_sort with a comparison of its own");
    HR_TRY(hr_finish_call(call));
    const struct hr_type *element = args_of(call)[0]->type->element;
    if (hr_is_orderable(element) || element->id == HR_TYPE_VOID)
        return HR_OK;
    /* named is the comparison that stands for none */
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr",
                         "\"(namedlambdavariable() < namedlambdavariable())\"", "functionName",
                         "`<`", "dataType", hr_type_quoted(of(call), element), NULL);
}
