#include "host/plan/type.h"
#include "base/check.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* What each type without parameters is called: in JSON and printSchema (Spark's typeName),
 * simpleString and SQL. Types with NULL have parameters and are written by code. */
static const struct names {
    const char *json, *simple, *sql;
} names[] = {
    [HR_TYPE_VOID] = {"void", "void", "VOID"},
    [HR_TYPE_BOOLEAN] = {"boolean", "boolean", "BOOLEAN"},
    [HR_TYPE_BYTE] = {"byte", "tinyint", "TINYINT"},
    [HR_TYPE_SHORT] = {"short", "smallint", "SMALLINT"},
    [HR_TYPE_INT] = {"integer", "int", "INT"},
    [HR_TYPE_LONG] = {"long", "bigint", "BIGINT"},
    [HR_TYPE_FLOAT] = {"float", "float", "FLOAT"},
    [HR_TYPE_DOUBLE] = {"double", "double", "DOUBLE"},
    [HR_TYPE_STRING] = {"string", "string", "STRING"},
    [HR_TYPE_CHAR] = {"char", "char", "CHAR"},
    [HR_TYPE_VARCHAR] = {"varchar", "varchar", "VARCHAR"},
    [HR_TYPE_BINARY] = {"binary", "binary", "BINARY"},
    [HR_TYPE_DATE] = {"date", "date", "DATE"},
    [HR_TYPE_TIMESTAMP] = {"timestamp", "timestamp", "TIMESTAMP"},
    [HR_TYPE_TIMESTAMP_NTZ] = {"timestamp_ntz", "timestamp_ntz", "TIMESTAMP_NTZ"},
    [HR_TYPE_TIME] = {"time", "time", "TIME"},
    [HR_TYPE_CALENDAR_INTERVAL] = {"interval", "interval", "INTERVAL"},
    [HR_TYPE_DECIMAL] = {"decimal", "decimal", "DECIMAL"},
    [HR_TYPE_ARRAY] = {"array", "array", "ARRAY"},
    [HR_TYPE_MAP] = {"map", "map", "MAP"},
    [HR_TYPE_STRUCT] = {"struct", "struct", "STRUCT"},
    [HR_TYPE_VARIANT] = {"variant", "variant", "VARIANT"},
    [HR_TYPE_UDT] = {"udt", "pythonuserdefined", NULL},
};

static const char *const year_units[] = {"year", "month"};
static const char *const day_units[] = {"day", "hour", "minute", "second"};

/* ---- constructors ---- */

const struct hr_type *hr_type_basic(enum hr_type_id id)
{
    static const struct hr_type basics[] = {
        [HR_TYPE_VOID] = {.id = HR_TYPE_VOID},
        [HR_TYPE_BOOLEAN] = {.id = HR_TYPE_BOOLEAN},
        [HR_TYPE_BYTE] = {.id = HR_TYPE_BYTE},
        [HR_TYPE_SHORT] = {.id = HR_TYPE_SHORT},
        [HR_TYPE_INT] = {.id = HR_TYPE_INT},
        [HR_TYPE_LONG] = {.id = HR_TYPE_LONG},
        [HR_TYPE_FLOAT] = {.id = HR_TYPE_FLOAT},
        [HR_TYPE_DOUBLE] = {.id = HR_TYPE_DOUBLE},
        [HR_TYPE_DECIMAL] = {.id = HR_TYPE_DECIMAL, .precision = 10},
        [HR_TYPE_STRING] = {.id = HR_TYPE_STRING},
        [HR_TYPE_BINARY] = {.id = HR_TYPE_BINARY},
        [HR_TYPE_DATE] = {.id = HR_TYPE_DATE},
        [HR_TYPE_TIMESTAMP] = {.id = HR_TYPE_TIMESTAMP},
        [HR_TYPE_TIMESTAMP_NTZ] = {.id = HR_TYPE_TIMESTAMP_NTZ},
        [HR_TYPE_TIME] = {.id = HR_TYPE_TIME, .precision = 6},
        [HR_TYPE_YEAR_MONTH] = {.id = HR_TYPE_YEAR_MONTH,
                                .first_unit = HR_UNIT_YEAR,
                                .last_unit = HR_UNIT_MONTH},
        [HR_TYPE_DAY_TIME] = {.id = HR_TYPE_DAY_TIME,
                              .first_unit = HR_UNIT_DAY,
                              .last_unit = HR_UNIT_SECOND},
        [HR_TYPE_CALENDAR_INTERVAL] = {.id = HR_TYPE_CALENDAR_INTERVAL},
        [HR_TYPE_VARIANT] = {.id = HR_TYPE_VARIANT},
        [HR_TYPE_STRUCT] = {.id = HR_TYPE_STRUCT},
        [HR_TYPE_UDT] = {.id = HR_TYPE_UDT},
    };
    HR_CHECK((size_t)id < HR_LEN(basics) && basics[id].id == id);
    return &basics[id];
}

static struct hr_type *make(struct hr_arena *arena, enum hr_type_id id)
{
    struct hr_type *type = HR_NEW(arena, struct hr_type);
    type->id = id;
    return type;
}

const struct hr_type *hr_type_decimal(struct hr_arena *arena, int precision, int scale)
{
    struct hr_type *type = make(arena, HR_TYPE_DECIMAL);
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    return type;
}

const struct hr_type *hr_type_array(struct hr_arena *arena,
                                    const struct hr_type *element,
                                    bool contains_null)
{
    struct hr_type *type = make(arena, HR_TYPE_ARRAY);
    type->element = element;
    type->contains_null = contains_null;
    return type;
}

const struct hr_type *hr_type_map(struct hr_arena *arena,
                                  const struct hr_type *key,
                                  const struct hr_type *value,
                                  bool value_contains_null)
{
    struct hr_type *type = make(arena, HR_TYPE_MAP);
    type->key = key;
    type->element = value;
    type->contains_null = value_contains_null;
    return type;
}

const struct hr_type *hr_type_struct(struct hr_arena *arena,
                                     const struct hr_field *fields,
                                     size_t count)
{
    struct hr_type *type = make(arena, HR_TYPE_STRUCT);
    type->fields = count ? hr_memdup(arena, fields, count * sizeof *fields) : NULL;
    type->field_count = count;
    return type;
}

static int unit_find(const char *const *units, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (name && !strcasecmp(units[i], name))
            return i;
    return -1;
}

const struct hr_type *hr_type_interval(struct hr_arena *arena, const char *first, const char *last)
{
    bool year = unit_find(year_units, HR_LEN(year_units), first) >= 0;
    const char *const *units = year ? year_units : day_units;
    int count = year ? HR_LEN(year_units) : HR_LEN(day_units);
    int from = unit_find(units, count, first), to = last ? unit_find(units, count, last) : from;
    if (from < 0 || to < from || (last && to == from))
        return NULL;
    struct hr_type *type = make(arena, year ? HR_TYPE_YEAR_MONTH : HR_TYPE_DAY_TIME);
    type->first_unit = (uint8_t)from;
    type->last_unit = (uint8_t)to;
    return type;
}

const struct hr_type *hr_type_copy(struct hr_arena *arena, const struct hr_type *type)
{
    if (!type)
        return NULL;
    struct hr_type *copy = hr_memdup(arena, type, sizeof *type);
    copy->collation = hr_strdup(arena, type->collation);
    copy->udt_class = hr_strdup(arena, type->udt_class);
    copy->udt_python_class = hr_strdup(arena, type->udt_python_class);
    copy->udt_serialized = hr_strdup(arena, type->udt_serialized);
    copy->key = hr_type_copy(arena, type->key);
    copy->element = hr_type_copy(arena, type->element);
    if (type->field_count) {
        struct hr_field *fields =
            hr_memdup(arena, type->fields, type->field_count * sizeof *fields);
        for (size_t i = 0; i < type->field_count; i++) {
            fields[i].name = hr_strdup(arena, fields[i].name);
            fields[i].metadata = hr_strdup(arena, fields[i].metadata);
            fields[i].type = hr_type_copy(arena, fields[i].type);
        }
        copy->fields = fields;
    }
    return copy;
}

/* ---- equality ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same(const struct hr_type *a, const struct hr_type *b, bool strict)
{
    if (a == b)
        return true;
    if (!a ||
        !b ||
        a->id != b->id ||
        a->precision != b->precision ||
        a->scale != b->scale ||
        a->first_unit != b->first_unit ||
        a->last_unit != b->last_unit ||
        a->length != b->length ||
        a->field_count != b->field_count)
        return false;
    if (!same_text(a->collation, b->collation) ||
        !same_text(a->udt_python_class, b->udt_python_class) ||
        !same_text(a->udt_class, b->udt_class))
        return false;
    if ((strict && a->contains_null != b->contains_null) ||
        !same(a->key, b->key, strict) ||
        !same(a->element, b->element, strict))
        return false;
    for (size_t i = 0; i < a->field_count; i++) {
        const struct hr_field *x = &a->fields[i], *y = &b->fields[i];
        if (strcmp(x->name, y->name) ||
            (strict && x->nullable != y->nullable) ||
            !same(x->type, y->type, strict))
            return false;
        if (strict && strcmp(x->metadata ? x->metadata : "{}", y->metadata ? y->metadata : "{}"))
            return false;
    }
    return true;
}

const struct hr_type *hr_type_as_nullable(struct hr_arena *arena, const struct hr_type *type)
{
    if (type->id == HR_TYPE_ARRAY)
        return hr_type_array(arena, hr_type_as_nullable(arena, type->element), true);
    if (type->id == HR_TYPE_MAP)
        return hr_type_map(arena, hr_type_as_nullable(arena, type->key),
                           hr_type_as_nullable(arena, type->element), true);
    if (type->id != HR_TYPE_STRUCT)
        return type;
    struct hr_field *fields = hr_arena_alloc(arena, (type->field_count + 1) * sizeof *fields);
    for (size_t i = 0; i < type->field_count; i++) {
        fields[i] = type->fields[i];
        fields[i].type = hr_type_as_nullable(arena, type->fields[i].type);
        fields[i].nullable = true;
    }
    return hr_type_struct(arena, fields, type->field_count);
}

bool hr_type_equal(const struct hr_type *a, const struct hr_type *b)
{
    return same(a, b, true);
}
bool hr_type_same_shape(const struct hr_type *a, const struct hr_type *b)
{
    return same(a, b, false);
}

bool hr_type_is_integral(const struct hr_type *type)
{
    return type->id >= HR_TYPE_BYTE && type->id <= HR_TYPE_LONG;
}

bool hr_type_is_numeric(const struct hr_type *type)
{
    return type->id >= HR_TYPE_BYTE && type->id <= HR_TYPE_DECIMAL;
}

/* ---- texts ---- */

void hr_name_quote(const char *name, struct hr_buf *out)
{
    bool plain = isalpha((unsigned char)*name) || *name == '_';
    for (const char *p = name; plain && *p; p++)
        plain = isalnum((unsigned char)*p) || *p == '_';
    if (plain) {
        hr_buf_adds(out, name);
        return;
    }
    hr_buf_addc(out, '`');
    for (const char *p = name; *p; p++) {
        if (*p == '`')
            hr_buf_addc(out, '`');
        hr_buf_addc(out, *p);
    }
    hr_buf_addc(out, '`');
}

static void add_interval(const struct hr_type *type, bool upper, struct hr_buf *out)
{
    const char *const *units = type->id == HR_TYPE_YEAR_MONTH ? year_units : day_units;
    char text[64];
    if (type->first_unit == type->last_unit)
        snprintf(text, sizeof text, "interval %s", units[type->first_unit]);
    else
        snprintf(text, sizeof text, "interval %s to %s", units[type->first_unit],
                 units[type->last_unit]);
    for (char *p = text; *p; p++)
        hr_buf_addc(out, upper ? (char)toupper((unsigned char)*p) : *p);
}

/* the parameters of a type without children, behind its name */
static void add_parameters(const struct hr_type *type, bool upper, struct hr_buf *out)
{
    switch (type->id) {
    case HR_TYPE_DECIMAL:
        hr_buf_addf(out, "(%d,%d)", type->precision, type->scale);
        break;
    case HR_TYPE_TIME:
        hr_buf_addf(out, "(%d)", type->precision);
        break;
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        hr_buf_addf(out, "(%u)", type->length);
        break;
    case HR_TYPE_STRING:
        if (type->collation)
            hr_buf_addf(out, upper ? " COLLATE %s" : " collate %s", type->collation);
        break;
    default:
        break;
    }
}

static bool is_interval(const struct hr_type *type)
{
    return type->id == HR_TYPE_YEAR_MONTH || type->id == HR_TYPE_DAY_TIME;
}

/* DDL's COMMENT, which Spark's StructField.sql carries too */
static void add_comment(const char *metadata, struct hr_buf *out)
{
    json_t *json = metadata ? json_loads(metadata, 0, NULL) : NULL;
    const char *comment = json_string_value(json_object_get(json, "comment"));
    if (comment) {
        hr_buf_adds(out, " COMMENT '");
        for (const char *p = comment; *p; p++) {
            if (*p == '\'' || *p == '\\')
                hr_buf_addc(out, '\\');
            hr_buf_addc(out, *p);
        }
        hr_buf_addc(out, '\'');
    }
    json_decref(json);
}

static void add_sql_field(const struct hr_field *field, struct hr_buf *out)
{
    hr_name_quote(field->name, out);
    hr_buf_adds(out, ": ");
    hr_type_sql(field->type, out);
    if (!field->nullable)
        hr_buf_adds(out, " NOT NULL");
    add_comment(field->metadata, out);
}

void hr_type_sql(const struct hr_type *type, struct hr_buf *out)
{
    if (type->id == HR_TYPE_UDT) {
        hr_type_sql(type->element, out);
        return;
    }
    if (is_interval(type)) {
        add_interval(type, true, out);
        return;
    }
    hr_buf_adds(out, names[type->id].sql);
    add_parameters(type, true, out);
    if (type->id == HR_TYPE_ARRAY) {
        hr_buf_addc(out, '<');
        hr_type_sql(type->element, out);
        hr_buf_addc(out, '>');
    } else if (type->id == HR_TYPE_MAP) {
        hr_buf_addc(out, '<');
        hr_type_sql(type->key, out);
        hr_buf_adds(out, ", ");
        hr_type_sql(type->element, out);
        hr_buf_addc(out, '>');
    } else if (type->id == HR_TYPE_STRUCT) {
        hr_buf_addc(out, '<');
        for (size_t i = 0; i < type->field_count; i++) {
            hr_buf_adds(out, i ? ", " : "");
            add_sql_field(&type->fields[i], out);
        }
        hr_buf_addc(out, '>');
    }
}

#define SIMPLE_FIELDS_MAX \
    25 /* spark.sql.debug.maxToStringFields: past it the last shown place says how many more */

static void add_simple(const struct hr_type *type, bool cut, struct hr_buf *out)
{
    if (is_interval(type)) {
        add_interval(type, false, out);
        return;
    }
    hr_buf_adds(out, names[type->id].simple);
    add_parameters(type, false, out);
    if (type->id == HR_TYPE_ARRAY) {
        hr_buf_addc(out, '<');
        add_simple(type->element, cut, out);
        hr_buf_addc(out, '>');
    } else if (type->id == HR_TYPE_MAP) {
        hr_buf_addc(out, '<');
        add_simple(type->key, cut, out);
        hr_buf_addc(out, ',');
        add_simple(type->element, cut, out);
        hr_buf_addc(out, '>');
    } else if (type->id == HR_TYPE_STRUCT) {
        size_t shown =
            cut && type->field_count > SIMPLE_FIELDS_MAX ? SIMPLE_FIELDS_MAX : type->field_count;
        hr_buf_addc(out, '<');
        for (size_t i = 0; i < shown; i++) {
            hr_buf_addf(out, "%s%s:", i ? "," : "", type->fields[i].name);
            add_simple(type->fields[i].type, cut, out);
        }
        if (shown < type->field_count)
            hr_buf_addf(out, ",... %zu more fields", type->field_count - shown);
        hr_buf_addc(out, '>');
    }
}

void hr_type_simple(const struct hr_type *type, struct hr_buf *out)
{
    add_simple(type, true, out);
}
void hr_type_catalog(const struct hr_type *type, struct hr_buf *out)
{
    add_simple(type, false, out);
}

static void add_json_string(const char *text, struct hr_buf *out)
{
    json_t *json = json_string(text);
    if (!json) /* not UTF-8, which no client can have sent */
        json = json_string("");
    char *quoted = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    hr_buf_adds(out, quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(json);
}

static void find_collations_below(const struct hr_type *type,
                                  const char *path,
                                  const char *part,
                                  json_t *found);

/* Collations live in the metadata of the nearest field, by the path below it: {"a.element":
 * "icu.UNICODE"} */
static void find_collations(const struct hr_type *type, const char *path, json_t *found)
{
    if (type->id == HR_TYPE_STRING && type->collation) {
        const char *provider = strncmp(type->collation, "UTF8_", 5) ? "icu" : "spark";
        json_object_set_new(found, path, json_sprintf("%s.%s", provider, type->collation));
    } else if (type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP) {
        find_collations_below(type->element, path, type->id == HR_TYPE_ARRAY ? "element" : "value",
                              found);
        if (type->key)
            find_collations_below(type->key, path, "key", found);
    }
}

static void find_collations_below(const struct hr_type *type,
                                  const char *path,
                                  const char *part,
                                  json_t *found)
{
    char *below;
    HR_CHECK(asprintf(&below, "%s.%s", path, part) > 0);
    find_collations(type, below, found);
    free(below);
}

static void add_json_metadata(const struct hr_field *field, struct hr_buf *out)
{
    json_t *found = json_object();
    find_collations(field->type, field->name, found);
    json_t *metadata = field->metadata ? json_loads(field->metadata, 0, NULL) : json_object();
    if (!metadata || !json_object_size(found)) {
        hr_buf_adds(out, field->metadata ? field->metadata : "{}");
    } else {
        json_object_set(metadata, "__COLLATIONS", found);
        char *text = json_dumps(metadata, JSON_COMPACT);
        hr_buf_adds(out, text ? text : "{}");
        free(text);
    }
    json_decref(metadata);
    json_decref(found);
}

static void add_json_fields(const struct hr_type *type, struct hr_buf *out)
{
    hr_buf_adds(out, "{\"type\":\"struct\",\"fields\":[");
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hr_field *field = &type->fields[i];
        hr_buf_adds(out, i ? ",{\"name\":" : "{\"name\":");
        add_json_string(field->name, out);
        hr_buf_adds(out, ",\"type\":");
        hr_type_json(field->type, out);
        hr_buf_addf(out, ",\"nullable\":%s,\"metadata\":", field->nullable ? "true" : "false");
        add_json_metadata(field, out);
        hr_buf_addc(out, '}');
    }
    hr_buf_adds(out, "]}");
}

static void add_json_udt(const struct hr_type *type, struct hr_buf *out)
{
    const struct {
        const char *key, *value;
    } parts[] = {
        {"class", type->udt_class},
        {"pyClass", type->udt_python_class},
        {"serializedClass", type->udt_serialized},
    };
    hr_buf_adds(out, "{\"type\":\"udt\"");
    for (size_t i = 0; i < HR_LEN(parts); i++) {
        if (!parts[i].value)
            continue;
        hr_buf_addf(out, ",\"%s\":", parts[i].key);
        add_json_string(parts[i].value, out);
    }
    hr_buf_adds(out, ",\"sqlType\":");
    hr_type_json(type->element, out);
    hr_buf_addc(out, '}');
}

void hr_type_json(const struct hr_type *type, struct hr_buf *out)
{
    const char *null = type->contains_null ? "true" : "false";
    switch (type->id) {
    case HR_TYPE_ARRAY:
        hr_buf_adds(out, "{\"type\":\"array\",\"elementType\":");
        hr_type_json(type->element, out);
        hr_buf_addf(out, ",\"containsNull\":%s}", null);
        break;
    case HR_TYPE_MAP:
        hr_buf_adds(out, "{\"type\":\"map\",\"keyType\":");
        hr_type_json(type->key, out);
        hr_buf_adds(out, ",\"valueType\":");
        hr_type_json(type->element, out);
        hr_buf_addf(out, ",\"valueContainsNull\":%s}", null);
        break;
    case HR_TYPE_STRUCT:
        add_json_fields(type, out);
        break;
    case HR_TYPE_UDT:
        add_json_udt(type, out);
        break;
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
        hr_buf_addc(out, '"');
        add_interval(type, false, out);
        hr_buf_addc(out, '"');
        break;
    default:
        hr_buf_addf(out, "\"%s", names[type->id].json);
        if (type->id != HR_TYPE_STRING) /* a collation stands in the field's metadata */
            add_parameters(type, false, out);
        hr_buf_addc(out, '"');
    }
}

/* ---- keys ---- */

/* with its length before it, no text can be taken for what follows it */
static void add_key_text(const char *text, struct hr_buf *out)
{
    if (text)
        hr_buf_addf(out, "%zu:%s", strlen(text), text);
    else
        hr_buf_addc(out, '-');
}

void hr_type_key(const struct hr_type *type, struct hr_buf *out)
{
    if (!type) {
        hr_buf_addc(out, '.');
        return;
    }
    hr_buf_addf(out, "(%d,%d,%d,%d,%d,%u,%d", (int)type->id, type->precision, type->scale,
                type->first_unit, type->last_unit, type->length, type->contains_null);
    add_key_text(type->collation, out);
    add_key_text(type->udt_class, out);
    add_key_text(type->udt_python_class, out);
    hr_type_key(type->key, out);
    hr_type_key(type->element, out);
    hr_buf_addf(out, "%zu", type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hr_field *field = &type->fields[i];
        hr_buf_addc(out, field->nullable ? '?' : '!');
        add_key_text(field->name, out);
        add_key_text(field->metadata ? field->metadata : "{}", out);
        hr_type_key(field->type, out);
    }
    hr_buf_addc(out, ')');
}

/* ---- printSchema ---- */

static void add_type_name(const struct hr_type *type, struct hr_buf *out)
{
    if (is_interval(type)) {
        add_interval(type, false, out);
        return;
    }
    hr_buf_adds(out, names[type->id].json);
    if (type->id != HR_TYPE_STRING)
        add_parameters(type, false, out);
}

static void add_escaped(const char *name, struct hr_buf *out)
{
    static const char metas[] = "\n\r\t\f\b\v\a", letters[] = "nrtfbva";
    for (const char *p = name; *p; p++) {
        const char *meta = strchr(metas, *p);
        if (meta)
            hr_buf_addf(out, "\\%c", letters[meta - metas]);
        else
            hr_buf_addc(out, *p);
    }
}

static void add_tree_children(const struct hr_type *type, int depth, int level, struct hr_buf *out);

/* one line; null_name is nullable, containsNull, valueContainsNull, or NULL for a map's key */
static void add_tree_line(const char *name,
                          const struct hr_type *type,
                          const char *null_name,
                          bool nullable,
                          int depth,
                          int level,
                          struct hr_buf *out)
{
    if (level > 0 && depth > level)
        return;
    for (int i = 0; i < depth; i++)
        hr_buf_adds(out, i + 1 < depth ? " |   " : " |-- ");
    add_escaped(name, out);
    hr_buf_adds(out, ": ");
    add_type_name(type->id == HR_TYPE_UDT && type->element ? type->element : type, out);
    if (null_name)
        hr_buf_addf(out, " (%s = %s)", null_name, nullable ? "true" : "false");
    hr_buf_addc(out, '\n');
    add_tree_children(type, depth + 1, level, out);
}

static void add_tree_children(const struct hr_type *type, int depth, int level, struct hr_buf *out)
{
    switch (type->id) {
    case HR_TYPE_ARRAY:
        add_tree_line("element", type->element, "containsNull", type->contains_null, depth, level,
                      out);
        break;
    case HR_TYPE_MAP:
        add_tree_line("key", type->key, NULL, false, depth, level, out);
        add_tree_line("value", type->element, "valueContainsNull", type->contains_null, depth,
                      level, out);
        break;
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            add_tree_line(type->fields[i].name, type->fields[i].type, "nullable",
                          type->fields[i].nullable, depth, level, out);
        break;
    default:
        break;
    }
}

void hr_type_tree(const struct hr_type *schema, int level, struct hr_buf *out)
{
    hr_buf_adds(out, "root\n");
    add_tree_children(schema, 1, level, out);
}
