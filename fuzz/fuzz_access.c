/* What the management wire reads of its clients before or while it decides: resource ids,
 * percent-encoding, patterns of routes, grants and access tokens; and what the daemon signed,
 * whatever it says. A canonical id is read as itself again, and nothing but what was signed
 * verifies. */
#include "access/access.h"
#include "base/check.h"
#include "daemon/arm/id.h"
#include "daemon/identity/jwt.h"
#include "daemon/rest/rest.h"
#include "wire/uri.h"
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_id(struct hr_arena *arena, const char *text)
{
    struct hr_arm_id id, again;
    if (hr_arm_id_parse(arena, text, &id, NULL))
        return;
    HR_CHECK(!hr_arm_id_parse(arena, id.text, &again, NULL));
    HR_CHECK(!strcmp(id.text, again.text));
    HR_CHECK(
        hr_access_covers(id.text, text) || strstr(text, "//") || text[strlen(text) - 1] == '/');
}

static void read_path(struct hr_arena *arena, const char *text, size_t len)
{
    struct hr_rest req = {.arena = arena};
    char *decoded = hr_uri_decode_form(arena, text, len), *segments[HR_REST_SEGMENTS_MAX],
         *save = NULL;
    size_t count = 0;
    if (!decoded)
        return;
    HR_CHECK(strlen(decoded) <= len);
    for (char *word = strtok_r(decoded, "/", &save); word && count < HR_LEN(segments);
         word = strtok_r(NULL, "/", &save))
        segments[count++] = word;
    if (hr_rest_match(&req,
                      "/{scope*}/providers/Microsoft.Authorization/roleAssignments/{assignment}",
                      segments, count))
        HR_CHECK(!strcmp(hr_rest_param(&req, "assignment"), segments[count - 1]));
    hr_rest_match(&req, "/sessions/{id}/statements/{statement}", segments, count);
}

static void read_tokens(struct hr_arena *arena, const char *text)
{
    static const unsigned char key[32] = {7};
    struct hr_grant *grant;
    HR_CHECK(hr_grant_verify(arena, key, text, 0, &grant, NULL));
    HR_CHECK(!hr_jwt_verify(arena, key, text));
}

/* What is signed by the right key is still parsed: a grant's and a revocation's content may be
 * anything. */
static const char *signed_text(struct hr_arena *arena,
                               EVP_PKEY *key,
                               const uint8_t *bytes,
                               size_t len)
{
    unsigned char signature[64], encoded[2][8192];
    size_t count = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    len = len < 4096 ? len : 4096;
    EVP_EncodeBlock(encoded[0], bytes, (int)len);
    for (unsigned char *c = encoded[0]; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? 0 : *c;
    const char *body = (const char *)encoded[0];
    HR_CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(ctx, signature, &count, (const unsigned char *)body, strlen(body)) ==
                 1);
    EVP_MD_CTX_free(ctx);
    EVP_EncodeBlock(encoded[1], signature, (int)count);
    for (unsigned char *c = encoded[1]; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? 0 : *c;
    return hr_printf(arena, "%s.%s", body, (const char *)encoded[1]);
}

static void read_signed(struct hr_arena *arena, const uint8_t *bytes, size_t len)
{
    static const unsigned char secret[HR_GRANT_KEY_BYTES] = {9};
    static unsigned char public[HR_GRANT_KEY_BYTES];
    static EVP_PKEY *key;
    static struct hr_revoked revoked;
    struct hr_grant *grant;
    struct hr_revocation revocation;
    struct hr_err err;
    if (!key) {
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
        HR_CHECK(key && !hr_grant_key_public(secret, public, NULL));
    }
    const char *text = signed_text(arena, key, bytes, len);
    if (!hr_grant_accept(arena, public, &revoked, text, 1, &grant, &err)) {
        HR_CHECK(grant->expires_ms > 1 &&
                 grant->expires_ms - grant->issued_ms <= HR_GRANT_SECONDS_MAX * 1000);
        for (size_t i = 0; i < grant->count; i++)
            HR_CHECK(!strcmp(grant->assignments[i].principal, grant->principal));
        if (!hr_grant_decide(grant, HR_ACT_BLOB_READ, "/subscriptions/s", &err))
            HR_CHECK(hr_access_covers(grant->scope, "/subscriptions/s"));
        HR_CHECK(hr_revocation_verify(arena, public, text, &revocation, NULL));
    } else if (!hr_revocation_verify(arena, public, text, &revocation, NULL)) {
        hr_revoked_add(&revoked, &revocation, 1);
        HR_CHECK(revoked.count <= HR_LEN(revoked.at));
    }
}

static void read_marks(const char *text)
{
    static const struct hr_revoked none;
    char principal[37];
    if (!hr_revoked_mark(&none, text, principal))
        HR_CHECK(!strncmp(text + 5, principal, 36));
    unsigned char key[HR_GRANT_KEY_BYTES];
    HR_CHECK(!hr_grant_key_parse(text, key) || strlen(text) >= 2 * HR_GRANT_KEY_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *text = hr_strndup(arena, (const char *)bytes, len);
    read_id(arena, text);
    read_path(arena, text, strlen(text));
    read_tokens(arena, text);
    read_signed(arena, bytes, len);
    read_marks(text);
    const struct hr_role *role = hr_role_find(text);
    if (role)
        hr_access_check_scope(role, text, NULL);
    hr_access_check_scope(hr_role_find("Synapse Compute Operator"), text, NULL);
    hr_arena_free(arena);
    return 0;
}
