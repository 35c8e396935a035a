/* The command's side of the server's REST: finds the server, sends a request with the token, reads
 * JSON. */
#ifndef HR_CLI_WIRE_H
#define HR_CLI_WIRE_H
#include "base/arena.h"
#include "base/error.h"
#include <jansson.h>

struct hr_wire {
    struct hr_arena *arena;
    json_t *endpoint; /* endpoint.json; NULL when the server came from the environment */
    /* what the server says is meant where nothing is named; NULL: not asked yet */
    json_t *defaults;
    const char *home, *url, *token, *ca_file;
};

/* HEADRACE_URL with HEADRACE_TOKEN and HEADRACE_CA_FILE; else the endpoint file of --home,
 * $HEADRACE_HOME or ~/.headrace. A
 * --home given wins */
enum hr_code hr_wire_find(struct hr_arena *arena,
                          const char *home,
                          struct hr_wire *wire,
                          struct hr_err *err);
const char *hr_wire_home(struct hr_arena *arena, const char *home);
/* of endpoint.json; "" when absent */
const char *hr_wire_field(const struct hr_wire *wire, const char *name);
/* the server's own "workspace", "pool", …, by its endpoint file, else by asking it */
enum hr_code hr_wire_default(struct hr_wire *wire,
                             const char *name,
                             const char **value,
                             struct hr_err *err);
/* *reply is a new reference (JSON null for no body). An HTTP error becomes an hr_err with the
 * server's message; *status is set either way */
enum hr_code hr_wire_call(const struct hr_wire *wire,
                          const char *method,
                          const char *path,
                          json_t *body,
                          int *status,
                          json_t **reply,
                          struct hr_err *err);
/* the bytes of an answer that is no JSON; the caller frees them */
enum hr_code hr_wire_text(
    const struct hr_wire *wire, const char *path, char **bytes, size_t *len, struct hr_err *err);
char *hr_wire_escape(struct hr_arena *arena, const char *segment);
#endif
