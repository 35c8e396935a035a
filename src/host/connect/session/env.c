/* struct hr_env of a session: what the analyzer asks of configuration, views, files and uploaded
 * relations. */
#include "base/clock.h"
#include "host/connect/private.h"
#include "host/sql/sql.h"
#include <string.h>
#include <strings.h>
#include <time.h>

const char *hr_env_conf(const struct env *env, const char *key)
{
    return hr_conf_get(&env->conf, key);
}

static const char *conf(struct hr_env *base, const char *key)
{
    return hr_env_conf((struct env *)base, key);
}

static struct hr_sql_options sql_options(struct env *env)
{
    const char *type = hr_env_conf(env, "spark.sql.timestampType");
    return (struct hr_sql_options){
        .time_zone = hr_env_conf(env, "spark.sql.session.timeZone"),
        .timestamp_is_ntz = type && !strcasecmp(type, "TIMESTAMP_NTZ"),
        .double_quoted_names =
            hr_conf_is_true(&env->conf, "spark.sql.ansi.enabled") &&
            hr_conf_is_true(&env->conf, "spark.sql.ansi.doubleQuotedIdentifiers")};
}

static const char *variable(void *arg, const char *name)
{
    return hr_env_conf(arg, name);
}

static enum hr_code substituted(struct env *env,
                                struct hr_arena *arena,
                                const char **sql,
                                struct hr_err *err)
{
    const char *wanted = hr_env_conf(env, "spark.sql.variable.substitute");
    if (wanted && strcasecmp(wanted, "true"))
        return HR_OK;
    return hr_sql_substitute(arena, *sql, variable, env, sql, err);
}

static enum hr_code parse(struct hr_env *base,
                          struct hr_arena *arena,
                          const char *sql,
                          struct hr_rel **rel,
                          struct hr_err *err)
{
    struct hr_sql_options options = sql_options((struct env *)base);
    HR_TRY(substituted((struct env *)base, arena, &sql, err));
    return hr_sql_parse_query(arena, sql, &options, rel, err);
}

static enum hr_code parse_expr(struct hr_env *base,
                               struct hr_arena *arena,
                               const char *sql,
                               struct hr_expr **expr,
                               struct hr_err *err)
{
    struct hr_sql_options options = sql_options((struct env *)base);
    HR_TRY(substituted((struct env *)base, arena, &sql, err));
    return hr_sql_parse_expr(arena, sql, &options, expr, err);
}

enum hr_code hr_env_parse_statement(struct env *env,
                                    const char *sql,
                                    struct hr_sql_statement *statement,
                                    struct hr_err *err)
{
    struct hr_sql_options options = sql_options(env);
    HR_TRY(substituted(env, env->arena, &sql, err));
    return hr_sql_parse_statement(env->arena, sql, &options, statement, err);
}

static struct hr_rel *view(struct hr_env *base, struct hr_arena *arena, const struct hr_names *name)
{
    struct env *env = (struct env *)base;
    struct view *found = hr_spark_session_find_view(env->session, name);
    if (!found)
        return NULL;
    hr_arena_on_free(env->arena, hr_view_drop, found);
    if (!found->columns.count)
        return found->rel;
    struct hr_rel *named = hr_rel_new(arena, HR_REL_TO_DF, found->rel);
    named->to_df.names = found->columns;
    return named;
}

/* ---- uploaded relations ---- */

static void drop_artifact(void *artifact)
{
    hr_artifact_drop(artifact);
}

static enum hr_code find_artifact(struct env *env,
                                  struct hr_arena *arena,
                                  const char *hash,
                                  const struct artifact **out,
                                  struct hr_err *err)
{
    char *name = hr_printf(arena, "cache/%s", hash);
    pthread_mutex_lock(&env->session->lock);
    struct artifact *artifact = hr_map_get(&env->session->artifacts, name);
    if (artifact)
        atomic_fetch_add(&artifact->refs, 1);
    pthread_mutex_unlock(&env->session->lock);
    if (!artifact)
        return hr_fail(err, HR_E_INVALID,
                       "cached local relation \"%s\" was not uploaded to this session", hash);
    hr_arena_on_free(env->arena, drop_artifact, artifact);
    *out = artifact;
    return HR_OK;
}

static enum hr_code read_chunks(struct env *env,
                                struct hr_arena *arena,
                                const struct hr_rel *rel,
                                struct hr_source **source,
                                struct hr_err *err)
{
    const struct artifact **parts = HR_NEW_ARRAY(arena, const struct artifact *,
                                                 rel->cached_local.data.count + 1),
                          *schema = NULL;
    size_t len = 0, at = 0;
    for (size_t i = 0; i < rel->cached_local.data.count; i++) {
        HR_TRY(find_artifact(env, arena, rel->cached_local.data.at[i], &parts[i], err));
        len += parts[i]->len;
    }
    if (rel->cached_local.schema_hash)
        HR_TRY(find_artifact(env, arena, rel->cached_local.schema_hash, &schema, err));
    if (rel->cached_local.data.count == 1)
        return hr_format_local(env->session->format, arena, &env->base, parts[0]->bytes, len,
                               schema ? schema->bytes : NULL, source, err);
    char *all = hr_arena_try(arena, len + 1);
    if (!all)
        return hr_fail(err, HR_E_NOMEM, "no memory for a local relation of %zu bytes", len);
    for (size_t i = 0; i < rel->cached_local.data.count; at += parts[i++]->len)
        memcpy(all + at, parts[i]->bytes, parts[i]->len);
    return hr_format_local(env->session->format, arena, &env->base, all, len,
                           schema ? schema->bytes : NULL, source, err);
}

static enum hr_code read_cached(struct env *env,
                                struct hr_arena *arena,
                                const struct hr_rel *rel,
                                struct hr_source **source,
                                struct hr_err *err)
{
    const struct artifact *artifact;
    if (!rel->cached_local.hash)
        return read_chunks(env, arena, rel, source, err);
    HR_TRY(find_artifact(env, arena, rel->cached_local.hash, &artifact, err));
    PB(LocalRelation) *local = hr_decode_message(arena, &spark__connect__local_relation__descriptor,
                                                 artifact->bytes, artifact->len, err);
    if (!local)
        return HR_E_INVALID;
    return hr_format_local(env->session->format, arena, &env->base,
                           local->_data_case ? local->data.data : NULL,
                           local->_data_case ? local->data.len : 0,
                           local->_schema_case ? local->schema : NULL, source, err);
}

/* ---- rows for formats that read a query ---- */

struct pulled {
    struct hr_sink sink;
    enum hr_code (*take)(void *arg, duckdb_data_chunk chunk, struct hr_err *err);
    void *arg;
};

static enum hr_code pulled_chunk(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    struct pulled *pulled = (struct pulled *)sink;
    return pulled->take(pulled->arg, chunk, err);
}

static enum hr_code rows_pull(struct hr_format_rows *rows,
                              enum hr_code (*take)(void *arg,
                                                   duckdb_data_chunk chunk,
                                                   struct hr_err *err),
                              void *arg,
                              struct hr_err *err)
{
    struct pulled pulled = {.sink = {.chunk = pulled_chunk}, .take = take, .arg = arg};
    return hr_query_run(rows->arg, &pulled.sink, err);
}

static enum hr_code rows_execute(struct hr_format_rows *rows,
                                 const char *statement,
                                 struct hr_err *err)
{
    return hr_query_execute(rows->arg, statement, err);
}

void hr_env_query_rows(struct hr_arena *arena, struct hr_query *query, struct hr_format_rows *rows)
{
    const struct hr_typed *typed = hr_query_typed(query);
    size_t count = 0;
    *rows = (struct hr_format_rows){.schema = hr_query_schema(query),
                                    .sql = hr_query_sql(query),
                                    .pull = rows_pull,
                                    .execute = rows_execute,
                                    .arg = query};
    for (size_t i = 0; i < typed->source_count; i++)
        count += typed->sources[i]->files.count;
    rows->inputs = (struct hr_names){HR_NEW_ARRAY(arena, const char *, count), 0};
    for (size_t i = 0; i < typed->source_count; i++)
        for (size_t k = 0; k < typed->sources[i]->files.count; k++)
            rows->inputs.at[rows->inputs.count++] = typed->sources[i]->files.at[k];
}

static enum hr_code read_parsed(struct env *env,
                                struct hr_arena *arena,
                                const struct hr_rel *rel,
                                struct hr_source **source,
                                struct hr_err *err)
{
    struct hr_query *query;
    struct hr_format_rows rows;
    HR_TRY(hr_query_prepare(env->session->engine, arena, &env->base, rel->input, &query, err));
    hr_env_query_rows(arena, query, &rows);
    return hr_format_parse(env->session->format, arena, &env->base, rel, &rows, source, err);
}

static enum hr_code read(struct hr_env *base,
                         struct hr_arena *arena,
                         const struct hr_rel *rel,
                         struct hr_source **source,
                         struct hr_err *err)
{
    struct env *env = (struct env *)base;
    switch (rel->kind) {
    case HR_REL_CACHED_LOCAL:
        return read_cached(env, arena, rel, source, err);
    case HR_REL_PARSE:
        return read_parsed(env, arena, rel, source, err);
    case HR_REL_LOCAL:
        return hr_format_local(env->session->format, arena, base, rel->local.arrow,
                               rel->local.arrow_len, rel->local.schema, source, err);
    default:
        return hr_format_read(env->session->format, arena, base, rel, source, err);
    }
}

static int64_t now_us(struct hr_env *base)
{
    return ((struct env *)base)->now_us;
}

static const char *user(struct hr_env *base)
{
    return ((struct env *)base)->session->user_name;
}

static enum hr_code values(struct hr_env *base,
                           struct hr_arena *arena,
                           const struct hr_rel *rel,
                           size_t limit,
                           struct hr_literals *out,
                           struct hr_err *err)
{
    return hr_engine_values(((struct env *)base)->session->engine, arena, base, rel, limit, out,
                            err);
}

static const char *registered(struct hr_env *base, const char *name)
{
    struct session *session = ((struct env *)base)->session;
    pthread_mutex_lock(&session->lock);
    const char *what = hr_map_get(&session->functions, name);
    pthread_mutex_unlock(&session->lock);
    return what;
}

static bool is_cancelled(struct hr_env *base)
{
    struct operation *operation = ((struct env *)base)->operation;
    return operation && hr_operation_is_cancelled(operation);
}

static const struct hr_env_ops ops = {conf,   read, view,   parse,      parse_expr,
                                      now_us, user, values, registered, is_cancelled};

static void release(void *arg)
{
    struct env *env = arg;
    hr_conf_release(&env->conf);
    hr_spark_session_drop(env->session);
}

enum hr_code hr_env_new(struct hr_arena *arena,
                        struct session *session,
                        struct env **out,
                        struct hr_err *err)
{
    struct timespec now;
    HR_TRY(hr_spark_session_engine(session, err));
    struct env *env = HR_NEW(arena, struct env);
    clock_gettime(CLOCK_REALTIME, &now);
    env->base.ops = &ops;
    env->session = hr_spark_session_keep(session);
    env->arena = arena;
    env->now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    hr_conf_init(&env->conf);
    pthread_mutex_lock(&session->lock);
    hr_conf_copy(&env->conf, &session->conf);
    pthread_mutex_unlock(&session->lock);
    hr_arena_on_free(arena, release, env);
    *out = env;
    return HR_OK;
}
