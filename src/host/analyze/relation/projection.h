/* A select list in the making: each column as it is computed, and as it is known afterwards. */
#ifndef HR_HOST_ANALYZE_RELATION_PROJECTION_H
#define HR_HOST_ANALYZE_RELATION_PROJECTION_H
#include "host/analyze/internal.h"

struct projection {
    struct analysis *a;
    struct hr_texpr **exprs;
    const struct hr_attr **attrs;
    size_t count, most;
};

/* no column yet, and no more than `most` */
struct projection hr_projection_new(struct analysis *a, size_t most);
/* the expression, known as attr */
void hr_projection_add(struct projection *p, struct hr_texpr *expr, const struct hr_attr *attr);
/* the input's column as it is */
void hr_projection_keep(struct projection *p, const struct hr_attr *attr);
void hr_projection_keep_all(struct projection *p, const struct hr_attrs *attrs);
/* *node becomes the projection of it */
enum hr_code hr_projection_of(const struct projection *p, struct hr_node **node);
#endif
