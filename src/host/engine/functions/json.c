/* Values as JSON and CSV text and back, as format/ writes and reads files. */
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include "host/format/csv/value_io.h"
#include "host/format/json/read.h"
#include "host/format/json/text.h"

enum hr_code hr_p_to_json(struct hr_arena *arena,
                          struct hr_env *env,
                          struct hr_kernel_types *types,
                          struct hr_err *err)
{
    const struct hr_json_text *text;
    HR_TRY(hr_json_text_new(arena, env, types->options, &text, err));
    types->state = (void *)text;
    return HR_OK;
}

void hr_k_to_json(struct hr_rows *rows, idx_t row)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    struct hr_watch watch = hr_kernel_watching(rows);
    hr_json_text_put(rows->types->state, rows->types->args[0], rows->args[0], row, &watch, &buf);
    hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

enum hr_code hr_p_from_json(struct hr_arena *arena,
                            struct hr_env *env,
                            struct hr_kernel_types *types,
                            struct hr_err *err)
{
    return hr_json_reader_new(arena, env, types->options, types->result,
                              (struct hr_json_reader **)&types->state, err);
}

void hr_k_from_json(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_err err;
    struct hr_watch watch = hr_kernel_watching(rows);
    bool is_null;
    if (hr_json_reader_put(rows->types->state, text.bytes, text.len, &watch, rows->result, row,
                           &is_null, &err))
        hr_kernel_fail(rows, &err);
    else if (is_null)
        rows->out_valid = duckdb_vector_get_validity(rows->result);
}

enum hr_code hr_p_schema_of_json(struct hr_arena *arena,
                                 struct hr_env *env,
                                 struct hr_kernel_types *types,
                                 struct hr_err *err)
{
    return hr_json_reader_new(arena, env, types->options, NULL,
                              (struct hr_json_reader **)&types->state, err);
}

typedef enum hr_code schema_of(const void *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               struct hr_buf *out,
                               struct hr_err *err);

static enum hr_code json_schema(const void *reader,
                                const char *text,
                                size_t len,
                                const struct hr_watch *watch,
                                struct hr_buf *out,
                                struct hr_err *err)
{
    return hr_json_schema_of(reader, text, len, watch, out, err);
}

static void put_schema(struct hr_rows *rows, idx_t row, schema_of *of)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    struct hr_buf buf;
    struct hr_err err;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    enum hr_code code = of(rows->types->state, text.bytes, text.len, &watch, &buf, &err);
    if (code && !rows->failed)
        hr_kernel_fail(rows, &err);
    else if (!code)
        hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

void hr_k_schema_of_json(struct hr_rows *rows, idx_t row)
{
    put_schema(rows, row, json_schema);
}

void hr_k_get_json_object(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), path = hr_row_text(rows, 1, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    struct hr_buf buf;
    struct hr_err err;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    switch (hr_json_get(text.bytes, text.len, path.bytes, path.len, &watch, &buf)) {
    case HR_JSON_FOUND:
        hr_out_buf(rows, row, &buf);
        break;
    case HR_JSON_MISSING:
        hr_out_null(rows, row);
        break;
    case HR_JSON_WILDCARD:
        hr_fail_spark(&err, "UNSUPPORTED_FEATURE", "feature", "wildcards in a JSON path", NULL);
        hr_kernel_fail(rows, &err);
        break;
    }
    hr_buf_release(&buf);
}

/* json_tuple: one field of the outermost object */
void hr_k_json_field(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), name = hr_row_text(rows, 1, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    if (hr_json_field(text.bytes, text.len, name.bytes, name.len, &watch, &buf))
        hr_out_buf(rows, row, &buf);
    else
        hr_out_null(rows, row);
    hr_buf_release(&buf);
}

void hr_k_json_array_length(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    int64_t count = hr_json_array_length(text.bytes, text.len, &watch);
    if (count < 0)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, int32_t) = (int32_t)count;
}

static void add_key(void *arg, const char *key, size_t len)
{
    list_add(arg, key, len);
}

void hr_k_json_object_keys(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct list_out keys = list_begin(rows, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    if (hr_json_object_keys(text.bytes, text.len, &watch, add_key, &keys))
        list_end(&keys);
    else
        hr_out_null(rows, row);
}

/* ---- csv ---- */

enum hr_code hr_p_to_csv(struct hr_arena *arena,
                         struct hr_env *env,
                         struct hr_kernel_types *types,
                         struct hr_err *err)
{
    return hr_csv_text_new(arena, env, types->options, types->args[0],
                           (struct hr_csv_text **)&types->state, err);
}

void hr_k_to_csv(struct hr_rows *rows, idx_t row)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    hr_csv_text_put(rows->types->state, rows->types->args[0], rows->args[0], row, &buf);
    if (hr_buf_ok(&buf) && !hr_buf_len(&buf))
        hr_out_null(rows, row); /* univocity's writer gives no line for nothing */
    else
        hr_out_buf(rows, row, &buf);
    hr_buf_release(&buf);
}

enum hr_code hr_p_from_csv(struct hr_arena *arena,
                           struct hr_env *env,
                           struct hr_kernel_types *types,
                           struct hr_err *err)
{
    return hr_csv_reader_new(arena, env, types->options, types->result,
                             (struct hr_csv_reader **)&types->state, err);
}

void hr_k_from_csv(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_err err;
    struct hr_watch watch = hr_kernel_watching(rows);
    if (hr_csv_reader_put(rows->types->state, text.bytes, text.len, &watch, rows->result, row,
                          &err))
        hr_kernel_fail(rows, &err);
}

enum hr_code hr_p_schema_of_csv(struct hr_arena *arena,
                                struct hr_env *env,
                                struct hr_kernel_types *types,
                                struct hr_err *err)
{
    return hr_csv_reader_new(arena, env, types->options, NULL,
                             (struct hr_csv_reader **)&types->state, err);
}

static enum hr_code csv_schema(const void *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               struct hr_buf *out,
                               struct hr_err *err)
{
    return hr_csv_schema_of(reader, text, len, watch, out, err);
}

void hr_k_schema_of_csv(struct hr_rows *rows, idx_t row)
{
    put_schema(rows, row, csv_schema);
}
