/* CSV by the rules of Spark's parser (univocity): options, the tokenizer, inference. Private to
 * format/.
 *
 * A record is split in one pass over bytes; 64 bytes at a time are classified with AVX2 where the
 * processor has it. Records whose quoting is out of the ordinary (escapes, stray quotes) are split
 * again by a careful path, character by character. */
#ifndef HR_HOST_FORMAT_CSV_H
#define HR_HOST_FORMAT_CSV_H
#include "host/format/files/bump.h"
#include "host/format/files/files.h"
#include "host/format/text_value.h"

enum hr_csv_unescaped {
    HR_CSV_STOP_AT_DELIMITER,
    HR_CSV_STOP_AT_CLOSING_QUOTE,
    HR_CSV_RAISE_ERROR
};

#define HR_CSV_NONE (-1) /* of a character: there is none */
#define HR_CSV_SEPARATOR_MAX 16

struct hr_csv {
    char sep[HR_CSV_SEPARATOR_MAX];
    size_t sep_len;
    int quote, escape, escape_escape, comment; /* a byte, or HR_CSV_NONE */
    char line_sep[4];
    size_t line_sep_len; /* 0: \n, \r\n and \r */
    bool header, infer, multi_line, ignore_leading, ignore_trailing, enforce_schema, prefer_date,
        pruning, fallback_dates, fallback_timestamps;
    enum hr_parse_mode mode;
    enum hr_csv_unescaped unescaped;
    struct hr_text null_value, empty_value, nan, positive_inf, negative_inf;
    /* NULL: Spark's lenient default */
    const struct hr_pattern *date_format, *timestamp_format, *ntz_format;
    int64_t max_columns, max_chars;
    const char *encoding; /* NULL: UTF-8 */
    const char *corrupt;  /* columnNameOfCorruptRecord */
    double sampling;
    bool case_sensitive, infer_ntz;
    const char *zone_name;
    const struct hr_zone *zone;
};

enum hr_code hr_csv_options(struct hr_arena *arena,
                            struct hr_env *env,
                            const struct hr_options *options,
                            struct hr_csv **csv,
                            struct hr_err *err);

/* ---- the tokenizer ---- */
enum hr_field_kind {
    HR_FIELD_PLAIN,        /* at, len */
    HR_FIELD_EMPTY,        /* nothing between separators: nullValue */
    HR_FIELD_QUOTED_EMPTY, /* "": emptyValue */
};
struct hr_csv_field {
    const char *at;
    uint32_t len;
    enum hr_field_kind kind;
};

struct hr_csv_record {
    struct hr_csv_field *fields;
    size_t count, cap;
    const char *text;
    size_t text_len; /* as it stands, without its line end */
    /* more columns than maxColumns or a longer value than maxCharsPerColumn: no tokens */
    bool broken;
    bool stray_quote; /* RAISE_ERROR */
};

struct hr_csv_lexer {
    const struct hr_csv *csv;
    /* bit i: at[i] is structural; reads 64 bytes */
    uint64_t (*classify)(const struct hr_csv_lexer *lexer, const char *at);
    unsigned char chars[8];    /* the structural characters */
    const char *start, *limit; /* bytes; HR_BYTES_PAD readable bytes follow limit */
    const char *at;            /* where the next record begins */
    const char *block;
    uint64_t mask;
    bool is_last;      /* limit is the end of the file */
    bool windows_ends; /* multi_line: the file's line ends are \r\n … */
    bool mac_ends;     /* … or \r */
    struct hr_bump *bump;
    char *scratch;
    size_t scratch_cap; /* a careful field, before its length is known */
    struct hr_csv_record record;
};

enum hr_csv_step { HR_CSV_RECORD, HR_CSV_END, HR_CSV_MORE };

/* what every processor can; AVX2 says the same */
uint64_t hr_csv_classify_scalar(const struct hr_csv_lexer *lexer, const char *at);
void hr_csv_lexer_init(struct hr_csv_lexer *lexer, const struct hr_csv *csv, struct hr_bump *bump);
void hr_csv_lexer_release(struct hr_csv_lexer *lexer);
void hr_csv_lexer_feed(struct hr_csv_lexer *lexer,
                       const char *start,
                       const char *limit,
                       bool is_last);
/* the next record that is neither blank nor a comment. MORE: the bytes end inside a record that
 * begins at lexer->at. */
enum hr_csv_step hr_csv_next(struct hr_csv_lexer *lexer);
/* for counting: no fields are made, only lines passed (not for multi_line) */
void hr_csv_lines_only(struct hr_csv_lexer *lexer);
enum hr_csv_step hr_csv_next_line(struct hr_csv_lexer *lexer);
/* the first line that begins at or after `from`, given that the byte before `from` is readable
 * unless from is `start` */
const char *hr_csv_line_start(const struct hr_csv_lexer *lexer,
                              const char *start,
                              const char *from,
                              const char *limit);

/* univocity settles on the first line end that a file shows */
void hr_csv_line_style(struct hr_csv_lexer *lexer, const char *bytes, size_t len);

/* one token to a value of `type` at data[row]; strings of UTF-8 may be made in bump. False:
 * malformed */
bool hr_csv_value(const struct hr_csv *csv,
                  const struct hr_type *type,
                  struct hr_text text,
                  bool is_utf8,
                  struct hr_bump *bump,
                  void *data,
                  idx_t row);
bool hr_csv_readable(const struct hr_type *type); /* may Spark's csv source read the type? */

enum hr_code hr_csv_read(struct hr_format *format,
                         struct hr_arena *arena,
                         struct hr_env *env,
                         const struct hr_rel *rel,
                         const struct hr_type *user,
                         struct hr_source **source,
                         struct hr_err *err);

/* rel is HR_REL_PARSE; rows has one column of strings, each of them one record */
enum hr_code hr_csv_parse_strings(struct hr_format *format,
                                  struct hr_arena *arena,
                                  struct hr_env *env,
                                  const struct hr_rel *rel,
                                  struct hr_format_rows *rows,
                                  struct hr_source **source,
                                  struct hr_err *err);
/* options for reading one record out of one text: line ends inside quotes belong to it, \n ends it
 */
void hr_csv_one_record(struct hr_csv *csv);

/* ---- header and inference ----
 * A watch (or NULL) is asked now and then: HR_E_CANCELLED when it ended the reading. */
enum hr_code hr_csv_schema(struct hr_format *format,
                           struct hr_arena *arena,
                           const struct hr_csv *csv,
                           const struct hr_files *files,
                           const struct hr_watch *watch,
                           const struct hr_type **schema,
                           struct hr_err *err);
/* of strings that are one record each; csv as hr_csv_one_record makes it */
struct hr_strings;
enum hr_code hr_csv_schema_of_strings(struct hr_arena *arena,
                                      const struct hr_csv *csv,
                                      const struct hr_strings *strings,
                                      const struct hr_watch *watch,
                                      const struct hr_type **schema,
                                      struct hr_err *err);
/* the value a token stands for; false: null */
static inline bool hr_csv_token(const struct hr_csv *csv,
                                const struct hr_csv_field *field,
                                struct hr_text *text)
{
    if (field->kind == HR_FIELD_EMPTY)
        return false;
    *text = field->kind == HR_FIELD_QUOTED_EMPTY ? csv->empty_value
                                                 : (struct hr_text){field->at, field->len};
    return text->len != csv->null_value.len ||
           memcmp(text->bytes, csv->null_value.bytes, text->len) != 0;
}
#endif
