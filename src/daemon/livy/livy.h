/* livy: sessions and statements by REST, in Livy's dialect (/sessions) and in Synapse's
 * (/livyApi/versions/V/sparkPools/POOL/sessions).
 *
 * A session is a Python interpreter, forked from one pre-imported parent, that talks Spark Connect
 * to its session's host through the gate: the same session that a Connect client with its id sees.
 * doc/livy.md says what each call does; doc/python.md the protocol to the parent. */
#ifndef HR_DAEMON_LIVY_LIVY_H
#define HR_DAEMON_LIVY_LIVY_H
#include "daemon/rest/rest.h"

struct hr_livy_options {
    const char *connect;     /* unix:PATH where the gate listens */
    const char *python;      /* the interpreter that has the headrace package */
    const char *python_path; /* a folder for PYTHONPATH, or NULL */
    /* told when a session is over, so that its host can go; may be NULL */
    void (*released)(const struct hr_principal *owner, const char *session_uuid, void *arg);
    void *arg;
};

const struct hr_routes *hr_livy_routes(void);
enum hr_code hr_livy_start(struct hr_site *site,
                           const struct hr_livy_options *options,
                           struct hr_err *err); /* options stay the caller's */
/* the scope (workspaces/W/bigDataPools/P) of the pool that a session of that id runs on, in the
 * arena; NULL: not one of these */
const char *hr_livy_scope(struct hr_arena *arena, const char *session_uuid);
/* that it was started with; NULL: not one of these */
const struct hr_sizes *hr_livy_sizes(const char *session_uuid);
/* ends interpreters and their parent; open requests are answered */
void hr_livy_stop(void);
#endif
