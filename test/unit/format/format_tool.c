/* Runs one read as JSON describes it and prints schema and rows: what the comparison with Spark
 * drives before and beside the session host. Standard input: one JSON object a line {"format",
 * "schema", "options": {}, "paths": [], "wanted": [], "conf": {}, "write": {"format", "path",
 * "mode", "options", "partition_by"}}; output: one object a line {"schema": …, "rows": [[text or
 * null …] …]} or {"error": …, "condition": …}. With "write" what was read is written and no rows
 * are printed. */
#include "host/format/format.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct tool_env {
    struct hr_env env;
    json_t *conf;
};

static const char *conf(struct hr_env *env, const char *key)
{
    return json_string_value(json_object_get(((struct tool_env *)env)->conf, key));
}
static const struct hr_env_ops ops = {.conf = conf};

static json_t *rows_of(duckdb_connection connection, const char *sql, struct hr_err *err)
{
    duckdb_result result;
    if (duckdb_query(connection, sql, &result) != DuckDBSuccess) {
        const char *text = duckdb_result_error(&result);
        if (!hr_err_decode(text, err))
            hr_fail(err, HR_E_INTERNAL, "%s", text);
        duckdb_destroy_result(&result);
        return NULL;
    }
    json_t *rows = json_array();
    idx_t columns = duckdb_column_count(&result), count = duckdb_row_count(&result);
    for (idx_t r = 0; r < count; r++) {
        json_t *row = json_array();
        for (idx_t c = 0; c < columns; c++) {
            char *text =
                duckdb_value_is_null(&result, c, r) ? NULL : duckdb_value_varchar(&result, c, r);
            json_t *made = text ? json_string(text) : json_null();
            json_array_append_new(row, made ? made : json_string("<broken UTF-8>"));
            duckdb_free(text);
        }
        json_array_append_new(rows, row);
    }
    duckdb_destroy_result(&result);
    return rows;
}

static struct hr_options options_of(struct hr_arena *arena, json_t *options)
{
    struct hr_options made = {HR_NEW_ARRAY(arena, struct hr_option, json_object_size(options) + 1),
                              0};
    const char *key;
    json_t *value;
    json_object_foreach(options, key, value) made.at[made.count++] =
        (struct hr_option){key, json_string_value(value)};
    return made;
}

static struct hr_names names_of(struct hr_arena *arena, json_t *list)
{
    struct hr_names made = {HR_NEW_ARRAY(arena, const char *, json_array_size(list) + 1),
                            json_array_size(list)};
    for (size_t i = 0; i < made.count; i++)
        made.at[i] = json_string_value(json_array_get(list, i));
    return made;
}

static enum hr_code failed(duckdb_result *result, struct hr_err *err)
{
    const char *text = duckdb_result_error(result);
    if (!hr_err_decode(text, err))
        hr_fail(err, HR_E_INTERNAL, "%s", text);
    duckdb_destroy_result(result);
    return err->code;
}

static enum hr_code pull(struct hr_format_rows *rows,
                         enum hr_code (*take)(void *arg,
                                              duckdb_data_chunk chunk,
                                              struct hr_err *err),
                         void *arg,
                         struct hr_err *err)
{
    duckdb_result result;
    if (duckdb_query(rows->arg, rows->sql, &result) != DuckDBSuccess)
        return failed(&result, err);
    enum hr_code code = HR_OK;
    for (duckdb_data_chunk chunk; !code && (chunk = duckdb_fetch_chunk(result));) {
        code = take(arg, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    return code;
}

static enum hr_code execute(struct hr_format_rows *rows, const char *statement, struct hr_err *err)
{
    duckdb_result result;
    if (duckdb_query(rows->arg, statement, &result) != DuckDBSuccess)
        return failed(&result, err);
    duckdb_destroy_result(&result);
    return HR_OK;
}

static enum hr_code write_rows(struct hr_format *format,
                               duckdb_connection connection,
                               struct hr_arena *arena,
                               struct hr_env *env,
                               const struct hr_source *source,
                               json_t *request,
                               struct hr_err *err)
{
    static const char *const modes[] = {"error", "append", "overwrite", "ignore"};
    struct hr_write write = {.format = json_string_value(json_object_get(request, "format")),
                             .path = json_string_value(json_object_get(request, "path"))};
    for (int i = 0; i < 4; i++)
        if (!strcmp(modes[i], json_string_value(json_object_get(request, "mode"))))
            write.mode = (enum hr_save_mode)i;
    write.options = options_of(arena, json_object_get(request, "options"));
    write.partition_by = names_of(arena, json_object_get(request, "partition_by"));
    struct hr_buf sql;
    size_t wanted[4096];
    hr_buf_init(&sql, 1 << 20);
    hr_buf_adds(&sql, "SELECT * FROM ");
    for (size_t i = 0; i < source->schema->field_count; i++)
        wanted[i] = i;
    HR_TRY(source->emit(source, wanted, source->schema->field_count, &sql, err));
    struct hr_format_rows rows = {source->schema, hr_buf_text(&sql), source->files,
                                  pull,           execute,           connection};
    enum hr_code code = hr_format_write(format, arena, env, &write, &rows, NULL, err);
    hr_buf_release(&sql);
    return code;
}

static enum hr_code run(struct hr_format *format,
                        duckdb_connection connection,
                        struct hr_arena *arena,
                        json_t *request,
                        json_t *answer,
                        struct hr_err *err)
{
    struct tool_env env = {.env = {&ops}, .conf = json_object_get(request, "conf")};
    struct hr_rel *rel = hr_rel_new(arena, HR_REL_READ_FILES, NULL);
    rel->read_files.format = json_string_value(json_object_get(request, "format"));
    rel->read_files.schema = json_string_value(json_object_get(request, "schema"));
    rel->read_files.paths = names_of(arena, json_object_get(request, "paths"));
    rel->read_files.options = options_of(arena, json_object_get(request, "options"));
    struct hr_source *source;
    HR_TRY(hr_format_read(format, arena, &env.env, rel, &source, err));
    if (json_object_get(request, "write"))
        return write_rows(format, connection, arena, &env.env, source,
                          json_object_get(request, "write"), err);
    struct hr_buf sql, schema;
    hr_buf_init(&sql, 1 << 20);
    hr_buf_init(&schema, 1 << 20);
    hr_type_json(source->schema, &schema);
    json_object_set_new(answer, "schema", json_loads(hr_buf_text(&schema), 0, NULL));
    size_t count = source->schema->field_count, wanted[4096];
    json_t *list = json_object_get(request, "wanted");
    if (list)
        count = json_array_size(list);
    for (size_t i = 0; i < count; i++)
        wanted[i] = list ? (size_t)json_integer_value(json_array_get(list, i)) : i;
    hr_buf_adds(&sql, "SELECT ");
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(&sql, "%sc%zu::VARCHAR", i ? ", " : "", i);
    hr_buf_adds(&sql, count ? " FROM " : "count(*) FROM ");
    enum hr_code code = source->emit(source, wanted, count, &sql, err);
    json_t *rows = code ? NULL : rows_of(connection, hr_buf_text(&sql), err);
    hr_buf_release(&sql);
    hr_buf_release(&schema);
    if (!rows)
        return err->code;
    json_object_set_new(answer, "rows", rows);
    return HR_OK;
}

int main(void)
{
    duckdb_database database;
    duckdb_connection connection;
    struct hr_err err = {0};
    struct hr_blob *blob;
    struct hr_format *format;
    struct hr_blob_config *config = hr_blob_config_new();
    if (duckdb_open(NULL, &database) != DuckDBSuccess ||
        duckdb_connect(database, &connection) != DuckDBSuccess ||
        hr_blob_new(config, NULL, &blob, &err) ||
        hr_format_open(database, blob, NULL, &format, &err)) {
        fprintf(stderr, "cannot start: %s\n", err.msg);
        return 1;
    }
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, stdin) > 0) {
        json_t *request = json_loads(line, 0, NULL), *answer = json_object();
        struct hr_arena *arena = hr_arena_new(NULL);
        err = (struct hr_err){0};
        if (run(format, connection, arena, request, answer, &err)) {
            json_object_set_new(answer, "error", json_string(err.msg));
            json_object_set_new(answer, "condition", json_string(err.condition));
        }
        char *text = json_dumps(answer, JSON_COMPACT);
        puts(text ? text : "{\"error\": \"the answer is not UTF-8\"}");
        fflush(stdout);
        free(text);
        hr_arena_free(arena);
        json_decref(answer);
        json_decref(request);
    }
    free(line);
    duckdb_disconnect(&connection);
    hr_format_close(format);
    duckdb_close(&database);
    hr_blob_free(blob);
    hr_blob_config_free(config);
    return 0;
}
