#include "blob/backend.h"
#include "base/check.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static size_t or_size(size_t value, size_t otherwise)
{
    return value ? value : otherwise;
}

enum hr_code hr_blob_new(struct hr_blob_config *config,
                         const struct hr_blob_options *options,
                         struct hr_blob **out,
                         struct hr_err *err)
{
    static const struct hr_blob_options none;
    char real[PATH_MAX];
    options = options ? options : &none;
    if (options->local_root && !realpath(options->local_root, real))
        return hr_fail(err, HR_E_NOT_FOUND, "the folder for local paths '%s' does not exist",
                       options->local_root);
    struct hr_blob *blob = calloc(1, sizeof *blob);
    HR_CHECK(blob);
    blob->config = config;
    blob->options = *options;
    blob->options.range_bytes = or_size(options->range_bytes, 4u << 20);
    blob->options.read_ahead_bytes = or_size(options->read_ahead_bytes, 16u << 20);
    blob->options.attempts = options->attempts ? options->attempts : 5;
    blob->options.timeout_ms = options->timeout_ms ? options->timeout_ms : 30000;
    blob->local_root = options->local_root ? strdup(real) : NULL;
    pthread_mutex_init(&blob->lock, NULL);
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        if (hr_blob_kinds[i]->session_new)
            blob->kinds[i] = hr_blob_kinds[i]->session_new();
    *out = blob;
    return HR_OK;
}

void hr_blob_free(struct hr_blob *blob)
{
    if (!blob)
        return;
    HR_CHECK(!blob->stages);
    hr_mover_free(blob->mover);
    for (size_t i = 0; hr_blob_kinds[i]; i++)
        if (blob->kinds[i])
            hr_blob_kinds[i]->session_free(blob->kinds[i]);
    pthread_mutex_destroy(&blob->lock);
    free(blob->local_root);
    free(blob);
}

struct hr_blob_config *hr_blob_config_of(struct hr_blob *blob)
{
    return blob->config;
}

void *hr_blob_kept(const struct hr_blob *blob, const struct hr_blob_kind *kind)
{
    size_t i = 0;
    while (hr_blob_kinds[i] != kind)
        i++;
    return blob->kinds[i];
}

/* the thread and its connections come with the first remote request: a session on local files has
 * none */
enum hr_code hr_blob_mover_of(struct hr_blob *blob,
                              struct hr_blob_mover **mover,
                              struct hr_err *err)
{
    pthread_mutex_lock(&blob->lock);
    enum hr_code code = HR_OK;
    if (!blob->mover)
        code = hr_mover_new(
            &(struct hr_blob_mover_options){blob->options.attempts, blob->options.timeout_ms},
            &blob->mover, err);
    *mover = blob->mover;
    pthread_mutex_unlock(&blob->lock);
    return code;
}

enum hr_code hr_blob_check_cancel(const struct hr_blob_cancel *cancel,
                                  const char *what,
                                  struct hr_err *err)
{
    if (cancel && cancel->cancelled && cancel->cancelled(cancel->arg))
        return hr_fail(err, HR_E_CANCELLED, "cancelled while working on '%s'", what);
    return HR_OK;
}

void hr_blob_count(const struct hr_blob *blob, struct hr_blob_counts *counts)
{
    *counts = (struct hr_blob_counts){.bytes_read = atomic_load(&blob->local_read),
                                      .bytes_written = atomic_load(&blob->local_written)};
    if (blob->mover)
        hr_mover_count(blob->mover, counts);
}

/* ---- looking ---- */

enum hr_code hr_blob_stat(struct hr_blob *blob,
                          const char *location,
                          struct hr_blob_stat *stat,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_place place;
    enum hr_code code = hr_blob_place_parse(blob, arena, location, &place, err);
    if (!code)
        code = place.backend->stat(blob, &place, stat, cancel, err);
    hr_arena_free(arena);
    return code;
}

static int blob_by_name(const void *a, const void *b)
{
    return strcmp(((const struct hr_blob_entry *)a)->name, ((const struct hr_blob_entry *)b)->name);
}

enum hr_code hr_blob_list(struct hr_blob *blob,
                          struct hr_arena *arena,
                          const char *folder,
                          const struct hr_blob_list_options *options,
                          struct hr_blob_page *page,
                          const struct hr_blob_cancel *cancel,
                          struct hr_err *err)
{
    static const struct hr_blob_list_options none;
    struct hr_blob_place place;
    HR_TRY(hr_blob_place_parse(blob, arena, folder, &place, err));
    struct hr_blob_list_options asked = options ? *options : none;
    asked.max = asked.max > 0 && asked.max < 5000 ? asked.max : 5000;
    *page = (struct hr_blob_page){0};
    HR_TRY(place.backend->list(blob, arena, &place, &asked, page, cancel, err));
    if (page->count)
        qsort(page->entries, page->count, sizeof *page->entries, blob_by_name);
    return HR_OK;
}

enum hr_code hr_blob_list_all(struct hr_blob *blob,
                              struct hr_arena *arena,
                              const char *folder,
                              bool recursive,
                              struct hr_blob_page *all,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err)
{
    struct hr_blob_list_options options = {.recursive = recursive};
    size_t cap = 0;
    *all = (struct hr_blob_page){0};
    do {
        struct hr_blob_page page;
        HR_TRY(hr_blob_list(blob, arena, folder, &options, &page, cancel, err));
        if (all->count + page.count > cap) {
            cap = 2 * (all->count + page.count);
            struct hr_blob_entry *more = HR_NEW_ARRAY(arena, struct hr_blob_entry, cap);
            if (all->count)
                memcpy(more, all->entries, all->count * sizeof *more);
            all->entries = more;
        }
        if (page.count)
            memcpy(all->entries + all->count, page.entries, page.count * sizeof *page.entries);
        all->count += page.count;
        options.marker = page.marker;
    } while (options.marker);
    if (!all->count)
        return HR_OK;
    qsort(all->entries, all->count, sizeof *all->entries, blob_by_name);
    size_t kept = 1; /* a folder and its marker blob may stand on two pages */
    for (size_t i = 1; i < all->count; i++)
        if (strcmp(all->entries[i].name, all->entries[kept - 1].name))
            all->entries[kept++] = all->entries[i];
    all->count = kept;
    return HR_OK;
}

/* ---- reading ---- */

enum hr_code hr_blob_open(struct hr_blob *blob,
                          const char *location,
                          const struct hr_blob_stat *known,
                          const struct hr_blob_cancel *cancel,
                          struct hr_blob_reader **out,
                          struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_reader *reader = HR_NEW(arena, struct hr_blob_reader);
    *reader = (struct hr_blob_reader){.blob = blob, .arena = arena, .cancel = cancel};
    if (known)
        reader->stat = *known;
    enum hr_code code = hr_blob_place_parse(blob, arena, location, &reader->place, err);
    reader->backend = reader->place.backend;
    if (!code && known && known->is_dir)
        code = hr_fail(err, HR_E_INVALID, "'%s' is a folder", reader->place.location);
    if (!code)
        code = reader->backend->open(reader, err);
    if (code)
        hr_arena_free(arena);
    else
        *out = reader;
    return code;
}

const struct hr_blob_stat *hr_blob_reader_stat(const struct hr_blob_reader *reader)
{
    return &reader->stat;
}

static enum hr_code read_at(struct hr_blob_reader *reader,
                            void *bytes,
                            size_t len,
                            int64_t offset,
                            bool sequential,
                            size_t *got,
                            struct hr_err *err)
{
    *got = 0;
    if (offset < 0)
        return hr_fail(err, HR_E_INVALID, "a read of '%s' at the offset %lld",
                       reader->place.location, (long long)offset);
    if (offset >= reader->stat.size)
        return HR_OK;
    int64_t left = reader->stat.size - offset;
    len = (int64_t)len < left ? len : (size_t)left;
    if (!len)
        return HR_OK;
    HR_TRY(hr_blob_check_cancel(reader->cancel, reader->place.location, err));
    return reader->backend->read_at(reader, bytes, len, offset, sequential, got, err);
}

enum hr_code hr_blob_read_at(struct hr_blob_reader *reader,
                             void *bytes,
                             size_t len,
                             int64_t offset,
                             size_t *got,
                             struct hr_err *err)
{
    return read_at(reader, bytes, len, offset, false, got, err);
}

enum hr_code hr_blob_read(
    struct hr_blob_reader *reader, void *bytes, size_t len, size_t *got, struct hr_err *err)
{
    HR_TRY(read_at(reader, bytes, len, reader->offset, true, got, err));
    reader->offset += (int64_t)*got;
    return HR_OK;
}

void hr_blob_read_ahead(struct hr_blob_reader *reader)
{
    if (reader->backend->ahead)
        reader->backend->ahead(reader);
}

void hr_blob_seek(struct hr_blob_reader *reader, int64_t offset)
{
    reader->offset = offset;
}

void hr_blob_close(struct hr_blob_reader *reader)
{
    if (!reader)
        return;
    reader->backend->close(reader);
    hr_arena_free(reader->arena);
}

enum hr_code hr_blob_read_all(struct hr_blob *blob,
                              struct hr_arena *arena,
                              const char *location,
                              size_t max,
                              char **bytes,
                              size_t *len,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err)
{
    struct hr_blob_reader *reader;
    HR_TRY(hr_blob_open(blob, location, NULL, cancel, &reader, err));
    size_t size = (size_t)reader->stat.size;
    enum hr_code code = HR_OK;
    char *whole = NULL;
    if (size > max)
        code = hr_fail(err, HR_E_LIMIT, "'%s' has %zu bytes, more than %zu", reader->place.location,
                       size, max);
    else if (!(whole = hr_arena_try(arena, size + 1)))
        code = hr_fail(err, HR_E_NOMEM, "no memory for the %zu bytes of '%s'", size,
                       reader->place.location);
    if (!code)
        code = hr_blob_read_at(reader, whole, size, 0, len, err);
    if (!code && *len != size)
        code = hr_fail(err, HR_E_CHANGED, "'%s' became shorter while it was read",
                       reader->place.location);
    hr_blob_close(reader);
    if (!code) {
        whole[size] = 0;
        *bytes = whole;
    }
    return code;
}

/* ---- changing ---- */

enum hr_code hr_blob_check_writable(const struct hr_blob_place *place, struct hr_err *err)
{
    if (place->backend->abilities & HR_BLOB_READ_ONLY)
        return hr_fail(err, HR_E_UNSUPPORTED, "'%s' is of a %s, which is read-only",
                       place->location, place->backend->name);
    return HR_OK;
}

bool hr_blob_is_container(const struct hr_blob_place *place)
{
    return (place->backend->abilities & HR_BLOB_CONTAINERS) && !*place->path;
}

static enum hr_code place_to_change(struct hr_blob *blob,
                                    struct hr_arena *arena,
                                    const char *location,
                                    struct hr_blob_place *place,
                                    struct hr_err *err)
{
    HR_TRY(hr_blob_place_parse(blob, arena, location, place, err));
    return hr_blob_check_writable(place, err);
}

enum hr_code hr_blob_delete(struct hr_blob *blob,
                            const char *location,
                            bool recursive,
                            const struct hr_blob_cancel *cancel,
                            struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_place place;
    enum hr_code code = place_to_change(blob, arena, location, &place, err);
    if (!code && hr_blob_is_container(&place))
        code =
            hr_fail(err, HR_E_INVALID, "'%s' is a container: delete what is in it", place.location);
    if (!code)
        code = place.backend->remove(blob, &place, recursive, cancel, err);
    hr_arena_free(arena);
    return code;
}

enum hr_code hr_blob_mkdir(struct hr_blob *blob,
                           const char *location,
                           const struct hr_blob_cancel *cancel,
                           struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_place place;
    enum hr_code code = place_to_change(blob, arena, location, &place, err);
    if (!code)
        code = place.backend->mkdir(blob, &place, cancel, err);
    hr_arena_free(arena);
    return code;
}

static enum hr_code check_rename(const struct hr_blob_place *place,
                                 const char *from,
                                 struct hr_err *err)
{
    if (place->backend->abilities & HR_BLOB_ATOMIC_RENAME)
        return HR_OK;
    return hr_fail(err, HR_E_UNSUPPORTED, "'%s' cannot be renamed: %s", from,
                   place->backend->cannot_rename);
}

static enum hr_code rename_places(struct hr_blob *blob,
                                  struct hr_arena *arena,
                                  const char *from,
                                  const char *to,
                                  bool overwrite,
                                  const struct hr_blob_cancel *cancel,
                                  struct hr_err *err)
{
    struct hr_blob_place source, target;
    HR_TRY(place_to_change(blob, arena, from, &source, err));
    HR_TRY(place_to_change(blob, arena, to, &target, err));
    HR_TRY(check_rename(&source, from, err));
    HR_TRY(check_rename(&target, from, err));
    if (strcmp(source.root, target.root))
        return hr_fail(err, HR_E_INVALID,
                       "'%s' cannot be renamed to '%s': they are in different places", from, to);
    return source.backend->rename(blob, &source, &target, overwrite, cancel, err);
}

enum hr_code hr_blob_rename(struct hr_blob *blob,
                            const char *from,
                            const char *to,
                            bool overwrite,
                            const struct hr_blob_cancel *cancel,
                            struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = rename_places(blob, arena, from, to, overwrite, cancel, err);
    hr_arena_free(arena);
    return code;
}

static enum hr_code exchange_places(struct hr_blob *blob,
                                    struct hr_arena *arena,
                                    const char *folder,
                                    const char *other,
                                    const struct hr_blob_cancel *cancel,
                                    struct hr_err *err)
{
    struct hr_blob_place from, to;
    HR_TRY(place_to_change(blob, arena, folder, &from, err));
    HR_TRY(place_to_change(blob, arena, other, &to, err));
    if (!(from.backend->abilities & HR_BLOB_EXCHANGE) || strcmp(from.root, to.root))
        return hr_fail(err, HR_E_UNSUPPORTED, "'%s' and '%s' cannot be exchanged", folder, other);
    return from.backend->exchange(blob, &from, &to, cancel, err);
}

enum hr_code hr_blob_exchange(struct hr_blob *blob,
                              const char *folder,
                              const char *other,
                              const struct hr_blob_cancel *cancel,
                              struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = exchange_places(blob, arena, folder, other, cancel, err);
    hr_arena_free(arena);
    return code;
}

const char *hr_blob_hierarchical(struct hr_blob *blob,
                                 struct hr_arena *arena,
                                 const char *location,
                                 const struct hr_blob_cancel *cancel)
{
    struct hr_blob_place place;
    if (hr_blob_place_parse(blob, arena, location, &place, NULL) || !place.backend->renaming_name)
        return NULL;
    return place.backend->renaming_name(blob, arena, &place, cancel);
}
