#include "base/limits.h"
#include "base/utf8.h"
#include "host/format/json/text.h"
#include "host/format/files/write.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

struct json_writing {
    struct hr_value_text how;
    bool skip_nulls, ascii;
    const char *line_sep;
    struct hr_pace *pace; /* of one thread's value */
};

static bool writable(const struct hr_type *type)
{
    switch (type->id) {
    case HR_TYPE_ARRAY:
        return writable(type->element);
    case HR_TYPE_MAP:
        return writable(type->key) && writable(type->element);
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            if (!writable(type->fields[i].type))
                return false;
        return true;
    case HR_TYPE_UDT:
        return writable(type->element);
    case HR_TYPE_CALENDAR_INTERVAL:
    case HR_TYPE_VARIANT:
    case HR_TYPE_TIME:
    case HR_TYPE_YEAR_MONTH:
    case HR_TYPE_DAY_TIME:
        return false;
    default:
        return true;
    }
}

static enum hr_code read_options(struct hr_arena *arena,
                                 struct hr_env *env,
                                 const struct hr_options *options,
                                 struct json_writing *state,
                                 struct hr_err *err)
{
    bool skip = hr_conf_bool(env, "spark.sql.jsonGenerator.ignoreNullFields", true), pretty;
    HR_TRY(hr_option_bool(options, "ignoreNullFields", skip, &state->skip_nulls, err));
    HR_TRY(hr_option_bool(options, "writeNonAsciiCharacterAsCodePoint", false, &state->ascii, err));
    HR_TRY(hr_option_bool(options, "pretty", false, &pretty, err));
    if (pretty)
        return hr_refuse_option(err, "json", "pretty", "true");
    const char *locale = hr_option_get(options, "locale");
    if (locale && strncasecmp(locale, "en", 2))
        return hr_refuse_option(err, "json", "locale", locale);
    return hr_value_text_options(arena, env, options, &state->how, err);
}

static bool not_cancelled(void *arg, uint64_t made)
{
    const struct hr_writing *writing = arg;
    (void)made;
    return !writing->cancel || !writing->cancel->cancelled(writing->cancel->arg);
}

static struct hr_pace *pace_of(struct hr_writing *writing)
{
    struct hr_watch *watch = HR_NEW(writing->arena, struct hr_watch);
    struct hr_pace *pace = HR_NEW(writing->arena, struct hr_pace);
    *watch = (struct hr_watch){not_cancelled, writing, NULL};
    pace->watch = watch;
    return pace;
}

static enum hr_code open_json(struct hr_writing *writing, struct hr_err *err)
{
    const struct hr_options *options = &writing->write->options;
    struct json_writing *state = HR_NEW(writing->arena, struct json_writing);
    writing->state = state;
    for (size_t i = 0; i < writing->column_count; i++)
        if (!writable(writing->columns[i].field->type))
            return hr_format_refuse_type(writing->arena, "JSON", writing->columns[i].field, err);
    const char *encoding = hr_option_get(options, "encoding");
    if (encoding && strcasecmp(encoding, "UTF-8") && strcasecmp(encoding, "UTF8"))
        return hr_refuse_option(err, "json", "encoding", encoding);
    const char *line_sep = hr_option_get(options, "lineSep");
    state->line_sep = line_sep ? line_sep : "\n";
    state->pace = pace_of(writing);
    return read_options(writing->arena, writing->env, options, state, err);
}

/* how many bytes at p stand for themselves */
static size_t plain_run(const unsigned char *p, const unsigned char *end, bool ascii)
{
    const unsigned char *at = p;
    while (at < end && *at >= 0x20 && *at != '"' && *at != '\\' && (*at < 0x80 || !ascii))
        at++;
    return (size_t)(at - p);
}

/* the character at p, which does not stand for itself; returns its bytes */
static size_t put_escaped(const unsigned char *p, const unsigned char *end, struct hr_buf *out)
{
    static const struct {
        char c, letter;
    } shorts[] = {
        {'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'},
    };
    for (size_t i = 0; i < HR_LEN(shorts); i++) {
        if ((unsigned char)shorts[i].c != *p)
            continue;
        hr_buf_addc(out, '\\');
        hr_buf_addc(out, shorts[i].letter);
        return 1;
    }
    uint32_t code = *p;
    size_t len = hr_utf8_next((const char *)p, (size_t)(end - p), &code);
    if (code >= 0x10000)
        hr_buf_addf(out, "\\u%04X\\u%04X", 0xd800 + ((code - 0x10000) >> 10),
                    0xdc00 + ((code - 0x10000) & 0x3ff));
    else
        hr_buf_addf(out, "\\u%04X", code);
    return len ? len : 1;
}

static void json_string(const char *text, size_t len, bool ascii, struct hr_buf *out)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    hr_buf_addc(out, '"');
    while (p < end && hr_buf_ok(out)) {
        size_t run = plain_run(p, end, ascii);
        hr_buf_add(out, p, run);
        p += run;
        if (p < end)
            p += put_escaped(p, end, out);
    }
    hr_buf_addc(out, '"');
}

void hr_json_quote(const char *text, size_t len, struct hr_buf *out)
{
    json_string(text, len, false, out);
}

static void base64(const unsigned char *p, size_t len, struct hr_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    hr_buf_addc(out, '"');
    for (size_t i = 0; i < len; i += 3) {
        unsigned v = (unsigned)p[i] << 16 |
                     (i + 1 < len ? (unsigned)p[i + 1] << 8 : 0) |
                     (i + 2 < len ? p[i + 2] : 0);
        hr_buf_addc(out, digits[v >> 18]);
        hr_buf_addc(out, digits[v >> 12 & 63]);
        hr_buf_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
        hr_buf_addc(out, i + 2 < len ? digits[v & 63] : '=');
    }
    hr_buf_addc(out, '"');
}

static void json_value(const struct json_writing *state,
                       const struct hr_column *column,
                       idx_t row,
                       struct hr_buf *out);

static struct hr_column child_of(const struct hr_field *field, duckdb_vector vector)
{
    struct hr_column child = {.field = field};
    hr_column_bind(&child, vector);
    return child;
}

static void json_struct(const struct json_writing *state,
                        const struct hr_type *type,
                        duckdb_vector vector,
                        idx_t row,
                        struct hr_buf *out)
{
    bool any = false;
    hr_buf_addc(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        struct hr_column child =
            child_of(&type->fields[i], duckdb_struct_vector_get_child(vector, i));
        if (state->skip_nulls && hr_column_null(&child, row))
            continue;
        if (any)
            hr_buf_addc(out, ',');
        any = true;
        json_string(type->fields[i].name, strlen(type->fields[i].name), state->ascii, out);
        hr_buf_addc(out, ':');
        json_value(state, &child, row, out);
    }
    hr_buf_addc(out, '}');
}

/* ---- keys of maps ----
 * A key is Java's toString of Catalyst's internal value, as JacksonGenerator.writeMapData has it:
 * days of a date, microseconds of a timestamp, the items of a struct or an array in brackets. */

static void key_text(const struct json_writing *state,
                     const struct hr_column *column,
                     idx_t row,
                     struct hr_buf *out);

static void key_items(const struct json_writing *state,
                      const struct hr_column *column,
                      idx_t row,
                      struct hr_buf *out)
{
    const struct hr_type *type = column->field->type;
    bool is_struct = type->id == HR_TYPE_STRUCT;
    struct hr_field element_field = {"element", type->element, true, NULL};
    duckdb_list_entry entry = {row, type->field_count};
    if (!is_struct)
        entry = ((const duckdb_list_entry *)column->data)[row];
    hr_buf_addc(out, '[');
    for (uint64_t i = 0; i < entry.length && hr_pace_step(state->pace, 0); i++) {
        duckdb_vector vector = is_struct ? duckdb_struct_vector_get_child(column->vector, i)
                                         : duckdb_list_vector_get_child(column->vector);
        struct hr_column item = child_of(is_struct ? &type->fields[i] : &element_field, vector);
        if (i)
            hr_buf_addc(out, ',');
        key_text(state, &item, is_struct ? row : entry.offset + i, out);
    }
    hr_buf_addc(out, ']');
}

static void key_text(const struct json_writing *state,
                     const struct hr_column *column,
                     idx_t row,
                     struct hr_buf *out)
{
    if (hr_column_null(column, row)) {
        hr_buf_adds(out, "null");
        return;
    }
    switch (column->field->type->id) {
    case HR_TYPE_STRUCT:
    case HR_TYPE_ARRAY:
        key_items(state, column, row, out);
        break;
    case HR_TYPE_DATE:
    case HR_TYPE_YEAR_MONTH:
        hr_buf_addf(out, "%" PRId32, ((const int32_t *)column->data)[row]);
        break;
    case HR_TYPE_TIMESTAMP:
    case HR_TYPE_TIMESTAMP_NTZ:
    case HR_TYPE_DAY_TIME:
    case HR_TYPE_TIME:
        hr_buf_addf(out, "%" PRId64, ((const int64_t *)column->data)[row]);
        break;
    default:
        hr_column_text(column, row, &state->how, out);
        break;
    }
}

static void json_list(const struct json_writing *state,
                      const struct hr_column *column,
                      idx_t row,
                      struct hr_buf *out)
{
    const struct hr_type *type = column->field->type;
    duckdb_list_entry entry = ((const duckdb_list_entry *)column->data)[row];
    duckdb_vector inner = duckdb_list_vector_get_child(column->vector);
    bool is_map = type->id == HR_TYPE_MAP;
    struct hr_field key_field = {"key", type->key, false, NULL},
                    value_field = {"value", type->element, true, NULL};
    struct hr_column value = child_of(&value_field,
                                      is_map ? duckdb_struct_vector_get_child(inner, 1) : inner),
                     key = {0};
    struct hr_buf text;
    hr_buf_init(&text, HR_FORMAT_ROW_MAX);
    if (is_map)
        key = child_of(&key_field, duckdb_struct_vector_get_child(inner, 0));
    hr_buf_addc(out, is_map ? '{' : '[');
    for (uint64_t i = entry.offset; i < entry.offset + entry.length && hr_buf_ok(out); i++) {
        if (!hr_pace_step(state->pace, 0))
            break;
        if (i > entry.offset)
            hr_buf_addc(out, ',');
        if (is_map) {
            hr_buf_clear(&text);
            key_text(state, &key, i, &text);
            if (hr_buf_ok(&text))
                json_string(hr_buf_text(&text), hr_buf_len(&text), state->ascii, out);
            else
                hr_buf_join(out, &text);
            hr_buf_addc(out, ':');
        }
        json_value(state, &value, i, out);
    }
    hr_buf_addc(out, is_map ? '}' : ']');
    hr_buf_release(&text);
}

static void json_value(const struct json_writing *state,
                       const struct hr_column *column,
                       idx_t row,
                       struct hr_buf *out)
{
    const struct hr_type *type = column->field->type;
    if (hr_column_null(column, row)) {
        hr_buf_adds(out, "null");
        return;
    }
    duckdb_string_t *strings = (duckdb_string_t *)column->data;
    switch (type->id) {
    case HR_TYPE_VOID:
        hr_buf_adds(out, "null");
        break;
    case HR_TYPE_STRUCT:
        json_struct(state, type, column->vector, row, out);
        break;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP:
        json_list(state, column, row, out);
        break;
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
        json_string(duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row]),
                    state->ascii, out);
        break;
    case HR_TYPE_BINARY:
        base64((const unsigned char *)duckdb_string_t_data(&strings[row]),
               duckdb_string_t_length(strings[row]), out);
        break;
    case HR_TYPE_DATE:
    case HR_TYPE_TIMESTAMP:
    case HR_TYPE_TIMESTAMP_NTZ:
        hr_buf_addc(out, '"');
        hr_column_text(column, row, &state->how, out);
        hr_buf_addc(out, '"');
        break;
    case HR_TYPE_FLOAT:
    case HR_TYPE_DOUBLE: {
        double value = type->id == HR_TYPE_FLOAT ? ((const float *)column->data)[row]
                                                 : ((const double *)column->data)[row];
        if (!isfinite(value))
            hr_buf_addc(out, '"');
        hr_column_text(column, row, &state->how, out);
        if (!isfinite(value))
            hr_buf_addc(out, '"');
        break;
    }
    default:
        hr_column_text(column, row, &state->how, out);
        break;
    }
}

static void row_text(struct hr_writing *writing, idx_t row, struct hr_buf *out)
{
    const struct json_writing *state = writing->state;
    bool any = false;
    hr_buf_addc(out, '{');
    for (size_t i = 0; i < writing->column_count; i++) {
        const struct hr_column *column = &writing->columns[i];
        if (state->skip_nulls && hr_column_null(column, row))
            continue;
        if (any)
            hr_buf_addc(out, ',');
        any = true;
        json_string(column->field->name, strlen(column->field->name), state->ascii, out);
        hr_buf_addc(out, ':');
        json_value(state, column, row, out);
    }
    hr_buf_addc(out, '}');
    hr_buf_adds(out, state->line_sep);
}

/* ---- one value: to_json ---- */

enum hr_code hr_json_text_new(struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_options *options,
                              const struct hr_json_text **text,
                              struct hr_err *err)
{
    struct json_writing *state = HR_NEW(arena, struct json_writing);
    *text = (struct hr_json_text *)state;
    return read_options(arena, env, options, state, err);
}

void hr_json_text_put(const struct hr_json_text *text,
                      const struct hr_type *type,
                      duckdb_vector vector,
                      idx_t row,
                      const struct hr_watch *watch,
                      struct hr_buf *out)
{
    struct hr_field field = {"", type, true, NULL};
    struct hr_column column = child_of(&field, vector);
    struct json_writing state = *(const struct json_writing *)text;
    struct hr_pace pace = {.watch = watch};
    state.pace = &pace;
    json_value(&state, &column, row, out);
}

const struct hr_text_format hr_json_format = {"json", ".json", open_json, NULL, row_text};

/* ---- text: one column of strings, one line each ---- */

static enum hr_code open_text(struct hr_writing *writing, struct hr_err *err)
{
    if (writing->column_count != 1)
        return hr_fail(err, HR_E_INVALID,
                       "Text data source supports only a single column, and you have %zu columns.",
                       writing->column_count);
    if (writing->columns[0].field->type->id != HR_TYPE_STRING)
        return hr_format_refuse_type(writing->arena, "Text", writing->columns[0].field, err);
    const char *line_sep = hr_option_get(&writing->write->options, "lineSep");
    writing->state = (void *)(line_sep ? line_sep : "\n");
    return HR_OK;
}

static void line_text(struct hr_writing *writing, idx_t row, struct hr_buf *out)
{
    if (!hr_column_null(&writing->columns[0], row))
        hr_column_text(&writing->columns[0], row, NULL, out);
    hr_buf_adds(out, writing->state);
}

const struct hr_text_format hr_text_format_plain = {"text", ".txt", open_text, NULL, line_text};
