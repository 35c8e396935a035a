#include "host/format/csv/csv.h"
#include "base/check.h"
#include "host/format/files/cache.h"
#include "host/format/files/stream.h"
#include "host/format/files/query_strings.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define BLOCK_BYTES (1024 * 1024)
#define TAIL_BYTES (16 * 1024) /* read behind a block, for its last line */
#define RECORD_BYTES_MAX (256 * 1024 * 1024)
#define ROW_BYTES_GUESS 80
#define CHECK_BYTES 16

enum column_kind {
    COLUMN_TOKEN,
    COLUMN_CORRUPT,
    COLUMN_PARTITION,
    COLUMN_FILE /* the file's place, behind the schema's columns */
};

struct place {
    enum column_kind kind;
    int at;
}; /* token index, or partition index */

struct csv_scan {
    const struct hr_csv *csv;
    struct hr_files files;
    struct hr_strings *strings; /* instead of files, one record each */
    struct hr_text header;      /* strings equal to it make no row */
    /* every column: strings are parsed by the whole schema, whatever is asked for */
    size_t *all;
    struct place *places; /* of each column of the schema */
    /* tokens a record should have when nothing is pruned */
    size_t data_count;
    const char *key; /* in the cache */
    bool can_cache;
};

/* one column of a running statement. vector -1: only checked, its value goes nowhere */
struct column {
    int schema, vector;
    struct place place;
    const struct hr_type *type;
    void *data;
    uint64_t *validity;
    duckdb_vector into;
};

struct csv_run {
    struct hr_scan *scan;
    const struct csv_scan *state;
    struct column *columns;
    size_t column_count;
    /* schema column of each output vector, -1 none */
    int *vector_of;
    size_t vector_count;
    bool checks, pruned, wants_corrupt, only_count;
    size_t *unit_first;
    size_t unit_count; /* the first unit of each file, and their sum */
    atomic_size_t next_unit;
    struct hr_watch watch;
    pthread_mutex_t lock; /* of readers */
    struct hr_blob_reader **readers;
    struct kept *kept; /* columns from memory, or NULL */
    atomic_size_t next_chunk;
};

struct csv_local {
    struct csv_run *run;
    /* a copy of the run's, which may end before this does */
    struct hr_watch watch;
    struct hr_csv_lexer lexer;
    struct hr_bump bump;
    struct hr_bytes *bytes; /* of a small file, shared */
    struct hr_stream *stream;
    char *buffer;
    size_t cap, len;
    /* records that begin here or later belong to the next unit */
    const char *stop;
    int64_t offset; /* of buffer[0] in the file */
    size_t file;
    size_t string, string_end; /* of a slice of strings */
    bool active, whole, stream_end, is_utf8, keeps, counts;
    struct column *columns; /* this thread's copy */
    char scratch[CHECK_BYTES];
};

/* ---- columns kept in memory ---- */

struct chunks {
    duckdb_data_chunk *at;
};
struct kept {
    struct hr_cached base;
    pthread_mutex_t lock;
    size_t column_count;
    /* by schema column: which chunks, which vector of them */
    struct chunks **of;
    idx_t *index;
    struct chunks **sets;
    size_t set_count;
    idx_t *rows;
    size_t chunk_count;
    bool counted;
    struct csv_local **owners;
    size_t owner_count; /* hold the bytes that strings point into */
};

static void local_free(struct csv_local *local)
{
    hr_csv_lexer_release(&local->lexer);
    hr_bump_release(&local->bump);
    hr_stream_close(local->stream);
    hr_cached_drop(local->bytes ? &local->bytes->base : NULL);
    free(local->buffer);
    free(local->columns);
    free(local);
}

static void kept_destroy(struct hr_cached *item)
{
    struct kept *kept = (struct kept *)item;
    for (size_t s = 0; s < kept->set_count; s++) {
        for (size_t i = 0; i < kept->chunk_count; i++)
            duckdb_destroy_data_chunk(&kept->sets[s]->at[i]);
        free(kept->sets[s]->at);
        free(kept->sets[s]);
    }
    for (size_t i = 0; i < kept->owner_count; i++)
        local_free(kept->owners[i]);
    pthread_mutex_destroy(&kept->lock);
    free(kept->owners);
    free(kept->sets);
    free(kept->of);
    free(kept->index);
    free(kept->rows);
    free(kept);
}

static struct kept *kept_new(size_t columns)
{
    struct kept *kept = calloc(1, sizeof *kept);
    HR_CHECK(kept);
    atomic_init(&kept->base.refs, 1);
    kept->base.destroy = kept_destroy;
    kept->base.cost = sizeof *kept;
    kept->column_count = columns;
    kept->of = calloc(columns + 1, sizeof *kept->of);
    kept->index = calloc(columns + 1, sizeof *kept->index);
    HR_CHECK(kept->of && kept->index);
    pthread_mutex_init(&kept->lock, NULL);
    return kept;
}

/* ---- units of work ---- */

static bool in_blocks(const struct csv_scan *state, const struct hr_file *file)
{
    return file->codec == HR_CODEC_NONE && !state->csv->encoding && !state->csv->multi_line;
}

static void plan_units(struct csv_run *run)
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

static bool all_ascii(const char *bytes, size_t len)
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
            all_ascii(local->bytes->data + start, (size_t)(stop - start)) && stop == size;
        feed(local, local->bytes->data, local->bytes->data + local->bytes->len, start, stop, size);
        return HR_OK;
    }
    int64_t before = start < 2 ? start : 2;
    local->offset = start - before;
    local->len = 0;
    HR_TRY(read_block(local, (size_t)(stop - local->offset) + TAIL_BYTES, err));
    local->is_utf8 = all_ascii(local->buffer, local->len);
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
    local->is_utf8 = all_ascii(local->buffer, local->len);
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
    local->is_utf8 = all_ascii(local->buffer, local->len);
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

static enum hr_code more(struct csv_local *local, struct hr_err *err)
{
    if (!hr_pace_ask(&local->bump.pace))
        return hr_scan_ended(err);
    return local->whole ? more_stream(local, err) : extend_block(local, err);
}

static enum hr_code skip_header(struct csv_local *local, struct hr_err *err)
{
    enum hr_csv_step step;
    while ((step = hr_csv_next(&local->lexer)) == HR_CSV_MORE)
        HR_TRY(more(local, err));
    const struct hr_csv *csv = local->run->state->csv;
    if (step == HR_CSV_RECORD && local->lexer.record.broken && !local->counts)
        return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                             local->run->state->files.uris.at[local->file], NULL);
    return step == HR_CSV_RECORD && !csv->enforce_schema
               ? check_header(local, &local->lexer.record, err)
               : HR_OK;
}

static enum hr_code next_unit(struct csv_local *local, struct hr_err *err)
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

/* ---- rows ---- */

static inline void set_null(struct column *column, idx_t row)
{
    if (!column->validity) {
        duckdb_vector_ensure_validity_writable(column->into);
        column->validity = duckdb_vector_get_validity(column->into);
    }
    column->validity[row >> 6] &= ~(1ull << (row & 63));
}

static inline void set_valid(struct column *column, idx_t row)
{
    if (column->validity)
        column->validity[row >> 6] |= 1ull << (row & 63);
}

static inline bool token_value(struct csv_local *local,
                               struct column *column,
                               const struct hr_csv_record *record,
                               idx_t row)
{
    const struct hr_csv *csv = local->run->state->csv;
    struct hr_text text;
    bool checks_only = column->vector < 0;
    if ((size_t)column->place.at >= record->count || record->broken) {
        if (!checks_only)
            set_null(column, row);
        return local->run->pruned && !record->broken;
    }
    if (!hr_csv_token(csv, &record->fields[column->place.at], &text)) {
        if (!checks_only)
            set_null(column, row);
        return true;
    }
    bool ok = hr_csv_value(csv, column->type, text, local->is_utf8, &local->bump,
                           checks_only ? local->scratch : column->data, checks_only ? 0 : row);
    if (!checks_only) {
        if (ok)
            set_valid(column, row);
        else
            set_null(column, row);
    }
    return ok;
}

static enum hr_code bad_string(const struct hr_csv_record *record, struct hr_err *err)
{
    char text[400];
    snprintf(text, sizeof text, "%.*s", (int)(record->text_len > 300 ? 300 : record->text_len),
             record->text);
    return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord", text,
                         "failFastMode", "FAILFAST", NULL);
}

static enum hr_code failfast(const struct csv_local *local,
                             const struct hr_csv_record *record,
                             struct hr_err *err)
{
    if (local->run->state->strings)
        return bad_string(record, err);
    hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                  local->run->state->files.uris.at[local->file], NULL);
    return hr_fail_hint(
        err,
        "malformed records are detected in record parsing: \"%.*s\"; parse mode: FAILFAST. To process malformed records as null result, "
        "try setting the option 'mode' as 'PERMISSIVE'",
        (int)(record->text_len > 200 ? 200 : record->text_len), record->text);
}

/* Spark takes one \n or \r\n off a corrupt record, which a lineSep of one's own leaves there */
static size_t without_line_end(const struct hr_csv *csv, const char *text, size_t len)
{
    if (len && text[len - 1] == '\r' && csv->line_sep_len && csv->line_sep[0] == '\n')
        return len - 1;
    if (!len || text[len - 1] != '\n')
        return len;
    return len - (len > 1 && text[len - 2] == '\r' ? 2 : 1);
}

/* *keeps: the record made a row */
static enum hr_code make_row(struct csv_local *local, idx_t row, bool *keeps, struct hr_err *err)
{
    const struct csv_run *run = local->run;
    const struct hr_csv_record *record = &local->lexer.record;
    bool good = true;
    *keeps = true;
    if (record->stray_quote)
        return hr_fail(
            err, HR_E_INVALID,
            "unescaped quote character '%c' inside a quoted value of a csv field: \"%.*s\"",
            run->state->csv->quote, (int)(record->text_len > 500 ? 500 : record->text_len),
            record->text);
    if (record->broken && !run->only_count && run->state->strings)
        return bad_string(record, err);
    if (record->broken && !run->only_count)
        return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                             run->state->files.uris.at[local->file], NULL);
    for (size_t i = 0; i < run->column_count; i++)
        if (local->columns[i].place.kind == COLUMN_TOKEN)
            good &= token_value(local, &local->columns[i], record, row);
    if (!run->checks)
        return HR_OK;
    if (!run->only_count)
        good &= !record->broken && (run->pruned || record->count == run->state->data_count);
    else
        good = true;
    if (!good && run->state->csv->mode == HR_MODE_DROPMALFORMED)
        *keeps = false;
    if (!good && run->state->csv->mode == HR_MODE_FAILFAST)
        return failfast(local, record, err);
    for (size_t i = 0; i < run->column_count; i++) {
        struct column *column = &local->columns[i];
        if (column->place.kind != COLUMN_CORRUPT || column->vector < 0)
            continue;
        if (good) {
            set_null(column, row);
        } else {
            set_valid(column, row);
            hr_csv_value(
                run->state->csv, hr_type_basic(HR_TYPE_STRING),
                (struct hr_text){record->text,
                                 without_line_end(run->state->csv, record->text, record->text_len)},
                local->is_utf8, &local->bump, column->data, row);
        }
    }
    return HR_OK;
}

static enum hr_code corrupt_file(const struct csv_local *local,
                                 enum hr_code code,
                                 struct hr_err *err)
{
    const struct hr_files *files = &local->run->state->files;
    if (local->run->state->strings)
        return code;
    if (code == HR_E_NOT_FOUND && files->ignore_missing)
        return HR_OK;
    if ((code == HR_E_IO || code == HR_E_CHANGED) && files->ignore_corrupt)
        return HR_OK;
    (void)err;
    return code;
}

/* the next record; *step MORE: the bytes end inside it */
static enum hr_csv_step next_record(struct csv_local *local)
{
    const struct csv_scan *state = local->run->state;
    if (!state->strings)
        return local->lexer.at >= local->stop ? HR_CSV_END
               : local->counts                ? hr_csv_next_line(&local->lexer)
                                              : hr_csv_next(&local->lexer);
    while (local->string < local->string_end) {
        struct hr_text text = hr_strings_at(state->strings, local->string++);
        if (state->header.bytes &&
            text.len == state->header.len &&
            !memcmp(text.bytes, state->header.bytes, text.len))
            continue;
        local->is_utf8 = all_ascii(text.bytes, text.len);
        hr_csv_lexer_feed(&local->lexer, text.bytes, text.bytes + text.len, true);
        if (hr_csv_next(&local->lexer) == HR_CSV_RECORD)
            return HR_CSV_RECORD;
    }
    return HR_CSV_END;
}

/* rows of one unit into the vectors of local->columns */
static enum hr_code fill_rows(struct csv_local *local, idx_t *rows, struct hr_err *err)
{
    idx_t row = 0, max = duckdb_vector_size();
    if (!local->keeps)
        hr_bump_reset(&local->bump);
    while (row < max) {
        if (!local->active) {
            if (row || local->keeps)
                break;
            enum hr_code code = next_unit(local, err);
            if (code) {
                HR_TRY(corrupt_file(local, code, err));
                local->active = false;
                continue;
            }
            if (!local->active)
                break;
        }
        enum hr_csv_step step = next_record(local);
        if (step == HR_CSV_END) {
            local->active = false;
        } else if (step == HR_CSV_MORE) {
            if (row)
                break; /* values point into the buffer, which is about to move */
            if (more(local, err)) {
                HR_TRY(corrupt_file(local, err ? err->code : HR_E_IO, err));
                local->active = false;
            }
        } else if (local->counts) {
            row++;
        } else {
            bool keeps;
            HR_TRY(make_row(local, row, &keeps, err));
            row += keeps;
        }
        if (!hr_pace_step(&local->bump.pace, 0))
            return hr_scan_ended(err); /* its last record is unfinished */
    }
    *rows = row;
    atomic_fetch_add(&local->run->scan->format->rows_parsed, row);
    return HR_OK;
}

static void bind_vectors(struct csv_local *local, duckdb_data_chunk out)
{
    for (size_t i = 0; i < local->run->column_count; i++) {
        struct column *column = &local->columns[i];
        if (column->vector < 0)
            continue;
        column->into = duckdb_data_chunk_get_vector(out, (idx_t)column->vector);
        column->data = duckdb_vector_get_data(column->into);
        column->validity = NULL;
    }
}

static void fill_partitions(struct csv_local *local, idx_t rows)
{
    const struct csv_scan *state = local->run->state;
    for (size_t i = 0; i < local->run->column_count; i++) {
        struct column *column = &local->columns[i];
        for (idx_t row = 0; column->place.kind == COLUMN_FILE && column->vector >= 0 && row < rows;
             row++)
            ((int32_t *)column->data)[row] = (int32_t)local->file;
        if (column->place.kind == COLUMN_PARTITION && column->vector >= 0)
            hr_files_fill_partition(state->files.at[local->file].partition[column->place.at],
                                    column->type, state->csv->zone, column->into, rows);
    }
}

static struct csv_local *local_new(struct csv_run *run)
{
    struct csv_local *local = calloc(1, sizeof *local);
    HR_CHECK(local);
    local->run = run;
    local->watch = run->watch;
    local->bump.pace.watch = &local->watch;
    local->columns = calloc(run->column_count + 1, sizeof *local->columns);
    HR_CHECK(local->columns);
    if (run->column_count)
        memcpy(local->columns, run->columns, run->column_count * sizeof *local->columns);
    hr_csv_lexer_init(&local->lexer, run->state->csv, &local->bump);
    local->counts = !run->column_count && !run->checks && !run->state->csv->multi_line;
    if (local->counts)
        hr_csv_lines_only(&local->lexer);
    return local;
}

/* ---- the memory of small files ---- */

static size_t value_bytes(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_DECIMAL ? 16 : 8;
}

/* parses the columns that are wanted and not there yet; the caller holds kept->lock */
static enum hr_code parse_kept(struct csv_run *run, struct kept *kept, struct hr_err *err)
{
    size_t count = 0, cap = 0, chunks = 0;
    struct column *all = run->columns;
    size_t all_count = run->column_count;
    struct column *missing = calloc(all_count + 1, sizeof *missing);
    duckdb_logical_type *types = calloc(all_count + 1, sizeof *types);
    HR_CHECK(missing && types);
    for (size_t i = 0; i < all_count; i++) {
        if (all[i].vector < 0 || kept->of[all[i].schema])
            continue;
        types[count] = hr_logical_type(all[i].type);
        missing[count] = all[i];
        missing[count].vector = (int)count;
        count++;
    }
    struct chunks *set = calloc(1, sizeof *set);
    struct csv_local **owners = NULL;
    size_t owner_count = 0;
    idx_t *rows = NULL, total = 0;
    HR_CHECK(set);
    run->columns = missing;
    run->column_count = count;
    enum hr_code code = HR_OK;
    for (size_t unit = 0; unit < run->unit_count && !code; unit++) {
        struct csv_local *local = local_new(run); /* owns the bytes of this unit's strings */
        owners = realloc(owners, (owner_count + 1) * sizeof *owners);
        HR_CHECK(owners);
        owners[owner_count++] = local;
        local->keeps = true;
        code = next_unit(local, err);
        while (!code && local->active) {
            duckdb_data_chunk chunk = count ? duckdb_create_data_chunk(types, count) : NULL;
            idx_t got = 0;
            if (chunk)
                bind_vectors(local, chunk);
            code = fill_rows(local, &got, err);
            if (!code && got && chunk) {
                fill_partitions(local, got);
                duckdb_data_chunk_set_size(chunk, got);
            }
            if (code || !got) {
                if (chunk)
                    duckdb_destroy_data_chunk(&chunk);
                continue;
            }
            if (chunks == cap) {
                cap = cap ? cap * 2 : 8;
                set->at = realloc(set->at, cap * sizeof *set->at);
                rows = realloc(rows, cap * sizeof *rows);
                HR_CHECK(set->at && rows);
            }
            set->at[chunks] = chunk;
            rows[chunks++] = got;
            total += got;
        }
    }
    run->columns = all;
    run->column_count = all_count;
    atomic_store(&run->next_unit, 0);
    size_t cost = 0;
    for (size_t i = 0; i < count; i++)
        cost += total * value_bytes(missing[i].type);
    for (size_t i = 0; i < owner_count; i++) {
        owners[i]->run = NULL;
        owners[i]->watch = hr_watch_none(); /* what is kept outlives the statement */
    }
    if (!code) {
        for (size_t i = 0; i < count; i++) {
            kept->of[missing[i].schema] = set;
            kept->index[missing[i].schema] = i;
        }
        if (!kept->counted) {
            kept->counted = true;
            kept->rows = rows;
            kept->chunk_count = chunks;
            rows = NULL;
        }
        HR_CHECK(kept->chunk_count == chunks);
        kept->owners =
            realloc(kept->owners, (kept->owner_count + owner_count + 1) * sizeof *kept->owners);
        kept->sets = realloc(kept->sets, (kept->set_count + 1) * sizeof *kept->sets);
        HR_CHECK(kept->owners && kept->sets);
        if (owner_count)
            memcpy(kept->owners + kept->owner_count, owners, owner_count * sizeof *owners);
        kept->owner_count += owner_count;
        if (count) {
            kept->sets[kept->set_count++] = set;
            set = NULL;
        }
        hr_cache_grown(run->scan->format->cache, &kept->base, cost);
    } else {
        for (size_t i = 0; i < chunks; i++)
            if (set->at[i])
                duckdb_destroy_data_chunk(&set->at[i]);
        for (size_t i = 0; i < owner_count; i++)
            local_free(owners[i]);
    }
    if (set) {
        free(set->at);
        free(set);
    }
    for (size_t i = 0; i < count; i++)
        duckdb_destroy_logical_type(&types[i]);
    free(types);
    free(missing);
    free(owners);
    free(rows);
    return code;
}

static enum hr_code open_kept(struct csv_run *run, struct hr_err *err)
{
    struct hr_format *format = run->scan->format;
    struct kept *kept = (struct kept *)hr_cache_get(format->cache, run->state->key);
    if (!kept)
        kept = (struct kept *)hr_cache_put(format->cache, run->state->key,
                                           &kept_new(run->scan->schema->field_count + 1)->base);
    pthread_mutex_lock(&kept->lock);
    bool complete = kept->counted;
    for (size_t i = 0; i < run->column_count; i++)
        complete &= run->columns[i].vector < 0 || kept->of[run->columns[i].schema];
    enum hr_code code = HR_OK;
    if (complete)
        atomic_fetch_add(&format->cache_hits, 1);
    else
        code = parse_kept(run, kept, err);
    pthread_mutex_unlock(&kept->lock);
    if (code) {
        hr_cached_drop(&kept->base);
        return code;
    }
    run->kept = kept;
    return HR_OK;
}

static void fill_kept(struct csv_run *run, duckdb_data_chunk out)
{
    struct kept *kept = run->kept;
    size_t at = atomic_fetch_add(&run->next_chunk, 1);
    if (at >= kept->chunk_count) {
        duckdb_data_chunk_set_size(out, 0);
        return;
    }
    for (size_t v = 0; v < run->vector_count; v++) {
        int schema = run->vector_of[v];
        if (schema < 0)
            continue;
        duckdb_vector from =
            duckdb_data_chunk_get_vector(kept->of[schema]->at[at], kept->index[schema]);
        duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, v), from);
    }
    duckdb_data_chunk_set_size(out, kept->rows[at]);
}

/* ---- the scan's operations ---- */

static void run_free(void *arg)
{
    struct csv_run *run = arg;
    for (size_t i = 0; run->readers && i < run->state->files.count; i++)
        hr_blob_close(run->readers[i]);
    hr_cached_drop(run->kept ? &run->kept->base : NULL);
    pthread_mutex_destroy(&run->lock);
    free(run->readers);
    free(run->unit_first);
    free(run->columns);
    free(run->vector_of);
    free(run);
}

static const struct hr_type *column_type(const struct hr_type *schema, size_t i)
{
    return i < schema->field_count ? schema->fields[i].type : hr_type_basic(HR_TYPE_INT);
}

static void plan_columns(struct csv_run *run, const struct hr_scan_want *want)
{
    const struct csv_scan *state = run->state;
    const struct hr_type *schema = run->scan->schema;
    run->columns = calloc(want->required_count + want->out_count + 1, sizeof *run->columns);
    run->vector_of = calloc(want->out_count + 1, sizeof(int));
    HR_CHECK(run->columns && run->vector_of);
    size_t tokens = 0;
    for (size_t i = 0; i < want->required_count; i++) {
        enum column_kind kind = state->places[want->required[i]].kind;
        tokens += kind == COLUMN_TOKEN;
        run->wants_corrupt |= kind == COLUMN_CORRUPT;
    }
    run->only_count = !tokens && state->csv->pruning;
    run->pruned = state->csv->pruning && tokens < state->data_count;
    run->checks = state->csv->mode != HR_MODE_PERMISSIVE || run->wants_corrupt;
    run->vector_count = want->out_count;
    for (size_t v = 0; v < want->out_count; v++) {
        int schema_index = run->vector_of[v] = want->out[v];
        if (schema_index >= 0)
            run->columns[run->column_count++] =
                (struct column){schema_index, (int)v, state->places[schema_index],
                                column_type(schema, (size_t)schema_index)};
    }
    for (size_t i = 0; run->checks && i < want->required_count; i++) {
        bool made = false;
        for (size_t v = 0; v < want->out_count; v++)
            made |= want->out[v] == (int)want->required[i];
        if (!made)
            run->columns[run->column_count++] =
                (struct column){(int)want->required[i], -1, state->places[want->required[i]],
                                column_type(schema, want->required[i])};
    }
}

static enum hr_code only_corrupt(const struct csv_run *run,
                                 const struct hr_scan_want *want,
                                 struct hr_err *err)
{
    size_t tokens = 0;
    for (size_t i = 0; i < want->required_count; i++)
        tokens += run->state->places[want->required[i]].kind != COLUMN_CORRUPT;
    if (run->wants_corrupt && !tokens)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", NULL);
    return HR_OK;
}

static enum hr_code begin(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err)
{
    struct csv_run *run = calloc(1, sizeof *run);
    const struct csv_scan *state = scan->state;
    HR_CHECK(run);
    run->scan = scan;
    run->state = state;
    run->watch = want->watch;
    pthread_mutex_init(&run->lock, NULL);
    struct hr_scan_want all = {state->all, scan->schema->field_count, want->out, want->out_count,
                               want->watch};
    plan_columns(run, state->all ? &all : want);
    plan_units(run);
    enum hr_code code = state->all ? HR_OK : only_corrupt(run, want, err);
    if (!code && run->state->can_cache && !run->checks)
        code = open_kept(run, err);
    if (code) {
        run_free(run);
        return code;
    }
    *threads = run->kept ? 1 : run->unit_count ? run->unit_count : 1;
    *global = run;
    return HR_OK;
}

static enum hr_code join(struct hr_scan *scan, void *global, void **local, struct hr_err *err)
{
    (void)scan;
    (void)err;
    *local = local_new(global);
    return HR_OK;
}

static enum hr_code fill(void *global, void *arg, duckdb_data_chunk out, struct hr_err *err)
{
    struct csv_run *run = global;
    struct csv_local *local = arg;
    if (run->kept) {
        fill_kept(run, out);
        return HR_OK;
    }
    idx_t rows = 0;
    bind_vectors(local, out);
    HR_TRY(fill_rows(local, &rows, err));
    if (rows)
        fill_partitions(local, rows);
    duckdb_data_chunk_set_size(out, rows);
    return HR_OK;
}

static void leave(void *local)
{
    local_free(local);
}

static void destroy(struct hr_scan *scan)
{
    struct csv_scan *state = scan->state;
    if (state->strings)
        hr_strings_release(state->strings);
}

static const struct hr_scan_ops csv_ops = {.begin = begin,
                                           .join = join,
                                           .fill = fill,
                                           .leave = leave,
                                           .end = run_free,
                                           .destroy = destroy};

/* ---- opening ---- */

static void options_key(const struct hr_rel *rel, const struct hr_csv *csv, struct hr_buf *out)
{
    for (size_t i = 0; i < rel->read_files.options.count; i++)
        hr_buf_addf(out, "%s=%s\n", rel->read_files.options.at[i].key,
                    rel->read_files.options.at[i].value);
    hr_buf_addf(out, "%s|%s|%d%d\n", csv->zone_name, csv->corrupt, csv->case_sensitive,
                csv->infer_ntz);
}

struct to_infer {
    const struct hr_csv *csv;
    const struct hr_watch *watch;
};

static enum hr_code read_schema(struct hr_format *format,
                                struct hr_arena *arena,
                                const void *options,
                                const struct hr_files *files,
                                const struct hr_type **schema,
                                struct hr_err *err)
{
    const struct to_infer *asked = options;
    return hr_csv_schema(format, arena, asked->csv, files, asked->watch, schema, err);
}

static enum hr_code place_columns(struct hr_scan *scan,
                                  struct csv_scan *state,
                                  const struct hr_type *data,
                                  struct hr_err *err)
{
    const struct hr_csv *csv = state->csv;
    scan->schema = hr_files_schema(scan->arena, &state->files, data, csv->case_sensitive);
    state->places = HR_NEW_ARRAY(scan->arena, struct place, scan->schema->field_count + 1);
    int token = 0;
    for (size_t i = 0; i < scan->schema->field_count; i++) {
        const struct hr_field *field = &scan->schema->fields[i];
        int partition = hr_files_partition(&state->files, field->name, csv->case_sensitive);
        if (i < data->field_count && !strcmp(field->name, csv->corrupt)) {
            HR_TRY(hr_format_check_corrupt(scan->arena, field, err));
            state->places[i] = (struct place){COLUMN_CORRUPT, 0};
        } else {
            state->places[i] = partition >= 0 ? (struct place){COLUMN_PARTITION, partition}
                                              : (struct place){COLUMN_TOKEN, token};
            if (partition < 0 && !hr_csv_readable(field->type))
                return hr_format_refuse_type(scan->arena, "CSV", field, err);
            token += i < data->field_count;
        }
    }
    state->places[scan->schema->field_count] = (struct place){COLUMN_FILE, 0};
    state->data_count = (size_t)token;
    return HR_OK;
}

static enum hr_code open_scan(struct hr_scan *scan,
                              struct csv_scan *state,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              const struct hr_type *user,
                              struct hr_err *err)
{
    struct hr_format *format = scan->format;
    struct hr_csv *csv;
    const struct hr_type *data;
    HR_TRY(hr_csv_options(scan->arena, env, &rel->read_files.options, &csv, err));
    state->csv = csv;
    HR_TRY(hr_files_find(format, scan->arena, env, &rel->read_files.paths, &rel->read_files.options,
                         user, &state->files, err));
    for (size_t i = 0; i < state->files.count; i++)
        HR_TRY(hr_files_codec(state->files.at[i].location, &state->files.at[i].codec, err));
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    hr_buf_adds(&key, "csv\n");
    hr_files_key(&state->files, &key);
    options_key(rel, csv, &key);
    bool versions = hr_files_versioned(&state->files);
    struct hr_watch watch = hr_env_watch(env);
    struct to_infer asked = {csv, &watch};
    enum hr_code code = HR_OK;
    if (user) {
        data = hr_files_without_partitions(scan->arena, user, &state->files, csv->case_sensitive);
    } else if (!state->files.count) {
        code = hr_fail_spark(err, "UNABLE_TO_INFER_SCHEMA", "format", "CSV", NULL);
    } else if (versions) {
        code = hr_cache_schema(format, scan->arena, hr_buf_text(&key), read_schema, &asked,
                               &state->files, &data, err);
    } else {
        code = hr_csv_schema(format, scan->arena, csv, &state->files, &watch, &data, err);
    }
    if (!code)
        code = place_columns(scan, state, data, err);
    if (!code) {
        hr_buf_adds(&key, "columns\n");
        hr_type_json(scan->schema, &key);
        state->can_cache = versions &&
                           (size_t)state->files.bytes <= hr_cache_file_max(format->cache) &&
                           !hr_files_compressed(&state->files);
        state->key = hr_strdup(scan->arena, hr_buf_text(&key));
        scan->identity = versions ? state->key : NULL;
    }
    hr_buf_clear(&key);
    hr_files_metadata(scan->arena, &state->files, &key);
    scan->file_list = hr_buf_keep(&key, scan->arena);
    scan->rows_guess = (uint64_t)state->files.bytes / ROW_BYTES_GUESS + 1;
    return code;
}

enum hr_code hr_csv_read(struct hr_format *format,
                         struct hr_arena *arena,
                         struct hr_env *env,
                         const struct hr_rel *rel,
                         const struct hr_type *user,
                         struct hr_source **source,
                         struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &csv_ops);
    struct csv_scan *state = HR_NEW(scan->arena, struct csv_scan);
    scan->state = state;
    struct hr_rel own = *rel;
    own.read_files.options = hr_options_copy(scan->arena, &rel->read_files.options);
    enum hr_code code =
        open_scan(scan, state, env, &own, user ? hr_type_copy(scan->arena, user) : NULL, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    state = scan->state;
    *source = hr_scan_source(arena, scan, "csv", "csv");
    (*source)->files = state->files.uris;
    return HR_OK;
}

/* ---- strings out of a query ---- */

/* Spark leaves out strings of spaces alone, and comments, before it parses */
static bool keeps_string(const void *arg, struct hr_text text)
{
    const struct hr_csv *csv = arg;
    size_t spaces = 0;
    while (spaces < text.len && text.bytes[spaces] == ' ')
        spaces++;
    return spaces < text.len &&
           (csv->comment == HR_CSV_NONE || (unsigned char)text.bytes[0] != csv->comment);
}

/* enforceSchema=false: the first string's names are the schema's */
static enum hr_code check_first(const struct csv_scan *state,
                                const struct hr_type *schema,
                                struct hr_err *err)
{
    struct hr_csv_lexer lexer;
    struct hr_bump bump = {0};
    enum hr_code code = HR_OK;
    hr_csv_lexer_init(&lexer, state->csv, &bump);
    hr_csv_lexer_feed(&lexer, state->header.bytes, state->header.bytes + state->header.len, true);
    size_t count = hr_csv_next(&lexer) == HR_CSV_RECORD ? lexer.record.count : 0;
    if (count != state->data_count)
        code = hr_fail(
            err, HR_E_INVALID,
            "Number of column in CSV header is not equal to number of fields in the schema: header length: %zu, schema size: %zu",
            count, state->data_count);
    for (size_t i = 0; i < schema->field_count && !code; i++) {
        struct hr_text text = {"", 0};
        if (state->places[i].kind != COLUMN_TOKEN)
            continue;
        hr_csv_token(state->csv, &lexer.record.fields[state->places[i].at], &text);
        const char *name = schema->fields[i].name;
        if (strlen(name) != text.len ||
            (state->csv->case_sensitive ? strncmp : strncasecmp)(name, text.bytes, text.len))
            code =
                hr_fail(err, HR_E_INVALID,
                        "CSV header does not conform to the schema. Expected: %s but found: %.*s",
                        name, (int)(text.len > 200 ? 200 : text.len), text.bytes);
    }
    hr_csv_lexer_release(&lexer);
    hr_bump_release(&bump);
    return code;
}

static enum hr_code open_strings(struct hr_scan *scan,
                                 struct csv_scan *state,
                                 struct hr_env *env,
                                 const struct hr_rel *rel,
                                 struct hr_format_rows *rows,
                                 struct hr_err *err)
{
    struct hr_csv *csv;
    const struct hr_type *data;
    struct hr_options options = hr_options_copy(scan->arena, &rel->parse.options);
    struct hr_watch watch = hr_env_watch(env);
    HR_TRY(hr_csv_options(scan->arena, env, &options, &csv, err));
    hr_csv_one_record(csv);
    csv->pruning = false;
    state->csv = csv;
    HR_TRY(hr_strings_pull(state->strings, rows, keeps_string, csv, err));
    if (csv->header && state->strings->count)
        state->header = hr_strings_at(state->strings, 0);
    if (rel->parse.schema)
        data = hr_type_copy(scan->arena, rel->parse.schema);
    else
        HR_TRY(hr_csv_schema_of_strings(scan->arena, csv, state->strings, &watch, &data, err));
    scan->rows_guess = state->strings->count;
    HR_TRY(place_columns(scan, state, data, err));
    state->all = HR_NEW_ARRAY(scan->arena, size_t, scan->schema->field_count + 1);
    for (size_t i = 0; i < scan->schema->field_count; i++)
        state->all[i] = i;
    return state->header.bytes && !csv->enforce_schema ? check_first(state, scan->schema, err)
                                                       : HR_OK;
}

enum hr_code hr_csv_parse_strings(struct hr_format *format,
                                  struct hr_arena *arena,
                                  struct hr_env *env,
                                  const struct hr_rel *rel,
                                  struct hr_format_rows *rows,
                                  struct hr_source **source,
                                  struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &csv_ops);
    struct csv_scan *state = HR_NEW(scan->arena, struct csv_scan);
    scan->state = state;
    state->strings = HR_NEW(scan->arena, struct hr_strings);
    enum hr_code code = open_strings(scan, state, env, rel, rows, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, "csv", "csv");
    return HR_OK;
}
