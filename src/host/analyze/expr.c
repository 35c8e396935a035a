/* Expressions: unresolved to typed. */
#include "host/analyze/internal.h"
#include "base/limits.h"
#include "host/plan/origin.h"
#include <regex.h>
#include <stdlib.h>

struct hr_texpr *texpr_new(struct analysis *a, enum hr_texpr_kind kind, const struct hr_type *type, bool nullable)
{
    struct hr_texpr *expr = NEW(a, struct hr_texpr);
    expr->kind = kind;
    expr->type = type;
    expr->nullable = nullable;
    return expr;
}

struct hr_texpr *column_of(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_texpr *expr = texpr_new(a, HR_T_COLUMN, attr->type, attr->nullable);
    expr->column.attr = attr;
    return expr;
}

struct hr_texpr *literal_of(struct analysis *a, const struct hr_literal *literal)
{
    struct hr_texpr *expr = texpr_new(a, HR_T_LITERAL, literal->type, literal->is_null);
    expr->literal = literal;
    return expr;
}

struct hr_texpr *literal_int(struct analysis *a, const struct hr_type *type, int64_t value)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = type;
    literal->integer = value;
    return literal_of(a, literal);
}

struct hr_texpr *literal_string(struct analysis *a, const char *text)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = BASIC(STRING);
    literal->text.bytes = text;
    literal->text.len = strlen(text);
    return literal_of(a, literal);
}

struct hr_texpr *literal_null(struct analysis *a, const struct hr_type *type)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = type;
    literal->is_null = true;
    return literal_of(a, literal);
}

/* ---- walking ---- */

static enum hr_code each_of(struct hr_texprs *list, enum hr_code (*fn)(void *, struct hr_texpr **), void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(fn(arg, &list->at[i]));
    return HR_OK;
}

static enum hr_code each_order(struct hr_torders *list, enum hr_code (*fn)(void *, struct hr_texpr **), void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(fn(arg, &list->at[i].child));
    return HR_OK;
}

enum hr_code hr_texpr_each(struct hr_texpr *expr, enum hr_code (*fn)(void *, struct hr_texpr **), void *arg)
{
    switch (expr->kind) {
    case HR_T_CALL:
        HR_TRY(each_of(&expr->call.args, fn, arg));
        if (expr->call.filter)
            HR_TRY(fn(arg, &expr->call.filter));
        return each_order(&expr->call.within_group, fn, arg);
    case HR_T_CAST: return fn(arg, &expr->cast.child);
    case HR_T_FIELD: return fn(arg, &expr->field.child);
    case HR_T_WINDOW:
        HR_TRY(fn(arg, &expr->window.function));
        HR_TRY(each_of(&expr->window.partition, fn, arg));
        return each_order(&expr->window.order, fn, arg);
    case HR_T_SUBQUERY: return each_of(&expr->subquery.values, fn, arg);
    case HR_T_LAMBDA: return fn(arg, &expr->lambda.body);
    case HR_T_ALIAS: return fn(arg, &expr->alias.child);
    case HR_T_UDF: return each_of(&expr->udf.args, fn, arg);
    case HR_T_LITERAL: case HR_T_COLUMN: case HR_T_VARIABLE: return HR_OK;
    }
    return HR_OK;
}

static bool literal_equal(const struct hr_literal *x, const struct hr_literal *y)
{
    if (x->is_null != y->is_null || !hr_type_equal(x->type, y->type))
        return false;
    if (x->is_null)
        return true;
    switch (x->type->id) {
    case HR_TYPE_BOOLEAN: return x->boolean == y->boolean;
    case HR_TYPE_FLOAT: case HR_TYPE_DOUBLE: return !memcmp(&x->real, &y->real, sizeof x->real);
    case HR_TYPE_STRING: case HR_TYPE_CHAR: case HR_TYPE_VARCHAR: case HR_TYPE_BINARY: case HR_TYPE_DECIMAL:
        return x->text.len == y->text.len && !memcmp(x->text.bytes, y->text.bytes, x->text.len);
    case HR_TYPE_CALENDAR_INTERVAL:
        return x->calendar.months == y->calendar.months && x->calendar.days == y->calendar.days && x->calendar.micros == y->calendar.micros;
    case HR_TYPE_ARRAY: case HR_TYPE_MAP: case HR_TYPE_STRUCT:
        if (x->items.count != y->items.count)
            return false;
        for (size_t i = 0; i < x->items.count; i++)
            if (!literal_equal(x->items.at[i], y->items.at[i]))
                return false;
        return true;
    default: return x->integer == y->integer;
    }
}

static bool list_equal(const struct hr_texprs *x, const struct hr_texprs *y)
{
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (!texpr_equal(x->at[i], y->at[i]))
            return false;
    return true;
}

static bool orders_equal(const struct hr_torders *x, const struct hr_torders *y)
{
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (x->at[i].descending != y->at[i].descending || x->at[i].nulls_first != y->at[i].nulls_first ||
            !texpr_equal(x->at[i].child, y->at[i].child))
            return false;
    return true;
}

static bool optional_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    return x && y ? texpr_equal(x, y) : x == y;
}

bool texpr_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    if (x == y)
        return true;
    if (x->kind == HR_T_ALIAS)
        return texpr_equal(x->alias.child, y);
    if (y->kind == HR_T_ALIAS)
        return texpr_equal(x, y->alias.child);
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case HR_T_LITERAL: return literal_equal(x->literal, y->literal);
    case HR_T_COLUMN: return x->column.attr->id == y->column.attr->id;
    case HR_T_VARIABLE: return x->variable.attr->id == y->variable.attr->id;
    case HR_T_CALL:
        return x->call.function == y->call.function && x->call.distinct == y->call.distinct && x->call.ignore_nulls == y->call.ignore_nulls &&
               !(x->call.function->flags & HR_F_VOLATILE) && list_equal(&x->call.args, &y->call.args) &&
               optional_equal(x->call.filter, y->call.filter) && orders_equal(&x->call.within_group, &y->call.within_group);
    case HR_T_CAST: return x->cast.mode == y->cast.mode && hr_type_equal(x->type, y->type) && texpr_equal(x->cast.child, y->cast.child);
    case HR_T_FIELD: return x->field.index == y->field.index && texpr_equal(x->field.child, y->field.child);
    case HR_T_WINDOW:
        return texpr_equal(x->window.function, y->window.function) && list_equal(&x->window.partition, &y->window.partition) &&
               orders_equal(&x->window.order, &y->window.order) && x->window.frame.kind == y->window.frame.kind &&
               x->window.frame.lower == y->window.frame.lower && x->window.frame.upper == y->window.frame.upper &&
               optional_equal(x->window.frame.lower_value, y->window.frame.lower_value) &&
               optional_equal(x->window.frame.upper_value, y->window.frame.upper_value);
    default: return false;
    }
}

struct search { unsigned flags; bool found; };

static enum hr_code search_child(void *arg, struct hr_texpr **child)
{
    struct search *search = arg;
    if (search->found)
        return HR_OK;
    if ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & search->flags)) {
        search->found = true;
        return HR_OK;
    }
    if ((*child)->kind == HR_T_WINDOW) {
        if (search->flags & HR_F_WINDOW) {
            search->found = true;
            return HR_OK;
        }
        /* the function of OVER is no aggregate of this query; what it is applied to may be */
        HR_TRY(hr_texpr_each((*child)->window.function, search_child, arg));
        HR_TRY(each_of(&(*child)->window.partition, search_child, arg));
        return each_order(&(*child)->window.order, search_child, arg);
    }
    return hr_texpr_each(*child, search_child, arg);
}

bool has_kind(const struct hr_texpr *expr, unsigned flags)
{
    struct search search = {flags, false};
    struct hr_texpr *top = (struct hr_texpr *)expr;
    search_child(&search, &top);
    return search.found;
}

bool has_aggregate(const struct hr_texpr *expr) { return has_kind(expr, HR_F_AGGREGATE); }

static enum hr_code find_column(void *arg, struct hr_texpr **child)
{
    if ((*child)->kind == HR_T_COLUMN || (*child)->kind == HR_T_SUBQUERY || (*child)->kind == HR_T_VARIABLE || (*child)->kind == HR_T_UDF ||
        ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & (HR_F_VOLATILE | HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR))))
        *(bool *)arg = true;
    return hr_texpr_each(*child, find_column, arg);
}

bool is_foldable(const struct hr_texpr *expr)
{
    bool found = false;
    struct hr_texpr *top = (struct hr_texpr *)expr;
    find_column(&found, &top);
    return !found;
}

/* ---- stars and regexes ---- */

struct bound_attr { struct hr_expr expr; const struct hr_attr *attr; };   /* kind LAMBDA_VARIABLE with no name: an attribute already found */

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
        for (size_t i = 0; i < s->inputs[k]->output.count; i++) {
            const struct hr_attr *attr = s->inputs[k]->output.at[i];
            if (star_covers(s, attr, &star->star.target) && !excepted(s, &star->star.except, attr))
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

static enum hr_code parsed(struct scope *s, const struct hr_expr *text, struct hr_expr **out)
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
            HR_TRY(parsed(s, expr, &expr));
        if (expr->kind == HR_EXPR_STAR)
            HR_TRY(expand_star(s, expr, out, &cap));
        else if (expr->kind == HR_EXPR_REGEX)
            HR_TRY(expand_regex(s, expr, out, &cap));
        else
            push(s, out, &cap, expr);
    }
    return HR_OK;
}

/* ---- names without parentheses that are functions ---- */

static const char *const bare_functions[] = {"current_date", "current_timestamp", "current_user", "current_catalog", "current_database",
                                             "current_schema", "localtimestamp", "user", "session_user", "current_time", "grouping__id"};

static enum hr_code resolve_attribute(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    HR_TRY(find_attribute(s, expr, out));
    if (*out)
        return HR_OK;
    const struct hr_names *name = &expr->attribute.name;
    if (expr->attribute.plan_id != HR_NO_PLAN_ID)
        return hr_fail_spark(s->a->err, "CANNOT_RESOLVE_DATAFRAME_COLUMN", "name",
                             hr_printf(s->a->arena, "\"%s\"", name->at[name->count - 1]), NULL);
    for (size_t i = 0; name->count == 1 && i < HR_LEN(bare_functions); i++)
        if (!strcasecmp(name->at[0], bare_functions[i]))
            return call_typed(s, bare_functions[i], NULL, 0, out);
    return unresolved_column(s, name);
}

/* ---- calls ---- */

const char *ordinal(int index)
{
    static const char *const names[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"};
    return index < (int)HR_LEN(names) ? names[index] : "later";
}

static const char *const wanted_names[256] = {
    ['s'] = "\"STRING\"", ['t'] = "(\"STRING\" or \"BINARY\")", ['i'] = "\"INT\"", ['l'] = "\"BIGINT\"", ['d'] = "\"DOUBLE\"",
    ['n'] = "\"NUMERIC\"", ['x'] = "\"INTEGRAL\"", ['b'] = "\"BOOLEAN\"", ['y'] = "\"BINARY\"", ['D'] = "\"DATE\"", ['T'] = "\"TIMESTAMP\"",
    ['U'] = "\"TIMESTAMP\"", ['A'] = "\"ARRAY\"", ['M'] = "\"MAP\"", ['C'] = "(\"ARRAY\" or \"MAP\")", ['S'] = "\"STRUCT\"",
};

static char letter_of(const struct hr_function *function, int index)
{
    int at = 0;
    char last = 'a';
    for (const char *p = function->params; *p; p++) {
        if (*p == '?' || *p == '*')
            continue;
        last = *p;
        if (at++ == index)
            return last;
    }
    return last;
}

static enum hr_code common_type(struct hr_call *call, const struct hr_type **type)
{
    struct analysis *a = call->scope->a;
    struct hr_texprs *args = &call->out->call.args;
    *type = NULL;
    for (size_t i = 0; i < args->count; i++) {
        if (letter_of(call->function, (int)i) != 'e')
            continue;
        const struct hr_type *wide = *type ? wider_type(a, *type, args->at[i]->type) : args->at[i]->type;
        if (!wide) {
            const char *types = "";
            for (size_t k = 0; k < args->count; k++)
                if (letter_of(call->function, (int)k) == 'e')
                    types = hr_printf(a->arena, "%s%s%s", types, *types ? " or " : "", type_sql(a, args->at[k]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr", expr_sql(a, call->out), "functionName",
                                 quote(a, call->name), "dataType", hr_printf(a->arena, "(%s)", types), NULL);
        }
        *type = wide;
    }
    return HR_OK;
}

static enum hr_code coerce_args(struct hr_call *call, const struct hr_type **common)
{
    struct analysis *a = call->scope->a;
    struct hr_texprs *args = &call->out->call.args;
    HR_TRY(common_type(call, common));
    for (size_t i = 0; i < args->count; i++) {
        char letter = letter_of(call->function, (int)i);
        const struct hr_type *to = args->at[i]->type;
        if (letter == 'L' || letter == 'a' || letter == 'f')
            continue;
        if (letter == 'e')
            to = *common;
        else if (!implicit_cast_allowed(a, args->at[i]->type, letter, &to))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, call->out), "paramIndex",
                                 ordinal((int)i), "requiredType", wanted_names[(unsigned char)letter] ? wanted_names[(unsigned char)letter] : "\"ANY\"",
                                 "inputSql", expr_sql(a, args->at[i]), "inputType", type_sql(a, args->at[i]->type), NULL);
        args->at[i] = cast_implicit(a, args->at[i], to);
    }
    return HR_OK;
}

static const struct hr_type *result_type(struct hr_call *call, const struct hr_type *common)
{
    struct hr_texprs *args = &call->out->call.args;
    const char *rule = call->function->result;
    const struct hr_type *first = args->count ? args->at[0]->type : NULL;
    switch (*rule) {
    case 's': return BASIC(STRING);
    case 'i': return BASIC(INT);
    case 'l': return BASIC(LONG);
    case 'd': return BASIC(DOUBLE);
    case 'F': return BASIC(FLOAT);
    case 'h': return BASIC(SHORT);
    case 'B': return BASIC(BYTE);
    case 'b': return BASIC(BOOLEAN);
    case 'y': return BASIC(BINARY);
    case 'D': return BASIC(DATE);
    case 'T': return BASIC(TIMESTAMP);
    case 'N': return BASIC(TIMESTAMP_NTZ);
    case 'm': return BASIC(YEAR_MONTH);
    case 'u': return BASIC(DAY_TIME);
    case 'v': return BASIC(VOID);
    case 'e': return common ? common : BASIC(VOID);
    case 'A':
        if (rule[1] == 's')
            return hr_type_array(call->scope->a->arena, BASIC(STRING), false);
        if (rule[1] == 'e')
            return hr_type_array(call->scope->a->arena, common ? common : BASIC(VOID), true);
        return hr_type_array(call->scope->a->arena, first, args->at[0]->nullable);
    case 'E': return first->element;
    case 'K': return hr_type_array(call->scope->a->arena, first->key, true);
    case 'V': return hr_type_array(call->scope->a->arena, first->element, true);
    default:
        if (*rule >= '1' && *rule <= '9' && (size_t)(*rule - '1') < args->count)
            return args->at[*rule - '1']->type;
        return NULL;
    }
}

static bool result_nullable(struct hr_call *call)
{
    struct hr_texprs *args = &call->out->call.args;
    bool any = false, all = true;
    for (size_t i = 0; i < args->count; i++) {
        any = any || args->at[i]->nullable;
        all = all && args->at[i]->nullable;
    }
    char rule = *call->function->nulls;
    switch (rule) {
    case 'a': return any;
    case 'n': return false;
    case 'l': return all;
    case 'y': return true;
    default: return rule >= '1' && rule <= '9' && (size_t)(rule - '1') < args->count ? args->at[rule - '1']->nullable : true;
    }
}

/* the default rules of the catalogue's row; a row's own `resolve` may call it and change the rest */
enum hr_code finish_call(struct hr_call *call)
{
    const struct hr_type *common = NULL;
    HR_TRY(coerce_args(call, &common));
    const struct hr_type *type = result_type(call, common);
    if (type)
        call->out->type = type;
    if (*call->function->nulls != '-')
        call->out->nullable = result_nullable(call);
    return HR_OK;
}

static enum hr_code wrong_count(struct analysis *a, const struct hr_function *function, const char *name, size_t count)
{
    const char *expected = hr_printf(a->arena, "%d", function->least);
    if (function->most < 0)
        expected = hr_printf(a->arena, "> %d", function->least - 1);
    else if (function->most == function->least + 1)
        expected = hr_printf(a->arena, "[%d, %d]", function->least, function->most);
    else if (function->most > function->least) {
        expected = "[";
        for (int i = function->least; i <= function->most; i++)
            expected = hr_printf(a->arena, "%s%s%d", expected, i > function->least ? ", " : "", i);
        expected = hr_printf(a->arena, "%s]", expected);
    }
    return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName", quote(a, name), "expectedNum", expected, "actualNum",
                         hr_printf(a->arena, "%zu", count), "docroot", "https://spark.apache.org/docs/latest", NULL);
}

static enum hr_code call_with(struct scope *s, const struct hr_function *function, const char *name, struct hr_texpr **args, size_t count,
                              const struct hr_expr *expr, struct hr_texpr **out)
{
    if ((int)count < function->least || (function->most >= 0 && (int)count > function->most))
        return wrong_count(s->a, function, name, count);
    struct hr_texpr *result = texpr_new(s->a, HR_T_CALL, BASIC(VOID), true);
    result->call.function = function;
    result->call.name = name;
    result->call.args = (struct hr_texprs){args, count};
    result->call.ansi = s->a->ansi;
    if (expr) {
        result->call.distinct = expr->call.distinct;
        result->call.ignore_nulls = expr->call.ignore_nulls;
        result->origin = expr->origin;
    }
    struct hr_call call = {s, function, name, expr, result};
    HR_TRY(function->resolve ? function->resolve(&call) : finish_call(&call));
    *out = call.out;
    return HR_OK;
}

enum hr_code call_typed(struct scope *s, const char *name, struct hr_texpr **args, size_t count, struct hr_texpr **out)
{
    const char *registered;
    const struct hr_function *function = hr_function_find(name, &registered);
    HR_CHECK(function);
    struct hr_texpr **copy = ARRAY(s->a, struct hr_texpr *, count);
    if (count)
        memcpy(copy, args, count * sizeof *copy);
    return call_with(s, function, registered, copy, count, NULL, out);
}

static enum hr_code unresolved_routine(struct analysis *a, const struct hr_names *name)
{
    return hr_fail_spark(a->err, "UNRESOLVED_ROUTINE", "routineName", quoted(a, name), "searchPath",
                         "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
}

/* count(*) counts rows; any other function takes the columns */
static enum hr_code call_args(struct scope *s, const struct hr_expr *expr, const struct hr_function *function, struct hr_exprs *args)
{
    bool star = expr->call.args.count == 1 && expr->call.args.at[0]->kind == HR_EXPR_STAR;
    if (star && hr_function_is(function, "count") && !expr->call.distinct && !expr->call.args.at[0]->star.target.count) {
        args->at = ARRAY(s->a, struct hr_expr *, 1);
        args->at[0] = hr_expr_integer(s->a->arena, BASIC(INT), 1);
        args->count = 1;
        return HR_OK;
    }
    return expand_list(s, &expr->call.args, args);
}

static enum hr_code resolve_call(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_names *name = &expr->call.name;
    const char *last = name->at[name->count - 1], *registered;
    const struct hr_function *function = hr_function_find(last, &registered);
    if (!function)
        return unresolved_routine(a, name);
    struct hr_exprs list;
    HR_TRY(call_args(s, expr, function, &list));
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, list.count);
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i]->kind == HR_EXPR_NAMED_ARGUMENT)
            return hr_fail(a->err, HR_E_UNSUPPORTED, "named argument '%s' of function '%s'", list.at[i]->named.name, last);
        if (list.at[i]->kind != HR_EXPR_LAMBDA)
            HR_TRY(hr_resolve_expr(s, list.at[i], &args[i]));
        else if (!(function->flags & HR_F_LAMBDA))
            return hr_fail_spark(a->err, "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "class", registered, NULL);
    }
    struct hr_expr *flat = hr_expr_new(a->arena, HR_EXPR_CALL);
    *flat = *expr;
    flat->call.args = list;
    if (expr->call.distinct && !(function->flags & HR_F_AGGREGATE))
        return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "prettyName", quote(a, registered), "syntax", "DISTINCT", NULL);
    HR_TRY(call_with(s, function, registered, args, list.count, flat, out));
    struct hr_texpr *target = *out;
    while (target->kind == HR_T_CAST && target->cast.implicit)
        target = target->cast.child;
    if (expr->call.ignore_nulls && !(function->flags & HR_F_IGNORE_NULLS))
        return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "prettyName", quote(a, registered), "syntax", "IGNORE NULLS", NULL);
    if (expr->call.within_group.count && !hr_function_is(function, "listagg"))
        return hr_fail(a->err, HR_E_UNSUPPORTED, "WITHIN GROUP of function '%s'", registered);
    if (expr->call.filter) {
        if (target->kind != HR_T_CALL || !(target->call.function->flags & HR_F_AGGREGATE))
            return hr_fail_spark(a->err, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", "prettyName", quote(a, registered), "syntax", "FILTER clause", NULL);
        HR_TRY(boolean_condition(s, expr->call.filter, "FILTER", &target->call.filter));
    }
    if (expr->call.within_group.count && target->kind == HR_T_CALL && !target->call.within_group.count)
        HR_TRY(resolve_orders(s, &expr->call.within_group, &target->call.within_group));
    return HR_OK;
}

/* ---- extraction ---- */

static enum hr_code extract_field(struct scope *s, struct hr_texpr *child, const struct hr_type *type, const char *name, size_t *index)
{
    struct analysis *a = s->a;
    size_t count = 0;
    const char *list = "";
    for (size_t i = 0; i < type->field_count; i++) {
        if (same_name(a, type->fields[i].name, name)) {
            *index = i;
            count++;
        }
        list = hr_printf(a->arena, "%s%s%s", list, i ? ", " : "", quote(a, type->fields[i].name));
    }
    (void)child;
    if (count > 1)
        return hr_fail_spark(a->err, "AMBIGUOUS_REFERENCE_TO_FIELDS", "field", quote(a, name), "count", hr_printf(a->arena, "%zu", count), NULL);
    if (!count)
        return hr_fail_spark(a->err, "FIELD_NOT_FOUND", "fieldName", quote(a, name), "fields", list, NULL);
    return HR_OK;
}

enum hr_code extract_value(struct scope *s, struct hr_texpr *child, struct hr_texpr *extraction, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_type *type = child->type;
    bool literal = extraction->kind == HR_T_LITERAL && is_string(extraction->type) && !extraction->literal->is_null;
    size_t index;
    if (type->id == HR_TYPE_STRUCT && literal) {
        const char *name = hr_strndup(a->arena, extraction->literal->text.bytes, extraction->literal->text.len);
        HR_TRY(extract_field(s, child, type, name, &index));
        *out = texpr_new(a, HR_T_FIELD, type->fields[index].type, child->nullable || type->fields[index].nullable);
        (*out)->field.child = child;
        (*out)->field.index = index;
        (*out)->field.name = name;
        return HR_OK;
    }
    if (type->id == HR_TYPE_ARRAY && type->element->id == HR_TYPE_STRUCT && literal) {
        const char *name = hr_strndup(a->arena, extraction->literal->text.bytes, extraction->literal->text.len);
        HR_TRY(extract_field(s, child, type->element, name, &index));
        struct hr_texpr *args[] = {child, literal_int(a, BASIC(INT), (int64_t)index), literal_string(a, name)};
        return call_typed(s, "$array_fields", args, 3, out);
    }
    if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP) {
        struct hr_texpr *args[] = {child, extraction};
        return call_typed(s, type->id == HR_TYPE_ARRAY ? "$array_item" : "$map_item", args, 2, out);
    }
    return hr_fail_spark(a->err, "INVALID_EXTRACT_BASE_FIELD_TYPE", "base", expr_sql(a, child), "other", type_sql(a, type), NULL);
}

/* ---- windows ---- */

enum hr_code resolve_orders(struct scope *s, const struct hr_exprs *list, struct hr_torders *out)
{
    out->at = ARRAY(s->a, struct hr_torder, list->count);
    out->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const struct hr_expr *order = list->at[i], *child = order;
        struct hr_torder *o = &out->at[i];
        *o = (struct hr_torder){.nulls_first = true};
        if (order->kind == HR_EXPR_SORT) {
            child = order->sort.child;
            o->descending = order->sort.descending;
            o->nulls_first = order->sort.nulls == HR_NULLS_DEFAULT ? !o->descending : order->sort.nulls == HR_NULLS_FIRST;
        }
        HR_TRY(hr_resolve_expr(s, child, &o->child));
        if (!is_orderable(o->child->type) && o->child->type->id != HR_TYPE_VOID)
            return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "functionName", "`sortorder`", "dataType",
                                 type_sql(s->a, o->child->type), "sqlExpr",
                                 hr_printf(s->a->arena, "\"%s %s NULLS %s\"", pretty_name(s->a, o->child), o->descending ? "DESC" : "ASC",
                                           o->nulls_first ? "FIRST" : "LAST"), NULL);
    }
    return HR_OK;
}

static enum hr_code frame_bound(struct scope *s, const struct hr_bound *bound, enum hr_frame_kind kind, enum hr_bound_kind *out, struct hr_texpr **value)
{
    *out = bound->kind;
    if (bound->kind != HR_BOUND_VALUE)
        return HR_OK;
    HR_TRY(hr_resolve_expr(s, bound->value, value));
    (*value)->origin = bound->value->origin;
    if (!is_foldable(*value))
        return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE", "sqlExpr", expr_sql(s->a, *value),
                             "location", "lower", "expression", expr_sql(s->a, *value), NULL);
    if (kind == HR_FRAME_ROWS)
        *value = cast_implicit(s->a, *value, BASIC(INT));
    return HR_OK;
}

static enum hr_code named_window(struct scope *s, const struct hr_expr *expr, const struct hr_expr **definition)
{
    *definition = expr;
    if (!expr->window.reference)
        return HR_OK;
    for (size_t i = 0; i < s->a->window_count; i++)
        if (!strcasecmp(s->a->windows[i].name, expr->window.reference)) {
            *definition = s->a->windows[i].window;
            return HR_OK;
        }
    return hr_fail_spark(s->a->err, "MISSING_WINDOW_SPECIFICATION", "windowName", expr->window.reference, "docroot",
                         "https://spark.apache.org/docs/latest", NULL);
}

static void fixed_frame(struct scope *s, struct hr_texpr *function, struct hr_tframe *frame)
{
    const char *name = function->call.function->name;
    if (!strcmp(name, "lag") || !strcmp(name, "lead")) {
        frame->kind = HR_FRAME_ROWS;
        frame->lower = frame->upper = HR_BOUND_VALUE;
        frame->lower_value = frame->upper_value = function->call.args.count > 1 ? function->call.args.at[1] : literal_int(s->a, BASIC(INT), 1);
        return;
    }
    frame->kind = HR_FRAME_ROWS;
    frame->lower = HR_BOUND_UNBOUNDED_PRECEDING;
    frame->upper = HR_BOUND_CURRENT_ROW;
}

static enum hr_code resolve_frame(struct scope *s, const struct hr_expr *definition, struct hr_texpr *out)
{
    struct hr_texpr *function = out->window.function;
    struct hr_tframe *frame = &out->window.frame;
    const char *name = function->call.function->name;
    if (function->call.function->flags & HR_F_ROWS_FRAME) {
        fixed_frame(s, function, frame);
        return HR_OK;
    }
    if (definition->window.frame == HR_FRAME_DEFAULT) {
        bool ordered = out->window.order.count > 0;
        frame->kind = ordered ? HR_FRAME_RANGE : HR_FRAME_ROWS;
        frame->lower = HR_BOUND_UNBOUNDED_PRECEDING;
        frame->upper = ordered ? HR_BOUND_CURRENT_ROW : HR_BOUND_UNBOUNDED_FOLLOWING;
        return HR_OK;
    }
    frame->kind = definition->window.frame;
    HR_TRY(frame_bound(s, &definition->window.lower, frame->kind, &frame->lower, &frame->lower_value));
    HR_TRY(frame_bound(s, &definition->window.upper, frame->kind, &frame->upper, &frame->upper_value));
    bool valued = frame->lower == HR_BOUND_VALUE || frame->upper == HR_BOUND_VALUE;
    (void)name;
    if (frame->kind == HR_FRAME_RANGE && valued && out->window.order.count != 1)
        return hr_fail_spark(s->a->err, out->window.order.count ? "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER" : "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
                             "sqlExpr", expr_sql(s->a, out), "orderSpec", "", NULL);
    return HR_OK;
}

static enum hr_code resolve_window(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_expr *definition;
    HR_TRY(named_window(s, expr, &definition));
    struct hr_texpr *function, *window;
    HR_TRY(hr_resolve_expr(s, expr->window.function, &function));
    if (function->kind != HR_T_CALL || !(function->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW)))
        return hr_fail_spark(a->err, "UNSUPPORTED_EXPR_FOR_WINDOW", "sqlExpr", expr_sql(a, function), NULL);
    if (function->call.distinct)
        return hr_fail_spark(a->err, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", "windowExpr", expr_sql(a, function), NULL);
    window = texpr_new(a, HR_T_WINDOW, function->type, function->nullable);
    window->origin = expr->origin;
    window->window.function = function;
    struct hr_texprs *partition = &window->window.partition;
    *partition = (struct hr_texprs){ARRAY(a, struct hr_texpr *, definition->window.partition.count), definition->window.partition.count};
    for (size_t i = 0; i < partition->count; i++)
        HR_TRY(hr_resolve_expr(s, definition->window.partition.at[i], &partition->at[i]));
    HR_TRY(resolve_orders(s, &definition->window.order, &window->window.order));
    HR_TRY(resolve_frame(s, definition, window));
    if ((function->call.function->flags & HR_F_WINDOW) && !window->window.order.count && !hr_function_is(function->call.function, "nth_value"))
        return hr_fail_spark(a->err, "WINDOW_FUNCTION_FRAME_NOT_ORDERED", "wf_name", function->call.name, "wf_expr", pretty_name(a, function), NULL);
    *out = window;
    return HR_OK;
}

/* ---- subqueries ---- */

static const struct hr_rel *referenced(struct analysis *a, int64_t plan_id)
{
    for (struct reference_scope *r = a->references; r; r = r->outer)
        if (r->plan_id == plan_id)
            return r->rel;
    return NULL;
}

static enum hr_code in_subquery(struct scope *s, struct hr_texpr *out)
{
    struct analysis *a = s->a;
    struct hr_attrs *columns = &out->subquery.plan->output;
    if (columns->count != out->subquery.values.count)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", "sqlExpr", expr_sql(a, out), "leftLength",
                             hr_printf(a->arena, "%zu", out->subquery.values.count), "rightLength", hr_printf(a->arena, "%zu", columns->count), NULL);
    const struct hr_type **types = ARRAY(a, const struct hr_type *, columns->count);
    for (size_t i = 0; i < columns->count; i++) {
        struct hr_texpr *value = out->subquery.values.at[i];
        types[i] = wider_type(a, value->type, columns->at[i]->type);
        if (!types[i])
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH", "sqlExpr", expr_sql(a, out), "mismatchedColumns", "",
                                 "leftType", type_sql(a, value->type), "rightType", type_sql(a, columns->at[i]->type), NULL);
        out->subquery.values.at[i] = cast_implicit(a, value, types[i]);
        out->nullable = out->nullable || value->nullable || columns->at[i]->nullable;
    }
    return cast_output(a, out->subquery.plan, types, &out->subquery.plan);
}

static enum hr_code resolve_subquery(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_rel *rel = expr->subquery.plan ? expr->subquery.plan : referenced(a, expr->subquery.plan_id);
    if (!rel)
        return hr_fail(a->err, HR_E_INVALID, "subquery refers to a plan that was not sent");
    if (expr->subquery.kind == HR_SUBQUERY_TABLE_ARG)
        return hr_fail(a->err, HR_E_UNSUPPORTED, "table argument of a function");
    struct hr_texpr *result = texpr_new(a, HR_T_SUBQUERY, BASIC(BOOLEAN), false);
    result->origin = expr->origin;
    result->subquery.kind = expr->subquery.kind;
    result->subquery.values = (struct hr_texprs){ARRAY(a, struct hr_texpr *, expr->subquery.values.count), expr->subquery.values.count};
    for (size_t i = 0; i < expr->subquery.values.count; i++)
        HR_TRY(hr_resolve_expr(s, expr->subquery.values.at[i], &result->subquery.values.at[i]));
    struct scope *before = a->outer;
    a->outer = s;
    enum hr_code code = hr_resolve_rel(a, rel, &result->subquery.plan);
    a->outer = before;
    HR_TRY(code);
    *out = result;
    if (expr->subquery.kind == HR_SUBQUERY_IN)
        return in_subquery(s, result);
    if (expr->subquery.kind == HR_SUBQUERY_EXISTS)
        return HR_OK;
    size_t visible = 0;
    const struct hr_attr *only = NULL;
    for (size_t i = 0; i < result->subquery.plan->output.count; i++)
        if (!result->subquery.plan->output.at[i]->hidden) {
            only = result->subquery.plan->output.at[i];
            visible++;
        }
    if (visible != 1)
        return hr_fail_spark(a->err, "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", "number",
                             hr_printf(a->arena, "%zu", visible), NULL);
    result->type = only->type;
    result->nullable = true;
    return HR_OK;
}

/* ---- withField, dropFields ---- */

static enum hr_code struct_of(struct scope *s, struct hr_texpr **values, const char **names, size_t count, bool nullable_of, struct hr_texpr *base,
                              struct hr_texpr **out)
{
    struct analysis *a = s->a;
    struct hr_texpr **args = ARRAY(a, struct hr_texpr *, count * 2);
    for (size_t i = 0; i < count; i++) {
        args[2 * i] = literal_string(a, names[i]);
        args[2 * i + 1] = values[i];
    }
    HR_TRY(call_typed(s, "named_struct", args, count * 2, out));
    if (!nullable_of)
        return HR_OK;
    struct hr_texpr *null_args[] = {base}, *is_null;
    HR_TRY(call_typed(s, "isnull", null_args, 1, &is_null));
    struct hr_texpr *if_args[] = {is_null, literal_null(a, (*out)->type), *out};
    return call_typed(s, "if", if_args, 3, out);
}

static enum hr_code update_at(struct scope *s, struct hr_texpr *base, const char *path, struct hr_texpr *value, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    if (base->type->id != HR_TYPE_STRUCT)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr", expr_sql(a, base), "paramIndex", "first",
                             "requiredType", "\"STRUCT\"", "inputSql", expr_sql(a, base), "inputType", type_sql(a, base->type), NULL);
    const char *dot = strchr(path, '.');
    const char *name = dot ? hr_strndup(a->arena, path, (size_t)(dot - path)) : path;
    size_t count = base->type->field_count, kept = 0;
    struct hr_texpr **values = ARRAY(a, struct hr_texpr *, count + 1);
    const char **names = ARRAY(a, const char *, count + 1);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        struct hr_texpr *field = texpr_new(a, HR_T_FIELD, base->type->fields[i].type, base->type->fields[i].nullable || base->nullable);
        field->field.child = base;
        field->field.index = i;
        field->field.name = base->type->fields[i].name;
        bool hit = same_name(a, field->field.name, name);
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
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", "sqlExpr", expr_sql(a, base), NULL);
    HR_TRY(struct_of(s, values, names, kept, base->nullable, base, out));
    return HR_OK;
}

/* what is computed, printed as Spark prints it: update_fields(p, WithField(1)) */
static enum hr_code updated(struct scope *s, struct hr_texpr *base, struct hr_texpr *value, struct hr_texpr **out)
{
    struct hr_texpr *args[] = {*out, base, value};
    return call_typed(s, "$update", args, value ? 3 : 2, out);
}

/* ---- all kinds ---- */

static enum hr_code resolve_udf(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct hr_texpr *udf = texpr_new(s->a, HR_T_UDF, expr->udf.type, true);
    udf->origin = expr->origin;
    udf->udf.udf = expr;
    udf->udf.args = (struct hr_texprs){ARRAY(s->a, struct hr_texpr *, expr->udf.args.count), expr->udf.args.count};
    for (size_t i = 0; i < expr->udf.args.count; i++)
        HR_TRY(hr_resolve_expr(s, expr->udf.args.at[i], &udf->udf.args.at[i]));
    *out = udf;
    return HR_OK;
}

static enum hr_code resolve_alias(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct hr_texpr *child;
    HR_TRY(hr_resolve_expr(s, expr->alias.child, &child));
    *out = texpr_new(s->a, HR_T_ALIAS, child->type, child->nullable);
    (*out)->alias.child = child;
    (*out)->alias.name = expr->alias.names.at[0];
    return HR_OK;
}

static enum hr_code resolve_parameter(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    const struct hr_rel *sql = s->a->parameters;
    const char *name = expr->parameter.name;
    for (size_t i = 0; sql && name && i < sql->sql.named_count; i++)
        if (!strcmp(sql->sql.named[i].name, name))
            return hr_resolve_expr(s, sql->sql.named[i].value, out);
    if (sql && !name && expr->parameter.position >= 0 && (size_t)expr->parameter.position < sql->sql.positional.count)
        return hr_resolve_expr(s, sql->sql.positional.at[expr->parameter.position], out);
    return hr_fail_spark(s->a->err, "UNBOUND_SQL_PARAMETER", "name", name ? name : hr_printf(s->a->arena, "_%d", expr->parameter.position), NULL);
}

static enum hr_code resolve_kind(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct hr_expr *text;
    struct hr_texpr *child, *value;
    switch (expr->kind) {
    case HR_EXPR_LITERAL: *out = literal_of(s->a, expr->literal); return HR_OK;
    case HR_EXPR_ATTRIBUTE: return resolve_attribute(s, expr, out);
    case HR_EXPR_CALL: return resolve_call(s, expr, out);
    case HR_EXPR_CAST:
        HR_TRY(hr_resolve_expr(s, expr->cast.child, &child));
        return make_cast(s, child, expr->cast.type, expr->cast.mode, out);
    case HR_EXPR_ALIAS: return resolve_alias(s, expr, out);
    case HR_EXPR_WINDOW: return resolve_window(s, expr, out);
    case HR_EXPR_EXTRACT:
        HR_TRY(hr_resolve_expr(s, expr->extract.child, &child));
        HR_TRY(hr_resolve_expr(s, expr->extract.extraction, &value));
        return extract_value(s, child, value, out);
    case HR_EXPR_UPDATE_FIELD:
        HR_TRY(hr_resolve_expr(s, expr->update.child, &child));
        value = NULL;
        if (expr->update.value)
            HR_TRY(hr_resolve_expr(s, expr->update.value, &value));
        HR_TRY(update_at(s, child, expr->update.field, value, out));
        return updated(s, child, value, out);
    case HR_EXPR_LAMBDA_VARIABLE:
        if (!expr->variable.name.count) {
            *out = column_of(s->a, ((const struct bound_attr *)expr)->attr);
            return HR_OK;
        }
        text = hr_expr_new(s->a->arena, HR_EXPR_ATTRIBUTE);
        text->attribute.name = expr->variable.name;
        return resolve_attribute(s, text, out);
    case HR_EXPR_TEXT:
        HR_TRY(parsed(s, expr, &text));
        return hr_resolve_expr(s, text, out);
    case HR_EXPR_PARAMETER: return resolve_parameter(s, expr, out);
    case HR_EXPR_SUBQUERY: return resolve_subquery(s, expr, out);
    case HR_EXPR_UDF: return resolve_udf(s, expr, out);
    case HR_EXPR_SORT: return hr_resolve_expr(s, expr->sort.child, out);
    case HR_EXPR_STAR: return hr_fail_spark(s->a->err, "INVALID_USAGE_OF_STAR_OR_REGEX", "elem", "'*'", "prettyName", "expression", NULL);
    default: return hr_fail(s->a->err, HR_E_UNSUPPORTED, "expression '%s' in this place", hr_expr_kind_name(expr->kind));
    }
}

enum hr_code hr_resolve_expr(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    if (++s->a->depth > HR_PLAN_DEPTH_MAX)
        return hr_fail(s->a->err, HR_E_LIMIT, "plan is nested more than %d levels deep", HR_PLAN_DEPTH_MAX);
    enum hr_code code = resolve_kind(s, expr, out);
    s->a->depth--;
    if (code == HR_E_SPARK && s->a->err && !s->a->err->context[0])
        hr_origin_context(s->a->err, expr->origin);         /* the innermost expression with a place in the text */
    return code;
}

/* an expression of a select list, with the name and metadata of the column that it makes */
static bool is_extract_only(const struct hr_texpr *expr)
{
    if (expr->kind == HR_T_COLUMN)
        return true;
    if (expr->kind == HR_T_FIELD)
        return is_extract_only(expr->field.child);
    if (expr->kind == HR_T_CALL && expr->call.function->name[0] == '$' && expr->call.args.count >= 2)
        return is_extract_only(expr->call.args.at[0]) && expr->call.args.at[1]->kind == HR_T_LITERAL;
    return false;
}

static const char *auto_metadata = "{\"__autoGeneratedAlias\":\"true\"}";

/* made by p.*: expand_struct_star marks its child with the struct's name only */
static bool is_star_field(const struct hr_expr *expr) { return expr->extract.child->attribute.is_metadata; }

static const struct hr_attr *named_attr(struct scope *s, const char *name, const struct hr_texpr *expr, const char *metadata)
{
    struct hr_attr *attr = (struct hr_attr *)attr_new(s->a, name, expr->type, expr->nullable);
    attr->metadata = metadata;
    return attr;
}

enum hr_code resolve_named(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out, const struct hr_attr **attr)
{
    struct analysis *a = s->a;
    struct hr_expr *text;
    if (expr->kind == HR_EXPR_TEXT) {
        HR_TRY(parsed(s, expr, &text));
        return resolve_named(s, text, out, attr);
    }
    if (expr->kind == HR_EXPR_ALIAS && expr->alias.names.count == 1) {
        HR_TRY(hr_resolve_expr(s, expr->alias.child, out));
        const char *metadata = expr->alias.metadata;
        if (!metadata && (*out)->kind == HR_T_COLUMN)
            metadata = (*out)->column.attr->metadata;
        if (metadata && !expr->alias.metadata && strstr(metadata, "__autoGeneratedAlias"))
            metadata = NULL;
        *attr = named_attr(s, expr->alias.names.at[0], *out, metadata);
        return HR_OK;
    }
    HR_TRY(hr_resolve_expr(s, expr, out));
    struct hr_texpr *e = *out;
    if (e->kind == HR_T_COLUMN && !e->column.outer) {
        *attr = e->column.attr;
        const char *written = expr->kind == HR_EXPR_ATTRIBUTE ? expr->attribute.name.at[expr->attribute.name.count - 1] : NULL;
        if (written && strcmp(written, (*attr)->name)) {     /* SELECT A finds a, and is called A */
            struct hr_attr *renamed = (struct hr_attr *)attr_like(a, *attr);
            renamed->name = written;
            *attr = renamed;
        }
        if ((*attr)->hidden) {
            struct hr_attr *shown = (struct hr_attr *)attr_like(a, *attr);
            shown->hidden = false;
            *attr = shown;
        }
    } else if (e->kind == HR_T_COLUMN) {
        *attr = named_attr(s, e->column.attr->name, e, NULL);
    } else if (e->kind == HR_T_LITERAL) {
        *attr = named_attr(s, pretty_name(a, e), e, NULL);
    } else if (e->kind == HR_T_CAST && e->cast.child->kind == HR_T_COLUMN) {
        *attr = named_attr(s, e->cast.child->column.attr->name, e, NULL);
    } else if (e->kind == HR_T_CAST && e->cast.child->kind == HR_T_ALIAS) {
        *attr = named_attr(s, e->cast.child->alias.name, e, NULL);
    } else if (e->kind == HR_T_FIELD) {
        /* p.u is called u; a field taken by getField or [] keeps its path */
        bool by_name = expr->kind == HR_EXPR_ATTRIBUTE || (expr->kind == HR_EXPR_EXTRACT && expr->extract.child->kind == HR_EXPR_ATTRIBUTE && is_star_field(expr));
        *attr = named_attr(s, by_name ? e->field.name : pretty_name(a, e), e, is_extract_only(e) ? NULL : auto_metadata);
    } else {
        *attr = named_attr(s, pretty_name(a, e), e, is_extract_only(e) ? NULL : auto_metadata);
    }
    return HR_OK;
}

enum hr_code boolean_condition(struct scope *s, const struct hr_expr *expr, const char *what, struct hr_texpr **out)
{
    HR_TRY(hr_resolve_expr(s, expr, out));
    if ((*out)->type->id == HR_TYPE_VOID)
        *out = cast_implicit(s->a, *out, BASIC(BOOLEAN));
    if (is_string((*out)->type) && s->a->ansi)
        *out = cast_implicit(s->a, *out, BASIC(BOOLEAN));
    if ((*out)->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    if (!strcmp(what, "JOIN"))
        return hr_fail_spark(s->a->err, "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "joinCondition", expr_sql(s->a, *out), "conditionType",
                             type_sql(s->a, (*out)->type), NULL);
    return hr_fail_spark(s->a->err, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "sqlExpr", expr_sql(s->a, *out), "filter", expr_sql(s->a, *out),
                         "type", type_sql(s->a, (*out)->type), NULL);
}
