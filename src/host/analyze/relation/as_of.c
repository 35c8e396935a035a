/* As-of joins: for each row on the left the nearest one on the right. */
#include "host/analyze/relation/join.h"
#include "host/analyze/relation/projection.h"

struct as_of {
    struct scope *s;
    struct hr_texpr *left, *right, *tolerance;
    bool backward, forward, exact;
};

static enum hr_code both(struct scope *s,
                         const char *name,
                         struct hr_texpr *x,
                         struct hr_texpr *y,
                         struct hr_texpr **out)
{
    struct hr_texpr *args[] = {x, y};
    return hr_call_typed(s, name, args, 2, out);
}

/* AND; either may be NULL */
static enum hr_code conjunction(struct scope *s,
                                struct hr_texpr *x,
                                struct hr_texpr *y,
                                struct hr_texpr **out)
{
    *out = x ? x : y;
    return x && y ? both(s, "and", x, y, out) : HR_OK;
}

/* which rows on the right may be taken for their key */
static enum hr_code side_condition(struct as_of *j, struct hr_texpr **out)
{
    struct hr_texpr *equal;
    if (j->backward)
        return both(j->s, j->exact ? ">=" : ">", j->left, j->right, out);
    if (j->forward)
        return both(j->s, j->exact ? "<=" : "<", j->left, j->right, out);
    *out = NULL;
    if (j->exact)
        return HR_OK;
    HR_TRY(both(j->s, "==", j->left, j->right, &equal));
    return hr_call_typed(j->s, "not", &equal, 1, out);
}

/* the right key is no further than the tolerance: before the left one ("-", ">="), behind it */
static enum hr_code add_bound(struct as_of *j,
                              const char *toward,
                              const char *compare,
                              struct hr_texpr **condition)
{
    struct hr_texpr *bound, *near;
    HR_TRY(both(j->s, toward, j->left, j->tolerance, &bound));
    HR_TRY(both(j->s, compare, j->right, bound, &near));
    return conjunction(j->s, *condition, near, condition);
}

static enum hr_code as_of_condition(struct as_of *j, struct hr_texpr **out)
{
    struct hr_texpr *some, *known[] = {j->right};
    HR_TRY(side_condition(j, out));
    HR_TRY(hr_call_typed(j->s, "isnotnull", known, 1, &some));
    HR_TRY(conjunction(j->s, *out, some, out));
    if (j->tolerance && !j->forward)
        HR_TRY(add_bound(j, "-", ">=", out));
    if (j->tolerance && !j->backward)
        HR_TRY(add_bound(j, "+", "<=", out));
    return HR_OK;
}

static enum hr_code as_of_distance(struct as_of *j, struct hr_texpr **out)
{
    struct hr_texpr *if_args[3];
    if (j->backward)
        return both(j->s, "-", j->left, j->right, out);
    if (j->forward)
        return both(j->s, "-", j->right, j->left, out);
    HR_TRY(both(j->s, ">", j->left, j->right, &if_args[0]));
    HR_TRY(both(j->s, "-", j->left, j->right, &if_args[1]));
    HR_TRY(both(j->s, "-", j->right, j->left, &if_args[2]));
    return hr_call_typed(j->s, "if", if_args, 3, out);
}

static enum hr_code mark_outer(void *left, struct hr_texpr **place)
{
    if ((*place)->kind == HR_T_COLUMN && hr_in_output(left, (*place)->column.attr->id))
        (*place)->column.outer = true;
    return hr_texpr_each(*place, mark_outer, left);
}

/* the right side, its rows numbered: of equally near rows Spark takes the last */
/* the right side, its rows numbered: of equally near rows Spark takes the last */
static enum hr_code number_rows(struct scope *s, struct hr_node **rows, struct hr_texpr **number)
{
    struct analysis *a = s->a;
    struct projection p = hr_projection_new(a, (*rows)->output.count + 1);
    struct hr_texpr *id;
    hr_projection_keep_all(&p, &(*rows)->output);
    HR_TRY(hr_call_typed(s, "monotonically_increasing_id", NULL, 0, &id));
    const struct hr_attr *attr = hr_attr_new(a, "row", id->type, false);
    *number = hr_column_of(a, attr);
    hr_projection_add(&p, id, attr);
    return hr_projection_of(&p, rows);
}

static bool is_negative(const struct hr_texpr *t)
{
    if (t->kind == HR_T_CALL)
        return hr_function_is(t->call.function, "negative");
    if (t->kind != HR_T_LITERAL || t->literal->is_null)
        return false;
    if (t->type->id == HR_TYPE_FLOAT || t->type->id == HR_TYPE_DOUBLE)
        return t->literal->real < 0;
    if (t->type->id == HR_TYPE_DECIMAL)
        return *t->literal->text.bytes == '-';
    return t->literal->integer < 0;
}

static enum hr_code resolve_tolerance(struct as_of *j, const struct hr_rel *rel)
{
    struct analysis *a = j->s->a;
    if (!rel->as_of.tolerance)
        return HR_OK;
    HR_TRY(hr_resolve_expr(j->s, rel->as_of.tolerance, &j->tolerance));
    if (!hr_is_foldable(j->tolerance))
        return hr_fail_spark(a->err, "AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE", NULL);
    if (is_negative(j->tolerance))
        return hr_fail_spark(a->err, "AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE", NULL);
    return HR_OK;
}

static enum hr_code as_of_type(struct analysis *a, const char *name, enum hr_join_type *type)
{
    static const char *const outer[] = {"left", "leftouter", "left_outer", "outer_left"};
    name = name ? name : "inner";
    *type = HR_JOIN_LEFT;
    for (size_t i = 0; i < HR_LEN(outer); i++)
        if (!strcasecmp(name, outer[i]))
            return HR_OK;
    *type = HR_JOIN_INNER;
    if (!strcasecmp(name, "inner"))
        return HR_OK;
    return hr_fail_spark(a->err, "UNSUPPORTED_JOIN_TYPE", "typ", name, "supported",
                         "'inner', 'leftouter', 'left', 'left_outer'", NULL);
}

static enum hr_code read_direction(struct as_of *j, const char *direction)
{
    j->backward = !strcasecmp(direction, "backward");
    j->forward = !strcasecmp(direction, "forward");
    if (j->backward || j->forward || !strcasecmp(direction, "nearest"))
        return HR_OK;
    return hr_fail_spark(j->s->a->err, "AS_OF_JOIN.UNSUPPORTED_DIRECTION", "direction", direction,
                         "supported", "'forward', 'backward', 'nearest'", NULL);
}

/* the condition that was given, and the keys of USING */
static enum hr_code given_condition(struct scope *s,
                                    const struct hr_rel *rel,
                                    struct hr_texpr **out)
{
    struct analysis *a = s->a;
    *out = NULL;
    if (rel->as_of.condition)
        HR_TRY(hr_boolean_condition(s, rel->as_of.condition, "JOIN", out));
    for (size_t i = 0; i < rel->as_of.using.count; i++) {
        const char *name = rel->as_of.using.at[i];
        const struct hr_attr *left, *right;
        struct hr_texpr *equal;
        HR_TRY(hr_using_key(a, s->inputs[0], name, "left", &left));
        HR_TRY(hr_using_key(a, s->inputs[1], name, "right", &right));
        HR_TRY(both(s, "==", hr_column_of(a, left), hr_column_of(a, right), &equal));
        HR_TRY(conjunction(s, *out, equal, out));
    }
    return HR_OK;
}

/* of the right side the one row that is nearest to a row of the left */
static enum hr_code nearest(struct as_of *j, struct hr_texpr *condition, struct hr_node **rows)
{
    struct analysis *a = j->s->a;
    struct hr_node *left = j->s->inputs[0];
    struct hr_texpr *distance, *number;
    HR_TRY(as_of_distance(j, &distance));
    mark_outer(left, &condition);
    mark_outer(left, &distance);
    HR_TRY(number_rows(j->s, rows, &number));
    HR_TRY(hr_filter_node(a, *rows, condition, rows));
    struct hr_node *sorted = hr_node_new(a, HR_N_SORT, *rows);
    sorted->sort.orders = (struct hr_torders){ARRAY(a, struct hr_torder, 2), 2};
    sorted->sort.orders.at[0] = (struct hr_torder){distance, false, true};
    sorted->sort.orders.at[1] = (struct hr_torder){number, true, false};
    *rows = hr_node_new(a, HR_N_LIMIT, sorted);
    (*rows)->limit.count = 1;
    return HR_OK;
}

enum hr_code hr_resolve_as_of(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *left, *right;
    struct hr_texpr *condition, *given;
    enum hr_join_type type;
    HR_TRY(hr_resolve_rel(a, rel->input, &left));
    HR_TRY(hr_resolve_rel(a, rel->right, &right));
    HR_TRY(as_of_type(a, rel->as_of.type, &type));
    struct scope s = {.a = a, .inputs = {left, right}, .input_count = 2, .outer = a->outer};
    struct scope of_left = hr_scope_of(a, left), of_right = hr_scope_of(a, right);
    struct as_of j = {.s = &s, .exact = rel->as_of.exact};
    HR_TRY(read_direction(&j, rel->as_of.direction));
    HR_TRY(hr_resolve_expr(&of_left, rel->as_of.left_key, &j.left));
    HR_TRY(hr_resolve_expr(&of_right, rel->as_of.right_key, &j.right));
    HR_TRY(resolve_tolerance(&j, rel));
    HR_TRY(given_condition(&s, rel, &given));
    HR_TRY(as_of_condition(&j, &condition));
    HR_TRY(conjunction(&s, given, condition, &condition));
    struct hr_node *join = hr_node_new(a, HR_N_JOIN, left);
    join->right = right;
    join->join.type = type;
    join->join.lateral = true;
    hr_join_output(a, join);
    HR_TRY(nearest(&j, condition, &join->right));
    *out = join;
    return HR_OK;
}
