/* Calls to SQL. Templates are explained in analyze/catalogue.h; what they cannot say is a function
 * "!name" of emit/number.c and its fellows. */
#include "host/engine/emit/call.h"
#include "host/engine/emit/bind.h"
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"
#include <stdlib.h>

/* ---- templates ---- */

static const char *template_for(const struct hr_function *function, size_t count)
{
    const char *p = function->emit;
    if (function->least == function->most)
        return p; /* a '|' in it is DuckDB's */
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
static const struct hr_type **kernel_types(struct call_text *c,
                                           const char *open,
                                           const char *end,
                                           size_t *count)
{
    const struct hr_texprs *args = &c->call->call.args;
    /* each of the template's characters begins one at most, but "$*", which is all of the call's */
    const struct hr_type **types =
        HR_NEW_ARRAY(c->e->arena, const struct hr_type *, args->count + (size_t)(end - open) + 1);
    *count = 0;
    int depth = 0;
    bool fresh = true; /* at the start of an argument */
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
            for (size_t i = 0; i < args->count; i++)
                types[(*count)++] = args->at[i]->type;
        else /* a kernel of fixed types may take a constant or an expression */
            types[(*count)++] = *p == '$' && (size_t)(p[1] - '1') < args->count
                                    ? args->at[p[1] - '1']->type
                                    : hr_type_basic(HR_TYPE_INT);
    }
    return types;
}

enum hr_code hr_write_filter(struct call_text *c, const char *extra, struct hr_buf *out)
{
    const struct hr_texpr *filter = c->call->call.filter;
    if (!filter && !extra)
        return HR_OK;
    hr_buf_adds(out, " FILTER (WHERE ");
    if (extra)
        hr_buf_adds(out, extra);
    if (filter) {
        hr_buf_adds(out, extra ? " AND (" : "");
        HR_TRY(hr_emit_expr(c->e, filter, out));
        hr_buf_adds(out, extra ? ")" : "");
    }
    hr_buf_addc(out, ')');
    return HR_OK;
}

/* {aggregate(…)~condition}: DISTINCT, FILTER and OVER belong inside the braces */
static enum hr_code expand_aggregate(struct call_text *c,
                                     const char *p,
                                     size_t len,
                                     struct hr_buf *out)
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
    HR_TRY(hr_expand_template(c, p + name, (orders->count ? close - 1 : body) - name, out));
    for (size_t i = 0; i < orders->count; i++) {
        hr_buf_adds(out, i ? ", " : " ORDER BY ");
        HR_TRY(hr_emit_expr(c->e, orders->at[i].child, out));
        hr_buf_addf(out, " %s NULLS %s", orders->at[i].descending ? "DESC" : "ASC",
                    orders->at[i].nulls_first ? "FIRST" : "LAST");
    }
    if (orders->count)
        hr_buf_addc(out, ')');
    const char *extra = NULL;
    if (tilde) {
        struct hr_buf buf;
        hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
        enum hr_code code = hr_expand_template(c, tilde + 1, len - body - 1, &buf);
        extra = hr_sel_take(c->e, &buf);
        HR_TRY(code);
    }
    HR_TRY(hr_write_filter(c, extra, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

/* the options of from_json and its like: map('key', 'value' …), whose literals analyze/ has
 * checked, and the configuration behind them */
static const struct hr_options *call_options(struct call_text *c)
{
    static const char *const keys[] = {
        "spark.sql.session.timeZone",
        "spark.sql.caseSensitive",
        "spark.sql.columnNameOfCorruptRecord",
        "spark.sql.timestampType",
        "spark.sql.jsonGenerator.ignoreNullFields",
        "spark.sql.legacy.csv.enableDateTimeParsingFallback",
        "spark.sql.legacy.json.enableDateTimeParsingFallback",
    };
    const struct hr_texprs *args = &c->call->call.args, *pairs = NULL;
    const struct hr_texpr *last = args->count > 1 ? args->at[args->count - 1] : NULL;
    struct hr_options *options = HR_NEW(c->e->arena, struct hr_options);
    if (last && last->kind == HR_T_CALL && hr_function_is(last->call.function, "map"))
        pairs = &last->call.args;
    options->at =
        HR_NEW_ARRAY(c->e->arena, struct hr_option, HR_LEN(keys) + (pairs ? pairs->count : 0) + 1);
    for (size_t i = 0; pairs && i + 1 < pairs->count; i += 2) {
        const struct hr_literal *key = pairs->at[i]->literal, *value = pairs->at[i + 1]->literal;
        options->at[options->count++] =
            (struct hr_option){hr_strndup(c->e->arena, key->text.bytes, key->text.len),
                               hr_strndup(c->e->arena, value->text.bytes, value->text.len)};
    }
    for (size_t i = 0; i < HR_LEN(keys); i++) {
        const char *value = c->e->env->ops->conf(c->e->env, keys[i]);
        if (value)
            options->at[options->count++] =
                (struct hr_option){keys[i], hr_strdup(c->e->arena, value)};
    }
    return options;
}

enum hr_code hr_expand_template(struct call_text *c, const char *p, size_t len, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const char *end = p + len;
    for (; p < end; p++) {
        if (*p == '{' &&
            p + 1 < end &&
            p[1] >= 'a' &&
            p[1] <= 'z' &&
            memchr(p, '}', (size_t)(end - p)) &&
            (c->call->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW))) {
            const char *close = memchr(p, '}', (size_t)(end - p));
            HR_TRY(expand_aggregate(c, p + 1, (size_t)(close - p - 1), out));
            p = close;
        } else if (*p == '@') {
            const char *open = p + 1;
            while (open < end && *open != '(')
                open++;
            size_t count;
            const struct hr_type **types = kernel_types(c, open, end, &count);
            const struct hr_kernel *kernel = hr_kernel_find(p + 1, (size_t)(open - p - 1));
            c->e->kernel_options = kernel && kernel->prepare ? call_options(c) : NULL;
            HR_TRY(hr_emit_kernel(c->e, p + 1, (size_t)(open - p - 1), c->call->type, types, count,
                                  out));
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

static const struct {
    const char *name;
    enum hr_code (*fn)(struct call_text *c, struct hr_buf *out);
} emitters[] = {
#define X(name) {#name, hr_emit_##name},
    HR_EMITTERS(X)
#undef X
};

static enum hr_code run_emitter(struct call_text *c, const char *name, struct hr_buf *out)
{
    for (size_t i = 0; i < HR_LEN(emitters); i++)
        if (!strcmp(emitters[i].name, name))
            return emitters[i].fn(c, out);
    return hr_fail(c->e->err, HR_E_INTERNAL, "no emitter '%s'", name);
}

/* results that are of their type already; a nested one's is not written again at every level */
static bool exact_result(const char *template, const struct hr_texpr *call)
{
    if (*template == '@' || (*template == '(' && call->type->id == HR_TYPE_BOOLEAN))
        return true;
    bool made_of_arguments =
        !strcmp(template, "!array") || !strcmp(template, "!map") || !strcmp(template, "!struct");
    return made_of_arguments && call->call.args.count;
}

/* the template puts operands where windows, subqueries and an enclosing query's columns may not
 * stand */
static bool moves_operands(const struct emit *e, const struct hr_texpr *call)
{
    if (!(call->call.function->flags & HR_F_INSIDE))
        return false;
    for (size_t i = 0; i < call->call.args.count; i++)
        if (hr_has_rows(call->call.args.at[i]))
            return true;
    return hr_holds_outer(e, &call->call.args);
}

static enum settling settling_of(const struct emit *e,
                                 const struct hr_texpr *call,
                                 const char *over)
{
    const struct hr_function *function = call->call.function;
    if (*over || (function->flags & (HR_F_AGGREGATE | HR_F_WINDOW)))
        return REPEAT;
    if (moves_operands(e, call))
        return BIND_ALL;
    return function->flags & HR_F_LAZY ? BIND_REPEATED : BIND;
}

/* an argument that is made from the others names them by variables: for these stand the others'
 * marks */
static enum hr_code write_computed(struct call_text *c)
{
    const struct hr_texpr *call = c->call;
    size_t computed = call->call.computed;
    for (size_t i = 0; i < call->call.args.count; i++)
        if (call->call.params[i])
            c->e->texts[call->call.params[i]->id] = c->args[i];
    return hr_expr_text(c->e, call->call.args.at[computed], &c->args[computed]);
}

static enum hr_code own_text(struct call_text *c, const char *template, struct hr_buf *out)
{
    if (c->call->call.params)
        HR_TRY(write_computed(c));
    if (*template == '!')
        return run_emitter(c, template + 1, out);
    return hr_expand_template(c, template, template_len(c->call->call.function, template), out);
}

enum hr_code hr_emit_call(struct emit *e,
                          const struct hr_texpr *call,
                          const char *over,
                          struct hr_buf *out)
{
    const struct hr_function *function = call->call.function;
    const struct hr_texprs *args = &call->call.args;
    struct call_text c = {.e = e, .call = call, .over = over};
    struct held held;
    if (!function->emit)
        return hr_refuse(e->err, "function '%s' in this place", function->name);
    const char *template = template_for(function, args->count);
    HR_TRY(hr_hold(e, args, &held, &c.args));
    struct hr_buf own;
    hr_buf_init(&own, HR_SQL_EMITTED_MAX);
    enum hr_code code = own_text(&c, template, &own);
    bool exact = exact_result(template, call);
    if (!exact)
        hr_buf_adds(out, "CAST(");
    if (!code)
        code = hr_settle(e, &held, &own, settling_of(e, call, over), out);
    hr_buf_release(&own);
    HR_TRY(code);
    if (!exact)
        hr_buf_addf(out, " AS %s)", hr_type_text(e, call->type));
    return HR_OK;
}
