/* Results: rows are gathered into columns (duck/to_arrow.h), and leave as whole Arrow IPC streams
 * (schema, one batch, end), as Spark Connect's ArrowBatch wants them. The first batch is small, for
 * latency; later ones are large, since each costs the client half a millisecond. One
 * thread. */
#ifndef HR_HOST_CONNECT_RESULT_H
#define HR_HOST_CONNECT_RESULT_H
#include "host/duck/to_arrow.h"
#include "wire/arrow.h"
#include <duckdb.h>

struct hr_result;

struct hr_result_options {
    struct hr_arrow_style style;
    enum hr_arrow_codec codec;
    int level;        /* zstd's */
    int64_t rows_max; /* of a batch; 0: as many as fit HR_RESULT_BATCH_BYTES */
};

/* takes one IPC stream, malloc'ed, of `rows` rows; a failure ends the query */
typedef enum hr_code hr_result_deliver(
    void *arg, int64_t rows, char *bytes, size_t len, struct hr_err *err);

enum hr_code hr_result_new(struct hr_arena *arena,
                           const struct hr_type *schema,
                           const struct hr_result_options *options,
                           hr_result_deliver *deliver,
                           void *arg,
                           struct hr_result **result,
                           struct hr_err *err); /* freed with the arena */
enum hr_code hr_result_add(struct hr_result *result, duckdb_data_chunk chunk, struct hr_err *err);
/* what is left; an empty batch when there was none */
enum hr_code hr_result_finish(struct hr_result *result, struct hr_err *err);

#endif
