/* Spark's logical plan as the wires deliver it: unresolved relations, expressions and commands.
 *
 * connect/ (protobuf) and sql/ (text) make it, analyze/ resolves it into a typed plan. A plan lives
 * in one arena, is immutable once built, and may be shared by threads then. Names of functions are
 * Spark's own names as the Connect client sends them
 * ("==", "+", "and", "not", "in", "when", "isNull" …); SQL text lowers its operators to the same
 * calls. */
#ifndef HR_HOST_PLAN_PLAN_H
#define HR_HOST_PLAN_PLAN_H
#include "host/plan/type.h"

struct hr_expr;
struct hr_rel;

/* parts of a name: catalog.db.table, a.b.c */
struct hr_names {
    const char **at;
    size_t count;
};
struct hr_exprs {
    struct hr_expr **at;
    size_t count;
};
struct hr_option {
    const char *key, *value;
};
/* keys as the user wrote them; looked up without case */
struct hr_options {
    struct hr_option *at;
    size_t count;
};

/* Where an expression came from, for Spark's query context. SQL text: fragment = sql[start, stop);
 * DataFrame: call site. */
struct hr_origin {
    const char *sql; /* the whole SQL text, NULL for DataFrame calls */
    int start, stop, line, column;
    const char *fragment, *call_site; /* DataFrame calls: PySpark's function name and file:line */
};

/* ---- literals ---- */
struct hr_literal {
    const struct hr_type *type;
    bool is_null;
    union {
        bool boolean;
        /* byte … long; date: days; timestamps: microseconds; year-month: months; day-time:
         * microseconds; time: nanoseconds */
        int64_t integer;
        double real; /* float, double */
        /* string, char, varchar, binary; decimal: plain digits, "-12.50" */
        struct {
            const char *bytes;
            size_t len;
        } text;
        struct {
            int32_t months, days;
            int64_t micros;
        } calendar;
        /* array; struct: in field order; map: key, value, key, value … */
        struct {
            struct hr_literal **at;
            size_t count;
        } items;
    };
};

/* ---- expressions ---- */
enum hr_expr_kind {
    HR_EXPR_LITERAL,
    HR_EXPR_ATTRIBUTE, /* a name to be found among the children's columns */
    HR_EXPR_STAR,      /* *, t.*, also with EXCEPT */
    HR_EXPR_REGEX,     /* df.colRegex, or a quoted regex */
    HR_EXPR_CALL,      /* function, operator, aggregate */
    HR_EXPR_CAST,
    HR_EXPR_ALIAS,
    HR_EXPR_SORT, /* sort order: in sort, window, within group */
    HR_EXPR_WINDOW,
    HR_EXPR_EXTRACT,      /* child[extraction] or child.name */
    HR_EXPR_UPDATE_FIELD, /* withField, dropFields */
    HR_EXPR_LAMBDA,
    HR_EXPR_LAMBDA_VARIABLE,
    HR_EXPR_TEXT, /* SQL text of one expression, parsed when resolved */
    HR_EXPR_SUBQUERY,
    HR_EXPR_UDF,            /* inline user-defined function */
    HR_EXPR_NAMED_ARGUMENT, /* f(name => value) */
    HR_EXPR_PARAMETER,      /* :name or ? of parameterised SQL */
    HR_EXPR_DEFAULT,        /* DEFAULT in INSERT */
};

/* default follows spark.sql.ansi.enabled */
enum hr_cast_mode { HR_CAST_DEFAULT, HR_CAST_LEGACY, HR_CAST_ANSI, HR_CAST_TRY };
/* default: first when ascending */
enum hr_null_order { HR_NULLS_DEFAULT, HR_NULLS_FIRST, HR_NULLS_LAST };
enum hr_subquery_kind {
    HR_SUBQUERY_SCALAR,
    HR_SUBQUERY_EXISTS,
    HR_SUBQUERY_IN,
    HR_SUBQUERY_TABLE_ARG
};
enum hr_frame_kind { HR_FRAME_DEFAULT, HR_FRAME_ROWS, HR_FRAME_RANGE };
enum hr_bound_kind {
    HR_BOUND_UNBOUNDED_PRECEDING,
    HR_BOUND_UNBOUNDED_FOLLOWING,
    HR_BOUND_CURRENT_ROW,
    HR_BOUND_VALUE
};

/* value: offset, negative is preceding */
struct hr_bound {
    enum hr_bound_kind kind;
    struct hr_expr *value;
};

#define HR_NO_PLAN_ID (-1)

struct hr_expr {
    enum hr_expr_kind kind;
    const struct hr_origin *origin; /* NULL when unknown */
    union {
        struct hr_literal *literal;
        struct {
            struct hr_names name;
            int64_t plan_id;
            bool is_metadata;
        } attribute;
        /* target empty: all columns */
        struct {
            struct hr_names target;
            int64_t plan_id;
            struct hr_exprs except;
        } star;
        struct {
            const char *pattern;
            int64_t plan_id;
            struct hr_names target;
        } regex;
        struct {
            struct hr_names name; /* usually one part */
            struct hr_exprs args;
            bool distinct, ignore_nulls, respect_nulls;
            /* may be one of Spark's internal functions, which a name in SQL text never is */
            bool is_internal;
            /* made here: no client wrote the name, so it may be one of the catalogue's own, "$…" */
            bool is_own;
            struct hr_expr *filter;       /* FILTER (WHERE …), or NULL */
            struct hr_exprs within_group; /* sort orders */
        } call;
        struct {
            struct hr_expr *child;
            const struct hr_type *type;
            enum hr_cast_mode mode;
        } cast;
        struct {
            struct hr_expr *child;
            struct hr_names names; /* several: a generator's */
            const char *metadata;
            /* the analyzer's own column, which no star gives: its qualifier; else NULL */
            const char *hidden_in;
        } alias;
        struct {
            struct hr_expr *child;
            bool descending;
            enum hr_null_order nulls;
        } sort;
        struct {
            struct hr_expr *function;
            struct hr_exprs partition, order; /* order: HR_EXPR_SORT */
            enum hr_frame_kind frame;
            struct hr_bound lower, upper;
            const char *reference; /* OVER w: a named window still to be found; else NULL */
            /* of the text in parentheses after OVER; NULL: the expression's own */
            const struct hr_origin *specification;
        } window;
        struct {
            struct hr_expr *child, *extraction;
        } extract;
        /* value NULL: drop the field */
        struct {
            struct hr_expr *child, *value;
            const char *field;
        } update;
        struct {
            struct hr_expr *body;
            struct hr_names params;
        } lambda;
        struct {
            struct hr_names name;
        } variable;
        struct {
            const char *sql;
        } text;
        /* values: of IN; plan NULL: by plan_id */
        struct {
            enum hr_subquery_kind kind;
            struct hr_rel *plan;
            int64_t plan_id;
            struct hr_exprs values;
        } subquery;
        struct {
            const char *name;
            struct hr_exprs args;
            bool deterministic, distinct;
            int eval_type; /* PySpark's PythonEvalType */
            const struct hr_type *type;
            const void *command;
            size_t command_len; /* cloudpickle bytes */
            const char *python_version;
        } udf;
        struct {
            const char *name;
            struct hr_expr *value;
        } named;
        /* name NULL: by position */
        struct {
            const char *name;
            int position;
        } parameter;
    };
};

/* ---- relations ---- */
enum hr_rel_kind {
    HR_REL_READ_FILES,
    HR_REL_READ_TABLE,
    HR_REL_LOCAL,
    HR_REL_CACHED_LOCAL,
    HR_REL_RANGE,
    HR_REL_SQL,
    HR_REL_VALUES,
    HR_REL_ONE_ROW,
    HR_REL_PROJECT,
    HR_REL_FILTER,
    HR_REL_AGGREGATE,
    HR_REL_SORT,
    HR_REL_LIMIT,
    HR_REL_OFFSET,
    HR_REL_TAIL,
    HR_REL_JOIN,
    HR_REL_AS_OF_JOIN,
    HR_REL_LATERAL_JOIN,
    HR_REL_SET,
    HR_REL_DEDUPLICATE,
    HR_REL_SUBQUERY_ALIAS,
    HR_REL_WITH_COLUMNS,
    HR_REL_RENAME_COLUMNS,
    HR_REL_DROP,
    HR_REL_TO_DF,
    HR_REL_TO_SCHEMA,
    HR_REL_SAMPLE,
    HR_REL_SAMPLE_BY,
    HR_REL_REPARTITION,
    HR_REL_UNPIVOT,
    HR_REL_TRANSPOSE,
    HR_REL_FILL_NA,
    HR_REL_DROP_NA,
    HR_REL_REPLACE,
    HR_REL_SUMMARY,
    HR_REL_DESCRIBE,
    HR_REL_CROSSTAB,
    HR_REL_COV,
    HR_REL_CORR,
    HR_REL_APPROX_QUANTILE,
    HR_REL_FREQ_ITEMS,
    HR_REL_SHOW_STRING,
    HR_REL_HTML_STRING,
    HR_REL_HINT,
    HR_REL_COLLECT_METRICS,
    HR_REL_PARSE,
    HR_REL_WITH_RELATIONS,
    HR_REL_CTE,
    HR_REL_GENERATE,
    HR_REL_TABLE_FUNCTION,
    HR_REL_WINDOWS,
    HR_REL_CACHED_REMOTE,
    HR_REL_CATALOG,
    HR_REL_MAP_PARTITIONS,
    HR_REL_GROUP_MAP,
    HR_REL_CO_GROUP_MAP,
};

enum hr_join_type {
    HR_JOIN_INNER,
    HR_JOIN_FULL,
    HR_JOIN_LEFT,
    HR_JOIN_RIGHT,
    HR_JOIN_ANTI,
    HR_JOIN_SEMI,
    HR_JOIN_CROSS
};
enum hr_set_op { HR_SET_UNION, HR_SET_INTERSECT, HR_SET_EXCEPT };
enum hr_group_type { HR_GROUP_BY, HR_GROUP_ROLLUP, HR_GROUP_CUBE, HR_GROUP_PIVOT, HR_GROUP_SETS };

struct hr_cte {
    const char *name;
    struct hr_names columns;
    struct hr_rel *plan;
};
/* HR_EXPR_WINDOW without a function */
struct hr_window_definition {
    const char *name;
    struct hr_expr *window;
};
struct hr_replacement {
    struct hr_literal *old_value, *new_value;
};
struct hr_rename {
    const char *from, *to;
};
struct hr_named_expr {
    const char *name;
    struct hr_expr *value;
};
struct hr_fraction {
    struct hr_literal *stratum;
    double fraction;
};
struct hr_literals {
    struct hr_literal **at;
    size_t count;
};

struct hr_rel {
    enum hr_rel_kind kind;
    int64_t plan_id; /* HR_NO_PLAN_ID when the client gave none */
    const struct hr_origin *origin;
    /* the child of those that have one; the left side of those that have two */
    struct hr_rel *input;
    struct hr_rel *right;
    union {
        struct {
            const char *format, *schema;
            struct hr_options options;
            struct hr_names paths;
            struct hr_exprs predicates;
            bool streaming;
        } read_files;
        /* format may be NULL (spark.sql.sources.default); schema: DDL or JSON text, or NULL */
        struct {
            struct hr_names name;
            struct hr_options options;
            bool streaming;
        } read_table;
        /* one Arrow IPC stream, or none; schema DDL/JSON or NULL */
        struct {
            const void *arrow;
            size_t arrow_len;
            const char *schema;
        } local;
        /* artifact cache/<hash>, a LocalRelation message; or
           hash NULL: Arrow streams cache/<data[i]>, end to end, and a schema text
           cache/<schema_hash> or NULL */
        struct {
            const char *hash;
            struct hr_names data;
            const char *schema_hash;
        } cached_local;
        struct {
            bool has_start;
            int64_t start, end, step;
        } range;
        struct {
            const char *text;
            struct hr_exprs positional;
            struct hr_named_expr *named;
            size_t named_count;
        } sql;
        struct {
            struct hr_exprs *rows;
            size_t count;
        } values;
        struct {
            struct hr_exprs exprs;
        } project;
        /* also HAVING: above its aggregate */
        struct {
            struct hr_expr *condition;
        } filter;
        struct {
            enum hr_group_type group;
            /* expressions; SQL may give positions (integer literals) or aliases */
            struct hr_exprs grouping;
            /* connect: without the grouping columns, which come first; see is_select_list */
            struct hr_exprs aggregates;
            bool is_select_list; /* SQL: aggregates is the whole select list */
            bool all;            /* SQL: GROUP BY ALL; grouping is empty */
            /* SQL's PIVOT: grouping is empty and means every column that neither pivot nor
             * aggregates name */
            bool rest;
            /* SQL only; may use aliases, grouping columns and further aggregates */
            struct hr_expr *having;
            struct hr_exprs *sets;
            size_t set_count; /* HR_GROUP_SETS */
            /* no values: the distinct ones, in order */
            struct hr_expr *pivot;
            struct hr_exprs pivot_values;
        } aggregate;
        /* all: ORDER BY ALL */
        struct {
            struct hr_exprs orders;
            bool is_global, all;
        } sort;
        /* limit, offset, tail */
        struct {
            struct hr_expr *count;
        } limit;
        struct {
            enum hr_join_type type;
            struct hr_expr *condition;
            struct hr_names using;
            bool natural, lateral;
        } join;
        struct {
            struct hr_expr *left_key, *right_key, *condition, *tolerance;
            struct hr_names using;
            const char *type, *direction;
            bool exact;
        } as_of;
        struct {
            enum hr_set_op op;
            bool all, by_name, allow_missing;
        } set;
        struct {
            struct hr_names columns;
            bool all_columns, within_watermark;
        } deduplicate;
        /* columns: t(a, b) */
        struct {
            const char *alias;
            struct hr_names qualifier, columns;
        } alias;
        /* HR_EXPR_ALIAS each */
        struct {
            struct hr_exprs columns;
        } with_columns;
        struct {
            struct hr_rename *at;
            size_t count;
        } rename;
        struct {
            struct hr_exprs columns;
            struct hr_names names;
        } drop;
        struct {
            struct hr_names names;
        } to_df;
        struct {
            const struct hr_type *schema;
        } to_schema;
        struct {
            double lower, upper;
            bool with_replacement, has_seed, deterministic;
            int64_t seed;
        } sample;
        struct {
            struct hr_expr *column;
            struct hr_fraction *fractions;
            size_t count;
            bool has_seed;
            int64_t seed;
        } sample_by;
        /* partitions 0: not given */
        struct {
            struct hr_exprs exprs;
            int32_t partitions;
            bool shuffle;
        } repartition;
        struct {
            struct hr_exprs ids, values;
            bool has_values;
            const char *variable, *value;
            bool include_nulls;
            struct hr_exprs *value_sets;
            struct hr_names aliases;
            /* SQL only: several value columns; rest: ids are all columns not in values. aliases: ""
             * is none */
            struct hr_names value_names;
            bool rest;
        } unpivot;
        struct {
            struct hr_exprs index;
        } transpose;
        struct {
            struct hr_names columns;
            struct hr_literals values;
        } fill_na;
        struct {
            struct hr_names columns;
            bool has_min_non_nulls;
            int32_t min_non_nulls;
        } drop_na;
        struct {
            struct hr_names columns;
            struct hr_replacement *at;
            size_t count;
        } replace;
        /* describe: names are columns */
        struct {
            struct hr_names statistics;
        } summary;
        /* crosstab, cov, corr */
        struct {
            const char *col1, *col2, *method;
        } pair;
        struct {
            struct hr_names columns;
            double *probabilities;
            size_t count;
            double relative_error;
        } approx_quantile;
        struct {
            struct hr_names columns;
            double support;
        } freq_items;
        struct {
            int32_t rows, truncate;
            bool vertical;
        } show;
        struct {
            const char *name;
            struct hr_exprs parameters;
        } hint;
        struct {
            const char *name;
            struct hr_exprs metrics;
        } collect_metrics;
        /* spark.read.json(rdd), csv(rdd) */
        struct {
            const char *format;
            const struct hr_type *schema;
            struct hr_options options;
        } parse;
        /* input is the root; references by plan_id or alias */
        struct {
            struct hr_rel **references;
            size_t count;
        } with_relations;
        /* input is the body */
        struct {
            struct hr_cte *at;
            size_t count;
            bool recursive;
            int32_t level_limit;
        } cte;
        /* LATERAL VIEW */
        struct {
            struct hr_expr *generator;
            bool outer;
            const char *alias;
            struct hr_names columns;
        } generate;
        struct {
            struct hr_names name;
            struct hr_exprs args;
        } table_function;
        /* WINDOW clause over input's select */
        struct {
            struct hr_window_definition *at;
            size_t count;
        } windows;
        struct {
            const char *id;
        } cached_remote;
        struct {
            const struct hr_catalog_call *call;
        } catalog;
        struct {
            struct hr_expr *function;
            bool is_barrier;
            struct hr_exprs grouping, right_grouping;
        } map;
    };
};

/* spark.catalog.* calls: name is the protobuf's ("list_tables", "table_exists", …), arguments by
 * their protobuf names */
struct hr_catalog_call {
    const char *name;
    struct hr_options args;
    const struct hr_type *schema;
};

/* ---- commands ---- */
enum hr_command_kind {
    HR_COMMAND_CREATE_VIEW,
    HR_COMMAND_DROP_VIEW,
    HR_COMMAND_WRITE,
    HR_COMMAND_WRITE_V2,
    HR_COMMAND_REGISTER,
    HR_COMMAND_SET,
    HR_COMMAND_RESET,
    HR_COMMAND_SHOW,
    HR_COMMAND_DESCRIBE,
    HR_COMMAND_EXPLAIN,
    HR_COMMAND_CACHE,
    HR_COMMAND_UNCACHE,
    HR_COMMAND_USE,
    HR_COMMAND_UNSUPPORTED,
};

enum hr_save_mode { HR_SAVE_ERROR, HR_SAVE_APPEND, HR_SAVE_OVERWRITE, HR_SAVE_IGNORE };

struct hr_write {
    const char *format; /* NULL: spark.sql.sources.default */
    const char *path;   /* NULL when to a table */
    struct hr_names table;
    bool insert_into;
    enum hr_save_mode mode;
    struct hr_options options;
    struct hr_names partition_by, sort_by, bucket_by, cluster_by;
    int32_t buckets;
};

struct hr_command {
    enum hr_command_kind kind;
    /* the query of a view, write, describe query, explain, cache */
    struct hr_rel *input;
    union {
        struct {
            struct hr_names name;
            bool global, replace, temporary, if_not_exists;
            struct hr_names columns;
            const char *comment;
            /* one for each of columns, "" is none; or empty */
            struct hr_names column_comments;
        } view;
        struct {
            struct hr_names name;
            bool if_exists;
        } drop;
        struct hr_write write;
        /* spark.udf.register; what: "Python function", never freed */
        struct {
            const char *name, *what;
        } function;
        /* key NULL: all; value NULL: ask */
        struct {
            const char *key, *value;
            bool verbose;
        } set;
        /* "TABLES", "VIEWS", "COLUMNS", "FUNCTIONS", "DATABASES" … */
        struct {
            const char *what, *pattern;
            struct hr_names in;
        } show;
        struct {
            struct hr_names name;
            bool extended, is_function;
            const char *column;
        } describe;
        struct {
            const char *mode;
        } explain;
        /* uncache without a name: all */
        struct {
            struct hr_names name;
            bool if_exists, lazy;
            struct hr_options options;
        } cache;
        /* what: "NAMESPACE", "CATALOG" */
        struct {
            struct hr_names name;
            const char *what;
        } use;
        /* "CREATE TABLE": refused by this name */
        struct {
            const char *what;
        } unsupported;
    };
};

/* the protobuf's name, for messages: "read", "as_of_join" … */
const char *hr_rel_kind_name(enum hr_rel_kind kind);
const char *hr_expr_kind_name(enum hr_expr_kind kind);
/* without case, the last one wins; NULL when absent */
const char *hr_option_get(const struct hr_options *options, const char *key);

/* one expression or relation, zeroed, with its kind (and plan id) set */
struct hr_expr *hr_expr_new(struct hr_arena *arena, enum hr_expr_kind kind);
struct hr_rel *hr_rel_new(struct hr_arena *arena, enum hr_rel_kind kind, struct hr_rel *input);
/* count struct hr_expr * */
struct hr_expr *hr_expr_call(struct hr_arena *arena, const char *name, size_t count, ...);
/* one part, no plan id */
struct hr_expr *hr_expr_attribute(struct hr_arena *arena, const char *name);
struct hr_expr *hr_expr_string(struct hr_arena *arena, const char *text);
struct hr_expr *hr_expr_integer(struct hr_arena *arena, const struct hr_type *type, int64_t value);
#endif
