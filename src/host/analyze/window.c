/* Windows and sort orders. */
#include "host/analyze/internal.h"

/* ---- windows ---- */

enum hr_code resolve_orders(struct scope *s, const struct hr_exprs *list, struct hr_torders *out)
{
    out->at = ARRAY(s->a, struct hr_torder, list->count);
    out->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const struct hr_expr *order = list->at[i], *child = order;
        struct hr_torder *o = &out->at[i];
        *o = (struct hr_torder){.nulls_first = true};
        if (order->kind == HR_EXPR_SORT) {
            child = order->sort.child;
            o->descending = order->sort.descending;
            o->nulls_first = order->sort.nulls == HR_NULLS_DEFAULT ? !o->descending : order->sort.nulls == HR_NULLS_FIRST;
        }
        HR_TRY(hr_resolve_expr(s, child, &o->child));
        if (!is_orderable(o->child->type) && o->child->type->id != HR_TYPE_VOID)
            return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "functionName", "`sortorder`", "dataType",
                                 type_sql(s->a, o->child->type), "sqlExpr",
                                 hr_printf(s->a->arena, "\"%s %s NULLS %s\"", pretty_name(s->a, o->child), o->descending ? "DESC" : "ASC",
                                           o->nulls_first ? "FIRST" : "LAST"), NULL);
    }
    return HR_OK;
}

static enum hr_code frame_bound(struct scope *s, const struct hr_bound *bound, enum hr_frame_kind kind, enum hr_bound_kind *out, struct hr_texpr **value)
{
    *out = bound->kind;
    if (bound->kind != HR_BOUND_VALUE)
        return HR_OK;
    HR_TRY(hr_resolve_expr(s, bound->value, value));
    (*value)->origin = bound->value->origin;
    if (!is_foldable(*value))
        return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "sqlExpr", expr_sql(s->a, *value),
                             "location", "lower", "expression", expr_sql(s->a, *value), NULL);
    if (kind == HR_FRAME_ROWS)
        *value = cast_implicit(s->a, *value, BASIC(INT));
    return HR_OK;
}

static enum hr_code named_window(struct scope *s, const struct hr_expr *expr, const struct hr_expr **definition)
{
    *definition = expr;
    if (!expr->window.reference)
        return HR_OK;
    for (size_t i = 0; i < s->a->window_count; i++)
        if (!strcasecmp(s->a->windows[i].name, expr->window.reference)) {
            *definition = s->a->windows[i].window;
            return HR_OK;
        }
    return hr_fail_spark(s->a->err, "MISSING_WINDOW_SPECIFICATION", "windowName", expr->window.reference, NULL);
}

static void fixed_frame(struct scope *s, struct hr_texpr *function, struct hr_tframe *frame)
{
    const char *name = function->call.function->name;
    if (!strcmp(name, "lag") || !strcmp(name, "lead")) {
        frame->kind = HR_FRAME_ROWS;
        frame->lower = frame->upper = HR_BOUND_VALUE;
        frame->lower_value = frame->upper_value = function->call.args.count > 1 ? function->call.args.at[1] : literal_int(s->a, BASIC(INT), 1);
        return;
    }
    frame->kind = HR_FRAME_ROWS;
    frame->lower = HR_BOUND_UNBOUNDED_PRECEDING;
    frame->upper = HR_BOUND_CURRENT_ROW;
}

static enum hr_code resolve_frame(struct scope *s, const struct hr_expr *definition, struct hr_texpr *out)
{
    struct hr_texpr *function = out->window.function;
    struct hr_tframe *frame = &out->window.frame;
    const char *name = function->call.function->name;
    if (function->call.function->flags & HR_F_ROWS_FRAME) {
        fixed_frame(s, function, frame);
        return HR_OK;
    }
    if (definition->window.frame == HR_FRAME_DEFAULT) {
        bool ordered = out->window.order.count > 0;
        frame->kind = ordered ? HR_FRAME_RANGE : HR_FRAME_ROWS;
        frame->lower = HR_BOUND_UNBOUNDED_PRECEDING;
        frame->upper = ordered ? HR_BOUND_CURRENT_ROW : HR_BOUND_UNBOUNDED_FOLLOWING;
        return HR_OK;
    }
    frame->kind = definition->window.frame;
    HR_TRY(frame_bound(s, &definition->window.lower, frame->kind, &frame->lower, &frame->lower_value));
    HR_TRY(frame_bound(s, &definition->window.upper, frame->kind, &frame->upper, &frame->upper_value));
    bool valued = frame->lower == HR_BOUND_VALUE || frame->upper == HR_BOUND_VALUE;
    (void)name;
    if (frame->kind == HR_FRAME_RANGE && valued && out->window.order.count != 1)
        return hr_fail_spark(s->a->err, out->window.order.count ? "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER" : "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
                             "sqlExpr", expr_sql(s->a, out), "orderSpec", "", NULL);
    return HR_OK;
}

enum hr_code resolve_window(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_expr *definition;
    HR_TRY(named_window(s, expr, &definition));
    struct hr_texpr *function, *window;
    if (expr->window.function->kind == HR_EXPR_CALL) {
        HR_TRY(resolve_call(s, expr->window.function, &function));
        function->origin = function->origin ? function->origin : expr->window.function->origin;
    } else
        HR_TRY(hr_resolve_expr(s, expr->window.function, &function));
    if (function->kind != HR_T_CALL || !(function->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW)))
        return hr_fail_spark(a->err, "UNSUPPORTED_EXPR_FOR_WINDOW", "sqlExpr", expr_sql(a, function), NULL);
    if (function->call.distinct)
        return hr_fail_spark(a->err, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "windowExpr", expr_sql(a, function), NULL);
    window = texpr_new(a, HR_T_WINDOW, function->type, function->nullable);
    window->origin = expr->origin;
    window->window.function = function;
    struct hr_texprs *partition = &window->window.partition;
    *partition = (struct hr_texprs){ARRAY(a, struct hr_texpr *, definition->window.partition.count), definition->window.partition.count};
    for (size_t i = 0; i < partition->count; i++)
        HR_TRY(hr_resolve_expr(s, definition->window.partition.at[i], &partition->at[i]));
    HR_TRY(resolve_orders(s, &definition->window.order, &window->window.order));
    if ((hr_function_is(function->call.function, "median") || hr_function_is(function->call.function, "percentile_cont") ||
         hr_function_is(function->call.function, "percentile_disc")) && (definition->window.order.count || definition->window.frame != HR_FRAME_DEFAULT))
        return hr_fail_spark(a->err, "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", "aggFunc", expr_sql(a, function), NULL);
    HR_TRY(resolve_frame(s, definition, window));
    if ((function->call.function->flags & HR_F_WINDOW) && !window->window.order.count && !hr_function_is(function->call.function, "nth_value"))
        return hr_fail_spark(a->err, "WINDOW_FUNCTION_FRAME_NOT_ORDERED", "wf_name", function->call.name, "wf_expr", pretty_name(a, function), NULL);
    *out = window;
    return HR_OK;
}
