/* Storage: one interface to local paths, Azure Blob (wasb, wasbs) and ADLS Gen2 (abfs, abfss).
 *
 * Locations are texts, as users write them: "/data/x.csv", "file:///data/x.csv",
 * "wasbs://container@account.blob.core.windows.net/folder/x.csv",
 * "abfss://container@account.dfs.core.windows.net/folder". adl, s3, http and others are refused by
 * name. A name in a location is not percent-encoded: "a%20b" is a file with a percent sign.
 *
 * Ownership: a struct hr_blob is one session's storage: its configuration, its connections and one
 * thread that moves bytes. Readers, writers and stages belong to it and are closed before it is
 * freed. Arenas are the caller's. Threads: every function may be called from any thread at any time
 * and blocks until it is done; a writer, a stage and a reader's sequential side (hr_blob_read)
 * belong to one thread at a time; hr_blob_read_at is free for all. Errors: HR_E_NOT_FOUND,
 * HR_E_EXISTS, HR_E_CHANGED; HR_E_STORAGE_DENIED (wrong key, expired SAS, no permission: local ones
 * too), HR_E_STORAGE_DOWN (nobody answers, or only errors, after retries); HR_E_UNSUPPORTED for
 * what is refused by name. Not for: the daemon's loop thread (these calls wait), parsing what is
 * read, choosing who may read (access/). */
#ifndef HR_BLOB_BLOB_H
#define HR_BLOB_BLOB_H
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- configuration: Hadoop's keys, and where accounts are ---- */

struct hr_blob_config;

struct hr_blob_config *hr_blob_config_new(void);
void hr_blob_config_free(struct hr_blob_config *config);
/* Is this one of the keys below (fs.azure.*, fs.adl.*, fs.s3*; with or without "spark.hadoop.")?
 * Others are not storage's business. */
bool hr_blob_config_knows(const char *key);
/* Keys and what they do are listed in doc/blob.md. A key of a kind that is not done is refused
 * here, by name, with HR_E_UNSUPPORTED. A NULL value unsets. Takes effect with the next open, stat
 * or list. Values are kept as secrets: they are in no message and no log. */
enum hr_code hr_blob_config_set(struct hr_blob_config *config,
                                const char *key,
                                const char *value,
                                struct hr_err *err);
/* An account that lives at base_url ("http://127.0.0.1:10000/dprepdata",
 * "https://dprepdata.blob.example") for both dialects; ca_file may be NULL. An account without one
 * is Azure's, over https. */
enum hr_code hr_blob_config_endpoint(struct hr_blob_config *config,
                                     const char *account,
                                     const char *base_url,
                                     const char *ca_file,
                                     struct hr_err *err);
/* A bearer token (our own grant, or Azure's) for an account, used when no key or SAS of the user's
 * is set; NULL removes it */
enum hr_code hr_blob_config_bearer(struct hr_blob_config *config,
                                   const char *account,
                                   const char *token,
                                   struct hr_err *err);

/* Access by role: asked before every request to an account for which neither key nor SAS nor OAuth
 * nor a bearer is set, and which lives at base_url, not at Azure. It decides, and gives the token
 * to send, in the arena (NULL: send none); or HR_E_STORAGE_DENIED with who lacks which role. Called
 * from any thread; the fn NULL: such accounts are read without credentials, as the rest. */
struct hr_blob_need {
    const char *account, *container, *base_url;
    bool write;
};
struct hr_blob_roles {
    enum hr_code (*token)(struct hr_arena *arena,
                          const struct hr_blob_need *need,
                          const char **token,
                          void *arg,
                          struct hr_err *err);
    void *arg;
};
/* before its first use */
void hr_blob_config_roles(struct hr_blob_config *config, const struct hr_blob_roles *roles);

/* ---- a session's storage ---- */

struct hr_blob;

struct hr_blob_options {
    size_t read_ahead_bytes; /* a reader's window; 0: 16 MB */
    size_t range_bytes;      /* one ranged request of it; 0: 4 MB */
    int attempts;            /* a request is tried so often; 0: 5 */
    int timeout_ms;          /* no byte moved for so long: the attempt failed; 0: 30000 */
    /* when set, local paths outside it are refused (relative ones are under it); NULL: any path */
    const char *local_root;
};

/* the config is the caller's and lives longer */
enum hr_code hr_blob_new(struct hr_blob_config *config,
                         const struct hr_blob_options *options,
                         struct hr_blob **blob,
                         struct hr_err *err);
void hr_blob_free(struct hr_blob *blob);
struct hr_blob_config *hr_blob_config_of(struct hr_blob *blob);

/* Asked about ten times a second while a call waits: true ends the call with HR_E_CANCELLED. NULL
 * where not needed. */
struct hr_blob_cancel {
    bool (*cancelled)(void *arg);
    void *arg;
};

/* ---- names ---- */

bool hr_blob_is_remote(const char *location); /* has a scheme other than file: */
/* The location in its one spelling: local paths absolute as "file:///…"-less "/a/b", no trailing
 * slash, no "//"; refuses unknown schemes,
 * "." and ".." segments in remote names, NUL and over-long names. */
enum hr_code hr_blob_normalize(struct hr_blob *blob,
                               struct hr_arena *arena,
                               const char *location,
                               const char **normal,
                               struct hr_err *err);
char *hr_blob_join(struct hr_arena *arena, const char *folder, const char *name);
bool hr_blob_has_glob(const char *location); /* holds * ? [ or { unescaped */

/* Names that no reader of data sees (Hadoop's and Spark's rule,
 * HadoopFSUtils.shouldFilterOutPathName): those that begin with '.' or '_', which is where writers
 * keep what is not committed, and "…._COPYING_". A partition folder ("_a=1") is seen. `_below`: is
 * any part of "a/b/c" such a name? */
bool hr_blob_hidden(const char *name);
bool hr_blob_hidden_below(const char *relative);

/* Table formats keep a log that says which files of the folder hold the table's rows; the others
 * hold rows that were removed. `marks`: names ending so in the folder `log` are that log, NULL:
 * whatever stands in it. */
struct hr_blob_table {
    const char *format, *log, *marks;
};
extern const struct hr_blob_table hr_blob_tables[]; /* ends with a format of NULL */
/* the format of whose log "a/b/_delta_log/0.json" is a part, with the length of its table's folder
 * ("a/b"); NULL: of none */
const struct hr_blob_table *hr_blob_table_of(const char *relative, size_t *folder_len);
bool hr_blob_has_suffix(const char *text, const char *suffix);

/* ---- looking ---- */

#define HR_BLOB_ETAG_MAX 128

struct hr_blob_stat {
    bool is_dir;
    int64_t size; /* 0 for a folder */
    int64_t mtime_ms;
    /* names this version of the bytes; local: made of inode, size and time; empty for a folder */
    char etag[HR_BLOB_ETAG_MAX];
};

/* HR_E_NOT_FOUND when there is nothing; a prefix of existing blobs is a folder */
enum hr_code hr_blob_stat(struct hr_blob *blob,
                          const char *location,
                          struct hr_blob_stat *stat,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err);

struct hr_blob_entry {
    const char *location; /* whole, normal: opens as it stands */
    /* the part behind the listed folder, "year=2020/x.csv" when recursive */
    const char *name;
    struct hr_blob_stat stat;
};
struct hr_blob_page {
    /* by name, bytewise within a page; across pages as the service orders them */
    struct hr_blob_entry *entries;
    size_t count;
    /* for the next page; NULL: this was the last. A page may be empty and still carry one. */
    const char *marker;
};
struct hr_blob_list_options {
    /* files at every depth and the folders the store keeps; else one level, files and folders */
    bool recursive;
    const char *marker;
    int max; /* entries a page; 0: 5000 */
};
/* HR_E_NOT_FOUND when the folder does not exist; a file lists as HR_E_INVALID */
enum hr_code hr_blob_list(struct hr_blob *blob,
                          struct hr_arena *arena,
                          const char *folder,
                          const struct hr_blob_list_options *options,
                          struct hr_blob_page *page,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err);
/* every page, sorted by name */
enum hr_code hr_blob_list_all(struct hr_blob *blob,
                              struct hr_arena *arena,
                              const char *folder,
                              bool recursive,
                              struct hr_blob_page *all,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err);
/* Hadoop's globs: * ? [a-c] [^a] {x,y} and \ to quote; * and ? stop at '/'. Existing files and
 * folders, sorted by location; no match is an empty page. A location without glob characters gives
 * itself when it exists. entry.name is its last segment. */
enum hr_code hr_blob_glob(struct hr_blob *blob,
                          struct hr_arena *arena,
                          const char *pattern,
                          struct hr_blob_page *matches,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err);
/* The same for names alone, without their folders: a pattern taken apart, in the arena;
 * HR_E_INVALID where a bracket does not end */
struct hr_blob_names {
    const char *const *patterns;
    size_t count;
};
enum hr_code hr_blob_names_parse(struct hr_arena *arena,
                                 const char *pattern,
                                 struct hr_blob_names *names,
                                 struct hr_err *err);
bool hr_blob_names_fit(const struct hr_blob_names *names, const char *name);

/* ---- reading: every byte of a reader is of one version ---- */

struct hr_blob_reader;

/* known: a stat or list entry's answer saves the request and pins its ETag; NULL asks. The object
 * changing before the reader is closed makes the next read fail with HR_E_CHANGED. */
enum hr_code hr_blob_open(struct hr_blob *blob,
                          const char *location,
                          const struct hr_blob_stat *known,
                          const struct hr_blob_cancel *cancel,
                          struct hr_blob_reader **reader,
                          struct hr_err *err);
const struct hr_blob_stat *hr_blob_reader_stat(const struct hr_blob_reader *reader);
/* Up to len bytes at offset; *got is smaller only at the end of the object. Reads that follow each
 * other closely in offset, from one thread or several, are read ahead of in parallel ranges; far
 * jumps read just what is asked. */
enum hr_code hr_blob_read_at(struct hr_blob_reader *reader,
                             void *bytes,
                             size_t len,
                             int64_t offset,
                             size_t *got,
                             struct hr_err *err);
/* sequential */
enum hr_code hr_blob_read(
    struct hr_blob_reader *reader, void *bytes, size_t len, size_t *got, struct hr_err *err);
/* starts fetching the object's first bytes (256 KB at most), for a read that will come: not waited
 * for, a failure shows when they are read */
void hr_blob_read_ahead(struct hr_blob_reader *reader);
void hr_blob_seek(struct hr_blob_reader *reader, int64_t offset);
void hr_blob_close(struct hr_blob_reader *reader); /* NULL is fine */
/* a whole object, NUL-terminated behind its end; larger than max: HR_E_LIMIT */
enum hr_code hr_blob_read_all(struct hr_blob *blob,
                              struct hr_arena *arena,
                              const char *location,
                              size_t max,
                              char **bytes,
                              size_t *len,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err);

/* ---- writing: nothing is visible until commit, and commit is atomic ---- */

struct hr_blob_writer;

struct hr_blob_write_options {
    /* else an existing object makes commit fail with HR_E_EXISTS */
    bool overwrite;
    const char *if_match;     /* only this version may be replaced: else HR_E_CHANGED */
    const char *content_type; /* NULL: application/octet-stream */
};
/* Parent folders are made. options may be NULL (overwrite). */
enum hr_code hr_blob_create(struct hr_blob *blob,
                            const char *location,
                            const struct hr_blob_write_options *options,
                            const struct hr_blob_cancel *cancel,
                            struct hr_blob_writer **writer,
                            struct hr_err *err);
enum hr_code hr_blob_write(struct hr_blob_writer *writer,
                           const void *bytes,
                           size_t len,
                           struct hr_err *err);
int64_t hr_blob_written(const struct hr_blob_writer *writer);
/* Makes it visible, and durable; ends the writer whatever it returns. stat (may be NULL) is the new
 * version. Under an open stage it only uploads what is left: the stage commits. */
enum hr_code hr_blob_commit(struct hr_blob_writer *writer,
                            struct hr_blob_stat *stat,
                            struct hr_err *err);
/* leaves nothing visible; NULL is fine */
void hr_blob_abort(struct hr_blob_writer *writer);
enum hr_code hr_blob_put(struct hr_blob *blob,
                         const char *location,
                         const void *bytes,
                         size_t len,
                         const struct hr_blob_write_options *options,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err);

/* A stage holds back the commits of everything created under `folder` while it is open (also by the
 * engine, whose COPY commits on close), so that many files appear at the end, by one short request
 * each, in order of name, or not at all. */
struct hr_blob_stage;
enum hr_code hr_blob_stage_begin(struct hr_blob *blob,
                                 const char *folder,
                                 struct hr_blob_stage **stage,
                                 struct hr_err *err);
size_t hr_blob_stage_count(const struct hr_blob_stage *stage);
/* Ends the stage whatever it returns: on a failure, those not yet committed are dropped and those
 * committed by it are deleted again. */
enum hr_code hr_blob_stage_commit(struct hr_blob_stage *stage,
                                  const struct hr_blob_cancel *cancel,
                                  struct hr_err *err);
void hr_blob_stage_abort(struct hr_blob_stage *stage); /* NULL is fine */

/* ---- changing ---- */

/* HR_E_NOT_FOUND when there is nothing. A folder that is not empty needs recursive (else
 * HR_E_INVALID). */
enum hr_code hr_blob_delete(struct hr_blob *blob,
                            const char *location,
                            bool recursive,
                            const struct hr_blob_cancel *cancel,
                            struct hr_err *err);
/* with parents; there already: fine */
enum hr_code hr_blob_mkdir(struct hr_blob *blob,
                           const char *location,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err);
/* Is rename atomic here (local, abfs, abfss)? Where it is not (wasb, wasbs) hr_blob_rename refuses.
 */
bool hr_blob_can_rename(const char *location);
/* A wasb location on an account that has a hierarchical namespace has another name there, abfs, by
 * which folders are renamed: that name, else NULL. One request an account; whoever may not ask it
 * has a flat one. */
const char *hr_blob_hierarchical(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 const struct hr_blob_cancel *cancel);
/* Two folders of one place change places, in one step; HR_E_UNSUPPORTED where that cannot be
 * (Azure's accounts and some file systems cannot; the built-in account and Linux's own can):
 * nothing was done */
enum hr_code hr_blob_exchange(struct hr_blob *blob,
                              const char *folder,
                              const char *other,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err);
/* A file or a whole folder, in one step; the target must not exist unless overwrite (files only) */
enum hr_code hr_blob_rename(struct hr_blob *blob,
                            const char *from,
                            const char *to,
                            bool overwrite,
                            const struct hr_blob_cancel *cancel,
                            struct hr_err *err);

/* counted since hr_blob_new: what tests and the session's status show */
struct hr_blob_counts {
    uint64_t requests, retries, bytes_read, bytes_written;
};
void hr_blob_count(const struct hr_blob *blob, struct hr_blob_counts *counts);
#endif
