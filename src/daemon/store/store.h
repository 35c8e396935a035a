/* Durable state: one SQLite file (WAL, synchronous=FULL), so that what was acknowledged survives
 * kill -9.
 *
 * One function per statement; nothing here decides anything. Used by the loop's thread only. Rows
 * are copied into the caller's arena. Resource ids are compared without case and kept in the case
 * in which they were first written (their canonical one). */
#ifndef HR_DAEMON_STORE_STORE_H
#define HR_DAEMON_STORE_STORE_H
#include "base/arena.h"
#include "base/error.h"
#include <stdint.h>

struct hr_store;

/* makes or migrates it */
enum hr_code hr_store_open(const char *path, struct hr_store **store, struct hr_err *err);
void hr_store_close(struct hr_store *store);
/* statements between begin and commit are one unit; without them each is its own */
enum hr_code hr_store_begin(struct hr_store *store, struct hr_err *err);
enum hr_code hr_store_commit(struct hr_store *store, struct hr_err *err);
void hr_store_rollback(struct hr_store *store);

/* settings of this server: ids, keys, names; value NULL when absent */
enum hr_code hr_store_setting_get(struct hr_store *store,
                                  struct hr_arena *arena,
                                  const char *name,
                                  const char **value,
                                  struct hr_err *err);
enum hr_code hr_store_setting_put(struct hr_store *store,
                                  const char *name,
                                  const char *value,
                                  struct hr_err *err);

struct hr_principal_row {
    const char *id, *name, *kind;
    int64_t created_ms;
}; /* kind: User | ServicePrincipal (managed identities too) */
struct hr_principal_rows {
    struct hr_principal_row *at;
    size_t count;
};
enum hr_code hr_store_principal_add(struct hr_store *store,
                                    const struct hr_principal_row *row,
                                    struct hr_err *err); /* HR_E_EXISTS: the name */
enum hr_code hr_store_principal_get(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *id,
                                    struct hr_principal_row **row,
                                    struct hr_err *err);
enum hr_code hr_store_principal_named(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *name,
                                      struct hr_principal_row **row,
                                      struct hr_err *err);
enum hr_code hr_store_principal_list(struct hr_store *store,
                                     struct hr_arena *arena,
                                     struct hr_principal_rows *rows,
                                     struct hr_err *err);
enum hr_code hr_store_principal_remove(struct hr_store *store,
                                       const char *id,
                                       struct hr_err *err); /* with tokens and assignments */

/* tokens are kept as the SHA-256 of their text */
enum hr_code hr_store_token_add(struct hr_store *store,
                                const char *hash,
                                const char *principal,
                                int64_t created_ms,
                                struct hr_err *err);
enum hr_code hr_store_token_principal(struct hr_store *store,
                                      struct hr_arena *arena,
                                      const char *hash,
                                      struct hr_principal_row **row,
                                      struct hr_err *err);
enum hr_code hr_store_token_remove(struct hr_store *store, const char *hash, struct hr_err *err);

struct hr_assignment_row {
    const char *id, *role, *principal, *scope, *created_by;
    int64_t created_ms;
};
struct hr_assignment_rows {
    struct hr_assignment_row *at;
    size_t count;
};
enum hr_code hr_store_assignment_add(
    struct hr_store *store,
    const struct hr_assignment_row *row,
    struct hr_err *err); /* HR_E_EXISTS: same role, principal, scope */
enum hr_code hr_store_assignment_get(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *id,
                                     struct hr_assignment_row **row,
                                     struct hr_err *err);
enum hr_code hr_store_assignment_remove(struct hr_store *store, const char *id, struct hr_err *err);
enum hr_code hr_store_assignment_list(struct hr_store *store,
                                      struct hr_arena *arena,
                                      struct hr_assignment_rows *rows,
                                      struct hr_err *err);
enum hr_code hr_store_assignment_of(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *principal,
                                    struct hr_assignment_rows *rows,
                                    struct hr_err *err);

/* everything that Azure would address by a resource id: workspaces, pools, accounts, linked
 * services, computes, … */
struct hr_resource_row {
    /* parent: id of the resource or group that holds it */
    const char *id, *type, *parent, *name, *location;
    const char *properties, *tags; /* JSON objects */
    /* its managed identity's principal, or NULL */
    const char *identity;
    const char *created_by;
    int64_t created_ms, changed_ms;
};
struct hr_resource_rows {
    struct hr_resource_row *at;
    size_t count;
};
enum hr_code hr_store_resource_add(struct hr_store *store,
                                   const struct hr_resource_row *row,
                                   struct hr_err *err); /* HR_E_EXISTS */
enum hr_code hr_store_resource_update(struct hr_store *store,
                                      const char *id,
                                      const char *properties,
                                      const char *tags,
                                      int64_t changed_ms,
                                      struct hr_err *err);
enum hr_code hr_store_resource_get(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *id,
                                   struct hr_resource_row **row,
                                   struct hr_err *err);
enum hr_code hr_store_resource_list(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *parent,
                                    const char *type,
                                    struct hr_resource_rows *rows,
                                    struct hr_err *err);
enum hr_code hr_store_resource_all(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *type,
                                   struct hr_resource_rows *rows,
                                   struct hr_err *err);
/* and what is below it */
enum hr_code hr_store_resource_remove(struct hr_store *store, const char *id, struct hr_err *err);

struct hr_operation_row {
    const char *id, *resource, *kind, *status, *error, *owner;
    int64_t started_ms, ended_ms;
}; /* error: JSON or NULL; owner: who asked */
struct hr_operation_rows {
    struct hr_operation_row *at;
    size_t count;
};
enum hr_code hr_store_operation_add(struct hr_store *store,
                                    const struct hr_operation_row *row,
                                    struct hr_err *err);
enum hr_code hr_store_operation_end(struct hr_store *store,
                                    const char *id,
                                    const char *status,
                                    const char *error,
                                    int64_t ended_ms,
                                    struct hr_err *err);
enum hr_code hr_store_operation_get(struct hr_store *store,
                                    struct hr_arena *arena,
                                    const char *id,
                                    struct hr_operation_row **row,
                                    struct hr_err *err);
enum hr_code hr_store_operation_open(struct hr_store *store,
                                     struct hr_arena *arena,
                                     struct hr_operation_rows *rows,
                                     struct hr_err *err); /* not ended */

/* interactive sessions, so that ids are never used twice and a session that a crash took is
 * reported dead, not unknown */
struct hr_session_row {
    int64_t id;
    const char *uuid, *owner, *pool, *state, *request;
    int64_t created_ms, ended_ms;
}; /* pool: resource id; request: JSON */
struct hr_session_rows {
    struct hr_session_row *at;
    size_t count;
};
/* sets row->id */
enum hr_code hr_store_session_add(struct hr_store *store,
                                  struct hr_session_row *row,
                                  struct hr_err *err);
enum hr_code hr_store_session_end(
    struct hr_store *store, int64_t id, const char *state, int64_t ended_ms, struct hr_err *err);
enum hr_code hr_store_session_list(struct hr_store *store,
                                   struct hr_arena *arena,
                                   int limit,
                                   struct hr_session_rows *rows,
                                   struct hr_err *err); /* newest first */
#endif
