/* Any value as Spark's text: cast to string, and show(). Private to engine/. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_FORMAT_VALUE_H
#define HR_HOST_ENGINE_FUNCTIONS_FORMAT_VALUE_H
#include "base/buf.h"
#include "host/engine/kernel.h"

enum hr_text_style { HR_TEXT_CAST, HR_TEXT_SHOW }; /* show: NULL for null, [61 62] for bytes */

void hr_value_text(duckdb_vector vector,
                   idx_t row,
                   const struct hr_type *type,
                   const struct hr_zone *zone,
                   enum hr_text_style style,
                   struct hr_buf *out);
hr_int128 hr_decimal_at(const void *data, const struct hr_type *type, idx_t row);
void hr_decimal_put(void *data, const struct hr_type *type, idx_t row, hr_int128 value);
#endif
