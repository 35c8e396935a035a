/* Arrow IPC, the reader. Bytes are a stranger's: each access goes through a bound check, a failed
 * one marks the reader bad and yields zero, and the caller asks once. */
#include "wire/arrow.h"
#include "base/utf8.h"
#include "wire/arrow_fbs.h"
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define UNPACKED_MAX ((size_t)1 << 30) /* of all compressed buffers of one stream */

struct fbr {
    const uint8_t *at;
    size_t len;
    bool bad;
};

static uint64_t get(struct fbr *fb, size_t at, size_t size)
{
    uint64_t value = 0;
    if (at > fb->len || size > fb->len - at)
        fb->bad = true;
    else
        memcpy(&value, fb->at + at, size);
    return value;
}

/* the place of a table's field, 0 when absent */
static size_t field_at(struct fbr *fb, size_t table, unsigned field)
{
    int64_t vtable = (int64_t)table - (int32_t)get(fb, table, 4);
    if (vtable < 0 || (uint64_t)vtable > fb->len) {
        fb->bad = true;
        return 0;
    }
    size_t size = get(fb, (size_t)vtable, 2), place = 4 + 2 * (size_t)field;
    if (place + 2 > size)
        return 0;
    size_t offset = get(fb, (size_t)vtable + place, 2);
    return offset ? table + offset : 0;
}

static uint64_t scalar(
    struct fbr *fb, size_t table, unsigned field, size_t size, uint64_t otherwise)
{
    size_t at = field_at(fb, table, field);
    return at ? get(fb, at, size) : otherwise;
}

static size_t target(struct fbr *fb, size_t at)
{
    size_t to = at + get(fb, at, 4);
    if (to >= fb->len)
        fb->bad = true;
    return fb->bad ? 0 : to;
}

static size_t child(struct fbr *fb, size_t table, unsigned field)
{
    size_t at = field_at(fb, table, field);
    return at ? target(fb, at) : 0;
}

/* a vector's first element, and how many there are */
static size_t vector(struct fbr *fb, size_t table, unsigned field, size_t size, size_t *count)
{
    size_t at = child(fb, table, field);
    *count = 0;
    if (!at)
        return 0;
    size_t many = get(fb, at, 4);
    if (fb->bad || many > (fb->len - at - 4) / size) {
        fb->bad = true;
        return 0;
    }
    *count = many;
    return at + 4;
}

static const char *text(struct fbr *fb, struct hr_arena *arena, size_t table, unsigned field)
{
    size_t len, at = vector(fb, table, field, 1, &len);
    return at ? hr_strndup(arena, (const char *)fb->at + at, len) : NULL;
}

/* ---- schema ---- */

struct reader {
    struct hr_arena *arena;
    struct hr_arrow_stream *stream;
    size_t fields, unpacked, batch_room;
    struct hr_err *err;
};

static enum hr_code broken(struct reader *reader, const char *what)
{
    return hr_fail(reader->err, HR_E_INVALID, "arrow stream is not valid: %s", what);
}

static enum hr_code integer_kind(struct reader *reader,
                                 struct fbr *fb,
                                 size_t type,
                                 struct hr_arrow_field *field)
{
    int bits = (int)scalar(fb, type, 0, 4, 0);
    int step = bits == 8 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : bits == 64 ? 3 : -1;
    if (step < 0)
        return broken(reader, "integer width");
    field->kind =
        (enum hr_arrow_kind)((scalar(fb, type, 1, 1, 0) ? HR_ARROW_INT8 : HR_ARROW_UINT8) + step);
    return HR_OK;
}

static enum hr_code read_type(struct reader *reader,
                              struct fbr *fb,
                              unsigned number,
                              size_t type,
                              struct hr_arrow_field *field)
{
    static const struct {
        uint8_t number;
        enum hr_arrow_kind kind;
    } plain[] = {{FBS_NULL, HR_ARROW_NULL},     {FBS_BOOL, HR_ARROW_BOOL},
                 {FBS_UTF8, HR_ARROW_UTF8},     {FBS_LARGE_UTF8, HR_ARROW_LARGE_UTF8},
                 {FBS_BINARY, HR_ARROW_BINARY}, {FBS_LARGE_BINARY, HR_ARROW_LARGE_BINARY},
                 {FBS_LIST, HR_ARROW_LIST},     {FBS_LARGE_LIST, HR_ARROW_LARGE_LIST},
                 {FBS_MAP, HR_ARROW_MAP},       {FBS_STRUCT, HR_ARROW_STRUCT}};
    for (size_t i = 0; i < HR_LEN(plain); i++)
        if (plain[i].number == number) {
            field->kind = plain[i].kind;
            return HR_OK;
        }
    unsigned unit;
    switch (number) {
    case FBS_INT:
        return integer_kind(reader, fb, type, field);
    case FBS_FLOATING_POINT:
        if ((unit = (unsigned)scalar(fb, type, 0, 2, 0)) > 2)
            return broken(reader, "floating point precision");
        field->kind = (enum hr_arrow_kind)(HR_ARROW_FLOAT16 + unit);
        return HR_OK;
    case FBS_DECIMAL:
        field->kind = HR_ARROW_DECIMAL128;
        field->precision = (int)scalar(fb, type, 0, 4, 0);
        field->scale = (int32_t)scalar(fb, type, 1, 4, 0);
        if (scalar(fb, type, 2, 4, 128) != 128)
            return hr_fail(reader->err, HR_E_UNSUPPORTED,
                           "arrow decimals of other than 128 bits are not supported");
        return field->precision >= 1 && field->precision <= 38
                   ? HR_OK
                   : broken(reader, "decimal precision");
    case FBS_DATE:
        field->kind = scalar(fb, type, 0, 2, 1) ? HR_ARROW_DATE64 : HR_ARROW_DATE32;
        return HR_OK;
    case FBS_TIME:
    case FBS_TIMESTAMP:
    case FBS_DURATION:
        if ((unit = (unsigned)scalar(fb, type, 0, 2, number == FBS_TIMESTAMP ? 0 : 1)) >
            HR_ARROW_NANO)
            return broken(reader, "time unit");
        field->unit = (enum hr_arrow_unit)unit;
        field->kind = number == FBS_TIMESTAMP            ? HR_ARROW_TIMESTAMP
                      : number == FBS_DURATION           ? HR_ARROW_DURATION
                      : scalar(fb, type, 1, 4, 32) == 64 ? HR_ARROW_TIME64
                                                         : HR_ARROW_TIME32;
        if (number == FBS_TIMESTAMP)
            field->timezone = text(fb, reader->arena, type, 1);
        return HR_OK;
    case FBS_INTERVAL:
        if ((unit = (unsigned)scalar(fb, type, 0, 2, 0)) > 2)
            return broken(reader, "interval unit");
        field->kind = (enum hr_arrow_kind)(HR_ARROW_MONTHS + unit);
        return HR_OK;
    case FBS_FIXED_SIZE_BINARY:
        field->kind = HR_ARROW_FIXED_BINARY;
        field->width = (int)scalar(fb, type, 0, 4, 0);
        return field->width > 0 && field->width < (1 << 20) ? HR_OK : broken(reader, "fixed width");
    default:
        return hr_fail(reader->err, HR_E_UNSUPPORTED, "arrow type number %u is not supported",
                       number);
    }
}

static bool children_fit(const struct hr_arrow_field *field)
{
    if (field->kind == HR_ARROW_STRUCT)
        return true;
    if (field->kind == HR_ARROW_LIST || field->kind == HR_ARROW_LARGE_LIST)
        return field->child_count == 1;
    if (field->kind == HR_ARROW_MAP)
        return field->child_count == 1 &&
               field->children[0].kind == HR_ARROW_STRUCT &&
               field->children[0].child_count == 2;
    return field->child_count == 0;
}

static enum hr_code read_fields(struct reader *reader,
                                struct fbr *fb,
                                size_t table,
                                unsigned number,
                                int depth,
                                struct hr_arrow_field **fields,
                                size_t *count);

static enum hr_code read_field(
    struct reader *reader, struct fbr *fb, size_t table, int depth, struct hr_arrow_field *field)
{
    if (depth > HR_ARROW_DEPTH_MAX || ++reader->fields > HR_ARROW_FIELDS_MAX)
        return hr_fail(reader->err, HR_E_LIMIT,
                       "arrow schema is nested too deeply or has too many fields");
    field->name = text(fb, reader->arena, table, 0);
    if (!field->name)
        field->name = "";
    field->nullable = scalar(fb, table, 1, 1, 0);
    size_t type = child(fb, table, 3);
    if (fb->bad || !type)
        return broken(reader, "field without a type");
    if (field_at(fb, table, 4))
        return hr_fail(reader->err, HR_E_UNSUPPORTED,
                       "arrow dictionaries are not supported (column \"%s\")", field->name);
    HR_TRY(read_type(reader, fb, (unsigned)scalar(fb, table, 2, 1, 0), type, field));
    HR_TRY(read_fields(reader, fb, table, 5, depth + 1, &field->children, &field->child_count));
    return children_fit(field) ? HR_OK : broken(reader, "children of a field");
}

static enum hr_code read_fields(struct reader *reader,
                                struct fbr *fb,
                                size_t table,
                                unsigned number,
                                int depth,
                                struct hr_arrow_field **fields,
                                size_t *count)
{
    size_t first = vector(fb, table, number, 4, count);
    if (fb->bad || *count > HR_ARROW_FIELDS_MAX)
        return broken(reader, "fields");
    *fields = HR_NEW_ARRAY(reader->arena, struct hr_arrow_field, *count);
    for (size_t i = 0; i < *count; i++) {
        size_t at = target(fb, first + 4 * i);
        if (fb->bad)
            return broken(reader, "fields");
        HR_TRY(read_field(reader, fb, at, depth, &(*fields)[i]));
    }
    return HR_OK;
}

static bool same_fields(const struct hr_arrow_field *a,
                        const struct hr_arrow_field *b,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].kind != b[i].kind ||
            a[i].unit != b[i].unit ||
            a[i].precision != b[i].precision ||
            a[i].scale != b[i].scale ||
            a[i].width != b[i].width ||
            a[i].child_count != b[i].child_count ||
            strcmp(a[i].name, b[i].name) ||
            !same_fields(a[i].children, b[i].children, a[i].child_count))
            return false;
    return true;
}

static enum hr_code read_schema(struct reader *reader,
                                struct fbr *fb,
                                size_t table,
                                bool *has_schema)
{
    struct hr_arrow_schema schema = {0}, *known = &reader->stream->schema;
    if (scalar(fb, table, 0, 2, 0))
        return hr_fail(reader->err, HR_E_UNSUPPORTED,
                       "arrow streams in big endian are not supported");
    HR_TRY(read_fields(reader, fb, table, 1, 0, &schema.fields, &schema.count));
    if (*has_schema &&
        (schema.count != known->count || !same_fields(schema.fields, known->fields, schema.count)))
        return broken(reader, "streams with different schemas");
    if (!*has_schema)
        *known = schema;
    *has_schema = true;
    return HR_OK;
}

/* ---- batches ---- */

struct body {
    struct fbr *fb;
    const uint8_t *bytes;
    size_t len;
    size_t nodes, node_count, buffers, buffer_count;
    int codec; /* -1: plain */
};

static enum hr_code unpack(struct reader *reader,
                           const struct body *body,
                           const uint8_t **data,
                           size_t *len)
{
    int64_t plain;
    if (*len < 8)
        return broken(reader, "compressed buffer");
    memcpy(&plain, *data, 8);
    *data += 8;
    *len -= 8;
    if (plain == -1)
        return HR_OK;
    if (plain < 0 || (size_t)plain > UNPACKED_MAX - reader->unpacked)
        return hr_fail(reader->err, HR_E_LIMIT, "arrow stream unpacks to more than %zu bytes",
                       UNPACKED_MAX);
    reader->unpacked += (size_t)plain;
    void *to = hr_arena_try(reader->arena, (size_t)plain + 8);
    if (!to)
        return hr_fail(reader->err, HR_E_NOMEM, "no memory to unpack an arrow buffer of %lld bytes",
                       (long long)plain);
    size_t got = 0;
    if (body->codec == 1) {
        got = ZSTD_decompress(to, (size_t)plain, *data, *len);
    } else {
        LZ4F_dctx *ctx;
        size_t room = (size_t)plain, used = *len;
        if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION)))
            return hr_fail(reader->err, HR_E_NOMEM, "no memory to unpack an arrow buffer");
        if (!LZ4F_isError(LZ4F_decompress(ctx, to, &room, *data, &used, NULL)))
            got = room;
        LZ4F_freeDecompressionContext(ctx);
    }
    if (got != (size_t)plain)
        return broken(reader, "compressed buffer");
    *data = to;
    *len = got;
    return HR_OK;
}

/* the next buffer: of at least `least` bytes unless empty is fine */
static enum hr_code next_buffer(
    struct reader *reader, struct body *body, size_t least, const void **data, size_t *len)
{
    if (!body->buffer_count)
        return broken(reader, "too few buffers");
    uint64_t offset = get(body->fb, body->buffers, 8), size = get(body->fb, body->buffers + 8, 8);
    body->buffers += 16;
    body->buffer_count--;
    if (offset > body->len || size > body->len - offset)
        return broken(reader, "buffer outside its body");
    const uint8_t *at = body->bytes + offset;
    *len = size;
    if (size && body->codec >= 0)
        HR_TRY(unpack(reader, body, &at, len));
    if (*len < least)
        return broken(reader, "buffer too short");
    if (*len && (uintptr_t)at % 8) {
        void *copy = hr_arena_try(reader->arena, *len);
        if (!copy)
            return hr_fail(reader->err, HR_E_NOMEM, "no memory for an arrow buffer of %zu bytes",
                           *len);
        at = memcpy(copy, at, *len);
    }
    *data = at;
    return HR_OK;
}

static int64_t offset_of(const void *offsets, bool large, int64_t i)
{
    return large ? ((const int64_t *)offsets)[i] : ((const int32_t *)offsets)[i];
}

static enum hr_code read_offsets(struct reader *reader,
                                 struct body *body,
                                 struct hr_arrow_array *array,
                                 bool large)
{
    static const int64_t none[1];
    size_t len, need = ((size_t)array->length + 1) * (large ? 8 : 4);
    HR_TRY(next_buffer(reader, body, array->length ? need : 0, &array->offsets, &len));
    if (len < need)
        array->offsets = none; /* writers may leave the offsets of an empty array out */
    int64_t last = offset_of(array->offsets, large, 0);
    if (last < 0)
        return broken(reader, "offsets");
    for (int64_t i = 1; i <= array->length; i++) {
        int64_t offset = offset_of(array->offsets, large, i);
        if (offset < last)
            return broken(reader, "offsets");
        last = offset;
    }
    return HR_OK;
}

/* the whole region is UTF-8 and no value starts or ends inside a character, hence each value is
 * UTF-8 */
static enum hr_code check_text(struct reader *reader,
                               const struct hr_arrow_array *array,
                               bool large,
                               bool utf8)
{
    int64_t first = offset_of(array->offsets, large, 0),
            last = offset_of(array->offsets, large, array->length);
    if ((uint64_t)last > array->data_len)
        return broken(reader, "text outside its buffer");
    const uint8_t *bytes = array->data;
    if (!utf8 || last == first)
        return HR_OK;
    if (!hr_utf8_valid(bytes + first, (size_t)(last - first)))
        return broken(reader, "text is not UTF-8");
    for (int64_t i = 0; i < array->length; i++) {
        int64_t at = offset_of(array->offsets, large, i);
        if (at < last && !hr_utf8_starts((char)bytes[at]))
            return broken(reader, "text is not UTF-8");
    }
    return HR_OK;
}

static int64_t count_nulls(const uint8_t *validity, int64_t length)
{
    int64_t valid = 0;
    for (int64_t i = 0; i < length; i++)
        valid += validity[i / 8] >> (i % 8) & 1;
    return length - valid;
}

static enum hr_code read_validity(struct reader *reader,
                                  struct body *body,
                                  struct hr_arrow_array *array)
{
    const void *data;
    size_t len;
    HR_TRY(next_buffer(reader, body, 0, &data, &len));
    if (!array->null_count)
        return HR_OK;
    if (len < ((size_t)array->length + 7) / 8)
        return broken(reader, "validity too short");
    array->validity = data;
    array->null_count = count_nulls(data, array->length);
    if (!array->null_count)
        array->validity = NULL;
    return HR_OK;
}

static enum hr_code read_array(struct reader *reader,
                               struct body *body,
                               const struct hr_arrow_field *field,
                               int64_t at_least,
                               struct hr_arrow_array *array)
{
    if (!body->node_count)
        return broken(reader, "too few nodes");
    array->length = (int64_t)get(body->fb, body->nodes, 8);
    array->null_count = (int64_t)get(body->fb, body->nodes + 8, 8);
    body->nodes += 16;
    body->node_count--;
    if (array->length < at_least || array->length > (int64_t)1 << 31)
        return broken(reader, "length of an array");
    if (field->kind == HR_ARROW_NULL) {
        array->null_count = array->length;
        return HR_OK;
    }
    HR_TRY(read_validity(reader, body, array));
    bool large = hr_arrow_is_large(field->kind);
    int64_t child_rows = array->length;
    if (hr_arrow_has_offsets(field->kind)) {
        HR_TRY(read_offsets(reader, body, array, large));
        child_rows = offset_of(array->offsets, large, array->length);
    }
    int width = hr_arrow_width(field);
    bool bytes = field->kind >= HR_ARROW_UTF8 && field->kind <= HR_ARROW_LARGE_BINARY;
    if (width || bytes) {
        size_t need = bytes       ? 0
                      : width < 0 ? ((size_t)array->length + 7) / 8
                                  : (size_t)array->length * (size_t)width;
        HR_TRY(next_buffer(reader, body, need, &array->data, &array->data_len));
    }
    if (bytes)
        return check_text(reader, array, large, field->kind <= HR_ARROW_LARGE_UTF8);
    array->children = HR_NEW_ARRAY(reader->arena, struct hr_arrow_array, field->child_count);
    for (size_t i = 0; i < field->child_count; i++)
        HR_TRY(read_array(reader, body, &field->children[i], child_rows, &array->children[i]));
    return HR_OK;
}

static struct hr_arrow_batch *new_batch(struct reader *reader)
{
    struct hr_arrow_stream *stream = reader->stream;
    if (stream->batch_count == reader->batch_room) {
        size_t room = reader->batch_room ? 2 * reader->batch_room : 8;
        struct hr_arrow_batch *more = HR_NEW_ARRAY(reader->arena, struct hr_arrow_batch, room);
        if (stream->batch_count)
            memcpy(more, stream->batches, stream->batch_count * sizeof *more);
        stream->batches = more;
        reader->batch_room = room;
    }
    return &stream->batches[stream->batch_count++];
}

static enum hr_code read_batch(
    struct reader *reader, struct fbr *fb, size_t table, const uint8_t *bytes, size_t len)
{
    const struct hr_arrow_schema *schema = &reader->stream->schema;
    struct body body = {.fb = fb, .bytes = bytes, .len = len, .codec = -1};
    int64_t rows = (int64_t)scalar(fb, table, 0, 8, 0);
    body.nodes = vector(fb, table, 1, 16, &body.node_count);
    body.buffers = vector(fb, table, 2, 16, &body.buffer_count);
    size_t compression = child(fb, table, 3);
    if (compression && (body.codec = (int)scalar(fb, compression, 0, 1, 0)) > 1)
        return broken(reader, "compression codec");
    if (fb->bad || rows < 0)
        return broken(reader, "record batch");
    struct hr_arrow_batch *batch = new_batch(reader);
    batch->rows = rows;
    batch->columns = HR_NEW_ARRAY(reader->arena, struct hr_arrow_array, schema->count);
    for (size_t i = 0; i < schema->count; i++)
        HR_TRY(read_array(reader, &body, &schema->fields[i], rows, &batch->columns[i]));
    return fb->bad ? broken(reader, "record batch") : HR_OK;
}

static enum hr_code read_message(struct reader *reader,
                                 const uint8_t *metadata,
                                 size_t size,
                                 const uint8_t *body,
                                 size_t room,
                                 size_t *body_len,
                                 bool *has_schema)
{
    struct fbr fb = {metadata, size, false};
    size_t message = target(&fb, 0);
    int64_t length = (int64_t)scalar(&fb, message, 3, 8, 0);
    unsigned type = (unsigned)scalar(&fb, message, 1, 1, 0);
    size_t header = child(&fb, message, 2);
    if (fb.bad || !header || length < 0 || (uint64_t)length > room)
        return broken(reader, "message");
    *body_len = (size_t)length;
    if (type == FBS_HEADER_SCHEMA)
        return read_schema(reader, &fb, header, has_schema);
    if (type == FBS_HEADER_DICTIONARY)
        return hr_fail(reader->err, HR_E_UNSUPPORTED, "arrow dictionaries are not supported");
    if (type != FBS_HEADER_RECORD_BATCH || !*has_schema)
        return broken(reader, "message");
    return read_batch(reader, &fb, header, body, *body_len);
}

enum hr_code hr_arrow_read(struct hr_arena *arena,
                           const void *bytes,
                           size_t len,
                           struct hr_arrow_stream *stream,
                           struct hr_err *err)
{
    struct reader reader = {.arena = arena, .stream = stream, .err = err};
    const uint8_t *at = bytes;
    bool has_schema = false;
    memset(stream, 0, sizeof *stream);
    while (len >= 4) {
        uint32_t head[2] = {0};
        memcpy(head, at, len < 8 ? 4 : 8);
        size_t skip = 8, size = head[1];
        /* before version 0.15 a message had its length only */
        if (head[0] != HR_ARROW_CONTINUATION) {
            skip = 4;
            size = head[0];
        }
        if (skip > len || size > len - skip)
            return broken(&reader, "message longer than the stream");
        at += skip;
        len -= skip;
        if (!size)
            continue; /* the end of a stream; another may follow */
        size_t body = 0;
        HR_TRY(read_message(&reader, at, size, at + size, len - size, &body, &has_schema));
        at += size + body;
        len -= size + body;
    }
    return has_schema ? HR_OK : broken(&reader, "no schema");
}
