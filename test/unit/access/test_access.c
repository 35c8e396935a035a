#include "access/access.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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
    static const struct { const char *scope, *resource; bool covers; } cases[] = {
        {"workspaces/syn", "workspaces/syn", true},
        {"workspaces/syn", "workspaces/SYN/bigDataPools/p", true},
        {"workspaces/syn/", "workspaces/syn/bigDataPools/p", true},
        {"workspaces/syn", "workspaces/syn2", false},
        {"workspaces/syn/bigDataPools/p", "workspaces/syn", false},
        {"/", "/subscriptions/x", true},
        {"/", "workspaces/syn", false},
        {"", "/subscriptions/x", false},
        {"/subscriptions/x/resourcegroups/G", "/subscriptions/X/resourceGroups/g/providers/a", true},
    };
    for (size_t i = 0; i < HR_LEN(cases); i++)
        assert_int_equal(hr_access_covers(cases[i].scope, cases[i].resource), cases[i].covers);
}

static enum hr_code ask(const char *who, enum hr_action action, const char *scope, struct hr_err *err)
{
    static const struct hr_assignment given[] = {
        {ANNA, SPARK_ADMIN, "workspaces/syn"},
        {ANNA, OPERATOR, "workspaces/other/bigDataPools/small"},
        {ANNA, OWNER, "/subscriptions/s"},
    };
    return hr_access_decide(&(struct hr_question){who, "anna", action, scope}, given, HR_LEN(given), err);
}

static void a_role_allows_its_actions_on_its_scope(void **state)
{
    (void)state;
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/syn/bigDataPools/pool", NULL), HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/other/bigDataPools/SMALL", NULL), HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "workspaces/other/bigDataPools/big", NULL), HR_E_DENIED);
    assert_int_equal(ask(ANNA, HR_ACT_SYNAPSE_ASSIGN, "workspaces/syn", NULL), HR_E_DENIED);
    assert_int_equal(ask(BEN, HR_ACT_USE_COMPUTE, "workspaces/syn", NULL), HR_E_DENIED);
}

static void an_owner_has_no_data(void **state)
{
    (void)state;
    assert_int_equal(ask(ANNA, HR_ACT_WRITE, "/subscriptions/s/resourceGroups/g", NULL), HR_OK);
    assert_int_equal(ask(ANNA, HR_ACT_BLOB_READ, "/subscriptions/s/resourceGroups/g", NULL), HR_E_DENIED);
    assert_int_equal(ask(ANNA, HR_ACT_USE_COMPUTE, "/subscriptions/s", NULL), HR_E_DENIED);
}

static void a_refusal_names_principal_role_scope_and_command(void **state)
{
    (void)state;
    struct hr_err err;
    ask(BEN, HR_ACT_USE_COMPUTE, "workspaces/syn/bigDataPools/pool", &err);
    assert_string_equal(err.msg, "principal \"anna\" (" BEN ") may not use its compute: role \"Synapse Apache Spark Administrator\" is missing on "
                                 "scope \"workspaces/syn\"");
    assert_string_equal(err.hint, "headrace role assign \"Synapse Apache Spark Administrator\" --assignee " BEN " --scope workspaces/syn");
}

static void every_action_has_a_role_that_allows_it(void **state)
{
    (void)state;
#define X(action, bit, word, name, family_, text) \
    { const struct hr_role *role = hr_role_find(name); assert_non_null(role); assert_true(role->actions & (action)); assert_int_equal(role->family, family_); }
    HR_ACTIONS(X)
#undef X
}

static void roles_are_found_by_name_guid_and_definition_id(void **state)
{
    (void)state;
    assert_ptr_equal(hr_role_find("synapse apache spark administrator"), hr_role_find(SPARK_ADMIN));
    assert_ptr_equal(hr_role_find("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/" OWNER), hr_role_find("Owner"));
    assert_null(hr_role_find("Emperor"));
}

static void scopes_fit_their_roles(void **state)
{
    (void)state;
    const struct hr_role *admin = hr_role_find(SPARK_ADMIN), *operator = hr_role_find(OPERATOR), *owner = hr_role_find(OWNER);
    assert_int_equal(hr_access_check_scope(admin, "workspaces/syn", NULL), HR_OK);
    assert_int_equal(hr_access_check_scope(admin, "workspaces/syn/bigDataPools/p", NULL), HR_E_INVALID);
    assert_int_equal(hr_access_check_scope(operator, "workspaces/syn/bigDataPools/p", NULL), HR_OK);
    assert_int_equal(hr_access_check_scope(operator, "workspaces/syn/tables/p", NULL), HR_E_INVALID);
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
    struct hr_grant made = {ANNA, "anna", "session", "/subscriptions/s/a", given, 1, 1000, 61000}, *read;
    const char *text;
    assert_int_equal(hr_grant_sign(arena, secret, &made, &text, &err), HR_OK);
    assert_int_equal(hr_grant_verify(arena, public, text, 60999, &read, &err), HR_OK);
    assert_string_equal(read->principal, ANNA);
    assert_string_equal(read->session, "session");
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_READ, "/subscriptions/s/a/container", &err), HR_OK);
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_WRITE, "/subscriptions/s/a/container", &err), HR_E_DENIED);
    assert_int_equal(hr_grant_decide(read, HR_ACT_BLOB_READ, "/subscriptions/s/b", &err), HR_E_DENIED);
    assert_int_equal(hr_grant_verify(arena, public, text, 61000, &read, &err), HR_E_UNAUTHENTICATED);
    char *bent = hr_strdup(arena, text);
    bent[5] = bent[5] == 'A' ? 'B' : 'A';
    assert_int_equal(hr_grant_verify(arena, public, bent, 2000, &read, &err), HR_E_UNAUTHENTICATED);
    for (size_t cut = 0; text[cut]; cut += 7)
        assert_int_equal(hr_grant_verify(arena, public, hr_strndup(arena, text, cut), 2000, &read, &err), HR_E_UNAUTHENTICATED);
    assert_int_equal(hr_grant_sign(arena, other, &made, &text, &err), HR_OK);
    assert_int_equal(hr_grant_verify(arena, public, text, 2000, &read, &err), HR_E_UNAUTHENTICATED);
    made.expires_ms = 61001;
    assert_int_equal(hr_grant_sign(arena, secret, &made, &text, &err), HR_E_INVALID);
    hr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_cover_what_is_below_them),
        cmocka_unit_test(a_role_allows_its_actions_on_its_scope),
        cmocka_unit_test(an_owner_has_no_data),
        cmocka_unit_test(a_refusal_names_principal_role_scope_and_command),
        cmocka_unit_test(every_action_has_a_role_that_allows_it),
        cmocka_unit_test(roles_are_found_by_name_guid_and_definition_id),
        cmocka_unit_test(scopes_fit_their_roles),
        cmocka_unit_test(grants_are_signed_bounded_and_over_in_time),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
