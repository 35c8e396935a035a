/* What its modules have not landed yet is refused by name: weak, so that the real function takes its place by being there. */
#include "host/connect/private.h"

#define WEAK __attribute__((weak))

WEAK void hr_typed_explain(const struct hr_typed *typed, struct hr_buf *out) { (void)typed, (void)out; }
WEAK bool hr_typed_same(const struct hr_typed *a, const struct hr_typed *b) { return a == b; }
WEAK uint64_t hr_typed_hash(const struct hr_typed *typed) { return (uint64_t)(uintptr_t)typed; }
WEAK bool hr_typed_is_local(const struct hr_typed *typed) { return !typed->source_count; }
