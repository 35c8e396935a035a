#include "host/connect/decode/fingerprint.h"
#include <stdbool.h>
#include <string.h>

static void strip(ProtobufCMessage *message);

static uint32_t *case_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (uint32_t *)(void *)((char *)message + field->quantifier_offset);
}

static void strip_messages(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    char *at = (char *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(size_t *)(void *)((char *)message + field->quantifier_offset);
        ProtobufCMessage **items = *(ProtobufCMessage ***)(void *)at;
        for (size_t i = 0; i < count; i++)
            strip(items[i]);
    } else if (*(ProtobufCMessage **)(void *)at) {
        strip(*(ProtobufCMessage **)(void *)at);
    }
}

/* the nesting was bounded before the message was unpacked */
static void strip(ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        bool choice = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
        char *at = (char *)message + field->offset;
        if (choice && *case_of(message, field) != field->id)
            continue;
        if (!strcmp(field->name, "plan_id") && choice)
            *case_of(message, field) = 0;
        else if (!strcmp(field->name, "plan_id"))
            memset(at, 0, sizeof(int64_t));
        else if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        else if (!strcmp(field->name, "common"))
            *(void **)(void *)at = NULL;
        else
            strip_messages(message, field);
    }
}

void hr_fingerprint(struct hr_arena *arena, ProtobufCMessage *message, struct hr_fingerprint *out)
{
    strip(message);
    out->len = protobuf_c_message_get_packed_size(message);
    out->bytes = hr_arena_alloc(arena, out->len + 1);
    protobuf_c_message_pack(message, out->bytes);
    out->hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < out->len; i++)
        out->hash = (out->hash ^ out->bytes[i]) * 1099511628211u;
}
