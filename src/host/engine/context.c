/* The query context of a failure at run time. The engine's error says what failed, not which
 * expression; where only one expression of the plan can have failed so, its place in the text, or
 * its call site, is told. Where several can, none is: a wrong place is worse than none. */
#include "host/engine/internal.h"
#include "host/plan/origin.h"
#include <jansson.h>

struct suspects {
    const struct hr_err *err;
    /* of casts: the types as the message names them, with their quotes */
    const char *from, *to;
    /* of overflows: the function that the message proposes, or "" */
    const char *try;
    const struct hr_origin *around, *found;
    bool any, many;
};

static bool is_condition(const struct hr_err *err, const char *name)
{
    return !strncmp(err->condition, name, strlen(name));
}

static bool names_type(const char *quoted, const struct hr_type *type)
{
    struct hr_buf text;
    hr_buf_init(&text, HR_BUF_GROWS);
    hr_buf_addc(&text, '"');
    hr_type_sql(type, &text);
    hr_buf_addc(&text, '"');
    bool same = !strcmp(hr_buf_text(&text), quoted);
    hr_buf_release(&text);
    return same;
}

static bool cast_suspected(const struct suspects *s, const struct hr_texpr *cast)
{
    if (is_condition(s->err, "CAST_") || is_condition(s->err, "NUMERIC_VALUE_OUT_OF_RANGE"))
        return cast->cast.mode != HR_CAST_TRY &&
               (!*s->from || names_type(s->from, cast->cast.child->type)) &&
               (!*s->to || names_type(s->to, cast->type));
    return false;
}

static bool call_suspected(const struct suspects *s, const struct hr_function *function)
{
    static const struct {
        const char *condition, *emit;
    } rows[] = {
        {"DIVIDE_BY_ZERO", "!divide"},
        {"DIVIDE_BY_ZERO", "!int_divide"},
        {"DIVIDE_BY_ZERO", "!remainder"},
        {"DIVIDE_BY_ZERO", "!pmod"},
        {"REMAINDER_BY_ZERO", "!remainder"},
        {"REMAINDER_BY_ZERO", "!pmod"},
        {"INVALID_ARRAY_INDEX", "!array_item"},
        {"INVALID_ARRAY_INDEX", "!element_at"},
        {"ARITHMETIC_OVERFLOW", "!negate"},
        {"ARITHMETIC_OVERFLOW", "!absolute"},
        {"ARITHMETIC_OVERFLOW", "!int_divide"},
        {"ARITHMETIC_OVERFLOW", "!sum"},
        {"NUMERIC_VALUE_OUT_OF_RANGE", "!arithmetic"},
        {"NUMERIC_VALUE_OUT_OF_RANGE", "!divide"},
        {"NUMERIC_VALUE_OUT_OF_RANGE", "!remainder"},
    };
    static const struct {
        const char *try, *name;
    } tries[] = {{"try_add", "+"}, {"try_subtract", "-"}, {"try_multiply", "*"}};
    if (!function->emit)
        return false;
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (is_condition(s->err, rows[i].condition) && !strcmp(function->emit, rows[i].emit))
            return true;
    if (!is_condition(s->err, "ARITHMETIC_OVERFLOW") &&
        !is_condition(s->err, "BINARY_ARITHMETIC_OVERFLOW"))
        return false;
    for (size_t i = 0; i < HR_LEN(tries); i++)
        if (strstr(s->try, tries[i].try))
            return hr_function_is(function, tries[i].name);
    return !strcmp(function->emit, "!arithmetic");
}

static bool same_origin(const struct hr_origin *x, const struct hr_origin *y)
{
    if (x == y || !x || !y)
        return x == y;
    return x->sql && y->sql
               ? x->sql == y->sql && x->start == y->start && x->stop == y->stop
               : !x->sql &&
                     !y->sql &&
                     !strcmp(x->fragment ? x->fragment : "", y->fragment ? y->fragment : "") &&
                     !strcmp(x->call_site ? x->call_site : "", y->call_site ? y->call_site : "");
}

static enum hr_code visit(void *arg, struct hr_texpr **place)
{
    struct suspects *s = arg;
    struct hr_texpr *expr = *place;
    const struct hr_origin *around = s->around;
    if (expr->origin)
        s->around = expr->origin;
    bool suspected = expr->kind == HR_T_CAST
                         ? cast_suspected(s, expr)
                         : expr->kind == HR_T_CALL && call_suspected(s, expr->call.function);
    if (suspected) {
        /* Spark gives sums no place */
        bool aggregate = expr->kind == HR_T_CALL && (expr->call.function->flags & HR_F_AGGREGATE);
        const struct hr_origin *origin = aggregate ? NULL : s->around;
        s->many = s->many || (s->any && !same_origin(origin, s->found));
        s->any = true;
        s->found = origin;
    }
    if (expr->kind == HR_T_SUBQUERY)
        hr_node_each_expr(expr->subquery.plan, visit, s);
    hr_texpr_each(expr, visit, s);
    s->around = around;
    return HR_OK;
}

static const char *text_of(const json_t *params, const char *name)
{
    const char *text = json_string_value(json_object_get(params, name));
    return text ? text : "";
}

void hr_engine_context(const struct hr_typed *typed, struct hr_err *err)
{
    if (err->code != HR_E_SPARK || err->context[0])
        return;
    json_t *params = json_loads(*err->params ? err->params : "{}", 0, NULL);
    struct suspects s = {.err = err,
                         .from = text_of(params, "sourceType"),
                         .to = text_of(params, "targetType"),
                         .try = text_of(params, "alternative")};
    if (!*s.try)
        s.try = text_of(params, "functionName");
    hr_node_each_expr(typed->node, visit, &s);
    if (s.any && !s.many)
        hr_origin_context(err, s.found);
    json_decref(params);
}
