/* Where rows come from: scans, ranges, inline tables, views, SQL text, common table expressions,
 * table functions. */
#include "host/analyze/internal.h"
#include <stdlib.h>

/* ---- leaves ---- */

enum hr_code hr_source_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_source *source;
    if (!a->env->ops->read)
        return hr_refuse(a->err, "relation '%s' without readers", hr_rel_kind_name(rel->kind));
    HR_TRY(a->env->ops->read(a->env, a->arena, rel, &source, a->err));
    struct hr_node *node = hr_node_new(a, HR_N_SOURCE, NULL);
    node->source = source;
    node->output.count = source->schema->field_count;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, node->output.count);
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_field *field = &source->schema->fields[i];
        struct hr_attr *attr =
            (struct hr_attr *)hr_attr_new(a, field->name, field->type, field->nullable);
        attr->metadata = field->metadata;
        attrs[i] = attr;
    }
    if (a->metadata &&
        source->metadata &&
        !hr_find_output(a, &(struct hr_attrs){attrs, node->output.count}, "_metadata", NULL)) {
        struct hr_attr *attr =
            (struct hr_attr *)hr_attr_new(a, "_metadata", source->metadata, false);
        attr->hidden = attr->of_file = true;
        attr->metadata = "{\"__file_source_metadata_col\":true,\"__metadata_col\":\"_metadata\"}";
        attrs[node->output.count++] = attr;
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

enum hr_code hr_range_node(
    struct analysis *a, int64_t start, int64_t end, int64_t step, struct hr_node **out)
{
    if (!step)
        return hr_fail(a->err, HR_E_INVALID, "step of range cannot be 0");
    struct hr_node *node = hr_node_new(a, HR_N_RANGE, NULL);
    node->range.start = start;
    node->range.end = end;
    node->range.step = step;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, 1);
    attrs[0] = hr_attr_new(a, "id", BASIC(LONG), false);
    node->output = (struct hr_attrs){attrs, 1};
    *out = node;
    return HR_OK;
}

struct hr_node *hr_one_row(struct analysis *a)
{
    return hr_node_new(a, HR_N_ONE_ROW, NULL);
}

/* a value that one row alone decides */
static enum hr_code inline_value(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    HR_TRY(hr_resolve_expr(s, expr, out));
    if (hr_has_kind(*out, HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR | HR_F_VOLATILE))
        return hr_fail_spark(s->a->err,
                             "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE",
                             "expr", hr_expr_sql(s->a, *out), NULL);
    return HR_OK;
}

enum hr_code hr_values_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct scope s = hr_scope_of(a, NULL);
    size_t rows = rel->values.count, columns = rows ? rel->values.rows[0].count : 0;
    struct hr_node *node = hr_node_new(a, HR_N_VALUES, NULL);
    node->values.rows = ARRAY(a, struct hr_texprs, rows);
    node->values.count = rows;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, columns);
    for (size_t r = 0; r < rows; r++) {
        if (rel->values.rows[r].count != columns)
            return hr_fail_spark(a->err, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                                 "expectedNumCols", hr_printf(a->arena, "%zu", columns),
                                 "actualNumCols",
                                 hr_printf(a->arena, "%zu", rel->values.rows[r].count), "rowIndex",
                                 hr_printf(a->arena, "%zu", r), NULL);
        node->values.rows[r] = (struct hr_texprs){ARRAY(a, struct hr_texpr *, columns), columns};
        for (size_t c = 0; c < columns; c++)
            HR_TRY(inline_value(&s, rel->values.rows[r].at[c], &node->values.rows[r].at[c]));
    }
    for (size_t c = 0; c < columns; c++) {
        const struct hr_type *type = node->values.rows[0].at[c]->type;
        bool nullable = false;
        for (size_t r = 0; r < rows; r++) {
            const struct hr_type *other = node->values.rows[r].at[c]->type,
                                 *wide = hr_wider_type(a, type, other);
            bool void_one = type->id == HR_TYPE_VOID || other->id == HR_TYPE_VOID;
            /* inline tables promote nothing to string or from it */
            if (!wide || (!void_one && hr_is_string(type) != hr_is_string(other)))
                return hr_fail_spark(
                    a->err, "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "colName",
                    hr_quote(a, hr_printf(a->arena, "col%zu", c + 1)), NULL);
            type = wide;
        }
        for (size_t r = 0; r < rows; r++) {
            struct hr_texpr **cell = &node->values.rows[r].at[c];
            *cell = hr_cast_implicit(a, *cell, type);
            nullable = nullable || (*cell)->nullable;
        }
        attrs[c] = hr_attr_new(a, hr_printf(a->arena, "col%zu", c + 1), type, nullable);
    }
    node->output = (struct hr_attrs){attrs, columns};
    *out = node;
    return HR_OK;
}

static enum hr_code table_not_found(struct analysis *a, const struct hr_names *name)
{
    return hr_fail_spark(
        a->err, "TABLE_OR_VIEW_NOT_FOUND", "relationName", hr_quoted(a, name), "searchPath",
        "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
}

/* another use of a CTE: fresh ids over the shared definition */
static enum hr_code cte_reference(struct analysis *a, struct cte_scope *cte, struct hr_node **out)
{
    struct hr_node *node = hr_node_new(a, HR_N_CTE_REF, NULL);
    cte->used = true;
    node->cte_ref.id = cte->id;
    node->cte_ref.definition = cte->node->output;
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, cte->node->output.count);
    size_t n = 0;
    for (size_t i = 0; i < cte->node->output.count; i++) {
        const struct hr_attr *from = cte->node->output.at[i];
        struct hr_attr *attr =
            (struct hr_attr *)hr_attr_new(a, from->name, from->type, from->nullable);
        attr->metadata = from->metadata;
        attr->hidden = from->hidden;
        attr->of_file = from->of_file;
        attrs[n++] = attr;
    }
    node->output = (struct hr_attrs){attrs, n};
    *out = node;
    return HR_OK;
}

static enum hr_code view_node(struct analysis *a,
                              const struct hr_names *name,
                              const struct hr_rel *view,
                              struct hr_node **out)
{
    const char *full = hr_quoted(a, name);
    for (size_t i = 0; i < a->view_count; i++)
        if (!strcasecmp(a->views[i], full))
            return hr_fail_spark(a->err, "RECURSIVE_VIEW", "viewIdent", full, "newPath", full,
                                 NULL);
    const char **views = ARRAY(a, const char *, a->view_count + 1), **before = a->views;
    if (a->view_count)
        memcpy(views, a->views, a->view_count * sizeof *views);
    views[a->view_count] = full;
    struct cte_scope *ctes = a->ctes;
    struct scope *outer = a->outer;
    a->views = views;
    a->view_count++;
    /* a view does not see its user's names */
    a->ctes = NULL;
    a->outer = NULL;
    enum hr_code code = hr_resolve_rel(a, view, out);
    a->views = before;
    a->view_count--;
    a->ctes = ctes;
    a->outer = outer;
    return code;
}

enum hr_code hr_table_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    const struct hr_names *name = &rel->read_table.name;
    const char *last = name->at[name->count - 1];
    if (rel->read_table.streaming)
        return hr_refuse(a->err, "streaming read of a table");
    for (struct cte_scope *c = a->ctes; name->count == 1 && c; c = c->outer)
        if (hr_same_name(a, c->name, last)) {
            if (!c->node)
                return hr_fail_spark(a->err, "INVALID_RECURSIVE_CTE", NULL);
            HR_TRY(cte_reference(a, c, out));
            return hr_qualify(a, *out, *name, NULL, out);
        }
    if (name->count == 2 && (!strcasecmp(name->at[0], "csv") ||
                             !strcasecmp(name->at[0], "json") ||
                             !strcasecmp(name->at[0], "parquet") ||
                             !strcasecmp(name->at[0], "text"))) {
        struct hr_rel *read = hr_rel_new(a->arena, HR_REL_READ_FILES, NULL);
        read->read_files.format = name->at[0];
        read->read_files.options = rel->read_table.options;
        read->read_files.paths = (struct hr_names){ARRAY(a, const char *, 1), 1};
        read->read_files.paths.at[0] = last;
        return hr_source_node(a, read, out);
    }
    struct hr_rel *view = a->env->ops->view ? a->env->ops->view(a->env, a->arena, name) : NULL;
    if (!view)
        return table_not_found(a, name);
    HR_TRY(view_node(a, name, view, out));
    return hr_qualify(a, *out, *name, NULL, out);
}

enum hr_code hr_parsed_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (!a->env->ops->parse)
        return hr_refuse(a->err, "SQL text needs the SQL parser");
    struct hr_rel *query;
    HR_TRY(a->env->ops->parse(a->env, a->arena, rel->sql.text, &query, a->err));
    const struct hr_rel *before = a->parameters;
    a->parameters = rel;
    enum hr_code code = hr_resolve_rel(a, query, out);
    a->parameters = before;
    return code;
}

/* ---- CTEs and references ---- */

static enum hr_code merged_types(struct analysis *a,
                                 const struct hr_node *left,
                                 const struct hr_node *right)
{
    if (left->output.count != right->output.count)
        return hr_fail_spark(a->err, "NUM_COLUMNS_MISMATCH", "operator", "UNION", "firstNumColumns",
                             hr_printf(a->arena, "%zu", left->output.count), "invalidOrdinalNum",
                             "second", "invalidNumColumns",
                             hr_printf(a->arena, "%zu", right->output.count), NULL);
    for (size_t i = 0; i < left->output.count; i++)
        if (!hr_type_same_shape(left->output.at[i]->type, right->output.at[i]->type))
            return hr_fail_spark(a->err, "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "left",
                                 hr_type_quoted(a, left->output.at[i]->type), "right",
                                 hr_type_quoted(a, right->output.at[i]->type), NULL);
    return HR_OK;
}

/* a recursive reference may not stand where it would need all rows at once, or where rows without a
 * partner are made up */
struct place {
    int id;
    bool wrong, drawn;
};

static void check_place(struct place *p, struct hr_node *node, bool wrong);

static enum hr_code check_subquery(void *arg, struct hr_texpr **place)
{
    struct place *p = arg;
    if ((*place)->kind == HR_T_SUBQUERY)
        check_place(p, (*place)->subquery.plan, true);
    p->drawn = p->drawn ||
               ((*place)->kind == HR_T_CALL && ((*place)->call.function->flags & HR_F_VOLATILE));
    return hr_texpr_each(*place, check_subquery, arg);
}

static void check_place(struct place *p, struct hr_node *node, bool wrong)
{
    bool left = wrong, right = wrong;
    if (!node)
        return;
    if (node->kind == HR_N_CTE_REF && node->cte_ref.id == p->id && wrong)
        p->wrong = true;
    if (node->kind == HR_N_AGGREGATE ||
        node->kind == HR_N_SORT ||
        node->kind == HR_N_DISTINCT ||
        node->kind == HR_N_DEDUPLICATE)
        left = true;
    if (node->kind == HR_N_JOIN) {
        enum hr_join_type type = node->join.type;
        left = left || type == HR_JOIN_RIGHT || type == HR_JOIN_FULL;
        right = right ||
                type == HR_JOIN_LEFT ||
                type == HR_JOIN_FULL ||
                type == HR_JOIN_SEMI ||
                type == HR_JOIN_ANTI;
    }
    for (size_t i = 0; node->kind == HR_N_PROJECT && i < node->project.exprs.count; i++)
        left = left || hr_has_kind(node->project.exprs.at[i], HR_F_WINDOW);
    check_place(p, node->input, left);
    check_place(p, node->right, right);
    if (node->kind == HR_N_CTE)
        check_place(p, node->cte.definition, wrong);
}

/* the definition of self, which may name itself in the second part of its UNION ALL; *out is NULL
 * when it does not */
static enum hr_code recursive_definition(struct analysis *a,
                                         const struct hr_cte *cte,
                                         struct cte_scope *self,
                                         struct hr_node **out)
{
    const struct hr_rel *plan = cte->plan;
    struct hr_node *left, *right;
    *out = NULL;
    if (plan->kind != HR_REL_SET || plan->set.op != HR_SET_UNION)
        return hr_resolve_rel(a, plan, &left); /* only to find that it names itself, which fails */
    HR_TRY(hr_resolve_rel(a, plan->input, &left));
    if (cte->columns.count)
        HR_TRY(hr_qualify(a, left, (struct hr_names){0}, &cte->columns, &left));
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, left->output.count);
    /* Spark: every column of a recursive one may be null */
    for (size_t i = 0; i < left->output.count; i++) {
        struct hr_attr *attr = (struct hr_attr *)hr_attr_like(a, left->output.at[i]);
        attr->nullable = true;
        attrs[i] = attr;
    }
    self->node = hr_node_new(a, HR_N_CTE_REF, NULL); /* only its columns are looked at */
    self->node->output = (struct hr_attrs){attrs, left->output.count};
    HR_TRY(hr_resolve_rel(a, plan->right, &right));
    if (!self->used)
        return HR_OK;
    if (!plan->set.all)
        return hr_fail_spark(a->err, "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", NULL);
    struct place place = {self->id, false, false};
    check_place(&place, right, false);
    hr_node_each_expr(right, check_subquery, &place);
    if (place.wrong)
        return hr_fail_spark(a->err, "INVALID_RECURSIVE_REFERENCE.PLACE", NULL);
    /* each round would have to go on with the sequence */
    if (place.drawn)
        return hr_refuse(a->err, "a random function in the recursive part of WITH RECURSIVE");
    HR_TRY(merged_types(a, left, right));
    struct hr_node *set = hr_node_new(a, HR_N_SET, left);
    set->right = right;
    set->set.op = HR_SET_UNION;
    set->set.all = true;
    set->output = (struct hr_attrs){attrs, left->output.count};
    self->recursive = true;
    *out = set;
    return HR_OK;
}

static int64_t level_limit(struct analysis *a, const struct hr_rel *rel)
{
    const char *setting = a->env->ops->conf(a->env, "spark.sql.cteRecursionLevelLimit");
    return rel->cte.level_limit ? rel->cte.level_limit : setting ? strtoll(setting, NULL, 10) : 100;
}

enum hr_code hr_cte_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct cte_scope *before = a->ctes;
    size_t count = rel->cte.count;
    struct cte_scope *scopes = ARRAY(a, struct cte_scope, count);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < count && !code; i++) {
        struct hr_node *node = NULL;
        struct scope *outer = a->outer;
        struct cte_scope *others = a->ctes;
        scopes[i] =
            (struct cte_scope){rel->cte.at[i].name, NULL, ++a->next_id, others, false, false};
        if (rel->cte.recursive) {
            a->ctes = &scopes[i];
            code = recursive_definition(a, &rel->cte.at[i], &scopes[i], &node);
            a->ctes = others;
        }
        if (!code && !node) {
            code = hr_resolve_rel(a, rel->cte.at[i].plan, &node);
            if (!code && rel->cte.at[i].columns.count)
                code = hr_qualify(a, node, (struct hr_names){0}, &rel->cte.at[i].columns, &node);
        }
        a->outer = outer;
        scopes[i].node = node;
        scopes[i].used = false;
        a->ctes = &scopes[i];
    }
    if (!code)
        code = hr_resolve_rel(a, rel->input, out);
    a->ctes = before;
    HR_TRY(code);
    for (size_t i = count; i-- > 0;) {
        if (!scopes[i].used)
            continue;
        struct hr_node *node = hr_node_new(a, HR_N_CTE, *out);
        node->cte.id = scopes[i].id;
        node->cte.definition = scopes[i].node;
        node->cte.recursive = scopes[i].recursive;
        node->cte.levels = level_limit(a, rel);
        node->names = (*out)->names;
        *out = node;
    }
    return HR_OK;
}

enum hr_code hr_with_relations_rel(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out)
{
    struct reference_scope *before = a->references,
                           *scopes = ARRAY(a, struct reference_scope, rel->with_relations.count);
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
        views[named] =
            (struct cte_scope){reference->alias.alias, node, ++a->next_id, a->ctes, false};
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
        struct hr_node *node = hr_node_new(a, HR_N_CTE, *out);
        node->cte.id = views[i].id;
        node->cte.definition = views[i].node;
        *out = node;
    }
    return HR_OK;
}

/* what Spark has and this pool has not, or what was registered, is told as that */
static enum hr_code no_table_function(struct analysis *a, const struct hr_names *name)
{
    enum hr_code code = hr_no_function(a, name);
    if (strcmp(a->err->condition, "UNRESOLVED_ROUTINE"))
        return code;
    return hr_fail_spark(a->err, "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "name", hr_quoted(a, name),
                         NULL);
}

enum hr_code hr_table_function_rel(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out)
{
    const char *name = rel->table_function.name.at[rel->table_function.name.count - 1];
    struct scope s = hr_scope_of(a, NULL);
    if (!strcasecmp(name, "range")) {
        int64_t v[3] = {0, 0, 1};
        size_t n = rel->table_function.args.count;
        if (n < 1 || n > 4)
            return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName",
                                 "`range`", "expectedNum", "[1, 2, 3, 4]", "actualNum",
                                 hr_printf(a->arena, "%zu", n), NULL);
        for (size_t i = 0; i < n && i < 3; i++) {
            struct hr_texpr *arg;
            HR_TRY(hr_resolve_expr(&s, rel->table_function.args.at[i], &arg));
            bool negative = false;
            if (arg->kind == HR_T_CALL && hr_function_is(arg->call.function, "negative")) {
                negative = true;
                arg = arg->call.args.at[0];
            }
            if (arg->kind != HR_T_LITERAL || !hr_type_is_integral(arg->type))
                return hr_refuse(a->err, "computed argument of table function 'range'");
            v[n == 1 ? 1 : i] = negative ? -arg->literal->integer : arg->literal->integer;
        }
        return hr_range_node(a, v[0], v[1], v[2], out);
    }
    if (!hr_function_find(name, NULL))
        return no_table_function(a, &rel->table_function.name);
    struct hr_expr *call = hr_expr_new(a->arena, HR_EXPR_CALL);
    call->call.name = rel->table_function.name;
    call->call.args = rel->table_function.args;
    struct hr_texpr *generator;
    HR_TRY(hr_resolve_expr(&s, call, &generator));
    if (generator->kind != HR_T_CALL || !(generator->call.function->flags & HR_F_GENERATOR))
        return hr_fail_spark(a->err, "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "name",
                             hr_quote(a, name), NULL);
    return hr_generate_node(a, hr_one_row(a), generator,
                            strstr(generator->call.function->name, "_outer"), NULL, NULL, out);
}
