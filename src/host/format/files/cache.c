#include "host/format/files/cache.h"
#include "base/check.h"
#include "base/map.h"
#include <stdlib.h>

struct slot {
    struct hr_cached *item;
    uint64_t used;
};

struct hr_cache {
    pthread_mutex_t lock;
    struct hr_map slots;
    size_t bytes, max, file_max;
    uint64_t clock;
};

struct hr_cache *hr_cache_new(size_t bytes, size_t file_bytes)
{
    struct hr_cache *cache = calloc(1, sizeof *cache);
    HR_CHECK(cache);
    pthread_mutex_init(&cache->lock, NULL);
    hr_map_init(&cache->slots);
    cache->max = bytes;
    cache->file_max = file_bytes;
    return cache;
}

size_t hr_cache_file_max(const struct hr_cache *cache)
{
    return cache->file_max;
}

void hr_cached_drop(struct hr_cached *item)
{
    if (item && atomic_fetch_sub(&item->refs, 1) == 1)
        item->destroy(item);
}

void hr_cache_free(struct hr_cache *cache)
{
    if (!cache)
        return;
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&cache->slots, at));) {
        struct slot *slot = at->value;
        hr_cached_drop(slot->item);
        free(slot);
    }
    hr_map_release(&cache->slots);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static void evict(struct hr_cache *cache)
{
    while (cache->bytes > cache->max && cache->slots.count > 1) {
        struct hr_map_entry *oldest = NULL;
        for (struct hr_map_entry *at = NULL; (at = hr_map_next(&cache->slots, at));)
            if (!oldest || ((struct slot *)at->value)->used < ((struct slot *)oldest->value)->used)
                oldest = at;
        struct slot *slot = hr_map_remove(&cache->slots, oldest->key);
        cache->bytes -= slot->item->cost;
        hr_cached_drop(slot->item);
        free(slot);
    }
}

struct hr_cached *hr_cache_get(struct hr_cache *cache, const char *key)
{
    struct hr_cached *item = NULL;
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = hr_map_get(&cache->slots, key);
    if (slot) {
        slot->used = ++cache->clock;
        item = slot->item;
        atomic_fetch_add(&item->refs, 1);
    }
    pthread_mutex_unlock(&cache->lock);
    return item;
}

struct hr_cached *hr_cache_put(struct hr_cache *cache, const char *key, struct hr_cached *item)
{
    struct hr_cached *mine = item;
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = hr_map_get(&cache->slots, key);
    if (!slot) {
        slot = calloc(1, sizeof *slot);
        HR_CHECK(slot);
        slot->item = item;
        atomic_fetch_add(&item->refs, 1);
        hr_map_put(&cache->slots, key, slot);
        cache->bytes += item->cost;
        mine = NULL;
    } else {
        item = slot->item;
        atomic_fetch_add(&item->refs, 1);
    }
    slot->used = ++cache->clock;
    evict(cache);
    pthread_mutex_unlock(&cache->lock);
    hr_cached_drop(mine);
    return item;
}

void hr_cache_grown(struct hr_cache *cache, struct hr_cached *item, size_t more)
{
    pthread_mutex_lock(&cache->lock);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&cache->slots, at));)
        if (((struct slot *)at->value)->item == item) {
            item->cost += more;
            cache->bytes += more;
            break;
        }
    evict(cache);
    pthread_mutex_unlock(&cache->lock);
}

static void bytes_destroy(struct hr_cached *item)
{
    struct hr_bytes *bytes = (struct hr_bytes *)item;
    free(bytes->data);
    free(bytes);
}

static struct hr_bytes *bytes_new(size_t len)
{
    struct hr_bytes *bytes = calloc(1, sizeof *bytes);
    HR_CHECK(bytes);
    atomic_init(&bytes->base.refs, 1);
    bytes->base.destroy = bytes_destroy;
    bytes->base.cost = len + sizeof *bytes;
    bytes->len = len;
    bytes->data = malloc(len + HR_BYTES_PAD);
    if (!bytes->data) {
        free(bytes);
        return NULL;
    }
    memset(bytes->data + len, 0, HR_BYTES_PAD);
    return bytes;
}

static enum hr_code read_whole(struct hr_format *format,
                               const char *location,
                               const struct hr_blob_stat *stat,
                               struct hr_bytes *bytes,
                               struct hr_err *err)
{
    struct hr_blob_reader *reader;
    HR_TRY(hr_blob_open(format->blob, location, stat, NULL, &reader, err));
    size_t got = 0;
    enum hr_code code = hr_blob_read_at(reader, bytes->data, bytes->len, 0, &got, err);
    hr_blob_close(reader);
    if (!code && got != bytes->len)
        code = hr_fail(err, HR_E_CHANGED, "the file became shorter while it was read: \"%s\"",
                       location);
    atomic_fetch_add(&format->bytes_read, got);
    return code;
}

enum hr_code hr_cache_file(struct hr_format *format,
                           const char *location,
                           const struct hr_blob_stat *stat,
                           struct hr_bytes **out,
                           struct hr_err *err)
{
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    hr_buf_addf(&key, "bytes|%s|%s|%lld", location, stat->etag, (long long)stat->size);
    *out = (struct hr_bytes *)hr_cache_get(format->cache, hr_buf_text(&key));
    enum hr_code code = HR_OK;
    if (!*out) {
        struct hr_bytes *bytes = bytes_new((size_t)stat->size);
        code = bytes ? read_whole(format, location, stat, bytes, err)
                     : hr_fail(err, HR_E_NOMEM, "no memory for \"%s\"", location);
        if (code)
            hr_cached_drop(bytes ? &bytes->base : NULL);
        else if (stat->etag[0])
            *out = (struct hr_bytes *)hr_cache_put(format->cache, hr_buf_text(&key), &bytes->base);
        else
            *out = bytes; /* without a version nothing may be kept */
    }
    hr_buf_release(&key);
    return code;
}

/* ---- schemas ---- */

struct known {
    struct hr_cached base;
    struct hr_arena *arena;
    const struct hr_type *schema;
};

static void known_destroy(struct hr_cached *item)
{
    hr_arena_free(((struct known *)item)->arena);
}

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
                             struct hr_err *err)
{
    struct known *known = (struct known *)hr_cache_get(format->cache, key);
    if (known) {
        atomic_fetch_add(&format->schema_hits, 1);
    } else {
        struct hr_arena *own = hr_arena_new(NULL);
        known = HR_NEW(own, struct known);
        atomic_init(&known->base.refs, 1);
        known->base.destroy = known_destroy;
        known->base.cost = 4096;
        known->arena = own;
        enum hr_code code = make(format, own, options, files, &known->schema, err);
        if (code) {
            hr_arena_free(own);
            return code;
        }
        known = (struct known *)hr_cache_put(format->cache, key, &known->base);
    }
    *schema = hr_type_copy(arena, known->schema);
    hr_cached_drop(&known->base);
    return HR_OK;
}
