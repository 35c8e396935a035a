#include "host/format/json/read.h"
#include "base/check.h"
#include "host/format/json/value.h"
#include "host/format/files/write.h"
#include <ctype.h>
#include <stdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- the defaults, made once and kept ---- */

static const char *no_conf(struct hr_env *env, const char *key)
{
    (void)env;
    (void)key;
    return NULL;
}

static struct hr_json *defaults;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_defaults(void)
{
    static const struct hr_env_ops ops = {.conf = no_conf};
    static struct hr_env env = {&ops};
    static const struct hr_options none;
    /* as long as the process, and still to be found at its end */
    static struct hr_arena *arena __attribute__((used));
    struct hr_err err;
    arena = hr_arena_new(NULL);
    HR_CHECK(!hr_json_options(arena, &env, &none, &defaults, &err));
}

/* ---- from JSON ---- */

static void own_text(duckdb_vector vector, idx_t row, struct hr_pace *pace)
{
    duckdb_string_t text = ((duckdb_string_t *)duckdb_vector_get_data(vector))[row];
    size_t len = duckdb_string_t_length(text);
    if (!hr_pace_step(pace, len))
        len = 0;
    char *copy = malloc(len + 1);
    HR_CHECK(copy);
    memcpy(copy, duckdb_string_t_data(&text), len);
    duckdb_vector_assign_string_element_len(vector, row, copy, len);
    free(copy);
}

void hr_vector_own(const struct hr_type *type,
                   duckdb_vector vector,
                   idx_t row,
                   struct hr_pace *pace)
{
    uint64_t *valid = duckdb_vector_get_validity(vector);
    if (valid && !duckdb_validity_row_is_valid(valid, row))
        return;
    switch (type->id) {
    case HR_TYPE_STRING:
    case HR_TYPE_CHAR:
    case HR_TYPE_VARCHAR:
    case HR_TYPE_BINARY:
        own_text(vector, row, pace);
        break;
    case HR_TYPE_STRUCT:
        for (size_t i = 0; i < type->field_count; i++)
            hr_vector_own(type->fields[i].type, duckdb_struct_vector_get_child(vector, i), row,
                          pace);
        break;
    case HR_TYPE_ARRAY:
    case HR_TYPE_MAP: {
        duckdb_list_entry entry = ((duckdb_list_entry *)duckdb_vector_get_data(vector))[row];
        duckdb_vector child = duckdb_list_vector_get_child(vector);
        for (idx_t i = entry.offset; i < entry.offset + entry.length; i++) {
            if (type->id == HR_TYPE_ARRAY) {
                hr_vector_own(type->element, child, i, pace);
                continue;
            }
            hr_vector_own(type->key, duckdb_struct_vector_get_child(child, 0), i, pace);
            hr_vector_own(type->element, duckdb_struct_vector_get_child(child, 1), i, pace);
        }
        break;
    }
    default:
        break;
    }
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)text[i]))
            return false;
    return true;
}

struct hr_json_reader {
    const struct hr_json *json;
    const struct hr_type *type;
    int corrupt;
};

enum hr_code hr_json_reader_new(struct hr_arena *arena,
                                struct hr_env *env,
                                const struct hr_options *options,
                                const struct hr_type *type,
                                struct hr_json_reader **reader,
                                struct hr_err *err)
{
    struct hr_json *json;
    struct hr_json_reader *made = HR_NEW(arena, struct hr_json_reader);
    HR_TRY(hr_json_options(arena, env, options, &json, err));
    if (type && json->mode == HR_MODE_DROPMALFORMED)
        return hr_fail_spark(err, "PARSE_MODE_UNSUPPORTED", "funcName", "`from_json`", "mode",
                             "DROPMALFORMED", NULL);
    *made = (struct hr_json_reader){json, type, -1};
    for (size_t i = 0; type && type->id == HR_TYPE_STRUCT && i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, json->corrupt))
            continue;
        HR_TRY(hr_format_check_corrupt(arena, &type->fields[i], err));
        made->corrupt = (int)i;
    }
    *reader = made;
    return HR_OK;
}

static void put_corrupt(const struct hr_json_reader *reader,
                        bool good,
                        const char *text,
                        size_t len,
                        duckdb_vector vector,
                        idx_t row)
{
    duckdb_vector into = duckdb_struct_vector_get_child(vector, (idx_t)reader->corrupt);
    if (good) {
        hr_vector_null_all(hr_type_basic(HR_TYPE_STRING), into, row);
        return;
    }
    uint64_t *valid = duckdb_vector_get_validity(into);
    if (valid)
        duckdb_validity_set_row_valid(valid, row);
    duckdb_vector_assign_string_element_len(into, row, text, len);
}

enum hr_code hr_json_reader_put(const struct hr_json_reader *reader,
                                const char *text,
                                size_t len,
                                const struct hr_watch *watch,
                                duckdb_vector vector,
                                idx_t row,
                                bool *is_null,
                                struct hr_err *err)
{
    const struct hr_type *type = reader->type;
    struct hr_bump bump = {.pace.watch = watch};
    struct hr_json_node *root = NULL, empty = {.kind = HR_JSON_OBJECT},
                        list = {.kind = HR_JSON_ARRAY};
    *is_null = true;
    if (is_blank(text, len)) {
        hr_vector_null_all(type, vector, row);
        return HR_OK;
    }
    bool good = hr_json_parse(reader->json, text, len, &bump, &root) && root;
    if (type->id == HR_TYPE_STRUCT && (!good || root->kind != HR_JSON_OBJECT)) {
        root = &empty;
        good = false;
    } else if (!good) {
        root = NULL;
    } else if (type->id == HR_TYPE_ARRAY &&
               type->element->id == HR_TYPE_STRUCT &&
               root->kind == HR_JSON_OBJECT) {
        list.child = root; /* Spark reads one object as an array of one */
        root = &list;
    }
    good &= hr_json_put(reader->json, type, root, &bump, vector, row);
    hr_vector_own(type, vector, row, &bump.pace);
    if (reader->corrupt >= 0 && hr_pace_step(&bump.pace, len))
        put_corrupt(reader, good, text, len, vector, row);
    hr_bump_release(&bump);
    if (bump.pace.ended)
        return HR_OK;
    if (!good && reader->json->mode == HR_MODE_FAILFAST) {
        char record[400];
        snprintf(record, sizeof record, "%.*s", (int)(len > 300 ? 300 : len), text);
        return hr_fail_spark(err, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "badRecord",
                             record, "failFastMode", "FAILFAST", NULL);
    }
    uint64_t *valid = duckdb_vector_get_validity(vector);
    *is_null = valid && !duckdb_validity_row_is_valid(valid, row);
    return HR_OK;
}

enum hr_code hr_json_schema_of(const struct hr_json_reader *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               struct hr_buf *out,
                               struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_json_inference *inference = hr_json_inference_new(arena, reader->json, watch);
    const struct hr_type *type = NULL;
    enum hr_code code = hr_json_infer_value(inference, text, len, &type, err);
    if (!code)
        hr_type_sql(type, out);
    hr_json_inference_free(inference);
    hr_arena_free(arena);
    return code;
}

/* ---- paths ---- */

static void write_node(const struct hr_json_node *node, struct hr_pace *pace, struct hr_buf *out)
{
    switch (node->kind) {
    case HR_JSON_OBJECT:
    case HR_JSON_ARRAY: {
        bool object = node->kind == HR_JSON_OBJECT;
        hr_buf_addc(out, object ? '{' : '[');
        for (const struct hr_json_node *child = node->child;
             child && hr_pace_step(pace, child->raw_len); child = child->next) {
            hr_buf_adds(out, child != node->child ? "," : "");
            if (object) {
                hr_json_quote(child->key, child->key_len, out);
                hr_buf_addc(out, ':');
            }
            write_node(child, pace, out);
        }
        hr_buf_addc(out, object ? '}' : ']');
        break;
    }
    case HR_JSON_STRING:
        hr_json_quote(node->text, node->len, out);
        break;
    case HR_JSON_NULL:
        hr_buf_adds(out, "null");
        break;
    case HR_JSON_TRUE:
        hr_buf_adds(out, "true");
        break;
    case HR_JSON_FALSE:
        hr_buf_adds(out, "false");
        break;
    case HR_JSON_REAL: { /* Jackson copies it as a double */
        double value;
        char real[HR_DOUBLE_TEXT_MAX];
        if (hr_parse_double(node->text, node->len, &value))
            hr_buf_add(out, real, hr_print_double(value, real));
        break;
    }
    default:
        hr_buf_add(out, node->text, node->len);
        break;
    }
}

static const struct hr_json_node *member(const struct hr_json_node *node,
                                         const char *name,
                                         size_t len)
{
    if (!node || node->kind != HR_JSON_OBJECT)
        return NULL;
    for (node = node->child; node; node = node->next)
        if (node->key_len == len && !memcmp(node->key, name, len))
            return node;
    return NULL;
}

static const struct hr_json_node *element(const struct hr_json_node *node,
                                          const char *digits,
                                          size_t len)
{
    long index = 0;
    if (!node || node->kind != HR_JSON_ARRAY || !len || len > 9)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)digits[i]))
            return NULL;
        index = index * 10 + (digits[i] - '0');
    }
    for (node = node->child; node && index; node = node->next)
        index--;
    return node;
}

/* one step of the path at *at; false: not a path */
static bool step(const char **at, const char *end, const struct hr_json_node **node, bool *wildcard)
{
    const char *p = *at + 1, *from = p;
    if (**at == '.') {
        while (p < end && *p != '.' && *p != '[')
            p++;
        *wildcard = p - from == 1 && *from == '*';
        *node = *wildcard ? NULL : member(*node, from, (size_t)(p - from));
        *at = p;
        return p > from;
    }
    if (**at != '[')
        return false;
    bool quoted = p < end && *p == '\'';
    const char *close =
        quoted ? memmem(p + 1, (size_t)(end - p - 1), "']", 2) : memchr(p, ']', (size_t)(end - p));
    if (!close)
        return false;
    *wildcard = !quoted && close - p == 1 && *p == '*';
    *node = *wildcard ? NULL
            : quoted  ? member(*node, p + 1, (size_t)(close - p - 1))
                      : element(*node, p, (size_t)(close - p));
    *at = close + (quoted ? 2 : 1);
    return true;
}

enum hr_json_found hr_json_get(const char *text,
                               size_t len,
                               const char *path,
                               size_t path_len,
                               const struct hr_watch *watch,
                               struct hr_buf *out)
{
    pthread_once(&once, make_defaults);
    struct hr_bump bump = {.pace.watch = watch};
    struct hr_json_node *root = NULL;
    enum hr_json_found found = HR_JSON_MISSING;
    const char *at = path, *end = path + path_len;
    if (path_len && *at++ == '$' && hr_json_parse(defaults, text, len, &bump, &root)) {
        const struct hr_json_node *node = root;
        bool valid = true, wildcard = false;
        while (valid && node && at < end && !wildcard)
            valid = step(&at, end, &node, &wildcard);
        if (wildcard) {
            found = HR_JSON_WILDCARD;
        } else if (valid && node && node->kind != HR_JSON_NULL) {
            found = HR_JSON_FOUND;
            if (node->kind == HR_JSON_STRING)
                hr_buf_add(out, node->text, node->len);
            else
                write_node(node, &bump.pace, out);
        }
    }
    hr_bump_release(&bump);
    return found;
}

/* ---- the outermost value ---- */

static const struct hr_json_node *outermost(const char *text, size_t len, struct hr_bump *bump)
{
    struct hr_json_node *root = NULL;
    pthread_once(&once, make_defaults);
    return hr_json_parse(defaults, text, len, bump, &root) ? root : NULL;
}

bool hr_json_field(const char *text,
                   size_t len,
                   const char *name,
                   size_t name_len,
                   const struct hr_watch *watch,
                   struct hr_buf *out)
{
    struct hr_bump bump = {.pace.watch = watch};
    const struct hr_json_node *node = member(outermost(text, len, &bump), name, name_len);
    bool found = node && node->kind != HR_JSON_NULL;
    if (found && node->kind == HR_JSON_STRING)
        hr_buf_add(out, node->text, node->len);
    else if (found)
        write_node(node, &bump.pace, out);
    hr_bump_release(&bump);
    return found;
}

int64_t hr_json_array_length(const char *text, size_t len, const struct hr_watch *watch)
{
    struct hr_bump bump = {.pace.watch = watch};
    const struct hr_json_node *root = outermost(text, len, &bump);
    int64_t count = root && root->kind == HR_JSON_ARRAY ? 0 : -1;
    for (const struct hr_json_node *at = count ? NULL : root->child; at; at = at->next)
        count++;
    hr_bump_release(&bump);
    return count;
}

bool hr_json_object_keys(const char *text,
                         size_t len,
                         const struct hr_watch *watch,
                         void (*key)(void *arg, const char *key, size_t len),
                         void *arg)
{
    struct hr_bump bump = {.pace.watch = watch};
    const struct hr_json_node *root = outermost(text, len, &bump);
    bool found = root && root->kind == HR_JSON_OBJECT;
    for (const struct hr_json_node *at = found ? root->child : NULL; at; at = at->next)
        key(arg, at->key, at->key_len);
    hr_bump_release(&bump);
    return found;
}
