/* What a session can list: its databases (one), its temporary views. spark.catalog's calls and SHOW
 * statements answer from here. There are no tables besides temporary views, so a call that would
 * make or change one is refused by name. */
#include "host/connect/texts.h"
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct listed {
    const char *name;
    bool global;
};

static void list_map(struct hr_arena *arena,
                     const struct hr_map *map,
                     bool global,
                     struct listed *out,
                     size_t *count,
                     size_t room)
{
    for (struct hr_map_entry *at = NULL; (at = hr_map_next(map, at)) && *count < room;)
        out[(*count)++] =
            (struct listed){hr_strdup(arena, ((struct view *)at->value)->name), global};
}

static struct listed *views(struct env *env, bool global, bool local, size_t *count)
{
    struct session *session = env->session;
    struct hr_connect *connect = session->connect;
    *count = 0;
    pthread_mutex_lock(&connect->lock);
    pthread_mutex_lock(&session->lock);
    size_t room = connect->global_views.count + session->views.count;
    struct listed *out = HR_NEW_ARRAY(env->arena, struct listed, room + 1);
    if (global)
        list_map(env->arena, &connect->global_views, true, out, count, room);
    if (local)
        list_map(env->arena, &session->views, false, out, count, room);
    pthread_mutex_unlock(&session->lock);
    pthread_mutex_unlock(&connect->lock);
    return out;
}

/* Spark's patterns: '*' any text, '|' either, case ignored */
static bool matches(const char *pattern, const char *name)
{
    bool matched = !pattern;
    char *copy = pattern ? strdup(pattern) : NULL, *rest = copy;
    HR_CHECK(copy || !pattern);
    for (char *part; !matched && (part = strsep(&rest, "|"));)
        matched = !fnmatch(part, name, FNM_CASEFOLD);
    free(copy);
    return matched;
}

enum hr_code hr_catalog_not_found(struct env *env, const struct hr_names *name, struct hr_err *err)
{
    struct hr_buf quoted;
    hr_buf_init(&quoted, HR_BUF_GROWS);
    for (size_t i = 0; i < name->count; i++)
        hr_buf_addf(&quoted, "%s`%s`", i ? "." : "", name->at[i]);
    char *text = hr_buf_keep(&quoted, env->arena);
    return hr_fail_spark(err, "TABLE_OR_VIEW_NOT_FOUND", "relationName", text, NULL);
}

/* ---- SHOW ---- */

static bool is_global_database(const struct hr_names *in)
{
    return in->count && !strcasecmp(in->at[in->count - 1], "global_temp");
}

static enum hr_code show_columns(struct env *env,
                                 const struct hr_command *command,
                                 struct texts *texts,
                                 struct hr_err *err)
{
    struct hr_rel *rel = hr_rel_new(env->arena, HR_REL_READ_TABLE, NULL);
    struct hr_typed *typed;
    rel->read_table.name = command->show.in;
    HR_TRY(hr_analyze(env->arena, &env->base, rel, &typed, err));
    hr_texts_columns(texts, "col_name", NULL);
    for (size_t i = 0; i < typed->schema->field_count; i++)
        hr_texts_row(texts, typed->schema->fields[i].name);
    return HR_OK;
}

enum hr_code hr_catalog_show(struct env *env,
                             const struct hr_command *command,
                             struct texts *texts,
                             struct hr_err *err)
{
    const char *what = command->show.what;
    if (!strcasecmp(what, "COLUMNS"))
        return show_columns(env, command, texts, err);
    if (!strcasecmp(what, "DATABASES") ||
        !strcasecmp(what, "SCHEMAS") ||
        !strcasecmp(what, "NAMESPACES")) {
        hr_texts_columns(texts, "namespace", NULL);
        if (matches(command->show.pattern, "default"))
            hr_texts_row(texts, "default");
        return HR_OK;
    }
    bool tables = !strcasecmp(what, "TABLES");
    if (!tables && strcasecmp(what, "VIEWS"))
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                             hr_printf(env->arena, "SHOW %s", what), NULL);
    size_t count;
    struct listed *list = views(env, is_global_database(&command->show.in), true, &count);
    hr_texts_columns(texts, "namespace", tables ? "tableName" : "viewName", "?isTemporary", NULL);
    for (size_t i = 0; i < count; i++)
        if (matches(command->show.pattern, list[i].name))
            hr_texts_row(texts, list[i].global ? "global_temp" : "", list[i].name, "true");
    return HR_OK;
}

/* USE default; USE spark_catalog: there is nothing else to go to */
enum hr_code hr_catalog_use(struct env *env, const struct hr_command *command, struct hr_err *err)
{
    const struct hr_names *name = &command->use.name;
    const char *last = name->count ? name->at[name->count - 1] : "";
    bool catalog = !strcasecmp(last, "spark_catalog") && name->count == 1;
    if (!strcasecmp(last, "default") || catalog)
        return HR_OK;
    return hr_fail_spark(err, "SCHEMA_NOT_FOUND", "schemaName",
                         hr_printf(env->arena, "`spark_catalog`.`%s`", last), NULL);
}

/* ---- spark.catalog ---- */

struct call {
    struct env *env;
    const struct hr_catalog_call *catalog;
    struct texts *texts;
    struct hr_err *err;
};

static const char *arg(const struct call *call, const char *name)
{
    return hr_option_get(&call->catalog->args, name);
}

static enum hr_code one(struct call *call, const char *column, const char *value)
{
    hr_texts_columns(call->texts, column, NULL);
    hr_texts_row(call->texts, value);
    return HR_OK;
}

static enum hr_code current_database(struct call *call)
{
    pthread_mutex_lock(&call->env->session->lock);
    char *name = hr_strdup(call->env->arena, call->env->session->database);
    pthread_mutex_unlock(&call->env->session->lock);
    return one(call, "current_database", name);
}

static enum hr_code no_database(struct call *call, const char *name)
{
    return hr_fail_spark(call->err, "SCHEMA_NOT_FOUND", "schemaName",
                         hr_printf(call->env->arena, "`spark_catalog`.`%s`", name), NULL);
}

static enum hr_code set_current_database(struct call *call)
{
    return strcasecmp(arg(call, "db_name"), "default") ? no_database(call, arg(call, "db_name"))
                                                       : HR_OK;
}

static void database_columns(struct call *call)
{
    hr_texts_columns(call->texts, "name", "catalog", "description", "locationUri", NULL);
}

static void database_row(struct call *call)
{
    const char *folder = hr_env_conf(call->env, "spark.sql.warehouse.dir");
    hr_texts_row(call->texts, "default", "spark_catalog", "default database", folder ? folder : "");
}

static enum hr_code list_databases(struct call *call)
{
    database_columns(call);
    if (matches(arg(call, "pattern"), "default"))
        database_row(call);
    return HR_OK;
}

static enum hr_code get_database(struct call *call)
{
    if (strcasecmp(arg(call, "db_name"), "default"))
        return no_database(call, arg(call, "db_name"));
    database_columns(call);
    database_row(call);
    return HR_OK;
}

static enum hr_code database_exists(struct call *call)
{
    const char *name = arg(call, "db_name");
    return one(call, "?exists",
               !strcasecmp(name, "default") || !strcasecmp(name, "global_temp") ? "true" : "false");
}

static void table_columns(struct call *call)
{
    hr_texts_columns(call->texts, "name", "catalog", "[namespace", "description", "tableType",
                     "?isTemporary", NULL);
}

static void table_row(struct call *call, const char *name, bool global)
{
    hr_texts_row(call->texts, name, NULL, global ? "global_temp" : NULL, NULL, "TEMPORARY", "true");
}

static enum hr_code list_tables(struct call *call)
{
    size_t count;
    const char *database = arg(call, "db_name"), *pattern = arg(call, "pattern");
    bool global = database && !strcasecmp(database, "global_temp");
    if (database && !global && strcasecmp(database, "default"))
        return no_database(call, database);
    struct listed *list = views(call->env, global, true, &count);
    table_columns(call);
    for (size_t i = 0; i < count; i++)
        if (matches(pattern, list[i].name))
            table_row(call, list[i].name, list[i].global);
    return HR_OK;
}

/* the view that table_name (and db_name) mean; a reference, or NULL */
static struct view *named(struct call *call, struct hr_names *name, enum hr_code *code)
{
    const char *database = arg(call, "db_name");
    *code = hr_decode_name(call->env->arena, arg(call, "table_name"), name, call->err);
    if (*code)
        return NULL;
    if (database) {
        const char **parts = HR_NEW_ARRAY(call->env->arena, const char *, 2);
        parts[0] = database;
        parts[1] = name->at[name->count - 1];
        *name = (struct hr_names){parts, 2};
    }
    struct view *view = hr_spark_session_find_view(call->env->session, name);
    if (view)
        hr_arena_on_free(call->env->arena, hr_view_drop, view);
    return view;
}

static enum hr_code get_table(struct call *call)
{
    struct hr_names name;
    enum hr_code code;
    struct view *view = named(call, &name, &code);
    if (!view)
        return code ? code : hr_catalog_not_found(call->env, &name, call->err);
    table_columns(call);
    table_row(call, view->name, view->global);
    return HR_OK;
}

static enum hr_code table_exists(struct call *call)
{
    struct hr_names name;
    enum hr_code code;
    struct view *view = named(call, &name, &code);
    return code ? code : one(call, "?exists", view ? "true" : "false");
}

static enum hr_code list_columns(struct call *call)
{
    struct hr_names name;
    enum hr_code code;
    struct hr_typed *typed;
    if (!named(call, &name, &code))
        return code ? code : hr_catalog_not_found(call->env, &name, call->err);
    struct hr_rel *rel = hr_rel_new(call->env->arena, HR_REL_READ_TABLE, NULL);
    rel->read_table.name = name;
    HR_TRY(hr_analyze(call->env->arena, &call->env->base, rel, &typed, call->err));
    hr_texts_columns(call->texts, "name", "description", "dataType", "?nullable", "?isPartition",
                     "?isBucket", "?isCluster", NULL);
    for (size_t i = 0; i < typed->schema->field_count; i++) {
        struct hr_buf type;
        hr_buf_init(&type, HR_BUF_GROWS);
        hr_type_simple(typed->schema->fields[i].type, &type);
        hr_texts_row(call->texts, typed->schema->fields[i].name, NULL, hr_buf_text(&type),
                     typed->schema->fields[i].nullable ? "true" : "false", "false", "false",
                     "false");
        hr_buf_release(&type);
    }
    return HR_OK;
}

static enum hr_code drop_view_named(struct call *call, bool global)
{
    const char *parts[] = {"global_temp", arg(call, "view_name")};
    struct hr_names name = {global ? parts : parts + 1, global ? 2 : 1};
    struct view *view = hr_spark_session_find_view(call->env->session, &name);
    bool dropped = view != NULL;
    hr_view_drop(view);
    if (view && call->env->operation) /* none: it is only analyzed */
        HR_TRY(hr_spark_session_drop_view(call->env->session, &name, global, call->env->operation,
                                          &dropped, call->err));
    return one(call, "?dropped", dropped ? "true" : "false");
}

static enum hr_code drop_temp_view(struct call *call)
{
    return drop_view_named(call, false);
}
static enum hr_code drop_global_temp_view(struct call *call)
{
    return drop_view_named(call, true);
}
static enum hr_code current_catalog(struct call *call)
{
    return one(call, "current_catalog", "spark_catalog");
}

static enum hr_code set_current_catalog(struct call *call)
{
    const char *name = arg(call, "catalog_name");
    return strcasecmp(name, "spark_catalog")
               ? hr_fail_spark(call->err, "CATALOG_NOT_FOUND", "catalogName",
                               hr_printf(call->env->arena, "`%s`", name), "config",
                               hr_printf(call->env->arena, "\"spark.sql.catalog.%s\"", name), NULL)
               : HR_OK;
}

static enum hr_code list_catalogs(struct call *call)
{
    hr_texts_columns(call->texts, "name", "description", NULL);
    if (matches(arg(call, "pattern"), "spark_catalog"))
        hr_texts_row(call->texts, "spark_catalog", NULL);
    return HR_OK;
}

/* caching by name: remembered as a fact, since unchanged scans are kept anyway (format/) */
enum hr_code hr_catalog_cache(struct env *env,
                              const struct hr_names *name,
                              bool cached,
                              struct hr_err *err)
{
    struct session *session = env->session;
    struct view *view = hr_spark_session_find_view(session, name);
    if (!view)
        return hr_catalog_not_found(env, name, err);
    hr_view_drop(view);
    char *key = hr_printf(env->arena, "table %s", name->at[name->count - 1]);
    pthread_mutex_lock(&session->lock);
    if (cached)
        hr_map_put(&session->persisted, key, (void *)1);
    else
        hr_map_remove(&session->persisted, key);
    pthread_mutex_unlock(&session->lock);
    return HR_OK;
}

static enum hr_code set_cached(struct call *call, bool cached)
{
    struct hr_names name;
    enum hr_code code;
    named(call, &name, &code);
    return code ? code : hr_catalog_cache(call->env, &name, cached, call->err);
}

static enum hr_code cache_table(struct call *call)
{
    return set_cached(call, true);
}
static enum hr_code uncache_table(struct call *call)
{
    return set_cached(call, false);
}

static enum hr_code is_cached(struct call *call)
{
    struct hr_names name;
    enum hr_code code;
    struct session *session = call->env->session;
    if (!named(call, &name, &code))
        return code ? code : hr_catalog_not_found(call->env, &name, call->err);
    char *key = hr_printf(call->env->arena, "table %s", name.at[name.count - 1]);
    pthread_mutex_lock(&session->lock);
    bool cached = hr_map_has(&session->persisted, key);
    pthread_mutex_unlock(&session->lock);
    return one(call, "?cached", cached ? "true" : "false");
}

static enum hr_code clear_cache(struct call *call)
{
    struct session *session = call->env->session;
    pthread_mutex_lock(&session->lock);
    hr_map_release(&session->persisted);
    hr_map_init(&session->persisted);
    pthread_mutex_unlock(&session->lock);
    return HR_OK;
}

/* files are pinned by ETag, so there is nothing stale to refresh */
static enum hr_code refresh(struct call *call)
{
    (void)call;
    return HR_OK;
}

static const struct {
    const char *name;
    enum hr_code (*run)(struct call *call);
} calls[] = {
    {"current_database", current_database},
    {"set_current_database", set_current_database},
    {"list_databases", list_databases},
    {"list_tables", list_tables},
    {"list_views", list_tables},
    {"list_columns", list_columns},
    {"get_database", get_database},
    {"get_table", get_table},
    {"database_exists", database_exists},
    {"table_exists", table_exists},
    {"drop_temp_view", drop_temp_view},
    {"drop_global_temp_view", drop_global_temp_view},
    {"is_cached", is_cached},
    {"cache_table", cache_table},
    {"uncache_table", uncache_table},
    {"clear_cache", clear_cache},
    {"refresh_table", refresh},
    {"refresh_by_path", refresh},
    {"current_catalog", current_catalog},
    {"set_current_catalog", set_current_catalog},
    {"list_catalogs", list_catalogs},
};

/* the protobuf's list_functions is PySpark's listFunctions */
static const char *method_of(struct hr_arena *arena, const char *call)
{
    char *name = hr_strdup(arena, call), *end = name;
    for (const char *p = call; *p; p++) {
        bool next = *p == '_' && p[1];
        if (next)
            p++;
        *end++ = (char)(next ? toupper((unsigned char)*p) : *p);
    }
    *end = 0;
    return name;
}

enum hr_code hr_catalog_bind(struct env *env, struct hr_rel *rel, struct hr_err *err)
{
    struct call call = {env, rel->catalog.call, hr_texts_new(env->arena), err};
    for (size_t i = 0; i < HR_LEN(calls); i++)
        if (!strcmp(calls[i].name, call.catalog->name)) {
            HR_TRY(calls[i].run(&call));
            return hr_texts_local(call.texts, env->arena, rel, err);
        }
    return hr_refuse(err, "spark.catalog.%s", method_of(env->arena, call.catalog->name));
}
