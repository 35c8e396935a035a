/* The calls of operations: ExecutePlan, ReattachExecute, ReleaseExecute, Interrupt, GetStatus,
 * AnalyzePlan. */
#include "host/connect/calls/call.h"

/* ---- ExecutePlan ---- */

static void options_of(const PB(ExecutePlanRequest) * request, struct operation *operation)
{
    for (size_t i = 0; i < request->n_request_options; i++)
        if (request->request_options[i]->request_option_case ==
            SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_REATTACH_OPTIONS)
            operation->reattachable = request->request_options[i]->reattach_options->reattachable;
    for (size_t i = 0; i < request->n_request_options; i++) {
        if (request->request_options[i]->request_option_case !=
            SPARK__CONNECT__EXECUTE_PLAN_REQUEST__REQUEST_OPTION__REQUEST_OPTION_RESULT_CHUNKING_OPTIONS)
            continue;
        const PB(ResultChunkingOptions) *chunking =
            request->request_options[i]->result_chunking_options;
        bool wanted = chunking->allow_arrow_batch_chunking &&
                      chunking->_preferred_arrow_chunk_size_case &&
                      chunking->preferred_arrow_chunk_size > 0;
        /* as in Spark, no part is smaller than 1 KB */
        if (wanted)
            operation->chunk_bytes = chunking->preferred_arrow_chunk_size < 1024
                                         ? 1024
                                         : (size_t)chunking->preferred_arrow_chunk_size;
    }
    operation->tags = calloc(request->n_tags + 1, sizeof *operation->tags);
    HR_CHECK(operation->tags);
    for (size_t i = 0; i < request->n_tags; i++)
        operation->tags[operation->tag_count++] = strdup(request->tags[i]);
}

bool hr_is_operation_id(const char *id)
{
    return strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36;
}

/* Not OPERATION_NOT_FOUND, on which clients run it again by themselves: rows would be appended
 * twice. */
static enum hr_code fail_lost(struct hr_err *err)
{
    hr_fail(
        err, HR_E_INTERNAL,
        "the session's host process ended while this operation wrote: what it wrote may be there");
    return hr_fail_hint(err, "look at what is there before you run it again");
}

static enum hr_code new_operation(struct session *session,
                                  const PB(ExecutePlanRequest) * request,
                                  struct operation **out,
                                  struct hr_err *err)
{
    char made[37];
    const char *id = made;
    if (request->_operation_id_case)
        id = request->operation_id;
    else
        hr_uuid_new(made);
    if (!hr_is_operation_id(id))
        return hr_fail_spark(err, "INVALID_HANDLE.FORMAT", "handle", id, NULL);
    if (hr_map_has(&session->operations, id))
        return hr_fail_spark(err, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "handle", id, NULL);
    if (hr_map_has(&session->finished, id))
        return hr_fail_spark(err, "INVALID_HANDLE.OPERATION_ABANDONED", "handle", id, NULL);
    if (hr_map_has(&session->lost, id))
        return fail_lost(err);
    if (session->operations.count >= HR_OPERATIONS_PER_SESSION_MAX)
        return hr_fail(err, HR_E_LIMIT, "session has %d operations already",
                       HR_OPERATIONS_PER_SESSION_MAX);
    *out = hr_operation_new(session, id);
    options_of(request, *out);
    return HR_OK;
}

static void attach(struct call *call, struct operation *operation, int64_t after)
{
    call->operation = hr_operation_keep(operation);
    call->answered = true;
    hr_call_start(call);
    hr_operation_attach(operation, call->exchange, after);
}

/* the request without its plans, which stay as they came: only what routes it is unpacked here.
 * NULL: err says why */
static void *unpack_without(
    struct call *call, uint32_t first, uint32_t last, uint32_t also, struct hr_err *err)
{
    struct hr_buf fields;
    void *request = NULL;
    hr_buf_init(&fields, HR_GRPC_MESSAGE_MAX);
    if (!hr_scan_without(call->message, call->message_len, first, last, also, &fields))
        hr_fail(err, HR_E_INVALID, "request is not valid protobuf (\"%s\")",
                call->method->type->short_name);
    else if (!hr_buf_check(&fields, "the request", err))
        request = hr_decode_message(call->arena, call->method->type, hr_buf_text(&fields),
                                    hr_buf_len(&fields), err);
    hr_buf_release(&fields);
    return request;
}

void hr_run_execute(struct call *call)
{
    struct hr_buf plan;
    struct hr_err err;
    struct operation *operation = NULL;
    hr_buf_init(&plan, HR_GRPC_MESSAGE_MAX);
    PB(ExecutePlanRequest) *request = unpack_without(call, 3, 3, 3, &err);
    if (request)
        hr_scan_field(call->message, call->message_len, 3, &plan);
    if (request && hr_buf_check(&plan, "the plan", &err))
        request = NULL;
    struct session *session = NULL;
    if (!request)
        hr_call_fail(call, NULL, &err);
    else if ((session = SESSION(call, request)) &&
             new_operation(session, request, &operation, &err))
        hr_call_fail(call, session, &err);
    else if (session) {
        operation->request = hr_buf_steal(&plan, &operation->request_len);
        hr_operation_keep(operation);
        if (hr_work_start(call->connect, hr_execute_plan, hr_operation_keep(operation), &err)) {
            hr_operation_done(operation, &err);
            hr_operation_drop(operation);
        }
        attach(call, operation, 0);
        hr_operation_drop(operation);
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
    if (hr_map_has(&session->lost, id))
        fail_lost(&err);
    else
        hr_fail_spark(&err, "INVALID_HANDLE.OPERATION_NOT_FOUND", "handle", id, NULL);
    hr_call_fail(call, session, &err);
    return NULL;
}

void hr_run_reattach(struct call *call)
{
    PB(ReattachExecuteRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct operation *operation =
        session ? find_operation(call, session, request->operation_id) : NULL;
    struct hr_err err = {0};
    int64_t after;
    if (!operation)
        return;
    if (!operation->reattachable)
        hr_fail_spark(&err, "INVALID_CURSOR.NOT_REATTACHABLE", NULL);
    else
        hr_operation_find_response(
            operation, request->_last_response_id_case ? request->last_response_id : NULL, &after,
            &err);
    if (err.code)
        hr_call_fail(call, session, &err);
    else
        attach(call, operation, after);
}

void hr_run_release(struct call *call)
{
    PB(ReleaseExecuteRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(ReleaseExecuteResponse, RELEASE_EXECUTE_RESPONSE, session);
    struct operation *operation = hr_map_get(&session->operations, request->operation_id);
    if (operation) {
        reply._operation_id_case = 2;
        reply.operation_id = request->operation_id;
        if (request->release_case == SPARK__CONNECT__RELEASE_EXECUTE_REQUEST__RELEASE_RELEASE_UNTIL)
            hr_operation_release(operation, request->release_until->response_id);
        else
            hr_operation_remove(operation);
    }
    hr_call_answer(call, &reply.base);
}

static bool wants_interrupt(const PB(InterruptRequest) * request, const struct operation *operation)
{
    switch (request->interrupt_type) {
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_ALL:
        return true;
    case SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_TYPE__INTERRUPT_TYPE_TAG:
        for (size_t i = 0; i < operation->tag_count; i++)
            if (request->interrupt_case ==
                    SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_TAG &&
                !strcmp(operation->tags[i], request->operation_tag))
                return true;
        return false;
    default:
        return request->interrupt_case ==
                   SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_ID &&
               !strcmp(operation->id, request->operation_id);
    }
}

void hr_run_interrupt(struct call *call)
{
    PB(InterruptRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(InterruptResponse, INTERRUPT_RESPONSE, session);
    reply.interrupted_ids = HR_NEW_ARRAY(call->arena, char *, session->operations.count + 1);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&session->operations, at));) {
        struct operation *operation = at->value;
        if (wants_interrupt(request, operation) && hr_operation_cancel(operation))
            reply.interrupted_ids[reply.n_interrupted_ids++] =
                hr_strdup(call->arena, operation->id);
    }
    hr_call_answer(call, &reply.base);
}

static PB(GetStatusResponse__OperationStatus) *
    status_of(struct call *call, struct session *session, const char *id)
{
    /* running, succeeded, failed, cancelled */
    static const PB(GetStatusResponse__OperationStatus__OperationState) states[] = {2, 4, 5, 6};
    PB(GetStatusResponse__OperationStatus) *out = PB_NEW(
        call->arena, GetStatusResponse__OperationStatus, GET_STATUS_RESPONSE__OPERATION_STATUS);
    struct operation *operation = hr_map_get(&session->operations, id);
    intptr_t finished = (intptr_t)hr_map_get(&session->finished, id);
    out->operation_id = (char *)id;
    out->state = operation  ? states[hr_operation_state_of(operation)]
                 : finished ? states[finished - 1]
                            : 1;
    return out;
}

void hr_run_status(struct call *call)
{
    PB(GetStatusRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(GetStatusResponse, GET_STATUS_RESPONSE, session);
    if (request->_operation_status_case) {
        size_t asked = request->operation_status->n_operation_ids;
        reply.operation_statuses =
            HR_NEW_ARRAY(call->arena, PB(GetStatusResponse__OperationStatus) *,
                         asked + session->operations.count + session->finished.count);
        for (size_t i = 0; i < asked; i++)
            reply.operation_statuses[reply.n_operation_statuses++] =
                status_of(call, session, request->operation_status->operation_ids[i]);
        for (struct hr_map_entry *at = NULL;
             !asked && (at = hr_map_next(&session->operations, at));)
            reply.operation_statuses[reply.n_operation_statuses++] =
                status_of(call, session, at->key);
        for (struct hr_map_entry *at = NULL; !asked && (at = hr_map_next(&session->finished, at));)
            if (!hr_map_has(&session->operations, at->key))
                reply.operation_statuses[reply.n_operation_statuses++] =
                    status_of(call, session, at->key);
    }
    hr_call_answer(call, &reply.base);
}

/* ---- AnalyzePlan ---- */

static void analyzed(struct analyze_job *job)
{
    struct hr_exchange *exchange = job->exchange;
    struct call *call = exchange ? hr_exchange_user(exchange) : NULL;
    if (call) {
        call->analyze = NULL;
        if (job->err.code)
            hr_call_fail(call, job->session, &job->err);
        else
            hr_call_answer(call, &job->response->base);
    }
    hr_arena_free(job->arena);
    hr_spark_session_drop(job->session);
    free(job->request);
    free(job);
}

void hr_run_analyze(struct call *call)
{
    struct hr_err err;
    PB(AnalyzePlanRequest) *request = unpack_without(call, 4, 16, 18, &err);
    if (!request) {
        hr_call_fail(call, NULL, &err);
        return;
    }
    struct session *session = SESSION(call, request);
    if (!session)
        return;
    struct analyze_job *job = calloc(1, sizeof *job);
    HR_CHECK(job);
    job->session = hr_spark_session_keep(session);
    job->exchange = call->exchange;
    job->request = call->message;
    job->request_len = call->message_len;
    job->arena = hr_arena_new(NULL);
    job->done = analyzed;
    call->message = NULL;
    call->analyze = job;
    if (hr_work_start(call->connect, hr_analyze_plan, job, &job->err))
        analyzed(job);
}
