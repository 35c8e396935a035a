#include "io/lines.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "io/loop.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#define AGAIN_MS 5
#define READ_BYTES (64 * 1024)

struct hr_lines {
    struct hr_loop *loop;
    const struct hr_lines_handler *handler;
    void *arg;
    uv_pipe_t pipe;
    struct hr_timer *again; /* the next attempt to connect */
    struct hr_buf in, out;  /* out: what waits for the connection */
    size_t scanned;         /* bytes of `in` that hold no newline */
    uint64_t give_up_ns;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    char why[128];
    bool open, silent, closing;
    char room[READ_BYTES];
};

struct sent {
    uv_write_t write;
    char *text;
};

static void on_gone(uv_handle_t *handle)
{
    struct hr_lines *lines = handle->data;
    hr_buf_release(&lines->in);
    hr_buf_release(&lines->out);
    if (!lines->silent)
        lines->handler->closed(lines->why, lines->arg);
    free(lines);
}

static void end(struct hr_lines *lines, const char *why)
{
    if (lines->closing)
        return;
    lines->closing = true;
    snprintf(lines->why, sizeof lines->why, "%s", why);
    hr_timer_stop(lines->again);
    uv_close((uv_handle_t *)&lines->pipe, on_gone);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct hr_lines *lines = handle->data;
    (void)size;
    *buf = uv_buf_init(lines->room, sizeof lines->room);
}

static void take_lines(struct hr_lines *lines)
{
    size_t start = 0;
    while (!lines->closing) {
        char *newline = memchr(hr_buf_bytes(&lines->in) + lines->scanned, '\n',
                               hr_buf_len(&lines->in) - lines->scanned);
        if (!newline)
            break;
        *newline = 0;
        lines->scanned = (size_t)(newline - hr_buf_text(&lines->in)) + 1;
        lines->handler->line(hr_buf_bytes(&lines->in) + start, lines->scanned - 1 - start,
                             lines->arg);
        start = lines->scanned;
    }
    hr_buf_drop(&lines->in, start);
    lines->scanned = hr_buf_len(&lines->in);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct hr_lines *lines = stream->data;
    if (got < 0) {
        end(lines, got == UV_EOF ? "the other side closed" : uv_strerror((int)got));
        return;
    }
    if (!hr_buf_add(&lines->in, buf->base, (size_t)got)) {
        end(lines, "a line is longer than its limit");
        return;
    }
    if (got)
        take_lines(lines);
}

static void on_sent(uv_write_t *write, int status)
{
    struct sent *sent = (struct sent *)write;
    (void)status; /* a broken connection is told by its read */
    free(sent->text);
    free(sent);
}

static void push(struct hr_lines *lines, char *text, size_t len)
{
    struct sent *sent = calloc(1, sizeof *sent);
    HR_CHECK(sent);
    sent->text = text;
    uv_buf_t buf = uv_buf_init(text, (unsigned)len);
    if (uv_write(&sent->write, (uv_stream_t *)&lines->pipe, &buf, 1, on_sent)) {
        free(text);
        free(sent);
    }
}

static int connected_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address))
        return fd;
    int failure = errno;
    if (fd >= 0)
        close(fd);
    errno = failure;
    return -1;
}

static void started(struct hr_lines *lines)
{
    lines->open = true;
    uv_read_start((uv_stream_t *)&lines->pipe, on_room, on_read);
    if (lines->handler->opened)
        lines->handler->opened(lines->arg);
    size_t len;
    if (lines->closing || !hr_buf_len(&lines->out))
        return;
    char *queued = hr_buf_steal(&lines->out, &len);
    push(lines, queued, len);
}

static void attempt(void *arg)
{
    struct hr_lines *lines = arg;
    lines->again = NULL;
    int fd = connected_socket(lines->path);
    if (fd >= 0 && !uv_pipe_open(&lines->pipe, fd)) {
        started(lines);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (hr_clock_mono_ns() >= lines->give_up_ns)
        end(lines, strerror(errno));
    else
        lines->again = hr_timer_start(lines->loop, AGAIN_MS, 0, attempt, lines);
}

struct hr_lines *hr_lines_connect(struct hr_loop *loop,
                                  const char *path,
                                  unsigned patience_ms,
                                  size_t line_max,
                                  const struct hr_lines_handler *handler,
                                  void *arg)
{
    struct hr_lines *lines = calloc(1, sizeof *lines);
    HR_CHECK(lines && strlen(path) < sizeof lines->path);
    *lines = (struct hr_lines){.loop = loop,
                               .handler = handler,
                               .arg = arg,
                               .give_up_ns = hr_clock_mono_ns() + patience_ms * 1000000ull};
    snprintf(lines->path, sizeof lines->path, "%s", path);
    hr_buf_init(&lines->in, line_max);
    hr_buf_init(&lines->out, line_max);
    uv_pipe_init(hr_loop_uv(loop), &lines->pipe, 0);
    lines->pipe.data = lines;
    /* from the loop, so that no callback runs before the caller has its pointer */
    lines->again = hr_timer_start(loop, 0, 0, attempt, lines);
    return lines;
}

void hr_lines_send(struct hr_lines *lines, const char *text, size_t len)
{
    if (lines->closing)
        return;
    if (!lines->open) {
        hr_buf_add(&lines->out, text, len);
        hr_buf_addc(&lines->out, '\n');
        if (!hr_buf_ok(&lines->out))
            end(lines, "more is queued than the limit allows");
        return;
    }
    char *copy = malloc(len + 1);
    HR_CHECK(copy);
    memcpy(copy, text, len);
    copy[len] = '\n';
    push(lines, copy, len + 1);
}

void hr_lines_close(struct hr_lines *lines)
{
    if (!lines)
        return;
    lines->silent = true;
    end(lines, "closed");
}
