/* Expressions: unresolved to typed. */
#include "host/analyze/internal.h"
#include "base/limits.h"
#include "host/plan/origin.h"

/* ---- names without parentheses that are functions ---- */

static const char *const bare_functions[] = {
    "current_date",     "current_timestamp", "current_user",   "current_catalog",
    "current_database", "current_schema",    "localtimestamp", "user",
    "session_user",     "current_time",      "grouping__id"};

static enum hr_code resolve_attribute(struct scope *s,
                                      const struct hr_expr *expr,
                                      struct hr_texpr **out)
{
    HR_TRY(hr_find_attribute(s, expr, out));
    if (*out)
        return HR_OK;
    const struct hr_names *name = &expr->attribute.name;
    if (expr->attribute.plan_id != HR_NO_PLAN_ID)
        return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_DATAFRAME_COLUMN", "name",
                             hr_printf(s->a->arena, "\"%s\"", name->at[name->count - 1]), NULL);
    for (size_t i = 0; name->count == 1 && i < HR_LEN(bare_functions); i++)
        if (!strcasecmp(name->at[0], bare_functions[i]))
            return hr_call_typed(s, bare_functions[i], NULL, 0, out);
    return hr_unresolved_column(s, name);
}

/* ---- extraction ---- */

static enum hr_code extract_field(struct scope *s,
                                  struct hr_texpr *child,
                                  const struct hr_type *type,
                                  const char *name,
                                  size_t *index)
{
    struct analysis *a = s->a;
    size_t count = 0;
    const char *list = "";
    for (size_t i = 0; i < type->field_count; i++) {
        if (hr_same_name(a, type->fields[i].name, name)) {
            *index = i;
            count++;
        }
        list =
            hr_printf(a->arena, "%s%s%s", list, i ? ", " : "", hr_quote(a, type->fields[i].name));
    }
    (void)child;
    if (count > 1)
        return hr_fail_spark(a->err, "AMBIGUOUS_REFERENCE_TO_FIELDS", "field", hr_quote(a, name),
                             "count", hr_printf(a->arena, "%zu", count), NULL);
    if (!count)
        return hr_fail_spark(a->err, "FIELD_NOT_FOUND", "fieldName", hr_quote(a, name), "fields",
                             list, NULL);
    return HR_OK;
}

enum hr_code hr_extract_value(struct scope *s,
                              struct hr_texpr *child,
                              struct hr_texpr *extraction,
                              struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_type *type = child->type;
    bool literal = extraction->kind == HR_T_LITERAL &&
                   hr_is_string(extraction->type) &&
                   !extraction->literal->is_null;
    size_t index;
    if (type->id == HR_TYPE_STRUCT && literal) {
        const char *name =
            hr_strndup(a->arena, extraction->literal->text.bytes, extraction->literal->text.len);
        HR_TRY(extract_field(s, child, type, name, &index));
        *out = hr_texpr_new(a, HR_T_FIELD, type->fields[index].type,
                            child->nullable || type->fields[index].nullable);
        (*out)->field.child = child;
        (*out)->field.index = index;
        (*out)->field.name = name;
        return HR_OK;
    }
    if (type->id == HR_TYPE_ARRAY && type->element->id == HR_TYPE_STRUCT && literal) {
        const char *name =
            hr_strndup(a->arena, extraction->literal->text.bytes, extraction->literal->text.len);
        HR_TRY(extract_field(s, child, type->element, name, &index));
        struct hr_texpr *args[] = {child, hr_literal_int(a, BASIC(INT), (int64_t)index),
                                   hr_literal_string(a, name)};
        return hr_call_typed(s, "$array_fields", args, 3, out);
    }
    if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP) {
        struct hr_texpr *args[] = {child, extraction};
        return hr_call_typed(s, type->id == HR_TYPE_ARRAY ? "$array_item" : "$map_item", args, 2,
                             out);
    }
    return hr_fail_spark(a->err, "INVALID_EXTRACT_BASE_FIELD_TYPE", "base", hr_expr_sql(a, child),
                         "other", hr_type_quoted(a, type), NULL);
}

/* ---- withField, dropFields ---- */

static enum hr_code struct_of(struct scope *s,
                              struct hr_texpr **values,
                              const char **names,
                              size_t count,
                              bool nullable_of,
                              struct hr_texpr *base,
                              struct hr_texpr **out)
{
    struct analysis *a = s->a;
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, count * 2);
    for (size_t i = 0; i < count; i++) {
        args[2 * i] = hr_literal_string(a, names[i]);
        args[2 * i + 1] = values[i];
    }
    HR_TRY(hr_call_typed(s, "named_struct", args, count * 2, out));
    if (!nullable_of)
        return HR_OK;
    struct hr_texpr *null_args[] = {base}, *is_null;
    HR_TRY(hr_call_typed(s, "isnull", null_args, 1, &is_null));
    struct hr_texpr *if_args[] = {is_null, hr_literal_null(a, (*out)->type), *out};
    return hr_call_typed(s, "if", if_args, 3, out);
}

static enum hr_code update_at(struct scope *s,
                              struct hr_texpr *base,
                              const char *path,
                              struct hr_texpr *value,
                              struct hr_texpr **out)
{
    struct analysis *a = s->a;
    if (base->type->id != HR_TYPE_STRUCT)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(a, base), "paramIndex", "first", "requiredType",
                             "\"STRUCT\"", "inputSql", hr_expr_sql(a, base), "inputType",
                             hr_type_quoted(a, base->type), NULL);
    const char *dot = strchr(path, '.');
    const char *name = dot ? hr_strndup(a->arena, path, (size_t)(dot - path)) : path;
    size_t count = base->type->field_count, kept = 0;
    struct hr_texpr **values = ARRAY(a, struct hr_texpr *, count + 1);
    const char **names = ARRAY(a, const char *, count + 1);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        struct hr_texpr *field = hr_texpr_new(a, HR_T_FIELD, base->type->fields[i].type,
                                              base->type->fields[i].nullable || base->nullable);
        field->field.child = base;
        field->field.index = i;
        field->field.name = base->type->fields[i].name;
        bool hit = hr_same_name(a, field->field.name, name);
        found = found || hit;
        if (hit && dot)
            HR_TRY(update_at(s, field, dot + 1, value, &field));
        else if (hit && !value)
            continue;
        else if (hit)
            field = value;
        names[kept] = hit && value && !dot ? name : base->type->fields[i].name;
        values[kept++] = field;
    }
    if (!found && dot)
        return extract_field(s, base, base->type, name, &kept);
    if (!found && value) {
        names[kept] = name;
        values[kept++] = value;
    }
    if (!kept)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", "sqlExpr",
                             hr_expr_sql(a, base), NULL);
    HR_TRY(struct_of(s, values, names, kept, base->nullable, base, out));
    return HR_OK;
}

/* what is computed, printed as Spark prints it: update_fields(p, WithField(1)) */
static enum hr_code updated(struct scope *s,
                            struct hr_texpr *base,
                            const char *path,
                            struct hr_texpr *value,
                            struct hr_texpr **out)
{
    const struct hr_attr **params = ARRAY(s->a, const struct hr_attr *, 3);
    bool by_place = hr_uses_outer(base) || (value && hr_uses_outer(value));
    struct hr_texpr *stand_for_base = hr_stand_in(s->a, base, by_place, &params[1]);
    struct hr_texpr *stand_for_value = value, *computed;
    if (value)
        stand_for_value = hr_stand_in(s->a, value, by_place, &params[2]);
    /* for messages that name what was written */
    HR_TRY(update_at(s, base, path, value, &computed));
    HR_TRY(update_at(s, stand_for_base, path, stand_for_value, &computed));
    struct hr_texpr *args[] = {computed, base, value};
    HR_TRY(hr_call_typed(s, "$update", args, value ? 3 : 2, out));
    if (params[1] || params[2])
        (*out)->call.params = params;
    return HR_OK;
}

/* ---- all kinds ---- */

static enum hr_code resolve_udf(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct hr_texpr *udf = hr_texpr_new(s->a, HR_T_UDF, expr->udf.type, true);
    udf->origin = expr->origin;
    udf->udf.udf = expr;
    udf->udf.args = (struct hr_texprs){ARRAY(s->a, struct hr_texpr *, expr->udf.args.count),
                                       expr->udf.args.count};
    for (size_t i = 0; i < expr->udf.args.count; i++)
        HR_TRY(hr_resolve_expr(s, expr->udf.args.at[i], &udf->udf.args.at[i]));
    *out = udf;
    return HR_OK;
}

static enum hr_code resolve_alias(struct scope *s,
                                  const struct hr_expr *expr,
                                  struct hr_texpr **out)
{
    struct hr_texpr *child;
    HR_TRY(hr_resolve_expr(s, expr->alias.child, &child));
    *out = hr_texpr_new(s->a, HR_T_ALIAS, child->type, child->nullable);
    (*out)->alias.child = child;
    (*out)->alias.name = expr->alias.names.at[0];
    return HR_OK;
}

static enum hr_code resolve_parameter(struct scope *s,
                                      const struct hr_expr *expr,
                                      struct hr_texpr **out)
{
    const struct hr_rel *sql = s->a->parameters;
    const char *name = expr->parameter.name;
    for (size_t i = 0; sql && name && i < sql->sql.named_count; i++)
        if (!strcmp(sql->sql.named[i].name, name))
            return hr_resolve_expr(s, sql->sql.named[i].value, out);
    if (sql &&
        !name &&
        expr->parameter.position >= 0 &&
        (size_t)expr->parameter.position < sql->sql.positional.count)
        return hr_resolve_expr(s, sql->sql.positional.at[expr->parameter.position], out);
    return hr_fail_spark(s->a->err, "UNBOUND_SQL_PARAMETER", "name",
                         name ? name : hr_printf(s->a->arena, "_%d", expr->parameter.position),
                         NULL);
}

static enum hr_code resolve_kind(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct hr_expr *text;
    struct hr_texpr *child, *value;
    switch (expr->kind) {
    case HR_EXPR_LITERAL:
        *out = hr_literal_of(s->a, expr->literal);
        return HR_OK;
    case HR_EXPR_ATTRIBUTE:
        return resolve_attribute(s, expr, out);
    case HR_EXPR_CALL:
        HR_TRY(hr_resolve_call(s, expr, out));
        /* OVER resolves its function itself */
        if ((*out)->kind == HR_T_CALL && ((*out)->call.function->flags & HR_F_WINDOW))
            return hr_fail_spark(s->a->err, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", "funcName",
                                 hr_expr_sql(s->a, *out), NULL);
        return HR_OK;
    case HR_EXPR_CAST:
        HR_TRY(hr_resolve_expr(s, expr->cast.child, &child));
        return hr_make_cast(s, child, expr->cast.type, expr->cast.mode, out);
    case HR_EXPR_ALIAS:
        return resolve_alias(s, expr, out);
    case HR_EXPR_WINDOW:
        return hr_resolve_window(s, expr, out);
    case HR_EXPR_EXTRACT:
        HR_TRY(hr_resolve_expr(s, expr->extract.child, &child));
        HR_TRY(hr_resolve_expr(s, expr->extract.extraction, &value));
        return hr_extract_value(s, child, value, out);
    case HR_EXPR_UPDATE_FIELD:
        HR_TRY(hr_resolve_expr(s, expr->update.child, &child));
        value = NULL;
        if (expr->update.value)
            HR_TRY(hr_resolve_expr(s, expr->update.value, &value));
        return updated(s, child, expr->update.field, value, out);
    case HR_EXPR_LAMBDA_VARIABLE:
        if (!expr->variable.name.count) {
            *out = hr_column_of(s->a, ((const struct bound_attr *)expr)->attr);
            return HR_OK;
        }
        text = hr_expr_new(s->a->arena, HR_EXPR_ATTRIBUTE);
        text->attribute.name = expr->variable.name;
        return resolve_attribute(s, text, out);
    case HR_EXPR_TEXT:
        HR_TRY(hr_parse_text(s, expr, &text));
        return hr_resolve_expr(s, text, out);
    case HR_EXPR_PARAMETER:
        return resolve_parameter(s, expr, out);
    case HR_EXPR_SUBQUERY:
        return hr_resolve_subquery(s, expr, out);
    case HR_EXPR_UDF:
        return resolve_udf(s, expr, out);
    case HR_EXPR_SORT:
        return hr_resolve_expr(s, expr->sort.child, out);
    case HR_EXPR_STAR:
        return hr_fail_spark(s->a->err, "INVALID_USAGE_OF_STAR_OR_REGEX", "elem", "'*'",
                             "prettyName", "expression", NULL);
    case HR_EXPR_LAMBDA:
        return hr_fail_spark(s->a->err, "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                             "class", "expression", NULL);
    default:
        return hr_refuse(s->a->err, "expression '%s' in this place", hr_expr_kind_name(expr->kind));
    }
}

static enum hr_code check_cancelled(struct analysis *a)
{
    if (++a->steps % HR_CANCEL_STEPS ||
        !a->env->ops->is_cancelled ||
        !a->env->ops->is_cancelled(a->env))
        return HR_OK;
    return hr_fail(a->err, HR_E_CANCELLED, "operation has been canceled");
}

enum hr_code hr_resolve_expr(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    HR_TRY(check_cancelled(s->a));
    if (++s->a->depth > HR_PLAN_DEPTH_MAX)
        return hr_fail(s->a->err, HR_E_LIMIT, "plan is nested more than %d levels deep",
                       HR_PLAN_DEPTH_MAX);
    enum hr_code code = resolve_kind(s, expr, out);
    s->a->depth--;
    if (!code && !(*out)->origin && ((*out)->kind == HR_T_CAST || (*out)->kind == HR_T_CALL))
        (*out)->origin = expr->origin; /* where a failure at run time will say that it happened */
    if (code == HR_E_SPARK && s->a->err && !s->a->err->context[0])
        hr_origin_context(s->a->err,
                          expr->origin); /* the innermost expression with a place in the text */
    return code;
}

/* an expression of a select list, with the name and metadata of the column that it makes */
static bool is_extract_only(const struct hr_texpr *expr)
{
    if (expr->kind == HR_T_COLUMN)
        return true;
    if (expr->kind == HR_T_FIELD)
        return is_extract_only(expr->field.child);
    bool takes_part =
        expr->kind == HR_T_CALL && (hr_function_is(expr->call.function, "$array_item") ||
                                    hr_function_is(expr->call.function, "$map_item") ||
                                    hr_function_is(expr->call.function, "$array_fields"));
    if (takes_part)
        return is_extract_only(expr->call.args.at[0]) &&
               expr->call.args.at[1]->kind == HR_T_LITERAL;
    return false;
}

static const char *auto_metadata = "{\"__autoGeneratedAlias\":\"true\"}";

/* made by p.*: expand_struct_star marks its child with the struct's name only */
static bool is_star_field(const struct hr_expr *expr)
{
    return expr->extract.child->attribute.is_metadata;
}

/* Spark puts a column in its place before it names what has no name */
static bool is_window_time(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_CALL && hr_function_is(expr->call.function, "window_time");
}

static const struct hr_attr *named_attr(struct scope *s,
                                        const char *name,
                                        const struct hr_texpr *expr,
                                        const char *metadata)
{
    struct hr_attr *attr = (struct hr_attr *)hr_attr_new(s->a, name, expr->type, expr->nullable);
    attr->metadata = metadata;
    return attr;
}

const struct hr_attr *hr_hidden_attr(struct analysis *a,
                                     const struct hr_expr *expr,
                                     const struct hr_attr *attr)
{
    if (expr->kind != HR_EXPR_ALIAS || !expr->alias.hidden_in)
        return attr;
    struct hr_attr *hidden = hr_memdup(a->arena, attr, sizeof *attr);
    hidden->hidden = hidden->made = true;
    hidden->metadata = expr->alias.metadata;
    hidden->qualifier = (struct hr_names){ARRAY(a, const char *, 1), 1};
    hidden->qualifier.at[0] = expr->alias.hidden_in;
    return hidden;
}

enum hr_code hr_resolve_named(struct scope *s,
                              const struct hr_expr *expr,
                              struct hr_texpr **out,
                              const struct hr_attr **attr)
{
    struct analysis *a = s->a;
    struct hr_expr *text;
    if (expr->kind == HR_EXPR_TEXT) {
        HR_TRY(hr_parse_text(s, expr, &text));
        return hr_resolve_named(s, text, out, attr);
    }
    if (expr->kind == HR_EXPR_ALIAS && expr->alias.names.count == 1) {
        HR_TRY(hr_resolve_expr(s, expr->alias.child, out));
        const char *metadata = expr->alias.metadata;
        if (!metadata && (*out)->kind == HR_T_COLUMN)
            metadata = (*out)->column.attr->metadata;
        if (metadata && !expr->alias.metadata && strstr(metadata, "__autoGeneratedAlias"))
            metadata = NULL;
        *attr = hr_hidden_attr(a, expr, named_attr(s, expr->alias.names.at[0], *out, metadata));
        return HR_OK;
    }
    HR_TRY(hr_resolve_expr(s, expr, out));
    struct hr_texpr *e = *out;
    if (e->kind == HR_T_COLUMN && !e->column.outer) {
        *attr = e->column.attr;
        const char *written = expr->kind == HR_EXPR_ATTRIBUTE
                                  ? expr->attribute.name.at[expr->attribute.name.count - 1]
                                  : NULL;
        if (written && strcmp(written, (*attr)->name)) { /* SELECT A finds a, and is called A */
            struct hr_attr *renamed = (struct hr_attr *)hr_attr_like(a, *attr);
            renamed->name = written;
            *attr = renamed;
        }
        if ((*attr)->hidden) {
            struct hr_attr *shown = (struct hr_attr *)hr_attr_like(a, *attr);
            shown->hidden = shown->of_file = shown->made = false;
            *attr = shown;
        }
    } else if (e->kind == HR_T_COLUMN) {
        *attr = named_attr(s, e->column.attr->name, e, NULL);
    } else if (e->kind == HR_T_LITERAL) {
        *attr = named_attr(s, hr_pretty_name(a, e), e, NULL);
    } else if (e->kind == HR_T_CAST && e->cast.child->kind == HR_T_COLUMN) {
        *attr = named_attr(s, e->cast.child->column.attr->name, e, NULL);
    } else if (e->kind == HR_T_CAST && e->cast.child->kind == HR_T_ALIAS) {
        *attr = named_attr(s, e->cast.child->alias.name, e, NULL);
    } else if (e->kind == HR_T_FIELD) {
        /* p.u is called u; a field taken by getField or [] keeps its path */
        bool by_name =
            expr->kind == HR_EXPR_ATTRIBUTE || (expr->kind == HR_EXPR_EXTRACT &&
                                                expr->extract.child->kind == HR_EXPR_ATTRIBUTE &&
                                                is_star_field(expr));
        *attr = named_attr(s, by_name ? e->field.name : hr_pretty_name(a, e), e,
                           is_extract_only(e) ? NULL : auto_metadata);
    } else if (expr->kind == HR_EXPR_ATTRIBUTE && e->kind == HR_T_CALL) {
        /* a field of an array's structs, a key of a map: found by a name, called by its last part
         */
        *attr = named_attr(s, expr->attribute.name.at[expr->attribute.name.count - 1], e, NULL);
    } else {
        *attr = named_attr(s, hr_pretty_name(a, e), e,
                           is_extract_only(e) || is_window_time(e) ? NULL : auto_metadata);
    }
    return HR_OK;
}

enum hr_code hr_boolean_condition(struct scope *s,
                                  const struct hr_expr *expr,
                                  const char *what,
                                  struct hr_texpr **out)
{
    HR_TRY(hr_resolve_expr(s, expr, out));
    if ((*out)->type->id == HR_TYPE_VOID)
        *out = hr_cast_implicit(s->a, *out, BASIC(BOOLEAN));
    if (hr_is_string((*out)->type) && s->a->ansi)
        *out = hr_cast_implicit(s->a, *out, BASIC(BOOLEAN));
    if ((*out)->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    if (!strcmp(what, "JOIN"))
        return hr_fail_spark(s->a->err, "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "joinCondition",
                             hr_expr_sql(s->a, *out), "conditionType",
                             hr_type_quoted(s->a, (*out)->type), NULL);
    return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "sqlExpr",
                         hr_expr_sql(s->a, *out), "filter", hr_expr_sql(s->a, *out), "type",
                         hr_type_quoted(s->a, (*out)->type), NULL);
}
