#include "daemon/studio/studio.h"
#include "base/check.h"
#include "daemon/studio/files.h"
#include <string.h>
#include <strings.h>

#define ROOT "/studio"

/* nothing inline and nothing from elsewhere; data: pictures are what statements draw */
#define POLICY                                                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; " \
    "frame-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static bool below_root(const char *path)
{
    size_t len = strlen(ROOT);
    return !strncmp(path, ROOT, len) && (!path[len] || path[len] == '/');
}

static bool wants_html(const struct hr_request *request)
{
    const char *accept = hr_header_get(&request->headers, "accept");
    return accept && strstr(accept, "text/html");
}

bool hr_studio_wants(const struct hr_request *request)
{
    return below_root(request->path) || (!strcmp(request->path, "/") && wants_html(request));
}

static const struct hr_studio_file *find(const char *path)
{
    for (size_t i = 0; i < hr_studio_file_count; i++)
        if (!strcmp(hr_studio_files[i].path, path))
            return &hr_studio_files[i];
    return NULL;
}

static void redirect(struct hr_exchange *exchange, const struct hr_request *request)
{
    const char *to = hr_printf(hr_exchange_arena(exchange), ROOT "/%s%s",
                               request->query[0] ? "?" : "", request->query);
    struct hr_header headers[] = {{"location", to}, {"cache-control", "no-store"}};
    hr_exchange_reply_headers(exchange, 302, &(struct hr_headers){headers, HR_LEN(headers)}, "", 0);
}

static void refuse(struct hr_exchange *exchange, int status, const char *why)
{
    struct hr_header headers[] = {{"content-type", "text/plain; charset=utf-8"},
                                  {"cache-control", "no-store"},
                                  {"x-content-type-options", "nosniff"},
                                  {"allow", "GET, HEAD"}};
    size_t count = HR_LEN(headers) - (status != 405);
    hr_exchange_reply_headers(exchange, status, &(struct hr_headers){headers, count}, why,
                              strlen(why));
}

/* does a comma separated header hold the word (a coding refused with q=0 does not occur in
 * browsers, and is taken for refused) */
static bool holds(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += len) {
        bool begins = at == list || strchr(", \t", at[-1]);
        const char *rest = at + len + strspn(at + len, " \t");
        if (begins && (!*rest || *rest == ',' || (*rest == ';' && !strstr(rest, "q=0"))))
            return true;
    }
    return false;
}

static void serve(struct hr_exchange *exchange,
                  const struct hr_request *request,
                  const struct hr_studio_file *file)
{
    /* an asset's name is the hash of its content: it never changes; the page names them, and is
     * asked for again each time */
    bool asset = !strncmp(file->path, "assets/", 7), html = !strcmp(file->path, "index.html");
    bool packed = file->gzip && holds(hr_header_get(&request->headers, "accept-encoding"), "gzip");
    struct hr_header headers[12] = {
        {"content-type", file->type},
        {"etag", file->etag},
        {"cache-control", asset ? "public, max-age=31536000, immutable" : "no-cache"},
        {"vary", "accept-encoding"},
        {"x-content-type-options", "nosniff"},
        {"referrer-policy", "no-referrer"},
        {"cross-origin-resource-policy", "same-origin"}};
    size_t count = 7;
    if (html) {
        headers[count++] = (struct hr_header){"content-security-policy", POLICY};
        headers[count++] = (struct hr_header){"x-frame-options", "DENY"};
        headers[count++] = (struct hr_header){"cross-origin-opener-policy", "same-origin"};
    } else if (!strcmp(file->type, "font/woff2") || !strncmp(file->type, "text/css", 8)) {
        /* the frames that show HTML outputs are of no origin: same-site would keep their style
         * sheet from them */
        headers[count - 1].value = "cross-origin";
    }
    if (packed)
        headers[count++] = (struct hr_header){"content-encoding", "gzip"};
    const char *known = hr_header_get(&request->headers, "if-none-match");
    if (known && strstr(known, file->etag))
        hr_exchange_reply_headers(exchange, 304, &(struct hr_headers){headers, count}, "", 0);
    else
        hr_exchange_reply_headers(exchange, 200, &(struct hr_headers){headers, count},
                                  packed ? file->gzip : file->data,
                                  packed ? file->gzip_len : file->len);
}

/* addresses of pages are the script's business: each gets index.html. What looks like a file is one
 * or is not there. */
void hr_studio_take(struct hr_exchange *exchange)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    if (strcmp(request->method, "GET") && strcmp(request->method, "HEAD"))
        return refuse(exchange, 405, "the studio's files are read with GET\n");
    if (!strcmp(request->path, "/") || !strcmp(request->path, ROOT))
        return redirect(exchange, request);
    const char *path = request->path + strlen(ROOT "/");
    const struct hr_studio_file *file = find(path);
    if (!file && strncmp(path, "assets/", 7))
        file = find("index.html");
    if (!file)
        return refuse(exchange, 404, "the studio has no such file: load the page again\n");
    serve(exchange, request, file);
}
