/* Relations that rename, add, drop or cast columns, and those that drop rows by their columns. */
#include "host/analyze/internal.h"

/* ---- limit, offset, tail ---- */

static enum hr_code constant_int(struct analysis *a,
                                 const struct hr_expr *expr,
                                 const char *what,
                                 int64_t *value)
{
    struct scope s = {.a = a};
    struct hr_texpr *typed;
    HR_TRY(hr_resolve_expr(&s, expr, &typed));
    bool negative = false;
    while (typed->kind == HR_T_CALL && hr_function_is(typed->call.function, "negative")) {
        negative = !negative;
        typed = typed->call.args.at[0];
    }
    if (!hr_is_foldable(typed))
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", "name", what,
                             "expr", hr_expr_sql(a, typed), NULL);
    while (typed->kind == HR_T_CAST)
        typed = typed->cast.child;
    if (typed->kind == HR_T_LITERAL && typed->literal->is_null)
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", "name", what, "expr",
                             hr_expr_sql(a, typed), NULL);
    if (!hr_type_is_integral(typed->type))
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "name", what,
                             "expr", hr_expr_sql(a, typed), "dataType",
                             hr_type_quoted(a, typed->type), NULL);
    if (typed->kind != HR_T_LITERAL)
        return hr_refuse(a->err, "computed %s expression %s", what, hr_pretty_name(a, typed));
    *value = negative ? -typed->literal->integer : typed->literal->integer;
    if (*value < 0)
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "name", what,
                             "expr", hr_expr_sql(a, typed), "v",
                             hr_printf(a->arena, "%lld", (long long)*value), NULL);
    return HR_OK;
}

enum hr_code hr_limit_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    int64_t value = 0;
    HR_TRY(constant_int(a, rel->limit.count,
                        rel->kind == HR_REL_LIMIT    ? "limit"
                        : rel->kind == HR_REL_OFFSET ? "offset"
                                                     : "tail",
                        &value));
    *out = hr_node_new(a, rel->kind == HR_REL_TAIL ? HR_N_TAIL : HR_N_LIMIT, input);
    if (rel->kind == HR_REL_TAIL)
        (*out)->tail.count = value;
    else {
        (*out)->limit.count = rel->kind == HR_REL_LIMIT ? value : -1;
        (*out)->limit.offset = rel->kind == HR_REL_OFFSET ? value : 0;
    }
    return HR_OK;
}

/* ---- names of columns and relations ---- */

enum hr_code hr_qualify(struct analysis *a,
                        struct hr_node *node,
                        struct hr_names qualifier,
                        const struct hr_names *columns,
                        struct hr_node **out)
{
    size_t n = 0, visible = 0;
    for (size_t i = 0; i < node->output.count; i++)
        visible += !node->output.at[i]->hidden;
    if (columns && columns->count && columns->count != visible)
        return hr_fail_spark(a->err, "ASSIGNMENT_ARITY_MISMATCH", "numExpr",
                             hr_printf(a->arena, "%zu", columns->count), "numTarget",
                             hr_printf(a->arena, "%zu", visible), NULL);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, visible);
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, visible);
    bool renamed = columns && columns->count;
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_attr *from = node->output.at[i];
        if (from->hidden)
            continue;
        struct hr_attr *attr = (struct hr_attr *)hr_attr_like(a, from);
        attr->qualifier = qualifier;
        if (renamed) {
            attr->id = ++a->next_id;
            attr->name = columns->at[n];
        }
        exprs[n] = hr_column_of(a, from);
        attrs[n++] = attr;
    }
    return hr_project(a, node, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

enum hr_code hr_alias_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    size_t parts = rel->alias.qualifier.count;
    struct hr_names name = {ARRAY(a, const char *, parts + 1), parts + 1};
    for (size_t i = 0; i < parts; i++)
        name.at[i] = rel->alias.qualifier.at[i];
    name.at[parts] = rel->alias.alias;
    return hr_qualify(a, input, name, &rel->alias.columns, out);
}

static enum hr_code renamed_output(struct analysis *a,
                                   struct hr_node *input,
                                   const char **names,
                                   struct hr_node **out)
{
    size_t n = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    for (size_t i = 0, k = 0; i < input->output.count; i++) {
        const struct hr_attr *from = input->output.at[i];
        if (from->hidden)
            continue;
        exprs[n] = hr_column_of(a, from);
        attrs[n] = from;
        if (names[k] && strcmp(names[k], from->name)) {
            struct hr_attr *attr =
                (struct hr_attr *)hr_attr_new(a, names[k], from->type, from->nullable);
            attr->metadata = from->metadata && strstr(from->metadata, "__autoGeneratedAlias")
                                 ? NULL
                                 : from->metadata;
            attrs[n] = attr;
        }
        n++;
        k++;
    }
    return hr_project(a, input, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

static size_t visible_count(const struct hr_node *node)
{
    size_t n = 0;
    for (size_t i = 0; i < node->output.count; i++)
        n += !node->output.at[i]->hidden;
    return n;
}

enum hr_code hr_to_df_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    size_t n = visible_count(input);
    if (rel->to_df.names.count != n)
        return hr_fail_spark(a->err, "ASSIGNMENT_ARITY_MISMATCH", "numExpr",
                             hr_printf(a->arena, "%zu", rel->to_df.names.count), "numTarget",
                             hr_printf(a->arena, "%zu", n), NULL);
    return renamed_output(a, input, rel->to_df.names.at, out);
}

enum hr_code hr_rename_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    const char **names = ARRAY(a, const char *, input->output.count);
    size_t k = 0;
    for (size_t i = 0; i < input->output.count; i++) {
        if (input->output.at[i]->hidden)
            continue;
        for (size_t r = 0; r < rel->rename.count; r++)
            if (hr_same_name(a, input->output.at[i]->name, rel->rename.at[r].from))
                names[k] = rel->rename.at[r].to;
        k++;
    }
    return renamed_output(a, input, names, out);
}

enum hr_code hr_with_columns_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = hr_scope_of(a, input);
    size_t given = rel->with_columns.columns.count, n = 0, have = input->output.count;
    struct hr_exprs list = {ARRAY(a, struct hr_expr *, have + given), 0};
    bool *used = ARRAY(a, bool, given);
    for (size_t i = 0; i < given; i++)
        for (size_t k = 0; k < i; k++)
            if (hr_same_name(a, rel->with_columns.columns.at[i]->alias.names.at[0],
                             rel->with_columns.columns.at[k]->alias.names.at[0]))
                return hr_fail_spark(
                    a->err, "COLUMN_ALREADY_EXISTS", "columnName",
                    hr_quote(a, rel->with_columns.columns.at[i]->alias.names.at[0]), NULL);
    struct hr_exprs all;
    struct hr_expr *star = hr_expr_new(a->arena, HR_EXPR_STAR);
    HR_TRY(hr_expand_list(&s, &(struct hr_exprs){&star, 1}, &all));
    for (size_t i = 0, k = 0; i < have; i++) {
        if (input->output.at[i]->hidden)
            continue;
        struct hr_expr *expr = all.at[k++];
        for (size_t c = 0; c < given; c++)
            if (hr_same_name(a, input->output.at[i]->name,
                             rel->with_columns.columns.at[c]->alias.names.at[0])) {
                expr = rel->with_columns.columns.at[c];
                used[c] = true;
            }
        list.at[n++] = expr;
    }
    for (size_t c = 0; c < given; c++)
        if (!used[c])
            list.at[n++] = rel->with_columns.columns.at[c];
    list.count = n;
    return hr_resolve_select(a, rel, input, &list, out);
}

enum hr_code hr_drop_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = hr_scope_of(a, input);
    bool *dropped = ARRAY(a, bool, input->output.count);
    for (size_t c = 0; c < rel->drop.columns.count; c++) {
        const struct hr_expr *expr = rel->drop.columns.at[c];
        struct hr_texpr *found = NULL;
        if (expr->kind == HR_EXPR_ATTRIBUTE)
            HR_TRY(hr_find_attribute(&s, expr, &found));
        for (size_t i = 0; found && found->kind == HR_T_COLUMN && i < input->output.count; i++)
            if (input->output.at[i]->id == found->column.attr->id)
                dropped[i] = true;
    }
    for (size_t c = 0; c < rel->drop.names.count; c++)
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden &&
                hr_same_name(a, input->output.at[i]->name, rel->drop.names.at[c]))
                dropped[i] = true;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    size_t n = 0;
    for (size_t i = 0; i < input->output.count; i++)
        if (!dropped[i] && !input->output.at[i]->hidden) {
            exprs[n] = hr_column_of(a, input->output.at[i]);
            attrs[n++] = input->output.at[i];
        }
    return hr_project(a, input, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

enum hr_code hr_to_schema_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = hr_scope_of(a, input);
    const struct hr_type *schema = rel->to_schema.schema;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, schema->field_count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, schema->field_count);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct hr_field *field = &schema->fields[i];
        const struct hr_attr *from = hr_find_output(a, &input->output, field->name, NULL);
        if (!from && !field->nullable) {
            const char *one[] = {field->name};
            return hr_unresolved_column(&s, &(struct hr_names){one, 1});
        }
        if (!from)
            exprs[i] = hr_literal_null(a, field->type);
        else {
            if (from->nullable && !field->nullable)
                return hr_fail_spark(a->err, "NULLABLE_COLUMN_OR_FIELD", "name",
                                     hr_quote(a, field->name), NULL);
            if (!hr_can_cast(from->type, field->type, true) ||
                (hr_is_string(from->type) && !hr_is_string(field->type)))
                return hr_fail_spark(a->err, "INVALID_COLUMN_OR_FIELD_DATA_TYPE", "name",
                                     hr_quote(a, field->name), "type",
                                     hr_type_quoted(a, from->type), "expectedType",
                                     hr_type_quoted(a, field->type), NULL);
            exprs[i] = hr_cast_implicit(a, hr_column_of(a, from), field->type);
        }
        struct hr_attr *attr =
            (struct hr_attr *)hr_attr_new(a, field->name, field->type, field->nullable);
        attr->metadata = field->metadata ? field->metadata : from ? from->metadata : NULL;
        attrs[i] = attr;
    }
    return hr_project(a, input, (struct hr_texprs){exprs, schema->field_count},
                      (struct hr_attrs){attrs, schema->field_count}, out);
}

/* ---- duplicates, samples ---- */

enum hr_code hr_deduplicate_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    if (rel->deduplicate.within_watermark)
        return hr_refuse(a->err, "dropDuplicatesWithinWatermark");
    for (size_t i = 0; i < input->output.count; i++) /* Spark merges them then */
        if (!input->output.at[i]->hidden && hr_is_session(input->output.at[i]))
            return hr_refuse(a->err, "DISTINCT over what `session_window` made");
    if (rel->deduplicate.all_columns || !rel->deduplicate.columns.count) {
        for (size_t i = 0; i < input->output.count; i++)
            if (input->output.at[i]->type->id == HR_TYPE_MAP)
                return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                                     "colName", hr_quote(a, input->output.at[i]->name), "dataType",
                                     hr_type_quoted(a, input->output.at[i]->type), NULL);
        struct hr_attrs output = {ARRAY(a, const struct hr_attr *, input->output.count), 0};
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden)
                output.at[output.count++] = input->output.at[i];
        HR_TRY(hr_restore_output(a, input, &output, &input));
        *out = hr_node_new(a, HR_N_DISTINCT, input);
        return HR_OK;
    }
    *out = hr_node_new(a, HR_N_DEDUPLICATE, input);
    struct hr_attrs keys = {
        ARRAY(a, const struct hr_attr *, input->output.count * rel->deduplicate.columns.count), 0};
    for (size_t c = 0; c < rel->deduplicate.columns.count; c++) {
        size_t before = keys.count;
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden &&
                hr_same_name(a, input->output.at[i]->name, rel->deduplicate.columns.at[c]))
                keys.at[keys.count++] = input->output.at[i];
        if (keys.count == before) {
            struct scope s = hr_scope_of(a, input);
            const char *one[] = {rel->deduplicate.columns.at[c]};
            return hr_unresolved_column(&s, &(struct hr_names){one, 1});
        }
    }
    (*out)->deduplicate.keys = keys;
    return HR_OK;
}

/* randomSplit: the rows in an order of their own first, so that its parts fit together */
static struct hr_node *sorted_by_all(struct analysis *a, struct hr_node *input)
{
    struct hr_torders orders = {ARRAY(a, struct hr_torder, input->output.count), 0};
    for (size_t i = 0; i < input->output.count; i++)
        if (!input->output.at[i]->hidden && hr_is_orderable(input->output.at[i]->type))
            orders.at[orders.count++] =
                (struct hr_torder){hr_column_of(a, input->output.at[i]), false, true};
    if (!orders.count)
        return input;
    struct hr_node *sort = hr_node_new(a, HR_N_SORT, input);
    sort->sort.orders = orders;
    return sort;
}

enum hr_code hr_sample_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    double fraction = rel->sample.upper - rel->sample.lower;
    if (rel->sample.with_replacement && (fraction < 0 || fraction >= 40))
        return hr_fail(a->err, HR_E_INVALID,
                       "fraction %g of a sample with replacement is not between 0 and 40",
                       fraction);
    *out = hr_node_new(a, HR_N_SAMPLE, rel->sample.deterministic ? sorted_by_all(a, input) : input);
    (*out)->sample.lower = rel->sample.lower;
    (*out)->sample.upper = rel->sample.upper;
    (*out)->sample.with_replacement = rel->sample.with_replacement;
    (*out)->sample.seed = rel->sample.has_seed  ? rel->sample.seed
                          : a->env->ops->now_us ? a->env->ops->now_us(a->env)
                                                : 42;
    return HR_OK;
}
