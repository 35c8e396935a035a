#include "mount/files.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024u /* of the lanes' table */
#define LANES_MAX \
    128u /* idle ones beyond this are closed at once: each may hold a read-ahead window */
#define LANES_A_FILE \
    6u /* readers of one file at different places do not spoil each other's window */
#define NEAR_BEHIND                                                                          \
    (4 << 20) /* a read so near to a lane's last is its: the kernel's own read-ahead comes a \
                 little out of order */
#define NEAR_AHEAD (40 << 20)
#define IDLE_MS 2000
#define SMALL_BYTES (256 << 10) /* a file that one request fetches whole */
#define RUN_NEAR 8u   /* several threads that read a folder in order come so far out of it */
#define RUN_LEAST 3u  /* files read in order before the next ones are fetched */
#define RUN_AHEAD 32u /* how many of them at most */
#define BEFORE_END_MS \
    1000 /* credentials that end so soon are not read with, when there are newer ones */
#define TROUBLE_PAUSE_MS 100

struct lane {
    uint32_t node;
    unsigned generation, users;
    bool listed;         /* in the table; else the last user closes it */
    int64_t ends_ms, at; /* at: where it was read last */
    uint64_t used_ns;
    struct hr_blob_reader *reader;
    struct lane *next, *newer, *older; /* in its bucket; in the order of use */
};

struct hr_files {
    struct hr_files_options options;
    pthread_mutex_t lock;
    struct lane *buckets[BUCKETS], *newest, *oldest;
    unsigned lanes, opened;
    uint8_t *was_read; /* a bit a node */
    /* small files read one after the other: the last, and the last fetched ahead */
    uint32_t run_at, run_fetched;
    unsigned run;         /* how many so far */
    struct hr_map errors; /* node, as text -> text */
    atomic_bool has_errors;
};

/* ---- the table of lanes, under the lock ---- */

static void list_lane(struct hr_files *files, struct lane *lane)
{
    struct lane **bucket = &files->buckets[lane->node % BUCKETS];
    lane->next = *bucket;
    *bucket = lane;
    lane->listed = true;
    lane->newer = NULL;
    lane->older = files->newest;
    *(files->newest ? &files->newest->newer : &files->oldest) = lane;
    files->newest = lane;
    files->lanes++;
}

static void unlist_lane(struct hr_files *files, struct lane *lane)
{
    struct lane **at = &files->buckets[lane->node % BUCKETS];
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    *(lane->newer ? &lane->newer->older : &files->newest) = lane->older;
    *(lane->older ? &lane->older->newer : &files->oldest) = lane->newer;
    lane->listed = false;
    files->lanes--;
}

/* the file's lane near this place; else, when it has all it may have, the one used longest ago;
 * NULL: it may have a new one */
static struct lane *find_lane(struct hr_files *files, uint32_t node, int64_t offset)
{
    struct lane *oldest = NULL;
    unsigned count = 0;
    for (struct lane *lane = files->buckets[node % BUCKETS]; lane; lane = lane->next) {
        if (lane->node != node)
            continue;
        if (offset >= lane->at - NEAR_BEHIND && offset <= lane->at + NEAR_AHEAD)
            return lane;
        if (!oldest || lane->used_ns < oldest->used_ns)
            oldest = lane;
        count++;
    }
    return count < LANES_A_FILE ? NULL : oldest;
}

/* an idle lane that may go, taken out; NULL: none */
static struct lane *take_idle(struct hr_files *files, uint64_t now_ns)
{
    for (struct lane *lane = files->oldest; lane; lane = lane->newer)
        if (!lane->users &&
            (files->lanes > LANES_MAX || now_ns - lane->used_ns > IDLE_MS * 1000000ull)) {
            unlist_lane(files, lane);
            return lane;
        }
    return NULL;
}

static void close_lane(struct lane *lane)
{
    hr_blob_close(lane->reader); /* may wait for requests under way: never under the lock */
    free(lane);
}

bool hr_files_tidy(struct hr_files *files)
{
    for (bool closed = false;; closed = true) {
        pthread_mutex_lock(&files->lock);
        struct lane *lane = take_idle(files, hr_clock_mono_ns());
        bool none = !files->lanes;
        pthread_mutex_unlock(&files->lock);
        if (!lane)
            return closed && none;
        close_lane(lane);
    }
}

/* ---- a lane for a read ---- */

static enum hr_code open_lane(struct hr_files *files,
                              uint32_t node,
                              unsigned generation,
                              int64_t ends_ms,
                              struct lane **out,
                              struct hr_err *err)
{
    const struct hr_mount_tree_node *file = &files->options.tree->nodes[node];
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_blob_stat known = {.size = file->size, .mtime_ms = file->mtime_ms};
    struct lane *lane = calloc(1, sizeof *lane);
    HR_CHECK(lane);
    /* listings leave them out */
    const char *etag = hr_mount_tree_etag(files->options.tree, node),
               *quote = *etag == '"' || !strncmp(etag, "W/", 2) ? "" : "\"";
    snprintf(known.etag, sizeof known.etag, "%s%s%s", quote, etag, quote);
    *lane = (struct lane){.node = node, .generation = generation, .ends_ms = ends_ms};
    struct hr_blob *blob = files->options.blobs[files->opened++ % files->options.blob_count];
    enum hr_code code =
        hr_blob_open(blob, hr_mount_tree_location(files->options.tree, scratch, node), &known,
                     files->options.cancel, &lane->reader, err);
    hr_arena_free(scratch);
    if (code)
        free(lane);
    else
        *out = lane;
    return code;
}

static bool is_stale(const struct lane *lane, unsigned generation)
{
    return lane->generation != generation && lane->ends_ms - BEFORE_END_MS < hr_clock_ms();
}

static enum hr_code acquire(struct hr_files *files,
                            uint32_t node,
                            int64_t offset,
                            struct lane **out,
                            unsigned *made_with,
                            struct hr_err *err)
{
    unsigned generation;
    int64_t ends_ms;
    enum hr_code code = hr_credentials_now(files->options.credentials, &generation, &ends_ms, err);
    *made_with = generation;
    if (code)
        return code;
    pthread_mutex_lock(&files->lock);
    struct lane *lane = find_lane(files, node, offset), *gone = NULL;
    /* a new reader should not wait for the last one's wide window */
    bool again = lane && !offset && lane->at && !lane->users;
    if (lane && (again || is_stale(lane, generation))) {
        unlist_lane(files, lane);
        gone = lane->users ? NULL : lane;
        lane = NULL;
    }
    if (lane)
        unlist_lane(files, lane); /* and listed again as the newest */
    else
        code = open_lane(files, node, generation, ends_ms, &lane, err);
    if (!code) {
        list_lane(files, lane);
        lane->users++;
        lane->at = offset;
        lane->used_ns = hr_clock_mono_ns();
        *made_with = lane->generation;
        files->was_read[node / 8] |= (uint8_t)(1u << node % 8);
        *out = lane;
    }
    struct lane *idle = files->lanes > LANES_MAX ? take_idle(files, hr_clock_mono_ns()) : NULL;
    pthread_mutex_unlock(&files->lock);
    if (gone)
        close_lane(gone);
    if (idle)
        close_lane(idle);
    return code;
}

static void release(struct hr_files *files, struct lane *lane, bool drop)
{
    pthread_mutex_lock(&files->lock);
    if (drop && lane->listed)
        unlist_lane(files, lane);
    lane->used_ns = hr_clock_mono_ns();
    bool last = !--lane->users && !lane->listed;
    pthread_mutex_unlock(&files->lock);
    if (last)
        close_lane(lane);
}

/* ---- small files read in the order of their names: the next ones are fetched before they are
 * asked for ---- */

/* [*from, *to) are the nodes to fetch now */
static void extend_run(struct hr_files *files, uint32_t node, uint32_t *from, uint32_t *to)
{
    const struct hr_mount_tree_node *folder =
        &files->options.tree->nodes[files->options.tree->nodes[node].parent];
    uint32_t end = folder->first + folder->count;
    pthread_mutex_lock(&files->lock);
    bool forward = node > files->run_at && node - files->run_at <= RUN_NEAR,
         behind = node <= files->run_at && files->run_at - node <= RUN_NEAR;
    if (!forward && !behind) {
        files->run = 0;
        files->run_fetched = node;
    }
    files->run += forward;
    files->run_at = forward || !behind ? node : files->run_at;
    unsigned depth = files->run < RUN_LEAST ? 0 : files->run < RUN_AHEAD ? files->run : RUN_AHEAD;
    *from = files->run_fetched >= node ? files->run_fetched + 1 : node + 1;
    *to = end - node > depth ? node + 1 + depth : end;
    if (*to > *from)
        files->run_fetched = *to - 1;
    pthread_mutex_unlock(&files->lock);
}

static void fetch_one(struct hr_files *files, uint32_t node)
{
    struct lane *lane = NULL;
    unsigned generation;
    int64_t ends_ms, size = files->options.tree->nodes[node].size;
    if (hr_mount_tree_is_folder(files->options.tree, node) ||
        !size ||
        size > SMALL_BYTES ||
        hr_credentials_now(files->options.credentials, &generation, &ends_ms, NULL))
        return;
    pthread_mutex_lock(&files->lock);
    if (!find_lane(files, node, 0) && !open_lane(files, node, generation, ends_ms, &lane, NULL)) {
        list_lane(files, lane);
        lane->used_ns = hr_clock_mono_ns();
        lane->users++;
    }
    pthread_mutex_unlock(&files->lock);
    if (!lane)
        return;
    hr_blob_read_ahead(lane->reader);
    release(files, lane, false);
}

static void fetch_ahead(struct hr_files *files, uint32_t node)
{
    uint32_t from, to;
    extend_run(files, node, &from, &to);
    for (; from < to; from++)
        fetch_one(files, from);
}

/* ---- what a read says ---- */

static void key_of(uint32_t node, char key[static 16])
{
    snprintf(key, 16, "%u", node);
}

static void remember(struct hr_files *files,
                     uint32_t node,
                     enum hr_code code,
                     const struct hr_err *err)
{
    char key[16], *text = NULL;
    key_of(node, key);
    if (code && code != HR_E_CANCELLED)
        HR_CHECK(asprintf(&text, "%s", err->msg) >= 0);
    pthread_mutex_lock(&files->lock);
    const char *before = files->errors.count ? hr_map_get(&files->errors, key) : NULL;
    bool news = text && (!before || strcmp(before, text));
    char *old = text              ? hr_map_put(&files->errors, key, text)
                : before && !code ? hr_map_remove(&files->errors, key)
                                  : NULL;
    atomic_store(&files->has_errors, files->errors.count > 0);
    pthread_mutex_unlock(&files->lock);
    if (news) { /* a reader that tries again and again makes one line */
        struct hr_arena *scratch = hr_arena_new(NULL);
        hr_log(HR_LOG_ERROR, "mount.read", "path",
               hr_mount_tree_path(files->options.tree, scratch, node), "code",
               hr_code_info(code)->name, "why", err->msg, NULL);
        hr_arena_free(scratch);
    }
    free(old);
}

char *hr_files_error(struct hr_files *files, struct hr_arena *arena, uint32_t node)
{
    char key[16];
    key_of(node, key);
    pthread_mutex_lock(&files->lock);
    char *text = hr_strdup(arena, files->errors.count ? hr_map_get(&files->errors, key) : NULL);
    pthread_mutex_unlock(&files->lock);
    return text;
}

static enum hr_code changed(struct hr_files *files,
                            uint32_t node,
                            const char *how,
                            struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *location = hr_mount_tree_location(files->options.tree, scratch, node);
    hr_fail(err, HR_E_CHANGED, "'%s' %s since the dataset's version was registered (%s)", location,
            how, hr_mount_tree_etag(files->options.tree, node));
    hr_arena_free(scratch);
    return HR_E_CHANGED;
}

/* ---- reading ---- */

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Is another attempt worth it? HR_OK: yes. The account may have moved, the credentials may have
 * ended. */
static enum hr_code after_trouble(struct hr_files *files,
                                  unsigned generation,
                                  enum hr_code trouble,
                                  uint64_t deadline,
                                  struct hr_err *err)
{
    struct hr_err why = {0};
    const struct hr_blob_cancel *cancel = files->options.cancel;
    if (hr_clock_mono_ns() >= deadline)
        return trouble;
    enum hr_code code =
        hr_credentials_newer(files->options.credentials, generation, deadline, cancel, &why);
    if (!code)
        return HR_OK;
    /* no server to ask: the account may come back */
    if (code == HR_E_UNAVAILABLE && trouble == HR_E_STORAGE_DOWN && hr_clock_mono_ns() < deadline) {
        pause_ms(TROUBLE_PAUSE_MS);
        return cancel && cancel->cancelled(cancel->arg) ? HR_E_CANCELLED : HR_OK;
    }
    if (code == HR_E_UNAVAILABLE) {
        size_t used = strlen(err->msg);
        snprintf(err->msg + used, sizeof err->msg - used, "; %s", why.msg);
        return trouble;
    }
    *err = why;
    return code;
}

/* one attempt; *generation: with what it was made */
static enum hr_code attempt(struct hr_files *files,
                            uint32_t node,
                            void *bytes,
                            size_t len,
                            int64_t offset,
                            size_t *got,
                            unsigned *generation,
                            struct hr_err *err)
{
    struct lane *lane = NULL;
    HR_TRY(acquire(files, node, offset, &lane, generation, err));
    enum hr_code code = hr_blob_read_at(lane->reader, bytes, len, offset, got, err);
    /* the kernel has it all and will not ask again */
    bool whole = !offset && (int64_t)len >= files->options.tree->nodes[node].size;
    release(files, lane, whole || (code && code != HR_E_CANCELLED));
    return code;
}

static enum hr_code read_patiently(struct hr_files *files,
                                   uint32_t node,
                                   void *bytes,
                                   size_t len,
                                   int64_t offset,
                                   size_t *got,
                                   struct hr_err *err)
{
    uint64_t deadline = hr_clock_mono_ns() + (uint64_t)files->options.patience_ms * 1000000;
    for (unsigned generation = 0, refused = 0;;) {
        enum hr_code code = attempt(files, node, bytes, len, offset, got, &generation, err);
        if (code == HR_E_CHANGED)
            return changed(files, node, strstr(err->msg, "was deleted") ? "was deleted" : "changed",
                           err);
        if (code == HR_E_NOT_FOUND)
            return changed(files, node, "was deleted", err);
        if (code != HR_E_STORAGE_DENIED && code != HR_E_STORAGE_DOWN)
            return code;
        if (code == HR_E_STORAGE_DENIED && refused++ > 1) /* with fresh credentials too */
            return code;
        HR_TRY(after_trouble(files, generation, code, deadline, err));
    }
}

enum hr_code hr_files_read(struct hr_files *files,
                           uint32_t node,
                           void *bytes,
                           size_t len,
                           int64_t offset,
                           size_t *got,
                           struct hr_err *err)
{
    int64_t size = files->options.tree->nodes[node].size;
    *got = 0;
    if (offset >= size)
        return HR_OK;
    len = (int64_t)len < size - offset ? len : (size_t)(size - offset);
    if (!offset && size <= SMALL_BYTES)
        fetch_ahead(files, node);
    enum hr_code code = read_patiently(files, node, bytes, len, offset, got, err);
    if (!code && *got < len)
        code = hr_fail(err, HR_E_IO, "the account gave %zu bytes instead of %zu", *got, len);
    if (code || atomic_load(&files->has_errors))
        remember(files, node, code, err);
    return code;
}

/* ---- life ---- */

struct hr_files *hr_files_new(const struct hr_files_options *options)
{
    struct hr_files *files = calloc(1, sizeof *files);
    HR_CHECK(files);
    files->options = *options;
    files->was_read = calloc(options->tree->count / 8 + 1, 1);
    HR_CHECK(files->was_read);
    pthread_mutex_init(&files->lock, NULL);
    hr_map_init(&files->errors);
    return files;
}

void hr_files_free(struct hr_files *files)
{
    while (files->oldest) {
        struct lane *lane = files->oldest;
        unlist_lane(files, lane);
        close_lane(lane);
    }
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(&files->errors, entry));)
        free(entry->value);
    hr_map_release(&files->errors);
    pthread_mutex_destroy(&files->lock);
    free(files->was_read);
    free(files);
}

void hr_files_each_read(struct hr_files *files, void (*visit)(uint32_t node, void *arg), void *arg)
{
    for (uint32_t node = 0; node < files->options.tree->count; node++)
        if (files->was_read[node / 8] & (1u << node % 8))
            visit(node, arg);
}
