/* Two plans are the same when their messages are, but for what names one particular DataFrame: plan
 * ids and call sites. sameSemantics, semanticHash and persist compare so. Any thread; the message
 * is changed. */
#ifndef HR_HOST_CONNECT_FINGERPRINT_H
#define HR_HOST_CONNECT_FINGERPRINT_H
#include "base/arena.h"
#include <protobuf-c/protobuf-c.h>

struct hr_fingerprint {
    uint8_t *bytes;
    size_t len;
    uint64_t hash;
};

void hr_fingerprint(struct hr_arena *arena, ProtobufCMessage *message, struct hr_fingerprint *out);
#endif
