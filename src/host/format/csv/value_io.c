#include "host/format/csv/value_io.h"
#include "base/check.h"
#include "host/format/files/cache.h"
#include "host/format/csv/csv.h"
#include "host/format/json/read.h"
#include "host/format/json/value.h"
#include "host/format/files/query_strings.h"
#include <stdio.h>
#include <stdlib.h>

struct hr_csv_reader {
    struct hr_csv *csv;
    const struct hr_type *type;
    int corrupt;
    size_t tokens;
};

enum hr_code hr_csv_reader_new(struct hr_arena *arena,
                               struct hr_env *env,
                               const struct hr_options *options,
                               const struct hr_type *type,
                               struct hr_csv_reader **reader,
                               struct hr_err *err)
{
    struct hr_csv_reader *made = HR_NEW(arena, struct hr_csv_reader);
    HR_TRY(hr_csv_options(arena, env, options, &made->csv, err));
    hr_csv_one_record(made->csv);
    made->type = type;
    made->corrupt = -1;
    if (type && made->csv->mode == HR_MODE_DROPMALFORMED)
        return hr_fail_spark(err, "PARSE_MODE_UNSUPPORTED", "funcName", "`from_csv`", "mode",
                             "DROPMALFORMED", NULL);
    for (size_t i = 0; type && i < type->field_count; i++) {
        const struct hr_field *field = &type->fields[i];
        bool is_corrupt = !strcmp(field->name, made->csv->corrupt);
        if (is_corrupt)
            HR_TRY(hr_format_check_corrupt(arena, field, err));
        if (!is_corrupt && !hr_csv_readable(field->type))
            return hr_format_refuse_type(arena, "CSV", field, err);
        if (is_corrupt)
            made->corrupt = (int)i;
        made->tokens += !is_corrupt;
    }
    *reader = made;
    return HR_OK;
}

/* a copy with readable bytes behind it, as the lexer wants them */
static char *padded(const char *text, size_t len)
{
    char *copy = malloc(len + HR_BYTES_PAD);
    HR_CHECK(copy);
    if (len)
        memcpy(copy, text, len);
    memset(copy + len, 0, HR_BYTES_PAD);
    return copy;
}

static bool put_token(const struct hr_csv_reader *reader,
                      const struct hr_csv_record *record,
                      size_t token,
                      const struct hr_type *type,
                      struct hr_bump *bump,
                      duckdb_vector into,
                      idx_t row)
{
    struct hr_text text;
    uint64_t *valid = duckdb_vector_get_validity(into);
    if (valid)
        duckdb_validity_set_row_valid(valid, row);
    bool has =
        record && token < record->count && hr_csv_token(reader->csv, &record->fields[token], &text);
    bool ok = !has ||
              hr_csv_value(reader->csv, type, text, false, bump, duckdb_vector_get_data(into), row);
    if (!has || !ok)
        hr_vector_null_all(type, into, row);
    else
        hr_vector_own(type, into, row, &bump->pace);
    return ok;
}

static enum hr_code malformed(const char *text, size_t len, struct hr_err *err)
{
    char record[400];
    snprintf(record, sizeof record, "%.*s", (int)(len > 300 ? 300 : len), text);
    return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord", record,
                         "failFastMode", "FAILFAST", NULL);
}

enum hr_code hr_csv_reader_put(const struct hr_csv_reader *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               duckdb_vector vector,
                               idx_t row,
                               struct hr_err *err)
{
    struct hr_bump bump = {.pace.watch = watch};
    struct hr_csv_lexer lexer;
    char *copy = padded(text, len);
    hr_csv_lexer_init(&lexer, reader->csv, &bump);
    hr_csv_lexer_feed(&lexer, copy, copy + len, true);
    const struct hr_csv_record *record =
        hr_csv_next(&lexer) == HR_CSV_RECORD && !lexer.record.broken && !lexer.record.stray_quote
            ? &lexer.record
            : NULL;
    bool good = record && record->count == reader->tokens;
    size_t token = 0;
    for (size_t i = 0; i < reader->type->field_count; i++)
        if ((int)i != reader->corrupt)
            good &= put_token(reader, record, token++, reader->type->fields[i].type, &bump,
                              duckdb_struct_vector_get_child(vector, i), row);
    if (reader->corrupt >= 0) {
        duckdb_vector into = duckdb_struct_vector_get_child(vector, (idx_t)reader->corrupt);
        uint64_t *valid = duckdb_vector_get_validity(into);
        if (valid)
            duckdb_validity_set_row_valid(valid, row);
        if (good)
            hr_vector_null_all(hr_type_basic(HR_TYPE_STRING), into, row);
        else
            duckdb_vector_assign_string_element_len(into, row, text, len);
    }
    hr_csv_lexer_release(&lexer);
    hr_bump_release(&bump);
    free(copy);
    return good || bump.pace.ended || reader->csv->mode != HR_MODE_FAILFAST
               ? HR_OK
               : malformed(text, len, err);
}

enum hr_code hr_csv_schema_of(const struct hr_csv_reader *reader,
                              const char *text,
                              size_t len,
                              const struct hr_watch *watch,
                              struct hr_buf *out,
                              struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_csv csv = *reader->csv;
    char *copy = padded(text, len);
    size_t start = 0;
    struct hr_strings one = {.bytes = copy, .starts = &start, .ends = &len, .count = 1};
    const struct hr_type *type;
    csv.infer = true;
    csv.header = false;
    enum hr_code code = hr_csv_schema_of_strings(arena, &csv, &one, watch, &type, err);
    if (!code)
        hr_type_sql(type, out);
    free(copy);
    hr_arena_free(arena);
    return code;
}
