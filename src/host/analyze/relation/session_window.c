/* A group by a session: rows of the other groups whose sessions touch are one. What
 * session_window(time, gap) made of each row alone, time to time + gap, is told by its column's
 * metadata, as in Spark, wherever it comes from; the merged one is computed below the aggregate, by
 * windows in windows. */
#include "host/analyze/internal.h"

bool hr_is_session(const struct hr_attr *attr)
{
    return attr->metadata && strstr(attr->metadata, "\"spark.sessionWindow\":true");
}
bool hr_is_time_window(const struct hr_attr *attr)
{
    return attr->metadata && strstr(attr->metadata, "\"spark.timeWindow\":true");
}

struct merge {
    struct analysis *a;
    struct scope scope;
    const struct hr_attr *session; /* each row's own */
    struct hr_texprs others;       /* the other groups */
    const struct hr_attr *merged;
};

static struct hr_texpr *edge(struct merge *m, size_t index)
{
    const struct hr_field *field = &m->session->type->fields[index];
    struct hr_texpr *out = hr_texpr_new(m->a, HR_T_FIELD, field->type, true);
    out->field.child = hr_column_of(m->a, m->session);
    out->field.index = index;
    out->field.name = field->name;
    return out;
}

enum order { IN_ORDER, NO_ORDER };

/* function(argument) over the rows of the same groups */
static enum hr_code over(struct merge *m,
                         const char *function,
                         struct hr_texpr *argument,
                         enum order order,
                         struct hr_texpr **out)
{
    struct analysis *a = m->a;
    struct hr_texpr *call;
    HR_TRY(hr_call_typed(&m->scope, function, &argument, 1, &call));
    struct hr_texpr *window = hr_texpr_new(a, HR_T_WINDOW, call->type, true);
    window->window.function = call;
    window->window.partition =
        (struct hr_texprs){ARRAY(a, struct hr_texpr *, m->others.count + 1), m->others.count};
    for (size_t i = 0; i < m->others.count; i++)
        window->window.partition.at[i] = m->others.at[i];
    window->window.frame = (struct hr_tframe){.kind = HR_FRAME_ROWS,
                                              .lower = HR_BOUND_UNBOUNDED_PRECEDING,
                                              .upper = HR_BOUND_UNBOUNDED_FOLLOWING};
    if (order == IN_ORDER) {
        window->window.order = (struct hr_torders){NEW(a, struct hr_torder), 1};
        window->window.order.at[0] = (struct hr_torder){.child = edge(m, 0), .nulls_first = true};
        window->window.frame.upper = HR_BOUND_CURRENT_ROW;
    }
    *out = window;
    return HR_OK;
}

/* the number of the row's session: how many began up to its time. Rows of one time count alike, so
 * that it does not matter which of them comes first. */
static enum hr_code session_number(struct merge *m, struct hr_texpr **out)
{
    struct analysis *a = m->a;
    struct hr_texpr *before, *touches, *begins;
    HR_TRY(over(m, "max", edge(m, 1), IN_ORDER, &before));
    struct hr_tframe *frame = &before->window.frame;
    frame->upper = HR_BOUND_VALUE;
    frame->upper_value = hr_literal_int(a, BASIC(INT), -1);
    frame->upper_offset = (struct hr_literal *)frame->upper_value->literal;
    struct hr_texpr *pair[] = {edge(m, 0), before};
    HR_TRY(hr_call_typed(&m->scope, "<=", pair, 2, &touches));
    struct hr_texpr *branches[] = {touches, hr_literal_int(a, BASIC(INT), 0),
                                   hr_literal_int(a, BASIC(INT), 1)};
    HR_TRY(hr_call_typed(&m->scope, "when", branches, 3, &begins));
    HR_TRY(over(m, "sum", begins, IN_ORDER, out));
    (*out)->window.frame.kind = HR_FRAME_RANGE;
    return HR_OK;
}

static enum hr_code merged_session(struct merge *m, struct hr_texpr **out)
{
    struct hr_texpr *edges[2], *number;
    for (size_t i = 0; i < 2; i++) {
        HR_TRY(session_number(m, &number));
        HR_TRY(over(m, i ? "max" : "min", edge(m, i), NO_ORDER, &edges[i]));
        edges[i]->window.partition.at[edges[i]->window.partition.count++] = number;
    }
    const struct hr_field *fields = m->session->type->fields;
    struct hr_texpr *args[] = {hr_literal_string(m->a, fields[0].name), edges[0],
                               hr_literal_string(m->a, fields[1].name), edges[1]};
    return hr_call_typed(&m->scope, "named_struct", args, 4, out);
}

static enum hr_code put_merged(void *arg, struct hr_texpr **place)
{
    struct merge *m = arg;
    if ((*place)->kind != HR_T_COLUMN || (*place)->column.attr->id != m->session->id)
        return hr_texpr_each(*place, put_merged, arg);
    *place = hr_column_of(m->a, m->merged);
    return HR_OK;
}

static enum hr_code put_all(struct merge *m, struct hr_texprs *list)
{
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(put_merged(m, &list->at[i]));
    return HR_OK;
}

/* the input with one column more */
static enum hr_code with_merged(struct merge *m, struct hr_node **input)
{
    struct analysis *a = m->a;
    size_t n = (*input)->output.count;
    struct hr_texprs exprs = {ARRAY(a, struct hr_texpr *, n + 1), n + 1};
    struct hr_attrs output = {ARRAY(a, const struct hr_attr *, n + 1), n + 1};
    for (size_t i = 0; i < n; i++) {
        output.at[i] = (*input)->output.at[i];
        exprs.at[i] = hr_column_of(a, output.at[i]);
    }
    HR_TRY(merged_session(m, &exprs.at[n]));
    struct hr_attr *merged =
        (struct hr_attr *)hr_attr_new(a, m->session->name, exprs.at[n]->type, false);
    merged->metadata = m->session->metadata;
    merged->hidden = m->session->hidden;
    merged->made = m->session->made;
    merged->qualifier = m->session->qualifier;
    output.at[n] = m->merged = merged;
    return hr_project(a, *input, exprs, output, input);
}

enum hr_code hr_merge_sessions(struct analysis *a,
                               struct hr_node **input,
                               struct hr_texprs *groups,
                               struct hr_texprs *list,
                               struct hr_texpr **having,
                               bool sets)
{
    struct merge m = {.a = a, .others = {ARRAY(a, struct hr_texpr *, groups->count), 0}};
    for (size_t i = 0; i < groups->count; i++) {
        struct hr_texpr *group = groups->at[i];
        bool is_session = group->kind == HR_T_COLUMN && hr_is_session(group->column.attr);
        if (is_session && (!m.session || m.session->id == group->column.attr->id))
            m.session = group->column.attr;
        else if (is_session)
            return hr_refuse(a->err, "a group by two sessions");
        else
            m.others.at[m.others.count++] = group;
    }
    if (!m.session)
        return HR_OK;
    if (sets)
        return hr_refuse(a->err, "`session_window` in ROLLUP, CUBE or GROUPING SETS");
    m.scope = hr_scope_of(a, *input);
    HR_TRY(with_merged(&m, input));
    HR_TRY(put_all(&m, groups));
    HR_TRY(put_all(&m, list));
    return *having ? put_merged(&m, having) : HR_OK;
}
