/* format/: data in files and in messages, as Spark's data sources see it: csv, json, text, parquet,
 * and local relations (Arrow IPC).
 *
 * One struct hr_format a session: it registers the table functions of our own readers with the
 * session's DuckDB, keeps schemas and parsed columns of unchanged small files, and knows every open
 * source by an integer. Sources are ref-counted: the arena that a source was made in holds one
 * reference, every DuckDB statement that reads it another, so a prepared statement may outlive the
 * arena. Threads: any thread may call; DuckDB's threads run the readers. Spark's options are
 * honoured or refused by name (doc/formats.md). Not for: choosing who may read (access/, blob/),
 * expressions (analyze/, engine/). */
#ifndef HR_HOST_FORMAT_FORMAT_H
#define HR_HOST_FORMAT_FORMAT_H
#include "blob/blob.h"
#include "host/plan/env.h"
#include <duckdb.h>
#include <stdatomic.h>

struct hr_format;

/* Of the query on this connection of the database: what becomes other than 0 when it is to end,
 * valid while the query runs; NULL: it is no query's. */
typedef const atomic_int *hr_stop_fn(void *arg, idx_t connection);

struct hr_format_options {
    size_t cache_bytes;      /* parsed columns kept in memory; 0: 64 MB */
    size_t cache_file_bytes; /* of reads no larger than this; 0: 8 MB */
    /* readers look at it now and then; NULL: nothing ends them but the end of what they read */
    hr_stop_fn *stop_of;
    void *stop_arg;
};

/* database and blob are the caller's and outlive the format and every statement; options may be
 * NULL */
enum hr_code hr_format_open(duckdb_database database,
                            struct hr_blob *blob,
                            const struct hr_format_options *options,
                            struct hr_format **format,
                            struct hr_err *err);
/* NULL is fine; the database may live on, its statements then fail */
void hr_format_close(struct hr_format *format);

/* rel: HR_REL_READ_FILES (spark.read…load; format NULL is spark.sql.sources.default) or
 * HR_REL_LOCAL. env answers conf: spark.sql.session.timeZone, spark.sql.ansi.enabled,
 * spark.sql.caseSensitive, spark.sql.columnNameOfCorruptRecord, spark.sql.files.*,
 * spark.sql.sources.*, spark.sql.csv.*, spark.sql.json.*, spark.sql.timestampType … (no answer is
 * Spark's default). The source lives as long as arena; the schema's types are in it. Partition
 * columns stand last. */
enum hr_code hr_format_read(struct hr_format *format,
                            struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_rel *rel,
                            struct hr_source **source,
                            struct hr_err *err);

/* One or more Arrow IPC streams end to end; arrow_len 0 with a schema is an empty relation. schema
 * (DDL or JSON) may be NULL: Arrow's own. The bytes are copied as far as they are needed: they may
 * be freed after the call. */
enum hr_code hr_format_local(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const void *arrow,
                             size_t arrow_len,
                             const char *schema,
                             struct hr_source **source,
                             struct hr_err *err);

/* How a writer, or a reader of text out of a query, gets at rows. The caller (connect/, over
 * engine/) implements it. */
struct hr_format_rows {
    const struct hr_type *schema; /* a struct: Spark's names and types */
    /* a DuckDB SELECT that yields c0, c1 … in hr_duck_type_sql's types */
    const char *sql;
    /* locations that the query reads (hr_source.files): overwriting one is refused as Spark does */
    struct hr_names inputs;
    /* runs `sql` and gives every chunk, in order; the chunk is the caller's; stops at the first
     * failure of `take` */
    enum hr_code (*pull)(struct hr_format_rows *rows,
                         enum hr_code (*take)(void *arg,
                                              duckdb_data_chunk chunk,
                                              struct hr_err *err),
                         void *arg,
                         struct hr_err *err);
    /* runs one statement that holds `sql` (COPY …) where its functions are known */
    enum hr_code (*execute)(struct hr_format_rows *rows, const char *statement, struct hr_err *err);
    void *arg;
    /* files of each folder, as repartition(n) asks for; 0 or 1: one */
    int32_t parts;
    /* `sql` yields one column more than the schema has: the file's number. Else rows go to the
     * files in turn. */
    bool has_part;
};

/* spark.read.json(rdd), spark.read.csv(rdd): rel is HR_REL_PARSE, rows has one column of strings.
 * It is read once, here. */
enum hr_code hr_format_parse(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_rel *rel,
                             struct hr_format_rows *rows,
                             struct hr_source **source,
                             struct hr_err *err);

/* df.write…save(path). Readers see the old files or the new ones, whenever this dies. cancel may be
 * NULL. write->path is not NULL. */
enum hr_code hr_format_write(struct hr_format *format,
                             struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_write *write,
                             struct hr_format_rows *rows,
                             const struct hr_blob_cancel *cancel,
                             struct hr_err *err);

/* counted since hr_format_open, for tests and the session's status */
struct hr_format_counts {
    uint64_t bytes_read, files_listed, rows_parsed, schema_hits, cache_hits;
};
void hr_format_count(struct hr_format *format, struct hr_format_counts *counts);
#endif
