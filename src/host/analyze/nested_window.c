/* Windows inside of windows, avg(row_number() OVER w) OVER v, inside of lambdas, transform(a, x ->
 * rank() OVER w), and among the values of IN (SELECT …), which may be written into the subquery.
 * The engine takes none there, nor the outer query's columns in another window, so these become
 * hidden columns of a projection below; project() is called for that one too, so that any depth
 * comes apart level by level. What stands in a lambda uses none of its parameters: check_lambda()
 * saw to that. */
#include "host/analyze/internal.h"

struct lift {
    struct analysis *a;
    struct hr_texprs windows; /* taken out, … */
    struct hr_attrs columns;  /* … and what stands in their place */
    size_t room;
};

/* is a window to the engine; rand() and randn() are only with a seed, of which each row's number is
 * then drawn */
static bool numbers_rows(const struct hr_texpr *expr)
{
    if (expr->kind != HR_T_CALL)
        return expr->kind == HR_T_WINDOW;
    bool takes_seed =
        expr->call.function->most > 0 && !(expr->call.function->flags & HR_F_INTERNAL);
    return (expr->call.function->flags & HR_F_ROWS) && (!takes_seed || expr->call.args.count);
}

static void make_room(struct lift *lift)
{
    if (lift->windows.count < lift->room)
        return;
    lift->room = 2 * lift->room + 4;
    struct hr_texpr **windows = ARRAY(lift->a, struct hr_texpr *, lift->room);
    const struct hr_attr **columns = ARRAY(lift->a, const struct hr_attr *, lift->room);
    for (size_t i = 0; i < lift->windows.count; i++) {
        windows[i] = lift->windows.at[i];
        columns[i] = lift->columns.at[i];
    }
    lift->windows.at = windows;
    lift->columns.at = columns;
}

static void take(struct lift *lift, struct hr_texpr **place)
{
    struct hr_texpr *expr = *place;
    make_room(lift);
    struct hr_attr *column =
        (struct hr_attr *)hr_attr_new(lift->a, "window", expr->type, expr->nullable);
    column->hidden = true;
    lift->windows.at[lift->windows.count++] = expr;
    lift->columns.at[lift->columns.count++] = column;
    *place = hr_column_of(lift->a, column);
}

static enum hr_code take_out(void *arg, struct hr_texpr **place)
{
    struct lift *lift = arg;
    struct hr_texpr *expr = *place;
    bool computes =
        expr->kind == HR_T_CALL && (expr->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW));
    /* the engine has no outer columns in OVER */
    bool correlated = !computes && hr_uses_outer(expr);
    /* a window in one is one inside of a window to the engine */
    bool subquery = expr->kind == HR_T_SUBQUERY;
    if (!numbers_rows(expr) && !correlated && !subquery)
        return hr_texpr_each(expr, take_out, arg);
    take(lift, place);
    return HR_OK;
}

/* A row's number that is counted anew for each element cannot be had. */
static enum hr_code take_out_of_lambda(void *arg, struct hr_texpr **place)
{
    struct lift *lift = arg;
    if ((*place)->kind == HR_T_CALL && numbers_rows(*place))
        return hr_refuse(lift->a->err, "%s in a lambda function", hr_expr_sql(lift->a, *place));
    if (!numbers_rows(*place))
        return hr_texpr_each(*place, take_out_of_lambda, arg);
    take(lift, place);
    return HR_OK;
}

static enum hr_code take_out_of_values(void *arg, struct hr_texpr **place)
{
    if (!numbers_rows(*place))
        return hr_texpr_each(*place, take_out_of_values, arg);
    take(arg, place);
    return HR_OK;
}

static enum hr_code find_window(void *arg, struct hr_texpr **place)
{
    switch ((*place)->kind) {
    case HR_T_LAMBDA:
        return hr_texpr_each(*place, take_out_of_lambda, arg);
    case HR_T_WINDOW:
        return hr_texpr_each(*place, take_out, arg);
    case HR_T_SUBQUERY:
        return hr_texpr_each(*place, take_out_of_values, arg);
    default:
        return hr_texpr_each(*place, find_window, arg);
    }
}

enum hr_code hr_lift_windows(struct analysis *a, struct hr_node **input, struct hr_texprs *exprs)
{
    struct lift lift = {.a = a};
    for (size_t i = 0; i < exprs->count; i++)
        HR_TRY(find_window(&lift, &exprs->at[i]));
    if (!lift.windows.count)
        return HR_OK;
    size_t kept = (*input)->output.count, count = kept + lift.windows.count;
    struct hr_texprs below = {ARRAY(a, struct hr_texpr *, count), count};
    struct hr_attrs output = {ARRAY(a, const struct hr_attr *, count), count};
    for (size_t i = 0; i < count; i++) {
        output.at[i] = i < kept ? (*input)->output.at[i] : lift.columns.at[i - kept];
        below.at[i] = i < kept ? hr_column_of(a, output.at[i]) : lift.windows.at[i - kept];
    }
    return hr_project(a, *input, below, output, input);
}
