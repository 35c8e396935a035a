/* C kernels: Spark functions whose semantics DuckDB lacks, as DuckDB scalar functions.
 *
 * A kernel is a row of HR_KERNELS in functions/kernels.h: name, signature, flags. The catalogue's
 * templates call it as @name(…); the emitter notes the use, and the engine registers it in its
 * DuckDB before the statement is prepared: a session pays only for what it uses.
 *
 * signature: "result:arguments" in the catalogue's letters, with fixed types (s i l d b y D T N F h
 * B, and 'm' year-month, 'u' day-time interval); '*' repeats the last argument, which makes the
 * kernel typed by its number of arguments too. "?" as the whole signature: the kernel is registered
 * anew for each combination of argument and result types; it finds them in rows->types.
 *
 * A kernel runs on many threads at once, sees up to 2,048 rows, and keeps no state but
 * hr_kernel_kept's. NULL in any argument makes NULL before the row function is called, unless
 * HR_K_NULLS. A failure: hr_kernel_fail(rows, &err), with an error made by hr_fail_spark. */
#ifndef HR_HOST_ENGINE_KERNEL_H
#define HR_HOST_ENGINE_KERNEL_H
#include "base/buf.h"
#include "base/text.h"
#include "base/error.h"
#include "base/limits.h"
#include "host/plan/env.h"
#include "host/plan/type.h"
#include "host/value/value.h"
#include "host/value/watch.h"
#include <duckdb.h>

enum { HR_K_NULLS = 1, HR_K_VOLATILE = 2, HR_K_ZONE = 4 /* depends on the session's time zone */ };

struct hr_kernel_types {
    const struct hr_type *result;
    const struct hr_type **args;
    size_t count;
    /* the session's; part of the registered name when HR_K_ZONE, else UTC */
    const struct hr_zone *zone;
    /* of a kernel that is prepared: the call's own, and the configuration that it heeds; part of
     * the name */
    const struct hr_options *options;
    void *state; /* what prepare made: read only */
};

/* one call of a kernel: vectors of `count` rows */
struct hr_rows {
    duckdb_function_info info;
    const char *name; /* the kernel's, for messages */
    const struct hr_kernel_types *types;
    idx_t count;
    size_t arg_count;
    duckdb_vector *args; /* arg_count of each */
    void **data;
    uint64_t **valid; /* NULL: all valid */
    duckdb_vector result;
    void *out;
    uint64_t *out_valid;
    bool is_nested; /* the result: a null has nulls inside */
    bool failed;
    /* what this thread's calls have taken of the session's memory; whether to stop */
    struct kernel_run *run;
    uint64_t uncounted; /* bytes made since it was asked last */
    uint64_t steps;
};

/* Room for so many bytes of the session's memory, until the next vector of the kernel. Asked before
 * much is made, and now and then by what lasts (0 bytes): false when there is not so much or the
 * statement is to end. It has failed then, and the kernel returns. */
bool hr_kernel_room(struct hr_rows *rows, uint64_t bytes);
/* the same, for what is asked to end by a watch; as long as rows */
struct hr_watch hr_kernel_watching(struct hr_rows *rows);

/* What a kernel keeps from row to row, in this thread and statement: `size` zeroed bytes at first,
 * then the same again. At the end `release` frees what they hold, and they are freed. */
void *hr_kernel_kept(struct hr_rows *rows, size_t size, void (*release)(void *kept));

#define HR_KERNEL_COUNT_EVERY ((uint64_t)1 << 20)
/* what is made bit by bit is counted by the megabyte */
static inline bool hr_kernel_made(struct hr_rows *rows, uint64_t bytes)
{
    rows->uncounted += bytes;
    if (rows->uncounted < HR_KERNEL_COUNT_EVERY)
        return !rows->failed;
    uint64_t made = rows->uncounted;
    rows->uncounted = 0;
    return hr_kernel_room(rows, made);
}

#define HR_KERNEL_LOOK_EVERY ((uint64_t)1 << 18)
/* One of the many steps that a long text takes: false when the statement is to end. The row may be
 * left unfinished then: the kernel has failed. */
static inline bool hr_kernel_step(struct hr_rows *rows)
{
    return !rows->failed && (++rows->steps % HR_KERNEL_LOOK_EVERY || hr_kernel_room(rows, 0));
}

static inline bool hr_row_is_null(const struct hr_rows *rows, size_t arg, idx_t row)
{
    return rows->valid[arg] && !(rows->valid[arg][row / 64] >> (row % 64) & 1);
}
static inline struct hr_text hr_row_text(const struct hr_rows *rows, size_t arg, idx_t row)
{
    duckdb_string_t *s = (duckdb_string_t *)rows->data[arg] + row;
    return (struct hr_text){duckdb_string_t_data(s), duckdb_string_t_length(*s)};
}
#define HR_ROW(rows, arg, row, ctype) (((const ctype *)(rows)->data[arg])[row])
#define HR_OUT(rows, row, ctype) (((ctype *)(rows)->out)[row])
static inline void hr_out_text(struct hr_rows *rows, idx_t row, const char *bytes, size_t len)
{
    if (hr_kernel_made(rows, len))
        duckdb_vector_assign_string_element_len(rows->result, row, bytes, len);
}
/* the text of buf, which the caller releases. A buffer that failed fails the statement by the
 * function's name and its limit. */
void hr_out_buf(struct hr_rows *rows, idx_t row, const struct hr_buf *buf);
/* false: it failed, and so does the statement */
bool hr_buf_whole(struct hr_rows *rows, const struct hr_buf *buf);
void hr_out_null(struct hr_rows *rows, idx_t row);
void hr_kernel_fail(struct hr_rows *rows, const struct hr_err *err); /* the kernel returns then */

/* one row, no NULL among its arguments */
typedef void (*hr_row_fn)(struct hr_rows *rows, idx_t row);

struct hr_kernel {
    const char *name, *signature;
    unsigned flags;
    hr_row_fn row; /* or */
    /* all rows at once; sees NULLs; must set out_valid itself */
    void (*chunk)(struct hr_rows *rows);
    /* Once for each set of options and types, before any row: checks the options, makes
     * types->state in arena. env answers conf out of types->options alone. */
    enum hr_code (*prepare)(struct hr_arena *arena,
                            struct hr_env *env,
                            struct hr_kernel_types *types,
                            struct hr_err *err);
};

const struct hr_kernel *hr_kernel_find(const char *name, size_t len);
#endif
