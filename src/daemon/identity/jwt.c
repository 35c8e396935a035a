#include "daemon/identity/jwt.h"
#include "wire/base64.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static char *signature_of(struct hr_arena *arena,
                          const unsigned char *key,
                          const char *text,
                          size_t len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    HMAC(EVP_sha256(), key, HR_JWT_KEY_BYTES, (const unsigned char *)text, len, mac, &mac_len);
    return hr_base64url_text(arena, mac, mac_len);
}

const char *hr_jwt_sign(struct hr_arena *arena,
                        const unsigned char key[static HR_JWT_KEY_BYTES],
                        json_t *claims)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
    char *body = json_dumps(claims, JSON_COMPACT);
    const char *text = hr_printf(arena, "%s.%s", hr_base64url_text(arena, header, strlen(header)),
                                 hr_base64url_text(arena, body, strlen(body)));
    free(body);
    return hr_printf(arena, "%s.%s", text, signature_of(arena, key, text, strlen(text)));
}

json_t *hr_jwt_verify(struct hr_arena *arena,
                      const unsigned char key[static HR_JWT_KEY_BYTES],
                      const char *text)
{
    const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strlen(text) > 8192)
        return NULL;
    const char *expected = signature_of(arena, key, text, (size_t)(second - text));
    if (strlen(expected) != strlen(second + 1) ||
        CRYPTO_memcmp(expected, second + 1, strlen(expected)))
        return NULL;
    size_t len;
    unsigned char *body = hr_base64url_decode(arena, first + 1, (size_t)(second - first - 1), &len);
    return body ? json_loadb((const char *)body, len, 0, NULL) : NULL;
}
