/* Types of the functions that pandas-on-Spark calls: its own, unknown to SQL text. Their last
 * arguments are literals: what takes part, how many. */
#include "host/analyze/functions/rules.h"

enum hr_code hr_rule_ntz_to_long(struct hr_call *call)
{
    if (args_of(call)[0]->type->id != HR_TYPE_TIMESTAMP_NTZ)
        return hr_unexpected(call, 0, "\"TIMESTAMP_NTZ\"");
    return hr_finish_call(call);
}

/* the function by the name that Spark prints: "pandas_variance($1)" is pandas_variance */
static const char *printed_name(struct hr_call *call)
{
    const char *pretty = call->function->pretty;
    return hr_printf(of(call)->arena, "`%.*s`", (int)strcspn(pretty, "("), pretty);
}

/* argument `at` is a literal of that type */
static enum hr_code need_literal(struct hr_call *call,
                                 size_t at,
                                 enum hr_type_id type,
                                 const char *parameter)
{
    struct analysis *a = of(call);
    const struct hr_texpr *arg = args_of(call)[at];
    if (arg->kind == HR_T_LITERAL && arg->type->id == type && !arg->literal->is_null)
        return HR_OK;
    const char *condition =
        type == HR_TYPE_INT ? "INVALID_PARAMETER_VALUE.INTEGER" : "INVALID_PARAMETER_VALUE.BOOLEAN";
    return hr_fail_spark(a->err, condition, "parameter", parameter, "functionName",
                         printed_name(call), "invalidValue", hr_expr_sql(a, arg), NULL);
}

/* of whole numbers a long, else a double */
enum hr_code hr_rule_pandas_product(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    HR_TRY(need_literal(call, 1, HR_TYPE_BOOLEAN, "`ignoreNA`"));
    struct hr_texpr **args = args_of(call);
    if (args[0]->type->id == HR_TYPE_DECIMAL)
        return hr_refuse(of(call)->err, "`pandas_product` of decimals");
    call->out->type = hr_type_is_integral(args[0]->type) ? BASIC(LONG) : BASIC(DOUBLE);
    call->out->nullable = !args[1]->literal->boolean;
    args[0] = hr_cast_implicit(of(call), args[0], call->out->type);
    return HR_OK;
}

enum hr_code hr_rule_pandas_freedom(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    return need_literal(call, count_of(call) - 1, HR_TYPE_INT, "`ddof`");
}

enum hr_code hr_rule_pandas_mode(struct hr_call *call)
{
    HR_TRY(need_literal(call, 1, HR_TYPE_BOOLEAN, "`ignoreNA`"));
    const struct hr_texpr *const *args = (const struct hr_texpr *const *)args_of(call);
    call->out->type = hr_type_array(of(call)->arena, args[0]->type,
                                    args[0]->nullable && !args[1]->literal->boolean);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_top_k(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    HR_TRY(need_literal(call, 1, HR_TYPE_INT, "`num`"));
    HR_TRY(need_literal(call, 2, HR_TYPE_BOOLEAN, "`reverse`"));
    call->out->type = hr_type_array(of(call)->arena, args_of(call)[0]->type, false);
    call->out->nullable = false;
    return HR_OK;
}
