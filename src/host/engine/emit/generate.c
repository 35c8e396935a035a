/* Generators: unnest in a select of its own. */
#include "host/engine/emit/select.h"

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
