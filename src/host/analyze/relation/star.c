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

struct hr_expr *hr_bind_attr(struct analysis *a, const struct hr_attr *attr)
{
    struct bound_attr *bound = NEW(a, struct bound_attr);
    bound->expr.kind = HR_EXPR_LAMBDA_VARIABLE;
    bound->attr = attr;
    return &bound->expr;
}

static enum hr_code push_attribute(struct scope *s,
                                   struct hr_exprs *out,
                                   size_t *cap,
                                   const struct hr_attr *attr)
{
    return push(s, out, cap, hr_bind_attr(s->a, attr));
}

/* ---- EXCEPT: columns, and fields of structs ---- */

/* one of the list, found: a column, and the path of a field in it, "" for all of it */
struct excluded {
    const struct hr_attr *attr;
    const char *path;
};
struct exclusion {
    struct excluded *at;
    size_t count;
};

static const char *path_of(struct analysis *a,
                           const struct hr_texpr *expr,
                           const struct hr_attr **attr)
{
    if (expr->kind == HR_T_FIELD) {
        const char *outer = path_of(a, expr->field.child, attr);
        return outer ? hr_printf(a->arena, "%s%s%s", outer, *outer ? "." : "", expr->field.name)
                     : NULL;
    }
    *attr = expr->kind == HR_T_COLUMN ? expr->column.attr : NULL;
    return *attr ? "" : NULL;
}

static bool is_inside(const char *path, const char *outer)
{
    size_t len = strlen(outer);
    return !len || (!strncmp(path, outer, len) && (!path[len] || path[len] == '.'));
}

static const char *as_written(struct analysis *a, const struct hr_exprs *list)
{
    const char *text = "";
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < list->at[i]->attribute.name.count; k++)
            text = hr_printf(a->arena, "%s%s%s", text,
                             k   ? "."
                             : i ? ", "
                                 : "",
                             list->at[i]->attribute.name.at[k]);
    return text;
}

/* base: the struct whose fields a star stands for, where the names begin; else NULL */
static enum hr_code find_excluded(struct scope *s,
                                  const struct hr_expr *star,
                                  const struct hr_names *base,
                                  struct exclusion *out)
{
    struct analysis *a = s->a;
    const struct hr_exprs *except = &star->star.except;
    *out = (struct exclusion){ARRAY(a, struct excluded, except->count), except->count};
    for (size_t i = 0; i < except->count; i++) {
        struct hr_texpr *found = NULL;
        struct hr_expr *name = hr_expr_new(a->arena, HR_EXPR_ATTRIBUTE);
        if (except->at[i]->kind != HR_EXPR_ATTRIBUTE)
            return hr_refuse(a->err, "EXCEPT of something else than columns");
        *name = *except->at[i];
        if (base) {
            struct hr_names *full = &name->attribute.name, own = except->at[i]->attribute.name;
            *full = (struct hr_names){ARRAY(a, const char *, base->count + own.count),
                                      base->count + own.count};
            memcpy(full->at, base->at, base->count * sizeof *base->at);
            memcpy(full->at + base->count, own.at, own.count * sizeof *own.at);
        }
        HR_TRY(hr_find_attribute(s, name, &found));
        out->at[i].path = found ? path_of(a, found, &out->at[i].attr) : NULL;
        if (!out->at[i].path)
            return hr_unresolved_column(s, &except->at[i]->attribute.name);
        for (size_t k = 0; k < i; k++)
            if (out->at[k].attr->id == out->at[i].attr->id &&
                (is_inside(out->at[k].path, out->at[i].path) ||
                 is_inside(out->at[i].path, out->at[k].path)))
                return hr_fail_spark(a->err, "EXCEPT_OVERLAPPING_COLUMNS", "columns",
                                     as_written(a, except), NULL);
    }
    return HR_OK;
}

/* the column, or what is left of it; *out is NULL when nothing is */
static struct hr_expr *left_of(struct analysis *a,
                               const struct exclusion *excluded,
                               const struct hr_attr *attr,
                               const char *prefix,
                               struct hr_expr *column)
{
    struct hr_expr *left = column;
    for (size_t i = 0; i < excluded->count; i++) {
        const struct excluded *one = &excluded->at[i];
        if (one->attr->id != attr->id || !is_inside(one->path, prefix))
            continue;
        const char *inner = one->path + strlen(prefix) + (*prefix && one->path[strlen(prefix)]);
        if (!*inner)
            return NULL;
        struct hr_expr *update = hr_expr_new(a->arena, HR_EXPR_UPDATE_FIELD);
        update->update.child = left;
        update->update.field = inner;
        left = update;
    }
    return left;
}

static struct hr_expr *named_as(struct analysis *a, struct hr_expr *expr, const char *name)
{
    struct hr_expr *alias = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    alias->alias.child = expr;
    alias->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
    alias->alias.names.at[0] = name;
    return alias;
}

static bool star_covers(struct scope *s, const struct hr_attr *attr, const struct hr_names *target)
{
    if (!target->count)
        return !attr->hidden;
    if (attr->qualifier.count < target->count)
        return false;
    for (size_t i = 0; i < target->count; i++)
        if (!hr_same_name(s->a, attr->qualifier.at[attr->qualifier.count - target->count + i],
                          target->at[i]))
            return false;
    return true;
}

static enum hr_code expand_struct_star(struct scope *s,
                                       const struct hr_expr *star,
                                       struct hr_exprs *out,
                                       size_t *cap)
{
    struct hr_expr *name = hr_expr_new(s->a->arena, HR_EXPR_ATTRIBUTE);
    struct hr_texpr *found = NULL;
    name->attribute.name = star->star.target;
    /* noted for the field's name; nothing else reads it here */
    name->attribute.is_metadata = true;
    HR_TRY(hr_find_attribute(s, name, &found));
    if (!found || found->type->id != HR_TYPE_STRUCT) {
        return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_STAR_EXPAND", "targetString",
                             hr_quoted(s->a, &star->star.target), "columns", "", NULL);
    }
    struct exclusion excluded;
    const struct hr_attr *attr = NULL;
    HR_TRY(find_excluded(s, star, &star->star.target, &excluded));
    const char *base = path_of(s->a, found, &attr);
    for (size_t i = 0; i < found->type->field_count; i++) {
        const char *field_name = found->type->fields[i].name;
        struct hr_expr *field = hr_expr_new(s->a->arena, HR_EXPR_EXTRACT), *left = field;
        field->extract.child = name;
        field->extract.extraction = hr_expr_string(s->a->arena, field_name);
        if (excluded.count)
            left = left_of(s->a, &excluded, attr,
                           hr_printf(s->a->arena, "%s%s%s", base, *base ? "." : "", field_name),
                           field);
        if (left)
            push(s, out, cap, left == field ? field : named_as(s->a, left, field_name));
    }
    return HR_OK;
}

static enum hr_code expand_star(struct scope *s,
                                const struct hr_expr *star,
                                struct hr_exprs *out,
                                size_t *cap)
{
    if (star->star.plan_id != HR_NO_PLAN_ID) {
        struct planned planned = {.count = 0};
        for (size_t k = 0; k < s->input_count; k++)
            HR_TRY(hr_find_by_plan_id(s->a, s->inputs[k], star->star.plan_id, &planned));
        if (!planned.count)
            return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_DATAFRAME_COLUMN", "name", "\"*\"",
                                 NULL);
        const struct hr_attrs *output = &planned.at[0];
        for (size_t i = 0; i < output->count; i++)
            if (!output->at[i]->hidden)
                push_attribute(s, out, cap, output->at[i]);
        return HR_OK;
    }
    size_t covered = 0;
    for (size_t k = 0; k < s->input_count; k++)
        for (size_t i = 0; i < s->inputs[k]->output.count; i++)
            covered += star_covers(s, s->inputs[k]->output.at[i], &star->star.target);
    if (!covered && star->star.target.count)
        return expand_struct_star(s, star, out, cap);
    struct exclusion excluded;
    HR_TRY(find_excluded(s, star, NULL, &excluded));
    for (size_t k = 0; k < s->input_count; k++)
        for (int hidden = 1; hidden >= 0;
             hidden--) /* t.* after USING: the key that the join hid comes first */
            for (size_t i = 0; i < s->inputs[k]->output.count; i++) {
                const struct hr_attr *attr = s->inputs[k]->output.at[i];
                if (attr->hidden != hidden || !star_covers(s, attr, &star->star.target))
                    continue;
                struct hr_expr *column = hr_bind_attr(s->a, attr),
                               *left = left_of(s->a, &excluded, attr, "", column);
                if (left)
                    push(s, out, cap, left == column ? column : named_as(s->a, left, attr->name));
            }
    return HR_OK;
}

static enum hr_code expand_regex(struct scope *s,
                                 const struct hr_expr *expr,
                                 struct hr_exprs *out,
                                 size_t *cap)
{
    const char *pattern = expr->regex.pattern;
    size_t len = strlen(pattern);
    if (len > 1 && pattern[0] == '`' && pattern[len - 1] == '`')
        pattern = hr_strndup(s->a->arena, pattern + 1, len - 2);
    regex_t regex;
    const char *anchored = hr_printf(s->a->arena, "^(%s)$", pattern);
    if (regcomp(&regex, anchored,
                REG_EXTENDED | REG_NOSUB | (s->a->case_sensitive ? 0 : REG_ICASE)))
        return hr_fail(s->a->err, HR_E_INVALID, "invalid regular expression '%s'", pattern);
    for (size_t k = 0; k < s->input_count; k++)
        for (size_t i = 0; i < s->inputs[k]->output.count; i++)
            if (!s->inputs[k]->output.at[i]->hidden &&
                !regexec(&regex, s->inputs[k]->output.at[i]->name, 0, NULL, 0))
                push_attribute(s, out, cap, s->inputs[k]->output.at[i]);
    regfree(&regex);
    return HR_OK;
}

enum hr_code hr_parse_text(struct scope *s, const struct hr_expr *text, struct hr_expr **out)
{
    if (!s->a->env->ops->parse_expr)
        return hr_refuse(s->a->err, "SQL text of an expression needs the SQL parser");
    return s->a->env->ops->parse_expr(s->a->env, s->a->arena, text->text.sql, out, s->a->err);
}

enum hr_code hr_expand_list(struct scope *s, const struct hr_exprs *list, struct hr_exprs *out)
{
    size_t cap = 0;
    *out = (struct hr_exprs){0};
    for (size_t i = 0; i < list->count; i++) {
        struct hr_expr *expr = list->at[i];
        if (expr->kind == HR_EXPR_TEXT)
            HR_TRY(hr_parse_text(s, expr, &expr));
        if (expr->kind == HR_EXPR_STAR)
            HR_TRY(expand_star(s, expr, out, &cap));
        else if (expr->kind == HR_EXPR_REGEX)
            HR_TRY(expand_regex(s, expr, out, &cap));
        else
            push(s, out, &cap, expr);
    }
    return HR_OK;
}
