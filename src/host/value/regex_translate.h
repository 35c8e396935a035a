/* Java's patterns as PCRE2's: private to value/regex.c. */
#ifndef HR_HOST_VALUE_REGEX_TRANSLATE_H
#define HR_HOST_VALUE_REGEX_TRANSLATE_H
#include "base/buf.h"

/* False when Java would refuse the pattern, or when it says what cannot be said to PCRE2. *unicode:
 * \d \w \s \b and POSIX classes are Unicode's (Java's U flag), a matter of the whole pattern to
 * PCRE2. */
bool hr_regex_translate(const char *pattern, size_t len, struct hr_buf *out, bool *unicode);

#define HR_REGEX_NAME_MAX                                                   \
    32 /* letters of a group's name that PCRE2 takes; Java takes any number \
        */
/* how a group is called in the translation: by its own name, or, where that is too long, by its
 * beginning and a digest of it */
void hr_regex_group_name(const char *name, size_t len, char out[static HR_REGEX_NAME_MAX + 1]);
#endif
