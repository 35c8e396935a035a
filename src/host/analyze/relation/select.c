/* Select lists, filters and sorts, which may use columns that are not in the output. */
#include "host/analyze/internal.h"

/* ---- select ---- */

static enum hr_code generator_of(struct scope *s,
                                 struct hr_texpr *expr,
                                 struct hr_texpr **generator)
{
    *generator = NULL;
    struct hr_texpr *inner = expr;
    while (inner->kind == HR_T_ALIAS)
        inner = inner->alias.child;
    if (inner->kind == HR_T_CALL && (inner->call.function->flags & HR_F_GENERATOR)) {
        *generator = inner;
        return HR_OK;
    }
    if (hr_has_kind(inner, HR_F_GENERATOR))
        return hr_fail_spark(s->a->err, "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "expression",
                             hr_expr_sql(s->a, expr), NULL);
    return HR_OK;
}

/* a generator among the expressions: join its rows below, and take its columns where it stood */
static enum hr_code select_generator(struct analysis *a,
                                     struct hr_node *input,
                                     const struct hr_exprs *list,
                                     struct hr_texprs *exprs,
                                     struct hr_attrs *attrs,
                                     size_t at,
                                     struct hr_texpr *generator,
                                     struct hr_node **out)
{
    const struct hr_names *names =
        list->at[at]->kind == HR_EXPR_ALIAS ? &list->at[at]->alias.names : NULL;
    bool outer = strstr(generator->call.function->name, "_outer") != NULL;
    struct hosted hosted = {a, ""};
    hr_host_add(&hosted, generator, NULL, "");
    HR_TRY(hr_host_check(&hosted));
    HR_TRY(hr_generate_node(a, input, generator, outer, names, NULL, out));
    size_t made = (*out)->output.count - input->output.count, total = exprs->count - 1 + made;
    struct hr_texpr **new_exprs = ARRAY(a, struct hr_texpr *, total);
    const struct hr_attr **new_attrs = ARRAY(a, const struct hr_attr *, total);
    size_t n = 0;
    for (size_t i = 0; i < exprs->count; i++) {
        if (i != at) {
            new_exprs[n] = exprs->at[i];
            new_attrs[n++] = attrs->at[i];
            continue;
        }
        for (size_t k = 0; k < made; k++) {
            const struct hr_attr *attr = (*out)->output.at[input->output.count + k];
            new_attrs[n] = hr_hidden_attr(a, list->at[at], attr);
            new_exprs[n++] = hr_column_of(a, attr);
        }
    }
    *exprs = (struct hr_texprs){new_exprs, n};
    *attrs = (struct hr_attrs){new_attrs, n};
    return HR_OK;
}

/* _metadata can still be named above a select that does not */
static void keep_metadata(struct analysis *a,
                          struct hr_node *input,
                          struct hr_texprs *exprs,
                          struct hr_attrs *attrs)
{
    const struct hr_attr *kept = NULL;
    for (size_t i = 0; i < input->output.count; i++)
        if (input->output.at[i]->of_file)
            kept = input->output.at[i];
    for (size_t i = 0; kept && i < attrs->count; i++)
        if (attrs->at[i]->id == kept->id || hr_same_name(a, attrs->at[i]->name, kept->name))
            return;
    if (!kept)
        return;
    struct hr_texpr **more = ARRAY(a, struct hr_texpr *, exprs->count + 1);
    const struct hr_attr **names = ARRAY(a, const struct hr_attr *, attrs->count + 1);
    memcpy(more, exprs->at, exprs->count * sizeof *more);
    memcpy(names, attrs->at, attrs->count * sizeof *names);
    more[exprs->count] = hr_column_of(a, kept);
    names[attrs->count] = kept;
    *exprs = (struct hr_texprs){more, exprs->count + 1};
    *attrs = (struct hr_attrs){names, attrs->count + 1};
}

enum hr_code hr_resolve_select(struct analysis *a,
                               const struct hr_rel *rel,
                               struct hr_node *input,
                               const struct hr_exprs *given,
                               struct hr_node **out)
{
    (void)rel;
    struct scope s = hr_scope_of(a, input);
    struct hr_exprs list;
    HR_TRY(hr_expand_list(&s, given, &list));
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, list.count), 0};
    struct hr_attrs attrs = {ARRAY(a, const struct hr_attr *, list.count), 0};
    struct hr_texpr **aliased = ARRAY(a, struct hr_texpr *, list.count);
    struct hr_texprs also = {aliased, 0};
    s.also = &also; /* lateral column aliases */
    s.also_attrs = &attrs;
    bool aggregates = false;
    struct hr_texpr *generator = NULL;
    for (size_t i = 0; i < list.count; i++) {
        struct hr_texpr *expr, *found = NULL;
        const struct hr_attr *attr;
        if (list.at[i]->kind == HR_EXPR_ALIAS && list.at[i]->alias.names.count > 1) {
            HR_TRY(hr_resolve_expr(&s, list.at[i]->alias.child, &expr));
            attr = hr_attr_new(a, list.at[i]->alias.names.at[0], expr->type, expr->nullable);
        } else
            HR_TRY(hr_resolve_named(&s, list.at[i], &expr, &attr));
        HR_TRY(generator_of(&s, expr, &found));
        if (!found && list.at[i]->kind == HR_EXPR_ALIAS && list.at[i]->alias.names.count > 1)
            return hr_fail_spark(a->err, "MULTI_ALIAS_WITHOUT_GENERATOR", "expr",
                                 hr_expr_sql(a, expr), "names",
                                 hr_printf(a->arena, "%zu", list.at[i]->alias.names.count), NULL);
        if (found)
            generator = found;
        exprs.at[i] = expr;
        attrs.at[i] = attr;
        aliased[i] = list.at[i]->kind == HR_EXPR_ALIAS && !found ? expr : NULL;
        exprs.count = attrs.count = also.count = i + 1;
        aggregates = aggregates || hr_has_aggregate(expr);
    }
    if (aggregates)
        return hr_aggregate_select(a, input, (struct hr_texprs){0}, exprs, attrs, NULL, NULL, 0,
                                   out);
    /* from the last to the first, so that the places of those before stay as they are */
    for (size_t i = list.count; generator && i-- > 0;) {
        struct hr_texpr *found;
        HR_TRY(generator_of(&s, exprs.at[i], &found));
        if (found)
            HR_TRY(select_generator(a, input, &list, &exprs, &attrs, i, found, &input));
    }
    if (a->metadata)
        keep_metadata(a, input, &exprs, &attrs);
    return hr_project(a, input, exprs, attrs, out);
}

/* ---- filter, sort ---- */

static enum hr_code check_condition(struct analysis *a, const struct hr_texpr *condition)
{
    HR_TRY(hr_check_no_window(a, condition, "WHERE"));
    if (!hr_has_kind(condition, HR_F_AGGREGATE | HR_F_GENERATOR))
        return HR_OK;
    const struct hr_texpr *at = hr_find_kind(condition, HR_F_AGGREGATE | HR_F_GENERATOR);
    return hr_fail_spark(a->err, "INVALID_WHERE_CONDITION", "condition", hr_expr_sql(a, condition),
                         "expressionList", hr_qualified_name(a, at), NULL);
}

/* Sort and filter may use columns that the select list below dropped: find them under it and carry
 * them through. *widened is the projection with the further columns; its own output is the caller's
 * to restore. */
static struct hr_node *below_names(struct hr_node *node)
{
    return node->kind == HR_N_PROJECT || node->kind == HR_N_DISTINCT ? node->input : NULL;
}

struct carry {
    struct analysis *a;
    struct hr_node *project;
    struct hr_node *input;
};

static bool has_output(const struct hr_node *node, int id)
{
    for (size_t i = 0; i < node->output.count; i++)
        if (node->output.at[i]->id == id)
            return true;
    return false;
}

static enum hr_code carry_columns(void *arg, struct hr_texpr **place)
{
    struct carry *carry = arg;
    struct hr_texpr *expr = *place;
    if (expr->kind != HR_T_COLUMN ||
        expr->column.outer ||
        has_output(carry->project, expr->column.attr->id))
        return hr_texpr_each(expr, carry_columns, arg);
    if (!has_output(carry->input, expr->column.attr->id))
        return HR_OK;
    struct analysis *a = carry->a;
    size_t n = carry->project->output.count;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, n + 1);
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, n + 1);
    memcpy(attrs, carry->project->output.at, n * sizeof *attrs);
    memcpy(exprs, carry->project->project.exprs.at, n * sizeof *exprs);
    attrs[n] = expr->column.attr;
    exprs[n] = hr_column_of(a, expr->column.attr);
    carry->project->output = (struct hr_attrs){attrs, n + 1};
    carry->project->project.exprs = (struct hr_texprs){exprs, n + 1};
    return HR_OK;
}

static struct hr_node *widened(struct analysis *a, struct hr_node *node)
{
    struct hr_node *copy = NEW(a, struct hr_node);
    *copy = *node;
    copy->names = NULL;
    return copy;
}

enum hr_code hr_restore_output(struct analysis *a,
                               struct hr_node *node,
                               const struct hr_attrs *output,
                               struct hr_node **out)
{
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, output->count);
    for (size_t i = 0; i < output->count; i++)
        exprs[i] = hr_column_of(a, output->at[i]);
    return hr_project(a, node, (struct hr_texprs){exprs, output->count}, *output, out);
}

static bool shadowed(struct analysis *a, const struct hr_attrs *output, const struct hr_attr *attr)
{
    for (size_t i = 0; i < output->count && !attr->qualifier.count; i++)
        if (hr_same_name(a, output->at[i]->name, attr->name))
            return true;
    return false;
}

/* the column, to be found by its plan id only: select(d.b.alias("b")).sort(d.b) */
static const struct hr_attr *unnamed(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_attr *copy = NEW(a, struct hr_attr);
    *copy = *attr;
    copy->hidden = true;
    return copy;
}

/* the scope of sort and filter: the input's columns, and behind a failed look-up those below its
 * select list */
static enum hr_code resolve_over(struct analysis *a,
                                 struct hr_node **input,
                                 const struct hr_exprs *list,
                                 const struct hr_expr *condition,
                                 struct hr_torders *orders,
                                 struct hr_texpr **typed_condition)
{
    struct scope s = hr_scope_of(a, *input), *outer = s.outer;
    struct hr_err *err = a->err, first = {0}, second;
    if ((*input)->kind == HR_N_PROJECT && below_names(*input))
        s.outer = NULL; /* what is below the select list comes before the enclosing query */
    a->err = &first;
    enum hr_code code = condition ? hr_boolean_condition(&s, condition, "WHERE", typed_condition)
                                  : hr_resolve_orders(&s, list, orders);
    a->err = err;
    struct hr_node *under = code ? below_names(*input) : NULL;
    bool missing = !strncmp(first.condition, "UNRESOLVED_COLUMN", 17) ||
                   !strcmp(first.condition, "CANNOT_RESOLVE_DATAFRAME_COLUMN");
    if (!code || !under || !missing || (*input)->kind != HR_N_PROJECT) {
        if (code && err)
            *err = first;
        return code;
    }
    struct hr_node *below = (*input)->input;
    s.inputs[0] = *input;
    s.inputs[1] = below;
    s.input_count = 1;
    s.outer = outer;
    /* names of the select list win; the others come from below it */
    struct hr_attrs merged = {
        ARRAY(a, const struct hr_attr *, (*input)->output.count + below->output.count), 0};
    for (size_t i = 0; i < (*input)->output.count; i++)
        merged.at[merged.count++] = (*input)->output.at[i];
    for (size_t i = 0; i < below->output.count; i++) {
        const struct hr_attr *attr = below->output.at[i];
        if (!has_output(*input, attr->id))
            merged.at[merged.count++] =
                shadowed(a, &(*input)->output, attr) ? unnamed(a, attr) : attr;
    }
    struct hr_node *both = hr_node_new(a, HR_N_PROJECT, *input);
    both->output = merged;
    s.inputs[0] = both;
    second = (struct hr_err){0};
    a->err = &second;
    code = condition ? hr_boolean_condition(&s, condition, "WHERE", typed_condition)
                     : hr_resolve_orders(&s, list, orders);
    a->err = err;
    if (code) {
        if (err)
            *err = first;
        return code;
    }
    struct hr_node *wide = widened(a, *input);
    wide->names = (*input)->names;
    struct carry carry = {a, wide, below};
    if (condition)
        HR_TRY(carry_columns(&carry, typed_condition));
    for (size_t i = 0; orders && i < orders->count; i++)
        HR_TRY(carry_columns(&carry, &orders->at[i].child));
    *input = wide;
    return HR_OK;
}

enum hr_code hr_filter_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input, *filter;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct hr_attrs output = input->output;
    struct hr_texpr *condition;
    HR_TRY(resolve_over(a, &input, NULL, rel->filter.condition, NULL, &condition));
    HR_TRY(check_condition(a, condition));
    HR_TRY(hr_filter_node(a, input, condition, &filter));
    return hr_restore_output(a, filter, &output, out);
}

static enum hr_code order_by_position(struct analysis *a,
                                      const struct hr_attrs *output,
                                      struct hr_exprs *orders,
                                      bool all)
{
    /* a column called all is meant before everything is */
    if (all && !hr_find_output(a, output, "all", NULL)) {
        const struct hr_expr *given = orders->count ? orders->at[0] : NULL;
        orders->at = ARRAY(a, struct hr_expr *, output->count);
        orders->count = output->count;
        for (size_t i = 0; i < output->count; i++) {
            struct hr_expr *order = hr_expr_new(a->arena, HR_EXPR_SORT);
            if (given && given->kind == HR_EXPR_SORT)
                *order = *given;
            order->sort.child = hr_expr_integer(a->arena, BASIC(INT), (int64_t)i + 1);
            orders->at[i] = order;
        }
    }
    struct hr_expr **at = ARRAY(a, struct hr_expr *, orders->count);
    for (size_t i = 0; i < orders->count; i++) {
        const struct hr_expr *order = orders->at[i],
                             *child = order->kind == HR_EXPR_SORT ? order->sort.child : order;
        at[i] = orders->at[i];
        if (child->kind != HR_EXPR_LITERAL ||
            child->literal->type->id != HR_TYPE_INT ||
            child->literal->is_null)
            continue;
        int64_t position = child->literal->integer;
        if (position < 1 || (size_t)position > output->count)
            return hr_fail_spark(a->err, "ORDER_BY_POS_OUT_OF_RANGE", "index",
                                 hr_printf(a->arena, "%lld", (long long)position), "size",
                                 hr_printf(a->arena, "%zu", output->count), NULL);
        at[i] = hr_expr_new(a->arena, HR_EXPR_SORT);
        if (order->kind == HR_EXPR_SORT)
            *at[i] = *order;
        struct hr_exprs one = {0};
        struct hr_node holder = {.output = {output->at + position - 1, 1}};
        struct scope s = hr_scope_of(a, &holder);
        struct hr_expr *star = hr_expr_new(a->arena, HR_EXPR_STAR);
        HR_TRY(hr_expand_list(&s, &(struct hr_exprs){&star, 1}, &one));
        at[i]->sort.child = one.at[0];
    }
    orders->at = at;
    return HR_OK;
}

/* ORDER BY over an aggregate may use further aggregates: compute them in it. The select is rebuilt
 * with hidden columns. */
static enum hr_code sort_aggregate(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node *input,
                                   struct hr_exprs *orders,
                                   struct hr_node **out)
{
    const struct hr_rel *below = rel->input;
    struct hr_rel *aggregate = HR_NEW(a->arena, struct hr_rel);
    *aggregate = *below;
    struct hr_exprs *list = below->kind == HR_REL_AGGREGATE ? &aggregate->aggregate.aggregates
                                                            : &aggregate->project.exprs;
    size_t before = list->count;
    struct hr_expr **at = ARRAY(a, struct hr_expr *, before + orders->count);
    memcpy(at, list->at, before * sizeof *at);
    for (size_t i = 0; i < orders->count; i++) {
        struct hr_expr *child =
            orders->at[i]->kind == HR_EXPR_SORT ? orders->at[i]->sort.child : orders->at[i];
        struct hr_expr *alias = hr_expr_new(a->arena, HR_EXPR_ALIAS);
        alias->alias.child = child;
        alias->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
        alias->alias.names.at[0] = hr_printf(a->arena, "$order%zu", i);
        at[before + i] = alias;
    }
    *list = (struct hr_exprs){at, before + orders->count};
    struct hr_node *wide;
    HR_TRY(hr_resolve_rel(a, aggregate, &wide));
    size_t shown = wide->output.count - orders->count;
    if (shown != input->output.count)
        return hr_refuse(a->err, "sorting by an aggregate over this select list");
    struct hr_torders typed = {ARRAY(a, struct hr_torder, orders->count), orders->count};
    for (size_t i = 0; i < orders->count; i++) {
        const struct hr_expr *order = orders->at[i];
        typed.at[i] = (struct hr_torder){.child = hr_column_of(a, wide->output.at[shown + i]),
                                         .nulls_first = true};
        if (order->kind == HR_EXPR_SORT) {
            typed.at[i].descending = order->sort.descending;
            typed.at[i].nulls_first = order->sort.nulls == HR_NULLS_DEFAULT
                                          ? !order->sort.descending
                                          : order->sort.nulls == HR_NULLS_FIRST;
        }
    }
    struct hr_attrs output = {wide->output.at, shown};
    struct hr_node *sort = hr_node_new(a, HR_N_SORT, wide);
    sort->sort.orders = typed;
    return hr_restore_output(a, sort, &output, out);
}

static const char *order_suffix(const struct hr_torder *order)
{
    if (order->descending)
        return order->nulls_first ? " DESC NULLS FIRST" : " DESC NULLS LAST";
    return order->nulls_first ? " ASC NULLS FIRST" : " ASC NULLS LAST";
}

static bool is_aggregate_rel(const struct hr_rel *rel, const struct hr_node *node)
{
    if (rel->kind != HR_REL_AGGREGATE && rel->kind != HR_REL_PROJECT)
        return false;
    while (node && (node->kind == HR_N_PROJECT || node->kind == HR_N_FILTER))
        node = node->input;
    return node && node->kind == HR_N_AGGREGATE && (rel->kind == HR_REL_AGGREGATE);
}

enum hr_code hr_sort_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct hr_attrs output = input->output;
    struct hr_exprs orders = rel->sort.orders;
    HR_TRY(order_by_position(a, &output, &orders, rel->sort.all));
    struct hr_node *sort;
    struct hr_torders typed;
    struct hr_err *err = a->err, first = {0};
    struct hr_node *over = input;
    a->err = &first;
    enum hr_code code = resolve_over(a, &over, &orders, NULL, &typed, NULL);
    a->err = err;
    bool aggregates = false;
    for (size_t i = 0; !code && i < typed.count; i++)
        aggregates = aggregates || hr_has_aggregate(typed.at[i].child);
    if ((code || aggregates) && is_aggregate_rel(rel->input, input)) {
        struct hr_err again = {0};
        a->err = &again;
        enum hr_code second = sort_aggregate(a, rel, input, &orders, out);
        a->err = err;
        if (!second)
            return HR_OK;
        if (err)
            *err = code ? first : again;
        return code ? code : second;
    }
    if (code) {
        if (err)
            *err = first;
        return code;
    }
    struct hosted hosted = {a, ""};
    for (size_t i = 0; i < typed.count; i++) {
        const struct hr_torder *order = &typed.at[i];
        hr_host_add(&hosted, order->child, NULL, order_suffix(order));
        HR_TRY(hr_check_operator(a, order->child));
    }
    HR_TRY(hr_host_check(&hosted));
    sort = hr_node_new(a, HR_N_SORT, over);
    sort->sort.orders = typed;
    return hr_restore_output(a, sort, &output, out);
}
