/* Identity: who is asking, and what they may do.
 *
 * Principals are users, service principals and managed identities. A user's token is 32 random
 * bytes, kept as a hash; besides it stand access tokens (JWT, signed here, an hour long) that the
 * token service gives for it, and tokens lent to processes that work for a user (interpreters),
 * which live in memory and end with their process. All three stand for a principal in every front
 * end. The decision itself is access/'s; this module brings it the store's assignments. Loop's
 * thread only. */
#ifndef HR_DAEMON_IDENTITY_IDENTITY_H
#define HR_DAEMON_IDENTITY_IDENTITY_H
#include "access/access.h"
#include "daemon/store/store.h"

#define HR_ACCESS_TOKEN_SECONDS 3600
#define HR_TOKEN_TEXT 64 /* room for a token's text */

struct hr_identity;

struct hr_principal {
    char id[37], name[128], kind[20];
}; /* kind: User | ServicePrincipal */

enum hr_code hr_identity_open(struct hr_store *store,
                              struct hr_identity **identity,
                              struct hr_err *err); /* makes its keys at first */
void hr_identity_close(struct hr_identity *identity);
const char *hr_identity_tenant(const struct hr_identity *identity);
/* public half, HR_GRANT_KEY_BYTES */
const unsigned char *hr_identity_grant_key(const struct hr_identity *identity);

/* HR_E_EXISTS: the name; HR_E_INVALID: a name that would not stand in a command line */
enum hr_code hr_identity_principal_new(struct hr_identity *identity,
                                       const char *name,
                                       const char *kind,
                                       struct hr_principal *principal,
                                       struct hr_err *err);
enum hr_code hr_identity_principal_remove(struct hr_identity *identity,
                                          const char *id,
                                          struct hr_err *err);
enum hr_code hr_identity_find(struct hr_identity *identity,
                              const char *id_or_name,
                              struct hr_principal *principal,
                              struct hr_err *err);

enum hr_code hr_identity_token_new(struct hr_identity *identity,
                                   const char *principal,
                                   char text[static HR_TOKEN_TEXT],
                                   struct hr_err *err);
/* what stands in the store for a token, and the end of that one token: a run's, which outlives this
 * process */
void hr_identity_token_hash(const char *text, char hash[static 65]);
enum hr_code hr_identity_token_remove(struct hr_identity *identity,
                                      const char *hash,
                                      struct hr_err *err);
enum hr_code hr_identity_access_token(struct hr_identity *identity,
                                      struct hr_arena *arena,
                                      const struct hr_principal *principal,
                                      const char *audience,
                                      const char *issuer,
                                      const char **jwt,
                                      struct hr_err *err);
/* a token for a process that works for the principal; over when it is returned or the server ends
 */
void hr_identity_lend(struct hr_identity *identity,
                      const struct hr_principal *principal,
                      char text[static HR_TOKEN_TEXT]);
void hr_identity_return(struct hr_identity *identity, const char *text);
/* the principal of a token of any of the three kinds */
enum hr_code hr_identity_authenticate(struct hr_identity *identity,
                                      const char *token,
                                      struct hr_principal *principal,
                                      struct hr_err *err);
/* the same for a header's value: "Bearer TOKEN", or "Basic …" with a token as the password
 * (sparkmagic) */
enum hr_code hr_identity_authenticate_header(struct hr_identity *identity,
                                             const char *authorization,
                                             struct hr_principal *principal,
                                             struct hr_err *err);

/* may the principal do this? HR_E_DENIED with its explanation */
enum hr_code hr_identity_check(struct hr_identity *identity,
                               const struct hr_principal *principal,
                               enum hr_action action,
                               const char *scope,
                               struct hr_err *err);
/* a signed grant, HR_GRANT_SECONDS_MAX long, of what the principal holds on or below or above
 * `scope`; sizes: the session's, or NULL */
enum hr_code hr_identity_grant(struct hr_identity *identity,
                               struct hr_arena *arena,
                               const struct hr_principal *principal,
                               const char *session,
                               const struct hr_sizes *sizes,
                               const char *scope,
                               const char **grant,
                               struct hr_err *err);
/* id: a GUID to be used, or NULL for a new one. HR_E_EXISTS when the principal has that role there;
 * *row is set then too */
enum hr_code hr_identity_assign(struct hr_identity *identity,
                                struct hr_arena *arena,
                                const char *id,
                                const struct hr_role *role,
                                const char *principal,
                                const char *scope,
                                const char *by,
                                struct hr_assignment_row **row,
                                struct hr_err *err);
enum hr_code hr_identity_unassign(struct hr_identity *identity, const char *id, struct hr_err *err);

/* Told of every change of what a principal holds, as soon as the store has it: gained false means
 * that something was taken away, so that grants which are out say too much. One listener; it may
 * not change assignments itself. */
void hr_identity_on_change(struct hr_identity *identity,
                           void (*changed)(const char *principal, bool gained, void *arg),
                           void *arg);
/* Asked before something is taken away: whoever has to remember it for those who start later does
 * it now, or the change is refused with its error and nothing is done. One listener. */
void hr_identity_on_loss(struct hr_identity *identity,
                         enum hr_code (*keep)(const char *principal, void *arg, struct hr_err *err),
                         void *arg);
/* the signed message that ends all grants of the principal that were issued until now; grants
 * issued from now on are not touched */
enum hr_code hr_identity_revocation(struct hr_identity *identity,
                                    struct hr_arena *arena,
                                    const char *principal,
                                    const char **text,
                                    struct hr_err *err);
/* the identifier (si) of a SAS of this server's account that the principal is given for a role: it
 * ends as grants do */
const char *hr_identity_role_mark(struct hr_identity *identity,
                                  struct hr_arena *arena,
                                  const char *principal);
/* A token lent to a process that works for a principal named by id, a managed identity's run for
 * one: it stands for the principal on every wire (Spark Connect too), until hr_identity_return, the
 * principal's removal, or the server's end. HR_E_NOT_FOUND when there is none. */
enum hr_code hr_identity_lend_to(struct hr_identity *identity,
                                 const char *principal_id,
                                 char text[static HR_TOKEN_TEXT],
                                 struct hr_err *err);
/* A grant of a principal that is nobody's session: of a managed identity for a run, of a user for a
 * reader of a dataset or a mount. By id; holds nothing outside `scope`. The account takes it as a
 * bearer token, a session host does not. Renew it before it is over: HR_GRANT_SECONDS_MAX. */
enum hr_code hr_identity_grant_for(struct hr_identity *identity,
                                   struct hr_arena *arena,
                                   const char *principal_id,
                                   const char *scope,
                                   const char **grant,
                                   struct hr_err *err);
#endif
