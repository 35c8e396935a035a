/* CSV read and written by functions: from_csv, to_csv, schema_of_csv, one value at a time. A reader
 * or text is made once and only read then, by any thread. A watch (or NULL) is asked for what is
 * made of a text; when it ends the reading, the answer is one of a part. Options as spark.read.csv
 * and df.write.csv take them; env answers the configuration. */
#ifndef HR_HOST_FORMAT_CSV_VALUE_IO_H
#define HR_HOST_FORMAT_CSV_VALUE_IO_H
#include "base/buf.h"
#include "host/plan/env.h"
#include "host/value/watch.h"
#include <duckdb.h>

struct hr_csv_reader;
/* type: a struct, or NULL for schema_of_csv */
enum hr_code hr_csv_reader_new(struct hr_arena *arena,
                               struct hr_env *env,
                               const struct hr_options *options,
                               const struct hr_type *type,
                               struct hr_csv_reader **reader,
                               struct hr_err *err);
enum hr_code hr_csv_reader_put(const struct hr_csv_reader *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               duckdb_vector vector,
                               idx_t row,
                               struct hr_err *err);
enum hr_code hr_csv_schema_of(const struct hr_csv_reader *reader,
                              const char *text,
                              size_t len,
                              const struct hr_watch *watch,
                              struct hr_buf *out,
                              struct hr_err *err);

struct hr_csv_text;
enum hr_code hr_csv_text_new(struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_options *options,
                             const struct hr_type *type,
                             struct hr_csv_text **text,
                             struct hr_err *err);
void hr_csv_text_put(const struct hr_csv_text *text,
                     const struct hr_type *type,
                     duckdb_vector vector,
                     idx_t row,
                     struct hr_buf *out);
#endif
