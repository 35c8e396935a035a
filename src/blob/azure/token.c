/* OAuth client credentials: a token from the tenant's endpoint, kept until five minutes before it
 * ends. */
#include "blob/azure/azure.h"
#include "base/check.h"
#include "base/clock.h"
#include "wire/uri.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct hr_azure_token {
    char *endpoint, *client_id;
    /* a changed secret asks again; the secret itself is not kept */
    unsigned secret_hash;
    struct hr_secret text;
    int64_t end_ms;
    struct hr_azure_token *next;
};

static void token_free(struct hr_azure_token *token)
{
    explicit_bzero(token->text.text, strlen(token->text.text));
    free(token->text.text);
    free(token->endpoint);
    free(token->client_id);
    free(token);
}

void hr_azure_tokens_free(struct hr_azure_session *session)
{
    for (struct hr_azure_token *token = session->tokens, *next; token; token = next) {
        next = token->next;
        token_free(token);
    }
}

static unsigned hash(const char *text)
{
    unsigned h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

static const char *kept(struct hr_blob *blob,
                        struct hr_arena *arena,
                        const struct hr_azure_access *access)
{
    struct hr_azure_session *session = hr_azure_session_of(blob);
    const char *found = NULL;
    pthread_mutex_lock(&session->lock);
    for (struct hr_azure_token **at = &session->tokens; *at;) {
        struct hr_azure_token *token = *at;
        if (token->end_ms < hr_clock_ms() + 300000) {
            *at = token->next;
            token_free(token);
            continue;
        }
        if (!strcmp(token->endpoint, access->token_endpoint) &&
            !strcmp(token->client_id, access->client_id) &&
            token->secret_hash == hash(access->secret.text))
            found = hr_strdup(arena, token->text.text);
        at = &token->next;
    }
    pthread_mutex_unlock(&session->lock);
    return found;
}

static void keep(struct hr_blob *blob,
                 const struct hr_azure_access *access,
                 const char *text,
                 int64_t seconds)
{
    struct hr_azure_token *token = calloc(1, sizeof *token);
    HR_CHECK(token);
    *token = (struct hr_azure_token){strdup(access->token_endpoint), strdup(access->client_id),
                                     hash(access->secret.text),      {strdup(text)},
                                     hr_clock_ms() + seconds * 1000, NULL};
    struct hr_azure_session *session = hr_azure_session_of(blob);
    pthread_mutex_lock(&session->lock);
    token->next = session->tokens;
    session->tokens = token;
    pthread_mutex_unlock(&session->lock);
}

static enum hr_code prepare(struct hr_blob_transfer *transfer,
                            struct curl_slist **list,
                            struct hr_err *err)
{
    (void)transfer, (void)err;
    *list = curl_slist_append(*list, "Content-Type: application/x-www-form-urlencoded");
    *list = curl_slist_append(*list, "Accept: application/json");
    return HR_OK;
}

static enum hr_code take(struct hr_blob *blob,
                         struct hr_arena *arena,
                         const struct hr_azure_access *access,
                         const struct hr_blob_transfer *transfer,
                         const char **token,
                         struct hr_err *err)
{
    json_t *json = json_loads(hr_buf_text(&transfer->response), 0, NULL);
    const char *text = json_string_value(json_object_get(json, "access_token")),
               *why = json_string_value(json_object_get(json, "error_description"));
    /* a number, or a number in a string (v1 endpoints) */
    json_t *expires = json_object_get(json, "expires_in");
    enum hr_code code = HR_OK;
    if (transfer->status == 200 && text) {
        *token = hr_strdup(arena, text);
        keep(blob, access, text,
             json_is_integer(expires)
                 ? json_integer_value(expires)
                 : atoll(json_is_string(expires) ? json_string_value(expires) : "600"));
    } else {
        code = hr_fail(err, HR_E_STORAGE_DENIED, "'%s' gave no token for the client '%s': %.*s",
                       access->token_endpoint, access->client_id,
                       (int)strcspn(why ? why : "no reason", "\r\n"), why ? why : "no reason");
    }
    json_decref(json);
    return code;
}

enum hr_code hr_azure_token(struct hr_blob *blob,
                            struct hr_arena *arena,
                            const struct hr_azure_access *access,
                            const char **token,
                            struct hr_err *err)
{
    if ((*token = kept(blob, arena, access)))
        return HR_OK;
    struct hr_blob_mover *mover;
    HR_TRY(hr_blob_mover_of(blob, &mover, err));
    struct hr_buf form;
    hr_buf_init(&form, HR_BUF_GROWS);
    bool v2 = strstr(access->token_endpoint, "/v2.0/") != NULL;
    hr_buf_adds(&form, "grant_type=client_credentials&client_id=");
    hr_uri_encode(&form, access->client_id, "");
    hr_buf_adds(&form, "&client_secret=");
    hr_uri_encode(&form, access->secret.text, "");
    hr_buf_adds(&form, v2 ? "&scope=https%3A%2F%2Fstorage.azure.com%2F.default"
                          : "&resource=https%3A%2F%2Fstorage.azure.com%2F");
    struct hr_blob_transfer transfer = {.method = "POST",
                                        .url = access->token_endpoint,
                                        .ca_file = access->ca_file,
                                        .prepare = prepare,
                                        .body = hr_buf_text(&form),
                                        .body_len = hr_buf_len(&form)};
    hr_mover_submit(mover, &transfer);
    enum hr_code code = hr_mover_wait(mover, &transfer, NULL, err);
    if (!code)
        code = take(blob, arena, access, &transfer, token, err);
    hr_transfer_release(&transfer);
    explicit_bzero(hr_buf_bytes(&form), hr_buf_len(&form));
    hr_buf_release(&form);
    return code;
}
