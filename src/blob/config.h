/* What a session's storage keys say about one container of one account. Private to blob/. */
#ifndef HR_BLOB_CONFIG_H
#define HR_BLOB_CONFIG_H
#include "base/arena.h"
#include "base/log.h"
#include "blob/blob.h"

enum hr_blob_auth { HR_BLOB_ANONYMOUS, HR_BLOB_SHARED_KEY, HR_BLOB_SAS, HR_BLOB_BEARER, HR_BLOB_BY_ROLE, HR_BLOB_CLIENT_CREDENTIALS };

struct hr_blob_access {
    const char *base_url;              /* no trailing slash; the container follows */
    bool overridden;                   /* base_url is set, not Azure's own */
    const char *ca_file;               /* or NULL */
    enum hr_blob_auth auth;
    struct hr_secret secret;           /* key, SAS without '?', token, or client secret */
    const char *key_name;              /* the configuration key that gave it, for messages */
    const char *client_id, *token_endpoint;
};

/* the token of a request to an account that is used by role; says `what` may not be done to `location` when it is refused */
enum hr_code hr_blob_config_role_token(struct hr_blob_config *config, struct hr_arena *arena, const struct hr_blob_need *need, const char *location,
                                       const char **token, struct hr_err *err);
/* host: as in the location ("account.dfs.core.windows.net") */
enum hr_code hr_blob_config_access(struct hr_blob_config *config, struct hr_arena *arena, const char *host, const char *account,
                                   const char *container, struct hr_blob_access *access, struct hr_err *err);
#endif
