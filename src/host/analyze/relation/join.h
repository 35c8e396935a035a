/* What joins by a condition and as-of joins share. */
#ifndef HR_HOST_ANALYZE_RELATION_JOIN_H
#define HR_HOST_ANALYZE_RELATION_JOIN_H
#include "host/analyze/internal.h"

/* its columns, by its type: those of a side that may be missing are nullable */
void hr_join_output(struct analysis *a, struct hr_node *join);
/* NULL: not among the node's */
const struct hr_attr *hr_in_output(const struct hr_node *node, int id);
/* the column of that name on a side ("left", "right"); UNRESOLVED_USING_COLUMN_FOR_JOIN,
 * AMBIGUOUS_REFERENCE */
enum hr_code hr_using_key(struct analysis *a,
                          struct hr_node *side,
                          const char *name,
                          const char *which,
                          const struct hr_attr **out);
#endif
