/* The order of structs and arrays. In Spark a null in one comes before every value; to the engine
 * it comes after. What is compared is a key: beside each part that may be null stands whether it is
 * there. */
#include "host/engine/emit/call.h"
#include "host/engine/emit/select.h"

static bool needs_key(const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return type->contains_null || needs_key(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (type->fields[i].nullable || needs_key(type->fields[i].type))
            return true;
    return false;
}

/* all: every part is written as one that may be null, so that the keys of two types that differ in
 * that alone can be compared */
static void write_key(
    struct emit *e, const struct hr_type *type, bool all, const char *text, struct hr_buf *out);

static void part_key(struct emit *e,
                     const struct hr_type *type,
                     bool all,
                     bool nullable,
                     const char *name,
                     const char *text,
                     struct hr_buf *out)
{
    if (nullable || all)
        hr_buf_addf(out, "%sn: %s IS NOT NULL, ", name, text);
    hr_buf_addf(out, "%sv: ", name);
    write_key(e, type, all, text, out);
}

static void array_key(
    struct emit *e, const struct hr_type *type, bool all, const char *text, struct hr_buf *out)
{
    const char *item = hr_printf(e->arena, "v%d", ++e->next_table);
    hr_buf_addf(out, "list_transform(%s, lambda %s: {", text, item);
    part_key(e, type->element, all, type->contains_null, "", item, out);
    hr_buf_adds(out, "})");
}

static void struct_key(
    struct emit *e, const struct hr_type *type, bool all, const char *text, struct hr_buf *out)
{
    hr_buf_addf(out, "CASE WHEN %s IS NOT NULL THEN {", text);
    for (size_t i = 0; i < type->field_count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        const char *part = hr_printf(e->arena, "struct_extract(%s, 'f%zu')", text, i);
        part_key(e, type->fields[i].type, all, type->fields[i].nullable,
                 hr_printf(e->arena, "f%zu", i), part, out);
    }
    hr_buf_adds(out, "} END");
}

static void write_key(
    struct emit *e, const struct hr_type *type, bool all, const char *text, struct hr_buf *out)
{
    bool nested = type->id == HR_TYPE_ARRAY || (type->id == HR_TYPE_STRUCT && type->field_count);
    if (!needs_key(type) && !(all && nested))
        hr_buf_adds(out, text);
    else if (type->id == HR_TYPE_ARRAY)
        array_key(e, type, all, text, out);
    else
        struct_key(e, type, all, text, out);
}

static const char *key_text(struct emit *e, const struct hr_type *type, bool all, const char *text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    write_key(e, type, all, text, &buf);
    return hr_sel_take(e, &buf);
}

/* of ORDER BY: what is no name is bound, since a key has it once for each part */
enum hr_code hr_emit_order_key(struct emit *e, const struct hr_texpr *expr, const char **text)
{
    HR_TRY(hr_expr_text(e, expr, text));
    if (!needs_key(expr->type))
        return HR_OK;
    const char *name = hr_printf(e->arena, "v%d", ++e->next_table);
    *text = hr_printf(e->arena, "list_extract(list_transform([%s], lambda %s: %s), 1)", *text, name,
                      key_text(e, expr->type, false, name));
    return HR_OK;
}

/* < <= > >= */
enum hr_code hr_emit_ordered(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_type *left = args->at[0]->type, *right = args->at[1]->type;
    bool all = needs_key(left) || needs_key(right);
    hr_buf_addf(out, "(%s %s %s)", key_text(c->e, left, all, c->args[0]),
                c->call->call.function->name, key_text(c->e, right, all, c->args[1]));
    return HR_OK;
}

enum hr_code hr_emit_extreme(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[0]->type;
    const char *name = c->call->call.function->name;
    if (needs_key(type))
        hr_buf_addf(out, "arg_%s(%s, %s)", name, c->args[0],
                    key_text(c->e, type, false, c->args[0]));
    else
        hr_buf_addf(out, "%s(%s)", name, c->args[0]);
    HR_TRY(hr_write_filter(c, NULL, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

/* max_by, min_by: of the row with the extreme second argument the first, be it null */
enum hr_code hr_emit_by_other(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->call.args.at[1]->type;
    bool most = hr_function_is(c->call->call.function, "max_by");
    hr_buf_addf(out, "arg_%s_null(%s, %s)", most ? "max" : "min", c->args[0],
                key_text(c->e, type, false, c->args[1]));
    HR_TRY(hr_write_filter(c, NULL, out));
    hr_buf_adds(out, c->over);
    return HR_OK;
}

/* ---- in a row: the values beside their keys ---- */

/* a value as a pair that sorts by its key; NULL stays NULL */
static const char *keyed(struct emit *e, const struct hr_type *type, const char *value)
{
    return hr_printf(e->arena, "CASE WHEN %s IS NOT NULL THEN {k: %s, v: %s} END", value,
                     key_text(e, type, true, value), value);
}

/* the list sorted: list_sort's words in `how` */
static const char *sorted_list(struct emit *e,
                               const struct hr_type *element,
                               const char *list,
                               const char *how)
{
    if (!needs_key(element))
        return hr_printf(e->arena, "list_sort(%s, %s)", list, how);
    const char *item = hr_printf(e->arena, "v%d", ++e->next_table),
               *pair = hr_printf(e->arena, "v%d", ++e->next_table);
    return hr_printf(
        e->arena,
        "list_transform(list_sort(list_transform(%s, lambda %s: %s), %s), lambda %s: struct_extract(%s, 'v'))",
        list, item, keyed(e, element, item), how, pair, pair);
}

enum hr_code hr_emit_array_extreme(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *element = c->call->call.args.at[0]->type->element;
    bool most = hr_function_is(c->call->call.function, "array_max");
    if (!needs_key(element))
        hr_buf_addf(out, "list_aggregate(%s, '%s')", c->args[0], most ? "max" : "min");
    else
        hr_buf_addf(out, "list_extract(%s, 1)",
                    sorted_list(c->e, element, c->args[0],
                                most ? "'DESC', 'NULLS LAST'" : "'ASC', 'NULLS LAST'"));
    return HR_OK;
}

/* greatest and least skip nulls, as the engine's do; NaN is the largest in both */
enum hr_code hr_emit_greatest(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type *type = c->call->type;
    const char *name = c->call->call.function->name;
    bool key = needs_key(type);
    hr_buf_addf(out, "%s%s(", key ? "struct_extract(" : "", name);
    for (size_t i = 0; i < c->call->call.args.count; i++)
        hr_buf_addf(out, "%s%s", i ? ", " : "", key ? keyed(c->e, type, c->args[i]) : c->args[i]);
    hr_buf_adds(out, key ? "), 'v')" : ")");
    return HR_OK;
}
