/* How Spark writes an expression: automatic column names, and the SQL that error messages quote. */
#include "host/analyze/internal.h"
#include "host/value/value.h"

/* names leave out quotes; SQL text quotes strings. A timestamp is written in the session's zone.
 * Some messages name columns with their tables, some do not say of a column that it is the outer
 * query's. */
struct style {
    bool sql;
    const struct hr_zone *zone;
    bool qualified, no_outer;
};

static void write_expr(const struct hr_texpr *expr, struct style style, struct hr_buf *out);

static void write_list(const struct hr_texprs *list,
                       size_t from,
                       const char *between,
                       struct style style,
                       struct hr_buf *out)
{
    for (size_t i = from; i < list->count; i++) {
        if (i > from)
            hr_buf_adds(out, between);
        write_expr(list->at[i], style, out);
    }
}

static void write_orders(const struct hr_torders *orders,
                         const char *between,
                         struct style style,
                         struct hr_buf *out)
{
    for (size_t i = 0; i < orders->count; i++) {
        const struct hr_torder *order = &orders->at[i];
        hr_buf_adds(out, i ? between : "");
        write_expr(order->child, style, out);
        hr_buf_addf(out, " %s NULLS %s", order->descending ? "DESC" : "ASC",
                    order->nulls_first ? "FIRST" : "LAST");
    }
}

static void write_date(int64_t days, struct hr_buf *out)
{
    char text[HR_DATE_TEXT_MAX];
    hr_buf_add(out, text, hr_print_date((int32_t)days, text));
}

static void write_timestamp(int64_t us, const struct hr_zone *zone, struct hr_buf *out)
{
    char text[HR_TIMESTAMP_TEXT_MAX];
    hr_buf_add(out, text, hr_print_clock(hr_zone_clock(zone, us), text));
}

static void write_double(double value, bool single, struct hr_buf *out)
{
    char text[HR_DOUBLE_TEXT_MAX];
    hr_buf_add(out, text,
               single ? hr_print_float((float)value, text) : hr_print_double(value, text));
}

static void write_interval(const struct hr_type *type, int64_t value, struct hr_buf *out)
{
    char text[HR_INTERVAL_TEXT_MAX];
    hr_buf_add(out, text,
               type->id == HR_TYPE_DAY_TIME
                   ? hr_print_day_time(value, type->first_unit, type->last_unit, text)
                   : hr_print_year_month((int32_t)value, type->first_unit, type->last_unit, text));
}

static void write_items(const struct hr_literal *literal, struct style style, struct hr_buf *out);

static void write_literal(const struct hr_literal *literal, struct style style, struct hr_buf *out)
{
    if (literal->is_null) {
        if (!style.sql || literal->type->id == HR_TYPE_VOID) {
            hr_buf_adds(out, "NULL");
            return;
        }
        hr_buf_adds(out, "CAST(NULL AS ");
        hr_type_sql(literal->type, out);
        hr_buf_addc(out, ')');
        return;
    }
    switch (literal->type->id) {
    case HR_TYPE_BOOLEAN:
        hr_buf_adds(out, literal->boolean ? "true" : "false");
        break;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        if (style.sql)
            hr_buf_addc(out, '\'');
        for (size_t i = 0; i < literal->text.len; i++) {
            char c = literal->text.bytes[i];
            if (style.sql && (c == '\'' || c == '\\'))
                hr_buf_addc(out, '\\');
            hr_buf_addc(out, c);
        }
        if (style.sql)
            hr_buf_addc(out, '\'');
        break;
    case HR_TYPE_BINARY:
        hr_buf_adds(out, "X'");
        for (size_t i = 0; i < literal->text.len; i++)
            hr_buf_addf(out, "%02X", (unsigned char)literal->text.bytes[i]);
        hr_buf_addc(out, '\'');
        break;
    case HR_TYPE_DECIMAL:
        hr_buf_add(out, literal->text.bytes, literal->text.len);
        if (style.sql)
            hr_buf_adds(out, "BD");
        break;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        if (style.sql && literal->type->id == HR_TYPE_FLOAT)
            hr_buf_adds(out, "CAST(");
        write_double(literal->real, literal->type->id == HR_TYPE_FLOAT, out);
        if (style.sql)
            hr_buf_adds(out, literal->type->id == HR_TYPE_FLOAT ? " AS FLOAT)" : "D");
        break;
    case HR_TYPE_DATE:
        hr_buf_adds(out, "DATE '");
        write_date(literal->integer, out);
        hr_buf_addc(out, '\'');
        break;
    case HR_TYPE_TIMESTAMP:
        hr_buf_adds(out, "TIMESTAMP '");
        write_timestamp(literal->integer, style.zone, out);
        hr_buf_addc(out, '\'');
        break;
    case HR_TYPE_TIMESTAMP_NTZ:
        hr_buf_adds(out, "TIMESTAMP_NTZ '");
        write_timestamp(literal->integer, hr_zone_utc(), out);
        hr_buf_addc(out, '\'');
        break;
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
        write_interval(literal->type, literal->integer, out);
        break;
    case HR_TYPE_LONG:
        hr_buf_addf(out, style.sql ? "%lldL" : "%lld", (long long)literal->integer);
        break;
    case HR_TYPE_SHORT:
        hr_buf_addf(out, style.sql ? "%lldS" : "%lld", (long long)literal->integer);
        break;
    case HR_TYPE_BYTE:
        hr_buf_addf(out, style.sql ? "%lldY" : "%lld", (long long)literal->integer);
        break;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
    case HR_TYPE_STRUCT:
        write_items(literal, style, out);
        break;
    default:
        hr_buf_addf(out, "%lld", (long long)literal->integer);
        break;
    }
}

static void write_items(const struct hr_literal *literal, struct style style, struct hr_buf *out)
{
    bool fields = literal->type->id == HR_TYPE_STRUCT;
    hr_buf_adds(out, fields                             ? "NAMED_STRUCT("
                     : literal->type->id == HR_TYPE_MAP ? "MAP("
                                                        : "ARRAY(");
    for (size_t i = 0; i < literal->items.count; i++) {
        if (i)
            hr_buf_adds(out, ", ");
        if (fields)
            hr_buf_addf(out, "'%s', ", literal->type->fields[i].name);
        write_literal(literal->items.at[i], style, out);
    }
    hr_buf_addc(out, ')');
}

static void write_call(const struct hr_texpr *expr, struct style style, struct hr_buf *out);

static void write_case(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    const struct hr_texprs *args = &expr->call.args;
    hr_buf_adds(out, "CASE");
    size_t i = 0;
    for (; i + 1 < args->count; i += 2) {
        hr_buf_adds(out, " WHEN ");
        write_expr(args->at[i], style, out);
        hr_buf_adds(out, " THEN ");
        write_expr(args->at[i + 1], style, out);
    }
    if (i < args->count) {
        hr_buf_adds(out, " ELSE ");
        write_expr(args->at[i], style, out);
    }
    hr_buf_adds(out, " END");
}

static void write_template(const struct hr_texpr *expr,
                           const char *template,
                           struct style style,
                           struct hr_buf *out)
{
    const struct hr_texprs *args = &expr->call.args;
    bool forms = expr->call.function->least != expr->call.function->most,
         distinct = expr->call.distinct;
    for (const char *p = template; *p && !(forms && *p == '|'); p++) {
        if (*p != '$') {
            hr_buf_addc(out, *p);
            if (*p == '(' && distinct)
                hr_buf_adds(out, "DISTINCT ");
            distinct = distinct && *p != '(';
            continue;
        }
        p++;
        if (*p == '*')
            write_list(args, 0, ", ", style, out);
        else if (*p == '+')
            write_list(args, 1, ", ", style, out);
        else if ((size_t)(*p - '1') < args->count)
            write_expr(args->at[*p - '1'], style, out);
    }
}

/* several forms parted by '|', as in the catalogue's templates */
static const char *pretty_for(const struct hr_function *function, size_t count)
{
    const char *p = function->pretty;
    for (int skip = (int)count - function->least;
         skip > 0 && function->least != function->most && strchr(p, '|'); skip--)
        p = strchr(p, '|') + 1;
    return p;
}

static void write_call(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    const struct hr_function *function = expr->call.function;
    const struct hr_texprs *args = &expr->call.args;
    if (expr->call.hidden_name && args->count) {
        write_expr(args->at[0], style, out);
        return;
    }
    if (hr_function_is(function, "$update")) {
        hr_buf_adds(out, "update_fields(");
        write_expr(args->at[1], style, out);
        hr_buf_adds(out, args->count > 2 ? ", WithField(" : ", dropfield(");
        if (args->count > 2)
            write_expr(args->at[2], style, out);
        hr_buf_adds(out, "))");
    } else if (!strcmp(expr->call.name,
                       "$negate")) { /* SQL's minus sign; negative(x) prints itself */
        hr_buf_adds(out, "(- ");
        write_expr(args->at[0], style, out);
        hr_buf_addc(out, ')');
    } else if (hr_function_is(function, "when"))
        write_case(expr, style, out);
    else if (function->pretty)
        write_template(expr, pretty_for(function, args->count), style, out);
    else {
        hr_buf_adds(out, expr->call.name);
        hr_buf_addc(out, '(');
        if (expr->call.distinct)
            hr_buf_adds(out, "DISTINCT ");
        struct hr_texprs shown = {args->at, args->count - expr->call.hidden_last};
        write_list(&shown, 0, ", ", style, out);
        /* the finish that Spark puts in */
        if (hr_function_is(function, "aggregate") && args->count == 3)
            hr_buf_adds(out, ", lambdafunction(namedlambdavariable(), namedlambdavariable())");
        hr_buf_addc(out, ')');
    }
    if (expr->call.within_group.count) {
        hr_buf_adds(out, " WITHIN GROUP (ORDER BY ");
        write_orders(&expr->call.within_group, ", ", style, out);
        hr_buf_addc(out, ')');
    }
    if (expr->call.filter) {
        hr_buf_adds(out, " FILTER (WHERE ");
        write_expr(expr->call.filter, style, out);
        hr_buf_addc(out, ')');
    }
}

static void write_bound(enum hr_bound_kind kind,
                        const struct hr_texpr *value,
                        struct style style,
                        struct hr_buf *out)
{
    switch (kind) {
    case HR_BOUND_UNBOUNDED_PRECEDING:
        hr_buf_adds(out, "UNBOUNDED PRECEDING");
        return;
    case HR_BOUND_UNBOUNDED_FOLLOWING:
        hr_buf_adds(out, "UNBOUNDED FOLLOWING");
        return;
    case HR_BOUND_CURRENT_ROW:
        hr_buf_adds(out, "CURRENT ROW");
        return;
    case HR_BOUND_VALUE:
        break;
    }
    if (value->kind == HR_T_CALL && hr_function_is(value->call.function, "negative")) {
        write_expr(value->call.args.at[0], style, out);
        hr_buf_adds(out, " PRECEDING");
        return;
    }
    /* under a cast, 1 PRECEDING is (- 1) FOLLOWING */
    write_expr(value, style, out);
    hr_buf_adds(out, " FOLLOWING");
}

static void write_offset_frame(const struct hr_texpr *function,
                               const struct hr_tframe *frame,
                               struct hr_buf *out)
{
    /* Spark keeps lag and lead as a one-row frame, and prints a lag's offset negated */
    bool lag = hr_function_is(function->call.function, "lag");
    int64_t n = frame->lower_value->kind == HR_T_LITERAL ? frame->lower_value->literal->integer : 1;
    if (lag)
        hr_buf_addf(out, "ROWS BETWEEN %lld FOLLOWING AND %lld FOLLOWING", (long long)-n,
                    (long long)-n);
    else
        hr_buf_addf(out, "ROWS BETWEEN %lld FOLLOWING AND %lld FOLLOWING", (long long)n,
                    (long long)n);
}

static void write_frame(const struct hr_tframe *frame, struct style style, struct hr_buf *out)
{
    hr_buf_adds(out, frame->kind == HR_FRAME_ROWS ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    write_bound(frame->lower, frame->lower_value, style, out);
    hr_buf_adds(out, " AND ");
    write_bound(frame->upper, frame->upper_value, style, out);
}

static void write_specification(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    hr_buf_addc(out, '(');
    if (expr->window.partition.count) {
        hr_buf_adds(out, "PARTITION BY ");
        write_list(&expr->window.partition, 0, ", ", style, out);
        hr_buf_addc(out, ' ');
    }
    if (expr->window.order.count) {
        hr_buf_adds(out, "ORDER BY ");
        write_orders(&expr->window.order, ", ", style, out);
        hr_buf_addc(out, ' ');
    }
    const struct hr_tframe *frame = &expr->window.frame;
    const char *name = expr->window.function->call.function->name;
    if (!strcmp(name, "lag") || !strcmp(name, "lead"))
        write_offset_frame(expr->window.function, frame, out);
    else
        write_frame(frame, style, out);
    hr_buf_addc(out, ')');
}

static void write_window(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    write_expr(expr->window.function, style, out);
    hr_buf_adds(out, " OVER ");
    write_specification(expr, style, out);
}

static void write_lambda(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    hr_buf_adds(out, "lambdafunction(");
    write_expr(expr->lambda.body, style, out);
    for (size_t i = 0; i < expr->lambda.count; i++)
        hr_buf_addf(out, ", namedlambdavariable()");
    hr_buf_addc(out, ')');
}

static void write_column(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    const struct hr_attr *attr = expr->column.attr;
    bool outer = expr->column.outer && !style.no_outer;
    hr_buf_adds(out, outer ? "outer(" : "");
    for (size_t i = 0; (outer || style.qualified) && i < attr->qualifier.count; i++)
        hr_buf_addf(out, "%s.", attr->qualifier.at[i]);
    hr_buf_adds(out, attr->name);
    hr_buf_adds(out, outer ? ")" : "");
}

struct outer_names {
    struct hr_buf *out;
    bool some;
};

static enum hr_code write_outer(void *arg, struct hr_texpr **column)
{
    struct outer_names *names = arg;
    hr_buf_addf(names->out, "%s%s", names->some ? ", " : "", (*column)->column.attr->name);
    names->some = true;
    return HR_OK;
}

static void write_subquery(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    static const char *const names[] = {
        [HR_SUBQUERY_SCALAR] = "scalarsubquery(",
        [HR_SUBQUERY_EXISTS] = "exists(",
        [HR_SUBQUERY_IN] = "listquery(",
        [HR_SUBQUERY_TABLE_ARG] = "table(",
    };
    struct outer_names outer = {out, false};
    bool in = expr->subquery.kind == HR_SUBQUERY_IN;
    if (in) {
        hr_buf_addc(out, '(');
        write_list(&expr->subquery.values, 0, ", ", style, out);
        hr_buf_adds(out, " IN (");
    }
    hr_buf_adds(out, names[expr->subquery.kind]);
    if (expr->subquery.plan)
        hr_each_outer(expr, write_outer, &outer);
    hr_buf_adds(out, in ? ")))" : ")");
}

static void write_expr(const struct hr_texpr *expr, struct style style, struct hr_buf *out)
{
    switch (expr->kind) {
    case HR_T_LITERAL:
        write_literal(expr->literal, style, out);
        return;
    case HR_T_COLUMN:
        write_column(expr, style, out);
        return;
    case HR_T_VARIABLE:
        hr_buf_adds(out, "namedlambdavariable()");
        return;
    case HR_T_CALL:
        write_call(expr, style, out);
        return;
    case HR_T_CAST:
        /* Spark prints no cast to a nested type */
        if (expr->cast.implicit ||
            expr->type->id == HR_TYPE_ARRAY ||
            expr->type->id == HR_TYPE_MAP ||
            expr->type->id == HR_TYPE_STRUCT) {
            write_expr(expr->cast.child, style, out);
            return;
        }
        hr_buf_adds(out, expr->cast.mode == HR_CAST_TRY ? "TRY_CAST(" : "CAST(");
        write_expr(expr->cast.child, style, out);
        hr_buf_adds(out, " AS ");
        hr_type_sql(expr->type, out);
        hr_buf_addc(out, ')');
        return;
    case HR_T_FIELD:
        write_expr(expr->field.child, style, out);
        hr_buf_addf(out, ".%s", expr->field.name);
        return;
    case HR_T_WINDOW:
        write_window(expr, style, out);
        return;
    case HR_T_SUBQUERY:
        write_subquery(expr, style, out);
        return;
    case HR_T_LAMBDA:
        write_lambda(expr, style, out);
        return;
    case HR_T_ALIAS:
        write_expr(expr->alias.child, style, out);
        hr_buf_addf(out, " AS %s", expr->alias.name);
        return;
    case HR_T_UDF:
        hr_buf_addf(out, "%s(", expr->udf.udf->udf.name);
        write_list(&expr->udf.args, 0, ", ", style, out);
        hr_buf_addc(out, ')');
        return;
    }
}

static const char *styled(struct analysis *a, const struct hr_texpr *expr, struct style style)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    style.zone = a->zone;
    write_expr(expr, style, &buf);
    return hr_buf_keep(&buf, a->arena);
}

const char *hr_pretty_name(struct analysis *a, const struct hr_texpr *expr)
{
    return styled(a, expr, (struct style){0});
}
const char *hr_qualified_name(struct analysis *a, const struct hr_texpr *expr)
{
    return styled(a, expr, (struct style){.qualified = true});
}
const char *hr_name_without_outer(struct analysis *a, const struct hr_texpr *expr)
{
    return styled(a, expr, (struct style){.no_outer = true});
}

typedef void write_part(const struct hr_texpr *expr, struct style style, struct hr_buf *out);

static const char *quoted_part(struct analysis *a, const struct hr_texpr *expr, write_part *write)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_buf_addc(&buf, '"');
    write(expr, (struct style){.zone = a->zone}, &buf);
    hr_buf_addc(&buf, '"');
    return hr_buf_keep(&buf, a->arena);
}

static void write_frame_of(const struct hr_texpr *window, struct style style, struct hr_buf *out)
{
    write_frame(&window->window.frame, style, out);
}

const char *hr_frame_sql(struct analysis *a, const struct hr_texpr *window)
{
    return quoted_part(a, window, write_frame_of);
}
const char *hr_window_spec_sql(struct analysis *a, const struct hr_texpr *window)
{
    return quoted_part(a, window, write_specification);
}

const char *hr_orders_text(struct analysis *a, const struct hr_torders *orders)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    write_orders(orders, ",", (struct style){.zone = a->zone}, &buf);
    return hr_buf_keep(&buf, a->arena);
}

/* messages quote the pretty form: toSQLExpr is toPrettySQL in double quotes */
const char *hr_expr_sql(struct analysis *a, const struct hr_texpr *expr)
{
    return hr_printf(a->arena, "\"%s\"", hr_pretty_name(a, expr));
}

const char *hr_type_quoted(struct analysis *a, const struct hr_type *type)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_BUF_GROWS);
    hr_type_sql(type, &buf);
    const char *text = hr_printf(a->arena, "\"%s\"", hr_buf_text(&buf));
    hr_buf_release(&buf);
    return text;
}
