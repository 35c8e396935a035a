/* Calls: overloads, coercion of arguments, result types. */
#include "host/analyze/internal.h"
#include "host/plan/python_work.h"
#include <stdlib.h>

/* ---- calls ---- */

const char *hr_ordinal(int index)
{
    static const char *const names[] = {"first", "second",  "third",  "fourth", "fifth",
                                        "sixth", "seventh", "eighth", "ninth",  "tenth"};
    return index < (int)HR_LEN(names) ? names[index] : "later";
}

static const char *const wanted_names[256] = {
    ['s'] = "\"STRING\"",
    ['z'] = "\"STRING\"",
    ['t'] = "(\"STRING\" or \"BINARY\")",
    ['i'] = "\"INT\"",
    ['l'] = "\"BIGINT\"",
    ['d'] = "\"DOUBLE\"",
    ['n'] = "\"NUMERIC\"",
    ['x'] = "\"INTEGRAL\"",
    ['b'] = "\"BOOLEAN\"",
    ['y'] = "\"BINARY\"",
    ['D'] = "\"DATE\"",
    ['T'] = "\"TIMESTAMP\"",
    ['U'] = "\"TIMESTAMP\"",
    ['X'] = "\"TIMESTAMP\"",
    ['w'] = "(\"TIMESTAMP\" or \"TIMESTAMP WITHOUT TIME ZONE\")",
    ['A'] = "\"ARRAY\"",
    ['M'] = "\"MAP\"",
    ['C'] = "(\"ARRAY\" or \"MAP\")",
    ['S'] = "\"STRUCT\"",
};

static char letter_of(const struct hr_function *function, int index)
{
    int at = 0;
    char last = 'a';
    for (const char *p = function->params; *p; p++) {
        if (*p == '?' || *p == '*')
            continue;
        last = *p;
        if (at++ == index)
            return last;
    }
    return last;
}

static enum hr_code common_type(struct hr_call *call, const struct hr_type **type)
{
    struct analysis *a = call->scope->a;
    struct hr_texprs *args = &call->out->call.args;
    *type = NULL;
    for (size_t i = 0; i < args->count; i++) {
        if (letter_of(call->function, (int)i) != 'e')
            continue;
        const struct hr_type *wide =
            *type ? hr_wider_type(a, *type, args->at[i]->type) : args->at[i]->type;
        if (!wide) {
            const char *types = "";
            for (size_t k = 0; k < args->count; k++)
                if (letter_of(call->function, (int)k) == 'e')
                    types = hr_printf(a->arena, "%s%s%s", types, *types ? " or " : "",
                                      hr_type_quoted(a, args->at[k]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr",
                                 hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                                 "dataType", hr_printf(a->arena, "(%s)", types), NULL);
        }
        *type = wide;
    }
    return HR_OK;
}

static enum hr_code coerce_args(struct hr_call *call, const struct hr_type **common)
{
    struct analysis *a = call->scope->a;
    struct hr_texprs *args = &call->out->call.args;
    HR_TRY(common_type(call, common));
    for (size_t i = 0; i < args->count; i++) {
        char letter = letter_of(call->function, (int)i);
        const struct hr_type *to = args->at[i]->type;
        if (letter == 'L' || letter == 'a' || letter == 'f')
            continue;
        if (letter == 'e')
            to = *common;
        else if (!hr_implicit_cast_allowed(a, args->at[i]->type, letter, &to))
            return hr_fail_spark(
                a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                hr_expr_sql(a, call->out), "paramIndex", hr_ordinal((int)i), "requiredType",
                wanted_names[(unsigned char)letter] ? wanted_names[(unsigned char)letter]
                                                    : "\"ANY\"",
                "inputSql", hr_expr_sql(a, args->at[i]), "inputType",
                hr_type_quoted(a, args->at[i]->type), NULL);
        args->at[i] = hr_cast_implicit(a, args->at[i], to);
    }
    return HR_OK;
}

static const struct hr_type *result_type(struct hr_call *call, const struct hr_type *common)
{
    struct hr_texprs *args = &call->out->call.args;
    const char *rule = call->function->result;
    const struct hr_type *first = args->count ? args->at[0]->type : NULL;
    switch (*rule) {
    case 's':
        return BASIC(STRING);
    case 'i':
        return BASIC(INT);
    case 'l':
        return BASIC(LONG);
    case 'd':
        return BASIC(DOUBLE);
    case 'F':
        return BASIC(FLOAT);
    case 'h':
        return BASIC(SHORT);
    case 'B':
        return BASIC(BYTE);
    case 'b':
        return BASIC(BOOLEAN);
    case 'y':
        return BASIC(BINARY);
    case 'D':
        return BASIC(DATE);
    case 'T':
        return BASIC(TIMESTAMP);
    case 'N':
        return BASIC(TIMESTAMP_NTZ);
    case 'm':
        return BASIC(YEAR_MONTH);
    case 'u':
        return BASIC(DAY_TIME);
    case 'v':
        return BASIC(VOID);
    case 'e':
        return common ? common : BASIC(VOID);
    case 'A':
        if (rule[1] == 's')
            return hr_type_array(call->scope->a->arena, BASIC(STRING), false);
        if (rule[1] == 'e')
            return hr_type_array(call->scope->a->arena, common ? common : BASIC(VOID), true);
        return hr_type_array(call->scope->a->arena, first, args->at[0]->nullable);
    case 'E':
        return first->element;
    case 'K':
        return hr_type_array(call->scope->a->arena, first->key, true);
    case 'V':
        return hr_type_array(call->scope->a->arena, first->element, true);
    default:
        if (*rule >= '1' && *rule <= '9' && (size_t)(*rule - '1') < args->count)
            return args->at[*rule - '1']->type;
        return NULL;
    }
}

static bool result_nullable(struct hr_call *call)
{
    struct hr_texprs *args = &call->out->call.args;
    bool any = false, all = true;
    for (size_t i = 0; i < args->count; i++) {
        any = any || args->at[i]->nullable;
        all = all && args->at[i]->nullable;
    }
    char rule = *call->function->nulls;
    switch (rule) {
    case 'a':
        return any;
    case 'n':
        return false;
    case 'l':
        return all;
    case 'y':
        return true;
    default:
        return rule >= '1' && rule <= '9' && (size_t)(rule - '1') < args->count
                   ? args->at[rule - '1']->nullable
                   : true;
    }
}

/* the default rules of the catalogue's row; a row's own `resolve` may call it and change the rest
 */
enum hr_code hr_finish_call(struct hr_call *call)
{
    const struct hr_type *common = NULL;
    HR_TRY(coerce_args(call, &common));
    const struct hr_type *type = result_type(call, common);
    if (type)
        call->out->type = type;
    if (*call->function->nulls != '-')
        call->out->nullable = result_nullable(call);
    return HR_OK;
}

static enum hr_code wrong_count(struct analysis *a,
                                const struct hr_function *function,
                                const char *name,
                                size_t count)
{
    const char *expected = hr_printf(a->arena, "%d", function->least);
    if (function->most < 0)
        expected = hr_printf(a->arena, "> %d", function->least - 1);
    else if (function->most == function->least + 1)
        expected = hr_printf(a->arena, "[%d, %d]", function->least, function->most);
    else if (function->most > function->least) {
        expected = "[";
        for (int i = function->least; i <= function->most; i++)
            expected = hr_printf(a->arena, "%s%s%d", expected, i > function->least ? ", " : "", i);
        expected = hr_printf(a->arena, "%s]", expected);
    }
    return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName",
                         hr_quote(a, name), "expectedNum", expected, "actualNum",
                         hr_printf(a->arena, "%zu", count), NULL);
}

static enum hr_code call_with(struct scope *s,
                              const struct hr_function *function,
                              const char *name,
                              struct hr_texpr **args,
                              size_t count,
                              const struct hr_expr *expr,
                              struct hr_texpr **out)
{
    if ((int)count < function->least || (function->most >= 0 && (int)count > function->most))
        return wrong_count(s->a, function, name, count);
    struct hr_texpr *result = hr_texpr_new(s->a, HR_T_CALL, BASIC(VOID), true);
    result->call.function = function;
    result->call.name = name;
    result->call.args = (struct hr_texprs){args, count};
    result->call.ansi = s->a->ansi;
    if (expr) {
        result->call.distinct = expr->call.distinct;
        result->call.ignore_nulls = expr->call.ignore_nulls;
        result->origin = expr->origin;
    }
    struct hr_call call = {s, function, name, expr, result};
    HR_TRY(function->resolve ? function->resolve(&call) : hr_finish_call(&call));
    *out = call.out;
    return HR_OK;
}

enum hr_code hr_call_typed(
    struct scope *s, const char *name, struct hr_texpr **args, size_t count, struct hr_texpr **out)
{
    const char *registered;
    const struct hr_function *function = hr_function_find(name, &registered);
    HR_CHECK(function);
    struct hr_texpr **copy = ARRAY(s->a, struct hr_texpr *, count);
    if (count)
        memcpy(copy, args, count * sizeof *copy);
    return call_with(s, function, registered, copy, count, NULL, out);
}

/* system.builtin.f, builtin.f; session: a function that was registered */
static bool is_in_schema(const struct hr_names *name, const char *schema)
{
    switch (name->count) {
    case 1:
        return true;
    case 2:
        return !strcasecmp(name->at[0], schema);
    case 3:
        return !strcasecmp(name->at[0], "system") && !strcasecmp(name->at[1], schema);
    default:
        return false;
    }
}

/* a name that is not in the table: Spark's and not here, registered, or nobody's */
enum hr_code hr_no_function(struct analysis *a, const struct hr_names *name)
{
    const char *last = name->at[name->count - 1];
    if (is_in_schema(name, "builtin") && hr_function_is_missing(last))
        return hr_refuse(a->err, "the function `%s`", last);
    const char *what = is_in_schema(name, "session") && a->env->ops->registered
                           ? a->env->ops->registered(a->env, last)
                           : NULL;
    if (what)
        return hr_refuse_registered(what, last, a->err);
    return hr_fail_spark(
        a->err, "UNRESOLVED_ROUTINE", "routineName", hr_quoted(a, name), "searchPath",
        "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
}

/* count(*) counts rows; any other function takes the columns */
static enum hr_code call_args(struct scope *s,
                              const struct hr_expr *expr,
                              const struct hr_function *function,
                              struct hr_exprs *args)
{
    const struct hr_expr *only = expr->call.args.count == 1 ? expr->call.args.at[0] : NULL;
    bool star = only && only->kind == HR_EXPR_STAR;
    /* count(expr("*")) */
    bool text = only &&
                only->kind == HR_EXPR_TEXT &&
                only->text.sql &&
                !strcmp(only->text.sql, "*") &&
                hr_function_is(function, "count");
    if ((text && !expr->call.distinct) || (star &&
                                           hr_function_is(function, "count") &&
                                           !expr->call.distinct &&
                                           !only->star.target.count)) {
        args->at = ARRAY(s->a, struct hr_expr *, 1);
        args->at[0] = hr_expr_integer(s->a->arena, BASIC(INT), 1);
        args->count = 1;
        return HR_OK;
    }
    bool of_table = star && only->star.target.count > 0;
    if (of_table && hr_function_is(function, "count"))
        return hr_fail_spark(s->a->err, "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT",
                             "tableName", hr_quoted(s->a, &expr->call.args.at[0]->star.target),
                             NULL);
    if (!expr->call.args.count && hr_function_is(function, "count"))
        return hr_fail_spark(s->a->err, "WRONG_NUM_ARGS.WITH_SUGGESTION", "functionName", "`count`",
                             "expectedNum", " >= 1", "actualNum", "0", "legacyNum", "0",
                             "legacyConfKey", "\"spark.sql.legacy.allowParameterlessCount\"",
                             "legacyConfValue", "\"true\"", NULL);
    return hr_expand_list(s, &expr->call.args, args);
}

static bool is_ordered_percentile(const struct hr_function *function)
{
    return hr_function_is(function, "percentile_cont") ||
           hr_function_is(function, "percentile_disc");
}

/* percentile_cont(p) WITHIN GROUP (ORDER BY v): the value comes first, a third argument says that
 * the order descends */
static enum hr_code order_as_arguments(struct scope *s,
                                       const struct hr_expr *expr,
                                       const char *name,
                                       struct hr_texpr ***args,
                                       size_t *count)
{
    struct analysis *a = s->a;
    struct hr_torders orders = {0};
    if (!expr->call.within_group.count)
        return hr_fail_spark(a->err, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                             "funcName", hr_quote(a, name), NULL);
    if (expr->call.within_group.count > 1 || *count != 1)
        return hr_fail_spark(a->err, "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
                             "funcName", hr_quote(a, name), "expectedNum", "1", "actualNum",
                             hr_printf(a->arena, "%zu", expr->call.within_group.count), NULL);
    if (expr->call.distinct)
        return hr_fail_spark(a->err, "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED",
                             "funcName", hr_quote(a, name), NULL);
    HR_TRY(hr_resolve_orders(s, &expr->call.within_group, &orders));
    struct hr_texpr **all = ARRAY(a, struct hr_texpr *, 3);
    all[0] = orders.at[0].child;
    all[1] = (*args)[0];
    all[2] = hr_literal_int(a, BASIC(INT), 1);
    *args = all;
    *count = orders.at[0].descending ? 3 : 2;
    return HR_OK;
}

/* A lambda may stand where the catalogue's row says L, nowhere else. Its body is resolved by the
 * function's rule, which knows the types of its parameters; until then a lambda without a type
 * holds its place, so that every argument is there. */
static enum hr_code lambda_argument(struct analysis *a,
                                    const struct hr_function *function,
                                    const char *registered,
                                    size_t at,
                                    struct hr_texpr **out)
{
    if (!(function->flags & HR_F_LAMBDA))
        return hr_fail_spark(a->err, "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                             "class", registered, NULL);
    if (letter_of(function, (int)at) != 'L')
        return hr_fail_spark(
            a->err, "INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION", NULL);
    *out = hr_texpr_new(a, HR_T_LAMBDA, BASIC(VOID), true);
    (*out)->lambda.body = hr_literal_null(a, BASIC(VOID));
    return HR_OK;
}

/* a cast to text or bytes under which different values stay different */
static bool keeps_apart(const struct hr_type *type)
{
    return hr_type_is_integral(type) ||
           type->id == HR_TYPE_DECIMAL ||
           type->id == HR_TYPE_DATE ||
           type->id == HR_TYPE_TIMESTAMP_NTZ ||
           type->id == HR_TYPE_BOOLEAN ||
           type->id == HR_TYPE_YEAR_MONTH ||
           type->id == HR_TYPE_DAY_TIME ||
           type->id == HR_TYPE_TIME ||
           hr_is_string(type) ||
           type->id == HR_TYPE_BINARY;
}

/* DISTINCT with an order: the order is that of the argument, or of what it is cast from */
static enum hr_code check_distinct_order(struct analysis *a,
                                         const struct hr_texpr *call,
                                         const char *registered)
{
    const struct hr_torders *orders = &call->call.within_group;
    const struct hr_texpr *arg = call->call.args.at[0], *bare = arg;
    if (orders->count == 1 && hr_texpr_equal(arg, orders->at[0].child))
        return HR_OK;
    while (bare->kind == HR_T_CAST)
        bare = bare->cast.child;
    if (orders->count == 1 && hr_texpr_equal(bare, orders->at[0].child)) {
        /* under one, texts that differ are equal */
        bool collated = arg->type->collation || bare->type->collation;
        if (keeps_apart(bare->type) && !collated)
            return HR_OK;
        return hr_fail_spark(
            a->err, "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT_UNSAFE_CAST",
            "funcName", hr_quote(a, registered), "inputType", hr_type_quoted(a, bare->type),
            "castType", hr_type_quoted(a, arg->type), NULL);
    }
    const char *texts = "";
    for (size_t i = 0; i < orders->count; i++)
        texts = hr_printf(a->arena, "%s%s%s", texts, i ? ", " : "",
                          hr_expr_sql(a, orders->at[i].child));
    return hr_fail_spark(a->err, "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT",
                         "funcName", hr_quote(a, registered), "funcArg", hr_expr_sql(a, arg),
                         "orderingExpr", texts, NULL);
}

enum hr_code hr_resolve_call(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_names *name = &expr->call.name;
    const char *last = name->at[name->count - 1], *registered;
    const struct hr_function *function = hr_function_find(last, &registered);
    bool hidden = function &&
                  (function->flags & HR_F_INTERNAL) &&
                  !expr->call.is_internal &&
                  !expr->call.is_own;
    bool not_theirs = *last == '$' && !expr->call.is_own;
    if (!function || hidden || not_theirs || !is_in_schema(name, "builtin"))
        return hr_no_function(a, name);
    /* an order makes it listagg, in Spark's names too */
    if (expr->call.within_group.count && hr_function_is(function, "string_agg"))
        function = hr_function_find("listagg", &registered);
    struct hr_exprs list;
    HR_TRY(call_args(s, expr, function, &list));
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, list.count);
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i]->kind == HR_EXPR_NAMED_ARGUMENT)
            return hr_refuse(a->err, "named argument '%s' of function '%s'", list.at[i]->named.name,
                             last);
        if (list.at[i]->kind == HR_EXPR_LAMBDA)
            HR_TRY(lambda_argument(a, function, registered, i, &args[i]));
        else
            HR_TRY(hr_resolve_expr(s, list.at[i], &args[i]));
    }
    struct hr_expr *flat = hr_expr_new(a->arena, HR_EXPR_CALL);
    *flat = *expr;
    flat->call.args = list;
    if (expr->call.distinct && !(function->flags & HR_F_AGGREGATE))
        return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                             "prettyName", hr_quote(a, registered), "syntax", "DISTINCT", NULL);
    size_t count = list.count;
    if (is_ordered_percentile(function)) {
        HR_TRY(order_as_arguments(s, expr, registered, &args, &count));
        flat->call.within_group.count = 0;
    }
    HR_TRY(call_with(s, function, registered, args, count, flat, out));
    if (function->flags & HR_F_LAMBDA)
        HR_TRY(hr_check_higher_order(a, *out));
    struct hr_texpr *target = *out;
    while (target->kind == HR_T_CAST && target->cast.implicit)
        target = target->cast.child;
    if (expr->call.ignore_nulls && !(function->flags & HR_F_IGNORE_NULLS))
        return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                             "prettyName", hr_quote(a, registered), "syntax", "IGNORE NULLS", NULL);
    expr = flat;
    if (expr->call.within_group.count && !hr_function_is(function, "listagg"))
        return hr_refuse(a->err, "WITHIN GROUP of function '%s'", registered);
    if (expr->call.filter) {
        if (target->kind != HR_T_CALL || !(target->call.function->flags & HR_F_AGGREGATE))
            return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                                 "prettyName", hr_quote(a, registered), "syntax", "FILTER CLAUSE",
                                 NULL);
        HR_TRY(hr_aggregate_filter(s, expr->call.filter, &target->call.filter));
    }
    if (expr->call.within_group.count &&
        target->kind == HR_T_CALL &&
        !target->call.within_group.count)
        HR_TRY(hr_resolve_orders(s, &expr->call.within_group, &target->call.within_group));
    if (target->kind == HR_T_CALL && target->call.distinct && target->call.within_group.count)
        HR_TRY(check_distinct_order(a, target, registered));
    return HR_OK;
}
