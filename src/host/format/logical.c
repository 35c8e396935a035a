#include "host/format/logical.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

static duckdb_logical_type nested(const struct hr_type *type)
{
    duckdb_logical_type made, inner, key;
    if (type->id == HR_TYPE_ARRAY) {
        inner = hr_logical_type(type->element);
        made = duckdb_create_list_type(inner);
        duckdb_destroy_logical_type(&inner);
        return made;
    }
    if (type->id == HR_TYPE_MAP) {
        key = hr_logical_type(type->key);
        inner = hr_logical_type(type->element);
        made = duckdb_create_map_type(key, inner);
        duckdb_destroy_logical_type(&inner);
        duckdb_destroy_logical_type(&key);
        return made;
    }
    size_t count = type->field_count;
    duckdb_logical_type *members = calloc(count + 1, sizeof *members);
    const char **names = calloc(count + 1, sizeof *names);
    char (*texts)[24] = calloc(count + 1, sizeof *texts);
    HR_CHECK(members && names && texts);
    for (size_t i = 0; i < count; i++) {
        members[i] = hr_logical_type(type->fields[i].type);
        snprintf(texts[i], sizeof texts[i], "f%zu", i);
        names[i] = texts[i];
    }
    made = duckdb_create_struct_type(members, names, count);
    for (size_t i = 0; i < count; i++)
        duckdb_destroy_logical_type(&members[i]);
    free(members);
    free(names);
    free(texts);
    return made;
}

duckdb_logical_type hr_logical_type(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_VOID: return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case HR_TYPE_BOOLEAN: return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case HR_TYPE_BYTE: return duckdb_create_logical_type(DUCKDB_TYPE_TINYINT);
    case HR_TYPE_SHORT: return duckdb_create_logical_type(DUCKDB_TYPE_SMALLINT);
    case HR_TYPE_INT: return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case HR_TYPE_LONG: return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case HR_TYPE_FLOAT: return duckdb_create_logical_type(DUCKDB_TYPE_FLOAT);
    case HR_TYPE_DOUBLE: return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case HR_TYPE_DECIMAL: return duckdb_create_decimal_type(type->precision, type->scale);
    case HR_TYPE_STRING: case HR_TYPE_CHAR: case HR_TYPE_VARCHAR: return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    case HR_TYPE_BINARY: return duckdb_create_logical_type(DUCKDB_TYPE_BLOB);
    case HR_TYPE_DATE: return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case HR_TYPE_TIMESTAMP: return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
    case HR_TYPE_TIMESTAMP_NTZ: return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    case HR_TYPE_TIME: case HR_TYPE_DAY_TIME: return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case HR_TYPE_YEAR_MONTH: return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case HR_TYPE_CALENDAR_INTERVAL: return duckdb_create_logical_type(DUCKDB_TYPE_INTERVAL);
    case HR_TYPE_UDT: return hr_logical_type(type->element);
    case HR_TYPE_VARIANT: return duckdb_create_logical_type(DUCKDB_TYPE_BLOB);
    case HR_TYPE_ARRAY: case HR_TYPE_MAP: case HR_TYPE_STRUCT: return nested(type);
    }
    HR_CHECK(!"a type");
    return NULL;
}
