/* DuckDB's failures as Spark's. Kernels send theirs encoded; for DuckDB's own checks the text says
 * what happened. */
#include "host/duck/error.h"
#include "base/arena.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char hr_duck_spill_folder[1024];

static enum hr_code overflow(const char *word, struct hr_err *err)
{
    static const struct {
        const char *word, *try;
    } rows[] = {{"addition", "try_add"},
                {"subtraction", "try_subtract"},
                {"multiplication", "try_multiply"}};
    const char *alternative = "";
    char text[80];
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (!strncmp(word, rows[i].word, strlen(rows[i].word))) {
            snprintf(text, sizeof text, " Use '%s' to tolerate overflow and return NULL instead.",
                     rows[i].try);
            alternative = text;
        }
    return hr_fail_spark(err, "ARITHMETIC_OVERFLOW", "message", "overflow", "alternative",
                         alternative, "config", "\"spark.sql.ansi.enabled\"", NULL);
}

/* "Overflow in addition of INT8 (127 + 1)!": Spark names the values for byte and short */
static enum hr_code small_overflow(const char *at, struct hr_err *err)
{
    const char *open = strchr(at, '(');
    char left[32] = "", right[32] = "", symbol[2] = "";
    if (!open || sscanf(open, "(%20[-0-9] %1[-+*] %20[-0-9])", left, symbol, right) != 3)
        return overflow(at, err);
    const char *try = *symbol == '+'   ? "`try_add`"
                      : *symbol == '-' ? "`try_subtract`"
                                       : "`try_multiply`";
    strcat(left, "S");
    strcat(right, "S");
    return hr_fail_spark(err, "BINARY_ARITHMETIC_OVERFLOW", "value1", left, "symbol", symbol,
                         "value2", right, "functionName", try, NULL);
}

/* the engine writes to where it spills, and local output */
static enum hr_code fail_full(const char *text, struct hr_err *err)
{
    const char *at = strchr(text, '"'), *end = at ? strchr(at + 1, '"') : NULL;
    bool spills = strstr(text, "duckdb_temp") || strstr(text, "max_temp_directory_size");
    char path[1100] = "";
    if (end)
        snprintf(path, sizeof path, " '%.*s'", (int)(end - at - 1), at + 1);
    else if (spills && *hr_duck_spill_folder)
        snprintf(path, sizeof path, " '%s'", hr_duck_spill_folder);
    if (!spills) {
        hr_fail(err, HR_E_FULL, "cannot write%s: the disk is full", path);
        return hr_fail_hint(err, "free space there, and do it again");
    }
    hr_fail(err, HR_E_FULL,
            "this needs more memory than the session has, and the disk is full that it spills to%s",
            path);
    return hr_fail_hint(
        err,
        "free space there, or ask for less at once: fewer columns, a filter before the join or sort");
}

static bool is_full(const char *text)
{
    static const int numbers[] = {ENOSPC, EDQUOT, EFBIG};
    for (size_t i = 0; i < HR_LEN(numbers); i++)
        if (strstr(text, strerror(numbers[i])))
            return true;
    return strstr(text, "max_temp_directory_size");
}

enum hr_code hr_duck_error(const char *text, struct hr_err *err)
{
    struct hr_err unused;
    if (!err)
        err = &unused;
    if (hr_err_decode(text, err))
        return err->code;
    const char *at = strstr(text, "Overflow in ");
    if (at) {
        at += strlen("Overflow in ");
        const char *of = strstr(at, " of INT8 ");
        if (!of)
            of = strstr(at, " of INT16 ");
        return of && of - at < 20 ? small_overflow(at, err) : overflow(at, err);
    }
    if (strstr(text, "More than one row returned by a subquery"))
        return hr_fail_spark(err, "SCALAR_SUBQUERY_TOO_MANY_ROWS", NULL);
    if (strstr(text, "Map keys must be unique"))
        return hr_fail_spark(err, "DUPLICATED_MAP_KEY", "key", "", "mapKeyDedupPolicy",
                             "\"spark.sql.mapKeyDedupPolicy\"", NULL);
    if (strstr(text, "Map keys can not be NULL"))
        return hr_fail_spark(err, "NULL_MAP_KEY", NULL);
    if (strstr(text, "map key list does not align with the map value list"))
        return hr_fail_spark(err, "_LEGACY_ERROR_TEMP_2128", NULL);
    if (strstr(text, "Non-inner join on correlated columns not supported") ||
        strstr(text, "Unsupported join type for flattening correlated"))
        return hr_refuse(err, "an outer join whose condition uses columns of the enclosing query");
    /* its parser holds 10,000 open brackets and words */
    if (strstr(text, "Parser Error: memory exhausted"))
        return hr_fail_spark(err, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
    /* it cannot write a moment near the first one as text, which it does for names */
    if (strstr(text, "Date out of range"))
        return hr_fail_spark(err, "java.lang.ArithmeticException", "message", "long overflow",
                             NULL);
    if (!strncmp(text, "INTERRUPT", 9))
        return hr_fail(err, HR_E_CANCELLED, "operation has been canceled");
    if (is_full(text))
        return fail_full(text, err);
    if (!strncmp(text, "Out of Memory", 13))
        return hr_fail(err, HR_E_NOMEM, "the session's memory is used up: %s", text);
    return hr_fail(err, HR_E_INTERNAL, "the engine failed: %s", text);
}
