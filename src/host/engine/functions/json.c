/* Values as JSON text, written as format/ writes json files. */
#include "base/arena.h"
#include "base/check.h"
#include "host/engine/functions/kernels.h"
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
