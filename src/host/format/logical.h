/* Spark's types as DuckDB's (the table of plan/type.h), for whoever registers functions and makes vectors: scans, kernels, local data. */
#ifndef HR_HOST_FORMAT_LOGICAL_H
#define HR_HOST_FORMAT_LOGICAL_H
#include "host/plan/type.h"
#include <duckdb.h>

duckdb_logical_type hr_logical_type(const struct hr_type *type);   /* the caller destroys it */
#endif
