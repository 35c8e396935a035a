#include "host/connect/decode/scan.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

struct cursor {
    const uint8_t *at, *end;
};

static bool varint(struct cursor *cursor, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 70 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;
        if (shift < 64)
            *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* one field: its number and wire type, and for a length-delimited one its bytes */
static bool field(struct cursor *cursor, uint32_t *number, int *wire, struct cursor *bytes)
{
    uint64_t tag, len;
    if (!varint(cursor, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
        return false;
    *number = (uint32_t)(tag >> 3);
    *wire = (int)(tag & 7);
    switch (*wire) {
    case 0:
        return varint(cursor, &len);
    case 1:
        len = 8;
        break;
    case 2:
        if (!varint(cursor, &len))
            return false;
        break;
    case 5:
        len = 4;
        break;
    default:
        return false;
    }
    if (len > (uint64_t)(cursor->end - cursor->at))
        return false;
    *bytes = (struct cursor){cursor->at, cursor->at + len};
    cursor->at += len;
    return true;
}

struct frame {
    const uint8_t *end;
    const ProtobufCMessageDescriptor *type;
};

static enum hr_code malformed(struct hr_err *err, const ProtobufCMessageDescriptor *type)
{
    return hr_fail(err, HR_E_INVALID, "request is not valid protobuf (in \"%s\")", type->name);
}

static enum hr_code check_text(const struct cursor *bytes,
                               const ProtobufCFieldDescriptor *at,
                               struct hr_err *err)
{
    size_t len = (size_t)(bytes->end - bytes->at);
    if (memchr(bytes->at, 0, len))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "text with a NUL character is not supported (field \"%s\")", at->name);
    if (!hr_utf8_valid(bytes->at, len))
        return hr_fail(err, HR_E_INVALID, "text is not UTF-8 (field \"%s\")", at->name);
    return HR_OK;
}

static enum hr_code scan(struct frame *frames,
                         const ProtobufCMessageDescriptor *type,
                         const void *start,
                         size_t len,
                         struct hr_err *err)
{
    struct cursor cursor = {start, (const uint8_t *)start + len};
    size_t depth = 1, messages = 0;
    frames[0] = (struct frame){cursor.end, type};
    while (depth) {
        struct frame *frame = &frames[depth - 1];
        if (cursor.at == frame->end) {
            depth--;
            continue;
        }
        cursor.end = frame->end;
        uint32_t number;
        int wire;
        struct cursor bytes;
        if (!field(&cursor, &number, &wire, &bytes))
            return malformed(err, frame->type);
        if (wire != 2)
            continue;
        const ProtobufCFieldDescriptor *at =
            protobuf_c_message_descriptor_get_field(frame->type, number);
        if (at && at->type == PROTOBUF_C_TYPE_STRING)
            HR_TRY(check_text(&bytes, at, err));
        if (!at || at->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (depth == HR_PLAN_DEPTH_MAX)
            return hr_fail(err, HR_E_LIMIT, "plan is nested deeper than %d messages",
                           HR_PLAN_DEPTH_MAX);
        if (++messages > HR_PLAN_MESSAGES_MAX)
            return hr_fail(err, HR_E_LIMIT, "plan has more than %d messages", HR_PLAN_MESSAGES_MAX);
        frames[depth++] = (struct frame){bytes.end, at->descriptor};
        cursor.at = bytes.at;
    }
    return HR_OK;
}

enum hr_code hr_scan_message(const ProtobufCMessageDescriptor *type,
                             const void *bytes,
                             size_t len,
                             struct hr_err *err)
{
    struct frame *frames = malloc(HR_PLAN_DEPTH_MAX * sizeof *frames);
    if (!frames)
        return hr_fail(err, HR_E_NOMEM, "no memory to read a plan");
    enum hr_code code = scan(frames, type, len ? bytes : "", len, err);
    free(frames);
    return code;
}

bool hr_scan_without(
    const void *bytes, size_t len, uint32_t first, uint32_t last, uint32_t also, struct hr_buf *out)
{
    struct cursor cursor = {bytes, (const uint8_t *)bytes + len}, inner;
    while (cursor.at < cursor.end) {
        const uint8_t *start = cursor.at;
        uint32_t number;
        int wire;
        if (!field(&cursor, &number, &wire, &inner))
            return false;
        if ((number < first || number > last) && number != also)
            hr_buf_add(out, start, (size_t)(cursor.at - start));
    }
    return true;
}

bool hr_scan_field(const void *bytes, size_t len, uint32_t number, struct hr_buf *out)
{
    struct cursor cursor = {bytes, (const uint8_t *)bytes + len}, inner;
    while (cursor.at < cursor.end) {
        uint32_t at;
        int wire;
        if (!field(&cursor, &at, &wire, &inner))
            return false;
        if (at == number && wire == 2)
            hr_buf_add(out, inner.at, (size_t)(inner.end - inner.at));
    }
    return true;
}
