/* Columns of an enclosing query that a lambda uses. Private to engine/.
 *
 * The engine looks for a column that stands in a lambda in the query around the lambda, and no
 * further. So the call around the lambdas is put into one more lambda, whose argument is outside of
 * any: list_extract(list_transform([{'c5': t1.a5}], lambda o2: … struct_extract(o2, 'c5') …), 1).
 */
#ifndef HR_HOST_ENGINE_OUTER_H
#define HR_HOST_ENGINE_OUTER_H
#include "host/engine/internal.h"

/* What is written next is the plan of a subquery: what none of its nodes gives is an enclosing
 * query's, and no lambda is around it yet. outer_leave() puts back what outer_enter() returned. */
struct outer_scope {
    bool *outer;
    int inside;
    struct handed *handed;
};
struct outer_scope hr_outer_enter(struct emit *e, const struct hr_node *plan);
/* What is written next are expressions of this query, put into a subquery that is written around
 * them: every column of theirs is an enclosing query's. */
struct outer_scope hr_outer_enter_operands(struct emit *e);
void hr_outer_leave(struct emit *e, const struct outer_scope *before);
/* one of them has an enclosing query's column in it */
bool hr_holds_outer(const struct emit *e, const struct hr_texprs *exprs);
/* it stands in a lambda that hands it in: its name is outer_column's */
bool hr_is_handed(const struct emit *e, const struct hr_attr *attr);
/* a window, an aggregate or a subquery is in it, which cannot stand in a lambda, nor in TRY */
bool hr_has_rows(const struct hr_texpr *expr);
/* a column that is not handed in has been written */
void hr_note_own(struct emit *e);
void hr_outer_column(struct emit *e, const struct hr_attr *attr, struct hr_buf *out);

/* Writes by `write`, and around it the lambda that hands in what was used. Outside of lambdas only.
 */
enum hr_code hr_outer_hand(struct emit *e,
                           const struct hr_texpr *expr,
                           enum hr_code (*write)(struct emit *e,
                                                 const struct hr_texpr *expr,
                                                 struct hr_buf *out),
                           struct hr_buf *out);
#endif
