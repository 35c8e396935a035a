/* What wire prints and parses, with each append failing once: signed texts, tokens, XML, heads,
 * frames. */
#include "wire/grpc.h"
#include "wire/http1.h"
#include "wire/sas.h"
#include "wire/sharedkey.h"
#include "wire/uri.h"
#include "wire/xml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../torture.h"

#define KEY "a2V5a2V5a2V5"
#define TEXT_MAX 8192

static struct hr_arena *arena;

/* what came out whole first is what comes out whole again */
struct outcome {
    bool known;
    char text[TEXT_MAX];
};

static enum hr_code same(struct outcome *outcome,
                         enum hr_code code,
                         const struct hr_err *err,
                         const char *text)
{
    if (code) {
        assert_int_not_equal(code, HR_E_INTERNAL);
        /* a signature is not another one for want of room */
        assert_int_not_equal(code, HR_E_DENIED);
        assert_true(*err->msg);
        return code;
    }
    assert_true(strlen(text) < sizeof outcome->text);
    if (outcome->known)
        assert_string_equal(text, outcome->text);
    strcpy(outcome->text, text);
    outcome->known = true;
    return HR_OK;
}

static enum hr_code finish(struct outcome *outcome,
                           enum hr_code code,
                           struct hr_buf *buf,
                           struct hr_err *err)
{
    const char *text = NULL;
    if (!code)
        code = hr_buf_take(buf, arena, "the text", &text, err);
    hr_buf_release(buf);
    return same(outcome, code, err, text);
}

static void torture(enum hr_code (*run)(void *arg), long least)
{
    struct outcome outcome = {0};
    assert_int_equal(run(&outcome), HR_OK);
    long refused = hr_torture(run, &outcome);
    print_message("%ld appends\n", refused);
    assert_true(refused >= least);
}

/* ---- signatures ---- */

static const struct hr_sharedkey_header fields[] = {
    {"x-ms-date", "Sun, 22 Nov 2026 15:00:00 GMT"},
    {"x-ms-version", "2021-04-10"},
    {"x-ms-meta-a", "b  c"},
    {"Content-Length", "3"},
    {"Content-Type", "text/plain"},
};
static const struct hr_sharedkey_request request = {
    "PUT", "acc", "/acc/box/a%20b", "comp=block&blockid=x&timeout=3", fields, HR_LEN(fields)};

static enum hr_code sharedkey_string(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    return finish(arg, hr_sharedkey_string(&request, false, true, &out, &err), &out, &err);
}

static enum hr_code sharedkey_authorize(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    return finish(arg, hr_sharedkey_authorize(&request, KEY, &out, &err), &out, &err);
}

static enum hr_code sharedkey_verify(void *arg)
{
    static struct hr_sharedkey_parsed parsed;
    struct hr_err err = {0};
    struct outcome *outcome = arg;
    if (!outcome->known) {
        struct hr_buf out;
        hr_buf_init(&out, TEXT_MAX);
        assert_int_equal(hr_sharedkey_authorize(&request, KEY, &out, NULL), HR_OK);
        assert_true(hr_sharedkey_parse(hr_buf_text(&out), &parsed));
        hr_buf_release(&out);
    }
    return same(outcome, hr_sharedkey_verify(&request, &parsed, KEY, &err), &err, "verified");
}

static const struct hr_sas service = {.sv = "2021-04-10",
                                      .sp = "rw",
                                      .st = "",
                                      .se = "2099-01-01T00:00:00Z",
                                      .sr = "b",
                                      .spr = "https",
                                      .sip = "",
                                      .sig = "",
                                      .ses = "",
                                      .si = "",
                                      .sdd = "",
                                      .snapshot = "",
                                      .rscc = "no cache",
                                      .rscd = "",
                                      .rsce = "",
                                      .rscl = "",
                                      .rsct = "a/b",
                                      .ss = "",
                                      .srt = ""};

static enum hr_code sas_string(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    return finish(arg, hr_sas_string(&service, "acc", "box", "a b", &out, &err), &out, &err);
}

static enum hr_code sas_make(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    return finish(arg, hr_sas_make(&service, "acc", "box", "a b", KEY, &out, &err), &out, &err);
}

static enum hr_code sas_verify(void *arg)
{
    static char token[TEXT_MAX];
    struct outcome *outcome = arg;
    struct hr_err err = {0};
    struct hr_query query;
    struct hr_sas sas;
    const char *azure;
    if (!outcome->known) {
        struct hr_buf out;
        hr_buf_init(&out, TEXT_MAX);
        assert_int_equal(hr_sas_make(&service, "acc", "box", "a b", KEY, &out, NULL), HR_OK);
        strcpy(token, hr_buf_text(&out));
        hr_buf_release(&out);
    }
    struct hr_sas_use use = {"acc", "box", "a b", "r", true, "127.0.0.1", 1800000000000};
    enum hr_code code = hr_query_parse(arena, token, &query, &err);
    if (!code)
        code = hr_sas_parse(&query, &sas, &err);
    if (!code)
        code = hr_sas_verify(&sas, &use, KEY, &azure, &err);
    return same(outcome, code, &err, "verified");
}

static void test_signatures(void **state)
{
    (void)state;
    torture(sharedkey_string, 20);
    torture(sharedkey_authorize, 3);
    torture(sharedkey_verify, 1);
    torture(sas_string, 10);
    torture(sas_make, 10);
    torture(sas_verify, 1);
}

/* ---- XML ---- */

static void print_tree(struct hr_buf *out, const struct hr_xml *node)
{
    for (; node; node = node->next) {
        hr_buf_addf(out, "(%s=%s", node->name, node->text);
        print_tree(out, node->child);
        hr_buf_addc(out, ')');
    }
}

static enum hr_code xml_parse(void *arg)
{
    static const char text[] =
        "<List a='1'><Blob><Name>a &amp; b</Name><Size>3</Size></Blob>tail<Blob><Name>c&#13;</Name></Blob></List>";
    struct hr_err err = {0};
    struct hr_xml *root;
    struct hr_buf out;
    enum hr_code code = hr_xml_parse(arena, text, strlen(text), &root, &err);
    hr_buf_init(&out, HR_BUF_GROWS);
    print_tree(&out, root);
    code = same(arg, code, &err, hr_buf_text(&out));
    hr_buf_release(&out);
    return code;
}

static enum hr_code xml_write(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    hr_xml_element(&out, "Name", "a & <b> \"c\"\r\n");
    return finish(arg, HR_OK, &out, &err);
}

static void test_xml(void **state)
{
    (void)state;
    torture(xml_parse, 5);
    torture(xml_write, 10);
}

/* ---- requests, responses, frames ---- */

static enum hr_code http1_read(void *arg)
{
    static const char input[] =
        "PUT /a%20b?c=d HTTP/1.1\r\nHost: h:1\r\nX-Ms-Meta-Aa: b\r\nContent-Length: 3\r\n\r\nabc";
    struct hr_http1 *parser = HR_NEW(arena, struct hr_http1);
    struct hr_err err = {0};
    char seen[1024] = "";
    const char *at = input;
    enum hr_code code = HR_OK;
    enum hr_http1_event event;
    hr_http1_init(parser);
    while ((event = hr_http1_next(parser, &at, input + sizeof input - 1)) != HR_HTTP1_MORE &&
           event != HR_HTTP1_BAD) {
        if (event == HR_HTTP1_HEAD)
            for (size_t i = 0; i < parser->headers.count; i++)
                snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s=%s;",
                         parser->headers.at[i].name, parser->headers.at[i].value);
        if (event == HR_HTTP1_HEAD)
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s %s %s:", parser->method,
                     parser->target, parser->authority);
        if (event == HR_HTTP1_DATA)
            snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.*s", (int)parser->data_len,
                     parser->data);
    }
    if (event == HR_HTTP1_BAD)
        code = hr_fail(&err, HR_E_LIMIT, "%d %s", parser->status, parser->reason);
    hr_http1_release(parser);
    return same(arg, code, &err, seen);
}

static enum hr_code http1_write(void *arg)
{
    struct hr_header headers[] = {{"content-type", "text/plain"}, {"x-ms-meta-a", "b"}};
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    hr_http1_write_head(&out, 200, &(struct hr_headers){headers, 2}, HR_HTTP1_CHUNKED, false);
    hr_http1_write_chunk_head(&out, 300);
    return finish(arg, HR_OK, &out, &err);
}

static enum hr_code grpc_read(void *arg)
{
    static const char input[] = "\0\0\0\0\3abc\0\0\0\0\0\0\0\0\0\2de";
    struct hr_grpc_reader reader;
    struct hr_err err = {0};
    char seen[64] = "";
    enum hr_code code = HR_OK;
    hr_grpc_reader_init(&reader, 100);
    for (size_t from = 0; from < sizeof input - 1 && !code; from++) {
        const char *at = input + from;
        const uint8_t *message = NULL;
        size_t len;
        do {
            code = hr_grpc_read(&reader, &at, input + from + 1, &message, &len, &err);
            if (!code && message)
                snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.*s;", (int)len,
                         message);
        } while (!code && message);
    }
    hr_grpc_reader_release(&reader);
    return same(arg, code, &err, seen);
}

static enum hr_code grpc_message(void *arg)
{
    struct hr_buf out;
    struct hr_err err = {0};
    hr_buf_init(&out, TEXT_MAX);
    hr_grpc_percent_encode(&out, "two\nlines, 100%, \xc3\xa9");
    return finish(arg, HR_OK, &out, &err);
}

static void test_wires(void **state)
{
    (void)state;
    torture(http1_read, 3);
    torture(http1_write, 3);
    torture(grpc_read, 3);
    torture(grpc_message, 10);
}

int main(void)
{
    arena = hr_arena_new(NULL);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signatures),
                                       cmocka_unit_test(test_xml), cmocka_unit_test(test_wires)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hr_arena_free(arena);
    return failed;
}
