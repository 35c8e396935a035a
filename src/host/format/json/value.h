/* JSON values into DuckDB's vectors by a schema, as Spark's JacksonParser converts. Private to
 * format/. */
#ifndef HR_HOST_FORMAT_JSON_VALUE_H
#define HR_HOST_FORMAT_JSON_VALUE_H
#include "host/format/json/json.h"

/* node NULL is null. False: malformed (the value is null then; a struct keeps its good fields).
 * Once bump's pace has ended the value is unfinished, and whoever asked must fail. */
bool hr_json_put(const struct hr_json *json,
                 const struct hr_type *type,
                 const struct hr_json_node *node,
                 struct hr_bump *bump,
                 duckdb_vector vector,
                 idx_t row);
bool hr_json_check(const struct hr_json *json,
                   const struct hr_type *type,
                   const struct hr_json_node *node,
                   struct hr_bump *bump);
const struct hr_json_node *hr_json_member(const struct hr_json_node *object,
                                          const char *name,
                                          struct hr_bump *bump);
bool hr_json_readable(const struct hr_type *type);
#endif
