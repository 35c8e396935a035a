/* CSV records: the same ones whether 64 bytes at a time or one by one, whole or in pieces; and
 * nothing is read outside. */
#include "base/check.h"
#include "host/format/files/cache.h"
#include "host/format/csv/csv.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return sum;
}

static uint64_t record(uint64_t sum, const struct hr_csv_record *record)
{
    sum = mix(sum, record->text, record->text_len);
    for (size_t i = 0; i < record->count; i++) {
        sum = mix(sum, record->fields[i].at, record->fields[i].len);
        sum = (sum ^ (uint64_t)record->fields[i].kind) * 1099511628211u + record->fields[i].len;
    }
    return sum * 31 + record->count;
}

static struct hr_csv options(unsigned choice)
{
    struct hr_csv csv = {.sep = ",",
                         .sep_len = 1,
                         .quote = '"',
                         .escape = '\\',
                         .escape_escape = '\\',
                         .comment = HR_CSV_NONE,
                         .max_columns = 20480,
                         .max_chars = -1};
    if (choice & 1)
        csv.escape = '"', csv.escape_escape = HR_CSV_NONE;
    csv.multi_line = choice & 2;
    csv.ignore_leading = choice & 4;
    csv.ignore_trailing = choice & 8;
    if (choice & 16)
        memcpy(csv.sep, "||", 2), csv.sep_len = 2;
    if (choice & 32)
        csv.comment = '#';
    csv.unescaped = choice >> 6 & 1 ? HR_CSV_STOP_AT_CLOSING_QUOTE : HR_CSV_STOP_AT_DELIMITER;
    if (choice & 128)
        csv.line_sep[0] = ';', csv.line_sep_len = 1;
    return csv;
}

/* all records, the bytes given `piece` at a time, each feeding in memory of its own exact size */
static uint64_t run(
    const struct hr_csv *csv, const uint8_t *bytes, size_t len, size_t piece, bool scalar)
{
    struct hr_bump bump = {0};
    struct hr_csv_lexer lexer;
    uint64_t sum = 0;
    size_t from = 0, upto = piece < len ? piece : len;
    char *copy = NULL;
    hr_csv_lexer_init(&lexer, csv, &bump);
    if (scalar)
        lexer.classify = hr_csv_classify_scalar;
    hr_csv_line_style(&lexer, (const char *)bytes, len);
    for (;;) {
        char *next = malloc(upto - from + HR_BYTES_PAD);
        HR_CHECK(next);
        memcpy(next, bytes + from, upto - from);
        memset(next + (upto - from), 0, HR_BYTES_PAD);
        free(copy);
        copy = next;
        hr_csv_lexer_feed(&lexer, copy, copy + (upto - from), upto == len);
        enum hr_csv_step step;
        while ((step = hr_csv_next(&lexer)) == HR_CSV_RECORD)
            sum = record(sum, &lexer.record);
        if (step == HR_CSV_END)
            break;
        from += (size_t)(lexer.at - copy);
        upto = upto + piece < len ? upto + piece : len;
    }
    free(copy);
    hr_csv_lexer_release(&lexer);
    hr_bump_release(&bump);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    struct hr_csv csv = options(bytes[0]);
    size_t piece = bytes[1] + 1u;
    uint64_t whole = run(&csv, bytes + 2, len - 2, len, false);
    HR_CHECK(whole == run(&csv, bytes + 2, len - 2, len, true));
    HR_CHECK(whole == run(&csv, bytes + 2, len - 2, piece, false));
    return 0;
}
