/* private to connect/: what commands share with executions. Worker threads. */
#ifndef HR_HOST_CONNECT_EXECUTE_H
#define HR_HOST_CONNECT_EXECUTE_H
#include "host/connect/private.h"

enum hr_code hr_execute_give_relation(struct operation *operation,
                                      PB(Relation) * relation,
                                      struct hr_err *err);
#endif
