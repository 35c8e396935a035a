/* Which columns a statement needs, from the root down, before anything is written. */
#include "host/engine/emit/select.h"

/* ---- which columns are needed: from the root down, before anything is written ---- */

static enum hr_code need_child(void *arg, struct hr_texpr **child)
{
    struct emit *e = arg;
    if ((*child)->kind == HR_T_COLUMN)
        e->needed[(*child)->column.attr->id] = true;
    if ((*child)->kind == HR_T_SUBQUERY) {
        const struct hr_node *plan = (*child)->subquery.plan;
        if ((*child)->subquery.kind != HR_SUBQUERY_EXISTS)
            for (size_t i = 0; i < plan->output.count; i++)
                e->needed[plan->output.at[i]->id] = true;
        hr_need_node(e, plan);
    }
    return hr_texpr_each(*child, need_child, arg);
}

static void need_expr(struct emit *e, struct hr_texpr *expr)
{
    if (expr)
        need_child(e, &expr);
}

void hr_need_all(struct emit *e, const struct hr_attrs *output)
{
    for (size_t i = 0; i < output->count; i++)
        e->needed[output->at[i]->id] = true;
}

static void need_list(struct emit *e, const struct hr_texprs *list)
{
    for (size_t i = 0; i < list->count; i++)
        need_expr(e, list->at[i]);
}

static void need_orders(struct emit *e, const struct hr_torders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        need_expr(e, orders->at[i].child);
}

static void need_set(struct emit *e, const struct hr_node *node)
{
    /* by position: a set operation compares whole rows; a union all may leave columns out, but both
     * sides the same */
    hr_need_all(e, &node->input->output);
    hr_need_all(e, &node->right->output);
}

void hr_need_node(struct emit *e, const struct hr_node *node)
{
    if (!node)
        return;
    switch (node->kind) {
    case HR_N_PROJECT:
        for (size_t i = 0; i < node->output.count; i++)
            if (e->needed[node->output.at[i]->id])
                need_expr(e, node->project.exprs.at[i]);
        break;
    case HR_N_FILTER:
        need_expr(e, node->filter.condition);
        break;
    case HR_N_AGGREGATE:
        need_list(e, &node->aggregate.groups);
        for (size_t i = 0; i < node->aggregate.aggregates.count; i++)
            if (e->needed[node->output.at[node->aggregate.groups.count + i]->id])
                need_expr(e, node->aggregate.aggregates.at[i]);
        break;
    case HR_N_SORT:
        need_orders(e, &node->sort.orders);
        break;
    case HR_N_JOIN:
        need_expr(e, node->join.condition);
        break;
    case HR_N_SET:
        need_set(e, node);
        break;
    case HR_N_DISTINCT:
        hr_need_all(e, &node->output);
        break;
    case HR_N_DEDUPLICATE:
        hr_need_all(e, &node->deduplicate.keys);
        break;
    case HR_N_GENERATE:
        need_expr(e, node->generate.generator);
        break;
    case HR_N_VALUES:
        for (size_t r = 0; r < node->values.count; r++)
            need_list(e, &node->values.rows[r]);
        break;
    case HR_N_CTE_REF:
        for (size_t i = 0; i < node->output.count; i++)
            if (e->needed[node->output.at[i]->id])
                e->needed[node->cte_ref.definition.at[i]->id] = true;
        break;
    default:
        break;
    }
    /* a lateral right side uses the left's columns */
    hr_need_node(e, node->right);
    hr_need_node(e, node->input);
    if (node->kind == HR_N_CTE)
        hr_need_node(e, node->cte.definition);
}

/* ---- the largest attribute id of a plan ---- */

static enum hr_code largest_child(void *arg, struct hr_texpr **child)
{
    int *most = arg, id = 0;
    if ((*child)->kind == HR_T_COLUMN)
        id = (*child)->column.attr->id;
    if ((*child)->kind == HR_T_VARIABLE)
        id = (*child)->variable.attr->id;
    if ((*child)->kind == HR_T_SUBQUERY)
        id = hr_largest_id((*child)->subquery.plan);
    for (size_t i = 0; (*child)->kind == HR_T_LAMBDA && i < (*child)->lambda.count; i++)
        if ((*child)->lambda.params[i]->id > id)
            id = (*child)->lambda.params[i]->id;
    for (size_t i = 0;
         (*child)->kind == HR_T_CALL && (*child)->call.params && i < (*child)->call.args.count; i++)
        if ((*child)->call.params[i] && (*child)->call.params[i]->id > id)
            id = (*child)->call.params[i]->id;
    if (id > *most)
        *most = id;
    return hr_texpr_each(*child, largest_child, arg);
}

static void largest_list(const struct hr_texprs *list, int *most)
{
    for (size_t i = 0; i < list->count; i++)
        largest_child(most, &list->at[i]);
}

int hr_largest_id(const struct hr_node *node)
{
    int most = 0;
    for (; node; node = node->input) {
        for (size_t i = 0; i < node->output.count; i++)
            if (node->output.at[i]->id > most)
                most = node->output.at[i]->id;
        struct hr_texpr *one = NULL;
        switch (node->kind) {
        case HR_N_PROJECT:
            largest_list(&node->project.exprs, &most);
            break;
        case HR_N_FILTER:
            one = node->filter.condition;
            break;
        case HR_N_JOIN:
            one = node->join.condition;
            break;
        case HR_N_GENERATE:
            one = node->generate.generator;
            break;
        case HR_N_AGGREGATE:
            largest_list(&node->aggregate.groups, &most);
            largest_list(&node->aggregate.aggregates, &most);
            break;
        case HR_N_SORT:
            for (size_t i = 0; i < node->sort.orders.count; i++)
                largest_child(&most, &node->sort.orders.at[i].child);
            break;
        case HR_N_VALUES:
            for (size_t r = 0; r < node->values.count; r++)
                largest_list(&node->values.rows[r], &most);
            break;
        default:
            break;
        }
        if (one)
            largest_child(&most, &one);
        int other = node->right ? hr_largest_id(node->right) : 0;
        if (other > most)
            most = other;
        other = node->kind == HR_N_CTE ? hr_largest_id(node->cte.definition) : 0;
        if (other > most)
            most = other;
    }
    return most;
}
