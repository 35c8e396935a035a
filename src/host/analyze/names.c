/* Names: attributes among the inputs' columns, suggestions, quoting. */
#include "host/analyze/internal.h"
#include <stdlib.h>

bool hr_same_name(const struct analysis *a, const char *x, const char *y)
{
    return a->case_sensitive ? !strcmp(x, y) : !strcasecmp(x, y);
}

const char *hr_quote(struct analysis *a, const char *part)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_buf_addc(&buf, '`');
    for (; *part; part++) {
        if (*part == '`')
            hr_buf_addc(&buf, '`');
        hr_buf_addc(&buf, *part);
    }
    hr_buf_addc(&buf, '`');
    return hr_buf_keep(&buf, a->arena);
}

const char *hr_quoted(struct analysis *a, const struct hr_names *name)
{
    const char *text = "";
    for (size_t i = 0; i < name->count; i++)
        text = hr_printf(a->arena, "%s%s%s", text, i ? "." : "", hr_quote(a, name->at[i]));
    return text;
}

const struct hr_attr *hr_find_output(struct analysis *a,
                                     const struct hr_attrs *output,
                                     const char *name,
                                     size_t *index)
{
    for (size_t i = 0; i < output->count; i++)
        if (!output->at[i]->hidden && hr_same_name(a, output->at[i]->name, name)) {
            if (index)
                *index = i;
            return output->at[i];
        }
    return NULL;
}

/* the last `count` parts of the qualifier are the first `count` of name */
static bool qualifier_matches(const struct analysis *a,
                              const struct hr_attr *attr,
                              const struct hr_names *name,
                              size_t count)
{
    if (attr->qualifier.count < count)
        return false;
    size_t skip = attr->qualifier.count - count;
    for (size_t i = 0; i < count; i++)
        if (!hr_same_name(a, attr->qualifier.at[skip + i], name->at[i]))
            return false;
    return true;
}

struct matches {
    const struct hr_attr **at;
    size_t count, cap, used;
};

static void match_add(struct analysis *a, struct matches *m, const struct hr_attr *attr)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->at[i]->id == attr->id)
            return;
    if (m->count == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 4;
        const struct hr_attr **more = ARRAY(a, const struct hr_attr *, m->cap);
        if (m->count)
            memcpy(more, m->at, m->count * sizeof *more);
        m->at = more;
    }
    m->at[m->count++] = attr;
}

/* an analysis that fails is done again with the files' _metadata, when a name might have meant it
 */
static void asks_for_metadata(struct analysis *a, const struct hr_names *name)
{
    for (size_t i = 0; i < name->count; i++)
        a->wants_metadata |= !strcasecmp(name->at[i], "_metadata");
}

static void match_made(struct analysis *a,
                       const struct hr_attrs *output,
                       const struct hr_names *name,
                       struct matches *m)
{
    for (size_t i = 0; i < output->count; i++) {
        if (!output->at[i]->made || !hr_same_name(a, output->at[i]->name, name->at[0]))
            continue;
        m->used = 1;
        match_add(a, m, output->at[i]);
    }
}

/* AttributeSeq.resolve: the longest qualifier that finds something wins; the rest of the name
 * extracts fields */
static void match(struct analysis *a,
                  const struct hr_attrs *output,
                  const struct hr_names *name,
                  struct matches *m)
{
    size_t most = name->count > 1 ? name->count - 1 : 0;
    for (size_t parts = most < 3 ? most : 3;; parts--) {
        for (size_t i = 0; i < output->count; i++) {
            const struct hr_attr *attr = output->at[i];
            if ((attr->hidden && !attr->of_file && !parts) ||
                !hr_same_name(a, attr->name, name->at[parts]) ||
                !qualifier_matches(a, attr, name, parts))
                continue;
            m->used = parts + 1;
            match_add(a, m, attr);
        }
        if (m->count)
            return;
        if (!parts)
            break;
    }
    match_made(a, output, name, m);
}

static enum hr_code ambiguous(struct scope *s, const struct hr_names *name, struct matches *m)
{
    struct analysis *a = s->a;
    const char *list = "";
    for (size_t i = 0; i < m->count; i++) {
        const struct hr_attr *attr = m->at[i];
        const char *full = attr->qualifier.count
                               ? hr_printf(a->arena, "%s.%s", hr_quoted(a, &attr->qualifier),
                                           hr_quote(a, attr->name))
                               : hr_quote(a, attr->name);
        list = hr_printf(a->arena, "%s%s%s", list, i ? ", " : "", full);
    }
    return hr_fail_spark(a->err, "AMBIGUOUS_REFERENCE", "name", hr_quoted(a, name),
                         "referenceNames", hr_printf(a->arena, "[%s]", list), NULL);
}

/* ---- suggestions: Spark orders all columns by edit distance and names the five nearest ---- */

#define DISTANCE_STEPS_MAX ((size_t)4 << 20)

static int distance(struct hr_arena *arena, const char *x, const char *y)
{
    size_t n = strlen(x), m = strlen(y);
    if (n * m > DISTANCE_STEPS_MAX)
        return (int)(n > m
                         ? n
                         : m); /* names of thousands of letters: as if nothing in them were alike */
    int *row = HR_NEW_ARRAY(arena, int, m + 1);
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int cost = diagonal + (x[i - 1] != y[j - 1]);
            diagonal = row[j];
            int least = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = least + 1 < cost ? least + 1 : cost;
        }
    }
    return row[m];
}

struct proposal {
    const char *text;
    int distance;
    size_t order;
};

static int nearer(const void *x, const void *y)
{
    const struct proposal *a = x, *b = y;
    if (a->distance != b->distance)
        return a->distance - b->distance;
    return a->order < b->order ? -1 : a->order > b->order;
}

enum hr_code hr_unresolved_column(struct scope *s, const struct hr_names *name)
{
    struct analysis *a = s->a;
    asks_for_metadata(a, name);
    size_t total = 0, count = 0;
    for (size_t k = 0; k < s->input_count; k++)
        total += s->inputs[k]->output.count;
    struct proposal *proposals = ARRAY(a, struct proposal, total);
    bool qualify = name->count > 1;
    for (size_t k = 0; k < s->input_count; k++)
        for (size_t i = 0; i < s->inputs[k]->output.count; i++) {
            const struct hr_attr *attr = s->inputs[k]->output.at[i];
            if (attr->hidden)
                continue;
            const char *text = hr_quote(a, attr->name);
            if (attr->qualifier.count)
                text = hr_printf(a->arena, "%s.%s", hr_quoted(a, &attr->qualifier), text);
            proposals[count] = (struct proposal){text, 0, count};
            count++;
        }
    /* when all columns share one qualifier and the name has none, Spark leaves it out */
    /* Spark compares the quoted candidates with the plain name */
    const char *missing = hr_quoted(a, name), *plain = "";
    for (size_t i = 0; i < name->count; i++)
        plain = hr_printf(a->arena, "%s%s%s", plain, i ? "." : "", name->at[i]);
    if (!qualify) {
        bool same = true;
        const struct hr_attr *first = NULL;
        for (size_t k = 0; k < s->input_count && same; k++)
            for (size_t i = 0; i < s->inputs[k]->output.count && same; i++) {
                const struct hr_attr *attr = s->inputs[k]->output.at[i];
                if (!first)
                    first = attr;
                same = attr->qualifier.count == first->qualifier.count &&
                       (!attr->qualifier.count ||
                        !strcmp(hr_quoted(a, &attr->qualifier), hr_quoted(a, &first->qualifier)));
            }
        if (same)
            for (size_t k = 0, n = 0; k < s->input_count; k++)
                for (size_t i = 0; i < s->inputs[k]->output.count; i++)
                    if (!s->inputs[k]->output.at[i]->hidden)
                        proposals[n++].text = hr_quote(a, s->inputs[k]->output.at[i]->name);
    }
    for (size_t i = 0; i < count; i++)
        proposals[i].distance = distance(a->arena, proposals[i].text, plain);
    qsort(proposals, count, sizeof *proposals, nearer);
    if (!count)
        return hr_fail_spark(a->err, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "objectName", missing,
                             NULL);
    const char *list = "";
    for (size_t i = 0; i < count && i < 5; i++)
        list = hr_printf(a->arena, "%s%s%s", list, i ? ", " : "", proposals[i].text);
    return hr_fail_spark(a->err, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "objectName", missing,
                         "proposal", list, NULL);
}

/* ---- plan ids ---- */

static void planned_add(struct analysis *a, struct planned *planned, const struct hr_attrs *output)
{
    if (planned->count == planned->cap) {
        planned->cap = planned->cap ? 2 * planned->cap : 4;
        struct hr_attrs *more = ARRAY(a, struct hr_attrs, planned->cap);
        if (planned->count)
            memcpy(more, planned->at, planned->count * sizeof *more);
        planned->at = more;
    }
    planned->at[planned->count++] = *output;
}

enum hr_code hr_find_by_plan_id(struct analysis *a,
                                struct hr_node *node,
                                int64_t plan_id,
                                struct planned *out)
{
    if (!node)
        return HR_OK;
    for (struct hr_plan_name *name = node->names; name; name = name->next)
        if (name->plan_id == plan_id)
            planned_add(a, out, &name->output);
    HR_TRY(hr_find_by_plan_id(a, node->input, plan_id, out));
    return hr_find_by_plan_id(a, node->right, plan_id, out);
}

static const struct hr_attr *among_inputs(struct scope *s, int id)
{
    for (size_t k = 0; k < s->input_count; k++)
        for (size_t i = 0; i < s->inputs[k]->output.count; i++)
            if (s->inputs[k]->output.at[i]->id == id)
                return s->inputs[k]->output.at[i];
    return NULL;
}

static enum hr_code find_planned(struct scope *s, const struct hr_expr *expr, struct matches *m)
{
    struct planned planned = {.count = 0};
    asks_for_metadata(s->a, &expr->attribute.name);
    for (size_t k = 0; k < s->input_count; k++)
        HR_TRY(hr_find_by_plan_id(s->a, s->inputs[k], expr->attribute.plan_id, &planned));
    for (size_t k = 0; k < planned.count; k++) {
        struct matches found = {.count = 0};
        match(s->a, &planned.at[k], &expr->attribute.name, &found);
        for (size_t i = 0; i < found.count; i++) {
            const struct hr_attr *here = among_inputs(s, found.at[i]->id);
            if (!here)
                continue;
            m->used = found.used;
            match_add(s->a, m, here);
        }
    }
    return HR_OK;
}

static enum hr_code fields_of(struct scope *s,
                              const struct hr_names *name,
                              size_t used,
                              struct hr_texpr *column,
                              struct hr_texpr **out)
{
    for (; used < name->count; used++)
        HR_TRY(hr_extract_value(s, column, hr_literal_string(s->a, name->at[used]), &column));
    *out = column;
    return HR_OK;
}

static enum hr_code match_result(struct scope *s,
                                 const struct hr_names *name,
                                 struct matches *m,
                                 struct hr_texpr **out)
{
    if (m->count > 1)
        return ambiguous(s, name, m);
    return fields_of(s, name, m->used, hr_column_of(s->a, m->at[0]), out);
}

static struct hr_texpr *find_lambda(struct scope *s, const char *name)
{
    for (struct lambda_scope *l = s->lambda; l; l = l->outer)
        for (size_t i = 0; i < l->count; i++)
            if (hr_same_name(s->a, l->params[i]->name, name)) {
                struct hr_texpr *variable =
                    hr_texpr_new(s->a, HR_T_VARIABLE, l->params[i]->type, l->params[i]->nullable);
                variable->variable.attr = l->params[i];
                return variable;
            }
    return NULL;
}

/* Finds a name: lambda parameters, the inputs, lateral aliases, then the enclosing query. *out is
 * NULL when there is none. */
enum hr_code hr_find_attribute(struct scope *s, const struct hr_expr *expr, struct hr_texpr **out)
{
    struct analysis *a = s->a;
    const struct hr_names *name = &expr->attribute.name;
    struct matches m = {.count = 0};
    *out = NULL;
    if (expr->attribute.plan_id != HR_NO_PLAN_ID) {
        HR_TRY(find_planned(s, expr, &m));
        if (m.count > 1)
            return hr_fail_spark(a->err, "AMBIGUOUS_COLUMN_REFERENCE", "name",
                                 hr_printf(a->arena, "\"%s\"", name->at[name->count - 1]), NULL);
        if (m.count)
            return match_result(s, name, &m, out);
        /* a subquery's plan names the outer DataFrame's columns by plan id too */
        if (s->outer) {
            HR_TRY(hr_find_attribute(s->outer, expr, out));
            if (*out && (*out)->kind == HR_T_COLUMN) {
                (*out)->column.outer = true;
                s->correlated = true;
            }
            return HR_OK;
        }
        return HR_OK;
    }
    struct hr_texpr *variable = s->lambda ? find_lambda(s, name->at[0]) : NULL;
    if (variable)
        return fields_of(s, name, 1, variable, out);
    for (size_t k = 0; k < s->input_count; k++) {
        struct matches part = {.count = 0};
        match(a, &s->inputs[k]->output, name, &part);
        if (part.count && m.count && part.used != m.used) {
            if (part.used < m.used)
                continue; /* the longer qualifier wins over both inputs */
            m.count = 0;
        }
        for (size_t i = 0; i < part.count; i++)
            match_add(a, &m, part.at[i]);
        if (part.count)
            m.used = part.used;
    }
    if (m.count)
        return match_result(s, name, &m, out);
    for (size_t i = 0; s->also && i < s->also->count; i++)
        if (s->also->at[i] && hr_same_name(a, s->also_attrs->at[i]->name, name->at[0])) {
            s->alias_used = s->also_attrs->at[i]->name;
            return fields_of(s, name, 1, s->also->at[i], out);
        }
    if (!s->outer)
        return HR_OK;
    HR_TRY(hr_find_attribute(s->outer, expr, out));
    for (struct hr_texpr *column = *out; column;
         column = column->kind == HR_T_FIELD ? column->field.child : NULL)
        if (column->kind == HR_T_COLUMN) {
            column->column.outer = true;
            s->correlated = true;
        }
    return HR_OK;
}
