#include "http/h2.h"
#include "base/check.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_WINDOW (8 * 1024 * 1024) /* a bulk result must not wait for a round trip … */
#define CONNECTION_WINDOW                                                     \
    (64 * 1024 * 1024) /* … and one stalled stream must not stop the others \
                        */
#define FRAME_BYTES \
    (1024 * 1024) /* largest frame accepted; fewer heads on the way between our own processes */
#define SEND_FRAME_BYTES (256 * 1024)
#define LATE_BYTES                                                                               \
    (2 * 1024 * 1024) /* of a request read past behind its response: curl loses a response whose \
                         reset comes with it */
#define RESETS_BURST 1000 /* CVE-2023-44487: streams that are opened to be cancelled */
#define RESETS_PER_S 100

/* ---- streams ---- */

static struct hr_h2_stream *stream_new(struct hr_h2 *h2, int32_t id)
{
    struct hr_h2_stream *stream = calloc(1, sizeof *stream);
    HR_CHECK(stream);
    stream->h2 = h2;
    stream->id = id;
    stream->arena = hr_arena_new(NULL);
    stream->last = &stream->first;
    stream->next = &h2->streams;
    stream->prev = h2->streams.prev;
    stream->prev->next = stream->next->prev = stream;
    h2->stream_count++;
    return stream;
}

static void free_fields(nghttp2_nv *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(fields[i].name); /* name and value are one block */
    free(fields);
}

static void stream_free(struct hr_h2_stream *stream)
{
    for (struct hr_chunk *at = stream->first, *next; at; at = next) {
        next = at->next;
        hr_chunk_unref(at);
    }
    free_fields(stream->head, stream->head_count);
    free_fields(stream->trailers, stream->trailer_count);
    stream->prev->next = stream->next;
    stream->next->prev = stream->prev;
    stream->h2->stream_count--;
    hr_arena_free(stream->arena);
    free(stream);
}

static nghttp2_nv *copy_fields(const struct hr_headers *fields, const char *status, size_t *count)
{
    size_t given = fields ? fields->count : 0, used = 0;
    nghttp2_nv *out = calloc(given + 1, sizeof *out);
    HR_CHECK(out);
    for (size_t i = 0; i < given + !!status; i++) {
        bool first = status && !i;
        const char *name = first ? ":status" : fields->at[i - !!status].name,
                   *value = first ? status : fields->at[i - !!status].value;
        if (!strcmp(name, "connection") ||
            !strcmp(name, "transfer-encoding") ||
            !strcmp(name, "keep-alive"))
            continue; /* RFC 9113 8.2.2: not in HTTP/2 */
        size_t name_len = strlen(name), value_len = strlen(value);
        char *copy = malloc(name_len + value_len + 2);
        HR_CHECK(copy);
        for (size_t k = 0; k <= name_len; k++)
            copy[k] = name[k] >= 'A' && name[k] <= 'Z' ? (char)(name[k] + 32) : name[k];
        memcpy(copy + name_len + 1, value, value_len + 1);
        for (char *at = copy + name_len + 1; *at; at++)
            if (((unsigned char)*at < ' ' && *at != '\t') || *at == 127)
                *at = ' ';
        out[used++] = (nghttp2_nv){(uint8_t *)copy, (uint8_t *)copy + name_len + 1, name_len,
                                   value_len, NGHTTP2_NV_FLAG_NONE};
    }
    *count = used;
    return out;
}

/* ---- sending ---- */

static ssize_t on_send(
    nghttp2_session *session, const uint8_t *bytes, size_t len, int flags, void *arg)
{
    struct hr_h2 *h2 = arg;
    (void)session, (void)flags;
    if (hr_conn_full(h2->conn))
        return NGHTTP2_ERR_WOULDBLOCK;
    hr_conn_write(h2->conn, bytes, len);
    return (ssize_t)len;
}

/* the peer's frame limit is nghttp2's to apply; the connection's queue bounds what is taken at once
 */
static ssize_t on_frame_size(nghttp2_session *session,
                             uint8_t type,
                             int32_t id,
                             int32_t connection_window,
                             int32_t stream_window,
                             uint32_t frame_max,
                             void *arg)
{
    (void)session, (void)type, (void)id, (void)connection_window, (void)stream_window, (void)arg;
    return frame_max < SEND_FRAME_BYTES ? (ssize_t)frame_max : SEND_FRAME_BYTES;
}

static ssize_t on_source(nghttp2_session *session,
                         int32_t id,
                         uint8_t *buf,
                         size_t len,
                         uint32_t *flags,
                         nghttp2_data_source *source,
                         void *arg)
{
    struct hr_h2_stream *stream = source->ptr;
    (void)buf, (void)arg;
    if (!stream->queued && !stream->ending) {
        stream->idle = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (len > stream->queued)
        len = stream->queued;
    if (len == stream->queued && stream->ending) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (stream->trailer_count) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            nghttp2_submit_trailer(session, id, stream->trailers, stream->trailer_count);
        }
    }
    return (ssize_t)len;
}

static int on_send_data(nghttp2_session *session,
                        nghttp2_frame *frame,
                        const uint8_t *head,
                        size_t len,
                        nghttp2_data_source *source,
                        void *arg)
{
    struct hr_h2 *h2 = arg;
    struct hr_h2_stream *stream = source->ptr;
    (void)session, (void)frame;
    if (hr_conn_full(h2->conn))
        return NGHTTP2_ERR_WOULDBLOCK;
    hr_conn_write(h2->conn, head, 9);
    stream->queued -= len;
    while (len) {
        struct hr_chunk *chunk = stream->first;
        size_t left = chunk->len - stream->offset, part = len < left ? len : left;
        hr_conn_write_chunk(h2->conn, chunk, chunk->data + stream->offset, part);
        stream->offset += part;
        len -= part;
        if (stream->offset < chunk->len)
            continue;
        stream->offset = 0;
        if (!(stream->first = chunk->next))
            stream->last = &stream->first;
        hr_chunk_unref(chunk);
    }
    if (stream->blocked && stream->queued < HR_HTTP_LOW_MARK) {
        stream->blocked = false;
        h2->handler->writable(stream);
    }
    return 0;
}

static void submit_head(struct hr_h2_stream *stream)
{
    struct hr_h2 *h2 = stream->h2;
    nghttp2_data_provider source = {.source.ptr = stream, .read_callback = on_source};
    bool body = !stream->ending || stream->queued || stream->trailer_count;
    stream->pending = false;
    stream->head_sent = true;
    int failed;
    if (h2->server) {
        failed = nghttp2_submit_response(h2->session, stream->id, stream->head, stream->head_count,
                                         body ? &source : NULL);
    } else {
        stream->id = nghttp2_submit_request(h2->session, NULL, stream->head, stream->head_count,
                                            body ? &source : NULL, stream);
        failed = stream->id < 0 ? stream->id : 0;
    }
    if (failed && h2->server)
        nghttp2_submit_rst_stream(h2->session, 0, stream->id, NGHTTP2_INTERNAL_ERROR);
    if (failed && !h2->server) {
        h2->handler->closed(stream, NGHTTP2_REFUSED_STREAM, NULL);
        stream_free(stream);
    }
}

static void submit_pending(struct hr_h2 *h2)
{
    for (struct hr_h2_stream *at = h2->streams.next, *next; at != &h2->streams; at = next) {
        next = at->next;
        if (at->pending)
            submit_head(at);
    }
}

static bool produce(struct hr_conn *conn)
{
    struct hr_h2 *h2 = conn->owner;
    size_t before = conn->queued;
    if (h2->refused)
        return false;
    submit_pending(h2);
    h2->in_session = true;
    int failed = nghttp2_session_send(h2->session);
    h2->in_session = false;
    if (failed) {
        struct hr_err why;
        hr_fail(&why, HR_E_INTERNAL, "HTTP/2 cannot be sent: %s", nghttp2_strerror(failed));
        hr_conn_close(conn, &why);
        return false;
    }
    if (!nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session))
        hr_conn_end(conn, false);
    return conn->queued > before;
}

/* ---- receiving ---- */

static struct hr_h2_stream *find(struct hr_h2 *h2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(h2->session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct hr_h2 *h2 = arg;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    struct hr_h2_stream *stream = find(h2, frame->hd.stream_id);
    if (!stream && h2->server && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        stream = stream_new(h2, frame->hd.stream_id);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    } else if (stream) {
        /* the earlier ones stay in the arena: their reader may still look */
        stream->fields = NULL;
        stream->field_count = stream->field_room = 0;
    }
    return 0;
}

static int on_header(nghttp2_session *session,
                     const nghttp2_frame *frame,
                     const uint8_t *name,
                     size_t name_len,
                     const uint8_t *value,
                     size_t value_len,
                     uint8_t flags,
                     void *arg)
{
    struct hr_h2_stream *stream = find(arg, frame->hd.stream_id);
    (void)session, (void)flags;
    if (!stream)
        return 0;
    stream->field_bytes += name_len + value_len + 32;
    if (stream->field_bytes > HR_HTTP_HEADER_BYTES_MAX ||
        stream->field_count >= HR_HTTP_HEADER_COUNT_MAX)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
    if (stream->field_count == stream->field_room) {
        stream->field_room = stream->field_room ? stream->field_room * 2 : 16;
        struct hr_header *more = HR_NEW_ARRAY(stream->arena, struct hr_header, stream->field_room);
        if (stream->field_count)
            memcpy(more, stream->fields, stream->field_count * sizeof *more);
        stream->fields = more;
    }
    char *text = hr_arena_alloc(stream->arena, name_len + value_len + 2);
    memcpy(text, name, name_len);
    memcpy(text + name_len + 1, value, value_len);
    stream->fields[stream->field_count++] = (struct hr_header){text, text + name_len + 1};
    return 0;
}

static bool too_many_resets(struct hr_h2 *h2)
{
    uint64_t now = hr_http_now_ms();
    h2->tokens += (now - h2->tokens_ms) * RESETS_PER_S / 1000;
    if (h2->tokens > RESETS_BURST)
        h2->tokens = RESETS_BURST;
    h2->tokens_ms = now;
    return !h2->tokens || !--h2->tokens;
}

static void end_of_input(struct hr_h2_stream *stream)
{
    if (stream->remote_end)
        return;
    stream->remote_end = true;
    stream->h2->handler->end(stream);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct hr_h2 *h2 = arg;
    bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    struct hr_h2_stream *stream = frame->hd.stream_id ? find(h2, frame->hd.stream_id) : NULL;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (stream)
            h2->handler->headers(stream, end);
        if (stream && end)
            end_of_input(stream);
        return 0;
    case NGHTTP2_DATA:
        if (stream && end)
            end_of_input(stream);
        return 0;
    case NGHTTP2_RST_STREAM:
        if (h2->server && too_many_resets(h2)) {
            nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
            hr_conn_want_flush(h2->conn);
        }
        return 0;
    case NGHTTP2_GOAWAY:
        if (h2->handler->draining)
            h2->handler->draining(h2);
        return 0;
    default:
        return 0;
    }
}

static int on_data(nghttp2_session *session,
                   uint8_t flags,
                   int32_t id,
                   const uint8_t *bytes,
                   size_t len,
                   void *arg)
{
    struct hr_h2 *h2 = arg;
    struct hr_h2_stream *stream = find(h2, id);
    (void)flags;
    if (!h2->server || !stream || !stream->held)
        nghttp2_session_consume_connection(
            session, len); /* a client's streams are bounded each; none may stop the others */
    if (!stream) {
        nghttp2_session_consume_stream(session, id, len);
        return 0;
    }
    if (stream->held)
        stream->unconsumed += len;
    else
        nghttp2_session_consume_stream(session, id, len);
    h2->handler->data(stream, bytes, len);
    if (h2->server && stream->local_end && (stream->late_bytes += len) > LATE_BYTES)
        nghttp2_submit_rst_stream(session, 0, id, NGHTTP2_NO_ERROR); /* RFC 9113 8.1 */
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
    struct hr_h2 *h2 = arg;
    (void)session;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
        (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    struct hr_h2_stream *stream = find(h2, frame->hd.stream_id);
    if (!stream)
        return 0;
    stream->local_end = true;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *arg)
{
    struct hr_h2 *h2 = arg;
    struct hr_h2_stream *stream = find(h2, id);
    if (!stream)
        return 0;
    nghttp2_session_set_stream_user_data(session, id, NULL);
    if (h2->server && stream->unconsumed)
        nghttp2_session_consume_connection(session, stream->unconsumed);
    h2->handler->closed(stream, error, NULL);
    stream_free(stream);
    return 0;
}

static void input(struct hr_conn *conn, const char *bytes, size_t len)
{
    struct hr_h2 *h2 = conn->owner;
    if (h2->refused)
        return;
    h2->in_session = true;
    ssize_t used = nghttp2_session_mem_recv(h2->session, (const uint8_t *)bytes, len);
    h2->in_session = false;
    if (used < 0) {
        struct hr_err why;
        hr_fail(&why, HR_E_INVALID, "the peer does not speak HTTP/2: %s",
                nghttp2_strerror((int)used));
        nghttp2_session_terminate_session(h2->session, NGHTTP2_PROTOCOL_ERROR);
        produce(conn);
        h2->refused = true;
        hr_conn_end(conn, true);
        return;
    }
    hr_conn_want_flush(conn);
}

static void lost(struct hr_conn *conn, const struct hr_err *why)
{
    struct hr_h2 *h2 = conn->owner;
    while (h2->streams.next != &h2->streams) {
        struct hr_h2_stream *stream = h2->streams.next;
        if (stream->id > 0)
            nghttp2_session_set_stream_user_data(h2->session, stream->id, NULL);
        h2->handler->closed(stream, NGHTTP2_INTERNAL_ERROR, why);
        stream_free(stream);
    }
    h2->handler->gone(h2, why);
    nghttp2_session_del(h2->session);
    free(h2);
}

const struct hr_conn_handler hr_h2_conn_handler = {
    .input = input, .produce = produce, .lost = lost};

/* ---- the session ---- */

static void make_session(struct hr_h2 *h2)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    HR_CHECK(!nghttp2_session_callbacks_new(&callbacks) && !nghttp2_option_new(&option));
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, on_frame_size);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    /* else up to a thousand are kept, for priorities that nobody sends any more */
    nghttp2_option_set_no_closed_streams(option, 1);
    int failed = h2->server ? nghttp2_session_server_new2(&h2->session, callbacks, h2, option)
                            : nghttp2_session_client_new2(&h2->session, callbacks, h2, option);
    HR_CHECK(!failed);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
}

struct hr_h2 *hr_h2_new(struct hr_conn *conn,
                        bool server,
                        const struct hr_h2_handler *handler,
                        void *owner)
{
    struct hr_h2 *h2 = calloc(1, sizeof *h2);
    HR_CHECK(h2);
    *h2 = (struct hr_h2){.conn = conn,
                         .server = server,
                         .handler = handler,
                         .owner = owner,
                         .tokens = RESETS_BURST,
                         .tokens_ms = hr_http_now_ms()};
    h2->streams.next = h2->streams.prev = &h2->streams;
    make_session(h2);
    conn->handler = &hr_h2_conn_handler;
    conn->owner = h2;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, FRAME_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HR_HTTP_HEADER_BYTES_MAX},
        server
            ? (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HR_HTTP_STREAMS_MAX}
            : (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    };
    HR_CHECK(!nghttp2_submit_settings(h2->session, 0, settings, HR_LEN(settings)));
    HR_CHECK(!nghttp2_session_set_local_window_size(h2->session, 0, 0, CONNECTION_WINDOW));
    hr_conn_want_flush(conn);
    return h2;
}

struct hr_h2_stream *hr_h2_request(struct hr_h2 *h2, const struct hr_headers *fields, void *owner)
{
    struct hr_h2_stream *stream = stream_new(h2, 0);
    stream->owner = owner;
    stream->head = copy_fields(fields, NULL, &stream->head_count);
    stream->pending = true;
    hr_conn_want_flush(h2->conn);
    return stream;
}

void hr_h2_respond(struct hr_h2_stream *stream, int status, const struct hr_headers *fields)
{
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    HR_CHECK(!stream->head);
    stream->head = copy_fields(fields, text, &stream->head_count);
    stream->pending = true;
    hr_conn_want_flush(stream->h2->conn);
}

void hr_h2_interim(struct hr_h2_stream *stream, int status)
{
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    nghttp2_nv field = {(uint8_t *)":status", (uint8_t *)text, 7, strlen(text),
                        NGHTTP2_NV_FLAG_NONE};
    nghttp2_submit_headers(stream->h2->session, 0, stream->id, NULL, &field, 1, NULL);
    hr_conn_want_flush(stream->h2->conn);
}

static void resume(struct hr_h2_stream *stream)
{
    if (stream->idle) {
        stream->idle = false;
        nghttp2_session_resume_data(stream->h2->session, stream->id);
    }
    hr_conn_want_flush(stream->h2->conn);
}

void hr_h2_write(struct hr_h2_stream *stream, struct hr_bytes bytes)
{
    if (!bytes.len || stream->ending) {
        if (bytes.release)
            bytes.release(bytes.arg);
        return;
    }
    struct hr_chunk *chunk = hr_chunk_new(bytes);
    *stream->last = chunk;
    stream->last = &chunk->next;
    stream->queued += bytes.len;
    if (stream->queued >= HR_HTTP_HIGH_MARK)
        stream->blocked = true;
    resume(stream);
}

void hr_h2_finish(struct hr_h2_stream *stream, const struct hr_headers *trailers)
{
    if (stream->ending)
        return;
    stream->ending = true;
    if (trailers && trailers->count)
        stream->trailers = copy_fields(trailers, NULL, &stream->trailer_count);
    resume(stream);
}

void hr_h2_consume(struct hr_h2_stream *stream, size_t len)
{
    struct hr_h2 *h2 = stream->h2;
    if (!stream->held || !len || stream->id <= 0)
        return;
    if (len > stream->unconsumed)
        len = stream->unconsumed;
    stream->unconsumed -= len;
    if (h2->server)
        nghttp2_session_consume(h2->session, stream->id, len);
    else
        nghttp2_session_consume_stream(h2->session, stream->id, len);
    hr_conn_want_flush(h2->conn);
}

void hr_h2_reset(struct hr_h2_stream *stream, uint32_t error)
{
    struct hr_h2 *h2 = stream->h2;
    if (stream->id > 0)
        nghttp2_submit_rst_stream(h2->session, 0, stream->id, error);
    else
        stream_free(stream); /* a request that was never sent */
    hr_conn_want_flush(h2->conn);
}

void hr_h2_goaway(struct hr_h2 *h2)
{
    if (h2->server)
        nghttp2_submit_shutdown_notice(h2->session);
    nghttp2_submit_goaway(h2->session, 0,
                          h2->server ? nghttp2_session_get_last_proc_stream_id(h2->session) : 0,
                          NGHTTP2_NO_ERROR, NULL, 0);
    hr_conn_want_flush(h2->conn);
}
