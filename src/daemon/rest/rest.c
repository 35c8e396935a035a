#include "daemon/rest/rest.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/uri.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SYNAPSE_HOST ".dev.azuresynapse.net"

static struct {
    struct hr_site *site;
    const struct hr_routes *const *tables;
    size_t count;
} server;

void hr_rest_init(struct hr_site *site, const struct hr_routes *const *tables, size_t count)
{
    server.site = site;
    server.tables = tables;
    server.count = count;
}

/* ---- the site ---- */

const char *hr_site_synapse_id(const struct hr_site *site,
                               struct hr_arena *arena,
                               const char *synapse)
{
    struct hr_resource_rows rows;
    if (!hr_store_resource_all(site->store, arena, "Microsoft.Synapse/workspaces", &rows, NULL))
        for (size_t i = 0; i < rows.count; i++)
            if (!strcasecmp(rows.at[i].name, synapse))
                return rows.at[i].id;
    return NULL;
}

const char *hr_site_pool_id(const struct hr_site *site,
                            struct hr_arena *arena,
                            const char *synapse,
                            const char *pool)
{
    struct hr_resource_row *row = NULL;
    const char *workspace = hr_site_synapse_id(site, arena, synapse);
    if (!workspace ||
        hr_store_resource_get(site->store, arena,
                              hr_printf(arena, "%s/bigDataPools/%s", workspace, pool), &row,
                              NULL) ||
        !row)
        return NULL;
    return row->id;
}

/* ---- paths ---- */

/* empty segments are left out: clients join a scope that begins with '/' to a path that ends with
 * one */
static bool split(struct hr_arena *arena, const char *path, char **segments, size_t *count)
{
    *count = 0;
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len) {
            if (*count == HR_REST_SEGMENTS_MAX ||
                !(segments[*count] = hr_uri_decode_text(arena, path, len)))
                return false;
            ++*count;
        }
        path += len + (path[len] == '/');
    }
    return true;
}

static void bind(struct hr_rest *req, const char *name, size_t len, const char *value)
{
    HR_CHECK(req->param_count < HR_REST_PARAMS_MAX);
    req->params[req->param_count].name = hr_strndup(req->arena, name, len);
    req->params[req->param_count++].value = value;
}

static const char *joined(struct hr_arena *arena, char *const *segments, size_t count)
{
    const char *path = "";
    for (size_t i = 0; i < count; i++)
        path = hr_printf(arena, "%s/%s", path, segments[i]);
    return path;
}

static size_t segments_of(const char *pattern)
{
    size_t count = 0;
    for (; *pattern; pattern++)
        count += *pattern == '/' && pattern[1];
    return count;
}

bool hr_rest_match(struct hr_rest *req, const char *pattern, char *const *segments, size_t count)
{
    size_t wanted = segments_of(pattern), at = 0;
    bool front = !strncmp(pattern, "/{", 2) &&
                 strstr(pattern, "*}") &&
                 strstr(pattern, "*}") < pattern + strcspn(pattern, "}");
    bool tail = !front && strlen(pattern) > 2 && !strcmp(pattern + strlen(pattern) - 2, "*}");
    req->param_count = 0;
    if (tail ? count < wanted : front ? count + 1 < wanted : count != wanted)
        return false;
    if (front) {
        at = count + 1 - wanted;
        bind(req, pattern + 2, (size_t)(strstr(pattern, "*}") - pattern) - 2,
             joined(req->arena, segments, at));
        pattern = strchr(pattern, '}') + 1;
    }
    for (; at < count; at++) {
        pattern++;
        size_t len = strcspn(pattern, "/");
        if (tail && !pattern[len]) {
            bind(req, pattern + 1, len - 3, joined(req->arena, segments + at, count - at) + 1);
            return true;
        }
        if (pattern[0] == '{' && pattern[len - 1] == '}')
            bind(req, pattern + 1, len - 2, segments[at]);
        else if (strlen(segments[at]) != len || strncasecmp(pattern, segments[at], len))
            return false;
        pattern += len;
    }
    return true;
}

static enum hr_code find_route(struct hr_rest *req,
                               const char *method,
                               char *const *segments,
                               size_t count,
                               struct hr_err *err)
{
    bool known = false;
    for (size_t i = 0; i < server.count; i++) {
        const struct hr_routes *table = server.tables[i];
        for (size_t k = 0; k < table->count; k++) {
            if (!hr_rest_match(req, table->at[k].pattern, segments, count))
                continue;
            known = true;
            req->routes = table;
            if (strcmp(table->at[k].method, method))
                continue;
            req->route = &table->at[k];
            req->arg = table->arg;
            return HR_OK;
        }
    }
    const char *path = hr_exchange_request(req->exchange)->path;
    if (known)
        return hr_fail(err, HR_E_UNSUPPORTED, "method %s is not served on \"%.300s\"", method,
                       path);
    return hr_fail(err, HR_E_NOT_FOUND, "there is no route \"%s %.300s\"", method, path);
}

/* the Synapse workspace that an address names: by our own prefix, or by the host name that Azure
 * gives it */
static void read_synapse(struct hr_rest *req,
                         char ***segments,
                         size_t *count,
                         const char *authority)
{
    if (*count >= 2 && !strcasecmp((*segments)[0], "synapse")) {
        req->synapse = (*segments)[1];
        *segments += 2;
        *count -= 2;
        return;
    }
    const char *tail = authority ? strcasestr(authority, SYNAPSE_HOST) : NULL;
    if (tail)
        req->synapse = hr_strndup(req->arena, authority, (size_t)(tail - authority));
}

/* the workspace's resource provider answers on a second root in Microsoft's v1 packages */
static void drop_provider_root(char ***segments, size_t *count)
{
    if (*count > 2 &&
        !strcasecmp((*segments)[0], "rp") &&
        !strcasecmp((*segments)[1], "workspaces")) {
        *segments += 2;
        *count -= 2;
    }
}

/* ---- replies ---- */

void hr_rest_reply(struct hr_rest *req, int status, json_t *json)
{
    json_decref(req->reply);
    req->status = status;
    req->reply = json;
    req->text = NULL;
}

void hr_rest_reply_text(struct hr_rest *req, int status, const char *text, size_t len)
{
    hr_rest_reply(req, status, NULL);
    req->text = text;
    req->text_len = len;
}

void hr_rest_header(struct hr_rest *req, const char *name, const char *value)
{
    HR_CHECK(req->header_count < HR_LEN(req->headers));
    req->headers[req->header_count++] = (struct hr_header){name, hr_strdup(req->arena, value)};
}

void hr_rest_defer(struct hr_rest *req)
{
    req->deferred = true;
}

void hr_rest_send(struct hr_rest *req)
{
    if (req->sent || req->closed)
        return;
    req->sent = true;
    char *made = req->reply ? json_dumps(req->reply, JSON_COMPACT) : NULL;
    const char *text = req->text ? req->text : made;
    struct hr_header headers[HR_LEN(req->headers) + 2];
    size_t count = 0;
    if (text)
        headers[count++] = (struct hr_header){"content-type", "application/json; charset=utf-8"};
    headers[count++] = (struct hr_header){"cache-control", "no-store"};
    for (size_t i = 0; i < req->header_count; i++)
        headers[count++] = req->headers[i];
    hr_exchange_reply_headers(req->exchange, req->status, &(struct hr_headers){headers, count},
                              text ? text : "",
                              req->text ? req->text_len
                              : text    ? strlen(text)
                                        : 0);
    free(made);
}

/* ARM's place for what its error object has no field for: the next step by itself, and what is left
 * of the message */
static void add_remedy(json_t *error, const struct hr_err *err)
{
    json_t *info =
        json_pack("[{s:s, s:{s:s, s:s, s:s}}]", "type", "Remedy", "info", "kind",
                  hr_hint_kind_name(err->hint_kind), "text", err->hint, "cause", err->msg);
    json_object_set_new(error, "additionalInfo", info);
}

static void fill_error(struct hr_rest *req, const struct hr_err *err)
{
    const struct hr_code_info *info = hr_code_info(err->code);
    char message[sizeof err->msg + sizeof err->hint + 32];
    hr_err_text(err, message, sizeof message);
    json_t *json = json_pack("{s:{s:s, s:s}}", "error", "code", info->azure, "message", message);
    if (json && err->hint[0])
        add_remedy(json_object_get(json, "error"), err);
    if (!json) /* bytes of the client that are not UTF-8 */
        json = json_pack("{s:{s:s, s:s}}", "error", "code", info->azure, "message",
                         "the request holds text that is not UTF-8");
    if (req->routes && req->routes->livy_errors)
        json_object_set(json, "msg", json_object_get(json_object_get(json, "error"), "message"));
    int status = err->code == HR_E_UNSUPPORTED && !req->route ? 405 : info->http;
    if (err->code == HR_E_UNAUTHENTICATED)
        hr_rest_header(req, "www-authenticate",
                       hr_printf(req->arena, "Bearer authorization_uri=\"%s/%s\"", req->origin,
                                 hr_identity_tenant(req->site->identity)));
    hr_rest_reply(req, status, json);
}

void hr_rest_send_error(struct hr_rest *req, const struct hr_err *err)
{
    if (req->closed)
        return;
    fill_error(req, err);
    hr_rest_send(req);
}

/* ---- a request ---- */

const char *hr_rest_param(const struct hr_rest *req, const char *name)
{
    for (size_t i = 0; i < req->param_count; i++)
        if (!strcmp(req->params[i].name, name))
            return req->params[i].value;
    HR_CHECK(!"a parameter of the route's pattern");
    return NULL;
}

const char *hr_rest_query(struct hr_rest *req, const char *name)
{
    const char *query = hr_exchange_request(req->exchange)->query;
    size_t name_len = strlen(name);
    while (query && *query) {
        size_t len = strcspn(query, "&"), key = strcspn(query, "=&");
        char *decoded = hr_uri_decode_form(req->arena, query, key);
        if (decoded && strlen(decoded) == name_len && !strcasecmp(decoded, name))
            return query[key] == '='
                       ? hr_uri_decode_form(req->arena, query + key + 1, len - key - 1)
                       : "";
        query += len + (query[len] == '&');
    }
    return NULL;
}

const char *hr_rest_string(const struct hr_rest *req, const char *name)
{
    return json_string_value(json_object_get(req->body, name));
}

enum hr_code hr_rest_check(struct hr_rest *req,
                           enum hr_action action,
                           const char *scope,
                           struct hr_err *err)
{
    return hr_identity_check(req->site->identity, &req->who, action, scope, err);
}

static json_t *form_object(struct hr_arena *arena, const char *body, size_t len)
{
    json_t *object = json_object();
    const char *end = body + len;
    while (body < end) {
        const char *next = memchr(body, '&', (size_t)(end - body));
        if (!next)
            next = end;
        const char *equals = memchr(body, '=', (size_t)(next - body));
        char *name = equals ? hr_uri_decode_form(arena, body, (size_t)(equals - body)) : NULL;
        char *value =
            equals ? hr_uri_decode_form(arena, equals + 1, (size_t)(next - equals - 1)) : NULL;
        if (name && value)
            json_object_set_new(object, name, json_string(value));
        body = next + 1;
    }
    return object;
}

static bool blank(const char *body, size_t len)
{
    while (len && strchr(" \t\r\n", body[len - 1]))
        len--;
    return !len;
}

static enum hr_code read_body(struct hr_rest *req, const char *body, size_t len, struct hr_err *err)
{
    if (blank(body, len))
        return HR_OK;
    if (req->route->flags & HR_ROUTE_FORM && body[0] != '{') {
        req->body = form_object(req->arena, body, len);
        return HR_OK;
    }
    json_error_t error;
    req->body = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
    if (!req->body)
        return hr_fail(err, HR_E_INVALID, "the request body is not JSON: %s, line %d", error.text,
                       error.line);
    if (!json_is_object(req->body))
        return hr_fail(err, HR_E_INVALID, "the request body is JSON, but not an object");
    return HR_OK;
}

static void release(void *arg)
{
    struct hr_rest *req = arg;
    json_decref(req->body);
    json_decref(req->reply);
}

void hr_rest_untold(struct hr_rest_told *told)
{
    if (!told->at)
        return;
    *told->at = told->next;
    if (told->next)
        told->next->at = told->at;
    told->next = NULL;
    told->at = NULL;
}

static void send_told(void *req)
{
    hr_rest_send(req);
}

static void forget_told(struct hr_rest *req)
{
    hr_rest_untold(&req->told);
}

/* What took a role away is answered once everybody has heard of it: the next thing that its caller
 * looks at is so. */
static void send_once_told(struct hr_rest *req)
{
    struct hr_site *site = req->site;
    hr_rest_defer(req);
    req->gone = forget_told;
    req->told = (struct hr_rest_told){send_told, req, site->told, &site->told};
    if (site->told)
        site->told->at = &req->told.next;
    site->told = &req->told;
}

static void run(struct hr_exchange *exchange, const char *body, size_t len)
{
    struct hr_rest *req = hr_exchange_user(exchange);
    struct hr_err err = {0};
    size_t revocations = req->site->revocations;
    enum hr_code code = read_body(req, body, len, &err);
    if (!code)
        code = req->route->handler(req, &err);
    if (code && !req->sent)
        hr_rest_send_error(req, &err);
    else if (!req->deferred && req->site->revocations != revocations && req->site->telling)
        send_once_told(req);
    else if (!req->deferred)
        hr_rest_send(req);
}

static enum hr_code admit(struct hr_rest *req, struct hr_err *err)
{
    const struct hr_request *request = hr_exchange_request(req->exchange);
    char *room[HR_REST_SEGMENTS_MAX], **segments = room;
    size_t count;
    if (!split(req->arena, request->path, segments, &count))
        return hr_fail(err, HR_E_INVALID, "the path is malformed");
    drop_provider_root(&segments, &count);
    read_synapse(req, &segments, &count, request->authority);
    enum hr_code found = find_route(req, request->method, segments, count, err);
    if (!found && req->route->flags & HR_ROUTE_OPEN)
        return HR_OK;
    /* an unknown route is told to those only who may ask */
    struct hr_err refused;
    if (hr_identity_authenticate_header(req->site->identity,
                                        hr_header_get(&request->headers, "authorization"),
                                        &req->who, &refused)) {
        *err = refused;
        return refused.code;
    }
    return found;
}

/* said before the body is read, in our own words; a body without a stated length is cut off by
 * http/ */
static enum hr_code check_length(struct hr_rest *req, struct hr_err *err)
{
    const char *text =
        hr_header_get(&hr_exchange_request(req->exchange)->headers, "content-length");
    if (text && strtoull(text, NULL, 10) > HR_REST_BODY_MAX)
        return hr_fail(err, HR_E_LIMIT, "the request's body is larger than the limit of %d bytes",
                       HR_REST_BODY_MAX);
    return HR_OK;
}

static void run_stream(struct hr_rest *req)
{
    struct hr_err err = {0};
    hr_exchange_limit(req->exchange, 0);
    if (req->route->handler(req, &err))
        hr_rest_send_error(req, &err);
    else if (!req->deferred)
        hr_rest_send(req);
}

void hr_rest_request(struct hr_exchange *exchange)
{
    const struct hr_request *request = hr_exchange_request(exchange);
    struct hr_arena *arena = hr_exchange_arena(exchange);
    struct hr_rest *req = HR_NEW(arena, struct hr_rest);
    *req =
        (struct hr_rest){.site = server.site, .exchange = exchange, .arena = arena, .status = 200};
    req->origin = hr_printf(arena, "%s://%s", request->tls ? "https" : "http",
                            request->authority ? request->authority : "localhost");
    hr_arena_on_free(arena, release, req);
    hr_exchange_set_user(exchange, req);
    struct hr_err err = {0};
    hr_exchange_limit(exchange, HR_REST_BODY_MAX);
    if (admit(req, &err))
        hr_rest_send_error(req, &err);
    else if (req->route->flags & HR_ROUTE_STREAM)
        run_stream(req);
    else if (check_length(req, &err))
        hr_rest_send_error(req, &err);
    else
        hr_exchange_collect(exchange, run);
}

void hr_rest_closed(struct hr_exchange *exchange, bool finished)
{
    struct hr_rest *req = hr_exchange_user(exchange);
    (void)finished;
    if (!req)
        return;
    req->closed = true;
    if (req->deferred && !req->sent && req->gone)
        req->gone(req);
}
