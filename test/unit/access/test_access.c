#include "access/access.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ANNA "11111111-1111-1111-1111-111111111111"
#define BEN "22222222-2222-2222-2222-222222222222"
#define SPARK_ADMIN "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1"
#define OPERATOR "e3844cc7-4670-42cb-9349-9bdac1ee7881"
#define OWNER "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define READER "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"

static void scopes_cover_what_is_below_them(void **state)
{
    (void)state;
    static const struct {
        const char *scope, *resource;
        bool covers;
    } cases[] = {
        {"workspaces/syn", "workspaces/syn", true},
        {"workspaces/syn", "workspaces/SYN/bigDataPools/p", true},
        {"workspaces/syn/", "workspaces/syn/bigDataPools/p", true},
        {"workspaces/syn", "workspaces/syn2", false},
        {"workspaces/syn/bigDataPools/p", "workspaces/syn", false},
        {"/", "/subscriptions/x", true},
        {"/", "workspaces/syn", false},
        {"", "/subscriptions/x", false},
        {"/subscriptions/x/resourcegroups/G", "/subscriptions/X/resourceGroups/g/providers/a",
         true},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        assert_int_equal(hr_access_covers(cases[i].scope, cases[i].resource), cases[i].covers);
}

static enum hr_code ask(const char *who,
                        enum hr_action action,
                        const char *scope,
                        struct hr_err *err)
{
    static const struct hr_assignment given[] = {
        {ANNA, SPARK_ADMIN, "workspaces/syn"},
        {ANNA, OPERATOR, "workspaces/other/bigDataPools/small"},
        {ANNA, OWNER, "/subscriptions/s"},
    };
    return hr_access_decide(&(struct hr_question){who, "anna", action, scope}, given, HR_LEN(given),
                            err);
}

static void a_role_allows_its_actions_on_its_scope(void **state)
{
    (void)state;
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/syn/bigDataPools/pool", NULL),
                     HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/other/bigDataPools/SMALL", NULL),
                     HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/other/bigDataPools/big", NULL),
                     HR_E_DENIED);
    assert_int_equal(ask(ANNA, HR_ACT_SYNAPSE_ASSIGN, "workspaces/syn", NULL), HR_E_DENIED);
    assert_int_equal(ask(BEN, HR_ACT_USE_COMPUTE, "workspaces/syn", NULL), HR_E_DENIED);
}

static void an_owner_has_no_data(void **state)
{
    (void)state;
    assert_int_equal(ask(ANNA, HR_ACT_WRITE, "/subscriptions/s/resourceGroups/g", NULL), HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_BLOB_READ, "/subscriptions/s/resourceGroups/g", NULL),
                     HR_E_DENIED);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "/subscriptions/s", NULL), HR_E_DENIED);
}

static void a_refusal_names_principal_role_scope_and_command(void **state)
{
    (void)state;
    struct hr_err err;
    ask(BEN, HR_ACT_USE_COMPUTE, "workspaces/syn/bigDataPools/pool", &err);
    assert_string_equal(
        err.msg,
        "principal \"anna\" (" BEN
        ") may not use the compute of Spark pool \"pool\": role \"Synapse Apache Spark Administrator\" is missing on "
        "scope \"workspaces/syn\"");
    assert_string_equal(
        err.hint, "headrace role assign \"Synapse Apache Spark Administrator\" --assignee " BEN
                  " --scope workspaces/syn");
    assert_int_equal(err.hint_kind, HR_HINT_GRANT);
    static const struct {
        const char *scope, *says;
    } things[] = {
        {"/", "change this server:"},
        {"/subscriptions/s", "change subscription \"s\":"},
        {"/subscriptions/s/resourceGroups/g/providers/P/workspaces/w/linkedServices/l",
         "change linked service \"l\":"},
        {"/subscriptions/s/resourceGroups/g/providers/P/unheard/u/", "change \"u\":"},
    };
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++) {
        ask(BEN, HR_ACT_WRITE, things[i].scope, &err);
        assert_non_null(strstr(err.msg, things[i].says));
    }
}

static struct hr_sizes sizes_of(const char *driver,
                                const char *driver_cores,
                                const char *executor,
                                const char *executor_cores,
                                const char *count)
{
    return (struct hr_sizes){{driver, driver_cores, executor, executor_cores, count}};
}

static void sizes_add_up(void **state)
{
    (void)state;
    struct hr_err err;
    struct hr_sizes none = sizes_of(NULL, NULL, NULL, NULL, NULL),
                    all = sizes_of("512m", "2", "2G", "4", "3"),
                    one = sizes_of(NULL, NULL, NULL, "2", NULL);
    assert_false(hr_sizes_named(&none));
    assert_int_equal(hr_sizes_check(&none, 1, &err), HR_OK);
    assert_int_equal(hr_sizes_check(&all, 7LL << 30, &err), HR_OK);
    assert_int_equal(hr_sizes_memory(&all), (512LL << 20) + (6LL << 30));
    assert_int_equal(hr_sizes_threads(&all), 14);
    assert_int_equal(hr_sizes_check(&all, 6LL << 30, &err), HR_E_INVALID);
    assert_int_equal(hr_sizes_memory(&one), 2LL << 30); /* Spark's defaults: 1g each */
    assert_int_equal(hr_sizes_threads(&one), 3);
    static const char *const bad[] = {
        "",         "lots", "-1", " 1g", "1 g", "1x", "1.5g", "0g", "99999999999999999999",
        "9999999p", "9g9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hr_sizes sizes = sizes_of(bad[i], NULL, NULL, NULL, NULL);
        assert_int_equal(hr_sizes_check(&sizes, INT64_MAX, &err), HR_E_INVALID);
    }
}

static void every_action_has_a_role_that_allows_it(void **state)
{
    (void)state;
#define X(action, bit, word, name, family_, text)        \
    {                                                    \
        const struct hr_role *role = hr_role_find(name); \
        assert_non_null(role);                           \
        assert_true(role->actions & (action));           \
        assert_int_equal(role->family, family_);         \
    }
    HR_ACTIONS(X)
#undef X
}

static void roles_are_found_by_name_guid_and_definition_id(void **state)
{
    (void)state;
    assert_ptr_equal(hr_role_find("synapse apache spark administrator"), hr_role_find(SPARK_ADMIN));
    assert_ptr_equal(
        hr_role_find("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/" OWNER),
        hr_role_find("Owner"));
    assert_null(hr_role_find("Emperor"));
}

static void scopes_fit_their_roles(void **state)
{
    (void)state;
    const struct hr_role *admin = hr_role_find(SPARK_ADMIN), *operator = hr_role_find(OPERATOR),
                         *owner = hr_role_find(OWNER);
    assert_int_equal(hr_access_check_scope(admin, "workspaces/syn", NULL), HR_OK);
    assert_int_equal(hr_access_check_scope(admin, "workspaces/syn/bigDataPools/p", NULL),
                     HR_E_INVALID);
    assert_int_equal(hr_access_check_scope(operator, "workspaces/syn/bigDataPools/p", NULL), HR_OK);
    assert_int_equal(hr_access_check_scope(operator, "workspaces/syn/tables/p", NULL),
                     HR_E_INVALID);
    assert_int_equal(hr_access_check_scope(operator, "workspaces/", NULL), HR_E_INVALID);
    assert_int_equal(hr_access_check_scope(owner, "workspaces/syn", NULL), HR_E_INVALID);
    assert_int_equal(hr_access_check_scope(owner, "/subscriptions/s", NULL), HR_OK);
}

static void grants_are_signed_bounded_and_over_in_time(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    unsigned char secret[32], public[32], other[32];
    struct hr_err err;
    hr_grant_key_new(secret);
    hr_grant_key_new(other);
    assert_int_equal(hr_grant_key_public(secret, public, &err), HR_OK);
    struct hr_assignment given[] = {{ANNA, READER, "/subscriptions/s"}};
    struct hr_grant made = {ANNA, "anna", "session", "/subscriptions/s/a", given, 1, 1000, 61000},
                    *read;
    const char *text;
    assert_int_equal(hr_grant_sign(arena, secret, &made, &text, &err), HR_OK);
    assert_int_equal(hr_grant_verify(arena, public, text, 60999, &read, &err), HR_OK);
    assert_string_equal(read->principal, ANNA);
    assert_string_equal(read->session, "session");
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_READ, "/subscriptions/s/a/container", &err),
                     HR_OK);
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_WRITE, "/subscriptions/s/a/container", &err),
                     HR_E_DENIED);
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_READ, "/subscriptions/s/b", &err),
                     HR_E_DENIED);
    assert_int_equal(hr_grant_verify(arena, public, text, 61000, &read, &err),
                     HR_E_UNAUTHENTICATED);
    char *bent = hr_strdup(arena, text);
    bent[5] = bent[5] == 'A' ? 'B' : 'A';
    assert_int_equal(hr_grant_verify(arena, public, bent, 2000, &read, &err), HR_E_UNAUTHENTICATED);
    for (size_t cut = 0; text[cut]; cut += 7)
        assert_int_equal(
            hr_grant_verify(arena, public, hr_strndup(arena, text, cut), 2000, &read, &err),
            HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_grant_sign(arena, other, &made, &text, &err), HR_OK);
    assert_int_equal(hr_grant_verify(arena, public, text, 2000, &read, &err), HR_E_UNAUTHENTICATED);
    made.expires_ms = 61001;
    assert_int_equal(hr_grant_sign(arena, secret, &made, &text, &err), HR_E_INVALID);
    hr_arena_free(arena);
}

/* ---- why, and words for it ---- */

static void a_giver_is_the_assignment_that_allows_it(void **state)
{
    (void)state;
    static const struct hr_assignment given[] = {
        {BEN, OWNER, "/subscriptions/s"},
        {ANNA, READER, "/subscriptions/s/resourceGroups/g"},
        {ANNA, OWNER, "/subscriptions/s"},
        {ANNA, READER, "/subscriptions/S"},
    };
    struct hr_question question = {ANNA, "anna", HR_ACT_BLOB_READ,
                                   "/subscriptions/s/resourceGroups/g/a"};
    const struct hr_assignment *at = hr_access_giver(&question, given, HR_LEN(given), NULL);
    assert_ptr_equal(at, &given[1]);
    assert_ptr_equal(at = hr_access_giver(&question, given, HR_LEN(given), at), &given[3]);
    assert_null(hr_access_giver(&question, given, HR_LEN(given), at));
    question.scope = "/subscriptions/t";
    assert_null(hr_access_giver(&question, given, HR_LEN(given), NULL));
}

static void actions_have_words_and_a_scope_to_be_granted_on(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    size_t count = 0;
    for (const struct hr_action_info *at = NULL; (at = hr_action_next(at)); count++) {
        assert_ptr_equal(hr_action_find(at->word), at);
        assert_true(hr_role_find(at->role)->actions & at->action);
    }
    assert_int_equal(count, 12);
    assert_null(hr_action_find("fly"));
    const struct hr_action_info *use = hr_action_find("USE-compute"),
                                *logs = hr_action_find("view-logs"),
                                *data = hr_action_find("read-data");
    assert_string_equal(hr_access_grantable(arena, use, "workspaces/w/bigDataPools/p"),
                        "workspaces/w");
    assert_string_equal(hr_access_grantable(arena, logs, "workspaces/w/bigDataPools/p"),
                        "workspaces/w/bigDataPools/p");
    assert_string_equal(hr_access_grantable(arena, data, "/subscriptions/s/a/b"),
                        "/subscriptions/s/a/b");
    hr_arena_free(arena);
}

/* ---- revocations ---- */

static void a_revocation_ends_what_was_issued_until_then(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    unsigned char secret[32], public[32];
    struct hr_revoked revoked = {0};
    struct hr_revocation heard;
    struct hr_grant *read;
    const char *before, *after, *bens, *message;
    struct hr_err err;
    hr_grant_key_new(secret);
    hr_grant_key_public(secret, public, NULL);
    hr_grant_sign(arena, secret, &(struct hr_grant){ANNA, "anna", "s", "/", NULL, 0, 1000, 61000},
                  &before, NULL);
    hr_grant_sign(arena, secret, &(struct hr_grant){ANNA, "anna", "s", "/", NULL, 0, 1001, 61001},
                  &after, NULL);
    hr_grant_sign(arena, secret, &(struct hr_grant){BEN, "ben", "s", "/", NULL, 0, 1000, 61000},
                  &bens, NULL);
    assert_int_equal(
        hr_revocation_sign(arena, secret, &(struct hr_revocation){ANNA, 1000}, &message, &err),
        HR_OK);
    assert_int_equal(hr_revocation_verify(arena, public, message, &heard, &err), HR_OK);
    assert_string_equal(heard.principal, ANNA);
    assert_int_equal(heard.before_ms, 1000);
    /* a grant is none */
    assert_int_equal(hr_revocation_verify(arena, public, before, &heard, &err),
                     HR_E_UNAUTHENTICATED);
    /* and none is a grant */
    assert_int_equal(hr_grant_verify(arena, public, message, 1500, &read, &err),
                     HR_E_UNAUTHENTICATED);
    char *bent = hr_strdup(arena, message);
    bent[3] ^= 1;
    assert_int_equal(hr_revocation_verify(arena, public, bent, &heard, &err), HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_grant_accept(arena, public, &revoked, before, 1500, &read, &err), HR_OK);
    hr_revoked_add(&revoked, &(struct hr_revocation){ANNA, 1000}, 1500);
    /* late: changes nothing */
    hr_revoked_add(&revoked, &(struct hr_revocation){ANNA, 900}, 1500);
    assert_int_equal(hr_grant_accept(arena, public, &revoked, before, 1500, &read, &err),
                     HR_E_UNAUTHENTICATED);
    assert_string_equal(err.msg, "the grant of principal \"" ANNA "\" was revoked");
    assert_int_equal(hr_grant_accept(arena, public, &revoked, after, 1500, &read, &err), HR_OK);
    assert_int_equal(hr_grant_accept(arena, public, &revoked, bens, 1500, &read, &err), HR_OK);
    hr_arena_free(arena);
}

static void a_full_memory_of_revocations_ends_too_much_never_too_little(void **state)
{
    (void)state;
    struct hr_revoked revoked = {0};
    char principal[37];
    size_t room = HR_LEN(revoked.at);
    for (size_t i = 0; i < room + 10; i++) {
        snprintf(principal, sizeof principal, "%08zu-0000-0000-0000-000000000000", i);
        hr_revoked_add(&revoked, &(struct hr_revocation){principal, 1000 + (int64_t)i}, 2000);
    }
    assert_int_equal(revoked.count, room);
    assert_true(
        hr_revoked_covers(&revoked, &(struct hr_grant){.principal = ANNA, .issued_ms = 1009}));
    assert_false(
        hr_revoked_covers(&revoked, &(struct hr_grant){.principal = ANNA, .issued_ms = 1010}));
    for (size_t i = 0; i < room + 10; i++) {
        snprintf(principal, sizeof principal, "%08zu-0000-0000-0000-000000000000", i);
        assert_true(hr_revoked_covers(
            &revoked, &(struct hr_grant){.principal = principal, .issued_ms = 1000 + (int64_t)i}));
    }
    /* the others are over by themselves */
    hr_revoked_add(&revoked, &(struct hr_revocation){ANNA, 5000}, 2000 + HR_REVOKED_SECONDS * 1000);
    assert_int_equal(revoked.count, 1);
}

static void a_sas_mark_is_its_principals_and_ends_with_its_grants(void **state)
{
    (void)state;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_revoked revoked = {0};
    char principal[37];
    const char *mark = hr_role_mark(arena, ANNA, 1000);
    assert_true(strlen(mark) < 64); /* Azure's limit of an identifier */
    assert_false(hr_revoked_mark(&revoked, mark, principal));
    assert_string_equal(principal, ANNA);
    static const char *const bad[] = {"",
                                      "role-",
                                      "policy",
                                      "role-" ANNA,
                                      "role-" ANNA "-",
                                      "role-" ANNA "-x",
                                      "role-" ANNA "-5x",
                                      "role-" ANNA "x5",
                                      "role-" ANNA "-99999999999999999999",
                                      "role-" ANNA "-000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < HR_LEN(bad); i++)
        assert_true(hr_revoked_mark(&revoked, bad[i], principal));
    hr_revoked_add(&revoked, &(struct hr_revocation){ANNA, 1000}, 1500);
    assert_true(hr_revoked_mark(&revoked, mark, principal));
    assert_false(hr_revoked_mark(&revoked, hr_role_mark(arena, ANNA, 1001), principal));
    assert_false(hr_revoked_mark(&revoked, hr_role_mark(arena, BEN, 1000), principal));
    hr_arena_free(arena);
}

static void a_key_stands_in_a_file_as_text(void **state)
{
    (void)state;
    unsigned char key[32], read[32];
    char text[66];
    hr_grant_key_new(key);
    hr_grant_key_text(key, text);
    assert_true(hr_grant_key_parse(text, read));
    assert_memory_equal(key, read, 32);
    text[10] = 'g';
    assert_false(hr_grant_key_parse(text, read));
    assert_false(hr_grant_key_parse("00", read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_cover_what_is_below_them),
        cmocka_unit_test(a_role_allows_its_actions_on_its_scope),
        cmocka_unit_test(an_owner_has_no_data),
        cmocka_unit_test(a_refusal_names_principal_role_scope_and_command),
        cmocka_unit_test(sizes_add_up),
        cmocka_unit_test(every_action_has_a_role_that_allows_it),
        cmocka_unit_test(roles_are_found_by_name_guid_and_definition_id),
        cmocka_unit_test(scopes_fit_their_roles),
        cmocka_unit_test(grants_are_signed_bounded_and_over_in_time),
        cmocka_unit_test(a_giver_is_the_assignment_that_allows_it),
        cmocka_unit_test(actions_have_words_and_a_scope_to_be_granted_on),
        cmocka_unit_test(a_revocation_ends_what_was_issued_until_then),
        cmocka_unit_test(a_full_memory_of_revocations_ends_too_much_never_too_little),
        cmocka_unit_test(a_sas_mark_is_its_principals_and_ends_with_its_grants),
        cmocka_unit_test(a_key_stands_in_a_file_as_text),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
