/* Spark Connect's DataType and Literal messages to ours and back. Results are in the arena, or
 * share the given message's memory. */
#ifndef HR_HOST_CONNECT_TYPES_H
#define HR_HOST_CONNECT_TYPES_H
#include "host/connect/decode/proto.h"
#include "host/plan/plan.h"

enum hr_code hr_connect_type_decode(struct hr_arena *arena,
                                    const PB(DataType) * in,
                                    const struct hr_type **out,
                                    struct hr_err *err);
PB(DataType) * hr_connect_type_encode(struct hr_arena *arena, const struct hr_type *type);

enum hr_code hr_connect_literal_decode(struct hr_arena *arena,
                                       const PB(Expression__Literal) * in,
                                       struct hr_literal **out,
                                       struct hr_err *err);
PB(Expression__Literal) * hr_connect_literal_encode(struct hr_arena *arena,
                                                    const struct hr_type *type,
                                                    const struct hr_literal *literal);
#endif
