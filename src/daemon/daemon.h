/* The daemon: `headrace serve`. It holds no engine: it listens, authenticates, keeps state and
 * routes; sessions, interpreters and stored data live in processes that it starts. One thread. */
#ifndef HR_DAEMON_DAEMON_H
#define HR_DAEMON_DAEMON_H
#include "base/error.h"

struct hr_daemon_options {
    const char *home;   /* made when absent */
    const char *listen; /* an address; anything but loopback takes TLS only */
    /* 0: a free one, then the same again at later starts while it is free */
    int port, storage_port;
    const char *python; /* NULL: found */
};

/* runs until SIGTERM or SIGINT */
enum hr_code hr_daemon_serve(const struct hr_daemon_options *options, struct hr_err *err);
#endif
