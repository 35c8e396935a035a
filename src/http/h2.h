/* Inside src/http: HTTP/2 (nghttp2) on a connection, server or client side: streams with queued
 * output and flow control both ways.
 *
 * Handlers are called from inside nghttp2's callbacks: they may start, write, finish and reset
 * streams, and never free the session. */
#ifndef HR_HTTP_H2_H
#define HR_HTTP_H2_H
#include "http/conn.h"
#include <nghttp2/nghttp2.h>

struct hr_h2;

struct hr_h2_stream {
    struct hr_h2 *h2;
    int32_t id;
    void *owner;            /* exchange or call */
    struct hr_arena *arena; /* of the headers received; freed with the stream */
    struct hr_header *fields;
    size_t field_count, field_room, field_bytes;
    struct hr_chunk *first, **last; /* output; offset: sent of first */
    size_t offset, queued, late_bytes;
    /* of a held stream of a server: owed to the connection's window */
    size_t unconsumed;
    /* idle: nghttp2 was told that there is nothing; blocked: was above the high mark */
    bool ending, idle, held, blocked;
    bool head_sent, local_end, remote_end, pending, headers_done;
    nghttp2_nv *head, *trailers; /* to be submitted */
    size_t head_count, trailer_count;
    struct hr_h2_stream *next, *prev;
};

struct hr_h2_handler {
    /* request, final response or trailers: fields of the stream */
    void (*headers)(struct hr_h2_stream *stream, bool end);
    void (*data)(struct hr_h2_stream *stream, const uint8_t *bytes, size_t len);
    void (*end)(struct hr_h2_stream *stream); /* the peer's half is complete */
    void (*writable)(struct hr_h2_stream *stream);
    /* why: the connection's end, or NULL */
    void (*closed)(struct hr_h2_stream *stream, uint32_t error, const struct hr_err *why);
    void (*gone)(struct hr_h2 *h2, const struct hr_err *why); /* after all streams are closed */
    /* the peer wants no new streams; may be NULL */
    void (*draining)(struct hr_h2 *h2);
};

struct hr_h2 {
    struct hr_conn *conn;
    nghttp2_session *session;
    const struct hr_h2_handler *handler;
    void *owner;                 /* server or client */
    struct hr_h2_stream streams; /* head of a ring */
    size_t stream_count;
    bool server, in_session, refused;
    /* resets that the peer may still send: the rapid-reset limit */
    uint64_t tokens, tokens_ms;
    struct hr_deferred submit;
};

struct hr_h2 *hr_h2_new(struct hr_conn *conn,
                        bool server,
                        const struct hr_h2_handler *handler,
                        void *owner);
extern const struct hr_conn_handler hr_h2_conn_handler;

/* fields: with the pseudo headers */
struct hr_h2_stream *hr_h2_request(struct hr_h2 *h2, const struct hr_headers *fields, void *owner);
/* final or interim: submitted before the loop waits, so that a head, its body and its end travel
 * together */
void hr_h2_respond(struct hr_h2_stream *stream, int status, const struct hr_headers *fields);
void hr_h2_interim(struct hr_h2_stream *stream, int status);
void hr_h2_write(struct hr_h2_stream *stream, struct hr_bytes bytes);
void hr_h2_finish(struct hr_h2_stream *stream, const struct hr_headers *trailers);
void hr_h2_consume(struct hr_h2_stream *stream, size_t len);
void hr_h2_reset(struct hr_h2_stream *stream, uint32_t error);
void hr_h2_goaway(struct hr_h2 *h2); /* no new streams; the connection ends with its last one */
#endif
