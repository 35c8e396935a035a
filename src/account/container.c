/* The service and its containers. */
#include "account/api.h"
#include "base/clock.h"
#include "wire/xml.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *endpoint(struct request *request)
{
    const struct hr_request *http = request->http;
    return hr_printf(request->arena, "%s://%s/%s", http->tls ? "https" : "http",
                     http->authority ? http->authority : "",
                     request->host_style ? "" : request->account->name);
}

static void open_results(struct request *request)
{
    struct hr_buf *out = &request->out;
    hr_buf_adds(
        out,
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"");
    hr_xml_escape(out, endpoint(request));
    if (*request->container)
        hr_buf_addf(out, "\" ContainerName=\"%s", request->container);
    hr_buf_adds(out, "\">");
}

static const char *unquoted(struct request *request, const char *etag)
{
    return hr_strndup(request->arena, etag + 1, strlen(etag) - 2);
}

static bool includes(const struct request *request, const char *word)
{
    const char *include = hr_account_param(request, "include");
    size_t len = strlen(word);
    for (const char *at = include; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strcspn(at, ",") == len && !strncasecmp(at, word, len))
            return true;
    return false;
}

/* Snapshots, versions, tags and what was deleted: this account has none of them, so that what is
 * listed is all of them. */
static const char *check_include(struct request *request,
                                 const char *const *known,
                                 const char *const *refused)
{
    const char *include = hr_account_param(request, "include");
    for (size_t i = 0; refused[i]; i++)
        if (includes(request, refused[i]))
            return hr_account_refuse(request, "NotImplemented", "include=%s is not done.",
                                     refused[i]);
    for (const char *at = include; at && *include;
         at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t len = strcspn(at, ","), i = 0;
        while (known[i] && (strlen(known[i]) != len || strncasecmp(known[i], at, len)))
            i++;
        if (!known[i])
            return hr_account_refuse(request, "InvalidQueryParameterValue", "include has '%.*s'.",
                                     (int)(len < 64 ? len : 64), at);
    }
    return NULL;
}

static void date_element(struct hr_buf *out, const char *name, int64_t ms)
{
    char date[32];
    hr_clock_rfc1123(ms, date);
    hr_xml_element(out, name, date);
}

static void metadata_element(struct hr_buf *out, const struct hr_tree_item *item, bool folder)
{
    hr_buf_adds(out, "<Metadata>");
    if (folder)
        hr_xml_element(out, "hdi_isfolder", "true");
    for (size_t i = 0; i < item->meta.pair_count; i++)
        if (strcasecmp(item->meta.pairs[i].name, "hdi_isfolder") &&
            hr_xml_carries(item->meta.pairs[i].value))
            hr_xml_element(out, item->meta.pairs[i].name, item->meta.pairs[i].value);
    hr_buf_adds(out, "</Metadata>");
}

const char *hr_api_list_containers(struct request *request)
{
    struct hr_tree_item *items;
    size_t count, max, shown = 0;
    static const char *const known[] = {"metadata", "deleted", "system", NULL}, *const refused[] = {
                                                                                    NULL};
    const char *after, *prefix = hr_account_param(request, "prefix"),
                       *code = check_include(request, known, refused);
    if (!code)
        code = hr_api_page(request, "maxresults", "marker", &max, &after);
    if (!code)
        code = hr_tree_containers(&request->account->tree, request->arena, &items, &count);
    if (code)
        return code;
    struct hr_buf *out = &request->out;
    open_results(request);
    hr_buf_adds(out, "<Containers>");
    const char *next = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, after) <= 0 ||
            (prefix && strncmp(items[i].name, prefix, strlen(prefix))))
            continue;
        if (shown == max) {
            next = hr_api_marker(request, items[i - 1].name);
            break;
        }
        shown++;
        hr_buf_adds(out, "<Container>");
        hr_xml_element(out, "Name", items[i].name);
        hr_buf_adds(out, "<Properties>");
        date_element(out, "Last-Modified", items[i].meta.modified_ms);
        hr_xml_element(out, "Etag", unquoted(request, items[i].meta.etag));
        hr_buf_adds(
            out,
            "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties>");
        if (includes(request, "metadata"))
            metadata_element(out, &items[i], false);
        hr_buf_adds(out, "</Container>");
    }
    hr_buf_addf(out, "</Containers><NextMarker>%s</NextMarker></EnumerationResults>", next);
    request->status = 200;
    request->content_type = "application/xml";
    return NULL;
}

const char *hr_api_service_properties(struct request *request)
{
    if (hr_account_param(request, "restype") &&
        !strcmp(hr_account_param(request, "restype"), "account"))
        return hr_api_account_info(request);
    hr_buf_adds(
        &request->out,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><StorageServiceProperties>"
        "<Logging><Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
        "<HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>"
        "<MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>"
        "<Cors/><DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy><StaticWebsite><Enabled>false</Enabled></StaticWebsite>"
        "</StorageServiceProperties>");
    request->status = 200;
    request->content_type = "application/xml";
    return NULL;
}

const char *hr_api_account_info(struct request *request)
{
    const char *restype = hr_account_param(request, "restype");
    if (!restype || strcasecmp(restype, "account"))
        return hr_account_refuse(request, "InvalidQueryParameterValue",
                                 "restype is '%.32s', not account.", restype ? restype : "");
    request->status = 200;
    hr_account_reply_header(request, "x-ms-sku-name", "Standard_LRS");
    hr_account_reply_header(request, "x-ms-account-kind", "StorageV2");
    hr_account_reply_header(request, "x-ms-is-hns-enabled", "true");
    return NULL;
}

const char *hr_api_stats(struct request *request)
{
    struct account *account = request->account;
    json_t *root =
               json_pack("{s:I,s:I,s:I}", "requests", (json_int_t)atomic_load(&account->requests),
                         "bytes_in", (json_int_t)atomic_load(&account->bytes_in), "bytes_out",
                         (json_int_t)atomic_load(&account->bytes_out)),
           *operations = json_object();
    for (size_t i = 0; i < account->operation_count; i++) {
        json_int_t n = (json_int_t)atomic_load(&account->counts[i]);
        if (n) /* several lines of the table share a name */
            json_object_set_new(operations, account->operations[i].name,
                                json_integer(n + json_integer_value(json_object_get(
                                                     operations, account->operations[i].name))));
    }
    json_object_set_new(root, "operations", operations);
    char *text = json_dumps(root, JSON_COMPACT);
    hr_buf_adds(&request->out, text);
    free(text);
    json_decref(root);
    request->status = 200;
    request->content_type = "application/json";
    return NULL;
}

/* a name alone is not a container's address: "/account/name" could be a blob of $root, which this
 * account does not have */
static const char *needs_restype(struct request *request)
{
    const char *restype = hr_account_param(request, "restype");
    if (hr_account_param(request, "resource") || (restype && !strcasecmp(restype, "container")))
        return NULL;
    return hr_account_refuse(request, "MissingRequiredQueryParameter",
                             "restype=container is required; blobs of $root need its name.");
}

const char *hr_api_create_container(struct request *request)
{
    struct hr_tree_meta meta = {0};
    const char *code = needs_restype(request);
    if (!code && hr_account_header(request, "x-ms-blob-public-access"))
        return hr_account_refuse(
            request, "NotImplemented",
            "Public access is not done: every request needs a key, a SAS or a token.");
    if (!code)
        code = hr_api_pairs(request, &meta);
    if (!code)
        code = hr_tree_container_create(&request->account->tree, request->arena, request->container,
                                        &meta);
    if (code)
        return code;
    request->status = 201;
    hr_api_version_headers(request, &meta);
    return NULL;
}

const char *hr_api_container_properties(struct request *request)
{
    struct hr_tree_item item;
    const char *code = needs_restype(request);
    if (!code)
        code = hr_tree_stat(&request->account->tree, request->arena, request->container, "", &item);
    if (code)
        return code;
    request->status = 200;
    hr_api_version_headers(request, &item.meta);
    hr_account_reply_header(request, "x-ms-lease-status", "unlocked");
    hr_account_reply_header(request, "x-ms-lease-state", "available");
    hr_account_reply_header(request, "x-ms-has-immutability-policy", "false");
    hr_account_reply_header(request, "x-ms-has-legal-hold", "false");
    hr_account_reply_header(request, "x-ms-immutable-storage-with-versioning-enabled", "false");
    hr_account_reply_header(request, "x-ms-namespace-enabled", "true");
    for (size_t i = 0; i < item.meta.pair_count; i++)
        hr_account_reply_header(request,
                                hr_printf(request->arena, "x-ms-meta-%s", item.meta.pairs[i].name),
                                item.meta.pairs[i].value);
    return NULL;
}

static void take_pairs(struct hr_tree_item *item, void *arg)
{
    const struct hr_tree_meta *from = arg;
    item->meta.pairs = from->pairs;
    item->meta.pair_count = from->pair_count;
}

const char *hr_api_set_container_metadata(struct request *request)
{
    struct hr_tree_meta pairs = {0}, meta;
    struct hr_tree_conditions conditions;
    const char *code = hr_api_pairs(request, &pairs);
    hr_account_conditions(request, &conditions, NULL);
    if (!code)
        code = hr_tree_update(&request->account->tree, request->arena, request->container, "",
                              &conditions, take_pairs, &pairs, &meta);
    if (code)
        return code;
    request->status = 200;
    hr_api_version_headers(request, &meta);
    return NULL;
}

const char *hr_api_container_acl(struct request *request)
{
    struct hr_tree_item item;
    const char *code =
        hr_tree_stat(&request->account->tree, request->arena, request->container, "", &item);
    if (code)
        return code;
    request->status = 200;
    hr_api_version_headers(request, &item.meta);
    hr_buf_adds(&request->out, "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers/>");
    request->content_type = "application/xml";
    return NULL;
}

const char *hr_api_delete_container(struct request *request)
{
    struct hr_tree_conditions conditions;
    const char *code = needs_restype(request);
    hr_account_conditions(request, &conditions, NULL);
    if (!code)
        code = hr_tree_container_delete(&request->account->tree, request->arena, request->container,
                                        &conditions);
    request->status = 202;
    return code;
}

/* ---- List Blobs ---- */

static void name_element(struct hr_buf *out, const char *name)
{
    if (hr_xml_carries(name)) {
        hr_xml_element(out, "Name", name);
        return;
    }
    hr_buf_adds(out, "<Name Encoded=\"true\">");
    hr_uri_encode(out, name, "/");
    hr_buf_adds(out, "</Name>");
}

static void optional(struct hr_buf *out, const char *name, const char *value)
{
    if (value && hr_xml_carries(value))
        hr_xml_element(out, name, value);
}

static void copy_elements(struct request *request, const struct hr_tree_item *item)
{
    struct hr_buf *out = &request->out;
    if (!item->meta.copy_id)
        return;
    hr_xml_element(out, "CopyId", item->meta.copy_id);
    optional(out, "CopySource", item->meta.copy_source);
    hr_buf_addf(out, "<CopyStatus>success</CopyStatus><CopyProgress>%lld/%lld</CopyProgress>",
                (long long)item->size, (long long)item->size);
    date_element(out, "CopyCompletionTime", strtoll(item->meta.copy_done, NULL, 10));
}

static void blob_element(struct request *request, const struct hr_tree_item *item)
{
    struct hr_buf *out = &request->out;
    hr_buf_adds(out, "<Blob>");
    name_element(out, item->name);
    hr_buf_adds(out, "<Properties>");
    date_element(out, "Creation-Time", item->meta.created_ms);
    date_element(out, "Last-Modified", item->meta.modified_ms);
    hr_xml_element(out, "Etag", unquoted(request, item->meta.etag));
    hr_xml_element(out, "ResourceType", item->is_dir ? "directory" : "file");
    hr_buf_addf(out, "<Content-Length>%lld</Content-Length>", (long long)item->size);
    hr_xml_element(out, "Content-Type",
                   item->meta.content_type ? item->meta.content_type : "application/octet-stream");
    optional(out, "Content-Encoding", item->meta.content_encoding);
    optional(out, "Content-Language", item->meta.content_language);
    optional(out, "Content-Disposition", item->meta.content_disposition);
    optional(out, "Cache-Control", item->meta.cache_control);
    optional(out, "Content-MD5", item->meta.md5);
    hr_buf_adds(
        out,
        "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
        "<ServerEncrypted>false</ServerEncrypted>");
    if (includes(request, "copy"))
        copy_elements(request, item);
    hr_buf_adds(out, "</Properties>");
    if (includes(request, "metadata"))
        metadata_element(out, item, item->is_dir);
    hr_buf_adds(out, "</Blob>");
}

static void echo_params(struct request *request)
{
    static const struct {
        const char *param, *element;
    } echoed[] = {{"prefix", "Prefix"},
                  {"marker", "Marker"},
                  {"maxresults", "MaxResults"},
                  {"delimiter", "Delimiter"}};
    for (size_t i = 0; i < HR_LEN(echoed); i++)
        optional(&request->out, echoed[i].element, hr_account_param(request, echoed[i].param));
}

const char *hr_api_list_blobs(struct request *request)
{
    struct hr_tree_item *items;
    size_t count;
    bool more;
    const char *delimiter = hr_account_param(request, "delimiter"),
               *prefix = hr_account_param(request, "prefix"),
               *start = hr_account_param(request, "startFrom");
    struct hr_tree_list list = {.kind = delimiter && *delimiter ? HR_LIST_LEVEL : HR_LIST_FLAT,
                                .prefix = prefix ? prefix : "",
                                .from = start ? start : ""};
    if (delimiter && *delimiter && strcmp(delimiter, "/"))
        return hr_account_refuse(request, "NotImplemented",
                                 "The delimiter '%.16s' is not done, only '/'.", delimiter);
    static const char *const known[] = {
        "metadata",  "copy",    "snapshots",           "versions",
        "tags",      "deleted", "deletedwithversions", "immutabilitypolicy",
        "legalhold", NULL};
    static const char *const refused[] = {"uncommittedblobs", "permissions", NULL};
    const char *code = check_include(request, known, refused);
    if (!code)
        code = hr_api_page(request, "maxresults", "marker", &list.max, &list.after);
    if (!code)
        code = hr_tree_list(&request->account->tree, request->arena, request->container, &list,
                            &items, &count, &more);
    if (code)
        return code;
    struct hr_buf *out = &request->out;
    open_results(request);
    echo_params(request);
    hr_buf_adds(out, "<Blobs>");
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(items[i].name);
        if (items[i].is_dir && items[i].name[len - 1] == '/') {
            hr_buf_adds(out, "<BlobPrefix>");
            name_element(out, items[i].name);
            hr_buf_adds(out, "</BlobPrefix>");
        } else {
            blob_element(request, &items[i]);
        }
    }
    hr_buf_addf(out, "</Blobs><NextMarker>%s</NextMarker></EnumerationResults>",
                more && count ? hr_api_marker(request, items[count - 1].name) : "");
    if (!hr_buf_ok(out))
        return "InternalError";
    request->status = 200;
    request->content_type = "application/xml";
    return NULL;
}
