#include "client/client.h"
#include "base/buf.h"
#include "wire/uri.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_S 10L
#define ANSWER_S 120L
#define STARTING_WAITS 15 /* how often a persistent client asks a server that says 503 again */
#define STARTING_PAUSE_NS 200000000

/* one attempt: what curl and the server said */
struct attempt {
    CURLcode curl;
    long status;
    struct hr_buf bytes;
    char why[CURL_ERROR_SIZE];
};

/* ---- one attempt ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    return hr_buf_add(arg, bytes, size * count) ? size * count : 0;
}

static int on_progress(
    void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    struct hr_client *client = arg;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return atomic_load(&client->stop);
}

/* a server of this machine is not reached through a proxy, whatever the environment says of one */
static bool is_here(const char *url)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    CURLU *parts = curl_url();
    char *host = NULL;
    bool here = false;
    if (!curl_url_set(parts, CURLUPART_URL, url, 0))
        curl_url_get(parts, CURLUPART_HOST, &host, 0);
    for (size_t i = 0; host && i < HR_LEN(names); i++)
        here = here || !strcmp(host, names[i]);
    curl_free(host);
    curl_url_cleanup(parts);
    return here;
}

static void set_server(CURL *curl, struct hr_client *client)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (is_here(client->url))
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (*client->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static struct curl_slist *make_headers(struct hr_arena *scratch, const struct hr_client *client)
{
    const char *token = hr_printf(scratch, "authorization: Bearer %s", client->token.text);
    return curl_slist_append(curl_slist_append(NULL, token), "content-type: application/json");
}

/* curl keeps none of the texts but the body, which the caller holds */
static void perform(struct hr_client *client,
                    const struct hr_client_request *request,
                    const char *body,
                    struct attempt *attempt)
{
    CURL *curl = curl_easy_init();
    attempt->curl = CURLE_FAILED_INIT;
    if (!curl)
        return;
    struct hr_arena *scratch = hr_arena_new(NULL);
    struct curl_slist *headers = make_headers(scratch, client);
    const char *url = hr_printf(scratch, "%s%s", client->url, request->path);
    set_server(curl, client);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &attempt->bytes);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, attempt->why);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    attempt->curl = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &attempt->status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    hr_arena_free(scratch);
}

/* ---- as many as it takes ---- */

static void perform_again(struct hr_client *client,
                          const struct hr_client_request *request,
                          const char *body,
                          struct attempt *attempt)
{
    hr_buf_clear(&attempt->bytes);
    attempt->status = 0;
    attempt->why[0] = 0;
    perform(client, request, body, attempt);
}

static bool is_starting(struct hr_client *client, const struct attempt *attempt)
{
    return !attempt->curl && attempt->status == 503 && !atomic_load(&client->stop);
}

static bool may_have_moved(const struct hr_client *client, const struct attempt *attempt)
{
    bool lost = attempt->curl == CURLE_COULDNT_CONNECT || attempt->status == 401;
    return client->home && lost;
}

static void attempt_all(struct hr_client *client,
                        const struct hr_client_request *request,
                        const char *body,
                        struct attempt *attempt)
{
    perform(client, request, body, attempt);
    if (!client->persistent)
        return;
    for (int waits = 0; waits < STARTING_WAITS && is_starting(client, attempt); waits++) {
        nanosleep(&(struct timespec){0, STARTING_PAUSE_NS}, NULL);
        perform_again(client, request, body, attempt);
    }
    if (may_have_moved(client, attempt) && !hr_client_reread(client, NULL))
        perform_again(client, request, body, attempt);
}

/* ---- what the answer says ---- */

static enum hr_code code_of(long status)
{
    static const struct {
        long status;
        enum hr_code code;
    } map[] = {
        {400, HR_E_INVALID},     {401, HR_E_UNAUTHENTICATED}, {403, HR_E_DENIED},
        {404, HR_E_NOT_FOUND},   {405, HR_E_UNSUPPORTED},     {409, HR_E_EXISTS},
        {410, HR_E_NOT_FOUND},   {412, HR_E_CHANGED},         {413, HR_E_LIMIT},
        {429, HR_E_UNAVAILABLE}, {501, HR_E_UNSUPPORTED},     {502, HR_E_UNAVAILABLE},
        {503, HR_E_UNAVAILABLE}, {504, HR_E_TIMEOUT},         {507, HR_E_FULL},
    };
    for (size_t i = 0; i < HR_LEN(map); i++)
        if (map[i].status == status)
            return map[i].code;
    return HR_E_INTERNAL;
}

static const char *text_of(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static void add_hint(const json_t *info, struct hr_err *err)
{
    const char *kind = text_of(info, "kind"), *text = text_of(info, "text");
    if (!kind || !text)
        return;
    if (!strcmp(kind, "grant"))
        hr_fail_grant(err, "%s", text);
    else if (!strcmp(kind, "command"))
        hr_fail_command(err, "%s", text);
    else
        hr_fail_hint(err, "%s", text);
}

/* the server's error object, as daemon/rest writes it: the message, and its parts apart */
static enum hr_code refused(const struct hr_client *client,
                            const struct attempt *attempt,
                            struct hr_err *err)
{
    json_t *json = json_loadb(hr_buf_text(&attempt->bytes), hr_buf_len(&attempt->bytes), 0, NULL);
    const json_t *error = json_object_get(json, "error"),
                 *more = json_array_get(json_object_get(error, "additionalInfo"), 0),
                 *info = json_object_get(more, "info");
    const char *message = text_of(error, "message"), *cause = text_of(info, "cause");
    enum hr_code code = code_of(attempt->status);
    if (cause) {
        hr_fail(err, code, "%s", cause);
        add_hint(info, err);
    } else if (message) {
        hr_fail(err, code, "%s", message);
    } else {
        hr_fail(err, code, "the server at \"%s\" answered with status %ld", client->url,
                attempt->status);
    }
    json_decref(json);
    return code;
}

static enum hr_code check_size(const struct hr_client *client,
                               const char *path,
                               const struct hr_buf *bytes,
                               struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *what = hr_printf(scratch, "the answer of \"%s%s\"", client->url, path);
    enum hr_code code = hr_buf_check(bytes, what, err);
    hr_arena_free(scratch);
    return code;
}

static enum hr_code judge(const struct hr_client *client,
                          const char *path,
                          const struct attempt *attempt,
                          struct hr_err *err)
{
    HR_TRY(check_size(client, path, &attempt->bytes, err));
    if (attempt->curl) {
        const char *why = attempt->why[0] ? attempt->why : curl_easy_strerror(attempt->curl);
        return hr_fail(err, HR_E_UNAVAILABLE, "the server at \"%s\" does not answer: %s",
                       client->url, why);
    }
    if (attempt->status / 100 != 2)
        return refused(client, attempt, err);
    return HR_OK;
}

/* ---- the interface ---- */

enum hr_code hr_client_send(struct hr_client *client,
                            const struct hr_client_request *request,
                            struct hr_client_answer *answer,
                            struct hr_err *err)
{
    struct attempt attempt = {0};
    char *body = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    json_decref(request->body);
    hr_buf_init(&attempt.bytes, request->max ? request->max : HR_CLIENT_ANSWER_MAX);
    attempt_all(client, request, body, &attempt);
    free(body);
    *answer = (struct hr_client_answer){.status = (int)attempt.status};
    enum hr_code code = judge(client, request->path, &attempt, err);
    if (!code)
        answer->bytes = hr_buf_steal(&attempt.bytes, &answer->len);
    hr_buf_release(&attempt.bytes);
    return code;
}

enum hr_code hr_client_call(struct hr_client *client,
                            const char *method,
                            const char *path,
                            json_t *body,
                            int *status,
                            json_t **reply,
                            struct hr_err *err)
{
    struct hr_client_request request = {.method = method, .path = path, .body = body};
    struct hr_client_answer answer;
    *reply = NULL;
    enum hr_code code = hr_client_send(client, &request, &answer, err);
    if (status)
        *status = answer.status;
    HR_TRY(code);
    if (answer.len)
        *reply = json_loadb(answer.bytes, answer.len, JSON_DECODE_ANY, NULL);
    else
        *reply = json_null();
    free(answer.bytes);
    if (*reply)
        return HR_OK;
    return hr_fail(err, HR_E_INTERNAL, "the answer of \"%s%s\" is not JSON", client->url, path);
}

void hr_client_stop(struct hr_client *client)
{
    atomic_store(&client->stop, true);
}

const char *hr_client_escape(struct hr_arena *arena, const char *segment)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    hr_uri_encode(&out, segment, "");
    return hr_buf_keep(&out, arena);
}
