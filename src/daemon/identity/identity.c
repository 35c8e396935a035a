#include "daemon/identity/identity.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/map.h"
#include "daemon/identity/jwt.h"
#include "wire/base64.h"
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@"

struct hr_identity {
    struct hr_store *store;
    char tenant[37];
    unsigned char jwt_key[HR_JWT_KEY_BYTES], grant_secret[HR_GRANT_KEY_BYTES],
        grant_public[HR_GRANT_KEY_BYTES];
    struct hr_map lent; /* token text -> struct hr_principal */
    int64_t revoked_ms; /* of the last revocation: grants are issued after it */
    void (*changed)(const char *principal, bool gained, void *arg);
    void *changed_arg;
    enum hr_code (*keep)(const char *principal, void *arg, struct hr_err *err);
    void *keep_arg;
    /* token hash -> struct hr_principal: what the store said; emptied when a principal or token
     * goes */
    struct hr_map known;
};

static void clear_map(struct hr_map *map)
{
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(map, entry));)
        free(entry->value);
    hr_map_release(map);
    hr_map_init(map);
}

/* a key of this server: made at first, then the same for ever */
static enum hr_code load_key(struct hr_identity *identity,
                             struct hr_arena *arena,
                             const char *name,
                             unsigned char *key,
                             size_t len,
                             struct hr_err *err)
{
    const char *stored;
    HR_TRY(hr_store_setting_get(identity->store, arena, name, &stored, err));
    if (stored)
        return hr_hex_decode(stored, len, key) && !stored[2 * len]
                   ? HR_OK
                   : hr_fail(err, HR_E_IO, "setting \"%s\" of the store is damaged", name);
    hr_random_bytes(key, len);
    char *hex = hr_arena_alloc(arena, 2 * len + 1);
    hr_hex_encode(key, len, hex);
    return hr_store_setting_put(identity->store, name, hex, err);
}

static enum hr_code load(struct hr_identity *identity, struct hr_arena *arena, struct hr_err *err)
{
    const char *tenant;
    HR_TRY(hr_store_setting_get(identity->store, arena, "tenant", &tenant, err));
    if (!tenant) {
        char made[37];
        hr_uuid_new(made);
        HR_TRY(hr_store_setting_put(identity->store, "tenant", made, err));
        tenant = hr_strdup(arena, made);
    }
    snprintf(identity->tenant, sizeof identity->tenant, "%s", tenant);
    HR_TRY(
        load_key(identity, arena, "token_key", identity->jwt_key, sizeof identity->jwt_key, err));
    HR_TRY(load_key(identity, arena, "grant_key", identity->grant_secret,
                    sizeof identity->grant_secret, err));
    return hr_grant_key_public(identity->grant_secret, identity->grant_public, err);
}

enum hr_code hr_identity_open(struct hr_store *store, struct hr_identity **out, struct hr_err *err)
{
    struct hr_identity *identity = calloc(1, sizeof *identity);
    HR_CHECK(identity);
    identity->store = store;
    hr_map_init(&identity->lent);
    hr_map_init(&identity->known);
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = load(identity, arena, err);
    hr_arena_free(arena);
    if (code) {
        hr_identity_close(identity);
        return code;
    }
    *out = identity;
    return HR_OK;
}

void hr_identity_close(struct hr_identity *identity)
{
    if (!identity)
        return;
    clear_map(&identity->lent);
    clear_map(&identity->known);
    free(identity);
}

const char *hr_identity_tenant(const struct hr_identity *identity)
{
    return identity->tenant;
}

const unsigned char *hr_identity_grant_key(const struct hr_identity *identity)
{
    return identity->grant_public;
}

/* ---- principals ---- */

static void from_row(const struct hr_principal_row *row, struct hr_principal *principal)
{
    snprintf(principal->id, sizeof principal->id, "%s", row->id);
    snprintf(principal->name, sizeof principal->name, "%s", row->name);
    snprintf(principal->kind, sizeof principal->kind, "%s", row->kind);
}

enum hr_code hr_identity_principal_new(struct hr_identity *identity,
                                       const char *name,
                                       const char *kind,
                                       struct hr_principal *principal,
                                       struct hr_err *err)
{
    size_t len = strlen(name);
    if (!len ||
        len >= sizeof principal->name ||
        name[strspn(name, NAME_CHARACTERS)] ||
        name[0] == '-')
        return hr_fail(
            err, HR_E_INVALID,
            "principal name \"%s\" is not 1 to %zu of letters, digits, '.', '-', '_', '@'", name,
            sizeof principal->name - 1);
    *principal = (struct hr_principal){0};
    hr_uuid_new(principal->id);
    snprintf(principal->name, sizeof principal->name, "%s", name);
    snprintf(principal->kind, sizeof principal->kind, "%s", kind);
    return hr_store_principal_add(
        identity->store, &(struct hr_principal_row){principal->id, name, kind, hr_clock_ms()}, err);
}

static void tell(struct hr_identity *identity, const char *principal, bool gained)
{
    if (identity->changed)
        identity->changed(principal, gained, identity->changed_arg);
}

static enum hr_code keep_loss(struct hr_identity *identity,
                              const char *principal,
                              struct hr_err *err)
{
    return identity->keep ? identity->keep(principal, identity->keep_arg, err) : HR_OK;
}

static void drop_lent(struct hr_identity *identity, const char *principal)
{
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(&identity->lent, entry));)
        if (!strcasecmp(((struct hr_principal *)entry->value)->id, principal))
            free(hr_map_remove(&identity->lent, entry->key));
}

enum hr_code hr_identity_principal_remove(struct hr_identity *identity,
                                          const char *id,
                                          struct hr_err *err)
{
    HR_TRY(keep_loss(identity, id, err));
    clear_map(&identity->known);
    drop_lent(identity, id);
    HR_TRY(hr_store_principal_remove(identity->store, id, err));
    tell(identity, id, false);
    return HR_OK;
}

enum hr_code hr_identity_find(struct hr_identity *identity,
                              const char *id_or_name,
                              struct hr_principal *principal,
                              struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_principal_row *row = NULL;
    enum hr_code code = hr_store_principal_get(identity->store, arena, id_or_name, &row, err);
    if (!code && !row)
        code = hr_store_principal_named(identity->store, arena, id_or_name, &row, err);
    if (!code && row)
        from_row(row, principal);
    hr_arena_free(arena);
    if (code || row)
        return code;
    code = hr_fail(err, HR_E_NOT_FOUND, "principal \"%s\" does not exist", id_or_name);
    hr_fail_command(err, "headrace user list");
    return code;
}

/* ---- tokens ---- */

static void new_text(char text[static HR_TOKEN_TEXT])
{
    unsigned char bytes[HR_TOKEN_BYTES];
    hr_random_bytes(bytes, sizeof bytes);
    struct hr_arena *arena = hr_arena_new(NULL);
    snprintf(text, HR_TOKEN_TEXT, "hr_%s", hr_base64url_text(arena, bytes, sizeof bytes));
    hr_arena_free(arena);
}

static void hash_of(const char *text, char out[static 65])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)text, strlen(text), digest);
    hr_hex_encode(digest, sizeof digest, out);
}

enum hr_code hr_identity_token_new(struct hr_identity *identity,
                                   const char *principal,
                                   char text[static HR_TOKEN_TEXT],
                                   struct hr_err *err)
{
    char hash[65];
    new_text(text);
    hash_of(text, hash);
    return hr_store_token_add(identity->store, hash, principal, hr_clock_ms(), err);
}

void hr_identity_token_hash(const char *text, char hash[static 65])
{
    hash_of(text, hash);
}

enum hr_code hr_identity_token_remove(struct hr_identity *identity,
                                      const char *hash,
                                      struct hr_err *err)
{
    free(hr_map_remove(&identity->known, hash));
    return hr_store_token_remove(identity->store, hash, err);
}

enum hr_code hr_identity_access_token(struct hr_identity *identity,
                                      struct hr_arena *arena,
                                      const struct hr_principal *principal,
                                      const char *audience,
                                      const char *issuer,
                                      const char **jwt,
                                      struct hr_err *err)
{
    json_int_t now = hr_clock_ms() / 1000;
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "aud", audience, "iss",
                  issuer, "tid", identity->tenant, "oid", principal->id, "sub", principal->id,
                  "appid", principal->id, "name", principal->name, "iat", now, "nbf", now, "exp",
                  now + HR_ACCESS_TOKEN_SECONDS, "ver", "1.0");
    if (!claims)
        return hr_fail(err, HR_E_INVALID, "audience \"%s\" is not text", audience);
    *jwt = hr_jwt_sign(arena, identity->jwt_key, claims);
    json_decref(claims);
    return HR_OK;
}

static struct hr_principal *copy_of(const struct hr_principal *principal)
{
    struct hr_principal *copy = malloc(sizeof *copy);
    HR_CHECK(copy);
    *copy = *principal;
    return copy;
}

void hr_identity_lend(struct hr_identity *identity,
                      const struct hr_principal *principal,
                      char text[static HR_TOKEN_TEXT])
{
    new_text(text);
    hr_map_put(&identity->lent, text, copy_of(principal));
}

void hr_identity_return(struct hr_identity *identity, const char *text)
{
    free(hr_map_remove(&identity->lent, text));
}

static enum hr_code by_jwt(struct hr_identity *identity,
                           struct hr_arena *arena,
                           const char *token,
                           struct hr_principal *principal,
                           struct hr_err *err)
{
    json_t *claims = hr_jwt_verify(arena, identity->jwt_key, token);
    if (!claims)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the token is not this server's");
    json_int_t expires = json_integer_value(json_object_get(claims, "exp"));
    const char *id = hr_strdup(arena, json_string_value(json_object_get(claims, "oid")));
    json_decref(claims);
    if (!id || expires <= hr_clock_ms() / 1000)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the token has expired");
    if (hr_identity_find(identity, id, principal, err))
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the token's principal \"%s\" is gone", id);
    return HR_OK;
}

static enum hr_code by_hash(struct hr_identity *identity,
                            struct hr_arena *arena,
                            const char *token,
                            struct hr_principal *principal,
                            struct hr_err *err)
{
    char hash[65];
    hash_of(token, hash);
    struct hr_principal *known = hr_map_get(&identity->known, hash);
    if (!known) {
        struct hr_principal_row *row;
        HR_TRY(hr_store_token_principal(identity->store, arena, hash, &row, err));
        if (!row)
            return hr_fail(err, HR_E_UNAUTHENTICATED, "the token is not this server's");
        from_row(row, principal);
        hr_map_put(&identity->known, hash, copy_of(principal));
        return HR_OK;
    }
    *principal = *known;
    return HR_OK;
}

enum hr_code hr_identity_authenticate(struct hr_identity *identity,
                                      const char *token,
                                      struct hr_principal *principal,
                                      struct hr_err *err)
{
    struct hr_principal *lent = hr_map_get(&identity->lent, token);
    if (lent) {
        *principal = *lent;
        return HR_OK;
    }
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = strncmp(token, "hr_", 3) ? by_jwt(identity, arena, token, principal, err)
                                                 : by_hash(identity, arena, token, principal, err);
    hr_arena_free(arena);
    return code;
}

enum hr_code hr_identity_authenticate_header(struct hr_identity *identity,
                                             const char *authorization,
                                             struct hr_principal *principal,
                                             struct hr_err *err)
{
    if (!authorization || !*authorization)
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the request carries no token: send \"Authorization: Bearer TOKEN\"");
    if (!strncasecmp(authorization, "Bearer ", 7))
        return hr_identity_authenticate(
            identity, authorization + 7 + strspn(authorization + 7, " "), principal, err);
    if (strncasecmp(authorization, "Basic ", 6))
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "the request's authorization is neither Bearer nor Basic");
    struct hr_arena *arena = hr_arena_new(NULL);
    size_t len;
    const char *pair =
        (const char *)hr_base64_decode(arena, authorization + 6, strlen(authorization + 6), &len);
    const char *password = pair ? strchr(pair, ':') : NULL;
    enum hr_code code = password ? hr_identity_authenticate(identity, password + 1, principal, err)
                                 : hr_fail(err, HR_E_UNAUTHENTICATED,
                                           "the request's Basic authorization cannot be read");
    hr_arena_free(arena);
    return code;
}

/* ---- roles ---- */

static enum hr_code held(struct hr_identity *identity,
                         struct hr_arena *arena,
                         const char *principal,
                         struct hr_assignment **given,
                         size_t *count,
                         struct hr_err *err)
{
    struct hr_assignment_rows rows;
    HR_TRY(hr_store_assignment_of(identity->store, arena, principal, &rows, err));
    *given = HR_NEW_ARRAY(arena, struct hr_assignment, rows.count + 1);
    *count = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        (*given)[i] =
            (struct hr_assignment){rows.at[i].principal, rows.at[i].role, rows.at[i].scope};
    return HR_OK;
}

enum hr_code hr_identity_check(struct hr_identity *identity,
                               const struct hr_principal *principal,
                               enum hr_action action,
                               const char *scope,
                               struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_assignment *given;
    size_t count;
    enum hr_code code = held(identity, arena, principal->id, &given, &count, err);
    if (!code)
        code =
            hr_access_decide(&(struct hr_question){principal->id, principal->name, action, scope},
                             given, count, err);
    hr_arena_free(arena);
    return code;
}

/* later than every revocation, also within its millisecond and when the clock was put back */
static int64_t issue_ms(const struct hr_identity *identity)
{
    int64_t now = hr_clock_ms();
    return now > identity->revoked_ms ? now : identity->revoked_ms + 1;
}

enum hr_code hr_identity_revocation(struct hr_identity *identity,
                                    struct hr_arena *arena,
                                    const char *principal,
                                    const char **text,
                                    struct hr_err *err)
{
    identity->revoked_ms = issue_ms(identity);
    return hr_revocation_sign(arena, identity->grant_secret,
                              &(struct hr_revocation){principal, identity->revoked_ms}, text, err);
}

void hr_identity_on_change(struct hr_identity *identity,
                           void (*changed)(const char *principal, bool gained, void *arg),
                           void *arg)
{
    identity->changed = changed;
    identity->changed_arg = arg;
}

void hr_identity_on_loss(struct hr_identity *identity,
                         enum hr_code (*keep)(const char *principal, void *arg, struct hr_err *err),
                         void *arg)
{
    identity->keep = keep;
    identity->keep_arg = arg;
}

enum hr_code hr_identity_grant(struct hr_identity *identity,
                               struct hr_arena *arena,
                               const struct hr_principal *principal,
                               const char *session,
                               const struct hr_sizes *sizes,
                               const char *scope,
                               const char **text,
                               struct hr_err *err)
{
    struct hr_assignment *given;
    size_t count, kept = 0;
    HR_TRY(held(identity, arena, principal->id, &given, &count, err));
    for (size_t i = 0; i < count; i++)
        if (hr_access_covers(given[i].scope, scope) || hr_access_covers(scope, given[i].scope))
            given[kept++] = given[i];
    int64_t now = issue_ms(identity);
    struct hr_grant grant = {principal->id, principal->name,
                             session,       scope,
                             given,         kept,
                             now,           now + HR_GRANT_SECONDS_MAX * 1000};
    if (sizes)
        grant.sizes = *sizes;
    return hr_grant_sign(arena, identity->grant_secret, &grant, text, err);
}

const char *hr_identity_role_mark(struct hr_identity *identity,
                                  struct hr_arena *arena,
                                  const char *principal)
{
    return hr_role_mark(arena, principal, issue_ms(identity));
}

enum hr_code hr_identity_lend_to(struct hr_identity *identity,
                                 const char *principal_id,
                                 char text[static HR_TOKEN_TEXT],
                                 struct hr_err *err)
{
    struct hr_principal principal;
    HR_TRY(hr_identity_find(identity, principal_id, &principal, err));
    hr_identity_lend(identity, &principal, text);
    return HR_OK;
}

enum hr_code hr_identity_grant_for(struct hr_identity *identity,
                                   struct hr_arena *arena,
                                   const char *principal_id,
                                   const char *scope,
                                   const char **grant,
                                   struct hr_err *err)
{
    struct hr_principal principal;
    HR_TRY(hr_identity_find(identity, principal_id, &principal, err));
    return hr_identity_grant(identity, arena, &principal, NULL, NULL, scope, grant, err);
}

static enum hr_code assigned_already(struct hr_identity *identity,
                                     struct hr_arena *arena,
                                     const struct hr_assignment_row *wanted,
                                     struct hr_assignment_row **row,
                                     struct hr_err *err)
{
    struct hr_assignment_rows rows;
    HR_TRY(hr_store_assignment_of(identity->store, arena, wanted->principal, &rows, err));
    for (size_t i = 0; i < rows.count; i++) {
        if (!strcasecmp(rows.at[i].role, wanted->role) &&
            !strcasecmp(rows.at[i].scope, wanted->scope)) {
            *row = &rows.at[i];
            return hr_fail(err, HR_E_EXISTS,
                           "principal \"%s\" has role \"%s\" on scope \"%s\" already",
                           wanted->principal, hr_role_find(wanted->role)->name, wanted->scope);
        }
    }
    return HR_OK;
}

enum hr_code hr_identity_assign(struct hr_identity *identity,
                                struct hr_arena *arena,
                                const char *id,
                                const struct hr_role *role,
                                const char *principal,
                                const char *scope,
                                const char *by,
                                struct hr_assignment_row **row,
                                struct hr_err *err)
{
    *row = NULL;
    HR_TRY(hr_access_check_scope(role, scope, err));
    char made[37];
    hr_uuid_new(made);
    struct hr_assignment_row *wanted = HR_NEW(arena, struct hr_assignment_row);
    *wanted = (struct hr_assignment_row){hr_strdup(arena, id ? id : made),
                                         role->id,
                                         hr_strdup(arena, principal),
                                         hr_strdup(arena, scope),
                                         hr_strdup(arena, by),
                                         hr_clock_ms()};
    HR_TRY(assigned_already(identity, arena, wanted, row, err));
    enum hr_code code = hr_store_assignment_add(identity->store, wanted, err);
    if (code == HR_E_EXISTS)
        return hr_fail(
            err, code,
            "role assignment \"%s\" exists already, for another principal, role or scope",
            wanted->id);
    if (code == HR_E_NOT_FOUND)
        return hr_fail(err, code, "principal \"%s\" does not exist", principal);
    if (code)
        return code;
    *row = wanted;
    tell(identity, principal, true);
    return HR_OK;
}

enum hr_code hr_identity_unassign(struct hr_identity *identity, const char *id, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_assignment_row *row = NULL;
    enum hr_code code = hr_store_assignment_get(identity->store, arena, id, &row, err);
    if (!code && row)
        code = keep_loss(identity, row->principal, err);
    if (!code)
        code = hr_store_assignment_remove(identity->store, id, err);
    if (!code && row)
        tell(identity, row->principal, false);
    hr_arena_free(arena);
    return code;
}
