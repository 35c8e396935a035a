/* Aggregates and window functions to SQL. */
#include "host/engine/emit/call.h"
#include <stdlib.h>

/* ---- windows ---- */

enum hr_code hr_emit_lag_lead(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    bool ignore = c->call->call.ignore_nulls;
    hr_buf_addf(out, "%s(%s, CAST(%s AS BIGINT), CAST(%s AS %s)%s)%s", name, c->args[0], c->args[1],
                c->args[2], hr_type_text(c->e, c->call->type), ignore ? " IGNORE NULLS" : "",
                c->over);
    return HR_OK;
}

enum hr_code hr_emit_first_last(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    bool first = !strncmp(name, "first", 5) || !strncmp(name, "any_value", 9),
         ignore = c->call->call.ignore_nulls;
    const char *kind = first ? "first" : "last";
    /* the rows kept are boxed, so that a null among them is not passed over */
    if (*c->over && c->call->call.filter) {
        hr_buf_addf(out, "struct_extract(%s_value(CASE WHEN ", kind);
        HR_TRY(hr_emit_expr(c->e, c->call->call.filter, out));
        hr_buf_addf(out, "%s%s%s THEN {v: %s} END IGNORE NULLS)%s, 'v')", ignore ? " AND " : "",
                    ignore ? c->args[0] : "", ignore ? " IS NOT NULL" : "", c->args[0], c->over);
        return HR_OK;
    }
    if (*c->over) {
        hr_buf_addf(out, "%s_value(%s%s)%s", kind, c->args[0], ignore ? " IGNORE NULLS" : "",
                    c->over);
        return HR_OK;
    }
    hr_buf_addf(out, "%s(%s)", kind, c->args[0]);
    return hr_write_filter(c, ignore ? hr_printf(c->e->arena, "%s IS NOT NULL", c->args[0]) : NULL,
                           out);
}

enum hr_code hr_emit_nth_value(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "nth_value(%s, %s%s)%s", c->args[0], c->args[1],
                c->call->call.ignore_nulls ? " IGNORE NULLS" : "", c->over);
    return HR_OK;
}

/* ---- aggregates ---- */

enum hr_code hr_emit_count(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (args->count == 1 &&
        !c->call->call.distinct &&
        args->at[0]->kind == HR_T_LITERAL &&
        !args->at[0]->literal->is_null) {
        hr_buf_adds(out, "count(*)");
        HR_TRY(hr_write_filter(c, NULL, out));
        hr_buf_adds(out, c->over);
        return HR_OK;
    }
    const char *all = NULL, *value = c->args[0];
    if (args->count > 1) { /* rows in which no argument is null */
        struct hr_buf buf, row;
        hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
        hr_buf_init(&row, HR_SQL_EMITTED_MAX);
        hr_buf_adds(&row, "{");
        for (size_t i = 0; i < args->count; i++) {
            hr_buf_addf(&buf, "%s%s IS NOT NULL", i ? " AND " : "", c->args[i]);
            hr_buf_addf(&row, "%sf%zu: %s", i ? ", " : "", i, c->args[i]);
        }
        hr_buf_addc(&row, '}');
        all = hr_sel_take(c->e, &buf);
        value = hr_sel_take(c->e, &row);
    }
    hr_buf_addf(out, "count(%s%s)", c->call->call.distinct ? "DISTINCT " : "", value);
    HR_TRY(hr_write_filter(c, all, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

enum hr_code hr_aggregate_text(struct call_text *c, const char *template, const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_expand_template(c, template, strlen(template), &buf);
    *text = hr_sel_take(c->e, &buf);
    return code;
}

/* DuckDB sums integers in 128 bits; Spark's sum is a long that must not overflow */
enum hr_code hr_emit_sum(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *to = c->call->type;
    const char *sum;
    HR_TRY(hr_aggregate_text(c, "{sum($1)}", &sum));
    if (to->id == HR_TYPE_DOUBLE || to->id == HR_TYPE_DECIMAL) {
        hr_buf_adds(out, sum);
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_decimal(c->e->arena, 38, 0);
    const char *name = c->call->call.ansi ? "checked_sum" : "wrapped_sum";
    const struct hr_type *total = hr_type_basic(HR_TYPE_LONG);
    if (to->id != HR_TYPE_LONG) {
        name = "interval_sum";
        total = to;
    }
    HR_TRY(hr_emit_kernel(c->e, name, strlen(name), total, types, 1, out));
    hr_buf_addf(out, "(CAST(%s AS DECIMAL(38,0)))", sum);
    return HR_OK;
}

enum hr_code hr_emit_average(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *from = c->call->call.args.at[0]->type;
    const char *sum, *count;
    if (from->id != HR_TYPE_DECIMAL)
        return hr_expand_template(c, "{avg($1)}", strlen("{avg($1)}"), out);
    HR_TRY(hr_aggregate_text(c, "{sum($1)}", &sum));
    HR_TRY(hr_aggregate_text(c, "{count($1)}", &count));
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = hr_type_decimal(c->e->arena, 38, from->scale);
    types[2] = hr_type_decimal(c->e->arena, 20, 0);
    HR_TRY(hr_emit_kernel(c->e, "decimal_op_null", strlen("decimal_op_null"), c->call->type, types,
                          3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), CAST(%s AS DECIMAL(38,%d)), CAST(%s AS DECIMAL(20,0)))",
                '/', sum, from->scale, count);
    return HR_OK;
}

/* collect_set keeps the first of equal values in the order met */
enum hr_code hr_emit_collect(struct call_text *c, struct hr_buf *out)
{
    bool set = hr_function_is(c->call->call.function, "collect_set");
    hr_buf_addf(out, "coalesce(list(%s%s)", set || c->call->call.distinct ? "DISTINCT " : "",
                c->args[0]);
    HR_TRY(hr_write_filter(c, hr_printf(c->e->arena, "%s IS NOT NULL", c->args[0]), out));
    hr_buf_addf(out, "%s, CAST([] AS %s))", c->over, hr_type_text(c->e, c->call->type));
    return HR_OK;
}

/* The percentages, checked where they are computed: the analysis knows those that are written.
 * Those that the engine does not take are told as Spark does; `strict`: NaN, which is 0 to
 * percentile, is told too. */
static enum hr_code percentages(struct call_text *c, bool strict, const char **text)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    struct hr_buf buf;
    types[0] = c->call->call.args.at[1]->type;
    types[1] = hr_type_basic(HR_TYPE_BOOLEAN);
    types[2] = hr_type_basic(HR_TYPE_STRING);
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code =
        hr_emit_kernel(c->e, "percentages", strlen("percentages"), types[0], types, 3, &buf);
    hr_buf_addf(&buf, "(%s, %s, '%s')", c->args[1], strict ? "true" : "false", c->call->call.name);
    *text = hr_sel_take(c->e, &buf);
    return code;
}

static bool has_no_item(const struct hr_texpr *expr)
{
    while (expr->kind == HR_T_CAST)
        expr = expr->cast.child;
    return expr->kind == HR_T_CALL &&
           hr_function_is(expr->call.function, "array") &&
           !expr->call.args.count;
}

/* the rank-ceil(p * n) value of the sorted ones: exact, which Spark's sketch is too up to its
 * accuracy */
enum hr_code hr_emit_percentile_approx(struct call_text *c, struct hr_buf *out)
{
    const char *list, *shares;
    if (has_no_item(c->call->call.args.at[1])) {
        hr_buf_adds(out, "any_value(NULL)");
        return hr_write_filter(c, NULL, out);
    }
    /* NaN takes no part in Spark's sketch */
    bool real = hr_real_type(c->call->call.args.at[0]->type);
    HR_TRY(hr_aggregate_text(c,
                             real ? "list_sort({list($1)~$1 IS NOT NULL AND NOT isnan($1)})"
                                  : "list_sort({list($1)~$1 IS NOT NULL})",
                             &list));
    HR_TRY(percentages(c, true, &shares));
    int id = ++c->e->next_table;
    if (c->call->type->id == HR_TYPE_ARRAY && c->call->call.args.at[1]->type->id == HR_TYPE_ARRAY)
        hr_buf_addf(
            out,
            "list_transform(CASE WHEN len(%s) > 0 THEN %s ELSE NULL END, lambda v%d: list_extract(%s, greatest(1, CAST(ceil(v%d * len(%s)) AS BIGINT))))",
            list, shares, id, list, id, list);
    else
        hr_buf_addf(out, "list_extract(%s, greatest(1, CAST(ceil(%s * len(%s)) AS BIGINT)))", list,
                    shares, list);
    return HR_OK;
}

/* percentile with a frequency: a kernel over the pairs */
static enum hr_code weighted_percentile(struct call_text *c, const char **text)
{
    struct hr_field pair[] = {{"f0", hr_type_basic(HR_TYPE_DOUBLE), true, NULL},
                              {"f1", hr_type_basic(HR_TYPE_LONG), true, NULL}};
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    const struct hr_type *real = hr_type_basic(HR_TYPE_DOUBLE);
    bool many = c->call->type->id == HR_TYPE_ARRAY;
    const char *list;
    struct hr_buf buf;
    HR_TRY(hr_aggregate_text(
        c,
        "{list(struct_pack(f0 := CAST($1 AS DOUBLE), f1 := CAST($3 AS BIGINT)))~$1 IS NOT NULL AND $3 IS NOT NULL}",
        &list));
    types[0] = hr_type_array(c->e->arena, hr_type_struct(c->e->arena, pair, 2), false);
    types[1] = c->call->call.args.at[1]->type;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code =
        hr_emit_kernel(c->e, "weighted_percentile", strlen("weighted_percentile"),
                       many ? hr_type_array(c->e->arena, real, false) : real, types, 2, &buf);
    hr_buf_addf(&buf, "(%s, %s)", list, c->args[1]);
    *text = hr_sel_take(c->e, &buf);
    return code;
}

static bool is_one(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_LITERAL &&
           !expr->literal->is_null &&
           hr_type_is_integral(expr->type) &&
           expr->literal->integer == 1;
}

/* the shares of a descending order: to the engine negative ones, of which zero is none */
static const char *descending(struct call_text *c)
{
    if (c->call->type->id != HR_TYPE_ARRAY)
        return hr_printf(c->e->arena, "-greatest(%s, 5e-324)", c->args[1]);
    int id = ++c->e->next_table;
    return hr_printf(c->e->arena, "list_transform(%s, lambda v%d: -greatest(v%d, 5e-324))",
                     c->args[1], id, id);
}

static enum hr_code percentile_text(struct call_text *c, const char **text)
{
    const struct hr_function *function = c->call->call.function;
    bool plain = hr_function_is(function, "percentile");
    if (hr_function_is(function, "median"))
        return hr_aggregate_text(c, "{median(CAST($1 AS DOUBLE))}", text);
    if (plain && !is_one(c->call->call.args.at[2]))
        return weighted_percentile(c, text);
    /* a third argument of these says that the order descends */
    if (!plain && c->call->call.args.count > 2)
        c->args[1] = descending(c);
    if (hr_function_is(function, "percentile_disc"))
        return hr_aggregate_text(c, "{quantile_disc(CAST($1 AS DOUBLE), $2)}", text);
    return hr_aggregate_text(c, "{quantile_cont(CAST($1 AS DOUBLE), $2)}", text);
}

/* percentile, percentile_cont, percentile_disc, median: in doubles, of which intervals are the
 * whole part */
enum hr_code hr_emit_percentile(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type *type = c->call->type;
    bool many = type->id == HR_TYPE_ARRAY, interval = !hr_real_type(many ? type->element : type);
    const char *text;
    if (args->count > 1 && has_no_item(args->at[1])) {
        hr_buf_adds(out, "any_value(NULL)");
        HR_TRY(hr_write_filter(c, NULL, out));
        hr_buf_adds(out, c->over);
        return HR_OK;
    }
    if (args->count > 1)
        HR_TRY(percentages(c, false, &c->args[1]));
    HR_TRY(percentile_text(c, &text));
    if (!interval) {
        hr_buf_adds(out, text);
        return HR_OK;
    }
    const char *whole = hr_type_text(c->e, many ? type->element : type);
    int id = ++c->e->next_table;
    if (many)
        hr_buf_addf(out, "list_transform(%s, lambda v%d: CAST(trunc(v%d) AS %s))", text, id, id,
                    whole);
    else
        hr_buf_addf(out, "CAST(trunc(%s) AS %s)", text, whole);
    return HR_OK;
}

/* ---- more aggregates ---- */

enum hr_code hr_emit_try_sum(struct call_text *c, struct hr_buf *out)
{
    const char *sum;
    HR_TRY(hr_aggregate_text(c, "{sum($1)}", &sum));
    hr_buf_addf(out, "TRY_CAST(%s AS %s)", sum, hr_type_text(c->e, c->call->type));
    return HR_OK;
}

enum hr_code hr_list_kernel(struct call_text *c,
                            const char *name,
                            const struct hr_type *item,
                            struct hr_buf *out)
{
    const char *list;
    HR_TRY(hr_aggregate_text(c, "{list($1)~$1 IS NOT NULL}", &list));
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_array(c->e->arena, item, false);
    HR_TRY(hr_emit_kernel(c->e, name, strlen(name), c->call->type, types, 1, out));
    hr_buf_addf(out, "(%s)", list);
    return HR_OK;
}

/* population moments from sums of powers about the mean: skewness = sqrt(n) m3 / m2^1.5, kurtosis =
 * n m4 / m2^2 - 3 */
static enum hr_code moment(struct call_text *c, struct hr_buf *out)
{
    return hr_list_kernel(c, c->call->call.function->name, hr_type_basic(HR_TYPE_DOUBLE), out);
}

enum hr_code hr_emit_skewness(struct call_text *c, struct hr_buf *out)
{
    return moment(c, out);
}
enum hr_code hr_emit_kurtosis(struct call_text *c, struct hr_buf *out)
{
    return moment(c, out);
}

/* the distinct (register, rank) pairs of a group, which $hll_key made, are its sketch */
enum hr_code hr_emit_approx_distinct(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    const char *list;
    types[0] = hr_type_array(c->e->arena, hr_type_basic(HR_TYPE_LONG), false);
    types[1] = hr_type_basic(HR_TYPE_INT);
    HR_TRY(hr_aggregate_text(c,
                             c->call->call.distinct ? "{list($1)~$1 IS NOT NULL}"
                                                    : "{list(DISTINCT $1)~$1 IS NOT NULL}",
                             &list));
    HR_TRY(hr_emit_kernel(c->e, "hll_estimate", strlen("hll_estimate"), hr_type_basic(HR_TYPE_LONG),
                          types, 2, out));
    hr_buf_addf(out, "(%s, %s)", list, c->args[1]);
    return HR_OK;
}

/* DISTINCT in the order of what the texts are made from: the values are told apart and ordered as
 * they are, then each is a text */
static enum hr_code distinct_ordered(struct call_text *c,
                                     bool binary,
                                     bool parted,
                                     struct hr_buf *out)
{
    const struct hr_torder *order = c->call->call.within_group.at;
    const struct hr_type *text = hr_type_basic(HR_TYPE_STRING),
                         *to = c->call->call.args.at[0]->type;
    struct hr_buf values;
    hr_buf_init(&values, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_expr(c->e, order->child, &values);
    const char *value = hr_sel_take(c->e, &values);
    HR_TRY(code);
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = hr_type_array(c->e->arena, text, false);
    types[1] = text;
    hr_buf_adds(out, binary ? "unhex(" : "");
    HR_TRY(hr_emit_kernel(c->e, "join", strlen("join"), text, types, 2, out));
    hr_buf_addf(out, "(list_transform(list(DISTINCT %s ORDER BY %s %s NULLS LAST)", value, value,
                order->descending ? "DESC" : "ASC");
    HR_TRY(hr_write_filter(c, hr_printf(c->e->arena, "%s IS NOT NULL", value), out));
    int id = ++c->e->next_table;
    hr_buf_addf(out, "%s, lambda v%d: %s", c->over, id, binary ? "hex(" : "");
    HR_TRY(hr_emit_cast(c->e, hr_printf(c->e->arena, "v%d", id), order->child->type, to,
                        HR_CAST_LEGACY, out));
    hr_buf_adds(out, binary ? "))" : ")");
    if (!parted)
        hr_buf_adds(out, ", '')");
    else
        hr_buf_addf(out, binary ? ", hex(%s))" : ", %s)", c->args[1]);
    hr_buf_adds(out, binary ? ")" : "");
    return HR_OK;
}

/* the engine joins texts only: bytes are joined as hexadecimal digits */
enum hr_code hr_emit_listagg(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_texpr *mark = args->count > 1 ? args->at[1] : NULL;
    while (mark && mark->kind == HR_T_CAST)
        mark = mark->cast.child;
    bool binary = args->at[0]->type->id == HR_TYPE_BINARY,
         parted = mark && !(mark->kind == HR_T_LITERAL && mark->literal->is_null);
    if (c->call->call.distinct && c->call->call.within_group.count)
        return distinct_ordered(c, binary, parted, out);
    const char *template = binary   ? parted ? "unhex({string_agg(hex($1), hex($2))})"
                                             : "unhex({string_agg(hex($1), '')})"
                           : parted ? "{string_agg($1, $2)}"
                                    : "{string_agg($1, '')}";
    return hr_expand_template(c, template, strlen(template), out);
}
