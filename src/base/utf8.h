/* UTF-8: shortest forms only, no surrogates, up to U+10FFFF. The one place that reads and writes
 * it; utf8proc (host) knows what the characters are. Any thread. */
#ifndef HR_BASE_UTF8_H
#define HR_BASE_UTF8_H
#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hr_utf8_valid(const void *bytes, size_t len);
/* the length of the character at `text`, and which it is; 0: what stands there is not UTF-8 */
size_t hr_utf8_next(const char *text, size_t len, uint32_t *point);
/* A character begins with this byte, in text that is valid */
static inline bool hr_utf8_starts(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}
/* in characters, of text that is valid */
size_t hr_utf8_length(const char *text, size_t len);
/* Their length; 0: there is no such character. A surrogate alone is written as if it were one: who
 * has UTF-16 joins the halves first. */
size_t hr_utf8_put(char out[static 4], uint32_t point);
void hr_utf8_add(struct hr_buf *out, uint32_t point);
#endif
