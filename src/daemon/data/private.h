/* data's own: handlers, by file, and what they share. */
#ifndef HR_DAEMON_DATA_PRIVATE_H
#define HR_DAEMON_DATA_PRIVATE_H
#include "base/buf.h"
#include "blob/blob.h"
#include "daemon/data/data.h"
#include "daemon/store/data.h"

#define DATA_FILES_MAX \
    500000                /* of one dataset: its manifest is then about 100 MB while it is made */
#define DATA_SECONDS 3600 /* how long access that a datastore's credential gives is good for … */
#define DATA_ROLE_SECONDS                                                                            \
    HR_ROLE_SAS_SECONDS_MAX /* … and access by role; on our own account it ends when the role does \
                             */
#define DATA_CONTENT_MAX (1024 * 1024) /* bytes of a file in one answer */

/* datastore.c, dataset.c, manifest.c, content.c */
hr_rest_handler hr_data_relay; /* relay.c */
hr_rest_handler hr_data_store_list, hr_data_store_get, hr_data_store_default,
    hr_data_store_set_default, hr_data_store_post, hr_data_store_put, hr_data_store_delete,
    hr_data_store_access, hr_data_store_arm_list, hr_data_store_arm_get, hr_data_store_arm_put,
    hr_data_store_secrets;
hr_rest_handler hr_data_set_list, hr_data_set_get, hr_data_set_named, hr_data_set_post,
    hr_data_set_delete, hr_data_set_versions, hr_data_set_version, hr_data_set_patch,
    hr_data_set_version_delete, hr_data_saved_post, hr_data_saved_get, hr_data_set_manifest,
    hr_data_set_access, hr_data_set_content;
hr_rest_handler hr_data_arm_list, hr_data_arm_get, hr_data_arm_delete, hr_data_arm_versions,
    hr_data_arm_version_get, hr_data_arm_version_put, hr_data_arm_version_delete;

/* ---- the workspace that the path names ---- */
/* checks subscription, role and that it is there; makes its default datastore where it has none.
 * *workspace is its canonical id. */
enum hr_code hr_data_workspace(struct hr_rest *req,
                               enum hr_action action,
                               const char **workspace,
                               struct hr_err *err);

/* ---- views (view.c) ---- */
/* an object, {} when text is none */
json_t *hr_data_json(const char *text);
const char *hr_data_dump(struct hr_arena *arena, const json_t *json); /* keys sorted */
bool hr_data_is_true(struct hr_rest *req, const char *query);
json_t *hr_data_store_view(struct hr_rest *req, const struct hr_datastore_row *row, bool secrets);
/* its client is told the relay's address */
bool hr_data_store_relayed(struct hr_rest *req, const struct hr_datastore_row *row);
json_t *hr_data_store_arm_view(struct hr_rest *req, const struct hr_datastore_row *row);
json_t *hr_data_set_view(struct hr_rest *req, const struct hr_dataset_row *row);
json_t *hr_data_set_arm_view(struct hr_rest *req, const struct hr_dataset_row *row);
json_t *hr_data_set_container_view(struct hr_rest *req, const struct hr_dataset_row *row);

/* ---- rows (dataset.c) ---- */
enum hr_code hr_data_set_find(struct hr_rest *req,
                              const char *workspace,
                              struct hr_dataset_row **row,
                              struct hr_err *err);

/* the manifest's "storage", for the caller's own roles (manifest.c); a datastore that went since is
 * named */
enum hr_code hr_data_set_storage(struct hr_rest *req,
                                 const char *workspace,
                                 const struct hr_dataset_row *row,
                                 json_t **storage,
                                 struct hr_err *err);

/* ---- definitions (definition.c) ---- */
struct data_path {
    const struct hr_datastore_row *store;
    /* within the container, no slash at its ends; "" is the container */
    const char *path;
    bool glob;
};
struct data_definition {
    const char *type; /* file | tabular */
    /* JSON, canonical: {"paths": [{"pattern" or "file" or "folder":
     * "azureml://datastores/D/paths/P"}], "transformations": […]} */
    const char *text;
    struct data_path *paths;
    size_t count;
};
/* An MLTable document as JSON (text or object); NULL is refused. */
enum hr_code hr_data_definition_read(struct hr_rest *req,
                                     const char *workspace,
                                     const char *type,
                                     const json_t *dataflow,
                                     struct data_definition *definition,
                                     struct hr_err *err);
enum hr_code hr_data_definition_of(struct hr_rest *req,
                                   const char *workspace,
                                   const char *type,
                                   const char *text,
                                   struct data_definition *definition,
                                   struct hr_err *err);
/* * ? [a-c] within a segment, ** across */
bool hr_data_glob_match(const char *pattern, const char *name);

/* ---- where data is and how it is reached (storage.c) ---- */
/* wasbs://… or abfss://… */
const char *hr_data_location(struct hr_arena *arena,
                             const struct hr_datastore_row *row,
                             const char *path);
/* the contract's "storage" for these datastores, for the caller (checked here) */
enum hr_code hr_data_storage(struct hr_rest *req,
                             const char *workspace,
                             const struct hr_datastore_row *const *rows,
                             size_t count,
                             bool write,
                             json_t **storage,
                             struct hr_err *err);
/* the same as a configuration for our own reading; no checks: validation reads with what the
 * datastore itself has */
enum hr_code hr_data_store_sas(struct hr_rest *req,
                               const struct hr_datastore_row *row,
                               const char **sas,
                               struct hr_err *err);
enum hr_code hr_data_configure(struct hr_rest *req,
                               const struct hr_datastore_row *row,
                               struct hr_blob_config *config,
                               struct hr_err *err);
enum hr_code hr_data_configure_by(const json_t *storage,
                                  struct hr_blob_config *config,
                                  struct hr_err *err);

/* ---- work on a thread (work.c) ---- */
struct data_work {
    struct hr_arena *arena; /* the work's own, freed with it */
    /* on the thread: fills code and err, touches nothing of the server */
    enum hr_code (*run)(struct data_work *work, struct hr_err *err);
    /* on the loop's thread, when the client is still there: replies, or fails */
    enum hr_code (*done)(struct hr_rest *req, struct data_work *work, struct hr_err *err);
    void *arg;
    struct hr_blob_config *config; /* freed with it; may be NULL */
    struct hr_blob_cancel cancel;
    /* work.c's */
    struct hr_rest *req; /* NULL: the client went */
    struct hr_loop *loop;
    struct hr_thread *thread; /* NULL: it waits its turn */
    struct data_work *next;
    enum hr_code code;
    struct hr_err err;
};
struct data_work *hr_data_work_new(void);
/* takes the work and defers the request; on an error the work is gone too */
enum hr_code hr_data_work_start(struct hr_rest *req, struct data_work *work, struct hr_err *err);
void hr_data_work_free(struct data_work *work);

/* ---- making a manifest (listing.c), on the thread ---- */
struct data_listing {
    const char *type, *definition;
    /* in the work's arena, with copies of what is needed of the datastores */
    struct data_path *paths;
    const char **roots; /* of each path: its container's location */
    size_t count;
    /* the result */
    char digest[65];
    int64_t file_count, bytes;
    void *files; /* zstd, in the arena */
    size_t files_size;
    int64_t files_len;
};
struct data_listing *hr_data_listing_new(struct data_work *work,
                                         const struct data_definition *definition);
/* work->arg is the listing */
enum hr_code hr_data_listing_run(struct data_work *work, struct hr_err *err);
/* as JSON, spelled as in a manifest */
void hr_data_add_text(struct hr_buf *out, const char *text);
#endif
