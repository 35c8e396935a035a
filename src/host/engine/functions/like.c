/* LIKE and its fellows over many patterns; contains. A pattern is mostly constant: what a thread
 * has read of it stays for the next row. */
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/like.h"
#include "host/value/java_text.h"
#include <stdlib.h>
#include <string.h>

/* ---- errors ---- */

/* 'text' as Spark prints a value, with backslashes doubled */
static void quote_value(const char *bytes, size_t len, struct hr_buf *out)
{
    hr_buf_addc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\'' || bytes[i] == '\\')
            hr_buf_addc(out, '\\');
        hr_buf_addc(out, bytes[i]);
    }
    hr_buf_addc(out, '\'');
}

enum hr_code hr_like_fail(enum hr_like_fault fault,
                          const char *pattern,
                          size_t len,
                          const char *bad,
                          size_t bad_len,
                          struct hr_err *err)
{
    struct hr_buf format, escaped;
    hr_buf_init(&format, HR_BUF_GROWS);
    hr_buf_init(&escaped, HR_BUF_GROWS);
    quote_value(pattern, len, &format);
    if (fault == HR_LIKE_ESCAPES_OTHER) {
        quote_value(bad, bad_len, &escaped);
        hr_fail_spark(err, "INVALID_FORMAT.ESC_IN_THE_MIDDLE", "format", hr_buf_text(&format),
                      "char", hr_buf_text(&escaped), NULL);
    } else {
        hr_fail_spark(err, "INVALID_FORMAT.ESC_AT_THE_END", "format", hr_buf_text(&format), NULL);
    }
    hr_buf_release(&format);
    hr_buf_release(&escaped);
    return err->code;
}

/* ---- patterns that stay ---- */

struct kept {
    char *pattern;
    size_t len, cap;
    bool is_read;
    struct hr_like *like;
};
struct kept_all {
    struct kept *at;
    size_t count;
};

static void release_kept(void *arg)
{
    struct kept_all *all = arg;
    for (size_t i = 0; i < all->count; i++) {
        free(all->at[i].pattern);
        hr_like_free(all->at[i].like);
    }
    free(all->at);
}

static struct kept *kept_for(struct hr_rows *rows, size_t arg)
{
    struct kept_all *all = hr_kernel_kept(rows, sizeof *all, release_kept);
    if (!all->at) {
        all->at = calloc(rows->arg_count, sizeof *all->at);
        HR_CHECK(all->at);
        all->count = rows->arg_count;
    }
    struct kept *kept = &all->at[arg];
    if (!kept->like)
        kept->like = hr_like_new();
    return kept;
}

static void keep_pattern(struct kept *kept, struct hr_text pattern)
{
    if (kept->cap < pattern.len) {
        free(kept->pattern);
        kept->pattern = malloc(pattern.len);
        HR_CHECK(kept->pattern);
        kept->cap = pattern.len;
    }
    if (pattern.len)
        memcpy(kept->pattern, pattern.bytes, pattern.len);
    kept->len = pattern.len;
    kept->is_read = true;
}

/* the pattern of an argument, read; NULL: it is none, and the kernel has failed */
static const struct hr_like *read_pattern(struct hr_rows *rows,
                                          size_t arg,
                                          idx_t row,
                                          struct hr_text escape)
{
    struct hr_text pattern = hr_row_text(rows, arg, row);
    struct kept *kept = kept_for(rows, arg);
    if (kept->is_read &&
        kept->len == pattern.len &&
        (!pattern.len || !memcmp(kept->pattern, pattern.bytes, pattern.len)))
        return kept->like;
    size_t bad = 0, bad_len = 0;
    kept->is_read = false;
    enum hr_like_fault fault = hr_like_read(kept->like, pattern.bytes, pattern.len, escape.bytes,
                                            escape.len, &bad, &bad_len);
    if (fault) {
        struct hr_err err;
        hr_like_fail(fault, pattern.bytes, pattern.len, pattern.bytes + bad, bad_len, &err);
        hr_kernel_fail(rows, &err);
        return NULL;
    }
    keep_pattern(kept, pattern);
    return kept->like;
}

static const struct hr_text backslash = {"\\", 1};

/* like(text, pattern[, escape]): the escape is constant */
void hr_k_like(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    const struct hr_like *like =
        read_pattern(rows, 1, row, rows->arg_count > 2 ? hr_row_text(rows, 2, row) : backslash);
    if (like)
        HR_OUT(rows, row, bool) = hr_like_match(like, text.bytes, text.len, &watch);
}

/* whether one of the patterns gives `wanted`; where none does and one is null, null */
static void quantified(struct hr_rows *rows, idx_t row, bool wanted)
{
    bool found = false, null = hr_row_is_null(rows, 0, row);
    struct hr_watch watch = hr_kernel_watching(rows);
    for (size_t arg = 1; arg < rows->arg_count && !found && !hr_row_is_null(rows, 0, row); arg++) {
        if (hr_row_is_null(rows, arg, row)) {
            null = true;
            continue;
        }
        struct hr_text text = hr_row_text(rows, 0, row);
        const struct hr_like *like = read_pattern(rows, arg, row, backslash);
        if (!like)
            return;
        found = hr_like_match(like, text.bytes, text.len, &watch) == wanted;
    }
    if (!found && null)
        hr_out_null(rows, row);
    else
        HR_OUT(rows, row, bool) = found == wanted;
}

void hr_k_like_any(struct hr_rows *rows, idx_t row)
{
    quantified(rows, row, true);
}
void hr_k_like_all(struct hr_rows *rows, idx_t row)
{
    quantified(rows, row, false);
}

void hr_k_contains(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row), part = hr_row_text(rows, 1, row);
    HR_OUT(rows, row, bool) = memmem(text.bytes, text.len, part.bytes, part.len) != NULL;
}
