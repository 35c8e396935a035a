#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "daemon/livy/private.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CODE_KEPT 4096   /* bytes of a statement's code, once its output was dropped */
#define SMALL_BYTES 8192 /* a statement that is not worth it */

bool hr_livy_statement_over(const struct livy_statement *statement)
{
    return statement->state == STATEMENT_AVAILABLE || statement->state == STATEMENT_CANCELLED;
}

/* ---- what ended statements may take: the newest is always kept, so that whoever waits for it gets
 * it ---- */

static void count(struct livy_session *session, struct livy_statement *statement, size_t kept)
{
    session->kept += kept - statement->kept;
    hr_livy.kept += kept - statement->kept;
    statement->kept = kept;
}

static size_t size_of(const struct livy_statement *statement)
{
    return strlen(statement->code) +
           (statement->output ? json_dumpb(statement->output, NULL, 0, JSON_COMPACT) : 0);
}

static void shrink(struct livy_session *session, struct livy_statement *statement)
{
    const char *status = json_string_value(json_object_get(statement->output, "status"));
    bool failed = status && !strcmp(status, "error");
    static const char note[] =
        "the output is not kept any more: this session's or all sessions' outputs are more than the server keeps";
    json_t *output =
        failed ? json_pack("{s:s, s:i, s:s, s:s, s:[]}", "status", "error", "execution_count",
                           statement->id, "ename", "OutputDropped", "evalue", note, "traceback")
               : json_pack("{s:s, s:i, s:{s:s}}", "status", "ok", "execution_count", statement->id,
                           "data", "text/plain", note);
    json_decref(statement->output);
    statement->output = output;
    size_t len = strlen(statement->code);
    if (len > CODE_KEPT) {
        len = CODE_KEPT;
        while (len && !hr_utf8_starts(statement->code[len]))
            len--; /* not inside a character */
        statement->code[len] = 0;
        statement->code = realloc(statement->code, len + 1);
        HR_CHECK(statement->code);
    }
    count(session, statement, size_of(statement));
}

static void shrink_oldest(struct livy_session *session,
                          const struct livy_statement *newest,
                          size_t max,
                          const size_t *total)
{
    for (size_t i = 0; i < session->statement_count && *total > max; i++)
        if (session->statements[i] != newest && session->statements[i]->kept > SMALL_BYTES)
            shrink(session, session->statements[i]);
}

static void keep(struct livy_session *session, struct livy_statement *statement)
{
    count(session, statement, size_of(statement));
    shrink_oldest(session, statement, LIVY_KEPT_MAX, &session->kept);
    shrink_oldest(session, statement, LIVY_KEPT_ALL_MAX, &hr_livy.kept);
    for (struct livy_session *other = hr_livy.sessions; other && hr_livy.kept > LIVY_KEPT_ALL_MAX;
         other = other->next)
        if (other != session)
            shrink_oldest(other, NULL, LIVY_KEPT_ALL_MAX, &hr_livy.kept);
}

void hr_livy_statement_free(struct livy_session *session, struct livy_statement *statement)
{
    count(session, statement, 0);
    free(statement->code);
    free(statement->kind);
    free(statement->cell);
    json_decref(statement->output);
    free(statement);
}

bool hr_livy_send(struct livy_session *session, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    bool sent = text && session->channel;
    if (sent)
        hr_lines_send(session->channel, text, strlen(text));
    free(text);
    return sent;
}

static void send_code(struct livy_session *session, struct livy_statement *statement)
{
    hr_livy_send(session, json_pack("{s:s, s:i, s:s, s:s, s:s?}", "op", "execute", "id",
                                    statement->id, "code", statement->code, "kind", statement->kind,
                                    "cell", statement->cell));
}

void hr_livy_statements_flush(struct livy_session *session)
{
    for (size_t i = 0; i < session->statement_count; i++)
        if (session->statements[i]->state == STATEMENT_WAITING)
            send_code(session, session->statements[i]);
    if (hr_livy_session_busy(session))
        session->state = LIVY_BUSY;
}

static void drop_oldest(struct livy_session *session)
{
    for (size_t i = 0; i < session->statement_count; i++) {
        if (!hr_livy_statement_over(session->statements[i]))
            continue;
        hr_livy_wake_without(session, session->statements[i]);
        hr_livy_statement_free(session, session->statements[i]);
        memmove(session->statements + i, session->statements + i + 1,
                sizeof *session->statements * (session->statement_count - i - 1));
        session->statement_count--;
        return;
    }
}

enum hr_code hr_livy_statement_new(struct livy_session *session,
                                   const char *code,
                                   const char *kind,
                                   const char *cell,
                                   struct livy_statement **out,
                                   struct hr_err *err)
{
    if (cell && strlen(cell) > LIVY_CELL_MAX)
        return hr_fail(err, HR_E_INVALID, "\"cell\" is longer than %d bytes", LIVY_CELL_MAX);
    if (session->statement_count >= LIVY_STATEMENTS_MAX)
        drop_oldest(session);
    if (session->statement_count >= LIVY_STATEMENTS_MAX)
        return hr_fail(err, HR_E_INVALID,
                       "session %lld has %d statements waiting, the most that it takes",
                       (long long)session->id, LIVY_STATEMENTS_MAX);
    struct livy_statement *statement = calloc(1, sizeof *statement);
    struct livy_statement **grown =
        realloc(session->statements, sizeof *grown * (session->statement_count + 1));
    HR_CHECK(statement && grown);
    session->statements = grown;
    statement->id = session->next_statement++;
    statement->code = strdup(code);
    statement->kind = strdup(kind && *kind                   ? kind
                             : !strcmp(session->kind, "sql") ? "sql"
                                                             : "pyspark");
    statement->cell = cell && *cell ? strdup(cell) : NULL;
    HR_CHECK(statement->code && statement->kind && (statement->cell || !cell || !*cell));
    session->statements[session->statement_count++] = statement;
    if (session->channel_open) {
        send_code(session, statement);
        session->state = LIVY_BUSY;
        if (!session->at_ms[LIVY_BUSY])
            session->at_ms[LIVY_BUSY] = hr_clock_ms();
    }
    *out = statement;
    return HR_OK;
}

struct livy_statement *hr_livy_statement_find(struct livy_session *session, const char *id)
{
    char *end;
    long number = strtol(id, &end, 10);
    for (size_t i = 0; i < session->statement_count && !*end && *id; i++)
        if (session->statements[i]->id == number)
            return session->statements[i];
    return NULL;
}

bool hr_livy_statement_cancel(struct livy_session *session, struct livy_statement *statement)
{
    if (hr_livy_statement_over(statement))
        return false;
    if (!session->channel_open) { /* it never reached an interpreter */
        statement->state = STATEMENT_CANCELLED;
        statement->completed_ms = hr_clock_ms();
        hr_livy_wake(session);
        return true;
    }
    statement->state = STATEMENT_CANCELLING;
    hr_livy_send(session, json_pack("{s:s, s:i}", "op", "cancel", "id", statement->id));
    return true;
}

static void finish(struct livy_session *session,
                   struct livy_statement *statement,
                   bool cancelled,
                   json_t *output)
{
    if (hr_livy_statement_over(statement))
        return;
    statement->state = cancelled ? STATEMENT_CANCELLED : STATEMENT_AVAILABLE;
    statement->output = json_incref(output);
    keep(session, statement);
    statement->progress = 1;
    statement->completed_ms = hr_clock_ms();
    session->active_ms = hr_clock_mono_ms();
    if (!hr_livy_session_over(session) && !hr_livy_session_busy(session))
        session->state = LIVY_IDLE;
    hr_livy_wake(session);
}

void hr_livy_statements_fail(struct livy_session *session, const char *why)
{
    for (size_t i = 0; i < session->statement_count; i++) {
        struct livy_statement *statement = session->statements[i];
        json_t *output =
            json_pack("{s:s, s:i, s:s, s:s, s:[]}", "status", "error", "execution_count",
                      statement->id, "ename", "SessionDied", "evalue", why, "traceback");
        finish(session, statement, false, output);
        json_decref(output);
    }
}

static void on_stream(struct livy_session *session, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "\n");
        if (len)
            hr_livy_log(session, "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void hr_livy_event(struct livy_session *session, json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    json_t *id = json_object_get(event, "id");
    if (!kind)
        return;
    if (!strcmp(kind, "complete"))
        hr_livy_completed(session, json_string_value(id), json_object_get(event, "candidates"));
    struct livy_statement *statement = NULL;
    for (size_t i = 0; i < session->statement_count && json_is_integer(id); i++)
        if (session->statements[i]->id == json_integer_value(id))
            statement = session->statements[i];
    if (!statement)
        return;
    if (!strcmp(kind, "started") && statement->state == STATEMENT_WAITING) {
        statement->state = STATEMENT_RUNNING;
        statement->started_ms = hr_clock_ms();
    } else if (!strcmp(kind, "progress")) {
        statement->progress = json_number_value(json_object_get(event, "progress"));
    } else if (!strcmp(kind, "stream")) {
        on_stream(session, json_string_value(json_object_get(event, "text")));
    } else if (!strcmp(kind, "result")) {
        finish(session, statement, json_is_true(json_object_get(event, "cancelled")),
               json_object_get(event, "output"));
    }
}
