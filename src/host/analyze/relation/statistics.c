/* df.stat, df.na, describe and summary: relations that are made of others. Each is written with
 * unresolved expressions over the input's columns, and resolved as a select list. */
#include "host/analyze/internal.h"
#include <stdlib.h>

static bool is_basic_statistic(const struct hr_type *type)
{
    return hr_type_is_numeric(type) || hr_is_string(type);
}

static struct hr_expr *alias(struct analysis *a, struct hr_expr *child, const char *name)
{
    struct hr_expr *expr = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    expr->alias.child = child;
    expr->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
    expr->alias.names.at[0] = name;
    return expr;
}

static struct hr_expr *cast(struct analysis *a,
                            struct hr_expr *child,
                            const struct hr_type *type,
                            enum hr_cast_mode mode)
{
    struct hr_expr *expr = hr_expr_new(a->arena, HR_EXPR_CAST);
    expr->cast.child = child;
    expr->cast.type = type;
    expr->cast.mode = mode;
    return expr;
}

static struct hr_expr *literal_expr(struct analysis *a, struct hr_literal *literal)
{
    struct hr_expr *expr = hr_expr_new(a->arena, HR_EXPR_LITERAL);
    expr->literal = literal;
    return expr;
}

static struct hr_expr *real(struct analysis *a, double value)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    *literal = (struct hr_literal){.type = BASIC(DOUBLE), .real = value};
    return literal_expr(a, literal);
}

static struct hr_expr *null_of(struct analysis *a, const struct hr_type *type)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    *literal = (struct hr_literal){.type = type, .is_null = true};
    return literal_expr(a, literal);
}

#define CALL(a, name, count, ...) hr_expr_call((a)->arena, name, count, __VA_ARGS__)

static struct hr_expr *call_list(struct analysis *a,
                                 const char *name,
                                 struct hr_expr **args,
                                 size_t count)
{
    struct hr_expr *expr = hr_expr_call(a->arena, name, 0);
    expr->call.args = (struct hr_exprs){args, count};
    return expr;
}

/* the named columns; all when none are named. A name that is not there is Spark's error. */
static enum hr_code columns_named(struct analysis *a,
                                  struct hr_node *input,
                                  const struct hr_names *names,
                                  struct hr_attrs *out)
{
    *out =
        (struct hr_attrs){ARRAY(a, const struct hr_attr *, input->output.count + names->count), 0};
    if (!names->count) {
        for (size_t i = 0; i < input->output.count; i++)
            if (!input->output.at[i]->hidden)
                out->at[out->count++] = input->output.at[i];
        return HR_OK;
    }
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1};
    for (size_t i = 0; i < names->count; i++) {
        struct hr_texpr *found;
        HR_TRY(hr_resolve_expr(&s, hr_expr_attribute(a->arena, names->at[i]), &found));
        if (found->kind == HR_T_COLUMN)
            out->at[out->count++] = found->column.attr;
    }
    return HR_OK;
}

/* ---- describe, summary ---- */

static enum hr_code statistic(struct analysis *a,
                              const char *name,
                              const struct hr_attr *attr,
                              struct hr_expr **out)
{
    struct hr_expr *column = hr_bind_attr(a, attr), *value = NULL;
    bool text = hr_is_string(attr->type);
    struct hr_expr *number = text ? cast(a, column, BASIC(DOUBLE), HR_CAST_TRY) : column;
    size_t len = strlen(name);
    if (!strcmp(name, "count"))
        value = CALL(a, "count", 1, column);
    else if (!strcmp(name, "mean"))
        value = CALL(a, "avg", 1, number);
    else if (!strcmp(name, "stddev"))
        value = CALL(a, "stddev", 1, number);
    else if (!strcmp(name, "min") || !strcmp(name, "max"))
        value = CALL(a, name, 1, column);
    else if (!strcmp(name, "count_distinct") || !strcmp(name, "approx_count_distinct")) {
        value = CALL(a, "count", 1, column);
        value->call.distinct = true;
    } else if (len && name[len - 1] == '%') {
        char *end;
        double percent = strtod(name, &end);
        if (end != name + len - 1)
            return hr_fail(a->err, HR_E_INVALID, "Unable to parse %s as a percentile", name);
        if (percent < 0 || percent > 100)
            return hr_fail(a->err, HR_E_INVALID,
                           "requirement failed: Percentiles must be in the range [0, 1]");
        value = CALL(a, "percentile_approx", 2, number, real(a, percent / 100));
    } else
        return hr_fail(a->err, HR_E_INVALID, "%s is not a recognised statistic", name);
    *out = cast(a, value, BASIC(STRING), HR_CAST_DEFAULT);
    return HR_OK;
}

static enum hr_code statistics_rows(struct analysis *a,
                                    struct hr_node *input,
                                    const struct hr_attrs *columns,
                                    const struct hr_names *names,
                                    struct hr_node **out)
{
    struct hr_attrs kept = {ARRAY(a, const struct hr_attr *, columns->count), 0};
    for (size_t i = 0; i < columns->count; i++)
        if (is_basic_statistic(columns->at[i]->type))
            kept.at[kept.count++] = columns->at[i];
    size_t n = names->count * kept.count;
    struct hr_exprs list = {ARRAY(a, struct hr_expr *, n), n};
    for (size_t s = 0; s < names->count; s++)
        for (size_t c = 0; c < kept.count; c++) {
            struct hr_expr *value = NULL;
            HR_TRY(statistic(a, names->at[s], kept.at[c], &value));
            list.at[s * kept.count + c] =
                alias(a, value, hr_printf(a->arena, "s%zu", s * kept.count + c));
        }
    struct hr_node *one = hr_node_new(a, HR_N_ONE_ROW, NULL);
    if (n)
        HR_TRY(hr_resolve_select(a, NULL, input, &list, &one));
    /* one row of all values to a row for each statistic */
    struct hr_expr **args = ARRAY(a, struct hr_expr *, 1 + names->count * (kept.count + 1));
    size_t at = 0;
    args[at++] = hr_expr_integer(a->arena, BASIC(INT), (int64_t)names->count);
    for (size_t s = 0; s < names->count; s++) {
        args[at++] = hr_expr_string(a->arena, names->at[s]);
        for (size_t c = 0; c < kept.count; c++)
            args[at++] = hr_bind_attr(a, one->output.at[s * kept.count + c]);
    }
    struct hr_expr *stack = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    stack->alias.child = call_list(a, "stack", args, at);
    stack->alias.names = (struct hr_names){ARRAY(a, const char *, kept.count + 1), kept.count + 1};
    stack->alias.names.at[0] = "summary";
    for (size_t c = 0; c < kept.count; c++)
        stack->alias.names.at[c + 1] = kept.at[c]->name;
    if (!kept.count)
        stack->alias.names.count = 1;
    return hr_resolve_select(a, NULL, one, &(struct hr_exprs){&stack, 1}, out);
}

static enum hr_code summary(struct analysis *a,
                            const struct hr_rel *rel,
                            struct hr_node *input,
                            struct hr_node **out)
{
    static const char *const basic[] = {"count", "mean", "stddev", "min", "max"};
    static const char *const full[] = {"count", "mean", "stddev", "min",
                                       "25%",   "50%",  "75%",    "max"};
    bool describe = rel->kind == HR_REL_DESCRIBE;
    struct hr_names none = {0}, names = rel->summary.statistics;
    struct hr_attrs columns;
    HR_TRY(columns_named(a, input, describe ? &rel->summary.statistics : &none, &columns));
    if (describe)
        names = (struct hr_names){(const char **)basic, HR_LEN(basic)};
    else if (!names.count)
        names = (struct hr_names){(const char **)full, HR_LEN(full)};
    return statistics_rows(a, input, &columns, &names, out);
}

/* ---- na ---- */

static bool fills(const struct hr_type *column, const struct hr_type *value)
{
    return (hr_type_is_numeric(column) && hr_type_is_numeric(value)) ||
           (hr_is_string(column) && hr_is_string(value)) ||
           (column->id == HR_TYPE_BOOLEAN && value->id == HR_TYPE_BOOLEAN);
}

static bool in_attrs(const struct hr_attrs *list, const struct hr_attr *attr, size_t *at)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i]->id == attr->id) {
            *at = i;
            return true;
        }
    return false;
}

static struct hr_expr *filled(struct analysis *a,
                              const struct hr_attr *attr,
                              struct hr_literal *value)
{
    struct hr_expr *column = hr_bind_attr(a, attr);
    if (attr->type->id == HR_TYPE_DOUBLE || attr->type->id == HR_TYPE_FLOAT) {
        struct hr_expr *number = cast(a, CALL(a, "nanvl", 2, column, null_of(a, attr->type)),
                                      attr->type, HR_CAST_DEFAULT);
        column = number;
    }
    return alias(a,
                 CALL(a, "coalesce", 2, column,
                      cast(a, literal_expr(a, value), attr->type, HR_CAST_DEFAULT)),
                 attr->name);
}

static enum hr_code fill_na(struct analysis *a,
                            const struct hr_rel *rel,
                            struct hr_node *input,
                            struct hr_node **out)
{
    struct hr_attrs columns;
    HR_TRY(columns_named(a, input, &rel->fill_na.columns, &columns));
    bool one = rel->fill_na.values.count == 1;
    struct hr_exprs list = {ARRAY(a, struct hr_expr *, input->output.count), 0};
    for (size_t i = 0; i < input->output.count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        size_t at = 0;
        if (attr->hidden)
            continue;
        struct hr_literal *value =
            in_attrs(&columns, attr, &at) ? rel->fill_na.values.at[one ? 0 : at] : NULL;
        bool fits = value && (one ? fills(attr->type, value->type) : true);
        list.at[list.count++] = fits ? filled(a, attr, value) : hr_bind_attr(a, attr);
    }
    return hr_resolve_select(a, rel, input, &list, out);
}

static enum hr_code drop_na(struct analysis *a,
                            const struct hr_rel *rel,
                            struct hr_node *input,
                            struct hr_node **out)
{
    struct hr_attrs columns;
    HR_TRY(columns_named(a, input, &rel->drop_na.columns, &columns));
    int64_t least =
        rel->drop_na.has_min_non_nulls ? rel->drop_na.min_non_nulls : (int64_t)columns.count;
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1};
    struct hr_expr *sum = NULL;
    for (size_t i = 0; i < columns.count; i++) {
        const struct hr_attr *attr = columns.at[i];
        struct hr_expr *column = hr_bind_attr(a, attr), *there = CALL(a, "isnotnull", 1, column);
        if (attr->type->id == HR_TYPE_DOUBLE || attr->type->id == HR_TYPE_FLOAT)
            there = CALL(a, "and", 2, there, CALL(a, "not", 1, CALL(a, "isnan", 1, column)));
        struct hr_expr *counted = CALL(a, "if", 3, there, hr_expr_integer(a->arena, BASIC(INT), 1),
                                       hr_expr_integer(a->arena, BASIC(INT), 0));
        if (least == (int64_t)columns.count)
            sum = sum ? CALL(a, "and", 2, sum, there) : there;
        else
            sum = sum ? CALL(a, "+", 2, sum, counted) : counted;
    }
    if (!sum) {
        *out = input;
        return HR_OK;
    }
    if (least != (int64_t)columns.count)
        sum = CALL(a, ">=", 2, sum, hr_expr_integer(a->arena, BASIC(INT), least));
    struct hr_texpr *condition;
    HR_TRY(hr_boolean_condition(&s, sum, "WHERE", &condition));
    return hr_filter_node(a, input, condition, out);
}

static enum hr_code replace_na(struct analysis *a,
                               const struct hr_rel *rel,
                               struct hr_node *input,
                               struct hr_node **out)
{
    struct hr_attrs columns;
    HR_TRY(columns_named(a, input, &rel->replace.columns, &columns));
    struct hr_exprs list = {ARRAY(a, struct hr_expr *, input->output.count), 0};
    for (size_t i = 0; i < input->output.count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        size_t at, n = 0;
        if (attr->hidden)
            continue;
        struct hr_expr *column = hr_bind_attr(a, attr),
                       **args = ARRAY(a, struct hr_expr *, 2 * rel->replace.count + 1);
        for (size_t r = 0; in_attrs(&columns, attr, &at) && r < rel->replace.count; r++) {
            struct hr_literal *from = rel->replace.at[r].old_value,
                              *to = rel->replace.at[r].new_value;
            if (!fills(attr->type, from->is_null ? to->type : from->type))
                continue;
            /* 1 is not 1.5: the literal keeps its type */
            args[n++] = CALL(a, "==", 2, column, literal_expr(a, from));
            args[n++] = to->is_null ? null_of(a, attr->type)
                                    : cast(a, literal_expr(a, to), attr->type, HR_CAST_DEFAULT);
        }
        if (!n) {
            list.at[list.count++] = column;
            continue;
        }
        args[n++] = column;
        list.at[list.count++] = alias(a, call_list(a, "when", args, n), attr->name);
    }
    return hr_resolve_select(a, rel, input, &list, out);
}

/* ---- df.stat ---- */

static enum hr_code numeric_column(struct analysis *a,
                                   struct hr_node *input,
                                   const char *name,
                                   const char *what,
                                   const struct hr_attr **out)
{
    struct hr_attrs columns;
    HR_TRY(columns_named(a, input, &(struct hr_names){&name, 1}, &columns));
    *out = columns.at[0];
    if (hr_type_is_numeric((*out)->type))
        return HR_OK;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_type_simple((*out)->type, &buf);
    const char *type = hr_buf_keep(&buf, a->arena);
    return hr_fail(
        a->err, HR_E_INVALID,
        "requirement failed: Currently %s calculation for columns with dataType %s not supported.",
        what, type);
}

/* nulls count as 0, as in Spark */
static enum hr_code pair(struct analysis *a,
                         const struct hr_rel *rel,
                         struct hr_node *input,
                         struct hr_node **out)
{
    bool covariance = rel->kind == HR_REL_COV;
    const struct hr_attr *x, *y;
    if (rel->pair.method && *rel->pair.method && strcmp(rel->pair.method, "pearson"))
        return hr_refuse(a->err, "correlation by method '%s'", rel->pair.method);
    HR_TRY(numeric_column(a, input, rel->pair.col1, covariance ? "covariance" : "correlation", &x));
    HR_TRY(numeric_column(a, input, rel->pair.col2, covariance ? "covariance" : "correlation", &y));
    struct hr_expr *args[2];
    for (int i = 0; i < 2; i++)
        args[i] =
            CALL(a, "coalesce", 2,
                 cast(a, hr_bind_attr(a, i ? y : x), BASIC(DOUBLE), HR_CAST_DEFAULT), real(a, 0));
    struct hr_expr *value =
        alias(a,
              CALL(a, "coalesce", 2,
                   CALL(a, covariance ? "covar_samp" : "corr", 2, args[0], args[1]), real(a, 0)),
              covariance ? "cov" : "corr");
    return hr_resolve_select(a, rel, input, &(struct hr_exprs){&value, 1}, out);
}

static enum hr_code approx_quantile(struct analysis *a,
                                    const struct hr_rel *rel,
                                    struct hr_node *input,
                                    struct hr_node **out)
{
    size_t n = rel->approx_quantile.columns.count, count = rel->approx_quantile.count;
    struct hr_expr **lists = ARRAY(a, struct hr_expr *, n),
                   **points = ARRAY(a, struct hr_expr *, count);
    for (size_t i = 0; i < count; i++) {
        double p = rel->approx_quantile.probabilities[i];
        if (p < 0 || p > 1)
            return hr_fail(a->err, HR_E_INVALID,
                           "requirement failed: percentile should be in the range [0.0, 1.0]");
        points[i] = real(a, p);
    }
    for (size_t i = 0; i < n; i++) {
        const struct hr_attr *attr;
        HR_TRY(numeric_column(a, input, rel->approx_quantile.columns.at[i], "Quantile", &attr));
        lists[i] = CALL(a, "percentile_approx", 2,
                        cast(a, hr_bind_attr(a, attr), BASIC(DOUBLE), HR_CAST_DEFAULT),
                        call_list(a, "array", points, count));
    }
    struct hr_expr *value = alias(a, call_list(a, "array", lists, n), "approx_quantile");
    return hr_resolve_select(a, rel, input, &(struct hr_exprs){&value, 1}, out);
}

/* a stratum's rows are drawn with its fraction; the others' are not */
static enum hr_code sample_by(struct analysis *a,
                              const struct hr_rel *rel,
                              struct hr_node *input,
                              struct hr_node **out)
{
    struct scope s = {.a = a, .inputs = {input}, .input_count = 1, .outer = a->outer};
    int64_t seed = rel->sample_by.has_seed ? rel->sample_by.seed
                   : a->env->ops->now_us   ? a->env->ops->now_us(a->env)
                                           : 42;
    struct hr_expr **args = ARRAY(a, struct hr_expr *, 2 * rel->sample_by.count + 1);
    size_t n = 0;
    for (size_t i = 0; i < rel->sample_by.count; i++) {
        args[n++] = CALL(a, "==", 2, rel->sample_by.column,
                         literal_expr(a, rel->sample_by.fractions[i].stratum));
        args[n++] = real(a, rel->sample_by.fractions[i].fraction);
    }
    args[n++] = real(a, 0);
    struct hr_expr *drawn = CALL(a, "rand", 1, hr_expr_integer(a->arena, BASIC(LONG), seed));
    struct hr_texpr *condition;
    HR_TRY(hr_boolean_condition(
        &s, CALL(a, "<", 2, drawn, n > 1 ? call_list(a, "when", args, n) : args[0]), "WHERE",
        &condition));
    return hr_filter_node(a, input, condition, out);
}

/* the pairs' counts: a pivot of one column's text by the other's */
static enum hr_code crosstab(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_expr *names[2] = {hr_expr_attribute(a->arena, rel->pair.col1),
                                hr_expr_attribute(a->arena, rel->pair.col2)},
                   *texts[2];
    for (int i = 0; i < 2; i++) {
        struct hr_expr *text = cast(a, names[i], BASIC(STRING), HR_CAST_DEFAULT);
        if (i)
            text = CALL(a, "regexp_replace", 3, text, hr_expr_string(a->arena, "`"),
                        hr_expr_string(a->arena, ""));
        texts[i] = CALL(a, "when", 3, CALL(a, "isnull", 1, names[i]),
                        hr_expr_string(a->arena, "null"), text);
    }
    struct hr_rel *pivot = hr_rel_new(a->arena, HR_REL_AGGREGATE, rel->input),
                  *fill = hr_rel_new(a->arena, HR_REL_FILL_NA, pivot);
    struct hr_expr **list = ARRAY(a, struct hr_expr *, 2);
    list[0] = alias(a, texts[0], hr_printf(a->arena, "%s_%s", rel->pair.col1, rel->pair.col2));
    list[1] = alias(a, CALL(a, "count", 1, hr_expr_integer(a->arena, BASIC(INT), 1)), "count");
    pivot->aggregate.group = HR_GROUP_PIVOT;
    pivot->aggregate.grouping = (struct hr_exprs){list, 1};
    pivot->aggregate.aggregates = (struct hr_exprs){list + 1, 1};
    pivot->aggregate.pivot = texts[1];
    fill->fill_na.values = (struct hr_literals){ARRAY(a, struct hr_literal *, 1), 1};
    fill->fill_na.values.at[0] = hr_expr_integer(a->arena, BASIC(LONG), 0)->literal;
    return hr_resolve_rel(a, fill, out);
}

enum hr_code hr_resolve_statistics(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out)
{
    if (rel->kind == HR_REL_CROSSTAB)
        return crosstab(a, rel, out);
    struct hr_node *input;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    switch (rel->kind) {
    case HR_REL_SUMMARY:
    case HR_REL_DESCRIBE:
        return summary(a, rel, input, out);
    case HR_REL_FILL_NA:
        return fill_na(a, rel, input, out);
    case HR_REL_DROP_NA:
        return drop_na(a, rel, input, out);
    case HR_REL_REPLACE:
        return replace_na(a, rel, input, out);
    case HR_REL_UNPIVOT:
        return hr_resolve_unpivot(a, rel, input, out);
    case HR_REL_TRANSPOSE:
        return hr_resolve_transpose(a, rel, input, out);
    case HR_REL_SAMPLE_BY:
        return sample_by(a, rel, input, out);
    case HR_REL_COV:
    case HR_REL_CORR:
        return pair(a, rel, input, out);
    case HR_REL_APPROX_QUANTILE:
        return approx_quantile(a, rel, input, out);
    default:
        return hr_refuse(a->err, "relation '%s'", hr_rel_kind_name(rel->kind));
    }
}
