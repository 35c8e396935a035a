/* Operations: the responses of one execution, made by a worker, sent by the loop, kept until
 * released. */
#include "base/check.h"
#include "base/clock.h"
#include "host/connect/private.h"
#include "host/connect/status.h"
#include "wire/grpc.h"
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

static struct operation *make(struct session *session, const char *id)
{
    struct operation *operation = calloc(1, sizeof *operation);
    HR_CHECK(operation);
    atomic_init(&operation->refs, 1);
    operation->session = hr_spark_session_keep(session);
    operation->id = strdup(id);
    operation->detached_ms = (int64_t)(hr_clock_mono_ns() / 1000000);
    pthread_mutex_init(&operation->lock, NULL);
    pthread_cond_init(&operation->room, NULL);
    return operation;
}

struct operation *hr_operation_new(struct session *session, const char *id)
{
    struct operation *operation = make(session, id);
    hr_map_put(&session->operations, id, operation);
    return operation;
}

struct operation *hr_operation_new_replayed(struct session *session, const void *plan, size_t len)
{
    struct operation *operation = make(session, "replayed");
    operation->replayed = true;
    operation->request = malloc(len + 1);
    HR_CHECK(operation->request);
    memcpy(operation->request, plan, len);
    operation->request_len = len;
    return operation;
}

struct operation *hr_operation_keep(struct operation *operation)
{
    atomic_fetch_add(&operation->refs, 1);
    return operation;
}

static void response_drop(void *arg)
{
    struct response *response = arg;
    if (atomic_fetch_sub(&response->refs, 1) != 1)
        return;
    free(response->head);
    free(response->payload);
    free(response);
}

static void drop_first(struct operation *operation)
{
    struct response *first = operation->first;
    operation->kept -= first->head_len + first->payload_len;
    operation->first = first->next;
    if (!operation->first)
        operation->last = NULL;
    response_drop(first);
}

void hr_operation_drop(struct operation *operation)
{
    if (atomic_fetch_sub(&operation->refs, 1) != 1)
        return;
    while (operation->first)
        drop_first(operation);
    for (size_t i = 0; i < operation->tag_count; i++)
        free(operation->tags[i]);
    free(operation->tags);
    free(operation->request);
    free(operation->id);
    pthread_mutex_destroy(&operation->lock);
    pthread_cond_destroy(&operation->room);
    hr_spark_session_drop(operation->session);
    free(operation);
}

bool hr_operation_cancel(struct operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    bool running = !operation->done;
    if (running) {
        operation->cancelled = true;
        if (operation->query)
            hr_query_cancel(operation->query);
        pthread_cond_broadcast(&operation->room);
    }
    pthread_mutex_unlock(&operation->lock);
    return running;
}

bool hr_operation_is_cancelled(struct operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    bool cancelled = operation->cancelled;
    pthread_mutex_unlock(&operation->lock);
    return cancelled;
}

enum operation_state hr_operation_state_of(struct operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    enum operation_state state = !operation->done       ? OPERATION_RUNNING
                                 : !operation->err.code ? OPERATION_SUCCEEDED
                                 : operation->cancelled ? OPERATION_CANCELLED
                                                        : OPERATION_FAILED;
    pthread_mutex_unlock(&operation->lock);
    return state;
}

static void remember_finished(struct operation *operation)
{
    struct hr_map *finished = &operation->session->finished;
    enum operation_state state = hr_operation_state_of(operation);
    if (finished->count >= HR_FINISHED_REMEMBERED)
        hr_map_remove(finished, hr_map_next(finished, NULL)->key);
    hr_map_put(finished, operation->id,
               (void *)(intptr_t)((state == OPERATION_RUNNING ? OPERATION_CANCELLED : state) + 1));
}

void hr_operation_remove(struct operation *operation)
{
    if (operation->removed)
        return;
    operation->removed = true;
    hr_operation_cancel(operation);
    hr_map_remove(&operation->session->operations, operation->id);
    remember_finished(operation);
    hr_operation_pump(operation); /* an attached stream is told how it ended */
    hr_operation_drop(operation);
}

/* ---- sending ---- */

static void finish(struct operation *operation)
{
    struct hr_exchange *stream = operation->stream;
    struct hr_headers trailers = hr_status_ok();
    char id[37];
    operation->stream = NULL;
    operation->detached_ms = (int64_t)(hr_clock_mono_ns() / 1000000);
    if (operation->err.code) {
        hr_uuid_new(id);
        bool more = hr_status_has_more(&operation->err);
        if (more)
            hr_spark_session_remember_error(operation->session, id, &operation->err);
        trailers = hr_status_trailers(hr_exchange_arena(stream), &operation->err, more ? id : NULL);
    }
    hr_exchange_finish(stream, &trailers);
}

static struct response *next_to_send(struct operation *operation)
{
    for (struct response *at = operation->first; at; at = at->next)
        if (at->index > operation->sent)
            return at;
    return NULL;
}

static void write_response(struct hr_exchange *stream, struct response *response)
{
    if (response->payload_len) {
        atomic_fetch_add(&response->refs, 2);
        hr_exchange_write(
            stream, (struct hr_bytes){response->head, response->head_len, response_drop, response});
        hr_exchange_write(stream, (struct hr_bytes){response->payload, response->payload_len,
                                                    response_drop, response});
    } else {
        atomic_fetch_add(&response->refs, 1);
        hr_exchange_write(
            stream, (struct hr_bytes){response->head, response->head_len, response_drop, response});
    }
}

/* what was sent of an operation that cannot be reattached is not needed again; of others the oldest
 * go when it is too much */
static void trim(struct operation *operation)
{
    while (
        operation->first &&
        operation->first->index <= operation->sent &&
        (!operation->reattachable || operation->kept - operation->unsent > HR_OPERATION_KEPT_MAX)) {
        operation->trimmed |= operation->reattachable;
        drop_first(operation);
    }
}

void hr_operation_pump(struct operation *operation)
{
    struct response *next;
    if (!operation->stream)
        return;
    pthread_mutex_lock(&operation->lock);
    while ((next = next_to_send(operation)) &&
           hr_exchange_queued(operation->stream) < HR_HTTP_HIGH_MARK) {
        operation->sent = next->index;
        operation->unsent -= next->head_len + next->payload_len;
        write_response(operation->stream, next);
    }
    trim(operation);
    pthread_cond_broadcast(&operation->room);
    bool over = operation->done && !next;
    pthread_mutex_unlock(&operation->lock);
    if (!over)
        return;
    finish(operation);
    if (!operation->reattachable)
        hr_operation_remove(operation);
}

void hr_operation_attach(struct operation *operation, struct hr_exchange *stream, int64_t after)
{
    if (operation->stream) /* a client that attaches anew has lost the old stream */
        hr_exchange_abort(operation->stream);
    operation->stream = stream;
    operation->detached_ms = 0;
    pthread_mutex_lock(&operation->lock);
    operation->sent = after;
    operation->unsent = 0;
    for (struct response *at = operation->first; at; at = at->next)
        if (at->index > after)
            operation->unsent += at->head_len + at->payload_len;
    pthread_mutex_unlock(&operation->lock);
    hr_operation_pump(operation);
}

void hr_operation_detach(struct operation *operation)
{
    operation->stream = NULL;
    operation->detached_ms = (int64_t)(hr_clock_mono_ns() / 1000000);
    if (!operation->reattachable)
        hr_operation_remove(operation);
}

void hr_operation_release(struct operation *operation, const char *until)
{
    pthread_mutex_lock(&operation->lock);
    struct response *last = operation->first;
    while (until && last && strcmp(last->id, until))
        last = last->next;
    while (last && operation->first && operation->first->index <= operation->sent) {
        bool reached = until && operation->first == last;
        drop_first(operation);
        if (reached)
            break;
    }
    pthread_mutex_unlock(&operation->lock);
}

enum hr_code hr_operation_find_response(struct operation *operation,
                                        const char *id,
                                        int64_t *index,
                                        struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&operation->lock);
    struct response *at = operation->first;
    if (!id) {
        *index = 0;
        if (operation->trimmed)
            code = hr_fail_spark(err, "INVALID_CURSOR.POSITION_NOT_AVAILABLE", "index", "0",
                                 "responseId", "", NULL);
    } else {
        while (at && strcmp(at->id, id))
            at = at->next;
        if (at)
            *index = at->index;
        else if (!strncmp(id, operation->id, 8) &&
                 strlen(id) == 36) /* released already: everything kept comes after it */
            *index = operation->first ? operation->first->index - 1 : operation->made;
        else
            code = hr_fail_spark(err, "INVALID_CURSOR.POSITION_NOT_FOUND", "responseId", id, NULL);
    }
    pthread_mutex_unlock(&operation->lock);
    return code;
}

/* ---- making (worker threads) ---- */

static void pump_posted(void *arg)
{
    struct operation *operation = arg;
    pthread_mutex_lock(&operation->lock);
    operation->posted = false;
    pthread_mutex_unlock(&operation->lock);
    hr_operation_pump(operation);
    hr_operation_drop(operation);
}

/* the lock is held */
static void post(struct operation *operation)
{
    if (operation->posted || operation->replayed)
        return;
    operation->posted = true;
    hr_loop_post(operation->session->connect->loop, pump_posted, hr_operation_keep(operation));
}

static enum hr_code append(struct operation *operation,
                           struct response *response,
                           struct hr_err *err)
{
    size_t size = response->head_len + response->payload_len;
    if (operation->replayed) {
        response_drop(response);
        return HR_OK;
    }
    pthread_mutex_lock(&operation->lock);
    while (operation->unsent &&
           operation->unsent + size > HR_OPERATION_UNSENT_MAX &&
           !operation->cancelled)
        pthread_cond_wait(&operation->room, &operation->lock);
    if (operation->cancelled) {
        pthread_mutex_unlock(&operation->lock);
        response_drop(response);
        return hr_fail_spark(err, "OPERATION_CANCELED", NULL);
    }
    response->index = ++operation->made;
    if (operation->last)
        operation->last->next = response;
    else
        operation->first = response;
    operation->last = response;
    operation->unsent += size;
    operation->kept += size;
    if (!operation->holding)
        post(operation);
    pthread_mutex_unlock(&operation->lock);
    return HR_OK;
}

/* response ids begin with the operation's own first digits: a reattach behind a released response
 * is known by them */
static struct response *response_new(struct operation *operation, PB(ExecutePlanResponse) * message)
{
    struct response *response = calloc(1, sizeof *response);
    HR_CHECK(response);
    atomic_init(&response->refs, 1);
    hr_uuid_new(response->id);
    memcpy(response->id, operation->id, strlen(operation->id) < 8 ? strlen(operation->id) : 8);
    message->session_id = operation->session->id;
    message->server_side_session_id = operation->session->server_id;
    message->operation_id = operation->id;
    message->response_id = response->id;
    return response;
}

enum hr_code hr_operation_give(struct operation *operation,
                               PB(ExecutePlanResponse) * message,
                               struct hr_err *err)
{
    struct response *response = response_new(operation, message);
    size_t len = spark__connect__execute_plan_response__get_packed_size(message);
    response->head = malloc(HR_GRPC_HEAD_BYTES + len);
    if (!response->head || len > HR_GRPC_MESSAGE_MAX) {
        response_drop(response);
        return hr_fail(err, HR_E_LIMIT, "a response of %zu bytes is too large", len);
    }
    hr_grpc_frame_head((uint8_t *)response->head, len);
    spark__connect__execute_plan_response__pack(message,
                                                (uint8_t *)response->head + HR_GRPC_HEAD_BYTES);
    response->head_len = HR_GRPC_HEAD_BYTES + len;
    return append(operation, response, err);
}

static size_t put_varint(uint8_t *to, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        to[len++] = (uint8_t)(value | 0x80);
    to[len++] = (uint8_t)value;
    return len;
}

/* one batch's bytes, or a part of them */
struct part {
    PB(DataType) * schema;
    int64_t start, rows, index, count;
    size_t len;
};

/* The fields around the batch's bytes are written here, so that the bytes themselves are not copied
 * into a message: arrow_batch = 2 { row_count = 1, start_offset = 3, chunk_index = 4,
 * num_chunks_in_batch = 5, data = 2 } as the last field of the response. Takes the malloc'ed bytes.
 */
static enum hr_code give_part(struct operation *operation,
                              const struct part *part,
                              char *bytes,
                              struct hr_err *err)
{
    PB(ExecutePlanResponse) message = PB_INIT(EXECUTE_PLAN_RESPONSE);
    message.schema = part->schema;
    struct response *response = response_new(operation, &message);
    uint8_t inner[80], outer[16];
    size_t inner_len = 0, outer_len = 0,
           fixed = spark__connect__execute_plan_response__get_packed_size(&message);
    response->payload = bytes;
    response->payload_len = part->len;
    const struct {
        uint8_t field;
        int64_t value;
    } numbers[] = {{1, part->rows}, {3, part->start}, {4, part->index}, {5, part->count}};
    for (size_t i = 0; i < (part->count ? 4 : 2); i++) {
        inner[inner_len++] = (uint8_t)(numbers[i].field << 3);
        inner_len += put_varint(inner + inner_len, (uint64_t)numbers[i].value);
    }
    inner[inner_len++] = 2 << 3 | 2;
    inner_len += put_varint(inner + inner_len, part->len);
    outer[outer_len++] = 2 << 3 | 2;
    outer_len += put_varint(outer + outer_len, inner_len + part->len);
    response->head_len = HR_GRPC_HEAD_BYTES + fixed + outer_len + inner_len;
    response->head = malloc(response->head_len);
    if (!response->head) {
        response_drop(response);
        return hr_fail(err, HR_E_NOMEM, "no memory for a response");
    }
    uint8_t *at = (uint8_t *)response->head;
    hr_grpc_frame_head(at, fixed + outer_len + inner_len + part->len);
    at += HR_GRPC_HEAD_BYTES;
    at += spark__connect__execute_plan_response__pack(&message, at);
    memcpy(at, outer, outer_len);
    memcpy(at + outer_len, inner, inner_len);
    return append(operation, response, err);
}

/* a client that wants small messages gets a batch in parts */
enum hr_code hr_operation_give_batch(struct operation *operation,
                                     PB(DataType) * schema,
                                     int64_t start,
                                     int64_t rows,
                                     char *bytes,
                                     size_t len,
                                     struct hr_err *err)
{
    size_t most = operation->chunk_bytes;
    if (!most || len <= most)
        return give_part(operation, &(struct part){schema, start, rows, 0, 0, len}, bytes, err);
    int64_t count = (int64_t)((len + most - 1) / most);
    enum hr_code code = HR_OK;
    for (int64_t i = 0; i < count && !code; i++) {
        size_t from = (size_t)i * most, size = len - from < most ? len - from : most;
        char *copy = malloc(size);
        if (!copy) {
            code = hr_fail(err, HR_E_NOMEM, "no memory for a response");
            break;
        }
        memcpy(copy, bytes + from, size);
        code = give_part(operation, &(struct part){i ? NULL : schema, start, rows, i, count, size},
                         copy, err);
    }
    free(bytes);
    return code;
}

void hr_operation_hold(struct operation *operation)
{
    pthread_mutex_lock(&operation->lock);
    operation->holding = operation->unsent < HR_HTTP_LOW_MARK;
    pthread_mutex_unlock(&operation->lock);
}

void hr_operation_done(struct operation *operation, const struct hr_err *err)
{
    pthread_mutex_lock(&operation->lock);
    if (err)
        operation->err = *err;
    operation->done = true;
    operation->query = NULL;
    post(operation);
    pthread_mutex_unlock(&operation->lock);
}
