/* Joins of two inputs, lateral ones too. */
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"

static enum hr_code build_side(struct emit *e,
                               const struct hr_node *node,
                               struct sel *s,
                               const char **from)
{
    HR_TRY(hr_build_node(e, node, s));
    bool bare = s->from &&
                !s->where &&
                !hr_sel_closed(s) &&
                !s->windows &&
                !s->is_volatile &&
                !s->order &&
                hr_all_columns(e, &node->output);
    if (!bare)
        hr_sel_wrap(e, s, &node->output);
    *from = s->from;
    return HR_OK;
}

/* What the engine does not take in the condition of an outer lateral join stands in the subquery.
 */
static enum hr_code filter_lateral(struct emit *e, const struct hr_node *join, struct sel *s)
{
    struct outer_scope before = hr_outer_enter_operands(e);
    enum hr_code code = hr_expr_text(e, join->join.condition, &s->where);
    hr_outer_leave(e, &before);
    if (!code)
        hr_sel_wrap(e, s, &join->right->output);
    return code;
}

/* A subquery, which uses the left's columns; so may its CTEs, which stay inside. */
static enum hr_code build_lateral(struct emit *e, const struct hr_node *join, const char **from)
{
    struct sel s = {.limit = -1};
    const char *outside = e->ctes;
    e->ctes = NULL;
    struct outer_scope before = hr_outer_enter(e, join->right);
    enum hr_code code = hr_build_node(e, join->right, &s);
    hr_outer_leave(e, &before);
    if (!code)
        hr_sel_wrap_with_ctes(e, &s, &join->right->output);
    e->ctes = outside;
    if (!code && join->join.condition && join->join.type != HR_JOIN_INNER)
        code = filter_lateral(e, join, &s);
    *from = s.from;
    return code;
}

static enum hr_code build_right(struct emit *e, const struct hr_node *node, const char **from)
{
    struct sel s = {.limit = -1};
    HR_TRY(build_side(e, node, &s, from));
    /* a join on the right needs its own brackets */
    if (node->kind != HR_N_JOIN || (*from)[0] == '(')
        return HR_OK;
    hr_sel_wrap(e, &s, &node->output);
    *from = s.from;
    return HR_OK;
}

enum hr_code hr_build_join(struct emit *e, const struct hr_node *node, struct sel *s)
{
    static const char *const words[] = {
        [HR_JOIN_INNER] = "JOIN",       [HR_JOIN_FULL] = "FULL JOIN", [HR_JOIN_LEFT] = "LEFT JOIN",
        [HR_JOIN_RIGHT] = "RIGHT JOIN", [HR_JOIN_ANTI] = "ANTI JOIN", [HR_JOIN_SEMI] = "SEMI JOIN",
        [HR_JOIN_CROSS] = "JOIN"};
    struct sel left = {.limit = -1};
    const char *l, *r, *condition = "true";
    HR_TRY(build_side(e, node->input, &left, &l));
    HR_TRY(node->join.lateral ? build_lateral(e, node, &r) : build_right(e, node->right, &r));
    bool is_within = node->join.lateral && node->join.type != HR_JOIN_INNER;
    if (node->join.condition && !is_within)
        HR_TRY(hr_expr_text(e, node->join.condition, &condition));
    bool cross = !node->join.condition &&
                 (node->join.type == HR_JOIN_INNER || node->join.type == HR_JOIN_CROSS);
    *s = (struct sel){.limit = -1};
    if (cross && !node->join.lateral)
        s->from = hr_printf(e->arena, "%s CROSS JOIN %s", l, r);
    else
        s->from = hr_printf(e->arena, "%s %s %s%s ON %s", l, words[node->join.type],
                            node->join.lateral ? "LATERAL " : "", r, condition);
    return HR_OK;
}
