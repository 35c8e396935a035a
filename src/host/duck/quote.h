/* Text in the SQL that DuckDB reads. */
#ifndef HR_HOST_DUCK_QUOTE_H
#define HR_HOST_DUCK_QUOTE_H
#include "base/buf.h"

/* a literal: any bytes */
void hr_duck_text(const char *bytes, size_t len, struct hr_buf *out);
/* a name in double quotes; NUL ends it */
void hr_duck_name(const char *name, struct hr_buf *out);
#endif
