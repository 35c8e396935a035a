/* Blobs. */
#include "account/api.h"
#include "account/crc64.h"
#include "base/clock.h"
#include "wire/azure.h"
#include "wire/base64.h"
#include "wire/xml.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BLOCKS_MAX 50000
#define HASH_PIECE (1 << 20)
#define RANGE_HASH_MAX (4 << 20)

/* ---- reading ---- */

/* bytes=A-B or bytes=A-; anything else is not a range to Azure, and the whole is sent */
static bool parse_range(const char *text, int64_t *first, int64_t *last)
{
    char *end;
    if (!text || strncmp(text, "bytes=", 6) || text[6] < '0' || text[6] > '9')
        return false;
    *first = strtoll(text + 6, &end, 10);
    *last = INT64_MAX;
    if (*end++ != '-')
        return false;
    if (*end) {
        char *stop;
        *last = strtoll(end, &stop, 10);
        if (*stop || *end < '0' || *end > '9' || *last < *first)
            return false;
    }
    return true;
}

static bool asks(const struct request *request, const char *header)
{
    const char *value = hr_account_header(request, header);
    return value && !strcasecmp(value, "true");
}

static const char *range_hash(struct request *request, bool md5, bool crc64)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[64], crc[HR_CRC64_TEXT];
    if (!md5 && !crc64)
        return NULL;
    if (request->left > RANGE_HASH_MAX)
        return hr_account_refuse(request, "OutOfRangeInput",
                                 "the hash of a range is for ranges up to 4 MB.");
    char *bytes = malloc((size_t)request->left + 1);
    ssize_t n = bytes ? pread(request->fd, bytes, (size_t)request->left, request->offset) : -1;
    if (n == request->left && crc64) {
        hr_crc64_text(hr_crc64(0, bytes, (size_t)n), crc);
        hr_account_reply_header(request, "x-ms-content-crc64", crc);
    }
    if (n == request->left && md5) {
        EVP_Digest(bytes, (size_t)n, digest, &len, EVP_md5(), NULL);
        hr_base64_encode(digest, len, text);
        hr_account_reply_header(request, "content-md5", text);
    }
    free(bytes);
    return n == request->left ? NULL : "InternalError";
}

static const char *choose_range(struct request *request, const struct hr_tree_item *item)
{
    int64_t first, last;
    const char *range = hr_account_header(request, "x-ms-range");
    bool md5 = asks(request, "x-ms-range-get-content-md5"),
         crc64 = asks(request, "x-ms-range-get-content-crc64");
    request->status = 200;
    request->left = item->size;
    if (!parse_range(range ? range : hr_account_header(request, "range"), &first, &last)) {
        hr_account_reply_header(request, "content-md5", item->meta.md5);
        if (md5 || crc64)
            return hr_account_refuse(request, "MissingRequiredHeader",
                                     "the hash of a range needs a range.");
        return NULL;
    }
    if (first >= item->size) {
        request->range_size = item->size;
        return "InvalidRange";
    }
    last = last < item->size ? last : item->size - 1;
    request->status = 206;
    request->offset = first;
    request->left = last - first + 1;
    hr_account_reply_header(request, "content-range",
                            hr_printf(request->arena, "bytes %lld-%lld/%lld", (long long)first,
                                      (long long)last, (long long)item->size));
    hr_account_reply_header(request, "x-ms-blob-content-md5", item->meta.md5);
    return range_hash(request, md5, crc64);
}

static const char *read_item(struct request *request, struct hr_tree_item *item)
{
    struct hr_tree_conditions conditions;
    hr_account_conditions(request, &conditions, NULL);
    const char *code = hr_tree_read(&request->account->tree, request->arena, request->container,
                                    request->name, item, &request->fd);
    return code ? code : hr_tree_check(&conditions, item, true, true);
}

static const char *close_on(struct request *request, const char *code)
{
    if (request->fd >= 0)
        close(request->fd);
    request->fd = -1;
    return code;
}

const char *hr_api_get_blob(struct request *request)
{
    struct hr_tree_item item;
    const char *code = read_item(request, &item);
    if (code)
        return close_on(request, code);
    if (item.is_dir && request->dfs)
        return close_on(request, "PathConflict");
    hr_api_item_headers(request, &item);
    code = choose_range(request, &item);
    return code || item.is_dir ? close_on(request, code) : NULL;
}

const char *hr_api_head_blob(struct request *request)
{
    struct hr_tree_item item;
    char length[24];
    const char *code = close_on(request, read_item(request, &item));
    if (code)
        return code;
    hr_api_item_headers(request, &item);
    hr_account_reply_header(request, "content-md5", item.meta.md5);
    snprintf(length, sizeof length, "%lld", (long long)item.size);
    hr_account_reply_header(request, "content-length", length);
    request->status = 200;
    return NULL;
}

const char *hr_api_get_metadata(struct request *request)
{
    struct hr_tree_item item;
    const char *code = close_on(request, read_item(request, &item));
    if (code)
        return code;
    hr_api_item_headers(request, &item);
    request->status = 200;
    return NULL;
}

/* ---- writing whole ---- */

static void created(struct request *request, const struct hr_tree_meta *meta)
{
    request->status = 201;
    hr_api_version_headers(request, meta);
    hr_account_reply_header(request, "x-ms-request-server-encrypted", "false");
}

static bool is_folder_marker(const struct hr_tree_meta *meta)
{
    for (size_t i = 0; i < meta->pair_count; i++)
        if (!strcasecmp(meta->pairs[i].name, "hdi_isfolder") &&
            !strcasecmp(meta->pairs[i].value, "true"))
            return true;
    return false;
}

/* Azure takes the plain headers where the x-ms-blob- ones are absent */
static void plain_headers(struct request *request, struct hr_tree_meta *meta)
{
    meta->content_type =
        meta->content_type ? meta->content_type : hr_account_header(request, "content-type");
    meta->content_encoding = meta->content_encoding
                                 ? meta->content_encoding
                                 : hr_account_header(request, "content-encoding");
    meta->content_language = meta->content_language
                                 ? meta->content_language
                                 : hr_account_header(request, "content-language");
    meta->cache_control =
        meta->cache_control ? meta->cache_control : hr_account_header(request, "cache-control");
}

const char *hr_api_put_blob(struct request *request)
{
    struct hr_tree_meta meta;
    struct hr_tree_conditions conditions;
    const char *type = hr_account_header(request, "x-ms-blob-type"),
               *code = hr_api_meta(request, "x-ms-blob-", &meta);
    if (!type)
        return hr_account_refuse(request, "MissingRequiredHeader", "x-ms-blob-type is required.");
    if (strcmp(type, "BlockBlob"))
        return hr_account_refuse(request, "NotImplemented",
                                 "Blobs of the type '%.32s' are not done, only BlockBlob.", type);
    if (code)
        return code;
    /* of a whole blob it is checked like Content-MD5; of a block list it is only kept */
    if (meta.md5 && strcmp(meta.md5, request->body_md5))
        return strlen(meta.md5) == 24 ? "Md5Mismatch" : "InvalidMd5";
    plain_headers(request, &meta);
    hr_account_conditions(request, &conditions, "BlobAlreadyExists");
    if (is_folder_marker(&meta) && !request->received) {
        code = hr_tree_mkdir(&request->account->tree, request->arena, request->container,
                             request->name, &meta, &conditions);
    } else {
        meta.md5 = meta.md5 ? meta.md5 : request->body_md5;
        code = hr_tree_commit(&request->account->tree, request->arena, &request->temp,
                              request->container, request->name, &meta, &conditions, false);
        hr_account_reply_header(request, "content-md5", request->body_md5);
    }
    if (!code)
        created(request, &meta);
    return code;
}

/* ---- copying ---- */

/* container and name of a source address; it must be this account's */
static const char *parse_source(struct request *request,
                                const char *url,
                                const char **container,
                                const char **name,
                                const char **query)
{
    const char *authority = strstr(url, "://");
    if (!authority)
        return "InvalidSourceUri";
    authority += 3;
    size_t len = strcspn(authority, "/?"), account_len = strlen(request->account->name);
    const char *path = authority + len, *mark = strchr(path, '?');
    size_t path_len = mark ? (size_t)(mark - path) : strlen(path);
    bool host_style = !strncasecmp(authority, request->account->name, account_len) &&
                      authority[account_len] == '.';
    bool here = request->http->authority &&
                strlen(request->http->authority) == len &&
                !strncasecmp(authority, request->http->authority, len);
    if (!host_style && (!here ||
                        strncmp(path + 1, request->account->name, account_len) ||
                        path[1 + account_len] != '/'))
        return hr_account_refuse(request, "NotImplemented",
                                 "Copies from other accounts are not done.");
    if (!host_style) {
        path += 1 + account_len;
        path_len -= 1 + account_len;
    }
    if (path_len < 2)
        return "InvalidSourceUri";
    size_t container_len = strcspn(path + 1, "/?");
    *container = hr_uri_decode_text(request->arena, path + 1, container_len);
    *name = path_len > container_len + 2
                ? hr_uri_decode_text(request->arena, path + container_len + 2,
                                     path_len - container_len - 2)
                : NULL;
    *query = mark ? mark + 1 : "";
    if (!*container ||
        !*name ||
        !hr_azure_container_valid(*container, strlen(*container)) ||
        hr_tree_name_fault(*name))
        return "InvalidSourceUri";
    return NULL;
}

/* what properties and listings tell of it from now on; the source without its query, which may hold
 * a SAS */
static void note_copy(struct request *request, struct hr_tree_meta *meta)
{
    const char *source = hr_account_header(request, "x-ms-copy-source");
    char *id = hr_arena_alloc(request->arena, 37);
    hr_uuid_new(id);
    meta->copy_id = id;
    meta->copy_source = hr_strndup(request->arena, source, strcspn(source, "?"));
    meta->copy_done = hr_printf(request->arena, "%lld", (long long)hr_clock_ms());
}

static struct hr_tree_conditions source_conditions(const struct request *request)
{
    return (struct hr_tree_conditions){
        hr_account_header(request, "x-ms-source-if-match"),
        hr_account_header(request, "x-ms-source-if-none-match"),
        hr_api_time(hr_account_header(request, "x-ms-source-if-modified-since")),
        hr_api_time(hr_account_header(request, "x-ms-source-if-unmodified-since")), NULL};
}

/* a source that is a blob of this account, and that may be read */
struct source {
    struct hr_tree_item item;
    int fd;
};

static const char *open_source(struct request *request, bool own, struct source *source)
{
    const char *container = NULL, *name = NULL, *query = NULL;
    const char *code = parse_source(request, hr_account_header(request, "x-ms-copy-source"),
                                    &container, &name, &query);
    source->fd = -1;
    if (!code)
        code = hr_account_authorize_source(request, container, name, query, own);
    if (code)
        return code;
    code = hr_tree_read(&request->account->tree, request->arena, container, name, &source->item,
                        &source->fd);
    if (code)
        return hr_account_source_refused(request, code);
    struct hr_tree_conditions conditions = source_conditions(request);
    if (source->item.is_dir)
        return "ResourceTypeMismatch";
    if (!hr_tree_check(&conditions, &source->item, true, false))
        return NULL;
    /* to Put … From URL the source is an address like any other, which answered with a refusal */
    return own ? "SourceConditionNotMet" : hr_account_source_refused(request, "ConditionNotMet");
}

static void close_source(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
}

static const char *copy_bytes(struct request *request, const struct source *source, int64_t size)
{
    const char *code = hr_tree_temp_new(&request->account->tree, &request->temp);
    return code ? code : hr_tree_copy_bytes(source->fd, request->temp.fd, size);
}

static const char *copy_from(struct request *request,
                             const struct source *source,
                             struct hr_tree_meta *meta)
{
    struct hr_tree_conditions conditions;
    const char *code = copy_bytes(request, source, source->item.size);
    struct hr_tree_pair *pairs = meta->pairs;
    size_t pair_count = meta->pair_count;
    *meta = source->item.meta;
    meta->etag[0] = 0;
    meta->created_ms = 0;
    note_copy(request, meta);
    if (pair_count) { /* the request's metadata replaces the source's */
        meta->pairs = pairs;
        meta->pair_count = pair_count;
    }
    hr_account_conditions(request, &conditions, "BlobAlreadyExists");
    return code ? code
                : hr_tree_commit(&request->account->tree, request->arena, &request->temp,
                                 request->container, request->name, meta, &conditions, false);
}

/* of what was copied; x-ms-source-content-md5 says what it should be. The answer says both hashes.
 */
static const char *hash_copied(struct request *request, int64_t size, const char **md5)
{
    const char *given = hr_account_header(request, "x-ms-source-content-md5");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    uint64_t crc = 0;
    char text[64], crc_text[HR_CRC64_TEXT], *piece = malloc(HASH_PIECE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_md5(), NULL);
    ssize_t n = 1;
    for (int64_t at = 0; piece && at < size && n > 0; at += n) {
        n = pread(request->temp.fd, piece, HASH_PIECE, at);
        if (n <= 0)
            break;
        EVP_DigestUpdate(context, piece, (size_t)n);
        crc = hr_crc64(crc, piece, (size_t)n);
    }
    EVP_DigestFinal_ex(context, digest, &len);
    EVP_MD_CTX_free(context);
    bool read_all = piece && n > 0;
    free(piece);
    if (!read_all)
        return "InternalError";
    hr_base64_encode(digest, len, text);
    *md5 = hr_strdup(request->arena, text);
    if (given && strcmp(given, text))
        return "Md5Mismatch";
    hr_crc64_text(crc, crc_text);
    hr_account_reply_header(request, "x-ms-content-crc64", crc_text);
    return NULL;
}

static void take_missing(struct hr_tree_meta *meta, const struct hr_tree_meta *from)
{
    meta->content_type = meta->content_type ? meta->content_type : from->content_type;
    meta->content_encoding =
        meta->content_encoding ? meta->content_encoding : from->content_encoding;
    meta->content_language =
        meta->content_language ? meta->content_language : from->content_language;
    meta->content_disposition =
        meta->content_disposition ? meta->content_disposition : from->content_disposition;
    meta->cache_control = meta->cache_control ? meta->cache_control : from->cache_control;
}

/* A new blob with another's bytes: the request's own headers and metadata, and the source's headers
 * where it gives none. */
static const char *put_from(struct request *request, const struct source *source)
{
    struct hr_tree_meta meta;
    struct hr_tree_conditions conditions;
    const char *md5, *type = hr_account_header(request, "x-ms-blob-type"),
                     *properties = hr_account_header(request, "x-ms-copy-source-blob-properties");
    const char *code = hr_api_meta(request, "x-ms-blob-", &meta);
    if (!code && strcmp(type, "BlockBlob"))
        code = hr_account_refuse(request, "NotImplemented",
                                 "Blobs of the type '%.32s' are not done, only BlockBlob.", type);
    if (!code)
        code = copy_bytes(request, source, source->item.size);
    if (!code)
        code = hash_copied(request, source->item.size, &md5);
    if (code)
        return code;
    if (meta.md5 && strcmp(meta.md5, md5))
        return "Md5Mismatch";
    if (!properties || strcasecmp(properties, "false"))
        take_missing(&meta, &source->item.meta);
    meta.md5 = md5;
    hr_account_conditions(request, &conditions, "BlobAlreadyExists");
    code = hr_tree_commit(&request->account->tree, request->arena, &request->temp,
                          request->container, request->name, &meta, &conditions, false);
    if (code)
        return code;
    created(request, &meta);
    hr_account_reply_header(request, "content-md5", md5);
    return NULL;
}

static const char *copy_to(struct request *request, const struct source *source)
{
    struct hr_tree_meta meta = {0};
    const char *code = hr_api_pairs(request, &meta);
    if (!code)
        code = copy_from(request, source, &meta);
    if (code)
        return code;
    request->status = 202;
    hr_api_version_headers(request, &meta);
    hr_account_reply_header(request, "x-ms-copy-id", meta.copy_id);
    hr_account_reply_header(request, "x-ms-copy-status", "success");
    return NULL;
}

/* Copy Blob, and Put Blob From URL, which says what type of blob it makes: that one takes a SAS
 * only, as it reads any address on Azure */
const char *hr_api_copy_blob(struct request *request)
{
    struct source source;
    bool put = hr_account_header(request, "x-ms-blob-type");
    const char *code = open_source(request, !put, &source);
    if (!code)
        code = put ? put_from(request, &source) : copy_to(request, &source);
    close_source(&source);
    return code;
}

/* ---- blocks ---- */

#define BLOCK_ID_MAX 88 /* base64 of at most 64 bytes, which is Azure's limit */

static bool block_id_valid(const char *id)
{
    size_t len = id ? strlen(id) : 0;
    unsigned char bytes[HR_BASE64_BYTES(BLOCK_ID_MAX)];
    size_t bytes_len;
    return len &&
           len % 4 == 0 &&
           len <= BLOCK_ID_MAX &&
           hr_base64_decode_into(id, len, bytes, &bytes_len);
}

const char *hr_api_put_block(struct request *request)
{
    const char *id = hr_account_param(request, "blockid");
    if (!block_id_valid(id))
        return "InvalidBlockId";
    const char *code = hr_tree_block_put(&request->account->tree, request->arena, &request->temp,
                                         request->container, request->name, id);
    if (code)
        return code;
    request->status = 201;
    hr_account_reply_header(request, "content-md5", request->body_md5);
    hr_account_reply_header(request, "x-ms-request-server-encrypted", "false");
    return NULL;
}

static const char *source_range(struct request *request, const struct source *source, int64_t *size)
{
    const char *range = hr_account_header(request, "x-ms-source-range");
    int64_t first = 0, last = INT64_MAX;
    if (range && !parse_range(range, &first, &last))
        return hr_account_refuse(request, "InvalidHeaderValue", "x-ms-source-range is '%.64s'.",
                                 range);
    if (range && first >= source->item.size)
        return "InvalidRange";
    last = last < source->item.size ? last : source->item.size - 1;
    *size = last - first + 1;
    return lseek(source->fd, first, SEEK_SET) < 0 ? "InternalError" : NULL;
}

const char *hr_api_put_block_from_url(struct request *request)
{
    struct source source;
    const char *md5, *id = hr_account_param(request, "blockid");
    int64_t size = 0;
    if (!block_id_valid(id))
        return "InvalidBlockId";
    const char *code = open_source(request, false, &source);
    if (!code)
        code = source_range(request, &source, &size);
    if (!code)
        code = copy_bytes(request, &source, size);
    if (!code)
        code = hash_copied(request, size, &md5);
    close_source(&source);
    if (!code)
        code = hr_tree_block_put(&request->account->tree, request->arena, &request->temp,
                                 request->container, request->name, id);
    if (code)
        return code;
    request->status = 201;
    hr_account_reply_header(request, "content-md5", md5);
    hr_account_reply_header(request, "x-ms-request-server-encrypted", "false");
    return NULL;
}

static const char *read_choices(struct request *request,
                                struct hr_tree_choice **choices,
                                size_t *count)
{
    struct hr_xml *root;
    struct hr_err err;
    if (hr_xml_parse(request->arena, hr_buf_text(&request->body), hr_buf_len(&request->body), &root,
                     &err))
        return hr_account_refuse(request, "InvalidXmlDocument", "%s.", err.msg);
    *count = 0;
    for (const struct hr_xml *node = root->child; node; node = node->next)
        ++*count;
    if (*count > BLOCKS_MAX)
        return hr_account_refuse(request, "InvalidBlockList", "It has %zu blocks, more than %d.",
                                 *count, BLOCKS_MAX);
    *choices = HR_NEW_ARRAY(request->arena, struct hr_tree_choice, *count + 1);
    struct hr_tree_choice *to = *choices;
    for (const struct hr_xml *node = root->child; node; node = node->next, to++) {
        if (strcmp(node->name, "Committed") &&
            strcmp(node->name, "Uncommitted") &&
            strcmp(node->name, "Latest"))
            return hr_account_refuse(request, "InvalidXmlDocument",
                                     "'%.32s' is not an element of a block list.", node->name);
        if (!block_id_valid(node->text))
            return "InvalidBlockId";
        *to = (struct hr_tree_choice){node->text, node->name[0]};
    }
    return NULL;
}

const char *hr_api_put_block_list(struct request *request)
{
    struct hr_tree_meta meta;
    struct hr_tree_conditions conditions;
    struct hr_tree_choice *choices;
    size_t count;
    const char *code = hr_api_meta(request, "x-ms-blob-", &meta);
    if (!code)
        code = read_choices(request, &choices, &count);
    hr_account_conditions(request, &conditions, "BlobAlreadyExists");
    if (!code)
        code = hr_tree_blocks_commit(&request->account->tree, request->arena, request->container,
                                     request->name, choices, count, &meta, &conditions);
    if (!code)
        created(request, &meta);
    return code;
}

static void block_elements(struct hr_buf *out,
                           const char *name,
                           const struct hr_tree_blocks *blocks)
{
    hr_buf_addf(out, "<%s>", name);
    for (size_t i = 0; i < blocks->count; i++) {
        hr_buf_adds(out, "<Block>");
        hr_xml_element(out, "Name", blocks->at[i].id);
        hr_buf_addf(out, "<Size>%lld</Size></Block>", (long long)blocks->at[i].size);
    }
    hr_buf_addf(out, "</%s>", name);
}

const char *hr_api_get_block_list(struct request *request)
{
    struct hr_tree *tree = &request->account->tree;
    struct hr_tree_blocks committed = {0}, waiting = {0};
    struct hr_tree_item item;
    const char *type = hr_account_param(request, "blocklisttype");
    bool all = type && !strcasecmp(type, "all"),
         want_waiting = all || (type && !strcasecmp(type, "uncommitted")),
         want_committed = all || !want_waiting;
    const char *missing =
        hr_tree_stat(tree, request->arena, request->container, request->name, &item);
    const char *code = missing && strcmp(missing, "BlobNotFound") ? missing : NULL;
    if (!code && want_waiting)
        code = hr_tree_blocks(tree, request->arena, request->container, request->name, false,
                              &waiting);
    if (!code && missing && !waiting.count)
        code = missing;
    if (!code && want_committed && !missing)
        code = hr_tree_blocks(tree, request->arena, request->container, request->name, true,
                              &committed);
    if (code)
        return code;
    hr_buf_adds(&request->out, "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    if (want_committed)
        block_elements(&request->out, "CommittedBlocks", &committed);
    if (want_waiting)
        block_elements(&request->out, "UncommittedBlocks", &waiting);
    hr_buf_adds(&request->out, "</BlockList>");
    request->status = 200;
    request->content_type = "application/xml";
    if (!missing) {
        hr_api_version_headers(request, &item.meta);
        hr_account_reply_header(request, "x-ms-blob-content-length",
                                hr_printf(request->arena, "%lld", (long long)item.size));
    }
    return NULL;
}

/* ---- changing ---- */

static void take_pairs(struct hr_tree_item *item, void *arg)
{
    const struct hr_tree_meta *from = arg;
    item->meta.pairs = from->pairs;
    item->meta.pair_count = from->pair_count;
}

static void take_headers(struct hr_tree_item *item, void *arg)
{
    const struct hr_tree_meta *from = arg;
    struct hr_tree_meta *to = &item->meta;
    to->content_type = from->content_type; /* what is not given is cleared, as on Azure */
    to->content_encoding = from->content_encoding;
    to->content_language = from->content_language;
    to->content_disposition = from->content_disposition;
    to->cache_control = from->cache_control;
    to->md5 = from->md5;
}

static const char *update(struct request *request,
                          void (*change)(struct hr_tree_item *item, void *arg))
{
    struct hr_tree_meta from, meta;
    struct hr_tree_conditions conditions;
    const char *code = hr_api_meta(request, "x-ms-blob-", &from);
    hr_account_conditions(request, &conditions, NULL);
    if (!code)
        code = hr_tree_update(&request->account->tree, request->arena, request->container,
                              request->name, &conditions, change, &from, &meta);
    if (code)
        return code;
    request->status = 200;
    hr_api_version_headers(request, &meta);
    return NULL;
}

const char *hr_api_set_metadata(struct request *request)
{
    return update(request, take_pairs);
}

const char *hr_api_set_properties(struct request *request)
{
    return update(request, take_headers);
}

const char *hr_api_delete_blob(struct request *request)
{
    struct hr_tree_conditions conditions;
    const char *recursive = hr_account_param(request, "recursive"),
               *snapshots = hr_account_header(request, "x-ms-delete-snapshots");
    if (snapshots && !strcasecmp(snapshots, "only"))
        return hr_account_refuse(request, "NotImplemented", "There are no snapshots to delete.");
    hr_account_conditions(request, &conditions, NULL);
    const char *code =
        hr_tree_delete(&request->account->tree, request->arena, request->container, request->name,
                       &conditions, recursive && !strcasecmp(recursive, "true"));
    request->status = request->dfs ? 200 : 202;
    hr_account_reply_header(request, "x-ms-delete-type-permanent", "true");
    return code;
}
