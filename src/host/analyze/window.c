/* Windows and sort orders. */
#include "host/analyze/internal.h"

/* ---- windows ---- */

enum hr_code hr_resolve_orders(struct scope *s, const struct hr_exprs *list, struct hr_torders *out)
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
            o->nulls_first = order->sort.nulls == HR_NULLS_DEFAULT
                                 ? !o->descending
                                 : order->sort.nulls == HR_NULLS_FIRST;
        }
        HR_TRY(hr_resolve_expr(s, child, &o->child));
        if (!hr_is_orderable(o->child->type) && o->child->type->id != HR_TYPE_VOID)
            return hr_fail_spark(
                s->a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "functionName", "`sortorder`",
                "dataType", hr_type_quoted(s->a, o->child->type), "sqlExpr",
                hr_printf(s->a->arena, "\"%s %s NULLS %s\"", hr_pretty_name(s->a, o->child),
                          o->descending ? "DESC" : "ASC", o->nulls_first ? "FIRST" : "LAST"),
                NULL);
    }
    return HR_OK;
}

static enum hr_code named_window(struct scope *s,
                                 const struct hr_expr *expr,
                                 const struct hr_expr **definition)
{
    *definition = expr;
    if (!expr->window.reference)
        return HR_OK;
    for (size_t i = 0; i < s->a->window_count; i++)
        if (!strcasecmp(s->a->windows[i].name, expr->window.reference)) {
            *definition = s->a->windows[i].window;
            return HR_OK;
        }
    return hr_fail_spark(s->a->err, "MISSING_WINDOW_SPECIFICATION", "windowName",
                         expr->window.reference, NULL);
}

static bool is_offset_function(const struct hr_texpr *function)
{
    return hr_function_is(function->call.function, "lag") ||
           hr_function_is(function->call.function, "lead");
}

/* the frame of a function that has one of its own: cume_dist sees the peers of the row, lag and
 * lead one row, the others the rows up to this one */
static void own_frame(struct scope *s, const struct hr_texpr *function, struct hr_tframe *frame)
{
    bool peers = hr_function_is(function->call.function, "cume_dist");
    *frame = (struct hr_tframe){.kind = peers ? HR_FRAME_RANGE : HR_FRAME_ROWS,
                                .lower = HR_BOUND_UNBOUNDED_PRECEDING,
                                .upper = HR_BOUND_CURRENT_ROW};
    if (!is_offset_function(function))
        return;
    frame->lower = frame->upper = HR_BOUND_VALUE;
    frame->lower_value = frame->upper_value = function->call.args.count > 1
                                                  ? function->call.args.at[1]
                                                  : hr_literal_int(s->a, BASIC(INT), 1);
}

static bool has_own_frame(const struct hr_texpr *function)
{
    return (function->call.function->flags & HR_F_WINDOW) &&
           !hr_function_is(function->call.function, "nth_value");
}

static const char *java_bound(struct analysis *a,
                              enum hr_bound_kind kind,
                              const struct hr_literal *offset)
{
    static const char *const names[] = {
        [HR_BOUND_UNBOUNDED_PRECEDING] = "unboundedpreceding$()",
        [HR_BOUND_UNBOUNDED_FOLLOWING] = "unboundedfollowing$()",
        [HR_BOUND_CURRENT_ROW] = "currentrow$()",
    };
    return kind == HR_BOUND_VALUE
               ? hr_printf(a->arena, "%lld", offset ? (long long)offset->integer : 0)
               : names[kind];
}

/* a frame as Java prints it, which is what Spark's message has */
static const char *java_frame(struct analysis *a, const struct hr_tframe *frame)
{
    return hr_printf(a->arena, "specifiedwindowframe(%s, %s, %s)",
                     frame->kind == HR_FRAME_ROWS ? "RowFrame" : "RangeFrame",
                     java_bound(a, frame->lower, frame->lower_offset),
                     java_bound(a, frame->upper, frame->upper_offset));
}

static int64_t lag_of(const struct hr_texpr *function, int64_t offset)
{
    return hr_function_is(function->call.function, "lag") ? -offset : offset;
}

static bool is_same_offset(const struct hr_texpr *function,
                           const struct hr_tframe *own,
                           const struct hr_literal *given)
{
    const struct hr_texpr *offset = own->lower_value;
    return given &&
           offset->kind == HR_T_LITERAL &&
           lag_of(function, offset->literal->integer) == given->integer;
}

/* ResolveWindowFrame: a frame may be written for such a function when it is the one that it has */
static enum hr_code check_own_frame(struct analysis *a,
                                    const struct hr_texpr *function,
                                    const struct hr_tframe *own,
                                    const struct hr_tframe *given)
{
    bool same =
        own->kind == given->kind && own->lower == given->lower && own->upper == given->upper;
    if (is_offset_function(function)) {
        same = same &&
               is_same_offset(function, own, given->lower_offset) &&
               is_same_offset(function, own, given->upper_offset);
        return same ? HR_OK
                    : hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_1035", "prettyName",
                                    function->call.name, NULL);
    }
    return same ? HR_OK
                : hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_1036", "wf", java_frame(a, given),
                                "required", java_frame(a, own), NULL);
}

static enum hr_code window_frame(struct scope *s,
                                 const struct hr_expr *definition,
                                 struct hr_texpr *window)
{
    const struct hr_texpr *function = window->window.function;
    struct hr_tframe *frame = &window->window.frame, own;
    bool written = definition->window.frame != HR_FRAME_DEFAULT,
         ordered = window->window.order.count > 0;
    if (written)
        HR_TRY(hr_resolve_frame(s, definition, window));
    if (has_own_frame(function)) {
        own_frame(s, function, &own);
        if (written)
            HR_TRY(check_own_frame(s->a, function, &own, frame));
        *frame = own;
        return HR_OK;
    }
    if (written)
        return HR_OK;
    frame->kind = ordered ? HR_FRAME_RANGE : HR_FRAME_ROWS;
    frame->lower = HR_BOUND_UNBOUNDED_PRECEDING;
    frame->upper = ordered ? HR_BOUND_CURRENT_ROW : HR_BOUND_UNBOUNDED_FOLLOWING;
    return HR_OK;
}

static bool is_median_or_ordered(const struct hr_texpr *function)
{
    static const char *const names[] = {"median", "percentile_cont", "percentile_disc"};
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (hr_function_is(function->call.function, names[i]))
            return true;
    return false;
}

static enum hr_code make_window(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_expr *definition;
    HR_TRY(named_window(s, expr, &definition));
    struct hr_texpr *function, *window;
    if (expr->window.function->kind == HR_EXPR_CALL) {
        HR_TRY(hr_resolve_call(s, expr->window.function, &function));
        function->origin = function->origin ? function->origin : expr->window.function->origin;
    } else
        HR_TRY(hr_resolve_expr(s, expr->window.function, &function));
    if (function->kind != HR_T_CALL ||
        !(function->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW)))
        return hr_fail_spark(a->err, "UNSUPPORTED_EXPR_FOR_WINDOW", "sqlExpr",
                             hr_expr_sql(a, function), NULL);
    if (function->call.distinct)
        return hr_fail_spark(a->err, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "windowExpr",
                             hr_expr_sql(a, function), NULL);
    window = hr_texpr_new(a, HR_T_WINDOW, function->type, function->nullable);
    window->origin = expr->origin;
    window->window.function = function;
    struct hr_texprs *partition = &window->window.partition;
    *partition = (struct hr_texprs){ARRAY(a, struct hr_texpr *, definition->window.partition.count),
                                    definition->window.partition.count};
    for (size_t i = 0; i < partition->count; i++)
        HR_TRY(hr_resolve_expr(s, definition->window.partition.at[i], &partition->at[i]));
    HR_TRY(hr_resolve_orders(s, &definition->window.order, &window->window.order));
    bool specified = definition->window.order.count || definition->window.frame != HR_FRAME_DEFAULT;
    if (specified && is_median_or_ordered(function))
        return hr_fail_spark(a->err, "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC", "aggFunc",
                             hr_expr_sql(a, function), NULL);
    HR_TRY(window_frame(s, definition, window));
    if ((function->call.function->flags & HR_F_WINDOW) && !window->window.order.count)
        return hr_fail_spark(a->err, "WINDOW_FUNCTION_FRAME_NOT_ORDERED", "wf_name",
                             function->call.name, "wf_expr", hr_qualified_name(a, function), NULL);
    *out = window;
    return HR_OK;
}

/* a lateral column alias may be used anywhere else in a select list */
enum hr_code hr_resolve_window(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    const char *before = s->alias_used;
    s->alias_used = NULL;
    HR_TRY(make_window(s, expr, out));
    if (s->alias_used)
        return hr_fail_spark(s->a->err, "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW", "lca",
                             hr_quote(s->a, s->alias_used), "windowExpr", hr_expr_sql(s->a, *out),
                             NULL);
    s->alias_used = before;
    return HR_OK;
}
