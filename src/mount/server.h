/* The mount's side of the server's REST: one request at a time, waiting. */
#ifndef HR_MOUNT_SERVER_H
#define HR_MOUNT_SERVER_H
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include <stdatomic.h>
#include <stddef.h>

struct hr_mount_server {
    struct hr_arena *arena; /* of the texts below */
    /* may be NULL; else its endpoint file is read again when nobody answers: a server may come back
     * elsewhere */
    const char *home;
    const char *url, *ca_file;
    struct hr_secret token;
    atomic_bool stop; /* set from any thread: ends a request under way */
};

/* by home, else url; the token of HEADRACE_TOKEN wins over the home's */
enum hr_code hr_mount_server_find(struct hr_mount_server *server,
                                  struct hr_arena *arena,
                                  const char *home,
                                  const char *url,
                                  const char *ca_file,
                                  struct hr_err *err);
/* *bytes is the caller's (free). HR_E_DENIED, HR_E_NOT_FOUND, HR_E_INVALID: the server said so, in
 * its words; HR_E_UNAVAILABLE: nobody did */
enum hr_code hr_mount_server_call(struct hr_mount_server *server,
                                  const char *method,
                                  const char *path,
                                  size_t max,
                                  char **bytes,
                                  size_t *len,
                                  struct hr_err *err);
#endif
