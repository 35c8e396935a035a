/* HTTP servers and clients: wire/'s protocols on io/'s streams. One exchange is one request and its
 * response, over HTTP/1.1 or HTTP/2, over TCP or a Unix socket, with or without TLS: its handler
 * does not see the difference.
 *
 * Everything here runs on the loop's thread. Other threads use hr_loop_post (io/loop.h). Limits:
 * limits.h. */
#ifndef HR_HTTP_HTTP_H
#define HR_HTTP_HTTP_H
#include "base/arena.h"
#include "base/error.h"
#include "wire/header.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hr_loop;
struct hr_tls; /* io/tls.h: a server's or client's TLS context */
struct hr_http_server;
struct hr_exchange;    /* server side */
struct hr_http_client; /* client side: one HTTP/2 connection, many calls */
struct hr_http_call;

/* Bytes handed over for sending: release(arg) is called once they are sent or dropped; a NULL
 * release means the bytes are copied. */
struct hr_bytes {
    const void *data;
    size_t len;
    void (*release)(void *arg);
    void *arg;
};

struct hr_request {
    const char *method, *scheme, *authority;
    const char *target; /* as sent: path and query, still percent-encoded */
    const char *path;   /* the target up to '?', as sent */
    const char *query;  /* behind '?', as sent; "" when absent */
    struct hr_headers headers;
    bool http2, tls;
    char peer[64]; /* address:port, or "unix" */
    int peer_uid;  /* Unix sockets: the peer's uid; else -1 */
};

/* A handler is told these; any may be NULL but `request`. After `closed` the exchange is gone. */
struct hr_exchange_handler {
    /* headers complete */
    void (*request)(struct hr_exchange *exchange, void *server_arg);
    /* request body; see hr_exchange_consume */
    void (*data)(struct hr_exchange *exchange, const void *bytes, size_t len);
    /* request body complete */
    void (*end)(struct hr_exchange *exchange);
    /* queued bytes fell under the low mark */
    void (*writable)(struct hr_exchange *exchange);
    /* finished: response sent whole */
    void (*closed)(struct hr_exchange *exchange, bool finished);
};

struct hr_http_server_options {
    const char *host;
    int port; /* TCP, port 0 picks one; host NULL: no TCP */
    /* above 0: a TCP socket of hr_http_listen, perhaps another process's; taken, also on failure */
    int listen_fd;
    const char *unix_path; /* or a Unix socket, mode 0600; NULL: none */
    /* NULL: plain text only. Otherwise TLS by its first byte; see plain_text */
    struct hr_tls *tls;
    bool plain_text; /* accept plain text beside TLS on the same port */
    /* a larger request body: 413; 0: no limit (streamed by the handler) */
    size_t body_max;
    /* handler answers Expect: 100-continue with hr_exchange_continue */
    bool continue_by_hand;
    /* 0: those of limits.h. A head is complete within head_ms, a body brings HR_HTTP_BODY_RATE
     * bytes a second over each stall_ms, a connection without a request is closed after idle_ms;
     * beyond connections_max the one that is idle for longest gives way, else the new one. */
    uint64_t head_ms, stall_ms, idle_ms;
    size_t connections_max;
    const struct hr_exchange_handler *handler;
    void *arg;
};
/* A socket that listens: a parent keeps it while servers on it come and go, so that no caller is
 * refused between two of them. */
enum hr_code hr_http_listen(const char *host, int port, int *fd, struct hr_err *err);
int hr_http_listen_port(int fd);
enum hr_code hr_http_server_start(struct hr_loop *loop,
                                  const struct hr_http_server_options *options,
                                  struct hr_http_server **server,
                                  struct hr_err *err);
int hr_http_server_port(const struct hr_http_server *server);
/* stops accepting; open exchanges get time to end, then are closed */
void hr_http_server_stop(struct hr_http_server *server);
/* closes everything at once; the loop must run a moment more, hr_loop_free does */
void hr_http_server_close(struct hr_http_server *server);

struct hr_arena *hr_exchange_arena(struct hr_exchange *exchange); /* freed after `closed` */
const struct hr_request *hr_exchange_request(const struct hr_exchange *exchange);
/* in `request`: this exchange's own limit of the body; 0: none */
void hr_exchange_limit(struct hr_exchange *exchange, size_t body_max);
/* in `request`: another handler hears the rest of this exchange (its own `request` is not called)
 */
void hr_exchange_set_handler(struct hr_exchange *exchange,
                             const struct hr_exchange_handler *handler);
void hr_exchange_set_user(struct hr_exchange *exchange, void *user);
void *hr_exchange_user(const struct hr_exchange *exchange);
/* Flow control of the request body: bytes given to `data` are consumed at once unless
 * hr_exchange_hold was called in `request`; then the handler says when (a relay: once the other
 * side took them). */
void hr_exchange_hold(struct hr_exchange *exchange);
void hr_exchange_consume(struct hr_exchange *exchange, size_t len);
/* In `data` only: the bytes it was given, kept without copying them, to be written elsewhere (a
 * relay) */
struct hr_bytes hr_exchange_take(struct hr_exchange *exchange, const void *bytes, size_t len);
/* Response. start, then any number of write, then finish. Trailers only over HTTP/2. HTTP/1:
 * content-length when given among the headers, else chunked. A HEAD response carries no body
 * whatever is written. */
void hr_exchange_start(struct hr_exchange *exchange, int status, const struct hr_headers *headers);
void hr_exchange_write(struct hr_exchange *exchange, struct hr_bytes bytes);
/* trailers may be NULL */
void hr_exchange_finish(struct hr_exchange *exchange, const struct hr_headers *trailers);
/* bytes written but not yet sent: stop above HR_HTTP_HIGH_MARK */
size_t hr_exchange_queued(const struct hr_exchange *exchange);
/* RST_STREAM, or close the HTTP/1 connection */
void hr_exchange_abort(struct hr_exchange *exchange);
/* whole responses */
void hr_exchange_reply(struct hr_exchange *exchange,
                       int status,
                       const char *content_type,
                       const void *body,
                       size_t len);
void hr_exchange_reply_headers(struct hr_exchange *exchange,
                               int status,
                               const struct hr_headers *headers,
                               const void *body,
                               size_t len);
/* collects the whole body (up to the server's body_max), then calls done once; call it in `request`
 */
void hr_exchange_collect(struct hr_exchange *exchange,
                         void (*done)(struct hr_exchange *exchange, const char *body, size_t len));

/* ---- client: HTTP/2 with prior knowledge, to a Unix socket or TCP (the gate's relay, the SDK of
 * processes) ---- */
/* `end` or `failed` is the last: the call is gone when it returns. Callbacks never come from inside
 * a function called here. */
struct hr_call_handler {
    /* first HEADERS */
    void (*response)(struct hr_http_call *call, int status, const struct hr_headers *headers);
    void (*data)(struct hr_http_call *call, const void *bytes, size_t len);
    /* trailers may be empty */
    void (*end)(struct hr_http_call *call, const struct hr_headers *trailers);
    void (*writable)(struct hr_http_call *call);
    /* HR_E_CANCELLED: reset; else the connection was lost */
    void (*failed)(struct hr_http_call *call, const struct hr_err *err);
};
enum hr_code hr_http_client_connect(
    struct hr_loop *loop,
    const char *unix_path,
    const char *host,
    int port,
    struct hr_tls *tls,
    struct hr_http_client **client,
    struct hr_err *err); /* connects at the first call, and again when it was lost */
/* its open calls fail, before the loop next waits */
void hr_http_client_close(struct hr_http_client *client);
/* false: the last attempt to connect failed */
bool hr_http_client_alive(const struct hr_http_client *client);
struct hr_http_call *hr_http_call_start(struct hr_http_client *client,
                                        const char *method,
                                        const char *target,
                                        const char *authority,
                                        const struct hr_headers *headers,
                                        const struct hr_call_handler *handler,
                                        void *user);
void hr_http_call_write(struct hr_http_call *call, struct hr_bytes bytes);
/* end of the request body */
void hr_http_call_finish(struct hr_http_call *call);
/* as hr_exchange_hold, for the response body */
void hr_http_call_hold(struct hr_http_call *call);
void hr_http_call_consume(struct hr_http_call *call, size_t len);
/* as hr_exchange_take */
struct hr_bytes hr_http_call_take(struct hr_http_call *call, const void *bytes, size_t len);
size_t hr_http_call_queued(const struct hr_http_call *call);
/* RST_STREAM(CANCEL); no handler is called after it */
void hr_http_call_cancel(struct hr_http_call *call);
void *hr_http_call_user(const struct hr_http_call *call);
#endif
