/* Arithmetic, conditions and text to SQL. */
#include "host/engine/emit/call.h"
#include "host/engine/emit/select.h"
#include <stdlib.h>

/* ---- arithmetic ---- */

static enum hr_code decimal_operation(struct call_text *c, char op, struct hr_buf *out)
{
    struct emit *e = c->e;
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type *x = args->at[0]->type, *y = args->at[1]->type, *z = c->call->type;
    int scale = x->scale > y->scale ? x->scale : y->scale, whole = x->precision - x->scale;
    if (y->precision - y->scale > whole)
        whole = y->precision - y->scale;
    /* exact in DuckDB when the unrounded result has at most 38 digits */
    if ((op == '+' || op == '-') && whole + scale + 1 <= 38) {
        hr_buf_addf(out, "CAST((CAST(%s AS DECIMAL(%d,%d)) %c CAST(%s AS DECIMAL(%d,%d))) AS %s)",
                    c->args[0], whole + scale + 1, scale, op, c->args[1], whole + scale + 1, scale,
                    hr_type_text(e, z));
        return HR_OK;
    }
    if (op == '*' && x->precision + y->precision <= 38) {
        hr_buf_addf(out, "CAST((%s * %s) AS %s)", c->args[0], c->args[1], hr_type_text(e, z));
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = x;
    types[2] = y;
    const char *name = c->call->call.ansi ? "decimal_op" : "decimal_op_null";
    HR_TRY(hr_emit_kernel(e, name, strlen(name), z, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), %s, %s)", op, c->args[0], c->args[1]);
    return HR_OK;
}

enum hr_code hr_kernel_call(struct call_text *c, const char *name, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type **types =
        HR_NEW_ARRAY(c->e->arena, const struct hr_type *, args->count + 1);
    for (size_t i = 0; i < args->count; i++)
        types[i] = args->at[i]->type;
    HR_TRY(hr_emit_kernel(c->e, name, strlen(name), c->call->type, types, args->count, out));
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s", i ? ", " : "", c->args[i]);
    hr_buf_addc(out, ')');
    return HR_OK;
}

bool hr_real_type(const struct hr_type *type)
{
    return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE;
}

static enum hr_code interval_operation(struct call_text *c, char op, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = c->call->call.args.at[0]->type;
    types[2] = c->call->call.args.at[1]->type;
    HR_TRY(
        hr_emit_kernel(c->e, "interval_op", strlen("interval_op"), c->call->type, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), %s, %s)", op, c->args[0], c->args[1]);
    return HR_OK;
}

/* +, -, *: DuckDB checks for overflow as ANSI mode wants it; its message becomes Spark's in error.c
 */
enum hr_code hr_emit_arithmetic(struct call_text *c, struct hr_buf *out)
{
    char op = c->call->call.function->name[0];
    const struct hr_type *type = c->call->type;
    if (type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, op, out);
    if (type->id == HR_TYPE_YEAR_MONTH || type->id == HR_TYPE_DAY_TIME)
        return interval_operation(c, op, out);
    if (c->call->call.ansi || hr_real_type(type)) {
        hr_buf_addf(out, "(%s %c %s)", c->args[0], op, c->args[1]);
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = types[2] = type;
    HR_TRY(hr_emit_kernel(c->e, "wrap", 4, type, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), %s, %s)", op, c->args[0], c->args[1]);
    return HR_OK;
}

enum hr_code hr_emit_divide(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, '/', out);
    return hr_kernel_call(c, c->call->call.ansi ? "divide" : "divide_null", out);
}

enum hr_code hr_emit_int_divide(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.args.at[0]->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, 'd', out);
    return hr_kernel_call(c, c->call->call.ansi ? "int_divide" : "int_divide_null", out);
}

enum hr_code hr_emit_remainder(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, '%', out);
    return hr_kernel_call(c, c->call->call.ansi ? "remainder" : "remainder_null", out);
}

enum hr_code hr_emit_negate(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->type;
    if (hr_real_type(type) || type->id == HR_TYPE_DECIMAL) {
        hr_buf_addf(out, "(-(%s))", c->args[0]);
        return HR_OK;
    }
    return hr_kernel_call(c, c->call->call.ansi ? "negate" : "negate_wrap", out);
}

enum hr_code hr_emit_absolute(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->type;
    if (hr_real_type(type) || type->id == HR_TYPE_DECIMAL)
        hr_buf_addf(out, "abs(%s)", c->args[0]);
    else
        return hr_kernel_call(c, c->call->call.ansi ? "absolute" : "absolute_wrap", out);
    return HR_OK;
}

/* ---- conditions ---- */

enum hr_code hr_emit_in(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (args->count == 1) {
        hr_buf_adds(out, "FALSE");
        return HR_OK;
    }
    hr_buf_addc(out, '(');
    hr_buf_adds(out, c->args[0]);
    hr_buf_adds(out, " IN (");
    for (size_t i = 1; i < args->count; i++) {
        if (i > 1)
            hr_buf_adds(out, ", ");
        hr_buf_adds(out, c->args[i]);
    }
    hr_buf_adds(out, "))");
    return HR_OK;
}

/* the kernel compares a value of one type as the other's: it is as wide, or the wider number */
static bool compares_as(const struct hr_type *value, const struct hr_type *as)
{
    if (hr_type_same_shape(value, as))
        return true;
    if (as->id == HR_TYPE_DOUBLE)
        return value->id == HR_TYPE_FLOAT || hr_type_is_integral(value);
    return hr_type_is_integral(value) && hr_type_is_integral(as);
}

/* what the value is compared with, when a kernel can; NULL else */
static const struct hr_texpr *kernel_compares(const struct hr_texpr *value,
                                              const struct hr_texpr *equal)
{
    if (equal->kind != HR_T_CALL || !hr_function_is(equal->call.function, "=="))
        return NULL;
    const struct hr_texpr *left = equal->call.args.at[0], *right = equal->call.args.at[1];
    const struct hr_texpr *compared = left->kind == HR_T_CAST ? left->cast.child : left;
    if (compared->kind != HR_T_VARIABLE || !hr_type_same_shape(compared->type, value->type))
        return NULL;
    return compares_as(value->type, left->type) && compares_as(right->type, left->type) ? right
                                                                                        : NULL;
}

/* The condition names the value: one that would be bound for it is the kernel's, since the engine
 * takes quadratic time over nested lambdas. */
enum hr_code hr_emit_nullif(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_attr **params = c->call->call.params;
    const struct hr_texpr *other =
        params && params[0] ? kernel_compares(args->at[0], args->at[2]) : NULL;
    if (!other) {
        hr_buf_addf(out, "CASE WHEN %s THEN NULL ELSE %s END", c->args[2], c->args[0]);
        return HR_OK;
    }
    const struct hr_type *types[] = {args->at[0]->type, other->type};
    const char *text;
    HR_TRY(hr_expr_text(c->e, other, &text));
    HR_TRY(hr_emit_kernel(c->e, "nullif", strlen("nullif"), c->call->type, types, 2, out));
    hr_buf_addf(out, "(%s, %s)", c->args[0], text);
    return HR_OK;
}

enum hr_code hr_emit_case(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (args->count == 1) { /* when(x) is its ELSE */
        hr_buf_adds(out, c->args[0]);
        return HR_OK;
    }
    hr_buf_adds(out, "CASE");
    size_t i = 0;
    for (; i + 1 < args->count; i += 2) {
        hr_buf_adds(out, " WHEN ");
        hr_buf_adds(out, c->args[i]);
        hr_buf_adds(out, " THEN ");
        hr_buf_adds(out, c->args[i + 1]);
    }
    if (i < args->count) {
        hr_buf_adds(out, " ELSE ");
        hr_buf_adds(out, c->args[i]);
    }
    hr_buf_adds(out, " END");
    return HR_OK;
}

enum hr_code hr_emit_show(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[0]->type;
    if (type->id == HR_TYPE_STRING) {
        hr_buf_addf(out, "coalesce(%s, 'NULL')", c->args[0]);
        return HR_OK;
    }
    if (hr_type_is_integral(type) || type->id == HR_TYPE_BOOLEAN) {
        hr_buf_addf(out, "coalesce(CAST(%s AS VARCHAR), 'NULL')", c->args[0]);
        return HR_OK;
    }
    return hr_kernel_call(c, "show", out);
}

/* ---- structs and collections ---- */

static enum hr_code concat_texts(struct call_text *c, struct hr_buf *out)
{
    size_t count = c->call->call.args.count;
    if (count == 1) {
        hr_buf_adds(out, c->args[0]);
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, count);
    for (size_t i = 0; i < count; i++)
        types[i] = c->call->type;
    HR_TRY(hr_emit_kernel(c->e, "concat", strlen("concat"), c->call->type, types, count, out));
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(out, "%s%s", i ? ", " : "(", c->args[i]);
    hr_buf_addc(out, ')');
    return HR_OK;
}

enum hr_code hr_emit_concat(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!args->count) {
        hr_buf_adds(out, "''");
        return HR_OK;
    }
    if (c->call->type->id != HR_TYPE_ARRAY)
        return concat_texts(c, out);
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < args->count; i++) {
        hr_buf_adds(out, i ? " || " : "");
        hr_buf_adds(out, c->args[i]);
    }
    hr_buf_addc(out, ')');
    return HR_OK;
}

enum hr_code hr_emit_ceil_floor(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *from = c->call->call.args.at[0]->type;
    const char *name = hr_function_is(c->call->call.function, "floor") ? "floor" : "ceil";
    if (c->call->call.args.count == 2)
        return hr_refuse(c->e->err, "function '%s' with a scale", name);
    if (hr_type_is_integral(from)) {
        hr_buf_adds(out, c->args[0]);
        return HR_OK;
    }
    if (from->id == HR_TYPE_DECIMAL) {
        hr_buf_addf(out, "%s(%s)", name, c->args[0]);
        return HR_OK;
    }
    return hr_emit_cast(c->e, hr_printf(c->e->arena, "%s(%s)", name, c->args[0]), from,
                        c->call->type, HR_CAST_LEGACY, out);
}

/* ---- more of numbers and strings ---- */

/* a bigint, text or bytes: analyze/ has cast to one of them */
enum hr_code hr_emit_hex(struct call_text *c, struct hr_buf *out)
{
    bool number = c->call->call.args.at[0]->type->id == HR_TYPE_LONG;
    hr_buf_addf(out, number ? "upper(to_hex(%s))" : "hex(%s)", c->args[0]);
    return HR_OK;
}

enum hr_code hr_emit_octet_length(struct call_text *c, struct hr_buf *out)
{
    bool bits = hr_function_is(c->call->call.function, "bit_length");
    bool binary = c->call->call.args.at[0]->type->id == HR_TYPE_BINARY;
    hr_buf_addf(out, binary ? "(octet_length(%s) * %d)" : "(strlen(%s) * %d)", c->args[0],
                bits ? 8 : 1);
    return HR_OK;
}

enum hr_code hr_emit_length(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "%s(%s)",
                c->call->call.args.at[0]->type->id == HR_TYPE_BINARY ? "octet_length" : "length",
                c->args[0]);
    return HR_OK;
}

enum hr_code hr_emit_decode(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!c->call->call.hidden_last)
        return hr_expand_template(c, "@decode($1,$2)", strlen("@decode($1,$2)"), out);
    hr_buf_adds(out, c->args[args->count - 1]);
    return HR_OK;
}

enum hr_code hr_emit_pmod(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.ansi)
        return hr_kernel_call(c, "pmod", out);
    hr_buf_addf(out, "CASE WHEN %s = 0 THEN NULL ELSE ", c->args[1]);
    HR_TRY(hr_kernel_call(c, "pmod", out));
    hr_buf_adds(out, " END");
    return HR_OK;
}

enum hr_code hr_emit_typeof(struct call_text *c, struct hr_buf *out)
{
    struct hr_buf name;
    hr_buf_init(&name, HR_BUF_GROWS);
    hr_type_catalog(c->call->call.args.at[0]->type, &name);
    struct hr_literal literal = {.type = hr_type_basic(HR_TYPE_STRING),
                                 .text = {hr_buf_text(&name), hr_buf_len(&name)}};
    hr_emit_literal(&literal, out);
    hr_buf_release(&name);
    return HR_OK;
}

enum hr_code hr_emit_current_user(struct call_text *c, struct hr_buf *out)
{
    const char *user = c->e->env->ops->user ? c->e->env->ops->user(c->e->env) : NULL;
    struct hr_literal literal = {.type = hr_type_basic(HR_TYPE_STRING)};
    literal.text.bytes = user ? user : "";
    literal.text.len = strlen(literal.text.bytes);
    hr_emit_literal(&literal, out);
    return HR_OK;
}

enum hr_code hr_emit_elt(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    hr_buf_adds(out, "list_extract([");
    for (size_t i = 1; i < args->count; i++)
        hr_buf_addf(out, "%s%s", i > 1 ? ", " : "", c->args[i]);
    hr_buf_adds(out, "], ");
    const char *kernel = c->call->call.ansi ? "elt_index" : "array_index_null";
    HR_TRY(
        hr_emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_LONG), types, 2, out));
    hr_buf_addf(out, "(CAST(%s AS BIGINT) - 1, CAST(%zu AS BIGINT)))", c->args[0], args->count - 1);
    return HR_OK;
}

enum hr_code hr_emit_reverse(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_ARRAY) {
        hr_buf_addf(out, "list_reverse(%s)", c->args[0]);
        return HR_OK;
    }
    return hr_kernel_call(c, "reverse", out);
}

/* try_add …: the operation in a wider type, then NULL where it does not fit */
enum hr_code hr_emit_try_arithmetic(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    char op = !strcmp(name, "try_add") ? '+' : !strcmp(name, "try_subtract") ? '-' : '*';
    const struct hr_type *type = c->call->type;
    if (type->id == HR_TYPE_DECIMAL) {
        struct hr_texpr *call = (struct hr_texpr *)c->call, legacy = *call;
        legacy.call.ansi = false;
        struct call_text inner = *c;
        inner.call = &legacy;
        return decimal_operation(&inner, op, out);
    }
    if (hr_real_type(type))
        hr_buf_addf(out, "(%s %c %s)", c->args[0], op, c->args[1]);
    else
        hr_buf_addf(out, "TRY_CAST((CAST(%s AS HUGEINT) %c CAST(%s AS HUGEINT)) AS %s)", c->args[0],
                    op, c->args[1], hr_type_text(c->e, type));
    return HR_OK;
}

enum hr_code hr_emit_try_divide(struct call_text *c, struct hr_buf *out)
{
    struct hr_texpr legacy = *c->call;
    legacy.call.ansi = false;
    struct call_text inner = *c;
    inner.call = &legacy;
    return hr_emit_divide(&inner, out);
}

enum hr_code hr_emit_try_remainder(struct call_text *c, struct hr_buf *out)
{
    struct hr_texpr legacy = *c->call;
    legacy.call.ansi = false;
    struct call_text inner = *c;
    inner.call = &legacy;
    return hr_emit_remainder(&inner, out);
}
