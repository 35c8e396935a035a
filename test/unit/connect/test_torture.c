/* What a host answers, with each append failing once: the same bytes or a named error, never a
 * shorter answer. Batches are without nulls: what stands under one is nobody's, and differs. */
#include "base/check.h"
#include "host/connect/private.h"
#include "host/connect/decode/proto.h"
#include "host/connect/calls/result.h"
#include "host/connect/texts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>
#include "../torture.h"

#define BYTES_MAX 65536
#define ROWS                                                                                                                      \
    "SELECT c0::INTEGER c0, c1, c2::DOUBLE c2, c3::INTEGER[] c3 FROM (VALUES (1, 'one', 1.5, [1, 2]), (4, '', -2.5, [3, 4, 5]), " \
    "(-7, 'a text of more than twelve bytes', 0.1, [6])) t(c0, c1, c2, c3)"

static duckdb_connection connection;
struct batches {
    enum hr_arrow_codec codec;
    bool known;
    size_t len, known_len;
    char bytes[BYTES_MAX], first[BYTES_MAX];
};

static enum hr_code deliver(void *arg, int64_t rows, char *bytes, size_t len, struct hr_err *err)
{
    struct batches *batches = arg;
    (void)err, (void)rows;
    assert_true(batches->len + len <= BYTES_MAX);
    memcpy(batches->bytes + batches->len, bytes, len);
    batches->len += len;
    free(bytes);
    return HR_OK;
}

static const struct hr_type *schema_of(struct hr_arena *arena)
{
    const struct hr_type *types[] = {hr_type_basic(HR_TYPE_INT), hr_type_basic(HR_TYPE_STRING),
                                     hr_type_basic(HR_TYPE_DOUBLE),
                                     hr_type_array(arena, hr_type_basic(HR_TYPE_INT), true)};
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, 4);
    for (size_t i = 0; i < 4; i++)
        fields[i] = (struct hr_field){
            .name = hr_printf(arena, "c %zu", i), .type = types[i], .nullable = true};
    return hr_type_struct(arena, fields, 4);
}

static enum hr_code add_all(struct hr_result *result, struct hr_err *err)
{
    duckdb_result rows;
    enum hr_code code = HR_OK;
    assert_int_equal(duckdb_query(connection, ROWS, &rows), DuckDBSuccess);
    for (duckdb_data_chunk chunk; !code && (chunk = duckdb_fetch_chunk(rows));) {
        code = hr_result_add(result, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&rows);
    return code ? code : hr_result_finish(result, err);
}

static enum hr_code send(void *arg)
{
    struct batches *batches = arg;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_result_options options = {
        .style = {.timezone = "UTC"}, .codec = batches->codec, .level = 1};
    struct hr_result *result;
    struct hr_err err = {0};
    batches->len = 0;
    enum hr_code code =
        hr_result_new(arena, schema_of(arena), &options, deliver, batches, &result, &err);
    if (!code)
        code = add_all(result, &err);
    hr_arena_free(arena);
    if (code) {
        assert_int_not_equal(code, HR_E_INTERNAL);
        assert_true(*err.msg);
        return code;
    }
    if (!batches->known)
        memcpy(batches->first, batches->bytes, batches->known_len = batches->len);
    batches->known = true;
    assert_int_equal(batches->len, batches->known_len);
    assert_memory_equal(batches->bytes, batches->first, batches->len);
    return HR_OK;
}

static void test_results(void **state)
{
    (void)state;
    static const enum hr_arrow_codec codecs[] = {HR_ARROW_PLAIN, HR_ARROW_ZSTD};
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        static struct batches batches;
        batches = (struct batches){.codec = codecs[i]};
        assert_int_equal(send(&batches), HR_OK);
        assert_int_equal(send(&batches), HR_OK); /* it is the same each time */
        long refused = hr_torture(send, &batches);
        print_message("%ld appends, %zu bytes\n", refused, batches.len);
        assert_true(refused > 0 && batches.len > 100);
    }
}

/* ---- commands' answers ---- */

struct answer {
    size_t len;
    unsigned char bytes[BYTES_MAX];
};

/* the first right answer is kept, every later one is compared with it */
static void compare(struct answer *answer, const void *bytes, size_t len)
{
    assert_true(len && len <= BYTES_MAX);
    if (!answer->len)
        memcpy(answer->bytes, bytes, answer->len = len);
    assert_int_equal(len, answer->len);
    assert_memory_equal(bytes, answer->bytes, len);
}

static void compare_message(struct answer *answer, const ProtobufCMessage *message)
{
    static uint8_t bytes[BYTES_MAX];
    assert_true(protobuf_c_message_get_packed_size(message) <= BYTES_MAX);
    compare(answer, bytes, protobuf_c_message_pack(message, bytes));
}

static enum hr_code refused_by_name(const struct hr_err *err)
{
    assert_int_not_equal(err->code, HR_OK);
    assert_int_not_equal(err->code, HR_E_INTERNAL);
    assert_true(*err->msg);
    return err->code;
}

static enum hr_code show_texts(void *arg)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct texts *texts = hr_texts_new(arena);
    struct hr_err err = {0};
    PB(Relation) * relation;
    hr_texts_columns(texts, "name", "?temporary", "[parts", "!kind", NULL);
    hr_texts_row(texts, "one", "true", "a\nb\n\xc3\xa4", "view");
    hr_texts_row(texts, NULL, NULL, NULL, "");
    hr_texts_row(texts, "three", "false", "", "a text of more than twelve bytes");
    enum hr_code code = hr_texts_relation(texts, arena, &relation, &err);
    if (code)
        refused_by_name(&err);
    else
        compare_message(arg, &relation->base);
    hr_arena_free(arena);
    return code;
}

static void test_texts(void **state)
{
    (void)state;
    static struct answer answer;
    assert_int_equal(show_texts(&answer), HR_OK);
    assert_true(hr_torture(show_texts, &answer) > 20);
}

/* ---- analyses and operations, in a session with an engine ---- */

static struct hr_loop *loop;
static struct hr_connect host;
static struct session *session;

static int open_session(void **state)
{
    (void)state;
    if (hr_loop_new(&loop, NULL))
        return 1;
    host =
        (struct hr_connect){.loop = loop, .journal = -1, .options = {.loop = loop, .threads = 1}};
    hr_journal_init(&host);
    hr_guard_init(&host.guard, NULL);
    pthread_mutex_init(&host.lock, NULL);
    pthread_cond_init(&host.opened, NULL);
    hr_map_init(&host.sessions);
    hr_map_init(&host.closed);
    hr_map_init_nocase(&host.global_views);
    session = hr_spark_session_restore(&host, "ann", "s1", "11111111-2222-4333-8444-555555555555");
    return hr_spark_session_engine(session, NULL);
}

static int close_session(void **state)
{
    (void)state;
    hr_spark_session_close(session);
    hr_map_release(&host.global_views);
    hr_map_release(&host.sessions);
    hr_map_release(&host.closed);
    pthread_cond_destroy(&host.opened);
    pthread_mutex_destroy(&host.lock);
    hr_guard_release(&host.guard);
    hr_journal_release(&host);
    hr_loop_free(loop);
    return 0;
}

static void over(struct analyze_job *job)
{
    (void)job;
    hr_loop_stop(loop);
}

struct asking {
    PB(AnalyzePlanRequest) * request;
    struct answer answer;
};

static enum hr_code ask(void *arg)
{
    static uint8_t bytes[BYTES_MAX];
    struct asking *asking = arg;
    struct analyze_job job = {
        .session = session, .request = (char *)bytes, .arena = hr_arena_new(NULL), .done = over};
    job.request_len = protobuf_c_message_pack(&asking->request->base, bytes);
    hr_analyze_plan(&job);
    hr_loop_run(loop);
    enum hr_code code = job.err.code;
    if (code)
        refused_by_name(&job.err);
    else
        compare_message(&asking->answer, &job.response->base);
    hr_arena_free(job.arena);
    return code;
}

static void torture_analysis(PB(AnalyzePlanRequest) * request, long least)
{
    static struct asking asking;
    asking = (struct asking){.request = request};
    assert_int_equal(ask(&asking), HR_OK);
    assert_true(hr_torture(ask, &asking) >= least);
}

/* the statement as a plan, in static memory: one at a time */
static PB(Plan) * plan_of(const char *sql)
{
    static PB(SQL) text;
    static PB(Relation) relation;
    static PB(Plan) plan;
    spark__connect__sql__init(&text);
    spark__connect__relation__init(&relation);
    spark__connect__plan__init(&plan);
    text.query = (char *)sql;
    relation.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SQL;
    relation.sql = &text;
    plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_ROOT;
    plan.root = &relation;
    return &plan;
}

#define QUERY "SELECT id a, named_struct('x y', id, 'list', array(id, 2)) s FROM range(3)"

static void test_analyses(void **state)
{
    (void)state;
    PB(AnalyzePlanRequest) request = PB_INIT(ANALYZE_PLAN_REQUEST);
    PB(AnalyzePlanRequest__JsonToDDL) json = PB_INIT(ANALYZE_PLAN_REQUEST__JSON_TO_DDL);
    PB(AnalyzePlanRequest__TreeString) tree = PB_INIT(ANALYZE_PLAN_REQUEST__TREE_STRING);
    PB(AnalyzePlanRequest__Explain) explain = PB_INIT(ANALYZE_PLAN_REQUEST__EXPLAIN);
    json.json_string =
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a `b`\",\"type\":\"integer\",\"nullable\":false,\"metadata\":{}},"
        "{\"name\":\"c\",\"type\":{\"type\":\"array\",\"elementType\":\"string\",\"containsNull\":true},\"nullable\":true,\"metadata\":{}}]}";
    request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_JSON_TO_DDL;
    request.json_to_ddl = &json;
    torture_analysis(&request, 5);
    tree.plan = plan_of(QUERY);
    request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_TREE_STRING;
    request.tree_string = &tree;
    torture_analysis(&request, 5);
    explain.plan = plan_of(QUERY);
    request.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_EXPLAIN;
    request.explain = &explain;
    for (int mode =
             SPARK__CONNECT__ANALYZE_PLAN_REQUEST__EXPLAIN__EXPLAIN_MODE__EXPLAIN_MODE_SIMPLE;
         mode <=
         SPARK__CONNECT__ANALYZE_PLAN_REQUEST__EXPLAIN__EXPLAIN_MODE__EXPLAIN_MODE_FORMATTED;
         mode++) {
        explain.explain_mode = mode;
        torture_analysis(&request, 1);
    }
}

struct running {
    const PB(Plan) * plan;
    struct answer answer;
    bool checkpoint;
};

/* the batches as they came, of a command its relation, of a checkpoint the rows that were kept */
static void compare_answer(struct running *running, const struct operation *operation)
{
    const struct response *first = operation->first;
    assert_non_null(first);
    if (first->payload_len) {
        compare(&running->answer, first->payload, first->payload_len);
        return;
    }
    PB(ExecutePlanResponse) *response = spark__connect__execute_plan_response__unpack(
        NULL, first->head_len - 5, (uint8_t *)first->head + 5);
    assert_non_null(response);
    if (running->checkpoint) {
        struct view *view = hr_map_remove(
            &session->cached, response->checkpoint_command_result->relation->relation_id);
        compare(&running->answer, view->rel->local.arrow, view->rel->local.arrow_len);
        hr_view_drop(view);
    } else
        compare_message(&running->answer, &response->sql_command_result->relation->base);
    spark__connect__execute_plan_response__free_unpacked(response, NULL);
}

static void stop(void *arg)
{
    (void)arg;
    hr_loop_stop(loop);
}

static enum hr_code run_operation(void *arg)
{
    struct running *running = arg;
    struct operation *operation = hr_operation_new(session, "00000000-0000-4000-8000-000000000000");
    operation->request_len = spark__connect__plan__get_packed_size(running->plan);
    operation->request = malloc(operation->request_len);
    spark__connect__plan__pack(running->plan, (uint8_t *)operation->request);
    hr_execute_plan(hr_operation_keep(operation));
    enum hr_code code = operation->err.code;
    if (code)
        refused_by_name(&operation->err);
    else
        compare_answer(running, operation);
    assert_int_equal(session->cached.count, 0);
    hr_operation_remove(operation);
    hr_loop_post(loop, stop, NULL);
    hr_loop_run(loop);
    return code;
}

static void torture_operation(const PB(Plan) * plan, bool checkpoint, long least)
{
    static struct running running;
    running = (struct running){.plan = plan, .checkpoint = checkpoint};
    assert_int_equal(run_operation(&running), HR_OK);
    assert_true(hr_torture(run_operation, &running) >= least);
}

/* a command around the same plan */
static const PB(Plan) * command_of(PB(Command) * command)
{
    static PB(Plan) plan;
    spark__connect__plan__init(&plan);
    plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
    plan.command = command;
    return &plan;
}

/* what a command answered, collected: a plan of rows that came with it */
static void collect_texts(void)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct texts *texts = hr_texts_new(arena);
    PB(Plan) plan = PB_INIT(PLAN);
    hr_texts_columns(texts, "name", "!kind", NULL);
    hr_texts_row(texts, "one", "view");
    hr_texts_row(texts, "two", "a text of more than twelve bytes");
    plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_ROOT;
    assert_int_equal(hr_texts_relation(texts, arena, &plan.root, NULL), HR_OK);
    torture_operation(&plan, false, 20);
    hr_arena_free(arena);
}

static void test_operations(void **state)
{
    (void)state;
    collect_texts();
    PB(Command) command = PB_INIT(COMMAND);
    PB(SqlCommand) sql = PB_INIT(SQL_COMMAND);
    PB(CheckpointCommand) checkpoint = PB_INIT(CHECKPOINT_COMMAND);
    torture_operation(plan_of("SELECT id, id * 2 b FROM range(3)"), false, 20);
    command.command_type_case = SPARK__CONNECT__COMMAND__COMMAND_TYPE_SQL_COMMAND;
    command.sql_command = &sql;
    sql.input = plan_of("EXPLAIN EXTENDED " QUERY)->root;
    torture_operation(command_of(&command), false, 20);
    sql.input = plan_of("DESCRIBE " QUERY)->root;
    torture_operation(command_of(&command), false, 20);
    command.command_type_case = SPARK__CONNECT__COMMAND__COMMAND_TYPE_CHECKPOINT_COMMAND;
    command.checkpoint_command = &checkpoint;
    checkpoint.relation = plan_of("SELECT id, id * 2 b FROM range(3)")->root;
    checkpoint.eager = true;
    torture_operation(command_of(&command), true, 20);
}

/* ---- calls as they arrive ---- */

#define ID "33333333-2222-4333-8444-555555555555"
#define SERVICE "/spark.connect.SparkConnectService/"
#define ARTIFACT "cache/made of three chunks"

struct fixture {
    struct hr_connect *connect;
    struct hr_http_server *server;
    struct hr_http_client *client;
    char path[64];
};
static struct fixture served;

static int serve(void **state)
{
    (void)state;
    if (hr_loop_new(&loop, NULL))
        return 1;
    snprintf(served.path, sizeof served.path, "/tmp/hr-torture-%d.sock", getpid());
    struct hr_connect_options options = {.loop = loop, .threads = 1};
    if (hr_connect_new(&options, &served.connect, NULL))
        return 1;
    struct hr_http_server_options server = {
        .unix_path = served.path, .handler = hr_connect_handler(), .arg = served.connect};
    return hr_http_server_start(loop, &server, &served.server, NULL) ||
           hr_http_client_connect(loop, served.path, NULL, 0, NULL, &served.client, NULL);
}

static int serve_no_more(void **state)
{
    (void)state;
    hr_http_client_close(served.client);
    hr_http_server_close(served.server);
    hr_connect_free(served.connect);
    hr_loop_free(loop);
    return 0;
}

struct seen {
    int grpc;
    bool over;
    size_t bytes;
};

static void note(struct seen *seen, const struct hr_headers *headers)
{
    const char *status = hr_header_get(headers, "grpc-status"),
               *message = hr_header_get(headers, "grpc-message");
    if (status)
        seen->grpc = atoi(status);
    if (seen->grpc > 0)
        assert_true(message && strstr(message, "LIMIT_EXCEEDED"));
}

static void saw_response(struct hr_http_call *call, int status, const struct hr_headers *headers)
{
    assert_int_equal(status, 200);
    note(hr_http_call_user(call), headers);
}

static void saw_data(struct hr_http_call *call, const void *bytes, size_t len)
{
    (void)bytes;
    ((struct seen *)hr_http_call_user(call))->bytes += len;
}

static void saw_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    struct seen *seen = hr_http_call_user(call);
    note(seen, trailers);
    seen->over = true;
    hr_loop_stop(loop);
}

static void saw_failure(struct hr_http_call *call, const struct hr_err *err)
{
    (void)call;
    fail_msg("%s", err->msg);
}

static void send_message(struct hr_http_call *call, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(5 + len);
    memcpy(bytes, (uint8_t[]){0, 0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len}, 5);
    protobuf_c_message_pack(message, bytes + 5);
    hr_http_call_write(call, (struct hr_bytes){bytes, 5 + len, free, bytes});
}

struct calling {
    const char *method;
    const ProtobufCMessage *messages[4];
    size_t known;
};

/* an answer of the same length, or an error that names the limit */
static enum hr_code call_once(void *arg)
{
    static const struct hr_call_handler calls = {saw_response, saw_data, saw_end, NULL,
                                                 saw_failure};
    struct hr_header fields[] = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    struct calling *calling = arg;
    struct seen seen = {.grpc = -1};
    char target[100];
    snprintf(target, sizeof target, SERVICE "%s", calling->method);
    struct hr_http_call *call = hr_http_call_start(served.client, "POST", target, NULL,
                                                   &(struct hr_headers){fields, 2}, &calls, &seen);
    for (size_t i = 0; calling->messages[i]; i++)
        send_message(call, calling->messages[i]);
    hr_http_call_finish(call);
    while (!seen.over)
        hr_loop_run(loop);
    if (seen.grpc > 0)
        return HR_E_LIMIT;
    assert_int_equal(seen.grpc, 0);
    if (!calling->known)
        calling->known = seen.bytes;
    assert_true(seen.bytes && seen.bytes == calling->known);
    return HR_OK;
}

/* The chunks' artifact is there whole, or not at all. It may be there and the call have failed: the
 * stream broke behind it. */
static enum hr_code upload(void *arg)
{
    enum hr_code code = call_once(arg);
    struct session *of = hr_spark_session_get(served.connect, "ann", ID);
    struct artifact *artifact = of ? hr_map_remove(&of->artifacts, ARTIFACT) : NULL;
    assert_true(artifact || code);
    if (!artifact)
        return code;
    assert_int_equal(artifact->len, 15);
    assert_memory_equal(artifact->bytes, "one, two, three", 15);
    hr_artifact_drop(artifact);
    return code;
}

static void fill(PB(AddArtifactsRequest__ArtifactChunk) * chunk, const char *text)
{
    spark__connect__add_artifacts_request__artifact_chunk__init(chunk);
    chunk->data = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
    chunk->crc = (int64_t)crc32(0, (const Bytef *)text, (uInt)strlen(text));
}

static void test_uploads(void **state)
{
    (void)state;
    PB(UserContext) user = PB_INIT(USER_CONTEXT);
    PB(AddArtifactsRequest)
    requests[3] = {PB_INIT(ADD_ARTIFACTS_REQUEST), PB_INIT(ADD_ARTIFACTS_REQUEST),
                   PB_INIT(ADD_ARTIFACTS_REQUEST)};
    PB(AddArtifactsRequest__ArtifactChunk) chunks[3];
    PB(AddArtifactsRequest__BeginChunkedArtifact)
    begin = PB_INIT(ADD_ARTIFACTS_REQUEST__BEGIN_CHUNKED_ARTIFACT);
    static const char *const texts[] = {"one, ", "two, ", "three"};
    user.user_id = "ann";
    for (size_t i = 0; i < 3; i++) {
        fill(&chunks[i], texts[i]);
        requests[i].session_id = ID;
        requests[i].user_context = &user;
        requests[i].payload_case = i ? SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_CHUNK
                                     : SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BEGIN_CHUNK;
        requests[i].chunk = &chunks[i];
    }
    begin.name = ARTIFACT;
    begin.total_bytes = 15;
    begin.num_chunks = 3;
    begin.initial_chunk = &chunks[0];
    requests[0].begin_chunk = &begin;
    struct calling calling = {
        "AddArtifacts", {&requests[0].base, &requests[1].base, &requests[2].base}, 0};
    assert_int_equal(upload(&calling), HR_OK);
    assert_true(hr_torture(upload, &calling) >= 3);
}

static void test_requests(void **state)
{
    (void)state;
    PB(UserContext) user = PB_INIT(USER_CONTEXT);
    PB(AnalyzePlanRequest) analyze = PB_INIT(ANALYZE_PLAN_REQUEST);
    PB(AnalyzePlanRequest__TreeString) tree = PB_INIT(ANALYZE_PLAN_REQUEST__TREE_STRING);
    PB(ExecutePlanRequest) execute = PB_INIT(EXECUTE_PLAN_REQUEST);
    user.user_id = "ann";
    analyze.session_id = execute.session_id = ID;
    analyze.user_context = execute.user_context = &user;
    tree.plan = execute.plan = plan_of(QUERY);
    analyze.analyze_case = SPARK__CONNECT__ANALYZE_PLAN_REQUEST__ANALYZE_TREE_STRING;
    analyze.tree_string = &tree;
    struct calling calling = {"AnalyzePlan", {&analyze.base}, 0};
    assert_int_equal(call_once(&calling), HR_OK);
    assert_true(hr_torture(call_once, &calling) >= 1);
    calling = (struct calling){"ExecutePlan", {&execute.base}, 0};
    assert_int_equal(call_once(&calling), HR_OK);
    assert_true(hr_torture(call_once, &calling) >= 2);
}

int main(void)
{
    duckdb_database database;
    if (duckdb_open(NULL, &database) != DuckDBSuccess ||
        duckdb_connect(database, &connection) != DuckDBSuccess)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_texts),
        cmocka_unit_test_setup_teardown(test_analyses, open_session, close_session),
        cmocka_unit_test_setup_teardown(test_operations, open_session, close_session),
        cmocka_unit_test_setup_teardown(test_uploads, serve, serve_no_more),
        cmocka_unit_test_setup_teardown(test_requests, serve, serve_no_more),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    return failed;
}
