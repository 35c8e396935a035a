/* Local relations: Arrow record batches that came in a message, read in place by DuckDB's threads,
 * 2,048 rows at a time. */
#include "base/check.h"
#include "host/duck/from_arrow.h"
#include "host/format/files/files.h"
#include "host/format/local.h"
#include "wire/arrow.h"
#include <stdio.h>
#include <stdlib.h>

struct local_scan {
    struct hr_arrow_stream stream;
    const struct hr_type *schema;
    int64_t rows;
};

struct local_run {
    const struct local_scan *state;
    int *out;
    size_t out_count;
    size_t piece_count;
    atomic_size_t next_piece;
};

enum hr_code hr_local_schema(struct hr_arena *arena,
                             const char *text,
                             const struct hr_type **schema,
                             struct hr_err *err)
{
    while (*text == ' ' || *text == '\n' || *text == '\t')
        text++;
    HR_TRY(*text == '{' || *text == '"' ? hr_type_from_json(arena, text, schema, err)
                                        : hr_type_from_ddl(arena, text, schema, err));
    if ((*schema)->id != HR_TYPE_STRUCT) {
        struct hr_field field = {"value", *schema, true, NULL};
        *schema = hr_type_struct(arena, &field, 1);
    }
    return HR_OK;
}

/* ---- the scan ---- */

static enum hr_code begin(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err)
{
    (void)err;
    struct local_run *run = calloc(1, sizeof *run);
    HR_CHECK(run);
    run->state = scan->state;
    run->out = calloc(want->out_count + 1, sizeof(int));
    HR_CHECK(run->out);
    if (want->out_count)
        memcpy(run->out, want->out, want->out_count * sizeof(int));
    run->out_count = want->out_count;
    idx_t size = duckdb_vector_size();
    for (size_t b = 0; b < run->state->stream.batch_count; b++)
        run->piece_count += ((idx_t)run->state->stream.batches[b].rows + size - 1) / size;
    *threads = run->piece_count ? run->piece_count : 1;
    *global = run;
    return HR_OK;
}

static enum hr_code fill(void *global, void *local, duckdb_data_chunk out, struct hr_err *err)
{
    struct local_run *run = global;
    (void)local;
    (void)err;
    idx_t size = duckdb_vector_size();
    size_t piece = atomic_fetch_add(&run->next_piece, 1);
    duckdb_data_chunk_set_size(out, 0);
    if (piece >= run->piece_count)
        return HR_OK;
    const struct hr_arrow_batch *batch = run->state->stream.batches;
    for (;; batch++) {
        size_t pieces = ((idx_t)batch->rows + size - 1) / size;
        if (piece < pieces)
            break;
        piece -= pieces;
    }
    int64_t from = (int64_t)(piece * size),
            rows = batch->rows - from < (int64_t)size ? batch->rows - from : (int64_t)size;
    for (size_t v = 0; v < run->out_count; v++) {
        int column = run->out[v];
        if (column < 0)
            continue;
        struct hr_arrow_slice slice = {&run->state->stream.schema.fields[column],
                                       &batch->columns[column], from, (idx_t)rows};
        hr_arrow_slice_put(&slice, run->state->schema->fields[column].type,
                           duckdb_data_chunk_get_vector(out, v));
    }
    duckdb_data_chunk_set_size(out, (idx_t)rows);
    return HR_OK;
}

static void end(void *global)
{
    struct local_run *run = global;
    free(run->out);
    free(run);
}

static const struct hr_scan_ops local_ops = {.begin = begin, .fill = fill, .end = end};

static enum hr_code open_local(struct hr_scan *scan,
                               struct local_scan *state,
                               const void *arrow,
                               size_t len,
                               const char *schema,
                               struct hr_err *err)
{
    const struct hr_type *type = NULL;
    if (schema && *schema)
        HR_TRY(hr_local_schema(scan->arena, schema, &type, err));
    if (len) {
        void *copy = hr_arena_try(scan->arena, len);
        if (!copy)
            return hr_fail(err, HR_E_NOMEM, "no memory for a local relation of %zu bytes", len);
        memcpy(copy, arrow, len);
        HR_TRY(hr_arrow_read(scan->arena, copy, len, &state->stream, err));
        struct hr_arrow_field all = {.kind = HR_ARROW_STRUCT,
                                     .children = state->stream.schema.fields,
                                     .child_count = state->stream.schema.count};
        if (!type)
            HR_TRY(hr_arrow_type_of(scan->arena, &all, &type, err));
        else if (!hr_arrow_fits(&all, type))
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                                 "a local relation whose Arrow types differ from its schema", NULL);
    } else if (!type) {
        return hr_fail(err, HR_E_INVALID, "a local relation has neither data nor a schema");
    }
    state->schema = scan->schema = type;
    for (size_t i = 0; i < state->stream.batch_count; i++)
        state->rows += state->stream.batches[i].rows;
    scan->rows_guess = (uint64_t)state->rows;
    return HR_OK;
}

enum hr_code hr_format_local(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const void *arrow,
                             size_t len,
                             const char *schema,
                             struct hr_source **source,
                             struct hr_err *err)
{
    (void)env;
    struct hr_scan *scan = hr_scan_new(format, &local_ops);
    struct local_scan *state = HR_NEW(scan->arena, struct local_scan);
    scan->state = state;
    enum hr_code code = open_local(scan, state, arrow, len, schema, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, "local", "LocalRelation");
    return HR_OK;
}
