/* Relations: unresolved to typed. */
#include "host/analyze/internal.h"
#include "base/limits.h"

struct hr_node *node_new(struct analysis *a, enum hr_node_kind kind, struct hr_node *input)
{
    struct hr_node *node = NEW(a, struct hr_node);
    node->kind = kind;
    node->input = input;
    if (input)
        node->output = input->output;
    return node;
}

const struct hr_attr *attr_new(struct analysis *a, const char *name, const struct hr_type *type, bool nullable)
{
    struct hr_attr *attr = NEW(a, struct hr_attr);
    *attr = (struct hr_attr){.id = ++a->next_id, .name = name, .type = type, .nullable = nullable};
    return attr;
}

const struct hr_attr *attr_like(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_attr *copy = NEW(a, struct hr_attr);
    *copy = *attr;
    return copy;
}

static void name_node(struct analysis *a, struct hr_node *node, int64_t plan_id)
{
    if (plan_id == HR_NO_PLAN_ID)
        return;
    struct hr_plan_name *name = NEW(a, struct hr_plan_name);
    *name = (struct hr_plan_name){plan_id, node->output, node->names};
    node->names = name;
}

static bool identity(const struct hr_node *input, const struct hr_texprs *exprs, const struct hr_attrs *output)
{
    if (exprs->count != input->output.count)
        return false;
    for (size_t i = 0; i < exprs->count; i++)
        if (exprs->at[i]->kind != HR_T_COLUMN || exprs->at[i]->column.attr->id != input->output.at[i]->id || output->at[i] != input->output.at[i])
            return false;
    return true;
}

enum hr_code project(struct analysis *a, struct hr_node *input, struct hr_texprs exprs, struct hr_attrs output, struct hr_node **out)
{
    if (identity(input, &exprs, &output)) {
        *out = input;
        return HR_OK;
    }
    struct hr_node *node = node_new(a, HR_N_PROJECT, input);
    node->project.exprs = exprs;
    node->output = output;
    *out = node;
    return HR_OK;
}

enum hr_code filter_node(struct analysis *a, struct hr_node *input, struct hr_texpr *condition, struct hr_node **out)
{
    *out = node_new(a, HR_N_FILTER, input);
    (*out)->filter.condition = condition;
    return HR_OK;
}

/* casts the columns where types differ; names stay */
enum hr_code cast_output(struct analysis *a, struct hr_node *input, const struct hr_type **types, struct hr_node **out)
{
    size_t count = input->output.count;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, count);
    for (size_t i = 0; i < count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        exprs[i] = cast_implicit(a, column_of(a, attr), types[i]);
        attrs[i] = attr;
        if (!hr_type_equal(attr->type, types[i])) {
            struct hr_attr *cast = (struct hr_attr *)attr_new(a, attr->name, types[i], exprs[i]->nullable);
            cast->qualifier = attr->qualifier;
            attrs[i] = cast;
        }
    }
    return project(a, input, (struct hr_texprs){exprs, count}, (struct hr_attrs){attrs, count}, out);
}

static struct scope scope_of(struct analysis *a, struct hr_node *input)
{
    return (struct scope){.a = a, .inputs = {input}, .input_count = input ? 1 : 0, .outer = a->outer};
}

/* ---- leaves ---- */

static enum hr_code source_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_source *source;
    if (!a->env->ops->read)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "relation '%s' without readers", hr_rel_kind_name(rel->kind));
    HR_TRY(a->env->ops->read(a->env, a->arena, rel, &source, a->err));
    struct hr_node *node = node_new(a, HR_N_SOURCE, NULL);
    node->source = source;
    node->output.count = source->schema->field_count;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, node->output.count);
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_field *field = &source->schema->fields[i];
        struct hr_attr *attr = (struct hr_attr *)attr_new(a, field->name, field->type, field->nullable);
        attr->metadata = field->metadata;
        attrs[i] = attr;
    }
    node->output.at = attrs;
    struct hr_source **grown = ARRAY(a, struct hr_source *, a->source_count + 1);
    if (a->source_count)
        memcpy(grown, a->sources, a->source_count * sizeof *grown);
    grown[a->source_count++] = source;
    a->sources = grown;
    *out = node;
    return HR_OK;
}

static enum hr_code range_node(struct analysis *a, int64_t start, int64_t end, int64_t step, struct hr_node **out)
{
    if (!step)
        return hr_fail(a->err, HR_E_INVALID, "step of range cannot be 0");
    struct hr_node *node = node_new(a, HR_N_RANGE, NULL);
    node->range.start = start;
    node->range.end = end;
    node->range.step = step;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, 1);
    attrs[0] = attr_new(a, "id", BASIC(LONG), false);
    node->output = (struct hr_attrs){attrs, 1};
    *out = node;
    return HR_OK;
}

static struct hr_node *one_row(struct analysis *a)
{
    return node_new(a, HR_N_ONE_ROW, NULL);
}

static enum hr_code values_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct scope s = scope_of(a, NULL);
    size_t rows = rel->values.count, columns = rows ? rel->values.rows[0].count : 0;
    struct hr_node *node = node_new(a, HR_N_VALUES, NULL);
    node->values.rows = ARRAY(a, struct hr_texprs, rows);
    node->values.count = rows;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, columns);
    for (size_t r = 0; r < rows; r++) {
        if (rel->values.rows[r].count != columns)
            return hr_fail_spark(a->err, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "expectedNumCols", hr_printf(a->arena, "%zu", columns),
                                 "actualNumCols", hr_printf(a->arena, "%zu", rel->values.rows[r].count), "rowIndex", hr_printf(a->arena, "%zu", r), NULL);
        node->values.rows[r] = (struct hr_texprs){ARRAY(a, struct hr_texpr *, columns), columns};
        for (size_t c = 0; c < columns; c++)
            HR_TRY(hr_resolve_expr(&s, rel->values.rows[r].at[c], &node->values.rows[r].at[c]));
    }
    for (size_t c = 0; c < columns; c++) {
        const struct hr_type *type = node->values.rows[0].at[c]->type;
        bool nullable = false;
        for (size_t r = 0; r < rows; r++) {
            const struct hr_type *other = node->values.rows[r].at[c]->type, *wide = wider_type(a, type, other);
            bool void_one = type->id == HR_TYPE_VOID || other->id == HR_TYPE_VOID;
            if (!wide || (!void_one && is_string(type) != is_string(other)))   /* inline tables promote nothing to string or from it */
                return hr_fail_spark(a->err, "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "colName",
                                     quote(a, hr_printf(a->arena, "col%zu", c + 1)), NULL);
            type = wide;
        }
        for (size_t r = 0; r < rows; r++) {
            struct hr_texpr **cell = &node->values.rows[r].at[c];
            *cell = cast_implicit(a, *cell, type);
            nullable = nullable || (*cell)->nullable;
        }
        attrs[c] = attr_new(a, hr_printf(a->arena, "col%zu", c + 1), type, nullable);
    }
    node->output = (struct hr_attrs){attrs, columns};
    *out = node;
    return HR_OK;
}

static enum hr_code table_not_found(struct analysis *a, const struct hr_names *name)
{
    return hr_fail_spark(a->err, "TABLE_OR_VIEW_NOT_FOUND", "relationName", quoted(a, name), "searchPath",
                         "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
}

static enum hr_code qualify(struct analysis *a, struct hr_node *node, struct hr_names qualifier, const struct hr_names *columns, struct hr_node **out);

/* another use of a CTE: fresh ids over the shared definition */
static enum hr_code cte_reference(struct analysis *a, struct cte_scope *cte, struct hr_node **out)
{
    struct hr_node *node = node_new(a, HR_N_CTE_REF, NULL);
    cte->used = true;
    node->cte_ref.id = cte->id;
    node->cte_ref.definition = cte->node->output;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, cte->node->output.count);
    size_t n = 0;
    for (size_t i = 0; i < cte->node->output.count; i++) {
        const struct hr_attr *from = cte->node->output.at[i];
        struct hr_attr *attr = (struct hr_attr *)attr_new(a, from->name, from->type, from->nullable);
        attr->metadata = from->metadata;
        attr->hidden = from->hidden;
        attrs[n++] = attr;
    }
    node->output = (struct hr_attrs){attrs, n};
    *out = node;
    return HR_OK;
}

static enum hr_code view_node(struct analysis *a, const struct hr_names *name, const struct hr_rel *view, struct hr_node **out)
{
    const char *full = quoted(a, name);
    for (size_t i = 0; i < a->view_count; i++)
        if (!strcasecmp(a->views[i], full))
            return hr_fail_spark(a->err, "RECURSIVE_VIEW", "viewIdent", full, "newPath", full, NULL);
    const char **views = ARRAY(a, const char *, a->view_count + 1), **before = a->views;
    if (a->view_count)
        memcpy(views, a->views, a->view_count * sizeof *views);
    views[a->view_count] = full;
    struct cte_scope *ctes = a->ctes;
    struct scope *outer = a->outer;
    a->views = views;
    a->view_count++;
    a->ctes = NULL;                                          /* a view does not see its user's names */
    a->outer = NULL;
    enum hr_code code = hr_resolve_rel(a, view, out);
    a->views = before;
    a->view_count--;
    a->ctes = ctes;
    a->outer = outer;
    return code;
}

static enum hr_code table_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    const struct hr_names *name = &rel->read_table.name;
    const char *last = name->at[name->count - 1];
    if (rel->read_table.streaming)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "streaming read of a table");
    for (struct cte_scope *c = a->ctes; name->count == 1 && c; c = c->outer)
        if (same_name(a, c->name, last)) {
            HR_TRY(cte_reference(a, c, out));
            return qualify(a, *out, *name, NULL, out);
        }
    if (name->count == 2 && (!strcasecmp(name->at[0], "csv") || !strcasecmp(name->at[0], "json") || !strcasecmp(name->at[0], "parquet") ||
                             !strcasecmp(name->at[0], "text"))) {
        struct hr_rel *read = hr_rel_new(a->arena, HR_REL_READ_FILES, NULL);
        read->read_files.format = name->at[0];
        read->read_files.options = rel->read_table.options;
        read->read_files.paths = (struct hr_names){ARRAY(a, const char *, 1), 1};
        read->read_files.paths.at[0] = last;
        return source_node(a, read, out);
    }
    struct hr_rel *view = a->env->ops->view ? a->env->ops->view(a->env, a->arena, name) : NULL;
    if (!view)
        return table_not_found(a, name);
    HR_TRY(view_node(a, name, view, out));
    return qualify(a, *out, *name, NULL, out);
}

static enum hr_code sql_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (!a->env->ops->parse)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "SQL text needs the SQL parser");
    struct hr_rel *query;
    HR_TRY(a->env->ops->parse(a->env, a->arena, rel->sql.text, &query, a->err));
    const struct hr_rel *before = a->parameters;
    a->parameters = rel;
    enum hr_code code = hr_resolve_rel(a, query, out);
    a->parameters = before;
    return code;
}

/* ---- select ---- */

static enum hr_code generator_of(struct scope *s, struct hr_texpr *expr, struct hr_texpr **generator)
{
    *generator = NULL;
    struct hr_texpr *inner = expr;
    while (inner->kind == HR_T_ALIAS)
        inner = inner->alias.child;
    if (inner->kind == HR_T_CALL && (inner->call.function->flags & HR_F_GENERATOR)) {
        *generator = inner;
        return HR_OK;
    }
    if (has_kind(inner, HR_F_GENERATOR))
        return hr_fail_spark(s->a->err, "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", "expression", expr_sql(s->a, expr), NULL);
    return HR_OK;
}

/* a generator among the expressions: join its rows below, and take its columns where it stood */
static enum hr_code select_generator(struct analysis *a, struct hr_node *input, const struct hr_exprs *list, struct hr_texprs *exprs,
                                     struct hr_attrs *attrs, size_t at, struct hr_texpr *generator, struct hr_node **out)
{
    const struct hr_names *names = list->at[at]->kind == HR_EXPR_ALIAS ? &list->at[at]->alias.names : NULL;
    bool outer = strstr(generator->call.function->name, "_outer") != NULL;
    HR_TRY(generate_node(a, input, generator, outer, names, NULL, out));
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
            new_attrs[n] = (*out)->output.at[input->output.count + k];
            new_exprs[n] = column_of(a, new_attrs[n]);
            n++;
        }
    }
    *exprs = (struct hr_texprs){new_exprs, n};
    *attrs = (struct hr_attrs){new_attrs, n};
    return HR_OK;
}

enum hr_code resolve_select(struct analysis *a, const struct hr_rel *rel, struct hr_node *input, const struct hr_exprs *given, struct hr_node **out)
{
    (void)rel;
    struct scope s = scope_of(a, input);
    struct hr_exprs list;
    HR_TRY(expand_list(&s, given, &list));
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, list.count), 0};
    struct hr_attrs attrs = {ARRAY(a, const struct hr_attr *, list.count), 0};
    struct hr_texpr **aliased = ARRAY(a, struct hr_texpr *, list.count);
    struct hr_texprs also = {aliased, 0};
    s.also = &also;                                          /* lateral column aliases */
    s.also_attrs = &attrs;
    bool aggregates = false;
    struct hr_texpr *generator = NULL;
    for (size_t i = 0; i < list.count; i++) {
        struct hr_texpr *expr, *found = NULL;
        const struct hr_attr *attr;
        if (list.at[i]->kind == HR_EXPR_ALIAS && list.at[i]->alias.names.count > 1) {
            HR_TRY(hr_resolve_expr(&s, list.at[i]->alias.child, &expr));
            attr = attr_new(a, list.at[i]->alias.names.at[0], expr->type, expr->nullable);
        } else
            HR_TRY(resolve_named(&s, list.at[i], &expr, &attr));
        HR_TRY(generator_of(&s, expr, &found));
        if (!found && list.at[i]->kind == HR_EXPR_ALIAS && list.at[i]->alias.names.count > 1)
            return hr_fail_spark(a->err, "MULTI_ALIAS_WITHOUT_GENERATOR", "expr", expr_sql(a, expr), "names",
                                 hr_printf(a->arena, "%zu", list.at[i]->alias.names.count), NULL);
        if (found)
            generator = found;
        exprs.at[i] = expr;
        attrs.at[i] = attr;
        aliased[i] = list.at[i]->kind == HR_EXPR_ALIAS && !found ? expr : NULL;
        exprs.count = attrs.count = also.count = i + 1;
        aggregates = aggregates || has_aggregate(expr);
    }
    if (aggregates)
        return aggregate_select(a, input, (struct hr_texprs){0}, exprs, attrs, NULL, NULL, 0, out);
    /* from the last to the first, so that the places of those before stay as they are */
    for (size_t i = list.count; generator && i-- > 0;) {
        struct hr_texpr *found;
        HR_TRY(generator_of(&s, exprs.at[i], &found));
        if (found)
            HR_TRY(select_generator(a, input, &list, &exprs, &attrs, i, found, &input));
    }
    return project(a, input, exprs, attrs, out);
}

/* ---- filter, sort ---- */

static enum hr_code check_condition(struct analysis *a, const struct hr_texpr *condition)
{
    if (!has_kind(condition, HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR))
        return HR_OK;
    const struct hr_texpr *at = condition;
    while (at->kind == HR_T_CALL && !(at->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW)) && at->call.args.count) {
        const struct hr_texpr *next = NULL;
        for (size_t i = 0; i < at->call.args.count && !next; i++)
            if (has_kind(at->call.args.at[i], HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR))
                next = at->call.args.at[i];
        if (!next)
            break;
        at = next;
        while (at->kind == HR_T_CAST)
            at = at->cast.child;
    }
    return hr_fail_spark(a->err, "INVALID_WHERE_CONDITION", "condition", expr_sql(a, condition), "expressionList", pretty_name(a, at), NULL);
}

/* Sort and filter may use columns that the select list below dropped: find them under it and carry them through.
 * *widened is the projection with the further columns; its own output is the caller's to restore. */
static struct hr_node *below_names(struct hr_node *node)
{
    return node->kind == HR_N_PROJECT || node->kind == HR_N_DISTINCT ? node->input : NULL;
}

struct carry { struct analysis *a; struct hr_node *project; struct hr_node *input; };

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
    if (expr->kind != HR_T_COLUMN || expr->column.outer || has_output(carry->project, expr->column.attr->id))
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
    exprs[n] = column_of(a, expr->column.attr);
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

static enum hr_code restore_output(struct analysis *a, struct hr_node *node, const struct hr_attrs *output, struct hr_node **out)
{
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, output->count);
    for (size_t i = 0; i < output->count; i++)
        exprs[i] = column_of(a, output->at[i]);
    return project(a, node, (struct hr_texprs){exprs, output->count}, *output, out);
}

/* the scope of sort and filter: the input's columns, and behind a failed look-up those below its select list */
static enum hr_code resolve_over(struct analysis *a, struct hr_node **input, const struct hr_exprs *list, const struct hr_expr *condition,
                                 struct hr_torders *orders, struct hr_texpr **typed_condition)
{
    struct scope s = scope_of(a, *input);
    struct hr_err *err = a->err, first = {0}, second;
    a->err = &first;
    enum hr_code code = condition ? boolean_condition(&s, condition, "WHERE", typed_condition) : resolve_orders(&s, list, orders);
    a->err = err;
    struct hr_node *under = code ? below_names(*input) : NULL;
    bool missing = !strncmp(first.condition, "UNRESOLVED_COLUMN", 17) || !strcmp(first.condition, "CANNOT_RESOLVE_DATAFRAME_COLUMN");
    if (!code || !under || !missing || (*input)->kind != HR_N_PROJECT) {
        if (code && err)
            *err = first;
        return code;
    }
    struct hr_node *below = (*input)->input;
    bool filter_between = below->kind == HR_N_FILTER && below->input && below->input->kind == HR_N_AGGREGATE;
    (void)filter_between;
    s.inputs[0] = *input;
    s.inputs[1] = below;
    s.input_count = 1;
    /* names of the select list win; the others come from below it */
    struct hr_attrs merged = {ARRAY(a, const struct hr_attr *, (*input)->output.count + below->output.count), 0};
    for (size_t i = 0; i < (*input)->output.count; i++)
        merged.at[merged.count++] = (*input)->output.at[i];
    for (size_t i = 0; i < below->output.count; i++) {
        const struct hr_attr *attr = below->output.at[i];
        bool shadowed = false;
        for (size_t k = 0; k < (*input)->output.count && !shadowed; k++)
            shadowed = same_name(a, (*input)->output.at[k]->name, attr->name) &&
                       ((*input)->output.at[k]->id == attr->id || !attr->qualifier.count);
        if (!shadowed && !has_output(*input, attr->id))
            merged.at[merged.count++] = attr;
    }
    struct hr_node *both = node_new(a, HR_N_PROJECT, *input);
    both->output = merged;
    s.inputs[0] = both;
    second = (struct hr_err){0};
    a->err = &second;
    code = condition ? boolean_condition(&s, condition, "WHERE", typed_condition) : resolve_orders(&s, list, orders);
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

static enum hr_code filter_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input, *filter;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct hr_attrs output = input->output;
    struct hr_texpr *condition;
    HR_TRY(resolve_over(a, &input, NULL, rel->filter.condition, NULL, &condition));
    HR_TRY(check_condition(a, condition));
    HR_TRY(filter_node(a, input, condition, &filter));
    return restore_output(a, filter, &output, out);
}

static enum hr_code order_by_position(struct analysis *a, const struct hr_attrs *output, struct hr_exprs *orders, bool all)
{
    if (all) {
        orders->at = ARRAY(a, struct hr_expr *, output->count);
        orders->count = output->count;
        for (size_t i = 0; i < output->count; i++)
            orders->at[i] = hr_expr_integer(a->arena, BASIC(INT), (int64_t)i + 1);
    }
    struct hr_expr **at = ARRAY(a, struct hr_expr *, orders->count);
    for (size_t i = 0; i < orders->count; i++) {
        const struct hr_expr *order = orders->at[i], *child = order->kind == HR_EXPR_SORT ? order->sort.child : order;
        at[i] = orders->at[i];
        if (child->kind != HR_EXPR_LITERAL || child->literal->type->id != HR_TYPE_INT || child->literal->is_null)
            continue;
        int64_t position = child->literal->integer;
        if (position < 1 || (size_t)position > output->count)
            return hr_fail_spark(a->err, "ORDER_BY_POS_OUT_OF_RANGE", "index", hr_printf(a->arena, "%lld", (long long)position), "size",
                                 hr_printf(a->arena, "%zu", output->count), NULL);
        at[i] = hr_expr_new(a->arena, HR_EXPR_SORT);
        if (order->kind == HR_EXPR_SORT)
            *at[i] = *order;
        struct hr_exprs one = {0};
        struct hr_node holder = {.output = {output->at + position - 1, 1}};
        struct scope s = scope_of(a, &holder);
        struct hr_expr *star = hr_expr_new(a->arena, HR_EXPR_STAR);
        HR_TRY(expand_list(&s, &(struct hr_exprs){&star, 1}, &one));
        at[i]->sort.child = one.at[0];
    }
    orders->at = at;
    return HR_OK;
}

/* ORDER BY over an aggregate may use further aggregates: compute them in it. The select is rebuilt with hidden columns. */
static enum hr_code sort_aggregate(struct analysis *a, const struct hr_rel *rel, struct hr_node *input, struct hr_exprs *orders, struct hr_node **out)
{
    const struct hr_rel *below = rel->input;
    struct hr_rel *aggregate = HR_NEW(a->arena, struct hr_rel);
    *aggregate = *below;
    struct hr_exprs *list = below->kind == HR_REL_AGGREGATE ? &aggregate->aggregate.aggregates : &aggregate->project.exprs;
    size_t before = list->count;
    struct hr_expr **at = ARRAY(a, struct hr_expr *, before + orders->count);
    memcpy(at, list->at, before * sizeof *at);
    for (size_t i = 0; i < orders->count; i++) {
        struct hr_expr *child = orders->at[i]->kind == HR_EXPR_SORT ? orders->at[i]->sort.child : orders->at[i];
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
        return hr_fail(a->err, HR_E_UNSUPPORTED, "sorting by an aggregate over this select list");
    struct hr_torders typed = {ARRAY(a, struct hr_torder, orders->count), orders->count};
    for (size_t i = 0; i < orders->count; i++) {
        const struct hr_expr *order = orders->at[i];
        typed.at[i] = (struct hr_torder){.child = column_of(a, wide->output.at[shown + i]), .nulls_first = true};
        if (order->kind == HR_EXPR_SORT) {
            typed.at[i].descending = order->sort.descending;
            typed.at[i].nulls_first = order->sort.nulls == HR_NULLS_DEFAULT ? !order->sort.descending : order->sort.nulls == HR_NULLS_FIRST;
        }
    }
    struct hr_attrs output = {wide->output.at, shown};
    struct hr_node *sort = node_new(a, HR_N_SORT, wide);
    sort->sort.orders = typed;
    return restore_output(a, sort, &output, out);
}

static bool is_aggregate_rel(const struct hr_rel *rel, const struct hr_node *node)
{
    if (rel->kind != HR_REL_AGGREGATE && rel->kind != HR_REL_PROJECT)
        return false;
    while (node && (node->kind == HR_N_PROJECT || node->kind == HR_N_FILTER))
        node = node->input;
    return node && node->kind == HR_N_AGGREGATE && (rel->kind == HR_REL_AGGREGATE);
}

static enum hr_code sort_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
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
        aggregates = aggregates || has_aggregate(typed.at[i].child);
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
    sort = node_new(a, HR_N_SORT, over);
    sort->sort.orders = typed;
    return restore_output(a, sort, &output, out);
}

/* ---- limit, offset, tail ---- */

enum hr_code constant_int(struct analysis *a, const struct hr_expr *expr, const char *what, int64_t *value)
{
    struct scope s = {.a = a};
    struct hr_texpr *typed;
    HR_TRY(hr_resolve_expr(&s, expr, &typed));
    bool negative = false;
    while (typed->kind == HR_T_CALL && hr_function_is(typed->call.function, "negative")) {
        negative = !negative;
        typed = typed->call.args.at[0];
    }
    if (!is_foldable(typed))
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", "name", what, "expr", expr_sql(a, typed), NULL);
    while (typed->kind == HR_T_CAST)
        typed = typed->cast.child;
    if (typed->kind == HR_T_LITERAL && typed->literal->is_null)
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", "name", what, "expr", expr_sql(a, typed), NULL);
    if (!hr_type_is_integral(typed->type))
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "name", what, "expr", expr_sql(a, typed), "dataType",
                             type_sql(a, typed->type), NULL);
    if (typed->kind != HR_T_LITERAL)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "computed %s expression %s", what, pretty_name(a, typed));
    *value = negative ? -typed->literal->integer : typed->literal->integer;
    if (*value < 0)
        return hr_fail_spark(a->err, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", "name", what, "expr", expr_sql(a, typed), "v",
                             hr_printf(a->arena, "%lld", (long long)*value), NULL);
    return HR_OK;
}

static enum hr_code limit_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    int64_t value;
    HR_TRY(constant_int(a, rel->limit.count, rel->kind == HR_REL_LIMIT ? "limit" : rel->kind == HR_REL_OFFSET ? "offset" : "tail", &value));
    *out = node_new(a, rel->kind == HR_REL_TAIL ? HR_N_TAIL : HR_N_LIMIT, input);
    if (rel->kind == HR_REL_TAIL)
        (*out)->tail.count = value;
    else {
        (*out)->limit.count = rel->kind == HR_REL_LIMIT ? value : -1;
        (*out)->limit.offset = rel->kind == HR_REL_OFFSET ? value : 0;
    }
    return HR_OK;
}

/* ---- names of columns and relations ---- */

static enum hr_code qualify(struct analysis *a, struct hr_node *node, struct hr_names qualifier, const struct hr_names *columns, struct hr_node **out)
{
    size_t n = 0, visible = 0;
    for (size_t i = 0; i < node->output.count; i++)
        visible += !node->output.at[i]->hidden;
    if (columns && columns->count && columns->count != visible)
        return hr_fail_spark(a->err, "ASSIGNMENT_ARITY_MISMATCH", "numExpr", hr_printf(a->arena, "%zu", columns->count), "numTarget",
                             hr_printf(a->arena, "%zu", visible), NULL);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, visible);
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, visible);
    bool renamed = columns && columns->count;
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_attr *from = node->output.at[i];
        if (from->hidden)
            continue;
        struct hr_attr *attr = (struct hr_attr *)attr_like(a, from);
        attr->qualifier = qualifier;
        if (renamed) {
            attr->id = ++a->next_id;
            attr->name = columns->at[n];
        }
        exprs[n] = column_of(a, from);
        attrs[n++] = attr;
    }
    return project(a, node, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

static enum hr_code alias_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    size_t parts = rel->alias.qualifier.count;
    struct hr_names name = {ARRAY(a, const char *, parts + 1), parts + 1};
    for (size_t i = 0; i < parts; i++)
        name.at[i] = rel->alias.qualifier.at[i];
    name.at[parts] = rel->alias.alias;
    return qualify(a, input, name, &rel->alias.columns, out);
}

static enum hr_code renamed_output(struct analysis *a, struct hr_node *input, const char **names, struct hr_node **out)
{
    size_t n = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    for (size_t i = 0, k = 0; i < input->output.count; i++) {
        const struct hr_attr *from = input->output.at[i];
        if (from->hidden)
            continue;
        exprs[n] = column_of(a, from);
        attrs[n] = from;
        if (names[k] && strcmp(names[k], from->name)) {
            struct hr_attr *attr = (struct hr_attr *)attr_new(a, names[k], from->type, from->nullable);
            attr->metadata = from->metadata && strstr(from->metadata, "__autoGeneratedAlias") ? NULL : from->metadata;
            attrs[n] = attr;
        }
        n++;
        k++;
    }
    return project(a, input, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

static size_t visible_count(const struct hr_node *node)
{
    size_t n = 0;
    for (size_t i = 0; i < node->output.count; i++)
        n += !node->output.at[i]->hidden;
    return n;
}

static enum hr_code to_df_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    size_t n = visible_count(input);
    if (rel->to_df.names.count != n)
        return hr_fail_spark(a->err, "ASSIGNMENT_ARITY_MISMATCH", "numExpr", hr_printf(a->arena, "%zu", rel->to_df.names.count), "numTarget",
                             hr_printf(a->arena, "%zu", n), NULL);
    return renamed_output(a, input, rel->to_df.names.at, out);
}

static enum hr_code rename_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    const char **names = ARRAY(a, const char *, input->output.count);
    size_t k = 0;
    for (size_t i = 0; i < input->output.count; i++) {
        if (input->output.at[i]->hidden)
            continue;
        for (size_t r = 0; r < rel->rename.count; r++)
            if (same_name(a, input->output.at[i]->name, rel->rename.at[r].from))
                names[k] = rel->rename.at[r].to;
        k++;
    }
    return renamed_output(a, input, names, out);
}

static enum hr_code with_columns_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = scope_of(a, input);
    size_t given = rel->with_columns.columns.count, n = 0, have = input->output.count;
    struct hr_exprs list = {ARRAY(a, struct hr_expr *, have + given), 0};
    bool *used = ARRAY(a, bool, given);
    for (size_t i = 0; i < given; i++)
        for (size_t k = 0; k < i; k++)
            if (same_name(a, rel->with_columns.columns.at[i]->alias.names.at[0], rel->with_columns.columns.at[k]->alias.names.at[0]))
                return hr_fail_spark(a->err, "COLUMN_ALREADY_EXISTS", "columnName", quote(a, rel->with_columns.columns.at[i]->alias.names.at[0]), NULL);
    struct hr_exprs all;
    struct hr_expr *star = hr_expr_new(a->arena, HR_EXPR_STAR);
    HR_TRY(expand_list(&s, &(struct hr_exprs){&star, 1}, &all));
    for (size_t i = 0, k = 0; i < have; i++) {
        if (input->output.at[i]->hidden)
            continue;
        struct hr_expr *expr = all.at[k++];
        for (size_t c = 0; c < given; c++)
            if (same_name(a, input->output.at[i]->name, rel->with_columns.columns.at[c]->alias.names.at[0])) {
                expr = rel->with_columns.columns.at[c];
                used[c] = true;
            }
        list.at[n++] = expr;
    }
    for (size_t c = 0; c < given; c++)
        if (!used[c])
            list.at[n++] = rel->with_columns.columns.at[c];
    list.count = n;
    return resolve_select(a, rel, input, &list, out);
}

static enum hr_code drop_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = scope_of(a, input);
    bool *dropped = ARRAY(a, bool, input->output.count);
    for (size_t c = 0; c < rel->drop.columns.count; c++) {
        const struct hr_expr *expr = rel->drop.columns.at[c];
        struct hr_texpr *found = NULL;
        if (expr->kind == HR_EXPR_ATTRIBUTE)
            HR_TRY(find_attribute(&s, expr, &found));
        for (size_t i = 0; found && found->kind == HR_T_COLUMN && i < input->output.count; i++)
            if (input->output.at[i]->id == found->column.attr->id)
                dropped[i] = true;
    }
    for (size_t c = 0; c < rel->drop.names.count; c++)
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden && same_name(a, input->output.at[i]->name, rel->drop.names.at[c]))
                dropped[i] = true;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    size_t n = 0;
    for (size_t i = 0; i < input->output.count; i++)
        if (!dropped[i] && !input->output.at[i]->hidden) {
            exprs[n] = column_of(a, input->output.at[i]);
            attrs[n++] = input->output.at[i];
        }
    return project(a, input, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, out);
}

static enum hr_code to_schema_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    struct scope s = scope_of(a, input);
    const struct hr_type *schema = rel->to_schema.schema;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, schema->field_count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, schema->field_count);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct hr_field *field = &schema->fields[i];
        const struct hr_attr *from = find_output(a, &input->output, field->name, NULL);
        if (!from && !field->nullable) {
            const char *one[] = {field->name};
            return unresolved_column(&s, &(struct hr_names){one, 1});
        }
        if (!from)
            exprs[i] = literal_null(a, field->type);
        else {
            if (from->nullable && !field->nullable)
                return hr_fail_spark(a->err, "NULLABLE_COLUMN_OR_FIELD", "name", quote(a, field->name), NULL);
            if (!can_cast(from->type, field->type, true) || (is_string(from->type) && !is_string(field->type)))
                return hr_fail_spark(a->err, "INVALID_COLUMN_OR_FIELD_DATA_TYPE", "name", quote(a, field->name), "type", type_sql(a, from->type),
                                     "expectedType", type_sql(a, field->type), NULL);
            exprs[i] = cast_implicit(a, column_of(a, from), field->type);
        }
        struct hr_attr *attr = (struct hr_attr *)attr_new(a, field->name, field->type, field->nullable);
        attr->metadata = field->metadata ? field->metadata : from ? from->metadata : NULL;
        attrs[i] = attr;
    }
    return project(a, input, (struct hr_texprs){exprs, schema->field_count}, (struct hr_attrs){attrs, schema->field_count}, out);
}

/* ---- duplicates, samples ---- */

static enum hr_code deduplicate_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    if (rel->deduplicate.within_watermark)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "dropDuplicatesWithinWatermark");
    if (rel->deduplicate.all_columns || !rel->deduplicate.columns.count) {
        for (size_t i = 0; i < input->output.count; i++)
            if (input->output.at[i]->type->id == HR_TYPE_MAP)
                return hr_fail_spark(a->err, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE", "colName", quote(a, input->output.at[i]->name),
                                     "dataType", type_sql(a, input->output.at[i]->type), NULL);
        struct hr_attrs output = {ARRAY(a, const struct hr_attr *, input->output.count), 0};
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden)
                output.at[output.count++] = input->output.at[i];
        HR_TRY(restore_output(a, input, &output, &input));
        *out = node_new(a, HR_N_DISTINCT, input);
        return HR_OK;
    }
    *out = node_new(a, HR_N_DEDUPLICATE, input);
    struct hr_attrs keys = {ARRAY(a, const struct hr_attr *, input->output.count * rel->deduplicate.columns.count), 0};
    for (size_t c = 0; c < rel->deduplicate.columns.count; c++) {
        size_t before = keys.count;
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden && same_name(a, input->output.at[i]->name, rel->deduplicate.columns.at[c]))
                keys.at[keys.count++] = input->output.at[i];
        if (keys.count == before) {
            struct scope s = scope_of(a, input);
            const char *one[] = {rel->deduplicate.columns.at[c]};
            return unresolved_column(&s, &(struct hr_names){one, 1});
        }
    }
    (*out)->deduplicate.keys = keys;
    return HR_OK;
}

static enum hr_code sample_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    *out = node_new(a, HR_N_SAMPLE, input);
    (*out)->sample.lower = rel->sample.lower;
    (*out)->sample.upper = rel->sample.upper;
    (*out)->sample.with_replacement = rel->sample.with_replacement;
    if (rel->sample.with_replacement)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "sample with replacement");
    (*out)->sample.seed = rel->sample.has_seed ? rel->sample.seed : a->env->ops->now_us ? a->env->ops->now_us(a->env) : 42;
    return HR_OK;
}

/* ---- hints and partitions change nothing here, but their arguments must be right ---- */

static enum hr_code repartition_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    HR_TRY(hr_resolve_rel(a, rel->input, out));
    struct scope s = scope_of(a, *out);
    if (rel->repartition.partitions < 0)
        return hr_fail(a->err, HR_E_INVALID, "requirement failed: Number of partitions (%d) must be positive.", rel->repartition.partitions);
    for (size_t i = 0; i < rel->repartition.exprs.count; i++) {
        struct hr_texpr *ignored;
        HR_TRY(hr_resolve_expr(&s, rel->repartition.exprs.at[i], &ignored));
    }
    return HR_OK;
}

/* ---- CTEs and references ---- */

static enum hr_code cte_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (rel->cte.recursive)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "WITH RECURSIVE");
    struct cte_scope *before = a->ctes;
    size_t count = rel->cte.count;
    struct cte_scope *scopes = ARRAY(a, struct cte_scope, count);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < count && !code; i++) {
        struct hr_node *node = NULL;
        struct scope *outer = a->outer;
        code = hr_resolve_rel(a, rel->cte.at[i].plan, &node);
        a->outer = outer;
        if (!code && rel->cte.at[i].columns.count)
            code = qualify(a, node, (struct hr_names){0}, &rel->cte.at[i].columns, &node);
        scopes[i] = (struct cte_scope){rel->cte.at[i].name, node, ++a->next_id, a->ctes, false};
        a->ctes = &scopes[i];
    }
    if (!code)
        code = hr_resolve_rel(a, rel->input, out);
    a->ctes = before;
    HR_TRY(code);
    for (size_t i = count; i-- > 0;) {
        if (!scopes[i].used)
            continue;
        struct hr_node *node = node_new(a, HR_N_CTE, *out);
        node->cte.id = scopes[i].id;
        node->cte.definition = scopes[i].node;
        node->names = (*out)->names;
        *out = node;
    }
    return HR_OK;
}

static enum hr_code with_relations_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct reference_scope *before = a->references, *scopes = ARRAY(a, struct reference_scope, rel->with_relations.count);
    struct cte_scope *ctes = a->ctes;
    size_t named = 0;
    struct cte_scope *views = ARRAY(a, struct cte_scope, rel->with_relations.count);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < rel->with_relations.count && !code; i++) {
        const struct hr_rel *reference = rel->with_relations.references[i];
        scopes[i] = (struct reference_scope){reference->plan_id, reference, a->references};
        a->references = &scopes[i];
        if (reference->kind != HR_REL_SUBQUERY_ALIAS)
            continue;
        struct hr_node *node = NULL;
        code = hr_resolve_rel(a, reference->input, &node);
        views[named] = (struct cte_scope){reference->alias.alias, node, ++a->next_id, a->ctes, false};
        a->ctes = &views[named++];
    }
    if (!code)
        code = hr_resolve_rel(a, rel->input, out);
    a->references = before;
    a->ctes = ctes;
    HR_TRY(code);
    for (size_t i = named; i-- > 0;) {
        if (!views[i].used)
            continue;
        struct hr_node *node = node_new(a, HR_N_CTE, *out);
        node->cte.id = views[i].id;
        node->cte.definition = views[i].node;
        *out = node;
    }
    return HR_OK;
}

static enum hr_code windows_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    const struct hr_window_definition *before = a->windows;
    size_t count = a->window_count;
    a->windows = rel->windows.at;
    a->window_count = rel->windows.count;
    enum hr_code code = hr_resolve_rel(a, rel->input, out);
    a->windows = before;
    a->window_count = count;
    return code;
}

static enum hr_code observe_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input, *metrics;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    HR_TRY(resolve_select(a, rel, input, &rel->collect_metrics.metrics, &metrics));
    struct hr_field *fields = ARRAY(a, struct hr_field, metrics->output.count);
    for (size_t i = 0; i < metrics->output.count; i++)
        fields[i] = (struct hr_field){metrics->output.at[i]->name, metrics->output.at[i]->type, metrics->output.at[i]->nullable, NULL};
    struct hr_observation *grown = ARRAY(a, struct hr_observation, a->observation_count + 1);
    if (a->observation_count)
        memcpy(grown, a->observations, a->observation_count * sizeof *grown);
    grown[a->observation_count++] = (struct hr_observation){rel->collect_metrics.name, metrics,
                                                            hr_type_struct(a->arena, fields, metrics->output.count)};
    a->observations = grown;
    *out = input;
    return HR_OK;
}

static enum hr_code table_function_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    const char *name = rel->table_function.name.at[rel->table_function.name.count - 1];
    struct scope s = scope_of(a, NULL);
    if (!strcasecmp(name, "range")) {
        int64_t v[3] = {0, 0, 1};
        size_t n = rel->table_function.args.count;
        if (n < 1 || n > 4)
            return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName", "`range`", "expectedNum", "[1, 2, 3, 4]", "actualNum",
                                 hr_printf(a->arena, "%zu", n), "docroot", "https://spark.apache.org/docs/latest", NULL);
        for (size_t i = 0; i < n && i < 3; i++) {
            struct hr_texpr *arg;
            HR_TRY(hr_resolve_expr(&s, rel->table_function.args.at[i], &arg));
            bool negative = false;
            if (arg->kind == HR_T_CALL && hr_function_is(arg->call.function, "negative")) {
                negative = true;
                arg = arg->call.args.at[0];
            }
            if (arg->kind != HR_T_LITERAL || !hr_type_is_integral(arg->type))
                return hr_fail(a->err, HR_E_UNSUPPORTED, "computed argument of table function 'range'");
            v[n == 1 ? 1 : i] = negative ? -arg->literal->integer : arg->literal->integer;
        }
        return range_node(a, v[0], v[1], v[2], out);
    }
    struct hr_expr *call = hr_expr_new(a->arena, HR_EXPR_CALL);
    call->call.name = rel->table_function.name;
    call->call.args = rel->table_function.args;
    struct hr_texpr *generator;
    HR_TRY(hr_resolve_expr(&s, call, &generator));
    if (generator->kind != HR_T_CALL || !(generator->call.function->flags & HR_F_GENERATOR))
        return hr_fail_spark(a->err, "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "name", quote(a, name), NULL);
    return generate_node(a, one_row(a), generator, false, NULL, NULL, out);
}

static enum hr_code resolve_kind(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    switch (rel->kind) {
    case HR_REL_READ_FILES: case HR_REL_LOCAL: case HR_REL_CACHED_LOCAL: case HR_REL_CACHED_REMOTE: case HR_REL_CATALOG: case HR_REL_PARSE:
        return source_node(a, rel, out);
    case HR_REL_READ_TABLE: return table_node(a, rel, out);
    case HR_REL_RANGE: return range_node(a, rel->range.has_start ? rel->range.start : 0, rel->range.end, rel->range.step ? rel->range.step : 1, out);
    case HR_REL_SQL: return sql_node(a, rel, out);
    case HR_REL_VALUES: return values_node(a, rel, out);
    case HR_REL_ONE_ROW: *out = one_row(a); return HR_OK;
    case HR_REL_PROJECT:
        if (rel->input)
            HR_TRY(hr_resolve_rel(a, rel->input, &input));
        else
            input = one_row(a);
        return resolve_select(a, rel, input, &rel->project.exprs, out);
    case HR_REL_FILTER: return filter_rel(a, rel, out);
    case HR_REL_AGGREGATE: return hr_resolve_aggregate(a, rel, out);
    case HR_REL_SORT: return sort_rel(a, rel, out);
    case HR_REL_LIMIT: case HR_REL_OFFSET: case HR_REL_TAIL: return limit_rel(a, rel, out);
    case HR_REL_JOIN: case HR_REL_LATERAL_JOIN: case HR_REL_AS_OF_JOIN: return hr_resolve_join(a, rel, out);
    case HR_REL_SET: return hr_resolve_set(a, rel, out);
    case HR_REL_DEDUPLICATE: return deduplicate_rel(a, rel, out);
    case HR_REL_SUBQUERY_ALIAS: return alias_rel(a, rel, out);
    case HR_REL_WITH_COLUMNS: return with_columns_rel(a, rel, out);
    case HR_REL_RENAME_COLUMNS: return rename_rel(a, rel, out);
    case HR_REL_DROP: return drop_rel(a, rel, out);
    case HR_REL_TO_DF: return to_df_rel(a, rel, out);
    case HR_REL_TO_SCHEMA: return to_schema_rel(a, rel, out);
    case HR_REL_SAMPLE: return sample_rel(a, rel, out);
    case HR_REL_REPARTITION: return repartition_rel(a, rel, out);
    case HR_REL_HINT: return hr_resolve_rel(a, rel->input, out);
    case HR_REL_COLLECT_METRICS: return observe_rel(a, rel, out);
    case HR_REL_CTE: return cte_rel(a, rel, out);
    case HR_REL_WITH_RELATIONS: return with_relations_rel(a, rel, out);
    case HR_REL_WINDOWS: return windows_rel(a, rel, out);
    case HR_REL_GENERATE: return hr_resolve_generate(a, rel, out);
    case HR_REL_TABLE_FUNCTION: return table_function_rel(a, rel, out);
    case HR_REL_UNPIVOT: case HR_REL_TRANSPOSE: case HR_REL_FILL_NA: case HR_REL_DROP_NA: case HR_REL_REPLACE: case HR_REL_SUMMARY:
    case HR_REL_DESCRIBE: case HR_REL_CROSSTAB: case HR_REL_COV: case HR_REL_CORR: case HR_REL_APPROX_QUANTILE: case HR_REL_FREQ_ITEMS:
    case HR_REL_SAMPLE_BY:
        return hr_resolve_statistics(a, rel, out);
    default: return hr_fail(a->err, HR_E_UNSUPPORTED, "relation '%s'", hr_rel_kind_name(rel->kind));
    }
}

enum hr_code hr_resolve_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (++a->depth > HR_PLAN_DEPTH_MAX)
        return hr_fail(a->err, HR_E_LIMIT, "plan is nested more than %d levels deep", HR_PLAN_DEPTH_MAX);
    enum hr_code code = resolve_kind(a, rel, out);
    a->depth--;
    HR_TRY(code);
    name_node(a, *out, rel->plan_id);
    return HR_OK;
}

/* ---- the roots ---- */

static enum hr_code show_root(struct analysis *a, const struct hr_rel *rel, struct hr_typed *typed)
{
    struct hr_node *input, *limit;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    typed->root = rel->kind == HR_REL_SHOW_STRING ? HR_ROOT_SHOW : HR_ROOT_HTML;
    typed->rows = rel->show.rows < 0 ? 0 : rel->show.rows > 2147483646 ? 2147483646 : rel->show.rows;
    typed->truncate = rel->show.truncate;
    typed->vertical = rel->kind == HR_REL_SHOW_STRING && rel->show.vertical;
    limit = node_new(a, HR_N_LIMIT, input);
    limit->limit.count = (int64_t)typed->rows + 1;
    struct scope s = scope_of(a, limit);
    size_t n = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    for (size_t i = 0; i < input->output.count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        if (attr->hidden)
            continue;
        struct hr_texpr *args[] = {column_of(a, attr)};
        HR_TRY(call_typed(&s, "$show", args, 1, &exprs[n]));
        attrs[n++] = attr_new(a, attr->name, BASIC(STRING), false);
    }
    HR_TRY(project(a, limit, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n}, &typed->node));
    struct hr_field *field = NEW(a, struct hr_field);
    *field = (struct hr_field){typed->root == HR_ROOT_SHOW ? "show_string" : "html_string", BASIC(STRING), false, NULL};
    typed->schema = hr_type_struct(a->arena, field, 1);
    return HR_OK;
}

static enum hr_code rows_root(struct analysis *a, const struct hr_rel *rel, struct hr_typed *typed)
{
    struct hr_node *node;
    HR_TRY(hr_resolve_rel(a, rel, &node));
    struct hr_attrs output = {ARRAY(a, const struct hr_attr *, node->output.count), 0};
    struct hr_field *fields = ARRAY(a, struct hr_field, node->output.count);
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_attr *attr = node->output.at[i];
        if (attr->hidden)
            continue;
        fields[output.count] = (struct hr_field){attr->name, attr->type, attr->nullable, attr->metadata};
        output.at[output.count++] = attr;
    }
    HR_TRY(restore_output(a, node, &output, &typed->node));
    typed->schema = hr_type_struct(a->arena, fields, output.count);
    return HR_OK;
}

static void analysis_init(struct analysis *a, struct hr_arena *arena, struct hr_env *env, struct hr_err *err)
{
    *a = (struct analysis){.arena = arena, .env = env, .err = err, .ansi = true};
    const char *value = env->ops->conf(env, "spark.sql.ansi.enabled");
    a->ansi = !value || !strcasecmp(value, "true");
    value = env->ops->conf(env, "spark.sql.caseSensitive");
    a->case_sensitive = value && !strcasecmp(value, "true");
    value = env->ops->conf(env, "spark.sql.session.timeZone");
    a->zone = value ? hr_zone_find(value, strlen(value)) : NULL;
    if (!a->zone)
        a->zone = hr_zone_utc();
}

enum hr_code hr_analyze(struct hr_arena *arena, struct hr_env *env, const struct hr_rel *rel, struct hr_typed **out, struct hr_err *err)
{
    struct analysis a;
    struct hr_err unused;
    analysis_init(&a, arena, env, err ? err : &unused);
    struct hr_typed *typed = HR_NEW(arena, struct hr_typed);
    bool show = rel->kind == HR_REL_SHOW_STRING || rel->kind == HR_REL_HTML_STRING;
    HR_TRY(show ? show_root(&a, rel, typed) : rows_root(&a, rel, typed));
    typed->observations = a.observations;
    typed->observation_count = a.observation_count;
    typed->sources = a.sources;
    typed->source_count = a.source_count;
    *out = typed;
    return HR_OK;
}

enum hr_code hr_analyze_expr(struct hr_arena *arena, struct hr_env *env, const struct hr_expr *expr, struct hr_texpr **typed, struct hr_err *err)
{
    struct analysis a;
    struct hr_err unused;
    analysis_init(&a, arena, env, err ? err : &unused);
    struct scope s = {.a = &a};
    return hr_resolve_expr(&s, expr, typed);
}
