/* Joins, set operations and generators. */
#include "host/analyze/internal.h"
#include <stdlib.h>

static const struct hr_attr *nullable_attr(struct analysis *a, const struct hr_attr *attr)
{
    if (attr->nullable)
        return attr;
    struct hr_attr *copy = (struct hr_attr *)hr_attr_like(a, attr);
    copy->nullable = true;
    return copy;
}

static void join_output(struct analysis *a, struct hr_node *join)
{
    const struct hr_attrs *left = &join->input->output, *right = &join->right->output;
    enum hr_join_type type = join->join.type;
    bool one_side = type == HR_JOIN_SEMI || type == HR_JOIN_ANTI;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, left->count + right->count);
    size_t n = 0;
    for (size_t i = 0; i < left->count; i++)
        attrs[n++] = type == HR_JOIN_RIGHT || type == HR_JOIN_FULL ? nullable_attr(a, left->at[i])
                                                                   : left->at[i];
    for (size_t i = 0; !one_side && i < right->count; i++)
        attrs[n++] = type == HR_JOIN_LEFT || type == HR_JOIN_FULL ? nullable_attr(a, right->at[i])
                                                                  : right->at[i];
    join->output = (struct hr_attrs){attrs, n};
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

static enum hr_code using_key(struct analysis *a,
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

static const struct hr_attr *in_output(const struct hr_node *node, int id)
{
    for (size_t i = 0; i < node->output.count; i++)
        if (node->output.at[i]->id == id)
            return node->output.at[i];
    return NULL;
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
    struct analysis *a = s->a;
    enum hr_join_type type = join->join.type;
    bool one_side = type == HR_JOIN_SEMI || type == HR_JOIN_ANTI;
    size_t most = join->output.count + count, n = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, most);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, most);
    for (size_t i = 0; i < count; i++) {
        const struct hr_attr *key = type == HR_JOIN_RIGHT ? right[i] : left[i];
        attrs[n] = in_output(join, key->id);
        exprs[n] = hr_column_of(a, attrs[n]);
        if (type == HR_JOIN_FULL) {
            struct hr_texpr *args[] = {hr_column_of(a, in_output(join, left[i]->id)),
                                       hr_column_of(a, in_output(join, right[i]->id))};
            HR_TRY(hr_call_typed(s, "coalesce", args, 2, &exprs[n]));
            attrs[n] = hr_attr_new(a, left[i]->name, exprs[n]->type, exprs[n]->nullable);
        }
        n++;
    }
    for (size_t i = 0; i < join->output.count; i++)
        if (!is_key(left, count, join->output.at[i]) && !is_key(right, count, join->output.at[i])) {
            attrs[n] = join->output.at[i];
            exprs[n] = hr_column_of(a, attrs[n]);
            n++;
        }
    for (size_t i = 0; !one_side && i < join->output.count; i++) {
        const struct hr_attr *attr = join->output.at[i];
        bool is_left = is_key(left, count, attr), is_right = is_key(right, count, attr);
        if ((is_left && (type == HR_JOIN_RIGHT || type == HR_JOIN_FULL)) ||
            (is_right && type != HR_JOIN_RIGHT)) {
            attrs[n] = hide(a, attr);
            exprs[n] = hr_column_of(a, attr);
            n++;
        }
    }
    return hr_project(a, join, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
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
        HR_TRY(using_key(a, join->input, names->at[i], "left", &left[i]));
        HR_TRY(using_key(a, join->right, names->at[i], "right", &right[i]));
        struct hr_texpr *args[] = {hr_column_of(a, left[i]), hr_column_of(a, right[i])}, *equal;
        HR_TRY(hr_call_typed(s, "==", args, 2, &equal));
        if (join->join.condition) {
            struct hr_texpr *both[] = {join->join.condition, equal};
            HR_TRY(hr_call_typed(s, "and", both, 2, &equal));
        }
        join->join.condition = equal;
    }
    join_output(a, join);
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
        lift->uses[0] = lift->uses[0] || in_output(lift->join->input, (*place)->column.attr->id);
        lift->uses[1] = lift->uses[1] || in_output(lift->join->right, (*place)->column.attr->id);
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
    size_t n = (*input)->output.count, more = lift->made[side].count;
    if (!more)
        return HR_OK;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, n + more);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, n + more);
    for (size_t i = 0; i < n + more; i++) {
        exprs[i] = i < n ? hr_column_of(a, (*input)->output.at[i]) : lift->made[side].at[i - n];
        attrs[i] = i < n ? (*input)->output.at[i]
                         : hr_attr_new(a, "subquery", exprs[i]->type, exprs[i]->nullable);
    }
    HR_TRY(hr_project(a, *input, (struct hr_texprs){exprs, n + more},
                      (struct hr_attrs){attrs, n + more}, input));
    struct replacement r = {lift->made[side], attrs + n, a};
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

/* ---- as-of joins: for each row on the left the nearest one on the right ---- */

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

static enum hr_code as_of_condition(struct as_of *j, struct hr_texpr **out)
{
    struct hr_texpr *near, *bound, *condition = NULL, *some;
    if (j->backward)
        HR_TRY(both(j->s, j->exact ? ">=" : ">", j->left, j->right, &condition));
    else if (j->forward)
        HR_TRY(both(j->s, j->exact ? "<=" : "<", j->left, j->right, &condition));
    else if (!j->exact) {
        struct hr_texpr *equal;
        HR_TRY(both(j->s, "==", j->left, j->right, &equal));
        HR_TRY(hr_call_typed(j->s, "not", &equal, 1, &condition));
    }
    struct hr_texpr *known[] = {j->right};
    HR_TRY(hr_call_typed(j->s, "isnotnull", known, 1, &some));
    HR_TRY(conjunction(j->s, condition, some, &condition));
    if (j->tolerance && !j->forward) {
        HR_TRY(both(j->s, "-", j->left, j->tolerance, &bound));
        HR_TRY(both(j->s, ">=", j->right, bound, &near));
        HR_TRY(conjunction(j->s, condition, near, &condition));
    }
    if (j->tolerance && !j->backward) {
        HR_TRY(both(j->s, "+", j->left, j->tolerance, &bound));
        HR_TRY(both(j->s, "<=", j->right, bound, &near));
        HR_TRY(conjunction(j->s, condition, near, &condition));
    }
    *out = condition;
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
    if ((*place)->kind == HR_T_COLUMN && in_output(left, (*place)->column.attr->id))
        (*place)->column.outer = true;
    return hr_texpr_each(*place, mark_outer, left);
}

/* the right side, its rows numbered: of equally near rows Spark takes the last */
static enum hr_code numbered(struct scope *s,
                             struct hr_node *input,
                             struct hr_texpr **number,
                             struct hr_node **out)
{
    struct analysis *a = s->a;
    size_t n = input->output.count;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, n + 1);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, n + 1);
    for (size_t i = 0; i < n; i++) {
        attrs[i] = input->output.at[i];
        exprs[i] = hr_column_of(a, attrs[i]);
    }
    HR_TRY(hr_call_typed(s, "monotonically_increasing_id", NULL, 0, &exprs[n]));
    attrs[n] = hr_attr_new(a, "row", exprs[n]->type, false);
    *number = hr_column_of(a, attrs[n]);
    return hr_project(a, input, (struct hr_texprs){exprs, n + 1}, (struct hr_attrs){attrs, n + 1},
                      out);
}

static enum hr_code as_of_tolerance(struct scope *s, const struct hr_rel *rel, struct as_of *j)
{
    struct analysis *a = s->a;
    if (!rel->as_of.tolerance)
        return HR_OK;
    HR_TRY(hr_resolve_expr(s, rel->as_of.tolerance, &j->tolerance));
    if (!hr_is_foldable(j->tolerance))
        return hr_fail_spark(a->err, "AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE", NULL);
    const struct hr_texpr *t = j->tolerance;
    bool negative = t->kind == HR_T_CALL && hr_function_is(t->call.function, "negative");
    if (t->kind == HR_T_LITERAL && !t->literal->is_null)
        negative = (t->type->id == HR_TYPE_FLOAT || t->type->id == HR_TYPE_DOUBLE)
                       ? t->literal->real < 0
                   : t->type->id == HR_TYPE_DECIMAL ? *t->literal->text.bytes == '-'
                                                    : t->literal->integer < 0;
    return negative ? hr_fail_spark(a->err, "AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE", NULL) : HR_OK;
}

static enum hr_code resolve_as_of(struct analysis *a,
                                  const struct hr_rel *rel,
                                  struct hr_node **out)
{
    struct hr_node *left, *right, *rows;
    struct hr_texpr *condition, *distance, *number, *given = NULL;
    HR_TRY(hr_resolve_rel(a, rel->input, &left));
    HR_TRY(hr_resolve_rel(a, rel->right, &right));
    const char *type = rel->as_of.type ? rel->as_of.type : "inner",
               *direction = rel->as_of.direction;
    bool outer = !strcasecmp(type, "left") ||
                 !strcasecmp(type, "leftouter") ||
                 !strcasecmp(type, "left_outer") ||
                 !strcasecmp(type, "outer_left");
    if (!outer && strcasecmp(type, "inner"))
        return hr_fail_spark(a->err, "UNSUPPORTED_JOIN_TYPE", "typ", type, "supported",
                             "'inner', 'leftouter', 'left', 'left_outer'", NULL);
    struct scope s = {.a = a, .inputs = {left, right}, .input_count = 2, .outer = a->outer};
    struct scope left_scope = hr_scope_of(a, left), right_scope = hr_scope_of(a, right);
    struct as_of j = {.s = &s,
                      .exact = rel->as_of.exact,
                      .backward = !strcasecmp(direction, "backward"),
                      .forward = !strcasecmp(direction, "forward")};
    if (!j.backward && !j.forward && strcasecmp(direction, "nearest"))
        return hr_fail_spark(a->err, "AS_OF_JOIN.UNSUPPORTED_DIRECTION", "direction", direction,
                             "supported", "'forward', 'backward', 'nearest'", NULL);
    HR_TRY(hr_resolve_expr(&left_scope, rel->as_of.left_key, &j.left));
    HR_TRY(hr_resolve_expr(&right_scope, rel->as_of.right_key, &j.right));
    HR_TRY(as_of_tolerance(&s, rel, &j));
    if (rel->as_of.condition)
        HR_TRY(hr_boolean_condition(&s, rel->as_of.condition, "JOIN", &given));
    for (size_t i = 0; i < rel->as_of.using.count; i++) {
        const struct hr_attr *l, *r;
        struct hr_texpr *equal;
        HR_TRY(using_key(a, left, rel->as_of.using.at[i], "left", &l));
        HR_TRY(using_key(a, right, rel->as_of.using.at[i], "right", &r));
        HR_TRY(both(&s, "==", hr_column_of(a, l), hr_column_of(a, r), &equal));
        HR_TRY(conjunction(&s, given, equal, &given));
    }
    HR_TRY(as_of_condition(&j, &condition));
    HR_TRY(conjunction(&s, given, condition, &condition));
    HR_TRY(as_of_distance(&j, &distance));
    mark_outer(left, &condition);
    mark_outer(left, &distance);
    struct hr_node *join = hr_node_new(a, HR_N_JOIN, left);
    join->right = right;
    join->join.type = outer ? HR_JOIN_LEFT : HR_JOIN_INNER;
    join->join.lateral = true;
    join_output(a, join);
    HR_TRY(numbered(&s, right, &number, &rows));
    HR_TRY(hr_filter_node(a, rows, condition, &rows));
    rows = hr_node_new(a, HR_N_SORT, rows);
    rows->sort.orders = (struct hr_torders){ARRAY(a, struct hr_torder, 2), 2};
    rows->sort.orders.at[0] = (struct hr_torder){distance, false, true};
    rows->sort.orders.at[1] = (struct hr_torder){number, true, false};
    rows = hr_node_new(a, HR_N_LIMIT, rows);
    rows->limit.count = 1;
    join->right = rows;
    *out = join;
    return HR_OK;
}

enum hr_code hr_resolve_join(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (rel->kind == HR_REL_AS_OF_JOIN)
        return resolve_as_of(a, rel, out);
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
    join_output(a, join);
    HR_TRY(lift_subqueries(&s, join));
    *out = join;
    return HR_OK;
}

/* ---- set operations ---- */

static enum hr_code by_name(struct analysis *a,
                            const struct hr_rel *rel,
                            struct hr_node **left,
                            struct hr_node **right)
{
    struct hr_attrs l = (*left)->output, r = (*right)->output;
    size_t n = 0, extra = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, l.count + r.count),
                    **more = ARRAY(a, struct hr_texpr *, l.count + r.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, l.count + r.count),
                         **more_attrs = ARRAY(a, const struct hr_attr *, l.count + r.count);
    for (size_t i = 0; i < l.count; i++) {
        const struct hr_attr *from = hr_find_output(a, &r, l.at[i]->name, NULL);
        more[extra] = hr_column_of(a, l.at[i]);
        more_attrs[extra++] = l.at[i];
        if (!from && !rel->set.allow_missing) {
            const char *names = "";
            for (size_t k = 0; k < r.count; k++)
                names = hr_printf(a->arena, "%s%s%s", names, k ? ", " : "", r.at[k]->name);
            return hr_fail_spark(a->err, "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "colName",
                                 l.at[i]->name, "fieldNames", names, NULL);
        }
        exprs[n] = from ? hr_column_of(a, from) : hr_literal_null(a, l.at[i]->type);
        attrs[n++] = from ? from : hr_attr_new(a, l.at[i]->name, l.at[i]->type, true);
    }
    for (size_t i = 0; i < r.count; i++) {
        if (hr_find_output(a, &l, r.at[i]->name, NULL))
            continue;
        if (!rel->set.allow_missing)
            continue;
        exprs[n] = hr_column_of(a, r.at[i]);
        attrs[n++] = r.at[i];
        more[extra] = hr_literal_null(a, r.at[i]->type);
        more_attrs[extra++] = hr_attr_new(a, r.at[i]->name, r.at[i]->type, true);
    }
    if (!rel->set.allow_missing && l.count != r.count)
        return HR_OK; /* the arity check below says it */
    HR_TRY(hr_project(a, *right, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, right));
    return hr_project(a, *left, (struct hr_texprs){more, extra},
                      (struct hr_attrs){more_attrs, extra}, left);
}

static enum hr_code visible_only(struct analysis *a, struct hr_node **node)
{
    size_t n = 0;
    struct hr_attrs output = (*node)->output;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, output.count);
    for (size_t i = 0; i < output.count; i++)
        if (!output.at[i]->hidden) {
            exprs[n] = hr_column_of(a, output.at[i]);
            attrs[n++] = output.at[i];
        }
    return hr_project(a, *node, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, node);
}

enum hr_code hr_resolve_set(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *left, *right;
    HR_TRY(hr_resolve_rel(a, rel->input, &left));
    HR_TRY(hr_resolve_rel(a, rel->right, &right));
    HR_TRY(visible_only(a, &left));
    HR_TRY(visible_only(a, &right));
    static const char *const names[] = {"UNION", "INTERSECT", "EXCEPT"};
    const char *operator = names[rel->set.op];
    if (rel->set.by_name)
        HR_TRY(by_name(a, rel, &left, &right));
    size_t n = left->output.count;
    if (n != right->output.count)
        return hr_fail_spark(a->err, "NUM_COLUMNS_MISMATCH", "operator", operator,
                             "firstNumColumns", hr_printf(a->arena, "%zu", n), "invalidOrdinalNum",
                             "second", "invalidNumColumns",
                             hr_printf(a->arena, "%zu", right->output.count), NULL);
    const struct hr_type **types = ARRAY(a, const struct hr_type *, n);
    for (size_t i = 0; i < n; i++) {
        types[i] = hr_union_type(a, left->output.at[i]->type, right->output.at[i]->type);
        if (!types[i])
            return hr_fail_spark(a->err, "INCOMPATIBLE_COLUMN_TYPE", "tableOrdinalNumber", "second",
                                 "columnOrdinalNumber", hr_ordinal((int)i), "dataType2",
                                 hr_type_quoted(a, left->output.at[i]->type), "operator", operator,
                                 "hint", "", "dataType1",
                                 hr_type_quoted(a, right->output.at[i]->type), NULL);
        if (types[i]->id == HR_TYPE_MAP && !(rel->set.op == HR_SET_UNION && rel->set.all))
            return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "colName",
                                 hr_quote(a, left->output.at[i]->name), "dataType",
                                 hr_type_quoted(a, types[i]), NULL);
    }
    HR_TRY(hr_cast_output(a, left, types, &left));
    HR_TRY(hr_cast_output(a, right, types, &right));
    struct hr_node *set = hr_node_new(a, HR_N_SET, left);
    set->right = right;
    set->set.op = rel->set.op;
    set->set.all = rel->set.all;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, n);
    for (size_t i = 0; i < n; i++) {
        struct hr_attr *attr = (struct hr_attr *)hr_attr_like(a, left->output.at[i]);
        bool l = left->output.at[i]->nullable, r = right->output.at[i]->nullable;
        attr->nullable = rel->set.op == HR_SET_UNION       ? l || r
                         : rel->set.op == HR_SET_INTERSECT ? l && r
                                                           : l;
        attr->qualifier = (struct hr_names){0};
        attrs[i] = attr;
    }
    set->output = (struct hr_attrs){attrs, n};
    *out = set;
    if (rel->set.op == HR_SET_UNION && !rel->set.all) {
        set->set.all = true;
        *out = hr_node_new(a, HR_N_DISTINCT, set);
    }
    return HR_OK;
}

/* ---- generators ---- */

static enum hr_code generated(struct analysis *a,
                              const struct hr_texpr *generator,
                              bool outer,
                              struct hr_attrs *out)
{
    const char *name = generator->call.function->name;
    const struct hr_type *type =
        generator->call.args.count ? generator->call.args.at[0]->type : BASIC(VOID);
    const struct hr_attr **attrs =
        ARRAY(a, const struct hr_attr *, generator->type->field_count + 3);
    size_t n = 0;
    bool positions = !strncmp(name, "posexplode", 10);
    if (positions)
        attrs[n++] = hr_attr_new(a, "pos", BASIC(INT), outer);
    if ((positions || !strncmp(name, "explode", 7)) && type->id == HR_TYPE_MAP) {
        attrs[n++] = hr_attr_new(a, "key", type->key, outer);
        attrs[n++] = hr_attr_new(a, "value", type->element, outer || type->contains_null);
    } else if (positions || !strncmp(name, "explode", 7)) {
        attrs[n++] = hr_attr_new(a, "col", type->element, outer || type->contains_null);
    } else {
        for (size_t i = 0; i < generator->type->field_count; i++)
            attrs[n++] =
                hr_attr_new(a, generator->type->fields[i].name, generator->type->fields[i].type,
                            outer || generator->type->fields[i].nullable);
    }
    *out = (struct hr_attrs){attrs, n};
    return HR_OK;
}

enum hr_code hr_generate_node(struct analysis *a,
                              struct hr_node *input,
                              struct hr_texpr *generator,
                              bool outer,
                              const struct hr_names *names,
                              const char *qualifier,
                              struct hr_node **out)
{
    struct hr_attrs made;
    HR_TRY(generated(a, generator, outer, &made));
    if (names && names->count && names->count != made.count)
        return hr_fail_spark(a->err, "UDTF_ALIAS_NUMBER_MISMATCH", "aliasesSize",
                             hr_printf(a->arena, "%zu", made.count), "aliasesNames",
                             hr_printf(a->arena, "%zu", names->count), NULL);
    const struct hr_attr **attrs =
        ARRAY(a, const struct hr_attr *, input->output.count + made.count);
    if (input->output.count)
        memcpy(attrs, input->output.at, input->output.count * sizeof *attrs);
    for (size_t i = 0; i < made.count; i++) {
        struct hr_attr *attr = (struct hr_attr *)made.at[i];
        if (names && names->count)
            attr->name = names->at[i];
        if (qualifier) {
            attr->qualifier = (struct hr_names){ARRAY(a, const char *, 1), 1};
            attr->qualifier.at[0] = qualifier;
        }
        attrs[input->output.count + i] = attr;
    }
    *out = hr_node_new(a, HR_N_GENERATE, input);
    (*out)->generate.generator = generator;
    (*out)->generate.outer = outer;
    (*out)->output = (struct hr_attrs){attrs, input->output.count + made.count};
    return HR_OK;
}

enum hr_code hr_resolve_generate(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    if (rel->input)
        HR_TRY(hr_resolve_rel(a, rel->input, &input));
    else
        input = hr_node_new(a, HR_N_ONE_ROW, NULL);
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1, .outer = a->outer};
    struct hr_texpr *generator;
    HR_TRY(hr_resolve_expr(&s, rel->generate.generator, &generator));
    if (generator->kind != HR_T_CALL || !(generator->call.function->flags & HR_F_GENERATOR))
        return hr_fail_spark(a->err, "UNSUPPORTED_GENERATOR.NOT_GENERATOR", "functionName",
                             hr_expr_sql(a, generator), "classCanonicalName",
                             "org.apache.spark.sql.catalyst.expressions.Expression", NULL);
    struct hosted hosted = {a, ""};
    hr_host_add(&hosted, generator, NULL, "");
    HR_TRY(hr_host_check(&hosted));
    HR_TRY(hr_check_operator(a, generator));
    return hr_generate_node(a, input, generator,
                            rel->generate.outer || strstr(generator->call.function->name, "_outer"),
                            &rel->generate.columns, rel->generate.alias, out);
}
