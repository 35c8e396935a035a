/* HTTP/1.1 requests: whatever the bytes and wherever they are split, the parser says the same of
 * them. */
#include "base/check.h"
#include "wire/http1.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* one number for everything that was said */
static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return sum;
}

static uint64_t say(struct hr_http1 *parser, enum hr_http1_event event, uint64_t sum)
{
    if (event == HR_HTTP1_HEAD) {
        sum = mix(sum, parser->method, strlen(parser->method) + 1);
        sum = mix(sum, parser->target, strlen(parser->target) + 1);
        sum = mix(sum, parser->authority, strlen(parser->authority) + 1);
        for (size_t i = 0; i < parser->headers.count; i++) {
            sum = mix(sum, parser->headers.at[i].name, strlen(parser->headers.at[i].name) + 1);
            sum = mix(sum, parser->headers.at[i].value, strlen(parser->headers.at[i].value) + 1);
        }
        HR_CHECK(*parser->target == '/' || *parser->target == '*');
    }
    return event == HR_HTTP1_DATA ? mix(sum, parser->data, parser->data_len)
                                  : mix(sum, "HEB" + event % 3, 1);
}

static uint64_t run(const uint8_t *bytes, size_t len, size_t step)
{
    struct hr_http1 *parser = malloc(sizeof *parser);
    uint64_t sum = 1469598103934665603u;
    bool bad = false;
    hr_http1_init(parser);
    for (size_t from = 0; from < len && !bad; from += step) {
        size_t part = len - from < step ? len - from : step;
        char *copy = malloc(part);
        memcpy(copy, bytes + from, part);
        const char *at = copy;
        for (;;) {
            enum hr_http1_event event = hr_http1_next(parser, &at, copy + part);
            HR_CHECK(at >= copy && at <= copy + part);
            bad = event == HR_HTTP1_BAD;
            if (event == HR_HTTP1_MORE)
                break;
            sum = bad ? mix(sum, "!", 1) : say(parser, event, sum);
            if (bad)
                break;
        }
        free(copy);
    }
    hr_http1_release(parser);
    free(parser);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint64_t whole = run(bytes, len, len ? len : 1);
    HR_CHECK(run(bytes, len, 1) == whole);
    HR_CHECK(run(bytes, len, 7) == whole);
    return 0;
}
