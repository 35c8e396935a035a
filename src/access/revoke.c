/* Messages that end grants early, and what a process remembers of them. */
#include "access/access.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GRANT_MS_MAX (HR_GRANT_SECONDS_MAX * 1000)

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

/* A full table forgets its oldest entry by ending everybody's grants of that age: stricter than asked, and renewed within a call. */
static void make_room(struct hr_revoked *revoked, int64_t now_ms)
{
    for (size_t i = revoked->count; i-- > 0;)
        if (revoked->at[i].before_ms < now_ms - GRANT_MS_MAX)
            drop(revoked, i);
    if (revoked->count < HR_LEN(revoked->at))
        return;
    size_t i = oldest(revoked);
    if (revoked->at[i].before_ms > revoked->all_before_ms)
        revoked->all_before_ms = revoked->at[i].before_ms;
    drop(revoked, i);
}

void hr_revoked_add(struct hr_revoked *revoked, const struct hr_revocation *revocation, int64_t now_ms)
{
    for (size_t i = 0; i < revoked->count; i++)
        if (!strcasecmp(revoked->at[i].principal, revocation->principal)) {
            if (revocation->before_ms > revoked->at[i].before_ms)
                revoked->at[i].before_ms = revocation->before_ms;
            return;
        }
    make_room(revoked, now_ms);
    snprintf(revoked->at[revoked->count].principal, sizeof revoked->at[0].principal, "%s", revocation->principal);
    revoked->at[revoked->count++].before_ms = revocation->before_ms;
}

bool hr_revoked_covers(const struct hr_revoked *revoked, const struct hr_grant *grant)
{
    if (grant->issued_ms <= revoked->all_before_ms)
        return true;
    for (size_t i = 0; i < revoked->count; i++)
        if (grant->issued_ms <= revoked->at[i].before_ms && !strcasecmp(revoked->at[i].principal, grant->principal))
            return true;
    return false;
}

enum hr_code hr_grant_accept(struct hr_arena *arena, const unsigned char key[static HR_GRANT_KEY_BYTES],
                             const struct hr_revoked *revoked, const char *text, int64_t now_ms, struct hr_grant **grant,
                             struct hr_err *err)
{
    HR_TRY(hr_grant_verify(arena, key, text, now_ms, grant, err));
    if (!hr_revoked_covers(revoked, *grant))
        return HR_OK;
    return hr_fail(err, HR_E_UNAUTHENTICATED, "the grant of principal \"%s\" was revoked", (*grant)->principal);
}
