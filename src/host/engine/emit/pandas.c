/* The aggregates of pandas-on-Spark to SQL. */
#include "host/engine/emit/call.h"

enum hr_code hr_emit_pandas_product(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    bool whole = c->call->type->id == HR_TYPE_LONG, some_null = !args->at[1]->literal->boolean;
    const char *any, *nulls;
    HR_TRY(hr_aggregate_text(c, "{count($1)}", &any));
    HR_TRY(hr_aggregate_text(c, "{count(*)~$1 IS NULL}", &nulls));
    hr_buf_adds(out, "CASE ");
    if (some_null)
        hr_buf_addf(out, "WHEN %s > 0 THEN NULL ", nulls);
    hr_buf_addf(out, "WHEN %s = 0 THEN 1 ELSE ", any);
    HR_TRY(hr_list_kernel(c,
                          whole && !c->call->call.ansi ? "pandas_product_wrap" : "pandas_product",
                          args->at[0]->type, out));
    hr_buf_adds(out, " END");
    return HR_OK;
}

struct spread {
    const char *population, *sample, *present, *finite;
};

/* What DuckDB has for 0 and 1 degrees of freedom, and for others made from that for 0; NULL where
 * nothing is left to divide by. Values that are not finite make NaN: DuckDB fails at them. */
static enum hr_code spread_text(struct call_text *c,
                                const struct spread *spread,
                                int64_t freedom,
                                const char **text)
{
    struct hr_arena *arena = c->e->arena;
    const char *count, *odd, *value, *function = freedom == 1 ? spread->sample : spread->population;
    HR_TRY(hr_aggregate_text(c, hr_printf(arena, "{count(*)~%s}", spread->present), &count));
    HR_TRY(hr_aggregate_text(
        c, hr_printf(arena, "{bool_or(NOT (%s))~%s}", spread->finite, spread->present), &odd));
    HR_TRY(hr_aggregate_text(c, hr_printf(arena, "{%s~%s}", function, spread->finite), &value));
    if (freedom > 1 || freedom < 0)
        value = hr_printf(arena, "%s * %s / (%s - %lld)", value, count, count, (long long)freedom);
    *text = hr_printf(
        arena, "CASE WHEN %s IN (0, %lld) THEN NULL WHEN %s THEN CAST('NaN' AS DOUBLE) ELSE %s END",
        count, (long long)freedom, odd, value);
    return HR_OK;
}

static enum hr_code variance(struct call_text *c, const char **text)
{
    static const struct spread of_one = {"var_pop($1)", "var_samp($1)", "$1 IS NOT NULL",
                                         "isfinite($1)"};
    return spread_text(c, &of_one, c->call->call.args.at[1]->literal->integer, text);
}

enum hr_code hr_emit_pandas_variance(struct call_text *c, struct hr_buf *out)
{
    const char *text;
    HR_TRY(variance(c, &text));
    hr_buf_adds(out, text);
    return HR_OK;
}

enum hr_code hr_emit_pandas_deviation(struct call_text *c, struct hr_buf *out)
{
    const char *text;
    HR_TRY(variance(c, &text));
    const struct hr_type *real = hr_type_basic(HR_TYPE_DOUBLE);
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = real;
    HR_TRY(hr_emit_kernel(c->e, "sqrt", strlen("sqrt"), real, types, 1, out));
    hr_buf_addf(out, "(%s)", text);
    return HR_OK;
}

enum hr_code hr_emit_pandas_covariance(struct call_text *c, struct hr_buf *out)
{
    const char *text;
    static const struct spread of_two = {"covar_pop($1, $2)", "covar_samp($1, $2)",
                                         "$1 IS NOT NULL AND $2 IS NOT NULL",
                                         "isfinite($1) AND isfinite($2)"};
    HR_TRY(spread_text(c, &of_two, c->call->call.args.at[2]->literal->integer, &text));
    hr_buf_adds(out, text);
    return HR_OK;
}

enum hr_code hr_emit_pandas_skewness(struct call_text *c, struct hr_buf *out)
{
    return hr_list_kernel(c, "pandas_skewness", hr_type_basic(HR_TYPE_DOUBLE), out);
}

enum hr_code hr_emit_pandas_kurtosis(struct call_text *c, struct hr_buf *out)
{
    return hr_list_kernel(c, "pandas_kurtosis", hr_type_basic(HR_TYPE_DOUBLE), out);
}

/* the values that come most often; boxed, so that null is a value where it takes part */
enum hr_code hr_emit_pandas_mode(struct call_text *c, struct hr_buf *out)
{
    bool without_null = c->call->call.args.at[1]->literal->boolean;
    const char *counts;
    HR_TRY(hr_aggregate_text(c,
                             without_null ? "{histogram(struct_pack(v := $1))~$1 IS NOT NULL}"
                                          : "{histogram(struct_pack(v := $1))}",
                             &counts));
    int id = ++c->e->next_table;
    hr_buf_addf(
        out,
        "coalesce(list_transform(list_filter(map_entries(%s), lambda m%d: m%d.value = list_max(map_values(%s))), lambda m%d: m%d.key.v), [])",
        counts, id, id, counts, id, id);
    return HR_OK;
}

enum hr_code hr_emit_top_k(struct call_text *c, struct hr_buf *out)
{
    bool least = c->call->call.args.at[2]->literal->boolean;
    const char *list;
    HR_TRY(hr_aggregate_text(c, "{list($1)~$1 IS NOT NULL}", &list));
    hr_buf_addf(out, "coalesce(list_slice(list_sort(%s, '%s'), 1, %lld), [])", list,
                least ? "ASC" : "DESC", (long long)c->call->call.args.at[1]->literal->integer);
    return HR_OK;
}
