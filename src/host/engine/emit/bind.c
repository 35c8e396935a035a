/* Operands put in their places, each written once: bind.h. */
#include "host/engine/emit/bind.h"
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"
#include <stdlib.h>

#define MARK '\1' /* a mark is this byte, a number, this byte; literals have it as chr(1) */
#define SIMPLE_STEPS \
    3 /* casts and fields upon a name that are still written again rather than bound */

/* ---- marks ---- */

/* Beside an enclosing query's column no column is: whether it stands in a lambda tells how it is
 * written (outer.h). */
static bool is_plain(const struct hr_texpr *expr, bool by_place)
{
    for (int step = 0; step <= SIMPLE_STEPS; step++)
        switch (expr->kind) {
        case HR_T_COLUMN:
            return !by_place;
        case HR_T_LITERAL:
        case HR_T_VARIABLE:
            return true;
        case HR_T_ALIAS:
            expr = expr->alias.child;
            break;
        case HR_T_FIELD:
            expr = expr->field.child;
            break;
        case HR_T_CAST:
            if (!hr_is_native_cast(expr->cast.child->type, expr->type))
                return false;
            expr = expr->cast.child;
            break;
        default:
            return false;
        }
    return false;
}

enum hr_code hr_hold(struct emit *e,
                     const struct hr_texprs *operands,
                     struct held *held,
                     const char ***texts)
{
    bool by_place = hr_holds_outer(e, operands);
    *held = (struct held){operands, e->next_mark + 1};
    e->next_mark += (int)operands->count;
    *texts = HR_NEW_ARRAY(e->arena, const char *, operands->count + HELD_LEAST);
    for (size_t i = 0; i < operands->count; i++)
        if (is_plain(operands->at[i], by_place))
            HR_TRY(hr_expr_text(e, operands->at[i], &(*texts)[i]));
        else
            (*texts)[i] = hr_printf(e->arena, "%c%d%c", MARK, held->first + (int)i, MARK);
    return HR_OK;
}

struct place {
    const char *at, *behind;
    size_t operand;
};

/* the first mark of these operands in from … end; others belong to a call around this one */
static bool next_mark(const struct held *held,
                      const char *from,
                      const char *end,
                      struct place *place)
{
    for (const char *p = from; p < end && (p = memchr(p, MARK, (size_t)(end - p))); p++) {
        char *stop;
        long number = strtol(p + 1, &stop, 10) - held->first;
        if (*stop != MARK || number < 0 || (size_t)number >= held->operands->count)
            continue;
        *place = (struct place){p, stop + 1, (size_t)number};
        return true;
    }
    return false;
}

/* ---- settling ---- */

/* name: what the operand is called inside the lambda */
struct use {
    unsigned times;
    const char *name;
};

static bool count_uses(const struct held *held, const struct hr_buf *own, struct use *uses)
{
    const char *p = hr_buf_text(own), *end = p + hr_buf_len(own);
    struct place place;
    bool repeated = false;
    for (; next_mark(held, p, end, &place); p = place.behind)
        repeated = ++uses[place.operand].times > 1 || repeated;
    return repeated;
}

/* names for the operands that are bound; a lambda is no value, and stays */
static size_t name_bound(
    struct emit *e, const struct held *held, enum settling how, struct use *uses, int variable)
{
    size_t bound = 0, last = 0;
    for (size_t i = 0; i < held->operands->count; i++) {
        bool may_stay = how == BIND_REPEATED && !hr_has_rows(held->operands->at[i]);
        unsigned least = may_stay ? 2 : 1;
        if (uses[i].times < least || held->operands->at[i]->kind == HR_T_LAMBDA)
            continue;
        uses[i].name = hr_printf(e->arena, "struct_extract(v%d, 'f%zu')", variable, bound++);
        last = i;
    }
    if (bound == 1)
        uses[last].name = hr_printf(e->arena, "v%d", variable);
    return bound;
}

static enum hr_code write_bound(struct emit *e,
                                const struct held *held,
                                const struct use *uses,
                                size_t bound,
                                struct hr_buf *out)
{
    size_t n = 0;
    hr_buf_adds(out, bound > 1 ? "[{" : "[");
    for (size_t i = 0; i < held->operands->count; i++) {
        if (!uses[i].name)
            continue;
        if (bound > 1)
            hr_buf_addf(out, "%s'f%zu': ", n ? ", " : "", n);
        n++;
        HR_TRY(hr_emit_expr(e, held->operands->at[i], out));
    }
    hr_buf_adds(out, bound > 1 ? "}]" : "]");
    return HR_OK;
}

static enum hr_code write_own(struct emit *e,
                              const struct held *held,
                              const struct hr_buf *own,
                              const struct use *uses,
                              struct hr_buf *out)
{
    const char *p = hr_buf_text(own), *end = p + hr_buf_len(own);
    struct place place;
    for (; next_mark(held, p, end, &place); p = place.behind) {
        hr_buf_add(out, p, (size_t)(place.at - p));
        if (uses[place.operand].name)
            hr_buf_adds(out, uses[place.operand].name);
        else
            HR_TRY(hr_emit_expr(e, held->operands->at[place.operand], out));
    }
    hr_buf_add(out, p, (size_t)(end - p));
    return HR_OK;
}

enum hr_code hr_settle(struct emit *e,
                       const struct held *held,
                       const struct hr_buf *own,
                       enum settling how,
                       struct hr_buf *out)
{
    HR_TRY(hr_buf_check(own, "the query's SQL", e->err));
    struct use *uses = HR_NEW_ARRAY(e->arena, struct use, held->operands->count + 1);
    bool repeated = count_uses(held, own, uses);
    if (how == REPEAT || (!repeated && how != BIND_ALL))
        return write_own(e, held, own, uses, out);
    int variable = ++e->next_table;
    size_t bound = name_bound(e, held, how, uses, variable);
    if (!bound)
        return write_own(e, held, own, uses, out);
    hr_buf_adds(out, "list_extract(list_transform(");
    HR_TRY(write_bound(e, held, uses, bound, out));
    hr_buf_addf(out, ", lambda v%d: ", variable);
    e->inside++;
    HR_TRY(write_own(e, held, own, uses, out));
    e->inside--;
    hr_buf_adds(out, "), 1)");
    return HR_OK;
}
