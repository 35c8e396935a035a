/* What the grammar's actions make: expressions. */
#include "host/sql/parse.h"
#include "base/utf8.h"
#include "host/sql/grammar.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

/* ---- the basics ---- */

const struct hr_origin *hr_sql_origin(struct parser *p, int start, int stop)
{
    struct hr_origin *origin = HR_NEW(p->arena, struct hr_origin);
    size_t low = 0, high = p->line_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (p->lines[middle] <= start)
            low = middle;
        else
            high = middle;
    }
    origin->sql = p->sql;
    origin->start = start;
    origin->stop = stop;
    origin->line = (int)low + 1;
    origin->column = start - p->lines[low];
    return origin;
}

static void check_depth(struct parser *p, int depth, int start, int stop)
{
    if (depth > HR_SQL_NODE_DEPTH_MAX && !p->failed)
        hr_sql_fail_at(p, start, stop, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
}

struct node hr_sql_node(struct parser *p, struct hr_expr *expr, int start, int stop, int depth)
{
    check_depth(p, depth, start, stop);
    expr->origin = hr_sql_origin(p, start, stop);
    return (struct node){.expr = expr, .start = start, .stop = stop, .depth = depth};
}

static int deeper(int a, int b)
{
    return a > b ? a : b;
}

int hr_sql_depth(const struct nodes *list)
{
    int depth = 0;
    for (size_t i = 0; i < list->count; i++)
        depth = deeper(depth, list->at[i].depth);
    return depth;
}

void hr_sql_push(struct parser *p, struct nodes *list, struct node node)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 4;
        struct node *at = HR_NEW_ARRAY(p->arena, struct node, room);
        if (list->count)
            memcpy(at, list->at, list->count * sizeof *at);
        list->at = at;
        list->room = room;
    }
    list->at[list->count++] = node;
}

void hr_sql_push_text(struct parser *p, struct texts *list, struct text text)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 4;
        struct text *at = HR_NEW_ARRAY(p->arena, struct text, room);
        if (list->count)
            memcpy(at, list->at, list->count * sizeof *at);
        list->at = at;
        list->room = room;
    }
    list->at[list->count++] = text;
}

struct hr_exprs hr_sql_exprs(struct parser *p, const struct nodes *list)
{
    struct hr_exprs exprs = {HR_NEW_ARRAY(p->arena, struct hr_expr *, list->count), list->count};
    for (size_t i = 0; i < list->count; i++)
        exprs.at[i] = list->at[i].expr;
    return exprs;
}

struct hr_names hr_sql_names(struct parser *p, const struct texts *list)
{
    struct hr_names names = {HR_NEW_ARRAY(p->arena, const char *, list->count), list->count};
    for (size_t i = 0; i < list->count; i++)
        names.at[i] = list->at[i].text ? list->at[i].text : "";
    return names;
}

struct node hr_sql_call(struct parser *p, const char *name, int start, int stop, size_t count, ...)
{
    struct hr_expr *expr = hr_expr_call(p->arena, name, 0);
    struct nodes args = {0};
    va_list list;
    va_start(list, count);
    for (size_t i = 0; i < count; i++)
        hr_sql_push(p, &args, *va_arg(list, struct node *));
    va_end(list);
    expr->call.args = hr_sql_exprs(p, &args);
    return hr_sql_node(p, expr, start, stop, hr_sql_depth(&args) + 1);
}

struct node hr_sql_unary(struct parser *p, const char *name, int start, struct node value)
{
    return hr_sql_call(p, name, start, value.stop, 1, &value);
}

struct node hr_sql_binary(struct parser *p, const char *name, struct node left, struct node right)
{
    return hr_sql_call(p, name, left.start, right.stop, 2, &left, &right);
}

struct node hr_sql_not(struct parser *p, bool negate, struct node node)
{
    return negate ? hr_sql_call(p, "not", node.start, node.stop, 1, &node) : node;
}

/* a AND b AND c … as a balanced tree, in the shape that Spark builds */
static struct node balanced(
    struct parser *p, const char *name, const struct nodes *list, size_t low, size_t high)
{
    if (low == high)
        return list->at[low];
    size_t middle = high - low == 1 ? low : low + (high - low) / 2;
    struct node left = balanced(p, name, list, low, middle),
                right = balanced(p, name, list, middle + 1, high);
    return hr_sql_call(p, name, list->at[0].start, list->at[list->count - 1].stop, 2, &left,
                       &right);
}

struct node hr_sql_chain(struct parser *p, const char *name, const struct nodes *list)
{
    return balanced(p, name, list, 0, list->count - 1);
}

static struct node string_node(struct parser *p, const char *text, int start, int stop)
{
    return hr_sql_node(p, hr_expr_string(p->arena, text), start, stop, 1);
}

struct node hr_sql_constant(struct parser *p,
                            const struct token *token,
                            enum hr_type_id id,
                            bool value)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_LITERAL);
    expr->literal = HR_NEW(p->arena, struct hr_literal);
    expr->literal->type = hr_type_basic(id);
    expr->literal->is_null = id == HR_TYPE_VOID;
    expr->literal->boolean = value;
    return hr_sql_node(p, expr, token->start, token->stop, 1);
}

/* ---- names ---- */

struct node hr_sql_name(struct parser *p, struct texts parts)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_ATTRIBUTE);
    expr->attribute.name = hr_sql_names(p, &parts);
    struct node node = hr_sql_node(p, expr, parts.at[0].start, parts.at[parts.count - 1].stop, 1);
    node.is_bare_name = true;
    return node;
}

struct node hr_sql_name_grow(struct parser *p, struct node base, struct token part)
{
    if (base.expr->kind == HR_EXPR_ATTRIBUTE) { /* (a).b is a.b */
        const struct hr_names *old = &base.expr->attribute.name;
        struct hr_expr *longer = hr_expr_new(p->arena, HR_EXPR_ATTRIBUTE);
        longer->attribute.name =
            (struct hr_names){HR_NEW_ARRAY(p->arena, const char *, old->count + 1), old->count + 1};
        memcpy(longer->attribute.name.at, old->at, old->count * sizeof *old->at);
        longer->attribute.name.at[old->count] = part.text;
        return hr_sql_node(p, longer, base.start, part.stop, base.depth);
    }
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_EXTRACT);
    expr->extract.child = base.expr;
    expr->extract.extraction = string_node(p, part.text, part.start, part.stop).expr;
    return hr_sql_node(p, expr, base.start, part.stop, base.depth + 1);
}

struct node hr_sql_extract(struct parser *p, struct node base, struct node index, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_EXTRACT);
    expr->extract.child = base.expr;
    expr->extract.extraction = index.expr;
    return hr_sql_node(p, expr, base.start, stop, deeper(base.depth, index.depth) + 1);
}

struct node hr_sql_star(
    struct parser *p, struct texts target, struct nodes except, int start, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_STAR);
    expr->star.target = hr_sql_names(p, &target);
    expr->star.except = hr_sql_exprs(p, &except);
    return hr_sql_node(p, expr, start, stop, 1);
}

struct node hr_sql_alias(struct parser *p, struct node child, struct texts names, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_ALIAS);
    expr->alias.child = child.expr;
    expr->alias.names = hr_sql_names(p, &names);
    return hr_sql_node(p, expr, child.start, stop, child.depth + 1);
}

struct node hr_sql_parameter(struct parser *p, const char *name, int start, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_PARAMETER);
    expr->parameter.name = name;
    expr->parameter.position = name ? 0 : p->parameters++;
    return hr_sql_node(p, expr, start, stop, 1);
}

/* ---- predicates ---- */

struct node hr_sql_is(struct parser *p, struct node value, bool truth, int stop)
{
    struct token token = {.start = value.start, .stop = stop};
    struct node constant = hr_sql_constant(p, &token, HR_TYPE_BOOLEAN, truth);
    return hr_sql_call(p, "<=>", value.start, stop, 2, &value, &constant);
}

struct node hr_sql_like(struct parser *p,
                        struct node value,
                        bool negate,
                        const char *operation,
                        struct node pattern,
                        const struct token *escape)
{
    if (!escape)
        return hr_sql_not(
            p, negate, hr_sql_call(p, operation, value.start, pattern.stop, 2, &value, &pattern));
    size_t units = 0; /* of UTF-16, Java's characters */
    for (size_t i = 0; i < escape->len; i++) {
        units += hr_utf8_starts(escape->text[i]);
        units += (unsigned char)escape->text[i] >= 0xF0;
    }
    if (units != 1)
        hr_sql_late(p, escape->start, escape->stop, "INVALID_ESC", "invalidEscape",
                    hr_printf(p->arena, "'%s'", escape->text), NULL);
    struct node mark = hr_sql_string(p, escape);
    return hr_sql_not(
        p, negate,
        hr_sql_call(p, operation, value.start, escape->stop, 3, &value, &pattern, &mark));
}

static bool all_strings(const struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const struct hr_expr *expr = nodes->at[i].expr;
        if (expr->kind != HR_EXPR_LITERAL ||
            expr->literal->type->id != HR_TYPE_STRING ||
            expr->literal->is_null)
            return false;
    }
    return true;
}

/* Spark's one expression over all patterns, when they are written out */
static struct node like_written(struct parser *p,
                                struct node value,
                                bool negate,
                                bool fold,
                                bool all,
                                const struct nodes *patterns,
                                int stop)
{
    static const char *const names[2][2] = {{"$likeany", "$likeall"},
                                            {"$notlikeany", "$notlikeall"}};
    struct nodes args = {0};
    hr_sql_push(p, &args,
                fold ? hr_sql_call(p, "lower", value.start, value.stop, 1, &value) : value);
    for (size_t i = 0; i < patterns->count; i++) {
        struct node *pattern = &patterns->at[i];
        hr_sql_push(p, &args,
                    fold ? hr_sql_call(p, "lower", pattern->start, pattern->stop, 1, pattern)
                         : *pattern);
    }
    struct node node = hr_sql_call(p, names[negate][all], value.start, stop, 0);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.depth = hr_sql_depth(&args) + 1;
    return node;
}

struct node hr_sql_quantified(struct parser *p,
                              struct node value,
                              bool negate,
                              const char *operation,
                              bool all,
                              struct nodes patterns,
                              int stop)
{
    if (all_strings(&patterns))
        return like_written(p, value, negate, !strcmp(operation, "ilike"), all, &patterns, stop);
    struct nodes each = {0};
    for (size_t i = 0; i < patterns.count; i++)
        hr_sql_push(p, &each, hr_sql_like(p, value, negate, operation, patterns.at[i], NULL));
    struct node node = hr_sql_chain(p, all ? "and" : "or", &each);
    node.start = value.start;
    node.stop = stop;
    return node;
}

struct node hr_sql_in(struct parser *p, struct node value, bool negate, struct nodes list, int stop)
{
    struct nodes args = {0};
    hr_sql_push(p, &args, value);
    for (size_t i = 0; i < list.count; i++)
        hr_sql_push(p, &args, list.at[i]);
    struct node node = hr_sql_call(p, "in", value.start, stop, 0);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.depth = hr_sql_depth(&args) + 1;
    return hr_sql_not(p, negate, node);
}

struct node hr_sql_subquery(struct parser *p,
                            enum hr_subquery_kind kind,
                            struct rel query,
                            struct node *value,
                            int start,
                            int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_SUBQUERY);
    expr->subquery.kind = kind;
    expr->subquery.plan = query.rel;
    if (value && value->row) {
        expr->subquery.values = hr_sql_exprs(p, value->row);
    } else if (value) {
        struct nodes one = {0};
        hr_sql_push(p, &one, *value);
        expr->subquery.values = hr_sql_exprs(p, &one);
    }
    return hr_sql_node(p, expr, start, stop, deeper(query.depth, value ? value->depth : 0) + 1);
}

struct node hr_sql_cast(struct parser *p,
                        struct node child,
                        const struct hr_type *type,
                        bool try_cast,
                        int start,
                        int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_CAST);
    expr->cast.child = child.expr;
    expr->cast.type = type;
    expr->cast.mode = try_cast ? HR_CAST_TRY : HR_CAST_DEFAULT;
    return hr_sql_node(p, expr, start, stop, child.depth + 1);
}

struct node hr_sql_collate(struct parser *p, struct node value, struct texts name)
{
    struct node collation = string_node(p, name.at[name.count - 1].text, name.at[0].start,
                                        name.at[name.count - 1].stop);
    return hr_sql_call(p, "collate", value.start, collation.stop, 2, &value, &collation);
}

/* (a, b AS x): named_struct('col1', a, 'x', b AS x), as Spark writes it */
struct node hr_sql_row(struct parser *p, struct nodes items, int start, int stop)
{
    struct nodes args = {0};
    for (size_t i = 0; i < items.count; i++) {
        const struct hr_expr *item = items.at[i].expr;
        const char *name = item->kind == HR_EXPR_ALIAS && item->alias.names.count
                               ? item->alias.names.at[0]
                           : item->kind == HR_EXPR_ATTRIBUTE
                               ? item->attribute.name.at[item->attribute.name.count - 1]
                               : hr_printf(p->arena, "col%zu", i + 1);
        hr_sql_push(p, &args, string_node(p, name, items.at[i].start, items.at[i].stop));
        hr_sql_push(p, &args, items.at[i]);
    }
    struct node node = hr_sql_call(p, "named_struct", start, stop, 0);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.depth = hr_sql_depth(&items) + 1;
    check_depth(p, node.depth, start, stop);
    node.row = hr_memdup(p->arena, &items, sizeof items);
    return node;
}

struct node hr_sql_case(struct parser *p,
                        struct node *subject,
                        struct nodes branches,
                        struct node *otherwise,
                        int start,
                        int stop)
{
    struct nodes args = {0};
    for (size_t i = 0; i < branches.count; i++)
        hr_sql_push(p, &args,
                    subject && i % 2 == 0 ? hr_sql_binary(p, "==", *subject, branches.at[i])
                                          : branches.at[i]);
    if (otherwise)
        hr_sql_push(p, &args, *otherwise);
    struct node node = hr_sql_call(p, "when", start, stop, 0);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.depth = hr_sql_depth(&args) + 1;
    check_depth(p, node.depth, start, stop);
    return node;
}

/* ---- functions ---- */

static bool name_is(const struct texts *name, const char *word)
{
    return name->count == 1 && !name->at[0].quoted && !strcasecmp(name->at[0].text, word);
}

static bool name_in(const struct texts *name, const char *const *words)
{
    for (; *words; words++)
        if (name_is(name, *words))
            return true;
    return false;
}

static bool is_date_unit(const struct node *node)
{
    static const char *const units[] = {"year",   "quarter",     "month",      "week",
                                        "day",    "dayofyear",   "hour",       "minute",
                                        "second", "millisecond", "microsecond"};
    if (node->expr->kind != HR_EXPR_ATTRIBUTE || node->expr->attribute.name.count != 1)
        return false;
    for (size_t i = 0; i < HR_LEN(units); i++)
        if (!strcasecmp(units[i], node->expr->attribute.name.at[0]))
            return true;
    return false;
}

/* dateadd(DAY, 1, d) and its like take a unit's bare name first */
static const char *unit_function(struct parser *p, const struct texts *name, struct nodes *args)
{
    static const char *const add[] = {"timestampadd", "dateadd", "date_add", NULL};
    static const char *const difference[] = {"timestampdiff", "datediff", "date_diff", "timediff",
                                             NULL};
    const char *call = name_in(name, add)          ? "timestampadd"
                       : name_in(name, difference) ? "timestampdiff"
                                                   : NULL;
    if (!call || args->count != 3)
        return NULL;
    const struct hr_expr *first = args->at[0].expr;
    if (first->kind == HR_EXPR_LITERAL && first->literal->type->id == HR_TYPE_STRING)
        hr_sql_late(p, name->at[0].start, args->at[2].stop, "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                    "functionName", hr_printf(p->arena, "`%s`", name->at[0].text), "parameter",
                    "`unit`", "invalidValue",
                    hr_printf(p->arena, "'%s'", first->literal->text.bytes), NULL);
    if (!is_date_unit(&args->at[0]))
        return NULL;
    struct node *unit = &args->at[0];
    *unit = string_node(p, unit->expr->attribute.name.at[0], unit->start, unit->stop);
    return call;
}

struct node hr_sql_function(
    struct parser *p, struct texts name, struct nodes args, int distinct, int stop)
{
    const char *call = unit_function(p, &name, &args);
    struct node node = hr_sql_call(p, call ? call : "", name.at[0].start, stop, 0);
    if (!call) {
        node.expr->call.name = hr_sql_names(p, &name);
        node.expr->call.is_own = false;
    }
    for (size_t i = 0; i < args.count && !name_is(&name, "struct"); i++)
        if (args.at[i].expr->kind == HR_EXPR_ALIAS && !args.at[i].is_parenthesised)
            hr_sql_syntax_text(p, args.at[i].stop, args.at[i].stop);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.expr->call.distinct = distinct == 1;
    node.depth = hr_sql_depth(&args) + 1;
    check_depth(p, node.depth, node.start, stop);
    return node;
}

/* Calls with words instead of commas. The grammar takes them for any name; here each name's own
 * form is checked. */
struct node hr_sql_special(struct parser *p,
                           struct texts name,
                           const char *keyword,
                           struct node *parts,
                           size_t count,
                           int stop)
{
    static const char *const substrings[] = {"substring", "substr", NULL};
    struct nodes args = {0};
    const char *call = NULL;
    size_t from = 0;
    if (!strcmp(keyword, "from") && name_in(&name, substrings)) {
        call = "substring";
    } else if (!strcmp(keyword, "from") && name_is(&name, "trim") && count == 2) {
        call = "trim";
    } else if (!strcmp(keyword, "from") && name_is(&name, "extract") && count == 2) {
        call = "extract";
        if (parts[0].is_bare_name)
            hr_sql_push(
                p, &args,
                string_node(p, parts[0].expr->attribute.name.at[0], parts[0].start, parts[0].stop));
        else
            hr_sql_push(p, &args, parts[0]);
        from = 1;
    } else if (!strcmp(keyword, "placing") && name_is(&name, "overlay")) {
        call = "overlay";
    } else if (!strcmp(keyword, "in") && name_is(&name, "position")) {
        call = "locate";
    } else if (strstr(keyword, "trim") && name_is(&name, "trim")) {
        call = keyword;
    } else {
        hr_sql_syntax_text(p, parts[0].stop, stop);
        return parts[0];
    }
    for (size_t i = from; i < count; i++)
        hr_sql_push(p, &args, parts[i]);
    struct node node = hr_sql_call(p, call, name.at[0].start, stop, 0);
    node.expr->call.args = hr_sql_exprs(p, &args);
    node.depth = hr_sql_depth(&args) + 1;
    check_depth(p, node.depth, node.start, stop);
    return node;
}

struct node hr_sql_named_argument(struct parser *p, struct token name, struct node value)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_NAMED_ARGUMENT);
    expr->named.name = name.text;
    expr->named.value = value.expr;
    return hr_sql_node(p, expr, name.start, value.stop, value.depth + 1);
}

/* ---- lambdas ---- */

static bool names_param(const struct hr_names *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (!strcasecmp(params->at[i], name))
            return true;
    return false;
}

static void bind_params(struct parser *p, struct hr_expr **at, const struct hr_names *params);

static void bind_all(struct parser *p, struct hr_exprs *exprs, const struct hr_names *params)
{
    for (size_t i = 0; i < exprs->count; i++)
        bind_params(p, &exprs->at[i], params);
}

static void bind_attribute(struct parser *p, struct hr_expr **at, const struct hr_names *params)
{
    const struct hr_expr *old = *at;
    if (!names_param(params, old->attribute.name.at[0]))
        return;
    struct hr_expr *bound = hr_expr_new(p->arena, HR_EXPR_LAMBDA_VARIABLE);
    bound->origin = old->origin;
    bound->variable.name = (struct hr_names){old->attribute.name.at, 1};
    for (size_t i = 1; i < old->attribute.name.count; i++) { /* x.field */
        struct hr_expr *field = hr_expr_new(p->arena, HR_EXPR_EXTRACT);
        field->origin = old->origin;
        field->extract.child = bound;
        field->extract.extraction = hr_expr_string(p->arena, old->attribute.name.at[i]);
        bound = field;
    }
    *at = bound;
}

/* the parameters' uses in a lambda's body; an inner lambda's own were bound before, and stay */
static void bind_params(struct parser *p, struct hr_expr **at, const struct hr_names *params)
{
    struct hr_expr *expr = *at;
    if (!expr)
        return;
    switch (expr->kind) {
    case HR_EXPR_ATTRIBUTE:
        bind_attribute(p, at, params);
        break;
    case HR_EXPR_CALL:
        bind_all(p, &expr->call.args, params);
        bind_params(p, &expr->call.filter, params);
        break;
    case HR_EXPR_CAST:
        bind_params(p, &expr->cast.child, params);
        break;
    case HR_EXPR_ALIAS:
        bind_params(p, &expr->alias.child, params);
        break;
    case HR_EXPR_EXTRACT:
        bind_params(p, &expr->extract.child, params);
        bind_params(p, &expr->extract.extraction, params);
        break;
    case HR_EXPR_LAMBDA:
        bind_params(p, &expr->lambda.body, params);
        break;
    case HR_EXPR_NAMED_ARGUMENT:
        bind_params(p, &expr->named.value, params);
        break;
    default:
        break;
    }
}

struct node hr_sql_lambda(struct parser *p, struct texts params, struct node body, int start)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_LAMBDA);
    expr->lambda.params = hr_sql_names(p, &params);
    expr->lambda.body = body.expr;
    struct node node = hr_sql_node(p, expr, start, body.stop, body.depth + 1);
    if (!p->failed)
        bind_params(p, &expr->lambda.body, &expr->lambda.params);
    return node;
}

/* ---- windows and orders ---- */

struct node hr_sql_window_spec(struct parser *p,
                               struct nodes partition,
                               struct nodes order,
                               struct frame frame,
                               int start,
                               int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_WINDOW);
    expr->window.partition = hr_sql_exprs(p, &partition);
    expr->window.order = hr_sql_exprs(p, &order);
    expr->window.frame = frame.kind;
    expr->window.lower = frame.lower;
    expr->window.upper = frame.upper;
    return hr_sql_node(p, expr, start, stop,
                       deeper(hr_sql_depth(&partition), hr_sql_depth(&order)) + 1);
}

struct node hr_sql_window_reference(struct parser *p, struct token name)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_WINDOW);
    expr->window.reference = name.text;
    return hr_sql_node(p, expr, name.start, name.stop, 1);
}

struct node hr_sql_window(struct parser *p, struct node function, struct node spec)
{
    spec.expr->window.function = function.expr;
    spec.expr->window.specification = spec.expr->origin;
    return hr_sql_node(p, spec.expr, function.start, spec.stop,
                       deeper(function.depth, spec.depth) + 1);
}

/* what Spark's parser can fold: literals, their casts, and operators between them; functions are
 * not known to it yet */
static bool is_constant(const struct hr_expr *expr)
{
    if (expr->kind == HR_EXPR_CAST)
        return is_constant(expr->cast.child);
    if (expr->kind != HR_EXPR_CALL)
        return expr->kind == HR_EXPR_LITERAL;
    if (isalpha((unsigned char)*expr->call.name.at[0]))
        return false;
    for (size_t i = 0; i < expr->call.args.count; i++)
        if (!is_constant(expr->call.args.at[i]))
            return false;
    return true;
}

struct hr_bound hr_sql_bound(struct parser *p, struct node value, bool preceding, int stop)
{
    if (value.expr && !is_constant(value.expr))
        hr_sql_late(p, value.start, stop, "_LEGACY_ERROR_TEMP_0064", "msg",
                    "Frame bound value must be a literal.", NULL);
    if (preceding)
        value = hr_sql_unary(p, "$negate", value.start, value);
    return (struct hr_bound){HR_BOUND_VALUE, value.expr};
}

struct node hr_sql_sort(struct parser *p, struct node child, int descending, int nulls, int stop)
{
    struct hr_expr *expr = hr_expr_new(p->arena, HR_EXPR_SORT);
    expr->sort.child = child.expr;
    expr->sort.descending = descending;
    expr->sort.nulls = nulls == 1 ? HR_NULLS_FIRST : nulls == 2 ? HR_NULLS_LAST : HR_NULLS_DEFAULT;
    return hr_sql_node(p, expr, child.start, stop, child.depth + 1);
}
