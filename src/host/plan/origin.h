/* Where in SQL text a failure lies, written the way Spark's messages and query contexts write it.
 * Offsets into the text are bytes here; what Spark shows (pos, startIndex) are code points. */
#ifndef HR_HOST_PLAN_ORIGIN_H
#define HR_HOST_PLAN_ORIGIN_H
#include "host/plan/plan.h"

/* a syntax error's tail: " (line 1, pos 4)", the text, and a mark below the line; returns err->code
 */
enum hr_code hr_origin_syntax(struct hr_err *err, const char *sql, int offset);
/* the query context of a failure whose expression is known, in err->context and, as Spark
 * summarises it, in err->tail; without effect when origin is NULL; returns err->code */
enum hr_code hr_origin_context(struct hr_err *err, const struct hr_origin *origin);
#endif
