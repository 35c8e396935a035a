#include "host/plan/print.h"
#include <inttypes.h>

static void add_names(const struct hr_names *names, const char *separator, struct hr_buf *out)
{
    for (size_t i = 0; i < names->count; i++) {
        hr_buf_adds(out, i ? separator : "");
        hr_name_quote(names->at[i], out);
    }
}

static void add_exprs(const struct hr_exprs *exprs, struct hr_buf *out)
{
    for (size_t i = 0; i < exprs->count; i++) {
        hr_buf_adds(out, i ? ", " : "");
        hr_print_expr(exprs->at[i], out);
    }
}

static void add_bytes(const char *bytes, size_t len, bool hex, struct hr_buf *out)
{
    hr_buf_adds(out, hex ? "X'" : "'");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (hex)
            hr_buf_addf(out, "%02X", c);
        else if (c < 0x20 || c == '\'' || c == '\\')
            hr_buf_addf(out, "\\x%02x", c);
        else
            hr_buf_addc(out, (char)c);
    }
    hr_buf_addc(out, '\'');
}

static void print_literal(const struct hr_literal *literal, struct hr_buf *out)
{
    enum hr_type_id id = literal->type->id;
    if (literal->is_null) {
        hr_buf_adds(out, "NULL");
    } else if (id == HR_TYPE_BOOLEAN) {
        hr_buf_adds(out, literal->boolean ? "true" : "false");
    } else if (id == HR_TYPE_INT) {
        hr_buf_addf(out, "%" PRId64, literal->integer);
    } else if (id == HR_TYPE_STRING) {
        add_bytes(literal->text.bytes, literal->text.len, false, out);
    } else if (id == HR_TYPE_BINARY) {
        add_bytes(literal->text.bytes, literal->text.len, true, out);
    } else { /* value:type */
        if (id == HR_TYPE_FLOAT || id == HR_TYPE_DOUBLE)
            hr_buf_addf(out, "%.17g", literal->real);
        else if (id == HR_TYPE_DECIMAL || id == HR_TYPE_CHAR || id == HR_TYPE_VARCHAR)
            hr_buf_add(out, literal->text.bytes, literal->text.len);
        else if (id == HR_TYPE_ARRAY || id == HR_TYPE_MAP || id == HR_TYPE_STRUCT)
            for (size_t i = 0; i < literal->items.count; i++) {
                hr_buf_adds(out, i ? ", " : "");
                print_literal(literal->items.at[i], out);
            }
        else if (id == HR_TYPE_CALENDAR_INTERVAL)
            hr_buf_addf(out, "%dm%dd%" PRId64 "us", literal->calendar.months,
                        literal->calendar.days, literal->calendar.micros);
        else
            hr_buf_addf(out, "%" PRId64, literal->integer);
        hr_buf_addc(out, ':');
        hr_type_catalog(literal->type, out);
    }
}

static void add_bound(const struct hr_bound *bound, struct hr_buf *out)
{
    static const char *const kinds[] = {"unbounded preceding", "unbounded following",
                                        "current row"};
    if (bound->kind == HR_BOUND_VALUE)
        hr_print_expr(bound->value, out);
    else
        hr_buf_adds(out, kinds[bound->kind]);
}

static void add_window(const struct hr_expr *expr, struct hr_buf *out)
{
    if (expr->window.function)
        hr_print_expr(expr->window.function, out);
    hr_buf_adds(out, " over (");
    if (expr->window.reference)
        hr_buf_adds(out, expr->window.reference);
    if (expr->window.partition.count)
        hr_buf_adds(out, "partition ");
    add_exprs(&expr->window.partition, out);
    if (expr->window.order.count)
        hr_buf_adds(out, " order ");
    add_exprs(&expr->window.order, out);
    if (expr->window.frame != HR_FRAME_DEFAULT) {
        hr_buf_adds(out, expr->window.frame == HR_FRAME_ROWS ? " rows " : " range ");
        add_bound(&expr->window.lower, out);
        hr_buf_adds(out, " and ");
        add_bound(&expr->window.upper, out);
    }
    hr_buf_addc(out, ')');
}

static void add_call(const struct hr_expr *expr, struct hr_buf *out)
{
    for (size_t i = 0; i < expr->call.name.count; i++)
        hr_buf_addf(out, "%s%s", i ? "." : "", expr->call.name.at[i]);
    hr_buf_adds(out, expr->call.distinct ? "(distinct " : "(");
    add_exprs(&expr->call.args, out);
    hr_buf_addc(out, ')');
    if (expr->call.within_group.count) {
        hr_buf_adds(out, " within (");
        add_exprs(&expr->call.within_group, out);
        hr_buf_addc(out, ')');
    }
    hr_buf_adds(out, expr->call.ignore_nulls    ? " ignore nulls"
                     : expr->call.respect_nulls ? " respect nulls"
                                                : "");
    if (expr->call.filter) {
        hr_buf_adds(out, " filter (");
        hr_print_expr(expr->call.filter, out);
        hr_buf_addc(out, ')');
    }
}

static void add_subquery(const struct hr_expr *expr, struct hr_buf *out)
{
    static const char *const kinds[] = {"scalar", "exists", "in", "table"};
    hr_buf_addf(out, "%s[", kinds[expr->subquery.kind]);
    add_exprs(&expr->subquery.values, out);
    hr_buf_adds(out, expr->subquery.values.count ? "; " : "");
    if (expr->subquery.plan)
        hr_print_rel(expr->subquery.plan, -1, out);
    else
        hr_buf_addf(out, "#%" PRId64, expr->subquery.plan_id);
    hr_buf_addc(out, ']');
}

void hr_print_expr(const struct hr_expr *expr, struct hr_buf *out)
{
    if (!expr) {
        hr_buf_adds(out, "-");
        return;
    }
    switch (expr->kind) {
    case HR_EXPR_LITERAL:
        print_literal(expr->literal, out);
        break;
    case HR_EXPR_ATTRIBUTE:
        add_names(&expr->attribute.name, ".", out);
        break;
    case HR_EXPR_STAR:
        add_names(&expr->star.target, ".", out);
        hr_buf_adds(out, expr->star.target.count ? ".*" : "*");
        if (expr->star.except.count) {
            hr_buf_adds(out, " except (");
            add_exprs(&expr->star.except, out);
            hr_buf_addc(out, ')');
        }
        break;
    case HR_EXPR_REGEX:
        hr_buf_addf(out, "regex(%s)", expr->regex.pattern);
        break;
    case HR_EXPR_CALL:
        add_call(expr, out);
        break;
    case HR_EXPR_CAST:
        hr_buf_adds(out, expr->cast.mode == HR_CAST_TRY ? "try_cast(" : "cast(");
        hr_print_expr(expr->cast.child, out);
        hr_buf_adds(out, " as ");
        hr_type_catalog(expr->cast.type, out);
        hr_buf_addc(out, ')');
        break;
    case HR_EXPR_ALIAS:
        hr_print_expr(expr->alias.child, out);
        hr_buf_adds(out, expr->alias.names.count == 1 ? " as " : " as (");
        add_names(&expr->alias.names, ", ", out);
        hr_buf_adds(out, expr->alias.names.count == 1 ? "" : ")");
        break;
    case HR_EXPR_SORT:
        hr_print_expr(expr->sort.child, out);
        hr_buf_adds(out, expr->sort.descending ? " desc" : " asc");
        hr_buf_adds(out, expr->sort.nulls == HR_NULLS_FIRST  ? " nulls first"
                         : expr->sort.nulls == HR_NULLS_LAST ? " nulls last"
                                                             : "");
        break;
    case HR_EXPR_WINDOW:
        add_window(expr, out);
        break;
    case HR_EXPR_EXTRACT:
        hr_print_expr(expr->extract.child, out);
        hr_buf_addc(out, '[');
        hr_print_expr(expr->extract.extraction, out);
        hr_buf_addc(out, ']');
        break;
    case HR_EXPR_UPDATE_FIELD:
        hr_buf_addf(out, "update(%s, ", expr->update.field);
        hr_print_expr(expr->update.child, out);
        hr_buf_adds(out, ", ");
        hr_print_expr(expr->update.value, out);
        hr_buf_addc(out, ')');
        break;
    case HR_EXPR_LAMBDA:
        hr_buf_addc(out, '(');
        add_names(&expr->lambda.params, ", ", out);
        hr_buf_adds(out, ") -> ");
        hr_print_expr(expr->lambda.body, out);
        break;
    case HR_EXPR_LAMBDA_VARIABLE:
        hr_buf_addc(out, '$');
        add_names(&expr->variable.name, ".", out);
        break;
    case HR_EXPR_TEXT:
        hr_buf_addf(out, "text(%s)", expr->text.sql);
        break;
    case HR_EXPR_SUBQUERY:
        add_subquery(expr, out);
        break;
    case HR_EXPR_UDF:
        hr_buf_addf(out, "udf %s(", expr->udf.name);
        add_exprs(&expr->udf.args, out);
        hr_buf_addc(out, ')');
        break;
    case HR_EXPR_NAMED_ARGUMENT:
        hr_buf_addf(out, "%s => ", expr->named.name);
        hr_print_expr(expr->named.value, out);
        break;
    case HR_EXPR_PARAMETER:
        if (expr->parameter.name)
            hr_buf_addf(out, ":%s", expr->parameter.name);
        else
            hr_buf_addf(out, "?%d", expr->parameter.position);
        break;
    case HR_EXPR_DEFAULT:
        hr_buf_adds(out, "default");
        break;
    }
}

/* ---- relations ---- */

static void add_labelled(const char *label, const struct hr_exprs *exprs, struct hr_buf *out)
{
    if (!exprs->count)
        return;
    hr_buf_addf(out, " %s[", label);
    add_exprs(exprs, out);
    hr_buf_addc(out, ']');
}

static void add_options(const struct hr_options *options, struct hr_buf *out)
{
    for (size_t i = 0; i < options->count; i++)
        hr_buf_addf(out, " %s=%s", options->at[i].key, options->at[i].value);
}

static void add_aggregate(const struct hr_rel *rel, struct hr_buf *out)
{
    static const char *const groups[] = {"by", "rollup", "cube", "pivot", "sets"};
    hr_buf_addf(out, " %s%s%s", groups[rel->aggregate.group], rel->aggregate.all ? " all" : "",
                rel->aggregate.rest ? " rest" : "");
    add_labelled("keys", &rel->aggregate.grouping, out);
    for (size_t i = 0; i < rel->aggregate.set_count; i++) {
        hr_buf_adds(out, i ? ", (" : " sets (");
        add_exprs(&rel->aggregate.sets[i], out);
        hr_buf_addc(out, ')');
    }
    add_labelled(rel->aggregate.is_select_list ? "select" : "aggregates",
                 &rel->aggregate.aggregates, out);
    if (rel->aggregate.having) {
        hr_buf_adds(out, " having ");
        hr_print_expr(rel->aggregate.having, out);
    }
    if (rel->aggregate.pivot) {
        hr_buf_adds(out, " for ");
        hr_print_expr(rel->aggregate.pivot, out);
        add_labelled("in", &rel->aggregate.pivot_values, out);
    }
}

static void add_join(const struct hr_rel *rel, struct hr_buf *out)
{
    static const char *const types[] = {"inner", "full", "left", "right", "anti", "semi", "cross"};
    hr_buf_addf(out, " %s%s", rel->join.natural ? "natural " : "", types[rel->join.type]);
    if (rel->join.condition) {
        hr_buf_adds(out, " on ");
        hr_print_expr(rel->join.condition, out);
    }
    if (rel->join.using.count) {
        hr_buf_adds(out, " using ");
        add_names(&rel->join.using, ", ", out);
    }
}

static void add_details(const struct hr_rel *rel, struct hr_buf *out)
{
    static const char *const sets[] = {"union", "intersect", "except"};
    switch (rel->kind) {
    case HR_REL_READ_FILES:
        hr_buf_addf(out, " %s ", rel->read_files.format ? rel->read_files.format : "-");
        add_names(&rel->read_files.paths, ", ", out);
        add_options(&rel->read_files.options, out);
        break;
    case HR_REL_READ_TABLE:
        hr_buf_addc(out, ' ');
        add_names(&rel->read_table.name, ".", out);
        break;
    case HR_REL_RANGE:
        hr_buf_addf(out, " %" PRId64 " %" PRId64 " %" PRId64, rel->range.start, rel->range.end,
                    rel->range.step);
        break;
    case HR_REL_VALUES:
        for (size_t i = 0; i < rel->values.count; i++) {
            hr_buf_adds(out, i ? ", (" : " (");
            add_exprs(&rel->values.rows[i], out);
            hr_buf_addc(out, ')');
        }
        break;
    case HR_REL_PROJECT:
        hr_buf_addc(out, ' ');
        add_exprs(&rel->project.exprs, out);
        break;
    case HR_REL_FILTER:
        hr_buf_addc(out, ' ');
        hr_print_expr(rel->filter.condition, out);
        break;
    case HR_REL_AGGREGATE:
        add_aggregate(rel, out);
        break;
    case HR_REL_SORT:
        hr_buf_adds(out, rel->sort.is_global ? " " : " local ");
        add_exprs(&rel->sort.orders, out);
        break;
    case HR_REL_LIMIT:
    case HR_REL_OFFSET:
    case HR_REL_TAIL:
        hr_buf_addc(out, ' ');
        hr_print_expr(rel->limit.count, out);
        break;
    case HR_REL_JOIN:
    case HR_REL_LATERAL_JOIN:
        add_join(rel, out);
        break;
    case HR_REL_SET:
        hr_buf_addf(out, " %s%s%s", sets[rel->set.op], rel->set.all ? " all" : "",
                    rel->set.by_name ? " by name" : "");
        break;
    case HR_REL_SUBQUERY_ALIAS:
        hr_buf_addf(out, " %s", rel->alias.alias);
        if (rel->alias.columns.count) {
            hr_buf_addc(out, '(');
            add_names(&rel->alias.columns, ", ", out);
            hr_buf_addc(out, ')');
        }
        break;
    case HR_REL_SAMPLE:
        hr_buf_addf(out, " %g %g", rel->sample.lower, rel->sample.upper);
        if (rel->sample.has_seed)
            hr_buf_addf(out, " seed %" PRId64, rel->sample.seed);
        break;
    case HR_REL_REPARTITION:
        hr_buf_addc(out, ' ');
        add_exprs(&rel->repartition.exprs, out);
        break;
    case HR_REL_UNPIVOT:
        hr_buf_addf(out, "%s%s %s for %s", rel->unpivot.rest ? " rest" : "",
                    rel->unpivot.include_nulls ? " nulls" : "", rel->unpivot.value,
                    rel->unpivot.variable);
        add_labelled("in", &rel->unpivot.values, out);
        break;
    case HR_REL_HINT:
        hr_buf_addf(out, " %s", rel->hint.name);
        add_labelled("with", &rel->hint.parameters, out);
        break;
    case HR_REL_CTE:
        for (size_t i = 0; i < rel->cte.count; i++) {
            hr_buf_addf(out, "%s%s(",
                        i                    ? ", "
                        : rel->cte.recursive ? " recursive "
                                             : " ",
                        rel->cte.at[i].name);
            add_names(&rel->cte.at[i].columns, ", ", out);
            hr_buf_adds(out, ") as [");
            hr_print_rel(rel->cte.at[i].plan, -1, out);
            hr_buf_addc(out, ']');
        }
        break;
    case HR_REL_GENERATE:
        hr_buf_adds(out, rel->generate.outer ? " outer " : " ");
        hr_print_expr(rel->generate.generator, out);
        hr_buf_addf(out, " %s(", rel->generate.alias ? rel->generate.alias : "");
        add_names(&rel->generate.columns, ", ", out);
        hr_buf_addc(out, ')');
        break;
    case HR_REL_TABLE_FUNCTION:
        hr_buf_addc(out, ' ');
        add_names(&rel->table_function.name, ".", out);
        hr_buf_addc(out, '(');
        add_exprs(&rel->table_function.args, out);
        hr_buf_addc(out, ')');
        break;
    case HR_REL_WINDOWS:
        for (size_t i = 0; i < rel->windows.count; i++) {
            hr_buf_addf(out, "%s%s", i ? ", " : " ", rel->windows.at[i].name);
            hr_print_expr(rel->windows.at[i].window, out);
        }
        break;
    default:
        break;
    }
}

/* indent < 0: on one line, inputs in braces */
void hr_print_rel(const struct hr_rel *rel, int indent, struct hr_buf *out)
{
    for (int i = 0; i < indent; i++)
        hr_buf_adds(out, "  ");
    hr_buf_adds(out, hr_rel_kind_name(rel->kind));
    add_details(rel, out);
    const struct hr_rel *inputs[] = {rel->input, rel->right};
    if (indent >= 0)
        hr_buf_addc(out, '\n');
    for (size_t i = 0; i < HR_LEN(inputs); i++) {
        if (!inputs[i])
            continue;
        hr_buf_adds(out, indent < 0 ? " {" : "");
        hr_print_rel(inputs[i], indent < 0 ? -1 : indent + 1, out);
        hr_buf_adds(out, indent < 0 ? "}" : "");
    }
}

/* ---- commands ---- */

static void add_flag(bool flag, const char *word, struct hr_buf *out)
{
    if (flag)
        hr_buf_addf(out, " %s", word);
}

static void add_text(const char *label, const char *text, struct hr_buf *out)
{
    if (text)
        hr_buf_addf(out, " %s=%s", label, text);
}

void hr_print_command(const struct hr_command *command, struct hr_buf *out)
{
    static const char *const kinds[] = {
        "create_view", "drop_view", "write",   "write_v2", "register", "set", "reset",
        "show",        "describe",  "explain", "cache",    "uncache",  "use", "unsupported"};
    hr_buf_adds(out, kinds[command->kind]);
    switch (command->kind) {
    case HR_COMMAND_CREATE_VIEW:
        add_flag(command->view.replace, "replace", out);
        add_flag(command->view.global, "global", out);
        add_flag(command->view.temporary, "temporary", out);
        hr_buf_addc(out, ' ');
        add_names(&command->view.name, ".", out);
        if (command->view.columns.count) {
            hr_buf_addc(out, '(');
            add_names(&command->view.columns, ", ", out);
            hr_buf_addc(out, ')');
        }
        add_text("comment", command->view.comment, out);
        break;
    case HR_COMMAND_DROP_VIEW:
        hr_buf_addc(out, ' ');
        add_names(&command->drop.name, ".", out);
        add_flag(command->drop.if_exists, "if_exists", out);
        break;
    case HR_COMMAND_SET:
    case HR_COMMAND_RESET:
        add_text("key", command->set.key, out);
        add_text("value", command->set.value, out);
        add_flag(command->set.verbose, "verbose", out);
        break;
    case HR_COMMAND_SHOW:
        hr_buf_addf(out, " %s ", command->show.what);
        add_names(&command->show.in, ".", out);
        add_text("like", command->show.pattern, out);
        break;
    case HR_COMMAND_DESCRIBE:
        add_flag(command->describe.is_function, "function", out);
        add_flag(command->describe.extended, "extended", out);
        hr_buf_addc(out, ' ');
        add_names(&command->describe.name, ".", out);
        add_text("column", command->describe.column, out);
        break;
    case HR_COMMAND_EXPLAIN:
        hr_buf_addf(out, " %s", command->explain.mode);
        break;
    case HR_COMMAND_CACHE:
    case HR_COMMAND_UNCACHE:
        hr_buf_addc(out, ' ');
        add_names(&command->cache.name, ".", out);
        add_flag(command->cache.if_exists, "if_exists", out);
        add_flag(command->cache.lazy, "lazy", out);
        add_options(&command->cache.options, out);
        break;
    case HR_COMMAND_USE:
        hr_buf_addf(out, " %s ", command->use.what);
        add_names(&command->use.name, ".", out);
        break;
    case HR_COMMAND_UNSUPPORTED:
        hr_buf_addf(out, " %s", command->unsupported.what);
        break;
    default:
        break;
    }
    hr_buf_addc(out, '\n');
    if (command->input)
        hr_print_rel(command->input, 1, out);
}
