/* Types of comparisons, conditions and casts, and what the files of rules share: what the letters
 * of the catalogue cannot say. */
#include "host/analyze/functions/rules.h"
#include <stdlib.h>

bool hr_any_nullable(struct hr_call *call)
{
    for (size_t i = 0; i < count_of(call); i++)
        if (args_of(call)[i]->nullable)
            return true;
    return false;
}

void hr_add_arg(struct hr_call *call, struct hr_texpr *arg)
{
    size_t n = count_of(call);
    struct hr_texpr **grown = ARRAY(of(call), struct hr_texpr *, n + 1);
    memcpy(grown, args_of(call), n * sizeof *grown);
    grown[n] = arg;
    call->out->call.args = (struct hr_texprs){grown, n + 1};
}

struct hr_texpr **hr_stand_ins(struct hr_call *call, const struct hr_attr ***params)
{
    size_t n = count_of(call);
    struct hr_texpr **list = ARRAY(of(call), struct hr_texpr *, n);
    *params = ARRAY(of(call), const struct hr_attr *, n + 1);
    bool by_place = false;
    for (size_t i = 0; i < n; i++)
        by_place = by_place || hr_uses_outer(args_of(call)[i]);
    for (size_t i = 0; i < n; i++)
        list[i] = hr_stand_in(of(call), args_of(call)[i], by_place, &(*params)[i]);
    return list;
}

void hr_computed_from(struct hr_call *call,
                      const struct hr_attr **params,
                      struct hr_texpr *computed)
{
    bool any = false;
    call->out->call.computed = count_of(call);
    for (size_t i = 0; i < count_of(call); i++)
        any = any || params[i];
    call->out->call.params = any ? params : NULL;
    hr_add_arg(call, computed);
}

/* calls another function of the catalogue in this one's place */
enum hr_code hr_instead(struct hr_call *call,
                        const char *name,
                        struct hr_texpr **args,
                        size_t count)
{
    return hr_call_typed(call->scope, name, args, count, &call->out);
}

/* ---- arithmetic ---- */

enum hr_code hr_wrong_type(struct hr_call *call, const char *want, const struct hr_type *type)
{
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "sqlExpr",
                         hr_expr_sql(of(call), call->out), "inputType", want, "actualDataType",
                         hr_type_quoted(of(call), type), NULL);
}

enum hr_code hr_differ(struct hr_call *call)
{
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "sqlExpr",
                         hr_expr_sql(of(call), call->out), "left",
                         hr_type_quoted(of(call), args_of(call)[0]->type), "right",
                         hr_type_quoted(of(call), args_of(call)[1]->type), NULL);
}

bool hr_is_date_like(const struct hr_type *type)
{
    return type->id == HR_TYPE_DATE ||
           type->id == HR_TYPE_TIMESTAMP ||
           type->id == HR_TYPE_TIMESTAMP_NTZ;
}

bool hr_is_interval(const struct hr_type *type)
{
    return type->id == HR_TYPE_YEAR_MONTH ||
           type->id == HR_TYPE_DAY_TIME ||
           type->id == HR_TYPE_CALENDAR_INTERVAL;
}

/* ---- comparisons and conditions ---- */

static bool is_nested(const struct hr_type *type)
{
    return type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_STRUCT || type->id == HR_TYPE_MAP;
}

static const struct hr_type *tightest(struct analysis *a,
                                      const struct hr_type *x,
                                      const struct hr_type *y,
                                      bool names);

static const struct hr_type *tightest_struct(struct analysis *a,
                                             const struct hr_type *x,
                                             const struct hr_type *y,
                                             bool names)
{
    struct hr_field *fields = ARRAY(a, struct hr_field, x->field_count);
    if (x->field_count != y->field_count)
        return NULL;
    for (size_t i = 0; i < x->field_count; i++) {
        fields[i] = x->fields[i];
        fields[i].nullable = x->fields[i].nullable || y->fields[i].nullable;
        fields[i].type = tightest(a, x->fields[i].type, y->fields[i].type, names);
        if (!fields[i].type || (names && !hr_same_name(a, x->fields[i].name, y->fields[i].name)))
            return NULL;
    }
    return hr_type_struct(a->arena, fields, x->field_count);
}

/* findTightestCommonType: what loses nothing. A text is no number here, and an integer no decimal
 * that is too narrow. Without names, only equal types. */
static const struct hr_type *tightest(struct analysis *a,
                                      const struct hr_type *x,
                                      const struct hr_type *y,
                                      bool names)
{
    bool text = hr_is_string(x) || hr_is_string(y),
         decimal = x->id == HR_TYPE_DECIMAL || y->id == HR_TYPE_DECIMAL;
    if (hr_type_same_shape(x, y))
        return x;
    if (x->id == HR_TYPE_STRUCT && y->id == HR_TYPE_STRUCT)
        return tightest_struct(a, x, y, names);
    if (x->id == HR_TYPE_ARRAY && y->id == HR_TYPE_ARRAY) {
        const struct hr_type *element = tightest(a, x->element, y->element, names);
        return element ? hr_type_array(a->arena, element, x->contains_null || y->contains_null)
                       : NULL;
    }
    if (!names || (text &&
                   hr_is_string(x) != hr_is_string(y) &&
                   x->id != HR_TYPE_VOID &&
                   y->id != HR_TYPE_VOID))
        return NULL;
    const struct hr_type *wide = hr_wider_type(a, x, y);
    const struct hr_type *other = x->id == HR_TYPE_DECIMAL ? y : x, *kept = other == y ? x : y;
    bool holds = other->id == HR_TYPE_VOID ||
                 (hr_type_is_integral(other) && wide && hr_type_equal(wide, kept));
    return decimal && !holds ? NULL : wide;
}

const struct hr_type *hr_tightest_type(struct analysis *a,
                                       const struct hr_type *x,
                                       const struct hr_type *y)
{
    /* what two types of one shape may hold between them, the wider type says */
    return tightest(a, x, y, true) ? hr_wider_type(a, x, y) : NULL;
}

/* a text beside what is none, at the same place of both */
static bool mixes_text(const struct hr_type *x, const struct hr_type *y)
{
    if (x->id == HR_TYPE_VOID || y->id == HR_TYPE_VOID)
        return false;
    if (x->id != y->id)
        return hr_is_string(x) || hr_is_string(y);
    if (x->id == HR_TYPE_MAP && mixes_text(x->key, y->key))
        return true;
    if (x->id == HR_TYPE_MAP || x->id == HR_TYPE_ARRAY)
        return mixes_text(x->element, y->element);
    if (x->id != HR_TYPE_STRUCT || x->field_count != y->field_count)
        return false;
    for (size_t i = 0; i < x->field_count; i++)
        if (mixes_text(x->fields[i].type, y->fields[i].type))
            return true;
    return false;
}

const struct hr_type *hr_wider_type_of_values(struct analysis *a,
                                              const struct hr_type *x,
                                              const struct hr_type *y)
{
    return mixes_text(x, y) ? NULL : hr_wider_type(a, x, y);
}

/* non-ANSI: a string beside something else becomes that; ANSI: the common type; of structs and
 * arrays what loses nothing */
static const struct hr_type *comparison_type(struct analysis *a,
                                             const struct hr_type *x,
                                             const struct hr_type *y)
{
    if (!a->ansi && hr_is_string(x) != hr_is_string(y)) {
        const struct hr_type *other = hr_is_string(x) ? y : x;
        if (hr_type_is_integral(other) && other->id != HR_TYPE_LONG)
            return other->id == HR_TYPE_INT ? other : BASIC(INT);
        if (other->id == HR_TYPE_DECIMAL)
            return BASIC(DOUBLE);
        if (other->id != HR_TYPE_ARRAY && other->id != HR_TYPE_MAP && other->id != HR_TYPE_STRUCT)
            return other->id == HR_TYPE_VOID ? BASIC(STRING) : other;
    }
    if (!is_nested(x) || !is_nested(y))
        return hr_wider_type(a, x, y);
    const struct hr_type *alike = tightest(a, x, y, false);
    return alike ? alike : tightest(a, x, y, true);
}

enum hr_code hr_rule_compare(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    if (x->id == HR_TYPE_DECIMAL && hr_type_is_integral(y))
        y = hr_decimal_operand(a, args[1]);
    else if (y->id == HR_TYPE_DECIMAL && hr_type_is_integral(x))
        x = hr_decimal_operand(a, args[0]);
    const struct hr_type *wide = comparison_type(a, x, y);
    if (!wide)
        return hr_differ(call);
    args[0] = hr_cast_implicit(a, args[0], wide);
    args[1] = hr_cast_implicit(a, args[1], wide);
    if (!hr_is_orderable(wide) && wide->id != HR_TYPE_VOID)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr",
                             hr_expr_sql(a, call->out), "functionName", hr_quote(a, call->name),
                             "dataType", hr_type_quoted(a, wide), NULL);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = *call->function->nulls == 'n' ? false : hr_any_nullable(call);
    return HR_OK;
}

enum hr_code hr_rule_not_equal(struct hr_call *call)
{
    struct hr_texpr *equal;
    HR_TRY(hr_call_typed(call->scope, "==", args_of(call), 2, &equal));
    return hr_instead(call, "not", &equal, 1);
}

enum hr_code hr_rule_is_in(struct hr_call *call)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = args[0]->type;
    for (size_t i = 1; i < count_of(call); i++) {
        const struct hr_type *next = a->ansi ? hr_wider_type(a, wide, args[i]->type)
                                             : comparison_type(a, wide, args[i]->type);
        if (!next) {
            const char *types = "";
            for (size_t k = 0; k < count_of(call); k++)
                types = hr_printf(a->arena, "%s%s%s", types, k ? ", " : "",
                                  hr_type_quoted(a, args[k]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr",
                                 hr_expr_sql(a, call->out), "functionName", "`in`", "dataType",
                                 hr_printf(a->arena, "[%s]", types), NULL);
        }
        wide = next;
    }
    HR_TRY(hr_need_order(call, wide));
    for (size_t i = 0; i < count_of(call); i++)
        args[i] = hr_cast_implicit(a, args[i], wide);
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = hr_any_nullable(call);
    return HR_OK;
}

static enum hr_code both_bounds(struct hr_call *call,
                                struct hr_texpr **args,
                                struct hr_texpr **joined)
{
    struct hr_texpr *low, *high;
    struct hr_texpr *first[] = {args[0], args[1]}, *second[] = {args[0], args[2]};
    HR_TRY(hr_call_typed(call->scope, ">=", first, 2, &low));
    HR_TRY(hr_call_typed(call->scope, "<=", second, 2, &high));
    struct hr_texpr *both[] = {low, high};
    return hr_call_typed(call->scope, "and", both, 2, joined);
}

enum hr_code hr_rule_between(struct hr_call *call)
{
    const struct hr_attr **params;
    struct hr_texpr *joined, **args = hr_stand_ins(call, &params);
    /* for its type, and for messages that name the arguments */
    HR_TRY(both_bounds(call, args_of(call), &joined));
    HR_TRY(both_bounds(call, args, &joined));
    call->out->type = BASIC(BOOLEAN);
    call->out->nullable = joined->nullable;
    hr_computed_from(call, params, joined); /* the name prints the first three */
    return HR_OK;
}

static enum hr_code branch_types(struct hr_call *call, size_t *at, size_t count)
{
    struct analysis *a = of(call);
    struct hr_texpr **args = args_of(call);
    const struct hr_type *wide = NULL;
    bool nullable = false;
    for (size_t i = 0; i < count; i++) {
        const struct hr_type *next =
            wide ? hr_wider_type(a, wide, args[at[i]]->type) : args[at[i]]->type;
        if (!next) {
            const char *types = "";
            for (size_t k = 0; k < count; k++)
                types = hr_printf(a->arena, "%s%s%s", types, k ? ", " : "",
                                  hr_type_quoted(a, args[at[k]]->type));
            return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr",
                                 hr_expr_sql(a, call->out), "functionName",
                                 hr_function_is(call->function, "when") ? "`casewhen`" : "`if`",
                                 "dataType", hr_printf(a->arena, "[%s]", types), NULL);
        }
        wide = next;
    }
    for (size_t i = 0; i < count; i++) {
        args[at[i]] = hr_cast_implicit(a, args[at[i]], wide);
        nullable = nullable || args[at[i]]->nullable;
    }
    call->out->type = wide;
    call->out->nullable = nullable;
    return HR_OK;
}

static enum hr_code condition_arg(struct hr_call *call, size_t at)
{
    struct analysis *a = of(call);
    struct hr_texpr **arg = &args_of(call)[at];
    if ((*arg)->type->id == HR_TYPE_VOID || (hr_is_string((*arg)->type) && a->ansi))
        *arg = hr_cast_implicit(a, *arg, BASIC(BOOLEAN));
    if ((*arg)->type->id == HR_TYPE_BOOLEAN)
        return HR_OK;
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                         hr_expr_sql(a, call->out), "paramIndex", hr_ordinal((int)at),
                         "requiredType", "\"BOOLEAN\"", "inputSql", hr_expr_sql(a, *arg),
                         "inputType", hr_type_quoted(a, (*arg)->type), NULL);
}

enum hr_code hr_rule_case_when(struct hr_call *call)
{
    size_t n = count_of(call), values = 0;
    size_t *at = ARRAY(of(call), size_t, n);
    for (size_t i = 0; i + 1 < n; i += 2) {
        HR_TRY(condition_arg(call, i));
        at[values++] = i + 1;
    }
    if (n % 2)
        at[values++] = n - 1;
    HR_TRY(branch_types(call, at, values));
    if (n % 2 == 0)
        call->out->nullable = true;
    return HR_OK;
}

enum hr_code hr_rule_if_else(struct hr_call *call)
{
    size_t at[] = {1, 2};
    HR_TRY(condition_arg(call, 0));
    return branch_types(call, at, 2);
}

enum hr_code hr_rule_nvl(struct hr_call *call)
{
    size_t n = count_of(call), *at = ARRAY(of(call), size_t, n);
    bool all = true;
    for (size_t i = 0; i < n; i++)
        at[i] = i;
    HR_TRY(branch_types(call, at, n));
    for (size_t i = 0; i < n; i++)
        all = all && args_of(call)[i]->nullable;
    call->out->nullable = all;
    return HR_OK;
}

enum hr_code hr_rule_nullif(struct hr_call *call)
{
    const struct hr_attr **params;
    struct hr_texpr *equal, **args = hr_stand_ins(call, &params);
    HR_TRY(hr_call_typed(call->scope, "==", args_of(call), 2, &equal));
    HR_TRY(hr_call_typed(call->scope, "==", args, 2, &equal));
    call->out->type = args[0]->type;
    call->out->nullable = true;
    hr_computed_from(call, params, equal);
    return HR_OK;
}

enum hr_code hr_rule_nvl2(struct hr_call *call)
{
    size_t at[] = {1, 2};
    return branch_types(call, at, 2);
}

enum hr_code hr_rule_greatest(struct hr_call *call)
{
    HR_TRY(hr_rule_nvl(call));
    if (hr_is_orderable(call->out->type))
        return HR_OK;
    return hr_fail_spark(of(call)->err, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", "sqlExpr",
                         hr_expr_sql(of(call), call->out), "functionName",
                         hr_quote(of(call), call->name), "dataType",
                         hr_type_quoted(of(call), call->out->type), NULL);
}

/* ---- collections ---- */

const struct hr_type *hr_common_args(struct hr_call *call, size_t from, size_t step, bool *nullable)
{
    struct analysis *a = of(call);
    const struct hr_type *wide = NULL;
    *nullable = false;
    for (size_t i = from; i < count_of(call); i += step) {
        wide = wide ? hr_wider_type(a, wide, args_of(call)[i]->type) : args_of(call)[i]->type;
        if (!wide)
            return NULL;
    }
    for (size_t i = from; wide && i < count_of(call); i += step) {
        args_of(call)[i] = hr_cast_implicit(a, args_of(call)[i], wide);
        *nullable = *nullable || args_of(call)[i]->nullable;
    }
    return wide ? wide : BASIC(VOID);
}

enum hr_code hr_diff_types(struct hr_call *call, const char *name)
{
    struct analysis *a = of(call);
    const char *types = "";
    for (size_t k = 0; k < count_of(call); k++)
        types = hr_printf(a->arena, "%s%s%s", types, k ? " or " : "",
                          hr_type_quoted(a, args_of(call)[k]->type));
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "sqlExpr",
                         hr_expr_sql(a, call->out), "functionName", hr_quote(a, name), "dataType",
                         hr_printf(a->arena, "(%s)", types), NULL);
}

/* ---- more of strings, dates and collections ---- */

/* int(x), double(x) …: a cast */
enum hr_code hr_rule_cast_to(struct hr_call *call)
{
    static const struct {
        const char *name;
        enum hr_type_id id;
    } rows[] = {
        {"int", HR_TYPE_INT},         {"bigint", HR_TYPE_LONG},
        {"smallint", HR_TYPE_SHORT},  {"tinyint", HR_TYPE_BYTE},
        {"float", HR_TYPE_FLOAT},     {"double", HR_TYPE_DOUBLE},
        {"decimal", HR_TYPE_DECIMAL}, {"boolean", HR_TYPE_BOOLEAN},
        {"string", HR_TYPE_STRING},   {"binary", HR_TYPE_BINARY},
        {"date", HR_TYPE_DATE},       {"timestamp", HR_TYPE_TIMESTAMP},
    };
    for (size_t i = 0; i < HR_LEN(rows); i++)
        if (!strcmp(rows[i].name, call->function->name))
            HR_TRY(hr_make_cast(call->scope, args_of(call)[0], hr_type_basic(rows[i].id),
                                HR_CAST_DEFAULT, &call->out));
    call->out->cast.implicit = true; /* prints as its argument */
    return HR_OK;
}

enum hr_code hr_unexpected(struct hr_call *call, size_t at, const char *wanted_types)
{
    struct analysis *a = of(call);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "sqlExpr",
                         hr_expr_sql(a, call->out), "paramIndex", hr_ordinal((int)at),
                         "requiredType", wanted_types, "inputSql",
                         hr_expr_sql(a, args_of(call)[at]), "inputType",
                         hr_type_quoted(a, args_of(call)[at]->type), NULL);
}

enum hr_code hr_rule_logical(struct hr_call *call)
{
    struct hr_texpr **args = args_of(call);
    const struct hr_type *x = args[0]->type, *y = args[1]->type;
    for (int i = 0; i < 2; i++)
        if (args[i]->type->id == HR_TYPE_VOID ||
            (hr_is_string(args[i]->type) && args[1 - i]->type->id == HR_TYPE_BOOLEAN))
            args[i] = hr_cast_implicit(of(call), args[i], BASIC(BOOLEAN));
    if (args[0]->type->id == HR_TYPE_BOOLEAN && args[1]->type->id == HR_TYPE_BOOLEAN)
        return hr_finish_call(call);
    return hr_type_same_shape(x, y) ? hr_wrong_type(call, "\"BOOLEAN\"", x) : hr_differ(call);
}
