#include "host/connect/status.h"
#include "base/utf8.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/base64.h"
#include "wire/grpc.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX                                                                 \
    1800 /* of the trailer: clients refuse metadata above 8 KB; the whole stands in \
            FetchErrorDetails */

/* what stands behind a class in Java: the client takes the first that it knows */
static const struct {
    const char *name, *parents;
} classes[] = {
    {"org.apache.spark.sql.catalyst.parser.ParseException",
     "\"org.apache.spark.sql.AnalysisException\",\"java.lang.Exception\""},
    {"org.apache.spark.SparkArithmeticException",
     "\"java.lang.ArithmeticException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkNumberFormatException",
     "\"java.lang.NumberFormatException\",\"java.lang.IllegalArgumentException\""},
    {"org.apache.spark.SparkDateTimeException",
     "\"java.time.DateTimeException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkIllegalArgumentException",
     "\"java.lang.IllegalArgumentException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkArrayIndexOutOfBoundsException",
     "\"java.lang.ArrayIndexOutOfBoundsException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkUnsupportedOperationException",
     "\"java.lang.UnsupportedOperationException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkNoSuchElementException",
     "\"java.util.NoSuchElementException\",\"java.lang.RuntimeException\""},
    {"org.apache.spark.SparkSQLException", "\"java.sql.SQLException\",\"java.lang.Exception\""},
};

#define INVALID_PLAN "org.apache.spark.sql.connect.common.InvalidPlanInput"

static const char *condition_of(const struct hr_err *err)
{
    return err->code == HR_E_SPARK ? err->condition : hr_code_info(err->code)->spark;
}

static const char *class_of(const struct hr_err *err)
{
    if (err->code == HR_E_INVALID)
        return INVALID_PLAN;
    const struct hr_condition *condition = hr_condition_find(condition_of(err));
    return condition ? condition->java_class : "org.apache.spark.SparkException";
}

static const char *parents_of(const char *name)
{
    for (size_t i = 0; i < HR_LEN(classes); i++)
        if (!strcmp(classes[i].name, name))
            return classes[i].parents;
    return "\"java.lang.Exception\"";
}

static const char *sqlstate_of(const struct hr_err *err)
{
    if (err->code == HR_E_SPARK)
        return err->sqlstate;
    const struct hr_condition *condition = hr_condition_find(condition_of(err));
    return condition ? condition->sqlstate : "";
}

static char *text_of(struct hr_arena *arena, const struct hr_err *err)
{
    char text[sizeof err->msg + sizeof err->tail + 600];
    hr_err_spark_text(err, text, sizeof text);
    const char *condition = condition_of(err);
    if (err->code == HR_E_SPARK || err->code == HR_E_INVALID || !*condition)
        return hr_strdup(arena, text);
    return hr_printf(arena, "[%s] %s%s%s", condition, text, *sqlstate_of(err) ? " SQLSTATE: " : "",
                     sqlstate_of(err));
}

/* gRPC statuses that clients act on by themselves are kept; all else is INTERNAL, as from Spark */
static int grpc_of(const struct hr_err *err)
{
    switch (err->code) {
    case HR_E_UNAUTHENTICATED:
    case HR_E_DENIED:
    case HR_E_UNAVAILABLE:
    case HR_E_UNSUPPORTED:
        return hr_code_info(err->code)->grpc;
    default:
        return 13;
    }
}

static void add(struct hr_arena *arena,
                Google__Rpc__ErrorInfo *info,
                const char *key,
                const char *value)
{
    if (!value || !*value)
        return;
    Google__Rpc__ErrorInfo__MetadataEntry *entry =
        HR_NEW(arena, Google__Rpc__ErrorInfo__MetadataEntry);
    google__rpc__error_info__metadata_entry__init(entry);
    entry->key = (char *)key;
    entry->value = (char *)value;
    info->metadata[info->n_metadata++] = entry;
}

static char *pack(struct hr_arena *arena, const ProtobufCMessage *message, size_t *len)
{
    *len = protobuf_c_message_get_packed_size(message);
    char *bytes = hr_arena_alloc(arena, *len + 1);
    protobuf_c_message_pack(message, (uint8_t *)bytes);
    return bytes;
}

/* cut at a character's start */
static char *cut(struct hr_arena *arena, char *text)
{
    size_t len = 0, sent = 0; /* what is not printable ASCII is sent as three bytes */
    for (; text[len] && sent < MESSAGE_MAX; len++)
        sent += text[len] < ' ' || text[len] > '~' || text[len] == '%' ? 3 : 1;
    if (!text[len])
        return text;
    while (len && !hr_utf8_starts(text[len]))
        len--;
    return hr_printf(arena, "%.*s...", (int)len, text);
}

static const char *details(struct hr_arena *arena,
                           const struct hr_err *err,
                           char *message,
                           const char *error_id)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry *entries[5];
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT, *anys[] = {&any};
    const char *class = class_of(err);
    size_t len;
    info.metadata = entries;
    info.reason = (char *)class;
    info.domain = "org.apache.spark";
    add(arena, &info, "classes", hr_printf(arena, "[\"%s\",%s]", class, parents_of(class)));
    add(arena, &info, "errorClass",
        err->code == HR_E_INVALID || hr_err_is_java(err) ? NULL : condition_of(err));
    add(arena, &info, "sqlState", sqlstate_of(err));
    add(arena, &info, "messageParameters",
        err->params[0] && strlen(err->params) < 1500 ? err->params : "{}");
    add(arena, &info, "errorId", error_id);
    any.type_url = "type.googleapis.com/google.rpc.ErrorInfo";
    any.value.data = (uint8_t *)pack(arena, &info.base, &len);
    any.value.len = len;
    status.code = grpc_of(err);
    status.message = message;
    status.n_details = 1;
    status.details = anys;
    char *bytes = pack(arena, &status.base, &len);
    return hr_base64_text(arena, bytes, len);
}

struct hr_headers hr_status_trailers(struct hr_arena *arena,
                                     const struct hr_err *err,
                                     const char *error_id)
{
    struct hr_header *at = HR_NEW_ARRAY(arena, struct hr_header, 3);
    char *message = cut(arena, text_of(arena, err));
    struct hr_buf encoded;
    hr_buf_init(&encoded, HR_BUF_GROWS);
    hr_grpc_percent_encode(&encoded, message);
    at[0] = (struct hr_header){"grpc-status", hr_printf(arena, "%d", grpc_of(err))};
    at[1] = (struct hr_header){"grpc-message", hr_strdup(arena, hr_buf_text(&encoded))};
    at[2] = (struct hr_header){"grpc-status-details-bin", details(arena, err, message, error_id)};
    hr_buf_release(&encoded);
    return (struct hr_headers){at, err->code == HR_E_UNAUTHENTICATED ? 2 : 3};
}

struct hr_headers hr_status_ok(void)
{
    static struct hr_header ok[] = {{"grpc-status", "0"}};
    return (struct hr_headers){ok, 1};
}

/* ---- FetchErrorDetails ---- */

bool hr_status_has_more(const struct hr_err *err)
{
    return err->context[0] ||
           strlen(err->msg) + strlen(err->tail) > MESSAGE_MAX / 3 ||
           strlen(err->params) >= 1500;
}

static char *text_at(struct hr_arena *arena, json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return hr_strdup(arena, text ? text : "");
}

static void add_context(struct hr_arena *arena,
                        const struct hr_err *err,
                        PB(FetchErrorDetailsResponse__SparkThrowable) * throwable)
{
    json_t *json = err->context[0] ? json_loads(err->context, 0, NULL) : NULL;
    if (!json)
        return;
    PB(FetchErrorDetailsResponse__QueryContext) *context =
        PB_NEW(arena, FetchErrorDetailsResponse__QueryContext,
               FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT);
    context->call_site = text_at(arena, json, "callSite");
    context->context_type =
        *context->call_site
            ? SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT__CONTEXT_TYPE__DATAFRAME
            : SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT__CONTEXT_TYPE__SQL;
    context->object_type = text_at(arena, json, "objectType");
    context->object_name = text_at(arena, json, "objectName");
    context->start_index = (int32_t)json_integer_value(json_object_get(json, "startIndex"));
    context->stop_index = (int32_t)json_integer_value(json_object_get(json, "stopIndex"));
    context->fragment = text_at(arena, json, "fragment");
    context->summary = hr_strdup(arena, err->tail[0] == '\n' ? err->tail + 1 : err->tail);
    json_decref(json);
    throwable->query_contexts =
        HR_NEW_ARRAY(arena, PB(FetchErrorDetailsResponse__QueryContext) *, 1);
    throwable->query_contexts[0] = context;
    throwable->n_query_contexts = 1;
}

static void add_parameters(struct hr_arena *arena,
                           const struct hr_err *err,
                           PB(FetchErrorDetailsResponse__SparkThrowable) * throwable)
{
    json_t *json = json_loads(err->params[0] ? err->params : "{}", 0, NULL), *value;
    const char *key;
    throwable->message_parameters =
        HR_NEW_ARRAY(arena, PB(FetchErrorDetailsResponse__SparkThrowable__MessageParametersEntry) *,
                     json_object_size(json));
    json_object_foreach(json, key, value)
    {
        PB(FetchErrorDetailsResponse__SparkThrowable__MessageParametersEntry) *entry =
            PB_NEW(arena, FetchErrorDetailsResponse__SparkThrowable__MessageParametersEntry,
                   FETCH_ERROR_DETAILS_RESPONSE__SPARK_THROWABLE__MESSAGE_PARAMETERS_ENTRY);
        entry->key = hr_strdup(arena, key);
        entry->value = hr_strdup(arena, json_string_value(value) ? json_string_value(value) : "");
        throwable->message_parameters[throwable->n_message_parameters++] = entry;
    }
    json_decref(json);
}

PB(FetchErrorDetailsResponse) * hr_status_details(struct hr_arena *arena, const struct hr_err *err)
{
    PB(FetchErrorDetailsResponse) *out =
        PB_NEW(arena, FetchErrorDetailsResponse, FETCH_ERROR_DETAILS_RESPONSE);
    PB(FetchErrorDetailsResponse__Error) *error =
        PB_NEW(arena, FetchErrorDetailsResponse__Error, FETCH_ERROR_DETAILS_RESPONSE__ERROR);
    PB(FetchErrorDetailsResponse__SparkThrowable) *throwable =
        PB_NEW(arena, FetchErrorDetailsResponse__SparkThrowable,
               FETCH_ERROR_DETAILS_RESPONSE__SPARK_THROWABLE);
    error->message = text_of(arena, err);
    error->error_type_hierarchy = HR_NEW_ARRAY(arena, char *, 1);
    error->error_type_hierarchy[0] = (char *)class_of(err);
    error->n_error_type_hierarchy = 1;
    throwable->_error_class_case = 1;
    throwable->error_class = hr_err_is_java(err) ? "" : (char *)condition_of(err);
    throwable->_sql_state_case = 4;
    throwable->sql_state = (char *)sqlstate_of(err);
    add_parameters(arena, err, throwable);
    add_context(arena, err, throwable);
    error->_spark_throwable_case = 5;
    error->spark_throwable = throwable;
    out->errors = HR_NEW_ARRAY(arena, PB(FetchErrorDetailsResponse__Error) *, 1);
    out->errors[0] = error;
    out->n_errors = 1;
    out->_root_error_idx_case = 1;
    out->root_error_idx = 0;
    return out;
}
