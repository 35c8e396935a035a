#include "host/plan/origin.h"
#include "base/utf8.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int points(const char *from, const char *to)
{
    return (int)hr_utf8_length(from, (size_t)(to - from));
}

static void take(struct hr_buf *buf, char *out, size_t size)
{
    size_t len = hr_buf_len(buf) < size - 1 ? hr_buf_len(buf) : size - 1;
    while (len < hr_buf_len(buf) && len > 0 && !hr_utf8_starts(hr_buf_text(buf)[len]))
        len--; /* never half a character */
    memcpy(out, hr_buf_text(buf), len);
    out[len] = 0;
    hr_buf_release(buf);
}

static int line_of(const char *sql, int offset, const char **line)
{
    int number = 1;
    *line = sql;
    for (const char *p = sql; p < sql + offset; p++)
        if (*p == '\n') {
            number++;
            *line = p + 1;
        }
    return number;
}

enum hr_code hr_origin_syntax(struct hr_err *err, const char *sql, int offset)
{
    if (!err)
        return HR_E_SPARK;
    const char *line;
    int number = line_of(sql, offset, &line), pos = points(line, sql + offset);
    const char *end = strchr(line, '\n');
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_buf_addf(&out, " (line %d, pos %d)\n\n== SQL ==\n", number, pos);
    hr_buf_add(&out, sql, end ? (size_t)(end - sql) : strlen(sql));
    hr_buf_addc(&out, '\n');
    for (int i = 0; i < pos && i < 4096; i++)
        hr_buf_addc(&out, '-');
    hr_buf_adds(&out, "^^^\n");
    if (end)
        hr_buf_addf(&out, "%s\n", end + 1);
    take(&out, err->tail, sizeof err->tail);
    return err->code;
}

static void write_json(struct hr_err *err, const char *sql, int start, int stop)
{
    json_t *json =
        json_pack("{s:s,s:s,s:i,s:i,s:s%,s:s}", "objectType", "", "objectName", "", "startIndex",
                  points(sql, sql + start), "stopIndex", points(sql, sql + stop) - 1, "fragment",
                  sql + start, (size_t)(stop - start), "callSite", "");
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text && strlen(text) < sizeof err->context)
        strcpy(err->context, text);
    free(text);
    json_decref(json);
}

/* the lines that the fragment touches, each with its part marked below */
static void write_summary(struct hr_err *err, const char *sql, int start, int stop)
{
    const char *line;
    int number = line_of(sql, start, &line);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_buf_addf(&out, "\n== SQL (line %d, position %d) ==\n", number,
                points(line, sql + start) + 1);
    while (line < sql + stop || line == sql + start) {
        const char *end = strchr(line, '\n');
        end = end ? end : line + strlen(line);
        const char *from = line < sql + start ? sql + start : line,
                   *to = end < sql + stop ? end : sql + stop;
        hr_buf_add(&out, line, (size_t)(end - line));
        hr_buf_addc(&out, '\n');
        for (int i = points(line, from); i > 0; i--)
            hr_buf_addc(&out, ' ');
        for (int i = points(from, to); i > 0; i--)
            hr_buf_addc(&out, '^');
        hr_buf_addc(&out, '\n');
        if (!*end)
            break;
        line = end + 1;
    }
    take(&out, err->tail, sizeof err->tail);
}

enum hr_code hr_origin_context(struct hr_err *err, const struct hr_origin *origin)
{
    if (!err || !origin)
        return err ? err->code : HR_E_SPARK;
    if (origin->sql) {
        write_json(err, origin->sql, origin->start, origin->stop);
        write_summary(err, origin->sql, origin->start, origin->stop);
        return err->code;
    }
    json_t *json =
        json_pack("{s:s,s:s,s:i,s:i,s:s,s:s}", "objectType", "", "objectName", "", "startIndex", 0,
                  "stopIndex", 0, "fragment", origin->fragment ? origin->fragment : "", "callSite",
                  origin->call_site ? origin->call_site : "");
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (text && strlen(text) < sizeof err->context)
        strcpy(err->context, text);
    free(text);
    json_decref(json);
    snprintf(err->tail, sizeof err->tail, "\n== DataFrame ==\n\"%s\" was called from\n%s\n",
             origin->fragment ? origin->fragment : "", origin->call_site ? origin->call_site : "");
    return err->code;
}
