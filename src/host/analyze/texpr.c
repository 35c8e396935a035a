/* Typed expressions: making, walking and comparing them. */
#include "host/analyze/internal.h"

struct hr_texpr *hr_texpr_new(struct analysis *a,
                              enum hr_texpr_kind kind,
                              const struct hr_type *type,
                              bool nullable)
{
    struct hr_texpr *expr = NEW(a, struct hr_texpr);
    expr->kind = kind;
    expr->type = type;
    expr->nullable = nullable;
    return expr;
}

struct hr_texpr *hr_column_of(struct analysis *a, const struct hr_attr *attr)
{
    struct hr_texpr *expr = hr_texpr_new(a, HR_T_COLUMN, attr->type, attr->nullable);
    expr->column.attr = attr;
    return expr;
}

struct hr_texpr *hr_literal_of(struct analysis *a, const struct hr_literal *literal)
{
    struct hr_texpr *expr = hr_texpr_new(a, HR_T_LITERAL, literal->type, literal->is_null);
    expr->literal = literal;
    return expr;
}

struct hr_texpr *hr_literal_int(struct analysis *a, const struct hr_type *type, int64_t value)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = type;
    literal->integer = value;
    return hr_literal_of(a, literal);
}

struct hr_texpr *hr_literal_string(struct analysis *a, const char *text)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = BASIC(STRING);
    literal->text.bytes = text;
    literal->text.len = strlen(text);
    return hr_literal_of(a, literal);
}

struct hr_texpr *hr_literal_null(struct analysis *a, const struct hr_type *type)
{
    struct hr_literal *literal = NEW(a, struct hr_literal);
    literal->type = type;
    literal->is_null = true;
    return hr_literal_of(a, literal);
}

struct hr_texpr *hr_stand_in(struct analysis *a,
                             struct hr_texpr *expr,
                             bool by_place,
                             const struct hr_attr **param)
{
    *param = NULL;
    bool is_own = expr->kind == HR_T_COLUMN && !by_place;
    if (expr->kind == HR_T_LITERAL || expr->kind == HR_T_VARIABLE || is_own)
        return expr;
    *param = hr_attr_new(a, "", expr->type, expr->nullable);
    struct hr_texpr *variable = hr_texpr_new(a, HR_T_VARIABLE, expr->type, expr->nullable);
    variable->variable.attr = *param;
    return variable;
}

/* ---- walking ---- */

static enum hr_code each_of(struct hr_texprs *list,
                            enum hr_code (*fn)(void *, struct hr_texpr **),
                            void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(fn(arg, &list->at[i]));
    return HR_OK;
}

static enum hr_code each_order(struct hr_torders *list,
                               enum hr_code (*fn)(void *, struct hr_texpr **),
                               void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        HR_TRY(fn(arg, &list->at[i].child));
    return HR_OK;
}

enum hr_code hr_texpr_each(struct hr_texpr *expr,
                           enum hr_code (*fn)(void *, struct hr_texpr **),
                           void *arg)
{
    switch (expr->kind) {
    case HR_T_CALL:
        HR_TRY(each_of(&expr->call.args, fn, arg));
        if (expr->call.filter)
            HR_TRY(fn(arg, &expr->call.filter));
        return each_order(&expr->call.within_group, fn, arg);
    case HR_T_CAST:
        return fn(arg, &expr->cast.child);
    case HR_T_FIELD:
        return fn(arg, &expr->field.child);
    case HR_T_WINDOW:
        HR_TRY(fn(arg, &expr->window.function));
        HR_TRY(each_of(&expr->window.partition, fn, arg));
        return each_order(&expr->window.order, fn, arg);
    case HR_T_SUBQUERY:
        return each_of(&expr->subquery.values, fn, arg);
    case HR_T_LAMBDA:
        return fn(arg, &expr->lambda.body);
    case HR_T_ALIAS:
        return fn(arg, &expr->alias.child);
    case HR_T_UDF:
        return each_of(&expr->udf.args, fn, arg);
    case HR_T_LITERAL:
    case HR_T_COLUMN:
    case HR_T_VARIABLE:
        return HR_OK;
    }
    return HR_OK;
}

static bool literal_equal(const struct hr_literal *x, const struct hr_literal *y)
{
    if (x->is_null != y->is_null || !hr_type_equal(x->type, y->type))
        return false;
    if (x->is_null)
        return true;
    switch (x->type->id) {
    case HR_TYPE_BOOLEAN:
        return x->boolean == y->boolean;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
        return !memcmp(&x->real, &y->real, sizeof x->real);
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
    case HR_TYPE_DECIMAL:
        return x->text.len == y->text.len && !memcmp(x->text.bytes, y->text.bytes, x->text.len);
    case HR_TYPE_CALENDAR_INTERVAL:
        return x->calendar.months == y->calendar.months &&
               x->calendar.days == y->calendar.days &&
               x->calendar.micros == y->calendar.micros;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
    case HR_TYPE_STRUCT:
        if (x->items.count != y->items.count)
            return false;
        for (size_t i = 0; i < x->items.count; i++)
            if (!literal_equal(x->items.at[i], y->items.at[i]))
                return false;
        return true;
    default:
        return x->integer == y->integer;
    }
}

static bool list_equal(const struct hr_texprs *x, const struct hr_texprs *y)
{
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (!hr_texpr_equal(x->at[i], y->at[i]))
            return false;
    return true;
}

/* what is computed from the arguments is equal when they are */
static bool args_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    if (!x->call.params || !y->call.params || x->call.args.count != y->call.args.count)
        return list_equal(&x->call.args, &y->call.args);
    for (size_t i = 0; i < x->call.args.count; i++)
        if (i != x->call.computed && !hr_texpr_equal(x->call.args.at[i], y->call.args.at[i]))
            return false;
    return true;
}

static bool orders_equal(const struct hr_torders *x, const struct hr_torders *y)
{
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (x->at[i].descending != y->at[i].descending ||
            x->at[i].nulls_first != y->at[i].nulls_first ||
            !hr_texpr_equal(x->at[i].child, y->at[i].child))
            return false;
    return true;
}

static bool optional_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    return x && y ? hr_texpr_equal(x, y) : x == y;
}

/* rand() is another number each time; rand(5) twice is the same sequence */
static bool is_drawn_anew(const struct hr_texpr *call)
{
    unsigned flags = call->call.function->flags;
    return (flags & HR_F_VOLATILE) && !((flags & HR_F_ROWS) && call->call.args.count);
}

bool hr_texpr_equal(const struct hr_texpr *x, const struct hr_texpr *y)
{
    if (x == y)
        return true;
    if (x->kind == HR_T_ALIAS)
        return hr_texpr_equal(x->alias.child, y);
    if (y->kind == HR_T_ALIAS)
        return hr_texpr_equal(x, y->alias.child);
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case HR_T_LITERAL:
        return literal_equal(x->literal, y->literal);
    case HR_T_COLUMN:
        return x->column.attr->id == y->column.attr->id;
    case HR_T_VARIABLE:
        return x->variable.attr->id == y->variable.attr->id;
    case HR_T_CALL:
        return x->call.function == y->call.function &&
               x->call.distinct == y->call.distinct &&
               x->call.ignore_nulls == y->call.ignore_nulls &&
               !is_drawn_anew(x) &&
               args_equal(x, y) &&
               optional_equal(x->call.filter, y->call.filter) &&
               orders_equal(&x->call.within_group, &y->call.within_group);
    case HR_T_CAST:
        return x->cast.mode == y->cast.mode &&
               hr_type_equal(x->type, y->type) &&
               hr_texpr_equal(x->cast.child, y->cast.child);
    case HR_T_FIELD:
        return x->field.index == y->field.index && hr_texpr_equal(x->field.child, y->field.child);
    case HR_T_WINDOW:
        return hr_texpr_equal(x->window.function, y->window.function) &&
               list_equal(&x->window.partition, &y->window.partition) &&
               orders_equal(&x->window.order, &y->window.order) &&
               x->window.frame.kind == y->window.frame.kind &&
               x->window.frame.lower == y->window.frame.lower &&
               x->window.frame.upper == y->window.frame.upper &&
               optional_equal(x->window.frame.lower_value, y->window.frame.lower_value) &&
               optional_equal(x->window.frame.upper_value, y->window.frame.upper_value);
    case HR_T_SUBQUERY:
        return x->subquery.kind == y->subquery.kind &&
               list_equal(&x->subquery.values, &y->subquery.values) &&
               hr_subquery_equal(x, y);
    default:
        return false;
    }
}

struct search {
    unsigned flags;
    const struct hr_texpr *found;
};

static enum hr_code search_child(void *arg, struct hr_texpr **child)
{
    struct search *search = arg;
    if (search->found)
        return HR_OK;
    bool calls = (*child)->kind == HR_T_CALL && ((*child)->call.function->flags & search->flags);
    bool window = (*child)->kind == HR_T_WINDOW;
    if (calls || (window && (search->flags & HR_F_WINDOW))) {
        search->found = *child;
        return HR_OK;
    }
    if (!window)
        return hr_texpr_each(*child, search_child, arg);
    /* the function of OVER is no aggregate of this query; what it is applied to may be */
    HR_TRY(hr_texpr_each((*child)->window.function, search_child, arg));
    HR_TRY(each_of(&(*child)->window.partition, search_child, arg));
    return each_order(&(*child)->window.order, search_child, arg);
}

const struct hr_texpr *hr_find_kind(const struct hr_texpr *expr, unsigned flags)
{
    struct search search = {flags, NULL};
    struct hr_texpr *top = (struct hr_texpr *)expr;
    search_child(&search, &top);
    return search.found;
}

bool hr_has_kind(const struct hr_texpr *expr, unsigned flags)
{
    return hr_find_kind(expr, flags) != NULL;
}
bool hr_has_aggregate(const struct hr_texpr *expr)
{
    return hr_has_kind(expr, HR_F_AGGREGATE);
}

static enum hr_code find_subquery(void *arg, struct hr_texpr **child)
{
    bool *found = arg;
    *found = *found || (*child)->kind == HR_T_SUBQUERY;
    return hr_texpr_each(*child, find_subquery, arg);
}

bool hr_has_subquery(const struct hr_texpr *expr)
{
    bool found = false;
    struct hr_texpr *top = (struct hr_texpr *)expr;
    find_subquery(&found, &top);
    return found;
}

static enum hr_code find_column(void *arg, struct hr_texpr **child)
{
    if ((*child)->kind == HR_T_COLUMN ||
        (*child)->kind == HR_T_SUBQUERY ||
        (*child)->kind == HR_T_VARIABLE ||
        (*child)->kind == HR_T_UDF ||
        ((*child)->kind == HR_T_CALL &&
         ((*child)->call.function->flags &
          (HR_F_VOLATILE | HR_F_AGGREGATE | HR_F_WINDOW | HR_F_GENERATOR))))
        *(bool *)arg = true;
    if ((*child)->kind != HR_T_CALL || !(*child)->call.params)
        return hr_texpr_each(*child, find_column, arg);
    for (size_t i = 0; i < (*child)->call.args.count; i++)
        if (i != (*child)->call.computed) /* its variables are the other arguments */
            HR_TRY(find_column(arg, &(*child)->call.args.at[i]));
    return HR_OK;
}

bool hr_is_foldable(const struct hr_texpr *expr)
{
    bool found = false;
    struct hr_texpr *top = (struct hr_texpr *)expr;
    find_column(&found, &top);
    return !found;
}

enum hr_code hr_node_own_exprs(struct hr_node *node,
                               enum hr_code (*fn)(void *, struct hr_texpr **),
                               void *arg)
{
    switch (node->kind) {
    case HR_N_PROJECT:
        return each_of(&node->project.exprs, fn, arg);
    case HR_N_FILTER:
        return fn(arg, &node->filter.condition);
    case HR_N_AGGREGATE:
        HR_TRY(each_of(&node->aggregate.groups, fn, arg));
        return each_of(&node->aggregate.aggregates, fn, arg);
    case HR_N_SORT:
        return each_order(&node->sort.orders, fn, arg);
    case HR_N_JOIN:
        return node->join.condition ? fn(arg, &node->join.condition) : HR_OK;
    case HR_N_GENERATE:
        return fn(arg, &node->generate.generator);
    case HR_N_VALUES:
        for (size_t r = 0; r < node->values.count; r++)
            HR_TRY(each_of(&node->values.rows[r], fn, arg));
        return HR_OK;
    case HR_N_CTE:
        return hr_node_each_expr(node->cte.definition, fn, arg);
    default:
        return HR_OK;
    }
}

enum hr_code hr_node_each_expr(struct hr_node *node,
                               enum hr_code (*fn)(void *, struct hr_texpr **),
                               void *arg)
{
    for (; node; node = node->input) {
        HR_TRY(hr_node_own_exprs(node, fn, arg));
        HR_TRY(hr_node_each_expr(node->right, fn, arg));
    }
    return HR_OK;
}
