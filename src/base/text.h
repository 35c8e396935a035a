/* A piece of text that lies elsewhere: whoever gives it says how long the bytes stay. Not closed by
 * a zero byte. */
#ifndef HR_BASE_TEXT_H
#define HR_BASE_TEXT_H
#include <stddef.h>

struct hr_text {
    const char *bytes;
    size_t len;
};
#endif
