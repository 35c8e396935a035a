/* Types of aggregates and window functions. */
#include "host/analyze/functions/rules.h"
#include <stdlib.h>
#include <math.h>

/* ---- aggregates ---- */

/* sum and avg, alone among the functions, take the seconds of a timestamp */
static enum hr_code need_summable(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *number;
    if (args[0]->type->id == HR_TYPE_TIMESTAMP)
        args[0] = hr_cast_implicit(of(call), args[0], BASIC(DOUBLE));
    if (hr_implicit_cast_allowed(of(call), args[0]->type, 'n', &number))
        return HR_OK;
    return hr_unexpected(call, 0, "\"NUMERIC\" or \"ANSI INTERVAL\"");
}

enum hr_code hr_rule_sum(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (hr_is_interval(args[0]->type))
        call->out->type = args[0]->type;
    else {
        HR_TRY(need_summable(call));
        HR_TRY(hr_finish_call(call));
        const struct hr_type *type = args[0]->type;
        call->out->type =
            type->id == HR_TYPE_DECIMAL
                ? hr_type_decimal(a->arena, min_int(type->precision + 10, 38), type->scale)
            : hr_type_is_integral(type) ? BASIC(LONG)
                                        : BASIC(DOUBLE);
        if (type->id == HR_TYPE_FLOAT)
            args[0] = hr_cast_implicit(a, args[0], BASIC(DOUBLE));
    }
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_average(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (hr_is_interval(args[0]->type))
        return hr_refuse(a->err, "average of intervals");
    HR_TRY(need_summable(call));
    HR_TRY(hr_finish_call(call));
    const struct hr_type *type = args[0]->type;
    if (type->id == HR_TYPE_DECIMAL) {
        int precision = type->precision + 4, scale = type->scale + 4;
        call->out->type = hr_type_decimal(a->arena, min_int(precision, 38), min_int(scale, 38));
    } else {
        args[0] = hr_cast_implicit(a, args[0], BASIC(DOUBLE));
        call->out->type = BASIC(DOUBLE);
    }
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_min_max(struct hr_call *call)
{
    const struct hr_type *type = args_of(call)[0]->type;
    HR_TRY(hr_need_order(call, type));
    call->out->type = type;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_first_last(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    call->out->type = args[0]->type;
    call->out->nullable = true;
    if (count_of(call) == 2) {
        if (args[1]->kind != HR_T_LITERAL ||
            args[1]->type->id != HR_TYPE_BOOLEAN ||
            args[1]->literal->is_null)
            return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                                 hr_expr_sql(of(call), call->out), "inputName", "`ignoreNulls`",
                                 "inputType", "\"BOOLEAN\"", "inputExpr",
                                 hr_expr_sql(of(call), args[1]), NULL);
        call->out->call.ignore_nulls = args[1]->literal->boolean;
        call->out->call.args.count = 1;
    }
    return HR_OK;
}

enum hr_code hr_rule_collect(struct hr_call *call)
{
    const struct hr_type *type = args_of(call)[0]->type;
    if (hr_function_is(call->function, "collect_set") && hr_contains_map(type))
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(of(call), call->out), "functionName", "`collect_set`",
                             "dataType", "\"MAP\" or \"COLLATED STRING\"", NULL);
    call->out->type = hr_type_array(of(call)->arena, type, false);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_by_other(struct hr_call *call)
{
    HR_TRY(hr_need_order(call, args_of(call)[1]->type));
    call->out->type = args_of(call)[0]->type;
    call->out->nullable = true;
    return HR_OK;
}

static bool all_literal(const struct hr_texpr *expr)
{
    return hr_is_foldable(expr);
}

static bool constant_number(struct analysis *a, const struct hr_texpr *expr, double *value);

/* sums, differences, products and signs of constants */
static bool constant_call(struct analysis *a, const struct hr_texpr *expr, double *value)
{
    const struct hr_texprs *args = &expr->call.args;
    const char *name = expr->call.function->name;
    double other = 0;
    if (!args->count || args->count > 2 || !constant_number(a, args->at[0], value))
        return false;
    if (args->count == 2 && !constant_number(a, args->at[1], &other))
        return false;
    if (args->count == 1 && hr_function_is(expr->call.function, "negative"))
        *value = -*value;
    else if (args->count == 2 && !strcmp(name, "+"))
        *value += other;
    else if (args->count == 2 && !strcmp(name, "-"))
        *value -= other;
    else if (args->count == 2 && !strcmp(name, "*"))
        *value *= other;
    else
        return false;
    return true;
}

/* the number that literals under casts and arithmetic are; false: it is none, or not found here */
static bool constant_number(struct analysis *a, const struct hr_texpr *expr, double *value)
{
    while (expr->kind == HR_T_CAST && hr_type_is_numeric(expr->type))
        expr = expr->cast.child;
    if (expr->kind == HR_T_CALL)
        return constant_call(a, expr, value);
    if (expr->kind != HR_T_LITERAL || expr->literal->is_null || !hr_type_is_numeric(expr->type))
        return false;
    if (expr->type->id == HR_TYPE_DECIMAL)
        *value =
            strtod(hr_strndup(a->arena, expr->literal->text.bytes, expr->literal->text.len), NULL);
    else
        *value = is_fraction(expr->type) ? expr->literal->real : (double)expr->literal->integer;
    return true;
}

static bool is_null_constant(const struct hr_texpr *expr)
{
    while (expr->kind == HR_T_CAST)
        expr = expr->cast.child;
    return expr->kind == HR_T_LITERAL && expr->literal->is_null;
}

static enum hr_code out_of_range(struct hr_call *call,
                                 const char *what,
                                 const char *range,
                                 const char *value)
{
    struct analysis *a = of(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "sqlExpr",
                         hr_expr_sql(a, call->out), "exprName", what, "valueRange", range,
                         "currentValue", value, NULL);
}

/* a double as Scala prints it in a list of percentages */
static const char *percentage_text(struct analysis *a, double value)
{
    const char *text = hr_printf(a->arena, "%.15g", value);
    return hr_printf(a->arena, strpbrk(text, ".eni") ? "%sD" : "%s.0D", text);
}

/* one percentage or an array of them, each between 0 and 1 */
static enum hr_code check_percentage(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_texpr *given = args_of(call)[1];
    if (is_null_constant(given))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "sqlExpr",
                             hr_expr_sql(a, call->out), "exprName", "percentage", NULL);
    while (given->kind == HR_T_CAST && given->cast.implicit)
        given = given->cast.child;
    bool list = given->kind == HR_T_CALL && hr_function_is(given->call.function, "array");
    struct hr_texprs items =
        list ? given->call.args : (struct hr_texprs){(struct hr_texpr **)&given, 1};
    const char *texts = "";
    bool outside = false;
    for (size_t i = 0; i < items.count; i++) {
        double value;
        if (!constant_number(a, items.at[i], &value))
            return HR_OK; /* computed: looked at where it is used */
        outside = outside || !(value >= 0 && value <= 1);
        texts = hr_printf(a->arena, "%s%s%s", texts, i ? "," : "", percentage_text(a, value));
    }
    return outside ? out_of_range(call, "percentage", "[0.0, 1.0]", texts) : HR_OK;
}

/* what percentiles are taken of: numbers, which texts and NULL are read as, intervals; by
 * percentile_approx also of moments */
static enum hr_code percentile_value(struct hr_call *call, bool approximate)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type;
    bool interval = type->id == HR_TYPE_YEAR_MONTH || type->id == HR_TYPE_DAY_TIME;
    if (interval || (approximate && (hr_type_is_numeric(type) || hr_is_date_like(type))))
        return HR_OK;
    if (!hr_type_is_numeric(type) && !hr_is_string(type) && type->id != HR_TYPE_VOID)
        return hr_unexpected(
            call, 0,
            approximate
                ? "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"INTERVAL YEAR TO MONTH\" or "
                  "\"INTERVAL DAY TO SECOND\")"
                : "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")");
    args[0] = hr_cast_implicit(of(call), args[0], BASIC(DOUBLE));
    return HR_OK;
}

/* a double, or an array of them without nulls; one that is computed may have them by its type */
static enum hr_code percentage_type(struct hr_call *call, bool approximate)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[1]->type, *element = type->element, *to = BASIC(DOUBLE);
    bool many = type->id == HR_TYPE_ARRAY, fits;
    if (many) {
        bool exact = element->id == HR_TYPE_DOUBLE,
             number = hr_type_is_numeric(element) || element->id == HR_TYPE_VOID;
        fits = exact || (number && !type->contains_null);
        to = hr_type_array(a->arena, BASIC(DOUBLE), exact && type->contains_null);
    } else
        fits = hr_implicit_cast_allowed(a, type, 'd', &to);
    const char *wanted = many ? "\"ARRAY<DOUBLE>\"" : "\"DOUBLE\"";
    if (!fits)
        return hr_unexpected(call, 1, approximate ? "(\"DOUBLE\" or \"ARRAY<DOUBLE>\")" : wanted);
    if (!all_literal(args[1]))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`percentage`", "inputType",
                             wanted, "inputExpr", hr_expr_sql(a, args[1]), NULL);
    args[1] = hr_cast_implicit(a, args[1], to);
    return HR_OK;
}

/* the third argument: how often each value counts, or how fine the sketch is */
static enum hr_code integral_third(struct hr_call *call)
{
    const struct hr_type *type = args_of(call)[2]->type;
    if (!hr_type_is_integral(type) && type->id != HR_TYPE_VOID)
        return hr_unexpected(call, 2, "\"INTEGRAL\"");
    return HR_OK;
}

static enum hr_code check_accuracy(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_texpr *accuracy = args_of(call)[2];
    double value;
    if (!hr_is_foldable(accuracy))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`accuracy`", "inputType",
                             "\"BIGINT\"", "inputExpr", hr_expr_sql(a, accuracy), NULL);
    if (is_null_constant(accuracy))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "sqlExpr",
                             hr_expr_sql(a, call->out), "exprName", "accuracy", NULL);
    if (constant_number(a, accuracy, &value) && !(value > 0 && value <= INT32_MAX))
        return out_of_range(call, "accuracy", "(0, 2147483647]",
                            hr_printf(a->arena, "%.0fL", value));
    return HR_OK;
}

/* values and percentages; an interval's percentile is an interval of all units, the sketch's one of
 * the values */
static enum hr_code typed_percentile(struct hr_call *call, bool approximate)
{
    struct analysis *a = of(call);
    HR_TRY(percentile_value(call, approximate));
    HR_TRY(percentage_type(call, approximate));
    const struct hr_type *value = args_of(call)[0]->type;
    if (!approximate)
        value = hr_is_interval(value) ? hr_type_basic(value->id) : BASIC(DOUBLE);
    if (!approximate && !hr_is_interval(value))
        args_of(call)[0] = hr_cast_implicit(a, args_of(call)[0], BASIC(DOUBLE));
    bool many = args_of(call)[1]->type->id == HR_TYPE_ARRAY;
    call->out->type = many ? hr_type_array(a->arena, value, false) : value;
    call->out->nullable = true;
    return check_percentage(call);
}

enum hr_code hr_rule_percentile(struct hr_call *call)
{
    bool approximate = strstr(call->function->name, "approx") != NULL;
    if (count_of(call) == 2)
        hr_add_arg(call, hr_literal_int(of(call), BASIC(INT), approximate ? 10000 : 1));
    HR_TRY(typed_percentile(call, approximate));
    HR_TRY(integral_third(call));
    return approximate ? check_accuracy(call) : HR_OK;
}

/* a median is a percentile of one half, by a name of its own */
enum hr_code hr_rule_median(struct hr_call *call)
{
    HR_TRY(percentile_value(call, false));
    const struct hr_type *type = args_of(call)[0]->type;
    bool interval = hr_is_interval(type);
    if (!interval)
        args_of(call)[0] = hr_cast_implicit(of(call), args_of(call)[0], BASIC(DOUBLE));
    call->out->type = interval ? hr_type_basic(type->id) : BASIC(DOUBLE);
    call->out->nullable = true;
    return HR_OK;
}

/* percentile_cont(p) WITHIN GROUP (ORDER BY v): call.c makes v the first argument, and a third one
 * of it when the order descends */
enum hr_code hr_rule_percentile_group(struct hr_call *call)
{
    size_t count = count_of(call);
    call->out->call.args.count = 2;
    HR_TRY(typed_percentile(call, false));
    call->out->call.args.count = count;
    return HR_OK;
}

enum hr_code hr_rule_ntile(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_texpr *buckets = args_of(call)[0];
    double value;
    if (!hr_is_foldable(buckets))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`buckets`", "inputType",
                             hr_type_quoted(a, buckets->type), "inputExpr", hr_expr_sql(a, buckets),
                             NULL);
    if (buckets->type->id != HR_TYPE_INT)
        return hr_unexpected(call, 0, "\"INT\"");
    HR_TRY(hr_finish_call(call));
    if (!constant_number(a, buckets, &value))
        return hr_refuse(a->err, "function 'ntile' of a computed number");
    return value > 0 ? HR_OK
                     : out_of_range(call, "buckets", "(0, 2147483647]",
                                    hr_printf(a->arena, "%.0f", value));
}

/* both of one kind, text or bytes, and the delimiter a constant */
enum hr_code hr_rule_listagg(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(hr_finish_call(call));
    struct hr_texpr **args = args_of(call);
    if (count_of(call) < 2 || args[1]->type->id == HR_TYPE_VOID)
        return HR_OK;
    if (args[0]->type->id != args[1]->type->id && !is_null_constant(args[1]))
        return hr_diff_types(call, call->name);
    if (!hr_is_foldable(args[1]))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`delimiter`", "inputType",
                             hr_type_quoted(a, args[1]->type), "inputExpr", hr_expr_sql(a, args[1]),
                             NULL);
    return HR_OK;
}

enum hr_code hr_rule_lag_lead(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type;
    if (count_of(call) == 1)
        hr_add_arg(call, hr_literal_int(a, BASIC(INT), 1));
    if (count_of(call) == 2)
        hr_add_arg(call, hr_literal_null(a, BASIC(VOID)));
    args = args_of(call);
    args[1] = hr_cast_implicit(a, args[1], BASIC(INT));
    if (!hr_is_foldable(args[1]))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`offset`", "inputType",
                             hr_type_quoted(a, args[1]->type), "inputExpr", hr_expr_sql(a, args[1]),
                             NULL);
    if (!hr_type_same_shape(args[2]->type, type)) {
        const struct hr_type *wide =
            args[2]->type->id == HR_TYPE_VOID ? type : hr_wider_type(a, type, args[2]->type);
        if (!wide)
            return hr_differ(call);
        args[0] = hr_cast_implicit(a, args[0], wide);
        args[2] = hr_cast_implicit(a, args[2], wide);
        type = wide;
    }
    call->out->type = type;
    call->out->nullable = args[0]->nullable || args[2]->nullable;
    return HR_OK;
}

/* first_value and nth_value over a window */
/* the last argument when it is true or false, taken off; -1: it is neither */
static int take_flag(struct hr_call *call)
{
    const struct hr_texpr *flag = args_of(call)[count_of(call) - 1];
    if (flag->kind != HR_T_LITERAL || flag->type->id != HR_TYPE_BOOLEAN || flag->literal->is_null)
        return -1;
    call->out->call.args.count--;
    return flag->literal->boolean;
}

static enum hr_code bad_flag(struct hr_call *call, const char *name)
{
    struct analysis *a = of(call);
    const struct hr_texpr *flag = args_of(call)[count_of(call) - 1];
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                         hr_expr_sql(a, call->out), "inputName", name, "inputType", "\"BOOLEAN\"",
                         "inputExpr", hr_expr_sql(a, flag), NULL);
}

/* the offset of nth_value: a constant, from 1 */
static enum hr_code check_place_in_frame(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_texpr *offset = args_of(call)[1];
    double value = 0;
    if (!hr_is_foldable(offset))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`offset`", "inputType",
                             hr_type_quoted(a, offset->type), "inputExpr", hr_expr_sql(a, offset),
                             NULL);
    if (!constant_number(a, offset, &value) && !is_null_constant(offset))
        return hr_refuse(a->err, "function 'nth_value' at a computed place");
    return value > 0 ? HR_OK
                     : out_of_range(call, "offset", "(0, 9223372036854775807]",
                                    hr_printf(a->arena, "%.0fL", value));
}

/* nth_value(value, n, ignoreNulls) */
enum hr_code hr_rule_window_value(struct hr_call *call)
{
    if (count_of(call) == 3) {
        int flag = take_flag(call);
        if (flag < 0)
            return bad_flag(call, "`ignoreNulls`");
        call->out->call.ignore_nulls = flag;
    }
    HR_TRY(hr_finish_call(call));
    call->out->type = args_of(call)[0]->type;
    call->out->nullable = true;
    return check_place_in_frame(call);
}

/* ---- more of strings, dates and collections ---- */

/* approx_count_distinct: the second argument becomes the sketch's bits */
enum hr_code hr_rule_distinct_count(struct hr_call *call)
{
    struct analysis *a = of(call);
    double error = 0.05;
    if (count_of(call) == 2) {
        const struct hr_texpr *given = args_of(call)[1];
        while (given->kind == HR_T_CAST)
            given = given->cast.child;
        if (given->kind != HR_T_LITERAL || given->literal->is_null)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                                 hr_expr_sql(a, call->out), "inputName", "`relativeSD`",
                                 "inputType", "\"DOUBLE\"", "inputExpr",
                                 hr_expr_sql(a, args_of(call)[1]), NULL);
        if (given->type->id == HR_TYPE_DECIMAL)
            error = strtod(
                hr_strndup(a->arena, given->literal->text.bytes, given->literal->text.len), NULL);
        else
            error =
                is_fraction(given->type) ? given->literal->real : (double)given->literal->integer;
    }
    double bits = error > 0 ? ceil(2 * log(1.106 / error) / log(2)) : 99;
    if (bits < 4)
        return hr_fail(
            a->err, HR_E_INVALID,
            "HLL++ requires at least 4 bits for addressing. Use a lower error, at most 39%%.");
    if (bits > 24)
        return hr_fail_spark(
            a->err, "UNSUPPORTED_FEATURE", "feature",
            hr_printf(a->arena, "approx_count_distinct with the relative error %g", error), NULL);
    struct hr_texpr *pair[] = {args_of(call)[0], hr_literal_int(a, BASIC(INT), (int64_t)bits)},
                    *key;
    HR_TRY(hr_call_typed(call->scope, "$hll_key", pair, 2, &key));
    call->out->call.args.count = 1;
    args_of(call)[0] = key;
    hr_add_arg(call, pair[1]);
    call->out->type = BASIC(LONG);
    call->out->nullable = false;
    return HR_OK;
}

/* mode(value, deterministic): the least of the most frequent values, or the first met */
enum hr_code hr_rule_mode(struct hr_call *call)
{
    struct analysis *a = of(call);
    if (count_of(call) == 1)
        return hr_finish_call(call);
    struct hr_texpr *given = args_of(call)[1];
    if (!hr_is_foldable(given))
        return hr_fail_spark(a->err, "NON_FOLDABLE_ARGUMENT", "funcName", "`mode`", "paramName",
                             "`deterministic`", "paramType", "\"BOOLEAN\"", NULL);
    if (given->type->id != HR_TYPE_BOOLEAN && given->type->id != HR_TYPE_VOID)
        return hr_fail_spark(a->err, "UNEXPECTED_INPUT_TYPE", "paramIndex", "second",
                             "functionName", "`mode`", "requiredType", "\"BOOLEAN\"", "inputSql",
                             hr_expr_sql(a, given), "inputType", hr_type_quoted(a, given->type),
                             NULL);
    if (is_null_constant(given))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_NULL", "sqlExpr",
                             hr_expr_sql(a, given), "exprName", "`deterministic`", NULL);
    int flag = take_flag(call);
    if (flag < 0)
        return hr_refuse(a->err, "function 'mode' with a computed second argument");
    if (!flag)
        return hr_finish_call(call);
    if (call->out->call.distinct)
        return hr_fail_spark(a->err, "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED",
                             "funcName", "`mode`", NULL);
    hr_add_arg(call, given);
    return hr_finish_call(call);
}
