#include "host/format/csv/csv.h"
#include "base/check.h"
#include "base/utf8.h"
#include "host/format/files/cache.h"
#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- classification ---- */

uint64_t hr_csv_classify_scalar(const struct hr_csv_lexer *lexer, const char *at)
{
    uint64_t mask = 0;
    const unsigned char *c = lexer->chars, *p = (const unsigned char *)at;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(p[i] == c[0] || p[i] == c[1] || p[i] == c[2] || p[i] == c[3]) << i;
    return mask;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t classify_avx2(const struct hr_csv_lexer *lexer,
                                                              const char *at)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)at),
            high = _mm256_loadu_si256((const __m256i *)(at + 32));
    __m256i a = _mm256_set1_epi8((char)lexer->chars[0]),
            b = _mm256_set1_epi8((char)lexer->chars[1]);
    __m256i c = _mm256_set1_epi8((char)lexer->chars[2]),
            d = _mm256_set1_epi8((char)lexer->chars[3]);
    __m256i l =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(low, a), _mm256_cmpeq_epi8(low, b)),
                        _mm256_or_si256(_mm256_cmpeq_epi8(low, c), _mm256_cmpeq_epi8(low, d)));
    __m256i h =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(high, a), _mm256_cmpeq_epi8(high, b)),
                        _mm256_or_si256(_mm256_cmpeq_epi8(high, c), _mm256_cmpeq_epi8(high, d)));
    return (uint32_t)_mm256_movemask_epi8(l) | (uint64_t)(uint32_t)_mm256_movemask_epi8(h) << 32;
}
#endif

void hr_csv_lexer_init(struct hr_csv_lexer *lexer, const struct hr_csv *csv, struct hr_bump *bump)
{
    memset(lexer, 0, sizeof *lexer);
    lexer->csv = csv;
    lexer->bump = bump;
    unsigned char sep = (unsigned char)csv->sep[0];
    lexer->chars[0] = sep;
    lexer->chars[1] = csv->line_sep_len ? (unsigned char)csv->line_sep[0] : '\n';
    lexer->chars[2] = csv->line_sep_len ? lexer->chars[1] : '\r';
    lexer->chars[3] = csv->quote == HR_CSV_NONE ? sep : (unsigned char)csv->quote;
    lexer->classify = hr_csv_classify_scalar;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        lexer->classify = classify_avx2;
#endif
}

void hr_csv_lexer_release(struct hr_csv_lexer *lexer)
{
    free(lexer->record.fields);
    free(lexer->scratch);
    hr_pace_give(&lexer->bump->pace,
                 lexer->record.cap * sizeof *lexer->record.fields + lexer->scratch_cap);
    lexer->record.cap = lexer->scratch_cap = 0;
    lexer->record.fields = NULL;
    lexer->scratch = NULL;
}

static void seek(struct hr_csv_lexer *lexer, const char *at)
{
    size_t into = (size_t)(at - lexer->start) & 63;
    lexer->at = at;
    lexer->block = at - into;
    lexer->mask = at < lexer->limit ? lexer->classify(lexer, lexer->block) & (~0ull << into) : 0;
}

void hr_csv_lexer_feed(struct hr_csv_lexer *lexer,
                       const char *start,
                       const char *limit,
                       bool is_last)
{
    lexer->start = start;
    lexer->limit = limit;
    lexer->is_last = is_last;
    seek(lexer, start);
}

/* the next structural character, or limit */
static inline const char *structural(struct hr_csv_lexer *lexer)
{
    while (!lexer->mask) {
        lexer->block += 64;
        if (lexer->block >= lexer->limit)
            return lexer->limit;
        lexer->mask = lexer->classify(lexer, lexer->block);
    }
    const char *p = lexer->block + __builtin_ctzll(lexer->mask);
    lexer->mask &= lexer->mask - 1;
    return p < lexer->limit ? p : lexer->limit;
}

static inline bool is_separator(const struct hr_csv *csv, const char *p, const char *limit)
{
    return *p == csv->sep[0] && (csv->sep_len == 1 || ((size_t)(limit - p) >= csv->sep_len &&
                                                       !memcmp(p, csv->sep, csv->sep_len)));
}

/* Bytes of the line end at p: 0 is none. A \r whose next byte is not there yet counts as one byte:
 * the caller asks for more first. */
static inline size_t line_end(const struct hr_csv_lexer *lexer, const char *p)
{
    const struct hr_csv *csv = lexer->csv;
    const char *limit = lexer->limit;
    if (csv->line_sep_len)
        return (size_t)(limit - p) >= csv->line_sep_len &&
                       !memcmp(p, csv->line_sep, csv->line_sep_len)
                   ? csv->line_sep_len
                   : 0;
    if (*p == '\n')
        return 1;
    if (*p != '\r')
        return 0;
    bool pair = p + 1 < limit && p[1] == '\n';
    /* univocity settles on the first line end of a file; \n always counts */
    if (csv->multi_line)
        return lexer->windows_ends ? (pair ? 2 : 0) : lexer->mac_ends;
    return pair ? 2 : 1;
}

const char *hr_csv_line_start(const struct hr_csv_lexer *lexer,
                              const char *start,
                              const char *from,
                              const char *limit)
{
    const struct hr_csv *csv = lexer->csv;
    if (from == start)
        return from;
    size_t n = csv->line_sep_len;
    for (const char *p = from; p < limit; p++) {
        if (n ? (size_t)(p - start) >= n && !memcmp(p - n, csv->line_sep, n)
              : p[-1] == '\n' || (p[-1] == '\r' && *p != '\n'))
            return p;
    }
    return limit;
}

/* ---- fields ---- */

/* one more than maxColumns is enough to know that the record is broken */
static bool is_full(const struct hr_csv *csv, const struct hr_csv_record *record)
{
    return csv->max_columns >= 0 && record->count > (size_t)csv->max_columns;
}

static struct hr_csv_field *add_field(struct hr_csv_lexer *lexer)
{
    struct hr_csv_record *record = &lexer->record;
    if (is_full(lexer->csv, record))
        return &record->fields[record->count - 1];
    if (record->count == record->cap) {
        size_t more = record->cap ? record->cap : 64;
        record->cap += more;
        record->fields = realloc(record->fields, record->cap * sizeof *record->fields);
        HR_CHECK(record->fields);
        hr_pace_step(&lexer->bump->pace, more * sizeof *record->fields);
    }
    return &record->fields[record->count++];
}

static inline bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

static void plain_field(struct hr_csv_lexer *lexer, const char *at, const char *end)
{
    const struct hr_csv *csv = lexer->csv;
    if (csv->ignore_leading)
        while (at < end && is_space(*at))
            at++;
    if (csv->ignore_trailing)
        while (at < end && is_space(end[-1]))
            end--;
    *add_field(lexer) = (struct hr_csv_field){at, (uint32_t)(end - at),
                                              at == end ? HR_FIELD_EMPTY : HR_FIELD_PLAIN};
}

/* ---- the careful path: one record, univocity's way, one character at a time ---- */

#define CH_SEPARATOR 256
#define CH_LINE_END 257
#define CAREFUL_DEPTH_MAX                                                                          \
    200 /* stray quotes within stray quotes; beyond it the rest of the value is taken as it stands \
         */

struct careful {
    struct hr_csv_lexer *lexer;
    /* the character ch is [from, p); end is the line's, or the limit when a record may span lines
     */
    const char *from, *p, *end;
    int ch, prev; /* a byte, CH_*, or 0 where univocity forgets it */
    char *out;
    size_t len;                        /* the value being made; room for the whole record */
    bool stopped, consumed, unescaped; /* stopped: at the end of input */
};

/* 1: a separator, 2: a line end (multi-line only), 0: neither */
static int stop_at(const struct careful *c, const char *p, size_t *width)
{
    const struct hr_csv *csv = c->lexer->csv;
    if (is_separator(csv, p, c->end)) {
        *width = csv->sep_len;
        return 1;
    }
    if (csv->multi_line && (*width = line_end(c->lexer, p)))
        return 2;
    return 0;
}

/* the next character inside a quoted value; line ends are normalized to \n there too */
static bool next_char(struct careful *c)
{
    const struct hr_csv *csv = c->lexer->csv;
    size_t width;
    if (c->p >= c->end || !hr_pace_step(&c->lexer->bump->pace, 0))
        return !(c->stopped = true);
    c->from = c->p;
    if (is_separator(csv, c->p, c->end)) {
        c->ch = CH_SEPARATOR;
        c->p += csv->sep_len;
    } else if (csv->multi_line && (width = line_end(c->lexer, c->p))) {
        c->ch = CH_LINE_END;
        c->p += width;
    } else {
        c->ch = (unsigned char)*c->p++;
        if (c->ch >= 0xc0) /* one character of Java's, whatever its bytes */
            while (c->p < c->end && !hr_utf8_starts(*c->p))
                c->p++;
    }
    return true;
}

static void put(struct careful *c, int ch)
{
    c->out[c->len++] = (char)ch;
}

static void put_current(struct careful *c)
{
    if (c->ch == CH_LINE_END && !c->lexer->csv->line_sep_len) {
        put(c, '\n');
        return;
    }
    memcpy(c->out + c->len, c->from, (size_t)(c->p - c->from));
    c->len += (size_t)(c->p - c->from);
}

static bool at_stop(const struct careful *c)
{
    return c->ch == CH_SEPARATOR || c->ch == CH_LINE_END;
}

/* everything up to the next separator, as it stands */
static void until_delimiter(struct careful *c)
{
    size_t begin = c->len;
    if (!next_char(c))
        return;
    int kept = c->ch;
    while (!at_stop(c)) {
        put_current(c);
        if (!next_char(c))
            break;
    }
    if (c->stopped)
        c->ch = kept;
    if (c->lexer->csv->ignore_trailing)
        while (c->len > begin && is_space(c->out[c->len - 1]))
            c->len--;
}

static void stray_until_delimiter(struct careful *c)
{
    memmove(c->out + 1, c->out, c->len);
    c->out[0] = (char)c->lexer->csv->quote;
    c->len++;
    until_delimiter(c);
}

static void value_with_escapes(struct careful *c, int depth);

static void process_escape(struct careful *c, int depth)
{
    const struct hr_csv *csv = c->lexer->csv;
    if (c->ch == csv->escape &&
        c->prev == csv->escape_escape &&
        csv->escape_escape != HR_CSV_NONE) {
        put(c, csv->escape);
        c->ch = 0;
    } else if (c->prev == csv->escape && csv->escape != HR_CSV_NONE) {
        put(c, c->ch == csv->quote ? csv->quote : c->prev);
        if (c->ch == csv->quote)
            c->ch = 0;
    } else if (c->ch == csv->quote && c->prev == csv->quote) {
        put(c, csv->quote);
    } else if (c->prev == csv->quote) {
        put(c, csv->quote);
        c->prev = c->ch;
        value_with_escapes(c, depth + 1);
    }
}

/* what follows a stray quote: until a separator, which the caller's loop then steps over, as
 * univocity's does */
static void value_with_escapes(struct careful *c, int depth)
{
    const struct hr_csv *csv = c->lexer->csv;
    if (depth > CAREFUL_DEPTH_MAX) {
        until_delimiter(c);
        return;
    }
    while (!at_stop(c)) {
        if (c->ch != csv->quote && c->ch != csv->escape) {
            if (c->prev == csv->quote) {
                put(c, csv->quote);
                c->prev = c->ch;
                continue;
            }
            put_current(c);
        } else {
            process_escape(c, depth);
            if (c->stopped)
                return;
        }
        c->prev = c->ch;
        if (!next_char(c))
            return;
    }
}

/* a quote that neither ends nor escapes, ch behind it. True: the value is done */
static bool stray_quote(struct careful *c, const char *text_from, const char *text_end)
{
    const struct hr_csv *csv = c->lexer->csv;
    if (csv->unescaped == HR_CSV_RAISE_ERROR) {
        c->lexer->record.stray_quote = true;
        until_delimiter(c);
        return true;
    }
    put(c, csv->quote);
    memcpy(c->out + c->len, text_from, (size_t)(text_end - text_from));
    c->len += (size_t)(text_end - text_from);
    c->prev = c->ch;
    if (csv->unescaped == HR_CSV_STOP_AT_DELIMITER) {
        stray_until_delimiter(c);
        return true;
    }
    return !next_char(c);
}

/* white space behind a closing quote. True: the value is done */
static bool space_behind(struct careful *c)
{
    const char *from = c->from;
    do {
        if (!next_char(c))
            return true;
        if (c->ch == CH_LINE_END)
            return true;
    } while (c->ch <= ' ');
    const struct hr_csv *csv = c->lexer->csv;
    bool kept =
        csv->unescaped == HR_CSV_STOP_AT_DELIMITER || (c->ch != csv->quote && c->ch != csv->escape);
    return c->ch == CH_SEPARATOR || stray_quote(c, from, kept ? c->p : c->from);
}

/* c->p is behind the opening quote */
static void quoted_value(struct careful *c)
{
    const struct hr_csv *csv = c->lexer->csv;
    c->ch = csv->quote;
    c->prev = 0;
    if (!next_char(c))
        return;
    for (;;) {
        if (c->prev == csv->quote && (c->ch <= ' ' || at_stop(c))) {
            if (at_stop(c) || space_behind(c))
                return;
            continue;
        }
        if (c->ch != csv->quote && c->ch != csv->escape) {
            if (c->prev == csv->quote) {
                c->unescaped = true;
                if (stray_quote(c, c->from, c->p))
                    return;
                continue;
            }
            if (c->prev == csv->escape && csv->escape != HR_CSV_NONE)
                put(c, csv->escape);
            int first = c->ch;
            while (c->ch != csv->quote &&
                   c->ch != csv->escape &&
                   (c->ch != csv->escape_escape || c->ch == HR_CSV_NONE)) {
                put_current(c);
                if (!next_char(c)) {
                    c->ch = first;
                    return;
                }
            }
            c->prev = c->ch;
            if (!next_char(c))
                return;
        } else {
            process_escape(c, 0);
            if (c->stopped)
                return;
            c->prev = c->ch;
            if (!next_char(c))
                return;
            if (c->unescaped && at_stop(c))
                return;
        }
    }
}

/* univocity's rules for a value that the end of input cuts off */
static void end_of_input(struct careful *c)
{
    const struct hr_csv *csv = c->lexer->csv;
    if (c->ch == csv->quote) {
        if (c->prev == csv->quote) {
            c->consumed = true;
            return;
        }
        if (!c->unescaped)
            put(c, csv->quote);
    }
    c->consumed = c->prev != 0 && !at_stop(c);
}

/* as much as a field may take, for a record is as long as its bytes last: each field alone would
 * take that again from the bump */
static char *scratch(struct hr_csv_lexer *lexer, size_t room)
{
    if (room <= lexer->scratch_cap)
        return lexer->scratch;
    free(lexer->scratch);
    hr_pace_give(&lexer->bump->pace, lexer->scratch_cap);
    lexer->scratch = malloc(room);
    HR_CHECK(lexer->scratch);
    lexer->scratch_cap = room;
    hr_pace_step(&lexer->bump->pace, room);
    return lexer->scratch;
}

static void quoted_field(struct careful *c)
{
    struct hr_csv_lexer *lexer = c->lexer;
    c->out = scratch(lexer, (size_t)(c->end - c->p) * 2 + 64);
    c->len = 0;
    c->stopped = c->consumed = c->unescaped = false;
    c->p++;
    quoted_value(c);
    if (c->stopped)
        end_of_input(c);
    else
        c->p = c->from; /* the separator or line end is the caller's */
    char *kept = memcpy(hr_bump_alloc(lexer->bump, c->len), c->out, c->len);
    enum hr_field_kind kind = c->len                       ? HR_FIELD_PLAIN
                              : c->stopped && !c->consumed ? HR_FIELD_EMPTY
                                                           : HR_FIELD_QUOTED_EMPTY;
    *add_field(lexer) = (struct hr_csv_field){kept, (uint32_t)c->len, kind};
}

/* In a file whose lines end in \r or \r\n a lone \n ends a line only where a value would begin */
static bool lone_newline(const struct hr_csv_lexer *lexer, const char *p)
{
    return lexer->csv->multi_line && *p == '\n' && (lexer->windows_ends || lexer->mac_ends);
}

/* splits the record at [at, end); in multi-line mode end is the limit and the record's own end is
 * found. False: more bytes needed. */
static bool careful_record(struct hr_csv_lexer *lexer,
                           const char *at,
                           const char *end,
                           const char **next)
{
    const struct hr_csv *csv = lexer->csv;
    struct hr_csv_record *record = &lexer->record;
    record->count = 0;
    struct careful c = {.lexer = lexer, .p = at, .end = end};
    for (;;) {
        size_t width = 0;
        if (csv->ignore_leading)
            while (c.p < end && is_space(*c.p) && !stop_at(&c, c.p, &width))
                c.p++;
        if (c.p < end &&
            csv->quote != HR_CSV_NONE &&
            (unsigned char)*c.p == (unsigned char)csv->quote) {
            quoted_field(&c);
        } else {
            const char *from = c.p;
            while (c.p < end &&
                   (!stop_at(&c, c.p, &width) || (c.p > from && lone_newline(lexer, c.p))))
                c.p++;
            plain_field(lexer, from, c.p);
        }
        if (c.p >= end) {
            if (csv->multi_line && !lexer->is_last)
                return false;
            *next = end;
            record->text_len = (size_t)(end - at);
            return true;
        }
        if (stop_at(&c, c.p, &width) == 2) {
            record->text_len = (size_t)(c.p - at);
            *next = c.p + width;
            return true;
        }
        c.p += width;
        if (c.p == end && (!csv->multi_line || lexer->is_last)) {
            *add_field(lexer) = (struct hr_csv_field){c.p, 0, HR_FIELD_EMPTY};
            record->text_len = (size_t)(end - at);
            *next = end;
            return true;
        }
    }
}

static const char *find_line_end(struct hr_csv_lexer *lexer, const char *at, size_t *width)
{
    seek(lexer, at);
    for (;;) {
        const char *p = structural(lexer);
        if (p == lexer->limit) {
            *width = 0;
            return p;
        }
        if ((*width = line_end(lexer, p)))
            return p;
    }
}

/* ---- the fast path ---- */

static bool blank(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at == end;
}

static bool over_limits(const struct hr_csv *csv, const struct hr_csv_record *record)
{
    if (csv->max_columns >= 0 && record->count > (size_t)csv->max_columns)
        return true;
    if (csv->max_chars >= 0)
        for (size_t i = 0; i < record->count; i++)
            if (record->fields[i].len > (size_t)csv->max_chars)
                return true;
    return false;
}

/* a \r as the last byte may be half of a line end */
static inline bool torn(const struct hr_csv_lexer *lexer, const char *p)
{
    return !lexer->is_last && !lexer->csv->line_sep_len && *p == '\r' && p + 1 == lexer->limit;
}

enum fast { FAST_RECORD, FAST_CAREFUL, FAST_MORE };

/* c->at is at an opening quote: its closing one; NULL: careful */
static const char *closing(struct hr_csv_lexer *lexer, const char *open, bool *more)
{
    const struct hr_csv *csv = lexer->csv;
    for (;;) {
        const char *p = structural(lexer);
        if (p == lexer->limit) {
            *more = csv->multi_line && !lexer->is_last;
            return NULL;
        }
        if ((unsigned char)*p == (unsigned char)csv->quote) {
            if (csv->escape != HR_CSV_NONE &&
                csv->escape != csv->quote &&
                memchr(open + 1, csv->escape, (size_t)(p - open - 1)))
                return NULL;
            if (csv->escape_escape != HR_CSV_NONE &&
                csv->escape_escape != csv->escape &&
                memchr(open + 1, csv->escape_escape, (size_t)(p - open - 1)))
                return NULL;
            return p;
        }
        if (csv->multi_line ? *p == '\r' && (lexer->windows_ends || lexer->mac_ends)
                            : line_end(lexer, p) != 0)
            return NULL;
    }
}

static enum fast fast_record(struct hr_csv_lexer *lexer, const char **next)
{
    const struct hr_csv *csv = lexer->csv;
    struct hr_csv_record *record = &lexer->record;
    const char *field = lexer->at, *begin = field;
    const bool trims = csv->ignore_leading;
    record->count = 0;
    for (;;) {
        const char *p = structural(lexer);
        size_t width = 0;
        if (p < lexer->limit &&
            (unsigned char)*p == (unsigned char)csv->quote &&
            csv->quote != HR_CSV_NONE) {
            if (p != field) {
                if (trims && blank(field, p))
                    return FAST_CAREFUL;
                continue; /* a quote inside an unquoted value is itself */
            }
            bool more = false;
            const char *close = closing(lexer, p, &more);
            if (!close)
                return more ? FAST_MORE : FAST_CAREFUL;
            const char *behind = close + 1;
            struct hr_csv_field made = {p + 1, (uint32_t)(close - p - 1),
                                        close == p + 1 ? HR_FIELD_QUOTED_EMPTY : HR_FIELD_PLAIN};
            if (behind >= lexer->limit && !lexer->is_last)
                return FAST_MORE;
            if (behind < lexer->limit && torn(lexer, behind))
                return FAST_MORE;
            if (behind < lexer->limit &&
                !is_separator(csv, behind, lexer->limit) &&
                !line_end(lexer, behind))
                return FAST_CAREFUL;
            *add_field(lexer) = made;
            p = behind >= lexer->limit ? lexer->limit : structural(lexer);
            field = behind;
            if (p != behind)
                return FAST_CAREFUL;
            if (p == lexer->limit || (width = line_end(lexer, p))) {
                record->text_len = (size_t)(p - begin);
                *next = p == lexer->limit ? p : p + width;
                return FAST_RECORD;
            }
            field = p + csv->sep_len;
            goto after_separator;
        }
        if (p == lexer->limit) {
            if (!lexer->is_last)
                return FAST_MORE;
            plain_field(lexer, field, p);
            record->text_len = (size_t)(p - begin);
            *next = p;
            return FAST_RECORD;
        }
        if (is_separator(csv, p, lexer->limit)) {
            plain_field(lexer, field, p);
            field = p + csv->sep_len;
        } else if (torn(lexer, p)) {
            return FAST_MORE;
        } else if ((width = line_end(lexer, p)) && !(p > field && lone_newline(lexer, p))) {
            plain_field(lexer, field, p);
            record->text_len = (size_t)(p - begin);
            *next = p + width;
            return FAST_RECORD;
        } else {
            continue;
        }
    after_separator:
        if (csv->sep_len > 1)
            seek(lexer, field);
    }
}

static bool is_comment(const struct hr_csv *csv, const char *at)
{
    return csv->comment != HR_CSV_NONE && (unsigned char)*at == csv->comment;
}

/* skips what Spark filters before it parses. 1: skipped, 0: a record begins here, -1: more bytes
 * needed */
static int skip_line(struct hr_csv_lexer *lexer)
{
    const struct hr_csv *csv = lexer->csv;
    const char *at = lexer->at;
    size_t width;
    bool comment = is_comment(csv, at);
    const bool trims = csv->ignore_leading || !csv->multi_line;
    if (!comment && !line_end(lexer, at) && (!is_space(*at) || !trims))
        return 0;
    const char *end = find_line_end(lexer, at, &width);
    if ((end == lexer->limit && !lexer->is_last) || (end < lexer->limit && torn(lexer, end)))
        return -1;
    if (!comment && !(trims ? blank(at, end) : end == at)) {
        seek(lexer, at);
        return 0;
    }
    seek(lexer, end + width);
    return 1;
}

/* to the next record's beginning */
static enum hr_csv_step next_begin(struct hr_csv_lexer *lexer)
{
    for (int skipped = 1; skipped;) {
        if (lexer->at >= lexer->limit)
            return lexer->is_last ? HR_CSV_END : HR_CSV_MORE;
        skipped = skip_line(lexer);
        if (skipped < 0) {
            seek(lexer, lexer->at);
            return HR_CSV_MORE;
        }
    }
    return HR_CSV_RECORD;
}

void hr_csv_lines_only(struct hr_csv_lexer *lexer)
{
    lexer->chars[0] = lexer->chars[1];
    lexer->chars[3] = lexer->chars[1];
}

enum hr_csv_step hr_csv_next_line(struct hr_csv_lexer *lexer)
{
    enum hr_csv_step step = next_begin(lexer);
    if (step != HR_CSV_RECORD)
        return step;
    const char *begin = lexer->at, *end;
    size_t width = 0;
    while ((end = structural(lexer)) < lexer->limit && !(width = line_end(lexer, end)))
        ;
    if ((end == lexer->limit && !lexer->is_last) || (end < lexer->limit && torn(lexer, end))) {
        seek(lexer, begin);
        return HR_CSV_MORE;
    }
    if (width > 1)
        seek(lexer, end + width);
    lexer->at = end + width;
    return HR_CSV_RECORD;
}

enum hr_csv_step hr_csv_next(struct hr_csv_lexer *lexer)
{
    const struct hr_csv *csv = lexer->csv;
    struct hr_csv_record *record = &lexer->record;
    enum hr_csv_step step = next_begin(lexer);
    if (step != HR_CSV_RECORD)
        return step;
    const char *begin = lexer->at, *next = begin;
    record->text = begin;
    record->broken = record->stray_quote = false;
    enum fast fast = fast_record(lexer, &next);
    if (fast == FAST_CAREFUL) {
        const char *end = lexer->limit;
        size_t width = 0;
        if (!csv->multi_line) {
            end = find_line_end(lexer, begin, &width);
            if ((end == lexer->limit && !lexer->is_last) ||
                (end < lexer->limit && torn(lexer, end)))
                fast = FAST_MORE;
        }
        if (fast == FAST_CAREFUL && !careful_record(lexer, begin, end, &next))
            fast = FAST_MORE;
        if (fast == FAST_CAREFUL && !csv->multi_line)
            next = end + width;
        if (fast == FAST_CAREFUL)
            seek(lexer, next);
    }
    if (fast == FAST_MORE) {
        seek(lexer, begin);
        return HR_CSV_MORE;
    }
    record->broken = over_limits(csv, record);
    if (fast == FAST_RECORD && next - begin > (ptrdiff_t)record->text_len + 1) {
        /* a line end of two bytes: its second one is not to be met again */
        if (csv->line_sep_len)
            seek(lexer, next);
        else
            structural(lexer);
    }
    lexer->at = next;
    return HR_CSV_RECORD;
}
