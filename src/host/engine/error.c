/* DuckDB's failures as Spark's. Kernels send theirs encoded; for DuckDB's own checks the text says what happened. */
#include "host/engine/internal.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static enum hr_code overflow(const char *word, struct hr_err *err)
{
    static const struct { const char *word, *try; } rows[] = {{"addition", "try_add"}, {"subtraction", "try_subtract"}, {"multiplication", "try_multiply"}};
    const char *alternative = "";
    char text[80];
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (!strncmp(word, rows[i].word, strlen(rows[i].word))) {
            snprintf(text, sizeof text, " Use '%s' to tolerate overflow and return NULL instead.", rows[i].try);
            alternative = text;
        }
    return hr_fail_spark(err, "ARITHMETIC_OVERFLOW", "message", "overflow", "alternative", alternative, "config", "\"spark.sql.ansi.enabled\"", NULL);
}

/* "Overflow in addition of INT8 (127 + 1)!": Spark names the values for byte and short */
static enum hr_code small_overflow(const char *at, struct hr_err *err)
{
    const char *open = strchr(at, '(');
    char left[32] = "", right[32] = "", symbol[2] = "";
    if (!open || sscanf(open, "(%20[-0-9] %1[-+*] %20[-0-9])", left, symbol, right) != 3)
        return overflow(at, err);
    const char *try = *symbol == '+' ? "`try_add`" : *symbol == '-' ? "`try_subtract`" : "`try_multiply`";
    strcat(left, "S");
    strcat(right, "S");
    return hr_fail_spark(err, "BINARY_ARITHMETIC_OVERFLOW", "value1", left, "symbol", symbol, "value2", right, "functionName", try, NULL);
}

enum hr_code hr_engine_error(const char *text, struct hr_err *err)
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
        return hr_fail_spark(err, "DUPLICATED_MAP_KEY", "key", "", "mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\"", NULL);
    if (strstr(text, "Map keys can not be NULL"))
        return hr_fail_spark(err, "NULL_MAP_KEY", NULL);
    if (!strncmp(text, "INTERRUPT", 9))
        return hr_fail(err, HR_E_CANCELLED, "operation has been canceled");
    if (!strncmp(text, "Out of Memory", 13))
        return hr_fail(err, HR_E_NOMEM, "the session's memory is used up: %s", text);
    return hr_fail(err, HR_E_INTERNAL, "the engine failed: %s", text);
}
