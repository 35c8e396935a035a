/* Set operations, and CTEs with and without recursion. */
#include "host/duck/quote.h"
#include "host/engine/emit/select.h"
#include <stdlib.h>

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
    hr_buf_adds(&sql, "error(");
    hr_duck_text(encoded, strlen(encoded), &sql);
    hr_buf_addc(&sql, ')');
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
