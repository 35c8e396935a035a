/* Date and time patterns as Spark takes them (java.time's letters), compiled once, used by any thread: parsing as Spark's
 * formatters parse (strict, without case, missing parts defaulted) and formatting. English names only. */
#ifndef HR_HOST_FORMAT_DATETIME_H
#define HR_HOST_FORMAT_DATETIME_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "host/format/zone.h"

struct hr_datetime;

/* refuses letters that Spark refuses, and, by name, those that are not done here */
enum hr_code hr_datetime_compile(struct hr_arena *arena, const char *pattern, bool for_parsing, const struct hr_datetime **datetime, struct hr_err *err);
/* local = micros since 1970 of the wall clock that the text shows; has_zone: offset_seconds or named is the text's zone */
struct hr_datetime_value { int64_t local; bool has_zone, has_date, has_time; int32_t offset; };
bool hr_datetime_parse(const struct hr_datetime *datetime, const char *text, size_t len, struct hr_datetime_value *value);
/* an instant: the text's zone, else `zone` */
bool hr_datetime_instant(const struct hr_datetime *datetime, const char *text, size_t len, const struct hr_zone *zone, int64_t *micros);
void hr_datetime_format(const struct hr_datetime *datetime, int64_t utc_micros, const struct hr_zone *zone, const char *zone_name, struct hr_buf *out);
#endif
