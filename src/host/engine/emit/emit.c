/* Relations to SQL. A select is kept open as long as the next relation can be said inside it: scan,
 * filter, project, group, sort and limit of a usual pipeline become one SELECT. Columns are named
 * a<attribute id>, tables t<n>; nothing is left to DuckDB's own naming. */
#include "host/engine/emit/select.h"

/* ---- leaves ---- */

static enum hr_code build_source(struct emit *e, const struct hr_node *node, struct sel *s)
{
    size_t *wanted = HR_NEW_ARRAY(e->arena, size_t, node->output.count + 1), count = 0;
    int table = ++e->next_table;
    for (size_t i = 0; i < node->output.count; i++)
        if (e->needed[node->output.at[i]->id]) {
            hr_set_text(e, node->output.at[i]->id, hr_printf(e->arena, "t%d.c%zu", table, count),
                        PLAIN_COLUMN);
            wanted[count++] = i;
        }
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = node->source->emit(node->source, wanted, count, &buf, e->err);
    const char *from = hr_sel_take(e, &buf);
    HR_TRY(code);
    s->from = hr_printf(e->arena, "%s AS t%d", from, table);
    return HR_OK;
}

static enum hr_code build_range(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    s->from = hr_printf(
        e->arena,
        "range(CAST(%lld AS BIGINT), CAST(%lld AS BIGINT), CAST(%lld AS BIGINT)) AS t%d(c0)",
        (long long)node->range.start, (long long)node->range.end, (long long)node->range.step,
        table);
    hr_set_text(e, node->output.at[0]->id, hr_printf(e->arena, "t%d.c0", table), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_values(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    if (!node->values.count) { /* VALUES takes no empty list */
        hr_buf_adds(&buf, "(SELECT 1 AS n");
        for (size_t c = 0; c < node->output.count; c++) {
            hr_buf_addf(&buf, ", CAST(NULL AS %s) AS c%zu",
                        hr_type_text(e, node->output.at[c]->type), c);
            hr_set_text(e, node->output.at[c]->id, hr_printf(e->arena, "t%d.c%zu", table, c),
                        PLAIN_COLUMN);
        }
        hr_buf_addf(&buf, " WHERE false) AS t%d", table);
        s->from = hr_sel_take(e, &buf);
        return HR_OK;
    }
    hr_buf_adds(&buf, "(VALUES ");
    enum hr_code code = HR_OK;
    for (size_t r = 0; r < node->values.count && !code; r++) {
        hr_buf_adds(&buf, r ? ", (" : "(");
        for (size_t c = 0; c < node->output.count && !code; c++) {
            if (c)
                hr_buf_adds(&buf, ", ");
            code = hr_emit_expr(e, node->values.rows[r].at[c], &buf);
        }
        hr_buf_addc(&buf, ')');
    }
    hr_buf_addf(&buf, ") AS t%d(", table);
    for (size_t c = 0; c < node->output.count; c++) {
        hr_buf_addf(&buf, "%sc%zu", c ? ", " : "", c);
        hr_set_text(e, node->output.at[c]->id, hr_printf(e->arena, "t%d.c%zu", table, c),
                    PLAIN_COLUMN);
    }
    hr_buf_addc(&buf, ')');
    s->from = hr_sel_take(e, &buf);
    return code;
}

static enum hr_code build_cte_ref(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    s->from = hr_printf(e->arena, "q%d AS t%d", node->cte_ref.id, table);
    for (size_t i = 0; i < node->output.count; i++)
        hr_set_text(e, node->output.at[i]->id,
                    hr_printf(e->arena, "t%d.a%d", table, node->cte_ref.definition.at[i]->id),
                    PLAIN_COLUMN);
    return HR_OK;
}

/* ---- one input ---- */

static enum hr_code condition_text(struct emit *e,
                                   const struct hr_texpr *condition,
                                   const char **out)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_condition(e, condition, &buf);
    *out = hr_sel_take(e, &buf);
    return code ? code : e->failed;
}

/* a condition that numbers rows may not stand in WHERE: it becomes a column below */
static enum hr_code filter_below(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int *ids, inner = ++e->next_table, outer = ++e->next_table;
    size_t count;
    const char *text;
    const char *body = hr_close_select(e, s, &node->input->output, &ids, &count);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", inner, ids[i]), PLAIN_COLUMN);
    HR_TRY(hr_expr_text(e, node->filter.condition, &text));
    *s = (struct sel){.limit = -1, .where = hr_printf(e->arena, "t%d.v", outer)};
    s->from = hr_printf(e->arena, "(SELECT t%d.*, %s AS v FROM (%s) AS t%d) AS t%d", inner, text,
                        body, inner, outer);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", outer, ids[i]), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_filter(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    struct plain_search search = hr_search_expr(e, node->filter.condition);
    if (search.windows)
        return filter_below(e, node, s);
    if (hr_sel_closed(s) || s->windows || s->is_volatile || search.computed)
        hr_sel_wrap(e, s, &node->input->output);
    const char *text;
    HR_TRY(condition_text(e, node->filter.condition, &text));
    s->where = s->where ? hr_printf(e->arena, "%s AND %s", s->where, text) : text;
    return HR_OK;
}

static enum hr_code build_project(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    struct plain_search all = {e, false, false, false};
    bool computes = false;
    for (size_t i = 0; i < node->output.count; i++) {
        struct hr_texpr *expr = node->project.exprs.at[i];
        if (!e->needed[node->output.at[i]->id] ||
            expr->kind == HR_T_COLUMN ||
            expr->kind == HR_T_LITERAL)
            continue;
        computes = true;
        hr_search_plain(&all, &expr);
    }
    /* after DISTINCT or LIMIT … a computed column would change what they see; a window must see the
     * grouped rows */
    bool after = s->distinct ||
                 s->distinct_on ||
                 (hr_sel_closed(s) && (all.windows || all.is_volatile)) ||
                 (s->grouped && computes);
    if ((computes && (after || s->is_volatile)) ||
        all.computed ||
        (all.windows && (s->windows || s->order)) ||
        (s->distinct))
        hr_sel_wrap(e, s, &node->input->output);
    const char **texts = HR_NEW_ARRAY(e->arena, const char *, node->output.count + 1);
    unsigned char *plain = HR_NEW_ARRAY(e->arena, unsigned char, node->output.count + 1);
    for (size_t i = 0; i < node->output.count; i++) {
        struct hr_texpr *expr = node->project.exprs.at[i];
        if (!e->needed[node->output.at[i]->id])
            continue;
        if (expr->kind == HR_T_COLUMN && !expr->column.outer) {
            texts[i] = hr_column_sql(e, expr->column.attr->id);
            plain[i] = e->plain[expr->column.attr->id];
            continue;
        }
        HR_TRY(hr_expr_text(e, expr, &texts[i]));
        plain[i] = expr->kind == HR_T_LITERAL ? PLAIN_LITERAL : PLAIN_COMPUTED;
    }
    for (size_t i = 0; i < node->output.count; i++)
        if (texts[i])
            hr_set_text(e, node->output.at[i]->id, texts[i], plain[i]);
    s->windows = s->windows || all.windows;
    s->is_volatile = s->is_volatile || all.is_volatile;
    return HR_OK;
}

static const char *grouping_sets(struct emit *e, const struct hr_node *node, const char **groups)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&buf, "GROUPING SETS (");
    for (size_t k = 0; k < node->aggregate.set_count; k++) {
        hr_buf_adds(&buf, k ? ", (" : "(");
        bool first = true;
        for (size_t i = 0; i < node->aggregate.groups.count; i++)
            if (node->aggregate.sets[k] >> i & 1) {
                hr_buf_addf(&buf, "%s%s", first ? "" : ", ", groups[i]);
                first = false;
            }
        hr_buf_addc(&buf, ')');
    }
    hr_buf_addc(&buf, ')');
    return hr_sel_take(e, &buf);
}

/* what each group is called inside: a column of its own, so that GROUPING and the select list mean
 * the same thing */
static enum hr_code group_columns(struct emit *e,
                                  const struct hr_node *node,
                                  struct sel *s,
                                  const char **groups)
{
    int table = ++e->next_table, *ids;
    size_t count;
    struct sel inner = *s;
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    const char *body = hr_close_select(e, &inner, &node->input->output, &ids, &count);
    hr_buf_addf(&buf, "(SELECT t%d.*", table);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < node->aggregate.groups.count && !code; i++) {
        const char *text;
        code = hr_expr_text(e, node->aggregate.groups.at[i], &text);
        if (!code)
            hr_buf_addf(&buf, ", %s AS g%zu", text, i);
    }
    int outer = ++e->next_table;
    hr_buf_addf(&buf, " FROM (%s) AS t%d) AS t%d", body, table, outer);
    *s = (struct sel){.from = hr_sel_take(e, &buf), .limit = -1};
    HR_TRY(code);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", outer, ids[i]), PLAIN_COLUMN);
    for (size_t i = 0; i < node->aggregate.groups.count; i++)
        groups[i] = hr_printf(e->arena, "t%d.g%zu", outer, i);
    return HR_OK;
}

static const char *join_texts(struct emit *e, const char **texts, size_t count)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(&buf, "%s%s", i ? ", " : "", texts[i]);
    return hr_sel_take(e, &buf);
}

/* a group that no set keeps is no group to DuckDB: it is NULL in every row */
static bool in_some_set(const struct hr_node *node, size_t group)
{
    bool found = !node->aggregate.set_count;
    for (size_t k = 0; k < node->aggregate.set_count; k++)
        found = found || (node->aggregate.sets[k] >> group & 1);
    return found;
}

static const char *grouping_id_text(struct emit *e, const struct hr_node *node, const char **groups)
{
    size_t count = node->aggregate.groups.count;
    const char *text = "CAST(0 AS BIGINT)";
    for (size_t i = 0; i < count; i++) {
        long long weight = 1ll << (count - 1 - i);
        text = in_some_set(node, i)
                   ? hr_printf(e->arena, "%s + GROUPING(%s) * %lld", text, groups[i], weight)
                   : hr_printf(e->arena, "%s + %lld", text, weight);
    }
    return hr_printf(e->arena, "CAST(%s AS BIGINT)", text);
}

static enum hr_code build_aggregate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    const struct hr_texprs *groups = &node->aggregate.groups, *list = &node->aggregate.aggregates;
    struct plain_search all = {e, false, false, false};
    for (size_t i = 0; i < groups->count; i++)
        hr_search_plain(&all, &groups->at[i]);
    for (size_t i = 0; i < list->count; i++)
        if (e->needed[node->output.at[groups->count + i]->id])
            hr_search_plain(&all, &list->at[i]);
    if (hr_sel_closed(s) || s->windows || s->is_volatile || s->order || all.computed)
        hr_sel_wrap(e, s, &node->input->output);
    const char **group_texts = HR_NEW_ARRAY(e->arena, const char *, groups->count + 1);
    /* a random group is drawn once for each row */
    bool drawn = false;
    for (size_t i = 0; i < groups->count; i++)
        drawn = drawn || hr_search_expr(e, groups->at[i]).is_volatile;
    if (node->aggregate.set_count || drawn)
        HR_TRY(group_columns(e, node, s, group_texts));
    else
        for (size_t i = 0; i < groups->count; i++)
            HR_TRY(hr_expr_text(e, groups->at[i], &group_texts[i]));
    const char **texts = HR_NEW_ARRAY(e->arena, const char *, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        if (e->needed[node->output.at[groups->count + i]->id])
            HR_TRY(hr_expr_text(e, list->at[i], &texts[i]));
    for (size_t i = 0; i < groups->count; i++) {
        const char *text = in_some_set(node, i) ? group_texts[i]
                                                : hr_printf(e->arena, "CAST(NULL AS %s)",
                                                            hr_type_text(e, groups->at[i]->type));
        hr_set_text(e, node->output.at[i]->id, text,
                    groups->at[i]->kind == HR_T_COLUMN ? PLAIN_COLUMN : PLAIN_COMPUTED);
    }
    for (size_t i = 0; i < list->count; i++)
        if (texts[i])
            hr_set_text(e, node->output.at[groups->count + i]->id, texts[i], PLAIN_COMPUTED);
    s->grouped = true;
    if (node->aggregate.grouping_id)
        hr_set_text(e, node->aggregate.grouping_id->id, grouping_id_text(e, node, group_texts),
                    PLAIN_COMPUTED);
    if (node->aggregate.set_count)
        s->group = grouping_sets(e, node, group_texts);
    else if (groups->count)
        s->group = join_texts(e, group_texts, groups->count);
    /* a select without GROUP BY is one by its aggregates: some must be written */
    bool says_so = s->group != NULL;
    for (size_t i = 0; i < list->count; i++)
        says_so = says_so || texts[i];
    if (!says_so)
        hr_sel_wrap(e, s, &node->output);
    return HR_OK;
}

static enum hr_code build_sort(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    bool computed = false;
    for (size_t i = 0; i < node->sort.orders.count; i++) {
        struct plain_search search = hr_search_expr(e, node->sort.orders.at[i].child);
        computed = computed || search.is_volatile || search.windows;
        /* a plain aggregate may be sorted by in its own select; anything computed from one may not
         */
        computed =
            computed || (search.computed && node->sort.orders.at[i].child->kind != HR_T_COLUMN);
    }
    if (s->limit >= 0 ||
        s->offset > 0 ||
        s->distinct ||
        s->distinct_on ||
        s->windows ||
        s->is_volatile ||
        computed)
        hr_sel_wrap(e, s, &node->input->output);
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < node->sort.orders.count && !code; i++) {
        const struct hr_torder *order = &node->sort.orders.at[i];
        const char *text;
        code = hr_emit_order_key(e, order->child, &text);
        /* a constant would be taken for a position */
        if (!code && order->child->kind == HR_T_LITERAL)
            text = hr_printf(e->arena, "(SELECT %s)", text);
        if (!code)
            hr_buf_addf(&buf, "%s%s %s NULLS %s", i ? ", " : "", text,
                        order->descending ? "DESC" : "ASC", order->nulls_first ? "FIRST" : "LAST");
    }
    s->order = hr_sel_take(e, &buf);
    return code;
}

static enum hr_code build_limit(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    if (s->limit >= 0 || (s->offset > 0 && node->limit.offset > 0))
        hr_sel_wrap(e, s, &node->input->output);
    s->limit = node->limit.count;
    if (node->limit.offset > 0)
        s->offset = node->limit.offset;
    return HR_OK;
}

static enum hr_code build_tail(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    int *ids, table = ++e->next_table, id = e->next_table;
    size_t count;
    const char *inner = hr_close_select(e, s, &node->input->output, &ids, &count);
    e->ctes = hr_printf(e->arena, "%s%sz%d AS MATERIALIZED (%s)", e->ctes ? e->ctes : "",
                        e->ctes ? ", " : "", id, inner);
    *s = (struct sel){
        .from = hr_printf(
            e->arena,
            "(SELECT * FROM z%d LIMIT %lld OFFSET (SELECT greatest(count(*) - %lld, 0) FROM z%d)) AS t%d",
            id, (long long)node->tail.count, (long long)node->tail.count, id, table),
        .limit = -1};
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_distinct(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    if (hr_sel_closed(s) || s->order)
        hr_sel_wrap(e, s, &node->input->output);
    s->distinct = true;
    /* the rows are compared in this select: what is above it sees its columns only */
    hr_sel_wrap(e, s, &node->input->output);
    return HR_OK;
}

static enum hr_code build_deduplicate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    if (hr_sel_closed(s) ||
        s->order ||
        s->windows ||
        s->is_volatile ||
        !hr_all_columns(e, &node->input->output))
        hr_sel_wrap(e, s, &node->input->output);
    const char **keys = HR_NEW_ARRAY(e->arena, const char *, node->deduplicate.keys.count + 1);
    for (size_t i = 0; i < node->deduplicate.keys.count; i++)
        keys[i] = hr_column_sql(e, node->deduplicate.keys.at[i]->id);
    s->distinct_on = join_texts(e, keys, node->deduplicate.keys.count);
    hr_sel_wrap(e, s, &node->input->output);
    return HR_OK;
}

static enum hr_code draw_text(struct emit *e, const char *kernel, bool times, const char **out)
{
    const struct hr_type *types[] = {hr_type_basic(HR_TYPE_LONG), hr_type_basic(HR_TYPE_LONG),
                                     hr_type_basic(HR_TYPE_DOUBLE)};
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_kernel(e, kernel, strlen(kernel),
                                       hr_type_basic(times ? HR_TYPE_INT : HR_TYPE_DOUBLE), types,
                                       times ? 3 : 2, &buf);
    *out = hr_sel_take(e, &buf);
    return code;
}

/* Each row's draw is Spark's for data of one partition: kept when it falls between lower and upper;
 * with replacement, the row comes so often. */
static enum hr_code build_sample(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(hr_build_node(e, node->input, s));
    bool times = node->sample.with_replacement;
    int *ids, inner = ++e->next_table, table = ++e->next_table;
    size_t count;
    const char *kernel;
    double lower = node->sample.lower, upper = node->sample.upper;
    const char *body = hr_close_select(e, s, &node->input->output, &ids, &count);
    HR_TRY(draw_text(e, times ? "draw_times" : "draw", times, &kernel));
    const char *mean = times ? hr_printf(e->arena, ", CAST(%.17g AS DOUBLE)", upper - lower) : "";
    *s = (struct sel){.limit = -1};
    s->from = hr_printf(
        e->arena,
        "(SELECT t%d.*, %s(CAST(%lld AS BIGINT), row_number() OVER () - 1%s) AS r FROM (%s) AS t%d) AS t%d",
        inner, kernel, (long long)node->sample.seed, mean, body, inner, table);
    if (times)
        s->from =
            hr_printf(e->arena, "(SELECT *, unnest(range(CAST(t%d.r AS BIGINT))) FROM %s) AS t%d",
                      table, s->from, table);
    else
        s->where =
            hr_printf(e->arena, "t%d.r >= CAST(%.17g AS DOUBLE) AND t%d.r < CAST(%.17g AS DOUBLE)",
                      table, lower, table, upper);
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    return HR_OK;
}

/* ---- two inputs ---- */

enum hr_code hr_build_node(struct emit *e, const struct hr_node *node, struct sel *s)
{
    *s = (struct sel){.limit = -1};
    switch (node->kind) {
    case HR_N_ONE_ROW:
        return HR_OK;
    case HR_N_SOURCE:
        return build_source(e, node, s);
    case HR_N_RANGE:
        return build_range(e, node, s);
    case HR_N_VALUES:
        return build_values(e, node, s);
    case HR_N_PROJECT:
        return build_project(e, node, s);
    case HR_N_FILTER:
        return build_filter(e, node, s);
    case HR_N_AGGREGATE:
        return build_aggregate(e, node, s);
    case HR_N_SORT:
        return build_sort(e, node, s);
    case HR_N_LIMIT:
        return build_limit(e, node, s);
    case HR_N_TAIL:
        return build_tail(e, node, s);
    case HR_N_JOIN:
        return hr_build_join(e, node, s);
    case HR_N_SET:
        return hr_build_set(e, node, s);
    case HR_N_DISTINCT:
        return build_distinct(e, node, s);
    case HR_N_DEDUPLICATE:
        return build_deduplicate(e, node, s);
    case HR_N_GENERATE:
        return hr_build_generate(e, node, s);
    case HR_N_SAMPLE:
        return build_sample(e, node, s);
    case HR_N_CTE:
        return hr_build_cte(e, node, s);
    case HR_N_CTE_REF:
        return build_cte_ref(e, node, s);
    default:
        return hr_refuse(e->err, "typed relation %d", (int)node->kind);
    }
}

/* ---- whole queries ---- */

enum hr_code hr_emit_query(struct emit *e, const struct hr_node *node, const char **sql)
{
    struct sel s;
    int *ids;
    size_t count;
    HR_TRY(hr_build_node(e, node, &s));
    *sql = hr_close_select(e, &s, &node->output, &ids, &count);
    return HR_OK;
}

enum hr_code hr_emit_positional(struct emit *e,
                                const struct hr_node *node,
                                const char *prefix,
                                const char **sql)
{
    struct sel s;
    HR_TRY(hr_build_node(e, node, &s));
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    hr_write_head(&s, &buf);
    for (size_t i = 0; i < node->output.count; i++)
        hr_buf_addf(&buf, "%s%s AS %s%zu", i ? ", " : "", hr_column_sql(e, node->output.at[i]->id),
                    prefix, i);
    if (!node->output.count)
        hr_buf_addf(&buf, s.grouped && !s.group ? "count(*) AS %s0" : "1 AS %s0", prefix);
    hr_write_tail(&s, &buf);
    *sql = hr_sel_take(e, &buf);
    return e->failed;
}

enum hr_code hr_emit_statement(struct emit *e, const struct hr_node *node, const char **sql)
{
    e->id_count = (size_t)hr_largest_id(node) + 1;
    e->texts = HR_NEW_ARRAY(e->arena, const char *, e->id_count);
    e->plain = HR_NEW_ARRAY(e->arena, unsigned char, e->id_count);
    e->needed = HR_NEW_ARRAY(e->arena, bool, e->id_count);
    hr_need_all(e, &node->output);
    hr_need_node(e, node);
    const char *body;
    HR_TRY(hr_emit_positional(e, node, "c", &body));
    *sql = hr_with_ctes(e, body);
    return HR_OK;
}
