/* Sessions: the one registry of who has which session, and the host processes behind them.
 *
 * A session is named by (principal, id): another principal's session of the same id is another
 * session. Each has one host, a child process that serves Spark Connect on a Unix socket. Spare
 * hosts are started ahead, so a new session costs no start. A host that dies takes the calls that
 * ran on it; the session's next call gets a new host, which replays the journal that the dead one
 * wrote. Journals outlive the daemon too: a session of an earlier run is found again by its first
 * call.
 *
 * A host is started as `PROGRAM ARGS… --socket PATH --journal FILE --linger SECONDS --spill
 * FOLDER`, is ready once PATH can be connected to, and ends on SIGTERM. It is held by a call that
 * stays open, goes on for `--linger` without one, and is adopted by the next daemon, found by its
 * socket. FILE is empty or absent at first; what must survive the process (configuration, views,
 * artifacts, its server_side_session_id) is appended to it before it is acknowledged, and read at
 * start.
 *
 * Loop's thread only. A struct hr_session * is counted: keep one across callbacks with
 * hr_session_ref. */
#ifndef HR_DAEMON_SESSION_SESSION_H
#define HR_DAEMON_SESSION_SESSION_H
#include "base/error.h"
#include "http/http.h"
#include <stdbool.h>
#include <stdint.h>

struct hr_loop;
struct hr_sessions;
struct hr_session;

enum hr_session_event {
    HR_SESSION_CREATED,
    HR_SESSION_HOST_STARTED,
    HR_SESSION_HOST_DIED,
    HR_SESSION_ENDED
};

struct hr_sessions_options {
    /* for sockets and journals: HOME/run/hosts; made when absent, 0700 */
    const char *folder;
    /* program and arguments, closed by NULL; copied. NULL: hr_sessions_set_host tells them */
    const char *const *host;
    /* folder of the hosts' spill folders: each gets `--spill SPILL/NUMBER`, 0700; NULL: none */
    const char *spill;
    const char *const *env; /* as struct hr_child_options; copied */
    int spares;             /* hosts kept ready */
    int sessions_max;       /* 0: HR_SESSIONS_MAX */
    /* hosts with sessions outlive a killed daemon so long; 0: HR_HOST_LINGER_MS */
    uint64_t linger_ms;
    /* calls wait so long for hr_sessions_set_host; 0: HR_HOST_PATIENCE_MS */
    uint64_t patience_ms;
    uint64_t idle_ms; /* a session without a call this long ends; 0: never */
    /* asked before one is ended for that: true keeps it; may be NULL */
    bool (*keep)(const struct hr_session *session, void *arg);
    /* may be NULL */
    void (*event)(struct hr_session *session,
                  enum hr_session_event event,
                  const char *why,
                  void *arg);
    void *arg;
};
enum hr_code hr_sessions_new(struct hr_loop *loop,
                             const struct hr_sessions_options *options,
                             struct hr_sessions **sessions,
                             struct hr_err *err);
/* after somebody removed the folder: made again, with what a later daemon finds the sessions'
 * journals by */
enum hr_code hr_sessions_mend(struct hr_sessions *sessions, struct hr_err *err);
/* From now on hosts are started so, and this many are kept ready; what was started as something
 * else gives way, adopted or not. Calls that came before are answered now: no host is started until
 * this is called, unless the options named one. */
void hr_sessions_set_host(struct hr_sessions *sessions, const char *const *host, int spares);
/* ends all hosts; journals stay for the next start */
void hr_sessions_free(struct hr_sessions *sessions);

/* finds or makes; HR_E_LIMIT when there are too many */
enum hr_code hr_session_open(struct hr_sessions *sessions,
                             const char *principal,
                             const char *id,
                             struct hr_session **session,
                             struct hr_err *err);
/* A clone: hr_sessions_reserve names the journal that the source's host writes for it;
 * hr_session_clone makes the session of it, whose first call starts its host. HR_E_EXISTS: there is
 * one of that id. Who reserves and does not clone removes the file. */
int hr_sessions_reserve(struct hr_sessions *sessions, struct hr_arena *arena, const char **journal);
enum hr_code hr_session_clone(struct hr_sessions *sessions,
                              const char *principal,
                              const char *id,
                              int number,
                              struct hr_err *err);
/* NULL when absent */
struct hr_session *hr_session_find(struct hr_sessions *sessions,
                                   const char *principal,
                                   const char *id);
/* NULL starts and ends; oldest first */
struct hr_session *hr_session_next(struct hr_sessions *sessions, const struct hr_session *session);
/* its host goes, its calls fail, its journal is removed */
void hr_session_end(struct hr_session *session, const char *why);
struct hr_session *hr_session_ref(struct hr_session *session);
void hr_session_unref(struct hr_session *session);

/* The connection to the session's host, as soon as it is up: fn is called once, before
 * hr_session_connect returns when it is up already. client NULL: it failed. The client is the
 * session's; where a call fails because its connection was lost and hr_session_has it still, say
 * hr_session_lost. */
struct hr_session_wait {
    void (*fn)(struct hr_session_wait *wait,
               struct hr_http_client *client,
               const struct hr_err *err);
    struct hr_session_wait *next, **at; /* the registry's */
};
void hr_session_connect(struct hr_session *session, struct hr_session_wait *wait);
void hr_session_unwait(struct hr_session_wait *wait); /* fine when fn was called */
/* still: else the client is gone, with its host */
bool hr_session_has(const struct hr_session *session, const struct hr_http_client *client);
/* of a host that is up; NULL: none is */
struct hr_http_client *hr_session_client(const struct hr_session *session);
/* its host does not answer: the next call gets a new one */
void hr_session_lost(struct hr_session *session);
/* +1 when a call begins, -1 when it ends: the idle rule's clock */
void hr_session_busy(struct hr_session *session, int change);
/* before a call: what it changes is kept only in a session whose record is on the disk; HR_E_FULL,
 * HR_E_IO: the record cannot be written, and the host is to refuse what it would have to keep */
enum hr_code hr_session_record(struct hr_session *session);

struct hr_session_info {
    const char *principal, *id;
    int64_t created_ms, active_ms; /* wall clock */
    /* calls running; hosts it has had; pid of the present one, 0: none */
    int calls, hosts, pid;
    bool ended;
};
/* texts are the session's */
struct hr_session_info hr_session_info(const struct hr_session *session);
/* for front ends: a slot each, freed with the session (the gate keeps its grant here, livy its
 * interpreter) */
enum { HR_SESSION_SLOT_GATE, HR_SESSION_SLOT_LIVY, HR_SESSION_SLOTS };
void hr_session_set_slot(struct hr_session *session,
                         int slot,
                         void *value,
                         void (*release)(void *value));
void *hr_session_slot(const struct hr_session *session, int slot);
#endif
