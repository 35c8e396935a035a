/* What Spark takes from Java's text classes: Formatter (format_string), DecimalFormat
 * (format_number), Pattern and Matcher (regular expressions), and some string functions of
 * UTF8String. Text is UTF-8; any thread. */
#ifndef HR_HOST_VALUE_JAVA_TEXT_H
#define HR_HOST_VALUE_JAVA_TEXT_H
#include "host/value/value.h"
#include "host/value/watch.h"
#include "base/error.h"
#include "base/utf8.h"

/* ---- Formatter ---- */
enum hr_argument_kind {
    HR_ARG_NULL,
    HR_ARG_INTEGER,
    HR_ARG_REAL,
    HR_ARG_BOOLEAN,
    HR_ARG_TEXT,
    HR_ARG_OTHER
};
struct hr_argument {
    enum hr_argument_kind kind;
    /* INTEGER: 8, 16, 32, 64: how many bits %x shows of a negative one; REAL: 32, 64 */
    int64_t integer;
    int bits;
    double real;
    bool boolean;
    const char *text;
    size_t len; /* TEXT; OTHER: what %s prints */
    /* OTHER: Java's class of it, for messages; may be NULL */
    const char *class;
};
/* false when the format or an argument does not fit: problem is then the message of Java's
 * IllegalFormatException */
#define HR_FORMAT_PROBLEM_MAX 160
bool hr_java_format(const char *format,
                    size_t len,
                    const struct hr_argument *args,
                    size_t count,
                    struct hr_buf *out,
                    char *problem);

/* format_number(x, d): grouped thousands and d places, HALF_EVEN as DecimalFormat rounds; digits of
 * an exact decimal come as text */
void hr_format_number(double value, int places, struct hr_buf *out);
void hr_format_decimal(hr_int128 value, int scale, int places, struct hr_buf *out);

/* ---- regular expressions ---- */
struct hr_regex;
/* NULL when Java would refuse the pattern */
struct hr_regex *hr_regex_new(const char *pattern, size_t len);
void hr_regex_free(struct hr_regex *regex);
int hr_regex_group_count(const struct hr_regex *regex);
/* the next match at or after `from`: spans[2*g], spans[2*g+1] are group g's bytes, or SIZE_MAX when
 * it took no part; room for `groups` groups */
bool hr_regex_find(const struct hr_regex *regex,
                   const char *text,
                   size_t len,
                   size_t from,
                   size_t *spans,
                   int groups);
/* Matcher.replaceAll from byte `from` on; false when the replacement names a group that is not
 * there, or the watch ended it; a watch may be NULL */
bool hr_regex_replace(const struct hr_regex *regex,
                      const char *text,
                      size_t len,
                      size_t from,
                      const char *with,
                      size_t with_len,
                      const struct hr_watch *watch,
                      struct hr_buf *out);
/* where the next search begins after a match: behind it, one character on when it was empty;
 * SIZE_MAX at the end */
size_t hr_regex_after(const char *text, size_t len, const size_t *spans);

/* ---- patterns of LIKE: % is any text, _ any one character, an escape makes of either, or of
 * itself, no more than that ---- */
struct hr_like;
enum hr_like_fault { HR_LIKE_READ, HR_LIKE_ESCAPE_ENDS, HR_LIKE_ESCAPES_OTHER };
enum hr_like_shape {
    HR_LIKE_OTHER,
    HR_LIKE_EQUAL,
    HR_LIKE_PREFIX,
    HR_LIKE_SUFFIX,
    HR_LIKE_CONTAINS
};
struct hr_like *hr_like_new(void);
/* NULL is fine */
void hr_like_free(struct hr_like *like);
/* reads a pattern in the place of the one before. ESCAPES_OTHER: *bad, *bad_len say which character
 * of the pattern is escaped though it needs none */
enum hr_like_fault hr_like_read(struct hr_like *like,
                                const char *pattern,
                                size_t len,
                                const char *escape,
                                size_t escape_len,
                                size_t *bad,
                                size_t *bad_len);
/* whether the pattern is only a text that is looked for at a place: that text, which lives until
 * the next is read */
enum hr_like_shape hr_like_shape(const struct hr_like *like, const char **bytes, size_t *len);
/* linear in the text where no _ is, else times the length of the longest part at most; false too
 * when the watch ended it; a watch may be NULL */
bool hr_like_match(const struct hr_like *like,
                   const char *text,
                   size_t len,
                   const struct hr_watch *watch);

/* ---- strings ---- */
/* upper, lower, initcap with Unicode's full mappings: 'ß' becomes "SS", a sigma at a word's end is
 * the final one. A watch may be NULL; what it ended is unfinished. */
void hr_text_upper(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out);
void hr_text_lower(const char *text, size_t len, const struct hr_watch *watch, struct hr_buf *out);
/* words are parted by spaces */
void hr_text_initcap(const char *text,
                     size_t len,
                     const struct hr_watch *watch,
                     struct hr_buf *out);
/* bytes of the first so many code points */
size_t hr_utf8_offset(const char *text, size_t len, size_t characters);
/* substr(text, position, length) with Spark's 1-based, negative and zero positions: a span of bytes
 */
void hr_utf8_substring(
    const char *text, size_t len, int64_t position, int64_t length, size_t *from, size_t *to);
void hr_soundex(const char *text, size_t len, struct hr_buf *out);
/* Of code points; most + 1 where it is more than `most` (>= 0), which is found in time that grows
 * with `most`. -1: no memory, or the watch ended it; a watch may be NULL. */
int hr_levenshtein(const char *a,
                   size_t a_len,
                   const char *b,
                   size_t b_len,
                   int most,
                   const struct hr_watch *watch);
/* a watch may be NULL; what it ended is all of the text */
void hr_substring_index(const char *text,
                        size_t len,
                        const char *delimiter,
                        size_t delimiter_len,
                        int count,
                        const struct hr_watch *watch,
                        size_t *from,
                        size_t *to);
#endif
