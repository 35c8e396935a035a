/* Spark's types as DuckDB's, the engine's contract, kept by emitter, functions, readers and Arrow
 * alike:
 *   boolean BOOLEAN · byte TINYINT · short SMALLINT · int INTEGER · long BIGINT · float FLOAT ·
 *   double DOUBLE · decimal DECIMAL(p,s) · string, char, varchar VARCHAR · binary BLOB · date DATE
 * · timestamp TIMESTAMP WITH TIME ZONE · timestamp_ntz TIMESTAMP · year-month interval INTEGER
 *   (months) · day-time interval BIGINT (microseconds) · calendar interval INTERVAL · array LIST ·
 *   map MAP · struct STRUCT(f0 …, f1 …): fields by position, since Spark's names may repeat or
 *   differ by case · void INTEGER that is always NULL · time BIGINT (nanoseconds of the day) ·
 *   variant BLOB */
#ifndef HR_HOST_DUCK_TYPE_H
#define HR_HOST_DUCK_TYPE_H
#include "host/plan/type.h"
#include <duckdb.h>

duckdb_logical_type hr_duck_type(const struct hr_type *type); /* the caller destroys it */
void hr_duck_type_sql(const struct hr_type *type, struct hr_buf *out);
#endif
