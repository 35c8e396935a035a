/* Columns of enclosing queries handed into lambdas: outer.h. */
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"

struct handed {
    int variable;
    bool all; /* the query's own columns too */
    bool own; /* one of these stands in a lambda */
    const struct hr_attr **at;
    size_t count, cap;
};

/* ---- which columns are an enclosing query's ---- */

static void mark_own(bool *outer, const struct hr_node *node)
{
    for (; node; node = node->input) {
        for (size_t i = 0; i < node->output.count; i++)
            outer[node->output.at[i]->id] = false;
        if (node->kind == HR_N_CTE)
            mark_own(outer, node->cte.definition);
        mark_own(outer, node->right);
    }
}

struct search {
    const bool *outer;
    bool found;
};

static enum hr_code find_outer(void *arg, struct hr_texpr **child)
{
    struct search *search = arg;
    if ((*child)->kind == HR_T_COLUMN && search->outer[(*child)->column.attr->id])
        search->found = true;
    if ((*child)->kind == HR_T_SUBQUERY)
        hr_node_each_expr((*child)->subquery.plan, find_outer, arg);
    return hr_texpr_each(*child, find_outer, arg);
}

static struct outer_scope enter(struct emit *e, bool *outer)
{
    struct outer_scope before = {e->outer, e->inside, e->handed};
    e->outer = outer;
    e->inside = 0;
    e->handed = NULL;
    return before;
}

static bool *all_outer(const struct emit *e)
{
    bool *outer = HR_NEW_ARRAY(e->arena, bool, e->id_count);
    memset(outer, true, e->id_count * sizeof *outer);
    return outer;
}

struct outer_scope hr_outer_enter(struct emit *e, const struct hr_node *plan)
{
    bool *outer = all_outer(e);
    struct search search = {outer, false};
    mark_own(outer, plan);
    hr_node_each_expr((struct hr_node *)plan, find_outer, &search);
    return enter(e, search.found ? outer : NULL);
}

struct outer_scope hr_outer_enter_operands(struct emit *e)
{
    return enter(e, all_outer(e));
}

void hr_outer_leave(struct emit *e, const struct outer_scope *before)
{
    e->outer = before->outer;
    e->inside = before->inside;
    e->handed = before->handed;
}

bool hr_holds_outer(const struct emit *e, const struct hr_texprs *exprs)
{
    struct search search = {e->outer, false};
    for (size_t i = 0; e->outer && !search.found && i < exprs->count; i++) {
        struct hr_texpr *top = exprs->at[i];
        find_outer(&search, &top);
    }
    return search.found;
}

bool hr_is_handed(const struct emit *e, const struct hr_attr *attr)
{
    return e->outer && e->inside && (e->handed->all || e->outer[attr->id]);
}

/* ---- those that the lambdas of one call use ---- */

static void note(struct emit *e, const struct hr_attr *attr)
{
    struct handed *handed = e->handed;
    for (size_t i = 0; i < handed->count; i++)
        if (handed->at[i]->id == attr->id)
            return;
    if (handed->count == handed->cap) {
        handed->cap = handed->cap ? 2 * handed->cap : 8;
        const struct hr_attr **more = HR_NEW_ARRAY(e->arena, const struct hr_attr *, handed->cap);
        for (size_t i = 0; i < handed->count; i++)
            more[i] = handed->at[i];
        handed->at = more;
    }
    handed->at[handed->count++] = attr;
}

void hr_outer_column(struct emit *e, const struct hr_attr *attr, struct hr_buf *out)
{
    note(e, attr);
    hr_buf_addf(out, "struct_extract(o%d, 'c%d')", e->handed->variable, attr->id);
}

static enum hr_code find_rows(void *arg, struct hr_texpr **child)
{
    bool *found = arg;
    enum hr_texpr_kind kind = (*child)->kind;
    if (kind == HR_T_WINDOW || kind == HR_T_SUBQUERY)
        *found = true;
    if (kind == HR_T_CALL &&
        ((*child)->call.function->flags & (HR_F_AGGREGATE | HR_F_WINDOW | HR_F_ROWS)))
        *found = true;
    return hr_texpr_each(*child, find_rows, arg);
}

bool hr_has_rows(const struct hr_texpr *expr)
{
    bool found = false;
    struct hr_texpr *top = (struct hr_texpr *)expr;
    find_rows(&found, &top);
    return found;
}

void hr_note_own(struct emit *e)
{
    if (e->outer && e->inside)
        e->handed->own = true;
}

typedef enum hr_code writer(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out);

static enum hr_code write_text(struct emit *e,
                               const struct hr_texpr *expr,
                               writer *write,
                               struct handed *handed,
                               const char **text)
{
    struct handed *around = e->handed;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    e->handed = handed;
    enum hr_code code = write(e, expr, &buf);
    e->handed = around;
    *text = hr_sel_take(e, &buf);
    return code ? code : e->failed;
}

/* The engine finds the query's own columns in a lambda no more once its argument is an enclosing
 * query's, so they are handed in as well. */
static enum hr_code write_handing(struct emit *e,
                                  const struct hr_texpr *expr,
                                  writer *write,
                                  struct hr_buf *out)
{
    struct handed handed = {.variable = ++e->next_table, .all = true};
    const char *text;
    e->inside++;
    HR_TRY(write_text(e, expr, write, &handed, &text));
    e->inside--;
    hr_buf_adds(out, "list_extract(list_transform([{");
    for (size_t i = 0; i < handed.count; i++) {
        int id = handed.at[i]->id;
        hr_buf_addf(out, "%s'c%d': %s", i ? ", " : "", id, hr_column_sql(e, id));
    }
    hr_buf_addf(out, "}], lambda o%d: %s), 1)", handed.variable, text);
    return HR_OK;
}

/* beside a lambda with a column of the query's own in it */
static bool is_argument_outer(const struct emit *e, const struct hr_texpr *expr)
{
    struct hr_texpr *only = (struct hr_texpr *)expr;
    return hr_holds_outer(e, &(struct hr_texprs){&only, 1}) && !hr_has_rows(expr);
}

enum hr_code hr_outer_hand(struct emit *e,
                           const struct hr_texpr *expr,
                           writer *write,
                           struct hr_buf *out)
{
    struct handed handed = {.variable = ++e->next_table};
    const char *text;
    HR_TRY(write_text(e, expr, write, &handed, &text));
    if (!handed.count && !(handed.own && is_argument_outer(e, expr))) {
        hr_buf_adds(out, text);
        return HR_OK;
    }
    if (hr_has_rows(expr))
        return hr_refuse(
            e->err,
            "a lambda function over a column of an enclosing query, beside an aggregate, a window or a subquery");
    return write_handing(e, expr, write, out);
}
