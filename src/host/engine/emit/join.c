/* Generators, joins, set operations and CTEs to SQL. */
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"
#include <stdlib.h>

/* ---- generators: unnest in a select of its own ---- */

static enum hr_code generate_columns(struct emit *e, const struct hr_node *node, struct hr_buf *out)
{
    const struct hr_texpr *call = node->generate.generator;
    const char *name = call->call.function->name, *text;
    size_t first = node->input->output.count;
    bool outer = node->generate.outer, positions = !strncmp(name, "posexplode", 10),
         explode = positions || !strncmp(name, "explode", 7);
    if (!strcmp(name, "stack")) {
        size_t columns = call->type->field_count,
               rows = (size_t)call->call.args.at[0]->literal->integer;
        hr_buf_adds(out, "unnest([");
        for (size_t r = 0; r < rows; r++) {
            hr_buf_adds(out, r ? ", {" : "{");
            for (size_t c = 0; c < columns; c++) {
                hr_buf_addf(out, "%sf%zu: ", c ? ", " : "", c);
                size_t at = 1 + r * columns + c;
                if (at < call->call.args.count) {
                    hr_buf_adds(out, "CAST(");
                    HR_TRY(hr_emit_expr(e, call->call.args.at[at], out));
                    hr_buf_addf(out, " AS %s)", hr_type_text(e, call->type->fields[c].type));
                } else
                    hr_buf_addf(out, "CAST(NULL AS %s)",
                                hr_type_text(e, call->type->fields[c].type));
            }
            hr_buf_addc(out, '}');
        }
        hr_buf_adds(out, "]) AS g0");
        return HR_OK;
    }
    HR_TRY(hr_expr_text(e, call->call.args.at[0], &text));
    bool map = call->call.args.at[0]->type->id == HR_TYPE_MAP;
    const char *count =
        map ? hr_printf(e->arena, "cardinality(%s)", text) : hr_printf(e->arena, "len(%s)", text);
    const char *empty = hr_printf(e->arena, "%s IS NULL OR %s = 0", text, count);
    size_t n = 0;
    if (positions) {
        const char *list =
            hr_printf(e->arena, "CAST(range(CAST(%s AS BIGINT)) AS INTEGER[])", count);
        if (outer)
            list = hr_printf(e->arena, "CASE WHEN %s THEN [CAST(NULL AS INTEGER)] ELSE %s END",
                             empty, list);
        hr_buf_addf(out, "unnest(%s) AS g%zu, ", list, n++);
    }
    const char *parts[] = {map ? hr_printf(e->arena, "map_keys(%s)", text) : text,
                           hr_printf(e->arena, "map_values(%s)", text)};
    for (int k = 0; k < (map ? 2 : 1); k++, n++) {
        const struct hr_type *type =
            explode ? node->output.at[first + n]->type : call->call.args.at[0]->type->element;
        const char *list = parts[k];
        if (outer)
            list = hr_printf(e->arena, "CASE WHEN %s THEN [CAST(NULL AS %s)] ELSE %s END", empty,
                             hr_type_text(e, type), list);
        hr_buf_addf(out, "%sunnest(%s) AS g%zu", k ? ", " : "", list, n);
    }
    return HR_OK;
}

enum hr_code hr_build_generate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    if (hr_sel_closed(s) ||
        s->order ||
        s->windows ||
        s->is_volatile ||
        !hr_all_columns(e, &node->input->output) ||
        hr_search_expr(e, node->generate.generator).computed)
        hr_sel_wrap(e, s, &node->input->output);
    int table = ++e->next_table, *ids;
    size_t count = 0, first = node->input->output.count;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&buf, "(SELECT ");
    ids = HR_NEW_ARRAY(e->arena, int, first + 1);
    for (size_t i = 0; i < first; i++) {
        int id = node->input->output.at[i]->id;
        bool seen = !e->needed[id];
        for (size_t k = 0; k < count && !seen; k++)
            seen = ids[k] == id;
        if (seen)
            continue;
        hr_buf_addf(&buf, "%s AS a%d, ", hr_column_sql(e, id), id);
        ids[count++] = id;
    }
    enum hr_code code = generate_columns(e, node, &buf);
    hr_write_tail(s, &buf);
    hr_buf_addf(&buf, ") AS t%d", table);
    *s = (struct sel){.from = hr_sel_take(e, &buf), .limit = -1};
    HR_TRY(code);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    bool fields = node->generate.generator->type->field_count > 0;
    for (size_t i = first; i < node->output.count; i++)
        hr_set_text(e, node->output.at[i]->id,
                    fields ? hr_printf(e->arena, "struct_extract(t%d.g0, 'f%zu')", table, i - first)
                           : hr_printf(e->arena, "t%d.g%zu", table, i - first),
                    PLAIN_COLUMN);
    return HR_OK;
}

/* ---- two inputs ---- */

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

enum hr_code hr_build_set(struct emit *e, const struct hr_node *node, struct sel *s)
{
    static const char *const words[] = {"UNION", "INTERSECT", "EXCEPT"};
    const char *left, *right;
    HR_TRY(hr_emit_positional(e, node->input, "s", &left));
    HR_TRY(hr_emit_positional(e, node->right, "s", &right));
    int table = ++e->next_table;
    *s = (struct sel){.limit = -1};
    s->from = hr_printf(e->arena, "((%s) %s%s (%s)) AS t%d", left, words[node->set.op],
                        node->set.all ? " ALL" : "", right, table);
    for (size_t i = 0; i < node->output.count; i++)
        hr_set_text(e, node->output.at[i]->id, hr_printf(e->arena, "t%d.s%zu", table, i),
                    PLAIN_COLUMN);
    return HR_OK;
}

/* SQL that fails with Spark's error when the level is reached */
static const char *level_error(struct emit *e, long long levels)
{
    struct hr_err err = {0};
    struct hr_buf sql;
    hr_fail_spark(&err, "RECURSION_LEVEL_LIMIT_EXCEEDED", "levelLimit",
                  hr_printf(e->arena, "%lld", levels), NULL);
    char *encoded = hr_err_encoded(&err);
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "error('");
    for (const char *p = encoded; *p; p++) {
        if (*p == '\'')
            hr_buf_addc(&sql, '\'');
        hr_buf_addc(&sql, *p);
    }
    hr_buf_adds(&sql, "')");
    free(encoded);
    return hr_sel_take(e, &sql);
}

/* every row knows its level; those that the last round made are what the name means in the next one
 */
static enum hr_code build_recursive(struct emit *e, const struct hr_node *node, const char **text)
{
    const struct hr_node *set = node->cte.definition;
    const char *left, *right;
    const char *outside, *columns = "";
    int id = node->cte.id;
    long long levels = (long long)node->cte.levels;
    HR_TRY(hr_emit_positional(e, set->input, "s", &left));
    outside = e->ctes;
    /* what the second part defines may use the name: it stays inside */
    e->ctes = NULL;
    enum hr_code code = hr_emit_positional(e, set->right, "s", &right);
    if (!code)
        right = hr_with_ctes(e, right);
    e->ctes = outside;
    HR_TRY(code);
    for (size_t i = 0; i < set->output.count; i++)
        columns = hr_printf(e->arena, "%sa%d, ", columns, set->output.at[i]->id);
    const char *next =
        levels < 0
            ? "max(lvl) + 1"
            : hr_printf(e->arena,
                        "CASE WHEN max(lvl) >= %lld THEN CAST(%s AS BIGINT) ELSE max(lvl) + 1 END",
                        levels, level_error(e, levels));
    *text = hr_printf(
        e->arena,
        "q%d(%slvl) AS (SELECT l.*, CAST(0 AS BIGINT) FROM (%s) AS l UNION ALL SELECT r.*, (SELECT %s FROM q%d) FROM (%s) AS r)",
        id, columns, left, next, id, right);
    e->recursive = true;
    return HR_OK;
}

enum hr_code hr_build_cte(struct emit *e, const struct hr_node *node, struct sel *s)
{
    if (node->cte.recursive) {
        const char *own;
        HR_TRY(build_recursive(e, node, &own));
        e->ctes = hr_printf(e->arena, "%s%s%s", e->ctes ? e->ctes : "", e->ctes ? ", " : "", own);
        return hr_build_node(e, node->input, s);
    }
    struct sel definition = {.limit = -1};
    HR_TRY(hr_build_node(e, node->cte.definition, &definition));
    int *ids;
    size_t count;
    const char *text = hr_close_select(e, &definition, &node->cte.definition->output, &ids, &count);
    e->ctes = hr_printf(e->arena, "%s%sq%d AS (%s)", e->ctes ? e->ctes : "", e->ctes ? ", " : "",
                        node->cte.id, text);
    return hr_build_node(e, node->input, s);
}
