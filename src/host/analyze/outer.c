/* Correlation: what a subquery takes from the query around it, and where Spark lets it. */
#include "host/analyze/internal.h"
#include <ctype.h>

/* ---- the columns of the enclosing query ---- */

struct inside {
    const struct hr_node *plan;
    const struct inside *around;
};

struct walk {
    const struct inside *inside;
    outer_fn *fn;
    void *arg;
};

static bool gives(const struct hr_node *node, int id)
{
    for (; node; node = node->input) {
        for (size_t i = 0; i < node->output.count; i++)
            if (node->output.at[i]->id == id)
                return true;
        if (gives(node->right, id))
            return true;
    }
    return false;
}

static enum hr_code walk_plan(const struct walk *walk, struct hr_node *node);

static enum hr_code walk_expr(void *arg, struct hr_texpr **place)
{
    struct walk *walk = arg;
    struct hr_texpr *expr = *place;
    bool outer = expr->kind == HR_T_COLUMN && expr->column.outer;
    for (const struct inside *i = walk->inside; outer && i; i = i->around)
        outer = !gives(i->plan, expr->column.attr->id);
    if (outer)
        HR_TRY(walk->fn(walk->arg, place));
    if (expr->kind == HR_T_SUBQUERY) {
        struct inside deeper = {expr->subquery.plan, walk->inside};
        struct walk inner = {&deeper, walk->fn, walk->arg};
        HR_TRY(walk_plan(&inner, expr->subquery.plan));
    }
    return hr_texpr_each(expr, walk_expr, walk);
}

/* from the top down, and from the left to the right: the order in which Spark names them */
static enum hr_code walk_plan(const struct walk *walk, struct hr_node *node)
{
    if (!node)
        return HR_OK;
    HR_TRY(hr_node_own_exprs(node, walk_expr, (void *)walk));
    HR_TRY(walk_plan(walk, node->input));
    return walk_plan(walk, node->right);
}

enum hr_code hr_each_outer(const struct hr_texpr *subquery, outer_fn *fn, void *arg)
{
    struct inside inside = {subquery->subquery.plan, NULL};
    struct walk walk = {&inside, fn, arg};
    return walk_plan(&walk, subquery->subquery.plan);
}

/* ---- the same subquery twice ---- */

struct ids {
    struct hr_buf *buf;
};

static enum hr_code note_id(void *arg, struct hr_texpr **column)
{
    hr_buf_addf(((struct ids *)arg)->buf, " %d", (*column)->column.attr->id);
    return HR_OK;
}

static void describe(const struct hr_texpr *subquery, struct hr_buf *out)
{
    struct ids ids = {out};
    hr_buf_init(out, HR_BUF_GROWS);
    hr_print_expr(subquery->subquery.written, out);
    hr_each_outer(subquery, note_id, &ids);
}

/* written alike, about the same columns of the same query */
bool hr_subquery_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    struct hr_buf one, other;
    describe(x, &one);
    describe(y, &other);
    bool equal = hr_buf_len(&one) == hr_buf_len(&other) &&
                 !memcmp(hr_buf_text(&one), hr_buf_text(&other), hr_buf_len(&one));
    hr_buf_release(&one);
    hr_buf_release(&other);
    return equal;
}

/* ---- where the outer query's columns may stand ---- */

struct uses {
    bool outer, local;
};

static enum hr_code note_uses(void *arg, struct hr_texpr **place)
{
    struct uses *uses = arg;
    if ((*place)->kind == HR_T_COLUMN && (*place)->column.outer)
        uses->outer = true;
    else if ((*place)->kind == HR_T_COLUMN)
        uses->local = true;
    return hr_texpr_each(*place, note_uses, arg);
}

static struct uses uses_of(const struct hr_texpr *expr)
{
    struct uses uses = {0};
    struct hr_texpr *top = (struct hr_texpr *)expr;
    note_uses(&uses, &top);
    return uses;
}

bool hr_uses_outer(const struct hr_texpr *expr)
{
    return uses_of(expr).outer;
}

static enum hr_code refuse_mixed(void *arg, struct hr_texpr **place)
{
    struct analysis *a = arg;
    bool aggregate =
        (*place)->kind == HR_T_CALL && ((*place)->call.function->flags & HR_F_AGGREGATE);
    struct uses uses = aggregate ? uses_of(*place) : (struct uses){0};
    if (uses.outer && uses.local)
        return hr_fail_spark(
            a->err,
            "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES",
            "function", hr_qualified_name(a, *place), NULL);
    return hr_texpr_each(*place, refuse_mixed, arg);
}

static const char *alias_sql(struct analysis *a, const char *name)
{
    const char *p = name;
    while (isalnum((unsigned char)*p) || *p == '_')
        p++;
    return *p ? hr_quote(a, name) : name;
}

void hr_host_add(struct hosted *hosted,
                 const struct hr_texpr *expr,
                 const char *alias,
                 const char *suffix)
{
    struct analysis *a = hosted->a;
    if (!hr_uses_outer(expr))
        return;
    const char *text = hr_name_without_outer(a, expr),
               *named = alias ? hr_printf(a->arena, " AS %s", alias_sql(a, alias)) : suffix;
    hosted->list =
        hr_printf(a->arena, "%s%s\"%s%s\"", hosted->list, *hosted->list ? "," : "", text, named);
}

/* Filters, projections, joins and windows of a subquery may; its aggregates, sorts and generators
 * may not. */
enum hr_code hr_host_check(const struct hosted *hosted)
{
    if (!*hosted->list)
        return HR_OK;
    return hr_fail_spark(hosted->a->err,
                         "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE",
                         "sqlExprs", hosted->list, NULL);
}

enum hr_code hr_check_aggregate_hosts(struct analysis *a,
                                      const struct hr_texprs *groups,
                                      const struct hr_texprs *list,
                                      const struct hr_attrs *names)
{
    struct hosted hosted = {a, ""};
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(refuse_mixed(a, &list->at[i]));
    for (size_t i = 0; i < groups->count; i++)
        hr_host_add(&hosted, groups->at[i], NULL, "");
    for (size_t i = 0; i < list->count; i++)
        hr_host_add(&hosted, list->at[i], names->at[i]->name, "");
    return hr_host_check(&hosted);
}
