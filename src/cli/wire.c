#include "cli/wire.h"
#include "base/buf.h"
#include "io/file.h"
#include <curl/curl.h>
#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX (64 * 1024 * 1024)

const char *hr_wire_home(struct hr_arena *arena, const char *home)
{
    const char *from_env = getenv("HEADRACE_HOME"), *user = getenv("HOME");
    if (home)
        return home;
    if (from_env && *from_env)
        return from_env;
    return hr_printf(arena, "%s/.headrace", user ? user : "");
}

static void forget(void *json)
{
    json_decref(json);
}

static enum hr_code read_endpoint(struct hr_wire *wire, struct hr_err *err)
{
    const char *path = hr_printf(wire->arena, "%s/run/endpoint.json", wire->home);
    char *text;
    size_t len;
    if (hr_file_read(wire->arena, path, 1 << 20, &text, &len, NULL)) {
        hr_fail(err, HR_E_NOT_FOUND, "no server runs on home \"%s\": there is no \"%s\"",
                wire->home, path);
        hr_fail_command(err, "headrace serve --home %s", wire->home);
        return HR_E_NOT_FOUND;
    }
    wire->endpoint = json_loadb(text, len, 0, NULL);
    hr_arena_on_free(wire->arena, forget, wire->endpoint);
    pid_t pid = (pid_t)json_integer_value(json_object_get(wire->endpoint, "pid"));
    if (!wire->endpoint || pid <= 0)
        return hr_fail(err, HR_E_INVALID, "\"%s\" cannot be read", path);
    if (kill(pid, 0) && errno == ESRCH) {
        hr_fail(err, HR_E_UNAVAILABLE,
                "the server on home \"%s\" has ended without saying so (process %d is gone)",
                wire->home, (int)pid);
        hr_fail_command(err, "headrace serve --home %s", wire->home);
        return HR_E_UNAVAILABLE;
    }
    return HR_OK;
}

enum hr_code hr_wire_find(struct hr_arena *arena,
                          const char *home,
                          struct hr_wire *wire,
                          struct hr_err *err)
{
    const char *url = getenv("HEADRACE_URL"), *token = getenv("HEADRACE_TOKEN"),
               *ca = getenv("HEADRACE_CA_FILE");
    *wire = (struct hr_wire){.arena = arena, .home = hr_wire_home(arena, home)};
    if (!home && url && *url) {
        if (!token)
            return hr_fail(err, HR_E_UNAUTHENTICATED,
                           "HEADRACE_URL is set, but HEADRACE_TOKEN is not");
        wire->url = url;
        wire->token = token;
        wire->ca_file = ca;
        return HR_OK;
    }
    HR_TRY(read_endpoint(wire, err));
    wire->url = hr_wire_field(wire, "https_url");
    wire->ca_file = hr_wire_field(wire, "ca_file");
    wire->token = token && *token ? token : hr_wire_field(wire, "token");
    return HR_OK;
}

const char *hr_wire_field(const struct hr_wire *wire, const char *name)
{
    const char *value = json_string_value(json_object_get(wire->endpoint, name));
    return value ? value : "";
}

static const char *known_default(const struct hr_wire *wire, const char *name)
{
    return json_string_value(
        json_object_get(wire->endpoint ? wire->endpoint : wire->defaults, name));
}

enum hr_code hr_wire_default(struct hr_wire *wire,
                             const char *name,
                             const char **value,
                             struct hr_err *err)
{
    int status;
    if (!wire->endpoint && !wire->defaults) {
        HR_TRY(hr_wire_call(wire, "GET", "/v1.0/defaults", NULL, &status, &wire->defaults, err));
        hr_arena_on_free(wire->arena, forget, wire->defaults);
    }
    *value = known_default(wire, name);
    return *value ? HR_OK
                  : hr_fail(err, HR_E_NOT_FOUND, "the server at \"%s\" has no %s of its own",
                            wire->url, name);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    return hr_buf_add(arg, bytes, size * count) ? size * count : 0;
}

static CURLcode perform(const struct hr_wire *wire,
                        const char *method,
                        const char *path,
                        const char *body,
                        struct hr_buf *reply,
                        long *status,
                        char *why)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        return CURLE_FAILED_INIT;
    struct curl_slist *headers =
        curl_slist_append(NULL, hr_printf(wire->arena, "authorization: Bearer %s", wire->token));
    headers = curl_slist_append(headers, "content-type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, hr_printf(wire->arena, "%s%s", wire->url, path));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (wire->ca_file && *wire->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, wire->ca_file);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

/* 400: the words made sense here, and the server has its reasons: not HR_E_INVALID, for which the
 * command ends with status 2 */
static enum hr_code code_of(long status)
{
    static const struct {
        long status;
        enum hr_code code;
    } map[] = {
        {400, HR_E_DENIED},      {401, HR_E_UNAUTHENTICATED}, {403, HR_E_DENIED},
        {404, HR_E_NOT_FOUND},   {405, HR_E_UNSUPPORTED},     {409, HR_E_EXISTS},
        {501, HR_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < HR_LEN(map); i++)
        if (map[i].status == status)
            return map[i].code;
    return HR_E_INTERNAL;
}

static void add_hint(const json_t *info, struct hr_err *err)
{
    const char *kind = json_string_value(json_object_get(info, "kind")),
               *text = json_string_value(json_object_get(info, "text"));
    if (!kind || !text)
        return;
    if (!strcmp(kind, "grant"))
        hr_fail_grant(err, "%s", text);
    else if (!strcmp(kind, "command"))
        hr_fail_command(err, "%s", text);
    else
        hr_fail_hint(err, "%s", text);
}

/* the server's error object, as rest.c writes it */
static void read_error(const struct hr_wire *wire,
                       const json_t *error,
                       long http,
                       struct hr_err *err)
{
    const json_t *info =
        json_object_get(json_array_get(json_object_get(error, "additionalInfo"), 0), "info");
    const char *message = json_string_value(json_object_get(error, "message")),
               *cause = json_string_value(json_object_get(info, "cause"));
    if (!message)
        message = hr_printf(wire->arena, "the server at \"%s\" answered with status %ld", wire->url,
                            http);
    hr_fail(err, code_of(http), "%s", cause ? cause : message);
    if (cause)
        add_hint(info, err);
}

/* no answer came, or more of one than is taken */
static enum hr_code not_heard(const struct hr_wire *wire,
                              const char *path,
                              const struct hr_buf *bytes,
                              const char *why,
                              struct hr_err *err)
{
    HR_TRY(hr_buf_check(bytes, hr_printf(wire->arena, "the answer of \"%s%s\"", wire->url, path),
                        err));
    return hr_fail(err, HR_E_UNAVAILABLE, "the server at \"%s\" does not answer: %s", wire->url,
                   why);
}

enum hr_code hr_wire_call(const struct hr_wire *wire,
                          const char *method,
                          const char *path,
                          json_t *body,
                          int *status,
                          json_t **reply,
                          struct hr_err *err)
{
    struct hr_buf bytes;
    char why[CURL_ERROR_SIZE] = "", *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    long http = 0;
    json_decref(body);
    *reply = NULL;
    hr_buf_init(&bytes, REPLY_MAX);
    CURLcode curl = perform(wire, method, path, text, &bytes, &http, why);
    free(text);
    if (!curl)
        *reply = hr_buf_len(&bytes)
                     ? json_loadb(hr_buf_text(&bytes), hr_buf_len(&bytes), JSON_DECODE_ANY, NULL)
                     : json_null();
    enum hr_code code =
        curl ? not_heard(wire, path, &bytes, why[0] ? why : curl_easy_strerror(curl), err) : HR_OK;
    hr_buf_release(&bytes);
    *status = (int)http;
    HR_TRY(code);
    if (http < 300 && *reply)
        return HR_OK;
    read_error(wire, json_object_get(*reply, "error"), http, err);
    json_decref(*reply);
    *reply = NULL;
    return err ? err->code : HR_E_INTERNAL;
}

enum hr_code hr_wire_text(
    const struct hr_wire *wire, const char *path, char **bytes, size_t *len, struct hr_err *err)
{
    struct hr_buf reply;
    char why[CURL_ERROR_SIZE] = "";
    long http = 0;
    *bytes = NULL;
    *len = 0;
    hr_buf_init(&reply, REPLY_MAX);
    CURLcode curl = perform(wire, "GET", path, NULL, &reply, &http, why);
    if (!curl && http == 200)
        *bytes = hr_buf_steal(&reply, len);
    enum hr_code code =
        curl ? not_heard(wire, path, &reply, why[0] ? why : curl_easy_strerror(curl), err) : HR_OK;
    hr_buf_release(&reply);
    HR_TRY(code);
    return http == 200 ? HR_OK
                       : hr_fail(err, code_of(http),
                                 "the server at \"%s\" answered with status %ld", wire->url, http);
}

char *hr_wire_escape(struct hr_arena *arena, const char *segment)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    char *out = hr_arena_alloc(arena, strlen(segment) * 3 + 1), *at = out;
    for (; *segment; segment++) {
        if (strchr(plain, *segment))
            *at++ = *segment;
        else
            at += sprintf(at, "%%%02X", (unsigned char)*segment);
    }
    return out;
}
