/* Types of arrays, maps, structs and generators. */
#include "base/limits.h"
#include "host/analyze/functions/rules.h"

/* ---- collections ---- */

enum hr_code hr_rule_array_of(struct hr_call *call)
{
    bool nullable;
    const struct hr_type *element = hr_common_args(call, 0, 1, &nullable);
    if (!element)
        return hr_diff_types(call, "array");
    call->out->type = hr_type_array(of(call)->arena, element, nullable);
    call->out->nullable = false;
    return HR_OK;
}

static bool is_map_key(const struct hr_type *type)
{
    if (type->id == HR_TYPE_MAP || type->id == HR_TYPE_VARIANT)
        return false;
    if (type->id == HR_TYPE_ARRAY)
        return is_map_key(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (!is_map_key(type->fields[i].type))
            return false;
    return true;
}

enum hr_code hr_need_map_key(struct hr_call *call, const struct hr_type *key)
{
    struct analysis *a = of(call);
    if (is_map_key(key))
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE", "sqlExpr",
                         hr_expr_sql(a, call->out), "keyType", hr_type_quoted(a, key), NULL);
}

enum hr_code hr_rule_map_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool key_nullable, nullable;
    if (count_of(call) % 2)
        return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName", "`map`",
                             "expectedNum", "2n (n > 0)", "actualNum",
                             hr_printf(a->arena, "%zu", count_of(call)), NULL);
    const struct hr_type *key = hr_common_args(call, 0, 2, &key_nullable),
                         *value = key ? hr_common_args(call, 1, 2, &nullable) : NULL;
    if (!value)
        return hr_diff_types(call, "map");
    HR_TRY(hr_need_map_key(call, key));
    call->out->type = hr_type_map(a->arena, key, value, nullable);
    call->out->nullable = false;
    return HR_OK;
}

static const char *field_name(struct analysis *a, struct hr_texpr **arg, size_t index)
{
    struct hr_texpr *expr = *arg;
    if (expr->kind == HR_T_ALIAS)
        return expr->alias.name;
    if (expr->kind == HR_T_COLUMN)
        return expr->column.attr->name;
    if (expr->kind == HR_T_VARIABLE)
        return expr->variable.attr->name;
    if (expr->kind == HR_T_FIELD)
        return expr->field.name;
    return hr_printf(a->arena, "col%zu", index + 1);
}

enum hr_code hr_rule_struct_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_field *fields = ARRAY(a, struct hr_field, count_of(call));
    for (size_t i = 0; i < count_of(call); i++) {
        struct hr_texpr *arg = args_of(call)[i];
        fields[i] =
            (struct hr_field){field_name(a, &args_of(call)[i], i), arg->type, arg->nullable, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, count_of(call));
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_named_struct(struct hr_call *call)
{
    struct analysis *a = of(call);
    size_t n = count_of(call) / 2;
    if (count_of(call) % 2)
        return hr_fail_spark(a->err, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "functionName",
                             "`named_struct`", "expectedNum", "2n (n > 0)", "actualNum",
                             hr_printf(a->arena, "%zu", count_of(call)), NULL);
    struct hr_field *fields = ARRAY(a, struct hr_field, n);
    for (size_t i = 0; i < n; i++) {
        struct hr_texpr *name = args_of(call)[2 * i], *value = args_of(call)[2 * i + 1];
        if (name->kind != HR_T_LITERAL || !hr_is_string(name->type) || name->literal->is_null)
            return hr_fail_spark(a->err,
                                 "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                                 "sqlExpr", hr_expr_sql(a, call->out), "inputExprs",
                                 hr_printf(a->arena, "[%s]", hr_expr_sql(a, name)), NULL);
        fields[i] = (struct hr_field){
            hr_strndup(a->arena, name->literal->text.bytes, name->literal->text.len), value->type,
            value->nullable, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, n);
    call->out->nullable = false;
    return HR_OK;
}

/* Spark looks at a constant index: it is surely there only in an array written out as such */
static bool item_may_be_missing(const struct hr_texpr *array, const struct hr_texpr *index)
{
    if (index->kind != HR_T_LITERAL)
        return false;
    bool written_out = array->kind == HR_T_CALL && hr_function_is(array->call.function, "array");
    return !written_out ||
           index->literal->integer < 0 ||
           (size_t)index->literal->integer >= array->call.args.count;
}

enum hr_code hr_rule_array_item(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call), *array = args[0];
    if (hr_is_string(args[1]->type) || args[1]->type->id == HR_TYPE_VOID)
        args[1] = hr_cast_implicit(a, args[1], BASIC(INT));
    if (!hr_type_is_integral(args[1]->type))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(a, call->out), "paramIndex", "second", "requiredType",
                             "\"INTEGRAL\"", "inputSql", hr_expr_sql(a, args[1]), "inputType",
                             hr_type_quoted(a, args[1]->type), NULL);
    call->out->type = array->type->element;
    call->out->nullable = !a->ansi ||
                          hr_any_nullable(call) ||
                          array->type->contains_null ||
                          item_may_be_missing(array, args[1]);
    return HR_OK;
}

/* the answers of one aggregate, of the pairs that a pivot collects */
enum hr_code hr_rule_pivoted(struct hr_call *call)
{
    const struct hr_type *pair = args_of(call)[0]->type->element;
    size_t aggregate = (size_t)args_of(call)[1]->literal->integer;
    HR_CHECK(aggregate + 1 < pair->field_count);
    call->out->type = hr_type_array(of(call)->arena, pair->fields[aggregate + 1].type, true);
    call->out->nullable = false;
    return HR_OK;
}

enum hr_code hr_rule_pivot_item(struct hr_call *call)
{
    call->out->type = args_of(call)[0]->type->element;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_map_item(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *key = args[0]->type->key, *wide = hr_wider_type(a, key, args[1]->type);
    if (!wide || !hr_type_same_shape(wide, key)) {
        const struct hr_type *to;
        if (!wide ||
            !hr_implicit_cast_allowed(a, args[1]->type, hr_is_string(key) ? 's' : 'a', &to) ||
            !hr_can_cast(args[1]->type, key, true))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                                 hr_expr_sql(a, call->out), "paramIndex", "second", "requiredType",
                                 hr_type_quoted(a, key), "inputSql", hr_expr_sql(a, args[1]),
                                 "inputType", hr_type_quoted(a, args[1]->type), NULL);
    }
    args[1] = hr_cast_implicit(a, args[1], key);
    call->out->type = args[0]->type->element;
    call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_array_fields(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_field *field = &args[0]->type->element->fields[args[1]->literal->integer];
    call->out->type = hr_type_array(of(call)->arena, field->type,
                                    args[0]->type->contains_null || field->nullable);
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

enum hr_code hr_rule_element_at(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *type = args[0]->type;
    if (type->id == HR_TYPE_MAP)
        return hr_rule_map_item(call);
    if (type->id != HR_TYPE_ARRAY)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(a, call->out), "paramIndex", "first", "requiredType",
                             "(\"ARRAY\" or \"MAP\")", "inputSql", hr_expr_sql(a, args[0]),
                             "inputType", hr_type_quoted(a, type), NULL);
    if (args[1]->type->id != HR_TYPE_INT) {
        if (args[1]->type->id != HR_TYPE_BYTE &&
            args[1]->type->id != HR_TYPE_SHORT &&
            args[1]->type->id != HR_TYPE_VOID)
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                                 hr_expr_sql(a, call->out), "paramIndex", "second", "requiredType",
                                 "\"INT\"", "inputSql", hr_expr_sql(a, args[1]), "inputType",
                                 hr_type_quoted(a, args[1]->type), NULL);
        args[1] = hr_cast_implicit(a, args[1], BASIC(INT));
    }
    call->out->type = type->element;
    call->out->nullable = !a->ansi ||
                          hr_any_nullable(call) ||
                          type->contains_null ||
                          !hr_function_is(call->function, "element_at");
    return HR_OK;
}

enum hr_code hr_need_order(struct hr_call *call, const struct hr_type *type)
{
    struct analysis *a = of(call);
    if (hr_is_orderable(type) || type->id == HR_TYPE_VOID)
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr",
                         hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                         "dataType", hr_type_quoted(a, type), NULL);
}

bool hr_contains_map(const struct hr_type *type)
{
    if (type->id == HR_TYPE_MAP)
        return true;
    if (type->id == HR_TYPE_ARRAY)
        return hr_contains_map(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (hr_contains_map(type->fields[i].type))
            return true;
    return false;
}

enum hr_code hr_rule_hash_of(struct hr_call *call)
{
    struct analysis *a = of(call);
    for (size_t i = 0; i < count_of(call); i++)
        if (hr_contains_map(args_of(call)[i]->type))
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.HASH_MAP_TYPE", "sqlExpr",
                                 hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                                 NULL);
    return hr_finish_call(call);
}

/* array_distinct, array_max, array_min */
enum hr_code hr_rule_ordered_array(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    return hr_need_order(call, args_of(call)[0]->type->element);
}

enum hr_code hr_rule_sort_array(struct hr_call *call)
{
    HR_TRY(hr_rule_default_args(call));
    call->out->nullable = hr_any_nullable(call);
    return hr_need_order(call, args_of(call)[0]->type);
}

static enum hr_code fail_array_types(struct hr_call *call, const struct hr_type *value)
{
    struct analysis *a = of(call);
    return hr_fail_spark(
        a->err, "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "sqlExpr", hr_expr_sql(a, call->out),
        "functionName", hr_quote(a, call->name), "dataType", "\"ARRAY\"", "leftType",
        hr_type_quoted(a, args_of(call)[0]->type), "rightType", hr_type_quoted(a, value), NULL);
}

/* the array and the value at this place become of one element's type */
static void widen_element(struct hr_call *call, size_t value, const struct hr_type *wide)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *array = hr_type_array(a->arena, wide, args[0]->type->contains_null);
    args[0] = hr_cast_implicit(a, args[0], array);
    args[value] = hr_cast_implicit(a, args[value], wide);
}

static enum hr_code fail_null_type(struct hr_call *call)
{
    struct analysis *a = of(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NULL_TYPE", "sqlExpr",
                         hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name), NULL);
}

/* array_contains takes no value that is NULL by its type, array_position no such array */
static enum hr_code need_member_types(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    char rule = *call->function->result;
    if (rule == 'b' && args[1]->type->id == HR_TYPE_VOID)
        return fail_null_type(call);
    if ((rule == 'b' || rule == 'l') && args[0]->type->id == HR_TYPE_VOID)
        return fail_null_type(call);
    return hr_need_collection(call, 0, HR_TYPE_ARRAY);
}

/* of an array and a value of its element's type: array_contains, array_position, array_remove */
enum hr_code hr_rule_array_member(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    char rule = *call->function->result;
    HR_TRY(need_member_types(call));
    const struct hr_type *element = args[0]->type->element, *value = args[1]->type;
    const struct hr_type *wide = rule == 'b' ? hr_wider_type_of_values(a, element, value)
                                             : hr_tightest_type(a, element, value);
    if (!wide)
        return fail_array_types(call, value);
    HR_TRY(hr_need_order(call, wide));
    widen_element(call, 1, wide);
    call->out->nullable = hr_any_nullable(call);
    call->out->type = rule == 'l' ? BASIC(LONG) : args[0]->type;
    if (rule == 'b') {
        call->out->type = BASIC(BOOLEAN);
        call->out->nullable |= args[0]->type->contains_null;
    }
    return HR_OK;
}

/* Everything within may be null: ArrayInsert's type, and that of array_append and array_prepend,
 * which Spark replaces by it. */
static const struct hr_type *grown_array(struct hr_call *call, const struct hr_type *element)
{
    struct hr_arena *arena = of(call)->arena;
    return hr_type_array(arena, hr_type_as_nullable(arena, element), true);
}

/* array_append, array_prepend */
enum hr_code hr_rule_array_grow(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_ARRAY));
    const struct hr_type *wide = hr_tightest_type(of(call), args[0]->type->element, args[1]->type);
    if (!wide)
        return fail_array_types(call, args[1]->type);
    widen_element(call, 1, wide);
    call->out->type = grown_array(call, wide);
    call->out->nullable = args[0]->nullable;
    return HR_OK;
}

static enum hr_code fail_pair(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES", "sqlExpr",
                         hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                         "arrayType", "\"ARRAY\"", "leftType", hr_type_quoted(a, args[0]->type),
                         "rightType", hr_type_quoted(a, args[1]->type), NULL);
}

/* Both become arrays of the wide type, unless they differ in what may be null only: the left one's
 * own type is then array_except's. */
static const struct hr_type *widen_pair(struct hr_call *call, const struct hr_type *wide)
{
    struct hr_arena *arena = of(call)->arena;
    struct hr_texpr **args = args_of(call);
    const struct hr_type *left = args[0]->type->element;
    bool same = hr_type_same_shape(left, args[1]->type->element);
    for (size_t i = 0; i < 2; i++)
        args[i] = hr_cast_implicit(of(call), args[i],
                                   hr_type_array(arena, wide, args[i]->type->contains_null));
    return same ? left : wide;
}

/* array_union, array_intersect, array_except, arrays_overlap */
enum hr_code hr_rule_array_pair(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const char *name = call->function->name;
    if (args[0]->type->id != HR_TYPE_ARRAY || args[1]->type->id != HR_TYPE_ARRAY)
        return fail_pair(call);
    const struct hr_type *wide =
        hr_tightest_type(a, args[0]->type->element, args[1]->type->element);
    if (!wide)
        return fail_pair(call);
    HR_TRY(hr_need_order(call, wide));
    bool left = args[0]->type->contains_null, right = args[1]->type->contains_null;
    const struct hr_type *of_left = widen_pair(call, wide);
    call->out->nullable = hr_any_nullable(call);
    if (*call->function->result == 'b') {
        call->out->type = BASIC(BOOLEAN);
        call->out->nullable |= left || right;
    } else if (!strcmp(name, "array_except")) {
        call->out->type = hr_type_array(a->arena, of_left, left);
    } else {
        bool both = !strcmp(name, "array_intersect");
        call->out->type = hr_type_array(a->arena, wide, both ? left && right : left || right);
    }
    return HR_OK;
}

/* size of null: null when ANSI, -1 under spark.sql.legacy.sizeOfNull */
enum hr_code hr_rule_sized(struct hr_call *call)
{
    if (args_of(call)[0]->type->id == HR_TYPE_VOID)
        args_of(call)[0] = hr_cast_implicit(of(call), args_of(call)[0],
                                            hr_type_array(of(call)->arena, BASIC(VOID), true));
    HR_TRY(hr_finish_call(call));
    call->out->nullable = of(call)->ansi && args_of(call)[0]->nullable;
    return HR_OK;
}

/* ---- generators ---- */

enum hr_code hr_rule_explode(struct hr_call *call)
{
    struct hr_texpr *arg = args_of(call)[0];
    call->out->type = hr_type_struct(of(call)->arena, NULL, 0);
    if (arg->type->id == HR_TYPE_ARRAY || arg->type->id == HR_TYPE_MAP)
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                         hr_expr_sql(of(call), call->out), "paramIndex", "first", "requiredType",
                         "(\"ARRAY\" or \"MAP\")", "inputSql", hr_expr_sql(of(call), arg),
                         "inputType", hr_type_quoted(of(call), arg->type), NULL);
}

enum hr_code hr_rule_inline_rows(struct hr_call *call)
{
    struct hr_texpr *arg = args_of(call)[0];
    if (arg->type->id != HR_TYPE_ARRAY || arg->type->element->id != HR_TYPE_STRUCT)
        return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                             hr_expr_sql(of(call), call->out), "paramIndex", "first",
                             "requiredType", "\"ARRAY<STRUCT>\"", "inputSql",
                             hr_expr_sql(of(call), arg), "inputType",
                             hr_type_quoted(of(call), arg->type), NULL);
    struct hr_type *type = NEW(of(call), struct hr_type);
    *type = *arg->type->element;
    if (arg->type->contains_null) {
        struct hr_field *fields = ARRAY(of(call), struct hr_field, type->field_count);
        for (size_t i = 0; i < type->field_count; i++) {
            fields[i] = type->fields[i];
            fields[i].nullable = true;
        }
        type->fields = fields;
    }
    call->out->type = type;
    return HR_OK;
}

enum hr_code hr_rule_stack(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (args[0]->kind != HR_T_LITERAL ||
        args[0]->type->id != HR_TYPE_INT ||
        args[0]->literal->is_null ||
        args[0]->literal->integer < 1)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "sqlExpr",
                             hr_expr_sql(a, call->out), "inputName", "`n`", "inputType", "\"INT\"",
                             "inputExpr", hr_expr_sql(a, args[0]), NULL);
    if (args[0]->literal->integer > HR_STACK_ROWS_MAX) /* each row is written out */
        return hr_fail(a->err, HR_E_LIMIT, "stack makes %lld rows of each, and may make %d",
                       (long long)args[0]->literal->integer, HR_STACK_ROWS_MAX);
    size_t rows = (size_t)args[0]->literal->integer, values = count_of(call) - 1,
           columns = (values + rows - 1) / rows;
    struct hr_field *fields = ARRAY(a, struct hr_field, columns);
    for (size_t c = 0; c < columns; c++) {
        const struct hr_type *type = BASIC(VOID);
        for (size_t r = 0; r * columns + c < values; r++) {
            const struct hr_type *wide = hr_wider_type(a, type, args[1 + r * columns + c]->type);
            if (!wide || (type->id != HR_TYPE_VOID &&
                          args[1 + r * columns + c]->type->id != HR_TYPE_VOID &&
                          !hr_type_same_shape(type, args[1 + r * columns + c]->type)))
                return hr_fail_spark(a->err, "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES", "sqlExpr",
                                     hr_expr_sql(a, call->out), "columnIndex",
                                     hr_printf(a->arena, "%zu", c), "leftParamIndex",
                                     hr_printf(a->arena, "%zu", c + 1), "leftType",
                                     hr_type_quoted(a, type), "rightParamIndex",
                                     hr_printf(a->arena, "%zu", 1 + r * columns + c), "rightType",
                                     hr_type_quoted(a, args[1 + r * columns + c]->type), NULL);
            type = wide;
        }
        for (size_t r = 0; r * columns + c < values; r++)
            args[1 + r * columns + c] = hr_cast_implicit(a, args[1 + r * columns + c], type);
        fields[c] = (struct hr_field){hr_printf(a->arena, "col%zu", c), type, true, NULL};
    }
    call->out->type = hr_type_struct(a->arena, fields, columns);
    return HR_OK;
}

/* ---- more of strings, dates and collections ---- */

enum hr_code hr_rule_array_compact(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->type = hr_type_array(of(call)->arena, args_of(call)[0]->type->element, false);
    return HR_OK;
}

enum hr_code hr_rule_array_repeat(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    call->out->type =
        hr_type_array(of(call)->arena, args_of(call)[0]->type, args_of(call)[0]->nullable);
    return HR_OK;
}

enum hr_code hr_rule_flatten(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    const struct hr_type *type = args_of(call)[0]->type;
    if (type->element->id != HR_TYPE_ARRAY)
        return hr_unexpected(call, 0, "\"ARRAY\" of \"ARRAY\"");
    call->out->nullable = args_of(call)[0]->nullable || type->contains_null;
    return HR_OK;
}

enum hr_code hr_rule_arrays_zip(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(hr_finish_call(call));
    struct hr_field *fields = ARRAY(a, struct hr_field, count_of(call));
    for (size_t i = 0; i < count_of(call); i++) {
        struct hr_texpr *arg = args_of(call)[i];
        const char *name = arg->kind == HR_T_COLUMN  ? arg->column.attr->name
                           : arg->kind == HR_T_ALIAS ? arg->alias.name
                                                     : hr_printf(a->arena, "%zu", i);
        fields[i] = (struct hr_field){name, arg->type->element, true, NULL};
    }
    call->out->type =
        hr_type_array(a->arena, hr_type_struct(a->arena, fields, count_of(call)), false);
    return HR_OK;
}

enum hr_code hr_rule_map_entries(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    const struct hr_type *map = args_of(call)[0]->type;
    struct hr_field fields[] = {{"key", map->key, false, NULL},
                                {"value", map->element, map->contains_null, NULL}};
    call->out->type =
        hr_type_array(of(call)->arena, hr_type_struct(of(call)->arena, fields, 2), false);
    return HR_OK;
}

enum hr_code hr_rule_map_from_arrays(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    const struct hr_type *keys = args_of(call)[0]->type, *values = args_of(call)[1]->type;
    HR_TRY(hr_need_map_key(call, keys->element));
    call->out->type =
        hr_type_map(of(call)->arena, keys->element, values->element, values->contains_null);
    return HR_OK;
}

enum hr_code hr_rule_map_from_entries(struct hr_call *call)
{
    HR_TRY(hr_finish_call(call));
    const struct hr_type *entry = args_of(call)[0]->type->element;
    if (entry->id != HR_TYPE_STRUCT || entry->field_count != 2)
        return hr_unexpected(call, 0, "\"ARRAY\" of pair \"STRUCT\"");
    HR_TRY(hr_need_map_key(call, entry->fields[0].type));
    call->out->type = hr_type_map(of(call)->arena, entry->fields[0].type, entry->fields[1].type,
                                  entry->fields[1].nullable);
    call->out->nullable = args_of(call)[0]->nullable || args_of(call)[0]->type->contains_null;
    return HR_OK;
}

static enum hr_code fail_map_types(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (args[1]->type->id == HR_TYPE_VOID)
        return fail_null_type(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES", "sqlExpr",
                         hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                         "dataType", "\"MAP\"", "leftType", hr_type_quoted(a, args[0]->type),
                         "rightType", hr_type_quoted(a, args[1]->type), NULL);
}

/* map_contains_key: of the keys an array, and whether the value is in it */
enum hr_code hr_rule_map_key(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    if (args[0]->type->id == HR_TYPE_VOID)
        return fail_map_types(call);
    HR_TRY(hr_need_collection(call, 0, HR_TYPE_MAP));
    const struct hr_type *map = args[0]->type, *value = args[1]->type;
    bool is_null = value->id == HR_TYPE_VOID;
    const struct hr_type *wide = is_null ? NULL : hr_wider_type_of_values(a, map->key, value);
    if (!wide)
        return fail_map_types(call);
    const struct hr_type *of_wide = hr_type_map(a->arena, wide, map->element, map->contains_null);
    args[0] = hr_cast_implicit(a, args[0], of_wide);
    args[1] = hr_cast_implicit(a, args[1], wide);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = true;
    return HR_OK;
}

/* what becomes an INT by itself: under ANSI only what is none wider */
static bool is_position(const struct analysis *a, const struct hr_type *type)
{
    if (type->id == HR_TYPE_VOID || type->id == HR_TYPE_INT)
        return true;
    return a->ansi ? type->id == HR_TYPE_BYTE || type->id == HR_TYPE_SHORT
                   : hr_type_is_numeric(type);
}

enum hr_code hr_rule_array_insert(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    bool is_array = args[0]->type->id == HR_TYPE_ARRAY;
    const struct hr_type *wide =
        is_array ? hr_tightest_type(a, args[0]->type->element, args[2]->type) : NULL;
    if (!wide)
        return fail_array_types(call, args[2]->type);
    widen_element(call, 2, wide);
    if (!is_position(a, args[1]->type))
        return hr_unexpected(call, 1, "\"INT\"");
    args[1] = hr_cast_implicit(a, args[1], BASIC(INT));
    call->out->type = grown_array(call, wide);
    call->out->nullable = args[0]->nullable || args[1]->nullable;
    return HR_OK;
}

/* elements that are not text become it by themselves, as a value would */
enum hr_code hr_rule_array_join(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    HR_TRY(hr_finish_call(call));
    const struct hr_type *type = args[0]->type, *text;
    if (type->id != HR_TYPE_ARRAY)
        return hr_unexpected(call, 0, "\"ARRAY<STRING>\"");
    if (!hr_implicit_cast_allowed(a, type->element, 's', &text))
        return hr_unexpected(call, 0, "\"ARRAY<STRING>\"");
    args[0] = hr_cast_implicit(a, args[0], hr_type_array(a->arena, text, type->contains_null));
    return HR_OK;
}

/* texts and arrays of texts, or of what becomes text */
enum hr_code hr_rule_concat_ws(struct hr_call *call)
{
    struct analysis *a = of(call);
    HR_TRY(hr_finish_call(call));
    for (size_t i = 1; i < count_of(call); i++) {
        const struct hr_type *type = args_of(call)[i]->type, *text;
        bool is_array = type->id == HR_TYPE_ARRAY;
        if (!hr_implicit_cast_allowed(a, is_array ? type->element : type, 's', &text))
            return hr_unexpected(call, i, "(\"ARRAY<STRING>\" or \"STRING\")");
        text = is_array ? hr_type_array(a->arena, text, type->contains_null) : text;
        args_of(call)[i] = hr_cast_implicit(a, args_of(call)[i], text);
    }
    return HR_OK;
}

enum hr_code hr_rule_map_concat(struct hr_call *call)
{
    struct analysis *a = of(call);
    bool maps = true;
    const char *types = "";
    if (!count_of(call)) {
        call->out->type = hr_type_map(a->arena, BASIC(STRING), BASIC(STRING), true);
        call->out->nullable = false;
        return HR_OK;
    }
    for (size_t i = 0; i < count_of(call); i++) {
        maps = maps && args_of(call)[i]->type->id == HR_TYPE_MAP;
        types = hr_printf(a->arena, "%s%s%s", types, i ? ", " : "",
                          hr_type_quoted(a, args_of(call)[i]->type));
    }
    if (!maps)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES", "sqlExpr",
                             hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                             "dataType", hr_printf(a->arena, "[%s]", types), NULL);
    return hr_finish_call(call);
}
