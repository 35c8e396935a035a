/* The gate: Spark Connect for clients, relayed to the session's host.
 *
 * It authenticates, reads the session id out of the first message with wire's scanner, finds the
 * session of (principal, id), puts a grant in the place of the client's token, and passes headers,
 * bytes and trailers on untouched, with back-pressure both ways. It decodes nothing else. Refusals
 * are gRPC statuses that name the next step. Loop's thread only. */
#ifndef HR_DAEMON_GATE_GATE_H
#define HR_DAEMON_GATE_GATE_H
#include "daemon/session/session.h"
#include "http/http.h"

struct hr_gate;

struct hr_gate_options {
    struct hr_sessions *sessions;
    /* who asks: the principal's id, in the exchange's arena; HR_E_UNAUTHENTICATED or HR_E_DENIED
     * with what the client should read */
    enum hr_code (*authenticate)(struct hr_exchange *exchange,
                                 const char **principal,
                                 void *arg,
                                 struct hr_err *err);
    /* may the principal use (or, fresh, open) this session here? and what its host is told: *grant
     * is sent as the bearer token, NULL: none. Asked again when a grant is 25 seconds old. May be
     * NULL. */
    enum hr_code (*admit)(struct hr_arena *arena,
                          const char *principal,
                          const char *session_id,
                          bool fresh,
                          const char **grant,
                          void *arg,
                          struct hr_err *err);
    void *arg;
};
/* Grants between calls. Sent to a session's host as POST HR_GATE_CONTROL: `authorization` is a new
 * grant, HR_GATE_REVOCATION the message that ends those before it. `told` is called once for every
 * message that was sent, when it is answered or its host is gone. */
#define HR_GATE_CONTROL "/headrace/grant"
#define HR_GATE_REVOCATION "headrace-revocation"
struct hr_gate_told {
    void (*told)(void *arg);
    void *arg;
};
/* its next calls are admitted anew */
void hr_gate_forget(struct hr_gate *gate, const char *principal);
/* forgets, and tells the hosts of the principal's sessions; the number of messages sent */
size_t hr_gate_revoke(struct hr_gate *gate,
                      const char *principal,
                      const char *revocation,
                      const struct hr_gate_told *told);
/* ends the principal's sessions, their hosts with them */
void hr_gate_end(struct hr_gate *gate, const char *principal, const char *why);
/* sessions with calls that outlast their grant get the next; every few seconds */
void hr_gate_renew(struct hr_gate *gate);

struct hr_gate *hr_gate_new(const struct hr_gate_options *options);
/* the sessions go: later calls are told that the server stops */
void hr_gate_stop(struct hr_gate *gate);
void hr_gate_free(struct hr_gate *gate);              /* after its server is closed */
bool hr_gate_wants(const struct hr_request *request); /* a gRPC call */
/* in `request`: the rest of the exchange is the gate's */
void hr_gate_take(struct hr_gate *gate, struct hr_exchange *exchange);
#endif
