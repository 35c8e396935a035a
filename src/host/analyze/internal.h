/* What the files of analyze/ share. */
#ifndef HR_HOST_ANALYZE_INTERNAL_H
#define HR_HOST_ANALYZE_INTERNAL_H
#include "base/check.h"
#include "host/analyze/analyze.h"
#include "host/analyze/functions/catalogue.h"
#include "host/plan/print.h"
#include "host/value/value.h"
#include <string.h>
#include <strings.h>

/* a relation that a plan id or alias names, and the columns it had there */
struct hr_plan_name {
    int64_t plan_id;
    struct hr_attrs output;
    struct hr_plan_name *next;
};

/* node NULL: in its own anchor */
struct cte_scope {
    const char *name;
    struct hr_node *node;
    int id;
    struct cte_scope *outer;
    bool used, recursive;
};
struct reference_scope {
    int64_t plan_id;
    const struct hr_rel *rel;
    struct reference_scope *outer;
};

struct analysis {
    struct hr_arena *arena;
    struct hr_env *env;
    struct hr_err *err;
    int next_id, depth;
    /* expressions resolved: now and then it is asked whether the query is cancelled */
    unsigned steps;
    bool ansi, case_sensitive;
    /* scans give _metadata; a name asks for it: the analysis is done again with it */
    bool metadata, wants_metadata;
    const struct hr_zone *zone; /* the session's */
    struct cte_scope *ctes;
    struct reference_scope *references;
    struct hr_observation *observations;
    size_t observation_count;
    struct hr_source **sources;
    size_t source_count;
    struct scope *outer; /* of the subquery being analyzed */
    const char **views;
    size_t view_count; /* being expanded, against cycles */
    const struct hr_window_definition *windows;
    size_t window_count;
    const struct hr_rel *parameters; /* the SQL text whose :name and ? are being resolved */
};

/* kind LAMBDA_VARIABLE with no name: an attribute already found */
struct bound_attr {
    struct hr_expr expr;
    const struct hr_attr *attr;
};

struct lambda_scope {
    const struct hr_attr **params;
    size_t count;
    struct lambda_scope *outer;
};

/* the names that an expression may use */
struct scope {
    struct analysis *a;
    struct hr_node *inputs[2];
    size_t input_count;
    struct scope *outer; /* of the enclosing query */
    struct lambda_scope *lambda;
    /* lateral column aliases, HAVING's select list: names found after the inputs' */
    const struct hr_attrs *also_attrs;
    const struct hr_texprs *also;
    bool correlated;        /* out: a name of `outer` was used */
    const char *alias_used; /* out: a name of `also` was used: this one */
    const char *clause;     /* for messages */
};

struct hr_call {
    struct scope *scope;
    const struct hr_function *function;
    const char *name;
    const struct hr_expr *expr;
    struct hr_texpr *out; /* args are in out->call.args */
};

#define NEW(a, type) HR_NEW((a)->arena, type)
#define ARRAY(a, type, count) HR_NEW_ARRAY((a)->arena, type, (count) + 1)
#define BASIC(id) hr_type_basic(HR_TYPE_##id)

/* relation.c and its fellows */
enum hr_code hr_resolve_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
struct hr_node *hr_node_new(struct analysis *a, enum hr_node_kind kind, struct hr_node *input);
const struct hr_attr *hr_attr_new(struct analysis *a,
                                  const char *name,
                                  const struct hr_type *type,
                                  bool nullable);
/* a copy with the same id */
const struct hr_attr *hr_attr_like(struct analysis *a, const struct hr_attr *attr);
enum hr_code hr_project(struct analysis *a,
                        struct hr_node *input,
                        struct hr_texprs exprs,
                        struct hr_attrs output,
                        struct hr_node **out);
enum hr_code hr_resolve_aggregate(struct analysis *a,
                                  const struct hr_rel *rel,
                                  struct hr_node **out);
enum hr_code hr_resolve_pivot(struct scope *s,
                              const struct hr_rel *rel,
                              struct hr_node *input,
                              struct hr_texprs groups,
                              struct hr_node **out);
enum hr_code hr_resolve_select(struct analysis *a,
                               const struct hr_rel *rel,
                               struct hr_node *input,
                               const struct hr_exprs *list,
                               struct hr_node **out);
enum hr_code hr_aggregate_select(struct analysis *a,
                                 struct hr_node *input,
                                 struct hr_texprs groups,
                                 struct hr_texprs list,
                                 struct hr_attrs names,
                                 struct hr_texpr *having,
                                 uint64_t *sets,
                                 size_t set_count,
                                 struct hr_node **out);
enum hr_code hr_resolve_join(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_resolve_as_of(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_resolve_set(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_resolve_statistics(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out);
enum hr_code hr_resolve_unpivot(struct analysis *a,
                                const struct hr_rel *rel,
                                struct hr_node *input,
                                struct hr_node **out);
enum hr_code hr_resolve_transpose(struct analysis *a,
                                  const struct hr_rel *rel,
                                  struct hr_node *input,
                                  struct hr_node **out);
enum hr_code hr_resolve_generate(struct analysis *a,
                                 const struct hr_rel *rel,
                                 struct hr_node **out);
enum hr_code hr_generate_node(struct analysis *a,
                              struct hr_node *input,
                              struct hr_texpr *generator,
                              bool outer,
                              const struct hr_names *names,
                              const char *qualifier,
                              struct hr_node **out);
enum hr_code hr_filter_node(struct analysis *a,
                            struct hr_node *input,
                            struct hr_texpr *condition,
                            struct hr_node **out);
enum hr_code hr_cast_output(struct analysis *a,
                            struct hr_node *input,
                            const struct hr_type **types,
                            struct hr_node **out);

struct scope hr_scope_of(struct analysis *a, struct hr_node *input);
enum hr_code hr_source_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_range_node(
    struct analysis *a, int64_t start, int64_t end, int64_t step, struct hr_node **out);
struct hr_node *hr_one_row(struct analysis *a);
enum hr_code hr_values_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_qualify(struct analysis *a,
                        struct hr_node *node,
                        struct hr_names qualifier,
                        const struct hr_names *columns,
                        struct hr_node **out);
enum hr_code hr_table_node(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_parsed_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_cte_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_with_relations_rel(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out);
enum hr_code hr_table_function_rel(struct analysis *a,
                                   const struct hr_rel *rel,
                                   struct hr_node **out);
enum hr_code hr_restore_output(struct analysis *a,
                               struct hr_node *node,
                               const struct hr_attrs *output,
                               struct hr_node **out);
enum hr_code hr_filter_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_sort_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_limit_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_alias_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_to_df_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_rename_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_with_columns_rel(struct analysis *a,
                                 const struct hr_rel *rel,
                                 struct hr_node **out);
enum hr_code hr_drop_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_to_schema_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_deduplicate_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);
enum hr_code hr_sample_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out);

/* expr.c and its fellows */
enum hr_code hr_parse_text(struct scope *s, const struct hr_expr *text, struct hr_expr **out);
/* attr as expr, an alias, hides it */
const struct hr_attr *hr_hidden_attr(struct analysis *a,
                                     const struct hr_expr *expr,
                                     const struct hr_attr *attr);
/* rel (a select or an aggregate) as it is, or over a plan that makes the windows of window(…) */
/* puts windows that stand inside of windows of `exprs` into a projection over *input */
enum hr_code hr_lift_windows(struct analysis *a, struct hr_node **input, struct hr_texprs *exprs);
/* made by session_window(…), or by window(…), as the column's metadata says */
bool hr_is_session(const struct hr_attr *attr);
bool hr_is_time_window(const struct hr_attr *attr);
/* a group by sessions: puts the merged ones in their place. *having may be NULL; sets: ROLLUP and
 * its like, which are refused then */
enum hr_code hr_merge_sessions(struct analysis *a,
                               struct hr_node **input,
                               struct hr_texprs *groups,
                               struct hr_texprs *list,
                               struct hr_texpr **having,
                               bool sets);
enum hr_code hr_time_windows(struct analysis *a,
                             const struct hr_rel *rel,
                             const struct hr_rel **out);
enum hr_code hr_no_function(struct analysis *a, const struct hr_names *name);
enum hr_code hr_resolve_call(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out);
/* the frame that definition writes */
enum hr_code hr_resolve_frame(struct scope *s,
                              const struct hr_expr *definition,
                              struct hr_texpr *window);
enum hr_code hr_resolve_window(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out);
enum hr_code hr_resolve_subquery(struct scope *s,
                                 const struct hr_expr *expr,
                                 struct hr_texpr **out);
enum hr_code hr_resolve_expr(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out);
/* stars and regexes to attributes */
enum hr_code hr_expand_list(struct scope *s, const struct hr_exprs *list, struct hr_exprs *out);
enum hr_code hr_resolve_named(struct scope *s,
                              const struct hr_expr *expr,
                              struct hr_texpr **out,
                              const struct hr_attr **attr);
enum hr_code hr_resolve_orders(struct scope *s,
                               const struct hr_exprs *list,
                               struct hr_torders *out);
enum hr_code hr_boolean_condition(struct scope *s,
                                  const struct hr_expr *expr,
                                  const char *what,
                                  struct hr_texpr **out);
enum hr_code hr_call_typed(
    struct scope *s, const char *name, struct hr_texpr **args, size_t count, struct hr_texpr **out);
enum hr_code hr_finish_call(struct hr_call *call);
enum hr_code hr_extract_value(struct scope *s,
                              struct hr_texpr *child,
                              struct hr_texpr *extraction,
                              struct hr_texpr **out);
struct hr_texpr *hr_texpr_new(struct analysis *a,
                              enum hr_texpr_kind kind,
                              const struct hr_type *type,
                              bool nullable);
/* a variable for it; a constant itself, and a column, but by_place: beside an enclosing query's
 * column no column is written before its place is known */
struct hr_texpr *hr_stand_in(struct analysis *a,
                             struct hr_texpr *expr,
                             bool by_place,
                             const struct hr_attr **param);
/* an expression that is this column already */
struct hr_expr *hr_bind_attr(struct analysis *a, const struct hr_attr *attr);
struct hr_texpr *hr_column_of(struct analysis *a, const struct hr_attr *attr);
struct hr_texpr *hr_literal_of(struct analysis *a, const struct hr_literal *literal);
struct hr_texpr *hr_literal_int(struct analysis *a, const struct hr_type *type, int64_t value);
struct hr_texpr *hr_literal_string(struct analysis *a, const char *text);
struct hr_texpr *hr_literal_null(struct analysis *a, const struct hr_type *type);
struct hr_texpr *hr_cast_implicit(struct analysis *a,
                                  struct hr_texpr *child,
                                  const struct hr_type *type);
bool hr_texpr_equal(const struct hr_texpr *a, const struct hr_texpr *b);
enum hr_code hr_node_own_exprs(struct hr_node *node,
                               enum hr_code (*fn)(void *, struct hr_texpr **),
                               void *arg);
bool hr_has_aggregate(const struct hr_texpr *expr);
bool hr_has_subquery(const struct hr_texpr *expr);
/* a call whose function has one of the flags */
bool hr_has_kind(const struct hr_texpr *expr, unsigned flags);
/* the first of these, or NULL */
const struct hr_texpr *hr_find_kind(const struct hr_texpr *expr, unsigned flags);
bool hr_is_foldable(const struct hr_texpr *expr);

/* outer.c */
typedef enum hr_code outer_fn(void *arg, struct hr_texpr **column);
/* its columns of the enclosing query, as often as they stand there */
enum hr_code hr_each_outer(const struct hr_texpr *subquery, outer_fn *fn, void *arg);
bool hr_subquery_equal(const struct hr_texpr *x, const struct hr_texpr *y);
/* itself, not in a subquery of its own */
bool hr_uses_outer(const struct hr_texpr *expr);
/* the expressions of one operator that use outer columns */
struct hosted {
    struct analysis *a;
    const char *list;
};
void hr_host_add(struct hosted *hosted,
                 const struct hr_texpr *expr,
                 const char *alias,
                 const char *suffix);
/* refuses an operator that may not use them */
enum hr_code hr_host_check(const struct hosted *hosted);
enum hr_code hr_check_aggregate_hosts(struct analysis *a,
                                      const struct hr_texprs *groups,
                                      const struct hr_texprs *list,
                                      const struct hr_attrs *names);

/* place.c */
/* of ORDER BY, ON, LATERAL VIEW: no aggregate, no window */
enum hr_code hr_check_operator(struct analysis *a, struct hr_texpr *expr);
enum hr_code hr_check_deterministic(struct analysis *a, const struct hr_texpr *condition);
enum hr_code hr_check_no_window(struct analysis *a,
                                const struct hr_texpr *condition,
                                const char *clause);
enum hr_code hr_check_group(struct analysis *a, struct hr_texpr *group);
enum hr_code hr_aggregate_filter(struct scope *s,
                                 const struct hr_expr *filter,
                                 struct hr_texpr **out);
/* a call with lambdas */
enum hr_code hr_check_higher_order(struct analysis *a, struct hr_texpr *call);
enum hr_code hr_check_lambda(struct scope *s, struct hr_texpr *lambda);

/* names.c */
bool hr_same_name(const struct analysis *a, const char *x, const char *y);
/* `a`.`b` */
const char *hr_quoted(struct analysis *a, const struct hr_names *name);
const char *hr_quote(struct analysis *a, const char *part);
enum hr_code hr_find_attribute(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out);
enum hr_code hr_unresolved_column(struct scope *s, const struct hr_names *name);
const struct hr_attr *hr_find_output(struct analysis *a,
                                     const struct hr_attrs *output,
                                     const char *name,
                                     size_t *index);
/* the outputs of the nodes below that are the plan `plan_id`: a DataFrame may stand in a plan any
 * number of times */
struct planned {
    struct hr_attrs *at;
    size_t count, cap;
};
enum hr_code hr_find_by_plan_id(struct analysis *a,
                                struct hr_node *node,
                                int64_t plan_id,
                                struct planned *out);

/* coerce.c */
/* The common type of two, NULL where there is none. Three of them, by what they allow:
 * the tightest loses nothing (TypeCoercion.findTightestCommonType); the wider of values may lose
 * digits, but makes no text of what is none (findWiderTypeWithoutStringPromotionForTwo); the wider
 * type may do that too (findWiderTypeForTwo). */
const struct hr_type *hr_tightest_type(struct analysis *a,
                                       const struct hr_type *x,
                                       const struct hr_type *y);
const struct hr_type *hr_wider_type_of_values(struct analysis *a,
                                              const struct hr_type *x,
                                              const struct hr_type *y);
const struct hr_type *hr_wider_type(struct analysis *a,
                                    const struct hr_type *x,
                                    const struct hr_type *y);
const struct hr_type *hr_union_type(struct analysis *a,
                                    const struct hr_type *x,
                                    const struct hr_type *y);
bool hr_can_cast(const struct hr_type *from, const struct hr_type *to, bool ansi);
bool hr_implicit_cast_allowed(struct analysis *a,
                              const struct hr_type *from,
                              char want,
                              const struct hr_type **to);
enum hr_code hr_make_cast(struct scope *s,
                          struct hr_texpr *child,
                          const struct hr_type *type,
                          enum hr_cast_mode mode,
                          struct hr_texpr **out);
const struct hr_type *hr_decimal_for(struct analysis *a, const struct hr_type *integral);
bool hr_is_string(const struct hr_type *type);
bool hr_is_orderable(const struct hr_type *type);
/* "INT", with the quotes */
const char *hr_type_quoted(struct analysis *a, const struct hr_type *type);
/* "(a + b)", with the quotes */
const char *hr_expr_sql(struct analysis *a, const struct hr_texpr *expr);
/* sum(t.a) */
const char *hr_qualified_name(struct analysis *a, const struct hr_texpr *expr);
/* a, where the name has outer(t.a) */
const char *hr_name_without_outer(struct analysis *a, const struct hr_texpr *expr);
const char *hr_pretty_name(struct analysis *a, const struct hr_texpr *expr);
/* "ROWS BETWEEN …" */
const char *hr_frame_sql(struct analysis *a, const struct hr_texpr *window);
/* "(PARTITION BY … ORDER BY … ROWS …)" */
const char *hr_window_spec_sql(struct analysis *a, const struct hr_texpr *window);
/* a ASC NULLS FIRST,b DESC NULLS LAST */
const char *hr_orders_text(struct analysis *a, const struct hr_torders *orders);
/* first, second … */
const char *hr_ordinal(int index);
#endif
