/* Records of csv to rows of the engine's vectors. */
#include "host/format/csv/run.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

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
        local->is_utf8 = hr_csv_all_ascii(text.bytes, text.len);
        hr_csv_lexer_feed(&local->lexer, text.bytes, text.bytes + text.len, true);
        if (hr_csv_next(&local->lexer) == HR_CSV_RECORD)
            return HR_CSV_RECORD;
    }
    return HR_CSV_END;
}

/* rows of one unit into the vectors of local->columns */
enum hr_code hr_csv_fill_rows(struct csv_local *local, idx_t *rows, struct hr_err *err)
{
    idx_t row = 0, max = duckdb_vector_size();
    if (!local->keeps)
        hr_bump_reset(&local->bump);
    while (row < max) {
        if (!local->active) {
            if (row || local->keeps)
                break;
            enum hr_code code = hr_csv_next_unit(local, err);
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
            if (hr_csv_more(local, err)) {
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

void hr_csv_bind_vectors(struct csv_local *local, duckdb_data_chunk out)
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

void hr_csv_fill_partitions(struct csv_local *local, idx_t rows)
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

struct csv_local *hr_csv_local_new(struct csv_run *run)
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

void hr_csv_local_free(struct csv_local *local)
{
    hr_csv_lexer_release(&local->lexer);
    hr_bump_release(&local->bump);
    hr_stream_close(local->stream);
    hr_cached_drop(local->bytes ? &local->bytes->base : NULL);
    free(local->buffer);
    free(local->columns);
    free(local);
}
