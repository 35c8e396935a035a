/* REST: what the front ends that answer JSON (arm, livy, studio) share. A front end is a table of
 * routes; this module finds the route, authenticates, reads the body, calls the handler and renders
 * errors.
 *
 * A handler runs on the loop's thread. It fills the reply with hr_rest_reply and returns HR_OK, or
 * returns an error, or calls hr_rest_defer and later hr_rest_send. Paths are compared without case,
 * as Azure's clients expect, and names keep theirs. */
#ifndef HR_DAEMON_REST_REST_H
#define HR_DAEMON_REST_REST_H
#include "daemon/identity/identity.h"
#include "http/http.h"
#include <jansson.h>

struct hr_loop;

#define HR_REST_PARAMS_MAX 16
#define HR_REST_SEGMENTS_MAX 64

/* a reply that waits until those who hold grants have heard that they ended (daemon/notices.h) */
struct hr_rest_told {
    void (*fn)(void *arg);
    void *arg;
    struct hr_rest_told *next, **at;
};
void hr_rest_untold(struct hr_rest_told *told); /* out of its list; fine when it is in none */

/* what every front end needs to know of this server; daemon.c fills it and owns it */
struct hr_site {
    struct hr_loop *loop;
    struct hr_store *store;
    struct hr_identity *identity;
    const char *home, *run_dir, *ca_file;
    const char *subscription, *resource_group, *location;
    const char *workspace, *synapse, *pool, *account,
        *container; /* the ones made at first: defaults where an address names none */
    const char *storage_url, *http_url, *https_url;
    int port;
    int64_t started_ms;
    const char *account_id; /* resource id of the account that is served here */
    /* since the start; messages about them that are not answered yet */
    size_t revocations, telling;
    struct hr_rest_told *told; /* called when telling falls to 0 */
};

/* ids of a Synapse workspace and of a pool in it, in the arena; NULL: there is none */
const char *hr_site_synapse_id(const struct hr_site *site,
                               struct hr_arena *arena,
                               const char *synapse);
const char *hr_site_pool_id(const struct hr_site *site,
                            struct hr_arena *arena,
                            const char *synapse,
                            const char *pool);

struct hr_rest;
typedef enum hr_code hr_rest_handler(struct hr_rest *req, struct hr_err *err);

enum {
    HR_ROUTE_OPEN = 1, /* no token needed */
    HR_ROUTE_FORM = 2, /* the body is a form or a JSON object of strings */
    /* the handler is called before the body, of any length, which goes to hr_relay_start */
    HR_ROUTE_STREAM = 4,
};

struct hr_route {
    const char *method;
    /* {name} is one segment; {name*} any number of them, as a path: at the front "/a/b", at the end
     * "a/b" */
    const char *pattern;
    hr_rest_handler *handler;
    unsigned flags;
};

struct hr_routes {
    const struct hr_route *at;
    size_t count;
    void *arg;        /* the front end's own; req->arg */
    bool livy_errors; /* {"msg"} beside {"error"} */
};

struct hr_rest {
    struct hr_site *site;
    struct hr_exchange *exchange;
    struct hr_arena *arena;
    const struct hr_routes *routes;
    const struct hr_route *route;
    void *arg;
    struct hr_principal who; /* id is empty on open routes */
    /* the Synapse workspace that the address names (/synapse/NAME/…, or its host name), or NULL */
    const char *synapse;
    /* scheme://authority as the client wrote it: for addresses in replies */
    const char *origin;
    json_t *body;                      /* JSON object; NULL when there was no body */
    void (*gone)(struct hr_rest *req); /* deferred, and the client left: forget req */
    void *user;                        /* the handler's */

    struct {
        const char *name, *value;
    } params[HR_REST_PARAMS_MAX];
    size_t param_count;
    int status;
    json_t *reply;
    const char *text; /* or this, when it is set */
    size_t text_len;
    struct hr_header headers[8];
    size_t header_count;
    struct hr_rest_told told;
    bool deferred, sent, closed;
};

/* one server a process */
void hr_rest_init(struct hr_site *site, const struct hr_routes *const *tables, size_t count);
/* to be called from the daemon's exchange handler */
void hr_rest_request(struct hr_exchange *exchange);
void hr_rest_closed(struct hr_exchange *exchange, bool finished);

/* of the path; a route that lacks it is a bug */
const char *hr_rest_param(const struct hr_rest *req, const char *name);
/* decoded; NULL when absent */
const char *hr_rest_query(struct hr_rest *req, const char *name);
/* of the body; NULL when absent */
const char *hr_rest_string(const struct hr_rest *req, const char *name);
/* takes the reference; NULL: no body */
void hr_rest_reply(struct hr_rest *req, int status, json_t *json);
/* JSON that is text already: large answers, made on another thread. The bytes are the caller's
 * until it is sent. */
void hr_rest_reply_text(struct hr_rest *req, int status, const char *text, size_t len);
void hr_rest_header(struct hr_rest *req, const char *name, const char *value);
void hr_rest_defer(struct hr_rest *req);
/* a deferred reply, after hr_rest_reply */
void hr_rest_send(struct hr_rest *req);
/* a deferred failure */
void hr_rest_send_error(struct hr_rest *req, const struct hr_err *err);
enum hr_code hr_rest_check(struct hr_rest *req,
                           enum hr_action action,
                           const char *scope,
                           struct hr_err *err);

/* for tests: does the pattern match the path, and with which parameters */
bool hr_rest_match(struct hr_rest *req, const char *pattern, char *const *segments, size_t count);
#endif
