/* The calls of sessions: Config, artifacts, ReleaseSession, CloneSession, FetchErrorDetails. */
#include "host/connect/calls/call.h"
#include <zlib.h>

/* ---- Config ---- */

struct pairs {
    PB(KeyValue) * *at;
    size_t count;
};

static void add_pair(struct call *call, struct pairs *pairs, const char *key, const char *value)
{
    PB(KeyValue) *pair = PB_NEW(call->arena, KeyValue, KEY_VALUE);
    pair->key = hr_strdup(call->arena, key);
    if (value) {
        pair->_value_case = 2;
        pair->value = hr_strdup(call->arena, value);
    }
    pairs->at[pairs->count++] = pair;
}

static const char *get_conf(struct call *call, struct session *session, const char *key)
{
    pthread_mutex_lock(&session->lock);
    const char *value = hr_strdup(call->arena, hr_conf_get(&session->conf, key));
    pthread_mutex_unlock(&session->lock);
    return value;
}

static enum hr_code conf_set(struct session *session,
                             const PB(ConfigRequest__Set) * set,
                             PB(ConfigResponse) * reply,
                             struct call *call,
                             struct hr_err *err)
{
    reply->warnings = HR_NEW_ARRAY(call->arena, char *, set->n_pairs);
    for (size_t i = 0; i < set->n_pairs; i++) {
        const char *value = set->pairs[i]->_value_case ? set->pairs[i]->value : NULL;
        if (!value)
            return hr_fail(err, HR_E_INVALID, "config \"%s\" is set to no value",
                           set->pairs[i]->key);
        enum hr_code code = hr_spark_session_set_durably(session, set->pairs[i]->key, value, err);
        bool kept = code != HR_E_FULL && code != HR_E_IO && code != HR_E_LIMIT;
        if (code && !(kept && set->_silent_case && set->silent))
            return code;
        if (code)
            reply->warnings[reply->n_warnings++] = hr_strdup(call->arena, err->msg);
    }
    return HR_OK;
}

static enum hr_code conf_get(struct call *call,
                             struct session *session,
                             size_t count,
                             char **keys,
                             bool optional,
                             struct pairs *pairs,
                             struct hr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = get_conf(call, session, keys[i]);
        if (!value && !optional && !hr_conf_is_known(keys[i]))
            return hr_fail_spark(err, "SQL_CONF_NOT_FOUND", "sqlConf",
                                 hr_printf(call->arena, "\"%s\"", keys[i]), NULL);
        add_pair(call, pairs, keys[i], value ? value : optional ? NULL : "<undefined>");
    }
    return HR_OK;
}

static void conf_get_or(struct call *call,
                        struct session *session,
                        const PB(ConfigRequest__GetWithDefault) * get,
                        struct pairs *pairs)
{
    for (size_t i = 0; i < get->n_pairs; i++) {
        const char *value = NULL,
                   *fallback = get->pairs[i]->_value_case ? get->pairs[i]->value : NULL;
        pthread_mutex_lock(&session->lock);
        value = fallback ? hr_conf_get_set(&session->conf, get->pairs[i]->key)
                         : hr_conf_get(&session->conf, get->pairs[i]->key);
        value = hr_strdup(call->arena, value);
        pthread_mutex_unlock(&session->lock);
        add_pair(call, pairs, get->pairs[i]->key, value ? value : fallback);
    }
}

static void conf_all(struct call *call,
                     struct session *session,
                     const char *prefix,
                     struct pairs *pairs)
{
    size_t len = strlen(prefix);
    pthread_mutex_lock(&session->lock);
    pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, session->conf.values.count);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&session->conf.values, at));)
        if (!strncmp(at->key, prefix, len))
            add_pair(call, pairs, at->key + len, at->value);
    pthread_mutex_unlock(&session->lock);
}

static enum hr_code conf_unset(struct session *session,
                               const PB(ConfigRequest__Unset) * unset,
                               struct hr_err *err)
{
    for (size_t i = 0; i < unset->n_keys; i++)
        HR_TRY(hr_spark_session_set_durably(session, unset->keys[i], NULL, err));
    return HR_OK;
}

#define CONFIG(name) SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_##name

static enum hr_code conf_run(struct call *call,
                             struct session *session,
                             const PB(ConfigRequest__Operation) * operation,
                             PB(ConfigResponse) * reply,
                             struct pairs *pairs,
                             struct hr_err *err)
{
    size_t most = 0;
    switch (operation ? operation->op_type_case : 0) {
    case CONFIG(SET):
        return conf_set(session, operation->set, reply, call, err);
    case CONFIG(GET):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get->n_keys);
        return conf_get(call, session, operation->get->n_keys, operation->get->keys, false, pairs,
                        err);
    case CONFIG(GET_OPTION):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get_option->n_keys);
        return conf_get(call, session, operation->get_option->n_keys, operation->get_option->keys,
                        true, pairs, err);
    case CONFIG(GET_WITH_DEFAULT):
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, operation->get_with_default->n_pairs);
        conf_get_or(call, session, operation->get_with_default, pairs);
        return HR_OK;
    case CONFIG(GET_ALL):
        conf_all(call, session, operation->get_all->_prefix_case ? operation->get_all->prefix : "",
                 pairs);
        return HR_OK;
    case CONFIG(UNSET):
        return conf_unset(session, operation->unset, err);
    case CONFIG(IS_MODIFIABLE):
        most = operation->is_modifiable->n_keys;
        pairs->at = HR_NEW_ARRAY(call->arena, PB(KeyValue) *, most);
        for (size_t i = 0; i < most; i++)
            add_pair(call, pairs, operation->is_modifiable->keys[i],
                     hr_conf_is_modifiable(operation->is_modifiable->keys[i]) ? "true" : "false");
        return HR_OK;
    default:
        return hr_fail(err, HR_E_INVALID, "config request of an unknown kind");
    }
}

void hr_run_config(struct call *call)
{
    PB(ConfigRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct hr_err err;
    struct pairs pairs = {0};
    if (!session)
        return;
    REPLY(ConfigResponse, CONFIG_RESPONSE, session);
    if (conf_run(call, session, request->operation, &reply, &pairs, &err)) {
        hr_call_fail(call, session, &err);
        return;
    }
    reply.pairs = pairs.at;
    reply.n_pairs = pairs.count;
    hr_call_answer(call, &reply.base);
}

/* ---- artifacts ---- */

/* an AddArtifacts stream: whole artifacts come in batches, large ones in chunks */
struct upload {
    struct session *session;
    char *name; /* of the artifact whose chunks arrive */
    struct hr_buf bytes;
    int64_t chunks_left, total;
    bool crc_ok;
    size_t count, room;
    PB(AddArtifactsResponse__ArtifactSummary) * *summaries;
};

void hr_call_end_upload(struct call *call)
{
    if (!call->upload)
        return;
    hr_buf_release(&call->upload->bytes);
    hr_spark_session_drop(call->upload->session);
}

static bool crc_is(const PB(AddArtifactsRequest__ArtifactChunk) * chunk)
{
    return chunk && (int64_t)crc32(0, chunk->data.data, (uInt)chunk->data.len) == chunk->crc;
}

static void summarize(struct call *call, struct upload *upload, const char *name, bool crc_ok)
{
    if (upload->count == upload->room) {
        size_t room = upload->room ? 2 * upload->room : 8;
        PB(AddArtifactsResponse__ArtifactSummary) **more =
            HR_NEW_ARRAY(call->arena, PB(AddArtifactsResponse__ArtifactSummary) *, room);
        if (upload->count)
            memcpy(more, upload->summaries, upload->count * sizeof *more);
        upload->summaries = more;
        upload->room = room;
    }
    PB(AddArtifactsResponse__ArtifactSummary) *summary =
        PB_NEW(call->arena, AddArtifactsResponse__ArtifactSummary,
               ADD_ARTIFACTS_RESPONSE__ARTIFACT_SUMMARY);
    summary->name = hr_strdup(call->arena, name);
    summary->is_crc_successful = crc_ok;
    upload->summaries[upload->count++] = summary;
}

static enum hr_code add_chunk(struct call *call,
                              struct upload *upload,
                              const PB(AddArtifactsRequest__ArtifactChunk) * chunk,
                              struct hr_err *err)
{
    if (!upload->name || !chunk || upload->chunks_left-- <= 0)
        return hr_fail(err, HR_E_INVALID, "artifact chunk outside an artifact");
    upload->crc_ok &= crc_is(chunk);
    if (!hr_buf_add(&upload->bytes, chunk->data.data, chunk->data.len))
        return hr_fail(err, HR_E_LIMIT, "artifact \"%s\" is larger than %zu bytes", upload->name,
                       HR_ARTIFACT_MAX);
    if (upload->chunks_left)
        return HR_OK;
    if (upload->crc_ok)
        HR_TRY(hr_spark_session_add_artifact(upload->session, upload->name,
                                             hr_buf_text(&upload->bytes),
                                             hr_buf_len(&upload->bytes), err));
    summarize(call, upload, upload->name, upload->crc_ok);
    hr_buf_clear(&upload->bytes);
    upload->name = NULL;
    return HR_OK;
}

static enum hr_code add_artifacts(struct call *call,
                                  struct upload *upload,
                                  const PB(AddArtifactsRequest) * request,
                                  struct hr_err *err)
{
    switch (request->payload_case) {
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BATCH:
        for (size_t i = 0; i < request->batch->n_artifacts; i++) {
            const PB(AddArtifactsRequest__SingleChunkArtifact) *one = request->batch->artifacts[i];
            bool crc_ok = crc_is(one->data);
            if (crc_ok)
                HR_TRY(hr_spark_session_add_artifact(
                    upload->session, one->name, one->data->data.data, one->data->data.len, err));
            summarize(call, upload, one->name, crc_ok);
        }
        return HR_OK;
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BEGIN_CHUNK:
        if (upload->name)
            return hr_fail(err, HR_E_INVALID, "artifact \"%s\" ended early", upload->name);
        upload->name = hr_strdup(call->arena, request->begin_chunk->name);
        upload->chunks_left = request->begin_chunk->num_chunks;
        upload->crc_ok = true;
        return add_chunk(call, upload, request->begin_chunk->initial_chunk, err);
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_CHUNK:
        return add_chunk(call, upload, request->chunk, err);
    default:
        return hr_fail(err, HR_E_INVALID, "artifact request of an unknown kind");
    }
}

void hr_message_add_artifacts(struct call *call, const uint8_t *bytes, size_t len)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct hr_err err = {0};
    PB(AddArtifactsRequest) *request =
        call->answered ? NULL : hr_decode_message(scratch, call->method->type, bytes, len, &err);
    if (request && !call->upload) {
        struct session *session = SESSION(call, request);
        if (session) {
            call->upload = HR_NEW(call->arena, struct upload);
            call->upload->session = hr_spark_session_keep(session);
            hr_buf_init(&call->upload->bytes, HR_ARTIFACT_MAX);
        }
    }
    if (request && call->upload)
        add_artifacts(call, call->upload, request, &err);
    if (err.code)
        hr_call_fail(call, NULL, &err);
    hr_arena_free(scratch);
}

void hr_run_add_artifacts(struct call *call)
{
    struct upload *upload = call->upload;
    struct hr_err err;
    if (!upload || upload->name) {
        hr_fail(&err, HR_E_INVALID, "artifact stream ended early");
        hr_call_fail(call, NULL, &err);
        return;
    }
    REPLY(AddArtifactsResponse, ADD_ARTIFACTS_RESPONSE, upload->session);
    reply.artifacts = upload->summaries;
    reply.n_artifacts = upload->count;
    hr_call_answer(call, &reply.base);
}

void hr_run_artifact_status(struct call *call)
{
    PB(ArtifactStatusesRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    REPLY(ArtifactStatusesResponse, ARTIFACT_STATUSES_RESPONSE, session);
    reply.statuses =
        HR_NEW_ARRAY(call->arena, PB(ArtifactStatusesResponse__StatusesEntry) *, request->n_names);
    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < request->n_names; i++) {
        PB(ArtifactStatusesResponse__StatusesEntry) *entry =
            PB_NEW(call->arena, ArtifactStatusesResponse__StatusesEntry,
                   ARTIFACT_STATUSES_RESPONSE__STATUSES_ENTRY);
        entry->key = request->names[i];
        entry->value = PB_NEW(call->arena, ArtifactStatusesResponse__ArtifactStatus,
                              ARTIFACT_STATUSES_RESPONSE__ARTIFACT_STATUS);
        entry->value->exists = hr_map_has(&session->artifacts, request->names[i]);
        reply.statuses[reply.n_statuses++] = entry;
    }
    pthread_mutex_unlock(&session->lock);
    hr_call_answer(call, &reply.base);
}

/* ---- sessions and errors ---- */

void hr_run_release_session(struct call *call)
{
    PB(ReleaseSessionRequest) *request = hr_call_unpack(call);
    struct hr_err err;
    if (!request)
        return;
    if (hr_guard_fits(&call->connect->guard, request->session_id, &err)) {
        hr_call_fail(call, NULL, &err);
        return;
    }
    const char *user = request->user_context ? request->user_context->user_id : "";
    struct session *session = hr_spark_session_get(call->connect, user, request->session_id);
    PB(ReleaseSessionResponse) reply = PB_INIT(RELEASE_SESSION_RESPONSE);
    reply.session_id = request->session_id;
    if (session) {
        reply.server_side_session_id = hr_strdup(call->arena, session->server_id);
        char *key = hr_strdup(call->arena, session->key);
        /* else the daemon removes the journal, whatever stands in it */
        bool alone = !call->connect->options.grant_key;
        if (hr_journal_close_session(session, &err) && alone) {
            hr_call_fail(call, session, &err);
            return;
        }
        hr_spark_session_close(session);
        if (request->allow_reconnect)
            hr_map_remove(&call->connect->closed, key);
    }
    hr_call_answer(call, &reply.base);
}

void hr_run_error_details(struct call *call)
{
    PB(FetchErrorDetailsRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    if (!session)
        return;
    const struct hr_err *err = hr_map_get(&session->errors, request->error_id);
    PB(FetchErrorDetailsResponse) *reply =
        err ? hr_status_details(call->arena, err)
            : PB_NEW(call->arena, FetchErrorDetailsResponse, FETCH_ERROR_DETAILS_RESPONSE);
    reply->session_id = session->id;
    reply->server_side_session_id = session->server_id;
    hr_call_answer(call, &reply->base);
}

/* The gate starts another host for the clone, and asks for its journal; a host that stands alone
 * keeps the clone beside its source. */
static void answer_clone(struct call *call, struct session *session, const char *id)
{
    const char *path =
        call->connect->options.grant_key
            ? hr_header_get(&hr_exchange_request(call->exchange)->headers, "headrace-clone")
            : NULL;
    char server_id[37];
    struct hr_err err;
    hr_uuid_new(server_id);
    if (path ? hr_journal_clone(session, id, server_id, path, &err)
             : hr_spark_session_clone(session, id, server_id, &err)) {
        hr_call_fail(call, session, &err);
        return;
    }
    REPLY(CloneSessionResponse, CLONE_SESSION_RESPONSE, session);
    reply.new_session_id = (char *)id;
    reply.new_server_side_session_id = server_id;
    call->cloned = path ? id : NULL;
    hr_call_answer(call, &reply.base);
}

void hr_run_clone(struct call *call)
{
    PB(CloneSessionRequest) *request = hr_call_unpack(call);
    struct session *session = request ? SESSION(call, request) : NULL;
    struct hr_err err = {0};
    char made[37];
    if (!session)
        return;
    hr_uuid_new(made);
    const char *id = request->_new_session_id_case ? request->new_session_id : made;
    if (!hr_is_operation_id(id))
        hr_fail_spark(&err, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT",
                      "targetSessionId", id, NULL);
    else if (hr_spark_session_get(call->connect, session->user, id))
        hr_fail_spark(&err, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS",
                      "targetSessionId", id, NULL);
    if (err.code) {
        hr_call_fail(call, session, &err);
        return;
    }
    answer_clone(call, session, id);
}
