/* What the files of the twelve calls share; all of it on the loop's thread. Private to connect/. */
#ifndef HR_HOST_CONNECT_CALL_H
#define HR_HOST_CONNECT_CALL_H
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/connect/private.h"
#include "host/connect/decode/scan.h"
#include "host/connect/status.h"
#include "wire/grpc.h"
#include <stdlib.h>
#include <string.h>

struct method;

/* one HTTP exchange that is a gRPC call */
struct call {
    struct hr_connect *connect;
    struct hr_exchange *exchange;
    const struct method *method;
    struct hr_arena *arena; /* the exchange's */
    struct hr_grpc_reader reader;
    char *message; /* the request of all but AddArtifacts */
    size_t message_len;
    bool has_message, answered;
    /* a header of the answer: the id of a clone that lives elsewhere */
    const char *cloned;
    struct operation *operation; /* attached: a reference */
    struct analyze_job *analyze;
    struct upload *upload;
};

struct method {
    const char *name;
    const ProtobufCMessageDescriptor *type;
    void (*run)(struct call *call);
    /* of client streams: each message */
    void (*message)(struct call *call, const uint8_t *bytes, size_t len);
};

#define SESSION(call, request)                                              \
    hr_call_session(call, (request)->user_context, (request)->session_id,   \
                    (request)->_client_observed_server_side_session_id_case \
                        ? (request)->client_observed_server_side_session_id \
                        : NULL)

#define REPLY(name, INIT, session)    \
    PB(name) reply = PB_INIT(INIT);   \
    reply.session_id = (session)->id; \
    reply.server_side_session_id = (session)->server_id

void hr_call_start(struct call *call);
void hr_call_fail(struct call *call, struct session *session, const struct hr_err *err);
void hr_call_answer(struct call *call, const ProtobufCMessage *message);
void *hr_call_unpack(struct call *call);
struct session *hr_call_session(struct call *call,
                                const PB(UserContext) * user,
                                const char *id,
                                const char *observed);
bool hr_is_operation_id(const char *id);
void hr_run_execute(struct call *call);
void hr_run_reattach(struct call *call);
void hr_run_release(struct call *call);
void hr_run_interrupt(struct call *call);
void hr_run_status(struct call *call);
void hr_run_analyze(struct call *call);
void hr_run_config(struct call *call);
void hr_message_add_artifacts(struct call *call, const uint8_t *bytes, size_t len);
void hr_run_add_artifacts(struct call *call);
void hr_call_end_upload(struct call *call);
void hr_run_artifact_status(struct call *call);
void hr_run_release_session(struct call *call);
void hr_run_error_details(struct call *call);
void hr_run_clone(struct call *call);
#endif
