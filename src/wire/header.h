/* HTTP header fields, for all versions of HTTP. */
#ifndef HR_WIRE_HEADER_H
#define HR_WIRE_HEADER_H
#include <stddef.h>

struct hr_header {
    const char *name; /* in lower case */
    const char *value;
    /* the name as the peer spelled it; NULL: not known (HTTP/2 has lower case only) */
    const char *sent;
};
struct hr_headers {
    struct hr_header *at;
    size_t count;
};
/* the first of that name; NULL when absent */
const char *hr_header_get(const struct hr_headers *headers, const char *name);
#endif
