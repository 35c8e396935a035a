/* Plans as stable text, one line an expression and one line a relation: for tests and for EXPLAIN.
 * Unresolved plans only; what a node does not carry is left out. Not meant to be parsed. */
#ifndef HR_HOST_PLAN_PRINT_H
#define HR_HOST_PLAN_PRINT_H
#include "host/plan/plan.h"

/* (a == 1) AND NOT …, as calls: and(==(a, 1), …) */
void hr_print_expr(const struct hr_expr *expr, struct hr_buf *out);
/* a tree: two spaces a level */
void hr_print_rel(const struct hr_rel *rel, int indent, struct hr_buf *out);
void hr_print_command(const struct hr_command *command, struct hr_buf *out);
#endif
