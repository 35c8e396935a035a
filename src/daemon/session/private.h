/* session's own: hosts (host.c) and the registry (session.c). */
#ifndef HR_DAEMON_SESSION_PRIVATE_H
#define HR_DAEMON_SESSION_PRIVATE_H
#include "base/map.h"
#include "daemon/session/session.h"
#include "io/child.h"
#include "io/loop.h"

struct host {
    struct hr_sessions *sessions;
    struct hr_session *session;    /* NULL: a spare */
    struct hr_child *child;        /* NULL: exited, or adopted */
    int pidfd;                     /* of one that an earlier daemon started; -1: our child */
    struct hr_watch *gone;         /* on pidfd */
    struct hr_http_client *client; /* once it is ready */
    struct hr_http_call *held;     /* NULL: not yet, or lost */
    char *socket, *journal;
    /* its folder for what does not fit in memory, made by it and removed with it; NULL: none */
    char *spill;
    char *command; /* what it was started as, without what is its own */
    int number, pid;
    bool ready, ending, taken;    /* taken: the journal is a session's */
    uint64_t started_ms, kill_ms; /* kill_ms: SIGTERM was not enough until then */
    struct hr_timer *probe;
    struct host *next;
};

struct hr_sessions {
    struct hr_loop *loop;
    /* sockets: another folder where `folder` is too long for a socket's path */
    char *folder, *sockets;
    char *spill;               /* hosts' spill folders are below; NULL: none */
    struct hr_thread *remover; /* of spill folders, which may be large; NULL as spill is */
    char **host, **env;        /* host: empty until it is known how hosts are started */
    char *command;             /* host's words as one text */
    char linger[24];
    int spares, sessions_max;
    uint64_t idle_ms;
    bool (*keep)(const struct hr_session *session, void *arg);
    void (*event)(struct hr_session *session,
                  enum hr_session_event event,
                  const char *why,
                  void *arg);
    void *arg;
    struct hr_map sessions; /* principal 0x1f id */
    struct host *hosts;     /* all that live, or have not been reaped */
    int next_number;
    int failures;           /* hosts in a row that died before they were ready */
    uint64_t rest_until_ms; /* no spares until then */
    struct hr_timer *sweep, *refill;
    struct hr_timer *patience; /* until then calls wait for hr_sessions_set_host */
    bool freeing;
};

struct slot {
    void *value;
    void (*release)(void *value);
};

struct hr_session {
    struct hr_sessions *sessions;
    int refs, calls, hosts, number; /* number: of its journal */
    char *key, *principal, *id, *journal;
    struct host *host;
    struct hr_session_wait *waits;
    int64_t created_ms, active_ms; /* wall clock: to be shown */
    int64_t idle_from_ms;          /* monotonic: for the idle rule */
    int failures;
    bool ended;
    bool recorded;     /* its record is on the disk: the next daemon finds it */
    int recorded_host; /* the number in it; 0: none */
    struct slot slots[HR_SESSION_SLOTS];
};

/* host.c */
/* journal NULL: its own */
enum hr_code hr_host_start(struct hr_sessions *sessions,
                           const char *journal,
                           struct host **host,
                           struct hr_err *err);
/* command: as which it was started. NULL: nobody of ours listens there */
struct host *hr_host_adopt(struct hr_sessions *sessions,
                           int number,
                           const char *journal,
                           const char *command);
/* what listens beside those that were adopted */
void hr_hosts_end_unknown(struct hr_sessions *sessions);
/* SIGTERM, then SIGKILL; it is freed once it is reaped */
void hr_host_end(struct host *host);
struct host *hr_host_spare(struct hr_sessions *sessions);
void hr_hosts_sweep(struct hr_sessions *sessions, uint64_t now);
/* those that were started as something else than the present command give way */
void hr_hosts_replace(struct hr_sessions *sessions);
/* the highest number that a spill folder has; 0: none */
int hr_hosts_last_spill(const struct hr_sessions *sessions);
void hr_hosts_sweep_spills(struct hr_sessions *sessions); /* what hosts of earlier daemons left */
void hr_hosts_free(struct hr_sessions *sessions);
void hr_hosts_refill(struct hr_sessions *sessions);
void hr_hosts_refill_soon(struct hr_sessions *sessions, uint64_t ms);
char *hr_session_path(const struct hr_sessions *sessions, int number, const char *kind);

/* session.c, called by host.c */
void hr_session_host_ready(struct hr_session *session);
/* code: what a call that waits ends with, at last */
void hr_session_host_died(struct hr_session *session,
                          bool was_ready,
                          enum hr_code code,
                          const char *why);
#endif
