/* struct hr_err to what Spark Connect's clients expect of a failed call: gRPC status, message, and
 * google.rpc.Status with ErrorInfo in the trailer grpc-status-details-bin. The only place where an
 * error is given to a client. */
#ifndef HR_HOST_CONNECT_STATUS_H
#define HR_HOST_CONNECT_STATUS_H
#include "host/connect/decode/proto.h"
#include "http/http.h"

/* error_id: the key under which FetchErrorDetails will find the rest; NULL when there is no more to
 * tell */
struct hr_headers hr_status_trailers(struct hr_arena *arena,
                                     const struct hr_err *err,
                                     const char *error_id);
struct hr_headers hr_status_ok(void);

/* Does FetchErrorDetails tell more than the trailer? (query contexts, a message that was cut) */
bool hr_status_has_more(const struct hr_err *err);
PB(FetchErrorDetailsResponse) * hr_status_details(struct hr_arena *arena, const struct hr_err *err);
#endif
