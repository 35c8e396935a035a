/* What the grammar's actions make: relations. */
#include "host/sql/parse.h"
#include "host/sql/grammar.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static int deeper(int a, int b)
{
    return a > b ? a : b;
}

static struct rel sql_rel(struct parser *p, struct hr_rel *rel, int start, int stop, int depth)
{
    if (depth > HR_SQL_NODE_DEPTH_MAX && !p->failed)
        hr_sql_fail_at(p, start, stop, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
    rel->origin = hr_sql_origin(p, start, stop);
    return (struct rel){rel, start, stop, depth};
}

static struct rel over(
    struct parser *p, enum hr_rel_kind kind, struct rel input, int stop, int own_depth)
{
    return sql_rel(p, hr_rel_new(p->arena, kind, input.rel), input.start, stop,
                   deeper(input.depth, own_depth) + 1);
}

/* ---- leaves ---- */

/* csv.`path`: the first part is a format, the second a path. A view has one part, a global one
 * begins with global_temp. */
static bool is_format(const char *name)
{
    static const char *const formats[] = {"csv", "json", "parquet",   "text",
                                          "orc", "avro", "binaryfile"};
    for (size_t i = 0; i < HR_LEN(formats); i++)
        if (!strcasecmp(formats[i], name))
            return true;
    return false;
}

struct rel hr_sql_table(struct parser *p, struct texts name, int stop)
{
    struct hr_rel *rel;
    if (name.count == 2 && is_format(name.at[0].text)) {
        rel = hr_rel_new(p->arena, HR_REL_READ_FILES, NULL);
        rel->read_files.format = name.at[0].text;
        rel->read_files.paths = (struct hr_names){HR_NEW_ARRAY(p->arena, const char *, 1), 1};
        rel->read_files.paths.at[0] = name.at[1].text;
    } else {
        rel = hr_rel_new(p->arena, HR_REL_READ_TABLE, NULL);
        rel->read_table.name = hr_sql_names(p, &name);
    }
    return sql_rel(p, rel, name.at[0].start, stop, 1);
}

static bool is_integer(const struct node *node, int64_t *value)
{
    const struct hr_expr *expr = node->expr;
    if (expr->kind != HR_EXPR_LITERAL ||
        expr->literal->is_null ||
        !hr_type_is_integral(expr->literal->type))
        return false;
    *value = expr->literal->integer;
    return true;
}

/* range(end), range(start, end [, step [, partitions]]) of plain numbers is the relation that
 * spark.range makes */
static struct hr_rel *range(struct parser *p, const struct nodes *args)
{
    int64_t numbers[4] = {0, 0, 1, 0};
    if (args->count < 1 || args->count > 4)
        return NULL;
    for (size_t i = 0; i < args->count; i++)
        if (!is_integer(&args->at[i], &numbers[i]))
            return NULL;
    if (numbers[2] == 0)
        return NULL;
    struct hr_rel *rel = hr_rel_new(p->arena, HR_REL_RANGE, NULL);
    rel->range.has_start = true;
    rel->range.start = args->count == 1 ? 0 : numbers[0];
    rel->range.end = args->count == 1 ? numbers[0] : numbers[1];
    rel->range.step = numbers[2];
    return rel;
}

struct rel hr_sql_table_function(struct parser *p, struct texts name, struct nodes args, int stop)
{
    struct hr_rel *rel =
        name.count == 1 && !strcasecmp(name.at[0].text, "range") ? range(p, &args) : NULL;
    if (!rel) {
        rel = hr_rel_new(p->arena, HR_REL_TABLE_FUNCTION, NULL);
        rel->table_function.name = hr_sql_names(p, &name);
        rel->table_function.args = hr_sql_exprs(p, &args);
    }
    return sql_rel(p, rel, name.at[0].start, stop, hr_sql_depth(&args) + 1);
}

/* struct(a, b) alone is a row as (a, b) is, without the names that it may give */
static bool struct_row(struct parser *p, const struct hr_expr *expr, struct hr_exprs *row)
{
    if (expr->kind != HR_EXPR_CALL ||
        expr->call.name.count != 1 ||
        strcasecmp(expr->call.name.at[0], "struct"))
        return false;
    *row = (struct hr_exprs){HR_NEW_ARRAY(p->arena, struct hr_expr *, expr->call.args.count),
                             expr->call.args.count};
    for (size_t i = 0; i < row->count; i++) {
        struct hr_expr *value = expr->call.args.at[i];
        row->at[i] = value->kind == HR_EXPR_ALIAS ? value->alias.child : value;
    }
    return true;
}

struct rel hr_sql_values(struct parser *p, struct nodes rows, int start, int stop)
{
    struct hr_rel *rel = hr_rel_new(p->arena, HR_REL_VALUES, NULL);
    rel->values.rows = HR_NEW_ARRAY(p->arena, struct hr_exprs, rows.count);
    rel->values.count = rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        struct nodes one = {0};
        if (!rows.at[i].row && struct_row(p, rows.at[i].expr, &rel->values.rows[i]))
            continue;
        if (!rows.at[i].row)
            hr_sql_push(p, &one, rows.at[i]);
        rel->values.rows[i] = hr_sql_exprs(p, rows.at[i].row ? rows.at[i].row : &one);
    }
    return sql_rel(p, rel, start, stop, hr_sql_depth(&rows) + 1);
}

/* ---- around one relation ---- */

struct rel hr_sql_aliased(struct parser *p, struct rel input, struct alias alias, int stop)
{
    if (!alias.name)
        return input;
    struct rel rel = over(p, HR_REL_SUBQUERY_ALIAS, input, stop, 0);
    rel.rel->alias.alias = alias.name;
    rel.rel->alias.columns = alias.columns;
    return rel;
}

struct rel hr_sql_lateral_view(struct parser *p,
                               struct rel input,
                               bool outer,
                               struct node generator,
                               const char *alias,
                               struct texts columns,
                               int stop)
{
    struct rel rel = over(p, HR_REL_GENERATE, input, stop, generator.depth);
    rel.rel->generate.generator = generator.expr;
    rel.rel->generate.outer = outer;
    rel.rel->generate.alias = alias;
    rel.rel->generate.columns = hr_sql_names(p, &columns);
    return rel;
}

struct rel hr_sql_sample(struct parser *p,
                         struct rel input,
                         const struct token *number,
                         int kind,
                         const struct token *total,
                         const struct token *seed,
                         int stop)
{
    if (kind == 2) {
        struct node count = hr_sql_number(p, number, false, number->start);
        return hr_sql_limited(p, input, HR_REL_LIMIT, count, stop);
    }
    struct rel rel = over(p, HR_REL_SAMPLE, input, stop, 0);
    double amount = strtod(p->sql + number->start, NULL);
    rel.rel->sample.upper = kind == 1 ? amount / 100 : amount / strtod(p->sql + total->start, NULL);
    if (rel.rel->sample.upper > 1)
        hr_sql_late(p, number->start, number->stop, "_LEGACY_ERROR_TEMP_0064", "msg",
                    "Sampling fraction must be on interval [0, 1]", NULL);
    rel.rel->sample.has_seed = seed != NULL;
    rel.rel->sample.seed = seed ? strtoll(p->sql + seed->start, NULL, 10) : 0;
    return rel;
}

struct rel hr_sql_pivot(struct parser *p,
                        struct rel input,
                        struct nodes aggregates,
                        struct nodes columns,
                        struct nodes values,
                        int stop)
{
    struct rel rel = over(p, HR_REL_AGGREGATE, input, stop,
                          deeper(hr_sql_depth(&aggregates), hr_sql_depth(&values)));
    rel.rel->aggregate.group = HR_GROUP_PIVOT;
    rel.rel->aggregate.rest = true;
    rel.rel->aggregate.aggregates = hr_sql_exprs(p, &aggregates);
    rel.rel->aggregate.pivot =
        columns.count == 1
            ? columns.at[0].expr
            : hr_sql_row(p, columns, columns.at[0].start, columns.at[columns.count - 1].stop).expr;
    rel.rel->aggregate.pivot_values = hr_sql_exprs(p, &values);
    return rel;
}

struct rel hr_sql_unpivot(struct parser *p,
                          struct rel input,
                          bool include_nulls,
                          struct texts values,
                          struct token name,
                          struct nodes sets,
                          struct texts aliases,
                          int stop)
{
    struct rel rel = over(p, HR_REL_UNPIVOT, input, stop, hr_sql_depth(&sets));
    rel.rel->unpivot.rest = rel.rel->unpivot.has_values = true;
    rel.rel->unpivot.include_nulls = include_nulls;
    rel.rel->unpivot.variable = name.text;
    rel.rel->unpivot.value = values.at[0].text;
    rel.rel->unpivot.value_names = hr_sql_names(p, &values);
    rel.rel->unpivot.aliases = hr_sql_names(p, &aliases);
    rel.rel->unpivot.values = hr_sql_exprs(p, &sets);
    rel.rel->unpivot.value_sets = HR_NEW_ARRAY(p->arena, struct hr_exprs, sets.count);
    for (size_t i = 0; i < sets.count; i++) {
        struct nodes one = {0};
        if (!sets.at[i].row)
            hr_sql_push(p, &one, sets.at[i]);
        rel.rel->unpivot.value_sets[i] = hr_sql_exprs(p, sets.at[i].row ? sets.at[i].row : &one);
    }
    return rel;
}

struct rel hr_sql_sorted(
    struct parser *p, struct rel input, struct nodes orders, bool global, bool all, int stop)
{
    struct rel rel = over(p, HR_REL_SORT, input, stop, hr_sql_depth(&orders));
    rel.rel->sort.orders = hr_sql_exprs(p, &orders);
    rel.rel->sort.is_global = global;
    rel.rel->sort.all = all;
    return rel;
}

struct rel hr_sql_distributed(struct parser *p, struct rel input, struct nodes exprs, int stop)
{
    struct rel rel = over(p, HR_REL_REPARTITION, input, stop, hr_sql_depth(&exprs));
    rel.rel->repartition.exprs = hr_sql_exprs(p, &exprs);
    rel.rel->repartition.shuffle = true;
    return rel;
}

struct rel hr_sql_limited(
    struct parser *p, struct rel input, enum hr_rel_kind kind, struct node count, int stop)
{
    struct rel rel = over(p, kind, input, stop, count.depth);
    rel.rel->limit.count = count.expr;
    return rel;
}

/* ---- around two and more ---- */

struct rel hr_sql_join(struct parser *p,
                       struct rel left,
                       enum hr_join_type type,
                       bool natural,
                       bool lateral,
                       struct rel right,
                       struct criteria criteria)
{
    int stop = criteria.stop ? criteria.stop : right.stop;
    struct rel rel = over(p, lateral ? HR_REL_LATERAL_JOIN : HR_REL_JOIN, left, stop,
                          deeper(right.depth, criteria.depth));
    rel.rel->right = right.rel;
    rel.rel->join.type = type;
    rel.rel->join.natural = natural;
    rel.rel->join.lateral = lateral;
    rel.rel->join.condition = criteria.on;
    rel.rel->join.using = criteria.using;
    return rel;
}

struct rel hr_sql_set(
    struct parser *p, enum hr_set_op op, bool all, bool by_name, struct rel left, struct rel right)
{
    struct rel rel = over(p, HR_REL_SET, left, right.stop, right.depth);
    rel.rel->right = right.rel;
    rel.rel->set.op = op;
    rel.rel->set.all = all;
    rel.rel->set.by_name = by_name;
    return rel;
}

static void check_cte_names(struct parser *p, const struct hr_cte *ctes, size_t count, int start)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcasecmp(ctes[i].name, ctes[j].name))
                hr_sql_late(p, start, start + 4, "DUPLICATED_CTE_NAMES", "duplicateNames",
                            hr_printf(p->arena, "`%s`", ctes[j].name), NULL);
}

struct rel hr_sql_with(struct parser *p,
                       struct hr_cte *ctes,
                       size_t count,
                       bool recursive,
                       struct rel body,
                       int start,
                       int depth)
{
    struct rel rel = over(p, HR_REL_CTE, body, body.stop, depth);
    rel.start = start;
    check_cte_names(p, ctes, count, start);
    rel.rel->cte.at = ctes;
    rel.rel->cte.count = count;
    rel.rel->cte.recursive = recursive;
    rel.rel->cte.level_limit = p->recursion_limit;
    return rel;
}

/* ---- GROUP BY ---- */

static void push_set(struct parser *p, struct sets *sets, struct nodes set)
{
    if (sets->count == sets->room) {
        size_t room = sets->room ? sets->room * 2 : 4;
        struct nodes *at = HR_NEW_ARRAY(p->arena, struct nodes, room);
        if (sets->count)
            memcpy(at, sets->at, sets->count * sizeof *at);
        sets->at = at;
        sets->room = room;
    }
    sets->at[sets->count++] = set;
}

static struct nodes joined(struct parser *p, const struct nodes *left, const struct nodes *right)
{
    struct nodes both = {0};
    for (size_t i = 0; i < left->count; i++)
        hr_sql_push(p, &both, left->at[i]);
    for (size_t i = 0; i < right->count; i++)
        hr_sql_push(p, &both, right->at[i]);
    return both;
}

struct sets *hr_sql_sets_one(struct parser *p, const struct node *node)
{
    struct sets *sets = HR_NEW(p->arena, struct sets);
    struct nodes set = {0};
    if (node && node->row)
        set = *node->row;
    else if (node)
        hr_sql_push(p, &set, *node);
    push_set(p, sets, set);
    return sets;
}

struct sets *hr_sql_sets_join(struct parser *p, struct sets *left, struct sets *right)
{
    for (size_t i = 0; i < right->count; i++)
        push_set(p, left, right->at[i]);
    return left;
}

#define GROUPING_SETS_MAX                                                                     \
    4096 /* Spark's own bound on CUBE is 64 columns; more sets than this are not a query that \
            anyone waits for */

struct sets *hr_sql_sets_expand(struct parser *p, enum hr_group_type type, struct sets *sets)
{
    struct sets *all = HR_NEW(p->arena, struct sets);
    if (type == HR_GROUP_SETS)
        return sets;
    if (type == HR_GROUP_CUBE && sets->count > 12) {
        hr_sql_refuse(p, 0, 0, "CUBE of more than 12 columns");
        return sets;
    }
    size_t variants = type == HR_GROUP_ROLLUP ? sets->count + 1 : (size_t)1 << sets->count;
    for (size_t v = 0; v < variants; v++) {
        struct nodes set = {0};
        for (size_t i = 0; i < sets->count; i++)
            if (type == HR_GROUP_ROLLUP ? i + v < sets->count : !(v >> (sets->count - 1 - i) & 1))
                set = joined(p, &set, &sets->at[i]);
        push_set(p, all, set);
    }
    return all;
}

static bool same_text(const struct parser *p, const struct node *a, const struct node *b)
{
    int len = a->stop - a->start;
    return len == b->stop - b->start &&
           !strncasecmp(p->sql + a->start, p->sql + b->start, (size_t)len);
}

static void push_key(struct parser *p, struct nodes *keys, struct node key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (same_text(p, &keys->at[i], &key))
            return;
    hr_sql_push(p, keys, key);
}

static struct group *group_of_sets(struct parser *p,
                                   enum hr_group_type type,
                                   const struct nodes *keys,
                                   struct sets *sets)
{
    struct group *group = HR_NEW(p->arena, struct group);
    group->type = type;
    for (size_t i = 0; keys && i < keys->count; i++)
        push_key(p, &group->keys, keys->at[i]);
    for (size_t i = 0; i < sets->count; i++)
        for (size_t j = 0; j < sets->at[i].count; j++)
            push_key(p, &group->keys, sets->at[i].at[j]);
    group->sets = *sets;
    return group;
}

struct group *hr_sql_group_key(struct parser *p, struct node key)
{
    struct group *group = HR_NEW(p->arena, struct group);
    group->type = HR_GROUP_BY;
    hr_sql_push(p, &group->keys, key);
    push_set(p, &group->sets, group->keys);
    return group;
}

struct group *hr_sql_group_analytics(struct parser *p, enum hr_group_type type, struct sets *sets)
{
    bool plain = type != HR_GROUP_SETS;
    for (size_t i = 0; i < sets->count; i++)
        plain = plain && sets->at[i].count == 1;
    return group_of_sets(p, plain ? type : HR_GROUP_SETS, NULL, hr_sql_sets_expand(p, type, sets));
}

struct group *hr_sql_group_join(struct parser *p, struct group *left, struct group *right)
{
    if (left->type == HR_GROUP_BY && right->type == HR_GROUP_BY) {
        left->keys = joined(p, &left->keys, &right->keys);
        left->sets.at[0] = left->keys;
        return left;
    }
    struct sets *product = HR_NEW(p->arena, struct sets);
    if (left->sets.count * right->sets.count > GROUPING_SETS_MAX) {
        hr_sql_refuse(p, 0, 0, "more than 4096 grouping sets");
        return left;
    }
    for (size_t i = 0; i < left->sets.count; i++)
        for (size_t j = 0; j < right->sets.count; j++)
            push_set(p, product, joined(p, &left->sets.at[i], &right->sets.at[j]));
    struct nodes keys = joined(p, &left->keys, &right->keys);
    return group_of_sets(p, HR_GROUP_SETS, &keys, product);
}

struct group *hr_sql_group_with(struct parser *p, struct group *group, enum hr_group_type type)
{
    struct sets each = {0};
    for (size_t i = 0; i < group->keys.count; i++) {
        struct nodes one = {0};
        hr_sql_push(p, &one, group->keys.at[i]);
        push_set(p, &each, one);
    }
    return hr_sql_group_analytics(p, type, &each);
}

struct group *hr_sql_group_sets(struct parser *p, struct group *group, struct sets *sets)
{
    return group_of_sets(p, HR_GROUP_SETS, &group->keys, sets);
}

/* ---- SELECT ---- */

static bool is_group_all(const struct group *group)
{
    const struct hr_expr *key = group->keys.count == 1 ? group->keys.at[0].expr : NULL;
    return group->type == HR_GROUP_BY &&
           key &&
           key->kind == HR_EXPR_ATTRIBUTE &&
           key->attribute.name.count == 1 &&
           !strcasecmp(key->attribute.name.at[0], "all");
}

static struct rel grouped(struct parser *p, const struct select *select, struct rel input)
{
    struct rel rel = over(p, HR_REL_AGGREGATE, input, select->stop,
                          deeper(hr_sql_depth(&select->items), select->having.depth));
    rel.rel->aggregate.is_select_list = true;
    rel.rel->aggregate.aggregates = hr_sql_exprs(p, &select->items);
    rel.rel->aggregate.having = select->having.expr;
    const struct group *group = select->group;
    if (!group)
        return rel;
    rel.rel->aggregate.group = group->type;
    rel.rel->aggregate.all = is_group_all(group);
    if (!rel.rel->aggregate.all)
        rel.rel->aggregate.grouping = hr_sql_exprs(p, &group->keys);
    if (group->type == HR_GROUP_SETS) {
        rel.rel->aggregate.sets = HR_NEW_ARRAY(p->arena, struct hr_exprs, group->sets.count);
        rel.rel->aggregate.set_count = group->sets.count;
        for (size_t i = 0; i < group->sets.count; i++)
            rel.rel->aggregate.sets[i] = hr_sql_exprs(p, &group->sets.at[i]);
    }
    return rel;
}

struct rel hr_sql_select(struct parser *p, struct select *select)
{
    struct rel rel = select->from;
    if (!rel.rel)
        rel =
            sql_rel(p, hr_rel_new(p->arena, HR_REL_ONE_ROW, NULL), select->start, select->stop, 1);
    rel.start = select->start;
    if (select->where.expr) {
        rel = over(p, HR_REL_FILTER, rel, select->where.stop, select->where.depth);
        rel.rel->filter.condition = select->where.expr;
    }
    if (select->has_group || select->having.expr) {
        rel = grouped(p, select, rel);
    } else {
        rel = over(p, HR_REL_PROJECT, rel, select->stop, hr_sql_depth(&select->items));
        rel.rel->project.exprs = hr_sql_exprs(p, &select->items);
    }
    if (select->qualify.expr)
        hr_sql_refuse(p, select->qualify.start, select->qualify.stop, "QUALIFY");
    if (select->window_count) {
        rel = over(p, HR_REL_WINDOWS, rel, select->stop, 0);
        rel.rel->windows.at = select->windows;
        rel.rel->windows.count = select->window_count;
    }
    if (select->distinct) {
        rel = over(p, HR_REL_DEDUPLICATE, rel, select->stop, 0);
        rel.rel->deduplicate.all_columns = true;
    }
    for (size_t i = select->hints.count; i-- > 0;) {
        const struct hr_expr *hint = select->hints.at[i].expr;
        rel = over(p, HR_REL_HINT, rel, select->stop, 0);
        rel.rel->hint.name = hint->call.name.at[0];
        rel.rel->hint.parameters = hint->call.args;
    }
    return rel;
}
