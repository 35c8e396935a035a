/* Which words are keywords here. Spark lets nearly every keyword be a name and leaves the decision
 * to a parser with unlimited look ahead; ours looks at one token. So this pass looks around each
 * word first: a keyword that cannot mean anything where it stands becomes a name, and tokens that
 * mean one thing together (LATERAL VIEW, a type, an interval literal, a lambda's parenthesis)
 * become one. */
#include "host/sql/parse.h"
#include "host/plan/origin.h"
#include "host/sql/grammar.h"
#include <strings.h>

struct pass {
    struct parser *p;
    const struct token *in;
    struct token *out;
    size_t count, room;
    char *opened; /* for each open parenthesis: what it belongs to */
    size_t depth, depth_room;
    int cases; /* open CASEs */
};

enum opener { OPEN_PLAIN, OPEN_CAST, OPEN_POSITION };

static void push(struct pass *pass, struct token token)
{
    if (pass->count == pass->room) {
        size_t room = pass->room ? pass->room * 2 : 64;
        struct token *out = HR_NEW_ARRAY(pass->p->arena, struct token, room);
        if (pass->count)
            memcpy(out, pass->out, pass->count * sizeof *out);
        pass->out = out;
        pass->room = room;
    }
    pass->out[pass->count++] = token;
}

static bool is_one_of(int kind, const int *kinds)
{
    for (; *kinds >= 0; kinds++)
        if (*kinds == kind)
            return true;
    return false;
}
#define ONE_OF(kind, ...) is_one_of((kind), (const int[]){__VA_ARGS__, -1})

static bool is_word(const struct token *token)
{
    return token->kind == TK_ID || (token->text && token->kind != TK_STRING);
}

static bool starts_query(int kind)
{
    return ONE_OF(kind, TK_SELECT, TK_VALUES, TK_FROM, TK_TABLE, TK_WITH);
}

/* past any parentheses: a query's first word? */
static bool opens_query(const struct token *token)
{
    while (token->kind == TK_LP)
        token++;
    return starts_query(token->kind) && ONE_OF(token[1].kind, TK_COMMA, TK_RP, TK_DOT, 0) == false;
}

/* nothing that may follow a keyword which needs an operand: the word is a name then */
static bool ends_operand(const struct token *next)
{
    return ONE_OF(next->kind, 0, TK_COMMA, TK_RP, TK_RB, TK_DOT, TK_EQ, TK_NE, TK_LT, TK_LE, TK_GT,
                  TK_GE, TK_AS, TK_SEMICOLON, TK_DCOLON, TK_FROM, TK_AND, TK_OR, TK_CONCAT,
                  TK_SLASH, TK_PERCENT, TK_LB, TK_IS, TK_HINT_END, TK_FAT_ARROW, TK_ARROW);
}

static bool is_join_word(int kind)
{
    return ONE_OF(kind, TK_JOIN, TK_OUTER, TK_SEMI, TK_ANTI, TK_LEFT, TK_RIGHT, TK_FULL, TK_INNER,
                  TK_CROSS);
}

/* Does the keyword at `t` mean its keyword here? prev is the last token put out (kind 0 at the
 * start). */
static bool is_keyword(const struct pass *pass, const struct token *t, int prev)
{
    const struct token *next = t + 1;
    if (prev == TK_DOT || (next->kind == TK_DOT && t->kind != TK_NULL))
        return false;
    switch (t->kind) {
    case TK_ORDER:
    case TK_SORT:
    case TK_DISTRIBUTE:
    case TK_CLUSTER:
    case TK_PARTITION:
        return next->kind == TK_BY;
    case TK_GROUP:
        return next->kind == TK_BY || (prev == TK_WITHIN && next->kind == TK_LP);
    case TK_CAST:
    case TK_TRY_CAST:
    case TK_TABLESAMPLE:
    case TK_PIVOT:
        return next->kind == TK_LP;
    case TK_ROLLUP:
    case TK_CUBE:
        return prev == TK_WITH || (next->kind == TK_LP && ONE_OF(prev, TK_BY, TK_COMMA, TK_LP));
    case TK_FILTER:
        return next->kind == TK_LP && t[2].kind == TK_WHERE && prev == TK_RP;
    case TK_OVER:
        return prev != TK_COMMA &&
               (next->kind == TK_LP || is_word(next)) &&
               ONE_OF(prev, TK_RP, TK_NULLS);
    case TK_WITHIN:
        return next->kind == TK_GROUP && t[2].kind == TK_LP;
    case TK_IGNORE:
    case TK_RESPECT:
    case TK_INCLUDE:
    case TK_EXCLUDE:
        return next->kind == TK_NULLS;
    case TK_NULLS:
        return ONE_OF(next->kind, TK_FIRST, TK_LAST) ||
               ONE_OF(prev, TK_IGNORE, TK_RESPECT, TK_INCLUDE, TK_EXCLUDE);
    case TK_FIRST:
    case TK_LAST:
        return prev == TK_NULLS;
    case TK_GROUPING:
        return next->kind == TK_SETS && t[2].kind == TK_LP;
    case TK_SETS:
        return prev == TK_GROUPING;
    case TK_WINDOW:
        return is_word(next) && t[2].kind == TK_AS;
    case TK_EXISTS:
        return next->kind == TK_LP && opens_query(next + 1);
    case TK_LATERAL:
        return ONE_OF(prev, TK_COMMA, TK_JOIN, TK_FROM) && (next->kind == TK_LP || is_word(next));
    case TK_UNPIVOT:
        return ONE_OF(next->kind, TK_LP, TK_INCLUDE, TK_EXCLUDE);
    case TK_UNION:
    case TK_EXCEPT:
    case TK_INTERSECT:
    case TK_MINUS_SET:
        return ONE_OF(next->kind, TK_ALL, TK_DISTINCT, TK_SELECT, TK_LP, TK_VALUES, TK_FROM,
                      TK_TABLE, TK_WITH) &&
               !ONE_OF(prev, TK_SELECT, TK_COMMA, TK_LP, TK_AS);
    case TK_LEFT:
    case TK_RIGHT:
    case TK_FULL:
    case TK_INNER:
    case TK_CROSS:
    case TK_SEMI:
    case TK_ANTI:
        return is_join_word(next->kind) && !ONE_OF(prev, TK_FROM, TK_COMMA, TK_SELECT);
    case TK_NATURAL:
        return is_join_word(next->kind);
    case TK_JOIN:
        return !ends_operand(next) || !next->kind;
    case TK_VALUES:
        return ONE_OF(prev, TK_START_QUERY, TK_LP, TK_FROM, TK_AS, TK_UNION, TK_EXCEPT,
                      TK_INTERSECT, TK_MINUS_SET, TK_ALL, TK_DISTINCT, TK_JOIN, TK_COMMA, TK_RP) &&
               !ends_operand(next) &&
               (prev != TK_LP || next->kind != TK_PLUS);
    case TK_TABLE:
        return ONE_OF(prev, TK_START_QUERY, TK_LP, TK_AS, TK_UNION, TK_EXCEPT, TK_INTERSECT,
                      TK_MINUS_SET, TK_ALL, TK_DISTINCT, TK_RP) &&
               is_word(next);
    case TK_WITH:
        if (ONE_OF(next->kind, TK_ROLLUP, TK_CUBE))
            return true;
        return ONE_OF(prev, TK_START_QUERY, TK_LP, TK_AS, TK_RP) &&
               is_word(next) &&
               (ONE_OF(t[2].kind, TK_AS, TK_LP) || is_word(&t[2]));
    case TK_RECURSIVE:
        return prev == TK_WITH && is_word(next) && next->kind != TK_AS;
    case TK_CASE:
        return !ends_operand(next);
    case TK_WHEN:
    case TK_THEN:
    case TK_ELSE:
    case TK_END:
        return pass->cases > 0;
    case TK_BOTH:
    case TK_LEADING:
    case TK_TRAILING:
        return prev == TK_LP &&
               pass->count >= 2 &&
               hr_sql_word_is(pass->p, &pass->out[pass->count - 2], "trim");
    case TK_SELECT:
        return ONE_OF(prev, TK_START_QUERY, TK_LP) || !ends_operand(next);
    case TK_WHERE:
    case TK_HAVING:
    case TK_QUALIFY:
    case TK_ON:
    case TK_NOT:
    case TK_LIMIT:
    case TK_OFFSET:
    case TK_BETWEEN:
        return !ends_operand(next);
    case TK_FROM:
        return !ONE_OF(next->kind, 0, TK_COMMA, TK_RP, TK_SEMICOLON);
    case TK_USING:
        return next->kind == TK_LP;
    case TK_ALL:
        return ONE_OF(prev, TK_LIMIT, TK_BY, TK_LIKE, TK_ILIKE, TK_UNION, TK_EXCEPT, TK_INTERSECT,
                      TK_MINUS_SET) ||
               !ends_operand(next);
    case TK_DISTINCT:
    case TK_DIV:
        return !ONE_OF(next->kind, 0, TK_COMMA, TK_RP, TK_EQ);
    default:
        return true;
    }
}

/* ( word {, word} ) -> */
static bool is_lambda(const struct token *t)
{
    for (t++; is_word(t); t += 2) {
        if (t[1].kind == TK_RP)
            return t[2].kind == TK_ARROW;
        if (t[1].kind != TK_COMMA)
            return false;
    }
    return false;
}

static enum hr_code open_paren(struct pass *pass, const struct token *t)
{
    if (pass->depth == pass->depth_room) {
        size_t room = pass->depth_room ? pass->depth_room * 2 : 32;
        char *opened = hr_arena_alloc(pass->p->arena, room);
        if (pass->depth)
            memcpy(opened, pass->opened, pass->depth);
        pass->opened = opened;
        pass->depth_room = room;
    }
    const struct token *before = pass->count ? &pass->out[pass->count - 1] : NULL;
    enum opener opener = OPEN_PLAIN;
    if (before && ONE_OF(before->kind, TK_CAST, TK_TRY_CAST))
        opener = OPEN_CAST;
    else if (before && before->kind == TK_ID && hr_sql_word_is(pass->p, before, "position"))
        opener = OPEN_POSITION;
    pass->opened[pass->depth++] = (char)opener;
    if (pass->depth > HR_SQL_DEPTH_MAX)
        return hr_sql_fail_at(pass->p, t->start, t->stop, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
    return HR_OK;
}

/* the type behind AS of a CAST, or behind :: */
static enum hr_code take_type(struct pass *pass, const struct token **t)
{
    struct parser *p = pass->p;
    size_t at = (size_t)(*t)->start;
    struct token token = {.kind = TK_TYPE, .start = (*t)->start};
    struct hr_err late;
    HR_TRY(hr_type_from_sql(p->arena, p->sql, &at, &token.type, &late, p->err));
    if (late.code && !p->late.code) {
        p->late = late;
        if (p->late.tail[0])
            hr_origin_context(&p->late, hr_sql_origin(p, token.start, (int)at));
    }
    token.stop = (int)at;
    while ((*t)->kind && (*t)->start < (int)at)
        (*t)++;
    push(pass, token);
    return HR_OK;
}

static void take_strings(struct pass *pass, const struct token **t)
{
    struct token token = **t;
    for ((*t)++; (*t)->kind == TK_STRING; (*t)++) {
        char *both = hr_arena_alloc(pass->p->arena, token.len + (*t)->len + 1);
        memcpy(both, token.text, token.len);
        memcpy(both + token.len, (*t)->text, (*t)->len);
        token.text = both;
        token.len += (*t)->len;
        token.stop = (*t)->stop;
    }
    push(pass, token);
}

static enum hr_code take_word(struct pass *pass, const struct token **t)
{
    struct parser *p = pass->p;
    struct token token = **t;
    int prev = pass->count ? pass->out[pass->count - 1].kind : TK_START_QUERY;
    if (token.kind == TK_ID && prev != TK_DOT) {
        if (hr_sql_word_is(p, &token, "interval")) {
            size_t at = (size_t)(*t - pass->in);
            struct hr_expr *expr = hr_sql_interval(p, &at);
            if (p->failed)
                return p->err->code;
            if (expr) {
                token.kind = TK_INTERVAL_LITERAL;
                token.expr = expr;
                token.stop = pass->in[at - 1].stop;
                *t = pass->in + at;
                push(pass, token);
                return HR_OK;
            }
        }
    }
    if (token.kind == TK_LATERAL && hr_sql_word_is(p, *t + 1, "view") && is_word(*t + 2)) {
        token.kind = TK_LATERAL_VIEW;
        token.stop = (*t)[1].stop;
        *t += 2;
        push(pass, token);
        return HR_OK;
    }
    if (token.kind == TK_TABLE &&
        (*t)[1].kind == TK_LP &&
        ONE_OF(prev, TK_LP, TK_COMMA, TK_FAT_ARROW))
        token.kind = TK_TABLE_ARG;
    else if (token.kind == TK_EXCEPT &&
             prev == TK_STAR &&
             (*t)[1].kind == TK_LP &&
             !opens_query(*t + 1))
        token.kind = TK_EXCEPT_COLUMNS;
    else if (token.kind == TK_IN && pass->depth && pass->opened[pass->depth - 1] == OPEN_POSITION)
        token.kind = TK_POSITION_IN;
    else if (!is_keyword(pass, *t, prev))
        token.kind = TK_ID;
    pass->cases += token.kind == TK_CASE ? 1 : token.kind == TK_END && pass->cases ? -1 : 0;
    (*t)++;
    push(pass, token);
    if (token.kind == TK_AS &&
        pass->depth &&
        pass->opened[pass->depth - 1] == OPEN_CAST &&
        (*t)->kind)
        return take_type(pass, t);
    return HR_OK;
}

enum hr_code hr_sql_classify(struct parser *p)
{
    struct pass pass = {.p = p, .in = p->tokens};
    const struct token *t = p->tokens;
    while (t->kind) {
        struct token token = *t;
        switch (token.kind) {
        case TK_STRING:
            take_strings(&pass, &t);
            continue;
        case TK_LP:
            if (is_lambda(t))
                token.kind = TK_LAMBDA_LP;
            HR_TRY(open_paren(&pass, t));
            break;
        case TK_RP:
            pass.depth -= pass.depth > 0;
            break;
        case TK_DCOLON:
            push(&pass, *t++);
            if (t->kind)
                HR_TRY(take_type(&pass, &t));
            continue;
        default:
            if (token.text && !(token.kind == TK_ID && token.quoted)) {
                HR_TRY(take_word(&pass, &t));
                continue;
            }
        }
        push(&pass, token);
        t++;
    }
    push(&pass, *t);
    p->tokens = pass.out;
    p->count = pass.count - 1;
    return HR_OK;
}

/* ---- IDENTIFIER('a.b') ---- */

static enum hr_code push_names(struct pass *pass,
                               const struct token *first,
                               const struct token *last,
                               const char *text)
{
    struct hr_names names;
    HR_TRY(hr_sql_parse_names(pass->p->arena, text, &names, pass->p->err));
    for (size_t i = 0; i < names.count; i++) {
        struct token token = {
            .kind = TK_DOT, .start = first->start, .stop = last->stop, .space = first->space};
        if (i)
            push(pass, token);
        token.kind = TK_ID;
        token.quoted = true;
        token.text = names.at[i];
        token.len = strlen(names.at[i]);
        push(pass, token);
    }
    return HR_OK;
}

static enum hr_code take_identifier(struct pass *pass, const struct token **t)
{
    struct parser *p = pass->p;
    const struct token *at = *t + 2;
    const char *text = "";
    for (; at->kind == TK_STRING; at++) {
        text = hr_printf(p->arena, "%s%s", text, at->text);
        if (at[1].kind == TK_CONCAT && at[2].kind == TK_STRING)
            at++;
    }
    if (at->kind != TK_RP)
        return hr_sql_fail_at(p, (*t)->start, at->stop, "UNSUPPORTED_FEATURE", "feature",
                              "IDENTIFIER with an expression", NULL);
    HR_TRY(push_names(pass, *t, at, text));
    *t = at + 1;
    return HR_OK;
}

enum hr_code hr_sql_fold_identifiers(struct parser *p)
{
    struct pass pass = {.p = p};
    bool any = false;
    for (size_t i = 0; i < p->count && !any; i++)
        any = hr_sql_word_is(p, &p->tokens[i], "identifier") && p->tokens[i + 1].kind == TK_LP;
    if (!any)
        return HR_OK;
    const struct token *t = p->tokens;
    while (t->kind) {
        if (t->kind == TK_ID && hr_sql_word_is(p, t, "identifier") && t[1].kind == TK_LP)
            HR_TRY(take_identifier(&pass, &t));
        else
            push(&pass, *t++);
    }
    push(&pass, *t);
    p->tokens = pass.out;
    p->count = pass.count - 1;
    return HR_OK;
}
