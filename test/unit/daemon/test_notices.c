/* What is told to processes that start later: it is in the file whole before a role goes, or the
 * role stays. */
#include "daemon/notices.h"
#include "daemon/identity/identity.h"
#include "io/file.h"
#include "io/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../torture.h"

#define SCOPE "/subscriptions/s"

struct fixture {
    struct hr_site site;
    struct hr_gate *gate;
    struct hr_notices *notices;
    struct hr_arena *arena;
    struct hr_principal anna, bert;
    char run_dir[64];
};

#define OK(call) assert_int_equal((call), HR_OK)

static enum hr_code nobody(struct hr_exchange *exchange,
                           const char **principal,
                           void *arg,
                           struct hr_err *err)
{
    (void)exchange, (void)principal, (void)arg;
    return hr_fail(err, HR_E_UNAUTHENTICATED, "nobody");
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->run_dir, "/tmp/hr-notices-XXXXXX");
    assert_non_null(mkdtemp(f->run_dir));
    f->arena = hr_arena_new(NULL);
    f->site.run_dir = f->run_dir;
    OK(hr_loop_new(&f->site.loop, NULL));
    OK(hr_store_open(":memory:", &f->site.store, NULL));
    OK(hr_identity_open(f->site.store, &f->site.identity, NULL));
    OK(hr_identity_principal_new(f->site.identity, "anna", "User", &f->anna, NULL));
    OK(hr_identity_principal_new(f->site.identity, "bert", "User", &f->bert, NULL));
    f->gate = hr_gate_new(&(struct hr_gate_options){.authenticate = nobody});
    OK(hr_notices_new(&f->site, f->gate, &f->notices, NULL));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hr_notices_stop(f->notices);
    hr_notices_free(f->notices);
    hr_loop_free(f->site.loop);
    hr_gate_free(f->gate);
    hr_identity_close(f->site.identity);
    hr_store_close(f->site.store);
    hr_arena_free(f->arena);
    OK(hr_file_remove_tree(f->run_dir, NULL));
    free(f);
    return 0;
}

/* how many of the lines are revocations of the principal; every line must be one */
static int told(struct fixture *f, const char *principal)
{
    char *text, *save = NULL;
    size_t len;
    int count = 0;
    const char *path = hr_notices_revoked_file(&f->site, f->arena);
    if (!hr_file_exists(path))
        return 0;
    OK(hr_file_read(f->arena, path, 1 << 20, &text, &len, NULL));
    assert_true(!len || text[len - 1] == '\n');
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct hr_revocation revocation;
        OK(hr_revocation_verify(f->arena, hr_identity_grant_key(f->site.identity), line,
                                &revocation, NULL));
        count += !strcmp(revocation.principal, principal);
    }
    return count;
}

static void assign(struct fixture *f,
                   const struct hr_principal *who,
                   struct hr_assignment_row **row)
{
    OK(hr_identity_assign(f->site.identity, f->arena, NULL,
                          hr_role_find("Storage Blob Data Reader"), who->id, SCOPE, "test", row,
                          NULL));
}

static enum hr_code take_role(void *arg)
{
    struct fixture *f = arg;
    struct hr_assignment_row *row;
    struct hr_err err = {0};
    unlink(hr_notices_revoked_file(&f->site, f->arena));
    assign(f, &f->anna, &row);
    enum hr_code code = hr_identity_unassign(f->site.identity, row->id, &err);
    enum hr_code may =
        hr_identity_check(f->site.identity, &f->anna, HR_ACT_BLOB_READ, SCOPE "/x", NULL);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "revocations"));
        assert_int_equal(may, HR_OK);
        assert_int_equal(told(f, f->anna.id), 0);
        OK(hr_identity_unassign(f->site.identity, row->id, NULL));
        return code;
    }
    assert_int_equal(may, HR_E_DENIED);
    assert_int_equal(told(f, f->anna.id), 1);
    assert_int_equal(told(f, f->bert.id), 1);
    return HR_OK;
}

static enum hr_code write_again(void *arg)
{
    struct fixture *f = arg;
    unlink(hr_notices_revoked_file(&f->site, f->arena));
    enum hr_code code = hr_notices_mend(f->notices, NULL);
    assert_int_equal(told(f, f->anna.id), code ? 0 : 1);
    assert_int_equal(told(f, f->bert.id), code ? 0 : 1);
    return code;
}

static void what_is_taken_away_is_told_or_stays(void **state)
{
    struct fixture *f = *state;
    struct hr_assignment_row *row;
    assign(f, &f->bert, &row);
    OK(hr_identity_unassign(f->site.identity, row->id, NULL));
    assert_int_equal(hr_torture(take_role, f), 2);
    assert_int_equal(hr_torture(write_again, f), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_taken_away_is_told_or_stays, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
