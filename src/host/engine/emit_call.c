/* Calls to SQL. Templates are explained in analyze/catalogue.h; what they cannot say is a function of this file, named "!name" there. */
#include "host/engine/emit_call.h"
#include <stdlib.h>

struct call_text {
    struct emit *e;
    const struct hr_texpr *call;
    const char *over;
    const char *args[HR_KERNEL_ARGS_MAX];
};

static enum hr_code arg_texts(struct call_text *c)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (args->count > HR_KERNEL_ARGS_MAX)
        return HR_OK;                                        /* such calls write their arguments themselves */
    for (size_t i = 0; i < args->count; i++) {
        struct hr_buf buf;
        hr_buf_init(&buf, 1 << 28);
        enum hr_code code = emit_expr(c->e, args->at[i], &buf);
        c->args[i] = hr_strdup(c->e->arena, hr_buf_text(&buf));
        hr_buf_release(&buf);
        HR_TRY(code);
    }
    return HR_OK;
}

/* ---- templates ---- */

static const char *template_for(const struct hr_function *function, size_t count)
{
    const char *p = function->emit;
    if (function->least == function->most)
        return p;                                            /* a '|' in it is DuckDB's */
    for (int skip = (int)count - function->least; skip > 0 && strchr(p, '|'); skip--) {
        const char *bar = p;
        while (*bar && *bar != '|')
            bar++;
        if (!*bar)
            break;
        p = bar + 1;
    }
    return p;
}

static size_t template_len(const struct hr_function *function, const char *p)
{
    return function->least == function->most ? strlen(p) : strcspn(p, "|");
}

/* the argument list of a kernel call in a template: which of the call's arguments it takes */
static enum hr_code kernel_types(struct call_text *c, const char *open, const char *end, const struct hr_type **types, size_t *count)
{
    const struct hr_texprs *args = &c->call->call.args;
    *count = 0;
    int depth = 0;
    bool fresh = true;                                       /* at the start of an argument */
    for (const char *p = open; p < end; p++) {
        if (*p == '(' && !depth++)
            continue;
        if (*p == ')' && !--depth)
            break;
        if (*p == ',' && depth == 1) {
            fresh = true;
            continue;
        }
        if (!fresh || *p == ' ')
            continue;
        fresh = false;
        if (*p == '$' && p[1] == '*')
            for (size_t i = 0; i < args->count && *count < HR_KERNEL_ARGS_MAX; i++)
                types[(*count)++] = args->at[i]->type;
        else if (*count < HR_KERNEL_ARGS_MAX)                /* a kernel of fixed types may take a constant or an expression */
            types[(*count)++] = *p == '$' && (size_t)(p[1] - '1') < args->count ? args->at[p[1] - '1']->type : hr_type_basic(HR_TYPE_INT);
    }
    return HR_OK;
}

static enum hr_code write_filter(struct call_text *c, const char *extra, struct hr_buf *out)
{
    const struct hr_texpr *filter = c->call->call.filter;
    if (!filter && !extra)
        return HR_OK;
    hr_buf_adds(out, " FILTER (WHERE ");
    if (extra)
        hr_buf_adds(out, extra);
    if (filter) {
        hr_buf_adds(out, extra ? " AND (" : "");
        HR_TRY(emit_expr(c->e, filter, out));
        hr_buf_adds(out, extra ? ")" : "");
    }
    hr_buf_addc(out, ')');
    return HR_OK;
}

static enum hr_code expand(struct call_text *c, const char *p, size_t len, struct hr_buf *out);

/* {aggregate(…)~condition}: DISTINCT, FILTER and OVER belong inside the braces */
static enum hr_code expand_aggregate(struct call_text *c, const char *p, size_t len, struct hr_buf *out)
{
    const char *tilde = memchr(p, '~', len), *open = memchr(p, '(', len);
    size_t body = tilde ? (size_t)(tilde - p) : len, name = open ? (size_t)(open - p) + 1 : 0;
    hr_buf_add(out, p, name);
    if (c->call->call.distinct)
        hr_buf_adds(out, "DISTINCT ");
    HR_TRY(expand(c, p + name, body - name, out));
    const char *extra = NULL;
    if (tilde) {
        struct hr_buf buf;
        hr_buf_init(&buf, 1 << 28);
        enum hr_code code = expand(c, tilde + 1, len - body - 1, &buf);
        extra = hr_strdup(c->e->arena, hr_buf_text(&buf));
        hr_buf_release(&buf);
        HR_TRY(code);
    }
    HR_TRY(write_filter(c, extra, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

static enum hr_code expand(struct call_text *c, const char *p, size_t len, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const char *end = p + len;
    for (; p < end; p++) {
        if (*p == '{' && p + 1 < end && p[1] >= 'a' && p[1] <= 'z' && memchr(p, '}', (size_t)(end - p)) &&
            (c->call->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW))) {
            const char *close = memchr(p, '}', (size_t)(end - p));
            HR_TRY(expand_aggregate(c, p + 1, (size_t)(close - p - 1), out));
            p = close;
        } else if (*p == '@') {
            const char *open = p + 1;
            while (open < end && *open != '(')
                open++;
            const struct hr_type *types[HR_KERNEL_ARGS_MAX];
            size_t count;
            HR_TRY(kernel_types(c, open, end, types, &count));
            const struct hr_type **copy = hr_memdup(c->e->arena, types, (count ? count : 1) * sizeof *types);
            HR_TRY(emit_kernel(c->e, p + 1, (size_t)(open - p - 1), c->call->type, copy, count, out));
            p = open - 1;
        } else if (*p == '$' && p + 1 < end && p[1] == '*') {
            for (size_t i = 0; i < args->count; i++)
                hr_buf_addf(out, "%s%s", i ? ", " : "", c->args[i]);
            p++;
        } else if (*p == '$' && p + 1 < end && p[1] >= '1' && p[1] <= '9') {
            hr_buf_adds(out, (size_t)(p[1] - '1') < args->count ? c->args[p[1] - '1'] : "NULL");
            p++;
        } else
            hr_buf_addc(out, *p);
    }
    return HR_OK;
}

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
        hr_buf_addf(out, "CAST((CAST(%s AS DECIMAL(%d,%d)) %c CAST(%s AS DECIMAL(%d,%d))) AS %s)", c->args[0], whole + scale + 1, scale, op, c->args[1],
                    whole + scale + 1, scale, type_text(e, z));
        return HR_OK;
    }
    if (op == '*' && x->precision + y->precision <= 38) {
        hr_buf_addf(out, "CAST((%s * %s) AS %s)", c->args[0], c->args[1], type_text(e, z));
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = x;
    types[2] = y;
    const char *name = c->call->call.ansi ? "decimal_op" : "decimal_op_null";
    HR_TRY(emit_kernel(e, name, strlen(name), z, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), %s, %s)", op, c->args[0], c->args[1]);
    return HR_OK;
}

static enum hr_code kernel_call(struct call_text *c, const char *name, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, args->count + 1);
    for (size_t i = 0; i < args->count; i++)
        types[i] = args->at[i]->type;
    HR_TRY(emit_kernel(c->e, name, strlen(name), c->call->type, types, args->count, out));
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s", i ? ", " : "", c->args[i]);
    hr_buf_addc(out, ')');
    return HR_OK;
}

static bool real_type(const struct hr_type *type) { return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE; }

/* +, -, *: DuckDB checks for overflow as ANSI mode wants it; its message becomes Spark's in error.c */
static enum hr_code emit_arithmetic(struct call_text *c, struct hr_buf *out)
{
    char op = c->call->call.function->name[0];
    const struct hr_type *type = c->call->type;
    if (type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, op, out);
    if (c->call->call.ansi || real_type(type)) {
        hr_buf_addf(out, "(%s %c %s)", c->args[0], op, c->args[1]);
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = types[2] = type;
    HR_TRY(emit_kernel(c->e, "wrap", 4, type, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), %s, %s)", op, c->args[0], c->args[1]);
    return HR_OK;
}

static enum hr_code emit_divide(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, '/', out);
    return kernel_call(c, c->call->call.ansi ? "divide" : "divide_null", out);
}

static enum hr_code emit_int_divide(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.args.at[0]->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, 'd', out);
    return kernel_call(c, c->call->call.ansi ? "int_divide" : "int_divide_null", out);
}

static enum hr_code emit_remainder(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_DECIMAL)
        return decimal_operation(c, '%', out);
    return kernel_call(c, c->call->call.ansi ? "remainder" : "remainder_null", out);
}

static enum hr_code emit_negate(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->type;
    if (real_type(type) || type->id == HR_TYPE_DECIMAL) {
        hr_buf_addf(out, "(-(%s))", c->args[0]);
        return HR_OK;
    }
    return kernel_call(c, c->call->call.ansi ? "negate" : "negate_wrap", out);
}

static enum hr_code emit_absolute(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->type;
    if (real_type(type) || type->id == HR_TYPE_DECIMAL)
        hr_buf_addf(out, "abs(%s)", c->args[0]);
    else {
        hr_buf_addf(out, "CASE WHEN %s < 0 THEN ", c->args[0]);
        HR_TRY(kernel_call(c, c->call->call.ansi ? "negate" : "negate_wrap", out));
        hr_buf_addf(out, " ELSE %s END", c->args[0]);
    }
    return HR_OK;
}

/* ---- conditions ---- */

static enum hr_code emit_in(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    hr_buf_addc(out, '(');
    HR_TRY(emit_expr(c->e, args->at[0], out));
    hr_buf_adds(out, " IN (");
    for (size_t i = 1; i < args->count; i++) {
        if (i > 1)
            hr_buf_adds(out, ", ");
        HR_TRY(emit_expr(c->e, args->at[i], out));
    }
    hr_buf_adds(out, "))");
    return HR_OK;
}

static enum hr_code emit_case(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    hr_buf_adds(out, "CASE");
    size_t i = 0;
    for (; i + 1 < args->count; i += 2) {
        hr_buf_adds(out, " WHEN ");
        HR_TRY(emit_expr(c->e, args->at[i], out));
        hr_buf_adds(out, " THEN ");
        HR_TRY(emit_expr(c->e, args->at[i + 1], out));
    }
    if (i < args->count) {
        hr_buf_adds(out, " ELSE ");
        HR_TRY(emit_expr(c->e, args->at[i], out));
    }
    hr_buf_adds(out, " END");
    return HR_OK;
}

/* greatest and least skip nulls, as DuckDB's do; NaN is the largest in both */
static enum hr_code emit_show(struct call_text *c, struct hr_buf *out)
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
    return kernel_call(c, "show", out);
}

/* ---- structs and collections ---- */

static enum hr_code emit_struct(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    size_t step = strcmp(c->call->call.function->name, "struct") ? 2 : 1;
    hr_buf_addc(out, '{');
    for (size_t i = step - 1, n = 0; i < args->count; i += step, n++) {
        hr_buf_addf(out, "%sf%zu: ", n ? ", " : "", n);
        HR_TRY(emit_expr(c->e, args->at[i], out));
    }
    hr_buf_addc(out, '}');
    return HR_OK;
}

static enum hr_code emit_array(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < args->count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        HR_TRY(emit_expr(c->e, args->at[i], out));
    }
    hr_buf_addc(out, ']');
    return HR_OK;
}

static enum hr_code emit_map(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    for (size_t part = 0; part < 2; part++) {
        hr_buf_adds(out, part ? "], [" : "MAP([");
        for (size_t i = part; i < args->count; i += 2) {
            if (i > 1)
                hr_buf_adds(out, ", ");
            HR_TRY(emit_expr(c->e, args->at[i], out));
        }
    }
    hr_buf_adds(out, "])");
    return HR_OK;
}

static enum hr_code emit_array_fields(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    hr_buf_addf(out, "list_transform(%s, lambda v%d: struct_extract(v%d, 'f%lld'))", c->args[0], id, id,
                (long long)c->call->call.args.at[1]->literal->integer);
    return HR_OK;
}

static enum hr_code emit_concat(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!args->count) {
        hr_buf_adds(out, "''");
        return HR_OK;
    }
    hr_buf_addc(out, '(');
    for (size_t i = 0; i < args->count; i++) {
        if (i)
            hr_buf_adds(out, " || ");
        HR_TRY(emit_expr(c->e, args->at[i], out));
    }
    hr_buf_addc(out, ')');
    return HR_OK;
}

/* concat_ws skips nulls and takes arrays of strings too */
static enum hr_code emit_concat_ws(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE coalesce(array_to_string(list_filter(flatten([CAST([] AS VARCHAR[])", c->args[0]);
    for (size_t i = 1; i < args->count; i++)
        if (args->at[i]->type->id == HR_TYPE_ARRAY)
            hr_buf_addf(out, ", coalesce(%s, [])", c->args[i]);
        else
            hr_buf_addf(out, ", [%s]", c->args[i]);
    int id = ++c->e->next_table;
    hr_buf_addf(out, "]), lambda v%d: v%d IS NOT NULL), %s), '') END", id, id, c->args[0]);
    return HR_OK;
}

/* a kernel over index and size checks the index, and says where DuckDB has the element */
static enum hr_code checked_index(struct call_text *c, const char *kernel, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    hr_buf_addf(out, "list_extract(%s, ", c->args[0]);
    HR_TRY(emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_LONG), types, 2, out));
    hr_buf_addf(out, "(CAST(%s AS BIGINT), CAST(len(%s) AS BIGINT)))", c->args[1], c->args[0]);
    return HR_OK;
}

static enum hr_code emit_array_item(struct call_text *c, struct hr_buf *out)
{
    return checked_index(c, c->call->call.ansi ? "array_index" : "array_index_null", out);
}

static enum hr_code emit_element_at(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.args.at[0]->type->id == HR_TYPE_MAP) {
        hr_buf_addf(out, "list_extract(map_extract(%s, %s), 1)", c->args[0], c->args[1]);
        return HR_OK;
    }
    bool strict = c->call->call.ansi && hr_function_is(c->call->call.function, "element_at");
    return checked_index(c, strict ? "element_index" : "element_index_null", out);
}

static enum hr_code emit_size(struct call_text *c, struct hr_buf *out)
{
    const char *function = c->call->call.args.at[0]->type->id == HR_TYPE_MAP ? "cardinality" : "len";
    if (c->call->call.ansi)
        hr_buf_addf(out, "%s(%s)", function, c->args[0]);
    else                                                     /* spark.sql.legacy.sizeOfNull */
        hr_buf_addf(out, "coalesce(%s(%s), -1)", function, c->args[0]);
    return HR_OK;
}

static enum hr_code emit_ceil_floor(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *from = c->call->call.args.at[0]->type;
    const char *name = hr_function_is(c->call->call.function, "floor") ? "floor" : "ceil";
    if (c->call->call.args.count == 2)
        return hr_fail(c->e->err, HR_E_UNSUPPORTED, "function '%s' with a scale", name);
    if (hr_type_is_integral(from)) {
        hr_buf_adds(out, c->args[0]);
        return HR_OK;
    }
    if (from->id == HR_TYPE_DECIMAL) {
        hr_buf_addf(out, "%s(%s)", name, c->args[0]);
        return HR_OK;
    }
    return emit_cast(c->e, hr_printf(c->e->arena, "%s(%s)", name, c->args[0]), from, c->call->type, HR_CAST_LEGACY, out);
}

/* ---- higher-order functions ---- */

static enum hr_code emit_lambda(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    const struct hr_texpr *lambda = c->call->call.args.at[1];
    const char *array = c->args[0];
    if (lambda->lambda.count == 2) {
        /* DuckDB's index starts at 1, Spark's at 0: shift it by an outer name */
        return hr_fail(c->e->err, HR_E_UNSUPPORTED, "the index argument of the lambda of '%s'", name);
    }
    if (!strcmp(name, "transform"))
        hr_buf_addf(out, "list_transform(%s, %s)", array, c->args[1]);
    else if (!strcmp(name, "filter"))
        hr_buf_addf(out, "list_filter(%s, %s)", array, c->args[1]);
    else if (!strcmp(name, "exists"))
        hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL WHEN len(list_filter(%s, %s)) > 0 THEN true WHEN list_contains(list_transform(list_transform(%s, %s), "
                         "lambda w: w IS NULL), true) THEN NULL ELSE false END", array, array, c->args[1], array, c->args[1]);
    else
        hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL WHEN list_contains(list_transform(%s, %s), false) THEN false WHEN "
                         "list_contains(list_transform(list_transform(%s, %s), lambda w: w IS NULL), true) THEN NULL ELSE true END",
                    array, array, c->args[1], array, c->args[1]);
    return HR_OK;
}

static enum hr_code emit_reduce(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const char *reduced = hr_printf(c->e->arena, "list_reduce(%s, %s, CAST(%s AS %s))", c->args[0], c->args[2], c->args[1],
                                    type_text(c->e, args->at[1]->type));
    if (args->count < 4) {
        hr_buf_adds(out, reduced);
        return HR_OK;
    }
    hr_buf_addf(out, "list_extract(list_transform([%s], %s), 1)", reduced, c->args[3]);
    return HR_OK;
}

/* ---- windows ---- */

static enum hr_code emit_lag_lead(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    bool ignore = c->call->call.ignore_nulls;
    hr_buf_addf(out, "%s(%s, CAST(%s AS BIGINT), CAST(%s AS %s)%s)%s", name, c->args[0], c->args[1], c->args[2], type_text(c->e, c->call->type),
                ignore ? " IGNORE NULLS" : "", c->over);
    return HR_OK;
}

static enum hr_code emit_first_last(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    bool first = !strncmp(name, "first", 5) || !strncmp(name, "any_value", 9), ignore = c->call->call.ignore_nulls;
    if (*c->over) {
        hr_buf_addf(out, "%s_value(%s%s)", first ? "first" : "last", c->args[0], ignore ? " IGNORE NULLS" : "");
        HR_TRY(write_filter(c, NULL, out));
        hr_buf_adds(out, c->over);
        return HR_OK;
    }
    hr_buf_addf(out, "%s(%s)", first ? "first" : "last", c->args[0]);
    return write_filter(c, ignore ? hr_printf(c->e->arena, "%s IS NOT NULL", c->args[0]) : NULL, out);
}

static enum hr_code emit_nth_value(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "nth_value(%s, %s%s)%s", c->args[0], c->args[1], c->call->call.ignore_nulls ? " IGNORE NULLS" : "", c->over);
    return HR_OK;
}

/* ---- aggregates ---- */

static enum hr_code emit_count(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (args->count == 1 && !c->call->call.distinct && args->at[0]->kind == HR_T_LITERAL && !args->at[0]->literal->is_null) {
        hr_buf_adds(out, "count(*)");
        HR_TRY(write_filter(c, NULL, out));
        hr_buf_adds(out, c->over);
        return HR_OK;
    }
    const char *all = NULL, *value = c->args[0];
    if (args->count > 1) {                                   /* rows in which no argument is null */
        struct hr_buf buf, row;
        hr_buf_init(&buf, 1 << 28);
        hr_buf_init(&row, 1 << 28);
        hr_buf_adds(&row, "{");
        for (size_t i = 0; i < args->count; i++) {
            hr_buf_addf(&buf, "%s%s IS NOT NULL", i ? " AND " : "", c->args[i]);
            hr_buf_addf(&row, "%sf%zu: %s", i ? ", " : "", i, c->args[i]);
        }
        hr_buf_addc(&row, '}');
        all = hr_strdup(c->e->arena, hr_buf_text(&buf));
        value = hr_strdup(c->e->arena, hr_buf_text(&row));
        hr_buf_release(&buf);
        hr_buf_release(&row);
    }
    hr_buf_addf(out, "count(%s%s)", c->call->call.distinct ? "DISTINCT " : "", value);
    HR_TRY(write_filter(c, all, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

static enum hr_code aggregate_text(struct call_text *c, const char *template, const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 28);
    enum hr_code code = expand(c, template, strlen(template), &buf);
    *text = hr_strdup(c->e->arena, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return code;
}

/* DuckDB sums integers in 128 bits; Spark's sum is a long that must not overflow */
static enum hr_code emit_sum(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *to = c->call->type;
    const char *sum;
    HR_TRY(aggregate_text(c, "{sum($1)}", &sum));
    if (to->id == HR_TYPE_DOUBLE || to->id == HR_TYPE_DECIMAL) {
        hr_buf_adds(out, sum);
        return HR_OK;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_decimal(c->e->arena, 38, 0);
    const char *name = c->call->call.ansi ? "checked_sum" : "wrapped_sum";
    HR_TRY(emit_kernel(c->e, name, strlen(name), hr_type_basic(HR_TYPE_LONG), types, 1, out));
    hr_buf_addf(out, "(CAST(%s AS DECIMAL(38,0)))", sum);
    return HR_OK;
}

static enum hr_code emit_average(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *from = c->call->call.args.at[0]->type;
    const char *sum, *count;
    if (from->id != HR_TYPE_DECIMAL)
        return expand(c, "{avg($1)}", strlen("{avg($1)}"), out);
    HR_TRY(aggregate_text(c, "{sum($1)}", &sum));
    HR_TRY(aggregate_text(c, "{count($1)}", &count));
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = hr_type_basic(HR_TYPE_INT);
    types[1] = hr_type_decimal(c->e->arena, 38, from->scale);
    types[2] = hr_type_decimal(c->e->arena, 20, 0);
    HR_TRY(emit_kernel(c->e, "decimal_op_null", strlen("decimal_op_null"), c->call->type, types, 3, out));
    hr_buf_addf(out, "(CAST(%d AS INTEGER), CAST(%s AS DECIMAL(38,%d)), CAST(%s AS DECIMAL(20,0)))", '/', sum, from->scale, count);
    return HR_OK;
}

/* collect_set keeps the first of equal values in the order met */
static enum hr_code emit_collect(struct call_text *c, struct hr_buf *out)
{
    bool set = hr_function_is(c->call->call.function, "collect_set");
    hr_buf_addf(out, "coalesce(list(%s%s)", set || c->call->call.distinct ? "DISTINCT " : "", c->args[0]);
    HR_TRY(write_filter(c, hr_printf(c->e->arena, "%s IS NOT NULL", c->args[0]), out));
    hr_buf_addf(out, "%s, CAST([] AS %s))", c->over, type_text(c->e, c->call->type));
    return HR_OK;
}

/* the rank-ceil(p * n) value of the sorted ones: exact, which Spark's sketch is too up to its accuracy */
static enum hr_code emit_percentile_approx(struct call_text *c, struct hr_buf *out)
{
    const char *list;
    HR_TRY(aggregate_text(c, "list_sort({list($1)~$1 IS NOT NULL})", &list));
    int id = ++c->e->next_table;
    if (c->call->type->id == HR_TYPE_ARRAY && c->call->call.args.at[1]->type->id == HR_TYPE_ARRAY)
        hr_buf_addf(out, "list_transform(CASE WHEN len(%s) > 0 THEN %s ELSE NULL END, lambda v%d: list_extract(%s, greatest(1, CAST(ceil(v%d * len(%s)) AS BIGINT))))",
                    list, c->args[1], id, list, id, list);
    else
        hr_buf_addf(out, "list_extract(%s, greatest(1, CAST(ceil(%s * len(%s)) AS BIGINT)))", list, c->args[1], list);
    return HR_OK;
}

static enum hr_code emit_percentile(struct call_text *c, struct hr_buf *out)
{
    return expand(c, "{quantile_cont($1, $2)}", strlen("{quantile_cont($1, $2)}"), out);
}

typedef enum hr_code (*emit_fn)(struct call_text *c, struct hr_buf *out);

static const struct { const char *name; emit_fn fn; } emitters[] = {
    {"arithmetic", emit_arithmetic}, {"divide", emit_divide}, {"int_divide", emit_int_divide}, {"remainder", emit_remainder},
    {"negate", emit_negate}, {"absolute", emit_absolute}, {"in", emit_in}, {"case", emit_case}, {"show", emit_show}, {"struct", emit_struct},
    {"array", emit_array}, {"map", emit_map}, {"array_fields", emit_array_fields}, {"concat", emit_concat}, {"concat_ws", emit_concat_ws},
    {"lambda", emit_lambda}, {"reduce", emit_reduce}, {"lag_lead", emit_lag_lead}, {"first_last", emit_first_last}, {"nth_value", emit_nth_value},
    {"count", emit_count}, {"sum", emit_sum}, {"average", emit_average}, {"collect", emit_collect}, {"percentile_approx", emit_percentile_approx},
    {"percentile", emit_percentile}, {"array_item", emit_array_item}, {"element_at", emit_element_at}, {"size", emit_size}, {"ceil_floor", emit_ceil_floor},
};

static enum hr_code run_emitter(struct call_text *c, const char *name, struct hr_buf *out)
{
    for (size_t i = 0; i < HR_LEN(emitters); i++)
        if (!strcmp(emitters[i].name, name))
            return emitters[i].fn(c, out);
    return hr_fail(c->e->err, HR_E_INTERNAL, "no emitter '%s'", name);
}

/* results that are of their type already */
static bool exact_result(const char *template, const struct hr_type *type)
{
    return *template == '@' || (*template == '(' && type->id == HR_TYPE_BOOLEAN);
}

enum hr_code emit_call(struct emit *e, const struct hr_texpr *call, const char *over, struct hr_buf *out)
{
    const struct hr_function *function = call->call.function;
    struct call_text c = {.e = e, .call = call, .over = over};
    if (!function->emit)
        return hr_fail(e->err, HR_E_UNSUPPORTED, "function '%s' in this place", function->name);
    const char *template = template_for(function, call->call.args.count);
    HR_TRY(arg_texts(&c));
    bool exact = exact_result(template, call->type);
    if (!exact)
        hr_buf_adds(out, "CAST(");
    if (*template == '!')
        HR_TRY(run_emitter(&c, template + 1, out));
    else
        HR_TRY(expand(&c, template, template_len(function, template), out));
    if (!exact)
        hr_buf_addf(out, " AS %s)", type_text(e, call->type));
    return HR_OK;
}
