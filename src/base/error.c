#include "base/error.h"
#include "base/check.h"
#include "base/conditions.h"
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

enum hr_code hr_fail(struct hr_err *err, enum hr_code code, const char *format, ...)
{
    HR_CHECK(code != HR_OK);
    if (!err)
        return code;
    *err = (struct hr_err){.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return code;
}

static enum hr_code set_hint(struct hr_err *err, enum hr_hint_kind kind, const char *format, va_list args)
{
    if (!err)
        return HR_E_INTERNAL;
    err->hint_kind = kind;
    vsnprintf(err->hint, sizeof err->hint, format, args);
    return err->code;
}

#define HINT(name, kind) \
    enum hr_code name(struct hr_err *err, const char *format, ...) \
    { \
        va_list args; \
        va_start(args, format); \
        enum hr_code code = set_hint(err, kind, format, args); \
        va_end(args); \
        return code; \
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
    int len = snprintf(out, size, "%s%s%s", err->msg, err->hint[0] ? joints[err->hint_kind] : "", err->hint);
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
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (!hr_errno_is_full(number))
        return hr_fail(err, HR_E_IO, "%s: %s", what, strerror(number));
    hr_fail(err, HR_E_FULL, "%s: the disk is full (%s)", what, strerror(number));
    hr_fail_hint(err, "free space there, and do it again");
    return HR_E_FULL;
}

static void expand(const char *template, json_t *params, char *out, size_t size)
{
    size_t at = 0;
    while (*template && at + 1 < size) {
        const char *end = *template == '<' ? strchr(template, '>') : NULL;
        const char *value = NULL;
        if (end) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)(end - template - 1), template + 1);
            value = json_string_value(json_object_get(params, name));
        }
        if (!value) {
            out[at++] = *template++;
            continue;
        }
        int len = snprintf(out + at, size - at, "%s", value);
        at += (size_t)len < size - at ? (size_t)len : size - at - 1;
        template = end + 1;
    }
    out[at] = 0;
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
    json_t *params = json_object();
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        json_t *text = json_string(value ? value : "");
        json_object_set_new(params, name, text ? text : json_string_nocheck("(not UTF-8)"));
    }
    expand(known->text, params, err->msg, sizeof err->msg);
    char *json = json_dumps(params, JSON_COMPACT);
    if (json && strlen(json) < sizeof err->params)
        strcpy(err->params, json);
    free(json);
    json_decref(params);
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
    vsnprintf(feature, sizeof feature, format, args);
    va_end(args);
    return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", feature, NULL);
}

size_t hr_err_spark_text(const struct hr_err *err, char *out, size_t size)
{
    if (err->code != HR_E_SPARK)
        return hr_err_text(err, out, size);
    bool plain = !err->condition[0];                         /* Java's own exceptions have no condition */
    int len = plain ? snprintf(out, size, "%s%s", err->msg, err->tail)
                    : snprintf(out, size, "[%s] %s%s%s%s", err->condition, err->msg, err->sqlstate[0] ? " SQLSTATE: " : "", err->sqlstate, err->tail);
    return len < 0 ? 0 : (size_t)len;
}

#define ENCODED_MARK "\x01headrace-error:"

size_t hr_err_encode(const struct hr_err *err, char *out, size_t size)
{
    json_t *json = json_pack("{s:i,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s}", "code", (int)err->code, "msg", err->msg, "hint", err->hint,
                             "hint_kind", (int)err->hint_kind, "condition", err->condition, "sqlstate", err->sqlstate, "params", err->params, "context",
                             err->context, "tail", err->tail);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    int len = snprintf(out, size, "%s%s\x02", ENCODED_MARK, text ? text : "{}");
    free(text);
    json_decref(json);
    return len < 0 ? 0 : (size_t)len;
}

static void copy_field(json_t *json, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(json, name));
    snprintf(out, size, "%s", text ? text : "");
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
    err->hint_kind = kind >= HR_HINT_ADVICE && kind <= HR_HINT_GRANT ? (enum hr_hint_kind)kind : HR_HINT_ADVICE;
    copy_field(json, "condition", err->condition, sizeof err->condition);
    copy_field(json, "sqlstate", err->sqlstate, sizeof err->sqlstate);
    copy_field(json, "params", err->params, sizeof err->params);
    copy_field(json, "context", err->context, sizeof err->context);
    copy_field(json, "tail", err->tail, sizeof err->tail);
    json_decref(json);
    return true;
}
