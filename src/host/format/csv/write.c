#include "base/limits.h"
#include "host/format/csv/value_io.h"
#include "host/format/csv/csv.h"
#include "host/format/files/write.h"
#include <strings.h>

struct csv_writing {
    struct hr_csv *csv;
    struct hr_value_text how;
    bool header, quote_all, escape_quotes, trim_leading, trim_trailing;
    struct hr_text null_value, empty_value;
    const char *line_sep;
};

static bool writable(enum hr_type_id id)
{
    return !(id == HR_TYPE_VOID ||
             id == HR_TYPE_ARRAY ||
             id == HR_TYPE_MAP ||
             id == HR_TYPE_STRUCT ||
             id == HR_TYPE_VARIANT ||
             id == HR_TYPE_CALENDAR_INTERVAL ||
             id == HR_TYPE_TIME ||
             id == HR_TYPE_YEAR_MONTH ||
             id == HR_TYPE_DAY_TIME);
}

static enum hr_code read_options(struct hr_arena *arena,
                                 struct hr_env *env,
                                 const struct hr_options *options,
                                 struct csv_writing *state,
                                 struct hr_err *err)
{
    HR_TRY(hr_csv_options(arena, env, options, &state->csv, err));
    HR_TRY(hr_value_text_options(arena, env, options, &state->how, err));
    state->header = state->csv->header;
    HR_TRY(hr_option_bool(options, "quoteAll", false, &state->quote_all, err));
    HR_TRY(hr_option_bool(options, "escapeQuotes", true, &state->escape_quotes, err));
    HR_TRY(hr_option_bool(options, "ignoreLeadingWhiteSpace", true, &state->trim_leading, err));
    HR_TRY(hr_option_bool(options, "ignoreTrailingWhiteSpace", true, &state->trim_trailing, err));
    const char *null_value = hr_option_get(options, "nullValue"),
               *empty = hr_option_get(options, "emptyValue");
    null_value = null_value ? null_value : "";
    empty = empty ? empty : "\"\"";
    state->null_value = (struct hr_text){null_value, strlen(null_value)};
    state->empty_value = (struct hr_text){empty, strlen(empty)};
    state->line_sep = state->csv->line_sep_len ? state->csv->line_sep : "\n";
    return HR_OK;
}

static enum hr_code open_csv(struct hr_writing *writing, struct hr_err *err)
{
    struct csv_writing *state = HR_NEW(writing->arena, struct csv_writing);
    writing->state = state;
    for (size_t i = 0; i < writing->column_count; i++)
        if (!writable(writing->columns[i].field->type->id))
            return hr_format_refuse_type(writing->arena, "CSV", writing->columns[i].field, err);
    HR_TRY(read_options(writing->arena, writing->env, &writing->write->options, state, err));
    return state->csv->encoding ? hr_refuse_option(err, "csv", "encoding", state->csv->encoding)
                                : HR_OK;
}

static bool is_separator(const struct hr_csv *csv, const char *p, const char *end)
{
    return (size_t)(end - p) >= csv->sep_len && !memcmp(p, csv->sep, csv->sep_len);
}

/* must a value stand in quotes? */
static bool needs_quotes(const struct csv_writing *state, struct hr_text text, bool first)
{
    const struct hr_csv *csv = state->csv;
    const char *end = text.bytes + text.len;
    if (!text.len)
        return false;
    if (csv->quote != HR_CSV_NONE && (unsigned char)*text.bytes == (unsigned char)csv->quote)
        return true;
    if (first && (unsigned char)*text.bytes ==
                     (csv->comment == HR_CSV_NONE ? '#' : (unsigned char)csv->comment))
        return true; /* univocity's own comment character holds where Spark sets none */
    for (const char *p = text.bytes; p < end; p++)
        if (*p == '\n' ||
            *p == '\r' ||
            is_separator(csv, p, end) ||
            (state->escape_quotes &&
             csv->quote != HR_CSV_NONE &&
             (unsigned char)*p == (unsigned char)csv->quote))
            return true;
    return false;
}

static void quoted(const struct csv_writing *state, struct hr_text text, struct hr_buf *out)
{
    const struct hr_csv *csv = state->csv;
    int quote = csv->quote == HR_CSV_NONE ? 0 : csv->quote;
    hr_buf_addc(out, (char)quote);
    for (size_t i = 0; i < text.len; i++) {
        int c = (unsigned char)text.bytes[i];
        if (c == csv->quote && csv->escape != HR_CSV_NONE)
            hr_buf_addc(out, (char)csv->escape);
        else if (c == csv->escape && csv->escape_escape != HR_CSV_NONE && csv->escape != csv->quote)
            hr_buf_addc(out, (char)csv->escape_escape);
        hr_buf_addc(out, (char)c);
    }
    hr_buf_addc(out, (char)quote);
}

/* a text that the user chose for null or empty and that brings its own quotes stands as it is */
static bool has_quotes(const struct csv_writing *state, struct hr_text text)
{
    return text.len >= 2 &&
           (unsigned char)text.bytes[0] == (unsigned char)state->csv->quote &&
           (unsigned char)text.bytes[text.len - 1] == (unsigned char)state->csv->quote;
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

static void put_value(const struct csv_writing *state,
                      struct hr_text text,
                      bool first,
                      struct hr_buf *out)
{
    if (state->trim_leading)
        while (text.len && is_space(*text.bytes))
            text.bytes++, text.len--;
    if (state->trim_trailing)
        while (text.len && is_space(text.bytes[text.len - 1]))
            text.len--;
    /* the empty value stands as it is, quotes and all, unless it has none and all fields must */
    if (!text.len) {
        struct hr_text empty = state->empty_value;
        if (has_quotes(state, empty) || (!state->quote_all && !needs_quotes(state, empty, first)))
            hr_buf_add(out, empty.bytes, empty.len);
        else
            quoted(state, empty, out);
    } else if (state->quote_all || needs_quotes(state, text, first)) {
        quoted(state, text, out);
    } else {
        hr_buf_add(out, text.bytes, text.len);
    }
}

static void put_null(const struct csv_writing *state, bool first, struct hr_buf *out)
{
    struct hr_text text = state->null_value;
    if (has_quotes(state, text))
        hr_buf_add(out, text.bytes, text.len);
    else if (text.len)
        put_value(state, text, first, out);
    else if (state->quote_all)
        quoted(state, text, out);
}

/* Spark's writer shows bytes: [62 6F] */
static void put_bytes(const struct hr_column *column, idx_t row, struct hr_buf *out)
{
    duckdb_string_t *s = &((duckdb_string_t *)column->data)[row];
    const unsigned char *bytes = (const unsigned char *)duckdb_string_t_data(s);
    hr_buf_addc(out, '[');
    for (uint32_t i = 0; i < duckdb_string_t_length(*s); i++)
        hr_buf_addf(out, i ? " %02X" : "%02X", bytes[i]);
    hr_buf_addc(out, ']');
}

static void head(struct hr_writing *writing, struct hr_buf *out)
{
    struct csv_writing *state = writing->state;
    if (!state->header)
        return;
    for (size_t i = 0; i < writing->column_count; i++) {
        const char *name = writing->columns[i].field->name;
        if (i)
            hr_buf_add(out, state->csv->sep, state->csv->sep_len);
        put_value(state, (struct hr_text){name, strlen(name)}, !i, out);
    }
    hr_buf_adds(out, state->line_sep);
}

static void put_column(const struct csv_writing *state,
                       const struct hr_column *column,
                       idx_t row,
                       bool first,
                       struct hr_buf *scratch,
                       struct hr_buf *out)
{
    if (!first)
        hr_buf_add(out, state->csv->sep, state->csv->sep_len);
    if (hr_column_null(column, row)) {
        put_null(state, first, out);
        return;
    }
    hr_buf_clear(scratch);
    if (column->field->type->id == HR_TYPE_BINARY)
        put_bytes(column, row, scratch);
    else
        hr_column_text(column, row, &state->how, scratch);
    if (hr_buf_ok(scratch))
        put_value(state, (struct hr_text){hr_buf_text(scratch), hr_buf_len(scratch)}, first, out);
    else
        hr_buf_join(out, scratch); /* the row fails by its name */
}

static void row_text(struct hr_writing *writing, idx_t row, struct hr_buf *out)
{
    const struct csv_writing *state = writing->state;
    struct hr_buf scratch;
    size_t begin = hr_buf_mark(out);
    hr_buf_init(&scratch, HR_FORMAT_ROW_MAX);
    for (size_t i = 0; i < writing->column_count; i++)
        put_column(state, &writing->columns[i], row, !i, &scratch, out);
    hr_buf_release(&scratch);
    /* univocity's writer skips empty lines: a single null is not written */
    if (hr_buf_mark(out) == begin)
        return;
    hr_buf_adds(out, state->line_sep);
}

const struct hr_text_format hr_csv_format = {"csv", ".csv", open_csv, head, row_text};

/* ---- one value: to_csv ---- */

enum hr_code hr_csv_text_new(struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_options *options,
                             const struct hr_type *type,
                             struct hr_csv_text **text,
                             struct hr_err *err)
{
    struct csv_writing *state = HR_NEW(arena, struct csv_writing);
    *text = (struct hr_csv_text *)state;
    for (size_t i = 0; i < type->field_count; i++)
        if (!writable(type->fields[i].type->id) && type->fields[i].type->id != HR_TYPE_VOID)
            return hr_fail_spark(err, "UNSUPPORTED_FEATURE", "feature",
                                 "to_csv of nested values, intervals and times", NULL);
    return read_options(arena, env, options, state, err);
}

void hr_csv_text_put(const struct hr_csv_text *text,
                     const struct hr_type *type,
                     duckdb_vector vector,
                     idx_t row,
                     struct hr_buf *out)
{
    const struct csv_writing *state = (const struct csv_writing *)text;
    struct hr_buf scratch;
    hr_buf_init(&scratch, HR_FORMAT_ROW_MAX);
    for (size_t i = 0; i < type->field_count; i++) {
        struct hr_column column = {.field = &type->fields[i]};
        hr_column_bind(&column, duckdb_struct_vector_get_child(vector, i));
        put_column(state, &column, row, !i, &scratch, out);
    }
    hr_buf_release(&scratch);
}
