/* df.write: where the rows go, in which files, and how all of it becomes visible at once.
 *
 * Where the store can rename (local, abfs), everything is written into a hidden folder beside the
 * target and moved over it as the last step: a reader sees the old folder or the new one. Appending
 * moves file by file. Where it cannot (wasb), and for the root of a container, which nothing can
 * stand beside, a stage holds back every commit and then makes them, one short request a file; what
 * is overwritten is deleted behind that. _SUCCESS is last. */
#include "host/format/files/write.h"
#include "host/format/files/leftovers.h"
#include "host/format/files/partitions.h"
#include "host/format/files/tables.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#define FLUSH_BYTES (1 << 20)
#define PARTITION_FOLDERS_MAX 100000

/* ---- one output file ---- */

struct out_file {
    const char *folder; /* "year=2020/month=1", or "" */
    int32_t part;
    struct hr_buf rows;
    struct hr_blob_writer *writer;
    z_stream zip;
    bool zip_open, has_head;
    int64_t count; /* rows in the file at hand */
    int number;    /* c000, c001 … */
};

struct texts {
    struct hr_writing *writing;
    struct hr_map by_folder;
    struct hr_buf folder, key;
    int64_t rows;             /* so far */
    struct hr_value_text how; /* of partition values */
};

static enum hr_code check_cancelled(const struct hr_writing *writing, struct hr_err *err)
{
    if (writing->cancel && writing->cancel->cancelled(writing->cancel->arg))
        return hr_fail(err, HR_E_CANCELLED, "the write was cancelled");
    return HR_OK;
}

static enum hr_code compress_to(const struct hr_writing *writing,
                                struct out_file *file,
                                const char *bytes,
                                size_t len,
                                int flush,
                                struct hr_err *err)
{
    char packed[64 * 1024];
    file->zip.next_in = (Bytef *)bytes;
    file->zip.avail_in = (uInt)len;
    do {
        file->zip.next_out = (Bytef *)packed;
        file->zip.avail_out = sizeof packed;
        int rc = deflate(&file->zip, flush);
        HR_CHECK(rc != Z_STREAM_ERROR);
        HR_TRY(check_cancelled(writing, err));
        HR_TRY(hr_blob_write(file->writer, packed, sizeof packed - file->zip.avail_out, err));
    } while (!file->zip.avail_out);
    return HR_OK;
}

static bool name_too_long(const char *folder)
{
    size_t longest = 0;
    for (const char *at = folder; *at; at += strspn(at, "/")) {
        size_t len = strcspn(at, "/");
        longest = len > longest ? len : longest;
        at += len;
    }
    return longest > NAME_MAX || strlen(folder) > HR_BLOB_NAME_MAX;
}

enum hr_code hr_part_failed(const struct hr_writing *writing,
                            const char *folder,
                            enum hr_code code,
                            struct hr_err *err)
{
    if (!code || !err || !name_too_long(folder))
        return code;
    struct hr_err why = *err;
    hr_fail_spark(err, "TASK_WRITE_FAILED", "path",
                  hr_files_spark_path(writing->arena, writing->target), NULL);
    snprintf(err->tail, sizeof err->tail,
             "\nThe values of the partition columns make the name of a folder: %.1000s…", why.msg);
    return HR_E_SPARK;
}

static enum hr_code open_file(struct hr_writing *writing, struct out_file *file, struct hr_err *err)
{
    char name[200];
    snprintf(name, sizeof name, "part-%05d-%s%cc%03d%s%s", file->part, writing->uuid,
             writing->partition_count ? '.' : '-', file->number, writing->text->extension,
             writing->codec_extension);
    char *folder = *file->folder ? hr_blob_join(writing->arena, writing->place, file->folder)
                                 : (char *)writing->place;
    const char *place = hr_blob_join(writing->arena, folder, name);
    HR_TRY(hr_part_failed(
        writing, file->folder,
        hr_blob_create(writing->format->blob, place, NULL, writing->cancel, &file->writer, err),
        err));
    if (*writing->codec_extension) {
        memset(&file->zip, 0, sizeof file->zip);
        bool gzip = !strcmp(writing->codec_name, "gzip");
        if (deflateInit2(&file->zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip ? 15 + 16 : 15, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            return hr_fail(err, HR_E_NOMEM, "no memory to compress");
        file->zip_open = true;
    }
    return HR_OK;
}

static enum hr_code flush(struct hr_writing *writing, struct out_file *file, struct hr_err *err)
{
    HR_TRY(check_cancelled(writing, err));
    if (!hr_buf_ok(&file->rows))
        return hr_buf_check(&file->rows, "one row as text", err);
    if (!file->writer)
        HR_TRY(open_file(writing, file, err));
    HR_TRY(file->zip_open ? compress_to(writing, file, hr_buf_text(&file->rows),
                                        hr_buf_len(&file->rows), Z_NO_FLUSH, err)
                          : hr_blob_write(file->writer, hr_buf_text(&file->rows),
                                          hr_buf_len(&file->rows), err));
    hr_buf_clear(&file->rows);
    return HR_OK;
}

static enum hr_code close_file(struct hr_writing *writing,
                               struct out_file *file,
                               struct hr_err *err)
{
    if (!file->has_head && writing->text->head)
        writing->text->head(writing, &file->rows);
    HR_TRY(flush(writing, file, err));
    if (file->zip_open) {
        HR_TRY(compress_to(writing, file, "", 0, Z_FINISH, err));
        deflateEnd(&file->zip);
        file->zip_open = false;
    }
    struct hr_blob_writer *writer = file->writer;
    file->writer = NULL;
    return hr_blob_commit(writer, NULL, err);
}

static struct out_file *file_of(struct texts *texts, const char *folder, int32_t part)
{
    const char *key = folder;
    if (part) {
        hr_buf_clear(&texts->key);
        hr_buf_addf(&texts->key, "%d:%s", part, folder);
        key = hr_buf_text(&texts->key);
    }
    struct out_file *file = hr_map_get(&texts->by_folder, key);
    if (!file) {
        file = HR_NEW(texts->writing->arena, struct out_file);
        file->folder = hr_strdup(texts->writing->arena, folder);
        file->part = part;
        hr_buf_init(&file->rows, HR_FORMAT_ROW_MAX);
        hr_map_put(&texts->by_folder, key, file);
    }
    return file;
}

/* which of the files a row goes to */
static int32_t part_of(struct texts *texts, const int32_t *given, idx_t row)
{
    int32_t parts = texts->writing->rows->parts;
    return parts < 2 ? 0 : given ? given[row] : (int32_t)(texts->rows++ % parts);
}

/* ---- rows ---- */

void hr_partition_folder(const char *name, const char *value, bool is_null, struct hr_buf *out)
{
    const char *texts[2] = {name, is_null || !*value ? HR_PARTITION_NULL : value};
    for (int part = 0; part < 2; part++) {
        for (const unsigned char *p = (const unsigned char *)texts[part]; *p; p++) {
            if (*p < 0x20 || *p == 0x7f || strchr("\"#%'*/:=?\\{}[]^", *p))
                hr_buf_addf(out, "%%%02X", *p);
            else
                hr_buf_addc(out, (char)*p);
        }
        if (!part)
            hr_buf_addc(out, '=');
    }
}

static void folder_of(struct texts *texts, idx_t row)
{
    struct hr_writing *writing = texts->writing;
    struct hr_buf value;
    /* a partition's value is in memory already */
    hr_buf_init(&value, HR_BUF_GROWS);
    hr_buf_clear(&texts->folder);
    for (size_t i = 0; i < writing->partition_count; i++) {
        const struct hr_column *column = &writing->partitions[i];
        bool is_null = hr_column_null(column, row);
        hr_buf_clear(&value);
        enum hr_type_id id = column->field->type->id;
        if (!is_null && (id == HR_TYPE_TIMESTAMP || id == HR_TYPE_TIMESTAMP_NTZ)) {
            char text[HR_TIMESTAMP_TEXT_MAX];
            int64_t micros = ((const int64_t *)column->data)[row];
            const struct hr_zone *zone = id == HR_TYPE_TIMESTAMP ? texts->how.zone : hr_zone_utc();
            hr_buf_add(&value, text, hr_print_clock(hr_zone_clock(zone, micros), text));
        } else if (!is_null) {
            hr_column_text(column, row, &texts->how, &value);
        }
        if (i)
            hr_buf_addc(&texts->folder, '/');
        hr_partition_folder(column->field->name, hr_buf_text(&value), is_null, &texts->folder);
    }
    hr_buf_release(&value);
}

static enum hr_code take(void *arg, duckdb_data_chunk chunk, struct hr_err *err)
{
    struct texts *texts = arg;
    struct hr_writing *writing = texts->writing;
    idx_t rows = duckdb_data_chunk_get_size(chunk);
    for (size_t i = 0; i < writing->column_count; i++)
        hr_column_bind(&writing->columns[i],
                       duckdb_data_chunk_get_vector(chunk, (idx_t)writing->columns[i].at));
    for (size_t i = 0; i < writing->partition_count; i++)
        hr_column_bind(&writing->partitions[i],
                       duckdb_data_chunk_get_vector(chunk, (idx_t)writing->partitions[i].at));
    HR_TRY(check_cancelled(writing, err));
    bool many = writing->partition_count || writing->rows->parts > 1;
    const int32_t *given = writing->rows->has_part
                               ? duckdb_vector_get_data(duckdb_data_chunk_get_vector(
                                     chunk, writing->rows->schema->field_count))
                               : NULL;
    struct out_file *file = many ? NULL : file_of(texts, "", 0);
    for (idx_t row = 0; row < rows; row++) {
        if (many) {
            if (writing->partition_count)
                folder_of(texts, row);
            file = file_of(texts, hr_buf_text(&texts->folder), part_of(texts, given, row));
            if (texts->by_folder.count > PARTITION_FOLDERS_MAX)
                return hr_fail(err, HR_E_LIMIT, "the write makes more than %d partition folders",
                               PARTITION_FOLDERS_MAX);
        }
        if (writing->max_records && file->count == writing->max_records) {
            HR_TRY(close_file(writing, file, err));
            file->count = 0;
            file->has_head = false;
            file->number++;
        }
        if (!file->has_head) {
            file->has_head = true;
            if (writing->text->head)
                writing->text->head(writing, &file->rows);
        }
        writing->text->row(writing, row, &file->rows);
        file->count++;
        if (!hr_buf_ok(&file->rows) || hr_buf_len(&file->rows) > FLUSH_BYTES)
            HR_TRY(flush(writing, file, err));
    }
    return HR_OK;
}

static enum hr_code write_texts(struct hr_writing *writing, struct hr_err *err)
{
    struct texts texts = {.writing = writing};
    const struct hr_options none = {0};
    HR_TRY(hr_value_text_options(writing->arena, writing->env, &none, &texts.how, err));
    hr_map_init(&texts.by_folder);
    hr_buf_init(&texts.folder, HR_BUF_GROWS);
    hr_buf_init(&texts.key, HR_BUF_GROWS);
    enum hr_code code = writing->rows->pull(writing->rows, take, &texts, err);
    if (!code && !writing->partition_count)
        file_of(&texts, "", 0); /* the first part is written even when it is empty */
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&texts.by_folder, at));) {
        struct out_file *file = at->value;
        if (!code)
            code = close_file(writing, file, err);
        if (file->zip_open)
            deflateEnd(&file->zip);
        hr_blob_abort(file->writer);
        hr_buf_release(&file->rows);
    }
    hr_map_release(&texts.by_folder);
    hr_buf_release(&texts.folder);
    hr_buf_release(&texts.key);
    return code;
}

/* ---- columns ---- */

static int column_named(const struct hr_writing *writing, const char *name)
{
    const struct hr_type *schema = writing->rows->schema;
    for (size_t i = 0; i < schema->field_count; i++)
        if (!(writing->case_sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return (int)i;
    return -1;
}

static enum hr_code check_names(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_type *schema = writing->rows->schema;
    for (size_t i = 0; i < schema->field_count; i++)
        if (column_named(writing, schema->fields[i].name) != (int)i) {
            char *name = hr_printf(writing->arena, "`%s`", schema->fields[i].name);
            for (char *p = name; *p && !writing->case_sensitive; p++)
                if (*p >= 'A' && *p <= 'Z')
                    *p = (char)(*p + 32);
            return hr_fail_spark(err, "COLUMN_ALREADY_EXISTS", "columnName", name, NULL);
        }
    return HR_OK;
}

static enum hr_code split_columns(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_type *schema = writing->rows->schema;
    const struct hr_names *by = &writing->write->partition_by;
    bool *taken = HR_NEW_ARRAY(writing->arena, bool, schema->field_count + 1);
    writing->columns = HR_NEW_ARRAY(writing->arena, struct hr_column, schema->field_count + 1);
    writing->partitions = HR_NEW_ARRAY(writing->arena, struct hr_column, by->count + 1);
    if (writing->text != &hr_csv_format) /* Spark's csv writer alone lets names repeat */
        HR_TRY(check_names(writing, err));
    for (size_t i = 0; i < by->count; i++) {
        int at = column_named(writing, by->at[i]);
        if (at < 0) {
            struct hr_buf text;
            hr_buf_init(&text, HR_BUF_GROWS);
            hr_type_simple(schema, &text);
            hr_fail(err, HR_E_INVALID, "Partition column `%s` not found in schema %s.", by->at[i],
                    hr_buf_text(&text));
            hr_buf_release(&text);
            return HR_E_INVALID;
        }
        enum hr_type_id id = schema->fields[at].type->id;
        if (id == HR_TYPE_ARRAY ||
            id == HR_TYPE_MAP ||
            id == HR_TYPE_STRUCT ||
            id == HR_TYPE_VARIANT ||
            id == HR_TYPE_BINARY)
            return hr_fail_spark(
                err, "UNSUPPORTED_FEATURE", "feature",
                hr_printf(writing->arena, "partitioning by the column `%s` of its type", by->at[i]),
                NULL);
        taken[at] = true;
        writing->partitions[writing->partition_count++] =
            (struct hr_column){.field = &schema->fields[at], .at = at};
    }
    if (by->count && by->count == schema->field_count)
        return hr_fail_spark(err, "ALL_PARTITION_COLUMNS_NOT_ALLOWED", NULL);
    for (size_t i = 0; i < schema->field_count; i++)
        if (!taken[i])
            writing->columns[writing->column_count++] =
                (struct hr_column){.field = &schema->fields[i], .at = (int)i};
    return HR_OK;
}

/* ---- options ---- */

enum hr_code hr_refuse_option(struct hr_err *err,
                              const char *format,
                              const char *key,
                              const char *value)
{
    char feature[300];
    snprintf(feature, sizeof feature, "the %s option \"%.100s\" with the value \"%.100s\"", format,
             key, value);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

static const struct {
    const char *name, *extension;
    bool here;
} codecs[] = {
    {"none", "", true},           {"uncompressed", "", true},
    {"gzip", ".gz", true},        {"deflate", ".deflate", true},
    {"bzip2", ".bz2", false},     {"lz4", ".lz4", false},
    {"snappy", ".snappy", false},
};

static enum hr_code text_codec(struct hr_writing *writing, struct hr_err *err)
{
    const char *name = hr_option_get(&writing->write->options, "compression");
    if (!name)
        name = hr_option_get(&writing->write->options, "codec");
    writing->codec_name = writing->codec_extension = "";
    if (!name)
        return HR_OK;
    for (size_t i = 0; i < HR_LEN(codecs); i++) {
        if (strcasecmp(codecs[i].name, name))
            continue;
        if (!codecs[i].here)
            return hr_refuse_option(err, writing->text->name, "compression", name);
        writing->codec_name = codecs[i].name;
        writing->codec_extension = codecs[i].extension;
        return HR_OK;
    }
    return hr_fail_spark(err, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "codecName",
                         name, "availableCodecs",
                         "bzip2, deflate, uncompressed, snappy, none, lz4, gzip", NULL);
}

static enum hr_code common_options(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_write *write = writing->write;
    const char *records = hr_conf(writing->env, "spark.sql.files.maxRecordsPerFile", "0"),
               *overwrite = hr_option_get(&write->options, "partitionOverwriteMode");
    if (write->buckets || write->bucket_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support bucketBy right now.");
    if (write->sort_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support sortBy right now.");
    if (write->cluster_by.count)
        return hr_fail(err, HR_E_INVALID, "'save' does not support clusterBy right now.");
    if (!overwrite)
        overwrite = hr_conf(writing->env, "spark.sql.sources.partitionOverwriteMode", "STATIC");
    if (strcasecmp(overwrite, "dynamic") && strcasecmp(overwrite, "static"))
        return hr_fail(err, HR_E_INVALID,
                       "the option partitionOverwriteMode is \"%s\": it may be static or dynamic",
                       overwrite);
    writing->dynamic = !strcasecmp(overwrite, "dynamic") &&
                       write->mode == HR_SAVE_OVERWRITE &&
                       write->partition_by.count;
    return hr_option_long(&write->options, "maxRecordsPerFile", atoll(records),
                          &writing->max_records, err);
}

/* ---- the place and the commit ---- */

static const char *parent_of(struct hr_arena *arena, const char *location)
{
    const char *slash = strrchr(location, '/');
    return slash && slash > location ? hr_strndup(arena, location, (size_t)(slash - location))
                                     : "/";
}

/* "/", "abfss://container@host" */
static bool is_root(const char *location)
{
    const char *slash = strrchr(location, '/');
    return !slash || !slash[1] || (slash > location && slash[-1] == '/');
}

static const char *name_of(const char *location)
{
    return strrchr(location, '/') ? strrchr(location, '/') + 1 : location;
}

/* a file of the input that stands in the target: it would be gone before it is read, as Spark sees
 * it */
static bool reads_target(const struct hr_writing *writing)
{
    const char *uri = hr_files_uri(writing->arena, writing->target);
    size_t len = strlen(uri);
    for (size_t i = 0; i < writing->rows->inputs.count; i++) {
        const char *input = writing->rows->inputs.at[i];
        if (!strncmp(input, uri, len) && (!input[len] || input[len] == '/'))
            return true;
        if (!strncmp(input, writing->target, strlen(writing->target)) &&
            input[strlen(writing->target)] == '/')
            return true;
    }
    return false;
}

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

/* The folder `made` takes the place of `target`. Locally and on the built-in account that is one
 * step; elsewhere two renames, the old data first out of the way. */
static enum hr_code swap_folders(struct hr_writing *writing,
                                 const char *made,
                                 const char *target,
                                 struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    if (!hr_blob_is_remote(target) && !renameat2(-1, made, -1, target, RENAME_EXCHANGE))
        return drop(writing, made, true, err);
    if (hr_blob_is_remote(target)) {
        enum hr_code code = hr_blob_exchange(blob, made, target, writing->cancel, err);
        if (code != HR_E_UNSUPPORTED)
            return code ? code : drop(writing, made, true, err);
    }
    const char *old = hr_printf(writing->arena, "%s.old", made);
    struct hr_err ignored = {0};
    HR_TRY(hr_blob_rename(blob, target, old, false, writing->cancel, err));
    enum hr_code code = hr_blob_rename(blob, made, target, false, writing->cancel, err);
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
        HR_TRY(hr_blob_mkdir(blob, parent_of(writing->arena, target), writing->cancel, err));
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
            HR_TRY(hr_blob_mkdir(blob, parent_of(writing->arena, to), writing->cancel, err));
        HR_TRY(hr_blob_rename(blob, page.entries[i].location, to, false, writing->cancel, err));
    }
    HR_TRY(drop(writing, writing->place, true, err));
    return put_success(writing, writing->target, err);
}

static enum hr_code run(struct hr_writing *writing, struct hr_err *err)
{
    return writing->text ? write_texts(writing, err) : hr_parquet_write(writing, err);
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

static enum hr_code write_renaming(struct hr_writing *writing, bool exists, struct hr_err *err)
{
    struct hr_blob *blob = writing->format->blob;
    bool dynamic = exists && writing->dynamic,
         append = exists && (writing->write->mode == HR_SAVE_APPEND || dynamic);
    const char *temporary = hr_blob_join(writing->arena, writing->target, "_temporary");
    writing->place = append
                         ? hr_blob_join(writing->arena, temporary, writing->uuid)
                         : hr_blob_join(writing->arena, parent_of(writing->arena, writing->target),
                                        hr_printf(writing->arena, "_temporary-%s-%s",
                                                  name_of(writing->target), writing->uuid));
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

static enum hr_code write_staged(struct hr_writing *writing, bool exists, struct hr_err *err)
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

static const struct {
    const char *name;
    const struct hr_text_format *text;
} writers[] = {
    {"csv", &hr_csv_format},
    {"json", &hr_json_format},
    {"text", &hr_text_format_plain},
    {"parquet", NULL},
};

static enum hr_code choose(struct hr_writing *writing, struct hr_err *err)
{
    const char *given = writing->write->format,
               *name = hr_format_name(
                   given ? given : hr_conf(writing->env, "spark.sql.sources.default", "parquet"));
    for (size_t i = 0; i < HR_LEN(writers); i++)
        if (!strcasecmp(writers[i].name, name)) {
            writing->text = writers[i].text;
            return HR_OK;
        }
    return hr_format_unknown(name, err);
}

enum hr_code hr_format_write(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_write *write,
                             struct hr_format_rows *rows,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err)
{
    struct hr_writing *writing = HR_NEW(arena, struct hr_writing);
    struct hr_blob_stat stat;
    *writing = (struct hr_writing){.format = format,
                                   .arena = arena,
                                   .env = env,
                                   .write = write,
                                   .rows = rows,
                                   .cancel = cancel};
    writing->case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    hr_uuid_new(writing->uuid);
    HR_TRY(choose(writing, err));
    HR_TRY(common_options(writing, err));
    HR_TRY(hr_blob_normalize(format->blob, arena, write->path, &writing->target, err));
    enum hr_code code = hr_blob_stat(format->blob, writing->target, &stat, cancel, err);
    if (code && code != HR_E_NOT_FOUND)
        return code;
    bool exists = !code;
    if (exists && write->mode == HR_SAVE_ERROR)
        return hr_fail_spark(err, "PATH_ALREADY_EXISTS", "outputPath",
                             hr_files_spark_path(arena, writing->target), NULL);
    if (exists && write->mode == HR_SAVE_IGNORE)
        return HR_OK;
    if (exists && write->mode == HR_SAVE_OVERWRITE && !writing->dynamic && reads_target(writing))
        return hr_fail_spark(err, "UNSUPPORTED_OVERWRITE.PATH", "path",
                             hr_files_spark_path(arena, writing->target), NULL);
    const struct hr_tables_asked asked = {format->blob, env, HR_TABLES_WRITE};
    HR_TRY(hr_tables_refuse_above(&asked, writing->target, exists && stat.is_dir, err));
    HR_TRY(split_columns(writing, err));
    if (writing->text) {
        HR_TRY(text_codec(writing, err));
        HR_TRY(writing->text->open(writing, err));
    }
    if (exists && !stat.is_dir) {
        if (write->mode == HR_SAVE_APPEND)
            return hr_fail(err, HR_E_INVALID, "the path is a file, not a folder: \"%s\"",
                           write->path);
        if (!hr_blob_can_rename(writing->target))
            return hr_fail(err, HR_E_INVALID, "the path is a blob, not a folder: \"%s\"",
                           write->path);
    }
    bool root = is_root(writing->target) && write->mode != HR_SAVE_APPEND;
    if (root && !hr_blob_is_remote(writing->target)) {
        hr_fail(
            err, HR_E_UNSUPPORTED,
            "'%s' is the root of the file system: what stands there cannot be replaced in one step",
            writing->target);
        return hr_fail_hint(err, "write to a folder in it");
    }
    const char *renaming =
        root || hr_blob_can_rename(writing->target) || (exists && write->mode == HR_SAVE_APPEND)
            ? NULL
            : hr_blob_hierarchical(format->blob, arena, writing->target, cancel);
    if (renaming)
        writing->target = renaming; /* the same folder: it appears, or is replaced, as one */
    if (err)
        *err = (struct hr_err){0};
    return hr_blob_can_rename(writing->target) && !root ? write_renaming(writing, exists, err)
                                                        : write_staged(writing, exists, err);
}
