/* Expected failures: a code and a caller-owned struct hr_err.
 *
 * Functions that can fail return enum hr_code (HR_OK is 0) and take `struct hr_err *err` last; err
 * may be NULL. A message says what, on which object, why: lower case, cause first, subject in
 * quotes, no full stop. The hint says the next step; its kind says what that is, so that a page or
 * a shell can offer it: a sentence is no command, a command is no grant. hr_code_info maps each
 * code to its HTTP status, gRPC status, Azure error code and Spark condition: front ends read that
 * table and nothing else. A failure in Spark's terms is made with hr_fail_spark: it carries Spark's
 * error condition, SQLSTATE and message parameters, from the table in conditions.h. */
#ifndef HR_BASE_ERROR_H
#define HR_BASE_ERROR_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*      code               HTTP gRPC  Azure code                        Spark condition */
#define HR_CODES(X)                                                                               \
    X(HR_OK, 200, 0, "OK", "")                                                                    \
    X(HR_E_INVALID, 400, 3, "BadRequest", "INTERNAL_ERROR")                                       \
    X(HR_E_UNAUTHENTICATED, 401, 16, "InvalidAuthenticationToken", "CONNECT.UNAUTHENTICATED")     \
    X(HR_E_DENIED, 403, 7, "AuthorizationFailed", "CONNECT.ACCESS_DENIED")                        \
    X(HR_E_NOT_FOUND, 404, 5, "ResourceNotFound", "PATH_NOT_FOUND")                               \
    X(HR_E_EXISTS, 409, 6, "Conflict", "PATH_ALREADY_EXISTS")                                     \
    X(HR_E_CHANGED, 412, 9, "ConditionNotMet", "FAILED_READ_FILE.FILE_CHANGED")                   \
    X(HR_E_LIMIT, 413, 8, "RequestEntityTooLarge", "CONNECT.LIMIT_EXCEEDED")                      \
    X(HR_E_UNSUPPORTED, 501, 12, "NotImplemented", "UNSUPPORTED_FEATURE")                         \
    X(HR_E_NOMEM, 503, 8, "ServerBusy", "OUT_OF_MEMORY")                                          \
    X(HR_E_UNAVAILABLE, 503, 14, "ServiceUnavailable", "CONNECT.UNAVAILABLE")                     \
    X(HR_E_CANCELLED, 499, 1, "OperationCancelled", "OPERATION_CANCELED")                         \
    X(HR_E_TIMEOUT, 504, 4, "OperationTimedOut", "CONNECT.TIMEOUT")                               \
    X(HR_E_FULL, 507, 8, "InsufficientStorage", "CONNECT.DISK_FULL")                              \
    X(HR_E_IO, 500, 13, "InternalError", "FAILED_READ_FILE.NO_HINT")                              \
    X(HR_E_INTERNAL, 500, 13, "InternalError", "INTERNAL_ERROR")                                  \
    /* of a session's data, not of a request to us: Spark's clients retry 14 for minutes and take \
     * 16 for their own token */                                                                  \
    X(HR_E_STORAGE_DENIED, 403, 13, "AuthorizationFailed", "CONNECT.STORAGE_ACCESS_DENIED")       \
    X(HR_E_STORAGE_DOWN, 502, 13, "BadGateway", "CONNECT.STORAGE_UNAVAILABLE")                    \
    X(HR_E_SPARK, 400, 13, "BadRequest", "") /* err->condition says which */

enum hr_code {
#define X(code, http, grpc, azure, spark) code,
    HR_CODES(X)
#undef X
};

struct hr_code_info {
    const char *name;
    int http, grpc;
    const char *azure, *spark;
};

enum hr_hint_kind {
    HR_HINT_ADVICE,  /* a sentence */
    HR_HINT_COMMAND, /* a command that the reader can run as it stands */
    HR_HINT_GRANT    /* a command for who may assign roles there */
};

struct hr_err {
    enum hr_code code;
    char msg[8192]; /* without Spark's [CONDITION] prefix and SQLSTATE suffix */
    char hint[512]; /* empty when there is no next step to name */
    enum hr_hint_kind hint_kind;
    /* Spark's, e.g. UNRESOLVED_COLUMN.WITH_SUGGESTION; empty unless code is HR_E_SPARK */
    char condition[128];
    char sqlstate[6];
    /* Spark's messageParameters as a JSON object of strings; empty when none */
    char params[8192];
    /* Spark's query context as a JSON object {objectType, objectName, startIndex, stopIndex,
       fragment, callSite}; empty when none */
    char context[8192];
    /* what Spark's message carries behind SQLSTATE: a parse error's position and text; else empty
     */
    char tail[8192];
};

const struct hr_code_info *hr_code_info(enum hr_code code);

/* each returns the code it stores, so that `return hr_fail(…)` reads well */
enum hr_code hr_fail(struct hr_err *err, enum hr_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* these add the next step to a failure, and return err->code */
/* advice */
enum hr_code hr_fail_hint(struct hr_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum hr_code hr_fail_command(struct hr_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum hr_code hr_fail_grant(struct hr_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* the cause's, if it has one */
enum hr_code hr_fail_hint_of(struct hr_err *err, const struct hr_err *cause);

/* A write that errno `number` refused: HR_E_FULL, with the next step, where there is no room for
 * it, else HR_E_IO. The text says what could not be done, on what: "cannot write '/a/b'"; the
 * reason comes behind it. */
enum hr_code hr_fail_write(struct hr_err *err, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* the disk (its bytes or its files), a quota, or a limit of files' sizes */
bool hr_errno_is_full(int number);
#define HR_EXIT_FULL 74 /* how a process ends that cannot start for HR_E_FULL */

/* name-value pairs of text, closed by NULL: hr_fail_spark(err, "DIVIDE_BY_ZERO", "config",
 * "\"spark.sql.ansi.enabled\"", NULL). The message is the condition's template with <name>
 * replaced. An unknown condition is a bug (assertion). */
enum hr_code hr_fail_spark(struct hr_err *err, const char *condition, ...)
    __attribute__((sentinel));
enum hr_code hr_fail_spark_va(struct hr_err *err, const char *condition, va_list args);
/* refuses by name what a pool does not do (UNSUPPORTED_FEATURE); the format makes a noun phrase:
 * "average of intervals" */
enum hr_code hr_refuse(struct hr_err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *hr_hint_kind_name(enum hr_hint_kind kind); /* "advice", "command", "grant" */
/* the message with its next step, for clients that show one text */
size_t hr_err_text(const struct hr_err *err, char *out, size_t size);
/* one of Java's own exceptions: its condition is its class, or empty, and no client is told it */
bool hr_err_is_java(const struct hr_err *err);
/* "[COND] text SQLSTATE: 22012" for a Spark failure, as Spark's clients print it; else hr_err_text
 */
size_t hr_err_spark_text(const struct hr_err *err, char *out, size_t size);
/* an error as a text, from which hr_err_decode rebuilds it: how one crosses DuckDB, which carries
 * only text. The caller frees. */
char *hr_err_encoded(const struct hr_err *err);
/* false when text holds none; it may stand behind a prefix */
bool hr_err_decode(const char *text, struct hr_err *err);

struct hr_condition {
    /* java_class: the exception that selects the client's class */
    const char *name, *sqlstate, *java_class, *text;
};
const struct hr_condition *hr_condition_find(const char *name); /* NULL when unknown */

#define HR_TRY(call)                        \
    do {                                    \
        enum hr_code hr_try_code_ = (call); \
        if (hr_try_code_)                   \
            return hr_try_code_;            \
    } while (0)
#endif
