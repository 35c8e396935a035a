/* Structs, arrays, maps and lambdas to SQL. */
#include "host/engine/emit/call.h"
#include "host/engine/emit/select.h"

/* ---- structs and collections ---- */

enum hr_code hr_emit_struct(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    size_t step = strcmp(c->call->call.function->name, "struct") ? 2 : 1;
    /* the engine has none without fields */
    if (!args->count) {
        hr_buf_adds(out, "{f0: NULL}");
        return HR_OK;
    }
    hr_buf_addc(out, '{');
    for (size_t i = step - 1, n = 0; i < args->count; i += step, n++) {
        hr_buf_addf(out, "%sf%zu: ", n ? ", " : "", n);
        hr_buf_adds(out, c->args[i]);
    }
    hr_buf_addc(out, '}');
    return HR_OK;
}

enum hr_code hr_emit_array(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    hr_buf_addc(out, '[');
    for (size_t i = 0; i < args->count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        hr_buf_adds(out, c->args[i]);
    }
    hr_buf_addc(out, ']');
    return HR_OK;
}

enum hr_code hr_emit_map(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    for (size_t part = 0; part < 2; part++) {
        hr_buf_adds(out, part ? "], [" : "MAP([");
        for (size_t i = part; i < args->count; i += 2) {
            if (i > 1)
                hr_buf_adds(out, ", ");
            hr_buf_adds(out, c->args[i]);
        }
    }
    hr_buf_adds(out, "])");
    return HR_OK;
}

enum hr_code hr_emit_array_fields(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    hr_buf_addf(out, "list_transform(%s, lambda v%d: struct_extract(v%d, 'f%lld'))", c->args[0], id,
                id, (long long)c->call->call.args.at[1]->literal->integer);
    return HR_OK;
}

/* a kernel over index and size checks the index, and says where DuckDB has the element */
static enum hr_code checked_index(struct call_text *c, const char *kernel, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    hr_buf_addf(out, "list_extract(%s, ", c->args[0]);
    HR_TRY(
        hr_emit_kernel(c->e, kernel, strlen(kernel), hr_type_basic(HR_TYPE_LONG), types, 2, out));
    hr_buf_addf(out, "(CAST(%s AS BIGINT), CAST(len(%s) AS BIGINT)))", c->args[1], c->args[0]);
    return HR_OK;
}

enum hr_code hr_emit_array_item(struct call_text *c, struct hr_buf *out)
{
    return checked_index(c, c->call->call.ansi ? "array_index" : "array_index_null", out);
}

enum hr_code hr_emit_element_at(struct call_text *c, struct hr_buf *out)
{
    if (c->call->call.args.at[0]->type->id == HR_TYPE_MAP) {
        hr_buf_addf(out, "list_extract(map_extract(%s, %s), 1)", c->args[0], c->args[1]);
        return HR_OK;
    }
    bool strict = c->call->call.ansi && hr_function_is(c->call->call.function, "element_at");
    return checked_index(c, strict ? "element_index" : "element_index_null", out);
}

enum hr_code hr_emit_size(struct call_text *c, struct hr_buf *out)
{
    const char *function =
        c->call->call.args.at[0]->type->id == HR_TYPE_MAP ? "cardinality" : "len";
    if (c->call->call.ansi)
        hr_buf_addf(out, "%s(%s)", function, c->args[0]);
    else /* spark.sql.legacy.sizeOfNull */
        hr_buf_addf(out, "coalesce(%s(%s), -1)", function, c->args[0]);
    return HR_OK;
}

/* ---- higher-order functions ---- */

/* the lambda's body with its parameters standing for other SQL */
static enum hr_code body_text(struct call_text *c,
                              const struct hr_texpr *lambda,
                              const char **params,
                              const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    for (size_t i = 0; i < lambda->lambda.count; i++)
        c->e->texts[lambda->lambda.params[i]->id] = params[i];
    enum hr_code code = hr_emit_body(c->e, lambda->lambda.body, &buf);
    for (size_t i = 0; i < lambda->lambda.count; i++)
        c->e->texts[lambda->lambda.params[i]->id] = NULL;
    *text = hr_sel_take(c->e, &buf);
    return code;
}

/* transform and filter whose lambda takes the index too, which starts at 0 in Spark */
static enum hr_code emit_indexed_lambda(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    const char *body, *params[] = {hr_printf(c->e->arena, "v%d", id),
                                   hr_printf(c->e->arena, "CAST(i%d - 1 AS INTEGER)", id)};
    HR_TRY(body_text(c, c->call->call.args.at[1], params, &body));
    hr_buf_addf(out, "list_%s(%s, lambda v%d, i%d: %s)", c->call->call.function->name, c->args[0],
                id, id, body);
    return HR_OK;
}

/* exists and forall: the lambda's answers, and a kernel over them */
static enum hr_code emit_quantifier(struct call_text *c, struct hr_buf *out)
{
    const char *kernel = hr_function_is(c->call->call.function, "exists") ? "any_true" : "all_true";
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 1);
    types[0] = hr_type_array(c->e->arena, hr_type_basic(HR_TYPE_BOOLEAN), true);
    HR_TRY(hr_emit_kernel(c->e, kernel, strlen(kernel), c->call->type, types, 1, out));
    hr_buf_addf(out, "(list_transform(%s, %s))", c->args[0], c->args[1]);
    return HR_OK;
}

enum hr_code hr_emit_lambda(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name;
    const struct hr_texpr *lambda = c->call->call.args.at[1];
    const char *array = c->args[0];
    if (lambda->lambda.count == 2)
        return emit_indexed_lambda(c, out);
    if (!strcmp(name, "transform"))
        hr_buf_addf(out, "list_transform(%s, %s)", array, c->args[1]);
    else if (!strcmp(name, "filter"))
        hr_buf_addf(out, "list_filter(%s, %s)", array, c->args[1]);
    else
        return emit_quantifier(c, out);
    return HR_OK;
}

struct captures {
    struct hr_arena *arena;
    struct hr_texpr **at;
    const struct hr_attr **own; /* parameters of lambdas inside */
    size_t count, cap, own_count, own_cap;
    bool subquery;
};

/* pointers at `at`, with room for one more */
static void *grown(struct hr_arena *arena, void *at, size_t count, size_t *cap)
{
    if (count < *cap)
        return at;
    *cap = *cap ? 2 * *cap : 16;
    void **more = HR_NEW_ARRAY(arena, void *, *cap);
    if (count)
        memcpy(more, at, count * sizeof *more);
    return more;
}

static const struct hr_attr *attr_of(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_COLUMN     ? expr->column.attr
           : expr->kind == HR_T_VARIABLE ? expr->variable.attr
                                         : NULL;
}

static void own_param(struct captures *found, const struct hr_attr *param)
{
    if (!param)
        return;
    found->own = grown(found->arena, found->own, found->own_count, &found->own_cap);
    found->own[found->own_count++] = param;
}

/* columns and outer variables that a lambda's body uses */
static enum hr_code find_captures(void *arg, struct hr_texpr **child)
{
    struct captures *found = arg;
    const struct hr_attr *attr = attr_of(*child);
    for (size_t i = 0; (*child)->kind == HR_T_LAMBDA && i < (*child)->lambda.count; i++)
        own_param(found, (*child)->lambda.params[i]);
    for (size_t i = 0;
         (*child)->kind == HR_T_CALL && (*child)->call.params && i < (*child)->call.args.count; i++)
        own_param(found, (*child)->call.params[i]);
    if ((*child)->kind == HR_T_SUBQUERY)
        found->subquery = true;
    for (size_t i = 0; attr && i < found->own_count; i++)
        if (found->own[i]->id == attr->id)
            return HR_OK;
    for (size_t i = 0; attr && i < found->count; i++)
        if (attr_of(found->at[i])->id == attr->id)
            return HR_OK;
    if (attr) {
        found->at = grown(found->arena, found->at, found->count, &found->cap);
        found->at[found->count++] = *child;
    }
    return hr_texpr_each(*child, find_captures, arg);
}

/* DuckDB's list_reduce mixes up what its lambda captures when it stands in another lambda, and
 * wants the sum to be of the elements' type. So the elements become structs {a: the sum, e: the
 * element, c0 …: what is captured}, and so does the sum. */
static enum hr_code reduce_structs(struct call_text *c,
                                   const struct captures *captures,
                                   const char **out)
{
    const struct hr_texprs *args = &c->call->call.args;
    const struct hr_texpr *merge = args->at[2];
    struct hr_arena *arena = c->e->arena;
    const char *made = "", *kept = "", *none = "", *body,
               **before = HR_NEW_ARRAY(arena, const char *, captures->count + 1);
    int s = ++c->e->next_table, x = ++c->e->next_table;
    c->e->inside++; /* the structs are made in a lambda */
    for (size_t i = 0; i < captures->count; i++) {
        const char *text;
        HR_TRY(hr_expr_text(c->e, captures->at[i], &text));
        made = hr_printf(arena, "%s, 'c%zu': %s", made, i, text);
        kept = hr_printf(arena, "%s, 'c%zu': struct_extract(r%d, 'c%zu')", kept, i, x, i);
        none = hr_printf(arena, "%s, 'c%zu': CAST(NULL AS %s)", none, i,
                         hr_type_text(c->e, captures->at[i]->type));
    }
    c->e->inside--;
    bool *outer = c->e->outer;
    c->e->outer = NULL; /* in the body each of them is a field of the struct */
    for (size_t i = 0; i < captures->count; i++) {
        const char **text = &c->e->texts[attr_of(captures->at[i])->id];
        before[i] = *text;
        *text = hr_printf(arena, "struct_extract(r%d, 'c%zu')", x, i);
    }
    const char *params[] = {hr_printf(arena, "struct_extract(r%d, 'a')", s),
                            hr_printf(arena, "struct_extract(r%d, 'e')", x)};
    enum hr_code code = body_text(c, merge, params, &body);
    c->e->outer = outer;
    for (size_t i = 0; i < captures->count; i++)
        c->e->texts[attr_of(captures->at[i])->id] = before[i];
    HR_TRY(code);
    const char *sum = hr_type_text(c->e, args->at[1]->type),
               *element = hr_type_text(c->e, args->at[0]->type->element);
    *out = hr_printf(
        arena,
        "struct_extract(list_reduce(list_transform(%s, lambda r%d: {'a': CAST(NULL AS %s), 'e': r%d%s}), lambda r%d, r%d: "
        "{'a': CAST(%s AS %s), 'e': struct_extract(r%d, 'e')%s}, {'a': CAST(%s AS %s), 'e': CAST(NULL AS %s)%s}), 'a')",
        c->args[0], s, sum, s, made, s, x, body, sum, x, kept, c->args[1], sum, element, none);
    return HR_OK;
}

enum hr_code hr_emit_reduce(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    struct captures captures = {.arena = c->e->arena};
    struct hr_texpr *merge = args->at[2];
    const char *reduced;
    find_captures(&captures, &merge);
    if (captures.subquery)
        return hr_refuse(c->e->err, "function '%s' whose lambda holds a subquery",
                         c->call->call.name);
    if (captures.count || !hr_type_same_shape(args->at[0]->type->element, args->at[1]->type))
        HR_TRY(reduce_structs(c, &captures, &reduced));
    else
        reduced = hr_printf(c->e->arena, "list_reduce(%s, %s, CAST(%s AS %s))", c->args[0],
                            c->args[2], c->args[1], hr_type_text(c->e, args->at[1]->type));
    if (args->count < 4) {
        hr_buf_adds(out, reduced);
        return HR_OK;
    }
    hr_buf_addf(out, "list_extract(list_transform([%s], %s), 1)", reduced, c->args[3]);
    return HR_OK;
}

/* ---- more of collections ---- */

enum hr_code hr_emit_slice(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 3);
    types[0] = types[1] = types[2] = hr_type_basic(HR_TYPE_LONG);
    /* the kernel checks start and length, and says where the slice begins: 0 when it is empty */
    struct hr_buf from;
    hr_buf_init(&from, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_kernel(c->e, "slice_start", strlen("slice_start"),
                                       hr_type_basic(HR_TYPE_LONG), types, 3, &from);
    hr_buf_addf(&from, "(CAST(len(%s) AS BIGINT), CAST(%s AS BIGINT), CAST(%s AS BIGINT))",
                c->args[0], c->args[1], c->args[2]);
    const char *start = hr_sel_take(c->e, &from);
    HR_TRY(code);
    hr_buf_addf(
        out, "CASE WHEN %s = 0 THEN list_slice(%s, 1, 0) ELSE list_slice(%s, %s, %s + %s - 1) END",
        start, c->args[0], c->args[0], start, start, c->args[2]);
    return HR_OK;
}

enum hr_code hr_emit_arrays_zip(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    int id = ++c->e->next_table;
    if (!args->count) {
        hr_buf_adds(out, "[]");
        return HR_OK;
    }
    hr_buf_adds(out, "CASE WHEN ");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s IS NULL", i ? " OR " : "", c->args[i]);
    hr_buf_adds(out, " THEN NULL ELSE list_transform(range(1, greatest(");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%slen(%s)", i ? ", " : "", c->args[i]);
    hr_buf_addf(out, ") + 1), lambda i%d: {", id);
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%sf%zu: list_extract(%s, i%d)", i ? ", " : "", i, c->args[i], id);
    hr_buf_adds(out, "}) END");
    return HR_OK;
}

enum hr_code hr_emit_map_entries(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    hr_buf_addf(
        out,
        "list_transform(map_entries(%s), lambda v%d: {f0: struct_extract(v%d, 'key'), f1: struct_extract(v%d, 'value')})",
        c->args[0], id, id, id);
    return HR_OK;
}

enum hr_code hr_emit_map_concat(struct call_text *c, struct hr_buf *out)
{
    const struct hr_texprs *args = &c->call->call.args;
    if (!args->count) {
        hr_buf_addf(out, "CAST(MAP([], []) AS %s)", hr_type_text(c->e, c->call->type));
        return HR_OK;
    }
    hr_buf_adds(out, "CASE WHEN ");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%s%s IS NULL", i ? " OR " : "", c->args[i]);
    /* built from keys and values, so that a key given twice fails as in Spark */
    hr_buf_adds(out, " THEN NULL ELSE MAP(flatten([");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%smap_keys(%s)", i ? ", " : "", c->args[i]);
    hr_buf_adds(out, "]), flatten([");
    for (size_t i = 0; i < args->count; i++)
        hr_buf_addf(out, "%smap_values(%s)", i ? ", " : "", c->args[i]);
    hr_buf_adds(out, "])) END");
    return HR_OK;
}

enum hr_code hr_emit_map_lambda(struct call_text *c, struct hr_buf *out)
{
    const char *name = c->call->call.function->name, *map = c->args[0], *body;
    int id = ++c->e->next_table;
    const char *params[] = {hr_printf(c->e->arena, "struct_extract(v%d, 'key')", id),
                            hr_printf(c->e->arena, "struct_extract(v%d, 'value')", id)};
    HR_TRY(body_text(c, c->call->call.args.at[1], params, &body));
    const char *mapped =
        hr_printf(c->e->arena, "list_transform(map_entries(%s), lambda v%d: %s)", map, id, body);
    hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE ", map);
    if (!strcmp(name, "map_filter"))
        hr_buf_addf(out, "map_from_entries(list_filter(map_entries(%s), lambda v%d: %s))", map, id,
                    body);
    else if (!strcmp(name, "transform_keys"))
        hr_buf_addf(out, "MAP(%s, map_values(%s))", mapped, map);
    else
        hr_buf_addf(out, "MAP(map_keys(%s), %s)", map, mapped);
    hr_buf_adds(out, " END");
    return HR_OK;
}

enum hr_code hr_emit_zip_with(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    const char *body, *params[] = {hr_printf(c->e->arena, "list_extract(%s, i%d)", c->args[0], id),
                                   hr_printf(c->e->arena, "list_extract(%s, i%d)", c->args[1], id)};
    HR_TRY(body_text(c, c->call->call.args.at[2], params, &body));
    hr_buf_addf(
        out,
        "CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE list_transform(range(1, greatest(len(%s), len(%s)) + 1), lambda i%d: %s) END",
        c->args[0], c->args[1], c->args[0], c->args[1], id, body);
    return HR_OK;
}

enum hr_code hr_emit_map_zip_with(struct call_text *c, struct hr_buf *out)
{
    int id = ++c->e->next_table;
    const char *a = c->args[0], *b = c->args[1], *body;
    const char *params[] = {hr_printf(c->e->arena, "v%d", id),
                            hr_printf(c->e->arena, "list_extract(map_extract(%s, v%d), 1)", a, id),
                            hr_printf(c->e->arena, "list_extract(map_extract(%s, v%d), 1)", b, id)};
    HR_TRY(body_text(c, c->call->call.args.at[2], params, &body));
    const char *keys = hr_printf(
        c->e->arena,
        "list_concat(map_keys(%s), list_filter(map_keys(%s), lambda k%d: NOT list_contains(map_keys(%s), k%d)))",
        a, b, id, a, id);
    hr_buf_addf(
        out,
        "CASE WHEN %s IS NULL OR %s IS NULL THEN NULL ELSE MAP(%s, list_transform(%s, lambda v%d: %s)) END",
        a, b, keys, keys, id, body);
    return HR_OK;
}

enum hr_code hr_emit_array_insert(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    struct hr_buf name;
    hr_buf_init(&name, HR_SQL_EMITTED_MAX);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    enum hr_code code = hr_emit_kernel(c->e, "insert_place", strlen("insert_place"),
                                       hr_type_basic(HR_TYPE_LONG), types, 2, &name);
    const char *array = c->args[0], *item = c->args[2],
               *nulls = hr_printf(c->e->arena, "CAST(NULL AS %s)",
                                  hr_type_text(c->e, c->call->type->element));
    const char *place = hr_printf(c->e->arena, "%s(CAST(%s AS BIGINT), CAST(len(%s) AS BIGINT))",
                                  hr_sel_take(c->e, &name), c->args[1], array);
    HR_TRY(code);
    hr_buf_addf(
        out,
        "CASE WHEN %s IS NULL OR %s IS NULL THEN NULL WHEN %s < 1 THEN list_concat([%s], list_transform(range(1 - %s), lambda w: %s), %s) "
        "WHEN %s > len(%s) THEN list_concat(%s, list_transform(range(%s - 1 - len(%s)), lambda w: %s), [%s]) "
        "ELSE list_concat(list_slice(%s, 1, %s - 1), [%s], list_slice(%s, %s, len(%s))) END",
        array, c->args[1], place, item, place, nulls, array, place, array, array, place, array,
        nulls, item, array, place, item, array, place, array);
    return HR_OK;
}

enum hr_code hr_emit_shuffle(struct call_text *c, struct hr_buf *out)
{
    const struct hr_type **types = HR_NEW_ARRAY(c->e->arena, const struct hr_type *, 2);
    types[0] = types[1] = hr_type_basic(HR_TYPE_LONG);
    hr_buf_addf(out, "list_select(%s, ", c->args[0]);
    HR_TRY(hr_emit_kernel(c->e, "shuffled", strlen("shuffled"),
                          hr_type_array(c->e->arena, hr_type_basic(HR_TYPE_LONG), false), types, 2,
                          out));
    hr_buf_addf(out, "(CAST(len(%s) AS BIGINT), %s))", c->args[0],
                c->call->call.args.count > 1 ? c->args[1]
                                             : "CAST(floor(random() * 9e15) AS BIGINT)");
    return HR_OK;
}
