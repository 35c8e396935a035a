/* Spark Connect's plans: any bytes are decoded or refused; what was decoded can be compared. */
#include "host/connect/decode/decode.h"
#include "host/connect/decode/fingerprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err = {0};
    struct hr_operation_plan plan;
    struct hr_fingerprint print;
    PB(Plan) *message =
        hr_decode_message(arena, &spark__connect__plan__descriptor, data, size, &err);
    if (message && !hr_decode_plan(arena, message, &plan, &err))
        hr_fingerprint(arena, &message->base, &print);
    hr_arena_free(arena);
    return 0;
}
