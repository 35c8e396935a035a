/* Frames of windows: which ones Spark allows, and their offsets as constants that the engine can be
 * told. */
#include "host/analyze/internal.h"
#include "host/plan/origin.h"

/* one frame being resolved; messages quote its window, and point at `place`, the text in
 * parentheses */
struct framing {
    struct scope *s;
    struct hr_texpr *window;
    const struct hr_origin *place;
};

static enum hr_code at_place(const struct framing *f, enum hr_code code)
{
    hr_origin_context(f->s->a->err, f->place);
    return code;
}

static const struct hr_type *order_type(const struct framing *f)
{
    return f->window->window.order.count == 1 ? f->window->window.order.at[0].child->type : NULL;
}

static bool is_timestamp(const struct hr_type *type)
{
    return type->id == HR_TYPE_TIMESTAMP || type->id == HR_TYPE_TIMESTAMP_NTZ;
}

/* WindowFrameCoercion: a distance from a number has the number's type; one from a date or a
 * timestamp keeps its own */
static struct hr_texpr *coerced(const struct framing *f, struct hr_texpr *value)
{
    const struct hr_type *order = order_type(f);
    bool keeps = !order || order->id == HR_TYPE_DATE || is_timestamp(order);
    if (keeps ||
        f->window->window.frame.kind != HR_FRAME_RANGE ||
        !hr_can_cast(value->type, order, f->s->a->ansi))
        return value;
    return hr_cast_implicit(f->s->a, value, order);
}

static enum hr_code resolve_bound(struct framing *f,
                                  const struct hr_bound *bound,
                                  enum hr_bound_kind *kind,
                                  struct hr_texpr **value)
{
    *kind = bound->kind;
    if (bound->kind != HR_BOUND_VALUE)
        return HR_OK;
    HR_TRY(hr_resolve_expr(f->s, bound->value, value));
    *value = coerced(f, *value);
    return HR_OK;
}

/* ---- what may be a bound: SpecifiedWindowFrame.checkInputDataTypes ---- */

static bool is_distance(enum hr_frame_kind kind, const struct hr_type *type)
{
    if (kind == HR_FRAME_ROWS)
        return type->id == HR_TYPE_INT;
    return hr_type_is_numeric(type) ||
           type->id == HR_TYPE_DAY_TIME ||
           type->id == HR_TYPE_YEAR_MONTH ||
           type->id == HR_TYPE_CALENDAR_INTERVAL;
}

static enum hr_code check_bound(const struct framing *f,
                                const struct hr_texpr *value,
                                const char *location)
{
    struct analysis *a = f->s->a;
    enum hr_frame_kind kind = f->window->window.frame.kind;
    const char *expected =
        "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";
    if (!value)
        return HR_OK;
    if (!hr_is_foldable(value))
        return at_place(
            f, hr_fail_spark(a->err, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE",
                             "sqlExpr", hr_frame_sql(a, f->window), "location", location,
                             "expression", hr_expr_sql(a, value), NULL));
    if (is_distance(kind, value->type))
        return HR_OK;
    return at_place(f, hr_fail_spark(a->err,
                                     "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                                     "sqlExpr", hr_frame_sql(a, f->window), "location", location,
                                     "exprType", hr_type_quoted(a, value->type), "expectedType",
                                     kind == HR_FRAME_ROWS ? "\"INT\"" : expected, NULL));
}

static const char *bound_sql(struct analysis *a,
                             enum hr_bound_kind kind,
                             const struct hr_texpr *value)
{
    static const char *const names[] = {
        [HR_BOUND_UNBOUNDED_PRECEDING] = "\"UNBOUNDED PRECEDING\"",
        [HR_BOUND_UNBOUNDED_FOLLOWING] = "\"UNBOUNDED FOLLOWING\"",
        [HR_BOUND_CURRENT_ROW] = "\"CURRENT ROW\"",
    };
    return kind == HR_BOUND_VALUE ? hr_expr_sql(a, value) : names[kind];
}

static enum hr_code check_bounds(const struct framing *f)
{
    struct analysis *a = f->s->a;
    const struct hr_tframe *frame = &f->window->window.frame;
    HR_TRY(check_bound(f, frame->lower_value, "lower"));
    HR_TRY(check_bound(f, frame->upper_value, "upper"));
    const char *lower = bound_sql(a, frame->lower, frame->lower_value),
               *upper = bound_sql(a, frame->upper, frame->upper_value);
    if (frame->lower == HR_BOUND_UNBOUNDED_FOLLOWING ||
        frame->upper == HR_BOUND_UNBOUNDED_PRECEDING)
        return at_place(f, hr_fail_spark(a->err,
                                         "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND",
                                         "sqlExpr", hr_frame_sql(a, f->window), "upper", upper,
                                         "lower", lower, NULL));
    if (!frame->lower_value ||
        !frame->upper_value ||
        hr_type_same_shape(frame->lower_value->type, frame->upper_value->type))
        return HR_OK;
    return at_place(f,
                    hr_fail_spark(a->err, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES",
                                  "sqlExpr", hr_frame_sql(a, f->window), "lower", lower, "upper",
                                  upper, "lowerType", hr_type_quoted(a, frame->lower_value->type),
                                  "upperType", hr_type_quoted(a, frame->upper_value->type), NULL));
}

/* ---- offsets ---- */

/* What the engine cannot know before it runs is computed now: the bound, cast to its type, as a
 * query of its own. */
static enum hr_code computed(const struct framing *f,
                             const struct hr_expr *written,
                             const struct hr_texpr *value,
                             struct hr_literal **out)
{
    struct analysis *a = f->s->a;
    if (!a->env->ops->values)
        return hr_refuse(a->err, "computed bound of a window frame where nothing can be run");
    struct hr_expr *cast = hr_expr_new(a->arena, HR_EXPR_CAST),
                   *name = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    cast->cast.child = (struct hr_expr *)written;
    cast->cast.type = value->type;
    name->alias.child = cast;
    name->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
    name->alias.names.at[0] = "v";
    struct hr_rel *select = hr_rel_new(a->arena, HR_REL_PROJECT, NULL);
    select->project.exprs = (struct hr_exprs){ARRAY(a, struct hr_expr *, 1), 1};
    select->project.exprs.at[0] = name;
    struct hr_literals values;
    HR_TRY(a->env->ops->values(a->env, a->arena, select, 1, &values, a->err));
    HR_CHECK(values.count == 1);
    *out = values.at[0];
    return HR_OK;
}

static bool holds(const struct hr_type *type, int64_t value)
{
    switch (type->id) {
    case HR_TYPE_BYTE:
        return value >= INT8_MIN && value <= INT8_MAX;
    case HR_TYPE_SHORT:
        return value >= INT16_MIN && value <= INT16_MAX;
    case HR_TYPE_INT:
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        return type->id == HR_TYPE_LONG;
    }
}

/* 1, -1, INTERVAL 2 DAYS: the usual bounds need no query */
static bool is_plain(struct analysis *a, const struct hr_texpr *value, struct hr_literal **out)
{
    const struct hr_type *type = value->type;
    bool negative = false;
    while (value->kind == HR_T_CAST && value->cast.implicit)
        value = value->cast.child;
    if (value->kind == HR_T_CALL && hr_function_is(value->call.function, "negative")) {
        negative = true;
        value = value->call.args.at[0];
    }
    if (value->kind != HR_T_LITERAL ||
        value->literal->is_null ||
        value->literal->integer == INT64_MIN)
        return false;
    bool interval = type->id == HR_TYPE_DAY_TIME || type->id == HR_TYPE_YEAR_MONTH;
    int64_t integer = negative ? -value->literal->integer : value->literal->integer;
    if (interval ? value->type->id != type->id
                 : !hr_type_is_integral(value->type) || !holds(type, integer))
        return false;
    *out = NEW(a, struct hr_literal);
    **out = (struct hr_literal){.type = type, .integer = integer};
    return true;
}

static enum hr_code offset_of(const struct framing *f,
                              const struct hr_bound *bound,
                              struct hr_texpr *value,
                              struct hr_literal **out)
{
    *out = NULL;
    if (!value || is_plain(f->s->a, value, out))
        return HR_OK;
    HR_TRY(computed(f, bound->value, value, out));
    return (*out)->is_null ? hr_refuse(f->s->a->err, "NULL as the bound of a window frame") : HR_OK;
}

/* of one type, so with as many digits behind the point */
static int compare_decimals(const struct hr_literal *x, const struct hr_literal *y)
{
    bool negative = *x->text.bytes == '-';
    if (negative != (*y->text.bytes == '-'))
        return negative ? -1 : 1;
    int order = (x->text.len > y->text.len) - (x->text.len < y->text.len);
    if (!order)
        order = memcmp(x->text.bytes, y->text.bytes, x->text.len);
    return negative ? -order : order;
}

static int compare(const struct hr_literal *x, const struct hr_literal *y)
{
    bool real = x->type->id == HR_TYPE_FLOAT || x->type->id == HR_TYPE_DOUBLE;
    if (x->type->id == HR_TYPE_DECIMAL)
        return compare_decimals(x, y);
    if (real)
        return (x->real > y->real) - (x->real < y->real);
    return (x->integer > y->integer) - (x->integer < y->integer);
}

static enum hr_code check_comparison(const struct framing *f)
{
    struct analysis *a = f->s->a;
    const struct hr_tframe *frame = &f->window->window.frame;
    bool both = frame->lower_offset &&
                frame->upper_offset &&
                frame->lower_offset->type->id != HR_TYPE_CALENDAR_INTERVAL;
    if (!both || compare(frame->lower_offset, frame->upper_offset) <= 0)
        return HR_OK;
    return at_place(f, hr_fail_spark(a->err,
                                     "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                                     "sqlExpr", hr_frame_sql(a, f->window), "comparison",
                                     "less than or equal", NULL));
}

/* ---- how frame and order go together: WindowSpecDefinition.checkInputDataTypes ---- */

static bool is_days(const struct hr_type *type)
{
    return type->id == HR_TYPE_DAY_TIME &&
           type->first_unit == HR_UNIT_DAY &&
           type->last_unit == HR_UNIT_DAY;
}

static bool goes_with(const struct hr_type *order, const struct hr_type *distance)
{
    if (order->id == HR_TYPE_DATE)
        return distance->id == HR_TYPE_INT ||
               distance->id == HR_TYPE_YEAR_MONTH ||
               is_days(distance);
    if (is_timestamp(order))
        return distance->id == HR_TYPE_CALENDAR_INTERVAL ||
               distance->id == HR_TYPE_YEAR_MONTH ||
               distance->id == HR_TYPE_DAY_TIME;
    return hr_type_same_shape(order, distance);
}

static enum hr_code check_order(const struct framing *f)
{
    struct analysis *a = f->s->a;
    const struct hr_tframe *frame = &f->window->window.frame;
    const struct hr_torders *orders = &f->window->window.order;
    const struct hr_texpr *value = frame->lower_value ? frame->lower_value : frame->upper_value;
    bool unbounded = frame->lower == HR_BOUND_UNBOUNDED_PRECEDING &&
                     frame->upper == HR_BOUND_UNBOUNDED_FOLLOWING;
    if (frame->kind != HR_FRAME_RANGE || unbounded)
        return HR_OK;
    if (!orders->count)
        return at_place(f, hr_fail_spark(a->err, "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
                                         "sqlExpr", hr_window_spec_sql(a, f->window), NULL));
    if (value && orders->count > 1)
        return at_place(f, hr_fail_spark(a->err, "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
                                         "sqlExpr", hr_window_spec_sql(a, f->window), "orderSpec",
                                         hr_orders_text(a, orders), NULL));
    if (!value || goes_with(orders->at[0].child->type, value->type))
        return HR_OK;
    return at_place(f, hr_fail_spark(a->err, "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
                                     "sqlExpr", hr_window_spec_sql(a, f->window), "orderSpecType",
                                     hr_type_quoted(a, orders->at[0].child->type),
                                     "valueBoundaryType", hr_type_quoted(a, value->type), NULL));
}

enum hr_code hr_resolve_frame(struct scope *s,
                              const struct hr_expr *definition,
                              struct hr_texpr *window)
{
    struct framing f = {s, window,
                        definition->window.specification ? definition->window.specification
                                                         : definition->origin};
    struct hr_tframe *frame = &window->window.frame;
    const struct hr_bound *lower = &definition->window.lower, *upper = &definition->window.upper;
    frame->kind = definition->window.frame;
    HR_TRY(resolve_bound(&f, lower, &frame->lower, &frame->lower_value));
    HR_TRY(resolve_bound(&f, upper, &frame->upper, &frame->upper_value));
    HR_TRY(check_bounds(&f));
    HR_TRY(check_order(&f));
    HR_TRY(offset_of(&f, lower, frame->lower_value, &frame->lower_offset));
    HR_TRY(offset_of(&f, upper, frame->upper_value, &frame->upper_offset));
    return check_comparison(&f);
}
