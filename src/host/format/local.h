/* Schemas as messages carry them: DDL or JSON text; a type that is not a struct becomes one column
 * named value. Private to format/. */
#ifndef HR_HOST_FORMAT_LOCAL_H
#define HR_HOST_FORMAT_LOCAL_H
#include "host/plan/type.h"

enum hr_code hr_local_schema(struct hr_arena *arena,
                             const char *text,
                             const struct hr_type **schema,
                             struct hr_err *err);
#endif
