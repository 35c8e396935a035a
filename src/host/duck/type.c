#include "host/duck/type.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

/* by Spark's; those with parameters, or none here, are written by code */
static const struct {
    duckdb_type id;
    const char *sql;
} types[] = {
    [HR_TYPE_VOID] = {DUCKDB_TYPE_INTEGER, "INTEGER"},
    [HR_TYPE_BOOLEAN] = {DUCKDB_TYPE_BOOLEAN, "BOOLEAN"},
    [HR_TYPE_BYTE] = {DUCKDB_TYPE_TINYINT, "TINYINT"},
    [HR_TYPE_SHORT] = {DUCKDB_TYPE_SMALLINT, "SMALLINT"},
    [HR_TYPE_INT] = {DUCKDB_TYPE_INTEGER, "INTEGER"},
    [HR_TYPE_LONG] = {DUCKDB_TYPE_BIGINT, "BIGINT"},
    [HR_TYPE_FLOAT] = {DUCKDB_TYPE_FLOAT, "FLOAT"},
    [HR_TYPE_DOUBLE] = {DUCKDB_TYPE_DOUBLE, "DOUBLE"},
    [HR_TYPE_STRING] = {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
    [HR_TYPE_CHAR] = {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
    [HR_TYPE_VARCHAR] = {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
    [HR_TYPE_BINARY] = {DUCKDB_TYPE_BLOB, "BLOB"},
    [HR_TYPE_DATE] = {DUCKDB_TYPE_DATE, "DATE"},
    [HR_TYPE_TIMESTAMP] = {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE"},
    [HR_TYPE_TIMESTAMP_NTZ] = {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"},
    [HR_TYPE_TIME] = {DUCKDB_TYPE_BIGINT, "BIGINT"},
    [HR_TYPE_YEAR_MONTH] = {DUCKDB_TYPE_INTEGER, "INTEGER"},
    [HR_TYPE_DAY_TIME] = {DUCKDB_TYPE_BIGINT, "BIGINT"},
    [HR_TYPE_CALENDAR_INTERVAL] = {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
    [HR_TYPE_VARIANT] = {DUCKDB_TYPE_BLOB, "BLOB"},
    [HR_TYPE_UDT] = {0, NULL},
};

/* ---- as objects ---- */

static duckdb_logical_type nested(const struct hr_type *type)
{
    duckdb_logical_type made, inner, key;
    if (type->id == HR_TYPE_ARRAY) {
        inner = hr_duck_type(type->element);
        made = duckdb_create_list_type(inner);
        duckdb_destroy_logical_type(&inner);
        return made;
    }
    if (type->id == HR_TYPE_MAP) {
        key = hr_duck_type(type->key);
        inner = hr_duck_type(type->element);
        made = duckdb_create_map_type(key, inner);
        duckdb_destroy_logical_type(&inner);
        duckdb_destroy_logical_type(&key);
        return made;
    }
    /* DuckDB knows no struct without fields */
    static const struct hr_field filler = {.name = "f0"};
    const struct hr_field *fields = type->field_count ? type->fields : &filler;
    size_t count = type->field_count ? type->field_count : 1;
    duckdb_logical_type *members = calloc(count + 1, sizeof *members);
    const char **names = calloc(count + 1, sizeof *names);
    char (*texts)[24] = calloc(count + 1, sizeof *texts);
    HR_CHECK(members && names && texts);
    for (size_t i = 0; i < count; i++) {
        members[i] = hr_duck_type(fields[i].type ? fields[i].type : hr_type_basic(HR_TYPE_INT));
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

duckdb_logical_type hr_duck_type(const struct hr_type *type)
{
    if (type->id == HR_TYPE_UDT)
        return hr_duck_type(type->element);
    if (type->id == HR_TYPE_DECIMAL)
        return duckdb_create_decimal_type(type->precision, type->scale);
    if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP || type->id == HR_TYPE_STRUCT)
        return nested(type);
    HR_CHECK(types[type->id].sql);
    return duckdb_create_logical_type(types[type->id].id);
}

/* ---- as SQL ---- */

static void struct_sql(const struct hr_type *type, struct hr_buf *out)
{
    hr_buf_adds(out, "STRUCT(");
    for (size_t i = 0; i < type->field_count; i++) {
        hr_buf_addf(out, "%sf%zu ", i ? ", " : "", i);
        hr_duck_type_sql(type->fields[i].type, out);
    }
    hr_buf_adds(out, type->field_count ? ")" : "f0 INTEGER)");
}

void hr_duck_type_sql(const struct hr_type *type, struct hr_buf *out)
{
    switch (type->id) {
    case HR_TYPE_DECIMAL:
        hr_buf_addf(out, "DECIMAL(%d,%d)", type->precision, type->scale);
        break;
    case HR_TYPE_ARRAY:
        hr_duck_type_sql(type->element, out);
        hr_buf_adds(out, "[]");
        break;
    case HR_TYPE_MAP:
        hr_buf_adds(out, "MAP(");
        hr_duck_type_sql(type->key, out);
        hr_buf_adds(out, ", ");
        hr_duck_type_sql(type->element, out);
        hr_buf_addc(out, ')');
        break;
    case HR_TYPE_STRUCT:
        struct_sql(type, out);
        break;
    case HR_TYPE_UDT:
        hr_duck_type_sql(type->element, out);
        break;
    default:
        hr_buf_adds(out, types[type->id].sql);
    }
}
