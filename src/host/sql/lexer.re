/* Text to tokens. Strings and names are unescaped here; a comment is white space; a hint's marks are tokens. */
#include "host/sql/parse.h"
#include "host/sql/grammar.h"
#include "host/sql/keywords.h"
#include <stdio.h>
#include <strings.h>

static const struct { const char *word; int kind; } words[] = {
#define X(word) {#word, TK_##word},
    HR_SQL_KEYWORDS(X)
#undef X
#define X(word, kind) {word, TK_##kind},
    HR_SQL_KEYWORD_ALIASES(X)
#undef X
};
#define SORTED_WORDS (HR_LEN(words) - 2)

static int word_kind(const char *text, size_t len)
{
    size_t low = 0, high = SORTED_WORDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncasecmp(text, words[middle].word, len);
        if (!order && !words[middle].word[len])
            return words[middle].kind;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    for (size_t i = SORTED_WORDS; i < HR_LEN(words); i++)
        if (strlen(words[i].word) == len && !strncasecmp(words[i].word, text, len))
            return words[i].kind;
    return TK_ID;
}

bool hr_sql_word_is(const struct parser *p, const struct token *token, const char *word)
{
    size_t len = (size_t)(token->stop - token->start);
    return !token->quoted && strlen(word) == len && !strncasecmp(p->sql + token->start, word, len);
}

static void push(struct parser *p, size_t *room, struct token token)
{
    if (p->count == *room) {
        size_t more = *room ? *room * 2 : 64;
        struct token *tokens = HR_NEW_ARRAY(p->arena, struct token, more);
        if (p->count)
            memcpy(tokens, p->tokens, p->count * sizeof *tokens);
        p->tokens = tokens;
        *room = more;
    }
    p->tokens[p->count++] = token;
}

/* behind the end of a comment that may hold others; NULL when it is not closed */
static const char *comment_end(const char *at)
{
    for (int depth = 1; *at; at++) {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at++;
        } else if (at[0] == '*' && at[1] == '/') {
            at++;
            if (!--depth)
                return at + 1;
        }
    }
    return NULL;
}

static bool is_word_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

enum hr_code hr_sql_lex(struct parser *p)
{
    const char *cursor = p->sql, *marker = cursor, *start;
    size_t room = 0;
    bool space = false, in_hint = false;

    for (;;) {
        struct token token = {0};
        start = cursor;
#define TOKEN(name) do { token.kind = TK_##name; goto found; } while (0)
        /*!re2c
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYCURSOR = cursor;
        re2c:define:YYMARKER = marker;
        re2c:yyfill:enable = 0;

        end = "\x00";
        space = [ \t\r\n\f\v] | "\xef\xbb\xbf" | "\xc2\xa0";
        digit = [0-9];
        word = [a-zA-Z0-9_\x80-\xff]+;
        exponent = [eE] [+-]? digit+;
        number = (digit+ | digit+ "." digit* | "." digit+) exponent?;
        suffix = [lLsSyYdDfF] | [bB][dD];

        end { token.kind = 0; goto finished; }
        space+ { space = true; continue; }
        "--" ("\\\n" | [^\r\n\x00])* { space = true; continue; }
        "/*+" { in_hint = true; TOKEN(HINT_START); }
        "/*" {
            cursor = comment_end(cursor);
            if (!cursor) {
                hr_fail_spark(p->err, "UNCLOSED_BRACKETED_COMMENT", NULL);
                snprintf(p->err->tail, sizeof p->err->tail, "\n== SQL ==\n%.1500s\n", p->sql);
                return p->err->code;
            }
            space = true;
            continue;
        }
        "*/" { if (in_hint) { in_hint = false; TOKEN(HINT_END); } cursor = start + 1; TOKEN(STAR); }
        number suffix? {
            /* 1.5a is 1 and then .5a: digits that go on as a word were one */
            if (is_word_byte((unsigned char)*cursor)) {
                cursor = start;
                goto word;
            }
            TOKEN(NUMBER);
        }
        word { goto keyword; }
        [rR] "'" [^'\x00]* "'" { token.text = hr_strndup(p->arena, start + 2, (size_t)(cursor - start) - 3); token.len = (size_t)(cursor - start) - 3; TOKEN(STRING); }
        [rR] "\"" [^"\x00]* "\"" { token.text = hr_strndup(p->arena, start + 2, (size_t)(cursor - start) - 3); token.len = (size_t)(cursor - start) - 3; TOKEN(STRING); }
        "'" ([^'\\\x00] | "\\" [^\x00] | "''")* "'" {
            token.text = hr_sql_unescape(p, start + 1, cursor - 1, '\'', &token.len);
            TOKEN(STRING);
        }
        "\"" ([^"\\\x00] | "\\" [^\x00] | "\"\"")* "\"" {
            token.text = hr_sql_unescape(p, start + 1, cursor - 1, '"', &token.len);
            token.quoted = p->options->double_quoted_names;
            if (token.quoted)
                TOKEN(ID);
            TOKEN(STRING);
        }
        "`" ([^`\x00] | "``")* "`" {
            char *name = hr_strndup(p->arena, start + 1, (size_t)(cursor - start) - 2), *to = name;
            for (const char *from = name; *from; from += *from == '`' ? 2 : 1)
                *to++ = *from;
            *to = 0;
            token.text = name;
            token.len = (size_t)(to - name);
            token.quoted = true;
            TOKEN(ID);
        }
        "<=>" { TOKEN(NULL_SAFE_EQ); }
        "=="  { TOKEN(EQ); }
        "="   { TOKEN(EQ); }
        "<>"  { TOKEN(NE); }
        "!="  { TOKEN(NE); }
        "<="  { TOKEN(LE); }
        "!>"  { TOKEN(LE); }
        ">="  { TOKEN(GE); }
        "!<"  { TOKEN(GE); }
        "<<"  { TOKEN(SHIFT_LEFT); }
        ">>>" { TOKEN(SHIFT_RIGHT_UNSIGNED); }
        ">>"  { TOKEN(SHIFT_RIGHT); }
        "<"   { TOKEN(LT); }
        ">"   { TOKEN(GT); }
        "=>"  { TOKEN(FAT_ARROW); }
        "->"  { TOKEN(ARROW); }
        "|>"  { TOKEN(PIPE_GT); }
        "||"  { TOKEN(CONCAT); }
        "|"   { TOKEN(BAR); }
        "&"   { TOKEN(AMP); }
        "^"   { TOKEN(CARET); }
        "~"   { TOKEN(TILDE); }
        "!"   { TOKEN(BANG); }
        "+"   { TOKEN(PLUS); }
        "-"   { TOKEN(MINUS); }
        "*"   { TOKEN(STAR); }
        "/"   { TOKEN(SLASH); }
        "%"   { TOKEN(PERCENT); }
        "("   { TOKEN(LP); }
        ")"   { TOKEN(RP); }
        "["   { TOKEN(LB); }
        "]"   { TOKEN(RB); }
        ","   { TOKEN(COMMA); }
        "."   { TOKEN(DOT); }
        "::"  { TOKEN(DCOLON); }
        ":"   { TOKEN(COLON); }
        "?"   { TOKEN(QUESTION); }
        ";"   { TOKEN(SEMICOLON); }
        *     { TOKEN(UNRECOGNIZED); }
        */
    word:
        while (is_word_byte((unsigned char)*cursor))
            cursor++;
        if (cursor == start)   /* .5a: the dot alone */
            cursor++;
    keyword:
        if (*start == '.')
            TOKEN(DOT);
        token.text = hr_strndup(p->arena, start, (size_t)(cursor - start));
        token.len = (size_t)(cursor - start);
        token.kind = word_kind(token.text, token.len);
    found:
        token.start = (int)(start - p->sql);
        token.stop = (int)(cursor - p->sql);
        token.space = space;
        space = false;
        push(p, &room, token);
        continue;
    finished:
        token.start = token.stop = (int)(start - p->sql);
        token.space = space;
        push(p, &room, token);
        p->count--;   /* the end is there, not counted */
        return HR_OK;
    }
}
