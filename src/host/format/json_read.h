/* JSON read by functions (from_json, get_json_object): one value at a time, with the default options of Spark's json source. Any thread. */
#ifndef HR_HOST_FORMAT_JSON_READ_H
#define HR_HOST_FORMAT_JSON_READ_H
#include "base/buf.h"
#include "host/plan/type.h"
#include "host/value/value.h"
#include <duckdb.h>

bool hr_json_readable_type(const struct hr_type *type);
/* puts the value into the vector, its strings copied; false: it is NULL. A malformed struct has NULL fields, as PERMISSIVE has it. */
bool hr_json_read_value(const struct hr_type *type, const char *text, size_t len, const struct hr_zone *zone, duckdb_vector vector, idx_t row);

enum hr_json_found { HR_JSON_FOUND, HR_JSON_MISSING, HR_JSON_WILDCARD /* not done */ };
/* the value at $.a.b[0]['c']: strings bare, other values as compact JSON */
enum hr_json_found hr_json_get(const char *text, size_t len, const char *path, size_t path_len, struct hr_buf *out);
#endif
