/* What the blob and dfs operations share. */
#include "account/api.h"
#include "base/clock.h"
#include "base/hex.h"
#include "wire/base64.h"
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX 5000

int64_t hr_api_time(const char *text)
{
    time_t seconds = text ? curl_getdate(text, NULL) : -1;
    return seconds < 0 ? 0 : (int64_t)seconds * 1000;
}

void hr_account_conditions(struct request *request,
                           struct hr_tree_conditions *conditions,
                           const char *exists_code)
{
    *conditions = (struct hr_tree_conditions){
        hr_account_header(request, "if-match"), hr_account_header(request, "if-none-match"),
        hr_api_time(hr_account_header(request, "if-modified-since")),
        hr_api_time(hr_account_header(request, "if-unmodified-since")), exists_code};
}

void hr_api_version_headers(struct request *request, const struct hr_tree_meta *meta)
{
    char date[32];
    hr_clock_rfc1123(meta->modified_ms, date);
    hr_account_reply_header(request, "etag", meta->etag);
    hr_account_reply_header(request, "last-modified", date);
}

/* dfs keeps metadata in one header: name=base64(value),… */
static void properties_header(struct request *request, const struct hr_tree_meta *meta)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    for (size_t i = 0; i < meta->pair_count; i++) {
        const char *value = meta->pairs[i].value;
        hr_buf_addf(&out, "%s%s=%s", i ? "," : "", meta->pairs[i].name,
                    hr_base64_text(request->arena, value, strlen(value)));
    }
    hr_account_reply_header(request, "x-ms-properties",
                            hr_buf_len(&out) ? hr_buf_text(&out) : NULL);
    hr_buf_release(&out);
}

/* a SAS may say what a browser is told instead of what is stored (rscc and its kin) */
static void content_headers(struct request *request, const struct hr_tree_meta *meta)
{
    struct {
        const char *name, *value;
    } fields[] = {
        {"cache-control", meta->cache_control},
        {"content-disposition", meta->content_disposition},
        {"content-encoding", meta->content_encoding},
        {"content-language", meta->content_language},
        {"content-type", meta->content_type},
    };
    for (size_t i = 0; i < HR_LEN(fields); i++)
        for (size_t k = 0; k < HR_LEN(request->overrides); k++)
            if (request->overrides[k].value && !strcmp(request->overrides[k].name, fields[i].name))
                fields[i].value = request->overrides[k].value;
    for (size_t i = 0; i + 1 < HR_LEN(fields); i++)
        hr_account_reply_header(request, fields[i].name, fields[i].value);
    const char *type = fields[HR_LEN(fields) - 1].value;
    request->content_type = type ? type : "application/octet-stream";
}

/* copies are done when their request is answered */
static void copy_headers(struct request *request, const struct hr_tree_item *item)
{
    const struct hr_tree_meta *meta = &item->meta;
    char date[32];
    if (!meta->copy_id)
        return;
    hr_clock_rfc1123(strtoll(meta->copy_done, NULL, 10), date);
    hr_account_reply_header(request, "x-ms-copy-id", meta->copy_id);
    hr_account_reply_header(request, "x-ms-copy-status", "success");
    hr_account_reply_header(request, "x-ms-copy-source", meta->copy_source);
    hr_account_reply_header(
        request, "x-ms-copy-progress",
        hr_printf(request->arena, "%lld/%lld", (long long)item->size, (long long)item->size));
    hr_account_reply_header(request, "x-ms-copy-completion-time", date);
}

void hr_api_item_headers(struct request *request, const struct hr_tree_item *item)
{
    const struct hr_tree_meta *meta = &item->meta;
    char date[32];
    hr_api_version_headers(request, meta);
    hr_clock_rfc1123(meta->created_ms, date);
    hr_account_reply_header(request, "x-ms-creation-time", date);
    hr_account_reply_header(request, "x-ms-blob-type", "BlockBlob");
    hr_account_reply_header(request, "x-ms-resource-type", item->is_dir ? "directory" : "file");
    hr_account_reply_header(request, "x-ms-lease-status", "unlocked");
    hr_account_reply_header(request, "x-ms-lease-state", "available");
    hr_account_reply_header(request, "x-ms-server-encrypted", "false");
    hr_account_reply_header(request, "accept-ranges", "bytes");
    content_headers(request, meta);
    copy_headers(request, item);
    if (item->is_dir)
        hr_account_reply_header(request, "x-ms-meta-hdi_isfolder", "true");
    if (request->dfs)
        properties_header(request, meta);
    for (size_t i = 0; i < meta->pair_count; i++)
        if (strcasecmp(meta->pairs[i].name, "hdi_isfolder"))
            hr_account_reply_header(request,
                                    hr_printf(request->arena, "x-ms-meta-%s", meta->pairs[i].name),
                                    meta->pairs[i].value);
}

static const char *add_pair(struct request *request,
                            struct hr_tree_meta *meta,
                            const char *name,
                            const char *value)
{
    if (!*name)
        return "EmptyMetadataKey";
    /* Azure's: identifiers of C#, so that "-" is none of their characters */
    for (const char *c = name; *c; c++)
        if (!isalpha((unsigned char)*c) && *c != '_' && (c == name || !isdigit((unsigned char)*c)))
            return hr_account_refuse(request, "InvalidMetadata",
                                     "'%.64s' is not a name for metadata.", name);
    for (size_t i = 0; i < meta->pair_count; i++)
        if (!strcasecmp(meta->pairs[i].name,
                        name)) /* names keep their case, and are one name without it */
            return hr_account_refuse(request, "InvalidMetadata", "'%.64s' is given twice.", name);
    if (meta->pair_count == HR_ACCOUNT_PAIRS_MAX)
        return "MetadataTooLarge";
    meta->pairs[meta->pair_count++] =
        (struct hr_tree_pair){hr_strdup(request->arena, name), hr_strdup(request->arena, value)};
    return NULL;
}

static const char *properties_pairs(struct request *request,
                                    const char *text,
                                    struct hr_tree_meta *meta)
{
    char *copy = hr_strdup(request->arena, text), *save = NULL;
    for (char *pair = strtok_r(copy, ",", &save); pair; pair = strtok_r(NULL, ",", &save)) {
        char *equals = strchr(pair, '=');
        if (!equals)
            return "InvalidHeaderValue";
        *equals++ = 0;
        size_t len = strlen(equals), bytes;
        unsigned char *value = hr_base64_decode(request->arena, equals, len, &bytes);
        if (!value || len % 4)
            return "InvalidHeaderValue";
        const char *code = add_pair(request, meta, pair, (char *)value);
        if (code)
            return code;
    }
    return NULL;
}

const char *hr_api_pairs(struct request *request, struct hr_tree_meta *meta)
{
    const struct hr_headers *headers = &request->http->headers;
    meta->pairs = HR_NEW_ARRAY(request->arena, struct hr_tree_pair, HR_ACCOUNT_PAIRS_MAX);
    meta->pair_count = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (strncmp(headers->at[i].name, "x-ms-meta-", 10))
            continue;
        const struct hr_header *header = &headers->at[i];
        const char *name = header->sent ? header->sent : header->name;
        const char *code = add_pair(request, meta, name + 10, header->value);
        if (code)
            return code;
    }
    const char *properties = hr_account_header(request, "x-ms-properties");
    return properties ? properties_pairs(request, properties, meta) : NULL;
}

const char *hr_api_meta(struct request *request, const char *prefix, struct hr_tree_meta *meta)
{
    struct hr_arena *arena = request->arena;
    *meta = (struct hr_tree_meta){0};
    meta->content_type = hr_account_header(request, hr_printf(arena, "%scontent-type", prefix));
    meta->content_encoding =
        hr_account_header(request, hr_printf(arena, "%scontent-encoding", prefix));
    meta->content_language =
        hr_account_header(request, hr_printf(arena, "%scontent-language", prefix));
    meta->content_disposition =
        hr_account_header(request, hr_printf(arena, "%scontent-disposition", prefix));
    meta->cache_control = hr_account_header(request, hr_printf(arena, "%scache-control", prefix));
    meta->md5 = hr_account_header(request, hr_printf(arena, "%scontent-md5", prefix));
    return hr_api_pairs(request, meta);
}

const char *hr_api_marker(struct request *request, const char *name)
{
    size_t len = strlen(name);
    char *out = hr_arena_alloc(request->arena, 2 * len + 2);
    out[0] = 'n'; /* never empty, and nothing that a URL or XML minds */
    hr_hex_encode(name, len, out + 1);
    return out;
}

static const char *read_marker(struct request *request, const char *marker)
{
    size_t len = strlen(marker);
    char *name = hr_arena_alloc(request->arena, len / 2 + 1);
    if (marker[0] != 'n' || len % 2 == 0 || !hr_hex_decode(marker + 1, len / 2, name))
        return NULL;
    return name;
}

const char *hr_api_page(struct request *request,
                        const char *max_name,
                        const char *marker_name,
                        size_t *max,
                        const char **after)
{
    const char *max_text = hr_account_param(request, max_name),
               *marker = hr_account_param(request, marker_name);
    char *end;
    *max = PAGE_MAX;
    *after = "";
    if (max_text && *max_text) {
        long long asked = strtoll(max_text, &end, 10);
        if (*end || asked < 1)
            return hr_account_refuse(request, "OutOfRangeInput", "'%s' is '%.32s'.", max_name,
                                     max_text);
        *max = asked < PAGE_MAX ? (size_t)asked : PAGE_MAX;
    }
    if (marker && *marker && !(*after = read_marker(request, marker)))
        return hr_account_refuse(request, "InvalidQueryParameterValue",
                                 "'%s' is not a marker of this account.", marker_name);
    return NULL;
}
