/* Reading an object in ranges, all of one version.
 *
 * Far jumps fetch just what is asked, in parallel ranges, straight into the caller's bytes. Reads
 * that follow each other are a stream: a window of ranges is kept under way ahead of it, small at
 * first and doubling up to the configured size. */
#include "blob/azure/azure.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_FIRST (256u << 10) /* a stream's first window: a small file is one request */
#define DIRECT_LEAST (1u << 20)  /* a piece of a stream this large goes straight to the caller */

struct range {
    struct hr_azure_call call;
    int64_t offset;
    size_t len, taken; /* taken: bytes that reads have had */
    unsigned users;
    bool direct; /* of one read only: not in the list */
    struct range *next;
    struct hr_arena *arena; /* the request's texts */
    char *bytes;            /* direct: the caller's */
};

/* The lock is the outermost of storage's: under it requests are built (which takes the config's,
 * the session's and the blob's, one after the other) and handed to the mover or taken back from it
 * (its lock, the innermost). The mover's thread never asks for it, so a range can be waited for
 * under it when it is freed; reads wait for their bytes without it. */
struct remote {
    pthread_mutex_t lock;
    struct range *ranges; /* by offset, not overlapping */
    struct hr_azure_access access;
    /* of the last read: the next one starting there is a stream's */
    int64_t last_end;
    size_t ahead, held; /* window; bytes of all ranges in the list */
};

enum hr_code hr_azure_open(struct hr_blob_reader *reader, struct hr_err *err)
{
    struct remote *remote = HR_NEW(reader->arena, struct remote);
    if (!*reader->place.path)
        return hr_fail(err, HR_E_INVALID, "'%s' is a container", reader->place.location);
    HR_TRY(hr_azure_access(reader->blob, reader->arena, &reader->place, &remote->access, err));
    if (!reader->stat.etag[0])
        HR_TRY(hr_azure_stat(reader->blob, &reader->place, &reader->stat, reader->cancel, err));
    if (reader->stat.is_dir)
        return hr_fail(err, HR_E_INVALID, "'%s' is a folder", reader->place.location);
    if (!reader->stat.etag[0])
        return hr_fail(err, HR_E_IO,
                       "the account gives no ETag for '%s': its versions cannot be told apart",
                       reader->place.location);
    pthread_mutex_init(&remote->lock, NULL);
    remote->last_end = -1;
    reader->state = remote;
    return HR_OK;
}

/* ---- one range ---- */

static enum hr_code range_start(struct hr_blob_reader *reader,
                                struct range *range,
                                struct hr_err *err)
{
    struct remote *remote = reader->state;
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = hr_azure_call(&range->call, reader->blob, arena, &reader->place,
                                      &remote->access, "GET", reader->place.path, "", err);
    if (!code) {
        char *text = hr_printf(arena, "bytes=%lld-%lld", (long long)range->offset,
                               (long long)range->offset + (long long)range->len - 1);
        hr_azure_header(&range->call, hr_azure_is_dfs(&reader->place) ? "Range" : "x-ms-range",
                        text);
        hr_azure_header(&range->call, "If-Match", reader->stat.etag);
        range->call.transfer.into = range->bytes;
        range->call.transfer.into_len = range->len;
        code = hr_azure_send(&range->call, err);
    }
    if (code)
        hr_arena_free(arena);
    else
        range->arena = arena;
    return code;
}

static enum hr_code changed(const struct hr_blob_reader *reader,
                            const char *how,
                            struct hr_err *err)
{
    if (reader->place.dataset) {
        hr_fail(err, HR_E_CHANGED, "'%s' %s since its dataset was registered",
                reader->place.location, how);
        return hr_fail_hint(
            err,
            "register the dataset again with create_new_version=True, and read the new version");
    }
    hr_fail(err, HR_E_CHANGED, "'%s' %s while it was read", reader->place.location, how);
    return hr_fail_hint(err, "run the query again: it will read the new version");
}

static enum hr_code range_check(const struct hr_blob_reader *reader,
                                const struct range *range,
                                struct hr_err *err)
{
    char etag[HR_BLOB_ETAG_MAX];
    switch (range->call.transfer.status) {
    case 412:
        return changed(reader, "changed", err);
    case 404:
        return changed(reader, "was deleted", err);
    case 416:
        return changed(reader, "became shorter", err);
    case 206:
        break;
    case 200:
        if (range->offset || (int64_t)range->len != reader->stat.size)
            return hr_fail(err, HR_E_IO, "the account answered a range of '%s' with the whole",
                           reader->place.location);
        break;
    default:
        return hr_azure_fail(&range->call, "read", err);
    }
    /* not every proxy honours If-Match: never mix versions */
    if (strcmp(hr_transfer_header(&range->call.transfer, "etag", etag, sizeof etag),
               reader->stat.etag))
        return changed(reader, "changed", err);
    return HR_OK;
}

static enum hr_code range_wait(const struct hr_blob_reader *reader,
                               struct range *range,
                               struct hr_err *err)
{
    HR_TRY(hr_azure_wait(&range->call, reader->cancel, err));
    return range_check(reader, range, err);
}

static void range_free(struct range *range)
{
    hr_mover_cancel(range->call.transfer.mover, &range->call.transfer);
    hr_azure_end(&range->call);
    hr_arena_free(range->arena);
    if (!range->direct)
        free(range->bytes);
    free(range);
}

static struct range *range_new(int64_t offset, size_t len, char *into)
{
    struct range *range = calloc(1, sizeof *range);
    HR_CHECK(range);
    range->offset = offset;
    range->len = len;
    range->direct = into != NULL;
    range->bytes = into ? into : malloc(len);
    if (range->bytes)
        return range;
    free(range);
    return NULL;
}

/* ---- the list, under the lock ---- */

static int64_t end_of(const struct range *range)
{
    return range->offset + (int64_t)range->len;
}

static struct range *covering(struct remote *remote, int64_t offset, int64_t *next_start)
{
    for (struct range *range = remote->ranges; range; range = range->next) {
        if (range->offset > offset) {
            *next_start = range->offset;
            return NULL;
        }
        if (offset < end_of(range))
            return range;
    }
    return NULL;
}

static void insert(struct remote *remote, struct range *range)
{
    struct range **at = &remote->ranges;
    while (*at && (*at)->offset < range->offset)
        at = &(*at)->next;
    range->next = *at;
    *at = range;
    remote->held += range->len;
}

/* Frees what nobody uses: what reads have had whole, what lies well behind (threads that share a
 * reader come a little out of order), and, beyond twice the window, everything far ahead of
 * [offset, end) */
static void trim(struct remote *remote, int64_t offset, int64_t end, size_t most, size_t slack)
{
    for (struct range **at = &remote->ranges; *at;) {
        struct range *range = *at;
        bool passed = range->taken >= range->len || end_of(range) + (int64_t)slack <= offset;
        if (range->users || !(passed || (range->offset >= end && remote->held > most))) {
            at = &range->next;
            continue;
        }
        *at = range->next;
        remote->held -= range->len;
        range_free(range);
    }
}

static void drop_failed(struct remote *remote, struct range *failed)
{
    for (struct range **at = &remote->ranges; *at; at = &(*at)->next)
        if (*at == failed) {
            *at = failed->next;
            remote->held -= failed->len;
            range_free(failed);
            return;
        }
}

/* ---- a read ---- */

struct piece {
    struct range *range;
    int64_t offset;
    size_t len;
};

struct plan {
    struct hr_blob_reader *reader;
    struct piece *pieces;
    size_t count, cap;
    char *bytes;
    int64_t offset;
};

static enum hr_code add_piece(
    struct plan *plan, struct range *range, int64_t offset, size_t len, struct hr_err *err)
{
    if (plan->count == plan->cap) {
        size_t cap = plan->cap ? 2 * plan->cap : 16;
        struct piece *more = realloc(plan->pieces, cap * sizeof *more);
        if (!more)
            return hr_fail(err, HR_E_NOMEM, "no memory to read '%s'", plan->reader->place.location);
        plan->pieces = more;
        plan->cap = cap;
    }
    range->users++;
    plan->pieces[plan->count++] = (struct piece){range, offset, len};
    return HR_OK;
}

static enum hr_code fetch(struct plan *plan,
                          int64_t offset,
                          size_t len,
                          bool direct,
                          struct range **out,
                          struct hr_err *err)
{
    struct range *range =
        range_new(offset, len, direct ? plan->bytes + (offset - plan->offset) : NULL);
    if (!range)
        return hr_fail(err, HR_E_NOMEM, "no memory to read '%s'", plan->reader->place.location);
    enum hr_code code = range_start(plan->reader, range, err);
    if (code) {
        if (!direct)
            free(range->bytes);
        free(range);
        return code;
    }
    if (!direct)
        insert(plan->reader->state, range);
    *out = range;
    return HR_OK;
}

static size_t least(int64_t a, int64_t b)
{
    return (size_t)(a < b ? a : b);
}

/* the pieces of [offset, end): from ranges that are there, or fetched now */
static enum hr_code plan_pieces(struct plan *plan, int64_t end, bool stream, struct hr_err *err)
{
    struct remote *remote = plan->reader->state;
    const struct hr_blob_options *options = &plan->reader->blob->options;
    for (int64_t at = plan->offset; at < end;) {
        int64_t gap_end = plan->reader->stat.size;
        struct range *range = covering(remote, at, &gap_end);
        if (range) {
            size_t len = least(end, end_of(range)) - (size_t)at;
            HR_TRY(add_piece(plan, range, at, len, err));
            at += (int64_t)len;
            continue;
        }
        size_t asked = least(end, gap_end) - (size_t)at;
        bool direct = !stream || asked >= DIRECT_LEAST;
        size_t len = direct ? asked : remote->ahead / 2 > asked ? remote->ahead / 2 : asked;
        len = least((int64_t)least((int64_t)len, (int64_t)options->range_bytes), gap_end - at);
        HR_TRY(fetch(plan, at, len, direct, &range, err));
        len = least((int64_t)len, end - at);
        enum hr_code code = add_piece(plan, range, at, len, err);
        if (code) {
            if (direct)
                range_free(range);
            return code;
        }
        at += (int64_t)len;
    }
    return HR_OK;
}

/* what comes after: not waited for; a failure to start it shows when it is read */
static void plan_ahead(struct plan *plan, int64_t end)
{
    struct remote *remote = plan->reader->state;
    const struct hr_blob_options *options = &plan->reader->blob->options;
    int64_t stop = (int64_t)least(plan->reader->stat.size, end + (int64_t)remote->ahead);
    size_t chunk = remote->ahead / 4 > AHEAD_FIRST ? remote->ahead / 4 : AHEAD_FIRST;
    chunk = chunk < options->range_bytes ? chunk : options->range_bytes;
    /* started in whole chunks once half the window is used up, so that small reads do not make
     * small requests */
    bool refill = stop == plan->reader->stat.size;
    int64_t at = end;
    for (struct range *range; at < stop;) {
        int64_t gap_end = plan->reader->stat.size;
        if ((range = covering(remote, at, &gap_end))) {
            at = end_of(range);
            continue;
        }
        if (!refill && stop - at < (int64_t)remote->ahead / 2)
            return;
        refill = true;
        size_t len = least((int64_t)chunk, gap_end - at);
        if (fetch(plan, at, len, false, &range, NULL))
            return;
        at += (int64_t)len;
    }
}

static bool is_stream(struct remote *remote, int64_t offset, size_t len, bool sequential)
{
    bool follows = offset >= remote->last_end &&
                   offset - remote->last_end <= 64 * 1024 &&
                   remote->last_end >= 0;
    bool inside = false;
    for (struct range *range = remote->ranges; range && !inside; range = range->next)
        inside = offset >= range->offset && offset < end_of(range);
    remote->last_end = offset + (int64_t)len;
    return sequential || follows || inside || offset == 0;
}

static enum hr_code gather(struct plan *plan, size_t *got, struct hr_err *err)
{
    struct remote *remote = plan->reader->state;
    enum hr_code code = HR_OK;
    *got = 0;
    for (size_t i = 0; i < plan->count; i++) {
        struct piece *piece = &plan->pieces[i];
        enum hr_code one = code ? code : range_wait(plan->reader, piece->range, err);
        if (!one && !piece->range->direct)
            memcpy(plan->bytes + (piece->offset - plan->offset),
                   piece->range->bytes + (piece->offset - piece->range->offset), piece->len);
        if (!one)
            *got += piece->len;
        pthread_mutex_lock(&remote->lock);
        piece->range->users--;
        piece->range->taken += one ? 0 : piece->len;
        if (piece->range->direct)
            range_free(piece->range);
        else if (one && one != code && !piece->range->users)
            drop_failed(remote, piece->range);
        pthread_mutex_unlock(&remote->lock);
        code = one;
    }
    return code;
}

enum hr_code hr_azure_read_at(struct hr_blob_reader *reader,
                              void *bytes,
                              size_t len,
                              int64_t offset,
                              bool sequential,
                              size_t *got,
                              struct hr_err *err)
{
    struct remote *remote = reader->state;
    struct plan plan = {.reader = reader, .bytes = bytes, .offset = offset};
    int64_t end = offset + (int64_t)len;
    size_t window = reader->blob->options.read_ahead_bytes;
    pthread_mutex_lock(&remote->lock);
    bool stream = is_stream(remote, offset, len, sequential);
    if (stream) {
        remote->ahead = remote->ahead ? remote->ahead : sequential ? 4 * AHEAD_FIRST : AHEAD_FIRST;
        remote->ahead = remote->ahead < window ? remote->ahead : window;
    }
    trim(remote, offset, end + (int64_t)window, 2 * window, window);
    enum hr_code code = plan_pieces(&plan, end, stream, err);
    if (stream && !code) {
        plan_ahead(&plan, end);
        remote->ahead = 2 * remote->ahead < window ? 2 * remote->ahead : window;
    }
    pthread_mutex_unlock(&remote->lock);
    if (code) { /* what was started for this read is let go */
        pthread_mutex_lock(&remote->lock);
        for (size_t i = 0; i < plan.count; i++) {
            plan.pieces[i].range->users--;
            if (plan.pieces[i].range->direct)
                range_free(plan.pieces[i].range);
        }
        pthread_mutex_unlock(&remote->lock);
    } else {
        code = gather(&plan, got, err);
    }
    free(plan.pieces);
    return code;
}

void hr_azure_read_ahead(struct hr_blob_reader *reader)
{
    struct remote *remote = reader->state;
    struct plan plan = {.reader = reader};
    pthread_mutex_lock(&remote->lock);
    if (!remote->ahead) { /* nobody has read it yet */
        remote->ahead = AHEAD_FIRST < reader->blob->options.read_ahead_bytes
                            ? AHEAD_FIRST
                            : reader->blob->options.read_ahead_bytes;
        plan_ahead(&plan, 0);
    }
    pthread_mutex_unlock(&remote->lock);
}

void hr_azure_close(struct hr_blob_reader *reader)
{
    struct remote *remote = reader->state;
    for (struct range *range = remote->ranges, *next; range; range = next) {
        next = range->next;
        range_free(range);
    }
    pthread_mutex_destroy(&remote->lock);
}
