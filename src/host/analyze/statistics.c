/* df.stat, df.na, unpivot, transpose: relations that are made of others. */
#include "host/analyze/internal.h"

enum hr_code hr_resolve_statistics(struct analysis *a, const struct hr_rel *rel, struct hr_node **out)
{
    (void)out;
    return hr_fail(a->err, HR_E_UNSUPPORTED, "relation '%s'", hr_rel_kind_name(rel->kind));
}
