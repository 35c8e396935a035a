/* The typed plan: what analyze/ makes of Spark's logical plan and engine/ turns into DuckDB SQL.
 *
 * Every column is an attribute with an id of its own; every expression carries Spark's type and
 * nullability. Implicit casts are written out. Lives in the arena that hr_analyze was given;
 * immutable afterwards, except for what hr_analyze itself does. */
#ifndef HR_HOST_ANALYZE_TYPED_H
#define HR_HOST_ANALYZE_TYPED_H
#include "host/plan/env.h"

struct hr_node;
struct hr_texpr;
struct hr_plan_name; /* the analyzer's own */
struct hr_function;  /* a row of the function catalogue: analyze/catalogue.h */

struct hr_attr {
    /* unique in one analysis; the engine's name for the column is a<id> */
    int id;
    const char *name; /* Spark's */
    const struct hr_type *type;
    bool nullable;
    /* found by plan id or qualifier only: the dropped key of a USING join */
    bool hidden;
    bool of_file; /* hidden, and found by its name all the same: _metadata */
    /* hidden, and found by its name where nothing else has it: the column that window(…) makes */
    bool made;
    struct hr_names qualifier; /* t, or spark_catalog.default.t; empty without one */
    const char *metadata;      /* JSON object as text, NULL is {} */
};

struct hr_attrs {
    const struct hr_attr **at;
    size_t count;
};
struct hr_texprs {
    struct hr_texpr **at;
    size_t count;
};

struct hr_torder {
    struct hr_texpr *child;
    bool descending, nulls_first;
};
struct hr_torders {
    struct hr_torder *at;
    size_t count;
};

enum hr_texpr_kind {
    HR_T_LITERAL,
    HR_T_COLUMN,
    HR_T_CALL,
    HR_T_CAST,
    HR_T_FIELD,
    HR_T_WINDOW,
    HR_T_SUBQUERY,
    HR_T_LAMBDA,
    HR_T_VARIABLE,
    HR_T_ALIAS,
    HR_T_UDF,
};

/* values: bounds as written, for names. offsets: what they come to, negative before the row: of the
 * order's type, or an interval from a date or time. */
struct hr_tframe {
    enum hr_frame_kind kind;
    enum hr_bound_kind lower, upper;
    struct hr_texpr *lower_value, *upper_value;
    struct hr_literal *lower_offset, *upper_offset;
};

struct hr_texpr {
    enum hr_texpr_kind kind;
    const struct hr_type *type;
    bool nullable;
    const struct hr_origin *origin;
    union {
        const struct hr_literal *literal;
        /* outer: a column of the enclosing query */
        struct {
            const struct hr_attr *attr;
            bool outer;
        } column;
        struct {
            const struct hr_function *function;
            const char *name; /* as written: what automatic names print */
            struct hr_texprs args;
            bool distinct, ignore_nulls, ansi;
            bool hidden_name; /* the analyzer's own: prints as its first argument */
            /* the last argument is what is computed; names leave it out */
            bool hidden_last;
            /* Argument `computed` is made from the others (x BETWEEN a AND b: x >= a AND x <= b),
             * and names them by these variables, so that each stands in the tree once. One for each
             * argument, NULL where it is not named so; NULL altogether when nothing is. */
            const struct hr_attr **params;
            size_t computed;
            struct hr_texpr *filter;
            struct hr_torders within_group;
        } call;
        /* mode: LEGACY, ANSI or TRY */
        struct {
            struct hr_texpr *child;
            enum hr_cast_mode mode;
            bool implicit;
        } cast;
        struct {
            struct hr_texpr *child;
            size_t index;
            const char *name;
        } field;
        struct {
            struct hr_texpr *function;
            struct hr_texprs partition;
            struct hr_torders order;
            struct hr_tframe frame;
        } window;
        struct {
            enum hr_subquery_kind kind;
            struct hr_node *plan;
            struct hr_texprs values;
            const struct hr_expr *written;
        } subquery;
        struct {
            struct hr_texpr *body;
            const struct hr_attr **params;
            size_t count;
        } lambda;
        struct {
            const struct hr_attr *attr;
        } variable; /* of a lambda */
        /* inside an expression: names the field of a struct */
        struct {
            struct hr_texpr *child;
            const char *name;
        } alias;
        struct {
            const struct hr_expr *udf;
            struct hr_texprs args;
        } udf;
    };
};

enum hr_node_kind {
    HR_N_ONE_ROW,
    HR_N_SOURCE,
    HR_N_RANGE,
    HR_N_VALUES,
    HR_N_PROJECT,
    HR_N_FILTER,
    HR_N_AGGREGATE,
    HR_N_SORT,
    HR_N_LIMIT,
    HR_N_TAIL,
    HR_N_JOIN,
    HR_N_SET,
    HR_N_DISTINCT,
    HR_N_DEDUPLICATE,
    HR_N_GENERATE,
    HR_N_SAMPLE,
    HR_N_CTE,
    HR_N_CTE_REF,
    HR_N_OBSERVE,
    HR_N_ROWS,
    HR_N_PARSE,
};

struct hr_node {
    enum hr_node_kind kind;
    struct hr_attrs output;
    struct hr_node *input, *right;
    struct hr_plan_name *names; /* the plan ids of the relations that it was made from */
    union {
        struct hr_source *source; /* output[i] is column i of source->schema */
        struct {
            int64_t start, end, step;
        } range;
        struct {
            struct hr_texprs *rows;
            size_t count;
        } values;
        /* exprs[i] makes output[i] */
        struct {
            struct hr_texprs exprs;
        } project;
        struct {
            struct hr_texpr *condition;
        } filter;
        struct {
            /* output: groups, then aggregates (calls), then grouping id if sets */
            struct hr_texprs groups, aggregates;
            /* bit i of a set: group i is kept; no sets: one with all */
            uint64_t *sets;
            size_t set_count;
            const struct hr_attr *grouping_id;
        } aggregate;
        struct {
            struct hr_torders orders;
        } sort;
        struct {
            int64_t count, offset;
        } limit; /* count -1: none */
        struct {
            int64_t count;
        } tail;
        /* output: left's, right's (not for semi, anti) */
        struct {
            enum hr_join_type type;
            struct hr_texpr *condition;
            bool lateral;
        } join;
        /* by position; both sides have the output's types */
        struct {
            enum hr_set_op op;
            bool all;
        } set;
        /* the first row of each key */
        struct {
            struct hr_attrs keys;
        } deduplicate;
        /* output: input's, then the generator's */
        struct {
            struct hr_texpr *generator;
            bool outer;
        } generate;
        struct {
            double lower, upper;
            bool with_replacement;
            int64_t seed;
        } sample;
        /* definition of one named query; input uses it */
        struct {
            int id;
            struct hr_node *definition;
            bool recursive;
            int64_t levels;
        } cte;
        /* output[i] is column definition[i] */
        struct {
            int id;
            struct hr_attrs definition;
        } cte_ref;
        struct {
            const char *name;
            struct hr_texprs metrics;
            struct hr_attrs columns;
        } observe;
    };
};

enum hr_root { HR_ROOT_ROWS, HR_ROOT_SHOW, HR_ROOT_HTML };

/* node: one row of metrics */
struct hr_observation {
    const char *name;
    const struct hr_node *node;
    const struct hr_type *schema;
};

struct hr_typed {
    struct hr_node *node;
    /* what the client is told: for show, one column show_string */
    const struct hr_type *schema;
    enum hr_root root;
    /* of show and html; node yields the rows, all as text, rows + 1 of them at most */
    int32_t rows, truncate;
    bool vertical;
    struct hr_observation *observations;
    size_t observation_count;
    struct hr_source **sources;
    size_t source_count; /* every scan, for inputFiles */
};
#endif
