/* What the files of connect/ share. Threads: `loop` marks what only the loop's thread touches,
 * `lock` what its lock guards. */
#ifndef HR_HOST_CONNECT_PRIVATE_H
#define HR_HOST_CONNECT_PRIVATE_H
#include "access/access.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "blob/blob.h"
#include "host/connect/session/conf.h"
#include "host/connect/connect.h"
#include "host/connect/decode/decode.h"
#include "host/engine/engine.h"
#include "host/format/format.h"
#include "host/plan/env.h"
#include "io/loop.h"
#include "io/thread.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

/* ---- shared, counted ---- */

/* bytes that a client uploaded */
struct artifact {
    atomic_int refs;
    size_t len;
    char bytes[];
};
void hr_artifact_drop(struct artifact *artifact);

/* a temporary view, or a checkpointed relation: a plan in an arena of its own, immutable */
struct view {
    atomic_int refs;
    struct hr_arena *arena;
    struct hr_rel *rel;
    char *name; /* as it was created; NULL of a checkpoint */
    bool global;
    struct hr_names columns;
};
void hr_view_drop(void *view);

/* ---- sessions ---- */

struct pending {
    struct pending *next;
    size_t len;
    char bytes[];
};

struct session {
    struct hr_connect *connect;
    atomic_int refs;
    char *id, *user, *user_name, *server_id, *key;
    pthread_mutex_t lock;
    struct hr_conf conf; /* lock, as all below */
    struct hr_map views, cached, artifacts, persisted;
    /* registered by name, to what they are: "Python function" …; they cannot be called */
    struct hr_map functions;
    size_t artifact_bytes;
    char *database, *catalog;
    struct hr_blob_config *storage_conf;
    struct hr_blob *blob;
    struct hr_engine *engine;
    struct hr_format *format;
    /* sized: the sizes of its grant stand in its configuration */
    bool opened, sized;
    struct hr_map operations; /* loop, as all below: id to struct operation */
    struct hr_map finished;   /* id to enum operation_state + 1 */
    /* ids of operations that an earlier host began to write: nobody knows how far it came */
    struct hr_map lost;
    struct hr_map errors; /* error id to struct hr_err */
    /* lock: commands of the journal, made again at the first use */
    struct pending *pending;
    pthread_mutex_t replay; /* recursive: held while they are */
    bool replaying;         /* replay */
    bool journalled;        /* journal_lock: the journal has its record */
};

struct operation;
/* loop; NULL when there is none */
struct session *hr_spark_session_get(struct hr_connect *connect, const char *user, const char *id);
enum hr_code hr_spark_session_open(struct hr_connect *connect,
                                   const PB(UserContext) * user,
                                   const char *id,
                                   const char *observed,
                                   struct session **session,
                                   struct hr_err *err); /* loop; finds or makes; borrowed */
/* in this host, with its journal; loop */
enum hr_code hr_spark_session_clone(struct session *from,
                                    const char *id,
                                    const char *server_id,
                                    struct hr_err *err);
/* loop; from the journal */
struct session *hr_spark_session_restore(struct hr_connect *connect,
                                         const char *user,
                                         const char *id,
                                         const char *server_id);
/* loop */
void hr_spark_session_add_pending(struct session *session, const void *plan, size_t len);
/* loop: forgets it, cancels its operations */
void hr_spark_session_close(struct session *session);
struct session *hr_spark_session_keep(struct session *session);
void hr_spark_session_drop(struct session *session);
/* engine, storage and formats, opened at first use; worker threads */
enum hr_code hr_spark_session_engine(struct session *session, struct hr_err *err);
/* value NULL: unset */
enum hr_code hr_spark_session_set(struct session *session,
                                  const char *key,
                                  const char *value,
                                  struct hr_err *err);
/* These change nothing unless the journal has it too: what they return HR_OK for is on the disk.
 * `by` is the operation that makes or drops a view. */
enum hr_code hr_spark_session_set_durably(struct session *session,
                                          const char *key,
                                          const char *value,
                                          struct hr_err *err);
/* takes the reference */
enum hr_code hr_spark_session_create_view(struct session *session,
                                          struct view *view,
                                          bool replace,
                                          struct operation *by,
                                          struct hr_err *err);
enum hr_code hr_spark_session_drop_view(struct session *session,
                                        const struct hr_names *name,
                                        bool global,
                                        struct operation *by,
                                        bool *dropped,
                                        struct hr_err *err);
enum hr_code hr_spark_session_add_artifact(
    struct session *session, const char *name, const void *bytes, size_t len, struct hr_err *err);
/* a reference, or NULL */
struct view *hr_spark_session_find_view(struct session *session, const struct hr_names *name);
/* loop */
void hr_spark_session_remember_error(struct session *session,
                                     const char *id,
                                     const struct hr_err *err);

/* ---- the analyzer's view of a session, for one operation ---- */

struct env {
    struct hr_env base;
    struct session *session;
    struct hr_arena *arena;
    struct operation *operation; /* NULL: an analysis, which changes nothing */
    struct hr_conf conf;         /* as it was when the operation began */
    int64_t now_us;
};
/* released with the arena */
enum hr_code hr_env_new(struct hr_arena *arena,
                        struct session *session,
                        struct env **env,
                        struct hr_err *err);
const char *hr_env_conf(const struct env *env, const char *key);
/* puts what it stands for in the place of every CACHED_REMOTE relation */
enum hr_code hr_env_bind(struct env *env, struct hr_rel *rel, struct hr_err *err);
struct hr_sql_statement;
enum hr_code hr_env_parse_statement(struct env *env,
                                    const char *sql,
                                    struct hr_sql_statement *statement,
                                    struct hr_err *err);
/* a query as a writer reads it */
void hr_env_query_rows(struct hr_arena *arena, struct hr_query *query, struct hr_format_rows *rows);

/* ---- operations ---- */

enum operation_state {
    OPERATION_RUNNING,
    OPERATION_SUCCEEDED,
    OPERATION_FAILED,
    OPERATION_CANCELLED
};

/* one ExecutePlanResponse: framed head, then payload, then tail; shared by the operation and the
 * stream that sends it */
struct response {
    struct response *next;
    atomic_int refs;
    int64_t index;
    char id[37];
    char *head, *payload;
    size_t head_len, payload_len;
};

struct operation {
    struct session *session;
    atomic_int refs;
    char *id;
    char **tags;
    size_t tag_count;
    bool reattachable;
    size_t chunk_bytes; /* batches go in parts of so many bytes at most; 0: whole */
    char *request;      /* the plan's bytes, for the worker */
    size_t request_len;
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct response *first, *last; /* lock, as all below */
    /* index of the last response made, of the last given to the stream */
    int64_t made, sent;
    size_t unsent, kept;
    bool done, cancelled, holding, posted, trimmed;
    struct hr_err err; /* code HR_OK: it succeeded */
    struct hr_query *query;
    struct hr_exchange *stream; /* loop */
    int64_t detached_ms;        /* loop: since when nobody is attached; 0: attached */
    bool removed;               /* loop */
    bool replayed;              /* of the journal: in no table, answers nobody */
};

/* loop; in the session's table, one reference */
struct operation *hr_operation_new(struct session *session, const char *id);
/* any thread; in no table */
struct operation *hr_operation_new_replayed(struct session *session, const void *plan, size_t len);
struct operation *hr_operation_keep(struct operation *operation);
void hr_operation_drop(struct operation *operation);
/* loop */
void hr_operation_attach(struct operation *operation, struct hr_exchange *stream, int64_t after);
/* loop: the stream is gone */
void hr_operation_detach(struct operation *operation);
/* loop: sends what there is */
void hr_operation_pump(struct operation *operation);
/* any thread; false when it was over */
bool hr_operation_cancel(struct operation *operation);
bool hr_operation_is_cancelled(struct operation *operation); /* any thread */
/* loop: cancels, forgets, drops */
void hr_operation_remove(struct operation *operation);
/* releases responses up to the id; all sent ones when id is NULL; loop */
void hr_operation_release(struct operation *operation, const char *until);
/* loop */
enum hr_code hr_operation_find_response(struct operation *operation,
                                        const char *id,
                                        int64_t *index,
                                        struct hr_err *err);
enum operation_state hr_operation_state_of(struct operation *operation);
/* worker threads: gives one response; waits while too much is unsent; HR_E_CANCELLED once it is
 * cancelled */
enum hr_code hr_operation_give(struct operation *operation,
                               PB(ExecutePlanResponse) * response,
                               struct hr_err *err);
/* the same for a batch; takes the malloc'ed bytes. schema: told with the first batch, else NULL */
enum hr_code hr_operation_give_batch(struct operation *operation,
                                     PB(DataType) * schema,
                                     int64_t start,
                                     int64_t rows,
                                     char *bytes,
                                     size_t len,
                                     struct hr_err *err);
/* worker: the end is near, what comes may leave together with it */
void hr_operation_hold(struct operation *operation);
/* worker; err NULL: succeeded */
void hr_operation_done(struct operation *operation, const struct hr_err *err);

/* ---- grants (grant.c) ---- */

struct guard {
    bool on; /* a daemon started this host: calls need its grant */
    unsigned char key[HR_GRANT_KEY_BYTES];
    /* loop: of the first good grant, from then on all must be of these */
    char principal[37], session[40];
    pthread_mutex_t lock;
    struct hr_arena *arena; /* lock, as all below: of the newest grant */
    struct hr_grant *grant;
    const char *text;
    struct hr_revoked revoked;
};
void hr_guard_init(struct guard *guard, const unsigned char *key); /* key NULL: off */
void hr_guard_release(struct guard *guard);
/* loop */
enum hr_code hr_guard_admit(struct guard *guard,
                            const struct hr_request *request,
                            struct hr_err *err);
/* loop */
enum hr_code hr_guard_fits(const struct guard *guard, const char *session_id, struct hr_err *err);
/* what the session of the grant was started with: false, and nothing set, when it named none. The
 * texts are in arena. Any thread. */
bool hr_guard_sizes(struct guard *guard, struct hr_arena *arena, struct hr_sizes *sizes);
/* what the session may read and write by role */
void hr_guard_storage(struct hr_connect *connect, struct hr_blob_config *config);
/* loop; true: it was the daemon's message, answered */
bool hr_guard_control(struct hr_connect *connect, struct hr_exchange *exchange);

/* ---- work ---- */

struct hr_connect {
    struct hr_connect_options options;
    struct hr_loop *loop;
    struct hr_map sessions; /* loop: user \n id to struct session */
    struct hr_map closed;   /* loop: keys of closed sessions */
    pthread_mutex_t lock;
    struct hr_map global_views; /* lock */
    struct hr_engine *spare;    /* lock: opened ahead */
    bool opening;               /* lock: the spare is on its way */
    pthread_cond_t opened;
    struct hr_timer *janitor;
    struct guard guard;
    struct worker *workers; /* loop */
    size_t busy;            /* loop */
    /* recursive: held over a change and its record, so that both come in one order; before any
     * other lock */
    pthread_mutex_t journal_lock;
    int journal; /* journal_lock, as all below: descriptor, or -1 */
    off_t journal_bytes, journal_compact_at;
    bool journal_found; /* its folder is synced too */
    /* HR_E_FULL, HR_E_IO: the server could not write the session's record, and would not find the
     * journal again */
    _Atomic int unrecorded;
    /* behind journal_bytes stands something that could not be taken back */
    bool journal_torn;
    bool journal_closed; /* it ended with the service: nothing can be kept any more */
    bool stopping;
};

/* runs job(arg) on a worker thread with a stack for deep plans */
enum hr_code hr_work_start(struct hr_connect *connect,
                           void (*job)(void *arg),
                           void *arg,
                           struct hr_err *err);
void hr_work_stop(struct hr_connect *connect);

void hr_execute_plan(void *operation); /* a job; drops the reference */
void hr_execute_replayed(struct session *session, const void *plan, size_t len);

struct analyze_job {
    struct session *session;
    struct hr_exchange *exchange; /* loop; NULL once the client is gone */
    char *request;
    size_t request_len;
    struct hr_arena *arena; /* the response lives here */
    PB(AnalyzePlanResponse) * response;
    struct hr_err err;
    void (*done)(struct analyze_job *job); /* on the loop's thread */
};
void hr_analyze_plan(void *job); /* a job */

/* A command, of spark.sql() or of its own; worker threads. from_sql: the answer is a relation with
 * what the statement prints. */
enum hr_code hr_command_run(struct env *env,
                            struct operation *operation,
                            struct hr_command *command,
                            bool from_sql,
                            struct hr_err *err);

/* mode NULL: simple; else Spark's names in any case */
enum hr_code hr_explain_text(struct env *env,
                             const struct hr_rel *rel,
                             const struct hr_typed *typed,
                             const char *mode,
                             struct hr_buf *out,
                             struct hr_err *err);

/* What must survive the host; any thread. HR_OK: it is on the disk, or there is no journal.
 * HR_E_FULL, HR_E_IO: nothing of it is; HR_E_LIMIT: the session keeps too much. */
enum hr_code hr_journal_artifact(
    struct session *session, const char *name, const void *bytes, size_t len, struct hr_err *err);
/* value NULL: unset */
enum hr_code hr_journal_config(struct session *session,
                               const char *key,
                               const char *value,
                               struct hr_err *err);
enum hr_code hr_journal_command(struct session *session,
                                const void *plan,
                                size_t len,
                                struct hr_err *err);
/* what the operation runs */
enum hr_code hr_journal_plan(const struct operation *operation, struct hr_err *err);
/* it begins to write: should the host die, nobody may run it again by himself. Not synced */
void hr_journal_writes(const struct operation *operation);
/* not synced: the daemon removes the file of an ended session */
enum hr_code hr_journal_close_session(struct session *session, struct hr_err *err);
/* not synced; where there is no room for it the session's next record brings it */
void hr_journal_session(struct session *session);
/* what the journal holds of the session, under another id: in a file of its own, else (path NULL)
 * behind the rest; loop */
enum hr_code hr_journal_clone(struct session *session,
                              const char *id,
                              const char *server_id,
                              const char *path,
                              struct hr_err *err);
void hr_journal_init(struct hr_connect *connect);
enum hr_code hr_journal_open(struct hr_connect *connect, struct hr_err *err);
void hr_journal_release(struct hr_connect *connect); /* of what journal_init made */
void hr_journal_close(struct hr_connect *connect);
#endif
