/* JSON by the rules of Spark's parser (Jackson): options, a tree of one record, inference. Private
 * to format/. */
#ifndef HR_HOST_FORMAT_JSON_H
#define HR_HOST_FORMAT_JSON_H
#include "host/format/files/bump.h"
#include "host/format/text_value.h"
#include "host/format/files/lines.h"

struct hr_json {
    bool primitives_as_string, prefers_decimal, comments, unquoted_names, single_quotes,
        leading_zeros, non_numeric, any_backslash, control_chars;
    bool multi_line, drop_null_fields, infer_timestamp, infer_ntz, fallback_dates,
        fallback_timestamps, case_sensitive;
    enum hr_parse_mode mode;
    const char *corrupt, *line_sep, *encoding, *zone_name;
    double sampling;
    const struct hr_pattern *date_format, *timestamp_format, *ntz_format;
    const struct hr_zone *zone;
};

enum hr_code hr_json_options(struct hr_arena *arena,
                             struct hr_env *env,
                             const struct hr_options *options,
                             struct hr_json **json,
                             struct hr_err *err);

enum hr_json_kind {
    HR_JSON_NULL,
    HR_JSON_TRUE,
    HR_JSON_FALSE,
    HR_JSON_INTEGER,
    HR_JSON_REAL,
    HR_JSON_STRING,
    HR_JSON_OBJECT,
    HR_JSON_ARRAY
};
struct hr_json_node {
    enum hr_json_kind kind;
    const char *text;
    size_t len; /* strings: unescaped; numbers: as written */
    const char *raw;
    size_t raw_len; /* the value as it stands in the record */
    const char *key;
    size_t key_len; /* in an object */
    struct hr_json_node *child, *next;
};

/* The first value of a text; what follows it is not looked at, as Spark's parser does not. *root
 * NULL: nothing but white space. False: malformed, or deeper than HR_JSON_DEPTH_MAX, or bump's pace
 * has ended. Nodes and unescaped strings are in bump, the rest points into the text. */
#define HR_JSON_DEPTH_MAX 1000
bool hr_json_parse(const struct hr_json *json,
                   const char *text,
                   size_t len,
                   struct hr_bump *bump,
                   struct hr_json_node **root);

/* inference: types of records, merged; *schema at the end. A watch (or NULL) is asked while a
 * record is read: HR_E_CANCELLED when it ended that */
struct hr_json_inference;
struct hr_json_inference *hr_json_inference_new(struct hr_arena *arena,
                                                const struct hr_json *json,
                                                const struct hr_watch *watch);
enum hr_code hr_json_infer(struct hr_json_inference *inference,
                           const char *text,
                           size_t len,
                           struct hr_err *err);
enum hr_code hr_json_inferred(struct hr_json_inference *inference,
                              const struct hr_type **schema,
                              struct hr_err *err);
/* the type of one value alone, whatever it is: schema_of_json */
enum hr_code hr_json_infer_value(struct hr_json_inference *inference,
                                 const char *text,
                                 size_t len,
                                 const struct hr_type **type,
                                 struct hr_err *err);
void hr_json_inference_free(struct hr_json_inference *inference);

enum hr_code hr_json_read(struct hr_format *format,
                          struct hr_arena *arena,
                          struct hr_env *env,
                          const struct hr_rel *rel,
                          const struct hr_type *user,
                          struct hr_source **source,
                          struct hr_err *err);
/* rel is HR_REL_PARSE; rows has one column of strings */
enum hr_code hr_json_parse_strings(struct hr_format *format,
                                   struct hr_arena *arena,
                                   struct hr_env *env,
                                   const struct hr_rel *rel,
                                   struct hr_format_rows *rows,
                                   struct hr_source **source,
                                   struct hr_err *err);
enum hr_code hr_text_read(struct hr_format *format,
                          struct hr_arena *arena,
                          struct hr_env *env,
                          const struct hr_rel *rel,
                          const struct hr_type *user,
                          struct hr_source **source,
                          struct hr_err *err);
#endif
