#include "wire/http1.h"
#include "base/check.h"
#include "base/hex.h"
#include <string.h>
#include <strings.h>

enum state { HEAD, BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILERS, ENDED, BROKEN };

#define METHOD_MAX 32
#define CHUNK_LINE_MAX 256
#define GO_ON ((enum hr_http1_event) - 1) /* the state changed and there is nothing to tell */

const char *hr_header_get(const struct hr_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (!strcmp(headers->at[i].name, name))
            return headers->at[i].value;
    return NULL;
}

void hr_http1_init(struct hr_http1 *parser)
{
    memset(parser, 0, sizeof *parser);
    hr_buf_init(&parser->head, HR_HTTP_HEADER_BYTES_MAX);
    hr_buf_init(&parser->spelled, HR_HTTP_HEADER_BYTES_MAX);
}

void hr_http1_release(struct hr_http1 *parser)
{
    hr_buf_release(&parser->head);
    hr_buf_release(&parser->spelled);
}

static enum hr_http1_event bad(struct hr_http1 *parser, int status, const char *reason)
{
    parser->state = BROKEN;
    parser->status = status;
    parser->reason = reason;
    return HR_HTTP1_BAD;
}

static enum hr_http1_event go(struct hr_http1 *parser, int state)
{
    parser->state = state;
    parser->cr = parser->extension = false;
    parser->line = parser->count = 0;
    return GO_ON;
}

/* RFC 9110 5.6.2 */
static bool is_token(unsigned char c)
{
    return (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool all_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!is_token((unsigned char)*text))
            return false;
    return true;
}

/* splits "GET /path HTTP/1.1" in place */
static enum hr_http1_event request_line(struct hr_http1 *parser, char *line)
{
    char *target = strchr(line, ' '), *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version)
        return bad(parser, 400, "not a request line");
    *target++ = 0;
    *version++ = 0;
    if (!all_token(line) || strlen(line) > METHOD_MAX)
        return bad(parser, 400, "not a method");
    for (const char *at = target; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 127 || *at == '#')
            return bad(parser, 400, "the target has a character that must be percent-encoded");
    if (strlen(version) != 8 || strncmp(version, "HTTP/", 5) || version[6] != '.')
        return bad(parser, 400, "not a request line");
    if (version[5] != '1' || (version[7] != '0' && version[7] != '1'))
        return bad(parser, 505, "HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here");
    parser->minor = version[7] - '0';
    parser->method = line;
    parser->target = target;
    return HR_HTTP1_MORE;
}

/* absolute form (RFC 9112 3.2.2) becomes origin form, and its authority wins over Host */
static enum hr_http1_event settle_target(struct hr_http1 *parser)
{
    char *target = (char *)parser->target;
    if (*target == '/' || (!strcmp(target, "*") && !strcmp(parser->method, "OPTIONS")))
        return HR_HTTP1_MORE;
    size_t scheme = !strncasecmp(target, "http://", 7)    ? 7
                    : !strncasecmp(target, "https://", 8) ? 8
                                                          : 0;
    if (!scheme)
        return bad(parser, 400, "the target is not a path");
    char *authority = target + scheme;
    size_t len = strcspn(authority, "/?");
    if (!len)
        return bad(parser, 400, "the target names no host");
    memmove(target, authority, len); /* over the scheme, so that there is room for the NUL */
    bool path = authority[len] == '/';
    /* an empty path with a query: "/" stands where the scheme was */
    if (authority[len] == '?')
        authority[len - 1] = '/', parser->target = authority + len - 1;
    else
        parser->target = path ? authority + len : "/";
    target[len] = 0;
    parser->authority = target;
    return HR_HTTP1_MORE;
}

static enum hr_http1_event field_line(struct hr_http1 *parser, char *line, struct hr_header *out)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return bad(parser, 400, "a header line without a colon");
    *colon = 0;
    if (!all_token(line))
        return bad(parser, 400, "not a header name");
    for (char *at = line; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at += 'a' - 'A';
    char *value = colon + 1 + strspn(colon + 1, " \t"), *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = 0;
    for (const char *at = value; *at; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 127)
            return bad(parser, 400, "a control character in a header");
    char *sent = hr_buf_bytes(&parser->spelled) + (line - hr_buf_text(&parser->head));
    sent[strlen(line)] = 0;
    *out = (struct hr_header){line, value, sent};
    return HR_HTTP1_MORE;
}

static bool parse_length(const char *text, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (!digits || text[digits] || digits > 18)
        return false;
    for (*out = 0; *text; text++)
        *out = *out * 10 + (uint64_t)(*text - '0');
    return true;
}

static bool has_word(const char *list, const char *word)
{
    for (;;) {
        list += strspn(list, " \t,");
        if (!*list)
            return false;
        size_t len = strcspn(list, " \t,");
        if (len == strlen(word) && !strncasecmp(list, word, len))
            return true;
        list += len;
    }
}

struct seen {
    int host, length, encoding;
};

static enum hr_http1_event note_field(struct hr_http1 *parser,
                                      const struct hr_header *field,
                                      struct seen *seen)
{
    if (!strcmp(field->name, "host")) {
        seen->host++;
        parser->authority = field->value;
    } else if (!strcmp(field->name, "content-length")) {
        seen->length++;
        if (!parse_length(field->value, &parser->content_length))
            return bad(parser, 400, "content-length is not a number");
    } else if (!strcmp(field->name, "transfer-encoding")) {
        seen->encoding++;
        parser->chunked = true;
        if (strcasecmp(field->value, "chunked"))
            return bad(parser, 501, "transfer-encoding is not chunked");
    } else if (!strcmp(field->name, "connection")) {
        if (has_word(field->value, "close"))
            parser->keep_alive = false;
        else if (has_word(field->value, "keep-alive") && parser->minor == 0)
            parser->keep_alive = true;
    } else if (!strcmp(field->name, "expect")) {
        if (strcasecmp(field->value, "100-continue"))
            return bad(parser, 417, "only 100-continue can be expected");
        parser->expect_continue = parser->minor == 1;
    }
    return HR_HTTP1_MORE;
}

static enum hr_http1_event judge(struct hr_http1 *parser, const struct seen *seen)
{
    if (seen->host > 1 || (!seen->host && parser->minor == 1))
        return bad(parser, 400, "one host header is required");
    if (seen->length > 1 ||
        seen->encoding > 1 ||
        (seen->length && seen->encoding) ||
        (seen->encoding && parser->minor == 0))
        return bad(parser, 400, "the length of the body is ambiguous");
    for (const char *at = parser->authority; *at; at++)
        if ((unsigned char)*at <= ' ' || strchr("/?#\\", *at))
            return bad(parser, 400, "not a host");
    if (!strcmp(parser->method, "CONNECT"))
        return bad(parser, 501, "not a proxy");
    return settle_target(parser);
}

static enum hr_http1_event parse_head(struct hr_http1 *parser)
{
    struct seen seen = {0};
    char *line = hr_buf_bytes(&parser->head);
    parser->authority = "";
    parser->headers = (struct hr_headers){parser->fields, 0};
    parser->keep_alive = parser->expect_continue = parser->chunked = false;
    parser->content_length = 0;
    if (memchr(line, 0, hr_buf_len(&parser->head)))
        return bad(parser, 400, "a zero byte in the head");
    hr_buf_clear(&parser->spelled);
    hr_buf_add(&parser->spelled, line, hr_buf_len(&parser->head));
    if (!hr_buf_ok(&parser->spelled))
        return bad(parser, 431, "the head is too large");
    for (bool first = true;; first = false) {
        char *end = strstr(line, "\r\n");
        if (end == line)
            break;
        *end = 0;
        if (strchr(line, '\r'))
            return bad(parser, 400, "a control character in the head");
        if (!first && parser->headers.count == HR_HTTP_HEADER_COUNT_MAX)
            return bad(parser, 431, "too many headers");
        struct hr_header *field = &parser->fields[parser->headers.count];
        if (first                           ? request_line(parser, line)
            : *line == ' ' || *line == '\t' ? bad(parser, 400, "a folded header line")
                                            : field_line(parser, line, field))
            return HR_HTTP1_BAD;
        if (first)
            parser->keep_alive = parser->minor == 1;
        else if (note_field(parser, field, &seen))
            return HR_HTTP1_BAD;
        else
            parser->headers.count++;
        line = end + 2;
    }
    if (judge(parser, &seen))
        return HR_HTTP1_BAD;
    go(parser, HEAD);
    parser->left = parser->content_length;
    parser->has_body = parser->chunked || parser->content_length;
    parser->state = parser->chunked ? CHUNK_SIZE : parser->left ? BODY : ENDED;
    return HR_HTTP1_HEAD;
}

/* takes input up to the end of a line; true when it is whole in head, from parser->line on */
static bool take_line(struct hr_http1 *parser, const char **at, const char *end)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    const char *stop = newline ? newline + 1 : end;
    hr_buf_add(&parser->head, *at, (size_t)(stop - *at));
    *at = stop;
    return newline != NULL;
}

static enum hr_http1_event read_head(struct hr_http1 *parser, const char **at, const char *end)
{
    while (*at < end) {
        bool whole = take_line(parser, at, end);
        if (!hr_buf_ok(&parser->head))
            return bad(parser, 431, "the head is too large");
        size_t len = hr_buf_len(&parser->head) - parser->line;
        if (!whole)
            break;
        if (len < 2 || hr_buf_text(&parser->head)[hr_buf_len(&parser->head) - 2] != '\r')
            return bad(parser, 400, "a line that does not end with CRLF");
        /* RFC 9112 2.2: empty lines before a request are ignored */
        if (len == 2 && parser->line == 0) {
            hr_buf_clear(&parser->head);
            continue;
        }
        if (!parser->line && !strstr(hr_buf_text(&parser->head), " HTTP/"))
            return bad(parser, 400, "not a request line");
        parser->line = hr_buf_len(&parser->head);
        if (len == 2)
            return parse_head(parser);
    }
    if (!parser->line &&
        hr_buf_len(&parser->head) &&
        !is_token((unsigned char)hr_buf_text(&parser->head)[0]) &&
        hr_buf_text(&parser->head)[0] != '\r')
        return bad(parser, 400,
                   "not a request line"); /* binary: no need to wait for a line's end */
    return HR_HTTP1_MORE;
}

static enum hr_http1_event read_data(struct hr_http1 *parser,
                                     const char **at,
                                     const char *end,
                                     int next)
{
    size_t len = (size_t)(end - *at);
    if (!len)
        return HR_HTTP1_MORE;
    if (len > parser->left)
        len = (size_t)parser->left;
    parser->data = *at;
    parser->data_len = len;
    *at += len;
    parser->left -= len;
    if (!parser->left)
        go(parser, next);
    return HR_HTTP1_DATA;
}

/* one byte at a time: the head buffer still holds the head, and these lines are short */
static enum hr_http1_event read_chunk_size(struct hr_http1 *parser,
                                           const char **at,
                                           const char *end)
{
    while (*at < end) {
        unsigned char c = (unsigned char)*(*at)++;
        int digit = hr_hex_digit((char)c);
        if (parser->cr && c != '\n')
            return bad(parser, 400, "a chunk size that does not end with CRLF");
        if (parser->cr)
            return go(parser, parser->left ? CHUNK_DATA : TRAILERS);
        if (c == '\r' && parser->count)
            parser->cr = true;
        else if (!parser->extension && digit >= 0 && parser->count < 15)
            parser->left = parser->left * 16 + (uint64_t)digit;
        else if (c == ';' && parser->count)
            parser->extension = true;
        else if (!parser->extension || c < ' ' || c == 127)
            return bad(parser, 400, "not a chunk size");
        if (++parser->count > CHUNK_LINE_MAX)
            return bad(parser, 400, "a chunk extension is too long");
    }
    return HR_HTTP1_MORE;
}

static enum hr_http1_event read_chunk_end(struct hr_http1 *parser, const char **at, const char *end)
{
    while (*at < end) {
        if (*(*at)++ != "\r\n"[parser->cr])
            return bad(parser, 400, "a chunk that is longer than its size");
        if (parser->cr)
            return go(parser, CHUNK_SIZE);
        parser->cr = true;
    }
    return HR_HTTP1_MORE;
}

/* trailers are read past: no handler here is defined by one */
static enum hr_http1_event read_trailers(struct hr_http1 *parser, const char **at, const char *end)
{
    while (*at < end) {
        unsigned char c = (unsigned char)*(*at)++;
        if (++parser->count > HR_HTTP_HEADER_BYTES_MAX)
            return bad(parser, 431, "the trailers are too large");
        if (parser->cr && c != '\n')
            return bad(parser, 400, "a line that does not end with CRLF");
        if (parser->cr && !parser->line)
            return go(parser, ENDED);
        if (parser->cr) {
            parser->cr = false;
            parser->line = 0;
        } else if (c == '\r') {
            parser->cr = true;
        } else if ((c < ' ' && c != '\t') || (!parser->line && !is_token(c))) {
            return bad(parser, 400, "not a trailer");
        } else {
            parser->line++;
        }
    }
    return HR_HTTP1_MORE;
}

enum hr_http1_event hr_http1_next(struct hr_http1 *parser, const char **at, const char *end)
{
    for (;;) {
        enum hr_http1_event event = HR_HTTP1_BAD;
        switch ((enum state)parser->state) {
        case HEAD:
            return read_head(parser, at, end);
        case BODY:
            return read_data(parser, at, end, ENDED);
        case CHUNK_SIZE:
            event = read_chunk_size(parser, at, end);
            break;
        case CHUNK_DATA:
            return read_data(parser, at, end, CHUNK_END);
        case CHUNK_END:
            event = read_chunk_end(parser, at, end);
            break;
        case TRAILERS:
            event = read_trailers(parser, at, end);
            break;
        case ENDED:
            go(parser, HEAD);
            parser->has_body = false;
            hr_buf_clear(&parser->head);
            return HR_HTTP1_END;
        case BROKEN:
            return HR_HTTP1_BAD;
        }
        if (event != GO_ON)
            return event;
    }
}

bool hr_http1_idle(const struct hr_http1 *parser)
{
    return parser->state == HEAD && hr_buf_ok(&parser->head) && !hr_buf_len(&parser->head);
}

static const struct {
    int status;
    const char *text;
} texts[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *http1_status_text(int status)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Status";
}

static void write_value(struct hr_buf *out, const char *value)
{
    for (; *value; value++)
        hr_buf_addc(out, ((unsigned char)*value < ' ' && *value != '\t') || *value == 127 ? ' '
                                                                                          : *value);
}

void hr_http1_write_head(struct hr_buf *out,
                         int status,
                         const struct hr_headers *headers,
                         enum hr_http1_framing framing,
                         bool keep_alive)
{
    hr_buf_addf(out, "HTTP/1.1 %d %s\r\n", status, http1_status_text(status));
    for (size_t i = 0; headers && i < headers->count; i++) {
        const struct hr_header *field = &headers->at[i];
        if (!strcasecmp(field->name, "connection") || !strcasecmp(field->name, "transfer-encoding"))
            continue;
        HR_CHECK(all_token(field->name)); /* names are ours */
        hr_buf_adds(out, field->name);
        hr_buf_adds(out, ": ");
        write_value(out, field->value);
        hr_buf_adds(out, "\r\n");
    }
    if (framing == HR_HTTP1_CHUNKED)
        hr_buf_adds(out, "transfer-encoding: chunked\r\n");
    hr_buf_adds(out, keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n");
}

void hr_http1_write_chunk_head(struct hr_buf *out, size_t len)
{
    hr_buf_addf(out, "%zx\r\n", len);
}
