/* Subqueries in expressions. */
#include "host/analyze/internal.h"

/* ---- subqueries ---- */

static const struct hr_rel *referenced(struct analysis *a, int64_t plan_id)
{
    for (struct reference_scope *r = a->references; r; r = r->outer)
        if (r->plan_id == plan_id)
            return r->rel;
    return NULL;
}

static enum hr_code in_subquery(struct scope *s, struct hr_texpr *out)
{
    struct analysis *a = s->a;
    struct hr_attrs *columns = &out->subquery.plan->output;
    if (columns->count != out->subquery.values.count)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "sqlExpr",
                             hr_expr_sql(a, out), "leftLength",
                             hr_printf(a->arena, "%zu", out->subquery.values.count), "rightLength",
                             hr_printf(a->arena, "%zu", columns->count), NULL);
    const struct hr_type **types = ARRAY(a, const struct hr_type *, columns->count);
    for (size_t i = 0; i < columns->count; i++) {
        struct hr_texpr *value = out->subquery.values.at[i];
        types[i] = hr_wider_type(a, value->type, columns->at[i]->type);
        if (!types[i])
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
                                 "sqlExpr", hr_expr_sql(a, out), "mismatchedColumns", "",
                                 "leftType", hr_type_quoted(a, value->type), "rightType",
                                 hr_type_quoted(a, columns->at[i]->type), NULL);
        out->subquery.values.at[i] = hr_cast_implicit(a, value, types[i]);
        out->nullable = out->nullable || value->nullable || columns->at[i]->nullable;
    }
    return hr_cast_output(a, out->subquery.plan, types, &out->subquery.plan);
}

enum hr_code hr_resolve_subquery(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_rel *rel =
        expr->subquery.plan ? expr->subquery.plan : referenced(a, expr->subquery.plan_id);
    if (!rel)
        return hr_fail(a->err, HR_E_INVALID, "subquery refers to a plan that was not sent");
    if (expr->subquery.kind == HR_SUBQUERY_TABLE_ARG)
        return hr_refuse(a->err, "table argument of a function");
    struct hr_texpr *result = hr_texpr_new(a, HR_T_SUBQUERY, BASIC(BOOLEAN), false);
    result->origin = expr->origin;
    result->subquery.kind = expr->subquery.kind;
    result->subquery.written = expr;
    result->subquery.values = (struct hr_texprs){
        ARRAY(a, struct hr_texpr *, expr->subquery.values.count), expr->subquery.values.count};
    for (size_t i = 0; i < expr->subquery.values.count; i++)
        HR_TRY(hr_resolve_expr(s, expr->subquery.values.at[i], &result->subquery.values.at[i]));
    struct scope *before = a->outer;
    a->outer = s;
    enum hr_code code = hr_resolve_rel(a, rel, &result->subquery.plan);
    a->outer = before;
    HR_TRY(code);
    *out = result;
    if (expr->subquery.kind == HR_SUBQUERY_IN)
        return in_subquery(s, result);
    if (expr->subquery.kind == HR_SUBQUERY_EXISTS)
        return HR_OK;
    size_t visible = 0;
    const struct hr_attr *only = NULL;
    for (size_t i = 0; i < result->subquery.plan->output.count; i++)
        if (!result->subquery.plan->output.at[i]->hidden) {
            only = result->subquery.plan->output.at[i];
            visible++;
        }
    if (visible != 1)
        return hr_fail_spark(
            a->err,
            "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
            "number", hr_printf(a->arena, "%zu", visible), NULL);
    result->type = only->type;
    result->nullable = true;
    return HR_OK;
}
