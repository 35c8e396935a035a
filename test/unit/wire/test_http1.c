#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "wire/http1.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* what the parser says about a stream, as text: "GET /x auth body;" for each request, "!400" when
 * it is refused */
static void run(const char *input, size_t len, size_t step, char *out, size_t size)
{
    struct hr_http1 *parser = malloc(sizeof *parser);
    hr_http1_init(parser);
    *out = 0;
    for (size_t from = 0; from < len; from += step) {
        size_t part = len - from < step ? len - from : step;
        /* its own block, so that a sanitizer sees a read past it */
        char *copy = malloc(part);
        memcpy(copy, input + from, part);
        const char *at = copy;
        for (;;) {
            enum hr_http1_event event = hr_http1_next(parser, &at, copy + part);
            size_t used = strlen(out);
            if (event == HR_HTTP1_HEAD)
                snprintf(out + used, size - used, "%s %s %s%s ", parser->method, parser->target,
                         parser->authority, parser->keep_alive ? "" : " close");
            else if (event == HR_HTTP1_DATA)
                snprintf(out + used, size - used, "%.*s", (int)parser->data_len, parser->data);
            else if (event == HR_HTTP1_END)
                snprintf(out + used, size - used, ";");
            else if (event == HR_HTTP1_BAD)
                snprintf(out + used, size - used, "!%d", parser->status);
            if (event == HR_HTTP1_MORE || event == HR_HTTP1_BAD)
                break;
        }
        free(copy);
        if (strchr(out, '!'))
            break;
    }
    hr_http1_release(parser);
    free(parser);
}

static void expect(const char *input, const char *wanted)
{
    static const size_t steps[] = {1, 2, 3, 7, 16, 1 << 20};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        char out[4096];
        run(input, strlen(input), steps[i], out, sizeof out);
        assert_string_equal(out, wanted);
    }
}

static void requests_are_read(void **state)
{
    (void)state;
    expect("GET /x?a=%20 HTTP/1.1\r\nHost: h:1\r\n\r\n", "GET /x?a=%20 h:1 ;");
    expect("\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /  ;");
    expect(
        "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /y HTTP/1.1\r\nhost: h\r\nConnection: foo, Close\r\n\r\n",
        "PUT /x h abc;GET /y h close ;");
    expect(
        "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0a;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: v\r\n\r\n"
        "GET / HTTP/1.0\r\n\r\n",
        "POST /x h abc0123456789;GET /  close ;");
    expect("GET http://h:80/p?q HTTP/1.1\r\nHost: other\r\n\r\n", "GET /p?q h:80 ;");
    expect("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET /?q h ;");
    expect("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "GET / h ;");
    expect("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * h ;");
    expect("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /  ;");
}

static void what_two_parties_could_read_differently_is_refused(void **state)
{
    static const struct {
        const char *input, *wanted;
    } rows[] = {
        {"GET / HTTP/1.1\nHost: h\n\n", "!400"},
        {"GET / HTTP/1.1\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "!400"},
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "!400"},
        {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "!400"},
        {"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", "!400"},
        {"GET x HTTP/1.1\r\nHost: h\r\n\r\n", "!400"},
        {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", "!400"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "!505"},
        {"GET / HTTX/1.1\r\nHost: h\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", "!400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: b\x7f\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999999\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "!501"},
        {"P / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", "!501"},
        {"P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "!400"},
        {"P / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "!417"},
        {"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "!501"},
        {"\x16\x03\x01\x02", "!400"},
        {"hello there\r\n", "!400"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].input, rows[i].wanted);
}

static void bad_chunks_are_refused(void **state)
{
    static const char *const bodies[] = {"\r\n",      "g\r\n",
                                         "-1\r\n",    " 3\r\n",
                                         "3 \r\n",    "3\nabc",
                                         "3\r\nabcd", "3\r\nabc\n",
                                         "0x3\r\n",   "1234567890abcdef\r\n",
                                         "0\r\n\n",   "0\r\n x: y\r\n\r\n",
                                         "3;\x01\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char input[256], out[256];
        snprintf(input, sizeof input,
                 "P / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%s", bodies[i]);
        for (size_t step = 1; step < 40; step += 3) {
            run(input, strlen(input), step, out, sizeof out);
            assert_non_null(strstr(out, "!400"));
        }
    }
}

static void limits_hold(void **state)
{
    (void)state;
    size_t size = HR_HTTP_HEADER_BYTES_MAX + 100;
    char *input = malloc(size + 1), out[256];
    memset(input, 'a', size);
    memcpy(input, "GET /", 5);
    run(input, size, 1000, out, sizeof out);
    assert_string_equal(out, "!431");
    size_t used = (size_t)sprintf(input, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < HR_HTTP_HEADER_COUNT_MAX; i++)
        used += (size_t)sprintf(input + used, "a%d: b\r\n", i);
    used += (size_t)sprintf(input + used, "\r\n");
    run(input, used, 1 << 20, out, sizeof out);
    assert_string_equal(out, "!431");
    free(input);
}

static void a_value_cannot_start_a_line_of_a_response(void **state)
{
    (void)state;
    struct hr_buf out;
    hr_buf_init(&out, 4096);
    struct hr_header fields[] = {{"location", "/x\r\nSet-Cookie: y"}, {"connection", "upgrade"}};
    hr_http1_write_head(&out, 302, &(struct hr_headers){fields, 2}, HR_HTTP1_CHUNKED, true);
    assert_string_equal(
        hr_buf_text(&out),
        "HTTP/1.1 302 Found\r\nlocation: /x  Set-Cookie: y\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n");
    hr_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(what_two_parties_could_read_differently_is_refused),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_value_cannot_start_a_line_of_a_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
