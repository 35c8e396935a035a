/* A dataset version's manifest: its files and what storage needs to be told to read them.
 *
 * {"id", "name", "version", "type", "files": [{"path", "url", "etag", "size", "modified"}],
 *  "storage": {"conf": {key: value}, "endpoints": [{"account", "url", "caFile"}], "bearer":
 * {account: token}, "expiresOn"}} Unknown fields are left alone. Not for: asking for a manifest
 * (server.h). */
#ifndef HR_MOUNT_MANIFEST_H
#define HR_MOUNT_MANIFEST_H
#include "mount/tree.h"
#include <jansson.h>

#define HR_MANIFEST_BYTES_MAX ((size_t)1 << 30) /* about three million files */

struct hr_manifest {
    const char *id, *name, *version;
    struct hr_mount_tree tree;
};

/* *storage is a new reference (NULL when there is none), for hr_credentials */
enum hr_code hr_manifest_parse(struct hr_manifest *manifest,
                               struct hr_arena *arena,
                               const char *bytes,
                               size_t len,
                               json_t **storage,
                               struct hr_err *err);
/* "2026-11-22T20:45:00[.123][Z|+01:00]" or a number of seconds; false when it is neither */
bool hr_manifest_time(const json_t *value, int64_t *ms);
#endif
