/* Runs one read as JSON describes it and prints schema and rows: what the comparison with Spark drives before and beside the session
 * host. Standard input: one JSON object a line {"format", "schema", "options": {}, "paths": [], "wanted": [], "conf": {}}; output: one
 * object a line {"schema": …, "rows": [[text or null …] …]} or {"error": …, "condition": …}. */
#include "host/format/format.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct tool_env { struct hr_env env; json_t *conf; };

static const char *conf(struct hr_env *env, const char *key) { return json_string_value(json_object_get(((struct tool_env *)env)->conf, key)); }
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
            char *text = duckdb_value_is_null(&result, c, r) ? NULL : duckdb_value_varchar(&result, c, r);
            json_t *made = text ? json_string(text) : json_null();
            json_array_append_new(row, made ? made : json_string("<broken UTF-8>"));
            duckdb_free(text);
        }
        json_array_append_new(rows, row);
    }
    duckdb_destroy_result(&result);
    return rows;
}

static enum hr_code run(struct hr_format *format, duckdb_connection connection, struct hr_arena *arena, json_t *request, json_t *answer, struct hr_err *err)
{
    struct tool_env env = {.env = {&ops}, .conf = json_object_get(request, "conf")};
    struct hr_rel *rel = hr_rel_new(arena, HR_REL_READ_FILES, NULL);
    rel->read_files.format = json_string_value(json_object_get(request, "format"));
    rel->read_files.schema = json_string_value(json_object_get(request, "schema"));
    json_t *paths = json_object_get(request, "paths"), *options = json_object_get(request, "options"), *value;
    rel->read_files.paths = (struct hr_names){HR_NEW_ARRAY(arena, const char *, json_array_size(paths) + 1), json_array_size(paths)};
    for (size_t i = 0; i < json_array_size(paths); i++)
        rel->read_files.paths.at[i] = json_string_value(json_array_get(paths, i));
    rel->read_files.options.at = HR_NEW_ARRAY(arena, struct hr_option, json_object_size(options) + 1);
    const char *key;
    json_object_foreach(options, key, value)
        rel->read_files.options.at[rel->read_files.options.count++] = (struct hr_option){key, json_string_value(value)};
    struct hr_source *source;
    HR_TRY(hr_format_read(format, arena, &env.env, rel, &source, err));
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
    if (duckdb_open(NULL, &database) != DuckDBSuccess || duckdb_connect(database, &connection) != DuckDBSuccess || hr_blob_new(config, NULL, &blob, &err)
        || hr_format_open(database, blob, NULL, &format, &err)) {
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
