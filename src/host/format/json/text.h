/* One value as JSON: to_json(expr, options). A text is made once and only read then, by any thread.
 */
#ifndef HR_HOST_FORMAT_JSON_TEXT_H
#define HR_HOST_FORMAT_JSON_TEXT_H
#include "base/buf.h"
#include "host/plan/env.h"
#include "host/value/watch.h"
#include <duckdb.h>

struct hr_json_text;
/* options as df.write.json takes them, and pretty; env answers the configuration */
enum hr_code hr_json_text_new(struct hr_arena *arena,
                              struct hr_env *env,
                              const struct hr_options *options,
                              const struct hr_json_text **text,
                              struct hr_err *err);
/* a watch (or NULL) is asked for each part of an array or map; when it ends the writing, out is
 * unfinished */
void hr_json_text_put(const struct hr_json_text *text,
                      const struct hr_type *type,
                      duckdb_vector vector,
                      idx_t row,
                      const struct hr_watch *watch,
                      struct hr_buf *out);
#endif
