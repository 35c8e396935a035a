/* How all that a write made becomes visible at once.
 *
 * Where the store can rename (local, abfs), everything is written into a hidden folder beside the
 * target and moved over it as the last step: a reader sees the old folder or the new one. Appending
 * moves file by file. Where it cannot (wasb), and for the root of a container, which nothing can
 * stand beside, a stage holds back every commit and then makes them, one short request a file; what
 * is overwritten is deleted behind that. _SUCCESS is last. */
#include "host/format/files/write.h"
#include "host/format/files/leftovers.h"
#include "base/map.h"
#include <stdio.h>

static enum hr_code drop(struct hr_writing *writing,
                         const char *location,
                         bool recursive,
                         struct hr_err *err)
{
    enum hr_code code = hr_blob_delete(writing->format->blob, location, recursive, NULL, err);
    return code == HR_E_NOT_FOUND ? HR_OK : code;
}

static enum hr_code put_success(struct hr_writing *writing, const char *folder, struct hr_err *err)
{
    return hr_blob_put(writing->format->blob, hr_blob_join(writing->arena, folder, HR_WRITER_MARK),
                       "", 0, NULL, writing->cancel, err);
}

/* The folder `made` takes the place of `target`: in one step where the storage exchanges folders,
 * elsewhere by two renames, the old data first out of the way. */
static enum hr_code swap_folders(struct hr_writing *writing,
                                 const char *made,
                                 const char *target,
                                 struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    enum hr_code code = hr_blob_exchange(blob, made, target, writing->cancel, err);
    if (!code)
        return drop(writing, made, true, err);
    if (code != HR_E_UNSUPPORTED)
        return code;
    const char *old = hr_printf(writing->arena, "%s.old", made);
    struct hr_err ignored = {0};
    HR_TRY(hr_blob_rename(blob, target, old, false, writing->cancel, err));
    code = hr_blob_rename(blob, made, target, false, writing->cancel, err);
    if (code) {
        hr_blob_rename(blob, old, target, false, NULL, &ignored);
        return code;
    }
    return drop(writing, old, true, err);
}

/* the folders of a page's files, each once; `mark` (may be NULL) must be in the file's name */
static struct hr_names folders_of(struct hr_writing *writing,
                                  const struct hr_blob_page *page,
                                  const char *mark)
{
    struct hr_names folders = {HR_NEW_ARRAY(writing->arena, const char *, page->count + 1), 0};
    struct hr_map seen;
    hr_map_init(&seen);
    for (size_t i = 0; i < page->count; i++) {
        const char *name = page->entries[i].name, *slash = strrchr(name, '/');
        if (page->entries[i].stat.is_dir || !slash || (mark && !strstr(slash, mark)))
            continue;
        const char *folder = hr_strndup(writing->arena, name, (size_t)(slash - name));
        if (!hr_map_put(&seen, folder, writing))
            folders.at[folders.count++] = folder;
    }
    hr_map_release(&seen);
    return folders;
}

/* each partition folder that was written takes the place of the old one; the others stay */
static enum hr_code swap_partitions(struct hr_writing *writing, struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    struct hr_blob_page page;
    struct hr_blob_stat stat;
    HR_TRY(
        hr_blob_list_all(blob, writing->arena, writing->place, true, &page, writing->cancel, err));
    struct hr_names folders = folders_of(writing, &page, NULL);
    for (size_t i = 0; i < folders.count; i++) {
        const char *made = hr_blob_join(writing->arena, writing->place, folders.at[i]),
                   *target = hr_blob_join(writing->arena, writing->target, folders.at[i]);
        enum hr_code code = hr_blob_stat(blob, target, &stat, writing->cancel, err);
        if (code && code != HR_E_NOT_FOUND)
            return code;
        if (!code) {
            HR_TRY(swap_folders(writing, made, target, err));
            continue;
        }
        HR_TRY(hr_blob_mkdir(blob, hr_files_parent(writing->arena, target), writing->cancel, err));
        HR_TRY(hr_blob_rename(blob, made, target, false, writing->cancel, err));
    }
    HR_TRY(drop(writing, writing->place, true, err));
    return put_success(writing, writing->target, err);
}

static enum hr_code move_files(struct hr_writing *writing, struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    struct hr_blob_page page;
    HR_TRY(
        hr_blob_list_all(blob, writing->arena, writing->place, true, &page, writing->cancel, err));
    for (size_t i = 0; i < page.count; i++) {
        if (page.entries[i].stat.is_dir || !strcmp(page.entries[i].name, HR_WRITER_MARK))
            continue;
        const char *to = hr_blob_join(writing->arena, writing->target, page.entries[i].name);
        if (strchr(page.entries[i].name, '/'))
            HR_TRY(hr_blob_mkdir(blob, hr_files_parent(writing->arena, to), writing->cancel, err));
        HR_TRY(hr_blob_rename(blob, page.entries[i].location, to, false, writing->cancel, err));
    }
    HR_TRY(drop(writing, writing->place, true, err));
    return put_success(writing, writing->target, err);
}

static enum hr_code run(struct hr_writing *writing, struct hr_err *err)
{
    return writing->text ? hr_write_texts(writing, err) : hr_parquet_write(writing, err);
}

/* is the folder the one that was made, with all that was written to it? */
static enum hr_code check_mark(struct hr_writing *writing, struct hr_err *err)
{
    struct hr_blob_stat stat;
    enum hr_code code = hr_blob_stat(writing->format->blob,
                                     hr_blob_join(writing->arena, writing->place, HR_WRITER_MARK),
                                     &stat, writing->cancel, err);
    if (code != HR_E_NOT_FOUND)
        return code;
    hr_fail(err, HR_E_NOT_FOUND, "the folder in which '%s' was written was removed meanwhile: '%s'",
            writing->target, writing->place);
    return hr_fail_hint(
        err,
        "nothing was changed; write again. Folders of writers are removed as left behind when nothing in them changed for a day");
}

static enum hr_code check_mark_after(struct hr_writing *writing,
                                     enum hr_code code,
                                     struct hr_err *err)
{
    struct hr_err gone = {0};
    enum hr_code marked = check_mark(writing, &gone);
    if (!marked)
        return code;
    if (err)
        *err = gone;
    return marked;
}

/* The target was not there when the write began, and is there now: another writer was quicker. As
 * if it had been there at the start. */
static enum hr_code come_second(struct hr_writing *writing, struct hr_err *err)
{
    switch (writing->write->mode) {
    case HR_SAVE_APPEND:
        return move_files(writing, err);
    case HR_SAVE_OVERWRITE:
        return writing->dynamic ? swap_partitions(writing, err)
                                : swap_folders(writing, writing->place, writing->target, err);
    case HR_SAVE_IGNORE:
        return drop(writing, writing->place, true, err);
    default:
        return hr_fail_spark(err, "PATH_ALREADY_EXISTS", "outputPath",
                             hr_files_spark_path(writing->arena, writing->target), NULL);
    }
}

static enum hr_code put_first(struct hr_writing *writing, struct hr_err *err)
{
    enum hr_code code = hr_blob_rename(writing->format->blob, writing->place, writing->target,
                                       false, writing->cancel, err);
    return code == HR_E_EXISTS ? come_second(writing, err) : code;
}

enum hr_code hr_commit_renaming(struct hr_writing *writing, bool exists, struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    bool dynamic = exists && writing->dynamic,
         append = exists && (writing->write->mode == HR_SAVE_APPEND || dynamic);
    const char *temporary = hr_blob_join(writing->arena, writing->target, "_temporary");
    writing->place =
        append ? hr_blob_join(writing->arena, temporary, writing->uuid)
               : hr_blob_join(writing->arena, hr_files_parent(writing->arena, writing->target),
                              hr_printf(writing->arena, "_temporary-%s-%s",
                                        hr_files_name(writing->target), writing->uuid));
    enum hr_code code = hr_blob_mkdir(blob, writing->place, writing->cancel, err);
    if (!code)
        code = put_success(writing, writing->place, err);
    if (!code)
        code = run(writing, err);
    if (!code || code == HR_E_NOT_FOUND) /* a file that is gone went with the folder */
        code = check_mark_after(writing, code, err);
    if (!code)
        code = dynamic  ? swap_partitions(writing, err)
               : append ? move_files(writing, err)
               : exists ? swap_folders(writing, writing->place, writing->target, err)
                        : put_first(writing, err);
    struct hr_err ignored = {0};
    if (code)
        drop(writing, writing->place, true, &ignored);
    if (append)
        drop(writing, temporary, false, &ignored); /* stays while another writer is in it */
    if (!code)
        hr_leftovers_sweep(writing);
    return code;
}

/* folders that hold nothing any more, where the store has folders; deepest first, as they are
 * listed behind what holds them */
static void drop_empty(struct hr_writing *writing, const struct hr_blob_page *old)
{
    struct hr_err ignored = {0};
    for (size_t i = old->count; i-- > 0;)
        if (old->entries[i].stat.is_dir)
            drop(writing, old->entries[i].location, false, &ignored);
}

enum hr_code hr_commit_staged(struct hr_writing *writing, bool exists, struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    struct hr_blob_page old = {0};
    if (exists && writing->write->mode == HR_SAVE_OVERWRITE)
        HR_TRY(hr_blob_list_all(blob, writing->arena, writing->target, true, &old, writing->cancel,
                                err));
    struct hr_blob_stage *stage;
    writing->place = writing->target;
    HR_TRY(hr_blob_stage_begin(blob, writing->target, &stage, err));
    enum hr_code code = run(writing, err);
    if (code) {
        hr_blob_stage_abort(stage);
        return code;
    }
    HR_TRY(hr_blob_stage_commit(stage, writing->cancel, err));
    struct hr_map written;
    hr_map_init(&written);
    if (writing->dynamic && old.count) {
        struct hr_blob_page now;
        code = hr_blob_list_all(blob, writing->arena, writing->target, true, &now, writing->cancel,
                                err);
        struct hr_names folders =
            code ? (struct hr_names){0} : folders_of(writing, &now, writing->uuid);
        for (size_t i = 0; i < folders.count; i++)
            hr_map_put(&written, folders.at[i], writing);
    }
    for (size_t i = 0; i < old.count && !code; i++) {
        const char *name = old.entries[i].name, *slash = strrchr(name, '/');
        bool goes = !writing->dynamic ||
                    (slash && hr_map_has(&written,
                                         hr_strndup(writing->arena, name, (size_t)(slash - name))));
        if (goes && !old.entries[i].stat.is_dir)
            code = drop(writing, old.entries[i].location, false, err);
    }
    hr_map_release(&written);
    HR_TRY(code);
    if (!writing->dynamic)
        drop_empty(writing, &old);
    return put_success(writing, writing->target, err);
}
