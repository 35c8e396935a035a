/* Where the server is: the environment, or the endpoint file that it keeps in its home. */
#include "client/client.h"
#include "io/file.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#define ENDPOINT_MAX (1 << 20)

static const char *from_env(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

const char *hr_client_home(struct hr_arena *arena, const char *home)
{
    if (home)
        return home;
    if (from_env("HEADRACE_HOME"))
        return from_env("HEADRACE_HOME");
    const char *user = getenv("HOME");
    return hr_printf(arena, "%s/.headrace", user ? user : "");
}

static void forget(void *arg)
{
    struct hr_client *client = arg;
    json_decref(client->endpoint);
    json_decref(client->defaults);
}

static struct hr_client *new_client(struct hr_arena *arena)
{
    struct hr_arena *own = hr_arena_new(arena);
    struct hr_client *client = HR_NEW(own, struct hr_client);
    client->arena = own;
    hr_arena_on_free(own, forget, client);
    return client;
}

enum hr_code hr_client_at(struct hr_arena *arena,
                          const char *url,
                          const char *ca_file,
                          struct hr_client **out,
                          struct hr_err *err)
{
    const char *token = from_env("HEADRACE_TOKEN");
    if (!token)
        return hr_fail(err, HR_E_UNAUTHENTICATED,
                       "HEADRACE_TOKEN is not set, and the server at \"%s\" asks for a token", url);
    struct hr_client *client = new_client(arena);
    client->url = hr_strdup(client->arena, url);
    client->ca_file = hr_strdup(client->arena, ca_file ? ca_file : "");
    client->token.text = hr_strdup(client->arena, token);
    *out = client;
    return HR_OK;
}

/* ---- the endpoint file ---- */

/* *endpoint is a new reference */
static enum hr_code parse_endpoint(const char *home,
                                   const char *path,
                                   const char *text,
                                   size_t len,
                                   json_t **endpoint,
                                   struct hr_err *err)
{
    json_t *json = json_loadb(text, len, 0, NULL);
    pid_t pid = (pid_t)json_integer_value(json_object_get(json, "pid"));
    const char *url = json_string_value(json_object_get(json, "https_url"));
    if (pid <= 0 || !url) {
        json_decref(json);
        return hr_fail(err, HR_E_INVALID, "\"%s\" cannot be read", path);
    }
    if (kill(pid, 0) && errno == ESRCH) {
        json_decref(json);
        hr_fail(err, HR_E_UNAVAILABLE,
                "the server on home \"%s\" has ended without saying so (process %d is gone)", home,
                (int)pid);
        hr_fail_command(err, "headrace serve --home %s", home);
        return HR_E_UNAVAILABLE;
    }
    *endpoint = json;
    return HR_OK;
}

static enum hr_code load_endpoint(struct hr_arena *arena,
                                  const char *home,
                                  json_t **endpoint,
                                  struct hr_err *err)
{
    const char *path = hr_printf(arena, "%s/run/endpoint.json", home);
    char *text;
    size_t len;
    if (!hr_file_read(arena, path, ENDPOINT_MAX, &text, &len, NULL))
        return parse_endpoint(home, path, text, len, endpoint, err);
    hr_fail(err, HR_E_NOT_FOUND, "no server runs on home \"%s\": there is no \"%s\"", home, path);
    hr_fail_command(err, "headrace serve --home %s", home);
    return HR_E_NOT_FOUND;
}

enum hr_code hr_client_reread(struct hr_client *client, struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    json_t *endpoint = NULL;
    enum hr_code code = load_endpoint(scratch, client->home, &endpoint, err);
    hr_arena_free(scratch);
    HR_TRY(code);
    json_decref(client->endpoint);
    client->endpoint = endpoint;
    client->url = hr_client_field(client, "https_url");
    client->ca_file = hr_client_field(client, "ca_file");
    const char *token = from_env("HEADRACE_TOKEN");
    client->token.text = (char *)(token ? token : hr_client_field(client, "token"));
    return HR_OK;
}

enum hr_code hr_client_find(struct hr_arena *arena,
                            const char *home,
                            struct hr_client **out,
                            struct hr_err *err)
{
    const char *url = from_env("HEADRACE_URL");
    if (!home && url)
        return hr_client_at(arena, url, getenv("HEADRACE_CA_FILE"), out, err);
    struct hr_client *client = new_client(arena);
    client->home = hr_strdup(client->arena, hr_client_home(client->arena, home));
    HR_TRY(hr_client_reread(client, err));
    *out = client;
    return HR_OK;
}

/* ---- what the server says of itself ---- */

const char *hr_client_field(const struct hr_client *client, const char *name)
{
    const char *value = json_string_value(json_object_get(client->endpoint, name));
    return value ? value : "";
}

enum hr_code hr_client_default(struct hr_client *client,
                               const char *name,
                               const char **value,
                               struct hr_err *err)
{
    const json_t *known = client->endpoint;
    if (!known && !client->defaults)
        HR_TRY(hr_client_call(client, "GET", "/v1.0/defaults", NULL, NULL, &client->defaults, err));
    if (!known)
        known = client->defaults;
    *value = json_string_value(json_object_get(known, name));
    if (*value)
        return HR_OK;
    return hr_fail(err, HR_E_NOT_FOUND, "the server at \"%s\" has no %s of its own", client->url,
                   name);
}
