/* Rows of datastores and datasets. As store.h says: one function a statement, nothing decided here,
 * loop's thread only. */
#ifndef HR_DAEMON_STORE_DATA_H
#define HR_DAEMON_STORE_DATA_H
#include "daemon/store/store.h"

struct hr_datastore_row {
    /* workspace: its resource id; type: AzureBlob | AzureDataLakeGen2 */
    const char *workspace, *name, *type;
    /* address: where the account answers; NULL: this server's, else Azure's */
    const char *account, *container, *address;
    /* AccountKey | Sas | None; an AccountKey without secret is this server's own account's */
    const char *credential, *secret;
    const char *description, *tags; /* tags: JSON object */
    int64_t is_default;
    const char *created_by;
    int64_t created_ms, changed_ms;
};
struct hr_datastore_rows {
    struct hr_datastore_row *at;
    size_t count;
};
/* adds or replaces */
enum hr_code hr_store_datastore_put(struct hr_store *store,
                                    const struct hr_datastore_row *row,
                                    struct hr_err *err);
enum hr_code hr_store_datastore_get(
    struct hr_store *store,
    struct hr_arena *arena,
    const char *workspace,
    const char *name,
    struct hr_datastore_row **row,
    struct hr_err *err); /* name NULL: the default; *row NULL: none */
enum hr_code hr_store_datastore_list(struct hr_store *store,
                                     struct hr_arena *arena,
                                     const char *workspace,
                                     struct hr_datastore_rows *rows,
                                     struct hr_err *err);
enum hr_code hr_store_datastore_default(struct hr_store *store,
                                        const char *workspace,
                                        const char *name,
                                        struct hr_err *err);
enum hr_code hr_store_datastore_remove(struct hr_store *store,
                                       const char *workspace,
                                       const char *name,
                                       struct hr_err *err);

/* A definition with the manifest that it gave: never changed. `files` is zstd, `files_len` long
 * when unpacked; the bytes are the arena's. */
struct hr_saved_row {
    /* type: file | tabular; digest: of definition and files */
    const char *id, *workspace, *type, *definition, *digest;
    int64_t file_count, bytes;
    const void *files;
    size_t files_size;
    int64_t files_len;
    const char *created_by;
    int64_t created_ms;
};
enum hr_code hr_store_saved_add(struct hr_store *store,
                                const struct hr_saved_row *row,
                                struct hr_err *err);
enum hr_code hr_store_saved_get(struct hr_store *store,
                                struct hr_arena *arena,
                                const char *workspace,
                                const char *id,
                                struct hr_saved_row **row,
                                struct hr_err *err);
enum hr_code hr_store_saved_digest(
    struct hr_store *store,
    struct hr_arena *arena,
    const char *workspace,
    const char *digest,
    struct hr_saved_row **row,
    struct hr_err *err); /* the same, by what it holds; without files */

/* One version of a named dataset, with what its listing shows of the saved one */
struct hr_dataset_row {
    const char *id, *workspace, *name, *type;
    int64_t version;
    const char *saved, *definition, *digest;
    int64_t file_count, bytes;
    const char *description, *tags, *created_by;
    int64_t created_ms;
};
struct hr_dataset_rows {
    struct hr_dataset_row *at;
    size_t count;
};
/* what is asked: id or name (the other NULL), version 0: the latest */
enum hr_code hr_store_dataset_get(struct hr_store *store,
                                  struct hr_arena *arena,
                                  const char *workspace,
                                  const char *id,
                                  const char *name,
                                  int64_t version,
                                  struct hr_dataset_row **row,
                                  struct hr_err *err);
enum hr_code hr_store_dataset_list(struct hr_store *store,
                                   struct hr_arena *arena,
                                   const char *workspace,
                                   struct hr_dataset_rows *rows,
                                   struct hr_err *err); /* the latest version of each, by name */
enum hr_code hr_store_dataset_versions(struct hr_store *store,
                                       struct hr_arena *arena,
                                       const char *workspace,
                                       const char *id,
                                       struct hr_dataset_rows *rows,
                                       struct hr_err *err); /* newest first */
/* adds the name where it is new (id is the row's), and the version; HR_E_EXISTS: the version */
enum hr_code hr_store_dataset_add(struct hr_store *store,
                                  const struct hr_dataset_row *row,
                                  struct hr_err *err);
enum hr_code hr_store_dataset_edit(struct hr_store *store,
                                   const char *id,
                                   int64_t version,
                                   const char *description,
                                   const char *tags,
                                   struct hr_err *err);
/* version 0: all of them. The name goes with its last version. */
enum hr_code hr_store_dataset_remove(struct hr_store *store,
                                     const char *id,
                                     int64_t version,
                                     struct hr_err *err);
#endif
