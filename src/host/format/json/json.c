/* The json and text sources: files (or strings out of a query) through lines.c, one thread a file.
 */
#include "host/format/json/json.h"
#include "base/check.h"
#include "host/format/files/cache.h"
#include "host/format/json/value.h"
#include "host/format/local.h"
#include "host/format/files/query_strings.h"
#include "host/format/files/write.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct lines_scan {
    const struct hr_json *json; /* NULL: the text source */
    struct hr_files files;
    struct hr_strings *strings; /* instead of files */
    const char *charset, *line_sep;
    bool whole;
    int corrupt;    /* schema column, or -1 */
    int *partition; /* of each schema column, or -1 */
    const struct hr_zone *zone;
};

struct lines_run {
    struct hr_scan *scan;
    const struct lines_scan *state;
    int *out;
    size_t out_count;
    size_t *required;
    size_t required_count;
    struct hr_watch watch;
    bool checks;
    atomic_size_t next; /* file, or slice of strings */
};

struct lines_local {
    struct lines_run *run;
    struct hr_watch watch;     /* a copy of the run's, which may end before this does */
    struct hr_bump bump, kept; /* kept: what outlives a record: strings of this chunk */
    struct hr_record_lines *lines;
    size_t file, at, end; /* at, end: of strings */
    bool active;
    struct hr_json_node *pending; /* elements of a top-level array still to be given */
    const char *text;
    size_t len;
};

/* ---- options ---- */

static const struct {
    const char *key;
    size_t at;
    bool fallback;
} flags[] = {
    {"primitivesAsString", offsetof(struct hr_json, primitives_as_string), false},
    {"prefersDecimal", offsetof(struct hr_json, prefers_decimal), false},
    {"allowComments", offsetof(struct hr_json, comments), false},
    {"allowUnquotedFieldNames", offsetof(struct hr_json, unquoted_names), false},
    {"allowSingleQuotes", offsetof(struct hr_json, single_quotes), true},
    {"allowNumericLeadingZeros", offsetof(struct hr_json, leading_zeros), false},
    {"allowNonNumericNumbers", offsetof(struct hr_json, non_numeric), true},
    {"allowBackslashEscapingAnyCharacter", offsetof(struct hr_json, any_backslash), false},
    {"allowUnquotedControlChars", offsetof(struct hr_json, control_chars), false},
    {"multiLine", offsetof(struct hr_json, multi_line), false},
    {"dropFieldIfAllNull", offsetof(struct hr_json, drop_null_fields), false},
    {"inferTimestamp", offsetof(struct hr_json, infer_timestamp), false},
};

static enum hr_code charset(const struct hr_options *options,
                            struct hr_json *json,
                            struct hr_err *err)
{
    const char *name = hr_option_get(options, "encoding");
    bool ascii;
    if (!name)
        name = hr_option_get(options, "charset");
    if (!name || hr_stream_is_utf8(name))
        return HR_OK;
    if (!hr_stream_charset(name, &ascii))
        return hr_fail_spark(err, "INVALID_PARAMETER_VALUE.CHARSET", "parameter", "`charset`",
                             "functionName", "`JSONOptions`", "charset", name, "charsets",
                             "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8",
                             NULL);
    if (!ascii && !json->multi_line && !json->line_sep)
        return hr_fail(
            err, HR_E_INVALID,
            "requirement failed: The lineSep option must be specified for the %s encoding", name);
    json->encoding = name;
    return HR_OK;
}

enum hr_code hr_json_options(struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_options *options,
                             struct hr_json **out,
                             struct hr_err *err)
{
    struct hr_json *json = HR_NEW(arena, struct hr_json);
    *out = json;
    for (size_t i = 0; i < HR_LEN(flags); i++)
        HR_TRY(hr_option_bool(options, flags[i].key, flags[i].fallback,
                              (bool *)((char *)json + flags[i].at), err));
    const char *mode = hr_option_get(options, "mode"),
               *sampling = hr_option_get(options, "samplingRatio"),
               *corrupt = hr_option_get(options, "columnNameOfCorruptRecord");
    const char *date = hr_option_get(options, "dateFormat"),
               *stamp = hr_option_get(options, "timestampFormat"),
               *locale = hr_option_get(options, "locale");
    if (mode && !strcasecmp(mode, "DROPMALFORMED"))
        json->mode = HR_MODE_DROPMALFORMED;
    else if (mode && !strcasecmp(mode, "FAILFAST"))
        json->mode = HR_MODE_FAILFAST;
    json->line_sep = hr_option_get(options, "lineSep");
    if (json->line_sep && !*json->line_sep)
        return hr_fail(err, HR_E_INVALID,
                       "requirement failed: 'lineSep' cannot be an empty string.");
    json->sampling = 1;
    if (sampling && !hr_value_double(sampling, strlen(sampling), &json->sampling))
        return hr_fail(err, HR_E_INVALID, "samplingRatio should be a double. Found %s.", sampling);
    json->corrupt = corrupt ? corrupt
                            : hr_strdup(arena, hr_conf(env, "spark.sql.columnNameOfCorruptRecord",
                                                       "_corrupt_record"));
    json->case_sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    json->infer_ntz =
        !strcasecmp(hr_conf(env, "spark.sql.timestampType", "TIMESTAMP_LTZ"), "TIMESTAMP_NTZ");
    if (locale && strncasecmp(locale, "en", 2))
        return hr_refuse_option(err, "json", "locale", locale);
    if (hr_option_get(options, "singleVariantColumn"))
        return hr_refuse_option(err, "json", "singleVariantColumn",
                                hr_option_get(options, "singleVariantColumn"));
    HR_TRY(hr_option_pattern(arena, date, HR_PATTERN_PARSE, &json->date_format, err));
    HR_TRY(hr_option_pattern(arena, stamp, HR_PATTERN_PARSE, &json->timestamp_format, err));
    HR_TRY(hr_option_pattern(arena, hr_option_get(options, "timestampNTZFormat"), HR_PATTERN_PARSE,
                             &json->ntz_format, err));
    bool fallback;
    HR_TRY(hr_option_bool(
        options, "enableDateTimeParsingFallback",
        hr_conf_bool(env, "spark.sql.legacy.json.enableDateTimeParsingFallback", false), &fallback,
        err));
    json->fallback_dates = fallback || !date;
    json->fallback_timestamps = fallback || !stamp;
    HR_TRY(charset(options, json, err));
    HR_TRY(hr_conf_zone(env, options, &json->zone, &json->zone_name, err));
    json->zone_name = hr_strdup(arena, json->zone_name);
    return HR_OK;
}

/* ---- running ---- */

static enum hr_code begin(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err)
{
    const struct lines_scan *state = scan->state;
    struct lines_run *run = calloc(1, sizeof *run);
    HR_CHECK(run);
    run->scan = scan;
    run->state = state;
    run->watch = want->watch;
    run->out = calloc(want->out_count + 1, sizeof(int));
    run->required = calloc(want->required_count + 1, sizeof(size_t));
    HR_CHECK(run->out && run->required);
    memcpy(run->out, want->out, want->out_count * sizeof(int));
    run->out_count = want->out_count;
    run->required_count = want->required_count;
    bool wants_corrupt = false;
    for (size_t i = 0; i < want->required_count; i++) {
        run->required[i] = want->required[i];
        wants_corrupt |= (int)want->required[i] == state->corrupt;
    }
    run->checks = state->json && (state->json->mode != HR_MODE_PERMISSIVE || wants_corrupt);
    *threads = state->strings       ? state->strings->count / HR_STRINGS_A_SLICE + 1
               : state->files.count ? state->files.count
                                    : 1;
    *global = run;
    if (wants_corrupt && want->required_count == 1)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", NULL);
    return HR_OK;
}

static void end(void *global)
{
    struct lines_run *run = global;
    free(run->out);
    free(run->required);
    free(run);
}

static enum hr_code join(struct hr_scan *scan, void *global, void **local, struct hr_err *err)
{
    (void)scan;
    (void)err;
    struct lines_local *made = calloc(1, sizeof *made);
    HR_CHECK(made);
    made->run = global;
    made->watch = made->run->watch;
    made->kept.pace.watch = &made->watch;
    *local = made;
    return HR_OK;
}

static void leave(void *arg)
{
    struct lines_local *local = arg;
    hr_record_lines_close(local->lines);
    hr_bump_release(&local->bump);
    hr_bump_release(&local->kept);
    free(local);
}

static enum hr_code next_unit(struct lines_local *local, struct hr_err *err)
{
    const struct lines_scan *state = local->run->state;
    size_t unit = atomic_fetch_add(&local->run->next, 1);
    if (state->strings) {
        local->at = unit * HR_STRINGS_A_SLICE;
        local->end = local->at + HR_STRINGS_A_SLICE < state->strings->count
                         ? local->at + HR_STRINGS_A_SLICE
                         : state->strings->count;
        local->active = local->at < state->strings->count;
        return HR_OK;
    }
    hr_record_lines_close(local->lines);
    local->lines = NULL;
    if (unit >= state->files.count)
        return HR_OK;
    local->file = unit;
    enum hr_code code =
        hr_record_lines_open(local->run->scan->format, &state->files.at[unit], state->charset,
                             state->line_sep, state->whole, &local->kept.pace, &local->lines, err);
    if (code == HR_E_NOT_FOUND && state->files.ignore_missing)
        return next_unit(local, err);
    local->active = !code;
    return code;
}

static enum hr_code next_line(struct lines_local *local, struct hr_err *err)
{
    const struct hr_strings *strings = local->run->state->strings;
    if (!strings) {
        enum hr_code code = hr_record_lines_next(local->lines, &local->text, &local->len, err);
        if (code && code != HR_E_CANCELLED && local->run->state->files.ignore_corrupt) {
            local->text = NULL;
            return HR_OK;
        }
        return code;
    }
    local->text = NULL;
    if (local->at < local->end) {
        struct hr_text text = hr_strings_at(strings, local->at++);
        local->text = text.bytes;
        local->len = text.len;
    }
    return HR_OK;
}

/* what was made of the last line is unfinished when its pace has ended */
static enum hr_code goes_on(const struct lines_local *local, struct hr_err *err)
{
    return local->kept.pace.ended ? hr_scan_ended(err) : HR_OK;
}

static const char *where(const struct lines_local *local)
{
    return local->run->state->strings ? "" : local->run->state->files.uris.at[local->file];
}

static enum hr_code failfast(const struct lines_local *local, struct hr_err *err)
{
    if (local->run->state->strings)
        return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord",
                             local->text, "failFastMode", "FAILFAST", NULL);
    hr_fail_spark(err, "FAILED_READ_FILE.NO_HINT", "path", where(local), NULL);
    return hr_fail_hint(
        err,
        "malformed records are detected in record parsing: \"%.*s\"; parse mode: FAILFAST. To process malformed records as null result, "
        "try setting the option 'mode' as 'PERMISSIVE'",
        (int)(local->len > 200 ? 200 : local->len), local->text);
}

static duckdb_string_t kept_text(struct lines_local *local, const char *text, size_t len)
{
    if (hr_utf8_valid(text, len))
        return hr_string_ref(text, len);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_utf8_repair(text, len, &out);
    char *copy = hr_bump_alloc(&local->kept, hr_buf_len(&out));
    memcpy(copy, hr_buf_text(&out), hr_buf_len(&out));
    duckdb_string_t made = hr_string_ref(copy, hr_buf_len(&out));
    hr_buf_release(&out);
    return made;
}

/* one row out of an object (NULL: nothing could be read). *keeps: it makes a row */
static enum hr_code make_row(struct lines_local *local,
                             const struct hr_json_node *object,
                             bool good,
                             duckdb_data_chunk out,
                             idx_t row,
                             bool *keeps,
                             struct hr_err *err)
{
    const struct lines_run *run = local->run;
    const struct lines_scan *state = run->state;
    const struct hr_type *schema = run->scan->schema;
    *keeps = true;
    for (size_t v = 0; v < run->out_count; v++) {
        int column = run->out[v];
        if (column < 0 || column == state->corrupt || state->partition[column] >= 0)
            continue;
        duckdb_vector vector = duckdb_data_chunk_get_vector(out, v);
        const struct hr_field *field = &schema->fields[column];
        good &= hr_json_put(state->json, field->type,
                            object ? hr_json_member(object, field->name, &local->kept) : NULL,
                            &local->kept, vector, row);
    }
    if (!run->checks)
        return HR_OK;
    for (size_t i = 0; i < run->required_count && good && object; i++) {
        size_t column = run->required[i];
        if ((int)column != state->corrupt && state->partition[column] < 0)
            good &= hr_json_check(state->json, schema->fields[column].type,
                                  hr_json_member(object, schema->fields[column].name, &local->kept),
                                  &local->kept);
    }
    if (!good && state->json->mode == HR_MODE_FAILFAST)
        return failfast(local, err);
    *keeps = good || state->json->mode != HR_MODE_DROPMALFORMED;
    for (size_t v = 0; v < run->out_count; v++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(out, v);
        if (run->out[v] < 0 || run->out[v] != state->corrupt)
            continue;
        if (good) {
            hr_vector_null(vector, row);
            continue;
        }
        uint64_t *validity = duckdb_vector_get_validity(vector);
        if (validity)
            duckdb_validity_set_row_valid(validity, row);
        ((duckdb_string_t *)duckdb_vector_get_data(vector))[row] =
            kept_text(local, local->text, local->len);
    }
    return HR_OK;
}

static bool all_objects(const struct hr_json_node *array)
{
    for (const struct hr_json_node *at = array->child; at; at = at->next)
        if (at->kind != HR_JSON_OBJECT)
            return false;
    return true;
}

/* parses the line; a row of it (or none), the rest of an array waits in pending */
static enum hr_code parse_line(struct lines_local *local,
                               duckdb_data_chunk out,
                               idx_t *row,
                               struct hr_err *err)
{
    struct hr_json_node *root = NULL;
    bool keeps,
        ok = hr_json_parse(local->run->state->json, local->text, local->len, &local->kept, &root);
    HR_TRY(goes_on(local, err));
    if (ok && !root)
        return HR_OK;
    if (ok && root->kind == HR_JSON_ARRAY && all_objects(root)) {
        local->pending = root->child;
        return HR_OK;
    }
    ok = ok && root->kind == HR_JSON_OBJECT;
    HR_TRY(make_row(local, ok ? root : NULL, ok, out, *row, &keeps, err));
    *row += keeps;
    return HR_OK;
}

static enum hr_code text_row(struct lines_local *local, duckdb_data_chunk out, idx_t row)
{
    for (size_t v = 0; v < local->run->out_count; v++) {
        int column = local->run->out[v];
        if (column >= 0 && local->run->state->partition[column] < 0)
            ((duckdb_string_t *)duckdb_vector_get_data(duckdb_data_chunk_get_vector(out, v)))[row] =
                kept_text(local, local->text, local->len);
    }
    return HR_OK;
}

static bool has_room(const struct lines_local *local)
{
    return !local->lines || hr_record_lines_has_room(local->lines);
}

static void fill_partitions(const struct lines_local *local, duckdb_data_chunk out, idx_t rows)
{
    const struct lines_scan *state = local->run->state;
    for (size_t v = 0; v < local->run->out_count && rows; v++) {
        int column = local->run->out[v];
        int32_t *place = duckdb_vector_get_data(duckdb_data_chunk_get_vector(out, v));
        if (column == (int)local->run->scan->schema->field_count)
            for (idx_t row = 0; row < rows; row++)
                place[row] = (int32_t)local->file;
        else if (column >= 0 && state->partition[column] >= 0)
            hr_files_fill_partition(
                state->files.at[local->file].partition[state->partition[column]],
                local->run->scan->schema->fields[column].type, state->zone,
                duckdb_data_chunk_get_vector(out, v), rows);
    }
}

static enum hr_code fill(void *global, void *arg, duckdb_data_chunk out, struct hr_err *err)
{
    (void)global;
    struct lines_local *local = arg;
    idx_t row = 0, max = duckdb_vector_size();
    if (!local->pending)
        hr_bump_reset(&local->kept);
    while (row < max) {
        if (local->pending) {
            bool keeps;
            HR_TRY(make_row(local, local->pending, true, out, row, &keeps, err));
            HR_TRY(goes_on(local, err));
            local->pending = local->pending->next;
            row += keeps;
            continue;
        }
        if (!local->active) {
            if (row)
                break;
            HR_TRY(next_unit(local, err));
            if (!local->active)
                break;
        }
        if (row && !has_room(local))
            break; /* values point into the buffer, which is about to move */
        HR_TRY(next_line(local, err));
        if (!local->text) {
            local->active = false;
            continue;
        }
        if (local->run->state->json)
            HR_TRY(parse_line(local, out, &row, err));
        else
            HR_TRY(text_row(local, out, row++));
        HR_TRY(goes_on(local, err));
    }
    if (!local->run->state->strings)
        fill_partitions(local, out, row);
    duckdb_data_chunk_set_size(out, row);
    atomic_fetch_add(&local->run->scan->format->rows_parsed, row);
    return HR_OK;
}

static void destroy(struct hr_scan *scan)
{
    struct lines_scan *state = scan->state;
    if (state->strings)
        hr_strings_release(state->strings);
}

static const struct hr_scan_ops lines_ops = {
    .begin = begin, .join = join, .fill = fill, .leave = leave, .end = end, .destroy = destroy};

/* ---- inference ---- */

static bool sampled(uint64_t *state, double ratio)
{
    if (ratio >= 1)
        return true;
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*state >> 11) / 9007199254740992.0 < ratio;
}

struct to_infer {
    const struct hr_json *json;
    const struct hr_watch *watch;
};

static enum hr_code infer_files(struct hr_format *format,
                                struct hr_arena *arena,
                                const void *options,
                                const struct hr_files *files,
                                const struct hr_type **schema,
                                struct hr_err *err)
{
    const struct to_infer *asked = options;
    const struct hr_json *json = asked->json;
    struct hr_json_inference *inference = hr_json_inference_new(arena, json, asked->watch);
    struct hr_pace pace = {.watch = asked->watch};
    enum hr_code code = HR_OK;
    uint64_t state = 1;
    for (size_t f = 0; f < files->count && !code; f++) {
        struct hr_record_lines *lines = NULL;
        const char *text = "";
        size_t len = 0;
        code = hr_record_lines_open(format, &files->at[f], json->encoding, json->line_sep,
                                    json->multi_line, &pace, &lines, err);
        while (!code && text && !(code = hr_record_lines_next(lines, &text, &len, err)) && text)
            if (sampled(&state, json->sampling))
                code = hr_json_infer(inference, text, len, err);
        hr_record_lines_close(lines);
    }
    if (!code)
        code = hr_json_inferred(inference, schema, err);
    hr_json_inference_free(inference);
    return code;
}

/* ---- opening ---- */

static enum hr_code place_columns(struct hr_scan *scan,
                                  struct lines_scan *state,
                                  const struct hr_type *data,
                                  bool sensitive,
                                  struct hr_err *err)
{
    scan->schema = hr_files_schema(scan->arena, &state->files, data, sensitive);
    state->partition = HR_NEW_ARRAY(scan->arena, int, scan->schema->field_count + 1);
    /* the file's place, which no record gives */
    state->partition[scan->schema->field_count] = INT_MAX;
    state->corrupt = -1;
    for (size_t i = 0; i < scan->schema->field_count; i++) {
        const struct hr_field *field = &scan->schema->fields[i];
        state->partition[i] = hr_files_partition(&state->files, field->name, sensitive);
        if (state->partition[i] >= 0)
            continue;
        if (state->json && !hr_json_readable(field->type))
            return hr_format_refuse_type(scan->arena, "JSON", field, err);
        if (state->json && !strcmp(field->name, state->json->corrupt)) {
            HR_TRY(hr_format_check_corrupt(scan->arena, field, err));
            state->corrupt = (int)i;
        }
    }
    return HR_OK;
}

static enum hr_code find_files(struct hr_scan *scan,
                               struct lines_scan *state,
                               struct hr_env *env,
                               const struct hr_rel *rel,
                               const struct hr_type *user,
                               struct hr_err *err)
{
    struct hr_files *files = &state->files;
    HR_TRY(hr_files_find(scan->format, scan->arena, env, &rel->read_files.paths,
                         &rel->read_files.options, user, files, err));
    for (size_t i = 0; i < files->count; i++)
        HR_TRY(hr_files_codec(files->at[i].location, &files->at[i].codec, err));
    return HR_OK;
}

/* what the inferred columns depend on: the files, the options and the settings that were asked */
static void schema_key(const struct lines_scan *state, const struct hr_rel *rel, struct hr_buf *key)
{
    const struct hr_json *json = state->json;
    hr_buf_adds(key, "json\n");
    hr_files_key(&state->files, key);
    for (size_t i = 0; i < rel->read_files.options.count; i++) {
        const struct hr_option *option = &rel->read_files.options.at[i];
        hr_buf_addf(key, "%s=%s\n", option->key, option->value);
    }
    hr_buf_addf(key, "%s|%s|%d%d\n", json->zone_name, json->corrupt, json->case_sensitive,
                json->infer_ntz);
}

static enum hr_code infer_columns(struct hr_scan *scan,
                                  const struct lines_scan *state,
                                  struct hr_env *env,
                                  const struct hr_rel *rel,
                                  const struct hr_type **data,
                                  struct hr_err *err)
{
    struct hr_watch watch = hr_env_watch(env);
    struct to_infer asked = {state->json, &watch};
    const struct hr_files *files = &state->files;
    if (!files->count)
        return hr_fail_spark(err, "UNABLE_TO_INFER_SCHEMA", "format", "JSON", NULL);
    if (!hr_files_versioned(files))
        return infer_files(scan->format, scan->arena, &asked, files, data, err);
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    schema_key(state, rel, &key);
    enum hr_code code = hr_cache_schema(scan->format, scan->arena, hr_buf_text(&key), infer_files,
                                        &asked, files, data, err);
    hr_buf_release(&key);
    return code;
}

static enum hr_code open_json(struct hr_scan *scan,
                              struct lines_scan *state,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              const struct hr_type *user,
                              struct hr_err *err)
{
    struct hr_json *json;
    HR_TRY(hr_json_options(scan->arena, env, &rel->read_files.options, &json, err));
    bool sensitive = json->case_sensitive;
    state->json = json;
    state->zone = json->zone;
    state->charset = json->encoding;
    state->line_sep = json->line_sep ? hr_strdup(scan->arena, json->line_sep) : NULL;
    state->whole = json->multi_line;
    HR_TRY(find_files(scan, state, env, rel, user, err));
    const struct hr_type *data;
    if (user)
        data = hr_files_without_partitions(scan->arena, user, &state->files, sensitive);
    else
        HR_TRY(infer_columns(scan, state, env, rel, &data, err));
    return place_columns(scan, state, data, sensitive, err);
}

static enum hr_code open_text(struct hr_scan *scan,
                              struct lines_scan *state,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              const struct hr_type *user,
                              struct hr_err *err)
{
    const struct hr_options *options = &rel->read_files.options;
    const char *zone_name;
    struct hr_field value = {"value", hr_type_basic(HR_TYPE_STRING), true, NULL};
    HR_TRY(hr_option_bool(options, "wholetext", false, &state->whole, err));
    const char *line_sep = hr_option_get(options, "lineSep");
    state->line_sep = line_sep ? hr_strdup(scan->arena, line_sep) : NULL;
    if (state->line_sep && !*state->line_sep)
        return hr_fail(err, HR_E_INVALID,
                       "requirement failed: 'lineSep' cannot be an empty string.");
    const char *encoding = hr_option_get(options, "encoding");
    if (encoding && !hr_stream_is_utf8(encoding))
        return hr_refuse_option(err, "text", "encoding", encoding);
    HR_TRY(hr_conf_zone(env, NULL, &state->zone, &zone_name, err));
    HR_TRY(find_files(scan, state, env, rel, user, err));
    bool sensitive = hr_conf_bool(env, "spark.sql.caseSensitive", false);
    const struct hr_type *data =
        user ? hr_files_without_partitions(scan->arena, user, &state->files, sensitive)
             : hr_type_struct(scan->arena, &value, 1);
    if (data->field_count > 1)
        return hr_fail(err, HR_E_INVALID,
                       "Text data source supports only a single column, and you have %zu columns.",
                       data->field_count);
    if (data->field_count && data->fields[0].type->id != HR_TYPE_STRING)
        return hr_format_refuse_type(scan->arena, "Text", &data->fields[0], err);
    return place_columns(scan, state, data, sensitive, err);
}

static enum hr_code open_source(struct hr_format *format,
                                struct hr_arena *arena,
                                struct hr_env *env,
                                const struct hr_rel *rel,
                                const struct hr_type *user,
                                bool is_json,
                                struct hr_source **source,
                                struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &lines_ops);
    struct lines_scan *state = HR_NEW(scan->arena, struct lines_scan);
    scan->state = state;
    struct hr_rel own = *rel;
    own.read_files.options = hr_options_copy(scan->arena, &rel->read_files.options);
    user = user ? hr_type_copy(scan->arena, user) : NULL;
    enum hr_code code = is_json ? open_json(scan, state, env, &own, user, err)
                                : open_text(scan, state, env, &own, user, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    struct hr_buf list;
    hr_buf_init(&list, HR_BUF_GROWS);
    hr_files_metadata(scan->arena, &state->files, &list);
    scan->file_list = hr_buf_keep(&list, scan->arena);
    scan->rows_guess = (uint64_t)state->files.bytes / 100 + 1;
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, is_json ? "json" : "text", is_json ? "json" : "text");
    (*source)->files = state->files.uris;
    return HR_OK;
}

enum hr_code hr_json_read(struct hr_format *format,
                          struct hr_arena *arena,
                          struct hr_env *env,
                          const struct hr_rel *rel,
                          const struct hr_type *user,
                          struct hr_source **source,
                          struct hr_err *err)
{
    return open_source(format, arena, env, rel, user, true, source, err);
}

enum hr_code hr_text_read(struct hr_format *format,
                          struct hr_arena *arena,
                          struct hr_env *env,
                          const struct hr_rel *rel,
                          const struct hr_type *user,
                          struct hr_source **source,
                          struct hr_err *err)
{
    return open_source(format, arena, env, rel, user, false, source, err);
}

/* ---- strings out of a query ---- */

static enum hr_code open_strings(struct hr_scan *scan,
                                 struct lines_scan *state,
                                 struct hr_env *env,
                                 const struct hr_rel *rel,
                                 struct hr_format_rows *rows,
                                 struct hr_err *err)
{
    struct hr_json *json;
    HR_TRY(hr_json_options(scan->arena, env, &rel->parse.options, &json, err));
    state->json = json;
    state->zone = json->zone;
    HR_TRY(hr_strings_pull(state->strings, rows, NULL, NULL, err));
    const struct hr_type *data =
        rel->parse.schema ? hr_type_copy(scan->arena, rel->parse.schema) : NULL;
    if (!data) {
        struct hr_watch watch = hr_env_watch(env);
        struct hr_json_inference *inference = hr_json_inference_new(scan->arena, json, &watch);
        enum hr_code code = HR_OK;
        for (size_t i = 0; i < state->strings->count && !code; i++) {
            struct hr_text text = hr_strings_at(state->strings, i);
            code = hr_json_infer(inference, text.bytes, text.len, err);
        }
        if (!code)
            code = hr_json_inferred(inference, &data, err);
        hr_json_inference_free(inference);
        HR_TRY(code);
    }
    return place_columns(scan, state, data, json->case_sensitive, err);
}

enum hr_code hr_json_parse_strings(struct hr_format *format,
                                   struct hr_arena *arena,
                                   struct hr_env *env,
                                   const struct hr_rel *rel,
                                   struct hr_format_rows *rows,
                                   struct hr_source **source,
                                   struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &lines_ops);
    struct lines_scan *state = HR_NEW(scan->arena, struct lines_scan);
    scan->state = state;
    state->strings = HR_NEW(scan->arena, struct hr_strings);
    struct hr_rel own = *rel;
    own.parse.options = hr_options_copy(scan->arena, &rel->parse.options);
    enum hr_code code = open_strings(scan, state, env, &own, rows, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan->rows_guess = state->strings->count;
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, "json", "json");
    return HR_OK;
}
