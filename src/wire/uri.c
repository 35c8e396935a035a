#include "wire/uri.h"
#include "base/hex.h"
#include "base/limits.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void hr_uri_encode(struct hr_buf *out, const char *text, const char *keep)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (unreserved(c) || strchr(keep, c))
            hr_buf_addc(out, (char)c);
        else
            hr_buf_addf(out, "%%%02X", c);
    }
}

bool hr_uri_decode(struct hr_buf *out, const char *text, size_t len, char plus)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            hr_buf_addc(out, text[i] == '+' ? plus : text[i]);
            continue;
        }
        int high = i + 2 < len ? hr_hex_digit(text[i + 1]) : -1;
        int low = high < 0 ? -1 : hr_hex_digit(text[i + 2]);
        if (low < 0)
            return false;
        hr_buf_addc(out, (char)(high << 4 | low));
        i += 2;
    }
    return hr_buf_ok(out);
}

static char *decode_text(struct hr_arena *arena, const char *text, size_t len, char plus)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    char *decoded = NULL;
    if (hr_uri_decode(&out, text, len, plus) && !memchr(hr_buf_text(&out), 0, hr_buf_len(&out)))
        decoded = hr_strndup(arena, hr_buf_text(&out), hr_buf_len(&out));
    hr_buf_release(&out);
    return decoded;
}

char *hr_uri_decode_text(struct hr_arena *arena, const char *text, size_t len)
{
    return decode_text(arena, text, len, '+');
}

char *hr_uri_decode_form(struct hr_arena *arena, const char *text, size_t len)
{
    return decode_text(arena, text, len, ' ');
}

enum hr_code hr_query_parse(struct hr_arena *arena,
                            const char *text,
                            struct hr_query *query,
                            struct hr_err *err)
{
    size_t count = 1;
    for (const char *p = text; *p; p++)
        count += *p == '&';
    if (count > HR_HTTP_HEADER_COUNT_MAX)
        return hr_fail(err, HR_E_LIMIT, "the query has %zu parameters, more than %d", count,
                       HR_HTTP_HEADER_COUNT_MAX);
    *query = (struct hr_query){HR_NEW_ARRAY(arena, struct hr_query_param, count), 0};
    while (*text) {
        size_t len = strcspn(text, "&");
        const char *equals = memchr(text, '=', len);
        size_t name_len = equals ? (size_t)(equals - text) : len;
        if (name_len) {
            struct hr_query_param *param = &query->at[query->count++];
            param->name = hr_uri_decode_form(arena, text, name_len);
            param->value = equals ? hr_uri_decode_form(arena, equals + 1, len - name_len - 1) : "";
            if (!param->name || !param->value)
                return hr_fail(err, HR_E_INVALID,
                               "the query parameter '%.*s' is not properly percent-encoded",
                               (int)name_len, text);
        }
        text += len + (text[len] == '&');
    }
    return HR_OK;
}

const char *hr_query_get(const struct hr_query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (!strcasecmp(query->at[i].name, name))
            return query->at[i].value;
    return NULL;
}
