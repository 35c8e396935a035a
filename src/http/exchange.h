/* Inside src/http: what the server's parts know of each other. */
#ifndef HR_HTTP_EXCHANGE_H
#define HR_HTTP_EXCHANGE_H
#include "base/buf.h"
#include "http/h2.h"
#include "wire/http1.h"

struct hr_peer;
struct hr_h1;

struct hr_exchange {
    struct hr_peer *peer;
    const struct hr_exchange_handler *handler;
    struct hr_arena *arena;
    struct hr_request request;
    void *user;
    struct hr_h2_stream *stream; /* one of the two */
    struct hr_h1 *h1;
    /* dropped: the rest of the request is read past */
    bool held, started, finished, ended, dropped, expects;
    /* answered here, over the handler's head: what it still says is not sent */
    bool settled;
    uint64_t body_seen;
    uint64_t window_ms, window_bytes; /* of the body's rate: when it began, body_seen then */
    size_t body_max;                  /* the server's, unless the handler said otherwise */
    struct hr_buf body;               /* hr_exchange_collect */
    void (*collected)(struct hr_exchange *exchange, const char *body, size_t len);
};

struct hr_peer { /* a connection of a server */
    struct hr_http_server *server;
    struct hr_conn *conn;
    struct hr_h2 *h2;
    struct hr_h1 *h1;
    char name[64];
    int uid;
    bool tls;
    char first[24]; /* until it is known what is spoken */
    size_t first_len;
    uint64_t since_ms;
    struct hr_peer *next, *prev;
};

struct hr_http_server {
    struct hr_loop *loop;
    struct hr_http_server_options options;
    char *unix_path;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv[2];
    size_t listeners, open; /* open: listeners and sweep timer not yet closed */
    int port;
    struct hr_peer peers; /* head of a ring */
    size_t peer_count;
    struct hr_timer *sweep;
    bool stopping, immediately;
    uint64_t stop_until_ms;
};

void hr_peer_gone(struct hr_peer *peer);

/* exchange.c, called by both protocols */
struct hr_exchange *hr_exchange_new(struct hr_peer *peer);
void hr_exchange_got_request(struct hr_exchange *exchange,
                             bool expects_continue,
                             uint64_t content_length);
void hr_exchange_got_data(struct hr_exchange *exchange, const void *bytes, size_t len);
void hr_exchange_got_end(struct hr_exchange *exchange);
void hr_exchange_gone(struct hr_exchange *exchange, bool finished); /* frees it */
/* its body does not get on, though the client may send */
bool hr_exchange_stalled(struct hr_exchange *exchange, uint64_t now_ms, bool may_send);
extern const struct hr_h2_handler hr_exchange_h2_handler;

/* h1.c */
struct hr_h1 *hr_h1_new(struct hr_peer *peer);
void hr_h1_respond(struct hr_h1 *h1, int status, const struct hr_headers *fields);
void hr_h1_write(struct hr_h1 *h1, struct hr_bytes bytes);
void hr_h1_finish(struct hr_h1 *h1);
void hr_h1_continue(struct hr_h1 *h1);
void hr_h1_consume(struct hr_h1 *h1, size_t len);
void hr_h1_abort(struct hr_h1 *h1);
size_t hr_h1_queued(const struct hr_h1 *h1);
/* a response without an exchange, then the end */
void hr_h1_refuse(struct hr_h1 *h1, int status, const char *reason);
bool hr_h1_busy(const struct hr_h1 *h1);
/* a request or response that does not get on */
bool hr_h1_stalled(const struct hr_h1 *h1, uint64_t now_ms);
#endif
