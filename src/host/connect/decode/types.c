#include "host/connect/decode/types.h"
#include <stdlib.h>
#include <string.h>

#define KIND(name) SPARK__CONNECT__DATA_TYPE__KIND_##name
#define LITERAL(name) SPARK__CONNECT__EXPRESSION__LITERAL__LITERAL_TYPE_##name

/* ---- types: decode ---- */

/* the kinds without parameters */
static const struct {
    PB(DataType__KindCase) kind;
    enum hr_type_id id;
} basic[] = {{KIND(NULL), HR_TYPE_VOID},
             {KIND(BINARY), HR_TYPE_BINARY},
             {KIND(BOOLEAN), HR_TYPE_BOOLEAN},
             {KIND(BYTE), HR_TYPE_BYTE},
             {KIND(SHORT), HR_TYPE_SHORT},
             {KIND(INTEGER), HR_TYPE_INT},
             {KIND(LONG), HR_TYPE_LONG},
             {KIND(FLOAT), HR_TYPE_FLOAT},
             {KIND(DOUBLE), HR_TYPE_DOUBLE},
             {KIND(DATE), HR_TYPE_DATE},
             {KIND(TIMESTAMP), HR_TYPE_TIMESTAMP},
             {KIND(TIMESTAMP_NTZ), HR_TYPE_TIMESTAMP_NTZ},
             {KIND(CALENDAR_INTERVAL), HR_TYPE_CALENDAR_INTERVAL},
             {KIND(VARIANT), HR_TYPE_VARIANT}};

static struct hr_type *new_type(struct hr_arena *arena, enum hr_type_id id)
{
    struct hr_type *type = HR_NEW(arena, struct hr_type);
    type->id = id;
    return type;
}

static enum hr_code decode_struct(struct hr_arena *arena,
                                  const PB(DataType__Struct) * in,
                                  struct hr_type *type,
                                  struct hr_err *err)
{
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, in->n_fields);
    for (size_t i = 0; i < in->n_fields; i++) {
        const PB(DataType__StructField) *field = in->fields[i];
        fields[i].name = field->name;
        fields[i].nullable = field->nullable;
        if (field->_metadata_case)
            fields[i].metadata = field->metadata;
        HR_TRY(hr_connect_type_decode(arena, field->data_type, &fields[i].type, err));
    }
    type->fields = fields;
    type->field_count = in->n_fields;
    return HR_OK;
}

static enum hr_code decode_decimal(struct hr_arena *arena,
                                   const PB(DataType__Decimal) * in,
                                   const struct hr_type **out,
                                   struct hr_err *err)
{
    int precision = in->_precision_case ? in->precision : 10,
        scale = in->_scale_case ? in->scale : 0;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return hr_fail(err, HR_E_INVALID, "decimal(%d,%d) is not a type", precision, scale);
    *out = hr_type_decimal(arena, precision, scale);
    return HR_OK;
}

static enum hr_code decode_interval(struct hr_type *type,
                                    bool has_first,
                                    int first,
                                    bool has_last,
                                    int last,
                                    int most,
                                    struct hr_err *err)
{
    type->first_unit = (uint8_t)(has_first ? first : 0);
    type->last_unit = (uint8_t)(has_last ? last : has_first ? first : most);
    if (type->first_unit > most || type->last_unit > most || type->first_unit > type->last_unit)
        return hr_fail(err, HR_E_INVALID, "interval from unit %d to %d is not a type", first, last);
    return HR_OK;
}

enum hr_code hr_connect_type_decode(struct hr_arena *arena,
                                    const PB(DataType) * in,
                                    const struct hr_type **out,
                                    struct hr_err *err)
{
    if (!in)
        return hr_fail(err, HR_E_INVALID, "data type is missing");
    for (size_t i = 0; i < HR_LEN(basic); i++)
        if (basic[i].kind == in->kind_case) {
            *out = hr_type_basic(basic[i].id);
            return HR_OK;
        }
    struct hr_type *type = new_type(arena, HR_TYPE_VOID);
    *out = type;
    switch (in->kind_case) {
    case KIND(STRING):
        type->id = HR_TYPE_STRING;
        if (*in->string->collation && strcmp(in->string->collation, "UTF8_BINARY"))
            type->collation = in->string->collation;
        return HR_OK;
    case KIND(CHAR):
        type->id = HR_TYPE_CHAR;
        type->length = (uint32_t)in->char_->length;
        return HR_OK;
    case KIND(VAR_CHAR):
        type->id = HR_TYPE_VARCHAR;
        type->length = (uint32_t)in->var_char->length;
        return HR_OK;
    case KIND(DECIMAL):
        return decode_decimal(arena, in->decimal, out, err);
    case KIND(TIME):
        type->id = HR_TYPE_TIME;
        type->precision = (uint8_t)(in->time->_precision_case ? in->time->precision : 6);
        return HR_OK;
    case KIND(YEAR_MONTH_INTERVAL):
        type->id = HR_TYPE_YEAR_MONTH;
        return decode_interval(type, in->year_month_interval->_start_field_case,
                               in->year_month_interval->start_field,
                               in->year_month_interval->_end_field_case,
                               in->year_month_interval->end_field, HR_UNIT_MONTH, err);
    case KIND(DAY_TIME_INTERVAL):
        type->id = HR_TYPE_DAY_TIME;
        return decode_interval(type, in->day_time_interval->_start_field_case,
                               in->day_time_interval->start_field,
                               in->day_time_interval->_end_field_case,
                               in->day_time_interval->end_field, HR_UNIT_SECOND, err);
    case KIND(ARRAY):
        type->id = HR_TYPE_ARRAY;
        type->contains_null = in->array->contains_null;
        return hr_connect_type_decode(arena, in->array->element_type, &type->element, err);
    case KIND(MAP):
        type->id = HR_TYPE_MAP;
        type->contains_null = in->map->value_contains_null;
        HR_TRY(hr_connect_type_decode(arena, in->map->key_type, &type->key, err));
        return hr_connect_type_decode(arena, in->map->value_type, &type->element, err);
    case KIND(STRUCT):
        type->id = HR_TYPE_STRUCT;
        return decode_struct(arena, in->struct_, type, err);
    case KIND(UDT):
        type->id = HR_TYPE_UDT;
        return hr_connect_type_decode(arena, in->udt->_sql_type_case ? in->udt->sql_type : NULL,
                                      &type->element, err);
    case KIND(UNPARSED):
        return hr_type_from_ddl(arena, in->unparsed->data_type_string, out, err);
    case KIND(GEOMETRY):
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "the type GEOMETRY", NULL);
    case KIND(GEOGRAPHY):
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "the type GEOGRAPHY", NULL);
    default:
        return hr_fail(err, HR_E_INVALID, "data type of an unknown kind");
    }
}

/* ---- types: encode ---- */

static PB(DataType__Struct) * encode_struct(struct hr_arena *arena, const struct hr_type *type)
{
    PB(DataType__Struct) *out = PB_NEW(arena, DataType__Struct, DATA_TYPE__STRUCT);
    out->n_fields = type->field_count;
    out->fields = HR_NEW_ARRAY(arena, PB(DataType__StructField) *, type->field_count);
    for (size_t i = 0; i < type->field_count; i++) {
        PB(DataType__StructField) *field =
            PB_NEW(arena, DataType__StructField, DATA_TYPE__STRUCT_FIELD);
        field->name = (char *)type->fields[i].name;
        field->nullable = type->fields[i].nullable;
        field->data_type = hr_connect_type_encode(arena, type->fields[i].type);
        if (type->fields[i].metadata && strcmp(type->fields[i].metadata, "{}")) {
            field->_metadata_case = 4;
            field->metadata = (char *)type->fields[i].metadata;
        }
        out->fields[i] = field;
    }
    return out;
}

#define SIMPLE(ID, case_name, member, name, INIT)                         \
    case ID:                                                              \
        out->kind_case = KIND(case_name);                                 \
        out->member = PB_NEW(arena, DataType__##name, DATA_TYPE__##INIT); \
        break;

PB(DataType) * hr_connect_type_encode(struct hr_arena *arena, const struct hr_type *type)
{
    PB(DataType) *out = PB_NEW(arena, DataType, DATA_TYPE);
    switch (type->id) {
    case HR_TYPE_VOID:
        out->kind_case = KIND(NULL);
        out->null = PB_NEW(arena, DataType__NULL, DATA_TYPE__NULL);
        break;
        SIMPLE(HR_TYPE_BOOLEAN, BOOLEAN, boolean, Boolean, BOOLEAN)
        SIMPLE(HR_TYPE_BYTE, BYTE, byte, Byte, BYTE)
        SIMPLE(HR_TYPE_SHORT, SHORT, short_, Short, SHORT)
        SIMPLE(HR_TYPE_INT, INTEGER, integer, Integer, INTEGER)
        SIMPLE(HR_TYPE_LONG, LONG, long_, Long, LONG)
        SIMPLE(HR_TYPE_FLOAT, FLOAT, float_, Float, FLOAT)
        SIMPLE(HR_TYPE_DOUBLE, DOUBLE, double_, Double, DOUBLE)
        SIMPLE(HR_TYPE_DECIMAL, DECIMAL, decimal, Decimal, DECIMAL)
        SIMPLE(HR_TYPE_STRING, STRING, string, String, STRING)
        SIMPLE(HR_TYPE_CHAR, CHAR, char_, Char, CHAR)
        SIMPLE(HR_TYPE_VARCHAR, VAR_CHAR, var_char, VarChar, VAR_CHAR)
        SIMPLE(HR_TYPE_BINARY, BINARY, binary, Binary, BINARY)
        SIMPLE(HR_TYPE_DATE, DATE, date, Date, DATE)
        SIMPLE(HR_TYPE_TIMESTAMP, TIMESTAMP, timestamp, Timestamp, TIMESTAMP)
        SIMPLE(HR_TYPE_TIMESTAMP_NTZ, TIMESTAMP_NTZ, timestamp_ntz, TimestampNTZ, TIMESTAMP_NTZ)
        SIMPLE(HR_TYPE_TIME, TIME, time, Time, TIME)
        SIMPLE(HR_TYPE_YEAR_MONTH, YEAR_MONTH_INTERVAL, year_month_interval, YearMonthInterval,
               YEAR_MONTH_INTERVAL)
        SIMPLE(HR_TYPE_DAY_TIME, DAY_TIME_INTERVAL, day_time_interval, DayTimeInterval,
               DAY_TIME_INTERVAL)
        SIMPLE(HR_TYPE_CALENDAR_INTERVAL, CALENDAR_INTERVAL, calendar_interval, CalendarInterval,
               CALENDAR_INTERVAL)
        SIMPLE(HR_TYPE_ARRAY, ARRAY, array, Array, ARRAY)
        SIMPLE(HR_TYPE_MAP, MAP, map, Map, MAP)
        SIMPLE(HR_TYPE_VARIANT, VARIANT, variant, Variant, VARIANT)
        SIMPLE(HR_TYPE_UDT, UDT, udt, UDT, UDT)
    case HR_TYPE_STRUCT:
        out->kind_case = KIND(STRUCT);
        out->struct_ = encode_struct(arena, type);
        break;
    }
    switch (type->id) {
    case HR_TYPE_DECIMAL:
        out->decimal->_precision_case = 2;
        out->decimal->precision = type->precision;
        out->decimal->_scale_case = 1;
        out->decimal->scale = type->scale;
        break;
    case HR_TYPE_STRING:
        out->string->collation = (char *)(type->collation ? type->collation : "UTF8_BINARY");
        break;
    case HR_TYPE_CHAR:
        out->char_->length = (int32_t)type->length;
        break;
    case HR_TYPE_VARCHAR:
        out->var_char->length = (int32_t)type->length;
        break;
    case HR_TYPE_TIME:
        out->time->_precision_case = 1;
        out->time->precision = type->precision;
        break;
    case HR_TYPE_YEAR_MONTH:
        out->year_month_interval->_start_field_case = 1;
        out->year_month_interval->start_field = type->first_unit;
        out->year_month_interval->_end_field_case = 2;
        out->year_month_interval->end_field = type->last_unit;
        break;
    case HR_TYPE_DAY_TIME:
        out->day_time_interval->_start_field_case = 1;
        out->day_time_interval->start_field = type->first_unit;
        out->day_time_interval->_end_field_case = 2;
        out->day_time_interval->end_field = type->last_unit;
        break;
    case HR_TYPE_ARRAY:
        out->array->element_type = hr_connect_type_encode(arena, type->element);
        out->array->contains_null = type->contains_null;
        break;
    case HR_TYPE_MAP:
        out->map->key_type = hr_connect_type_encode(arena, type->key);
        out->map->value_type = hr_connect_type_encode(arena, type->element);
        out->map->value_contains_null = type->contains_null;
        break;
    case HR_TYPE_UDT:
        out->udt->type = "udt";
        out->udt->_sql_type_case = 5;
        out->udt->sql_type = hr_connect_type_encode(arena, type->element);
        break;
    default:
        break;
    }
    return out;
}

/* ---- literals: decode ---- */

static enum hr_code bad_literal(struct hr_err *err, const char *what)
{
    return hr_fail(err, HR_E_INVALID, "literal is not valid: %s", what);
}

/* "1E+3" and "-12.5e-1" to plain digits: Python writes an exponent when it is shorter */
static enum hr_code plain_digits(struct hr_arena *arena,
                                 const char *text,
                                 const char **out,
                                 int *precision,
                                 int *scale,
                                 struct hr_err *err)
{
    struct hr_buf digits;
    long point = -1, exponent = 0;
    const char *at = text;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    hr_buf_init(&digits, HR_BUF_GROWS);
    for (; (*at >= '0' && *at <= '9') || *at == '.'; at++) {
        if (*at == '.' && point >= 0)
            break;
        if (*at == '.')
            point = (long)hr_buf_len(&digits);
        else
            hr_buf_addc(&digits, *at);
    }
    if (*at == 'e' || *at == 'E') {
        char *end;
        exponent = strtol(at + 1, &end, 10);
        at = end;
    }
    if (*at || !hr_buf_len(&digits) || exponent > 60 || exponent < -60) {
        hr_buf_release(&digits);
        return hr_fail(err, HR_E_INVALID, "literal is not a decimal: \"%s\"", text);
    }
    /* digits before the point */
    long whole = (point < 0 ? (long)hr_buf_len(&digits) : point) + exponent;
    while (whole > (long)hr_buf_len(&digits))
        hr_buf_addc(&digits, '0');
    struct hr_buf plain;
    hr_buf_init(&plain, HR_BUF_GROWS);
    if (negative)
        hr_buf_addc(&plain, '-');
    size_t first = 0;
    while (first + 1 < (size_t)(whole > 0 ? whole : 1) &&
           first + 1 < hr_buf_len(&digits) &&
           hr_buf_text(&digits)[first] == '0')
        first++;
    if (whole <= 0)
        hr_buf_addc(&plain, '0');
    else
        hr_buf_add(&plain, hr_buf_text(&digits) + first, (size_t)whole - first);
    *scale = (int)((long)hr_buf_len(&digits) - whole);
    if (*scale > 0) {
        hr_buf_addc(&plain, '.');
        for (long i = whole; i < 0; i++)
            hr_buf_addc(&plain, '0');
        hr_buf_adds(&plain, hr_buf_text(&digits) + (whole > 0 ? whole : 0));
    }
    /* Spark's precision: significant digits, at least the scale */
    size_t lead = 0;
    while (lead + 1 < hr_buf_len(&digits) && hr_buf_text(&digits)[lead] == '0')
        lead++;
    *precision = (int)(hr_buf_len(&digits) - lead);
    if (*precision < *scale)
        *precision = *scale;
    *out = hr_strdup(arena, hr_buf_text(&plain));
    hr_buf_release(&digits);
    hr_buf_release(&plain);
    return HR_OK;
}

static enum hr_code decode_decimal_literal(struct hr_arena *arena,
                                           const PB(Expression__Literal__Decimal) * in,
                                           struct hr_literal *out,
                                           struct hr_err *err)
{
    int precision = 0, scale = 0;
    const char *digits = "";
    HR_TRY(plain_digits(arena, in->value, &digits, &precision, &scale, err));
    if (in->_precision_case && in->precision > precision)
        precision = in->precision;
    if (in->_scale_case && in->scale > scale)
        scale = in->scale;
    if (precision < scale)
        precision = scale;
    if (precision > 38)
        return bad_literal(err, "a decimal of more than 38 digits");
    out->type = hr_type_decimal(arena, precision, scale);
    out->text.bytes = digits;
    out->text.len = strlen(digits);
    return HR_OK;
}

static enum hr_code decode_items(struct hr_arena *arena,
                                 size_t count,
                                 PB(Expression__Literal) * *in,
                                 struct hr_literal *out,
                                 struct hr_err *err)
{
    out->items.count = count;
    out->items.at = HR_NEW_ARRAY(arena, struct hr_literal *, count);
    for (size_t i = 0; i < count; i++)
        HR_TRY(hr_connect_literal_decode(arena, in[i], &out->items.at[i], err));
    return HR_OK;
}

static enum hr_code item_type(struct hr_arena *arena,
                              const PB(DataType) * declared,
                              struct hr_literal *first,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    if (declared)
        return hr_connect_type_decode(arena, declared, type, err);
    *type = first ? first->type : hr_type_basic(HR_TYPE_VOID);
    return HR_OK;
}

static bool any_null(const struct hr_literal *literal, size_t from, size_t step)
{
    for (size_t i = from; i < literal->items.count; i += step)
        if (literal->items.at[i]->is_null)
            return true;
    return false;
}

static enum hr_code decode_array(struct hr_arena *arena,
                                 const PB(DataType) * whole,
                                 const PB(Expression__Literal__Array) * in,
                                 struct hr_literal *out,
                                 struct hr_err *err)
{
    const struct hr_type *element;
    HR_TRY(decode_items(arena, in->n_elements, in->elements, out, err));
    if (whole)
        return hr_connect_type_decode(arena, whole, &out->type, err);
    HR_TRY(item_type(arena, in->element_type, in->n_elements ? out->items.at[0] : NULL, &element,
                     err));
    out->type = hr_type_array(arena, element, in->element_type ? true : any_null(out, 0, 1));
    return HR_OK;
}

static enum hr_code decode_map(struct hr_arena *arena,
                               const PB(DataType) * whole,
                               const PB(Expression__Literal__Map) * in,
                               struct hr_literal *out,
                               struct hr_err *err)
{
    if (in->n_keys != in->n_values)
        return bad_literal(err, "a map with unequal numbers of keys and values");
    out->items.count = 2 * in->n_keys;
    out->items.at = HR_NEW_ARRAY(arena, struct hr_literal *, out->items.count);
    for (size_t i = 0; i < in->n_keys; i++) {
        HR_TRY(hr_connect_literal_decode(arena, in->keys[i], &out->items.at[2 * i], err));
        HR_TRY(hr_connect_literal_decode(arena, in->values[i], &out->items.at[2 * i + 1], err));
    }
    if (whole)
        return hr_connect_type_decode(arena, whole, &out->type, err);
    const struct hr_type *key, *value;
    HR_TRY(item_type(arena, in->key_type, in->n_keys ? out->items.at[0] : NULL, &key, err));
    HR_TRY(item_type(arena, in->value_type, in->n_keys ? out->items.at[1] : NULL, &value, err));
    out->type = hr_type_map(arena, key, value, in->value_type ? true : any_null(out, 1, 2));
    return HR_OK;
}

static enum hr_code decode_record(struct hr_arena *arena,
                                  const PB(DataType) * whole,
                                  const PB(Expression__Literal__Struct) * in,
                                  struct hr_literal *out,
                                  struct hr_err *err)
{
    HR_TRY(decode_items(arena, in->n_elements, in->elements, out, err));
    HR_TRY(hr_connect_type_decode(arena, whole ? whole : in->struct_type, &out->type, err));
    if (out->type->id != HR_TYPE_STRUCT || out->type->field_count != in->n_elements)
        return bad_literal(err, "a struct whose type does not fit its values");
    return HR_OK;
}

#define SPECIAL(member, field, ID)                                                  \
    out->items.count = in->member->n_values;                                        \
    out->items.at = HR_NEW_ARRAY(arena, struct hr_literal *, in->member->n_values); \
    element = hr_type_basic(ID);                                                    \
    for (size_t i = 0; i < in->member->n_values; i++) {                             \
        out->items.at[i] = HR_NEW(arena, struct hr_literal);                        \
        out->items.at[i]->type = element;                                           \
        out->items.at[i]->field = in->member->values[i];                            \
    }

static enum hr_code decode_special(struct hr_arena *arena,
                                   const PB(Expression__Literal__SpecializedArray) * in,
                                   struct hr_literal *out,
                                   struct hr_err *err)
{
#define SPECIAL_CASE(name) SPARK__CONNECT__EXPRESSION__LITERAL__SPECIALIZED_ARRAY__VALUE_TYPE_##name
    const struct hr_type *element = NULL;
    switch (in->value_type_case) {
    case SPECIAL_CASE(BOOLS):
        SPECIAL(bools, boolean, HR_TYPE_BOOLEAN) break;
    case SPECIAL_CASE(INTS):
        SPECIAL(ints, integer, HR_TYPE_INT) break;
    case SPECIAL_CASE(LONGS):
        SPECIAL(longs, integer, HR_TYPE_LONG) break;
    case SPECIAL_CASE(FLOATS):
        SPECIAL(floats, real, HR_TYPE_FLOAT) break;
    case SPECIAL_CASE(DOUBLES):
        SPECIAL(doubles, real, HR_TYPE_DOUBLE) break;
    case SPECIAL_CASE(STRINGS):
        SPECIAL(strings, text.bytes, HR_TYPE_STRING)
        for (size_t i = 0; i < out->items.count; i++)
            out->items.at[i]->text.len = strlen(out->items.at[i]->text.bytes);
        break;
    default:
        return bad_literal(err, "an array of an unknown kind");
    }
    out->type = hr_type_array(arena, element, false);
    return HR_OK;
}

static enum hr_code decode_null(struct hr_arena *arena,
                                const PB(Expression__Literal) * in,
                                struct hr_literal *out,
                                struct hr_err *err)
{
    out->is_null = true;
    return hr_connect_type_decode(
        arena, in->literal_type_case == LITERAL(NULL) ? in->null : in->data_type, &out->type, err);
}

#define PLAIN(name, member, field, ID)     \
    case LITERAL(name):                    \
        literal->type = hr_type_basic(ID); \
        literal->field = in->member;       \
        return HR_OK;

enum hr_code hr_connect_literal_decode(struct hr_arena *arena,
                                       const PB(Expression__Literal) * in,
                                       struct hr_literal **out,
                                       struct hr_err *err)
{
    if (!in)
        return bad_literal(err, "it is missing");
    struct hr_literal *literal = HR_NEW(arena, struct hr_literal);
    *out = literal;
    switch (in->literal_type_case) {
        PLAIN(BOOLEAN, boolean, boolean, HR_TYPE_BOOLEAN)
        PLAIN(BYTE, byte, integer, HR_TYPE_BYTE)
        PLAIN(SHORT, short_, integer, HR_TYPE_SHORT)
        PLAIN(INTEGER, integer, integer, HR_TYPE_INT)
        PLAIN(LONG, long_, integer, HR_TYPE_LONG)
        PLAIN(FLOAT, float_, real, HR_TYPE_FLOAT)
        PLAIN(DOUBLE, double_, real, HR_TYPE_DOUBLE)
        PLAIN(DATE, date, integer, HR_TYPE_DATE)
        PLAIN(TIMESTAMP, timestamp, integer, HR_TYPE_TIMESTAMP)
        PLAIN(TIMESTAMP_NTZ, timestamp_ntz, integer, HR_TYPE_TIMESTAMP_NTZ)
        PLAIN(YEAR_MONTH_INTERVAL, year_month_interval, integer, HR_TYPE_YEAR_MONTH)
        PLAIN(DAY_TIME_INTERVAL, day_time_interval, integer, HR_TYPE_DAY_TIME)
    case LITERAL(STRING):
        literal->type = hr_type_basic(HR_TYPE_STRING);
        literal->text.bytes = in->string;
        literal->text.len = strlen(in->string);
        return HR_OK;
    case LITERAL(BINARY):
        literal->type = hr_type_basic(HR_TYPE_BINARY);
        literal->text.bytes = (const char *)in->binary.data;
        literal->text.len = in->binary.len;
        return HR_OK;
    case LITERAL(DECIMAL):
        return decode_decimal_literal(arena, in->decimal, literal, err);
    case LITERAL(CALENDAR_INTERVAL):
        literal->type = hr_type_basic(HR_TYPE_CALENDAR_INTERVAL);
        literal->calendar.months = in->calendar_interval->months;
        literal->calendar.days = in->calendar_interval->days;
        literal->calendar.micros = in->calendar_interval->microseconds;
        return HR_OK;
    case LITERAL(TIME): {
        struct hr_type *time = new_type(arena, HR_TYPE_TIME);
        time->precision = (uint8_t)(in->time->_precision_case ? in->time->precision : 6);
        literal->type = time;
        literal->integer = in->time->nano;
        return HR_OK;
    }
    case LITERAL(ARRAY):
        return decode_array(arena, in->data_type, in->array, literal, err);
    case LITERAL(MAP):
        return decode_map(arena, in->data_type, in->map, literal, err);
    case LITERAL(STRUCT):
        return decode_record(arena, in->data_type, in->struct_, literal, err);
    case LITERAL(SPECIALIZED_ARRAY):
        return decode_special(arena, in->specialized_array, literal, err);
    case LITERAL(NULL):
        return decode_null(arena, in, literal, err);
    default:
        return in->data_type ? decode_null(arena, in, literal, err)
                             : bad_literal(err, "it is of an unknown kind");
    }
}

/* ---- literals: encode (observed metrics) ---- */

static PB(Expression__Literal) * *encode_items(struct hr_arena *arena,
                                               const struct hr_literal *literal,
                                               size_t from,
                                               size_t step,
                                               const struct hr_type *type,
                                               size_t *count)
{
    *count = literal->items.count / step;
    PB(Expression__Literal) **out = HR_NEW_ARRAY(arena, PB(Expression__Literal) *, *count);
    for (size_t i = 0; i < *count; i++)
        out[i] = hr_connect_literal_encode(arena, type ? type : literal->type->fields[i].type,
                                           literal->items.at[from + i * step]);
    return out;
}

#define PLAIN_OUT(ID, name, member, field)      \
    case ID:                                    \
        out->literal_type_case = LITERAL(name); \
        out->member = field;                    \
        break;

PB(Expression__Literal) * hr_connect_literal_encode(struct hr_arena *arena,
                                                    const struct hr_type *type,
                                                    const struct hr_literal *literal)
{
    PB(Expression__Literal) *out = PB_NEW(arena, Expression__Literal, EXPRESSION__LITERAL);
    if (literal->is_null) {
        out->literal_type_case = LITERAL(NULL);
        out->null = hr_connect_type_encode(arena, type);
        return out;
    }
    switch (type->id) {
        PLAIN_OUT(HR_TYPE_BOOLEAN, BOOLEAN, boolean, literal->boolean)
        PLAIN_OUT(HR_TYPE_BYTE, BYTE, byte, (int32_t)literal->integer)
        PLAIN_OUT(HR_TYPE_SHORT, SHORT, short_, (int32_t)literal->integer)
        PLAIN_OUT(HR_TYPE_INT, INTEGER, integer, (int32_t)literal->integer)
        PLAIN_OUT(HR_TYPE_LONG, LONG, long_, literal->integer)
        PLAIN_OUT(HR_TYPE_FLOAT, FLOAT, float_, (float)literal->real)
        PLAIN_OUT(HR_TYPE_DOUBLE, DOUBLE, double_, literal->real)
        PLAIN_OUT(HR_TYPE_DATE, DATE, date, (int32_t)literal->integer)
        PLAIN_OUT(HR_TYPE_TIMESTAMP, TIMESTAMP, timestamp, literal->integer)
        PLAIN_OUT(HR_TYPE_TIMESTAMP_NTZ, TIMESTAMP_NTZ, timestamp_ntz, literal->integer)
        PLAIN_OUT(HR_TYPE_YEAR_MONTH, YEAR_MONTH_INTERVAL, year_month_interval,
                  (int32_t)literal->integer)
        PLAIN_OUT(HR_TYPE_DAY_TIME, DAY_TIME_INTERVAL, day_time_interval, literal->integer)
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        out->literal_type_case = LITERAL(STRING);
        out->string = hr_strndup(arena, literal->text.bytes, literal->text.len);
        break;
    case HR_TYPE_BINARY:
        out->literal_type_case = LITERAL(BINARY);
        out->binary = (ProtobufCBinaryData){literal->text.len, (uint8_t *)literal->text.bytes};
        break;
    case HR_TYPE_DECIMAL:
        out->literal_type_case = LITERAL(DECIMAL);
        out->decimal = PB_NEW(arena, Expression__Literal__Decimal, EXPRESSION__LITERAL__DECIMAL);
        out->decimal->value = hr_strndup(arena, literal->text.bytes, literal->text.len);
        out->decimal->_precision_case = 2;
        out->decimal->precision = type->precision;
        out->decimal->_scale_case = 3;
        out->decimal->scale = type->scale;
        break;
    case HR_TYPE_TIME:
        out->literal_type_case = LITERAL(TIME);
        out->time = PB_NEW(arena, Expression__Literal__Time, EXPRESSION__LITERAL__TIME);
        out->time->nano = literal->integer;
        break;
    case HR_TYPE_CALENDAR_INTERVAL:
        out->literal_type_case = LITERAL(CALENDAR_INTERVAL);
        out->calendar_interval = PB_NEW(arena, Expression__Literal__CalendarInterval,
                                        EXPRESSION__LITERAL__CALENDAR_INTERVAL);
        out->calendar_interval->months = literal->calendar.months;
        out->calendar_interval->days = literal->calendar.days;
        out->calendar_interval->microseconds = literal->calendar.micros;
        break;
    case HR_TYPE_ARRAY:
        out->literal_type_case = LITERAL(ARRAY);
        out->array = PB_NEW(arena, Expression__Literal__Array, EXPRESSION__LITERAL__ARRAY);
        out->array->element_type = hr_connect_type_encode(arena, type->element);
        out->array->elements =
            encode_items(arena, literal, 0, 1, type->element, &out->array->n_elements);
        break;
    case HR_TYPE_MAP:
        out->literal_type_case = LITERAL(MAP);
        out->map = PB_NEW(arena, Expression__Literal__Map, EXPRESSION__LITERAL__MAP);
        out->map->key_type = hr_connect_type_encode(arena, type->key);
        out->map->value_type = hr_connect_type_encode(arena, type->element);
        out->map->keys = encode_items(arena, literal, 0, 2, type->key, &out->map->n_keys);
        out->map->values = encode_items(arena, literal, 1, 2, type->element, &out->map->n_values);
        break;
    case HR_TYPE_STRUCT:
        out->literal_type_case = LITERAL(STRUCT);
        out->struct_ = PB_NEW(arena, Expression__Literal__Struct, EXPRESSION__LITERAL__STRUCT);
        out->struct_->struct_type = hr_connect_type_encode(arena, type);
        out->struct_->elements =
            encode_items(arena, literal, 0, 1, NULL, &out->struct_->n_elements);
        break;
    default:
        out->literal_type_case = LITERAL(NULL);
        out->null = hr_connect_type_encode(arena, type);
        break;
    }
    return out;
}
