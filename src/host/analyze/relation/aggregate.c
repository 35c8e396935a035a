/* Grouping: aggregates of a select list, rollup, cube, grouping sets, pivot, HAVING. */
#include "host/analyze/internal.h"

struct split {
    struct analysis *a;
    struct hr_node *node; /* HR_N_AGGREGATE */
    size_t cap;
    const struct hr_attr **group_attrs;
    /* the groups as they were written: those of the node may be columns that a projection below
     * makes */
    struct hr_texprs written;
    bool having;
};

static const struct hr_attr *group_attr(struct split *s, const struct hr_texpr *expr)
{
    for (size_t i = 0; i < s->written.count; i++)
        if (hr_texpr_equal(s->written.at[i], expr))
            return s->group_attrs[i];
    return NULL;
}

static const struct hr_attr *aggregate_attr(struct split *s, struct hr_texpr *expr)
{
    struct hr_texprs *list = &s->node->aggregate.aggregates;
    size_t groups = s->node->aggregate.groups.count;
    for (size_t i = 0; i < list->count; i++)
        if (hr_texpr_equal(list->at[i], expr))
            return s->node->output.at[groups + i];
    if (list->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        struct hr_texpr **at = ARRAY(s->a, struct hr_texpr *, s->cap);
        const struct hr_attr **output = ARRAY(s->a, const struct hr_attr *, groups + s->cap);
        if (list->count)
            memcpy(at, list->at, list->count * sizeof *at);
        memcpy(output, s->node->output.at, s->node->output.count * sizeof *output);
        list->at = at;
        s->node->output.at = output;
    }
    const struct hr_attr *attr =
        hr_attr_new(s->a, hr_pretty_name(s->a, expr), expr->type, expr->nullable);
    list->at[list->count++] = expr;
    s->node->output.at[s->node->output.count++] = attr;
    return attr;
}

static enum hr_code check_nested(void *arg, struct hr_texpr **child)
{
    struct split *s = arg;
    if ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & HR_F_AGGREGATE))
        return hr_fail_spark(s->a->err, "NESTED_AGGREGATE_FUNCTION", NULL);
    return hr_texpr_each(*child, check_nested, arg);
}

static enum hr_code grouping_call(struct split *s, struct hr_texpr **place)
{
    struct hr_texpr *expr = *place;
    struct analysis *a = s->a;
    const struct hr_attr *id = s->node->aggregate.grouping_id;
    bool one = hr_function_is(expr->call.function, "grouping");
    if (!id)
        return hr_fail_spark(
            a->err, one ? "UNSUPPORTED_GROUPING_EXPRESSION" : "UNSUPPORTED_GROUPING_EXPRESSION",
            NULL);
    struct hr_texpr *column = hr_column_of(a, id);
    if (!one) {
        *place = column;
        return HR_OK;
    }
    const struct hr_texprs *groups = &s->written;
    for (size_t i = 0; i < groups->count; i++)
        if (hr_texpr_equal(groups->at[i], expr->call.args.at[0])) {
            struct scope scope = {.a = a};
            struct hr_texpr *args[] = {
                column, hr_literal_int(a, BASIC(INT), (int64_t)(groups->count - 1 - i))};
            return hr_call_typed(&scope, "$grouping_bit", args, 2, place);
        }
    return hr_fail_spark(a->err, "GROUPING_COLUMN_MISMATCH", "grouping",
                         hr_expr_sql(a, expr->call.args.at[0]), "groupingColumns", "", NULL);
}

static bool has_kind_below(const struct hr_texpr *call, unsigned flags)
{
    for (size_t i = 0; i < call->call.args.count; i++)
        if (hr_has_kind(call->call.args.at[i], flags))
            return true;
    return false;
}

static enum hr_code check_drawn(struct analysis *a, const struct hr_texpr *call)
{
    for (size_t i = 0; i < call->call.args.count; i++)
        if (hr_has_kind(call->call.args.at[i], HR_F_VOLATILE))
            return hr_fail_spark(a->err, "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION",
                                 "sqlExpr", hr_expr_sql(a, call), NULL);
    return HR_OK;
}

static enum hr_code missing_aggregation(struct split *s, const struct hr_texpr *column)
{
    struct analysis *a = s->a;
    const char *any = hr_printf(a->arena, "\"any_value(%s)\"", column->column.attr->name);
    return hr_fail_spark(a->err, "MISSING_AGGREGATION", "expression",
                         hr_printf(a->arena, "\"%s\"", column->column.attr->name),
                         "expressionAnyValue", any, NULL);
}

static enum hr_code missing_attribute(struct split *s, const struct hr_texpr *column)
{
    struct analysis *a = s->a;
    const char *input = "", *name = column->column.attr->name;
    for (size_t i = 0; i < s->node->output.count; i++)
        input =
            hr_printf(a->arena, "%s%s\"%s\"", input, i ? ", " : "", s->node->output.at[i]->name);
    return hr_fail_spark(a->err, "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT",
                         "missingAttributes", hr_printf(a->arena, "\"%s\"", name), "input", input,
                         "operator", hr_printf(a->arena, "!Filter [%s]", name), NULL);
}

static bool is_of(const struct hr_attrs *output, int id)
{
    for (size_t i = 0; i < output->count; i++)
        if (output->at[i]->id == id)
            return true;
    return false;
}

/* a column of this query in a subquery above its groups: it is one of them, by the name that it has
 * there */
static enum hr_code group_in_subquery(void *arg, struct hr_texpr **place)
{
    struct split *s = arg;
    struct hr_texpr plain = **place;
    plain.column.outer = false;
    const struct hr_attr *attr = group_attr(s, &plain);
    if (!attr && !is_of(&s->node->input->output, plain.column.attr->id))
        return HR_OK; /* of a query further out, or replaced already */
    if (!attr)
        return s->having ? missing_attribute(s, &plain) : missing_aggregation(s, &plain);
    struct hr_texpr *column = hr_column_of(s->a, attr);
    column->column.outer = true;
    *place = column;
    return HR_OK;
}

struct seen {
    const struct hr_node *input;
    bool found;
};

static enum hr_code see_own(void *arg, struct hr_texpr **column)
{
    struct seen *seen = arg;
    seen->found = seen->found || is_of(&seen->input->output, (*column)->column.attr->id);
    return HR_OK;
}

static enum hr_code split_subquery(struct split *s, const struct hr_texpr *subquery)
{
    struct seen seen = {s->node->input, false};
    HR_TRY(hr_each_outer(subquery, see_own, &seen));
    if (seen.found && subquery->subquery.kind == HR_SUBQUERY_SCALAR && !s->having)
        return hr_fail_spark(s->a->err, "SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION",
                             "sqlExpr", hr_expr_sql(s->a, subquery), NULL);
    return hr_each_outer(subquery, group_in_subquery, s);
}

/* an aggregate of HAVING or ORDER BY is one of the list's, under a name of its own */
static enum hr_code check_hosted_call(struct analysis *a, struct hr_texpr *call)
{
    const struct hr_attr *name = hr_attr_new(a, hr_pretty_name(a, call), call->type, true);
    return hr_check_aggregate_hosts(a, &(struct hr_texprs){0}, &(struct hr_texprs){&call, 1},
                                    &(struct hr_attrs){&name, 1});
}

/* The engine groups by no subquery: one is a column that a projection below the aggregate makes. */
static enum hr_code lower_groups(struct analysis *a,
                                 struct hr_node **input,
                                 const struct hr_texprs *groups,
                                 struct hr_texprs *out)
{
    size_t kept = (*input)->output.count, count = kept;
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, kept + groups->count), 0};
    struct hr_attrs output = {ARRAY(a, const struct hr_attr *, kept + groups->count), 0};
    *out = (struct hr_texprs){ARRAY(a, struct hr_texpr *, groups->count), groups->count};
    for (size_t i = 0; i < kept; i++) {
        output.at[i] = (*input)->output.at[i];
        exprs.at[i] = hr_column_of(a, output.at[i]);
    }
    for (size_t i = 0; i < groups->count; i++) {
        out->at[i] = groups->at[i];
        if (!hr_has_subquery(groups->at[i]))
            continue;
        output.at[count] = hr_attr_new(a, hr_pretty_name(a, groups->at[i]), groups->at[i]->type,
                                       groups->at[i]->nullable);
        exprs.at[count] = groups->at[i];
        out->at[i] = hr_column_of(a, output.at[count++]);
    }
    exprs.count = output.count = count;
    return count == kept ? HR_OK : hr_project(a, *input, exprs, output, input);
}

/* replaces what the aggregate computes by its columns; anything else must not use the input's
 * columns */
static enum hr_code split_expr(void *arg, struct hr_texpr **place)
{
    struct split *s = arg;
    struct hr_texpr *expr = *place;
    const struct hr_attr *attr = expr->kind == HR_T_LITERAL ? NULL : group_attr(s, expr);
    if (attr) {
        struct hr_texpr *column = hr_column_of(s->a, attr);
        if (expr->kind == HR_T_ALIAS) { /* a struct's field keeps its name */
            struct hr_texpr *alias = hr_texpr_new(s->a, HR_T_ALIAS, column->type, column->nullable);
            alias->alias.child = column;
            alias->alias.name = expr->alias.name;
            column = alias;
        }
        *place = column;
        return HR_OK;
    }
    if (expr->kind == HR_T_CALL && (hr_function_is(expr->call.function, "grouping") ||
                                    hr_function_is(expr->call.function, "grouping_id")))
        return grouping_call(s, place);
    if (expr->kind == HR_T_CALL && (expr->call.function->flags & HR_F_AGGREGATE)) {
        if (has_kind_below(expr, HR_F_WINDOW))
            return hr_fail_spark(s->a->err, "_LEGACY_ERROR_TEMP_1031", NULL);
        HR_TRY(hr_texpr_each(expr, check_nested, s));
        HR_TRY(check_drawn(s->a, expr));
        HR_TRY(check_hosted_call(s->a, expr));
        *place = hr_column_of(s->a, aggregate_attr(s, expr));
        return HR_OK;
    }
    bool plain = expr->kind == HR_T_COLUMN && !expr->column.outer;
    if (plain && !s->node->aggregate.groups.count)
        return hr_fail_spark(s->a->err, "MISSING_GROUP_BY", NULL);
    if (plain)
        return missing_aggregation(s, expr);
    if (expr->kind == HR_T_SUBQUERY)
        HR_TRY(split_subquery(s, expr));
    /* copy on write: the tree may be shared with a name or another column */
    struct hr_texpr *copy = NEW(s->a, struct hr_texpr);
    *copy = *expr;
    *place = copy;
    if (copy->kind == HR_T_CALL && copy->call.args.count)
        copy->call.args.at = hr_memdup(s->a->arena, expr->call.args.at,
                                       expr->call.args.count * sizeof *expr->call.args.at);
    if (copy->kind == HR_T_SUBQUERY && copy->subquery.values.count)
        copy->subquery.values.at =
            hr_memdup(s->a->arena, expr->subquery.values.at,
                      expr->subquery.values.count * sizeof *expr->subquery.values.at);
    if (copy->kind == HR_T_WINDOW) {
        copy->window.partition.at =
            hr_memdup(s->a->arena, expr->window.partition.at,
                      expr->window.partition.count * sizeof *expr->window.partition.at);
        copy->window.order.at = hr_memdup(s->a->arena, expr->window.order.at,
                                          expr->window.order.count * sizeof *expr->window.order.at);
        struct hr_texpr *function = NEW(s->a, struct hr_texpr);
        *function = *copy->window.function;
        copy->window.function = function;
        if (function->call.args.count)
            function->call.args.at =
                hr_memdup(s->a->arena, function->call.args.at,
                          function->call.args.count * sizeof *function->call.args.at);
        HR_TRY(hr_texpr_each(function, split_expr, s));
        for (size_t i = 0; i < copy->window.partition.count; i++)
            HR_TRY(split_expr(s, &copy->window.partition.at[i]));
        for (size_t i = 0; i < copy->window.order.count; i++)
            HR_TRY(split_expr(s, &copy->window.order.at[i].child));
        return HR_OK;
    }
    return hr_texpr_each(copy, split_expr, s);
}

static const struct hr_attr *attr_of_group(struct analysis *a, struct hr_texpr *expr, bool sets)
{
    if (expr->kind == HR_T_COLUMN && !sets)
        return expr->column.attr;
    struct hr_attr *attr = (struct hr_attr *)hr_attr_new(
        a, expr->kind == HR_T_COLUMN ? expr->column.attr->name : hr_pretty_name(a, expr),
        expr->type, expr->nullable || sets);
    if (expr->kind == HR_T_COLUMN) {
        attr->qualifier = expr->column.attr->qualifier;
        attr->metadata = expr->column.attr->metadata;
    }
    return attr;
}

#define GROUPS_MAX \
    64 /* columns of ROLLUP, CUBE and GROUPING SETS: a bit each of a grouping id, as in Spark */

static bool in_every_set(const uint64_t *sets, size_t count, size_t group)
{
    bool all = true;
    for (size_t k = 0; k < count; k++)
        all = all && (sets[k] >> group & 1);
    return all;
}

/* An aggregate and, above it, the projection that makes the list. having may be NULL. `names` gives
 * the output's attributes; those that are plain grouping columns are replaced by the grouping's
 * own. */
enum hr_code hr_aggregate_select(struct analysis *a,
                                 struct hr_node *input,
                                 struct hr_texprs groups,
                                 struct hr_texprs list,
                                 struct hr_attrs names,
                                 struct hr_texpr *having,
                                 uint64_t *sets,
                                 size_t set_count,
                                 struct hr_node **out)
{
    if (having)
        HR_TRY(hr_check_no_window(a, having, "HAVING"));
    HR_TRY(hr_merge_sessions(a, &input, &groups, &list, &having, set_count));
    HR_TRY(hr_check_aggregate_hosts(a, &groups, &list, &names));
    struct hr_texprs written = groups;
    HR_TRY(lower_groups(a, &input, &written, &groups));
    struct hr_node *node = hr_node_new(a, HR_N_AGGREGATE, input);
    struct split split = {.a = a, .node = node, .written = written};
    for (size_t i = 0; i < groups.count; i++) {
        struct hr_texpr *g = written.at[i];
        HR_TRY(hr_check_group(a, g));
        if (!hr_is_orderable(g->type) && g->type->id != HR_TYPE_VOID)
            return hr_fail_spark(a->err, "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", "sqlExpr",
                                 hr_expr_sql(a, g), "dataType", hr_type_quoted(a, g->type), NULL);
    }
    node->aggregate.groups = groups;
    node->aggregate.sets = sets;
    node->aggregate.set_count = set_count;
    node->output.at = ARRAY(a, const struct hr_attr *, groups.count);
    for (size_t i = 0; i < groups.count; i++)
        node->output.at[i] = attr_of_group(a, groups.at[i], !in_every_set(sets, set_count, i));
    node->output.count = groups.count;
    split.group_attrs = hr_memdup(a->arena, node->output.at,
                                  (groups.count ? groups.count : 1) * sizeof *node->output.at);
    if (set_count)
        node->aggregate.grouping_id = hr_attr_new(a, "spark_grouping_id", BASIC(LONG), false);
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, list.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, list.count);
    for (size_t i = 0; i < list.count; i++) {
        exprs[i] = list.at[i];
        HR_TRY(split_expr(&split, &exprs[i]));
        attrs[i] = names.at[i];
        if (set_count && list.at[i]->kind == HR_T_COLUMN && exprs[i]->kind == HR_T_COLUMN)
            attrs[i] = exprs[i]->column.attr;
        else if (set_count &&
                 exprs[i]->kind == HR_T_COLUMN &&
                 exprs[i]->nullable != attrs[i]->nullable) {
            struct hr_attr *copy = (struct hr_attr *)hr_attr_like(a, attrs[i]);
            copy->nullable = exprs[i]->nullable;
            attrs[i] = copy;
        }
    }
    struct hr_node *top = node;
    if (having) {
        split.having = true;
        HR_TRY(split_expr(&split, &having));
        HR_TRY(hr_filter_node(a, top, having, &top));
    }
    if (node->aggregate.grouping_id) {
        const struct hr_attr **output = ARRAY(a, const struct hr_attr *, node->output.count + 1);
        memcpy(output, node->output.at, node->output.count * sizeof *output);
        output[node->output.count] = node->aggregate.grouping_id;
        node->output.at = output;
        node->output.count++;
    }
    if (top != node)
        top->output = node->output;
    return hr_project(a, top, (struct hr_texprs){exprs, list.count},
                      (struct hr_attrs){attrs, list.count}, out);
}

/* ---- the relation ---- */

static enum hr_code group_by_position(struct scope *s,
                                      const struct hr_rel *rel,
                                      struct hr_expr **expr,
                                      const struct hr_exprs *list)
{
    struct analysis *a = s->a;
    const struct hr_literal *literal = (*expr)->kind == HR_EXPR_LITERAL ? (*expr)->literal : NULL;
    if (!rel->aggregate.is_select_list ||
        !literal ||
        literal->is_null ||
        literal->type->id != HR_TYPE_INT)
        return HR_OK;
    int64_t at = literal->integer;
    if (at < 1 || (size_t)at > list->count)
        return hr_fail_spark(a->err, "GROUP_BY_POS_OUT_OF_RANGE", "index",
                             hr_printf(a->arena, "%lld", (long long)at), "size",
                             hr_printf(a->arena, "%zu", list->count), NULL);
    *expr = list->at[at - 1];
    while ((*expr)->kind == HR_EXPR_ALIAS)
        *expr = (*expr)->alias.child;
    return HR_OK;
}

static enum hr_code group_expr(struct scope *s,
                               const struct hr_rel *rel,
                               struct hr_expr *expr,
                               const struct hr_exprs *list,
                               struct hr_texpr **out)
{
    HR_TRY(group_by_position(s, rel, &expr, list));
    while (expr->kind == HR_EXPR_ALIAS)
        expr = expr->alias.child;
    /* a name that the input lacks may be an alias of the select list */
    if (expr->kind == HR_EXPR_ATTRIBUTE &&
        expr->attribute.name.count == 1 &&
        rel->aggregate.is_select_list) {
        HR_TRY(hr_find_attribute(s, expr, out));
        if (*out)
            return HR_OK;
        for (size_t i = 0; i < list->count; i++)
            if (list->at[i]->kind == HR_EXPR_ALIAS &&
                hr_same_name(s->a, list->at[i]->alias.names.at[0], expr->attribute.name.at[0]))
                return hr_resolve_expr(s, list->at[i]->alias.child, out);
    }
    return hr_resolve_expr(s, expr, out);
}

static enum hr_code make_sets(struct analysis *a,
                              const struct hr_rel *rel,
                              struct scope *s,
                              const struct hr_exprs *list,
                              struct hr_texprs *groups,
                              uint64_t **sets,
                              size_t *count)
{
    size_t n = groups->count;
    *count = 0;
    if (n > GROUPS_MAX &&
        (rel->aggregate.group == HR_GROUP_ROLLUP || rel->aggregate.group == HR_GROUP_CUBE))
        return hr_fail_spark(a->err, "GROUPING_SIZE_LIMIT_EXCEEDED", "maxSize", "64", NULL);
    switch (rel->aggregate.group) {
    case HR_GROUP_ROLLUP:
        *sets = ARRAY(a, uint64_t, n + 1);
        for (size_t i = 0; i <= n; i++)
            (*sets)[(*count)++] = n - i == GROUPS_MAX ? UINT64_MAX : (1ull << (n - i)) - 1;
        return HR_OK;
    case HR_GROUP_CUBE:
        if (n > 16)
            return hr_fail_spark(a->err, "GROUPING_SIZE_LIMIT_EXCEEDED", "maxSize", "16", NULL);
        *sets = ARRAY(a, uint64_t, 1ull << n);
        for (uint64_t m = 1ull << n; m-- > 0;)
            (*sets)[(*count)++] = m;
        return HR_OK;
    case HR_GROUP_SETS: {
        size_t cap = n;
        for (size_t k = 0; k < rel->aggregate.set_count; k++)
            cap += rel->aggregate.sets[k].count;
        struct hr_texpr **all = ARRAY(a, struct hr_texpr *, cap);
        size_t unique = 0;
        /* the sets' columns arrive as often as sets name them */
        for (size_t i = 0; i < n; i++) {
            size_t at = 0;
            while (at < unique && !hr_texpr_equal(all[at], groups->at[i]))
                at++;
            if (at == unique)
                all[unique++] = groups->at[i];
        }
        n = unique;
        if (n > GROUPS_MAX)
            return hr_fail_spark(a->err, "GROUPING_SIZE_LIMIT_EXCEEDED", "maxSize", "64", NULL);
        *sets = ARRAY(a, uint64_t, rel->aggregate.set_count);
        for (size_t k = 0; k < rel->aggregate.set_count; k++) {
            uint64_t mask = 0;
            for (size_t i = 0; i < rel->aggregate.sets[k].count; i++) {
                struct hr_texpr *expr;
                HR_TRY(group_expr(s, rel, rel->aggregate.sets[k].at[i], list, &expr));
                size_t at = 0;
                while (at < n && !hr_texpr_equal(all[at], expr))
                    at++;
                if (at == n)
                    all[n++] = expr;
                if (n > GROUPS_MAX)
                    return hr_fail_spark(a->err, "GROUPING_SIZE_LIMIT_EXCEEDED", "maxSize", "64",
                                         NULL);
                mask |= 1ull << at;
            }
            (*sets)[(*count)++] = mask;
        }
        *groups = (struct hr_texprs){all, n};
        return HR_OK;
    }
    default:
        return HR_OK;
    }
}

/* a column that stands outside of aggregates: with one of these and nothing to group by, GROUP BY
 * ALL does not know what is meant */
static enum hr_code see_column(void *arg, struct hr_texpr **place)
{
    struct seen *seen = arg;
    struct hr_texpr *expr = *place;
    if (expr->kind == HR_T_CALL && (expr->call.function->flags & HR_F_AGGREGATE))
        return HR_OK;
    seen->found = seen->found || (expr->kind == HR_T_COLUMN && !expr->column.outer);
    if (expr->kind == HR_T_SUBQUERY)
        HR_TRY(hr_each_outer(expr, see_own, seen));
    return hr_texpr_each(expr, see_column, arg);
}

enum hr_code hr_resolve_aggregate(struct analysis *a,
                                  const struct hr_rel *rel,
                                  struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1, .outer = a->outer};
    struct hr_exprs list, given;
    HR_TRY(hr_expand_list(&s, &rel->aggregate.aggregates, &list));
    HR_TRY(hr_expand_list(&s, &rel->aggregate.grouping, &given));
    bool all = rel->aggregate.all || (rel->aggregate.is_select_list &&
                                      given.count == 1 &&
                                      given.at[0]->kind == HR_EXPR_ATTRIBUTE &&
                                      given.at[0]->attribute.name.count == 1 &&
                                      !strcasecmp(given.at[0]->attribute.name.at[0], "all"));
    /* a column of that name is meant first */
    if (all && hr_find_output(a, &input->output, "all", NULL)) {
        given = (struct hr_exprs){ARRAY(a, struct hr_expr *, 1), 1};
        given.at[0] = hr_expr_attribute(a->arena, "all");
    } else if (all) { /* GROUP BY ALL: what holds no aggregate */
        size_t n = 0;
        struct hr_expr **kept = ARRAY(a, struct hr_expr *, list.count);
        struct seen plain = {input, false};
        for (size_t i = 0; i < list.count; i++) {
            struct hr_texpr *expr;
            const struct hr_attr *attr;
            HR_TRY(hr_resolve_named(&s, list.at[i], &expr, &attr));
            if (!hr_has_aggregate(expr))
                kept[n++] = list.at[i];
            HR_TRY(see_column(&plain, &expr));
        }
        if (!n && plain.found)
            return hr_fail_spark(a->err, "UNRESOLVED_ALL_IN_GROUP_BY", NULL);
        given = (struct hr_exprs){kept, n};
    }
    struct hr_texprs groups = {ARRAY(a, struct hr_texpr *, given.count), given.count};
    for (size_t i = 0; i < given.count; i++)
        HR_TRY(group_expr(&s, rel, given.at[i], &list, &groups.at[i]));
    if (rel->aggregate.group == HR_GROUP_PIVOT)
        return hr_resolve_pivot(&s, rel, input, groups, out);
    uint64_t *sets = NULL;
    size_t set_count = 0;
    HR_TRY(make_sets(a, rel, &s, &list, &groups, &sets, &set_count));
    size_t lead = rel->aggregate.is_select_list ? 0 : given.count, total = lead + list.count;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, total);
    const struct hr_attr **names = ARRAY(a, const struct hr_attr *, total);
    struct hr_attrs aliases = {names, 0};
    struct hr_texprs aliased = {exprs, 0};
    s.also = &aliased;
    s.also_attrs = &aliases;
    for (size_t i = 0; i < total; i++) {
        HR_TRY(
            hr_resolve_named(&s, i < lead ? given.at[i] : list.at[i - lead], &exprs[i], &names[i]));
        aliases.count = aliased.count = i + 1;
    }
    struct hr_texpr *having = NULL;
    if (rel->aggregate.having)
        HR_TRY(hr_boolean_condition(&s, rel->aggregate.having, "HAVING", &having));
    return hr_aggregate_select(a, input, groups, (struct hr_texprs){exprs, total},
                               (struct hr_attrs){names, total}, having, sets, set_count, out);
}
