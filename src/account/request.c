#include "account/request.h"
#include "account/tree_meta.h"
#include "account/crc64.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/base64.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_CHUNK (1u << 20) /* of a download; HR_HTTP_HIGH_MARK bounds how many are under way */
#define SMALL_BODY_MAX (16 << 20)

const char *hr_account_header(const struct request *request, const char *name)
{
    return hr_header_get(&request->http->headers, name);
}

const char *hr_account_param(const struct request *request, const char *name)
{
    return hr_query_get(&request->query, name);
}

void hr_account_reply_header(struct request *request, const char *name, const char *value)
{
    if (!value)
        return;
    HR_CHECK(request->header_count < HR_LEN(request->headers));
    /* what a client stored as metadata must not become another header of ours */
    char *copy = hr_strdup(request->arena, value);
    for (char *c = copy; *c; c++)
        *c = *c == '\r' || *c == '\n' ? ' ' : *c;
    request->headers[request->header_count++] =
        (struct hr_header){hr_strdup(request->arena, name), copy};
}

/* ---- life ---- */

/* the exchange's own copy goes with it; a worker may still look */
static const struct hr_request *copy_http(struct hr_arena *arena, const struct hr_request *from)
{
    struct hr_request *to = HR_NEW(arena, struct hr_request);
    *to = *from;
    to->method = hr_strdup(arena, from->method);
    to->authority = hr_strdup(arena, from->authority);
    to->target = hr_strdup(arena, from->target);
    to->path = hr_strdup(arena, from->path);
    to->query = hr_strdup(arena, from->query);
    to->headers.at = HR_NEW_ARRAY(arena, struct hr_header, from->headers.count + 1);
    for (size_t i = 0; i < from->headers.count; i++)
        to->headers.at[i] = (struct hr_header){hr_strdup(arena, from->headers.at[i].name),
                                               hr_strdup(arena, from->headers.at[i].value),
                                               hr_strdup(arena, from->headers.at[i].sent)};
    return to;
}

static struct request *request_new(struct account *account, struct hr_exchange *exchange)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct request *request = HR_NEW(arena, struct request);
    *request = (struct request){.account = account,
                                .exchange = exchange,
                                .arena = arena,
                                .container = "",
                                .name = "",
                                .fd = -1,
                                .temp.fd = -1};
    request->http = copy_http(arena, hr_exchange_request(exchange));
    request->method = request->http->method;
    request->head = !strcmp(request->method, "HEAD");
    hr_uuid_new(request->id);
    hr_buf_init(&request->body, SMALL_BODY_MAX);
    hr_buf_init(&request->out, 64 << 20);
    hr_exchange_set_user(exchange, request);
    return request;
}

static void request_free(struct request *request)
{
    hr_tree_temp_drop(&request->temp);
    if (request->fd >= 0)
        close(request->fd);
    EVP_MD_CTX_free(request->md5);
    hr_buf_release(&request->body);
    hr_buf_release(&request->out);
    hr_arena_free(request->arena);
}

/* ---- the answer ---- */

static void add_common(struct request *request)
{
    char date[32];
    const char *version = hr_account_header(request, "x-ms-version");
    hr_clock_rfc1123(hr_clock_ms(), date);
    hr_account_reply_header(request, "server", "headrace-account");
    hr_account_reply_header(request, "date", date);
    hr_account_reply_header(request, "x-ms-request-id", request->id);
    hr_account_reply_header(request, "x-ms-client-request-id",
                            hr_account_header(request, "x-ms-client-request-id"));
    hr_account_reply_header(request, "x-ms-version", version ? version : "2021-12-02");
    /* a refused HEAD has no body to describe: clients that see a type and a length there read one
     */
    if (!request->head || request->status < 300)
        hr_account_reply_header(request, "content-type", request->content_type);
}

static void send_file(struct request *request)
{
    while (request->left && hr_exchange_queued(request->exchange) < HR_HTTP_HIGH_MARK) {
        size_t len = request->left < (int64_t)FILE_CHUNK ? (size_t)request->left : FILE_CHUNK;
        char *bytes = malloc(len);
        ssize_t n = bytes ? pread(request->fd, bytes, len, request->offset) : -1;
        if (n <= 0) {
            /* cut short under us by somebody who edits the file: the client sees a broken answer,
             * never a wrong whole one */
            hr_log(HR_LOG_WARN, "blob_cut_short", "name", request->name, NULL);
            free(bytes);
            request->left = 0;
            hr_exchange_abort(request->exchange);
            return;
        }
        request->offset += n;
        request->left -= n;
        atomic_fetch_add(&request->account->bytes_out, (uint64_t)n);
        hr_exchange_write(request->exchange, (struct hr_bytes){bytes, (size_t)n, free, bytes});
    }
    if (!request->left)
        hr_exchange_finish(request->exchange, NULL);
}

static void answer(struct request *request)
{
    char length[24];
    bool file = request->fd >= 0;
    if (!hr_buf_ok(&request->out)) { /* no answer is better than an empty one */
        hr_buf_release(&request->out);
        hr_account_error(request, "InternalError");
    }
    add_common(request);
    /* a HEAD that describes a blob has set the blob's own length */
    if (request->status != 304 &&
        !hr_header_get(&(struct hr_headers){request->headers, request->header_count},
                       "content-length")) {
        long long len = file ? (long long)request->left : (long long)hr_buf_len(&request->out);
        snprintf(length, sizeof length, "%lld", request->head && request->status >= 300 ? 0 : len);
        hr_account_reply_header(request, "content-length", length);
    }
    struct hr_headers headers = {request->headers, request->header_count};
    hr_exchange_start(request->exchange, request->status, &headers);
    if (file && !request->head) {
        send_file(request);
        return;
    }
    if (hr_buf_len(&request->out) && !request->head) {
        atomic_fetch_add(&request->account->bytes_out, hr_buf_len(&request->out));
        hr_exchange_write(
            request->exchange,
            (struct hr_bytes){hr_buf_text(&request->out), hr_buf_len(&request->out), NULL, NULL});
    }
    hr_exchange_finish(request->exchange, NULL);
}

static void refuse(struct request *request, const char *code)
{
    request->refused = true;
    hr_account_error(request, code);
    answer(request);
}

/* ---- the work ---- */

static void worked(void *arg)
{
    struct request *request = arg;
    request->working = false;
    if (!request->exchange) {
        request_free(request);
        return;
    }
    answer(request);
}

static const char *check_crc64(struct request *request)
{
    const char *given = hr_account_header(request, "x-ms-content-crc64");
    char text[HR_CRC64_TEXT];
    if (!given)
        return NULL;
    hr_crc64_text(request->crc64, text);
    if (strcmp(given, text))
        return "Crc64Mismatch";
    hr_account_reply_header(request, "x-ms-content-crc64", text);
    return NULL;
}

static const char *check_md5(struct request *request)
{
    const char *given = hr_account_header(request, "content-md5");
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[HR_BASE64_SIZE(EVP_MAX_MD_SIZE)];
    unsigned len = 0;
    if (!request->md5)
        return NULL;
    EVP_DigestFinal_ex(request->md5, digest, &len);
    hr_base64_encode(digest, len, text);
    request->body_md5 = hr_strdup(request->arena, text);
    if (given && strlen(given) != 24)
        return "InvalidMd5";
    return given && strcmp(given, text) ? "Md5Mismatch" : NULL;
}

static void work(void *arg)
{
    struct request *request = arg;
    const char *code = check_md5(request);
    if (!code)
        code = check_crc64(request);
    if (!code)
        code = request->operation->run(request);
    if (code)
        hr_account_error(request, code);
    hr_loop_post(request->account->loop, worked, request);
}

static void start_work(struct request *request)
{
    struct account *account = request->account;
    request->working = true;
    hr_thread_post(account->workers[account->next_worker++ % HR_ACCOUNT_WORKERS], work, request);
}

/* ---- the exchange's events ---- */

static const char *begin_body(struct request *request)
{
    const struct operation *operation = request->operation;
    const char *length = hr_account_header(request, "content-length");
    request->body_max = operation->body == BODY_SMALL ? SMALL_BODY_MAX : operation->body_max;
    if (length && atoll(length) > request->body_max && operation->body != BODY_NONE)
        return hr_account_refuse(request, "RequestBodyTooLarge", "%s bytes, at most %lld.", length,
                                 (long long)request->body_max);
    if (operation->body == BODY_NONE)
        return NULL;
    request->md5 = EVP_MD_CTX_new();
    EVP_DigestInit_ex(request->md5, EVP_md5(), NULL);
    if (operation->body != BODY_STREAM)
        return NULL;
    return hr_tree_temp_new(&request->account->tree, &request->temp);
}

static void on_request(struct hr_exchange *exchange, void *arg)
{
    struct account *account = arg;
    struct request *request = request_new(account, exchange);
    atomic_fetch_add(&account->requests, 1);
    const char *code = hr_account_route(request);
    if (request->operation)
        atomic_fetch_add(&account->counts[request->operation - account->operations], 1);
    if (!code)
        code = hr_account_authorize(request);
    if (!code && !request->operation->run)
        code = hr_account_refuse(request, "NotImplemented", "This account does not have '%s'.",
                                 request->operation->name);
    if (!code)
        code = begin_body(request);
    if (code)
        refuse(request, code);
}

static void on_data(struct hr_exchange *exchange, const void *bytes, size_t len)
{
    struct request *request = hr_exchange_user(exchange);
    if (request->refused)
        return;
    request->received += (int64_t)len;
    atomic_fetch_add(&request->account->bytes_in, len);
    if (request->operation->body == BODY_NONE)
        return;
    if (request->received > request->body_max) {
        refuse(request, "RequestBodyTooLarge");
        return;
    }
    EVP_DigestUpdate(request->md5, bytes, len);
    if (hr_account_header(request, "x-ms-content-crc64"))
        request->crc64 = hr_crc64(request->crc64, bytes, len);
    if (request->operation->body == BODY_SMALL) {
        if (!hr_buf_add(&request->body, bytes, len))
            refuse(request, "InternalError");
    } else {
        for (size_t done = 0; done < len;) {
            ssize_t n = write(request->temp.fd, (const char *)bytes + done, len - done);
            if (n < 0 && errno != EINTR) {
                refuse(request, hr_tree_errno(errno, "InternalError"));
                return;
            }
            done += n > 0 ? (size_t)n : 0;
        }
    }
}

static void on_end(struct hr_exchange *exchange)
{
    struct request *request = hr_exchange_user(exchange);
    if (!request->refused)
        start_work(request);
}

static void on_writable(struct hr_exchange *exchange)
{
    struct request *request = hr_exchange_user(exchange);
    if (request->fd >= 0 && request->left && !request->head)
        send_file(request);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct request *request = hr_exchange_user(exchange);
    (void)finished;
    if (!request)
        return;
    request->exchange = NULL;
    if (!request->working)
        request_free(request);
}

const struct hr_exchange_handler hr_account_handler = {on_request, on_data, on_end, on_writable,
                                                       on_closed};
