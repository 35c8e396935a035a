#include "statement.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "host/duck/vector.h"
#include "host/sql/sql.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONF_MAX 16
#define VALUES_MAX 100 /* of a pivot that names none */

struct setting {
    char key[64], value[64];
};

static struct hr_engine *engine;
static struct hr_arena *views_arena;
static struct hr_map views; /* name to struct hr_rel */
static struct setting settings[CONF_MAX];
static size_t setting_count;

/* ---- what the analyzer asks ---- */

static const char *conf(struct hr_env *env, const char *key)
{
    (void)env;
    for (size_t i = 0; i < setting_count; i++)
        if (!strcmp(settings[i].key, key))
            return settings[i].value;
    return !strcmp(key, "spark.sql.session.timeZone") ? "America/Los_Angeles" : NULL;
}

void statement_conf(const char *key, const char *value)
{
    struct setting *setting = NULL;
    for (size_t i = 0; i < setting_count; i++)
        if (!strcmp(settings[i].key, key))
            setting = &settings[i];
    if (!setting) {
        HR_CHECK(setting_count < CONF_MAX);
        setting = &settings[setting_count++];
    }
    snprintf(setting->key, sizeof setting->key, "%s", key);
    snprintf(setting->value, sizeof setting->value, "%s", value);
}

static struct hr_sql_options options(void)
{
    return (struct hr_sql_options){.time_zone = conf(NULL, "spark.sql.session.timeZone")};
}

static enum hr_code parse(struct hr_env *env,
                          struct hr_arena *arena,
                          const char *sql,
                          struct hr_rel **rel,
                          struct hr_err *err)
{
    (void)env;
    struct hr_sql_options wish = options();
    return hr_sql_parse_query(arena, sql, &wish, rel, err);
}

static enum hr_code parse_expr(struct hr_env *env,
                               struct hr_arena *arena,
                               const char *sql,
                               struct hr_expr **expr,
                               struct hr_err *err)
{
    (void)env;
    struct hr_sql_options wish = options();
    return hr_sql_parse_expr(arena, sql, &wish, expr, err);
}

static struct hr_rel *view(struct hr_env *env, struct hr_arena *arena, const struct hr_names *name)
{
    (void)env, (void)arena;
    return name->count == 1 ? hr_map_get(&views, name->at[0]) : NULL;
}

static enum hr_code values(struct hr_env *env,
                           struct hr_arena *arena,
                           const struct hr_rel *rel,
                           size_t limit,
                           struct hr_literals *out,
                           struct hr_err *err)
{
    return hr_engine_values(engine, arena, env, rel, limit < VALUES_MAX ? limit : VALUES_MAX, out,
                            err);
}

static int64_t now_us(struct hr_env *env)
{
    (void)env;
    return 1600000000000000;
}

static const struct hr_env_ops ops = {.conf = conf,
                                      .now_us = now_us,
                                      .parse = parse,
                                      .parse_expr = parse_expr,
                                      .view = view,
                                      .values = values};
static struct hr_env env = {&ops};

enum hr_code statement_open(int64_t memory_bytes, struct hr_err *err)
{
    struct hr_engine_options wish = {1, memory_bytes, NULL};
    setenv("HEADRACE_CHECK_VECTORS", "1", 0);
    views_arena = hr_arena_new(NULL);
    hr_map_init(&views);
    return hr_engine_open(&wish, &engine, err);
}

void statement_close(void)
{
    hr_map_release(&views);
    hr_arena_free(views_arena);
    hr_engine_close(engine);
}

enum hr_code statement_view(const char *name, const char *sql, struct hr_err *err)
{
    struct hr_rel *rel;
    HR_TRY(parse(&env, views_arena, sql, &rel, err));
    hr_map_put(&views, name, rel);
    return HR_OK;
}

/* ---- what comes out: every byte of every value is read ---- */

struct reader {
    struct hr_sink sink;
    const struct hr_type *schema;
    struct statement_result *result;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    hash = mix(hash, len);
    for (size_t i = 0; i < len; i++)
        hash = mix(hash, at[i]);
    return hash;
}

static size_t decimal_width(int precision)
{
    if (precision <= 4)
        return 2;
    if (precision <= 9)
        return 4;
    return precision <= 18 ? 8 : 16;
}

/* bytes of a value in DuckDB's vector: the table of plan/type.h */
static size_t width(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_BOOLEAN:
    case HR_TYPE_BYTE:
        return 1;
    case HR_TYPE_SHORT:
        return 2;
    case HR_TYPE_VOID:
    case HR_TYPE_INT:
    case HR_TYPE_FLOAT:
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        return 4;
    case HR_TYPE_CALENDAR_INTERVAL:
        return 16;
    case HR_TYPE_DECIMAL:
        return decimal_width(type->precision);
    default:
        return 8;
    }
}

static uint64_t digest(uint64_t hash, const struct hr_type *type, duckdb_vector vector, idx_t row);

static uint64_t digest_list(uint64_t hash,
                            const struct hr_type *type,
                            duckdb_vector vector,
                            idx_t row)
{
    duckdb_list_entry entry = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    hash = mix(hash, entry.length);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
        if (type->id == HR_TYPE_ARRAY) {
            hash = digest(hash, type->element, child, i);
            continue;
        }
        hash = digest(hash, type->key, duckdb_struct_vector_get_child(child, 0), i);
        hash = digest(hash, type->element, duckdb_struct_vector_get_child(child, 1), i);
    }
    return hash;
}

static uint64_t digest(uint64_t hash, const struct hr_type *type, duckdb_vector vector, idx_t row)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    if (valid && !duckdb_validity_row_is_valid(valid, row))
        return mix(hash, 0x6e756c6c);
    char *data = duckdb_vector_get_data(vector);
    switch (type->id) {
    case HR_TYPE_UDT:
        return digest(hash, type->element, vector, row);
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
        return digest_list(hash, type, vector, row);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            hash =
                digest(hash, type->fields[i].type, duckdb_struct_vector_get_child(vector, i), row);
        return hash;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
    case HR_TYPE_VARIANT: {
        duckdb_string_t text = ((duckdb_string_t *)data)[row];
        return mix_bytes(hash, duckdb_string_t_data(&text), duckdb_string_t_length(text));
    }
    default:
        return mix_bytes(hash, data + row * width(type), width(type));
    }
}

static enum hr_code take_schema(struct hr_sink *sink,
                                const struct hr_type *schema,
                                struct hr_err *err)
{
    (void)err;
    ((struct reader *)sink)->schema = schema;
    return HR_OK;
}

static enum hr_code take_chunk(struct hr_sink *sink, duckdb_data_chunk chunk, struct hr_err *err)
{
    (void)err;
    struct reader *reader = (struct reader *)sink;
    idx_t rows = duckdb_data_chunk_get_size(chunk);
    HR_CHECK(duckdb_data_chunk_get_column_count(chunk) >= reader->schema->field_count);
    for (idx_t row = 0; row < rows; row++) {
        uint64_t hash = 1;
        for (size_t i = 0; i < reader->schema->field_count; i++)
            hash = digest(hash, reader->schema->fields[i].type,
                          duckdb_data_chunk_get_vector(chunk, i), row);
        reader->result->digest += hash;
    }
    reader->result->rows += rows;
    return HR_OK;
}

/* of all threads: a loaded machine makes no statement slower */
static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void statement_run(struct hr_arena *arena,
                   const char *sql,
                   bool only_analyze,
                   struct statement_result *result)
{
    struct hr_rel *rel;
    struct hr_query *query;
    struct hr_typed *typed;
    uint64_t began = cpu_ns();
    struct reader reader = {.sink = {take_schema, take_chunk}, .result = result};
    *result = (struct statement_result){0};
    result->code = parse(&env, arena, sql, &rel, &result->err);
    if (!result->code && only_analyze) {
        result->code = hr_analyze(arena, &env, rel, &typed, &result->err);
        if (!result->code)
            result->schema = typed->schema;
    } else if (!result->code) {
        result->code = hr_query_prepare(engine, arena, &env, rel, &query, &result->err);
        if (!result->code) {
            result->schema = hr_query_schema(query);
            result->code = hr_query_run(query, &reader.sink, &result->err);
        }
    }
    result->ns = cpu_ns() - began;
}
