#include "host/format/csv/csv.h"
#include "base/check.h"
#include "base/map.h"
#include "host/format/files/cache.h"
#include "host/format/files/stream.h"
#include "host/format/files/query_strings.h"
#include <stdlib.h>
#include <strings.h>

#define FIRST_READ (64 * 1024)
#define LARGE_READ (1024 * 1024)
#define RECORD_BYTES_MAX \
    (256 * 1024 * 1024) /* one record; a quote that is never closed must not eat the machine */

/* what is known of a column: Spark's CSVInferSchema */
struct guess {
    enum hr_type_id id;
    int precision, scale;
};

struct inference {
    const struct hr_csv *csv;
    struct guess *guesses;
    size_t count;
    const char *header;
    size_t header_len; /* equal lines are left out, wherever they stand */
};

static bool is_word(const struct hr_text *word, const char *text, size_t len)
{
    return word->len == len && !memcmp(word->bytes, text, len);
}

static enum hr_type_id infer_boolean(const char *text, size_t len)
{
    bool flag;
    return hr_value_boolean(text, len, &flag) ? HR_TYPE_BOOLEAN : HR_TYPE_STRING;
}

static enum hr_type_id infer_timestamp(const struct hr_csv *csv, const char *text, size_t len)
{
    int64_t micros;
    struct hr_moment moment;
    bool ok = csv->timestamp_format ? hr_pattern_parse(csv->timestamp_format, text, len, &moment)
                                    : hr_parse_timestamp(text, len, csv->zone, 0, &micros);
    return ok ? HR_TYPE_TIMESTAMP : infer_boolean(text, len);
}

static enum hr_type_id infer_ntz(const struct hr_csv *csv, const char *text, size_t len)
{
    if (!csv->infer_ntz)
        return infer_timestamp(csv, text, len);
    struct hr_moment moment;
    int64_t micros;
    bool ok = csv->ntz_format
                  ? hr_pattern_parse(csv->ntz_format, text, len, &moment) && !moment.has_zone
                  : hr_parse_timestamp_ntz(text, len, false, &micros);
    return ok ? HR_TYPE_TIMESTAMP_NTZ : infer_timestamp(csv, text, len);
}

/* inference takes the default pattern at its word: yyyy-MM-dd */
static bool is_plain_date(const char *text, size_t len)
{
    if (len != 10)
        return false;
    for (size_t i = 0; i < len; i++)
        if (i == 4 || i == 7 ? text[i] != '-' : (unsigned char)(text[i] - '0') > 9)
            return false;
    return true;
}

static enum hr_type_id infer_date(const struct hr_csv *csv, const char *text, size_t len)
{
    int32_t days;
    struct hr_moment moment;
    bool ok = csv->date_format ? hr_pattern_parse(csv->date_format, text, len, &moment)
                               : is_plain_date(text, len) && hr_parse_date(text, len, &days);
    return ok ? HR_TYPE_DATE : infer_ntz(csv, text, len);
}

static enum hr_type_id infer_double(const struct hr_csv *csv, const char *text, size_t len)
{
    double value;
    if (hr_value_double(text, len, &value) ||
        is_word(&csv->nan, text, len) ||
        is_word(&csv->positive_inf, text, len) ||
        is_word(&csv->negative_inf, text, len))
        return HR_TYPE_DOUBLE;
    return csv->prefer_date ? infer_date(csv, text, len) : infer_ntz(csv, text, len);
}

static struct guess infer_decimal(const struct hr_csv *csv, const char *text, size_t len)
{
    struct hr_decimal decimal;
    /* reading skips commas, inference does not: 1,500 is a text */
    if (hr_value_bigdecimal(text, len, false, &decimal) &&
        decimal.scale == 0 &&
        decimal.precision <= 38)
        return (struct guess){HR_TYPE_DECIMAL, decimal.precision, 0};
    return (struct guess){infer_double(csv, text, len), 0, 0};
}

static struct guess infer_whole(const struct hr_csv *csv, const char *text, size_t len, bool narrow)
{
    int64_t value;
    if (!hr_value_long(text, len, &value))
        return infer_decimal(csv, text, len);
    return (struct guess){
        narrow && value >= INT32_MIN && value <= INT32_MAX ? HR_TYPE_INT : HR_TYPE_LONG, 0, 0};
}

static struct guess infer_token(const struct hr_csv *csv,
                                enum hr_type_id so_far,
                                const char *text,
                                size_t len)
{
    switch (so_far) {
    case HR_TYPE_VOID:
    case HR_TYPE_INT:
        return infer_whole(csv, text, len, true);
    case HR_TYPE_LONG:
        return infer_whole(csv, text, len, false);
    case HR_TYPE_DECIMAL:
        return infer_decimal(csv, text, len);
    case HR_TYPE_DOUBLE:
        return (struct guess){infer_double(csv, text, len), 0, 0};
    case HR_TYPE_DATE:
        return (struct guess){infer_date(csv, text, len), 0, 0};
    case HR_TYPE_TIMESTAMP_NTZ:
        return (struct guess){infer_ntz(csv, text, len), 0, 0};
    case HR_TYPE_TIMESTAMP:
        return (struct guess){infer_timestamp(csv, text, len), 0, 0};
    case HR_TYPE_BOOLEAN:
        return (struct guess){infer_boolean(text, len), 0, 0};
    default:
        return (struct guess){HR_TYPE_STRING, 0, 0};
    }
}

static struct guess as_decimal(struct guess g)
{
    if (g.id == HR_TYPE_INT)
        return (struct guess){HR_TYPE_DECIMAL, 10, 0};
    return g.id == HR_TYPE_LONG ? (struct guess){HR_TYPE_DECIMAL, 20, 0} : g;
}

static bool is_time(enum hr_type_id id)
{
    return id == HR_TYPE_DATE || id == HR_TYPE_TIMESTAMP || id == HR_TYPE_TIMESTAMP_NTZ;
}

static struct guess merge_times(const struct hr_csv *csv, struct guess a, struct guess b)
{
    if (a.id != HR_TYPE_DATE && b.id != HR_TYPE_DATE)
        return (struct guess){HR_TYPE_TIMESTAMP, 0, 0};
    struct guess stamp = a.id == HR_TYPE_DATE ? b : a;
    bool lenient = stamp.id == HR_TYPE_TIMESTAMP ? !csv->timestamp_format : !csv->ntz_format;
    /* a date in a pattern of its own is no timestamp to the default parser */
    return lenient && !csv->date_format ? stamp : (struct guess){HR_TYPE_STRING, 0, 0};
}

static bool is_whole(enum hr_type_id id)
{
    return id == HR_TYPE_INT || id == HR_TYPE_LONG;
}

/* one of the two, in either order, is what `is_first` takes, and the other one a double */
static bool is_double_beside(bool (*is_first)(enum hr_type_id), struct guess a, struct guess b)
{
    if (a.id == HR_TYPE_DOUBLE)
        return is_first(b.id);
    return b.id == HR_TYPE_DOUBLE && is_first(a.id);
}

static bool is_decimal(enum hr_type_id id)
{
    return id == HR_TYPE_DECIMAL;
}

/* room for the digits of both on both sides of the point */
static struct guess merge_decimals(struct guess a, struct guess b)
{
    int scale = a.scale > b.scale ? a.scale : b.scale;
    int a_range = a.precision - a.scale;
    int b_range = b.precision - b.scale;
    int range = a_range > b_range ? a_range : b_range;
    if (range + scale > HR_TYPE_DECIMAL_MAX)
        return (struct guess){HR_TYPE_DOUBLE, 0, 0};
    return (struct guess){HR_TYPE_DECIMAL, range + scale, scale};
}

static struct guess merge(const struct hr_csv *csv, struct guess a, struct guess b)
{
    if (a.id == HR_TYPE_VOID)
        return b;
    if (b.id == HR_TYPE_VOID)
        return a;
    if (a.id == b.id && !is_decimal(a.id))
        return a;
    if (is_whole(a.id) && is_whole(b.id))
        return (struct guess){HR_TYPE_LONG, 0, 0};
    if (is_double_beside(is_whole, a, b))
        return (struct guess){HR_TYPE_DOUBLE, 0, 0};
    if (is_time(a.id) && is_time(b.id))
        return merge_times(csv, a, b);
    a = as_decimal(a);
    b = as_decimal(b);
    if (is_double_beside(is_decimal, a, b))
        return (struct guess){HR_TYPE_DOUBLE, 0, 0};
    if (!is_decimal(a.id) || !is_decimal(b.id))
        return (struct guess){HR_TYPE_STRING, 0, 0};
    return merge_decimals(a, b);
}

static void infer_record(struct inference *inference, const struct hr_csv_record *record)
{
    const struct hr_csv *csv = inference->csv;
    size_t count = record->count < inference->count ? record->count : inference->count;
    for (size_t i = 0; i < count; i++) {
        struct guess *guess = &inference->guesses[i];
        struct hr_text text;
        if (guess->id == HR_TYPE_STRING ||
            !hr_csv_token(csv, &record->fields[i], &text) ||
            !text.len)
            continue;
        *guess = merge(csv, *guess, infer_token(csv, guess->id, text.bytes, text.len));
    }
}

/* ---- walking all records of a file, one thread ---- */

struct walk {
    struct hr_format *format;
    const struct hr_csv *csv;
    struct hr_csv_lexer lexer;
    struct hr_bump bump;
    struct hr_bytes *bytes;
    struct hr_stream *stream;
    const struct hr_strings *strings;
    size_t next; /* instead of a file */
    char *buffer;
    size_t cap, len;
    bool is_last, fed;
};

void hr_csv_line_style(struct hr_csv_lexer *lexer, const char *bytes, size_t len)
{
    if (lexer->csv->line_sep_len) /* a separator of one's own is not looked for */
        return;
    const char *n = memchr(bytes, '\n', len);
    const char *r = memchr(bytes, '\r', n ? (size_t)(n - bytes) : len);
    lexer->windows_ends = r && n == r + 1;
    lexer->mac_ends = r && !lexer->windows_ends;
}

static enum hr_code walk_open(struct walk *walk,
                              struct hr_format *format,
                              const struct hr_csv *csv,
                              const struct hr_file *file,
                              const struct hr_watch *watch,
                              struct hr_err *err)
{
    memset(walk, 0, sizeof *walk);
    walk->bump.pace.watch = watch;
    walk->format = format;
    walk->csv = csv;
    hr_csv_lexer_init(&walk->lexer, csv, &walk->bump);
    if (file->codec == HR_CODEC_NONE &&
        !csv->encoding &&
        (size_t)file->stat.size <= hr_cache_file_max(format->cache))
        return hr_cache_file(format, file->location, &file->stat, &walk->bytes, err);
    walk->cap = FIRST_READ;
    walk->buffer = malloc(walk->cap + HR_BYTES_PAD);
    HR_CHECK(walk->buffer);
    return hr_stream_open(format, file, csv->encoding, &walk->stream, err);
}

static void walk_close(struct walk *walk)
{
    hr_csv_lexer_release(&walk->lexer);
    hr_bump_release(&walk->bump);
    hr_stream_close(walk->stream);
    hr_cached_drop(walk->bytes ? &walk->bytes->base : NULL);
    free(walk->buffer);
}

static void feed_cached(struct walk *walk)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    const char *begin = walk->bytes->data;
    const char *end = begin + walk->bytes->len;
    hr_csv_line_style(&walk->lexer, begin, walk->bytes->len);
    if (walk->bytes->len >= sizeof mark && !memcmp(begin, mark, sizeof mark))
        begin += sizeof mark;
    hr_csv_lexer_feed(&walk->lexer, begin, end, true);
}

/* what the lexer has not taken moves to the front, and room is made behind it */
static enum hr_code make_room(struct walk *walk, struct hr_err *err)
{
    size_t kept = walk->fed ? (size_t)(walk->lexer.limit - walk->lexer.at) : 0;
    if (kept)
        memmove(walk->buffer, walk->lexer.at, kept);
    walk->len = kept;
    if (kept * 2 <= walk->cap && walk->cap >= LARGE_READ)
        return HR_OK;
    if (walk->cap > RECORD_BYTES_MAX)
        return hr_fail(err, HR_E_LIMIT, "one csv record is larger than %d MB",
                       RECORD_BYTES_MAX >> 20);
    if (walk->fed)
        walk->cap *= 4;
    walk->buffer = realloc(walk->buffer, walk->cap + HR_BYTES_PAD);
    HR_CHECK(walk->buffer);
    return HR_OK;
}

static enum hr_code walk_more(struct walk *walk, struct hr_err *err)
{
    if (walk->bytes) {
        feed_cached(walk);
        return HR_OK;
    }
    HR_TRY(make_room(walk, err));
    while (walk->len < walk->cap && !walk->is_last) {
        size_t got;
        char *to = walk->buffer + walk->len;
        HR_TRY(hr_stream_read(walk->stream, to, walk->cap - walk->len, &got, err));
        walk->len += got;
        walk->is_last = got == 0;
    }
    memset(walk->buffer + walk->len, 0, HR_BYTES_PAD);
    if (!walk->fed)
        hr_csv_line_style(&walk->lexer, walk->buffer, walk->len);
    hr_csv_lexer_feed(&walk->lexer, walk->buffer, walk->buffer + walk->len, walk->is_last);
    walk->fed = true;
    return HR_OK;
}

static void walk_strings(struct walk *walk, bool *is_end)
{
    *is_end = true;
    while (*is_end && walk->next < walk->strings->count) {
        struct hr_text text = hr_strings_at(walk->strings, walk->next++);
        hr_csv_lexer_feed(&walk->lexer, text.bytes, text.bytes + text.len, true);
        *is_end = hr_csv_next(&walk->lexer) != HR_CSV_RECORD;
    }
}

static enum hr_code too_large(const struct walk *walk, struct hr_err *err)
{
    return hr_fail(
        err, HR_E_INVALID,
        "a csv record has more than %lld columns (maxColumns), or a value of more than %lld characters (maxCharsPerColumn)",
        (long long)walk->csv->max_columns, (long long)walk->csv->max_chars);
}

static enum hr_code walked(struct walk *walk, bool is_end, struct hr_err *err)
{
    if (!hr_pace_step(&walk->bump.pace, 0))
        return hr_scan_ended(err);
    return !is_end && walk->lexer.record.broken ? too_large(walk, err) : HR_OK;
}

static enum hr_code walk_next(struct walk *walk, bool *is_end, struct hr_err *err)
{
    hr_bump_reset(&walk->bump);
    if (walk->strings) {
        walk_strings(walk, is_end);
        return walked(walk, *is_end, err);
    }
    if (!walk->lexer.start)
        HR_TRY(walk_more(walk, err));
    for (;;) {
        enum hr_csv_step step = hr_csv_next(&walk->lexer);
        if (step != HR_CSV_MORE) {
            *is_end = step == HR_CSV_END;
            return walked(walk, *is_end, err);
        }
        if (!hr_pace_ask(&walk->bump.pace))
            return hr_scan_ended(err);
        HR_TRY(walk_more(walk, err));
    }
}

/* ---- the header ---- */

static const char *token_name(struct hr_arena *arena,
                              const struct hr_csv *csv,
                              const struct hr_csv_field *field)
{
    struct hr_text text;
    if (!hr_csv_token(csv, field, &text) || !text.len)
        return NULL;
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_utf8_repair(text.bytes, text.len, &out);
    return hr_buf_keep(&out, arena);
}

static void map_init(struct hr_map *map, const struct hr_csv *csv)
{
    if (csv->case_sensitive)
        hr_map_init(map);
    else
        hr_map_init_nocase(map);
}

/* the names of a header, NULL where there is none; `repeated` are those that stand there twice */
static const char **header_names(struct hr_arena *arena,
                                 const struct hr_csv *csv,
                                 const struct hr_csv_record *record,
                                 struct hr_map *repeated)
{
    struct hr_map seen;
    const char **names = HR_NEW_ARRAY(arena, const char *, record->count + 1);
    map_init(&seen, csv);
    for (size_t i = 0; csv->header && i < record->count; i++) {
        names[i] = token_name(arena, csv, &record->fields[i]);
        if (!names[i])
            continue;
        struct hr_map *into = hr_map_has(&seen, names[i]) ? repeated : &seen;
        hr_map_put(into, names[i], names);
    }
    hr_map_release(&seen);
    return names;
}

static struct hr_field *header_fields(struct hr_arena *arena,
                                      const struct hr_csv *csv,
                                      const struct hr_csv_record *record)
{
    struct hr_map repeated;
    map_init(&repeated, csv);
    const char **names = header_names(arena, csv, record, &repeated);
    struct hr_field *fields = HR_NEW_ARRAY(arena, struct hr_field, record->count + 1);
    for (size_t i = 0; i < record->count; i++) {
        const char *name = names[i];
        if (!name)
            name = hr_printf(arena, "_c%zu", i);
        else if (hr_map_has(&repeated, name))
            name = hr_printf(arena, "%s%zu", name, i);
        fields[i] = (struct hr_field){name, hr_type_basic(HR_TYPE_STRING), true, NULL};
    }
    hr_map_release(&repeated);
    return fields;
}

static bool sampled(uint64_t *state, double ratio)
{
    if (ratio >= 1)
        return true;
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*state >> 11) / 9007199254740992.0 < ratio;
}

/* Records that are lines are headers wherever they say the same; one of many lines only at the
 * start of its file. */
static bool is_header(const struct walk *walk, const struct inference *inference, bool first)
{
    const struct hr_csv_record *record = &walk->lexer.record;
    if (!inference->csv->header)
        return false;
    if (!walk->strings && inference->csv->multi_line)
        return first;
    return record->text_len == inference->header_len &&
           !memcmp(record->text, inference->header, inference->header_len);
}

static enum hr_code infer_walk(struct walk *walk,
                               struct inference *inference,
                               uint64_t *state,
                               struct hr_err *err)
{
    for (bool first = true;; first = false) {
        bool is_end = false;
        HR_TRY(walk_next(walk, &is_end, err));
        if (is_end)
            return HR_OK;
        if (is_header(walk, inference, first))
            continue;
        if (sampled(state, inference->csv->sampling))
            infer_record(inference, &walk->lexer.record);
    }
}

static const struct hr_type *guess_type(struct hr_arena *arena, const struct guess *guess)
{
    if (guess->id == HR_TYPE_DECIMAL)
        return hr_type_decimal(arena, guess->precision, guess->scale);
    return hr_type_basic(guess->id == HR_TYPE_VOID ? HR_TYPE_STRING : guess->id);
}

/* where records come from: files, or strings */
struct origin {
    struct hr_format *format;
    const struct hr_files *files;
    const struct hr_strings *strings;
    const struct hr_watch *watch;
};

static size_t origin_count(const struct origin *origin)
{
    return origin->strings ? 1 : origin->files->count;
}

static enum hr_code origin_open(const struct origin *origin,
                                size_t i,
                                const struct hr_csv *csv,
                                struct walk *walk,
                                struct hr_err *err)
{
    if (!origin->strings)
        return walk_open(walk, origin->format, csv, &origin->files->at[i], origin->watch, err);
    *walk = (struct walk){.csv = csv, .strings = origin->strings, .bump.pace.watch = origin->watch};
    hr_csv_lexer_init(&walk->lexer, csv, &walk->bump);
    return HR_OK;
}

/* the first record of one origin, if it has any: the header, or what has its number of columns */
static enum hr_code first_record(const struct origin *origin,
                                 size_t at,
                                 struct hr_arena *arena,
                                 struct inference *inference,
                                 struct hr_field **fields,
                                 struct hr_err *err)
{
    struct walk walk;
    bool is_end = true;
    enum hr_code code = origin_open(origin, at, inference->csv, &walk, err);
    if (!code)
        code = walk_next(&walk, &is_end, err);
    if (!code && !is_end) {
        const struct hr_csv_record *record = &walk.lexer.record;
        *fields = header_fields(arena, inference->csv, record);
        inference->count = record->count;
        inference->header = hr_strndup(arena, record->text, record->text_len);
        inference->header_len = record->text_len;
    }
    walk_close(&walk);
    return code;
}

static enum hr_code infer_types(const struct origin *origin,
                                struct hr_arena *arena,
                                struct inference *inference,
                                struct hr_field *fields,
                                struct hr_err *err)
{
    uint64_t state = 1;
    inference->guesses = HR_NEW_ARRAY(arena, struct guess, inference->count + 1);
    for (size_t i = 0; inference->count && i < origin_count(origin); i++) {
        struct walk walk;
        enum hr_code code = origin_open(origin, i, inference->csv, &walk, err);
        if (!code)
            code = infer_walk(&walk, inference, &state, err);
        walk_close(&walk);
        HR_TRY(code);
    }
    for (size_t i = 0; i < inference->count; i++)
        fields[i].type = guess_type(arena, &inference->guesses[i]);
    return HR_OK;
}

static enum hr_code schema_of(const struct origin *origin,
                              struct hr_arena *arena,
                              const struct hr_csv *csv,
                              const struct hr_type **schema,
                              struct hr_err *err)
{
    struct hr_field *fields = NULL;
    struct inference inference = {.csv = csv};
    for (size_t i = 0; i < origin_count(origin) && !fields; i++)
        HR_TRY(first_record(origin, i, arena, &inference, &fields, err));
    if (csv->infer)
        HR_TRY(infer_types(origin, arena, &inference, fields, err));
    *schema = hr_type_struct(arena, fields, inference.count);
    return HR_OK;
}

enum hr_code hr_csv_schema(struct hr_format *format,
                           struct hr_arena *arena,
                           const struct hr_csv *csv,
                           const struct hr_files *files,
                           const struct hr_watch *watch,
                           const struct hr_type **schema,
                           struct hr_err *err)
{
    return schema_of(&(struct origin){format, files, NULL, watch}, arena, csv, schema, err);
}

enum hr_code hr_csv_schema_of_strings(struct hr_arena *arena,
                                      const struct hr_csv *csv,
                                      const struct hr_strings *strings,
                                      const struct hr_watch *watch,
                                      const struct hr_type **schema,
                                      struct hr_err *err)
{
    return schema_of(&(struct origin){NULL, NULL, strings, watch}, arena, csv, schema, err);
}
