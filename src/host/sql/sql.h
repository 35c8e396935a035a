/* Spark SQL text to plan.
 *
 * A re2c lexer makes tokens, a pass over them decides where a keyword is only a name (nearly every
 * keyword may be one), and a Lemon grammar builds the plan of host/plan. Text without a query in it
 * (SET, SHOW, CREATE VIEW …) is read by command.c. Nothing is looked up and nothing is evaluated
 * here. Any bytes are safe: size, nesting and depth are bounded, and what Spark would refuse is
 * refused with Spark's condition and position. Everything made lives in `arena`; `text` is copied.
 * Any thread. */
#ifndef HR_HOST_SQL_SQL_H
#define HR_HOST_SQL_SQL_H
#include "host/plan/plan.h"

/* What the meaning of a literal depends on. NULL in a call is Spark's defaults. */
struct hr_sql_options {
    /* spark.sql.session.timeZone, for TIMESTAMP '…'; NULL is UTC */
    const char *time_zone;
    bool timestamp_is_ntz;    /* spark.sql.timestampType = TIMESTAMP_NTZ */
    bool double_quoted_names; /* spark.sql.ansi.enabled with doubleQuotedIdentifiers */
};

/* ${name} in text, replaced by what lookup(arg, name) gives: "" where it gives NULL. ${env:…} and
 * ${system:…} stay as they are. */
typedef const char *hr_sql_lookup(void *arg, const char *name);
enum hr_code hr_sql_substitute(struct hr_arena *arena,
                               const char *text,
                               hr_sql_lookup *lookup,
                               void *arg,
                               const char **out,
                               struct hr_err *err);

/* exactly one of the two is set */
struct hr_sql_statement {
    struct hr_rel *query;
    struct hr_command *command;
};

enum hr_code hr_sql_parse_statement(struct hr_arena *arena,
                                    const char *text,
                                    const struct hr_sql_options *options,
                                    struct hr_sql_statement *statement,
                                    struct hr_err *err);
enum hr_code hr_sql_parse_query(struct hr_arena *arena,
                                const char *text,
                                const struct hr_sql_options *options,
                                struct hr_rel **query,
                                struct hr_err *err);
/* one expression; it may carry an alias ("a + 1 AS b"), as selectExpr takes it */
enum hr_code hr_sql_parse_expr(struct hr_arena *arena,
                               const char *text,
                               const struct hr_sql_options *options,
                               struct hr_expr **expr,
                               struct hr_err *err);
/* the parts of a name: a column ("a.b.`c d`") or a table ("global_temp.t") */
enum hr_code hr_sql_parse_names(struct hr_arena *arena,
                                const char *text,
                                struct hr_names *names,
                                struct hr_err *err);
/* a type, or the fields of a struct */
enum hr_code hr_sql_parse_type(struct hr_arena *arena,
                               const char *text,
                               const struct hr_type **type,
                               struct hr_err *err);
#endif
