/* Strings: positions count code points, as Spark's UTF8String does. */
#include "host/engine/functions/kernels.h"

static size_t points(const char *bytes, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

static size_t offset_of(const char *bytes, size_t len, int64_t point)
{
    size_t i = 0;
    while (i < len && point > 0) {
        i++;
        while (i < len && ((unsigned char)bytes[i] & 0xC0) == 0x80)
            i++;
        point--;
    }
    return i;
}

/* UTF8String.substringSQL: from 1, 0 is as 1, negative counts from the end; what lies before the start uses up the length */
void hr_k_substring(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    int64_t from = HR_ROW(rows, 1, row, int32_t), len = HR_ROW(rows, 2, row, int32_t), count = (int64_t)points(text.bytes, text.len);
    int64_t start = from > 0 ? from - 1 : from < 0 ? count + from : 0;
    int64_t end = start + len;
    if (len <= 0 || end <= 0 || start >= count) {
        hr_out_text(rows, row, "", 0);
        return;
    }
    size_t begin = offset_of(text.bytes, text.len, start < 0 ? 0 : start);
    size_t stop = end >= count ? text.len : begin + offset_of(text.bytes + begin, text.len - begin, end - (start < 0 ? 0 : start));
    hr_out_text(rows, row, text.bytes + begin, stop - begin);
}
