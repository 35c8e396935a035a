/* The client of our own server's REST: it finds the server, sends a request with the token, and
 * reads the answer or the server's error. `headrace COMMAND` and `headrace-mount` use it.
 *
 * A client is made in an arena and ends with it. It makes one request at a time and waits for the
 * answer: one thread at a time may call. Only hr_client_stop may be called from any thread. Not for
 * storage: bytes of blobs move through blob/. */
#ifndef HR_CLIENT_CLIENT_H
#define HR_CLIENT_CLIENT_H
#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define HR_CLIENT_ANSWER_MAX ((size_t)64 * 1024 * 1024)

struct hr_client {
    struct hr_arena *arena; /* the client's own, a part of the arena that it was made in */
    /* whose endpoint file said where the server is; NULL: HEADRACE_URL or the caller did */
    const char *home;
    const char *url, *ca_file; /* ca_file "": the certificates that this machine trusts */
    struct hr_secret token;
    /* Set by a process that outlives servers. It waits for a server that has just started (503
     * until its storage account is there), and reads the endpoint file again when nobody answers or
     * the token is unknown: a server may come back elsewhere. */
    bool persistent;
    /* the rest is the client's own */
    json_t *endpoint; /* endpoint.json; NULL without a home */
    json_t *defaults; /* of GET /v1.0/defaults; NULL: not asked yet */
    atomic_bool stop;
};

/* ---- finding the server ---- */

/* `home` itself if given, else $HEADRACE_HOME, else ~/.headrace */
const char *hr_client_home(struct hr_arena *arena, const char *home);
/* A home given wins; else HEADRACE_URL with HEADRACE_TOKEN and HEADRACE_CA_FILE; else the endpoint
 * file of hr_client_home. HEADRACE_TOKEN wins over the file's token.
 * HR_E_NOT_FOUND: no server runs on the home; HR_E_UNAVAILABLE: its process is gone;
 * HR_E_UNAUTHENTICATED: an address without a token. */
enum hr_code hr_client_find(struct hr_arena *arena,
                            const char *home,
                            struct hr_client **client,
                            struct hr_err *err);
/* by address; the token is HEADRACE_TOKEN's. ca_file may be NULL */
enum hr_code hr_client_at(struct hr_arena *arena,
                          const char *url,
                          const char *ca_file,
                          struct hr_client **client,
                          struct hr_err *err);
/* a text of endpoint.json; "" when it is absent */
const char *hr_client_field(const struct hr_client *client, const char *name);
/* the server's own "workspace", "pool", …: by its endpoint file, else by asking it */
enum hr_code hr_client_default(struct hr_client *client,
                               const char *name,
                               const char **value,
                               struct hr_err *err);

/* ---- asking it ---- */

struct hr_client_request {
    const char *method;
    const char *path; /* with its query; hr_client_escape for what people named */
    json_t *body;     /* taken, also when the request fails; may be NULL */
    size_t max;       /* bytes of an answer; 0: HR_CLIENT_ANSWER_MAX */
};

struct hr_client_answer {
    int status;  /* 0: nobody answered */
    char *bytes; /* the caller frees; NULL: none, or a failure */
    size_t len;
};

/* The answer's bytes as they are. A status that is not 2xx is a failure with the server's words,
 * its next step, and the code of base/error.h's table (400 is HR_E_INVALID). HR_E_UNAVAILABLE:
 * nobody answered; HR_E_LIMIT: the answer is larger than max. */
enum hr_code hr_client_send(struct hr_client *client,
                            const struct hr_client_request *request,
                            struct hr_client_answer *answer,
                            struct hr_err *err);
/* The same for JSON: *reply is a new reference, JSON null for no body, NULL after a failure.
 * status may be NULL; it is set either way. HR_E_INTERNAL: the answer is not JSON. */
enum hr_code hr_client_call(struct hr_client *client,
                            const char *method,
                            const char *path,
                            json_t *body,
                            int *status,
                            json_t **reply,
                            struct hr_err *err);
/* ends a request under way, and all that follow, with HR_E_UNAVAILABLE; from any thread */
void hr_client_stop(struct hr_client *client);
/* one segment of a path, percent-encoded; lives in the arena */
const char *hr_client_escape(struct hr_arena *arena, const char *segment);

/* ---- inside src/client ---- */

/* reads the home's endpoint file again; the client stays as it was when that fails */
enum hr_code hr_client_reread(struct hr_client *client, struct hr_err *err);
#endif
