/* Statements in process, as a session's host runs them: parsed, analyzed, written, run; what comes
 * out is checked and read. For sweep.c and for fuzz/statements.c. One engine, one thread. A failure
 * of ours (a vector that is refused, a sanitizer's report) ends the process. */
#ifndef HR_TEST_STATEMENT_H
#define HR_TEST_STATEMENT_H
#include "host/engine/engine.h"

/* What became of one statement. Everything in it lives in the arena that statement_run was given.
 */
struct statement_result {
    enum hr_code code;
    struct hr_err err;            /* set unless code is HR_OK */
    const struct hr_type *schema; /* NULL until it was analyzed */
    uint64_t rows;
    uint64_t digest; /* of all values, whatever the order of rows */
    uint64_t ns;     /* of processor time */
};

enum hr_code statement_open(int64_t memory_bytes, struct hr_err *err);
void statement_close(void);
/* over Spark's defaults; a key of at most 63 characters */
void statement_conf(const char *key, const char *value);
/* CREATE OR REPLACE TEMP VIEW name AS sql */
enum hr_code statement_view(const char *name, const char *sql, struct hr_err *err);

/* only_analyze: no further than the schema */
void statement_run(struct hr_arena *arena,
                   const char *sql,
                   bool only_analyze,
                   struct statement_result *result);
#endif
