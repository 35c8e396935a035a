/* Relations that turn columns into rows and rows into columns. */
#include "host/analyze/internal.h"
#include <stdlib.h>

/* ---- unpivot ---- */

static enum hr_code unpivot_columns(struct scope *s,
                                    const struct hr_exprs *given,
                                    struct hr_texprs *out)
{
    struct hr_exprs list;
    HR_TRY(hr_expand_list(s, given, &list));
    *out = (struct hr_texprs){ARRAY(s->a, struct hr_texpr *, list.count), list.count};
    for (size_t i = 0; i < list.count; i++)
        HR_TRY(hr_resolve_expr(s, list.at[i], &out->at[i]));
    return HR_OK;
}

static bool holds_column(const struct hr_texprs *list, int id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i]->kind == HR_T_COLUMN && list->at[i]->column.attr->id == id)
            return true;
    return false;
}

static enum hr_code other_columns(struct analysis *a,
                                  const struct hr_node *input,
                                  const struct hr_texprs *but,
                                  struct hr_texprs *out)
{
    *out = (struct hr_texprs){ARRAY(a, struct hr_texpr *, input->output.count), 0};
    for (size_t i = 0; i < input->output.count; i++)
        if (!input->output.at[i]->hidden && !holds_column(but, input->output.at[i]->id))
            out->at[out->count++] = hr_column_of(a, input->output.at[i]);
    return HR_OK;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* one set of value columns for each row that an input row becomes; a set of several is a row of
 * columns */
struct unpivot {
    struct scope *s;
    const struct hr_rel *rel;
    struct hr_texprs *sets;
    size_t count, width;
    const struct hr_type **types;
    bool *nullable;
};

static const char *column_name(struct analysis *a, const struct hr_texpr *expr)
{
    return expr->kind == HR_T_COLUMN ? expr->column.attr->name : hr_pretty_name(a, expr);
}

static const char *set_name(struct unpivot *u, size_t at)
{
    struct analysis *a = u->s->a;
    const struct hr_names *aliases = &u->rel->unpivot.aliases;
    if (aliases->count > at && aliases->at[at] && *aliases->at[at])
        return aliases->at[at];
    const char *name = "";
    for (size_t i = 0; i < u->sets[at].count; i++)
        name = hr_printf(a->arena, "%s%s%s", name, i ? "_" : "", column_name(a, u->sets[at].at[i]));
    return name;
}

/* a value column's type as the message names it: a set of several is a struct to Spark */
static const char *described(struct unpivot *u, size_t at)
{
    struct analysis *a = u->s->a;
    struct hr_texpr *one = u->sets[at].at[0];
    if (u->width == 1)
        return hr_printf(a->arena, "%s (%s)", hr_type_quoted(a, one->type),
                         hr_quote(a, column_name(a, one)));
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, 2 * u->width), *row;
    for (size_t i = 0; i < u->width; i++) {
        args[2 * i] = hr_literal_string(a, column_name(a, u->sets[at].at[i]));
        args[2 * i + 1] = u->sets[at].at[i];
    }
    if (hr_call_typed(u->s, "named_struct", args, 2 * u->width, &row))
        return "";
    return hr_printf(a->arena, "%s (%s)", hr_type_quoted(a, row->type),
                     hr_quote(a, hr_pretty_name(a, row)));
}

static enum hr_code types_differ(struct unpivot *u)
{
    struct analysis *a = u->s->a;
    const char *types = "", **texts = ARRAY(a, const char *, u->count);
    for (size_t i = 0; i < u->count; i++)
        texts[i] = described(u, i);
    qsort(texts, u->count, sizeof *texts, by_text);
    for (size_t i = 0; i < u->count; i++)
        types = hr_printf(a->arena, "%s%s%s", types, i ? ", " : "", texts[i]);
    return hr_fail_spark(a->err, "UNPIVOT_VALUE_DATA_TYPE_MISMATCH", "types", types, NULL);
}

static enum hr_code common_types(struct unpivot *u)
{
    struct analysis *a = u->s->a;
    u->types = ARRAY(a, const struct hr_type *, u->width);
    u->nullable = ARRAY(a, bool, u->width);
    for (size_t i = 0; i < u->count; i++)
        for (size_t c = 0; c < u->width; c++) {
            const struct hr_texpr *value = u->sets[i].at[c];
            const struct hr_type *wide = u->types[c] ? u->types[c] : value->type;
            if (hr_is_string(wide) != hr_is_string(value->type) ||
                !(u->types[c] = hr_wider_type(a, wide, value->type)))
                return types_differ(u);
            u->nullable[c] = u->nullable[c] || value->nullable;
        }
    return HR_OK;
}

static enum hr_code value_sets(struct unpivot *u,
                               struct hr_node *input,
                               const struct hr_texprs *ids)
{
    struct analysis *a = u->s->a;
    const struct hr_rel *rel = u->rel;
    struct hr_texprs values = {0};
    if (u->width > 1) {
        u->count = rel->unpivot.values.count;
        u->sets = ARRAY(a, struct hr_texprs, u->count);
        for (size_t i = 0; i < u->count; i++) {
            HR_TRY(unpivot_columns(u->s, &rel->unpivot.value_sets[i], &u->sets[i]));
            if (u->sets[i].count != u->width)
                return hr_fail_spark(a->err, "UNPIVOT_VALUE_SIZE_MISMATCH", "names",
                                     hr_printf(a->arena, "%zu", u->width), NULL);
        }
        return HR_OK;
    }
    HR_TRY(unpivot_columns(u->s, &rel->unpivot.values, &values));
    if (!rel->unpivot.has_values && !rel->unpivot.rest)
        HR_TRY(other_columns(a, input, ids, &values));
    u->count = values.count;
    u->sets = ARRAY(a, struct hr_texprs, values.count);
    for (size_t i = 0; i < values.count; i++)
        u->sets[i] = (struct hr_texprs){&values.at[i], 1};
    return HR_OK;
}

static enum hr_code unpivot_rows(struct unpivot *u, struct hr_node *input, struct hr_node **rows)
{
    struct analysis *a = u->s->a;
    size_t n = 0, step = u->width + 1;
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, 1 + step * u->count), *stack;
    struct hr_names made = {ARRAY(a, const char *, step), step};
    args[n++] = hr_literal_int(a, BASIC(INT), (int64_t)u->count);
    for (size_t i = 0; i < u->count; i++) {
        args[n++] = hr_literal_string(a, set_name(u, i));
        for (size_t c = 0; c < u->width; c++)
            args[n++] = hr_cast_implicit(a, u->sets[i].at[c], u->types[c]);
    }
    HR_TRY(hr_call_typed(u->s, "stack", args, n, &stack));
    made.at[0] = u->rel->unpivot.variable ? u->rel->unpivot.variable : "variable";
    for (size_t c = 0; c < u->width; c++)
        made.at[1 + c] = u->width > 1            ? u->rel->unpivot.value_names.at[c]
                         : u->rel->unpivot.value ? u->rel->unpivot.value
                                                 : "value";
    return hr_generate_node(a, input, stack, false, &made, NULL, rows);
}

/* EXCLUDE NULLS, SQL's default: rows where every value is null are left out */
static enum hr_code drop_null_rows(struct unpivot *u,
                                   struct hr_texpr **values,
                                   struct hr_node **rows)
{
    struct hr_texpr *some = NULL, *there;
    for (size_t c = 0; c < u->width; c++) {
        HR_TRY(hr_call_typed(u->s, "isnotnull", &values[c], 1, &there));
        struct hr_texpr *both[] = {some, there};
        if (some)
            HR_TRY(hr_call_typed(u->s, "or", both, 2, &there));
        some = there;
    }
    return hr_filter_node(u->s->a, *rows, some, rows);
}

enum hr_code hr_resolve_unpivot(struct analysis *a,
                                const struct hr_rel *rel,
                                struct hr_node *input,
                                struct hr_node **out)
{
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1, .outer = a->outer};
    struct unpivot u = {.s = &s,
                        .rel = rel,
                        .width = rel->unpivot.value_names.count > 1 ? rel->unpivot.value_names.count
                                                                    : 1};
    struct hr_texprs ids = {0}, used = {0};
    HR_TRY(unpivot_columns(&s, &rel->unpivot.ids, &ids));
    HR_TRY(value_sets(&u, input, &ids));
    if (!u.count)
        return hr_fail_spark(a->err, "UNPIVOT_REQUIRES_VALUE_COLUMNS", NULL);
    used.at = ARRAY(a, struct hr_texpr *, u.count * u.width);
    for (size_t i = 0; i < u.count; i++)
        for (size_t c = 0; c < u.width; c++)
            used.at[used.count++] = u.sets[i].at[c];
    if (rel->unpivot.rest)
        HR_TRY(other_columns(a, input, &used, &ids));
    HR_TRY(common_types(&u));
    struct hr_node *rows;
    HR_TRY(unpivot_rows(&u, input, &rows));
    size_t n = ids.count, total = n + 1 + u.width;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, total);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, total);
    for (size_t i = 0; i < n; i++) {
        exprs[i] = ids.at[i];
        attrs[i] = ids.at[i]->kind == HR_T_COLUMN
                       ? ids.at[i]->column.attr
                       : hr_attr_new(a, hr_pretty_name(a, ids.at[i]), ids.at[i]->type,
                                     ids.at[i]->nullable);
    }
    for (size_t k = 0; k < 1 + u.width; k++) {
        struct hr_attr *attr = (struct hr_attr *)rows->output.at[input->output.count + k];
        attr->nullable = k ? u.nullable[k - 1] : false;
        exprs[n + k] = hr_column_of(a, attr);
        attrs[n + k] = attr;
    }
    if (!rel->unpivot.include_nulls)
        HR_TRY(drop_null_rows(&u, exprs + n + 1, &rows));
    return hr_project(a, rows, (struct hr_texprs){exprs, total}, (struct hr_attrs){attrs, total},
                      out);
}

/* ---- transpose: the data is asked for now, since it names the columns ---- */

static bool is_atomic(const struct hr_type *type)
{
    return type->id != HR_TYPE_ARRAY &&
           type->id != HR_TYPE_MAP &&
           type->id != HR_TYPE_STRUCT &&
           type->id != HR_TYPE_VOID;
}

/* every row as a struct: the index as text, then the other columns, as one type */
static enum hr_code transposed_values(struct analysis *a,
                                      const struct hr_rel *rel,
                                      const struct hr_attr *index,
                                      const struct hr_attrs *others,
                                      const struct hr_type *wide,
                                      struct hr_literals *rows)
{
    struct hr_expr *key = hr_expr_new(a->arena, HR_EXPR_CAST),
                   *sort = hr_expr_new(a->arena, HR_EXPR_SORT),
                   **args = ARRAY(a, struct hr_expr *, others->count + 1);
    struct hr_expr *name = hr_expr_attribute(a->arena, index->name),
                   **list = ARRAY(a, struct hr_expr *, 1), **orders = ARRAY(a, struct hr_expr *, 1);
    key->cast.child = name;
    key->cast.type = BASIC(STRING);
    args[0] = key;
    for (size_t i = 0; i < others->count; i++) {
        args[i + 1] = hr_expr_new(a->arena, HR_EXPR_CAST);
        args[i + 1]->cast.child = hr_expr_attribute(a->arena, others->at[i]->name);
        args[i + 1]->cast.type = wide;
    }
    struct hr_rel *filter = hr_rel_new(a->arena, HR_REL_FILTER, rel->input),
                  *sorted = hr_rel_new(a->arena, HR_REL_SORT, filter);
    struct hr_rel *select = hr_rel_new(a->arena, HR_REL_PROJECT, sorted);
    filter->filter.condition = hr_expr_call(a->arena, "isnotnull", 1, name);
    sort->sort.child = name;
    orders[0] = sort;
    sorted->sort.orders = (struct hr_exprs){orders, 1};
    sorted->sort.is_global = true;
    list[0] = hr_expr_call(a->arena, "struct", 0);
    list[0]->call.args = (struct hr_exprs){args, others->count + 1};
    select->project.exprs = (struct hr_exprs){list, 1};
    if (!a->env->ops->values)
        return hr_refuse(a->err, "transpose where nothing can be run");
    const char *setting = a->env->ops->conf(a->env, "spark.sql.transposeMaxValues");
    long most = setting ? strtol(setting, NULL, 10) : 500;
    HR_TRY(a->env->ops->values(a->env, a->arena, select, (size_t)most + 1, rows, a->err));
    if (rows->count > (size_t)most)
        return hr_fail_spark(a->err, "TRANSPOSE_EXCEED_ROW_LIMIT", "maxValues",
                             hr_printf(a->arena, "%ld", most), "config",
                             "spark.sql.transposeMaxValues", NULL);
    return HR_OK;
}

static enum hr_code transpose_type(struct analysis *a,
                                   const struct hr_attrs *others,
                                   const struct hr_type **wide)
{
    *wide = others->count ? others->at[0]->type : BASIC(STRING);
    for (size_t i = 1; i < others->count; i++) {
        const struct hr_type *type = others->at[i]->type,
                             *next = hr_is_string(*wide) == hr_is_string(type)
                                         ? hr_wider_type(a, *wide, type)
                                         : NULL;
        if (!next)
            return hr_fail_spark(a->err, "TRANSPOSE_NO_LEAST_COMMON_TYPE", "dt1",
                                 hr_type_quoted(a, *wide), "dt2", hr_type_quoted(a, type), NULL);
        *wide = next;
    }
    return HR_OK;
}

enum hr_code hr_resolve_transpose(struct analysis *a,
                                  const struct hr_rel *rel,
                                  struct hr_node *input,
                                  struct hr_node **out)
{
    struct scope s = hr_scope_of(a, input);
    struct hr_attrs others = {ARRAY(a, const struct hr_attr *, input->output.count), 0};
    const struct hr_attr *index = NULL;
    const struct hr_type *wide;
    struct hr_texpr *chosen;
    if (rel->transpose.index.count > 1)
        return hr_fail_spark(a->err, "TRANSPOSE_INVALID_INDEX_COLUMN", "reason",
                             "Only one index column is allowed", NULL);
    if (rel->transpose.index.count) {
        HR_TRY(hr_resolve_expr(&s, rel->transpose.index.at[0], &chosen));
        if (chosen->kind != HR_T_COLUMN)
            return hr_fail_spark(
                a->err, "TRANSPOSE_INVALID_INDEX_COLUMN", "reason",
                hr_printf(a->arena, "%s is not a column", hr_pretty_name(a, chosen)), NULL);
        index = chosen->column.attr;
    }
    for (size_t i = 0; i < input->output.count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        if (attr->hidden)
            continue;
        if (!index)
            index = attr;
        else if (attr->id != index->id)
            others.at[others.count++] = attr;
    }
    if (!index) {
        *out = input;
        return HR_OK;
    }
    if (!is_atomic(index->type))
        return hr_fail_spark(a->err, "TRANSPOSE_INVALID_INDEX_COLUMN", "reason",
                             hr_printf(a->arena,
                                       "Index column must be of atomic type, but found: %s",
                                       hr_type_quoted(a, index->type)),
                             NULL);
    HR_TRY(transpose_type(a, &others, &wide));
    struct hr_literals rows;
    HR_TRY(transposed_values(a, rel, index, &others, wide, &rows));
    struct hr_node *node = hr_node_new(a, HR_N_VALUES, NULL);
    size_t columns = rows.count + 1;
    node->values.count = others.count;
    node->values.rows = ARRAY(a, struct hr_texprs, others.count);
    for (size_t i = 0; i < others.count; i++) {
        node->values.rows[i] = (struct hr_texprs){ARRAY(a, struct hr_texpr *, columns), columns};
        node->values.rows[i].at[0] = hr_literal_string(a, others.at[i]->name);
        for (size_t r = 0; r < rows.count; r++)
            node->values.rows[i].at[r + 1] = hr_literal_of(a, rows.at[r]->items.at[i + 1]);
    }
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, columns);
    attrs[0] = hr_attr_new(a, "key", BASIC(STRING), false);
    for (size_t r = 0; r < rows.count; r++) {
        const struct hr_literal *name = rows.at[r]->items.at[0];
        attrs[r + 1] =
            hr_attr_new(a, hr_strndup(a->arena, name->text.bytes, name->text.len), wide, true);
    }
    node->output = (struct hr_attrs){attrs, columns};
    *out = node;
    return HR_OK;
}
