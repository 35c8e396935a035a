#include "host/connect/decode/private.h"
#include <string.h>

#define EXPR(name) SPARK__CONNECT__EXPRESSION__EXPR_TYPE_##name
#define BOUNDARY(name) \
    SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_BOUNDARY__BOUNDARY_##name

static enum hr_code bad_name(struct decoder *d, const char *text)
{
    return hr_fail_spark(d->err, "INVALID_ATTRIBUTE_NAME_SYNTAX", "name", text, NULL);
}

/* one part, from *at to '.' or the end; `` is a backtick inside backticks. NULL: not a name */
static const char *name_part(struct hr_arena *arena, const char **at)
{
    const char *from = *at;
    if (*from != '`') {
        size_t len = strcspn(from, ".`");
        *at = from + len;
        return len && **at != '`' ? hr_strndup(arena, from, len) : NULL;
    }
    char *part = hr_strdup(arena, from + 1);
    size_t len = 0;
    for (from++; *from; from++) {
        if (*from == '`' && *++from != '`') {
            part[len] = 0;
            *at = from;
            return *from && *from != '.' ? NULL : part;
        }
        part[len++] = *from;
    }
    return NULL;
}

enum hr_code hr_decode_name(struct hr_arena *arena,
                            const char *text,
                            struct hr_names *out,
                            struct hr_err *err)
{
    struct decoder d = {arena, err};
    size_t most = 1;
    for (const char *at = text; *at; at++)
        most += *at == '.';
    *out = (struct hr_names){HR_NEW_ARRAY(arena, const char *, most), 0};
    for (const char *at = text;;) {
        const char *part = name_part(arena, &at);
        if (!part)
            return bad_name(&d, text);
        out->at[out->count++] = part;
        if (!*at)
            return HR_OK;
        at++;
    }
}

struct hr_names hr_decode_names(struct decoder *d, size_t count, char *const *in)
{
    struct hr_names names = {HR_NEW_ARRAY(d->arena, const char *, count), count};
    if (count)
        memcpy(names.at, in, count * sizeof *in);
    return names;
}

const struct hr_origin *hr_decode_origin(struct decoder *d, const PB(Origin) * in)
{
    if (!in || in->function_case != SPARK__CONNECT__ORIGIN__FUNCTION_PYTHON_ORIGIN)
        return NULL;
    struct hr_origin *origin = HR_NEW(d->arena, struct hr_origin);
    origin->fragment = in->python_origin->fragment;
    origin->call_site = in->python_origin->call_site;
    return origin;
}

enum hr_code hr_decode_exprs(struct decoder *d,
                             size_t count,
                             PB(Expression) *const *in,
                             struct hr_exprs *out)
{
    *out = (struct hr_exprs){HR_NEW_ARRAY(d->arena, struct hr_expr *, count), count};
    for (size_t i = 0; i < count; i++)
        HR_TRY(hr_decode_expr(d, in[i], &out->at[i]));
    return HR_OK;
}

static enum hr_code decode_order(struct decoder *d,
                                 const PB(Expression__SortOrder) * in,
                                 struct hr_expr **out)
{
    struct hr_expr *expr = hr_expr_new(d->arena, HR_EXPR_SORT);
    *out = expr;
    expr->sort.descending =
        in->direction ==
        SPARK__CONNECT__EXPRESSION__SORT_ORDER__SORT_DIRECTION__SORT_DIRECTION_DESCENDING;
    expr->sort.nulls =
        in->null_ordering == SPARK__CONNECT__EXPRESSION__SORT_ORDER__NULL_ORDERING__SORT_NULLS_FIRST
            ? HR_NULLS_FIRST
        : in->null_ordering ==
                SPARK__CONNECT__EXPRESSION__SORT_ORDER__NULL_ORDERING__SORT_NULLS_LAST
            ? HR_NULLS_LAST
            : HR_NULLS_DEFAULT;
    return hr_decode_expr(d, in->child, &expr->sort.child);
}

enum hr_code hr_decode_orders(struct decoder *d,
                              size_t count,
                              PB(Expression__SortOrder) *const *in,
                              struct hr_exprs *out)
{
    *out = (struct hr_exprs){HR_NEW_ARRAY(d->arena, struct hr_expr *, count), count};
    for (size_t i = 0; i < count; i++)
        HR_TRY(decode_order(d, in[i], &out->at[i]));
    return HR_OK;
}

enum hr_code hr_decode_alias(struct decoder *d,
                             const PB(Expression__Alias) * in,
                             struct hr_expr **out)
{
    struct hr_expr *expr = hr_expr_new(d->arena, HR_EXPR_ALIAS);
    *out = expr;
    if (!in->n_name)
        return hr_decode_missing(d, "alias without a name");
    expr->alias.names = hr_decode_names(d, in->n_name, in->name);
    if (in->_metadata_case)
        expr->alias.metadata = in->metadata;
    return hr_decode_expr(d, in->expr, &expr->alias.child);
}

static enum hr_code decode_cast(struct decoder *d,
                                const PB(Expression__Cast) * in,
                                struct hr_expr *expr)
{
    static const enum hr_cast_mode modes[] = {HR_CAST_DEFAULT, HR_CAST_LEGACY, HR_CAST_ANSI,
                                              HR_CAST_TRY};
    if ((unsigned)in->eval_mode >= HR_LEN(modes))
        return hr_decode_missing(d, "cast of an unknown mode");
    expr->cast.mode = modes[in->eval_mode];
    if (in->cast_to_type_case == SPARK__CONNECT__EXPRESSION__CAST__CAST_TO_TYPE_TYPE_STR)
        HR_TRY(hr_type_from_ddl(d->arena, in->type_str, &expr->cast.type, d->err));
    else
        HR_TRY(hr_connect_type_decode(d->arena, in->type, &expr->cast.type, d->err));
    return hr_decode_expr(d, in->expr, &expr->cast.child);
}

static enum hr_code decode_function(struct decoder *d,
                                    const PB(Expression__UnresolvedFunction) * in,
                                    struct hr_expr *expr)
{
    if (in->is_user_defined_function)
        HR_TRY(hr_decode_name(d->arena, in->function_name, &expr->call.name, d->err));
    else
        expr->call.name = hr_decode_names(d, 1, &in->function_name);
    expr->call.distinct = in->is_distinct;
    /* clients that do not say leave it to the name */
    expr->call.is_internal = !in->_is_internal_case || in->is_internal;
    return hr_decode_exprs(d, in->n_arguments, in->arguments, &expr->call.args);
}

static enum hr_code decode_star(struct decoder *d,
                                const PB(Expression__UnresolvedStar) * in,
                                struct hr_expr *expr)
{
    if (in->_plan_id_case)
        expr->star.plan_id = in->plan_id;
    if (!in->_unparsed_target_case)
        return HR_OK;
    size_t len = strlen(in->unparsed_target);
    if (len < 3 || strcmp(in->unparsed_target + len - 2, ".*"))
        return bad_name(d, in->unparsed_target);
    return hr_decode_name(d->arena, hr_strndup(d->arena, in->unparsed_target, len - 2),
                          &expr->star.target, d->err);
}

/* `pattern` and t.`pattern` are patterns, anything else is a plain name: as in Spark */
static enum hr_code decode_regex(struct decoder *d,
                                 const PB(Expression__UnresolvedRegex) * in,
                                 struct hr_expr **out)
{
    const char *text = in->col_name, *tick = strchr(text, '`');
    size_t len = strlen(text);
    bool quoted =
        tick && text + len - tick > 2 && text[len - 1] == '`' && (tick == text || tick[-1] == '.');
    struct hr_expr *expr = hr_expr_new(d->arena, quoted ? HR_EXPR_REGEX : HR_EXPR_ATTRIBUTE);
    *out = expr;
    if (!quoted) {
        expr->attribute.plan_id = in->_plan_id_case ? in->plan_id : HR_NO_PLAN_ID;
        return hr_decode_name(d->arena, text, &expr->attribute.name, d->err);
    }
    expr->regex.plan_id = in->_plan_id_case ? in->plan_id : HR_NO_PLAN_ID;
    expr->regex.pattern = hr_strndup(d->arena, tick + 1, (size_t)(text + len - 1 - (tick + 1)));
    return tick == text
               ? HR_OK
               : hr_decode_name(d->arena, hr_strndup(d->arena, text, (size_t)(tick - 1 - text)),
                                &expr->regex.target, d->err);
}

static enum hr_code decode_bound(struct decoder *d,
                                 const PB(Expression__Window__WindowFrame__FrameBoundary) * in,
                                 bool lower,
                                 struct hr_bound *out)
{
    if (!in)
        return hr_decode_missing(d, "window frame without a boundary");
    switch (in->boundary_case) {
    case BOUNDARY(CURRENT_ROW):
        out->kind = HR_BOUND_CURRENT_ROW;
        return HR_OK;
    case BOUNDARY(UNBOUNDED):
        out->kind = lower ? HR_BOUND_UNBOUNDED_PRECEDING : HR_BOUND_UNBOUNDED_FOLLOWING;
        return HR_OK;
    case BOUNDARY(VALUE):
        out->kind = HR_BOUND_VALUE;
        return hr_decode_expr(d, in->value, &out->value);
    default:
        return hr_decode_missing(d, "window frame without a boundary");
    }
}

static enum hr_code decode_window(struct decoder *d,
                                  const PB(Expression__Window) * in,
                                  struct hr_expr *expr)
{
    HR_TRY(hr_decode_expr(d, in->window_function, &expr->window.function));
    HR_TRY(hr_decode_exprs(d, in->n_partition_spec, in->partition_spec, &expr->window.partition));
    HR_TRY(hr_decode_orders(d, in->n_order_spec, in->order_spec, &expr->window.order));
    const PB(Expression__Window__WindowFrame) *frame = in->frame_spec;
    if (!frame || !frame->frame_type)
        return HR_OK;
    expr->window.frame =
        frame->frame_type ==
                SPARK__CONNECT__EXPRESSION__WINDOW__WINDOW_FRAME__FRAME_TYPE__FRAME_TYPE_ROW
            ? HR_FRAME_ROWS
            : HR_FRAME_RANGE;
    HR_TRY(decode_bound(d, frame->lower, true, &expr->window.lower));
    return decode_bound(d, frame->upper, false, &expr->window.upper);
}

static enum hr_code decode_lambda(struct decoder *d,
                                  const PB(Expression__LambdaFunction) * in,
                                  struct hr_expr *expr)
{
    expr->lambda.params =
        (struct hr_names){HR_NEW_ARRAY(d->arena, const char *, in->n_arguments), in->n_arguments};
    for (size_t i = 0; i < in->n_arguments; i++) {
        if (in->arguments[i]->n_name_parts != 1)
            return hr_decode_missing(d, "lambda variable of more than one part");
        expr->lambda.params.at[i] = in->arguments[i]->name_parts[0];
    }
    return hr_decode_expr(d, in->function, &expr->lambda.body);
}

enum hr_code hr_decode_udf(struct decoder *d,
                           const PB(CommonInlineUserDefinedFunction) * in,
                           struct hr_expr **out)
{
    if (!in)
        return hr_decode_missing(d, "user-defined function");
    if (in->function_case ==
        SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_SCALAR_SCALA_UDF)
        return hr_decode_refuse(d, "Scala user-defined functions");
    if (in->function_case !=
        SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_PYTHON_UDF)
        return hr_decode_refuse(d, "Java user-defined functions");
    struct hr_expr *expr = hr_expr_new(d->arena, HR_EXPR_UDF);
    *out = expr;
    expr->udf.name = in->function_name;
    expr->udf.deterministic = in->deterministic;
    expr->udf.distinct = in->is_distinct;
    expr->udf.eval_type = in->python_udf->eval_type;
    expr->udf.command = in->python_udf->command.data;
    expr->udf.command_len = in->python_udf->command.len;
    expr->udf.python_version = in->python_udf->python_ver;
    HR_TRY(hr_connect_type_decode(d->arena, in->python_udf->output_type, &expr->udf.type, d->err));
    return hr_decode_exprs(d, in->n_arguments, in->arguments, &expr->udf.args);
}

static enum hr_code decode_subquery(struct decoder *d,
                                    const PB(SubqueryExpression) * in,
                                    struct hr_expr *expr)
{
    expr->subquery.plan_id = in->plan_id;
    switch (in->subquery_type) {
    case SPARK__CONNECT__SUBQUERY_EXPRESSION__SUBQUERY_TYPE__SUBQUERY_TYPE_SCALAR:
        expr->subquery.kind = HR_SUBQUERY_SCALAR;
        return HR_OK;
    case SPARK__CONNECT__SUBQUERY_EXPRESSION__SUBQUERY_TYPE__SUBQUERY_TYPE_EXISTS:
        expr->subquery.kind = HR_SUBQUERY_EXISTS;
        return HR_OK;
    case SPARK__CONNECT__SUBQUERY_EXPRESSION__SUBQUERY_TYPE__SUBQUERY_TYPE_IN:
        expr->subquery.kind = HR_SUBQUERY_IN;
        return hr_decode_exprs(d, in->n_in_subquery_values, in->in_subquery_values,
                               &expr->subquery.values);
    case SPARK__CONNECT__SUBQUERY_EXPRESSION__SUBQUERY_TYPE__SUBQUERY_TYPE_TABLE_ARG:
        return hr_decode_refuse(d, "table arguments of functions");
    default:
        return hr_decode_missing(d, "subquery of an unknown kind");
    }
}

static enum hr_code decode_call(struct decoder *d,
                                const char *name,
                                bool qualified,
                                size_t count,
                                PB(Expression) *const *args,
                                struct hr_expr *expr)
{
    if (qualified)
        HR_TRY(hr_decode_name(d->arena, name, &expr->call.name, d->err));
    return hr_decode_exprs(d, count, args, &expr->call.args);
}

static enum hr_code decode_kind(struct decoder *d, const PB(Expression) * in, struct hr_expr **out)
{
    struct hr_expr *expr = NULL;
#define NEW(kind) (*out = expr = hr_expr_new(d->arena, kind))
    switch (in->expr_type_case) {
    case EXPR(LITERAL):
        return hr_connect_literal_decode(d->arena, in->literal, &NEW(HR_EXPR_LITERAL)->literal,
                                         d->err);
    case EXPR(UNRESOLVED_ATTRIBUTE):
        NEW(HR_EXPR_ATTRIBUTE);
        if (in->unresolved_attribute->_plan_id_case)
            expr->attribute.plan_id = in->unresolved_attribute->plan_id;
        expr->attribute.is_metadata = in->unresolved_attribute->_is_metadata_column_case &&
                                      in->unresolved_attribute->is_metadata_column;
        return hr_decode_name(d->arena, in->unresolved_attribute->unparsed_identifier,
                              &expr->attribute.name, d->err);
    case EXPR(UNRESOLVED_FUNCTION):
        return decode_function(d, in->unresolved_function, NEW(HR_EXPR_CALL));
    case EXPR(EXPRESSION_STRING):
        NEW(HR_EXPR_TEXT)->text.sql = in->expression_string->expression;
        return HR_OK;
    case EXPR(UNRESOLVED_STAR):
        return decode_star(d, in->unresolved_star, NEW(HR_EXPR_STAR));
    case EXPR(ALIAS):
        return hr_decode_alias(d, in->alias, out);
    case EXPR(CAST):
        return decode_cast(d, in->cast, NEW(HR_EXPR_CAST));
    case EXPR(UNRESOLVED_REGEX):
        return decode_regex(d, in->unresolved_regex, out);
    case EXPR(SORT_ORDER):
        return decode_order(d, in->sort_order, out);
    case EXPR(LAMBDA_FUNCTION):
        return decode_lambda(d, in->lambda_function, NEW(HR_EXPR_LAMBDA));
    case EXPR(WINDOW):
        return decode_window(d, in->window, NEW(HR_EXPR_WINDOW));
    case EXPR(UNRESOLVED_EXTRACT_VALUE):
        NEW(HR_EXPR_EXTRACT);
        HR_TRY(hr_decode_expr(d, in->unresolved_extract_value->child, &expr->extract.child));
        return hr_decode_expr(d, in->unresolved_extract_value->extraction,
                              &expr->extract.extraction);
    case EXPR(UPDATE_FIELDS):
        NEW(HR_EXPR_UPDATE_FIELD)->update.field = in->update_fields->field_name;
        if (in->update_fields->value_expression)
            HR_TRY(hr_decode_expr(d, in->update_fields->value_expression, &expr->update.value));
        return hr_decode_expr(d, in->update_fields->struct_expression, &expr->update.child);
    case EXPR(UNRESOLVED_NAMED_LAMBDA_VARIABLE):
        NEW(HR_EXPR_LAMBDA_VARIABLE)->variable.name =
            hr_decode_names(d, in->unresolved_named_lambda_variable->n_name_parts,
                            in->unresolved_named_lambda_variable->name_parts);
        return HR_OK;
    case EXPR(COMMON_INLINE_USER_DEFINED_FUNCTION):
        return hr_decode_udf(d, in->common_inline_user_defined_function, out);
    case EXPR(CALL_FUNCTION):
        return decode_call(d, in->call_function->function_name, true,
                           in->call_function->n_arguments, in->call_function->arguments,
                           NEW(HR_EXPR_CALL));
    case EXPR(NAMED_ARGUMENT_EXPRESSION):
        NEW(HR_EXPR_NAMED_ARGUMENT)->named.name = in->named_argument_expression->key;
        return hr_decode_expr(d, in->named_argument_expression->value, &expr->named.value);
    case EXPR(SUBQUERY_EXPRESSION):
        return decode_subquery(d, in->subquery_expression, NEW(HR_EXPR_SUBQUERY));
    case EXPR(MERGE_ACTION):
        return hr_decode_refuse(d, "MERGE INTO");
    case EXPR(TYPED_AGGREGATE_EXPRESSION):
        return hr_decode_refuse(d, "Scala aggregators");
    case EXPR(DIRECT_SHUFFLE_PARTITION_ID):
        return hr_decode_refuse(d, "repartitionById");
    case EXPR(EXTENSION):
        return hr_decode_refuse(d, "expressions of plugins");
    default:
        return hr_decode_missing(d, "expression of an unknown kind");
    }
#undef NEW
}

enum hr_code hr_decode_expr(struct decoder *d, const PB(Expression) * in, struct hr_expr **out)
{
    if (!in)
        return hr_decode_missing(d, "expression");
    HR_TRY(decode_kind(d, in, out));
    if (in->common && in->common->origin)
        (*out)->origin = hr_decode_origin(d, in->common->origin);
    return HR_OK;
}
