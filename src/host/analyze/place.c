/* What may stand where: aggregates, windows and subqueries in clauses, in FILTER and in lambdas. */
#include "host/analyze/internal.h"

/* ---- clauses that compute nothing of their own ---- */

static bool is_special(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_WINDOW ||
           (expr->kind == HR_T_CALL && (expr->call.function->flags & HR_F_AGGREGATE));
}

struct noted {
    struct analysis *a;
    const char *list;
};

static enum hr_code note_special(void *arg, struct hr_texpr **child)
{
    struct noted *noted = arg;
    if (is_special(*child))
        noted->list = hr_printf(noted->a->arena, "%s%s%s", noted->list, *noted->list ? ", " : "",
                                hr_expr_sql(noted->a, *child));
    return hr_texpr_each(*child, note_special, arg);
}

enum hr_code hr_check_operator(struct analysis *a, struct hr_texpr *expr)
{
    struct noted noted = {a, ""};
    HR_TRY(note_special(&noted, &expr));
    return *noted.list ? hr_fail_spark(a->err, "UNSUPPORTED_EXPR_FOR_OPERATOR", "invalidExprSqls",
                                       noted.list, NULL)
                       : HR_OK;
}

/* of a join, which may evaluate its condition for any pair of rows, as often as it likes */
enum hr_code hr_check_deterministic(struct analysis *a, const struct hr_texpr *condition)
{
    if (!hr_has_kind(condition, HR_F_VOLATILE))
        return HR_OK;
    return hr_fail_spark(a->err, "INVALID_NON_DETERMINISTIC_EXPRESSIONS", "sqlExprs",
                         hr_expr_sql(a, condition), NULL);
}

enum hr_code hr_check_no_window(struct analysis *a,
                                const struct hr_texpr *condition,
                                const char *clause)
{
    if (!hr_has_kind(condition, HR_F_WINDOW))
        return HR_OK;
    return hr_fail_spark(a->err, "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", "clauseName", clause,
                         NULL);
}

static enum hr_code find_inner_aggregate(void *arg, struct hr_texpr **child)
{
    bool *found = arg;
    *found = *found ||
             ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & HR_F_AGGREGATE));
    return hr_texpr_each(*child, find_inner_aggregate, arg);
}

/* an aggregate with OVER counts here: a group is found before any window is */
enum hr_code hr_check_group(struct analysis *a, struct hr_texpr *group)
{
    bool aggregate = false;
    HR_TRY(find_inner_aggregate(&aggregate, &group));
    if (aggregate)
        return hr_fail_spark(a->err, "GROUP_BY_AGGREGATE", "sqlExpr", hr_qualified_name(a, group),
                             NULL);
    return hr_check_operator(a, group);
}

/* ---- FILTER (WHERE …) ---- */

enum hr_code hr_aggregate_filter(struct scope *s,
                                 const struct hr_expr *filter,
                                 struct hr_texpr **out)
{
    struct analysis *a = s->a;
    HR_TRY(hr_resolve_expr(s, filter, out));
    const struct hr_texpr *aggregate = hr_find_kind(*out, HR_F_AGGREGATE),
                          *window = hr_find_kind(*out, HR_F_WINDOW);
    if (hr_has_kind(*out, HR_F_VOLATILE))
        return hr_fail_spark(a->err, "INVALID_AGGREGATE_FILTER.NON_DETERMINISTIC", "filterExpr",
                             hr_expr_sql(a, *out), NULL);
    if ((*out)->type->id != HR_TYPE_BOOLEAN)
        return hr_fail_spark(a->err, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", "filterExpr",
                             hr_expr_sql(a, *out), NULL);
    if (aggregate)
        return hr_fail_spark(a->err, "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE", "filterExpr",
                             hr_expr_sql(a, *out), "aggExpr", hr_expr_sql(a, aggregate), NULL);
    if (window)
        return hr_fail_spark(a->err, "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION",
                             "filterExpr", hr_expr_sql(a, *out), "windowExpr",
                             hr_expr_sql(a, window), NULL);
    return HR_OK;
}

/* ---- lambdas ---- */

enum hr_code hr_check_higher_order(struct analysis *a, struct hr_texpr *call)
{
    if (!hr_has_subquery(call))
        return HR_OK;
    return hr_fail_spark(a->err, "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.HIGHER_ORDER_FUNCTION",
                         NULL);
}

struct using {
    const struct hr_texpr *lambda;
    const struct hr_attr *used;
};

static enum hr_code find_param(void *arg, struct hr_texpr **child)
{
    struct using *using = arg;
    for (size_t i = 0; (*child)->kind == HR_T_VARIABLE && i < using->lambda->lambda.count; i++)
        if ((*child)->variable.attr == using->lambda->lambda.params[i])
            using->used = using->lambda->lambda.params[i];
    return hr_texpr_each(*child, find_param, arg);
}

struct body {
    struct scope *s;
    const struct hr_texpr *lambda;
};

/* A window and an aggregate are computed once a row, outside of the lambda: what a parameter is,
 * they cannot know. */
static enum hr_code check_in_body(void *arg, struct hr_texpr **child)
{
    struct body *body = arg;
    struct analysis *a = body->s->a;
    struct using using = {body->lambda, NULL};
    if (!is_special(*child))
        return hr_texpr_each(*child, check_in_body, arg);
    HR_TRY(find_param(&using, child));
    if (!using.used)
        return HR_OK;
    if ((*child)->kind == HR_T_CALL)
        return hr_refuse(a->err, "an aggregate of a lambda's parameter, %s",
                         hr_expr_sql(a, *child));
    const char *input = "";
    for (size_t k = 0; k < body->s->input_count; k++)
        for (size_t i = 0; i < body->s->inputs[k]->output.count; i++)
            input = hr_printf(a->arena, "%s%s\"%s\"", input, *input ? ", " : "",
                              body->s->inputs[k]->output.at[i]->name);
    return hr_fail_spark(a->err, "MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT",
                         "missingAttributes", hr_printf(a->arena, "\"%s\"", using.used->name),
                         "input", input, "operator",
                         hr_printf(a->arena, "!Project [lambda %s]", using.used->name), NULL);
}

enum hr_code hr_check_lambda(struct scope *s, struct hr_texpr *lambda)
{
    struct body body = {s, lambda};
    return check_in_body(&body, &lambda->lambda.body);
}
