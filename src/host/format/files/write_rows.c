/* Rows that become text: sorted into partition folders, packed, and written to one file after the
 * other. */
#include "host/format/files/write.h"
#include "host/format/files/partitions.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/map.h"
#include <limits.h>
#include <stdio.h>
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

enum hr_code hr_write_texts(struct hr_writing *writing, struct hr_err *err)
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
