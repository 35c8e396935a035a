/* Text to type: Spark's DDL ("a INT NOT NULL COMMENT 'x', b ARRAY<STRING>", or one type) and its
 * JSON. */
#include "host/plan/origin.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- names ---- */

/* in parentheses behind the name */
enum numbers { NO_NUMBERS, ONE_NUMBER, UP_TO_ONE, UP_TO_TWO };

static const struct sql_name {
    const char *name;
    enum hr_type_id id;
    enum numbers numbers;
} sql_names[] = {
    {"bigint", HR_TYPE_LONG},
    {"binary", HR_TYPE_BINARY},
    {"boolean", HR_TYPE_BOOLEAN},
    {"byte", HR_TYPE_BYTE},
    {"char", HR_TYPE_CHAR, ONE_NUMBER},
    {"character", HR_TYPE_CHAR, ONE_NUMBER},
    {"date", HR_TYPE_DATE},
    {"dec", HR_TYPE_DECIMAL, UP_TO_TWO},
    {"decimal", HR_TYPE_DECIMAL, UP_TO_TWO},
    {"double", HR_TYPE_DOUBLE},
    {"float", HR_TYPE_FLOAT},
    {"int", HR_TYPE_INT},
    {"integer", HR_TYPE_INT},
    {"interval", HR_TYPE_CALENDAR_INTERVAL},
    {"long", HR_TYPE_LONG},
    {"numeric", HR_TYPE_DECIMAL, UP_TO_TWO},
    {"real", HR_TYPE_FLOAT},
    {"short", HR_TYPE_SHORT},
    {"smallint", HR_TYPE_SHORT},
    {"string", HR_TYPE_STRING},
    {"time", HR_TYPE_TIME, UP_TO_ONE},
    {"timestamp", HR_TYPE_TIMESTAMP},
    {"timestamp_ltz", HR_TYPE_TIMESTAMP},
    {"timestamp_ntz", HR_TYPE_TIMESTAMP_NTZ},
    {"tinyint", HR_TYPE_BYTE},
    {"varchar", HR_TYPE_VARCHAR, ONE_NUMBER},
    {"variant", HR_TYPE_VARIANT},
    {"void", HR_TYPE_VOID},
};

static enum hr_code unsupported(const char *name,
                                const int64_t *numbers,
                                size_t count,
                                struct hr_err *err)
{
    struct hr_buf upper;
    hr_buf_init(&upper, HR_BUF_GROWS);
    hr_buf_addc(&upper, '"');
    for (; *name; name++)
        hr_buf_addc(&upper, (char)toupper((unsigned char)*name));
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(&upper, "%s%lld", i ? "," : "(", (long long)numbers[i]);
    hr_buf_adds(&upper, count ? ")\"" : "\"");
    hr_fail_spark(err, "UNSUPPORTED_DATATYPE", "typeName", hr_buf_text(&upper), NULL);
    hr_buf_release(&upper);
    return HR_E_SPARK;
}

static enum hr_code make_decimal(struct hr_arena *arena,
                                 const int64_t *numbers,
                                 size_t count,
                                 const struct hr_type **type,
                                 struct hr_err *err)
{
    int64_t precision = count > 0 ? numbers[0] : 10, scale = count > 1 ? numbers[1] : 0;
    char given[32], places[32];
    snprintf(given, sizeof given, "%lld", (long long)precision);
    snprintf(places, sizeof places, "%lld", (long long)scale);
    if (precision > HR_TYPE_DECIMAL_MAX)
        return hr_fail_spark(err, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "precision", given,
                             "maxPrecision", "38", NULL);
    if (scale > precision)
        return hr_fail_spark(err, "_LEGACY_ERROR_TEMP_1228", "scale", places, "precision", given,
                             NULL);
    *type = hr_type_decimal(arena, (int)precision, (int)scale);
    return HR_OK;
}

static enum hr_code incomplete(const char *name, struct hr_err *err)
{
    if (!strcasecmp(name, "array"))
        return hr_fail_spark(err, "INCOMPLETE_TYPE_DEFINITION.ARRAY", "elementType", "<INT>", NULL);
    return hr_fail_spark(err,
                         !strcasecmp(name, "map") ? "INCOMPLETE_TYPE_DEFINITION.MAP"
                                                  : "INCOMPLETE_TYPE_DEFINITION.STRUCT",
                         NULL);
}

static const struct sql_name *name_find(const char *name)
{
    for (size_t i = 0; i < HR_LEN(sql_names); i++)
        if (!strcasecmp(sql_names[i].name, name))
            return &sql_names[i];
    return NULL;
}

/* one type by its SQL name ("int", "decimal", "char" …) and its numbers in parentheses; not array,
 * map, struct, interval */
static enum hr_code type_from_name(struct hr_arena *arena,
                                   const char *name,
                                   const int64_t *numbers,
                                   size_t count,
                                   const struct hr_type **type,
                                   struct hr_err *err)
{
    const struct sql_name *known = name_find(name);
    if (!count &&
        (!strcasecmp(name, "array") || !strcasecmp(name, "map") || !strcasecmp(name, "struct")))
        return incomplete(name, err);
    size_t most = !known                         ? 0
                  : known->numbers == UP_TO_TWO  ? 2
                  : known->numbers == NO_NUMBERS ? 0
                                                 : 1;
    if (!known || count > most)
        return unsupported(name, numbers, count, err);
    if (known->numbers == ONE_NUMBER && !count)
        return hr_fail_spark(err, "DATATYPE_MISSING_SIZE", "type",
                             known->id == HR_TYPE_VARCHAR ? "\"VARCHAR\"" : "\"CHAR\"", NULL);
    if (known->id == HR_TYPE_DECIMAL)
        return make_decimal(arena, numbers, count, type, err);
    if (!count) {
        *type = hr_type_basic(known->id);
        return HR_OK;
    }
    struct hr_type *sized = HR_NEW(arena, struct hr_type);
    sized->id = known->id;
    if (known->id == HR_TYPE_TIME && numbers[0] > 6) {
        char given[32];
        snprintf(given, sizeof given, "%lld", (long long)numbers[0]);
        return hr_fail_spark(err, "UNSUPPORTED_TIME_PRECISION", "precision", given, NULL);
    }
    if (known->id == HR_TYPE_TIME)
        sized->precision = (uint8_t)numbers[0];
    else
        sized->length = (uint32_t)numbers[0];
    *type = sized;
    return HR_OK;
}

static enum hr_code type_collated(struct hr_arena *arena,
                                  const char *collation,
                                  const struct hr_type **type,
                                  struct hr_err *err)
{
    static const char *const known[] = {"UTF8_BINARY", "UTF8_LCASE", "UNICODE",
                                        "UNICODE_CI",  "UNICODE_AI", "UNICODE_CI_AI"};
    for (size_t i = 0; i < HR_LEN(known); i++) {
        if (strcasecmp(known[i], collation))
            continue;
        struct hr_type *string = hr_memdup(arena, hr_type_basic(HR_TYPE_STRING), sizeof *string);
        string->collation = i ? known[i] : NULL;
        *type = string;
        return HR_OK;
    }
    return hr_fail_spark(err, "COLLATION_INVALID_NAME", "collationName", collation, "proposals",
                         "UNICODE, UTF8_LCASE, UTF8_BINARY", NULL);
}

/* ---- DDL ---- */

struct ddl {
    struct hr_arena *arena;
    struct hr_err *err;    /* never NULL here */
    const char *text, *at; /* at: the token being looked at … */
    const char *end;       /* … and its end */
    const char *before;    /* the end of the token before it */
    int depth;
    /* the first failure of meaning: told when the syntax is right, as Spark does */
    struct hr_err late;
};

static bool is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

static const char *skip_space(const char *p)
{
    for (;;) {
        if (isspace((unsigned char)*p)) {
            p++;
        } else if (p[0] == '-' && p[1] == '-') {
            p += strcspn(p, "\n");
        } else if (p[0] == '/' && p[1] == '*' && strstr(p + 2, "*/")) {
            p = strstr(p + 2, "*/") + 2;
        } else {
            return p;
        }
    }
}

static const char *quoted_end(const char *p)
{
    char quote = *p++;
    while (*p) {
        if (*p == '\\' && quote != '`' && p[1])
            p += 2;
        else if (*p == quote && p[1] == quote)
            p += 2;
        else if (*p++ == quote)
            return p;
    }
    return NULL; /* not closed */
}

static void next(struct ddl *ddl)
{
    const char *p = skip_space(ddl->end);
    ddl->before = ddl->end;
    ddl->at = p;
    if (*p == '`' || *p == '\'' || *p == '"')
        p = quoted_end(p) ? quoted_end(p) : p + 1;
    else if (is_word((unsigned char)*p))
        while (is_word((unsigned char)*p))
            p++;
    else if (*p)
        p++;
    ddl->end = p;
}

static bool at_char(const struct ddl *ddl, char c)
{
    return *ddl->at == c && c && ddl->end == ddl->at + 1;
}

static bool at_word(const struct ddl *ddl, const char *word)
{
    size_t len = (size_t)(ddl->end - ddl->at);
    return strlen(word) == len && !strncasecmp(ddl->at, word, len);
}

static bool take_char(struct ddl *ddl, char c)
{
    bool found = at_char(ddl, c);
    if (found)
        next(ddl);
    return found;
}

static bool take_word(struct ddl *ddl, const char *word)
{
    bool found = at_word(ddl, word);
    if (found)
        next(ddl);
    return found;
}

static enum hr_code syntax(struct ddl *ddl)
{
    char near[256];
    if (*ddl->at)
        snprintf(near, sizeof near, "'%.*s'",
                 (int)(ddl->end - ddl->at < 200 ? ddl->end - ddl->at : 200), ddl->at);
    else
        snprintf(near, sizeof near, "end of input");
    hr_fail_spark(ddl->err, "PARSE_SYNTAX_ERROR", "error", near, "hint", "", NULL);
    return hr_origin_syntax(ddl->err, ddl->text, (int)(ddl->at - ddl->text));
}

static enum hr_code take_name(struct ddl *ddl, const char **name)
{
    if (*ddl->at == '`' && ddl->end > ddl->at + 2) {
        char *copy = hr_strndup(ddl->arena, ddl->at + 1, (size_t)(ddl->end - ddl->at - 2)),
             *to = copy;
        for (const char *from = copy; *from; from += *from == '`' ? 2 : 1) /* `` is one ` */
            *to++ = *from;
        *to = 0;
        *name = copy;
    } else if (is_word((unsigned char)*ddl->at)) {
        *name = hr_strndup(ddl->arena, ddl->at, (size_t)(ddl->end - ddl->at));
    } else {
        return syntax(ddl);
    }
    next(ddl);
    return HR_OK;
}

static enum hr_code take_number(struct ddl *ddl, int64_t *number)
{
    char *end;
    *number = strtoll(ddl->at, &end, 10);
    if (!isdigit((unsigned char)*ddl->at) || end != ddl->end || *number > 1000000000)
        return syntax(ddl);
    next(ddl);
    return HR_OK;
}

static bool is_parse_failure(const struct hr_err *err)
{
    const struct hr_condition *condition = hr_condition_find(err->condition);
    return condition &&
           strstr(condition->java_class, "ParseException") &&
           strcmp(err->condition, "FAILED_TO_PARSE_TOO_COMPLEX");
}

static enum hr_code parse_type(struct ddl *ddl, const struct hr_type **type);

static enum hr_code expect(struct ddl *ddl, char c)
{
    return take_char(ddl, c) ? HR_OK : syntax(ddl);
}

static enum hr_code parse_comment(struct ddl *ddl, const char **metadata)
{
    if (!take_word(ddl, "comment"))
        return HR_OK;
    if ((*ddl->at != '\'' && *ddl->at != '"') || ddl->end < ddl->at + 2)
        return syntax(ddl);
    char quote = *ddl->at,
         *copy = hr_strndup(ddl->arena, ddl->at + 1, (size_t)(ddl->end - ddl->at - 2)), *to = copy;
    for (const char *from = copy; *from; *to++ = *from++)
        if ((*from == '\\' || *from == quote) && from[1])
            from++;
    *to = 0;
    json_t *json = json_pack("{s:s}", "comment", copy);
    char *dumped = json ? json_dumps(json, JSON_COMPACT) : NULL;
    *metadata = hr_strdup(ddl->arena, dumped);
    free(dumped);
    json_decref(json);
    next(ddl);
    return HR_OK;
}

static enum hr_code parse_field(struct ddl *ddl, bool colon, struct hr_field *field)
{
    *field = (struct hr_field){.nullable = true};
    const char *start = ddl->at;
    HR_TRY(take_name(ddl, &field->name));
    if (at_char(ddl, '-') && *start != '`') {
        char name[256];
        const char *end = ddl->at;
        while (*end == '-' || is_word((unsigned char)*end))
            end++;
        snprintf(name, sizeof name, "%.*s", (int)(end - start), start);
        hr_fail_spark(ddl->err, "INVALID_IDENTIFIER", "ident", name, NULL);
        return hr_origin_syntax(ddl->err, ddl->text, (int)(ddl->at - ddl->text));
    }
    if (colon)
        take_char(ddl, ':');
    HR_TRY(parse_type(ddl, &field->type));
    if (take_word(ddl, "not")) {
        if (!take_word(ddl, "null"))
            return syntax(ddl);
        field->nullable = false;
    }
    return parse_comment(ddl, &field->metadata);
}

/* fields up to what cannot be one more; an empty list is allowed */
static enum hr_code parse_fields(struct ddl *ddl,
                                 bool colon,
                                 char close,
                                 const struct hr_type **type)
{
    struct hr_field *fields = NULL;
    size_t count = 0, room = 0;
    while (!(count == 0 && (close ? at_char(ddl, close) : !*ddl->at))) {
        if (count == room) {
            struct hr_field *more = HR_NEW_ARRAY(ddl->arena, struct hr_field, room ? room * 2 : 8);
            if (count)
                memcpy(more, fields, count * sizeof *fields);
            fields = more;
            room = room ? room * 2 : 8;
        }
        HR_TRY(parse_field(ddl, colon, &fields[count++]));
        if (!take_char(ddl, ','))
            break;
    }
    *type = hr_type_struct(ddl->arena, fields, count);
    return HR_OK;
}

static enum hr_code parse_nested(struct ddl *ddl, const char *name, const struct hr_type **type)
{
    const struct hr_type *first, *second;
    if (!strcasecmp(name, "struct")) {
        HR_TRY(parse_fields(ddl, true, '>', type));
        return expect(ddl, '>');
    }
    HR_TRY(parse_type(ddl, &first));
    if (!strcasecmp(name, "array")) {
        *type = hr_type_array(ddl->arena, first, true);
    } else {
        HR_TRY(expect(ddl, ','));
        HR_TRY(parse_type(ddl, &second));
        *type = hr_type_map(ddl->arena, first, second, true);
    }
    return expect(ddl, '>');
}

static enum hr_code parse_interval(struct ddl *ddl, const struct hr_type **type)
{
    static const char *const units[] = {"year", "month", "day", "hour", "minute", "second"};
    const char *first = NULL, *last;
    for (size_t i = 0; i < HR_LEN(units) && !first; i++)
        first = take_word(ddl, units[i]) ? units[i] : NULL;
    if (!first) {
        *type = hr_type_basic(HR_TYPE_CALENDAR_INTERVAL);
        return HR_OK;
    }
    *type = hr_type_interval(ddl->arena, first, NULL);
    struct ddl before = *ddl;
    if (!take_word(ddl, "to"))
        return HR_OK;
    HR_TRY(take_name(ddl, &last));
    *type = hr_type_interval(ddl->arena, first, last);
    if (*type)
        return HR_OK;
    *ddl = before;
    return syntax(ddl);
}

static void postpone(struct ddl *ddl,
                     const char *start,
                     struct hr_err *err,
                     const struct hr_type **type)
{
    if (is_parse_failure(err))
        hr_origin_syntax(err, ddl->text, (int)(start - ddl->text));
    if (!ddl->late.code)
        ddl->late = *err;
    *type = hr_type_basic(HR_TYPE_VOID);
}

static enum hr_code parse_named(struct ddl *ddl,
                                const char *name,
                                const char *start,
                                const struct hr_type **type)
{
    int64_t numbers[8];
    size_t count = 0;
    if (take_char(ddl, '(')) {
        do {
            if (count == HR_LEN(numbers))
                return syntax(ddl);
            HR_TRY(take_number(ddl, &numbers[count++]));
        } while (take_char(ddl, ','));
        HR_TRY(expect(ddl, ')'));
    }
    struct hr_err err;
    if (type_from_name(ddl->arena, name, numbers, count, type, &err))
        postpone(ddl, start, &err, type);
    if ((*type)->id == HR_TYPE_STRING && take_word(ddl, "collate")) {
        const char *collation;
        HR_TRY(take_name(ddl, &collation));
        if (type_collated(ddl->arena, collation, type, &err))
            postpone(ddl, start, &err, type);
    }
    if ((*type)->id == HR_TYPE_TIMESTAMP && take_word(ddl, "without")) {
        if (!take_word(ddl, "time") || !take_word(ddl, "zone"))
            return syntax(ddl);
        *type = hr_type_basic(HR_TYPE_TIMESTAMP_NTZ);
    }
    return HR_OK;
}

static enum hr_code parse_type(struct ddl *ddl, const struct hr_type **type)
{
    const char *name, *start = ddl->at;
    if (*start == '`')
        return syntax(ddl);
    HR_TRY(take_name(ddl, &name));
    if (!strcasecmp(name, "interval"))
        return parse_interval(ddl, type);
    bool nested =
        !strcasecmp(name, "array") || !strcasecmp(name, "map") || !strcasecmp(name, "struct");
    if (nested && take_char(ddl, '<')) {
        if (++ddl->depth > HR_TYPE_DEPTH_MAX)
            return hr_fail_spark(ddl->err, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
        enum hr_code code = parse_nested(ddl, name, type);
        ddl->depth--;
        return code;
    }
    return parse_named(ddl, name, start, type);
}

enum hr_code hr_type_from_sql(struct hr_arena *arena,
                              const char *text,
                              size_t *at,
                              const struct hr_type **type,
                              struct hr_err *late,
                              struct hr_err *err)
{
    struct hr_err own;
    struct ddl ddl = {.arena = arena, .err = err ? err : &own, .text = text, .end = text + *at};
    next(&ddl);
    enum hr_code code = parse_type(&ddl, type);
    *at = (size_t)(ddl.before - text);
    *late = ddl.late;
    return code;
}

static enum hr_code parse_all(struct hr_arena *arena,
                              const char *text,
                              bool fields,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    struct ddl ddl = {.arena = arena, .err = err, .text = text, .end = text};
    next(&ddl);
    if (fields)
        HR_TRY(parse_fields(&ddl, false, 0, type));
    else
        HR_TRY(parse_type(&ddl, type));
    if (*ddl.at)
        return syntax(&ddl);
    if (ddl.late.code)
        *err = ddl.late;
    return ddl.late.code;
}

/* Spark's order: a table's fields, one type, and the inside of struct<…> (which allows colons); the
 * first one's error is told */
enum hr_code hr_type_from_ddl(struct hr_arena *arena,
                              const char *text,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    struct hr_err first, other;
    if (!parse_all(arena, text, true, type, &first))
        return HR_OK;
    if (is_parse_failure(&first)) {
        if (!parse_all(arena, text, false, type, &other))
            return HR_OK;
        char *inner = hr_printf(arena, "struct<%s>", text);
        if (is_parse_failure(&other) && !parse_all(arena, inner, false, type, &other))
            return HR_OK;
        if (!is_parse_failure(&other))
            first = other;
    }
    if (err)
        *err = first;
    return first.code;
}

/* ---- JSON ---- */

static const struct {
    const char *name;
    enum hr_type_id id;
} json_names[] = {
    {"void", HR_TYPE_VOID},
    {"null", HR_TYPE_VOID},
    {"boolean", HR_TYPE_BOOLEAN},
    {"byte", HR_TYPE_BYTE},
    {"short", HR_TYPE_SHORT},
    {"integer", HR_TYPE_INT},
    {"long", HR_TYPE_LONG},
    {"float", HR_TYPE_FLOAT},
    {"double", HR_TYPE_DOUBLE},
    {"decimal", HR_TYPE_DECIMAL},
    {"string", HR_TYPE_STRING},
    {"binary", HR_TYPE_BINARY},
    {"date", HR_TYPE_DATE},
    {"timestamp", HR_TYPE_TIMESTAMP},
    {"timestamp_ltz", HR_TYPE_TIMESTAMP},
    {"timestamp_ntz", HR_TYPE_TIMESTAMP_NTZ},
    {"interval", HR_TYPE_CALENDAR_INTERVAL},
    {"variant", HR_TYPE_VARIANT},
};

static enum hr_code invalid_json(const char *text, struct hr_err *err)
{
    return hr_fail_spark(err, "INVALID_JSON_DATA_TYPE", "invalidType", text, NULL);
}

static enum hr_code json_invalid(json_t *json, struct hr_err *err)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    enum hr_code code = invalid_json(json_is_string(json) ? json_string_value(json)
                                     : text               ? text
                                                          : "null",
                                     err);
    free(text);
    return code;
}

static enum hr_code from_json_name(struct hr_arena *arena,
                                   json_t *json,
                                   const struct hr_type **type,
                                   struct hr_err *err)
{
    const char *text = json_string_value(json);
    for (size_t i = 0; i < HR_LEN(json_names); i++)
        if (!strcmp(json_names[i].name, text)) {
            *type = hr_type_basic(json_names[i].id);
            return HR_OK;
        }
    char name[32], first[32], last[32];
    int64_t numbers[2] = {0, 0};
    long long one = 0, two = 0;
    int end = 0;
    if (sscanf(text, "interval %31[a-z] to %31[a-z]%n", first, last, &end) == 2 && !text[end])
        *type = hr_type_interval(arena, first, last);
    else if (sscanf(text, "interval %31[a-z]%n", first, &end) == 1 && !text[end])
        *type = hr_type_interval(arena, first, NULL);
    else if (!strncmp(text, "string collate ", 15))
        return type_collated(arena, text + 15, type, err);
    else {
        int found = sscanf(text, "%31[a-z] ( %9lld , %9lld )%n", name, &one, &two, &end);
        if (found != 3 || !end)
            found = sscanf(text, "%31[a-z] ( %9lld )%n", name, &one, &end);
        numbers[0] = one;
        numbers[1] = two;
        if (found < 2 ||
            !end ||
            text[end] ||
            type_from_name(arena, name, numbers, (size_t)found - 1, type, err))
            return invalid_json(text, err);
        return HR_OK;
    }
    return *type ? HR_OK : invalid_json(text, err);
}

static enum hr_code from_json(struct hr_arena *arena,
                              json_t *json,
                              int depth,
                              const struct hr_type **type,
                              struct hr_err *err);

static enum hr_code from_json_fields(struct hr_arena *arena,
                                     json_t *json,
                                     int depth,
                                     const struct hr_type **type,
                                     struct hr_err *err)
{
    json_t *list = json_object_get(json, "fields");
    if (!json_is_array(list))
        return json_invalid(json, err);
    size_t count = json_array_size(list);
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, count + 1);
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_array_get(list, i), *metadata = json_object_get(item, "metadata");
        json_t *nullable = json_object_get(item, "nullable"), *name = json_object_get(item, "name");
        if (!json_is_string(name) || (nullable && !json_is_boolean(nullable)))
            return json_invalid(item ? item : json, err);
        fields[i].name = hr_strdup(arena, json_string_value(name));
        fields[i].nullable = !json_is_false(nullable);
        HR_TRY(from_json(arena, json_object_get(item, "type"), depth, &fields[i].type, err));
        json_t *collations = json_object_get(metadata, "__COLLATIONS");
        const char *collation = json_string_value(json_object_get(collations, fields[i].name));
        if (collation && fields[i].type->id == HR_TYPE_STRING && strchr(collation, '.'))
            HR_TRY(type_collated(arena, strchr(collation, '.') + 1, &fields[i].type, err));
        if (json_object_size(metadata) > (collations ? 1u : 0u)) {
            json_object_del(metadata, "__COLLATIONS");
            char *text = json_dumps(metadata, JSON_COMPACT);
            fields[i].metadata = hr_strdup(arena, text);
            free(text);
        }
    }
    *type = hr_type_struct(arena, fields, count);
    return HR_OK;
}

static enum hr_code from_json_udt(struct hr_arena *arena,
                                  json_t *json,
                                  int depth,
                                  const struct hr_type **type,
                                  struct hr_err *err)
{
    struct hr_type *udt = HR_NEW(arena, struct hr_type);
    udt->id = HR_TYPE_UDT;
    udt->udt_class = hr_strdup(arena, json_string_value(json_object_get(json, "class")));
    udt->udt_python_class = hr_strdup(arena, json_string_value(json_object_get(json, "pyClass")));
    udt->udt_serialized =
        hr_strdup(arena, json_string_value(json_object_get(json, "serializedClass")));
    HR_TRY(from_json(arena, json_object_get(json, "sqlType"), depth, &udt->element, err));
    *type = udt;
    return HR_OK;
}

static enum hr_code from_json(struct hr_arena *arena,
                              json_t *json,
                              int depth,
                              const struct hr_type **type,
                              struct hr_err *err)
{
    if (depth > HR_TYPE_DEPTH_MAX)
        return hr_fail_spark(err, "FAILED_TO_PARSE_TOO_COMPLEX", NULL);
    if (json_is_string(json))
        return from_json_name(arena, json, type, err);
    const char *kind = json_string_value(json_object_get(json, "type"));
    const struct hr_type *first, *second;
    if (!kind)
        return json_invalid(json, err);
    if (!strcmp(kind, "struct"))
        return from_json_fields(arena, json, depth + 1, type, err);
    if (!strcmp(kind, "udt"))
        return from_json_udt(arena, json, depth + 1, type, err);
    if (!strcmp(kind, "array")) {
        HR_TRY(from_json(arena, json_object_get(json, "elementType"), depth + 1, &first, err));
        *type = hr_type_array(arena, first, !json_is_false(json_object_get(json, "containsNull")));
        return HR_OK;
    }
    if (strcmp(kind, "map"))
        return json_invalid(json, err);
    HR_TRY(from_json(arena, json_object_get(json, "keyType"), depth + 1, &first, err));
    HR_TRY(from_json(arena, json_object_get(json, "valueType"), depth + 1, &second, err));
    *type = hr_type_map(arena, first, second,
                        !json_is_false(json_object_get(json, "valueContainsNull")));
    return HR_OK;
}

enum hr_code hr_type_from_json(struct hr_arena *arena,
                               const char *text,
                               const struct hr_type **type,
                               struct hr_err *err)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json)
        return invalid_json(text, err);
    enum hr_code code = from_json(arena, json, 0, type, err);
    json_decref(json);
    return code;
}
