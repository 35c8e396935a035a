/* What stands in the SQL of an expression for its operands, so that each operand is written once.
 * Private to engine/.
 *
 * A call's own SQL is written over marks: hold() gives one for each operand (an operand that is a
 * name or a constant stands for itself), and the writer uses it as often as it likes. settle() then
 * puts the operands in. One that is used once goes to its place, unwritten until then; one that is
 * used more often is bound: list_extract(list_transform([operand], lambda v: …), 1) evaluates it
 * once and names it v. So the length of a statement is linear in the size of its plan, whatever a
 * template or an emitter repeats. */
#ifndef HR_HOST_ENGINE_BIND_H
#define HR_HOST_ENGINE_BIND_H
#include "host/engine/internal.h"

/* the marks are first, first + 1 … */
struct held {
    const struct hr_texprs *operands;
    int first;
};

/* more operands than any function names one by one: the texts of those that are left out are NULL
 */
enum { HELD_LEAST = 16 };

enum settling {
    /* when one operand is repeated, all are bound: the SQL inside captures nothing */
    BIND,
    /* each, also if none is repeated: in TRY and in lambdas no window and no subquery can stand */
    BIND_ALL,
    /* the others stay where they are, evaluated only when that place is reached; but what cannot
       stand in a lambda */
    BIND_REPEATED,
    /* around aggregates and windows, which cannot stand in a lambda, and do not nest */
    REPEAT,
};

/* texts: one for each operand, in the statement's arena, and NULL behind them up to HELD_LEAST */
enum hr_code hr_hold(struct emit *e,
                     const struct hr_texprs *operands,
                     struct held *held,
                     const char ***texts);
enum hr_code hr_settle(struct emit *e,
                       const struct held *held,
                       const struct hr_buf *own,
                       enum settling how,
                       struct hr_buf *out);
#endif
