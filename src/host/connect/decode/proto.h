/* Spark Connect's generated messages under a short name: PB(Relation) is Spark__Connect__Relation.
 */
#ifndef HR_HOST_CONNECT_PROTO_H
#define HR_HOST_CONNECT_PROTO_H
#include "base/arena.h"
#include "spark/connect/base.pb-c.h"

#define PB(name) Spark__Connect__##name
#define PB_INIT(name) SPARK__CONNECT__##name##__INIT
/* one zeroed message with its defaults: PB_NEW(arena, DataType__Struct, DATA_TYPE__STRUCT) */
#define PB_NEW(arena, name, INIT)                                                            \
    ((PB(name) *)memcpy(hr_arena_alloc((arena), sizeof(PB(name))), &(PB(name))PB_INIT(INIT), \
                        sizeof(PB(name))))
#endif
