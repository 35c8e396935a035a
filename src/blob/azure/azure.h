/* Requests to Azure Blob (wasb) and ADLS Gen2 (abfs), shared by azure.c, read.c and
 * write.c. Private to blob/. */
#ifndef HR_BLOB_AZURE_AZURE_H
#define HR_BLOB_AZURE_AZURE_H
#include "blob/backend.h"

#define AZURE_HEADERS_MAX 8

/* One request: azure_call fills it, headers are added, azure_send submits it, azure_wait gives the
 * answer, azure_end frees what that holds. Texts are the caller's and live until azure_end. */
struct hr_blob_call {
    struct hr_blob_transfer transfer;
    struct hr_blob *blob;
    const struct hr_blob_place *place;
    const struct hr_blob_access *access;
    const char *sign_path, *sign_query; /* within url */
    const char *token;                  /* a bearer's, when that is how we authenticate */
    struct {
        const char *name, *value;
    } headers[AZURE_HEADERS_MAX];
    size_t header_count;
};

/* path NULL: the container; query: encoded, without '?', may be "" */
enum hr_code hr_azure_call(struct hr_blob_call *call,
                           struct hr_blob *blob,
                           struct hr_arena *arena,
                           const struct hr_blob_place *place,
                           const struct hr_blob_access *access,
                           const char *method,
                           const char *path,
                           const char *query,
                           struct hr_err *err);
void hr_azure_header(struct hr_blob_call *call, const char *name, const char *value);
enum hr_code hr_azure_send(struct hr_blob_call *call, struct hr_err *err);
/* HR_OK for any HTTP answer */
enum hr_code hr_azure_wait(struct hr_blob_call *call,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
void hr_azure_end(struct hr_blob_call *call);
/* turns an answer that is not a success into an error: what, which object, why, next step */
enum hr_code hr_azure_fail(const struct hr_blob_call *call, const char *what, struct hr_err *err);
/* send, wait, and fail unless 2xx; azure_end is still the caller's */
enum hr_code hr_azure_do(struct hr_blob_call *call,
                         const char *what,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err);
/* ETag, Last-Modified, Content-Length, folder marks */
void hr_azure_stat_of(const struct hr_blob_call *call, struct hr_blob_stat *stat);
enum hr_code hr_azure_access(struct hr_blob *blob,
                             struct hr_arena *arena,
                             const struct hr_blob_place *place,
                             struct hr_blob_access *access,
                             struct hr_err *err);
enum hr_code hr_azure_token(struct hr_blob *blob,
                            struct hr_arena *arena,
                            const struct hr_blob_access *access,
                            const char **token,
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
/* HR_E_UNSUPPORTED: the account does not do that, and has done nothing */
enum hr_code hr_azure_exchange(struct hr_blob *blob,
                               const struct hr_blob_place *from,
                               const struct hr_blob_place *to,
                               const struct hr_blob_cancel *cancel,
                               struct hr_err *err);
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
