/* Calls to SQL: the catalogue's templates, and the functions behind its "!name". Private to engine/. */
#ifndef HR_HOST_ENGINE_EMIT_CALL_H
#define HR_HOST_ENGINE_EMIT_CALL_H
#include "host/engine/internal.h"

/* over: " OVER (…)" for a window function, "" else */
enum hr_code emit_call(struct emit *e, const struct hr_texpr *call, const char *over, struct hr_buf *out);
#endif
