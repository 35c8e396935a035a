/* Inside src/daemon/studio: the built files of web/, as tools/studio wrote them into the program.
 * Sorted by path. */
#ifndef HR_DAEMON_STUDIO_FILES_H
#define HR_DAEMON_STUDIO_FILES_H
#include <stddef.h>

struct hr_studio_file {
    const char *path;        /* "index.html", "assets/index-HASH.js" */
    const char *type, *etag; /* etag: with its quotes */
    const char *data;
    size_t len;
    const char *gzip;
    size_t gzip_len; /* NULL: no smaller */
};

extern const struct hr_studio_file hr_studio_files[];
extern const size_t hr_studio_file_count;
#endif
