/* Relations: unresolved to typed. One function a kind, its table, and the roots. */
#include "host/analyze/internal.h"
#include "host/plan/python_work.h"
#include "base/limits.h"

struct hr_node *hr_node_new(struct analysis *a, enum hr_node_kind kind, struct hr_node *input)
{
    struct hr_node *node = NEW(a, struct hr_node);
    node->kind = kind;
    node->input = input;
    if (input)
        node->output = input->output;
    return node;
}

const struct hr_attr *hr_attr_new(struct analysis *a,
                                  const char *name,
                                  const struct hr_type *type,
                                  bool nullable)
{
    struct hr_attr *attr = NEW(a, struct hr_attr);
    *attr = (struct hr_attr){.id = ++a->next_id, .name = name, .type = type, .nullable = nullable};
    return attr;
}

const struct hr_attr *hr_attr_like(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_attr *copy = NEW(a, struct hr_attr);
    *copy = *attr;
    return copy;
}

static void name_node(struct analysis *a, struct hr_node *node, int64_t plan_id)
{
    if (plan_id == HR_NO_PLAN_ID)
        return;
    struct hr_plan_name *name = NEW(a, struct hr_plan_name);
    *name = (struct hr_plan_name){plan_id, node->output, node->names};
    node->names = name;
}

static bool identity(const struct hr_node *input,
                     const struct hr_texprs *exprs,
                     const struct hr_attrs *output)
{
    if (exprs->count != input->output.count)
        return false;
    for (size_t i = 0; i < exprs->count; i++)
        if (exprs->at[i]->kind != HR_T_COLUMN ||
            exprs->at[i]->column.attr->id != input->output.at[i]->id ||
            output->at[i] != input->output.at[i])
            return false;
    return true;
}

enum hr_code hr_project(struct analysis *a,
                        struct hr_node *input,
                        struct hr_texprs exprs,
                        struct hr_attrs output,
                        struct hr_node **out)
{
    if (identity(input, &exprs, &output)) {
        *out = input;
        return HR_OK;
    }
    HR_TRY(hr_lift_windows(a, &input, &exprs));
    struct hr_node *node = hr_node_new(a, HR_N_PROJECT, input);
    node->project.exprs = exprs;
    node->output = output;
    *out = node;
    return HR_OK;
}

enum hr_code hr_filter_node(struct analysis *a,
                            struct hr_node *input,
                            struct hr_texpr *condition,
                            struct hr_node **out)
{
    *out = hr_node_new(a, HR_N_FILTER, input);
    (*out)->filter.condition = condition;
    return HR_OK;
}

/* casts the columns where types differ; names stay */
enum hr_code hr_cast_output(struct analysis *a,
                            struct hr_node *input,
                            const struct hr_type **types,
                            struct hr_node **out)
{
    size_t count = input->output.count;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, count);
    for (size_t i = 0; i < count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        exprs[i] = hr_cast_implicit(a, hr_column_of(a, attr), types[i]);
        attrs[i] = attr;
        if (!hr_type_equal(attr->type, types[i])) {
            struct hr_attr *cast =
                (struct hr_attr *)hr_attr_new(a, attr->name, types[i], exprs[i]->nullable);
            cast->qualifier = attr->qualifier;
            attrs[i] = cast;
        }
    }
    return hr_project(a, input, (struct hr_texprs){exprs, count}, (struct hr_attrs){attrs, count},
                      out);
}

struct scope hr_scope_of(struct analysis *a, struct hr_node *input)
{
    return (struct scope){
        .a = a, .inputs = {input}, .input_count = input ? 1 : 0, .outer = a->outer};
}

/* ---- hints and partitions change nothing here, but their arguments must be right ---- */

static enum hr_code repartition_rel(struct analysis *a,
                                    const struct hr_rel *rel,
                                    struct hr_node **out)
{
    HR_TRY(hr_resolve_rel(a, rel->input, out));
    struct scope s = hr_scope_of(a, *out);
    if (rel->repartition.partitions < (rel->repartition.exprs.count ? 0 : 1))
        return hr_fail(a->err, HR_E_INVALID,
                       "requirement failed: Number of partitions (%d) must be positive.",
                       rel->repartition.partitions);
    for (size_t i = 0; i < rel->repartition.exprs.count; i++) {
        struct hr_texpr *ignored;
        HR_TRY(hr_resolve_expr(&s, rel->repartition.exprs.at[i], &ignored));
    }
    return HR_OK;
}

/* a column that a hint names: as an expression, or as its name in quotes */
static enum hr_code hint_column(struct scope *s, const struct hr_expr *given)
{
    struct hr_texpr *ignored;
    const struct hr_literal *literal = given->kind == HR_EXPR_LITERAL ? given->literal : NULL;
    if (literal && hr_is_string(literal->type) && !literal->is_null)
        given = hr_expr_attribute(s->a->arena,
                                  hr_strndup(s->a->arena, literal->text.bytes, literal->text.len));
    return hr_resolve_expr(s, given, &ignored);
}

/* Hints about partitions must have right arguments; what other hints say changes no result, and
 * Spark ignores what it does not know. */
static enum hr_code hint_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    static const char *const names[] = {"COALESCE", "REPARTITION", "REPARTITION_BY_RANGE",
                                        "REBALANCE"};
    const struct hr_exprs *given = &rel->hint.parameters;
    size_t kind = 0;
    HR_TRY(hr_resolve_rel(a, rel->input, out));
    while (kind < HR_LEN(names) && strcasecmp(names[kind], rel->hint.name))
        kind++;
    if (kind == HR_LEN(names))
        return HR_OK;
    const struct hr_literal *number =
        given->count && given->at[0]->kind == HR_EXPR_LITERAL ? given->at[0]->literal : NULL;
    if (number && !hr_type_is_integral(number->type))
        number = NULL;
    if (!kind && (given->count != 1 || !number))
        return hr_fail_spark(a->err, "_LEGACY_ERROR_TEMP_1048", "hintName", names[kind], NULL);
    if (number && number->integer <= 0)
        return hr_fail(a->err, HR_E_INVALID,
                       "requirement failed: Number of partitions (%lld) must be positive.",
                       (long long)number->integer);
    struct scope s = hr_scope_of(a, *out);
    for (size_t i = number ? 1 : 0; i < given->count; i++)
        HR_TRY(hint_column(&s, given->at[i]));
    return HR_OK;
}

/* ---- CTEs and references ---- */

static enum hr_code windows_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    const struct hr_window_definition *before = a->windows;
    size_t count = a->window_count;
    a->windows = rel->windows.at;
    a->window_count = rel->windows.count;
    enum hr_code code = hr_resolve_rel(a, rel->input, out);
    a->windows = before;
    a->window_count = count;
    return code;
}

static enum hr_code observe_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input, *metrics;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    HR_TRY(hr_resolve_select(a, rel, input, &rel->collect_metrics.metrics, &metrics));
    struct hr_field *fields = ARRAY(a, struct hr_field, metrics->output.count);
    for (size_t i = 0; i < metrics->output.count; i++)
        fields[i] = (struct hr_field){metrics->output.at[i]->name, metrics->output.at[i]->type,
                                      metrics->output.at[i]->nullable, NULL};
    struct hr_observation *grown = ARRAY(a, struct hr_observation, a->observation_count + 1);
    if (a->observation_count)
        memcpy(grown, a->observations, a->observation_count * sizeof *grown);
    grown[a->observation_count++] =
        (struct hr_observation){rel->collect_metrics.name, metrics,
                                hr_type_struct(a->arena, fields, metrics->output.count)};
    a->observations = grown;
    *out = input;
    return HR_OK;
}

static enum hr_code resolve_kind(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    struct hr_node *input;
    switch (rel->kind) {
    case HR_REL_READ_FILES:
    case HR_REL_LOCAL:
    case HR_REL_CACHED_LOCAL:
    case HR_REL_CACHED_REMOTE:
    case HR_REL_CATALOG:
    case HR_REL_PARSE:
        return hr_source_node(a, rel, out);
    case HR_REL_READ_TABLE:
        return hr_table_node(a, rel, out);
    case HR_REL_RANGE:
        return hr_range_node(a, rel->range.has_start ? rel->range.start : 0, rel->range.end,
                             rel->range.step ? rel->range.step : 1, out);
    case HR_REL_SQL:
        return hr_parsed_rel(a, rel, out);
    case HR_REL_VALUES:
        return hr_values_node(a, rel, out);
    case HR_REL_ONE_ROW:
        *out = hr_one_row(a);
        return HR_OK;
    case HR_REL_PROJECT:
        if (rel->input)
            HR_TRY(hr_resolve_rel(a, rel->input, &input));
        else
            input = hr_one_row(a);
        return hr_resolve_select(a, rel, input, &rel->project.exprs, out);
    case HR_REL_FILTER:
        return hr_filter_rel(a, rel, out);
    case HR_REL_AGGREGATE:
        return hr_resolve_aggregate(a, rel, out);
    case HR_REL_SORT:
        return hr_sort_rel(a, rel, out);
    case HR_REL_LIMIT:
    case HR_REL_OFFSET:
    case HR_REL_TAIL:
        return hr_limit_rel(a, rel, out);
    case HR_REL_JOIN:
    case HR_REL_LATERAL_JOIN:
        return hr_resolve_join(a, rel, out);
    case HR_REL_AS_OF_JOIN:
        return hr_resolve_as_of(a, rel, out);
    case HR_REL_SET:
        return hr_resolve_set(a, rel, out);
    case HR_REL_DEDUPLICATE:
        return hr_deduplicate_rel(a, rel, out);
    case HR_REL_SUBQUERY_ALIAS:
        return hr_alias_rel(a, rel, out);
    case HR_REL_WITH_COLUMNS:
        return hr_with_columns_rel(a, rel, out);
    case HR_REL_RENAME_COLUMNS:
        return hr_rename_rel(a, rel, out);
    case HR_REL_DROP:
        return hr_drop_rel(a, rel, out);
    case HR_REL_TO_DF:
        return hr_to_df_rel(a, rel, out);
    case HR_REL_TO_SCHEMA:
        return hr_to_schema_rel(a, rel, out);
    case HR_REL_SAMPLE:
        return hr_sample_rel(a, rel, out);
    case HR_REL_REPARTITION:
        return repartition_rel(a, rel, out);
    case HR_REL_HINT:
        return hint_rel(a, rel, out);
    case HR_REL_COLLECT_METRICS:
        return observe_rel(a, rel, out);
    case HR_REL_CTE:
        return hr_cte_rel(a, rel, out);
    case HR_REL_WITH_RELATIONS:
        return hr_with_relations_rel(a, rel, out);
    case HR_REL_WINDOWS:
        return windows_rel(a, rel, out);
    case HR_REL_GENERATE:
        return hr_resolve_generate(a, rel, out);
    case HR_REL_TABLE_FUNCTION:
        return hr_table_function_rel(a, rel, out);
    case HR_REL_UNPIVOT:
    case HR_REL_TRANSPOSE:
    case HR_REL_FILL_NA:
    case HR_REL_DROP_NA:
    case HR_REL_REPLACE:
    case HR_REL_SUMMARY:
    case HR_REL_DESCRIBE:
    case HR_REL_CROSSTAB:
    case HR_REL_COV:
    case HR_REL_CORR:
    case HR_REL_APPROX_QUANTILE:
    case HR_REL_FREQ_ITEMS:
    case HR_REL_SAMPLE_BY:
        return hr_resolve_statistics(a, rel, out);
    case HR_REL_MAP_PARTITIONS:
    case HR_REL_GROUP_MAP:
    case HR_REL_CO_GROUP_MAP:
        return hr_refuse_udf(a->arena, rel->map.function, a->err);
    default:
        return hr_refuse(a->err, "relation '%s'", hr_rel_kind_name(rel->kind));
    }
}

enum hr_code hr_resolve_rel(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    if (++a->depth > HR_PLAN_DEPTH_MAX)
        return hr_fail(a->err, HR_E_LIMIT, "plan is nested more than %d levels deep",
                       HR_PLAN_DEPTH_MAX);
    const struct hr_rel *windowed = rel;
    bool may_window = rel->input && (rel->kind == HR_REL_PROJECT || rel->kind == HR_REL_AGGREGATE);
    enum hr_code code = may_window ? hr_time_windows(a, rel, &windowed) : HR_OK;
    if (!code)
        code = resolve_kind(a, windowed, out);
    a->depth--;
    HR_TRY(code);
    name_node(a, *out, rel->plan_id);
    return HR_OK;
}

/* ---- the roots ---- */

static enum hr_code show_root(struct analysis *a, const struct hr_rel *rel, struct hr_typed *typed)
{
    struct hr_node *input, *limit;
    HR_TRY(hr_resolve_rel(a, rel->input, &input));
    typed->root = rel->kind == HR_REL_SHOW_STRING ? HR_ROOT_SHOW : HR_ROOT_HTML;
    typed->rows = rel->show.rows < 0            ? 0
                  : rel->show.rows > 2147483646 ? 2147483646
                                                : rel->show.rows;
    typed->truncate = rel->show.truncate;
    typed->vertical = rel->kind == HR_REL_SHOW_STRING && rel->show.vertical;
    limit = hr_node_new(a, HR_N_LIMIT, input);
    limit->limit.count = (int64_t)typed->rows + 1;
    struct scope s = hr_scope_of(a, limit);
    size_t n = 0;
    struct hr_texpr **exprs = ARRAY(a, struct hr_texpr *, input->output.count);
    const struct hr_attr **attrs = ARRAY(a, const struct hr_attr *, input->output.count);
    for (size_t i = 0; i < input->output.count; i++) {
        const struct hr_attr *attr = input->output.at[i];
        if (attr->hidden)
            continue;
        struct hr_texpr *args[] = {hr_column_of(a, attr)};
        HR_TRY(hr_call_typed(&s, "$show", args, 1, &exprs[n]));
        attrs[n++] = hr_attr_new(a, attr->name, BASIC(STRING), false);
    }
    HR_TRY(hr_project(a, limit, (struct hr_texprs){exprs, n}, (struct hr_attrs){attrs, n},
                      &typed->node));
    struct hr_field *field = NEW(a, struct hr_field);
    *field = (struct hr_field){typed->root == HR_ROOT_SHOW ? "show_string" : "html_string",
                               BASIC(STRING), false, NULL};
    typed->schema = hr_type_struct(a->arena, field, 1);
    return HR_OK;
}

static enum hr_code rows_root(struct analysis *a, const struct hr_rel *rel, struct hr_typed *typed)
{
    struct hr_node *node;
    HR_TRY(hr_resolve_rel(a, rel, &node));
    struct hr_attrs output = {ARRAY(a, const struct hr_attr *, node->output.count), 0};
    struct hr_field *fields = ARRAY(a, struct hr_field, node->output.count);
    for (size_t i = 0; i < node->output.count; i++) {
        const struct hr_attr *attr = node->output.at[i];
        if (attr->hidden)
            continue;
        fields[output.count] =
            (struct hr_field){attr->name, attr->type, attr->nullable, attr->metadata};
        output.at[output.count++] = attr;
    }
    HR_TRY(hr_restore_output(a, node, &output, &typed->node));
    typed->schema = hr_type_struct(a->arena, fields, output.count);
    return HR_OK;
}

static void analysis_init(struct analysis *a,
                          struct hr_arena *arena,
                          struct hr_env *env,
                          struct hr_err *err)
{
    *a = (struct analysis){.arena = arena, .env = env, .err = err, .ansi = true};
    const char *value = env->ops->conf(env, "spark.sql.ansi.enabled");
    a->ansi = !value || !strcasecmp(value, "true");
    value = env->ops->conf(env, "spark.sql.caseSensitive");
    a->case_sensitive = value && !strcasecmp(value, "true");
    value = env->ops->conf(env, "spark.sql.session.timeZone");
    a->zone = value ? hr_zone_find(value, strlen(value)) : NULL;
    if (!a->zone)
        a->zone = hr_zone_utc();
}

enum hr_code hr_analyze(struct hr_arena *arena,
                        struct hr_env *env,
                        const struct hr_rel *rel,
                        struct hr_typed **out,
                        struct hr_err *err)
{
    struct analysis a;
    struct hr_err unused;
    analysis_init(&a, arena, env, err ? err : &unused);
    struct hr_typed *typed = HR_NEW(arena, struct hr_typed);
    bool show = rel->kind == HR_REL_SHOW_STRING || rel->kind == HR_REL_HTML_STRING;
    enum hr_code code = show ? show_root(&a, rel, typed) : rows_root(&a, rel, typed);
    /* once more, with what only few ask for */
    if (code && a.wants_metadata) {
        analysis_init(&a, arena, env, err ? err : &unused);
        *a.err = (struct hr_err){0};
        a.metadata = true;
        code = show ? show_root(&a, rel, typed) : rows_root(&a, rel, typed);
    }
    HR_TRY(code);
    typed->observations = a.observations;
    typed->observation_count = a.observation_count;
    typed->sources = a.sources;
    typed->source_count = a.source_count;
    *out = typed;
    return HR_OK;
}
