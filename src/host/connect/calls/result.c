#include "host/connect/calls/result.h"
#include "base/clock.h"
#include "base/limits.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_ROWS 8192 /* of the first batch */
#define LATER_ROWS 262144
#define SLOW_NS 200000000ull /* a query that yields slowly shows what it has */

struct hr_result {
    struct hr_arena *arena;
    struct hr_arrow_schema schema;
    struct hr_result_options options;
    struct hr_gathered *columns;
    struct hr_arrow_array *arrays;
    hr_result_deliver *deliver;
    void *arg;
    int64_t rows, limit, total;
    uint64_t since;
    bool delivered, failed;
};

#define BATCH_MAX (HR_GRPC_MESSAGE_MAX - 65536) /* room for the message around it */

static enum hr_code flush(struct hr_result *result, struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_buf out;
    size_t bytes = 4096;
    for (size_t i = 0; i < result->schema.count; i++) {
        bytes += hr_gathered_bytes(&result->columns[i]);
        hr_gathered_array(scratch, &result->columns[i], &result->arrays[i]);
    }
    hr_buf_init(&out, BATCH_MAX);
    if (result->options.codec == HR_ARROW_PLAIN && bytes < BATCH_MAX)
        hr_buf_room(&out, bytes);
    hr_arrow_write_schema(&out, &result->schema);
    hr_arrow_write_batch(&out, &result->schema, result->arrays, result->rows, result->options.codec,
                         result->options.level);
    hr_arrow_write_end(&out);
    hr_arena_free(scratch);
    if (!hr_buf_ok(&out)) {
        hr_buf_release(&out);
        return hr_fail(err, HR_E_LIMIT, "one batch of the result is larger than %d bytes",
                       HR_GRPC_MESSAGE_MAX);
    }
    int64_t rows = result->rows;
    for (size_t i = 0; i < result->schema.count; i++)
        hr_gathered_clear(&result->columns[i]);
    result->rows = 0;
    result->limit = LATER_ROWS;
    result->delivered = true;
    size_t len;
    char *stream = hr_buf_steal(&out, &len);
    return result->deliver(result->arg, rows, stream, len, err);
}

static bool is_full(const struct hr_result *result)
{
    size_t bytes = 0;
    if (result->options.rows_max && result->rows >= result->options.rows_max)
        return true;
    if (result->rows >= result->limit || hr_clock_mono_ns() - result->since > SLOW_NS)
        return true;
    for (size_t i = 0; i < result->schema.count; i++)
        bytes += hr_gathered_bytes(&result->columns[i]);
    return bytes >= HR_RESULT_BATCH_BYTES;
}

enum hr_code hr_result_add(struct hr_result *result, duckdb_data_chunk chunk, struct hr_err *err)
{
    idx_t size = duckdb_data_chunk_get_size(chunk);
    for (idx_t start = 0; start < size;) {
        idx_t count = size - start;
        if (result->options.rows_max && (int64_t)count > result->options.rows_max - result->rows)
            count = (idx_t)(result->options.rows_max - result->rows);
        if (!result->rows)
            result->since = hr_clock_mono_ns();
        for (size_t i = 0; i < result->schema.count; i++)
            HR_TRY(hr_gathered_add(&result->columns[i], duckdb_data_chunk_get_vector(chunk, i),
                                   NULL, start, count, err));
        result->rows += (int64_t)count;
        result->total += (int64_t)count;
        start += count;
        if (is_full(result))
            HR_TRY(flush(result, err));
    }
    return HR_OK;
}

enum hr_code hr_result_finish(struct hr_result *result, struct hr_err *err)
{
    return result->rows || !result->delivered ? flush(result, err) : HR_OK;
}

static void release(void *arg)
{
    struct hr_result *result = arg;
    for (size_t i = 0; i < result->schema.count; i++)
        hr_gathered_release(&result->columns[i]);
}

enum hr_code hr_result_new(struct hr_arena *arena,
                           const struct hr_type *schema,
                           const struct hr_result_options *options,
                           hr_result_deliver *deliver,
                           void *arg,
                           struct hr_result **out,
                           struct hr_err *err)
{
    struct hr_result *result = HR_NEW(arena, struct hr_result);
    result->arena = arena;
    result->options = *options;
    result->deliver = deliver;
    result->arg = arg;
    result->limit = FIRST_ROWS;
    result->schema.count = schema->field_count;
    result->schema.fields = HR_NEW_ARRAY(arena, struct hr_arrow_field, schema->field_count);
    result->columns = HR_NEW_ARRAY(arena, struct hr_gathered, schema->field_count);
    result->arrays = HR_NEW_ARRAY(arena, struct hr_arrow_array, schema->field_count);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct hr_field *field = &schema->fields[i];
        HR_TRY(hr_arrow_field_of(arena, field->name, field->type, field->nullable, &options->style,
                                 &result->schema.fields[i], err));
        hr_gathered_init(arena, &result->columns[i], field->type, &result->schema.fields[i]);
    }
    hr_arena_on_free(arena, release, result);
    *out = result;
    return HR_OK;
}
