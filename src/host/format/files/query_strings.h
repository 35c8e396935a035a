/* Strings that a query gave, kept for one scan: what spark.read.json and spark.read.csv of a
 * DataFrame parse. One thread fills, any read. */
#ifndef HR_HOST_FORMAT_QUERY_STRINGS_H
#define HR_HOST_FORMAT_QUERY_STRINGS_H
#include "base/text.h"
#include "host/format/format.h"

struct hr_strings {
    char *bytes;
    size_t *starts, *ends;
    size_t count, cap;
    size_t len, room;
};

#define HR_STRINGS_A_SLICE 8192 /* what one thread takes at a time */

/* runs the query; NULLs are left out, and those that `keeps` (may be NULL) refuses. HR_BYTES_PAD
 * zero bytes follow each string. */
enum hr_code hr_strings_pull(struct hr_strings *strings,
                             struct hr_format_rows *rows,
                             bool (*keeps)(const void *arg, struct hr_text text),
                             const void *arg,
                             struct hr_err *err);
void hr_strings_release(struct hr_strings *strings);
static inline struct hr_text hr_strings_at(const struct hr_strings *strings, size_t i)
{
    return (struct hr_text){strings->bytes + strings->starts[i],
                            strings->ends[i] - strings->starts[i]};
}
#endif
