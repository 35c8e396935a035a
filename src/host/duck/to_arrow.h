/* DuckDB's vectors to Arrow arrays: rows are gathered into columns, which grow. Types are exactly
 * those that Spark's own server sends. */
#ifndef HR_HOST_DUCK_TO_ARROW_H
#define HR_HOST_DUCK_TO_ARROW_H
#include "host/plan/type.h"
#include "wire/arrow.h"
#include <duckdb.h>

struct hr_arrow_style {
    const char *timezone; /* of the session: every timestamp column carries it */
    bool large_types;     /* spark.sql.execution.arrow.useLargeVarTypes */
};

/* the Arrow field that Spark makes of a type; name and timezone are kept as they are */
enum hr_code hr_arrow_field_of(struct hr_arena *arena,
                               const char *name,
                               const struct hr_type *type,
                               bool nullable,
                               const struct hr_arrow_style *style,
                               struct hr_arrow_field *field,
                               struct hr_err *err);

/* one column; its buffers are the heap's */
struct hr_gathered {
    const struct hr_type *type;
    const struct hr_arrow_field *field;
    int64_t length, null_count;
    uint8_t *validity, *data;
    void *offsets;
    size_t validity_room, data_room, offsets_room, data_len;
    struct hr_gathered *children;
};

/* the columns mirror the Arrow fields: a map's child is a column of its entries */
void hr_gathered_init(struct hr_arena *arena,
                      struct hr_gathered *column,
                      const struct hr_type *type,
                      const struct hr_arrow_field *field);
/* `count` rows of the vector from `start` on. parent: which rows of the struct around it are there,
 * NULL for all. HR_E_LIMIT: more than 2 GiB in one column. */
enum hr_code hr_gathered_add(struct hr_gathered *column,
                             duckdb_vector vector,
                             const uint64_t *parent,
                             idx_t start,
                             idx_t count,
                             struct hr_err *err);
/* about how many that makes in a batch */
size_t hr_gathered_bytes(const struct hr_gathered *column);
/* points into the column, until it is added to or cleared */
void hr_gathered_array(struct hr_arena *arena,
                       const struct hr_gathered *column,
                       struct hr_arrow_array *array);
/* no rows; the buffers stay */
void hr_gathered_clear(struct hr_gathered *column);
void hr_gathered_release(struct hr_gathered *column);
#endif
