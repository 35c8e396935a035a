/* Shared access signatures of Azure Storage: parsing, signing and verifying a service SAS
 * (container, blob, directory) and an account SAS. After "Create a service SAS" and "Create an
 * account SAS" of the Azure Storage REST documentation, signed versions from 2015-04-05. Refused by
 * name: user delegation SAS, stored access policies (but our own mark, HR_SAS_ROLE_MARK),
 * snapshots. Pure; any thread. */
#ifndef HR_WIRE_SAS_H
#define HR_WIRE_SAS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "wire/uri.h"
#include <stdbool.h>
#include <stdint.h>

/* an identifier (si) that begins so names no stored policy: it says for whose role the SAS was made
 * (access.h), which the account looks at */
#define HR_SAS_ROLE_MARK "role-"

struct hr_sas {
    /* an account SAS: ss and srt; else a service SAS: sr */
    bool account_kind;
    const char *sv, *sp, *st, *se, *sip, *spr, *sig, *ses; /* decoded; "" when absent */
    const char *sr, *si, *sdd, *snapshot, *rscc, *rscd, *rsce, *rscl, *rsct;
    const char *ss, *srt;
    int64_t start_ms, expiry_ms; /* 0 when absent */
};

/* does this query carry a signature at all? */
bool hr_sas_present(const struct hr_query *query);
enum hr_code hr_sas_parse(const struct hr_query *query, struct hr_sas *sas, struct hr_err *err);

struct hr_sas_use {
    const char *account, *container; /* container "" for an operation on the account */
    /* decoded name; "" for an operation on the container */
    const char *blob;
    /* any one of these letters allows it: "r", "cw" */
    const char *permissions;
    bool https;
    const char *peer_ip; /* NULL: not known, then an IP range refuses */
    int64_t now_ms;
};
/* the Azure error code of a refusal, for the response: AuthenticationFailed,
 * AuthorizationPermissionMismatch … */
enum hr_code hr_sas_verify(const struct hr_sas *sas,
                           const struct hr_sas_use *use,
                           const char *key_base64,
                           const char **azure_code,
                           struct hr_err *err);
/* the text that is signed; blob as in hr_sas_use */
enum hr_code hr_sas_string(const struct hr_sas *sas,
                           const char *account,
                           const char *container,
                           const char *blob,
                           struct hr_buf *out,
                           struct hr_err *err);
/* Appends a token ("sv=…&sig=…", encoded) with sas's own fields, its sig computed. blob "" and sr
 * "c" for a container. */
enum hr_code hr_sas_make(const struct hr_sas *sas,
                         const char *account,
                         const char *container,
                         const char *blob,
                         const char *key_base64,
                         struct hr_buf *out,
                         struct hr_err *err);
/* 2026-11-22, 2026-11-22T15:00Z, 2026-11-22T15:00:00Z, 2026-11-22T15:00:00.1234567Z: milliseconds
 * since 1970; false when it is none of these */
bool hr_sas_time(const char *text, int64_t *ms);
#endif
