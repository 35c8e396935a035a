#include "host/connect/private.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/duck/duckdb_fs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- counted things ---- */

static struct artifact *artifact_new(const void *bytes, size_t len)
{
    struct artifact *artifact = malloc(sizeof *artifact + len + 1);
    if (!artifact)
        return NULL;
    atomic_init(&artifact->refs, 1);
    artifact->len = len;
    memcpy(artifact->bytes, bytes, len);
    artifact->bytes[len] = 0;
    return artifact;
}

void hr_artifact_drop(struct artifact *artifact)
{
    if (artifact && atomic_fetch_sub(&artifact->refs, 1) == 1)
        free(artifact);
}

void hr_view_drop(void *arg)
{
    struct view *view = arg;
    if (view && atomic_fetch_sub(&view->refs, 1) == 1)
        hr_arena_free(view->arena); /* the view itself lives in it */
}

/* ---- life ---- */

static char *key_of(const char *user, const char *id)
{
    char *key = NULL;
    HR_CHECK(asprintf(&key, "%s\n%s", user, id) >= 0);
    return key;
}

static void standard_conf(struct session *session)
{
    static const char *const fixed[][2] = {{"spark.app.name", "headrace"},
                                           {"spark.master", "local[*]"},
                                           {"spark.submit.deployMode", "client"},
                                           {"spark.sql.catalogImplementation", "in-memory"},
                                           {"spark.executor.id", "driver"}};
    const struct hr_connect_options *options = &session->connect->options;
    char app[64];
    snprintf(app, sizeof app, "headrace-%.8s", session->server_id);
    hr_conf_put(&session->conf, "spark.app.id", app);
    for (size_t i = 0; i < HR_LEN(fixed); i++)
        hr_conf_put(&session->conf, fixed[i][0], fixed[i][1]);
    for (size_t i = 0; i < options->setting_count; i++) {
        struct hr_err err;
        if (hr_spark_session_set(session, options->settings[i].key, options->settings[i].value,
                                 &err))
            hr_conf_put(&session->conf, options->settings[i].key,
                        options->settings[i].value); /* a static key: the host may set it */
    }
}

/* what it was started with stands in its configuration, from its first call that has a grant */
static void show_sizes(struct session *session)
{
    if (session->sized)
        return;
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_sizes sizes;
    session->sized = true;
    if (hr_guard_sizes(&session->connect->guard, arena, &sizes)) {
        pthread_mutex_lock(&session->lock);
        for (size_t i = 0; i < HR_SIZE_COUNT; i++)
            if (sizes.at[i])
                hr_conf_put(&session->conf, hr_size_table[i].setting, sizes.at[i]);
        pthread_mutex_unlock(&session->lock);
    }
    hr_arena_free(arena);
}

static struct session *session_new(struct hr_connect *connect, const char *user, const char *id)
{
    struct session *session = calloc(1, sizeof *session);
    HR_CHECK(session);
    session->connect = connect;
    atomic_init(&session->refs, 1);
    session->id = strdup(id);
    session->user = strdup(user);
    session->user_name = strdup(user);
    session->key = key_of(user, id);
    session->server_id = malloc(37);
    hr_uuid_new(session->server_id);
    session->database = strdup("default");
    session->catalog = strdup("spark_catalog");
    pthread_mutex_init(&session->lock, NULL);
    hr_conf_init(&session->conf);
    hr_map_init_nocase(&session->views);
    hr_map_init(&session->cached);
    hr_map_init(&session->artifacts);
    hr_map_init(&session->persisted);
    hr_map_init_nocase(&session->functions);
    hr_map_init(&session->operations);
    hr_map_init(&session->finished);
    hr_map_init(&session->lost);
    hr_map_init(&session->errors);
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&session->replay, &recursive);
    pthread_mutexattr_destroy(&recursive);
    session->storage_conf = hr_blob_config_new();
    hr_guard_storage(connect, session->storage_conf);
    standard_conf(session);
    hr_map_put(&connect->sessions, session->key, session);
    hr_log(HR_LOG_INFO, "session.open", "session", id, "user", user, NULL);
    return session;
}

struct session *hr_spark_session_keep(struct session *session)
{
    atomic_fetch_add(&session->refs, 1);
    return session;
}

static void release_map(struct hr_map *map, void (*drop)(void *value))
{
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(map, at));)
        if (drop)
            drop(at->value);
    hr_map_release(map);
}

void hr_spark_session_drop(struct session *session)
{
    if (atomic_fetch_sub(&session->refs, 1) != 1)
        return;
    release_map(&session->views, hr_view_drop);
    release_map(&session->cached, hr_view_drop);
    release_map(&session->artifacts, (void (*)(void *))hr_artifact_drop);
    release_map(&session->persisted, NULL);
    release_map(&session->functions, NULL);
    release_map(&session->operations, NULL);
    release_map(&session->finished, NULL);
    release_map(&session->lost, NULL);
    release_map(&session->errors, free);
    if (session->engine)
        hr_engine_forget(session->engine); /* kept statements read scans of the format */
    hr_format_close(session->format);
    hr_engine_close(session->engine);
    hr_blob_free(session->blob);
    hr_blob_config_free(session->storage_conf);
    hr_conf_release(&session->conf);
    for (struct pending *at = session->pending, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    pthread_mutex_destroy(&session->replay);
    pthread_mutex_destroy(&session->lock);
    free(session->id);
    free(session->user);
    free(session->user_name);
    free(session->key);
    free(session->server_id);
    free(session->database);
    free(session->catalog);
    free(session);
}

struct session *hr_spark_session_get(struct hr_connect *connect, const char *user, const char *id)
{
    char *key = key_of(user, id);
    struct session *session = hr_map_get(&connect->sessions, key);
    free(key);
    return session;
}

static bool is_uuid(const char *text)
{
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return false;
    }
    return !text[36];
}

static bool was_closed(struct hr_connect *connect, const char *user, const char *id)
{
    char *key = key_of(user, id);
    bool closed = hr_map_has(&connect->closed, key);
    free(key);
    return closed;
}

enum hr_code hr_spark_session_open(struct hr_connect *connect,
                                   const PB(UserContext) * user,
                                   const char *id,
                                   const char *observed,
                                   struct session **out,
                                   struct hr_err *err)
{
    const char *user_id = user ? user->user_id : "";
    if (!is_uuid(id))
        return hr_fail_spark(err, "INVALID_HANDLE.FORMAT", "handle", id, NULL);
    if (was_closed(connect, user_id, id))
        return hr_fail_spark(err, "INVALID_HANDLE.SESSION_CLOSED", "handle", id, NULL);
    struct session *session = hr_spark_session_get(connect, user_id, id);
    if (!session && connect->sessions.count >= HR_SESSIONS_MAX)
        return hr_fail(err, HR_E_LIMIT, "this host serves %d sessions already", HR_SESSIONS_MAX);
    if (observed && (!session || strcmp(session->server_id, observed)))
        return hr_fail_spark(err, "INVALID_HANDLE.SESSION_CHANGED", "handle", id, NULL);
    if (!session) {
        session = session_new(connect, user_id, id);
        hr_journal_session(session);
    }
    show_sizes(session);
    if (user && *user->user_name && strcmp(user->user_name, session->user_name)) {
        pthread_mutex_lock(&session->lock);
        free(session->user_name);
        session->user_name = strdup(user->user_name);
        pthread_mutex_unlock(&session->lock);
    }
    *out = session;
    return HR_OK;
}

struct session *hr_spark_session_restore(struct hr_connect *connect,
                                         const char *user,
                                         const char *id,
                                         const char *server_id)
{
    struct session *session = session_new(connect, user, id);
    snprintf(session->server_id, 37, "%s", server_id);
    return session;
}

void hr_spark_session_add_pending(struct session *session, const void *plan, size_t len)
{
    struct pending *pending = malloc(sizeof *pending + len), **last = &session->pending;
    HR_CHECK(pending);
    pending->next = NULL;
    pending->len = len;
    memcpy(pending->bytes, plan, len);
    while (*last)
        last = &(*last)->next;
    *last = pending;
}

static void copy_views(struct hr_map *to, const struct hr_map *from)
{
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(from, at));) {
        atomic_fetch_add(&((struct view *)at->value)->refs, 1);
        hr_map_put(to, at->key, at->value);
    }
}

static void copy_pending(struct session *to, const struct session *from)
{
    struct pending **end = &to->pending;
    for (const struct pending *at = from->pending; at; at = at->next) {
        *end = malloc(sizeof **end + at->len);
        HR_CHECK(*end);
        memcpy(*end, at, sizeof **end + at->len);
        end = &(*end)->next;
    }
    *end = NULL;
}

enum hr_code hr_spark_session_clone(struct session *from,
                                    const char *id,
                                    const char *server_id,
                                    struct hr_err *err)
{
    HR_TRY(hr_journal_clone(from, id, server_id, NULL, err));
    struct session *to = session_new(from->connect, from->user, id);
    snprintf(to->server_id, 37, "%s", server_id);
    to->journalled = true;
    pthread_mutex_lock(&from->lock);
    hr_conf_copy(&to->conf, &from->conf);
    copy_views(&to->views, &from->views);
    copy_views(&to->cached, &from->cached);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&from->functions, at));)
        hr_map_put(&to->functions, at->key, at->value);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&from->artifacts, at));) {
        atomic_fetch_add(&((struct artifact *)at->value)->refs, 1);
        hr_map_put(&to->artifacts, at->key, at->value);
    }
    to->artifact_bytes = from->artifact_bytes;
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&from->conf.values, at));)
        if (hr_blob_config_knows(at->key))
            hr_blob_config_set(to->storage_conf, at->key, at->value, NULL);
    copy_pending(to, from);
    pthread_mutex_unlock(&from->lock);
    return HR_OK;
}

void hr_spark_session_close(struct session *session)
{
    struct hr_connect *connect = session->connect;
    hr_map_remove(&connect->sessions, session->key);
    hr_map_put(&connect->closed, session->key, (void *)1);
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(&session->operations, NULL));)
        hr_operation_remove(at->value);
    hr_log(HR_LOG_INFO, "session.close", "session", session->id, NULL);
    hr_spark_session_drop(session);
}

/* ---- what a session holds ---- */

/* as the host was told, unless the session was started with sizes */
static struct hr_engine_options engine_options(struct hr_connect *connect, bool *own)
{
    struct hr_engine_options options = {connect->options.threads, connect->options.memory_bytes,
                                        connect->options.spill_dir};
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_sizes sizes;
    *own = hr_guard_sizes(&connect->guard, arena, &sizes);
    if (*own) {
        options.memory_bytes = hr_sizes_memory(&sizes);
        options.threads = hr_sizes_threads(&sizes);
    }
    hr_arena_free(arena);
    return options;
}

static struct hr_engine *take_spare(struct hr_connect *connect)
{
    pthread_mutex_lock(&connect->lock);
    while (connect->opening)
        pthread_cond_wait(&connect->opened, &connect->lock);
    struct hr_engine *spare = connect->spare;
    connect->spare = NULL;
    pthread_mutex_unlock(&connect->lock);
    return spare;
}

static enum hr_code open_all(struct session *session, struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    bool own;
    struct hr_engine_options options = engine_options(connect, &own);
    if (!session->engine)
        session->engine = take_spare(connect);
    if (own && !session->format) { /* a spare was opened before it was known whose it will be */
        hr_engine_close(session->engine);
        session->engine = NULL;
    }
    if (!session->blob)
        HR_TRY(hr_blob_new(session->storage_conf, NULL, &session->blob, err));
    if (!session->engine)
        HR_TRY(hr_engine_open(&options, &session->engine, err));
    HR_TRY(hr_duckdb_fs_register(hr_engine_database(session->engine), session->blob, err));
    struct hr_format_options reading = {.stop_of = hr_engine_stop_of, .stop_arg = session->engine};
    if (!session->format)
        HR_TRY(hr_format_open(hr_engine_database(session->engine), session->blob, &reading,
                              &session->format, err));
    session->opened = true;
    return HR_OK;
}

/* another thread that comes meanwhile waits until all are made; the commands themselves come here
 * too */
static void replay_pending(struct session *session)
{
    pthread_mutex_lock(&session->replay);
    while (!session->replaying) {
        pthread_mutex_lock(&session->lock);
        struct pending *next = session->pending;
        pthread_mutex_unlock(&session->lock);
        if (!next)
            break;
        session->replaying = true;
        hr_execute_replayed(session, next->bytes, next->len);
        session->replaying = false;
        pthread_mutex_lock(&session->lock);
        session->pending = next->next;
        pthread_mutex_unlock(&session->lock);
        free(next);
    }
    pthread_mutex_unlock(&session->replay);
}

enum hr_code hr_spark_session_engine(struct session *session, struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&session->lock);
    if (!session->opened)
        code = open_all(session, err);
    struct pending *pending = session->pending;
    pthread_mutex_unlock(&session->lock);
    if (!code && pending)
        replay_pending(session);
    return code;
}

enum hr_code hr_spark_session_set(struct session *session,
                                  const char *key,
                                  const char *value,
                                  struct hr_err *err)
{
    enum hr_code code = HR_OK;
    pthread_mutex_lock(&session->lock);
    if (hr_blob_config_knows(key))
        code = hr_blob_config_set(session->storage_conf, key, value, err);
    if (!code)
        code = value ? hr_conf_set(&session->conf, key, value, err)
                     : hr_conf_unset(&session->conf, key, err);
    pthread_mutex_unlock(&session->lock);
    return code;
}

enum hr_code hr_spark_session_set_durably(struct session *session,
                                          const char *key,
                                          const char *value,
                                          struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    pthread_mutex_lock(&connect->journal_lock);
    pthread_mutex_lock(&session->lock);
    const char *old = hr_map_get(&session->conf.values, key);
    char *before = old ? strdup(old) : NULL;
    pthread_mutex_unlock(&session->lock);
    enum hr_code code = hr_spark_session_set(session, key, value, err);
    if (!code) {
        code = hr_journal_config(session, key, value, err);
        if (code)
            hr_spark_session_set(session, key, before, NULL);
    }
    pthread_mutex_unlock(&connect->journal_lock);
    free(before);
    return code;
}

static pthread_mutex_t *views_of(struct session *session, bool global, struct hr_map **map)
{
    *map = global ? &session->connect->global_views : &session->views;
    return global ? &session->connect->lock : &session->lock;
}

static bool map_has(pthread_mutex_t *lock, const struct hr_map *map, const char *name)
{
    pthread_mutex_lock(lock);
    bool has = hr_map_has(map, name);
    pthread_mutex_unlock(lock);
    return has;
}

static enum hr_code fail_view_exists(const struct view *view, struct hr_err *err)
{
    return hr_fail_spark(err, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "relationName",
                         hr_printf(view->arena, "`%s`", view->name), NULL);
}

enum hr_code hr_spark_session_create_view(struct session *session,
                                          struct view *view,
                                          bool replace,
                                          struct operation *by,
                                          struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    struct hr_map *map;
    struct view *old = NULL;
    enum hr_code code = HR_OK;
    pthread_mutex_t *lock = views_of(session, view->global, &map);
    pthread_mutex_lock(&connect->journal_lock);
    if (!replace && map_has(lock, map, view->name))
        code = fail_view_exists(view, err);
    else
        code = hr_journal_plan(by, err);
    if (!code) {
        pthread_mutex_lock(lock);
        old = hr_map_put(map, view->name, view);
        pthread_mutex_unlock(lock);
    }
    pthread_mutex_unlock(&connect->journal_lock);
    hr_view_drop(code ? view : old);
    return code;
}

static bool names_global(const struct hr_names *name)
{
    return name->count == 2 && !strcasecmp(name->at[0], "global_temp");
}

enum hr_code hr_spark_session_drop_view(struct session *session,
                                        const struct hr_names *name,
                                        bool global,
                                        struct operation *by,
                                        bool *dropped,
                                        struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    struct hr_map *map;
    struct view *old = NULL;
    *dropped = false;
    if (!name->count || (name->count > 1 && !names_global(name)))
        return HR_OK;
    pthread_mutex_t *lock = views_of(session, global || names_global(name), &map);
    pthread_mutex_lock(&connect->journal_lock);
    bool there = map_has(lock, map, name->at[name->count - 1]);
    enum hr_code code = there ? hr_journal_plan(by, err) : HR_OK;
    if (there && !code) {
        pthread_mutex_lock(lock);
        old = hr_map_remove(map, name->at[name->count - 1]);
        pthread_mutex_unlock(lock);
        *dropped = true;
    }
    pthread_mutex_unlock(&connect->journal_lock);
    hr_view_drop(old);
    return code;
}

struct view *hr_spark_session_find_view(struct session *session, const struct hr_names *name)
{
    struct hr_map *map;
    if (!name->count || (name->count > 1 && !names_global(name)))
        return NULL;
    pthread_mutex_t *lock = views_of(session, names_global(name), &map);
    pthread_mutex_lock(lock);
    struct view *view = hr_map_get(map, name->at[name->count - 1]);
    if (view)
        atomic_fetch_add(&view->refs, 1);
    pthread_mutex_unlock(lock);
    return view;
}

/* "cache/…", "files/…", "pyfiles/…", "archives/…", "jars/…", "classes/…": relative, without ".." */
static bool is_artifact_name(const char *name)
{
    return *name &&
           *name != '/' &&
           strcmp(name, "..") &&
           strncmp(name, "../", 3) &&
           !strstr(name, "/../");
}

/* a session that came back from its journal may hold more, from a time with another limit: it keeps
 * that */
static enum hr_code check_artifact_room(struct session *session,
                                        const char *name,
                                        size_t len,
                                        struct hr_err *err)
{
    pthread_mutex_lock(&session->lock);
    const struct artifact *old = hr_map_get(&session->artifacts, name);
    size_t others = session->artifact_bytes - (old ? old->len : 0);
    pthread_mutex_unlock(&session->lock);
    if (session->connect->journal < 0 && session->connect->options.journal)
        return HR_OK;
    if (others + len <= HR_ARTIFACT_MAX)
        return HR_OK;
    hr_fail(
        err, HR_E_LIMIT,
        "artifacts of a session are limited to %zu bytes in all: it has %zu, and \"%s\" has %zu",
        HR_ARTIFACT_MAX, others, name, len);
    return hr_fail_hint(err, "put it into storage and read it from there");
}

enum hr_code hr_spark_session_add_artifact(
    struct session *session, const char *name, const void *bytes, size_t len, struct hr_err *err)
{
    if (!is_artifact_name(name))
        return hr_fail(err, HR_E_INVALID, "artifact \"%s\" is not a relative path", name);
    if (!strncmp(name, "jars/", 5) || !strncmp(name, "classes/", 8))
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             "artifacts for a Java machine (jars, classes)", NULL);
    if (!strncmp(name, "forward_to_fs/", 14))
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature", "copyFromLocalToFs", NULL);
    struct artifact *artifact = artifact_new(bytes, len), *old = NULL;
    if (!artifact)
        return hr_fail(err, HR_E_NOMEM, "no memory for an artifact of %zu bytes", len);
    pthread_mutex_lock(&session->connect->journal_lock);
    enum hr_code code = check_artifact_room(session, name, len, err);
    if (!code)
        code = hr_journal_artifact(session, name, bytes, len, err);
    if (!code) {
        pthread_mutex_lock(&session->lock);
        old = hr_map_put(&session->artifacts, name, artifact);
        session->artifact_bytes += len - (old ? old->len : 0);
        pthread_mutex_unlock(&session->lock);
    }
    pthread_mutex_unlock(&session->connect->journal_lock);
    hr_artifact_drop(code ? artifact : old);
    return code;
}

void hr_spark_session_remember_error(struct session *session,
                                     const char *id,
                                     const struct hr_err *err)
{
    struct hr_err *copy = malloc(sizeof *copy);
    if (!copy)
        return;
    *copy = *err;
    if (session->errors.count >= HR_ERRORS_REMEMBERED) {
        struct hr_map_entry *oldest = hr_map_next(&session->errors, NULL);
        free(hr_map_remove(&session->errors, oldest->key));
    }
    free(hr_map_put(&session->errors, id, copy));
}
