/* What the calls share: answering, finding the session. */
#include "host/connect/calls/call.h"

/* ---- answers ---- */

void hr_call_start(struct call *call)
{
    struct hr_header headers[] = {{"content-type", "application/grpc"},
                                  {"headrace-cloned", call->cloned}};
    hr_exchange_start(call->exchange, 200, &(struct hr_headers){headers, call->cloned ? 2 : 1});
}

void hr_call_fail(struct call *call, struct session *session, const struct hr_err *err)
{
    char id[37];
    bool more = session && hr_status_has_more(err);
    if (call->answered)
        return;
    call->answered = true;
    if (more) {
        hr_uuid_new(id);
        hr_spark_session_remember_error(session, id, err);
    }
    struct hr_headers trailers =
        hr_status_trailers(call->arena, err, more ? hr_strdup(call->arena, id) : NULL);
    hr_call_start(call);
    hr_exchange_finish(call->exchange, &trailers);
}

void hr_call_answer(struct call *call, const ProtobufCMessage *message)
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
    hr_call_start(call);
    hr_exchange_write(call->exchange,
                      (struct hr_bytes){bytes, HR_GRPC_HEAD_BYTES + len, free, bytes});
    hr_exchange_finish(call->exchange, &trailers);
}

void *hr_call_unpack(struct call *call)
{
    struct hr_err err;
    void *message =
        hr_decode_message(call->arena, call->method->type, call->message, call->message_len, &err);
    if (!message)
        hr_call_fail(call, NULL, &err);
    return message;
}

/* session of a request, or the call fails; every request has these fields */
struct session *hr_call_session(struct call *call,
                                const PB(UserContext) * user,
                                const char *id,
                                const char *observed)
{
    struct session *session;
    struct hr_err err;
    if (!hr_guard_fits(&call->connect->guard, id, &err) &&
        !hr_spark_session_open(call->connect, user, id, observed, &session, &err))
        return session;
    hr_call_fail(call, NULL, &err);
    return NULL;
}
