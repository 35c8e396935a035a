/* Where a csv file is cut: blocks of plain files, whole files where they are packed, in another
 * encoding or of many lines; slices of strings. Each is read by one thread. */
#include "host/format/csv/run.h"
#include "base/check.h"
#include <stdlib.h>
#include <strings.h>

#define BLOCK_BYTES (1024 * 1024)
#define TAIL_BYTES (16 * 1024) /* read behind a block, for its last line */
#define RECORD_BYTES_MAX (256 * 1024 * 1024)

static bool in_blocks(const struct csv_scan *state, const struct hr_file *file)
{
    return file->codec == HR_CODEC_NONE && !state->csv->encoding && !state->csv->multi_line;
}

void hr_csv_plan_units(struct csv_run *run)
{
    const struct hr_files *files = &run->state->files;
    run->unit_first = calloc(files->count + 1, sizeof(size_t));
    run->readers = calloc(files->count + 1, sizeof *run->readers);
    HR_CHECK(run->unit_first && run->readers);
    if (run->state->strings)
        run->unit_count =
            (run->state->strings->count + HR_STRINGS_A_SLICE - 1) / HR_STRINGS_A_SLICE;
    for (size_t i = 0; i < files->count; i++) {
        run->unit_first[i] = run->unit_count;
        if (files->at[i].stat.size)
            run->unit_count +=
                in_blocks(run->state, &files->at[i])
                    ? (size_t)((files->at[i].stat.size + BLOCK_BYTES - 1) / BLOCK_BYTES)
                    : 1;
    }
    run->unit_first[files->count] = run->unit_count;
}

static enum hr_code reader_of(struct csv_run *run,
                              size_t file,
                              struct hr_blob_reader **reader,
                              struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&run->lock);
    if (!run->readers[file])
        code = hr_blob_open(run->scan->format->blob, run->state->files.at[file].location,
                            &run->state->files.at[file].stat, NULL, &run->readers[file], err);
    *reader = run->readers[file];
    pthread_mutex_unlock(&run->lock);
    return code;
}

bool hr_csv_all_ascii(const char *bytes, size_t len)
{
    uint64_t sum = 0, word;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, bytes + i, 8);
        sum |= word;
    }
    unsigned char rest = 0;
    for (; i < len; i++)
        rest |= (unsigned char)bytes[i];
    return !(sum & 0x8080808080808080ull) && rest < 0x80;
}

static enum hr_code grow_buffer(struct csv_local *local, size_t cap, struct hr_err *err)
{
    if (cap > RECORD_BYTES_MAX)
        return hr_fail(err, HR_E_LIMIT,
                       "one csv record is larger than %d MB: is a quote not closed?",
                       RECORD_BYTES_MAX >> 20);
    if (cap <= local->cap)
        return HR_OK;
    char *grown = realloc(local->buffer, cap + HR_BYTES_PAD);
    if (!grown)
        return hr_fail(err, HR_E_NOMEM, "no memory for a csv record of %zu bytes", cap);
    local->buffer = grown;
    local->cap = cap;
    return HR_OK;
}

/* reads [len, upto) of the buffer from the file */
static enum hr_code read_block(struct csv_local *local, size_t upto, struct hr_err *err)
{
    struct hr_blob_reader *reader;
    HR_TRY(grow_buffer(local, upto, err));
    HR_TRY(reader_of(local->run, local->file, &reader, err));
    size_t got = 0;
    HR_TRY(hr_blob_read_at(reader, local->buffer + local->len, upto - local->len,
                           local->offset + (int64_t)local->len, &got, err));
    atomic_fetch_add(&local->run->scan->format->bytes_read, got);
    local->len += got;
    memset(local->buffer + local->len, 0, HR_BYTES_PAD);
    return HR_OK;
}

static size_t mark_of(const char *bytes, size_t len)
{
    return len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static void feed(struct csv_local *local,
                 const char *base,
                 const char *limit,
                 int64_t start,
                 int64_t stop,
                 int64_t size)
{
    const char *from = base + (start - local->offset),
               *begin = start ? hr_csv_line_start(&local->lexer, base, from, limit)
                              : from + mark_of(from, (size_t)(limit - from));
    local->stop = base + (stop - local->offset);
    hr_csv_lexer_feed(&local->lexer, begin, limit, local->offset + (limit - base) >= size);
}

static enum hr_code begin_block(struct csv_local *local, size_t block, struct hr_err *err)
{
    const struct hr_file *file = &local->run->state->files.at[local->file];
    struct hr_format *format = local->run->scan->format;
    int64_t size = file->stat.size, start = (int64_t)block * BLOCK_BYTES,
            stop = start + BLOCK_BYTES < size ? start + BLOCK_BYTES : size;
    if ((size_t)size <= hr_cache_file_max(format->cache)) {
        hr_cached_drop(local->bytes ? &local->bytes->base : NULL);
        local->bytes = NULL;
        HR_TRY(hr_cache_file(format, file->location, &file->stat, &local->bytes, err));
        local->offset = 0;
        local->is_utf8 =
            hr_csv_all_ascii(local->bytes->data + start, (size_t)(stop - start)) && stop == size;
        feed(local, local->bytes->data, local->bytes->data + local->bytes->len, start, stop, size);
        return HR_OK;
    }
    int64_t before = start < 2 ? start : 2;
    local->offset = start - before;
    local->len = 0;
    HR_TRY(read_block(local, (size_t)(stop - local->offset) + TAIL_BYTES, err));
    local->is_utf8 = hr_csv_all_ascii(local->buffer, local->len);
    feed(local, local->buffer, local->buffer + local->len, start, stop, size);
    return HR_OK;
}

/* the last line of a block goes on behind what was read: the rest of the block is read again,
 * further */
static enum hr_code extend_block(struct csv_local *local, struct hr_err *err)
{
    int64_t size = local->run->state->files.at[local->file].stat.size,
            stop = local->offset + (local->stop - local->buffer);
    size_t at = (size_t)(local->lexer.at - local->buffer), had = local->len;
    HR_TRY(read_block(local, local->len * 2, err));
    if (local->len == had)
        return hr_fail(err, HR_E_CHANGED, "the file became shorter while it was read: \"%s\"",
                       local->run->state->files.at[local->file].location);
    local->is_utf8 = hr_csv_all_ascii(local->buffer, local->len);
    local->stop = local->buffer + (stop - local->offset);
    hr_csv_lexer_feed(&local->lexer, local->buffer + at, local->buffer + local->len,
                      local->offset + (int64_t)local->len >= size);
    return HR_OK;
}

static enum hr_code more_stream(struct csv_local *local, struct hr_err *err)
{
    size_t kept = local->lexer.start ? (size_t)(local->lexer.limit - local->lexer.at) : 0;
    bool first = !local->lexer.start;
    if (kept)
        memmove(local->buffer, local->lexer.at, kept);
    local->len = kept;
    HR_TRY(grow_buffer(local, kept * 2 > BLOCK_BYTES ? kept * 2 : BLOCK_BYTES, err));
    while (local->len < local->cap && !local->stream_end) {
        size_t got;
        HR_TRY(hr_stream_read(local->stream, local->buffer + local->len, local->cap - local->len,
                              &got, err));
        local->len += got;
        local->stream_end = got == 0;
    }
    memset(local->buffer + local->len, 0, HR_BYTES_PAD);
    local->is_utf8 = hr_csv_all_ascii(local->buffer, local->len);
    if (first)
        hr_csv_line_style(&local->lexer, local->buffer, local->len);
    hr_csv_lexer_feed(&local->lexer, local->buffer, local->buffer + local->len, local->stream_end);
    local->stop = local->buffer + local->cap + 1;
    return HR_OK;
}

static enum hr_code begin_stream(struct csv_local *local, struct hr_err *err)
{
    hr_stream_close(local->stream);
    local->stream = NULL;
    local->stream_end = false;
    local->lexer.start = NULL;
    HR_TRY(hr_stream_open(local->run->scan->format, &local->run->state->files.at[local->file],
                          local->run->state->csv->encoding, &local->stream, err));
    return more_stream(local, err);
}

/* ---- the header of a file ---- */

static enum hr_code check_header(const struct csv_local *local,
                                 const struct hr_csv_record *record,
                                 struct hr_err *err)
{
    const struct csv_run *run = local->run;
    const struct hr_type *schema = run->scan->schema;
    if (!run->pruned && record->count != run->state->data_count) {
        hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                      run->state->files.uris.at[local->file], NULL);
        return hr_fail_hint(
            err, "the number of columns in the csv header is not that of the schema: %zu and %zu",
            record->count, run->state->data_count);
    }
    for (size_t i = 0; i < run->column_count; i++) {
        const struct column *column = &run->columns[i];
        if (column->place.kind != COLUMN_TOKEN)
            continue;
        struct hr_text text = {"", 0};
        if ((size_t)column->place.at < record->count)
            hr_csv_token(run->state->csv, &record->fields[column->place.at], &text);
        const char *name = schema->fields[column->schema].name;
        bool same =
            strlen(name) == text.len &&
            !(run->state->csv->case_sensitive ? strncmp : strncasecmp)(name, text.bytes, text.len);
        if (!same) {
            hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                          run->state->files.uris.at[local->file], NULL);
            return hr_fail_hint(
                err,
                "the csv header does not conform to the schema: expected \"%s\" but found \"%.*s\"",
                name, (int)(text.len > 200 ? 200 : text.len), text.bytes);
        }
    }
    return HR_OK;
}

enum hr_code hr_csv_more(struct csv_local *local, struct hr_err *err)
{
    if (!hr_pace_ask(&local->bump.pace))
        return hr_scan_ended(err);
    return local->whole ? more_stream(local, err) : extend_block(local, err);
}

static enum hr_code skip_header(struct csv_local *local, struct hr_err *err)
{
    enum hr_csv_step step;
    while ((step = hr_csv_next(&local->lexer)) == HR_CSV_MORE)
        HR_TRY(hr_csv_more(local, err));
    const struct hr_csv *csv = local->run->state->csv;
    if (step == HR_CSV_RECORD && local->lexer.record.broken && !local->counts)
        return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                             local->run->state->files.uris.at[local->file], NULL);
    return step == HR_CSV_RECORD && !csv->enforce_schema
               ? check_header(local, &local->lexer.record, err)
               : HR_OK;
}

enum hr_code hr_csv_next_unit(struct csv_local *local, struct hr_err *err)
{
    struct csv_run *run = local->run;
    size_t unit = atomic_fetch_add(&run->next_unit, 1);
    if (unit >= run->unit_count)
        return HR_OK;
    if (run->state->strings) {
        size_t count = run->state->strings->count;
        local->string = unit * HR_STRINGS_A_SLICE;
        local->string_end =
            local->string + HR_STRINGS_A_SLICE < count ? local->string + HR_STRINGS_A_SLICE : count;
        local->active = true;
        return HR_OK;
    }
    size_t file = 0;
    while (run->unit_first[file + 1] <= unit)
        file++;
    local->file = file;
    local->whole = !in_blocks(run->state, &run->state->files.at[file]);
    size_t block = unit - run->unit_first[file];
    HR_TRY(local->whole ? begin_stream(local, err) : begin_block(local, block, err));
    local->active = true;
    return !block && run->state->csv->header ? skip_header(local, err) : HR_OK;
}
