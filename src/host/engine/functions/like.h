/* What the kernel of LIKE and the emitter, which reads constant patterns, say of a pattern that is
 * none. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_LIKE_H
#define HR_HOST_ENGINE_FUNCTIONS_LIKE_H
#include "base/error.h"
#include "host/value/java_text.h"

/* fails with Spark's INVALID_FORMAT; bad: the character that is escaped though it needs none */
enum hr_code hr_like_fail(enum hr_like_fault fault,
                          const char *pattern,
                          size_t len,
                          const char *bad,
                          size_t bad_len,
                          struct hr_err *err);
#endif
