/* livy's own: sessions, statements, the interpreters' parent. */
#ifndef HR_DAEMON_LIVY_PRIVATE_H
#define HR_DAEMON_LIVY_PRIVATE_H
#include "daemon/livy/livy.h"
#include "io/child.h"
#include "io/lines.h"
#include "io/loop.h"

#define LIVY_LINE_MAX (64 * 1024 * 1024) /* of the interpreter's protocol */
#define LIVY_KEPT_MAX                                                                          \
    ((size_t)64 << 20) /* bytes of code and output of a session's ended statements; the oldest \
                          outputs go first */
#define LIVY_KEPT_ALL_MAX ((size_t)256 << 20) /* of all sessions' */
#define LIVY_STATEMENTS_MAX 1000 /* kept a session; the oldest finished ones go first */
#define LIVY_CELL_MAX 64         /* bytes of a cell's name */
#define LIVY_LOG_MAX 1000        /* lines kept a session */
#define LIVY_ENDED_MAX 100       /* sessions that ended and can still be looked at */
#define LIVY_HOLD_MS 1000        /* how long a question about something unfinished is held open */
#define LIVY_IDLE_MS (30 * 60 * 1000) /* unless the session asks for another limit */
#define LIVY_DELETED \
    "deleted" /* in the store: ended by DELETE, so that Livy's root does not know it any more */
#define LIVY_KILL_MS 3000 /* an interpreter that does not end by itself */

/* the session states that clients know; they raise on any other */
/* clang-format off */
#define LIVY_STATES(X) \
    X(NOT_STARTED, not_started) \
    X(STARTING, starting) X(IDLE, idle) X(BUSY, busy) X(SHUTTING_DOWN, shutting_down) X(ERROR, error) X(DEAD, dead) \
        X(KILLED, killed) X(SUCCESS, success)
/* clang-format on */
enum livy_state {
#define X(upper, lower) LIVY_##upper,
    LIVY_STATES(X)
#undef X
        LIVY_STATE_COUNT
};

enum livy_statement_state {
    STATEMENT_WAITING,
    STATEMENT_RUNNING,
    STATEMENT_AVAILABLE,
    STATEMENT_CANCELLING,
    STATEMENT_CANCELLED
};

struct livy_statement {
    int id;
    enum livy_statement_state state;
    /* cell: what its sender calls it ("In[3]"), for tracebacks; NULL: nothing */
    char *code, *kind, *cell;
    json_t *output; /* NULL until it ended */
    size_t kept;    /* bytes of code and output, once it ended */
    double progress;
    int64_t started_ms, completed_ms;
};

struct livy_wait;

struct livy_session {
    int64_t id;
    char uuid[37], token[HR_TOKEN_TEXT];
    struct hr_principal owner;
    struct hr_arena *arena; /* the texts below */
    const char *name, *app_id, *kind, *pool_id, *pool, *synapse, *socket;
    json_t *request;       /* as it was asked for */
    struct hr_sizes sizes; /* of it */
    enum livy_state state;
    int64_t at_ms[LIVY_STATE_COUNT]; /* when it first came to each state */
    struct livy_statement **statements;
    size_t statement_count, kept; /* kept: of its statements that ended */
    int next_statement, next_completion;
    char *log[LIVY_LOG_MAX];
    size_t log_count, log_dropped;
    int64_t idle_limit_ms, heartbeat_ms;
    int64_t active_ms, seen_ms; /* monotonic */
    struct hr_lines *channel;
    bool channel_open, hidden; /* hidden: deleted, gone from Livy's root */
    int asked;                 /* how many parents were asked for its interpreter */
    int pid;                   /* of the interpreter, while it lives */
    int64_t kill_at_ms;        /* monotonic: when it has not ended by then; 0: not asked to */
    const char *why;           /* it ended */
    struct livy_wait *waits;
    struct livy_session *next; /* newest first */
};

struct livy {
    struct hr_site *site;
    const struct hr_livy_options *options;
    struct livy_session *sessions;
    size_t kept;             /* bytes of all statements that ended */
    struct hr_child *parent; /* the process that interpreters are forked from */
    struct hr_lines *parent_lines;
    int64_t parent_started_ms;
    struct hr_timer *janitor;
    char parent_socket[200];
    bool stopping;
};
extern struct livy hr_livy;

/* parent.c */
/* starts it when it is not there */
enum hr_code hr_livy_parent_ready(struct hr_err *err);
void hr_livy_parent_send(json_t *message); /* takes the reference */
void hr_livy_parent_stop(void);
/* session.c */
enum hr_code hr_livy_session_new(struct hr_rest *req,
                                 const char *synapse,
                                 const char *pool,
                                 bool unique_name,
                                 struct livy_session **session,
                                 struct hr_err *err);
const char *hr_livy_workspace_tag(struct hr_arena *arena,
                                  const json_t *request,
                                  const char **group,
                                  const char **name);
/* the parent for an interpreter */
void hr_livy_session_ask(struct livy_session *session);
struct livy_session *hr_livy_session_by_uuid(const char *uuid);
void hr_livy_session_spawned(struct livy_session *session, int pid);
void hr_livy_session_exited(struct livy_session *session, const char *why);
void hr_livy_session_end(struct livy_session *session, enum livy_state state, const char *why);
void hr_livy_session_forget(struct livy_session *session); /* frees it */
bool hr_livy_session_over(const struct livy_session *session);
bool hr_livy_session_busy(const struct livy_session *session);
void hr_livy_log(struct livy_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum hr_code hr_livy_recover(struct hr_err *err);
void hr_livy_janitor(void *arg);
/* of interpreters: none is living that is ours */
void hr_livy_sweep_sockets(void);
/* statement.c */
enum hr_code hr_livy_statement_new(struct livy_session *session,
                                   const char *code,
                                   const char *kind,
                                   const char *cell,
                                   struct livy_statement **statement,
                                   struct hr_err *err);
struct livy_statement *hr_livy_statement_find(struct livy_session *session, const char *id);
bool hr_livy_statement_over(const struct livy_statement *statement);
bool hr_livy_statement_cancel(struct livy_session *session, struct livy_statement *statement);
void hr_livy_statement_free(struct livy_session *session, struct livy_statement *statement);
/* to an interpreter that is now there */
void hr_livy_statements_flush(struct livy_session *session);
void hr_livy_statements_fail(struct livy_session *session, const char *why);
void hr_livy_event(struct livy_session *session, json_t *event);  /* from the interpreter */
bool hr_livy_send(struct livy_session *session, json_t *message); /* takes the reference */
/* wait.c: requests that are held open until something happened */
typedef bool livy_ready(struct livy_session *session, struct livy_statement *statement);
typedef json_t *livy_render(struct hr_rest *req,
                            struct livy_session *session,
                            struct livy_statement *statement);
void hr_livy_hold(struct hr_rest *req,
                  struct livy_session *session,
                  struct livy_statement *statement,
                  livy_ready *ready,
                  livy_render *render,
                  int hold_ms);
void hr_livy_hold_completion(struct hr_rest *req, struct livy_session *session, const char *id);
void hr_livy_completed(struct livy_session *session, const char *id, json_t *candidates);
void hr_livy_wake(struct livy_session *session);
/* it is about to be freed */
void hr_livy_wake_without(struct livy_session *session, const struct livy_statement *statement);
/* view.c */
const char *hr_livy_state_name(enum livy_state state);
livy_render hr_livy_view, hr_livy_synapse_view, hr_livy_state_view, hr_livy_statement_view;
json_t *hr_livy_log_view(struct livy_session *session, int64_t from, int64_t size);
#endif
