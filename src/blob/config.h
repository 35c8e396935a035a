/* What a session's storage keys say about one container of one account. Private to blob/. */
#ifndef HR_BLOB_CONFIG_H
#define HR_BLOB_CONFIG_H
#include "base/arena.h"
#include "base/log.h"
#include "blob/blob.h"

enum hr_blob_auth {
    HR_BLOB_ANONYMOUS,
    HR_BLOB_SHARED_KEY,
    HR_BLOB_SAS,
    HR_BLOB_BEARER,
    HR_BLOB_BY_ROLE,
    HR_BLOB_CLIENT_CREDENTIALS
};

struct hr_blob_access {
    const char *base_url; /* no trailing slash; the container follows */
    bool overridden;      /* base_url is set, not Azure's own */
    const char *ca_file;  /* or NULL */
    enum hr_blob_auth auth;
    struct hr_secret secret; /* key, SAS without '?', token, or client secret */
    const char *key_name;    /* the configuration key that gave it, for messages */
    const char *client_id, *token_endpoint;
};

/* the token of a request to an account that is used by role; says `what` may not be done to
 * `location` when it is refused */
enum hr_code hr_blob_config_role_token(struct hr_blob_config *config,
                                       struct hr_arena *arena,
                                       const struct hr_blob_need *need,
                                       const char *location,
                                       const char **token,
                                       struct hr_err *err);
/* host: as in the location ("account.dfs.core.windows.net") */
enum hr_code hr_blob_config_access(struct hr_blob_config *config,
                                   struct hr_arena *arena,
                                   const char *host,
                                   const char *account,
                                   const char *container,
                                   struct hr_blob_access *access,
                                   struct hr_err *err);

/* dataset.c: what a session was told of datasets, kept by its configuration until that is freed */
struct hr_blob_dataset;
/* its own keys; endpoints also base's */
struct hr_blob_config *hr_blob_config_over(struct hr_blob_config *base);
struct hr_blob_dataset *hr_blob_config_dataset(struct hr_blob_config *config,
                                               const char *id,
                                               bool make);
struct hr_blob_dataset *hr_blob_dataset_new(struct hr_blob_config *config,
                                            const char *id,
                                            struct hr_blob_dataset *next);
struct hr_blob_dataset *hr_blob_dataset_find(struct hr_blob_dataset *first, const char *id);
enum hr_code hr_blob_dataset_set(struct hr_blob_dataset *set,
                                 bool access,
                                 const char *text,
                                 struct hr_err *err);
/* a part of the files: number from 0; "COUNT/LENGTH:TEXT", the texts together base64 of zlib of
 * LENGTH bytes of JSON */
enum hr_code hr_blob_dataset_part(struct hr_blob_dataset *set,
                                  const char *number,
                                  const char *value,
                                  struct hr_err *err);
struct hr_blob_config *hr_blob_dataset_config(const struct hr_blob_dataset *set);
void hr_blob_datasets_free(struct hr_blob_dataset *first);
#endif
