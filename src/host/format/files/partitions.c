#include "host/duck/type.h"
#include "host/format/files/partitions.h"
#include "base/check.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/utf8.h"
#include "host/format/text_value.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- names and values of folders ---- */

/* one file's folders */
struct pairs {
    const char **names, **values;
    size_t count;
    /* the folder above the first of them; without any, the file's own */
    const char *base;
};

/* ExternalCatalogUtils.unescapePathName: %XX is the character of that number, not a byte of UTF-8
 */
static const char *unescape(struct hr_arena *arena, const char *text, size_t len)
{
    char *out = hr_arena_alloc(arena, 2 * len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        unsigned char point;
        if (text[i] != '%' || i + 2 >= len || !hr_hex_decode(text + i + 1, 1, &point)) {
            *to++ = text[i];
            continue;
        }
        to += hr_utf8_put(to, point);
        i += 2;
    }
    *to = 0;
    return out;
}

static enum hr_code bad_folder(struct hr_arena *arena,
                               const char *condition,
                               const char *folder,
                               size_t len,
                               struct hr_err *err)
{
    return hr_fail_spark(err, condition, "segment", hr_strndup(arena, folder, len), NULL);
}

/* the folders of a file from the innermost out: those without a column before the first are passed,
 * one behind it ends them */
static enum hr_code pairs_of(struct hr_arena *arena,
                             const struct hr_file *file,
                             const char *base,
                             struct pairs *pairs,
                             struct hr_err *err)
{
    const char *location = file->location, *first = location;
    size_t base_len = strlen(base), depth = 0;
    if (!strncmp(location, base, base_len))
        first = location + base_len;
    const char *end = strrchr(first, '/');
    end = end ? end : first;
    for (const char *p = first; p < end; p++)
        depth += *p == '/';
    *pairs = (struct pairs){HR_NEW_ARRAY(arena, const char *, depth + 1),
                            HR_NEW_ARRAY(arena, const char *, depth + 1), 0, NULL};
    const char *stop = end;
    while (stop > first) {
        const char *start = stop;
        while (start > first && start[-1] != '/')
            start--;
        size_t len = (size_t)(stop - start);
        const char *equals = memchr(start, '=', len);
        if (!equals && pairs->count)
            break;
        if (equals == start)
            return bad_folder(arena, "EMPTY_PARTITION_COLUMN_NAME", start, len, err);
        if (equals && equals + 1 == stop)
            return bad_folder(arena, "EMPTY_PARTITION_COLUMN_VALUE", start, len, err);
        if (equals) {
            pairs->names[pairs->count] = unescape(arena, start, (size_t)(equals - start));
            pairs->values[pairs->count++] =
                unescape(arena, equals + 1, (size_t)(stop - equals - 1));
        }
        stop = start > first ? start - 1 : first;
    }
    pairs->base = hr_strndup(arena, location, (size_t)((pairs->count ? stop : end) - location));
    for (size_t i = 0; i < pairs->count / 2; i++) { /* outermost first */
        size_t j = pairs->count - 1 - i;
        const char *name = pairs->names[i], *value = pairs->values[i];
        pairs->names[i] = pairs->names[j];
        pairs->values[i] = pairs->values[j];
        pairs->names[j] = name;
        pairs->values[j] = value;
    }
    return HR_OK;
}

/* ---- types ---- */

enum kind {
    KIND_NULL,
    KIND_INT,
    KIND_LONG,
    KIND_DECIMAL,
    KIND_DOUBLE,
    KIND_DATE,
    KIND_TIMESTAMP,
    KIND_TIME,
    KIND_STRING
};
struct part {
    enum kind kind;
    int digits;
}; /* digits: of a decimal, whose scale is 0 */

/* does the text have this shape? '0' stands for a digit, everything else for itself */
static bool shaped(const char *text, const char *shape)
{
    for (; *shape; shape++, text++)
        if (*shape == '0' ? !isdigit((unsigned char)*text) : *shape != *text)
            return false;
    return !*text;
}

static bool is_number(const char *text, size_t len, struct part *part)
{
    int64_t whole;
    double real;
    struct hr_decimal decimal;
    if (!len || isspace((unsigned char)text[0]) || isspace((unsigned char)text[len - 1]))
        return false;
    if (hr_value_long(text, len, &whole)) {
        part->kind = whole >= INT32_MIN && whole <= INT32_MAX ? KIND_INT : KIND_LONG;
        return true;
    }
    if (hr_value_bigdecimal(text, len, false, &decimal) &&
        decimal.scale <= 0 &&
        decimal.precision - decimal.scale <= HR_TYPE_DECIMAL_MAX) {
        *part = (struct part){KIND_DECIMAL, decimal.precision - decimal.scale};
        return true;
    }
    part->kind = KIND_DOUBLE;
    return hr_value_double(text, len, &real);
}

/* the pattern is yyyy-MM-dd HH:mm:ss[.S]: another number of digits is a text */
static bool is_timestamp(const char *text, size_t len)
{
    int64_t micros;
    return (shaped(text, "0000-00-00 00:00:00") || shaped(text, "0000-00-00 00:00:00.0")) &&
           hr_parse_timestamp_ntz(text, len, true, &micros);
}

/* HH:mm:ss with up to six digits of a fraction */
static bool is_time(const char *text)
{
    static const char most[] = "23:59:59";
    size_t len = strcspn(text, ".");
    if (len != 8)
        return false;
    for (size_t i = 0; i < 8; i += 3) {
        bool digits = isdigit((unsigned char)text[i]) && isdigit((unsigned char)text[i + 1]);
        if (!digits || strncmp(text + i, most + i, 2) > 0 || (i && text[i - 1] != ':'))
            return false;
    }
    if (!text[8])
        return true;
    size_t fraction = strspn(text + 9, "0123456789");
    return fraction && fraction <= 6 && !text[9 + fraction];
}

static struct part infer(const char *text, bool infers)
{
    struct part part = {KIND_STRING, 0};
    size_t len = strlen(text);
    int32_t days;
    if (!strcmp(text, HR_PARTITION_NULL))
        return (struct part){KIND_NULL, 0};
    if (!infers || is_number(text, len, &part))
        return part;
    part.kind = KIND_STRING;
    if (is_timestamp(text, len))
        part.kind = KIND_TIMESTAMP;
    else if (len == 10 && hr_parse_date(text, len, &days))
        part.kind = KIND_DATE;
    else if (is_time(text))
        part.kind = KIND_TIME;
    return part;
}

static int digits_of(struct part part)
{
    if (part.kind == KIND_INT)
        return 10;
    return part.kind == KIND_LONG ? 20 : part.digits;
}

/* PartitioningUtils.findWiderTypeForPartitionColumn */
static struct part wider(struct part a, struct part b)
{
    static const struct part string = {KIND_STRING, 0};
    if (b.kind == KIND_NULL)
        return a;
    if (a.kind == KIND_NULL)
        return b;
    struct part low = a.kind < b.kind ? a : b, high = a.kind < b.kind ? b : a;
    if (high.kind <= KIND_LONG)
        return high;
    if (high.kind == KIND_DECIMAL) {
        int x = digits_of(low), y = high.digits;
        return (struct part){KIND_DECIMAL, x > y ? x : y};
    }
    if (high.kind == KIND_DOUBLE)
        return low.kind == KIND_INT || low.kind == KIND_DOUBLE ? high : string;
    if (low.kind == high.kind)
        return high;
    return low.kind == KIND_DATE && high.kind == KIND_TIMESTAMP ? high : string;
}

static enum hr_code type_of(struct hr_arena *arena,
                            struct hr_env *env,
                            struct part part,
                            const struct hr_type **type,
                            struct hr_err *err)
{
    static const enum hr_type_id ids[] = {
        [KIND_NULL] = HR_TYPE_VOID,     [KIND_INT] = HR_TYPE_INT,
        [KIND_LONG] = HR_TYPE_LONG,     [KIND_DOUBLE] = HR_TYPE_DOUBLE,
        [KIND_DATE] = HR_TYPE_DATE,     [KIND_TIMESTAMP] = HR_TYPE_TIMESTAMP,
        [KIND_STRING] = HR_TYPE_STRING,
    };
    if (part.kind == KIND_TIME)
        return hr_fail_spark(err, "UNSUPPORTED_TIME_TYPE", NULL);
    if (part.kind == KIND_DECIMAL)
        *type = hr_type_decimal(arena, part.digits, 0);
    else if (part.kind == KIND_TIMESTAMP &&
             !strcasecmp(hr_conf(env, "spark.sql.timestampType", "TIMESTAMP_LTZ"), "TIMESTAMP_NTZ"))
        *type = hr_type_basic(HR_TYPE_TIMESTAMP_NTZ);
    else
        *type = hr_type_basic(ids[part.kind]);
    return HR_OK;
}

/* ---- all files together ---- */

struct finding {
    struct hr_arena *arena;
    struct hr_env *env;
    struct hr_file *files;
    struct pairs *pairs; /* of each file */
    size_t count;
    bool sensitive;
};

static bool same_names(const struct finding *finding, const struct pairs *a, const struct pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if ((finding->sensitive ? strcmp : strcasecmp)(a->names[i], b->names[i]))
            return false;
    return true;
}

/* all files' folders begin in one place */
static enum hr_code check_bases(const struct finding *finding, struct hr_err *err)
{
    const char *first = finding->pairs[0].base, *other = NULL;
    for (size_t i = 1; i < finding->count && !other; i++)
        if (strcmp(first, finding->pairs[i].base))
            other = finding->pairs[i].base;
    if (!other)
        return HR_OK;
    struct hr_arena *arena = finding->arena;
    return hr_fail_spark(err, "CONFLICTING_DIRECTORY_STRUCTURES", "discoveredBasePaths",
                         hr_printf(arena, "\n\t%s\n\t%s\n\n", hr_files_spark_path(arena, first),
                                   hr_files_spark_path(arena, other)),
                         NULL);
}

static const char *listed(const struct finding *finding, const struct pairs *pairs)
{
    const char *text = "";
    for (size_t i = 0; i < pairs->count; i++)
        text = hr_printf(finding->arena, "%s%s%s", text, i ? ", " : "", pairs->names[i]);
    return text;
}

static enum hr_code check_names(const struct finding *finding,
                                const struct pairs *first,
                                struct hr_err *err)
{
    struct hr_arena *arena = finding->arena;
    for (size_t i = 0; i < finding->count; i++) {
        const struct pairs *pairs = &finding->pairs[i];
        if (!pairs->count || same_names(finding, first, pairs))
            continue;
        const char *lists = hr_printf(
            arena,
            "\n\n\tPartition column name list #0: %s\n\tPartition column name list #1: %s\n\n",
            listed(finding, first), listed(finding, pairs));
        return hr_fail_spark(
            err, "CONFLICTING_PARTITION_COLUMN_NAMES", "distinctPartColLists", lists,
            "suspiciousPaths",
            hr_printf(arena, "\n\n\t%s", hr_files_spark_path(arena, finding->files[i].location)),
            NULL);
    }
    return HR_OK;
}

static const struct hr_field *field_named(const struct hr_type *schema,
                                          const char *name,
                                          bool sensitive)
{
    for (size_t i = 0; schema && i < schema->field_count; i++)
        if (!(sensitive ? strcmp : strcasecmp)(schema->fields[i].name, name))
            return &schema->fields[i];
    return NULL;
}

static bool files_partition_fits(const char *text,
                                 const struct hr_type *type,
                                 const struct hr_zone *zone);

/* the values of a column whose type the user gave must be of it */
static enum hr_code check_values(const struct finding *finding,
                                 size_t column,
                                 const struct hr_field *field,
                                 struct hr_err *err)
{
    const struct hr_zone *zone;
    const char *zone_name;
    HR_TRY(hr_conf_zone(finding->env, NULL, &zone, &zone_name, err));
    for (size_t i = 0; i < finding->count; i++) {
        const char *value =
            finding->files[i].partition ? finding->files[i].partition[column] : NULL;
        if (!value || files_partition_fits(value, field->type, zone))
            continue;
        struct hr_buf sql;
        hr_buf_init(&sql, HR_BUF_GROWS);
        hr_type_sql(field->type, &sql);
        hr_fail_spark(err, "INVALID_PARTITION_VALUE", "value",
                      hr_printf(finding->arena, "'%s'", value), "dataType",
                      hr_printf(finding->arena, "\"%s\"", hr_buf_text(&sql)), "columnName",
                      hr_printf(finding->arena, "`%s`", field->name), NULL);
        hr_buf_release(&sql);
        return HR_E_SPARK;
    }
    return HR_OK;
}

static enum hr_code make_column(const struct finding *finding,
                                size_t column,
                                const char *name,
                                const struct hr_type *user_schema,
                                bool infers,
                                struct hr_field *made,
                                struct hr_err *err)
{
    const struct hr_field *user = field_named(user_schema, name, finding->sensitive);
    *made = (struct hr_field){user ? user->name : name, user ? user->type : NULL, true, NULL};
    if (user)
        return check_values(finding, column, user, err);
    struct part part = {KIND_NULL, 0};
    for (size_t i = 0; i < finding->count; i++)
        if (finding->pairs[i].count)
            part = wider(part, infer(finding->pairs[i].values[column], infers));
    return type_of(finding->arena, finding->env, part, &made->type, err);
}

static void set_values(const struct finding *finding)
{
    for (size_t i = 0; i < finding->count; i++) {
        const struct pairs *pairs = &finding->pairs[i];
        if (!pairs->count)
            continue;
        finding->files[i].partition = HR_NEW_ARRAY(finding->arena, const char *, pairs->count);
        for (size_t c = 0; c < pairs->count; c++)
            finding->files[i].partition[c] =
                strcmp(pairs->values[c], HR_PARTITION_NULL) ? pairs->values[c] : NULL;
    }
}

enum hr_code hr_partitions_find(struct hr_arena *arena,
                                struct hr_env *env,
                                struct hr_file *files,
                                const char *const *bases,
                                bool *kept,
                                size_t count,
                                const struct hr_type *user_schema,
                                struct hr_files *out,
                                struct hr_err *err)
{
    struct finding finding = {arena, env,
                              files, HR_NEW_ARRAY(arena, struct pairs, count + 1),
                              count, hr_conf_bool(env, "spark.sql.caseSensitive", false)};
    bool infers = hr_conf_bool(env, "spark.sql.sources.partitionColumnTypeInference.enabled", true);
    const struct pairs *first = NULL;
    for (size_t i = 0; i < count; i++) {
        HR_TRY(pairs_of(arena, &files[i], bases[i], &finding.pairs[i], err));
        if (!first && finding.pairs[i].count)
            first = &finding.pairs[i];
    }
    if (!first)
        return HR_OK;
    HR_TRY(check_bases(&finding, err));
    HR_TRY(check_names(&finding, first, err));
    set_values(&finding);
    for (size_t i = 0; i < count; i++)
        kept[i] = finding.pairs[i].count > 0;
    out->partition_count = first->count;
    out->partitions = HR_NEW_ARRAY(arena, struct hr_field, first->count);
    for (size_t c = 0; c < first->count; c++)
        HR_TRY(make_column(&finding, c, first->names[c], user_schema, infers, &out->partitions[c],
                           err));
    return HR_OK;
}

/* ---- values ---- */

/* String.toBoolean, which takes these two alone */
static bool is_boolean(const char *text, bool *flag)
{
    *flag = !strcasecmp(text, "true");
    return *flag || !strcasecmp(text, "false");
}

static duckdb_value value_of(const char *text,
                             const struct hr_type *type,
                             const struct hr_zone *zone)
{
    size_t len = strlen(text);
    int64_t whole;
    double real;
    int32_t days;
    bool flag;
    struct hr_decimal decimal;
    __int128 wide;
    switch (type->id) {
    case HR_TYPE_BYTE:
        return hr_value_long(text, len, &whole) ? duckdb_create_int8((int8_t)whole) : NULL;
    case HR_TYPE_SHORT:
        return hr_value_long(text, len, &whole) ? duckdb_create_int16((int16_t)whole) : NULL;
    case HR_TYPE_INT:
        return hr_value_long(text, len, &whole) ? duckdb_create_int32((int32_t)whole) : NULL;
    case HR_TYPE_LONG:
        return hr_value_long(text, len, &whole) ? duckdb_create_int64(whole) : NULL;
    case HR_TYPE_FLOAT:
        return hr_value_double(text, len, &real) ? duckdb_create_float((float)real) : NULL;
    case HR_TYPE_DOUBLE:
        return hr_value_double(text, len, &real) ? duckdb_create_double(real) : NULL;
    case HR_TYPE_BOOLEAN:
        return is_boolean(text, &flag) ? duckdb_create_bool(flag) : NULL;
    case HR_TYPE_DATE:
        return hr_parse_date(text, len, &days) ? duckdb_create_date((duckdb_date){days}) : NULL;
    case HR_TYPE_TIMESTAMP:
        return hr_parse_timestamp(text, len, zone, hr_now_us(), &whole)
                   ? duckdb_create_timestamp_tz((duckdb_timestamp){whole})
                   : NULL;
    case HR_TYPE_TIMESTAMP_NTZ:
        return hr_parse_timestamp_ntz(text, len, true, &whole)
                   ? duckdb_create_timestamp((duckdb_timestamp){whole})
                   : NULL;
    case HR_TYPE_DECIMAL:
        if (!hr_value_bigdecimal(text, len, false, &decimal) ||
            !hr_value_decimal(&decimal, type->precision, type->scale, &wide))
            return NULL;
        return duckdb_create_decimal((duckdb_decimal){
            type->precision, type->scale, {(uint64_t)wide, (int64_t)(wide >> 64)}});
    case HR_TYPE_BINARY:
        return duckdb_create_blob((const uint8_t *)text, len);
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        return duckdb_create_varchar_length(text, len);
    default:
        return NULL;
    }
}

static bool files_partition_fits(const char *text,
                                 const struct hr_type *type,
                                 const struct hr_zone *zone)
{
    duckdb_value value = value_of(text, type, zone);
    bool fits = value != NULL;
    duckdb_destroy_value(&value);
    return fits;
}

void hr_files_fill_partition(const char *text,
                             const struct hr_type *type,
                             const struct hr_zone *zone,
                             duckdb_vector vector,
                             idx_t rows)
{
    duckdb_value value = text ? value_of(text, type, zone) : NULL;
    if (value) {
        duckdb_vector_reference_value(vector, value);
        duckdb_destroy_value(&value);
        return;
    }
    for (idx_t i = 0; i < rows; i++)
        hr_vector_null(vector, i);
}

void hr_files_partition_sql(const char *text,
                            const struct hr_type *type,
                            const struct hr_zone *zone,
                            struct hr_buf *out)
{
    int64_t micros;
    duckdb_value value = text ? value_of(text, type, zone) : NULL;
    char *sql = value ? duckdb_value_to_string(value) : NULL;
    if (value &&
        type->id == HR_TYPE_TIMESTAMP &&
        hr_parse_timestamp(text, strlen(text), zone, hr_now_us(), &micros))
        hr_buf_addf(out, "CAST(make_timestamptz(%lld) AS ", (long long)micros);
    else
        hr_buf_addf(out, "CAST(%s AS ", sql ? sql : "NULL");
    hr_duck_type_sql(type, out);
    hr_buf_addc(out, ')');
    duckdb_free(sql);
    duckdb_destroy_value(&value);
}
