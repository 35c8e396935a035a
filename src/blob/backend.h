/* The seam between blob.h and its backends: local.c and azure.c. Private to blob/. */
#ifndef HR_BLOB_BACKEND_H
#define HR_BLOB_BACKEND_H
#include "base/map.h"
#include "blob/blob.h"
#include "blob/config.h"
#include "blob/transfer.h"
#include <pthread.h>

struct hr_blob_backend;

/* a location taken apart; all texts live in the arena it was parsed into */
struct hr_blob_place {
    const struct hr_blob_backend *backend;
    const char *location; /* normal */
    const char *root;     /* "wasbs://container@host", or "" */
    /* remote: without leading slash, "" for the container; local: absolute */
    const char *path;
    const char *host, *account, *container;
    bool dfs; /* abfs, abfss */
    /* it is read as this dataset pins it, and by what reaches that; or NULL */
    struct hr_blob_dataset *dataset;
};

struct hr_blob_backend_write { /* what a writer's options say, copied */
    bool overwrite;
    char if_match[HR_BLOB_ETAG_MAX];
    char content_type[128];
};

/* One open object to read. Readers are made by open(); the generic part is blob.c's. */
struct hr_blob_reader {
    const struct hr_blob_backend *backend;
    struct hr_blob *blob;
    struct hr_arena *arena;
    struct hr_blob_place place;
    struct hr_blob_stat stat;
    const struct hr_blob_cancel *cancel;
    int64_t offset; /* of the sequential side */
    void *state;    /* the backend's */
};

struct hr_blob_writer {
    const struct hr_blob_backend *backend;
    struct hr_blob *blob;
    struct hr_arena *arena;
    struct hr_blob_place place;
    struct hr_blob_backend_write options;
    const struct hr_blob_cancel *cancel;
    int64_t written;
    void *state;
    struct hr_blob_writer *next; /* in a stage */
};

struct hr_blob_backend {
    const char *name;
    enum hr_code (*stat)(struct hr_blob *blob,
                         const struct hr_blob_place *place,
                         struct hr_blob_stat *stat,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err);
    enum hr_code (*list)(struct hr_blob *blob,
                         struct hr_arena *arena,
                         const struct hr_blob_place *place,
                         const struct hr_blob_list_options *options,
                         struct hr_blob_page *page,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err);
    /* open: reader->stat is the version to pin; without an ETag in it, the backend asks */
    enum hr_code (*open)(struct hr_blob_reader *reader, struct hr_err *err);
    enum hr_code (*read_at)(struct hr_blob_reader *reader,
                            void *bytes,
                            size_t len,
                            int64_t offset,
                            bool sequential,
                            size_t *got,
                            struct hr_err *err);
    void (*close)(struct hr_blob_reader *reader);
    enum hr_code (*create)(struct hr_blob_writer *writer, struct hr_err *err);
    enum hr_code (*write)(struct hr_blob_writer *writer,
                          const void *bytes,
                          size_t len,
                          struct hr_err *err);
    /* finish: everything is stored, nothing visible; publish: visible, at once. Whatever they
     * return, drop still frees. */
    enum hr_code (*finish)(struct hr_blob_writer *writer, bool staged, struct hr_err *err);
    enum hr_code (*publish)(struct hr_blob_writer *writer,
                            struct hr_blob_stat *stat,
                            struct hr_err *err);
    void (*drop)(struct hr_blob_writer *writer);
    enum hr_code (*remove)(struct hr_blob *blob,
                           const struct hr_blob_place *place,
                           bool recursive,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
    enum hr_code (*mkdir)(struct hr_blob *blob,
                          const struct hr_blob_place *place,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err);
    enum hr_code (*rename)(struct hr_blob *blob,
                           const struct hr_blob_place *from,
                           const struct hr_blob_place *to,
                           bool overwrite,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
    void (*ahead)(struct hr_blob_reader *reader); /* NULL: there is nothing to fetch */
};
extern const struct hr_blob_backend hr_blob_local, hr_blob_azure;

struct hr_blob {
    struct hr_blob_config *config;
    struct hr_blob_options options;
    char *local_root;
    pthread_mutex_t lock; /* mover (made at the first request), stages, tokens */
    struct hr_blob_mover *mover;
    struct hr_blob_stage *stages;
    struct hr_map hierarchical; /* lock: account to 1 (no) or 2 (yes) */
    /* OAuth's, kept until shortly before they end (azure_token.c) */
    struct hr_blob_token *tokens;
    _Atomic uint64_t local_read, local_written;
};

enum hr_code hr_blob_place_parse(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 struct hr_blob_place *place,
                                 struct hr_err *err);
/* rest: behind "dataset://" */
enum hr_code hr_blob_dataset_place(struct hr_blob *blob,
                                   struct hr_arena *arena,
                                   const char *location,
                                   const char *rest,
                                   struct hr_blob_place *place,
                                   struct hr_err *err);
enum hr_code hr_blob_mover_of(struct hr_blob *blob,
                              struct hr_blob_mover **mover,
                              struct hr_err *err);
void hr_blob_tokens_free(struct hr_blob *blob);
enum hr_code hr_blob_check_cancel(const struct hr_blob_cancel *cancel,
                                  const char *what,
                                  struct hr_err *err);
#endif
