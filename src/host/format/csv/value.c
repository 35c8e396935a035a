#include "host/duck/value.h"
#include "host/format/csv/csv.h"
#include <math.h>

static bool is(const struct hr_text *word, struct hr_text text)
{
    return word->len == text.len && !memcmp(word->bytes, text.bytes, text.len);
}

static bool real(const struct hr_csv *csv, struct hr_text text, double *value)
{
    if (is(&csv->nan, text))
        *value = NAN;
    else if (is(&csv->negative_inf, text))
        *value = -INFINITY;
    else if (is(&csv->positive_inf, text))
        *value = INFINITY;
    else
        return hr_value_double(text.bytes, text.len, value);
    return true;
}

static bool single(const struct hr_csv *csv, struct hr_text text, float *value)
{
    double wide;
    if (is(&csv->nan, text) || is(&csv->negative_inf, text) || is(&csv->positive_inf, text)) {
        real(csv, text, &wide);
        *value = (float)wide;
        return true;
    }
    return hr_value_float(text.bytes, text.len, value);
}

static bool decimal(const struct hr_type *type, struct hr_text text, void *data, idx_t row)
{
    struct hr_decimal read;
    __int128 v;
    if (!hr_value_bigdecimal(text.bytes, text.len, true, &read) ||
        !hr_value_decimal(&read, type->precision, type->scale, &v))
        return false;
    hr_decimal_put(data, type, row, v);
    return true;
}

static duckdb_string_t string(struct hr_text text, bool is_utf8, struct hr_bump *bump)
{
    if (is_utf8 || hr_utf8_valid(text.bytes, text.len))
        return hr_string_ref(text.bytes, text.len);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_utf8_repair(text.bytes, text.len, &out);
    char *kept = hr_bump_alloc(bump, hr_buf_len(&out));
    memcpy(kept, hr_buf_text(&out), hr_buf_len(&out));
    duckdb_string_t made = hr_string_ref(kept, hr_buf_len(&out));
    hr_buf_release(&out);
    return made;
}

bool hr_csv_value(const struct hr_csv *csv,
                  const struct hr_type *type,
                  struct hr_text text,
                  bool is_utf8,
                  struct hr_bump *bump,
                  void *data,
                  idx_t row)
{
    int64_t whole;
    switch (type->id) {
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        ((duckdb_string_t *)data)[row] = string(text, is_utf8, bump);
        return true;
    case HR_TYPE_BINARY:
        ((duckdb_string_t *)data)[row] = hr_string_ref(text.bytes, text.len);
        return true;
    case HR_TYPE_BOOLEAN:
        return hr_value_boolean(text.bytes, text.len, &((bool *)data)[row]);
    case HR_TYPE_BYTE:
        if (!hr_value_long(text.bytes, text.len, &whole) || whole != (int8_t)whole)
            return false;
        ((int8_t *)data)[row] = (int8_t)whole;
        return true;
    case HR_TYPE_SHORT:
        if (!hr_value_long(text.bytes, text.len, &whole) || whole != (int16_t)whole)
            return false;
        ((int16_t *)data)[row] = (int16_t)whole;
        return true;
    case HR_TYPE_INT:
        if (!hr_value_long(text.bytes, text.len, &whole) || whole != (int32_t)whole)
            return false;
        ((int32_t *)data)[row] = (int32_t)whole;
        return true;
    case HR_TYPE_LONG:
        return hr_value_long(text.bytes, text.len, &((int64_t *)data)[row]);
    case HR_TYPE_FLOAT:
        return single(csv, text, &((float *)data)[row]);
    case HR_TYPE_DOUBLE:
        return real(csv, text, &((double *)data)[row]);
    case HR_TYPE_DECIMAL:
        return decimal(type, text, data, row);
    case HR_TYPE_DATE:
        return hr_value_date(csv->date_format, csv->fallback_dates, text.bytes, text.len,
                             &((int32_t *)data)[row]);
    case HR_TYPE_TIMESTAMP:
        return hr_value_timestamp(csv->timestamp_format, csv->fallback_timestamps, csv->zone,
                                  text.bytes, text.len, &((int64_t *)data)[row]);
    case HR_TYPE_TIMESTAMP_NTZ:
        return hr_value_ntz(csv->ntz_format, text.bytes, text.len, &((int64_t *)data)[row]);
    default:
        return false;
    }
}

bool hr_csv_readable(const struct hr_type *type)
{
    return type->id >= HR_TYPE_BOOLEAN && type->id <= HR_TYPE_TIMESTAMP_NTZ;
}
