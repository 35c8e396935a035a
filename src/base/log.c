#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES 4096 /* of one value: a line is read by people */

static enum hr_log_level least_level = HR_LOG_INFO;

static void add_value(struct hr_buf *line, const char *value)
{
    const char *end = value + strnlen(value, VALUE_BYTES);
    while (*end && !hr_utf8_starts(*end)) /* never half a character */
        end--;
    if (value[0] && !*end && !value[strcspn(value, " \t\r\n\"=\\")]) {
        hr_buf_adds(line, value);
        return;
    }
    hr_buf_addc(line, '"');
    for (; value < end; value++) {
        if (*value == '"' || *value == '\\')
            hr_buf_addc(line, '\\');
        if ((unsigned char)*value < ' ')
            hr_buf_addf(line, "\\x%02x", (unsigned char)*value);
        else
            hr_buf_addc(line, *value);
    }
    hr_buf_adds(line, *end ? "…" : "");
    hr_buf_addc(line, '"');
}

void hr_log(enum hr_log_level level, const char *event, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < least_level)
        return;
    char now[32];
    hr_clock_iso8601(hr_clock_ms(), now);
    struct hr_buf line;
    hr_buf_init(&line, HR_BUF_GROWS);
    hr_buf_addf(&line, "%s %s %s", now, names[level], event);
    va_list args;
    va_start(args, event);
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (!value)
            continue;
        hr_buf_addf(&line, " %s=", name);
        add_value(&line, value);
    }
    va_end(args);
    hr_buf_addc(&line, '\n');
    /* one write a line, so that lines of several processes do not mix; a full or closed stderr
     * loses the line, not the server */
    if (write(STDERR_FILENO, hr_buf_text(&line), hr_buf_len(&line)) < 0)
        least_level = HR_LOG_ERROR;
    hr_buf_release(&line);
}
