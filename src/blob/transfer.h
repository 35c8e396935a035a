/* HTTP requests of blob/: one thread with a curl multi handle moves the bytes of all of a session's
 * requests, in parallel, over kept connections.
 *
 * A caller fills a struct hr_blob_transfer, submits it and later waits for it, from any thread;
 * between the two the transfer and everything it points to belong to the mover. Attempts that
 * failed in a way that may pass (5xx, 408, 429, lost or silent connections, a body cut short) are
 * made again, with growing pauses; `prepare` is asked for the headers of each attempt, because a
 * signature holds the time. Private to blob/. */
#ifndef HR_BLOB_TRANSFER_H
#define HR_BLOB_TRANSFER_H
#include "base/buf.h"
#include "base/error.h"
#include "blob/blob.h"
#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hr_blob_mover;

struct hr_blob_transfer {
    /* the request */
    const char *method, *url, *ca_file;
    /* on the mover's thread */
    enum hr_code (*prepare)(struct hr_blob_transfer *transfer,
                            struct curl_slist **headers,
                            struct hr_err *err);
    void *arg;
    const void *body;
    size_t body_len; /* sent as it is; NULL: none */
    /* where the body of a 2xx goes: exactly so many bytes must come; NULL: into `response` */
    void *into;
    size_t into_len;
    size_t response_max; /* of `response`; 0: 64 KB */
    /* the answer */
    /* HR_OK: an HTTP answer came, whatever its status; else err says why none did */
    enum hr_code code;
    struct hr_err err;
    int status, attempts;
    struct hr_buf response, headers; /* headers: "name:value\n", names in lower case */
    size_t got;
    /* the mover's */
    bool done, cancelled;
    int64_t due_ms, moved_ms;
    curl_off_t moved;
    struct curl_slist *slist;
    CURL *easy;
    char why[CURL_ERROR_SIZE];
    struct hr_blob_mover *mover;
    struct hr_blob_transfer *next;
};

struct hr_blob_mover_options {
    int attempts, timeout_ms;
};
enum hr_code hr_mover_new(const struct hr_blob_mover_options *options,
                          struct hr_blob_mover **mover,
                          struct hr_err *err);
/* NULL is fine; nothing may be under way */
void hr_mover_free(struct hr_blob_mover *mover);
void hr_mover_submit(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer);
/* until it is done; cancelled while it waits: the request is given up and HR_E_CANCELLED returned
 */
enum hr_code hr_mover_wait(struct hr_blob_mover *mover,
                           struct hr_blob_transfer *transfer,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
/* gives it up and waits until the mover has let go of it */
void hr_mover_cancel(struct hr_blob_mover *mover, struct hr_blob_transfer *transfer);
void hr_mover_count(struct hr_blob_mover *mover, struct hr_blob_counts *counts);

/* what the answer holds; the struct is the caller's */
void hr_transfer_release(struct hr_blob_transfer *transfer);
/* "" when absent; what is longer than `value` is cut: for what is short, or compared with what is
 */
const char *hr_transfer_header(const struct hr_blob_transfer *transfer,
                               const char *name,
                               char *value,
                               size_t size);
/* NULL when absent or empty */
const char *hr_transfer_header_whole(const struct hr_blob_transfer *transfer,
                                     const char *name,
                                     struct hr_arena *arena);
#endif
