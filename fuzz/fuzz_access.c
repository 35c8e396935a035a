/* What the management wire reads of its clients before or while it decides: resource ids, percent-encoding, patterns of routes, grants and
 * access tokens. A canonical id is read as itself again, and nothing but what was signed verifies. */
#include "access/access.h"
#include "base/check.h"
#include "daemon/arm/id.h"
#include "daemon/identity/jwt.h"
#include "daemon/rest/rest.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_id(struct hr_arena *arena, const char *text)
{
    struct hr_arm_id id, again;
    if (hr_arm_id_parse(arena, text, &id, NULL))
        return;
    HR_CHECK(!hr_arm_id_parse(arena, id.text, &again, NULL));
    HR_CHECK(!strcmp(id.text, again.text));
    HR_CHECK(hr_access_covers(id.text, text) || strstr(text, "//") || text[strlen(text) - 1] == '/');
}

static void read_path(struct hr_arena *arena, const char *text, size_t len)
{
    struct hr_rest req = {.arena = arena};
    char *decoded = hr_rest_decode(arena, text, len, true), *segments[HR_REST_SEGMENTS_MAX], *save = NULL;
    size_t count = 0;
    if (!decoded)
        return;
    HR_CHECK(strlen(decoded) <= len);
    for (char *word = strtok_r(decoded, "/", &save); word && count < HR_LEN(segments); word = strtok_r(NULL, "/", &save))
        segments[count++] = word;
    if (hr_rest_match(&req, "/{scope*}/providers/Microsoft.Authorization/roleAssignments/{assignment}", segments, count))
        HR_CHECK(!strcmp(hr_rest_param(&req, "assignment"), segments[count - 1]));
    hr_rest_match(&req, "/sessions/{id}/statements/{statement}", segments, count);
}

static void read_tokens(struct hr_arena *arena, const char *text)
{
    static const unsigned char key[32] = {7};
    struct hr_grant *grant;
    HR_CHECK(hr_grant_verify(arena, key, text, 0, &grant, NULL));
    HR_CHECK(!hr_jwt_verify(arena, key, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *text = hr_strndup(arena, (const char *)bytes, len);
    read_id(arena, text);
    read_path(arena, text, strlen(text));
    read_tokens(arena, text);
    const struct hr_role *role = hr_role_find(text);
    if (role)
        hr_access_check_scope(role, text, NULL);
    hr_access_check_scope(hr_role_find("Synapse Compute Operator"), text, NULL);
    hr_arena_free(arena);
    return 0;
}
