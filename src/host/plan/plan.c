#include "host/plan/plan.h"
#include <stdarg.h>
#include <string.h>
#include <strings.h>

static const char *const rel_kinds[] = {
    [HR_REL_READ_FILES] = "read",
    [HR_REL_READ_TABLE] = "read",
    [HR_REL_LOCAL] = "local_relation",
    [HR_REL_CACHED_LOCAL] = "cached_local_relation",
    [HR_REL_RANGE] = "range",
    [HR_REL_SQL] = "sql",
    [HR_REL_VALUES] = "values",
    [HR_REL_ONE_ROW] = "one_row",
    [HR_REL_PROJECT] = "project",
    [HR_REL_FILTER] = "filter",
    [HR_REL_AGGREGATE] = "aggregate",
    [HR_REL_SORT] = "sort",
    [HR_REL_LIMIT] = "limit",
    [HR_REL_OFFSET] = "offset",
    [HR_REL_TAIL] = "tail",
    [HR_REL_JOIN] = "join",
    [HR_REL_AS_OF_JOIN] = "as_of_join",
    [HR_REL_LATERAL_JOIN] = "lateral_join",
    [HR_REL_SET] = "set_op",
    [HR_REL_DEDUPLICATE] = "deduplicate",
    [HR_REL_SUBQUERY_ALIAS] = "subquery_alias",
    [HR_REL_WITH_COLUMNS] = "with_columns",
    [HR_REL_RENAME_COLUMNS] = "with_columns_renamed",
    [HR_REL_DROP] = "drop",
    [HR_REL_TO_DF] = "to_df",
    [HR_REL_TO_SCHEMA] = "to_schema",
    [HR_REL_SAMPLE] = "sample",
    [HR_REL_SAMPLE_BY] = "sample_by",
    [HR_REL_REPARTITION] = "repartition",
    [HR_REL_UNPIVOT] = "unpivot",
    [HR_REL_TRANSPOSE] = "transpose",
    [HR_REL_FILL_NA] = "fill_na",
    [HR_REL_DROP_NA] = "drop_na",
    [HR_REL_REPLACE] = "replace",
    [HR_REL_SUMMARY] = "summary",
    [HR_REL_DESCRIBE] = "describe",
    [HR_REL_CROSSTAB] = "crosstab",
    [HR_REL_COV] = "cov",
    [HR_REL_CORR] = "corr",
    [HR_REL_APPROX_QUANTILE] = "approx_quantile",
    [HR_REL_FREQ_ITEMS] = "freq_items",
    [HR_REL_SHOW_STRING] = "show_string",
    [HR_REL_HTML_STRING] = "html_string",
    [HR_REL_HINT] = "hint",
    [HR_REL_COLLECT_METRICS] = "collect_metrics",
    [HR_REL_PARSE] = "parse",
    [HR_REL_WITH_RELATIONS] = "with_relations",
    [HR_REL_CTE] = "cte",
    [HR_REL_GENERATE] = "generate",
    [HR_REL_TABLE_FUNCTION] = "table_function",
    [HR_REL_WINDOWS] = "windows",
    [HR_REL_CACHED_REMOTE] = "cached_remote_relation",
    [HR_REL_CATALOG] = "catalog",
    [HR_REL_MAP_PARTITIONS] = "map_partitions",
    [HR_REL_GROUP_MAP] = "group_map",
    [HR_REL_CO_GROUP_MAP] = "co_group_map",
};

static const char *const expr_kinds[] = {
    [HR_EXPR_LITERAL] = "literal",
    [HR_EXPR_ATTRIBUTE] = "unresolved_attribute",
    [HR_EXPR_STAR] = "unresolved_star",
    [HR_EXPR_REGEX] = "unresolved_regex",
    [HR_EXPR_CALL] = "unresolved_function",
    [HR_EXPR_CAST] = "cast",
    [HR_EXPR_ALIAS] = "alias",
    [HR_EXPR_SORT] = "sort_order",
    [HR_EXPR_WINDOW] = "window",
    [HR_EXPR_EXTRACT] = "unresolved_extract_value",
    [HR_EXPR_UPDATE_FIELD] = "update_fields",
    [HR_EXPR_LAMBDA] = "lambda_function",
    [HR_EXPR_LAMBDA_VARIABLE] = "unresolved_named_lambda_variable",
    [HR_EXPR_TEXT] = "expression_string",
    [HR_EXPR_SUBQUERY] = "subquery_expression",
    [HR_EXPR_UDF] = "common_inline_user_defined_function",
    [HR_EXPR_NAMED_ARGUMENT] = "named_argument_expression",
    [HR_EXPR_PARAMETER] = "parameter",
    [HR_EXPR_DEFAULT] = "default",
};

const char *hr_rel_kind_name(enum hr_rel_kind kind)
{
    return rel_kinds[kind];
}
const char *hr_expr_kind_name(enum hr_expr_kind kind)
{
    return expr_kinds[kind];
}

const char *hr_option_get(const struct hr_options *options, const char *key)
{
    for (size_t i = options->count; i-- > 0;)
        if (!strcasecmp(options->at[i].key, key))
            return options->at[i].value;
    return NULL;
}

struct hr_expr *hr_expr_new(struct hr_arena *arena, enum hr_expr_kind kind)
{
    struct hr_expr *expr = HR_NEW(arena, struct hr_expr);
    expr->kind = kind;
    if (kind == HR_EXPR_ATTRIBUTE)
        expr->attribute.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_STAR)
        expr->star.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_REGEX)
        expr->regex.plan_id = HR_NO_PLAN_ID;
    else if (kind == HR_EXPR_SUBQUERY)
        expr->subquery.plan_id = HR_NO_PLAN_ID;
    return expr;
}

struct hr_rel *hr_rel_new(struct hr_arena *arena, enum hr_rel_kind kind, struct hr_rel *input)
{
    struct hr_rel *rel = HR_NEW(arena, struct hr_rel);
    rel->kind = kind;
    rel->plan_id = HR_NO_PLAN_ID;
    rel->input = input;
    return rel;
}

struct hr_expr *hr_expr_call(struct hr_arena *arena, const char *name, size_t count, ...)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_CALL);
    expr->call.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    expr->call.name.at[0] = name;
    expr->call.is_own = true;
    expr->call.args = (struct hr_exprs){HR_NEW_ARRAY(arena, struct hr_expr *, count), count};
    va_list args;
    va_start(args, count);
    for (size_t i = 0; i < count; i++)
        expr->call.args.at[i] = va_arg(args, struct hr_expr *);
    va_end(args);
    return expr;
}

struct hr_expr *hr_expr_attribute(struct hr_arena *arena, const char *name)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_ATTRIBUTE);
    expr->attribute.name = (struct hr_names){HR_NEW_ARRAY(arena, const char *, 1), 1};
    expr->attribute.name.at[0] = name;
    return expr;
}

static struct hr_expr *literal(struct hr_arena *arena, const struct hr_type *type)
{
    struct hr_expr *expr = hr_expr_new(arena, HR_EXPR_LITERAL);
    expr->literal = HR_NEW(arena, struct hr_literal);
    expr->literal->type = type;
    return expr;
}

struct hr_expr *hr_expr_string(struct hr_arena *arena, const char *text)
{
    struct hr_expr *expr = literal(arena, hr_type_basic(HR_TYPE_STRING));
    expr->literal->text.bytes = text;
    expr->literal->text.len = strlen(text);
    return expr;
}

struct hr_expr *hr_expr_integer(struct hr_arena *arena, const struct hr_type *type, int64_t value)
{
    struct hr_expr *expr = literal(arena, type);
    expr->literal->integer = value;
    return expr;
}
