#include "wire/sharedkey.h"
#include "wire/base64.h"
#include "wire/uri.h"
#include "base/limits.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STRING_MAX (4 * HR_HTTP_HEADER_BYTES_MAX)
#define KEY_MAX 512

static const char *const signed_headers[] = {
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
};

static const char *header(const struct hr_sharedkey_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (!strcasecmp(request->headers[i].name, name))
            return request->headers[i].value;
    return "";
}

/* .NET's word order for the characters of header names: '-' has no weight at first; other signs,
 * digits, letters follow each other */
static int weight(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c + 32);
    if (c == '-')
        return 0;
    return c >= 'a' && c <= 'z' ? 512 + c : c >= '0' && c <= '9' ? 256 + c : (unsigned char)c;
}

static int compare_words(const char *a, const char *b)
{
    const char *a_start = a, *b_start = b;
    for (;; a++, b++) {
        while (*a == '-')
            a++;
        while (*b == '-')
            b++;
        if (!*a || !*b || weight(*a) != weight(*b))
            break;
    }
    if (*a || *b)
        return (*a ? weight(*a) : -1) - (*b ? weight(*b) : -1);
    for (; *a_start && *a_start == *b_start; a_start++, b_start++)
        ;
    return *a_start == *b_start ? 0 : *a_start == '-' ? 1 : -1;
}

static int by_words(const void *a, const void *b)
{
    return compare_words(((const struct hr_sharedkey_header *)a)->name,
                         ((const struct hr_sharedkey_header *)b)->name);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct hr_sharedkey_header *)a)->name,
                  ((const struct hr_sharedkey_header *)b)->name);
}

/* "name:value\n" with the value trimmed and its inner line folds made one blank */
static void add_header(struct hr_buf *out, const struct hr_sharedkey_header *header_at)
{
    hr_buf_adds(out, header_at->name);
    hr_buf_addc(out, ':');
    const char *value = header_at->value + strspn(header_at->value, " \t\r\n");
    size_t len = strlen(value);
    while (len && strchr(" \t\r\n", value[len - 1]))
        len--;
    hr_buf_add(out, value, len);
    hr_buf_addc(out, '\n');
}

static void add_ms_headers(const struct hr_sharedkey_request *request,
                           struct hr_arena *arena,
                           bool word_order,
                           struct hr_buf *out)
{
    struct hr_sharedkey_header *ours =
        HR_NEW_ARRAY(arena, struct hr_sharedkey_header, request->header_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (strncasecmp(request->headers[i].name, "x-ms-", 5))
            continue;
        char *name = hr_strdup(arena, request->headers[i].name);
        for (char *c = name; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        ours[count++] = (struct hr_sharedkey_header){name, request->headers[i].value};
    }
    qsort(ours, count, sizeof *ours, word_order ? by_words : by_bytes);
    for (size_t i = 0; i < count; i++)
        add_header(out, &ours[i]);
}

static int by_param(const void *a, const void *b)
{
    const struct hr_query_param *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->value, y->value);
}

/* each parameter on a line of its own, names in lower case and sorted, the values of one name
 * joined by commas */
static enum hr_code add_query(const char *text,
                              struct hr_arena *arena,
                              struct hr_buf *out,
                              struct hr_err *err)
{
    struct hr_query query;
    HR_TRY(hr_query_parse(arena, text, &query, err));
    for (size_t i = 0; i < query.count; i++)
        for (char *c = (char *)query.at[i].name; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    qsort(query.at, query.count, sizeof *query.at, by_param);
    for (size_t i = 0; i < query.count; i++) {
        if (i && !strcmp(query.at[i].name, query.at[i - 1].name))
            hr_buf_addf(out, ",%s", query.at[i].value);
        else
            hr_buf_addf(out, "\n%s:%s", query.at[i].name, query.at[i].value);
    }
    return HR_OK;
}

/* Lite signs of the query only comp */
static enum hr_code add_comp(const char *text,
                             struct hr_arena *arena,
                             struct hr_buf *out,
                             struct hr_err *err)
{
    struct hr_query query;
    HR_TRY(hr_query_parse(arena, text, &query, err));
    const char *comp = hr_query_get(&query, "comp");
    if (comp)
        hr_buf_addf(out, "?comp=%s", comp);
    return HR_OK;
}

static void add_standard(const struct hr_sharedkey_request *request, bool lite, struct hr_buf *out)
{
    hr_buf_addf(out, "%s\n", request->method);
    for (size_t i = 0; i < HR_LEN(signed_headers); i++) {
        const char *name = signed_headers[i], *value = header(request, name);
        if (lite &&
            strcmp(name, "content-md5") &&
            strcmp(name, "content-type") &&
            strcmp(name, "date"))
            continue;
        if (!strcmp(name, "content-length") && !strcmp(value, "0"))
            value = "";
        if (!strcmp(name, "date") && header(request, "x-ms-date")[0])
            value = "";
        hr_buf_addf(out, "%s\n", value);
    }
}

enum hr_code hr_sharedkey_string(const struct hr_sharedkey_request *request,
                                 bool lite,
                                 bool word_order,
                                 struct hr_buf *out,
                                 struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    add_standard(request, lite, out);
    add_ms_headers(request, arena, word_order, out);
    hr_buf_addf(out, "/%s%s", request->account, request->path);
    enum hr_code code = (lite ? add_comp : add_query)(request->query, arena, out, err);
    hr_arena_free(arena);
    if (!code && !hr_buf_ok(out))
        return hr_fail(err, HR_E_LIMIT, "the request's headers and query are too long to sign");
    return code;
}

/* 0: it is none */
static int decode_key(const char *key_base64, unsigned char key[KEY_MAX])
{
    size_t len = strlen(key_base64), bytes = 0;
    if (len % 4 || HR_BASE64_BYTES(len) > KEY_MAX)
        return 0;
    return hr_base64_decode_into(key_base64, len, key, &bytes) ? (int)bytes : 0;
}

bool hr_sharedkey_key_valid(const char *key_base64)
{
    unsigned char key[KEY_MAX];
    int bytes = decode_key(key_base64, key);
    OPENSSL_cleanse(key, sizeof key);
    return bytes > 0;
}

enum hr_code hr_sharedkey_hmac(const char *key_base64,
                               const char *text,
                               size_t len,
                               char out[HR_SHAREDKEY_SIGNATURE_SIZE],
                               struct hr_err *err)
{
    unsigned char key[KEY_MAX], mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    int key_len = decode_key(key_base64, key);
    if (key_len <= 0)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the account key is not base64");
    bool done = HMAC(EVP_sha256(), key, key_len, (const unsigned char *)text, len, mac, &mac_len);
    OPENSSL_cleanse(key, sizeof key);
    if (!done)
        return hr_fail(err, HR_E_INTERNAL, "cannot compute an HMAC");
    hr_base64_encode(mac, mac_len, out);
    return HR_OK;
}

enum hr_code hr_sharedkey_authorize(const struct hr_sharedkey_request *request,
                                    const char *key_base64,
                                    struct hr_buf *out,
                                    struct hr_err *err)
{
    struct hr_buf text;
    char signature[HR_SHAREDKEY_SIGNATURE_SIZE];
    hr_buf_init(&text, STRING_MAX);
    enum hr_code code = hr_sharedkey_string(request, false, true, &text, err);
    if (!code)
        code = hr_sharedkey_hmac(key_base64, hr_buf_text(&text), hr_buf_len(&text), signature, err);
    hr_buf_release(&text);
    if (!code)
        hr_buf_addf(out, "SharedKey %s:%s", request->account, signature);
    return code;
}

bool hr_sharedkey_parse(const char *authorization, struct hr_sharedkey_parsed *parsed)
{
    static const struct {
        const char *name;
        bool lite;
    } schemes[] = {{"SharedKey ", false}, {"SharedKeyLite ", true}};
    for (size_t i = 0; i < HR_LEN(schemes); i++) {
        size_t len = strlen(schemes[i].name);
        if (strncasecmp(authorization, schemes[i].name, len))
            continue;
        const char *account = authorization + len + strspn(authorization + len, " ");
        size_t account_len = strcspn(account, ":");
        if (!account_len || account_len >= sizeof parsed->account || account[account_len] != ':')
            return false;
        const char *signature = account + account_len + 1;
        if (!*signature || strlen(signature) >= sizeof parsed->signature)
            return false;
        *parsed = (struct hr_sharedkey_parsed){.lite = schemes[i].lite};
        memcpy(parsed->account, account, account_len);
        memcpy(parsed->signature, signature, strlen(signature));
        return true;
    }
    return false;
}

bool hr_sharedkey_equal(const char *a, const char *b)
{
    size_t len = strlen(a);
    return len == strlen(b) && !CRYPTO_memcmp(a, b, len);
}

enum hr_code hr_sharedkey_verify(const struct hr_sharedkey_request *request,
                                 const struct hr_sharedkey_parsed *parsed,
                                 const char *key_base64,
                                 struct hr_err *err)
{
    struct hr_buf text;
    char signature[HR_SHAREDKEY_SIGNATURE_SIZE];
    hr_buf_init(&text, STRING_MAX);
    enum hr_code code = HR_E_DENIED;
    for (int word_order = 1; word_order >= 0 && code == HR_E_DENIED; word_order--) {
        hr_buf_clear(&text);
        code = hr_sharedkey_string(request, parsed->lite, word_order, &text, err);
        if (!code)
            code = hr_sharedkey_hmac(key_base64, hr_buf_text(&text), hr_buf_len(&text), signature,
                                     err);
        if (!code && !hr_sharedkey_equal(signature, parsed->signature))
            code = HR_E_DENIED;
    }
    if (code == HR_E_DENIED)
        code = hr_fail(
            err, code,
            "The MAC signature found in the HTTP request '%s' is not the same as any computed signature. "
            "Server used following string to sign: '%s'.",
            parsed->signature, hr_buf_text(&text));
    hr_buf_release(&text);
    return code;
}
