#include "wire/grpc.h"
#include "base/hex.h"
#include "base/utf8.h"
#include <string.h>

void hr_grpc_reader_init(struct hr_grpc_reader *reader, size_t message_max)
{
    *reader = (struct hr_grpc_reader){.max = message_max};
    hr_buf_init(&reader->buf, message_max + HR_GRPC_HEAD_BYTES);
}

void hr_grpc_reader_release(struct hr_grpc_reader *reader)
{
    hr_buf_release(&reader->buf);
}

static enum hr_code read_head(const struct hr_grpc_reader *reader,
                              const uint8_t *head,
                              size_t *len,
                              struct hr_err *err)
{
    if (head[0] > 1)
        return hr_fail(err, HR_E_INVALID, "not a gRPC message: its first byte is %u", head[0]);
    if (head[0])
        return hr_fail(err, HR_E_UNSUPPORTED, "compressed gRPC messages are not supported");
    *len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (*len > reader->max)
        return hr_fail(err, HR_E_LIMIT, "a message of %zu bytes is larger than the limit of %zu",
                       *len, reader->max);
    return HR_OK;
}

static bool top_up(struct hr_grpc_reader *reader, const char **at, const char *end, size_t until)
{
    if (hr_buf_len(&reader->buf) >= until)
        return true;
    size_t want = until - hr_buf_len(&reader->buf), have = (size_t)(end - *at);
    size_t take = want < have ? want : have;
    *at += take;
    return hr_buf_add(&reader->buf, *at - take, take) && take == want;
}

enum hr_code hr_grpc_read(struct hr_grpc_reader *reader,
                          const char **at,
                          const char *end,
                          const uint8_t **message,
                          size_t *len,
                          struct hr_err *err)
{
    *message = NULL;
    if (reader->used)
        hr_buf_clear(&reader->buf);
    reader->used = 0;
    size_t have = (size_t)(end - *at);
    if (hr_buf_ok(&reader->buf) && !hr_buf_len(&reader->buf) && have >= HR_GRPC_HEAD_BYTES) {
        HR_TRY(read_head(reader, (const uint8_t *)*at, len, err));
        if (have - HR_GRPC_HEAD_BYTES >= *len) {
            *message = (const uint8_t *)*at + HR_GRPC_HEAD_BYTES;
            *at += HR_GRPC_HEAD_BYTES + *len;
            return HR_OK;
        }
    }
    if (!hr_buf_ok(&reader->buf) || !top_up(reader, at, end, HR_GRPC_HEAD_BYTES))
        return hr_buf_check(&reader->buf, "a message", err);
    HR_TRY(read_head(reader, (const uint8_t *)hr_buf_text(&reader->buf), len, err));
    bool whole = top_up(reader, at, end, HR_GRPC_HEAD_BYTES + *len);
    if (!hr_buf_ok(&reader->buf))
        return hr_fail(err, HR_E_NOMEM, "no memory for a message of %zu bytes", *len);
    if (whole) {
        reader->used = hr_buf_len(&reader->buf);
        *message = (const uint8_t *)hr_buf_text(&reader->buf) + HR_GRPC_HEAD_BYTES;
    }
    return HR_OK;
}

bool hr_grpc_reader_partial(const struct hr_grpc_reader *reader)
{
    return hr_buf_ok(&reader->buf) && hr_buf_len(&reader->buf) > reader->used;
}

void hr_grpc_frame_head(uint8_t out[static HR_GRPC_HEAD_BYTES], size_t len)
{
    out[0] = 0;
    out[1] = (uint8_t)(len >> 24);
    out[2] = (uint8_t)(len >> 16);
    out[3] = (uint8_t)(len >> 8);
    out[4] = (uint8_t)len;
}

bool hr_grpc_percent_encode(struct hr_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ' || c > '~' || c == '%')
            hr_buf_addf(out, "%%%02X", c);
        else
            hr_buf_addc(out, (char)c);
    }
    return hr_buf_ok(out);
}

void hr_grpc_percent_decode(char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (*text == '%' && hr_hex_decode(text + 1, 1, out)) {
            out++;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = 0;
}

/* ---- the scanner: protobuf's wire format, one level deep ---- */

struct cursor {
    const uint8_t *at, *end;
    bool whole;
};

static enum hr_grpc_scan need_more(const struct cursor *cursor)
{
    return cursor->whole ? HR_GRPC_SCAN_BAD : HR_GRPC_SCAN_MORE;
}

static enum hr_grpc_scan varint(struct cursor *cursor, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (cursor->at == cursor->end)
            return need_more(cursor);
        uint8_t byte = *cursor->at++;
        *out |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return HR_GRPC_SCAN_FOUND;
    }
    return HR_GRPC_SCAN_BAD;
}

/* len: bytes of the value, which begins at the cursor */
struct field {
    uint64_t number, len;
    unsigned type;
};

static enum hr_grpc_scan next_field(struct cursor *cursor, struct field *field)
{
    uint64_t tag, ignored;
    field->number = 0;
    enum hr_grpc_scan got = varint(cursor, &tag);
    if (got)
        return got;
    field->number = tag >> 3;
    field->type = tag & 7;
    field->len = 0;
    switch (field->type) {
    case 0:
        return varint(cursor, &ignored);
    case 1:
        field->len = 8;
        break;
    case 2:
        if ((got = varint(cursor, &field->len)))
            return got;
        break;
    case 5:
        field->len = 4;
        break;
    default:
        return HR_GRPC_SCAN_BAD; /* groups are not in these messages */
    }
    if (!field->number || field->len > INT32_MAX)
        return HR_GRPC_SCAN_BAD;
    return field->len > (uint64_t)(cursor->end - cursor->at) ? need_more(cursor)
                                                             : HR_GRPC_SCAN_FOUND;
}

static bool is_text(const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] < ' ' || at[i] == 127)
            return false;
    return hr_utf8_valid(at, len);
}

static enum hr_grpc_scan take_id(const struct cursor *cursor,
                                 const struct field *field,
                                 char out[HR_GRPC_ID_MAX])
{
    if (field->type != 2 || field->len >= HR_GRPC_ID_MAX || !is_text(cursor->at, field->len))
        return HR_GRPC_SCAN_BAD;
    memcpy(out, cursor->at, field->len);
    out[field->len] = 0;
    return HR_GRPC_SCAN_FOUND;
}

static enum hr_grpc_scan scan_user(const uint8_t *bytes, size_t len, char out[HR_GRPC_ID_MAX])
{
    struct cursor cursor = {bytes, bytes + len, true};
    while (cursor.at < cursor.end) {
        struct field field;
        enum hr_grpc_scan got = next_field(&cursor, &field);
        if (got)
            return got;
        if (field.number == 1)
            return take_id(&cursor, &field, out);
        cursor.at += field.len;
    }
    return HR_GRPC_SCAN_FOUND;
}

enum hr_grpc_scan hr_grpc_scan_ids(const uint8_t *bytes,
                                   size_t len,
                                   bool whole,
                                   struct hr_grpc_ids *ids)
{
    struct cursor cursor = {bytes, bytes + len, whole};
    bool session = false, user = false;
    ids->session_id[0] = ids->user_id[0] = 0;
    while (!session || !user) {
        struct field field;
        if (cursor.at == cursor.end)
            return whole ? HR_GRPC_SCAN_FOUND : HR_GRPC_SCAN_MORE;
        enum hr_grpc_scan got = next_field(&cursor, &field);
        if (session && field.number > 2)
            return HR_GRPC_SCAN_FOUND; /* fields come in order: there is no user, and what comes now
                                          may be large, or cut; it is not ours to judge */
        if (!got && field.number == 1 && !session) {
            session = true;
            got = take_id(&cursor, &field, ids->session_id);
        } else if (!got && field.number == 2 && !user) {
            user = true;
            got =
                field.type == 2 ? scan_user(cursor.at, field.len, ids->user_id) : HR_GRPC_SCAN_BAD;
        }
        if (got)
            return got;
        cursor.at += field.len;
    }
    return HR_GRPC_SCAN_FOUND;
}
