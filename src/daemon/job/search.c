#include "daemon/job/search.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLAUSES_MAX 100
#define KEYS_MAX 20
#define LIST_MAX 1000

enum comparator {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_EQUAL,
    GREATER,
    GREATER_EQUAL,
    LIKE,
    ILIKE,
    IN,
    NOT_IN,
    IS_NULL,
    IS_NOT_NULL
};

/* clang-format off: columns */
static const struct {
    const char *text;
    bool of_numbers, of_texts;
} comparators[] = {
    [EQUAL] = {"=", true, true},          [NOT_EQUAL] = {"!=", true, true},
    [LESS] = {"<", true, false},          [LESS_EQUAL] = {"<=", true, false},
    [GREATER] = {">", true, false},       [GREATER_EQUAL] = {">=", true, false},
    [LIKE] = {"LIKE", false, true},       [ILIKE] = {"ILIKE", false, true},
    [IN] = {"IN", false, true},           [NOT_IN] = {"NOT IN", false, true},
    [IS_NULL] = {"IS NULL", false, true}, [IS_NOT_NULL] = {"IS NOT NULL", false, true},
};
/* clang-format on */

struct name {
    enum search_entity entity;
    const char *key;
    bool number;
};
struct clause {
    struct name name;
    enum comparator comparator;
    double number;
    const char *text, **list;
    size_t count;
};
struct key {
    struct name name;
    bool descending;
};
struct search {
    struct clause clauses[CLAUSES_MAX];
    size_t clause_count;
    struct key keys[KEYS_MAX];
    size_t key_count;
};

/* ---- tokens ---- */

/* QUOTED: '…'; names in "…" or `…` are part of a WORD */
enum token { END, WORD, QUOTED, NUMBER, SIGN, BAD };

struct reader {
    struct hr_arena *arena;
    const struct search_kind *kind;
    const char *all, *at;
    enum token token;
    const char *text; /* of the token, without quotes */
    const char *from; /* where it begins */
    char quote;       /* a value in double quotes is one, too */
};

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_.-/:", c)) || (unsigned char)c >= 128;
}

/* what is quoted, or NULL when its end is missing */
static const char *take_quoted(struct reader *in)
{
    char quote = *in->at++;
    const char *end = strchr(in->at, quote);
    if (!end)
        return NULL;
    const char *text = hr_strndup(in->arena, in->at, (size_t)(end - in->at));
    in->at = end + 1;
    return text;
}

/* name.name, name."any thing", name.`any thing` */
static void take_word(struct reader *in)
{
    struct hr_buf word;
    /* at_part: a quoted part may begin here */
    bool whole = true, at_part = true;
    hr_buf_init(&word, HR_BUF_GROWS);
    while (whole && (in_word(*in->at) || (at_part && (*in->at == '"' || *in->at == '`')))) {
        if (in_word(*in->at)) {
            at_part = *in->at == '.';
            hr_buf_addc(&word, *in->at++);
            continue;
        }
        const char *text = take_quoted(in);
        whole = text != NULL;
        at_part = false;
        hr_buf_adds(&word, text ? text : "");
    }
    in->token = whole ? WORD : BAD;
    in->text = hr_buf_keep(&word, in->arena);
}

static void take_sign(struct reader *in)
{
    static const char *const signs[] = {"!=", "<=", ">=", "=", "<", ">", "(", ")", ","};
    in->token = BAD;
    for (size_t i = 0; i < HR_LEN(signs) && in->token == BAD; i++)
        if (!strncmp(in->at, signs[i], strlen(signs[i]))) {
            in->token = SIGN;
            in->text = signs[i];
            in->at += strlen(signs[i]);
        }
}

/* a number that ends where a word would not go on; NULL: none is here */
static const char *number_end(const char *at)
{
    char *end;
    if (!isdigit((unsigned char)*at) && !strchr("+-.", *at))
        return NULL;
    strtod(at, &end);
    return end == at || in_word(*end) ? NULL : end;
}

/* a value in quotes; with a dot behind it, it was the first part of a name: "metrics"."loss" */
static void take_value_text(struct reader *in)
{
    in->quote = *in->at;
    in->text = take_quoted(in);
    in->token = in->text ? QUOTED : BAD;
    if (in->text && in->quote == '"' && *in->at == '.') {
        in->at = in->from;
        take_word(in);
    }
}

static void next(struct reader *in)
{
    in->at += strspn(in->at, " \t\r\n");
    in->from = in->at;
    in->text = "";
    in->quote = 0;
    const char *end = *in->at ? number_end(in->at) : NULL;
    if (!*in->at) {
        in->token = END;
    } else if (*in->at == '\'' || *in->at == '"') {
        take_value_text(in);
    } else if (end) {
        in->text = hr_strndup(in->arena, in->at, (size_t)(end - in->at));
        in->at = end;
        in->token = NUMBER;
    } else if (in_word(*in->at) || *in->at == '`') {
        take_word(in);
    } else {
        take_sign(in);
    }
}

static bool is_word(const struct reader *in, const char *word)
{
    return in->token == WORD && !strcasecmp(in->text, word);
}

static bool is_sign(const struct reader *in, const char *sign)
{
    return in->token == SIGN && !strcmp(in->text, sign);
}

static enum hr_code bad(const struct reader *in, const char *why, struct hr_err *err)
{
    return hr_fail(err, HR_E_INVALID,
                   "Invalid clause(s) in filter string: %s, at '%.100s' in '%.200s'", why, in->from,
                   in->all);
}

/* ---- names ---- */

/* clang-format off: columns */
static const struct {
    const char *prefix;
    enum search_entity entity;
} prefixes[] = {
    {"metrics", SEARCH_METRIC},
    {"metric", SEARCH_METRIC},
    {"params", SEARCH_PARAM},
    {"param", SEARCH_PARAM},
    {"parameter", SEARCH_PARAM},
    {"parameters", SEARCH_PARAM},
    {"tags", SEARCH_TAG},
    {"tag", SEARCH_TAG},
    {"attributes", SEARCH_ATTRIBUTE},
    {"attribute", SEARCH_ATTRIBUTE},
    {"attr", SEARCH_ATTRIBUTE},
    {"run", SEARCH_ATTRIBUTE},
};
/* clang-format on */

static enum hr_code name_attribute(const struct search_kind *kind,
                                   const char *key,
                                   struct name *name,
                                   struct hr_err *err)
{
    for (const struct search_attribute *at = kind->attributes; at->name; at++)
        if (!strcasecmp(at->name, key)) {
            *name = (struct name){SEARCH_ATTRIBUTE, at->canonical, at->number};
            return HR_OK;
        }
    return hr_fail(err, HR_E_INVALID, "Invalid attribute key '%.100s' specified: %s do not have it",
                   key, kind->what);
}

static enum hr_code name_of(const struct search_kind *kind,
                            const char *text,
                            struct name *name,
                            struct hr_err *err)
{
    const char *dot = strchr(text, '.');
    if (!dot)
        return name_attribute(kind, text, name, err);
    for (size_t i = 0; i < HR_LEN(prefixes); i++) {
        enum search_entity entity = prefixes[i].entity;
        if (strlen(prefixes[i].prefix) != (size_t)(dot - text) ||
            strncasecmp(prefixes[i].prefix, text, (size_t)(dot - text)))
            continue;
        if (!(kind->entities & entity))
            return hr_fail(err, HR_E_INVALID, "Invalid entity type '%.*s': %s do not have it",
                           (int)(dot - text), text, kind->what);
        if (entity == SEARCH_ATTRIBUTE)
            return name_attribute(kind, dot + 1, name, err);
        *name = (struct name){entity, dot + 1, entity == SEARCH_METRIC};
        return HR_OK;
    }
    if (!strncasecmp(text, "dataset", 7))
        return hr_fail(
            err, HR_E_UNSUPPORTED,
            "searching for datasets ('%.100s') is not supported: this server's runs log none by MLflow",
            text);
    return hr_fail(
        err, HR_E_INVALID,
        "Invalid entity type '%.*s'. Valid values are 'metrics', 'params', 'tags', 'attributes'",
        (int)(dot - text), text);
}

/* ---- the filter ---- */

/* LIKE, IS NULL, NOT IN … : one or several words, or a sign */
static enum hr_code take_comparator(struct reader *in, enum comparator *out, struct hr_err *err)
{
    if (is_word(in, "IS") || is_word(in, "NOT")) {
        bool is = is_word(in, "IS");
        next(in);
        bool not = is && is_word(in, "NOT");
        if (not)
            next(in);
        if (!is_word(in, is ? "NULL" : "IN"))
            return bad(in, is ? "IS is followed by NULL or NOT NULL" : "NOT is followed by IN",
                       err);
        *out = !is ? NOT_IN : not ? IS_NOT_NULL : IS_NULL;
        next(in);
        return HR_OK;
    }
    for (size_t i = 0; i <= IN; i++)
        if (is_word(in, comparators[i].text) || is_sign(in, comparators[i].text)) {
            *out = (enum comparator)i;
            next(in);
            return HR_OK;
        }
    return bad(in, "a comparator is expected", err);
}

static enum hr_code take_list(struct reader *in, struct clause *clause, struct hr_err *err)
{
    if (strcmp(clause->name.key, "run_id"))
        return bad(in, "only the attribute 'run_id' is compared with a list", err);
    if (!is_sign(in, "("))
        return bad(in, "a list in parentheses is expected", err);
    clause->list = HR_NEW_ARRAY(in->arena, const char *, LIST_MAX);
    do {
        next(in);
        if (in->token != QUOTED)
            return bad(in, "a list holds quoted strings", err);
        if (clause->count == LIST_MAX)
            return bad(in, "the list is too long", err);
        clause->list[clause->count++] = in->text;
        next(in);
    } while (is_sign(in, ","));
    if (!is_sign(in, ")"))
        return bad(in, "the list is not closed", err);
    next(in);
    return HR_OK;
}

static enum hr_code take_value(struct reader *in, struct clause *clause, struct hr_err *err)
{
    if (clause->comparator == IS_NULL || clause->comparator == IS_NOT_NULL)
        return HR_OK;
    if (clause->comparator == IN || clause->comparator == NOT_IN)
        return take_list(in, clause, err);
    if (clause->name.number && in->token != NUMBER)
        return bad(in, "a number is expected (metrics and times are numbers)", err);
    if (!clause->name.number && in->token != QUOTED)
        return bad(in, "a quoted string is expected (parameters, tags and texts are strings)", err);
    clause->text = in->text;
    clause->number = clause->name.number ? strtod(in->text, NULL) : 0;
    next(in);
    return HR_OK;
}

static enum hr_code take_clause(struct reader *in, struct clause *clause, struct hr_err *err)
{
    if (in->token != WORD)
        return bad(in, "a name is expected", err);
    HR_TRY(name_of(in->kind, in->text, &clause->name, err));
    next(in);
    HR_TRY(take_comparator(in, &clause->comparator, err));
    bool fits = clause->name.number ? comparators[clause->comparator].of_numbers
                                    : comparators[clause->comparator].of_texts;
    bool presence = clause->comparator == IS_NULL || clause->comparator == IS_NOT_NULL;
    if (!fits || (presence && !(clause->name.entity & (SEARCH_PARAM | SEARCH_TAG))))
        return hr_fail(err, HR_E_INVALID, "Invalid comparator '%s' for '%.100s'",
                       comparators[clause->comparator].text, clause->name.key);
    return take_value(in, clause, err);
}

static enum hr_code parse_filter(struct reader *in, struct search *search, struct hr_err *err)
{
    next(in);
    while (in->token != END) {
        if (search->clause_count == CLAUSES_MAX)
            return bad(in, "it has too many clauses", err);
        HR_TRY(take_clause(in, &search->clauses[search->clause_count++], err));
        if (in->token == END)
            return HR_OK;
        if (!is_word(in, "AND"))
            return bad(in, "clauses are joined by AND", err);
        next(in);
    }
    return HR_OK;
}

/* ---- the order ---- */

static enum hr_code parse_key(struct hr_arena *arena,
                              const struct search_kind *kind,
                              const char *text,
                              struct key *key,
                              struct hr_err *err)
{
    struct reader in = {.arena = arena, .kind = kind, .all = text, .at = text};
    next(&in);
    if (in.token != WORD && !(in.token == QUOTED && in.quote == '"'))
        return hr_fail(err, HR_E_INVALID, "Invalid order_by clause '%.200s'", text);
    HR_TRY(name_of(kind, in.text, &key->name, err));
    next(&in);
    key->descending = is_word(&in, "DESC");
    if (key->descending || is_word(&in, "ASC"))
        next(&in);
    return in.token == END ? HR_OK
                           : hr_fail(err, HR_E_INVALID,
                                     "Invalid ordering key in order_by clause '%.200s'", text);
}

enum hr_code hr_search_parse(struct hr_arena *arena,
                             const struct search_kind *kind,
                             const char *filter,
                             const json_t *order_by,
                             struct search **search,
                             struct hr_err *err)
{
    struct reader in = {
        .arena = arena, .kind = kind, .all = filter ? filter : "", .at = filter ? filter : ""};
    json_t *one;
    size_t i;
    *search = HR_NEW(arena, struct search);
    (*search)->clause_count = (*search)->key_count = 0;
    memset((*search)->clauses, 0, sizeof(*search)->clauses);
    HR_TRY(parse_filter(&in, *search, err));
    if (json_array_size(order_by) > KEYS_MAX)
        return hr_fail(err, HR_E_INVALID, "order_by has more than %d clauses", KEYS_MAX);
    json_array_foreach((json_t *)order_by, i, one)
    {
        const char *text = json_string_value(one);
        HR_TRY(parse_key(arena, kind, text ? text : "", &(*search)->keys[(*search)->key_count++],
                         err));
    }
    return HR_OK;
}

/* ---- asking ---- */

static int lower(char c, bool fold)
{
    return fold ? tolower((unsigned char)c) : (unsigned char)c;
}

/* SQL's: % is any text, _ one character. Backtracks to the last % only. */
static bool like(const char *text, const char *pattern, bool fold)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == '%') {
            star = ++pattern;
            resume = text;
        } else if (*pattern && (*pattern == '_' || lower(*pattern, fold) == lower(*text, fold))) {
            pattern++;
            do
                text++;
            /* _ is one character, of however many bytes */
            while (!hr_utf8_starts(*text) && pattern[-1] == '_');
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "%")] == 0;
}

static bool holds_number(const struct clause *clause, double value)
{
    switch (clause->comparator) {
    case EQUAL:
        return value == clause->number;
    case NOT_EQUAL:
        return value != clause->number;
    case LESS:
        return value < clause->number;
    case LESS_EQUAL:
        return value <= clause->number;
    case GREATER:
        return value > clause->number;
    default:
        return value >= clause->number;
    }
}

static bool in_list(const struct clause *clause, const char *text)
{
    for (size_t i = 0; i < clause->count; i++)
        if (!strcmp(clause->list[i], text))
            return true;
    return false;
}

static bool holds_text(const struct clause *clause, const char *text)
{
    switch (clause->comparator) {
    case EQUAL:
        return !strcmp(text, clause->text);
    case NOT_EQUAL:
        return strcmp(text, clause->text) != 0;
    case LIKE:
        return like(text, clause->text, false);
    case ILIKE:
        return like(text, clause->text, true);
    case IN:
        return in_list(clause, text);
    default:
        return !in_list(clause, text);
    }
}

bool hr_search_matches(const struct search *search, void *item, search_getter *get, void *arg)
{
    for (size_t i = 0; i < search->clause_count; i++) {
        const struct clause *clause = &search->clauses[i];
        struct search_value value = get(item, clause->name.entity, clause->name.key, arg);
        bool holds = value.there; /* what is not there fits nothing, not even != */
        if (clause->comparator == IS_NULL)
            holds = !value.there;
        else if (holds && clause->comparator != IS_NOT_NULL)
            holds = clause->name.number ? holds_number(clause, value.n)
                                        : holds_text(clause, value.text);
        if (!holds)
            return false;
    }
    return true;
}

/* ---- sorting ---- */

struct ranked {
    void *item;
    size_t place;
    struct search_value values[KEYS_MAX];
    const struct search *search;
};

/* numbers, then what is not a number, then what is not there, in either direction */
static int rank_of(const struct search_value *value)
{
    if (!value->there)
        return 2;
    return value->number && isnan(value->n);
}

static int by_keys(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    for (size_t i = 0; i < x->search->key_count; i++) {
        const struct search_value *left = &x->values[i], *right = &y->values[i];
        int order = rank_of(left) - rank_of(right);
        if (order)
            return order;
        if (rank_of(left))
            continue;
        order = left->number ? (left->n > right->n) - (left->n < right->n)
                             : strcmp(left->text, right->text);
        if (order)
            return x->search->keys[i].descending ? -order : order;
    }
    return (x->place > y->place) - (x->place < y->place);
}

void hr_search_sort(const struct search *search,
                    struct hr_arena *arena,
                    void **items,
                    size_t count,
                    search_getter *get,
                    void *arg)
{
    if (!search->key_count || count < 2)
        return;
    struct ranked *ranked = HR_NEW_ARRAY(arena, struct ranked, count);
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked){.item = items[i], .place = i, .search = search};
        for (size_t k = 0; k < search->key_count; k++)
            ranked[i].values[k] =
                get(items[i], search->keys[k].name.entity, search->keys[k].name.key, arg);
    }
    qsort(ranked, count, sizeof *ranked, by_keys);
    for (size_t i = 0; i < count; i++)
        items[i] = ranked[i].item;
}
