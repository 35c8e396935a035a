/* What the mount may read with: the "storage" of a manifest, set into a blob configuration and
 * renewed from the server before it ends.
 *
 * A thread asks `POST …/access` at half of what is left of the credentials' life, at least every
 * `check_ms` (so that a revoked role is noticed), and at once when a reader says that its
 * credentials no longer do. Each success is a new generation; the configuration is changed in
 * place, and readers opened from then on use it. While the server says no, the state is denied, and
 * the thread goes on asking: a role that is given back works again. Any thread may call; the
 * manifest's owner starts and stops it. */
#ifndef HR_MOUNT_CREDENTIALS_H
#define HR_MOUNT_CREDENTIALS_H
#include "blob/blob.h"
#include "client/client.h"
#include <jansson.h>

struct hr_credentials;

struct hr_credentials_options {
    /* NULL: a manifest from a file, whose credentials are never renewed */
    struct hr_client *server;
    const char *path; /* of the version: path + "/access" is asked */
    int check_ms;
    /* once each time the server begins to say no; on the thread */
    void (*denied)(void *arg);
    void *arg;
};

/* storage: a manifest's, or NULL; set into config, which lives longer */
enum hr_code hr_credentials_start(struct hr_blob_config *config,
                                  const json_t *storage,
                                  const struct hr_credentials_options *options,
                                  struct hr_credentials **credentials,
                                  struct hr_err *err);
/* waits for the thread; NULL is fine */
void hr_credentials_stop(struct hr_credentials *credentials);

/* HR_OK with the generation that readers opened now will use, and when it ends (INT64_MAX: it does
 * not say); HR_E_DENIED with the server's words */
enum hr_code hr_credentials_now(struct hr_credentials *credentials,
                                unsigned *generation,
                                int64_t *ends_ms,
                                struct hr_err *err);
/* What came with `generation` does not do: waits for a newer one until deadline_ns (monotonic).
 * HR_E_DENIED: the server says no; HR_E_UNAVAILABLE: it cannot be asked, or there is none to ask;
 * HR_E_CANCELLED. */
enum hr_code hr_credentials_newer(struct hr_credentials *credentials,
                                  unsigned generation,
                                  uint64_t deadline_ns,
                                  const struct hr_blob_cancel *cancel,
                                  struct hr_err *err);
#endif
