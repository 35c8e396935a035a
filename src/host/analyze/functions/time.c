/* Types of functions of dates, timestamps and intervals. */
#include "host/analyze/functions/rules.h"

/* ---- arithmetic ---- */

/* moment + interval; sign is "+" or "-" */
enum hr_code hr_shift_moment(struct hr_call *call,
                             struct hr_texpr *moment,
                             struct hr_texpr *interval,
                             bool minus)
{
    struct analysis *a = of(call);
    if (interval->type->id == HR_TYPE_CALENDAR_INTERVAL)
        return hr_refuse(a->err, "arithmetic with a calendar interval");
    bool days = interval->type->id == HR_TYPE_DAY_TIME && interval->type->last_unit == HR_UNIT_DAY;
    if (moment->type->id == HR_TYPE_DATE && interval->type->id == HR_TYPE_DAY_TIME && !days)
        moment = hr_cast_implicit(a, moment, BASIC(TIMESTAMP));
    const char *name = interval->type->id == HR_TYPE_YEAR_MONTH
                           ? minus ? "$minus_months" : "$plus_months"
                       : moment->type->id == HR_TYPE_DATE ? minus ? "$minus_days" : "$plus_days"
                       : minus                            ? "$minus_micros"
                                                          : "$plus_micros";
    struct hr_texpr *args[] = {moment, interval};
    return hr_instead(call, name, args, 2);
}

enum hr_code hr_interval_operands(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    bool text = hr_is_string(args[0]->type) || hr_is_string(args[1]->type);
    const struct hr_type *wide =
        text ? NULL : hr_wider_type(of(call), args[0]->type, args[1]->type);
    if (!wide)
        return hr_differ(call);
    for (size_t i = 0; i < 2; i++)
        if (args[i]->type->id == HR_TYPE_VOID)
            args[i] = hr_cast_implicit(of(call), args[i], wide);
    call->out->type = wide;
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_interval_between(struct hr_call *call)
{
    struct hr_type *type = NEW(of(call), struct hr_type);
    bool days = hr_function_is(call->function, "$days_between");
    *type = (struct hr_type){.id = HR_TYPE_DAY_TIME,
                             .first_unit = HR_UNIT_DAY,
                             .last_unit = days ? HR_UNIT_DAY : HR_UNIT_SECOND};
    call->out->type = type;
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

/* ---- more of strings, dates and collections ---- */

static const struct {
    const char *unit, *function;
} date_units[] = {
    {"year", "year"},
    {"y", "year"},
    {"years", "year"},
    {"yr", "year"},
    {"yrs", "year"},
    {"quarter", "quarter"},
    {"qtr", "quarter"},
    {"month", "month"},
    {"mon", "month"},
    {"mons", "month"},
    {"months", "month"},
    {"week", "weekofyear"},
    {"weeks", "weekofyear"},
    {"w", "weekofyear"},
    {"day", "dayofmonth"},
    {"d", "dayofmonth"},
    {"days", "dayofmonth"},
    {"dayofweek", "dayofweek"},
    {"dow", "dayofweek"},
    {"dayofweek_iso", "$dayofweek_iso"},
    {"dow_iso", "$dayofweek_iso"},
    {"doy", "dayofyear"},
    {"hour", "hour"},
    {"h", "hour"},
    {"hours", "hour"},
    {"hr", "hour"},
    {"hrs", "hour"},
    {"minute", "minute"},
    {"m", "minute"},
    {"min", "minute"},
    {"mins", "minute"},
    {"minutes", "minute"},
    {"second", "$seconds"},
    {"s", "$seconds"},
    {"sec", "$seconds"},
    {"seconds", "$seconds"},
    {"secs", "$seconds"},
    {"yearofweek", "$yearofweek"},
};

enum hr_code hr_rule_date_part(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call), *inner;
    if (args[0]->kind != HR_T_LITERAL || !hr_is_string(args[0]->type) || args[0]->literal->is_null)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`field`", "inputType",
                             "\"STRING\"", "inputExpr", hr_expr_sql(a, args[0]), NULL);
    const char *unit =
        hr_strndup(a->arena, args[0]->literal->text.bytes, args[0]->literal->text.len);
    if (hr_is_interval(args[1]->type))
        return hr_refuse(a->err, "a field of an interval");
    for (size_t i = 0; i < HR_LEN(date_units); i++)
        if (!strcasecmp(date_units[i].unit, unit)) {
            const struct hr_attr **params;
            struct hr_texpr **others = hr_stand_ins(call, &params);
            HR_TRY(hr_call_typed(call->scope, date_units[i].function, &args[1], 1, &inner));
            HR_TRY(hr_call_typed(call->scope, date_units[i].function, &others[1], 1, &inner));
            call->out->type = inner->type;
            call->out->nullable = inner->nullable;
            hr_computed_from(call, params, inner); /* the name prints the other two */
            return HR_OK;
        }
    return hr_fail_spark(a->err, "INVALID_EXTRACT_FIELD", "field",
                         hr_printf(a->arena, "'%s'", unit), "expr", hr_expr_sql(a, args[1]), NULL);
}

/* the seconds of a moment with their fraction */
enum hr_code hr_rule_seconds(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->type = hr_type_decimal(of(call)->arena, 8, 6);
    return HR_OK;
}

enum hr_code hr_rule_to_moment(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call), *one = NULL;
    HR_TRY(hr_finish_call(call));
    bool to_date =
        hr_function_is(call->function, "to_date") || hr_function_is(call->function, "try_to_date");
    bool by_text = hr_type_is_numeric(args[0]->type) || args[0]->type->id == HR_TYPE_BOOLEAN;
    if (to_date && by_text && of(call)->ansi) /* 20260220 is read as '20260220' */
        args[0] = hr_cast_implicit(of(call), args[0], BASIC(STRING));
    if (count_of(call) == 2 && !hr_is_string(args[0]->type)) {
        if (!hr_is_date_like(args[0]->type) && args[0]->type->id != HR_TYPE_VOID)
            return hr_unexpected(call, 0, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\")");
        /* a format has nothing to say about what is a date already */
        call->out->call.args.count = 1;
    }
    call->out->nullable =
        !of(call)->ansi || !strncmp(call->function->name, "try_", 4) || hr_any_nullable(call);
    if (count_of(call) == 2)
        return HR_OK;
    HR_TRY(hr_make_cast(call->scope, args[0], call->out->type,
                        strncmp(call->function->name, "try_", 4) ? HR_CAST_DEFAULT : HR_CAST_TRY,
                        &one));
    call->out->nullable = one->nullable;
    return HR_OK;
}

enum hr_code hr_rule_unix_time(struct hr_call *call)
{
    struct hr_texpr *now;
    if (!count_of(call)) {
        HR_TRY(hr_call_typed(call->scope, "current_timestamp", NULL, 0, &now));
        hr_add_arg(call, now);
    }
    HR_TRY(hr_rule_default_args(call));
    const struct hr_type *type = args_of(call)[0]->type;
    if (!hr_is_string(type) && !hr_is_date_like(type))
        return hr_unexpected(call, 0,
                             "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")");
    call->out->nullable = hr_any_nullable(call) || (!of(call)->ansi && hr_is_string(type));
    return HR_OK;
}

static enum hr_code wrong_sequence(struct hr_call *call)
{
    struct analysis *a = of(call);
    return hr_fail_spark(
        a->err, "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES", "sqlExpr",
        hr_expr_sql(a, call->out), "functionName", "`sequence`", "startType",
        "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")", "stepType",
        "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")",
        "otherStartType", "\"INTEGRAL\"", NULL);
}

enum hr_code hr_rule_sequence(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    bool stepped = count_of(call) == 3;
    const struct hr_type *wide = hr_wider_type(a, args[0]->type, args[1]->type);
    if (!wide || !(hr_type_is_integral(wide) || hr_is_date_like(wide)))
        return wrong_sequence(call);
    if (stepped && hr_is_date_like(wide) && !hr_is_interval(args[2]->type))
        return wrong_sequence(call);
    if (stepped && !hr_is_date_like(wide))
        wide = hr_wider_type(a, wide, args[2]->type);
    if (!wide || !(hr_type_is_integral(wide) || hr_is_date_like(wide)))
        return wrong_sequence(call);
    args[0] = hr_cast_implicit(a, args[0], wide);
    args[1] = hr_cast_implicit(a, args[1], wide);
    if (stepped && !hr_is_date_like(wide))
        args[2] = hr_cast_implicit(a, args[2], wide);
    call->out->type = hr_type_array(a->arena, wide, false);
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

/* NaN and infinity are null */
enum hr_code hr_rule_timestamp_seconds(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->nullable = is_fraction(args_of(call)[0]->type) || hr_any_nullable(call);
    return HR_OK;
}

/* what a bad field makes of it: an error, or NULL when ANSI is off */
enum hr_code hr_rule_ansi_nulls(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->nullable = !of(call)->ansi || hr_any_nullable(call);
    return HR_OK;
}

/* the source zone may be left out: then it is the session's */
enum hr_code hr_rule_convert_timezone(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, 3);
    size_t n = count_of(call);
    memcpy(args + 3 - n, args_of(call), n * sizeof *args);
    if (n == 2)
        HR_TRY(hr_call_typed(call->scope, "current_timezone", NULL, 0, &args[0]));
    call->out->call.args = (struct hr_texprs){args, 3};
    for (size_t i = 0; i < 2; i++)
        if (!hr_is_string(args[i]->type))
            args[i] = hr_cast_implicit(a, args[i], BASIC(STRING));
    if (args[2]->type->id != HR_TYPE_TIMESTAMP_NTZ) {
        if (!hr_is_string(args[2]->type) &&
            !hr_is_date_like(args[2]->type) &&
            args[2]->type->id != HR_TYPE_VOID)
            return hr_unexpected(call, 2, "\"TIMESTAMP_NTZ\"");
        args[2] = hr_cast_implicit(a, args[2], BASIC(TIMESTAMP_NTZ));
    }
    call->out->type = BASIC(TIMESTAMP_NTZ);
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

/* ---- what window(…) and session_window(…) made ---- */

static bool is_made_window(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_COLUMN &&
           (hr_is_time_window(expr->column.attr) || hr_is_session(expr->column.attr));
}

/* the last microsecond of a window */
enum hr_code hr_rule_window_time(struct hr_call *call)
{
    const struct hr_texpr *window = args_of(call)[0];
    HR_TRY(hr_finish_call(call));
    if (!is_made_window(window))
        return hr_fail_spark(of(call)->err, "_LEGACY_ERROR_TEMP_3101", "windowTime",
                             hr_pretty_name(of(call), call->out), NULL);
    call->out->type = window->type->fields[1].type;
    call->out->nullable = true;
    return HR_OK;
}

/* the time that window(…) is given: of a window its window_time */
enum hr_code hr_rule_window_moment(struct hr_call *call)
{
    struct hr_texpr *moment = args_of(call)[0];
    if (is_made_window(moment))
        return hr_call_typed(call->scope, "window_time", &moment, 1, &call->out);
    call->out = moment;
    return HR_OK;
}
