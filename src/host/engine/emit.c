/* Relations to SQL. A select is kept open as long as the next relation can be said inside it: scan, filter, project, group, sort and
 * limit of a usual pipeline become one SELECT. Columns are named a<attribute id>, tables t<n>; nothing is left to DuckDB's own naming. */
#include "host/engine/internal.h"

struct sel {
    const char *from, *where, *group, *order, *distinct_on;   /* SQL after their keywords; NULL when absent */
    int64_t limit, offset;             /* -1, 0: none */
    bool grouped, distinct, windows, is_volatile;
};

static enum hr_code build(struct emit *e, const struct hr_node *node, struct sel *s);

static const char *take(struct emit *e, struct hr_buf *buf)
{
    const char *text = hr_strdup(e->arena, hr_buf_text(buf));
    hr_buf_release(buf);
    return text;
}

#define SQL_MAX ((size_t)256 << 20)

static enum hr_code expr_text(struct emit *e, const struct hr_texpr *expr, const char **out)
{
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    enum hr_code code = emit_expr(e, expr, &buf);
    if (!code && !hr_buf_ok(&buf))
        code = hr_fail(e->err, HR_E_LIMIT, "the query is too large");
    *out = take(e, &buf);
    return code;
}

const char *type_text(struct emit *e, const struct hr_type *type)
{
    struct hr_buf buf;
    hr_buf_init(&buf, 1 << 20);
    hr_type_duckdb(type, &buf);
    return take(e, &buf);
}

static void set_text(struct emit *e, int id, const char *text, int plain)
{
    e->texts[id] = text;
    e->plain[id] = (unsigned char)plain;
}

/* ---- which columns are needed: from the root down, before anything is written ---- */

static void need_node(struct emit *e, const struct hr_node *node);

static enum hr_code need_child(void *arg, struct hr_texpr **child)
{
    struct emit *e = arg;
    if ((*child)->kind == HR_T_COLUMN)
        e->needed[(*child)->column.attr->id] = true;
    if ((*child)->kind == HR_T_SUBQUERY) {
        const struct hr_node *plan = (*child)->subquery.plan;
        if ((*child)->subquery.kind != HR_SUBQUERY_EXISTS)
            for (size_t i = 0; i < plan->output.count; i++)
                e->needed[plan->output.at[i]->id] = true;
        need_node(e, plan);
    }
    if ((*child)->kind == HR_T_WINDOW) {
        if ((*child)->window.frame.lower_value)
            need_child(arg, &(*child)->window.frame.lower_value);
        if ((*child)->window.frame.upper_value)
            need_child(arg, &(*child)->window.frame.upper_value);
    }
    return hr_texpr_each(*child, need_child, arg);
}

static void need_expr(struct emit *e, struct hr_texpr *expr)
{
    if (expr)
        need_child(e, &expr);
}

static void need_all(struct emit *e, const struct hr_attrs *output)
{
    for (size_t i = 0; i < output->count; i++)
        e->needed[output->at[i]->id] = true;
}

static void need_list(struct emit *e, const struct hr_texprs *list)
{
    for (size_t i = 0; i < list->count; i++)
        need_expr(e, list->at[i]);
}

static void need_orders(struct emit *e, const struct hr_torders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        need_expr(e, orders->at[i].child);
}

static void need_set(struct emit *e, const struct hr_node *node)
{
    /* by position: a set operation compares whole rows; a union all may leave columns out, but both sides the same */
    need_all(e, &node->input->output);
    need_all(e, &node->right->output);
}

static void need_node(struct emit *e, const struct hr_node *node)
{
    if (!node)
        return;
    switch (node->kind) {
    case HR_N_PROJECT:
        for (size_t i = 0; i < node->output.count; i++)
            if (e->needed[node->output.at[i]->id])
                need_expr(e, node->project.exprs.at[i]);
        break;
    case HR_N_FILTER: need_expr(e, node->filter.condition); break;
    case HR_N_AGGREGATE:
        need_list(e, &node->aggregate.groups);
        for (size_t i = 0; i < node->aggregate.aggregates.count; i++)
            if (e->needed[node->output.at[node->aggregate.groups.count + i]->id])
                need_expr(e, node->aggregate.aggregates.at[i]);
        break;
    case HR_N_SORT: need_orders(e, &node->sort.orders); break;
    case HR_N_JOIN: need_expr(e, node->join.condition); break;
    case HR_N_SET: need_set(e, node); break;
    case HR_N_DISTINCT: need_all(e, &node->output); break;
    case HR_N_DEDUPLICATE: need_all(e, &node->deduplicate.keys); break;
    case HR_N_GENERATE: need_expr(e, node->generate.generator); break;
    case HR_N_VALUES:
        for (size_t r = 0; r < node->values.count; r++)
            need_list(e, &node->values.rows[r]);
        break;
    case HR_N_CTE_REF:
        for (size_t i = 0; i < node->output.count; i++)
            if (e->needed[node->output.at[i]->id])
                e->needed[node->cte_ref.definition.at[i]->id] = true;
        break;
    default: break;
    }
    need_node(e, node->right);                               /* a lateral right side uses the left's columns */
    need_node(e, node->input);
    if (node->kind == HR_N_CTE)
        need_node(e, node->cte.definition);
}

static int largest_id(const struct hr_node *node);

static enum hr_code largest_child(void *arg, struct hr_texpr **child)
{
    int *most = arg, id = 0;
    if ((*child)->kind == HR_T_COLUMN)
        id = (*child)->column.attr->id;
    if ((*child)->kind == HR_T_VARIABLE)
        id = (*child)->variable.attr->id;
    if ((*child)->kind == HR_T_SUBQUERY)
        id = largest_id((*child)->subquery.plan);
    for (size_t i = 0; (*child)->kind == HR_T_LAMBDA && i < (*child)->lambda.count; i++)
        if ((*child)->lambda.params[i]->id > id)
            id = (*child)->lambda.params[i]->id;
    if (id > *most)
        *most = id;
    return hr_texpr_each(*child, largest_child, arg);
}

static void largest_list(const struct hr_texprs *list, int *most)
{
    for (size_t i = 0; i < list->count; i++)
        largest_child(most, &list->at[i]);
}

static int largest_id(const struct hr_node *node)
{
    int most = 0;
    for (; node; node = node->input) {
        for (size_t i = 0; i < node->output.count; i++)
            if (node->output.at[i]->id > most)
                most = node->output.at[i]->id;
        struct hr_texpr *one = NULL;
        switch (node->kind) {
        case HR_N_PROJECT: largest_list(&node->project.exprs, &most); break;
        case HR_N_FILTER: one = node->filter.condition; break;
        case HR_N_JOIN: one = node->join.condition; break;
        case HR_N_GENERATE: one = node->generate.generator; break;
        case HR_N_AGGREGATE:
            largest_list(&node->aggregate.groups, &most);
            largest_list(&node->aggregate.aggregates, &most);
            break;
        case HR_N_SORT:
            for (size_t i = 0; i < node->sort.orders.count; i++)
                largest_child(&most, &node->sort.orders.at[i].child);
            break;
        case HR_N_VALUES:
            for (size_t r = 0; r < node->values.count; r++)
                largest_list(&node->values.rows[r], &most);
            break;
        default: break;
        }
        if (one)
            largest_child(&most, &one);
        int other = node->right ? largest_id(node->right) : 0;
        if (other > most)
            most = other;
        other = node->kind == HR_N_CTE ? largest_id(node->cte.definition) : 0;
        if (other > most)
            most = other;
    }
    return most;
}

/* ---- closing a select ---- */

static void write_tail(const struct sel *s, struct hr_buf *out)
{
    if (s->from)
        hr_buf_addf(out, " FROM %s", s->from);
    if (s->where)
        hr_buf_addf(out, " WHERE %s", s->where);
    if (s->group)
        hr_buf_addf(out, " GROUP BY %s", s->group);
    if (s->order)
        hr_buf_addf(out, " ORDER BY %s", s->order);
    if (s->limit >= 0)
        hr_buf_addf(out, " LIMIT %lld", (long long)s->limit);
    if (s->offset > 0)
        hr_buf_addf(out, " OFFSET %lld", (long long)s->offset);
}

static const char *column_text(struct emit *e, int id)
{
    return e->texts[id] ? e->texts[id] : hr_printf(e->arena, "a%d", id);
}

static void write_head(const struct sel *s, struct hr_buf *out)
{
    hr_buf_adds(out, s->distinct ? "SELECT DISTINCT " : "SELECT ");
    if (s->distinct_on)
        hr_buf_addf(out, "DISTINCT ON (%s) ", s->distinct_on);
}

/* SELECT of the needed columns, each once, named a<id>; the ids are listed in ids */
static char *close_select(struct emit *e, const struct sel *s, const struct hr_attrs *output, int **ids, size_t *count)
{
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    write_head(s, &buf);
    *ids = HR_NEW_ARRAY(e->arena, int, output->count + 1);
    *count = 0;
    for (size_t i = 0; i < output->count; i++) {
        int id = output->at[i]->id;
        bool seen = !e->needed[id];
        for (size_t k = 0; k < *count && !seen; k++)
            seen = (*ids)[k] == id;
        if (seen)
            continue;
        hr_buf_addf(&buf, "%s%s AS a%d", *count ? ", " : "", column_text(e, id), id);
        (*ids)[(*count)++] = id;
    }
    if (!*count)
        hr_buf_adds(&buf, s->grouped && !s->group ? "count(*) AS a0" : "1 AS a0");
    write_tail(s, &buf);
    char *text = hr_strdup(e->arena, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return text;
}

static void wrap(struct emit *e, struct sel *s, const struct hr_attrs *output)
{
    int *ids, table = ++e->next_table;
    size_t count;
    char *inner = close_select(e, s, output, &ids, &count);
    *s = (struct sel){.from = hr_printf(e->arena, "(%s) AS t%d", inner, table), .limit = -1};
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
}

static bool closed(const struct sel *s)
{
    return s->grouped || s->distinct || s->distinct_on || s->limit >= 0 || s->offset > 0;
}

struct plain_search { struct emit *e; bool computed, is_volatile, windows; };

static enum hr_code search_plain(void *arg, struct hr_texpr **child)
{
    struct plain_search *search = arg;
    if ((*child)->kind == HR_T_COLUMN && search->e->plain[(*child)->column.attr->id] == PLAIN_COMPUTED &&
        search->e->texts[(*child)->column.attr->id])
        search->computed = true;
    if ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & HR_F_VOLATILE))
        search->is_volatile = true;
    if ((*child)->kind == HR_T_UDF)
        search->is_volatile = true;
    if ((*child)->kind == HR_T_WINDOW)
        search->windows = true;
    if ((*child)->kind == HR_T_SUBQUERY)
        search->computed = true;                             /* its names are safest over plain columns */
    return hr_texpr_each(*child, search_plain, arg);
}

static struct plain_search search_expr(struct emit *e, struct hr_texpr *expr)
{
    struct plain_search search = {e, false, false, false};
    if (expr)
        search_plain(&search, &expr);
    return search;
}

static bool all_columns(struct emit *e, const struct hr_attrs *output)
{
    for (size_t i = 0; i < output->count; i++) {
        int id = output->at[i]->id;
        if (e->needed[id] && e->texts[id] && e->plain[id] != PLAIN_COLUMN)
            return false;
    }
    return true;
}

/* ---- leaves ---- */

static enum hr_code build_source(struct emit *e, const struct hr_node *node, struct sel *s)
{
    size_t *wanted = HR_NEW_ARRAY(e->arena, size_t, node->output.count + 1), count = 0;
    int table = ++e->next_table;
    for (size_t i = 0; i < node->output.count; i++)
        if (e->needed[node->output.at[i]->id]) {
            set_text(e, node->output.at[i]->id, hr_printf(e->arena, "t%d.c%zu", table, count), PLAIN_COLUMN);
            wanted[count++] = i;
        }
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    enum hr_code code = node->source->emit(node->source, wanted, count, &buf, e->err);
    const char *from = take(e, &buf);
    HR_TRY(code);
    s->from = hr_printf(e->arena, "%s AS t%d", from, table);
    return HR_OK;
}

static enum hr_code build_range(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    s->from = hr_printf(e->arena, "range(CAST(%lld AS BIGINT), CAST(%lld AS BIGINT), CAST(%lld AS BIGINT)) AS t%d(c0)", (long long)node->range.start,
                        (long long)node->range.end, (long long)node->range.step, table);
    set_text(e, node->output.at[0]->id, hr_printf(e->arena, "t%d.c0", table), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_values(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    hr_buf_adds(&buf, "(VALUES ");
    enum hr_code code = HR_OK;
    for (size_t r = 0; r < node->values.count && !code; r++) {
        hr_buf_adds(&buf, r ? ", (" : "(");
        for (size_t c = 0; c < node->output.count && !code; c++) {
            if (c)
                hr_buf_adds(&buf, ", ");
            code = emit_expr(e, node->values.rows[r].at[c], &buf);
        }
        hr_buf_addc(&buf, ')');
    }
    hr_buf_addf(&buf, ") AS t%d(", table);
    for (size_t c = 0; c < node->output.count; c++) {
        hr_buf_addf(&buf, "%sc%zu", c ? ", " : "", c);
        set_text(e, node->output.at[c]->id, hr_printf(e->arena, "t%d.c%zu", table, c), PLAIN_COLUMN);
    }
    hr_buf_addc(&buf, ')');
    s->from = take(e, &buf);
    return code;
}

static enum hr_code build_cte_ref(struct emit *e, const struct hr_node *node, struct sel *s)
{
    int table = ++e->next_table;
    s->from = hr_printf(e->arena, "q%d AS t%d", node->cte_ref.id, table);
    for (size_t i = 0; i < node->output.count; i++)
        set_text(e, node->output.at[i]->id, hr_printf(e->arena, "t%d.a%d", table, node->cte_ref.definition.at[i]->id), PLAIN_COLUMN);
    return HR_OK;
}

/* ---- one input ---- */

static enum hr_code build_filter(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    struct plain_search search = search_expr(e, node->filter.condition);
    if (closed(s) || s->windows || s->is_volatile || search.computed)
        wrap(e, s, &node->input->output);
    const char *text;
    HR_TRY(expr_text(e, node->filter.condition, &text));
    s->where = s->where ? hr_printf(e->arena, "%s AND %s", s->where, text) : text;
    return HR_OK;
}

static enum hr_code build_project(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    struct plain_search all = {e, false, false, false};
    bool computes = false;
    for (size_t i = 0; i < node->output.count; i++) {
        struct hr_texpr *expr = node->project.exprs.at[i];
        if (!e->needed[node->output.at[i]->id] || expr->kind == HR_T_COLUMN || expr->kind == HR_T_LITERAL)
            continue;
        computes = true;
        search_plain(&all, &expr);
    }
    /* after DISTINCT or LIMIT … a computed column would change what they see; a window must see the grouped rows */
    bool after = s->distinct || s->distinct_on || (closed(s) && (all.windows || all.is_volatile)) || (s->grouped && computes);
    if ((computes && (after || s->is_volatile)) || all.computed || (all.windows && (s->windows || s->order)) || (s->distinct))
        wrap(e, s, &node->input->output);
    const char **texts = HR_NEW_ARRAY(e->arena, const char *, node->output.count + 1);
    unsigned char *plain = HR_NEW_ARRAY(e->arena, unsigned char, node->output.count + 1);
    for (size_t i = 0; i < node->output.count; i++) {
        struct hr_texpr *expr = node->project.exprs.at[i];
        if (!e->needed[node->output.at[i]->id])
            continue;
        if (expr->kind == HR_T_COLUMN && !expr->column.outer) {
            texts[i] = column_text(e, expr->column.attr->id);
            plain[i] = e->plain[expr->column.attr->id];
            continue;
        }
        HR_TRY(expr_text(e, expr, &texts[i]));
        plain[i] = expr->kind == HR_T_LITERAL ? PLAIN_LITERAL : PLAIN_COMPUTED;
    }
    for (size_t i = 0; i < node->output.count; i++)
        if (texts[i])
            set_text(e, node->output.at[i]->id, texts[i], plain[i]);
    s->windows = s->windows || all.windows;
    s->is_volatile = s->is_volatile || all.is_volatile;
    return HR_OK;
}

static const char *grouping_sets(struct emit *e, const struct hr_node *node, const char **groups)
{
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
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
    return take(e, &buf);
}

/* what each group is called inside: a column of its own, so that GROUPING and the select list mean the same thing */
static enum hr_code group_columns(struct emit *e, const struct hr_node *node, struct sel *s, const char **groups)
{
    int table = ++e->next_table, *ids;
    size_t count;
    struct sel inner = *s;
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    char *body = close_select(e, &inner, &node->input->output, &ids, &count);
    hr_buf_addf(&buf, "(SELECT t%d.*", table);
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < node->aggregate.groups.count && !code; i++) {
        const char *text;
        code = expr_text(e, node->aggregate.groups.at[i], &text);
        if (!code)
            hr_buf_addf(&buf, ", %s AS g%zu", text, i);
    }
    int outer = ++e->next_table;
    hr_buf_addf(&buf, " FROM (%s) AS t%d) AS t%d", body, table, outer);
    *s = (struct sel){.from = take(e, &buf), .limit = -1};
    HR_TRY(code);
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", outer, ids[i]), PLAIN_COLUMN);
    for (size_t i = 0; i < node->aggregate.groups.count; i++)
        groups[i] = hr_printf(e->arena, "t%d.g%zu", outer, i);
    return HR_OK;
}

static const char *join_texts(struct emit *e, const char **texts, size_t count)
{
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(&buf, "%s%s", i ? ", " : "", texts[i]);
    return take(e, &buf);
}

static enum hr_code build_aggregate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    const struct hr_texprs *groups = &node->aggregate.groups, *list = &node->aggregate.aggregates;
    struct plain_search all = {e, false, false, false};
    for (size_t i = 0; i < groups->count; i++)
        search_plain(&all, &groups->at[i]);
    for (size_t i = 0; i < list->count; i++)
        if (e->needed[node->output.at[groups->count + i]->id])
            search_plain(&all, &list->at[i]);
    if (closed(s) || s->windows || s->is_volatile || s->order || all.computed)
        wrap(e, s, &node->input->output);
    const char **group_texts = HR_NEW_ARRAY(e->arena, const char *, groups->count + 1);
    if (node->aggregate.set_count)
        HR_TRY(group_columns(e, node, s, group_texts));
    else
        for (size_t i = 0; i < groups->count; i++)
            HR_TRY(expr_text(e, groups->at[i], &group_texts[i]));
    const char **texts = HR_NEW_ARRAY(e->arena, const char *, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        if (e->needed[node->output.at[groups->count + i]->id])
            HR_TRY(expr_text(e, list->at[i], &texts[i]));
    for (size_t i = 0; i < groups->count; i++)
        set_text(e, node->output.at[i]->id, group_texts[i], groups->at[i]->kind == HR_T_COLUMN ? PLAIN_COLUMN : PLAIN_COMPUTED);
    for (size_t i = 0; i < list->count; i++)
        if (texts[i])
            set_text(e, node->output.at[groups->count + i]->id, texts[i], PLAIN_COMPUTED);
    s->grouped = true;
    if (node->aggregate.grouping_id)
        set_text(e, node->aggregate.grouping_id->id,
                 groups->count ? hr_printf(e->arena, "CAST(GROUPING(%s) AS BIGINT)", join_texts(e, group_texts, groups->count)) : "CAST(0 AS BIGINT)",
                 PLAIN_COMPUTED);
    if (node->aggregate.set_count)
        s->group = grouping_sets(e, node, group_texts);
    else if (groups->count)
        s->group = join_texts(e, group_texts, groups->count);
    return HR_OK;
}

static enum hr_code build_sort(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    bool computed = false;
    for (size_t i = 0; i < node->sort.orders.count; i++) {
        struct plain_search search = search_expr(e, node->sort.orders.at[i].child);
        computed = computed || search.is_volatile || search.windows;
        /* a plain aggregate may be sorted by in its own select; anything computed from one may not */
        computed = computed || (search.computed && node->sort.orders.at[i].child->kind != HR_T_COLUMN);
    }
    if (s->limit >= 0 || s->offset > 0 || s->distinct || s->distinct_on || s->windows || s->is_volatile || computed)
        wrap(e, s, &node->input->output);
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < node->sort.orders.count && !code; i++) {
        const struct hr_torder *order = &node->sort.orders.at[i];
        const char *text;
        code = expr_text(e, order->child, &text);
        /* a constant would be taken for a position */
        if (!code && order->child->kind == HR_T_LITERAL)
            text = hr_printf(e->arena, "(SELECT %s)", text);
        if (!code)
            hr_buf_addf(&buf, "%s%s %s NULLS %s", i ? ", " : "", text, order->descending ? "DESC" : "ASC", order->nulls_first ? "FIRST" : "LAST");
    }
    s->order = take(e, &buf);
    return code;
}

static enum hr_code build_limit(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    if (s->limit >= 0 || (s->offset > 0 && node->limit.offset > 0))
        wrap(e, s, &node->input->output);
    s->limit = node->limit.count;
    if (node->limit.offset > 0)
        s->offset = node->limit.offset;
    return HR_OK;
}

static enum hr_code build_tail(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    int *ids, table = ++e->next_table, id = e->next_table;
    size_t count;
    char *inner = close_select(e, s, &node->input->output, &ids, &count);
    e->ctes = hr_printf(e->arena, "%s%sz%d AS MATERIALIZED (%s)", e->ctes ? e->ctes : "", e->ctes ? ", " : "", id, inner);
    *s = (struct sel){.from = hr_printf(e->arena, "(SELECT * FROM z%d LIMIT %lld OFFSET (SELECT greatest(count(*) - %lld, 0) FROM z%d)) AS t%d", id,
                                        (long long)node->tail.count, (long long)node->tail.count, id, table), .limit = -1};
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_distinct(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    if (closed(s) || s->order)
        wrap(e, s, &node->input->output);
    s->distinct = true;
    /* the rows are compared in this select: what is above it sees its columns only */
    wrap(e, s, &node->input->output);
    return HR_OK;
}

static enum hr_code build_deduplicate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    if (closed(s) || s->order || s->windows || s->is_volatile || !all_columns(e, &node->input->output))
        wrap(e, s, &node->input->output);
    const char **keys = HR_NEW_ARRAY(e->arena, const char *, node->deduplicate.keys.count + 1);
    for (size_t i = 0; i < node->deduplicate.keys.count; i++)
        keys[i] = column_text(e, node->deduplicate.keys.at[i]->id);
    s->distinct_on = join_texts(e, keys, node->deduplicate.keys.count);
    wrap(e, s, &node->input->output);
    return HR_OK;
}

/* A Bernoulli sample by the row's number: the same rows for the same seed, and disjoint for the ranges of randomSplit. (Spark's own
 * generator depends on how its partitions fell; which rows are drawn is not the same.) */
static enum hr_code build_sample(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    int *ids, table = ++e->next_table;
    size_t count;
    char *inner = close_select(e, s, &node->input->output, &ids, &count);
    *s = (struct sel){.limit = -1};
    s->from = hr_printf(e->arena, "(SELECT *, row_number() OVER () AS r FROM (%s)) AS t%d", inner, table);
    const char *draw = hr_printf(e->arena, "(CAST(hash(t%d.r, CAST(%lld AS BIGINT)) >> 11 AS DOUBLE) / 9007199254740992.0)", table,
                                 (long long)node->sample.seed);
    s->where = hr_printf(e->arena, "%s >= CAST(%.17g AS DOUBLE) AND %s < CAST(%.17g AS DOUBLE)", draw, node->sample.lower, draw, node->sample.upper);
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    return HR_OK;
}

/* ---- generators: unnest in a select of its own ---- */

static enum hr_code generate_columns(struct emit *e, const struct hr_node *node, struct hr_buf *out)
{
    const struct hr_texpr *call = node->generate.generator;
    const char *name = call->call.function->name, *text;
    size_t first = node->input->output.count;
    bool outer = node->generate.outer, positions = !strncmp(name, "posexplode", 10), explode = positions || !strncmp(name, "explode", 7);
    if (!strcmp(name, "stack")) {
        size_t columns = call->type->field_count, rows = (size_t)call->call.args.at[0]->literal->integer;
        hr_buf_adds(out, "unnest([");
        for (size_t r = 0; r < rows; r++) {
            hr_buf_adds(out, r ? ", {" : "{");
            for (size_t c = 0; c < columns; c++) {
                hr_buf_addf(out, "%sf%zu: ", c ? ", " : "", c);
                size_t at = 1 + r * columns + c;
                if (at < call->call.args.count) {
                    hr_buf_adds(out, "CAST(");
                    HR_TRY(emit_expr(e, call->call.args.at[at], out));
                    hr_buf_addf(out, " AS %s)", type_text(e, call->type->fields[c].type));
                } else
                    hr_buf_addf(out, "CAST(NULL AS %s)", type_text(e, call->type->fields[c].type));
            }
            hr_buf_addc(out, '}');
        }
        hr_buf_adds(out, "]) AS g0");
        return HR_OK;
    }
    HR_TRY(expr_text(e, call->call.args.at[0], &text));
    bool map = call->call.args.at[0]->type->id == HR_TYPE_MAP;
    const char *count = map ? hr_printf(e->arena, "cardinality(%s)", text) : hr_printf(e->arena, "len(%s)", text);
    const char *empty = hr_printf(e->arena, "%s IS NULL OR %s = 0", text, count);
    size_t n = 0;
    if (positions) {
        const char *list = hr_printf(e->arena, "CAST(range(CAST(%s AS BIGINT)) AS INTEGER[])", count);
        if (outer)
            list = hr_printf(e->arena, "CASE WHEN %s THEN [CAST(NULL AS INTEGER)] ELSE %s END", empty, list);
        hr_buf_addf(out, "unnest(%s) AS g%zu, ", list, n++);
    }
    const char *parts[] = {map ? hr_printf(e->arena, "map_keys(%s)", text) : text, hr_printf(e->arena, "map_values(%s)", text)};
    for (int k = 0; k < (map ? 2 : 1); k++, n++) {
        const struct hr_type *type = explode ? node->output.at[first + n]->type : call->call.args.at[0]->type->element;
        const char *list = parts[k];
        if (outer)
            list = hr_printf(e->arena, "CASE WHEN %s THEN [CAST(NULL AS %s)] ELSE %s END", empty, type_text(e, type), list);
        hr_buf_addf(out, "%sunnest(%s) AS g%zu", k ? ", " : "", list, n);
    }
    return HR_OK;
}

static enum hr_code build_generate(struct emit *e, const struct hr_node *node, struct sel *s)
{
    HR_TRY(build(e, node->input, s));
    if (closed(s) || s->order || s->windows || s->is_volatile || !all_columns(e, &node->input->output) ||
        search_expr(e, node->generate.generator).computed)
        wrap(e, s, &node->input->output);
    int table = ++e->next_table, *ids;
    size_t count = 0, first = node->input->output.count;
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    hr_buf_adds(&buf, "(SELECT ");
    ids = HR_NEW_ARRAY(e->arena, int, first + 1);
    for (size_t i = 0; i < first; i++) {
        int id = node->input->output.at[i]->id;
        bool seen = !e->needed[id];
        for (size_t k = 0; k < count && !seen; k++)
            seen = ids[k] == id;
        if (seen)
            continue;
        hr_buf_addf(&buf, "%s AS a%d, ", column_text(e, id), id);
        ids[count++] = id;
    }
    enum hr_code code = generate_columns(e, node, &buf);
    write_tail(s, &buf);
    hr_buf_addf(&buf, ") AS t%d", table);
    *s = (struct sel){.from = take(e, &buf), .limit = -1};
    HR_TRY(code);
    for (size_t i = 0; i < count; i++)
        set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
    bool fields = node->generate.generator->type->field_count > 0;
    for (size_t i = first; i < node->output.count; i++)
        set_text(e, node->output.at[i]->id, fields ? hr_printf(e->arena, "struct_extract(t%d.g0, 'f%zu')", table, i - first)
                                                   : hr_printf(e->arena, "t%d.g%zu", table, i - first), PLAIN_COLUMN);
    return HR_OK;
}

/* ---- two inputs ---- */

static enum hr_code build_side(struct emit *e, const struct hr_node *node, struct sel *s, const char **from)
{
    HR_TRY(build(e, node, s));
    bool bare = s->from && !s->where && !closed(s) && !s->windows && !s->is_volatile && !s->order && all_columns(e, &node->output);
    if (!bare)
        wrap(e, s, &node->output);
    *from = s->from;
    return HR_OK;
}

static enum hr_code build_join(struct emit *e, const struct hr_node *node, struct sel *s)
{
    static const char *const words[] = {[HR_JOIN_INNER] = "JOIN", [HR_JOIN_FULL] = "FULL JOIN", [HR_JOIN_LEFT] = "LEFT JOIN",
                                        [HR_JOIN_RIGHT] = "RIGHT JOIN", [HR_JOIN_ANTI] = "ANTI JOIN", [HR_JOIN_SEMI] = "SEMI JOIN",
                                        [HR_JOIN_CROSS] = "JOIN"};
    struct sel left = {.limit = -1}, right = {.limit = -1};
    const char *l, *r, *condition = "true";
    HR_TRY(build_side(e, node->input, &left, &l));
    HR_TRY(build_side(e, node->right, &right, &r));
    if (node->right->kind == HR_N_JOIN && r[0] != '(') {     /* a join on the right needs its own brackets */
        wrap(e, &right, &node->right->output);
        r = right.from;
    }
    if (node->join.condition)
        HR_TRY(expr_text(e, node->join.condition, &condition));
    bool cross = !node->join.condition && (node->join.type == HR_JOIN_INNER || node->join.type == HR_JOIN_CROSS);
    *s = (struct sel){.limit = -1};
    if (cross && !node->join.lateral)
        s->from = hr_printf(e->arena, "%s CROSS JOIN %s", l, r);
    else
        s->from = hr_printf(e->arena, "%s %s %s%s ON %s", l, words[node->join.type], node->join.lateral ? "LATERAL " : "", r, condition);
    return HR_OK;
}

static enum hr_code build_set(struct emit *e, const struct hr_node *node, struct sel *s)
{
    static const char *const words[] = {"UNION", "INTERSECT", "EXCEPT"};
    char *left, *right;
    HR_TRY(emit_positional(e, node->input, "s", &left));
    HR_TRY(emit_positional(e, node->right, "s", &right));
    int table = ++e->next_table;
    *s = (struct sel){.limit = -1};
    s->from = hr_printf(e->arena, "((%s) %s%s (%s)) AS t%d", left, words[node->set.op], node->set.all ? " ALL" : "", right, table);
    for (size_t i = 0; i < node->output.count; i++)
        set_text(e, node->output.at[i]->id, hr_printf(e->arena, "t%d.s%zu", table, i), PLAIN_COLUMN);
    return HR_OK;
}

static enum hr_code build_cte(struct emit *e, const struct hr_node *node, struct sel *s)
{
    struct sel definition = {.limit = -1};
    HR_TRY(build(e, node->cte.definition, &definition));
    int *ids;
    size_t count;
    char *text = close_select(e, &definition, &node->cte.definition->output, &ids, &count);
    e->ctes = hr_printf(e->arena, "%s%sq%d AS (%s)", e->ctes ? e->ctes : "", e->ctes ? ", " : "", node->cte.id, text);
    return build(e, node->input, s);
}

static enum hr_code build(struct emit *e, const struct hr_node *node, struct sel *s)
{
    *s = (struct sel){.limit = -1};
    switch (node->kind) {
    case HR_N_ONE_ROW: return HR_OK;
    case HR_N_SOURCE: return build_source(e, node, s);
    case HR_N_RANGE: return build_range(e, node, s);
    case HR_N_VALUES: return build_values(e, node, s);
    case HR_N_PROJECT: return build_project(e, node, s);
    case HR_N_FILTER: return build_filter(e, node, s);
    case HR_N_AGGREGATE: return build_aggregate(e, node, s);
    case HR_N_SORT: return build_sort(e, node, s);
    case HR_N_LIMIT: return build_limit(e, node, s);
    case HR_N_TAIL: return build_tail(e, node, s);
    case HR_N_JOIN: return build_join(e, node, s);
    case HR_N_SET: return build_set(e, node, s);
    case HR_N_DISTINCT: return build_distinct(e, node, s);
    case HR_N_DEDUPLICATE: return build_deduplicate(e, node, s);
    case HR_N_GENERATE: return build_generate(e, node, s);
    case HR_N_SAMPLE: return build_sample(e, node, s);
    case HR_N_CTE: return build_cte(e, node, s);
    case HR_N_CTE_REF: return build_cte_ref(e, node, s);
    default: return hr_fail(e->err, HR_E_UNSUPPORTED, "typed relation %d", (int)node->kind);
    }
}

/* ---- whole queries ---- */

enum hr_code emit_query(struct emit *e, const struct hr_node *node, char **sql)
{
    struct sel s;
    int *ids;
    size_t count;
    HR_TRY(build(e, node, &s));
    *sql = close_select(e, &s, &node->output, &ids, &count);
    return HR_OK;
}

enum hr_code emit_positional(struct emit *e, const struct hr_node *node, const char *prefix, char **sql)
{
    struct sel s;
    HR_TRY(build(e, node, &s));
    struct hr_buf buf;
    hr_buf_init(&buf, SQL_MAX);
    write_head(&s, &buf);
    for (size_t i = 0; i < node->output.count; i++)
        hr_buf_addf(&buf, "%s%s AS %s%zu", i ? ", " : "", column_text(e, node->output.at[i]->id), prefix, i);
    if (!node->output.count)
        hr_buf_addf(&buf, s.grouped && !s.group ? "count(*) AS %s0" : "1 AS %s0", prefix);
    write_tail(&s, &buf);
    bool ok = hr_buf_ok(&buf);
    *sql = hr_strdup(e->arena, hr_buf_text(&buf));
    hr_buf_release(&buf);
    return ok ? HR_OK : hr_fail(e->err, HR_E_LIMIT, "the query is too large");
}

enum hr_code emit_statement(struct emit *e, const struct hr_node *node, char **sql)
{
    e->id_count = (size_t)largest_id(node) + 1;
    e->texts = HR_NEW_ARRAY(e->arena, const char *, e->id_count);
    e->plain = HR_NEW_ARRAY(e->arena, unsigned char, e->id_count);
    e->needed = HR_NEW_ARRAY(e->arena, bool, e->id_count);
    need_all(e, &node->output);
    need_node(e, node);
    char *body;
    HR_TRY(emit_positional(e, node, "c", &body));
    *sql = e->ctes ? hr_printf(e->arena, "WITH %s %s", e->ctes, body) : body;
    return HR_OK;
}
