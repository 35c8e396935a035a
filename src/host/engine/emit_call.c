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
    const struct hr_torders *orders = &c->call->call.within_group;
    size_t close = body;
    while (orders->count && close > name && p[close - 1] != ')')
        close--;
    HR_TRY(expand(c, p + name, (orders->count ? close - 1 : body) - name, out));
    for (size_t i = 0; i < orders->count; i++) {
        hr_buf_adds(out, i ? ", " : " ORDER BY ");
        HR_TRY(emit_expr(c->e, orders->at[i].child, out));
        hr_buf_addf(out, " %s NULLS %s", orders->at[i].descending ? "DESC" : "ASC", orders->at[i].nulls_first ? "FIRST" : "LAST");
    }
    if (orders->count)
        hr_buf_addc(out, ')');
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

static enum hr_code emit_make_timestamp(struct call_text *c, struct hr_buf *out)
{
    bool strict = c->call->call.ansi && strncmp(c->call->call.function->name, "try_", 4);
    return kernel_call(c, strict ? "make_timestamp" : "make_timestamp_null", out);
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
            hr_buf_addf(out, ", [CAST(%s AS VARCHAR)]", c->args[i]);
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

static enum hr_code emit_indexed_lambda(struct call_text *c, struct hr_buf *out);

static enum hr_code emit_lambda(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    const struct hr_texpr *lambda = c->call->call.args.at[1];
    const char *array = c->args[0];
    if (lambda->lambda.count == 2)
        return emit_indexed_lambda(c, out);
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
    /* NaN takes no part in Spark's sketch */
    bool real = real_type(c->call->call.args.at[0]->type);
    HR_TRY(aggregate_text(c, real ? "list_sort({list($1)~$1 IS NOT NULL AND NOT isnan($1)})" : "list_sort({list($1)~$1 IS NOT NULL})", &list));
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

/* ---- more of numbers and strings ---- */

static enum hr_code emit_hex(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[0]->type;
    if (hr_type_is_integral(type))
        hr_buf_addf(out, "upper(to_hex(CAST(%s AS BIGINT)))", c->args[0]);
    else if (type->id == HR_TYPE_BINARY || type->id == HR_TYPE_STRING)
        hr_buf_addf(out, "hex(%s)", c->args[0]);
    else {
        const char *number;
        struct hr_buf buf;
        hr_buf_init(&buf, 1 << 28);
        enum hr_code code = emit_cast(c->e, c->args[0], type, hr_type_basic(HR_TYPE_LONG), c->call->call.ansi ? HR_CAST_ANSI : HR_CAST_LEGACY, &buf);
        number = hr_strdup(c->e->arena, hr_buf_text(&buf));
        hr_buf_release(&buf);
        HR_TRY(code);
        hr_buf_addf(out, "upper(to_hex(%s))", number);
    }
    return HR_OK;
}

static enum hr_code emit_octet_length(struct call_text *c, struct hr_buf *out)
{
    bool bits = hr_function_is(c->call->call.function, "bit_length");
    bool binary = c->call->call.args.at[0]->type->id == HR_TYPE_BINARY;
    hr_buf_addf(out, binary ? "(octet_length(%s) * %d)" : "(strlen(%s) * %d)", c->args[0], bits ? 8 : 1);
    return HR_OK;
}

static enum hr_code emit_length(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "%s(%s)", c->call->call.args.at[0]->type->id == HR_TYPE_BINARY ? "octet_length" : "length", c->args[0]);
    return HR_OK;
}

static enum hr_code emit_decode(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!c->call->call.hidden_last)
        return expand(c, "@decode($1,$2)", strlen("@decode($1,$2)"), out);
    hr_buf_adds(out, c->args[args->count - 1]);
    return HR_OK;
}

static enum hr_code emit_pmod(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.ansi)
        return kernel_call(c, "pmod", out);
    hr_buf_addf(out, "CASE WHEN %s = 0 THEN NULL ELSE ", c->args[1]);
    HR_TRY(kernel_call(c, "pmod", out));
    hr_buf_adds(out, " END");
    return HR_OK;
}

static enum hr_code emit_typeof(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addc(out, '\'');
    hr_type_simple(c->call->call.args.at[0]->type, out);
    hr_buf_addc(out, '\'');
    return HR_OK;
}

static enum hr_code emit_current_user(struct call_text *c, struct hr_buf *out)
{
    const char *user = c->e->env->ops->user ? c->e->env->ops->user(c->e->env) : NULL;
    struct hr_literal literal = {.type = hr_type_basic(HR_TYPE_STRING)};
    literal.text.bytes = user ? user : "";
    literal.text.len = strlen(literal.text.bytes);
    emit_literal(&literal, out);
    return HR_OK;
}

static enum hr_code emit_elt(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    hr_buf_adds(out, "list_extract([");
    for (size_t i = 1; i < args->count; i++)
        hr_buf_addf(out, "%s%s", i > 1 ? ", " : "", c->args[i]);
    hr_buf_adds(out, "], ");
    const char *kernel = c->call->call.ansi ? "elt_index" : "array_index_null";
    HR_TRY(emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_LONG), types, 2, out));
    hr_buf_addf(out, "(CAST(%s AS BIGINT) - 1, CAST(%zu AS BIGINT)))", c->args[0], args->count - 1);
    return HR_OK;
}

static enum hr_code emit_reverse(struct call_text *c, struct hr_buf *out)
{
    if (c->call->type->id == HR_TYPE_ARRAY) {
        hr_buf_addf(out, "list_reverse(%s)", c->args[0]);
        return HR_OK;
    }
    return kernel_call(c, "reverse", out);
}

/* try_add …: the operation in a wider type, then NULL where it does not fit */
static enum hr_code emit_try_arithmetic(struct call_text *c, struct hr_buf *out)
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
    if (real_type(type))
        hr_buf_addf(out, "(%s %c %s)", c->args[0], op, c->args[1]);
    else
        hr_buf_addf(out, "TRY_CAST((CAST(%s AS HUGEINT) %c CAST(%s AS HUGEINT)) AS %s)", c->args[0], op, c->args[1], type_text(c->e, type));
    return HR_OK;
}

static enum hr_code emit_try_divide(struct call_text *c, struct hr_buf *out)
{
    struct hr_texpr legacy = *c->call;
    legacy.call.ansi = false;
    struct call_text inner = *c;
    inner.call = &legacy;
    return emit_divide(&inner, out);
}

static enum hr_code emit_try_remainder(struct call_text *c, struct hr_buf *out)
{
    struct hr_texpr legacy = *c->call;
    legacy.call.ansi = false;
    struct call_text inner = *c;
    inner.call = &legacy;
    return emit_remainder(&inner, out);
}

/* ---- moments ---- */

static enum hr_code emit_now(struct call_text *c, struct hr_buf *out)
{
    const struct hr_zone *zone = hr_zone_find(c->e->zone, strlen(c->e->zone));
    int64_t now = c->e->env->ops->now_us(c->e->env);
    int64_t local = hr_zone_to_local(zone ? zone : hr_zone_utc(), now);
    struct hr_literal literal = {.type = c->call->type};
    literal.integer = literal.type->id == HR_TYPE_DATE ? hr_floor_div(local, HR_US_PER_DAY) : literal.type->id == HR_TYPE_TIMESTAMP_NTZ ? local : now;
    emit_literal(&literal, out);
    return HR_OK;
}

static enum hr_code emit_timezone(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "'%s'", c->e->zone);
    return HR_OK;
}

static enum hr_code emit_to_moment(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    bool try = !strncmp(c->call->call.function->name, "try_", 4);
    if (args->count == 1)
        return emit_cast(c->e, c->args[0], args->at[0]->type, c->call->type, try ? HR_CAST_TRY : c->call->call.ansi ? HR_CAST_ANSI : HR_CAST_LEGACY, out);
    return kernel_call(c, try || !c->call->call.ansi ? "parse_moment_null" : "parse_moment", out);
}

static enum hr_code emit_unix_time(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[0]->type;
    if (type->id != HR_TYPE_STRING) {
        struct hr_buf buf;
        hr_buf_init(&buf, 1 << 28);
        enum hr_code code = emit_cast(c->e, c->args[0], type, hr_type_basic(HR_TYPE_TIMESTAMP), HR_CAST_ANSI, &buf);
        hr_buf_addf(out, "CAST(floor(epoch_us(%s) / 1000000) AS BIGINT)", hr_buf_text(&buf));
        hr_buf_release(&buf);
        return code;
    }
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_STRING);
    const char *kernel = c->call->call.ansi ? "parse_moment" : "parse_moment_null";
    hr_buf_adds(out, "CAST(floor(epoch_us(");
    HR_TRY(emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_TIMESTAMP), types, 2, out));
    hr_buf_addf(out, "(%s, %s)) / 1000000) AS BIGINT)", c->args[0], c->args[1]);
    return HR_OK;
}

/* ---- more of collections ---- */

/* the first of equal elements stays; null is equal to null */
static const char *distinct_list(struct call_text *c, const char *list)
{
    int id = ++c->e->next_table;
    return hr_printf(c->e->arena,
                     "list_filter(%s, lambda v%d, i%d: CASE WHEN v%d IS NULL THEN NOT list_contains(list_transform(list_slice(%s, 1, i%d - 1), lambda w: w IS NULL), true) "
                     "ELSE list_position(%s, v%d) = i%d END)", list, id, id, id, list, id, list, id, id);
}

static const char *holds(struct call_text *c, const char *list, const char *value)
{
    return hr_printf(c->e->arena, "(CASE WHEN %s IS NULL THEN len(list_filter(%s, lambda w: w IS NULL)) > 0 ELSE list_contains(%s, %s) END)", value, list,
                     list, value);
}

static enum hr_code emit_array_distinct(struct call_text *c, struct hr_buf *out)
{
    hr_buf_adds(out, distinct_list(c, c->args[0]));
    return HR_OK;
}

static enum hr_code emit_array_set(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name, *a = c->args[0], *b = c->args[1], *item = hr_printf(c->e->arena, "v%d", ++c->e->next_table);
    hr_buf_addf(out, "CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE ", a, b);
    if (!strcmp(name, "array_union"))
        hr_buf_adds(out, distinct_list(c, hr_printf(c->e->arena, "list_concat(%s, %s)", a, b)));
    else
        hr_buf_addf(out, "list_filter(%s, lambda %s: %s%s)", distinct_list(c, a), item, strcmp(name, "array_except") ? "" : "NOT ", holds(c, b, item));
    hr_buf_adds(out, " END");
    return HR_OK;
}

static enum hr_code emit_sort_array(struct call_text *c, struct hr_buf *out)
{
    hr_buf_addf(out, "CASE WHEN %s THEN list_sort(%s, 'ASC', 'NULLS FIRST') ELSE list_sort(%s, 'DESC', 'NULLS LAST') END", c->args[1], c->args[0],
                c->args[0]);
    return HR_OK;
}

static enum hr_code emit_slice(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = types[1] = types[2] = hr_type_basic(HR_TYPE_LONG);
    /* the kernel checks start and length, and says where the slice begins: 0 when it is empty */
    struct hr_buf from;
    hr_buf_init(&from, 1 << 28);
    enum hr_code code = emit_kernel(c->e, "slice_start", strlen("slice_start"), hr_type_basic(HR_TYPE_LONG), types, 3, &from);
    hr_buf_addf(&from, "(CAST(len(%s) AS BIGINT), CAST(%s AS BIGINT), CAST(%s AS BIGINT))", c->args[0], c->args[1], c->args[2]);
    const char *start = hr_strdup(c->e->arena, hr_buf_text(&from));
    hr_buf_release(&from);
    HR_TRY(code);
    hr_buf_addf(out, "CASE WHEN %s = 0 THEN list_slice(%s, 1, 0) ELSE list_slice(%s, %s, %s + %s - 1) END", start, c->args[0], c->args[0], start, start,
                c->args[2]);
    return HR_OK;
}

static enum hr_code emit_arrays_zip(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    int id = ++c->e->next_table;
    hr_buf_adds(out, "CASE WHEN ");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s IS NULL", i ? " OR " : "", c->args[i]);
    hr_buf_adds(out, " THEN NULL ELSE list_transform(range(1, greatest(");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%slen(%s)", i ? ", " : "", c->args[i]);
    hr_buf_addf(out, ") + 1), lambda i%d: {", id);
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%sf%zu: list_extract(%s, i%d)", i ? ", " : "", i, c->args[i], id);
    hr_buf_adds(out, "}) END");
    return HR_OK;
}

static enum hr_code emit_sequence(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type *element = c->call->type->element;
    const char *a = c->args[0], *b = c->args[1];
    if (hr_type_is_integral(element)) {
        const char *step = args->count == 3 ? c->args[2] : hr_printf(c->e->arena, "CASE WHEN %s <= %s THEN 1 ELSE -1 END", a, b);
        hr_buf_addf(out, "generate_series(CAST(%s AS BIGINT), CAST(%s AS BIGINT), CAST(%s AS BIGINT))", a, b, step);
        return HR_OK;
    }
    const char *step = hr_printf(c->e->arena, "CASE WHEN %s <= %s THEN to_days(1) ELSE to_days(-1) END", a, b);
    if (args->count == 3)
        step = hr_printf(c->e->arena, args->at[2]->type->id == HR_TYPE_YEAR_MONTH ? "to_months(%s)" : "to_microseconds(%s)", c->args[2]);
    hr_buf_addf(out, "generate_series(CAST(%s AS TIMESTAMP), CAST(%s AS TIMESTAMP), %s)", a, b, step);
    return HR_OK;
}

static enum hr_code emit_map_entries(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    hr_buf_addf(out, "list_transform(map_entries(%s), lambda v%d: {f0: struct_extract(v%d, 'key'), f1: struct_extract(v%d, 'value')})", c->args[0], id, id, id);
    return HR_OK;
}

static enum hr_code emit_map_concat(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!args->count) {
        hr_buf_adds(out, "MAP([], [])");
        return HR_OK;
    }
    hr_buf_adds(out, "CASE WHEN ");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s IS NULL", i ? " OR " : "", c->args[i]);
    /* built from keys and values, so that a key given twice fails as in Spark */
    hr_buf_adds(out, " THEN NULL ELSE MAP(flatten([");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%smap_keys(%s)", i ? ", " : "", c->args[i]);
    hr_buf_adds(out, "]), flatten([");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%smap_values(%s)", i ? ", " : "", c->args[i]);
    hr_buf_adds(out, "])) END");
    return HR_OK;
}

/* the lambda's body with its parameters standing for other SQL */
static enum hr_code body_text(struct call_text *c, const struct hr_texpr *lambda, const char **params, const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 28);
    for (size_t i = 0; i < lambda->lambda.count; i++)
        c->e->texts[lambda->lambda.params[i]->id] = params[i];
    enum hr_code code = emit_expr(c->e, lambda->lambda.body, &buf);
    for (size_t i = 0; i < lambda->lambda.count; i++)
        c->e->texts[lambda->lambda.params[i]->id] = NULL;
    *text = hr_strdup(c->e->arena, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return code;
}

static enum hr_code emit_map_lambda(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name, *map = c->args[0], *body;
    int id = ++c->e->next_table;
    const char *params[] = {hr_printf(c->e->arena, "struct_extract(v%d, 'key')", id), hr_printf(c->e->arena, "struct_extract(v%d, 'value')", id)};
    HR_TRY(body_text(c, c->call->call.args.at[1], params, &body));
    const char *mapped = hr_printf(c->e->arena, "list_transform(map_entries(%s), lambda v%d: %s)", map, id, body);
    hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE ", map);
    if (!strcmp(name, "map_filter"))
        hr_buf_addf(out, "map_from_entries(list_filter(map_entries(%s), lambda v%d: %s))", map, id, body);
    else if (!strcmp(name, "transform_keys"))
        hr_buf_addf(out, "MAP(%s, map_values(%s))", mapped, map);
    else
        hr_buf_addf(out, "MAP(map_keys(%s), %s)", map, mapped);
    hr_buf_adds(out, " END");
    return HR_OK;
}

static enum hr_code emit_zip_with(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    const char *body, *params[] = {hr_printf(c->e->arena, "list_extract(%s, i%d)", c->args[0], id), hr_printf(c->e->arena, "list_extract(%s, i%d)", c->args[1], id)};
    HR_TRY(body_text(c, c->call->call.args.at[2], params, &body));
    hr_buf_addf(out, "CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE list_transform(range(1, greatest(len(%s), len(%s)) + 1), lambda i%d: %s) END",
                c->args[0], c->args[1], c->args[0], c->args[1], id, body);
    return HR_OK;
}

/* transform and filter whose lambda takes the index too, which starts at 0 in Spark */
static enum hr_code emit_indexed_lambda(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    const char *body, *params[] = {hr_printf(c->e->arena, "v%d", id), hr_printf(c->e->arena, "CAST(i%d - 1 AS INTEGER)", id)};
    HR_TRY(body_text(c, c->call->call.args.at[1], params, &body));
    hr_buf_addf(out, "list_%s(%s, lambda v%d, i%d: %s)", c->call->call.function->name, c->args[0], id, id, body);
    return HR_OK;
}

/* ---- more aggregates ---- */

static enum hr_code emit_try_sum(struct call_text *c, struct hr_buf *out)
{
    const char *sum;
    HR_TRY(aggregate_text(c, "{sum($1)}", &sum));
    hr_buf_addf(out, "TRY_CAST(%s AS %s)", sum, type_text(c->e, c->call->type));
    return HR_OK;
}

/* population moments from sums of powers about the mean: skewness = sqrt(n) m3 / m2^1.5, kurtosis = n m4 / m2^2 - 3 */
static enum hr_code emit_moment(struct call_text *c, struct hr_buf *out)
{
    const char *list;
    HR_TRY(aggregate_text(c, "{list($1)~$1 IS NOT NULL}", &list));
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_array(c->e->arena, hr_type_basic(HR_TYPE_DOUBLE), false);
    const char *name = c->call->call.function->name;
    HR_TRY(emit_kernel(c->e, name, strlen(name), hr_type_basic(HR_TYPE_DOUBLE), types, 1, out));
    hr_buf_addf(out, "(%s)", list);
    return HR_OK;
}

typedef enum hr_code (*emit_fn)(struct call_text *c, struct hr_buf *out);

static const struct { const char *name; emit_fn fn; } emitters[] = {
    {"make_timestamp", emit_make_timestamp},
    {"arithmetic", emit_arithmetic}, {"divide", emit_divide}, {"int_divide", emit_int_divide}, {"remainder", emit_remainder},
    {"negate", emit_negate}, {"absolute", emit_absolute}, {"in", emit_in}, {"case", emit_case}, {"show", emit_show}, {"struct", emit_struct},
    {"array", emit_array}, {"map", emit_map}, {"array_fields", emit_array_fields}, {"concat", emit_concat}, {"concat_ws", emit_concat_ws},
    {"lambda", emit_lambda}, {"reduce", emit_reduce}, {"lag_lead", emit_lag_lead}, {"first_last", emit_first_last}, {"nth_value", emit_nth_value},
    {"count", emit_count}, {"sum", emit_sum}, {"average", emit_average}, {"collect", emit_collect}, {"percentile_approx", emit_percentile_approx},
    {"percentile", emit_percentile}, {"array_item", emit_array_item}, {"element_at", emit_element_at}, {"size", emit_size}, {"ceil_floor", emit_ceil_floor},
    {"hex", emit_hex}, {"octet_length", emit_octet_length}, {"length", emit_length}, {"decode", emit_decode}, {"pmod", emit_pmod}, {"typeof", emit_typeof}, {"current_user", emit_current_user},
    {"elt", emit_elt}, {"reverse", emit_reverse}, {"try_arithmetic", emit_try_arithmetic}, {"try_divide", emit_try_divide},
    {"try_remainder", emit_try_remainder}, {"now", emit_now}, {"timezone", emit_timezone}, {"to_moment", emit_to_moment},
    {"unix_time", emit_unix_time}, {"array_distinct", emit_array_distinct}, {"array_set", emit_array_set}, {"sort_array",
    emit_sort_array}, {"slice", emit_slice}, {"arrays_zip", emit_arrays_zip}, {"sequence", emit_sequence}, {"map_entries",
    emit_map_entries}, {"map_concat", emit_map_concat}, {"map_lambda", emit_map_lambda}, {"zip_with", emit_zip_with},
    {"try_sum", emit_try_sum}, {"skewness", emit_moment}, {"kurtosis", emit_moment},
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
