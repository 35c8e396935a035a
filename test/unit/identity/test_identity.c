#include "daemon/identity/identity.h"
#include "daemon/identity/jwt.h"
#include "wire/base64.h"
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct hr_store *store;
    struct hr_identity *identity;
    struct hr_arena *arena;
    struct hr_err err;
    struct hr_principal anna;
};

#define OK(call) assert_int_equal((call), HR_OK)

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = hr_arena_new(NULL);
    OK(hr_store_open(":memory:", &f->store, &f->err));
    OK(hr_identity_open(f->store, &f->identity, &f->err));
    OK(hr_identity_principal_new(f->identity, "anna", "User", &f->anna, &f->err));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hr_identity_close(f->identity);
    hr_store_close(f->store);
    hr_arena_free(f->arena);
    free(f);
    return 0;
}

static void tokens_of_all_kinds_stand_for_their_principal(void **state)
{
    struct fixture *f = *state;
    struct hr_principal who;
    char token[HR_TOKEN_TEXT], lent[HR_TOKEN_TEXT];
    const char *jwt;
    OK(hr_identity_token_new(f->identity, f->anna.id, token, &f->err));
    for (int twice = 0; twice < 2; twice++) {
        OK(hr_identity_authenticate(f->identity, token, &who, &f->err));
        assert_string_equal(who.name, "anna");
    }
    OK(hr_identity_access_token(f->identity, f->arena, &f->anna, "https://management.azure.com/",
                                "https://localhost", &jwt, &f->err));
    OK(hr_identity_authenticate_header(f->identity, hr_printf(f->arena, "bearer %s", jwt), &who,
                                       &f->err));
    assert_string_equal(who.id, f->anna.id);
    hr_identity_lend(f->identity, &f->anna, lent);
    OK(hr_identity_authenticate(f->identity, lent, &who, &f->err));
    hr_identity_return(f->identity, lent);
    assert_int_equal(hr_identity_authenticate(f->identity, lent, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    OK(hr_identity_authenticate_header(
           f->identity, hr_printf(f->arena, "Basic %s", hr_base64_text(f->arena, "anna:", 5)), &who,
           &f->err) == HR_E_UNAUTHENTICATED
           ? HR_OK
           : HR_E_INTERNAL);
    const char *pair = hr_printf(f->arena, "anna:%s", token);
    OK(hr_identity_authenticate_header(
        f->identity, hr_printf(f->arena, "Basic %s", hr_base64_text(f->arena, pair, strlen(pair))),
        &who, &f->err));
}

static void foreign_tokens_are_refused(void **state)
{
    struct fixture *f = *state;
    struct hr_principal who;
    static const char *const foreign[] = {"",
                                          "x",
                                          "hr_",
                                          "hr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "a.b.c",
                                          "..",
                                          "eyJhbGciOiJub25lIn0.e30."};
    for (size_t i = 0; i < HR_LEN(foreign); i++)
        assert_int_equal(hr_identity_authenticate(f->identity, foreign[i], &who, &f->err),
                         HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_identity_authenticate_header(f->identity, NULL, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_identity_authenticate_header(f->identity, "Digest x", &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    unsigned char key[HR_JWT_KEY_BYTES] = {1};
    json_t *claims =
        json_pack("{s:s, s:I}", "oid", f->anna.id, "exp", (json_int_t)(hr_clock_ms() / 1000 + 100));
    assert_int_equal(
        hr_identity_authenticate(f->identity, hr_jwt_sign(f->arena, key, claims), &who, &f->err),
        HR_E_UNAUTHENTICATED);
    json_decref(claims);
}

static void a_removed_principal_is_unknown_at_once(void **state)
{
    struct fixture *f = *state;
    struct hr_principal who;
    char token[HR_TOKEN_TEXT], lent[HR_TOKEN_TEXT];
    const char *jwt;
    OK(hr_identity_token_new(f->identity, f->anna.id, token, &f->err));
    OK(hr_identity_authenticate(f->identity, token, &who, &f->err));
    OK(hr_identity_access_token(f->identity, f->arena, &f->anna, "a", "b", &jwt, &f->err));
    hr_identity_lend(f->identity, &f->anna, lent);
    OK(hr_identity_principal_remove(f->identity, f->anna.id, &f->err));
    assert_int_equal(hr_identity_authenticate(f->identity, token, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_identity_authenticate(f->identity, jwt, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_identity_authenticate(f->identity, lent, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
}

static void roles_are_assigned_checked_and_taken_back(void **state)
{
    struct fixture *f = *state;
    struct hr_assignment_row *row, *again;
    const struct hr_role *role = hr_role_find("Synapse Compute Operator");
    assert_int_equal(hr_identity_check(f->identity, &f->anna, HR_ACT_USE_COMPUTE,
                                       "workspaces/syn/bigDataPools/p", &f->err),
                     HR_E_DENIED);
    OK(hr_identity_assign(f->identity, f->arena, NULL, role, f->anna.id, "workspaces/syn", "test",
                          &row, &f->err));
    OK(hr_identity_check(f->identity, &f->anna, HR_ACT_USE_COMPUTE, "workspaces/syn/bigDataPools/p",
                         &f->err));
    assert_int_equal(hr_identity_assign(f->identity, f->arena, NULL, role, f->anna.id,
                                        "workspaces/SYN", "test", &again, &f->err),
                     HR_E_EXISTS);
    assert_string_equal(again->id, row->id);
    assert_int_equal(hr_identity_assign(f->identity, f->arena, row->id, role, f->anna.id,
                                        "workspaces/other", "test", &again, &f->err),
                     HR_E_EXISTS);
    assert_int_equal(hr_identity_assign(f->identity, f->arena, NULL, role, "nobody",
                                        "workspaces/other", "test", &again, &f->err),
                     HR_E_NOT_FOUND);
    OK(hr_identity_unassign(f->identity, row->id, &f->err));
    assert_int_equal(hr_identity_check(f->identity, &f->anna, HR_ACT_USE_COMPUTE,
                                       "workspaces/syn/bigDataPools/p", &f->err),
                     HR_E_DENIED);
}

static void grants_hold_what_concerns_their_scope(void **state)
{
    struct fixture *f = *state;
    struct hr_assignment_row *row;
    struct hr_grant *grant;
    const char *text;
    OK(hr_identity_assign(f->identity, f->arena, NULL, hr_role_find("Storage Blob Data Reader"),
                          f->anna.id, "/subscriptions/s", "test", &row, &f->err));
    OK(hr_identity_assign(f->identity, f->arena, NULL, hr_role_find("Synapse User"), f->anna.id,
                          "workspaces/syn", "test", &row, &f->err));
    OK(hr_identity_grant(f->identity, f->arena, &f->anna, "session", NULL,
                         "/subscriptions/s/account", &text, &f->err));
    OK(hr_grant_verify(f->arena, hr_identity_grant_key(f->identity), text, hr_clock_ms(), &grant,
                       &f->err));
    assert_int_equal(grant->count, 1);
    OK(hr_grant_decide(grant, HR_ACT_BLOB_READ, "/subscriptions/s/account/demo", &f->err));
}

struct change {
    char principal[37];
    bool gained;
    int count;
};

static void note_change(const char *principal, bool gained, void *arg)
{
    struct change *change = arg;
    snprintf(change->principal, sizeof change->principal, "%s", principal);
    change->gained = gained;
    change->count++;
}

static void changes_are_told_and_a_revocation_ends_grants_until_now(void **state)
{
    struct fixture *f = *state;
    struct hr_assignment_row *row, *again;
    struct hr_grant *grant;
    struct hr_revocation heard;
    struct hr_revoked revoked = {0};
    struct change change = {0};
    const char *before, *after, *message;
    const unsigned char *key = hr_identity_grant_key(f->identity);
    const struct hr_role *role = hr_role_find("Storage Blob Data Reader");
    hr_identity_on_change(f->identity, note_change, &change);
    OK(hr_identity_assign(f->identity, f->arena, NULL, role, f->anna.id, "/subscriptions/s", "test",
                          &row, &f->err));
    assert_true(change.gained);
    assert_string_equal(change.principal, f->anna.id);
    assert_int_equal(hr_identity_assign(f->identity, f->arena, NULL, role, f->anna.id,
                                        "/subscriptions/s", "test", &again, &f->err),
                     HR_E_EXISTS);
    assert_int_equal(change.count, 1);
    OK(hr_identity_grant(f->identity, f->arena, &f->anna, "session", NULL, "/", &before, &f->err));
    OK(hr_identity_unassign(f->identity, row->id, &f->err));
    assert_int_equal(change.count, 2);
    assert_false(change.gained);
    OK(hr_identity_revocation(f->identity, f->arena, f->anna.id, &message, &f->err));
    /* in the same millisecond, perhaps */
    OK(hr_identity_grant(f->identity, f->arena, &f->anna, "session", NULL, "/", &after, &f->err));
    OK(hr_revocation_verify(f->arena, key, message, &heard, &f->err));
    hr_revoked_add(&revoked, &heard, hr_clock_ms());
    assert_int_equal(
        hr_grant_accept(f->arena, key, &revoked, before, hr_clock_ms(), &grant, &f->err),
        HR_E_UNAUTHENTICATED);
    OK(hr_grant_accept(f->arena, key, &revoked, after, hr_clock_ms(), &grant, &f->err));
    assert_int_equal(grant->count, 0);
    OK(hr_identity_principal_remove(f->identity, f->anna.id, &f->err));
    assert_int_equal(change.count, 3);
    assert_false(change.gained);
    hr_identity_on_change(f->identity, NULL, NULL);
}

static void a_managed_identity_gets_grants_and_tokens_by_its_id(void **state)
{
    struct fixture *f = *state;
    struct hr_principal link, who;
    struct hr_assignment_row *row;
    struct hr_grant *grant;
    const char *text;
    char token[HR_TOKEN_TEXT];
    OK(hr_identity_principal_new(f->identity, "link-1", "ServicePrincipal", &link, &f->err));
    OK(hr_identity_assign(f->identity, f->arena, NULL,
                          hr_role_find("Storage Blob Data Contributor"), link.id,
                          "/subscriptions/s", "test", &row, &f->err));
    OK(hr_identity_grant_for(f->identity, f->arena, link.id, "/subscriptions/s/a", &text, &f->err));
    OK(hr_grant_verify(f->arena, hr_identity_grant_key(f->identity), text, hr_clock_ms(), &grant,
                       &f->err));
    assert_string_equal(grant->principal, link.id);
    assert_null(grant->session);
    OK(hr_grant_decide(grant, HR_ACT_BLOB_WRITE, "/subscriptions/s/a/c", &f->err));
    assert_int_equal(hr_grant_decide(grant, HR_ACT_BLOB_WRITE, "/subscriptions/s/b", &f->err),
                     HR_E_DENIED);
    OK(hr_identity_lend_to(f->identity, link.id, token, &f->err));
    OK(hr_identity_authenticate(f->identity, token, &who, &f->err));
    assert_string_equal(who.id, link.id);
    hr_identity_return(f->identity, token);
    assert_int_equal(hr_identity_authenticate(f->identity, token, &who, &f->err),
                     HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_identity_grant_for(f->identity, f->arena, "nobody", "/", &text, &f->err),
                     HR_E_NOT_FOUND);
    assert_int_equal(hr_identity_lend_to(f->identity, "nobody", token, &f->err), HR_E_NOT_FOUND);
}

static void names_stand_in_a_command_line(void **state)
{
    struct fixture *f = *state;
    struct hr_principal who;
    static const char *const bad[] = {"", "-x", "a b", "a;b", "a\"b", "ä"};
    for (size_t i = 0; i < HR_LEN(bad); i++)
        assert_int_equal(hr_identity_principal_new(f->identity, bad[i], "User", &who, &f->err),
                         HR_E_INVALID);
    assert_int_equal(hr_identity_principal_new(f->identity, "Anna", "User", &who, &f->err),
                     HR_E_EXISTS);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(tokens_of_all_kinds_stand_for_their_principal),
        T(foreign_tokens_are_refused),
        T(a_removed_principal_is_unknown_at_once),
        T(roles_are_assigned_checked_and_taken_back),
        T(grants_hold_what_concerns_their_scope),
        T(changes_are_told_and_a_revocation_ends_grants_until_now),
        T(a_managed_identity_gets_grants_and_tokens_by_its_id),
        T(names_stand_in_a_command_line),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
