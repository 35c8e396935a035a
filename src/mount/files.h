/* Reading the files of a mounted version: every byte is of the ETag that the manifest names, or the
 * read fails and says why.
 *
 * Nothing is opened: a file that is read has a lane, a blob reader pinned to its ETag, made without
 * a request by its first read and closed when nobody has read it for a while. A read that meets
 * expired credentials, a moved account or a silent one asks for newer credentials and tries again,
 * for `patience_ms` at most. Any thread may read; tidy and each_read are the control thread's. */
#ifndef HR_MOUNT_FILES_H
#define HR_MOUNT_FILES_H
#include "blob/blob.h"
#include "mount/credentials.h"
#include "mount/tree.h"

struct hr_files;

struct hr_files_options {
    const struct hr_mount_tree *tree;
    /* lanes are spread over them: each moves its bytes on a thread of its own */
    struct hr_blob *const *blobs;
    size_t blob_count;
    struct hr_credentials *credentials;
    const struct hr_blob_cancel *cancel; /* asked on the reading thread while it waits */
    int patience_ms;
};

struct hr_files *hr_files_new(const struct hr_files_options *options);
void hr_files_free(struct hr_files *files); /* nobody reads any more */

/* Up to len bytes at offset, fewer only at the end. HR_E_CHANGED: the object is no longer what was
 * registered, or is gone; HR_E_DENIED; HR_E_CANCELLED; HR_E_STORAGE_DOWN and others after the
 * patience */
enum hr_code hr_files_read(struct hr_files *files,
                           uint32_t node,
                           void *bytes,
                           size_t len,
                           int64_t offset,
                           size_t *got,
                           struct hr_err *err);
/* why the last failed read of this file failed, in the arena; NULL: none failed since one succeeded
 */
char *hr_files_error(struct hr_files *files, struct hr_arena *arena, uint32_t node);
/* closes lanes that are idle, about once a second; true: the last one went */
bool hr_files_tidy(struct hr_files *files);
/* every file read since the mount */
void hr_files_each_read(struct hr_files *files, void (*visit)(uint32_t node, void *arg), void *arg);
#endif
