/* What a mount reads of the server: whole, or refused by name. */
#include "mount/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../answer.h"
#include "../torture.h"

static enum hr_code call(void *arg)
{
    struct answer *answer = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_server server;
    struct hr_err err = {0};
    char *bytes = NULL;
    size_t len;
    assert_int_equal(hr_mount_server_find(&server, arena, NULL, answer->url, NULL, &err), HR_OK);
    enum hr_code code = hr_mount_server_call(&server, "GET", "/v1.0/x", 1000, &bytes, &len, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "larger than the limit of 1000 bytes"));
    } else {
        assert_int_equal(len, strlen(answer->body));
        assert_memory_equal(bytes, answer->body, len);
    }
    free(bytes);
    hr_arena_free(arena);
    return code;
}

/* an error's text that cannot be kept does not hide that it is one */
static enum hr_code be_refused(void *arg)
{
    struct answer *answer = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_mount_server server;
    struct hr_err err = {0};
    char *bytes = NULL;
    size_t len;
    assert_int_equal(hr_mount_server_find(&server, arena, NULL, answer->url, NULL, &err), HR_OK);
    enum hr_code code = hr_mount_server_call(&server, "GET", "/v1.0/x", 1000, &bytes, &len, &err);
    assert_true(code == HR_E_LIMIT || (code == HR_E_DENIED && strstr(err.msg, "not yours")));
    assert_null(bytes);
    hr_arena_free(arena);
    return code == HR_E_LIMIT ? code : HR_OK;
}

static void an_answer_is_read_whole_or_refused(void **state)
{
    struct answer answer = {.status = "200 OK", .headers = "", .body = "{\"files\": []}"};
    struct answer refusal = {.status = "403 Forbidden",
                             .headers = "",
                             .body = "{\"error\": {\"message\": \"not yours\"}}"};
    (void)state;
    setenv("HEADRACE_TOKEN", "t", 1);
    answer_start(&answer);
    assert_true(hr_torture(call, &answer) >= 1);
    answer_stop(&answer);
    answer_start(&refusal);
    assert_true(hr_torture(be_refused, &refusal) >= 1);
    answer_stop(&refusal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_answer_is_read_whole_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
