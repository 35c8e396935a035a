/* A select that is being written: its columns, and closing it. */
#include "host/duck/type.h"
#include "host/engine/emit/select.h"

const char *hr_sel_take(struct emit *e, struct hr_buf *buf)
{
    const char *text;
    enum hr_code code = hr_buf_take(buf, e->arena, "the query's SQL", &text, e->err);
    if (code)
        e->failed = code;
    return text ? text : "";
}

enum hr_code hr_expr_text(struct emit *e, const struct hr_texpr *expr, const char **out)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_expr(e, expr, &buf);
    *out = hr_sel_take(e, &buf);
    return code ? code : e->failed;
}

const char *hr_type_text(struct emit *e, const struct hr_type *type)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_duck_type_sql(type, &buf);
    return hr_sel_take(e, &buf);
}

void hr_set_text(struct emit *e, int id, const char *text, int plain)
{
    e->texts[id] = text;
    e->plain[id] = (unsigned char)plain;
}

/* ---- closing a select ---- */

void hr_write_tail(const struct sel *s, struct hr_buf *out)
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

const char *hr_column_sql(struct emit *e, int id)
{
    return e->texts[id] ? e->texts[id] : hr_printf(e->arena, "a%d", id);
}

void hr_write_head(const struct sel *s, struct hr_buf *out)
{
    hr_buf_adds(out, s->distinct ? "SELECT DISTINCT " : "SELECT ");
    if (s->distinct_on)
        hr_buf_addf(out, "DISTINCT ON (%s) ", s->distinct_on);
}

/* SELECT of the needed columns, each once, named a<id>; the ids are listed in ids */
const char *hr_close_select(
    struct emit *e, const struct sel *s, const struct hr_attrs *output, int **ids, size_t *count)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    hr_write_head(s, &buf);
    *ids = HR_NEW_ARRAY(e->arena, int, output->count + 1);
    *count = 0;
    for (size_t i = 0; i < output->count; i++) {
        int id = output->at[i]->id;
        bool seen = !e->needed[id];
        for (size_t k = 0; k < *count && !seen; k++)
            seen = (*ids)[k] == id;
        if (seen)
            continue;
        hr_buf_addf(&buf, "%s%s AS a%d", *count ? ", " : "", hr_column_sql(e, id), id);
        (*ids)[(*count)++] = id;
    }
    if (!*count)
        hr_buf_adds(&buf, s->grouped && !s->group ? "count(*) AS a0" : "1 AS a0");
    hr_write_tail(s, &buf);
    return hr_sel_take(e, &buf);
}

const char *hr_with_ctes(const struct emit *e, const char *sql)
{
    if (!e->ctes)
        return sql;
    return hr_printf(e->arena, "WITH %s%s %s", e->recursive ? "RECURSIVE " : "", e->ctes, sql);
}

static void wrap(struct emit *e, struct sel *s, const struct hr_attrs *output, bool has_ctes)
{
    int *ids, table = ++e->next_table;
    size_t count;
    const char *inner = hr_close_select(e, s, output, &ids, &count);
    if (has_ctes)
        inner = hr_with_ctes(e, inner);
    *s = (struct sel){.from = hr_printf(e->arena, "(%s) AS t%d", inner, table), .limit = -1};
    for (size_t i = 0; i < count; i++)
        hr_set_text(e, ids[i], hr_printf(e->arena, "t%d.a%d", table, ids[i]), PLAIN_COLUMN);
}

void hr_sel_wrap(struct emit *e, struct sel *s, const struct hr_attrs *output)
{
    wrap(e, s, output, false);
}

void hr_sel_wrap_with_ctes(struct emit *e, struct sel *s, const struct hr_attrs *output)
{
    wrap(e, s, output, true);
}

bool hr_sel_closed(const struct sel *s)
{
    return s->grouped || s->distinct || s->distinct_on || s->limit >= 0 || s->offset > 0;
}

enum hr_code hr_search_plain(void *arg, struct hr_texpr **child)
{
    struct plain_search *search = arg;
    if ((*child)->kind == HR_T_COLUMN &&
        search->e->plain[(*child)->column.attr->id] == PLAIN_COMPUTED &&
        search->e->texts[(*child)->column.attr->id])
        search->computed = true;
    if ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & HR_F_VOLATILE))
        search->is_volatile = true;
    if ((*child)->kind == HR_T_CALL && ((*child)->call.function->flags & HR_F_ROWS))
        search->windows = true;
    if ((*child)->kind == HR_T_UDF)
        search->is_volatile = true;
    if ((*child)->kind == HR_T_WINDOW)
        search->windows = true;
    if ((*child)->kind == HR_T_SUBQUERY)
        search->computed = true; /* its names are safest over plain columns */
    return hr_texpr_each(*child, hr_search_plain, arg);
}

struct plain_search hr_search_expr(struct emit *e, struct hr_texpr *expr)
{
    struct plain_search search = {e, false, false, false};
    if (expr)
        hr_search_plain(&search, &expr);
    return search;
}

bool hr_all_columns(struct emit *e, const struct hr_attrs *output)
{
    for (size_t i = 0; i < output->count; i++) {
        int id = output->at[i]->id;
        if (e->needed[id] && e->texts[id] && e->plain[id] != PLAIN_COLUMN)
            return false;
    }
    return true;
}
