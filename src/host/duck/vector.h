/* DuckDB's vectors, for whoever fills them: scans, kernels, local data. */
#ifndef HR_HOST_DUCK_VECTOR_H
#define HR_HOST_DUCK_VECTOR_H
#include "host/plan/type.h"
#include <duckdb.h>
#include <string.h>

/* of a type that holds no others */
static inline void hr_vector_null(duckdb_vector vector, idx_t row)
{
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

/* A string that points at bytes (kept by the caller) or stands inline */
static inline duckdb_string_t hr_string_ref(const char *bytes, size_t len)
{
    duckdb_string_t s;
    memset(&s, 0, sizeof s);
    s.value.inlined.length = (uint32_t)len;
    if (len <= 12) {
        memcpy(s.value.inlined.inlined, bytes, len);
    } else {
        memcpy(s.value.pointer.prefix, bytes, 4);
        s.value.pointer.ptr = (char *)bytes;
    }
    return s;
}

/* A value with all that is inside it. DuckDB takes a struct's field as it stands, whether the
 * struct is null or not: where a struct is null its fields must be, or what stood in the vector
 * before is read. Texts and lists are left empty. */
void hr_vector_null_all(const struct hr_type *type, duckdb_vector vector, idx_t row);

/* Looks through `rows` values that somebody has just written: fields of null structs are null,
 * lists lie inside their child, texts are set and readable. What breaks that is a fault of our own
 * and ends the process, naming `who`. Done for every kernel and scan where hr_vector_checked():
 * under the address sanitizer, and with HEADRACE_CHECK_VECTORS=1. */
bool hr_vector_checked(void);
/* before it is written: what stays unset is then found */
void hr_vector_poison(const struct hr_type *type, duckdb_vector vector, idx_t rows);
void hr_vector_check(const struct hr_type *type, duckdb_vector vector, idx_t rows, const char *who);
#endif
