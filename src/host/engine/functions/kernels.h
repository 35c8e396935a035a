/* The registration table of C kernels: X(name, signature, flags). Each has a function hr_k_<name>(rows, row) in one of this folder's files.
 * One row here, one row in the catalogue (analyze/catalogue.c), one line in doc/functions.md. */
#ifndef HR_HOST_ENGINE_FUNCTIONS_KERNELS_H
#define HR_HOST_ENGINE_FUNCTIONS_KERNELS_H
#include "host/engine/kernel.h"

#define HR_KERNELS(X) \
    /* cast.c */ \
    X(cast, "?", HR_K_ZONE) X(try_cast, "?", HR_K_ZONE) X(legacy_cast, "?", HR_K_ZONE) X(show, "?", HR_K_NULLS | HR_K_ZONE) \
    /* arithmetic.c */ \
    X(divide, "d:dd", 0) X(divide_null, "d:dd", 0) X(int_divide, "l:ll", 0) X(int_divide_null, "l:ll", 0) X(remainder, "?", 0) \
    X(remainder_null, "?", 0) X(wrap, "?", 0) X(checked_sum, "?", 0) X(wrapped_sum, "?", 0) X(decimal_op, "?", 0) X(decimal_op_null, "?", 0) \
    X(round, "?", 0) X(bround, "?", 0) X(negate, "?", 0) X(negate_wrap, "?", 0) \
    /* text.c */ \
    X(substring, "s:sii", 0) \
    /* collection.c */ \
    X(array_index, "l:ll", 0) X(array_index_null, "l:ll", 0) X(element_index, "l:ll", 0) X(element_index_null, "l:ll", 0)

#define X(name, signature, flags) void hr_k_##name(struct hr_rows *rows, idx_t row);
HR_KERNELS(X)
#undef X
#endif
