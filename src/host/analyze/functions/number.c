/* Types of arithmetic and rounding. */
#include "host/analyze/functions/rules.h"

/* ---- arithmetic ---- */

/* an integer literal beside a decimal counts with the digits it has */
const struct hr_type *hr_decimal_operand(struct analysis *a, const struct hr_texpr *expr)
{
    if (expr->kind == HR_T_LITERAL && hr_type_is_integral(expr->type) && !expr->literal->is_null) {
        uint64_t size = expr->literal->integer < 0 ? -(uint64_t)expr->literal->integer
                                                   : (uint64_t)expr->literal->integer;
        int digits = 1;
        while (size >= 10) {
            size /= 10;
            digits++;
        }
        return hr_type_decimal(a->arena, digits, 0);
    }
    return hr_decimal_for(a, expr->type);
}

/* brings both operands to numbers of one kind: both decimal (of their own precisions), or both of
 * one type */
static enum hr_code numeric_operands(struct hr_call *call, const char *want)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    for (int i = 0; i < 2; i++) {
        const struct hr_type *other = args[1 - i]->type;
        if (args[i]->type->id == HR_TYPE_VOID)
            args[i] =
                hr_cast_implicit(a, args[i], hr_type_is_numeric(other) ? other : BASIC(DOUBLE));
    }
    bool strings[2] = {hr_is_string(args[0]->type), hr_is_string(args[1]->type)};
    if (strings[0] && strings[1] && a->ansi)
        return hr_wrong_type(call, want, BASIC(STRING));
    for (int i = 0; i < 2; i++)
        if (strings[i] && (!a->ansi || strings[1 - i]))
            args[i] = hr_cast_implicit(a, args[i], BASIC(DOUBLE));
        else if (strings[i] && hr_type_is_numeric(args[1 - i]->type))
            args[i] = hr_cast_implicit(
                a, args[i], hr_type_is_integral(args[1 - i]->type) ? BASIC(LONG) : BASIC(DOUBLE));
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (!hr_type_is_numeric(x) || !hr_type_is_numeric(y))
        return hr_type_equal(x, y) ? hr_wrong_type(call, want, x) : hr_differ(call);
    if (x->id == HR_TYPE_DECIMAL || y->id == HR_TYPE_DECIMAL) {
        for (int i = 0; i < 2; i++)
            args[i] = hr_cast_implicit(
                a, args[i],
                is_fraction(x) || is_fraction(y) ? BASIC(DOUBLE) : hr_decimal_operand(a, args[i]));
        return HR_OK;
    }
    const struct hr_type *wide = hr_wider_type(a, x, y);
    args[0] = hr_cast_implicit(a, args[0], wide);
    args[1] = hr_cast_implicit(a, args[1], wide);
    return HR_OK;
}

/* DecimalType.adjustPrecisionScale */
static const struct hr_type *adjusted(struct analysis *a, int precision, int scale)
{
    if (precision <= 38)
        return hr_type_decimal(a->arena, precision, scale);
    int digits = precision - scale, least = scale < 6 ? scale : 6;
    int kept = 38 - digits > least ? 38 - digits : least;
    return hr_type_decimal(a->arena, 38, kept);
}

static int max_int(int x, int y)
{
    return x > y ? x : y;
}

static const struct hr_type *decimal_result(struct analysis *a,
                                            char op,
                                            const struct hr_type *x,
                                            const struct hr_type *y)
{
    int p1 = x->precision, s1 = x->scale, p2 = y->precision, s2 = y->scale, scale;
    switch (op) {
    case '+':
        scale = max_int(s1, s2);
        return adjusted(a, max_int(p1 - s1, p2 - s2) + scale + 1, scale);
    case '*':
        return adjusted(a, p1 + p2 + 1, s1 + s2);
    case '/':
        scale = max_int(6, s1 + p2 + 1);
        return adjusted(a, p1 - s1 + s2 + scale, scale);
    default:
        scale = max_int(s1, s2);
        return adjusted(a, min_int(p1 - s1, p2 - s2) + scale, scale);
    }
}

static enum hr_code arithmetic(struct hr_call *call, char op, const char *want)
{
    HR_TRY(numeric_operands(call, want));
    struct hr_texpr **args = args_of(call);
    call->out->type = args[0]->type;
    if (args[0]->type->id == HR_TYPE_DECIMAL)
        call->out->type = decimal_result(of(call), op, args[0]->type, args[1]->type);
    call->out->nullable = hr_any_nullable(call) ||
                          (call->out->type->id == HR_TYPE_DECIMAL && !of(call)->ansi) ||
                          op == '/' ||
                          op == '%';
    return HR_OK;
}

static const char plus_types[] =
    "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";

/* a text beside a day-time interval is a timestamp, and the result is text again */
static enum hr_code shift_text(struct hr_call *call,
                               struct hr_texpr *text,
                               struct hr_texpr *interval,
                               bool minus)
{
    HR_TRY(
        hr_shift_moment(call, hr_cast_implicit(of(call), text, BASIC(TIMESTAMP)), interval, minus));
    call->out = hr_cast_implicit(of(call), call->out, BASIC(STRING));
    return HR_OK;
}

enum hr_code hr_rule_add(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (hr_is_string(x) && y->id == HR_TYPE_DAY_TIME)
        return shift_text(call, args[0], args[1], false);
    if (x->id == HR_TYPE_DAY_TIME && hr_is_string(y))
        return shift_text(call, args[1], args[0], false);
    if (x->id == HR_TYPE_DATE && (hr_type_is_integral(y) || y->id == HR_TYPE_VOID))
        return hr_instead(call, "date_add", args, 2);
    if (y->id == HR_TYPE_DATE && (hr_type_is_integral(x) || x->id == HR_TYPE_VOID))
        return hr_instead(call, "date_add", (struct hr_texpr *[]){args[1], args[0]}, 2);
    if (hr_is_date_like(x) && hr_is_interval(y))
        return hr_shift_moment(call, args[0], args[1], false);
    if (hr_is_interval(x) && hr_is_date_like(y))
        return hr_shift_moment(call, args[1], args[0], false);
    if (hr_is_interval(x) || hr_is_interval(y))
        return hr_interval_operands(call);
    return arithmetic(call, '+', plus_types);
}

enum hr_code hr_rule_subtract(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (x->id == HR_TYPE_DATE && hr_type_is_integral(y))
        return hr_instead(call, "date_sub", args, 2);
    if (hr_is_string(x) && y->id == HR_TYPE_DAY_TIME)
        return shift_text(call, args[0], args[1], true);
    if (x->id == HR_TYPE_DATE && y->id == HR_TYPE_DATE)
        return hr_instead(call, "$days_between", args, 2);
    if (hr_is_date_like(x) && hr_is_date_like(y)) {
        const struct hr_type *wide = hr_wider_type(a, x, y);
        struct hr_texpr *both[] = {hr_cast_implicit(a, args[0], wide),
                                   hr_cast_implicit(a, args[1], wide)};
        /* what the clocks show: two days are 48 hours, though they were changed between */
        for (size_t i = 0; i < 2; i++)
            both[i] = hr_cast_implicit(a, both[i], BASIC(TIMESTAMP_NTZ));
        return hr_instead(call, "$micros_between", both, 2);
    }
    if (hr_is_date_like(x) && hr_is_interval(y))
        return hr_shift_moment(call, args[0], args[1], true);
    if (hr_is_interval(x) || hr_is_interval(y))
        return hr_interval_operands(call);
    return arithmetic(call, '+', plus_types);
}

enum hr_code hr_rule_multiply(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    for (int i = 0; i < 2; i++)
        if (hr_is_interval(args[i]->type) &&
            args[i]->type->id != HR_TYPE_CALENDAR_INTERVAL &&
            hr_type_is_integral(args[1 - i]->type)) {
            struct hr_type *type = NEW(of(call), struct hr_type);
            *type = *args[i]->type;
            type->first_unit = 0;
            type->last_unit = type->id == HR_TYPE_YEAR_MONTH ? HR_UNIT_MONTH : HR_UNIT_SECOND;
            call->out->type = type;
            call->out->nullable = hr_any_nullable(call);
            return HR_OK;
        }
    return arithmetic(call, '*', "\"NUMERIC\"");
}

enum hr_code hr_rule_divide(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (hr_is_interval(args[0]->type))
        return hr_refuse(a->err, "division of an interval");
    HR_TRY(numeric_operands(call, "(\"DOUBLE\" or \"DECIMAL\")"));
    call->out->nullable = true;
    if (args[0]->type->id == HR_TYPE_DECIMAL) {
        call->out->type = decimal_result(a, '/', args[0]->type, args[1]->type);
        return HR_OK;
    }
    args[0] = hr_cast_implicit(a, args[0], BASIC(DOUBLE));
    args[1] = hr_cast_implicit(a, args[1], BASIC(DOUBLE));
    call->out->type = BASIC(DOUBLE);
    return HR_OK;
}

enum hr_code hr_rule_int_divide(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(numeric_operands(
        call,
        "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")"));
    call->out->nullable = true;
    call->out->type = BASIC(LONG);
    if (is_fraction(args[0]->type))
        return hr_wrong_type(
            call,
            "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")",
            args[0]->type);
    if (args[0]->type->id == HR_TYPE_DECIMAL)
        return HR_OK;
    args[0] = hr_cast_implicit(a, args[0], BASIC(LONG));
    args[1] = hr_cast_implicit(a, args[1], BASIC(LONG));
    return HR_OK;
}

enum hr_code hr_rule_remainder(struct hr_call *call)
{
    return arithmetic(call, '%', "\"NUMERIC\"");
}

enum hr_code hr_rule_negate(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    if (hr_is_string(args[0]->type) || args[0]->type->id == HR_TYPE_VOID)
        args[0] = hr_cast_implicit(of(call), args[0], BASIC(DOUBLE));
    if (!hr_type_is_numeric(args[0]->type) && !hr_is_interval(args[0]->type))
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(of(call), call->out), "paramIndex", "first",
                             "requiredType", plus_types, "inputSql", hr_expr_sql(of(call), args[0]),
                             "inputType", hr_type_quoted(of(call), args[0]->type), NULL);
    call->out->type = args[0]->type;
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

enum hr_code hr_rule_bitwise(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = args[0]->type;
    for (size_t i = 0; i < count_of(call); i++) {
        if (!hr_type_is_integral(args[i]->type) && args[i]->type->id != HR_TYPE_VOID)
            return count_of(call) > 1
                       ? hr_type_equal(args[0]->type, args[1]->type)
                             ? hr_wrong_type(call, "\"INTEGRAL\"", args[i]->type)
                             : hr_differ(call)
                       : hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                                       hr_expr_sql(a, call->out), "paramIndex", "first",
                                       "requiredType", "\"INTEGRAL\"", "inputSql",
                                       hr_expr_sql(a, args[i]), "inputType",
                                       hr_type_quoted(a, args[i]->type), NULL);
        wide = hr_wider_type(a, wide, args[i]->type);
    }
    for (size_t i = 0; i < count_of(call); i++)
        args[i] = hr_cast_implicit(a, args[i], wide);
    call->out->type = wide;
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_bit_count(struct hr_call *call)
{
    const struct hr_type *type = args_of(call)[0]->type;
    if (!hr_type_is_integral(type) && type->id != HR_TYPE_BOOLEAN && type->id != HR_TYPE_VOID)
        return hr_unexpected(call, 0, "(\"INTEGRAL\" or \"BOOLEAN\")");
    return hr_finish_call(call);
}

/* ---- rounding ---- */

static bool literal_scale(struct hr_call *call, int64_t *scale)
{
    *scale = 0;
    if (count_of(call) < 2)
        return true;
    struct hr_texpr *arg = args_of(call)[1];
    int sign = 1;
    while (arg->kind == HR_T_CAST ||
           (arg->kind == HR_T_CALL && hr_function_is(arg->call.function, "negative"))) {
        if (arg->kind == HR_T_CALL)
            sign = -sign;
        arg = arg->kind == HR_T_CAST ? arg->cast.child : arg->call.args.at[0];
    }
    if (arg->kind != HR_T_LITERAL || !hr_type_is_integral(arg->type) || arg->literal->is_null)
        return false;
    *scale = sign * arg->literal->integer;
    return true;
}

static const struct hr_type *rounded(struct analysis *a, const struct hr_type *type, int64_t scale)
{
    int digits = type->precision - type->scale + 1;
    if (scale >= 0) {
        int kept = scale < type->scale ? (int)scale : type->scale;
        return hr_type_decimal(a->arena, min_int(digits + kept, 38), kept);
    }
    int needed = max_int(digits, (int)-scale + 1);
    return hr_type_decimal(a->arena, min_int(needed, 38), 0);
}

enum hr_code hr_rule_round(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    struct analysis *a = of(call);
    int64_t scale;
    if (!literal_scale(call, &scale))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`scale`", "inputType",
                             "\"INT\"", "inputExpr", hr_expr_sql(a, args_of(call)[1]), NULL);
    if (count_of(call) == 1)
        hr_add_arg(call, hr_literal_int(a, BASIC(INT), 0));
    const struct hr_type *type = args_of(call)[0]->type;
    call->out->type = type->id == HR_TYPE_DECIMAL ? rounded(a, type, scale) : type;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_ceil_floor(struct hr_call *call)
{
    struct analysis *a = of(call);
    int64_t scale;
    HR_TRY(hr_finish_call(call));
    struct hr_texpr **args = args_of(call);
    if (!literal_scale(call, &scale))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`scale`", "inputType",
                             "\"INT\"", "inputExpr", hr_expr_sql(a, args[1]), NULL);
    bool two = count_of(call) == 2;
    const struct hr_type *type = args[0]->type;
    if (two && type->id != HR_TYPE_DECIMAL)
        args[0] = hr_cast_implicit(a, args[0], type = hr_decimal_for(a, type));
    if (type->id == HR_TYPE_DECIMAL)
        call->out->type =
            two ? rounded(a, type, scale)
                : hr_type_decimal(a->arena, min_int(type->precision - type->scale + 1, 38), 0);
    else
        call->out->type = BASIC(LONG);
    if (type->id == HR_TYPE_DECIMAL && !two && type->scale == 0)
        call->out->type = hr_type_decimal(a->arena, min_int(type->precision + 1, 38), 0);
    call->out->nullable = true;
    return HR_OK;
}

/* ---- more of strings, dates and collections ---- */

static enum hr_code tried(struct hr_call *call, enum hr_code (*rule)(struct hr_call *))
{
    struct hr_texpr *before = call->out;
    HR_TRY(rule(call));
    if (call->out != before)
        return hr_refuse(of(call)->err, "function '%s' of dates", call->name);
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_try_add(struct hr_call *call)
{
    return tried(call, hr_rule_add);
}
enum hr_code hr_rule_try_subtract(struct hr_call *call)
{
    return tried(call, hr_rule_subtract);
}
enum hr_code hr_rule_try_multiply(struct hr_call *call)
{
    return tried(call, hr_rule_multiply);
}

enum hr_code hr_rule_or_zero(struct hr_call *call)
{
    const struct hr_type *given = args_of(call)[0]->type;
    HR_TRY(hr_finish_call(call));
    call->out->type = given->id == HR_TYPE_VOID ? BASIC(INT) : args_of(call)[0]->type;
    return HR_OK;
}

/* the first of bigint, binary and string that the argument goes to by itself */
enum hr_code hr_rule_hex(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type, *to = type;
    if (hr_type_is_numeric(type) || type->id == HR_TYPE_VOID)
        to = BASIC(LONG);
    else if (type->id != HR_TYPE_BINARY && !hr_implicit_cast_allowed(a, type, 's', &to))
        return hr_unexpected(call, 0, "(\"BIGINT\" or \"BINARY\" or \"STRING\")");
    args[0] = hr_cast_implicit(a, args[0], to);
    call->out->type = BASIC(STRING);
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}
