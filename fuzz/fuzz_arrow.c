/* The Arrow IPC reader: any bytes are read or refused, and what was read may be walked to its ends.
 */
#include "wire/arrow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t seen;

static void touch(const struct hr_arrow_field *field, const struct hr_arrow_array *array)
{
    int width = hr_arrow_width(field);
    if (array->validity && array->length)
        seen ^= array->validity[(array->length - 1) / 8];
    if (width && array->length)
        seen ^= ((const uint8_t *)
                     array->data)[width < 0 ? (array->length - 1) / 8 : array->length * width - 1];
    if (hr_arrow_has_offsets(field->kind) && field->child_count == 0) {
        int64_t last = hr_arrow_is_large(field->kind)
                           ? ((const int64_t *)array->offsets)[array->length]
                           : ((const int32_t *)array->offsets)[array->length];
        if (last)
            seen ^= ((const uint8_t *)array->data)[last - 1];
    }
    for (size_t i = 0; i < field->child_count; i++)
        touch(&field->children[i], &array->children[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_arrow_stream stream;
    if (!hr_arrow_read(arena, data, size, &stream, NULL))
        for (size_t b = 0; b < stream.batch_count; b++)
            for (size_t i = 0; i < stream.schema.count; i++)
                touch(&stream.schema.fields[i], &stream.batches[b].columns[i]);
    hr_arena_free(arena);
    return 0;
}
