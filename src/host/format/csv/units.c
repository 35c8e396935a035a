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

static size_t units_of(const struct csv_scan *state, const struct hr_file *file)
{
    if (!file->stat.size)
        return 0;
    if (!in_blocks(state, file))
        return 1;
    return (size_t)((file->stat.size + BLOCK_BYTES - 1) / BLOCK_BYTES);
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
        run->unit_count += units_of(run->state, &files->at[i]);
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
    const char *from = base + (start - local->offset);
    const char *begin;
    if (start)
        begin = hr_csv_line_start(&local->lexer, base, from, limit);
    else
        begin = from + mark_of(from, (size_t)(limit - from));
    bool is_last = local->offset + (limit - base) >= size;
    local->stop = base + (stop - local->offset);
    hr_csv_lexer_feed(&local->lexer, begin, limit, is_last);
}

/* a small file is in memory whole */
static enum hr_code begin_cached(struct csv_local *local,
                                 int64_t start,
                                 int64_t stop,
                                 struct hr_err *err)
{
    const struct hr_file *file = &local->run->state->files.at[local->file];
    hr_cached_drop(local->bytes ? &local->bytes->base : NULL);
    local->bytes = NULL;
    HR_TRY(
        hr_cache_file(local->run->scan->format, file->location, &file->stat, &local->bytes, err));
    const struct hr_bytes *bytes = local->bytes;
    bool is_last = stop == file->stat.size;
    local->offset = 0;
    local->is_utf8 = is_last && hr_csv_all_ascii(bytes->data + start, (size_t)(stop - start));
    feed(local, bytes->data, bytes->data + bytes->len, start, stop, file->stat.size);
    return HR_OK;
}

static enum hr_code begin_block(struct csv_local *local, size_t block, struct hr_err *err)
{
    const struct hr_file *file = &local->run->state->files.at[local->file];
    int64_t size = file->stat.size;
    int64_t start = (int64_t)block * BLOCK_BYTES;
    int64_t stop = start + BLOCK_BYTES < size ? start + BLOCK_BYTES : size;
    if ((size_t)size <= hr_cache_file_max(local->run->scan->format->cache))
        return begin_cached(local, start, stop, err);
    /* the bytes before the block say whether a line begins with it */
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

static enum hr_code header_failed(const struct csv_local *local, struct hr_err *err)
{
    return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                         local->run->state->files.uris.at[local->file], NULL);
}

static struct hr_text token_at(const struct hr_csv *csv, const struct hr_csv_record *record, int at)
{
    struct hr_text text = {"", 0};
    if ((size_t)at < record->count)
        hr_csv_token(csv, &record->fields[at], &text);
    return text;
}

static bool is_named(const struct hr_csv *csv, const char *name, struct hr_text text)
{
    if (strlen(name) != text.len)
        return false;
    if (csv->case_sensitive)
        return !strncmp(name, text.bytes, text.len);
    return !strncasecmp(name, text.bytes, text.len);
}

static enum hr_code check_header(const struct csv_local *local,
                                 const struct hr_csv_record *record,
                                 struct hr_err *err)
{
    const struct csv_run *run = local->run;
    const struct hr_csv *csv = run->state->csv;
    if (!run->pruned && record->count != run->state->data_count) {
        header_failed(local, err);
        return hr_fail_hint(
            err, "the number of columns in the csv header is not that of the schema: %zu and %zu",
            record->count, run->state->data_count);
    }
    for (size_t i = 0; i < run->column_count; i++) {
        const struct column *column = &run->columns[i];
        if (column->place.kind != COLUMN_TOKEN)
            continue;
        struct hr_text text = token_at(csv, record, column->place.at);
        const char *name = run->scan->schema->fields[column->schema].name;
        if (is_named(csv, name, text))
            continue;
        header_failed(local, err);
        return hr_fail_hint(
            err,
            "the csv header does not conform to the schema: expected \"%s\" but found \"%.*s\"",
            name, (int)(text.len > 200 ? 200 : text.len), text.bytes);
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
    if (step != HR_CSV_RECORD)
        return HR_OK;
    const struct hr_csv_record *record = &local->lexer.record;
    if (record->broken && !local->counts)
        return header_failed(local, err);
    return local->run->state->csv->enforce_schema ? HR_OK : check_header(local, record, err);
}

static void begin_slice(struct csv_local *local, size_t slice)
{
    size_t count = local->run->state->strings->count;
    size_t begin = slice * HR_STRINGS_A_SLICE;
    local->string = begin;
    local->string_end = begin + HR_STRINGS_A_SLICE < count ? begin + HR_STRINGS_A_SLICE : count;
    local->active = true;
}

enum hr_code hr_csv_next_unit(struct csv_local *local, struct hr_err *err)
{
    struct csv_run *run = local->run;
    size_t unit = atomic_fetch_add(&run->next_unit, 1);
    if (unit >= run->unit_count)
        return HR_OK;
    if (run->state->strings) {
        begin_slice(local, unit);
        return HR_OK;
    }
    size_t file = 0;
    while (run->unit_first[file + 1] <= unit)
        file++;
    size_t block = unit - run->unit_first[file];
    local->file = file;
    local->whole = !in_blocks(run->state, &run->state->files.at[file]);
    HR_TRY(local->whole ? begin_stream(local, err) : begin_block(local, block, err));
    local->active = true;
    bool has_header = !block && run->state->csv->header;
    return has_header ? skip_header(local, err) : HR_OK;
}
