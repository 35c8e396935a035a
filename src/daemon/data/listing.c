/* Making a manifest: which files a definition means now, each with the version that it has. On a
 * thread of its own. */
#include "base/check.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/map.h"
#include "daemon/data/private.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define PACK_LEVEL 3
#define FILES_TEXT_MAX ((size_t)512 << 20)

struct found {
    const char *path;        /* in the container */
    const char *url, *shown; /* shown: in the manifest, relative to the dataset's root */
    size_t store;            /* the first path item of the same container */
    struct hr_blob_stat stat;
};

struct listing_run {
    struct data_work *work;
    struct data_listing *listing;
    struct hr_blob *blob;
    struct found *at;
    size_t count, cap;
    /* of each path item: the folder that its files are named from */
    const char **bases;
    struct hr_map seen;
    /* struct hr_blob_table by the location of a table's folder */
    struct hr_map tables;
};

struct data_listing *hr_data_listing_new(struct data_work *work,
                                         const struct data_definition *definition)
{
    struct hr_arena *arena = work->arena;
    struct data_listing *listing = HR_NEW(arena, struct data_listing);
    listing->type = hr_strdup(arena, definition->type);
    listing->definition = hr_strdup(arena, definition->text);
    listing->count = definition->count;
    listing->paths = HR_NEW_ARRAY(arena, struct data_path, definition->count);
    listing->roots = HR_NEW_ARRAY(arena, const char *, definition->count);
    for (size_t i = 0; i < definition->count; i++) {
        const struct data_path *from = &definition->paths[i];
        struct hr_datastore_row *store = HR_NEW(arena, struct hr_datastore_row);
        store->name = hr_strdup(arena, from->store->name); /* all that a listing says of it */
        listing->paths[i] = (struct data_path){store, hr_strdup(arena, from->path), from->glob};
        listing->roots[i] = hr_data_location(arena, from->store, "");
    }
    work->arg = listing;
    work->run = hr_data_listing_run;
    return listing;
}

/* ---- finding ---- */

static enum hr_code add(struct listing_run *run,
                        size_t item,
                        const char *path,
                        const char *url,
                        const struct hr_blob_stat *stat,
                        struct hr_err *err)
{
    if (hr_map_put(&run->seen, url, run))
        return HR_OK;
    if (run->count == DATA_FILES_MAX)
        return hr_fail(err, HR_E_LIMIT, "the dataset has more than %d files", DATA_FILES_MAX);
    if (run->count == run->cap) {
        size_t cap = run->cap ? run->cap * 2 : 64;
        struct found *grown = HR_NEW_ARRAY(run->work->arena, struct found, cap);
        if (run->count)
            memcpy(grown, run->at, run->count * sizeof *grown);
        run->at = grown;
        run->cap = cap;
    }
    run->at[run->count++] = (struct found){.path = path, .url = url, .store = item, .stat = *stat};
    return HR_OK;
}

static const char *parent_of(struct hr_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? hr_strndup(arena, path, (size_t)(slash - path)) : "";
}

static const char *join(struct hr_arena *arena, const char *folder, const char *name)
{
    return *folder ? hr_printf(arena, "%s/%s", folder, name) : name;
}

static bool is_table(const struct listing_run *run)
{
    return !strcmp(run->listing->type, "tabular");
}

/* Folders of table formats hold rows that were removed: their log tells which. As files
 * (from_files) they are what they are. */
static enum hr_code refuse_table(const struct data_path *path,
                                 const char *folder,
                                 const struct hr_blob_table *table,
                                 struct hr_err *err)
{
    hr_fail(
        err, HR_E_UNSUPPORTED,
        "the folder \"%s\" in datastore \"%s\" is a table of %s: its %s says which of its files hold the table's rows, the others hold "
        "rows that were removed",
        *folder ? folder : "/", path->store->name, table->format, table->log);
    return hr_fail_hint(
        err,
        "write the table's rows as plain Parquet where %s is at hand, and make the dataset of that; from_files takes the files as they are",
        table->format);
}

/* remembers the folder of the table of whose log the entry is a part */
static enum hr_code note_log(struct listing_run *run,
                             size_t item,
                             const char *folder,
                             bool pattern,
                             const struct hr_blob_entry *entry,
                             struct hr_err *err)
{
    size_t len;
    const struct hr_blob_table *table = hr_blob_table_of(entry->name, &len);
    if (!table)
        return HR_OK;
    if (!len && !pattern)
        return refuse_table(&run->listing->paths[item], folder, table, err);
    size_t root_len = strlen(entry->location) - strlen(entry->name);
    const char *place =
        hr_strndup(run->work->arena, entry->location, len ? root_len + len : root_len - 1);
    hr_map_put(&run->tables, place, (void *)table);
    return HR_OK;
}

/* no file that was found may be in such a folder */
static enum hr_code check_tables(struct listing_run *run, struct hr_err *err)
{
    for (size_t i = 0; i < run->count && run->tables.count; i++) {
        const struct found *file = &run->at[i];
        char *folder = hr_strdup(run->work->arena, file->url);
        for (char *slash = strrchr(folder, '/'); slash; slash = strrchr(folder, '/')) {
            *slash = 0;
            const struct hr_blob_table *table = hr_map_get(&run->tables, folder);
            size_t below = strlen(file->url) - strlen(folder), len = strlen(file->path);
            if (table)
                return refuse_table(
                    &run->listing->paths[file->store],
                    below > len ? "" : hr_strndup(run->work->arena, file->path, len - below), table,
                    err);
        }
    }
    return HR_OK;
}

/* a pattern means names that begin with '_' or '.' when a part of it begins so: "logs/_*.txt" */
static bool means_hidden(const char *pattern, const char *folder)
{
    const char *rest = pattern + strlen(folder);
    for (const char *part = rest + (*rest == '/'); *part;) {
        size_t len = strcspn(part, "/");
        if (*part == '_' || *part == '.')
            return true;
        part += len + (part[len] == '/');
    }
    return false;
}

/* what stands below a folder; `pattern` (whole names) may be NULL */
static enum hr_code add_below(struct listing_run *run,
                              size_t item,
                              const char *folder,
                              const char *pattern,
                              struct hr_err *err)
{
    struct hr_arena *arena = run->work->arena;
    bool table = is_table(run), hides = table || !pattern || !means_hidden(pattern, folder);
    struct hr_blob_list_options options = {.recursive = true};
    const char *location = join(arena, run->listing->roots[item], folder);
    if (!*folder)
        location = run->listing->roots[item];
    do {
        struct hr_blob_page page;
        HR_TRY(hr_blob_list(run->blob, arena, location, &options, &page, &run->work->cancel, err));
        for (size_t i = 0; i < page.count; i++) {
            struct hr_blob_entry *entry = &page.entries[i];
            const char *name = join(arena, folder, entry->name);
            if (table)
                HR_TRY(note_log(run, item, folder, pattern != NULL, entry, err));
            if (entry->stat.is_dir ||
                (hides && hr_blob_hidden_below(entry->name)) ||
                (pattern && !hr_data_glob_match(pattern, name)))
                continue;
            HR_TRY(add(run, item, name, entry->location, &entry->stat, err));
        }
        options.marker = page.marker;
    } while (options.marker);
    return HR_OK;
}

static enum hr_code nothing(const struct data_path *path, const char *why, struct hr_err *err)
{
    hr_fail(err, HR_E_NOT_FOUND, "%s in datastore \"%s\": \"%s\"", why, path->store->name,
            *path->path ? path->path : "/");
    return hr_fail_command(err, "headrace datastore show %s", path->store->name);
}

static enum hr_code find_glob(struct listing_run *run, size_t item, struct hr_err *err)
{
    const struct data_path *path = &run->listing->paths[item];
    const char *literal = hr_strndup(run->work->arena, path->path, strcspn(path->path, "*?["));
    const char *folder = parent_of(run->work->arena, literal);
    size_t before = run->count;
    run->bases[item] = folder;
    enum hr_code code = add_below(run, item, folder, path->path, err);
    /* without a folder it is the container that is not there */
    if (code && (code != HR_E_NOT_FOUND || !*folder))
        return code;
    return run->count > before ? HR_OK : nothing(path, "no file matches the pattern", err);
}

static enum hr_code find_named(struct listing_run *run, size_t item, struct hr_err *err)
{
    const struct data_path *path = &run->listing->paths[item];
    struct hr_arena *arena = run->work->arena;
    struct hr_blob_stat stat = {.is_dir = true};
    size_t before = run->count;
    const char *location = *path->path ? join(arena, run->listing->roots[item], path->path)
                                       : run->listing->roots[item];
    enum hr_code code =
        *path->path ? hr_blob_stat(run->blob, location, &stat, &run->work->cancel, err) : HR_OK;
    if (code == HR_E_NOT_FOUND)
        return nothing(path, "there is no such file or folder", err);
    HR_TRY(code);
    if (!stat.is_dir) {
        run->bases[item] = parent_of(arena, path->path);
        return add(run, item, path->path, location, &stat, err);
    }
    run->bases[item] = path->path;
    code = add_below(run, item, path->path, NULL, err);
    if (code)
        return code;
    return run->count > before ? HR_OK : nothing(path, "the folder holds no file", err);
}

/* ---- names within the dataset ---- */

static size_t common(const char *a, const char *b)
{
    size_t len = 0, i = 0;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            len = i;
    bool a_ends = !a[i] && (!b[i] || b[i] == '/'), b_ends = !b[i] && a[i] == '/';
    return a_ends || b_ends ? i : len;
}

/* Files are named from the deepest folder that all paths of a datastore share; with several
 * datastores, below the datastore's name */
static void name_all(struct listing_run *run)
{
    struct data_listing *listing = run->listing;
    struct hr_arena *arena = run->work->arena;
    size_t *first = HR_NEW_ARRAY(arena, size_t, listing->count),
           *shared = HR_NEW_ARRAY(arena, size_t, listing->count), stores = 0;
    for (size_t i = 0; i < listing->count; i++) {
        for (first[i] = 0;
             strcmp(listing->paths[first[i]].store->name, listing->paths[i].store->name);)
            first[i]++;
        if (first[i] == i) {
            stores++;
            shared[i] = strlen(run->bases[i]);
        } else {
            size_t len = common(run->bases[first[i]], run->bases[i]);
            shared[first[i]] = len < shared[first[i]] ? len : shared[first[i]];
        }
    }
    for (size_t i = 0; i < run->count; i++) {
        size_t store = first[run->at[i].store], skip = shared[store];
        const char *rest = run->at[i].path + skip;
        rest += *rest == '/';
        run->at[i].shown =
            stores > 1 ? hr_printf(arena, "%s/%s", listing->paths[store].store->name, rest) : rest;
    }
}

/* Readers of tables leave such names out: one that was named by itself would be missing in Spark
 * alone */
static enum hr_code check_shown(const struct listing_run *run, struct hr_err *err)
{
    for (size_t i = 0; i < run->count && is_table(run); i++) {
        if (!hr_blob_hidden_below(run->at[i].shown))
            continue;
        hr_fail(
            err, HR_E_INVALID,
            "\"%s\" in datastore \"%s\" is not read as a table: names that begin with '_' or '.' are not, by any reader",
            run->at[i].path, run->listing->paths[run->at[i].store].store->name);
        return hr_fail_hint(err,
                            "give the file another name, or take it with Dataset.File.from_files");
    }
    return HR_OK;
}

static int by_shown(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = strcmp(x->shown, y->shown);
    return order ? order : strcmp(x->url, y->url);
}

/* take and skip of a file dataset: in order of the names */
static void apply_steps(struct listing_run *run)
{
    if (strcmp(run->listing->type, "file"))
        return;
    json_t *document = json_loads(run->listing->definition, 0, NULL), *step;
    size_t i;
    json_array_foreach(json_object_get(document, "transformations"), i, step)
    {
        size_t take = (size_t)json_integer_value(json_object_get(step, "take")),
               skip = (size_t)json_integer_value(json_object_get(step, "skip"));
        bool takes = json_object_get(step, "take") != NULL;
        skip = skip < run->count ? skip : run->count;
        run->at += skip;
        run->count -= skip;
        if (takes && take < run->count)
            run->count = take;
    }
    json_decref(document);
}

/* ---- the manifest's text ---- */

void hr_data_add_text(struct hr_buf *out, const char *text)
{
    hr_buf_addc(out, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            hr_buf_addf(out, "\\%c", *c);
        else if (*c < 0x20)
            hr_buf_addf(out, "\\u%04x", *c);
        else
            hr_buf_addc(out, (char)*c);
    }
    hr_buf_addc(out, '"');
}

static void write_files(struct listing_run *run, struct hr_buf *out)
{
    char time[32];
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < run->count; i++) {
        const struct found *file = &run->at[i];
        hr_buf_adds(out, i ? ",{\"path\":" : "{\"path\":");
        hr_data_add_text(out, file->shown);
        hr_buf_adds(out, ",\"url\":");
        hr_data_add_text(out, file->url);
        hr_buf_adds(out, ",\"etag\":");
        hr_data_add_text(out, file->stat.etag);
        hr_clock_iso8601(file->stat.mtime_ms, time);
        hr_buf_addf(out, ",\"size\":%lld,\"modified\":\"%s\"}", (long long)file->stat.size, time);
        run->listing->bytes += file->stat.size;
    }
    hr_buf_addc(out, ']');
    run->listing->file_count = (int64_t)run->count;
}

static void digest(struct data_listing *listing, const struct hr_buf *files)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    HR_CHECK(context && EVP_DigestInit_ex(context, EVP_sha256(), NULL));
    EVP_DigestUpdate(context, listing->type, strlen(listing->type) + 1);
    EVP_DigestUpdate(context, listing->definition, strlen(listing->definition) + 1);
    EVP_DigestUpdate(context, hr_buf_text(files), hr_buf_len(files));
    EVP_DigestFinal_ex(context, sum, &len);
    EVP_MD_CTX_free(context);
    hr_hex_encode(sum, 32, listing->digest);
}

static enum hr_code pack(struct listing_run *run, struct hr_err *err)
{
    struct data_listing *listing = run->listing;
    struct hr_buf text;
    hr_buf_init(&text, FILES_TEXT_MAX);
    write_files(run, &text);
    enum hr_code code = hr_buf_check(&text, "the dataset's manifest", err);
    if (!code) {
        size_t room = ZSTD_compressBound(hr_buf_len(&text));
        digest(listing, &text);
        listing->files_len = (int64_t)hr_buf_len(&text);
        listing->files = hr_arena_alloc(run->work->arena, room);
        listing->files_size =
            ZSTD_compress(listing->files, room, hr_buf_text(&text), hr_buf_len(&text), PACK_LEVEL);
        if (ZSTD_isError(listing->files_size))
            code = hr_fail(err, HR_E_NOMEM, "the dataset's manifest cannot be packed: %s",
                           ZSTD_getErrorName(listing->files_size));
    }
    hr_buf_release(&text);
    return code;
}

enum hr_code hr_data_listing_run(struct data_work *work, struct hr_err *err)
{
    struct listing_run run = {.work = work, .listing = work->arg};
    struct hr_blob_options options = {.attempts = 3, .timeout_ms = 15000};
    enum hr_code code = hr_blob_new(work->config, &options, &run.blob, err);
    HR_TRY(code);
    hr_map_init(&run.seen);
    hr_map_init(&run.tables);
    run.bases = HR_NEW_ARRAY(work->arena, const char *, run.listing->count);
    for (size_t i = 0; i < run.listing->count && !code; i++)
        code = run.listing->paths[i].glob ? find_glob(&run, i, err) : find_named(&run, i, err);
    if (!code)
        code = check_tables(&run, err);
    if (!code) {
        name_all(&run);
        code = check_shown(&run, err);
    }
    if (!code) {
        qsort(run.at, run.count, sizeof *run.at, by_shown);
        apply_steps(&run);
        code = pack(&run, err);
    }
    hr_map_release(&run.seen);
    hr_map_release(&run.tables);
    hr_blob_free(run.blob);
    return code;
}
