/* Relaying to the storage account: a request's body goes there and the answer comes back by pieces,
 * under back-pressure on both sides, so that a file of any size passes through without being held.
 * For clients that know this server's address only; who can is given an address of the account's
 * own (job/artifact.c). Names of metadata go in lower case, as HTTP/2 has them.
 *
 * Called from a handler of a route with HR_ROUTE_STREAM, on the loop's thread. */
#ifndef HR_DAEMON_REST_RELAY_H
#define HR_DAEMON_REST_RELAY_H
#include "daemon/rest/rest.h"

struct hr_relay_call {
    /* at the account: path and query; read, like the headers, before the start returns */
    const char *method, *target;
    struct hr_headers headers;
    /* a success goes to the client as it comes, with the headers that describe it */
    bool through;
    /* every answer goes to the client as it is: the client speaks to the account itself */
    bool whole;
    /* Otherwise the answer's body is dropped and this is called, to reply as any handler does;
     * `refusal` is the account's x-ms-error-code. */
    enum hr_code (*done)(
        struct hr_rest *req, int status, const char *refusal, int64_t sent, struct hr_err *err);
    void (*failed)(struct hr_rest *req, const struct hr_err *err); /* replies with an error */
};
/* from now on the exchange is the relay's; fails only before that */
enum hr_code hr_relay_start(struct hr_rest *req,
                            const struct hr_relay_call *call,
                            struct hr_err *err);
void hr_relay_stop(void); /* closes the connection to the account; its calls fail */
#endif
