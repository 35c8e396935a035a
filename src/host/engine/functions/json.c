/* Values as JSON text and back, as format/ writes and reads json files. */
#include "base/arena.h"
#include "base/check.h"
#include "host/engine/functions/kernels.h"
#include "host/format/json_read.h"
#include "host/format/json_text.h"
#include <pthread.h>

static struct hr_json_text *defaults;

static void make_defaults(void)
{
    struct hr_err err;
    HR_CHECK(!hr_json_text_new(hr_arena_new(NULL), &defaults, &err));   /* for the life of the process */
}

void hr_k_to_json(struct hr_rows *rows, idx_t row)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct hr_buf buf;
    pthread_once(&once, make_defaults);
    hr_buf_init(&buf, (size_t)1 << 30);
    hr_json_text_put(defaults, rows->types->zone, rows->types->args[0], rows->args[0], row, &buf);
    hr_out_text(rows, row, hr_buf_text(&buf), buf.len);
    hr_buf_release(&buf);
}

void hr_k_from_json(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    if (!hr_json_read_value(rows->types->result, text.bytes, text.len, rows->types->zone, rows->result, row))
        rows->out_valid = duckdb_vector_get_validity(rows->result);
}

void hr_k_get_json_object(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), path = hr_row_text(rows, 1, row);
    struct hr_buf buf;
    struct hr_err err;
    hr_buf_init(&buf, (size_t)1 << 30);
    switch (hr_json_get(text.bytes, text.len, path.bytes, path.len, &buf)) {
    case HR_JSON_FOUND:
        hr_out_text(rows, row, hr_buf_text(&buf), buf.len);
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
