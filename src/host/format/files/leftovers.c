#include "host/format/files/leftovers.h"
#include "base/clock.h"
#include "base/limits.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define UUID_LEN 36

static bool is_uuid(const char *text)
{
    for (int i = 0; i < UUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* `_temporary-NAME-UUID`, and with ".old" behind it what NAME was before: *name is a copy of NAME
 */
static bool is_writers_folder(struct hr_arena *arena,
                              const char *text,
                              bool *old,
                              const char **name)
{
    static const char head[] = "_temporary-";
    size_t len = strlen(text), begin = sizeof head - 1;
    *old = len > 4 && !strcmp(text + len - 4, ".old");
    len -= *old ? 4 : 0;
    if (!begins(text, head) ||
        len < begin + 1 + UUID_LEN ||
        text[len - UUID_LEN - 1] != '-' ||
        !is_uuid(text + len - UUID_LEN))
        return false;
    *name = hr_strndup(arena, text + begin, len - UUID_LEN - 1 - begin);
    return true;
}

static bool is_part(const char *text)
{
    static const char head[] = ".headrace-";
    size_t begin = sizeof head - 1;
    return begins(text, head) &&
           strlen(text) == begin + UUID_LEN + 5 &&
           is_uuid(text + begin) &&
           !strcmp(text + begin + UUID_LEN, ".part");
}

/* Did nothing change in it for so long? What has no time of its own is left alone. */
static bool is_dead(struct hr_writing *writing, const struct hr_blob_entry *entry)
{
    struct hr_blob_page page;
    struct hr_err ignored = {0};
    int64_t newest = entry->stat.mtime_ms;
    if (entry->stat.is_dir) {
        if (hr_blob_list_all(writing->format->blob, writing->arena, entry->location, true, &page,
                             writing->cancel, &ignored))
            return false;
        for (size_t i = 0; i < page.count; i++)
            if (page.entries[i].stat.mtime_ms > newest)
                newest = page.entries[i].stat.mtime_ms;
    }
    return newest > 0 && hr_clock_ms() - newest > HR_LEFTOVERS_MS;
}

/* A folder changes its name first: its writer, should it live, finds it whole or not at all. */
static void drop_folder(struct hr_writing *writing, const char *folder, const char *location)
{
    char uuid[UUID_LEN + 1];
    struct hr_err ignored = {0};
    hr_uuid_new(uuid);
    const char *swept = hr_blob_join(writing->arena, folder,
                                     hr_printf(writing->arena, "_temporary-swept-%s", uuid));
    if (!hr_blob_rename(writing->format->blob, location, swept, false, writing->cancel, &ignored))
        hr_blob_delete(writing->format->blob, swept, true, writing->cancel, &ignored);
}

/* the data that was swapped out is the only copy, until its name is taken again */
static bool has_successor(struct hr_writing *writing, const char *folder, const char *name)
{
    struct hr_blob_stat stat;
    struct hr_err ignored = {0};
    return !hr_blob_stat(writing->format->blob, hr_blob_join(writing->arena, folder, name), &stat,
                         writing->cancel, &ignored);
}

static void look_at(struct hr_writing *writing,
                    const char *folder,
                    bool in_temporary,
                    const struct hr_blob_entry *entry)
{
    struct hr_err ignored = {0};
    const char *name = NULL;
    bool old = false;
    if (!entry->stat.is_dir) {
        if (is_part(entry->name) && is_dead(writing, entry))
            hr_blob_delete(writing->format->blob, entry->location, false, writing->cancel,
                           &ignored);
        return;
    }
    bool whole = is_writers_folder(writing->arena, entry->name, &old, &name);
    bool part = in_temporary && is_uuid(entry->name) && !entry->name[UUID_LEN];
    if (!whole && !part)
        return;
    if ((old && !has_successor(writing, folder, name)) || !is_dead(writing, entry))
        return;
    drop_folder(writing, folder, entry->location);
}

/* One page: a folder of very many names is not searched to its end. in_temporary: the folder is a
 * target's own `_temporary`; elsewhere a name that is a UUID is somebody's data. */
static void sweep(struct hr_writing *writing, const char *folder, bool in_temporary)
{
    struct hr_blob_page page;
    struct hr_blob_list_options options = {.recursive = false};
    struct hr_err ignored = {0};
    if (hr_blob_list(writing->format->blob, writing->arena, folder, &options, &page,
                     writing->cancel, &ignored))
        return;
    for (size_t i = 0; i < page.count; i++)
        look_at(writing, folder, in_temporary, &page.entries[i]);
}

static bool is_due(struct hr_format *format, const char *folder)
{
    int64_t now = (int64_t)(hr_clock_mono_ns() / 1000000);
    pthread_mutex_lock(&format->lock);
    int64_t last = (int64_t)(intptr_t)hr_map_get(&format->swept, folder);
    bool due = !last || now - last > HR_LEFTOVERS_EVERY_MS;
    if (due)
        hr_map_put(&format->swept, folder, (void *)(intptr_t)(now + 1));
    pthread_mutex_unlock(&format->lock);
    return due;
}

void hr_leftovers_sweep(struct hr_writing *writing)
{
    const char *slash = strrchr(writing->target, '/');
    if (!slash ||
        slash == writing->target ||
        !hr_blob_can_rename(writing->target) ||
        !is_due(writing->format, writing->target))
        return;
    const char *temporary = hr_blob_join(writing->arena, writing->target, "_temporary");
    struct hr_err ignored = {0};
    sweep(writing, hr_strndup(writing->arena, writing->target, (size_t)(slash - writing->target)),
          false);
    sweep(writing, writing->target, false);
    sweep(writing, temporary, true);
    /* when nothing is left in it */
    hr_blob_delete(writing->format->blob, temporary, false, writing->cancel, &ignored);
}
