/* Spark's type coercion: common types, implicit casts, which casts exist. ANSI rules
 * (AnsiTypeCoercion) and the older ones. */
#include "host/analyze/internal.h"

#define MAX_PRECISION 38

bool hr_is_string(const struct hr_type *type)
{
    return type->id == HR_TYPE_STRING || type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR;
}

bool hr_is_orderable(const struct hr_type *type)
{
    if (type->id == HR_TYPE_MAP ||
        type->id == HR_TYPE_VARIANT ||
        type->id == HR_TYPE_CALENDAR_INTERVAL)
        return false;
    if (type->id == HR_TYPE_ARRAY)
        return hr_is_orderable(type->element);
    for (size_t i = 0; type->id == HR_TYPE_STRUCT && i < type->field_count; i++)
        if (!hr_is_orderable(type->fields[i].type))
            return false;
    return true;
}

static bool is_datetime(const struct hr_type *type)
{
    return type->id == HR_TYPE_DATE ||
           type->id == HR_TYPE_TIMESTAMP ||
           type->id == HR_TYPE_TIMESTAMP_NTZ;
}

static bool is_fractional(const struct hr_type *type)
{
    return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE;
}

const struct hr_type *hr_decimal_for(struct analysis *a, const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_BYTE:
        return hr_type_decimal(a->arena, 3, 0);
    case HR_TYPE_SHORT:
        return hr_type_decimal(a->arena, 5, 0);
    case HR_TYPE_INT:
        return hr_type_decimal(a->arena, 10, 0);
    case HR_TYPE_LONG:
        return hr_type_decimal(a->arena, 20, 0);
    case HR_TYPE_FLOAT:
        return hr_type_decimal(a->arena, 14, 7);
    case HR_TYPE_DOUBLE:
        return hr_type_decimal(a->arena, 30, 15);
    default:
        return type;
    }
}

static const struct hr_type *wider_decimal(struct analysis *a,
                                           const struct hr_type *x,
                                           const struct hr_type *y)
{
    int scale = x->scale > y->scale ? x->scale : y->scale;
    int left = x->precision - x->scale, right = y->precision - y->scale;
    int range = left > right ? left : right;
    if (range + scale <= MAX_PRECISION)
        return hr_type_decimal(a->arena, range + scale, scale);
    /* digits before the point win */
    int kept = range > MAX_PRECISION ? 0 : MAX_PRECISION - range;
    return hr_type_decimal(a->arena, MAX_PRECISION, kept < scale ? kept : scale);
}

static const struct hr_type *wider_numeric(struct analysis *a,
                                           const struct hr_type *x,
                                           const struct hr_type *y)
{
    if (x->id == HR_TYPE_DECIMAL || y->id == HR_TYPE_DECIMAL) {
        if (is_fractional(x) || is_fractional(y))
            return BASIC(DOUBLE);
        return wider_decimal(a, hr_decimal_for(a, x), hr_decimal_for(a, y));
    }
    const struct hr_type *wide = x->id > y->id ? x : y, *narrow = x->id > y->id ? y : x;
    if (a->ansi && wide->id == HR_TYPE_FLOAT && narrow->id != HR_TYPE_FLOAT)
        return BASIC(DOUBLE); /* ANSI: an integer does not fit a float's mantissa */
    return wide;
}

static const struct hr_type *wider_datetime(const struct hr_type *x, const struct hr_type *y)
{
    if (x->id == HR_TYPE_TIMESTAMP || y->id == HR_TYPE_TIMESTAMP)
        return BASIC(TIMESTAMP);
    return BASIC(TIMESTAMP_NTZ);
}

static const struct hr_type *wider_struct(struct analysis *a,
                                          const struct hr_type *x,
                                          const struct hr_type *y)
{
    if (x->field_count != y->field_count)
        return NULL;
    struct hr_field *fields = ARRAY(a, struct hr_field, x->field_count);
    for (size_t i = 0; i < x->field_count; i++) {
        if (!hr_same_name(a, x->fields[i].name, y->fields[i].name))
            return NULL;
        fields[i] = x->fields[i];
        fields[i].nullable = x->fields[i].nullable || y->fields[i].nullable;
        if (!(fields[i].type = hr_wider_type(a, x->fields[i].type, y->fields[i].type)))
            return NULL;
    }
    return hr_type_struct(a->arena, fields, x->field_count);
}

static const struct hr_type *wider_with_string(struct analysis *a, const struct hr_type *other)
{
    if (!a->ansi)
        return other->id == HR_TYPE_ARRAY ||
                       other->id == HR_TYPE_MAP ||
                       other->id == HR_TYPE_STRUCT ||
                       other->id == HR_TYPE_BINARY ||
                       other->id == HR_TYPE_BOOLEAN
                   ? NULL
                   : BASIC(STRING);
    if (hr_type_is_integral(other))
        return BASIC(LONG);
    if (hr_type_is_numeric(other))
        return BASIC(DOUBLE);
    if (other->id == HR_TYPE_ARRAY ||
        other->id == HR_TYPE_MAP ||
        other->id == HR_TYPE_STRUCT ||
        other->id == HR_TYPE_CALENDAR_INTERVAL)
        return NULL;
    return other;
}

const struct hr_type *hr_wider_type(struct analysis *a,
                                    const struct hr_type *x,
                                    const struct hr_type *y)
{
    if (hr_type_equal(x, y))
        return x;
    if (x->id == HR_TYPE_VOID)
        return y;
    if (y->id == HR_TYPE_VOID)
        return x;
    if (hr_is_string(x) && hr_is_string(y))
        return BASIC(STRING);
    if (hr_type_is_numeric(x) && hr_type_is_numeric(y))
        return wider_numeric(a, x, y);
    if (is_datetime(x) && is_datetime(y))
        return wider_datetime(x, y);
    if (hr_is_string(x) || hr_is_string(y))
        return wider_with_string(a, hr_is_string(x) ? y : x);
    if (x->id != y->id)
        return NULL;
    const struct hr_type *element, *key;
    switch (x->id) {
    case HR_TYPE_ARRAY:
        element = hr_wider_type(a, x->element, y->element);
        return element ? hr_type_array(a->arena, element, x->contains_null || y->contains_null)
                       : NULL;
    case HR_TYPE_MAP:
        key = hr_wider_type(a, x->key, y->key);
        element = hr_wider_type(a, x->element, y->element);
        return key && element
                   ? hr_type_map(a->arena, key, element, x->contains_null || y->contains_null)
                   : NULL;
    case HR_TYPE_STRUCT:
        return wider_struct(a, x, y);
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME: {
        struct hr_type *type = NEW(a, struct hr_type);
        *type = *x;
        type->first_unit = x->first_unit < y->first_unit ? x->first_unit : y->first_unit;
        type->last_unit = x->last_unit > y->last_unit ? x->last_unit : y->last_unit;
        return type;
    }
    default:
        return NULL;
    }
}

/* set operations: as above, but structs go by position and strings widen to strings when not ANSI
 */
const struct hr_type *hr_union_type(struct analysis *a,
                                    const struct hr_type *x,
                                    const struct hr_type *y)
{
    if (x->id == HR_TYPE_STRUCT && y->id == HR_TYPE_STRUCT && x->field_count == y->field_count) {
        struct hr_field *fields = ARRAY(a, struct hr_field, x->field_count);
        for (size_t i = 0; i < x->field_count; i++) {
            fields[i] = x->fields[i];
            fields[i].nullable = x->fields[i].nullable || y->fields[i].nullable;
            if (!(fields[i].type = hr_union_type(a, x->fields[i].type, y->fields[i].type)))
                return NULL;
        }
        return hr_type_struct(a->arena, fields, x->field_count);
    }
    return hr_wider_type(a, x, y);
}

/* ---- explicit casts ---- */

static bool cast_nullable(const struct hr_type *from, const struct hr_type *to);

static bool cast_struct(const struct hr_type *from, const struct hr_type *to, bool ansi)
{
    if (from->field_count != to->field_count)
        return false;
    for (size_t i = 0; i < from->field_count; i++)
        if (!hr_can_cast(from->fields[i].type, to->fields[i].type, ansi) ||
            ((from->fields[i].nullable ||
              cast_nullable(from->fields[i].type, to->fields[i].type)) &&
             !to->fields[i].nullable))
            return false;
    return true;
}

bool hr_can_cast(const struct hr_type *from, const struct hr_type *to, bool ansi)
{
    if (hr_type_same_shape(from, to) || from->id == HR_TYPE_VOID)
        return true;
    if (hr_is_string(to))
        return from->id != HR_TYPE_VARIANT;
    bool number = hr_type_is_numeric(from),
         interval = to->id == HR_TYPE_YEAR_MONTH || to->id == HR_TYPE_DAY_TIME;
    switch (to->id) {
    case HR_TYPE_BOOLEAN:
        return number ||
               hr_is_string(from) ||
               (!ansi && is_datetime(from) && from->id != HR_TYPE_TIMESTAMP_NTZ);
    case HR_TYPE_BYTE:
    case HR_TYPE_SHORT:
    case HR_TYPE_INT:
    case HR_TYPE_LONG:
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE:
    case HR_TYPE_DECIMAL:
        if (number ||
            hr_is_string(from) ||
            from->id == HR_TYPE_BOOLEAN ||
            from->id == HR_TYPE_TIMESTAMP)
            return true;
        if (from->id == HR_TYPE_YEAR_MONTH || from->id == HR_TYPE_DAY_TIME)
            return to->id != HR_TYPE_FLOAT &&
                   to->id != HR_TYPE_DOUBLE &&
                   from->first_unit == from->last_unit;
        return !ansi && from->id == HR_TYPE_DATE;
    case HR_TYPE_BINARY:
        return hr_is_string(from) || (!ansi && hr_type_is_integral(from));
    case HR_TYPE_DATE:
        return hr_is_string(from) || is_datetime(from);
    case HR_TYPE_TIMESTAMP:
        return hr_is_string(from) ||
               is_datetime(from) ||
               number ||
               (!ansi && from->id == HR_TYPE_BOOLEAN);
    case HR_TYPE_TIMESTAMP_NTZ:
        return hr_is_string(from) || is_datetime(from);
    case HR_TYPE_TIME:
        return hr_is_string(from);
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
        return hr_is_string(from) || (interval && from->id == to->id) || hr_type_is_integral(from);
    case HR_TYPE_CALENDAR_INTERVAL:
        return hr_is_string(from);
    case HR_TYPE_ARRAY:
        return from->id == HR_TYPE_ARRAY &&
               hr_can_cast(from->element, to->element, ansi) &&
               (to->contains_null ||
                !(from->contains_null || cast_nullable(from->element, to->element)));
    case HR_TYPE_MAP:
        return from->id == HR_TYPE_MAP &&
               hr_can_cast(from->key, to->key, ansi) &&
               hr_can_cast(from->element, to->element, ansi) &&
               !cast_nullable(from->key, to->key) &&
               (to->contains_null ||
                !(from->contains_null || cast_nullable(from->element, to->element)));
    case HR_TYPE_STRUCT:
        return from->id == HR_TYPE_STRUCT && cast_struct(from, to, ansi);
    default:
        return false;
    }
}

static bool decimal_holds(const struct hr_type *from, const struct hr_type *to)
{
    int digits, scale = 0;
    switch (from->id) {
    case HR_TYPE_BOOLEAN:
        digits = 1;
        break;
    case HR_TYPE_BYTE:
        digits = 3;
        break;
    case HR_TYPE_SHORT:
        digits = 5;
        break;
    case HR_TYPE_INT:
        digits = 10;
        break;
    case HR_TYPE_LONG:
        digits = 20;
        break;
    case HR_TYPE_DECIMAL:
        digits = from->precision;
        scale = from->scale;
        break;
    default:
        return false;
    }
    int whole = to->precision - to->scale, needed = digits - scale;
    return whole > needed || (whole == needed && to->scale >= scale);
}

/* Cast.forceNullable: the cast itself may make a null */
static bool cast_nullable(const struct hr_type *from, const struct hr_type *to)
{
    if (from->id == HR_TYPE_VOID || hr_type_same_shape(from, to))
        return from->id == HR_TYPE_VOID;
    if (hr_is_string(from))
        return to->id != HR_TYPE_BINARY && !hr_is_string(to);
    if (hr_is_string(to))
        return false;
    if (to->id == HR_TYPE_TIMESTAMP)
        return is_fractional(from);
    if (to->id == HR_TYPE_DATE)
        return from->id != HR_TYPE_TIMESTAMP;
    if (from->id == HR_TYPE_DATE || to->id == HR_TYPE_CALENDAR_INTERVAL)
        return true;
    if (to->id == HR_TYPE_DECIMAL)
        return !decimal_holds(from, to);
    if (from->id == HR_TYPE_TIMESTAMP)
        return to->id == HR_TYPE_BYTE || to->id == HR_TYPE_SHORT || to->id == HR_TYPE_INT;
    return (is_fractional(from) || from->id == HR_TYPE_DECIMAL) && hr_type_is_integral(to);
}

/* what Spark names in place of a cast between days and dates */
static const char *function_instead(const struct hr_type *from, const struct hr_type *to)
{
    if (hr_type_is_numeric(from) && to->id == HR_TYPE_DATE)
        return "`DATE_FROM_UNIX_DATE`";
    if (from->id == HR_TYPE_DATE && hr_type_is_numeric(to))
        return "`UNIX_DATE`";
    return NULL;
}

enum hr_code hr_make_cast(struct scope *s,
                          struct hr_texpr *child,
                          const struct hr_type *type,
                          enum hr_cast_mode mode,
                          struct hr_texpr **out)
{
    struct analysis *a = s->a;
    if (mode == HR_CAST_DEFAULT)
        mode = a->ansi ? HR_CAST_ANSI : HR_CAST_LEGACY;
    if (type->id == HR_TYPE_CHAR || type->id == HR_TYPE_VARCHAR)
        type = BASIC(STRING); /* Spark: length is not enforced in a cast */
    struct hr_texpr *cast =
        hr_texpr_new(a, HR_T_CAST, type, child->nullable || cast_nullable(child->type, type));
    cast->cast.child = child;
    cast->cast.mode = mode;
    if (mode == HR_CAST_TRY)
        cast->nullable = child->nullable || !hr_type_same_shape(child->type, type);
    *out = cast;
    if (hr_can_cast(child->type, type, mode != HR_CAST_LEGACY))
        return HR_OK;
    const char *instead = mode != HR_CAST_LEGACY ? function_instead(child->type, type) : NULL;
    if (instead)
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "sqlExpr",
                             hr_expr_sql(a, cast), "srcType", hr_type_quoted(a, child->type),
                             "targetType", hr_type_quoted(a, type), "functionNames", instead, NULL);
    if (mode != HR_CAST_LEGACY && hr_can_cast(child->type, type, false))
        return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", "sqlExpr",
                             hr_expr_sql(a, cast), "srcType", hr_type_quoted(a, child->type),
                             "targetType", hr_type_quoted(a, type), "config",
                             "\"spark.sql.ansi.enabled\"", "configVal", "'false'", NULL);
    return hr_fail_spark(a->err, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", "sqlExpr",
                         hr_expr_sql(a, cast), "srcType", hr_type_quoted(a, child->type),
                         "targetType", hr_type_quoted(a, type), NULL);
}

struct hr_texpr *hr_cast_implicit(struct analysis *a,
                                  struct hr_texpr *child,
                                  const struct hr_type *type)
{
    if (hr_type_same_shape(child->type, type))
        return child;
    struct hr_texpr *cast =
        hr_texpr_new(a, HR_T_CAST, type, child->nullable || cast_nullable(child->type, type));
    cast->cast.child = child;
    cast->cast.mode = a->ansi ? HR_CAST_ANSI : HR_CAST_LEGACY;
    cast->cast.implicit = true;
    return cast;
}

/* ---- implicit casts of arguments: `want` is a letter of catalogue.h ---- */

static const struct hr_type *wanted(char want)
{
    switch (want) {
    case 's':
    case 't':
    case 'z':
        return BASIC(STRING);
    case 'i':
    case 'I':
        return BASIC(INT);
    case 'l':
        return BASIC(LONG);
    case 'd':
        return BASIC(DOUBLE);
    case 'n':
        return BASIC(DOUBLE);
    case 'x':
        return BASIC(LONG);
    case 'b':
        return BASIC(BOOLEAN);
    case 'y':
        return BASIC(BINARY);
    case 'D':
        return BASIC(DATE);
    case 'T':
    case 'X':
        return BASIC(TIMESTAMP);
    case 'U':
    case 'w':
        return BASIC(TIMESTAMP);
    default:
        return NULL;
    }
}

static bool fits(const struct hr_type *type, char want)
{
    switch (want) {
    case 's':
    case 'z':
        return hr_is_string(type);
    case 't':
        return hr_is_string(type) || type->id == HR_TYPE_BINARY;
    case 'i':
    case 'I':
        return type->id == HR_TYPE_INT;
    case 'l':
        return type->id == HR_TYPE_LONG;
    case 'd':
        return type->id == HR_TYPE_DOUBLE;
    case 'n':
        return hr_type_is_numeric(type);
    case 'x':
        return hr_type_is_integral(type);
    case 'c':
        return type->id == HR_TYPE_DECIMAL;
    case 'b':
        return type->id == HR_TYPE_BOOLEAN;
    case 'y':
        return type->id == HR_TYPE_BINARY;
    case 'D':
        return type->id == HR_TYPE_DATE;
    case 'T':
    case 'X':
        return type->id == HR_TYPE_TIMESTAMP;
    case 'w':
        return type->id == HR_TYPE_TIMESTAMP || type->id == HR_TYPE_TIMESTAMP_NTZ;
    case 'U':
        return is_datetime(type);
    case 'A':
        return type->id == HR_TYPE_ARRAY;
    case 'M':
        return type->id == HR_TYPE_MAP;
    case 'C':
        return type->id == HR_TYPE_ARRAY || type->id == HR_TYPE_MAP;
    case 'S':
        return type->id == HR_TYPE_STRUCT;
    case 'o':
        return hr_is_orderable(type);
    default:
        return true;
    }
}

static bool ansi_implicit(const struct hr_type *from, char want)
{
    switch (want) {
    case 's':
    case 't':
        return hr_type_is_numeric(from) ||
               is_datetime(from) ||
               from->id == HR_TYPE_BOOLEAN ||
               from->id == HR_TYPE_BINARY ||
               from->id == HR_TYPE_YEAR_MONTH ||
               from->id == HR_TYPE_DAY_TIME ||
               from->id == HR_TYPE_CALENDAR_INTERVAL ||
               from->id == HR_TYPE_TIME;
    case 'I':
        return from->id == HR_TYPE_BYTE || from->id == HR_TYPE_SHORT || hr_is_string(from);
    case 'i':
    case 'l':
    case 'd':
    case 'n':
        return hr_type_is_numeric(from) || hr_is_string(from);
    case 'x':
    case 'b':
    case 'y':
        return hr_is_string(from);
    case 'D':
    case 'T':
    case 'U':
    case 'w':
        return hr_is_string(from) || is_datetime(from);
    case 'z':
        return hr_is_string(from);
    default:
        return false;
    }
}

static bool legacy_implicit(const struct hr_type *from, char want)
{
    switch (want) {
    case 's':
    case 't':
        return from->id != HR_TYPE_ARRAY && from->id != HR_TYPE_MAP && from->id != HR_TYPE_STRUCT;
    case 'I':
        return from->id == HR_TYPE_BYTE || from->id == HR_TYPE_SHORT || hr_is_string(from);
    case 'i':
    case 'l':
    case 'd':
    case 'n':
    case 'x':
        return hr_type_is_numeric(from) || hr_is_string(from);
    case 'b':
        return hr_is_string(from);
    case 'y':
        return hr_is_string(from);
    case 'D':
    case 'T':
    case 'U':
    case 'w':
        return hr_is_string(from) || is_datetime(from);
    case 'z':
        return hr_is_string(from);
    default:
        return false;
    }
}

bool hr_implicit_cast_allowed(struct analysis *a,
                              const struct hr_type *from,
                              char want,
                              const struct hr_type **to)
{
    *to = from;
    bool plain = want == 's' || want == 'z';
    if (fits(from, want) && !(plain && from->id != HR_TYPE_STRING))
        return true;
    const struct hr_type *target = wanted(want);
    if (!target)
        return from->id == HR_TYPE_VOID && want != 'A' && want != 'M' && want != 'S' && want != 'C';
    if (from->id == HR_TYPE_VOID ||
        (a->ansi ? ansi_implicit(from, want) : legacy_implicit(from, want))) {
        *to = target;
        return true;
    }
    return false;
}
