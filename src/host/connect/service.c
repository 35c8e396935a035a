/* The twelve calls, over HTTP. Everything here runs on the loop's thread; plans go to workers. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/connect/private.h"
#include "host/connect/scan.h"
#include "host/connect/status.h"
#include "wire/grpc.h"
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct method;

/* one HTTP exchange that is a gRPC call */
struct call {
    struct hr_connect *connect;
    struct hr_exchange *exchange;
    const struct method *method;
    struct hr_arena *arena;            /* the exchange's */
    struct hr_grpc_reader reader;
    char *message;                     /* the request of all but AddArtifacts */
    size_t message_len;
    bool has_message, answered;
    struct operation *operation;       /* attached: a reference */
    struct analyze_job *analyze;
    struct upload *upload;
};

struct method {
    const char *name;
    const ProtobufCMessageDescriptor *type;
    void (*run)(struct call *call);
    void (*message)(struct call *call, const uint8_t *bytes, size_t len);   /* of client streams: each message */
};

/* ---- answers ---- */

static void start(struct call *call)
{
    static struct hr_header headers[] = {{"content-type", "application/grpc"}};
    hr_exchange_start(call->exchange, 200, &(struct hr_headers){headers, 1});
}

static void fail(struct call *call, struct session *session, const struct hr_err *err)
{
    char id[37];
    bool more = session && hr_status_has_more(err);
    if (call->answered)
        return;
    call->answered = true;
    if (more) {
        hr_uuid_new(id);
        session_remember_error(session, id, err);
    }
    struct hr_headers trailers = hr_status_trailers(call->arena, err, more ? hr_strdup(call->arena, id) : NULL);
    start(call);
    hr_exchange_finish(call->exchange, &trailers);
}

static void answer(struct call *call, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(HR_GRPC_HEAD_BYTES + len);
    struct hr_headers trailers = hr_status_ok();
    HR_CHECK(bytes);
    if (call->answered) {
        free(bytes);
        return;
    }
    call->answered = true;
    hr_grpc_frame_head(bytes, len);
    protobuf_c_message_pack(message, bytes + HR_GRPC_HEAD_BYTES);
    start(call);
    hr_exchange_write(call->exchange, (struct hr_bytes){bytes, HR_GRPC_HEAD_BYTES + len, free, bytes});
    hr_exchange_finish(call->exchange, &trailers);
}

static void *unpack(struct call *call)
{
    struct hr_err err;
    void *message = hr_decode_message(call->arena, call->method->type, call->message, call->message_len, &err);
    if (!message)
        fail(call, NULL, &err);
    return message;
}

/* session of a request, or the call fails; every request has these fields */
static struct session *session_for(struct call *call, const PB(UserContext) *user, const char *id, const char *observed)
{
    struct session *session;
    struct hr_err err;
    if (!session_open(call->connect, user, id, observed, &session, &err))
        return session;
    fail(call, NULL, &err);
    return NULL;
}

#define SESSION(call, request) \
    session_for(call, (request)->user_context, (request)->session_id, \
                (request)->_client_observed_server_side_session_id_case ? (request)->client_observed_server_side_session_id : NULL)

#define REPLY(name, INIT, session) \
    PB(name) reply = PB_INIT(INIT); \
    reply.session_id = (session)->id; \
    reply.server_side_session_id = (session)->server_id

/* ---- ExecutePlan ---- */

static void options_of(const PB(ExecutePlanRequest) *request, struct operation *operation)
{
    for (size_t i = 0; i < request->n_request_options; i++)
        if (request->request_options[i]->request_option_case ==
            SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_REATTACH_OPTIONS)
            operation->reattachable = request->request_options[i]->reattach_options->reattachable;
    operation->tags = calloc(request->n_tags + 1, sizeof *operation->tags);
    HR_CHECK(operation->tags);
    for (size_t i = 0; i < request->n_tags; i++)
        operation->tags[operation->tag_count++] = strdup(request->tags[i]);
}

static bool is_operation_id(const char *id)
{
    return strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36;
}

static enum hr_code new_operation(struct session *session, const PB(ExecutePlanRequest) *request, struct operation **out, struct hr_err *err)
{
    char made[37];
    const char *id = made;
    if (request->_operation_id_case)
        id = request->operation_id;
    else
        hr_uuid_new(made);
    if (!is_operation_id(id))
        return hr_fail_spark(err, "INVALID_HANDLE.FORMAT", "handle", id, NULL);
    if (hr_map_has(&session->operations, id))
        return hr_fail_spark(err, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "handle", id, NULL);
    if (hr_map_has(&session->finished, id))
        return hr_fail_spark(err, "INVALID_HANDLE.OPERATION_ABANDONED", "handle", id, NULL);
    if (session->operations.count >= HR_OPERATIONS_PER_SESSION_MAX)
        return hr_fail(err, HR_E_LIMIT, "session has %d operations already", HR_OPERATIONS_PER_SESSION_MAX);
    *out = operation_new(session, id);
    options_of(request, *out);
    return HR_OK;
}

static void attach(struct call *call, struct operation *operation, int64_t after)
{
    call->operation = operation_keep(operation);
    call->answered = true;
    start(call);
    operation_attach(operation, call->exchange, after);
}

/* The plan stays as it came: only what routes the request is unpacked here. */
static void run_execute(struct call *call)
{
    struct hr_buf fields, plan;
    struct hr_err err;
    struct operation *operation = NULL;
    hr_buf_init(&fields, HR_GRPC_MESSAGE_MAX);
    hr_buf_init(&plan, HR_GRPC_MESSAGE_MAX);
    PB(ExecutePlanRequest) *request = NULL;
    if (!hr_scan_without(call->message, call->message_len, 3, 3, 3, &fields) || !hr_scan_field(call->message, call->message_len, 3, &plan))
        hr_fail(&err, HR_E_INVALID, "request is not valid protobuf (\"ExecutePlanRequest\")");
    else
        request = hr_decode_message(call->arena, call->method->type, fields.data, fields.len, &err);
    hr_buf_release(&fields);
    struct session *session = NULL;
    if (!request)
        fail(call, NULL, &err);
    else if ((session = SESSION(call, request)) && new_operation(session, request, &operation, &err))
        fail(call, session, &err);
    else if (session) {
        operation->request = hr_buf_steal(&plan, &operation->request_len);
        operation_keep(operation);
        if (work_start(call->connect, execute_plan, operation_keep(operation), &err)) {
            operation_done(operation, &err);
            operation_drop(operation);
        }
        attach(call, operation, 0);
        operation_drop(operation);
    }
    hr_buf_release(&plan);
}

/* ---- ReattachExecute, ReleaseExecute, Interrupt, GetStatus ---- */

static struct operation *find_operation(struct call *call, struct session *session, const char *id)
{
    struct operation *operation = hr_map_get(&session->operations, id);
    struct hr_err err;
    if (operation)
        return operation;
    hr_fail_spark(&err, "INVALID_HANDLE.OPERATION_NOT_FOUND", "handle", id, NULL);
    fail(call, session, &err);
    return NULL;
}

static void run_reattach(struct call *call)
{
    PB(ReattachExecuteRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct operation *operation = session ? find_operation(call, session, request->operation_id) : NULL;
    struct hr_err err = {0};
    int64_t after;
    if (!operation)
        return;
    if (!operation->reattachable)
        hr_fail_spark(&err, "INVALID_CURSOR.NOT_REATTACHABLE", NULL);
    else
        operation_find_response(operation, request->_last_response_id_case ? request->last_response_id : NULL, &after, &err);
    if (err.code)
        fail(call, session, &err);
    else
        attach(call, operation, after);
}

static void run_release(struct call *call)
{
    PB(ReleaseExecuteRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(ReleaseExecuteResponse, RELEASE_EXECUTE_RESPONSE, session);
    struct operation *operation = hr_map_get(&session->operations, request->operation_id);
    if (operation) {
        reply._operation_id_case = 2;
        reply.operation_id = request->operation_id;
        if (request->release_case == SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_RELEASE_UNTIL)
            operation_release(operation, request->release_until->response_id);
        else
            operation_remove(operation);
    }
    answer(call, &reply.base);
}

static bool wants_interrupt(const PB(InterruptRequest) *request, const struct operation *operation)
{
    switch (request->interrupt_type) {
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_ALL:
        return true;
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_TAG:
        for (size_t i = 0; i < operation->tag_count; i++)
            if (request->interrupt_case == SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_TAG &&
                !strcmp(operation->tags[i], request->operation_tag))
                return true;
        return false;
    default:
        return request->interrupt_case == SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_ID &&
               !strcmp(operation->id, request->operation_id);
    }
}

static void run_interrupt(struct call *call)
{
    PB(InterruptRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(InterruptResponse, INTERRUPT_RESPONSE, session);
    reply.interrupted_ids = HR_NEW_ARRAY(call->arena, char *, session->operations.count + 1);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&session->operations, at));) {
        struct operation *operation = at->value;
        if (wants_interrupt(request, operation) && operation_cancel(operation))
            reply.interrupted_ids[reply.n_interrupted_ids++] = hr_strdup(call->arena, operation->id);
    }
    answer(call, &reply.base);
}

static PB(GetStatusResponse__OperationStatus) *status_of(struct call *call, struct session *session, const char *id)
{
    static const PB(GetStatusResponse__OperationStatus__OperationState) states[] = {2, 4, 5, 6};   /* running, succeeded, failed, cancelled */
    PB(GetStatusResponse__OperationStatus) *out = PB_NEW(call->arena, GetStatusResponse__OperationStatus, GET_STATUS_RESPONSE__OPERATION_STATUS);
    struct operation *operation = hr_map_get(&session->operations, id);
    intptr_t finished = (intptr_t)hr_map_get(&session->finished, id);
    out->operation_id = (char *)id;
    out->state = operation ? states[operation_state_of(operation)] : finished ? states[finished - 1] : 1;
    return out;
}

static void run_status(struct call *call)
{
    PB(GetStatusRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(GetStatusResponse, GET_STATUS_RESPONSE, session);
    if (request->_operation_status_case) {
        size_t asked = request->operation_status->n_operation_ids;
        reply.operation_statuses =
            HR_NEW_ARRAY(call->arena, PB(GetStatusResponse__OperationStatus) *, asked + session->operations.count + session->finished.count);
        for (size_t i = 0; i < asked; i++)
            reply.operation_statuses[reply.n_operation_statuses++] = status_of(call, session, request->operation_status->operation_ids[i]);
        for (struct hr_map_entry *at = NULL; !asked && (at = hr_map_next(&session->operations, at));)
            reply.operation_statuses[reply.n_operation_statuses++] = status_of(call, session, at->key);
        for (struct hr_map_entry *at = NULL; !asked && (at = hr_map_next(&session->finished, at));)
            if (!hr_map_has(&session->operations, at->key))
                reply.operation_statuses[reply.n_operation_statuses++] = status_of(call, session, at->key);
    }
    answer(call, &reply.base);
}

/* ---- AnalyzePlan ---- */

static void analyzed(struct analyze_job *job)
{
    struct hr_exchange *exchange = job->exchange;
    struct call *call = exchange ? hr_exchange_user(exchange) : NULL;
    if (call) {
        call->analyze = NULL;
        if (job->err.code)
            fail(call, job->session, &job->err);
        else
            answer(call, &job->response->base);
    }
    hr_arena_free(job->arena);
    session_drop(job->session);
    free(job->request);
    free(job);
}

static void run_analyze(struct call *call)
{
    struct hr_buf fields;
    struct hr_err err;
    hr_buf_init(&fields, HR_GRPC_MESSAGE_MAX);
    PB(AnalyzePlanRequest) *request = NULL;
    if (hr_scan_without(call->message, call->message_len, 4, 16, 18, &fields))
        request = hr_decode_message(call->arena, call->method->type, fields.data, fields.len, &err);
    else
        hr_fail(&err, HR_E_INVALID, "request is not valid protobuf (\"AnalyzePlanRequest\")");
    hr_buf_release(&fields);
    if (!request) {
        fail(call, NULL, &err);
        return;
    }
    struct session *session = SESSION(call, request);
    if (!session)
        return;
    struct analyze_job *job = calloc(1, sizeof *job);
    HR_CHECK(job);
    job->session = session_keep(session);
    job->exchange = call->exchange;
    job->request = call->message;
    job->request_len = call->message_len;
    job->arena = hr_arena_new(NULL);
    job->done = analyzed;
    call->message = NULL;
    call->analyze = job;
    if (work_start(call->connect, analyze_plan, job, &job->err))
        analyzed(job);
}

/* ---- Config ---- */

struct pairs { PB(KeyValue) **at; size_t count; };

static void add_pair(struct call *call, struct pairs *pairs, const char *key, const char *value)
{
    PB(KeyValue) *pair = PB_NEW(call->arena, KeyValue, KEY_VALUE);
    pair->key = hr_strdup(call->arena, key);
    if (value) {
        pair->_value_case = 2;
        pair->value = hr_strdup(call->arena, value);
    }
    pairs->at[pairs->count++] = pair;
}

static const char *get_conf(struct call *call, struct session *session, const char *key)
{
    pthread_mutex_lock(&session->lock);
    const char *value = hr_strdup(call->arena, hr_conf_get(&session->conf, key));
    pthread_mutex_unlock(&session->lock);
    return value;
}

static enum hr_code conf_set(struct session *session, const PB(ConfigRequest__Set) *set, PB(ConfigResponse) *reply, struct call *call,
                             struct hr_err *err)
{
    reply->warnings = HR_NEW_ARRAY(call->arena, char *, set->n_pairs);
    for (size_t i = 0; i < set->n_pairs; i++) {
        const char *value = set->pairs[i]->_value_case ? set->pairs[i]->value : NULL;
        if (!value)
            return hr_fail(err, HR_E_INVALID, "config \"%s\" is set to no value", set->pairs[i]->key);
        enum hr_code code = session_set(session, set->pairs[i]->key, value, err);
        if (code && !(set->_silent_case && set->silent))
            return code;
        if (code)
            reply->warnings[reply->n_warnings++] = hr_strdup(call->arena, err->msg);
        else
            journal_config(session, set->pairs[i]->key, value);
    }
    return HR_OK;
}

static enum hr_code conf_get(struct call *call, struct session *session, size_t count, char **keys, bool optional, struct pairs *pairs,
                             struct hr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = get_conf(call, session, keys[i]);
        if (!value && !optional && !hr_conf_is_known(keys[i]))
            return hr_fail_spark(err, "SQL_CONF_NOT_FOUND", "sqlConf", hr_printf(call->arena, "\"%s\"", keys[i]), NULL);
        add_pair(call, pairs, keys[i], value ? value : optional ? NULL : "<undefined>");
    }
    return HR_OK;
}

static void conf_get_or(struct call *call, struct session *session, const PB(ConfigRequest__GetWithDefault) *get, struct pairs *pairs)
{
    for (size_t i = 0; i < get->n_pairs; i++) {
        const char *value = NULL, *fallback = get->pairs[i]->_value_case ? get->pairs[i]->value : NULL;
        pthread_mutex_lock(&session->lock);
        value = fallback ? hr_conf_get_set(&session->conf, get->pairs[i]->key) : hr_conf_get(&session->conf, get->pairs[i]->key);
        value = hr_strdup(call->arena, value);
        pthread_mutex_unlock(&session->lock);
        add_pair(call, pairs, get->pairs[i]->key, value ? value : fallback);
    }
}

static void conf_all(struct call *call, struct session *session, const char *prefix, struct pairs *pairs)
{
    size_t len = strlen(prefix);
    pthread_mutex_lock(&session->lock);
    pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, session->conf.values.count);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&session->conf.values, at));)
        if (!strncmp(at->key, prefix, len))
            add_pair(call, pairs, at->key + len, at->value);
    pthread_mutex_unlock(&session->lock);
}

static enum hr_code conf_unset(struct session *session, const PB(ConfigRequest__Unset) *unset, struct hr_err *err)
{
    for (size_t i = 0; i < unset->n_keys; i++) {
        HR_TRY(session_set(session, unset->keys[i], NULL, err));
        journal_config(session, unset->keys[i], NULL);
    }
    return HR_OK;
}

#define CONFIG(name) SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_##name

static enum hr_code conf_run(struct call *call, struct session *session, const PB(ConfigRequest__Operation) *operation, PB(ConfigResponse) *reply,
                             struct pairs *pairs, struct hr_err *err)
{
    size_t most = 0;
    switch (operation ? operation->op_type_case : 0) {
    case CONFIG(SET):
        return conf_set(session, operation->set, reply, call, err);
    case CONFIG(GET):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get->n_keys);
        return conf_get(call, session, operation->get->n_keys, operation->get->keys, false, pairs, err);
    case CONFIG(GET_OPTION):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get_option->n_keys);
        return conf_get(call, session, operation->get_option->n_keys, operation->get_option->keys, true, pairs, err);
    case CONFIG(GET_WITH_DEFAULT):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get_with_default->n_pairs);
        conf_get_or(call, session, operation->get_with_default, pairs);
        return HR_OK;
    case CONFIG(GET_ALL):
        conf_all(call, session, operation->get_all->_prefix_case ? operation->get_all->prefix : "", pairs);
        return HR_OK;
    case CONFIG(UNSET):
        return conf_unset(session, operation->unset, err);
    case CONFIG(IS_MODIFIABLE):
        most = operation->is_modifiable->n_keys;
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, most);
        for (size_t i = 0; i < most; i++)
            add_pair(call, pairs, operation->is_modifiable->keys[i], hr_conf_is_modifiable(operation->is_modifiable->keys[i]) ? "true" : "false");
        return HR_OK;
    default:
        return hr_fail(err, HR_E_INVALID, "config request of an unknown kind");
    }
}

static void run_config(struct call *call)
{
    PB(ConfigRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct hr_err err;
    struct pairs pairs = {0};
    if (!session)
        return;
    REPLY(ConfigResponse, CONFIG_RESPONSE, session);
    if (conf_run(call, session, request->operation, &reply, &pairs, &err)) {
        fail(call, session, &err);
        return;
    }
    reply.pairs = pairs.at;
    reply.n_pairs = pairs.count;
    answer(call, &reply.base);
}

/* ---- artifacts ---- */

/* an AddArtifacts stream: whole artifacts come in batches, large ones in chunks */
struct upload {
    struct session *session;
    char *name;                        /* of the artifact whose chunks arrive */
    struct hr_buf bytes;
    int64_t chunks_left, total;
    bool crc_ok;
    size_t count, room;
    PB(AddArtifactsResponse__ArtifactSummary) **summaries;
};

static bool crc_is(const PB(AddArtifactsRequest__ArtifactChunk) *chunk)
{
    return chunk && (int64_t)crc32(0, chunk->data.data, (uInt)chunk->data.len) == chunk->crc;
}

static void summarize(struct call *call, struct upload *upload, const char *name, bool crc_ok)
{
    if (upload->count == upload->room) {
        size_t room = upload->room ? 2 * upload->room : 8;
        PB(AddArtifactsResponse__ArtifactSummary) **more = HR_NEW_ARRAY(call->arena, PB(AddArtifactsResponse__ArtifactSummary) *, room);
        if (upload->count)
            memcpy(more, upload->summaries, upload->count * sizeof *more);
        upload->summaries = more;
        upload->room = room;
    }
    PB(AddArtifactsResponse__ArtifactSummary) *summary =
        PB_NEW(call->arena, AddArtifactsResponse__ArtifactSummary, ADD_ARTIFACTS_RESPONSE__ARTIFACT_SUMMARY);
    summary->name = hr_strdup(call->arena, name);
    summary->is_crc_successful = crc_ok;
    upload->summaries[upload->count++] = summary;
}

static enum hr_code store(struct session *session, const char *name, const void *bytes, size_t len, struct hr_err *err)
{
    HR_TRY(session_add_artifact(session, name, bytes, len, err));
    journal_artifact(session, name, bytes, len);
    return HR_OK;
}

static enum hr_code add_chunk(struct call *call, struct upload *upload, const PB(AddArtifactsRequest__ArtifactChunk) *chunk, struct hr_err *err)
{
    if (!upload->name || !chunk || upload->chunks_left-- <= 0)
        return hr_fail(err, HR_E_INVALID, "artifact chunk outside an artifact");
    upload->crc_ok &= crc_is(chunk);
    if (!hr_buf_add(&upload->bytes, chunk->data.data, chunk->data.len))
        return hr_fail(err, HR_E_LIMIT, "artifact \"%s\" is larger than %zu bytes", upload->name, HR_ARTIFACT_MAX);
    if (upload->chunks_left)
        return HR_OK;
    if (upload->crc_ok)
        HR_TRY(store(upload->session, upload->name, hr_buf_text(&upload->bytes), upload->bytes.len, err));
    summarize(call, upload, upload->name, upload->crc_ok);
    hr_buf_clear(&upload->bytes);
    upload->name = NULL;
    return HR_OK;
}

static enum hr_code add_artifacts(struct call *call, struct upload *upload, const PB(AddArtifactsRequest) *request, struct hr_err *err)
{
    switch (request->payload_case) {
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BATCH:
        for (size_t i = 0; i < request->batch->n_artifacts; i++) {
            const PB(AddArtifactsRequest__SingleChunkArtifact) *one = request->batch->artifacts[i];
            bool crc_ok = crc_is(one->data);
            if (crc_ok)
                HR_TRY(store(upload->session, one->name, one->data->data.data, one->data->data.len, err));
            summarize(call, upload, one->name, crc_ok);
        }
        return HR_OK;
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BEGIN_CHUNK:
        if (upload->name)
            return hr_fail(err, HR_E_INVALID, "artifact \"%s\" ended early", upload->name);
        upload->name = hr_strdup(call->arena, request->begin_chunk->name);
        upload->chunks_left = request->begin_chunk->num_chunks;
        upload->crc_ok = true;
        return add_chunk(call, upload, request->begin_chunk->initial_chunk, err);
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_CHUNK:
        return add_chunk(call, upload, request->chunk, err);
    default:
        return hr_fail(err, HR_E_INVALID, "artifact request of an unknown kind");
    }
}

static void message_add_artifacts(struct call *call, const uint8_t *bytes, size_t len)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_err err = {0};
    PB(AddArtifactsRequest) *request = call->answered ? NULL : hr_decode_message(scratch, call->method->type, bytes, len, &err);
    if (request && !call->upload) {
        struct session *session = SESSION(call, request);
        if (session) {
            call->upload = HR_NEW(call->arena, struct upload);
            call->upload->session = session_keep(session);
            hr_buf_init(&call->upload->bytes, HR_ARTIFACT_MAX);
        }
    }
    if (request && call->upload)
        add_artifacts(call, call->upload, request, &err);
    if (err.code)
        fail(call, NULL, &err);
    hr_arena_free(scratch);
}

static void run_add_artifacts(struct call *call)
{
    struct upload *upload = call->upload;
    struct hr_err err;
    if (!upload || upload->name) {
        hr_fail(&err, HR_E_INVALID, "artifact stream ended early");
        fail(call, NULL, &err);
        return;
    }
    REPLY(AddArtifactsResponse, ADD_ARTIFACTS_RESPONSE, upload->session);
    reply.artifacts = upload->summaries;
    reply.n_artifacts = upload->count;
    answer(call, &reply.base);
}

static void run_artifact_status(struct call *call)
{
    PB(ArtifactStatusesRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(ArtifactStatusesResponse, ARTIFACT_STATUSES_RESPONSE, session);
    reply.statuses = HR_NEW_ARRAY(call->arena, PB(ArtifactStatusesResponse__StatusesEntry) *, request->n_names);
    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < request->n_names; i++) {
        PB(ArtifactStatusesResponse__StatusesEntry) *entry =
            PB_NEW(call->arena, ArtifactStatusesResponse__StatusesEntry, ARTIFACT_STATUSES_RESPONSE__STATUSES_ENTRY);
        entry->key = request->names[i];
        entry->value = PB_NEW(call->arena, ArtifactStatusesResponse__ArtifactStatus, ARTIFACT_STATUSES_RESPONSE__ARTIFACT_STATUS);
        entry->value->exists = hr_map_has(&session->artifacts, request->names[i]);
        reply.statuses[reply.n_statuses++] = entry;
    }
    pthread_mutex_unlock(&session->lock);
    answer(call, &reply.base);
}

/* ---- sessions and errors ---- */

static void run_release_session(struct call *call)
{
    PB(ReleaseSessionRequest) *request = unpack(call);
    if (!request)
        return;
    const char *user = request->user_context ? request->user_context->user_id : "";
    struct session *session = session_get(call->connect, user, request->session_id);
    PB(ReleaseSessionResponse) reply = PB_INIT(RELEASE_SESSION_RESPONSE);
    reply.session_id = request->session_id;
    if (session) {
        reply.server_side_session_id = hr_strdup(call->arena, session->server_id);
        char *key = hr_strdup(call->arena, session->key);
        session_close(session);
        if (request->allow_reconnect)
            hr_map_remove(&call->connect->closed, key);
    }
    answer(call, &reply.base);
}

static void run_error_details(struct call *call)
{
    PB(FetchErrorDetailsRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    const struct hr_err *err = hr_map_get(&session->errors, request->error_id);
    PB(FetchErrorDetailsResponse) *reply = err ? hr_status_details(call->arena, err)
                                               : PB_NEW(call->arena, FetchErrorDetailsResponse, FETCH_ERROR_DETAILS_RESPONSE);
    reply->session_id = session->id;
    reply->server_side_session_id = session->server_id;
    answer(call, &reply->base);
}

static void run_clone(struct call *call)
{
    PB(CloneSessionRequest) *request = unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct hr_err err = {0};
    char made[37];
    if (!session)
        return;
    hr_uuid_new(made);
    const char *id = request->_new_session_id_case ? request->new_session_id : made;
    if (!is_operation_id(id))
        hr_fail_spark(&err, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT", "targetSessionId", id, NULL);
    else if (session_get(call->connect, session->user, id))
        hr_fail_spark(&err, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS", "targetSessionId", id, NULL);
    if (err.code) {
        fail(call, session, &err);
        return;
    }
    struct session *clone = session_clone(session, id);
    REPLY(CloneSessionResponse, CLONE_SESSION_RESPONSE, session);
    reply.new_session_id = clone->id;
    reply.new_server_side_session_id = clone->server_id;
    answer(call, &reply.base);
}

/* ---- HTTP ---- */

#define PREFIX "/spark.connect.SparkConnectService/"

static const struct method methods[] = {
    {"ExecutePlan", &spark__connect__execute_plan_request__descriptor, run_execute},
    {"AnalyzePlan", &spark__connect__analyze_plan_request__descriptor, run_analyze},
    {"Config", &spark__connect__config_request__descriptor, run_config},
    {"AddArtifacts", &spark__connect__add_artifacts_request__descriptor, run_add_artifacts, message_add_artifacts},
    {"ArtifactStatus", &spark__connect__artifact_statuses_request__descriptor, run_artifact_status},
    {"Interrupt", &spark__connect__interrupt_request__descriptor, run_interrupt},
    {"ReattachExecute", &spark__connect__reattach_execute_request__descriptor, run_reattach},
    {"ReleaseExecute", &spark__connect__release_execute_request__descriptor, run_release},
    {"ReleaseSession", &spark__connect__release_session_request__descriptor, run_release_session},
    {"FetchErrorDetails", &spark__connect__fetch_error_details_request__descriptor, run_error_details},
    {"CloneSession", &spark__connect__clone_session_request__descriptor, run_clone},
    {"GetStatus", &spark__connect__get_status_request__descriptor, run_status},
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
    static struct hr_header trailers[] = {{"grpc-status", "12"}, {"grpc-message", "unknown method"}};
    hr_exchange_start(exchange, 200, &(struct hr_headers){headers, 1});
    hr_exchange_finish(exchange, &(struct hr_headers){trailers, 2});
}

static void on_request(struct hr_exchange *exchange, void *server_arg)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    const char *type = hr_header_get(&request->headers, "content-type");
    const struct method *method = find_method(request->path);
    hr_exchange_set_user(exchange, NULL);
    if (!request->http2 || !type || strncmp(type, "application/grpc", 16)) {
        hr_exchange_reply(exchange, 415, "text/plain", "this port speaks Spark Connect (gRPC)\n", 38);
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
        fail(call, NULL, &err);
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
            fail(call, NULL, &err);
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
        fail(call, NULL, &err);
        return;
    }
    call->method->run(call);
}

static void on_writable(struct hr_exchange *exchange)
{
    struct call *call = hr_exchange_user(exchange);
    if (call && call->operation && call->operation->stream == exchange)
        operation_pump(call->operation);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct call *call = hr_exchange_user(exchange);
    (void)finished;
    if (!call)
        return;
    if (call->operation) {
        if (call->operation->stream == exchange)
            operation_detach(call->operation);
        operation_drop(call->operation);
    }
    if (call->analyze)
        call->analyze->exchange = NULL;
    if (call->upload) {
        hr_buf_release(&call->upload->bytes);
        session_drop(call->upload->session);
    }
    hr_grpc_reader_release(&call->reader);
    free(call->message);
}

const struct hr_exchange_handler *hr_connect_handler(void)
{
    static const struct hr_exchange_handler handler = {on_request, on_data, on_end, on_writable, on_closed};
    return &handler;
}

/* ---- the service ---- */

/* operations that nobody is attached to, and nobody released, are given up; once in five seconds */
static void clean(void *arg)
{
    struct hr_connect *connect = arg;
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000);
    for (struct hr_map_entry *session = NULL; (session = hr_map_next(&connect->sessions, session));)
        for (struct hr_map_entry *at = NULL; (at = hr_map_next(&((struct session *)session->value)->operations, at));) {
            struct operation *operation = at->value;
            if (operation->detached_ms && now - operation->detached_ms > HR_OPERATION_DETACHED_MS)
                operation_remove(operation);
        }
    malloc_trim(1 << 20);
}

/* DuckDB takes tens of milliseconds to open: it is done before the first query asks for it */
static void open_spare(void *arg)
{
    struct hr_connect *connect = arg;
    struct hr_engine_options options = {connect->options.threads, connect->options.memory_bytes, connect->options.spill_dir};
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

enum hr_code hr_connect_new(const struct hr_connect_options *options, struct hr_connect **out, struct hr_err *err)
{
    struct hr_connect *connect = calloc(1, sizeof *connect);
    if (!connect)
        return hr_fail(err, HR_E_NOMEM, "no memory for the service");
    connect->options = *options;
    connect->loop = options->loop;
    connect->journal = -1;
    pthread_mutex_init(&connect->lock, NULL);
    hr_map_init(&connect->sessions);
    hr_map_init(&connect->closed);
    hr_map_init_nocase(&connect->global_views);
    *out = connect;
    pthread_cond_init(&connect->opened, NULL);
    connect->opening = true;
    HR_TRY(work_start(connect, open_spare, connect, err));
    if (options->journal)
        HR_TRY(journal_open(connect, err));
    connect->janitor = hr_timer_start(connect->loop, 5000, 5000, clean, connect);
    return HR_OK;
}

void hr_connect_free(struct hr_connect *connect)
{
    if (!connect)
        return;
    hr_timer_stop(connect->janitor);
    journal_close(connect);                  /* the sessions end here, but not for the next host */
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&connect->sessions, NULL));)
        session_close(at->value);
    work_stop(connect);
    hr_engine_close(connect->spare);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&connect->global_views, at));)
        view_drop(at->value);
    hr_map_release(&connect->global_views);
    hr_map_release(&connect->sessions);
    hr_map_release(&connect->closed);
    pthread_cond_destroy(&connect->opened);
    pthread_mutex_destroy(&connect->lock);
    free(connect);
}
