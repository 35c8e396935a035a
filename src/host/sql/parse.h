/* Private to sql/: tokens, the parser's state, and the functions that the grammar's actions call.
 */
#ifndef HR_HOST_SQL_PARSE_H
#define HR_HOST_SQL_PARSE_H
#include "base/limits.h"
#include "host/sql/sql.h"

struct token {
    int kind;         /* TK_… of grammar.h; 0 is the end */
    int start, stop;  /* bytes in the text: [start, stop) */
    bool quoted;      /* a name in backquotes */
    bool space;       /* white space or a comment stands before it */
    const char *text; /* a name or string, unescaped; NULL otherwise */
    size_t len;
    const struct hr_type *type; /* TK_TYPE */
    struct hr_expr *expr;       /* TK_INTERVAL_LITERAL */
};

struct nodes;

/* what a grammar symbol of the expression kind carries: the expression and where it stands */
struct node {
    struct hr_expr *expr;
    int start, stop;
    /* of the tree, so that long chains are bounded like nested ones */
    int depth;
    bool is_bare_name; /* an unparenthesised name: may grow by .part */
    bool is_parenthesised;
    const struct nodes *row; /* (a, b): its items; NULL for anything else */
};
struct nodes {
    struct node *at;
    size_t count, room;
};

struct rel {
    struct hr_rel *rel;
    int start, stop;
    int depth;
};

struct text {
    const char *text;
    int start, stop;
    bool quoted;
};
struct texts {
    struct text *at;
    size_t count, room;
};

/* one join's condition: ON, USING, or neither */
struct criteria {
    struct hr_expr *on;
    struct hr_names using;
    int depth;
    int stop;
};

struct alias {
    const char *name;
    struct hr_names columns;
};

struct frame {
    enum hr_frame_kind kind;
    struct hr_bound lower, upper;
};

/* the parts of one SELECT while they are being read */
struct select {
    int start;
    struct nodes hints;
    bool distinct;
    struct nodes items;
    struct rel from; /* rel NULL: none */
    struct node where, having, qualify;
    bool has_group, group_all;
    struct group *group;
    struct hr_window_definition *windows;
    size_t window_count;
    int stop, depth;
};

struct sets {
    struct nodes *at;
    size_t count, room;
};
/* GROUP BY: the product of its items, each a list of sets; a plain expression is a list of one set
 * of one */
struct group {
    /* HR_GROUP_SETS as soon as one item is more than a plain expression */
    enum hr_group_type type;
    /* every expression that groups, once each, in order of appearance */
    struct nodes keys;
    struct sets sets;
};

struct parser {
    struct hr_arena *arena;
    const struct hr_sql_options *options;
    const char *sql;    /* the whole text, for origins */
    struct hr_err *err; /* never NULL */
    bool failed;        /* a syntax error: err is set, the rest is skipped */
    /* the first failure of meaning: told when the syntax is right */
    struct hr_err late;
    struct token *tokens;
    size_t count, at;    /* at: the token being fed */
    int offset_end;      /* end of the last token fed */
    int recursion_limit; /* WITH RECURSIVE … MAX RECURSION LEVEL n; 0: not given */
    int parameters;      /* ? seen so far */
    const int *lines;    /* where each line starts */
    size_t line_count;
    struct rel query; /* results */
    struct node expr;
};

/* lexer.re */
enum hr_code hr_sql_lex(struct parser *p);
/* an unquoted word, without case */
bool hr_sql_word_is(const struct parser *p, const struct token *token, const char *word);
/* classify.c: decides which keywords are names here, joins tokens that mean one thing */
enum hr_code hr_sql_classify(struct parser *p);
/* IDENTIFIER('a' || '.b') becomes the names themselves, everywhere */
enum hr_code hr_sql_fold_identifiers(struct parser *p);

/* errors: each sets the parser's failure and returns its code */
enum hr_code hr_sql_syntax(struct parser *p, const struct token *token);
/* near the first token at or behind start */
enum hr_code hr_sql_syntax_text(struct parser *p, int start, int stop);
enum hr_code hr_sql_fail_at(struct parser *p, int start, int stop, const char *condition, ...)
    __attribute__((sentinel));
void hr_sql_late(struct parser *p, int start, int stop, const char *condition, ...)
    __attribute__((sentinel));
/* UNSUPPORTED_FEATURE */
void hr_sql_refuse(struct parser *p, int start, int stop, const char *feature);

/* literal.c */
struct node hr_sql_number(struct parser *p, const struct token *token, bool negative, int start);
struct node hr_sql_typed_literal(struct parser *p,
                                 const struct token *name,
                                 const struct token *value);
struct node hr_sql_string(struct parser *p, const struct token *token);
/* an interval literal at tokens[*at] (the word INTERVAL): NULL when there is none; *at moves behind
 * it */
struct hr_expr *hr_sql_interval(struct parser *p, size_t *at);
char *hr_sql_unescape(struct parser *p, const char *from, const char *to, char quote, size_t *len);

/* command.c */
enum hr_code hr_sql_command(struct parser *p, struct hr_sql_statement *statement, bool *found);
/* SET, RESET: before lexing */
enum hr_code hr_sql_settings(struct parser *p, struct hr_sql_statement *statement, bool *found);
/* sql.c: the query in tokens[from …], by the grammar */
enum hr_code hr_sql_run(struct parser *p, size_t from, int entry);

/* build.c: called by the grammar */
const struct hr_origin *hr_sql_origin(struct parser *p, int start, int stop);
struct node hr_sql_node(struct parser *p, struct hr_expr *expr, int start, int stop, int depth);
void hr_sql_push(struct parser *p, struct nodes *list, struct node node);
void hr_sql_push_text(struct parser *p, struct texts *list, struct text text);
struct hr_exprs hr_sql_exprs(struct parser *p, const struct nodes *list);
struct hr_names hr_sql_names(struct parser *p, const struct texts *list);
int hr_sql_depth(const struct nodes *list);
/* struct node * */
struct node hr_sql_call(struct parser *p, const char *name, int start, int stop, size_t count, ...);
struct node hr_sql_unary(struct parser *p, const char *name, int start, struct node value);
struct node hr_sql_binary(struct parser *p, const char *name, struct node left, struct node right);
struct node hr_sql_not(struct parser *p, bool negate, struct node node);
struct node hr_sql_chain(struct parser *p, const char *name, const struct nodes *list);
struct node hr_sql_name(struct parser *p, struct texts parts);
struct node hr_sql_name_grow(struct parser *p, struct node base, struct token part);
struct node hr_sql_star(
    struct parser *p, struct texts target, struct nodes except, int start, int stop);
struct node hr_sql_function(
    struct parser *p, struct texts name, struct nodes args, int distinct, int stop);
struct node hr_sql_special(struct parser *p,
                           struct texts name,
                           const char *keyword,
                           struct node *parts,
                           size_t count,
                           int stop);
struct node hr_sql_case(struct parser *p,
                        struct node *subject,
                        struct nodes branches,
                        struct node *otherwise,
                        int start,
                        int stop);
struct node hr_sql_like(struct parser *p,
                        struct node value,
                        bool negate,
                        const char *operation,
                        struct node pattern,
                        const struct token *escape);
struct node hr_sql_quantified(struct parser *p,
                              struct node value,
                              bool negate,
                              const char *operation,
                              bool all,
                              struct nodes patterns,
                              int stop);
struct node hr_sql_in(
    struct parser *p, struct node value, bool negate, struct nodes list, int stop);
struct node hr_sql_subquery(struct parser *p,
                            enum hr_subquery_kind kind,
                            struct rel query,
                            struct node *value,
                            int start,
                            int stop);
struct node hr_sql_cast(struct parser *p,
                        struct node child,
                        const struct hr_type *type,
                        bool try_cast,
                        int start,
                        int stop);
struct node hr_sql_row(struct parser *p, struct nodes items, int start, int stop);
struct node hr_sql_alias(struct parser *p, struct node child, struct texts names, int stop);
struct node hr_sql_window(struct parser *p, struct node function, struct node spec);
struct node hr_sql_window_spec(struct parser *p,
                               struct nodes partition,
                               struct nodes order,
                               struct frame frame,
                               int start,
                               int stop);
struct node hr_sql_window_reference(struct parser *p, struct token name);
struct node hr_sql_sort(struct parser *p, struct node child, int descending, int nulls, int stop);
struct node hr_sql_lambda(struct parser *p, struct texts params, struct node body, int start);
struct node hr_sql_named_argument(struct parser *p, struct token name, struct node value);
struct node hr_sql_parameter(struct parser *p, const char *name, int start, int stop);
struct node hr_sql_constant(struct parser *p,
                            const struct token *token,
                            enum hr_type_id id,
                            bool value);
struct node hr_sql_is(struct parser *p, struct node value, bool truth, int stop);
struct node hr_sql_collate(struct parser *p, struct node value, struct texts name);
struct node hr_sql_extract(struct parser *p, struct node base, struct node index, int stop);
struct hr_bound hr_sql_bound(struct parser *p, struct node value, bool preceding, int stop);

struct group *hr_sql_group_key(struct parser *p, struct node key);
struct group *hr_sql_group_analytics(struct parser *p, enum hr_group_type type, struct sets *sets);
struct group *hr_sql_group_join(struct parser *p, struct group *left, struct group *right);
struct group *hr_sql_group_with(struct parser *p, struct group *group, enum hr_group_type type);
struct group *hr_sql_group_sets(struct parser *p, struct group *group, struct sets *sets);
/* NULL: the empty set; a row: its items */
struct sets *hr_sql_sets_one(struct parser *p, const struct node *node);
struct sets *hr_sql_sets_join(struct parser *p, struct sets *left, struct sets *right);
struct sets *hr_sql_sets_expand(struct parser *p, enum hr_group_type type, struct sets *sets);

struct rel hr_sql_select(struct parser *p, struct select *select);
struct rel hr_sql_table(struct parser *p, struct texts name, int stop);
struct rel hr_sql_table_function(struct parser *p, struct texts name, struct nodes args, int stop);
struct rel hr_sql_values(struct parser *p, struct nodes rows, int start, int stop);
struct rel hr_sql_aliased(struct parser *p, struct rel rel, struct alias alias, int stop);
struct rel hr_sql_join(struct parser *p,
                       struct rel left,
                       enum hr_join_type type,
                       bool natural,
                       bool lateral,
                       struct rel right,
                       struct criteria criteria);
struct rel hr_sql_set(
    struct parser *p, enum hr_set_op op, bool all, bool by_name, struct rel left, struct rel right);
struct rel hr_sql_lateral_view(struct parser *p,
                               struct rel input,
                               bool outer,
                               struct node generator,
                               const char *alias,
                               struct texts columns,
                               int stop);
struct rel hr_sql_sample(struct parser *p,
                         struct rel input,
                         const struct token *number,
                         int kind,
                         const struct token *total,
                         const struct token *seed,
                         int stop);
struct rel hr_sql_pivot(struct parser *p,
                        struct rel input,
                        struct nodes aggregates,
                        struct nodes columns,
                        struct nodes values,
                        int stop);
struct rel hr_sql_unpivot(struct parser *p,
                          struct rel input,
                          bool include_nulls,
                          struct texts values,
                          struct token name,
                          struct nodes sets,
                          struct texts aliases,
                          int stop);
struct rel hr_sql_sorted(
    struct parser *p, struct rel input, struct nodes orders, bool global, bool all, int stop);
struct rel hr_sql_distributed(struct parser *p, struct rel input, struct nodes exprs, int stop);
struct rel hr_sql_limited(
    struct parser *p, struct rel input, enum hr_rel_kind kind, struct node count, int stop);
struct rel hr_sql_with(struct parser *p,
                       struct hr_cte *ctes,
                       size_t count,
                       bool recursive,
                       struct rel body,
                       int start,
                       int depth);

#define HR_SQL_NODE_DEPTH_MAX                                          \
    1500 /* of one tree; the analyzer's own bound is HR_PLAN_DEPTH_MAX \
          */
#endif
