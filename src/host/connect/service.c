/* The twelve calls, over HTTP: their table, and the service itself. Everything here runs on the
 * loop's thread; plans go to workers. */
#include "host/connect/calls/call.h"
#include <malloc.h>

/* ---- HTTP ---- */

#define PREFIX "/spark.connect.SparkConnectService/"

static const struct method methods[] = {
    {"ExecutePlan", &spark__connect__execute_plan_request__descriptor, hr_run_execute},
    {"AnalyzePlan", &spark__connect__analyze_plan_request__descriptor, hr_run_analyze},
    {"Config", &spark__connect__config_request__descriptor, hr_run_config},
    {"AddArtifacts", &spark__connect__add_artifacts_request__descriptor, hr_run_add_artifacts,
     hr_message_add_artifacts},
    {"ArtifactStatus", &spark__connect__artifact_statuses_request__descriptor,
     hr_run_artifact_status},
    {"Interrupt", &spark__connect__interrupt_request__descriptor, hr_run_interrupt},
    {"ReattachExecute", &spark__connect__reattach_execute_request__descriptor, hr_run_reattach},
    {"ReleaseExecute", &spark__connect__release_execute_request__descriptor, hr_run_release},
    {"ReleaseSession", &spark__connect__release_session_request__descriptor,
     hr_run_release_session},
    {"FetchErrorDetails", &spark__connect__fetch_error_details_request__descriptor,
     hr_run_error_details},
    {"CloneSession", &spark__connect__clone_session_request__descriptor, hr_run_clone},
    {"GetStatus", &spark__connect__get_status_request__descriptor, hr_run_status},
};

static const struct method *find_method(const char *path)
{
    if (strncmp(path, PREFIX, strlen(PREFIX)))
        return NULL;
    for (size_t i = 0; i < HR_LEN(methods); i++)
        if (!strcmp(methods[i].name, path + strlen(PREFIX)))
            return &methods[i];
    return NULL;
}

static void reply_unknown(struct hr_exchange *exchange)
{
    static struct hr_header headers[] = {{"content-type", "application/grpc"}};
    static struct hr_header trailers[] = {{"grpc-status", "12"},
                                          {"grpc-message", "unknown method"}};
    hr_exchange_start(exchange, 200, &(struct hr_headers){headers, 1});
    hr_exchange_finish(exchange, &(struct hr_headers){trailers, 2});
}

/* what the gate says of the session with each call (daemon/gate); from anybody else it says nothing
 */
static void note_record(struct hr_connect *connect, const struct hr_request *request)
{
    const char *why =
        connect->options.grant_key ? hr_header_get(&request->headers, "headrace-unrecorded") : NULL;
    int code = why && !strcmp(why, "full") ? HR_E_FULL : HR_E_IO;
    connect->unrecorded = why ? code : HR_OK;
}

static void on_request(struct hr_exchange *exchange, void *server_arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    const char *type = hr_header_get(&request->headers, "content-type");
    const struct method *method = find_method(request->path);
    hr_exchange_set_user(exchange, NULL);
    if (hr_guard_control(server_arg, exchange))
        return;
    if (!request->http2 || !type || strncmp(type, "application/grpc", 16)) {
        hr_exchange_reply(exchange, 415, "text/plain", "this port speaks Spark Connect (gRPC)\n",
                          38);
        return;
    }
    if (!method) {
        reply_unknown(exchange);
        return;
    }
    struct hr_arena *arena = hr_exchange_arena(exchange);
    struct call *call = HR_NEW(arena, struct call);
    call->connect = server_arg;
    call->exchange = exchange;
    call->method = method;
    call->arena = arena;
    hr_grpc_reader_init(&call->reader, HR_GRPC_MESSAGE_MAX);
    hr_exchange_set_user(exchange, call);
    note_record(call->connect, request);
    struct hr_err err;
    if (hr_guard_admit(&call->connect->guard, request, &err))
        hr_call_fail(call, NULL, &err);
}

static void take_message(struct call *call, const uint8_t *message, size_t len)
{
    struct hr_err err;
    if (call->method->message) {
        call->method->message(call, message, len);
        return;
    }
    if (call->has_message) {
        hr_fail(&err, HR_E_INVALID, "more than one request in a call");
        hr_call_fail(call, NULL, &err);
        return;
    }
    call->has_message = true;
    call->message = malloc(len + 1);
    HR_CHECK(call->message);
    memcpy(call->message, message, len);
    call->message_len = len;
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    struct call *call = hr_exchange_user(exchange);
    const char *at = bytes, *end = at + len;
    struct hr_err err;
    if (!call || call->answered)
        return;
    for (;;) {
        const uint8_t *message;
        size_t size;
        if (hr_grpc_read(&call->reader, &at, end, &message, &size, &err)) {
            hr_call_fail(call, NULL, &err);
            return;
        }
        if (!message)
            return;
        take_message(call, message, size);
        if (call->answered)
            return;
    }
}

static void on_end(struct hr_exchange *exchange)
{
    struct call *call = hr_exchange_user(exchange);
    struct hr_err err;
    if (!call || call->answered)
        return;
    if (hr_grpc_reader_partial(&call->reader) || (!call->method->message && !call->has_message)) {
        hr_fail(&err, HR_E_INVALID, "request ended early");
        hr_call_fail(call, NULL, &err);
        return;
    }
    call->method->run(call);
}

static void on_writable(struct hr_exchange *exchange)
{
    struct call *call = hr_exchange_user(exchange);
    if (call && call->operation && call->operation->stream == exchange)
        hr_operation_pump(call->operation);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct call *call = hr_exchange_user(exchange);
    (void)finished;
    if (!call)
        return;
    if (call->operation) {
        if (call->operation->stream == exchange)
            hr_operation_detach(call->operation);
        hr_operation_drop(call->operation);
    }
    if (call->analyze)
        call->analyze->exchange = NULL;
    hr_call_end_upload(call);
    hr_grpc_reader_release(&call->reader);
    free(call->message);
}

const struct hr_exchange_handler *hr_connect_handler(void)
{
    static const struct hr_exchange_handler handler = {on_request, on_data, on_end, on_writable,
                                                       on_closed};
    return &handler;
}

/* ---- the service ---- */

size_t hr_connect_sessions(const struct hr_connect *connect)
{
    return connect->sessions.count;
}

/* operations that nobody is attached to, and nobody released, are given up; once in five seconds */
static void clean(void *arg)
{
    struct hr_connect *connect = arg;
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000);
    for (struct hr_map_entry *session = NULL; (session = hr_map_next(&connect->sessions, session));)
        for (struct hr_map_entry *at = NULL;
             (at = hr_map_next(&((struct session *)session->value)->operations, at));) {
            struct operation *operation = at->value;
            if (operation->detached_ms && now - operation->detached_ms > HR_OPERATION_DETACHED_MS)
                hr_operation_remove(operation);
        }
    malloc_trim(1 << 20);
}

/* DuckDB takes tens of milliseconds to open: it is done before the first query asks for it */
static void open_spare(void *arg)
{
    struct hr_connect *connect = arg;
    struct hr_engine_options options = {connect->options.threads, connect->options.memory_bytes,
                                        connect->options.spill_dir};
    struct hr_engine *engine = NULL;
    struct hr_err err = {0};
    if (hr_engine_open(&options, &engine, &err))
        hr_log(HR_LOG_ERROR, "engine.open", "error", err.msg, NULL);
    pthread_mutex_lock(&connect->lock);
    connect->spare = engine;
    connect->opening = false;
    pthread_cond_broadcast(&connect->opened);
    pthread_mutex_unlock(&connect->lock);
}

enum hr_code hr_connect_new(const struct hr_connect_options *options,
                            struct hr_connect **out,
                            struct hr_err *err)
{
    struct hr_connect *connect = calloc(1, sizeof *connect);
    if (!connect)
        return hr_fail(err, HR_E_NOMEM, "no memory for the service");
    connect->options = *options;
    connect->loop = options->loop;
    hr_journal_init(connect);
    hr_guard_init(&connect->guard, options->grant_key);
    pthread_mutex_init(&connect->lock, NULL);
    hr_map_init(&connect->sessions);
    hr_map_init(&connect->closed);
    hr_map_init_nocase(&connect->global_views);
    *out = connect;
    pthread_cond_init(&connect->opened, NULL);
    connect->opening = true;
    HR_TRY(hr_work_start(connect, open_spare, connect, err));
    if (options->journal)
        HR_TRY(hr_journal_open(connect, err));
    connect->janitor = hr_timer_start(connect->loop, 5000, 5000, clean, connect);
    return HR_OK;
}

void hr_connect_free(struct hr_connect *connect)
{
    if (!connect)
        return;
    hr_timer_stop(connect->janitor);
    hr_journal_close(connect); /* the sessions end here, but not for the next host */
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&connect->sessions, NULL));)
        hr_spark_session_close(at->value);
    hr_work_stop(connect);
    hr_engine_close(connect->spare);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&connect->global_views, at));)
        hr_view_drop(at->value);
    hr_map_release(&connect->global_views);
    hr_map_release(&connect->sessions);
    hr_map_release(&connect->closed);
    pthread_cond_destroy(&connect->opened);
    pthread_mutex_destroy(&connect->lock);
    hr_journal_release(connect);
    hr_guard_release(&connect->guard);
    free(connect);
}
