/* Arrow IPC, the writer. Flatbuffers are laid out forwards: a table, then what it points to, each
 * offset patched once its target's place is known. Field numbers and enumerations are those of
 * Arrow's Schema.fbs and Message.fbs. */
#include "wire/arrow.h"
#include "base/check.h"
#include "wire/arrow_fbs.h"
#include <lz4frame.h>
#include <string.h>
#include <zstd.h>

static const struct {
    const char *name;
    int width;
} kinds[] = {
#define X(name, width) {#name, width},
    HR_ARROW_KINDS(X)
#undef X
};

int hr_arrow_width(const struct hr_arrow_field *field)
{
    return field->kind == HR_ARROW_FIXED_BINARY ? field->width : kinds[field->kind].width;
}

const char *hr_arrow_kind_name(enum hr_arrow_kind kind)
{
    return kinds[kind].name;
}

bool hr_arrow_is_large(enum hr_arrow_kind kind)
{
    return kind == HR_ARROW_LARGE_UTF8 ||
           kind == HR_ARROW_LARGE_BINARY ||
           kind == HR_ARROW_LARGE_LIST;
}

bool hr_arrow_has_offsets(enum hr_arrow_kind kind)
{
    return (kind >= HR_ARROW_UTF8 && kind <= HR_ARROW_LARGE_BINARY) ||
           kind == HR_ARROW_LIST ||
           kind == HR_ARROW_LARGE_LIST ||
           kind == HR_ARROW_MAP;
}

/* ---- flatbuffers ---- */

struct fb {
    struct hr_buf *out;
    size_t base; /* where alignment counts from */
};

struct slot {
    uint8_t size; /* 0: the field is absent, its default holds */
    uint64_t value;
    size_t at; /* set by table(): where the value stands */
};

static void pad(struct fb *fb, size_t align, size_t rest)
{
    static const char zeros[16];
    size_t used = hr_buf_mark(fb->out) - fb->base;
    hr_buf_add(fb->out, zeros, (align + rest - used % align) % align);
}

static void put(struct fb *fb, size_t at, const void *bytes, size_t len)
{
    hr_buf_patch(fb->out, at, bytes, len);
}

static void point(struct fb *fb, size_t at)
{
    uint32_t distance = (uint32_t)(hr_buf_mark(fb->out) - at);
    put(fb, at, &distance, 4);
}

static size_t add_u32(struct fb *fb, uint32_t value)
{
    size_t at = hr_buf_mark(fb->out);
    hr_buf_add(fb->out, &value, 4);
    return at;
}

/* A table starts 4 bytes behind an 8-byte boundary, so its fields, widest first, are all aligned.
 */
static void table(struct fb *fb, struct slot *slots, size_t count, size_t pointer)
{
    uint16_t places[16] = {0}, size = 4;
    for (uint8_t width = 8; width; width /= 2)
        for (size_t i = 0; i < count; i++)
            if (slots[i].size == width) {
                places[i] = size;
                size += width;
            }
    pad(fb, 2, 0);
    size_t vtable = hr_buf_mark(fb->out);
    uint16_t head[2] = {(uint16_t)(4 + 2 * count), size};
    hr_buf_add(fb->out, head, sizeof head);
    hr_buf_add(fb->out, places, 2 * count);
    pad(fb, 8, 4);
    point(fb, pointer);
    size_t start = hr_buf_mark(fb->out);
    int32_t back = (int32_t)(start - vtable);
    hr_buf_add(fb->out, &back, 4);
    for (uint8_t width = 8; width; width /= 2)
        for (size_t i = 0; i < count; i++)
            if (slots[i].size == width) {
                slots[i].at = hr_buf_mark(fb->out);
                /* little endian: the low bytes come first */
                hr_buf_add(fb->out, &slots[i].value, width);
            }
}

static void string(struct fb *fb, const char *text, size_t pointer)
{
    pad(fb, 4, 0);
    point(fb, pointer);
    add_u32(fb, (uint32_t)strlen(text));
    hr_buf_add(fb->out, text, strlen(text) + 1);
}

/* a vector of offsets; returns where its first element stands */
static size_t pointers(struct fb *fb, size_t count, size_t pointer)
{
    pad(fb, 4, 0);
    point(fb, pointer);
    add_u32(fb, (uint32_t)count);
    size_t first = hr_buf_mark(fb->out);
    for (size_t i = 0; i < count; i++)
        add_u32(fb, 0);
    return first;
}

/* a vector of structs of two int64, zeroed; returns where the first stands */
static size_t pairs(struct fb *fb, size_t count, size_t pointer)
{
    static const char zeros[16];
    pad(fb, 8, 4);
    point(fb, pointer);
    add_u32(fb, (uint32_t)count);
    size_t first = hr_buf_mark(fb->out);
    for (size_t i = 0; i < count; i++)
        hr_buf_add(fb->out, zeros, sizeof zeros);
    return first;
}

static struct fb message_begin(struct hr_buf *out)
{
    static const uint32_t head[2] = {HR_ARROW_CONTINUATION, 0};
    hr_buf_add(out, head, sizeof head);
    struct fb fb = {out, hr_buf_mark(out)};
    add_u32(&fb, 0);
    return fb;
}

/* the message's table; returns the place of its body length, and through header that of its
 * header's pointer */
static size_t message_table(struct fb *fb, int type, size_t *header)
{
    struct slot slots[] = {{2, HR_ARROW_V5}, {1, (uint64_t)type}, {4}, {8}};
    table(fb, slots, HR_LEN(slots), fb->base);
    *header = slots[2].at;
    return slots[3].at;
}

static void message_end(struct fb *fb)
{
    pad(fb, 8, 0);
    uint32_t size = (uint32_t)(hr_buf_mark(fb->out) - fb->base);
    put(fb, fb->base - 4, &size, 4);
}

/* ---- schema ---- */

static uint8_t type_number(enum hr_arrow_kind kind)
{
    switch (kind) {
    case HR_ARROW_NULL:
        return FBS_NULL;
    case HR_ARROW_BOOL:
        return FBS_BOOL;
    case HR_ARROW_INT8:
    case HR_ARROW_INT16:
    case HR_ARROW_INT32:
    case HR_ARROW_INT64:
    case HR_ARROW_UINT8:
    case HR_ARROW_UINT16:
    case HR_ARROW_UINT32:
    case HR_ARROW_UINT64:
        return FBS_INT;
    case HR_ARROW_FLOAT16:
    case HR_ARROW_FLOAT:
    case HR_ARROW_DOUBLE:
        return FBS_FLOATING_POINT;
    case HR_ARROW_DECIMAL128:
        return FBS_DECIMAL;
    case HR_ARROW_DATE32:
    case HR_ARROW_DATE64:
        return FBS_DATE;
    case HR_ARROW_TIME32:
    case HR_ARROW_TIME64:
        return FBS_TIME;
    case HR_ARROW_TIMESTAMP:
        return FBS_TIMESTAMP;
    case HR_ARROW_DURATION:
        return FBS_DURATION;
    case HR_ARROW_MONTHS:
    case HR_ARROW_DAY_TIME:
    case HR_ARROW_MONTH_DAY_NANO:
        return FBS_INTERVAL;
    case HR_ARROW_UTF8:
        return FBS_UTF8;
    case HR_ARROW_LARGE_UTF8:
        return FBS_LARGE_UTF8;
    case HR_ARROW_BINARY:
        return FBS_BINARY;
    case HR_ARROW_LARGE_BINARY:
        return FBS_LARGE_BINARY;
    case HR_ARROW_FIXED_BINARY:
        return FBS_FIXED_SIZE_BINARY;
    case HR_ARROW_LIST:
        return FBS_LIST;
    case HR_ARROW_LARGE_LIST:
        return FBS_LARGE_LIST;
    case HR_ARROW_MAP:
        return FBS_MAP;
    case HR_ARROW_STRUCT:
        return FBS_STRUCT;
    case HR_ARROW_KIND_COUNT:
        break;
    }
    HR_CHECK(!"arrow kind");
    return 0;
}

static void write_type(struct fb *fb, const struct hr_arrow_field *field, size_t pointer)
{
    struct slot slots[3] = {{0}};
    size_t count = 0;
    switch (field->kind) {
    case HR_ARROW_INT8:
    case HR_ARROW_INT16:
    case HR_ARROW_INT32:
    case HR_ARROW_INT64:
    case HR_ARROW_UINT8:
    case HR_ARROW_UINT16:
    case HR_ARROW_UINT32:
    case HR_ARROW_UINT64:
        slots[0] = (struct slot){4, 8u * (unsigned)kinds[field->kind].width};
        slots[1] = (struct slot){1, field->kind <= HR_ARROW_INT64};
        count = 2;
        break;
    case HR_ARROW_FLOAT16:
    case HR_ARROW_FLOAT:
    case HR_ARROW_DOUBLE:
        slots[0] = (struct slot){2, (uint64_t)(field->kind - HR_ARROW_FLOAT16)};
        count = 1;
        break;
    case HR_ARROW_DECIMAL128:
        slots[0] = (struct slot){4, (uint64_t)field->precision};
        slots[1] = (struct slot){4, (uint32_t)field->scale};
        slots[2] = (struct slot){4, 128};
        count = 3;
        break;
    case HR_ARROW_DATE32:
    case HR_ARROW_DATE64:
        slots[0] = (struct slot){2, field->kind == HR_ARROW_DATE64};
        count = 1;
        break;
    case HR_ARROW_TIME32:
    case HR_ARROW_TIME64:
        slots[0] = (struct slot){2, (uint64_t)field->unit};
        slots[1] = (struct slot){4, field->kind == HR_ARROW_TIME32 ? 32 : 64};
        count = 2;
        break;
    case HR_ARROW_TIMESTAMP:
        slots[0] = (struct slot){2, (uint64_t)field->unit};
        slots[1] = (struct slot){field->timezone ? 4 : 0, 0};
        count = 2;
        break;
    case HR_ARROW_DURATION:
        slots[0] = (struct slot){2, (uint64_t)field->unit};
        count = 1;
        break;
    case HR_ARROW_MONTHS:
    case HR_ARROW_DAY_TIME:
    case HR_ARROW_MONTH_DAY_NANO:
        slots[0] = (struct slot){2, (uint64_t)(field->kind - HR_ARROW_MONTHS)};
        count = 1;
        break;
    case HR_ARROW_FIXED_BINARY:
        slots[0] = (struct slot){4, (uint64_t)field->width};
        count = 1;
        break;
    case HR_ARROW_NULL: /* what its number does not say stands in the children, or nowhere */
    case HR_ARROW_BOOL:
    case HR_ARROW_UTF8:
    case HR_ARROW_LARGE_UTF8:
    case HR_ARROW_BINARY:
    case HR_ARROW_LARGE_BINARY:
    case HR_ARROW_LIST:
    case HR_ARROW_LARGE_LIST:
    case HR_ARROW_MAP:
    case HR_ARROW_STRUCT:
    case HR_ARROW_KIND_COUNT:
        break;
    }
    table(fb, slots, count, pointer);
    if (field->kind == HR_ARROW_TIMESTAMP && field->timezone)
        string(fb, field->timezone, slots[1].at);
}

static void write_metadata(struct fb *fb, const struct hr_arrow_field *field, size_t pointer)
{
    size_t first = pointers(fb, 1, pointer);
    struct slot slots[] = {{4}, {4}};
    table(fb, slots, HR_LEN(slots), first);
    string(fb, field->metadata_key, slots[0].at);
    string(fb, field->metadata_value, slots[1].at);
}

static void write_fields(struct fb *fb,
                         const struct hr_arrow_field *fields,
                         size_t count,
                         size_t pointer);

static void write_field(struct fb *fb, const struct hr_arrow_field *field, size_t pointer)
{
    struct slot slots[] = {
        {4}, {1, field->nullable},         {1, type_number(field->kind)}, {4}, {0},
        {4}, {field->metadata_key ? 4 : 0}};
    table(fb, slots, HR_LEN(slots), pointer);
    string(fb, field->name, slots[0].at);
    write_type(fb, field, slots[3].at);
    write_fields(fb, field->children, field->child_count, slots[5].at);
    if (field->metadata_key)
        write_metadata(fb, field, slots[6].at);
}

static void write_fields(struct fb *fb,
                         const struct hr_arrow_field *fields,
                         size_t count,
                         size_t pointer)
{
    size_t first = pointers(fb, count, pointer);
    for (size_t i = 0; i < count; i++)
        write_field(fb, &fields[i], first + 4 * i);
}

void hr_arrow_write_schema(struct hr_buf *out, const struct hr_arrow_schema *schema)
{
    struct fb fb = message_begin(out);
    size_t header;
    message_table(&fb, FBS_HEADER_SCHEMA, &header);
    struct slot slots[] = {{2, 0}, {4}};
    table(&fb, slots, HR_LEN(slots), header);
    write_fields(&fb, schema->fields, schema->count, slots[1].at);
    message_end(&fb);
}

/* ---- batches ---- */

struct body {
    struct hr_buf *out;
    size_t start;        /* of the body */
    size_t node, buffer; /* places of the next node and buffer to fill in */
    enum hr_arrow_codec codec;
    int level;
};

static void count_parts(const struct hr_arrow_field *field, size_t *nodes, size_t *buffers)
{
    ++*nodes;
    if (field->kind != HR_ARROW_NULL)
        *buffers += 1 +
                    hr_arrow_has_offsets(field->kind) +
                    (kinds[field->kind].width != 0 ||
                     field->kind == HR_ARROW_FIXED_BINARY ||
                     (field->kind >= HR_ARROW_UTF8 && field->kind <= HR_ARROW_LARGE_BINARY));
    for (size_t i = 0; i < field->child_count; i++)
        count_parts(&field->children[i], nodes, buffers);
}

static size_t compress(const struct body *body, char *to, size_t room, const void *data, size_t len)
{
    if (body->codec == HR_ARROW_LZ4) {
        size_t size = LZ4F_compressFrame(to, room, data, len, NULL);
        return LZ4F_isError(size) ? SIZE_MAX : size;
    }
    size_t size =
        ZSTD_compress(to, room, data, len, body->level ? body->level : ZSTD_CLEVEL_DEFAULT);
    return ZSTD_isError(size) ? SIZE_MAX : size;
}

/* a compressed buffer: its plain length, then the frame; -1 when the bytes stand as they are, since
 * they did not shrink */
static void add_compressed(struct body *body, const void *data, size_t len)
{
    size_t room =
        body->codec == HR_ARROW_LZ4 ? LZ4F_compressFrameBound(len, NULL) : ZSTD_compressBound(len);
    int64_t plain = (int64_t)len;
    char *to = hr_buf_room(body->out, 8 + room);
    if (!to)
        return;
    size_t size = compress(body, to + 8, room, data, len);
    if (size < len) {
        memcpy(to, &plain, 8);
        hr_buf_grew(body->out, 8 + size);
        return;
    }
    plain = -1;
    hr_buf_add(body->out, &plain, 8);
    hr_buf_add(body->out, data, len);
}

static void add_buffer(struct body *body, const void *data, size_t len)
{
    static const char zeros[8];
    struct hr_buf *out = body->out;
    size_t from = hr_buf_mark(out);
    if (len && body->codec != HR_ARROW_PLAIN)
        add_compressed(body, data, len);
    else
        hr_buf_add(out, data, len);
    if (!hr_buf_ok(out))
        return;
    int64_t entry[2] = {(int64_t)(from - body->start), (int64_t)(hr_buf_mark(out) - from)};
    hr_buf_patch(out, body->buffer, entry, sizeof entry);
    body->buffer += sizeof entry;
    hr_buf_add(out, zeros, (8 - (hr_buf_mark(out) - body->start) % 8) % 8);
}

static void add_array(struct body *body,
                      const struct hr_arrow_field *field,
                      const struct hr_arrow_array *array)
{
    if (!hr_buf_ok(body->out))
        return;
    size_t length = (size_t)array->length;
    bool has_nulls = array->null_count && array->validity;
    int64_t entry[2] = {array->length, field->kind == HR_ARROW_NULL ? array->length
                                       : has_nulls                  ? array->null_count
                                                                    : 0};
    hr_buf_patch(body->out, body->node, entry, sizeof entry);
    body->node += sizeof entry;
    if (field->kind == HR_ARROW_NULL)
        return;
    add_buffer(body, array->validity, has_nulls ? (length + 7) / 8 : 0);
    if (hr_arrow_has_offsets(field->kind))
        add_buffer(body, array->offsets, (length + 1) * (hr_arrow_is_large(field->kind) ? 8 : 4));
    int width = hr_arrow_width(field);
    if (width)
        add_buffer(body, array->data, width < 0 ? (length + 7) / 8 : length * (size_t)width);
    else if (field->kind >= HR_ARROW_UTF8 && field->kind <= HR_ARROW_LARGE_BINARY)
        add_buffer(body, array->data, array->data_len);
    for (size_t i = 0; i < field->child_count; i++)
        add_array(body, &field->children[i], &array->children[i]);
}

void hr_arrow_write_batch(struct hr_buf *out,
                          const struct hr_arrow_schema *schema,
                          const struct hr_arrow_array *arrays,
                          int64_t rows,
                          enum hr_arrow_codec codec,
                          int level)
{
    size_t nodes = 0, buffers = 0, header;
    for (size_t i = 0; i < schema->count; i++)
        count_parts(&schema->fields[i], &nodes, &buffers);
    struct fb fb = message_begin(out);
    size_t length_at = message_table(&fb, FBS_HEADER_RECORD_BATCH, &header);
    struct slot slots[] = {{8, (uint64_t)rows}, {4}, {4}, {codec == HR_ARROW_PLAIN ? 0 : 4}};
    table(&fb, slots, HR_LEN(slots), header);
    struct body body = {.out = out, .codec = codec, .level = level};
    body.node = pairs(&fb, nodes, slots[1].at);
    body.buffer = pairs(&fb, buffers, slots[2].at);
    if (codec != HR_ARROW_PLAIN) {
        struct slot compression[] = {{1, codec == HR_ARROW_ZSTD}, {1, 0}};
        table(&fb, compression, HR_LEN(compression), slots[3].at);
    }
    message_end(&fb);
    body.start = hr_buf_mark(out);
    for (size_t i = 0; i < schema->count; i++)
        add_array(&body, &schema->fields[i], &arrays[i]);
    int64_t length = (int64_t)(hr_buf_mark(out) - body.start);
    put(&fb, length_at, &length, 8);
}

void hr_arrow_write_end(struct hr_buf *out)
{
    static const uint32_t end[2] = {HR_ARROW_CONTINUATION, 0};
    hr_buf_add(out, end, sizeof end);
}
