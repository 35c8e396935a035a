#include "access/access.h"
#include "base/clock.h"
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_BYTES 64

static char *to_base64url(struct hr_arena *arena, const void *bytes, size_t len)
{
    char *out = hr_arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    int n = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    while (n && out[n - 1] == '=')
        out[--n] = 0;
    for (char *c = out; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    return out;
}

/* NULL when the text is not base64url */
static unsigned char *from_base64url(struct hr_arena *arena, const char *text, size_t len, size_t *out_len)
{
    size_t padded = (len + 3) / 4 * 4;
    char *copy = hr_arena_alloc(arena, padded + 1);
    for (size_t i = 0; i < padded; i++) {
        char c = i < len ? text[i] : '=';
        copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    unsigned char *out = hr_arena_alloc(arena, padded / 4 * 3 + 1);
    int n = len % 4 == 1 ? -1 : EVP_DecodeBlock(out, (unsigned char *)copy, (int)padded);
    if (n < 0)
        return NULL;
    *out_len = (size_t)n - (padded - len);
    return out;
}

void hr_grant_key_new(unsigned char secret[static HR_GRANT_KEY_BYTES])
{
    hr_random_bytes(secret, HR_GRANT_KEY_BYTES);   /* every 32 bytes are a private key of Ed25519 */
}

enum hr_code hr_grant_key_public(const unsigned char secret[static HR_GRANT_KEY_BYTES],
                                 unsigned char out[static HR_GRANT_KEY_BYTES], struct hr_err *err)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, HR_GRANT_KEY_BYTES);
    size_t len = HR_GRANT_KEY_BYTES;
    bool done = key && EVP_PKEY_get_raw_public_key(key, out, &len) == 1;
    EVP_PKEY_free(key);
    return done ? HR_OK : hr_fail(err, HR_E_INTERNAL, "the grant key has no public half");
}

static bool sign(const unsigned char *secret, const char *text, size_t len, unsigned char signature[SIGNATURE_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, HR_GRANT_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SIGNATURE_BYTES;
    bool done = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return done;
}

static bool verify(const unsigned char *public, const char *text, size_t len, const unsigned char *signature)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, HR_GRANT_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

enum hr_code hr_grant_sign(struct hr_arena *arena, const unsigned char secret[static HR_GRANT_KEY_BYTES],
                           const struct hr_grant *grant, const char **text, struct hr_err *err)
{
    if (grant->expires_ms <= grant->issued_ms || grant->expires_ms - grant->issued_ms > HR_GRANT_SECONDS_MAX * 1000)
        return hr_fail(err, HR_E_INVALID, "a grant lasts at most %d seconds", HR_GRANT_SECONDS_MAX);
    json_t *assignments = json_array();
    for (size_t i = 0; i < grant->count; i++)
        json_array_append_new(assignments, json_pack("[s, s]", grant->assignments[i].role, grant->assignments[i].scope));
    json_t *json = json_pack("{s:s, s:s*, s:s*, s:s, s:I, s:I, s:o}", "sub", grant->principal, "name", grant->name, "sid",
                             grant->session, "scope", grant->scope, "iat", (json_int_t)grant->issued_ms, "exp",
                             (json_int_t)grant->expires_ms, "assigned", assignments);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!body)
        return hr_fail(err, HR_E_INVALID, "the grant of principal \"%s\" is not text", grant->principal);
    const char *encoded = to_base64url(arena, body, strlen(body));
    free(body);
    unsigned char signature[SIGNATURE_BYTES];
    if (!sign(secret, encoded, strlen(encoded), signature))
        return hr_fail(err, HR_E_INTERNAL, "the grant of principal \"%s\" cannot be signed", grant->principal);
    *text = hr_printf(arena, "%s.%s", encoded, to_base64url(arena, signature, sizeof signature));
    return HR_OK;
}

static struct hr_grant *from_json(struct hr_arena *arena, json_t *json)
{
    const char *principal, *name = NULL, *session = NULL, *scope;
    json_int_t issued, expires;
    json_t *assigned;
    if (json_unpack(json, "{s:s, s?s, s?s, s:s, s:I, s:I, s:o}", "sub", &principal, "name", &name, "sid", &session, "scope",
                    &scope, "iat", &issued, "exp", &expires, "assigned", &assigned) ||
        !json_is_array(assigned))
        return NULL;
    struct hr_grant *grant = HR_NEW(arena, struct hr_grant);
    struct hr_assignment *list = HR_NEW_ARRAY(arena, struct hr_assignment, json_array_size(assigned) + 1);
    *grant = (struct hr_grant){hr_strdup(arena, principal),
                               hr_strdup(arena, name),
                               hr_strdup(arena, session),
                               hr_strdup(arena, scope),
                               list,
                               json_array_size(assigned),
                               issued,
                               expires};
    for (size_t i = 0; i < grant->count; i++) {
        const char *role, *on;
        if (json_unpack(json_array_get(assigned, i), "[s, s]", &role, &on))
            return NULL;
        list[i] = (struct hr_assignment){grant->principal, hr_strdup(arena, role), hr_strdup(arena, on)};
    }
    return grant;
}

enum hr_code hr_grant_verify(struct hr_arena *arena, const unsigned char key[static HR_GRANT_KEY_BYTES], const char *text,
                             int64_t now_ms, struct hr_grant **grant, struct hr_err *err)
{
    const char *dot = strchr(text, '.');
    size_t len = 0, signature_len = 0;
    unsigned char *signature = dot ? from_base64url(arena, dot + 1, strlen(dot + 1), &signature_len) : NULL;
    if (!signature || signature_len != SIGNATURE_BYTES || !verify(key, text, (size_t)(dot - text), signature))
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant is not signed by this server");
    unsigned char *body = from_base64url(arena, text, (size_t)(dot - text), &len);
    json_t *json = body ? json_loadb((const char *)body, len, 0, NULL) : NULL;
    *grant = json ? from_json(arena, json) : NULL;
    json_decref(json);
    if (!*grant)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant cannot be read");
    if ((*grant)->expires_ms - (*grant)->issued_ms > HR_GRANT_SECONDS_MAX * 1000 || now_ms >= (*grant)->expires_ms)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" is over", (*grant)->principal);
    return HR_OK;
}

enum hr_code hr_grant_decide(const struct hr_grant *grant, enum hr_action action, const char *scope, struct hr_err *err)
{
    if (!hr_access_covers(grant->scope, scope))
        return hr_fail(err, HR_E_DENIED, "the grant of principal \"%s\" holds scope \"%s\" only, not \"%s\"", grant->principal,
                       grant->scope, scope);
    struct hr_question question = {grant->principal, grant->name, action, scope};
    return hr_access_decide(&question, grant->assignments, grant->count, err);
}
