/* The built-in storage account's process: started, watched, started again.
 *
 * The daemon holds the listening socket and the account serves on it, so an account that died is
 * back on its port and its callers wait in the socket's queue for that instead of being refused. It
 * ends with the daemon. Loop's thread only. */
#ifndef HR_DAEMON_STORAGE_H
#define HR_DAEMON_STORAGE_H
#include "daemon/home.h"

struct hr_storage;

struct hr_storage_options {
    struct hr_loop *loop;
    const struct hr_home *home; /* outlives the account */
    const char *listen;         /* address */
    int port;                   /* 0: the last start's while it is free, else any */
    bool tls;
    void (*ready)(int port, void *arg);                  /* once: it answers for the first time */
    void (*failed)(const struct hr_err *err, void *arg); /* it ended before that */
    void *arg;
};

enum hr_code hr_storage_start(const struct hr_storage_options *options,
                              struct hr_storage **storage,
                              struct hr_err *err);
void hr_storage_stop(struct hr_storage *storage); /* SIGTERM; NULL is fine */
void hr_storage_free(struct hr_storage *storage); /* after the loop */
#endif
