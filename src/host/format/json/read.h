/* JSON read by functions (from_json, get_json_object): one value at a time. A reader is made once
 * and only read then, by any thread. A watch is asked while a text is read, and for what is made of
 * it; when it ends the reading, the answer is one of a part of the text. NULL: nobody is. */
#ifndef HR_HOST_FORMAT_JSON_READ_H
#define HR_HOST_FORMAT_JSON_READ_H
#include "base/buf.h"
#include "host/plan/env.h"
#include "host/value/value.h"
#include "host/value/watch.h"
#include <duckdb.h>

/* from_json: options as spark.read.json takes them; env answers the configuration; type and its
 * names live as long as the reader */
struct hr_json_reader;
enum hr_code hr_json_reader_new(struct hr_arena *arena,
                                struct hr_env *env,
                                const struct hr_options *options,
                                const struct hr_type *type,
                                struct hr_json_reader **reader,
                                struct hr_err *err);
/* Puts the value into the vector, its strings copied. A malformed struct has NULL fields, as
 * PERMISSIVE has it, and the text in its corrupt record's field. *is_null: the value is NULL. */
enum hr_code hr_json_reader_put(const struct hr_json_reader *reader,
                                const char *text,
                                size_t len,
                                const struct hr_watch *watch,
                                duckdb_vector vector,
                                idx_t row,
                                bool *is_null,
                                struct hr_err *err);
/* schema_of_json: the type of a text as DataType.sql, appended */
enum hr_code hr_json_schema_of(const struct hr_json_reader *reader,
                               const char *text,
                               size_t len,
                               const struct hr_watch *watch,
                               struct hr_buf *out,
                               struct hr_err *err);

/* the reader's strings point into memory of its own: gives them to the vector. Of csv too. */
void hr_vector_own(const struct hr_type *type,
                   duckdb_vector vector,
                   idx_t row,
                   struct hr_pace *pace);

enum hr_json_found { HR_JSON_FOUND, HR_JSON_MISSING, HR_JSON_WILDCARD /* not done */ };
/* the value at $.a.b[0]['c']: strings bare, other values as compact JSON */
enum hr_json_found hr_json_get(const char *text,
                               size_t len,
                               const char *path,
                               size_t path_len,
                               const struct hr_watch *watch,
                               struct hr_buf *out);
/* a field of the outermost object: strings bare, other values as compact JSON; false: null or not
 * there */
bool hr_json_field(const char *text,
                   size_t len,
                   const char *name,
                   size_t name_len,
                   const struct hr_watch *watch,
                   struct hr_buf *out);
/* -1: not an array */
int64_t hr_json_array_length(const char *text, size_t len, const struct hr_watch *watch);
bool hr_json_object_keys(const char *text,
                         size_t len,
                         const struct hr_watch *watch,
                         void (*key)(void *arg, const char *key, size_t len),
                         void *arg);
/* false: not an object */
#endif
