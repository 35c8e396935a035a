/* What its modules have not landed yet is refused by name: weak, so that the real function takes its place by being there. */
#include "host/connect/private.h"

#define WEAK __attribute__((weak))

WEAK enum hr_code hr_format_write(struct hr_format *format, struct hr_arena *arena, struct hr_env *env, const struct hr_write *write,
                                  struct hr_format_rows *rows, const struct hr_blob_cancel *cancel, struct hr_err *err)
{
    (void)format, (void)arena, (void)env, (void)write, (void)rows, (void)cancel;
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "writing", NULL);
}

WEAK enum hr_code hr_format_parse(struct hr_format *format, struct hr_arena *arena, struct hr_env *env, const struct hr_rel *rel,
                                  struct hr_format_rows *rows, struct hr_source **source, struct hr_err *err)
{
    (void)format, (void)arena, (void)env, (void)rel, (void)rows, (void)source;
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "parsing a column of text", NULL);
}

WEAK void hr_typed_explain(const struct hr_typed *typed, struct hr_buf *out) { (void)typed, (void)out; }
WEAK bool hr_typed_same(const struct hr_typed *a, const struct hr_typed *b) { return a == b; }
WEAK uint64_t hr_typed_hash(const struct hr_typed *typed) { return (uint64_t)(uintptr_t)typed; }
WEAK bool hr_typed_is_local(const struct hr_typed *typed) { return !typed->source_count; }
