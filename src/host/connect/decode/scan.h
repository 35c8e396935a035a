/* Protobuf bytes looked over before they are unpacked: no recursion, no allocation beyond one fixed
 * stack. Any thread. */
#ifndef HR_HOST_CONNECT_SCAN_H
#define HR_HOST_CONNECT_SCAN_H
#include "base/buf.h"
#include "base/error.h"
#include <protobuf-c/protobuf-c.h>

/* HR_OK when the bytes are well-formed for the message, nested no deeper than HR_PLAN_DEPTH_MAX,
 * hold no more than HR_PLAN_MESSAGES_MAX messages, and all text is UTF-8 without NUL. protobuf-c
 * unpacks recursively and checks none of this. */
enum hr_code hr_scan_message(const ProtobufCMessageDescriptor *type,
                             const void *bytes,
                             size_t len,
                             struct hr_err *err);

/* The top-level fields but those in [first, last] (and `also`), copied to out: what routes a
 * request, without its plan. false when the bytes are not protobuf. Whether `out` is whole the
 * caller asks it itself. */
bool hr_scan_without(const void *bytes,
                     size_t len,
                     uint32_t first,
                     uint32_t last,
                     uint32_t also,
                     struct hr_buf *out);
/* the content of one top-level message field, appended to out; a field that comes in parts is
 * merged as protobuf says: end to end */
bool hr_scan_field(const void *bytes, size_t len, uint32_t number, struct hr_buf *out);
#endif
