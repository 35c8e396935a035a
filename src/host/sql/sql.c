#include "host/sql/sql.h"
#include "base/check.h"
#include "host/plan/origin.h"
#include "host/sql/grammar.h"
#include "host/sql/parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void *hr_sql_lemonAlloc(void *(*allocate)(size_t));
void hr_sql_lemonFree(void *lemon, void (*release)(void *));
void hr_sql_lemon(void *lemon, int kind, struct token token, struct parser *p);

/* ---- failures ---- */

enum hr_code hr_sql_syntax(struct parser *p, const struct token *token)
{
    if (p->failed)
        return p->err->code;
    p->failed = true;
    char near[512];
    int len = token->stop - token->start;
    if (!token->kind || !len)
        snprintf(near, sizeof near, "end of input");
    else
        snprintf(near, sizeof near, "'%.*s'", len < 400 ? len : 400, p->sql + token->start);
    hr_fail_spark(p->err, "PARSE_SYNTAX_ERROR", "error", near, "hint", "", NULL);
    return hr_origin_syntax(p->err, p->sql, token->start);
}

enum hr_code hr_sql_syntax_text(struct parser *p, int start, int stop)
{
    for (size_t i = 0; i <= p->count; i++)
        if (p->tokens[i].start >= start)
            return hr_sql_syntax(p, &p->tokens[i]);
    return hr_sql_syntax(p, &(struct token){.kind = TK_ID, .start = start, .stop = stop});
}

/* Spark adds where in the text: a query context for what has a condition of parsing, nothing for
 * other exceptions */
static void locate(struct parser *p, struct hr_err *err, int start, int stop)
{
    if (start >= 0 && stop > start)
        hr_origin_context(err, hr_sql_origin(p, start, stop));
}

enum hr_code hr_sql_fail_at(struct parser *p, int start, int stop, const char *condition, ...)
{
    if (p->failed)
        return p->err->code;
    p->failed = true;
    va_list args;
    va_start(args, condition);
    enum hr_code code = hr_fail_spark_va(p->err, condition, args);
    va_end(args);
    locate(p, p->err, start, stop);
    return code;
}

void hr_sql_late(struct parser *p, int start, int stop, const char *condition, ...)
{
    if (p->late.code)
        return;
    va_list args;
    va_start(args, condition);
    hr_fail_spark_va(&p->late, condition, args);
    va_end(args);
    locate(p, &p->late, start, stop);
}

void hr_sql_refuse(struct parser *p, int start, int stop, const char *feature)
{
    hr_sql_late(p, start, stop, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

/* ---- one run of the grammar ---- */

static void feed_all(struct parser *p, int entry)
{
    void *lemon = hr_sql_lemonAlloc(malloc);
    HR_CHECK(lemon);
    hr_sql_lemon(lemon, entry, (struct token){.kind = entry}, p);
    for (p->at = 0; p->at < p->count; p->at++) {
        hr_sql_lemon(lemon, p->tokens[p->at].kind, p->tokens[p->at], p);
        if (p->failed)
            break;
        p->offset_end = p->tokens[p->at].stop;
    }
    if (!p->failed)
        hr_sql_lemon(lemon, 0, p->tokens[p->count], p);
    hr_sql_lemonFree(lemon, free);
}

/* syntax that Spark has and this parser has not: found by the word at which it failed */
static const struct {
    const char *word, *before, *feature;
} missing[] = {
    {"|>", NULL, "pipe syntax (|>)"},
    {"approx", NULL, "JOIN … NEAREST BY"},
    {"exact", NULL, "JOIN … NEAREST BY"},
    {"using", "transform", "SELECT TRANSFORM"},
    {"row", "transform", "SELECT TRANSFORM"},
    {"with", "table", "a partitioned table argument"},
    {"partition", "table", "a partitioned table argument"},
};

static bool refuse_missing(struct parser *p)
{
    const struct token *bad = &p->tokens[p->at];
    for (size_t i = 0; i < HR_LEN(missing); i++) {
        bool found = !missing[i].before;
        for (const struct token *t = p->tokens; !found && t < bad; t++)
            found = hr_sql_word_is(p, t, missing[i].before);
        if (!found || !hr_sql_word_is(p, bad, missing[i].word))
            continue;
        p->failed = false;
        hr_sql_fail_at(p, bad->start, bad->stop, "UNSUPPORTED_FEATURE", "feature",
                       missing[i].feature, NULL);
        return true;
    }
    return false;
}

/* the last token is one too many: Spark says so. a-b where a name was expected has an error of its
 * own. */
static void explain_failure(struct parser *p, int entry)
{
    const struct token *bad = &p->tokens[p->at];
    if (strcmp(p->err->condition, "PARSE_SYNTAX_ERROR") || p->at >= p->count || refuse_missing(p))
        return;
    if (bad->kind == TK_MINUS &&
        p->at &&
        p->tokens[p->at - 1].kind == TK_ID &&
        bad[1].kind == TK_ID &&
        !bad->space &&
        !bad[1].space) {
        const struct token *first = bad - 1;
        p->failed = false;
        hr_sql_fail_at(
            p, first->start, bad[1].stop, "INVALID_IDENTIFIER", "ident",
            hr_strndup(p->arena, p->sql + first->start, (size_t)(bad[1].stop - first->start)),
            NULL);
        hr_origin_syntax(p->err, p->sql, bad->start);
        return;
    }
    if (p->at + 1 != p->count)
        return;
    struct parser again = *p;
    struct hr_err ignored = {0};
    again.err = &ignored;
    again.failed = false;
    again.count = p->at;
    again.tokens = hr_memdup(p->arena, p->tokens, (p->at + 1) * sizeof *p->tokens);
    again.tokens[p->at] = (struct token){.start = bad->start, .stop = bad->start};
    feed_all(&again, entry);
    if (again.failed)
        return;
    char near[512], hint[600];
    snprintf(near, sizeof near, "'%.*s'",
             bad->stop - bad->start < 400 ? bad->stop - bad->start : 400, p->sql + bad->start);
    snprintf(hint, sizeof hint, ": extra input %s", near);
    hr_fail_spark(p->err, "PARSE_SYNTAX_ERROR", "error", near, "hint", hint, NULL);
    hr_origin_syntax(p->err, p->sql, bad->start);
}

enum hr_code hr_sql_run(struct parser *p, size_t from, int entry)
{
    p->tokens += from;
    p->count -= from;
    HR_TRY(hr_sql_classify(p));
    feed_all(p, entry);
    if (p->failed) {
        explain_failure(p, entry);
        return p->err->code;
    }
    if (p->late.code)
        *p->err = p->late;
    return p->late.code;
}

/* ---- entry points ---- */

static const struct hr_sql_options defaults;

static enum hr_code begin(struct parser *p,
                          struct hr_arena *arena,
                          const char *text,
                          const struct hr_sql_options *options,
                          struct hr_err *err)
{
    size_t len = strlen(text);
    *p = (struct parser){.arena = arena, .err = err, .options = options ? options : &defaults};
    if (len > HR_SQL_BYTES_MAX)
        return hr_fail_spark(err, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
    p->sql = hr_strndup(arena, text, len);
    size_t count = 1;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    int *lines = HR_NEW_ARRAY(arena, int, count);
    p->lines = lines;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            *++lines = (int)i + 1;
    p->line_count = count;
    return HR_OK;
}

/* a statement may be closed by semicolons */
static void drop_semicolons(struct parser *p)
{
    while (p->count && p->tokens[p->count - 1].kind == TK_SEMICOLON) {
        p->tokens[p->count - 1].kind = 0;
        p->count--;
    }
}

static enum hr_code empty(struct parser *p)
{
    hr_fail_spark(p->err, "PARSE_EMPTY_STATEMENT", NULL);
    return hr_origin_syntax(p->err, p->sql, 0);
}

static enum hr_code parse_statement(struct parser *p, struct hr_sql_statement *statement)
{
    bool found;
    *statement = (struct hr_sql_statement){0};
    HR_TRY(hr_sql_settings(p, statement, &found));
    if (found)
        return HR_OK;
    HR_TRY(hr_sql_lex(p));
    HR_TRY(hr_sql_fold_identifiers(p));
    drop_semicolons(p);
    if (!p->count)
        return empty(p);
    HR_TRY(hr_sql_command(p, statement, &found));
    if (found)
        return HR_OK;
    HR_TRY(hr_sql_run(p, 0, TK_START_QUERY));
    statement->query = p->query.rel;
    return HR_OK;
}

enum hr_code hr_sql_parse_statement(struct hr_arena *arena,
                                    const char *text,
                                    const struct hr_sql_options *options,
                                    struct hr_sql_statement *statement,
                                    struct hr_err *err)
{
    struct hr_err own;
    struct parser p;
    HR_TRY(begin(&p, arena, text, options, err ? err : &own));
    return parse_statement(&p, statement);
}

enum hr_code hr_sql_parse_query(struct hr_arena *arena,
                                const char *text,
                                const struct hr_sql_options *options,
                                struct hr_rel **query,
                                struct hr_err *err)
{
    struct hr_err own;
    struct parser p;
    HR_TRY(begin(&p, arena, text, options, err ? err : &own));
    HR_TRY(hr_sql_lex(&p));
    HR_TRY(hr_sql_fold_identifiers(&p));
    drop_semicolons(&p);
    if (!p.count)
        return empty(&p);
    HR_TRY(hr_sql_run(&p, 0, TK_START_QUERY));
    *query = p.query.rel;
    return HR_OK;
}

enum hr_code hr_sql_parse_expr(struct hr_arena *arena,
                               const char *text,
                               const struct hr_sql_options *options,
                               struct hr_expr **expr,
                               struct hr_err *err)
{
    struct hr_err own;
    struct parser p;
    HR_TRY(begin(&p, arena, text, options, err ? err : &own));
    HR_TRY(hr_sql_lex(&p));
    HR_TRY(hr_sql_fold_identifiers(&p));
    if (!p.count)
        return empty(&p);
    HR_TRY(hr_sql_run(&p, 0, TK_START_EXPR));
    *expr = p.expr.expr;
    return HR_OK;
}

enum hr_code hr_sql_parse_type(struct hr_arena *arena,
                               const char *text,
                               const struct hr_type **type,
                               struct hr_err *err)
{
    return hr_type_from_ddl(arena, text, type, err);
}

/* Spark's attribute names are not SQL: any character may stand in an unquoted part, and backquotes
 * must enclose a whole part */
enum hr_code hr_sql_parse_names(struct hr_arena *arena,
                                const char *text,
                                struct hr_names *names,
                                struct hr_err *err)
{
    size_t room = 1;
    for (const char *s = text; *s; s++)
        room += *s == '.';
    *names = (struct hr_names){HR_NEW_ARRAY(arena, const char *, room), 0};
    const char *s = text;
    do {
        char *part = hr_arena_alloc(arena, strlen(s) + 1), *out = part;
        if (*s == '`') {
            for (s++; *s && (*s != '`' || s[1] == '`'); s++) {
                s += *s == '`';
                *out++ = *s;
            }
            if (*s++ != '`' || (*s && *s != '.'))
                goto invalid;
        } else {
            while (*s && *s != '.' && *s != '`')
                *out++ = *s++;
            if (*s == '`' || (out == part && (*s || names->count)))
                goto invalid;
        }
        names->at[names->count++] = part;
    } while (*s++ == '.');
    return HR_OK;
invalid:
    return hr_fail_spark(err, "INVALID_ATTRIBUTE_NAME_SYNTAX", "name", text, NULL);
}
