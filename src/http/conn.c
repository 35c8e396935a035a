#include "http/conn.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include <stdlib.h>
#include <string.h>

#define WRITE_MARK \
    (1024 *        \
     1024) /* bytes kept ready for the socket: enough for a full system call, little to lose */
#define IOV_MAX_ONCE 64
#define SMALL_BYTES (16 * 1024)
#define LINGER_MS 3000

uint64_t hr_http_now_ms(void)
{
    return hr_clock_mono_ns() / 1000000;
}

/* ---- chunks and blocks ---- */

struct hr_chunk *hr_chunk_new(struct hr_bytes bytes)
{
    bool copy = !bytes.release;
    struct hr_chunk *chunk = malloc(sizeof *chunk + (copy ? bytes.len : 0));
    HR_CHECK(chunk);
    *chunk = (struct hr_chunk){.refs = 1,
                               .len = bytes.len,
                               .data = bytes.data,
                               .release = bytes.release,
                               .arg = bytes.arg};
    if (copy) {
        chunk->data = (char *)(chunk + 1);
        if (bytes.len)
            memcpy(chunk + 1, bytes.data, bytes.len);
    }
    return chunk;
}

void hr_chunk_unref(void *arg)
{
    struct hr_chunk *chunk = arg;
    if (!chunk || --chunk->refs)
        return;
    if (chunk->release)
        chunk->release(chunk->arg);
    free(chunk);
}

static struct hr_block *block_new(void)
{
    struct hr_block *block = malloc(sizeof *block + HR_BLOCK_BYTES);
    HR_CHECK(block);
    block->refs = 1;
    return block;
}

static void block_unref(void *arg)
{
    struct hr_block *block = arg;
    if (block && !--block->refs)
        free(block);
}

struct hr_bytes hr_conn_take(struct hr_conn *conn, const void *bytes, size_t len)
{
    struct hr_block *block = conn->block;
    const char *at = bytes;
    if (len < HR_TAKE_LEAST ||
        !block ||
        at < block->bytes ||
        at + len > block->bytes + HR_BLOCK_BYTES)
        return (struct hr_bytes){bytes, len, NULL, NULL};
    block->refs++;
    return (struct hr_bytes){bytes, len, block_unref, block};
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct hr_conn *conn = handle->data;
    for (size_t i = 0; i < conn->count; i++)
        hr_chunk_unref(conn->segments[conn->first + i].chunk);
    hr_chunk_unref(conn->small);
    block_unref(conn->block);
    hr_tls_session_free(conn->tls);
    free(conn->segments);
    free(conn);
}

static void close_now(void *arg)
{
    struct hr_conn *conn = arg;
    hr_loop_undefer(conn->loop, &conn->flush);
    const struct hr_conn_handler *handler = conn->handler;
    conn->handler = NULL;
    if (handler)
        handler->lost(conn, &conn->why);
    uv_close(&conn->uv.handle, on_closed);
}

void hr_conn_close(struct hr_conn *conn, const struct hr_err *why)
{
    if (conn->closing)
        return;
    conn->closing = true;
    if (why)
        conn->why = *why;
    else
        hr_fail(&conn->why, HR_E_UNAVAILABLE, "the connection was closed");
    hr_conn_read(conn, false);
    hr_loop_defer(conn->loop, &conn->close);
}

static void close_uv(struct hr_conn *conn, int status)
{
    struct hr_err why;
    if (status == UV_EOF)
        hr_fail(&why, HR_E_UNAVAILABLE, "the peer closed the connection");
    else
        hr_fail(&why, HR_E_UNAVAILABLE, "the connection broke: %s", uv_strerror(status));
    hr_conn_close(conn, &why);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    struct hr_conn *conn = shutdown->data;
    if (status != UV_ECANCELED && (!conn->lingering || status))
        hr_conn_close(conn, NULL);
}

/* RFC 9112 9.6: closing while the client still sends would reset the connection and take the
 * response away from it */
static void end_now(struct hr_conn *conn)
{
    conn->ending = false;
    conn->linger_until_ms = hr_http_now_ms() + LINGER_MS;
    conn->shutdown.data = conn;
    if (conn->lingering)
        hr_conn_read(conn, true);
    if (uv_shutdown(&conn->shutdown, &conn->uv.stream, on_shutdown))
        hr_conn_close(conn, NULL);
}

void hr_conn_end(struct hr_conn *conn, bool linger)
{
    conn->ending = true;
    conn->lingering = linger;
    if (conn->tls)
        hr_tls_session_shutdown(conn->tls);
    hr_conn_want_flush(conn);
}

/* ---- output ---- */

static struct hr_segment *add_segment(struct hr_conn *conn)
{
    if (conn->first + conn->count == conn->room) {
        if (conn->first >= conn->room / 2 && conn->first) {
            memmove(conn->segments, conn->segments + conn->first,
                    conn->count * sizeof *conn->segments);
            conn->first = 0;
        } else {
            conn->room = conn->room ? conn->room * 2 : 16;
            conn->segments = realloc(conn->segments, conn->room * sizeof *conn->segments);
            HR_CHECK(conn->segments);
        }
    }
    return &conn->segments[conn->first + conn->count++];
}

static void queue_chunk(struct hr_conn *conn, struct hr_chunk *chunk, const char *data, size_t len)
{
    chunk->refs++;
    *add_segment(conn) = (struct hr_segment){data, len, chunk};
    conn->queued += len;
}

/* small pieces (frame heads, headers) are gathered, so that they do not each cost an entry of the
 * vector */
static void queue_copy(struct hr_conn *conn, const char *bytes, size_t len)
{
    if (len > SMALL_BYTES / 2) {
        struct hr_chunk *chunk = hr_chunk_new((struct hr_bytes){bytes, len, NULL, NULL});
        queue_chunk(conn, chunk, chunk->data, len);
        hr_chunk_unref(chunk);
        return;
    }
    if (!conn->small || conn->small_used + len > SMALL_BYTES) {
        hr_chunk_unref(conn->small);
        conn->small = malloc(sizeof *conn->small + SMALL_BYTES);
        HR_CHECK(conn->small);
        *conn->small = (struct hr_chunk){.refs = 1, .data = (char *)(conn->small + 1)};
        conn->small_used = 0;
    }
    char *to = (char *)conn->small->data + conn->small_used;
    memcpy(to, bytes, len);
    conn->small_used += len;
    struct hr_segment *last =
        conn->count > conn->in_flight ? &conn->segments[conn->first + conn->count - 1] : NULL;
    if (last && last->chunk == conn->small && last->data + last->len == to) {
        last->len += len;
        conn->queued += len;
    } else {
        queue_chunk(conn, conn->small, to, len);
    }
}

static void drop_front(struct hr_conn *conn, size_t bytes)
{
    conn->queued -= bytes;
    while (bytes) {
        struct hr_segment *front = &conn->segments[conn->first];
        size_t part = bytes < front->len ? bytes : front->len;
        front->data += part;
        front->len -= part;
        bytes -= part;
        if (front->len)
            return;
        hr_chunk_unref(front->chunk);
        conn->first++;
        conn->count--;
    }
    if (!conn->count)
        conn->first = 0;
}

static void encrypt(struct hr_conn *conn, const void *bytes, size_t len)
{
    struct hr_err err;
    if (len && hr_tls_session_write(conn->tls, bytes, len, &err))
        hr_conn_close(conn, &err);
}

static void move_encrypted(struct hr_conn *conn)
{
    const void *bytes;
    size_t len = conn->tls ? hr_tls_session_output(conn->tls, &bytes) : 0;
    if (!len)
        return;
    queue_copy(conn, bytes, len);
    hr_tls_session_sent(conn->tls);
}

void hr_conn_write(struct hr_conn *conn, const void *bytes, size_t len)
{
    if (!len || conn->closing)
        return;
    if (conn->tls)
        encrypt(conn, bytes, len);
    else
        queue_copy(conn, bytes, len);
    hr_conn_want_flush(conn);
}

void hr_conn_write_chunk(struct hr_conn *conn, struct hr_chunk *chunk, const char *data, size_t len)
{
    if (!len || conn->closing)
        return;
    if (!conn->tls)
        queue_chunk(conn, chunk, data, len);
    else
        encrypt(conn, data, len);
    if (conn->tls)
        move_encrypted(conn);
    hr_conn_want_flush(conn);
}

bool hr_conn_full(const struct hr_conn *conn)
{
    return conn->queued >= WRITE_MARK || conn->closing;
}

static unsigned vector(struct hr_conn *conn, uv_buf_t *out)
{
    unsigned used = 0;
    for (; used < conn->count && used < IOV_MAX_ONCE; used++) {
        const struct hr_segment *segment = &conn->segments[conn->first + used];
        out[used] = uv_buf_init((char *)segment->data, (unsigned)segment->len);
    }
    return used;
}

static void on_written(uv_write_t *write, int status)
{
    struct hr_conn *conn = write->data;
    conn->writing = false;
    if (status == UV_ECANCELED || conn->closing)
        return;
    if (status < 0) {
        close_uv(conn, status);
        return;
    }
    size_t sent = 0;
    for (size_t i = 0; i < conn->in_flight; i++)
        sent += conn->segments[conn->first + i].len;
    conn->in_flight = 0;
    drop_front(conn, sent);
    conn->sent_ms = conn->active_ms = hr_http_now_ms();
    hr_conn_want_flush(conn);
}

/* false when the socket takes no more now */
static bool send_some(struct hr_conn *conn)
{
    uv_buf_t out[IOV_MAX_ONCE];
    while (conn->count && !conn->writing) {
        unsigned used = vector(conn, out);
        int put = uv_try_write(&conn->uv.stream, out, used);
        if (put > 0) {
            drop_front(conn, (size_t)put);
            conn->sent_ms = conn->active_ms = hr_http_now_ms();
            continue;
        }
        if (put == UV_EAGAIN) {
            conn->write.data = conn;
            put = uv_write(&conn->write, &conn->uv.stream, out, used, on_written);
            conn->writing = !put;
            conn->in_flight = put ? 0 : used;
        }
        if (put < 0)
            close_uv(conn, put);
        return false;
    }
    return !conn->writing;
}

static void flush(void *arg)
{
    struct hr_conn *conn = arg;
    if (conn->closing || !conn->connected)
        return;
    for (;;) {
        bool full = hr_conn_full(conn), more = full;
        if (!full &&
            !conn->ending &&
            conn->handler &&
            conn->handler->produce &&
            (!conn->tls || hr_tls_session_ready(conn->tls)))
            more = conn->handler->produce(conn);
        move_encrypted(conn);
        if (conn->closing || !send_some(conn))
            return;
        if (!more)
            break;
    }
    hr_loop_undefer(conn->loop, &conn->flush);
    if (conn->ending && !conn->count)
        end_now(conn);
}

void hr_conn_want_flush(struct hr_conn *conn)
{
    if (!conn->closing)
        hr_loop_defer(conn->loop, &conn->flush);
}

/* ---- input ---- */

static void deliver(struct hr_conn *conn, const char *bytes, size_t len)
{
    if (!conn->lingering && !conn->closing)
        conn->handler->input(conn, bytes, len);
}

static void announce(struct hr_conn *conn)
{
    if (conn->announced || (conn->tls && !hr_tls_session_ready(conn->tls)))
        return;
    conn->announced = true;
    if (conn->handler->ready)
        conn->handler->ready(conn);
}

/* decrypts into a block of its own, so that what is read may be kept; conn->block is the one that
 * hr_conn_take looks at */
static void decrypt(struct hr_conn *conn, const char *bytes, size_t len)
{
    struct hr_block *raw = conn->block;
    struct hr_err err;
    enum hr_code code = hr_tls_session_feed(conn->tls, bytes, len, &err);
    conn->block = NULL;
    while (!code && !conn->closing) {
        size_t got;
        if (!conn->block || conn->block->refs > 1) {
            block_unref(conn->block);
            conn->block = block_new();
        }
        code = hr_tls_session_read(conn->tls, conn->block->bytes, HR_BLOCK_BYTES, &got, &err);
        if (!code && !conn->closing)
            announce(conn);
        if (code || !got)
            break;
        deliver(conn, conn->block->bytes, got);
    }
    block_unref(conn->block);
    conn->block = raw;
    hr_conn_want_flush(conn);
    if (code) {
        move_encrypted(conn); /* the alert that tells the peer why */
        send_some(conn);
        hr_conn_close(conn, &err);
    } else if (hr_tls_session_closed(conn->tls)) {
        close_uv(conn, UV_EOF);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct hr_conn *conn = handle->data;
    (void)suggested;
    if (!conn->block)
        conn->block = block_new();
    *out = uv_buf_init(conn->block->bytes, HR_BLOCK_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct hr_conn *conn = stream->data;
    if (got > 0 && !conn->closing) {
        conn->active_ms = hr_http_now_ms();
        if (conn->tls)
            decrypt(conn, buf->base, (size_t)got);
        else
            deliver(conn, buf->base, (size_t)got);
    } else if (got < 0) {
        close_uv(conn, (int)got);
    }
    block_unref(conn->block); /* an idle connection holds no buffer */
    conn->block = NULL;
}

void hr_conn_read(struct hr_conn *conn, bool on)
{
    if (on == conn->reading || (on && conn->closing) || !conn->connected)
        return;
    conn->reading = on;
    if (on)
        uv_read_start(&conn->uv.stream, on_alloc, on_read);
    else
        uv_read_stop(&conn->uv.stream);
}

void hr_conn_tls(struct hr_conn *conn, struct hr_tls_session *tls, const char *bytes, size_t len)
{
    conn->tls = tls;
    if (len)
        decrypt(conn, bytes, len);
    hr_conn_want_flush(conn);
}

/* ---- the beginning ---- */

struct hr_conn *hr_conn_new(struct hr_loop *loop,
                            bool unix_socket,
                            const struct hr_conn_handler *handler,
                            void *owner)
{
    struct hr_conn *conn = calloc(1, sizeof *conn);
    HR_CHECK(conn);
    conn->loop = loop;
    conn->handler = handler;
    conn->owner = owner;
    conn->unix_socket = unix_socket;
    conn->flush = (struct hr_deferred){.fn = flush, .arg = conn};
    conn->close = (struct hr_deferred){.fn = close_now, .arg = conn};
    int failed = unix_socket ? uv_pipe_init(hr_loop_uv(loop), &conn->uv.pipe, 0)
                             : uv_tcp_init(hr_loop_uv(loop), &conn->uv.tcp);
    HR_CHECK(!failed);
    conn->uv.handle.data = conn;
    conn->active_ms = conn->sent_ms = hr_http_now_ms();
    return conn;
}

void hr_conn_start(struct hr_conn *conn)
{
    conn->connected = true;
    if (!conn->unix_socket) {
        uv_tcp_nodelay(&conn->uv.tcp, 1);
        uv_tcp_keepalive(&conn->uv.tcp, 1, 60);
    }
    if (!conn->tls)
        announce(conn);
    hr_conn_read(conn, true);
    hr_conn_want_flush(conn);
}
