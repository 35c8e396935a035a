/* Pieces that the blob and dfs operations share. Private to account/. */
#ifndef HR_ACCOUNT_API_H
#define HR_ACCOUNT_API_H
#include "account/request.h"

/* ETag, Last-Modified */
void hr_api_version_headers(struct request *request, const struct hr_tree_meta *meta);
/* everything known of a blob or path */
void hr_api_item_headers(struct request *request, const struct hr_tree_item *item);
/* content headers behind prefix, metadata */
const char *hr_api_meta(struct request *request, const char *prefix, struct hr_tree_meta *meta);
/* x-ms-meta-…, or dfs's x-ms-properties */
const char *hr_api_pairs(struct request *request, struct hr_tree_meta *meta);
const char *hr_api_page(struct request *request,
                        const char *max_name,
                        const char *marker_name,
                        size_t *max,
                        const char **after);
/* opaque, for the next page */
const char *hr_api_marker(struct request *request, const char *name);
/* of an If-…-Since header; 0 when absent */
int64_t hr_api_time(const char *text);

#define HR_API(name) const char *hr_api_##name(struct request *request)
/* blob.c, container.c */
HR_API(list_containers);
HR_API(service_properties);
HR_API(account_info);
HR_API(stats);
HR_API(create_container);
HR_API(container_properties);
HR_API(delete_container);
HR_API(set_container_metadata);
HR_API(container_acl);
HR_API(list_blobs);
HR_API(put_blob);
HR_API(copy_blob);
HR_API(put_block);
HR_API(put_block_from_url);
HR_API(put_block_list);
HR_API(get_block_list);
HR_API(get_blob);
HR_API(head_blob);
HR_API(get_metadata);
HR_API(set_metadata);
HR_API(set_properties);
HR_API(delete_blob);
/* dfs.c */
HR_API(list_filesystems);
HR_API(list_paths);
HR_API(create_path);
HR_API(rename_path);
HR_API(append);
HR_API(flush);
HR_API(path_status);
#endif
