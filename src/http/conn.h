/* Inside src/http: one connection as a byte stream: a socket, TLS on it or not, and a queue of
 * output that leaves in few system calls.
 *
 * The owner (an HTTP/1 or HTTP/2 connection, or the server while it does not know which) is told
 * through struct hr_conn_handler, always from the loop itself, never from inside a call that the
 * owner makes. After `lost` the connection is gone. */
#ifndef HR_HTTP_CONN_H
#define HR_HTTP_CONN_H
#include "http/http.h"
#include "io/loop.h"
#include "io/tls.h"
#include <uv.h>

/* A read buffer that its readers may keep without copying. Counted; one thread. */
struct hr_block {
    size_t refs;
    char bytes[];
};
#define HR_BLOCK_BYTES \
    (64 * 1024 - 64) /* stays in the allocator's heap: below its mmap threshold */
#define HR_TAKE_LEAST \
    2048 /* fewer bytes are copied: a small slice must not keep a whole block alive */

/* Queued output. Bytes that were handed over, or a copy that stands behind the struct. Counted:
 * parts of it may be on their way. */
struct hr_chunk {
    size_t refs, len;
    const char *data;
    void (*release)(void *arg);
    void *arg;
    struct hr_chunk *next;
};
struct hr_chunk *hr_chunk_new(struct hr_bytes bytes);
void hr_chunk_unref(void *chunk);

struct hr_conn;
struct hr_conn_handler {
    void (*input)(struct hr_conn *conn, const char *bytes, size_t len);
    /* connected, and TLS is up; never called without either */
    void (*ready)(struct hr_conn *conn);
    /* queue more output; false when there is none */
    bool (*produce)(struct hr_conn *conn);
    void (*lost)(struct hr_conn *conn, const struct hr_err *why); /* closed by either side */
};

struct hr_segment {
    const char *data;
    size_t len;
    struct hr_chunk *chunk;
};

struct hr_conn {
    struct hr_loop *loop;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct hr_tls_session *tls;
    const struct hr_conn_handler *handler;
    void *owner;
    struct hr_block *block;
    struct hr_segment *segments; /* a ring would save a move; the queue is short */
    /* segments from `first` on; the first in_flight belong to write */
    size_t first, count, room, in_flight;
    size_t queued; /* bytes */
    uv_write_t write;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct hr_deferred flush, close;
    struct hr_chunk *small; /* where small writes are gathered */
    size_t small_used, small_base;
    bool connected, announced, writing, reading, closing, ending, lingering, unix_socket;
    struct hr_err why;
    uint64_t active_ms, sent_ms, linger_until_ms; /* hr_clock_mono, for the sweep */
};

struct hr_conn *hr_conn_new(struct hr_loop *loop,
                            bool unix_socket,
                            const struct hr_conn_handler *handler,
                            void *owner);
/* begin to read: accepted or connected */
void hr_conn_start(struct hr_conn *conn);
/* bytes: already read */
void hr_conn_tls(struct hr_conn *conn, struct hr_tls_session *tls, const char *bytes, size_t len);
void hr_conn_read(struct hr_conn *conn, bool on);
void hr_conn_write(struct hr_conn *conn, const void *bytes, size_t len); /* copies */
/* takes a reference */
void hr_conn_write_chunk(struct hr_conn *conn,
                         struct hr_chunk *chunk,
                         const char *data,
                         size_t len);
void hr_conn_want_flush(struct hr_conn *conn);
bool hr_conn_full(const struct hr_conn *conn); /* produce should stop */
/* soon, dropping what is queued; why may be NULL */
void hr_conn_close(struct hr_conn *conn, const struct hr_err *why);
/* after what is queued is sent; linger: read past what still arrives */
void hr_conn_end(struct hr_conn *conn, bool linger);
struct hr_bytes hr_conn_take(struct hr_conn *conn, const void *bytes, size_t len);
uint64_t hr_http_now_ms(void);
#endif
