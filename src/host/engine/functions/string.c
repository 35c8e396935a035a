/* Charsets, masks, checks, maps from text and parts of URLs. */
#include "base/utf8.h"
#include "host/engine/functions/kernels.h"
#include "host/engine/functions/list_out.h"
#include "host/format/text_value.h"
#include "host/value/java_text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

static void put_buf(struct hr_rows *rows, idx_t row, struct hr_buf *buf)
{
    hr_out_buf(rows, row, buf);
    hr_buf_release(buf);
}

static void invalid_parameter(struct hr_rows *rows,
                              const char *condition,
                              const char *const params[8])
{
    struct hr_err err;
    hr_fail_spark(&err, condition, params[0], params[1], params[2], params[3], params[4], params[5],
                  params[6], params[7], NULL);
    hr_kernel_fail(rows, &err);
}

static size_t next_point(const struct hr_text *text, size_t at)
{
    size_t len = 1;
    while (at + len < text->len && !hr_utf8_starts(text->bytes[at + len]))
        len++;
    return len;
}

static const char *code_at(
    struct hr_rows *rows, size_t arg, idx_t row, const char *otherwise, size_t *len)
{
    if (arg >= rows->arg_count) {
        *len = 1;
        return otherwise;
    }
    if (hr_row_is_null(rows, arg, row))
        return NULL;
    struct hr_text text = hr_row_text(rows, arg, row);
    *len = text.len;
    return text.bytes;
}

/* mask(text, upper, lower, digit, other): NULL keeps that kind as it is */
void hr_k_mask(struct hr_rows *rows, idx_t row)
{
    static const char *const standard[] = {"X", "x", "n", NULL};
    const char *with[4];
    size_t with_len[4];
    struct hr_buf buf;
    if (hr_row_is_null(rows, 0, row)) {
        hr_out_null(rows, row);
        return;
    }
    struct hr_text text = hr_row_text(rows, 0, row);
    for (size_t i = 0; i < 4; i++)
        with[i] = code_at(rows, i + 1, row, standard[i], &with_len[i]);
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    for (size_t i = 0, len; i < text.len && hr_kernel_step(rows); i += len) {
        uint32_t point = 0;
        len = next_point(&text, i);
        hr_utf8_next(text.bytes + i, len, &point);
        utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
        int kind = category == UTF8PROC_CATEGORY_LU   ? 0
                   : category == UTF8PROC_CATEGORY_LL ? 1
                   : category == UTF8PROC_CATEGORY_ND ? 2
                                                      : 3;
        hr_buf_add(&buf, with[kind] ? with[kind] : text.bytes + i,
                   with[kind] ? with_len[kind] : len);
    }
    put_buf(rows, row, &buf);
}

void hr_k_luhn_check(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    int sum = 0;
    bool twice = false, valid = text.len > 0;
    for (size_t i = text.len; i-- > 0 && valid && hr_kernel_step(rows); twice = !twice) {
        valid = isdigit((unsigned char)text.bytes[i]);
        int digit = text.bytes[i] - '0';
        digit = twice ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    HR_OUT(rows, row, bool) = valid && sum % 10 == 0;
}

/* ---- charsets ---- */

enum charset { UTF8, ASCII, LATIN1, UTF16, UTF16BE, UTF16LE, UTF32, UNKNOWN_CHARSET };

static enum charset charset_of(struct hr_rows *rows, idx_t row)
{
    static const char *const names[] = {"UTF-8",    "US-ASCII", "ISO-8859-1", "UTF-16",
                                        "UTF-16BE", "UTF-16LE", "UTF-32"};
    struct hr_text text = hr_row_text(rows, 1, row);
    for (size_t i = 0; i < HR_LEN(names); i++)
        if (strlen(names[i]) == text.len && !strncasecmp(names[i], text.bytes, text.len))
            return (enum charset)i;
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *value = hr_printf(scratch, "%.*s", (int)text.len, text.bytes);
    invalid_parameter(
        rows, "INVALID_PARAMETER_VALUE.CHARSET",
        (const char *const[8]){"functionName",
                               rows->types->result->id == HR_TYPE_BINARY ? "`encode`" : "`decode`",
                               "parameter", "`charset`", "charset", value, "charsets",
                               "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"});
    hr_arena_free(scratch);
    return UNKNOWN_CHARSET;
}

static void unmappable(struct hr_rows *rows, const char *function, const char *condition)
{
    invalid_parameter(rows, condition,
                      (const char *const[8]){"function", function, "charset", "the charset given",
                                             "badCharacter", "?"});
}

static void add_unit(struct hr_buf *buf, unsigned unit, bool big)
{
    hr_buf_addc(buf, (char)(big ? unit >> 8 : unit));
    hr_buf_addc(buf, (char)(big ? unit : unit >> 8));
}

void hr_k_encode(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    enum charset charset = charset_of(rows, row);
    struct hr_buf buf;
    if (charset == UNKNOWN_CHARSET)
        return;
    if (charset == UTF8) {
        hr_out_text(rows, row, text.bytes, text.len);
        return;
    }
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    if (charset == UTF16)
        add_unit(&buf, 0xFEFF, true);
    for (size_t i = 0, len; i < text.len && hr_kernel_step(rows); i += len) {
        uint32_t point = '?';
        len = next_point(&text, i);
        hr_utf8_next(text.bytes + i, len, &point);
        if (charset == UTF32) {
            add_unit(&buf, (unsigned)point >> 16, true);
            add_unit(&buf, (unsigned)point & 0xFFFF, true);
        } else if (charset == ASCII || charset == LATIN1) {
            if (point > (charset == ASCII ? 0x7F : 0xFF)) {
                hr_buf_release(&buf);
                unmappable(rows, "`encode`", "MALFORMED_CHARACTER_CODING");
                return;
            }
            hr_buf_addc(&buf, (char)point);
        } else if (point > 0xFFFF) {
            add_unit(&buf, 0xD800 + ((unsigned)(point - 0x10000) >> 10), charset != UTF16LE);
            add_unit(&buf, 0xDC00 + ((unsigned)(point - 0x10000) & 0x3FF), charset != UTF16LE);
        } else
            add_unit(&buf, (unsigned)point, charset != UTF16LE);
    }
    put_buf(rows, row, &buf);
}

static unsigned unit_at(const struct hr_text *text, size_t i, bool big)
{
    unsigned a = (unsigned char)text->bytes[i],
             b = i + 1 < text->len ? (unsigned char)text->bytes[i + 1] : 0;
    return big ? a << 8 | b : b << 8 | a;
}

void hr_k_decode(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    enum charset charset = charset_of(rows, row);
    struct hr_buf buf;
    if (charset == UNKNOWN_CHARSET)
        return;
    hr_buf_init(&buf, HR_FUNCTION_TEXT_MAX);
    bool big = charset != UTF16LE;
    if (charset == UTF8) {
        for (size_t i = 0; i < text.len && hr_kernel_step(rows);) {
            uint32_t point;
            size_t len = hr_utf8_next(text.bytes + i, text.len - i, &point);
            if (!len) {
                hr_buf_release(&buf);
                unmappable(rows, "`decode`", "MALFORMED_CHARACTER_CODING");
                return;
            }
            hr_buf_add(&buf, text.bytes + i, len);
            i += len;
        }
    } else if (charset == ASCII || charset == LATIN1) {
        for (size_t i = 0; i < text.len && hr_kernel_step(rows); i++) {
            if (charset == ASCII && (unsigned char)text.bytes[i] >= 0x80) {
                hr_buf_release(&buf);
                unmappable(rows, "`decode`", "MALFORMED_CHARACTER_CODING");
                return;
            }
            hr_utf8_add(&buf, (unsigned char)text.bytes[i]);
        }
    } else if (charset == UTF32) {
        for (size_t i = 0; i + 3 < text.len && hr_kernel_step(rows); i += 4)
            hr_utf8_add(&buf, unit_at(&text, i, true) << 16 | unit_at(&text, i + 2, true));
    } else {
        size_t i = 0;
        if (charset == UTF16 &&
            text.len >= 2 &&
            (unit_at(&text, 0, true) == 0xFEFF || unit_at(&text, 0, true) == 0xFFFE)) {
            big = unit_at(&text, 0, true) == 0xFEFF;
            i = 2;
        }
        for (; i + 1 < text.len && hr_kernel_step(rows); i += 2) {
            unsigned unit = unit_at(&text, i, big);
            if (unit >= 0xD800 && unit < 0xDC00 && i + 3 < text.len) {
                hr_utf8_add(&buf, 0x10000 +
                                      ((unit - 0xD800) << 10) +
                                      (unit_at(&text, i + 2, big) - 0xDC00));
                i += 2;
            } else
                hr_utf8_add(&buf, unit);
        }
    }
    put_buf(rows, row, &buf);
}

void hr_k_is_valid_utf8(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    bool valid = true;
    for (size_t i = 0; i < text.len && valid && hr_kernel_step(rows);) {
        uint32_t point;
        size_t len = hr_utf8_next(text.bytes + i, text.len - i, &point);
        valid = len > 0;
        i += len;
    }
    HR_OUT(rows, row, bool) = valid;
}

/* ---- parse_url ---- */

struct span {
    const char *from, *to;
};

/* scheme://user@host:port/path?query#fragment, as java.net.URI parts it; from NULL where a part is
 * missing */
struct url {
    struct span scheme, authority, user, host, path, query, fragment;
    bool valid;
};

static struct url url_parts(struct hr_text text)
{
    struct url url = {0};
    const char *p = text.bytes, *end = p + text.len, *mark;
    for (const char *c = p; c < end; c++)
        if (isspace((unsigned char)*c) || strchr("<>\"{}|\\^`", *c))
            return url;
    if ((mark = memchr(p, '#', (size_t)(end - p)))) {
        url.fragment = (struct span){mark + 1, end};
        end = mark;
    }
    if ((mark = memchr(p, '?', (size_t)(end - p)))) {
        url.query = (struct span){mark + 1, end};
        end = mark;
    }
    mark = memchr(p, ':', (size_t)(end - p));
    const char *slash = memchr(p, '/', (size_t)(end - p));
    if (mark && (!slash || mark < slash)) {
        url.scheme = (struct span){p, mark};
        p = mark + 1;
    }
    if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
        p += 2;
        const char *stop = memchr(p, '/', (size_t)(end - p));
        stop = stop ? stop : end;
        url.authority = (struct span){p, stop};
        url.host = url.authority;
        if ((mark = memchr(p, '@', (size_t)(stop - p)))) {
            url.user = (struct span){p, mark};
            url.host.from = mark + 1;
        }
        if ((mark = memrchr(url.host.from, ':', (size_t)(stop - url.host.from))) &&
            !memchr(mark, ']', (size_t)(stop - mark)))
            url.host.to = mark;
        if (url.host.from == url.host.to)
            url.host = (struct span){0};
        p = stop;
    }
    url.path = (struct span){p, end};
    url.valid = true;
    return url;
}

static struct span query_value(struct span query, struct hr_text key)
{
    for (const char *p = query.from; p && p < query.to;) {
        const char *stop = memchr(p, '&', (size_t)(query.to - p));
        stop = stop ? stop : query.to;
        if ((size_t)(stop - p) > key.len && !memcmp(p, key.bytes, key.len) && p[key.len] == '=')
            return (struct span){p + key.len + 1, stop};
        p = stop + 1;
    }
    return (struct span){0};
}

static void parse_url(struct hr_rows *rows, idx_t row, bool strict)
{
    struct hr_text text = hr_row_text(rows, 0, row), part = hr_row_text(rows, 1, row);
    struct url url = url_parts(text);
    if (!url.valid && strict) {
        struct hr_arena *scratch = hr_arena_new(NULL);
        const char *value = hr_printf(scratch, "%.*s", (int)text.len, text.bytes);
        invalid_parameter(rows, "INVALID_URL", (const char *const[8]){"url", value});
        hr_arena_free(scratch);
        return;
    }
    struct span file = url.path;
    if (url.query.from)
        file.to = url.query.to;
    const struct {
        const char *name;
        struct span span;
    } parts[] = {
        {"HOST", url.host},           {"PATH", url.path},       {"QUERY", url.query},
        {"REF", url.fragment},        {"PROTOCOL", url.scheme}, {"FILE", file},
        {"AUTHORITY", url.authority}, {"USERINFO", url.user},
    };
    struct span found = {0};
    for (size_t i = 0; i < HR_LEN(parts); i++)
        if (strlen(parts[i].name) == part.len && !memcmp(parts[i].name, part.bytes, part.len))
            found = parts[i].span;
    if (rows->arg_count > 2)
        found = part.len == 5 && !memcmp(part.bytes, "QUERY", 5)
                    ? query_value(found, hr_row_text(rows, 2, row))
                    : (struct span){0};
    if (url.valid && found.from)
        hr_out_text(rows, row, found.from, (size_t)(found.to - found.from));
    else
        hr_out_null(rows, row);
}

void hr_k_parse_url(struct hr_rows *rows, idx_t row)
{
    parse_url(rows, row, true);
}
void hr_k_try_parse_url(struct hr_rows *rows, idx_t row)
{
    parse_url(rows, row, false);
}

/* broken UTF-8 as Java decodes it, or refused */
void hr_k_make_valid_utf8(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf out;
    hr_buf_init(&out, HR_FUNCTION_TEXT_MAX);
    hr_utf8_repair(text.bytes, text.len, &out);
    hr_out_buf(rows, row, &out);
    hr_buf_release(&out);
}

void hr_k_validate_utf8(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    if (hr_utf8_valid(text.bytes, text.len)) {
        hr_out_text(rows, row, text.bytes, text.len);
        return;
    }
    struct hr_err err;
    struct hr_buf shown;
    hr_buf_init(&shown, HR_BUF_GROWS);
    for (size_t i = 0; i < text.len; i++)
        hr_buf_addf(&shown, "\\x%02X", (unsigned char)text.bytes[i]);
    hr_fail_spark(&err, "INVALID_UTF8_STRING", "str", hr_buf_text(&shown), NULL);
    hr_buf_release(&shown);
    hr_kernel_fail(rows, &err);
}

/* quote: a literal of the text, its quotes escaped */
void hr_k_quote(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf out;
    hr_buf_init(&out, HR_FUNCTION_TEXT_MAX);
    hr_buf_addc(&out, '\'');
    for (size_t i = 0; i < text.len && hr_kernel_step(rows); i++) {
        if (text.bytes[i] == '\'')
            hr_buf_addc(&out, '\\');
        hr_buf_addc(&out, text.bytes[i]);
    }
    hr_buf_addc(&out, '\'');
    hr_out_buf(rows, row, &out);
    hr_buf_release(&out);
}

/* ---- sentences: an array of words for each sentence, as Java's BreakIterator splits plain text
 * ---- */

static size_t rune_at(struct hr_text text, size_t at, int32_t *rune)
{
    uint32_t point = 0xfffd;
    size_t len = hr_utf8_next(text.bytes + at, text.len - at, &point);
    *rune = (int32_t)point;
    return len ? len : 1;
}

static bool is_word_rune(int32_t rune)
{
    utf8proc_category_t c = utf8proc_category(rune);
    return c == UTF8PROC_CATEGORY_LU ||
           c == UTF8PROC_CATEGORY_LL ||
           c == UTF8PROC_CATEGORY_LT ||
           c == UTF8PROC_CATEGORY_LM ||
           c == UTF8PROC_CATEGORY_LO ||
           c == UTF8PROC_CATEGORY_ND ||
           c == UTF8PROC_CATEGORY_MN ||
           c == UTF8PROC_CATEGORY_MC;
}

/* the end of the word that begins at `at`; an apostrophe, point or comma between letters or digits
 * belongs to it */
static size_t word_end(struct hr_text text, size_t at)
{
    int32_t rune;
    size_t n;
    while (at < text.len &&
           (n = rune_at(text, at, &rune),
            is_word_rune(rune) || rune == '_' || rune == '\'' || rune == '.' || rune == ',')) {
        if (!is_word_rune(rune)) {
            int32_t next = 0;
            if (at + n >= text.len)
                break;
            rune_at(text, at + n, &next);
            if (!is_word_rune(next) || (rune == ',' && !(next >= '0' && next <= '9')))
                break;
        }
        at += n;
    }
    return at;
}

/* does a sentence end with the mark at `at`? After a point only when no small letter follows */
static bool sentence_ends(struct hr_text text, size_t at)
{
    char mark = text.bytes[at];
    if (mark != '.' && mark != '!' && mark != '?')
        return false;
    size_t next = at + 1;
    while (next < text.len && (text.bytes[next] == '.' ||
                               text.bytes[next] == '!' ||
                               text.bytes[next] == '?' ||
                               text.bytes[next] == '"' ||
                               text.bytes[next] == ')'))
        next++;
    bool spaces = next == text.len;
    for (; next < text.len && (text.bytes[next] == ' ' ||
                               text.bytes[next] == '\t' ||
                               text.bytes[next] == '\n' ||
                               text.bytes[next] == '\r');
         next++)
        spaces = true;
    int32_t rune = 0;
    if (next < text.len)
        rune_at(text, next, &rune);
    return spaces && !(mark == '.' && utf8proc_category(rune) == UTF8PROC_CATEGORY_LL);
}

void hr_k_sentences(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct list_out all = list_begin(rows, row), words;
    bool open = false;
    for (size_t at = 0; at < text.len && hr_kernel_step(rows);) {
        int32_t rune;
        size_t n = rune_at(text, at, &rune);
        if (!open && rune != ' ' && rune != '\n' && rune != '\t' && rune != '\r') {
            idx_t sentence = list_grow(&all);
            words = list_begin_in(rows, all.child, sentence);
            open = true;
        }
        if (is_word_rune(rune)) {
            size_t end = word_end(text, at);
            list_add(&words, text.bytes + at, end - at);
            at = end;
            continue;
        }
        if (open && sentence_ends(text, at)) {
            list_end(&words);
            open = false;
            while (at + 1 < text.len && (text.bytes[at + 1] == '.' ||
                                         text.bytes[at + 1] == '!' ||
                                         text.bytes[at + 1] == '?'))
                at++;
        }
        at += n;
    }
    if (open)
        list_end(&words);
    list_end(&all);
}

/* ---- base64 as Java's MIME has it: lines of 76 digits; what is no digit is passed over by the
 * reader ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_digit(unsigned char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (int)(at - base64_digits) : -1;
}

void hr_k_base64(struct hr_rows *rows, idx_t row)
{
    enum { BYTES_IN_LINE = 57 };
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    for (size_t at = 0; at < text.len && hr_kernel_step(rows); at += 3) {
        unsigned char three[3] = {0};
        size_t left = text.len - at, count = left < sizeof three ? left : sizeof three;
        memcpy(three, text.bytes + at, count);
        char four[] = {base64_digits[three[0] >> 2],
                       base64_digits[(three[0] & 3) << 4 | three[1] >> 4],
                       count > 1 ? base64_digits[(three[1] & 15) << 2 | three[2] >> 6] : '=',
                       count > 2 ? base64_digits[three[2] & 63] : '='};
        if (at && at % BYTES_IN_LINE == 0)
            hr_buf_adds(&out, "\r\n");
        hr_buf_add(&out, four, sizeof four);
    }
    hr_out_buf(rows, row, &out);
    hr_buf_release(&out);
}

static void bad_base64(struct hr_rows *rows, const char *message)
{
    struct hr_err err;
    hr_fail_spark(&err, "java.lang.IllegalArgumentException", "message", message, NULL);
    hr_kernel_fail(rows, &err);
}

void hr_k_unbase64(struct hr_rows *rows, idx_t row)
{
    struct hr_text text = hr_row_text(rows, 0, row);
    struct hr_buf out;
    uint32_t bits = 0;
    int count = 0; /* digits of the present four */
    size_t at = 0;
    hr_buf_init(&out, HR_BUF_GROWS);
    while (at < text.len && hr_kernel_step(rows)) {
        unsigned char c = (unsigned char)text.bytes[at++];
        int digit = base64_digit(c);
        if (c == '=') {
            bool ends = count == 3 ||
                        count == 1 ||
                        (count == 2 && at < text.len && text.bytes[at++] == '=');
            if (!ends) {
                hr_buf_release(&out);
                bad_base64(rows, "Input byte array has wrong 4-byte ending unit");
                return;
            }
            break;
        }
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        if (++count == 4) {
            hr_buf_add(&out, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3);
            bits = 0;
            count = 0;
        }
    }
    if (count == 2)
        hr_buf_addc(&out, (char)(bits >> 4));
    if (count == 3)
        hr_buf_add(&out, (char[]){(char)(bits >> 10), (char)(bits >> 2)}, 2);
    while (count != 1 && at < text.len && base64_digit((unsigned char)text.bytes[at]) < 0)
        at++;
    if (count == 1) {
        bad_base64(rows, "Last unit does not have enough valid bits");
    } else if (at < text.len) {
        char message[80];
        snprintf(message, sizeof message, "Input byte array has incorrect ending byte at %zu",
                 at + 1);
        bad_base64(rows, message);
    } else
        hr_out_buf(rows, row, &out);
    hr_buf_release(&out);
}
