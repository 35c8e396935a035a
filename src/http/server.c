/* Servers: listeners, what a new connection speaks, and the sweep that closes the idle and the
 * slow. */
#include "base/check.h"
#include "base/limits.h"
#include "http/exchange.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_BYTES 24
#define SWEEP_MS 1000
#define STOP_MS 3000 /* open exchanges get this long to end */
#define BACKLOG 1024

/* ---- connections ---- */

static void free_if_done(struct hr_http_server *server)
{
    if (!server->stopping || server->peer_count || server->open)
        return;
    free(server->unix_path);
    free(server);
}

static void finish_stop(struct hr_http_server *server)
{
    if (server->stopping && !server->peer_count && server->sweep) {
        hr_timer_stop(server->sweep);
        server->sweep = NULL;
    }
    free_if_done(server);
}

void hr_peer_gone(struct hr_peer *peer)
{
    struct hr_http_server *server = peer->server;
    peer->prev->next = peer->next;
    peer->next->prev = peer->prev;
    server->peer_count--;
    free(peer);
    finish_stop(server);
}

static void speak_h2(struct hr_peer *peer)
{
    peer->h2 = hr_h2_new(peer->conn, true, &hr_exchange_h2_handler, peer);
}

static void speak_h1(struct hr_peer *peer)
{
    peer->h1 = hr_h1_new(peer);
}

static void refuse(struct hr_peer *peer, const char *reason)
{
    speak_h1(peer);
    hr_h1_refuse(peer->h1, 400, reason);
}

/* ready: TLS is up and ALPN has said what is spoken inside; on plain text the first bytes do */
static void on_ready(struct hr_conn *conn)
{
    struct hr_peer *peer = conn->owner;
    if (conn->tls && hr_tls_session_h2(conn->tls))
        speak_h2(peer);
}

static void start_tls(struct hr_peer *peer, const char *bytes, size_t len)
{
    peer->tls = true;
    peer->conn->announced = false;
    hr_conn_tls(peer->conn, hr_tls_session_new(peer->server->options.tls, NULL), bytes, len);
}

static void on_first(struct hr_conn *conn, const char *bytes, size_t len)
{
    struct hr_peer *peer = conn->owner;
    const struct hr_http_server_options *options = &peer->server->options;
    if (!peer->tls && !peer->first_len && bytes[0] == 0x16 && options->tls) {
        start_tls(peer, bytes, len);
        return;
    }
    if (!peer->tls && options->tls && !options->plain_text) {
        refuse(peer, "this port speaks TLS only");
        return;
    }
    size_t want = PREFACE_BYTES - peer->first_len, part = len < want ? len : want;
    memcpy(peer->first + peer->first_len, bytes, part);
    size_t seen = peer->first_len + part;
    bool preface = !memcmp(peer->first, PREFACE, seen);
    if (preface && seen < PREFACE_BYTES) {
        peer->first_len = seen;
        return;
    }
    char first[PREFACE_BYTES];
    size_t first_len = peer->first_len;
    memcpy(first, peer->first, sizeof first);
    if (preface)
        speak_h2(peer);
    else
        speak_h1(peer);
    if (first_len)
        conn->handler->input(conn, first, first_len);
    conn->handler->input(conn, bytes, len);
}

static void on_lost(struct hr_conn *conn, const struct hr_err *why)
{
    (void)why;
    hr_peer_gone(conn->owner);
}

static const struct hr_conn_handler first_handler = {
    .input = on_first, .ready = on_ready, .lost = on_lost};

/* ---- accepting ---- */

static void name_tcp(struct hr_peer *peer)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (uv_tcp_getpeername(&peer->conn->uv.tcp, (struct sockaddr *)&address, &len) ||
        getnameinfo((struct sockaddr *)&address, (socklen_t)len, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    snprintf(peer->name, sizeof peer->name, strchr(host, ':') ? "[%.50s]:%.5s" : "%.50s:%.5s", host,
             port);
}

static bool name_unix(struct hr_peer *peer)
{
    uv_os_fd_t fd;
    struct ucred who;
    socklen_t len = sizeof who;
    snprintf(peer->name, sizeof peer->name, "unix");
    if (uv_fileno(&peer->conn->uv.handle, &fd) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
        return false;
    peer->uid = (int)who.uid;
    return who.uid == geteuid();
}

static bool is_idle(const struct hr_peer *peer)
{
    return !peer->conn->closing && (peer->h2   ? !peer->h2->stream_count
                                    : peer->h1 ? !hr_h1_busy(peer->h1)
                                               : true);
}

/* bytes that arrived and were not looked at yet: of a burst of connections many are accepted before
 * the first is read */
static bool has_unread(const struct hr_peer *peer)
{
    uv_os_fd_t fd;
    char byte;
    return !uv_fileno(&peer->conn->uv.handle, &fd) &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* who has nothing under way gives way, the longest first */
static bool make_room(struct hr_http_server *server)
{
    struct hr_peer *idlest = NULL;
    /* the last is the new one */
    for (struct hr_peer *at = server->peers.next; at != server->peers.prev; at = at->next)
        if (is_idle(at) &&
            (!idlest || at->conn->active_ms < idlest->conn->active_ms) &&
            !has_unread(at))
            idlest = at;
    if (idlest)
        hr_conn_close(idlest->conn, NULL);
    return idlest;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct hr_http_server *server = listener->data;
    if (status < 0)
        return;
    struct hr_peer *peer = calloc(1, sizeof *peer);
    HR_CHECK(peer);
    bool unix_socket = listener->type == UV_NAMED_PIPE;
    peer->server = server;
    peer->uid = -1;
    peer->since_ms = hr_http_now_ms();
    peer->conn = hr_conn_new(server->loop, unix_socket, &first_handler, peer);
    peer->next = &server->peers;
    peer->prev = server->peers.prev;
    peer->prev->next = peer->next->prev = peer;
    server->peer_count++;
    if (uv_accept(listener, &peer->conn->uv.stream)) {
        hr_conn_close(peer->conn, NULL);
        return;
    }
    bool allowed = server->peer_count <= server->options.connections_max || make_room(server);
    if (unix_socket)
        allowed = name_unix(peer) && allowed;
    else
        name_tcp(peer);
    if (!allowed || server->stopping) {
        hr_conn_close(peer->conn, NULL);
        return;
    }
    hr_conn_start(peer->conn);
}

/* ---- the sweep ---- */

static void goaway(struct hr_peer *peer)
{
    if (peer->h2)
        hr_h2_goaway(peer->h2);
    else if (!peer->h1 || !hr_h1_busy(peer->h1))
        hr_conn_close(peer->conn, NULL);
}

/* calls of which the client's half does not get on, while our window lets it send */
static void sweep_streams(struct hr_h2 *h2, uint64_t now)
{
    for (struct hr_h2_stream *at = h2->streams.next, *next; at != &h2->streams; at = next) {
        next = at->next;
        bool may_send = nghttp2_session_get_stream_local_window_size(h2->session, at->id) > 0 &&
                        nghttp2_session_get_local_window_size(h2->session) > 0;
        if (at->owner && hr_exchange_stalled(at->owner, now, may_send))
            hr_exchange_abort(at->owner);
    }
}

static void sweep_peer(struct hr_peer *peer, uint64_t now)
{
    struct hr_conn *conn = peer->conn;
    const struct hr_http_server_options *options = &peer->server->options;
    uint64_t quiet = now - conn->active_ms;
    if (conn->closing)
        return;
    if (peer->h2)
        sweep_streams(peer->h2, now);
    if (conn->linger_until_ms)
        quiet = now > conn->linger_until_ms ? UINT64_MAX : 0;
    bool late = conn->linger_until_ms ? quiet > 0
                : peer->h2 ? !peer->h2->stream_count &&
                                 quiet > (options->idle_ms ? options->idle_ms : HR_HTTP_IDLE_MS)
                : peer->h1 ? hr_h1_stalled(peer->h1, now)
                           : now - peer->since_ms > options->head_ms;
    if (late && peer->h1 && hr_h1_busy(peer->h1) && !conn->linger_until_ms && !conn->queued)
        hr_h1_refuse(peer->h1, 408, "the request did not arrive in time");
    else if (late)
        hr_conn_close(conn, NULL);
}

static void sweep(void *arg)
{
    struct hr_http_server *server = arg;
    uint64_t now = hr_http_now_ms();
    bool over = server->stopping && now >= server->stop_until_ms;
    for (struct hr_peer *at = server->peers.next; at != &server->peers; at = at->next) {
        if (over)
            hr_conn_close(at->conn, NULL);
        else
            sweep_peer(at, now);
        if (server->stopping && at->h1 && !hr_h1_busy(at->h1))
            hr_conn_close(at->conn, NULL);
    }
}

/* ---- listening ---- */

static enum hr_code fail_listen(struct hr_err *err, const char *where, int failed)
{
    enum hr_code code = failed == UV_EADDRINUSE ? HR_E_EXISTS
                        : failed == UV_EACCES   ? HR_E_DENIED
                                                : HR_E_IO;
    if (failed == UV_ENOSPC) /* a socket's name is a file */
        return hr_fail_write(err, -failed, "cannot listen on '%s'", where);
    return hr_fail(err, code, "cannot listen on '%s': %s", where, uv_strerror(failed));
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct hr_http_server *server = handle->data;
    server->open--;
    free_if_done(server);
}

static int bind_and_listen(int fd, const struct addrinfo *address)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, BACKLOG)
               ? uv_translate_sys_error(errno)
               : 0;
}

enum hr_code hr_http_listen(const char *host, int port, int *fd, struct hr_err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *found;
    char service[16], where[300];
    snprintf(service, sizeof service, "%d", port);
    snprintf(where, sizeof where, "%s:%s", host, service);
    if (!strcmp(host, "localhost"))
        hints.ai_family = AF_INET; /* what clients try, whatever else the name means */
    if (getaddrinfo(host, service, &hints, &found))
        return hr_fail(err, HR_E_INVALID, "not an address to listen on: '%s'", host);
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = *fd < 0 ? uv_translate_sys_error(errno) : (int)bind_and_listen(*fd, found);
    freeaddrinfo(found);
    if (!failed)
        return HR_OK;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return fail_listen(err, where, failed);
}

int hr_http_listen_port(int fd)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len))
        return 0;
    return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((struct sockaddr_in *)&bound)->sin_port);
}

static enum hr_code listen_tcp(struct hr_http_server *server, struct hr_err *err)
{
    const struct hr_http_server_options *options = &server->options;
    char where[32];
    int fd = options->listen_fd;
    if (fd <= 0)
        HR_TRY(hr_http_listen(options->host, options->port, &fd, err));
    uv_tcp_t *tcp = &server->uv[server->listeners].tcp;
    HR_CHECK(!uv_tcp_init(hr_loop_uv(server->loop), tcp));
    tcp->data = server;
    server->listeners++;
    server->open++;
    server->port = hr_http_listen_port(fd);
    snprintf(where, sizeof where, "port %d", server->port);
    int failed = uv_tcp_open(tcp, fd);
    if (failed)
        close(fd);
    else
        failed = uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection);
    return failed ? fail_listen(err, where, failed) : HR_OK;
}

/* a socket that nobody listens on any more is in the way of its own path */
static void clear_stale(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) || !S_ISSOCK(status.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)address, sizeof *address) &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    if (fd >= 0)
        close(fd);
}

static enum hr_code listen_unix(struct hr_http_server *server, struct hr_err *err)
{
    const char *path = server->options.unix_path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return hr_fail(err, HR_E_INVALID, "the path of a socket has at most %zu bytes: '%s'",
                       sizeof address.sun_path - 1, path);
    strcpy(address.sun_path, path);
    clear_stale(&address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_listen(err, path, uv_translate_sys_error(errno));
    /* Linux gives the path the socket's mode: never open to others, not even for a moment */
    fchmod(fd, 0600);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || chmod(path, 0600)) {
        int failed = uv_translate_sys_error(errno);
        close(fd);
        return fail_listen(err, path, failed);
    }
    uv_pipe_t *pipe = &server->uv[server->listeners].pipe;
    HR_CHECK(!uv_pipe_init(hr_loop_uv(server->loop), pipe, 0));
    pipe->data = server;
    server->listeners++;
    server->open++;
    server->unix_path = strdup(path);
    int failed = uv_pipe_open(pipe, fd);
    if (!failed)
        failed = uv_listen((uv_stream_t *)pipe, BACKLOG, on_connection);
    return failed ? fail_listen(err, path, failed) : HR_OK;
}

static void default_times(struct hr_http_server_options *options)
{
    options->head_ms = options->head_ms ? options->head_ms : HR_HTTP_HEAD_MS;
    options->stall_ms = options->stall_ms ? options->stall_ms : HR_HTTP_STALL_MS;
    options->connections_max =
        options->connections_max ? options->connections_max : HR_HTTP_CONNECTIONS_MAX;
}

enum hr_code hr_http_server_start(struct hr_loop *loop,
                                  const struct hr_http_server_options *options,
                                  struct hr_http_server **out,
                                  struct hr_err *err)
{
    struct hr_http_server *server = calloc(1, sizeof *server);
    HR_CHECK(server && options->handler && options->handler->request);
    server->loop = loop;
    server->options = *options;
    default_times(&server->options);
    server->peers.next = server->peers.prev = &server->peers;
    uint64_t pace =
        server->options.head_ms / 4 < SWEEP_MS ? server->options.head_ms / 4 + 1 : SWEEP_MS;
    server->sweep = hr_timer_start(loop, pace, pace, sweep, server);
    enum hr_code code = options->host || options->listen_fd > 0 ? listen_tcp(server, err) : HR_OK;
    if (!code && options->unix_path)
        code = listen_unix(server, err);
    if (code) {
        hr_http_server_close(server);
        return code;
    }
    server->options.host = server->options.unix_path = NULL; /* the caller's */
    *out = server;
    return HR_OK;
}

int hr_http_server_port(const struct hr_http_server *server)
{
    return server->port;
}

static void stop(struct hr_http_server *server, uint64_t grace_ms)
{
    if (!server->stopping) {
        server->stopping = true;
        if (server->unix_path)
            unlink(server->unix_path);
        for (size_t i = 0; i < server->listeners; i++)
            uv_close(&server->uv[i].handle, on_listener_closed);
        for (struct hr_peer *at = server->peers.next; at != &server->peers; at = at->next)
            goaway(at);
    }
    server->stop_until_ms = hr_http_now_ms() + grace_ms;
    if (!grace_ms)
        sweep(server);
    finish_stop(server);
}

void hr_http_server_stop(struct hr_http_server *server)
{
    if (server)
        stop(server, STOP_MS);
}

void hr_http_server_close(struct hr_http_server *server)
{
    if (server)
        stop(server, 0);
}
