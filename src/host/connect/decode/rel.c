#include "host/connect/decode/private.h"
#include <string.h>

#define REL(name) SPARK__CONNECT__RELATION__REL_TYPE_##name

enum hr_code hr_decode_refuse(struct decoder *d, const char *what)
{
    return hr_fail_spark(d->err, "UNSUPPORTED_FEATURE", "feature", what, NULL);
}

enum hr_code hr_decode_missing(struct decoder *d, const char *what)
{
    return hr_fail(d->err, HR_E_INVALID, "plan is not valid: %s", what);
}

struct hr_options hr_decode_options(struct decoder *d, size_t count, void *entries)
{
    struct pb_entry **in = entries;
    struct hr_options options = {HR_NEW_ARRAY(d->arena, struct hr_option, count), count};
    for (size_t i = 0; i < count; i++)
        options.at[i] = (struct hr_option){in[i]->key, in[i]->value};
    return options;
}

/* ---- leaves ---- */

static enum hr_code decode_data_source(struct decoder *d,
                                       const PB(Read__DataSource) * in,
                                       struct hr_rel *rel)
{
    rel->kind = HR_REL_READ_FILES;
    rel->read_files.format = in->_format_case ? in->format : NULL;
    rel->read_files.schema = in->_schema_case && *in->schema ? in->schema : NULL;
    rel->read_files.options = hr_decode_options(d, in->n_options, in->options);
    rel->read_files.paths = hr_decode_names(d, in->n_paths, in->paths);
    if (in->n_predicates)
        return hr_decode_refuse(d, "reading JDBC with predicates");
    return HR_OK;
}

static enum hr_code decode_read(struct decoder *d, const PB(Read) * in, struct hr_rel *rel)
{
    if (in->is_streaming)
        return hr_decode_refuse(d, "structured streaming");
    if (in->read_type_case == SPARK__CONNECT__READ__READ_TYPE_DATA_SOURCE)
        return decode_data_source(d, in->data_source, rel);
    if (in->read_type_case != SPARK__CONNECT__READ__READ_TYPE_NAMED_TABLE)
        return hr_decode_missing(d, "read of an unknown kind");
    rel->kind = HR_REL_READ_TABLE;
    rel->read_table.options =
        hr_decode_options(d, in->named_table->n_options, in->named_table->options);
    return hr_decode_name(d->arena, in->named_table->unparsed_identifier, &rel->read_table.name,
                          d->err);
}

static enum hr_code decode_literal_expr(struct decoder *d,
                                        const PB(Expression__Literal) * in,
                                        struct hr_expr **out)
{
    *out = hr_expr_new(d->arena, HR_EXPR_LITERAL);
    return hr_connect_literal_decode(d->arena, in, &(*out)->literal, d->err);
}

/* arguments arrive as expressions; clients before 3.5 sent literals */
static enum hr_code decode_sql(struct decoder *d, const PB(SQL) * in, struct hr_rel *rel)
{
    rel->sql.text = in->query;
    HR_TRY(hr_decode_exprs(d, in->n_pos_arguments, in->pos_arguments, &rel->sql.positional));
    rel->sql.named_count = in->n_named_arguments + in->n_args;
    rel->sql.named = HR_NEW_ARRAY(d->arena, struct hr_named_expr, rel->sql.named_count);
    for (size_t i = 0; i < in->n_named_arguments; i++) {
        rel->sql.named[i].name = in->named_arguments[i]->key;
        HR_TRY(hr_decode_expr(d, in->named_arguments[i]->value, &rel->sql.named[i].value));
    }
    for (size_t i = 0; i < in->n_args; i++) {
        rel->sql.named[in->n_named_arguments + i].name = in->args[i]->key;
        HR_TRY(decode_literal_expr(d, in->args[i]->value,
                                   &rel->sql.named[in->n_named_arguments + i].value));
    }
    if (in->n_pos_arguments || !in->n_pos_args)
        return HR_OK;
    rel->sql.positional =
        (struct hr_exprs){HR_NEW_ARRAY(d->arena, struct hr_expr *, in->n_pos_args), in->n_pos_args};
    for (size_t i = 0; i < in->n_pos_args; i++)
        HR_TRY(decode_literal_expr(d, in->pos_args[i], &rel->sql.positional.at[i]));
    return HR_OK;
}

/* spark.catalog.*: the call's fields, whatever they are, as text under their protobuf names */
static enum hr_code decode_catalog(struct decoder *d, const PB(Catalog) * in, struct hr_rel *rel)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(in->base.descriptor, (unsigned)in->cat_type_case);
    if (!in->cat_type_case || !field)
        return hr_decode_missing(d, "catalog call of an unknown kind");
    /* all members of the union are messages */
    const ProtobufCMessage *call = (const ProtobufCMessage *)in->current_database;
    struct hr_catalog_call *out = HR_NEW(d->arena, struct hr_catalog_call);
    out->name = field->name;
    out->args.at = HR_NEW_ARRAY(d->arena, struct hr_option, call->descriptor->n_fields);
    for (unsigned i = 0; i < call->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *arg = &call->descriptor->fields[i];
        const char *at = (const char *)call + arg->offset;
        bool is_set = !(arg->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
                      *(const uint32_t *)(const void *)((const char *)call +
                                                        arg->quantifier_offset) == arg->id;
        if (!is_set)
            continue;
        if (arg->label == PROTOBUF_C_LABEL_REPEATED) {
            if (*(const size_t *)(const void *)((const char *)call + arg->quantifier_offset))
                return hr_decode_refuse(d, "catalog calls with options or properties");
        } else if (arg->type == PROTOBUF_C_TYPE_STRING) {
            out->args.at[out->args.count++] =
                (struct hr_option){arg->name, *(char *const *)(const void *)at};
        } else if (arg->type == PROTOBUF_C_TYPE_BOOL) {
            out->args.at[out->args.count++] = (struct hr_option){
                arg->name, *(const protobuf_c_boolean *)(const void *)at ? "true" : "false"};
        } else if (arg->descriptor == &spark__connect__data_type__descriptor) {
            HR_TRY(hr_connect_type_decode(d->arena, *(PB(DataType) *const *)(const void *)at,
                                          &out->schema, d->err));
        }
    }
    rel->catalog.call = out;
    return HR_OK;
}

static enum hr_code decode_chunked_local(struct decoder *d,
                                         const PB(ChunkedCachedLocalRelation) * in,
                                         struct hr_rel *rel)
{
    rel->cached_local.data = hr_decode_names(d, in->n_datahashes, in->datahashes);
    rel->cached_local.schema_hash = in->_schema_hash_case ? in->schemahash : NULL;
    return HR_OK;
}

/* ---- one input ---- */

static enum hr_code decode_aggregate(struct decoder *d,
                                     const PB(Aggregate) * in,
                                     struct hr_rel *rel)
{
    static const enum hr_group_type groups[] = {HR_GROUP_BY,   HR_GROUP_BY,    HR_GROUP_ROLLUP,
                                                HR_GROUP_CUBE, HR_GROUP_PIVOT, HR_GROUP_SETS};
    if (!in->group_type || (unsigned)in->group_type >= HR_LEN(groups))
        return hr_decode_missing(d, "aggregate of an unknown kind");
    rel->aggregate.group = groups[in->group_type];
    HR_TRY(hr_decode_exprs(d, in->n_grouping_expressions, in->grouping_expressions,
                           &rel->aggregate.grouping));
    HR_TRY(hr_decode_exprs(d, in->n_aggregate_expressions, in->aggregate_expressions,
                           &rel->aggregate.aggregates));
    if (rel->aggregate.group == HR_GROUP_PIVOT) {
        if (!in->pivot)
            return hr_decode_missing(d, "pivot without a column");
        HR_TRY(hr_decode_expr(d, in->pivot->col, &rel->aggregate.pivot));
        rel->aggregate.pivot_values = (struct hr_exprs){
            HR_NEW_ARRAY(d->arena, struct hr_expr *, in->pivot->n_values), in->pivot->n_values};
        for (size_t i = 0; i < in->pivot->n_values; i++)
            HR_TRY(
                decode_literal_expr(d, in->pivot->values[i], &rel->aggregate.pivot_values.at[i]));
    }
    rel->aggregate.set_count = in->n_grouping_sets;
    rel->aggregate.sets = HR_NEW_ARRAY(d->arena, struct hr_exprs, in->n_grouping_sets);
    for (size_t i = 0; i < in->n_grouping_sets; i++)
        HR_TRY(hr_decode_exprs(d, in->grouping_sets[i]->n_grouping_set,
                               in->grouping_sets[i]->grouping_set, &rel->aggregate.sets[i]));
    return HR_OK;
}

static enum hr_code decode_with_columns(struct decoder *d,
                                        const PB(WithColumns) * in,
                                        struct hr_rel *rel)
{
    rel->with_columns.columns =
        (struct hr_exprs){HR_NEW_ARRAY(d->arena, struct hr_expr *, in->n_aliases), in->n_aliases};
    for (size_t i = 0; i < in->n_aliases; i++)
        HR_TRY(hr_decode_alias(d, in->aliases[i], &rel->with_columns.columns.at[i]));
    return HR_OK;
}

static void decode_renames(struct decoder *d, const PB(WithColumnsRenamed) * in, struct hr_rel *rel)
{
    size_t count = in->n_renames ? in->n_renames : in->n_rename_columns_map;
    rel->rename.at = HR_NEW_ARRAY(d->arena, struct hr_rename, count);
    rel->rename.count = count;
    for (size_t i = 0; i < count; i++)
        rel->rename.at[i] = in->n_renames ? (struct hr_rename){in->renames[i]->col_name,
                                                               in->renames[i]->new_col_name}
                                          : (struct hr_rename){in->rename_columns_map[i]->key,
                                                               in->rename_columns_map[i]->value};
}

static enum hr_code decode_unpivot(struct decoder *d, const PB(Unpivot) * in, struct hr_rel *rel)
{
    rel->unpivot.variable = in->variable_column_name;
    rel->unpivot.value = in->value_column_name;
    rel->unpivot.include_nulls = true; /* only SQL text leaves them out */
    HR_TRY(hr_decode_exprs(d, in->n_ids, in->ids, &rel->unpivot.ids));
    rel->unpivot.has_values = in->_values_case;
    return in->_values_case
               ? hr_decode_exprs(d, in->values->n_values, in->values->values, &rel->unpivot.values)
               : HR_OK;
}

static enum hr_code decode_literals(struct decoder *d,
                                    size_t count,
                                    PB(Expression__Literal) * *in,
                                    struct hr_literals *out)
{
    *out = (struct hr_literals){HR_NEW_ARRAY(d->arena, struct hr_literal *, count), count};
    for (size_t i = 0; i < count; i++)
        HR_TRY(hr_connect_literal_decode(d->arena, in[i], &out->at[i], d->err));
    return HR_OK;
}

static enum hr_code decode_replace(struct decoder *d, const PB(NAReplace) * in, struct hr_rel *rel)
{
    rel->replace.columns = hr_decode_names(d, in->n_cols, in->cols);
    rel->replace.count = in->n_replacements;
    rel->replace.at = HR_NEW_ARRAY(d->arena, struct hr_replacement, in->n_replacements);
    for (size_t i = 0; i < in->n_replacements; i++) {
        HR_TRY(hr_connect_literal_decode(d->arena, in->replacements[i]->old_value,
                                         &rel->replace.at[i].old_value, d->err));
        HR_TRY(hr_connect_literal_decode(d->arena, in->replacements[i]->new_value,
                                         &rel->replace.at[i].new_value, d->err));
    }
    return HR_OK;
}

static enum hr_code decode_sample_by(struct decoder *d,
                                     const PB(StatSampleBy) * in,
                                     struct hr_rel *rel)
{
    rel->sample_by.count = in->n_fractions;
    rel->sample_by.fractions = HR_NEW_ARRAY(d->arena, struct hr_fraction, in->n_fractions);
    rel->sample_by.has_seed = in->_seed_case;
    rel->sample_by.seed = in->_seed_case ? in->seed : 0;
    for (size_t i = 0; i < in->n_fractions; i++) {
        rel->sample_by.fractions[i].fraction = in->fractions[i]->fraction;
        HR_TRY(hr_connect_literal_decode(d->arena, in->fractions[i]->stratum,
                                         &rel->sample_by.fractions[i].stratum, d->err));
    }
    return hr_decode_expr(d, in->col, &rel->sample_by.column);
}

static enum hr_code decode_parse(struct decoder *d, const PB(Parse) * in, struct hr_rel *rel)
{
    static const char *const formats[] = {NULL, "csv", "json", "xml"};
    if (!in->format || (unsigned)in->format >= HR_LEN(formats))
        return hr_decode_missing(d, "parse of an unknown format");
    rel->parse.format = formats[in->format];
    rel->parse.options = hr_decode_options(d, in->n_options, in->options);
    return in->_schema_case
               ? hr_connect_type_decode(d->arena, in->schema, &rel->parse.schema, d->err)
               : HR_OK;
}

static enum hr_code decode_repartition_by(struct decoder *d,
                                          const PB(RepartitionByExpression) * in,
                                          struct hr_rel *rel)
{
    rel->repartition.partitions = in->_num_partitions_case ? in->num_partitions : 0;
    rel->repartition.shuffle = true;
    return hr_decode_exprs(d, in->n_partition_exprs, in->partition_exprs, &rel->repartition.exprs);
}

static struct hr_expr *number(struct decoder *d, int32_t value)
{
    return hr_expr_integer(d->arena, hr_type_basic(HR_TYPE_INT), value);
}

/* ---- two inputs ---- */

static const enum hr_join_type joins[] = {HR_JOIN_INNER, HR_JOIN_INNER, HR_JOIN_FULL,
                                          HR_JOIN_LEFT,  HR_JOIN_RIGHT, HR_JOIN_ANTI,
                                          HR_JOIN_SEMI,  HR_JOIN_CROSS};

static enum hr_code decode_join(struct decoder *d, const PB(Join) * in, struct hr_rel *rel)
{
    if (!in->join_type || (unsigned)in->join_type >= HR_LEN(joins))
        return hr_decode_missing(d, "join of an unknown kind");
    if (in->_join_data_type_case)
        return hr_decode_refuse(d, "joinWith of typed datasets");
    rel->join.type = joins[in->join_type];
    rel->join.using = hr_decode_names(d, in->n_using_columns, in->using_columns);
    return in->join_condition ? hr_decode_expr(d, in->join_condition, &rel->join.condition) : HR_OK;
}

static enum hr_code decode_lateral_join(struct decoder *d,
                                        const PB(LateralJoin) * in,
                                        struct hr_rel *rel)
{
    if (!in->join_type || (unsigned)in->join_type >= HR_LEN(joins))
        return hr_decode_missing(d, "join of an unknown kind");
    rel->join.type = joins[in->join_type];
    rel->join.lateral = true;
    return in->join_condition ? hr_decode_expr(d, in->join_condition, &rel->join.condition) : HR_OK;
}

static enum hr_code decode_as_of_join(struct decoder *d,
                                      const PB(AsOfJoin) * in,
                                      struct hr_rel *rel)
{
    rel->as_of.using = hr_decode_names(d, in->n_using_columns, in->using_columns);
    rel->as_of.type = in->join_type;
    rel->as_of.direction = in->direction;
    rel->as_of.exact = in->allow_exact_matches;
    HR_TRY(hr_decode_expr(d, in->left_as_of, &rel->as_of.left_key));
    HR_TRY(hr_decode_expr(d, in->right_as_of, &rel->as_of.right_key));
    if (in->join_expr)
        HR_TRY(hr_decode_expr(d, in->join_expr, &rel->as_of.condition));
    return in->tolerance ? hr_decode_expr(d, in->tolerance, &rel->as_of.tolerance) : HR_OK;
}

static enum hr_code decode_set(struct decoder *d, const PB(SetOperation) * in, struct hr_rel *rel)
{
    static const enum hr_set_op ops[] = {HR_SET_UNION, HR_SET_INTERSECT, HR_SET_UNION,
                                         HR_SET_EXCEPT};
    if (!in->set_op_type || (unsigned)in->set_op_type >= HR_LEN(ops))
        return hr_decode_missing(d, "set operation of an unknown kind");
    rel->set.op = ops[in->set_op_type];
    rel->set.all = in->_is_all_case && in->is_all;
    rel->set.by_name = in->_by_name_case && in->by_name;
    rel->set.allow_missing = in->_allow_missing_columns_case && in->allow_missing_columns;
    return HR_OK;
}

static enum hr_code decode_group_map(struct decoder *d, const PB(GroupMap) * in, struct hr_rel *rel)
{
    if (in->initial_input ||
        in->_is_map_groups_with_state_case ||
        in->_transform_with_state_info_case)
        return hr_decode_refuse(d, "grouped maps with state");
    if (in->n_sorting_expressions)
        return hr_decode_refuse(d, "sorted grouped maps");
    HR_TRY(hr_decode_udf(d, in->func, &rel->map.function));
    return hr_decode_exprs(d, in->n_grouping_expressions, in->grouping_expressions,
                           &rel->map.grouping);
}

static enum hr_code decode_co_group_map(struct decoder *d,
                                        const PB(CoGroupMap) * in,
                                        struct hr_rel *rel)
{
    if (in->n_input_sorting_expressions || in->n_other_sorting_expressions)
        return hr_decode_refuse(d, "sorted cogrouped maps");
    HR_TRY(hr_decode_udf(d, in->func, &rel->map.function));
    HR_TRY(hr_decode_exprs(d, in->n_input_grouping_expressions, in->input_grouping_expressions,
                           &rel->map.grouping));
    return hr_decode_exprs(d, in->n_other_grouping_expressions, in->other_grouping_expressions,
                           &rel->map.right_grouping);
}

static enum hr_code decode_with_relations(struct decoder *d,
                                          const PB(WithRelations) * in,
                                          struct hr_rel *rel)
{
    rel->with_relations.count = in->n_references;
    rel->with_relations.references = HR_NEW_ARRAY(d->arena, struct hr_rel *, in->n_references);
    for (size_t i = 0; i < in->n_references; i++)
        HR_TRY(hr_decode_rel(d, in->references[i], &rel->with_relations.references[i]));
    return HR_OK;
}

/* ---- all ---- */

/* every relation: its kind of ours, and its inputs; what is refused has a name instead */
struct row {
    PB(Relation__RelTypeCase) from;
    enum hr_rel_kind to;
    enum { LEAF, ONE, MAYBE_ONE, TWO } inputs;
    const char *input, *right; /* protobuf names of the inputs */
    const char *refused;
};
static const struct row rows[] = {
    {REL(READ), HR_REL_READ_FILES, LEAF},
    {REL(PROJECT), HR_REL_PROJECT, MAYBE_ONE},
    {REL(FILTER), HR_REL_FILTER, ONE},
    {REL(JOIN), HR_REL_JOIN, TWO, "left", "right"},
    {REL(SET_OP), HR_REL_SET, TWO, "left_input", "right_input"},
    {REL(SORT), HR_REL_SORT, ONE},
    {REL(LIMIT), HR_REL_LIMIT, ONE},
    {REL(AGGREGATE), HR_REL_AGGREGATE, ONE},
    {REL(SQL), HR_REL_SQL, LEAF},
    {REL(LOCAL_RELATION), HR_REL_LOCAL, LEAF},
    {REL(SAMPLE), HR_REL_SAMPLE, ONE},
    {REL(OFFSET), HR_REL_OFFSET, ONE},
    {REL(DEDUPLICATE), HR_REL_DEDUPLICATE, ONE},
    {REL(RANGE), HR_REL_RANGE, LEAF},
    {REL(SUBQUERY_ALIAS), HR_REL_SUBQUERY_ALIAS, ONE},
    {REL(REPARTITION), HR_REL_REPARTITION, ONE},
    {REL(TO_DF), HR_REL_TO_DF, ONE},
    {REL(WITH_COLUMNS_RENAMED), HR_REL_RENAME_COLUMNS, ONE},
    {REL(SHOW_STRING), HR_REL_SHOW_STRING, ONE},
    {REL(DROP), HR_REL_DROP, ONE},
    {REL(TAIL), HR_REL_TAIL, ONE},
    {REL(WITH_COLUMNS), HR_REL_WITH_COLUMNS, ONE},
    {REL(HINT), HR_REL_HINT, ONE},
    {REL(UNPIVOT), HR_REL_UNPIVOT, ONE},
    {REL(TO_SCHEMA), HR_REL_TO_SCHEMA, ONE},
    {REL(REPARTITION_BY_EXPRESSION), HR_REL_REPARTITION, ONE},
    {REL(MAP_PARTITIONS), HR_REL_MAP_PARTITIONS, ONE},
    {REL(COLLECT_METRICS), HR_REL_COLLECT_METRICS, ONE},
    {REL(PARSE), HR_REL_PARSE, ONE},
    {REL(GROUP_MAP), HR_REL_GROUP_MAP, ONE},
    {REL(CO_GROUP_MAP), HR_REL_CO_GROUP_MAP, TWO, "input", "other"},
    {REL(WITH_WATERMARK), .refused = "withWatermark"},
    {REL(APPLY_IN_PANDAS_WITH_STATE), .refused = "applyInPandasWithState"},
    {REL(HTML_STRING), HR_REL_HTML_STRING, ONE},
    {REL(CACHED_LOCAL_RELATION), HR_REL_CACHED_LOCAL, LEAF},
    {REL(CACHED_REMOTE_RELATION), HR_REL_CACHED_REMOTE, LEAF},
    {REL(COMMON_INLINE_USER_DEFINED_TABLE_FUNCTION),
     .refused = "Python user-defined table functions"},
    {REL(AS_OF_JOIN), HR_REL_AS_OF_JOIN, TWO, "left", "right"},
    {REL(COMMON_INLINE_USER_DEFINED_DATA_SOURCE), .refused = "Python data sources"},
    {REL(WITH_RELATIONS), HR_REL_WITH_RELATIONS, ONE, "root"},
    {REL(TRANSPOSE), HR_REL_TRANSPOSE, ONE},
    {REL(UNRESOLVED_TABLE_VALUED_FUNCTION), HR_REL_TABLE_FUNCTION, LEAF},
    {REL(LATERAL_JOIN), HR_REL_LATERAL_JOIN, TWO, "left", "right"},
    {REL(CHUNKED_CACHED_LOCAL_RELATION), HR_REL_CACHED_LOCAL, LEAF},
    {REL(RELATION_CHANGES), .refused = "change data feeds (CHANGES)"},
    {REL(NEAREST_BY_JOIN), .refused = "nearest-by joins"},
    {REL(FILL_NA), HR_REL_FILL_NA, ONE},
    {REL(DROP_NA), HR_REL_DROP_NA, ONE},
    {REL(REPLACE), HR_REL_REPLACE, ONE},
    {REL(SUMMARY), HR_REL_SUMMARY, ONE},
    {REL(CROSSTAB), HR_REL_CROSSTAB, ONE},
    {REL(DESCRIBE), HR_REL_DESCRIBE, ONE},
    {REL(COV), HR_REL_COV, ONE},
    {REL(CORR), HR_REL_CORR, ONE},
    {REL(APPROX_QUANTILE), HR_REL_APPROX_QUANTILE, ONE},
    {REL(FREQ_ITEMS), HR_REL_FREQ_ITEMS, ONE},
    {REL(SAMPLE_BY), HR_REL_SAMPLE_BY, ONE},
    {REL(CATALOG), HR_REL_CATALOG, LEAF},
    {REL(ML_RELATION), .refused = "Spark ML"},
    {REL(EXTENSION), .refused = "relations of plugins"},
    {REL(UNKNOWN), .refused = "the relation \"unknown\""},
};

static const struct row *find_row(PB(Relation__RelTypeCase) kind)
{
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (rows[i].from == kind)
            return &rows[i];
    return NULL;
}

/* the message behind one field of the relation's own message; NULL when absent */
static const PB(Relation) * input_of(const PB(Relation) * in, const char *name)
{
    /* all members of the union are messages */
    const ProtobufCMessage *message = (const ProtobufCMessage *)in->read;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return *(PB(Relation) *const *)(const void *)((const char *)message + field->offset);
}

static enum hr_code decode_input(struct decoder *d,
                                 const PB(Relation) * in,
                                 const struct row *row,
                                 const char *name,
                                 struct hr_rel **out)
{
    const PB(Relation) *input = input_of(in, name ? name : "input");
    if (!input && row->inputs == MAYBE_ONE) {
        *out = hr_rel_new(d->arena, HR_REL_ONE_ROW, NULL);
        return HR_OK;
    }
    return input ? hr_decode_rel(d, input, out)
                 : hr_decode_missing(d, "relation without its input");
}

static enum hr_code decode_own(struct decoder *d, const PB(Relation) * in, struct hr_rel *rel)
{
    switch (in->rel_type_case) {
    case REL(READ):
        return decode_read(d, in->read, rel);
    case REL(PROJECT):
        return hr_decode_exprs(d, in->project->n_expressions, in->project->expressions,
                               &rel->project.exprs);
    case REL(FILTER):
        return hr_decode_expr(d, in->filter->condition, &rel->filter.condition);
    case REL(JOIN):
        return decode_join(d, in->join, rel);
    case REL(SET_OP):
        return decode_set(d, in->set_op, rel);
    case REL(SORT):
        rel->sort.is_global = !in->sort->_is_global_case || in->sort->is_global;
        return hr_decode_orders(d, in->sort->n_order, in->sort->order, &rel->sort.orders);
    case REL(LIMIT):
        rel->limit.count = number(d, in->limit->limit);
        return HR_OK;
    case REL(OFFSET):
        rel->limit.count = number(d, in->offset->offset);
        return HR_OK;
    case REL(TAIL):
        rel->limit.count = number(d, in->tail->limit);
        return HR_OK;
    case REL(AGGREGATE):
        return decode_aggregate(d, in->aggregate, rel);
    case REL(SQL):
        return decode_sql(d, in->sql, rel);
    case REL(LOCAL_RELATION):
        if (in->local_relation->_data_case) {
            rel->local.arrow = in->local_relation->data.data;
            rel->local.arrow_len = in->local_relation->data.len;
        }
        rel->local.schema = in->local_relation->_schema_case ? in->local_relation->schema : NULL;
        return HR_OK;
    case REL(SAMPLE):
        rel->sample.lower = in->sample->lower_bound;
        rel->sample.upper = in->sample->upper_bound;
        rel->sample.with_replacement =
            in->sample->_with_replacement_case && in->sample->with_replacement;
        rel->sample.has_seed = in->sample->_seed_case;
        rel->sample.seed = in->sample->_seed_case ? in->sample->seed : 0;
        rel->sample.deterministic = in->sample->deterministic_order;
        return HR_OK;
    case REL(DEDUPLICATE):
        rel->deduplicate.columns =
            hr_decode_names(d, in->deduplicate->n_column_names, in->deduplicate->column_names);
        rel->deduplicate.all_columns =
            in->deduplicate->_all_columns_as_keys_case && in->deduplicate->all_columns_as_keys;
        rel->deduplicate.within_watermark =
            in->deduplicate->_within_watermark_case && in->deduplicate->within_watermark;
        return rel->deduplicate.within_watermark
                   ? hr_decode_refuse(d, "dropDuplicatesWithinWatermark")
                   : HR_OK;
    case REL(RANGE):
        rel->range.has_start = in->range->_start_case;
        rel->range.start = in->range->_start_case ? in->range->start : 0;
        rel->range.end = in->range->end;
        rel->range.step = in->range->step;
        return HR_OK;
    case REL(SUBQUERY_ALIAS):
        rel->alias.alias = in->subquery_alias->alias;
        rel->alias.qualifier =
            hr_decode_names(d, in->subquery_alias->n_qualifier, in->subquery_alias->qualifier);
        return HR_OK;
    case REL(REPARTITION):
        rel->repartition.partitions = in->repartition->num_partitions;
        rel->repartition.shuffle = in->repartition->_shuffle_case && in->repartition->shuffle;
        return HR_OK;
    case REL(TO_DF):
        rel->to_df.names = hr_decode_names(d, in->to_df->n_column_names, in->to_df->column_names);
        return HR_OK;
    case REL(WITH_COLUMNS_RENAMED):
        decode_renames(d, in->with_columns_renamed, rel);
        return HR_OK;
    case REL(SHOW_STRING):
        rel->show.rows = in->show_string->num_rows;
        rel->show.truncate = in->show_string->truncate;
        rel->show.vertical = in->show_string->vertical;
        return HR_OK;
    case REL(HTML_STRING):
        rel->show.rows = in->html_string->num_rows;
        rel->show.truncate = in->html_string->truncate;
        return HR_OK;
    case REL(DROP):
        rel->drop.names = hr_decode_names(d, in->drop->n_column_names, in->drop->column_names);
        return hr_decode_exprs(d, in->drop->n_columns, in->drop->columns, &rel->drop.columns);
    case REL(WITH_COLUMNS):
        return decode_with_columns(d, in->with_columns, rel);
    case REL(HINT):
        rel->hint.name = in->hint->name;
        return hr_decode_exprs(d, in->hint->n_parameters, in->hint->parameters,
                               &rel->hint.parameters);
    case REL(UNPIVOT):
        return decode_unpivot(d, in->unpivot, rel);
    case REL(TO_SCHEMA):
        return hr_connect_type_decode(d->arena, in->to_schema->schema, &rel->to_schema.schema,
                                      d->err);
    case REL(REPARTITION_BY_EXPRESSION):
        return decode_repartition_by(d, in->repartition_by_expression, rel);
    case REL(MAP_PARTITIONS):
        rel->map.is_barrier =
            in->map_partitions->_is_barrier_case && in->map_partitions->is_barrier;
        return hr_decode_udf(d, in->map_partitions->func, &rel->map.function);
    case REL(COLLECT_METRICS):
        rel->collect_metrics.name = in->collect_metrics->name;
        return hr_decode_exprs(d, in->collect_metrics->n_metrics, in->collect_metrics->metrics,
                               &rel->collect_metrics.metrics);
    case REL(PARSE):
        return decode_parse(d, in->parse, rel);
    case REL(GROUP_MAP):
        return decode_group_map(d, in->group_map, rel);
    case REL(CO_GROUP_MAP):
        return decode_co_group_map(d, in->co_group_map, rel);
    case REL(CACHED_LOCAL_RELATION):
        rel->cached_local.hash = in->cached_local_relation->hash;
        return HR_OK;
    case REL(CHUNKED_CACHED_LOCAL_RELATION):
        return decode_chunked_local(d, in->chunked_cached_local_relation, rel);
    case REL(CACHED_REMOTE_RELATION):
        rel->cached_remote.id = in->cached_remote_relation->relation_id;
        return HR_OK;
    case REL(AS_OF_JOIN):
        return decode_as_of_join(d, in->as_of_join, rel);
    case REL(WITH_RELATIONS):
        return decode_with_relations(d, in->with_relations, rel);
    case REL(TRANSPOSE):
        return hr_decode_exprs(d, in->transpose->n_index_columns, in->transpose->index_columns,
                               &rel->transpose.index);
    case REL(UNRESOLVED_TABLE_VALUED_FUNCTION):
        HR_TRY(hr_decode_name(d->arena, in->unresolved_table_valued_function->function_name,
                              &rel->table_function.name, d->err));
        return hr_decode_exprs(d, in->unresolved_table_valued_function->n_arguments,
                               in->unresolved_table_valued_function->arguments,
                               &rel->table_function.args);
    case REL(LATERAL_JOIN):
        return decode_lateral_join(d, in->lateral_join, rel);
    case REL(FILL_NA):
        rel->fill_na.columns = hr_decode_names(d, in->fill_na->n_cols, in->fill_na->cols);
        return decode_literals(d, in->fill_na->n_values, in->fill_na->values, &rel->fill_na.values);
    case REL(DROP_NA):
        rel->drop_na.columns = hr_decode_names(d, in->drop_na->n_cols, in->drop_na->cols);
        rel->drop_na.has_min_non_nulls = in->drop_na->_min_non_nulls_case;
        rel->drop_na.min_non_nulls =
            in->drop_na->_min_non_nulls_case ? in->drop_na->min_non_nulls : 0;
        return HR_OK;
    case REL(REPLACE):
        return decode_replace(d, in->replace, rel);
    case REL(SUMMARY):
        rel->summary.statistics =
            hr_decode_names(d, in->summary->n_statistics, in->summary->statistics);
        return HR_OK;
    case REL(DESCRIBE):
        rel->summary.statistics = hr_decode_names(d, in->describe->n_cols, in->describe->cols);
        return HR_OK;
    case REL(CROSSTAB):
        rel->pair.col1 = in->crosstab->col1;
        rel->pair.col2 = in->crosstab->col2;
        return HR_OK;
    case REL(COV):
        rel->pair.col1 = in->cov->col1;
        rel->pair.col2 = in->cov->col2;
        return HR_OK;
    case REL(CORR):
        rel->pair.col1 = in->corr->col1;
        rel->pair.col2 = in->corr->col2;
        rel->pair.method = in->corr->_method_case ? in->corr->method : NULL;
        return HR_OK;
    case REL(APPROX_QUANTILE):
        rel->approx_quantile.columns =
            hr_decode_names(d, in->approx_quantile->n_cols, in->approx_quantile->cols);
        rel->approx_quantile.probabilities = in->approx_quantile->probabilities;
        rel->approx_quantile.count = in->approx_quantile->n_probabilities;
        rel->approx_quantile.relative_error = in->approx_quantile->relative_error;
        return HR_OK;
    case REL(FREQ_ITEMS):
        rel->freq_items.columns = hr_decode_names(d, in->freq_items->n_cols, in->freq_items->cols);
        rel->freq_items.support = in->freq_items->_support_case ? in->freq_items->support : 0.01;
        return HR_OK;
    case REL(SAMPLE_BY):
        return decode_sample_by(d, in->sample_by, rel);
    case REL(CATALOG):
        return decode_catalog(d, in->catalog, rel);
    default:
        return hr_decode_missing(d, "relation of an unknown kind");
    }
}

enum hr_code hr_decode_rel(struct decoder *d, const PB(Relation) * in, struct hr_rel **out)
{
    if (!in)
        return hr_decode_missing(d, "relation");
    const struct row *row = find_row(in->rel_type_case);
    if (!row)
        return hr_decode_missing(d, "relation of an unknown kind");
    if (row->refused)
        return hr_decode_refuse(d, row->refused);
    struct hr_rel *rel = hr_rel_new(d->arena, row->to, NULL);
    *out = rel;
    if (in->common) {
        rel->plan_id = in->common->_plan_id_case ? in->common->plan_id : HR_NO_PLAN_ID;
        rel->origin = hr_decode_origin(d, in->common->origin);
    }
    if (row->inputs != LEAF)
        HR_TRY(decode_input(d, in, row, row->input, &rel->input));
    if (row->inputs == TWO)
        HR_TRY(decode_input(d, in, row, row->right, &rel->right));
    return decode_own(d, in, rel);
}

enum hr_code hr_decode_relation(struct hr_arena *arena,
                                const PB(Relation) * in,
                                struct hr_rel **out,
                                struct hr_err *err)
{
    struct decoder d = {arena, err};
    return hr_decode_rel(&d, in, out);
}
