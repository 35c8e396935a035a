#include "daemon/arm/id.h"
#include "daemon/rest/rest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static struct hr_arena *arena;

static void ids_are_printed_in_canonical_case(void **state)
{
    (void)state;
    struct hr_arm_id id;
    assert_int_equal(
        hr_arm_id_parse(
            arena,
            "/SUBSCRIPTIONS/s/resourcegroups/My-Group/Providers/microsoft.synapse/WORKSPACES/Syn/bigdatapools/Pool/",
            &id, NULL),
        HR_OK);
    assert_string_equal(
        id.text,
        "/subscriptions/s/resourceGroups/My-Group/providers/Microsoft.Synapse/workspaces/Syn/bigDataPools/Pool");
    assert_string_equal(
        id.parent,
        "/subscriptions/s/resourceGroups/My-Group/providers/Microsoft.Synapse/workspaces/Syn");
    assert_string_equal(id.type, HR_TYPE_POOL);
    assert_string_equal(id.group, "My-Group");
    assert_string_equal(id.name[0], "Syn");
    assert_string_equal(id.name[1], "Pool");
}

static void groups_and_subscriptions_are_ids_too(void **state)
{
    (void)state;
    struct hr_arm_id id;
    assert_int_equal(hr_arm_id_parse(arena, "/subscriptions/s", &id, NULL), HR_OK);
    assert_null(id.type);
    assert_int_equal(hr_arm_id_parse(arena, "/subscriptions/s/resourceGroups/g", &id, NULL), HR_OK);
    assert_string_equal(id.type, HR_TYPE_GROUP);
    assert_string_equal(id.parent, "/subscriptions/s");
    assert_int_equal(
        hr_arm_id_parse(
            arena,
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a", &id,
            NULL),
        HR_OK);
    assert_string_equal(id.parent, "/subscriptions/s/resourceGroups/g");
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    struct hr_arm_id id;
    static const char *const bad[] = {
        "",
        "/",
        "subscriptions/s",
        "/subscriptions",
        "/subscriptions/s/resourceGroups",
        "/subscriptions/s/groups/g",
        "/a/b",
        "/subscriptions/s/resourceGroups/g/providers",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces",
        "/subscriptions/s/resourceGroups/g/providers/P/a/1/b/2/c/3/d/4/e/5",
        "/subscriptions/s/resourceGroups/g/providers/P/a/1/b/2/c/3/d/4/e/5/f/6/g/7/h/8/i/9",
    };
    for (size_t i = 0; i < HR_LEN(bad); i++)
        assert_int_equal(hr_arm_id_parse(arena, bad[i], &id, NULL), HR_E_INVALID);
}

static bool matches(struct hr_rest *req, const char *pattern, const char *path)
{
    char *segments[16], *save = NULL, *copy = hr_strdup(arena, path);
    size_t count = 0;
    for (char *word = strtok_r(copy, "/", &save); word; word = strtok_r(NULL, "/", &save))
        segments[count++] = word;
    return hr_rest_match(req, pattern, segments, count);
}

static void patterns_bind_names_and_ignore_case(void **state)
{
    (void)state;
    struct hr_rest req = {.arena = arena};
    assert_true(matches(&req, "/sessions/{id}/statements/{sid}", "/Sessions/4/STATEMENTS/x"));
    assert_string_equal(hr_rest_param(&req, "id"), "4");
    assert_string_equal(hr_rest_param(&req, "sid"), "x");
    assert_false(matches(&req, "/sessions/{id}", "/sessions"));
    assert_false(matches(&req, "/sessions/{id}", "/sessions/1/2"));
    assert_true(matches(&req, "/{scope*}/providers/A/roles/{r}",
                        "/subscriptions/s/resourceGroups/g/providers/a/roles/7"));
    assert_string_equal(hr_rest_param(&req, "scope"), "/subscriptions/s/resourceGroups/g");
    assert_string_equal(hr_rest_param(&req, "r"), "7");
    assert_true(matches(&req, "/{scope*}/providers/A/roles", "/providers/A/roles"));
    assert_string_equal(hr_rest_param(&req, "scope"), "");
    assert_false(matches(&req, "/{scope*}/providers/A/roles", "/A/roles"));
}

int main(void)
{
    arena = hr_arena_new(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_printed_in_canonical_case),
        cmocka_unit_test(groups_and_subscriptions_are_ids_too),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(patterns_bind_names_and_ignore_case),
    };
    int failed = cmocka_run_group_tests_name("arm", tests, NULL, NULL);
    hr_arena_free(arena);
    return failed;
}
