/* What a session was told of storage, as the kinds of storage read it. Private to blob/. */
#ifndef HR_BLOB_CONFIG_H
#define HR_BLOB_CONFIG_H
#include "base/arena.h"
#include "blob/blob.h"

/* A kind of storage lists its keys in rows. A key is the pattern, or starts with it where that ends
 * in '*'; of several that fit the longest counts. `refusal`: why it is not done. Else `check`
 * refuses a wrong value (NULL: any will do) and the value is kept; or `take` gets it instead. */
struct hr_blob_key {
    const char *pattern; /* NULL ends the rows */
    const char *refusal;
    enum hr_code (*check)(const char *name, const char *value, struct hr_err *err);
    /* value NULL: the key is unset */
    enum hr_code (*take)(struct hr_blob_config *config,
                         const char *name,
                         const char *value,
                         struct hr_err *err);
};
/* a `check`: an http or https address */
enum hr_code hr_blob_config_check_url(const char *key, const char *value, struct hr_err *err);

/* Lookups stand between lock and unlock, so that what is read of several keys was set together;
 * they lock the base too, after its config: nothing may lock a config while it holds its base. What
 * they give is copied into the arena; NULL: not set. */
void hr_blob_config_lock(struct hr_blob_config *config);
void hr_blob_config_unlock(struct hr_blob_config *config);
const char *hr_blob_config_value(const struct hr_blob_config *config,
                                 struct hr_arena *arena,
                                 const char *key);
/* whose endpoints count too; or NULL */
const struct hr_blob_config *hr_blob_config_base(const struct hr_blob_config *config);
bool hr_blob_config_has_roles(const struct hr_blob_config *config);

/* the token of a request to an account that is used by role; says `what` may not be done to
 * `location` when it is refused */
enum hr_code hr_blob_config_role_token(struct hr_blob_config *config,
                                       struct hr_arena *arena,
                                       const struct hr_blob_need *need,
                                       const char *location,
                                       const char **token,
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
/* a part of the files: number from 0; "COUNT/LENGTH:TEXT", the texts together base64 of zlib of
 * LENGTH bytes of JSON */
enum hr_code hr_blob_dataset_part(struct hr_blob_dataset *set,
                                  const char *number,
                                  const char *value,
                                  struct hr_err *err);
struct hr_blob_config *hr_blob_dataset_config(const struct hr_blob_dataset *set);
void hr_blob_datasets_free(struct hr_blob_dataset *first);
#endif
