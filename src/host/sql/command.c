/* Statements that are not queries: read by hand, word by word; queries inside them go to the
 * grammar. */
#include "host/sql/grammar.h"
#include "host/sql/parse.h"
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* ---- reading tokens ---- */

struct reader {
    struct parser *p;
    size_t at;
};

static const struct token *now(const struct reader *r)
{
    return &r->p->tokens[r->at];
}
static bool word_at(const struct reader *r, size_t offset, const char *word)
{
    for (size_t i = 0; i < offset; i++)
        if (!r->p->tokens[r->at + i].kind)
            return false;
    return hr_sql_word_is(r->p, &r->p->tokens[r->at + offset], word);
}
static bool take(struct reader *r, const char *word)
{
    bool found = now(r)->kind && word_at(r, 0, word);
    r->at += found;
    return found;
}
static bool take_two(struct reader *r, const char *first, const char *second)
{
    bool found = now(r)->kind && word_at(r, 0, first) && word_at(r, 1, second);
    r->at += found ? 2 : 0;
    return found;
}
static bool take_kind(struct reader *r, int kind)
{
    bool found = now(r)->kind == kind;
    r->at += found;
    return found;
}
static enum hr_code unexpected(const struct reader *r)
{
    return hr_sql_syntax(r->p, now(r));
}
static enum hr_code at_end(const struct reader *r)
{
    return now(r)->kind ? unexpected(r) : HR_OK;
}
static bool is_name(const struct token *token)
{
    return token->text && token->kind != TK_STRING;
}

static enum hr_code take_names(struct reader *r, struct hr_names *names)
{
    struct texts parts = {0};
    do {
        const struct token *token = now(r);
        if (!is_name(token))
            return unexpected(r);
        hr_sql_push_text(r->p, &parts,
                         (struct text){token->text, token->start, token->stop, token->quoted});
        r->at++;
    } while (take_kind(r, TK_DOT));
    *names = hr_sql_names(r->p, &parts);
    return HR_OK;
}

static struct hr_command *command(struct parser *p,
                                  struct hr_sql_statement *statement,
                                  enum hr_command_kind kind)
{
    statement->command = HR_NEW(p->arena, struct hr_command);
    statement->command->kind = kind;
    return statement->command;
}

static enum hr_code unsupported(struct parser *p,
                                struct hr_sql_statement *statement,
                                const char *what)
{
    command(p, statement, HR_COMMAND_UNSUPPORTED)->unsupported.what = what;
    return HR_OK;
}

static enum hr_code take_query(struct reader *r, struct hr_rel **query)
{
    if (!now(r)->kind)
        return unexpected(r);
    HR_TRY(hr_sql_run(r->p, r->at, TK_START_QUERY));
    *query = r->p->query.rel;
    return HR_OK;
}

/* ---- OPTIONS (key 'value', a.b = 1) ---- */

static enum hr_code take_option(struct reader *r, struct hr_option *option)
{
    struct parser *p = r->p;
    if (now(r)->kind == TK_STRING) {
        option->key = now(r)->text;
        r->at++;
    } else {
        struct hr_names key;
        struct hr_buf joined;
        HR_TRY(take_names(r, &key));
        hr_buf_init(&joined, HR_BUF_GROWS);
        for (size_t i = 0; i < key.count; i++)
            hr_buf_addf(&joined, "%s%s", i ? "." : "", key.at[i]);
        option->key = hr_buf_keep(&joined, p->arena);
    }
    take_kind(r, TK_EQ);
    bool negative = take_kind(r, TK_MINUS);
    const struct token *value = now(r);
    if (value->kind == TK_STRING && !negative)
        option->value = value->text;
    else if (value->kind == TK_NUMBER)
        option->value = hr_printf(p->arena, "%s%.*s", negative ? "-" : "",
                                  value->stop - value->start, p->sql + value->start);
    else if (!negative && (hr_sql_word_is(p, value, "true") || hr_sql_word_is(p, value, "false")))
        option->value = hr_sql_word_is(p, value, "true") ? "true" : "false";
    else
        return unexpected(r);
    r->at++;
    return HR_OK;
}

static enum hr_code take_options(struct reader *r, struct hr_options *options)
{
    size_t room = 0;
    if (!take_kind(r, TK_LP))
        return unexpected(r);
    do {
        if (options->count == room) {
            room = room ? room * 2 : 8;
            struct hr_option *more = HR_NEW_ARRAY(r->p->arena, struct hr_option, room);
            if (options->count)
                memcpy(more, options->at, options->count * sizeof *more);
            options->at = more;
        }
        HR_TRY(take_option(r, &options->at[options->count]));
        options->count++;
    } while (take_kind(r, TK_COMMA));
    return take_kind(r, TK_RP) ? HR_OK : unexpected(r);
}

/* ---- views ---- */

/* behind the parenthesis that closes the one at r->at; the text between is left at *from, *to */
static enum hr_code skip_parens(struct reader *r, int *from, int *to)
{
    int depth = 0;
    *from = now(r)->stop;
    do {
        depth += now(r)->kind == TK_LP ? 1 : now(r)->kind == TK_RP ? -1 : 0;
        *to = now(r)->start;
        if (!now(r)->kind)
            return unexpected(r);
        r->at++;
    } while (depth);
    return HR_OK;
}

/* (a COMMENT 'x', b) */
static enum hr_code take_view_columns(struct reader *r, struct hr_command *view)
{
    struct texts names = {0}, comments = {0};
    do {
        const struct token *name = now(r);
        if (!is_name(name))
            return unexpected(r);
        r->at++;
        const struct token *comment = NULL;
        if (take(r, "comment")) {
            comment = now(r);
            if (!take_kind(r, TK_STRING))
                return unexpected(r);
        }
        hr_sql_push_text(r->p, &names, (struct text){name->text, 0, 0, false});
        hr_sql_push_text(r->p, &comments,
                         (struct text){comment ? comment->text : NULL, 0, 0, false});
    } while (take_kind(r, TK_COMMA));
    view->view.columns = hr_sql_names(r->p, &names);
    view->view.column_comments = hr_sql_names(r->p, &comments);
    return take_kind(r, TK_RP) ? HR_OK : unexpected(r);
}

/* CREATE TEMPORARY VIEW v [(a INT)] USING csv [OPTIONS (…)] */
static enum hr_code take_view_using(struct reader *r, struct hr_command *view, const char *schema)
{
    struct hr_names format;
    struct hr_rel *files = hr_rel_new(r->p->arena, HR_REL_READ_FILES, NULL);
    HR_TRY(take_names(r, &format));
    files->read_files.format = format.at[format.count - 1];
    files->read_files.schema = schema;
    if (take(r, "options"))
        HR_TRY(take_options(r, &files->read_files.options));
    const char *path = hr_option_get(&files->read_files.options, "path");
    if (path) {
        files->read_files.paths = (struct hr_names){HR_NEW_ARRAY(r->p->arena, const char *, 1), 1};
        files->read_files.paths.at[0] = path;
    }
    view->input = files;
    return at_end(r);
}

/* behind VIEW */
static enum hr_code take_view(
    struct reader *r, struct hr_sql_statement *statement, bool replace, bool global, bool temporary)
{
    struct parser *p = r->p;
    struct hr_command *view = command(p, statement, HR_COMMAND_CREATE_VIEW);
    int from = 0, to = 0;
    size_t columns = 0;
    view->view.replace = replace;
    view->view.global = global;
    view->view.temporary = temporary;
    if (word_at(r, 0, "if") && word_at(r, 1, "not") && word_at(r, 2, "exists")) {
        r->at += 3;
        view->view.if_not_exists = true;
    }
    HR_TRY(take_names(r, &view->view.name));
    if (now(r)->kind == TK_LP) {
        columns = r->at + 1;
        HR_TRY(skip_parens(r, &from, &to));
    }
    if (temporary && take(r, "using"))
        return take_view_using(
            r, view, columns ? hr_strndup(p->arena, p->sql + from, (size_t)(to - from)) : NULL);
    if (columns) {
        struct reader inner = {p, columns};
        HR_TRY(take_view_columns(&inner, view));
    }
    while (!take(r, "as")) {
        if (take(r, "comment") && now(r)->kind == TK_STRING) {
            view->view.comment = now(r)->text;
            r->at++;
        } else if (word_at(r, 0, "tblproperties") ||
                   word_at(r, 0, "with") ||
                   word_at(r, 0, "default") ||
                   word_at(r, 0, "partitioned")) {
            return unsupported(p, statement, "CREATE VIEW with properties");
        } else {
            return unexpected(r);
        }
    }
    HR_TRY(take_query(r, &view->input));
    if (temporary && view->view.if_not_exists)
        return hr_sql_fail_at(p, 0, (int)strlen(p->sql), "_LEGACY_ERROR_TEMP_0053", NULL);
    return HR_OK;
}

/* ---- CREATE, DROP and their kind, by the noun ---- */

static const char *const nouns[] = {
    "table",    "view",       "database",  "schema",  "namespace",    "function",
    "variable", "var",        "procedure", "catalog", "index",        "role",
    "macro",    "connection", "user",      "flow",    "materialized", "streaming"};

static const char *noun_at(const struct reader *r)
{
    for (size_t i = 0; i < HR_LEN(nouns); i++)
        if (word_at(r, 0, nouns[i]))
            return nouns[i];
    return NULL;
}

static char *upper(struct parser *p, const char *verb, const char *noun)
{
    char *text = hr_printf(p->arena, "%s%s%s", verb, noun ? " " : "", noun ? noun : "");
    for (char *c = text; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return text;
}

static enum hr_code create(struct reader *r, struct hr_sql_statement *statement)
{
    bool replace = take_two(r, "or", "replace"), global = take(r, "global");
    bool temporary = take(r, "temporary") || take(r, "temp");
    take(r, "external");
    const char *noun = noun_at(r);
    if (!noun)
        return unexpected(r);
    r->at++;
    if (!strcmp(noun, "view") && temporary)
        return take_view(r, statement, replace, global, true);
    return unsupported(r->p, statement, upper(r->p, "create", noun));
}

static enum hr_code drop(struct reader *r, struct hr_sql_statement *statement)
{
    if (!take(r, "temporary"))
        take(r, "temp");
    const char *noun = noun_at(r);
    if (!noun)
        return unexpected(r);
    r->at++;
    if (strcmp(noun, "view"))
        return unsupported(r->p, statement, upper(r->p, "drop", noun));
    struct hr_command *dropped = command(r->p, statement, HR_COMMAND_DROP_VIEW);
    dropped->drop.if_exists = take_two(r, "if", "exists");
    HR_TRY(take_names(r, &dropped->drop.name));
    return at_end(r);
}

static enum hr_code alter(struct reader *r, struct hr_sql_statement *statement)
{
    const char *noun = noun_at(r);
    return noun ? unsupported(r->p, statement, upper(r->p, "alter", noun)) : unexpected(r);
}

/* ---- SHOW ---- */

static enum hr_code take_pattern(struct reader *r, struct hr_command *show)
{
    bool like = take(r, "like");
    if (now(r)->kind == TK_STRING || (like && is_name(now(r)))) {
        show->show.pattern = now(r)->text;
        r->at++;
    } else if (like) {
        return unexpected(r);
    }
    return at_end(r);
}

static enum hr_code take_in(struct reader *r, struct hr_command *show)
{
    if (take(r, "from") || take(r, "in"))
        return take_names(r, &show->show.in);
    return HR_OK;
}

static enum hr_code show_columns(struct reader *r, struct hr_command *show)
{
    struct hr_names space = {0};
    if (!take(r, "from") && !take(r, "in"))
        return unexpected(r);
    HR_TRY(take_names(r, &show->show.in));
    if (take(r, "from") || take(r, "in")) {
        HR_TRY(take_names(r, &space));
        struct hr_names both = {
            HR_NEW_ARRAY(r->p->arena, const char *, space.count + show->show.in.count), 0};
        for (size_t i = 0; i < space.count; i++)
            both.at[both.count++] = space.at[i];
        for (size_t i = 0; i < show->show.in.count; i++)
            both.at[both.count++] = show->show.in.at[i];
        show->show.in = both;
    }
    return at_end(r);
}

static enum hr_code show(struct reader *r, struct hr_sql_statement *statement)
{
    static const struct {
        const char *words[2], *what;
    } kinds[] = {
        {{"tables", NULL}, "TABLES"},
        {{"views", NULL}, "VIEWS"},
        {{"functions", NULL}, "FUNCTIONS"},
        {{"user", "functions"}, "USER FUNCTIONS"},
        {{"system", "functions"}, "SYSTEM FUNCTIONS"},
        {{"all", "functions"}, "FUNCTIONS"},
        {{"databases", NULL}, "DATABASES"},
        {{"schemas", NULL}, "DATABASES"},
        {{"namespaces", NULL}, "DATABASES"},
        {{"catalogs", NULL}, "CATALOGS"},
        {{"current", "namespace"}, "CURRENT NAMESPACE"},
        {{"current", "database"}, "CURRENT NAMESPACE"},
        {{"current", "schema"}, "CURRENT NAMESPACE"},
        {{"columns", NULL}, "COLUMNS"},
    };
    static const struct {
        const char *words[2], *what;
    } refused[] = {
        {{"create", "table"}, "SHOW CREATE TABLE"},
        {{"partitions", NULL}, "SHOW PARTITIONS"},
        {{"tblproperties", NULL}, "SHOW TBLPROPERTIES"},
        {{"table", "extended"}, "SHOW TABLE EXTENDED"},
        {{"procedures", NULL}, "SHOW PROCEDURES"},
        {{"cached", "tables"}, "SHOW CACHED TABLES"},
        {{"grant", NULL}, "SHOW GRANT"},
        {{"roles", NULL}, "SHOW ROLES"},
        {{"collations", NULL}, "SHOW COLLATIONS"},
        {{"role", "grant"}, "SHOW ROLE GRANT"},
        {{"principals", NULL}, "SHOW PRINCIPALS"},
        {{"compactions", NULL}, "SHOW COMPACTIONS"},
        {{"indexes", NULL}, "SHOW INDEXES"},
        {{"locks", NULL}, "SHOW LOCKS"},
        {{"transactions", NULL}, "SHOW TRANSACTIONS"},
    };
    for (size_t i = 0; i < HR_LEN(refused); i++)
        if (refused[i].words[1] ? take_two(r, refused[i].words[0], refused[i].words[1])
                                : take(r, refused[i].words[0]))
            return unsupported(r->p, statement, refused[i].what);
    for (size_t i = 0; i < HR_LEN(kinds); i++) {
        if (!(kinds[i].words[1] ? take_two(r, kinds[i].words[0], kinds[i].words[1])
                                : take(r, kinds[i].words[0])))
            continue;
        struct hr_command *shown = command(r->p, statement, HR_COMMAND_SHOW);
        shown->show.what = kinds[i].what;
        if (!strcmp(kinds[i].what, "COLUMNS"))
            return show_columns(r, shown);
        HR_TRY(take_in(r, shown));
        if (strstr(kinds[i].what, "FUNCTIONS") && is_name(now(r)) && !word_at(r, 0, "like")) {
            struct hr_names name;
            HR_TRY(take_names(r, &name));
            shown->show.pattern = name.at[name.count - 1];
            return at_end(r);
        }
        return take_pattern(r, shown);
    }
    return unexpected(r);
}

/* ---- DESCRIBE, EXPLAIN, CACHE, USE ---- */

static bool at_query(const struct reader *r)
{
    static const char *const words[] = {"select", "with", "values", "from", "table"};
    size_t skip = 0;
    while (r->p->tokens[r->at + skip].kind == TK_LP)
        skip++;
    for (size_t i = 0; i < HR_LEN(words); i++)
        if (word_at(r, skip, words[i]))
            return r->p->tokens[r->at + skip + 1].kind != 0;
    return false;
}

static enum hr_code describe(struct reader *r, struct hr_sql_statement *statement)
{
    struct hr_command *described = command(r->p, statement, HR_COMMAND_DESCRIBE);
    if (word_at(r, 0, "function") && now(r)[1].kind && now(r)[1].kind != TK_DOT) {
        r->at++;
        described->describe.is_function = true;
        described->describe.extended = take(r, "extended");
        if (!is_name(now(r))) { /* DESCRIBE FUNCTION + */
            described->describe.name =
                (struct hr_names){HR_NEW_ARRAY(r->p->arena, const char *, 1), 1};
            described->describe.name.at[0] = hr_strndup(r->p->arena, r->p->sql + now(r)->start,
                                                        (size_t)(now(r)->stop - now(r)->start));
            r->at++;
            return at_end(r);
        }
        HR_TRY(take_names(r, &described->describe.name));
        return at_end(r);
    }
    if ((word_at(r, 0, "database") || word_at(r, 0, "schema") || word_at(r, 0, "namespace")) &&
        now(r)[1].kind &&
        now(r)[1].kind != TK_DOT)
        return unsupported(r->p, statement, "DESCRIBE DATABASE");
    if (word_at(r, 0, "procedure") && is_name(now(r) + 1))
        return unsupported(r->p, statement, "DESCRIBE PROCEDURE");
    if (word_at(r, 0, "query") && now(r)[1].kind && now(r)[1].kind != TK_DOT) {
        r->at++;
        return take_query(r, &described->input);
    }
    if (at_query(r) && !(word_at(r, 0, "table") && is_name(now(r) + 1)))
        return take_query(r, &described->input);
    if (word_at(r, 0, "table") && (is_name(now(r) + 1)))
        r->at++;
    described->describe.extended = take(r, "extended") || take(r, "formatted");
    HR_TRY(take_names(r, &described->describe.name));
    if (word_at(r, 0, "partition"))
        return unsupported(r->p, statement, "DESCRIBE PARTITION");
    if (word_at(r, 0, "as"))
        return unsupported(r->p, statement, "DESCRIBE AS JSON");
    if (is_name(now(r))) {
        struct hr_names column;
        HR_TRY(take_names(r, &column));
        described->describe.column = column.at[column.count - 1];
    }
    return at_end(r);
}

static enum hr_code explain(struct reader *r, struct hr_sql_statement *statement)
{
    static const char *const modes[] = {"logical", "formatted", "extended", "codegen", "cost"};
    struct hr_command *explained = command(r->p, statement, HR_COMMAND_EXPLAIN);
    explained->explain.mode = "SIMPLE";
    for (size_t i = 0; i < HR_LEN(modes); i++)
        if (take(r, modes[i])) {
            explained->explain.mode = upper(r->p, modes[i], NULL);
            break;
        }
    if (at_query(r))
        return take_query(r, &explained->input);
    if (!now(r)->kind)
        return unexpected(r);
    return unsupported(r->p, statement, "EXPLAIN of a command");
}

static enum hr_code cache(struct reader *r, struct hr_sql_statement *statement)
{
    struct hr_command *cached = command(r->p, statement, HR_COMMAND_CACHE);
    cached->cache.lazy = take(r, "lazy");
    if (!take(r, "table"))
        return unexpected(r);
    HR_TRY(take_names(r, &cached->cache.name));
    if (take(r, "options"))
        HR_TRY(take_options(r, &cached->cache.options));
    if (take(r, "as") || at_query(r))
        return take_query(r, &cached->input);
    return at_end(r);
}

static enum hr_code uncache(struct reader *r, struct hr_sql_statement *statement)
{
    struct hr_command *uncached = command(r->p, statement, HR_COMMAND_UNCACHE);
    if (!take(r, "table"))
        return unexpected(r);
    uncached->cache.if_exists = take_two(r, "if", "exists");
    HR_TRY(take_names(r, &uncached->cache.name));
    return at_end(r);
}

static enum hr_code clear(struct reader *r, struct hr_sql_statement *statement)
{
    command(r->p, statement, HR_COMMAND_UNCACHE); /* no name: everything */
    return take(r, "cache") ? at_end(r) : unexpected(r);
}

static enum hr_code use(struct reader *r, struct hr_sql_statement *statement)
{
    struct hr_command *used = command(r->p, statement, HR_COMMAND_USE);
    used->use.what = "NAMESPACE";
    if (is_name(now(r) + 1) && (take(r, "namespace") || take(r, "database") || take(r, "schema")))
        used->use.what = "NAMESPACE";
    else if (is_name(now(r) + 1) && take(r, "catalog"))
        used->use.what = "CATALOG";
    HR_TRY(take_names(r, &used->use.name));
    return at_end(r);
}

/* ---- what a statement begins with ---- */

static const struct verb {
    const char *word;
    enum hr_code (*read)(struct reader *, struct hr_sql_statement *);
} verbs[] = {
    {"alter", alter},   {"cache", cache},       {"clear", clear}, {"create", create},
    {"desc", describe}, {"describe", describe}, {"drop", drop},   {"explain", explain},
    {"show", show},     {"uncache", uncache},   {"use", use},
};

/* refused by their first word whatever follows */
static const char *const refused[] = {
    "insert", "merge",    "update",  "delete", "truncate", "load",    "analyze", "refresh",
    "msck",   "repair",   "add",     "list",   "execute",  "call",    "begin",   "declare",
    "grant",  "revoke",   "comment", "export", "import",   "lock",    "unlock",  "start",
    "commit", "rollback", "dfs",     "map",    "reduce",   "replace",
};

enum hr_code hr_sql_command(struct parser *p, struct hr_sql_statement *statement, bool *found)
{
    struct reader r = {p, 0};
    *found = true;
    for (size_t i = 0; i < HR_LEN(verbs); i++)
        if (take(&r, verbs[i].word))
            return verbs[i].read(&r, statement);
    for (size_t i = 0; i < HR_LEN(refused); i++)
        if (take(&r, refused[i])) {
            if (!now(&r)->kind)
                return unexpected(&r);
            return unsupported(p, statement, upper(p, refused[i], NULL));
        }
    /* FROM t INSERT …, WITH x AS (…) INSERT … */
    for (size_t i = 1; i < p->count; i++)
        if (hr_sql_word_is(p, &p->tokens[i], "insert") &&
            (hr_sql_word_is(p, &p->tokens[i + 1], "into") ||
             hr_sql_word_is(p, &p->tokens[i + 1], "overwrite")))
            return unsupported(p, statement, "INSERT");
    *found = false;
    return HR_OK;
}

/* ---- SET and RESET: their text is not SQL ---- */

static const char *skip_blank(const char *s)
{
    for (;;) {
        if (isspace((unsigned char)*s))
            s++;
        else if (s[0] == '-' && s[1] == '-')
            s += strcspn(s, "\n");
        else if (s[0] == '/' && s[1] == '*' && s[2] != '+' && strstr(s + 2, "*/"))
            s = strstr(s + 2, "*/") + 2;
        else
            return s;
    }
}

static bool begins(const char **s, const char *word)
{
    size_t len = strlen(word);
    if (strncasecmp(*s, word, len) ||
        isalnum((unsigned char)(*s)[len]) ||
        (*s)[len] == '_' ||
        (*s)[len] == '.')
        return false;
    *s = skip_blank(*s + len);
    return true;
}

static char *trimmed(struct parser *p, const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from))
        from++;
    while (from < to && isspace((unsigned char)to[-1]))
        to--;
    return hr_strndup(p->arena, from, (size_t)(to - from));
}

static enum hr_code invalid_set(struct parser *p)
{
    hr_fail_spark(p->err, "INVALID_SET_SYNTAX", NULL);
    return p->err->code;
}

/* the key at s, in backquotes or plain; *end behind it */
static char *take_key(struct parser *p, const char *s, const char *end, const char **behind)
{
    if (*s == '`') {
        const char *close = strchr(s + 1, '`');
        *behind = close && close < end ? close + 1 : NULL;
        return *behind ? hr_strndup(p->arena, s + 1, (size_t)(close - s - 1)) : NULL;
    }
    const char *from = s;
    while (s < end && (isalnum((unsigned char)*s) || strchr("_.:-", *s)))
        s++;
    *behind = s;
    return hr_strndup(p->arena, from, (size_t)(s - from));
}

static enum hr_code set_zone(struct parser *p,
                             const char *s,
                             const char *end,
                             struct hr_command *set)
{
    const char *value = s;
    set->set.key = "spark.sql.session.timeZone";
    if (begins(&value, "local")) {
        set->set.value = "local";
        return value >= end ? HR_OK : invalid_set(p);
    }
    if ((*s == '\'' || *s == '"') && end - s >= 2 && end[-1] == *s) {
        set->set.value = hr_strndup(p->arena, s + 1, (size_t)(end - s - 2));
        return HR_OK;
    }
    return hr_fail_spark(p->err, "UNSUPPORTED_FEATURE", "feature", "SET TIME ZONE with an interval",
                         NULL);
}

static enum hr_code read_set(struct parser *p,
                             const char *s,
                             const char *end,
                             struct hr_sql_statement *statement)
{
    struct hr_command *set = command(p, statement, HR_COMMAND_SET);
    const char *behind, *probe = s;
    if (s >= end)
        return HR_OK;
    if (end - s == 2 && !strncmp(s, "-v", 2)) {
        set->set.verbose = true;
        return HR_OK;
    }
    if (begins(&probe, "time") && begins(&probe, "zone"))
        return set_zone(p, probe, end, set);
    probe = s;
    if ((begins(&probe, "var") || begins(&probe, "variable")) && probe < end && *probe != '=')
        return unsupported(p, statement, "SET VARIABLE");
    probe = s;
    if (begins(&probe, "catalog") && probe < end && *probe != '=') {
        struct hr_command *used = command(p, statement, HR_COMMAND_USE);
        used->use.what = "CATALOG";
        return hr_sql_parse_names(p->arena, trimmed(p, probe, end), &used->use.name, p->err);
    }
    set->set.key = take_key(p, s, end, &behind);
    if (!set->set.key || !*set->set.key)
        return invalid_set(p);
    behind = skip_blank(behind);
    if (behind >= end)
        return HR_OK;
    if (*behind != '=')
        return invalid_set(p);
    char *value = trimmed(p, behind + 1, end);
    size_t len = strlen(value);
    if (len >= 2 && value[0] == '`' && value[len - 1] == '`')
        value = hr_strndup(p->arena, value + 1, len - 2);
    set->set.value = value;
    return HR_OK;
}

enum hr_code hr_sql_settings(struct parser *p, struct hr_sql_statement *statement, bool *found)
{
    const char *s = skip_blank(p->sql), *end = s + strlen(s), *behind;
    while (end > s && (isspace((unsigned char)end[-1]) || end[-1] == ';'))
        end--;
    *found = true;
    if (begins(&s, "set"))
        return read_set(p, s < end ? s : end, end, statement);
    *found = begins(&s, "reset");
    if (!*found)
        return HR_OK;
    struct hr_command *reset = command(p, statement, HR_COMMAND_RESET);
    if (s >= end)
        return HR_OK;
    reset->set.key = take_key(p, s, end, &behind);
    return reset->set.key && behind && skip_blank(behind) >= end ? HR_OK : invalid_set(p);
}
