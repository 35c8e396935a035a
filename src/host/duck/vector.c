#include "host/duck/vector.h"
#include "base/check.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- nulls ---- */

static bool is_text(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING ||
           type->id == HR_TYPE_CHAR ||
           type->id == HR_TYPE_VARCHAR ||
           type->id == HR_TYPE_BINARY ||
           type->id == HR_TYPE_VARIANT;
}

static bool is_list(const struct hr_type *type)
{
    return type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP;
}

void hr_vector_null_all(const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    hr_vector_null(vector, row);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        hr_vector_null_all(type->fields[i].type, duckdb_struct_vector_get_child(vector, i), row);
    if (is_list(type))
        ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row] =
            (duckdb_list_entry){duckdb_list_vector_get_size(vector), 0};
    if (is_text(type))
        memset((duckdb_string_t *)duckdb_vector_get_data(vector) + row, 0, sizeof(duckdb_string_t));
}

/* ---- checking ---- */

#if defined(__SANITIZE_ADDRESS__)
#define CHECKED_BY_DEFAULT "1"
#else
#define CHECKED_BY_DEFAULT "0"
#endif
#define POISON                                                                                \
    0xA5 /* a text of such bytes is gigabytes long and points nowhere, a list ends behind any \
            child */

static bool checked;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void ask(void)
{
    const char *wish = getenv("HEADRACE_CHECK_VECTORS");
    checked = strcmp(wish ? wish : CHECKED_BY_DEFAULT, "0") != 0;
}

bool hr_vector_checked(void)
{
    pthread_once(&asked, ask);
    return checked;
}

void hr_vector_poison(const struct hr_type *type, duckdb_vector vector, idx_t rows)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    if (is_text(type))
        memset(duckdb_vector_get_data(vector), POISON, rows * sizeof(duckdb_string_t));
    else if (is_list(type))
        memset(duckdb_vector_get_data(vector), POISON, rows * sizeof(duckdb_list_entry));
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        hr_vector_poison(type->fields[i].type, duckdb_struct_vector_get_child(vector, i), rows);
}

static bool is_valid(duckdb_vector vector, idx_t row)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    return !valid || duckdb_validity_row_is_valid(valid, row);
}

static void broken(const char *who, const char *what, idx_t row)
{
    fprintf(stderr, "headrace: '%s' left %s in row %llu of its result\n", who, what,
            (unsigned long long)row);
    abort();
}

static void check_text(duckdb_vector vector, idx_t row, const char *who)
{
    duckdb_string_t text = ((duckdb_string_t *)duckdb_vector_get_data(vector))[row], unset;
    memset(&unset, POISON, sizeof unset);
    if (!memcmp(&text, &unset, sizeof text))
        broken(who, "a text unset", row);
    if (!duckdb_string_is_inlined(text) &&
        memcmp(text.value.pointer.prefix, text.value.pointer.ptr, sizeof text.value.pointer.prefix))
        broken(who, "a text whose prefix is another's", row);
    /* every byte is there: the sanitizer sees it read */
    if (!duckdb_string_is_inlined(text)) {
        volatile char last = text.value.pointer.ptr[duckdb_string_t_length(text) - 1];
        (void)last;
    }
}

static void check_row(
    const struct hr_type *type, duckdb_vector vector, idx_t row, bool parent_null, const char *who);

static void check_list(const struct hr_type *type, duckdb_vector vector, idx_t row, const char *who)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
    idx_t size = duckdb_list_vector_get_size(vector);
    if (entry.offset > size || entry.length > size - entry.offset)
        broken(who, "a list beyond its child", row);
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (type->id == HR_TYPE_ARRAY) {
            check_row(type->element, child, i, false, who);
            continue;
        }
        duckdb_vector keys = duckdb_struct_vector_get_child(child, 0);
        if (!is_valid(child, i) || !is_valid(keys, i))
            broken(who, "a map's entry or key null", row);
        check_row(type->key, keys, i, false, who);
        check_row(type->element, duckdb_struct_vector_get_child(child, 1), i, false, who);
    }
}

static void check_row(
    const struct hr_type *type, duckdb_vector vector, idx_t row, bool parent_null, const char *who)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    bool null = !is_valid(vector, row);
    if (parent_null && !null)
        broken(who, "a field of a null struct set", row);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        check_row(type->fields[i].type, duckdb_struct_vector_get_child(vector, i), row, null, who);
    if (!null && is_list(type))
        check_list(type, vector, row, who);
    if (!null && is_text(type))
        check_text(vector, row, who);
}

void hr_vector_check(const struct hr_type *type, duckdb_vector vector, idx_t rows, const char *who)
{
    for (idx_t row = 0; row < rows; row++)
        check_row(type, vector, row, false, who);
}
