#include "daemon/store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#include <cmocka.h>

struct fixture {
    char dir[64], path[96];
    struct hr_store *store;
    struct hr_arena *arena;
    struct hr_err err;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->dir, sizeof fixture->dir, "/tmp/headrace-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    snprintf(fixture->path, sizeof fixture->path, "%s/state.db", fixture->dir);
    fixture->arena = hr_arena_new(NULL);
    assert_int_equal(hr_store_open(fixture->path, &fixture->store, &fixture->err), HR_OK);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    hr_store_close(fixture->store);
    hr_arena_free(fixture->arena);
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < HR_LEN(tails); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", fixture->path, tails[i]);
        unlink(path);
    }
    rmdir(fixture->dir);
    free(fixture);
    return 0;
}

#define OK(call) assert_int_equal((call), HR_OK)

static void add_principal(struct fixture *f, const char *id, const char *name)
{
    OK(hr_store_principal_add(f->store, &(struct hr_principal_row){id, name, "User", 1}, &f->err));
}

static void principals_have_names_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct hr_principal_row *row;
    add_principal(f, "p1", "anna");
    assert_int_equal(hr_store_principal_add(
                         f->store, &(struct hr_principal_row){"p2", "ANNA", "User", 1}, &f->err),
                     HR_E_EXISTS);
    assert_string_equal(f->err.msg, "a principal named \"ANNA\" exists already");
    OK(hr_store_principal_named(f->store, f->arena, "Anna", &row, &f->err));
    assert_string_equal(row->id, "p1");
    OK(hr_store_principal_get(f->store, f->arena, "p2", &row, &f->err));
    assert_null(row);
}

static void a_principal_takes_tokens_and_assignments_with_it(void **state)
{
    struct fixture *f = *state;
    struct hr_principal_row *row;
    struct hr_assignment_rows rows;
    add_principal(f, "p1", "anna");
    OK(hr_store_token_add(f->store, "hash", "p1", 1, &f->err));
    struct hr_assignment_row given = {"a1", "role", "p1", "workspaces/syn", "p1", 1};
    OK(hr_store_assignment_add(f->store, &given, &f->err));
    given.id = "a2";
    given.scope = "workspaces/SYN";
    assert_int_equal(hr_store_assignment_add(f->store, &given, &f->err), HR_E_EXISTS);
    OK(hr_store_token_principal(f->store, f->arena, "hash", &row, &f->err));
    assert_string_equal(row->name, "anna");
    OK(hr_store_principal_remove(f->store, "P1", &f->err));
    OK(hr_store_token_principal(f->store, f->arena, "hash", &row, &f->err));
    assert_null(row);
    OK(hr_store_assignment_list(f->store, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 0);
    given.principal = "nobody";
    assert_int_equal(hr_store_assignment_add(f->store, &given, &f->err), HR_E_NOT_FOUND);
}

static void resources_ignore_case_and_go_with_their_parents(void **state)
{
    struct fixture *f = *state;
    struct hr_resource_row *row,
        ws = {"/s/G/ws", "workspaces", "/s/G", "ws", "local", "{}", "{}", NULL, "p", 1, 1};
    struct hr_resource_row compute = {"/s/G/ws/computes/c",
                                      "computes",
                                      "/s/G/ws",
                                      "c",
                                      "local",
                                      "{\"a\":1}",
                                      NULL,
                                      "p9",
                                      "p",
                                      1,
                                      1};
    struct hr_resource_row other = {
        "/s/G/ws_/computes/c", "computes", "/s/G/ws_", "c", "local", "{}", NULL, NULL, "p", 1, 1};
    struct hr_resource_rows rows;
    OK(hr_store_resource_add(f->store, &ws, &f->err));
    OK(hr_store_resource_add(f->store, &compute, &f->err));
    OK(hr_store_resource_add(f->store, &other, &f->err));
    compute.id = "/S/g/WS/computes/C";
    assert_int_equal(hr_store_resource_add(f->store, &compute, &f->err), HR_E_EXISTS);
    OK(hr_store_resource_get(f->store, f->arena, "/S/g/WS/COMPUTES/c", &row, &f->err));
    assert_string_equal(row->id, "/s/G/ws/computes/c");
    assert_string_equal(row->properties, "{\"a\":1}");
    OK(hr_store_resource_list(f->store, f->arena, "/S/g/WS", "COMPUTES", &rows, &f->err));
    assert_int_equal(rows.count, 1);
    OK(hr_store_resource_update(f->store, "/s/g/ws/computes/c", "{\"a\":2}", "{}", 5, &f->err));
    OK(hr_store_resource_get(f->store, f->arena, "/s/g/ws/computes/c", &row, &f->err));
    assert_string_equal(row->properties, "{\"a\":2}");
    OK(hr_store_resource_remove(f->store, "/S/g/WS", &f->err));
    OK(hr_store_resource_all(f->store, f->arena, "computes", &rows, &f->err));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.at[0].id, "/s/G/ws_/computes/c");
}

static void a_rolled_back_unit_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const char *value;
    OK(hr_store_begin(f->store, &f->err));
    OK(hr_store_setting_put(f->store, "a", "1", &f->err));
    hr_store_rollback(f->store);
    OK(hr_store_setting_get(f->store, f->arena, "a", &value, &f->err));
    assert_null(value);
}

static void session_ids_are_never_used_twice(void **state)
{
    struct fixture *f = *state;
    struct hr_session_rows rows;
    struct hr_session_row one = {0, "u1", "p", "pool", "idle", "{}", 1, 0},
                          two = {0, "u2", "p", "pool", "idle", "{}", 1, 0};
    OK(hr_store_session_add(f->store, &one, &f->err));
    OK(hr_store_session_end(f->store, one.id, "dead", 7, &f->err));
    hr_store_close(f->store);
    OK(hr_store_open(f->path, &f->store, &f->err));
    OK(hr_store_session_add(f->store, &two, &f->err));
    assert_true(two.id > one.id);
    OK(hr_store_session_list(f->store, f->arena, 10, &rows, &f->err));
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.at[1].state, "dead");
}

/* a process that dies without closing loses nothing that it was told is stored */
static void what_was_acknowledged_survives_a_kill(void **state)
{
    struct fixture *f = *state;
    const char *value;
    pid_t pid = fork();
    if (!pid) {
        struct hr_store *store;
        if (hr_store_open(f->path, &store, NULL) || hr_store_setting_put(store, "a", "kept", NULL))
            _exit(1);
        kill(getpid(), 9);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    OK(hr_store_setting_get(f->store, f->arena, "a", &value, &f->err));
    assert_string_equal(value, "kept");
}

static void operations_are_open_until_they_end(void **state)
{
    struct fixture *f = *state;
    struct hr_operation_rows rows;
    struct hr_operation_row *row;
    OK(hr_store_operation_add(
        f->store, &(struct hr_operation_row){"o", "/r", "attach", "InProgress", NULL, "p", 1, 0},
        &f->err));
    OK(hr_store_operation_open(f->store, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 1);
    OK(hr_store_operation_end(f->store, "o", "Failed", "{}", 2, &f->err));
    OK(hr_store_operation_open(f->store, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, 0);
    OK(hr_store_operation_get(f->store, f->arena, "o", &row, &f->err));
    assert_string_equal(row->status, "Failed");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(principals_have_names_of_their_own),
        T(a_principal_takes_tokens_and_assignments_with_it),
        T(resources_ignore_case_and_go_with_their_parents),
        T(a_rolled_back_unit_leaves_nothing),
        T(session_ids_are_never_used_twice),
        T(what_was_acknowledged_survives_a_kill),
        T(operations_are_open_until_they_end),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
