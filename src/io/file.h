/* Small files, whole: configuration, keys, endpoint.json. Blocking; not for data. */
#ifndef HR_IO_FILE_H
#define HR_IO_FILE_H
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <sys/types.h>

/* NUL-terminated */
enum hr_code hr_file_read(struct hr_arena *arena,
                          const char *path,
                          size_t max,
                          char **bytes,
                          size_t *len,
                          struct hr_err *err);
/* a reader sees the old content or the new one, whatever dies when: temporary file, fsync, rename,
 * fsync of the folder */
enum hr_code hr_file_write(
    const char *path, mode_t mode, const void *bytes, size_t len, struct hr_err *err);
/* with parents; new folders are 0700 */
enum hr_code hr_file_mkdirs(const char *path, struct hr_err *err);
/* not following links; absent is fine */
enum hr_code hr_file_remove_tree(const char *path, struct hr_err *err);
bool hr_file_exists(const char *path);
/* takes an exclusive lock on path (made when absent); *fd holds it until closed. HR_E_EXISTS when
 * another process has it */
enum hr_code hr_file_lock(const char *path, int *fd, struct hr_err *err);
#endif
