/* Pivots. The rows are aggregated once by group and pivot value; a join with the values' places
 * says which column each answer belongs to; the answers of a group become a list by place, of which
 * each column takes its own. So a pivot is linear in its rows and values.
 *
 *   group, pivot, answers    aggregate of the input
 *   … , place                left join with (place, value): a group without any of the values stays
 *   group, [answers]         aggregate: the pairs of place and answers
 *   group, [by place]        $pivoted, one list an aggregate
 *   group, columns           one item a column */
#include "host/analyze/internal.h"

#define PIVOT_VALUES_MAX 10000 /* spark.sql.pivotMaxValues */

struct pivot {
    struct scope *s;
    const struct hr_rel *rel;
    struct hr_node *node;        /* the plan so far */
    struct hr_texprs groups;     /* as written, of the input */
    struct hr_attrs group_attrs; /* their names in the result */
    struct hr_texpr *column;     /* that pivots */
    struct hr_texprs values;     /* as written, and */
    const char **aliases;        /* their names; NULL: none was given */
    struct hr_texprs aggregates;
    struct hr_attrs answers;           /* by the aggregates' names */
    struct hr_texprs absent;           /* what an aggregate says of no rows; NULL: NULL */
    const struct hr_attr *key, *place; /* of a row: its pivot value, the value's place */
    bool finished;
};

/* ---- values ---- */

static const char *value_name(struct scope *s, const struct hr_texpr *value)
{
    const char *text = value->kind == HR_T_LITERAL && value->literal->is_null
                           ? "null"
                           : hr_pretty_name(s->a, value);
    const char *quote_at = strchr(text, '\'');
    if (value->kind == HR_T_LITERAL &&
        quote_at &&
        !hr_is_string(value->type) &&
        value->type->id != HR_TYPE_BINARY)
        text = hr_strndup(s->a->arena, quote_at + 1,
                          strlen(quote_at) - 2); /* DATE '2020-01-01' is named by its text */
    return text;
}

/* no values given: the distinct ones of the column, in order, asked of the data now */
static enum hr_code distinct_values(struct scope *s, const struct hr_rel *rel, struct hr_exprs *out)
{
    struct analysis *a = s->a;
    if (!a->env->ops->values)
        return hr_refuse(a->err, "pivot without values where nothing can be run");
    struct hr_rel *column = hr_rel_new(a->arena, HR_REL_PROJECT, rel->input),
                  *distinct = hr_rel_new(a->arena, HR_REL_DEDUPLICATE, column);
    struct hr_rel *sorted = hr_rel_new(a->arena, HR_REL_SORT, distinct);
    struct hr_expr *name = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    name->alias.child = rel->aggregate.pivot;
    name->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
    name->alias.names.at[0] = "v";
    column->project.exprs = (struct hr_exprs){ARRAY(a, struct hr_expr *, 1), 1};
    column->project.exprs.at[0] = name;
    distinct->deduplicate.all_columns = true;
    sorted->sort.orders = (struct hr_exprs){ARRAY(a, struct hr_expr *, 1), 1};
    sorted->sort.orders.at[0] = hr_expr_attribute(a->arena, "v");
    sorted->sort.is_global = true;
    struct hr_literals values;
    HR_TRY(a->env->ops->values(a->env, a->arena, sorted, PIVOT_VALUES_MAX + 1, &values, a->err));
    if (values.count > PIVOT_VALUES_MAX)
        return hr_fail(a->err, HR_E_LIMIT,
                       "the pivot column has more than %d distinct values; name the values",
                       PIVOT_VALUES_MAX);
    *out = (struct hr_exprs){ARRAY(a, struct hr_expr *, values.count), values.count};
    for (size_t i = 0; i < values.count; i++) {
        out->at[i] = hr_expr_new(a->arena, HR_EXPR_LITERAL);
        out->at[i]->literal = values.at[i];
    }
    return HR_OK;
}

static const char *simple_type(struct analysis *a, const struct hr_type *type)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_type_simple(type, &buf);
    const char *text = hr_strndup(a->arena, hr_buf_text(&buf), hr_buf_len(&buf));
    hr_buf_release(&buf);
    return text;
}

static enum hr_code check_value(struct pivot *p, const struct hr_texpr *value)
{
    struct analysis *a = p->s->a;
    if (!hr_is_foldable(value))
        return hr_fail_spark(a->err, "NON_LITERAL_PIVOT_VALUES", "expression",
                             hr_expr_sql(a, value), NULL);
    if (!hr_can_cast(value->type, p->column->type, a->ansi))
        return hr_fail_spark(a->err, "PIVOT_VALUE_DATA_TYPE_MISMATCH", "value",
                             value_name(p->s, value), "valueType", simple_type(a, value->type),
                             "pivotType", simple_type(a, p->column->type), NULL);
    return HR_OK;
}

static enum hr_code pivot_values(struct pivot *p)
{
    struct analysis *a = p->s->a;
    struct hr_exprs given = p->rel->aggregate.pivot_values;
    if (!given.count)
        HR_TRY(distinct_values(p->s, p->rel, &given));
    p->values = (struct hr_texprs){ARRAY(a, struct hr_texpr *, given.count), given.count};
    p->aliases = ARRAY(a, const char *, given.count);
    for (size_t v = 0; v < given.count; v++) {
        struct hr_expr *value = given.at[v];
        if (value->kind == HR_EXPR_ALIAS) {
            p->aliases[v] = value->alias.names.at[0];
            value = value->alias.child;
        }
        HR_TRY(hr_resolve_expr(p->s, value, &p->values.at[v]));
        HR_TRY(check_value(p, p->values.at[v]));
    }
    return HR_OK;
}

/* ---- aggregates ---- */

/* Spark pivots in two ways. Where every aggregate is a number or a boolean it takes the groups'
 * finished values, and a group without the value has NULL. Otherwise each aggregate sees the
 * value's rows alone and gives what it gives for none: an empty list, a count of 0. */
static bool takes_finished_values(const struct hr_type *type)
{
    return hr_type_is_numeric(type) || type->id == HR_TYPE_BOOLEAN;
}

/* Only aggregates may use columns. What stands in a window is told where the windows are looked at.
 */
static enum hr_code check_column(void *arg, struct hr_texpr **place)
{
    struct pivot *p = arg;
    struct hr_texpr *expr = *place;
    bool aggregate = expr->kind == HR_T_CALL && (expr->call.function->flags & HR_F_AGGREGATE);
    if (aggregate || expr->kind == HR_T_WINDOW)
        return HR_OK;
    if (expr->kind == HR_T_COLUMN && !expr->column.outer)
        return hr_fail_spark(p->s->a->err, "_LEGACY_ERROR_TEMP_1006", "sql",
                             hr_qualified_name(p->s->a, expr), NULL);
    return hr_texpr_each(expr, check_column, arg);
}

static enum hr_code pivot_aggregates(struct pivot *p)
{
    struct analysis *a = p->s->a;
    const struct hr_exprs *given = &p->rel->aggregate.aggregates;
    p->aggregates = (struct hr_texprs){ARRAY(a, struct hr_texpr *, given->count), given->count};
    p->answers = (struct hr_attrs){ARRAY(a, const struct hr_attr *, given->count), given->count};
    p->absent = (struct hr_texprs){ARRAY(a, struct hr_texpr *, given->count), given->count};
    p->finished = true;
    for (size_t k = 0; k < given->count; k++) {
        HR_TRY(hr_resolve_named(p->s, given->at[k], &p->aggregates.at[k], &p->answers.at[k]));
        HR_TRY(check_column(p, &p->aggregates.at[k]));
        p->finished = p->finished && takes_finished_values(p->answers.at[k]->type);
    }
    return HR_OK;
}

static struct hr_texpr *own_copy(struct analysis *a, const struct hr_texpr *expr)
{
    struct hr_texpr *copy = hr_memdup(a->arena, expr, sizeof *expr);
    if (copy->kind == HR_T_CALL && copy->call.args.count)
        copy->call.args.at = hr_memdup(a->arena, expr->call.args.at,
                                       expr->call.args.count * sizeof *expr->call.args.at);
    if (copy->kind == HR_T_CALL && copy->call.within_group.count)
        copy->call.within_group.at =
            hr_memdup(a->arena, expr->call.within_group.at,
                      expr->call.within_group.count * sizeof *expr->call.within_group.at);
    return copy;
}

/* first and last take the value's rows for the others' nulls: they pass over both */
static enum hr_code pass_over_nulls(void *arg, struct hr_texpr **place)
{
    struct pivot *p = arg;
    struct hr_texpr *copy = *place = own_copy(p->s->a, *place);
    if (copy->kind != HR_T_CALL || !(copy->call.function->flags & HR_F_AGGREGATE))
        return hr_texpr_each(copy, pass_over_nulls, arg);
    if (hr_function_is(copy->call.function, "first") || hr_function_is(copy->call.function, "last"))
        copy->call.ignore_nulls = copy->nullable = true;
    return HR_OK;
}

static enum hr_code without_columns(void *arg, struct hr_texpr **place)
{
    struct pivot *p = arg;
    if ((*place)->kind == HR_T_COLUMN && !(*place)->column.outer) {
        *place = hr_literal_null(p->s->a, (*place)->type);
        return HR_OK;
    }
    *place = own_copy(p->s->a, *place);
    return hr_texpr_each(*place, without_columns, arg);
}

static struct hr_texpr *literal_false(struct analysis *a)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = BASIC(BOOLEAN);
    return hr_literal_of(a, literal);
}

static enum hr_code of_no_rows(void *arg, struct hr_texpr **place)
{
    struct pivot *p = arg;
    struct hr_texpr *copy = *place = own_copy(p->s->a, *place);
    if (copy->kind != HR_T_CALL || !(copy->call.function->flags & HR_F_AGGREGATE))
        return hr_texpr_each(copy, of_no_rows, arg);
    copy->call.filter = NULL;
    HR_TRY(hr_texpr_each(copy, without_columns, arg));
    copy->call.filter = literal_false(p->s->a);
    return HR_OK;
}

static bool says_null_of_none(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_CALL &&
           (expr->call.function->flags & HR_F_AGGREGATE) &&
           expr->nullable;
}

/* ---- the plan ---- */

static enum hr_code by_group_and_value(struct pivot *p)
{
    struct analysis *a = p->s->a;
    struct hr_texpr *none = NULL;
    HR_TRY(hr_merge_sessions(a, &p->node, &p->groups, &p->aggregates, &none, false));
    size_t groups = p->groups.count, count = groups + 1 + p->aggregates.count, n = groups;
    struct hr_texprs by = {ARRAY(a, struct hr_texpr *, groups + 1), groups + 1},
                     exprs = {ARRAY(a, struct hr_texpr *, count), count};
    struct hr_attrs names = {ARRAY(a, const struct hr_attr *, count), count};
    for (size_t i = 0; i < groups; i++) {
        by.at[i] = exprs.at[i] = p->groups.at[i];
        names.at[i] = p->group_attrs.at[i];
    }
    by.at[n] = exprs.at[n] = p->column;
    p->key = names.at[n++] = hr_attr_new(a, "pivot", p->column->type, p->column->nullable);
    for (size_t k = 0; k < p->aggregates.count; k++, n++) {
        exprs.at[n] = p->aggregates.at[k];
        names.at[n] = hr_attr_new(a, p->answers.at[k]->name, p->answers.at[k]->type, true);
        p->answers.at[k] = names.at[n];
    }
    return hr_aggregate_select(a, p->node, by, exprs, names, NULL, NULL, 0, &p->node);
}

static enum hr_code with_places(struct pivot *p)
{
    struct analysis *a = p->s->a;
    struct hr_node *table = hr_node_new(a, HR_N_VALUES, NULL),
                   *join = hr_node_new(a, HR_N_JOIN, p->node);
    const struct hr_attr *value = hr_attr_new(a, "value", p->column->type, true);
    p->place = hr_attr_new(a, "place", BASIC(INT), true);
    table->output = (struct hr_attrs){ARRAY(a, const struct hr_attr *, 2), 2};
    table->output.at[0] = p->place;
    table->output.at[1] = value;
    table->values.count = p->values.count;
    table->values.rows = ARRAY(a, struct hr_texprs, p->values.count);
    for (size_t v = 0; v < p->values.count; v++) {
        table->values.rows[v] = (struct hr_texprs){ARRAY(a, struct hr_texpr *, 2), 2};
        table->values.rows[v].at[0] = hr_literal_int(a, BASIC(INT), (int64_t)v);
        table->values.rows[v].at[1] = hr_cast_implicit(a, p->values.at[v], p->column->type);
    }
    struct hr_texpr *pair[] = {hr_column_of(a, p->key), hr_column_of(a, value)};
    size_t left = p->node->output.count;
    join->right = table;
    join->join.type = HR_JOIN_LEFT;
    join->output = (struct hr_attrs){ARRAY(a, const struct hr_attr *, left + 2), left + 2};
    memcpy(join->output.at, p->node->output.at, left * sizeof *join->output.at);
    memcpy(join->output.at + left, table->output.at, 2 * sizeof *join->output.at);
    p->node = join;
    return hr_call_typed(p->s, "<=>", pair, 2, &join->join.condition);
}

/* struct(place, answer, …) of the rows that have a place */
static enum hr_code collected(struct pivot *p, struct hr_texpr **out)
{
    struct analysis *a = p->s->a;
    size_t count = p->answers.count + 1;
    struct hr_texpr **fields = ARRAY(a, struct hr_texpr *, count), *pair,
                    *place = hr_column_of(a, p->place);
    fields[0] = place;
    for (size_t k = 0; k < p->answers.count; k++)
        fields[k + 1] = hr_column_of(a, p->answers.at[k]);
    HR_TRY(hr_call_typed(p->s, "struct", fields, count, &pair));
    HR_TRY(hr_call_typed(p->s, "collect_list", &pair, 1, out));
    return hr_call_typed(p->s, "isnotnull", &place, 1, &(*out)->call.filter);
}

static enum hr_code by_group(struct pivot *p, const struct hr_attr **list)
{
    struct analysis *a = p->s->a;
    size_t groups = p->groups.count, most = groups + 1 + p->absent.count, n = 0;
    struct hr_texprs by = {ARRAY(a, struct hr_texpr *, groups), groups},
                     exprs = {ARRAY(a, struct hr_texpr *, most), 0};
    struct hr_attrs names = {ARRAY(a, const struct hr_attr *, most), 0};
    for (; n < groups; n++) {
        by.at[n] = exprs.at[n] = hr_column_of(a, p->group_attrs.at[n]);
        names.at[n] = p->group_attrs.at[n];
    }
    HR_TRY(collected(p, &exprs.at[n]));
    names.at[n] = *list = hr_attr_new(a, "answers", exprs.at[n]->type, false);
    n++;
    for (size_t k = 0; k < p->absent.count; k++) {
        if (!p->absent.at[k])
            continue;
        exprs.at[n] = p->absent.at[k];
        names.at[n] = hr_attr_new(a, "absent", exprs.at[n]->type, true);
        p->absent.at[k] = hr_column_of(a, names.at[n++]);
    }
    exprs.count = names.count = n;
    return hr_aggregate_select(a, p->node, by, exprs, names, NULL, NULL, 0, &p->node);
}

/* each aggregate's answers as a list, which p->answers name from then on */
static enum hr_code by_place(struct pivot *p, const struct hr_attr *list)
{
    struct analysis *a = p->s->a;
    size_t groups = p->groups.count, count = groups + p->answers.count;
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, count), count};
    struct hr_attrs names = {ARRAY(a, const struct hr_attr *, count), count};
    for (size_t i = 0; i < groups; i++) {
        exprs.at[i] = hr_column_of(a, p->group_attrs.at[i]);
        names.at[i] = p->group_attrs.at[i];
    }
    for (size_t k = 0; k < p->answers.count; k++) {
        struct hr_texpr *args[] = {hr_column_of(a, list), hr_literal_int(a, BASIC(INT), (int64_t)k),
                                   hr_literal_int(a, BASIC(INT), (int64_t)p->values.count),
                                   p->absent.at[k]};
        HR_TRY(
            hr_call_typed(p->s, "$pivoted", args, p->absent.at[k] ? 4 : 3, &exprs.at[groups + k]));
        names.at[groups + k] =
            hr_attr_new(a, p->answers.at[k]->name, exprs.at[groups + k]->type, false);
        p->answers.at[k] = names.at[groups + k];
    }
    return hr_project(a, p->node, exprs, names, &p->node);
}

static const char *column_name(struct pivot *p, size_t value, size_t aggregate)
{
    const char *name =
        p->aliases[value] ? p->aliases[value] : value_name(p->s, p->values.at[value]);
    return p->answers.count == 1
               ? name
               : hr_printf(p->s->a->arena, "%s_%s", name, p->answers.at[aggregate]->name);
}

static enum hr_code to_columns(struct pivot *p, struct hr_node **out)
{
    struct analysis *a = p->s->a;
    size_t groups = p->groups.count, count = groups + p->values.count * p->answers.count, n = 0;
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, count), count};
    struct hr_attrs names = {ARRAY(a, const struct hr_attr *, count), count};
    for (; n < groups; n++) {
        exprs.at[n] = hr_column_of(a, p->group_attrs.at[n]);
        names.at[n] = p->group_attrs.at[n];
    }
    for (size_t v = 0; v < p->values.count; v++)
        for (size_t k = 0; k < p->answers.count; k++, n++) {
            struct hr_texpr *args[] = {hr_column_of(a, p->answers.at[k]),
                                       hr_literal_int(a, BASIC(INT), (int64_t)v + 1)};
            HR_TRY(hr_call_typed(p->s, "$pivot_item", args, 2, &exprs.at[n]));
            exprs.at[n]->nullable = p->finished || p->aggregates.at[k]->nullable;
            names.at[n] =
                hr_attr_new(a, column_name(p, v, k), exprs.at[n]->type, exprs.at[n]->nullable);
        }
    return hr_project(a, p->node, exprs, names, out);
}

/* ---- what is grouped by ---- */

static const char *pivot_column_name(struct scope *s, const struct hr_texpr *column)
{
    if (column->kind != HR_T_COLUMN)
        return hr_pretty_name(s->a, column);
    const struct hr_names *qualifier = &column->column.attr->qualifier;
    const char *name = hr_quote(s->a, column->column.attr->name);
    return qualifier->count ? hr_printf(s->a->arena, "%s.%s", hr_quoted(s->a, qualifier), name)
                            : name;
}

static enum hr_code note_columns(void *arg, struct hr_texpr **child)
{
    bool *used = arg;
    if ((*child)->kind == HR_T_COLUMN)
        used[(*child)->column.attr->id] = true;
    return hr_texpr_each(*child, note_columns, arg);
}

/* SQL's PIVOT groups by every column that neither it nor its aggregates use */
static enum hr_code rest_of_pivot(struct scope *s,
                                  const struct hr_rel *rel,
                                  struct hr_node *input,
                                  struct hr_texprs *groups)
{
    struct analysis *a = s->a;
    struct hr_texpr *expr;
    HR_TRY(hr_resolve_expr(s, rel->aggregate.pivot, &expr));
    bool *used = ARRAY(a, bool, a->next_id + 1);
    note_columns(used, &expr);
    for (size_t i = 0; i < rel->aggregate.aggregates.count; i++) {
        const struct hr_attr *attr;
        HR_TRY(hr_resolve_named(s, rel->aggregate.aggregates.at[i], &expr, &attr));
        note_columns(used, &expr);
    }
    *groups = (struct hr_texprs){ARRAY(a, struct hr_texpr *, input->output.count), 0};
    for (size_t i = 0; i < input->output.count; i++)
        if (!input->output.at[i]->hidden && !used[input->output.at[i]->id])
            groups->at[groups->count++] = hr_column_of(a, input->output.at[i]);
    return HR_OK;
}

static enum hr_code name_groups(struct pivot *p)
{
    struct analysis *a = p->s->a;
    const struct hr_exprs *given = &p->rel->aggregate.grouping;
    p->group_attrs =
        (struct hr_attrs){ARRAY(a, const struct hr_attr *, p->groups.count), p->groups.count};
    for (size_t i = 0; i < p->groups.count; i++) {
        struct hr_texpr *group = p->groups.at[i];
        if (!p->rel->aggregate.rest && i < given->count)
            HR_TRY(hr_resolve_named(p->s, given->at[i], &group, &p->group_attrs.at[i]));
        else
            p->group_attrs.at[i] = group->column.attr;
    }
    return HR_OK;
}

enum hr_code hr_resolve_pivot(struct scope *s,
                              const struct hr_rel *rel,
                              struct hr_node *input,
                              struct hr_texprs groups,
                              struct hr_node **out)
{
    struct pivot p = {.s = s, .rel = rel, .node = input, .groups = groups};
    const struct hr_attr *list;
    if (rel->aggregate.rest)
        HR_TRY(rest_of_pivot(s, rel, input, &p.groups));
    HR_TRY(name_groups(&p));
    HR_TRY(hr_resolve_expr(s, rel->aggregate.pivot, &p.column));
    if (!hr_is_orderable(p.column->type) && p.column->type->id != HR_TYPE_VOID)
        return hr_fail_spark(s->a->err, "INCOMPARABLE_PIVOT_COLUMN", "columnName",
                             pivot_column_name(s, p.column), NULL);
    HR_TRY(pivot_values(&p));
    HR_TRY(pivot_aggregates(&p));
    for (size_t k = 0; k < p.aggregates.count && !p.finished; k++) {
        HR_TRY(pass_over_nulls(&p, &p.aggregates.at[k]));
        p.absent.at[k] = says_null_of_none(p.aggregates.at[k]) ? NULL : p.aggregates.at[k];
        if (p.absent.at[k])
            HR_TRY(of_no_rows(&p, &p.absent.at[k]));
    }
    HR_TRY(by_group_and_value(&p));
    HR_TRY(with_places(&p));
    HR_TRY(by_group(&p, &list));
    HR_TRY(by_place(&p, list));
    return to_columns(&p, out);
}
