/* The account's bodies and answers, with each append failing once, on the loop's thread and on a
 * worker's: the same answer, or InternalError; the process lives. */
#include "account/request.h"
#include "io/file.h"
#include "wire/sas.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../torture.h"

static char root[] = "/tmp/headrace-answers-XXXXXX", path[64];
static struct account account;
static struct hr_http_client *client;
static struct hr_arena *arena;
static const char *sas;

static int setup(void **state)
{
    struct hr_sas made = {.account_kind = true,
                          .sv = "2021-08-06",
                          .sp = "rwdlac",
                          .se = "2099-01-01",
                          .ss = "b",
                          .srt = "sco",
                          .st = "",
                          .sip = "",
                          .spr = "",
                          .ses = "",
                          .sr = "",
                          .si = "",
                          .sdd = "",
                          .snapshot = "",
                          .rscc = "",
                          .rscd = "",
                          .rsce = "",
                          .rscl = "",
                          .rsct = ""};
    struct hr_buf text;
    (void)state;
    arena = hr_arena_new(NULL);
    account = (struct account){
        .name = "acct",
        .key = "AAAA",
        .operations = hr_account_operations,
        .operation_count = hr_account_operation_count,
        .counts = HR_NEW_ARRAY(arena, _Atomic uint64_t, hr_account_operation_count)};
    hr_buf_init(&text, HR_BUF_GROWS);
    assert_int_equal(hr_sas_make(&made, "acct", "", "", account.key, &text, NULL), HR_OK);
    sas = hr_buf_keep(&text, arena);
    assert_non_null(mkdtemp(root));
    assert_int_equal(hr_loop_new(&account.loop, NULL), HR_OK);
    assert_int_equal(hr_tree_open(&account.tree, hr_printf(arena, "%s/acct", root), NULL), HR_OK);
    for (size_t i = 0; i < HR_ACCOUNT_WORKERS; i++)
        assert_int_equal(hr_thread_new("account", 0, &account.workers[i], NULL), HR_OK);
    snprintf(path, sizeof path, "%s/socket", root);
    struct hr_http_server_options server = {
        .unix_path = path, .handler = &hr_account_handler, .arg = &account};
    assert_int_equal(hr_http_server_start(account.loop, &server, &account.server, NULL), HR_OK);
    struct hr_tree_meta meta = {0};
    assert_null(hr_tree_container_create(&account.tree, arena, "data", &meta));
    return hr_http_client_connect(account.loop, path, NULL, 0, NULL, &client, NULL);
}

static int teardown(void **state)
{
    (void)state;
    hr_http_client_close(client);
    hr_http_server_close(account.server);
    for (size_t i = 0; i < HR_ACCOUNT_WORKERS; i++)
        hr_thread_free(account.workers[i]);
    hr_loop_free(account.loop);
    hr_tree_close(&account.tree);
    hr_arena_free(arena);
    return hr_file_remove_tree(root, NULL);
}

/* ---- one call ---- */

struct seen {
    int status;
    bool over;
    char code[64], body[8192];
    size_t len;
};

static void saw_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    struct seen *seen = hr_http_call_user(call);
    const char *code = hr_header_get(headers, "x-ms-error-code");
    seen->status = status;
    snprintf(seen->code, sizeof seen->code, "%s", code ? code : "");
}

static void saw_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    struct seen *seen = hr_http_call_user(call);
    assert_true(seen->len + len < sizeof seen->body);
    memcpy(seen->body + seen->len, bytes, len);
    seen->len += len;
}

static void saw_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    (void)trailers;
    ((struct seen *)hr_http_call_user(call))->over = true;
    hr_loop_stop(account.loop);
}

static void saw_failure(struct hr_http_call *call, const struct hr_err *err)
{
    (void)call;
    fail_msg("%s", err->msg);
}

struct asked {
    const char *method, *target, *body;
    bool without_sas;
    int status;
    const char *code, *contains;
};

static enum hr_code ask(void *arg)
{
    static const struct hr_call_handler calls = {saw_response, saw_data, saw_end, NULL,
                                                 saw_failure};
    struct asked *asked = arg;
    struct seen seen = {0};
    struct hr_header fields[] = {{"x-ms-version", "2021-08-06"},
                                 {"content-length", hr_printf(arena, "%zu", strlen(asked->body))}};
    const char *target = asked->without_sas
                             ? asked->target
                             : hr_printf(arena, "%s%c%s", asked->target,
                                         strchr(asked->target, '?') ? '&' : '?', sas);
    account.next_worker = 0;
    struct hr_http_call *call = hr_http_call_start(client, asked->method, target, NULL,
                                                   &(struct hr_headers){fields, 2}, &calls, &seen);
    if (*asked->body)
        hr_http_call_write(call, (struct hr_bytes){asked->body, strlen(asked->body), NULL, NULL});
    hr_http_call_finish(call);
    while (!seen.over)
        hr_loop_run(account.loop);
    if (seen.status == 500) {
        assert_string_equal(seen.code, "InternalError");
        return HR_E_LIMIT;
    }
    seen.body[seen.len] = 0;
    if (strstr(seen.body, "the SAS is too long"))
        return HR_E_LIMIT;
    assert_int_equal(seen.status, asked->status);
    assert_string_equal(seen.code, asked->code);
    assert_non_null(strstr(seen.body, asked->contains));
    return HR_OK;
}

/* ---- with a worker's appends failing ---- */

struct posted {
    long nth;
    bool met;
    atomic_bool done;
};

static void torture_here(void *arg)
{
    hr_buf_torture(((struct posted *)arg)->nth);
    atomic_store(&((struct posted *)arg)->done, true);
}

static void leave_here(void *arg)
{
    struct posted *posted = arg;
    posted->met = hr_buf_tortured();
    hr_buf_torture(0);
    atomic_store(&posted->done, true);
}

static void on_worker(void (*fn)(void *arg), struct posted *posted)
{
    atomic_store(&posted->done, false);
    hr_thread_post(account.workers[0], fn, posted);
    while (!atomic_load(&posted->done))
        usleep(100);
}

static long torture_worker(struct asked *asked)
{
    struct posted posted = {.met = true};
    while (posted.met && posted.nth < 1000) {
        posted.nth++;
        on_worker(torture_here, &posted);
        enum hr_code code = ask(asked);
        on_worker(leave_here, &posted);
        assert_int_equal(!code, !posted.met);
    }
    return posted.nth - 1;
}

static void answers_are_whole_or_internal_errors(void **state)
{
    (void)state;
    struct asked list = {"GET",      "/acct/data?restype=container&comp=list", "", .status = 200,
                         .code = "", .contains = "<Name>here</Name>"};
    struct asked missing = {"GET",         "/acct/data/none",      "",
                            .status = 404, .code = "BlobNotFound", .contains = "</Error>"};
    struct asked stranger = {"GET",
                             "/acct/data/none",
                             "",
                             .without_sas = true,
                             .status = 401,
                             .code = "NoAuthenticationInformation",
                             .contains = "</Error>"};
    struct asked blocks = {"PUT",
                           "/acct/data/here?comp=blocklist",
                           "<?xml version=\"1.0\"?><BlockList></BlockList>",
                           .status = 201,
                           .code = "",
                           .contains = ""};
    assert_int_equal(ask(&blocks), HR_OK);
    assert_true(torture_worker(&list) > 10);
    assert_true(torture_worker(&missing) > 3);
    assert_true(hr_torture(ask, &stranger) > 3);
    assert_true(hr_torture(ask, &blocks) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_whole_or_internal_errors, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
