/* The gate and the sessions behind it, with fake hosts: real processes, sockets and HTTP/2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "daemon/gate/gate.h"
#include "io/file.h"
#include "io/loop.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../torture.h"

#define ID(last) "00112233-4455-6677-8899-aabbccddee" last
#define S1 ID("01")
#define S2 ID("02")
#define S3 ID("03")
#define S9 ID("09")
#define CALL "/spark.connect.SparkConnectService/"

static struct hr_loop *loop;
static struct hr_sessions *sessions;
static struct hr_gate *gate;
static struct hr_http_server *server;
static struct hr_http_client *client;
static char folder[64], path[96];
static const char *fake_host;
static int admitted, asked, sessions_max;
static bool is_early; /* how hosts are started is told later */
static const char *poor = "poor";

/* "Bearer NAME" is the principal NAME; "Bearer bad" nobody; "Bearer poor" may not open sessions */
static enum hr_code authenticate(struct hr_exchange *exchange,
                                 const char **principal,
                                 void *arg,
                                 struct hr_err *err)
{
    const char *given = hr_header_get(&hr_exchange_request(exchange)->headers, "authorization");
    (void)arg;
    if (!given || strncmp(given, "Bearer ", 7) || !strcmp(given, "Bearer bad"))
        return hr_fail(err, HR_E_UNAUTHENTICATED, "no principal has this token");
    *principal = given + 7;
    return HR_OK;
}

static enum hr_code admit(struct hr_arena *arena,
                          const char *principal,
                          const char *id,
                          bool fresh,
                          const char **grant,
                          void *arg,
                          struct hr_err *err)
{
    (void)arg;
    admitted += fresh;
    asked++;
    if (!strcmp(principal, poor)) {
        hr_fail(err, HR_E_DENIED, "'%s' may not use the pool", principal);
        return hr_fail_hint(err, "headrace role assign");
    }
    *grant = hr_printf(arena, "grant-%s-%s", principal, id);
    return HR_OK;
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    (void)arg;
    if (hr_gate_wants(hr_exchange_request(exchange)))
        hr_gate_take(gate, exchange);
    else
        hr_exchange_reply(exchange, 404, NULL, "", 0);
}

static const struct hr_exchange_handler handler = {.request = on_request};

static void start(void)
{
    const char *host[] = {fake_host, NULL};
    char spill[96];
    snprintf(spill, sizeof spill, "%s/spill", folder);
    struct hr_sessions_options options = {
        .folder = folder, .host = host, .spill = spill, .spares = 1, .sessions_max = sessions_max};
    if (is_early) {
        options.host = NULL;
        options.patience_ms = 150;
    }
    assert_int_equal(hr_sessions_new(loop, &options, &sessions, NULL), HR_OK);
    struct hr_gate_options gate_options = {
        .sessions = sessions, .authenticate = authenticate, .admit = admit};
    gate = hr_gate_new(&gate_options);
    struct hr_http_server_options server_options = {.unix_path = path, .handler = &handler};
    assert_int_equal(hr_http_server_start(loop, &server_options, &server, NULL), HR_OK);
    assert_int_equal(hr_http_client_connect(loop, path, NULL, 0, NULL, &client, NULL), HR_OK);
}

static void finish(void)
{
    hr_http_client_close(client);
    hr_http_server_close(server);
    hr_sessions_free(sessions);
    struct hr_loop *old = loop;
    hr_loop_free(old);
    hr_gate_free(gate);
}

static int setup(void **state)
{
    (void)state;
    admitted = asked = 0;
    poor = "poor";
    sessions_max = 0;
    is_early = false;
    strcpy(folder, "/tmp/hr-gate-XXXXXX");
    if (!mkdtemp(folder) || hr_loop_new(&loop, NULL))
        return 1;
    snprintf(path, sizeof path, "%s/gate", folder);
    start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    finish();
    return hr_file_remove_tree(folder, NULL);
}

struct seen {
    int status, grpc, pid, journal, over;
    size_t bytes;
    char message[512], grant[64], control[40];
    bool failed;
};

static void note_fields(struct seen *seen, const struct hr_headers *headers)
{
    const char *text;
    if ((text = hr_header_get(headers, "grpc-status")))
        seen->grpc = atoi(text);
    if ((text = hr_header_get(headers, "grpc-message")))
        snprintf(seen->message, sizeof seen->message, "%s", text);
    if ((text = hr_header_get(headers, "x-grant")))
        snprintf(seen->grant, sizeof seen->grant, "%s", text);
    if ((text = hr_header_get(headers, "x-control")))
        snprintf(seen->control, sizeof seen->control, "%s", text);
    if ((text = hr_header_get(headers, "x-pid")))
        seen->pid = atoi(text);
    if ((text = hr_header_get(headers, "x-journal")))
        seen->journal = atoi(text);
}

static void saw_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    struct seen *seen = hr_http_call_user(call);
    seen->status = status;
    note_fields(seen, headers);
}

static void saw_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    struct seen *seen = hr_http_call_user(call);
    (void)bytes;
    seen->bytes += len;
}

static void saw_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct seen *seen = hr_http_call_user(call);
    note_fields(seen, trailers);
    seen->over = 1;
    hr_loop_stop(loop);
}

static void saw_failure(struct hr_http_call *call, const struct hr_err *err)
{
    struct seen *seen = hr_http_call_user(call);
    (void)err;
    seen->failed = true;
    seen->over = 1;
    hr_loop_stop(loop);
}

static const struct hr_call_handler calls = {saw_response, saw_data, saw_end, NULL, saw_failure};

static struct hr_http_call *begin(const char *method,
                                  const char *token,
                                  const char *id,
                                  struct seen *seen)
{
    char target[128], bearer[64], message[300];
    memset(seen, 0, sizeof *seen);
    seen->grpc = -1;
    snprintf(target, sizeof target, "%s%s", *method == '/' ? "" : CALL, method);
    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    size_t len = strlen(id);
    int used = snprintf(message, sizeof message, "%c%c%s\x12\x03\n\x01u", 10, (int)len, id);
    char head[5] = {0, 0, 0, 0, (char)used};
    struct hr_header fields[] = {
        {"content-type", "application/grpc"}, {"authorization", bearer}, {"te", "trailers"}};
    struct hr_http_call *call = hr_http_call_start(client, "POST", target, NULL,
                                                   &(struct hr_headers){fields, 3}, &calls, seen);
    hr_http_call_write(call, (struct hr_bytes){head, 5, NULL, NULL});
    hr_http_call_write(call, (struct hr_bytes){message, (size_t)used, NULL, NULL});
    hr_http_call_finish(call);
    return call;
}

static void call(const char *method, const char *token, const char *id, struct seen *seen)
{
    begin(method, token, id, seen);
    while (!seen->over)
        hr_loop_run(loop);
    assert_false(seen->failed);
}

static void stop(void *arg)
{
    (void)arg;
    hr_loop_stop(loop);
}

static void pause_ms(uint64_t ms)
{
    hr_timer_start(loop, ms, 0, stop, NULL);
    hr_loop_run(loop);
}

static void a_call_reaches_its_sessions_host_with_a_grant(void **state)
{
    (void)state;
    struct seen first, again, other, foreign;
    call("Config", "ann", S1, &first);
    assert_int_equal(first.status, 200);
    assert_int_equal(first.grpc, 0);
    assert_string_equal(first.grant, "Bearer grant-ann-" S1);
    assert_int_equal(first.bytes, 5 + 2 + 36 + 5);
    call("Config", "ann", S1, &again);
    assert_int_equal(again.pid, first.pid);
    assert_int_equal(admitted, 1);
    call("Config", "ann", S2, &other);
    assert_int_not_equal(other.pid, first.pid);
    call("Config", "bob", S1, &foreign); /* another principal, the same id: another session */
    assert_int_not_equal(foreign.pid, first.pid);
    assert_int_equal(foreign.journal, 1);
}

static void heard(void *arg)
{
    ++*(int *)arg;
}

static void a_grant_is_asked_for_again_after_a_change(void **state)
{
    (void)state;
    struct seen seen;
    call("Config", "ann", S1, &seen);
    call("Config", "ann", S1, &seen);
    assert_int_equal(asked, 1);
    hr_gate_forget(gate, "bob");
    call("Config", "ann", S1, &seen);
    assert_int_equal(asked, 1);
    hr_gate_forget(gate, "ANN");
    call("Config", "ann", S1, &seen);
    assert_int_equal(asked, 2);
    hr_gate_forget(gate, "ann");
    poor = "ann";
    call("Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 7);
}

static void a_call_that_lasts_gets_its_next_grant_and_one_that_is_over_none(void **state)
{
    (void)state;
    struct seen seen, idle, lasting;
    call("Config", "ann", S1, &seen);
    call("Config", "ann", S2, &idle);
    struct hr_http_call *running = begin("AnalyzePlan", "ann", S1, &lasting);
    pause_ms(30);
    hr_gate_renew(gate); /* fresh still */
    hr_gate_forget(gate, "ann");
    hr_gate_renew(gate);
    pause_ms(30);
    call("Config", "ann", S1, &seen);
    assert_string_equal(seen.control, "1 grants, 0 revocations");
    call("Config", "ann", S2, &idle);
    assert_string_equal(idle.control, "0 grants, 0 revocations");
    poor = "ann";
    hr_gate_forget(gate, "ann");
    /* not admitted: nothing is sent, and what it has runs out */
    hr_gate_renew(gate);
    pause_ms(30);
    poor = "poor";
    call("Config", "ann", S1, &seen);
    assert_string_equal(seen.control, "1 grants, 0 revocations");
    hr_http_call_cancel(running);
}

static void a_revocation_reaches_every_host_of_the_principal(void **state)
{
    (void)state;
    struct seen one, two, other;
    int told = 0;
    call("Config", "ann", S1, &one);
    call("Config", "ann", S2, &two);
    call("Config", "bob", S1, &other);
    assert_int_equal(hr_gate_revoke(gate, "ann", "message", &(struct hr_gate_told){heard, &told}),
                     2);
    assert_int_equal(told, 0); /* never from inside */
    while (told < 2)
        pause_ms(5);
    call("Config", "ann", S1, &one);
    /* who may go on gets a grant with it */
    assert_string_equal(one.control, "1 grants, 1 revocations");
    call("Config", "bob", S1, &other);
    assert_string_equal(other.control, "0 grants, 0 revocations");
    poor = "ann";
    assert_int_equal(hr_gate_revoke(gate, "ann", "message", &(struct hr_gate_told){heard, &told}),
                     2);
    while (told < 4)
        pause_ms(5);
    poor = "poor";
    call("Config", "ann", S2, &two);
    assert_string_equal(two.control, "1 grants, 2 revocations");
    assert_int_equal(hr_gate_revoke(gate, "nobody", "message", NULL), 0);
}

static void refusals_are_grpc_statuses(void **state)
{
    (void)state;
    struct seen seen;
    call("Config", "bad", S1, &seen);
    assert_int_equal(seen.grpc, 16);
    assert_string_equal(seen.message, "no principal has this token");
    call("Config", "poor", S1, &seen);
    assert_int_equal(seen.grpc, 7);
    assert_string_equal(seen.message, "'poor' may not use the pool; headrace role assign");
    call("Config", "ann", "", &seen);
    assert_int_equal(seen.grpc, 3);
    call("Config", "ann", "short", &seen);
    assert_non_null(strstr(seen.message, "[INVALID_HANDLE.FORMAT]"));
    call("ReleaseSession", "ann", S9, &seen);
    assert_int_equal(seen.grpc, 0);
    assert_int_equal(seen.bytes, 5 + 2 + 36);
    call("/other.Service/Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 12);
    assert_null(hr_session_find(sessions, "bad", S1));
    assert_null(hr_session_find(sessions, "ann", S9));
}

static void a_dead_host_fails_its_calls_and_the_next_sees_the_journal(void **state)
{
    (void)state;
    struct seen first, running, killer, next;
    call("Config", "ann", S1, &first);
    begin("AnalyzePlan", "ann", S1, &running);
    /* it kills a second host when it is sent again, and no third */
    call("Interrupt", "ann", S1, &killer);
    while (!running.over)
        hr_loop_run(loop);
    assert_int_equal(killer.grpc, 13);
    assert_int_equal(running.grpc, 13);
    assert_non_null(strstr(running.message, "host process ended"));
    call("Config", "ann", S1, &next);
    assert_int_equal(next.grpc, 0);
    assert_int_not_equal(next.pid, first.pid);
    assert_int_equal(next.journal, 2);
    kill(next.pid, SIGKILL); /* whoever calls in the very moment does not notice */
    call("Config", "ann", S1, &first);
    assert_int_equal(first.grpc, 0);
    assert_int_not_equal(next.pid, first.pid);
    struct hr_session *session = hr_session_find(sessions, "ann", S1);
    assert_in_range(hr_session_info(session).hosts, 4, 5);
    assert_int_equal(hr_session_info(session).calls, 0);
}

static void a_release_ends_the_session_and_its_process(void **state)
{
    (void)state;
    struct seen first, release;
    call("Config", "ann", S1, &first);
    call("ReleaseSession", "ann", S1, &release);
    assert_int_equal(release.grpc, 0);
    pause_ms(200);
    assert_null(hr_session_find(sessions, "ann", S1));
    assert_int_equal(kill(first.pid, 0), -1);
}

static void a_session_outlives_the_server(void **state)
{
    (void)state;
    struct seen first, next;
    call("Config", "ann", S1, &first);
    finish();
    assert_int_equal(hr_loop_new(&loop, NULL), HR_OK);
    start();
    call("Config", "ann", S1, &next);
    assert_int_equal(next.journal, 2);
    assert_int_not_equal(next.pid, first.pid);
    call("ReleaseSession", "ann", S1, &next);
    call("Config", "ann", S1, &next);
    assert_int_equal(next.journal, 1);
}

/* the numbers of the hosts' spill folders, as a sum; each holds what its host put there */
static int spills(int *count)
{
    char at[96];
    int sum = 0;
    snprintf(at, sizeof at, "%s/spill", folder);
    DIR *dir = opendir(at);
    *count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (*entry->d_name != '.') {
            ++*count;
            sum += atoi(entry->d_name);
        }
    if (dir)
        closedir(dir);
    return sum;
}

static void await_spills(int wanted)
{
    int count = -1;
    for (int i = 0; i < 400 && count != wanted; i++) {
        pause_ms(5);
        spills(&count);
    }
    assert_int_equal(count, wanted);
}

static void each_host_spills_to_its_own_folder_and_leaves_none(void **state)
{
    (void)state;
    struct seen one, two;
    char left[128];
    int count;
    call("Config", "ann", S1, &one);
    call("Config", "ann", S2, &two);
    await_spills(3); /* with the spare's */
    kill(one.pid, SIGKILL);
    call("ReleaseSession", "ann", S2, &two);
    await_spills(1);
    finish();
    spills(&count);
    assert_int_equal(count, 0);
    /* of a host that was killed with its server */
    snprintf(left, sizeof left, "%s/spill/500/deep", folder);
    assert_int_equal(hr_file_mkdirs(left, NULL), HR_OK);
    assert_int_equal(hr_loop_new(&loop, NULL), HR_OK);
    start();
    await_spills(1);
    assert_true(spills(&count) > 500); /* the spare's: no number comes twice */
}

/* a spare of that number would be adopted in its place after the next kill, with its own journal */
static void the_number_of_a_recorded_host_is_not_given_again(void **state)
{
    (void)state;
    char file[128];
    int count;
    const char record[] = "bob\n" S2 "\n900\n";
    finish();
    snprintf(file, sizeof file, "%s/77.session", folder);
    assert_int_equal(hr_file_write(file, 0600, record, strlen(record), NULL), HR_OK);
    snprintf(file, sizeof file, "%s/77.journal", folder);
    assert_int_equal(hr_file_write(file, 0600, "\n", 1, NULL), HR_OK);
    assert_int_equal(hr_loop_new(&loop, NULL), HR_OK);
    start();
    await_spills(1);
    assert_true(spills(&count) > 900);
}

static void start_early(void)
{
    finish();
    assert_int_equal(hr_loop_new(&loop, NULL), HR_OK);
    is_early = true;
    start();
}

static void tell_host(void *arg)
{
    const char *host[] = {fake_host, arg, NULL};
    hr_sessions_set_host(sessions, host, 1);
}

static void a_call_waits_until_it_is_known_how_hosts_are_started(void **state)
{
    (void)state;
    struct seen seen, next;
    start_early();
    hr_timer_start(loop, 50, 0, tell_host, "whole");
    uint64_t from = hr_clock_mono_ns();
    call("Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 0);
    assert_int_equal(seen.journal, 1);
    assert_true(hr_clock_mono_ns() - from >= 45 * 1000000ull);
    assert_int_equal(hr_session_info(hr_session_find(sessions, "ann", S1)).hosts, 1);
    tell_host("whole"); /* the same: nothing changes */
    call("Config", "ann", S1, &next);
    assert_int_equal(next.pid, seen.pid);
    /* another: our own child gives way too, and its session goes on */
    tell_host("other");
    call("Config", "ann", S1, &next);
    assert_int_not_equal(next.pid, seen.pid);
    assert_int_equal(next.journal, 3);
}

static void a_call_that_waited_in_vain_says_so(void **state)
{
    (void)state;
    struct seen seen;
    start_early();
    call("Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 13);
    assert_non_null(strstr(seen.message, "the server is not ready"));
    call("Config", "ann", S2, &seen); /* at once */
    assert_int_equal(seen.grpc, 13);
    tell_host("whole");
    call("Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 0);
}

static void a_removed_folder_is_made_again(void **state)
{
    (void)state;
    struct seen seen;
    char removed[128];
    call("Config", "ann", S1, &seen);
    kill(seen.pid, SIGKILL);
    snprintf(removed, sizeof removed, "%s.removed", folder);
    /* the client's connection to the gate is there already */
    assert_int_equal(rename(folder, removed), 0);
    call("Config", "ann", S1, &seen);
    assert_int_equal(seen.grpc, 0);
    call("Config", "ann", S3, &seen);
    assert_int_equal(seen.grpc, 0);
    hr_file_remove_tree(removed, NULL);
}

static void too_many_sessions_are_refused(void **state)
{
    (void)state;
    struct seen seen;
    finish();
    assert_int_equal(hr_loop_new(&loop, NULL), HR_OK);
    sessions_max = 2;
    start();
    call("Config", "ann", S1, &seen);
    call("Config", "ann", S2, &seen);
    call("Config", "ann", S3, &seen);
    assert_int_equal(seen.grpc, 8);
    call("ReleaseSession", "ann", S1, &seen);
    call("Config", "ann", S3, &seen);
    assert_int_equal(seen.grpc, 0);
}

static void results_stream_through(void **state)
{
    (void)state;
    struct seen seen;
    call("Config", "ann", S1, &seen);
    uint64_t from = hr_clock_mono_ns();
    call("ExecutePlan", "ann", S1, &seen);
    double seconds = (double)(hr_clock_mono_ns() - from) / 1e9;
    assert_int_equal(seen.grpc, 0);
    assert_int_equal(seen.bytes, 256 << 20);
    from = hr_clock_mono_ns();
    for (int i = 0; i < 200; i++)
        call("Config", "ann", S1, &seen);
    print_message("# relay: %.0f MB/s, %.0f us a call\n", 268.4 / seconds,
                  (double)(hr_clock_mono_ns() - from) / 200e3);
}

/* the client of a flood does not read on: the host must stop, and go on where it was */
static void a_slow_client_holds_its_host(void **state)
{
    (void)state;
    struct seen seen, other;
    struct hr_http_call *flood = begin("ExecutePlan", "ann", S1, &seen);
    hr_http_call_hold(flood);
    pause_ms(300);
    assert_in_range(seen.bytes, 1 << 20, 9 << 20);
    call("Config", "ann", S1, &other);
    assert_int_equal(other.grpc, 0);
    hr_http_call_cancel(flood);
    pause_ms(50);
    assert_int_equal(hr_session_info(hr_session_find(sessions, "ann", S1)).calls, 0);
}

struct pieces {
    const char *id;
    int admitted;
};

/* A message in four pieces: before its session is named, as it is, while its host is asked for or
 * runs. It comes back whole, or its call fails. */
static enum hr_code send_in_pieces(void *arg)
{
    struct pieces *pieces = arg;
    struct seen seen = {.grpc = -1};
    char message[1000] = {0, 0, 0, 995 >> 8, (char)(995 & 0xff), 10, 36};
    memcpy(message + 7, pieces->id, 36);
    /* then 947 bytes of a field that the gate does not read */
    memcpy(message + 43, "\x12\x03\n\x01u\x1a\xb3\x07", 8);
    struct hr_header fields[] = {
        {"content-type", "application/grpc"}, {"authorization", "Bearer ann"}, {"te", "trailers"}};
    struct hr_http_call *call = hr_http_call_start(client, "POST", CALL "Config", NULL,
                                                   &(struct hr_headers){fields, 3}, &calls, &seen);
    static const size_t ends[] = {20, 200, 600, 1000};
    for (size_t i = 0, from = 0; i < 4 && !seen.over; from = ends[i++]) {
        hr_http_call_write(call, (struct hr_bytes){message + from, ends[i] - from, NULL, NULL});
        pause_ms(2);
    }
    if (!seen.over)
        hr_http_call_finish(call);
    while (!seen.over)
        hr_loop_run(loop);
    assert_false(seen.failed);
    if (seen.grpc) {
        assert_int_equal(seen.grpc, 8); /* RESOURCE_EXHAUSTED */
        assert_true(*seen.message);
        return HR_E_NOMEM;
    }
    assert_int_equal(seen.bytes, sizeof message);
    return HR_OK;
}

static void what_cannot_be_kept_of_a_request_fails_its_call_alone(void **state)
{
    (void)state;
    struct pieces pieces = {.id = S1};
    /* its host is started by the first run that comes so far */
    assert_true(hr_torture(send_in_pieces, &pieces) >= 2);
    assert_true(hr_torture(send_in_pieces, &pieces) >= 2); /* its host is there */
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_call_reaches_its_sessions_host_with_a_grant),
        T(refusals_are_grpc_statuses),
        T(a_grant_is_asked_for_again_after_a_change),
        T(a_call_that_lasts_gets_its_next_grant_and_one_that_is_over_none),
        T(a_revocation_reaches_every_host_of_the_principal),
        T(a_dead_host_fails_its_calls_and_the_next_sees_the_journal),
        T(a_release_ends_the_session_and_its_process),
        T(a_session_outlives_the_server),
        T(too_many_sessions_are_refused),
        T(each_host_spills_to_its_own_folder_and_leaves_none),
        T(the_number_of_a_recorded_host_is_not_given_again),
        T(a_call_waits_until_it_is_known_how_hosts_are_started),
        T(a_call_that_waited_in_vain_says_so),
        T(a_removed_folder_is_made_again),
        T(results_stream_through),
        T(a_slow_client_holds_its_host),
        T(what_cannot_be_kept_of_a_request_fails_its_call_alone),
    };
    if (argc != 2)
        return 2;
    fake_host = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
