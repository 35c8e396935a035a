#include "host/connect/texts.h"
#include "base/check.h"
#include "host/plan/type.h"
#include "wire/arrow.h"
#include <string.h>

#define COLUMNS_MAX 8

struct texts {
    struct hr_arena *arena;
    size_t columns, rows, room;
    const char *names[COLUMNS_MAX];
    char kinds[COLUMNS_MAX]; /* 's', '!' (never null), '?' or '[' */
    const char **cells;
};

struct texts *hr_texts_new(struct hr_arena *arena)
{
    struct texts *texts = HR_NEW(arena, struct texts);
    texts->arena = arena;
    return texts;
}

void hr_texts_columns(struct texts *texts, const char *first, ...)
{
    va_list args;
    va_start(args, first);
    for (const char *name = first; name; name = va_arg(args, const char *)) {
        HR_CHECK(texts->columns < COLUMNS_MAX);
        bool marked = *name == '?' || *name == '[' || *name == '!';
        texts->kinds[texts->columns] = marked ? *name : 's';
        texts->names[texts->columns++] = name + marked;
    }
    va_end(args);
}

void hr_texts_row(struct texts *texts, ...)
{
    if (texts->rows == texts->room) {
        size_t room = texts->room ? 2 * texts->room : 16;
        const char **more = HR_NEW_ARRAY(texts->arena, const char *, room * texts->columns);
        if (texts->rows)
            memcpy(more, texts->cells, texts->rows * texts->columns * sizeof *more);
        texts->cells = more;
        texts->room = room;
    }
    va_list args;
    va_start(args, texts);
    for (size_t i = 0; i < texts->columns; i++)
        texts->cells[texts->rows * texts->columns + i] =
            hr_strdup(texts->arena, va_arg(args, const char *));
    va_end(args);
    texts->rows++;
}

/* texts are gathered up to what Arrow's 32-bit offsets reach: beyond, the whole message is too
 * large in any case */
static bool text_array(struct hr_arena *arena,
                       const char *const *values,
                       size_t step,
                       size_t rows,
                       struct hr_arrow_array *array)
{
    struct hr_buf bytes;
    uint8_t *validity = hr_arena_alloc(arena, rows / 8 + 1);
    int32_t *ends = HR_NEW_ARRAY(arena, int32_t, rows + 1);
    hr_buf_init(&bytes, INT32_MAX);
    for (size_t i = 0; i < rows; i++) {
        const char *value = values[i * step];
        if (value) {
            validity[i / 8] |= (uint8_t)(1 << i % 8);
            hr_buf_adds(&bytes, value);
        } else
            array->null_count++;
        ends[i + 1] = (int32_t)hr_buf_mark(&bytes);
    }
    array->length = (int64_t)rows;
    array->validity = validity;
    array->offsets = ends;
    array->data_len = hr_buf_mark(&bytes);
    bool whole = hr_buf_ok(&bytes);
    array->data = whole ? hr_memdup(arena, hr_buf_text(&bytes), array->data_len) : NULL;
    hr_buf_release(&bytes);
    return whole;
}

static bool truth_array(struct hr_arena *arena,
                        const char *const *values,
                        size_t step,
                        size_t rows,
                        struct hr_arrow_array *array)
{
    uint8_t *validity = hr_arena_alloc(arena, rows / 8 + 1),
            *bits = hr_arena_alloc(arena, rows / 8 + 1);
    for (size_t i = 0; i < rows; i++) {
        const char *value = values[i * step];
        if (value)
            validity[i / 8] |= (uint8_t)(1 << i % 8);
        else
            array->null_count++;
        if (value && !strcmp(value, "true"))
            bits[i / 8] |= (uint8_t)(1 << i % 8);
    }
    array->length = (int64_t)rows;
    array->validity = validity;
    array->data = bits;
    return true;
}

static bool list_array(struct hr_arena *arena,
                       const char *const *values,
                       size_t step,
                       size_t rows,
                       struct hr_arrow_array *array)
{
    uint8_t *validity = hr_arena_alloc(arena, rows / 8 + 1);
    int32_t *ends = HR_NEW_ARRAY(arena, int32_t, rows + 1);
    size_t count = 0, most = 0;
    for (size_t i = 0; i < rows; i++)
        for (const char *at = values[i * step]; at;
             at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
            most++;
    const char **items = HR_NEW_ARRAY(arena, const char *, most);
    for (size_t i = 0; i < rows; i++) {
        const char *at = values[i * step];
        if (at)
            validity[i / 8] |= (uint8_t)(1 << i % 8);
        else
            array->null_count++;
        while (at) {
            const char *end = strchr(at, '\n');
            items[count++] = end ? hr_strndup(arena, at, (size_t)(end - at)) : at;
            at = end ? end + 1 : NULL;
        }
        ends[i + 1] = (int32_t)count;
    }
    array->length = (int64_t)rows;
    array->validity = validity;
    array->offsets = ends;
    array->children = HR_NEW(arena, struct hr_arrow_array);
    return text_array(arena, items, 1, count, array->children);
}

static const struct hr_type *schema_of(const struct texts *texts, struct hr_arena *arena)
{
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, texts->columns);
    const struct hr_type *text = hr_type_basic(HR_TYPE_STRING);
    for (size_t i = 0; i < texts->columns; i++)
        fields[i] = (struct hr_field){texts->names[i],
                                      texts->kinds[i] == '?'   ? hr_type_basic(HR_TYPE_BOOLEAN)
                                      : texts->kinds[i] == '[' ? hr_type_array(arena, text, true)
                                                               : text,
                                      texts->kinds[i] != '!', NULL};
    return hr_type_struct(arena, fields, texts->columns);
}

static bool to_arrow(const struct texts *texts, struct hr_arena *arena, struct hr_buf *out)
{
    static struct hr_arrow_field element = {
        .name = "element", .kind = HR_ARROW_UTF8, .nullable = true};
    struct hr_arrow_field *fields = HR_NEW_ARRAY(arena, struct hr_arrow_field, texts->columns);
    struct hr_arrow_array *arrays = HR_NEW_ARRAY(arena, struct hr_arrow_array, texts->columns);
    for (size_t i = 0; i < texts->columns; i++) {
        char kind = texts->kinds[i];
        fields[i] = (struct hr_arrow_field){.name = texts->names[i],
                                            .nullable = true,
                                            .kind = kind == '?'   ? HR_ARROW_BOOL
                                                    : kind == '[' ? HR_ARROW_LIST
                                                                  : HR_ARROW_UTF8};
        if (kind == '[') {
            fields[i].children = &element;
            fields[i].child_count = 1;
        }
        if (!(kind == '?' ? truth_array
              : kind == '['
                  ? list_array
                  : text_array)(arena, texts->cells + i, texts->columns, texts->rows, &arrays[i]))
            return false;
    }
    struct hr_arrow_schema schema = {fields, texts->columns};
    hr_arrow_write_schema(out, &schema);
    hr_arrow_write_batch(out, &schema, arrays, (int64_t)texts->rows, HR_ARROW_PLAIN, 0);
    hr_arrow_write_end(out);
    return hr_buf_ok(out);
}

static enum hr_code render(const struct texts *texts,
                           struct hr_arena *arena,
                           const char **arrow,
                           size_t *len,
                           const char **schema,
                           struct hr_err *err)
{
    struct hr_buf bytes, json;
    hr_buf_init(&bytes, HR_GRPC_MESSAGE_MAX);
    hr_buf_init(&json, HR_BUF_GROWS);
    hr_type_json(schema_of(texts, arena), &json);
    *schema = hr_buf_keep(&json, arena);
    if (texts->rows && !to_arrow(texts, arena, &bytes)) {
        hr_buf_release(&bytes);
        return hr_fail(err, HR_E_LIMIT, "the command's answer is larger than the limit of %d bytes",
                       HR_GRPC_MESSAGE_MAX);
    }
    *len = hr_buf_len(&bytes);
    *arrow = hr_buf_keep(&bytes, arena);
    return HR_OK;
}

enum hr_code hr_texts_relation(struct texts *texts,
                               struct hr_arena *arena,
                               PB(Relation) * *out,
                               struct hr_err *err)
{
    PB(Relation) *relation = PB_NEW(arena, Relation, RELATION);
    PB(LocalRelation) *local = PB_NEW(arena, LocalRelation, LOCAL_RELATION);
    const char *arrow, *schema;
    size_t len;
    HR_TRY(render(texts, arena, &arrow, &len, &schema, err));
    local->_schema_case = 2;
    local->schema = (char *)schema;
    if (len) {
        local->_data_case = 1;
        local->data = (ProtobufCBinaryData){len, (uint8_t *)arrow};
    }
    relation->rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_LOCAL_RELATION;
    relation->local_relation = local;
    *out = relation;
    return HR_OK;
}

enum hr_code hr_texts_local(struct texts *texts,
                            struct hr_arena *arena,
                            struct hr_rel *rel,
                            struct hr_err *err)
{
    int64_t plan_id = rel->plan_id;
    const char *arrow, *schema;
    size_t len;
    HR_TRY(render(texts, arena, &arrow, &len, &schema, err));
    memset(rel, 0, sizeof *rel);
    rel->kind = HR_REL_LOCAL;
    rel->plan_id = plan_id;
    rel->local.arrow = len ? arrow : NULL;
    rel->local.arrow_len = len;
    rel->local.schema = schema;
    return HR_OK;
}
