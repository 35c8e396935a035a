/* The function catalogue: one row a Spark function (operators included), one table, in catalogue.c.
 *
 * params: one letter an argument, as the function wants it after Spark's implicit casts; '?' makes
 * those after it optional, '*' repeats the last letter any number of times: a any  o orderable  s
 * string  z string: no cast makes one  t string or binary  i int  I int, short or byte: nothing is
 * narrowed  l long  d double  n numeric  x integral  b boolean  y binary  c decimal D date  T
 * timestamp  U timestamp or date  w timestamp of either kind  X a timestamp as it is, nothing is
 * cast  A array  M map  C array or map  S struct  L lambda  f foldable (of any type) e all
 * arguments of this letter are brought to one type result: s i l d b y D T v(oid) m year-month u
 * day-time interval F(loat) h(short) B(yte) as above; 1 … 9 the type of that argument; e the common
 * type; A1: an array of the type of argument 1; E1: the element of array 1; K1, V1: key, value of
 * map 1; '-' decided by `resolve` nulls: a when any argument is nullable, y always, n never, l when
 * all arguments are nullable, '1' when argument 1 is, '-' by `resolve` emit: DuckDB SQL with $1 …
 * $9 for arguments, $* for all of them joined by commas, @name( for a C kernel of engine/functions.
 * Several templates parted by '|' are for the least number of arguments, one more, … A template
 * "!name" is a function of engine/emit_call.c. Aggregates: FILTER and DISTINCT are put in by the
 * emitter at the first '(' … which is why an aggregate's template begins name(. pretty: how
 * automatic names print it, when that is not name(argument, …): a template too. */
#ifndef HR_HOST_ANALYZE_CATALOGUE_H
#define HR_HOST_ANALYZE_CATALOGUE_H
#include "host/analyze/typed.h"

enum {
    HR_F_AGGREGATE = 1,
    HR_F_WINDOW = 2, /* only with OVER */
    HR_F_GENERATOR = 4,
    HR_F_VOLATILE = 8,
    HR_F_LAMBDA = 16,
    /* not reachable as f(x) with Spark's name checks: no WRONG_NUM_ARGS */
    HR_F_OPERATOR = 32,
    HR_F_IGNORE_NULLS = 64, /* takes IGNORE NULLS */
    /* volatile, and numbers the rows: a window function to DuckDB */
    HR_F_ROWS = 256,
    /* what it does not need of its arguments is not evaluated */
    HR_F_LAZY = 512,
    /* there for DataFrames alone: unknown to SQL text */
    HR_F_INTERNAL = 1024,
    /* its SQL has arguments inside of TRY or of a lambda */
    HR_F_INSIDE = 2048,
    /* a window function whose frame is fixed to ROWS up to the current row */
    HR_F_ROWS_FRAME = 128,
};

struct hr_call; /* one call being resolved: analyze/internal.h */

struct hr_function {
    const char *name; /* names parted by commas */
    const char *params, *result, *nulls, *emit;
    unsigned flags;
    const char *pretty;
    enum hr_code (*resolve)(struct hr_call *call);
    /* arguments, made from params; most -1: no bound */
    int least, most;
};

/* without case; NULL when unknown */
const struct hr_function *hr_function_find(const char *name, const char **registered);
bool hr_function_is_missing(const char *name); /* Spark's, not in the table */
/* is this the row whose first name is `name`? */
bool hr_function_is(const struct hr_function *function, const char *name);
size_t hr_function_list(const struct hr_function **rows);
#endif
