/* Sessions and statements as JSON: what sparkmagic, azure-synapse-spark and %synapse read. */
#include "base/clock.h"
#include "daemon/livy/private.h"
#include <string.h>

const char *hr_livy_state_name(enum livy_state state)
{
    static const char *const names[] = {
#define X(upper, lower) #lower,
        LIVY_STATES(X)
#undef X
    };
    return names[state];
}

json_t *hr_livy_log_view(struct livy_session *session, int64_t from, int64_t size)
{
    int64_t total = (int64_t)(session->log_count + session->log_dropped),
            first = (int64_t)session->log_dropped;
    if (size < 0)
        size = total;
    if (from < 0)
        from = total > size ? total - size : 0;
    if (from < first)
        from = first;
    json_t *lines = json_array();
    for (int64_t i = from; i < total && i < from + size; i++)
        json_array_append_new(lines, json_string(session->log[i - first]));
    return json_pack("{s:I, s:I, s:I, s:o}", "id", (json_int_t)session->id, "from",
                     (json_int_t)from, "total", (json_int_t)total, "log", lines);
}

static void copy_requested(json_t *view, json_t *request)
{
    static const char *const fields[] = {"ttl",
                                         "idleTimeout",
                                         "driverMemory",
                                         "driverCores",
                                         "executorMemory",
                                         "executorCores",
                                         "numExecutors",
                                         "conf",
                                         "archives",
                                         "files",
                                         "jars",
                                         "pyFiles",
                                         "queue",
                                         "heartbeatTimeoutInSecond"};
    for (size_t i = 0; i < HR_LEN(fields); i++) {
        json_t *value = json_object_get(request, fields[i]);
        json_object_set(view, fields[i], value ? value : json_null());
    }
}

json_t *hr_livy_view(struct hr_rest *req,
                     struct livy_session *session,
                     struct livy_statement *statement)
{
    (void)statement;
    json_t *log = hr_livy_log_view(session, -1, 10);
    json_t *view = json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:O}", "id",
        (json_int_t)session->id, "name", session->name, "appId", session->app_id,
        "connectSessionId", session->uuid, "owner", session->owner.name, "proxyUser",
        session->owner.name, "state", hr_livy_state_name(session->state), "kind", session->kind,
        "appInfo", "driverLogUrl",
        hr_printf(req->arena, "%s/sessions/%lld/log", req->origin, (long long)session->id),
        "sparkUiUrl",
        hr_printf(req->arena, "%s/sessions/%lld", req->origin, (long long)session->id), "log",
        json_object_get(log, "log"));
    json_decref(log);
    copy_requested(view, session->request);
    return view;
}

static void put_time(json_t *object, const char *name, int64_t ms)
{
    char text[32];
    hr_clock_iso8601(ms, text);
    json_object_set_new(object, name, ms ? json_string(text) : json_null());
}

static json_t *livy_info(struct livy_session *session)
{
    static const struct {
        const char *name;
        enum livy_state state;
    } times[] = {
        {"notStartedAt", LIVY_NOT_STARTED},
        {"startingAt", LIVY_STARTING},
        {"idleAt", LIVY_IDLE},
        {"busyAt", LIVY_BUSY},
        {"shuttingDownAt", LIVY_SHUTTING_DOWN},
        {"deadAt", LIVY_DEAD},
        {"killedAt", LIVY_KILLED},
        {"errorAt", LIVY_ERROR},
        {"recoveringAt", LIVY_STATE_COUNT},
    };
    json_t *info = json_object();
    for (size_t i = 0; i < HR_LEN(times); i++)
        put_time(info, times[i].name,
                 times[i].state == LIVY_STATE_COUNT ? 0 : session->at_ms[times[i].state]);
    json_object_set_new(info, "currentState", json_string(hr_livy_state_name(session->state)));
    json_object_set(info, "jobCreationRequest", session->request);
    return info;
}

static void put_progress(json_t *view, struct livy_session *session)
{
    bool over = hr_livy_session_over(session), started = session->at_ms[LIVY_IDLE] != 0;
    int64_t ended = session->at_ms[LIVY_SHUTTING_DOWN];
    json_t *scheduler = json_object(), *plugin = json_object();
    put_time(scheduler, "submittedAt", session->at_ms[LIVY_NOT_STARTED]);
    put_time(scheduler, "scheduledAt", session->at_ms[LIVY_STARTING]);
    put_time(scheduler, "endedAt", ended);
    put_time(scheduler, "cancellationRequestedAt", session->state == LIVY_KILLED ? ended : 0);
    json_object_set_new(scheduler, "currentState",
                        json_string(over      ? "Ended"
                                    : started ? "Scheduled"
                                              : "Queued"));
    put_time(plugin, "preparationStartedAt", session->at_ms[LIVY_NOT_STARTED]);
    put_time(plugin, "resourceAcquisitionStartedAt", session->at_ms[LIVY_STARTING]);
    put_time(plugin, "submissionStartedAt", session->at_ms[LIVY_STARTING]);
    put_time(plugin, "monitoringStartedAt", session->at_ms[LIVY_IDLE]);
    put_time(plugin, "cleanupStartedAt", ended);
    json_object_set_new(plugin, "currentState",
                        json_string(over      ? "Ended"
                                    : started ? "Monitoring"
                                              : "Submission"));
    json_object_set_new(view, "schedulerInfo", scheduler);
    json_object_set_new(view, "pluginInfo", plugin);
}

json_t *hr_livy_synapse_view(struct hr_rest *req,
                             struct livy_session *session,
                             struct livy_statement *statement)
{
    json_t *view = hr_livy_view(req, session, statement), *errors = json_array();
    const char *artifact = json_string_value(json_object_get(session->request, "artifactId"));
    json_t *tags = json_object_get(session->request, "tags");
    bool failed = session->state == LIVY_DEAD || session->state == LIVY_ERROR;
    if (failed)
        json_array_append_new(errors,
                              json_pack("{s:s, s:s, s:s}", "message", session->why, "errorCode",
                                        "LIVY_SESSION_DEAD", "source", "System"));
    json_object_set_new(view, "livyInfo", livy_info(session));
    put_progress(view, session);
    json_object_update_new(
        view, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "workspaceName",
                        session->synapse, "sparkPoolName", session->pool, "submitterName",
                        session->owner.name, "submitterId", session->owner.id, "artifactId",
                        artifact ? artifact : session->uuid, "jobType", "SparkSession", "result",
                        failed                          ? "Failed"
                        : session->state == LIVY_KILLED ? "Cancelled"
                                                        : "Uncertain",
                        "errorInfo", errors));
    json_object_set_new(view, "tags", tags ? json_incref(tags) : json_object());
    return view;
}

json_t *hr_livy_state_view(struct hr_rest *req,
                           struct livy_session *session,
                           struct livy_statement *statement)
{
    (void)req;
    (void)statement;
    return json_pack("{s:I, s:s}", "id", (json_int_t)session->id, "state",
                     hr_livy_state_name(session->state));
}

json_t *hr_livy_statement_view(struct hr_rest *req,
                               struct livy_session *session,
                               struct livy_statement *statement)
{
    static const char *const names[] = {"waiting", "running", "available", "cancelling",
                                        "cancelled"};
    (void)req;
    (void)session;
    return json_pack("{s:i, s:s, s:s, s:s, s:f, s:I, s:I, s:o}", "id", statement->id, "code",
                     statement->code, "kind", statement->kind, "state", names[statement->state],
                     "progress", statement->progress, "started", (json_int_t)statement->started_ms,
                     "completed", (json_int_t)statement->completed_ms, "output",
                     statement->output ? json_incref(statement->output) : json_null());
}
