/* Expressions to SQL. Every call's result is cast to the type that Spark gives it, so DuckDB's own
 * result types never show. */
#include "host/duck/quote.h"
#include "host/duck/type.h"
#include "host/engine/emit/bind.h"
#include "host/engine/emit/call.h"
#include "host/engine/emit/outer.h"
#include "host/engine/emit/select.h"
#include "host/plan/python_work.h"
#include "base/limits.h"
#include <math.h>
#include <stdlib.h>

#define SHIELD_DEPTH 16
#define OR_TERMS_MAX                                                            \
    64 /* of one OR that the engine sees: it tries each term against each other \
        */
#define DAY_US 86400000000LL

/* ---- literals ---- */

static void write_items(const struct hr_literal *literal, struct hr_buf *out)
{
    if (literal->type->id == HR_TYPE_STRUCT) {
        hr_buf_addc(out, '{');
        for (size_t i = 0; i < literal->items.count; i++) {
            hr_buf_addf(out, "%sf%zu: ", i ? ", " : "", i);
            hr_emit_literal(literal->items.at[i], out);
        }
        hr_buf_addc(out, '}');
        return;
    }
    bool map = literal->type->id == HR_TYPE_MAP;
    hr_buf_adds(out, map ? "MAP([" : "[");
    for (size_t i = 0; i < literal->items.count; i += map ? 2 : 1) {
        if (i)
            hr_buf_adds(out, ", ");
        hr_emit_literal(literal->items.at[i], out);
    }
    if (map) {
        hr_buf_adds(out, "], [");
        for (size_t i = 1; i < literal->items.count; i += 2) {
            if (i > 1)
                hr_buf_adds(out, ", ");
            hr_emit_literal(literal->items.at[i], out);
        }
        hr_buf_adds(out, "])");
    } else
        hr_buf_addc(out, ']');
}

void hr_emit_literal(const struct hr_literal *literal, struct hr_buf *out)
{
    enum hr_type_id id = literal->type->id;
    if (!literal->is_null) {
        switch (id) {
        case HR_TYPE_BOOLEAN:
            hr_buf_adds(out, literal->boolean ? "true" : "false");
            return;
        case HR_TYPE_TIMESTAMP:
            hr_buf_addf(out, "(make_timestamp(CAST(%lld AS BIGINT)) AT TIME ZONE 'UTC')",
                        (long long)literal->integer);
            return;
        case HR_TYPE_TIMESTAMP_NTZ:
            hr_buf_addf(out, "make_timestamp(CAST(%lld AS BIGINT))", (long long)literal->integer);
            return;
        case HR_TYPE_DATE:
            hr_buf_addf(out, "(DATE '1970-01-01' + CAST(%lld AS INTEGER))",
                        (long long)literal->integer);
            return;
        case HR_TYPE_BINARY:
            hr_buf_adds(out, "unhex('");
            for (size_t i = 0; i < literal->text.len; i++)
                hr_buf_addf(out, "%02X", (unsigned char)literal->text.bytes[i]);
            hr_buf_adds(out, "')");
            return;
        case HR_TYPE_CALENDAR_INTERVAL:
            hr_buf_addf(out, "(to_months(%d) + to_days(%d) + to_microseconds(%lld))",
                        literal->calendar.months, literal->calendar.days,
                        (long long)literal->calendar.micros);
            return;
        default:
            break;
        }
    }
    hr_buf_adds(out, "CAST(");
    if (literal->is_null)
        hr_buf_adds(out, "NULL");
    else
        switch (id) {
        case HR_TYPE_STRING:
        case HR_TYPE_CHAR:
        case HR_TYPE_VARCHAR:
            hr_duck_text(literal->text.bytes, literal->text.len, out);
            break;
        case HR_TYPE_DECIMAL:
            hr_duck_text(literal->text.bytes, literal->text.len, out);
            break;
        case HR_TYPE_FLOAT:
        case HR_TYPE_DOUBLE:
            if (isnan(literal->real) || isinf(literal->real))
                hr_buf_adds(out, isnan(literal->real) ? "'NaN'"
                                 : literal->real < 0  ? "'-Infinity'"
                                                      : "'Infinity'");
            else
                hr_buf_addf(out, "'%.17g'", literal->real);
            break;
        case HR_TYPE_ARRAY:
        case HR_TYPE_MAP:
        case HR_TYPE_STRUCT:
            write_items(literal, out);
            break;
        default:
            if (literal->integer == INT64_MIN) /* no such positive number to negate */
                hr_buf_adds(out, "'-9223372036854775808'");
            else
                hr_buf_addf(out, "%lld", (long long)literal->integer);
            break;
        }
    hr_buf_adds(out, " AS ");
    hr_duck_type_sql(literal->type, out);
    hr_buf_addc(out, ')');
}

/* ---- casts ---- */

static int integral_rank(const struct hr_type *type)
{
    return type->id >= HR_TYPE_BYTE && type->id <= HR_TYPE_LONG ? type->id - HR_TYPE_BYTE + 1 : 0;
}

static bool decimal_holds_all(const struct hr_type *from, const struct hr_type *to)
{
    static const int digits[] = {
        [HR_TYPE_BYTE] = 3, [HR_TYPE_SHORT] = 5, [HR_TYPE_INT] = 10, [HR_TYPE_LONG] = 19};
    if (from->id == HR_TYPE_DECIMAL)
        return to->precision - to->scale >= from->precision - from->scale &&
               to->scale >= from->scale;
    return integral_rank(from) && to->precision - to->scale >= digits[from->id];
}

/* casts that DuckDB does exactly as Spark, for every value */
bool hr_is_native_cast(const struct hr_type *from, const struct hr_type *to)
{
    int f = integral_rank(from), t = integral_rank(to);
    if (f && t)
        return f <= t;
    bool real = to->id == HR_TYPE_FLOAT || to->id == HR_TYPE_DOUBLE,
         text = to->id == HR_TYPE_STRING;
    switch (from->id) {
    case HR_TYPE_VOID:
        return true;
    case HR_TYPE_BOOLEAN:
        return t || real || text;
    case HR_TYPE_BYTE:
    case HR_TYPE_SHORT:
    case HR_TYPE_INT:
    case HR_TYPE_LONG:
        return real ||
               text ||
               (to->id == HR_TYPE_DECIMAL && decimal_holds_all(from, to)) ||
               to->id == HR_TYPE_BOOLEAN;
    case HR_TYPE_FLOAT:
        return to->id == HR_TYPE_DOUBLE || to->id == HR_TYPE_BOOLEAN;
    case HR_TYPE_DOUBLE:
        return to->id == HR_TYPE_FLOAT ? false : to->id == HR_TYPE_BOOLEAN;
    case HR_TYPE_DECIMAL:
        return to->id == HR_TYPE_DECIMAL && decimal_holds_all(from, to);
    case HR_TYPE_TIMESTAMP_NTZ:
        return to->id == HR_TYPE_DATE;
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_STRING:
        return to->id == HR_TYPE_STRING || to->id == HR_TYPE_CHAR || to->id == HR_TYPE_VARCHAR;
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
        return to->id == from->id && to->last_unit >= from->last_unit;
    default:
        return false;
    }
}

static bool text_type(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR;
}

static enum hr_code cast_nested(struct emit *e,
                                const char *text,
                                const struct hr_type *from,
                                const struct hr_type *to,
                                enum hr_cast_mode mode,
                                struct hr_buf *out)
{
    if (from->id == HR_TYPE_ARRAY) {
        const char *item = hr_printf(e->arena, "v%d", ++e->next_table);
        hr_buf_addf(out, "list_transform(%s, lambda %s: ", text, item);
        HR_TRY(hr_emit_cast(e, item, from->element, to->element, mode, out));
        hr_buf_addc(out, ')');
        return HR_OK;
    }
    if (from->id == HR_TYPE_MAP) {
        const char *item = hr_printf(e->arena, "v%d", ++e->next_table);
        hr_buf_addf(
            out, "CASE WHEN %s IS NULL THEN NULL ELSE MAP(list_transform(map_keys(%s), lambda %s: ",
            text, text, item);
        HR_TRY(hr_emit_cast(e, item, from->key, to->key, mode, out));
        hr_buf_addf(out, "), list_transform(map_values(%s), lambda %s: ", text, item);
        HR_TRY(hr_emit_cast(e, item, from->element, to->element, mode, out));
        hr_buf_adds(out, ")) END");
        return HR_OK;
    }
    hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE {", text);
    for (size_t i = 0; i < from->field_count; i++) {
        hr_buf_addf(out, "%sf%zu: ", i ? ", " : "", i);
        const char *field = hr_printf(e->arena, "struct_extract(%s, 'f%zu')", text, i);
        HR_TRY(hr_emit_cast(e, field, from->fields[i].type, to->fields[i].type, mode, out));
    }
    hr_buf_adds(out, "} END");
    return HR_OK;
}

/* an interval's last unit is what a number counts */
static long long unit_size(const struct hr_type *type)
{
    if (type->id == HR_TYPE_YEAR_MONTH)
        return type->last_unit == HR_UNIT_MONTH ? 1 : 12;
    /* day, hour, minute, second */
    static const long long micros[] = {86400000000ll, 3600000000ll, 60000000ll, 1000000ll};
    return micros[type->last_unit - HR_UNIT_DAY];
}

/* SQL that fails with Spark's CAST_OVERFLOW, the value put in when it happens */
static const char *cast_overflow(struct emit *e,
                                 const char *text,
                                 const struct hr_type *from,
                                 const struct hr_type *to)
{
    struct hr_err overflow = {0};
    struct hr_buf sql, types[2];
    const char *suffix = from->id == HR_TYPE_BYTE    ? "Y"
                         : from->id == HR_TYPE_SHORT ? "S"
                         : from->id == HR_TYPE_LONG  ? "L"
                                                     : "";
    for (int i = 0; i < 2; i++) {
        hr_buf_init(&types[i], HR_BUF_GROWS);
        hr_buf_addc(&types[i], '"');
        hr_type_sql(i ? to : from, &types[i]);
        hr_buf_addc(&types[i], '"');
    }
    hr_fail_spark(&overflow, "CAST_OVERFLOW", "value", "@value@", "sourceType",
                  hr_buf_text(&types[0]), "targetType", hr_buf_text(&types[1]), "ansiConfig",
                  "\"spark.sql.ansi.enabled\"", NULL);
    char *encoded = hr_err_encoded(&overflow);
    hr_buf_init(&sql, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&sql, "error(replace(");
    hr_duck_text(encoded, strlen(encoded), &sql);
    hr_buf_addf(&sql, ", '@value@', CAST(%s AS VARCHAR) || '%s'))", text, suffix);
    free(encoded);
    hr_buf_release(&types[0]);
    hr_buf_release(&types[1]);
    return hr_sel_take(e, &sql);
}

static enum hr_code number_to_interval(struct emit *e,
                                       const char *text,
                                       const struct hr_type *from,
                                       const struct hr_type *to,
                                       enum hr_cast_mode mode,
                                       struct hr_buf *out)
{
    const char *integer = to->id == HR_TYPE_YEAR_MONTH ? "INTEGER" : "BIGINT";
    const char *product = hr_printf(e->arena, "(CAST(%s AS HUGEINT) * %lld)", text, unit_size(to));
    if (mode == HR_CAST_ANSI)
        hr_buf_addf(
            out,
            "(CASE WHEN %s IS NULL OR TRY_CAST(%s AS %s) IS NOT NULL THEN TRY_CAST(%s AS %s) ELSE CAST(%s AS %s) END)",
            text, product, integer, product, integer, cast_overflow(e, text, from, to), integer);
    else
        hr_buf_addf(out, "TRY_CAST(%s AS %s)", product, integer);
    return HR_OK;
}

static enum hr_code interval_to_decimal(struct emit *e,
                                        const char *text,
                                        const struct hr_type *from,
                                        const struct hr_type *to,
                                        enum hr_cast_mode mode,
                                        struct hr_buf *out)
{
    const struct hr_type *wide = hr_type_decimal(e->arena, 38, 6);
    const char *value =
        from->id == HR_TYPE_DAY_TIME && from->last_unit == HR_UNIT_SECOND
            ? hr_printf(e->arena, "(CAST(%s AS DECIMAL(38,6)) * CAST(0.000001 AS DECIMAL(7,6)))",
                        text)
            : hr_printf(e->arena, "(%s // %lld)", text, unit_size(from));
    return hr_emit_cast(e, hr_printf(e->arena, "CAST(%s AS DECIMAL(38,6))", value), wide, to, mode,
                        out);
}

enum hr_code hr_emit_cast(struct emit *e,
                          const char *text,
                          const struct hr_type *from,
                          const struct hr_type *to,
                          enum hr_cast_mode mode,
                          struct hr_buf *out)
{
    if (hr_type_same_shape(from, to)) {
        hr_buf_adds(out, text);
        return HR_OK;
    }
    if (hr_is_native_cast(from, to)) {
        hr_buf_addf(out, "CAST(%s AS %s)", text, hr_type_text(e, to));
        return HR_OK;
    }
    if (from->id == to->id &&
        (from->id == HR_TYPE_ARRAY || from->id == HR_TYPE_MAP || from->id == HR_TYPE_STRUCT))
        return cast_nested(e, text, from, to, mode, out);
    if (hr_type_is_integral(from) && (to->id == HR_TYPE_YEAR_MONTH || to->id == HR_TYPE_DAY_TIME))
        return number_to_interval(e, text, from, to, mode, out);
    if (to->id == HR_TYPE_DECIMAL &&
        (from->id == HR_TYPE_YEAR_MONTH || from->id == HR_TYPE_DAY_TIME))
        return interval_to_decimal(e, text, from, to, mode, out);
    /* the kernel reads none of its text: it would find NULL everywhere */
    if (to->id == HR_TYPE_CALENDAR_INTERVAL)
        return hr_refuse(e->err, "casts to INTERVAL");
    if (to->id == HR_TYPE_VARIANT || from->id == HR_TYPE_VARIANT)
        return hr_refuse(e->err, "casts of VARIANT");
    const char *name = mode == HR_CAST_ANSI  ? "cast"
                       : mode == HR_CAST_TRY ? "try_cast"
                                             : "legacy_cast";
    const struct hr_type *target = text_type(to) ? hr_type_basic(HR_TYPE_STRING) : to;
    HR_TRY(hr_emit_kernel(e, name, strlen(name), target, &from, 1, out));
    hr_buf_addf(out, "(%s)", text);
    return HR_OK;
}

/* ---- windows ---- */

#define BEHIND_EVERYTHING \
    "ROWS BETWEEN 1000000000000 FOLLOWING AND 1000000000000 FOLLOWING" /* a frame without rows */

static bool is_before(const struct hr_literal *offset)
{
    switch (offset->type->id) {
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        return signbit(offset->real);
    case HR_TYPE_DECIMAL:
        return *offset->text.bytes == '-';
    case HR_TYPE_CALENDAR_INTERVAL:
        return false; /* its parts have signs of their own */
    default:
        return offset->integer < 0;
    }
}

static bool is_least(const struct hr_literal *literal)
{
    switch (literal->type->id) {
    case HR_TYPE_BYTE:
        return literal->integer == INT8_MIN;
    case HR_TYPE_SHORT:
        return literal->integer == INT16_MIN;
    case HR_TYPE_INT:
        return literal->integer == INT32_MIN;
    default:
        return false;
    }
}

static struct hr_literal without_sign(const struct hr_literal *offset)
{
    struct hr_literal plain = *offset;
    if (!is_before(offset))
        return plain;
    if (is_least(offset)) /* its opposite is not of its type */
        plain.type = hr_type_basic(HR_TYPE_LONG);
    switch (offset->type->id) {
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        plain.real = -plain.real;
        return plain;
    case HR_TYPE_DECIMAL:
        plain.text.bytes++;
        plain.text.len--;
        return plain;
    default:
        plain.integer = plain.integer == INT64_MIN ? INT64_MAX : -plain.integer;
        return plain;
    }
}

/* Dates go by days, times by days and microseconds, as Spark adds them: a day is not always 24
 * hours. */
static void distance(const struct hr_literal *offset,
                     const struct hr_type *order,
                     struct hr_buf *out)
{
    bool date = order->id == HR_TYPE_DATE,
         of_time = date || order->id == HR_TYPE_TIMESTAMP || order->id == HR_TYPE_TIMESTAMP_NTZ;
    long long n = offset->integer;
    if (of_time && offset->type->id == HR_TYPE_YEAR_MONTH)
        hr_buf_addf(out, "to_months(%lld)", n);
    else if (date && offset->type->id == HR_TYPE_DAY_TIME)
        hr_buf_addf(out, "%lld", n / DAY_US);
    else if (of_time && offset->type->id == HR_TYPE_DAY_TIME)
        hr_buf_addf(out, "(to_days(%lld) + to_microseconds(%lld))", n / DAY_US, n % DAY_US);
    else
        hr_emit_literal(offset, out);
}

static void frame_bound(enum hr_bound_kind kind,
                        const struct hr_literal *offset,
                        const struct hr_type *order,
                        struct hr_buf *out)
{
    static const char *const names[] = {
        [HR_BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING",
        [HR_BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING",
        [HR_BOUND_CURRENT_ROW] = "CURRENT ROW",
    };
    if (kind != HR_BOUND_VALUE) {
        hr_buf_adds(out, names[kind]);
        return;
    }
    struct hr_literal plain = without_sign(offset);
    distance(&plain, order, out);
    hr_buf_adds(out, is_before(offset) ? " PRECEDING" : " FOLLOWING");
}

static bool is_zero(const struct hr_literal *offset)
{
    switch (offset->type->id) {
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        return offset->real == 0;
    case HR_TYPE_DECIMAL:
        return strspn(offset->text.bytes, "-0.") >= offset->text.len;
    case HR_TYPE_CALENDAR_INTERVAL:
        return !offset->calendar.months && !offset->calendar.days && !offset->calendar.micros;
    default:
        return !offset->integer;
    }
}

/* From behind this row up to it, or from it to one before: no row at all in Spark, and nothing that
 * the engine takes. */
static bool is_empty(const struct hr_tframe *frame)
{
    if (frame->lower == HR_BOUND_VALUE && frame->upper == HR_BOUND_CURRENT_ROW)
        return !is_before(frame->lower_offset);
    if (frame->lower == HR_BOUND_CURRENT_ROW && frame->upper == HR_BOUND_VALUE)
        return is_before(frame->upper_offset);
    return false;
}

static void frame_clause(const struct hr_texpr *window, struct hr_buf *out)
{
    struct hr_tframe frame = window->window.frame;
    const struct hr_type *order = window->window.order.count
                                      ? window->window.order.at[0].child->type
                                      : hr_type_basic(HR_TYPE_INT);
    if (frame.kind == HR_FRAME_ROWS)
        order = hr_type_basic(HR_TYPE_INT);
    if (frame.lower_offset && is_zero(frame.lower_offset))
        frame.lower = HR_BOUND_CURRENT_ROW;
    if (frame.upper_offset && is_zero(frame.upper_offset))
        frame.upper = HR_BOUND_CURRENT_ROW;
    if (is_empty(&frame)) {
        hr_buf_adds(out, " " BEHIND_EVERYTHING);
        return;
    }
    hr_buf_adds(out, frame.kind == HR_FRAME_ROWS ? " ROWS BETWEEN " : " RANGE BETWEEN ");
    frame_bound(frame.lower, frame.lower_offset, order, out);
    hr_buf_adds(out, " AND ");
    frame_bound(frame.upper, frame.upper_offset, order, out);
}

static enum hr_code over_clause(struct emit *e, const struct hr_texpr *window, const char **text)
{
    struct hr_buf buf;
    hr_buf_init(&buf, HR_SQL_EMITTED_MAX);
    hr_buf_adds(&buf, " OVER (");
    enum hr_code code = HR_OK;
    for (size_t i = 0; i < window->window.partition.count && !code; i++) {
        hr_buf_adds(&buf, i ? ", " : "PARTITION BY ");
        code = hr_emit_expr(e, window->window.partition.at[i], &buf);
    }
    for (size_t i = 0; i < window->window.order.count && !code; i++) {
        const struct hr_torder *order = &window->window.order.at[i];
        hr_buf_adds(&buf, i ? ", " : " ORDER BY ");
        const char *key = "";
        code = hr_emit_order_key(e, order->child, &key);
        hr_buf_addf(&buf, "%s %s NULLS %s", key, order->descending ? "DESC" : "ASC",
                    order->nulls_first ? "FIRST" : "LAST");
    }
    if (!code && !(window->window.function->call.function->flags & HR_F_ROWS_FRAME))
        frame_clause(window, &buf);
    hr_buf_addc(&buf, ')');
    *text = hr_sel_take(e, &buf);
    return code;
}

/* ---- subqueries ---- */

/* The engine's IN takes one value, and loses an enclosing query's column in it where the subquery
 * reads a common table expression from outside. */
static bool is_in_by_meaning(const struct emit *e, const struct hr_texprs *values)
{
    return values->count > 1 || hr_holds_outer(e, values);
}

/* (a, b) IN (…) by its meaning, since a row of SQL is no struct; NOT IN counts rows as found that
 * may be equal */
static enum hr_code emit_in_by_meaning(
    struct emit *e, const struct hr_texpr *expr, const char *sql, bool negated, struct hr_buf *out)
{
    const struct hr_texprs *values = &expr->subquery.values;
    const struct hr_attrs *columns = &expr->subquery.plan->output;
    const char *equal = "", *text;
    int table = ++e->next_table;
    struct outer_scope before = hr_outer_enter_operands(e);
    for (size_t i = 0; i < values->count; i++) {
        HR_TRY(hr_expr_text(e, values->at[i], &text));
        bool maybe = negated && (values->at[i]->nullable || columns->at[i]->nullable);
        equal = hr_printf(
            e->arena, maybe ? "%s%s(%s = t%d.s%zu) IS DISTINCT FROM false" : "%s%s%s = t%d.s%zu",
            equal, i ? " AND " : "", text, table, i);
    }
    hr_outer_leave(e, &before);
    hr_buf_addf(out, "(%sEXISTS (SELECT 1 FROM (%s) AS t%d WHERE %s))", negated ? "NOT " : "", sql,
                table, equal);
    return HR_OK;
}

/* Spark joins for IN: where SQL would say NULL, both IN and NOT IN say false. A filter drops both
 * alike, and is quicker without COALESCE. */
static enum hr_code emit_subquery(
    struct emit *e, const struct hr_texpr *expr, bool negated, bool filters, struct hr_buf *out)
{
    const struct hr_texprs *values = &expr->subquery.values;
    enum hr_subquery_kind kind = expr->subquery.kind;
    const char *sql;
    const char *outside = e->ctes;
    /* its CTEs may use the outer query's columns: they stay inside */
    e->ctes = NULL;
    struct outer_scope before = hr_outer_enter(e, expr->subquery.plan);
    enum hr_code code = kind == HR_SUBQUERY_EXISTS
                            ? hr_emit_query(e, expr->subquery.plan, &sql)
                            : hr_emit_positional(e, expr->subquery.plan, "s", &sql);
    hr_outer_leave(e, &before);
    if (!code)
        sql = hr_with_ctes(e, sql);
    e->ctes = outside;
    HR_TRY(code);
    if (kind == HR_SUBQUERY_IN && is_in_by_meaning(e, values))
        return emit_in_by_meaning(e, expr, sql, negated, out);
    if (kind != HR_SUBQUERY_IN) {
        hr_buf_addf(out, "%s(%s)", kind == HR_SUBQUERY_EXISTS ? "EXISTS " : "", sql);
        return HR_OK;
    }
    hr_buf_addf(out, "%s(%s", filters ? "" : "COALESCE(", negated ? "NOT (" : "");
    HR_TRY(hr_emit_expr(e, values->at[0], out));
    hr_buf_addf(out, " IN (%s)%s)%s", sql, negated ? ")" : "", filters ? "" : ", false)");
    return HR_OK;
}

static bool is_in(const struct hr_texpr *expr)
{
    return expr->kind == HR_T_SUBQUERY && expr->subquery.kind == HR_SUBQUERY_IN;
}

static bool is_call_of(const struct hr_texpr *expr, const char *name)
{
    return expr->kind == HR_T_CALL && hr_function_is(expr->call.function, name);
}

/* does IN stand in it, under nothing but AND, OR and NOT? */
static bool holds_in(const struct hr_texpr *expr)
{
    if (is_in(expr))
        return true;
    if (is_call_of(expr, "not"))
        return holds_in(expr->call.args.at[0]);
    return (is_call_of(expr, "and") || is_call_of(expr, "or")) &&
           (holds_in(expr->call.args.at[0]) || holds_in(expr->call.args.at[1]));
}

/* As Spark does before it joins for IN, NOT goes inwards: NOT (x > 1 OR a IN …) is x <= 1 AND a NOT
 * IN … */
static enum hr_code emit_logic(
    struct emit *e, const struct hr_texpr *expr, bool negated, bool filters, struct hr_buf *out)
{
    if (is_in(expr))
        return emit_subquery(e, expr, negated, filters, out);
    if (is_call_of(expr, "not") && holds_in(expr))
        return emit_logic(e, expr->call.args.at[0], !negated, filters, out);
    if (!holds_in(expr)) {
        hr_buf_adds(out, negated ? "(NOT " : "");
        HR_TRY(hr_emit_expr(e, expr, out));
        hr_buf_adds(out, negated ? ")" : "");
        return HR_OK;
    }
    hr_buf_addc(out, '(');
    HR_TRY(emit_logic(e, expr->call.args.at[0], negated, filters, out));
    hr_buf_adds(out, is_call_of(expr, "and") != negated ? " AND " : " OR ");
    HR_TRY(emit_logic(e, expr->call.args.at[1], negated, filters, out));
    hr_buf_addc(out, ')');
    return HR_OK;
}

enum hr_code hr_emit_condition(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    return holds_in(expr) ? emit_logic(e, expr, false, true, out) : hr_emit_expr(e, expr, out);
}

static enum hr_code emit_cast_expr(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    struct hr_texpr *child = expr->cast.child;
    const struct hr_texprs operand = {&child, 1};
    const char **text;
    struct held held;
    struct hr_buf own;
    HR_TRY(hr_hold(e, &operand, &held, &text));
    hr_buf_init(&own, HR_SQL_EMITTED_MAX);
    enum hr_code code = hr_emit_cast(e, text[0], child->type, expr->type, expr->cast.mode, &own);
    if (!code)
        code = hr_settle(e, &held, &own, BIND, out);
    hr_buf_release(&own);
    return code;
}

static enum hr_code emit_shielded(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out);

/* a condition that is always true, which the engine does not know, and which ends a cancelled
 * statement wherever it stands */
static enum hr_code emit_always(struct emit *e, struct hr_buf *out)
{
    HR_TRY(hr_emit_kernel(e, "always", strlen("always"), hr_type_basic(HR_TYPE_BOOLEAN), NULL, 0,
                          out));
    hr_buf_adds(out, "()");
    return HR_OK;
}

enum hr_code hr_emit_body(struct emit *e, const struct hr_texpr *body, struct hr_buf *out)
{
    if (++e->lambda_depth > HR_LAMBDA_DEPTH_MAX) {
        hr_fail(e->err, HR_E_LIMIT,
                "lambda functions are nested in each other's bodies more than %d levels deep",
                HR_LAMBDA_DEPTH_MAX);
        return hr_fail_hint(
            e->err,
            "compute the inner ones in columns of their own first, with explode and collect_list or in a select before this one");
    }
    hr_buf_adds(out, "CASE WHEN ");
    HR_TRY(emit_always(e, out));
    hr_buf_adds(out, " THEN ");
    e->inside++;
    HR_TRY(hr_emit_expr(e, body, out));
    e->inside--;
    hr_buf_adds(out, " END");
    e->lambda_depth--;
    return HR_OK;
}

static size_t or_terms(const struct hr_texpr *expr)
{
    if (!is_call_of(expr, "or"))
        return 1;
    return or_terms(expr->call.args.at[0]) + or_terms(expr->call.args.at[1]);
}

/* a long OR in parts that are shielded from each other */
static enum hr_code emit_long_or(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    size_t terms = or_terms(expr);
    if (terms == 1)
        return hr_emit_expr(e, expr, out);
    if (terms <= OR_TERMS_MAX)
        return emit_shielded(e, expr, out);
    hr_buf_addc(out, '(');
    HR_TRY(emit_long_or(e, expr->call.args.at[0], out));
    hr_buf_adds(out, " OR ");
    HR_TRY(emit_long_or(e, expr->call.args.at[1], out));
    hr_buf_addc(out, ')');
    return HR_OK;
}

static void emit_column(struct emit *e, const struct hr_attr *attr, struct hr_buf *out)
{
    if (hr_is_handed(e, attr)) {
        hr_outer_column(e, attr, out);
        return;
    }
    hr_note_own(e);
    hr_buf_adds(out, hr_column_sql(e, attr->id));
}

static enum hr_code emit_plain_kind(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    const char *over;
    int id;
    switch (expr->kind) {
    case HR_T_LITERAL:
        hr_emit_literal(expr->literal, out);
        return HR_OK;
    case HR_T_COLUMN:
        emit_column(e, expr->column.attr, out);
        return HR_OK;
    case HR_T_VARIABLE:
        id = expr->variable.attr->id;
        /* a key, a value, an index: what the parameter stands for */
        if (e->texts[id])
            hr_buf_adds(out, e->texts[id]);
        else
            hr_buf_addf(out, "x%d", id);
        return HR_OK;
    case HR_T_ALIAS:
        return hr_emit_expr(e, expr->alias.child, out);
    case HR_T_CAST:
        return emit_cast_expr(e, expr, out);
    case HR_T_FIELD:
        hr_buf_adds(out, "struct_extract(");
        HR_TRY(hr_emit_expr(e, expr->field.child, out));
        hr_buf_addf(out, ", 'f%zu')", expr->field.index);
        return HR_OK;
    case HR_T_CALL:
        if (holds_in(expr))
            return emit_logic(e, expr, false, false, out);
        if (is_call_of(expr, "or") && or_terms(expr) > OR_TERMS_MAX)
            return emit_long_or(e, expr, out);
        return hr_emit_call(e, expr, "", out);
    case HR_T_WINDOW:
        HR_TRY(over_clause(e, expr, &over));
        return hr_emit_call(e, expr->window.function, over, out);
    case HR_T_SUBQUERY:
        return emit_subquery(e, expr, false, false, out);
    case HR_T_LAMBDA:
        hr_buf_adds(out, "lambda ");
        for (size_t i = 0; i < expr->lambda.count; i++)
            hr_buf_addf(out, "%sx%d", i ? ", " : "", expr->lambda.params[i]->id);
        hr_buf_adds(out, ": ");
        return hr_emit_body(e, expr->lambda.body, out);
    case HR_T_UDF:
        return hr_refuse_udf(e->arena, expr->udf.udf, e->err);
    }
    return HR_OK;
}

static enum hr_code emit_kind(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    bool opens = e->outer && !e->inside && (expr->kind == HR_T_CALL || expr->kind == HR_T_CAST);
    return opens ? hr_outer_hand(e, expr, emit_plain_kind, out) : emit_plain_kind(e, expr, out);
}

static enum hr_code check_cancelled(struct emit *e)
{
    if (++e->steps % HR_CANCEL_STEPS ||
        !e->env->ops->is_cancelled ||
        !e->env->ops->is_cancelled(e->env))
        return HR_OK;
    return hr_fail(e->err, HR_E_CANCELLED, "operation has been canceled");
}

/* a scalar of this row, which may stand under CASE */
static bool is_scalar(const struct hr_texpr *expr)
{
    unsigned rows = HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR | HR_F_ROWS;
    return expr->kind == HR_T_CAST ||
           (expr->kind == HR_T_CALL && !(expr->call.function->flags & rows));
}

struct height {
    int here, most;
    bool is_constant;
};

static enum hr_code measure(void *arg, struct hr_texpr **child)
{
    struct height *height = arg;
    enum hr_texpr_kind kind = (*child)->kind;
    if (kind == HR_T_COLUMN || kind == HR_T_SUBQUERY || kind == HR_T_UDF)
        height->is_constant = false;
    if (!height->is_constant)
        return HR_OK;
    if (++height->here > height->most)
        height->most = height->here;
    HR_TRY(hr_texpr_each(*child, measure, arg));
    height->here--;
    return HR_OK;
}

static bool is_tall_constant(const struct hr_texpr *expr)
{
    struct height height = {0, 0, true};
    struct hr_texpr *top = (struct hr_texpr *)expr;
    measure(&height, &top);
    return height.is_constant && height.most > SHIELD_DEPTH;
}

/* The engine looks for common subexpressions in a time that is cubic in the depth, but not under
 * CASE; and so it evaluates constants. What lies deeper than SHIELD_DEPTH is put under a CASE whose
 * condition it cannot know, and the leaves of a tall constant too. */
static enum hr_code emit_shielded(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    hr_buf_adds(out, "CASE WHEN ");
    HR_TRY(emit_always(e, out));
    hr_buf_adds(out, " THEN ");
    HR_TRY(emit_kind(e, expr, out));
    hr_buf_adds(out, " END");
    return HR_OK;
}

static enum hr_code emit_deep(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    bool was_shielded = e->is_shielded, was_opaque = e->is_opaque;
    bool shield = is_scalar(expr) ? !was_shielded : was_opaque && expr->kind == HR_T_LITERAL;
    e->is_shielded = was_shielded || shield;
    e->is_opaque = was_opaque || (is_scalar(expr) && is_tall_constant(expr));
    HR_TRY(shield ? emit_shielded(e, expr, out) : emit_kind(e, expr, out));
    e->is_shielded = was_shielded;
    e->is_opaque = was_opaque;
    return HR_OK;
}

/* The engine joins x >= a and x <= b to a BETWEEN, which it refuses to compute of arrays, structs
 * and maps; it finds no comparison under a CASE. An equality is none of these: under a CASE it
 * would be no key to join by. */
static bool orders_nested(const struct hr_texpr *expr)
{
    static const char *const orders[] = {"<", "<=", ">", ">="};
    bool found = false;
    for (size_t i = 0; i < HR_LEN(orders) && !found; i++)
        found = is_call_of(expr, orders[i]);
    if (!found)
        return false;
    enum hr_type_id id = expr->call.args.at[0]->type->id;
    return id == HR_TYPE_ARRAY || id == HR_TYPE_STRUCT || id == HR_TYPE_MAP;
}

enum hr_code hr_emit_expr(struct emit *e, const struct hr_texpr *expr, struct hr_buf *out)
{
    HR_TRY(check_cancelled(e));
    if (++e->depth > HR_SQL_EMITTED_DEPTH_MAX)
        return hr_fail(e->err, HR_E_LIMIT, "an expression is nested more than %d levels deep",
                       HR_SQL_EMITTED_DEPTH_MAX);
    enum hr_code code;
    if (e->depth > SHIELD_DEPTH)
        code = emit_deep(e, expr, out);
    else if (orders_nested(expr))
        code = emit_shielded(e, expr, out);
    else
        code = emit_kind(e, expr, out);
    e->depth--;
    return code;
}
