/* The SQL of a Parquet column as a requested Spark type: which conversions there are is Spark's
 * vectorized reader's table (ParquetVectorUpdaterFactory); all others fail in its words, when such
 * a column is read and the file has rows. */
#include "host/duck/type.h"
#include "base/check.h"
#include "host/format/parquet/parquet.h"
#include <strings.h>

struct converting {
    const struct hr_parquet_reading *reading;
    struct hr_arena *arena;
};

static enum hr_code unreadable(const struct converting *c, struct hr_err *err)
{
    return hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path",
                         hr_files_uri(c->arena, c->reading->location), NULL);
}

static enum hr_code mismatch(const struct converting *c,
                             const struct hr_parquet_node *node,
                             const char *path,
                             const struct hr_type *type,
                             struct hr_err *err)
{
    struct hr_buf expected;
    hr_buf_init(&expected, HR_BUF_GROWS);
    hr_type_catalog(type, &expected);
    hr_fail_spark(err, "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "path",
                  hr_files_uri(c->arena, c->reading->location), "column",
                  hr_printf(c->arena, "[%s]", path), "expectedType", hr_buf_text(&expected),
                  "actualType", hr_parquet_physical_name(node->physical), NULL);
    hr_buf_release(&expected);
    return HR_E_SPARK;
}

static enum hr_code refuse(const struct converting *c,
                           const struct hr_parquet_node *node,
                           const char *path,
                           const char *as,
                           struct hr_err *err)
{
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                         hr_printf(c->arena, "the Parquet column [%s] of type %s (%s), read as %s",
                                   path, hr_parquet_physical_name(node->physical), node->logical,
                                   as),
                         NULL);
}

/* an expression of the number that is stored, a BIGINT; NULL where the engine's reader does not
 * give it */
static const char *stored_number(const struct converting *c,
                                 const struct hr_parquet_node *node,
                                 const char *column)
{
    switch (node->meaning) {
    case HR_PARQUET_PLAIN:
    case HR_PARQUET_NULL:
    case HR_PARQUET_INT:
    case HR_PARQUET_UINT:
        return hr_printf(c->arena, "CAST(%s AS BIGINT)", column);
    case HR_PARQUET_DATE:
        return hr_printf(c->arena, "(%s - DATE '1970-01-01')", column);
    case HR_PARQUET_DECIMAL:
        return hr_printf(c->arena, "CAST(replace(CAST(%s AS VARCHAR), '.', '') AS BIGINT)", column);
    case HR_PARQUET_TIME:
    case HR_PARQUET_TIMESTAMP:
        if (node->per_second == 1000)
            return hr_printf(c->arena, "epoch_ms(%s)", column);
        if (node->per_second == 1000000)
            return hr_printf(c->arena, "epoch_us(%s)", column);
        /* the engine cuts these two to microseconds */
        return node->utc || node->meaning == HR_PARQUET_TIME
                   ? NULL
                   : hr_printf(c->arena, "epoch_ns(%s)", column);
    default:
        return NULL;
    }
}

static enum hr_code cast_to(const char *expression, const struct hr_type *type, struct hr_buf *out)
{
    hr_buf_addf(out, "CAST(%s AS ", expression);
    hr_duck_type_sql(type, out);
    hr_buf_addc(out, ')');
    return HR_OK;
}

/* the low bits, as the JVM narrows an int */
static enum hr_code narrow(const char *number, unsigned bits, const char *type, struct hr_buf *out)
{
    unsigned long half = 1ul << (bits - 1);
    hr_buf_addf(out, "CAST(xor(%s & %lu, %lu) - %lu AS %s)", number, 2 * half - 1, half, half,
                type);
    return HR_OK;
}

static bool decimal_fits(const struct hr_type *type, int whole_digits, int scale)
{
    return type->scale >= scale && type->precision - type->scale >= whole_digits;
}

/* what Spark's vectorized reader makes of 32-bit integers (ParquetVectorUpdaterFactory) */
static enum hr_code convert_int32(const struct converting *c,
                                  const struct hr_parquet_node *node,
                                  const char *column,
                                  const char *path,
                                  const struct hr_type *type,
                                  struct hr_buf *out,
                                  struct hr_err *err)
{
    const char *number = stored_number(c, node, column);
    bool wide = node->meaning == HR_PARQUET_UINT && node->bits == 32,
         to_int = type->id == HR_TYPE_BYTE || type->id == HR_TYPE_SHORT || type->id == HR_TYPE_INT;
    if (wide && (to_int || type->id == HR_TYPE_DATE))
        return unreadable(c, err);
    if (!number && type->id != HR_TYPE_DECIMAL)
        return mismatch(c, node, path, type, err);
    switch (type->id) {
    case HR_TYPE_LONG:
    case HR_TYPE_DOUBLE:
        return cast_to(number, type, out);
    case HR_TYPE_INT:
    case HR_TYPE_YEAR_MONTH:
        return cast_to(number, type, out);
    case HR_TYPE_SHORT:
        return narrow(number, 16, "SMALLINT", out);
    case HR_TYPE_BYTE:
        return narrow(number, 8, "TINYINT", out);
    case HR_TYPE_DATE:
        if (node->meaning == HR_PARQUET_DATE)
            return cast_to(column, type, out);
        hr_buf_addf(out, "(DATE '1970-01-01' + CAST(%s AS INTEGER))", number);
        return HR_OK;
    case HR_TYPE_TIMESTAMP_NTZ:
        return node->meaning == HR_PARQUET_DATE ? cast_to(column, type, out)
                                                : mismatch(c, node, path, type, err);
    case HR_TYPE_DECIMAL: {
        bool whole = node->meaning == HR_PARQUET_PLAIN || node->meaning == HR_PARQUET_INT;
        bool fits = whole ? decimal_fits(type, 10, 0)
                          : node->meaning == HR_PARQUET_DECIMAL &&
                                decimal_fits(type, node->precision - node->scale, node->scale);
        return fits ? cast_to(column, type, out) : mismatch(c, node, path, type, err);
    }
    default:
        return mismatch(c, node, path, type, err);
    }
}

static enum hr_code convert_int64(const struct converting *c,
                                  const struct hr_parquet_node *node,
                                  const char *column,
                                  const char *path,
                                  const struct hr_type *type,
                                  struct hr_buf *out,
                                  struct hr_err *err)
{
    bool whole = node->meaning == HR_PARQUET_PLAIN || node->meaning == HR_PARQUET_INT;
    bool moment = node->meaning == HR_PARQUET_TIMESTAMP && node->per_second < 1000000000;
    const char *number;
    switch (type->id) {
    case HR_TYPE_LONG:
    case HR_TYPE_DAY_TIME:
        if (node->meaning == HR_PARQUET_UINT)
            return unreadable(c, err);
        number = stored_number(c, node, column);
        return number ? cast_to(number, type, out) : refuse(c, node, path, "bigint", err);
    case HR_TYPE_DECIMAL: {
        bool fits = whole && decimal_fits(type, 20, 0);
        if (node->meaning == HR_PARQUET_UINT)
            fits = type->precision == 20 && !type->scale;
        if (node->meaning == HR_PARQUET_DECIMAL)
            fits = decimal_fits(type, node->precision - node->scale, node->scale);
        return fits ? cast_to(column, type, out) : mismatch(c, node, path, type, err);
    }
    case HR_TYPE_TIMESTAMP:
        if (!moment)
            return mismatch(c, node, path, type, err);
        hr_buf_addf(out, node->utc ? "%s" : "make_timestamptz(epoch_us(%s))", column);
        return HR_OK;
    case HR_TYPE_TIMESTAMP_NTZ:
        if (!moment)
            return mismatch(c, node, path, type, err);
        hr_buf_addf(out, node->utc ? "make_timestamp(epoch_us(%s))" : "CAST(%s AS TIMESTAMP)",
                    column);
        return HR_OK;
    default:
        return mismatch(c, node, path, type, err);
    }
}

static bool is_text(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR;
}

static enum hr_code convert_bytes(const struct converting *c,
                                  const struct hr_parquet_node *node,
                                  const char *column,
                                  const char *path,
                                  const struct hr_type *type,
                                  struct hr_buf *out,
                                  struct hr_err *err)
{
    if (node->meaning == HR_PARQUET_DECIMAL && type->id == HR_TYPE_DECIMAL)
        return decimal_fits(type, node->precision - node->scale, node->scale)
                   ? cast_to(column, type, out)
                   : mismatch(c, node, path, type, err);
    if (is_text(type) &&
        node->physical == HR_PARQUET_BINARY &&
        node->meaning != HR_PARQUET_DECIMAL) {
        hr_buf_addf(out, node->meaning == HR_PARQUET_TEXT ? "CAST(%s AS VARCHAR)" : "decode(%s)",
                    column);
        return HR_OK;
    }
    if (type->id != HR_TYPE_BINARY)
        return mismatch(c, node, path, type, err);
    switch (node->meaning) {
    case HR_PARQUET_PLAIN:
        hr_buf_adds(out, column);
        return HR_OK;
    case HR_PARQUET_TEXT:
        hr_buf_addf(out, "encode(CAST(%s AS VARCHAR))", column);
        return HR_OK;
    case HR_PARQUET_UUID:
        hr_buf_addf(out, "unhex(replace(CAST(%s AS VARCHAR), '-', ''))", column);
        return HR_OK;
    default:
        return refuse(c, node, path, "binary", err);
    }
}

static enum hr_code convert_leaf(const struct converting *c,
                                 const struct hr_parquet_node *node,
                                 const char *column,
                                 const char *path,
                                 const struct hr_type *type,
                                 struct hr_buf *out,
                                 struct hr_err *err)
{
    if (type->id == HR_TYPE_STRUCT)
        return unreadable(c, err);
    switch (node->physical) {
    case HR_PARQUET_BOOLEAN:
        return type->id == HR_TYPE_BOOLEAN ? cast_to(column, type, out)
                                           : mismatch(c, node, path, type, err);
    case HR_PARQUET_INT32:
        return convert_int32(c, node, column, path, type, out, err);
    case HR_PARQUET_INT64:
        return convert_int64(c, node, column, path, type, out, err);
    /* an instant, which the engine reads as a local time of UTC */
    case HR_PARQUET_INT96:
        if (type->id != HR_TYPE_TIMESTAMP && type->id != HR_TYPE_TIMESTAMP_NTZ)
            return mismatch(c, node, path, type, err);
        hr_buf_addf(out,
                    type->id == HR_TYPE_TIMESTAMP ? "make_timestamptz(epoch_us(%s))"
                                                  : "CAST(%s AS TIMESTAMP)",
                    column);
        return HR_OK;
    case HR_PARQUET_FLOAT:
        return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE
                   ? cast_to(column, type, out)
                   : mismatch(c, node, path, type, err);
    case HR_PARQUET_DOUBLE:
        return type->id == HR_TYPE_DOUBLE ? cast_to(column, type, out)
                                          : mismatch(c, node, path, type, err);
    default:
        return convert_bytes(c, node, column, path, type, out, err);
    }
}

/* values of which the engine's reader makes the engine's type, so that whole lists and maps are
 * cast at once */
static bool cast_is_enough(const struct hr_parquet_node *node, const struct hr_type *type)
{
    bool whole = node->meaning == HR_PARQUET_PLAIN || node->meaning == HR_PARQUET_INT;
    bool micros = node->meaning == HR_PARQUET_TIMESTAMP && node->per_second == 1000000;
    if (node->shape == HR_PARQUET_LIST)
        return type->id == HR_TYPE_ARRAY && cast_is_enough(&node->children[0], type->element);
    if (node->shape == HR_PARQUET_MAP)
        return type->id == HR_TYPE_MAP &&
               cast_is_enough(&node->children[0], type->key) &&
               cast_is_enough(&node->children[1], type->element);
    if (node->shape != HR_PARQUET_LEAF)
        return false;
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
        return node->physical == HR_PARQUET_BOOLEAN;
    case HR_TYPE_INT:
        return node->physical == HR_PARQUET_INT32 && whole;
    case HR_TYPE_LONG:
        return node->physical == HR_PARQUET_INT64 && whole;
    case HR_TYPE_FLOAT:
        return node->physical == HR_PARQUET_FLOAT;
    case HR_TYPE_DOUBLE:
        return node->physical == HR_PARQUET_DOUBLE;
    case HR_TYPE_DATE:
        return node->meaning == HR_PARQUET_DATE;
    case HR_TYPE_STRING:
        return node->meaning == HR_PARQUET_TEXT;
    case HR_TYPE_TIMESTAMP:
        return micros && node->utc;
    case HR_TYPE_TIMESTAMP_NTZ:
        return micros && !node->utc;
    default:
        return false;
    }
}

static enum hr_code find_field(const struct converting *c,
                               const struct hr_parquet_node *node,
                               const char *name,
                               int *at,
                               struct hr_err *err)
{
    *at = -1;
    for (size_t i = 0; i < node->count; i++) {
        if ((c->reading->case_sensitive ? strcmp : strcasecmp)(node->children[i].name, name))
            continue;
        if (*at >= 0)
            return unreadable(c, err);
        *at = (int)i;
        if (c->reading->case_sensitive)
            return HR_OK;
    }
    return HR_OK;
}

static enum hr_code convert(const struct converting *c,
                            const struct hr_parquet_node *node,
                            const char *column,
                            const char *path,
                            int depth,
                            const struct hr_type *type,
                            struct hr_buf *out,
                            struct hr_err *err);

static enum hr_code convert_struct(const struct converting *c,
                                   const struct hr_parquet_node *node,
                                   const char *column,
                                   const char *path,
                                   int depth,
                                   const struct hr_type *type,
                                   struct hr_buf *out,
                                   struct hr_err *err)
{
    if (type->id != HR_TYPE_STRUCT || !type->field_count)
        return unreadable(c, err);
    hr_buf_addf(out, "CASE WHEN %s IS NULL THEN NULL ELSE struct_pack(", column);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct hr_field *field = &type->fields[i];
        int at;
        hr_buf_addf(out, "%sf%zu := ", i ? ", " : "", i);
        HR_TRY(find_field(c, node, field->name, &at, err));
        if (at < 0)
            cast_to("NULL", field->type, out);
        else
            HR_TRY(convert(c, &node->children[at],
                           hr_printf(c->arena, "struct_extract_at(%s, %d)", column, at + 1),
                           hr_printf(c->arena, "%s, %s", path, node->children[at].name), depth + 1,
                           field->type, out, err));
    }
    hr_buf_adds(out, ") END");
    return HR_OK;
}

static enum hr_code convert_list(const struct converting *c,
                                 const struct hr_parquet_node *node,
                                 const char *column,
                                 const char *path,
                                 int depth,
                                 const struct hr_type *type,
                                 struct hr_buf *out,
                                 struct hr_err *err)
{
    if (type->id != HR_TYPE_ARRAY)
        return unreadable(c, err);
    const char *variable = hr_printf(c->arena, "x%d", depth);
    hr_buf_addf(out, "list_transform(%s, lambda %s: ", column, variable);
    HR_TRY(convert(c, &node->children[0], variable, hr_printf(c->arena, "%s, list, element", path),
                   depth + 1, type->element, out, err));
    hr_buf_addc(out, ')');
    return HR_OK;
}

static enum hr_code convert_map(const struct converting *c,
                                const struct hr_parquet_node *node,
                                const char *column,
                                const char *path,
                                int depth,
                                const struct hr_type *type,
                                struct hr_buf *out,
                                struct hr_err *err)
{
    if (type->id != HR_TYPE_MAP)
        return unreadable(c, err);
    const char *variable = hr_printf(c->arena, "x%d", depth);
    hr_buf_addf(out,
                "CASE WHEN %s IS NULL THEN NULL ELSE map(list_transform(map_keys(%s), lambda %s: ",
                column, column, variable);
    HR_TRY(convert(c, &node->children[0], variable, hr_printf(c->arena, "%s, key_value, key", path),
                   depth + 1, type->key, out, err));
    hr_buf_addf(out, "), list_transform(map_values(%s), lambda %s: ", column, variable);
    HR_TRY(convert(c, &node->children[1], variable,
                   hr_printf(c->arena, "%s, key_value, value", path), depth + 1, type->element, out,
                   err));
    hr_buf_adds(out, ")) END");
    return HR_OK;
}

static enum hr_code convert(const struct converting *c,
                            const struct hr_parquet_node *node,
                            const char *column,
                            const char *path,
                            int depth,
                            const struct hr_type *type,
                            struct hr_buf *out,
                            struct hr_err *err)
{
    if (type->id == HR_TYPE_UDT)
        type = type->element;
    if (type->id == HR_TYPE_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL);
    if (type->id == HR_TYPE_VARIANT || type->id == HR_TYPE_CALENDAR_INTERVAL)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(c->arena, "the Parquet type of the column [%s]", path),
                             NULL);
    if (node->shape != HR_PARQUET_LEAF && cast_is_enough(node, type))
        return cast_to(column, type, out);
    switch (node->shape) {
    case HR_PARQUET_LEAF:
        return convert_leaf(c, node, column, path, type, out, err);
    case HR_PARQUET_LIST:
        return convert_list(c, node, column, path, depth, type, out, err);
    case HR_PARQUET_MAP:
        return convert_map(c, node, column, path, depth, type, out, err);
    default:
        return convert_struct(c, node, column, path, depth, type, out, err);
    }
}

enum hr_code hr_parquet_convert(const struct hr_parquet_reading *reading,
                                const struct hr_parquet_node *node,
                                const char *column,
                                const struct hr_type *type,
                                struct hr_buf *out,
                                struct hr_err *err)
{
    struct converting c = {reading, hr_arena_new(NULL)};
    enum hr_code code = convert(&c, node, column, node->name, 0, type, out, err);
    hr_arena_free(c.arena);
    return code;
}

enum hr_code hr_parquet_field(const struct hr_parquet_reading *reading,
                              const struct hr_parquet_node *node,
                              const char *name,
                              int *at,
                              struct hr_err *err)
{
    struct converting c = {reading, hr_arena_new(NULL)};
    enum hr_code code = find_field(&c, node, name, at, err);
    hr_arena_free(c.arena);
    return code;
}
