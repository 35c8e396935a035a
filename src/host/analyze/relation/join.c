/* Joins by a condition, USING and NATURAL, lateral ones too. */
#include "host/analyze/relation/join.h"
#include "host/analyze/relation/projection.h"
#include <stdlib.h>

static const struct hr_attr *nullable_attr(struct analysis *a, const struct hr_attr *attr)
{
    if (attr->nullable)
        return attr;
    struct hr_attr *copy = (struct hr_attr *)hr_attr_like(a, attr);
    copy->nullable = true;
    return copy;
}

static void add_side(struct analysis *a,
                     const struct hr_attrs *side,
                     bool may_miss,
                     struct hr_attrs *out)
{
    for (size_t i = 0; i < side->count; i++) {
        const struct hr_attr *attr = side->at[i];
        out->at[out->count++] = may_miss ? nullable_attr(a, attr) : attr;
    }
}

void hr_join_output(struct analysis *a, struct hr_node *join)
{
    const struct hr_attrs *left = &join->input->output, *right = &join->right->output;
    enum hr_join_type type = join->join.type;
    bool is_full = type == HR_JOIN_FULL;
    struct hr_attrs all = {ARRAY(a, const struct hr_attr *, left->count + right->count), 0};
    add_side(a, left, is_full || type == HR_JOIN_RIGHT, &all);
    if (type != HR_JOIN_SEMI && type != HR_JOIN_ANTI)
        add_side(a, right, is_full || type == HR_JOIN_LEFT, &all);
    join->output = all;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static enum hr_code unresolved_using(struct analysis *a,
                                     const struct hr_node *side,
                                     const char *name,
                                     const char *which)
{
    const char *list = "", **names = ARRAY(a, const char *, side->output.count);
    size_t count = 0;
    for (size_t i = 0; i < side->output.count; i++)
        if (!side->output.at[i]->hidden)
            names[count++] = side->output.at[i]->name;
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++)
        list = hr_printf(a->arena, "%s%s%s", list, *list ? ", " : "", hr_quote(a, names[i]));
    return hr_fail_spark(a->err, "UNRESOLVED_USING_COLUMN_FOR_JOIN", "colName", hr_quote(a, name),
                         "side", which, "suggestion", list, NULL);
}

enum hr_code hr_using_key(struct analysis *a,
                          struct hr_node *side,
                          const char *name,
                          const char *which,
                          const struct hr_attr **out)
{
    size_t count = 0;
    for (size_t i = 0; i < side->output.count; i++)
        if (!side->output.at[i]->hidden && hr_same_name(a, side->output.at[i]->name, name)) {
            *out = side->output.at[i];
            count++;
        }
    if (!count)
        return unresolved_using(a, side, name, which);
    if (count > 1)
        return hr_fail_spark(
            a->err, "AMBIGUOUS_REFERENCE", "name", hr_quote(a, name), "referenceNames",
            hr_printf(a->arena, "[%s, %s]", hr_quote(a, name), hr_quote(a, name)), NULL);
    return HR_OK;
}

static bool is_key(const struct hr_attr **keys, size_t count, const struct hr_attr *attr)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i]->id == attr->id)
            return true;
    return false;
}

static const struct hr_attr *hide(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_attr *copy = (struct hr_attr *)hr_attr_like(a, attr);
    copy->hidden = true;
    copy->metadata = hr_printf(a->arena, "{\"__metadata_col\":\"%s\"}", attr->name);
    return copy;
}

const struct hr_attr *hr_in_output(const struct hr_node *node, int id)
{
    for (size_t i = 0; i < node->output.count; i++)
        if (node->output.at[i]->id == id)
            return node->output.at[i];
    return NULL;
}

/* a key that both sides have, as it is known behind the join */
static enum hr_code add_key(struct scope *s,
                            struct projection *p,
                            const struct hr_node *join,
                            const struct hr_attr *left,
                            const struct hr_attr *right)
{
    enum hr_join_type type = join->join.type;
    if (type != HR_JOIN_FULL) {
        const struct hr_attr *preserved = type == HR_JOIN_RIGHT ? right : left;
        hr_projection_keep(p, hr_in_output(join, preserved->id));
        return HR_OK;
    }
    struct hr_texpr *first, *args[] = {hr_column_of(s->a, hr_in_output(join, left->id)),
                                       hr_column_of(s->a, hr_in_output(join, right->id))};
    HR_TRY(hr_call_typed(s, "coalesce", args, 2, &first));
    hr_projection_add(p, first, hr_attr_new(s->a, left->name, first->type, first->nullable));
    return HR_OK;
}

/* USING and NATURAL: the keys first (of the preserved side; both coalesced for a full join), then
 * the rest; the other keys stay reachable by qualifier or plan id */
static enum hr_code using_output(struct scope *s,
                                 struct hr_node *join,
                                 const struct hr_attr **left,
                                 const struct hr_attr **right,
                                 size_t count,
                                 struct hr_node **out)
{
    enum hr_join_type type = join->join.type;
    bool one_side = type == HR_JOIN_SEMI || type == HR_JOIN_ANTI;
    bool hides_left = type == HR_JOIN_RIGHT || type == HR_JOIN_FULL;
    bool hides_right = type != HR_JOIN_RIGHT;
    const struct hr_attrs *output = &join->output;
    struct projection p = hr_projection_new(s->a, output->count + count);
    for (size_t i = 0; i < count; i++)
        HR_TRY(add_key(s, &p, join, left[i], right[i]));
    for (size_t i = 0; i < output->count; i++)
        if (!is_key(left, count, output->at[i]) && !is_key(right, count, output->at[i]))
            hr_projection_keep(&p, output->at[i]);
    for (size_t i = 0; !one_side && i < output->count; i++) {
        const struct hr_attr *attr = output->at[i];
        bool is_hidden = (hides_left && is_key(left, count, attr)) ||
                         (hides_right && is_key(right, count, attr));
        if (is_hidden)
            hr_projection_add(&p, hr_column_of(s->a, attr), hide(s->a, attr));
    }
    *out = join;
    return hr_projection_of(&p, out);
}

static enum hr_code using_join(struct scope *s,
                               struct hr_node *join,
                               const struct hr_names *names,
                               struct hr_node **out)
{
    struct analysis *a = s->a;
    size_t count = names->count;
    const struct hr_attr **left = ARRAY(a, const struct hr_attr *, count),
                         **right = ARRAY(a, const struct hr_attr *, count);
    for (size_t i = 0; i < count; i++) {
        HR_TRY(hr_using_key(a, join->input, names->at[i], "left", &left[i]));
        HR_TRY(hr_using_key(a, join->right, names->at[i], "right", &right[i]));
        struct hr_texpr *args[] = {hr_column_of(a, left[i]), hr_column_of(a, right[i])}, *equal;
        HR_TRY(hr_call_typed(s, "==", args, 2, &equal));
        if (join->join.condition) {
            struct hr_texpr *both[] = {join->join.condition, equal};
            HR_TRY(hr_call_typed(s, "and", both, 2, &equal));
        }
        join->join.condition = equal;
    }
    hr_join_output(a, join);
    return using_output(s, join, left, right, count, out);
}

static struct hr_names natural_names(struct analysis *a,
                                     const struct hr_node *left,
                                     const struct hr_node *right)
{
    struct hr_names names = {ARRAY(a, const char *, left->output.count), 0};
    for (size_t i = 0; i < left->output.count; i++)
        if (!left->output.at[i]->hidden &&
            hr_find_output(a, &right->output, left->output.at[i]->name, NULL))
            names.at[names.count++] = left->output.at[i]->name;
    return names;
}

/* ---- subqueries in the condition of an outer join: computed below, on the side whose columns they
 * use ---- */

struct lift {
    struct scope *s;
    struct hr_node *join;
    struct hr_texprs made[2];
    bool uses[2];
};

static enum hr_code note_sides(void *arg, struct hr_texpr **place)
{
    struct lift *lift = arg;
    if ((*place)->kind == HR_T_COLUMN) {
        lift->uses[0] = lift->uses[0] || hr_in_output(lift->join->input, (*place)->column.attr->id);
        lift->uses[1] = lift->uses[1] || hr_in_output(lift->join->right, (*place)->column.attr->id);
    }
    if ((*place)->kind == HR_T_SUBQUERY)
        HR_TRY(hr_node_each_expr((*place)->subquery.plan, note_sides, lift));
    return hr_texpr_each(*place, note_sides, lift);
}

static enum hr_code lift_one(struct lift *lift, struct hr_texpr **place)
{
    struct analysis *a = lift->s->a;
    lift->uses[0] = lift->uses[1] = false;
    note_sides(lift, place);
    if (lift->uses[0] && lift->uses[1])
        return hr_fail_spark(
            a->err,
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION",
            "subqueryExpression", hr_pretty_name(a, *place), NULL);
    struct hr_texprs *made = &lift->made[lift->uses[1]];
    struct hr_texpr **grown = ARRAY(a, struct hr_texpr *, made->count + 1);
    if (made->count)
        memcpy(grown, made->at, made->count * sizeof *grown);
    grown[made->count] = *place;
    *made = (struct hr_texprs){grown, made->count + 1};
    return HR_OK;
}

static enum hr_code find_lifted(void *arg, struct hr_texpr **place)
{
    struct hr_texpr *expr = *place;
    bool not_in = expr->kind == HR_T_CALL &&
                  hr_function_is(expr->call.function, "not") &&
                  expr->call.args.at[0]->kind == HR_T_SUBQUERY;
    if (expr->kind == HR_T_SUBQUERY || not_in)
        return lift_one(arg, place);
    return hr_texpr_each(expr, find_lifted, arg);
}

struct replacement {
    struct hr_texprs from;
    const struct hr_attr **to;
    struct analysis *a;
};

static enum hr_code replace_lifted(void *arg, struct hr_texpr **place)
{
    struct replacement *r = arg;
    for (size_t i = 0; i < r->from.count; i++)
        if (r->from.at[i] == *place) {
            *place = hr_column_of(r->a, r->to[i]);
            return HR_OK;
        }
    return hr_texpr_each(*place, replace_lifted, arg);
}

static enum hr_code lift_side(struct lift *lift, int side)
{
    struct analysis *a = lift->s->a;
    struct hr_node **input = side ? &lift->join->right : &lift->join->input;
    const struct hr_texprs *made = &lift->made[side];
    size_t first = (*input)->output.count;
    if (!made->count)
        return HR_OK;
    struct projection p = hr_projection_new(a, first + made->count);
    hr_projection_keep_all(&p, &(*input)->output);
    for (size_t i = 0; i < made->count; i++) {
        struct hr_texpr *expr = made->at[i];
        hr_projection_add(&p, expr, hr_attr_new(a, "subquery", expr->type, expr->nullable));
    }
    HR_TRY(hr_projection_of(&p, input));
    struct replacement r = {*made, p.attrs + first, a};
    return replace_lifted(&r, &lift->join->join.condition);
}

/* call it when the join has its output: that stays as it is */
static enum hr_code lift_subqueries(struct scope *s, struct hr_node *join)
{
    struct lift lift = {.s = s, .join = join};
    if (!join->join.condition)
        return HR_OK;
    HR_TRY(find_lifted(&lift, &join->join.condition));
    if (join->join.type == HR_JOIN_INNER || join->join.type == HR_JOIN_CROSS)
        return HR_OK;
    HR_TRY(lift_side(&lift, 0));
    return lift_side(&lift, 1);
}

enum hr_code hr_resolve_join(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *left, *right;
    HR_TRY(hr_resolve_rel(a, rel->input, &left));
    struct scope left_scope = {.a = a, .inputs = {left}, .input_count = 1, .outer = a->outer};
    struct scope *outer = a->outer;
    bool lateral = rel->kind == HR_REL_LATERAL_JOIN || rel->join.lateral;
    if (lateral)
        a->outer = &left_scope;
    enum hr_code code = hr_resolve_rel(a, rel->right, &right);
    a->outer = outer;
    HR_TRY(code);
    struct hr_node *join = hr_node_new(a, HR_N_JOIN, left);
    join->right = right;
    join->join.type = rel->join.type;
    join->join.lateral = lateral;
    if (lateral &&
        rel->join.type != HR_JOIN_INNER &&
        rel->join.type != HR_JOIN_LEFT &&
        rel->join.type != HR_JOIN_CROSS)
        return hr_fail_spark(a->err, "UNSUPPORTED_JOIN_TYPE", "typ", "lateral", "supported",
                             "'INNER', 'LEFT OUTER', 'CROSS'", NULL);
    struct scope s = {.a = a, .inputs = {left, right}, .input_count = 2, .outer = a->outer};
    if (rel->join.using.count)
        return using_join(&s, join, &rel->join.using, out);
    if (rel->join.natural) {
        struct hr_names names = natural_names(a, left, right);
        return using_join(&s, join, &names, out);
    }
    if (rel->join.condition) {
        HR_TRY(hr_boolean_condition(&s, rel->join.condition, "JOIN", &join->join.condition));
        HR_TRY(hr_check_operator(a, join->join.condition));
        HR_TRY(hr_check_deterministic(a, join->join.condition));
    }
    hr_join_output(a, join);
    HR_TRY(lift_subqueries(&s, join));
    *out = join;
    return HR_OK;
}
