#include "base/error.h"
#include "base/check.h"
#include "base/conditions.h"
#include "base/utf8.h"
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hr_code_info codes[] = {
#define X(code, http, grpc, azure, spark) {#code, http, grpc, azure, spark},
    HR_CODES(X)
#undef X
};

static const struct hr_condition conditions[] = {
#define X(name, sqlstate, java_class, text) {name, sqlstate, java_class, text},
    HR_CONDITIONS(X)
#undef X
};

const struct hr_code_info *hr_code_info(enum hr_code code)
{
    HR_CHECK((size_t)code < sizeof codes / sizeof codes[0]);
    return &codes[code];
}

const struct hr_condition *hr_condition_find(const char *name)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        if (!strcmp(conditions[i].name, name))
            return &conditions[i];
    return NULL;
}

/* A text that did not fit ends with "…", at a whole character; bytes that are no UTF-8 become '?':
 * errors travel in JSON and protobuf. */
static void settle(char *text, size_t size, bool cut)
{
    size_t len = strlen(text), mark = strlen("…");
    if (cut && size > mark) {
        len = len < size - 1 - mark ? len : size - 1 - mark;
        while (len && !hr_utf8_starts(text[len]))
            len--;
        strcpy(text + len, "…");
        len += mark;
    }
    for (size_t at = 0; at < len && !hr_utf8_valid(text + at, len - at);) {
        size_t bytes = 1;
        while (bytes < 4 && at + bytes < len && !hr_utf8_valid(text + at, bytes))
            bytes++;
        if (hr_utf8_valid(text + at, bytes))
            at += bytes;
        else
            text[at++] = '?';
    }
}

static void put_text(char *out, size_t size, const char *format, va_list args)
{
    int len = vsnprintf(out, size, format, args);
    settle(out, size, len < 0 || (size_t)len >= size);
}

enum hr_code hr_fail(struct hr_err *err, enum hr_code code, const char *format, ...)
{
    HR_CHECK(code != HR_OK);
    if (!err)
        return code;
    *err = (struct hr_err){.code = code};
    va_list args;
    va_start(args, format);
    put_text(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return code;
}

static enum hr_code set_hint(struct hr_err *err,
                             enum hr_hint_kind kind,
                             const char *format,
                             va_list args)
{
    if (!err)
        return HR_E_INTERNAL;
    err->hint_kind = kind;
    put_text(err->hint, sizeof err->hint, format, args);
    return err->code;
}

#define HINT(name, kind)                                           \
    enum hr_code name(struct hr_err *err, const char *format, ...) \
    {                                                              \
        va_list args;                                              \
        va_start(args, format);                                    \
        enum hr_code code = set_hint(err, kind, format, args);     \
        va_end(args);                                              \
        return code;                                               \
    }
HINT(hr_fail_hint, HR_HINT_ADVICE)
HINT(hr_fail_command, HR_HINT_COMMAND)
HINT(hr_fail_grant, HR_HINT_GRANT)
#undef HINT

enum hr_code hr_fail_hint_of(struct hr_err *err, const struct hr_err *cause)
{
    if (!err)
        return HR_E_INTERNAL;
    err->hint_kind = cause->hint_kind;
    strcpy(err->hint, cause->hint);
    return err->code;
}

const char *hr_hint_kind_name(enum hr_hint_kind kind)
{
    static const char *const names[] = {"advice", "command", "grant"};
    HR_CHECK((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

size_t hr_err_text(const struct hr_err *err, char *out, size_t size)
{
    static const char *const joints[] = {"; ", ". Try: ", ". To change that: "};
    int len = snprintf(out, size, "%s%s%s", err->msg, err->hint[0] ? joints[err->hint_kind] : "",
                       err->hint);
    return len < 0 ? 0 : (size_t)len;
}

bool hr_errno_is_full(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

enum hr_code hr_fail_write(struct hr_err *err, int number, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    put_text(what, sizeof what, format, args);
    va_end(args);
    if (!hr_errno_is_full(number))
        return hr_fail(err, HR_E_IO, "%s: %s", what, strerror(number));
    hr_fail(err, HR_E_FULL, "%s: the disk is full (%s)", what, strerror(number));
    hr_fail_hint(err, "free space there, and do it again");
    return HR_E_FULL;
}

#define SPARK_DOC_ROOT "https://spark.apache.org/docs/latest"

/* the template with each <name> replaced; false: the beginning only, for want of room */
static bool expand(const char *template, json_t *params, char *out, size_t size)
{
    size_t at = 0;
    while (*template) {
        const char *end = *template == '<' ? strchr(template, '>') : NULL;
        const char *value = NULL;
        if (end) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)(end - template - 1), template + 1);
            value = json_string_value(json_object_get(params, name));
        }
        size_t len = value ? strlen(value) : 1, room = size - 1 - at;
        memcpy(out + at, value ? value : template, len < room ? len : room);
        at += len < room ? len : room;
        out[at] = 0;
        if (len > room)
            return false;
        template = value ? end + 1 : template + 1;
    }
    return true;
}

/* a parameter of at most `most` bytes: a longer one ends with "…" */
static json_t *parameter(const char *value, size_t most)
{
    size_t len = strnlen(value, most + 1), mark = strlen("…");
    char *text = malloc(len + mark + 1);
    HR_CHECK(text);
    memcpy(text, value, len);
    text[len] = 0;
    settle(text, most + 1, len > most);
    json_t *json = json_string(text);
    HR_CHECK(json);
    free(text);
    return json;
}

/* The message and its parameters, into err. Names and values that make them too long are cut, each
 * and visibly: the sentence stays whole. */
static bool fill(struct hr_err *err, const struct hr_condition *known, va_list args, size_t most)
{
    json_t *params = json_object();
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        json_object_set_new(params, name, parameter(value ? value : "", most));
    }
    if (strstr(known->text, "<docroot>"))
        json_object_set_new(params, "docroot", json_string(SPARK_DOC_ROOT));
    bool whole = expand(known->text, params, err->msg, sizeof err->msg);
    settle(err->msg, sizeof err->msg, !whole);
    char *json = json_dumps(params, JSON_COMPACT);
    HR_CHECK(json);
    whole = whole && strlen(json) < sizeof err->params;
    if (whole)
        strcpy(err->params, json);
    free(json);
    json_decref(params);
    return whole;
}

enum hr_code hr_fail_spark_va(struct hr_err *err, const char *condition, va_list args)
{
    const struct hr_condition *known = hr_condition_find(condition);
    if (!known)
        fprintf(stderr, "headrace: no such Spark condition: %s\n", condition);
    HR_CHECK(known);
    if (!err)
        return HR_E_SPARK;
    *err = (struct hr_err){.code = HR_E_SPARK};
    snprintf(err->condition, sizeof err->condition, "%s", condition);
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s", known->sqlstate);
    bool whole = false;
    for (size_t most = sizeof err->params; most > 16 && !whole; most /= 2) {
        va_list again;
        va_copy(again, args);
        whole = fill(err, known, again, most);
        va_end(again);
    }
    return HR_E_SPARK;
}

enum hr_code hr_fail_spark(struct hr_err *err, const char *condition, ...)
{
    va_list args;
    va_start(args, condition);
    enum hr_code code = hr_fail_spark_va(err, condition, args);
    va_end(args);
    return code;
}

enum hr_code hr_refuse(struct hr_err *err, const char *format, ...)
{
    char feature[400];
    va_list args;
    va_start(args, format);
    put_text(feature, sizeof feature, format, args);
    va_end(args);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

bool hr_err_is_java(const struct hr_err *err)
{
    return err->code == HR_E_SPARK && (!err->condition[0] || !strncmp(err->condition, "java.", 5));
}

size_t hr_err_spark_text(const struct hr_err *err, char *out, size_t size)
{
    if (err->code != HR_E_SPARK)
        return hr_err_text(err, out, size);
    bool plain = hr_err_is_java(err);
    int len = plain ? snprintf(out, size, "%s%s", err->msg, err->tail)
                    : snprintf(out, size, "[%s] %s%s%s%s", err->condition, err->msg,
                               err->sqlstate[0] ? " SQLSTATE: " : "", err->sqlstate, err->tail);
    return len < 0 ? 0 : (size_t)len;
}

#define ENCODED_MARK "\x01headrace-error:"

char *hr_err_encoded(const struct hr_err *err)
{
    json_t *json = json_pack("{s:i,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s}", "code", (int)err->code, "msg",
                             err->msg, "hint", err->hint, "hint_kind", (int)err->hint_kind,
                             "condition", err->condition, "sqlstate", err->sqlstate, "params",
                             err->params, "context", err->context, "tail", err->tail);
    HR_CHECK(json); /* every member is UTF-8: hr_fail sees to it */
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII), *out = NULL;
    HR_CHECK(text && asprintf(&out, "%s%s\x02", ENCODED_MARK, text) > 0);
    free(text);
    json_decref(json);
    return out;
}

static void copy_field(json_t *json, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(json, name));
    int len = snprintf(out, size, "%s", text ? text : "");
    settle(out, size, (size_t)len >= size);
}

bool hr_err_decode(const char *text, struct hr_err *err)
{
    const char *at = strstr(text, ENCODED_MARK);
    if (!at)
        return false;
    at += strlen(ENCODED_MARK);
    json_t *json = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
    if (!json)
        return false;
    json_int_t code = json_integer_value(json_object_get(json, "code"));
    bool known = code > 0 && (size_t)code < sizeof codes / sizeof codes[0];
    *err = (struct hr_err){.code = known ? (enum hr_code)code : HR_E_INTERNAL};
    copy_field(json, "msg", err->msg, sizeof err->msg);
    copy_field(json, "hint", err->hint, sizeof err->hint);
    json_int_t kind = json_integer_value(json_object_get(json, "hint_kind"));
    err->hint_kind =
        kind >= HR_HINT_ADVICE && kind <= HR_HINT_GRANT ? (enum hr_hint_kind)kind : HR_HINT_ADVICE;
    copy_field(json, "condition", err->condition, sizeof err->condition);
    copy_field(json, "sqlstate", err->sqlstate, sizeof err->sqlstate);
    copy_field(json, "params", err->params, sizeof err->params);
    copy_field(json, "context", err->context, sizeof err->context);
    copy_field(json, "tail", err->tail, sizeof err->tail);
    json_decref(json);
    return true;
}
