/* HTTP/1.1 requests in, responses out: bytes only, no sockets.
 *
 * The parser is strict where leniency lets two parties read one stream differently (RFC 9112,
 * request smuggling): CRLF only, no folded lines, no blank before a colon, one Host, one
 * Content-Length of plain digits, Transfer-Encoding exactly `chunked` and never beside
 * Content-Length. After HR_HTTP1_BAD nothing more can be read: answer `status` and close.
 *
 * The caller feeds what arrived and takes events; input that was not consumed is offered again with
 * more behind it, or kept by the parser: *at says how far it went. A head is kept inside and valid
 * until hr_http1_next is called after HR_HTTP1_END. */
#ifndef HR_WIRE_HTTP1_H
#define HR_WIRE_HTTP1_H
#include "base/buf.h"
#include "base/limits.h"
#include "wire/header.h"

enum hr_http1_event {
    HR_HTTP1_MORE, /* all input is used */
    HR_HTTP1_HEAD, /* method, target, headers are set */
    HR_HTTP1_DATA, /* data, data_len: body bytes, inside the input */
    HR_HTTP1_END,  /* the request is complete; the next call begins another */
    HR_HTTP1_BAD,  /* status and reason are set */
};

struct hr_http1 {
    /* the head, between HEAD and END */
    /* target in origin form (or `*`); authority "" when there is none */
    const char *method, *target, *authority;
    struct hr_headers headers;
    int minor; /* HTTP/1.minor */
    bool keep_alive, expect_continue, chunked;
    uint64_t content_length; /* 0 when there is none */
    bool has_body;
    /* the event */
    const char *data;
    size_t data_len;
    int status;
    const char *reason;
    /* private */
    int state;
    struct hr_buf head;
    /* the head as it came: names keep their case there */
    struct hr_buf spelled;
    struct hr_header fields[HR_HTTP_HEADER_COUNT_MAX];
    uint64_t left; /* of the body or chunk */
    /* where the current line of the head began; or its length so far */
    size_t line;
    /* bytes of a chunk's size line, or of the trailers */
    size_t count;
    bool cr, extension; /* behind CR; behind ';' of a chunk's size line */
};

void hr_http1_init(struct hr_http1 *parser);
void hr_http1_release(struct hr_http1 *parser);
enum hr_http1_event hr_http1_next(struct hr_http1 *parser, const char **at, const char *end);
/* between requests, nothing of the next one seen */
bool hr_http1_idle(const struct hr_http1 *parser);

enum hr_http1_framing { HR_HTTP1_NO_BODY, HR_HTTP1_LENGTH, HR_HTTP1_CHUNKED, HR_HTTP1_UNTIL_CLOSE };
/* status line and headers. HR_HTTP1_LENGTH: a content-length is among the headers. `connection` and
 * `transfer-encoding` are written here and left out of the given headers; control characters in
 * values become blanks, so a value cannot start a new line */
void hr_http1_write_head(struct hr_buf *out,
                         int status,
                         const struct hr_headers *headers,
                         enum hr_http1_framing framing,
                         bool keep_alive);
void hr_http1_write_chunk_head(struct hr_buf *out, size_t len); /* then the bytes, then CRLF */
#endif
