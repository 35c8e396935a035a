/* Spark's data types, as values: immutable, in an arena or static, shared freely.
 * How they stand in DuckDB: duck/type.h. */
#ifndef HR_HOST_PLAN_TYPE_H
#define HR_HOST_PLAN_TYPE_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hr_type_id {
    HR_TYPE_VOID,
    HR_TYPE_BOOLEAN,
    HR_TYPE_BYTE,
    HR_TYPE_SHORT,
    HR_TYPE_INT,
    HR_TYPE_LONG,
    HR_TYPE_FLOAT,
    HR_TYPE_DOUBLE,
    HR_TYPE_DECIMAL,
    HR_TYPE_STRING,
    HR_TYPE_CHAR,
    HR_TYPE_VARCHAR,
    HR_TYPE_BINARY,
    HR_TYPE_DATE,
    HR_TYPE_TIMESTAMP,
    HR_TYPE_TIMESTAMP_NTZ,
    HR_TYPE_TIME,
    HR_TYPE_YEAR_MONTH,
    HR_TYPE_DAY_TIME,
    HR_TYPE_CALENDAR_INTERVAL,
    HR_TYPE_ARRAY,
    HR_TYPE_MAP,
    HR_TYPE_STRUCT,
    HR_TYPE_VARIANT,
    HR_TYPE_UDT,
};

/* of HR_TYPE_YEAR_MONTH */
enum hr_interval_unit { HR_UNIT_YEAR, HR_UNIT_MONTH };
/* of HR_TYPE_DAY_TIME */
enum hr_day_unit { HR_UNIT_DAY, HR_UNIT_HOUR, HR_UNIT_MINUTE, HR_UNIT_SECOND };

struct hr_field;

struct hr_type {
    enum hr_type_id id;
    uint8_t precision, scale;      /* decimal; precision also of time */
    uint8_t first_unit, last_unit; /* intervals */
    uint32_t length;               /* char, varchar */
    const char *collation;         /* string; NULL is UTF8_BINARY */
    const struct hr_type *key;     /* map */
    const struct hr_type *element; /* array: element; map: value; udt: sql type */
    bool contains_null;            /* array: elements, map: values */
    const struct hr_field *fields; /* struct */
    size_t field_count;
    /* udt: JSON's class, pyClass, serializedClass; NULL when absent */
    const char *udt_class, *udt_python_class, *udt_serialized;
};

struct hr_field {
    const char *name;
    const struct hr_type *type;
    bool nullable;
    const char *metadata; /* JSON object as text; NULL is {} */
};

/* types without parameters; interval types get all units; decimal is (10,0) */
const struct hr_type *hr_type_basic(enum hr_type_id id);
const struct hr_type *hr_type_decimal(struct hr_arena *arena, int precision, int scale);
const struct hr_type *hr_type_array(struct hr_arena *arena,
                                    const struct hr_type *element,
                                    bool contains_null);
const struct hr_type *hr_type_map(struct hr_arena *arena,
                                  const struct hr_type *key,
                                  const struct hr_type *value,
                                  bool value_contains_null);
/* fields are copied, types are not */
const struct hr_type *hr_type_struct(struct hr_arena *arena,
                                     const struct hr_field *fields,
                                     size_t count);
const struct hr_type *hr_type_copy(struct hr_arena *arena, const struct hr_type *type); /* deep */

/* names and nullability of fields included */
bool hr_type_equal(const struct hr_type *a, const struct hr_type *b);
/* nullability and metadata ignored */
bool hr_type_same_shape(const struct hr_type *a, const struct hr_type *b);
/* the type, everything within which may be null (Spark's asNullable) */
const struct hr_type *hr_type_as_nullable(struct hr_arena *arena, const struct hr_type *type);
bool hr_type_is_numeric(const struct hr_type *type);
bool hr_type_is_integral(const struct hr_type *type);

/* DECIMAL(10,2), STRUCT<a: INT> : DataType.sql */
void hr_type_sql(const struct hr_type *type, struct hr_buf *out);
/* to look at, never a key: simpleString: struct<a:int>, after 25 fields "... n more fields" */
void hr_type_simple(const struct hr_type *type, struct hr_buf *out);
/* catalogString, what typeof() gives: as simple, never cut */
void hr_type_catalog(const struct hr_type *type, struct hr_buf *out);
void hr_type_json(const struct hr_type *type, struct hr_buf *out); /* DataType.json */
/* for keys: equal texts exactly where hr_type_equal */
void hr_type_key(const struct hr_type *type, struct hr_buf *out);
/* printSchema's tree; level <= 0 is all */
void hr_type_tree(const struct hr_type *schema, int level, struct hr_buf *out);
/* the DuckDB type of the table above */

/* text to type; both refuse nesting deeper than HR_TYPE_DEPTH_MAX. DDL takes "a INT, b STRING" (a
 * struct) or one type. */
#define HR_TYPE_DEPTH_MAX 100
#define HR_TYPE_DECIMAL_MAX 38
enum hr_code hr_type_from_ddl(struct hr_arena *arena,
                              const char *text,
                              const struct hr_type **type,
                              struct hr_err *err);
/* one type at text[*at] inside SQL text; *at moves behind it. What is wrong in meaning only (an
 * unknown name) is left in *late, for the caller to tell when the rest of the text proves right. */
enum hr_code hr_type_from_sql(struct hr_arena *arena,
                              const char *text,
                              size_t *at,
                              const struct hr_type **type,
                              struct hr_err *late,
                              struct hr_err *err);
/* INTERVAL first TO last, by the units' names without case; last may be NULL. NULL when there is no
 * such interval type. */
const struct hr_type *hr_type_interval(struct hr_arena *arena, const char *first, const char *last);
enum hr_code hr_type_from_json(struct hr_arena *arena,
                               const char *text,
                               const struct hr_type **type,
                               struct hr_err *err);

/* a name as Spark quotes it where it must: a_b, `a b`, `a``b` (quoteIfNeeded) */
void hr_name_quote(const char *name, struct hr_buf *out);
#endif
