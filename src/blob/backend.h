/* The seam between blob.h and the kinds of storage. Generic code knows no kind by its name: kinds.c
 * lists them, and it asks a backend's abilities. Private to blob/. */
#ifndef HR_BLOB_BACKEND_H
#define HR_BLOB_BACKEND_H
#include "base/buf.h"
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

/* What the generic code asks before it calls: an ability without its bit is refused by name */
enum hr_blob_ability {
    HR_BLOB_OF_MACHINE = 1 << 0,    /* the machine's own files: what has no scheme is one */
    HR_BLOB_READ_ONLY = 1 << 1,     /* create to exchange are never called */
    HR_BLOB_CONTAINERS = 1 << 2,    /* a root is a container: no file, and not to be deleted */
    HR_BLOB_ATOMIC_RENAME = 1 << 3, /* of files and whole folders, in one step */
    HR_BLOB_EXCHANGE = 1 << 4,      /* two folders change places, in one step */
    HR_BLOB_PINS = 1 << 5, /* reached from everywhere, by version: a dataset may stand on it */
};

/* One per kind and dialect. A function that no ability leads to may be NULL. */
struct hr_blob_backend {
    const char *name;
    const char *const *schemes; /* ends with NULL */
    unsigned abilities;         /* of enum hr_blob_ability */
    const char *cannot_rename;  /* why, and what to do; without HR_BLOB_ATOMIC_RENAME */
    /* `place` is empty but for its backend; rest: behind "scheme://", of the machine's own files
     * the whole location */
    enum hr_code (*parse)(struct hr_blob *blob,
                          struct hr_arena *arena,
                          const char *location,
                          const char *rest,
                          struct hr_blob_place *place,
                          struct hr_err *err);
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
    /* HR_E_UNSUPPORTED: nothing was done */
    enum hr_code (*exchange)(struct hr_blob *blob,
                             const struct hr_blob_place *from,
                             const struct hr_blob_place *to,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err);
    /* The same place's name in a backend that renames, where it has one, else NULL. NULL: none has
     */
    const char *(*renaming_name)(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const struct hr_blob_place *place,
                                 const struct hr_blob_cancel *cancel);
    void (*ahead)(struct hr_blob_reader *reader); /* NULL: there is nothing to fetch */
};

/* A kind of storage: a folder of its own (or a file), and a line in kinds.c */
struct hr_blob_kind {
    const struct hr_blob_backend *const *backends; /* ends with NULL */
    const struct hr_blob_key *keys;                /* NULL: none */
    /* what it keeps for a session, under its own lock; NULL: nothing */
    void *(*session_new)(void);
    void (*session_free)(void *session);
};
extern const struct hr_blob_backend hr_blob_local; /* what has no scheme is its */
extern const struct hr_blob_kind hr_blob_local_kind, hr_blob_dataset_kind;
extern const struct hr_blob_kind *const hr_blob_kinds[]; /* ends with NULL */
/* keys of kinds that are not done, each with its refusal */
extern const struct hr_blob_key hr_blob_keys_not_done[];
/* why a location of this scheme is refused; NULL: the scheme is nobody's */
const char *hr_blob_scheme_refusal(const char *scheme, size_t len);
#define HR_BLOB_KINDS_MAX 8

struct hr_blob {
    struct hr_blob_config *config;
    struct hr_blob_options options;
    char *local_root;
    /* Over mover (made at the first request) and stages. Held for a look or a change; no other lock
     * is taken under it, and no request made. */
    pthread_mutex_t lock;
    struct hr_blob_mover *mover;
    struct hr_blob_stage *stages;
    void *kinds[HR_BLOB_KINDS_MAX]; /* what each kind keeps, in the order of hr_blob_kinds */
    _Atomic uint64_t local_read, local_written;
};

enum hr_code hr_blob_place_parse(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 struct hr_blob_place *place,
                                 struct hr_err *err);
/* Path segments, each once, with a slash before each: no empty ones, "." dropped, and ".." takes
 * one off where `up` allows it. False: there was a "." or ".." that may not be. */
bool hr_blob_clean(struct hr_buf *out, const char *path, bool up);
enum hr_code hr_blob_check_writable(const struct hr_blob_place *place, struct hr_err *err);
bool hr_blob_is_container(const struct hr_blob_place *place);
/* what the kind keeps for this session */
void *hr_blob_kept(const struct hr_blob *blob, const struct hr_blob_kind *kind);
enum hr_code hr_blob_mover_of(struct hr_blob *blob,
                              struct hr_blob_mover **mover,
                              struct hr_err *err);
enum hr_code hr_blob_check_cancel(const struct hr_blob_cancel *cancel,
                                  const char *what,
                                  struct hr_err *err);
#endif
