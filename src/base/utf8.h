/* UTF-8 validity: shortest forms only, no surrogates, up to U+10FFFF. */
#ifndef HR_BASE_UTF8_H
#define HR_BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>

bool hr_utf8_valid(const void *bytes, size_t len);
#endif
