/* Every function of the catalogue with every kind of argument in every place: some ten thousands of
 * statements, each analyzed, written and run. Nothing may end the process, run long, or fail with a
 * word of the engine's: what a function cannot take is refused before a kernel sees it. What
 * kernels write is checked. sweep [WORD]      WORD: only the functions whose names have it */
#include "host/analyze/functions/catalogue.h"
#include "statement.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS_MAX 4
#define SLOW_NS (8ull * 1000 * 1000 * 1000)
#define MEMORY (256ll << 20)

/* a value of each kind; c… are columns of four rows with nulls */
static const char *const values[] = {
    "NULL",
    "0",
    "-3",
    "2147483647",
    "9223372036854775807",
    "1.5BD",
    "CAST('NaN' AS DOUBLE)",
    "''",
    "'a,b;c=1'",
    "X'00FF'",
    "true",
    "DATE'2020-02-29'",
    "TIMESTAMP'2020-02-29 12:34:56'",
    "INTERVAL '3' MONTH",
    "INTERVAL '1 02:03:04' DAY TO SECOND",
    "array(1, NULL, 3)",
    "array('x', NULL)",
    "map('k', 1)",
    "named_struct('f', 1, 'g', array('y'))",
    "array(named_struct('f', map(1, 'z')))",
    "(x -> x)",
    "((x, y) -> x)",
    "ci",
    "cs",
};
/* what stands in the other places: of a kind that many functions take */
static const char *const others[] = {"1", "'a'", "array(1, 2)", "map('k', 1)", "cs"};

#define ROWS \
    " FROM VALUES (1, 'one'), (CAST(NULL AS INT), CAST(NULL AS STRING)), (-7, ''), (2147483647, 'a text of more than twelve bytes') AS t(ci, cs)"

static size_t statements, wrong;

static void run(const char *name, const char *sql)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct statement_result *result = HR_NEW(arena, struct statement_result);
    /* a hang ends the test, with the statement as the last line */
    alarm(60);
    statement_run(arena, sql, false, result);
    statements++;
    if (result->code == HR_E_INTERNAL) {
        wrong++;
        printf("# INTERNAL_ERROR %s: %s: %.200s\n", name, sql, result->err.msg);
    }
    if (result->ns > SLOW_NS)
        statement_run(arena, sql, false,
                      result); /* once is what the process did beside it: giving memory back, say */
    if (result->ns > SLOW_NS) {
        wrong++;
        printf("# slow %s: %s\n", name, sql);
    }
    hr_arena_free(arena);
}

/* f(a, b), or a + b where only an operator is written so; NULL: SQL has no such form */
static const char *call(struct hr_arena *arena,
                        const struct hr_function *function,
                        const char *name,
                        const char *const *arguments,
                        size_t count)
{
    if (strcspn(name, "+-*/%&|^~=<>!$") == strlen(name) &&
        strcmp(name, "when") &&
        strcmp(name, "casewhen")) {
        const char *text = hr_printf(arena, "`%s`(", name);
        for (size_t i = 0; i < count; i++)
            text = hr_printf(arena, "%s%s%s", text, i ? ", " : "", arguments[i]);
        return hr_printf(arena, "%s)%s", text,
                         function->flags & HR_F_WINDOW ? " OVER (ORDER BY ci)" : "");
    }
    if (*name == '$' || !function->pretty)
        return NULL;
    if (count == 2)
        return hr_printf(arena, "(%s %s %s)", arguments[0], name, arguments[1]);
    return count == 1 ? hr_printf(arena, "(%s %s)", name, arguments[0]) : NULL;
}

static void sweep_call(const struct hr_function *function,
                       const char *name,
                       const char *const *arguments,
                       size_t count)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *text = call(arena, function, name, arguments, count);
    if (text)
        run(name, hr_printf(arena, "SELECT %s AS r" ROWS, text));
    hr_arena_free(arena);
}

/* each value in each place, among the values of one kind in the other places */
static void sweep_count(const struct hr_function *function, const char *name, size_t count)
{
    const char *arguments[ARGUMENTS_MAX];
    size_t kinds = count < 2 ? 1 : count == 2 ? HR_LEN(others) : 2;
    for (size_t place = 0; place < count; place++)
        for (size_t v = 0; v < HR_LEN(values); v++)
            for (size_t o = 0; o < kinds; o++) {
                for (size_t i = 0; i < count; i++)
                    arguments[i] = i == place ? values[v] : others[o];
                sweep_call(function, name, arguments, count);
            }
    if (!count)
        sweep_call(function, name, arguments, 0);
}

static void sweep(const struct hr_function *function)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(function->name, ","), function->name);
    int most = function->most < 0 ? function->least + 1 : function->most;
    for (int count = function->least; count <= most && count <= ARGUMENTS_MAX; count++)
        sweep_count(function, name, (size_t)count);
}

int main(int argc, char **argv)
{
    struct hr_err err = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (statement_open(MEMORY, &err)) {
        printf("1..1\nnot ok 1 - %s\n", err.msg);
        return 1;
    }
    const struct hr_function *functions;
    const char *unused;
    hr_function_find("abs", &unused); /* counts the arguments of all */
    size_t count = hr_function_list(&functions);
    for (size_t i = 0; i < count; i++)
        if (argc < 2 || strstr(functions[i].name, argv[1]))
            sweep(&functions[i]);
    statement_close();
    printf("1..1\n%s 1 - %zu statements over %zu functions, %zu wrong\n", wrong ? "not ok" : "ok",
           statements, count, wrong);
    return wrong ? 1 : 0;
}
