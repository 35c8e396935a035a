#include "host/plan/python_work.h"
#include <string.h>

#define INSTEAD \
    "use Spark's own functions, or collect the rows with toPandas() and run the function there"

/* by PySpark's PythonEvalType; what is not here is a function in an expression */
/* clang-format off: columns */
static const struct {
    int eval_type;
    const char *call;
} relations[] = {
    {201, "groupBy().applyInPandas()"}, {205, "DataFrame.mapInPandas()"},
    {206, "cogroup().applyInPandas()"}, {207, "DataFrame.mapInArrow()"},
    {209, "groupBy().applyInArrow()"},  {210, "cogroup().applyInArrow()"},
};
/* clang-format on */

/* PySpark makes these calls of functions of its own */
static const struct {
    const char *function, *call;
} calls[] = {
    {"foreach_func", "DataFrame.foreach()"},
    {"foreach_partition_func", "DataFrame.foreachPartition()"},
};

static const char *call_of(const struct hr_expr *udf)
{
    for (size_t i = 0; i < HR_LEN(calls); i++)
        if (!strcmp(calls[i].function, udf->udf.name))
            return calls[i].call;
    for (size_t i = 0; i < HR_LEN(relations); i++)
        if (relations[i].eval_type == udf->udf.eval_type)
            return relations[i].call;
    return NULL;
}

enum hr_code hr_refuse_udf(struct hr_arena *arena, const struct hr_expr *udf, struct hr_err *err)
{
    const char *call = call_of(udf);
    const char *what = call ? call : hr_printf(arena, "the Python function `%s`", udf->udf.name);
    return hr_refuse(err, "%s (%s)", what, INSTEAD);
}

enum hr_code hr_refuse_registered(const char *what, const char *name, struct hr_err *err)
{
    return hr_refuse(err, "calling the registered %s `%s` (%s)", what, name, INSTEAD);
}
