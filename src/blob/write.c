/* Writers and stages: what is common to the backends. */
#include "blob/backend.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hr_blob_stage {
    struct hr_blob *blob;
    struct hr_arena *arena;
    const char *folder;             /* normal */
    struct hr_blob_writer *writers; /* finished, not yet published */
    size_t count;
    struct hr_blob_stage *next; /* blob->stages */
};

enum hr_code hr_blob_create(struct hr_blob *blob,
                            const char *location,
                            const struct hr_blob_write_options *options,
                            const struct hr_blob_cancel *cancel,
                            struct hr_blob_writer **out,
                            struct hr_err *err)
{
    static const struct hr_blob_write_options overwrite = {.overwrite = true};
    options = options ? options : &overwrite;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_writer *writer = HR_NEW(arena, struct hr_blob_writer);
    *writer = (struct hr_blob_writer){
        .blob = blob, .arena = arena, .cancel = cancel, .options.overwrite = options->overwrite};
    snprintf(writer->options.if_match, sizeof writer->options.if_match, "%s",
             options->if_match ? options->if_match : "");
    snprintf(writer->options.content_type, sizeof writer->options.content_type, "%s",
             options->content_type ? options->content_type : "application/octet-stream");
    enum hr_code code = hr_blob_place_parse(blob, arena, location, &writer->place, err);
    writer->backend = writer->place.backend;
    if (!code)
        code = hr_blob_check_writable(&writer->place, err);
    if (!code && hr_blob_is_container(&writer->place))
        code =
            hr_fail(err, HR_E_INVALID, "'%s' is a container, not a file", writer->place.location);
    if (!code)
        code = writer->backend->create(writer, err);
    if (code)
        hr_arena_free(arena);
    else
        *out = writer;
    return code;
}

enum hr_code hr_blob_write(struct hr_blob_writer *writer,
                           const void *bytes,
                           size_t len,
                           struct hr_err *err)
{
    HR_TRY(hr_blob_check_cancel(writer->cancel, writer->place.location, err));
    HR_TRY(writer->backend->write(writer, bytes, len, err));
    writer->written += (int64_t)len;
    return HR_OK;
}

int64_t hr_blob_written(const struct hr_blob_writer *writer)
{
    return writer->written;
}

void hr_blob_abort(struct hr_blob_writer *writer)
{
    if (!writer)
        return;
    writer->backend->drop(writer);
    hr_arena_free(writer->arena);
}

static bool under(const char *location, const char *folder)
{
    size_t len = strlen(folder);
    return !strncmp(location, folder, len) &&
           (location[len] == '/' || (len && folder[len - 1] == '/'));
}

/* the innermost open stage that covers the location, or NULL; the lock is held */
static struct hr_blob_stage *stage_of(struct hr_blob *blob, const char *location)
{
    struct hr_blob_stage *best = NULL;
    for (struct hr_blob_stage *stage = blob->stages; stage; stage = stage->next)
        if (under(location, stage->folder) &&
            (!best || strlen(stage->folder) > strlen(best->folder)))
            best = stage;
    return best;
}

static bool is_staged(struct hr_blob *blob, const char *location)
{
    pthread_mutex_lock(&blob->lock);
    bool staged = stage_of(blob, location) != NULL;
    pthread_mutex_unlock(&blob->lock);
    return staged;
}

enum hr_code hr_blob_commit(struct hr_blob_writer *writer,
                            struct hr_blob_stat *stat,
                            struct hr_err *err)
{
    struct hr_blob *blob = writer->blob;
    struct hr_blob_stat ignored;
    stat = stat ? stat : &ignored;
    *stat = (struct hr_blob_stat){.size = writer->written};
    bool staged = is_staged(blob, writer->place.location);
    enum hr_code code = writer->backend->finish(writer, staged, err);
    if (!code && staged) {
        pthread_mutex_lock(&blob->lock);
        struct hr_blob_stage *stage = stage_of(blob, writer->place.location);
        if (stage) {
            /* the statement that wrote it may be over when the stage commits */
            writer->cancel = NULL;
            writer->next = stage->writers;
            stage->writers = writer;
            stage->count++;
        } else {
            code =
                hr_fail(err, HR_E_CANCELLED, "the output of '%s' was given up while it was written",
                        writer->place.location);
        }
        pthread_mutex_unlock(&blob->lock);
        if (!code)
            return HR_OK;
    }
    if (!code)
        code = writer->backend->publish(writer, stat, err);
    hr_blob_abort(writer);
    return code;
}

enum hr_code hr_blob_put(struct hr_blob *blob,
                         const char *location,
                         const void *bytes,
                         size_t len,
                         const struct hr_blob_write_options *options,
                         const struct hr_blob_cancel *cancel,
                         struct hr_err *err)
{
    struct hr_blob_writer *writer;
    HR_TRY(hr_blob_create(blob, location, options, cancel, &writer, err));
    enum hr_code code = hr_blob_write(writer, bytes, len, err);
    if (!code)
        return hr_blob_commit(writer, NULL, err);
    hr_blob_abort(writer);
    return code;
}

/* ---- stages ---- */

enum hr_code hr_blob_stage_begin(struct hr_blob *blob,
                                 const char *folder,
                                 struct hr_blob_stage **out,
                                 struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_blob_place place;
    enum hr_code code = hr_blob_place_parse(blob, arena, folder, &place, err);
    if (code) {
        hr_arena_free(arena);
        return code;
    }
    struct hr_blob_stage *stage = HR_NEW(arena, struct hr_blob_stage);
    *stage = (struct hr_blob_stage){.blob = blob, .arena = arena, .folder = place.location};
    pthread_mutex_lock(&blob->lock);
    stage->next = blob->stages;
    blob->stages = stage;
    pthread_mutex_unlock(&blob->lock);
    *out = stage;
    return HR_OK;
}

size_t hr_blob_stage_count(const struct hr_blob_stage *stage)
{
    pthread_mutex_lock(&stage->blob->lock);
    size_t count = stage->count;
    pthread_mutex_unlock(&stage->blob->lock);
    return count;
}

static void detach(struct hr_blob_stage *stage)
{
    struct hr_blob *blob = stage->blob;
    pthread_mutex_lock(&blob->lock);
    struct hr_blob_stage **at = &blob->stages;
    while (*at != stage)
        at = &(*at)->next;
    *at = stage->next;
    pthread_mutex_unlock(&blob->lock);
}

static int by_location(const void *a, const void *b)
{
    return strcmp((*(struct hr_blob_writer *const *)a)->place.location,
                  (*(struct hr_blob_writer *const *)b)->place.location);
}

enum hr_code hr_blob_stage_commit(struct hr_blob_stage *stage,
                                  const struct hr_blob_cancel *cancel,
                                  struct hr_err *err)
{
    detach(stage);
    struct hr_blob_writer **writers =
        HR_NEW_ARRAY(stage->arena, struct hr_blob_writer *, stage->count + 1);
    size_t count = 0, done = 0;
    for (struct hr_blob_writer *writer = stage->writers; writer; writer = writer->next)
        writers[count++] = writer;
    qsort(writers, count, sizeof *writers, by_location);
    enum hr_code code = HR_OK;
    for (; done < count && !code; done += !code) {
        struct hr_blob_stat stat;
        code = hr_blob_check_cancel(cancel, writers[done]->place.location, err);
        writers[done]->cancel = cancel;
        if (!code)
            code = writers[done]->backend->publish(writers[done], &stat, err);
    }
    for (size_t i = 0; code && i < done; i++)
        writers[i]->backend->remove(stage->blob, &writers[i]->place, false, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        hr_blob_abort(writers[i]);
    hr_arena_free(stage->arena);
    return code;
}

void hr_blob_stage_abort(struct hr_blob_stage *stage)
{
    if (!stage)
        return;
    detach(stage);
    for (struct hr_blob_writer *writer = stage->writers, *next; writer; writer = next) {
        next = writer->next;
        hr_blob_abort(writer);
    }
    hr_arena_free(stage->arena);
}
