/* Runs what statements.py makes up: requests on standard input, one answer each on standard output,
 * in order. Where a LENGTH ends the line, so many bytes of SQL come behind it.
 *
 * - functions: every row of the catalogue: name, letters of its arguments, least and most of them,
 *   flags, by tabs
 * - conf KEY VALUE
 * - view NAME LENGTH: CREATE OR REPLACE TEMP VIEW
 * - analyze LENGTH: its schema
 * - run LENGTH
 *
 * An answer is a line `CODE CONDITION ROWS DIGEST MILLISECONDS LENGTH` and so many bytes: the
 * schema, or the error's message. What ends this process is found by whoever asked. */
#include "base/buf.h"
#include "host/analyze/functions/catalogue.h"
#include "statement.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (256ll << 20)
#define SQL_MAX (1 << 20)
#define ANSWER_MAX (64u << 20)

static void answer(const struct statement_result *result, const char *text, size_t len)
{
    const char *condition = *result->err.condition ? result->err.condition : "-";
    printf("%s %s %" PRIu64 " %016" PRIx64 " %" PRIu64 " %zu\n", hr_code_info(result->code)->name,
           condition, result->rows, result->digest, result->ns / 1000000, len);
    fwrite(text, 1, len, stdout);
    fflush(stdout);
}

static void answer_code(enum hr_code code, const struct hr_err *err)
{
    struct statement_result result = {.code = code, .err = *err};
    answer(&result, err->msg, strlen(err->msg));
}

static void answer_statement(const char *sql, bool only_analyze)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct statement_result *result = HR_NEW(arena, struct statement_result);
    struct hr_buf schema;
    hr_buf_init(&schema, ANSWER_MAX);
    statement_run(arena, sql, only_analyze, result);
    if (!result->code) {
        hr_type_catalog(result->schema, &schema);
        answer(result, hr_buf_text(&schema), hr_buf_len(&schema));
    } else {
        answer(result, result->err.msg, strlen(result->err.msg));
    }
    hr_buf_release(&schema);
    hr_arena_free(arena);
}

static void answer_functions(void)
{
    const struct hr_function *functions;
    const char *unused;
    struct hr_buf out;
    hr_buf_init(&out, ANSWER_MAX);
    hr_function_find("abs", &unused); /* counts the arguments of all */
    size_t count = hr_function_list(&functions);
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(&out, "%s\t%s\t%d\t%d\t%u\n", functions[i].name, functions[i].params,
                    functions[i].least, functions[i].most, functions[i].flags);
    answer(&(struct statement_result){0}, hr_buf_text(&out), hr_buf_len(&out));
    hr_buf_release(&out);
}

/* LENGTH's bytes, for the caller to free; ends the process where the asker does not keep to the
 * protocol */
static char *read_sql(size_t len)
{
    char *sql = len < SQL_MAX ? calloc(1, len + 1) : NULL;
    if (sql && fread(sql, 1, len, stdin) == len)
        return sql;
    fprintf(stderr, "statements: %zu bytes of SQL did not come\n", len);
    exit(2);
}

static void serve(const char *request)
{
    char key[64], value[64];
    struct hr_err err = {0};
    size_t len;
    if (!strcmp(request, "functions\n")) {
        answer_functions();
    } else if (sscanf(request, "conf %63s %63s", key, value) == 2) {
        statement_conf(key, value);
        answer_code(HR_OK, &err);
    } else if (sscanf(request, "view %63s %zu", key, &len) == 2) {
        char *sql = read_sql(len);
        answer_code(statement_view(key, sql, &err), &err);
        free(sql);
    } else if (sscanf(request, "analyze %zu", &len) == 1 || sscanf(request, "run %zu", &len) == 1) {
        char *sql = read_sql(len);
        answer_statement(sql, *request == 'a');
        free(sql);
    } else {
        fprintf(stderr, "statements: no such request: %s", request);
        exit(2);
    }
}

int main(void)
{
    char request[256];
    struct hr_err err = {0};
    if (statement_open(MEMORY, &err)) {
        fprintf(stderr, "statements: %s\n", err.msg);
        return 1;
    }
    while (fgets(request, sizeof request, stdin))
        serve(request);
    statement_close();
    return 0;
}
