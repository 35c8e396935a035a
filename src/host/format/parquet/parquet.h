/* Parquet, inside: what footers say, as Spark sees it, and SQL text for DuckDB's reader and writer.
 * Private to format/. */
#ifndef HR_HOST_FORMAT_PARQUET_H
#define HR_HOST_FORMAT_PARQUET_H
#include "host/format/files/files.h"

enum hr_parquet_physical {
    HR_PARQUET_BOOLEAN,
    HR_PARQUET_INT32,
    HR_PARQUET_INT64,
    HR_PARQUET_INT96,
    HR_PARQUET_FLOAT,
    HR_PARQUET_DOUBLE,
    HR_PARQUET_BINARY,
    HR_PARQUET_FIXED,
};

/* the logical (else the converted) type of a leaf */
enum hr_parquet_meaning {
    HR_PARQUET_PLAIN,
    HR_PARQUET_NULL,
    HR_PARQUET_INT,
    HR_PARQUET_UINT,
    HR_PARQUET_DATE,
    HR_PARQUET_DECIMAL,
    HR_PARQUET_TIME,
    HR_PARQUET_TIMESTAMP,
    HR_PARQUET_TEXT,
    HR_PARQUET_UUID,
    HR_PARQUET_FLOAT16,
    HR_PARQUET_OTHER,
};

enum hr_parquet_shape { HR_PARQUET_LEAF, HR_PARQUET_STRUCT, HR_PARQUET_LIST, HR_PARQUET_MAP };

struct hr_parquet_node {
    const char *name;
    enum hr_parquet_shape shape;
    enum hr_parquet_physical physical; /* of a leaf, with all down to scale */
    enum hr_parquet_meaning meaning;
    /* as Spark prints it: "TIMESTAMP(NANOS,true)"; "" when plain */
    const char *logical;
    int bits;             /* INT, UINT */
    int64_t per_second;   /* TIME, TIMESTAMP: 1000, 1000000 or 1000000000 */
    bool utc;             /* TIMESTAMP */
    int precision, scale; /* DECIMAL */
    /* struct: fields; list: the element; map: key and value */
    struct hr_parquet_node *children;
    size_t count;
};

/* One file's, kept by (location, version) as long as there is room; any thread. Names and types are
 * in it. */
struct hr_parquet_footer;
const struct hr_parquet_node *hr_parquet_root(const struct hr_parquet_footer *footer);
void hr_parquet_drop(struct hr_parquet_footer *footer); /* NULL is fine */
/* those of files[0, count), each with a reference of the caller's; on an error there are none. A
 * file that is none is named. */
enum hr_code hr_parquet_footers(struct hr_format *format,
                                const struct hr_file *files,
                                size_t count,
                                struct hr_parquet_footer **footers,
                                struct hr_err *err);
/* as Spark's messages have it: BINARY */
const char *hr_parquet_physical_name(enum hr_parquet_physical physical);
bool hr_parquet_same(const struct hr_parquet_node *a, const struct hr_parquet_node *b);
enum hr_code hr_parquet_is_empty(struct hr_format *format,
                                 const char *location,
                                 bool *empty,
                                 struct hr_err *err);

/* The schema of a relation without a given one, as ParquetUtils.inferSchema makes it: of the
 * summary file, else of the first file by path; with `merge` of all, in order of path. */
enum hr_code hr_parquet_infer(struct hr_format *format,
                              struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_files *files,
                              bool merge,
                              const struct hr_type **schema,
                              struct hr_err *err);

/* The SQL that makes the engine's form of `type` of a file's column; what Spark does not convert
 * fails in its words. column: the expression of the file's value; location names the file in
 * errors. */
struct hr_parquet_reading {
    const char *location;
    bool case_sensitive;
};
enum hr_code hr_parquet_convert(const struct hr_parquet_reading *reading,
                                const struct hr_parquet_node *node,
                                const char *column,
                                const struct hr_type *type,
                                struct hr_buf *out,
                                struct hr_err *err);
/* The field of that name, or -1; two that differ by case alone, where case does not count, fail as
 * Spark does. */
enum hr_code hr_parquet_field(const struct hr_parquet_reading *reading,
                              const struct hr_parquet_node *node,
                              const char *name,
                              int *at,
                              struct hr_err *err);

/* ---- statements of our own ---- */
enum hr_code hr_parquet_query(struct hr_format *format,
                              const struct hr_buf *sql,
                              duckdb_result *result,
                              struct hr_err *err);
void hr_parquet_literal(const char *text, struct hr_buf *out); /* 'quoted' */
#endif
