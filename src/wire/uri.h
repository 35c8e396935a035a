/* Percent-encoding and query strings, as RFC 3986 and Azure Storage use them. Pure: bytes in, bytes
 * out; any thread. */
#ifndef HR_WIRE_URI_H
#define HR_WIRE_URI_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* unreserved characters (letters, digits, "-._~") and those in `keep` stay; everything else becomes
 * %XX */
void hr_uri_encode(struct hr_buf *out, const char *text, const char *keep);
/* false: an escape is broken, or `out` is full. plus: what a '+' becomes */
bool hr_uri_decode(struct hr_buf *out, const char *text, size_t len, char plus);
/* NUL-terminated; NULL for a broken escape or a NUL in it. In paths '+' is left alone, in forms and
 * queries it is a blank. */
char *hr_uri_decode_text(struct hr_arena *arena, const char *text, size_t len);
char *hr_uri_decode_form(struct hr_arena *arena, const char *text, size_t len);

/* Queries are decoded as forms are. Clients of several languages write it so (Go's
 * url.Values.Encode, .NET, Java), and sign what that reads; a plus sign comes as %2B. */
struct hr_query_param {
    const char *name, *value;
}; /* decoded; the order is the request's */
struct hr_query {
    struct hr_query_param *at;
    size_t count;
};
/* fails on broken escapes, NUL and more than HR_HTTP_HEADER_COUNT_MAX parameters */
enum hr_code hr_query_parse(struct hr_arena *arena,
                            const char *text,
                            struct hr_query *query,
                            struct hr_err *err);
/* names without case; NULL when absent */
const char *hr_query_get(const struct hr_query *query, const char *name);
#endif
