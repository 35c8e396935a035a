#include "daemon/identity/jwt.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

char *hr_base64url(struct hr_arena *arena, const void *bytes, size_t len)
{
    char *out = hr_arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    int n = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    while (n && out[n - 1] == '=')
        out[--n] = 0;
    for (char *c = out; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    return out;
}

unsigned char *hr_base64_decode(struct hr_arena *arena,
                                const char *text,
                                size_t len,
                                size_t *out_len)
{
    while (len && text[len - 1] == '=')
        len--;
    if (len % 4 == 1 || len > 1 << 20)
        return NULL;
    size_t padded = (len + 3) / 4 * 4;
    char *copy = hr_arena_alloc(arena, padded + 1);
    for (size_t i = 0; i < padded; i++) {
        char c = i < len ? text[i] : '=';
        copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    unsigned char *out = hr_arena_alloc(arena, padded / 4 * 3 + 1);
    int n = EVP_DecodeBlock(out, (unsigned char *)copy, (int)padded);
    if (n < 0)
        return NULL;
    *out_len = (size_t)n - (padded - len);
    out[*out_len] = 0;
    return out;
}

static char *signature_of(struct hr_arena *arena,
                          const unsigned char *key,
                          const char *text,
                          size_t len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    HMAC(EVP_sha256(), key, HR_JWT_KEY_BYTES, (const unsigned char *)text, len, mac, &mac_len);
    return hr_base64url(arena, mac, mac_len);
}

const char *hr_jwt_sign(struct hr_arena *arena,
                        const unsigned char key[static HR_JWT_KEY_BYTES],
                        json_t *claims)
{
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\"}";
    char *body = json_dumps(claims, JSON_COMPACT);
    const char *text = hr_printf(arena, "%s.%s", hr_base64url(arena, header, strlen(header)),
                                 hr_base64url(arena, body, strlen(body)));
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
    unsigned char *body = hr_base64_decode(arena, first + 1, (size_t)(second - first - 1), &len);
    return body ? json_loadb((const char *)body, len, 0, NULL) : NULL;
}
