/* A server for tests of clients: on a thread of its own it gives every request the same answer, and
 * closes the connection. */
#ifndef HR_TEST_UNIT_ANSWER_H
#define HR_TEST_UNIT_ANSWER_H
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* status "200 OK"; headers each with its end of line */
struct answer {
    const char *status, *headers, *body;
    int fd;
    pthread_t thread;
    char url[64];
};

static inline void answer_read(int fd)
{
    static char bytes[65536];
    size_t have = 0;
    char *end = NULL;
    while (!end && have < sizeof bytes - 1) {
        ssize_t got = recv(fd, bytes + have, sizeof bytes - 1 - have, 0);
        if (got <= 0)
            return;
        bytes[have += (size_t)got] = 0;
        end = strstr(bytes, "\r\n\r\n");
    }
    const char *length = strcasestr(bytes, "content-length:");
    long left =
        length && end && length < end ? atol(length + 15) - (long)(bytes + have - end - 4) : 0;
    if (left > 0 && strcasestr(bytes, "100-continue"))
        send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    while (left > 0) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            return;
        left -= got;
    }
}

static inline void *answer_run(void *arg)
{
    struct answer *answer = arg;
    for (int fd; (fd = accept(answer->fd, NULL, NULL)) >= 0; close(fd)) {
        char head[1024];
        answer_read(fd);
        int len = snprintf(head, sizeof head,
                           "HTTP/1.1 %s\r\n%scontent-length: %zu\r\nconnection: close\r\n\r\n",
                           answer->status, answer->headers, strlen(answer->body));
        send(fd, head, (size_t)len, MSG_NOSIGNAL);
        send(fd, answer->body, strlen(answer->body), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
    }
    return NULL;
}

static inline void answer_start(struct answer *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    answer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(answer->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(answer->fd, 16), 0);
    assert_int_equal(getsockname(answer->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(answer->url, sizeof answer->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&answer->thread, NULL, answer_run, answer), 0);
}

static inline void answer_stop(struct answer *answer)
{
    shutdown(answer->fd, SHUT_RDWR);
    pthread_join(answer->thread, NULL);
    close(answer->fd);
}
#endif
