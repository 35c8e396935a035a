/* Access: which role lets whom do what, and why not.
 *
 * One table of roles, one decision. Nothing here reads a file, a database or a clock: the caller
 * gives the assignments that it knows (the daemon from its store, a host, account or mount from a
 * grant), and every process decides alike. Any thread may call.
 *
 * Scopes are texts in which segments are separated by '/', compared without case: Azure resource
 * ids ("/subscriptions/…"), and Synapse's own ("workspaces/NAME",
 * "workspaces/NAME/bigDataPools/POOL"). A scope covers itself and everything below it. */
#ifndef HR_ACCESS_ACCESS_H
#define HR_ACCESS_ACCESS_H
#include "access/sizes.h"
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

enum hr_role_family { HR_ROLES_ARM, HR_ROLES_SYNAPSE, HR_ROLES_STORAGE };

/*      action             bit  as a word         role that a refusal names              family what
 * a refusal calls it */
#define HR_ACTIONS(X)                                                                         \
    X(HR_ACT_READ, 0, "read", "Reader", HR_ROLES_ARM, "read")                                 \
    X(HR_ACT_WRITE, 1, "write", "Contributor", HR_ROLES_ARM, "change")                        \
    X(HR_ACT_ASSIGN, 2, "assign", "Owner", HR_ROLES_ARM, "assign roles on")                   \
    X(HR_ACT_LINK, 3, "link", "Owner", HR_ROLES_ARM, "link")                                  \
    X(HR_ACT_SYNAPSE_READ, 4, "see-synapse", "Synapse User", HR_ROLES_SYNAPSE, "see")         \
    X(HR_ACT_USE_COMPUTE, 5, "use-compute", "Synapse Apache Spark Administrator",             \
      HR_ROLES_SYNAPSE, "use the compute of")                                                 \
    X(HR_ACT_VIEW_LOGS, 6, "view-logs", "Synapse Compute Operator", HR_ROLES_SYNAPSE,         \
      "read the logs of")                                                                     \
    X(HR_ACT_CANCEL, 7, "cancel", "Synapse Compute Operator", HR_ROLES_SYNAPSE,               \
      "cancel what others run on")                                                            \
    X(HR_ACT_SYNAPSE_WRITE, 8, "change-synapse", "Synapse Contributor", HR_ROLES_SYNAPSE,     \
      "change notebooks and jobs of")                                                         \
    X(HR_ACT_SYNAPSE_ASSIGN, 9, "assign-synapse", "Synapse Administrator", HR_ROLES_SYNAPSE,  \
      "assign Synapse roles on")                                                              \
    X(HR_ACT_BLOB_READ, 10, "read-data", "Storage Blob Data Reader", HR_ROLES_STORAGE,        \
      "read the data of")                                                                     \
    X(HR_ACT_BLOB_WRITE, 11, "write-data", "Storage Blob Data Contributor", HR_ROLES_STORAGE, \
      "write the data of")

enum hr_action {
#define X(action, bit, word, role, family, text) action = 1u << (bit),
    HR_ACTIONS(X)
#undef X
};

struct hr_role {
    const char *name, *id; /* id: Azure's GUID */
    enum hr_role_family family;
    unsigned actions; /* enum hr_action, or-ed */
    bool pool_scope;  /* a Synapse role that may be given on one pool */
    const char *text; /* what it is for, one line */
};

struct hr_assignment {
    const char *principal; /* the principal's GUID */
    const char *role;      /* the role's GUID */
    const char *scope;
};

struct hr_question {
    const char *principal, *name; /* GUID; name for people, may be NULL */
    enum hr_action action;
    const char *scope; /* the thing that is to be used */
};

struct hr_action_info {
    enum hr_action action;
    const char *word, *role, *text; /* role: the one that a refusal names */
    enum hr_role_family family;
};
/* without case; NULL when unknown */
const struct hr_action_info *hr_action_find(const char *word);
/* NULL starts and ends */
const struct hr_action_info *hr_action_next(const struct hr_action_info *action);

const struct hr_role *hr_role_find(const char *name_or_id); /* without case; a full roleDefinitions
                                                               id is fine; NULL when unknown */
const struct hr_role *hr_role_next(const struct hr_role *role); /* NULL starts and ends */
const char *hr_role_family_name(enum hr_role_family family);    /* "arm", "synapse", "storage" */

bool hr_access_covers(const char *scope, const char *resource);
/* HR_OK, or HR_E_DENIED with a message that names principal, role and scope, and a hint that is the
 * command which grants it */
enum hr_code hr_access_decide(const struct hr_question *question,
                              const struct hr_assignment *given,
                              size_t count,
                              struct hr_err *err);
/* The first assignment behind `after` (NULL: of all) that allows it, or NULL: why the decision is
 * yes */
const struct hr_assignment *hr_access_giver(const struct hr_question *question,
                                            const struct hr_assignment *given,
                                            size_t count,
                                            const struct hr_assignment *after);
/* where the role that a refusal of this action names can be given, so that it covers scope: Synapse
 * gives most on whole workspaces */
const char *hr_access_grantable(struct hr_arena *arena,
                                const struct hr_action_info *action,
                                const char *scope);
/* whether a role may be assigned on a scope: Synapse roles on workspaces/…, the others on resource
 * ids */
enum hr_code hr_access_check_scope(const struct hr_role *role,
                                   const char *scope,
                                   struct hr_err *err);

/* ---- grants: what one principal may do, signed by the daemon, for processes that have no store.
 * Ed25519: they hold the public key only, so that none of them can make one. At most
 * HR_GRANT_SECONDS_MAX long. ---- */
#define HR_GRANT_SECONDS_MAX 60
#define HR_GRANT_KEY_BYTES 32

struct hr_grant {
    const char *principal, *name;
    const char *session; /* the session it was made for; NULL: none */
    /* the grant holds nothing outside; "/" for every resource id */
    const char *scope;
    const struct hr_assignment *assignments; /* principal is the grant's own */
    size_t count;
    int64_t issued_ms, expires_ms;
    struct hr_sizes sizes; /* that the session was started with */
};

void hr_grant_key_new(unsigned char secret[static HR_GRANT_KEY_BYTES]);
enum hr_code hr_grant_key_public(const unsigned char secret[static HR_GRANT_KEY_BYTES],
                                 unsigned char out[static HR_GRANT_KEY_BYTES],
                                 struct hr_err *err);
/* a grant as text for a header or a message: base64url(JSON) "." base64url(signature) */
enum hr_code hr_grant_sign(struct hr_arena *arena,
                           const unsigned char secret[static HR_GRANT_KEY_BYTES],
                           const struct hr_grant *grant,
                           const char **text,
                           struct hr_err *err);
enum hr_code hr_grant_verify(struct hr_arena *arena,
                             const unsigned char key[static HR_GRANT_KEY_BYTES],
                             const char *text,
                             int64_t now_ms,
                             struct hr_grant **grant,
                             struct hr_err *err);
/* The message that ends grants early: of this principal, everything issued at or before `before_ms`
 * is over, for everyone who hears it. Signed as grants are, and no grant can be taken for one. */
struct hr_revocation {
    const char *principal;
    int64_t before_ms;
};
enum hr_code hr_revocation_sign(struct hr_arena *arena,
                                const unsigned char secret[static HR_GRANT_KEY_BYTES],
                                const struct hr_revocation *revocation,
                                const char **text,
                                struct hr_err *err);
enum hr_code hr_revocation_verify(struct hr_arena *arena,
                                  const unsigned char key[static HR_GRANT_KEY_BYTES],
                                  const char *text,
                                  struct hr_revocation *revocation,
                                  struct hr_err *err);
/* What a process remembers of the messages that it heard: for as long as a grant or a SAS from
 * before one could still hold. The caller's memory, and one thread's at a time. */
#define HR_REVOKED_SECONDS (HR_ROLE_SAS_SECONDS_MAX + HR_GRANT_SECONDS_MAX)
struct hr_revoked {
    struct {
        char principal[37];
        int64_t before_ms;
    } at[256];
    size_t count;
    int64_t all_before_ms;
};
void hr_revoked_add(struct hr_revoked *revoked,
                    const struct hr_revocation *revocation,
                    int64_t now_ms);
bool hr_revoked_covers(const struct hr_revoked *revoked, const struct hr_grant *grant);
/* The mark of a SAS that was given to somebody for a role: its identifier ("si"), which the
 * signature covers. The account takes such a SAS until the principal's grants of that age are
 * revoked. At most HR_ROLE_SAS_SECONDS_MAX long. */
#define HR_ROLE_SAS_SECONDS_MAX 600
const char *hr_role_mark(struct hr_arena *arena, const char *principal, int64_t issued_ms);
/* revoked, or no mark; sets whose it is */
bool hr_revoked_mark(const struct hr_revoked *revoked, const char *mark, char principal[static 37]);
/* verified, and not revoked: what a process that holds the key and hears the messages asks */
enum hr_code hr_grant_accept(struct hr_arena *arena,
                             const unsigned char key[static HR_GRANT_KEY_BYTES],
                             const struct hr_revoked *revoked,
                             const char *text,
                             int64_t now_ms,
                             struct hr_grant **grant,
                             struct hr_err *err);

/* A bearer token for storage that reads a token's claims and believes them (Azurite with --oauth
 * basic): it names the principal, and no service that verifies signatures takes it. Whoever sends
 * it has decided by roles before. */
const char *hr_claims_token(struct hr_arena *arena,
                            const char *principal,
                            const char *name,
                            int64_t now_ms);

/* the public key as `--grant-key FILE` hands it to a process: hexadecimal, one line */
void hr_grant_key_text(const unsigned char key[static HR_GRANT_KEY_BYTES],
                       char out[static 2 * HR_GRANT_KEY_BYTES + 2]);
bool hr_grant_key_parse(const char *text, unsigned char key[static HR_GRANT_KEY_BYTES]);

/* the decision with a grant in the place of a store; a scope outside the grant's own is denied */
enum hr_code hr_grant_decide(const struct hr_grant *grant,
                             enum hr_action action,
                             const char *scope,
                             struct hr_err *err);
#endif
