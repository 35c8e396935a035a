/* One value as JSON by Spark's defaults, null fields left out: to_json(expr). Any thread; a text is made once and only read then. */
#ifndef HR_HOST_FORMAT_JSON_TEXT_H
#define HR_HOST_FORMAT_JSON_TEXT_H
#include "base/arena.h"
#include "base/buf.h"
#include "host/plan/type.h"
#include "host/value/value.h"
#include <duckdb.h>

struct hr_json_text;
enum hr_code hr_json_text_new(struct hr_arena *arena, struct hr_json_text **text, struct hr_err *err);
void hr_json_text_put(const struct hr_json_text *text, const struct hr_zone *zone, const struct hr_type *type, duckdb_vector vector, idx_t row,
                      struct hr_buf *out);
#endif
