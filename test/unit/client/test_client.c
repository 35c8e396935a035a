/* The client of our own server: where it finds it, what it reads of answers and errors, whole or
 * refused by name, and what it does when the server starts or moves. */
#include "client/client.h"
#include "base/clock.h"
#include "io/file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>
#include "../answer.h"
#include "../torture.h"

#define JSON "{\"subscription_id\": \"s\", \"list\": [1, 2, 3]}"

static const struct answer json_answer = {
    .status = "200 OK", .headers = "content-type: application/json\r\n", .body = JSON};

static struct hr_client *client_of(struct hr_arena *arena, const struct answer *answer)
{
    struct hr_client *client;
    struct hr_err err = {0};
    assert_int_equal(hr_client_at(arena, answer->url, NULL, &client, &err), HR_OK);
    return client;
}

/* ---- answers ---- */

static enum hr_code get_bytes(void *arg)
{
    struct answer *answer = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_client_request request = {.method = "GET", .path = "/v1.0/x", .max = 1000};
    struct hr_client_answer got;
    struct hr_err err = {0};
    enum hr_code code = hr_client_send(client_of(arena, answer), &request, &got, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "larger than the limit of 1000 bytes"));
        assert_null(got.bytes);
    } else {
        assert_int_equal(got.status, 200);
        assert_int_equal(got.len, strlen(answer->body));
        assert_memory_equal(got.bytes, answer->body, got.len);
    }
    free(got.bytes);
    hr_arena_free(arena);
    return code;
}

static enum hr_code post_json(void *arg)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    json_t *reply, *expected = json_loads(JSON, 0, NULL);
    struct hr_err err = {0};
    int status;
    enum hr_code code = hr_client_call(client_of(arena, arg), "POST", "/v1.0/x", json_object(),
                                       &status, &reply, &err);
    if (code) {
        assert_int_equal(code, HR_E_LIMIT);
        assert_non_null(strstr(err.msg, "larger than the limit"));
        assert_null(reply);
    } else {
        assert_true(json_equal(reply, expected));
    }
    json_decref(expected);
    json_decref(reply);
    hr_arena_free(arena);
    return code;
}

static void an_answer_is_read_whole_or_refused(void **state)
{
    struct answer answer = json_answer;
    (void)state;
    answer_start(&answer);
    assert_true(hr_torture(get_bytes, &answer) >= 1);
    assert_true(hr_torture(post_json, &answer) >= 1);
    answer_stop(&answer);
}

static void an_answer_without_json_is_null_or_refused(void **state)
{
    struct answer empty = {.status = "200 OK", .headers = "", .body = ""};
    struct answer page = {.status = "200 OK", .headers = "", .body = "<html>"};
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    json_t *reply;
    int status;
    (void)state;
    answer_start(&empty);
    assert_int_equal(
        hr_client_call(client_of(arena, &empty), "DELETE", "/x", NULL, &status, &reply, &err),
        HR_OK);
    assert_int_equal(status, 200);
    assert_true(json_is_null(reply));
    answer_stop(&empty);
    answer_start(&page);
    assert_int_equal(
        hr_client_call(client_of(arena, &page), "GET", "/x", NULL, &status, &reply, &err),
        HR_E_INTERNAL);
    assert_non_null(strstr(err.msg, "is not JSON"));
    assert_null(reply);
    answer_stop(&page);
    hr_arena_free(arena);
}

/* ---- errors ---- */

/* an error's text that cannot be kept does not hide that it is one */
static enum hr_code be_refused(void *arg)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_client_request request = {.method = "GET", .path = "/v1.0/x", .max = 1000};
    struct hr_client_answer got;
    struct hr_err err = {0};
    enum hr_code code = hr_client_send(client_of(arena, arg), &request, &got, &err);
    assert_true(code == HR_E_LIMIT || (code == HR_E_DENIED && strstr(err.msg, "not yours")));
    assert_null(got.bytes);
    hr_arena_free(arena);
    return code == HR_E_LIMIT ? code : HR_OK;
}

static void a_refusal_is_read_whole_or_refused(void **state)
{
    struct answer refusal = {.status = "403 Forbidden",
                             .headers = "",
                             .body = "{\"error\": {\"message\": \"not yours\"}}"};
    (void)state;
    answer_start(&refusal);
    assert_true(hr_torture(be_refused, &refusal) >= 1);
    answer_stop(&refusal);
}

struct refusal {
    const char *status, *body;
    enum hr_code code;
    const char *msg, *hint;
    enum hr_hint_kind kind;
};

#define ERROR(kind)                                                                        \
    "{\"error\": {\"message\": \"no role; do it\", \"additionalInfo\": [{\"type\": \"h\"," \
    " \"info\": {\"cause\": \"no role\", \"kind\": \"" kind "\", \"text\": \"do it\"}}]}}"

static void a_refusal_has_the_servers_words_and_its_next_step(void **state)
{
    static const struct refusal refusals[] = {
        {"400 Bad", ERROR("advice"), HR_E_INVALID, "no role", "do it", HR_HINT_ADVICE},
        {"401 Who", ERROR("command"), HR_E_UNAUTHENTICATED, "no role", "do it", HR_HINT_COMMAND},
        {"403 No", ERROR("grant"), HR_E_DENIED, "no role", "do it", HR_HINT_GRANT},
        {"404 None", "{\"error\": {\"message\": \"none\"}}", HR_E_NOT_FOUND, "none", ""},
        {"409 There", "", HR_E_EXISTS, "answered with status 409", ""},
        {"410 Gone", "", HR_E_NOT_FOUND, "answered with status 410", ""},
        {"412 Changed", "[]", HR_E_CHANGED, "answered with status 412", ""},
        {"429 Slow", "<html>", HR_E_UNAVAILABLE, "answered with status 429", ""},
        {"500 Oh", "{}", HR_E_INTERNAL, "answered with status 500", ""},
        {"501 Not", "{\"error\": 1}", HR_E_UNSUPPORTED, "answered with status 501", ""},
        {"503 Busy", "", HR_E_UNAVAILABLE, "answered with status 503", ""},
        {"302 Found", "", HR_E_INTERNAL, "answered with status 302", ""},
    };
    (void)state;
    for (size_t i = 0; i < HR_LEN(refusals); i++) {
        const struct refusal *expected = &refusals[i];
        struct answer answer = {.status = expected->status, .headers = "", .body = expected->body};
        struct hr_arena *arena = hr_arena_new(NULL);
        struct hr_err err = {0};
        json_t *reply;
        int status;
        answer_start(&answer);
        assert_int_equal(
            hr_client_call(client_of(arena, &answer), "GET", "/x", NULL, &status, &reply, &err),
            expected->code);
        answer_stop(&answer);
        assert_int_equal(status, atoi(expected->status));
        assert_null(reply);
        assert_non_null(strstr(err.msg, expected->msg));
        assert_string_equal(err.hint, expected->hint);
        assert_int_equal(err.hint_kind, expected->kind);
        hr_arena_free(arena);
    }
}

static void nobody_answers(void **state)
{
    struct answer answer = json_answer;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    json_t *reply;
    int status = -1;
    (void)state;
    answer_start(&answer);
    struct hr_client *client = client_of(arena, &answer);
    answer_stop(&answer);
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, &status, &reply, &err),
                     HR_E_UNAVAILABLE);
    assert_non_null(strstr(err.msg, "does not answer"));
    assert_int_equal(status, 0);
    hr_arena_free(arena);
}

/* ---- where the server is ---- */

static void write_endpoint(const char *home, const char *url, int pid)
{
    char path[256], text[512];
    struct hr_err err;
    snprintf(path, sizeof path, "%s/run", home);
    assert_int_equal(hr_file_mkdirs(path, &err), HR_OK);
    snprintf(path, sizeof path, "%s/run/endpoint.json", home);
    int len = snprintf(text, sizeof text,
                       "{\"pid\": %d, \"https_url\": \"%s\", \"token\": \"theirs\","
                       " \"pool\": \"p\"}",
                       pid, url);
    assert_int_equal(hr_file_write(path, 0600, text, (size_t)len, &err), HR_OK);
}

static void remove_home(const char *home)
{
    char path[256];
    snprintf(path, sizeof path, "%s/run/endpoint.json", home);
    unlink(path);
    snprintf(path, sizeof path, "%s/run", home);
    rmdir(path);
    rmdir(home);
}

static void a_home_says_where_the_server_is(void **state)
{
    char home[] = "/tmp/hr-client-XXXXXX";
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_client *client;
    const char *value;
    (void)state;
    assert_non_null(mkdtemp(home));
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_E_NOT_FOUND);
    assert_non_null(strstr(err.hint, "headrace serve --home /tmp/hr-client-"));
    write_endpoint(home, "http://127.0.0.1:1", 0x7ffffff);
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_E_UNAVAILABLE);
    write_endpoint(home, "http://127.0.0.1:1", 0);
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_E_INVALID);
    write_endpoint(home, "http://127.0.0.1:1", getpid());
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_OK);
    assert_string_equal(client->url, "http://127.0.0.1:1");
    assert_string_equal(client->token.text, "t"); /* HEADRACE_TOKEN wins */
    assert_string_equal(client->ca_file, "");
    assert_string_equal(hr_client_field(client, "absent"), "");
    assert_int_equal(hr_client_default(client, "pool", &value, &err), HR_OK);
    assert_string_equal(value, "p");
    assert_int_equal(hr_client_default(client, "account", &value, &err), HR_E_NOT_FOUND);
    unsetenv("HEADRACE_TOKEN");
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_OK);
    assert_string_equal(client->token.text, "theirs");
    setenv("HEADRACE_TOKEN", "t", 1);
    remove_home(home);
    hr_arena_free(arena);
}

static void the_environment_says_where_the_server_is(void **state)
{
    struct answer answer = json_answer;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_client *client;
    const char *value;
    (void)state;
    answer_start(&answer);
    setenv("HEADRACE_URL", answer.url, 1);
    assert_int_equal(hr_client_find(arena, NULL, &client, &err), HR_OK);
    assert_null(client->home);
    assert_int_equal(hr_client_default(client, "subscription_id", &value, &err), HR_OK);
    assert_string_equal(value, "s");
    answer_stop(&answer);
    /* asked once */
    assert_int_equal(hr_client_default(client, "subscription_id", &value, &err), HR_OK);
    unsetenv("HEADRACE_TOKEN");
    assert_int_equal(hr_client_find(arena, NULL, &client, &err), HR_E_UNAUTHENTICATED);
    setenv("HEADRACE_TOKEN", "t", 1);
    unsetenv("HEADRACE_URL");
    hr_arena_free(arena);
}

/* ---- servers that come, go and move ---- */

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void *be_ready_soon(void *arg)
{
    struct answer *answer = arg;
    sleep_ms(300);
    __atomic_store_n(&answer->status, "200 OK", __ATOMIC_SEQ_CST);
    return NULL;
}

static void a_server_that_starts_is_waited_for_by_those_who_stay(void **state)
{
    struct answer answer = json_answer;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    json_t *reply;
    pthread_t thread;
    (void)state;
    answer.status = "503 Starting";
    answer_start(&answer);
    struct hr_client *client = client_of(arena, &answer);
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err),
                     HR_E_UNAVAILABLE);
    client->persistent = true;
    assert_int_equal(pthread_create(&thread, NULL, be_ready_soon, &answer), 0);
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err), HR_OK);
    pthread_join(thread, NULL);
    json_decref(reply);
    answer_stop(&answer);
    hr_arena_free(arena);
}

static void a_server_that_moved_is_found_by_those_who_stay(void **state)
{
    char home[] = "/tmp/hr-client-XXXXXX";
    struct answer stranger = {.status = "401 Who", .headers = "", .body = ""};
    struct answer away = json_answer, back = json_answer;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_client *client;
    json_t *reply;
    (void)state;
    assert_non_null(mkdtemp(home));
    answer_start(&away);
    answer_start(&stranger);
    answer_start(&back);
    write_endpoint(home, away.url, getpid());
    assert_int_equal(hr_client_find(arena, home, &client, &err), HR_OK);
    answer_stop(&away);
    write_endpoint(home, stranger.url, getpid());
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err),
                     HR_E_UNAVAILABLE);
    client->persistent = true;
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err),
                     HR_E_UNAUTHENTICATED);
    assert_string_equal(client->url, stranger.url);
    write_endpoint(home, back.url, getpid());
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err), HR_OK);
    assert_string_equal(client->url, back.url);
    json_decref(reply);
    answer_stop(&stranger);
    answer_stop(&back);
    remove_home(home);
    hr_arena_free(arena);
}

static void *stop_soon(void *arg)
{
    sleep_ms(200);
    hr_client_stop(arg);
    return NULL;
}

/* a listener that nobody serves: the kernel takes the connection, and no answer comes */
static void a_request_under_way_is_ended(void **state)
{
    struct answer silent = {.status = ""};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    json_t *reply;
    pthread_t thread;
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(silent.url, sizeof silent.url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    struct hr_client *client = client_of(arena, &silent);
    uint64_t begin = hr_clock_mono_ns();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, client), 0);
    assert_int_equal(hr_client_call(client, "GET", "/x", NULL, NULL, &reply, &err),
                     HR_E_UNAVAILABLE);
    pthread_join(thread, NULL);
    assert_true(hr_clock_mono_ns() - begin < 20 * 1000000000ull);
    close(fd);
    hr_arena_free(arena);
}

/* ---- paths ---- */

static void a_segment_is_escaped(void **state)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    (void)state;
    assert_string_equal(hr_client_escape(arena, "aZ0-._~"), "aZ0-._~");
    assert_string_equal(hr_client_escape(arena, "a/b ü?"), "a%2Fb%20%C3%BC%3F");
    assert_string_equal(hr_client_escape(arena, ""), "");
    hr_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_whole_or_refused),
        cmocka_unit_test(an_answer_without_json_is_null_or_refused),
        cmocka_unit_test(a_refusal_is_read_whole_or_refused),
        cmocka_unit_test(a_refusal_has_the_servers_words_and_its_next_step),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(a_home_says_where_the_server_is),
        cmocka_unit_test(the_environment_says_where_the_server_is),
        cmocka_unit_test(a_server_that_starts_is_waited_for_by_those_who_stay),
        cmocka_unit_test(a_server_that_moved_is_found_by_those_who_stay),
        cmocka_unit_test(a_request_under_way_is_ended),
        cmocka_unit_test(a_segment_is_escaped),
    };
    setenv("HEADRACE_TOKEN", "t", 1);
    unsetenv("HEADRACE_URL");
    unsetenv("HEADRACE_HOME");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
