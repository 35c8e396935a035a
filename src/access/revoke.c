/* Messages that end grants early, and what a process remembers of them. */
#include "access/access.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REMEMBERED_MS (HR_REVOKED_SECONDS * 1000)
#define MARK "role-" /* wire/sas.h lets it pass */

static void drop(struct hr_revoked *revoked, size_t i)
{
    revoked->at[i] = revoked->at[--revoked->count];
}

static size_t oldest(const struct hr_revoked *revoked)
{
    size_t found = 0;
    for (size_t i = 1; i < revoked->count; i++)
        if (revoked->at[i].before_ms < revoked->at[found].before_ms)
            found = i;
    return found;
}

/* A full table forgets its oldest entry by ending everybody's grants of that age: stricter than
 * asked, and renewed within a call. */
static void make_room(struct hr_revoked *revoked, int64_t now_ms)
{
    for (size_t i = revoked->count; i-- > 0;)
        if (revoked->at[i].before_ms < now_ms - REMEMBERED_MS)
            drop(revoked, i);
    if (revoked->count < HR_LEN(revoked->at))
        return;
    size_t i = oldest(revoked);
    if (revoked->at[i].before_ms > revoked->all_before_ms)
        revoked->all_before_ms = revoked->at[i].before_ms;
    drop(revoked, i);
}

void hr_revoked_add(struct hr_revoked *revoked,
                    const struct hr_revocation *revocation,
                    int64_t now_ms)
{
    for (size_t i = 0; i < revoked->count; i++)
        if (!strcasecmp(revoked->at[i].principal, revocation->principal)) {
            if (revocation->before_ms > revoked->at[i].before_ms)
                revoked->at[i].before_ms = revocation->before_ms;
            return;
        }
    make_room(revoked, now_ms);
    snprintf(revoked->at[revoked->count].principal, sizeof revoked->at[0].principal, "%s",
             revocation->principal);
    revoked->at[revoked->count++].before_ms = revocation->before_ms;
}

static bool covers(const struct hr_revoked *revoked, const char *principal, int64_t issued_ms)
{
    if (issued_ms <= revoked->all_before_ms)
        return true;
    for (size_t i = 0; i < revoked->count; i++)
        if (issued_ms <= revoked->at[i].before_ms &&
            !strcasecmp(revoked->at[i].principal, principal))
            return true;
    return false;
}

bool hr_revoked_covers(const struct hr_revoked *revoked, const struct hr_grant *grant)
{
    return covers(revoked, grant->principal, grant->issued_ms);
}

const char *hr_role_mark(struct hr_arena *arena, const char *principal, int64_t issued_ms)
{
    return hr_printf(arena, MARK "%s-%lld", principal, (long long)issued_ms);
}

bool hr_revoked_mark(const struct hr_revoked *revoked, const char *mark, char principal[static 37])
{
    char *end;
    if (strncmp(mark, MARK, strlen(MARK)) ||
        strnlen(mark, 64) == 64 ||
        strlen(mark) < strlen(MARK) + 38)
        return true;
    snprintf(principal, 37, "%s", mark + strlen(MARK));
    const char *issued = mark + strlen(MARK) + 37;
    errno = 0;
    long long issued_ms = strtoll(issued, &end, 10);
    return errno ||
           end == issued ||
           *end ||
           issued[-1] != '-' ||
           covers(revoked, principal, issued_ms);
}

enum hr_code hr_grant_accept(struct hr_arena *arena,
                             const unsigned char key[static HR_GRANT_KEY_BYTES],
                             const struct hr_revoked *revoked,
                             const char *text,
                             int64_t now_ms,
                             struct hr_grant **grant,
                             struct hr_err *err)
{
    HR_TRY(hr_grant_verify(arena, key, text, now_ms, grant, err));
    if (!hr_revoked_covers(revoked, *grant))
        return HR_OK;
    return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" was revoked",
                   (*grant)->principal);
}
