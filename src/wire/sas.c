#include "wire/sas.h"
#include "wire/sharedkey.h"
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define STRING_MAX (16 * 1024)

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
#define FIELD(name) {#name, offsetof(struct hr_sas, name)}
    FIELD(sv),   FIELD(sp), FIELD(st),  FIELD(se),       FIELD(sip),  FIELD(spr),  FIELD(ses),
    FIELD(sr),   FIELD(si), FIELD(sdd), FIELD(rscc),     FIELD(rscd), FIELD(rsce), FIELD(rscl),
    FIELD(rsct), FIELD(ss), FIELD(srt), FIELD(snapshot), FIELD(sig),
#undef FIELD
};

static const char **field(const struct hr_sas *sas, size_t i)
{
    return (const char **)((char *)sas + fields[i].offset);
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

bool hr_sas_time(const char *text, int64_t *ms)
{
    int year, month, day, hour = 0, minute = 0, second = 0, used = 0;
    if (strlen(text) > 40 || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3)
        return false;
    const char *rest = text + used;
    if (*rest == 'T') {
        if (sscanf(rest, "T%2d:%2d%n", &hour, &minute, &used) != 2)
            return false;
        rest += used;
        if (*rest == ':' && sscanf(rest, ":%2d%n", &second, &used) == 1) {
            rest += used;
            if (*rest == '.')
                rest += 1 + strspn(rest + 1, "0123456789");
        }
        if (*rest++ != 'Z')
            return false;
    }
    if (*rest ||
        year < 1970 ||
        month < 1 ||
        month > 12 ||
        day < 1 ||
        day > 31 ||
        hour < 0 ||
        hour > 23 ||
        minute < 0 ||
        minute > 59 ||
        second < 0 ||
        second > 60)
        return false;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    *ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

bool hr_sas_present(const struct hr_query *query)
{
    return hr_query_get(query, "sig") != NULL;
}

enum hr_code hr_sas_parse(const struct hr_query *query, struct hr_sas *sas, struct hr_err *err)
{
    *sas = (struct hr_sas){0};
    for (size_t i = 0; i < HR_LEN(fields); i++)
        *field(sas, i) = text_of(hr_query_get(query, fields[i].name));
    if (hr_query_get(query, "skoid"))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "a user delegation SAS is not supported; sign with the account key");
    if (sas->si[0] && strncmp(sas->si, HR_SAS_ROLE_MARK, strlen(HR_SAS_ROLE_MARK)))
        return hr_fail(err, HR_E_UNSUPPORTED,
                       "a SAS with a stored access policy ('si=%.64s') is not supported", sas->si);
    if (sas->snapshot[0])
        return hr_fail(err, HR_E_UNSUPPORTED, "a SAS of a snapshot is not supported");
    if (!sas->sig[0])
        return hr_fail(err, HR_E_INVALID, "the SAS has no signature ('sig')");
    if (strlen(sas->sv) != 10 || strcmp(sas->sv, "2015-04-05") < 0)
        return hr_fail(
            err, HR_E_INVALID,
            "the SAS's signed version 'sv=%.32s' is not supported; the oldest is 2015-04-05",
            sas->sv);
    if (sas->st[0] && !hr_sas_time(sas->st, &sas->start_ms))
        return hr_fail(err, HR_E_INVALID, "the SAS's start time 'st=%.40s' is not a time", sas->st);
    if (!sas->se[0] || !hr_sas_time(sas->se, &sas->expiry_ms))
        return hr_fail(err, HR_E_INVALID, "the SAS's expiry time 'se=%.40s' is not a time",
                       sas->se);
    sas->account_kind = sas->ss[0] || sas->srt[0];
    if (!sas->account_kind && !strchr("bcd", sas->sr[0] ? sas->sr[0] : '?'))
        return hr_fail(err, HR_E_INVALID, "the SAS's resource 'sr=%.16s' is not one of b, c, d",
                       sas->sr);
    if (!sas->account_kind && strlen(sas->sr) != 1)
        return hr_fail(err, HR_E_UNSUPPORTED, "a SAS of the resource 'sr=%.16s' is not supported",
                       sas->sr);
    return HR_OK;
}

static void lines(struct hr_buf *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hr_buf_addf(out, "%s%s", i ? "\n" : "", text_of(texts[i]));
}

static void account_string(const struct hr_sas *sas, const char *account, struct hr_buf *out)
{
    const char *const texts[] = {account,  sas->sp,  sas->ss, sas->srt, sas->st, sas->se,
                                 sas->sip, sas->spr, sas->sv, sas->ses, ""};
    /* the encryption scope came with this version */
    bool scope = strcmp(sas->sv, "2020-12-06") >= 0;
    lines(out, texts, scope ? 10 : 9);
    hr_buf_addc(out, '\n');
}

/* a directory's SAS is signed for its own path: the first sdd segments of the blob's */
static size_t signed_blob_len(const struct hr_sas *sas, const char *blob)
{
    if (sas->sr[0] == 'c')
        return 0;
    if (sas->sr[0] == 'b')
        return strlen(blob);
    size_t len = 0;
    for (int depth = atoi(text_of(sas->sdd)); depth > 0 && blob[len]; depth--) {
        len += blob[len] == '/';
        len += strcspn(blob + len, "/");
    }
    return len;
}

static void service_string(const struct hr_sas *sas,
                           const char *account,
                           const char *container,
                           const char *blob,
                           struct hr_buf *out)
{
    const char *const head[] = {sas->sp, sas->st, sas->se};
    lines(out, head, HR_LEN(head));
    size_t len = signed_blob_len(sas, blob);
    hr_buf_addf(out, "\n/blob/%s/%s%s%.*s\n", account, container, len ? "/" : "", (int)len, blob);
    const char *const middle[] = {sas->si, sas->sip, sas->spr, sas->sv};
    lines(out, middle, HR_LEN(middle));
    if (strcmp(sas->sv, "2018-11-09") >= 0)
        hr_buf_addf(out, "\n%s\n%s", text_of(sas->sr), text_of(sas->snapshot));
    if (strcmp(sas->sv, "2020-12-06") >= 0)
        hr_buf_addf(out, "\n%s", text_of(sas->ses));
    hr_buf_addc(out, '\n');
    const char *const tail[] = {sas->rscc, sas->rscd, sas->rsce, sas->rscl, sas->rsct};
    lines(out, tail, HR_LEN(tail));
}

enum hr_code hr_sas_string(const struct hr_sas *sas,
                           const char *account,
                           const char *container,
                           const char *blob,
                           struct hr_buf *out,
                           struct hr_err *err)
{
    if (sas->account_kind)
        account_string(sas, account, out);
    else
        service_string(sas, account, container, blob, out);
    return hr_buf_ok(out) ? HR_OK : hr_fail(err, HR_E_LIMIT, "the SAS is too long");
}

static enum hr_code refuse(const char **azure_code, const char *code, enum hr_code ours)
{
    if (azure_code)
        *azure_code = code;
    return ours;
}

static enum hr_code check_signature(const struct hr_sas *sas,
                                    const struct hr_sas_use *use,
                                    const char *key_base64,
                                    struct hr_err *err)
{
    struct hr_buf text;
    char signature[HR_SHAREDKEY_SIGNATURE_SIZE];
    hr_buf_init(&text, STRING_MAX);
    enum hr_code code = hr_sas_string(sas, use->account, use->container, use->blob, &text, err);
    if (!code)
        code = hr_sharedkey_hmac(key_base64, hr_buf_text(&text), hr_buf_len(&text), signature, err);
    if (!code && !hr_sharedkey_equal(signature, sas->sig))
        code = hr_fail(err, HR_E_DENIED, "Signature did not match. String to sign used was %s",
                       hr_buf_text(&text));
    hr_buf_release(&text);
    return code;
}

static enum hr_code check_time(const struct hr_sas *sas, int64_t now_ms, struct hr_err *err)
{
    char now[32];
    struct tm tm;
    time_t seconds = (time_t)(now_ms / 1000);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
    if (now_ms >= sas->expiry_ms)
        return hr_fail(
            err, HR_E_DENIED,
            "Signature not valid in the specified time frame: the SAS expired at %s, it is %s now",
            sas->se, now);
    if (sas->start_ms && now_ms < sas->start_ms)
        return hr_fail(
            err, HR_E_DENIED,
            "Signature not valid in the specified time frame: the SAS starts at %s, it is %s now",
            sas->st, now);
    return HR_OK;
}

static bool ip_in_range(const char *range, const char *peer)
{
    char first[64], last[64];
    struct in_addr low, high, at;
    size_t len = strcspn(range, "-");
    if (!peer || len >= sizeof first || strlen(range) - len >= sizeof last)
        return false;
    snprintf(first, sizeof first, "%.*s", (int)len, range);
    snprintf(last, sizeof last, "%s", range[len] ? range + len + 1 : first);
    if (inet_pton(AF_INET, first, &low) != 1 ||
        inet_pton(AF_INET, last, &high) != 1 ||
        inet_pton(AF_INET, peer, &at) != 1)
        return false;
    return ntohl(low.s_addr) <= ntohl(at.s_addr) && ntohl(at.s_addr) <= ntohl(high.s_addr);
}

static enum hr_code check_reach(const struct hr_sas *sas,
                                const struct hr_sas_use *use,
                                const char **azure_code,
                                struct hr_err *err)
{
    if (sas->account_kind) {
        char type = use->blob[0] ? 'o' : use->container[0] ? 'c' : 's';
        if (!strchr(sas->ss, 'b'))
            return refuse(azure_code, "AuthorizationServiceMismatch",
                          hr_fail(err, HR_E_DENIED,
                                  "the SAS does not cover the blob service ('ss=%s')", sas->ss));
        if (!strchr(sas->srt, type))
            return refuse(azure_code, "AuthorizationResourceTypeMismatch",
                          hr_fail(err, HR_E_DENIED,
                                  "the SAS does not cover resources of type '%c' ('srt=%s')", type,
                                  sas->srt));
        return HR_OK;
    }
    if (!use->container[0] || (sas->sr[0] == 'b' && !use->blob[0]))
        return refuse(azure_code, "AuthorizationResourceTypeMismatch",
                      hr_fail(err, HR_E_DENIED, "a SAS of one %s does not cover this operation",
                              sas->sr[0] == 'b' ? "blob" : "container"));
    return HR_OK;
}

enum hr_code hr_sas_verify(const struct hr_sas *sas,
                           const struct hr_sas_use *use,
                           const char *key_base64,
                           const char **azure_code,
                           struct hr_err *err)
{
    enum hr_code code = check_signature(sas, use, key_base64, err);
    if (!code)
        code = check_time(sas, use->now_ms, err);
    if (code)
        return refuse(azure_code, "AuthenticationFailed", code);
    if (!strcmp(sas->spr, "https") && !use->https)
        return refuse(azure_code, "AuthorizationProtocolMismatch",
                      hr_fail(err, HR_E_DENIED, "the SAS permits https only, and this is http"));
    if (sas->sip[0] && !ip_in_range(sas->sip, use->peer_ip))
        return refuse(azure_code, "AuthorizationSourceIPMismatch",
                      hr_fail(err, HR_E_DENIED, "the SAS does not permit the address %s",
                              text_of(use->peer_ip)));
    HR_TRY(check_reach(sas, use, azure_code, err));
    if (!strpbrk(sas->sp, use->permissions))
        return refuse(
            azure_code, "AuthorizationPermissionMismatch",
            hr_fail(err, HR_E_DENIED,
                    "the SAS has the permissions '%s', and this operation needs one of '%s'",
                    sas->sp, use->permissions));
    return HR_OK;
}

enum hr_code hr_sas_make(const struct hr_sas *sas,
                         const char *account,
                         const char *container,
                         const char *blob,
                         const char *key_base64,
                         struct hr_buf *out,
                         struct hr_err *err)
{
    struct hr_buf text;
    char signature[HR_SHAREDKEY_SIGNATURE_SIZE];
    hr_buf_init(&text, STRING_MAX);
    enum hr_code code = hr_sas_string(sas, account, container, blob, &text, err);
    if (!code)
        code = hr_sharedkey_hmac(key_base64, hr_buf_text(&text), hr_buf_len(&text), signature, err);
    hr_buf_release(&text);
    if (code)
        return code;
    for (size_t i = 0; i < HR_LEN(fields); i++) {
        const char *value = !strcmp(fields[i].name, "sig") ? signature : text_of(*field(sas, i));
        if (!value[0])
            continue;
        hr_buf_addf(out, "%s%s=", i ? "&" : "", fields[i].name);
        hr_uri_encode(out, value, "");
    }
    return HR_OK;
}
