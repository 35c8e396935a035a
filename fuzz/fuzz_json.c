/* JSON records: no read outside the text, every span inside it or in its own memory, and inference
 * takes whatever parses. */
#include "base/check.h"
#include "host/format/json/json.h"
#include "host/format/json/read.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void walk(const struct hr_json_node *node, const char *text, size_t len)
{
    HR_CHECK(node->raw >= text && node->raw + node->raw_len <= text + len);
    HR_CHECK(!node->len || node->text);
    for (const struct hr_json_node *at = node->child; at; at = at->next)
        walk(at, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    unsigned c = bytes[0] | (unsigned)bytes[1] << 8;
    struct hr_json json = {.comments = c & 1,
                           .unquoted_names = c & 2,
                           .single_quotes = c & 4,
                           .leading_zeros = c & 8,
                           .non_numeric = c & 16,
                           .any_backslash = c & 32,
                           .control_chars = c & 64,
                           .prefers_decimal = c & 128,
                           .primitives_as_string = c & 256,
                           .drop_null_fields = c & 512,
                           .corrupt = "_corrupt_record",
                           .zone = hr_zone_utc(),
                           .infer_timestamp = c & 1024};
    char *text = malloc(len - 2 + !(len - 2));
    HR_CHECK(text);
    memcpy(text, bytes + 2, len - 2);
    struct hr_bump bump = {0};
    struct hr_json_node *root;
    if (hr_json_parse(&json, text, len - 2, &bump, &root) && root)
        walk(root, text, len - 2);
    hr_bump_release(&bump);
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_json_inference *inference = hr_json_inference_new(arena, &json, NULL);
    struct hr_err err = {0};
    const struct hr_type *schema;
    enum hr_code code = hr_json_infer(inference, text, (len - 2) / 2, &err);
    if (!code)
        code = hr_json_infer(inference, text, len - 2, &err);
    if (!code)
        HR_CHECK(!hr_json_inferred(inference, &schema, &err) && schema->id == HR_TYPE_STRUCT);
    hr_json_infer_value(inference, text, len - 2, &schema, &err);
    hr_json_inference_free(inference);
    hr_arena_free(arena);
    struct hr_buf value;
    hr_buf_init(&value, 1 << 20);
    hr_json_field(text, len - 2, "a", 1, NULL, &value);
    hr_json_get(text, len - 2, "$.a[0]", 6, NULL, &value);
    hr_json_array_length(text, len - 2, NULL);
    hr_buf_release(&value);
    free(text);
    return 0;
}
