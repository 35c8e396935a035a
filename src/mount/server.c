#include "mount/server.h"
#include "base/buf.h"
#include "io/file.h"
#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STARTING_WAITS \
    15 /* a server that has just started says 503 until its storage account is there */
#define STARTING_PAUSE_NS 200000000

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

static void keep(struct hr_mount_server *server, const char **slot, const char *text)
{
    if (!*slot || strcmp(*slot, text))
        *slot = hr_strdup(server->arena, text);
}

static enum hr_code read_home(struct hr_mount_server *server, struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    char *bytes;
    size_t len;
    const char *from_env = getenv("HEADRACE_TOKEN"),
               *path = hr_printf(scratch, "%s/run/endpoint.json", server->home);
    json_t *json = hr_file_read(scratch, path, 1 << 20, &bytes, &len, NULL)
                       ? NULL
                       : json_loadb(bytes, len, 0, NULL);
    if (*text_of(json, "https_url")) {
        keep(server, &server->url, text_of(json, "https_url"));
        keep(server, &server->ca_file, text_of(json, "ca_file"));
        keep(server, (const char **)&server->token.text,
             from_env && *from_env ? from_env : text_of(json, "token"));
    }
    json_decref(json);
    hr_arena_free(scratch);
    if (server->url)
        return HR_OK;
    return hr_fail(err, HR_E_UNAVAILABLE,
                   "no server runs on home \"%s\": it has no run/endpoint.json", server->home);
}

enum hr_code hr_mount_server_find(struct hr_mount_server *server,
                                  struct hr_arena *arena,
                                  const char *home,
                                  const char *url,
                                  const char *ca_file,
                                  struct hr_err *err)
{
    const char *token = getenv("HEADRACE_TOKEN");
    *server = (struct hr_mount_server){.arena = hr_arena_new(arena), .home = home};
    if (home)
        return read_home(server, err);
    if (!token || !*token)
        return hr_fail(err, HR_E_UNAUTHENTICATED, "HEADRACE_TOKEN is not set");
    server->url = hr_strdup(server->arena, url);
    server->ca_file = hr_strdup(server->arena, ca_file);
    server->token.text = hr_strdup(server->arena, token);
    return HR_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    return hr_buf_add(arg, bytes, size * count) ? size * count : 0;
}

static int on_progress(
    void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct hr_mount_server *server = arg;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return atomic_load(&server->stop);
}

static CURLcode perform(struct hr_mount_server *server,
                        const char *method,
                        const char *path,
                        struct hr_buf *reply,
                        long *status,
                        char *why)
{
    CURL *curl = curl_easy_init();
    struct hr_buf text;
    if (!curl)
        return CURLE_FAILED_INIT;
    hr_buf_init(&text, HR_BUF_GROWS);
    hr_buf_addf(&text, "authorization: Bearer %s", server->token.text);
    struct curl_slist *headers = curl_slist_append(NULL, hr_buf_text(&text));
    headers = curl_slist_append(headers, "content-type: application/json");
    hr_buf_clear(&text);
    hr_buf_addf(&text, "%s%s", server->url, path);
    curl_easy_setopt(curl, CURLOPT_URL, hr_buf_text(&text));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (!strcmp(method, "POST"))
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, server);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (server->ca_file && *server->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca_file);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    hr_buf_release(&text);
    return code;
}

static enum hr_code refused(const struct hr_mount_server *server,
                            const struct hr_buf *reply,
                            long status,
                            struct hr_err *err)
{
    json_t *json = json_loadb(hr_buf_text(reply), hr_buf_len(reply), 0, NULL),
           *error = json_object_get(json, "error");
    const char *message = text_of(error, "message");
    enum hr_code code = status == 401 || status == 403   ? HR_E_DENIED
                        : status == 404 || status == 410 ? HR_E_NOT_FOUND
                        : status == 409 || status == 412 ? HR_E_CHANGED
                        : status >= 500 || status == 429 ? HR_E_UNAVAILABLE
                                                         : HR_E_INVALID;
    if (*message)
        hr_fail(err, code, "%s", message);
    else
        hr_fail(err, code, "the server at \"%s\" answered with status %ld", server->url, status);
    json_decref(json);
    return code;
}

enum hr_code hr_mount_server_call(struct hr_mount_server *server,
                                  const char *method,
                                  const char *path,
                                  size_t max,
                                  char **bytes,
                                  size_t *len,
                                  struct hr_err *err)
{
    char why[CURL_ERROR_SIZE] = "";
    struct hr_buf reply;
    long status = 0;
    hr_buf_init(&reply, max);
    CURLcode curl = perform(server, method, path, &reply, &status, why);
    for (int waits = 0;
         !curl && status == 503 && waits < STARTING_WAITS && !atomic_load(&server->stop); waits++) {
        nanosleep(&(struct timespec){0, STARTING_PAUSE_NS}, NULL);
        hr_buf_clear(&reply);
        curl = perform(server, method, path, &reply, &status, why);
    }
    if ((curl == CURLE_COULDNT_CONNECT || status == 401) &&
        server->home &&
        !read_home(server, NULL)) {
        hr_buf_clear(&reply);
        curl = perform(server, method, path, &reply, &status, why);
    }
    enum hr_code code = HR_OK;
    if (!hr_buf_ok(&reply))
        code = hr_buf_check(
            &reply, hr_printf(server->arena, "the answer of \"%s%s\"", server->url, path), err);
    else if (curl)
        code = hr_fail(err, HR_E_UNAVAILABLE, "the server at \"%s\" does not answer: %s",
                       server->url, why[0] ? why : curl_easy_strerror(curl));
    else if (status / 100 != 2)
        code = refused(server, &reply, status, err);
    else
        *bytes = hr_buf_steal(&reply, len);
    hr_buf_release(&reply);
    return code;
}
