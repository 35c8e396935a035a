/* The Spark Connect service of one session host: sessions, operations that can be reattached, the
 * twelve calls.
 *
 * All functions here are for the loop's thread. Requests are taken apart there; plans are decoded,
 * analyzed and run on worker threads, which answer through the loop. A host serves one session when
 * the daemon starts it, and any number when it stands alone: each has its own configuration, views,
 * storage and DuckDB. */
#ifndef HR_HOST_CONNECT_CONNECT_H
#define HR_HOST_CONNECT_CONNECT_H
#include "base/error.h"
#include "http/http.h"
#include <stdint.h>

struct hr_loop;
struct hr_connect;

struct hr_connect_setting {
    const char *key, *value;
};

struct hr_connect_options {
    struct hr_loop *loop;
    const char *journal;                       /* file; NULL: none */
    const char *spill_dir;                     /* NULL: none */
    int threads;                               /* DuckDB's; 0: as many as processors */
    int64_t memory_bytes;                      /* DuckDB's limit; 0: its default */
    const struct hr_connect_setting *settings; /* every session starts with these */
    size_t setting_count;
    /* HR_GRANT_KEY_BYTES: every call needs a grant signed with its other half; NULL: none is asked
     * for */
    const unsigned char *grant_key;
    /* with a grant_key: ACCOUNTS/NAME is a storage account's resource id, on which roles to its
     * data are given */
    const char *accounts;
};

enum hr_code hr_connect_new(const struct hr_connect_options *options,
                            struct hr_connect **connect,
                            struct hr_err *err);
/* cancels what runs and waits for it; the server has been stopped */
void hr_connect_free(struct hr_connect *connect);
size_t hr_connect_sessions(const struct hr_connect *connect);
/* its server_arg is the struct hr_connect */
const struct hr_exchange_handler *hr_connect_handler(void);
#endif
