/* Azure Blob (wasb) and ADLS Gen2 (abfs): one kind of storage with two dialects. Private to the
 * wing, but for hr_azure_kind. */
#ifndef HR_BLOB_AZURE_AZURE_H
#define HR_BLOB_AZURE_AZURE_H
#include "base/log.h"
#include "base/map.h"
#include "blob/backend.h"

extern const struct hr_blob_kind hr_azure_kind;
extern const struct hr_blob_backend hr_azure_abfs; /* the dfs dialect */

/* ---- which account, and what reaches it ---- */

extern const struct hr_blob_key hr_azure_keys[];

enum hr_azure_auth {
    HR_AZURE_ANONYMOUS,
    HR_AZURE_SHARED_KEY,
    HR_AZURE_SAS,
    HR_AZURE_BEARER,
    HR_AZURE_BY_ROLE,
    HR_AZURE_CLIENT_CREDENTIALS
};

struct hr_azure_access {
    const char *base_url; /* no trailing slash; the container follows */
    bool overridden;      /* base_url is set, not Azure's own */
    const char *ca_file;  /* or NULL */
    enum hr_azure_auth auth;
    struct hr_secret secret; /* key, SAS without '?', token, or client secret */
    const char *key_name;    /* the configuration key that gave it, for messages */
    const char *client_id, *token_endpoint;
};

/* host: as in the location ("account.dfs.core.windows.net") */
enum hr_code hr_azure_keys_access(struct hr_blob_config *config,
                                  struct hr_arena *arena,
                                  const char *host,
                                  const char *account,
                                  const char *container,
                                  struct hr_azure_access *access,
                                  struct hr_err *err);

enum hr_code hr_azure_parse(struct hr_blob *blob,
                            struct hr_arena *arena,
                            const char *location,
                            const char *rest,
                            struct hr_blob_place *place,
                            struct hr_err *err);
/* the place speaks the dfs dialect, whatever its host is called */
bool hr_azure_is_dfs(const struct hr_blob_place *place);
/* a wasb place's abfs name, where its account has a hierarchical namespace */
const char *hr_azure_renaming_name(struct hr_blob *blob,
                                   struct hr_arena *arena,
                                   const struct hr_blob_place *place,
                                   const struct hr_blob_cancel *cancel);

/* What is learned of accounts, for as long as the session lives. Its lock is held for a look or a
 * change, never during a request: two threads may ask the same, the later answer stays. */
struct hr_azure_session {
    pthread_mutex_t lock;
    struct hr_map hierarchical;    /* account to 1 (no) or 2 (yes) */
    struct hr_azure_token *tokens; /* OAuth's, until shortly before they end (token.c) */
};
struct hr_azure_session *hr_azure_session_of(const struct hr_blob *blob);
void hr_azure_tokens_free(struct hr_azure_session *session);

/* ---- requests ---- */

#define AZURE_HEADERS_MAX 8

/* One request: azure_call fills it, headers are added, azure_send submits it, azure_wait gives the
 * answer, azure_end frees what that holds. Texts are the caller's and live until azure_end. */
struct hr_azure_call {
    struct hr_blob_transfer transfer;
    struct hr_blob *blob;
    const struct hr_blob_place *place;
    const struct hr_azure_access *access;
    const char *sign_path, *sign_query; /* within url */
    const char *token;                  /* a bearer's, when that is how we authenticate */
    struct {
        const char *name, *value;
    } headers[AZURE_HEADERS_MAX];
    size_t header_count;
};

/* path NULL: the container; query: encoded, without '?', may be "" */
enum hr_code hr_azure_call(struct hr_azure_call *call,
                           struct hr_blob *blob,
                           struct hr_arena *arena,
                           const struct hr_blob_place *place,
                           const struct hr_azure_access *access,
                           const char *method,
                           const char *path,
                           const char *query,
                           struct hr_err *err);
void hr_azure_header(struct hr_azure_call *call, const char *name, const char *value);
enum hr_code hr_azure_send(struct hr_azure_call *call, struct hr_err *err);
/* HR_OK for any HTTP answer */
enum hr_code hr_azure_wait(struct hr_azure_call *call,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
void hr_azure_end(struct hr_azure_call *call);
/* turns an answer that is not a success into an error: what, which object, why, next step */
enum hr_code hr_azure_fail(const struct hr_azure_call *call, const char *what, struct hr_err *err);
/* send, wait, and fail unless 2xx; azure_end is still the caller's */
enum hr_code hr_azure_do(struct hr_azure_call *call,
                         const char *what,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err);
/* ETag, Last-Modified, Content-Length, folder marks */
void hr_azure_stat_of(const struct hr_azure_call *call, struct hr_blob_stat *stat);
enum hr_code hr_azure_access(struct hr_blob *blob,
                             struct hr_arena *arena,
                             const struct hr_blob_place *place,
                             struct hr_azure_access *access,
                             struct hr_err *err);
enum hr_code hr_azure_token(struct hr_blob *blob,
                            struct hr_arena *arena,
                            const struct hr_azure_access *access,
                            const char **token,
                            struct hr_err *err);
enum hr_code hr_azure_remove(struct hr_blob *blob,
                             const struct hr_blob_place *place,
                             bool recursive,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err);
enum hr_code hr_azure_stat(struct hr_blob *blob,
                           const struct hr_blob_place *place,
                           struct hr_blob_stat *stat,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
/* "&name=encoded" */
const char *hr_azure_param(struct hr_arena *arena, const char *name, const char *value);

enum hr_code hr_azure_open(struct hr_blob_reader *reader, struct hr_err *err);
enum hr_code hr_azure_read_at(struct hr_blob_reader *reader,
                              void *bytes,
                              size_t len,
                              int64_t offset,
                              bool sequential,
                              size_t *got,
                              struct hr_err *err);
void hr_azure_close(struct hr_blob_reader *reader);
void hr_azure_read_ahead(struct hr_blob_reader *reader);
enum hr_code hr_azure_create(struct hr_blob_writer *writer, struct hr_err *err);
enum hr_code hr_azure_write(struct hr_blob_writer *writer,
                            const void *bytes,
                            size_t len,
                            struct hr_err *err);
enum hr_code hr_azure_finish(struct hr_blob_writer *writer, bool staged, struct hr_err *err);
enum hr_code hr_azure_publish(struct hr_blob_writer *writer,
                              struct hr_blob_stat *stat,
                              struct hr_err *err);
void hr_azure_drop(struct hr_blob_writer *writer);
bool hr_azure_hierarchical(struct hr_blob *blob,
                           const struct hr_blob_place *place,
                           const struct hr_blob_cancel *cancel);
enum hr_code hr_azure_rename(struct hr_blob *blob,
                             const struct hr_blob_place *from,
                             const struct hr_blob_place *to,
                             bool overwrite,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err);
#endif
