#include "host/format/csv/run.h"
#include "base/check.h"
#include <stdlib.h>
#include <strings.h>

#define ROW_BYTES_GUESS 80

/* ---- the scan's operations ---- */

static void run_free(void *arg)
{
    struct csv_run *run = arg;
    for (size_t i = 0; run->readers && i < run->state->files.count; i++)
        hr_blob_close(run->readers[i]);
    hr_csv_kept_drop(run->kept);
    pthread_mutex_destroy(&run->lock);
    free(run->readers);
    free(run->unit_first);
    free(run->columns);
    free(run->vector_of);
    free(run);
}

static const struct hr_type *column_type(const struct hr_type *schema, size_t i)
{
    return i < schema->field_count ? schema->fields[i].type : hr_type_basic(HR_TYPE_INT);
}

static void add_column(struct csv_run *run, size_t schema, int vector)
{
    run->columns[run->column_count++] = (struct column){
        .schema = (int)schema,
        .vector = vector,
        .place = run->state->places[schema],
        .type = column_type(run->scan->schema, schema),
    };
}

static bool is_output(const struct hr_scan_want *want, size_t column)
{
    for (size_t v = 0; v < want->out_count; v++)
        if (want->out[v] == (int)column)
            return true;
    return false;
}

/* what a record has to show: all of its tokens, some of them, or only that it is one */
static void plan_checks(struct csv_run *run, const struct hr_scan_want *want)
{
    const struct csv_scan *state = run->state;
    size_t tokens = 0;
    for (size_t i = 0; i < want->required_count; i++) {
        enum column_kind kind = state->places[want->required[i]].kind;
        tokens += kind == COLUMN_TOKEN;
        run->wants_corrupt |= kind == COLUMN_CORRUPT;
    }
    run->only_count = !tokens && state->csv->pruning;
    run->pruned = state->csv->pruning && tokens < state->data_count;
    run->checks = state->csv->mode != HR_MODE_PERMISSIVE || run->wants_corrupt;
}

static void plan_columns(struct csv_run *run, const struct hr_scan_want *want)
{
    run->columns = calloc(want->required_count + want->out_count + 1, sizeof *run->columns);
    run->vector_of = calloc(want->out_count + 1, sizeof(int));
    HR_CHECK(run->columns && run->vector_of);
    plan_checks(run, want);
    run->vector_count = want->out_count;
    for (size_t v = 0; v < want->out_count; v++) {
        run->vector_of[v] = want->out[v];
        if (want->out[v] >= 0)
            add_column(run, (size_t)want->out[v], (int)v);
    }
    if (!run->checks)
        return;
    for (size_t i = 0; i < want->required_count; i++)
        if (!is_output(want, want->required[i]))
            add_column(run, want->required[i], -1);
}

static enum hr_code only_corrupt(const struct csv_run *run,
                                 const struct hr_scan_want *want,
                                 struct hr_err *err)
{
    size_t tokens = 0;
    for (size_t i = 0; i < want->required_count; i++)
        tokens += run->state->places[want->required[i]].kind != COLUMN_CORRUPT;
    if (run->wants_corrupt && !tokens)
        return hr_fail_spark(err, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", NULL);
    return HR_OK;
}

static enum hr_code begin(struct hr_scan *scan,
                          const struct hr_scan_want *want,
                          void **global,
                          uint64_t *threads,
                          struct hr_err *err)
{
    struct csv_run *run = calloc(1, sizeof *run);
    const struct csv_scan *state = scan->state;
    HR_CHECK(run);
    run->scan = scan;
    run->state = state;
    run->watch = want->watch;
    pthread_mutex_init(&run->lock, NULL);
    struct hr_scan_want all = {state->all, scan->schema->field_count, want->out, want->out_count,
                               want->watch};
    plan_columns(run, state->all ? &all : want);
    hr_csv_plan_units(run);
    enum hr_code code = state->all ? HR_OK : only_corrupt(run, want, err);
    if (!code && run->state->can_cache && !run->checks)
        code = hr_csv_kept_open(run, err);
    if (code) {
        run_free(run);
        return code;
    }
    *threads = run->kept ? 1 : run->unit_count ? run->unit_count : 1;
    *global = run;
    return HR_OK;
}

static enum hr_code join(struct hr_scan *scan, void *global, void **local, struct hr_err *err)
{
    (void)scan;
    (void)err;
    *local = hr_csv_local_new(global);
    return HR_OK;
}

static enum hr_code fill(void *global, void *arg, duckdb_data_chunk out, struct hr_err *err)
{
    struct csv_run *run = global;
    struct csv_local *local = arg;
    if (run->kept) {
        hr_csv_kept_fill(run, out);
        return HR_OK;
    }
    idx_t rows = 0;
    hr_csv_bind_vectors(local, out);
    HR_TRY(hr_csv_fill_rows(local, &rows, err));
    if (rows)
        hr_csv_fill_partitions(local, rows);
    duckdb_data_chunk_set_size(out, rows);
    return HR_OK;
}

static void leave(void *local)
{
    hr_csv_local_free(local);
}

static void destroy(struct hr_scan *scan)
{
    struct csv_scan *state = scan->state;
    if (state->strings)
        hr_strings_release(state->strings);
}

static const struct hr_scan_ops csv_ops = {.begin = begin,
                                           .join = join,
                                           .fill = fill,
                                           .leave = leave,
                                           .end = run_free,
                                           .destroy = destroy};

/* ---- opening ---- */

static void options_key(const struct hr_rel *rel, const struct hr_csv *csv, struct hr_buf *out)
{
    for (size_t i = 0; i < rel->read_files.options.count; i++)
        hr_buf_addf(out, "%s=%s\n", rel->read_files.options.at[i].key,
                    rel->read_files.options.at[i].value);
    hr_buf_addf(out, "%s|%s|%d%d\n", csv->zone_name, csv->corrupt, csv->case_sensitive,
                csv->infer_ntz);
}

struct to_infer {
    const struct hr_csv *csv;
    const struct hr_watch *watch;
};

static enum hr_code read_schema(struct hr_format *format,
                                struct hr_arena *arena,
                                const void *options,
                                const struct hr_files *files,
                                const struct hr_type **schema,
                                struct hr_err *err)
{
    const struct to_infer *asked = options;
    return hr_csv_schema(format, arena, asked->csv, files, asked->watch, schema, err);
}

/* where a column of the schema comes from; *token counts those that the files hold */
static enum hr_code place_column(struct hr_scan *scan,
                                 struct csv_scan *state,
                                 size_t at,
                                 bool in_data,
                                 int *token,
                                 struct hr_err *err)
{
    const struct hr_csv *csv = state->csv;
    const struct hr_field *field = &scan->schema->fields[at];
    if (in_data && !strcmp(field->name, csv->corrupt)) {
        state->places[at] = (struct place){COLUMN_CORRUPT, 0};
        return hr_format_check_corrupt(scan->arena, field, err);
    }
    int partition = hr_files_partition(&state->files, field->name, csv->case_sensitive);
    if (partition >= 0)
        state->places[at] = (struct place){COLUMN_PARTITION, partition};
    else if (!hr_csv_readable(field->type))
        return hr_format_refuse_type(scan->arena, "CSV", field, err);
    else
        state->places[at] = (struct place){COLUMN_TOKEN, *token};
    *token += in_data;
    return HR_OK;
}

static enum hr_code place_columns(struct hr_scan *scan,
                                  struct csv_scan *state,
                                  const struct hr_type *data,
                                  struct hr_err *err)
{
    scan->schema = hr_files_schema(scan->arena, &state->files, data, state->csv->case_sensitive);
    size_t count = scan->schema->field_count;
    state->places = HR_NEW_ARRAY(scan->arena, struct place, count + 1);
    int token = 0;
    for (size_t i = 0; i < count; i++)
        HR_TRY(place_column(scan, state, i, i < data->field_count, &token, err));
    state->places[count] = (struct place){COLUMN_FILE, 0};
    state->data_count = (size_t)token;
    return HR_OK;
}

/* the columns of the data: the user's, those that are known of these files, or what they show */
static enum hr_code data_columns(struct hr_scan *scan,
                                 const struct csv_scan *state,
                                 struct hr_env *env,
                                 const struct hr_type *user,
                                 const struct hr_buf *key,
                                 const struct hr_type **data,
                                 struct hr_err *err)
{
    const struct hr_csv *csv = state->csv;
    const struct hr_files *files = &state->files;
    if (user) {
        *data = hr_files_without_partitions(scan->arena, user, files, csv->case_sensitive);
        return HR_OK;
    }
    if (!files->count)
        return hr_fail_spark(err, "UNABLE_TO_INFER_SCHEMA", "format", "CSV", NULL);
    struct hr_watch watch = hr_env_watch(env);
    if (!hr_files_versioned(files))
        return hr_csv_schema(scan->format, scan->arena, csv, files, &watch, data, err);
    struct to_infer asked = {csv, &watch};
    return hr_cache_schema(scan->format, scan->arena, hr_buf_text(key), read_schema, &asked, files,
                           data, err);
}

/* by what the scan's columns are found again in memory; only while every file has a version */
static void identify(struct hr_scan *scan, struct csv_scan *state, struct hr_buf *key)
{
    bool versioned = hr_files_versioned(&state->files);
    size_t bytes = (size_t)state->files.bytes;
    hr_buf_adds(key, "columns\n");
    hr_type_json(scan->schema, key);
    state->key = hr_strdup(scan->arena, hr_buf_text(key));
    scan->identity = versioned ? state->key : NULL;
    state->can_cache = versioned &&
                       bytes <= hr_cache_file_max(scan->format->cache) &&
                       !hr_files_compressed(&state->files);
}

static void describe_files(struct hr_scan *scan, const struct csv_scan *state)
{
    struct hr_buf list;
    hr_buf_init(&list, HR_BUF_GROWS);
    hr_files_metadata(scan->arena, &state->files, &list);
    scan->file_list = hr_buf_keep(&list, scan->arena);
    scan->rows_guess = (uint64_t)state->files.bytes / ROW_BYTES_GUESS + 1;
}

static enum hr_code find_files(struct hr_scan *scan,
                               struct csv_scan *state,
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

static enum hr_code open_scan(struct hr_scan *scan,
                              struct csv_scan *state,
                              struct hr_env *env,
                              const struct hr_rel *rel,
                              const struct hr_type *user,
                              struct hr_err *err)
{
    struct hr_csv *csv;
    HR_TRY(hr_csv_options(scan->arena, env, &rel->read_files.options, &csv, err));
    state->csv = csv;
    HR_TRY(find_files(scan, state, env, rel, user, err));
    struct hr_buf key;
    hr_buf_init(&key, HR_BUF_GROWS);
    hr_buf_adds(&key, "csv\n");
    hr_files_key(&state->files, &key);
    options_key(rel, csv, &key);
    const struct hr_type *data;
    enum hr_code code = data_columns(scan, state, env, user, &key, &data, err);
    if (!code)
        code = place_columns(scan, state, data, err);
    if (!code)
        identify(scan, state, &key);
    hr_buf_release(&key);
    HR_TRY(code);
    describe_files(scan, state);
    return HR_OK;
}

enum hr_code hr_csv_read(struct hr_format *format,
                         struct hr_arena *arena,
                         struct hr_env *env,
                         const struct hr_rel *rel,
                         const struct hr_type *user,
                         struct hr_source **source,
                         struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &csv_ops);
    struct csv_scan *state = HR_NEW(scan->arena, struct csv_scan);
    scan->state = state;
    struct hr_rel own = *rel;
    own.read_files.options = hr_options_copy(scan->arena, &rel->read_files.options);
    enum hr_code code =
        open_scan(scan, state, env, &own, user ? hr_type_copy(scan->arena, user) : NULL, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    state = scan->state;
    *source = hr_scan_source(arena, scan, "csv", "csv");
    (*source)->files = state->files.uris;
    return HR_OK;
}

/* ---- strings out of a query ---- */

/* Spark leaves out strings of spaces alone, and comments, before it parses */
static bool keeps_string(const void *arg, struct hr_text text)
{
    const struct hr_csv *csv = arg;
    size_t spaces = 0;
    while (spaces < text.len && text.bytes[spaces] == ' ')
        spaces++;
    return spaces < text.len &&
           (csv->comment == HR_CSV_NONE || (unsigned char)text.bytes[0] != csv->comment);
}

/* enforceSchema=false: the first string's names are the schema's */
static enum hr_code check_first(const struct csv_scan *state,
                                const struct hr_type *schema,
                                struct hr_err *err)
{
    struct hr_csv_lexer lexer;
    struct hr_bump bump = {0};
    enum hr_code code = HR_OK;
    hr_csv_lexer_init(&lexer, state->csv, &bump);
    hr_csv_lexer_feed(&lexer, state->header.bytes, state->header.bytes + state->header.len, true);
    size_t count = hr_csv_next(&lexer) == HR_CSV_RECORD ? lexer.record.count : 0;
    if (count != state->data_count)
        code = hr_fail(
            err, HR_E_INVALID,
            "Number of column in CSV header is not equal to number of fields in the schema: header length: %zu, schema size: %zu",
            count, state->data_count);
    for (size_t i = 0; i < schema->field_count && !code; i++) {
        struct hr_text text = {"", 0};
        if (state->places[i].kind != COLUMN_TOKEN)
            continue;
        hr_csv_token(state->csv, &lexer.record.fields[state->places[i].at], &text);
        const char *name = schema->fields[i].name;
        if (strlen(name) != text.len ||
            (state->csv->case_sensitive ? strncmp : strncasecmp)(name, text.bytes, text.len))
            code =
                hr_fail(err, HR_E_INVALID,
                        "CSV header does not conform to the schema. Expected: %s but found: %.*s",
                        name, (int)(text.len > 200 ? 200 : text.len), text.bytes);
    }
    hr_csv_lexer_release(&lexer);
    hr_bump_release(&bump);
    return code;
}

static enum hr_code open_strings(struct hr_scan *scan,
                                 struct csv_scan *state,
                                 struct hr_env *env,
                                 const struct hr_rel *rel,
                                 struct hr_format_rows *rows,
                                 struct hr_err *err)
{
    struct hr_csv *csv;
    const struct hr_type *data;
    struct hr_options options = hr_options_copy(scan->arena, &rel->parse.options);
    struct hr_watch watch = hr_env_watch(env);
    HR_TRY(hr_csv_options(scan->arena, env, &options, &csv, err));
    hr_csv_one_record(csv);
    csv->pruning = false;
    state->csv = csv;
    HR_TRY(hr_strings_pull(state->strings, rows, keeps_string, csv, err));
    if (csv->header && state->strings->count)
        state->header = hr_strings_at(state->strings, 0);
    if (rel->parse.schema)
        data = hr_type_copy(scan->arena, rel->parse.schema);
    else
        HR_TRY(hr_csv_schema_of_strings(scan->arena, csv, state->strings, &watch, &data, err));
    scan->rows_guess = state->strings->count;
    HR_TRY(place_columns(scan, state, data, err));
    state->all = HR_NEW_ARRAY(scan->arena, size_t, scan->schema->field_count + 1);
    for (size_t i = 0; i < scan->schema->field_count; i++)
        state->all[i] = i;
    return state->header.bytes && !csv->enforce_schema ? check_first(state, scan->schema, err)
                                                       : HR_OK;
}

enum hr_code hr_csv_parse_strings(struct hr_format *format,
                                  struct hr_arena *arena,
                                  struct hr_env *env,
                                  const struct hr_rel *rel,
                                  struct hr_format_rows *rows,
                                  struct hr_source **source,
                                  struct hr_err *err)
{
    struct hr_scan *scan = hr_scan_new(format, &csv_ops);
    struct csv_scan *state = HR_NEW(scan->arena, struct csv_scan);
    scan->state = state;
    state->strings = HR_NEW(scan->arena, struct hr_strings);
    enum hr_code code = open_strings(scan, state, env, rel, rows, err);
    if (code) {
        hr_scan_unref(scan);
        return code;
    }
    scan = hr_scan_register(scan);
    *source = hr_scan_source(arena, scan, "csv", "csv");
    return HR_OK;
}
