/* Azure Storage's SharedKey and SharedKeyLite: signing a request with an account key, and verifying
 * one. After "Authorize with Shared Key" of the Azure Storage REST documentation, blob service,
 * versions from 2015-02-21 (an empty Content-Length when it is 0). Pure; any thread. Keys are the
 * base64 text that Azure gives; no message holds one. */
#ifndef HR_WIRE_SHAREDKEY_H
#define HR_WIRE_SHAREDKEY_H
#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct hr_sharedkey_header {
    const char *name, *value;
}; /* names in any case */

struct hr_sharedkey_request {
    const char *method, *account;
    /* the request's path exactly as sent, with a path-style URL's account in it; "/…" */
    const char *path;
    const char *query; /* as sent, without '?'; "" when absent */
    const struct hr_sharedkey_header *headers;
    size_t header_count;
};

#define HR_SHAREDKEY_SIGNATURE_SIZE 64 /* base64 of 32 bytes, and NUL, with room */

/* word_order: names of x-ms- headers in .NET's word order ('-' ignored at first), which some of
 * Azure's clients sign; else bytewise */
enum hr_code hr_sharedkey_string(const struct hr_sharedkey_request *request,
                                 bool lite,
                                 bool word_order,
                                 struct hr_buf *out,
                                 struct hr_err *err);
/* HMAC-SHA256 of text under the decoded key, in base64 */
enum hr_code hr_sharedkey_hmac(const char *key_base64,
                               const char *text,
                               size_t len,
                               char out[HR_SHAREDKEY_SIGNATURE_SIZE],
                               struct hr_err *err);
/* appends "SharedKey account:signature" */
enum hr_code hr_sharedkey_authorize(const struct hr_sharedkey_request *request,
                                    const char *key_base64,
                                    struct hr_buf *out,
                                    struct hr_err *err);

struct hr_sharedkey_parsed {
    bool lite;
    char account[64];
    char signature[HR_SHAREDKEY_SIGNATURE_SIZE];
};
/* false: not of this scheme, or broken */
bool hr_sharedkey_parse(const char *authorization, struct hr_sharedkey_parsed *parsed);
/* HR_E_DENIED when the signature is another one; the message holds the string that was signed, as
 * Azure's does */
enum hr_code hr_sharedkey_verify(const struct hr_sharedkey_request *request,
                                 const struct hr_sharedkey_parsed *parsed,
                                 const char *key_base64,
                                 struct hr_err *err);
bool hr_sharedkey_key_valid(const char *key_base64); /* base64 of at least one byte */
/* in constant time for texts of equal length */
bool hr_sharedkey_equal(const char *a, const char *b);
#endif
