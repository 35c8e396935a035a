/* Types of operators, conditionals, aggregates and collections: what the letters of the catalogue cannot say. */
#include "host/analyze/rules.h"
#include <stdlib.h>

static struct analysis *of(struct hr_call *call) { return call->scope->a; }
static struct hr_texpr **args_of(struct hr_call *call) { return call->out->call.args.at; }
static size_t count_of(struct hr_call *call) { return call->out->call.args.count; }

static bool any_nullable(struct hr_call *call)
{
    for (size_t i = 0; i < count_of(call); i++)
        if (args_of(call)[i]->nullable)
            return true;
    return false;
}

static void add_arg(struct hr_call *call, struct hr_texpr *arg)
{
    size_t n = count_of(call);
    struct hr_texpr **grown = ARRAY(of(call), struct hr_texpr *, n + 1);
    memcpy(grown, args_of(call), n * sizeof *grown);
    grown[n] = arg;
    call->out->call.args = (struct hr_texprs){grown, n + 1};
}

/* calls another function of the catalogue in this one's place */
static enum hr_code replace(struct hr_call *call, const char *name, struct hr_texpr **args, size_t count)
{
    return call_typed(call->scope, name, args, count, &call->out);
}

/* ---- arithmetic ---- */

static enum hr_code wrong_type(struct hr_call *call, const char *want, const struct hr_type *type)
{
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "sqlExpr", expr_sql(of(call), call->out), "inputType", want,
                         "actualDataType", type_sql(of(call), type), NULL);
}

static enum hr_code differ(struct hr_call *call)
{
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "sqlExpr", expr_sql(of(call), call->out), "left",
                         type_sql(of(call), args_of(call)[0]->type), "right", type_sql(of(call), args_of(call)[1]->type), NULL);
}

/* an integer literal beside a decimal counts with the digits it has */
static const struct hr_type *decimal_operand(struct analysis *a, const struct hr_texpr *expr)
{
    if (expr->kind == HR_T_LITERAL && hr_type_is_integral(expr->type) && !expr->literal->is_null) {
        uint64_t size = expr->literal->integer < 0 ? -(uint64_t)expr->literal->integer : (uint64_t)expr->literal->integer;
        int digits = 1;
        while (size >= 10) {
            size /= 10;
            digits++;
        }
        return hr_type_decimal(a->arena, digits, 0);
    }
    return decimal_for(a, expr->type);
}

static bool is_fraction(const struct hr_type *type) { return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE; }

/* brings both operands to numbers of one kind: both decimal (of their own precisions), or both of one type */
static enum hr_code numeric_operands(struct hr_call *call, const char *want)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    for (int i = 0; i < 2; i++) {
        const struct hr_type *other = args[1 - i]->type;
        if (args[i]->type->id == HR_TYPE_VOID)
            args[i] = cast_implicit(a, args[i], hr_type_is_numeric(other) ? other : BASIC(DOUBLE));
    }
    bool strings[2] = {is_string(args[0]->type), is_string(args[1]->type)};
    if (strings[0] && strings[1] && a->ansi)
        return wrong_type(call, want, BASIC(STRING));
    for (int i = 0; i < 2; i++)
        if (strings[i] && (!a->ansi || strings[1 - i]))
            args[i] = cast_implicit(a, args[i], BASIC(DOUBLE));
        else if (strings[i] && hr_type_is_numeric(args[1 - i]->type))
            args[i] = cast_implicit(a, args[i], hr_type_is_integral(args[1 - i]->type) ? BASIC(LONG) : BASIC(DOUBLE));
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (!hr_type_is_numeric(x) || !hr_type_is_numeric(y))
        return hr_type_equal(x, y) ? wrong_type(call, want, x) : differ(call);
    if (x->id == HR_TYPE_DECIMAL || y->id == HR_TYPE_DECIMAL) {
        for (int i = 0; i < 2; i++)
            args[i] = cast_implicit(a, args[i], is_fraction(x) || is_fraction(y) ? BASIC(DOUBLE) : decimal_operand(a, args[i]));
        return HR_OK;
    }
    const struct hr_type *wide = wider_type(a, x, y);
    args[0] = cast_implicit(a, args[0], wide);
    args[1] = cast_implicit(a, args[1], wide);
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

static int max_int(int x, int y) { return x > y ? x : y; }
static int min_int(int x, int y) { return x < y ? x : y; }

static const struct hr_type *decimal_result(struct analysis *a, char op, const struct hr_type *x, const struct hr_type *y)
{
    int p1 = x->precision, s1 = x->scale, p2 = y->precision, s2 = y->scale, scale;
    switch (op) {
    case '+':
        scale = max_int(s1, s2);
        return adjusted(a, max_int(p1 - s1, p2 - s2) + scale + 1, scale);
    case '*': return adjusted(a, p1 + p2 + 1, s1 + s2);
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
    call->out->nullable = any_nullable(call) || (call->out->type->id == HR_TYPE_DECIMAL && !of(call)->ansi) || op == '/' || op == '%';
    return HR_OK;
}

static bool is_date_like(const struct hr_type *type)
{
    return type->id == HR_TYPE_DATE || type->id == HR_TYPE_TIMESTAMP || type->id == HR_TYPE_TIMESTAMP_NTZ;
}

static bool is_interval(const struct hr_type *type)
{
    return type->id == HR_TYPE_YEAR_MONTH || type->id == HR_TYPE_DAY_TIME || type->id == HR_TYPE_CALENDAR_INTERVAL;
}

/* moment + interval; sign is "+" or "-" */
static enum hr_code shift_moment(struct hr_call *call, struct hr_texpr *moment, struct hr_texpr *interval, bool minus)
{
    struct analysis *a = of(call);
    if (interval->type->id == HR_TYPE_CALENDAR_INTERVAL)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "arithmetic with a calendar interval");
    bool days = interval->type->id == HR_TYPE_DAY_TIME && interval->type->last_unit == HR_UNIT_DAY;
    if (moment->type->id == HR_TYPE_DATE && interval->type->id == HR_TYPE_DAY_TIME && !days)
        moment = cast_implicit(a, moment, BASIC(TIMESTAMP));
    const char *name = interval->type->id == HR_TYPE_YEAR_MONTH ? minus ? "$minus_months" : "$plus_months"
                     : moment->type->id == HR_TYPE_DATE ? minus ? "$minus_days" : "$plus_days" : minus ? "$minus_micros" : "$plus_micros";
    struct hr_texpr *args[] = {moment, interval};
    return replace(call, name, args, 2);
}

static enum hr_code interval_operands(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = wider_type(of(call), args[0]->type, args[1]->type);
    if (!wide)
        return differ(call);
    call->out->type = wide;
    call->out->nullable = any_nullable(call);
    return HR_OK;
}

static const char plus_types[] = "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";

enum hr_code hr_rule_add(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (x->id == HR_TYPE_DATE && (hr_type_is_integral(y) || y->id == HR_TYPE_VOID))
        return replace(call, "date_add", args, 2);
    if (y->id == HR_TYPE_DATE && (hr_type_is_integral(x) || x->id == HR_TYPE_VOID))
        return replace(call, "date_add", (struct hr_texpr *[]){args[1], args[0]}, 2);
    if (is_date_like(x) && is_interval(y))
        return shift_moment(call, args[0], args[1], false);
    if (is_interval(x) && is_date_like(y))
        return shift_moment(call, args[1], args[0], false);
    if (is_interval(x) || is_interval(y))
        return interval_operands(call);
    return arithmetic(call, '+', plus_types);
}

enum hr_code hr_rule_subtract(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (x->id == HR_TYPE_DATE && hr_type_is_integral(y))
        return replace(call, "date_sub", args, 2);
    if (x->id == HR_TYPE_DATE && y->id == HR_TYPE_DATE)
        return replace(call, "$days_between", args, 2);
    if (is_date_like(x) && is_date_like(y)) {
        const struct hr_type *wide = wider_type(a, x, y);
        struct hr_texpr *both[] = {cast_implicit(a, args[0], wide), cast_implicit(a, args[1], wide)};
        return replace(call, "$micros_between", both, 2);
    }
    if (is_date_like(x) && is_interval(y))
        return shift_moment(call, args[0], args[1], true);
    if (is_interval(x) || is_interval(y))
        return interval_operands(call);
    return arithmetic(call, '+', plus_types);
}

enum hr_code hr_rule_multiply(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    for (int i = 0; i < 2; i++)
        if (is_interval(args[i]->type) && args[i]->type->id != HR_TYPE_CALENDAR_INTERVAL && hr_type_is_integral(args[1 - i]->type)) {
            struct hr_type *type = NEW(of(call), struct hr_type);
            *type = *args[i]->type;
            type->first_unit = 0;
            type->last_unit = type->id == HR_TYPE_YEAR_MONTH ? HR_UNIT_MONTH : HR_UNIT_SECOND;
            call->out->type = type;
            call->out->nullable = any_nullable(call);
            return HR_OK;
        }
    return arithmetic(call, '*', "\"NUMERIC\"");
}

enum hr_code hr_rule_divide(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (is_interval(args[0]->type))
        return hr_fail(a->err, HR_E_UNSUPPORTED, "division of an interval");
    HR_TRY(numeric_operands(call, "(\"DOUBLE\" or \"DECIMAL\")"));
    call->out->nullable = true;
    if (args[0]->type->id == HR_TYPE_DECIMAL) {
        call->out->type = decimal_result(a, '/', args[0]->type, args[1]->type);
        return HR_OK;
    }
    args[0] = cast_implicit(a, args[0], BASIC(DOUBLE));
    args[1] = cast_implicit(a, args[1], BASIC(DOUBLE));
    call->out->type = BASIC(DOUBLE);
    return HR_OK;
}

enum hr_code hr_rule_int_divide(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(numeric_operands(call, "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")"));
    call->out->nullable = true;
    call->out->type = BASIC(LONG);
    if (is_fraction(args[0]->type))
        return wrong_type(call, "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")", args[0]->type);
    if (args[0]->type->id == HR_TYPE_DECIMAL)
        return HR_OK;
    args[0] = cast_implicit(a, args[0], BASIC(LONG));
    args[1] = cast_implicit(a, args[1], BASIC(LONG));
    return HR_OK;
}

enum hr_code hr_rule_remainder(struct hr_call *call) { return arithmetic(call, '%', "\"NUMERIC\""); }

enum hr_code hr_rule_negate(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    if (is_string(args[0]->type) || args[0]->type->id == HR_TYPE_VOID)
        args[0] = cast_implicit(of(call), args[0], BASIC(DOUBLE));
    if (!hr_type_is_numeric(args[0]->type) && !is_interval(args[0]->type))
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(of(call), call->out), "paramIndex", "first",
                             "requiredType", plus_types, "inputSql", expr_sql(of(call), args[0]), "inputType", type_sql(of(call), args[0]->type), NULL);
    call->out->type = args[0]->type;
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

/* the result is of the first argument's type, whatever it is */
enum hr_code hr_rule_keep(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->type = args_of(call)[0]->type;
    return HR_OK;
}

/* interval fields have a text form of their own in JSON, which the writer lacks */
static bool has_json(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_ARRAY: return has_json(type->element);
    case HR_TYPE_MAP: return has_json(type->key) && has_json(type->element);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            if (!has_json(type->fields[i].type))
                return false;
        return true;
    case HR_TYPE_CALENDAR_INTERVAL: case HR_TYPE_VARIANT: case HR_TYPE_TIME: case HR_TYPE_YEAR_MONTH: case HR_TYPE_DAY_TIME: case HR_TYPE_UDT: return false;
    default: return true;
    }
}

enum hr_code hr_rule_to_json(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(finish_call(call));
    const struct hr_type *type = args_of(call)[0]->type;
    call->out->nullable = true;
    if (type->id == HR_TYPE_VOID)
        return HR_OK;
    if (type->id != HR_TYPE_STRUCT && type->id != HR_TYPE_ARRAY && type->id != HR_TYPE_MAP)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "sqlExpr", expr_sql(a, call->out), "schema", type_sql(a, type), NULL);
    return has_json(type) ? HR_OK : hr_fail(a->err, HR_E_UNSUPPORTED, "to_json of %s", type_sql(a, type));
}

enum hr_code hr_rule_bitwise(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = args[0]->type;
    for (size_t i = 0; i < count_of(call); i++) {
        if (!hr_type_is_integral(args[i]->type) && args[i]->type->id != HR_TYPE_VOID)
            return count_of(call) > 1 ? hr_type_equal(args[0]->type, args[1]->type) ? wrong_type(call, "\"INTEGRAL\"", args[i]->type) : differ(call)
                                      : hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex",
                                                      "first", "requiredType", "\"INTEGRAL\"", "inputSql", expr_sql(a, args[i]), "inputType",
                                                      type_sql(a, args[i]->type), NULL);
        wide = wider_type(a, wide, args[i]->type);
    }
    for (size_t i = 0; i < count_of(call); i++)
        args[i] = cast_implicit(a, args[i], wide);
    call->out->type = wide;
    call->out->nullable = any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_interval_between(struct hr_call *call)
{
    struct hr_type *type = NEW(of(call), struct hr_type);
    bool days = hr_function_is(call->function, "$days_between");
    *type = (struct hr_type){.id = HR_TYPE_DAY_TIME, .first_unit = HR_UNIT_DAY, .last_unit = days ? HR_UNIT_DAY : HR_UNIT_SECOND};
    call->out->type = type;
    call->out->nullable = any_nullable(call);
    return HR_OK;
}

/* ---- comparisons and conditions ---- */

/* non-ANSI: a string beside something else becomes that; ANSI: the common type */
static const struct hr_type *comparison_type(struct analysis *a, const struct hr_type *x, const struct hr_type *y)
{
    if (!a->ansi && is_string(x) != is_string(y)) {
        const struct hr_type *other = is_string(x) ? y : x;
        if (hr_type_is_integral(other) && other->id != HR_TYPE_LONG)
            return other->id == HR_TYPE_INT ? other : BASIC(INT);
        if (other->id == HR_TYPE_DECIMAL)
            return BASIC(DOUBLE);
        if (other->id != HR_TYPE_ARRAY && other->id != HR_TYPE_MAP && other->id != HR_TYPE_STRUCT)
            return other->id == HR_TYPE_VOID ? BASIC(STRING) : other;
    }
    return wider_type(a, x, y);
}

enum hr_code hr_rule_compare(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (x->id == HR_TYPE_DECIMAL && hr_type_is_integral(y))
        y = decimal_operand(a, args[1]);
    else if (y->id == HR_TYPE_DECIMAL && hr_type_is_integral(x))
        x = decimal_operand(a, args[0]);
    const struct hr_type *wide = comparison_type(a, x, y);
    if (!wide)
        return differ(call);
    args[0] = cast_implicit(a, args[0], wide);
    args[1] = cast_implicit(a, args[1], wide);
    bool equality = strchr(call->function->name, '=') && *call->function->name != '<' && *call->function->name != '>';
    if (wide->id == HR_TYPE_MAP || wide->id == HR_TYPE_VARIANT || (!equality && !is_orderable(wide) && wide->id != HR_TYPE_VOID))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr", expr_sql(a, call->out), "functionName",
                             quote(a, call->name), "dataType", type_sql(a, wide), NULL);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = *call->function->nulls == 'n' ? false : any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_not_equal(struct hr_call *call)
{
    struct hr_texpr *equal;
    HR_TRY(call_typed(call->scope, "==", args_of(call), 2, &equal));
    return replace(call, "not", &equal, 1);
}

enum hr_code hr_rule_is_in(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = args[0]->type;
    for (size_t i = 1; i < count_of(call); i++) {
        const struct hr_type *next = a->ansi ? wider_type(a, wide, args[i]->type) : comparison_type(a, wide, args[i]->type);
        if (!next) {
            const char *types = "";
            for (size_t k = 0; k < count_of(call); k++)
                types = hr_printf(a->arena, "%s%s%s", types, k ? ", " : "", type_sql(a, args[k]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName", "`in`", "dataType",
                                 hr_printf(a->arena, "[%s]", types), NULL);
        }
        wide = next;
    }
    for (size_t i = 0; i < count_of(call); i++)
        args[i] = cast_implicit(a, args[i], wide);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_between(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call), *low, *high;
    struct hr_texpr *first[] = {args[0], args[1]}, *second[] = {args[0], args[2]};
    HR_TRY(call_typed(call->scope, ">=", first, 2, &low));
    HR_TRY(call_typed(call->scope, "<=", second, 2, &high));
    struct hr_texpr *both[] = {low, high};
    struct hr_texpr *joined;
    HR_TRY(call_typed(call->scope, "and", both, 2, &joined));
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = joined->nullable;
    struct hr_texpr **list = ARRAY(of(call), struct hr_texpr *, 4);
    memcpy(list, args, 3 * sizeof *list);
    list[3] = joined;                                        /* what is computed; the name prints the first three */
    call->out->call.args = (struct hr_texprs){list, 4};
    return HR_OK;
}

static enum hr_code branch_types(struct hr_call *call, size_t *at, size_t count)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = NULL;
    bool nullable = false;
    for (size_t i = 0; i < count; i++) {
        const struct hr_type *next = wide ? wider_type(a, wide, args[at[i]]->type) : args[at[i]]->type;
        if (!next) {
            const char *types = "";
            for (size_t k = 0; k < count; k++)
                types = hr_printf(a->arena, "%s%s%s", types, k ? ", " : "", type_sql(a, args[at[k]]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName",
                                 hr_function_is(call->function, "when") ? "`casewhen`" : "`if`", "dataType", hr_printf(a->arena, "[%s]", types), NULL);
        }
        wide = next;
    }
    for (size_t i = 0; i < count; i++) {
        args[at[i]] = cast_implicit(a, args[at[i]], wide);
        nullable = nullable || args[at[i]]->nullable;
    }
    call->out->type = wide;
    call->out->nullable = nullable;
    return HR_OK;
}

static enum hr_code condition_arg(struct hr_call *call, size_t at)
{
    struct analysis *a = of(call);
    struct hr_texpr **arg = &args_of(call)[at];
    if ((*arg)->type->id == HR_TYPE_VOID || (is_string((*arg)->type) && a->ansi))
        *arg = cast_implicit(a, *arg, BASIC(BOOLEAN));
    if ((*arg)->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", ordinal((int)at),
                         "requiredType", "\"BOOLEAN\"", "inputSql", expr_sql(a, *arg), "inputType", type_sql(a, (*arg)->type), NULL);
}

enum hr_code hr_rule_case_when(struct hr_call *call)
{
    size_t n = count_of(call), values = 0;
    size_t *at = ARRAY(of(call), size_t, n);
    for (size_t i = 0; i + 1 < n; i += 2) {
        HR_TRY(condition_arg(call, i));
        at[values++] = i + 1;
    }
    if (n % 2)
        at[values++] = n - 1;
    HR_TRY(branch_types(call, at, values));
    if (n % 2 == 0)
        call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_if_else(struct hr_call *call)
{
    size_t at[] = {1, 2};
    HR_TRY(condition_arg(call, 0));
    return branch_types(call, at, 2);
}

enum hr_code hr_rule_nvl(struct hr_call *call)
{
    size_t n = count_of(call), *at = ARRAY(of(call), size_t, n);
    bool all = true;
    for (size_t i = 0; i < n; i++)
        at[i] = i;
    HR_TRY(branch_types(call, at, n));
    for (size_t i = 0; i < n; i++)
        all = all && args_of(call)[i]->nullable;
    call->out->nullable = all;
    return HR_OK;
}

enum hr_code hr_rule_nullif(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call), *equal;
    HR_TRY(call_typed(call->scope, "==", args, 2, &equal));
    call->out->type = args[0]->type;
    call->out->nullable = true;
    add_arg(call, equal);
    call->out->call.args.at[2] = equal;
    return HR_OK;
}

enum hr_code hr_rule_nvl2(struct hr_call *call)
{
    size_t at[] = {1, 2};
    return branch_types(call, at, 2);
}

enum hr_code hr_rule_greatest(struct hr_call *call)
{
    HR_TRY(hr_rule_nvl(call));
    if (is_orderable(call->out->type))
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr", expr_sql(of(call), call->out), "functionName",
                         quote(of(call), call->name), "dataType", type_sql(of(call), call->out->type), NULL);
}

/* ---- rounding ---- */

static bool literal_scale(struct hr_call *call, int64_t *scale)
{
    *scale = 0;
    if (count_of(call) < 2)
        return true;
    struct hr_texpr *arg = args_of(call)[1];
    int sign = 1;
    while (arg->kind == HR_T_CAST || (arg->kind == HR_T_CALL && hr_function_is(arg->call.function, "negative"))) {
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
    HR_TRY(finish_call(call));
    struct analysis *a = of(call);
    int64_t scale;
    if (!literal_scale(call, &scale))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(a, call->out), "inputName", "`scale`", "inputType",
                             "\"INT\"", "inputExpr", expr_sql(a, args_of(call)[1]), NULL);
    if (count_of(call) == 1)
        add_arg(call, literal_int(a, BASIC(INT), 0));
    const struct hr_type *type = args_of(call)[0]->type;
    call->out->type = type->id == HR_TYPE_DECIMAL ? rounded(a, type, scale) : type;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_ceil_floor(struct hr_call *call)
{
    struct analysis *a = of(call);
    int64_t scale;
    HR_TRY(finish_call(call));
    struct hr_texpr **args = args_of(call);
    if (!literal_scale(call, &scale))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(a, call->out), "inputName", "`scale`", "inputType",
                             "\"INT\"", "inputExpr", expr_sql(a, args[1]), NULL);
    bool two = count_of(call) == 2;
    const struct hr_type *type = args[0]->type;
    if (two && type->id != HR_TYPE_DECIMAL)
        args[0] = cast_implicit(a, args[0], type = decimal_for(a, type));
    if (type->id == HR_TYPE_DECIMAL)
        call->out->type = two ? rounded(a, type, scale) : hr_type_decimal(a->arena, min_int(type->precision - type->scale + 1, 38), 0);
    else
        call->out->type = BASIC(LONG);
    if (type->id == HR_TYPE_DECIMAL && !two && type->scale == 0)
        call->out->type = hr_type_decimal(a->arena, min_int(type->precision + 1, 38), 0);
    call->out->nullable = true;
    return HR_OK;
}

/* ---- aggregates ---- */

enum hr_code hr_rule_sum(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (is_interval(args[0]->type))
        call->out->type = args[0]->type;
    else {
        HR_TRY(finish_call(call));
        const struct hr_type *type = args[0]->type;
        call->out->type = type->id == HR_TYPE_DECIMAL ? hr_type_decimal(a->arena, min_int(type->precision + 10, 38), type->scale)
                        : hr_type_is_integral(type) ? BASIC(LONG) : BASIC(DOUBLE);
        if (type->id == HR_TYPE_FLOAT)
            args[0] = cast_implicit(a, args[0], BASIC(DOUBLE));
    }
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_average(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (is_interval(args[0]->type))
        return hr_fail(a->err, HR_E_UNSUPPORTED, "average of intervals");
    HR_TRY(finish_call(call));
    const struct hr_type *type = args[0]->type;
    if (type->id == HR_TYPE_DECIMAL) {
        int precision = type->precision + 4, scale = type->scale + 4;
        call->out->type = hr_type_decimal(a->arena, min_int(precision, 38), min_int(scale, 38));
    } else {
        args[0] = cast_implicit(a, args[0], BASIC(DOUBLE));
        call->out->type = BASIC(DOUBLE);
    }
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_min_max(struct hr_call *call)
{
    struct analysis *a = of(call);
    const struct hr_type *type = args_of(call)[0]->type;
    if (!is_orderable(type) && type->id != HR_TYPE_VOID)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr", expr_sql(a, call->out), "functionName",
                             quote(a, call->name), "dataType", type_sql(a, type), NULL);
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
        if (args[1]->kind != HR_T_LITERAL || args[1]->type->id != HR_TYPE_BOOLEAN || args[1]->literal->is_null)
            return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(of(call), call->out), "inputName",
                                 "`ignoreNulls`", "inputType", "\"BOOLEAN\"", "inputExpr", expr_sql(of(call), args[1]), NULL);
        call->out->call.ignore_nulls = args[1]->literal->boolean;
        call->out->call.args.count = 1;
    }
    return HR_OK;
}

enum hr_code hr_rule_collect(struct hr_call *call)
{
    const struct hr_type *type = args_of(call)[0]->type;
    if (hr_function_is(call->function, "collect_set") && type->id == HR_TYPE_MAP)
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", "sqlExpr", expr_sql(of(call), call->out), "functionName",
                             "`collect_set`", "dataType", "\"MAP\"", NULL);
    call->out->type = hr_type_array(of(call)->arena, type, false);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_by_other(struct hr_call *call)
{
    call->out->type = args_of(call)[0]->type;
    call->out->nullable = true;
    return HR_OK;
}

static bool all_literal(const struct hr_texpr *expr)
{
    return is_foldable(expr);
}

enum hr_code hr_rule_percentile(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    bool approximate = strstr(call->function->name, "approx") != NULL;
    if (is_string(args[0]->type))
        args[0] = cast_implicit(a, args[0], BASIC(DOUBLE));
    if (!hr_type_is_numeric(args[0]->type) && !(approximate && is_date_like(args[0]->type)))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "first",
                             "requiredType", "\"NUMERIC\"", "inputSql", expr_sql(a, args[0]), "inputType", type_sql(a, args[0]->type), NULL);
    if (!all_literal(args[1]))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(a, call->out), "inputName", "`percentage`", "inputType",
                             "\"DOUBLE\"", "inputExpr", expr_sql(a, args[1]), NULL);
    bool many = args[1]->type->id == HR_TYPE_ARRAY;
    args[1] = cast_implicit(a, args[1], many ? hr_type_array(a->arena, BASIC(DOUBLE), false) : BASIC(DOUBLE));
    if (approximate && count_of(call) == 2)
        add_arg(call, literal_int(a, BASIC(INT), 10000));
    if (!approximate)
        args[0] = cast_implicit(a, args[0], BASIC(DOUBLE));
    if (!approximate && count_of(call) == 2)
        add_arg(call, literal_int(a, BASIC(INT), 1));
    const struct hr_type *value = approximate ? args_of(call)[0]->type : BASIC(DOUBLE);
    call->out->type = many ? hr_type_array(a->arena, value, false) : value;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_lag_lead(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type;
    if (count_of(call) == 1)
        add_arg(call, literal_int(a, BASIC(INT), 1));
    if (count_of(call) == 2)
        add_arg(call, literal_null(a, BASIC(VOID)));
    args = args_of(call);
    args[1] = cast_implicit(a, args[1], BASIC(INT));
    if (!hr_type_same_shape(args[2]->type, type)) {
        const struct hr_type *wide = args[2]->type->id == HR_TYPE_VOID ? type : wider_type(a, type, args[2]->type);
        if (!wide)
            return differ(call);
        args[0] = cast_implicit(a, args[0], wide);
        args[2] = cast_implicit(a, args[2], wide);
        type = wide;
    }
    call->out->type = type;
    call->out->nullable = args[0]->nullable || args[2]->nullable;
    return HR_OK;
}

/* first_value and nth_value over a window */
enum hr_code hr_rule_window_value(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->type = args_of(call)[0]->type;
    call->out->nullable = true;
    return HR_OK;
}

/* ---- collections ---- */

static const struct hr_type *common(struct hr_call *call, size_t from, size_t step, bool *nullable)
{
    struct analysis *a = of(call);
    const struct hr_type *wide = NULL;
    *nullable = false;
    for (size_t i = from; i < count_of(call); i += step) {
        wide = wide ? wider_type(a, wide, args_of(call)[i]->type) : args_of(call)[i]->type;
        if (!wide)
            return NULL;
    }
    for (size_t i = from; wide && i < count_of(call); i += step) {
        args_of(call)[i] = cast_implicit(a, args_of(call)[i], wide);
        *nullable = *nullable || args_of(call)[i]->nullable;
    }
    return wide ? wide : BASIC(VOID);
}

static enum hr_code diff_types(struct hr_call *call, const char *name)
{
    struct analysis *a = of(call);
    const char *types = "";
    for (size_t k = 0; k < count_of(call); k++)
        types = hr_printf(a->arena, "%s%s%s", types, k ? " or " : "", type_sql(a, args_of(call)[k]->type));
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName", quote(a, name), "dataType",
                         hr_printf(a->arena, "(%s)", types), NULL);
}

enum hr_code hr_rule_array_of(struct hr_call *call)
{
    bool nullable;
    const struct hr_type *element = common(call, 0, 1, &nullable);
    if (!element)
        return diff_types(call, "array");
    call->out->type = hr_type_array(of(call)->arena, element, nullable);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_map_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool key_nullable, nullable;
    if (count_of(call) % 2)
        return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName", "`map`", "expectedNum", "2n (n > 0)", "actualNum",
                             hr_printf(a->arena, "%zu", count_of(call)), "docroot", "https://spark.apache.org/docs/latest", NULL);
    const struct hr_type *key = common(call, 0, 2, &key_nullable), *value = key ? common(call, 1, 2, &nullable) : NULL;
    if (!value)
        return diff_types(call, "map");
    call->out->type = hr_type_map(a->arena, key, value, nullable);
    call->out->nullable = false;
    return HR_OK;
}

static const char *field_name(struct analysis *a, struct hr_texpr **arg, size_t index)
{
    struct hr_texpr *expr = *arg;
    if (expr->kind == HR_T_ALIAS)
        return expr->alias.name;
    if (expr->kind == HR_T_COLUMN)
        return expr->column.attr->name;
    if (expr->kind == HR_T_VARIABLE)
        return expr->variable.attr->name;
    if (expr->kind == HR_T_FIELD)
        return expr->field.name;
    return hr_printf(a->arena, "col%zu", index + 1);
}

enum hr_code hr_rule_struct_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_field *fields = ARRAY(a, struct hr_field, count_of(call));
    for (size_t i = 0; i < count_of(call); i++) {
        struct hr_texpr *arg = args_of(call)[i];
        fields[i] = (struct hr_field){field_name(a, &args_of(call)[i], i), arg->type, arg->nullable, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, count_of(call));
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_named_struct(struct hr_call *call)
{
    struct analysis *a = of(call);
    size_t n = count_of(call) / 2;
    if (count_of(call) % 2)
        return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName", "`named_struct`", "expectedNum", "2n (n > 0)", "actualNum",
                             hr_printf(a->arena, "%zu", count_of(call)), "docroot", "https://spark.apache.org/docs/latest", NULL);
    struct hr_field *fields = ARRAY(a, struct hr_field, n);
    for (size_t i = 0; i < n; i++) {
        struct hr_texpr *name = args_of(call)[2 * i], *value = args_of(call)[2 * i + 1];
        if (name->kind != HR_T_LITERAL || !is_string(name->type) || name->literal->is_null)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", "sqlExpr", expr_sql(a, call->out), "inputExprs",
                                 hr_printf(a->arena, "[%s]", expr_sql(a, name)), NULL);
        fields[i] = (struct hr_field){hr_strndup(a->arena, name->literal->text.bytes, name->literal->text.len), value->type, value->nullable, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, n);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_array_item(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call), *array = args[0];
    if (is_string(args[1]->type) || args[1]->type->id == HR_TYPE_VOID)
        args[1] = cast_implicit(a, args[1], BASIC(INT));
    if (!hr_type_is_integral(args[1]->type))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "second", "requiredType",
                             "\"INTEGRAL\"", "inputSql", expr_sql(a, args[1]), "inputType", type_sql(a, args[1]->type), NULL);
    call->out->type = array->type->element;
    call->out->nullable = !a->ansi || any_nullable(call) || array->type->contains_null;
    return HR_OK;
}

enum hr_code hr_rule_map_item(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *key = args[0]->type->key, *wide = wider_type(a, key, args[1]->type);
    if (!wide || !hr_type_same_shape(wide, key)) {
        const struct hr_type *to;
        if (!wide || !implicit_cast_allowed(a, args[1]->type, is_string(key) ? 's' : 'a', &to) || !can_cast(args[1]->type, key, true))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "second",
                                 "requiredType", type_sql(a, key), "inputSql", expr_sql(a, args[1]), "inputType", type_sql(a, args[1]->type), NULL);
    }
    args[1] = cast_implicit(a, args[1], key);
    call->out->type = args[0]->type->element;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_array_fields(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_field *field = &args[0]->type->element->fields[args[1]->literal->integer];
    call->out->type = hr_type_array(of(call)->arena, field->type, args[0]->type->contains_null || field->nullable);
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

enum hr_code hr_rule_element_at(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type;
    if (type->id == HR_TYPE_MAP)
        return hr_rule_map_item(call);
    if (type->id != HR_TYPE_ARRAY)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "first", "requiredType",
                             "(\"ARRAY\" or \"MAP\")", "inputSql", expr_sql(a, args[0]), "inputType", type_sql(a, type), NULL);
    if (args[1]->type->id != HR_TYPE_INT) {
        if (args[1]->type->id != HR_TYPE_BYTE && args[1]->type->id != HR_TYPE_SHORT && args[1]->type->id != HR_TYPE_VOID)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "second",
                                 "requiredType", "\"INT\"", "inputSql", expr_sql(a, args[1]), "inputType", type_sql(a, args[1]->type), NULL);
        args[1] = cast_implicit(a, args[1], BASIC(INT));
    }
    call->out->type = type->element;
    call->out->nullable = !a->ansi || any_nullable(call) || type->contains_null || !hr_function_is(call->function, "element_at");
    return HR_OK;
}

/* functions of an array and a value of its element's type: array_contains, array_position, array_remove, array_append … */
enum hr_code hr_rule_array_member(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (args[0]->type->id == HR_TYPE_VOID || args[0]->type->id != HR_TYPE_ARRAY)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", "first", "requiredType",
                             "\"ARRAY\"", "inputSql", expr_sql(a, args[0]), "inputType", type_sql(a, args[0]->type), NULL);
    const struct hr_type *wide = wider_type(a, args[0]->type->element, args[1]->type);
    if (!wide)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName",
                             quote(a, call->name), "dataType", "\"ARRAY\"", "leftType", type_sql(a, args[0]->type), "rightType",
                             type_sql(a, args[1]->type), NULL);
    bool grows = strstr(call->function->name, "append") || strstr(call->function->name, "prepend");
    args[0] = cast_implicit(a, args[0], hr_type_array(a->arena, wide, args[0]->type->contains_null));
    args[1] = cast_implicit(a, args[1], wide);
    char rule = *call->function->result;
    call->out->type = rule == 'b' ? BASIC(BOOLEAN) : rule == 'l' ? BASIC(LONG)
                    : hr_type_array(a->arena, wide, args[0]->type->contains_null || grows);
    call->out->nullable = grows ? args[0]->nullable : any_nullable(call) || (rule == 'b' && args[0]->type->contains_null);
    return HR_OK;
}

/* array_union, array_intersect, array_except, arrays_overlap */
enum hr_code hr_rule_array_pair(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    for (int i = 0; i < 2; i++)
        if (args[i]->type->id != HR_TYPE_ARRAY)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName",
                                 quote(a, call->name), "arrayType", "\"ARRAY\"", "leftType", type_sql(a, args[0]->type), "rightType",
                                 type_sql(a, args[1]->type), NULL);
    const struct hr_type *wide = wider_type(a, args[0]->type->element, args[1]->type->element);
    if (!wide)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName",
                             quote(a, call->name), "arrayType", "\"ARRAY\"", "leftType", type_sql(a, args[0]->type), "rightType",
                             type_sql(a, args[1]->type), NULL);
    bool left = args[0]->type->contains_null, right = args[1]->type->contains_null;
    for (int i = 0; i < 2; i++)
        args[i] = cast_implicit(a, args[i], hr_type_array(a->arena, wide, args[i]->type->contains_null));
    bool contains = strstr(call->function->name, "union") ? left || right : strstr(call->function->name, "intersect") ? left && right : left;
    call->out->type = *call->function->result == 'b' ? BASIC(BOOLEAN) : hr_type_array(a->arena, wide, contains);
    call->out->nullable = any_nullable(call) || (*call->function->result == 'b' && (left || right));
    return HR_OK;
}

enum hr_code hr_rule_concat(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool nullable, array = false, binary = count_of(call) > 0;
    for (size_t i = 0; i < count_of(call); i++) {
        array = array || args_of(call)[i]->type->id == HR_TYPE_ARRAY;
        binary = binary && args_of(call)[i]->type->id == HR_TYPE_BINARY;
    }
    call->out->nullable = any_nullable(call);
    if (array) {
        const struct hr_type *wide = common(call, 0, 1, &nullable);
        if (!wide)
            return diff_types(call, "concat");
        call->out->type = wide;
        return HR_OK;
    }
    call->out->type = binary ? BASIC(BINARY) : BASIC(STRING);
    for (size_t i = 0; i < count_of(call); i++) {
        const struct hr_type *to;
        if (!binary && !implicit_cast_allowed(a, args_of(call)[i]->type, 's', &to))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", ordinal((int)i),
                                 "requiredType", "(\"STRING\" or \"BINARY\" or \"ARRAY\")", "inputSql", expr_sql(a, args_of(call)[i]), "inputType",
                                 type_sql(a, args_of(call)[i]->type), NULL);
        args_of(call)[i] = cast_implicit(a, args_of(call)[i], call->out->type);
    }
    return HR_OK;
}

/* a string stays a string, bytes stay bytes */
enum hr_code hr_rule_string_binary(struct hr_call *call)
{
    HR_TRY(hr_rule_default_args(call));
    call->out->type = args_of(call)[0]->type->id == HR_TYPE_BINARY ? BASIC(BINARY) : BASIC(STRING);
    return HR_OK;
}

/* size of null: null when ANSI, -1 under spark.sql.legacy.sizeOfNull */
enum hr_code hr_rule_sized(struct hr_call *call)
{
    if (args_of(call)[0]->type->id == HR_TYPE_VOID)
        args_of(call)[0] = cast_implicit(of(call), args_of(call)[0], hr_type_array(of(call)->arena, BASIC(VOID), true));
    HR_TRY(finish_call(call));
    call->out->nullable = of(call)->ansi && args_of(call)[0]->nullable;
    return HR_OK;
}

/* ---- arguments that Spark fills in, and prints in names ---- */

struct defaults { const char *function; int from; const char *values[3]; };   /* values: 'text', or an int, or true */

static const struct defaults defaults[] = {
    {"substring", 2, {"2147483647"}}, {"split", 2, {"-1"}}, {"regexp_replace", 3, {"1"}}, {"regexp_extract", 2, {"1"}}, {"locate", 2, {"1"}},
    {"replace", 2, {"'"}}, {"sort_array", 1, {"true"}}, {"unix_timestamp", 1, {"'yyyy-MM-dd HH:mm:ss"}}, {"regexp_extract_all", 2, {"1"}},
    {"to_unix_timestamp", 1, {"'yyyy-MM-dd HH:mm:ss"}}, {"from_unixtime", 1, {"'yyyy-MM-dd HH:mm:ss"}}, {"months_between", 2, {"true"}},
    {"lpad", 2, {"' "}}, {"rpad", 2, {"' "}},
    {"round", 1, {"0"}}, {"bround", 1, {"0"}}, {"position", 2, {"1"}}, {"overlay", 3, {"-1"}}, {"regexp_instr", 2, {"0"}}, {"to_timestamp", 9, {"0"}},
};

enum hr_code hr_rule_default_args(struct hr_call *call)
{
    struct analysis *a = of(call);
    for (size_t i = 0; i < HR_LEN(defaults); i++) {
        size_t len = strlen(defaults[i].function);
        if (strncmp(call->function->name, defaults[i].function, len) || (call->function->name[len] && call->function->name[len] != ','))
            continue;
        for (size_t k = 0; k < 3 && defaults[i].values[k]; k++) {
            const char *value = defaults[i].values[k];
            if ((int)count_of(call) != defaults[i].from + (int)k)
                continue;
            struct hr_literal *yes = NEW(a, struct hr_literal);
            *yes = (struct hr_literal){.type = BASIC(BOOLEAN), .boolean = true};
            add_arg(call, *value == '\'' ? literal_string(a, value + 1) : *value == 't' ? literal_of(a, yes) : literal_int(a, BASIC(INT), atoll(value)));
        }
    }
    return finish_call(call);
}

/* ---- generators ---- */

enum hr_code hr_rule_explode(struct hr_call *call)
{
    struct hr_texpr *arg = args_of(call)[0];
    call->out->type = hr_type_struct(of(call)->arena, NULL, 0);
    if (arg->type->id == HR_TYPE_ARRAY || arg->type->id == HR_TYPE_MAP)
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(of(call), call->out), "paramIndex", "first",
                         "requiredType", "(\"ARRAY\" or \"MAP\")", "inputSql", expr_sql(of(call), arg), "inputType", type_sql(of(call), arg->type), NULL);
}

enum hr_code hr_rule_inline_rows(struct hr_call *call)
{
    struct hr_texpr *arg = args_of(call)[0];
    if (arg->type->id != HR_TYPE_ARRAY || arg->type->element->id != HR_TYPE_STRUCT)
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(of(call), call->out), "paramIndex", "first",
                             "requiredType", "\"ARRAY<STRUCT>\"", "inputSql", expr_sql(of(call), arg), "inputType", type_sql(of(call), arg->type), NULL);
    struct hr_type *type = NEW(of(call), struct hr_type);
    *type = *arg->type->element;
    if (arg->type->contains_null) {
        struct hr_field *fields = ARRAY(of(call), struct hr_field, type->field_count);
        for (size_t i = 0; i < type->field_count; i++) {
            fields[i] = type->fields[i];
            fields[i].nullable = true;
        }
        type->fields = fields;
    }
    call->out->type = type;
    return HR_OK;
}

enum hr_code hr_rule_stack(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (args[0]->kind != HR_T_LITERAL || args[0]->type->id != HR_TYPE_INT || args[0]->literal->is_null || args[0]->literal->integer < 1)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(a, call->out), "inputName", "`n`", "inputType", "\"INT\"",
                             "inputExpr", expr_sql(a, args[0]), NULL);
    size_t rows = (size_t)args[0]->literal->integer, values = count_of(call) - 1, columns = (values + rows - 1) / rows;
    struct hr_field *fields = ARRAY(a, struct hr_field, columns);
    for (size_t c = 0; c < columns; c++) {
        const struct hr_type *type = BASIC(VOID);
        for (size_t r = 0; r * columns + c < values; r++) {
            const struct hr_type *wide = wider_type(a, type, args[1 + r * columns + c]->type);
            if (!wide || (type->id != HR_TYPE_VOID && args[1 + r * columns + c]->type->id != HR_TYPE_VOID &&
                          !hr_type_same_shape(type, args[1 + r * columns + c]->type)))
                return hr_fail_spark(a->err, "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "columnIndex",
                                     hr_printf(a->arena, "%zu", c), "leftParamIndex", hr_printf(a->arena, "%zu", c + 1), "leftType", type_sql(a, type),
                                     "rightParamIndex", hr_printf(a->arena, "%zu", 1 + r * columns + c), "rightType",
                                     type_sql(a, args[1 + r * columns + c]->type), NULL);
            type = wide;
        }
        for (size_t r = 0; r * columns + c < values; r++)
            args[1 + r * columns + c] = cast_implicit(a, args[1 + r * columns + c], type);
        fields[c] = (struct hr_field){hr_printf(a->arena, "col%zu", c), type, true, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, columns);
    return HR_OK;
}

/* ---- higher-order functions ---- */

static enum hr_code resolve_lambda(struct hr_call *call, size_t at, const struct hr_type **types, const bool *nullable, size_t least, size_t most)
{
    struct analysis *a = of(call);
    const struct hr_expr *lambda = call->expr ? call->expr->call.args.at[at] : NULL;
    if (!lambda || lambda->kind != HR_EXPR_LAMBDA)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", quote(a, call->name), "paramIndex", ordinal((int)at),
                             "requiredType", "LAMBDA", "inputSql", "", "inputType", "", NULL);
    size_t n = lambda->lambda.params.count;
    if (n < least || n > most)
        return hr_fail_spark(a->err, "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "expectedNumArgs", hr_printf(a->arena, "%zu", n), "actualNumArgs",
                             hr_printf(a->arena, "%zu", least), NULL);
    const struct hr_attr **params = ARRAY(a, const struct hr_attr *, n);
    for (size_t i = 0; i < n; i++)
        params[i] = attr_new(a, lambda->lambda.params.at[i], types[i], nullable[i]);
    struct lambda_scope scope = {params, n, call->scope->lambda};
    struct scope inner = *call->scope;
    inner.lambda = &scope;
    struct hr_texpr *body;
    HR_TRY(hr_resolve_expr(&inner, lambda->lambda.body, &body));
    call->scope->correlated = call->scope->correlated || inner.correlated;
    struct hr_texpr *out = texpr_new(a, HR_T_LAMBDA, body->type, body->nullable);
    out->lambda.body = body;
    out->lambda.params = params;
    out->lambda.count = n;
    args_of(call)[at] = out;
    return HR_OK;
}

static enum hr_code need_collection(struct hr_call *call, size_t at, enum hr_type_id id)
{
    struct analysis *a = of(call);
    if (args_of(call)[at]->type->id == id)
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", quote(a, call->name), "paramIndex", ordinal((int)at), "requiredType",
                         id == HR_TYPE_ARRAY ? "\"ARRAY\"" : "\"MAP\"", "inputSql", expr_sql(a, args_of(call)[at]), "inputType",
                         type_sql(a, args_of(call)[at]->type), NULL);
}

static enum hr_code lambda_boolean(struct hr_call *call, size_t at)
{
    struct hr_texpr *lambda = args_of(call)[at];
    if (lambda->type->id == HR_TYPE_VOID) {
        lambda->lambda.body = cast_implicit(of(call), lambda->lambda.body, BASIC(BOOLEAN));
        lambda->type = BASIC(BOOLEAN);
    }
    if (lambda->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", quote(of(call), call->name), "paramIndex", "second",
                         "requiredType", "\"BOOLEAN\"", "inputSql", expr_sql(of(call), lambda), "inputType", type_sql(of(call), lambda->type), NULL);
}

static enum hr_code aggregate_lambda(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(need_collection(call, 0, HR_TYPE_ARRAY));
    /* the accumulator may have to be wider than the start value: Spark casts the start to the merge's type */
    const struct hr_type *zero = args[1]->type;
    for (int round = 0; round < 2; round++) {
        const struct hr_type *types[] = {zero, args[0]->type->element};
        bool nullable[] = {true, args[0]->type->contains_null};
        HR_TRY(resolve_lambda(call, 2, types, nullable, 2, 2));
        if (hr_type_same_shape(args[2]->type, zero))
            break;
        const struct hr_type *wide = zero->id == HR_TYPE_VOID ? args[2]->type : NULL;
        if (!wide)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", quote(a, call->name), "paramIndex", "third", "requiredType",
                                 type_sql(a, zero), "inputSql", expr_sql(a, args[2]), "inputType", type_sql(a, args[2]->type), NULL);
        zero = wide;
        args[1] = cast_implicit(a, args[1], zero);
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
    HR_TRY(need_collection(call, 0, HR_TYPE_MAP));
    const struct hr_type *map = args[0]->type, *types[] = {map->key, map->element};
    bool nullable[] = {false, map->contains_null};
    HR_TRY(resolve_lambda(call, 1, types, nullable, 2, 2));
    call->out->nullable = args[0]->nullable;
    const char *name = call->function->name;
    if (!strcmp(name, "map_filter")) {
        call->out->type = map;
        return lambda_boolean(call, 1);
    }
    call->out->type = !strcmp(name, "transform_keys") ? hr_type_map(a->arena, args[1]->type, map->element, map->contains_null)
                                                      : hr_type_map(a->arena, map->key, args[1]->type, args[1]->nullable);
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
    HR_TRY(need_collection(call, 0, HR_TYPE_ARRAY));
    const struct hr_type *element = args[0]->type->element;
    bool contains = args[0]->type->contains_null;
    if (!strcmp(name, "zip_with")) {
        HR_TRY(need_collection(call, 1, HR_TYPE_ARRAY));
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

/* ---- more of strings, dates and collections ---- */

static enum hr_code tried(struct hr_call *call, enum hr_code (*rule)(struct hr_call *))
{
    struct hr_texpr *before = call->out;
    HR_TRY(rule(call));
    if (call->out != before)
        return hr_fail(of(call)->err, HR_E_UNSUPPORTED, "function '%s' of dates", call->name);
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_try_add(struct hr_call *call) { return tried(call, hr_rule_add); }
enum hr_code hr_rule_try_subtract(struct hr_call *call) { return tried(call, hr_rule_subtract); }
enum hr_code hr_rule_try_multiply(struct hr_call *call) { return tried(call, hr_rule_multiply); }

/* int(x), double(x) …: a cast */
enum hr_code hr_rule_cast_to(struct hr_call *call)
{
    static const struct { const char *name; enum hr_type_id id; } rows[] = {
        {"int", HR_TYPE_INT}, {"bigint", HR_TYPE_LONG}, {"smallint", HR_TYPE_SHORT}, {"tinyint", HR_TYPE_BYTE}, {"float", HR_TYPE_FLOAT},
        {"double", HR_TYPE_DOUBLE}, {"decimal", HR_TYPE_DECIMAL}, {"boolean", HR_TYPE_BOOLEAN}, {"string", HR_TYPE_STRING},
        {"binary", HR_TYPE_BINARY}, {"date", HR_TYPE_DATE}, {"timestamp", HR_TYPE_TIMESTAMP},
    };
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (!strcmp(rows[i].name, call->function->name))
            HR_TRY(make_cast(call->scope, args_of(call)[0], hr_type_basic(rows[i].id), HR_CAST_DEFAULT, &call->out));
    call->out->cast.implicit = true;                         /* prints as its argument */
    return HR_OK;
}

static enum hr_code unexpected(struct hr_call *call, size_t at, const char *wanted_types)
{
    struct analysis *a = of(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex", ordinal((int)at),
                         "requiredType", wanted_types, "inputSql", expr_sql(a, args_of(call)[at]), "inputType",
                         type_sql(a, args_of(call)[at]->type), NULL);
}

enum hr_code hr_rule_reverse(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *to = args[0]->type;
    if (to->id != HR_TYPE_ARRAY && !implicit_cast_allowed(of(call), args[0]->type, 's', &to))
        return unexpected(call, 0, "(\"STRING\" or \"ARRAY\")");
    args[0] = cast_implicit(of(call), args[0], to);
    call->out->type = to;
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

/* split and regexp_extract_all: arrays of strings */
enum hr_code hr_rule_string_list(struct hr_call *call)
{
    HR_TRY(hr_rule_default_args(call));
    call->out->type = hr_type_array(of(call)->arena, BASIC(STRING), strcmp(call->function->name, "split") != 0);
    return HR_OK;
}

static const struct { const char *unit, *function; } date_units[] = {
    {"year", "year"}, {"y", "year"}, {"years", "year"}, {"yr", "year"}, {"yrs", "year"}, {"quarter", "quarter"}, {"qtr", "quarter"},
    {"month", "month"}, {"mon", "month"}, {"mons", "month"}, {"months", "month"}, {"week", "weekofyear"}, {"weeks", "weekofyear"},
    {"w", "weekofyear"}, {"day", "dayofmonth"}, {"d", "dayofmonth"}, {"days", "dayofmonth"}, {"dayofweek", "dayofweek"}, {"dow", "dayofweek"},
    {"dayofweek_iso", "$dayofweek_iso"}, {"dow_iso", "$dayofweek_iso"}, {"doy", "dayofyear"}, {"hour", "hour"}, {"h", "hour"}, {"hours", "hour"},
    {"hr", "hour"}, {"hrs", "hour"}, {"minute", "minute"}, {"m", "minute"}, {"min", "minute"}, {"mins", "minute"}, {"minutes", "minute"},
    {"second", "$seconds"}, {"s", "$seconds"}, {"sec", "$seconds"}, {"seconds", "$seconds"}, {"secs", "$seconds"}, {"yearofweek", "$yearofweek"},
};

enum hr_code hr_rule_date_part(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call), *inner;
    if (args[0]->kind != HR_T_LITERAL || !is_string(args[0]->type) || args[0]->literal->is_null)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr", expr_sql(a, call->out), "inputName", "`field`", "inputType",
                             "\"STRING\"", "inputExpr", expr_sql(a, args[0]), NULL);
    const char *unit = hr_strndup(a->arena, args[0]->literal->text.bytes, args[0]->literal->text.len);
    if (is_interval(args[1]->type))
        return hr_fail(a->err, HR_E_UNSUPPORTED, "a field of an interval");
    for (size_t i = 0; i < HR_LEN(date_units); i++)
        if (!strcasecmp(date_units[i].unit, unit)) {
            HR_TRY(call_typed(call->scope, date_units[i].function, &args[1], 1, &inner));
            call->out->type = inner->type;
            call->out->nullable = inner->nullable;
            struct hr_texpr **list = ARRAY(a, struct hr_texpr *, 3);
            list[0] = inner;                                 /* the template's $1; the name prints the other two */
            list[1] = args[0];
            list[2] = args[1];
            call->out->call.args = (struct hr_texprs){list, 3};
            return HR_OK;
        }
    return hr_fail_spark(a->err, "INVALID_EXTRACT_FIELD", "field", hr_printf(a->arena, "'%s'", unit), "expr", expr_sql(a, args[1]), NULL);
}

/* the seconds of a moment with their fraction */
enum hr_code hr_rule_seconds(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->type = hr_type_decimal(of(call)->arena, 8, 6);
    return HR_OK;
}

enum hr_code hr_rule_to_moment(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call), *one = NULL;
    HR_TRY(finish_call(call));
    if (count_of(call) == 2 && !is_string(args[0]->type)) {
        if (!is_date_like(args[0]->type) && args[0]->type->id != HR_TYPE_VOID)
            return unexpected(call, 0, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\")");
        call->out->call.args.count = 1;                      /* a format has nothing to say about what is a date already */
    }
    call->out->nullable = !of(call)->ansi || !strncmp(call->function->name, "try_", 4) || any_nullable(call);
    if (count_of(call) == 2)
        return HR_OK;
    HR_TRY(make_cast(call->scope, args[0], call->out->type, strncmp(call->function->name, "try_", 4) ? HR_CAST_DEFAULT : HR_CAST_TRY, &one));
    call->out->nullable = one->nullable;
    return HR_OK;
}

enum hr_code hr_rule_unix_time(struct hr_call *call)
{
    struct hr_texpr *now;
    if (!count_of(call)) {
        HR_TRY(call_typed(call->scope, "current_timestamp", NULL, 0, &now));
        add_arg(call, now);
    }
    HR_TRY(hr_rule_default_args(call));
    const struct hr_type *type = args_of(call)[0]->type;
    if (!is_string(type) && !is_date_like(type))
        return unexpected(call, 0, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")");
    call->out->nullable = any_nullable(call) || (!of(call)->ansi && is_string(type));
    return HR_OK;
}

enum hr_code hr_rule_array_compact(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->type = hr_type_array(of(call)->arena, args_of(call)[0]->type->element, false);
    return HR_OK;
}

enum hr_code hr_rule_array_repeat(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->type = hr_type_array(of(call)->arena, args_of(call)[0]->type, args_of(call)[0]->nullable);
    return HR_OK;
}

enum hr_code hr_rule_flatten(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    const struct hr_type *type = args_of(call)[0]->type;
    if (type->element->id != HR_TYPE_ARRAY)
        return unexpected(call, 0, "\"ARRAY\" of \"ARRAY\"");
    call->out->nullable = args_of(call)[0]->nullable || type->contains_null;
    return HR_OK;
}

enum hr_code hr_rule_arrays_zip(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(finish_call(call));
    struct hr_field *fields = ARRAY(a, struct hr_field, count_of(call));
    for (size_t i = 0; i < count_of(call); i++) {
        struct hr_texpr *arg = args_of(call)[i];
        const char *name = arg->kind == HR_T_COLUMN ? arg->column.attr->name : arg->kind == HR_T_ALIAS ? arg->alias.name : hr_printf(a->arena, "%zu", i);
        fields[i] = (struct hr_field){name, arg->type->element, true, NULL};
    }
    call->out->type = hr_type_array(a->arena, hr_type_struct(a->arena, fields, count_of(call)), false);
    return HR_OK;
}

enum hr_code hr_rule_sequence(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = wider_type(a, args[0]->type, args[1]->type);
    if (wide && hr_type_is_integral(wide) && count_of(call) == 3)
        wide = wider_type(a, wide, args[2]->type);
    bool dates = wide && (wide->id == HR_TYPE_DATE || wide->id == HR_TYPE_TIMESTAMP);
    if (!wide || !(hr_type_is_integral(wide) || dates))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName", "`sequence`",
                             "startType", "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")", "stepType",
                             "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")", "otherStartType", "\"INTEGRAL\"", NULL);
    args[0] = cast_implicit(a, args[0], wide);
    args[1] = cast_implicit(a, args[1], wide);
    if (count_of(call) == 3 && !dates)
        args[2] = cast_implicit(a, args[2], wide);
    if (count_of(call) == 3 && dates && args[2]->type->id != HR_TYPE_DAY_TIME && args[2]->type->id != HR_TYPE_YEAR_MONTH)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "sequence of dates with a step of this type");
    call->out->type = hr_type_array(a->arena, wide, false);
    call->out->nullable = any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_map_entries(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    const struct hr_type *map = args_of(call)[0]->type;
    struct hr_field fields[] = {{"key", map->key, false, NULL}, {"value", map->element, map->contains_null, NULL}};
    call->out->type = hr_type_array(of(call)->arena, hr_type_struct(of(call)->arena, fields, 2), false);
    return HR_OK;
}

enum hr_code hr_rule_map_from_arrays(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    const struct hr_type *keys = args_of(call)[0]->type, *values = args_of(call)[1]->type;
    call->out->type = hr_type_map(of(call)->arena, keys->element, values->element, values->contains_null);
    return HR_OK;
}

enum hr_code hr_rule_map_from_entries(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    const struct hr_type *entry = args_of(call)[0]->type->element;
    if (entry->id != HR_TYPE_STRUCT || entry->field_count != 2)
        return unexpected(call, 0, "\"ARRAY\" of pair \"STRUCT\"");
    call->out->type = hr_type_map(of(call)->arena, entry->fields[0].type, entry->fields[1].type, entry->fields[1].nullable);
    call->out->nullable = args_of(call)[0]->nullable || args_of(call)[0]->type->contains_null;
    return HR_OK;
}

enum hr_code hr_rule_map_key(struct hr_call *call)
{
    HR_TRY(need_collection(call, 0, HR_TYPE_MAP));
    args_of(call)[1] = cast_implicit(of(call), args_of(call)[1], args_of(call)[0]->type->key);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = true;
    return HR_OK;
}

/* computed exactly: no sketch, so no error; Spark's may be off by its relative standard deviation */
enum hr_code hr_rule_distinct_count(struct hr_call *call)
{
    call->out->call.args.count = 1;
    call->out->call.distinct = true;
    call->out->type = BASIC(LONG);
    call->out->nullable = false;
    return HR_OK;
}

/* a fraction of a second may fall outside, so only whole seconds are never null */
enum hr_code hr_rule_timestamp_seconds(struct hr_call *call)
{
    HR_TRY(finish_call(call));
    call->out->nullable = !hr_type_is_integral(args_of(call)[0]->type) || any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_or_zero(struct hr_call *call)
{
    const struct hr_type *given = args_of(call)[0]->type;
    HR_TRY(finish_call(call));
    call->out->type = given->id == HR_TYPE_VOID ? BASIC(INT) : args_of(call)[0]->type;
    return HR_OK;
}

enum hr_code hr_rule_logical(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    for (int i = 0; i < 2; i++)
        if (args[i]->type->id == HR_TYPE_VOID || (is_string(args[i]->type) && args[1 - i]->type->id == HR_TYPE_BOOLEAN))
            args[i] = cast_implicit(of(call), args[i], BASIC(BOOLEAN));
    if (args[0]->type->id == HR_TYPE_BOOLEAN && args[1]->type->id == HR_TYPE_BOOLEAN)
        return finish_call(call);
    return hr_type_same_shape(x, y) ? wrong_type(call, "\"BOOLEAN\"", x) : differ(call);
}

enum hr_code hr_rule_array_sort(struct hr_call *call)
{
    if (count_of(call) == 2)
        return hr_fail(of(call)->err, HR_E_UNSUPPORTED, "array_sort with a comparison of its own");
    return finish_call(call);
}

/* decode(bytes, charset), or Oracle's decode(value, search, result …, default): null finds null. The choice is computed as a CASE kept as the
 * last argument; the name prints the others. */
enum hr_code hr_rule_decode(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    size_t n = count_of(call), made = 0;
    if (n == 2) {
        args[0] = cast_implicit(a, args[0], BASIC(BINARY));
        args[1] = cast_implicit(a, args[1], BASIC(STRING));
        call->out->type = BASIC(STRING);
        call->out->nullable = true;
        return HR_OK;
    }
    struct hr_texpr **branches = ARRAY(a, struct hr_texpr *, n), *choice;
    for (size_t i = 1; i + 1 < n; i += 2) {
        struct hr_texpr *pair[] = {args[0], args[i]};
        HR_TRY(call_typed(call->scope, "<=>", pair, 2, &branches[made++]));
        branches[made++] = args[i + 1];
    }
    if (n % 2 == 0)
        branches[made++] = args[n - 1];
    HR_TRY(call_typed(call->scope, "when", branches, made, &choice));
    call->out->type = choice->type;
    call->out->nullable = choice->nullable;
    call->out->call.hidden_last = true;
    add_arg(call, choice);
    return HR_OK;
}
