/* What is kept between statements, bounded by bytes, oldest use out first: the bytes of small
 * files, parsed columns, schemas. Keys name the exact version (location, ETag, options), so a
 * changed file is another key and never serves old rows. Any thread. */
#ifndef HR_HOST_FORMAT_CACHE_H
#define HR_HOST_FORMAT_CACHE_H
#include "host/format/scan.h"

struct hr_cached {
    atomic_int refs;
    size_t cost;
    void (*destroy)(struct hr_cached *item);
};

struct hr_cache *hr_cache_new(size_t bytes, size_t file_bytes);
/* items with references live on until they are dropped */
void hr_cache_free(struct hr_cache *cache);
size_t hr_cache_file_max(const struct hr_cache *cache);
/* with a reference, or NULL */
struct hr_cached *hr_cache_get(struct hr_cache *cache, const char *key);
/* Takes a reference of its own; when the key is there already, the older item wins: returns (with a
 * reference) the one to use, and drops the caller's. */
struct hr_cached *hr_cache_put(struct hr_cache *cache, const char *key, struct hr_cached *item);
void hr_cache_grown(struct hr_cache *cache, struct hr_cached *item, size_t more);
void hr_cached_drop(struct hr_cached *item); /* NULL is fine */

/* a schema that was read or inferred before for the same versions and options, else made by `make`
 * and kept */
struct hr_files;
enum hr_code hr_cache_schema(struct hr_format *format,
                             struct hr_arena *arena,
                             const char *key,
                             enum hr_code (*make)(struct hr_format *format,
                                                  struct hr_arena *arena,
                                                  const void *options,
                                                  const struct hr_files *files,
                                                  const struct hr_type **schema,
                                                  struct hr_err *err),
                             const void *options,
                             const struct hr_files *files,
                             const struct hr_type **schema,
                             struct hr_err *err);

/* a file's bytes, followed by HR_BYTES_PAD zero bytes */
#define HR_BYTES_PAD 64
struct hr_bytes {
    struct hr_cached base;
    char *data;
    size_t len;
};
/* the whole of a small file, from memory when this version was read before; HR_BYTES_PAD zero bytes
 * follow */
enum hr_code hr_cache_file(struct hr_format *format,
                           const char *location,
                           const struct hr_blob_stat *stat,
                           struct hr_bytes **bytes,
                           struct hr_err *err);
#endif
