/* The extended attribute of a version. Private to account/'s tree. */
#ifndef HR_ACCOUNT_TREE_META_H
#define HR_ACCOUNT_TREE_META_H
#include "account/tree.h"
#include <sys/stat.h>

#define HR_TREE_META_MAX 3500 /* of the attribute: ext4 keeps one block an inode */

/* the item of an open inode: its attribute where that fits the bytes, else what the file itself
 * says */
void hr_tree_meta_read(struct hr_arena *arena,
                       int fd,
                       const struct stat *st,
                       struct hr_tree_item *item);
/* NULL, or "MetadataTooLarge" / "InternalError" */
const char *hr_tree_meta_write(int fd, const struct stat *st, const struct hr_tree_meta *meta);
/* a new ETag and Last-Modified; the lock is held */
void hr_tree_tag(struct hr_tree *tree, struct hr_tree_meta *meta);
char *hr_tree_path(struct hr_tree *tree,
                   struct hr_arena *arena,
                   const char *container,
                   const char *name);
void hr_tree_sync_parent(const char *path);
/* the code of a failed system call, logged when it is the disk's fault */
const char *hr_tree_errno(int number, const char *missing);
bool hr_tree_container_there(struct hr_tree *tree, struct hr_arena *arena, const char *container);
const char *hr_tree_commit_locked(struct hr_tree *tree,
                                  struct hr_arena *arena,
                                  struct hr_tree_temp *temp,
                                  const char *container,
                                  const char *name,
                                  struct hr_tree_meta *meta,
                                  const struct hr_tree_conditions *conditions,
                                  bool keep_parents);
/* names the folder of a blob's blocks and appends */
void hr_tree_key(char out[65], const char *container, const char *name);
#endif
