/* Clients: one HTTP/2 connection, made at the first call and again when it was lost or drained. */
#include "base/check.h"
#include "base/limits.h"
#include "http/h2.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hr_http_client {
    struct hr_loop *loop;
    char *unix_path, *host;
    int port;
    struct hr_tls *tls;
    struct link *link;  /* the one for new calls; NULL: none yet */
    struct link *links; /* all, old ones drain */
    bool failed, closed;
};

struct link {                      /* one connection of the client */
    struct hr_http_client *client; /* NULL: nobody waits for it any more */
    struct hr_conn *conn;
    struct hr_h2 *h2;
    uv_getaddrinfo_t lookup;
    struct link *next;
};

struct hr_http_call {
    struct hr_h2_stream *stream;
    const struct hr_call_handler *handler;
    void *user;
    bool responded, ended;
};

/* ---- streams to calls ---- */

static void on_headers(struct hr_h2_stream *stream, bool end)
{
    struct hr_http_call *call = stream->owner;
    (void)end;
    if (!call)
        return;
    struct hr_headers all = {stream->fields, stream->field_count};
    if (call->responded)
        return; /* trailers: on_end reads them */
    const char *status = hr_header_get(&all, ":status");
    int number = status ? atoi(status) : 0;
    if (number < 200)
        return;
    call->responded = true;
    /* a response that is nothing but headers has its trailers in them */
    stream->headers_done = end;
    while (all.count && all.at[0].name[0] == ':')
        all.at++, all.count--;
    if (call->handler->response)
        call->handler->response(call, number, &all);
}

static void on_data(struct hr_h2_stream *stream, const uint8_t *bytes, size_t len)
{
    struct hr_http_call *call = stream->owner;
    if (call && call->handler->data)
        call->handler->data(call, bytes, len);
}

/* takes the call off its stream before its last word, so that whatever the handler does then finds
 * nothing to touch */
static void detach(struct hr_http_call *call)
{
    call->ended = true;
    call->stream->owner = NULL;
    call->stream = NULL;
}

static void on_end(struct hr_h2_stream *stream)
{
    struct hr_http_call *call = stream->owner;
    if (!call)
        return;
    struct hr_headers trailers = {stream->fields, stream->field_count};
    if (stream->headers_done || (trailers.count && trailers.at[0].name[0] == ':'))
        trailers.count = 0;
    detach(call);
    if (!stream->ending)
        hr_h2_reset(stream, NGHTTP2_NO_ERROR); /* nobody will finish the request */
    if (call->handler->end)
        call->handler->end(call, &trailers);
    free(call);
}

static void on_writable(struct hr_h2_stream *stream)
{
    struct hr_http_call *call = stream->owner;
    if (call && call->handler->writable)
        call->handler->writable(call);
}

static void on_closed(struct hr_h2_stream *stream, uint32_t error, const struct hr_err *why)
{
    struct hr_http_call *call = stream->owner;
    if (!call)
        return;
    detach(call);
    if (call->handler->failed) {
        struct hr_err err;
        if (why)
            err = *why;
        else
            hr_fail(&err, HR_E_CANCELLED, "the peer ended the call: %s",
                    nghttp2_http2_strerror(error));
        call->handler->failed(call, &err);
    }
    free(call);
}

static void forget(struct link *link)
{
    struct hr_http_client *client = link->client;
    if (!client)
        return;
    if (client->link == link)
        client->link = NULL;
    for (struct link **at = &client->links; *at; at = &(*at)->next)
        if (*at == link) {
            *at = link->next;
            break;
        }
    link->client = NULL;
}

static void on_gone(struct hr_h2 *h2, const struct hr_err *why)
{
    struct link *link = h2->owner;
    if (link->client && (!link->conn->announced || why->code != HR_E_UNAVAILABLE))
        link->client->failed = true;
    forget(link);
    link->h2 = NULL;
    link->conn = NULL;
    if (!link->lookup.loop)
        free(link);
}

static void on_draining(struct hr_h2 *h2)
{
    struct link *link = h2->owner;
    if (link->client && link->client->link == link)
        link->client->link = NULL;
}

static const struct hr_h2_handler call_handler = {.headers = on_headers,
                                                  .data = on_data,
                                                  .end = on_end,
                                                  .writable = on_writable,
                                                  .closed = on_closed,
                                                  .gone = on_gone,
                                                  .draining = on_draining};

/* ---- connecting ---- */

static void give_up(struct link *link, int status)
{
    struct hr_err why;
    struct hr_http_client *client = link->client;
    hr_fail(&why, HR_E_UNAVAILABLE, "cannot connect to '%s': %s",
            !client             ? ""
            : client->unix_path ? client->unix_path
                                : client->host,
            uv_strerror(status));
    if (client)
        client->failed = true;
    hr_conn_close(link->conn, &why);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct hr_conn *conn = connect->data;
    if (conn->closing)
        return;
    if (status < 0) {
        give_up(conn->owner ? ((struct hr_h2 *)conn->owner)->owner : NULL, status);
        return;
    }
    struct hr_http_client *client = ((struct link *)((struct hr_h2 *)conn->owner)->owner)->client;
    if (client)
        client->failed = false;
    if (client && client->tls)
        conn->tls = hr_tls_session_new(client->tls, client->host);
    hr_conn_start(conn);
}

static void on_address(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct link *link = lookup->data;
    lookup->loop = NULL;
    if (!link->conn) {
        free(link);
    } else if (link->conn->closing) {
        ;
    } else if (status < 0) {
        give_up(link, status);
    } else {
        link->conn->connect.data = link->conn;
        int failed =
            uv_tcp_connect(&link->conn->connect, &link->conn->uv.tcp, found->ai_addr, on_connected);
        if (failed)
            give_up(link, failed);
    }
    uv_freeaddrinfo(found);
}

static void connect_tcp(struct link *link, struct hr_http_client *client)
{
    char port[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    snprintf(port, sizeof port, "%d", client->port);
    link->lookup.data = link;
    int failed = uv_getaddrinfo(hr_loop_uv(client->loop), &link->lookup, on_address, client->host,
                                port, &hints);
    if (failed) {
        link->lookup.loop = NULL;
        give_up(link, failed);
    }
}

static struct link *link_new(struct hr_http_client *client)
{
    struct link *link = calloc(1, sizeof *link);
    HR_CHECK(link);
    link->client = client;
    link->next = client->links;
    client->links = client->link = link;
    link->conn = hr_conn_new(client->loop, client->unix_path != NULL, &hr_h2_conn_handler, NULL);
    link->h2 = hr_h2_new(link->conn, false, &call_handler, link);
    if (client->unix_path) {
        link->conn->connect.data = link->conn;
        uv_pipe_connect(&link->conn->connect, &link->conn->uv.pipe, client->unix_path,
                        on_connected);
    } else {
        connect_tcp(link, client);
    }
    return link;
}

enum hr_code hr_http_client_connect(struct hr_loop *loop,
                                    const char *unix_path,
                                    const char *host,
                                    int port,
                                    struct hr_tls *tls,
                                    struct hr_http_client **out,
                                    struct hr_err *err)
{
    if (!unix_path && !host)
        return hr_fail(err, HR_E_INVALID, "a client needs the path of a socket, or a host");
    struct hr_http_client *client = calloc(1, sizeof *client);
    HR_CHECK(client);
    client->loop = loop;
    client->unix_path = unix_path ? strdup(unix_path) : NULL;
    client->host = host ? strdup(host) : NULL;
    client->port = port;
    client->tls = tls;
    *out = client;
    return HR_OK;
}

void hr_http_client_close(struct hr_http_client *client)
{
    if (!client)
        return;
    for (struct link *at = client->links, *next; at; at = next) {
        next = at->next;
        at->client = NULL;
        if (at->conn)
            hr_conn_close(at->conn, NULL);
    }
    free(client->unix_path);
    free(client->host);
    free(client);
}

bool hr_http_client_alive(const struct hr_http_client *client)
{
    return !client->failed;
}

/* ---- calls ---- */

struct hr_http_call *hr_http_call_start(struct hr_http_client *client,
                                        const char *method,
                                        const char *target,
                                        const char *authority,
                                        const struct hr_headers *headers,
                                        const struct hr_call_handler *handler,
                                        void *user)
{
    size_t given = headers ? headers->count : 0;
    struct hr_header *fields = calloc(given + 4, sizeof *fields);
    struct hr_http_call *call = calloc(1, sizeof *call);
    HR_CHECK(fields && call);
    fields[0] = (struct hr_header){":method", method};
    fields[1] = (struct hr_header){":scheme", client->tls ? "https" : "http"};
    fields[2] = (struct hr_header){":authority", authority      ? authority
                                                 : client->host ? client->host
                                                                : "localhost"};
    fields[3] = (struct hr_header){":path", target};
    if (given)
        memcpy(fields + 4, headers->at, given * sizeof *fields);
    struct link *link =
        client->link && !client->link->conn->closing ? client->link : link_new(client);
    call->handler = handler;
    call->user = user;
    call->stream = hr_h2_request(link->h2, &(struct hr_headers){fields, given + 4}, call);
    free(fields);
    return call;
}

void hr_http_call_write(struct hr_http_call *call, struct hr_bytes bytes)
{
    if (call->stream)
        hr_h2_write(call->stream, bytes);
    else if (bytes.release)
        bytes.release(bytes.arg);
}

void hr_http_call_finish(struct hr_http_call *call)
{
    if (call->stream)
        hr_h2_finish(call->stream, NULL);
}

void hr_http_call_hold(struct hr_http_call *call)
{
    if (call->stream)
        call->stream->held = true;
}

void hr_http_call_consume(struct hr_http_call *call, size_t len)
{
    if (call->stream)
        hr_h2_consume(call->stream, len);
}

struct hr_bytes hr_http_call_take(struct hr_http_call *call, const void *bytes, size_t len)
{
    return hr_conn_take(call->stream->h2->conn, bytes, len);
}

size_t hr_http_call_queued(const struct hr_http_call *call)
{
    return call->stream ? call->stream->queued : 0;
}

void hr_http_call_cancel(struct hr_http_call *call)
{
    struct hr_h2_stream *stream = call->stream;
    if (call->ended)
        return;
    detach(call);
    hr_h2_reset(stream, NGHTTP2_CANCEL);
    free(call);
}

void *hr_http_call_user(const struct hr_http_call *call)
{
    return call->user;
}
