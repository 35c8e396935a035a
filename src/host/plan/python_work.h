/* Work in Python that a plan asks for and this pool does not do, in the words of who wrote it. */
#ifndef HR_HOST_PLAN_PYTHON_WORK_H
#define HR_HOST_PLAN_PYTHON_WORK_H
#include "host/plan/plan.h"

/* refuses a HR_EXPR_UDF, alone or of a relation such as mapInPandas: UNSUPPORTED_FEATURE */
enum hr_code hr_refuse_udf(struct hr_arena *arena, const struct hr_expr *udf, struct hr_err *err);
/* refuses the call of a registered function; what: "Python function", "Java function" … */
enum hr_code hr_refuse_registered(const char *what, const char *name, struct hr_err *err);
#endif
