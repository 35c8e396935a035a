/* One request to the account, from its headers to its answer. Private to account/.
 *
 * The loop's thread parses, authorizes and receives the body; a worker thread runs the operation,
 * which may wait for the disk; the loop's thread sends the answer. A struct request lives until
 * both the exchange and the worker are done with it. */
#ifndef HR_ACCOUNT_REQUEST_H
#define HR_ACCOUNT_REQUEST_H
#include "access/access.h"
#include "account/tree.h"
#include "base/buf.h"
#include "http/http.h"
#include "io/loop.h"
#include "io/thread.h"
#include "wire/uri.h"
#include <stdatomic.h>
#include <stdbool.h>

#define HR_ACCOUNT_WORKERS 4
#define HR_ACCOUNT_PAIRS_MAX 200                           /* metadata of one blob or container */
#define HR_ACCOUNT_HEADERS_MAX (HR_ACCOUNT_PAIRS_MAX + 48) /* of an answer */

struct operation;

struct account {
    const char *name;
    char *key;   /* base64; in no log and no answer */
    bool grants; /* bearer tokens are the daemon's grants, checked with … */
    unsigned char grant_key[32];
    const char *resource_id; /* … for this scope, */
    /* … unless the daemon has said that they ended; loop's thread */
    struct hr_revoked revoked;
    struct hr_tree tree;
    struct hr_loop *loop;
    struct hr_thread *workers[HR_ACCOUNT_WORKERS];
    unsigned next_worker;
    struct hr_http_server *server;
    _Atomic uint64_t requests, bytes_in, bytes_out;
    _Atomic uint64_t *counts; /* one an operation, in the table's order */
    const struct operation *operations;
    size_t operation_count;
};

enum body { BODY_NONE, BODY_SMALL, BODY_STREAM };

struct request {
    struct account *account;
    struct hr_exchange *exchange; /* NULL once it is closed */
    struct hr_arena *arena;
    const struct operation *operation;
    const struct hr_request *http;
    const char *method, *container, *name; /* decoded; "" when absent */
    struct hr_query query;
    bool dfs, head, refused, working, host_style;
    char id[37];
    /* the body: small ones in memory, the others in a file */
    struct hr_buf body;
    struct hr_tree_temp temp;
    int64_t body_max, received;
    void *md5;            /* EVP_MD_CTX of the body */
    uint64_t crc64;       /* of the body, when the request gives one */
    const char *body_md5; /* base64, once it is whole */
    /* the answer */
    const char *detail;      /* of a refusal */
    const char *source_code; /* of a copy: what its source was refused with */
    /* content headers that the SAS wants in the answer; value NULL: none */
    struct {
        const char *name, *value;
    } overrides[5];
    int status;
    struct hr_header headers[HR_ACCOUNT_HEADERS_MAX];
    size_t header_count;
    struct hr_buf out;
    const char *content_type;
    int fd;
    int64_t offset, left, range_size; /* or a file's bytes; fd -1: none */
};

struct operation {
    const char *name; /* in the counters; also names a refused one */
    const char *method;
    char level; /* 's'ervice, 'c'ontainer, 'b'lob */
    /* comp (blob), resource or action (dfs); NULL: must be absent */
    const char *comp, *resource;
    /* must be there, for the rest to be told apart; NULL: no matter */
    const char *header;
    const char *permissions; /* any of these letters of a SAS */
    enum body body;
    int64_t body_max;
    /* NULL, or an Azure error code; absent: refused by name */
    const char *(*run)(struct request *request);
};

extern const struct operation hr_account_operations[];
extern const size_t hr_account_operation_count;
extern const struct hr_exchange_handler hr_account_handler;

/* NULL when absent */
const char *hr_account_header(const struct request *request, const char *name);
/* NULL when absent */
const char *hr_account_param(const struct request *request, const char *name);
/* copied; NULL is left out */
void hr_account_reply_header(struct request *request, const char *name, const char *value);
/* a refusal with a sentence of its own; gives the code back */
const char *hr_account_refuse(struct request *request, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* makes the answer; the detail is from hr_account_refuse */
void hr_account_error(struct request *request, const char *code);
const char *hr_account_authorize(struct request *request);
/* another blob of this account, read as a copy's source: a SAS in its address or, where Azure takes
 * it too, the request's own credential */
const char *hr_account_authorize_source(
    struct request *request, const char *container, const char *name, const char *query, bool own);
/* gives CannotVerifyCopySource */
const char *hr_account_source_refused(struct request *request, const char *code);
/* the daemon's messages about grants: by a Unix socket from now on, those of before from a file
 * (NULL: none) */
enum hr_code hr_account_notices(struct account *account,
                                struct hr_arena *arena,
                                const char *socket,
                                const char *revoked,
                                struct hr_http_server **server,
                                struct hr_err *err);
const char *hr_account_route(struct request *request);
void hr_account_conditions(struct request *request,
                           struct hr_tree_conditions *conditions,
                           const char *exists_code);
#endif
