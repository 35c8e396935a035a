/* Set operations: UNION, INTERSECT, EXCEPT, by place and by name. */
#include "host/analyze/relation/projection.h"

static enum hr_code no_such_column(struct analysis *a,
                                   const char *name,
                                   const struct hr_attrs *among)
{
    const char *names = "";
    for (size_t i = 0; i < among->count; i++)
        names = hr_printf(a->arena, "%s%s%s", names, i ? ", " : "", among->at[i]->name);
    return hr_fail_spark(a->err, "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "colName", name,
                         "fieldNames", names, NULL);
}

/* a column of NULL in the place of one that the other side has */
static void add_missing(struct projection *p, const struct hr_attr *like)
{
    struct analysis *a = p->a;
    hr_projection_add(p, hr_literal_null(a, like->type),
                      hr_attr_new(a, like->name, like->type, true));
}

/* both sides in the order of the left one's names; behind them what only the right one has */
static enum hr_code by_name(struct analysis *a,
                            bool allow_missing,
                            struct hr_node **left,
                            struct hr_node **right)
{
    const struct hr_attrs *l = &(*left)->output, *r = &(*right)->output;
    struct projection on_left = hr_projection_new(a, l->count + r->count);
    struct projection on_right = hr_projection_new(a, l->count + r->count);
    for (size_t i = 0; i < l->count; i++) {
        const struct hr_attr *found = hr_find_output(a, r, l->at[i]->name, NULL);
        if (!found && !allow_missing)
            return no_such_column(a, l->at[i]->name, r);
        hr_projection_keep(&on_left, l->at[i]);
        if (found)
            hr_projection_keep(&on_right, found);
        else
            add_missing(&on_right, l->at[i]);
    }
    for (size_t i = 0; allow_missing && i < r->count; i++) {
        if (hr_find_output(a, l, r->at[i]->name, NULL))
            continue;
        hr_projection_keep(&on_right, r->at[i]);
        add_missing(&on_left, r->at[i]);
    }
    if (!allow_missing && l->count != r->count)
        return HR_OK; /* the numbers of columns are compared next */
    HR_TRY(hr_projection_of(&on_right, right));
    return hr_projection_of(&on_left, left);
}

static enum hr_code visible_only(struct analysis *a, struct hr_node **node)
{
    const struct hr_attrs *output = &(*node)->output;
    struct projection p = hr_projection_new(a, output->count);
    for (size_t i = 0; i < output->count; i++)
        if (!output->at[i]->hidden)
            hr_projection_keep(&p, output->at[i]);
    return hr_projection_of(&p, node);
}

static const char *operator_of(const struct hr_rel *rel)
{
    static const char *const names[] = {"UNION", "INTERSECT", "EXCEPT"};
    return names[rel->set.op];
}

static enum hr_code different_counts(struct analysis *a,
                                     const struct hr_rel *rel,
                                     size_t left,
                                     size_t right)
{
    return hr_fail_spark(a->err, "NUM_COLUMNS_MISMATCH", "operator", operator_of(rel),
                         "firstNumColumns", hr_printf(a->arena, "%zu", left), "invalidOrdinalNum",
                         "second", "invalidNumColumns", hr_printf(a->arena, "%zu", right), NULL);
}

/* the type that the i-th columns have in common */
static enum hr_code common_type(struct analysis *a,
                                const struct hr_rel *rel,
                                const struct hr_attr *left,
                                const struct hr_attr *right,
                                size_t i,
                                const struct hr_type **type)
{
    bool compares = rel->set.op != HR_SET_UNION || !rel->set.all;
    *type = hr_union_type(a, left->type, right->type);
    if (!*type)
        return hr_fail_spark(a->err, "INCOMPATIBLE_COLUMN_TYPE", "tableOrdinalNumber", "second",
                             "columnOrdinalNumber", hr_ordinal((int)i), "dataType2",
                             hr_type_quoted(a, left->type), "operator", operator_of(rel), "hint",
                             "", "dataType1", hr_type_quoted(a, right->type), NULL);
    if ((*type)->id == HR_TYPE_MAP && compares)
        return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "colName",
                             hr_quote(a, left->name), "dataType", hr_type_quoted(a, *type), NULL);
    return HR_OK;
}

static bool is_nullable(enum hr_set_op op, bool left, bool right)
{
    if (op == HR_SET_UNION)
        return left || right;
    return op == HR_SET_INTERSECT ? left && right : left;
}

static void set_output(struct analysis *a, struct hr_node *set)
{
    const struct hr_attrs *left = &set->input->output, *right = &set->right->output;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, left->count);
    for (size_t i = 0; i < left->count; i++) {
        struct hr_attr *attr = (struct hr_attr *)hr_attr_like(a, left->at[i]);
        attr->nullable = is_nullable(set->set.op, left->at[i]->nullable, right->at[i]->nullable);
        attr->qualifier = (struct hr_names){0};
        attrs[i] = attr;
    }
    set->output = (struct hr_attrs){attrs, left->count};
}

enum hr_code hr_resolve_set(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *left, *right;
    HR_TRY(hr_resolve_rel(a, rel->input, &left));
    HR_TRY(hr_resolve_rel(a, rel->right, &right));
    HR_TRY(visible_only(a, &left));
    HR_TRY(visible_only(a, &right));
    if (rel->set.by_name)
        HR_TRY(by_name(a, rel->set.allow_missing, &left, &right));
    size_t count = left->output.count;
    if (count != right->output.count)
        return different_counts(a, rel, count, right->output.count);
    const struct hr_type **types = ARRAY(a, const struct hr_type *, count);
    for (size_t i = 0; i < count; i++)
        HR_TRY(common_type(a, rel, left->output.at[i], right->output.at[i], i, &types[i]));
    HR_TRY(hr_cast_output(a, left, types, &left));
    HR_TRY(hr_cast_output(a, right, types, &right));
    bool is_distinct_union = rel->set.op == HR_SET_UNION && !rel->set.all;
    struct hr_node *set = hr_node_new(a, HR_N_SET, left);
    set->right = right;
    set->set.op = rel->set.op;
    set->set.all = rel->set.all || is_distinct_union;
    set_output(a, set);
    *out = is_distinct_union ? hr_node_new(a, HR_N_DISTINCT, set) : set;
    return HR_OK;
}
