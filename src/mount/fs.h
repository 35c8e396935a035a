/* The FUSE file system on a tree: names, attributes and folders from memory, bytes through files.h.
 * hr_fs_run serves with several threads until the mount is taken away or hr_fs_end is called. */
#ifndef HR_MOUNT_FS_H
#define HR_MOUNT_FS_H
#include "mount/files.h"
#include "mount/manifest.h"

struct hr_fs;

struct hr_fs_options {
    const struct hr_manifest *manifest;
    const char *point; /* real path */
    /* other users may read too (fuse.conf's user_allow_other permitting) */
    bool allow_other;
};

/* Mounts, but serves nothing yet. HR_E_UNSUPPORTED: FUSE cannot be had here, with the reason. */
enum hr_code hr_fs_mount(const struct hr_fs_options *options,
                         struct hr_fs **fs,
                         struct hr_err *err);
void hr_fs_set_files(struct hr_fs *fs, struct hr_files *files); /* before hr_fs_run */
/* ready: called once, from another thread, when the kernel has been answered and the mount can be
 * used */
enum hr_code hr_fs_run(struct hr_fs *fs, void (*ready)(void *arg), void *arg, struct hr_err *err);
/* any thread: reads under way give up, hr_fs_run returns */
void hr_fs_end(struct hr_fs *fs);
/* any thread but a read's: the kernel drops the bytes it has cached */
void hr_fs_forget(struct hr_fs *fs, uint32_t node);
/* also unmounts, lazily, when that was not done */
void hr_fs_free(struct hr_fs *fs);
/* for files: the reader was killed, or the mount ends */
const struct hr_blob_cancel *hr_fs_cancel(struct hr_fs *fs);
#endif
