/* base64, as RFC 4648 has it, on OpenSSL. Any thread. */
#ifndef HR_WIRE_BASE64_H
#define HR_WIRE_BASE64_H
#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* of the text, closed */
#define HR_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)
/* `out` has room for HR_BASE64_SIZE(len); the text's length without its end */
size_t hr_base64_encode(const void *bytes, size_t len, char *out);
char *hr_base64_text(struct hr_arena *arena, const void *bytes, size_t len);
/* the alphabet of names in addresses, without padding (RFC 7515: tokens) */
char *hr_base64url_text(struct hr_arena *arena, const void *bytes, size_t len);

/* Padding may be missing, as in tokens, but not be wrong; blanks are in no alphabet. NULL: it is
 * not base64. The bytes are closed with a zero that *out_len does not count. */
#define HR_BASE64_BYTES(len)                                             \
    ((len) / 4 * 3 + (len) % 4) /* the most that so long a text can hold \
                                 */
unsigned char *hr_base64_decode(struct hr_arena *arena,
                                const char *text,
                                size_t len,
                                size_t *out_len);
unsigned char *hr_base64url_decode(struct hr_arena *arena,
                                   const char *text,
                                   size_t len,
                                   size_t *out_len);
/* `out` has room for HR_BASE64_BYTES(len), is not closed, and may be the text's own place: what is
 * secret lies nowhere else */
bool hr_base64_decode_into(const char *text, size_t len, unsigned char *out, size_t *out_len);
#endif
