/* Azure's error codes that this account answers with: status and sentence. */
#include "account/request.h"
#include "base/clock.h"
#include "wire/xml.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code;
    int status;
    const char *dfs_code;
    const char *text;
} errors[] = {
    {"AuthenticationFailed", 403, NULL,
     "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."},
    {"AuthorizationFailure", 403, NULL,
     "This request is not authorized to perform this operation."},
    {"AuthorizationPermissionMismatch", 403, NULL,
     "This request is not authorized to perform this operation using this permission."},
    {"AuthorizationProtocolMismatch", 403, NULL,
     "This request is not authorized to perform this operation using this protocol."},
    {"AuthorizationResourceTypeMismatch", 403, NULL,
     "This request is not authorized to perform this operation using this resource type."},
    {"AuthorizationServiceMismatch", 403, NULL,
     "This request is not authorized to perform this operation using this service."},
    {"AuthorizationSourceIPMismatch", 403, NULL,
     "This request is not authorized to perform this operation using this source IP."},
    {"BlobAlreadyExists", 409, "PathAlreadyExists", "The specified blob already exists."},
    {"BlobNotFound", 404, "PathNotFound", "The specified blob does not exist."},
    {"BlockCountExceedsLimit", 409, NULL,
     "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks."},
    {"CannotVerifyCopySource", 404, NULL,
     "The source of the copy does not exist or may not be read."},
    {"ConditionNotMet", 412, NULL,
     "The condition specified using HTTP conditional header(s) is not met."},
    {"ContainerAlreadyExists", 409, "FilesystemAlreadyExists",
     "The specified container already exists."},
    {"ContainerNotFound", 404, "FilesystemNotFound", "The specified container does not exist."},
    {"Crc64Mismatch", 400, NULL,
     "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server."},
    {"DirectoryNotEmpty", 409, NULL,
     "The recursive query parameter value must be true to delete a non-empty directory."},
    {"EmptyMetadataKey", 400, NULL, "The key for one of the metadata key-value pairs is empty."},
    {"FilesystemNotFound", 404, NULL, "The specified filesystem does not exist."},
    {"InsufficientStorage", 507, NULL, "The disk that holds this account is full."},
    {"InternalError", 500, NULL,
     "Server encountered an internal error. Please try again after some time."},
    {"InvalidBlobOrBlock", 400, NULL, "The specified blob or block content is invalid."},
    {"InvalidBlockId", 400, NULL,
     "The specified block ID is invalid. The block ID must be Base64-encoded."},
    {"InvalidBlockList", 400, NULL, "The specified block list is invalid."},
    {"InvalidFlushPosition", 400, NULL,
     "The uploaded data is not contiguous or the position query parameter value is not equal to the length of the file after appending the uploaded data."},
    {"InvalidHeaderValue", 400, NULL,
     "The value for one of the HTTP headers is not in the correct format."},
    {"InvalidMd5", 400, NULL,
     "The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded."},
    {"InvalidMetadata", 400, NULL,
     "The specified metadata is invalid. It includes characters that are not permitted."},
    {"InvalidQueryParameterValue", 400, NULL,
     "Value for one of the query parameters specified in the request URI is invalid."},
    {"InvalidRange", 416, NULL,
     "The range specified is invalid for the current size of the resource."},
    {"InvalidRenameSourcePath", 409, NULL, "The source path for a rename operation is invalid."},
    {"InvalidResourceName", 400, NULL, "The specified resource name contains invalid characters."},
    {"InvalidSourceUri", 400, NULL, "The source URI is invalid."},
    {"InvalidUri", 400, NULL, "The requested URI does not represent any resource on the server."},
    {"InvalidXmlDocument", 400, NULL, "The specified XML is not syntactically valid."},
    {"Md5Mismatch", 400, NULL,
     "The MD5 value specified in the request did not match with the MD5 value calculated by the server."},
    {"MetadataTooLarge", 400, NULL, "The size of the specified metadata exceeds the limits."},
    {"MissingContentLengthHeader", 411, NULL, "The content length header is required."},
    {"MissingRequiredHeader", 400, NULL, "A required HTTP header was not specified."},
    {"MissingRequiredQueryParameter", 400, NULL,
     "A required query parameter was not specified for this request."},
    {"NoAuthenticationInformation", 401, NULL,
     "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."},
    {"NotImplemented", 501, NULL,
     "The requested operation is not implemented on the specified resource."},
    {"NotModified", 304, NULL, "The resource was not modified."},
    {"OutOfRangeInput", 400, NULL, "One of the request inputs is out of range."},
    {"PathAlreadyExists", 409, NULL, "The specified path already exists."},
    {"PathConflict", 409, NULL,
     "The specified path, or an element of the path, exists and its resource type is invalid for this operation."},
    {"PathNotFound", 404, NULL, "The specified path does not exist."},
    {"RenameDestinationParentPathNotFound", 404, NULL,
     "The parent directory of the destination path does not exist."},
    {"RequestBodyTooLarge", 413, NULL,
     "The request body is too large and exceeds the maximum permissible limit."},
    {"ResourceNotFound", 404, NULL, "The specified resource does not exist."},
    {"ResourceTypeMismatch", 409, "PathConflict",
     "The specified resource type does not match the type of the existing resource."},
    {"ServerBusy", 503, NULL,
     "The server is currently unable to receive requests. Please retry your request."},
    {"SourceConditionNotMet", 412, NULL,
     "The source condition specified using HTTP conditional header(s) is not met."},
    {"SourcePathNotFound", 404, NULL, "The source path for a rename operation does not exist."},
    {"UnsupportedHttpVerb", 405, NULL, "The resource doesn't support specified Http Verb."},
};

const char *hr_account_refuse(struct request *request, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    request->detail = hr_vprintf(request->arena, format, args);
    va_end(args);
    return code;
}

static void error_xml(struct request *request, const char *code, const char *text)
{
    hr_buf_adds(&request->out, "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><Error>");
    hr_xml_element(&request->out, "Code", code);
    hr_xml_element(&request->out, "Message", text);
    if (request->detail && hr_xml_carries(request->detail))
        hr_xml_element(&request->out,
                       !strcmp(code, "AuthenticationFailed") ? "AuthenticationErrorDetail"
                                                             : "ExtendedErrorDetail",
                       request->detail);
    hr_buf_adds(&request->out, "</Error>");
    request->content_type = "application/xml";
}

static void error_json(struct request *request, const char *code, const char *text)
{
    json_t *root = json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", text);
    char *body = json_dumps(root, JSON_COMPACT);
    hr_buf_adds(&request->out, body ? body : "{}");
    free(body);
    json_decref(root);
    request->content_type = "application/json;charset=utf-8";
}

static int status_of(const char *code)
{
    for (size_t i = 0; i < HR_LEN(errors); i++)
        if (!strcmp(errors[i].code, code))
            return errors[i].status;
    return 500;
}

/* a copy that may not read its source is answered as the source is, but for what is not there for
 * it */
static int source_headers(struct request *request, int status)
{
    if (!request->source_code)
        return status;
    int answered = status_of(request->source_code);
    hr_account_reply_header(request, "x-ms-copy-source-error-code", request->source_code);
    hr_account_reply_header(request, "x-ms-copy-source-status-code",
                            hr_printf(request->arena, "%d", answered));
    return answered == 401 || answered == 403 ? answered : status;
}

void hr_account_error(struct request *request, const char *code)
{
    if (!strcmp(code, "InsufficientStorage"))
        hr_account_refuse(request, code, "Free space on the disk of '%s', and try again.",
                          request->account->tree.root);
    int status = 500;
    const char *text = "Server encountered an internal error.";
    for (size_t i = 0; i < HR_LEN(errors); i++)
        if (!strcmp(errors[i].code, code)) {
            status = errors[i].status;
            text = errors[i].text;
            code = request->dfs && errors[i].dfs_code ? errors[i].dfs_code : code;
            break;
        }
    char now[32];
    hr_clock_iso8601(hr_clock_ms(), now);
    request->status = status;
    request->header_count = 0;
    hr_buf_clear(&request->out);
    if (status == 304) {
        hr_account_reply_header(request, "x-ms-error-code", "ConditionNotMet");
        request->content_type = NULL;
        return;
    }
    /* the sentence, what was wrong with this request, and what Azure adds to every error */
    bool apart = !request->dfs && request->detail && !strcmp(code, "AuthenticationFailed");
    text = hr_printf(request->arena, "%s%s%s\nRequestId:%s\nTime:%s", text,
                     request->detail && !apart ? " " : "",
                     request->detail && !apart ? request->detail : "", request->id, now);
    hr_account_reply_header(request, "x-ms-error-code", code);
    request->status = source_headers(request, status);
    if (status == 416)
        hr_account_reply_header(
            request, "content-range",
            hr_printf(request->arena, "bytes */%lld", (long long)request->range_size));
    if (status == 401)
        hr_account_reply_header(request, "www-authenticate", "SharedKey");
    (request->dfs ? error_json : error_xml)(request, code, text);
}
