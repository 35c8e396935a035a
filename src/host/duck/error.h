/* DuckDB's failures as Spark's. */
#ifndef HR_HOST_DUCK_ERROR_H
#define HR_HOST_DUCK_ERROR_H
#include "base/error.h"

/* where this process spills, for messages; empty: nowhere */
extern char hr_duck_spill_folder[1024];
/* of the text of a failure; returns err's code */
enum hr_code hr_duck_error(const char *text, struct hr_err *err);
#endif
