/* window(time, duration[, slide[, start]]) and session_window(time, gap): a plan over one that
 * makes the windows, in a hidden column. Rows without a time fall out; where windows overlap, a row
 * is there once for each of its windows. One kind of window a select, as in Spark. Sessions are
 * merged where they are grouped by: session_window.c. */
#include "host/analyze/internal.h"

struct windows {
    struct analysis *a;
    /* of the column that is made: a column of the input may have its name */
    const char *qualifier;
    const struct hr_expr *call; /* the first found; all others must be the same */
    bool several;
};

/* ---- finding the calls, and putting the column in their place ---- */

static bool is_window(const struct hr_expr *expr)
{
    return expr->kind == HR_EXPR_CALL &&
           expr->call.name.count == 1 &&
           (!strcasecmp(expr->call.name.at[0], "window") ||
            !strcasecmp(expr->call.name.at[0], "session_window"));
}

static bool is_session_call(const struct hr_expr *call)
{
    return !strcasecmp(call->call.name.at[0], "session_window");
}

static bool same_call(const struct hr_expr *x, const struct hr_expr *y);

static bool same_expr(const struct hr_expr *x, const struct hr_expr *y)
{
    if (x == y)
        return true;
    if (x->kind != y->kind)
        return false;
    if (x->kind == HR_EXPR_LITERAL)
        return hr_is_string(x->literal->type) &&
               hr_is_string(y->literal->type) &&
               x->literal->text.len == y->literal->text.len &&
               !memcmp(x->literal->text.bytes, y->literal->text.bytes, x->literal->text.len);
    if (x->kind == HR_EXPR_CALL)
        return same_call(x, y);
    if (x->kind != HR_EXPR_ATTRIBUTE || x->attribute.name.count != y->attribute.name.count)
        return false;
    for (size_t i = 0; i < x->attribute.name.count; i++)
        if (strcasecmp(x->attribute.name.at[i], y->attribute.name.at[i]))
            return false;
    return true;
}

static bool same_call(const struct hr_expr *x, const struct hr_expr *y)
{
    bool same = x->call.args.count == y->call.args.count &&
                x->call.name.count == 1 &&
                y->call.name.count == 1 &&
                !strcasecmp(x->call.name.at[0], y->call.name.at[0]);
    for (size_t i = 0; same && i < x->call.args.count; i++)
        same = same_expr(x->call.args.at[i], y->call.args.at[i]);
    return same;
}

static const char *column_name(const struct hr_expr *call)
{
    return is_session_call(call) ? "session_window" : "window";
}

static struct hr_expr *made_column(struct analysis *a,
                                   const struct hr_expr *call,
                                   const char *qualifier)
{
    struct hr_expr *column = hr_expr_new(a->arena, HR_EXPR_ATTRIBUTE);
    column->attribute.name = (struct hr_names){ARRAY(a, const char *, 2), 2};
    column->attribute.name.at[0] = qualifier;
    column->attribute.name.at[1] = column_name(call);
    return column;
}

static struct hr_expr *replaced(struct windows *w, struct hr_expr *expr);

static struct hr_exprs replaced_all(struct windows *w, const struct hr_exprs *list)
{
    struct hr_exprs out = {ARRAY(w->a, struct hr_expr *, list->count), list->count};
    for (size_t i = 0; i < list->count; i++)
        out.at[i] = replaced(w, list->at[i]);
    return out;
}

/* expr, or a copy of it with the column in the place of window(…) */
static struct hr_expr *replaced(struct windows *w, struct hr_expr *expr)
{
    if (!expr)
        return NULL;
    if (is_window(expr)) {
        w->several = w->several || (w->call && !same_call(w->call, expr));
        w->call = w->call ? w->call : expr;
        struct hr_expr *column = made_column(w->a, expr, w->qualifier);
        column->origin = expr->origin;
        return column;
    }
    struct hr_expr *copy = hr_expr_new(w->a->arena, expr->kind);
    *copy = *expr;
    switch (expr->kind) {
    case HR_EXPR_CALL:
        copy->call.args = replaced_all(w, &expr->call.args);
        return copy;
    case HR_EXPR_ALIAS:
        copy->alias.child = replaced(w, expr->alias.child);
        return copy;
    case HR_EXPR_CAST:
        copy->cast.child = replaced(w, expr->cast.child);
        return copy;
    case HR_EXPR_SORT:
        copy->sort.child = replaced(w, expr->sort.child);
        return copy;
    case HR_EXPR_EXTRACT:
        copy->extract.child = replaced(w, expr->extract.child);
        return copy;
    default:
        return expr;
    }
}

/* ---- making the column ---- */

/* the interval that a text says; NULL: none */
static const struct hr_literal *interval_of(struct analysis *a, const char *words)
{
    struct hr_expr *interval = NULL;
    struct hr_err ignored;
    const char *sql = strchr(words, '\'') ? "" : hr_printf(a->arena, "INTERVAL '%s'", words);
    bool parsed = !a->env->ops->parse_expr(a->env, a->arena, sql, &interval, &ignored) &&
                  interval->kind == HR_EXPR_LITERAL;
    return parsed ? interval->literal : NULL;
}

/* microseconds of the text of an interval without months */
static enum hr_code duration(struct analysis *a, const struct hr_expr *expr, int64_t *out)
{
    bool text = expr->kind == HR_EXPR_LITERAL &&
                hr_is_string(expr->literal->type) &&
                !expr->literal->is_null;
    if (!text)
        return hr_refuse(a->err, "a computed duration of `window`");
    const char *words = hr_strndup(a->arena, expr->literal->text.bytes, expr->literal->text.len);
    const struct hr_literal *interval = interval_of(a, words);
    enum hr_type_id type = interval ? interval->type->id : HR_TYPE_VOID;
    if (type == HR_TYPE_YEAR_MONTH ||
        (type == HR_TYPE_CALENDAR_INTERVAL && interval->calendar.months))
        return hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_3231", "interval", words, NULL);
    if (type == HR_TYPE_DAY_TIME)
        *out = interval->integer;
    else if (type == HR_TYPE_CALENDAR_INTERVAL)
        *out = interval->calendar.days * HR_US_PER_DAY + interval->calendar.micros;
    else
        return hr_fail_spark(a->err, "CANNOT_PARSE_INTERVAL", "intervalString",
                             hr_printf(a->arena, "'%s'", words), NULL);
    return HR_OK;
}

struct gap {
    int64_t months, days, micros;
};

/* one number and unit of a gap, "5 minutes" */
static bool add_part(struct analysis *a, const char *number, const char *unit, struct gap *gap)
{
    const struct hr_literal *part = interval_of(a, hr_printf(a->arena, "%s %s", number, unit));
    if (!part)
        return false;
    bool whole_days = part->type->id == HR_TYPE_DAY_TIME && part->type->first_unit == HR_UNIT_DAY;
    if (part->type->id == HR_TYPE_YEAR_MONTH)
        gap->months += part->integer;
    else if (whole_days)
        gap->days += part->integer / HR_US_PER_DAY;
    else
        gap->micros += part->integer;
    return true;
}

/* A gap is of the calendar: months, days and time side by side, a day of it as long as its day is.
 * False: the text says no interval */
static bool parse_gap(struct analysis *a, const struct hr_literal *text, struct gap *gap)
{
    char *rest = hr_strndup(a->arena, text->text.bytes, text->text.len),
         *number = strtok_r(rest, " ", &rest);
    *gap = (struct gap){0};
    if (number && !strcasecmp(number, "interval"))
        number = strtok_r(NULL, " ", &rest);
    bool any = number;
    for (; number; number = strtok_r(NULL, " ", &rest)) {
        const char *unit = strtok_r(NULL, " ", &rest);
        if (!unit || !add_part(a, number, unit, gap))
            return false;
    }
    return any;
}

struct shape {
    const struct hr_expr *call;
    const char *qualifier;
    struct hr_expr *time;
    int64_t length, slide, start;
};

static const char *shape_sql(struct analysis *a, const struct shape *shape)
{
    const struct hr_expr *given = shape->call->call.args.at[0];
    const struct hr_names *name = &given->attribute.name;
    const char *time = given->kind == HR_EXPR_ATTRIBUTE ? name->at[name->count - 1] : "…";
    return hr_printf(a->arena, "\"window(%s, %lld, %lld, %lld)\"", time, (long long)shape->length,
                     (long long)shape->slide, (long long)shape->start);
}

static const char *long_sql(struct analysis *a, int64_t value)
{
    return hr_printf(a->arena, "%lldL", (long long)value);
}

static enum hr_code check_shape(struct analysis *a, const struct shape *shape)
{
    const char *sql = shape_sql(a, shape);
    const char *not_positive = shape->length <= 0  ? "`window_duration`"
                               : shape->slide <= 0 ? "`slide_duration`"
                                                   : NULL;
    if (not_positive)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "sqlExpr", sql,
                             "exprName", not_positive, "valueRange", "(0, 9223372036854775807]",
                             "currentValue",
                             long_sql(a, shape->length <= 0 ? shape->length : shape->slide), NULL);
    if (shape->slide > shape->length)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "sqlExpr",
                             sql, "leftExprName", "`slide_duration`", "leftExprValue",
                             long_sql(a, shape->slide), "constraint", "<=", "rightExprName",
                             "`window_duration`", "rightExprValue", long_sql(a, shape->length),
                             NULL);
    if (shape->start >= shape->slide || shape->start <= -shape->slide)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", "sqlExpr",
                             sql, "leftExprName", "`abs(start_time)`", "leftExprValue",
                             long_sql(a, shape->start < 0 ? -shape->start : shape->start),
                             "constraint", "<", "rightExprName", "`slide_duration`",
                             "rightExprValue", long_sql(a, shape->slide), NULL);
    return HR_OK;
}

static struct hr_expr *micros(struct analysis *a, int64_t value)
{
    return hr_expr_integer(a->arena, BASIC(LONG), value);
}

/* the window that began `back` microseconds before the last one that the time is in */
static struct hr_expr *window_at(struct analysis *a, const struct shape *shape, int64_t back)
{
    struct hr_expr *ends[2];
    for (int i = 0; i < 2; i++)
        ends[i] = hr_expr_call(a->arena, "$window_start", 4, shape->time, micros(a, shape->slide),
                               micros(a, shape->start), micros(a, i ? back - shape->length : back));
    return hr_expr_call(a->arena, "named_struct", 4, hr_expr_string(a->arena, "start"), ends[0],
                        hr_expr_string(a->arena, "end"), ends[1]);
}

static struct hr_rel *with_column(struct analysis *a,
                                  struct hr_rel *input,
                                  const struct shape *shape,
                                  struct hr_expr *value)
{
    struct hr_rel *project = hr_rel_new(a->arena, HR_REL_PROJECT, input);
    struct hr_expr *alias = hr_expr_new(a->arena, HR_EXPR_ALIAS);
    alias->alias.child = value;
    alias->alias.names = (struct hr_names){ARRAY(a, const char *, 1), 1};
    alias->alias.names.at[0] = column_name(shape->call);
    alias->alias.metadata = is_session_call(shape->call) ? "{\"spark.sessionWindow\":true}"
                                                         : "{\"spark.timeWindow\":true}";
    alias->alias.hidden_in = shape->qualifier;
    project->project.exprs = (struct hr_exprs){ARRAY(a, struct hr_expr *, 2), 2};
    project->project.exprs.at[0] = hr_expr_new(a->arena, HR_EXPR_STAR);
    project->project.exprs.at[0]->star.plan_id = HR_NO_PLAN_ID;
    project->project.exprs.at[1] = alias;
    return project;
}

static struct hr_expr *made_edge(struct analysis *a, const struct shape *shape, const char *name)
{
    struct hr_expr *edge = hr_expr_new(a->arena, HR_EXPR_EXTRACT);
    edge->extract.child = made_column(a, shape->call, shape->qualifier);
    edge->extract.extraction = hr_expr_string(a->arena, name);
    return edge;
}

static struct hr_rel *filtered(struct analysis *a, struct hr_rel *input, struct hr_expr *condition)
{
    struct hr_rel *filter = hr_rel_new(a->arena, HR_REL_FILTER, input);
    filter->filter.condition = condition;
    return filter;
}

static struct hr_rel *tumbling(struct analysis *a, struct hr_rel *input, const struct shape *shape)
{
    struct hr_rel *timed = filtered(a, input, hr_expr_call(a->arena, "isnotnull", 1, shape->time));
    return with_column(a, timed, shape, window_at(a, shape, 0));
}

#define OVERLAPS_MAX 100000

static enum hr_code sliding(struct analysis *a,
                            struct hr_rel *input,
                            const struct shape *shape,
                            struct hr_rel **out)
{
    int64_t count = shape->length / shape->slide + (shape->length % shape->slide != 0);
    if (count > OVERLAPS_MAX)
        return hr_fail(a->err, HR_E_LIMIT, "more than %d windows overlap; use a longer slide",
                       OVERLAPS_MAX);
    struct hr_expr *all = hr_expr_call(a->arena, "array", 0);
    all->call.args = (struct hr_exprs){ARRAY(a, struct hr_expr *, (size_t)count), (size_t)count};
    for (int64_t i = 0; i < count; i++)
        all->call.args.at[i] = window_at(a, shape, i * shape->slide);
    /* outer: Spark's column may be null here, though it never is */
    struct hr_rel *rows =
        with_column(a, input, shape, hr_expr_call(a->arena, "explode_outer", 1, all));
    struct hr_expr *after =
        hr_expr_call(a->arena, ">=", 2, shape->time, made_edge(a, shape, "start"));
    struct hr_expr *before =
        hr_expr_call(a->arena, "<", 2, shape->time, made_edge(a, shape, "end"));
    *out = filtered(a, rows, hr_expr_call(a->arena, "and", 2, after, before));
    return HR_OK;
}

/* ---- sessions: from a row's time to its gap later ---- */

static struct hr_expr *later(struct analysis *a,
                             const char *unit,
                             int64_t count,
                             struct hr_expr *time)
{
    return count ? hr_expr_call(a->arena, "timestampadd", 3, hr_expr_string(a->arena, unit),
                                micros(a, count), time)
                 : time;
}

static enum hr_code wrong_gap(struct analysis *a, const struct hr_type *type)
{
    static const char *const names[] = {
        [HR_TYPE_BOOLEAN] = "BooleanType", [HR_TYPE_INT] = "IntegerType",
        [HR_TYPE_LONG] = "LongType",       [HR_TYPE_DOUBLE] = "DoubleType",
        [HR_TYPE_DATE] = "DateType",       [HR_TYPE_TIMESTAMP] = "TimestampType",
    };
    const char *name =
        type->id < HR_LEN(names) && names[type->id] ? names[type->id] : hr_type_quoted(a, type);
    if (type->id == HR_TYPE_DAY_TIME)
        name = hr_printf(a->arena, "DayTimeIntervalType(%d,%d)", type->first_unit, type->last_unit);
    return hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_1040", "dt", name, NULL);
}

/* the time after the gap of a literal; NULL where the text is no interval, as in Spark: no row has
 * such a session */
static enum hr_code end_by_literal(struct analysis *a,
                                   const struct hr_literal *gap,
                                   struct hr_expr *start,
                                   struct hr_expr **out)
{
    *out = hr_expr_call(a->arena, "nullif", 2, start, start);
    if (gap->is_null)
        return HR_OK;
    if (!hr_is_string(gap->type))
        return wrong_gap(a, gap->type);
    struct gap parts;
    if (parse_gap(a, gap, &parts))
        *out = later(a, "MICROSECOND", parts.micros,
                     later(a, "DAY", parts.days, later(a, "MONTH", parts.months, start)));
    return HR_OK;
}

/* a gap is a literal, or chosen among literals by WHEN or IF */
static enum hr_code session_end(struct analysis *a,
                                const struct hr_expr *gap,
                                struct hr_expr *start,
                                struct hr_expr **out)
{
    if (gap->kind == HR_EXPR_LITERAL)
        return end_by_literal(a, gap->literal, start, out);
    const char *name = gap->kind == HR_EXPR_CALL ? gap->call.name.at[gap->call.name.count - 1] : "";
    bool is_if = !strcasecmp(name, "if");
    if (!is_if && strcasecmp(name, "when") && strcasecmp(name, "casewhen"))
        return hr_refuse(a->err, "a computed gap of `session_window`");
    struct hr_expr *copy = hr_expr_new(a->arena, HR_EXPR_CALL);
    *copy = *gap;
    size_t n = gap->call.args.count;
    copy->call.args.at = ARRAY(a, struct hr_expr *, n);
    for (size_t i = 0; i < n; i++) {
        bool is_value = is_if ? i > 0 : i % 2 || i + 1 == n;
        copy->call.args.at[i] = gap->call.args.at[i];
        if (is_value)
            HR_TRY(session_end(a, gap->call.args.at[i], start, &copy->call.args.at[i]));
    }
    *out = copy;
    return HR_OK;
}

static enum hr_code sessions(struct analysis *a,
                             struct hr_rel *input,
                             const struct shape *shape,
                             struct hr_rel **out)
{
    struct hr_expr *start = hr_expr_call(a->arena, "$session_start", 1, shape->time), *end;
    HR_TRY(session_end(a, shape->call->call.args.at[1], start, &end));
    struct hr_expr *value =
        hr_expr_call(a->arena, "named_struct", 4, hr_expr_string(a->arena, "start"), start,
                     hr_expr_string(a->arena, "end"), end);
    struct hr_rel *rows = with_column(a, input, shape, value);
    *out = filtered(
        a, rows,
        hr_expr_call(a->arena, ">", 2, made_edge(a, shape, "end"), made_edge(a, shape, "start")));
    return HR_OK;
}

/* ---- both ---- */

static enum hr_code wrong_count(struct analysis *a,
                                const struct hr_expr *call,
                                const char *expected)
{
    return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName",
                         hr_printf(a->arena, "`%s`", column_name(call)), "expectedNum", expected,
                         "actualNum", hr_printf(a->arena, "%zu", call->call.args.count), NULL);
}

static enum hr_code time_windows(struct analysis *a,
                                 struct hr_rel *input,
                                 struct shape *shape,
                                 struct hr_rel **out)
{
    const struct hr_exprs *args = &shape->call->call.args;
    HR_TRY(duration(a, args->at[1], &shape->length));
    shape->slide = shape->length;
    if (args->count > 2)
        HR_TRY(duration(a, args->at[2], &shape->slide));
    if (args->count > 3)
        HR_TRY(duration(a, args->at[3], &shape->start));
    HR_TRY(check_shape(a, shape));
    if (shape->slide < shape->length)
        return sliding(a, input, shape, out);
    *out = tumbling(a, input, shape);
    return HR_OK;
}

enum hr_code hr_time_windows(struct analysis *a,
                             const struct hr_rel *rel,
                             const struct hr_rel **out)
{
    struct windows w = {.a = a, .qualifier = hr_printf(a->arena, "$window%d", ++a->next_id)};
    struct hr_rel *copy = hr_rel_new(a->arena, rel->kind, rel->input);
    *copy = *rel;
    if (rel->kind == HR_REL_PROJECT) {
        copy->project.exprs = replaced_all(&w, &rel->project.exprs);
    } else {
        copy->aggregate.grouping = replaced_all(&w, &rel->aggregate.grouping);
        copy->aggregate.aggregates = replaced_all(&w, &rel->aggregate.aggregates);
        copy->aggregate.having = replaced(&w, rel->aggregate.having);
    }
    *out = rel;
    if (!w.call)
        return HR_OK;
    if (w.several)
        return hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_1039", NULL);
    const struct hr_exprs *args = &w.call->call.args;
    bool session = is_session_call(w.call);
    if (args->count < 2 || args->count > (session ? 2 : 4))
        return wrong_count(a, w.call, session ? "2" : "[2, 3, 4]");
    struct shape shape = {.call = w.call,
                          .qualifier = w.qualifier,
                          .time = hr_expr_call(a->arena, "$window_moment", 1, args->at[0])};
    HR_TRY(session ? sessions(a, rel->input, &shape, &copy->input)
                   : time_windows(a, rel->input, &shape, &copy->input));
    *out = copy;
    return HR_OK;
}
