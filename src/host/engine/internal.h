/* What the files of engine/ share. */
#ifndef HR_HOST_ENGINE_INTERNAL_H
#define HR_HOST_ENGINE_INTERNAL_H
#include "base/check.h"
#include "host/analyze/analyze.h"
#include "host/analyze/functions/catalogue.h"
#include "host/engine/engine.h"
#include "host/engine/kernel.h"
#include <string.h>

struct kernel_use {
    const char *name; /* as registered */
    const struct hr_kernel *kernel;
    struct hr_kernel_types types;
};

/* one statement being written */
struct emit {
    struct hr_arena *arena;
    struct hr_env *env;
    struct hr_err *err;
    /* sel_take's: err says what was too large; whoever closes a statement returns it */
    enum hr_code failed;
    const char *zone;
    bool ansi;
    int next_table, next_mark;
    /* of the expression being written, from the statement's or its lambda's */
    int depth;
    /* what is being written is hidden from the engine's slow searches: emit_expr */
    bool is_shielded, is_opaque;
    unsigned steps;
    /* bodies of the plan's lambdas around what is being written */
    int lambda_depth;
    int inside; /* lambdas around it, those that the emitter makes too */
    /* in a subquery that has some, by attribute id: it is a column of an enclosing query (outer.h)
     */
    bool *outer;
    struct handed *handed; /* those that the lambdas of the call being written use */
    const char **texts;    /* by attribute id: how the open select says the column */
    unsigned char *plain;  /* by attribute id: PLAIN_* of that text */
    bool *needed;          /* by attribute id */
    size_t id_count;
    struct kernel_use *uses;
    size_t use_count, use_cap;
    /* for the kernel being written, when it is a prepared one */
    const struct hr_options *kernel_options;
    const char *ctes; /* "c1 AS (…), c2 AS (…)" */
    bool recursive;   /* one of them names itself */
};

enum { PLAIN_COMPUTED, PLAIN_LITERAL, PLAIN_COLUMN };

/* SELECT … AS c0, … */
enum hr_code hr_emit_statement(struct emit *e, const struct hr_node *node, const char **sql);
enum hr_code hr_emit_expr(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out);
/* of a filter: NULL is false */
enum hr_code hr_emit_condition(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out);
enum hr_code hr_emit_cast(struct emit *e,
                          const char *text,
                          const struct hr_type *from,
                          const struct hr_type *to,
                          enum hr_cast_mode mode,
                          struct hr_buf *out);
/* SELECT … AS a<id>, … : all needed columns */
enum hr_code hr_emit_query(struct emit *e, const struct hr_node *node, const char **sql);
enum hr_code hr_emit_positional(struct emit *e,
                                const struct hr_node *node,
                                const char *prefix,
                                const char **sql);
/* what was written, in the arena; releases buf. When buf failed the text is "", and e->failed is
 * set: the statement fails. */
const char *hr_sel_take(struct emit *e, struct hr_buf *buf);
/* DuckDB's CAST is Spark's, for every value */
bool hr_is_native_cast(const struct hr_type *from, const struct hr_type *to);
void hr_emit_literal(const struct hr_literal *literal, struct hr_buf *out);
/* the body of a lambda, which can be ended between any of its elements */
enum hr_code hr_emit_body(struct emit *e, const struct hr_texpr *body, struct hr_buf *out);
/* writes the name of a kernel specialised for these types, and notes its use */
enum hr_code hr_emit_kernel(struct emit *e,
                            const char *name,
                            size_t len,
                            const struct hr_type *result,
                            const struct hr_type **args,
                            size_t count,
                            struct hr_buf *out);
/* DuckDB's */
const char *hr_type_text(struct emit *e, const struct hr_type *type);

struct budget;
enum hr_code hr_kernel_register(duckdb_connection connection,
                                struct budget *budget,
                                const struct kernel_use *use,
                                struct hr_err *err);

/* tells where the plan failed, if that is certain */
void hr_engine_context(const struct hr_typed *typed, struct hr_err *err);

struct show;
struct show *hr_show_new(const struct hr_typed *typed);
void hr_show_add(struct show *show, duckdb_data_chunk chunk);
/* frees show; the text is the caller's, NULL if empty */
enum hr_code hr_show_finish(struct show *show, char **text, size_t *len, struct hr_err *err);
#endif
