#include "host/plan/plan.h"
#include <stdarg.h>
#include <string.h>
#include <strings.h>

const char *hr_option_get(const struct hr_options *options, const char *key)
{
    for (size_t i = options->count; i-- > 0;)
        if (!strcasecmp(options->at[i].key, key))
            return options->at[i].value;
    return NULL;
}

struct hr_expr *hr_expr_new(struct hr_arena *arena, enum hr_expr_kind kind)
{
    struct hr_expr *expr = HR_NEW(arena, struct hr_expr);
    expr->kind = kind;
    if (kind == HR_EXPR_ATTRIBUTE)
        expr->attribute.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_STAR)
        expr->star.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_REGEX)
        expr->regex.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_SUBQUERY)
        expr->subquery.plan_id = HR_NO_PLAN_ID;
    return expr;
}

struct hr_rel *hr_rel_new(struct hr_arena *arena, enum hr_rel_kind kind, struct hr_rel *input)
{
    struct hr_rel *rel = HR_NEW(arena, struct hr_rel);
    rel->kind = kind;
    rel->plan_id = HR_NO_PLAN_ID;
    rel->input = input;
    return rel;
}

struct hr_expr *hr_expr_call(struct hr_arena *arena, const char *name, size_t count, ...)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_CALL);
    expr->call.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    expr->call.name.at[0] = name;
    expr->call.args = (struct hr_exprs){HR_NEW_ARRAY(arena, struct hr_expr *, count), count};
    va_list args;
    va_start(args, count);
    for (size_t i = 0; i < count; i++)
        expr->call.args.at[i] = va_arg(args, struct hr_expr *);
    va_end(args);
    return expr;
}

struct hr_expr *hr_expr_attribute(struct hr_arena *arena, const char *name)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_ATTRIBUTE);
    expr->attribute.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    expr->attribute.name.at[0] = name;
    return expr;
}

static struct hr_expr *literal(struct hr_arena *arena, const struct hr_type *type)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_LITERAL);
    expr->literal = HR_NEW(arena, struct hr_literal);
    expr->literal->type = type;
    return expr;
}

struct hr_expr *hr_expr_string(struct hr_arena *arena, const char *text)
{
    struct hr_expr *expr = literal(arena, hr_type_basic(HR_TYPE_STRING));
    expr->literal->text.bytes = text;
    expr->literal->text.len = strlen(text);
    return expr;
}

struct hr_expr *hr_expr_integer(struct hr_arena *arena, const struct hr_type *type, int64_t value)
{
    struct hr_expr *expr = literal(arena, type);
    expr->literal->integer = value;
    return expr;
}
