/* analyze/: Spark's logical plan to a typed plan, or Spark's error.
 *
 * Names, types, nullability, coercion and automatic names are decided here, by Spark 4.2's rules;
 * the engine only executes. The caller owns arena and env; one analysis runs on one thread, which
 * needs HR_ANALYZE_STACK_BYTES of stack for the deepest plans. */
#ifndef HR_HOST_ANALYZE_ANALYZE_H
#define HR_HOST_ANALYZE_ANALYZE_H
#include "host/analyze/typed.h"

enum hr_code hr_analyze(struct hr_arena *arena,
                        struct hr_env *env,
                        const struct hr_rel *rel,
                        struct hr_typed **typed,
                        struct hr_err *err);

/* visits the direct children; fn may replace them */
enum hr_code hr_texpr_each(struct hr_texpr *expr,
                           enum hr_code (*fn)(void *arg, struct hr_texpr **child),
                           void *arg);

/* visits every expression of a plan, not what stands inside it; fn may replace them */
enum hr_code hr_node_each_expr(struct hr_node *node,
                               enum hr_code (*fn)(void *arg, struct hr_texpr **expr),
                               void *arg);

#endif
