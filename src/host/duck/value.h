/* Single values in DuckDB's vectors: numbers, and any value as Spark's text. */
#ifndef HR_HOST_DUCK_VALUE_H
#define HR_HOST_DUCK_VALUE_H
#include "base/buf.h"
#include "host/plan/type.h"
#include "host/value/value.h"
#include <duckdb.h>
#include <stdbool.h>
#include <string.h>

/* whole numbers, and what is kept as one: booleans, dates, moments, intervals of one unit */
static inline int64_t hr_whole_at(const void *data, const struct hr_type *type, idx_t row)
{
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        return ((const bool *)data)[row];
    case HR_TYPE_BYTE:
        return ((const int8_t *)data)[row];
    case HR_TYPE_SHORT:
        return ((const int16_t *)data)[row];
    case HR_TYPE_INT:
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        return ((const int32_t *)data)[row];
    default:
        return ((const int64_t *)data)[row];
    }
}

/* the value's low bits */
static inline void hr_whole_put(void *data, const struct hr_type *type, idx_t row, int64_t value)
{
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        ((bool *)data)[row] = value != 0;
        break;
    case HR_TYPE_BYTE:
        ((int8_t *)data)[row] = (int8_t)value;
        break;
    case HR_TYPE_SHORT:
        ((int16_t *)data)[row] = (int16_t)value;
        break;
    case HR_TYPE_INT:
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        ((int32_t *)data)[row] = (int32_t)value;
        break;
    default:
        ((int64_t *)data)[row] = value;
        break;
    }
}

static inline double hr_real_at(const void *data, const struct hr_type *type, idx_t row)
{
    return type->id == HR_TYPE_FLOAT ? ((const float *)data)[row] : ((const double *)data)[row];
}

/* a decimal stands in the smallest integer that holds its precision */
enum { HR_DECIMAL_16_MAX = 4, HR_DECIMAL_32_MAX = 9, HR_DECIMAL_64_MAX = 18 };

static inline hr_int128 hr_decimal_at(const void *data, const struct hr_type *type, idx_t row)
{
    hr_int128 wide;
    if (type->precision <= HR_DECIMAL_16_MAX)
        return ((const int16_t *)data)[row];
    if (type->precision <= HR_DECIMAL_32_MAX)
        return ((const int32_t *)data)[row];
    if (type->precision <= HR_DECIMAL_64_MAX)
        return ((const int64_t *)data)[row];
    memcpy(&wide, (const char *)data + row * sizeof wide, sizeof wide);
    return wide;
}

static inline void hr_decimal_put(void *data,
                                  const struct hr_type *type,
                                  idx_t row,
                                  hr_int128 value)
{
    if (type->precision <= HR_DECIMAL_16_MAX)
        ((int16_t *)data)[row] = (int16_t)value;
    else if (type->precision <= HR_DECIMAL_32_MAX)
        ((int32_t *)data)[row] = (int32_t)value;
    else if (type->precision <= HR_DECIMAL_64_MAX)
        ((int64_t *)data)[row] = (int64_t)value;
    else
        memcpy((char *)data + row * sizeof value, &value, sizeof value);
}

enum hr_text_style { HR_TEXT_CAST, HR_TEXT_SHOW }; /* show: NULL for null, [61 62] for bytes */

void hr_value_text(duckdb_vector vector,
                   idx_t row,
                   const struct hr_type *type,
                   const struct hr_zone *zone,
                   enum hr_text_style style,
                   struct hr_buf *out);
#endif
