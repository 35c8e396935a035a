#include "access/access.h"
#include "base/clock.h"
#include "base/hex.h"
#include "wire/base64.h"
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_BYTES 64

void hr_grant_key_new(unsigned char secret[static HR_GRANT_KEY_BYTES])
{
    hr_random_bytes(secret, HR_GRANT_KEY_BYTES); /* every 32 bytes are a private key of Ed25519 */
}

enum hr_code hr_grant_key_public(const unsigned char secret[static HR_GRANT_KEY_BYTES],
                                 unsigned char out[static HR_GRANT_KEY_BYTES],
                                 struct hr_err *err)
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, HR_GRANT_KEY_BYTES);
    size_t len = HR_GRANT_KEY_BYTES;
    bool done = key && EVP_PKEY_get_raw_public_key(key, out, &len) == 1;
    EVP_PKEY_free(key);
    return done ? HR_OK : hr_fail(err, HR_E_INTERNAL, "the grant key has no public half");
}

static bool sign(const unsigned char *secret,
                 const char *text,
                 size_t len,
                 unsigned char signature[SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, HR_GRANT_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SIGNATURE_BYTES;
    bool done = key &&
                ctx &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return done;
}

static bool verify(const unsigned char *public,
                   const char *text,
                   size_t len,
                   const unsigned char *signature)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, HR_GRANT_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        key &&
        ctx &&
        EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

static const char *sealed(struct hr_arena *arena, const unsigned char *secret, json_t *json)
{
    unsigned char signature[SIGNATURE_BYTES];
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    const char *encoded = body ? hr_base64url_text(arena, body, strlen(body)) : NULL;
    free(body);
    if (!encoded || !sign(secret, encoded, strlen(encoded), signature))
        return NULL;
    return hr_printf(arena, "%s.%s", encoded,
                     hr_base64url_text(arena, signature, sizeof signature));
}

/* NULL: not ours. A reference. */
static enum hr_code unsealed(struct hr_arena *arena,
                             const unsigned char *key,
                             const char *text,
                             const char *what,
                             json_t **json,
                             struct hr_err *err)
{
    const char *dot = strchr(text, '.');
    size_t len = 0, signature_len = 0;
    unsigned char *signature =
        dot ? hr_base64url_decode(arena, dot + 1, strlen(dot + 1), &signature_len) : NULL;
    if (!signature ||
        signature_len != SIGNATURE_BYTES ||
        !verify(key, text, (size_t)(dot - text), signature))
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the %s is not signed by this server", what);
    unsigned char *body = hr_base64url_decode(arena, text, (size_t)(dot - text), &len);
    *json = body ? json_loadb((const char *)body, len, 0, NULL) : NULL;
    return *json ? HR_OK : hr_fail(err, HR_E_UNAUTHENTICATED, "the %s cannot be read", what);
}

static json_t *sizes_json(const struct hr_sizes *sizes)
{
    json_t *json = json_object();
    for (size_t i = 0; i < HR_SIZE_COUNT; i++)
        if (sizes->at[i])
            json_object_set_new(json, hr_size_table[i].field, json_string(sizes->at[i]));
    return json;
}

enum hr_code hr_grant_sign(struct hr_arena *arena,
                           const unsigned char secret[static HR_GRANT_KEY_BYTES],
                           const struct hr_grant *grant,
                           const char **text,
                           struct hr_err *err)
{
    if (grant->expires_ms <= grant->issued_ms ||
        grant->expires_ms - grant->issued_ms > HR_GRANT_SECONDS_MAX * 1000)
        return hr_fail(err, HR_E_INVALID, "a grant lasts at most %d seconds", HR_GRANT_SECONDS_MAX);
    json_t *assignments = json_array();
    for (size_t i = 0; i < grant->count; i++)
        json_array_append_new(assignments, json_pack("[s, s]", grant->assignments[i].role,
                                                     grant->assignments[i].scope));
    json_t *json = json_pack("{s:s, s:s*, s:s*, s:s, s:I, s:I, s:o}", "sub", grant->principal,
                             "name", grant->name, "sid", grant->session, "scope", grant->scope,
                             "iat", (json_int_t)grant->issued_ms, "exp",
                             (json_int_t)grant->expires_ms, "assigned", assignments);
    if (json && hr_sizes_named(&grant->sizes))
        json_object_set_new(json, "sizes", sizes_json(&grant->sizes));
    *text = sealed(arena, secret, json);
    return *text ? HR_OK
                 : hr_fail(err, HR_E_INVALID, "the grant of principal \"%s\" is not text",
                           grant->principal);
}

static struct hr_grant *from_json(struct hr_arena *arena, json_t *json)
{
    const char *principal, *name = NULL, *session = NULL, *scope;
    json_int_t issued, expires;
    json_t *assigned;
    if (json_unpack(json, "{s:s, s?s, s?s, s:s, s:I, s:I, s:o}", "sub", &principal, "name", &name,
                    "sid", &session, "scope", &scope, "iat", &issued, "exp", &expires, "assigned",
                    &assigned) ||
        !json_is_array(assigned))
        return NULL;
    struct hr_grant *grant = HR_NEW(arena, struct hr_grant);
    struct hr_assignment *list =
        HR_NEW_ARRAY(arena, struct hr_assignment, json_array_size(assigned) + 1);
    *grant = (struct hr_grant){hr_strdup(arena, principal),
                               hr_strdup(arena, name),
                               hr_strdup(arena, session),
                               hr_strdup(arena, scope),
                               list,
                               json_array_size(assigned),
                               issued,
                               expires,
                               {{NULL}}};
    for (size_t i = 0; i < HR_SIZE_COUNT; i++)
        grant->sizes.at[i] =
            hr_strdup(arena, json_string_value(json_object_get(json_object_get(json, "sizes"),
                                                               hr_size_table[i].field)));
    for (size_t i = 0; i < grant->count; i++) {
        const char *role, *on;
        if (json_unpack(json_array_get(assigned, i), "[s, s]", &role, &on))
            return NULL;
        list[i] =
            (struct hr_assignment){grant->principal, hr_strdup(arena, role), hr_strdup(arena, on)};
    }
    return grant;
}

enum hr_code hr_grant_verify(struct hr_arena *arena,
                             const unsigned char key[static HR_GRANT_KEY_BYTES],
                             const char *text,
                             int64_t now_ms,
                             struct hr_grant **grant,
                             struct hr_err *err)
{
    json_t *json;
    HR_TRY(unsealed(arena, key, text, "grant", &json, err));
    *grant = from_json(arena, json);
    json_decref(json);
    if (!*grant)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant cannot be read");
    int64_t issued = (*grant)->issued_ms, expires = (*grant)->expires_ms;
    if (issued < 0 || expires < issued) /* so that the next line cannot overflow */
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant cannot be read");
    if (expires - issued > HR_GRANT_SECONDS_MAX * 1000 || now_ms >= expires)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" is over",
                       (*grant)->principal);
    return HR_OK;
}

/* ---- revocations ---- */

enum hr_code hr_revocation_sign(struct hr_arena *arena,
                                const unsigned char secret[static HR_GRANT_KEY_BYTES],
                                const struct hr_revocation *revocation,
                                const char **text,
                                struct hr_err *err)
{
    *text = sealed(arena, secret,
                   json_pack("{s:s, s:I}", "revoked", revocation->principal, "before",
                             (json_int_t)revocation->before_ms));
    return *text ? HR_OK
                 : hr_fail(err, HR_E_INVALID, "the principal \"%s\" is not text",
                           revocation->principal);
}

enum hr_code hr_revocation_verify(struct hr_arena *arena,
                                  const unsigned char key[static HR_GRANT_KEY_BYTES],
                                  const char *text,
                                  struct hr_revocation *revocation,
                                  struct hr_err *err)
{
    json_t *json;
    const char *principal;
    json_int_t before;
    HR_TRY(unsealed(arena, key, text, "revocation", &json, err));
    bool read = !json_unpack(json, "{s:s, s:I}", "revoked", &principal, "before", &before);
    if (read)
        *revocation = (struct hr_revocation){hr_strdup(arena, principal), before};
    json_decref(json);
    return read ? HR_OK : hr_fail(err, HR_E_UNAUTHENTICATED, "the revocation cannot be read");
}

/* ---- for storage that does not check signatures ---- */

#define CLAIMS_SECONDS 600

static const char *encoded_json(struct hr_arena *arena, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *encoded = text ? hr_base64url_text(arena, text, strlen(text)) : "";
    free(text);
    json_decref(json);
    return encoded;
}

const char *hr_claims_token(struct hr_arena *arena,
                            const char *principal,
                            const char *name,
                            int64_t now_ms)
{
    json_int_t now = now_ms / 1000;
    json_t *claims = json_pack(
        "{s:s, s:s, s:s, s:s, s:s*, s:s, s:I, s:I, s:I}", "aud", "https://storage.azure.com", "iss",
        "https://sts.windows.net/headrace/", "oid", principal, "sub", principal, "name", name,
        "ver", "1.0", "iat", now, "nbf", now - CLAIMS_SECONDS, "exp", now + CLAIMS_SECONDS);
    return hr_printf(arena, "%s.%s.%s",
                     encoded_json(arena, json_pack("{s:s, s:s}", "typ", "JWT", "alg", "none")),
                     encoded_json(arena, claims), hr_base64url_text(arena, "none", 4));
}

/* ---- the key as text ---- */

void hr_grant_key_text(const unsigned char key[static HR_GRANT_KEY_BYTES],
                       char out[static 2 * HR_GRANT_KEY_BYTES + 2])
{
    hr_hex_encode(key, HR_GRANT_KEY_BYTES, out);
    memcpy(out + 2 * HR_GRANT_KEY_BYTES, "\n", 2);
}

bool hr_grant_key_parse(const char *text, unsigned char key[static HR_GRANT_KEY_BYTES])
{
    return hr_hex_decode(text, HR_GRANT_KEY_BYTES, key) &&
           hr_hex_digit(text[2 * HR_GRANT_KEY_BYTES]) < 0;
}

/* ---- decisions ---- */

enum hr_code hr_grant_decide(const struct hr_grant *grant,
                             enum hr_action action,
                             const char *scope,
                             struct hr_err *err)
{
    if (!hr_access_covers(grant->scope, scope))
        return hr_fail(err, HR_E_DENIED,
                       "the grant of principal \"%s\" holds scope \"%s\" only, not \"%s\"",
                       grant->principal, grant->scope, scope);
    struct hr_question question = {grant->principal, grant->name, action, scope};
    return hr_access_decide(&question, grant->assignments, grant->count, err);
}
