/* gRPC frames and the scanner for ids: no read past the input, and what was found in a beginning
 * stays found. */
#include "base/check.h"
#include "wire/grpc.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum hr_grpc_scan scan(const uint8_t *bytes, size_t len, bool whole, struct hr_grpc_ids *ids)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    enum hr_grpc_scan got = hr_grpc_scan_ids(copy, len, whole, ids);
    free(copy);
    return got;
}

static void read_frames(const uint8_t *bytes, size_t len)
{
    struct hr_grpc_reader reader;
    hr_grpc_reader_init(&reader, 1024);
    for (size_t from = 0; from < len; from += 3) {
        const char *at = (const char *)bytes + from,
                   *end = (const char *)bytes + (len - from < 3 ? len : from + 3);
        const uint8_t *message;
        size_t size;
        do {
            if (hr_grpc_read(&reader, &at, end, &message, &size, NULL)) {
                hr_grpc_reader_release(&reader);
                return;
            }
            HR_CHECK(!message || size <= 1024);
        } while (message);
    }
    hr_grpc_reader_release(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct hr_grpc_ids first, whole;
    read_frames(bytes, len);
    if (len > 4096)
        return 0;
    enum hr_grpc_scan end = scan(bytes, len, true, &whole);
    for (size_t part = 0; part <= len; part++) {
        enum hr_grpc_scan got = scan(bytes, part, false, &first);
        if (got == HR_GRPC_SCAN_MORE)
            continue;
        HR_CHECK(got == end); /* more bytes never change a verdict */
        HR_CHECK(got != HR_GRPC_SCAN_FOUND || (!strcmp(first.session_id, whole.session_id) &&
                                               !strcmp(first.user_id, whole.user_id)));
        break;
    }
    char *text = malloc(len + 1);
    memcpy(text, bytes, len);
    text[len] = 0;
    struct hr_buf out;
    hr_buf_init(&out, 3 * len + 1);
    hr_grpc_percent_encode(&out, text);
    char *back = strdup(hr_buf_text(&out));
    hr_grpc_percent_decode(back);
    HR_CHECK(!strcmp(back, text));
    free(back);
    free(text);
    hr_buf_release(&out);
    return 0;
}
