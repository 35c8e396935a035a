#include "mount/credentials.h"
#include "base/check.h"
#include "base/clock.h"
#include "mount/manifest.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_FIRST_MS 100 /* between attempts while the server does not answer; doubling */
#define PAUSE_MAX_MS 4000
#define ASKED_PAUSE_MS 200 /* readers in trouble make no more attempts than this */

struct hr_credentials {
    struct hr_blob_config *config;
    struct hr_credentials_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, stop, asked;
    unsigned generation, attempts; /* attempts: finished ones */
    int64_t ends_ms, began_ms;
    struct hr_err why; /* code: how the last attempt ended */
    json_t *storage;   /* what is set */
};

/* ---- setting ---- */

static enum hr_code set_endpoints(struct hr_blob_config *config,
                                  const json_t *list,
                                  struct hr_err *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        const char *account = json_string_value(json_object_get(one, "account")),
                   *url = json_string_value(json_object_get(one, "url")),
                   *ca_file = json_string_value(json_object_get(one, "caFile"));
        if (!account || !url)
            return hr_fail(err, HR_E_INVALID,
                           "an endpoint of the manifest's storage has no account or no url");
        HR_TRY(hr_blob_config_endpoint(config, account, url, ca_file && *ca_file ? ca_file : NULL,
                                       err));
    }
    return HR_OK;
}

static enum hr_code set_storage(struct hr_blob_config *config,
                                json_t *storage,
                                const json_t *before,
                                struct hr_err *err)
{
    const char *key;
    json_t *value;
    HR_TRY(set_endpoints(config, json_object_get(storage, "endpoints"), err));
    json_object_foreach(json_object_get(storage, "conf"), key, value) if (json_is_string(value))
        HR_TRY(hr_blob_config_set(config, key, json_string_value(value), err));
    json_object_foreach(json_object_get(storage, "bearer"), key, value) if (json_is_string(value))
        HR_TRY(hr_blob_config_bearer(config, key, json_string_value(value), err));
    /* what is no longer given goes: a SAS that stayed would win over a token */
    json_object_foreach(json_object_get(before, "conf"), key,
                        value) if (!json_object_get(json_object_get(storage, "conf"), key))
        HR_TRY(hr_blob_config_set(config, key, NULL, err));
    json_object_foreach(json_object_get(before, "bearer"), key,
                        value) if (!json_object_get(json_object_get(storage, "bearer"), key))
        HR_TRY(hr_blob_config_bearer(config, key, NULL, err));
    return HR_OK;
}

/* the lock is held */
static enum hr_code adopt(struct hr_credentials *c, json_t *storage, struct hr_err *err)
{
    HR_TRY(set_storage(c->config, storage, c->storage, err));
    json_decref(c->storage);
    c->storage = json_incref(storage);
    c->began_ms = hr_clock_ms();
    if (!hr_manifest_time(json_object_get(storage, "expiresOn"), &c->ends_ms))
        c->ends_ms = INT64_MAX;
    c->generation++;
    return HR_OK;
}

/* ---- the thread ---- */

static enum hr_code renew(struct hr_credentials *c, json_t **storage, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *path = hr_printf(arena, "%s/access", c->options.path);
    json_t *reply;
    enum hr_code code =
        hr_client_call(c->options.server, "POST", path, json_object(), NULL, &reply, err);
    hr_arena_free(arena);
    *storage = NULL;
    HR_TRY(code);
    json_t *inner = json_object_get(reply, "storage");
    *storage = json_incref(inner ? inner : reply);
    json_decref(reply);
    if (json_is_object(*storage))
        return HR_OK;
    return hr_fail(err, HR_E_UNAVAILABLE, "the server's answer about access is not understood");
}

static bool is_denial(enum hr_code code)
{
    bool unknown = code == HR_E_UNAUTHENTICATED; /* the principal is gone, or its token */
    bool refused = code == HR_E_DENIED;          /* no role */
    bool gone = code == HR_E_NOT_FOUND;          /* the dataset or its version */
    return unknown || refused || gone;
}

static void attempt(struct hr_credentials *c)
{
    struct hr_err err = {0};
    json_t *storage;
    bool was_denied = is_denial(c->why.code);
    pthread_mutex_unlock(&c->lock);
    enum hr_code code = renew(c, &storage, &err);
    pthread_mutex_lock(&c->lock);
    if (!code)
        code = adopt(c, storage, &err);
    json_decref(storage);
    c->why = code ? err : (struct hr_err){0};
    c->why.code = code;
    c->attempts++;
    pthread_cond_broadcast(&c->changed);
    if (is_denial(code) == was_denied)
        return;
    hr_log(is_denial(code) ? HR_LOG_ERROR : HR_LOG_INFO,
           is_denial(code) ? "mount.denied" : "mount.allowed", "why", code ? err.msg : NULL, NULL);
    if (is_denial(code) && c->options.denied) {
        pthread_mutex_unlock(&c->lock);
        c->options.denied(c->options.arg);
        pthread_mutex_lock(&c->lock);
    }
}

static int64_t pause_after(const struct hr_credentials *c, int *unanswered)
{
    if (c->why.code && !is_denial(c->why.code)) {
        int64_t pause = PAUSE_FIRST_MS << (*unanswered < 6 ? *unanswered : 6);
        (*unanswered)++;
        return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
    }
    *unanswered = 0;
    int64_t half = c->ends_ms == INT64_MAX ? INT64_MAX : (c->ends_ms - hr_clock_ms()) / 2;
    half = half > ASKED_PAUSE_MS ? half : ASKED_PAUSE_MS;
    return half < c->options.check_ms ? half : c->options.check_ms;
}

/* the lock is held */
static void wait_until(struct hr_credentials *c, uint64_t ns)
{
    struct timespec at = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    pthread_cond_timedwait(&c->changed, &c->lock, &at);
}

static void *run(void *arg)
{
    struct hr_credentials *c = arg;
    int unanswered = 0;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        uint64_t last = hr_clock_mono_ns(),
                 due = last + (uint64_t)pause_after(c, &unanswered) * 1000000;
        while (!c->stop &&
               hr_clock_mono_ns() < (c->asked && due > last + ASKED_PAUSE_MS * 1000000ull
                                         ? last + ASKED_PAUSE_MS * 1000000ull
                                         : due))
            wait_until(c, c->asked && due > last + ASKED_PAUSE_MS * 1000000ull
                              ? last + ASKED_PAUSE_MS * 1000000ull
                              : due);
        c->asked = false;
        if (!c->stop)
            attempt(c);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum hr_code hr_credentials_start(struct hr_blob_config *config,
                                  const json_t *storage,
                                  const struct hr_credentials_options *options,
                                  struct hr_credentials **out,
                                  struct hr_err *err)
{
    struct hr_credentials *c = calloc(1, sizeof *c);
    pthread_condattr_t clock;
    HR_CHECK(c);
    c->config = config;
    c->options = *options;
    c->ends_ms = INT64_MAX;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &clock);
    pthread_condattr_destroy(&clock);
    enum hr_code code = storage ? adopt(c, (json_t *)storage, err) : HR_OK;
    if (!code && options->server && pthread_create(&c->thread, NULL, run, c))
        code = hr_fail(err, HR_E_NOMEM, "cannot start a thread that renews access");
    c->has_thread = !code && options->server;
    if (code)
        hr_credentials_stop(c);
    else
        *out = c;
    return code;
}

void hr_credentials_stop(struct hr_credentials *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (c->options.server)
        hr_client_stop(c->options.server);
    if (c->has_thread)
        pthread_join(c->thread, NULL);
    json_decref(c->storage);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- readers ---- */

/* with the server's next step, as one text */
static enum hr_code say_why(const struct hr_credentials *c, enum hr_code code, struct hr_err *err)
{
    char text[sizeof c->why.msg + sizeof c->why.hint + 32];
    hr_err_text(&c->why, text, sizeof text);
    return hr_fail(err, code, "%s", text);
}

enum hr_code hr_credentials_now(struct hr_credentials *c,
                                unsigned *generation,
                                int64_t *ends_ms,
                                struct hr_err *err)
{
    pthread_mutex_lock(&c->lock);
    enum hr_code code = HR_OK;
    if (is_denial(c->why.code))
        code = say_why(c, HR_E_DENIED, err);
    *generation = c->generation;
    *ends_ms = c->ends_ms;
    pthread_mutex_unlock(&c->lock);
    return code;
}

enum hr_code hr_credentials_newer(struct hr_credentials *c,
                                  unsigned generation,
                                  uint64_t deadline_ns,
                                  const struct hr_blob_cancel *cancel,
                                  struct hr_err *err)
{
    enum hr_code code = HR_OK;
    if (!c->options.server)
        return hr_fail(err, HR_E_UNAVAILABLE,
                       "the manifest came from a file: there is no server to renew its access");
    pthread_mutex_lock(&c->lock);
    while (!code && c->generation == generation) {
        if (is_denial(c->why.code))
            code = say_why(c, HR_E_DENIED, err);
        else if (hr_clock_mono_ns() >= deadline_ns)
            code = c->why.code ? say_why(c, HR_E_UNAVAILABLE, err)
                               : hr_fail(err, HR_E_UNAVAILABLE, "the server gives no newer access");
        else if (cancel && cancel->cancelled(cancel->arg))
            code = hr_fail(err, HR_E_CANCELLED, "the read was interrupted");
        if (code)
            break;
        c->asked = true;
        pthread_cond_broadcast(&c->changed);
        wait_until(c, hr_clock_mono_ns() + 50 * 1000000ull);
    }
    pthread_mutex_unlock(&c->lock);
    return code;
}
