/* Java's patterns as PCRE2's: private to value/regex.c. */
#ifndef HR_HOST_VALUE_REGEX_TRANSLATE_H
#define HR_HOST_VALUE_REGEX_TRANSLATE_H
#include "base/buf.h"

/* False when Java would refuse the pattern, or when it says what cannot be said to PCRE2. *unicode: \d \w \s \b and POSIX classes are Unicode's
 * (Java's U flag), a matter of the whole pattern to PCRE2. */
bool hr_regex_translate(const char *pattern, size_t len, struct hr_buf *out, bool *unicode);
#endif
