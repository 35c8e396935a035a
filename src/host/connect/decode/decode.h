/* Spark Connect's plans (protobuf bytes) to our logical plan.
 *
 * Bytes are scanned before they are unpacked (scan.h), so a plan may come from anybody. Everything
 * made lives in the arena, as do the unpacked messages that it shares strings with. The calling
 * thread needs HR_ANALYZE_STACK_BYTES of stack. Constructs that are not done are refused with
 * Spark's UNSUPPORTED_FEATURE, by name. */
#ifndef HR_HOST_CONNECT_DECODE_H
#define HR_HOST_CONNECT_DECODE_H
#include "host/connect/decode/proto.h"
#include "host/plan/plan.h"

enum hr_operation_kind {
    HR_OPERATION_QUERY, /* rel */
    /* spark.sql(): rel is HR_REL_SQL, or WITH_RELATIONS over one; the answer repeats `message` */
    HR_OPERATION_SQL,
    HR_OPERATION_COMMAND,       /* command */
    HR_OPERATION_RESOURCES,     /* sc.resources */
    HR_OPERATION_CHECKPOINT,    /* rel, eager */
    HR_OPERATION_FORGET_CACHED, /* id of a CachedRemoteRelation */
};

struct hr_operation_plan {
    enum hr_operation_kind kind;
    struct hr_rel *rel;
    struct hr_command *command;
    const PB(Relation) * message;
    const char *id;
    bool eager;
};

/* unpacks one message of the type; NULL and err when it is refused */
void *hr_decode_message(struct hr_arena *arena,
                        const ProtobufCMessageDescriptor *type,
                        const void *bytes,
                        size_t len,
                        struct hr_err *err);

enum hr_code hr_decode_plan(struct hr_arena *arena,
                            const PB(Plan) * plan,
                            struct hr_operation_plan *out,
                            struct hr_err *err);
enum hr_code hr_decode_relation(struct hr_arena *arena,
                                const PB(Relation) * in,
                                struct hr_rel **out,
                                struct hr_err *err);

/* a.b.`c.d` to its parts; Spark's INVALID_ATTRIBUTE_NAME_SYNTAX when it is none */
enum hr_code hr_decode_name(struct hr_arena *arena,
                            const char *text,
                            struct hr_names *out,
                            struct hr_err *err);
#endif
