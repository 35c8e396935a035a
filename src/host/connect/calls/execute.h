/* private to connect/: what commands share with executions. Worker threads. */
#ifndef HR_HOST_CONNECT_EXECUTE_H
#define HR_HOST_CONNECT_EXECUTE_H
#include "host/connect/private.h"

/* runs a query whose rows are wanted here: as Arrow streams, end to end */
enum hr_code hr_execute_collect(struct env *env,
                                struct operation *operation,
                                const struct hr_rel *rel,
                                struct hr_buf *arrow,
                                const struct hr_type **schema,
                                struct hr_err *err);
enum hr_code hr_execute_give_relation(struct operation *operation,
                                      PB(Relation) * relation,
                                      struct hr_err *err);
#endif
