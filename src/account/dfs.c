/* Paths, as Data Lake Storage Gen2 has them. */
#include "account/api.h"
#include "account/tree_meta.h"
#include "base/clock.h"
#include "io/file.h"
#include "wire/azure.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *reply_json(struct request *request, json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    hr_buf_adds(&request->out, text ? text : "{}");
    free(text);
    request->status = 200;
    request->content_type = "application/json;charset=utf-8";
    return hr_buf_ok(&request->out) ? NULL : "InternalError";
}

static void set_date(json_t *object, const char *name, int64_t ms)
{
    char date[32];
    hr_clock_rfc1123(ms, date);
    json_object_set_new(object, name, json_string(date));
}

static void set_etag(json_t *object, const char *etag)
{
    json_object_set_new(object, "etag", json_stringn(etag + 1, strlen(etag) - 2));
}

const char *hr_api_list_filesystems(struct request *request)
{
    struct hr_tree_item *items;
    size_t count;
    const char *prefix = hr_account_param(request, "prefix"),
               *code = hr_tree_containers(&request->account->tree, request->arena, &items, &count);
    if (code)
        return code;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (prefix && strncmp(items[i].name, prefix, strlen(prefix)))
            continue;
        json_t *one = json_pack("{s:s}", "name", items[i].name);
        set_date(one, "lastModified", items[i].meta.modified_ms);
        set_etag(one, items[i].meta.etag);
        json_array_append_new(list, one);
    }
    return reply_json(request, json_pack("{s:o}", "filesystems", list));
}

static json_t *path_json(const struct hr_tree_item *item)
{
    char size[24];
    json_t *one = json_object(), *name = json_string(item->name);
    json_object_set_new(one, "name", name ? name : json_string("?"));
    if (item->is_dir)
        json_object_set_new(one, "isDirectory", json_string("true"));
    snprintf(size, sizeof size, "%lld", (long long)item->size);
    json_object_set_new(one, "contentLength", json_string(size));
    set_date(one, "lastModified", item->meta.modified_ms);
    set_etag(one, item->meta.etag);
    json_object_set_new(one, "owner", json_string("$superuser"));
    json_object_set_new(one, "group", json_string("$superuser"));
    json_object_set_new(one, "permissions", json_string(item->is_dir ? "rwxr-x---" : "rw-r-----"));
    return one;
}

const char *hr_api_list_paths(struct request *request)
{
    struct hr_tree *tree = &request->account->tree;
    const char *folder = hr_account_param(request, "directory"),
               *recursive = hr_account_param(request, "recursive");
    const char *begin = hr_account_param(request, "beginFrom");
    struct hr_tree_list list = {.prefix = "", .from = begin ? begin : ""};
    struct hr_tree_item item, *items;
    size_t count, end = folder ? strlen(folder) : 0;
    bool more;
    const char *code = hr_api_page(request, "maxResults", "continuation", &list.max, &list.after);
    if (code)
        return code;
    if (!recursive)
        return hr_account_refuse(request, "MissingRequiredQueryParameter",
                                 "recursive is required.");
    list.kind = !strcasecmp(recursive, "true") ? HR_LIST_PATHS : HR_LIST_PATHS_LEVEL;
    while (end && folder[end - 1] == '/')
        end--;
    folder =
        end ? hr_strndup(request->arena, folder + (*folder == '/'), end - (*folder == '/')) : "";
    if (*folder) {
        if (hr_tree_name_fault(folder))
            return "InvalidResourceName";
        if ((code = hr_tree_stat(tree, request->arena, request->container, folder, &item)))
            return code;
        if (!item.is_dir)
            return "PathConflict";
        list.prefix = hr_printf(request->arena, "%s/", folder);
        list.from = begin ? hr_printf(request->arena, "%s/%s", folder, begin) : "";
    }
    if ((code =
             hr_tree_list(tree, request->arena, request->container, &list, &items, &count, &more)))
        return code;
    json_t *paths = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(paths, path_json(&items[i]));
    if (more && count)
        hr_account_reply_header(request, "x-ms-continuation",
                                hr_api_marker(request, items[count - 1].name));
    return reply_json(request, json_pack("{s:o}", "paths", paths));
}

static void created(struct request *request, const struct hr_tree_meta *meta)
{
    request->status = 201;
    hr_api_version_headers(request, meta);
    hr_account_reply_header(request, "x-ms-request-server-encrypted", "false");
}

const char *hr_api_create_path(struct request *request)
{
    struct hr_tree *tree = &request->account->tree;
    struct hr_tree_meta meta;
    struct hr_tree_conditions conditions;
    const char *code = hr_api_meta(request, "x-ms-", &meta);
    hr_account_conditions(request, &conditions, "PathAlreadyExists");
    if (code)
        return code;
    if (!strcasecmp(hr_account_param(request, "resource"), "directory")) {
        code = hr_tree_mkdir(tree, request->arena, request->container, request->name, &meta,
                             &conditions);
    } else {
        code = hr_tree_temp_new(tree, &request->temp);
        if (!code)
            code = hr_tree_commit(tree, request->arena, &request->temp, request->container,
                                  request->name, &meta, &conditions, true);
    }
    if (!code)
        created(request, &meta);
    return code;
}

/* "/filesystem/path", percent-encoded, with a SAS behind it when one is used */
const char *hr_api_rename_path(struct request *request)
{
    struct hr_tree *tree = &request->account->tree;
    const char *source = hr_account_header(request, "x-ms-rename-source"),
               *mark = strchr(source, '?');
    struct hr_tree_conditions conditions,
        source_conditions = {
            hr_account_header(request, "x-ms-source-if-match"),
            hr_account_header(request, "x-ms-source-if-none-match"),
            hr_api_time(hr_account_header(request, "x-ms-source-if-modified-since")),
            hr_api_time(hr_account_header(request, "x-ms-source-if-unmodified-since")), NULL};
    const char *text =
        *source == '/' ? hr_uri_decode_text(request->arena, source + 1,
                                            (mark ? (size_t)(mark - source) : strlen(source)) - 1)
                       : NULL;
    const char *slash = text ? strchr(text, '/') : NULL;
    if (!slash || !slash[1])
        return hr_account_refuse(request, "InvalidSourceUri", "'%.200s' is not a path.", source);
    const char *container = hr_strndup(request->arena, text, (size_t)(slash - text)),
               *name = slash + 1;
    size_t end = strlen(name);
    name = hr_strndup(request->arena, name, end - (name[end - 1] == '/'));
    if (!hr_azure_container_valid(container, strlen(container)) || hr_tree_name_fault(name))
        return "InvalidSourceUri";
    const char *code =
        hr_account_authorize_source(request, container, name, mark ? mark + 1 : "", true);
    hr_account_conditions(request, &conditions, "PathAlreadyExists");
    bool exchange = hr_account_header(request, "x-ms-headrace-exchange") &&
                    !strcmp(container, request->container);
    /* ours; others do not know the header, and their condition "*" refuses */
    if (!code && exchange)
        code = hr_tree_exchange(tree, request->arena, container, name, request->name,
                                &source_conditions);
    else if (!code)
        code = hr_tree_rename(tree, request->arena, container, name, request->container,
                              request->name, &conditions, &source_conditions);
    if (!code && exchange)
        hr_account_reply_header(request, "x-ms-headrace-exchange", "true");
    struct hr_tree_item item;
    if (!code &&
        !(code = hr_tree_stat(tree, request->arena, request->container, request->name, &item)))
        created(request, &item.meta);
    return code;
}

static const char *position_of(struct request *request, int64_t *position)
{
    const char *text = hr_account_param(request, "position");
    char *end;
    if (!text)
        return hr_account_refuse(request, "MissingRequiredQueryParameter", "position is required.");
    *position = strtoll(text, &end, 10);
    return *end || *position < 0 ? hr_account_refuse(request, "InvalidQueryParameterValue",
                                                     "position is '%.32s'.", text)
                                 : NULL;
}

static const char *flush_to(struct request *request, int64_t position)
{
    struct hr_tree_meta changes, meta;
    struct hr_tree_conditions conditions;
    const char *code = hr_api_meta(request, "x-ms-", &changes);
    hr_account_conditions(request, &conditions, NULL);
    if (!code)
        code = hr_tree_flush(&request->account->tree, request->arena, request->container,
                             request->name, position, &changes, &conditions, &meta);
    if (!code)
        hr_api_version_headers(request, &meta);
    return code;
}

const char *hr_api_append(struct request *request)
{
    int64_t position, len = request->received;
    const char *flush = hr_account_param(request, "flush"), *code = position_of(request, &position);
    if (!code)
        code = hr_tree_append(&request->account->tree, request->arena, &request->temp,
                              request->container, request->name, position);
    if (!code && flush && !strcasecmp(flush, "true"))
        code = flush_to(request, position + len);
    request->status = 202;
    return code;
}

const char *hr_api_flush(struct request *request)
{
    int64_t position;
    const char *retain = hr_account_param(request, "retainUncommittedData"),
               *code = position_of(request, &position);
    if (!code && retain && !strcasecmp(retain, "true"))
        return hr_account_refuse(request, "NotImplemented",
                                 "retainUncommittedData=true is not done.");
    if (!code)
        code = flush_to(request, position);
    request->status = 200;
    return code;
}

const char *hr_api_path_status(struct request *request)
{
    struct hr_tree_item item;
    struct hr_tree_conditions conditions;
    char length[24];
    hr_account_conditions(request, &conditions, NULL);
    const char *code = hr_tree_stat(&request->account->tree, request->arena, request->container,
                                    request->name, &item);
    if (!code)
        code = hr_tree_check(&conditions, &item, true, true);
    if (code)
        return code;
    hr_api_item_headers(request, &item);
    hr_account_reply_header(request, "x-ms-owner", "$superuser");
    hr_account_reply_header(request, "x-ms-group", "$superuser");
    hr_account_reply_header(request, "x-ms-permissions", item.is_dir ? "rwxr-x---" : "rw-r-----");
    if (!strcmp(hr_account_param(request, "action"), "getAccessControl"))
        hr_account_reply_header(request, "x-ms-acl",
                                item.is_dir ? "user::rwx,group::r-x,other::---"
                                            : "user::rw-,group::r--,other::---");
    snprintf(length, sizeof length, "%lld", (long long)item.size);
    hr_account_reply_header(request, "content-length", length);
    request->status = 200;
    return NULL;
}
