/* Stars and regular expressions among a select list. */
#include "host/analyze/internal.h"
#include <regex.h>

/* ---- stars and regexes ---- */

static enum hr_code push(struct scope *s, struct hr_exprs *out, size_t *cap, struct hr_expr *expr)
{
    if (out->count == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        struct hr_expr **grown = ARRAY(s->a, struct hr_expr *, more);
        if (out->count)
            memcpy(grown, out->at, out->count * sizeof *grown);
        out->at = grown;
        *cap = more;
    }
    out->at[out->count++] = expr;
    return HR_OK;
}

struct hr_expr *bind_attr(struct analysis *a, const struct hr_attr *attr)
{
    struct bound_attr *bound = NEW(a, struct bound_attr);
    bound->expr.kind = HR_EXPR_LAMBDA_VARIABLE;
    bound->attr = attr;
    return &bound->expr;
}

static enum hr_code push_attribute(struct scope *s, struct hr_exprs *out, size_t *cap, const struct hr_attr *attr)
{
    return push(s, out, cap, bind_attr(s->a, attr));
}

static bool excepted(struct scope *s, const struct hr_exprs *except, const struct hr_attr *attr)
{
    for (size_t i = 0; i < except->count; i++)
        if (except->at[i]->kind == HR_EXPR_ATTRIBUTE &&
            same_name(s->a, except->at[i]->attribute.name.at[except->at[i]->attribute.name.count - 1], attr->name))
            return true;
    return false;
}

static bool star_covers(struct scope *s, const struct hr_attr *attr, const struct hr_names *target)
{
    if (!target->count)
        return !attr->hidden;
    if (attr->qualifier.count < target->count)
        return false;
    for (size_t i = 0; i < target->count; i++)
        if (!same_name(s->a, attr->qualifier.at[attr->qualifier.count - target->count + i], target->at[i]))
            return false;
    return true;
}

static enum hr_code expand_struct_star(struct scope *s, const struct hr_expr *star, struct hr_exprs *out, size_t *cap)
{
    struct hr_expr *name = hr_expr_new(s->a->arena, HR_EXPR_ATTRIBUTE);
    struct hr_texpr *found = NULL;
    name->attribute.name = star->star.target;
    name->attribute.is_metadata = true;                      /* noted for the field's name; nothing else reads it here */
    HR_TRY(find_attribute(s, name, &found));
    if (!found || found->type->id != HR_TYPE_STRUCT) {
        return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_STAR_EXPAND", "targetString", quoted(s->a, &star->star.target), "columns", "", NULL);
    }
    for (size_t i = 0; i < found->type->field_count; i++) {
        struct hr_expr *field = hr_expr_new(s->a->arena, HR_EXPR_EXTRACT);
        field->extract.child = name;
        field->extract.extraction = hr_expr_string(s->a->arena, found->type->fields[i].name);
        push(s, out, cap, field);
    }
    return HR_OK;
}

static enum hr_code expand_star(struct scope *s, const struct hr_expr *star, struct hr_exprs *out, size_t *cap)
{
    size_t before = out->count;
    if (star->star.plan_id != HR_NO_PLAN_ID) {
        struct hr_attrs outputs[16];
        size_t found = 0;
        for (size_t k = 0; k < s->input_count; k++)
            HR_TRY(find_by_plan_id(s->a, s->inputs[k], star->star.plan_id, outputs, &found));
        if (!found)
            return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_DATAFRAME_COLUMN", "name", "\"*\"", NULL);
        for (size_t i = 0; i < outputs[0].count; i++)
            if (!outputs[0].at[i]->hidden)
                push_attribute(s, out, cap, outputs[0].at[i]);
        return HR_OK;
    }
    for (size_t k = 0; k < s->input_count; k++)
        for (int hidden = 1; hidden >= 0; hidden--)          /* t.* after USING: the key that the join hid comes first */
            for (size_t i = 0; i < s->inputs[k]->output.count; i++) {
                const struct hr_attr *attr = s->inputs[k]->output.at[i];
                if (attr->hidden == hidden && star_covers(s, attr, &star->star.target) && !excepted(s, &star->star.except, attr))
                    push_attribute(s, out, cap, attr);
            }
    if (out->count == before && star->star.target.count && !star->star.except.count)
        return expand_struct_star(s, star, out, cap);
    return HR_OK;
}

static enum hr_code expand_regex(struct scope *s, const struct hr_expr *expr, struct hr_exprs *out, size_t *cap)
{
    const char *pattern = expr->regex.pattern;
    size_t len = strlen(pattern);
    if (len > 1 && pattern[0] == '`' && pattern[len - 1] == '`')
        pattern = hr_strndup(s->a->arena, pattern + 1, len - 2);
    regex_t regex;
    const char *anchored = hr_printf(s->a->arena, "^(%s)$", pattern);
    if (regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB | (s->a->case_sensitive ? 0 : REG_ICASE)))
        return hr_fail(s->a->err, HR_E_INVALID, "invalid regular expression '%s'", pattern);
    for (size_t k = 0; k < s->input_count; k++)
        for (size_t i = 0; i < s->inputs[k]->output.count; i++)
            if (!s->inputs[k]->output.at[i]->hidden && !regexec(&regex, s->inputs[k]->output.at[i]->name, 0, NULL, 0))
                push_attribute(s, out, cap, s->inputs[k]->output.at[i]);
    regfree(&regex);
    return HR_OK;
}

enum hr_code parse_text(struct scope *s, const struct hr_expr *text, struct hr_expr **out)
{
    if (!s->a->env->ops->parse_expr)
        return hr_fail(s->a->err, HR_E_UNSUPPORTED, "SQL text of an expression needs the SQL parser");
    return s->a->env->ops->parse_expr(s->a->env, s->a->arena, text->text.sql, out, s->a->err);
}

enum hr_code expand_list(struct scope *s, const struct hr_exprs *list, struct hr_exprs *out)
{
    size_t cap = 0;
    *out = (struct hr_exprs){0};
    for (size_t i = 0; i < list->count; i++) {
        struct hr_expr *expr = list->at[i];
        if (expr->kind == HR_EXPR_TEXT)
            HR_TRY(parse_text(s, expr, &expr));
        if (expr->kind == HR_EXPR_STAR)
            HR_TRY(expand_star(s, expr, out, &cap));
        else if (expr->kind == HR_EXPR_REGEX)
            HR_TRY(expand_regex(s, expr, out, &cap));
        else
            push(s, out, &cap, expr);
    }
    return HR_OK;
}
