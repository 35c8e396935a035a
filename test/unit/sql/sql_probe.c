#include "host/plan/print.h"
#include "host/sql/sql.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void probe(const char *text)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_sql_statement statement;
    struct hr_err err = {0};
    json_t *json;
    if (hr_sql_parse_statement(arena, text, NULL, &statement, &err)) {
        char message[8192];
        hr_err_spark_text(&err, message, sizeof message);
        json = json_pack("{s:b,s:s,s:s,s:s}", "ok", 0, "condition", err.condition, "params",
                         err.params, "message", message);
    } else {
        struct hr_buf buf;
        hr_buf_init(&buf, 64 << 20);
        if (statement.query)
            hr_print_rel(statement.query, 0, &buf);
        else
            hr_print_command(statement.command, &buf);
        json = json_pack("{s:b,s:s}", "ok", 1, "plan", hr_buf_text(&buf));
        hr_buf_release(&buf);
    }
    char *line = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    puts(line ? line : "{\"ok\":false,\"condition\":\"not UTF-8\"}");
    free(line);
    json_decref(json);
    hr_arena_free(arena);
}

int main(void)
{
    size_t cap = 1 << 20, len = 0, got;
    char *text = malloc(cap + 1);
    while ((got = fread(text + len, 1, cap - len, stdin)) > 0) {
        len += got;
        if (len == cap)
            text = realloc(text, (cap *= 2) + 1);
    }
    text[len] = 0;
    for (char *at = text, *end; at <= text + len; at = end + 1) {
        end = at + strcspn(at, "\f");
        bool last = !*end;
        *end = 0;
        probe(at);
        if (last)
            break;
    }
    free(text);
    return 0;
}
