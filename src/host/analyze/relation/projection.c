#include "host/analyze/relation/projection.h"
#include "base/check.h"

struct projection hr_projection_new(struct analysis *a, size_t most)
{
    return (struct projection){.a = a,
                               .exprs = ARRAY(a, struct hr_texpr *, most),
                               .attrs = ARRAY(a, const struct hr_attr *, most),
                               .most = most};
}

void hr_projection_add(struct projection *p, struct hr_texpr *expr, const struct hr_attr *attr)
{
    HR_CHECK(p->count < p->most);
    p->exprs[p->count] = expr;
    p->attrs[p->count] = attr;
    p->count++;
}

void hr_projection_keep(struct projection *p, const struct hr_attr *attr)
{
    hr_projection_add(p, hr_column_of(p->a, attr), attr);
}

void hr_projection_keep_all(struct projection *p, const struct hr_attrs *attrs)
{
    for (size_t i = 0; i < attrs->count; i++)
        hr_projection_keep(p, attrs->at[i]);
}

enum hr_code hr_projection_of(const struct projection *p, struct hr_node **node)
{
    struct hr_texprs exprs = {p->exprs, p->count};
    struct hr_attrs attrs = {p->attrs, p->count};
    return hr_project(p->a, *node, exprs, attrs, node);
}
